/* Comparing models: tests and intervals against golden/compare.txt (statsmodels, scipy), permutation
 * tests against all flips, error rates by simulation, the same bits on any number of threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/compare_internal.h"
#include "ops/op_table.h"
#include "stats/bootstrap.h"
#include "stats/intervals.h"
#include "stats/paired.h"

enum { LINE = 65536, ROWS = 200, MODELS = 3 };

static bool near(double got, double wanted, double tolerance)
{
    return fabs(got - wanted) <= tolerance * fmax(fabs(wanted), 1e-300);
}

/* ---- golden ---- */

static double next_real(char **at)
{
    char *end = NULL;
    double value = strtod(*at, &end);
    assert_ptr_not_equal(*at, end);
    *at = end;
    return value;
}

static int64_t next_int(char **at)
{
    return (int64_t)next_real(at);
}

static void check_mcnemar(char *at)
{
    int64_t b = next_int(&at), c = next_int(&at);
    double exact = next_real(&at), mid = next_real(&at);
    assay_mcnemar test;
    assert_int_equal(assay_mcnemar_test(&test, b, c, NULL), ASSAY_OK);
    assert_true(near(test.exact, exact, 1e-12));
    assert_true(near(test.mid_p, mid, 1e-11));
}

static void check_tango(char *at)
{
    int64_t only_a = next_int(&at), only_b = next_int(&at), n = next_int(&at);
    double alpha = next_real(&at), low = next_real(&at), high = next_real(&at), got[2];
    assert_int_equal(assay_tango(&got[0], &got[1], only_b, only_a, n, alpha, alpha, NULL),
                     ASSAY_OK);
    assert_true(fabs(got[0] - low) < 1e-11);
    assert_true(fabs(got[1] - high) < 1e-11);
}

static void check_cochran(char *at, assay_comparison *comparison)
{
    uint8_t table[1000];
    int64_t n = next_int(&at), k = next_int(&at);
    at++;
    for (int64_t i = 0; i < n * k; i++, at++) {
        table[i] = *at == '1';
    }
    assert_int_equal(assay_compare_cochran(comparison, table, n, (int32_t)k, 0, "accuracy", NULL),
                     ASSAY_OK);
    const assay_omnibus *test = &comparison->omnibus[comparison->n_omnibus - 1];
    assert_true(near(test->statistic, next_real(&at), 1e-12));
    assert_true(near(test->p, next_real(&at), 1e-11));
}

static void check_friedman(char *at, assay_comparison *comparison)
{
    double values[500];
    int64_t n = next_int(&at), k = next_int(&at);
    for (int64_t i = 0; i < n * k; i++) {
        values[i] = next_real(&at);
    }
    const assay_measure accuracy = {.metric = "accuracy"};
    assert_int_equal(assay_compare_groups(comparison, values, n, (int32_t)k, 0, &accuracy,
                                          ASSAY_HIGHER_IS_BETTER, 0.95, NULL),
                     ASSAY_OK);
    const assay_omnibus *test = &comparison->omnibus[comparison->n_omnibus - 1];
    if (k == 2) {
        assert_string_equal(test->test, "wilcoxon_exact");
        assert_true(near(test->statistic, next_real(&at), 0.0));
        assert_true(near(test->p, next_real(&at), 1e-12));
        return;
    }
    assert_true(near(test->statistic, next_real(&at), 1e-11));
    assert_true(near(test->p, next_real(&at), 1e-11));
    for (int64_t j = 0; j < k; j++) {
        assert_true(near(test->mean_ranks[j], next_real(&at), 1e-12));
    }
    for (int64_t j = 1; j < k; j++) { /* the first model against the others */
        assert_true(near(test->nemenyi[j], next_real(&at), 1e-9));
    }
    assert_true(near(test->critical, next_real(&at), 1e-9));
}

