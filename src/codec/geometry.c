#include "codec/geometry.h"

#include <math.h>
#include <string.h>

#include "base/reduce.h"
#include "codec/geometry_internal.h"
#include "codec/image_formats.h"

assay_status assay_geometry_check_size(int64_t width, int64_t height, assay_error *err)
{
    const int64_t max_side = 65535;
    const int64_t max_pixels = INT64_C(1) << 28;
    if (width < 1 || height < 1) {
        return assay_fail(err, ASSAY_EINVAL,
                          "image: the new size is %lldx%lld; both sides must be at least 1",
                          (long long)width, (long long)height);
    }
    if (width > max_side || height > max_side || width * height > max_pixels) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "image: the new size %lldx%lld is too large; a side may have up to %lld "
                          "pixels and an image up to %lld",
                          (long long)width, (long long)height, (long long)max_side,
                          (long long)max_pixels);
    }
    return ASSAY_OK;
}

assay_status assay_geometry_check_source(const assay_image *in, assay_error *err)
{
    if (in->data == NULL || in->width < 1 || in->height < 1 || in->channels < 1 ||
        in->channels > 4) {
        return assay_fail(err, ASSAY_EINVAL,
                          "image: it is empty or has %d channels; expected 1 to 4",
                          (int)in->channels);
    }
    return ASSAY_OK;
}

static double clip_round(double value, double top)
{
    return value > 0.0 ? fmin(rint(value), top) : 0.0; /* NaN gives 0 */
}

void assay_geometry_pixel(uint8_t out[16], const assay_image *image, const double *fill)
{
    memset(out, 0, 16);
    for (int32_t c = 0; c < image->channels && fill != NULL; c++) {
        if (image->type == ASSAY_PIXEL_U8) {
            out[c] = (uint8_t)clip_round(fill[c], 255.0);
        } else if (image->type == ASSAY_PIXEL_U16) {
            const uint16_t value = (uint16_t)clip_round(fill[c], 65535.0);
            memcpy(out + 2 * c, &value, sizeof value);
        } else {
            const float value = (float)fill[c];
            memcpy(out + 4 * c, &value, sizeof value);
        }
    }
}

void assay_geometry_fill(assay_image *image, const uint8_t pixel[16])
{
    const size_t bytes = (size_t)image->channels * (size_t)image->type;
    uint8_t *row = assay_image_row_mut(image, 0);
    for (int32_t x = 0; x < image->width; x++) {
        memcpy(row + (size_t)x * bytes, pixel, bytes);
    }
    for (int32_t y = 1; y < image->height; y++) {
        memcpy(assay_image_row_mut(image, y), row, (size_t)image->width * bytes);
    }
}

assay_status assay_image_crop(assay_image *out, const assay_image *in, int32_t x, int32_t y,
                              int32_t width, int32_t height, assay_error *err)
{
    ASSAY_TRY(assay_geometry_check_source(in, err));
    if (x < 0 || y < 0 || width < 1 || height < 1 || width > in->width - x ||
        height > in->height - y) {
        return assay_fail(err, ASSAY_EINVAL,
                          "crop: %dx%d pixels at (%d, %d) do not lie inside the image of %dx%d",
                          (int)width, (int)height, (int)x, (int)y, (int)in->width, (int)in->height);
    }
    ASSAY_TRY(assay_image_new_raw(out, width, height, in->channels, in->type, err));
    const size_t bytes = (size_t)in->channels * (size_t)in->type;
    for (int32_t row = 0; row < height; row++) {
        memcpy(assay_image_row_mut(out, row), assay_image_row(in, y + row) + (size_t)x * bytes,
               (size_t)width * bytes);
    }
    return ASSAY_OK;
}

