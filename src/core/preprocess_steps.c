#include "core/preprocess_steps.h"

#include <math.h>
#include <string.h>

#include "core/preprocess_map.h"

enum { MOST_SIDE = 65535 };

void assay_region_init(assay_region *region, const assay_image *image)
{
    *region = (assay_region){.image = image, .width = image->width, .height = image->height};
}

void assay_region_dispose(assay_region *region)
{
    assay_image_dispose(&region->owned);
    region->image = NULL;
}

void assay_region_replace(assay_region *region, assay_image *fresh)
{
    assay_image_dispose(&region->owned);
    region->owned = *fresh;
    *fresh = (assay_image){0};
    region->image = &region->owned;
    region->left = 0;
    region->top = 0;
    region->width = region->owned.width;
    region->height = region->owned.height;
}

static bool is_whole(const assay_region *region)
{
    return region->width == region->image->width && region->height == region->image->height;
}

/* Every byte the same is the common case (0, 114); float fills go sample by sample. */
static void fill_image(assay_image *image, double fill)
{
    size_t samples = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    if (image->type == ASSAY_PIXEL_U8) {
        memset(image->data, (int)floor(fill + 0.5), samples);
        return;
    }
    float value = (float)(fill / 255.0);
    float *data = image->data;
    for (size_t i = 0; i < samples; i++) {
        data[i] = value;
    }
}

/* Put the region at (dx, dy) on a fresh width x height image; what falls outside is lost. */
static assay_status place(assay_region *region, int32_t width, int32_t height, int32_t dx,
                          int32_t dy, double fill, assay_error *err)
{
    assay_image fresh = {0};
    const assay_image *image = region->image;
    ASSAY_TRY(assay_image_new(&fresh, width, height, image->channels, image->type, err));
    if (fill > 0.0) {
        fill_image(&fresh, fill);
    }
    size_t pixel = (size_t)image->channels * (size_t)image->type;
    int32_t from_x = dx < 0 ? -dx : 0;
    int32_t from_y = dy < 0 ? -dy : 0;
    int32_t to_x = region->width < width - dx ? region->width : width - dx;
    int32_t to_y = region->height < height - dy ? region->height : height - dy;
    for (int32_t y = from_y; y < to_y && from_x < to_x; y++) {
        memcpy(assay_image_row_mut(&fresh, y + dy) + (size_t)(from_x + dx) * pixel,
               assay_region_row(region, y) + (size_t)from_x * pixel,
               (size_t)(to_x - from_x) * pixel);
    }
    assay_region_replace(region, &fresh);
    return ASSAY_OK;
}

assay_status assay_region_settle(assay_region *region, assay_error *err)
{
    if (is_whole(region) && region->image == &region->owned) {
        return ASSAY_OK;
    }
    return place(region, region->width, region->height, 0, 0, 0.0, err);
}

static assay_status resize(assay_region *region, int32_t width, int32_t height,
                           assay_resize_mode mode, assay_error *err)
{
    /* Pillow, OpenCV and torchvision all return the image itself when the size is right. */
    if (region->width == width && region->height == height) {
        return ASSAY_OK;
    }
    assay_image fresh = {0};
    if (!is_whole(region)) {
        ASSAY_TRY(assay_region_settle(region, err));
    }
    ASSAY_TRY(assay_image_resize(&fresh, region->image, width, height, mode, err));
    assay_region_replace(region, &fresh);
    return ASSAY_OK;
}

static int32_t at_least_one(double value)
{
    return value < 1.0 ? 1 : (int32_t)value;
}

static assay_status resize_short(assay_region *region, const assay_step *step, assay_error *err)
{
    assay_step_geometry g;
    if (!assay_step_geometry_of(&g, step, region->width, region->height)) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "resize_short to %d makes a %dx%d image %d pixels long; the limit is %d",
                          step->size, region->width, region->height,
                          g.width > g.height ? g.width : g.height, MOST_SIDE);
    }
    return resize(region, g.width, g.height, step->mode, err);
}

