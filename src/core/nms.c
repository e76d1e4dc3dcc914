#include "core/nms.h"

#include <math.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "codec/oriented.h"

/* Boxes as columns, so that one box against all others is a plain loop. */
typedef struct columns {
    double *x1, *y1, *x2, *y2, *area, *score;
    int64_t *from; /* place in the sorted list */
    double *memory;
    assay_hull *hulls; /* of the sorted list: turned boxes; else NULL */
} columns;

const char *assay_nms_kind_name(assay_nms_kind kind)
{
    static const char *const names[] = {NULL, "none", "hard", "linear", "gaussian"};
    return (int)kind > 0 && (size_t)kind < ASSAY_COUNT(names) ? names[kind] : NULL;
}

static assay_status new_columns(columns *c, int64_t n, assay_error *err)
{
    size_t size = (size_t)n;
    c->memory = assay_alloc_raw(6 * size, sizeof *c->memory);
    c->from = assay_alloc_raw(size, sizeof *c->from);
    if (c->memory == NULL || c->from == NULL) {
        return assay_fail_memory(err);
    }
    c->x1 = c->memory;
    c->y1 = c->x1 + size;
    c->x2 = c->y1 + size;
    c->y2 = c->x2 + size;
    c->area = c->y2 + size;
    c->score = c->area + size;
    return ASSAY_OK;
}

static void set_column(columns *c, int64_t i, const assay_candidate *candidate, int64_t from)
{
    const double *b = candidate->box;
    c->x1[i] = b[0];
    c->y1[i] = b[1];
    c->x2[i] = b[2];
    c->y2[i] = b[3];
    c->area[i] = (b[2] - b[0]) * (b[3] - b[1]);
    c->score[i] = candidate->score;
    c->from[i] = from;
}

static void move_column(columns *c, int64_t to, int64_t i)
{
    c->x1[to] = c->x1[i];
    c->y1[to] = c->y1[i];
    c->x2[to] = c->x2[i];
    c->y2[to] = c->y2[i];
    c->area[to] = c->area[i];
    c->score[to] = c->score[i];
    c->from[to] = c->from[i];
}

static double overlap(const columns *c, int64_t i, int64_t j)
{
    double left = c->x1[i] > c->x1[j] ? c->x1[i] : c->x1[j];
    double top = c->y1[i] > c->y1[j] ? c->y1[i] : c->y1[j];
    double right = c->x2[i] < c->x2[j] ? c->x2[i] : c->x2[j];
    double bottom = c->y2[i] < c->y2[j] ? c->y2[i] : c->y2[j];
    double w = right - left > 0.0 ? right - left : 0.0;
    double h = bottom - top > 0.0 ? bottom - top : 0.0;
    double both = w * h;
    return both / (c->area[i] + c->area[j] - both);
}

/* Rows of one group by falling score; those that go are moved over, the rest stay in order. */
static int64_t hard(columns *c, int64_t n, double iou)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t kept = i + 1;
        for (int64_t j = i + 1; j < n; j++) {
            /* 0 / 0 of two empty boxes is NaN and suppresses nothing, as in torchvision. */
            if (!(overlap(c, i, j) > iou)) {
                if (kept != j) {
                    move_column(c, kept, j);
                }
                kept++;
            }
        }
        n = kept;
    }
    return n;
}

static double share_of(const columns *c, int64_t i, int64_t j)
{
    return c->hulls != NULL ? assay_hull_iou(&c->hulls[c->from[i]], &c->hulls[c->from[j]], 0)
                            : overlap(c, i, j);
}

/* The same for turned boxes, by their exact overlap. Columns are the boxes around them. */
static int64_t hard_turned(columns *c, int64_t n, double iou)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t kept = i + 1;
        for (int64_t j = i + 1; j < n; j++) {
            if (!(overlap(c, i, j) > 0.0 && share_of(c, i, j) > iou)) {
                if (kept != j) {
                    move_column(c, kept, j);
                }
                kept++;
            }
        }
        n = kept;
    }
    return n;
}

static assay_status new_hulls(columns *c, const assay_candidates *list, assay_error *err)
{
    if (!list->turned) {
        return ASSAY_OK;
    }
    c->hulls = assay_alloc_raw((size_t)list->n, sizeof *c->hulls);
    if (c->hulls == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < list->n; i++) {
        assay_hull_of(&c->hulls[i], assay_candidate_extra(list, i));
    }
    return ASSAY_OK;
}

