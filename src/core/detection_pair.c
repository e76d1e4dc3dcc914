#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/sort.h"
#include "core/detection_internal.h"

assay_status assay_rank_ids(int64_t **ids, int64_t **rows, int64_t *n, int64_t *repeated,
                            const int64_t *from, int64_t n_from, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)n_from, sizeof *order);
    *ids = assay_alloc_raw((size_t)n_from, sizeof **ids);
    *rows = assay_alloc_raw((size_t)n_from, sizeof **rows);
    *n = 0;
    if (order == NULL || *ids == NULL || *rows == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order_i64(order, from, n_from, err), done);
    for (int64_t i = 0; i < n_from; i++) {
        if (*n > 0 && (*ids)[*n - 1] == from[order[i]]) {
            (*n)--;
            ++*repeated;
        }
        (*ids)[*n] = from[order[i]];
        (*rows)[(*n)++] = order[i];
    }
done:
    assay_free(order);
    return status;
}

int64_t assay_rank_of(const int64_t *ids, int64_t n, int64_t id, int64_t *hint)
{
    if (*hint >= 0 && ids[*hint] == id) {
        return *hint;
    }
    if (*hint + 1 < n && ids[*hint + 1] == id) {
        return ++*hint;
    }
    int64_t low = 0;
    /* Without a branch that depends on the ids: they come in any order and could not be foreseen. */
    for (int64_t left = n; left > 1;) {
        int64_t half = left / 2;
        low += (int64_t)(ids[low + half - 1] < id) * half;
        left -= half;
    }
    if (n == 0 || ids[low] != id) {
        return -1;
    }
    *hint = low;
    return low;
}

/* Objects or detections: rows with their class and image, then (row, key) by class and image. */
typedef struct keyed {
    int64_t n;
    int64_t *row;
    int32_t *category, *image;
    uint64_t *key; /* class and image, ascending */
    assay_detection_notes notes;
} keyed;

static void keyed_dispose(keyed *k)
{
    assay_free(k->row);
    assay_free(k->category);
    assay_free(k->image);
    assay_free(k->key);
    *k = (keyed){0};
}

static assay_status keyed_init(keyed *k, int64_t room, assay_error *err)
{
    *k = (keyed){.row = assay_alloc_raw((size_t)room, sizeof *k->row),
                 .category = assay_alloc_raw((size_t)room, sizeof *k->category),
                 .image = assay_alloc_raw((size_t)room, sizeof *k->image),
                 .key = assay_alloc_raw((size_t)room, sizeof *k->key)};
    return k->row != NULL && k->category != NULL && k->image != NULL && k->key != NULL
               ? ASSAY_OK
               : assay_fail_memory(err);
}

/* The last annotation with the same id stands for all that have it (COCO's index by id). */
static assay_status stand_ins(int64_t *stand_in, const assay_coco_rows *objects, int64_t *repeated,
                              assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t n = objects->n;
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_sort_order_i64(order, objects->id, n, err), done);
    for (int64_t i = n; i-- > 0;) {
        bool same = i + 1 < n && objects->id[order[i]] == objects->id[order[i + 1]];
        stand_in[order[i]] = same ? stand_in[order[i + 1]] : order[i];
        *repeated += same;
    }
done:
    assay_free(order);
    return status;
}

/* The rank of an image, -1 when it is not listed, -2 when it is outside the slice. */
static int64_t image_rank(const assay_pairing *pairing, const assay_detection *d, int64_t id,
                          int64_t *hint)
{
    int64_t image = assay_rank_of(d->image_id, d->n_images, id, hint);
    return image >= 0 && pairing->slice->images != NULL &&
                   pairing->slice->images[d->image_row[image]] == 0
               ? -2
               : image;
}

static void note_object(assay_detection_notes *notes, const assay_coco_rows *objects, int64_t row)
{
    notes->id_zero += objects->id[row] == 0;
    notes->no_crowd += (objects->has[row] & ASSAY_COCO_CROWD) == 0;
    notes->no_area += (objects->has[row] & ASSAY_COCO_AREA) == 0;
    notes->crowds += objects->crowd[row];
    notes->marked += (objects->flags[row] & (ASSAY_OBJECT_IGNORE | ASSAY_OBJECT_DIFFICULT)) != 0;
    notes->groups += (objects->flags[row] & ASSAY_OBJECT_GROUP) != 0;
    if (objects->points.count != NULL) {
        notes->no_keypoints += objects->points.visible[row] == 0 || objects->points.count[row] == 0;
    }
}

