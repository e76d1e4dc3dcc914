#include "core/paired.h"

#include <math.h>

#include "base/alloc.h"
#include "stats/intervals.h"

static double exchanged(const assay_paired_replicates *x, int64_t r)
{
    int64_t i = r * x->width + x->at;
    double d = x->second[i] - x->first[i];
    return isnan(d) ? 0.0 : fabs(d);
}

/* Interval, bounds, p-value and share of one difference. */
static assay_status judge(assay_paired *d, const assay_paired_replicates *x,
                          const assay_interval_rule *rule, assay_arena *arena, assay_error *err)
{
    assay_measure m = {.value = d->difference,
                       .outcome = ASSAY_OUTCOME_VALUE,
                       .low = (double)NAN,
                       .high = (double)NAN};
    assay_interval_rule own = *rule;
    double better = 0.0;
    int64_t n = 0;
    int64_t beyond = 0;
    double *column = assay_alloc_raw((size_t)rule->replicates, sizeof *column);
    if (column == NULL) {
        return assay_fail_memory(err);
    }
    own.least = -1.0;
    own.most = 1.0;
    for (int64_t r = 0; r < rule->replicates; r++) {
        int64_t i = r * x->width + x->at;
        column[r] = x->in_b[i] - x->in_a[i];
        if (!isnan(column[r])) {
            double gain = x->lower ? -column[r] : column[r];
            n++;
            better += gain > 0.0 ? 1.0 : gain == 0.0 ? 0.5 : 0.0;
        }
        beyond += !(exchanged(x, r) < fabs(d->difference) - 1e-12);
    }
    assay_status status = assay_replicate_bounds(&m, column, 1, &own, arena, err);
    assay_free(column);
    if (status == ASSAY_OK && m.replicates != NULL) {
        double alpha = 1.0 - own.level;
        status = assay_percentile_interval(&d->bound_low, &d->bound_high, m.replicates,
                                           m.n_replicates, alpha, alpha, err);
    }
    d->low = m.low;
    d->high = m.high;
    d->method = m.method;
    d->p = (double)(1 + beyond) / (double)(1 + rule->replicates);
    d->probability_better = n > 0 ? better / (double)n : (double)NAN;
    return status;
}

static assay_status adjust(assay_paired *const *all, const assay_paired_replicates *of, int64_t n,
                           int64_t replicates, assay_error *err)
{
    double *spread = assay_alloc((size_t)n, sizeof *spread);
    double *most = assay_alloc((size_t)replicates, sizeof *most);
    if (spread == NULL || most == NULL) {
        assay_free(spread);
        assay_free(most);
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t r = 0; r < replicates && !isnan(all[i]->p); r++) {
            spread[i] += exchanged(&of[i], r) * exchanged(&of[i], r);
        }
        spread[i] = sqrt(spread[i] / (double)replicates);
        for (int64_t r = 0; r < replicates && spread[i] > 0.0; r++) {
            most[r] = fmax(most[r], exchanged(&of[i], r) / spread[i]);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t beyond = 0;
        for (int64_t r = 0; r < replicates && spread[i] > 0.0; r++) {
            beyond += !(most[r] < fabs(all[i]->difference) / spread[i] - 1e-9);
        }
        if (!isnan(all[i]->p)) {
            all[i]->p_adjusted =
                spread[i] > 0.0 ? (double)(1 + beyond) / (double)(1 + replicates) : all[i]->p;
        }
    }
    assay_free(spread);
    assay_free(most);
    return ASSAY_OK;
}

assay_status assay_paired_judge(assay_paired *const *all, const assay_paired_replicates *of,
                                int64_t n, const assay_interval_rule *rule, assay_arena *arena,
                                assay_error *err)
{
    bool resampled = assay_interval_resamples(rule);
    for (int64_t i = 0; i < n; i++) {
        assay_paired *d = all[i];
        d->difference = d->in_b - d->in_a;
        d->low = d->high = d->bound_low = d->bound_high = d->p = d->p_adjusted =
            d->probability_better = (double)NAN;
        d->method =
            rule->replicates > 0 && !resampled ? "none: fewer than 10 images or clusters" : "none";
        if (resampled && !isnan(d->difference)) {
            ASSAY_TRY(judge(d, &of[i], rule, arena, err));
        }
    }
    return resampled ? adjust(all, of, n, rule->replicates, err) : ASSAY_OK;
}
