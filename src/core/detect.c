#include "core/detect.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "core/perturb.h"

/* What one worker reuses from batch to batch. */
typedef struct worker_scratch {
    uint8_t *tensor;
    assay_box_map *maps; /* of the batch's images */
    assay_candidates candidates;
    assay_arena *arena; /* for perturbations; NULL without one */
} worker_scratch;

/* A finished batch: for every image a head, then its rows. */
typedef struct image_head {
    int32_t width, height;
    int64_t n;
    int64_t extra; /* numbers behind the rows, of each */
} image_head;

typedef struct batch_result {
    uint8_t *bytes;
    size_t size;
} batch_result;

typedef struct detect_job {
    assay_model *model;
    const assay_dataset *dataset;
    const assay_predict_options *options;
    worker_scratch *scratch; /* one per worker */
    batch_result *results;   /* one per batch */
    size_t datum_bytes;      /* of the prepared tensor */
    pthread_mutex_t lock;    /* guards `done`, and backends that are not concurrent */
    int64_t done;
} detect_job;

static assay_status prepare_one(detect_job *job, worker_scratch *scratch, int64_t i, int64_t j,
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
    detect_job *job;
    worker_scratch *scratch;
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

static void put_rows(assay_buffer *out, const assay_candidates *list, const assay_box_map *map)
{
    image_head head = {
        .width = map->width, .height = map->height, .n = list->n, .extra = list->width};
    assay_buffer_append(out, &head, sizeof head);
    assay_buffer_append(out, list->items, (size_t)list->n * sizeof *list->items);
    for (int64_t i = 0; i < list->n && list->width > 0; i++) {
        assay_buffer_append(out, assay_candidate_extra(list, i),
                            (size_t)list->width * sizeof *list->extra);
    }
}

static assay_status take(void *payload, const assay_raw raw[ASSAY_DECODER_ROLES], int64_t batch,
                         assay_error *err)
{
    taking *t = payload;
    const assay_model *model = t->job->model;
    const assay_detector_spec *spec = &model->spec.detector;
    const assay_decoder *decoder = spec->decoder->op->decoder;
    bool batched = batch > 1 || raw[0].rank == decoder->roles[0].rank + 1;
    for (int64_t j = 0; j < t->n; j++) {
        assay_decoder_input in = {.width = model->width,
                                  .height = model->height,
                                  .classes = model->spec.classes,
                                  .floor = spec->confidence};
        for (int32_t r = 0; r < decoder->n_roles; r++) {
            const assay_decoder_role *role = &decoder->roles[r];
            bool own = batched && !(role->shared && raw[r].rank == role->rank);
            ASSAY_TRY(part_of(&in.raw[r], &raw[r], own, batch, j, err));
        }
        assay_status status =
            assay_detect_image(&t->scratch->candidates, &in, spec, &t->scratch->maps[j], err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s", t->job->dataset->ids[t->first + j]);
            return status;
        }
        put_rows(t->out, &t->scratch->candidates, &t->scratch->maps[j]);
    }
    return ASSAY_OK;
}

static assay_status compute(detect_job *job, worker_scratch *scratch, batch_result *result,
                            int64_t first, int64_t n, assay_error *err)
{
    const assay_model *model = job->model;
    assay_buffer bytes;
    assay_buffer_init(&bytes, (size_t)4 << 30);
    for (int64_t j = 0; j < n; j++) {
        ASSAY_TRY(prepare_one(job, scratch, first + j, j, err));
    }
    memset(scratch->tensor + (size_t)n * job->datum_bytes, 0,
           (size_t)(model->spec.batch - n) * job->datum_bytes);
    taking t = {.job = job, .scratch = scratch, .first = first, .n = n, .out = &bytes};
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

static size_t row_bytes(const image_head *head)
{
    return sizeof(assay_candidate) + (size_t)head->extra * sizeof(double);
}

/* A stored batch whose rows do not add up is computed again. */
static bool whole(const batch_result *result, int64_t n)
{
    size_t at = 0;
    for (int64_t j = 0; j < n; j++) {
        image_head head;
        if (result->size - at < sizeof head) {
            return false;
        }
        memcpy(&head, result->bytes + at, sizeof head);
        at += sizeof head;
        if (head.n < 0 || head.extra < 0 || head.extra > ASSAY_SHAPE_MOST ||
            (uint64_t)head.n > (result->size - at) / row_bytes(&head)) {
            return false;
        }
        at += (size_t)head.n * row_bytes(&head);
    }
    return at == result->size;
}

static assay_status detect_batch(void *payload, int64_t block, int worker, assay_error *err)
{
    detect_job *job = payload;
    const assay_batch_store *store = job->options->store;
    int64_t first = block * job->model->spec.batch;
    int64_t left = job->dataset->n - first;
    int64_t n = left < job->model->spec.batch ? left : job->model->spec.batch;
    batch_result *result = &job->results[block];
    int found = 0;
    if (store != NULL) {
        ASSAY_TRY(
            store->load_bytes(store->payload, block, &result->bytes, &result->size, &found, err));
        if (found && !whole(result, n)) {
            assay_free(result->bytes);
            *result = (batch_result){0};
            found = 0;
        }
    }
    if (!found) {
        ASSAY_TRY(compute(job, &job->scratch[worker], result, first, n, err));
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

static assay_status new_scratch(detect_job *job, int workers, assay_error *err)
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

static void free_scratch(detect_job *job, int workers)
{
    for (int w = 0; job->scratch != NULL && w < workers; w++) {
        assay_free(job->scratch[w].tensor);
        assay_free(job->scratch[w].maps);
        assay_candidates_dispose(&job->scratch[w].candidates);
        assay_arena_free(job->scratch[w].arena);
    }
    assay_free(job->scratch);
}

/* How many rows there are, and how many extra numbers each has. */
static void count_rows(int64_t *rows, int64_t *extra, const detect_job *job, int64_t blocks)
{
    *rows = *extra = 0;
    for (int64_t b = 0; b < blocks; b++) {
        for (size_t at = 0; at < job->results[b].size;) {
            image_head head;
            memcpy(&head, job->results[b].bytes + at, sizeof head);
            at += sizeof head + (size_t)head.n * row_bytes(&head);
            *rows += head.n;
            *extra = head.extra > *extra ? head.extra : *extra;
        }
    }
}

static void take_rows(assay_detections *d, int64_t row, const uint8_t *bytes,
                      const image_head *head)
{
    for (int64_t i = 0; i < head->n; i++, row++) {
        assay_candidate c;
        memcpy(&c, bytes + (size_t)i * sizeof c, sizeof c);
        d->box[4 * row] = c.box[0];
        d->box[4 * row + 1] = c.box[1];
        d->box[4 * row + 2] = c.box[2] - c.box[0];
        d->box[4 * row + 3] = c.box[3] - c.box[1];
        d->score[row] = c.score;
        d->label[row] = (int32_t)c.label;
        if (head->extra > 0) {
            memcpy(d->extra + row * d->width_extra,
                   bytes + (size_t)head->n * sizeof c +
                       (size_t)i * (size_t)head->extra * sizeof *d->extra,
                   (size_t)head->extra * sizeof *d->extra);
        }
    }
}

/* Rows of all batches, in order. */
static assay_status merge(assay_detections **out, const detect_job *job, int64_t blocks,
                          assay_error *err)
{
    const assay_model *model = job->model;
    int64_t rows = 0;
    int64_t extra = 0;
    count_rows(&rows, &extra, job, blocks);
    ASSAY_TRY(assay_detections_new(out, job->dataset->n, job->dataset->ids, rows,
                                   model->spec.classes, model->spec.class_names, err));
    assay_detections *d = *out;
    ASSAY_TRY(
        assay_detections_shape(d, model->spec.detector.decoder->op->decoder->shape, extra, err));
    int64_t image = 0;
    int64_t row = 0;
    for (int64_t b = 0; b < blocks; b++) {
        for (size_t at = 0; at < job->results[b].size; image++) {
            image_head head;
            memcpy(&head, job->results[b].bytes + at, sizeof head);
            d->width[image] = head.width;
            d->height[image] = head.height;
            d->first[image] = row;
            take_rows(d, row, job->results[b].bytes + at + sizeof head, &head);
            at += sizeof head + (size_t)head.n * row_bytes(&head);
            row += head.n;
        }
    }
    d->first[image] = row;
    return assay_detections_digest(d, err);
}

assay_status assay_detect(assay_detections **out, assay_model *model, const assay_dataset *dataset,
                          const assay_predict_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t batch = model->spec.batch;
    int64_t blocks = (dataset->n + batch - 1) / batch;
    int workers = assay_parallel_workers(blocks, options->threads);
    detect_job job = {.model = model, .dataset = dataset, .options = options};
    *out = NULL;
    if (dataset->n < 1) {
        return assay_fail(err, ASSAY_EFORMAT, "data %s: there are no data to predict",
                          dataset->name);
    }
    if (pthread_mutex_init(&job.lock, NULL) != 0) {
        return assay_fail_memory(err);
    }
    job.datum_bytes = (size_t)model->channels * (size_t)model->height * (size_t)model->width *
                      assay_dtype_size(model->input_type);
    job.results = assay_alloc((size_t)blocks, sizeof *job.results);
    if (job.results == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(new_scratch(&job, workers, err), done);
    ASSAY_GOTO(assay_parallel(blocks, options->threads, detect_batch, &job, options->cancel, err),
               done);
    status = merge(out, &job, blocks, err);
    if (status != ASSAY_OK) {
        assay_detections_free(*out);
        *out = NULL;
    }
done:
    free_scratch(&job, workers);
    for (int64_t b = 0; job.results != NULL && b < blocks; b++) {
        assay_free(job.results[b].bytes);
    }
    assay_free(job.results);
    (void)pthread_mutex_destroy(&job.lock);
    return status;
}
