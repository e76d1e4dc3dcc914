#include "core/infer_images.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "core/perturb.h"

/* What one worker reuses from batch to batch. */
typedef struct worker_scratch {
    uint8_t *tensor;
    assay_box_map *maps; /* of the batch's images */
    assay_arena *arena;  /* for perturbations; NULL without one */
} worker_scratch;

typedef struct infer_job {
    assay_model *model;
    const assay_dataset *dataset;
    const assay_predict_options *options;
    const assay_infer_images_use *use;
    worker_scratch *scratch;    /* one per worker */
    assay_infer_batch *results; /* one per batch */
    size_t datum_bytes;         /* of the prepared tensor */
    pthread_mutex_t lock;       /* guards `done`, and backends that are not concurrent */
    int64_t done;
} infer_job;

static assay_status prepare_one(infer_job *job, worker_scratch *scratch, int64_t i, int64_t j,
                                assay_error *err)
{
    const assay_model *model = job->model;
    const assay_args *perturbation = job->options->perturbation;
    assay_image image = {0};
    ASSAY_TRY(assay_dataset_image(job->dataset, i, &image, err));
    assay_status status = ASSAY_OK;
    if (perturbation != NULL) {
        assay_image perturbed = {0};
        assay_arena_reset(scratch->arena);
        status = assay_perturb_image(&perturbed, &image, perturbation, job->options->seed,
                                     job->dataset->ids[i], scratch->arena, err);
        assay_image_dispose(&image);
        image = perturbed;
    }
    if (status == ASSAY_OK) {
        status = assay_box_map_make(&scratch->maps[j], image.width, image.height,
                                    &model->spec.preprocess, model->spec.detector.inverse, err);
    }
    if (status == ASSAY_OK) {
        status = assay_preprocess_run(scratch->tensor + (size_t)j * job->datum_bytes,
                                      model->input_type, model->channels, model->height,
                                      model->width, &image, &model->spec.preprocess, err);
    }
    assay_image_dispose(&image);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s: %s", job->dataset->name, job->dataset->ids[i]);
    }
    return status;
}

/* What the function that gets the raw outputs needs. */
typedef struct taking {
    infer_job *job;
    int worker;
    int64_t first, n;
    assay_buffer *out;
} taking;

/* The part of one image; models for one image at a time may leave the batch out. */
static assay_status part_of(assay_raw *out, const assay_raw *raw, bool batched, int64_t batch,
                            int64_t j, assay_error *err)
{
    *out = *raw;
    if (raw->data == NULL || !batched) {
        return ASSAY_OK;
    }
    if (raw->rank < 1 || raw->shape[0] != batch) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "output \"%s\" does not have the batch of %" PRId64
                          " as its first dimension",
                          raw->name, batch);
    }
    int64_t size = 1;
    for (int32_t d = 1; d < raw->rank; d++) {
        size *= raw->shape[d];
        out->shape[d - 1] = raw->shape[d];
    }
    out->rank = raw->rank - 1;
    out->data = raw->data + j * size;
    return ASSAY_OK;
}

static assay_status take(void *payload, const assay_raw raw[ASSAY_DECODER_ROLES], int64_t batch,
                         assay_error *err)
{
    taking *t = payload;
    const infer_job *job = t->job;
    const assay_model *model = job->model;
    const assay_decoder *decoder = model->spec.detector.decoder->op->decoder;
    bool batched = batch > 1 || raw[0].rank == decoder->roles[0].rank + 1;
    for (int64_t j = 0; j < t->n; j++) {
        assay_inferred one = {.image = t->first + j,
                              .worker = t->worker,
                              .map = &job->scratch[t->worker].maps[j],
                              .in = {.width = model->width,
                                     .height = model->height,
                                     .classes = model->spec.classes,
                                     .floor = model->spec.detector.confidence}};
        for (int32_t r = 0; r < decoder->n_roles; r++) {
            const assay_decoder_role *role = &decoder->roles[r];
            bool own = batched && !(role->shared && raw[r].rank == role->rank);
            ASSAY_TRY(part_of(&one.in.raw[r], &raw[r], own, batch, j, err));
        }
        assay_status status = job->use->image(job->use->payload, t->out, &one, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s", job->dataset->ids[one.image]);
            return status;
        }
    }
    return ASSAY_OK;
}

