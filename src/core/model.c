#include "core/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { MOST_CLASSES = 1 << 24 };

static const size_t arena_limit = (size_t)1 << 30;

static assay_status copy_texts(const char *const **out, assay_arena *arena,
                               const char *const *texts, size_t n, assay_error *err)
{
    const char **copy = assay_arena_alloc(arena, n + 1, sizeof *copy);
    if (copy == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        copy[i] = assay_arena_strdup(arena, texts[i]);
        if (copy[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    *out = copy;
    return ASSAY_OK;
}

static size_t count_texts(const char *const *texts)
{
    size_t n = 0;
    while (texts != NULL && texts[n] != NULL) {
        n++;
    }
    return n;
}

static assay_status copy_text(const char **out, assay_arena *arena, const char *text,
                              assay_error *err)
{
    *out = assay_arena_strdup(arena, text);
    return text != NULL && *out == NULL ? assay_fail_memory(err) : ASSAY_OK;
}

static assay_status copy_spec(assay_model_spec *out, assay_arena *arena,
                              const assay_model_spec *spec, assay_error *err)
{
    *out = *spec;
    ASSAY_TRY(copy_text(&out->path, arena, spec->path, err));
    ASSAY_TRY(copy_text(&out->input, arena, spec->input, err));
    ASSAY_TRY(copy_text(&out->output, arena, spec->output, err));
    for (int32_t i = 0; i < spec->detector.n_bindings; i++) {
        assay_output_binding *binding = &out->detector.bindings[i];
        ASSAY_TRY(copy_text(&binding->role, arena, spec->detector.bindings[i].role, err));
        ASSAY_TRY(copy_text(&binding->name, arena, spec->detector.bindings[i].name, err));
    }
    if (spec->detector.decoder != NULL) {
        ASSAY_TRY(assay_args_copy_into(&out->detector.decoder, arena, spec->detector.decoder, err));
    }
    if (spec->command != NULL) {
        ASSAY_TRY(copy_texts(&out->command, arena, spec->command, count_texts(spec->command), err));
    }
    if (spec->class_names != NULL) {
        size_t n = spec->classes > 0 ? (size_t)spec->classes : count_texts(spec->class_names);
        if (n < 1 || n > MOST_CLASSES) {
            return assay_fail(err, ASSAY_EINVAL, "the list of classes is empty or too long");
        }
        out->classes = (int32_t)n;
        ASSAY_TRY(copy_texts(&out->class_names, arena, spec->class_names, n, err));
    }
    return ASSAY_OK;
}

/* What is left open is filled in. */
static void settle_detector(assay_detector_spec *d)
{
    const assay_decoder *decoder = d->decoder->op->decoder;
    if ((int)d->nms.kind == 0) {
        d->nms.kind = decoder->nms_iou > 0.0 ? ASSAY_NMS_HARD : ASSAY_NMS_NONE;
    }
    d->nms.iou = d->nms.iou > 0.0 ? d->nms.iou : (decoder->nms_iou > 0.0 ? decoder->nms_iou : 0.5);
    d->nms.sigma = d->nms.sigma > 0.0 ? d->nms.sigma : 0.5;
    d->confidence = d->has_confidence ? d->confidence : 0.001;
    d->has_confidence = true;
    d->max_detections = d->max_detections > 0 ? d->max_detections : 300;
    d->max_candidates = d->max_candidates > 0 ? d->max_candidates : 30000;
    d->inverse = (int)d->inverse != 0 ? d->inverse : ASSAY_INVERSE_EXACT;
}

static assay_status check_spec(const assay_model_spec *spec, assay_error *err)
{
    if (spec->classes < 0 || spec->classes > MOST_CLASSES) {
        return assay_fail(err, ASSAY_EINVAL, "classes is %d, expected 1 to %d", spec->classes,
                          (int)MOST_CLASSES);
    }
    if (spec->batch < 0 || spec->batch > 65536) {
        return assay_fail(err, ASSAY_EINVAL, "batch is %" PRId64 ", expected 1 to 65536",
                          spec->batch);
    }
    if (!(spec->timeout >= 0.0) || spec->timeout > 1e6) {
        return assay_fail(err, ASSAY_EINVAL, "timeout is %g seconds, expected 0 to 1000000",
                          spec->timeout);
    }
    if (spec->width < 0 || spec->width > 65535 || spec->height < 0 || spec->height > 65535) {
        return assay_fail(err, ASSAY_EINVAL, "the input's size is %dx%d, expected sides to 65535",
                          spec->width, spec->height);
    }
    if ((int)spec->scores < 0 || spec->scores > ASSAY_SCORES_LABELS) {
        return assay_fail(err, ASSAY_EINVAL, "unknown kind of scores");
    }
    return assay_preprocess_check(&spec->preprocess, err);
}

assay_status assay_model_new(assay_model **out, const assay_model_spec *spec, const char *name,
                             assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    *out = NULL;
    ASSAY_TRY(check_spec(spec, err));
    ASSAY_TRY(assay_arena_new(&arena, arena_limit, err));
    assay_model *model = assay_arena_alloc(arena, 1, sizeof *model);
    if (model == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(copy_spec(&model->spec, arena, spec, err), done);
    ASSAY_GOTO(copy_text(&model->name, arena, name != NULL ? name : "model", err), done);
    if (assay_model_is_detector(model)) {
        settle_detector(&model->spec.detector);
    }
    model->class_names_declared = model->spec.class_names != NULL;
    atomic_init(&model->queries, 0);
    atomic_init(&model->gradient_queries, 0);
    model->arena = arena;
    *out = model;
    arena = NULL;
done:
    assay_arena_free(arena);
    return status;
}

static assay_status compare_names(const assay_model *model, const char *const *names,
                                  assay_error *err)
{
    for (int32_t c = 0; c < model->spec.classes; c++) {
        if (!assay_text_equal(model->spec.class_names[c], names[c])) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "class %d is declared as \"%s\", but the model calls it \"%s\"", c,
                              model->spec.class_names[c], names[c]);
        }
    }
    return ASSAY_OK;
}

assay_status assay_model_set_classes(assay_model *model, int32_t classes, const char *const *names,
                                     assay_error *err)
{
    if (model->spec.classes == 0) {
        model->spec.classes = classes;
    }
    if (model->spec.classes < 1 || model->spec.classes > MOST_CLASSES) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the model does not say how many classes it has: declare `classes`");
    }
    if (classes != 0 && classes != model->spec.classes) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%d classes are declared, but the model gives %d: correct `classes`",
                          model->spec.classes, classes);
    }
    if (names != NULL) {
        if (model->spec.class_names != NULL) {
            return compare_names(model, names, err);
        }
        model->spec.class_names = names;
        model->class_names_declared = 1;
    }
    if (model->spec.class_names != NULL) {
        return ASSAY_OK;
    }
    const char **numbers =
        assay_arena_alloc(model->arena, (size_t)model->spec.classes, sizeof *numbers);
    for (int32_t c = 0; numbers != NULL && c < model->spec.classes; c++) {
        numbers[c] = assay_arena_printf(model->arena, "%d", c);
        if (numbers[c] == NULL) {
            return assay_fail_memory(err);
        }
    }
    model->spec.class_names = numbers;
    return numbers == NULL ? assay_fail_memory(err) : ASSAY_OK;
}

