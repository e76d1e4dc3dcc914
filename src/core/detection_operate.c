#include "core/detection_operate_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"

enum { BINS = ASSAY_OPERATING_BINS };

/* ---- building ---- */

static assay_status order_all(assay_operation *o, assay_error *err)
{
    const assay_detection *d = o->d;
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)d->n_kept, sizeof *order);
    o->order = assay_alloc_raw((size_t)d->n_kept, sizeof *o->order);
    if (order == NULL || o->order == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order(order, d->score, d->n_kept, 1, err), done);
    for (int64_t i = 0; i < d->n_kept; i++) {
        if (assay_operation_has(d, order[i])) {
            o->order[o->n_order++] = order[i];
        }
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        o->objects += d->positives[k * d->protocol.n_ranges];
    }
done:
    assay_free(order);
    return status;
}

/* The lowest confidence with the best F1 over all classes. */
static double best_f1(const assay_operation *o)
{
    const assay_detection *d = o->d;
    double best = -1.0;
    double at = 0.0;
    int64_t found = 0;
    for (int64_t i = 0; i < o->n_order; i++) {
        found += assay_operation_hit(d, o->order[i]);
        double score = d->score[o->order[i]];
        if (i + 1 < o->n_order && d->score[o->order[i + 1]] == score) {
            continue;
        }
        double f1 = 2.0 * (double)found / (double)(i + 1 + o->objects);
        if (f1 >= best) {
            best = f1;
            at = score;
        }
    }
    return at;
}

static void add_part(assay_operation_part *to, const assay_operation_part *from)
{
    to->objects += from->objects;
    to->found += from->found;
    to->detections += from->detections;
    to->overlap += from->overlap;
    to->offset += from->offset;
    to->distance += from->distance;
    to->scale += from->scale;
}

/* Cells are by class and image already; detections of a class are by score, so they go through a row
 * of parts per image. */
static assay_status make_parts(assay_operation *o, assay_error *err)
{
    const assay_detection *d = o->d;
    int stride = d->protocol.n_ranges;
    o->part_first = assay_alloc((size_t)d->n_categories + 1, sizeof *o->part_first);
    o->parts = assay_alloc((size_t)d->n_cells, sizeof *o->parts);
    o->images = assay_alloc((size_t)d->n_images, sizeof *o->images);
    int64_t *where = assay_alloc_raw((size_t)d->n_images, sizeof *where);
    o->found = assay_alloc_raw((size_t)d->n_kept, sizeof *o->found);
    if (o->part_first == NULL || o->parts == NULL || o->images == NULL || where == NULL ||
        o->found == NULL) {
        assay_free(where);
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        o->images[i].image = (int32_t)i;
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        o->part_first[k + 1] = d->cell_first[k + 1];
        for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
            o->parts[c].image = d->cells[c].image;
            o->parts[c].objects = d->cell_positives[c * stride];
            where[d->cells[c].image] = c;
        }
        for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
            assay_operation_part *p = &o->parts[where[d->image[i]]];
            if (!assay_operation_has(d, i) || d->score[i] < o->confidence) {
                continue;
            }
            p->detections++;
            if (assay_operation_hit(d, i)) {
                p->found++;
                p->overlap += d->fit[i].overlap;
                p->offset += d->fit[i].offset;
                p->distance += d->fit[i].distance;
                p->scale += d->fit[i].scale;
                o->found[o->n_found++] = i;
            }
        }
        for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
            add_part(&o->images[o->parts[c].image], &o->parts[c]);
        }
    }
    assay_free(where);
    return ASSAY_OK;
}

/* What is found, by rising overlap; equal ones in the order of the detections. */
static assay_status order_found(assay_operation *o, assay_error *err)
{
    const assay_detection *d = o->d;
    assay_status status = ASSAY_OK;
    size_t n = (size_t)o->n_found;
    double *overlap = assay_alloc_raw(n, sizeof *overlap);
    int64_t *order = assay_alloc_raw(n, sizeof *order);
    if (overlap == NULL || order == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < o->n_found; i++) {
        overlap[i] = d->fit[o->found[i]].overlap;
    }
    ASSAY_GOTO(assay_sort_order(order, overlap, o->n_found, 0, err), done);
    for (int64_t i = 0; i < o->n_found; i++) {
        order[i] = o->found[order[i]];
    }
    memcpy(o->found, order, n * sizeof *order);
done:
    assay_free(overlap);
    assay_free(order);
    return status;
}

assay_status assay_operation_new(assay_operation **out, const assay_detection *detection,
                                 double confidence, assay_error *err)
{
    assay_status status = ASSAY_OK;
    *out = NULL;
    if (detection->fit == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "the detections were matched without details");
    }
    assay_operation *o = assay_alloc(1, sizeof *o);
    if (o == NULL) {
        return assay_fail_memory(err);
    }
    o->d = detection;
    ASSAY_GOTO(order_all(o, err), done);
    o->chosen = isnan(confidence);
    o->confidence = o->chosen ? best_f1(o) : confidence;
    ASSAY_GOTO(make_parts(o, err), done);
    ASSAY_GOTO(order_found(o, err), done);
    *out = o;
    o = NULL;
