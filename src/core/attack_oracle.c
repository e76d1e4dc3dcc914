#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/attack_internal.h"

/* A distance may pass eps by this much: float32 pixels cannot hold x + eps exactly. */
static const double slack = 1e-6;

static size_t tensor_bytes(const assay_attack_oracle *oracle)
{
    return (size_t)oracle->channels * (size_t)oracle->height * (size_t)oracle->width *
           sizeof(double);
}

static void look_at(assay_attack_oracle *oracle, const assay_model *model)
{
    if (model != NULL && model->spec.batch > oracle->most) {
        oracle->most = model->spec.batch;
    }
}

assay_status assay_attack_oracle_new(assay_attack_oracle *out, const assay_attack_images *images,
                                     const assay_attack_options *options, int64_t rows,
                                     pthread_mutex_t *lock, assay_error *err)
{
    *out = (assay_attack_oracle){.options = options,
                                 .lock = lock,
                                 .channels = images->channels,
                                 .height = images->height,
                                 .width = images->width,
                                 .classes = options->models[0]->spec.classes,
                                 .most = 1};
    assay_buffer_init(&out->events, (size_t)1 << 30);
    for (int32_t m = 0; m < options->n_models; m++) {
        look_at(out, options->models[m]);
    }
    for (int32_t m = 0; m < options->n_transfer; m++) {
        look_at(out, options->transfer[m]);
    }
    look_at(out, options->substitute);
    size_t most = (size_t)out->most;
    out->tensor = assay_alloc(most, tensor_bytes(out));
    out->images = assay_alloc(most, sizeof *out->images);
    out->gradient = assay_alloc(most, tensor_bytes(out) / 2);
    out->logits = assay_alloc(most, (size_t)out->classes * sizeof *out->logits);
    out->labels = assay_alloc(most, sizeof *out->labels);
    out->others = assay_alloc(most, sizeof *out->others);
    out->batch_ids = assay_alloc(most, sizeof *out->batch_ids);
    out->pixels = assay_alloc(most, sizeof *out->pixels);
    out->ids = assay_alloc((size_t)rows, sizeof *out->ids);
    out->draws = assay_alloc((size_t)rows, sizeof *out->draws);
    if (!out->tensor || !out->images || !out->gradient || !out->logits || !out->labels ||
        !out->others || !out->batch_ids || !out->pixels || !out->ids || !out->draws) {
        return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

void assay_attack_oracle_dispose(assay_attack_oracle *oracle)
{
    assay_free(oracle->tensor);
    assay_free(oracle->images);
    assay_free(oracle->gradient);
    assay_free(oracle->logits);
    assay_free(oracle->labels);
    assay_free(oracle->others);
    assay_free(oracle->batch_ids);
    assay_free(oracle->pixels);
    assay_free(oracle->ids);
    assay_free(oracle->draws);
    assay_buffer_dispose(&oracle->events);
    *oracle = (assay_attack_oracle){0};
}

/* ---- one batch of one model ----------------------------------------------------------------- */

static assay_status prepare(assay_model_batch *batch, assay_attack_oracle *oracle,
                            const assay_model *model, const float *const *pixels, int64_t n,
                            assay_error *err)
{
    *batch = (assay_model_batch){.n = n,
                                 .tensor = oracle->tensor,
                                 .images = oracle->images,
                                 .ids = oracle->batch_ids,
                                 .cancel = oracle->options->cancel};
    size_t element = assay_dtype_size(model->input_type);
    size_t datum = (size_t)oracle->channels * (size_t)oracle->height * (size_t)oracle->width;
    for (int64_t j = 0; j < n; j++) {
        if (model->backend->wants_images) {
            ASSAY_TRY(assay_attack_to_image(&oracle->images[j], pixels[j], oracle->channels,
                                            oracle->height, oracle->width, err));
        } else {
            assay_attack_to_tensor(oracle->tensor, j, model, pixels[j]);
        }
    }
    if (!model->backend->wants_images) {
        memset((uint8_t *)oracle->tensor + (size_t)n * datum * element, 0,
               (size_t)(model->spec.batch - n) * datum * element);
    }
    return ASSAY_OK;
}

static void lock(assay_attack_oracle *oracle, const assay_model *model)
{
    if (!model->backend->concurrent) {
        (void)pthread_mutex_lock(oracle->lock);
    }
}

static void unlock(assay_attack_oracle *oracle, const assay_model *model)
{
    if (!model->backend->concurrent) {
        (void)pthread_mutex_unlock(oracle->lock);
    }
}

/* Log-probabilities differ from the logits by a constant of the row, which no attack sees. A
 * probability that has become zero is taken to be the smallest that float32 tells from zero. */
static void to_logits(float *scores, int64_t n, const assay_model *model)
{
    if (model->spec.scores != ASSAY_SCORES_PROBABILITIES) {
        return;
    }
    for (int64_t k = 0; k < n * model->spec.classes; k++) {
        scores[k] = logf(scores[k] > FLT_MIN ? scores[k] : FLT_MIN);
    }
}

static assay_status ask(float *logits, int32_t *labels, assay_attack_oracle *oracle,
                        assay_model *model, const float *const *pixels, int64_t n, assay_error *err)
{
    assay_model_batch batch;
    const assay_cancel *cancel = oracle->options->cancel;
    if (cancel != NULL && atomic_load(&cancel->requested)) {
        return assay_fail(err, ASSAY_ECANCELLED, "interrupted");
    }
    assay_status status = prepare(&batch, oracle, model, pixels, n, err);
    if (status == ASSAY_OK) {
        lock(oracle, model);
        status = assay_model_run(model, logits, labels, &batch, err);
        unlock(oracle, model);
    }
    for (int64_t j = 0; model->backend->wants_images && j < n; j++) {
        assay_image_dispose(&oracle->images[j]);
    }
    if (status == ASSAY_OK && logits != NULL && model->spec.scores != ASSAY_SCORES_LABELS) {
        to_logits(logits, n, model);
    }
    return status;
}

assay_status assay_attack_classify(int32_t *labels, assay_attack_oracle *oracle, assay_model *model,
                                   const float *pixels, const int32_t *rows, int64_t n,
                                   assay_error *err)
{
    const float **points = oracle->pixels;
    int64_t size = (int64_t)oracle->channels * oracle->height * oracle->width;
    int64_t batch = model->spec.batch;
    bool gives_labels = model->spec.scores == ASSAY_SCORES_LABELS;
    for (int64_t first = 0; first < n; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        for (int64_t j = 0; j < count; j++) {
            int64_t row = rows != NULL ? rows[first + j] : first + j;
            points[j] = pixels + row * size;
            oracle->batch_ids[j] = oracle->ids[row];
        }
        ASSAY_TRY(ask(oracle->logits, oracle->labels, oracle, model, points, count, err));
        for (int64_t j = 0; j < count; j++) {
            labels[rows != NULL ? rows[first + j] : first + j] =
                gives_labels
                    ? oracle->labels[j]
                    : assay_class_of(oracle->logits + j * model->spec.classes, model->spec.classes);
        }
    }
    return ASSAY_OK;
}

/* The batch's images become the tensor by the deployed preparation, without its geometric steps: the
 * pixels are past them. */
static assay_status prepare_rounded(assay_attack_oracle *oracle, const assay_model *model,
                                    int64_t n, assay_error *err)
{
    size_t datum = (size_t)oracle->channels * (size_t)oracle->height * (size_t)oracle->width *
                   assay_dtype_size(model->input_type);
    assay_preprocess preprocess = model->spec.preprocess;
    preprocess.n_steps = 0;
    preprocess.invert = false;
    for (int64_t j = 0; j < n; j++) {
        ASSAY_TRY(assay_preprocess_run((uint8_t *)oracle->tensor + (size_t)j * datum,
                                       model->input_type, model->channels, model->height,
                                       model->width, &oracle->images[j], &preprocess, err));
    }
    memset((uint8_t *)oracle->tensor + (size_t)n * datum, 0,
           (size_t)(model->spec.batch - n) * datum);
    return ASSAY_OK;
}

static void to_levels(float *levels, const assay_image *image)
{
    int64_t plane = (int64_t)image->width * image->height;
    const uint8_t *from = image->data;
    for (int64_t k = 0; k < plane; k++) {
        for (int32_t c = 0; c < image->channels; c++) {
            levels[c * plane + k] = (float)from[k * image->channels + c] / 255.0F;
        }
    }
}

static assay_status classify_images(int32_t *labels, assay_attack_oracle *oracle,
                                    assay_model *model, const int32_t *rows, int64_t n,
                                    assay_error *err)
{
    assay_model_batch batch = {.n = n,
                               .tensor = oracle->tensor,
                               .images = oracle->images,
                               .ids = oracle->batch_ids,
                               .cancel = oracle->options->cancel};
    if (!model->backend->wants_images) {
        ASSAY_TRY(prepare_rounded(oracle, model, n, err));
    }
    lock(oracle, model);
    assay_status status = assay_model_run(model, oracle->logits, oracle->labels, &batch, err);
    unlock(oracle, model);
    for (int64_t j = 0; status == ASSAY_OK && j < n; j++) {
        labels[rows[j]] =
            model->spec.scores == ASSAY_SCORES_LABELS
                ? oracle->labels[j]
                : assay_class_of(oracle->logits + j * model->spec.classes, model->spec.classes);
    }
    return status;
}

assay_status assay_attack_classify_rounded(int32_t *labels, float *levels,
                                           assay_attack_oracle *oracle, assay_model *model,
                                           const float *pixels, const int32_t *rows, int64_t n,
                                           assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t size = (int64_t)oracle->channels * oracle->height * oracle->width;
    for (int64_t first = 0; status == ASSAY_OK && first < n; first += model->spec.batch) {
        int64_t count = n - first < model->spec.batch ? n - first : model->spec.batch;
        for (int64_t j = 0; status == ASSAY_OK && j < count; j++) {
            int64_t row = rows[first + j];
            oracle->batch_ids[j] = oracle->ids[row];
            status = assay_attack_to_image(&oracle->images[j], pixels + row * size,
                                           oracle->channels, oracle->height, oracle->width, err);
            if (status == ASSAY_OK) {
                to_levels(levels + row * size, &oracle->images[j]);
            }
        }
        if (status == ASSAY_OK) {
            status = classify_images(labels, oracle, model, rows + first, count, err);
        }
        for (int64_t j = 0; j < count; j++) {
            assay_image_dispose(&oracle->images[j]);
        }
    }
    return status;
}

/* ---- judging and keeping -------------------------------------------------------------------- */

static bool inside(const float *x, int64_t n)
{
    float low = 0.0F;
    float high = 1.0F;
    for (int64_t k = 0; k < n; k++) {
        low = x[k] < low ? x[k] : low;
        high = x[k] > high ? x[k] : high;
    }
    return (double)low >= -slack && (double)high <= 1.0 + slack;
}

/* The wrong class leads by what the attack asks for. */
static bool is_confident(const assay_attack_block *block, int64_t row, const float *logits)
{
    if (block->confidence == 0.0 || logits == NULL) {
        return true;
    }
    bool aimed = block->target != NULL;
    double margin = assay_loss_value(ASSAY_LOSS_MARGIN, logits, block->classes,
                                     aimed ? block->target[row] : block->label[row], 0);
    return (aimed ? -margin : margin) >= block->confidence;
}

static assay_status note_event(assay_attack_block *block, int64_t row, assay_error *err)
{
    assay_attack_oracle *oracle = block->oracle;
    if (!oracle->options->keep_events) {
        return ASSAY_OK;
    }
    assay_attack_event event = {.row = row,
                                .forwards = block->forwards[row],
                                .backwards = block->backwards[row],
                                .distance = block->distance[row]};
    assay_buffer_append(&oracle->events, (const char *)&event, sizeof event);
    return assay_buffer_status(&oracle->events, err);
}

assay_status assay_attack_record(assay_attack_block *block, int64_t row, const float *x,
                                 const float *logits, int32_t predicted, assay_error *err)
{
    int64_t size = block->size;
    if (block->silent) {
        return ASSAY_OK;
    }
    if (block->last != NULL) {
        memcpy(block->last + row * size, x, (size_t)size * sizeof *x);
    }
    if (!assay_attack_wants(block, row, predicted) || !is_confident(block, row, logits) ||
        !inside(x, size)) {
        return ASSAY_OK;
    }
    double distance = assay_norm_distance(block->norm, x, block->x0 + row * size, size);
    if (!(distance <= block->eps * (1.0 + slack) + slack) || distance >= block->distance[row]) {
        return ASSAY_OK;
    }
    memcpy(block->best + row * size, x, (size_t)size * sizeof *x);
    block->distance[row] = distance;
    block->answer[row] = predicted;
    if (!block->fooled[row]) {
        block->fooled[row] = 1;
        block->first[row] = block->forwards[row];
        block->stage[row] = block->current_stage;
    }
    return note_event(block, row, err);
}

/* ---- questions ------------------------------------------------------------------------------ */

/* Points first .. first + count - 1 as pointers. */
static void gather(const float **pixels, assay_attack_block *block, const float *x,
                   const assay_points *points, int64_t first, int64_t count)
{
    assay_attack_oracle *oracle = block->oracle;
    for (int64_t j = 0; j < count; j++) {
        pixels[j] = x + assay_points_place(points, first + j) * block->size;
        oracle->batch_ids[j] = oracle->ids[assay_points_row(points, first + j)];
    }
}

static assay_status check_gives_scores(const assay_model *model, assay_error *err)
{
    if (model->spec.scores == ASSAY_SCORES_LABELS) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "model %s gives labels only: use attacks that need labels only",
                          model->name);
    }
    return ASSAY_OK;
}

