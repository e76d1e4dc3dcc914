#include "ops/shared/row_share.h"

#include "ops/shared/confusion.h"

size_t assay_row_share_size(const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    return sizeof(assay_row_share);
}

void assay_row_share_merge(void *into, const void *from, const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    assay_row_share *to = into;
    const assay_row_share *other = from;
    to->n += other->n;
    to->hits += other->hits;
}

assay_status assay_row_share_finish(assay_result *out, const void *state, const void *params,
                                    const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    const assay_row_share *share = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = share->n;
    if (share->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = share->hits / share->n;
    measure->hits = share->hits;
    return ASSAY_OK;
}
