/* Metrics from rankings: resampling against a count of all pairs, thinned curves, slices. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "core/evaluate_internal.h"
#include "ops/op_table.h"
#include "ops/shared/ranked_lanes.h"
#include "ops/shared/ranked_steps.h"

enum { CLASSES = 3 };

/* Scores in hundredths when `coarse`, so that many are equal. */
static assay_predictions *make(int64_t n, bool coarse)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, n, CLASSES, 8, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(11, 1, (uint64_t)i);
        p->target[i] = (int32_t)assay_rng_below(&rng, CLASSES);
        for (int32_t k = 0; k < CLASSES; k++) {
            double score = assay_rng_normal(&rng) + (k == p->target[i] ? 1.0 : 0.0);
            p->scores_f64[i * CLASSES + k] = coarse ? round(score * 10.0) / 10.0 : score;
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    return p;
}

static assay_result evaluate(assay_arena *arena, const assay_predictions *p, const uint8_t *mask,
                             const char *name, int64_t replicates)
{
    assay_args *args = NULL;
    assay_error err = {0};
    assay_result result;
    assay_evaluate_options options = {.replicates = replicates, .seed = 9, .threads = 2};
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, name);
    const assay_op *percentile =
        assay_registry_find(assay_ops(), ASSAY_OP_INTERVAL, "bootstrap_percentile");
    assay_args *resampled = NULL;
    assert_non_null(op);
    assert_int_equal(assay_args_new(&args, op, NULL), ASSAY_OK);
    assert_int_equal(assay_args_new(&resampled, percentile, NULL), ASSAY_OK);
    const assay_args *metrics[1] = {args};
    options.area_interval = replicates > 0 ? resampled : NULL;
    assay_result_init(&result, arena);
    if (assay_evaluate(&result, p, mask, metrics, 1, &options, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_args_free(args);
    assay_args_free(resampled);
    return result;
}

/* Mann-Whitney over all pairs with weights. */
static double all_pairs(const assay_predictions *p, const uint8_t *mask, int32_t c,
                        const int32_t *weight)
{
    double right = 0.0;
    double pairs = 0.0;
    for (int64_t i = 0; i < p->n; i++) {
        for (int64_t j = 0; mask[i] && p->target[i] == c && j < p->n; j++) {
            if (mask[j] && p->target[j] != c) {
                double a = p->scores_f64[i * CLASSES + c];
                double b = p->scores_f64[j * CLASSES + c];
                double both = (double)weight[i] * (double)weight[j];
                right += a > b ? both : (a == b ? 0.5 * both : 0.0);
                pairs += both;
            }
        }
    }
    return right / pairs;
}

/* Precision at the score of each row of the class, by its weight. */
static double all_steps(const assay_predictions *p, const uint8_t *mask, int32_t c,
                        const int32_t *weight)
{
    double sum = 0.0, positives = 0.0;
    for (int64_t i = 0; i < p->n; i++) {
        if (!mask[i] || p->target[i] != c || weight[i] == 0) {
            continue;
        }
        double mine = 0.0, all = 0.0;
        for (int64_t j = 0; j < p->n; j++) {
            if (mask[j] && p->scores_f64[j * CLASSES + c] >= p->scores_f64[i * CLASSES + c]) {
                all += (double)weight[j];
                mine += p->target[j] == c ? (double)weight[j] : 0.0;
            }
        }
        sum += (double)weight[i] * mine / all;
        positives += (double)weight[i];
    }
    return sum / positives;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef double by_rows(const assay_predictions *p, const uint8_t *mask, int32_t c,
                       const int32_t *weight);

static void check_replicates(const char *metric, by_rows *value_of)
{
    enum { N = 300, REPLICATES = 72, LANES = REPLICATES / 4 };
    assay_predictions *p = make(N, true);
    assay_arena *arena = NULL;
    uint8_t mask[N];
    static int32_t weights[REPLICATES][N];
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < N; i++) {
        int32_t row[REPLICATES];
        mask[i] = i % 4 != 1;
        assay_bootstrap_weights(row, 9, (uint64_t)i, 0, LANES);
        for (int r = 0; r < REPLICATES; r++) {
            weights[r][i] = row[r];
        }
    }
    assay_result result = evaluate(arena, p, mask, metric, REPLICATES);
    assert_int_equal(result.n_measures, 2 + CLASSES);
    for (int32_t c = 0; c < CLASSES; c++) {
        const assay_measure *measure = &result.measures[2 + c];
        double wanted[REPLICATES];
        for (int r = 0; r < REPLICATES; r++) {
            wanted[r] = value_of(p, mask, c, weights[r]);
        }
        qsort(wanted, REPLICATES, sizeof wanted[0], ascending);
        assert_int_equal(measure->n_replicates, REPLICATES);
        for (int r = 0; r < REPLICATES; r++) {
            assert_true(fabs(measure->replicates[r] - wanted[r]) < 1e-14);
        }
        assert_true(measure->low < measure->value && measure->value < measure->high);
    }
    assay_arena_free(arena);
    assay_predictions_free(p);
}

static void replicates_are_the_metric_on_weighted_rows(void **state)
{
    (void)state;
    check_replicates("roc_auc", all_pairs);
    check_replicates("average_precision", all_steps);
}

/* Rows in an order of their own, with groups of equal scores: `size` on average. */
static void check_lanes(int64_t n, uint64_t size, uint64_t share)
{
    enum { K = ASSAY_RANKING_LANES };
    uint32_t *places = assay_alloc((size_t)n, sizeof *places);
    uint8_t *copies = assay_alloc((size_t)n, K), *weight = assay_alloc((size_t)n, 1);
    assay_sort_item *rows = assay_alloc((size_t)n, sizeof *rows);
    assay_rng rng = assay_rng_stream(17, (uint32_t)size, share);
    uint64_t key = 0;
    assert_true(places != NULL && copies != NULL && weight != NULL && rows != NULL);
    for (int64_t i = 0; i < n; i++) {
        uint64_t row = (uint64_t)(n - 1 - i);
        bool last = i + 1 == n || assay_rng_below(&rng, size) == 0;
        bool mine = assay_rng_below(&rng, 100) < share;
        places[i] = (uint32_t)row << 2 | (uint32_t)mine << 1 | last;
        rows[i] = (assay_sort_item){.key = key, .payload = row << 32 | mine};
        key += last;
        for (uint64_t k = 0; k < K; k++) { /* the last lane is empty, the one before it full */
            copies[row * K + k] = (uint8_t)(k == K - 1   ? 0
                                            : k == K - 2 ? 12
                                                         : assay_rng_poisson(&rng, 1.0));
        }
    }
    const assay_ranking_lanes lanes = {
        .n = n, .class_index = 1, .classes = 2, .places = places, .copies = copies};
    assay_step_lanes plain, other;
    assert_int_equal(assay_step_area_lanes_as(&plain, &lanes, 0), 1);
    for (int how = 1; how <= 2; how++) {
        if (assay_step_area_lanes_as(&other, &lanes, how)) {
            assert_memory_equal(&other, &plain, sizeof plain);
        }
    }
    for (int k = 0; k < K; k++) {
        int64_t all = 0, mine = 0;
        for (int64_t i = 0; i < n; i++) {
            weight[i] = copies[(places[i] >> 2) * K + (uint32_t)k];
            all += weight[i];
            mine += (places[i] & 2) != 0 ? weight[i] : 0;
        }
        const assay_ranking ranking = {
            .n = n, .class_index = 1, .classes = 2, .rows = rows, .weight = weight};
        assert_true(plain.rows[k] == all && plain.positives[k] == mine);
        assert_true(fabs(plain.area[k] - assay_counted_step_area(&ranking)) <=
                    1e-15 * plain.area[k]);
    }
    assay_free(places);
    assay_free(copies);
    assay_free(weight);
    assay_free(rows);
}

static void lanes_are_replicates_side_by_side(void **state)
{
    (void)state;
    check_lanes(1, 1, 100);
    check_lanes(1, 1, 0);
    check_lanes(3001, 1, 30);
    check_lanes(3001, 2, 50);
    check_lanes(3001, 60, 20); /* groups of more rows than a byte holds the copies of */
    check_lanes(3001, 3000, 3);
    check_lanes(999, 1, 1);
    check_lanes(999, 1, 100);
}

/* Share of rows of the class (or not of it) with a score of at least t. */
static double share(const assay_predictions *p, int32_t c, bool mine, double t)
{
    int64_t all = 0;
    int64_t above = 0;
    for (int64_t i = 0; i < p->n; i++) {
        bool counts = (p->target[i] == c) == mine;
        all += counts;
        above += counts && p->scores_f64[i * CLASSES + c] >= t;
    }
    return (double)above / (double)all;
}

static void thinned_points_lie_on_the_curve(void **state)
{
    (void)state;
    assay_predictions *p = make(20000, false);
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_result result = evaluate(arena, p, NULL, "roc_curve", -1);
    assert_int_equal(result.n_curves, 1);
    const assay_curve *curve = &result.curves[0];
    int64_t points[CLASSES] = {0};
    for (int64_t i = 0; i < curve->n_rows; i++) {
        const double *row = curve->values + i * 4;
        int32_t c = (int32_t)row[0];
        bool first = points[c]++ == 0;
        if (!first) {
            const double *before = row - 4;
            assert_true(row[1] < before[1] && row[2] >= before[2] && row[3] >= before[3]);
            assert_true((row[2] - before[2] + row[3] - before[3]) / 2.0 < 2.5e-3);
        }
        if (i % 37 == 0) {
            assert_true(row[2] == share(p, c, false, row[1]));
            assert_true(row[3] == share(p, c, true, row[1]));
        }
        if (i + 1 == curve->n_rows || row[4] != row[0]) {
            assert_true(row[2] == 1.0 && row[3] == 1.0);
        }
    }
    for (int c = 0; c < CLASSES; c++) {
        assert_in_range(points[c], 900, 1000);
    }
    assay_arena_free(arena);
    assay_predictions_free(p);
}

/* The order of the classes' scores alone counts. */
static void scores_may_be_rescaled(void **state)
{
    (void)state;
    static const char *const names[] = {"roc_auc", "average_precision", "roc_auc_one_vs_one"};
    assay_predictions *p = make(5000, true);
    assay_predictions *q = make(5000, true);
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < q->n * CLASSES; i++) {
        q->scores_f64[i] = exp(3.0 * q->scores_f64[i]) - 7.0;
    }
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        assay_result a = evaluate(arena, p, NULL, names[k], -1);
        assay_result b = evaluate(arena, q, NULL, names[k], -1);
        assert_int_equal(a.n_measures, b.n_measures);
        for (int64_t m = 0; m < a.n_measures; m++) {
            assert_true(a.measures[m].value == b.measures[m].value);
        }
    }
    assay_arena_free(arena);
    assay_predictions_free(p);
    assay_predictions_free(q);
}

