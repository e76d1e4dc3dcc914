/* What only results have: scores, a cap, images and classes that were not answered. */
#include "base/alloc.h"
#include "base/sort.h"
#include "core/annotation_check_internal.h"

enum { COCO_CAP = 100 };

static bool same_group(const assay_coco_rows *r, int64_t a, int64_t b, bool images)
{
    return r->category[a] == r->category[b] && (!images || r->image[a] == r->image[b]);
}

/* Rows by class and, if wanted, image: a stable order, so that equals keep their places. */
static assay_status order_rows(int64_t *order, const assay_coco_rows *r, bool images, int64_t *keys,
                               int64_t *by, int64_t *spare, assay_error *err)
{
    ASSAY_TRY(assay_sort_order_i64(order, r->category, r->n, err));
    if (!images) {
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < r->n; i++) {
        keys[i] = r->image[order[i]];
    }
    ASSAY_TRY(assay_sort_order_i64(by, keys, r->n, err));
    for (int64_t i = 0; i < r->n; i++) {
        spare[i] = order[by[i]];
    }
    for (int64_t i = 0; i < r->n; i++) {
        order[i] = spare[i];
    }
    return ASSAY_OK;
}

/* Rows of one group beyond the cap, whichever these are: the first places are shown. */
static void count_over_cap(assay_row_checking *c, const int64_t *order)
{
    const assay_coco_rows *r = c->rows;
    int64_t first = 0;
    for (int64_t i = 0; i < r->n; i++) {
        if (!same_group(r, order[first], order[i], true)) {
            first = i;
        }
        if (i - first >= COCO_CAP) {
            assay_fault_add(c->out, ASSAY_RESULT_OVER_CAP, c->image[order[i]], -1,
                            c->category[order[i]]);
        }
    }
}

/* Classes one after the other, each by its scores. */
static assay_status count_ties(assay_row_checking *c, const int64_t *order, double *scores,
                               int64_t *by, assay_error *err)
{
    const assay_coco_rows *r = c->rows;
    int64_t last = 0;
    for (int64_t first = 0; first < r->n; first = last) {
        for (last = first; last < r->n && same_group(r, order[first], order[last], false); last++) {
            scores[last - first] = r->score[order[last]];
        }
        int64_t n = last - first;
        ASSAY_TRY(assay_sort_order(by, scores, n, 0, err));
        for (int64_t i = 1; i < n; i++) {
            int64_t row = order[first + by[i]];
            if (scores[by[i]] == scores[by[i - 1]]) {
                assay_fault_add(c->out, ASSAY_RESULT_TIED_SCORE, c->image[row], row,
                                c->category[row]);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status check_groups(assay_row_checking *c, assay_error *err)
{
    size_t n = (size_t)c->rows->n;
    assay_status status = ASSAY_OK;
    double *scores = assay_alloc_raw(n, sizeof *scores);
    int64_t *order = assay_alloc_raw(n, sizeof *order);
    int64_t *keys = assay_alloc_raw(n, sizeof *keys);
    int64_t *by = assay_alloc_raw(n, sizeof *by);
    int64_t *spare = assay_alloc_raw(n, sizeof *spare);
    if (scores == NULL || order == NULL || keys == NULL || by == NULL || spare == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(order_rows(order, c->rows, true, keys, by, spare, err), done);
    count_over_cap(c, order);
    ASSAY_GOTO(order_rows(order, c->rows, false, keys, by, spare, err), done);
    status = count_ties(c, order, scores, by, err);
done:
    assay_free(scores);
    assay_free(order);
    assay_free(keys);
    assay_free(by);
    assay_free(spare);
    return status;
}

static bool has_points(const assay_coco_rows *r, int64_t row)
{
    return r->points.count != NULL && r->points.count[row] > 0;
}

static void check_row(assay_row_checking *c, int64_t row)
{
    const assay_coco_rows *r = c->rows;
    const uint8_t shapes = ASSAY_COCO_BOX | ASSAY_COCO_POLYGONS | ASSAY_COCO_RUNS;
    bool boxed = r->n > 0 && (r->has[0] & ASSAY_COCO_BOX) != 0;
    assay_row_check(c, row);
    if ((r->has[row] & shapes) == 0 && !has_points(r, row)) {
        assay_fault_add(c->out, ASSAY_RESULT_NO_SHAPE, c->image[row], row, c->category[row]);
    } else if ((r->has[row] & ASSAY_COCO_BOX) != (r->has[0] & ASSAY_COCO_BOX)) {
        assay_fault_add(c->out, boxed ? ASSAY_RESULT_NO_BOX : ASSAY_RESULT_UNUSED_BOX,
                        c->image[row], row, c->category[row]);
    }
    if (r->score[row] < 0.0 || r->score[row] > 1.0) {
        assay_fault_add(c->out, ASSAY_RESULT_SCORE_RANGE, c->image[row], row, c->category[row]);
    }
}

/* Classes that have objects in the truth. */
static void mark_classes(uint8_t *wanted, const assay_row_checking *c)
{
    const assay_coco_rows *objects = &c->truth->objects;
    for (int64_t i = 0; i < objects->n; i++) {
        int64_t k = assay_id_order_find(&c->categories, objects->category[i]);
        if (k >= 0) {
            wanted[k] = 1;
        }
    }
}

static assay_status check_answered(assay_row_checking *c, assay_error *err)
{
    const assay_coco_truth *t = c->truth;
    for (int64_t i = 0; i < t->n_images; i++) {
        if (c->used_image[i] == 0) {
            assay_fault_add(c->out, ASSAY_RESULT_BARE_IMAGE, i, -1, -1);
        }
    }
    uint8_t *wanted = assay_alloc((size_t)t->n_categories, 1);
    if (wanted == NULL) {
        return assay_fail_memory(err);
    }
    mark_classes(wanted, c);
    for (int64_t k = 0; k < t->n_categories; k++) {
        if (wanted[k] != 0 && c->used_category[k] == 0) {
            assay_fault_add(c->out, ASSAY_RESULT_BARE_CLASS, -1, -1, k);
        }
    }
    assay_free(wanted);
    return ASSAY_OK;
}

static assay_status check_all(assay_row_checking *c, assay_error *err)
{
    const assay_coco_rows *r = c->rows;
    bool one_score = r->n > 1;
    for (int64_t i = 0; i < r->n; i++) {
        check_row(c, i);
        one_score = one_score && r->score[i] == r->score[0];
    }
    if (one_score) {
        assay_fault_add(c->out, ASSAY_RESULT_ONE_SCORE, -1, -1, -1);
    }
    ASSAY_TRY(check_answered(c, err));
    if (r->n == 0) {
        return ASSAY_OK;
    }
    ASSAY_TRY(check_groups(c, err));
    return assay_rows_check(c, err);
}

assay_status assay_results_check(assay_annotation_faults *out, const assay_coco_rows *results,
                                 const assay_coco_truth *truth, assay_error *err)
{
    assay_row_checking c = {.out = out, .truth = truth, .rows = results, .scored = true};
    *out = (assay_annotation_faults){0};
    assay_status status = assay_row_checking_init(&c, err);
    if (status == ASSAY_OK) {
        status = check_all(&c, err);
    }
    assay_row_checking_dispose(&c);
    return status;
}
