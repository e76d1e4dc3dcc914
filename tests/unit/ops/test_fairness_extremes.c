/* The worst and the best group by any metric against golden/fairness_extremes.txt (fairlearn, scipy); groups without
 * a value; clusters across groups; the function itself on hand-made ends. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/fairness.h"
#include "ops/op_table.h"

enum { ROWS = 500, GROUPS = 4, LINE = 1024 };

static const char *const metrics[] = {
    "accuracy",      "recall",   "precision", "f1", "balanced_accuracy", "matthews_correlation",
    "zero_one_loss", "log_loss", "roc_auc"};

typedef struct fixture {
    assay_arena *arena;
    assay_predictions *p;
    int32_t of[ROWS];
    int64_t units[ROWS];
    assay_groups groups;
    assay_args *args[ASSAY_COUNT(metrics)];
    assay_fairness fairness;
} fixture;

static const char *const names[GROUPS] = {"0", "1", "2", "3"};
static const char *const classes[] = {"0", "1"};

static int read_rows(fixture *f, FILE *file)
{
    char line[LINE];
    int n = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        int target = 0, label = 0, group = 0;
        double p = 0.0;
        if (sscanf(line, "row %d %d %d %lf", &target, &label, &group, &p) == 4) {
            assert_true(n < ROWS);
            f->p->target[n] = target;
            f->p->label[n] = label;
            f->of[n] = group;
            f->p->scores_f64[2 * n] = 1.0 - p;
            f->p->scores_f64[2 * n + 1] = p;
            n++;
        }
    }
    return n;
}

static void evaluate(fixture *f, const assay_evaluate_options *options)
{
    assay_error err = {0};
    const assay_fairness_options wanted = {.least = 1};
    assay_status status = assay_fairness_evaluate(&f->fairness, f->arena, f->p, NULL, &f->groups,
                                                  (const assay_args *const *)f->args,
                                                  ASSAY_COUNT(metrics), &wanted, options, &err);
    if (status != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
}

static fixture *start(void)
{
    fixture *f = calloc(1, sizeof *f);
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/fairness_extremes.txt", "r");
    assert_true(f != NULL && file != NULL);
    assert_int_equal(assay_arena_new(&f->arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_predictions_new(&f->p, ROWS, 2, 8, 0, NULL), ASSAY_OK);
    f->p->class_names[0] = classes[0];
    f->p->class_names[1] = classes[1];
    f->p->scores_are_probabilities = 1;
    assert_int_equal(read_rows(f, file), ROWS);
    (void)fclose(file);
    f->groups = (assay_groups){.n = GROUPS, .names = names, .of = f->of, .positive = -1};
    for (size_t i = 0; i < ASSAY_COUNT(metrics); i++) {
        const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, metrics[i]);
        assert_non_null(op);
        assert_int_equal(assay_args_new(&f->args[i], op, NULL), ASSAY_OK);
    }
    return f;
}

static void stop(fixture *f)
{
    for (size_t i = 0; i < ASSAY_COUNT(metrics); i++) {
        assay_args_free(f->args[i]);
    }
    assay_predictions_free(f->p);
    assay_arena_free(f->arena);
    free(f);
}

static const assay_fairness_extremes *find(const fixture *f, const char *metric, const char *of)
{
    for (int64_t i = 0; i < f->fairness.n_extremes; i++) {
        const assay_measure *m = f->fairness.extremes[i].measure;
        const char *which = m->class_name != NULL ? m->class_name
                            : m->average != NULL  ? m->average
                                                  : "-";
        if (strcmp(m->metric, metric) == 0 && strcmp(which, of) == 0) {
            return &f->fairness.extremes[i];
        }
    }
    fail_msg("no extremes of %s %s", metric, of);
    return NULL;
}

static void near(const char *what, double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fmax(1.0, fabs(wanted)))) {
        fail_msg("%s: got %.17g, wanted %.17g", what, got, wanted);
    }
}

static assay_measure *claim(const fixture *f, const assay_fairness_extremes *e, assay_extreme which)
{
    assay_measure *m = NULL;
    assert_int_equal(assay_fairness_extreme_measure(&m, &f->fairness, e, which, f->arena, NULL),
                     ASSAY_OK);
    return m;
}

/* What requirements are judged by: the values of MetricFrame, and bounds on either side. */
static void check_claims(const fixture *f, const assay_fairness_extremes *e, const double *values)
{
    static const assay_extreme which[] = {ASSAY_EXTREME_LOWEST, ASSAY_EXTREME_HIGHEST,
                                          ASSAY_EXTREME_DIFFERENCE, ASSAY_EXTREME_RATIO};
    for (size_t i = 0; i < ASSAY_COUNT(which); i++) {
        assay_measure *m = claim(f, e, which[i]);
        double low = 0, high = 0;
        if (isnan(values[i])) {
            assert_int_equal(m->outcome, ASSAY_OUTCOME_UNDEFINED);
            continue;
        }
        near(m->metric, m->value, values[i]);
        assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_OK);
        assert_true(low <= values[i] && values[i] <= high);
        assert_non_null(strstr(m->reason, "of 4 groups"));
    }
    bool better = e->direction == ASSAY_HIGHER_IS_BETTER;
    near("worst", claim(f, e, ASSAY_EXTREME_WORST)->value, values[better ? 0 : 1]);
    near("best", claim(f, e, ASSAY_EXTREME_BEST)->value, values[better ? 1 : 0]);
}

