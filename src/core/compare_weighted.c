/* Differences of shares of right rows where the rows carry weights. */
#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "core/compare_internal.h"
#include "stats/clustered.h"
#include "stats/continuous.h"
#include "stats/paired.h"

/* Sums over the rows (or clusters) of positive weight. */
typedef struct weighted_flips {
    double *difference, *weight; /* per unit */
    int64_t units;
    double all, only_a,
        only_b; /* weight of all rows, and of those that one model alone has right */
} weighted_flips;

static bool right(const assay_predictions *p, int64_t i)
{
    return p->label[i] == p->target[i];
}

static void add_up(weighted_flips *f, const assay_difference *d, const comparing *c)
{
    int64_t most = c->cluster != NULL ? c->clusters : c->n;
    for (int64_t i = 0; i < c->n; i++) {
        double weight = assay_comparing_weight(c, i);
        bool in_a = right(c->models[d->a], c->rows[i]), in_b = right(c->models[d->b], c->rows[i]);
        int64_t at = c->cluster != NULL ? c->cluster[i] : i;
        f->difference[at] += weight * ((double)in_b - (double)in_a);
        f->weight[at] += weight;
        f->all += weight;
        f->only_a += in_a && !in_b ? weight : 0.0;
        f->only_b += in_b && !in_a ? weight : 0.0;
    }
    for (int64_t u = 0; u < most; u++) {
        if (f->weight[u] > 0.0) {
            f->difference[f->units] = f->difference[u];
            f->weight[f->units++] = f->weight[u];
        }
    }
}

/* So many units of equal weight would say as much (Kish 1965). */
static double kish(const weighted_flips *f)
{
    double squares = 0.0;
    for (int64_t u = 0; u < f->units; u++) {
        double share = f->weight[u] / f->all;
        squares += share * share;
    }
    return fmin(1.0 / squares, (double)f->units);
}

/* Tango's interval for as many independent rows as the weighted ones are worth, in the way in which Korn
 * and Graubard (1998) use Clopper and Pearson's. */
static assay_status row_interval(assay_difference *d, const comparing *c, const weighted_flips *f,
                                 double effective, assay_error *err)
{
    double alpha = 1.0 - c->level;
    double a = f->only_a / f->all, b = f->only_b / f->all;
    double spread = a + b - (b - a) * (b - a);
    double n = d->se > 0.0 && spread > 0.0 ? fmin(spread / (d->se * d->se), effective) : effective;
    ASSAY_TRY(assay_tango_real(&d->low, &d->high, b * n, a * n, n, alpha / 2.0, alpha / 2.0, err));
    ASSAY_TRY(assay_tango_real(&d->bound_low, &d->bound_high, b * n, a * n, n, alpha, alpha, err));
    d->method =
        assay_arena_printf(c->arena, "tango of weighted rows, worth %.1f independent ones", n);
    return d->method != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status cluster_interval(assay_difference *d, const comparing *c,
                                     const weighted_flips *f, assay_error *err)
{
    double alpha = 1.0 - c->level;
    double inside = assay_t_quantile_upper(alpha / 2.0, d->df) * d->se;
    double one = assay_t_quantile_upper(alpha, d->df) * d->se;
    d->low = fmax(-1.0, d->difference - inside);
    d->high = fmin(1.0, d->difference + inside);
    d->bound_low = fmax(-1.0, d->difference - one);
    d->bound_high = fmin(1.0, d->difference + one);
    d->p = d->se > 0.0            ? 2.0 * assay_t_sf(fabs(d->difference) / d->se, d->df)
           : d->difference == 0.0 ? 1.0
                                  : 0.0;
    d->probability_better = d->se > 0.0 ? assay_t_cdf(d->difference / d->se, d->df) : 0.5;
    d->method = assay_arena_printf(
        c->arena, "cluster_robust of weighted rows, %" PRId64 " clusters", f->units);
    d->test = "cluster_robust t";
    return d->method != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_compare_weighted(assay_difference *d, const comparing *c, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t most = c->cluster != NULL ? c->clusters : c->n;
    weighted_flips f = {.difference = assay_alloc((size_t)most + 1, sizeof *f.difference),
                        .weight = assay_alloc((size_t)most + 1, sizeof *f.weight)};
    assay_cluster_estimate estimate;
    if (f.difference == NULL || f.weight == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    add_up(&f, d, c);
    if (f.units < 2) {
        d->outcome = ASSAY_OUTCOME_TOO_FEW;
        d->reason = "fewer than 2 rows or clusters have a weight";
        goto done;
    }
    ASSAY_GOTO(assay_cluster_ratio(&estimate, f.difference, f.weight, f.units, err), done);
    double effective = kish(&f);
    d->difference = estimate.value + 0.0;
    d->se = estimate.se;
    d->df = fmax(1.0, effective - 1.0);
    d->odds_ratio = f.only_a > 0.0 ? f.only_b / f.only_a : f.only_b > 0.0 ? INFINITY : (double)NAN;
    status = c->cluster != NULL ? cluster_interval(d, c, &f, err)
                                : row_interval(d, c, &f, effective, err);
done:
    assay_free(f.difference);
    assay_free(f.weight);
    return status;
}