static void check_adjust(char *at, assay_comparison *comparison)
{
    char how[16];
    int used = 0;
    assert_int_equal(sscanf(at, " %15s%n", how, &used), 1);
    at += used;
    int64_t n = next_int(&at);
    comparison->differences =
        assay_arena_alloc(comparison->arena, (size_t)n + 1, sizeof *comparison->differences);
    comparison->n_differences = n + 1;
    for (int64_t i = 0; i < n; i++) {
        comparison->differences[i].p = next_real(&at);
    }
    comparison->differences[n].p = NAN; /* has no test: not in the family */
    assay_adjustment method = ASSAY_ADJUST_NONE;
    assert_true(assay_adjustment_find(&method, how));
    assert_string_equal(assay_adjustment_name(method), how);
    assert_int_equal(assay_comparison_adjust(comparison, method, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assert_true(near(comparison->differences[i].p_adjusted, next_real(&at), 1e-12));
    }
    assert_true((bool)isnan(comparison->differences[n].p_adjusted));
}

/* ---- models ---- */

typedef struct fixture {
    assay_arena *arena;
    assay_comparison comparison;
    assay_predictions *models[MODELS];
    assay_result results[MODELS];
    assay_args *metrics[4];
    size_t n_metrics;
} fixture;

static void start(fixture *f, const char *const *metrics)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(assay_arena_new(&f->arena, 0, NULL), ASSAY_OK);
    assay_comparison_init(&f->comparison, f->arena);
    for (; metrics[f->n_metrics] != NULL; f->n_metrics++) {
        const assay_op *op =
            assay_registry_find(assay_ops(), ASSAY_OP_METRIC, metrics[f->n_metrics]);
        assert_non_null(op);
        assert_int_equal(assay_args_new(&f->metrics[f->n_metrics], op, NULL), ASSAY_OK);
    }
}

static void stop(fixture *f)
{
    for (size_t j = 0; j < f->n_metrics; j++) {
        assay_args_free(f->metrics[j]);
    }
    for (int k = 0; k < MODELS; k++) {
        assay_predictions_free(f->models[k]);
    }
    assay_arena_free(f->arena);
}

