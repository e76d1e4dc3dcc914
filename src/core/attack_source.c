/* Where images come from, and whether an attack makes sense at all. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "core/attack_internal.h"

static int32_t colours_of(const assay_model *model, const assay_image *image)
{
    return !model->backend->wants_images ? model->channels : image->channels >= 3 ? 3 : 1;
}

/* The image as it meets the scaling: for models that take images, as it is. */
static assay_status prepared(assay_image *out, const assay_attack_source *source, int64_t i,
                             assay_error *err)
{
    assay_image image = {0};
    ASSAY_TRY(assay_dataset_image(source->dataset, i, &image, err));
    assay_preprocess preprocess = source->model->spec.preprocess;
    if (source->model->backend->wants_images) {
        assay_preprocess_init(&preprocess);
    }
    if (preprocess.color == ASSAY_COLOR_AUTO) {
        preprocess.color =
            colours_of(source->model, &image) == 1 ? ASSAY_COLOR_GREY : ASSAY_COLOR_RGB;
    }
    assay_status status = assay_preprocess_image(out, &image, &preprocess, err);
    assay_image_dispose(&image);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s: %s", source->dataset->name, source->dataset->ids[i]);
    }
    return status;
}

static void to_pixels(float *pixels, const assay_image *image)
{
    int64_t plane = (int64_t)image->width * image->height;
    for (int32_t y = 0; y < image->height; y++) {
        const uint8_t *row = assay_image_row(image, y);
        for (int32_t x = 0; x < image->width; x++) {
            for (int32_t c = 0; c < image->channels; c++) {
                int64_t at = (int64_t)x * image->channels + c;
                float value = 0.0F;
                if (image->type == ASSAY_PIXEL_U8) {
                    value = (float)row[at] / 255.0F;
                } else {
                    memcpy(&value, row + at * (int64_t)sizeof value, sizeof value);
                }
                pixels[c * plane + (int64_t)y * image->width + x] = value;
            }
        }
    }
}

static assay_status check_range(const float *pixels, int64_t n, const char *id, assay_error *err)
{
    for (int64_t k = 0; k < n; k++) {
        if (!(pixels[k] >= 0.0F && pixels[k] <= 1.0F)) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "%s: a pixel is %g; attacks need images whose values lie in 0 to 1",
                              id, (double)pixels[k]);
        }
    }
    return ASSAY_OK;
}

static assay_status settle(assay_image *image, assay_error *err)
{
    assay_image bytes = {0};
    if (image->type != ASSAY_PIXEL_U16) {
        return ASSAY_OK;
    }
    assay_status status = assay_image_to_u8(&bytes, image, err);
    assay_image_dispose(image);
    *image = bytes;
    return status;
}

typedef struct geometry {
    int32_t channels, height, width;
} geometry;

static assay_status read_one(geometry *shape, float *pixels, const assay_attack_source *source,
                             const assay_attack_images *expected, int64_t i, assay_error *err)
{
    assay_image image = {0};
    ASSAY_TRY(prepared(&image, source, i, err));
    assay_status status = settle(&image, err);
    if (status == ASSAY_OK && pixels != NULL) {
        if (image.channels != expected->channels || image.height != expected->height ||
            image.width != expected->width) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: %s is %dx%d with %d channels, the attack works on %dx%d with "
                                "%d: bring the images to one size first",
                                source->dataset->name, source->dataset->ids[i], image.width,
                                image.height, image.channels, expected->width, expected->height,
                                expected->channels);
        } else {
            to_pixels(pixels, &image);
            status = check_range(pixels, (int64_t)image.width * image.height * image.channels,
                                 source->dataset->ids[i], err);
        }
    }
    *shape = (geometry){image.channels, image.height, image.width};
    assay_image_dispose(&image);
    return status;
}

static assay_status read_pixels(void *payload, int64_t i, float *pixels, assay_error *err)
{
    const assay_attack_source *source = payload;
    geometry shape;
    assay_attack_images expected = {
        .channels = source->channels, .height = source->height, .width = source->width};
    return read_one(&shape, pixels, source, &expected, i, err);
}

