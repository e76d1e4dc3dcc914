#include "stats/claim.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/reduce.h"
#include "stats/distributions.h"

assay_status assay_claim_p_values(double *met, double *not_met, int64_t x, int64_t n,
                                  const assay_proportion_claim *claim, assay_error *err)
{
    int decision = 0;

    *met = 1.0;
    *not_met = 1.0;
    ASSAY_TRY(assay_claim_decide(&decision, x, n, claim, err)); /* checks the arguments */
    if (claim->at_least ? claim->limit <= 0.0 : claim->limit >= 1.0) {
        *met = 0.0; /* true whatever the data */
        return ASSAY_OK;
    }
    double upper = x > 0 ? assay_binomial_sf(x - 1, n, claim->limit) : 1.0;
    double lower = x < n ? assay_binomial_cdf(x, n, claim->limit) : 1.0;
    *met = claim->at_least ? upper : lower;
    *not_met = claim->at_least ? lower : upper;
    return ASSAY_OK;
}

/** Successes from which on (at_least) or up to which (at_most) n trials decide the claim as
 *  `wanted`: the least x with decision >= wanted (at_least, wanted 1), and so on by symmetry. */
static assay_status count_limit(int64_t *out, int64_t n, int wanted,
                                const assay_proportion_claim *claim, assay_error *err)
{
    /* The decision rises with x for at_least and falls for at_most. It is asked where it passes
     * from "not wanted" to "wanted" in the direction of x in which that happens. */
    bool rising = (wanted > 0) == claim->at_least;
    int64_t no = rising ? -1 : n + 1;
    int64_t yes = rising ? n + 1 : -1;

    while (llabs(yes - no) > 1) {
        int64_t middle = no + (yes - no) / 2;
        int decision = 0;
        ASSAY_TRY(assay_claim_decide(&decision, middle, n, claim, err));
        if (decision == wanted) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    *out = yes;
    return ASSAY_OK;
}

typedef struct urn {
    double a, b, m;
} urn;

/** P(k + 1) / P(k) of the beta-binomial distribution. */
static double ratio(const urn *u, double k)
{
    return (u->m - k) * (u->a + k) / ((k + 1.0) * (u->b + u->m - k - 1.0));
}

/** P(low <= X <= high), by the ratio of neighbours outwards from the mode; the sum over everything
 *  is the normalisation. Beyond 1e-25 of the mode nothing counts. */
static double beta_binomial_between(const urn *u, double low, double high)
{
    static const double negligible = 1e-25;
    double mode =
        u->a + u->b > 2.0 ? floor((u->m + 1.0) * (u->a - 1.0) / (u->a + u->b - 2.0)) : 0.0;
    mode = fmin(fmax(mode, 0.0), u->m);
    assay_sum all = {0}, inside = {0};

    double weight = 1.0;
    for (double k = mode; k <= u->m && weight > negligible; k += 1.0) {
        assay_sum_add(&all, weight);
        if (k >= low && k <= high) {
            assay_sum_add(&inside, weight);
        }
        weight *= ratio(u, k);
    }
    weight = 1.0;
    for (double k = mode - 1.0; k >= 0.0; k -= 1.0) {
        weight /= ratio(u, k);
        if (!(weight > negligible)) {
            break;
        }
        assay_sum_add(&all, weight);
        if (k >= low && k <= high) {
            assay_sum_add(&inside, weight);
        }
    }
    return assay_sum_value(&inside) / assay_sum_value(&all);
}

assay_status assay_claim_predict(double *met, double *not_met, int64_t x, int64_t n, int64_t more,
                                 const assay_proportion_claim *claim, assay_error *err)
{
    int decision = 0;
    int64_t edge = 0;

    *met = 0.0;
    *not_met = 0.0;
    ASSAY_TRY(assay_claim_decide(&decision, x, n, claim, err));
    if (n < 1 || more < 0 || more > ASSAY_PREDICT_MOST) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "planning: %" PRId64 " further trials after %" PRId64
                          ", expected 0 to %d after at least 1",
                          more, n, ASSAY_PREDICT_MOST);
    }
    urn u = {(double)x + 0.5, (double)(n - x) + 0.5, (double)more};
    for (int wanted = 1; wanted >= -1; wanted -= 2) {
        ASSAY_TRY(count_limit(&edge, n + more, wanted, claim, err));
        bool rising = (wanted > 0) == claim->at_least;
        double low = rising ? (double)(edge - x) : 0.0;
        double high = rising ? (double)more : (double)(edge - x);
        *(wanted > 0 ? met : not_met) = beta_binomial_between(&u, low, high);
    }
    return ASSAY_OK;
}
