#include "ops/shared/regression.h"

#include <math.h>

#include "ops/shared/confusion.h"

assay_status assay_term_mean_finish(double **mean, assay_result *out, const void *state,
                                    const char *infinite, assay_error *err)
{
    const assay_metric_bin *all = state;
    assay_measure *measure = NULL;
    *mean = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = assay_sum_value(&all->sum[0]) / all->weight;
    if (!isfinite(measure->value)) {
        assay_measure_undefine(measure, infinite);
        return ASSAY_OK;
    }
    *mean = &measure->value;
    return ASSAY_OK;
}

/* Half the deviance over mean^(2 - power) for y = mean (1 + r), |r| small, where the closed forms cancel:
 * its second derivative in r is (1 + r)^-power, so the series is integrated twice. */
static double near_deviance(double r, double power)
{
    double sum = 0.0;
    double term = r * r; /* binomial(-power, k) r^(k + 2) */
    for (int k = 0; k < 16; k++) {
        sum += term / ((double)(k + 1) * (double)(k + 2));
        term *= -(power + (double)k) / (double)(k + 1) * r;
    }
    return sum;
}

static bool has_no_tweedie(double power)
{
    return power > 0.0 && power < 1.0;
}

const char *assay_tweedie_outside(double power)
{
    return has_no_tweedie(power)
               ? "there is no Tweedie distribution with a power between 0 and 1"
               : "a predicted or true value is outside of what the distribution can give";
}

double assay_tweedie_deviance(double y, double mean, double power)
{
    if (power == 0.0) {
        return (y - mean) * (y - mean);
    }
    bool below = power > 0.0 && (y < 0.0 || (y == 0.0 && power >= 2.0));
    if (!(mean > 0.0) || below || has_no_tweedie(power)) {
        return INFINITY;
    }
    if (y < 0.0) { /* of a power below 0, which gives any number */
        return 2.0 * (pow(mean, 2.0 - power) / (2.0 - power) -
                      y * pow(mean, 1.0 - power) / (1.0 - power));
    }
    double r = (y - mean) / mean;
    if (fabs(r) < 0.05) {
        return 2.0 * pow(mean, 2.0 - power) * near_deviance(r, power);
    }
    if (power == 1.0) {
        return 2.0 * ((y > 0.0 ? y * log(y / mean) : 0.0) - y + mean);
    }
    if (power == 2.0) {
        return 2.0 * (log(mean / y) + y / mean - 1.0);
    }
    return 2.0 *
           (pow(y, 2.0 - power) / ((1.0 - power) * (2.0 - power)) -
            y * pow(mean, 1.0 - power) / (1.0 - power) + pow(mean, 2.0 - power) / (2.0 - power));
}