/* ---- two classes, many rows: dealt out by score, and the second class read backwards ---- */

static double score_of(int kind, assay_rng *rng, bool positive)
{
    double u = assay_rng_uniform(rng);
    double shifted = positive ? sqrt(u) : u;
    switch (kind) {
    case 0:
        return shifted;
    case 1:
        return floor(shifted * 20.0) / 20.0;
    case 2: /* crowded at one end, over all magnitudes */
        return 1.0 - pow(10.0, -16.0 * shifted);
    case 3: /* 1 minus these is rounded to 1: ties of one class only */
        return pow(10.0, -300.0 * (1.0 - shifted));
    case 4:
        return 0.25;
    default: /* no probabilities */
        return u < 0.1 ? INFINITY : u < 0.2 ? -INFINITY : (shifted - 0.5) * 1e6;
    }
}

typedef struct scored {
    double score;
    bool positive;
} scored;

static int by_score(const void *a, const void *b)
{
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x > y) - (x < y);
}

/* By sorting: Mann-Whitney, exact in integers, and the steps of the precision-recall curve. */
static void sorted_areas(double *roc, double *steps, const assay_predictions *p, int32_t c)
{
    scored *rows = assay_alloc((size_t)p->n, sizeof *rows);
    assert_non_null(rows);
    for (int64_t i = 0; i < p->n; i++) {
        rows[i].score =
            p->scores_f32 != NULL ? (double)p->scores_f32[2 * i + c] : p->scores_f64[2 * i + c];
        rows[i].positive = p->target[i] == c;
    }
    qsort(rows, (size_t)p->n, sizeof *rows, by_score);
    int64_t twice = 0, below = 0, positives = 0, found = 0;
    for (int64_t i = 0, end = 0; i < p->n; i = end) {
        int64_t mine = 0, others = 0;
        for (end = i; end < p->n && rows[end].score == rows[i].score; end++) {
            mine += rows[end].positive;
            others += !rows[end].positive;
        }
        twice += mine * (2 * below + others);
        below += others;
        positives += mine;
    }
    *roc = (double)twice / (2.0 * (double)positives * (double)below);
    long double area = 0.0L;
    for (int64_t i = p->n - 1, end = 0; i >= 0; i = end) {
        int64_t mine = 0;
        for (end = i; end >= 0 && rows[end].score == rows[i].score; end--) {
            mine += rows[end].positive;
        }
        found += mine;
        area += (long double)mine * (long double)found / (long double)(p->n - 1 - end);
    }
    *steps = (double)(area / (long double)positives);
    assay_free(rows);
}

