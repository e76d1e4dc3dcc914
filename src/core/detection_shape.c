#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/detection_internal.h"

enum { CORNERS = 4 };

/* Parts of four numbers are boxes when the first part is one; COCO decides by the first part. */
static assay_status part_mask(assay_rle *out, const double *numbers, int64_t n, bool box,
                              const assay_canvas *c, assay_arena *arena, assay_error *err)
{
    if (!box) {
        return assay_rle_from_polygon(out, numbers, n / 2, c->height, c->width, arena, err);
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
    return assay_rle_from_polygon(out, xy, CORNERS, c->height, c->width, arena, err);
}

static assay_status polygons_mask(assay_rle *out, const assay_coco_shapes *s, int64_t row,
                                  const assay_canvas *c, assay_arena *arena, assay_error *err)
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
        ASSAY_TRY(part_mask(&one, s->numbers + part[i], part[i + 1] - part[i], box, c, arena, err));
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
static assay_status row_mask(assay_rle *out, const assay_coco_rows *rows, int64_t row,
                             bool detection, const assay_canvas *c, assay_arena *arena,
                             assay_error *err)
{
    if ((rows->has[row] & ASSAY_COCO_RUNS) != 0) {
        return assay_coco_mask(out, &rows->shapes, row, arena, err);
    }
    bool polygons = (rows->has[row] & ASSAY_COCO_POLYGONS) != 0;
    if (!polygons && (!detection || (rows->has[row] & ASSAY_COCO_BOX) == 0)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          detection ? "it has neither a bbox nor a segmentation"
                                    : "it has no segmentation");
    }
    if (c->height < 1 || c->width < 1) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the truth does not give height and width of the image %" PRId64
                          ", which the outline needs",
                          c->image_id);
    }
    if (polygons) {
        return polygons_mask(out, &rows->shapes, row, c, arena, err);
    }
    return part_mask(out, rows->box + 4 * row, 4, true, c, arena, err);
}

/* The four corners of a row; a box without any is one that is not turned. */
static assay_status row_hull(assay_thing *t, const assay_coco_rows *rows, int64_t row,
                             assay_error *err)
{
    const assay_coco_shapes *s = &rows->shapes;
    if ((rows->has[row] & ASSAY_COCO_POLYGONS) == 0) {
        assay_hull_of_box(&t->hull, t->box);
        return ASSAY_OK;
    }
    const int64_t *part = s->part + s->first[row];
    if (s->count[row] != 1 || part[1] - part[0] != ASSAY_QUAD) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "its outline is not four corners, which turned boxes (obb) have");
    }
    assay_hull_of(&t->hull, s->numbers + part[0]);
    return ASSAY_OK;
}

static void single_precision(assay_thing *t)
{
    for (int i = 0; i < 4; i++) {
        t->box[i] = (double)(float)t->box[i];
    }
    t->area = (double)(float)t->area;
}

static bool outside(double area, const assay_area_range *range, uint32_t rules)
{
    bool above = (rules & ASSAY_RULE_HALF_OPEN) != 0 ? area >= range->high : area > range->high;
    return area < range->low || above;
}

static assay_status take_points(assay_thing *t, const assay_coco_points *points, int64_t row,
                                const assay_protocol *p, assay_error *err)
{
    t->n_points = points->count[row];
    t->points = points->numbers + points->first[row];
    if (t->n_points != p->n_sigmas) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "it has %" PRId32 " keypoints, but there are %" PRId32
                          " sigmas (--sigmas gives one per keypoint)",
                          t->n_points, p->n_sigmas);
    }
    return ASSAY_OK;
}

static assay_status object_points(assay_thing *o, const assay_coco_rows *rows, int64_t row,
                                  const assay_protocol *p, assay_error *err)
{
    const assay_coco_points *points = &rows->points;
    if (points->count[row] == 0) {
        return ASSAY_OK; /* an object without keypoints: ignored */
    }
    ASSAY_TRY(take_points(o, points, row, p, err));
    for (int32_t k = 0; k < o->n_points; k++) {
        o->n_visible += o->points[3 * k + 2] > 0.0;
    }
    return ASSAY_OK;
}

