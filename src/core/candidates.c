#include "core/candidates.h"

#include <string.h>

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
    list->items[list->n] = *candidate;
    list->items[list->n++].extra = -1;
    return ASSAY_OK;
}

assay_status assay_candidates_add_with(assay_candidates *list, const assay_candidate *candidate,
                                       const double *extra, int32_t width, assay_error *err)
{
    int64_t used = list->n_extra * width;
    list->width = width;
    if (used + width > list->room_extra) {
        int64_t room = 2 * list->room_extra > used + width ? 2 * list->room_extra : 256 * width;
        double *grown = assay_realloc_raw(list->extra, (size_t)used * sizeof *grown, (size_t)room,
                                          sizeof *grown);
        if (grown == NULL) {
            return assay_fail_memory(err);
        }
        list->extra = grown;
        list->room_extra = room;
    }
    ASSAY_TRY(assay_candidates_add(list, candidate, err));
    memcpy(list->extra + used, extra, (size_t)width * sizeof *extra);
    list->items[list->n - 1].extra = list->n_extra++;
    return ASSAY_OK;
}

void assay_candidates_clear(assay_candidates *list)
{
    list->n = 0;
    list->n_extra = 0;
    list->width = 0;
    list->turned = false;
}

void assay_candidates_dispose(assay_candidates *list)
{
    assay_free(list->items);
    assay_free(list->extra);
    *list = (assay_candidates){0};
}
