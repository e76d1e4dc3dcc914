/* Metrics from arrays: accuracy, confusion matrix, precision, recall, F1 per class, log loss and
 * expected calibration error together, from the scores to the results. bench/metrics.py starts this
 * beside scikit-learn on the same array.
 *
 * usage: bench_metrics SCORES TARGET ROWS CLASSES f32|f64 THREADS [REPLICATES]
 * The files hold raw native-endian arrays: scores row by row, targets as int32. Prints one line of
 * JSON: seconds, peak memory in bytes and the values. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "core/evaluate.h"
#include "ops/op_table.h"

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { METRICS = 7, ROUNDS = 5 };

static assay_status evaluate(assay_predictions *predictions, assay_args *const *metrics,
                             const assay_evaluate_options *options, int print, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_result result;
    ASSAY_GOTO(assay_arena_new(&arena, 0, err), done);
    assay_result_init(&result, arena);
    ASSAY_GOTO(assay_predictions_argmax(predictions, err), done);
    ASSAY_GOTO(assay_evaluate(&result, predictions, NULL, (const assay_args *const *)metrics,
                              METRICS, options, err),
               done);
    for (int64_t m = 0; print && m < result.n_measures; m++) {
        const assay_measure *measure = &result.measures[m];
        if (measure->class_name == NULL) {
            printf("%s\"%s%s%s\": %.17g", m > 0 ? ", " : "", measure->metric,
                   measure->average != NULL ? "_" : "",
                   measure->average != NULL ? measure->average : "", measure->value);
        }
    }
done:
    assay_arena_free(arena);
    return status;
}

int main(int argc, char **argv)
{
    static const char *const names[METRICS] = {
        "accuracy", "confusion_matrix",          "precision", "recall", "f1",
        "log_loss", "expected_calibration_error"};
    if (argc < 7) {
        (void)fprintf(stderr, "usage: bench_metrics SCORES TARGET ROWS CLASSES f32|f64 THREADS "
                              "[REPLICATES]\n");
        return 64;
    }
    assay_error err = {0};
    assay_predictions *predictions = NULL;
    assay_args *metrics[METRICS] = {0};
    double seconds[ROUNDS];
    int64_t rows = strtoll(argv[3], NULL, 10);
    int32_t classes = (int32_t)strtol(argv[4], NULL, 10);
    size_t width = strcmp(argv[5], "f32") == 0 ? 4 : 8;
    assay_evaluate_options options = {.threads = (int)strtol(argv[6], NULL, 10),
                                      .replicates = argc > 7 ? strtoll(argv[7], NULL, 10) : -1};
    assay_status status = assay_predictions_new(&predictions, rows, classes, (int)width, 0, &err);
    for (int m = 0; status == ASSAY_OK && m < METRICS; m++) {
        const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, names[m]);
        status = assay_args_new(&metrics[m], op, &err);
    }
    if (status == ASSAY_OK) {
        void *scores = width == 4 ? (void *)predictions->scores_f32 : predictions->scores_f64;
        if (bench_load(argv[1], scores, (size_t)rows * (size_t)classes * width) != 0 ||
            bench_load(argv[2], predictions->target, (size_t)rows * sizeof(int32_t)) != 0) {
            (void)fprintf(stderr, "cannot read %s or %s\n", argv[1], argv[2]);
            return 66;
        }
    }
    printf("{");
    for (int r = 0; status == ASSAY_OK && r < ROUNDS; r++) {
        double start = bench_seconds(CLOCK_MONOTONIC);
        status = evaluate(predictions, metrics, &options, 0, &err);
        seconds[r] = bench_seconds(CLOCK_MONOTONIC) - start;
    }
    if (status == ASSAY_OK) {
        status = evaluate(predictions, metrics, &options, 1, &err);
    }
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 70;
    }
    qsort(seconds, ROUNDS, sizeof seconds[0], compare_doubles);
    printf(", \"seconds\": %.6f, \"slowest\": %.6f, \"peak_bytes\": %lld}\n", seconds[ROUNDS / 2],
           seconds[ROUNDS - 1], 1024LL * bench_peak_kib());
    for (int m = 0; m < METRICS; m++) {
        assay_args_free(metrics[m]);
    }
    assay_predictions_free(predictions);
    return 0;
}