assay_status assay_attack_scores(assay_attack_block *block, float *logits, const float *x,
                                 const assay_points *points, assay_error *err)
{
    assay_attack_oracle *oracle = block->oracle;
    const assay_attack_options *options = oracle->options;
    const float **pixels = oracle->pixels;
    float weight = 1.0F / (float)options->n_models;
    for (int64_t i = 0; i < points->n; i++) {
        memset(logits + assay_points_place(points, i) * block->classes, 0,
               (size_t)block->classes * sizeof *logits);
    }
    for (int32_t m = 0; m < options->n_models; m++) {
        assay_model *model = options->models[m];
        int64_t batch = model->spec.batch;
        ASSAY_TRY(check_gives_scores(model, err));
        for (int64_t first = 0; first < points->n; first += batch) {
            int64_t count = points->n - first < batch ? points->n - first : batch;
            gather(pixels, block, x, points, first, count);
            ASSAY_TRY(ask(oracle->logits, NULL, oracle, model, pixels, count, err));
            for (int64_t j = 0; j < count; j++) {
                float *to = logits + assay_points_place(points, first + j) * block->classes;
                for (int32_t c = 0; c < block->classes; c++) {
                    to[c] += weight * oracle->logits[j * block->classes + c];
                }
            }
        }
    }
    for (int64_t i = 0; i < points->n; i++) {
        int64_t row = assay_points_row(points, i);
        int64_t place = assay_points_place(points, i);
        block->forwards[row]++;
        const float *z = logits + place * block->classes;
        ASSAY_TRY(assay_attack_record(block, row, x + place * block->size, z,
                                      assay_class_of(z, block->classes), err));
    }
    return ASSAY_OK;
}

assay_status assay_attack_labels(assay_attack_block *block, int32_t *labels, const float *x,
                                 const assay_points *points, assay_error *err)
{
    assay_attack_oracle *oracle = block->oracle;
    assay_model *model = oracle->options->models[0];
    const float **pixels = oracle->pixels;
    int64_t batch = model->spec.batch;
    bool gives_labels = model->spec.scores == ASSAY_SCORES_LABELS;
    for (int64_t first = 0; first < points->n; first += batch) {
        int64_t count = points->n - first < batch ? points->n - first : batch;
        gather(pixels, block, x, points, first, count);
        ASSAY_TRY(ask(oracle->logits, oracle->labels, oracle, model, pixels, count, err));
        for (int64_t j = 0; j < count; j++) {
            int64_t row = assay_points_row(points, first + j);
            int64_t place = assay_points_place(points, first + j);
            labels[place] =
                gives_labels ? oracle->labels[j]
                             : assay_class_of(oracle->logits + j * block->classes, block->classes);
            block->forwards[row]++;
            ASSAY_TRY(assay_attack_record(block, row, x + place * block->size,
                                          gives_labels ? NULL : oracle->logits + j * block->classes,
                                          labels[place], err));
        }
    }
    return ASSAY_OK;
}