static assay_status compute(infer_job *job, int worker, assay_infer_batch *result, int64_t first,
                            int64_t n, assay_error *err)
{
    const assay_model *model = job->model;
    worker_scratch *scratch = &job->scratch[worker];
    assay_buffer bytes;
    assay_buffer_init(&bytes, (size_t)4 << 30);
    for (int64_t j = 0; j < n; j++) {
        ASSAY_TRY(prepare_one(job, scratch, first + j, j, err));
    }
    memset(scratch->tensor + (size_t)n * job->datum_bytes, 0,
           (size_t)(model->spec.batch - n) * job->datum_bytes);
    taking t = {.job = job, .worker = worker, .first = first, .n = n, .out = &bytes};
    assay_model_batch batch = {.n = n,
                               .tensor = scratch->tensor,
                               .ids = job->dataset->ids + first,
                               .cancel = job->options->cancel};
    bool alone = !model->backend->concurrent;
    if (alone) {
        (void)pthread_mutex_lock(&job->lock);
    }
    assay_status status = assay_model_infer(job->model, &batch, take, &t, err);
    if (alone) {
        (void)pthread_mutex_unlock(&job->lock);
    }
    if (status == ASSAY_OK) {
        status = assay_buffer_status(&bytes, err);
    }
    if (status == ASSAY_OK) {
        result->bytes = (uint8_t *)bytes.data;
        result->size = bytes.size;
        assay_buffer_init(&bytes, 0);
    }
    assay_buffer_dispose(&bytes);
    return status;
}

static assay_status infer_batch(void *payload, int64_t block, int worker, assay_error *err)
{
    infer_job *job = payload;
    const assay_batch_store *store = job->options->store;
    int64_t first = block * job->model->spec.batch;
    int64_t left = job->dataset->n - first;
    int64_t n = left < job->model->spec.batch ? left : job->model->spec.batch;
    assay_infer_batch *result = &job->results[block];
    int found = 0;
    if (store != NULL) {
        ASSAY_TRY(
            store->load_bytes(store->payload, block, &result->bytes, &result->size, &found, err));
        if (found && !job->use->whole(job->use->payload, result->bytes, result->size, first, n)) {
            assay_free(result->bytes);
            *result = (assay_infer_batch){0};
            found = 0;
        }
    }
    if (!found) {
        ASSAY_TRY(compute(job, worker, result, first, n, err));
        if (store != NULL) {
            ASSAY_TRY(store->save_bytes(store->payload, block, result->bytes, result->size, err));
        }
    }
    (void)pthread_mutex_lock(&job->lock);
    job->done += n;
    assay_log_progress(job->options->log, job->options->what, job->done, job->dataset->n);
    (void)pthread_mutex_unlock(&job->lock);
    return ASSAY_OK;
}

static assay_status new_scratch(infer_job *job, int workers, assay_error *err)
{
    size_t batch = (size_t)job->model->spec.batch;
    job->scratch = assay_alloc((size_t)workers, sizeof *job->scratch);
    if (job->scratch == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        worker_scratch *scratch = &job->scratch[w];
        scratch->tensor = assay_alloc(batch, job->datum_bytes);
        scratch->maps = assay_alloc(batch, sizeof *scratch->maps);
        if (scratch->tensor == NULL || scratch->maps == NULL) {
            return assay_fail_memory(err);
        }
        if (job->options->perturbation != NULL) {
            ASSAY_TRY(assay_arena_new(&scratch->arena, 0, err));
        }
    }
    return ASSAY_OK;
}

static void free_scratch(infer_job *job, int workers)
{
    for (int w = 0; job->scratch != NULL && w < workers; w++) {
        assay_free(job->scratch[w].tensor);
        assay_free(job->scratch[w].maps);
        assay_arena_free(job->scratch[w].arena);
    }
    assay_free(job->scratch);
}

int assay_infer_images_workers(const assay_model *model, const assay_dataset *dataset,
                               const assay_predict_options *options)
{
    int64_t batch = model->spec.batch;
    return assay_parallel_workers((dataset->n + batch - 1) / batch, options->threads);
}

assay_status assay_infer_images(assay_infer_batch **batches, int64_t *n, assay_model *model,
                                const assay_dataset *dataset, const assay_predict_options *options,
                                const assay_infer_images_use *use, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t blocks = (dataset->n + model->spec.batch - 1) / model->spec.batch;
    int workers = assay_infer_images_workers(model, dataset, options);
    infer_job job = {.model = model, .dataset = dataset, .options = options, .use = use};
    *batches = NULL;
    *n = blocks;
    if (dataset->n < 1) {
        return assay_fail(err, ASSAY_EFORMAT, "data %s: there are no data to predict",
                          dataset->name);
    }
    if (pthread_mutex_init(&job.lock, NULL) != 0) {
        return assay_fail_memory(err);
    }
    job.datum_bytes = (size_t)model->channels * (size_t)model->height * (size_t)model->width *
                      assay_dtype_size(model->input_type);
    job.results = *batches = assay_alloc((size_t)blocks, sizeof *job.results);
    if (job.results == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(new_scratch(&job, workers, err), done);
    status = assay_parallel(blocks, options->threads, infer_batch, &job, options->cancel, err);
done:
    free_scratch(&job, workers);
    (void)pthread_mutex_destroy(&job.lock);
    return status;
}

void assay_infer_batches_free(assay_infer_batch *batches, int64_t n)
{
    for (int64_t b = 0; batches != NULL && b < n; b++) {
        assay_free(batches[b].bytes);
    }
    assay_free(batches);
}