assay_status assay_thing_object(assay_thing *out, const assay_pairing *pairing, int64_t row,
                                const assay_canvas *canvas, assay_arena *arena, assay_error *err)
{
    const assay_coco_rows *rows = &pairing->truth->objects;
    const assay_protocol *p = pairing->protocol;
    uint32_t rules = p->rules;
    bool mask = p->iou == ASSAY_IOU_MASK;
    assay_thing *o = out;
    *o = (assay_thing){.row = row, .area = rows->area[row]};
    o->crowd = rows->crowd[row] != 0 && (rules & ASSAY_RULE_CROWD_PLAIN) == 0;
    o->group = (rules & ASSAY_RULE_GROUPS) != 0 &&
               ((rows->flags[row] & ASSAY_OBJECT_GROUP) != 0 || rows->crowd[row] != 0);
    bool ignored = o->crowd || (o->group && (rules & ASSAY_RULE_GROUP_COUNTS) == 0);
    if ((rules & ASSAY_RULE_IGNORE_FIELD) != 0) {
        ignored |= (rows->flags[row] & (ASSAY_OBJECT_IGNORE | ASSAY_OBJECT_DIFFICULT)) != 0;
    }
    if ((rows->has[row] & ASSAY_COCO_BOX) != 0) {
        memcpy(o->box, rows->box + 4 * row, sizeof o->box);
    } else if (!mask || (rows->has[row] & ASSAY_COCO_AREA) == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "it has no bbox");
    }
    if ((rules & ASSAY_RULE_FLOAT32) != 0) {
        single_precision(o);
    }
    if ((rows->has[row] & ASSAY_COCO_AREA) == 0 ||
        ((rules & ASSAY_RULE_FLOAT32) != 0 && !(o->area > 0.0))) {
        o->area = o->box[2] * o->box[3];
    }
    if (mask && canvas != NULL) {
        ASSAY_TRY(row_mask(&o->mask, rows, row, false, canvas, arena, err));
        assay_rle_box(o->box, &o->mask);
        o->pixels = assay_rle_area(&o->mask);
        if ((rules & ASSAY_RULE_FLOAT32) != 0 && !(rows->area[row] > 0.0)) {
            o->area = o->pixels;
        }
    }
    if (p->iou == ASSAY_IOU_ORIENTED) {
        ASSAY_TRY(row_hull(o, rows, row, err));
        o->area = o->hull.area;
    }
    if (p->iou == ASSAY_IOU_KEYPOINTS) {
        ASSAY_TRY(object_points(o, rows, row, p, err));
        int32_t annotated = rows->points.visible[row];
        ignored |= (annotated >= 0 ? annotated : o->n_visible) == 0;
    }
    if (pairing->slice->objects != NULL) {
        ignored |= pairing->slice->objects[row] == 0;
    }
    for (int a = 0; a < p->n_ranges; a++) {
        o->ignored |= (uint8_t)((ignored || outside(o->area, &p->ranges[a], rules)) << a);
    }
    return ASSAY_OK;
}

/* The area that the points span. */
static double points_area(const assay_thing *t)
{
    double low[2] = {t->points[0], t->points[1]};
    double high[2] = {low[0], low[1]};
    for (int32_t k = 1; k < t->n_points; k++) {
        for (int i = 0; i < 2; i++) {
            low[i] = fmin(low[i], t->points[3 * k + i]);
            high[i] = fmax(high[i], t->points[3 * k + i]);
        }
    }
    return (high[0] - low[0]) * (high[1] - low[1]);
}

static assay_status detection_mask(assay_thing *t, const assay_pairing *pairing, int64_t row,
                                   bool boxed, const assay_canvas *canvas, assay_arena *arena,
                                   assay_error *err)
{
    const assay_coco_rows *rows = pairing->results;
    bool mask = pairing->protocol->iou == ASSAY_IOU_MASK;
    ASSAY_TRY(row_mask(&t->mask, rows, row, true, canvas, arena, err));
    bool shape = (rows->has[row] & (ASSAY_COCO_RUNS | ASSAY_COCO_POLYGONS)) != 0;
    t->pixels = assay_rle_area(&t->mask);
    if (!pairing->boxed ||
        (mask && shape && (pairing->protocol->rules & ASSAY_RULE_MASK_AREA) != 0)) {
        t->area = t->pixels;
    }
    if (mask || !boxed) {
        assay_rle_box(t->box, &t->mask);
    }
    return ASSAY_OK;
}

