/* The columns of a block of rows, derived once for all metrics; rows that can't be used are named. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/evaluate_internal.h"

assay_status assay_block_space_new(assay_block_space **out, const assay_evaluation *evaluation,
                                   assay_arena *arena, uint32_t needs, assay_error *err)
{
    *out = NULL;
    const assay_predictions *predictions = evaluation->predictions;
    assay_block_space *space = assay_arena_alloc(arena, 1, sizeof *space);
    if (space == NULL) {
        return assay_fail_memory(err);
    }
    size_t n = ASSAY_BLOCK_ROWS;
    bool ok = true;
    bool gather = evaluation->rows != NULL;
    if (gather) {
        ok = ok && (space->target = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
        ok = ok && (space->label = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
    }
    if (gather && predictions->task == ASSAY_TASK_REGRESSION) {
        ok = ok && (space->truth = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
        ok = ok && (space->value = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    if (gather && (needs & ASSAY_NEEDS_GROUPS)) {
        ok = ok && (space->group = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
    }
    if (gather && predictions->task == ASSAY_TASK_MULTILABEL) {
        size_t cells = n * (size_t)predictions->classes;
        ok = ok && (space->truth_set = assay_arena_alloc(arena, cells, 1)) != NULL;
        ok = ok && (space->label_set = assay_arena_alloc(arena, cells, 1)) != NULL;
    }
    if (needs & ASSAY_NEEDS_RANK) {
        ok = ok && (space->rank = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
    }
    if (needs & ASSAY_NEEDS_CONFIDENCE) {
        ok = ok && (space->confidence = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    if (needs & ASSAY_NEEDS_P_TARGET) {
        ok = ok && (space->p_target = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    if ((needs & ASSAY_NEEDS_SCORES) && gather) {
        size_t cells = n * (size_t)predictions->classes;
        if (predictions->scores_f32 != NULL) {
            ok = ok && (space->scores_f32 = assay_arena_alloc(arena, cells, sizeof(float))) != NULL;
        } else {
            ok =
                ok && (space->scores_f64 = assay_arena_alloc(arena, cells, sizeof(double))) != NULL;
        }
    }
    for (int kind = 0; kind < ASSAY_WEIGHT_KINDS && evaluation->weights != NULL; kind++) {
        ok = ok && (space->weight[kind] = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    if (evaluation->weights != NULL) {
        ok = ok && (space->product = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    ok = ok && assay_forecast_space(space, evaluation, arena, needs);
    ok = ok && (space->bin = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
    for (int v = 0; v < ASSAY_METRIC_VALUES; v++) {
        ok = ok && (space->values[v] = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    if (!ok) {
        return assay_fail_memory(err);
    }
    *out = space;
    return ASSAY_OK;
}

assay_status assay_bad_row(const assay_evaluation *evaluation, int64_t i, const char *what,
                           assay_error *err)
{
    int64_t row = assay_selected_row(evaluation, i);
    const assay_predictions *predictions = evaluation->predictions;
    if (predictions->ids != NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "predictions: row %" PRId64 " (%s): %s", row + 1,
                          predictions->ids[row], what);
    }
    return assay_fail(err, ASSAY_EFORMAT, "predictions: row %" PRId64 ": %s", row + 1, what);
}

/* Classes out of range are rare: one test for the block, then the row is looked up. */
static assay_status check_classes(const assay_rows *rows, const assay_evaluation *evaluation,
                                  int64_t first, assay_error *err)
{
    uint32_t classes = (uint32_t)rows->classes;
    uint32_t bad = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        bad |= (uint32_t)((uint32_t)rows->target[i] >= classes) |
               (uint32_t)((uint32_t)rows->label[i] >= classes);
    }
    if (bad == 0) {
        return ASSAY_OK;
    }
    int64_t i = 0;
    while ((uint32_t)rows->target[i] < classes && (uint32_t)rows->label[i] < classes) {
        i++;
    }
    if (rows->target[i] == -1) {
        return assay_bad_row(evaluation, first + i, "there is no target (true class) for it", err);
    }
    const char *what = (uint32_t)rows->target[i] >= classes
                           ? "the target is not one of the classes"
                           : "the predicted label is not one of the classes";
    return assay_bad_row(evaluation, first + i, what, err);
}

