#include "ops/shared/filter.h"

#include <math.h>
#include <string.h>

#include "ops/shared/pixels.h"

/* The last rows of the input, filtered or padded, as many as one output row needs. Row j lives in
 * slot j % slots; a reflected or clamped row is always among them. */
typedef struct row_ring {
    float *rows;
    size_t row_size; /* floats */
    int32_t slots;
    int32_t next; /* first row that is not in yet */
} row_ring;

static float *ring_row(const row_ring *ring, int32_t y)
{
    return ring->rows + (size_t)(y % ring->slots) * ring->row_size;
}

static assay_status ring_make(row_ring *ring, const assay_image *in, int32_t radius,
                              size_t row_size, assay_arena *scratch, assay_error *err)
{
    ring->slots = in->height < 2 * radius + 1 ? in->height : 2 * radius + 1;
    ring->row_size = row_size;
    ring->next = 0;
    ring->rows = assay_arena_alloc(scratch, (size_t)ring->slots * row_size, sizeof(float));
    return ring->rows ? ASSAY_OK : assay_fail_memory(err);
}

void assay_filter_gaussian(double *weights, int32_t radius, double sigma)
{
    double sum = 0.0;

    for (int32_t k = radius; k >= 0; k--) { /* small terms first */
        weights[k] = exp(-0.5 / (sigma * sigma) * (double)k * (double)k);
        sum += k > 0 ? 2.0 * weights[k] : weights[k];
    }
    for (int32_t k = 0; k <= radius; k++) {
        weights[k] /= sum;
    }
}

/* A row with `radius` border pixels on both sides. */
static void load_padded(float *padded, const assay_image *in, int32_t y, int32_t radius,
                        assay_border border)
{
    size_t colours = (size_t)assay_pixels_colours(in);
    float *inside = padded + (size_t)radius * colours;

    assay_pixels_load_float(inside, in, y);
    for (int32_t k = 1; k <= radius; k++) {
        int32_t left = assay_border_index(border, -k, in->width);
        int32_t right = assay_border_index(border, in->width - 1 + k, in->width);
        memcpy(inside - (size_t)k * colours, inside + (size_t)left * colours,
               colours * sizeof(float));
        memcpy(inside + (size_t)(in->width - 1 + k) * colours, inside + (size_t)right * colours,
               colours * sizeof(float));
    }
}

enum { LANES = 8 };

/* out[i] = w[0] c[i] + sum over k of w[k] (a_k[i] + b_k[i]). Blocks of LANES samples stay in
 * registers over all taps. The order of additions is fixed: it is part of the result. */
static void combine(float *out, const float *const *before, const float *const *after,
                    const float *weights, int32_t radius, size_t n)
{
    const float *centre = before[0];
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        float sum[LANES];
        for (int j = 0; j < LANES; j++) {
            sum[j] = weights[0] * centre[i + (size_t)j];
        }
        for (int32_t k = 1; k <= radius; k++) {
            const float *a = before[k] + i;
            const float *b = after[k] + i;
            float w = weights[k];
            for (int j = 0; j < LANES; j++) {
                sum[j] += w * (a[j] + b[j]);
            }
        }
        memcpy(out + i, sum, sizeof sum);
    }
    for (; i < n; i++) {
        float sum = weights[0] * centre[i];
        for (int32_t k = 1; k <= radius; k++) {
            sum += weights[k] * (before[k][i] + after[k][i]);
        }
        out[i] = sum;
    }
}

/* Pointers to the rows (or, along a row, to the shifted row) on both sides of the centre. */
typedef struct tap_list {
    const float **before;
    const float **after;
    float *weights;
} tap_list;

static assay_status taps_make(tap_list *taps, const double *weights, int32_t radius,
                              assay_arena *scratch, assay_error *err)
{
    size_t n = (size_t)radius + 1;

    taps->before = assay_arena_alloc(scratch, n, sizeof *taps->before);
    taps->after = assay_arena_alloc(scratch, n, sizeof *taps->after);
    taps->weights = assay_arena_alloc(scratch, n, sizeof *taps->weights);
    if (!taps->before || !taps->after || !taps->weights) {
        return assay_fail_memory(err);
    }
    for (size_t k = 0; k < n; k++) {
        taps->weights[k] = (float)weights[k];
    }
    return ASSAY_OK;
}

assay_status assay_filter_separable(assay_image *out, const assay_image *in, const double *weights,
                                    int32_t radius, assay_border border, assay_arena *scratch,
                                    assay_error *err)
{
    size_t colours = (size_t)assay_pixels_colours(in);
    size_t n = assay_pixels_row_size(in);
    row_ring ring = {0};
    tap_list taps = {0};

    ASSAY_TRY(ring_make(&ring, in, radius, n, scratch, err));
    ASSAY_TRY(taps_make(&taps, weights, radius, scratch, err));
    float *padded = assay_arena_alloc(scratch, n + 2 * (size_t)radius * colours, sizeof(float));
    float *result = assay_arena_alloc(scratch, n, sizeof(float));
    if (!padded || !result) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err)); /* brings alpha along */
    for (int32_t y = 0; y < in->height; y++) {
        for (; ring.next < in->height && ring.next <= y + radius; ring.next++) {
            load_padded(padded, in, ring.next, radius, border);
            for (size_t k = 0; k <= (size_t)radius; k++) {
                taps.before[k] = padded + ((size_t)radius - k) * colours;
                taps.after[k] = padded + ((size_t)radius + k) * colours;
            }
            combine(ring_row(&ring, ring.next), taps.before, taps.after, taps.weights, radius, n);
        }
        for (int32_t k = 0; k <= radius; k++) {
            taps.before[k] = ring_row(&ring, assay_border_index(border, y - k, in->height));
            taps.after[k] = ring_row(&ring, assay_border_index(border, y + k, in->height));
        }
        combine(result, taps.before, taps.after, taps.weights, radius, n);
        assay_pixels_store_float(out, y, result);
    }
    return ASSAY_OK;
}

