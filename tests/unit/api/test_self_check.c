/* The evaluation's look at itself sees a wrong number: a value that was tampered with, and a metric that
 * depends on the order of rows or on the place of a class. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/run_again.h"
#include "base/rng.h"
#include "core/metric.h"
#include "ops/op_table.h"
#include "ops/shared/confusion.h"

enum { ROWS = 80, CLASSES = 3, MOST = 8 };

typedef struct fixture {
    assay_context context;
    assay_plan plan;
    assay_plan_context place;
    assay_args *metrics[MOST];
    assay_run run;
    assay_run_cell cell;
    assay_predictions *p;
} fixture;

static void start(fixture *f, const assay_op *const *ops, int32_t n)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(assay_arena_new(&f->run.arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_predictions_new(&f->p, ROWS, CLASSES, 8, 0, NULL), ASSAY_OK);
    static const char *const names[CLASSES] = {"low", "middle", "high"};
    for (int32_t c = 0; c < CLASSES; c++) {
        f->p->class_names[c] = names[c];
    }
    for (int64_t i = 0; i < ROWS; i++) {
        assay_rng rng = assay_rng_stream(3, 1, (uint64_t)i);
        double share[CLASSES], sum = 0.0;
        f->p->target[i] = (int32_t)assay_rng_below(&rng, CLASSES);
        for (int32_t c = 0; c < CLASSES; c++) {
            share[c] = 1.0 + (double)assay_rng_below(&rng, 8) + 4.0 * (c == f->p->target[i]);
            sum += share[c];
        }
        for (int32_t c = 0; c < CLASSES; c++) {
            f->p->scores_f64[i * CLASSES + c] = share[c] / sum;
        }
    }
    assert_int_equal(assay_predictions_argmax(f->p, NULL), ASSAY_OK);
    assay_predictions_check_scores(f->p);
    for (int32_t k = 0; k < n; k++) {
        assert_int_equal(assay_args_new(&f->metrics[k], ops[k], NULL), ASSAY_OK);
    }
    f->context.threads = 1;
    f->place.sweep = -1;
    f->plan = (assay_plan){.level = 0.95,
                           .replicates = -1,
                           .seed = 1,
                           .contexts = &f->place,
                           .n_contexts = 1,
                           .metrics = f->metrics,
                           .n_metrics = n};
    f->run.context = &f->context;
    f->run.plan = &f->plan;
    const assay_evaluate_options options = {.replicates = -1};
    assay_result_init(&f->cell.result, f->run.arena);
    assert_int_equal(assay_evaluate(&f->cell.result, f->p, NULL,
                                    (const assay_args *const *)f->metrics, (size_t)n, &options,
                                    NULL),
                     ASSAY_OK);
}

static void stop(fixture *f)
{
    for (int32_t k = 0; k < f->plan.n_metrics; k++) {
        assay_args_free(f->metrics[k]);
    }
    assay_predictions_free(f->p);
    assay_arena_free(f->run.arena);
}

static void check(fixture *f)
{
    f->run.recomputed = f->run.differences = f->run.relations = f->run.relations_off = 0;
    f->run.n_findings = 0;
    assert_int_equal(assay_run_self_check(&f->run, &f->cell, f->p, NULL, NULL), ASSAY_OK);
}

static void test_tampered_value(void **state)
{
    (void)state;
    static const char *const names[] = {"accuracy", "recall",  "f1",         "matthews_correlation",
                                        "log_loss", "roc_auc", "brier_score"};
    const assay_op *ops[MOST];
    fixture f;
    int32_t n = (int32_t)ASSAY_COUNT(names);
    for (int32_t k = 0; k < n; k++) {
        ops[k] = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, names[k]);
        assert_non_null(ops[k]);
    }
    start(&f, ops, n);
    check(&f);
    /* accuracy, MCC, log loss, Brier; recall and F1 of classes with three averages; AUC with two */
    assert_int_equal(f.run.recomputed, 4 + 2 * (CLASSES + 3) + CLASSES + 2);
    assert_int_equal(f.run.differences, 0);
    assert_int_equal(f.run.relations_off, 0);
    assert_int_equal(f.run.n_findings, 0);
    int64_t seen = 0;
    for (int64_t i = 0; i < f.cell.result.n_measures; i++) {
        assay_measure *m = &f.cell.result.measures[i];
        double right = m->value;
        m->value = right + 1e-6;
        check(&f);
        m->value = right;
        seen += f.run.differences;
        assert_true(f.run.differences <= 1);
        if (f.run.differences == 1) {
            assert_int_equal(f.run.n_findings, 1);
            assert_string_equal(f.run.findings[0].kind, "self_check");
            assert_int_equal(f.run.findings[0].severity, 3);
            assert_non_null(strstr(f.run.findings[0].text, m->metric));
        }
    }
    assert_int_equal(seen, f.run.recomputed);
    stop(&f);
}