static void run(fixture *f, int32_t n_models, const assay_compare_options *options)
{
    assay_error err = {0};
    assay_comparison_init(&f->comparison, f->arena);
    for (int32_t k = 0; k < n_models; k++) {
        assay_result_init(&f->results[k], f->arena);
    }
    assay_status status =
        assay_compare_models(&f->comparison, f->results, f->models, n_models, NULL, 0,
                             (const assay_args *const *)f->metrics, f->n_metrics, options, &err);
    if (status != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(assay_comparison_adjust(&f->comparison, ASSAY_ADJUST_HOLM, NULL), ASSAY_OK);
}

static const assay_difference *find(const fixture *f, const char *metric, const char *average)
{
    for (int64_t i = 0; i < f->comparison.n_differences; i++) {
        const assay_difference *d = &f->comparison.differences[i];
        const char *has = d->in_a->average;
        if (strcmp(d->in_a->metric, metric) == 0 &&
            (average == NULL || (has != NULL && strcmp(has, average) == 0))) {
            return d;
        }
    }
    fail_msg("no such difference");
    return NULL;
}

static void golden_model(assay_predictions **out, const int32_t *target, int64_t n, int32_t k,
                         char *at)
{
    assert_int_equal(assay_predictions_new(out, n, k, 8, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        (*out)->target[i] = target[i];
    }
    for (int64_t i = 0; i < n * k; i++) {
        (*out)->scores_f64[i] = next_real(&at);
    }
    assert_int_equal(assay_predictions_argmax(*out, NULL), ASSAY_OK);
    assert_int_equal((*out)->scores_are_probabilities, 1);
}

static void check_flips(const fixture *f, char *at)
{
    char metric[32];
    int used = 0;
    assert_int_equal(sscanf(at, " %31s%n", metric, &used), 1);
    at += used;
    const assay_difference *d = find(f, metric, strcmp(metric, "f1") == 0 ? "macro" : NULL);
    double difference = next_real(&at), p = next_real(&at);
    assert_true(near(d->difference, difference, 1e-12));
    double error = sqrt(p * (1.0 - p) / 20000.0);
    assert_true(fabs(d->p - p) < 4.0 * error + 1e-4);
}

static void test_golden(void **state)
{
    (void)state;
    static const char *const metrics[] = {"balanced_accuracy", "f1", "log_loss", NULL};
    static char line[LINE];
    fixture f;
    int32_t target[64];
    int64_t n = 0, k = 0, checked = 0;
    const assay_compare_options options = {.evaluate = {.seed = 3, .replicates = 200},
                                           .permutations = 20000};
    start(&f, metrics);
    FILE *golden = fopen(ASSAY_TEST_DATA "/golden/compare.txt", "r");
    assert_non_null(golden);
    while (fgets(line, sizeof line, golden) != NULL) {
        char *at = strchr(line, ' ');
        assert_non_null(at);
        *at++ = '\0';
        checked++;
        if (strcmp(line, "mcnemar") == 0) {
            check_mcnemar(at);
        } else if (strcmp(line, "tango") == 0) {
            check_tango(at);
        } else if (strcmp(line, "cochran") == 0) {
            check_cochran(at, &f.comparison);
        } else if (strcmp(line, "friedman") == 0) {
            check_friedman(at, &f.comparison);
        } else if (strcmp(line, "adjust") == 0) {
            check_adjust(at, &f.comparison);
        } else if (strcmp(line, "flips_rows") == 0) {
            n = next_int(&at);
            k = next_int(&at);
            for (int64_t i = 0; i < n; i++) {
                target[i] = (int32_t)next_int(&at);
            }
        } else if (strcmp(line, "flips_a") == 0) {
            golden_model(&f.models[0], target, n, (int32_t)k, at);
        } else if (strcmp(line, "flips_b") == 0) {
            golden_model(&f.models[1], target, n, (int32_t)k, at);
            run(&f, 2, &options);
        } else if (strcmp(line, "flips") == 0) {
            check_flips(&f, at);
        } else {
            assert_string_equal(line, "#");
        }
    }
    fclose(golden);
    assert_int_equal(checked, 1 + 14 + 16 + 4 + 3 + 20 + 3 + 3 + 3);
    stop(&f);
}

/* ---- made models ---- */

/* Two classes with probabilities; difficulty is shared, so the models are right together. */
static void make_models(fixture *f, int64_t n, const double *skill, int32_t n_models, uint64_t seed)
{
    for (int32_t m = 0; m < n_models; m++) {
        assay_predictions_free(f->models[m]);
        assert_int_equal(assay_predictions_new(&f->models[m], n, 2, 8, 0, NULL), ASSAY_OK);
        for (int64_t i = 0; i < n; i++) {
            assay_rng shared = assay_rng_stream(seed, 1, (uint64_t)i);
            assay_rng own = assay_rng_stream(seed, 10 + (uint32_t)m, (uint64_t)i);
            int32_t target = (int32_t)assay_rng_below(&shared, 2);
            double z = skill[m] + assay_rng_normal(&shared) + 0.8 * assay_rng_normal(&own);
            double p = 1.0 / (1.0 + exp(-z));
            f->models[m]->target[i] = target;
            f->models[m]->scores_f64[2 * i + target] = p;
            f->models[m]->scores_f64[2 * i + 1 - target] = 1.0 - p;
        }
        assert_int_equal(assay_predictions_argmax(f->models[m], NULL), ASSAY_OK);
    }
}

static const char *const three[] = {"accuracy", "log_loss", "f1", NULL};

/* One metric for each way of resampling: blocks, terms, ranked, sorted. */
static const char *const four[] = {"accuracy", "log_loss", "roc_auc", "aurc", NULL};

static void test_same_on_any_number_of_threads(void **state)
{
    (void)state;
    static const double skill[MODELS] = {0.5, 0.9, 0.5};
    assay_difference first[64];
    int64_t n = 0;
    for (int threads = 1; threads <= 7; threads += 3) {
        fixture f;
        start(&f, four);
        make_models(&f, ROWS, skill, 3, 5);
        const assay_compare_options options = {
            .evaluate = {.seed = 9, .replicates = 300, .threads = threads}, .per_class = true};
        run(&f, 3, &options);
        n = threads == 1 ? f.comparison.n_differences : n;
        assert_int_equal(f.comparison.n_differences, n);
        assert_true(n >= 12 && n <= 64);
        for (int64_t i = 0; i < n; i++) {
            const assay_difference *d = &f.comparison.differences[i];
            if (threads == 1) {
                first[i] = *d;
            }
            const double got[] = {d->difference, d->low, d->high, d->p, d->probability_better};
            const double wanted[] = {first[i].difference, first[i].low, first[i].high, first[i].p,
                                     first[i].probability_better};
            assert_memory_equal(got, wanted, sizeof got);
            assert_true(!isnan(d->p));
            assert_true(d->low <= d->difference && d->difference <= d->high);
        }
        assert_int_equal(f.comparison.n_omnibus, 1);
        stop(&f);
    }
}

static void test_same_model_twice(void **state)
{
    (void)state;
    static const double skill[MODELS] = {0.5, 0.5, 0.5};
    fixture f;
    start(&f, three);
    make_models(&f, 50, skill, 1, 5);
    make_models(&f, 50, skill, 2, 5);
    memcpy(f.models[1]->scores_f64, f.models[0]->scores_f64, 100 * sizeof(double));
    assert_int_equal(assay_predictions_argmax(f.models[1], NULL), ASSAY_OK);
    const assay_compare_options options = {.evaluate = {.seed = 9, .replicates = 200}};
    run(&f, 2, &options);
    for (int64_t i = 0; i < f.comparison.n_differences; i++) {
        const assay_difference *d = &f.comparison.differences[i];
        assert_true(d->difference == 0.0 && d->p == 1.0 && d->p_adjusted == 1.0);
        assert_int_equal(assay_difference_winner(d, 0.05), 0);
    }
    const assay_difference *d = find(&f, "accuracy", NULL);
    assert_true(d->has_flips && d->flips.only_a == 0 && d->flips.only_b == 0);
    assert_true(d->low < 0.0 && d->high > 0.0); /* fifty rows do not show that they are equal */
    assert_int_equal(assay_difference_noninferior(d, 0.2), 1);
    assert_int_equal(assay_difference_noninferior(d, 0.001), 0);
    stop(&f);
}

/* A model that lost gets the sign of its loss, whichever way the metric points. */
static void test_direction(void **state)
{
    (void)state;
    static const double skill[MODELS] = {2.0, 0.2, 0.2};
    fixture f;
    start(&f, three);
    make_models(&f, ROWS, skill, 2, 6);
    const assay_compare_options options = {.evaluate = {.seed = 9}};
    run(&f, 2, &options);
    for (int64_t i = 0; i < f.comparison.n_differences; i++) {
        const assay_difference *d = &f.comparison.differences[i];
        bool loss = strcmp(d->in_a->metric, "log_loss") == 0;
        assert_true(loss ? d->difference > 0.0 : d->difference < 0.0);
        assert_int_equal(assay_difference_winner(d, 0.05), -1);
        assert_int_equal(assay_difference_noninferior(d, 0.01), -1);
        assert_true(d->probability_better < 0.01);
    }
    stop(&f);
}

/* Each row ten times with its cluster: nothing is learned from the copies. */
static void test_clusters(void **state)
{
    (void)state;
    static const double skill[MODELS] = {0.5, 0.9, 0.5};
    enum { CLUSTERS = 30, COPIES = 10 };
    fixture f;
    int64_t units[CLUSTERS * COPIES];
    double width[2], p[2];
    for (int copies = 0; copies < 2; copies++) {
        start(&f, three);
        make_models(&f, CLUSTERS, skill, 2, 8);
        int64_t n = copies > 0 ? CLUSTERS * COPIES : CLUSTERS;
        for (int32_t m = 0; copies && m < 2; m++) {
            assay_predictions *once = f.models[m], *many = NULL;
            assert_int_equal(assay_predictions_new(&many, n, 2, 8, 0, NULL), ASSAY_OK);
            for (int64_t i = 0; i < n; i++) {
                many->target[i] = once->target[i / COPIES];
                memcpy(&many->scores_f64[2 * i], &once->scores_f64[2 * (i / COPIES)],
                       2 * sizeof(double));
            }
            assert_int_equal(assay_predictions_argmax(many, NULL), ASSAY_OK);
            assay_predictions_free(once);
            f.models[m] = many;
        }
        for (int64_t i = 0; i < n; i++) {
            units[i] = copies ? i / COPIES : i;
        }
        const assay_compare_options options = {
            .evaluate = {.seed = 4, .replicates = 500, .units = units}};
        run(&f, 2, &options);
        const assay_difference *d = find(&f, "accuracy", NULL);
        width[copies] = d->high - d->low;
        p[copies] = d->p;
        assert_non_null(strstr(d->method, "cluster_robust"));
        stop(&f);
    }
    assert_true(near(width[0], width[1], 1e-9));
    assert_true(near(p[0], p[1], 1e-9));
}

/* ---- error rates ---- */

static void test_error_rates(void **state)
{
    (void)state;
    enum { TIMES = 400, N = 80 };
    static const double skill[MODELS] = {0.8, 0.8, 0.8};
    int rejected_rows = 0, rejected_loss = 0, rejected_f1 = 0, covered_rows = 0, covered_loss = 0;
    for (int t = 0; t < TIMES; t++) {
        fixture f;
        start(&f, three);
        make_models(&f, N, skill, 2, (uint64_t)(100 + t));
        const assay_compare_options options = {
            .evaluate = {.seed = (uint64_t)t, .replicates = 200, .level = 0.9, .threads = 1}};
        run(&f, 2, &options);
        const assay_difference *rows = find(&f, "accuracy", NULL);
        const assay_difference *loss = find(&f, "log_loss", NULL);
        rejected_rows += rows->p <= 0.1;
        rejected_loss += loss->p <= 0.1;
        rejected_f1 += find(&f, "f1", "macro")->p <= 0.1;
        covered_rows += rows->low <= 0.0 && rows->high >= 0.0;
        covered_loss += loss->low <= 0.0 && loss->high >= 0.0;
        stop(&f);
    }
    /* standard error of a share of 0.1 in 400: 0.015 */
    assert_in_range(rejected_loss, TIMES / 25, TIMES * 4 / 25);
    assert_in_range(rejected_f1, TIMES / 25, TIMES * 4 / 25);
    assert_in_range(rejected_rows, TIMES / 50, TIMES * 4 / 25);
    assert_in_range(covered_rows, TIMES * 21 / 25, TIMES);
    assert_in_range(covered_loss, TIMES * 21 / 25, TIMES * 24 / 25);
}

/* Six clusters carry no interval, however many rows they have. */
static void test_too_few(void **state)
{
    (void)state;
    static const double skill[MODELS] = {0.5, 0.9, 0.5};
    int64_t units[60];
    fixture f;
    start(&f, three);
    make_models(&f, 60, skill, 2, 8);
    for (int64_t i = 0; i < 60; i++) {
        units[i] = i / 10;
    }
    const assay_compare_options options = {.evaluate = {.seed = 4, .units = units}};
    run(&f, 2, &options);
    for (int64_t i = 0; i < f.comparison.n_differences; i++) {
        const assay_difference *d = &f.comparison.differences[i];
        assert_int_equal(d->outcome, ASSAY_OUTCOME_TOO_FEW);
        assert_true(isnan(d->low) && isnan(d->p));
        assert_non_null(strstr(d->reason, "clusters"));
    }
    stop(&f);
}

/* Intervals that take more than replicates, or take the value for a distance, are for the models' own
 * measures: differences, of either sign, get percentiles. */
static void test_intervals_of_one_model(void **state)
{
    (void)state;
    static const char *const names[] = {"bootstrap_percentile", "bootstrap_studentised",
                                        "bootstrap_distance"};
    static const char *const metrics[] = {"balanced_accuracy", "log_loss", NULL};
    static const double skill[MODELS] = {0.9, 0.5, 0.5};
    double ends[4] = {0}; /* of the second model less the first: one is below 0, one above */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fixture f;
        assay_args *interval = NULL;
        const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_INTERVAL, names[i]);
        assert_non_null(op);
        assert_int_equal(assay_args_new(&interval, op, NULL), ASSAY_OK);
        start(&f, metrics);
        make_models(&f, 100, skill, 2, 8);
        const assay_compare_options options = {
            .evaluate = {.seed = 4, .replicates = 200, .replicate_interval = interval}};
        run(&f, 2, &options);
        const assay_difference *right = find(&f, metrics[0], NULL);
        const assay_difference *loss = find(&f, metrics[1], NULL);
        const double got[4] = {right->low, right->bound_high, loss->bound_low, loss->high};
        assert_true(right->difference < 0.0 && loss->difference > 0.0);
        for (size_t k = 0; k < 4; k++) {
            assert_true(isfinite(got[k]) != 0);
            ends[k] = i == 0 ? got[k] : ends[k];
            assert_true(got[k] == ends[k]);
        }
        stop(&f);
        assay_args_free(interval);
    }
}

