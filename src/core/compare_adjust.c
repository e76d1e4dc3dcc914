#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/compare.h"
#include "stats/multiplicity.h"

static assay_adjustment method_of(const char *how)
{
    static const struct {
        const char *name;
        assay_adjustment method;
    } methods[] = {{"holm", ASSAY_ADJUST_HOLM},
                   {"hochberg", ASSAY_ADJUST_HOCHBERG},
                   {"bh", ASSAY_ADJUST_BENJAMINI_HOCHBERG},
                   {"by", ASSAY_ADJUST_BENJAMINI_YEKUTIELI},
                   {"bonferroni", ASSAY_ADJUST_BONFERRONI}};

    for (size_t i = 0; i < ASSAY_COUNT(methods); i++) {
        if (strcmp(how, methods[i].name) == 0) {
            return methods[i].method;
        }
    }
    return ASSAY_ADJUST_NONE;
}

assay_status assay_comparison_adjust(assay_comparison *comparison, const char *how,
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
        ASSAY_GOTO(assay_adjust(adjusted, p, n, method_of(how), err), done);
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
