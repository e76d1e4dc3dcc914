/* The worst and the best group by any metric, from the measures within groups. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "core/fairness.h"
#include "stats/group_gaps.h"
#include "stats/normal.h"

/* One-sided ends at an error probability. What so few replicates cannot tell is scaled from the ends at `alpha`, as
 * quantiles of the normal distribution are. */
static assay_status ends_at(assay_ends *out, const assay_measure *m, double alpha, double wanted,
                            const assay_evaluate_options *options, assay_error *err)
{
    assay_error refusal;
    double low = NAN, high = NAN;
    *out = (assay_ends){NAN, NAN};
    assay_status status =
        assay_measure_bounds(&out->low, &out->high, m, 1.0 - wanted, options, &refusal);
    if (status == ASSAY_OK || wanted == alpha) {
        return status == ASSAY_EUNSUPPORTED ? ASSAY_OK
               : status == ASSAY_OK         ? ASSAY_OK
                                            : assay_fail(err, status, "%s", refusal.message);
    }
    status = assay_measure_bounds(&low, &high, m, 1.0 - alpha, options, &refusal);
    if (status == ASSAY_OK) {
        double scale = assay_normal_quantile(1.0 - wanted) / assay_normal_quantile(1.0 - alpha);
        out->low = m->value - scale * (m->value - low);
        out->high = m->value + scale * (high - m->value);
        /* counts and errors do not become negative */
        out->low = low >= 0.0 ? fmax(0.0, out->low) : out->low;
        return ASSAY_OK;
    }
    return status == ASSAY_EUNSUPPORTED ? ASSAY_OK : assay_fail(err, status, "%s", refusal.message);
}

/* Smaller ones than a confidence can tell from certainty. */
static double split(double alpha, int64_t k)
{
    return fmax(alpha / (double)k, 1e-15);
}

static assay_status estimate_of(assay_group_estimate *out, const assay_measure *m, int64_t k,
                                double alpha, const assay_evaluate_options *options,
                                assay_error *err)
{
    out->value = m->value;
    ASSAY_TRY(ends_at(&out->at, m, alpha, alpha, options, err));
    ASSAY_TRY(ends_at(&out->of_group, m, alpha, split(alpha, k), options, err));
    return ends_at(&out->of_pair, m, alpha, split(alpha, k * (k - 1)), options, err);
}

/* Shares of rows have the score intervals that the metrics between groups have (accuracy_difference, ...): one
 * interval for one number. */
static assay_status use_scores(assay_group_extremes *out, const assay_measure *const *groups,
                               int64_t k, double alpha, const assay_evaluate_options *options,
                               assay_error *err)
{
    const assay_args *interval = options != NULL ? options->proportion_interval : NULL;
    bool shares = interval == NULL || strcmp(interval->op->name, "clopper_pearson") == 0;
    assay_trials trials[ASSAY_GROUPS_MOST] = {{0}};
    for (int64_t i = 0; i < k; i++) {
        shares = shares && groups[i]->successes >= 0 && groups[i]->n > 0;
        trials[i] = (assay_trials){groups[i]->successes, groups[i]->n};
    }
    if (!shares || k < 2) {
        return ASSAY_OK;
    }
    out->scores = true;
    ASSAY_TRY(assay_largest_difference(&out->difference_ends.low, &out->difference_ends.high,
                                       trials, k, alpha, alpha, err));
    return isnan(out->ratio) ? ASSAY_OK
                             : assay_smallest_ratio(&out->ratio_ends.low, &out->ratio_ends.high,
                                                    trials, k, alpha, alpha, err);
}

assay_status assay_fairness_extremes_at(assay_group_extremes *out,
                                        const assay_measure *const *groups, int64_t k, double alpha,
                                        bool dependent, const assay_evaluate_options *options,
                                        assay_error *err)
{
    assay_group_estimate estimates[ASSAY_GROUPS_MOST] = {0};
    for (int64_t i = 0; i < k; i++) {
        ASSAY_TRY(estimate_of(&estimates[i], groups[i], k, alpha, options, err));
        if (dependent) {
            estimates[i].at = (assay_ends){NAN, NAN};
        }
    }
    ASSAY_TRY(assay_group_extremes_find(out, estimates, k, alpha, err));
    return dependent ? ASSAY_OK : use_scores(out, groups, k, alpha, options, err);
}