/* Masks of two sizes overlap nowhere. */
static bool has_other_size(const assay_coco_rows *rows, int64_t row, const assay_pairing *pairing,
                           int64_t image_row)
{
    int32_t height = pairing->truth->image_height[image_row];
    int32_t width = pairing->truth->image_width[image_row];
    return pairing->protocol->iou == ASSAY_IOU_MASK && (rows->has[row] & ASSAY_COCO_RUNS) != 0 &&
           height > 0 && width > 0 &&
           (rows->shapes.height[row] != height || rows->shapes.width[row] != width);
}

static bool object_extends(const assay_coco_rows *objects, int64_t row)
{
    const double *box = objects->box + 4 * row;
    return ((objects->has[row] & ASSAY_COCO_AREA) != 0 ? objects->area[row] : box[2] * box[3]) >
           0.0;
}

/* The arena is for the mask. */
static assay_status result_extends(bool *out, const assay_pairing *pairing, int64_t row,
                                   assay_arena *arena, assay_error *err)
{
    const assay_coco_rows *results = pairing->results;
    const double *box = results->box + 4 * row;
    assay_rle mask;
    *out = true;
    if (pairing->boxed) {
        *out = box[2] * box[3] > 0.0;
    } else if ((results->has[row] & ASSAY_COCO_RUNS) != 0) {
        assay_arena_reset(arena);
        ASSAY_TRY(assay_coco_mask(&mask, &results->shapes, row, arena, err));
        *out = assay_rle_area(&mask) > 0;
    }
    return ASSAY_OK;
}

static assay_status key_objects(keyed *k, const assay_detection *d, const assay_pairing *pairing,
                                assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_coco_rows *objects = &pairing->truth->objects;
    int64_t image_hint = -1;
    int64_t category_hint = -1;
    bool needed = (d->protocol.rules & ASSAY_RULE_AREA_NEEDED) != 0;
    int64_t *stand_in = assay_alloc_raw((size_t)objects->n, sizeof *stand_in);
    if (stand_in == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(stand_ins(stand_in, objects, &k->notes.repeated_ids, err), done);
    for (int64_t i = 0; i < objects->n; i++) {
        int64_t row = stand_in[i];
        bool listed =
            assay_rank_of(d->image_id, d->n_images, objects->image[i], &image_hint) >= 0 &&
            assay_rank_of(d->category_id, d->n_categories, objects->category[i], &category_hint) >=
                0;
        int64_t image = image_rank(pairing, d, objects->image[row], &image_hint);
        int64_t category =
            assay_rank_of(d->category_id, d->n_categories, objects->category[row], &category_hint);
        if (image == -2) {
            continue;
        }
        if (needed && !object_extends(objects, row)) {
            k->notes.no_extent++;
            continue;
        }
        if (!listed || image < 0 || category < 0) {
            k->notes.objects_elsewhere++;
            continue;
        }
        note_object(&k->notes, objects, row);
        k->notes.other_size += has_other_size(objects, row, pairing, d->image_row[image]);
        k->row[k->n] = row;
        k->category[k->n] = (int32_t)category;
        k->image[k->n++] = (int32_t)image;
    }
done:
    assay_free(stand_in);
    return status;
}

static assay_status key_detections(keyed *k, const assay_detection *d, const assay_pairing *pairing,
                                   const uint8_t *dropped, assay_arena *arena, assay_error *err)
{
    const assay_coco_rows *results = pairing->results;
    bool needed = (d->protocol.rules & ASSAY_RULE_AREA_NEEDED) != 0;
    int64_t image_hint = -1;
    int64_t category_hint = -1;
    for (int64_t i = 0; i < results->n; i++) {
        int64_t image = image_rank(pairing, d, results->image[i], &image_hint);
        int64_t category =
            assay_rank_of(d->category_id, d->n_categories, results->category[i], &category_hint);
        if (image == -1) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "result %" PRId64 " is for the image %" PRId64
                              ", which the truth does not list: do the two files belong together?",
                              i + 1, results->image[i]);
        }
        if (image == -2) {
            k->notes.outside++;
            continue;
        }
        k->notes.results_elsewhere += category < 0;
        if (category < 0 || (dropped != NULL && dropped[i] != 0)) {
            continue;
        }
        bool extends = true;
        if (needed) {
            ASSAY_TRY(result_extends(&extends, pairing, i, arena, err));
        }
        if (!extends) {
            k->notes.no_extent++;
            continue;
        }
        const double *box = results->box + 4 * i;
        k->notes.negative_boxes +=
            (results->has[i] & ASSAY_COCO_BOX) != 0 && (box[2] < 0.0 || box[3] < 0.0);
        k->notes.other_size += has_other_size(results, i, pairing, d->image_row[image]);
        k->notes.no_share += !(results->score[i] >= 0.0 && results->score[i] <= 1.0);
        k->row[k->n] = i;
        k->category[k->n] = (int32_t)category;
        k->image[k->n++] = (int32_t)image;
    }
    return ASSAY_OK;
}

