/* Is a difference small enough? Equivalence, non-inferiority and posterior probabilities. */
#include <math.h>

#include "core/compare.h"
#include "stats/bayes.h"
#include "stats/continuous.h"
#include "stats/equivalence.h"

static const double jeffreys = 0.5;

/* b - a of the data becomes "b is better by": the margin's sign belongs to the metric. */
static double sign_of(const assay_difference *d)
{
    return d->op->direction == ASSAY_LOWER_IS_BETTER ? -1.0 : 1.0;
}

static assay_status from_flips(assay_closeness *out, const assay_difference *d, double margin,
                               assay_error *err)
{
    assay_equivalence test;
    assay_rope rope;
    if (!(margin < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "a margin of %g makes no sense for %s, which lies between 0 and 1",
                          margin, d->in_a->metric);
    }
    int64_t better = d->flips.only_b, worse = d->flips.only_a;
    if (sign_of(d) < 0.0) { /* an error rate: its hits are the wrong rows */
        better = d->flips.only_a;
        worse = d->flips.only_b;
    }
    ASSAY_TRY(assay_equivalence_paired(&test, better, worse, d->n, margin, err));
    ASSAY_TRY(assay_bayes_paired(&rope, better, worse, d->n, jeffreys, margin, err));
    *out = (assay_closeness){.p_not_worse = test.not_inferior,
                             .p_equivalent = test.equivalent,
                             .test = "tango, two one-sided",
                             .worse = rope.below,
                             .close = rope.inside,
                             .better = rope.above,
                             .posterior = "Dirichlet, Jeffreys' prior"};
    return ASSAY_OK;
}

static assay_status from_error(assay_closeness *out, const assay_difference *d, double margin,
                               assay_error *err)
{
    assay_equivalence test;
    double by = d->difference * sign_of(d);
    ASSAY_TRY(assay_equivalence_estimate(&test, by, d->se, d->df, margin, err));
    *out = (assay_closeness){.p_not_worse = test.not_inferior,
                             .p_equivalent = test.equivalent,
                             .test = isinf(d->df) ? "normal, two one-sided" : "t, two one-sided",
                             .worse = assay_t_cdf((-margin - by) / d->se, d->df),
                             .better = assay_t_sf((margin - by) / d->se, d->df),
                             .posterior = "from the standard error, flat prior"};
    out->close = fmax(0.0, 1.0 - out->worse - out->better);
    return ASSAY_OK;
}

static void from_draws(assay_closeness *out, const assay_difference *d, double margin)
{
    int64_t worse = 0, better = 0, edge_low = 0, edge_high = 0;
    double n = (double)d->n_draws;
    for (int64_t r = 0; r < d->n_draws; r++) {
        double by = d->draws[r] * sign_of(d);
        worse += by < -margin;
        better += by > margin;
        edge_low += by <= -margin;
        edge_high += by >= margin;
    }
    *out = (assay_closeness){.p_not_worse = (1.0 + (double)edge_low) / (1.0 + n),
                             .test = "bootstrap, two one-sided",
                             .worse = (double)worse / n,
                             .close = (n - (double)worse - (double)better) / n,
                             .better = (double)better / n,
                             .posterior = "bootstrap replicates"};
    out->p_equivalent = fmax(out->p_not_worse, (1.0 + (double)edge_high) / (1.0 + n));
}

assay_status assay_difference_closeness(assay_closeness *out, const assay_difference *d,
                                        double margin, assay_error *err)
{
    *out = (assay_closeness){.p_not_worse = NAN,
                             .p_equivalent = NAN,
                             .test = "none",
                             .worse = NAN,
                             .close = NAN,
                             .better = NAN,
                             .posterior = "none"};
    if (!(margin > 0.0) || !isfinite(margin)) {
        return assay_fail(err, ASSAY_EINVAL, "a margin of %g must be above 0", margin);
    }
    if (d->outcome != ASSAY_OUTCOME_VALUE || d->op->direction == ASSAY_NO_DIRECTION) {
        return ASSAY_OK;
    }
    if (d->has_flips && isnan(d->se)) {
        return from_flips(out, d, margin, err);
    }
    if (d->se > 0.0) {
        return from_error(out, d, margin, err);
    }
    if (d->n_draws > 0) {
        from_draws(out, d, margin);
    }
    return ASSAY_OK;
}
