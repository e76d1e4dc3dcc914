#include "codec/rle.h"

#include <inttypes.h>
#include <math.h>

enum { BASE = 48, BITS = 5, MORE = 32, SIGN = 16, MOST_CHARACTERS = 7 };

assay_status assay_rle_from_text(uint32_t *runs, int64_t *n, const char *text, size_t size,
                                 assay_error *err)
{
    int64_t m = 0;
    *n = 0;
    for (size_t p = 0; p < size;) {
        int64_t value = 0;
        int k = 0;
        int c = MORE;
        for (; (c & MORE) != 0; k++, p++) {
            if (p == size || k == MOST_CHARACTERS) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "the compressed run lengths end inside a number or have one that "
                                  "is too long, at character %zu",
                                  p);
            }
            c = (unsigned char)text[p] - BASE;
            if (c < 0 || c > 63) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "the compressed run lengths have the character 0x%02x at %zu; "
                                  "they are made of '0' to 'o'",
                                  (unsigned)(unsigned char)text[p], p);
            }
            value |= (int64_t)(c & (MORE - 1)) << BITS * k;
        }
        if ((c & SIGN) != 0) {
            value -= INT64_C(1) << BITS * k;
        }
        if (m > 2) {
            value += runs[m - 2];
        }
        if (value < 0 || value > INT32_MAX) {
            return assay_fail(err, ASSAY_EFORMAT, "run %" PRId64 " has the length %" PRId64, m,
                              value);
        }
        runs[m++] = (uint32_t)value;
    }
    *n = m;
    return ASSAY_OK;
}

size_t assay_rle_to_text(char *out, const assay_rle *rle)
{
    size_t size = 0;
    for (int64_t i = 0; i < rle->n; i++) {
        int64_t value = (int64_t)rle->runs[i] - (i > 2 ? (int64_t)rle->runs[i - 2] : 0);
        bool more = true;
        while (more) {
            int c = (int)(value & (MORE - 1));
            value = (value - c) / MORE;
            more = (c & SIGN) != 0 ? value != -1 : value != 0;
            out[size++] = (char)(BASE + c + (more ? MORE : 0));
        }
    }
    return size;
}

assay_status assay_rle_check(const assay_rle *rle, assay_error *err)
{
    if (rle->height < 1 || rle->width < 1 || (int64_t)rle->height * rle->width > INT32_MAX) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "a mask of %" PRId32 " x %" PRId32
                          " pixels (height x width); both must be at least 1, and their product "
                          "below 2^31",
                          rle->height, rle->width);
    }
    uint64_t sum = 0;
    for (int64_t i = 0; i < rle->n; i++) {
        sum += rle->runs[i];
    }
    if (sum != (uint64_t)rle->height * (uint64_t)rle->width) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "run lengths of %" PRIu64 " pixels in all for a mask of %" PRId32
                          " x %" PRId32 " (height x width)",
                          sum, rle->height, rle->width);
    }
    return ASSAY_OK;
}

uint32_t assay_rle_area(const assay_rle *rle)
{
    uint32_t area = 0;
    for (int64_t i = 1; i < rle->n; i += 2) {
        area += rle->runs[i];
    }
    return area;
}

typedef struct place {
    uint32_t column, row;
} place;

/* `run` pixels further; most runs end in the column or the next one, which needs no division. */
static inline place along(place from, uint32_t run, uint32_t height)
{
    uint64_t row = (uint64_t)from.row + run;
    uint32_t columns = row < height ? 0 : row < 2 * (uint64_t)height ? 1 : (uint32_t)(row / height);
    return (place){from.column + columns, (uint32_t)(row - (uint64_t)columns * height)};
}

