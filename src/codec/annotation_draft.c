#include "codec/annotation_draft.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"
#include "base/text_index.h"
#include "codec/coco_internal.h"
#include "codec/image_names.h"

enum { MOST_IMAGES = 1 << 30, MOST_CATEGORIES = 1 << 20, LONGEST_NAME = 4096 };

struct assay_annotation_draft {
    const assay_coco_truth *truth; /* results: the one they are for */
    assay_coco_truth *own;         /* a truth being drafted; in results names of classes only */
    assay_coco_rows *results;
    assay_coco_builder builder;
    int64_t room_images, room_categories;
    assay_text_index *images, *categories;
    assay_image_names *names;
    int64_t *class_order; /* results: rows of the truth's classes by ascending id */
};

/* A class that the truth does not list: no file can hold this id, since it is not written. */
static const int64_t no_category = INT64_MIN;

static assay_status draft_new(assay_annotation_draft **out, const assay_coco_truth *truth,
                              const assay_coco_options *options, assay_error *err)
{
    assay_coco_options all = options != NULL ? *options : (assay_coco_options){0};
    assay_annotation_draft *draft = assay_alloc(1, sizeof *draft);
    if (draft == NULL) {
        return assay_fail_memory(err);
    }
    *out = draft;
    draft->truth = truth;
    all.masks = true;
    ASSAY_TRY(assay_text_index_new(&draft->categories, 0, err));
    if (truth != NULL) {
        draft->results = assay_alloc(1, sizeof *draft->results);
        draft->class_order = assay_alloc((size_t)truth->n_categories, sizeof *draft->class_order);
        if (draft->results == NULL || draft->class_order == NULL) {
            return assay_fail_memory(err);
        }
        assay_coco_builder_init(&draft->builder, draft->results, &all, true);
        for (int64_t k = truth->n_categories; k-- > 0;) {
            int64_t found = -1;
            ASSAY_TRY(assay_text_index_put(&found, draft->categories,
                                           (const char *const *)truth->category_name, k, err));
        }
        ASSAY_TRY(
            assay_sort_order_i64(draft->class_order, truth->category_id, truth->n_categories, err));
        return assay_image_names_new(&draft->names, truth, err);
    }
    ASSAY_TRY(assay_text_index_new(&draft->images, 0, err));
    draft->own = assay_alloc(1, sizeof *draft->own);
    if (draft->own == NULL) {
        return assay_fail_memory(err);
    }
    assay_coco_builder_init(&draft->builder, &draft->own->objects, &all, false);
    return ASSAY_OK;
}

assay_status assay_annotation_draft_new(assay_annotation_draft **out,
                                        const assay_coco_options *options, assay_error *err)
{
    assay_annotation_draft *draft = NULL;
    assay_status status = draft_new(&draft, NULL, options, err);
    if (status != ASSAY_OK) {
        assay_annotation_draft_free(draft);
        draft = NULL;
    }
    *out = draft;
    return status;
}

assay_status assay_annotation_draft_results(assay_annotation_draft **out,
                                            const assay_coco_truth *truth,
                                            const assay_coco_options *options, assay_error *err)
{
    assay_annotation_draft *draft = NULL;
    assay_status status = draft_new(&draft, truth, options, err);
    if (status != ASSAY_OK) {
        assay_annotation_draft_free(draft);
        draft = NULL;
    }
    *out = draft;
    return status;
}

void assay_annotation_draft_free(assay_annotation_draft *draft)
{
    if (draft != NULL) {
        assay_coco_truth_free(draft->own);
        assay_coco_results_free(draft->results);
        assay_text_index_free(draft->images);
        assay_text_index_free(draft->categories);
        assay_image_names_free(draft->names);
        assay_free(draft->class_order);
        assay_free(draft);
    }
}

bool assay_annotation_draft_scored(const assay_annotation_draft *draft)
{
    return draft->truth != NULL;
}

/* ---- images and classes ---- */

static assay_status copy_name(char **out, const char *name, size_t size, const char *what,
                              assay_error *err)
{
    if (size == 0 || size > LONGEST_NAME || !assay_utf8_valid(name, size) ||
        memchr(name, 0, size) != NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "the name of %s must be UTF-8 of 1 to %d bytes", what,
                          LONGEST_NAME);
    }
    *out = assay_alloc(size + 1, 1);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(*out, name, size);
    return ASSAY_OK;
}

