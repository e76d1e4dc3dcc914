#include "core/predict.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "assay/version.h"
#include "base/alloc.h"
#include "base/text.h"
#include "core/detect.h"
#include "core/perturb.h"

/* What one worker reuses from batch to batch. */
typedef struct worker_scratch {
    uint8_t *tensor;
    assay_image *images; /* empty between batches */
    double *row;
    assay_arena *arena; /* for perturbations; NULL without one */
} worker_scratch;

typedef struct predict_job {
    assay_model *model;
    const assay_dataset *dataset;
    const assay_predict_options *options;
    assay_predictions *predictions;
    worker_scratch *scratch; /* one per worker */
    size_t datum_bytes;      /* of the prepared tensor */
    bool labels_only;
    pthread_mutex_t model_lock; /* taken around backends that are not concurrent */
    pthread_mutex_t done_lock;  /* guards `done`, so that progress never goes back */
    int64_t done;
} predict_job;

static void dispose_images(worker_scratch *scratch, int64_t n)
{
    for (int64_t j = 0; scratch->images != NULL && j < n; j++) {
        assay_image_dispose(&scratch->images[j]);
    }
}

/* The image as the context shows it: read, then perturbed. */
static assay_status read_image(assay_image *out, predict_job *job, worker_scratch *scratch,
                               int64_t i, assay_error *err)
{
    assay_image perturbed = {0};
    ASSAY_TRY(assay_dataset_image(job->dataset, i, out, err));
    if (job->options->perturbation == NULL) {
        return ASSAY_OK;
    }
    assay_arena_reset(scratch->arena);
    assay_status status =
        assay_perturb_image(&perturbed, out, job->options->perturbation, job->options->seed,
                            job->dataset->ids[i], scratch->arena, err);
    assay_image_dispose(out);
    *out = perturbed;
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s: %s", job->dataset->name, job->dataset->ids[i]);
        assay_image_dispose(out);
    }
    return status;
}

static assay_status prepare(predict_job *job, worker_scratch *scratch, int64_t first, int64_t n,
                            assay_error *err)
{
    const assay_model *model = job->model;
    for (int64_t j = 0; j < n; j++) {
        if (model->backend->wants_images) {
            ASSAY_TRY(read_image(&scratch->images[j], job, scratch, first + j, err));
            continue;
        }
        assay_image image = {0};
        ASSAY_TRY(read_image(&image, job, scratch, first + j, err));
        assay_status status = assay_preprocess_run(
            scratch->tensor + (size_t)j * job->datum_bytes, model->input_type, model->channels,
            model->height, model->width, &image, &model->spec.preprocess, err);
        assay_image_dispose(&image);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s: %s", job->dataset->name, job->dataset->ids[first + j]);
            return status;
        }
    }
    if (!model->backend->wants_images) {
        memset(scratch->tensor + (size_t)n * job->datum_bytes, 0,
               (size_t)(model->spec.batch - n) * job->datum_bytes);
    }
    return ASSAY_OK;
}

static int32_t argmax(const float *row, int32_t classes)
{
    int32_t best = 0;
    for (int32_t c = 1; c < classes; c++) {
        best = row[c] > row[best] ? c : best;
    }
    return best;
}

/* exp(x - max) / sum in double, rounded once to float. */
static assay_status softmax(float *row, double *work, int32_t classes, float max, assay_error *err)
{
    double sum = 0.0;
    if (isinf(max)) {
        return assay_fail(err, ASSAY_EFORMAT, "every logit is -infinity");
    }
    for (int32_t c = 0; c < classes; c++) {
        work[c] = exp((double)row[c] - (double)max);
        sum += work[c];
    }
    for (int32_t c = 0; c < classes; c++) {
        row[c] = (float)(work[c] / sum);
    }
    return ASSAY_OK;
}

/* Labels are taken from the scores as the model gave them: probabilities may tie by rounding where
 * logits don't. */
static assay_status finish(predict_job *job, worker_scratch *scratch, int64_t first, int64_t n,
                           assay_error *err)
{
    int32_t classes = job->model->spec.classes;
    for (int64_t i = first; !job->labels_only && i < first + n; i++) {
        float *row = job->predictions->scores_f32 + i * classes;
        int32_t best = argmax(row, classes);
        job->predictions->label[i] = best;
        if (job->model->spec.scores == ASSAY_SCORES_LOGITS) {
            assay_status status = softmax(row, scratch->row, classes, row[best], err);
            if (status != ASSAY_OK) {
                assay_error_prefix(err, "model %s: %s", job->model->name, job->dataset->ids[i]);
                return status;
            }
        }
    }
    return ASSAY_OK;
}

