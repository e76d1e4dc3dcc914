#include "codec/rle.h"

#include <inttypes.h>
#include <math.h>

enum { BASE = 48, BITS = 5, MORE = 32, SIGN = 16, MOST_CHARACTERS = 7 };

/* The number that begins at character *p. */
static assay_status read_number(int64_t *out, const char *text, size_t size, size_t *p,
                                assay_error *err)
{
    int64_t value = 0;
    int k = 0;
    int c = MORE;
    for (; (c & MORE) != 0; k++, ++*p) {
        if (*p == size || k == MOST_CHARACTERS) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "the compressed run lengths end inside a number or have one that "
                              "is too long, at character %zu",
                              *p);
        }
        c = (unsigned char)text[*p] - BASE;
        if (c < 0 || c > 63) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "the compressed run lengths have the character 0x%02x at %zu; "
                              "they are made of '0' to 'o'",
                              (unsigned)(unsigned char)text[*p], *p);
        }
        value |= (int64_t)(c & (MORE - 1)) << BITS * k;
    }
    if ((c & SIGN) != 0) {
        value -= INT64_C(1) << BITS * k;
    }
    *out = value;
    return ASSAY_OK;
}

/* Runs of eight numbers of one character each, as long as such come, from run m > 2 on; returns how many.
 * The run that each is told from lies two before, so there are two chains. */
static int64_t short_numbers(uint32_t *runs, int64_t m, const char *text, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const int64_t first = m;
    int64_t even = runs[m - 2];
    int64_t odd = runs[m - 1];
    for (; size >= 8; size -= 8, text += 8) {
        uint64_t v = 0;
        for (int k = 0; k < 8; k++) { /* one load */
            v |= (uint64_t)(unsigned char)text[k] << 8 * k;
        }
        v -= ones * BASE;
        if ((v & ones * (uint8_t) ~(MORE - 1)) != 0) {
            break;
        }
        int64_t wrong = 0;
        v ^= ones * SIGN;
        for (int k = 0; k < 8; k += 2, v >>= 16) {
            even += (int64_t)(v & 0xFF) - SIGN;
            odd += (int64_t)(v >> 8 & 0xFF) - SIGN;
            runs[m + k] = (uint32_t)even;
            runs[m + k + 1] = (uint32_t)odd;
            wrong |= even | odd;
        }
        if ((uint64_t)wrong >> 31 != 0) {
            break; /* said by who reads one at a time */
        }
        m += 8;
    }
    return m - first;
}

