/**
 * @file waves.h
 * Smooth patterns: the lowest frequencies of the two-dimensional cosine transform (DCT-II,
 * orthonormal), for attacks that search where pictures have their energy.
 */
#ifndef ASSAY_OPS_SHARED_WAVES_H
#define ASSAY_OPS_SHARED_WAVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct assay_waves {
    int32_t height, width;  /* of the plane */
    int32_t n_rows, n_cols; /* frequencies along each side */
    double *rows;           /* n_rows x height */
    double *cols;           /* n_cols x width */
    double *half;           /* n_rows x width: work space */
} assay_waves;

/** Space in the arena; at most `frequencies` along each side. False when memory is out. */
bool assay_waves_new(assay_waves *out, int32_t height, int32_t width, int32_t frequencies,
                     assay_arena *arena);

/** plane (height x width) = sum over a, b of coefficients[a * n_cols + b] times their waves. */
void assay_waves_sum(float *plane, const assay_waves *waves, const float *coefficients);

/** plane += step times the wave (a, b), whose sum of squares is 1. */
void assay_waves_add(float *plane, const assay_waves *waves, int32_t a, int32_t b, double step);

#endif