/* Mark what is beyond the cap of its image over all classes: by falling score, then file order. */
static assay_status drop_over_cap(uint8_t *dropped, assay_detection *d,
                                  const assay_coco_rows *results, int64_t cap, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t hint = -1;
    int64_t *order = assay_alloc_raw((size_t)results->n, sizeof *order);
    int64_t *taken = assay_alloc((size_t)d->n_images, sizeof *taken);
    if (order == NULL || taken == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order(order, results->score, results->n, 1, err), done);
    for (int64_t i = 0; i < results->n; i++) {
        int64_t image = assay_rank_of(d->image_id, d->n_images, results->image[order[i]], &hint);
        if (image >= 0 && taken[image]++ >= cap) {
            dropped[order[i]] = 1;
            d->notes.over_cap++;
        }
    }
done:
    assay_free(order);
    assay_free(taken);
    return status;
}

/* order = rows by class, then image, then place in the file, and k->key: two stable counting passes. */
static assay_status order_keyed(int64_t *order, keyed *k, const assay_detection *d,
                                assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t *pass = assay_alloc_raw((size_t)k->n, sizeof *pass);
    int64_t *by_image = assay_alloc((size_t)d->n_images + 1, sizeof *by_image);
    int64_t *by_category = assay_alloc((size_t)d->n_categories + 1, sizeof *by_category);
    if (pass == NULL || by_image == NULL || by_category == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < k->n; i++) {
        by_image[k->image[i] + 1]++;
        by_category[k->category[i] + 1]++;
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        by_image[i + 1] += by_image[i];
    }
    for (int64_t i = 0; i < d->n_categories; i++) {
        by_category[i + 1] += by_category[i];
    }
    for (int64_t i = 0; i < k->n; i++) {
        pass[by_image[k->image[i]]++] = i;
    }
    for (int64_t i = 0; i < k->n; i++) {
        int64_t from = pass[i];
        int64_t to = by_category[k->category[from]]++;
        order[to] = k->row[from];
        k->key[to] = (uint64_t)k->category[from] << 32 | (uint32_t)k->image[from];
    }
done:
    assay_free(pass);
    assay_free(by_image);
    assay_free(by_category);
    return status;
}

/* Walk both side by side; without cells only counts. */
static int64_t make_cells(assay_cell *cells, const keyed *g, const keyed *t)
{
    int64_t n = 0;
    int64_t i = 0;
    int64_t j = 0;
    while (i < g->n || j < t->n) {
        uint64_t key = i == g->n || (j < t->n && t->key[j] < g->key[i]) ? t->key[j] : g->key[i];
        int64_t first_i = i;
        int64_t first_j = j;
        while (i < g->n && g->key[i] == key) {
            i++;
        }
        while (j < t->n && t->key[j] == key) {
            j++;
        }
        if (cells != NULL) {
            cells[n] = (assay_cell){.category = (int32_t)(key >> 32),
                                    .image = (int32_t)(key & UINT32_MAX),
                                    .objects = first_i,
                                    .detections = first_j,
                                    .n_objects = (int32_t)(i - first_i),
                                    .n_detections = j - first_j};
        }
        n++;
    }
    return n;
}

