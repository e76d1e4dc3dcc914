/* Every interval operation on metrics that it can be chosen for, as the program applies it; temperature scaling;
 * the tests of calibration. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/metric.h"
#include "core/temperature.h"
#include "coverage/coverage.h"
#include "ops/op_table.h"

enum { MOST_ROWS = 800, BIG = 1000000 };

/* ---- interval operations */

typedef struct world {
    int64_t n; /* rows, or clusters of 1 to 7 of them */
    bool clustered;
} world;

static const double factor = 1.3; /* of the logits: overconfident */

/* Two classes, half and half; the scenes of clustered rows are easy or hard as a whole. */
static assay_predictions *draw(int64_t *units, const world *w, int64_t run)
{
    assay_predictions *p = NULL;
    assay_rng rng = stream("intervals", run);
    int64_t rows = 0;
    for (int64_t k = 0; k < w->n; k++) {
        int64_t size = w->clustered ? 1 + (int64_t)assay_rng_below(&rng, 7) : 1;
        for (int64_t i = 0; i < size; i++) {
            units[rows++] = k;
        }
    }
    must(assay_predictions_new(&p, rows, 2, 8, 0, NULL));
    double scene = 0.0;
    for (int64_t i = 0; i < rows; i++) {
        if (i == 0 || units[i] != units[i - 1]) {
            scene = assay_rng_normal(&rng);
        }
        double shared = w->clustered ? 0.3 : 0.0, side = assay_rng_u32(&rng) % 2 ? 1.0 : -1.0;
        double x =
            side * (0.9 + sqrt(shared) * scene) + sqrt(1.0 - shared) * assay_rng_normal(&rng);
        p->target[i] = side > 0.0;
        p->scores_f64[2 * i + 1] = 1.0 / (1.0 + exp(-factor * 1.8 * x));
        p->scores_f64[2 * i] = 1.0 - p->scores_f64[2 * i + 1];
    }
    must(assay_predictions_argmax(p, NULL));
    assay_predictions_check_scores(p);
    return p;
}

static double measure(double ends[2], const world *w, const assay_args *metric,
                      const assay_args *interval, int64_t run, int64_t replicates,
                      assay_arena *arena)
{
    static int64_t units[BIG];
    assay_predictions *p = draw(units, w, run);
    assay_evaluate_options options = {
        .replicates = replicates, .threads = 1, .seed = (uint64_t)(run + 1)};
    options.units = w->clustered ? units : NULL;
    if (interval != NULL) {
        bool of_areas = interval->op->interval->area != NULL;
        bool of_clusters =
            interval->op->interval->clustered != NULL || interval->op->interval->of_clusters;
        options.area_interval = of_areas ? interval : NULL;
        options.clustered_interval = of_clusters ? interval : NULL;
        options.replicate_interval = !of_areas && !of_clusters ? interval : NULL;
    }
    assay_result out;
    assay_arena_reset(arena);
    assay_result_init(&out, arena);
    must(assay_evaluate(&out, p, NULL, &metric, 1, &options, NULL));
    assay_predictions_free(p);
    ends[0] = out.measures[0].low;
    ends[1] = out.measures[0].high;
    return out.measures[0].value;
}

static void interval_row(coverage *c, const assay_op *op, const char *metric, const world *w,
                         double slack)
{
    row r = {.method = op->name, .nominal = 0.95, .promise = ABOUT, .slack = slack};
    const world big = {.n = w->clustered ? BIG / 5 : BIG, .clustered = w->clustered};
    int64_t runs = c->full ? 400 : 40, replicates = c->full ? 400 : 200, held = 0, known = 0;
    assay_args *interval = NULL, *of = NULL;
    assay_arena *arena = NULL;
    double ends[2];
    must(assay_arena_new(&arena, 0, NULL));
    must(assay_args_new(&interval, op, NULL));
    must(assay_args_new(&of, assay_registry_find(assay_ops(), ASSAY_OP_METRIC, metric), NULL));
    double truth = measure(ends, &big, of, NULL, -1, -1, arena);
    for (int64_t run = 0; run < runs; run++) {
        (void)measure(ends, w, of, interval, run, replicates, arena);
        known += !isnan(ends[0]);
        held += ends[0] <= truth && truth <= ends[1];
    }
    (void)snprintf(r.setting, sizeof r.setting, "%s, %" PRId64 " %s", metric, w->n,
                   w->clustered ? "clusters of 1 to 7" : "rows");
    row_count(&r, held, known);
    row_end(c, &r);
    assay_args_free(of);
    assay_args_free(interval);
    assay_arena_free(arena);
}

static void interval_table(coverage *c, int64_t n, bool clustered, double slack)
{
    static const char *const resampled[] = {"f1", "brier_score", "log_loss"};
    const assay_registry *ops = assay_ops();
    const world w = {n, clustered};
    for (size_t i = 0; i < ops->n; i++) {
        const assay_op *op = ops->ops[i];
        if (op->kind != ASSAY_OP_INTERVAL) {
            continue;
        }
        const assay_interval *v = op->interval;
        bool of_clusters = v->clustered != NULL || v->of_clusters;
        bool replicates = v->replicates != NULL || v->jackknifed != NULL || v->studentised != NULL;
        for (int k = 0; k < 3 && replicates && !v->distances && !of_clusters; k++) {
            if (v->studentised == NULL || (c->full && n == 100)) {
                interval_row(c, op, resampled[k], &w, slack);
            }
        }
        if (v->area != NULL) {
            interval_row(c, op, "roc_auc", &w, slack);
        }
        if (of_clusters && clustered) {
            interval_row(c, op, "accuracy", &w, slack);
        }
    }
}

