#include "core/annotation_check.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/annotation_check_internal.h"

/* ---- ids and names ---- */

static void repeated_ids(assay_row_checking *c, const assay_id_order *o,
                         assay_annotation_fault fault)
{
    for (int64_t i = 1; i < o->n; i++) {
        int64_t row = o->order[i];
        if (o->ids[row] == o->ids[o->order[i - 1]]) {
            bool image = fault == ASSAY_FAULT_REPEATED_IMAGE_ID;
            bool object = fault == ASSAY_FAULT_REPEATED_ID;
            assay_fault_add(c->out, fault,
                            image    ? row
                            : object ? c->image[row]
                                     : -1,
                            object ? row : -1, image || object ? -1 : row);
        }
    }
}

static assay_status repeated_names(assay_row_checking *c, char *const *names, int64_t n,
                                   assay_annotation_fault fault, assay_error *err)
{
    bool images = fault == ASSAY_FAULT_REPEATED_FILE;
    int64_t *order = names != NULL ? assay_alloc_raw((size_t)n, sizeof *order) : NULL;
    if (order == NULL) {
        return names != NULL ? assay_fail_memory(err) : ASSAY_OK;
    }
    assay_status status = assay_sort_order_text(order, (const char *const *)names, n, err);
    for (int64_t i = 1; status == ASSAY_OK && i < n; i++) {
        const char *name = names[order[i]];
        const char *before = names[order[i - 1]];
        if (name != NULL && before != NULL && strcmp(name, before) == 0) {
            assay_fault_add(c->out, fault, images ? order[i] : -1, -1, images ? -1 : order[i]);
        }
    }
    assay_free(order);
    return status;
}

/* What only objects have. */
static void check_object(assay_row_checking *c, int64_t row)
{
    const assay_coco_rows *r = c->rows;
    assay_row_check(c, row);
    if (r->id[row] == 0) {
        assay_fault_add(c->out, ASSAY_FAULT_ID_ZERO, c->image[row], row, c->category[row]);
    }
    if ((r->has[row] & ASSAY_COCO_CROWD) == 0) {
        assay_fault_add(c->out, ASSAY_FAULT_NO_CROWD, c->image[row], row, c->category[row]);
    }
    if ((r->has[row] & ASSAY_COCO_AREA) == 0) {
        assay_fault_add(c->out, ASSAY_FAULT_NO_AREA, c->image[row], row, c->category[row]);
    }
    if ((r->has[row] & ASSAY_COCO_BOX) == 0) {
        assay_fault_add(c->out, ASSAY_FAULT_NO_BOX, c->image[row], row, c->category[row]);
    }
}

static assay_status check_all(assay_row_checking *c, assay_error *err)
{
    const assay_coco_truth *t = c->truth;
    const assay_coco_rows *r = c->rows;
    assay_id_order ids = {0};
    for (int64_t i = 0; i < r->n; i++) {
        check_object(c, i);
    }
    assay_status status = assay_id_order_make(&ids, r->id, r->n, err);
    if (status == ASSAY_OK) {
        repeated_ids(c, &ids, ASSAY_FAULT_REPEATED_ID);
    }
    assay_free(ids.order);
    ASSAY_TRY(status);
    repeated_ids(c, &c->images, ASSAY_FAULT_REPEATED_IMAGE_ID);
    repeated_ids(c, &c->categories, ASSAY_FAULT_REPEATED_CLASS_ID);
    ASSAY_TRY(repeated_names(c, t->image_file, t->n_images, ASSAY_FAULT_REPEATED_FILE, err));
    ASSAY_TRY(
        repeated_names(c, t->category_name, t->n_categories, ASSAY_FAULT_REPEATED_CLASS_NAME, err));
    for (int64_t i = 0; i < t->n_images; i++) {
        if (c->used_image[i] == 0) {
            assay_fault_add(c->out, ASSAY_FAULT_BARE_IMAGE, i, -1, -1);
        }
    }
    for (int64_t k = 0; k < t->n_categories; k++) {
        if (c->used_category[k] == 0) {
            assay_fault_add(c->out, ASSAY_FAULT_BARE_CLASS, -1, -1, k);
        }
    }
    return assay_rows_check(c, err);
}

assay_status assay_annotation_check(assay_annotation_faults *out, const assay_coco_truth *truth,
                                    assay_error *err)
{
    assay_row_checking c = {.out = out, .truth = truth, .rows = &truth->objects};
    *out = (assay_annotation_faults){0};
    if (truth->n_images == 0) {
        assay_fault_add(out, ASSAY_FAULT_NO_IMAGES, -1, -1, -1);
    }
    if (truth->n_categories == 0) {
        assay_fault_add(out, ASSAY_FAULT_NO_CLASSES, -1, -1, -1);
    }
    assay_status status = assay_row_checking_init(&c, err);
    if (status == ASSAY_OK) {
        status = check_all(&c, err);
    }
    assay_row_checking_dispose(&c);
    return status;
}