assay_status assay_thing_detection(assay_thing *out, const assay_pairing *pairing, int64_t row,
                                   const assay_canvas *canvas, assay_arena *arena, assay_error *err)
{
    const assay_coco_rows *rows = pairing->results;
    const assay_protocol *p = pairing->protocol;
    assay_thing *t = out;
    bool boxed = (rows->has[row] & ASSAY_COCO_BOX) != 0;
    bool keypoints = p->iou == ASSAY_IOU_KEYPOINTS;
    *t = (assay_thing){.row = row};
    if (boxed) {
        memcpy(t->box, rows->box + 4 * row, sizeof t->box);
        if ((p->rules & ASSAY_RULE_FLOAT32) != 0) {
            single_precision(t);
        }
    } else if (pairing->boxed) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "it has no bbox, but the first result has one; COCO takes the first one's "
            "word for all");
    }
    t->area = t->box[2] * t->box[3];
    if (p->iou == ASSAY_IOU_ORIENTED) {
        if (!boxed && (rows->has[row] & ASSAY_COCO_POLYGONS) == 0) {
            return assay_fail(err, ASSAY_EFORMAT, "it has neither four corners nor a bbox");
        }
        ASSAY_TRY(row_hull(t, rows, row, err));
        t->area = t->hull.area;
    } else if (keypoints) {
        ASSAY_TRY(take_points(t, &rows->points, row, p, err));
        t->area = pairing->boxed ? t->area : points_area(t);
    } else if (p->iou == ASSAY_IOU_MASK || !pairing->boxed) {
        ASSAY_TRY(detection_mask(t, pairing, row, boxed, canvas, arena, err));
    }
    bool ignored = pairing->slice->results != NULL && pairing->slice->results[row] == 0;
    for (int a = 0; a < p->n_ranges; a++) {
        t->ignored |= (uint8_t)((ignored || outside(t->area, &p->ranges[a], p->rules)) << a);
    }
    return ASSAY_OK;
}

/* ---- overlap ---- */

double assay_keypoint_similarity(const assay_thing *detection, const assay_thing *object,
                                 const assay_protocol *protocol)
{
    double terms[ASSAY_MOST_KEYPOINTS];
    const double *b = object->box;
    double left = b[0] - b[2];
    double right = b[0] + b[2] * 2.0;
    double top = b[1] - b[3];
    double bottom = b[1] + b[3] * 2.0;
    int32_t n = 0;
    for (int32_t k = 0; k < detection->n_points; k++) {
        const double *d = detection->points + 3 * (size_t)k;
        double dx = 0.0;
        double dy = 0.0;
        if (object->n_visible > 0) {
            const double *g = object->points + 3 * (size_t)k;
            if (!(g[2] > 0.0)) {
                continue;
            }
            dx = d[0] - g[0];
            dy = d[1] - g[1];
        } else {
            /* nothing is known but the box: distance from one of twice the size */
            dx = fmax(0.0, left - d[0]) + fmax(0.0, d[0] - right);
            dy = fmax(0.0, top - d[1]) + fmax(0.0, d[1] - bottom);
        }
        double sigma = protocol->sigmas[k] * 2.0;
        double e =
            (dx * dx + dy * dy) / (sigma * sigma) / (object->area + 2.220446049250313e-16) / 2.0;
        terms[n++] = exp(-e);
    }
    return assay_numpy_sum(terms, n) / (double)n;
}

double assay_thing_overlap(const assay_thing *detection, const assay_thing *object,
                           const assay_protocol *protocol, bool crowd)
{
    switch (protocol->iou) {
    case ASSAY_IOU_MASK:
        return assay_rle_iou(&detection->mask, detection->box, detection->pixels, &object->mask,
                             object->box, object->pixels, crowd);
    case ASSAY_IOU_KEYPOINTS:
        return assay_keypoint_similarity(detection, object, protocol);
    case ASSAY_IOU_ORIENTED:
        return assay_hull_iou(&detection->hull, &object->hull, crowd);
    default:
        break;
    }
    if ((protocol->rules & ASSAY_RULE_PIXEL) == 0) {
        return assay_box_iou(detection->box, object->box, crowd);
    }
    double a[4];
    double b[4];
    memcpy(a, detection->box, sizeof a);
    memcpy(b, object->box, sizeof b);
    a[2] += 1.0;
    a[3] += 1.0;
    b[2] += 1.0;
    b[3] += 1.0;
    return assay_box_iou(a, b, crowd);
}
