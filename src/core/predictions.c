#include "core/predictions.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked_int.h"

assay_status assay_predictions_new(assay_predictions **out, int64_t n, int32_t classes, int scores,
                                   size_t limit, assay_error *err)
{
    *out = NULL;
    assay_status status = ASSAY_OK;
    int64_t cells = 0;
    if (n < 0 || classes < 1 || (scores != 0 && scores != 4 && scores != 8)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "predictions: %" PRId64 " rows of %" PRId32
                          " classes with scores of %d bytes make no sense",
                          n, classes, scores);
    }
    if (!assay_i64_mul(&cells, n, classes)) {
        return assay_fail(err, ASSAY_ELIMIT, "predictions: %" PRId64 " rows are too many", n);
    }
    assay_predictions *made = assay_alloc(1, sizeof *made);
    if (made == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_arena_new(&made->arena, limit > 0 ? limit : (size_t)64 << 30, err), done);
    made->n = n;
    made->classes = classes;
    made->class_names = assay_arena_alloc(made->arena, (size_t)classes, sizeof *made->class_names);
    made->target = assay_arena_alloc(made->arena, (size_t)n, sizeof *made->target);
    made->label = assay_arena_alloc(made->arena, (size_t)n, sizeof *made->label);
    bool complete = made->class_names != NULL && made->target != NULL && made->label != NULL;
    if (scores == 4) {
        made->scores_f32 = assay_arena_alloc(made->arena, (size_t)cells, sizeof(float));
        complete = complete && made->scores_f32 != NULL;
    } else if (scores == 8) {
        made->scores_f64 = assay_arena_alloc(made->arena, (size_t)cells, sizeof(double));
        complete = complete && made->scores_f64 != NULL;
    }
    for (int32_t c = 0; complete && c < classes; c++) {
        made->class_names[c] = assay_arena_printf(made->arena, "%" PRId32, c);
        complete = made->class_names[c] != NULL;
    }
    if (!complete) {
        status =
            assay_fail(err, ASSAY_ENOMEM,
                       "predictions: not enough memory for %" PRId64 " rows of %" PRId32 " classes",
                       n, classes);
        goto done;
    }
    memset(made->target, 0xff, (size_t)n * sizeof *made->target);
    *out = made;
    made = NULL;
done:
    assay_predictions_free(made);
    return status;
}

/* What one look at the scores tells. */
typedef struct scan {
    int64_t nan_row;    /* first row with a NaN, -1 = none */
    bool probabilities; /* non-negative and every row sums to one */
} scan;

static const double sum_tolerance = 1e-3;

/* Both row types have the same loops; only the element type differs. `label` may be NULL. Two
 * branch-free looks at a row: the highest, the lowest and the sum; then the first place of the
 * highest. The sum of a row with a NaN is NaN; so may be that of a row with infinities, which is
 * why it is only a hint. */
#define DEFINE_SCAN(name, type)                                                                    \
    static int32_t name##_first(const type *row, int32_t classes, type best)                       \
    {                                                                                              \
        if (classes > 64) {                                                                        \
            int32_t k = 0;                                                                         \
            while (k < classes - 1 && row[k] != best) {                                            \
                k++;                                                                               \
            }                                                                                      \
            return k;                                                                              \
        }                                                                                          \
        uint64_t places = 0;                                                                       \
        for (int32_t k = 0; k < classes; k++) {                                                    \
            places |= (uint64_t)(row[k] == best) << k;                                             \
        }                                                                                          \
        return places != 0 ? __builtin_ctzll(places) : 0;                                          \
    }                                                                                              \
                                                                                                   \
    static bool name##_has_nan(const type *row, int32_t classes)                                   \
    {                                                                                              \
        bool nan = false;                                                                          \
        for (int32_t k = 0; k < classes; k++) {                                                    \
            nan |= row[k] != row[k];                                                               \
        }                                                                                          \
        return nan;                                                                                \
    }                                                                                              \
                                                                                                   \
    static scan name(int32_t *label, const type *scores, int64_t n, int32_t classes)               \
    {                                                                                              \
        scan result = {.nan_row = -1, .probabilities = true};                                      \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const type *row = scores + i * classes;                                                \
            type best = row[0];                                                                    \
            type least = row[0];                                                                   \
            double sum = (double)row[0];                                                           \
            for (int32_t k = 1; k < classes; k++) {                                                \
                best = row[k] > best ? row[k] : best;                                              \
                least = row[k] < least ? row[k] : least;                                           \
                sum += (double)row[k];                                                             \
            }                                                                                      \
            if (sum != sum && name##_has_nan(row, classes)) {                                      \
                result.nan_row = i;                                                                \
                result.probabilities = false;                                                      \
                return result;                                                                     \
            }                                                                                      \
            if (label != NULL) {                                                                   \
                label[i] = name##_first(row, classes, best);                                       \
            }                                                                                      \
            result.probabilities &= !(least < 0) && fabs(sum - 1.0) <= sum_tolerance;              \
        }                                                                                          \
        return result;                                                                             \
    }