static assay_status run_model(predict_job *job, worker_scratch *scratch, int64_t first, int64_t n,
                              assay_error *err)
{
    assay_predictions *predictions = job->predictions;
    assay_model_batch batch = {.n = n,
                               .tensor = scratch->tensor,
                               .images = scratch->images,
                               .ids = job->dataset->ids + first,
                               .cancel = job->options->cancel};
    float *scores =
        job->labels_only ? NULL : predictions->scores_f32 + first * job->model->spec.classes;
    bool alone = !job->model->backend->concurrent;
    if (alone) {
        (void)pthread_mutex_lock(&job->model_lock);
    }
    assay_status status =
        assay_model_run(job->model, scores, predictions->label + first, &batch, err);
    if (alone) {
        (void)pthread_mutex_unlock(&job->model_lock);
    }
    return status;
}

static void report_progress(predict_job *job, int64_t n)
{
    (void)pthread_mutex_lock(&job->done_lock);
    job->done += n;
    assay_log_progress(job->options->log, job->options->what, job->done, job->dataset->n);
    (void)pthread_mutex_unlock(&job->done_lock);
}

static assay_status predict_batch(void *payload, int64_t block, int worker, assay_error *err)
{
    predict_job *job = payload;
    worker_scratch *scratch = &job->scratch[worker];
    const assay_batch_store *store = job->options->store;
    int32_t classes = job->model->spec.classes;
    int64_t first = block * job->model->spec.batch;
    int64_t left = job->dataset->n - first;
    int64_t n = left < job->model->spec.batch ? left : job->model->spec.batch;
    float *scores = job->labels_only ? NULL : job->predictions->scores_f32 + first * classes;
    int32_t *labels = job->predictions->label + first;
    int found = 0;
    if (store != NULL) {
        ASSAY_TRY(store->load(store->payload, block, n, classes, scores, labels, &found, err));
    }
    if (!found) {
        assay_status status = prepare(job, scratch, first, n, err);
        if (status == ASSAY_OK) {
            status = run_model(job, scratch, first, n, err);
        }
        dispose_images(scratch, n);
        ASSAY_TRY(status);
        ASSAY_TRY(finish(job, scratch, first, n, err));
        if (store != NULL) {
            ASSAY_TRY(store->save(store->payload, block, n, classes, scores, labels, err));
        }
    }
    report_progress(job, n);
    return ASSAY_OK;
}

static assay_status new_scratch(predict_job *job, int workers, assay_error *err)
{
    const assay_model *model = job->model;
    size_t batch = (size_t)model->spec.batch;
    job->scratch = assay_alloc((size_t)workers, sizeof *job->scratch);
    if (job->scratch == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        worker_scratch *scratch = &job->scratch[w];
        if (model->backend->wants_images) {
            scratch->images = assay_alloc(batch, sizeof *scratch->images);
        } else {
            scratch->tensor = assay_alloc(batch, job->datum_bytes);
        }
        scratch->row = assay_alloc((size_t)model->spec.classes, sizeof *scratch->row);
        if (scratch->row == NULL || (scratch->images == NULL && scratch->tensor == NULL)) {
            return assay_fail_memory(err);
        }
        if (job->options->perturbation != NULL) {
            ASSAY_TRY(assay_arena_new(&scratch->arena, 0, err));
        }
    }
    return ASSAY_OK;
}

static void free_scratch(predict_job *job, int workers)
{
    for (int w = 0; job->scratch != NULL && w < workers; w++) {
        assay_free(job->scratch[w].tensor);
        assay_free(job->scratch[w].images);
        assay_free(job->scratch[w].row);
        assay_arena_free(job->scratch[w].arena);
    }
    assay_free(job->scratch);
}

/* n texts in one block of the arena. */
static assay_status copy_texts(const char ***out, assay_arena *arena, const char *const *texts,
                               int64_t n, assay_error *err)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < n; i++) {
        bytes += strlen(texts[i]) + 1;
    }
    const char **copy = assay_arena_alloc(arena, (size_t)n, sizeof *copy);
    char *at = assay_arena_alloc(arena, bytes, 1);
    if (copy == NULL || at == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        size_t size = strlen(texts[i]) + 1;
        memcpy(at, texts[i], size);
        copy[i] = at;
        at += size;
    }
    *out = copy;
    return ASSAY_OK;
}