/* ---- metrics with a fault ---- */

static void first_row(int32_t *bin, double *const *values, const void *given,
                      const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = i == 0 ? 1.0 + (double)rows->target[i] + (double)rows->label[i] : 1.0;
    }
}

static void class_number(int32_t *bin, double *const *values, const void *given,
                         const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = (double)rows->label[i];
    }
}

static assay_status finish(assay_result *out, const void *bins, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const assay_metric_bin *all = bins;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    measure->value = assay_sum_value(&all->sum[0]) / all->weight;
    return ASSAY_OK;
}

static void find_fault(void (*rows)(int32_t *, double *const *, const void *, const assay_rows *),
                       const char *what)
{
    fixture f;
    const assay_metric_terms terms = {.values = 1, .rows = rows};
    const assay_metric metric = {.finish = finish, .terms = &terms};
    const assay_op op = {.kind = ASSAY_OP_METRIC,
                         .revision = 1,
                         .name = "faulty",
                         .needs = ASSAY_NEEDS_LABEL,
                         .direction = ASSAY_HIGHER_IS_BETTER,
                         .metric = &metric};
    const assay_op *const ops[] = {&op};
    start(&f, ops, 1);
    f.p->target[0] = f.p->label[0] = 2; /* unlike the last row */
    f.p->target[ROWS - 1] = f.p->label[ROWS - 1] = 0;
    check(&f);
    assert_int_equal(f.run.relations, 2);
    assert_true(f.run.relations_off >= 1);
    bool told = false;
    for (int32_t i = 0; i < f.run.n_findings; i++) {
        told = told || (strstr(f.run.findings[i].text, "faulty") != NULL &&
                        strstr(f.run.findings[i].text, what) != NULL);
    }
    assert_true(told);
    stop(&f);
}

static void test_broken_relations(void **state)
{
    (void)state;
    find_fault(first_row, "with the rows in the opposite order");
    find_fault(class_number, "with the classes in the opposite order");
}

/* ---- every metric against its second computation ---- */

enum { MANY = 256, FEW_CLASSES = 2, SOME_CLASSES = 5, SET_ROWS = 300, MORE_ROWS = 2100 };

