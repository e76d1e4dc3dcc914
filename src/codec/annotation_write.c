#include "codec/annotation_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "codec/annotation_draft.h"
#include "codec/image_names.h"
#include "codec/rle.h"
#include "codec/visdrone_read.h"

static void put_real(assay_buffer *out, double value)
{
    char text[32];
    assay_format_real(text, value);
    assay_buffer_puts(out, text);
}

/* The outline of a row when it is one part of three points or more; NULL otherwise. */
static const double *outline_of(int64_t *points, const assay_annotation_view *v, int64_t row)
{
    const assay_coco_rows *r = v->rows;
    const assay_coco_shapes *s = &r->shapes;
    *points = 0;
    if ((r->has[row] & ASSAY_COCO_POLYGONS) == 0 || s->count == NULL || s->count[row] != 1) {
        return NULL;
    }
    const int64_t *part = s->part + s->first[row];
    *points = (part[1] - part[0]) / 2;
    return *points >= 3 ? s->numbers + part[0] : NULL;
}

static bool has_outline(const assay_annotation_view *v, int64_t row)
{
    return (v->rows->has[row] & ASSAY_COCO_POLYGONS) != 0 && v->rows->shapes.count != NULL;
}

/* The area that a reader of the other format will give the object. */
static void count_area(assay_annotation_losses *lost, const assay_annotation_view *v, int64_t row,
                       double kept)
{
    const assay_coco_rows *r = v->rows;
    if (!v->results && (r->has[row] & ASSAY_COCO_AREA) != 0) {
        lost->areas += fabs(r->area[row] - kept) > 1e-6 * fmax(1.0, kept);
    }
}

/* What no format but COCO carries. `outlines`: outlines of one part are carried. */
static void count_shapes(assay_annotation_losses *lost, const assay_annotation_view *v, int64_t row,
                         bool outlines)
{
    const assay_coco_rows *r = v->rows;
    lost->masks += (r->has[row] & ASSAY_COCO_RUNS) != 0;
    if (has_outline(v, row)) {
        bool parts = r->shapes.count[row] > 1;
        lost->parts += parts && outlines;
        lost->outlines += !outlines;
    }
}

static bool has_keypoints(const assay_annotation_view *v, int64_t row)
{
    return v->rows->points.count != NULL && v->rows->points.count[row] > 0;
}

static void count_marks(assay_annotation_losses *lost, const assay_annotation_view *v, int64_t row,
                        uint8_t carried, bool crowds)
{
    const assay_coco_rows *r = v->rows;
    lost->keypoints += has_keypoints(v, row);
    if (!v->results) {
        lost->crowds += !crowds && r->crowd[row] != 0;
        lost->flags += (r->flags[row] & ~carried) != 0;
    }
}

static const char *class_name(const assay_annotation_view *v, int64_t row)
{
    return v->truth->category_name[v->category[row]];
}

/* ---- COCO ---- */

/* Run lengths as the COCO tools compress them, however they were written; NULL = memory is out. */
static char *canonical_counts(const assay_coco_shapes *s, int64_t row)
{
    assay_rle rle;
    assay_arena *arena = NULL;
    char *text = NULL;
    if (assay_arena_new(&arena, 0, NULL) == ASSAY_OK &&
        assay_coco_mask(&rle, s, row, arena, NULL) == ASSAY_OK) {
        text = assay_alloc((size_t)rle.n * 7 + 1, 1);
    }
    if (text != NULL) {
        (void)assay_rle_to_text(text, &rle);
    }
    assay_arena_free(arena);
    return text;
}

