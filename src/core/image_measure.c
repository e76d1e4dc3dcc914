#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/reduce.h"
#include "core/dataset.h"

/* Exact sums of the integer path: 2^28 pixels of 8 bits need 76 bits in the variance. */
__extension__ typedef __int128 wide;

/* ITU-R 601-2 luma weights in 1/65536, as Pillow's convert("L"). */
enum { RED = 19595, GREEN = 38470, BLUE = 7471 };

static int colours(const assay_image *image)
{
    return image->channels >= 3;
}

static double variance_exact(int64_t sum, int64_t squares, int64_t n)
{
    wide numerator = (wide)n * squares - (wide)sum * sum;
    return (double)numerator / ((double)n * (double)n);
}

static double entropy_of(const int64_t histogram[256], int64_t n)
{
    assay_sum bits = {0};
    for (int i = 0; i < 256; i++) {
        if (histogram[i] > 0) {
            double p = (double)histogram[i] / (double)n;
            assay_sum_add(&bits, -p * log2(p));
        }
    }
    return assay_sum_value(&bits);
}

/* Index beyond the edge, mirrored without repeating the edge (OpenCV's BORDER_REFLECT_101). */
static int32_t mirror(int32_t i, int32_t n)
{
    if (n == 1) {
        return 0;
    }
    return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

static void luma_row_u8(uint8_t *luma, const assay_image *image, int32_t y)
{
    const uint8_t *row = assay_image_row(image, y);
    size_t step = (size_t)image->channels;
    for (int32_t x = 0; x < image->width; x++, row += step) {
        luma[x] = colours(image) ? (uint8_t)((row[0] * (uint32_t)RED + row[1] * (uint32_t)GREEN +
                                              row[2] * (uint32_t)BLUE + 0x8000U) >>
                                             16)
                                 : row[0];
    }
}

static void measure_u8(assay_image_stats *out, const uint8_t *luma, int32_t width, int32_t height)
{
    int64_t n = (int64_t)width * height;
    int64_t histogram[256] = {0};
    int64_t laplace_sum = 0;
    int64_t laplace_squares = 0;
    for (int32_t y = 0; y < height; y++) {
        const uint8_t *row = luma + (size_t)y * (size_t)width;
        const uint8_t *above = luma + (size_t)mirror(y - 1, height) * (size_t)width;
        const uint8_t *below = luma + (size_t)mirror(y + 1, height) * (size_t)width;
        for (int32_t x = 0; x < width; x++) {
            histogram[row[x]]++;
            int64_t laplace = above[x] + below[x] + row[mirror(x - 1, width)] +
                              row[mirror(x + 1, width)] - 4 * row[x];
            laplace_sum += laplace;
            laplace_squares += laplace * laplace;
        }
    }
    int64_t sum = 0;
    int64_t squares = 0;
    for (int64_t i = 0; i < 256; i++) {
        sum += i * histogram[i];
        squares += i * i * histogram[i];
    }
    out->mean = (double)sum / (double)n / 255.0;
    out->contrast = sqrt(variance_exact(sum, squares, n)) / 255.0;
    out->sharpness = variance_exact(laplace_sum, laplace_squares, n) / (255.0 * 255.0);
    out->entropy = entropy_of(histogram, n);
}

static assay_status luma_row_real(double *luma, const assay_image *image, int32_t y,
                                  assay_error *err)
{
    const void *row = assay_image_row(image, y);
    const uint16_t *words = row;
    const float *floats = row;
    size_t step = (size_t)image->channels;
    for (int32_t x = 0; x < image->width; x++) {
        double c[3] = {0};
        int used = colours(image) ? 3 : 1;
        for (int k = 0; k < used; k++) {
            size_t at = (size_t)x * step + (size_t)k;
            c[k] =
                image->type == ASSAY_PIXEL_U16 ? (double)words[at] / 65535.0 : (double)floats[at];
            if (!isfinite(c[k])) {
                return assay_fail(
                    err, ASSAY_EFORMAT,
                    "the pixel in column %d, line %d (counted from 1) is not a number", (int)x + 1,
                    (int)y + 1);
            }
        }
        luma[x] = used == 3 ? (c[0] * RED + c[1] * GREEN + c[2] * BLUE) / 65536.0 : c[0];
    }
    return ASSAY_OK;
}

/* Mean and population variance of rows that `fill` makes, in two passes. */
typedef void (*row_fn)(double *row, const double *luma, int32_t y, int32_t width, int32_t height);

static void plain_row(double *row, const double *luma, int32_t y, int32_t width, int32_t height)
{
    (void)height;
    memcpy(row, luma + (size_t)y * (size_t)width, (size_t)width * sizeof *row);
}

static void laplace_row(double *row, const double *luma, int32_t y, int32_t width, int32_t height)
{
    const double *here = luma + (size_t)y * (size_t)width;
    const double *above = luma + (size_t)mirror(y - 1, height) * (size_t)width;
    const double *below = luma + (size_t)mirror(y + 1, height) * (size_t)width;
    for (int32_t x = 0; x < width; x++) {
        row[x] = above[x] + below[x] + here[mirror(x - 1, width)] + here[mirror(x + 1, width)] -
                 4.0 * here[x];
    }
}

static void moments(double *mean, double *variance, double *row, const double *luma, int32_t width,
                    int32_t height, row_fn fill)
{
    double n = (double)width * (double)height;
    assay_sum sum = {0};
    for (int32_t y = 0; y < height; y++) {
        fill(row, luma, y, width, height);
        assay_sum_add(&sum, assay_sum_pairwise(row, width));
    }
    *mean = assay_sum_value(&sum) / n;
    assay_sum squares = {0};
    for (int32_t y = 0; y < height; y++) {
        fill(row, luma, y, width, height);
        for (int32_t x = 0; x < width; x++) {
            row[x] = (row[x] - *mean) * (row[x] - *mean);
        }
        assay_sum_add(&squares, assay_sum_pairwise(row, width));
    }
    *variance = assay_sum_value(&squares) / n;
}

static void measure_real(assay_image_stats *out, const double *luma, double *row, int32_t width,
                         int32_t height)
{
    size_t n = (size_t)width * (size_t)height;
    double variance = 0;
    double laplace_mean = 0;
    moments(&out->mean, &variance, row, luma, width, height, plain_row);
    out->contrast = sqrt(variance);
    moments(&laplace_mean, &out->sharpness, row, luma, width, height, laplace_row);
    int64_t histogram[256] = {0};
    for (size_t i = 0; i < n; i++) {
        double v = luma[i] < 0 ? 0 : luma[i] > 1 ? 1 : luma[i];
        histogram[(int)floor(v * 255.0 + 0.5)]++;
    }
    out->entropy = entropy_of(histogram, (int64_t)n);
}

assay_status assay_image_measure(assay_image_stats *out, const assay_image *image, assay_error *err)
{
    *out = (assay_image_stats){
        .width = image->width, .height = image->height, .channels = image->channels};
    if (image->data == NULL || image->width < 1 || image->height < 1) {
        return assay_fail(err, ASSAY_EINVAL, "an image without pixels cannot be measured");
    }
    size_t width = (size_t)image->width;
    size_t pixels = width * (size_t)image->height;
    int small = image->type == ASSAY_PIXEL_U8;
    assay_status status = ASSAY_OK;
    double *row = NULL;
    void *luma = assay_alloc_raw(pixels, small ? 1 : sizeof(double));
    if (luma == NULL) {
        ASSAY_GOTO(assay_fail_memory(err), done);
    }
    if (small) {
        for (int32_t y = 0; y < image->height; y++) {
            luma_row_u8((uint8_t *)luma + (size_t)y * width, image, y);
        }
        measure_u8(out, luma, image->width, image->height);
        goto done;
    }
    row = assay_alloc_raw(width, sizeof *row);
    if (row == NULL) {
        ASSAY_GOTO(assay_fail_memory(err), done);
    }
    for (int32_t y = 0; y < image->height; y++) {
        ASSAY_GOTO(luma_row_real((double *)luma + (size_t)y * width, image, y, err), done);
    }
    measure_real(out, luma, row, image->width, image->height);
done:
    assay_free(luma);
    assay_free(row);
    return status;
}
