/* Areas under the ROC curve, whole and partial, their variance, intervals and paired test against the R
 * package pROC (oracle/proc.R). */
#include "unit/stats/golden_functions.h"

#include "base/arena.h"
#include "core/evaluate.h"
#include "ops/op_table.h"
#include "stats/delong.h"

enum { MOST = 1500 };

static double scores_a[MOST], scores_b[MOST];
static uint8_t positive[MOST];

/* a = seed, rows, levels: the same data as in the script */
static int64_t make(const double *a)
{
    uint32_t state = (uint32_t)a[0];
    int64_t n = (int64_t)a[1], levels = (int64_t)a[2];
    assert_true(n <= MOST);
    for (int64_t i = 0; i < n; i++) {
        positive[i] = sequence_next(&state, 3) == 0;
        int64_t common = sequence_next(&state, levels), up = positive[i];
        int64_t own = sequence_next(&state, levels);
        int64_t first = up * sequence_next(&state, levels);
        scores_a[i] = (double)(common + own + first);
        own = sequence_next(&state, levels);
        int64_t second = up * sequence_next(&state, 2 * levels);
        scores_b[i] = (double)(common + own + second);
    }
    return n;
}

typedef struct areas {
    double auc[2], covariance[4];
} areas;

static areas both(const double *a)
{
    areas out;
    int64_t n = make(a);
    const double *scores[2] = {scores_a, scores_b};
    assert_int_equal(assay_delong(out.auc, out.covariance, scores, 2, positive, n, NULL), ASSAY_OK);
    return out;
}

GOLDEN_CALL(proc_auc_a, both(a).auc[0])
GOLDEN_CALL(proc_auc_b, both(a).auc[1])
GOLDEN_CALL(proc_var_a, both(a).covariance[0])
GOLDEN_CALL(proc_var_b, both(a).covariance[3])
GOLDEN_CALL(proc_cov, both(a).covariance[1])

static double ci_end(const double *a, int high)
{
    areas x = both(a);
    double ends[2], alpha = (1.0 - a[3]) / 2.0;
    assert_int_equal(
        assay_auc_interval(&ends[0], &ends[1], x.auc[0], x.covariance[0], 0, alpha, alpha, NULL),
        ASSAY_OK);
    return ends[high];
}

GOLDEN_CALL(proc_ci_low, ci_end(a, 0))
GOLDEN_CALL(proc_ci_high, ci_end(a, 1))

static double call_proc_paired_p(const double *a)
{
    areas x = both(a);
    return assay_difference_p(x.auc[0] - x.auc[1],
                              x.covariance[0] + x.covariance[3] - 2.0 * x.covariance[1]);
}

/* The metric itself, of the second model and its class 1. */
static double measured(const double *a, const char *max_fpr)
{
    int64_t n = make(a);
    assay_predictions *p = NULL;
    assay_arena *arena = NULL;
    assay_args *args = NULL;
    assay_result result;
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, "roc_auc");
    assert_int_equal(assay_predictions_new(&p, n, 2, 8, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        p->target[i] = positive[i];
        p->scores_f64[2 * i + 1] = scores_b[i];
        p->scores_f64[2 * i] = -scores_b[i];
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_args_new(&args, op, NULL), ASSAY_OK);
    assert_int_equal(assay_args_set(args, "max_fpr", max_fpr, NULL), ASSAY_OK);
    assay_result_init(&result, arena);
    const assay_args *metrics[1] = {args};
    const assay_evaluate_options options = {.replicates = -1};
    assert_int_equal(assay_evaluate(&result, p, NULL, metrics, 1, &options, NULL), ASSAY_OK);
    double value = NAN;
    for (int64_t i = 0; i < result.n_measures; i++) {
        const char *name = result.measures[i].class_name;
        value =
            name != NULL && strcmp(name, p->class_names[1]) == 0 ? result.measures[i].value : value;
    }
    assay_args_free(args);
    assay_arena_free(arena);
    assay_predictions_free(p);
    return value;
}

static double call_proc_partial(const double *a)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.17g", a[3]);
    return measured(a, text);
}

static void areas_are_proc_s(void **state)
{
    (void)state;
    golden_function table[] = {
        GOLDEN_ROW(proc_auc_a, 3, 1e-14),   GOLDEN_ROW(proc_auc_b, 3, 1e-14),
        GOLDEN_ROW(proc_var_a, 3, 1e-12),   GOLDEN_ROW(proc_var_b, 3, 1e-12),
        GOLDEN_ROW(proc_cov, 3, 1e-12),     GOLDEN_ROW(proc_ci_low, 4, 1e-12),
        GOLDEN_ROW(proc_ci_high, 4, 1e-12), GOLDEN_ROW(proc_paired_p, 3, 1e-10),
        GOLDEN_ROW(proc_partial, 4, 1e-12),
    };
    golden_check(ASSAY_TEST_DATA "/golden/proc.txt", table, sizeof table / sizeof *table);
}

/* The two parts of the program that know areas agree, and a curve below the diagonal has a number. */
static void conventions_of_our_own(void **state)
{
    (void)state;
    const double data[3] = {104, 400, 20};
    assert_true(fabs(measured(data, "1") - both(data).auc[1]) < 1e-14);
    assert_true(assay_difference_p(0.0, 0.0) == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_proc_s),
        cmocka_unit_test(conventions_of_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