static bool listed_in(const assay_coco_lists *lists, int64_t image_row, int64_t category)
{
    if (lists->first == NULL) {
        return false;
    }
    for (int64_t i = lists->first[image_row]; i < lists->first[image_row + 1]; i++) {
        if (lists->ids[i] == category) {
            return true;
        }
    }
    return false;
}

/* A class counts in an image when it has objects there or is known to be absent. */
static void federate(assay_detection *d, const assay_coco_truth *truth)
{
    for (int64_t c = 0; c < d->n_cells; c++) {
        assay_cell *cell = &d->cells[c];
        int64_t image = d->image_row[cell->image];
        int64_t category = d->category_id[cell->category];
        cell->partial = listed_in(&truth->partial, image, category);
        if (cell->n_objects == 0 && !listed_in(&truth->absent, image, category)) {
            d->notes.not_judged += cell->n_detections;
            cell->n_detections = 0;
        }
    }
}

static assay_status lay_out(assay_detection *d, assay_error *err)
{
    int64_t cap = d->protocol.caps[d->protocol.n_caps - 1];
    d->cell_first = assay_alloc((size_t)d->n_categories + 1, sizeof *d->cell_first);
    d->kept_first = assay_alloc((size_t)d->n_categories + 1, sizeof *d->kept_first);
    if (d->cell_first == NULL || d->kept_first == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t c = 0; c < d->n_cells; c++) {
        assay_cell *cell = &d->cells[c];
        cell->n_kept = (int32_t)(cell->n_detections < cap ? cell->n_detections : cap);
        cell->kept = d->n_kept;
        d->n_kept += cell->n_kept;
        d->notes.over_cap += cell->n_detections - cell->n_kept;
        d->cell_first[cell->category + 1] = c + 1;
        d->kept_first[cell->category + 1] = d->n_kept;
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        if (d->cell_first[k + 1] == 0) {
            d->cell_first[k + 1] = d->cell_first[k];
            d->kept_first[k + 1] = d->kept_first[k];
        }
    }
    return ASSAY_OK;
}

static assay_status check_files(const assay_coco_truth *truth, const assay_coco_rows *results,
                                const assay_protocol *protocol, assay_error *err)
{
    if (truth->objects.n > INT32_MAX || results->n > INT32_MAX) {
        return assay_fail(err, ASSAY_ELIMIT, "more than 2^31 annotations or results");
    }
    if (truth->n_images == 0 || truth->n_categories == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "the truth lists no %s",
                          truth->n_images == 0 ? "images" : "categories");
    }
    if ((protocol->rules & ASSAY_RULE_CAP_IMAGE) != 0 && truth->absent.first == NULL) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "no image of the truth has neg_category_ids, which the convention %s needs",
            protocol->name);
    }
    return ASSAY_OK;
}

static assay_status frequencies(assay_detection *d, const assay_coco_truth *truth, assay_error *err)
{
    d->frequency = assay_alloc((size_t)d->n_categories, 1);
    if (d->frequency == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t k = 0; k < d->n_categories && truth->category_frequency != NULL; k++) {
        d->frequency[k] = truth->category_frequency[d->category_row[k]];
    }
    return ASSAY_OK;
}

static assay_status cells_of(const assay_pairing *pairing, assay_detection *d, const keyed *g,
                             const keyed *t, assay_error *err)
{
    d->n_cells = make_cells(NULL, g, t);
    d->cells = assay_alloc_raw((size_t)d->n_cells, sizeof *d->cells);
    if (d->cells == NULL) {
        return assay_fail_memory(err);
    }
    (void)make_cells(d->cells, g, t);
    if ((d->protocol.rules & ASSAY_RULE_FEDERATED) != 0 && pairing->truth->absent.first != NULL) {
        federate(d, pairing->truth);
    }
    return lay_out(d, err);
}