static const char *datum_id(const assay_model_batch *batch, int64_t row)
{
    return batch->ids != NULL && batch->ids[row] != NULL ? batch->ids[row] : "?";
}

static assay_status check_scores(const assay_model *model, const float *scores,
                                 const assay_model_batch *batch, assay_error *err)
{
    int32_t classes = model->spec.classes;
    for (int64_t i = 0; i < batch->n; i++) {
        const float *row = scores + i * classes;
        double sum = 0.0;
        float least = 0.0F;
        for (int32_t c = 0; c < classes; c++) {
            /* -inf is an honest logit; anything else that is not a number of this world isn't. */
            if (isnan(row[c]) || (isinf(row[c]) && row[c] > 0.0F)) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "model %s gave %s as the score of class %s for %s", model->name,
                                  isnan(row[c]) ? "NaN" : "infinity", model->spec.class_names[c],
                                  datum_id(batch, i));
            }
            sum += (double)row[c];
            least = row[c] < least ? row[c] : least;
        }
        if (model->spec.scores == ASSAY_SCORES_PROBABILITIES &&
            (least < 0.0F || !(fabs(sum - 1.0) <= 1e-3))) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "model %s: the scores for %s are not probabilities (they sum to %g, "
                              "the least is %g): declare `scores: logits` under `output` if a "
                              "softmax belongs after the model",
                              model->name, datum_id(batch, i), sum, (double)least);
        }
    }
    return ASSAY_OK;
}

static assay_status check_labels(const assay_model *model, const int32_t *labels,
                                 const assay_model_batch *batch, assay_error *err)
{
    for (int64_t i = 0; i < batch->n; i++) {
        if (labels[i] < 0 || labels[i] >= model->spec.classes) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "model %s gave class %d for %s; it has classes 0 to %d", model->name,
                              labels[i], datum_id(batch, i), model->spec.classes - 1);
        }
    }
    return ASSAY_OK;
}

