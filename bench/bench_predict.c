/*
 * Image evaluation end to end, and ONNX Runtime alone on the same prepared tensors.
 *
 *   bench_predict evaluate MODEL FOLDER THREADS BATCH
 *       opens the folder, predicts every image: decoding, resizing, inference
 *   bench_predict raw MODEL FOLDER WORKERS INTRA BATCH
 *       prepares all tensors first, then times ONNX Runtime's C interface alone: WORKERS threads call
 *       one session that uses INTRA threads for each call, with ONNX Runtime's own defaults otherwise
 *
 * Prints "images seconds cpu_seconds peak_kib digest". Images go through Resize(256), CenterCrop(224), ImageNet
 * mean and std.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "adapters/filesystem/dataset_open.h"
#include "adapters/onnxruntime/onnx_model.h"
#include "adapters/onnxruntime/ort_library.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "bench.h"
#include "core/predict.h"

enum { SIDE = 224, VALUES = 3 * SIDE * SIDE };

static assay_model_spec recipe(const char *path, int64_t batch)
{
    static const double mean[3] = {0.485, 0.456, 0.406};
    static const double std[3] = {0.229, 0.224, 0.225};
    assay_model_spec spec = {.path = path, .batch = batch, .scores = ASSAY_SCORES_LOGITS};
    assay_preprocess_init(&spec.preprocess);
    spec.preprocess.color = ASSAY_COLOR_RGB;
    spec.preprocess.n_steps = 2;
    spec.preprocess.steps[0] = (assay_step){
        .kind = ASSAY_STEP_RESIZE_SHORT, .size = 256, .mode = ASSAY_RESIZE_PILLOW_BILINEAR};
    spec.preprocess.steps[1] =
        (assay_step){.kind = ASSAY_STEP_CENTER_CROP, .width = SIDE, .height = SIDE};
    memcpy(spec.preprocess.mean, mean, sizeof mean);
    memcpy(spec.preprocess.std, std, sizeof std);
    return spec;
}

typedef struct stopwatch {
    double wall, cpu; /* seconds */
} stopwatch;

static stopwatch now(void)
{
    struct rusage use;
    (void)getrusage(RUSAGE_SELF, &use);
    return (stopwatch){assay_clock_seconds(),
                       (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec)};
}

static void report(int64_t images, stopwatch start, const char *digest)
{
    stopwatch end = now();
    printf("%lld %.6f %.6f %ld %s\n", (long long)images, end.wall - start.wall, end.cpu - start.cpu,
           bench_peak_kib(), digest);
}

static assay_status evaluate(const char *path, const assay_dataset *dataset, int threads,
                             int64_t batch, assay_error *err)
{
    assay_model_spec spec = recipe(path, batch);
    assay_model *model = NULL;
    assay_predictions *predictions = NULL;
    assay_predict_options options = {.threads = threads};
    ASSAY_TRY(assay_onnx_model_open(&model, &spec, "bench", err));
    stopwatch start = now();
    assay_status status = assay_predict(&predictions, model, dataset, &options, err);
    if (status == ASSAY_OK) {
        report(dataset->n, start, predictions->digest);
    }
    assay_predictions_free(predictions);
    assay_model_free(model);
    return status;
}

typedef struct raw_job {
    assay_ort ort;
    OrtSession *session;
    OrtMemoryInfo *memory;
    const char *input, *output;
    float *tensors;
    int64_t n, batch;
} raw_job;

static assay_status prepare_one(void *payload, int64_t i, int worker, assay_error *err)
{
    (void)worker;
    void *const *job = payload;
    const assay_dataset *dataset = job[0];
    const assay_model_spec *spec = job[1];
    float *tensors = job[2];
    assay_image image = {0};
    ASSAY_TRY(assay_dataset_image(dataset, i, &image, err));
    assay_status status = assay_preprocess_run(tensors + i * VALUES, ASSAY_DTYPE_F32, 3, SIDE, SIDE,
                                               &image, &spec->preprocess, err);
    assay_image_dispose(&image);
    return status;
}

static assay_status run_batch(void *payload, int64_t block, int worker, assay_error *err)
{
    (void)worker;
    raw_job *job = payload;
    const OrtApi *api = job->ort.api;
    int64_t first = block * job->batch;
    int64_t n = job->n - first < job->batch ? job->n - first : job->batch;
    const int64_t shape[4] = {n, 3, SIDE, SIDE};
    OrtValue *input = NULL;
    OrtValue *output = NULL;
    ASSAY_TRY(assay_ort_check(
        &job->ort,
        api->CreateTensorWithDataAsOrtValue(job->memory, job->tensors + first * VALUES,
                                            (size_t)(n * VALUES) * sizeof(float), shape, 4,
                                            ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &input),
        ASSAY_EBACKEND, err));
    const OrtValue *inputs[1] = {input};
    assay_status status = assay_ort_check(
        &job->ort, api->Run(job->session, NULL, &job->input, inputs, 1, &job->output, 1, &output),
        ASSAY_EBACKEND, err);
    api->ReleaseValue(input);
    if (output != NULL) {
        api->ReleaseValue(output);
    }
    return status;
}