/* Rows of one cluster in several groups make the groups depend on each other. */
static assay_status straddle(bool *out, const assay_groups *groups,
                             const assay_predictions *predictions, const uint8_t *mask,
                             const int64_t *units, assay_error *err)
{
    *out = false;
    int64_t most = 0;
    for (int64_t i = 0; units != NULL && i < predictions->n; i++) {
        most = units[i] > most ? units[i] : most;
    }
    int32_t *of = units != NULL ? assay_alloc((size_t)most + 1, sizeof *of) : NULL;
    if (units != NULL && of == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; of != NULL && i < predictions->n; i++) {
        if (units[i] >= 0 && (mask == NULL || mask[i] != 0)) {
            int32_t mine = groups->of[i] + 1;
            *out = *out || (of[units[i]] != 0 && of[units[i]] != mine);
            of[units[i]] = mine;
        }
    }
    assay_free(of);
    return ASSAY_OK;
}

typedef struct search {
    assay_fairness *f;
    assay_arena *arena;
    const assay_evaluate_options *options;
    int64_t per_group; /* measures of a group */
} search;

static assay_status put_reason(assay_fairness_extremes *e, const search *s, int32_t left_out,
                               const char *first, assay_error *err)
{
    bool ends = !isnan(e->found.difference_ends.low);
    const char *why = e->outcome != ASSAY_OUTCOME_VALUE ? "fewer than two groups have a value"
                      : ends                            ? ""
                      : s->f->dependent ? "no interval: clusters lie in several groups"
                                        : "no interval: a group has none";
    char text[160] = "";
    if (left_out > 0) {
        (void)snprintf(text, sizeof text, "%sleft out: %.60s%s", why[0] != '\0' ? "; " : "", first,
                       left_out > 1 ? " and others" : "");
    }
    if (why[0] == '\0' && text[0] == '\0') {
        return ASSAY_OK;
    }
    e->reason = assay_arena_printf(s->arena, "%s%s", why, text);
    return e->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status find(assay_fairness_extremes *e, const search *s, int64_t m, assay_error *err)
{
    double alpha = (1.0 - s->options->level) / 2.0;
    int32_t k = 0, left_out = 0, of[ASSAY_GROUPS_MOST] = {0};
    const char *first = "";
    const assay_measure *measures[ASSAY_GROUPS_MOST] = {0};
    for (int32_t g = 0; g < s->f->groups->n; g++) {
        const assay_measure *measure = &s->f->within.measures[g * s->per_group + m];
        if (measure->outcome == ASSAY_OUTCOME_VALUE && isfinite(measure->value)) {
            measures[k] = measure;
            of[k++] = g;
        } else {
            first = left_out++ == 0 ? s->f->groups->names[g] : first;
            e->left_out += s->f->rows[g] > 0;
        }
    }
    e->groups = k;
    e->outcome = k < 2 ? ASSAY_OUTCOME_TOO_FEW : ASSAY_OUTCOME_VALUE;
    e->found.difference_ends.low = NAN;
    if (k >= 2) {
        ASSAY_TRY(assay_fairness_extremes_at(&e->found, measures, k, alpha, s->f->dependent,
                                             s->options, err));
        e->highest = of[e->found.highest];
        e->lowest = of[e->found.lowest];
        e->highest_value = measures[e->found.highest]->value;
        e->lowest_value = measures[e->found.lowest]->value;
    }
    return put_reason(e, s, left_out, first, err);
}

assay_status assay_fairness_find_extremes(assay_fairness *f, assay_arena *arena,
                                          const assay_predictions *predictions, const uint8_t *mask,
                                          const assay_args *const *of, size_t n_of,
                                          const assay_evaluate_options *options, assay_error *err)
{
    search s = {.f = f, .arena = arena, .options = options};
    f->options = *options;
    s.per_group = f->groups->n > 0 ? f->within.n_measures / f->groups->n : 0;
    ASSAY_TRY(straddle(&f->dependent, f->groups, predictions, mask, options->units, err));
    f->extremes = assay_arena_alloc(arena, (size_t)s.per_group + 1, sizeof *f->extremes);
    if (f->extremes == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t m = 0; m < s.per_group; m++) {
        assay_fairness_extremes *e = &f->extremes[m];
        e->measure = &f->within.measures[m];
        e->direction = ASSAY_NO_DIRECTION;
        for (size_t i = 0; i < n_of; i++) {
            if (strcmp(of[i]->op->name, e->measure->metric) == 0) {
                e->direction = of[i]->op->direction;
            }
        }
        ASSAY_TRY(find(e, &s, m, err));
        f->n_extremes++;
    }
    return ASSAY_OK;
}