/* A weight of a quarter of the kernel, at (dx, dy) >= 0: it holds for (+-dx, +-dy). */
typedef struct quarter_tap {
    const float *sum; /* row y - dy plus row y + dy, from the padded row's start */
    size_t left;      /* floats from there to the tap left of a pixel, and right of it */
    size_t right;
    float weight;
} quarter_tap;

static void accumulate(float *out, const quarter_tap *taps, size_t n_taps, size_t n)
{
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        float sum[LANES] = {0};
        for (size_t t = 0; t < n_taps; t++) {
            const float *a = taps[t].sum + taps[t].left + i;
            const float *b = taps[t].sum + taps[t].right + i;
            float w = taps[t].weight;
            for (int j = 0; j < LANES; j++) {
                sum[j] += w * (a[j] + b[j]);
            }
        }
        memcpy(out + i, sum, sizeof sum);
    }
    for (; i < n; i++) {
        float sum = 0.0F;
        for (size_t t = 0; t < n_taps; t++) {
            sum +=
                taps[t].weight * (taps[t].sum[taps[t].left + i] + taps[t].sum[taps[t].right + i]);
        }
        out[i] = sum;
    }
}

/* On an axis both sides are the same pixel, so the weight is halved there (exactly). */
static size_t list_taps(quarter_tap *taps, const double *quarter, int32_t radius, size_t colours,
                        const float *sums, size_t row_size)
{
    size_t n = 0;

    for (size_t dy = 0; dy <= (size_t)radius; dy++) {
        for (size_t dx = 0; dx <= (size_t)radius; dx++, quarter++) {
            double weight = *quarter * (dx == 0 ? 0.5 : 1.0) * (dy == 0 ? 0.5 : 1.0);
            if (weight != 0.0) {
                taps[n++] = (quarter_tap){.sum = sums + dy * row_size,
                                          .left = ((size_t)radius - dx) * colours,
                                          .right = ((size_t)radius + dx) * colours,
                                          .weight = (float)weight};
            }
        }
    }
    return n;
}

assay_status assay_filter_quarter(assay_image *out, const assay_image *in, const double *quarter,
                                  int32_t radius, assay_border border, assay_arena *scratch,
                                  assay_error *err)
{
    size_t side = (size_t)radius + 1;
    size_t colours = (size_t)assay_pixels_colours(in);
    size_t n = assay_pixels_row_size(in);
    size_t row_size = n + 2 * (size_t)radius * colours;
    row_ring ring = {0};

    ASSAY_TRY(ring_make(&ring, in, radius, row_size, scratch, err));
    quarter_tap *taps = assay_arena_alloc(scratch, side * side, sizeof *taps);
    float *sums = assay_arena_alloc(scratch, side * row_size, sizeof *sums);
    float *result = assay_arena_alloc(scratch, n, sizeof(float));
    if (!taps || !sums || !result) {
        return assay_fail_memory(err);
    }
    size_t n_taps = list_taps(taps, quarter, radius, colours, sums, row_size);
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int32_t y = 0; y < in->height; y++) {
        for (; ring.next < in->height && ring.next <= y + radius; ring.next++) {
            load_padded(ring_row(&ring, ring.next), in, ring.next, radius, border);
        }
        for (int32_t dy = 0; dy <= radius; dy++) {
            const float *a = ring_row(&ring, assay_border_index(border, y - dy, in->height));
            const float *b = ring_row(&ring, assay_border_index(border, y + dy, in->height));
            float *sum = sums + (size_t)dy * row_size;
            for (size_t i = 0; i < row_size; i++) {
                sum[i] = a[i] + b[i];
            }
        }
        accumulate(result, taps, n_taps, n);
        assay_pixels_store_float(out, y, result);
    }
    return ASSAY_OK;
}

assay_status assay_filter_taps(assay_image *out, const assay_image *in,
                               const assay_filter_tap *taps, size_t n, int32_t reach,
                               assay_border border, assay_arena *scratch, assay_error *err)
{
    size_t colours = (size_t)assay_pixels_colours(in);
    size_t samples = assay_pixels_row_size(in);
    row_ring ring = {0};

    ASSAY_TRY(ring_make(&ring, in, reach, samples + 2 * (size_t)reach * colours, scratch, err));
    float *sum = assay_arena_alloc(scratch, samples, sizeof *sum);
    if (!sum) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int32_t y = 0; y < in->height; y++) {
        for (; ring.next < in->height && ring.next <= y + reach; ring.next++) {
            load_padded(ring_row(&ring, ring.next), in, ring.next, reach, border);
        }
        memset(sum, 0, samples * sizeof *sum);
        for (size_t t = 0; t < n; t++) {
            int32_t row = assay_border_index(border, y + taps[t].dy, in->height);
            const float *from = ring_row(&ring, row) + (size_t)(reach + taps[t].dx) * colours;
            for (size_t i = 0; i < samples; i++) {
                sum[i] += taps[t].weight * from[i];
            }
        }
        assay_pixels_store_float(out, y, sum);
    }
    return ASSAY_OK;
}