static void put_shape(assay_json *json, assay_buffer *out, const assay_annotation_view *v,
                      int64_t row)
{
    const assay_coco_shapes *s = &v->rows->shapes;
    if (has_outline(v, row)) {
        assay_json_key(json, "segmentation");
        assay_json_begin_array(json);
        for (int64_t p = s->first[row]; p < s->first[row] + s->count[row]; p++) {
            assay_json_begin_array(json);
            for (int64_t i = s->part[p]; i < s->part[p + 1]; i++) {
                assay_json_real(json, s->numbers[i]);
            }
            assay_json_end_array(json);
        }
        assay_json_end_array(json);
    } else if ((v->rows->has[row] & ASSAY_COCO_RUNS) != 0 && s->count != NULL) {
        char *text = canonical_counts(s, row);
        if (text == NULL) {
            out->failed = ASSAY_ENOMEM;
            return;
        }
        assay_json_key(json, "segmentation");
        assay_json_begin_object(json);
        assay_json_key(json, "size");
        assay_json_begin_array(json);
        assay_json_int(json, s->height[row]);
        assay_json_int(json, s->width[row]);
        assay_json_end_array(json);
        assay_json_put_text(json, "counts", text);
        assay_json_end_object(json);
        assay_free(text);
    }
}

static void put_keypoints(assay_json *json, const assay_annotation_view *v, int64_t row)
{
    const assay_coco_points *p = &v->rows->points;
    if (!has_keypoints(v, row)) {
        return;
    }
    assay_json_key(json, "keypoints");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < 3 * p->count[row]; i++) {
        assay_json_real(json, p->numbers[p->first[row] + i]);
    }
    assay_json_end_array(json);
    if (!v->results && p->visible[row] >= 0) {
        assay_json_put_int(json, "num_keypoints", p->visible[row]);
    }
}

static void put_object(assay_json *json, assay_buffer *out, const assay_annotation_view *v,
                       int64_t row)
{
    static const struct {
        const char *name;
        uint8_t flag;
    } flags[] = {{"difficult", ASSAY_OBJECT_DIFFICULT}, {"truncated", ASSAY_OBJECT_TRUNCATED},
                 {"occluded", ASSAY_OBJECT_OCCLUDED},   {"hidden", ASSAY_OBJECT_HIDDEN},
                 {"ignore", ASSAY_OBJECT_IGNORE},       {"isgroupof", ASSAY_OBJECT_GROUP}};
    const assay_coco_rows *r = v->rows;
    assay_json_begin_object(json);
    if (!v->results) {
        assay_json_put_int(json, "id", r->id[row]);
    }
    assay_json_put_int(json, "image_id", r->image[row]);
    assay_json_put_int(json, "category_id", r->category[row]);
    if ((r->has[row] & ASSAY_COCO_BOX) != 0) {
        assay_json_key(json, "bbox");
        assay_json_begin_array(json);
        for (int k = 0; k < 4; k++) {
            assay_json_real(json, r->box[4 * row + k]);
        }
        assay_json_end_array(json);
    }
    put_shape(json, out, v, row);
    put_keypoints(json, v, row);
    if (v->results) {
        assay_json_put_real(json, "score", r->score[row]);
    } else {
        if ((r->has[row] & ASSAY_COCO_AREA) != 0) {
            assay_json_put_real(json, "area", r->area[row]);
        }
        assay_json_put_int(json, "iscrowd", r->crowd[row]);
        for (size_t i = 0; i < ASSAY_COUNT(flags); i++) {
            if ((r->flags[row] & flags[i].flag) != 0) {
                assay_json_put_int(json, flags[i].name, 1);
            }
        }
    }
    assay_json_end_object(json);
}