/* The probability given to class[i] of each row. Returns non-zero when one is not in [0, 1]. */
static int pick(double *out, const assay_evaluation *evaluation, const int32_t *class,
                int64_t first, int64_t n)
{
    const float *f32 = evaluation->predictions->scores_f32;
    const double *f64 = evaluation->predictions->scores_f64;
    const int64_t *rows = evaluation->rows;
    int64_t classes = evaluation->predictions->classes;
    if (rows != NULL) {
        for (int64_t i = 0; i < n; i++) {
            int64_t at = rows[first + i] * classes + class[i];
            out[i] = f32 != NULL ? (double)f32[at] : f64[at];
        }
    } else if (f32 != NULL) {
        for (int64_t i = 0; i < n; i++) {
            out[i] = (double)f32[(first + i) * classes + class[i]];
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            out[i] = f64[(first + i) * classes + class[i]];
        }
    }
    int bad = 0;
    for (int64_t i = 0; i < n; i++) {
        bad |= !(out[i] >= 0.0);
    }
    return bad;
}

static assay_status derive_probability(double *out, const assay_evaluation *evaluation,
                                       const int32_t *class, int64_t first, int64_t n,
                                       assay_error *err)
{
    if (pick(out, evaluation, class, first, n) == 0) {
        return ASSAY_OK;
    }
    int64_t i = 0;
    while (out[i] >= 0.0) {
        i++;
    }
    return assay_bad_row(
        evaluation, first + i,
        isnan(out[i]) ? "a score is not a number (NaN)" : "a probability is negative", err);
}

/* Classes above the target, or level with it and of a lower index; -1 for a row with a NaN. */
static int32_t rank_f32(const float *row, int32_t classes, int32_t target)
{
    float mark = row[target];
    int32_t above = 0, nan = 0;
    for (int32_t k = 0; k < classes; k++) {
        above += (row[k] > mark) | ((row[k] == mark) & (k < target));
        nan |= row[k] != row[k];
    }
    return nan ? -1 : above;
}

static int32_t rank_f64(const double *row, int32_t classes, int32_t target)
{
    double mark = row[target];
    int32_t above = 0, nan = 0;
    for (int32_t k = 0; k < classes; k++) {
        above += (row[k] > mark) | ((row[k] == mark) & (k < target));
        nan |= row[k] != row[k];
    }
    return nan ? -1 : above;
}

static assay_status derive_rank(int32_t *out, const assay_evaluation *evaluation,
                                const int32_t *target, int64_t first, int64_t n, assay_error *err)
{
    const assay_predictions *predictions = evaluation->predictions;
    int32_t classes = predictions->classes;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = assay_selected_row(evaluation, first + i) * classes;
        out[i] = predictions->scores_f32 != NULL
                     ? rank_f32(predictions->scores_f32 + at, classes, target[i])
                     : rank_f64(predictions->scores_f64 + at, classes, target[i]);
        if (out[i] < 0) {
            return assay_bad_row(evaluation, first + i, "a score is not a number (NaN)", err);
        }
    }
    return ASSAY_OK;
}

static void derive_scores(assay_rows *out, assay_block_space *space,
                          const assay_evaluation *evaluation, int64_t first, int64_t n)
{
    const assay_predictions *predictions = evaluation->predictions;
    int64_t classes = predictions->classes;
    const float *f32 = predictions->scores_f32;
    const double *f64 = predictions->scores_f64;
    if (evaluation->rows == NULL) {
        out->scores_f32 = f32 != NULL ? f32 + first * classes : NULL;
        out->scores_f64 = f64 != NULL ? f64 + first * classes : NULL;
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t at = evaluation->rows[first + i] * classes;
        if (f32 != NULL) {
            memcpy(space->scores_f32 + i * classes, f32 + at, (size_t)classes * sizeof *f32);
        } else {
            memcpy(space->scores_f64 + i * classes, f64 + at, (size_t)classes * sizeof *f64);
        }
    }
    out->scores_f32 = space->scores_f32;
    out->scores_f64 = space->scores_f64;
}