/* Ranks of images and categories, and which images are in the slice. */
static assay_status rank_lists(assay_detection *d, const assay_pairing *pairing, assay_error *err)
{
    const assay_coco_truth *truth = pairing->truth;
    int64_t repeated = 0;
    ASSAY_TRY(assay_rank_ids(&d->image_id, &d->image_row, &d->n_images, &d->notes.repeated_images,
                             truth->image_id, truth->n_images, err));
    ASSAY_TRY(assay_rank_ids(&d->category_id, &d->category_row, &d->n_categories, &repeated,
                             truth->category_id, truth->n_categories, err));
    d->inside = pairing->slice->images != NULL ? assay_alloc((size_t)d->n_images, 1) : NULL;
    if (pairing->slice->images != NULL && d->inside == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        bool inside =
            pairing->slice->images == NULL || pairing->slice->images[d->image_row[i]] != 0;
        d->n_inside += inside;
        if (d->inside != NULL) {
            d->inside[i] = inside;
        }
    }
    return frequencies(d, truth, err);
}

/* The two sides, which know nothing of each other. */
typedef struct siding {
    assay_pairing *pairing;
    const assay_detection *d;
    const uint8_t *dropped;
    keyed side[2]; /* objects, detections */
} siding;

static assay_status key_side(void *payload, int64_t block, int worker, assay_error *err)
{
    siding *s = payload;
    assay_pairing *pairing = s->pairing;
    keyed *k = &s->side[block];
    int64_t **order = block == 0 ? &pairing->objects : &pairing->detections;
    assay_arena *arena = NULL;
    (void)worker;
    ASSAY_TRY(keyed_init(k, block == 0 ? pairing->truth->objects.n : pairing->results->n, err));
    if (block == 0) {
        ASSAY_TRY(key_objects(k, s->d, pairing, err));
    } else {
        ASSAY_TRY(assay_arena_new(&arena, 0, err));
        assay_status status = key_detections(k, s->d, pairing, s->dropped, arena, err);
        assay_arena_free(arena);
        ASSAY_TRY(status);
    }
    *order = assay_alloc_raw((size_t)k->n, sizeof **order);
    return *order != NULL ? order_keyed(*order, k, s->d, err) : assay_fail_memory(err);
}

static void join_notes(assay_detection_notes *to, const assay_detection_notes *objects,
                       const assay_detection_notes *results)
{
    to->objects_elsewhere = objects->objects_elsewhere;
    to->repeated_ids = objects->repeated_ids;
    to->id_zero = objects->id_zero;
    to->no_crowd = objects->no_crowd;
    to->no_area = objects->no_area;
    to->crowds = objects->crowds;
    to->marked = objects->marked;
    to->groups = objects->groups;
    to->no_keypoints = objects->no_keypoints;
    to->results_elsewhere = results->results_elsewhere;
    to->negative_boxes = results->negative_boxes;
    to->outside = results->outside;
    to->no_share = results->no_share;
    to->no_extent = objects->no_extent + results->no_extent;
    to->other_size = objects->other_size + results->other_size;
}

assay_status assay_detection_pair(assay_pairing *pairing, assay_detection *d, assay_error *err)
{
    const assay_coco_truth *truth = pairing->truth;
    const assay_coco_rows *results = pairing->results;
    assay_status status = ASSAY_OK;
    siding s = {.pairing = pairing, .d = d};
    uint8_t *dropped = NULL;
    ASSAY_TRY(check_files(truth, results, &d->protocol, err));
    ASSAY_TRY(rank_lists(d, pairing, err));
    if ((d->protocol.rules & ASSAY_RULE_CAP_IMAGE) != 0) {
        dropped = assay_alloc((size_t)results->n, 1);
        if (dropped == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_GOTO(
            drop_over_cap(dropped, d, results, d->protocol.caps[d->protocol.n_caps - 1], err),
            done);
        s.dropped = dropped;
    }
    ASSAY_GOTO(assay_parallel(2, d->threads, key_side, &s, d->cancel, err), done);
    join_notes(&d->notes, &s.side[0].notes, &s.side[1].notes);
    ASSAY_GOTO(cells_of(pairing, d, &s.side[0], &s.side[1], err), done);
done:
    assay_free(dropped);
    keyed_dispose(&s.side[0]);
    keyed_dispose(&s.side[1]);
    return status;
}

void assay_pairing_dispose(assay_pairing *pairing)
{
    assay_free(pairing->objects);
    assay_free(pairing->detections);
    *pairing = (assay_pairing){0};
}