static assay_status find_image(int64_t *row, const assay_annotation_draft *draft, const char *file,
                               size_t size, assay_error *err)
{
    int shown = size < 200 ? (int)size : 200;
    *row = assay_image_names_find(draft->names, file, size);
    if (*row == -1) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the truth does not list the image '%.*s': do the two belong together?",
                          shown, file);
    }
    if (*row == -2) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "'%.*s' may be several images of the truth, which have this name in "
                          "different folders",
                          shown, file);
    }
    return ASSAY_OK;
}

assay_status assay_annotation_draft_image(int64_t *row, assay_annotation_draft *draft,
                                          const char *file, size_t size, int32_t width,
                                          int32_t height, assay_error *err)
{
    assay_coco_truth *t = draft->own;
    if (draft->truth != NULL) {
        return find_image(row, draft, file, size, err);
    }
    *row = assay_text_index_find(draft->images, (const char *const *)t->image_file, file, size);
    if (*row < 0) {
        int64_t at = t->n_images;
        int64_t room[3] = {draft->room_images, draft->room_images, draft->room_images};
        if (at >= MOST_IMAGES) {
            return assay_fail(err, ASSAY_ELIMIT, "more than 2^30 images");
        }
        ASSAY_TRY(assay_coco_grow(&t->image_height, &room[0], at, sizeof(int32_t), err));
        ASSAY_TRY(assay_coco_grow(&t->image_width, &room[1], at, sizeof(int32_t), err));
        ASSAY_TRY(assay_coco_grow(&t->image_file, &room[2], at, sizeof(char *), err));
        ASSAY_TRY(assay_coco_grow(&t->image_id, &draft->room_images, at, sizeof(int64_t), err));
        ASSAY_TRY(copy_name(&t->image_file[at], file, size, "an image", err));
        t->image_width[at] = t->image_height[at] = 0;
        t->n_images++;
        ASSAY_TRY(
            assay_text_index_put(row, draft->images, (const char *const *)t->image_file, at, err));
        *row = at;
    }
    if (width > 0 && height > 0) {
        t->image_width[*row] = width;
        t->image_height[*row] = height;
    }
    return ASSAY_OK;
}

void assay_annotation_draft_extent(int32_t *width, int32_t *height,
                                   const assay_annotation_draft *draft, int64_t row)
{
    const assay_coco_truth *t = draft->truth != NULL ? draft->truth : draft->own;
    *width = t->image_width[row];
    *height = t->image_height[row];
}

assay_status assay_annotation_draft_category(int64_t *row, assay_annotation_draft *draft,
                                             const char *name, size_t size, assay_error *err)
{
    assay_coco_truth *t = draft->own;
    char *const *names = draft->truth != NULL ? draft->truth->category_name : t->category_name;
    *row = assay_text_index_find(draft->categories, (const char *const *)names, name, size);
    if (*row >= 0 || draft->truth != NULL) {
        return ASSAY_OK;
    }
    int64_t at = t->n_categories;
    int64_t room = draft->room_categories;
    if (at >= MOST_CATEGORIES) {
        return assay_fail(err, ASSAY_ELIMIT, "more than 2^20 classes");
    }
    ASSAY_TRY(assay_coco_grow(&t->category_name, &room, at, sizeof(char *), err));
    ASSAY_TRY(assay_coco_grow(&t->category_id, &draft->room_categories, at, sizeof(int64_t), err));
    ASSAY_TRY(copy_name(&t->category_name[at], name, size, "a class", err));
    t->n_categories++;
    ASSAY_TRY(assay_text_index_put(row, draft->categories, (const char *const *)t->category_name,
                                   at, err));
    *row = at;
    return ASSAY_OK;
}

int64_t assay_annotation_draft_class(const assay_annotation_draft *draft, int64_t index)
{
    int64_t n = draft->truth != NULL ? draft->truth->n_categories : draft->own->n_categories;
    if (index < 0 || index >= n) {
        return -1;
    }
    return draft->truth != NULL ? draft->class_order[index] : index;
}

/* ---- objects ---- */

double assay_outline_area(const double *xy, int64_t points)
{
    double sum = 0.0;
    for (int64_t i = 1; i + 1 < points; i++) {
        /* relative to the first point, so that places far from the origin lose nothing */
        double ax = xy[2 * i] - xy[0];
        double ay = xy[2 * i + 1] - xy[1];
        double bx = xy[2 * i + 2] - xy[0];
        double by = xy[2 * i + 3] - xy[1];
        sum += ax * by - bx * ay;
    }
    return fabs(sum) / 2.0;
}