static assay_status derive_values(assay_rows *out, assay_block_space *space,
                                  const assay_evaluation *evaluation, int64_t first, int64_t n,
                                  assay_error *err)
{
    const assay_predictions *predictions = evaluation->predictions;
    out->truth = predictions->truth + first;
    out->value = predictions->value + first;
    if (evaluation->rows != NULL) {
        for (int64_t i = 0; i < n; i++) {
            space->truth[i] = predictions->truth[evaluation->rows[first + i]];
            space->value[i] = predictions->value[evaluation->rows[first + i]];
        }
        out->truth = space->truth;
        out->value = space->value;
    }
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(out->truth[i]) || !isfinite(out->value[i])) {
            return assay_bad_row(evaluation, first + i,
                                 isfinite(out->truth[i])
                                     ? "the predicted value is not a finite number"
                                     : "the true value is not a finite number",
                                 err);
        }
    }
    return ASSAY_OK;
}

static void derive_sets(assay_rows *out, const assay_block_space *space,
                        const assay_evaluation *evaluation, int64_t first, int64_t n)
{
    const assay_predictions *predictions = evaluation->predictions;
    int64_t classes = predictions->classes;
    out->multilabel = 1;
    out->truth_set = predictions->truth_set + first * classes;
    out->label_set = predictions->label_set + first * classes;
    if (evaluation->rows != NULL) {
        for (int64_t i = 0; i < n; i++) {
            int64_t at = evaluation->rows[first + i] * classes;
            memcpy(space->truth_set + i * classes, predictions->truth_set + at, (size_t)classes);
            memcpy(space->label_set + i * classes, predictions->label_set + at, (size_t)classes);
        }
        out->truth_set = space->truth_set;
        out->label_set = space->label_set;
    }
}

static void derive_weights(assay_rows *out, const assay_block_space *space,
                           const assay_evaluation *evaluation, int64_t first, int64_t n)
{
    for (int kind = 0; kind < ASSAY_WEIGHT_KINDS; kind++) {
        for (int64_t i = 0; i < n; i++) {
            space->weight[kind][i] =
                assay_weight_of_kind(assay_row_weight(evaluation, first + i), kind);
        }
    }
    out->weight = space->weight[ASSAY_WEIGHT_REAL];
    out->real = 1;
}

assay_status assay_block_derive(assay_rows *out, assay_block_space *space,
                                const assay_evaluation *evaluation, int64_t first, int64_t n,
                                uint32_t needs, assay_error *err)
{
    const assay_predictions *predictions = evaluation->predictions;
    *out = (assay_rows){.n = n,
                        .classes = predictions->classes,
                        .class_names = predictions->class_names,
                        .target = predictions->target + first,
                        .label = predictions->label + first};
    if (evaluation->rows != NULL) {
        for (int64_t i = 0; i < n; i++) {
            space->target[i] = predictions->target[evaluation->rows[first + i]];
            space->label[i] = predictions->label[evaluation->rows[first + i]];
        }
        out->target = space->target;
        out->label = space->label;
    }
    if (evaluation->weights != NULL) {
        derive_weights(out, space, evaluation, first, n);
    }
    ASSAY_TRY(check_classes(out, evaluation, first, err));
    if (predictions->task == ASSAY_TASK_MULTILABEL) {
        derive_sets(out, space, evaluation, first, n);
    }
    if (predictions->task == ASSAY_TASK_REGRESSION) {
        ASSAY_TRY(derive_values(out, space, evaluation, first, n, err));
        ASSAY_TRY(assay_forecast_derive(out, space, evaluation, first, n, needs, err));
    }
    if (needs & ASSAY_NEEDS_CONFIDENCE) {
        ASSAY_TRY(derive_probability(space->confidence, evaluation, out->label, first, n, err));
        out->confidence = space->confidence;
    }
    if (needs & ASSAY_NEEDS_P_TARGET) {
        ASSAY_TRY(derive_probability(space->p_target, evaluation, out->target, first, n, err));
        out->p_target = space->p_target;
    }
    if (needs & ASSAY_NEEDS_RANK) {
        ASSAY_TRY(derive_rank(space->rank, evaluation, out->target, first, n, err));
        out->rank = space->rank;
    }
    if (needs & ASSAY_NEEDS_SCORES) {
        derive_scores(out, space, evaluation, first, n);
    }
    if (needs & ASSAY_NEEDS_GROUPS) {
        out->groups = evaluation->groups;
        out->group = assay_groups_rows(out->groups, evaluation->rows, first, n, space->group);
    }
    return ASSAY_OK;
}
