#include "core/preprocess.h"

#include <math.h>

#include "base/json_write.h"
#include "core/preprocess_steps.h"
#include "core/preprocess_tensor.h"

enum { MOST_SIDE = 65535 };

void assay_preprocess_init(assay_preprocess *preprocess)
{
    *preprocess = (assay_preprocess){.scale = 1.0 / 255.0, .std = {1.0, 1.0, 1.0}};
}

const char *assay_step_kind_name(assay_step_kind kind)
{
    switch (kind) {
    case ASSAY_STEP_RESIZE:
        return "resize";
    case ASSAY_STEP_RESIZE_SHORT:
        return "resize_short";
    case ASSAY_STEP_LETTERBOX:
        return "letterbox";
    case ASSAY_STEP_CENTER_CROP:
        return "center_crop";
    case ASSAY_STEP_CROP:
        return "crop";
    case ASSAY_STEP_PAD:
        return "pad";
    case ASSAY_STEP_FIT_CONTENT:
        return "fit_content";
    case ASSAY_STEP_CENTER_MASS:
        return "center_mass";
    }
    return "unknown";
}

/* What a step reads, so that checking, JSON and documentation agree. */
enum { USES_BOX = 1, USES_SIZE = 2, USES_MODE = 4, USES_FILL = 8, USES_CORNER = 16, USES_CUT = 32 };

static int step_uses(assay_step_kind kind)
{
    switch (kind) {
    case ASSAY_STEP_RESIZE:
        return USES_BOX | USES_MODE;
    case ASSAY_STEP_RESIZE_SHORT:
        return USES_SIZE | USES_MODE;
    case ASSAY_STEP_LETTERBOX:
        return USES_BOX | USES_MODE | USES_FILL;
    case ASSAY_STEP_CENTER_CROP:
    case ASSAY_STEP_PAD:
    case ASSAY_STEP_CENTER_MASS:
        return USES_BOX | USES_FILL;
    case ASSAY_STEP_CROP:
        return USES_BOX | USES_CORNER;
    case ASSAY_STEP_FIT_CONTENT:
        return USES_SIZE | USES_MODE | USES_CUT;
    }
    return 0;
}

static assay_status check_side(const assay_step *step, const char *field, int32_t value,
                               int32_t low, assay_error *err)
{
    if (value < low || value > MOST_SIDE) {
        return assay_fail(err, ASSAY_EINVAL, "%s: %s is %d, expected %d to %d",
                          assay_step_kind_name(step->kind), field, value, low, MOST_SIDE);
    }
    return ASSAY_OK;
}

static assay_status check_level(const assay_step *step, const char *field, double value,
                                assay_error *err)
{
    if (!(value >= 0.0 && value <= 255.0)) {
        return assay_fail(err, ASSAY_EINVAL, "%s: %s is %g, expected 0 to 255",
                          assay_step_kind_name(step->kind), field, value);
    }
    return ASSAY_OK;
}

static assay_status check_step(const assay_step *step, assay_error *err)
{
    int uses = step_uses(step->kind);
    if (uses == 0) {
        return assay_fail(err, ASSAY_EINVAL, "unknown preprocessing step %d", (int)step->kind);
    }
    if (uses & USES_BOX) {
        ASSAY_TRY(check_side(step, "width", step->width, 1, err));
        ASSAY_TRY(check_side(step, "height", step->height, 1, err));
    }
    if (uses & USES_CORNER) {
        ASSAY_TRY(check_side(step, "left", step->left, 0, err));
        ASSAY_TRY(check_side(step, "top", step->top, 0, err));
    }
    if (uses & USES_SIZE) {
        ASSAY_TRY(check_side(step, "size", step->size, 1, err));
    }
    if ((uses & USES_MODE) && ((int)step->mode < 0 || step->mode >= ASSAY_RESIZE_MODES)) {
        return assay_fail(err, ASSAY_EINVAL, "%s: unknown resize mode %d",
                          assay_step_kind_name(step->kind), (int)step->mode);
    }
    if (uses & USES_FILL) {
        ASSAY_TRY(check_level(step, "fill", step->fill, err));
    }
    return uses & USES_CUT ? check_level(step, "threshold", step->threshold, err) : ASSAY_OK;
}

