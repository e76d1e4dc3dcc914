#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "codec/rle.h"

/* The boundary is drawn on a grid five times as fine, from one corner to the next in single steps of the
 * coordinate with the longer way, the other one rounded. Where it steps between the fine columns 5 c + 2
 * and 5 c + 3 it crosses the middle of the pixels' column c, at a height. Sorted, the crossings are where
 * runs end; so only these steps are looked for. */

enum { FINE = 5, CROSSED = 2, FARTHEST = 1 << 26, FEW = 16, LONGEST_OUTLINE = FINE << 23 };

typedef struct outline {
    uint32_t *at;     /* positions (column by column) where the boundary crosses a column */
    uint32_t *column; /* of each */
    int64_t n, room;
    uint32_t low, high; /* the columns that are crossed lie within */
    int32_t height, width;
} outline;

/* Between the fine columns m and m + 1, at v of the fine rows or the one below (the smaller of both). */
static void cross(outline *o, int64_t m, int64_t v)
{
    int64_t column = (m - CROSSED) / FINE;
    int64_t above = v - CROSSED; /* rows of pixels whose middle lies above, times five */
    int64_t y = above <= 0 ? 0 : (above + FINE - 1) / FINE;
    y = y > o->height ? o->height : y;
    o->at[o->n] = (uint32_t)(column * o->height + y);
    o->column[o->n++] = (uint32_t)column;
    o->low = column < o->low ? (uint32_t)column : o->low;
    o->high = column > o->high ? (uint32_t)column : o->high;
}

static int32_t magnitude(int32_t value)
{
    return value < 0 ? -value : value;
}

/* The first and last fine column of crossings from `low` to below `high`. */
typedef struct columns {
    int64_t first, end;
} columns;

static columns crossed(const outline *o, int32_t low, int32_t high)
{
    int64_t first =
        low <= CROSSED ? CROSSED : CROSSED + ((int64_t)low - CROSSED + FINE - 1) / FINE * FINE;
    int64_t last = CROSSED + ((int64_t)o->width - 1) * FINE;
    return (columns){first, high - 1 < last ? high - 1 : last};
}

/* An edge that runs more along the rows: every step is one fine column. */
static void draw_wide(outline *o, int32_t xs, int32_t ys, int32_t xe, int32_t ye)
{
    double slope = (double)(ye - ys) / (xe - xs);
    columns c = crossed(o, xs, xe);
    for (int64_t m = c.first; m <= c.end; m += FINE) {
        int64_t t = m - xs;
        int32_t here = (int32_t)(ys + slope * (double)t + .5);
        int32_t next = (int32_t)(ys + slope * (double)(t + 1) + .5);
        cross(o, m, here < next ? here : next);
    }
}

/* An edge that runs more along the columns: the first step at which the fine column is beyond m. */
static void draw_high(outline *o, int32_t xs, int32_t ys, int32_t xe, int32_t ye)
{
    int32_t steps = ye - ys;
    double slope = (double)(xe - xs) / steps;
    bool right = xe > xs;
    columns c = crossed(o, right ? xs : xe, right ? xe : xs);
    for (int64_t m = c.first; m <= c.end; m += FINE) {
        double edge = (double)(m + 1); /* at or above it the rounded column is beyond m */
        int64_t t = (int64_t)((edge - .5 - xs) / slope);
        t = t < 1 ? 1 : t > steps ? steps : t;
        while (t > 1 && (xs + slope * (double)(t - 1) + .5 >= edge) == right) {
            t--;
        }
        while (t < steps && (xs + slope * (double)t + .5 >= edge) != right) {
            t++;
        }
        cross(o, m, t - 1 + ys);
    }
}

static void draw(outline *o, int32_t xs, int32_t ys, int32_t xe, int32_t ye)
{
    int32_t dx = magnitude(xe - xs);
    int32_t dy = magnitude(ye - ys);
    bool wide = dx >= dy;
    bool flip = wide ? xs > xe : ys > ye;
    if (dx == 0) {
        return;
    }
    if (wide) {
        draw_wide(o, flip ? xe : xs, flip ? ye : ys, flip ? xs : xe, flip ? ys : ye);
    } else {
        draw_high(o, flip ? xe : xs, flip ? ye : ys, flip ? xs : xe, flip ? ys : ye);
    }
}

/* Ascending; equal values are alike, so any order of them is the same. */
static void sort_many(uint32_t *values, uint32_t *spare, int64_t n)
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

static void sort_few(uint32_t *values, uint32_t *spare, uint32_t n)
{
    if (n > FEW) {
        sort_many(values, spare, n);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        uint32_t value = values[i];
        uint32_t k = i;
        for (; k > 0 && values[k - 1] > value; k--) {
            values[k] = values[k - 1];
        }
        values[k] = value;
    }
}

/* Most columns are crossed twice: crossings are put by column, then in order within each. `place` has
 * room for one more than columns. The result is in `out`; o->at is used up. */
static void sort(uint32_t *out, outline *o, uint32_t *place)
{
    uint32_t n_columns = o->n > 0 ? o->high - o->low + 1 : 0;
    uint32_t begin = 0;
    memset(place, 0, ((size_t)n_columns + 1) * sizeof *place);
    for (int64_t i = 0; i < o->n; i++) {
        place[o->column[i] - o->low + 1]++;
    }
    for (uint32_t c = 0; c < n_columns; c++) {
        place[c + 1] += place[c];
    }
    for (int64_t i = 0; i < o->n; i++) {
        out[place[o->column[i] - o->low]++] = o->at[i];
    }
    for (uint32_t c = 0; c < n_columns; c++) { /* a place is now where its column ends */
        sort_few(out + begin, o->at + begin, place[c] - begin);
        begin = place[c];
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
        *crossings += dx / FINE + 2;
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
    outline o = {.height = height, .width = width, .low = UINT32_MAX};
    *out = (assay_rle){0};
    ASSAY_TRY(assay_rle_check(&whole, err));
    int32_t *x = assay_arena_alloc_raw(arena, (size_t)points + 1, 2 * sizeof *x);
    if (x == NULL) {
        return assay_fail_memory(err);
    }
    int32_t *y = x + points + 1;
    if (points > 0) {
        ASSAY_TRY(corners(x, y, &o.room, xy, points, err));
    }
    size_t room = (size_t)o.room + 2;
    o.at = assay_arena_alloc_raw(arena, 4 * room, sizeof *o.at);
    if (o.at == NULL) {
        return assay_fail_memory(err);
    }
    o.column = o.at + room;
    uint32_t *place = o.at + 2 * room;
    uint32_t *sorted = o.at + 3 * room;
    for (int64_t i = 0; i < points; i++) {
        draw(&o, x[i], y[i], x[i + 1], y[i + 1]);
    }
    sort(sorted, &o, place);
    sorted[o.n++] = whole.runs[0];
    int64_t n = runs_between(o.at, sorted, o.n);
    *out = (assay_rle){height, width, n, o.at};
    return ASSAY_OK;
}
