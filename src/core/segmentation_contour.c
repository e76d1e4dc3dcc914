#include <string.h>

#include "core/segmentation.h"

enum { TRUTH = 1, PREDICTED = 2, FAR = 1 << 29 };

typedef struct contour {
    uint8_t *bits;
    int32_t *distance; /* in the row, to the nearest contour pixel of the other mask */
    int32_t width, height;
} contour;

static void include(assay_segment_window *w, int32_t from, int32_t to, int32_t y)
{
    w->left = from < w->left ? from : w->left;
    w->right = to > w->right ? to : w->right;
    w->top = y < w->top ? y : w->top;
    w->bottom = y;
}

static void include_runs(assay_segment_window *out, int32_t n, const uint16_t *row, int32_t width,
                         int32_t y)
{
    int32_t from = 0;
    for (int32_t x = 1; x <= width; x++) {
        if (x == width || row[x] != row[from]) {
            if (row[from] < n) {
                include(&out[row[from]], from, x - 1, y);
            }
            from = x;
        }
    }
}

void assay_segment_windows(assay_segment_window *out, int32_t n, const uint16_t *truth,
                           const uint16_t *predicted, int32_t width, int32_t height)
{
    for (int32_t k = 0; k < n; k++) {
        out[k] = (assay_segment_window){width, height, -1, -1};
    }
    for (int32_t y = 0; y < height; y++) {
        include_runs(out, n, truth + (int64_t)y * width, width, y);
        include_runs(out, n, predicted + (int64_t)y * width, width, y);
    }
}

/* Pixels that differ from their right, lower or lower right neighbour; at the edges of the image there
 * is none to differ from. */
static int64_t trace(const contour *c, const assay_segment_window *w, const uint16_t *mask,
                     uint16_t k, uint8_t bit)
{
    int64_t n = 0;
    for (int32_t y = w->top; y <= w->bottom; y++) {
        int32_t below = y + 1 < c->height ? c->width : 0;
        for (int32_t x = w->left; x <= w->right; x++) {
            int64_t at = (int64_t)y * c->width + x;
            int32_t beside = x + 1 < c->width ? 1 : 0;
            bool own = mask[at] == k;
            bool differs = own != (mask[at + beside] == k) || own != (mask[at + below] == k) ||
                           own != (mask[at + beside + below] == k);
            c->bits[at] |= differs ? bit : 0;
            n += differs;
        }
    }
    return n;
}

/* Distance in its row of every pixel to the nearest contour pixel of `bit`. */
static void measure_rows(const contour *c, const assay_segment_window *w, uint8_t bit)
{
    for (int32_t y = w->top; y <= w->bottom; y++) {
        const uint8_t *bits = c->bits + (int64_t)y * c->width;
        int32_t *distance = c->distance + (int64_t)y * c->width;
        int32_t d = FAR;
        for (int32_t x = w->left; x <= w->right; x++) {
            d = (bits[x] & bit) != 0 ? 0 : d + (d < FAR);
            distance[x] = d;
        }
        d = FAR;
        for (int32_t x = w->right; x >= w->left; x--) {
            d = (bits[x] & bit) != 0 ? 0 : d + (d < FAR);
            distance[x] = d < distance[x] ? d : distance[x];
        }
    }
}

static bool is_near(const contour *c, const assay_segment_window *w, int32_t x, int32_t y,
                    int32_t reach)
{
    int64_t most = (int64_t)reach * reach;
    int32_t first = y - reach > w->top ? y - reach : w->top;
    int32_t last = y + reach < w->bottom ? y + reach : w->bottom;
    for (int32_t row = first; row <= last; row++) {
        int64_t dx = c->distance[(int64_t)row * c->width + x];
        int64_t dy = row - y;
        if (dx * dx + dy * dy <= most) {
            return true;
        }
    }
    return false;
}

/* Share of the contour pixels of `own` that have one of `other` within reach. */
static double share_near(const contour *c, const assay_segment_window *w, uint8_t own,
                         uint8_t other, int32_t reach, int64_t n)
{
    int64_t near = 0;
    measure_rows(c, w, other);
    for (int32_t y = w->top; y <= w->bottom; y++) {
        for (int32_t x = w->left; x <= w->right; x++) {
            near += (c->bits[(int64_t)y * c->width + x] & own) != 0 && is_near(c, w, x, y, reach);
        }
    }
    return n > 0 ? (double)near / (double)n : 1.0;
}

double assay_segment_boundary_f(const assay_segmentation_scratch *scratch, int32_t width,
                                int32_t height, const assay_segment_window *window,
                                uint16_t class_index, int32_t reach)
{
    const contour c = {scratch->contours, scratch->truth_distance, width, height};
    assay_segment_window w = *window;
    if (w.right < w.left) {
        return 1.0;
    }
    /* The contour may lie one pixel to the upper left. */
    w.left -= w.left > 0;
    w.top -= w.top > 0;
    for (int32_t y = w.top; y <= w.bottom; y++) {
        memset(c.bits + (int64_t)y * width + w.left, 0, (size_t)w.right - (size_t)w.left + 1);
    }
    int64_t in_truth = trace(&c, &w, scratch->truth, class_index, TRUTH);
    int64_t in_prediction = trace(&c, &w, scratch->predicted, class_index, PREDICTED);
    if (in_truth == 0 || in_prediction == 0) {
        return in_truth == in_prediction ? 1.0 : 0.0;
    }
    double precision = share_near(&c, &w, PREDICTED, TRUTH, reach, in_prediction);
    double recall = share_near(&c, &w, TRUTH, PREDICTED, reach, in_truth);
    return precision + recall > 0.0 ? 2.0 * precision * recall / (precision + recall) : 0.0;
}