assay_status assay_preprocess_check(const assay_preprocess *preprocess, assay_error *err)
{
    if ((int)preprocess->color < 0 || preprocess->color > ASSAY_COLOR_GREY ||
        (int)preprocess->layout < 0 || preprocess->layout > ASSAY_LAYOUT_NHWC) {
        return assay_fail(err, ASSAY_EINVAL, "preprocessing: unknown colour or layout");
    }
    if (preprocess->n_steps < 0 || preprocess->n_steps > ASSAY_STEPS) {
        return assay_fail(err, ASSAY_EINVAL, "preprocessing has %d steps, at most %d are allowed",
                          preprocess->n_steps, ASSAY_STEPS);
    }
    for (int32_t i = 0; i < preprocess->n_steps; i++) {
        assay_status status = check_step(&preprocess->steps[i], err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "preprocessing step %d", i + 1);
            return status;
        }
    }
    if (!isfinite(preprocess->scale) || fpclassify((float)preprocess->scale) == FP_ZERO) {
        return assay_fail(err, ASSAY_EINVAL,
                          "preprocessing: scale is %g, expected a number other than 0",
                          preprocess->scale);
    }
    for (int c = 0; c < 3; c++) {
        if (!isfinite(preprocess->mean[c]) || !(fabs(preprocess->std[c]) >= 1e-30) ||
            !isfinite(preprocess->std[c])) {
            return assay_fail(err, ASSAY_EINVAL,
                              "preprocessing: channel %d has mean %g and std %g, expected a number "
                              "and a number other than 0",
                              c + 1, preprocess->mean[c], preprocess->std[c]);
        }
    }
    return ASSAY_OK;
}

bool assay_preprocess_size(int32_t *width, int32_t *height, const assay_preprocess *preprocess)
{
    if (preprocess->n_steps < 1 || preprocess->n_steps > ASSAY_STEPS) {
        return false;
    }
    const assay_step *last = &preprocess->steps[preprocess->n_steps - 1];
    if ((step_uses(last->kind) & USES_BOX) == 0) {
        return false;
    }
    *width = last->width;
    *height = last->height;
    return true;
}

/* 8 bit or float, 1 or 3 channels, inverted if asked; no copy when the image is that already. */
static assay_status convert_color(assay_region *region, assay_color color, bool invert,
                                  assay_error *err)
{
    assay_image fresh = {0};
    if (region->image->type == ASSAY_PIXEL_U16) {
        ASSAY_TRY(assay_image_to_u8(&fresh, region->image, err));
        assay_region_replace(region, &fresh);
    }
    int32_t channels = region->image->channels;
    bool grey = color == ASSAY_COLOR_GREY || (color == ASSAY_COLOR_AUTO && channels <= 2);
    if (grey && channels != 1) {
        ASSAY_TRY(assay_image_to_grey(&fresh, region->image, err));
        assay_region_replace(region, &fresh);
    } else if (!grey && channels != 3) {
        ASSAY_TRY(assay_image_to_rgb(&fresh, region->image, err));
        assay_region_replace(region, &fresh);
    }
    if (!invert) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_region_settle(region, err));
    size_t samples =
        (size_t)region->width * (size_t)region->height * (size_t)region->image->channels;
    if (region->image->type == ASSAY_PIXEL_F32) {
        float *data = region->owned.data;
        for (size_t i = 0; i < samples; i++) {
            data[i] = 1.0F - data[i];
        }
    } else {
        uint8_t *data = region->owned.data;
        for (size_t i = 0; i < samples; i++) {
            data[i] = (uint8_t)(255 - data[i]);
        }
    }
    return ASSAY_OK;
}

static assay_status run_steps(assay_region *region, const assay_preprocess *preprocess,
                              assay_color color, assay_error *err)
{
    ASSAY_TRY(convert_color(region, color, preprocess->invert, err));
    for (int32_t i = 0; i < preprocess->n_steps; i++) {
        assay_status status = assay_region_step(region, &preprocess->steps[i], err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "preprocessing step %d (%s)", i + 1,
                               assay_step_kind_name(preprocess->steps[i].kind));
            return status;
        }
    }
    return ASSAY_OK;
}

assay_status assay_preprocess_image(assay_image *out, const assay_image *in,
                                    const assay_preprocess *preprocess, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_region region;
    assay_region_init(&region, in);
    ASSAY_GOTO(assay_preprocess_check(preprocess, err), done);
    ASSAY_GOTO(run_steps(&region, preprocess, preprocess->color, err), done);
    ASSAY_GOTO(assay_region_settle(&region, err), done);
    *out = region.owned;
    region.owned = (assay_image){0};
done:
    assay_region_dispose(&region);
    return status;
}

static assay_color wanted_color(const assay_preprocess *preprocess, int32_t channels)
{
    if (preprocess->color != ASSAY_COLOR_AUTO) {
        return preprocess->color;
    }
    return channels == 1 ? ASSAY_COLOR_GREY : ASSAY_COLOR_RGB;
}

