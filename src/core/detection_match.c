#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "codec/rle.h"
#include "core/detection_internal.h"

enum { CELLS_PER_BLOCK = 256, FEW = 48, CORNERS = 4 };

/* Both ends belong to the range: an area of 1024 is small and medium. */
static const double area_low[ASSAY_COCO_AREAS] = {0.0, 0.0, 1024.0, 9216.0};
static const double area_high[ASSAY_COCO_AREAS] = {1e10, 1024.0, 9216.0, 1e10};

/* An object or a detection of the cell at work. */
typedef struct thing {
    double box[4];
    double area;
    assay_rle mask;
    int64_t row;
    bool crowd;
    uint8_t ignored; /* bit a: in area range a */
} thing;

typedef struct candidate {
    int32_t object;
    double iou;
} candidate;

/* One per worker. */
typedef struct scratch {
    assay_arena *arena; /* masks of the cell */
    thing *objects;
    candidate *candidates;
    uint16_t *taken; /* per area range and object: bit t = matched at threshold t */
    int64_t *order;
    double *scores;
} scratch;

typedef struct matching {
    assay_detection *d;
    const assay_pairing *pairing;
    double thresholds[ASSAY_COCO_THRESHOLDS];
    scratch *scratch;
    int64_t most_objects, most_detections;
} matching;

void assay_coco_thresholds(double out[ASSAY_COCO_THRESHOLDS])
{
    double step = (0.95 - 0.5) / (ASSAY_COCO_THRESHOLDS - 1);
    for (int i = 0; i < ASSAY_COCO_THRESHOLDS; i++) {
        out[i] = i * step + 0.5;
    }
    out[ASSAY_COCO_THRESHOLDS - 1] = 0.95;
}

/* ---- masks ---- */

/* Parts of four numbers are boxes when the first part is one; COCO decides by the first part. */
static assay_status part_mask(assay_rle *out, const double *numbers, int64_t n, bool box,
                              int32_t height, int32_t width, assay_arena *arena, assay_error *err)
{
    if (!box) {
        return assay_rle_from_polygon(out, numbers, n / 2, height, width, arena, err);
    }
    if (n != 4) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the first part of the segmentation is a box of 4 numbers, another part "
                          "has %" PRId64,
                          n);
    }
    double right = numbers[0] + numbers[2];
    double bottom = numbers[1] + numbers[3];
    const double xy[2 * CORNERS] = {numbers[0], numbers[1], numbers[0], bottom,
                                    right,      bottom,     right,      numbers[1]};
    return assay_rle_from_polygon(out, xy, CORNERS, height, width, arena, err);
}

static assay_status polygons_mask(assay_rle *out, const assay_coco_shapes *s, int64_t row,
                                  int32_t height, int32_t width, assay_arena *arena,
                                  assay_error *err)
{
    const int64_t *part = s->part + s->first[row];
    bool box = part[1] - part[0] == 4;
    if (part[1] - part[0] < 4) {
        return assay_fail(err, ASSAY_EFORMAT, "a polygon of %" PRId64 " numbers; 6 are the least",
                          part[1] - part[0]);
    }
    for (int64_t i = 0; i < s->count[row]; i++) {
        assay_rle one;
        assay_rle both;
        ASSAY_TRY(part_mask(&one, s->numbers + part[i], part[i + 1] - part[i], box, height, width,
                            arena, err));
        if (i == 0) {
            *out = one;
            continue;
        }
        ASSAY_TRY(assay_rle_union(&both, out, &one, arena, err));
        *out = both;
    }
    return ASSAY_OK;
}