assay_status assay_rle_from_text(uint32_t *runs, int64_t *n, const char *text, size_t size,
                                 assay_error *err)
{
    int64_t m = 0;
    int64_t last = 0;   /* run m - 1 */
    int64_t before = 0; /* run m - 2, which run m is told from; nothing up to the third run */
    *n = 0;
    for (size_t p = 0; p < size; m++) {
        unsigned c = (unsigned)(unsigned char)text[p] - BASE;
        int64_t value = (int64_t)(c ^ SIGN) - SIGN; /* of one character, as most are */
        if (c < MORE) {
            p++;
        } else {
            ASSAY_TRY(read_number(&value, text, size, &p, err));
        }
        value += before;
        if (value < 0 || value > INT32_MAX) {
            return assay_fail(err, ASSAY_EFORMAT, "run %" PRId64 " has the length %" PRId64, m,
                              value);
        }
        runs[m] = (uint32_t)value;
        before = m > 1 ? last : 0;
        last = value;
        if (m > 1) {
            int64_t more = short_numbers(runs, m + 1, text + p, size - p);
            p += (size_t)more;
            m += more;
            before = runs[m - 1];
            last = runs[m];
        }
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

/* Rows of the first and the last pixel of the object, and whether a run goes on in the next column. */
typedef struct rows {
    uint32_t top, bottom;
    bool across;
} rows;

/* Where the column of pixel `at` begins, looked for from the beginning of one before it; most runs end in
 * the column or the next one, which needs no division. */
static inline uint32_t column_of(uint32_t column, uint32_t at, uint32_t height)
{
    if (at - column >= height) {
        column += height;
        if (at - column >= height) {
            column = at - at % height;
        }
    }
    return column;
}

static rows rows_of(const assay_rle *rle)
{
    const uint32_t h = (uint32_t)rle->height;
    rows r = {h, 0, false};
    uint32_t at = 0; /* pixels are counted down the columns */
    uint32_t column = 0;
    for (int64_t i = 0; i + 1 < rle->n; i += 2) {
        const uint32_t run = rle->runs[i + 1];
        at += rle->runs[i];
        if (run == 0) {
            continue;
        }
        column = column_of(column, at, h);
        uint32_t top = at - column;
        at += run;
        r.top = top < r.top ? top : r.top;
        r.across |= run > h - top;
        column = column_of(column, at - 1, h);
        uint32_t bottom = at - 1 - column;
        r.bottom = bottom > r.bottom ? bottom : r.bottom;
    }
    return r;
}

void assay_rle_box(double out[4], const assay_rle *rle)
{
    const uint32_t h = (uint32_t)rle->height;
    uint32_t first = 0;
    uint32_t last = 0;
    int64_t begin = 0;
    int64_t end = (rle->n & ~INT64_C(1)) - 2;
    if (rle->n < 2) {
        out[0] = out[1] = out[2] = out[3] = 0.0;
        return;
    }
    while (begin <= end && rle->runs[begin + 1] == 0) {
        begin += 2;
    }
    while (end >= begin && rle->runs[end + 1] == 0) {
        end -= 2;
    }
    uint32_t left = (uint32_t)rle->width;
    uint32_t right = 0;
    rows r = {h, 0, false};
    if (begin <= end) {
        for (int64_t i = 0; i <= begin; i++) {
            first += rle->runs[i];
        }
        uint32_t after = 0; /* pixels behind the object */
        for (int64_t i = end + 2; i < rle->n; i++) {
            after += rle->runs[i];
        }
        last = h * (uint32_t)rle->width - after - 1;
        left = first / h;
        right = last / h;
        r = rows_of(rle);
        if (r.across) {
            r.top = 0;
            r.bottom = h - 1;
        }
    }
    /* A mask without an object keeps the wrapped unsigned extents of the COCO tools. */
    out[0] = left;
    out[1] = r.top;
    out[2] = right - left + 1;
    out[3] = r.bottom - r.top + 1;
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

/* Where the runs of an object begin and end, counted from the first pixel. */
typedef struct spans {
    const uint32_t *runs;
    int64_t n, next; /* the next run of background */
    uint32_t begin, end;
} spans;

static inline bool spans_next(spans *s)
{
    if (s->next + 1 >= s->n) {
        return false;
    }
    s->begin = s->end + s->runs[s->next];
    s->end = s->begin + s->runs[s->next + 1];
    s->next += 2;
    return true;
}

/* Pixels of both masks. */
static uint32_t shared(const assay_rle *a, const assay_rle *b)
{
    spans x = {a->runs, a->n, 0, 0, 0};
    spans y = {b->runs, b->n, 0, 0, 0};
    uint32_t common = 0;
    bool more = spans_next(&x) && spans_next(&y);
    while (more) {
        uint32_t begin = x.begin > y.begin ? x.begin : y.begin;
        uint32_t end = x.end < y.end ? x.end : y.end;
        common += end > begin ? end - begin : 0;
        more = x.end < y.end ? spans_next(&x) : spans_next(&y);
    }
    return common;
}

double assay_rle_iou(const assay_rle *mask, const double box[4], uint32_t area,
                     const assay_rle *truth, const double truth_box[4], uint32_t truth_area,
                     bool crowd)
{
    if (!(assay_box_iou(box, truth_box, crowd) > 0.0)) {
        return 0.0;
    }
    if (mask->height != truth->height || mask->width != truth->width) {
        return -1.0;
    }
    uint32_t common = shared(mask, truth);
    if (common == 0) {
        return 0.0;
    }
    return (double)common / (double)(crowd ? area : area + truth_area - common);
}
