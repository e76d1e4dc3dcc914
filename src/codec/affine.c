/*
 * Pillow's affine Image.transform and Image.rotate. Three ways lead through it, and each rounds
 * differently: interpolation multiplies positions out in double precision; nearest with a pure scale
 * accumulates them in double precision; any other nearest accumulates them in 16.16 fixed point as
 * long as the corners fit, else in double precision. 16-bit nearest multiplies.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/geometry_internal.h"
#include "codec/image_formats.h"
#include "codec/resize_internal.h"

/* ---- nearest ------------------------------------------------------------------------------- */

static inline bool inside(double position, int32_t size)
{
    return position >= 0.0 && position < size; /* false for NaN */
}

static inline void copy_pixel(uint8_t *out, const assay_image *in, int32_t x, int32_t y,
                              size_t bytes)
{
    const uint8_t *from = assay_image_row(in, y) + (size_t)x * bytes;
    switch (bytes) { /* constant sizes become single moves */
    case 1:
        *out = *from;
        break;
    case 3:
        memcpy(out, from, 3);
        break;
    case 4:
        memcpy(out, from, 4);
        break;
    default:
        memcpy(out, from, bytes);
        break;
    }
}

static assay_status nearest_scale(assay_image *out, const assay_image *in, const double m[6],
                                  assay_error *err)
{
    const size_t bytes = (size_t)in->channels * (size_t)in->type;
    int32_t *xs = assay_alloc_raw((size_t)out->width, sizeof(int32_t));
    if (xs == NULL) {
        return assay_fail_memory(err);
    }
    double position = m[2] + m[0] * 0.5;
    for (int32_t x = 0; x < out->width; x++, position += m[0]) {
        xs[x] = inside(position, in->width) ? (int32_t)position : -1;
    }
    position = m[5] + m[4] * 0.5;
    for (int32_t y = 0; y < out->height; y++, position += m[4]) {
        if (!inside(position, in->height)) {
            continue;
        }
        uint8_t *to = assay_image_row_mut(out, y);
        for (int32_t x = 0; x < out->width; x++) {
            if (xs[x] >= 0) {
                copy_pixel(to + (size_t)x * bytes, in, xs[x], (int32_t)position, bytes);
            }
        }
    }
    assay_free(xs);
    return ASSAY_OK;
}

static bool corner_fits(const double m[6], double x, double y)
{
    return fabs(x * m[0] + y * m[1] + m[2]) < 32768.0 && fabs(x * m[3] + y * m[4] + m[5]) < 32768.0;
}

static bool corners_fit(const double m[6], int32_t width, int32_t height)
{
    return corner_fits(m, 0.0, 0.0) && corner_fits(m, width, height) &&
           corner_fits(m, 0.0, height) && corner_fits(m, width, 0.0);
}

/* Unsigned so that a step too large for 16.16 wraps instead of being undefined. */
static uint32_t to_fixed(double value)
{
    return (uint32_t)(int64_t)floor(value * 65536.0 + 0.5);
}

static inline __attribute__((always_inline)) void
fixed_loop(assay_image *out, const assay_image *in, const double m[6], const size_t bytes)
{
    const uint32_t step_xx = to_fixed(m[0]);
    const uint32_t step_xy = to_fixed(m[1]);
    const uint32_t step_yx = to_fixed(m[3]);
    const uint32_t step_yy = to_fixed(m[4]);
    const uint32_t width = (uint32_t)in->width;
    const uint32_t height = (uint32_t)in->height;
    const uint8_t *pixels = in->data;
    const size_t stride = in->stride;
    uint32_t row_x = to_fixed(m[2] + m[0] * 0.5 + m[1] * 0.5);
    uint32_t row_y = to_fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
    for (int32_t y = 0; y < out->height; y++, row_x += step_xy, row_y += step_yy) {
        uint8_t *to = assay_image_row_mut(out, y);
        const uint8_t *end = to + out->stride;
        uint32_t xx = row_x;
        uint32_t yy = row_y;
        for (; to < end; to += bytes, xx += step_xx, yy += step_yx) {
            /* Negative positions are large as unsigned ones. */
            const uint32_t from_x = (uint32_t)((int32_t)xx >> 16);
            const uint32_t from_y = (uint32_t)((int32_t)yy >> 16);
            if (from_x < width && from_y < height) {
                memcpy(to, pixels + from_y * stride + from_x * bytes, bytes);
            }
        }
    }
}

static void nearest_fixed(assay_image *out, const assay_image *in, const double m[6])
{
    const size_t bytes = (size_t)in->channels * (size_t)in->type;
    switch (bytes) {
    case 1:
        fixed_loop(out, in, m, 1);
        break;
    case 3:
        fixed_loop(out, in, m, 3);
        break;
    case 4:
        fixed_loop(out, in, m, 4);
        break;
    default:
        fixed_loop(out, in, m, bytes);
        break;
    }
}

