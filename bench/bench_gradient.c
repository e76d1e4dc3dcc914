/*
 * Input gradients beside forward passes of the same model, in one thread, one after the other.
 *
 *   bench_gradient MODEL.onnx BATCH REPEATS
 *
 * Prints "forward_seconds gradient_seconds ratio" for one batch: the least processor time of REPEATS
 * runs each, which neighbours on the machine disturb the least. Scores are taken as logits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "adapters/onnxruntime/onnx_model.h"
#include "base/alloc.h"
#include "bench.h"

typedef struct data {
    float *x, *gradient, *scores;
    int32_t *labels;
} data;

static assay_status take(data *d, const assay_model *model, assay_error *err)
{
    size_t n = (size_t)model->spec.batch;
    size_t size = (size_t)model->channels * (size_t)model->height * (size_t)model->width;
    d->x = assay_alloc(n * size, sizeof(float));
    d->gradient = assay_alloc(n * size, sizeof(float));
    d->scores = assay_alloc(n * (size_t)model->spec.classes, sizeof(float));
    d->labels = assay_alloc(n, sizeof(int32_t));
    for (size_t i = 0; d->x != NULL && i < n * size; i++) {
        d->x[i] = (float)(i * 2654435761U % 1000U) / 500.0F - 1.0F;
    }
    return d->x == NULL || d->gradient == NULL || d->scores == NULL || d->labels == NULL
               ? assay_fail_memory(err)
               : ASSAY_OK;
}

static assay_status measure(double best[2], assay_model *model, const data *d, int repeats,
                            assay_error *err)
{
    const assay_model_batch batch = {.n = model->spec.batch, .tensor = d->x};
    const assay_loss loss = {ASSAY_LOSS_CROSS_ENTROPY, d->labels, NULL};
    for (int i = -1; i < repeats; i++) { /* the first run makes the session */
        double start = bench_seconds(CLOCK_THREAD_CPUTIME_ID);
        ASSAY_TRY(assay_model_run(model, d->scores, NULL, &batch, err));
        double middle = bench_seconds(CLOCK_THREAD_CPUTIME_ID);
        ASSAY_TRY(assay_model_gradient(model, d->gradient, NULL, NULL, &batch, &loss, err));
        double end = bench_seconds(CLOCK_THREAD_CPUTIME_ID);
        best[0] = i <= 0 || middle - start < best[0] ? middle - start : best[0];
        best[1] = i <= 0 || end - middle < best[1] ? end - middle : best[1];
    }
    return ASSAY_OK;
}

int main(int argc, char **argv)
{
    assay_model *model = NULL;
    assay_error err = {0};
    data d = {NULL, NULL, NULL, NULL};
    double best[2] = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: bench_gradient MODEL.onnx BATCH REPEATS\n");
        return 64;
    }
    assay_model_spec spec = {
        .path = argv[1], .batch = strtoll(argv[2], NULL, 10), .scores = ASSAY_SCORES_LOGITS};
    assay_preprocess_init(&spec.preprocess);
    assay_status status = assay_onnx_model_open(&model, &spec, argv[1], &err);
    if (status == ASSAY_OK) {
        status = take(&d, model, &err);
    }
    if (status == ASSAY_OK) {
        status = measure(best, model, &d, (int)strtol(argv[3], NULL, 10), &err);
    }
    if (status == ASSAY_OK) {
        printf("%.6f %.6f %.3f\n", best[0], best[1], best[1] / best[0]);
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    assay_free(d.x);
    assay_free(d.gradient);
    assay_free(d.scores);
    assay_free(d.labels);
    assay_model_free(model);
    return status == ASSAY_OK ? 0 : 1;
}
