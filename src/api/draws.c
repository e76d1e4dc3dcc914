#include "api/draws.h"

#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "stats/intervals.h"

assay_status assay_draws_init(assay_draws *d, assay_arena *arena, double level, int64_t replicates,
                              assay_error *err)
{
    size_t n = (size_t)replicates;
    *d = (assay_draws){.arena = arena, .level = level, .replicates = replicates};
    d->column = assay_alloc_raw(n, sizeof *d->column);
    d->words = assay_alloc_raw(n, sizeof *d->words);
    d->spare = assay_alloc_raw(n, sizeof *d->spare);
    return d->column != NULL && d->words != NULL && d->spare != NULL ? ASSAY_OK
                                                                     : assay_fail_memory(err);
}

void assay_draws_dispose(assay_draws *d)
{
    assay_free(d->column);
    assay_free(d->words);
    assay_free(d->spare);
    *d = (assay_draws){0};
}

assay_status assay_draws_bounds(assay_measure *m, const assay_draws *d, const double *from,
                                int64_t at, int64_t stride, assay_error *err)
{
    int64_t n = 0;
    double alpha = (1.0 - d->level) / 2.0;
    if (from == NULL || m->outcome != ASSAY_OUTCOME_VALUE) {
        m->method = d->replicates > 0 && from == NULL ? "none: fewer than 10 images" : "none";
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < d->replicates; i++) {
        if (!isnan(from[i * stride + at])) {
            d->words[n++] = assay_sort_key(from[i * stride + at], 0);
        }
    }
    assay_sort_words(d->words, d->spare, n);
    for (int64_t i = 0; i < n; i++) {
        d->column[i] = assay_sort_key_value(d->words[i], 0);
    }
    assay_status status =
        n > 0 ? assay_percentile_interval(&m->low, &m->high, d->column, n, alpha, alpha, NULL)
              : ASSAY_EUNSUPPORTED;
    if (status == ASSAY_EUNSUPPORTED) {
        m->low = m->high = NAN;
        m->method = "none: too few replicates have a value for this level";
        return ASSAY_OK;
    }
    ASSAY_TRY(status);
    m->method = assay_arena_printf(d->arena,
                                   n == d->replicates ? "bootstrap_percentile over images, %" PRId64
                                                        " replicates"
                                                      : "bootstrap_percentile over images, %" PRId64
                                                        " replicates have a value",
                                   n);
    return m->method != NULL ? ASSAY_OK : assay_fail_memory(err);
}
