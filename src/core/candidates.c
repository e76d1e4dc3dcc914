#include "core/candidates.h"

#include "base/alloc.h"

assay_status assay_candidates_add(assay_candidates *list, const assay_candidate *candidate,
                                  assay_error *err)
{
    if (list->n >= list->capacity) {
        int64_t capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        if (list->n >= ASSAY_MOST_CANDIDATES) {
            return assay_fail(err, ASSAY_ELIMIT,
                              "more than %d boxes in one image: raise the confidence floor",
                              (int)ASSAY_MOST_CANDIDATES);
        }
        assay_candidate *items = assay_realloc(list->items, (size_t)list->n * sizeof *items,
                                               (size_t)capacity, sizeof *items);
        if (items == NULL) {
            return assay_fail_memory(err);
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->n++] = *candidate;
    return ASSAY_OK;
}

void assay_candidates_dispose(assay_candidates *list)
{
    assay_free(list->items);
    *list = (assay_candidates){0};
}