/* The mask of a row; a detection without one has that of its box. */
static assay_status row_mask(assay_rle *out, const matching *m, const assay_coco_rows *rows,
                             int64_t row, int32_t image, assay_arena *arena, assay_error *err)
{
    const assay_coco_truth *truth = m->pairing->truth;
    int64_t image_row = m->d->image_row[image];
    int32_t height = truth->image_height[image_row];
    int32_t width = truth->image_width[image_row];
    if ((rows->has[row] & ASSAY_COCO_RUNS) != 0) {
        *out = (assay_rle){rows->shapes.height[row], rows->shapes.width[row],
                           rows->shapes.count[row], rows->shapes.runs + rows->shapes.first[row]};
        return ASSAY_OK;
    }
    bool polygons = (rows->has[row] & ASSAY_COCO_POLYGONS) != 0;
    if (!polygons && (rows != m->pairing->results || (rows->has[row] & ASSAY_COCO_BOX) == 0)) {
        return assay_fail(err, ASSAY_EFORMAT, "it has no segmentation");
    }
    if (height < 1 || width < 1) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the truth does not give height and width of the image %" PRId64
                          ", which the outline needs",
                          m->d->image_id[image]);
    }
    if (polygons) {
        return polygons_mask(out, &rows->shapes, row, height, width, arena, err);
    }
    return part_mask(out, rows->box + 4 * row, 4, true, height, width, arena, err);
}

static bool wants_mask(const matching *m)
{
    return m->d->iou == ASSAY_IOU_MASK;
}

/* ---- objects and detections of a cell ---- */

static assay_status load_object(thing *o, const matching *m, int64_t row, int32_t image,
                                assay_arena *arena, assay_error *err)
{
    const assay_coco_rows *rows = &m->pairing->truth->objects;
    *o = (thing){.row = row, .crowd = rows->crowd[row] != 0, .area = rows->area[row]};
    if ((rows->has[row] & ASSAY_COCO_BOX) != 0) {
        memcpy(o->box, rows->box + 4 * row, sizeof o->box);
    } else if (!wants_mask(m) || (rows->has[row] & ASSAY_COCO_AREA) == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "it has no bbox");
    }
    if ((rows->has[row] & ASSAY_COCO_AREA) == 0) {
        o->area = o->box[2] * o->box[3];
    }
    if (wants_mask(m)) {
        ASSAY_TRY(row_mask(&o->mask, m, rows, row, image, arena, err));
        assay_rle_box(o->box, &o->mask);
    }
    for (int a = 0; a < ASSAY_COCO_AREAS; a++) {
        bool outside = o->area < area_low[a] || o->area > area_high[a];
        o->ignored |= (uint8_t)((o->crowd || outside) << a);
    }
    return ASSAY_OK;
}

static assay_status load_detection(thing *t, const matching *m, int64_t row, int32_t image,
                                   assay_arena *arena, assay_error *err)
{
    const assay_coco_rows *rows = m->pairing->results;
    bool boxed = (rows->has[row] & ASSAY_COCO_BOX) != 0;
    *t = (thing){.row = row};
    if (boxed) {
        memcpy(t->box, rows->box + 4 * row, sizeof t->box);
    } else if (m->pairing->boxed) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "it has no bbox, but the first result has one; COCO takes the first one's "
            "word for all");
    }
    t->area = t->box[2] * t->box[3];
    if (wants_mask(m) || !m->pairing->boxed) {
        ASSAY_TRY(row_mask(&t->mask, m, rows, row, image, arena, err));
        if (!m->pairing->boxed) {
            t->area = assay_rle_area(&t->mask);
        }
        if (wants_mask(m) || !boxed) {
            assay_rle_box(t->box, &t->mask);
        }
    }
    for (int a = 0; a < ASSAY_COCO_AREAS; a++) {
        t->ignored |= (uint8_t)((t->area < area_low[a] || t->area > area_high[a]) << a);
    }
    return ASSAY_OK;
}

/* ---- matching ---- */

/* The best of the candidates that are ignored, or that are not, in this area range. Of equal ones the
 * last wins; a crowd can be taken again and again. */
static int32_t best_of(const candidate *c, int32_t n, const thing *objects, const uint16_t *taken,
                       int area, int threshold, bool ignored, double least)
{
    int32_t best = -1;
    for (int32_t i = 0; i < n; i++) {
        const thing *o = &objects[c[i].object];
        bool used = (taken[c[i].object] >> threshold & 1) != 0;
        if (((o->ignored >> area & 1) != 0) != ignored || (used && !o->crowd) || c[i].iou < least) {
            continue;
        }
        least = c[i].iou;
        best = c[i].object;
    }
    return best;
}