static void put_lists(assay_json *json, const assay_coco_truth *t)
{
    assay_json_key(json, "images");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < t->n_images; i++) {
        assay_json_begin_object(json);
        assay_json_put_int(json, "id", t->image_id[i]);
        if (t->image_file != NULL && t->image_file[i] != NULL) {
            assay_json_put_text(json, "file_name", t->image_file[i]);
        }
        if (t->image_width[i] > 0) {
            assay_json_put_int(json, "width", t->image_width[i]);
            assay_json_put_int(json, "height", t->image_height[i]);
        }
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "categories");
    assay_json_begin_array(json);
    for (int64_t k = 0; k < t->n_categories; k++) {
        assay_json_begin_object(json);
        assay_json_put_int(json, "id", t->category_id[k]);
        assay_json_put_text(json, "name", t->category_name[k]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

void assay_write_coco(assay_buffer *out, const assay_annotation_view *v,
                      assay_annotation_losses *losses)
{
    assay_json json;
    (void)losses;
    assay_json_init(&json, out, 0);
    if (!v->results) {
        assay_json_begin_object(&json);
        put_lists(&json, v->truth);
        assay_json_key(&json, "annotations");
    }
    assay_json_begin_array(&json);
    for (int64_t i = 0; i < v->first[v->truth->n_images]; i++) {
        put_object(&json, out, v, v->row[i]);
    }
    assay_json_end_array(&json);
    if (!v->results) {
        assay_json_end_object(&json);
    }
    assay_buffer_putc(out, '\n');
}

/* ---- YOLO ---- */

void assay_write_data_yaml(assay_buffer *out, const assay_annotation_view *v)
{
    const assay_coco_truth *t = v->truth;
    assay_buffer_puts(out, "path: .\nval: images\n");
    if (v->pose > 0) {
        assay_buffer_printf(out, "kpt_shape: [%" PRId32 ", 3]\n", v->pose);
    }
    assay_buffer_puts(out, "names:\n");
    for (int64_t k = 0; k < t->n_categories; k++) {
        int64_t row = v->by_number[k];
        assay_buffer_printf(out, "  %" PRId64 ": \"", k);
        for (const char *p = t->category_name[row]; *p != '\0'; p++) {
            if (*p == '"' || *p == '\\') {
                assay_buffer_putc(out, '\\');
            }
            assay_buffer_putc(out, (unsigned char)*p < ' ' ? ' ' : *p);
        }
        assay_buffer_puts(out, "\"\n");
    }
}

/* Whether the outline says the same box as the annotation, to a pixel. */
static bool same_box(const double box[4], const double *xy, int64_t points)
{
    double own[4];
    assay_outline_box(own, xy, points);
    return fabs(own[0] - box[0]) <= 1.0 && fabs(own[1] - box[1]) <= 1.0 &&
           fabs(own[0] + own[2] - box[0] - box[2]) <= 1.0 &&
           fabs(own[1] + own[3] - box[1] - box[3]) <= 1.0;
}

/* x, y, visibility of each, as shares; zeros for an object that has not as many. */
static void put_pose(assay_buffer *out, const assay_annotation_view *v, int64_t row, double width,
                     double height, assay_annotation_losses *lost)
{
    const assay_coco_points *p = &v->rows->points;
    bool has = has_keypoints(v, row) && p->count[row] == v->pose;
    const double *xyv = has ? p->numbers + p->first[row] : NULL;
    lost->keypoints -= has; /* count_marks takes them for lost */
    for (int32_t k = 0; k < v->pose; k++) {
        const double shares[3] = {has ? xyv[3 * k] / width : 0.0,
                                  has ? xyv[3 * k + 1] / height : 0.0, has ? xyv[3 * k + 2] : 0.0};
        for (int i = 0; i < 3; i++) {
            assay_buffer_putc(out, ' ');
            put_real(out, shares[i]);
        }
    }
}

void assay_write_yolo(assay_buffer *out, const assay_annotation_view *v, int64_t image,
                      assay_annotation_losses *lost)
{
    double width = v->truth->image_width[image];
    double height = v->truth->image_height[image];
    for (int64_t i = v->first[image]; i < v->first[image + 1]; i++) {
        int64_t row = v->row[i];
        int64_t points = 0;
        double box[4];
        const double *xy = outline_of(&points, v, row);
        if (!assay_annotation_box(box, v, row)) {
            lost->unboxed++;
            continue;
        }
        bool outlined = v->pose == 0 && xy != NULL && same_box(box, xy, points);
        count_shapes(lost, v, row, true);
        lost->outlines += xy != NULL && !outlined;
        count_marks(lost, v, row, 0, false);
        assay_buffer_printf(out, "%" PRId64, v->number[v->category[row]]);
        const double shares[4] = {(box[0] + box[2] / 2.0) / width, (box[1] + box[3] / 2.0) / height,
                                  box[2] / width, box[3] / height};
        for (int64_t k = 0; k < (outlined ? 2 * points : 4); k++) {
            assay_buffer_putc(out, ' ');
            put_real(out, outlined ? xy[k] / (k % 2 == 0 ? width : height) : shares[k]);
        }
        if (v->pose > 0) {
            put_pose(out, v, row, width, height, lost);
        }
        count_area(lost, v, row, outlined ? assay_outline_area(xy, points) : box[2] * box[3]);
        if (v->results) {
            assay_buffer_putc(out, ' ');
            put_real(out, v->rows->score[row]);
        }
        assay_buffer_putc(out, '\n');
    }
}

/* ---- VOC ---- */

static void put_xml(assay_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            assay_buffer_puts(out, "&lt;");
            break;
        case '>':
            assay_buffer_puts(out, "&gt;");
            break;
        case '&':
            assay_buffer_puts(out, "&amp;");
            break;
        default:
            assay_buffer_putc(out, *text);
        }
    }
}