done:
    assay_operation_free(o);
    return status;
}

void assay_operation_free(assay_operation *operation)
{
    if (operation != NULL) {
        assay_free(operation->part_first);
        assay_free(operation->parts);
        assay_free(operation->images);
        assay_free(operation->order);
        assay_free(operation->found);
        assay_free(operation);
    }
}

double assay_operation_confidence(const assay_operation *operation)
{
    return operation->confidence;
}

bool assay_operation_chosen(const assay_operation *operation)
{
    return operation->chosen;
}

assay_operating_counts assay_operation_counts(const assay_operation *operation, int64_t k)
{
    const assay_detection *d = operation->d;
    assay_operating_counts n = {0};
    int64_t first = k < 0 ? 0 : operation->part_first[k];
    int64_t end = k < 0 ? operation->d->n_cells : operation->part_first[k + 1];
    for (int64_t c = first; c < end; c++) {
        n.objects += operation->parts[c].objects;
        n.detections += operation->parts[c].detections;
        n.found += operation->parts[c].found;
    }
    for (int64_t i = 0; k < 0 && i < d->n_images; i++) {
        n.images_with_objects +=
            (d->inside == NULL || d->inside[i] != 0) && operation->images[i].objects > 0;
    }
    return n;
}

/* ---- tables ---- */

assay_status assay_operation_images(assay_operating_image **out, int64_t *n,
                                    const assay_operation *operation, assay_error *err)
{
    const assay_detection *d = operation->d;
    assay_status status = ASSAY_OK;
    size_t room = (size_t)d->n_images;
    int64_t *order = assay_alloc_raw(room, sizeof *order);
    double *key = assay_alloc_raw(room, sizeof *key);
    *n = 0;
    *out = assay_alloc_raw(room, sizeof **out);
    if (*out == NULL || order == NULL || key == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        const assay_operation_part *p = &operation->images[i];
        /* errors, then the order of the truth */
        key[i] = (double)(p->objects - p->found + p->detections - p->found) -
                 (double)d->image_row[i] / (double)(INT64_C(1) << 32);
    }
    ASSAY_GOTO(assay_sort_order(order, key, d->n_images, 1, err), done);
    for (int64_t i = 0; i < d->n_images; i++) {
        const assay_operation_part *p = &operation->images[order[i]];
        if (d->inside == NULL || d->inside[order[i]] != 0) {
            (*out)[(*n)++] = (assay_operating_image){.row = d->image_row[order[i]],
                                                     .objects = p->objects,
                                                     .found = p->found,
                                                     .false_alarms = p->detections - p->found};
        }
    }
done:
    assay_free(order);
    assay_free(key);
    if (status != ASSAY_OK) {
        assay_free(*out);
        *out = NULL;
    }
    return status;
}

int64_t assay_operation_curve(double (*out)[5], const assay_operation *operation)
{
    const assay_operation *o = operation;
    int64_t found = 0;
    int64_t rows = 0;
    for (int64_t i = 0; i < o->n_order; i++) {
        double score = o->d->score[o->order[i]];
        found += assay_operation_hit(o->d, o->order[i]);
        bool last = i + 1 == o->n_order;
        if ((!last && o->d->score[o->order[i + 1]] == score) ||
            (!last && (i + 1) * (ASSAY_OPERATING_POINTS - 1) / o->n_order < rows + 1)) {
            continue;
        }
        double n = (double)(i + 1);
        double f = (double)found;
        double *row = out[rows++];
        row[0] = score;
        row[1] = f / n;
        row[2] = assay_operation_ratio(f, (double)o->objects);
        row[3] = 2.0 * f / (n + (double)o->objects);
        row[4] = assay_operation_ratio(n - f, (double)o->d->n_inside);
    }
    return rows;
}

void assay_operation_reliability(double (*out)[5], const assay_operation *operation)
{
    const assay_detection *d = operation->d;
    for (int b = 0; b < BINS; b++) {
        out[b][0] = (double)b / BINS;
        out[b][1] = (double)(b + 1) / BINS;
        out[b][2] = out[b][3] = out[b][4] = 0.0;
    }
    for (int64_t i = 0; i < operation->n_order; i++) {
        int64_t at = operation->order[i];
        double *row = out[assay_operation_bin(d->score[at], BINS)];
        row[2] += 1.0;
        row[3] += d->score[at];
        row[4] += assay_operation_hit(d, at);
    }
    for (int b = 0; b < BINS; b++) {
        out[b][3] = assay_operation_ratio(out[b][3], out[b][2]);
        out[b][4] = assay_operation_ratio(out[b][4], out[b][2]);
    }
}
