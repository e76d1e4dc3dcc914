/**
 * @file align.h
 * What several models said about the same data, brought into one order of rows and classes, so that
 * row i is the same datum and class k the same class in all of them.
 */
#ifndef ASSAY_CORE_ALIGN_H
#define ASSAY_CORE_ALIGN_H

#include "core/predictions.h"

typedef struct assay_alignment {
    uint8_t *usable;  /* per row of the first model: 1 = every model has it, with the same target;
                           NULL = all. In the arena that was given. */
    int64_t left_out; /* rows of the first model that are not usable */
    int64_t extra;    /* rows of the others that the first does not have */
    bool by_id;       /* rows were matched by id, else by their order */
} assay_alignment;

/**
 * Replace models[1..n) by predictions in the order of models[0], and all of them where the lists of
 * classes differ: then they get the classes of the first, followed by those that others add. A
 * model that is replaced is freed. `names` are for messages.
 *
 * Rows are matched by id; by order when no model has ids, which takes equal numbers of rows. Ids that
 * are missing, stand twice, or have another target are ASSAY_EFORMAT and named; with `skip` such
 * rows are left out instead. A class without a score column is ASSAY_EFORMAT unless the scores are
 * probabilities: then it has probability 0.
 */
ASSAY_NODISCARD assay_status assay_align(assay_alignment *out, assay_predictions **models,
                                         int32_t n_models, const char *const *names, bool skip,
                                         assay_arena *arena, assay_error *err);

#endif