static void match_one(const matching *m, scratch *s, const assay_cell *cell, const thing *t,
                      int64_t kept)
{
    assay_detection *d = m->d;
    const int64_t *id = m->pairing->truth->objects.id;
    int32_t n = 0;
    for (int32_t g = 0; g < cell->n_objects; g++) {
        const thing *o = &s->objects[g];
        double iou = wants_mask(m) ? assay_rle_iou(&t->mask, t->box, &o->mask, o->box, o->crowd)
                                   : assay_box_iou(t->box, o->box, o->crowd);
        if (!(iou < m->thresholds[0])) {
            s->candidates[n++] = (candidate){g, iou};
        }
    }
    for (int a = 0; a < ASSAY_COCO_AREAS; a++) {
        const uint16_t all = (1U << ASSAY_COCO_THRESHOLDS) - 1;
        uint16_t *taken = s->taken + (int64_t)a * m->most_objects;
        uint16_t hit = 0;
        uint16_t skip = 0;
        for (int i = 0; n > 0 && i < ASSAY_COCO_THRESHOLDS; i++) {
            double least = fmin(m->thresholds[i], 1.0 - 1e-10);
            int32_t g = best_of(s->candidates, n, s->objects, taken, a, i, false, least);
            bool ignored = g < 0;
            if (ignored) {
                g = best_of(s->candidates, n, s->objects, taken, a, i, true, least);
            }
            if (g < 0) {
                continue;
            }
            uint16_t bit = (uint16_t)(1U << i);
            taken[g] |= bit;
            skip |= ignored ? bit : 0;
            /* COCO notes matches as ids where 0 means none, so this object is used but not found. */
            hit |= id[s->objects[g].row] != 0 ? bit : 0;
        }
        if ((t->ignored >> a & 1) != 0) {
            skip |= (uint16_t)(all & ~hit);
        }
        d->hit[kept * ASSAY_COCO_AREAS + a] = hit;
        d->skip[kept * ASSAY_COCO_AREAS + a] = skip;
    }
}

/* Falling score, ties in the order of the file. */
static assay_status order_cell(scratch *s, const double *score, const int64_t *rows, int64_t n,
                               assay_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        s->scores[i] = score[rows[i]];
    }
    if (n > FEW) {
        return assay_sort_order(s->order, s->scores, n, 1, err);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t at = i;
        for (; at > 0 && s->scores[s->order[at - 1]] < s->scores[i]; at--) {
            s->order[at] = s->order[at - 1];
        }
        s->order[at] = i;
    }
    return ASSAY_OK;
}

static assay_status match_cell(const matching *m, scratch *s, assay_cell *cell, assay_error *err)
{
    assay_detection *d = m->d;
    const int64_t *objects = m->pairing->objects + cell->objects;
    const int64_t *rows = m->pairing->detections + cell->detections;
    assay_arena_reset(s->arena);
    for (int32_t g = 0; g < cell->n_objects; g++) {
        assay_status status =
            load_object(&s->objects[g], m, objects[g], cell->image, s->arena, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "annotation %" PRId64, objects[g] + 1);
            return status;
        }
        for (int a = 0; a < ASSAY_COCO_AREAS; a++) {
            cell->positives[a] += (s->objects[g].ignored >> a & 1) == 0;
            s->taken[a * m->most_objects + g] = 0;
        }
    }
    ASSAY_TRY(order_cell(s, m->pairing->results->score, rows, cell->n_detections, err));
    for (int32_t i = 0; i < cell->n_kept; i++) {
        thing t;
        int64_t row = rows[s->order[i]];
        assay_status status = load_detection(&t, m, row, cell->image, s->arena, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "result %" PRId64, row + 1);
            return status;
        }
        d->score[cell->kept + i] = s->scores[s->order[i]];
        d->image[cell->kept + i] = cell->image;
        d->place[cell->kept + i] = i;
        match_one(m, s, cell, &t, cell->kept + i);
    }
    return ASSAY_OK;
}

