#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "codec/rle.h"

/* The boundary is drawn on a grid five times as fine, from one corner to the next in single steps of the
 * coordinate with the longer way, the other one rounded. Where it steps between the fine columns 5 c + 2
 * and 5 c + 3 it crosses the middle of the pixels' column c, at a height. Sorted, the crossings are where
 * runs end; so only these steps are looked for. */

enum { FINE = 5, CROSSED = 2, FARTHEST = 1 << 26, FEW = 16, LONGEST_OUTLINE = FINE << 23 };

/* Where the boundary crosses columns. Most are crossed twice, which has its place; what is more goes on
 * a list. */
typedef struct outline {
    int32_t height, width;
    int32_t low;       /* the first column that may be crossed */
    int32_t n_columns; /* from there on */
    uint8_t *count;    /* per column: crossings in `pair` */
    uint32_t *pair;    /* per column: two heights */
    uint32_t *height_more, *column_more;
    int64_t n_more;
} outline;

/* Between the fine columns m and m + 1 of a column (counted from o->low), at v of the fine rows or the one
 * below (the smaller of both): the pixels whose middle lies above are not enclosed. */
static inline void cross(outline *o, int32_t column, int32_t v)
{
    uint32_t y = v <= 0 ? 0 : ((uint32_t)v + FINE - 1 - CROSSED) / FINE;
    uint8_t k = o->count[column];
    y = y > (uint32_t)o->height ? (uint32_t)o->height : y;
    if (k == 2) {
        o->height_more[o->n_more] = y;
        o->column_more[o->n_more++] = (uint32_t)column;
        return;
    }
    o->pair[2 * column + k] = y;
    o->count[column] = (uint8_t)(k + 1);
}

static int32_t magnitude(int32_t value)
{
    return value < 0 ? -value : value;
}

/* The first and last column whose middle is crossed from the fine columns `low` to below `high`. */
typedef struct columns {
    int32_t first, last;
} columns;

static columns crossed(const outline *o, int32_t low, int32_t high)
{
    int32_t first = low <= CROSSED ? 0 : (low - CROSSED + FINE - 1) / FINE;
    int32_t last = high <= CROSSED ? -1 : (high - 1 - CROSSED) / FINE;
    return (columns){first, last < o->width ? last : o->width - 1};
}

/* An edge that runs more along the rows: every step is one fine column. Where it falls the step behind
 * the crossing is the smaller one. */
static void draw_wide(outline *o, int32_t xs, int32_t ys, int32_t xe, int32_t ye)
{
    double slope = (double)(ye - ys) / (xe - xs);
    columns c = crossed(o, xs, xe);
    int32_t t = c.first * FINE + CROSSED - xs + (ye < ys);
    for (int32_t column = c.first; column <= c.last; column++, t += FINE) {
        cross(o, column - o->low, (int32_t)(ys + slope * (double)t + .5));
    }
}