void assay_outline_box(double box[4], const double *xy, int64_t points)
{
    double right = xy[0];
    double bottom = xy[1];
    box[0] = xy[0];
    box[1] = xy[1];
    for (int64_t i = 1; i < points; i++) {
        box[0] = fmin(box[0], xy[2 * i]);
        box[1] = fmin(box[1], xy[2 * i + 1]);
        right = fmax(right, xy[2 * i]);
        bottom = fmax(bottom, xy[2 * i + 1]);
    }
    box[2] = right - box[0];
    box[3] = bottom - box[1];
}

static assay_status add_outline(assay_annotation_draft *draft, const assay_annotation *a,
                                assay_error *err)
{
    assay_coco_builder *b = &draft->builder;
    assay_coco_shapes *s = &b->rows->shapes;
    int64_t row = b->rows->n;
    size_t numbers = (size_t)a->points * 2;
    s->first[row] = s->n_parts;
    if (numbers > b->options.most_values ||
        (size_t)s->n_numbers > b->options.most_values - numbers) {
        return assay_fail(err, ASSAY_ELIMIT, "the outlines have more than %zu numbers",
                          b->options.most_values);
    }
    const int64_t *ends = a->ends != NULL ? a->ends : &a->points;
    int64_t parts = a->ends != NULL ? a->parts : 1;
    ASSAY_TRY(assay_coco_grow(&s->part, &b->room_parts, s->n_parts + parts, sizeof *s->part, err));
    ASSAY_TRY(assay_coco_grow(&s->numbers, &b->room_numbers, s->n_numbers + (int64_t)numbers,
                              sizeof *s->numbers, err));
    memcpy(s->numbers + s->n_numbers, a->xy, numbers * sizeof *a->xy);
    for (int64_t i = 0; i < parts; i++) {
        s->part[s->n_parts++] = s->n_numbers + (i > 0 ? 2 * ends[i - 1] : 0);
    }
    s->n_numbers += (int64_t)numbers;
    s->part[s->n_parts] = s->n_numbers;
    s->count[row] = parts;
    b->rows->has[row] |= ASSAY_COCO_POLYGONS;
    return ASSAY_OK;
}

static assay_status add_keypoints(assay_annotation_draft *draft, const assay_annotation *a,
                                  assay_error *err)
{
    assay_coco_builder *b = &draft->builder;
    assay_coco_points *p = &b->rows->points;
    int64_t row = b->rows->n;
    size_t numbers = (size_t)a->n_keypoints * 3;
    if (numbers > b->options.most_values ||
        (size_t)p->n_numbers > b->options.most_values - numbers) {
        return assay_fail(err, ASSAY_ELIMIT, "the keypoints have more than %zu numbers",
                          b->options.most_values);
    }
    p->first[row] = p->n_numbers;
    p->count[row] = (int32_t)a->n_keypoints;
    p->visible[row] = 0;
    if (numbers == 0) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_coco_grow(&p->numbers, &b->room_points, p->n_numbers + (int64_t)numbers,
                              sizeof *p->numbers, err));
    memcpy(p->numbers + p->n_numbers, a->keypoints, numbers * sizeof *a->keypoints);
    p->n_numbers += (int64_t)numbers;
    for (int64_t k = 0; k < a->n_keypoints; k++) {
        p->visible[row] += a->keypoints[3 * k + 2] > 0.0;
    }
    return ASSAY_OK;
}

/* The parts are taken as apart from each other. */
static double outlines_area(const assay_annotation *a)
{
    double sum = 0.0;
    int64_t from = 0;
    if (a->ends == NULL) {
        return assay_outline_area(a->xy, a->points);
    }
    for (int64_t i = 0; i < a->parts; i++) {
        sum += assay_outline_area(a->xy + 2 * from, a->ends[i] - from);
        from = a->ends[i];
    }
    return sum;
}

static assay_status check(const assay_annotation *a, assay_error *err)
{
    const double most = 1e12; /* so that no area overflows */
    bool possible = isfinite(a->score);
    for (int i = 0; i < 4 && !a->unboxed; i++) {
        possible = possible && fabs(a->box[i]) <= most;
    }
    for (int64_t i = 0; i < 2 * a->points; i++) {
        possible = possible && fabs(a->xy[i]) <= most;
    }
    for (int64_t i = 0; i < 3 * a->n_keypoints; i++) {
        possible = possible && fabs(a->keypoints[i]) <= most;
    }
    if (!possible) {
        return assay_fail(err, ASSAY_EFORMAT, "a number is NaN, infinite or beyond 1e12");
    }
    if (!a->unboxed && (a->box[2] < 0.0 || a->box[3] < 0.0)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "a box of width %g and height %g: its corners are in the wrong order",
                          a->box[2], a->box[3]);
    }
    if (a->unboxed && a->points < 1) {
        return assay_fail(err, ASSAY_EFORMAT, "an object without box and outline");
    }
    return ASSAY_OK;
}

