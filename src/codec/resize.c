#include "codec/resize.h"

#include <stdbool.h>
#include <string.h>

#include "codec/image_formats.h"
#include "codec/resize_internal.h"

static const char *const mode_names[ASSAY_RESIZE_MODES] = {
    "pillow_nearest",   "pillow_box",       "pillow_bilinear", "pillow_hamming",
    "pillow_bicubic",   "pillow_lanczos",   "opencv_nearest",  "opencv_linear",
    "opencv_area",      "opencv_cubic",     "pillow12_box",    "pillow12_bilinear",
    "pillow12_hamming", "pillow12_bicubic", "pillow12_lanczos"};

const char *assay_resize_mode_name(assay_resize_mode mode)
{
    return (unsigned)mode < ASSAY_RESIZE_MODES ? mode_names[mode] : "unknown";
}

int assay_resize_mode_parse(assay_resize_mode *out, const char *name)
{
    if (name == NULL) {
        return 0;
    }
    for (int i = 0; i < ASSAY_RESIZE_MODES; i++) {
        if (strcmp(name, mode_names[i]) == 0) {
            *out = (assay_resize_mode)i;
            return 1;
        }
    }
    return 0;
}

static bool mode_is_classic(assay_resize_mode mode)
{
    return mode >= ASSAY_RESIZE_PILLOW12_BOX;
}

static bool mode_is_pillow(assay_resize_mode mode)
{
    return mode <= ASSAY_RESIZE_PILLOW_LANCZOS || mode_is_classic(mode);
}

static assay_status check_source(const assay_image *in, assay_resize_mode mode, assay_error *err)
{
    if (in->data == NULL || in->width < 1 || in->height < 1 || in->channels < 1 ||
        in->channels > 4) {
        return assay_fail(err, ASSAY_EINVAL,
                          "resize: the image is empty or has %d channels; expected 1 to 4",
                          (int)in->channels);
    }
    if ((unsigned)mode >= ASSAY_RESIZE_MODES) {
        return assay_fail(err, ASSAY_EINVAL, "resize: there is no mode number %d", (int)mode);
    }
    if (in->type == ASSAY_PIXEL_U8 || in->type == ASSAY_PIXEL_F32 ||
        mode == ASSAY_RESIZE_PILLOW_NEAREST || mode == ASSAY_RESIZE_OPENCV_NEAREST ||
        (mode_is_pillow(mode) && in->channels == 1)) {
        return ASSAY_OK;
    }
    return assay_fail(err, ASSAY_EUNSUPPORTED,
                      "resize: %s does not take 16-bit images of %d channels; convert the image to "
                      "8 bit first",
                      mode_names[mode], (int)in->channels);
}

static assay_status check_target(int32_t width, int32_t height, assay_error *err)
{
    const int32_t max_side = 65535;
    const int64_t max_pixels = INT64_C(1) << 28;
    if (width < 1 || height < 1) {
        return assay_fail(err, ASSAY_EINVAL,
                          "resize: the new size is %dx%d; both sides must be at least 1",
                          (int)width, (int)height);
    }
    if (width > max_side || height > max_side || (int64_t)width * height > max_pixels) {
        return assay_fail(
            err, ASSAY_ELIMIT,
            "resize: the new size %dx%d is too large; a side may have up to %d pixels "
            "and an image up to %lld",
            (int)width, (int)height, (int)max_side, (long long)max_pixels);
    }
    return ASSAY_OK;
}

/* Also false for NaN. */
static bool box_is_valid(const double box[4], const assay_image *in)
{
    return box[0] >= 0.0 && box[1] >= 0.0 && box[2] <= (double)in->width &&
           box[3] <= (double)in->height && box[0] <= box[2] && box[1] <= box[3];
}

static assay_status resize_pillow(assay_image *out, const assay_image *in, assay_resize_region box,
                                  int32_t width, int32_t height, assay_resize_mode mode,
                                  assay_error *err)
{
    if (in->width == width && in->height == height && box.x0 == 0.0F && box.y0 == 0.0F &&
        box.x1 == (float)width && box.y1 == (float)height) {
        return assay_image_copy(out, in, err);
    }
    if (mode == ASSAY_RESIZE_PILLOW_NEAREST) {
        return assay_resize_pillow_nearest(out, in, box, width, height, err);
    }
    const bool classic = mode_is_classic(mode);
    if (classic) {
        mode = (assay_resize_mode)(mode - ASSAY_RESIZE_PILLOW12_BOX + ASSAY_RESIZE_PILLOW_BOX);
    }
    if (in->type != ASSAY_PIXEL_U8 || in->channels % 2 != 0) {
        return assay_resize_pillow_filtered(out, in, box, width, height, mode, classic, err);
    }
    assay_image weighted = {0};
    ASSAY_TRY(assay_image_new_raw(&weighted, in->width, in->height, in->channels, in->type, err));
    assay_alpha_premultiply(&weighted, in);
    assay_status status =
        assay_resize_pillow_filtered(out, &weighted, box, width, height, mode, classic, err);
    assay_image_dispose(&weighted);
    if (status == ASSAY_OK) {
        assay_alpha_unpremultiply(out);
    }
    return status;
}

assay_status assay_image_resize(assay_image *out, const assay_image *in, int32_t width,
                                int32_t height, assay_resize_mode mode, assay_error *err)
{
    ASSAY_TRY(check_source(in, mode, err));
    ASSAY_TRY(check_target(width, height, err));
    if (mode_is_pillow(mode)) {
        assay_resize_region box = {0.0F, 0.0F, (float)in->width, (float)in->height};
        return resize_pillow(out, in, box, width, height, mode, err);
    }
    if (in->width == width && in->height == height) {
        return assay_image_copy(out, in, err);
    }
    return assay_resize_opencv(out, in, width, height, mode, err);
}

assay_status assay_image_resize_box(assay_image *out, const assay_image *in, const double box[4],
                                    int32_t width, int32_t height, assay_resize_mode mode,
                                    assay_error *err)
{
    ASSAY_TRY(check_source(in, mode, err));
    ASSAY_TRY(check_target(width, height, err));
    if (!mode_is_pillow(mode)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "resize: %s has no box; crop the image first or take a pillow_ mode",
                          mode_names[mode]);
    }
    assay_resize_region region = {(float)box[0], (float)box[1], (float)box[2], (float)box[3]};
    const double rounded[4] = {region.x0, region.y0, region.x1, region.y1};
    if (!box_is_valid(rounded, in)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "resize: the box (%g, %g, %g, %g) does not lie inside the image of %dx%d "
                          "pixels",
                          box[0], box[1], box[2], box[3], (int)in->width, (int)in->height);
    }
    return resize_pillow(out, in, region, width, height, mode, err);
}
