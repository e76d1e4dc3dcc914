#include "core/detection_scene.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"

enum { IMAGES_PER_BLOCK = 16 };

/* Rows with image and class, in the order in which they shall stand inside an image. */
typedef struct listed {
    int64_t n;
    int64_t *row;
    int32_t *image, *category;
} listed;

static assay_status listed_init(listed *l, int64_t room, assay_error *err)
{
    *l = (listed){.row = assay_alloc_raw((size_t)room, sizeof *l->row),
                  .image = assay_alloc_raw((size_t)room, sizeof *l->image),
                  .category = assay_alloc_raw((size_t)room, sizeof *l->category)};
    return l->row != NULL && l->image != NULL && l->category != NULL ? ASSAY_OK
                                                                     : assay_fail_memory(err);
}

static void listed_dispose(listed *l)
{
    assay_free(l->row);
    assay_free(l->image);
    assay_free(l->category);
}

/* Rows of images and classes that count; order NULL = that of the file. */
static void list_rows(listed *l, const assay_scenes *s, const assay_coco_rows *rows,
                      const int64_t *order)
{
    const assay_detection *d = s->d;
    const uint8_t *inside = s->pairing.slice->images;
    int64_t image_hint = -1;
    int64_t category_hint = -1;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = order != NULL ? order[i] : i;
        int64_t image = assay_rank_of(d->image_id, d->n_images, rows->image[row], &image_hint);
        int64_t category =
            assay_rank_of(d->category_id, d->n_categories, rows->category[row], &category_hint);
        if (image < 0 || category < 0 || (inside != NULL && inside[d->image_row[image]] == 0)) {
            continue;
        }
        l->row[l->n] = row;
        l->image[l->n] = (int32_t)image;
        l->category[l->n++] = (int32_t)category;
    }
}

/* Columns by image, at most `cap` of each. */
typedef struct columns {
    int64_t **first, **row;
    int32_t **category, **image;
    int64_t *n, *most;
} columns;

static assay_status by_image(const columns *out, const listed *l, int64_t images, int64_t cap,
                             assay_error *err)
{
    int64_t *first = assay_alloc((size_t)images + 1, sizeof *first);
    int64_t *next = assay_alloc((size_t)images + 1, sizeof *next);
    *out->first = first;
    *out->row = assay_alloc_raw((size_t)l->n, sizeof **out->row);
    *out->category = assay_alloc_raw((size_t)l->n, sizeof **out->category);
    *out->image = assay_alloc_raw((size_t)l->n, sizeof **out->image);
    if (first == NULL || next == NULL || *out->row == NULL || *out->category == NULL ||
        *out->image == NULL) {
        assay_free(next);
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < l->n; i++) {
        first[l->image[i] + 1]++;
    }
    for (int64_t i = 0; i < images; i++) {
        int64_t n = first[i + 1] < cap ? first[i + 1] : cap;
        *out->most = n > *out->most ? n : *out->most;
        first[i + 1] = first[i] + n;
        next[i] = first[i];
    }
    for (int64_t i = 0; i < l->n; i++) {
        int64_t at = next[l->image[i]];
        if (at < first[l->image[i] + 1]) {
            (*out->row)[at] = l->row[i];
            (*out->category)[at] = l->category[i];
            (*out->image)[at] = l->image[i];
            next[l->image[i]]++;
        }
    }
    *out->n = first[images];
    assay_free(next);
    return ASSAY_OK;
}

static assay_status fill(assay_scenes *s, int64_t cap, assay_error *err)
{
    const assay_coco_rows *objects = &s->pairing.truth->objects;
    const assay_coco_rows *results = s->pairing.results;
    assay_status status = ASSAY_OK;
    listed o = {0};
    listed t = {0};
    const columns to_objects = {&s->object_first, &s->object_row, &s->object_class,
                                &s->object_image, &s->n_objects,  &s->most_objects};
    const columns to_detections = {&s->detection_first, &s->detection_row, &s->detection_class,
                                   &s->detection_image, &s->n_detections,  &s->most_detections};
    int64_t *order = assay_alloc_raw((size_t)results->n, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_sort_order(order, results->score, results->n, 1, err), done);
    ASSAY_GOTO(listed_init(&o, objects->n, err), done);
    ASSAY_GOTO(listed_init(&t, results->n, err), done);
    list_rows(&o, s, objects, NULL);
    list_rows(&t, s, results, order);
    ASSAY_GOTO(by_image(&to_objects, &o, s->d->n_images, INT64_MAX, err), done);
    ASSAY_GOTO(by_image(&to_detections, &t, s->d->n_images, cap, err), done);
    s->score = assay_alloc_raw((size_t)s->n_detections, sizeof *s->score);
    if (s->score == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < s->n_detections; i++) {
        s->score[i] = results->score[s->detection_row[i]];
    }
done:
    assay_free(order);
    listed_dispose(&o);
    listed_dispose(&t);
    return status;
}

assay_status assay_scenes_init(assay_scenes *out, const assay_detection *d,
                               const assay_coco_truth *truth, const assay_coco_rows *results,
                               const assay_detection_slice *slice, int64_t cap, assay_error *err)
{
    *out = (assay_scenes){
        .d = d,
        .pairing = {.truth = truth,
                    .results = results,
                    .protocol = &d->protocol,
                    .slice = slice,
                    .boxed = results->n > 0 && (results->has[0] & ASSAY_COCO_BOX) != 0}};
    assay_status status = fill(out, cap, err);
    if (status != ASSAY_OK) {
        assay_scenes_dispose(out);
    }
    return status;
}