static assay_predictions *two_classes(int64_t n, int kind, int bytes, int complement)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, n, 2, bytes, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(3, (uint32_t)kind, (uint64_t)i);
        p->target[i] = assay_rng_uniform(&rng) < 0.3;
        double s = score_of(kind, &rng, p->target[i] == 1);
        double t = complement ? 1.0 - s : assay_rng_uniform(&rng);
        if (bytes == 4) {
            p->scores_f32[2 * i + 1] = (float)s;
            p->scores_f32[2 * i] = complement ? 1.0F - (float)s : (float)t;
        } else {
            p->scores_f64[2 * i + 1] = s;
            p->scores_f64[2 * i] = t;
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    return p;
}

static void check_areas(const assay_predictions *p)
{
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_result areas = evaluate(arena, p, NULL, "roc_auc", -1);
    assay_result steps = evaluate(arena, p, NULL, "average_precision", -1);
    assay_result curve = evaluate(arena, p, NULL, "roc_curve", -1);
    for (int32_t c = 0; c < 2; c++) {
        double roc = NAN, precision = NAN;
        sorted_areas(&roc, &precision, p, c);
        assert_true(areas.measures[2 + c].value == roc);
        assert_true(fabs(steps.measures[2 + c].value - precision) < 4e-16);
    }
    assert_int_equal(curve.n_curves, 1);
    assay_arena_free(arena);
}

