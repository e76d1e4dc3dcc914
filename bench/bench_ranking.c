/* ROC AUC and average precision from an array of scores of two classes. bench/ranking.py starts this
 * beside scikit-learn on the same array.
 *
 * usage: bench_ranking SCORES TARGET ROWS THREADS METRIC REPLICATES
 * The files hold raw native-endian arrays: one double per row, the score of the second class (the
 * first has 1 minus it), and int32 targets. Prints one line of JSON: seconds, seconds of processor time
 * over all threads, and the last value. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "core/evaluate.h"
#include "ops/op_table.h"

static assay_status once(double *value, const assay_predictions *predictions,
                         const assay_args *args, const assay_evaluate_options *options,
                         assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_result result;
    ASSAY_GOTO(assay_arena_new(&arena, 0, err), done);
    assay_result_init(&result, arena);
    ASSAY_GOTO(assay_evaluate(&result, predictions, NULL, &args, 1, options, err), done);
    *value = result.measures[result.n_measures - 1].value;
done:
    assay_arena_free(arena);
    return status;
}

int main(int argc, char **argv)
{
    enum { ROUNDS = 5 };
    assay_error err = {0};
    assay_predictions *p = NULL;
    assay_args *args = NULL;
    if (argc != 7) {
        (void)fprintf(stderr,
                      "usage: bench_ranking SCORES TARGET ROWS THREADS METRIC REPLICATES\n");
        return 64;
    }
    long long n = strtoll(argv[3], NULL, 10);
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, argv[5]);
    double *scores = malloc((size_t)n * sizeof *scores);
    if (op == NULL || scores == NULL || assay_args_new(&args, op, &err) != ASSAY_OK ||
        assay_predictions_new(&p, n, 2, 8, 0, &err) != ASSAY_OK ||
        bench_load(argv[1], scores, (size_t)n * sizeof *scores) != 0 ||
        bench_load(argv[2], p->target, (size_t)n * sizeof *p->target) != 0) {
        (void)fprintf(stderr, "bench_ranking: can't start: %s\n", err.message);
        return 65;
    }
    for (long long i = 0; i < n; i++) {
        p->scores_f64[2 * i] = 1.0 - scores[i];
        p->scores_f64[2 * i + 1] = scores[i];
    }
    free(scores);
    if (assay_predictions_argmax(p, &err) != ASSAY_OK) {
        return 65;
    }
    assay_evaluate_options options = {.threads = (int)strtol(argv[4], NULL, 10),
                                      .replicates = strtoll(argv[6], NULL, 10)};
    double best = 1e300, least = 1e300;
    double value = 0.0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_seconds(CLOCK_MONOTONIC),
               busy = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
        if (once(&value, p, args, &options, &err) != ASSAY_OK) {
            (void)fprintf(stderr, "bench_ranking: %s\n", err.message);
            return 70;
        }
        double seconds = bench_seconds(CLOCK_MONOTONIC) - start;
        busy = bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - busy;
        best = seconds < best ? seconds : best;
        least = busy < least ? busy : least;
    }
    printf("{\"metric\": \"%s\", \"seconds\": %.6f, \"processor\": %.6f, \"value\": %.17g}\n",
           argv[5], best, least, value);
    assay_args_free(args);
    assay_predictions_free(p);
    return 0;
}
