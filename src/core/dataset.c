#include "core/dataset.h"

#include <inttypes.h>

#include "base/alloc.h"

void assay_dataset_free(assay_dataset *dataset)
{
    if (dataset == NULL) {
        return;
    }
    if (dataset->source != NULL && dataset->source->free != NULL) {
        dataset->source->free(dataset->self);
    }
    assay_table_free(dataset->metadata);
    assay_arena_free(dataset->arena);
    assay_free(dataset);
}

assay_status assay_dataset_image(const assay_dataset *dataset, int64_t i, assay_image *out,
                                 assay_error *err)
{
    if (i < 0 || i >= dataset->n) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s: there is no row %" PRId64 "; rows go from 1 to %" PRId64,
                          dataset->name, i + 1, dataset->n);
    }
    assay_status status = dataset->source->image(dataset, i, out, NULL, NULL, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s: row %" PRId64 " (%s)", dataset->name, i + 1, dataset->ids[i]);
    }
    return status;
}