assay_status assay_annotation_draft_add(assay_annotation_draft *draft, const assay_annotation *a,
                                        assay_error *err)
{
    assay_coco_rows *r = draft->builder.rows;
    int64_t n = r->n;
    if (n >= draft->builder.options.most_rows) {
        return assay_fail(err, ASSAY_ELIMIT, "more objects than the limit of %" PRId64,
                          draft->builder.options.most_rows);
    }
    ASSAY_TRY(check(a, err));
    ASSAY_TRY(assay_coco_grow_rows(&draft->builder, err));
    double *box = r->box + 4 * n;
    r->image[n] = a->image;
    r->category[n] = a->category;
    r->has[n] = ASSAY_COCO_BOX;
    if (a->unboxed) {
        assay_outline_box(box, a->xy, a->points);
    } else {
        memcpy(box, a->box, sizeof a->box);
    }
    if (draft->truth == NULL) {
        bool outlined = a->points >= 3;
        r->has[n] |= ASSAY_COCO_AREA | ASSAY_COCO_CROWD;
        r->area[n] = outlined ? outlines_area(a) : box[2] * box[3];
        r->crowd[n] = a->crowd;
        r->flags[n] = a->flags;
        r->id[n] = n + 1;
    } else {
        r->score[n] = a->score;
        r->image[n] = draft->truth->image_id[a->image];
        r->category[n] = a->category < 0 ? no_category : draft->truth->category_id[a->category];
    }
    if (a->points >= 3) {
        ASSAY_TRY(add_outline(draft, a, err));
    }
    if (draft->builder.options.keypoints) {
        ASSAY_TRY(add_keypoints(draft, a, err));
    }
    r->n++;
    return ASSAY_OK;
}

/* ---- ids ---- */

/* The names as whole numbers, when they all are and no two are the same. */
static assay_status numeric_names(bool *all, int64_t *ids, const assay_coco_truth *t,
                                  assay_error *err)
{
    *all = false;
    for (int64_t i = 0; i < t->n_images; i++) {
        const char *stem = NULL;
        size_t size = 0;
        char text[20];
        assay_file_stem(&stem, &size, t->image_file[i], strlen(t->image_file[i]));
        if (size == 0 || size >= sizeof text || stem[0] < '0' || stem[0] > '9') {
            return ASSAY_OK;
        }
        memcpy(text, stem, size);
        text[size] = '\0';
        if (!assay_text_to_i64(&ids[i], text)) {
            return ASSAY_OK;
        }
    }
    int64_t *order = assay_alloc_raw((size_t)t->n_images, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_sort_order_i64(order, ids, t->n_images, err);
    *all = status == ASSAY_OK;
    for (int64_t i = 1; *all && i < t->n_images; i++) {
        *all = ids[order[i]] != ids[order[i - 1]];
    }
    assay_free(order);
    return status;
}

/* ids[row] = place of the name in byte order, from 1. */
static assay_status number_names(int64_t *ids, char *const *names, int64_t n, assay_error *err)
{
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_sort_order_text(order, (const char *const *)names, n, err);
    for (int64_t i = 0; status == ASSAY_OK && i < n; i++) {
        ids[order[i]] = i + 1;
    }
    assay_free(order);
    return status;
}

assay_status assay_annotation_draft_truth(assay_coco_truth **out, assay_annotation_draft *draft,
                                          bool numbered, int64_t first, assay_error *err)
{
    assay_coco_truth *t = draft->own;
    bool numeric = false;
    *out = NULL;
    ASSAY_TRY(numeric_names(&numeric, t->image_id, t, err));
    if (!numeric) {
        ASSAY_TRY(number_names(t->image_id, t->image_file, t->n_images, err));
    }
    if (!numbered) {
        ASSAY_TRY(number_names(t->category_id, t->category_name, t->n_categories, err));
    }
    for (int64_t k = 0; numbered && k < t->n_categories; k++) {
        t->category_id[k] = first + k;
    }
    for (int64_t i = 0; i < t->objects.n; i++) {
        t->objects.image[i] = t->image_id[t->objects.image[i]];
        t->objects.category[i] = t->category_id[t->objects.category[i]];
    }
    *out = t;
    draft->own = NULL;
    return ASSAY_OK;
}

assay_status assay_annotation_draft_rows(assay_coco_rows **out, assay_annotation_draft *draft,
                                         assay_error *err)
{
    (void)err;
    *out = draft->results;
    draft->results = NULL;
    return ASSAY_OK;
}