assay_status assay_image_pad(assay_image *out, const assay_image *in, int32_t left, int32_t top,
                             int32_t right, int32_t bottom, const double *fill, assay_error *err)
{
    ASSAY_TRY(assay_geometry_check_source(in, err));
    if (left < 0 || top < 0 || right < 0 || bottom < 0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "pad: the borders are %d, %d, %d, %d pixels; none may be negative (crop "
                          "cuts)",
                          (int)left, (int)top, (int)right, (int)bottom);
    }
    const int64_t width = (int64_t)in->width + left + right;
    const int64_t height = (int64_t)in->height + top + bottom;
    ASSAY_TRY(assay_geometry_check_size(width, height, err));
    ASSAY_TRY(
        assay_image_new_raw(out, (int32_t)width, (int32_t)height, in->channels, in->type, err));
    uint8_t pixel[16];
    const size_t bytes = (size_t)in->channels * (size_t)in->type;
    assay_geometry_pixel(pixel, in, fill);
    assay_geometry_fill(out, pixel);
    for (int32_t y = 0; y < in->height; y++) {
        memcpy(assay_image_row_mut(out, top + y) + (size_t)left * bytes, assay_image_row(in, y),
               (size_t)in->width * bytes);
    }
    return ASSAY_OK;
}

/* Sums of one row: how many samples are above the threshold, their values, values times columns.
 * Integer samples are summed exactly: 2^16 columns of 2^16 values times 2^16 positions fit. */
typedef struct row_mass {
    int64_t count;
    double weight;
    double moment;
    int32_t first;
    int32_t last;
} row_mass;

#define DEFINE_ROW_MASS(name, sample, sum_type)                                                    \
    static void name(row_mass *out, const sample *row, int32_t width, double threshold)            \
    {                                                                                              \
        sum_type weight = 0;                                                                       \
        sum_type moment = 0;                                                                       \
        *out = (row_mass){.first = width, .last = -1};                                             \
        for (int32_t x = 0; x < width; x++) {                                                      \
            if ((double)row[x] > threshold) {                                                      \
                weight += (sum_type)row[x];                                                        \
                moment += (sum_type)row[x] * (sum_type)x;                                          \
                out->first = out->count == 0 ? x : out->first;                                     \
                out->last = x;                                                                     \
                out->count++;                                                                      \
            }                                                                                      \
        }                                                                                          \
        out->weight = (double)weight;                                                              \
        out->moment = (double)moment;                                                              \
    }

DEFINE_ROW_MASS(row_mass_8, uint8_t, int64_t)
DEFINE_ROW_MASS(row_mass_16, uint16_t, int64_t)
DEFINE_ROW_MASS(row_mass_f, float, double)

assay_status assay_image_mass_of(assay_image_mass *out, const assay_image *in, double threshold,
                                 assay_error *err)
{
    *out = (assay_image_mass){0};
    ASSAY_TRY(assay_geometry_check_source(in, err));
    if (in->channels != 1) {
        return assay_fail(err, ASSAY_EINVAL,
                          "image: the centre of mass is that of a grey image; this one has %d "
                          "channels: convert it to grey first",
                          (int)in->channels);
    }
    assay_sum weight = {0};
    assay_sum across = {0};
    assay_sum down = {0};
    out->left = in->width;
    out->top = in->height;
    for (int32_t y = 0; y < in->height; y++) {
        const void *row = assay_image_row(in, y);
        row_mass r;
        if (in->type == ASSAY_PIXEL_U8) {
            row_mass_8(&r, row, in->width, threshold);
        } else if (in->type == ASSAY_PIXEL_U16) {
            row_mass_16(&r, row, in->width, threshold);
        } else {
            row_mass_f(&r, row, in->width, threshold);
        }
        if (r.count == 0) {
            continue;
        }
        out->count += r.count;
        out->left = r.first < out->left ? r.first : out->left;
        out->right = r.last + 1 > out->right ? r.last + 1 : out->right;
        out->top = y < out->top ? y : out->top;
        out->bottom = y + 1;
        assay_sum_add(&weight, r.weight);
        assay_sum_add(&across, r.moment);
        assay_sum_add(&down, r.weight * y);
    }
    if (out->count == 0) {
        out->left = 0;
        out->top = 0;
    }
    out->weight = assay_sum_value(&weight);
    if (out->weight > 0.0) {
        out->x = assay_sum_value(&across) / out->weight + 0.5;
        out->y = assay_sum_value(&down) / out->weight + 0.5;
    } else if (out->count > 0) {
        out->x = 0.5 * (out->left + out->right);
        out->y = 0.5 * (out->top + out->bottom);
    } else {
        out->x = 0.5 * in->width;
        out->y = 0.5 * in->height;
    }
    return ASSAY_OK;
}