assay_status assay_model_run(assay_model *model, float *scores, int32_t *labels,
                             const assay_model_batch *batch, assay_error *err)
{
    if (batch->n < 1 || batch->n > model->spec.batch) {
        return assay_fail(err, ASSAY_EINTERNAL, "a batch of %" PRId64 " for a model of %" PRId64,
                          batch->n, model->spec.batch);
    }
    (void)atomic_fetch_add(&model->queries, batch->n);
    assay_status status = model->backend->run(model, scores, labels, batch, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "model %s", model->name);
        return status;
    }
    return model->spec.scores == ASSAY_SCORES_LABELS ? check_labels(model, labels, batch, err)
                                                     : check_scores(model, scores, batch, err);
}

assay_status assay_model_infer(assay_model *model, const assay_model_batch *batch,
                               assay_infer_fn take, void *payload, assay_error *err)
{
    if (model->backend->infer == NULL) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "model %s (%s) cannot give boxes: use an ONNX "
                          "file, or a file of its predictions",
                          model->name, model->backend->name);
    }
    if (batch->n < 1 || batch->n > model->spec.batch) {
        return assay_fail(err, ASSAY_EINTERNAL, "a batch of %" PRId64 " for a model of %" PRId64,
                          batch->n, model->spec.batch);
    }
    (void)atomic_fetch_add(&model->queries, batch->n);
    assay_status status = model->backend->infer(model, batch, take, payload, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "model %s", model->name);
    }
    return status;
}

static assay_status check_loss(const assay_model *model, const assay_loss *what, int64_t n,
                               assay_error *err)
{
    bool other = what->kind == ASSAY_LOSS_LOGIT_DIFFERENCE || what->kind == ASSAY_LOSS_DLR_TARGETED;
    int32_t least = what->kind == ASSAY_LOSS_DLR            ? 3
                    : what->kind == ASSAY_LOSS_DLR_TARGETED ? 4
                                                            : 1;
    if (model->spec.classes < least) {
        return assay_fail(err, ASSAY_EINVAL, "this loss needs %d classes, model %s has %d", least,
                          model->name, model->spec.classes);
    }
    for (int64_t i = 0; i < n; i++) {
        int32_t wrong = what->label[i] < 0 || what->label[i] >= model->spec.classes ? what->label[i]
                        : other && (what->other[i] < 0 || what->other[i] >= model->spec.classes)
                            ? what->other[i]
                            : -1;
        if (wrong != -1 || what->label[i] < 0) {
            return assay_fail(err, ASSAY_EINVAL, "there is no class %d: model %s has 0 to %d",
                              wrong, model->name, model->spec.classes - 1);
        }
    }
    return ASSAY_OK;
}

/* By the bits, several at once: asked number by number it took as long as a small model. */
static bool all_finite(const float *x, int64_t n)
{
    enum { LANES = 4 };
    typedef int32_t words __attribute__((vector_size(LANES * sizeof(int32_t))));
    const int32_t most = 0x7F800000; /* the exponent of infinities and of what is no number */
    words found = {0};
    int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES) {
        words at;
        memcpy(&at, x + i, sizeof at);
        found |= (at & most) == most;
    }
    bool all = (found[0] | found[1] | found[2] | found[3]) == 0;
    for (int64_t i = whole; i < n; i++) {
        all = all && isfinite(x[i]);
    }
    return all;
}

assay_status assay_model_gradient(assay_model *model, float *gradient, float *loss, float *logits,
                                  const assay_model_batch *batch, const assay_loss *what,
                                  assay_error *err)
{
    if (model->backend->gradient == NULL) {
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "model %s gives no gradients (%s): use attacks that need scores or labels "
            "only",
            model->name, model->backend->name);
    }
    if (batch->n < 1 || batch->n > model->spec.batch) {
        return assay_fail(err, ASSAY_EINTERNAL, "a batch of %" PRId64 " for a model of %" PRId64,
                          batch->n, model->spec.batch);
    }
    ASSAY_TRY(check_loss(model, what, batch->n, err));
    (void)atomic_fetch_add(&model->gradient_queries, batch->n);
    assay_status status = model->backend->gradient(model, gradient, loss, logits, batch, what, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "model %s", model->name);
        return status;
    }
    int64_t size = (int64_t)model->channels * model->height * model->width;
    for (int64_t i = 0; i < batch->n; i++) {
        if (!all_finite(gradient + i * size, size)) {
            return assay_fail(err, ASSAY_EFORMAT, "model %s: the gradient at %s is not finite",
                              model->name, datum_id(batch, i));
        }
    }
    return ASSAY_OK;
}

assay_status assay_model_fit_to(assay_model_fit *out, assay_model *model,
                                const assay_model_room *room, assay_error *err)
{
    *out = (assay_model_fit){.fits = true, .batch = model->spec.batch};
    return model->backend->fit != NULL ? model->backend->fit(model, out, room, err) : ASSAY_OK;
}

void assay_model_free(assay_model *model)
{
    if (model == NULL) {
        return;
    }
    if (model->backend != NULL && model->self != NULL) {
        model->backend->free(model->self);
    }
    assay_arena_free(model->arena);
}
