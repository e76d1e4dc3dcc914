/* Comparing models on rows with weights: against golden/compare_weighted.txt (statsmodels, scikit-learn),
 * whole weights against repeated rows, and how often interval and test are wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/compare.h"
#include "ops/op_table.h"

enum { LINE = 4096, MOST_METRICS = 4 };

typedef struct fixture {
    assay_arena *arena;
    assay_comparison comparison;
    assay_predictions *models[2];
    assay_result results[2];
    assay_args *metrics[MOST_METRICS];
    size_t n_metrics;
} fixture;

static void start(fixture *f, const char *const *metrics)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(assay_arena_new(&f->arena, 0, NULL), ASSAY_OK);
    for (; metrics[f->n_metrics] != NULL; f->n_metrics++) {
        const assay_op *op =
            assay_registry_find(assay_ops(), ASSAY_OP_METRIC, metrics[f->n_metrics]);
        assert_non_null(op);
        assert_int_equal(assay_args_new(&f->metrics[f->n_metrics], op, NULL), ASSAY_OK);
    }
}

static void make(fixture *f, int64_t n, int32_t classes, int scores)
{
    for (int k = 0; k < 2; k++) {
        assay_predictions_free(f->models[k]);
        assert_int_equal(assay_predictions_new(&f->models[k], n, classes, scores, 0, NULL),
                         ASSAY_OK);
        f->models[k]->weights = assay_arena_alloc(f->models[k]->arena, (size_t)n, sizeof(double));
    }
}

static void stop(fixture *f)
{
    for (size_t j = 0; j < f->n_metrics; j++) {
        assay_args_free(f->metrics[j]);
    }
    assay_predictions_free(f->models[0]);
    assay_predictions_free(f->models[1]);
    assay_arena_free(f->arena);
}

static void run(fixture *f, const assay_compare_options *options)
{
    assay_error err = {0};
    assay_comparison_init(&f->comparison, f->arena);
    assay_result_init(&f->results[0], f->arena);
    assay_result_init(&f->results[1], f->arena);
    if (assay_compare_models(&f->comparison, f->results, f->models, 2, NULL, 0,
                             (const assay_args *const *)f->metrics, f->n_metrics, options,
                             &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
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
    fail_msg("no difference of %s", metric);
    return NULL;
}

static void near(double got, double wanted, double within)
{
    if (!(fabs(got - wanted) <= within * fmax(1.0, fabs(wanted)))) {
        fail_msg("%.17g, expected %.17g", got, wanted);
    }
}

static int numbers(double *out, int most, const char *at)
{
    int n = 0;
    for (char *end = NULL; n < most; at = end) {
        out[n] = strtod(at, &end);
        if (end == at) {
            break;
        }
        n++;
    }
    return n;
}

static void read_rows(fixture *f, int64_t *cluster, FILE *golden, int64_t n)
{
    char line[LINE];
    make(f, n, 3, 0);
    for (int64_t i = 0; i < n; i++) {
        double v[5];
        assert_non_null(fgets(line, sizeof line, golden));
        assert_int_equal(numbers(v, 5, line), 5);
        for (int k = 0; k < 2; k++) {
            f->models[k]->weights[i] = v[0];
            f->models[k]->target[i] = (int32_t)v[1];
            f->models[k]->label[i] = (int32_t)v[2 + k];
        }
        cluster[i] = (int64_t)v[4];
    }
}

static void check_share(fixture *f, const double *v)
{
    const assay_compare_options options = {.evaluate = {.seed = 3, .replicates = 200}};
    run(f, &options);
    const assay_difference *d = find(f, "accuracy", NULL);
    near(d->difference, v[0], 1e-12);
    near(d->se, v[1], 1e-12);
    near(d->df, v[2], 1e-10);
    near(d->low, v[3], 1e-10);
    near(d->high, v[4], 1e-10);
    assert_non_null(strstr(d->test, "permutation"));
    assert_int_equal(f->comparison.n_omnibus, 0);
}

static void check_clusters(fixture *f, const int64_t *cluster, const double *v)
{
    const assay_compare_options options = {
        .evaluate = {.seed = 3, .replicates = 200, .units = cluster}};
    run(f, &options);
    const assay_difference *d = find(f, "accuracy", NULL);
    near(d->difference, v[0], 1e-12);
    near(d->se, v[1], 1e-12);
    near(d->df, v[2], 1e-10);
    near(d->low, v[3], 1e-10);
    near(d->high, v[4], 1e-10);
    near(d->p, v[5], 1e-10);
}

static void read_scores(assay_predictions *p, const double *rows, const char *at)
{
    double v[64];
    int64_t n = p->n, k = p->classes;
    assert_int_equal(numbers(v, 64, at), n * k);
    memcpy(p->scores_f64, v, (size_t)(n * k) * sizeof *v);
    for (int64_t i = 0; i < n; i++) {
        p->target[i] = (int32_t)rows[2 + i];
        p->weights[i] = rows[2 + n + i];
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
}

static void check_flips(const fixture *f, const char *metric, const double *v)
{
    bool averaged = strcmp(metric, "f1") == 0 || strcmp(metric, "average_precision") == 0;
    const assay_difference *d = find(f, metric, averaged ? "macro" : NULL);
    near(d->difference, v[0], 1e-12);
    double error = sqrt(v[1] * (1.0 - v[1]) / 20000.0);
    assert_true(fabs(d->p - v[1]) < 4.0 * error + 1e-4);
    assert_non_null(strstr(d->test, "permutation"));
}

static void test_golden(void **state)
{
    static const char *const metrics[] = {"accuracy", "f1", "log_loss", "average_precision", NULL};
    const assay_compare_options options = {.evaluate = {.seed = 3, .replicates = 200},
                                           .permutations = 20000};
    fixture f;
    char line[LINE], word[32];
    double v[64], rows[64];
    int64_t cluster[200];
    int checked = 0;
    (void)state;
    FILE *golden = fopen(ASSAY_TEST_DATA "/golden/compare_weighted.txt", "r");
    assert_non_null(golden);
    start(&f, metrics);
    while (fgets(line, sizeof line, golden) != NULL) {
        int used = 0;
        if (line[0] == '#' || sscanf(line, "%31s%n", word, &used) != 1) {
            continue;
        }
        if (strcmp(word, "rows") == 0) {
            f.n_metrics = 1;
            read_rows(&f, cluster, golden, strtol(line + used, NULL, 10));
        } else if (strcmp(word, "share") == 0) {
            assert_int_equal(numbers(v, 64, line + used), 5);
            check_share(&f, v);
        } else if (strcmp(word, "clusters") == 0) {
            assert_int_equal(numbers(v, 64, line + used), 6);
            check_clusters(&f, cluster, v);
        } else if (strcmp(word, "flips_rows") == 0) {
            f.n_metrics = 4;
            assert_int_equal(numbers(rows, 64, line + used), 22);
            make(&f, 10, 3, 8);
        } else if (strcmp(word, "flips_a") == 0) {
            read_scores(f.models[0], rows, line + used);
        } else if (strcmp(word, "flips_b") == 0) {
            read_scores(f.models[1], rows, line + used);
            run(&f, &options);
        } else {
            assert_int_equal(sscanf(line + used, "%31s%n", word, &checked), 1);
            assert_int_equal(numbers(v, 2, line + used + checked), 2);
            check_flips(&f, word, v);
        }
        checked++;
    }
    assert_true(checked > 0);
    (void)fclose(golden);
    stop(&f);
}

/* Two models that are right with the same chance, more often the heavier a row is; `gap` rows of 100 are
 * better in the second. */