static void check_expect(const fixture *f, const char *line)
{
    char metric[64], of[32], ratio[64];
    int lowest = 0, highest = 0;
    double low = 0, high = 0, difference = 0;
    assert_int_equal(sscanf(line, "expect %63s %31s %d %d %lf %lf %lf %63s", metric, of, &lowest,
                            &highest, &low, &high, &difference, ratio),
                     8);
    const assay_fairness_extremes *e = find(f, metric, of);
    assert_int_equal(e->outcome, ASSAY_OUTCOME_VALUE);
    assert_int_equal(e->lowest, lowest);
    assert_int_equal(e->highest, highest);
    near(metric, e->lowest_value, low);
    near(metric, e->highest_value, high);
    near(metric, e->found.difference, difference);
    if (strcmp(ratio, "nan") == 0) {
        assert_true(isnan(e->found.ratio));
    } else {
        near(metric, e->found.ratio, strtod(ratio, NULL));
    }
    const double values[] = {low, high, difference, strtod(ratio, NULL)};
    check_claims(f, e, values);
    /* every metric has an interval, and it holds the value */
    assert_true(e->found.difference_ends.low <= difference &&
                difference <= e->found.difference_ends.high);
    assert_true(e->found.highest_ends.low <= high && high <= e->found.highest_ends.high);
    assert_true(e->found.p_adjusted >= 0.0 && e->found.p_adjusted <= 1.0);
    assert_true((e->found.difference_ends.low > 0.0) == (e->found.p_adjusted < 0.05) ||
                fabs(e->found.p_adjusted - 0.05) < 0.03);
}

static void check_ends(const fixture *f, const char *line)
{
    char metric[64], of[32];
    double x[9];
    assert_int_equal(sscanf(line, "ends %63s %31s %lf %lf %lf %lf %lf %lf %lf %lf %lf", metric, of,
                            &x[0], &x[1], &x[2], &x[3], &x[4], &x[5], &x[6], &x[7], &x[8]),
                     11);
    const assay_fairness_extremes *found = find(f, metric, of);
    const assay_group_extremes *e = &found->found;
    static const assay_extreme which[] = {ASSAY_EXTREME_LOWEST, ASSAY_EXTREME_HIGHEST,
                                          ASSAY_EXTREME_DIFFERENCE, ASSAY_EXTREME_RATIO};
    for (size_t i = 0; i < ASSAY_COUNT(which); i++) { /* the one-sided bounds at 97.5 % */
        double low = 0, high = 0;
        assert_int_equal(
            assay_measure_bounds(&low, &high, claim(f, found, which[i]), 0.975, NULL, NULL),
            ASSAY_OK);
        near(metric, low, x[2 * i]);
        near(metric, high, x[2 * i + 1]);
    }
    const double got[] = {e->lowest_ends.low,   e->lowest_ends.high,    e->highest_ends.low,
                          e->highest_ends.high, e->difference_ends.low, e->difference_ends.high,
                          e->ratio_ends.low,    e->ratio_ends.high,     e->p_adjusted};
    for (size_t i = 0; i < ASSAY_COUNT(got); i++) {
        near(metric, got[i], x[i]);
    }
}

static void test_golden(void **state)
{
    (void)state;
    fixture *f = start();
    assay_evaluate_options options = {.level = 0.95, .replicates = 1000, .seed = 1, .threads = 2};
    evaluate(f, &options);
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/fairness_extremes.txt", "r");
    char line[LINE];
    int checked = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "expect", 6) == 0) {
            check_expect(f, line);
            checked++;
        } else if (strncmp(line, "ends", 4) == 0) {
            check_ends(f, line);
            checked++;
        }
    }
    (void)fclose(file);
    assert_int_equal(checked, 13);
    stop(f);
}

