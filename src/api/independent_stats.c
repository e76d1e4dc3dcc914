/* The statistics of two independent samples, for one measure. */
#include <math.h>

#include "api/independent.h"
#include "stats/intervals.h"
#include "stats/normal.h"

static const double jeffreys = 0.5;

/* The same data seen as "the second is better by": counts of failures are turned round. */
static assay_two_counts better_counts(const assay_two_samples *t)
{
    const assay_two_counts *c = &t->counts;
    return t->direction == ASSAY_LOWER_IS_BETTER
               ? (assay_two_counts){c->n1 - c->x1, c->n1, c->n2 - c->x2, c->n2}
               : *c;
}

static void judge_margin(assay_closeness_of_two *out, double margin)
{
    out->verdict = out->low > -margin ? "not_worse" : out->high < -margin ? "worse" : "undecided";
}

static void judge_equivalence(assay_closeness_of_two *out, double margin)
{
    out->verdict = out->low > -margin && out->high < margin   ? "equivalent"
                   : out->low > margin || out->high < -margin ? "different"
                                                              : "undecided";
}

static assay_status closeness(assay_two_samples *t, const assay_independent_job *job,
                              assay_closeness_of_two ends, double se, assay_error *err)
{
    const assay_independent_request *r = job->request;
    assay_equivalence test;
    assay_two_counts better = better_counts(t);
    double by = t->direction == ASSAY_LOWER_IS_BETTER ? -t->difference : t->difference;
    for (int which = 0; which < 2; which++) {
        double margin = which == 0 ? r->margin : r->equivalence;
        assay_closeness_of_two *out = which == 0 ? &t->noninferiority : &t->equivalence;
        if (which == 0 ? !r->has_margin : !r->has_equivalence) {
            continue;
        }
        *out = ends;
        out->margin = margin;
        out->test = t->counted ? "farrington_manning, one-sided each" : "normal, one-sided each";
        ASSAY_TRY(t->counted ? assay_equivalence_proportions(&test, &better, margin, err)
                             : assay_equivalence_estimate(&test, by, se, INFINITY, margin, err));
        out->p = which == 0 ? test.not_inferior : test.equivalent;
        if (which == 0) {
            judge_margin(out, margin);
        } else {
            judge_equivalence(out, margin);
        }
    }
    if (r->has_rope && t->counted) {
        t->posterior = "beta, Jeffreys' prior";
        return assay_bayes_two(&t->rope, better.x1, better.n1, better.x2, better.n2, jeffreys,
                               r->rope, err);
    }
    if (r->has_rope) {
        t->posterior = "from the standard error, flat prior";
        t->rope.below = assay_normal_sf((r->rope + by) / se);
        t->rope.above = assay_normal_sf((r->rope - by) / se);
        t->rope.inside = fmax(0.0, 1.0 - t->rope.below - t->rope.above);
    }
    return ASSAY_OK;
}

static assay_status compare_counts(assay_two_samples *t, const assay_independent_job *job,
                                   assay_error *err)
{
    const assay_two_counts *c = &t->counts;
    double alpha = (1.0 - job->level) / 2.0, z = 0.0;
    assay_two_counts better = better_counts(t);
    assay_closeness_of_two ends = {0};
    t->method = "miettinen_nurminen";
    ASSAY_TRY(assay_score_difference(&t->ends.low, &t->ends.high, c, true, alpha, alpha, err));
    ASSAY_TRY(assay_newcombe(&t->newcombe.low, &t->newcombe.high, c, alpha, alpha, err));
    ASSAY_TRY(
        assay_agresti_caffo(&t->agresti_caffo.low, &t->agresti_caffo.high, c, alpha, alpha, err));
    t->ratio = t->ratio_ends.low = t->ratio_ends.high = NAN;
    if (c->x1 > 0 || c->x2 > 0) {
        t->ratio = t->in[0].value > 0.0 ? t->in[1].value / t->in[0].value : INFINITY;
        ASSAY_TRY(
            assay_score_ratio(&t->ratio_ends.low, &t->ratio_ends.high, c, true, alpha, alpha, err));
    }
    ASSAY_TRY(assay_odds_ratio_find(&t->odds, c, alpha, alpha, err));
    ASSAY_TRY(assay_score_difference_z(&z, c, 0.0, true, err));
    t->p = fmin(1.0, 2.0 * assay_normal_sf(fabs(z)));
    ASSAY_TRY(assay_fisher(&t->fisher, c, err));
    ASSAY_TRY(assay_fisher_mid(&t->mid, c, err));
    t->has_boschloo = c->n1 + c->n2 <= 1000; /* it looks at all tables */
    if (t->has_boschloo) {
        ASSAY_TRY(assay_boschloo(&t->boschloo, c, err));
    }
    ASSAY_TRY(assay_score_difference(&ends.low, &ends.high, &better, false, 2.0 * alpha,
                                     2.0 * alpha, err));
    return closeness(t, job, ends, NAN, err);
}

static assay_ends difference_of(const assay_two_samples *t, const assay_ends of[2])
{
    double d = t->in[1].value - t->in[0].value;
    return (assay_ends){d - hypot(t->in[1].value - of[1].low, of[0].high - t->in[0].value),
                        d + hypot(of[1].high - t->in[1].value, t->in[0].value - of[0].low)};
}

assay_status assay_two_samples_compare(assay_two_samples *t, const assay_independent_job *job,
                                       const assay_ends two_sided[2], const assay_ends one_sided[2],
                                       assay_error *err)
{
    t->difference = t->in[1].value - t->in[0].value;
    if (t->counted) {
        return compare_counts(t, job, err);
    }
    double z = assay_normal_quantile_upper((1.0 - job->level) / 2.0);
    t->method = "mover";
    t->ends = difference_of(t, two_sided);
    double reach = t->difference > 0.0 ? t->difference - t->ends.low : t->ends.high - t->difference;
    t->p = reach > 0.0 ? fmin(1.0, 2.0 * assay_normal_sf(z * fabs(t->difference) / reach)) : NAN;
    double se = (t->ends.high - t->ends.low) / (2.0 * z);
    if (t->direction == ASSAY_NO_DIRECTION || !(se > 0.0)) {
        return ASSAY_OK;
    }
    assay_ends plain = difference_of(t, one_sided);
    bool lower = t->direction == ASSAY_LOWER_IS_BETTER;
    return closeness(t, job,
                     (assay_closeness_of_two){.low = lower ? -plain.high : plain.low,
                                              .high = lower ? -plain.low : plain.high},
                     se, err);
}