/* An edge that runs more along the columns: the first step at which the fine column is beyond m. */
static void draw_high(outline *o, int32_t xs, int32_t ys, int32_t xe, int32_t ye)
{
    int32_t steps = ye - ys;
    double slope = (double)(xe - xs) / steps;
    double inverse = (double)steps / (xe - xs);
    bool right = xe > xs;
    columns c = crossed(o, right ? xs : xe, right ? xe : xs);
    for (int32_t column = c.first; column <= c.last; column++) {
        double edge =
            column * FINE + CROSSED + 1; /* from there on the rounded column is beyond m */
        int32_t t = (int32_t)((edge - .5 - xs) * inverse); /* about */
        t = t < 1 ? 1 : t > steps ? steps : t;
        while (t > 1 && (xs + slope * (double)(t - 1) + .5 >= edge) == right) {
            t--;
        }
        while (t < steps && (xs + slope * (double)t + .5 >= edge) != right) {
            t++;
        }
        cross(o, column - o->low, t - 1 + ys);
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

/* Runs from where they end, ascending; runs of nothing join their neighbours (but for the first). */
typedef struct ends {
    uint32_t *runs;
    int64_t n;
    uint32_t before;
    bool join;
} ends;

static inline void end_at(ends *e, uint32_t at)
{
    uint32_t run = at - e->before;
    e->before = at;
    if (e->join) {
        e->runs[e->n - 1] += run;
        e->join = false;
    } else if (run > 0 || e->n == 0) {
        e->runs[e->n++] = run;
    } else {
        e->join = true;
    }
}

/* Every column is crossed twice at most. */
static void end_pairs(ends *e, const outline *o)
{
    uint32_t at = (uint32_t)o->low * (uint32_t)o->height;
    for (int32_t c = 0; c < o->n_columns; c++, at += (uint32_t)o->height) {
        uint32_t a = o->pair[2 * c];
        uint32_t b = o->pair[2 * c + 1];
        if (o->count[c] == 2) {
            end_at(e, at + (a < b ? a : b));
            end_at(e, at + (a < b ? b : a));
        } else if (o->count[c] == 1) {
            end_at(e, at + a);
        }
    }
}

/* Crossings are put by column, then in order within each. `place` has room for one more than columns,
 * `sorted` and `spare` for all crossings. */
static void end_many(ends *e, const outline *o, uint32_t *place, uint32_t *sorted, uint32_t *spare)
{
    uint32_t begin = 0;
    memset(place, 0, ((size_t)o->n_columns + 1) * sizeof *place);
    for (int32_t c = 0; c < o->n_columns; c++) {
        place[c + 1] = o->count[c];
    }
    for (int64_t i = 0; i < o->n_more; i++) {
        place[o->column_more[i] + 1]++;
    }
    for (int32_t c = 0; c < o->n_columns; c++) {
        place[c + 1] += place[c];
    }
    for (int32_t c = 0; c < o->n_columns; c++) {
        for (uint8_t k = 0; k < o->count[c]; k++) {
            sorted[place[c]++] = o->pair[2 * c + k];
        }
    }
    for (int64_t i = 0; i < o->n_more; i++) {
        sorted[place[o->column_more[i]]++] = o->height_more[i];
    }
    for (int32_t c = 0; c < o->n_columns; c++) { /* a place is now where its column ends */
        uint32_t at = (uint32_t)(o->low + c) * (uint32_t)o->height;
        sort_few(sorted + begin, spare + begin, place[c] - begin);
        for (; begin < place[c]; begin++) {
            end_at(e, at + sorted[begin]);
        }
    }
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

/* Corners on the fine grid (one more than points: the first again), which columns they span and how many
 * crossings there are at most. */
static assay_status corners(int32_t *x, int32_t *y, outline *o, int64_t *crossings,
                            const double *xy, int64_t points, assay_error *err)
{
    int64_t length = 0;
    int32_t low = INT32_MAX;
    int32_t high = INT32_MIN;
    for (int64_t i = 0; i < points; i++) {
        if (!fine(&x[i], xy[2 * i]) || !fine(&y[i], xy[2 * i + 1])) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "the polygon has the point (%g, %g), far outside any image",
                              xy[2 * i], xy[2 * i + 1]);
        }
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
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
    columns span = crossed(o, low, high);
    o->low = span.first;
    o->n_columns = span.last >= span.first ? span.last - span.first + 1 : 0;
    return ASSAY_OK;
}

assay_status assay_rle_from_polygon(assay_rle *out, const double *xy, int64_t points,
                                    int32_t height, int32_t width, assay_arena *arena,
                                    assay_error *err)
{
    assay_rle whole = {height, width, 1, &(uint32_t){(uint32_t)height * (uint32_t)width}};
    outline o = {.height = height, .width = width};
    int64_t crossings = 0;
    *out = (assay_rle){0};
    ASSAY_TRY(assay_rle_check(&whole, err));
    int32_t *x = assay_arena_alloc_raw(arena, (size_t)points + 1, 2 * sizeof *x);
    if (x == NULL) {
        return assay_fail_memory(err);
    }
    int32_t *y = x + points + 1;
    if (points > 0) {
        ASSAY_TRY(corners(x, y, &o, &crossings, xy, points, err));
    }
    size_t room = (size_t)crossings + 2;
    size_t n_columns = (size_t)o.n_columns;
    ends e = {.runs = assay_arena_alloc_raw(arena, 5 * room + 3 * n_columns + 1, sizeof *e.runs)};
    o.count = assay_arena_alloc_raw(arena, n_columns, 1);
    if (e.runs == NULL || o.count == NULL) {
        return assay_fail_memory(err);
    }
    uint32_t *sorted = e.runs + room;
    uint32_t *spare = sorted + room;
    o.height_more = spare + room;
    o.column_more = o.height_more + room;
    o.pair = o.column_more + room;
    uint32_t *place = o.pair + 2 * n_columns;
    memset(o.count, 0, n_columns);
    for (int64_t i = 0; i < points; i++) {
        draw(&o, x[i], y[i], x[i + 1], y[i + 1]);
    }
    if (o.n_more == 0) {
        end_pairs(&e, &o);
    } else {
        end_many(&e, &o, place, sorted, spare);
    }
    end_at(&e, whole.runs[0]);
    *out = (assay_rle){height, width, e.n, e.runs};
    return ASSAY_OK;
}