/* BCa of a difference: its replicates, and its own values without one row after the other. */
static void test_bca_of_a_difference(void **state)
{
    (void)state;
    enum { N = 60 };
    static const char *const metrics[] = {"log_loss", NULL};
    static const double skill[MODELS] = {0.9, 0.5, 0.5};
    fixture f;
    assay_args *interval = NULL;
    double without[N], low = NAN, high = NAN;
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_INTERVAL, "bca");
    assert_int_equal(assay_args_new(&interval, op, NULL), ASSAY_OK);
    start(&f, metrics);
    make_models(&f, N, skill, 2, 8);
    const assay_compare_options options = {
        .evaluate = {.seed = 4, .replicates = 2000, .replicate_interval = interval}};
    run(&f, 2, &options);
    const assay_difference *d = find(&f, metrics[0], NULL);
    for (int64_t i = 0; i < N; i++) {
        uint8_t mask[N];
        double value[2];
        const assay_evaluate_options plain = {.replicates = -1};
        memset(mask, 1, N);
        mask[i] = 0;
        for (int k = 0; k < 2; k++) {
            assay_result result;
            assay_result_init(&result, f.arena);
            assert_int_equal(assay_evaluate(&result, f.models[k], mask,
                                            (const assay_args *const *)f.metrics, 1, &plain, NULL),
                             ASSAY_OK);
            value[k] = result.measures[0].value;
        }
        without[i] = value[1] - value[0];
    }
    assert_string_equal(d->method, "paired bca, 2000 replicates");
    assert_int_equal(assay_bca_interval(&low, &high, d->draws, d->n_draws, d->difference, without,
                                        N, 0.025, 0.025, NULL),
                     ASSAY_OK);
    assert_true(fabs(d->low - low) < 1e-12);
    assert_true(fabs(d->high - high) < 1e-12);
    double percentile = NAN, above = NAN;
    assert_int_equal(
        assay_percentile_interval(&percentile, &above, d->draws, d->n_draws, 0.025, 0.025, NULL),
        ASSAY_OK);
    assert_true(fabs(d->low - percentile) > 1e-4);
    stop(&f);
    assay_args_free(interval);
}

/* With two classes the macro average is either class's area, and its test DeLong's to the last digit. */
static void test_average_of_two_areas(void **state)
{
    (void)state;
    static const char *const metrics[] = {"roc_auc", NULL};
    static const double skill[MODELS] = {0.9, 0.5, 0.5};
    fixture f;
    start(&f, metrics);
    make_models(&f, 61, skill, 2, 8);
    const assay_compare_options options = {.evaluate = {.seed = 4}, .per_class = true};
    run(&f, 2, &options);
    const assay_difference *d = f.comparison.differences;
    assert_int_equal(f.comparison.n_differences, 4); /* macro, weighted, two classes */
    for (int k = 0; k < 4; k++) {
        assert_string_equal(d[k].test, "delong");
        assert_true(near(d[k].p, d[3].p, 1e-9));
        assert_true(near(d[k].se, d[3].se, 1e-9));
    }
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_same_on_any_number_of_threads),
        cmocka_unit_test(test_same_model_twice),
        cmocka_unit_test(test_direction),
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_error_rates),
        cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_intervals_of_one_model),
        cmocka_unit_test(test_bca_of_a_difference),
        cmocka_unit_test(test_average_of_two_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