static int32_t find_text(const char *const *texts, int32_t n, const char *wanted)
{
    for (int32_t i = 0; i < n; i++) {
        if (strcmp(texts[i], wanted) == 0) {
            return i;
        }
    }
    return -1;
}

/* map[dataset class] = model class, by name. A model that names nothing takes the dataset's order
 * and names when the numbers of classes agree, as folder datasets are used everywhere. */
static assay_status map_classes(int32_t *map, const char *const **names, const assay_model *model,
                                const assay_dataset *dataset, assay_error *err)
{
    int32_t unknown = -1;
    *names = model->spec.class_names;
    for (int32_t c = 0; c < dataset->classes; c++) {
        map[c] =
            c < model->spec.classes &&
                    strcmp(dataset->class_names[c], model->spec.class_names[c]) == 0
                ? c
                : find_text(model->spec.class_names, model->spec.classes, dataset->class_names[c]);
        if (map[c] < 0 && unknown < 0) {
            unknown = c;
        }
    }
    if (unknown < 0) {
        return ASSAY_OK;
    }
    if (model->class_names_declared) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "class \"%s\" of data %s is not among the %d classes of model %s: correct "
            "`classes` of the model or of the data",
            dataset->class_names[unknown], dataset->name, model->spec.classes, model->name);
    }
    if (dataset->classes != model->spec.classes) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "data %s has %d classes (\"%s\", ...), model %s has %d without names: "
                          "declare the model's `classes` in its order",
                          dataset->name, dataset->classes, dataset->class_names[0], model->name,
                          model->spec.classes);
    }
    for (int32_t c = 0; c < dataset->classes; c++) {
        map[c] = c;
    }
    *names = dataset->class_names;
    return ASSAY_OK;
}

static assay_status map_targets(int32_t *targets, const char *const **names,
                                const assay_model *model, const assay_dataset *dataset,
                                assay_error *err)
{
    int32_t *map = assay_alloc((size_t)dataset->classes, sizeof *map);
    if (map == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = map_classes(map, names, model, dataset, err);
    for (int64_t i = 0; status == ASSAY_OK && i < dataset->n; i++) {
        int32_t target = dataset->targets != NULL ? dataset->targets[i] : -1;
        targets[i] = target >= 0 && target < dataset->classes ? map[target] : -1;
    }
    assay_free(map);
    return status;
}

assay_status assay_predict_targets(int32_t *targets, const assay_model *model,
                                   const assay_dataset *dataset, assay_error *err)
{
    const char *const *names = NULL;
    return map_targets(targets, &names, model, dataset, err);
}

static assay_status fill_targets(assay_predictions *predictions, const assay_model *model,
                                 const assay_dataset *dataset, assay_error *err)
{
    const char *const *names = NULL;
    ASSAY_TRY(map_targets(predictions->target, &names, model, dataset, err));
    ASSAY_TRY(
        copy_texts(&predictions->class_names, predictions->arena, names, model->spec.classes, err));
    return copy_texts(&predictions->ids, predictions->arena, dataset->ids, dataset->n, err);
}

/* Decoded images come and go by the hundred kilobytes. By default the C library maps each one afresh
 * and gives it back, which costs a page fault for every 4 KiB; freeing one large block tells it to
 * keep such blocks (malloc's dynamic threshold, mallopt(3)). Nothing is touched, so nothing is used. */
static void keep_image_memory(void)
{
    assay_free(assay_alloc_raw((size_t)24 << 20, 1));
}

static assay_status run_batches(predict_job *job, assay_error *err)
{
    const assay_predict_options *options = job->options;
    int64_t batch = job->model->spec.batch;
    int64_t blocks = (job->dataset->n + batch - 1) / batch;
    int workers = assay_parallel_workers(blocks, options->threads);
    if (pthread_mutex_init(&job->model_lock, NULL) != 0) {
        return assay_fail_memory(err);
    }
    if (pthread_mutex_init(&job->done_lock, NULL) != 0) {
        (void)pthread_mutex_destroy(&job->model_lock);
        return assay_fail_memory(err);
    }
    keep_image_memory();
    assay_status status = new_scratch(job, workers, err);
    if (status == ASSAY_OK) {
        status = assay_parallel(blocks, options->threads, predict_batch, job, options->cancel, err);
    }
    free_scratch(job, workers);
    (void)pthread_mutex_destroy(&job->model_lock);
    (void)pthread_mutex_destroy(&job->done_lock);
    return status;
}

assay_status assay_predict(assay_predictions **out, assay_model *model,
                           const assay_dataset *dataset, const assay_predict_options *options,
                           assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_predictions *predictions = NULL;
    *out = NULL;
    if (assay_model_is_detector(model)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "model %s gives %s, not classes of images",
                          model->name,
                          assay_model_is_segmenter(model) ? "a class per pixel" : "boxes");
    }
    if (dataset->n < 1) {
        return assay_fail(err, ASSAY_EFORMAT, "data %s: there are no data to predict",
                          dataset->name);
    }
    predict_job job = {.model = model,
                       .dataset = dataset,
                       .options = options,
                       .labels_only = model->spec.scores == ASSAY_SCORES_LABELS};
    if (!model->backend->wants_images) {
        job.datum_bytes = (size_t)model->channels * (size_t)model->height * (size_t)model->width *
                          assay_dtype_size(model->input_type);
    }
    ASSAY_GOTO(assay_predictions_new(&predictions, dataset->n, model->spec.classes,
                                     job.labels_only ? 0 : 4, 0, err),
               done);
    job.predictions = predictions;
    ASSAY_GOTO(fill_targets(predictions, model, dataset, err), done);
    ASSAY_GOTO(run_batches(&job, err), done);
    predictions->skipped = dataset->n_skipped;
    predictions->scores_are_probabilities = job.labels_only ? 0 : 1;
    ASSAY_GOTO(assay_predictions_digest(predictions, err), done);
    *out = predictions;
    predictions = NULL;
done:
    assay_predictions_free(predictions);
    return status;
}

