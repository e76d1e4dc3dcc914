#include <math.h>

#include "base/alloc.h"
#include "core/compare.h"

assay_status assay_comparison_adjust(assay_comparison *comparison, assay_adjustment how,
                                     assay_error *err)
{
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