static assay_status letterbox(assay_region *region, const assay_step *step, assay_error *err)
{
    assay_step_geometry g;
    (void)assay_step_geometry_of(&g, step, region->width, region->height);
    ASSAY_TRY(resize(region, g.scaled_width, g.scaled_height, step->mode, err));
    if (g.scaled_width == g.width && g.scaled_height == g.height) {
        return ASSAY_OK;
    }
    return place(region, g.width, g.height, g.left, g.top, step->fill, err);
}

static assay_status center_crop(assay_region *region, const assay_step *step, assay_error *err)
{
    int32_t width = region->width > step->width ? region->width : step->width;
    int32_t height = region->height > step->height ? region->height : step->height;
    assay_step_geometry g;
    (void)assay_step_geometry_of(&g, step, region->width, region->height);
    int32_t left = (width - region->width) / 2;
    int32_t top = (height - region->height) / 2;
    if (width > region->width || height > region->height) {
        ASSAY_TRY(place(region, width, height, left, top, step->fill, err));
    }
    region->left += left - g.left;
    region->top += top - g.top;
    region->width = step->width;
    region->height = step->height;
    return ASSAY_OK;
}

static assay_status crop(assay_region *region, const assay_step *step, assay_error *err)
{
    if ((int64_t)step->left + step->width > region->width ||
        (int64_t)step->top + step->height > region->height) {
        return assay_fail(
            err, ASSAY_EFORMAT, "crop of %dx%d at (%d, %d) does not lie inside the %dx%d image",
            step->width, step->height, step->left, step->top, region->width, region->height);
    }
    region->left += step->left;
    region->top += step->top;
    region->width = step->width;
    region->height = step->height;
    return ASSAY_OK;
}

static assay_status pad(assay_region *region, const assay_step *step, assay_error *err)
{
    if (region->width > step->width || region->height > step->height) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "pad to %dx%d: the image is larger, %dx%d; put a resize or a crop before",
                          step->width, step->height, region->width, region->height);
    }
    if (region->width == step->width && region->height == step->height) {
        return ASSAY_OK;
    }
    return place(region, step->width, step->height, (step->width - region->width) / 2,
                 (step->height - region->height) / 2, step->fill, err);
}

/* First and last sample above the threshold in a row; false when there is none. */
static bool row_content(int64_t *first, int64_t *last, const assay_region *region, int32_t y,
                        double threshold)
{
    const uint8_t *bytes = assay_region_row(region, y);
    const float *reals = (const float *)(const void *)bytes;
    bool is_float = region->image->type == ASSAY_PIXEL_F32;
    int64_t n = (int64_t)region->width * region->image->channels;
    int64_t begin = 0;
    int64_t end = n - 1;
    while (begin < n && !(is_float ? reals[begin] * 255.0 > threshold : bytes[begin] > threshold)) {
        begin++;
    }
    while (end > begin && !(is_float ? reals[end] * 255.0 > threshold : bytes[end] > threshold)) {
        end--;
    }
    *first = begin;
    *last = end;
    return begin < n;
}

static void cut_to_content(assay_region *region, double threshold)
{
    int32_t channels = region->image->channels;
    int32_t left = region->width;
    int32_t right = -1;
    int32_t top = -1;
    int32_t bottom = -1;
    for (int32_t y = 0; y < region->height; y++) {
        int64_t first = 0;
        int64_t last = 0;
        if (!row_content(&first, &last, region, y, threshold)) {
            continue;
        }
        top = top < 0 ? y : top;
        bottom = y;
        left = first / channels < left ? (int32_t)(first / channels) : left;
        right = last / channels > right ? (int32_t)(last / channels) : right;
    }
    if (right < 0) {
        return;
    }
    region->left += left;
    region->top += top;
    region->width = right - left + 1;
    region->height = bottom - top + 1;
}