static void nearest_real(assay_image *out, const assay_image *in, const double m[6])
{
    const size_t bytes = (size_t)in->channels * (size_t)in->type;
    double row_x = m[2] + m[1] * 0.5 + m[0] * 0.5;
    double row_y = m[5] + m[4] * 0.5 + m[3] * 0.5;
    for (int32_t y = 0; y < out->height; y++, row_x += m[1], row_y += m[4]) {
        uint8_t *to = assay_image_row_mut(out, y);
        double xx = row_x;
        double yy = row_y;
        for (int32_t x = 0; x < out->width; x++, to += bytes, xx += m[0], yy += m[3]) {
            if (inside(xx, in->width) && inside(yy, in->height)) {
                copy_pixel(to, in, (int32_t)xx, (int32_t)yy, bytes);
            }
        }
    }
}

/* ---- interpolation ------------------------------------------------------------------------- */

/* Where the source lies for output pixel (x, y); false outside. */
static inline bool locate(double *sx, double *sy, const assay_image *in, const double m[6],
                          int32_t x, int32_t y)
{
    const double cx = x + 0.5;
    const double cy = y + 0.5;
    *sx = m[0] * cx + m[1] * cy + m[2];
    *sy = m[3] * cx + m[4] * cy + m[5];
    return inside(*sx, in->width) && inside(*sy, in->height);
}

static void nearest_located(assay_image *out, const assay_image *in, const double m[6])
{
    const size_t bytes = (size_t)in->channels * (size_t)in->type;
    for (int32_t y = 0; y < out->height; y++) {
        uint8_t *to = assay_image_row_mut(out, y);
        for (int32_t x = 0; x < out->width; x++, to += bytes) {
            double sx;
            double sy;
            if (locate(&sx, &sy, in, m, x, y)) {
                copy_pixel(to, in, (int32_t)sx, (int32_t)sy, bytes);
            }
        }
    }
}

static inline int32_t clamp(int32_t value, int32_t size)
{
    return value < 0 ? 0 : value >= size ? size - 1 : value;
}

/* floor(position - 1/2) for position >= 0. */
static inline int32_t floor_half(double position)
{
    return position < 0.5 ? -1 : (int32_t)(position - 0.5);
}

static inline double cubic_at(double p1, double p2, double p3, double p4, double d)
{
    return p1 + d * (p2 + d * (p3 + d * p4));
}

static inline double cubic_real(double v1, double v2, double v3, double v4, double d)
{
    return cubic_at(v2, -v1 + v3, 2.0 * (v1 - v2) + v3 - v4, -v1 + v2 - v3 + v4, d);
}

static inline uint8_t cut_8(double value)
{
    return (uint8_t)(value <= 0.0 ? 0.0 : value >= 255.0 ? 255.0 : value);
}

static inline uint16_t cut_16(double value)
{
    return (uint16_t)(value <= 0.0 ? 0.0 : value >= 65535.0 ? 65535.0 : value);
}

static inline float cut_f(double value)
{
    return (float)value;
}

/* `term` is the type in which Pillow adds and subtracts samples before the weights: int for
 * integers, float for float images. */