void assay_write_voc(assay_buffer *out, const assay_annotation_view *v, int64_t image,
                     assay_annotation_losses *lost)
{
    static const char *const names[] = {"xmin", "ymin", "xmax", "ymax"};
    const assay_coco_truth *t = v->truth;
    assay_buffer_puts(out, "<annotation>\n  <filename>");
    put_xml(out, t->image_file != NULL && t->image_file[image] != NULL ? t->image_file[image] : "");
    assay_buffer_printf(out,
                        "</filename>\n  <size>\n    <width>%d</width>\n    <height>%d</height>\n"
                        "    <depth>3</depth>\n  </size>\n",
                        t->image_width[image], t->image_height[image]);
    for (int64_t i = v->first[image]; i < v->first[image + 1]; i++) {
        int64_t row = v->row[i];
        double box[4];
        if (!assay_annotation_box(box, v, row)) {
            lost->unboxed++;
            continue;
        }
        uint8_t flags = v->rows->flags[row];
        count_shapes(lost, v, row, false);
        count_marks(lost, v, row,
                    ASSAY_OBJECT_DIFFICULT | ASSAY_OBJECT_TRUNCATED | ASSAY_OBJECT_OCCLUDED, false);
        count_area(lost, v, row, box[2] * box[3]);
        assay_buffer_puts(out, "  <object>\n    <name>");
        put_xml(out, class_name(v, row));
        assay_buffer_printf(
            out,
            "</name>\n    <truncated>%d</truncated>\n    <difficult>%d</difficult>\n"
            "    <occluded>%d</occluded>\n    <bndbox>\n",
            (flags & ASSAY_OBJECT_TRUNCATED) != 0, (flags & ASSAY_OBJECT_DIFFICULT) != 0,
            (flags & ASSAY_OBJECT_OCCLUDED) != 0);
        for (int k = 0; k < 4; k++) {
            assay_buffer_printf(out, "      <%s>", names[k]);
            put_real(out, k < 2 ? box[k] : box[k] + box[k - 2]);
            assay_buffer_printf(out, "</%s>\n", names[k]);
        }
        assay_buffer_puts(out, "    </bndbox>\n  </object>\n");
    }
    assay_buffer_puts(out, "</annotation>\n");
}

/* ---- labelme ---- */

static void put_points(assay_json *json, const double *xy, int64_t points)
{
    assay_json_key(json, "points");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < points; i++) {
        assay_json_begin_array(json);
        assay_json_real(json, xy[2 * i]);
        assay_json_real(json, xy[2 * i + 1]);
        assay_json_end_array(json);
    }
    assay_json_end_array(json);
}

