#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/detection_internal.h"

enum { CELLS_PER_BLOCK = 256, FEW = 48 };

typedef struct candidate {
    int32_t object;
    uint16_t reached; /* bit t: the overlap suffices for threshold t */
    double iou;
} candidate;

/* One per worker. */
typedef struct scratch {
    assay_arena *arena; /* masks of the cell */
    assay_thing *objects;
    candidate *candidates;
    uint16_t *taken; /* per area range and object: bit t = matched at threshold t */
    int64_t *order;
    double *scores;
} scratch;

typedef struct matching {
    assay_detection *d;
    const assay_pairing *pairing;
    double least[ASSAY_MOST_THRESHOLDS]; /* thresholds as they are applied */
    uint16_t all;                        /* bits of all thresholds */
    scratch *scratch;
    int64_t most_objects, most_detections;
} matching;

/* ---- one detection ---- */

/* The best of the candidates that are ignored, or that are not, in this area range. Of equal ones the
 * last wins (or the first); a crowd can be taken again and again. */
static int32_t best_of(const matching *m, const candidate *c, int32_t n, const assay_thing *objects,
                       const uint16_t *taken, int area, int threshold, bool ignored)
{
    bool first = (m->d->protocol.rules & ASSAY_RULE_FIRST_EQUAL) != 0;
    double least = m->least[threshold];
    int32_t best = -1;
    for (int32_t i = 0; i < n; i++) {
        const assay_thing *o = &objects[c[i].object];
        bool used = (taken[c[i].object] >> threshold & 1) != 0;
        if (((o->ignored >> area & 1) != 0) != ignored || (used && !o->crowd) || c[i].iou < least ||
            (first && best >= 0 && c[i].iou <= least)) {
            continue;
        }
        least = c[i].iou;
        best = i;
    }
    return best;
}

typedef struct outcome {
    uint16_t hit, skip;
    const candidate *first; /* what is hit at the first threshold, or NULL */
} outcome;

/* An object found; COCO notes matches as ids where 0 means none, so that one with the id 0 is used but
 * not found. */
static void take(outcome *out, const matching *m, const scratch *s, const candidate *c,
                 uint16_t *taken, int area, uint16_t bits)
{
    const assay_thing *o = &s->objects[c->object];
    bool lost = (m->d->protocol.rules & ASSAY_RULE_ID_ZERO) != 0 &&
                m->pairing->truth->objects.id[o->row] == 0;
    *taken |= bits;
    out->skip |= (o->ignored >> area & 1) != 0 ? bits : 0;
    out->hit |= lost ? 0 : bits;
    out->first = (bits & 1) != 0 ? c : out->first;
}

/* COCO: a regular object is preferred to an ignored one, a better one to a worse one. */
static outcome match_greedy(const matching *m, const scratch *s, int32_t n, int area)
{
    outcome out = {0, 0, NULL};
    uint16_t *taken = s->taken + (int64_t)area * m->most_objects;
    if (n == 1) {
        const candidate *c = &s->candidates[0];
        bool crowd = s->objects[c->object].crowd;
        take(&out, m, s, c, &taken[c->object], area,
             crowd ? c->reached : (uint16_t)(c->reached & ~taken[c->object]));
        return out;
    }
    for (int t = 0; n > 0 && t < m->d->protocol.n_thresholds; t++) {
        int32_t g = best_of(m, s->candidates, n, s->objects, taken, area, t, false);
        if (g < 0) {
            g = best_of(m, s->candidates, n, s->objects, taken, area, t, true);
        }
        if (g >= 0) {
            const candidate *c = &s->candidates[g];
            take(&out, m, s, c, &taken[c->object], area, (uint16_t)(1U << t));
        }
    }
    return out;
}

/* VOC: the object that overlaps most is claimed, even when it is ignored or taken. */
static outcome match_claim(const matching *m, const scratch *s, int32_t n, int area)
{
    outcome out = {0, 0, NULL};
    uint16_t *taken = s->taken + (int64_t)area * m->most_objects;
    const candidate *best = NULL;
    const candidate *group = NULL;
    for (int32_t i = 0; i < n; i++) {
        const candidate *c = &s->candidates[i];
        const candidate **better = s->objects[c->object].group ? &group : &best;
        if (*better == NULL || c->iou > (*better)->iou) {
            *better = c;
        }
    }
    if (best != NULL) {
        uint16_t bits = best->reached;
        bool ignored = (s->objects[best->object].ignored >> area & 1) != 0;
        take(&out, m, s, best, &taken[best->object], area,
             ignored ? bits : (uint16_t)(bits & ~taken[best->object]));
    }
    /* What found no object of its own may lie in a group; where groups count, the first one finds it. */
    uint16_t within = group != NULL ? (uint16_t)(group->reached & ~(out.hit | out.skip)) : 0;
    if (within != 0 && (m->d->protocol.rules & ASSAY_RULE_GROUP_COUNTS) != 0) {
        uint16_t *found = &taken[group->object];
        take(&out, m, s, group, found, area, (uint16_t)(within & ~*found));
    }
    out.skip |= (uint16_t)(within & ~out.hit);
    return out;
}

