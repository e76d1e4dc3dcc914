/* What the bootstrap replicates of a metric of labels cost, beside the evaluation itself.
 * bench/ranking.py starts this beside scikit-learn on the same arrays.
 *
 * usage: bench_replicates TARGETS LABELS WEIGHTS ROWS CLASSES THREADS METRIC REPLICATES
 * The files hold raw native-endian arrays: int32 targets, int32 labels, doubles ("-": not weighted).
 * Prints one line of JSON: seconds of the evaluation alone, seconds of the replicates alone, and the
 * macro average, or the value of the first measure where there is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "core/evaluate.h"
#include "ops/op_table.h"

static double macro_value(const assay_result *result)
{
    for (int64_t m = 0; m < result->n_measures; m++) {
        const char *average = result->measures[m].average;
        if (average != NULL && strcmp(average, "macro") == 0) {
            return result->measures[m].value;
        }
    }
    return result->measures[0].value;
}

/* The fastest of several rounds. */
static assay_status measure(double *seconds, double *value, const assay_predictions *predictions,
                            const assay_args *args, const assay_evaluate_options *options,
                            assay_error *err)
{
    enum { ROUNDS = 5 };
    *seconds = 1e300;
    for (int round = 0; round < ROUNDS; round++) {
        assay_arena *arena = NULL;
        assay_result result;
        ASSAY_TRY(assay_arena_new(&arena, 0, err));
        assay_result_init(&result, arena);
        double start = bench_seconds(CLOCK_MONOTONIC);
        assay_status status = assay_evaluate(&result, predictions, NULL, &args, 1, options, err);
        double taken = bench_seconds(CLOCK_MONOTONIC) - start;
        if (status == ASSAY_OK) {
            *value = macro_value(&result);
            *seconds = taken < *seconds ? taken : *seconds;
        }
        assay_arena_free(arena);
        ASSAY_TRY(status);
    }
    return ASSAY_OK;
}

static assay_status read_arrays(assay_predictions **out, char **argv, int64_t n, assay_error *err)
{
    int32_t classes = (int32_t)strtol(argv[5], NULL, 10);
    ASSAY_TRY(assay_predictions_new(out, n, classes, 0, 0, err));
    assay_predictions *p = *out;
    bool weighted = strcmp(argv[3], "-") != 0;
    if (weighted) {
        p->weights = assay_arena_alloc(p->arena, (size_t)n, sizeof *p->weights);
    }
    if (bench_load(argv[1], p->target, (size_t)n * sizeof *p->target) != 0 ||
        bench_load(argv[2], p->label, (size_t)n * sizeof *p->label) != 0 ||
        (weighted && (p->weights == NULL ||
                      bench_load(argv[3], p->weights, (size_t)n * sizeof *p->weights) != 0))) {
        return assay_fail(err, ASSAY_EFORMAT, "a file can't be read");
    }
    return ASSAY_OK;
}

int main(int argc, char **argv)
{
    assay_error err = {0};
    assay_predictions *p = NULL;
    assay_args *args = NULL;
    if (argc != 9) {
        (void)fprintf(stderr, "usage: bench_replicates TARGETS LABELS WEIGHTS ROWS CLASSES "
                              "THREADS METRIC REPLICATES\n");
        return 64;
    }
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, argv[7]);
    if (op == NULL || assay_args_new(&args, op, &err) != ASSAY_OK ||
        read_arrays(&p, argv, strtoll(argv[4], NULL, 10), &err) != ASSAY_OK) {
        (void)fprintf(stderr, "bench_replicates: can't start: %s\n", err.message);
        return 65;
    }
    assay_evaluate_options options = {.threads = (int)strtol(argv[6], NULL, 10), .replicates = -1};
    double single = 0.0, all = 0.0, value = 0.0;
    assay_status status = measure(&single, &value, p, args, &options, &err);
    options.replicates = strtoll(argv[8], NULL, 10);
    if (status == ASSAY_OK) {
        status = measure(&all, &value, p, args, &options, &err);
    }
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "bench_replicates: %s\n", err.message);
        return 70;
    }
    printf("{\"metric\": \"%s\", \"evaluation\": %.6f, \"replicates\": %.6f, \"value\": %.17g}\n",
           argv[7], single, all - single, value);
    assay_args_free(args);
    assay_predictions_free(p);
    return 0;
}
