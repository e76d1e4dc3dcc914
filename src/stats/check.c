#include "stats/check.h"

#include <inttypes.h>
#include <math.h>

assay_status assay_check_counts(const char *what, int64_t x, int64_t n, assay_error *err)
{
    if (n < 0 || x < 0 || x > n) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s: %" PRId64 " successes in %" PRId64 " trials make no sense", what, x,
                          n);
    }
    return ASSAY_OK;
}

assay_status assay_check_alphas(const char *what, double alpha_low, double alpha_high,
                                assay_error *err)
{
    if (!(alpha_low >= 0.0 && alpha_low <= 0.5 && alpha_high >= 0.0 && alpha_high <= 0.5)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s: error probabilities %g and %g must be in [0, 0.5]", what, alpha_low,
                          alpha_high);
    }
    return ASSAY_OK;
}

assay_status assay_check_open_unit(const char *what, const char *name, double value,
                                   assay_error *err)
{
    if (!(value > 0.0 && value < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL, "%s: %s is %g and must be between 0 and 1", what, name,
                          value);
    }
    return ASSAY_OK;
}

assay_status assay_check_unit(const char *what, const char *name, double value, assay_error *err)
{
    if (!(value >= 0.0 && value <= 1.0)) {
        return assay_fail(err, ASSAY_EINVAL, "%s: %s is %g and must be in [0, 1]", what, name,
                          value);
    }
    return ASSAY_OK;
}

assay_status assay_check_positive(const char *what, const char *name, double value,
                                  assay_error *err)
{
    if (!(value > 0.0) || isinf(value)) {
        return assay_fail(err, ASSAY_EINVAL, "%s: %s is %g and must be above 0", what, name, value);
    }
    return ASSAY_OK;
}

assay_status assay_check_least(const char *what, const char *name, int64_t n, int64_t least,
                               assay_error *err)
{
    if (n < least) {
        return assay_fail(err, ASSAY_EINVAL, "%s: %s is %" PRId64 ", at least %" PRId64 " needed",
                          what, name, n, least);
    }
    return ASSAY_OK;
}

assay_status assay_check_finite(const char *what, const double *values, int64_t n, assay_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return assay_fail(err, ASSAY_EINVAL, "%s: value %" PRId64 " is not a finite number",
                              what, i + 1);
        }
    }
    return ASSAY_OK;
}