static assay_fit fit_of(const assay_thing *t, const assay_thing *o, double overlap,
                        assay_iou_type type)
{
    assay_fit fit = {overlap, NAN, NAN, NAN};
    double area = o->box[2] * o->box[3];
    double joined = 0.0;
    double shared = fmin(t->box[2], o->box[2]) * fmin(t->box[3], o->box[3]);
    if (type != ASSAY_IOU_BOX) {
        return fit;
    }
    double dx = t->box[0] + 0.5 * t->box[2] - o->box[0] - 0.5 * o->box[2];
    double dy = t->box[1] + 0.5 * t->box[3] - o->box[1] - 0.5 * o->box[3];
    double distance = sqrt(dx * dx + dy * dy);
    fit.distance = distance;
    /* Objects without area can be hit by boxes without one. */
    fit.offset = area > 0.0 ? distance / sqrt(area) : distance;
    joined = area + t->box[2] * t->box[3] - shared;
    fit.scale = joined > 0.0 ? 1.0 - shared / joined : 0.0;
    return fit;
}

static void match_one(const matching *m, const scratch *s, const assay_cell *cell,
                      const assay_thing *t, int64_t kept)
{
    assay_detection *d = m->d;
    const assay_protocol *p = &d->protocol;
    bool claim = (p->rules & ASSAY_RULE_CLAIM) != 0;
    int32_t n = 0;
    for (int32_t g = 0; g < cell->n_objects; g++) {
        const assay_thing *o = &s->objects[g];
        double iou = assay_thing_overlap(t, o, p, o->crowd || o->group);
        if (!(iou < m->least[0])) {
            uint16_t reached = 0;
            for (int i = 0; i < p->n_thresholds; i++) {
                reached |= (uint16_t)((uint32_t) !(iou < m->least[i]) << i);
            }
            s->candidates[n++] = (candidate){g, reached, iou};
        }
    }
    for (int a = 0; a < p->n_ranges; a++) {
        outcome out = claim ? match_claim(m, s, n, a) : match_greedy(m, s, n, a);
        if ((t->ignored >> a & 1) != 0 || cell->partial) {
            out.skip |= (uint16_t)(m->all & ~out.hit);
        }
        if (a == 0 && d->fit != NULL) {
            d->fit[kept] = out.first != NULL
                               ? fit_of(t, &s->objects[out.first->object], out.first->iou, p->iou)
                               : (assay_fit){0.0, NAN, NAN, NAN};
        }
        d->hit[kept * p->n_ranges + a] = out.hit;
        d->skip[kept * p->n_ranges + a] = out.skip;
    }
}

/* ---- cells ---- */

/* Falling score, ties in the order of the file. */
static assay_status order_cell(scratch *s, const matching *m, const int64_t *rows, int64_t n,
                               assay_error *err)
{
    const double *score = m->pairing->results->score;
    bool single = (m->d->protocol.rules & ASSAY_RULE_FLOAT32) != 0;
    for (int64_t i = 0; i < n; i++) {
        s->scores[i] = single ? (double)(float)score[rows[i]] : score[rows[i]];
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

static assay_status load_objects(const matching *m, scratch *s, const assay_cell *cell,
                                 const assay_canvas *canvas, int32_t *positives, assay_error *err)
{
    const int64_t *rows = m->pairing->objects + cell->objects;
    int n_ranges = m->d->protocol.n_ranges;
    for (int32_t g = 0; g < cell->n_objects; g++) {
        assay_status status =
            assay_thing_object(&s->objects[g], m->pairing, rows[g], canvas, s->arena, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "annotation %" PRId64, rows[g] + 1);
            return status;
        }
        for (int a = 0; a < n_ranges; a++) {
            positives[a] += (s->objects[g].ignored >> a & 1) == 0;
            s->taken[a * m->most_objects + g] = 0;
        }
    }
    return ASSAY_OK;
}

static assay_status match_cell(const matching *m, scratch *s, int64_t c, assay_error *err)
{
    assay_detection *d = m->d;
    const assay_cell *cell = &d->cells[c];
    const int64_t *rows = m->pairing->detections + cell->detections;
    int64_t image_row = d->image_row[cell->image];
    const assay_coco_truth *truth = m->pairing->truth;
    const assay_canvas canvas = {d->image_id[cell->image], truth->image_height[image_row],
                                 truth->image_width[image_row]};
    assay_arena_reset(s->arena);
    /* Masks that nothing is held against are not drawn. */
    bool bare = cell->n_kept == 0 && (d->protocol.rules & ASSAY_RULE_FLOAT32) == 0;
    ASSAY_TRY(load_objects(m, s, cell, bare ? NULL : &canvas,
                           d->cell_positives + c * d->protocol.n_ranges, err));
    ASSAY_TRY(order_cell(s, m, rows, cell->n_detections, err));
    for (int32_t i = 0; i < cell->n_kept; i++) {
        assay_thing t;
        int64_t row = rows[s->order[i]];
        assay_status status = assay_thing_detection(&t, m->pairing, row, &canvas, s->arena, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "result %" PRId64, row + 1);
            return status;
        }
        d->score[cell->kept + i] = s->scores[s->order[i]];
        d->image[cell->kept + i] = cell->image;
        d->place[cell->kept + i] = i;
        d->row[cell->kept + i] = (int32_t)row;
        match_one(m, s, cell, &t, cell->kept + i);
    }
    return ASSAY_OK;
}