assay_status assay_preprocess_run(void *out, assay_dtype type, int32_t channels, int32_t height,
                                  int32_t width, const assay_image *in,
                                  const assay_preprocess *preprocess, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image fresh = {0};
    assay_region region;
    assay_region_init(&region, in);
    ASSAY_GOTO(assay_preprocess_check(preprocess, err), done);
    ASSAY_GOTO(run_steps(&region, preprocess, wanted_color(preprocess, channels), err), done);
    if (region.width != width || region.height != height || region.image->channels != channels) {
        status = assay_fail(
            err, ASSAY_EFORMAT,
            "the image is %dx%d with %d channel%s after preprocessing (%dx%d as read), but the "
            "model's input is %dx%d with %d: declare the preprocessing that the model was trained "
            "with (resize, center_crop, ..., color)",
            region.width, region.height, region.image->channels,
            region.image->channels == 1 ? "" : "s", in->width, in->height, width, height, channels);
        goto done;
    }
    if (region.image->type == ASSAY_PIXEL_F32 && assay_tensor_is_integer(type)) {
        ASSAY_GOTO(assay_region_settle(&region, err), done);
        ASSAY_GOTO(assay_image_to_u8(&fresh, region.image, err), done);
        assay_region_replace(&region, &fresh);
    }
    status = assay_region_to_tensor(out, type, &region, preprocess, err);
done:
    assay_image_dispose(&fresh);
    assay_region_dispose(&region);
    return status;
}

static const char *color_name(assay_color color)
{
    static const char *const names[] = {"auto", "rgb", "bgr", "grey"};
    return (size_t)color < ASSAY_COUNT(names) ? names[color] : "unknown";
}

static const char *layout_name(assay_layout layout)
{
    static const char *const names[] = {"auto", "nchw", "nhwc"};
    return (size_t)layout < ASSAY_COUNT(names) ? names[layout] : "unknown";
}

static void step_json(assay_json *json, const assay_step *step, bool declared)
{
    int uses = step_uses(step->kind);
    assay_json_begin_object(json);
    if (declared) {
        assay_json_key(json, assay_step_kind_name(step->kind));
        assay_json_begin_object(json);
    } else {
        assay_json_put_text(json, "step", assay_step_kind_name(step->kind));
    }
    if (uses & USES_CORNER) {
        assay_json_put_int(json, "left", step->left);
        assay_json_put_int(json, "top", step->top);
    }
    if (uses & USES_BOX) {
        assay_json_put_int(json, "width", step->width);
        assay_json_put_int(json, "height", step->height);
    }
    if (uses & USES_SIZE) {
        assay_json_put_int(json, "size", step->size);
    }
    if (uses & USES_MODE) {
        assay_json_put_text(json, "mode", assay_resize_mode_name(step->mode));
    }
    if (uses & USES_FILL) {
        assay_json_put_real(json, "fill", step->fill);
    }
    if (uses & USES_CUT) {
        assay_json_put_real(json, "threshold", step->threshold);
    }
    if (declared) {
        assay_json_end_object(json);
    }
    assay_json_end_object(json);
}

static void reals_json(assay_json *json, const char *key, const double values[3])
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int c = 0; c < 3; c++) {
        assay_json_real(json, values[c]);
    }
    assay_json_end_array(json);
}

static assay_status write_json(assay_buffer *out, const assay_preprocess *preprocess, bool declared,
                               assay_error *err)
{
    assay_json json;
    assay_json_init(&json, out, 0);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "color", color_name(preprocess->color));
    assay_json_put_bool(&json, "invert", preprocess->invert);
    assay_json_key(&json, "steps");
    assay_json_begin_array(&json);
    for (int32_t i = 0; i < preprocess->n_steps; i++) {
        step_json(&json, &preprocess->steps[i], declared);
    }
    assay_json_end_array(&json);
    assay_json_put_real(&json, "scale", preprocess->scale);
    reals_json(&json, "mean", preprocess->mean);
    reals_json(&json, "std", preprocess->std);
    assay_json_put_text(&json, "layout", layout_name(preprocess->layout));
    assay_json_end_object(&json);
    return assay_buffer_status(out, err);
}

assay_status assay_preprocess_json(assay_buffer *out, const assay_preprocess *preprocess,
                                   assay_error *err)
{
    return write_json(out, preprocess, false, err);
}

assay_status assay_preprocess_declaration(assay_buffer *out, const assay_preprocess *preprocess,
                                          assay_error *err)
{
    return write_json(out, preprocess, true, err);
}
