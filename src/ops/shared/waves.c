#include "ops/shared/waves.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Row a: s(a) cos(pi (2 k + 1) a / 2 n), s(0) = sqrt(1 / n), otherwise sqrt(2 / n). */
static double *basis(int32_t count, int32_t n, assay_arena *arena)
{
    double *out = assay_arena_alloc(arena, (size_t)count * (size_t)n, sizeof *out);
    for (int32_t a = 0; out != NULL && a < count; a++) {
        double scale = sqrt((a == 0 ? 1.0 : 2.0) / (double)n);
        for (int32_t k = 0; k < n; k++) {
            out[(int64_t)a * n + k] = scale * cos(pi * (2.0 * k + 1.0) * a / (2.0 * n));
        }
    }
    return out;
}

bool assay_waves_new(assay_waves *out, int32_t height, int32_t width, int32_t frequencies,
                     assay_arena *arena)
{
    out->height = height;
    out->width = width;
    out->n_rows = frequencies < height ? frequencies : height;
    out->n_cols = frequencies < width ? frequencies : width;
    out->rows = basis(out->n_rows, height, arena);
    out->cols = basis(out->n_cols, width, arena);
    out->half = assay_arena_alloc(arena, (size_t)out->n_rows * (size_t)width, sizeof *out->half);
    return out->rows != NULL && out->cols != NULL && out->half != NULL;
}

void assay_waves_sum(float *plane, const assay_waves *waves, const float *coefficients)
{
    for (int32_t a = 0; a < waves->n_rows; a++) {
        for (int32_t x = 0; x < waves->width; x++) {
            double sum = 0.0;
            for (int32_t b = 0; b < waves->n_cols; b++) {
                sum += (double)coefficients[a * waves->n_cols + b] *
                       waves->cols[(int64_t)b * waves->width + x];
            }
            waves->half[(int64_t)a * waves->width + x] = sum;
        }
    }
    for (int32_t y = 0; y < waves->height; y++) {
        for (int32_t x = 0; x < waves->width; x++) {
            double sum = 0.0;
            for (int32_t a = 0; a < waves->n_rows; a++) {
                sum += waves->rows[(int64_t)a * waves->height + y] *
                       waves->half[(int64_t)a * waves->width + x];
            }
            plane[(int64_t)y * waves->width + x] = (float)sum;
        }
    }
}

void assay_waves_add(float *plane, const assay_waves *waves, int32_t a, int32_t b, double step)
{
    for (int32_t y = 0; y < waves->height; y++) {
        double row = step * waves->rows[(int64_t)a * waves->height + y];
        const double *col = waves->cols + (int64_t)b * waves->width;
        float *out = plane + (int64_t)y * waves->width;
        for (int32_t x = 0; x < waves->width; x++) {
            out[x] = (float)((double)out[x] + row * col[x]);
        }
    }
}