void assay_rle_box(double out[4], const assay_rle *rle)
{
    uint32_t h = (uint32_t)rle->height;
    uint32_t left = (uint32_t)rle->width;
    uint32_t top = h;
    uint32_t right = 0;
    uint32_t bottom = 0;
    place at = {0};
    if (rle->n < 2) {
        out[0] = out[1] = out[2] = out[3] = 0.0;
        return;
    }
    for (int64_t i = 0; i + 1 < rle->n; i += 2) {
        at = along(at, rle->runs[i], h);
        if (rle->runs[i + 1] == 0) {
            continue;
        }
        place last = along(at, rle->runs[i + 1] - 1, h);
        left = at.column < left ? at.column : left;
        right = last.column > right ? last.column : right;
        uint32_t high = at.column < last.column ? 0 : at.row;
        uint32_t low = at.column < last.column ? h - 1 : last.row;
        top = high < top ? high : top;
        bottom = low > bottom ? low : bottom;
        at = along(last, 1, h);
    }
    /* A mask without an object keeps the wrapped unsigned extents of the COCO tools. */
    out[0] = left;
    out[1] = top;
    out[2] = right - left + 1;
    out[3] = bottom - top + 1;
}

/* One side of a walk over two masks at once. */
typedef struct walk {
    const uint32_t *runs;
    int64_t n, next;
    uint32_t left;
    bool inside;
} walk;

static walk walk_start(const assay_rle *rle)
{
    return (walk){rle->runs, rle->n, 1, rle->n > 0 ? rle->runs[0] : 0, false};
}

static inline void walk_advance(walk *w, uint32_t step)
{
    w->left -= step;
    if (w->left == 0 && w->next < w->n) {
        w->left = w->runs[w->next++];
        w->inside = !w->inside;
    }
}

assay_status assay_rle_union(assay_rle *out, const assay_rle *a, const assay_rle *b,
                             assay_arena *arena, assay_error *err)
{
    walk wa = walk_start(a);
    walk wb = walk_start(b);
    uint32_t *runs = assay_arena_alloc(arena, (size_t)(a->n + b->n + 1), sizeof *runs);
    uint32_t length = 0;
    int64_t n = 0;
    bool inside = false;
    *out = (assay_rle){0};
    if (runs == NULL) {
        return assay_fail_memory(err);
    }
    for (;;) {
        uint32_t step = wa.left < wb.left ? wa.left : wb.left;
        length += step;
        walk_advance(&wa, step);
        walk_advance(&wb, step);
        bool over = wa.left == 0 && wb.left == 0 && wa.next == wa.n && wb.next == wb.n;
        bool now = wa.inside || wb.inside;
        if (now != inside || over) {
            runs[n++] = length;
            length = 0;
            inside = now;
        }
        if (over) {
            break;
        }
    }
    *out = (assay_rle){a->height, a->width, n, runs};
    return ASSAY_OK;
}

double assay_box_iou(const double box[4], const double truth[4], bool crowd)
{
    double w = fmin(box[2] + box[0], truth[2] + truth[0]) - fmax(box[0], truth[0]);
    if (w <= 0.0) {
        return 0.0;
    }
    double h = fmin(box[3] + box[1], truth[3] + truth[1]) - fmax(box[1], truth[1]);
    if (h <= 0.0) {
        return 0.0;
    }
    double common = w * h;
    double area = box[2] * box[3];
    return common / (crowd ? area : area + truth[2] * truth[3] - common);
}

double assay_rle_iou(const assay_rle *mask, const double box[4], const assay_rle *truth,
                     const double truth_box[4], bool crowd)
{
    if (!(assay_box_iou(box, truth_box, crowd) > 0.0)) {
        return 0.0;
    }
    if (mask->height != truth->height || mask->width != truth->width) {
        return -1.0;
    }
    walk a = walk_start(mask);
    walk b = walk_start(truth);
    uint32_t common = 0;
    uint32_t either = 0;
    for (;;) {
        uint32_t step = a.left < b.left ? a.left : b.left;
        either += a.inside || b.inside ? step : 0;
        common += a.inside && b.inside ? step : 0;
        walk_advance(&a, step);
        walk_advance(&b, step);
        if (a.left == 0 && b.left == 0 && a.next == a.n && b.next == b.n) {
            break;
        }
    }
    if (common == 0) {
        return 0.0;
    }
    return (double)common / (double)(crowd ? assay_rle_area(mask) : either);
}
