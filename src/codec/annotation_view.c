#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "codec/annotation_draft.h"
#include "codec/annotation_write.h"

/* rows[i] = position of from[i] among ids, the last one of equal ids; -1 = none. */
static assay_status look_up(int64_t *rows, const int64_t *from, int64_t n, const int64_t *ids,
                            int64_t n_ids, assay_error *err)
{
    int64_t *order = assay_alloc_raw((size_t)n_ids, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_sort_order_i64(order, ids, n_ids, err);
    for (int64_t i = 0; status == ASSAY_OK && i < n; i++) {
        int64_t low = 0;
        int64_t high = n_ids;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (ids[order[middle]] <= from[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        rows[i] = low > 0 && ids[order[low - 1]] == from[i] ? order[low - 1] : -1;
    }
    assay_free(order);
    return status;
}

static assay_status number_classes(const assay_annotation_view *view, assay_error *err)
{
    const assay_coco_truth *t = view->truth;
    ASSAY_TRY(assay_sort_order_i64(view->by_number, t->category_id, t->n_categories, err));
    for (int64_t k = 0; k < t->n_categories; k++) {
        view->number[view->by_number[k]] = k;
    }
    return ASSAY_OK;
}

/* By image, keeping the order of the file. */
static void lay_out(assay_annotation_view *view, const int64_t *image,
                    assay_annotation_losses *lost)
{
    const assay_coco_rows *r = view->rows;
    int64_t images = view->truth->n_images;
    for (int64_t i = 0; i < r->n; i++) {
        bool listed = image[i] >= 0 && view->category[i] >= 0;
        lost->unlisted += !listed;
        view->first[listed ? image[i] + 1 : 0] += listed;
    }
    for (int64_t i = 0; i < images; i++) {
        view->first[i + 1] += view->first[i];
    }
    for (int64_t i = 0; i < r->n; i++) {
        if (image[i] >= 0 && view->category[i] >= 0) {
            view->row[view->first[image[i]]++] = i;
        }
    }
    for (int64_t i = images; i > 0; i--) {
        view->first[i] = view->first[i - 1];
    }
    view->first[0] = 0;
}

assay_status assay_annotation_view_new(assay_annotation_view *out, const assay_coco_truth *truth,
                                       const assay_coco_rows *results,
                                       assay_annotation_losses *losses, assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_coco_rows *rows = results != NULL ? results : &truth->objects;
    size_t n = (size_t)rows->n;
    *out = (assay_annotation_view){.truth = truth, .rows = rows, .results = results != NULL};
    int64_t *image = assay_alloc_raw(n, sizeof *image);
    out->first = assay_alloc((size_t)truth->n_images + 1, sizeof *out->first);
    out->row = assay_alloc_raw(n, sizeof *out->row);
    out->category = assay_alloc_raw(n, sizeof *out->category);
    out->number = assay_alloc_raw((size_t)truth->n_categories, sizeof *out->number);
    out->by_number = assay_alloc_raw((size_t)truth->n_categories, sizeof *out->by_number);
    if (out->by_number == NULL || image == NULL || out->first == NULL || out->row == NULL ||
        out->category == NULL || out->number == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(look_up(image, rows->image, rows->n, truth->image_id, truth->n_images, err), done);
    ASSAY_GOTO(look_up(out->category, rows->category, rows->n, truth->category_id,
                       truth->n_categories, err),
               done);
    ASSAY_GOTO(number_classes(out, err), done);
    lay_out(out, image, losses);
done:
    assay_free(image);
    if (status != ASSAY_OK) {
        assay_annotation_view_dispose(out);
    }
    return status;
}

void assay_annotation_view_dispose(assay_annotation_view *view)
{
    assay_free(view->first);
    assay_free(view->row);
    assay_free(view->category);
    assay_free(view->number);
    assay_free(view->by_number);
    *view = (assay_annotation_view){0};
}

bool assay_annotation_box(double box[4], const assay_annotation_view *view, int64_t row)
{
    const assay_coco_rows *r = view->rows;
    const assay_coco_shapes *s = &r->shapes;
    if ((r->has[row] & ASSAY_COCO_BOX) != 0) {
        memcpy(box, r->box + 4 * row, 4 * sizeof *box);
        return true;
    }
    if ((r->has[row] & ASSAY_COCO_POLYGONS) == 0 || s->count == NULL) {
        return false;
    }
    int64_t from = s->part[s->first[row]];
    int64_t to = s->part[s->first[row] + s->count[row]];
    if (to - from < 2) {
        return false;
    }
    assay_outline_box(box, s->numbers + from, (to - from) / 2);
    return true;
}