static void draw(fixture *f, int64_t n, uint64_t run_number, double gap)
{
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(21, (uint32_t)run_number, (uint64_t)i);
        double u = assay_rng_uniform(&rng), weight = -log(1.0 - u);
        double both = assay_rng_uniform(&rng);
        /* 12 % and 12 % + gap of flips, independent of the weight */
        bool only_a = both < 0.12, only_b = both >= 0.12 && both < 0.24 + gap;
        bool right = assay_rng_uniform(&rng) < 1.0 - 0.5 * exp(-weight);
        for (int k = 0; k < 2; k++) {
            f->models[k]->weights[i] = weight;
            f->models[k]->target[i] = 0;
            bool mine = only_a ? k == 0 : only_b ? k == 1 : right;
            f->models[k]->label[i] = mine ? 0 : 1;
        }
    }
}

static void test_error_rates(void **state)
{
    enum { TIMES = 600, N = 60 };
    static const char *const metrics[] = {"accuracy", NULL};
    const assay_compare_options options = {.evaluate = {.seed = 5, .replicates = 100, .threads = 1},
                                           .permutations = 199};
    fixture f;
    int covered = 0, covered_gap = 0, rejected = 0;
    (void)state;
    start(&f, metrics);
    make(&f, N, 2, 0);
    for (uint64_t t = 0; t < TIMES; t++) {
        assay_arena_reset(f.arena);
        draw(&f, N, t, 0.0);
        run(&f, &options);
        const assay_difference *d = find(&f, "accuracy", NULL);
        covered += d->low <= 0.0 && 0.0 <= d->high;
        rejected += d->p <= 0.05;
        assay_arena_reset(f.arena);
        draw(&f, N, TIMES + t, 0.1);
        run(&f, &options);
        d = find(&f, "accuracy", NULL);
        covered_gap += d->low <= 0.1 && 0.1 <= d->high;
    }
    print_message("weighted shares: covered %.3f and %.3f of 0.95, rejected %.3f of 0.05\n",
                  (double)covered / TIMES, (double)covered_gap / TIMES, (double)rejected / TIMES);
    /* 0.95 of 600 is 570 with standard deviation 5.3; 0.05 is 30 */
    assert_in_range(covered, 570 - 18, TIMES);
    assert_in_range(covered_gap, 570 - 18, TIMES);
    assert_in_range(rejected, 0, 30 + 16);
    stop(&f);
}

/* Rows that no model flips: an interval that is not empty, and p = 1. */
static void test_no_flips(void **state)
{
    static const char *const metrics[] = {"accuracy", NULL};
    const assay_compare_options options = {.evaluate = {.seed = 5, .replicates = 100}};
    fixture f;
    (void)state;
    start(&f, metrics);
    make(&f, 40, 2, 0);
    for (int64_t i = 0; i < 40; i++) {
        f.models[0]->weights[i] = f.models[1]->weights[i] = 1.0 + (double)(i % 3);
        f.models[0]->label[i] = f.models[1]->label[i] = i % 5 == 0;
        f.models[0]->target[i] = f.models[1]->target[i] = 0;
    }
    run(&f, &options);
    const assay_difference *d = find(&f, "accuracy", NULL);
    assert_true(d->difference == 0.0 && d->low < -0.02 && d->high > 0.02 && d->p == 1.0);
    near(d->high, -d->low, 1e-9);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_error_rates),
        cmocka_unit_test(test_no_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