/* ---- temperature scaling */

static void temperature_row(coverage *c, int64_t n, double temperature, double slack)
{
    row r = {.method = "Temperature", .nominal = 0.95, .promise = ABOUT, .slack = slack};
    int64_t runs = c->full ? 4000 : 100, held = 0, known = 0;
    assay_arena *arena = NULL;
    must(assay_arena_new(&arena, 0, NULL));
    for (int64_t run = 0; run < runs; run++) {
        assay_predictions *p = NULL;
        assay_temperature t;
        assay_rng rng = stream("temperature", run);
        const assay_evaluate_options options = {.level = 0.95, .replicates = -1, .threads = 1};
        must(assay_predictions_new(&p, n, 2, 8, 0, NULL));
        for (int64_t i = 0; i < n; i++) {
            /* rows differ in how sure one can be; scores are those of a calibrated model, sharpened */
            double logit = 2.0 * assay_rng_normal(&rng);
            p->target[i] = assay_rng_uniform(&rng) < 1.0 / (1.0 + exp(-logit));
            p->scores_f64[2 * i + 1] = 1.0 / (1.0 + exp(-temperature * logit));
            p->scores_f64[2 * i] = 1.0 - p->scores_f64[2 * i + 1];
        }
        must(assay_predictions_argmax(p, NULL));
        assay_predictions_check_scores(p);
        assay_arena_reset(arena);
        must(assay_temperature_fit(&t, arena, p, NULL, NULL, 0, &options, NULL));
        assay_predictions_free(p);
        known += t.reason == NULL;
        held += t.reason == NULL && t.low <= temperature && temperature <= t.high;
    }
    assay_arena_free(arena);
    (void)snprintf(r.setting, sizeof r.setting, "T = %g, %" PRId64 " rows", temperature, n);
    row_count(&r, held, known);
    row_end(c, &r);
}

/* ---- tests of calibration */

static void calibration_test_row(coverage *c, const char *text, const char *name, int64_t n,
                                 double slack)
{
    row r = {.method = text, .nominal = 0.95, .promise = ABOUT, .slack = slack};
    int64_t runs = c->full ? c->runs : 200, kept = 0;
    assay_args *args = NULL;
    assay_arena *arena = NULL;
    must(assay_arena_new(&arena, 0, NULL));
    must(assay_args_new(&args, assay_registry_find(assay_ops(), ASSAY_OP_METRIC, name), NULL));
    if (strstr(text, "Kuiper") != NULL) {
        must(assay_args_set(args, "statistic", "kuiper", NULL));
    }
    for (int64_t run = 0; run < runs; run++) {
        assay_predictions *p = NULL;
        assay_rng rng = stream("calibrated", run);
        const assay_evaluate_options options = {.level = 0.95, .replicates = -1, .threads = 1};
        must(assay_predictions_new(&p, n, 2, 8, 0, NULL));
        for (int64_t i = 0; i < n; i++) {
            p->scores_f64[2 * i + 1] = assay_rng_uniform(&rng);
            p->scores_f64[2 * i] = 1.0 - p->scores_f64[2 * i + 1];
            p->target[i] = assay_rng_uniform(&rng) < p->scores_f64[2 * i + 1];
        }
        must(assay_predictions_argmax(p, NULL));
        assay_predictions_check_scores(p);
        assay_result out;
        assay_arena_reset(arena);
        assay_result_init(&out, arena);
        must(assay_evaluate(&out, p, NULL, (const assay_args *const *)&args, 1, &options, NULL));
        assay_predictions_free(p);
        kept += !(out.measures[0].value <= 0.05);
    }
    assay_args_free(args);
    assay_arena_free(arena);
    (void)snprintf(r.setting, sizeof r.setting, "a calibrated model, %" PRId64 " rows", n);
    row_count(&r, kept, runs);
    row_end(c, &r);
}

void cover_intervals(coverage *c)
{
    section("Every choice of interval, temperature, tests of calibration",
            "What `--interval` chooses for metrics that are resampled, for areas and for clusters; "
            "the interval of the temperature; and the share of calibrated models that the tests of "
            "calibration leave alone.");
    interval_table(c, 100, false, 0.04);
    interval_table(c, 40, true, 0.04);
    temperature_row(c, 200, 1.5, 0.02);
    calibration_test_row(c, "Spiegelhalter's test", "spiegelhalter_test", 100, 0.01);
    calibration_test_row(c, "Kolmogorov-Smirnov test of calibration", "calibration_test", 100,
                         0.01);
    calibration_test_row(c, "Kuiper's test of calibration", "calibration_test", 100, 0.01);
    if (c->full) {
        interval_table(c, 400, false, 0.03);
        interval_table(c, 120, true, 0.03);
        temperature_row(c, 60, 1.0, 0.03);
        temperature_row(c, 1000, 2.5, 0.01);
    }
}
