/* Predictions to check metrics on, and their evaluation. */
#include <math.h>

#include "base/rng.h"
#include "operation/metric_data.h"

assay_predictions *harness_predictions(int64_t n, int32_t classes, int scores)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, n, classes, scores, 0, NULL), ASSAY_OK);
    return p;
}

void harness_score(assay_predictions *p, int64_t i, int32_t k, double value)
{
    if (p->scores_f32 != NULL) {
        p->scores_f32[i * p->classes + k] = (float)value;
    } else {
        p->scores_f64[i * p->classes + k] = value;
    }
}

/* Probabilities that favour the target; every fifth row in tenths, so that there are ties. */
assay_predictions *harness_random_predictions(int64_t n, int32_t classes, int scores, uint64_t seed)
{
    assay_predictions *p = harness_predictions(n, classes, scores);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(seed, 1, (uint64_t)i);
        p->target[i] = (int32_t)assay_rng_below(&rng, (uint64_t)classes);
        double sum = 0.0;
        double row[64];
        assert_true(classes <= 64);
        for (int32_t k = 0; k < classes; k++) {
            double noise = i % 5 == 0 ? (double)assay_rng_below(&rng, 3) : assay_rng_normal(&rng);
            row[k] = exp(noise + (k == p->target[i] ? 1.0 : 0.0));
            sum += row[k];
        }
        for (int32_t k = 0; k < classes; k++) {
            harness_score(p, i, k, row[k] / sum);
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_true(p->scores_are_probabilities);
    return p;
}

assay_predictions *harness_random_sets(int64_t n, int32_t classes, int scores, uint64_t seed)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new_multilabel(&p, n, classes, scores, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(seed, 3, (uint64_t)i);
        for (int32_t k = 0; k < classes; k++) {
            int64_t at = i * classes + k;
            double chance = k == classes - 1 ? 0.05 : 0.4;
            bool truth = assay_rng_uniform(&rng) < chance;
            truth = i % 17 == 3 ? false : (i % 17 == 5 ? true : truth);
            double score = assay_rng_uniform(&rng);
            score = truth ? sqrt(score) : score * score;
            score = i % 5 == 0 ? round(score * 10.0) / 10.0 : score;
            p->truth_set[at] = truth;
            p->label_set[at] = score >= 0.5;
            harness_score(p, i, k, score);
        }
    }
    assay_predictions_check_scores(p);
    return p;
}

assay_predictions *harness_random_values(int64_t n, uint64_t seed)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new_regression(&p, n, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(seed, 2, (uint64_t)i);
        double truth = exp(assay_rng_normal(&rng));
        double value = truth * exp(0.3 * assay_rng_normal(&rng));
        p->truth[i] = i % 5 == 0 ? ceil(truth) : truth;
        p->value[i] = i % 5 == 0 ? ceil(value) : value;
    }
    return p;
}

const assay_groups *harness_groups(assay_arena *arena, const assay_predictions *p,
                                   const assay_op *op)
{
    static const char *const names[] = {"low", "middle", "high"};
    if ((op->needs & ASSAY_NEEDS_GROUPS) == 0) {
        return NULL;
    }
    assay_groups *groups = assay_arena_alloc(arena, 1, sizeof *groups);
    int32_t *of = assay_arena_alloc(arena, (size_t)p->n, sizeof *of);
    assert_true(groups != NULL && of != NULL);
    for (int64_t i = 0; i < p->n; i++) {
        double most = 0.0; /* does not change when classes change places */
        if (p->value != NULL) {
            most = isfinite(p->value[i]) ? fmod(fabs(p->value[i]), 1e6) : 0.0;
        }
        for (int32_t k = 0; k < p->classes && p->value == NULL; k++) {
            double score = p->scores_f32 != NULL   ? (double)p->scores_f32[i * p->classes + k]
                           : p->scores_f64 != NULL ? p->scores_f64[i * p->classes + k]
                                                   : (double)(p->label[i] == k) * (double)i;
            most = fmax(most, score);
        }
        of[i] = (int32_t)fmod(most * 1000.0, 3.0);
    }
    *groups = (assay_groups){.n = 3, .names = names, .of = of, .positive = -1};
    return groups;
}

static void add_column(assay_table *table, const char *name, const assay_predictions *p,
                       double (*of)(double value))
{
    assay_column *column = NULL;
    assert_int_equal(assay_table_add(&column, table, name, ASSAY_COLUMN_REAL, NULL), ASSAY_OK);
    for (int64_t i = 0; i < p->n; i++) {
        column->reals[i] = of(p->value[i]);
        column->valid[i] = 1;
    }
}

static double lower(double value)
{
    return value - 0.4 * fabs(value);
}

static double itself(double value)
{
    return value;
}

static double upper(double value)
{
    return value + 0.6 * fabs(value);
}

static double deviation(double value)
{
    return 0.1 + 0.3 * fabs(value);
}

/* What some metrics of regression need beside the value, as a function of it. */
static assay_table *harness_forecast(const assay_predictions *p)
{
    assay_table *table = NULL;
    assert_int_equal(assay_table_new(&table, p->n, 0, NULL), ASSAY_OK);
    add_column(table, "q0.95", p, upper);
    add_column(table, "quantile_0.05", p, lower);
    add_column(table, "q_0.5", p, itself);
    add_column(table, "sigma", p, deviation);
    add_column(table, "member_1", p, upper);
    add_column(table, "member_2", p, lower);
    add_column(table, "member_3", p, deviation);
    return table;
}

harness_evaluation harness_evaluate(const assay_predictions *p, const uint8_t *mask,
                                    const assay_args *args, int64_t replicates, int threads)
{
    return harness_evaluate_groups(p, mask, args, replicates, threads, NULL);
}

harness_evaluation harness_evaluate_groups(const assay_predictions *p, const uint8_t *mask,
                                           const assay_args *args, int64_t replicates, int threads,
                                           const assay_groups *groups)
{
    harness_evaluation e = {0};
    assay_error err = {0};
    assay_evaluate_options options = {.replicates = replicates, .threads = threads, .seed = 7};
    assert_int_equal(assay_arena_new(&e.arena, 0, NULL), ASSAY_OK);
    assay_result_init(&e.result, e.arena);
    options.groups = groups != NULL ? groups : harness_groups(e.arena, p, args->op);
    assay_predictions with = *p;
    bool lacks = p->value != NULL && p->columns == NULL && args->op->needs > ASSAY_NEEDS_GROUPS;
    with.columns = lacks ? harness_forecast(p) : p->columns;
    if (assay_evaluate(&e.result, &with, mask, &args, 1, &options, &err) != ASSAY_OK) {
        fail_msg("%s: %s", args->op->name, err.message);
    }
    if (lacks) {
        assay_table_free(with.columns);
    }
    return e;
}

bool harness_same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

bool harness_close(double a, double b, double tolerance)
{
    return harness_same(a, b) || fabs(a - b) <= tolerance * fmax(1.0, fabs(b));
}