static assay_status open_raw(raw_job *job, OrtEnv **env, const char *path, int intra,
                             assay_error *err)
{
    OrtSessionOptions *options = NULL;
    const OrtApi *api = job->ort.api;
    assay_status status = assay_ort_check(
        &job->ort, api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "raw", env), ASSAY_EBACKEND, err);
    if (status == ASSAY_OK) {
        status =
            assay_ort_check(&job->ort, api->CreateSessionOptions(&options), ASSAY_EBACKEND, err);
    }
    if (status == ASSAY_OK) {
        status = assay_ort_check(&job->ort, api->SetIntraOpNumThreads(options, intra),
                                 ASSAY_EBACKEND, err);
    }
    if (status == ASSAY_OK) {
        status = assay_ort_check(&job->ort, api->CreateSession(*env, path, options, &job->session),
                                 ASSAY_EBACKEND, err);
    }
    if (status == ASSAY_OK) {
        status = assay_ort_check(
            &job->ort, api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &job->memory),
            ASSAY_EBACKEND, err);
    }
    if (options != NULL) {
        api->ReleaseSessionOptions(options);
    }
    return status;
}

static assay_status raw(const char *path, const assay_dataset *dataset, int workers, int intra,
                        int64_t batch, assay_error *err)
{
    assay_model_spec spec = recipe(path, batch);
    raw_job job = {.input = "input", .output = "scores", .n = dataset->n, .batch = batch};
    OrtEnv *env = NULL;
    assay_status status = ASSAY_OK;
    job.tensors = assay_alloc_raw((size_t)dataset->n * VALUES, sizeof(float));
    if (job.tensors == NULL) {
        return assay_fail_memory(err);
    }
    void *preparation[3] = {NULL, &spec, job.tensors};
    memcpy(&preparation[0], &dataset, sizeof dataset);
    ASSAY_GOTO(assay_parallel(dataset->n, 0, prepare_one, preparation, NULL, err), done);
    ASSAY_GOTO(assay_ort_open(&job.ort, err), done);
    ASSAY_GOTO(open_raw(&job, &env, path, intra, err), done);
    stopwatch start = now();
    ASSAY_GOTO(
        assay_parallel((dataset->n + batch - 1) / batch, workers, run_batch, &job, NULL, err),
        done);
    report(dataset->n, start, "-");
done:
    if (job.memory != NULL) {
        job.ort.api->ReleaseMemoryInfo(job.memory);
    }
    if (job.session != NULL) {
        job.ort.api->ReleaseSession(job.session);
    }
    if (env != NULL) {
        job.ort.api->ReleaseEnv(env);
    }
    assay_ort_close(&job.ort);
    assay_free(job.tensors);
    return status;
}

int main(int argc, char **argv)
{
    assay_error err = {0};
    assay_dataset *dataset = NULL;
    assay_dataset_options options = {.threads = 0};
    assay_status status = ASSAY_EINVAL;
    int64_t numbers[3] = {0};
    bool ok = argc == 6 || argc == 7;
    for (int i = 4; ok && i < argc; i++) {
        ok = assay_text_to_i64(&numbers[i - 4], argv[i]) && numbers[i - 4] > 0 &&
             numbers[i - 4] < 4096;
    }
    if (!ok) {
        fprintf(stderr, "usage: bench_predict evaluate MODEL FOLDER THREADS BATCH\n"
                        "       bench_predict raw MODEL FOLDER WORKERS INTRA BATCH\n");
        return 64;
    }
    status = assay_dataset_open(&dataset, argv[3], &options, &err);
    if (status == ASSAY_OK) {
        status = strcmp(argv[1], "raw") == 0
                     ? raw(argv[2], dataset, (int)numbers[0], (int)numbers[1], numbers[2], &err)
                     : evaluate(argv[2], dataset, (int)numbers[0], numbers[1], &err);
    }
    assay_dataset_free(dataset);
    if (status != ASSAY_OK) {
        fprintf(stderr, "bench_predict: %s\n", err.message);
        return 1;
    }
    return 0;
}
