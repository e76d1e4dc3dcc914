#include <string.h>

#include "base/alloc.h"
#include "core/attack_internal.h"

/* One question for gradients, as the loops below pass it on. */
typedef struct question {
    assay_attack_block *block;
    float *gradient, *logits; /* logits NULL: not the attacked models' */
    const float *x;
    const assay_points *points;
    assay_loss_kind kind;
    const int32_t *label, *other;
    float weight; /* of each answer in the average */
} question;

/* The point, or the point with noise on it when repeats are noisy. */
static void fill(const question *q, const assay_model *model, int64_t i, int64_t j)
{
    assay_attack_oracle *oracle = q->block->oracle;
    const float *from = q->x + assay_points_place(q->points, i) * q->block->size;
    double sigma = oracle->options->noise;
    if (sigma == 0.0) {
        assay_attack_to_tensor(oracle->tensor, j, model, from);
        return;
    }
    float *noisy = oracle->gradient; /* free until the answer comes */
    assay_rng *rng = &oracle->draws[assay_points_row(q->points, i)];
    for (int64_t k = 0; k < q->block->size; k++) {
        double value = (double)from[k] + sigma * assay_rng_normal(rng);
        noisy[k] = (float)(value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value);
    }
    assay_attack_to_tensor(oracle->tensor, j, model, noisy);
}

static assay_status one_batch(const question *q, assay_model *model, int64_t first, int64_t count,
                              assay_error *err)
{
    assay_attack_block *block = q->block;
    assay_attack_oracle *oracle = block->oracle;
    size_t bytes = (size_t)block->size * assay_dtype_size(model->input_type);
    for (int64_t j = 0; j < count; j++) {
        int32_t place = assay_points_place(q->points, first + j);
        int32_t row = assay_points_row(q->points, first + j);
        fill(q, model, first + j, j);
        oracle->batch_ids[j] = oracle->ids[row];
        oracle->labels[j] = q->label != NULL ? q->label[place] : block->label[row];
        oracle->others[j] = q->other != NULL ? q->other[place] : 0;
    }
    memset((uint8_t *)oracle->tensor + (size_t)count * bytes, 0,
           (size_t)(model->spec.batch - count) * bytes);
    assay_model_batch batch = {.n = count,
                               .tensor = oracle->tensor,
                               .ids = oracle->batch_ids,
                               .cancel = oracle->options->cancel};
    assay_loss what = {.kind = q->kind,
                       .label = oracle->labels,
                       .other = q->other != NULL ? oracle->others : NULL};
    if (!model->backend->concurrent) {
        (void)pthread_mutex_lock(oracle->lock);
    }
    assay_status status =
        assay_model_gradient(model, oracle->gradient, NULL, oracle->logits, &batch, &what, err);
    if (!model->backend->concurrent) {
        (void)pthread_mutex_unlock(oracle->lock);
    }
    ASSAY_TRY(status);
    for (int64_t j = 0; j < count; j++) {
        int64_t place = assay_points_place(q->points, first + j);
        assay_attack_from_tensor(q->gradient + place * block->size, oracle->gradient, j, model,
                                 q->weight);
        for (int32_t c = 0; q->logits != NULL && c < block->classes; c++) {
            q->logits[place * block->classes + c] +=
                q->weight * oracle->logits[j * block->classes + c];
        }
    }
    return ASSAY_OK;
}

static assay_status through(const question *q, assay_model *model, assay_error *err)
{
    int64_t batch = model->spec.batch;
    if (model->backend->wants_images || model->input_type != ASSAY_DTYPE_F32) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "model %s gives no gradients: its input is not float32 pixels; use "
                          "attacks that need scores or labels only",
                          model->name);
    }
    for (int64_t first = 0; first < q->points->n; first += batch) {
        int64_t left = q->points->n - first;
        ASSAY_TRY(one_batch(q, model, first, left < batch ? left : batch, err));
    }
    return ASSAY_OK;
}

static void clear(const question *q)
{
    for (int64_t i = 0; i < q->points->n; i++) {
        int64_t place = assay_points_place(q->points, i);
        memset(q->gradient + place * q->block->size, 0, (size_t)q->block->size * sizeof(float));
        if (q->logits != NULL) {
            memset(q->logits + place * q->block->classes, 0,
                   (size_t)q->block->classes * sizeof(float));
        }
    }
}

static void note_flat(const question *q)
{
    for (int64_t i = 0; i < q->points->n; i++) {
        const float *g = q->gradient + assay_points_place(q->points, i) * q->block->size;
        int64_t k = 0;
        while (k < q->block->size && g[k] == 0.0F) {
            k++;
        }
        if (k == q->block->size) {
            q->block->flat[assay_points_row(q->points, i)] = 1;
        }
    }
}

/* The logits come with the gradient, unless that is another model's or of a noisy point. */
static assay_status judge(const question *q, float *logits, int32_t repeats, assay_error *err)
{
    assay_attack_block *block = q->block;
    if (q->logits == NULL && block->silent) {
        return ASSAY_OK; /* nobody looks: the attacked model need not be asked */
    }
    if (q->logits == NULL) {
        return assay_attack_scores(block, logits, q->x, q->points, err);
    }
    for (int64_t i = 0; i < q->points->n; i++) {
        int64_t row = assay_points_row(q->points, i);
        int64_t place = assay_points_place(q->points, i);
        block->forwards[row] += repeats;
        const float *z = logits + place * block->classes;
        ASSAY_TRY(assay_attack_record(block, row, q->x + place * block->size, z,
                                      assay_class_of(z, block->classes), err));
    }
    return ASSAY_OK;
}

assay_status assay_attack_gradient(assay_attack_block *block, float *gradient, float *logits,
                                   const float *x, const assay_points *points, assay_loss_kind kind,
                                   const int32_t *label, const int32_t *other, assay_error *err)
{
    const assay_attack_options *options = block->oracle->options;
    int32_t models = options->substitute != NULL ? 1 : options->n_models;
    int32_t repeats = options->repeats > 0 ? options->repeats : 1;
    bool exact = options->substitute == NULL && options->noise == 0.0;
    question q = {.block = block,
                  .gradient = gradient,
                  .logits = exact ? logits : NULL,
                  .x = x,
                  .points = points,
                  .kind = kind,
                  .label = label,
                  .other = other,
                  .weight = 1.0F / (float)(models * repeats)};
    clear(&q);
    for (int32_t r = 0; r < repeats; r++) {
        for (int32_t m = 0; m < models; m++) {
            assay_model *model =
                options->substitute != NULL ? options->substitute : options->models[m];
            ASSAY_TRY(through(&q, model, err));
        }
    }
    for (int64_t i = 0; i < points->n; i++) {
        block->backwards[assay_points_row(points, i)] += repeats;
    }
    note_flat(&q);
    return judge(&q, logits, repeats, err);
}
