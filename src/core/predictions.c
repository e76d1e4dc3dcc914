#include "core/predictions.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

/* What one row tells. */
typedef struct row_scan {
    double least, sum; /* of a row with a NaN the sum is NaN */
    int32_t first;     /* place of the highest score, the first of several */
} row_scan;

#define DEFINE_ROW_SCAN(name, type)                                                                \
    static row_scan name(const type *row, int32_t classes)                                         \
    {                                                                                              \
        row_scan result = {.least = (double)row[0], .sum = (double)row[0]};                        \
        type best = row[0];                                                                        \
        for (int32_t k = 1; k < classes; k++) {                                                    \
            double value = (double)row[k];                                                         \
            result.first = row[k] > best ? k : result.first;                                       \
            best = row[k] > best ? row[k] : best;                                                  \
            result.least = value < result.least ? value : result.least;                            \
            result.sum += value;                                                                   \
        }                                                                                          \
        return result;                                                                             \
    }                                                                                              \
                                                                                                   \
    static bool name##_nan(const type *row, int32_t classes)                                       \
    {                                                                                              \
        bool nan = false;                                                                          \
        for (int32_t k = 0; k < classes; k++) {                                                    \
            nan |= row[k] != row[k];                                                               \
        }                                                                                          \
        return nan;                                                                                \
    }

DEFINE_ROW_SCAN(row_f32, float)
DEFINE_ROW_SCAN(row_f64, double)

#if defined(__SSE2__)
/* The same for rows of few classes, two or four scores at a time: the extremes and the sum first,
 * then a bit for every place that holds the highest score. */
enum { MOST_PLACES = 64 };

static row_scan narrow_f64(const double *row, int32_t classes)
{
    __m128d best = _mm_loadu_pd(row);
    __m128d least = best;
    __m128d sum = best;
    int32_t k = 2;
    for (; k + 2 <= classes; k += 2) {
        __m128d two = _mm_loadu_pd(row + k);
        best = _mm_max_pd(best, two);
        least = _mm_min_pd(least, two);
        sum = _mm_add_pd(sum, two);
    }
    if (k < classes) {
        __m128d one = _mm_load1_pd(row + k);
        best = _mm_max_pd(best, one);
        least = _mm_min_pd(least, one);
        sum = _mm_add_sd(sum, one);
    }
    best = _mm_max_pd(best, _mm_shuffle_pd(best, best, 1));
    least = _mm_min_pd(least, _mm_shuffle_pd(least, least, 1));
    sum = _mm_add_sd(sum, _mm_shuffle_pd(sum, sum, 1));
    uint64_t places = (uint64_t)1 << 63; /* a row with a NaN may have no place */
    for (k = 0; k + 2 <= classes; k += 2) {
        int two = _mm_movemask_pd(_mm_cmpeq_pd(best, _mm_loadu_pd(row + k)));
        places |= (uint64_t)two << k;
    }
    if (k < classes) {
        places |= (uint64_t)(row[k] == _mm_cvtsd_f64(best)) << k;
    }
    return (row_scan){
        .least = _mm_cvtsd_f64(least), .sum = _mm_cvtsd_f64(sum), .first = __builtin_ctzll(places)};
}

static row_scan narrow_f32(const float *row, int32_t classes)
{
    __m128 best = _mm_loadu_ps(row);
    __m128 least = best;
    __m128d sum = _mm_add_pd(_mm_cvtps_pd(best), _mm_cvtps_pd(_mm_movehl_ps(best, best)));
    int32_t k = 4;
    for (; k + 4 <= classes; k += 4) {
        __m128 four = _mm_loadu_ps(row + k);
        best = _mm_max_ps(best, four);
        least = _mm_min_ps(least, four);
        sum = _mm_add_pd(sum,
                         _mm_add_pd(_mm_cvtps_pd(four), _mm_cvtps_pd(_mm_movehl_ps(four, four))));
    }
    for (; k < classes; k++) {
        __m128 one = _mm_load1_ps(row + k);
        best = _mm_max_ps(best, one);
        least = _mm_min_ps(least, one);
        sum = _mm_add_sd(sum, _mm_cvtps_pd(one));
    }
    best = _mm_max_ps(best, _mm_movehl_ps(best, best));
    best = _mm_max_ss(best, _mm_shuffle_ps(best, best, 1));
    best = _mm_shuffle_ps(best, best, 0);
    least = _mm_min_ps(least, _mm_movehl_ps(least, least));
    least = _mm_min_ss(least, _mm_shuffle_ps(least, least, 1));
    sum = _mm_add_sd(sum, _mm_shuffle_pd(sum, sum, 1));
    uint64_t places = (uint64_t)1 << 63;
    for (k = 0; k + 4 <= classes; k += 4) {
        int four = _mm_movemask_ps(_mm_cmpeq_ps(best, _mm_loadu_ps(row + k)));
        places |= (uint64_t)four << k;
    }
    for (; k < classes; k++) {
        places |= (uint64_t)(row[k] == _mm_cvtss_f32(best)) << k;
    }
    return (row_scan){.least = (double)_mm_cvtss_f32(least),
                      .sum = _mm_cvtsd_f64(sum),
                      .first = __builtin_ctzll(places)};
}
#else
enum { MOST_PLACES = 0 };
#define narrow_f32 row_f32
#define narrow_f64 row_f64
#endif