/* Beside all metrics with their defaults. */
static const char *const variants[] = {
    "balanced_accuracy:adjusted=true",
    "cohens_kappa:weights=linear",
    "cohens_kappa:weights=quadratic",
    "no_information_rate:report=gain",
    "recall:zero_division=zero",
    "precision:zero_division=zero",
    "negative_predictive_value:zero_division=zero",
    "f_beta:beta=0.5",
    "expected_cost:false_positive=3,false_negative=0.5",
    "false_alarms_per_exposure:exposure=2.5",
    "log_loss:clip=0.01",
    "brier_score:half=true",
    "top_k_accuracy:k=2",
    "top_k_accuracy:k=2,ties=higher_index",
    "top_k_accuracy:k=2,ties=right",
    "top_k_accuracy:k=1,ties=wrong",
    "top_k_accuracy:k=2,ties=shared",
    "matrix_cost:decide=least_cost",
    "roc_auc:max_fpr=0.1",
    "roc_auc:max_fpr=0.37",
    "average_precision:interpolation=envelope",
    "average_precision:interpolation=11_points",
    "average_precision:interpolation=101_points",
    "precision_at_recall:recall=0.5",
    "recall_at_precision:precision=0.6",
    "recall_at_fpr:fpr=0.25",
    "specificity_at_recall:recall=0.5",
    "equal_error_rate:at=crossing",
    "log_auc:from=0.02,to=0.6",
    "net_benefit:threshold=0.3",
    "optimal_threshold:report=cost",
    "optimal_threshold:false_positive=0.3",
    "expected_calibration_error:norm=l2",
    "expected_calibration_error:norm=max",
    "expected_calibration_error:bins=10,edges=left_closed",
    "expected_calibration_error:bins=8,edges=mapie",
    "expected_calibration_error:bins=10,binning=equal_mass",
    "expected_calibration_error:bins=6,binning=equal_mass,edges=left_closed",
    "expected_calibration_error:bins=6,binning=equal_mass,edges=mapie",
    "debiased_calibration_error:binning=equal_mass",
    "classwise_calibration_error:bins=10,edges=left_closed",
    "classwise_calibration_error:bins=7,binning=equal_mass",
    "classwise_calibration_error:bins=7,edges=mapie",
    "brier_decomposition:part=resolution",
    "brier_decomposition:part=uncertainty",
    "kernel_calibration_error:bandwidth=0.1",
    "kde_calibration_error:bandwidth=0.2",
    "spiegelhalter_test:alternative=greater",
    "spiegelhalter_test:value=statistic",
    "calibration_test:statistic=kuiper",
    "calibration_test:value=statistic",
    "calibration_test:statistic=kuiper,value=statistic",
};

typedef struct setting {
    int32_t classes;
    bool floats, weighted, absent, labels_apart;
    bool level;    /* weights such that limits lie on sums of them, which are rounded */
    int32_t steps; /* of scores: few make ties */
    bool more;     /* rows, beyond the pairs of kernel_calibration_error */
} setting;

static double score_of(const assay_predictions *p, int64_t i, int32_t c)
{
    int64_t at = i * p->classes + c;
    return p->scores_f32 ? (double)p->scores_f32[at] : p->scores_f64[at];
}