static assay_status match_block(void *payload, int64_t block, int worker, assay_error *err)
{
    const matching *m = payload;
    int64_t end = (block + 1) * CELLS_PER_BLOCK;
    for (int64_t c = block * CELLS_PER_BLOCK; c < end && c < m->d->n_cells; c++) {
        ASSAY_TRY(match_cell(m, &m->scratch[worker], &m->d->cells[c], err));
    }
    return ASSAY_OK;
}

static assay_status scratch_init(scratch *s, const matching *m, assay_error *err)
{
    size_t objects = (size_t)m->most_objects;
    size_t detections = (size_t)m->most_detections;
    ASSAY_TRY(assay_arena_new(&s->arena, (size_t)4 << 30, err));
    s->objects = assay_alloc_raw(objects, sizeof *s->objects);
    s->candidates = assay_alloc_raw(objects, sizeof *s->candidates);
    s->taken = assay_alloc_raw(objects * ASSAY_COCO_AREAS, sizeof *s->taken);
    s->order = assay_alloc_raw(detections, sizeof *s->order);
    s->scores = assay_alloc_raw(detections, sizeof *s->scores);
    return s->objects != NULL && s->candidates != NULL && s->taken != NULL && s->order != NULL &&
                   s->scores != NULL
               ? ASSAY_OK
               : assay_fail_memory(err);
}

static void scratch_dispose(scratch *s)
{
    assay_arena_free(s->arena);
    assay_free(s->objects);
    assay_free(s->candidates);
    assay_free(s->taken);
    assay_free(s->order);
    assay_free(s->scores);
}

static assay_status match_all(matching *m, assay_error *err)
{
    assay_detection *d = m->d;
    assay_status status = ASSAY_OK;
    int64_t blocks = (d->n_cells + CELLS_PER_BLOCK - 1) / CELLS_PER_BLOCK;
    int workers = assay_parallel_workers(blocks, d->threads);
    for (int64_t c = 0; c < d->n_cells; c++) {
        const assay_cell *cell = &d->cells[c];
        m->most_objects = cell->n_objects > m->most_objects ? cell->n_objects : m->most_objects;
        m->most_detections =
            cell->n_detections > m->most_detections ? cell->n_detections : m->most_detections;
    }
    m->scratch = assay_alloc((size_t)workers, sizeof *m->scratch);
    if (m->scratch == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        ASSAY_GOTO(scratch_init(&m->scratch[w], m, err), done);
    }
    ASSAY_GOTO(assay_parallel(blocks, d->threads, match_block, m, d->cancel, err), done);
done:
    for (int w = 0; w < workers; w++) {
        scratch_dispose(&m->scratch[w]);
    }
    assay_free(m->scratch);
    return status;
}

/* ---- by falling score inside a class ---- */

typedef struct sorting {
    assay_detection *d;
    double *score;
    int32_t *image, *place;
    uint16_t *hit, *skip;
} sorting;

static assay_status sort_class(void *payload, int64_t k, int worker, assay_error *err)
{
    sorting *s = payload;
    assay_detection *d = s->d;
    int64_t first = d->kept_first[k];
    int64_t n = d->kept_first[k + 1] - first;
    (void)worker;
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_sort_order(order, d->score + first, n, 1, err);
    for (int64_t i = 0; status == ASSAY_OK && i < n; i++) {
        int64_t from = first + order[i];
        s->score[first + i] = d->score[from];
        s->image[first + i] = d->image[from];
        s->place[first + i] = d->place[from];
        memcpy(s->hit + (first + i) * ASSAY_COCO_AREAS, d->hit + from * ASSAY_COCO_AREAS,
               ASSAY_COCO_AREAS * sizeof *s->hit);
        memcpy(s->skip + (first + i) * ASSAY_COCO_AREAS, d->skip + from * ASSAY_COCO_AREAS,
               ASSAY_COCO_AREAS * sizeof *s->skip);
    }
    for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
        for (int a = 0; a < ASSAY_COCO_AREAS; a++) {
            d->positives[k * ASSAY_COCO_AREAS + a] += d->cells[c].positives[a];
        }
    }
    assay_free(order);
    return status;
}