#define DEFINE_SCAN(name, type, narrow, row_of, least_classes)                                     \
    static scan name(int32_t *label, const type *scores, int64_t n, int32_t classes)               \
    {                                                                                              \
        scan result = {.nan_row = -1, .probabilities = true};                                      \
        bool few = classes >= (least_classes) && classes < MOST_PLACES;                            \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const type *row = scores + i * classes;                                                \
            row_scan found = few ? narrow(row, classes) : row_of(row, classes);                    \
            /* infinities of both signs make such a sum too */                                     \
            if (found.sum != found.sum && row_of##_nan(row, classes)) {                            \
                result.nan_row = i;                                                                \
                result.probabilities = false;                                                      \
                return result;                                                                     \
            }                                                                                      \
            if (label != NULL) {                                                                   \
                label[i] = found.first;                                                            \
            }                                                                                      \
            result.probabilities &=                                                                \
                !(found.least < 0.0) && fabs(found.sum - 1.0) <= sum_tolerance;                    \
        }                                                                                          \
        return result;                                                                             \
    }

DEFINE_SCAN(scan_f32, float, narrow_f32, row_f32, 4)
DEFINE_SCAN(scan_f64, double, narrow_f64, row_f64, 2)

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

assay_status assay_predictions_new_regression(assay_predictions **out, int64_t n, assay_error *err)
{
    assay_predictions *made = NULL;
    *out = NULL;
    ASSAY_TRY(assay_predictions_new(&made, n, 1, 0, 0, err));
    made->task = ASSAY_TASK_REGRESSION;
    made->truth = assay_arena_alloc(made->arena, (size_t)n, sizeof *made->truth);
    made->value = assay_arena_alloc(made->arena, (size_t)n, sizeof *made->value);
    memset(made->target, 0, (size_t)n * sizeof *made->target);
    if (made->truth == NULL || made->value == NULL) {
        assay_predictions_free(made);
        return assay_fail_memory(err);
    }
    *out = made;
    return ASSAY_OK;
}

assay_status assay_predictions_new_multilabel(assay_predictions **out, int64_t n, int32_t classes,
                                              int scores, assay_error *err)
{
    assay_predictions *made = NULL;
    *out = NULL;
    ASSAY_TRY(assay_predictions_new(&made, n, classes, scores, 0, err));
    made->task = ASSAY_TASK_MULTILABEL;
    made->truth_set = assay_arena_alloc(made->arena, (size_t)n, (size_t)classes);
    made->label_set = assay_arena_alloc(made->arena, (size_t)n, (size_t)classes);
    memset(made->target, 0, (size_t)n * sizeof *made->target);
    if (made->truth_set == NULL || made->label_set == NULL) {
        assay_predictions_free(made);
        return assay_fail_memory(err);
    }
    *out = made;
    return ASSAY_OK;
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

/* Every score from 0 to 1; one that is no number is not. */
static bool all_unit(const assay_predictions *p)
{
    int64_t cells = p->n * p->classes;
    bool unit = p->scores_f32 != NULL || p->scores_f64 != NULL;
    for (int64_t i = 0; i < cells && unit; i++) {
        double score = p->scores_f32 != NULL ? (double)p->scores_f32[i] : p->scores_f64[i];
        unit = score >= 0.0 && score <= 1.0;
    }
    return unit;
}

void assay_predictions_check_scores(assay_predictions *predictions)
{
    if (predictions->task == ASSAY_TASK_MULTILABEL) {
        predictions->scores_are_probabilities = all_unit(predictions);
        return;
    }
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
    if (predictions->task == ASSAY_TASK_REGRESSION) {
        assay_digest_text(digest, "regression");
        assay_digest_update(digest, predictions->truth, n * sizeof *predictions->truth);
        assay_digest_update(digest, predictions->value, n * sizeof *predictions->value);
    }
    if (predictions->task == ASSAY_TASK_MULTILABEL) {
        assay_digest_text(digest, "multilabel");
        assay_digest_update(digest, predictions->truth_set, cells);
        assay_digest_update(digest, predictions->label_set, cells);
    }
    if (predictions->weights != NULL) {
        assay_digest_text(digest, "weights");
        assay_digest_update(digest, predictions->weights, n * sizeof *predictions->weights);
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