/* A group without a value is named and left out; one group alone has no gap. */
static void test_left_out(void **state)
{
    (void)state;
    fixture *f = start();
    assay_evaluate_options options = {.level = 0.95, .replicates = -1, .threads = 1};
    for (int64_t i = 0; i < ROWS; i++) {
        f->p->target[i] = f->of[i] == 3 ? 0 : f->p->target[i];
    }
    evaluate(f, &options);
    const assay_fairness_extremes *e = find(f, "recall", "1");
    assert_int_equal(e->groups, 3);
    assert_non_null(strstr(e->reason, "left out: 3"));
    /* what is left out may be worse: no bound on its side, and the reason names it */
    double low = 0, high = 0;
    const assay_measure *m = claim(f, e, ASSAY_EXTREME_WORST);
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_OK);
    assert_true(isinf(low) && low < 0.0 && high > 0.0 && high < 1.0);
    assert_non_null(strstr(m->reason, "left out: 3 ("));
    m = claim(f, e, ASSAY_EXTREME_BEST);
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_OK);
    assert_true(low > 0.0 && isinf(high));
    m = claim(f, e, ASSAY_EXTREME_DIFFERENCE);
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_OK);
    assert_true(low >= 0.0 && isinf(high));
    m = claim(f, e, ASSAY_EXTREME_RATIO);
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_OK);
    assert_true(low == 0.0 && high <= 1.0);
    /* without replicates f1 has values and no intervals */
    e = find(f, "f1", "macro");
    assert_true(e->outcome == ASSAY_OUTCOME_VALUE && isnan(e->found.difference_ends.high));
    assert_non_null(strstr(e->reason, "no interval: a group has none"));
    m = claim(f, e, ASSAY_EXTREME_WORST);
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_EUNSUPPORTED);
    memset(f->of, 0, sizeof f->of);
    evaluate(f, &options);
    e = find(f, "accuracy", "-");
    assert_int_equal(e->outcome, ASSAY_OUTCOME_TOO_FEW);
    assert_non_null(strstr(e->reason, "fewer than two groups"));
    stop(f);
}

static void test_clusters(void **state)
{
    (void)state;
    fixture *f = start();
    assay_evaluate_options options = {
        .level = 0.95, .replicates = 200, .threads = 1, .units = f->units};
    for (int64_t i = 0; i < ROWS; i++) {
        f->units[i] = i % 100; /* rows of all groups */
    }
    evaluate(f, &options);
    const assay_fairness_extremes *e = find(f, "accuracy", "-");
    assert_true(isnan(e->found.difference_ends.low) && isnan(e->found.p_adjusted));
    assert_non_null(strstr(e->reason, "clusters lie in several groups"));
    for (int64_t i = 0; i < ROWS; i++) {
        f->units[i] = f->of[i] * 100 + i % 25;
    }
    evaluate(f, &options);
    e = find(f, "accuracy", "-");
    assert_true(!isnan(e->found.difference_ends.low) && e->found.difference_ends.high > 0.0);
    stop(f);
}

static void test_function(void **state)
{
    (void)state;
    assay_group_extremes x;
    const assay_group_estimate two[] = {
        {.value = 0.0, .at = {0.0, 0.3}, .of_group = {0.0, 0.35}, .of_pair = {0.0, 0.35}},
        {.value = 1.0, .at = {0.6, 1.4}, .of_group = {0.5, 1.5}, .of_pair = {0.5, 1.5}}};
    assert_int_equal(assay_group_extremes_find(&x, two, 2, 0.025, NULL), ASSAY_OK);
    assert_true(x.highest == 1 && x.lowest == 0 && x.difference == 1.0 && x.ratio == 0.0);
    assert_true(fabs(x.difference_ends.low - (1.0 - hypot(0.5, 0.35))) < 1e-15);
    assert_true(fabs(x.difference_ends.high - (1.0 + hypot(0.4, 0.0))) < 1e-15);
    assert_true(x.ratio_ends.low == 0.0 && fabs(x.ratio_ends.high - 0.35 / 0.5) < 1e-15);
    assert_int_equal(assay_group_extremes_find(&x, two, 0, 0.025, NULL), ASSAY_EINVAL);
    assert_int_equal(assay_group_extremes_find(&x, two, 2, 0.6, NULL), ASSAY_EINVAL);
    const assay_group_estimate bad = {.value = NAN};
    assert_int_equal(assay_group_extremes_find(&x, &bad, 1, 0.025, NULL), ASSAY_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
