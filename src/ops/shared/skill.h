/**
 * @file skill.h
 * The share of a loss of probabilities that predictions explain: 1 - loss / loss of predicting the
 * frequencies of the classes for every row. A state has the loss and the weight of every class.
 */
#ifndef ASSAY_OPS_SHARED_SKILL_H
#define ASSAY_OPS_SHARED_SKILL_H

#include "core/metric.h"

typedef struct assay_skill_kind {
    double (*loss)(const void *params, const assay_rows *rows, int64_t i);
    double (*null_loss)(double share); /* what a class of this frequency adds to the mean loss */
} assay_skill_kind;

size_t assay_skill_size(const void *params, int32_t classes);
void assay_skill_block(void *state, const assay_skill_kind *kind, const void *params,
                       const assay_rows *rows);
void assay_skill_merge(void *into, const void *from, const void *params, int32_t classes);
ASSAY_NODISCARD assay_status assay_skill_finish(assay_result *out, const void *state,
                                                const assay_skill_kind *kind,
                                                const assay_rows *shape, assay_error *err);

/** Defines `metric` from the constant `kind`. */
#define ASSAY_SKILL_METRIC                                                                         \
    static assay_status block(void *state, const void *given, const assay_rows *rows,              \
                              assay_arena *scratch, assay_error *err)                              \
    {                                                                                              \
        (void)scratch;                                                                             \
        (void)err;                                                                                 \
        assay_skill_block(state, &kind, given, rows);                                              \
        return ASSAY_OK;                                                                           \
    }                                                                                              \
    static assay_status finish(assay_result *out, const void *state, const void *given,            \
                               const assay_rows *shape, assay_error *err)                          \
    {                                                                                              \
        (void)given;                                                                               \
        return assay_skill_finish(out, state, &kind, shape, err);                                  \
    }                                                                                              \
    static const assay_metric metric = {.state_size = assay_skill_size,                            \
                                        .block = block,                                            \
                                        .merge = assay_skill_merge,                                \
                                        .finish = finish}

#endif