DEFINE_SCAN(scan_f32, float)
DEFINE_SCAN(scan_f64, double)

static scan scan_scores(int32_t *label, const assay_predictions *predictions)
{
    if (predictions->scores_f32 != NULL) {
        return scan_f32(label, predictions->scores_f32, predictions->n, predictions->classes);
    }
    if (predictions->scores_f64 != NULL) {
        return scan_f64(label, predictions->scores_f64, predictions->n, predictions->classes);
    }
    return (scan){.nan_row = -1, .probabilities = false};
}

assay_status assay_predictions_argmax(assay_predictions *predictions, assay_error *err)
{
    if (predictions->scores_f32 == NULL && predictions->scores_f64 == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "predictions: there are no scores to take labels from");
    }
    scan found = scan_scores(predictions->label, predictions);
    predictions->scores_are_probabilities = found.probabilities;
    if (found.nan_row >= 0) {
        const char *id =
            predictions->ids != NULL ? predictions->ids[found.nan_row] : "without an id";
        return assay_fail(err, ASSAY_EFORMAT,
                          "predictions: row %" PRId64 " (%s): a score is not a number (NaN)",
                          found.nan_row + 1, id);
    }
    return ASSAY_OK;
}

void assay_predictions_check_scores(assay_predictions *predictions)
{
    predictions->scores_are_probabilities = scan_scores(NULL, predictions).probabilities;
}

assay_status assay_predictions_digest(assay_predictions *predictions, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_digest *digest = NULL;
    size_t n = (size_t)predictions->n;
    size_t cells = n * (size_t)predictions->classes;
    ASSAY_GOTO(assay_digest_new(&digest, err), done);
    assay_digest_text(digest, "predictions 1");
    assay_digest_i64(digest, predictions->n);
    assay_digest_i64(digest, predictions->classes);
    for (int32_t c = 0; c < predictions->classes; c++) {
        assay_digest_text(digest, predictions->class_names[c]);
    }
    assay_digest_i64(digest, predictions->ids != NULL);
    for (size_t i = 0; predictions->ids != NULL && i < n; i++) {
        assay_digest_text(digest, predictions->ids[i]);
    }
    assay_digest_update(digest, predictions->target, n * sizeof *predictions->target);
    assay_digest_update(digest, predictions->label, n * sizeof *predictions->label);
    if (predictions->scores_f32 != NULL) {
        assay_digest_i64(digest, 4);
        assay_digest_update(digest, predictions->scores_f32, cells * sizeof(float));
    } else if (predictions->scores_f64 != NULL) {
        assay_digest_i64(digest, 8);
        assay_digest_update(digest, predictions->scores_f64, cells * sizeof(double));
    } else {
        assay_digest_i64(digest, 0);
    }
    ASSAY_GOTO(assay_digest_hex(predictions->digest, digest, err), done);
done:
    assay_digest_free(digest);
    return status;
}

void assay_predictions_free(assay_predictions *predictions)
{
    if (predictions != NULL) {
        assay_table_free(predictions->columns);
        assay_arena_free(predictions->arena);
        assay_free(predictions);
    }
}