static void put_labelme_shape(assay_json *json, const assay_annotation_view *v, int64_t row,
                              const double *xy, int64_t points, int64_t group)
{
    bool box = points == 2;
    uint8_t flags = v->rows->flags[row];
    assay_json_begin_object(json);
    assay_json_put_text(json, "label", class_name(v, row));
    put_points(json, xy, points);
    if (group >= 0) {
        assay_json_put_int(json, "group_id", group);
    } else {
        assay_json_key(json, "group_id");
        assay_json_raw(json, "null");
    }
    assay_json_put_text(json, "shape_type", box ? "rectangle" : "polygon");
    assay_json_key(json, "flags");
    assay_json_begin_object(json);
    if ((flags & ASSAY_OBJECT_DIFFICULT) != 0) {
        assay_json_put_bool(json, "difficult", true);
    }
    if ((flags & ASSAY_OBJECT_TRUNCATED) != 0) {
        assay_json_put_bool(json, "truncated", true);
    }
    if ((flags & ASSAY_OBJECT_OCCLUDED) != 0) {
        assay_json_put_bool(json, "occluded", true);
    }
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_labelme_object(assay_json *json, const assay_annotation_view *v, int64_t row,
                               assay_annotation_losses *lost)
{
    const assay_coco_shapes *s = &v->rows->shapes;
    double box[4];
    double area = 0.0;
    if (!assay_annotation_box(box, v, row)) {
        lost->unboxed++;
        return;
    }
    lost->masks += (v->rows->has[row] & ASSAY_COCO_RUNS) != 0;
    count_marks(lost, v, row,
                ASSAY_OBJECT_DIFFICULT | ASSAY_OBJECT_TRUNCATED | ASSAY_OBJECT_OCCLUDED, false);
    bool whole = has_outline(v, row);
    for (int64_t p = 0; whole && p < s->count[row]; p++) {
        const int64_t *part = s->part + s->first[row] + p;
        whole = part[1] - part[0] >= 6;
    }
    if (!whole) {
        const double xy[4] = {box[0], box[1], box[0] + box[2], box[1] + box[3]};
        put_labelme_shape(json, v, row, xy, 2, -1);
        count_area(lost, v, row, box[2] * box[3]);
        lost->outlines += has_outline(v, row);
        return;
    }
    for (int64_t p = 0; p < s->count[row]; p++) {
        const int64_t *part = s->part + s->first[row] + p;
        int64_t points = (part[1] - part[0]) / 2;
        put_labelme_shape(json, v, row, s->numbers + part[0], points,
                          s->count[row] > 1 ? row + 1 : -1);
        area += assay_outline_area(s->numbers + part[0], points);
    }
    count_area(lost, v, row, area);
}

void assay_write_labelme(assay_buffer *out, const assay_annotation_view *v, int64_t image,
                         assay_annotation_losses *lost)
{
    const assay_coco_truth *t = v->truth;
    assay_json json;
    assay_json_init(&json, out, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "version", "5.0.0");
    assay_json_key(&json, "flags");
    assay_json_raw(&json, "{}");
    assay_json_key(&json, "shapes");
    assay_json_begin_array(&json);
    for (int64_t i = v->first[image]; i < v->first[image + 1]; i++) {
        put_labelme_object(&json, v, v->row[i], lost);
    }
    assay_json_end_array(&json);
    assay_json_put_text(&json, "imagePath",
                        t->image_file != NULL && t->image_file[image] != NULL ? t->image_file[image]
                                                                              : "");
    assay_json_key(&json, "imageData");
    assay_json_raw(&json, "null");
    assay_json_put_int(&json, "imageHeight", t->image_height[image]);
    assay_json_put_int(&json, "imageWidth", t->image_width[image]);
    assay_json_end_object(&json);
    assay_buffer_putc(out, '\n');
}

/* ---- VisDrone and DOTA ---- */

void assay_write_visdrone(assay_buffer *out, const assay_annotation_view *v, int64_t image,
                          assay_annotation_losses *lost)
{
    for (int64_t i = v->first[image]; i < v->first[image + 1]; i++) {
        int64_t row = v->row[i];
        double box[4];
        int class = 0;
        while (class < ASSAY_VISDRONE_CLASSES &&
               strcasecmp(assay_visdrone_classes[class], class_name(v, row)) != 0) {
            class ++;
        }
        if (class == ASSAY_VISDRONE_CLASSES || !assay_annotation_box(box, v, row)) {
            *(class == ASSAY_VISDRONE_CLASSES ? &lost->foreign : &lost->unboxed) += 1;
            continue;
        }
        bool rounded = false;
        for (int k = 0; k < 4; k++) {
            rounded = rounded || box[k] != rint(box[k]);
            assay_buffer_printf(out, "%.0f,", rint(box[k]));
        }
        lost->rounded += rounded;
        count_shapes(lost, v, row, false);
        if (v->results) {
            put_real(out, v->rows->score[row]);
            assay_buffer_printf(out, ",%d,-1,-1\n", class);
            continue;
        }
        uint8_t flags = v->rows->flags[row];
        count_marks(lost, v, row,
                    ASSAY_OBJECT_TRUNCATED | ASSAY_OBJECT_OCCLUDED | ASSAY_OBJECT_HIDDEN, true);
        count_area(lost, v, row, rint(box[2]) * rint(box[3]));
        assay_buffer_printf(out, "%d,%d,%d,%d\n", v->rows->crowd[row] == 0, class,
                            (flags & ASSAY_OBJECT_TRUNCATED) != 0,
                            (flags & ASSAY_OBJECT_HIDDEN) != 0     ? 2
                            : (flags & ASSAY_OBJECT_OCCLUDED) != 0 ? 1
                                                                   : 0);
    }
}

bool assay_annotation_corners(double out[8], const assay_annotation_view *v, int64_t row,
                              const double box[4])
{
    int64_t points = 0;
    const double *xy = outline_of(&points, v, row);
    bool corners = xy != NULL && points == 4;
    const double own[8] = {box[0],          box[1],          box[0] + box[2], box[1],
                           box[0] + box[2], box[1] + box[3], box[0],          box[1] + box[3]};
    memcpy(out, corners ? xy : own, sizeof own);
    return corners;
}

void assay_write_dota(assay_buffer *out, const assay_annotation_view *v, int64_t image,
                      assay_annotation_losses *lost)
{
    for (int64_t i = v->first[image]; i < v->first[image + 1]; i++) {
        int64_t row = v->row[i];
        double box[4];
        double xy[8];
        if (!assay_annotation_box(box, v, row)) {
            lost->unboxed++;
            continue;
        }
        bool corners = assay_annotation_corners(xy, v, row, box);
        for (int k = 0; k < 8; k++) {
            put_real(out, xy[k]);
            assay_buffer_putc(out, ' ');
        }
        lost->masks += (v->rows->has[row] & ASSAY_COCO_RUNS) != 0;
        lost->outlines += has_outline(v, row) && !corners;
        count_marks(lost, v, row, ASSAY_OBJECT_DIFFICULT, false);
        count_area(lost, v, row, assay_outline_area(xy, 4));
        bool renamed = false;
        for (const char *p = class_name(v, row); *p != '\0'; p++) {
            bool blank = (unsigned char)*p <= ' ';
            assay_buffer_putc(out, blank ? '-' : *p);
            renamed = renamed || blank;
        }
        lost->renamed += renamed;
        assay_buffer_printf(out, " %d\n", (v->rows->flags[row] & ASSAY_OBJECT_DIFFICULT) != 0);
    }
}