assay_status assay_attack_images_of(assay_attack_images *out, assay_attack_source *source,
                                    assay_error *err)
{
    const assay_model *model = source->model;
    *out = (assay_attack_images){.payload = source,
                                 .read = read_pixels,
                                 .n = source->dataset->n,
                                 .channels = model->channels,
                                 .height = model->height,
                                 .width = model->width,
                                 .ids = source->dataset->ids};
    if (model->backend->wants_images) {
        geometry shape;
        ASSAY_TRY(read_one(&shape, NULL, source, NULL, 0, err));
        out->channels = shape.channels;
        out->height = shape.height;
        out->width = shape.width;
    }
    source->channels = out->channels;
    source->height = out->height;
    source->width = out->width;
    return ASSAY_OK;
}

/* ---- does it make sense? -------------------------------------------------------------------- */

bool assay_attack_gives_gradients(assay_model *model, assay_error *reason)
{
    int64_t size = (int64_t)model->channels * model->height * model->width;
    if (model->backend->gradient == NULL || model->backend->wants_images ||
        model->input_type != ASSAY_DTYPE_F32 || model->spec.scores == ASSAY_SCORES_LABELS) {
        (void)assay_fail(reason, ASSAY_EUNSUPPORTED, "model %s gives no gradients", model->name);
        return false;
    }
    size_t bytes = (size_t)model->spec.batch * (size_t)size;
    float *tensor = assay_alloc(bytes, sizeof *tensor);
    float *gradient = assay_alloc(bytes, sizeof *gradient);
    const char *id = "a black image";
    const int32_t label = 0;
    const assay_model_batch batch = {.n = 1, .tensor = tensor, .ids = &id};
    const assay_loss what = {.kind = ASSAY_LOSS_CROSS_ENTROPY, .label = &label};
    assay_status status =
        tensor == NULL || gradient == NULL
            ? assay_fail_memory(reason)
            : assay_model_gradient(model, gradient, NULL, NULL, &batch, &what, reason);
    assay_free(tensor);
    assay_free(gradient);
    return status != ASSAY_EUNSUPPORTED && status != ASSAY_ENOMEM;
}

/* The same names in another order: class 3 of the one is class 5 of the other. */
static assay_status check_names(const assay_model *model, const assay_model *first,
                                assay_error *err)
{
    const char *const *names = model->spec.class_names;
    const char *const *others = first->spec.class_names;
    for (int32_t c = 0; names != NULL && others != NULL && c < model->spec.classes; c++) {
        for (int32_t k = 0; k < first->spec.classes && !assay_text_equal(names[c], others[c]);
             k++) {
            if (assay_text_equal(names[c], others[k])) {
                return assay_fail(err, ASSAY_EINVAL,
                                  "class %d of model %s is '%s', of model %s '%s': their classes "
                                  "must be in the same order for an example to be tried on both",
                                  c, model->name, names[c], first->name, others[c]);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status check_model(const assay_model *model, const assay_model *first,
                                const assay_attack_images *images, assay_error *err)
{
    if (model->spec.classes != first->spec.classes) {
        return assay_fail(err, ASSAY_EINVAL,
                          "model %s has %d classes, model %s has %d: they cannot be attacked "
                          "together",
                          model->name, model->spec.classes, first->name, first->spec.classes);
    }
    if (!model->backend->wants_images &&
        (model->channels != images->channels || model->height != images->height ||
         model->width != images->width)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "model %s takes %dx%d with %d channels, model %s %dx%d with %d: an "
                          "example of one cannot be given to the other",
                          model->name, model->width, model->height, model->channels, first->name,
                          images->width, images->height, images->channels);
    }
    return check_names(model, first, err);
}

static assay_status check_access(const assay_attack_options *options, assay_error *err)
{
    const assay_attack *attack = options->attack->op->attack;
    const char *name = options->attack->op->name;
    for (int32_t m = 0; m < options->n_models; m++) {
        const assay_model *model = options->models[m];
        bool gradients = options->substitute != NULL
                             ? options->substitute->backend->gradient != NULL
                             : model->backend->gradient != NULL;
        if (attack->access != ASSAY_ACCESS_LABELS && model->spec.scores == ASSAY_SCORES_LABELS) {
            return assay_fail(err, ASSAY_EUNSUPPORTED,
                              "%s needs %s, model %s gives labels only: use attacks that need "
                              "labels only (`assay describe attack` says which)",
                              name, assay_attack_access_name(attack->access), model->name);
        }
        if (attack->access == ASSAY_ACCESS_GRADIENTS && !gradients) {
            return assay_fail(err, ASSAY_EUNSUPPORTED,
                              "%s needs gradients, model %s gives none (%s): use attacks that need "
                              "scores or labels only (`assay describe attack` says which), or name "
                              "a similar model to take gradients from",
                              name, model->name, model->backend->name);
        }
    }
    if (attack->access == ASSAY_ACCESS_LABELS && options->n_models > 1) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s asks for labels, which cannot be averaged over models: attack one "
                          "model at a time",
                          name);
    }
    return ASSAY_OK;
}

static assay_status check_budget(const assay_attack_images *images,
                                 const assay_attack_options *options, assay_error *err)
{
    const assay_attack *attack = options->attack->op->attack;
    const char *name = options->attack->op->name;
    double size = (double)images->channels * images->height * images->width;
    const double range[ASSAY_NORMS] = {1.0, sqrt(size), size, size};
    if (attack->norms != 0 && !(attack->norms & 1u << options->norm)) {
        char list[64] = "";
        for (int norm = 0; norm < ASSAY_NORMS; norm++) {
            if (attack->norms & 1u << norm) {
                size_t used = strlen(list);
                (void)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                               assay_norm_name((assay_norm)norm));
            }
        }
        return assay_fail(err, ASSAY_EINVAL, "%s has no norm %s, only %s", name,
                          assay_norm_name(options->norm), list);
    }
    if (attack->norms != 0 && options->n_eps < 1) {
        return assay_fail(err, ASSAY_EINVAL, "%s needs an eps: how much may be changed", name);
    }
    for (int32_t e = 0; e < options->n_eps; e++) {
        double eps = options->eps[e];
        if (!(eps > 0.0) || (e > 0 && eps <= options->eps[e - 1])) {
            return assay_fail(err, ASSAY_EINVAL,
                              "eps is %g: each must be above 0 and above the "
                              "one before",
                              eps);
        }
        if (attack->norms != 0 && eps > range[options->norm]) {
            return assay_fail(err, ASSAY_EINVAL,
                              "eps is %g, but in norm %s two images of %g values in 0 to 1 differ "
                              "by %g at most: eps is in units of the pixel range 0 to 1, so 8 "
                              "levels of 255 are 8/255",
                              eps, assay_norm_name(options->norm), size, range[options->norm]);
        }
    }
    return ASSAY_OK;
}