static assay_status kept_columns(sorting *s, int64_t n, assay_error *err)
{
    size_t room = (size_t)n;
    s->score = assay_alloc_raw(room, sizeof *s->score);
    s->image = assay_alloc_raw(room, sizeof *s->image);
    s->place = assay_alloc_raw(room, sizeof *s->place);
    s->hit = assay_alloc_raw(room, ASSAY_COCO_AREAS * sizeof *s->hit);
    s->skip = assay_alloc_raw(room, ASSAY_COCO_AREAS * sizeof *s->skip);
    return s->score != NULL && s->image != NULL && s->place != NULL && s->hit != NULL &&
                   s->skip != NULL
               ? ASSAY_OK
               : assay_fail_memory(err);
}

static void kept_dispose(const sorting *s)
{
    assay_free(s->score);
    assay_free(s->image);
    assay_free(s->place);
    assay_free(s->hit);
    assay_free(s->skip);
}

/* The columns of the detection that `from` holds. */
static void kept_move(assay_detection *d, const sorting *from)
{
    d->score = from->score;
    d->image = from->image;
    d->place = from->place;
    d->hit = from->hit;
    d->skip = from->skip;
}

static assay_status sort_all(assay_detection *d, assay_error *err)
{
    sorting old = {d, d->score, d->image, d->place, d->hit, d->skip};
    sorting s = {.d = d};
    assay_status status = kept_columns(&s, d->n_kept, err);
    d->positives = assay_alloc((size_t)d->n_categories, ASSAY_COCO_AREAS * sizeof *d->positives);
    if (status == ASSAY_OK && d->positives == NULL) {
        status = assay_fail_memory(err);
    }
    if (status == ASSAY_OK) {
        status = assay_parallel(d->n_categories, d->threads, sort_class, &s, d->cancel, err);
    }
    if (status != ASSAY_OK) {
        kept_dispose(&s);
        return status;
    }
    kept_move(d, &s);
    kept_dispose(&old);
    return ASSAY_OK;
}

static assay_status options_of(assay_detection *d, const assay_detection_options *options,
                               assay_error *err)
{
    static const int32_t usual[ASSAY_COCO_CAPS] = {1, 10, 100};
    const assay_detection_options none = {0};
    const assay_detection_options *o = options != NULL ? options : &none;
    memcpy(d->caps, o->caps[ASSAY_COCO_CAPS - 1] != 0 ? o->caps : usual, sizeof d->caps);
    if (d->caps[0] < 1 || d->caps[0] >= d->caps[1] || d->caps[1] >= d->caps[2] ||
        d->caps[2] > 1000000) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the most detections per image and class must be three rising numbers "
                          "between 1 and 1000000");
    }
    d->iou = o->iou != 0 ? o->iou : ASSAY_IOU_BOX;
    d->threads = o->threads;
    d->cancel = o->cancel;
    return ASSAY_OK;
}

assay_status assay_detection_match(assay_detection **out, const assay_coco_truth *truth,
                                   const assay_coco_rows *results,
                                   const assay_detection_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_pairing pairing = {.truth = truth, .results = results};
    matching m = {.pairing = &pairing};
    sorting columns = {0};
    *out = NULL;
    assay_detection *d = assay_alloc(1, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    pairing.boxed = results->n > 0 && (results->has[0] & ASSAY_COCO_BOX) != 0;
    m.d = d;
    assay_coco_thresholds(m.thresholds);
    ASSAY_GOTO(options_of(d, options, err), done);
    ASSAY_GOTO(assay_detection_pair(&pairing, d, err), done);
    status = kept_columns(&columns, d->n_kept, err);
    kept_move(d, &columns);
    if (status != ASSAY_OK) {
        goto done;
    }
    ASSAY_GOTO(match_all(&m, err), done);
    ASSAY_GOTO(sort_all(d, err), done);
    *out = d;
    d = NULL;
done:
    assay_pairing_dispose(&pairing);
    assay_detection_free(d);
    return status;
}
