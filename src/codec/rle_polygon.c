#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "codec/rle.h"

/* The boundary is drawn on a grid five times as fine; where it steps to another column of the fine
 * grid that is the middle of a pixel's column, it crosses that column at a height. Sorted, the
 * crossings are where runs end. */

enum { FINE = 5, FARTHEST = 1 << 26, LONGEST_OUTLINE = FINE << 23 };

typedef struct outline {
    uint32_t *at; /* positions (column by column) where the boundary crosses a column */
    int64_t n, room;
    int32_t height, width;
    int32_t u, v; /* the last point on the fine grid */
    bool begun;
} outline;

static void visit(outline *o, int32_t u, int32_t v)
{
    if (o->begun && u != o->u) {
        double x = ((double)(u < o->u ? u : u - 1) + .5) / FINE - .5;
        if (floor(x) == x && x >= 0.0 && x <= (double)(o->width - 1)) {
            double y = ((double)(v < o->v ? v : o->v) + .5) / FINE - .5;
            y = y < 0.0 ? 0.0 : y > (double)o->height ? (double)o->height : y;
            o->at[o->n++] = (uint32_t)((int32_t)x * o->height + (int32_t)ceil(y));
        }
    }
    o->begun = true;
    o->u = u;
    o->v = v;
}

static int32_t magnitude(int32_t value)
{
    return value < 0 ? -value : value;
}

/* From one corner towards the next, the coordinate with the longer way in single steps. */
static void draw(outline *o, int32_t xs, int32_t ys, int32_t xe, int32_t ye)
{
    int32_t dx = magnitude(xe - xs);
    int32_t dy = magnitude(ye - ys);
    bool flip = (dx >= dy && xs > xe) || (dx < dy && ys > ye);
    if (dx == 0 && dy == 0) {
        visit(o, xs, INT32_MIN); /* the COCO tools round 0/0 here, which no crossing ever uses */
        return;
    }
    if (flip) {
        int32_t swap = xs;
        xs = xe;
        xe = swap;
        swap = ys;
        ys = ye;
        ye = swap;
    }
    double slope = dx >= dy ? (double)(ye - ys) / dx : (double)(xe - xs) / dy;
    int32_t steps = dx >= dy ? dx : dy;
    for (int32_t d = 0; d <= steps; d++) {
        int32_t t = flip ? steps - d : d;
        if (dx >= dy) {
            visit(o, t + xs, (int32_t)(ys + slope * t + .5));
        } else {
            visit(o, (int32_t)(xs + slope * t + .5), t + ys);
        }
    }
}

/* Ascending; equal values are alike, so any order of them is the same. */
static void sort(uint32_t *values, uint32_t *spare, int64_t n)
{
    uint32_t *from = values;
    uint32_t *to = spare;
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t begin = 0; begin < n; begin += 2 * width) {
            int64_t middle = begin + width < n ? begin + width : n;
            int64_t end = middle + width < n ? middle + width : n;
            int64_t left = begin;
            int64_t right = middle;
            for (int64_t i = begin; i < end; i++) {
                bool take_left = right >= end || (left < middle && from[left] <= from[right]);
                to[i] = take_left ? from[left++] : from[right++];
            }
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != values) {
        memcpy(values, from, (size_t)n * sizeof *values);
    }
}

/* Positions to runs; runs of nothing join their neighbours (but for the first). */
static int64_t runs_between(uint32_t *runs, const uint32_t *at, int64_t n)
{
    int64_t m = 0;
    uint32_t before = 0;
    bool join = false;
    for (int64_t i = 0; i < n; i++) {
        uint32_t run = at[i] - before;
        before = at[i];
        if (join) {
            runs[m - 1] += run;
            join = false;
        } else if (run > 0 || m == 0) {
            runs[m++] = run;
        } else {
            join = true;
        }
    }
    return m;
}

/* The corner's place on the fine grid; false when it is out of all bounds. */
static bool fine(int32_t *out, double value)
{
    *out = 0;
    if (!(fabs(value) <= FARTHEST)) {
        return false;
    }
    *out = (int32_t)(FINE * value + .5);
    return true;
}

/* Corners on the fine grid (one more than points: the first again) and how much is to be drawn. */
static assay_status corners(int32_t *x, int32_t *y, int64_t *crossings, const double *xy,
                            int64_t points, assay_error *err)
{
    int64_t length = 0;
    for (int64_t i = 0; i < points; i++) {
        if (!fine(&x[i], xy[2 * i]) || !fine(&y[i], xy[2 * i + 1])) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "the polygon has the point (%g, %g), far outside any image",
                              xy[2 * i], xy[2 * i + 1]);
        }
    }
    x[points] = x[0];
    y[points] = y[0];
    *crossings = 0;
    for (int64_t i = 0; i < points; i++) {
        int64_t dx = magnitude(x[i + 1] - x[i]);
        int64_t dy = magnitude(y[i + 1] - y[i]);
        length += (dx > dy ? dx : dy) + 1;
        *crossings += dx + 4; /* a step of rounding may cross a column too */
    }
    if (length > LONGEST_OUTLINE) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "the polygon's outline is %" PRId64 " pixels long (at most %d)",
                          length / FINE, LONGEST_OUTLINE / FINE);
    }
    return ASSAY_OK;
}

assay_status assay_rle_from_polygon(assay_rle *out, const double *xy, int64_t points,
                                    int32_t height, int32_t width, assay_arena *arena,
                                    assay_error *err)
{
    assay_rle whole = {height, width, 1, &(uint32_t){(uint32_t)height * (uint32_t)width}};
    outline o = {.height = height, .width = width};
    *out = (assay_rle){0};
    ASSAY_TRY(assay_rle_check(&whole, err));
    int32_t *x = assay_arena_alloc(arena, (size_t)points + 1, 2 * sizeof *x);
    if (x == NULL) {
        return assay_fail_memory(err);
    }
    int32_t *y = x + points + 1;
    if (points > 0) {
        ASSAY_TRY(corners(x, y, &o.room, xy, points, err));
    }
    o.at = assay_arena_alloc(arena, (size_t)o.room + 1, sizeof *o.at);
    uint32_t *spare = assay_arena_alloc(arena, (size_t)o.room + 1, sizeof *spare);
    if (o.at == NULL || spare == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < points; i++) {
        draw(&o, x[i], y[i], x[i + 1], y[i + 1]);
    }
    o.at[o.n++] = whole.runs[0];
    sort(o.at, spare, o.n);
    int64_t n = runs_between(spare, o.at, o.n);
    *out = (assay_rle){height, width, n, spare};
    return ASSAY_OK;
}
