/* What is checked alike of objects and of results. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/annotation_check_internal.h"

assay_status assay_id_order_make(assay_id_order *out, const int64_t *ids, int64_t n,
                                 assay_error *err)
{
    *out = (assay_id_order){.ids = ids, .n = n};
    out->order = assay_alloc_raw((size_t)n, sizeof *out->order);
    return out->order != NULL ? assay_sort_order_i64(out->order, ids, n, err)
                              : assay_fail_memory(err);
}

int64_t assay_id_order_find(const assay_id_order *o, int64_t id)
{
    int64_t low = 0;
    int64_t high = o->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (o->ids[o->order[middle]] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < o->n && o->ids[o->order[low]] == id ? o->order[low] : -1;
}

/* ---- one row ---- */

/* Nothing of it is within 0 .. extent; a line on the edge is no more outside than inside. */
static bool lies_beyond(double at, double size, double extent)
{
    return size > 0.0 ? at + size <= 0.0 || at >= extent : at < 0.0 || at > extent;
}

static void check_box(assay_row_checking *c, int64_t row)
{
    const assay_coco_truth *t = c->truth;
    const assay_coco_rows *r = c->rows;
    const double *box = r->box + 4 * row;
    int64_t image = c->image[row];
    if ((r->has[row] & ASSAY_COCO_BOX) == 0) {
        return;
    }
    c->in_pixels += box[0] > 1.0 || box[1] > 1.0 || box[2] > 1.0 || box[3] > 1.0;
    if (box[2] < 0.0 || box[3] < 0.0) {
        assay_fault_add(c->out, c->scored ? ASSAY_RESULT_NEGATIVE_BOX : ASSAY_FAULT_NEGATIVE_BOX,
                        image, row, c->category[row]);
    } else if (box[2] == 0.0 || box[3] == 0.0) {
        assay_fault_add(c->out, c->scored ? ASSAY_RESULT_EMPTY_BOX : ASSAY_FAULT_EMPTY_BOX, image,
                        row, c->category[row]);
    }
    double width = image >= 0 ? t->image_width[image] : 0.0;
    double height = image >= 0 ? t->image_height[image] : 0.0;
    double right = box[0] + box[2];
    double bottom = box[1] + box[3];
    if (width > 0.0 && height > 0.0 && box[2] >= 0.0 && box[3] >= 0.0) {
        if (lies_beyond(box[0], box[2], width) || lies_beyond(box[1], box[3], height)) {
            assay_fault_add(c->out, c->scored ? ASSAY_RESULT_OUTSIDE : ASSAY_FAULT_OUTSIDE, image,
                            row, c->category[row]);
        } else if (box[0] < -1.0 || box[1] < -1.0 || right > width + 1.0 || bottom > height + 1.0) {
            assay_fault_add(c->out,
                            c->scored ? ASSAY_RESULT_PARTLY_OUTSIDE : ASSAY_FAULT_PARTLY_OUTSIDE,
                            image, row, c->category[row]);
        }
    }
    if (!c->scored && (r->has[row] & ASSAY_COCO_AREA) != 0 &&
        r->area[row] > fmax(box[2] * box[3], 0.0) * 1.01 + 1.0) {
        assay_fault_add(c->out, ASSAY_FAULT_AREA, image, row, c->category[row]);
    }
}

static double part_area(const double *xy, int64_t points)
{
    double sum = 0.0;
    for (int64_t i = 1; i + 1 < points; i++) {
        sum += (xy[2 * i] - xy[0]) * (xy[2 * i + 3] - xy[1]) -
               (xy[2 * i + 2] - xy[0]) * (xy[2 * i + 1] - xy[1]);
    }
    return fabs(sum) / 2.0;
}

static void check_outline(assay_row_checking *c, int64_t row)
{
    const assay_coco_truth *t = c->truth;
    const assay_coco_shapes *s = &c->rows->shapes;
    int64_t image = c->image[row];
    double width = image >= 0 ? t->image_width[image] : 0.0;
    double height = image >= 0 ? t->image_height[image] : 0.0;
    double area = 0.0;
    bool shortened = false;
    bool outside = false;
    for (int64_t p = s->first[row]; p < s->first[row] + s->count[row]; p++) {
        const double *xy = s->numbers + s->part[p];
        int64_t n = s->part[p + 1] - s->part[p];
        if (n == 4) { /* COCO takes four numbers as a box */
            area += fabs(xy[2] * xy[3]);
            continue;
        }
        shortened = shortened || n < 6 || n % 2 != 0;
        area += n >= 6 ? part_area(xy, n / 2) : 0.0;
        for (int64_t i = 0; i + 1 < n; i += 2) {
            outside = outside || xy[i] < -1.0 || xy[i + 1] < -1.0 || xy[i] > width + 1.0 ||
                      xy[i + 1] > height + 1.0;
        }
    }
    if (shortened) {
        assay_fault_add(c->out, ASSAY_FAULT_SHORT_OUTLINE, image, row, c->category[row]);
    } else if (area == 0.0) {
        assay_fault_add(c->out, ASSAY_FAULT_FLAT_OUTLINE, image, row, c->category[row]);
    }
    if (width <= 0.0 || height <= 0.0) {
        assay_fault_add(c->out, ASSAY_FAULT_NO_IMAGE_SIZE, image, row, c->category[row]);
    } else if (outside) {
        assay_fault_add(c->out, ASSAY_FAULT_OUTLINE_OUTSIDE, image, row, c->category[row]);
    }
}

