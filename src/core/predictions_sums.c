/* Scores that should be probabilities, row by row; rows that are left out. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "core/bad_rows.h"
#include "core/predictions.h"

static const double sum_tolerance = 1e-3;

assay_status assay_score_kind_find(assay_score_kind *out, const char *name, assay_error *err)
{
    static const char *const names[] = {"auto", "probabilities", "any"};
    *out = ASSAY_SCORE_KIND_AUTO;
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (assay_score_kind)i;
            return ASSAY_OK;
        }
    }
    return name == NULL
               ? ASSAY_OK
               : assay_fail(err, ASSAY_EINVAL,
                            "score kind is '%.40s', expected auto, probabilities or any", name);
}

static double score_at(const assay_predictions *p, int64_t row, int32_t k)
{
    int64_t at = row * p->classes + k;
    return p->scores_f32 != NULL ? (double)p->scores_f32[at] : p->scores_f64[at];
}

/* The class whose score is no probability, or -1; and the sum of the row. */
static int32_t odd_class(double *sum, const assay_predictions *p, int64_t row)
{
    int32_t odd = -1;
    double most = p->task == ASSAY_TASK_MULTILABEL ? 1.0 : 1.0 + sum_tolerance;
    *sum = 0.0;
    for (int32_t k = 0; k < p->classes; k++) {
        double score = score_at(p, row, k);
        *sum += score;
        odd = odd < 0 && !(score >= 0.0 && score <= most) ? k : odd;
    }
    return odd;
}

static bool is_probable(const assay_predictions *p, int64_t row)
{
    double sum = 0.0;
    int32_t odd = odd_class(&sum, p, row);
    return odd < 0 && (p->task == ASSAY_TASK_MULTILABEL || fabs(sum - 1.0) <= sum_tolerance);
}

static void tell(assay_bad_rows *bad, const assay_predictions *p, int64_t row)
{
    char name[80];
    double sum = 0.0;
    int32_t odd = odd_class(&sum, p, row);
    assay_bad_row_name(name, sizeof name, assay_predictions_row(p, row),
                       p->ids != NULL ? p->ids[row] : NULL);
    if (odd >= 0) {
        assay_bad_rows_add(bad, "%s: the score of \"%.40s\" is %.6g", name, p->class_names[odd],
                           score_at(p, row, odd));
    } else {
        assay_bad_rows_add(bad, "%s: the scores sum to %.6g", name, sum);
    }
}

static assay_status refuse(assay_predictions *p, const uint8_t *keep, const char *path,
                           assay_error *err)
{
    assay_bad_rows bad = {0};
    for (int64_t i = 0; i < p->n; i++) {
        if (!keep[i]) {
            tell(&bad, p, i);
        }
    }
    return assay_bad_rows_fail(
        &bad, path, p->n,
        p->task == ASSAY_TASK_MULTILABEL
            ? "probabilities lie from 0 to 1; --score-kind any if they are other scores, "
              "--on-error skip leaves such rows out"
            : "probabilities are 0 or more and sum to one; --score-kind any if they are other "
              "scores, --on-error skip leaves such rows out",
        err);
}

assay_status assay_predictions_require_sums(assay_predictions *p, assay_score_kind kind,
                                            const char *path, int skip_bad, assay_error *err)
{
    bool scores = p->scores_f32 != NULL || p->scores_f64 != NULL;
    if (kind == ASSAY_SCORE_KIND_ANY) {
        p->scores_are_probabilities = 0;
    }
    if (!scores || p->scores_are_probabilities || kind == ASSAY_SCORE_KIND_ANY ||
        (kind == ASSAY_SCORE_KIND_AUTO && p->task == ASSAY_TASK_MULTILABEL)) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    int64_t good = 0;
    uint8_t *keep = assay_alloc((size_t)p->n + 1, 1);
    if (keep == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < p->n; i++) {
        keep[i] = is_probable(p, i);
        good += keep[i];
    }
    if (kind == ASSAY_SCORE_KIND_AUTO && 2 * good <= p->n) {
        goto done; /* they were never meant to sum to one */
    }
    if (!skip_bad || good == 0) {
        ASSAY_GOTO(refuse(p, keep, path, err), done);
    }
    ASSAY_GOTO(assay_predictions_keep(p, keep, err), done);
    assay_predictions_check_scores(p);
done:
    assay_free(keep);
    return status;
}

int64_t assay_predictions_row(const assay_predictions *predictions, int64_t i)
{
    return predictions->file_row != NULL ? predictions->file_row[i] : i + 1;
}

static void move_cells(assay_predictions *p, int64_t to, int64_t from)
{
    size_t n = (size_t)p->classes;
    int64_t a = to * p->classes, b = from * p->classes;
    if (p->scores_f32 != NULL) {
        memmove(p->scores_f32 + a, p->scores_f32 + b, n * sizeof *p->scores_f32);
    }
    if (p->scores_f64 != NULL) {
        memmove(p->scores_f64 + a, p->scores_f64 + b, n * sizeof *p->scores_f64);
    }
    if (p->truth_set != NULL) {
        memmove(p->truth_set + a, p->truth_set + b, n);
        memmove(p->label_set + a, p->label_set + b, n);
    }
}

static void move_row(assay_predictions *p, int64_t to, int64_t from)
{
    p->target[to] = p->target[from];
    p->label[to] = p->label[from];
    p->file_row[to] = p->file_row[from];
    if (p->ids != NULL) {
        p->ids[to] = p->ids[from];
    }
    if (p->truth != NULL) {
        p->truth[to] = p->truth[from];
        p->value[to] = p->value[from];
    }
    move_cells(p, to, from);
}

assay_status assay_predictions_keep(assay_predictions *p, const uint8_t *keep, assay_error *err)
{
    if (p->file_row == NULL) {
        p->file_row = assay_arena_alloc(p->arena, (size_t)p->n + 1, sizeof *p->file_row);
        for (int64_t i = 0; p->file_row != NULL && i < p->n; i++) {
            p->file_row[i] = i + 1;
        }
    }
    if (p->file_row == NULL) {
        return assay_fail_memory(err);
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < p->n; i++) {
        if (keep[i]) {
            move_row(p, kept, i);
            if (p->columns != NULL) {
                assay_table_move_row(p->columns, kept, i);
            }
            kept++;
        }
    }
    p->skipped += p->n - kept;
    p->n = kept;
    if (p->columns != NULL) {
        p->columns->rows = kept;
        ASSAY_TRY(assay_table_set_rows(p->columns, p->file_row, err));
    }
    return ASSAY_OK;
}