#define DEFINE_INTERPOLATION(suffix, sample, term, cut)                                            \
    static inline double line_##suffix(const sample *p, const int32_t at[4], int32_t c, double d)  \
    {                                                                                              \
        const term v1 = (term)p[at[0] + c];                                                        \
        const term v2 = (term)p[at[1] + c];                                                        \
        const term v3 = (term)p[at[2] + c];                                                        \
        const term v4 = (term)p[at[3] + c];                                                        \
        return cubic_at((double)v2, (double)(-v1 + v3), (double)(2 * (v1 - v2) + v3 - v4),         \
                        (double)(-v1 + v2 - v3 + v4), d);                                          \
    }                                                                                              \
                                                                                                   \
    static inline __attribute__((always_inline)) void bilinear_##suffix(                           \
        assay_image *out, const assay_image *in, const double m[6], const int32_t channels)        \
    {                                                                                              \
        for (int32_t y = 0; y < out->height; y++) {                                                \
            sample *to = (sample *)(void *)assay_image_row_mut(out, y);                            \
            for (int32_t x = 0; x < out->width; x++, to += channels) {                             \
                double sx;                                                                         \
                double sy;                                                                         \
                if (!locate(&sx, &sy, in, m, x, y)) {                                              \
                    continue;                                                                      \
                }                                                                                  \
                const int32_t ix = floor_half(sx);                                                 \
                const int32_t iy = floor_half(sy);                                                 \
                const double dx = (sx - 0.5) - ix;                                                 \
                const double dy = (sy - 0.5) - iy;                                                 \
                const int32_t x0 = clamp(ix, in->width) * channels;                                \
                const int32_t x1 = clamp(ix + 1, in->width) * channels;                            \
                const sample *p =                                                                  \
                    (const sample *)(const void *)assay_image_row(in, clamp(iy, in->height));      \
                const sample *q =                                                                  \
                    (const sample *)(const void *)assay_image_row(in, clamp(iy + 1, in->height));  \
                for (int32_t c = 0; c < channels; c++) {                                           \
                    const term a = (term)p[x0 + c];                                                \
                    const term b = (term)q[x0 + c];                                                \
                    const double upper = (double)a + (double)((term)p[x1 + c] - a) * dx;           \
                    const double lower = (double)b + (double)((term)q[x1 + c] - b) * dx;           \
                    to[c] = cut(upper + (lower - upper) * dy);                                     \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static inline __attribute__((always_inline)) void bicubic_##suffix(                            \
        assay_image *out, const assay_image *in, const double m[6], const int32_t channels)        \
    {                                                                                              \
        for (int32_t y = 0; y < out->height; y++) {                                                \
            sample *to = (sample *)(void *)assay_image_row_mut(out, y);                            \
            for (int32_t x = 0; x < out->width; x++, to += channels) {                             \
                double sx;                                                                         \
                double sy;                                                                         \
                if (!locate(&sx, &sy, in, m, x, y)) {                                              \
                    continue;                                                                      \
                }                                                                                  \
                const int32_t ix = floor_half(sx);                                                 \
                const int32_t iy = floor_half(sy);                                                 \
                const double dx = (sx - 0.5) - ix;                                                 \
                const double dy = (sy - 0.5) - iy;                                                 \
                int32_t at[4];                                                                     \
                const sample *rows[4];                                                             \
                for (int32_t t = 0; t < 4; t++) {                                                  \
                    at[t] = clamp(ix - 1 + t, in->width) * channels;                               \
                    rows[t] = (const sample *)(const void *)assay_image_row(                       \
                        in, clamp(iy - 1 + t, in->height));                                        \
                }                                                                                  \
                for (int32_t c = 0; c < channels; c++) {                                           \
                    const double value = cubic_real(                                               \
                        line_##suffix(rows[0], at, c, dx), line_##suffix(rows[1], at, c, dx),      \
                        line_##suffix(rows[2], at, c, dx), line_##suffix(rows[3], at, c, dx), dy); \
                    to[c] = cut(value);                                                            \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void interpolate_##suffix(assay_image *out, const assay_image *in, const double m[6],   \
                                     bool cubic)                                                   \
    {                                                                                              \
        switch (in->channels) {                                                                    \
        case 1:                                                                                    \
            cubic ? bicubic_##suffix(out, in, m, 1) : bilinear_##suffix(out, in, m, 1);            \
            break;                                                                                 \
        case 2:                                                                                    \
            cubic ? bicubic_##suffix(out, in, m, 2) : bilinear_##suffix(out, in, m, 2);            \
            break;                                                                                 \
        case 3:                                                                                    \
            cubic ? bicubic_##suffix(out, in, m, 3) : bilinear_##suffix(out, in, m, 3);            \
            break;                                                                                 \
        default:                                                                                   \
            cubic ? bicubic_##suffix(out, in, m, 4) : bilinear_##suffix(out, in, m, 4);            \
            break;                                                                                 \
        }                                                                                          \
    }

DEFINE_INTERPOLATION(8, uint8_t, int32_t, cut_8)
DEFINE_INTERPOLATION(16, uint16_t, int32_t, cut_16)
DEFINE_INTERPOLATION(f, float, float, cut_f)

static assay_status transform(assay_image *out, const assay_image *in, const double m[6],
                              assay_interpolation interpolation, assay_error *err)
{
    if (interpolation == ASSAY_INTERPOLATION_NEAREST) {
        if (in->type == ASSAY_PIXEL_U16) {
            nearest_located(out, in, m);
        } else if (m[1] == 0.0 && m[3] == 0.0) {
            return nearest_scale(out, in, m, err);
        } else if (corners_fit(m, out->width, out->height)) {
            nearest_fixed(out, in, m);
        } else {
            nearest_real(out, in, m);
        }
        return ASSAY_OK;
    }
    const bool cubic = interpolation == ASSAY_INTERPOLATION_BICUBIC;
    switch (in->type) {
    case ASSAY_PIXEL_U8:
        interpolate_8(out, in, m, cubic);
        break;
    case ASSAY_PIXEL_U16:
        interpolate_16(out, in, m, cubic);
        break;
    case ASSAY_PIXEL_F32:
        interpolate_f(out, in, m, cubic);
        break;
    }
    return ASSAY_OK;
}

assay_status assay_image_affine(assay_image *out, const assay_image *in, const double matrix[6],
                                int32_t width, int32_t height, assay_interpolation interpolation,
                                const double *fill, assay_error *err)
{
    ASSAY_TRY(assay_geometry_check_source(in, err));
    ASSAY_TRY(assay_geometry_check_size(width, height, err));
    if ((unsigned)interpolation > ASSAY_INTERPOLATION_BICUBIC) {
        return assay_fail(err, ASSAY_EINVAL, "affine: there is no interpolation number %d",
                          (int)interpolation);
    }
    for (int i = 0; i < 6; i++) {
        if (!isfinite(matrix[i])) {
            return assay_fail(err, ASSAY_EINVAL,
                              "affine: entry %d of the matrix is not a finite number", i);
        }
    }
    const bool weighted = in->type == ASSAY_PIXEL_U8 && in->channels % 2 == 0 &&
                          interpolation != ASSAY_INTERPOLATION_NEAREST;
    assay_status status = ASSAY_OK;
    assay_image copy = {0};
    uint8_t pixel[16];
    if (weighted) {
        ASSAY_TRY(assay_image_new_raw(&copy, in->width, in->height, in->channels, in->type, err));
        assay_alpha_premultiply(&copy, in);
    }
    ASSAY_GOTO(assay_image_new_raw(out, width, height, in->channels, in->type, err), done);
    assay_geometry_pixel(pixel, in, fill);
    assay_geometry_fill(out, pixel);
    status = transform(out, weighted ? &copy : in, matrix, interpolation, err);
    if (status != ASSAY_OK) {
        assay_image_dispose(out);
    } else if (weighted) {
        assay_alpha_unpremultiply(out);
    }
done:
    assay_image_dispose(&copy);
    return status;
}

/* ---- rotation ------------------------------------------------------------------------------ */

/* Python's round(value, 15) for |value| <= 1: the product's rounding error decides near ties. */
static double round_15(double value)
{
    const double product = value * 1e15;
    const double error = fma(value, 1e15, -product);
    double whole = rint(product);
    const double rest = (product - whole) + error;
    whole += rest > 0.5 ? 1.0 : rest < -0.5 ? -1.0 : 0.0;
    return whole / 1e15;
}

/* Quarter turns counter-clockwise; odd ones for square images only. */
static assay_status turn(assay_image *out, const assay_image *in, int quarters, assay_error *err)
{
    const size_t bytes = (size_t)in->channels * (size_t)in->type;
    const int32_t w = in->width;
    const int32_t h = in->height;
    ASSAY_TRY(assay_image_new_raw(out, w, h, in->channels, in->type, err));
    for (int32_t y = 0; y < h; y++) {
        uint8_t *to = assay_image_row_mut(out, y);
        for (int32_t x = 0; x < w; x++, to += bytes) {
            const int32_t from_x = quarters == 1 ? w - 1 - y : quarters == 2 ? w - 1 - x : y;
            const int32_t from_y = quarters == 1 ? x : quarters == 2 ? h - 1 - y : h - 1 - x;
            copy_pixel(to, in, from_x, from_y, bytes);
        }
    }
    return ASSAY_OK;
}

assay_status assay_image_rotate(assay_image *out, const assay_image *in, double degrees,
                                assay_interpolation interpolation, const double *fill,
                                assay_error *err)
{
    ASSAY_TRY(assay_geometry_check_source(in, err));
    if (!isfinite(degrees)) {
        return assay_fail(err, ASSAY_EINVAL, "rotate: the angle is not a finite number");
    }
    double angle = fmod(degrees, 360.0);
    angle += angle < 0.0 ? 360.0 : 0.0;
    if (angle == 0.0) {
        return assay_image_copy(out, in, err);
    }
    if (angle == 180.0 || (in->width == in->height && (angle == 90.0 || angle == 270.0))) {
        return turn(out, in, (int)(angle / 90.0), err);
    }
    const double radians = -(angle * (3.14159265358979323846 / 180.0));
    const double cosine = round_15(cos(radians));
    const double sine = round_15(sin(radians));
    const double minus_sine = round_15(-sin(radians));
    const double cx = in->width / 2.0;
    const double cy = in->height / 2.0;
    const double matrix[6] = {cosine,     sine,   (cosine * -cx + sine * -cy + 0.0) + cx,
                              minus_sine, cosine, (minus_sine * -cx + cosine * -cy + 0.0) + cy};
    return assay_image_affine(out, in, matrix, in->width, in->height, interpolation, fill, err);
}