static inline void fetch(const void *column, size_t row, size_t size)
{
    if (column != NULL) {
        __builtin_prefetch((const char *)column + row * size);
    }
}

/* Rows of a cell may lie anywhere in the file: what stands in columns is asked for three cells ahead, what
 * they point to one cell ahead. */
static void fetch_row(const assay_coco_rows *rows, int64_t row, bool near)
{
    size_t at = (size_t)row;
    const assay_coco_shapes *s = &rows->shapes;
    if (!near) {
        fetch(rows->box, at, 4 * sizeof *rows->box);
        fetch(rows->has, at, sizeof *rows->has);
        fetch(rows->score, at, sizeof *rows->score);
        fetch(rows->area, at, sizeof *rows->area);
        fetch(rows->crowd, at, sizeof *rows->crowd);
        fetch(rows->flags, at, sizeof *rows->flags);
        fetch(s->first, at, sizeof *s->first);
        fetch(s->count, at, sizeof *s->count);
        fetch(s->height, at, sizeof *s->height);
        fetch(s->width, at, sizeof *s->width);
    } else if ((rows->has[row] & ASSAY_COCO_RUNS) != 0) {
        enum { LINE = 64, MOST = 256 };
        size_t size = s->count[row] < MOST ? (size_t)s->count[row] : MOST;
        for (size_t i = 0; i < size; i += LINE) {
            fetch(s->counts, (size_t)s->first[row] + i, 1);
        }
    } else if ((rows->has[row] & ASSAY_COCO_POLYGONS) != 0) {
        enum { LINE_NUMBERS = 8, MOST_NUMBERS = 64 };
        size_t from = (size_t)s->part[s->first[row]];
        size_t n = (size_t)s->part[s->first[row] + 1] - from;
        n = n < MOST_NUMBERS ? n : MOST_NUMBERS;
        for (size_t i = 0; i < n; i += LINE_NUMBERS) {
            fetch(s->numbers, from + i, sizeof *s->numbers);
        }
    }
}

static void fetch_cell(const matching *m, int64_t c, bool near)
{
    enum { MOST = 8 };
    /* only masks look further than the columns */
    if (c >= m->d->n_cells || (near && m->d->protocol.iou != ASSAY_IOU_MASK)) {
        return;
    }
    const assay_cell *cell = &m->d->cells[c];
    for (int32_t i = 0; i < cell->n_objects && i < MOST; i++) {
        fetch_row(&m->pairing->truth->objects, m->pairing->objects[cell->objects + i], near);
    }
    for (int64_t i = 0; i < cell->n_detections && i < MOST; i++) {
        fetch_row(m->pairing->results, m->pairing->detections[cell->detections + i], near);
    }
}

static assay_status match_block(void *payload, int64_t block, int worker, assay_error *err)
{
    const matching *m = payload;
    int64_t end = (block + 1) * CELLS_PER_BLOCK;
    for (int64_t c = block * CELLS_PER_BLOCK; c < end && c < m->d->n_cells; c++) {
        fetch_cell(m, c + 3, false);
        fetch_cell(m, c + 1, true);
        ASSAY_TRY(match_cell(m, &m->scratch[worker], c, err));
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
    s->taken = assay_alloc_raw(objects * (size_t)m->d->protocol.n_ranges, sizeof *s->taken);
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
    d->cell_positives =
        assay_alloc((size_t)d->n_cells * (size_t)d->protocol.n_ranges, sizeof *d->cell_positives);
    if (m->scratch == NULL || d->cell_positives == NULL) {
        assay_free(m->scratch);
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
    int32_t *image, *place, *row;
    assay_fit *fit; /* NULL without details */
    uint16_t *hit, *skip;
} sorting;

static assay_status sort_class(void *payload, int64_t k, int worker, assay_error *err)
{
    sorting *s = payload;
    assay_detection *d = s->d;
    int64_t first = d->kept_first[k];
    int64_t n = d->kept_first[k + 1] - first;
    int64_t stride = d->protocol.n_ranges;
    size_t size = (size_t)stride * sizeof *s->hit;
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
        s->row[first + i] = d->row[from];
        if (s->fit != NULL) {
            s->fit[first + i] = d->fit[from];
        }
        memcpy(s->hit + (first + i) * stride, d->hit + from * stride, size);
        memcpy(s->skip + (first + i) * stride, d->skip + from * stride, size);
    }
    for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
        for (int a = 0; a < stride; a++) {
            d->positives[k * stride + a] += d->cell_positives[c * stride + a];
        }
    }
    assay_free(order);
    return status;
}

