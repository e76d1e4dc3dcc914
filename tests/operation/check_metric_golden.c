/* Metrics against golden/metric_classification.json and golden/metric_classification_more.json, which
 * oracle/metrics.py and oracle/metrics_more.py write, golden/metric_regression.json by oracle/metrics_regression.py, and golden/metric/<name>.json, of the same form,
 * where a metric has a file of its own. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/json_value.h"
#include "operation/metric_data.h"

static void golden_weights(assay_predictions *p, const assay_json_value *weights)
{
    if (weights == NULL) {
        return;
    }
    assert_int_equal(p->n, assay_json_size(weights));
    p->weights = assay_arena_alloc(p->arena, (size_t)p->n, sizeof *p->weights);
    assert_non_null(p->weights);
    for (int64_t i = 0; i < p->n; i++) {
        p->weights[i] = assay_json_as_real(assay_json_at(weights, (size_t)i), NAN);
    }
}

/* What is said of weighted rows and of an interval, where the golden says it. */
static bool extras_equal(const assay_measure *got, const assay_json_value *want)
{
    bool interval = assay_json_get(want, "low") != NULL;
    return harness_close(assay_json_get_real(want, "weight", got->weight), got->weight, 1e-12) &&
           harness_close(assay_json_get_real(want, "n_effective", got->effective), got->effective,
                         1e-12) &&
           (!interval || (harness_close(got->low, assay_json_get_real(want, "low", NAN), 1e-9) &&
                          harness_close(got->high, assay_json_get_real(want, "high", NAN), 1e-9)));
}