static void two_classes_of_any_scores(void **state)
{
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        for (int bytes = 4; bytes <= 8; bytes += 4) {
            for (int complement = 0; complement < 2; complement++) {
                assay_predictions *p =
                    two_classes(kind == 0 ? 3000 : 9001, kind, bytes, complement);
                check_areas(p);
                assay_predictions_free(p);
            }
        }
    }
}

/* So many that they are dealt out in one pass, if they are probabilities. */
static void many_rows_of_two_classes(void **state)
{
    (void)state;
    enum { N = (1 << 18) + 777 };
    for (int kind = 0; kind < 6; kind++) {
        assay_predictions *p = two_classes(N, kind, kind % 2 == 0 ? 8 : 4, 1);
        check_areas(p);
        if (kind == 0) { /* the last row is no probability, as sums of rounded numbers may be */
            p->scores_f64[2 * N - 2] = 1.0 + 1e-9;
            p->scores_f64[2 * N - 1] = 0.0;
            p->scores_f64[2] = -0.0;
            check_areas(p);
        }
        assay_predictions_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replicates_are_the_metric_on_weighted_rows),
        cmocka_unit_test(lanes_are_replicates_side_by_side),
        cmocka_unit_test(thinned_points_lie_on_the_curve),
        cmocka_unit_test(scores_may_be_rescaled),
        cmocka_unit_test(two_classes_of_any_scores),
        cmocka_unit_test(many_rows_of_two_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
