#include <math.h>

#include "base/alloc.h"
#include "core/compare.h"

/* ---- max-T ---- */

/* Standard deviation under the null hypothesis, about 0. */
static double null_scale(const assay_difference *d)
{
    double squares = 0.0;
    int64_t n = 0;
    for (int64_t r = 0; r < d->n_null; r++) {
        if (!isnan(d->null[r])) {
            squares += d->null[r] * d->null[r];
            n++;
        }
    }
    return n > 0 ? sqrt(squares / (double)n) : 0.0;
}

static assay_status adjust_max_t(assay_comparison *comparison, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t m = 0, replicates = 0, k = 0;
    double *observed = NULL, *null = NULL, *adjusted = NULL;
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        const assay_difference *d = &comparison->differences[i];
        if (d->null != NULL) {
            m++;
            replicates = d->n_null;
        }
    }
    if (m == 0) {
        return ASSAY_OK;
    }
    observed = assay_alloc((size_t)m, sizeof *observed);
    adjusted = assay_alloc((size_t)m, sizeof *adjusted);
    null = assay_alloc((size_t)m, (size_t)replicates * sizeof *null);
    if (!observed || !adjusted || !null) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        const assay_difference *d = &comparison->differences[i];
        if (d->null == NULL) {
            continue;
        }
        double scale = null_scale(d);
        observed[k] = scale > 0.0 ? fabs(d->difference) / scale : 0.0;
        for (int64_t r = 0; r < replicates; r++) {
            bool defined = r < d->n_null && !isnan(d->null[r]);
            /* sums in another order differ by rounding: a tie counts */
            null[r * m + k] = defined && scale > 0.0 ? d->null[r] / scale * (1.0 + 1e-12) : 0.0;
        }
        k++;
    }
    ASSAY_GOTO(assay_max_t(adjusted, observed, null, replicates, m, true, err), done);
    k = 0;
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        assay_difference *d = &comparison->differences[i];
        d->p_adjusted = d->null != NULL ? adjusted[k++] : NAN;
    }
done:
    assay_free(observed);
    assay_free(adjusted);
    assay_free(null);
    return status;
}

assay_status assay_comparison_adjust(assay_comparison *comparison, assay_adjustment how,
                                     assay_error *err)
{
    if (how == ASSAY_ADJUST_MAX_T) {
        return adjust_max_t(comparison, err);
    }
    assay_status status = ASSAY_OK;
    size_t most = (size_t)comparison->n_differences + 1;
    double *p = assay_alloc(most, sizeof *p);
    double *adjusted = assay_alloc(most, sizeof *adjusted);
    int64_t n = 0, k = 0;

    if (!p || !adjusted) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        if (!isnan(comparison->differences[i].p)) {
            p[n++] = comparison->differences[i].p;
        }
    }
    if (n > 0) {
        ASSAY_GOTO(assay_adjust(adjusted, p, n, how, err), done);
    }
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        assay_difference *d = &comparison->differences[i];
        d->p_adjusted = isnan(d->p) ? NAN : adjusted[k++];
    }
done:
    assay_free(p);
    assay_free(adjusted);
    return status;
}