/* NULL when there is no such file. */
static assay_json_doc *read_golden(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/golden/%s.json", ASSAY_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    char *text = assay_alloc((size_t)size + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    (void)fclose(file);
    assay_json_doc *doc = NULL;
    assay_error err = {0};
    if (assay_json_parse(&doc, text, (size_t)size, 0, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_free(text);
    return doc;
}

static assay_predictions *golden_values(const assay_json_value *truth,
                                        const assay_json_value *value)
{
    assay_predictions *p = NULL;
    int64_t n = (int64_t)assay_json_size(truth);
    assert_int_equal(assay_predictions_new_regression(&p, n, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        p->truth[i] = assay_json_as_real(assay_json_at(truth, (size_t)i), NAN);
        p->value[i] = assay_json_as_real(assay_json_at(value, (size_t)i), NAN);
    }
    return p;
}

/* Columns of the table: {"q0.05": [...], ...}. */
static void golden_columns(assay_predictions *p, const assay_json_value *columns)
{
    if (columns == NULL) {
        return;
    }
    assert_int_equal(assay_table_new(&p->columns, p->n, 0, NULL), ASSAY_OK);
    for (size_t c = 0; c < assay_json_size(columns); c++) {
        const assay_json_value *values = NULL;
        const char *name = assay_json_member(columns, c, &values);
        assay_column *column = NULL;
        assert_int_equal(assay_table_add(&column, p->columns, name, ASSAY_COLUMN_REAL, NULL),
                         ASSAY_OK);
        for (int64_t i = 0; i < p->n; i++) {
            column->reals[i] = assay_json_as_real(assay_json_at(values, (size_t)i), NAN);
            column->valid[i] = 1;
        }
    }
}

static assay_predictions *golden_sets(const assay_json_value *data)
{
    const assay_json_value *truth = assay_json_get(data, "truth_set");
    const assay_json_value *label = assay_json_get(data, "label_set");
    const assay_json_value *scores = assay_json_get(data, "scores");
    int32_t classes = (int32_t)assay_json_get_int(data, "classes", 0);
    assay_predictions *p = NULL;
    int64_t n = (int64_t)assay_json_size(truth) / classes;
    assert_int_equal(assay_predictions_new_multilabel(&p, n, classes, 8, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n * classes; i++) {
        p->truth_set[i] = (uint8_t)assay_json_as_int(assay_json_at(truth, (size_t)i), 9);
        p->label_set[i] = (uint8_t)assay_json_as_int(assay_json_at(label, (size_t)i), 9);
        p->scores_f64[i] = assay_json_as_real(assay_json_at(scores, (size_t)i), NAN);
    }
    assay_predictions_check_scores(p);
    return p;
}

static assay_predictions *golden_predictions(const assay_json_value *data)
{
    const assay_json_value *truth = assay_json_get(data, "truth");
    if (assay_json_get(data, "truth_set") != NULL) {
        return golden_sets(data);
    }
    if (truth != NULL) {
        return golden_values(truth, assay_json_get(data, "value"));
    }
    const assay_json_value *target = assay_json_get(data, "target");
    const assay_json_value *label = assay_json_get(data, "label");
    const assay_json_value *scores = assay_json_get(data, "scores");
    int64_t rows = (int64_t)assay_json_size(target);
    int32_t classes = (int32_t)assay_json_get_int(data, "classes", 0);
    int64_t repeat = assay_json_get_int(data, "repeat", 0);
    int width = scores == NULL ? 0 : (assay_json_get_bool(data, "single", false) ? 4 : 8);
    assay_predictions *p = harness_predictions(rows * repeat, classes, width);
    for (int64_t i = 0; i < p->n; i++) {
        size_t from = (size_t)(i % rows);
        p->target[i] = (int32_t)assay_json_as_int(assay_json_at(target, from), -1);
        p->label[i] = (int32_t)assay_json_as_int(assay_json_at(label, from), -1);
        for (int32_t k = 0; scores != NULL && k < classes; k++) {
            harness_score(
                p, i, k,
                assay_json_as_real(assay_json_at(scores, from * (size_t)classes + (size_t)k), NAN));
        }
    }
    if (scores != NULL) {
        assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    }
    return p;
}

static bool text_is(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_golden_measures(const char *where, const assay_result *result,
                                  const assay_json_value *wanted)
{
    if ((size_t)result->n_measures != assay_json_size(wanted)) {
        fail_msg("%s: %" PRId64 " measures", where, result->n_measures);
    }
    for (int64_t m = 0; m < result->n_measures; m++) {
        const assay_measure *got = &result->measures[m];
        const assay_json_value *want = assay_json_at(wanted, (size_t)m);
        double value = assay_json_get_real(want, "value", NAN);
        bool equal = text_is(got->average, assay_json_get_text(want, "average", NULL)) &&
                     text_is(got->class_name, assay_json_get_text(want, "class", NULL)) &&
                     got->n == assay_json_get_int(want, "n", -1) &&
                     got->successes == assay_json_get_int(want, "successes", -1) &&
                     (got->outcome == ASSAY_OUTCOME_VALUE) == !isnan(value) &&
                     harness_close(got->value, value, 1e-12) && extras_equal(got, want);
        if (!equal) {
            fail_msg("%s: measure %" PRId64 " (%s %s): %.17g of n = %" PRId64 " (%" PRId64
                     "), wanted %.17g of %" PRId64,
                     where, m, got->average != NULL ? got->average : "",
                     got->class_name != NULL ? got->class_name : "", got->value, got->n,
                     got->successes, value, assay_json_get_int(want, "n", -1));
        }
    }
}

static void check_golden_curve(const char *where, const assay_result *result,
                               const assay_json_value *wanted)
{
    assert_int_equal(result->n_curves, 1);
    const assay_curve *curve = &result->curves[0];
    if ((size_t)curve->n_rows != assay_json_size(wanted)) {
        fail_msg("%s: %" PRId64 " rows", where, curve->n_rows);
    }
    for (int64_t r = 0; r < curve->n_rows; r++) {
        const assay_json_value *row = assay_json_at(wanted, (size_t)r);
        /* the golden may hold the first columns only */
        for (size_t c = 0; c < assay_json_size(row); c++) {
            double want = assay_json_as_real(assay_json_at(row, c), NAN);
            double got = curve->values[r * curve->n_columns + (int64_t)c];
            if (!harness_close(got, want, 1e-12)) {
                fail_msg("%s: row %" PRId64 ", %s: %.17g, wanted %.17g", where, r,
                         curve->columns[c], got, want);
            }
        }
    }
}

/* The groups of a dataset; NULL when it has none. */
static const assay_groups *golden_groups(assay_arena *arena, const assay_json_value *data)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    const assay_json_value *group = assay_json_get(data, "group");
    if (group == NULL) {
        return NULL;
    }
    assay_groups *groups = assay_arena_alloc(arena, 1, sizeof *groups);
    int32_t *of = assay_arena_alloc(arena, assay_json_size(group), sizeof *of);
    assert_true(groups != NULL && of != NULL);
    *groups = (assay_groups){.names = names, .of = of};
    groups->positive = (int32_t)assay_json_get_int(data, "positive", -1);
    for (size_t i = 0; i < assay_json_size(group); i++) {
        of[i] = (int32_t)assay_json_as_int(assay_json_at(group, i), 0);
        groups->n = of[i] >= groups->n ? of[i] + 1 : groups->n;
    }
    assert_true(groups->n <= (int32_t)ASSAY_COUNT(names));
    return groups;
}

static void check_golden_case(const char *name, const assay_predictions *p,
                              const assay_groups *groups, const assay_json_value *expected)
{
    char settings[512] = "";
    char where[1024];
    const assay_json_value *params = assay_json_get(expected, "params");
    for (size_t i = 0; i < assay_json_size(params); i++) {
        const assay_json_value *value = NULL;
        const char *key = assay_json_member(params, i, &value);
        size_t used = strlen(settings);
        (void)snprintf(settings + used, sizeof settings - used, "%s%s=%s", i > 0 ? "," : "", key,
                       assay_json_as_text(value, ""));
    }
    const char *metric = assay_json_get_text(expected, "metric", "");
    (void)snprintf(where, sizeof where, "%s: %s(%s)", name, metric, settings);
    assay_args *args = harness_metric_args(metric, settings);
    harness_evaluation e = harness_evaluate_groups(p, NULL, args, -1, 2, groups);
    if (assay_json_get(expected, "measures") != NULL) {
        check_golden_measures(where, &e.result, assay_json_get(expected, "measures"));
    }
    if (assay_json_get(expected, "curve") != NULL) {
        check_golden_curve(where, &e.result, assay_json_get(expected, "curve"));
    }
    assay_arena_free(e.arena);
    assay_args_free(args);
}

enum { MOST_OPERATIONS = 1024 };

/* Check every case of a golden; covered[k] is set for each operation of the registry in it. */
static int check_golden_file(const assay_json_doc *doc, bool covered[MOST_OPERATIONS])
{
    const assay_json_value *datasets = assay_json_get(assay_json_root(doc), "datasets");
    const assay_registry *registry = assay_ops();
    int cases = 0;
    for (size_t d = 0; d < assay_json_size(datasets); d++) {
        const assay_json_value *data = assay_json_at(datasets, d);
        assay_predictions *p = golden_predictions(data);
        golden_weights(p, assay_json_get(data, "weights"));
        golden_columns(p, assay_json_get(data, "columns"));
        assay_arena *arena = NULL;
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        const assay_groups *groups = golden_groups(arena, data);
        const assay_json_value *expected = assay_json_get(data, "expected");
        for (size_t i = 0; i < assay_json_size(expected); i++) {
            const assay_json_value *each = assay_json_at(expected, i);
            const char *metric = assay_json_get_text(each, "metric", "");
            check_golden_case(assay_json_get_text(data, "name", ""), p, groups, each);
            for (size_t k = 0; k < registry->n; k++) {
                covered[k] = covered[k] || (registry->ops[k]->kind == ASSAY_OP_METRIC &&
                                            strcmp(registry->ops[k]->name, metric) == 0);
            }
            cases++;
        }
        assay_arena_free(arena);
        assay_predictions_free(p);
    }
    return cases;
}

void check_metric_golden(void)
{
    bool covered[MOST_OPERATIONS] = {false};
    const assay_registry *registry = assay_ops();
    assert_true(registry->n <= MOST_OPERATIONS);
    static const char *const files[] = {
        "metric_classification", "metric_classification_more", "metric_regression",
        "metric_weighted",       "metric_multilabel",          "metric_fairness",
        "metric_calibration",    "metric_regression_more",     "metric_further"};
    int cases = 0;
    for (size_t f = 0; f < ASSAY_COUNT(files); f++) {
        assay_json_doc *shared = read_golden(files[f]);
        assert_non_null(shared);
        cases += check_golden_file(shared, covered);
        assay_json_doc_free(shared);
    }
    for (size_t k = 0; k < registry->n; k++) {
        /* Metrics of detections are descriptors; tests/unit/core/test_detection.c has the numbers. */
        if (registry->ops[k]->kind != ASSAY_OP_METRIC ||
            assay_task_is_whole(registry->ops[k]->task)) {
            continue;
        }
        char name[256];
        (void)snprintf(name, sizeof name, "metric/%s", registry->ops[k]->name);
        assay_json_doc *own = read_golden(name);
        cases += check_golden_file(own, covered);
        assay_json_doc_free(own);
        if (!covered[k]) {
            fail_msg("%s has no golden values: there is none in golden/metric_classification*.json "
                     "and no golden/%s.json with any",
                     registry->ops[k]->name, name);
        }
    }
    print_message("  %d golden cases\n", cases);
}