void assay_row_check(assay_row_checking *c, int64_t row)
{
    const assay_coco_truth *t = c->truth;
    const assay_coco_rows *r = c->rows;
    int64_t image = assay_id_order_find(&c->images, r->image[row]);
    int64_t category = assay_id_order_find(&c->categories, r->category[row]);
    c->image[row] = image;
    c->category[row] = category;
    if (image < 0) {
        assay_fault_add(c->out,
                        c->scored ? ASSAY_RESULT_UNLISTED_IMAGE : ASSAY_FAULT_UNLISTED_IMAGE, -1,
                        row, category);
    } else {
        c->used_image[image] = 1;
    }
    if (category < 0) {
        assay_fault_add(c->out,
                        c->scored ? ASSAY_RESULT_UNLISTED_CLASS : ASSAY_FAULT_UNLISTED_CLASS, image,
                        row, -1);
    } else {
        c->used_category[category] = 1;
    }
    check_box(c, row);
    if ((r->has[row] & ASSAY_COCO_POLYGONS) != 0 && r->shapes.count != NULL) {
        check_outline(c, row);
    }
    if ((r->has[row] & ASSAY_COCO_RUNS) != 0 && image >= 0 && r->shapes.count != NULL &&
        t->image_width[image] > 0 &&
        (r->shapes.width[row] != t->image_width[image] ||
         r->shapes.height[row] != t->image_height[image])) {
        assay_fault_add(c->out, c->scored ? ASSAY_RESULT_MASK_SIZE : ASSAY_FAULT_MASK_SIZE, image,
                        row, category);
    }
}

/* ---- boxes that stand there twice ---- */

/* One more key, the leading one, into a stable order. */
static assay_status refine(int64_t *order, const double *keys, size_t stride, int64_t n,
                           double *gathered, int64_t *by, int64_t *spare, assay_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        gathered[i] = keys[(size_t)order[i] * stride];
    }
    ASSAY_TRY(assay_sort_order(by, gathered, n, 0, err));
    for (int64_t i = 0; i < n; i++) {
        spare[i] = order[by[i]];
    }
    memcpy(order, spare, (size_t)n * sizeof *order);
    return ASSAY_OK;
}

static void count_repeated(assay_row_checking *c, const int64_t *order, int64_t n)
{
    const assay_coco_rows *r = c->rows;
    for (int64_t i = 1; i < n; i++) {
        int64_t row = order[i];
        int64_t before = order[i - 1];
        bool boxed = (r->has[row] & r->has[before] & ASSAY_COCO_BOX) != 0;
        if (!boxed || r->image[row] != r->image[before] ||
            (c->scored && r->category[row] != r->category[before])) {
            continue;
        }
        bool same = true;
        for (int k = 0; k < 4; k++) {
            same = same && r->box[4 * row + k] == r->box[4 * before + k];
        }
        if (same) {
            bool again = r->category[row] == r->category[before];
            assay_fault_add(c->out,
                            !again      ? ASSAY_FAULT_TWO_CLASSES
                            : c->scored ? ASSAY_RESULT_REPEATED_BOX
                                        : ASSAY_FAULT_REPEATED_BOX,
                            c->image[row], row, c->category[row]);
        }
    }
}

static assay_status repeated_boxes(assay_row_checking *c, assay_error *err)
{
    const assay_coco_rows *r = c->rows;
    assay_status status = ASSAY_OK;
    size_t n = (size_t)r->n;
    double *gathered = assay_alloc_raw(n, sizeof *gathered);
    int64_t *order = assay_alloc_raw(n, sizeof *order);
    int64_t *by = assay_alloc_raw(n, sizeof *by);
    int64_t *spare = assay_alloc_raw(n, sizeof *spare);
    if (gathered == NULL || order == NULL || by == NULL || spare == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order_i64(order, r->category, r->n, err), done);
    for (int k = 3; k >= 0; k--) {
        ASSAY_GOTO(refine(order, r->box + k, 4, r->n, gathered, by, spare, err), done);
    }
    for (size_t i = 0; i < n; i++) {
        spare[i] = r->image[order[i]];
    }
    ASSAY_GOTO(assay_sort_order_i64(by, spare, r->n, err), done);
    for (size_t i = 0; i < n; i++) {
        spare[i] = order[by[i]];
    }
    count_repeated(c, spare, r->n);
done:
    assay_free(gathered);
    assay_free(order);
    assay_free(by);
    assay_free(spare);
    return status;
}

assay_status assay_rows_check(assay_row_checking *c, assay_error *err)
{
    const assay_coco_rows *r = c->rows;
    bool boxed = r->n > 0;
    for (int64_t i = 0; i < r->n && boxed; i++) {
        boxed = (r->has[i] & ASSAY_COCO_BOX) != 0;
    }
    if (boxed && c->in_pixels == 0) {
        assay_fault_add(c->out, ASSAY_FAULT_SHARES, c->image[0], 0, c->category[0]);
    }
    return repeated_boxes(c, err);
}

/* ---- beginning and end ---- */

assay_status assay_row_checking_init(assay_row_checking *c, assay_error *err)
{
    const assay_coco_truth *t = c->truth;
    c->image = assay_alloc_raw((size_t)c->rows->n, sizeof *c->image);
    c->category = assay_alloc_raw((size_t)c->rows->n, sizeof *c->category);
    c->used_image = assay_alloc((size_t)t->n_images, 1);
    c->used_category = assay_alloc((size_t)t->n_categories, 1);
    if (c->image == NULL || c->category == NULL || c->used_image == NULL ||
        c->used_category == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_id_order_make(&c->images, t->image_id, t->n_images, err));
    return assay_id_order_make(&c->categories, t->category_id, t->n_categories, err);
}

void assay_row_checking_dispose(assay_row_checking *c)
{
    assay_free(c->images.order);
    assay_free(c->categories.order);
    assay_free(c->image);
    assay_free(c->category);
    assay_free(c->used_image);
    assay_free(c->used_category);
}