void assay_scenes_dispose(assay_scenes *scenes)
{
    void *all[] = {scenes->object_first,  scenes->detection_first, scenes->object_row,
                   scenes->detection_row, scenes->object_class,    scenes->detection_class,
                   scenes->object_image,  scenes->detection_image, scenes->score};
    for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
        assay_free(all[i]);
    }
    *scenes = (assay_scenes){0};
}

typedef struct room {
    assay_arena *arena;
    assay_thing *objects, *detections;
    double *overlap;
    int64_t n_overlap;
} room;

typedef struct walking {
    const assay_scenes *scenes;
    assay_scene_fn fn;
    void *context;
    room *rooms;
} walking;

static assay_status load(assay_scene *out, room *r, const assay_scenes *s, int64_t image,
                         assay_error *err)
{
    int64_t row = s->d->image_row[image];
    const assay_coco_truth *truth = s->pairing.truth;
    const assay_canvas canvas = {s->d->image_id[image], truth->image_height[row],
                                 truth->image_width[row]};
    int64_t o = s->object_first[image];
    int64_t t = s->detection_first[image];
    *out = (assay_scene){.image = image,
                         .objects = o,
                         .detections = t,
                         .n_objects = (int32_t)(s->object_first[image + 1] - o),
                         .n_detections = (int32_t)(s->detection_first[image + 1] - t),
                         .object = r->objects,
                         .detection = r->detections,
                         .object_class = s->object_class + o,
                         .detection_class = s->detection_class + t,
                         .score = s->score + t,
                         .overlap = r->overlap};
    assay_arena_reset(r->arena);
    for (int32_t i = 0; i < out->n_objects; i++) {
        ASSAY_TRY(assay_thing_object(&r->objects[i], &s->pairing, s->object_row[o + i], &canvas,
                                     r->arena, err));
    }
    for (int32_t i = 0; i < out->n_detections; i++) {
        ASSAY_TRY(assay_thing_detection(&r->detections[i], &s->pairing, s->detection_row[t + i],
                                        &canvas, r->arena, err));
    }
    int64_t cells = (int64_t)out->n_objects * out->n_detections;
    if (cells > r->n_overlap) {
        assay_free(r->overlap);
        r->n_overlap = cells + cells / 2;
        r->overlap = assay_alloc_raw((size_t)r->n_overlap, sizeof *r->overlap);
        if (r->overlap == NULL) {
            r->n_overlap = 0;
            return assay_fail_memory(err);
        }
        out->overlap = r->overlap;
    }
    for (int32_t i = 0; i < out->n_detections; i++) {
        for (int32_t j = 0; j < out->n_objects; j++) {
            r->overlap[(int64_t)i * out->n_objects + j] =
                assay_thing_overlap(&r->detections[i], &r->objects[j], s->pairing.protocol,
                                    (r->objects[j].ignored & 1) != 0);
        }
    }
    return ASSAY_OK;
}

static assay_status walk_block(void *payload, int64_t block, int worker, assay_error *err)
{
    const walking *w = payload;
    int64_t end = (block + 1) * IMAGES_PER_BLOCK;
    for (int64_t i = block * IMAGES_PER_BLOCK; i < end && i < w->scenes->d->n_images; i++) {
        assay_scene scene;
        ASSAY_TRY(load(&scene, &w->rooms[worker], w->scenes, i, err));
        w->fn(w->context, &scene);
    }
    return ASSAY_OK;
}

static assay_status rooms_init(room *rooms, int workers, const assay_scenes *s, assay_error *err)
{
    for (int w = 0; w < workers; w++) {
        ASSAY_TRY(assay_arena_new(&rooms[w].arena, (size_t)4 << 30, err));
        rooms[w].objects = assay_alloc_raw((size_t)s->most_objects, sizeof *rooms[w].objects);
        rooms[w].detections =
            assay_alloc_raw((size_t)s->most_detections, sizeof *rooms[w].detections);
        if (rooms[w].objects == NULL || rooms[w].detections == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

assay_status assay_scenes_each(const assay_scenes *scenes, assay_scene_fn fn, void *context,
                               assay_error *err)
{
    assay_status status = ASSAY_OK;
    walking w = {.scenes = scenes, .fn = fn, .context = context};
    int64_t blocks = (scenes->d->n_images + IMAGES_PER_BLOCK - 1) / IMAGES_PER_BLOCK;
    int workers = assay_parallel_workers(blocks, scenes->d->threads);
    w.rooms = assay_alloc((size_t)workers, sizeof *w.rooms);
    if (w.rooms == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(rooms_init(w.rooms, workers, scenes, err), done);
    status = assay_parallel(blocks, scenes->d->threads, walk_block, &w, scenes->d->cancel, err);
done:
    for (int i = 0; i < workers; i++) {
        assay_arena_free(w.rooms[i].arena);
        assay_free(w.rooms[i].objects);
        assay_free(w.rooms[i].detections);
        assay_free(w.rooms[i].overlap);
    }
    assay_free(w.rooms);
    return status;
}