static assay_status digest_perturbation(assay_digest *sum, const assay_predict_options *options,
                                        assay_error *err)
{
    const assay_args *args = options != NULL ? options->perturbation : NULL;
    if (args == NULL) {
        assay_digest_text(sum, NULL);
        return ASSAY_OK;
    }
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_status status = assay_args_text(&text, args, err);
    if (status == ASSAY_OK) {
        status = assay_buffer_status(&text, err);
    }
    if (status == ASSAY_OK) {
        assay_digest_text(sum, text.data);
        assay_digest_i64(sum, args->op->revision);
        assay_digest_update(sum, &options->seed, sizeof options->seed);
    }
    assay_buffer_dispose(&text);
    return status;
}

static assay_status digest_model(assay_digest *sum, const assay_model *model, assay_error *err)
{
    const assay_model_spec *spec = &model->spec;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_digest_text(sum, model->backend->name);
    assay_digest_text(sum, model->backend_version);
    assay_digest_text(sum, model->digest);
    assay_digest_text(sum, spec->input);
    assay_digest_text(sum, spec->output);
    assay_digest_i64(sum, (int64_t)spec->scores);
    assay_digest_i64(sum, spec->classes);
    assay_digest_i64(sum, model->class_names_declared);
    for (int32_t c = 0; c < spec->classes; c++) {
        assay_digest_text(sum, spec->class_names[c]);
    }
    assay_digest_i64(sum, spec->batch);
    assay_digest_i64(sum, model->channels);
    assay_digest_i64(sum, model->height);
    assay_digest_i64(sum, model->width);
    assay_status status = ASSAY_OK;
    if (!model->backend->wants_images) {
        status = assay_preprocess_json(&text, &spec->preprocess, err);
    }
    if (status == ASSAY_OK) {
        assay_digest_text(sum, text.data);
    }
    if (status == ASSAY_OK && assay_model_is_detector(model)) {
        assay_buffer_clear(&text);
        status = assay_detector_json(&text, &spec->detector, err);
        assay_digest_text(sum, text.data);
    }
    assay_buffer_dispose(&text);
    return status;
}

assay_status assay_predict_key(char out[ASSAY_DIGEST_HEX], const assay_model *model,
                               const assay_dataset *dataset, const assay_predict_options *options,
                               assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_digest *sum = NULL;
    out[0] = '\0';
    ASSAY_TRY(assay_digest_new(&sum, err));
    assay_digest_text(sum, "assay predictions 1");
    assay_digest_text(sum, assay_version());
    ASSAY_GOTO(digest_model(sum, model, err), done);
    assay_digest_text(sum, dataset->digest);
    ASSAY_GOTO(digest_perturbation(sum, options, err), done);
    status = assay_digest_hex(out, sum, err);
done:
    assay_digest_free(sum);
    return status;
}