static assay_status fit_content(assay_region *region, const assay_step *step, assay_error *err)
{
    cut_to_content(region, step->threshold);
    int32_t longer = region->width > region->height ? region->width : region->height;
    int32_t width = at_least_one(rint((double)region->width * step->size / longer));
    int32_t height = at_least_one(rint((double)region->height * step->size / longer));
    return resize(region, width, height, step->mode, err);
}

/* floor(c + 1/2) of the centroid c = moment / mass, in whole numbers. */
static int32_t nearest_pixel(int64_t moment, int64_t mass)
{
    return (int32_t)((2 * moment + mass) / (2 * mass));
}

static void centroid_u8(int32_t *x, int32_t *y, const assay_region *region)
{
    int32_t channels = region->image->channels;
    int64_t mass = 0;
    int64_t moment_x = 0;
    int64_t moment_y = 0;
    for (int32_t row = 0; row < region->height; row++) {
        const uint8_t *pixels = assay_region_row(region, row);
        int64_t row_mass = 0;
        for (int32_t column = 0; column < region->width; column++) {
            int32_t value = 0;
            for (int32_t c = 0; c < channels; c++) {
                value += *pixels++;
            }
            row_mass += value;
            moment_x += (int64_t)value * column;
        }
        mass += row_mass;
        moment_y += row_mass * row;
    }
    if (mass > 0) {
        *x = nearest_pixel(moment_x, mass);
        *y = nearest_pixel(moment_y, mass);
    }
}

static void centroid_f32(int32_t *x, int32_t *y, const assay_region *region)
{
    int32_t channels = region->image->channels;
    double mass = 0.0;
    double moment_x = 0.0;
    double moment_y = 0.0;
    for (int32_t row = 0; row < region->height; row++) {
        const float *pixels = (const float *)(const void *)assay_region_row(region, row);
        for (int32_t column = 0; column < region->width; column++) {
            double value = 0.0;
            for (int32_t c = 0; c < channels; c++) {
                /* Values below zero have no mass: the centroid stays inside the image. */
                value += *pixels > 0.0F ? (double)*pixels : 0.0;
                pixels++;
            }
            mass += value;
            moment_x += value * column;
            moment_y += value * row;
        }
    }
    if (mass > 0.0 && isfinite(mass)) {
        *x = (int32_t)floor(moment_x / mass + 0.5);
        *y = (int32_t)floor(moment_y / mass + 0.5);
    }
}

static assay_status center_mass(assay_region *region, const assay_step *step, assay_error *err)
{
    int32_t x = region->width / 2;
    int32_t y = region->height / 2;
    if (region->image->type == ASSAY_PIXEL_F32) {
        centroid_f32(&x, &y, region);
    } else {
        centroid_u8(&x, &y, region);
    }
    return place(region, step->width, step->height, step->width / 2 - x, step->height / 2 - y,
                 step->fill, err);
}

assay_status assay_region_step(assay_region *region, const assay_step *step, assay_error *err)
{
    switch (step->kind) {
    case ASSAY_STEP_RESIZE:
        return resize(region, step->width, step->height, step->mode, err);
    case ASSAY_STEP_RESIZE_SHORT:
        return resize_short(region, step, err);
    case ASSAY_STEP_LETTERBOX:
        return letterbox(region, step, err);
    case ASSAY_STEP_CENTER_CROP:
        return center_crop(region, step, err);
    case ASSAY_STEP_CROP:
        return crop(region, step, err);
    case ASSAY_STEP_PAD:
        return pad(region, step, err);
    case ASSAY_STEP_FIT_CONTENT:
        return fit_content(region, step, err);
    case ASSAY_STEP_CENTER_MASS:
        return center_mass(region, step, err);
    }
    return assay_fail(err, ASSAY_EINVAL, "unknown preprocessing step %d", (int)step->kind);
}