static assay_status kept_columns(sorting *s, const assay_detection *d, bool details,
                                 assay_error *err)
{
    size_t room = (size_t)d->n_kept;
    size_t size = (size_t)d->protocol.n_ranges * sizeof *s->hit;
    s->score = assay_alloc_raw(room, sizeof *s->score);
    s->image = assay_alloc_raw(room, sizeof *s->image);
    s->place = assay_alloc_raw(room, sizeof *s->place);
    s->row = assay_alloc_raw(room, sizeof *s->row);
    s->fit = details ? assay_alloc_raw(room, sizeof *s->fit) : NULL;
    s->hit = assay_alloc_raw(room, size);
    s->skip = assay_alloc_raw(room, size);
    return s->score != NULL && s->image != NULL && s->place != NULL && s->row != NULL &&
                   s->hit != NULL && s->skip != NULL && (!details || s->fit != NULL)
               ? ASSAY_OK
               : assay_fail_memory(err);
}

static void kept_dispose(const sorting *s)
{
    assay_free(s->score);
    assay_free(s->image);
    assay_free(s->place);
    assay_free(s->row);
    assay_free(s->fit);
    assay_free(s->hit);
    assay_free(s->skip);
}

/* The columns of the detection that `from` holds. */
static void kept_move(assay_detection *d, const sorting *from)
{
    d->score = from->score;
    d->image = from->image;
    d->place = from->place;
    d->row = from->row;
    d->fit = from->fit;
    d->hit = from->hit;
    d->skip = from->skip;
}

static assay_status sort_all(assay_detection *d, assay_error *err)
{
    sorting old = {d, d->score, d->image, d->place, d->row, d->fit, d->hit, d->skip};
    sorting s = {.d = d};
    assay_status status = kept_columns(&s, d, d->fit != NULL, err);
    d->positives =
        assay_alloc((size_t)d->n_categories * (size_t)d->protocol.n_ranges, sizeof *d->positives);
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

static void prepare(matching *m, const assay_detection *d)
{
    const assay_protocol *p = &d->protocol;
    for (int t = 0; t < p->n_thresholds; t++) {
        m->least[t] = fmin(p->thresholds[t], 1.0 - 1e-10);
    }
    m->all = (uint16_t)((1U << p->n_thresholds) - 1);
}

static assay_status check_reading(const assay_pairing *pairing, assay_error *err)
{
    bool points = pairing->protocol->iou == ASSAY_IOU_KEYPOINTS;
    if (points && (pairing->truth->objects.points.count == NULL && pairing->truth->objects.n > 0)) {
        return assay_fail(err, ASSAY_EINVAL, "the truth was read without its keypoints");
    }
    if (points && (pairing->results->points.count == NULL && pairing->results->n > 0)) {
        return assay_fail(err, ASSAY_EINVAL, "the results were read without their keypoints");
    }
    return ASSAY_OK;
}

assay_status assay_detection_match(assay_detection **out, const assay_coco_truth *truth,
                                   const assay_coco_rows *results,
                                   const assay_detection_options *options, assay_error *err)
{
    static const assay_detection_options none = {0};
    assay_status status = ASSAY_OK;
    assay_pairing pairing = {.truth = truth, .results = results};
    matching m = {.pairing = &pairing};
    sorting columns = {0};
    *out = NULL;
    assay_detection *d = assay_alloc(1, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    options = options != NULL ? options : &none;
    d->threads = options->threads;
    d->cancel = options->cancel;
    if (options->protocol != NULL) {
        d->protocol = *options->protocol;
    } else {
        ASSAY_GOTO(assay_protocol_init(&d->protocol, "coco", ASSAY_IOU_BOX, err), done);
    }
    pairing.boxed = results->n > 0 && (results->has[0] & ASSAY_COCO_BOX) != 0;
    pairing.protocol = &d->protocol;
    pairing.slice = &options->slice;
    m.d = d;
    prepare(&m, d);
    ASSAY_GOTO(check_reading(&pairing, err), done);
    ASSAY_GOTO(assay_detection_pair(&pairing, d, err), done);
    status = kept_columns(&columns, d, options->details, err);
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