/* Soft: the best of what remains is brought forward; rows at or below the floor go. */
static int64_t soft(columns *c, int64_t n, const assay_nms *nms, double floor)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t best = i;
        for (int64_t j = i + 1; j < n; j++) {
            if (c->score[j] > c->score[best] ||
                (c->score[j] == c->score[best] && c->from[j] < c->from[best])) {
                best = j;
            }
        }
        if (best != i) {
            double row[6] = {c->x1[i], c->y1[i], c->x2[i], c->y2[i], c->area[i], c->score[i]};
            int64_t from = c->from[i];
            move_column(c, i, best);
            c->x1[best] = row[0];
            c->y1[best] = row[1];
            c->x2[best] = row[2];
            c->y2[best] = row[3];
            c->area[best] = row[4];
            c->score[best] = row[5];
            c->from[best] = from;
        }
        int64_t kept = i + 1;
        for (int64_t j = i + 1; j < n; j++) {
            double share = share_of(c, i, j);
            double factor = nms->kind == ASSAY_NMS_GAUSSIAN ? exp(-(share * share) / nms->sigma)
                            : share > nms->iou              ? 1.0 - share
                                                            : 1.0;
            c->score[j] *= isnan(factor) ? 1.0 : factor;
            if (c->score[j] > floor) {
                if (kept != j) {
                    move_column(c, kept, j);
                }
                kept++;
            }
        }
        n = kept;
    }
    return n;
}

/* Sort by falling score (ties by place) and keep the `most` best. */
static assay_status sort_list(assay_candidates *list, int64_t most, assay_error *err)
{
    size_t n = (size_t)list->n;
    double *keys = assay_alloc_raw(n, sizeof *keys);
    int64_t *order = assay_alloc_raw(n, sizeof *order);
    assay_candidate *sorted = assay_alloc_raw(n, sizeof *sorted);
    assay_status status =
        keys != NULL && order != NULL && sorted != NULL ? ASSAY_OK : assay_fail_memory(err);
    if (status == ASSAY_OK) {
        for (int64_t i = 0; i < list->n; i++) {
            keys[i] = list->items[i].score;
        }
        status = assay_sort_order(order, keys, list->n, 1, err);
    }
    if (status == ASSAY_OK) {
        int64_t kept = most > 0 && most < list->n ? most : list->n;
        for (int64_t i = 0; i < kept; i++) {
            sorted[i] = list->items[order[i]];
        }
        assay_free(list->items);
        list->items = sorted;
        list->capacity = list->n;
        list->n = kept;
        sorted = NULL;
    }
    assay_free(keys);
    assay_free(order);
    assay_free(sorted);
    return status;
}

/* Suppress class by class: rows of the sorted list, grouped by a stable sort on the class. */
static assay_status suppress(assay_candidates *list, const assay_nms *nms, double floor,
                             assay_error *err)
{
    size_t size = (size_t)list->n;
    columns c = {0};
    int64_t *labels = assay_alloc_raw(size, sizeof *labels);
    int64_t *order = assay_alloc_raw(size, sizeof *order);
    double *scores = assay_alloc_raw(size, sizeof *scores); /* NaN = goes */
    assay_status status = labels != NULL && order != NULL && scores != NULL
                              ? new_columns(&c, list->n, err)
                              : assay_fail_memory(err);
    if (status == ASSAY_OK) {
        status = new_hulls(&c, list, err);
    }
    for (int64_t i = 0; status == ASSAY_OK && i < list->n; i++) {
        labels[i] = nms->agnostic ? 0 : list->items[i].label;
        scores[i] = NAN;
    }
    if (status == ASSAY_OK) {
        status = assay_sort_order_i64(order, labels, list->n, err);
    }
    for (int64_t begin = 0, end = 0; status == ASSAY_OK && begin < list->n; begin = end) {
        for (end = begin; end < list->n && labels[order[end]] == labels[order[begin]]; end++) {
            set_column(&c, end - begin, &list->items[order[end]], order[end]);
        }
        int64_t n = nms->kind != ASSAY_NMS_HARD ? soft(&c, end - begin, nms, floor)
                    : c.hulls != NULL           ? hard_turned(&c, end - begin, nms->iou)
                                                : hard(&c, end - begin, nms->iou);
        for (int64_t i = 0; i < n; i++) {
            scores[c.from[i]] = c.score[i];
        }
    }
    int64_t kept = 0;
    for (int64_t i = 0; status == ASSAY_OK && i < list->n; i++) {
        if (!isnan(scores[i])) {
            list->items[kept] = list->items[i];
            list->items[kept++].score = scores[i];
        }
    }
    if (status == ASSAY_OK) {
        list->n = kept;
    }
    assay_free(c.memory);
    assay_free(c.from);
    assay_free(c.hulls);
    assay_free(labels);
    assay_free(order);
    assay_free(scores);
    return status;
}

assay_status assay_nms_run(assay_candidates *list, const assay_nms *nms, double floor,
                           int64_t most_before, int64_t most, assay_error *err)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < list->n; i++) {
        if (list->items[i].score > floor) {
            list->items[kept++] = list->items[i];
        }
    }
    list->n = kept;
    if (kept == 0) {
        return ASSAY_OK;
    }
    bool none = nms->kind == ASSAY_NMS_NONE;
    ASSAY_TRY(sort_list(list, none && most > 0 ? most : most_before, err));
    if (none) {
        return ASSAY_OK;
    }
    ASSAY_TRY(suppress(list, nms, floor, err));
    return sort_list(list, most, err);
}