static void fill(assay_predictions *p, const setting *s, uint64_t seed)
{
    static const char *const names[SOME_CLASSES] = {"a", "b", "c", "d", "e"};
    for (int32_t c = 0; c < s->classes; c++) {
        p->class_names[c] = names[c];
    }
    for (int64_t i = 0; i < p->n; i++) {
        assay_rng rng = assay_rng_stream(seed, 1, (uint64_t)i);
        double share[SOME_CLASSES], sum = 0.0;
        uint32_t among = (uint32_t)(s->absent ? s->classes - 1 : s->classes);
        p->target[i] = (int32_t)assay_rng_below(&rng, among);
        for (int32_t c = 0; c < s->classes; c++) {
            bool never = s->absent && c == s->classes - 1;
            double drawn = (double)assay_rng_below(&rng, (uint64_t)s->steps) / s->steps;
            share[c] = never ? 0.0 : 0.2 + drawn + (c == p->target[i] ? 0.4 : 0.0);
            sum += share[c];
        }
        for (int32_t c = 0; c < s->classes; c++) {
            if (s->floats) {
                p->scores_f32[i * s->classes + c] = (float)(share[c] / sum);
            } else {
                p->scores_f64[i * s->classes + c] = share[c] / sum;
            }
        }
        if (s->weighted) {
            double drawn = (double)assay_rng_below(&rng, 1000) / 300.0;
            p->weights[i] = i % 7 == 0 ? 0.0 : s->level ? 0.1 : 0.1 + drawn;
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    for (int64_t i = 0; s->labels_apart && i < p->n; i += 5) {
        p->label[i] = (p->label[i] + 1) % s->classes; /* not the class of highest score */
    }
    assay_predictions_check_scores(p);
    assert_true(p->scores_are_probabilities);
    assert_true(score_of(p, 0, 0) >= 0.0);
}

static size_t all_metrics(assay_args **out, int32_t classes)
{
    size_t n = 0;
    const assay_registry *registry = assay_ops();
    for (size_t i = 0; i < registry->n; i++) {
        const assay_op *op = registry->ops[i];
        if (op->kind == ASSAY_OP_METRIC && op->metric && op->task == ASSAY_TASK_CLASSIFICATION &&
            !(op->needs & ASSAY_NEEDS_GROUPS) && !op->metric->curve_only) {
            assert_int_equal(assay_args_new(&out[n++], op, NULL), ASSAY_OK);
        }
    }
    const char *costs =
        classes == FEW_CLASSES
            ? "matrix_cost:costs=0 1.5; -20 0.25"
            : "matrix_cost:costs=0 1 2 3 4; 1 0 1 2 3; 9 8 7 6 5; 1 1 1 0 1; 0 0 0 0 1e-3";
    assert_int_equal(assay_args_parse(&out[n++], ASSAY_OP_METRIC, costs, NULL), ASSAY_OK);
    for (size_t i = 0; i < ASSAY_COUNT(variants); i++) {
        assert_int_equal(assay_args_parse(&out[n++], ASSAY_OP_METRIC, variants[i], NULL), ASSAY_OK);
    }
    assert_true(n < MANY);
    return n;
}

/* Each value agrees with its second computation, and does not once it is changed. */
static void agree(const setting *s, uint64_t seed, const uint8_t *mask)
{
    assay_args *metrics[MANY];
    assay_predictions *p = NULL;
    fixture f = {.place = {.sweep = 0}}; /* relations and shuffles are tried elsewhere */
    size_t n = all_metrics(metrics, s->classes);
    assert_int_equal(assay_arena_new(&f.run.arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_predictions_new(&p, s->more ? MORE_ROWS : SET_ROWS, s->classes,
                                           s->floats ? 4 : 8, 0, NULL),
                     ASSAY_OK);
    double weights[MORE_ROWS];
    p->weights = s->weighted ? weights : NULL;
    fill(p, s, seed);
    f.plan = (assay_plan){.level = 0.95, .contexts = &f.place, .n_contexts = 1};
    f.run.plan = &f.plan;
    const assay_evaluate_options options = {.replicates = -1};
    assay_result_init(&f.cell.result, f.run.arena);
    assert_int_equal(assay_evaluate(&f.cell.result, p, mask, (const assay_args *const *)metrics, n,
                                    &options, NULL),
                     ASSAY_OK);
    f.p = p;
    assert_int_equal(assay_run_self_check(&f.run, &f.cell, p, mask, NULL), ASSAY_OK);
    for (int32_t i = 0; i < f.run.n_findings; i++) {
        print_error("%s\n", f.run.findings[i].text);
    }
    for (int32_t i = 0; i < f.run.n_missing && !s->level; i++) {
        print_error("not computed again: %s\n", f.run.missing[i]);
    }
    assert_int_equal(f.run.differences, 0);
    int64_t values = 0;
    for (int64_t i = 0; i < f.cell.result.n_measures; i++) {
        values += f.cell.result.measures[i].outcome == ASSAY_OUTCOME_VALUE;
    }
    assert_int_equal(f.run.recomputed + f.run.not_recomputed, values);
    assert_true(s->level || f.run.not_recomputed == 0);
    for (int64_t i = 0; i < f.cell.result.n_measures; i++) {
        assay_measure *m = &f.cell.result.measures[i];
        m->value += 1e-7 * (1.0 + fabs(m->value));
    }
    f.run.differences = f.run.recomputed = 0;
    assert_int_equal(assay_run_self_check(&f.run, &f.cell, p, mask, NULL), ASSAY_OK);
    assert_true(s->level || f.run.differences == values);
    assert_true(f.run.differences > values / 2);
    for (size_t k = 0; k < n; k++) {
        assay_args_free(metrics[k]);
    }
    p->weights = NULL;
    assay_predictions_free(p);
    assay_arena_free(f.run.arena);
}

static void test_every_metric(void **state)
{
    (void)state;
    enum { FINE = 100000, COARSE = 6, SEEDS = 2, LEVEL_SEEDS = 8 };
    static const setting settings[] = {
        {.classes = FEW_CLASSES, .steps = FINE},
        {.classes = FEW_CLASSES, .steps = COARSE},
        {.classes = SOME_CLASSES, .steps = FINE, .floats = true},
        {.classes = SOME_CLASSES, .steps = COARSE, .absent = true},
        {.classes = SOME_CLASSES, .steps = COARSE, .labels_apart = true},
        {.classes = FEW_CLASSES, .steps = COARSE, .weighted = true},
        {.classes = SOME_CLASSES, .steps = FINE, .weighted = true, .floats = true},
        {.classes = SOME_CLASSES, .steps = COARSE, .weighted = true, .absent = true},
        {.classes = FEW_CLASSES, .steps = FINE, .absent = true},
        {.classes = FEW_CLASSES, .steps = COARSE, .more = true},
        {.classes = FEW_CLASSES, .steps = COARSE, .weighted = true, .level = true},
        {.classes = FEW_CLASSES, .steps = FINE, .weighted = true, .level = true},
    };
    uint8_t mask[MORE_ROWS];
    for (int64_t i = 0; i < MORE_ROWS; i++) {
        mask[i] = i % 3 != 0;
    }
    for (size_t i = 0; i < ASSAY_COUNT(settings); i++) {
        uint64_t seeds = settings[i].level ? LEVEL_SEEDS : settings[i].more ? 1 : SEEDS;
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            agree(&settings[i], seed, seed == SEEDS ? mask : NULL);
        }
    }
}

/* ---- gaps between groups, by hand ---- */

static void test_gaps(void **state)
{
    (void)state;
    enum { GAP_ROWS = 8 };
    static const int32_t of[GAP_ROWS] = {0, 0, 0, 0, 1, 1, 1, 1};
    static const int32_t targets[GAP_ROWS] = {0, 0, 1, 1, 0, 0, 1, 1};
    static const int32_t labels[GAP_ROWS] = {0, 1, 1, 1, 0, 0, 0, 1};
    static const char *const names[] = {"left", "right"};
    static const struct {
        const char *metric, *params;
        double value;
    } cases[] = {
        {"accuracy_difference", "{\"least\":4,\"method\":\"between_groups\"}", 0.0},
        {"demographic_parity_difference", "{\"least\":1,\"method\":\"between_groups\"}", 0.5},
        {"demographic_parity_ratio", "{\"least\":1,\"method\":\"between_groups\"}", 1.0 / 3.0},
        {"equal_opportunity_difference", "{\"least\":2,\"method\":\"between_groups\"}", 0.5},
        {"predictive_equality_ratio", "{\"least\":2,\"method\":\"between_groups\"}", 0.0},
        {"equalized_odds_difference", "{\"least\":1,\"agg\":\"worst_case\"}", 0.5},
        {"equalized_odds_ratio", "{\"least\":1,\"agg\":\"mean\"}", 0.25},
        {"predictive_parity_difference", "{\"least\":1}", 1.0 / 3.0},
        {"predictive_parity_difference", "{\"least\":2}", 0.0}, /* of one group */
        {"worst_group_recall", "{\"least\":1}", 0.5},
        {"accuracy_difference", "{\"least\":1,\"method\":\"to_overall\"}", NAN},
        {"calibration_difference", "{\"least\":1}", NAN},
    };
    const assay_groups groups = {.n = 2, .names = names, .of = of, .positive = 1};
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, GAP_ROWS, 2, 0, 0, NULL), ASSAY_OK);
    p->class_names[0] = "no";
    p->class_names[1] = "yes";
    memcpy(p->target, targets, sizeof targets);
    memcpy(p->label, labels, sizeof labels);
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const assay_measure m = {
            .metric = cases[i].metric, .params = cases[i].params, .class_name = "yes"};
        double value = assay_run_again_gap(&m, p, NULL, &groups);
        assert_int_equal(isnan(value), isnan(cases[i].value));
        assert_true(isnan(value) || fabs(value - cases[i].value) < 1e-12);
    }
    assay_predictions_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tampered_value),
        cmocka_unit_test(test_broken_relations),
        cmocka_unit_test(test_every_metric),
        cmocka_unit_test(test_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