static assay_status check_classes(const assay_attack_images *images,
                                  const assay_attack_options *options, assay_error *err)
{
    const assay_attack *attack = options->attack->op->attack;
    int32_t classes = options->models[0]->spec.classes;
    if (images->targets != NULL && !(attack->traits & ASSAY_ATTACK_TARGETED)) {
        return assay_fail(err, ASSAY_EINVAL, "%s cannot aim at a class: leave the target out",
                          options->attack->op->name);
    }
    if (classes < 2) {
        return assay_fail(err, ASSAY_EINVAL, "model %s has %d class: there is nothing to confuse",
                          options->models[0]->name, classes);
    }
    for (int64_t i = 0; i < images->n; i++) {
        int32_t label = images->labels[i];
        int32_t target = images->targets != NULL ? images->targets[i] : -1;
        if (label >= classes || (images->targets != NULL && (target < 0 || target >= classes))) {
            return assay_fail(err, ASSAY_EINVAL, "%s: there is no class %d: model %s has 0 to %d",
                              images->ids[i], label >= classes ? label : target,
                              options->models[0]->name, classes - 1);
        }
    }
    return ASSAY_OK;
}

assay_status assay_attack_check(const assay_attack_images *images,
                                const assay_attack_options *options, assay_error *err)
{
    if (options->attack->op->kind != ASSAY_OP_ATTACK || options->n_models < 1 ||
        options->n_models > ASSAY_ATTACK_MODELS || options->n_eps > ASSAY_ATTACK_EPS) {
        return assay_fail(err, ASSAY_EINTERNAL, "not an attack, no model or too many");
    }
    if (images->n < 1) {
        return assay_fail(err, ASSAY_EFORMAT, "there are no images to attack");
    }
    ASSAY_TRY(check_access(options, err));
    ASSAY_TRY(check_budget(images, options, err));
    ASSAY_TRY(check_classes(images, options, err));
    const assay_model *first = options->models[0];
    for (int32_t m = 0; m < options->n_models; m++) {
        ASSAY_TRY(check_model(options->models[m], first, images, err));
    }
    for (int32_t t = 0; t < options->n_transfer; t++) {
        ASSAY_TRY(check_model(options->transfer[t], first, images, err));
    }
    return options->substitute != NULL ? check_model(options->substitute, first, images, err)
                                       : ASSAY_OK;
}
