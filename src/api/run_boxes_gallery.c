/* The images on which a detector errs most, with what is there and what it says. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run_boxes.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/sort.h"
#include "codec/image_encode.h"
#include "codec/oriented.h"
#include "codec/resize.h"

enum { IMAGES = 12, LONGEST = 640, QUALITY = 82, MOST_BOXES = 200 };
static const double overlap_needed = 0.5;

/* Rows of truth and results by image, each list in the order of the file. */
typedef struct rows_of {
    int64_t *first; /* per image of the truth, and one more */
    int64_t *row;
} rows_of;

typedef struct sorting {
    assay_run *run;
    int32_t model, context;
    const assay_coco_truth *truth;
    const assay_coco_rows *results;
    const uint8_t *images;
    double threshold;
    rows_of objects, detections;
    int8_t *object_state;    /* 0 missed, 1 found, 2 crowd */
    int8_t *detection_state; /* 0 false, 1 hit, 2 ignored, -1 below the threshold */
    double *errors;          /* per image; -1 = not shown */
    bool turned;
} sorting;

static void rows_dispose(rows_of *r)
{
    assay_free(r->first);
    assay_free(r->row);
}

static int64_t place_of(const int64_t *ids, const int64_t *order, int64_t n, int64_t id)
{
    int64_t low = 0;
    int64_t high = n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (ids[order[middle]] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < n && ids[order[low]] == id ? order[low] : -1;
}

static assay_status group_rows(rows_of *out, const assay_coco_truth *truth,
                               const assay_coco_rows *rows, assay_error *err)
{
    int64_t n = truth->n_images;
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)n + 1, sizeof *order);
    int64_t *image = assay_alloc_raw((size_t)rows->n + 1, sizeof *image);
    out->first = assay_alloc((size_t)n + 2, sizeof *out->first);
    out->row = assay_alloc_raw((size_t)rows->n + 1, sizeof *out->row);
    if (order == NULL || image == NULL || out->first == NULL || out->row == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order_i64(order, truth->image_id, n, err), done);
    for (int64_t i = 0; i < rows->n; i++) {
        image[i] = place_of(truth->image_id, order, n, rows->image[i]);
        out->first[image[i] + 1] += image[i] >= 0;
    }
    /* first[0] has counted nothing; entries become ends, then starts while rows are put. */
    for (int64_t i = 0; i < n; i++) {
        out->first[i + 1] += out->first[i];
    }
    for (int64_t i = rows->n - 1; i >= 0; i--) {
        if (image[i] >= 0) {
            out->row[--out->first[image[i] + 1]] = i;
        }
    }
    /* Every entry k + 1 has moved down to its start: shift them back by one place. */
    for (int64_t i = 0; i < n; i++) {
        out->first[i] = out->first[i + 1];
    }
    out->first[n] = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        out->first[n] += image[i] >= 0;
    }
done:
    assay_free(order);
    assay_free(image);
    return status;
}

/* The four corners of a row; NULL = it has none. */
static const double *corners_of(const assay_coco_rows *rows, int64_t row)
{
    const assay_coco_shapes *s = &rows->shapes;
    if (s->first == NULL || (rows->has[row] & ASSAY_COCO_POLYGONS) == 0 || s->count[row] != 1) {
        return NULL;
    }
    const int64_t *part = s->part + s->first[row];
    return part[1] - part[0] == ASSAY_QUAD ? s->numbers + part[0] : NULL;
}

static double overlap_turned(const assay_coco_rows *a, int64_t i, const assay_coco_rows *b,
                             int64_t k, bool crowd)
{
    assay_hull hulls[2];
    const double *first = corners_of(a, i);
    const double *second = corners_of(b, k);
    if (first != NULL) {
        assay_hull_of(&hulls[0], first);
    } else {
        assay_hull_of_box(&hulls[0], a->box + 4 * i);
    }
    if (second != NULL) {
        assay_hull_of(&hulls[1], second);
    } else {
        assay_hull_of_box(&hulls[1], b->box + 4 * k);
    }
    return assay_hull_iou(&hulls[0], &hulls[1], crowd);
}

static double overlap(const double *a, const double *b, bool crowd)
{
    double w = fmin(a[0] + a[2], b[0] + b[2]) - fmax(a[0], b[0]);
    double h = fmin(a[1] + a[3], b[1] + b[3]) - fmax(a[1], b[1]);
    double both = w > 0.0 && h > 0.0 ? w * h : 0.0;
    double whole = crowd ? a[2] * a[3] : a[2] * a[3] + b[2] * b[3] - both;
    return whole > 0.0 ? both / whole : 0.0;
}

/* One detection takes the free object of its class that it overlaps most; a crowd takes any number. */
static void match_one(const sorting *s, int64_t image, int64_t detection)
{
    const assay_coco_rows *objects = &s->truth->objects;
    const double *box = s->results->box + 4 * detection;
    double best = overlap_needed;
    int64_t found = -1;
    bool crowd = false;
    for (int64_t i = s->objects.first[image]; i < s->objects.first[image + 1]; i++) {
        int64_t o = s->objects.row[i];
        if (objects->category[o] != s->results->category[detection] || s->object_state[o] == 1) {
            continue;
        }
        bool is_crowd = s->object_state[o] == 2;
        double share = overlap(box, objects->box + 4 * o, is_crowd);
        share = s->turned && share > 0.0
                    ? overlap_turned(s->results, detection, objects, o, is_crowd)
                    : share;
        if (share >= best && !(is_crowd && found >= 0)) {
            best = share;
            found = o;
            crowd = is_crowd;
        }
    }
    s->detection_state[detection] = 0;
    if (found >= 0) {
        s->detection_state[detection] = crowd ? 2 : 1;
        s->object_state[found] = crowd ? 2 : 1;
    }
}

static const char *class_of(const assay_coco_truth *truth, int64_t category)
{
    for (int64_t k = 0; k < truth->n_categories; k++) {
        if (truth->category_id[k] == category) {
            return truth->category_name[k];
        }
    }
    return NULL;
}

static assay_status match_image(const sorting *s, int64_t image, assay_error *err)
{
    int64_t first = s->detections.first[image];
    int64_t n = s->detections.first[image + 1] - first;
    double *score = assay_alloc_raw((size_t)n + 1, sizeof *score);
    int64_t *order = assay_alloc_raw((size_t)n + 1, sizeof *order);
    assay_status status = score != NULL && order != NULL ? ASSAY_OK : assay_fail_memory(err);
    for (int64_t i = 0; status == ASSAY_OK && i < n; i++) {
        score[i] = s->results->score[s->detections.row[first + i]];
    }
    if (status == ASSAY_OK) {
        status = assay_sort_order(order, score, n, 1, err);
    }
    int64_t wrong = 0;
    for (int64_t i = 0; status == ASSAY_OK && i < n && score[order[i]] >= s->threshold; i++) {
        int64_t d = s->detections.row[first + order[i]];
        if (class_of(s->truth, s->results->category[d]) == NULL) {
            continue; /* a class that nobody has annotated counts neither way */
        }
        match_one(s, image, d);
        wrong += s->detection_state[d] == 0;
    }
    for (int64_t i = s->objects.first[image]; i < s->objects.first[image + 1]; i++) {
        wrong += s->object_state[s->objects.row[i]] == 0;
    }
    s->errors[image] = wrong > 0 ? (double)wrong : -1.0;
    assay_free(score);
    assay_free(order);
    return status;
}

static void put_box(assay_gallery *g, const sorting *s, bool truth, int64_t row)
{
    static const char *const object_words[] = {"missed", "found", "crowd"};
    static const char *const detection_words[] = {"false", "hit", "ignored"};
    const assay_coco_rows *rows = truth ? &s->truth->objects : s->results;
    int state = truth ? s->object_state[row] : s->detection_state[row];
    const char *name = class_of(s->truth, rows->category[row]);
    g->missed += truth && state == 0;
    g->alarms += !truth && state == 0;
    if (g->n_boxes >= MOST_BOXES) {
        return;
    }
    assay_gallery_box *b = &g->boxes[g->n_boxes++];
    *b = (assay_gallery_box){.role = truth ? "truth" : "prediction",
                             .state = truth ? object_words[state] : detection_words[state],
                             .class_name = name != NULL ? name : "?",
                             .score = truth ? (double)NAN : rows->score[row]};
    memcpy(b->box, rows->box + 4 * row, sizeof b->box);
    const double *corners = s->turned ? corners_of(rows, row) : NULL;
    b->turned = corners != NULL;
    if (corners != NULL) {
        memcpy(b->corners, corners, sizeof b->corners);
    }
}

/* The picture as JPEG of at most LONGEST pixels a side; photographs as PNG would fill the report. */
static assay_status to_uri(const char **out, assay_run *run, const assay_image *image,
                           assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image rgb = {0};
    assay_image bytes = {0};
    assay_image small = {0};
    const assay_image *chosen = &rgb;
    assay_buffer jpeg;
    assay_buffer uri;
    assay_buffer_init(&jpeg, 0);
    assay_buffer_init(&uri, 0);
    ASSAY_GOTO(assay_image_to_u8(&bytes, image, err), done);
    ASSAY_GOTO(assay_image_to_rgb(&rgb, &bytes, err), done);
    int32_t longest = rgb.width > rgb.height ? rgb.width : rgb.height;
    if (longest > LONGEST) {
        int64_t width = ((int64_t)rgb.width * LONGEST + longest / 2) / longest;
        int64_t height = ((int64_t)rgb.height * LONGEST + longest / 2) / longest;
        ASSAY_GOTO(assay_image_resize(&small, &rgb, (int32_t)(width < 1 ? 1 : width),
                                      (int32_t)(height < 1 ? 1 : height),
                                      ASSAY_RESIZE_PILLOW_BILINEAR, err),
                   done);
        chosen = &small;
    }
    ASSAY_GOTO(assay_image_encode_jpeg(&jpeg, chosen, QUALITY, err), done);
    assay_buffer_puts(&uri, "data:image/jpeg;base64,");
    assay_base64_append(&uri, jpeg.data, jpeg.size);
    ASSAY_GOTO(assay_buffer_status(&uri, err), done);
    *out = assay_arena_strdup(run->arena, uri.data);
    status = *out != NULL ? ASSAY_OK : assay_fail_memory(err);
done:
    assay_image_dispose(&rgb);
    assay_image_dispose(&bytes);
    assay_image_dispose(&small);
    assay_buffer_dispose(&jpeg);
    assay_buffer_dispose(&uri);
    return status;
}

/* Datum of the data set that shows an image of the truth; -1 = it was left out. */
static int64_t datum_of(const assay_run *run, int32_t data, int64_t image)
{
    const int64_t *row = run->boxes->truth[data].row;
    for (int64_t i = 0; i < run->data[data]->n; i++) {
        if (row[i] == image) {
            return i;
        }
    }
    return -1;
}

static assay_status show_image(const sorting *s, int64_t image, assay_error *err)
{
    assay_run *run = s->run;
    assay_run_boxes *boxes = run->boxes;
    int32_t data = run->plan->contexts[s->context].data;
    int64_t datum = datum_of(run, data, image);
    int64_t objects = s->objects.first[image + 1] - s->objects.first[image];
    int64_t detections = s->detections.first[image + 1] - s->detections.first[image];
    assay_image picture = {0};
    if (datum < 0) {
        return ASSAY_OK;
    }
    assay_gallery *list = assay_run_grow(run, boxes->gallery, boxes->n_gallery,
                                         &boxes->capacity_gallery, sizeof *list);
    size_t room = (size_t)(objects + detections < MOST_BOXES ? objects + detections : MOST_BOXES);
    assay_gallery_box *items = assay_arena_alloc(run->arena, room + 1, sizeof *items);
    if (list == NULL || items == NULL) {
        return assay_fail_memory(err);
    }
    boxes->gallery = list;
    assay_gallery *g = &list[boxes->n_gallery++];
    *g = (assay_gallery){.model = s->model,
                         .context = s->context,
                         .id = run->data[data]->ids[datum],
                         .threshold = s->threshold,
                         .boxes = items};
    for (int64_t i = 0; i < objects; i++) {
        put_box(g, s, true, s->objects.row[s->objects.first[image] + i]);
    }
    for (int64_t i = 0; i < detections; i++) {
        int64_t d = s->detections.row[s->detections.first[image] + i];
        if (s->detection_state[d] >= 0) {
            put_box(g, s, false, d);
        }
    }
    ASSAY_TRY(assay_dataset_image(run->data[data], datum, &picture, err));
    g->width = picture.width;
    g->height = picture.height;
    assay_status status = to_uri(&g->image, run, &picture, err);
    assay_image_dispose(&picture);
    return status;
}

static assay_status show_worst(const sorting *s, assay_error *err)
{
    int64_t n = s->truth->n_images;
    int64_t *order = assay_alloc_raw((size_t)n + 1, sizeof *order);
    assay_status status =
        order != NULL ? assay_sort_order(order, s->errors, n, 1, err) : assay_fail_memory(err);
    for (int64_t i = 0, shown = 0; status == ASSAY_OK && i < n && shown < IMAGES; i++) {
        if (s->errors[order[i]] > 0.0) {
            status = show_image(s, order[i], err);
            shown++;
        }
    }
    assay_free(order);
    return status;
}

assay_status assay_run_boxes_gallery(assay_run *run, int32_t model, int32_t context,
                                     const assay_coco_rows *results, const uint8_t *images,
                                     double threshold, assay_error *err)
{
    int32_t data = run->plan->contexts[context].data;
    const assay_coco_truth *truth = run->boxes->truth[data].truth;
    assay_status status = ASSAY_OK;
    sorting s = {.run = run,
                 .model = model,
                 .context = context,
                 .truth = truth,
                 .results = results,
                 .images = images,
                 .threshold = threshold,
                 .turned = run->plan->detection.protocol.iou == ASSAY_IOU_ORIENTED};
    if (run->data[data] == NULL || isnan(threshold)) {
        return ASSAY_OK;
    }
    s.object_state = assay_alloc((size_t)truth->objects.n + 1, sizeof *s.object_state);
    s.detection_state = assay_alloc((size_t)results->n + 1, sizeof *s.detection_state);
    s.errors = assay_alloc((size_t)truth->n_images + 1, sizeof *s.errors);
    if (s.object_state == NULL || s.detection_state == NULL || s.errors == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(group_rows(&s.objects, truth, &truth->objects, err), done);
    ASSAY_GOTO(group_rows(&s.detections, truth, results, err), done);
    memset(s.detection_state, -1, (size_t)results->n * sizeof *s.detection_state);
    for (int64_t i = 0; i < truth->objects.n; i++) {
        s.object_state[i] = truth->objects.crowd[i] != 0 ? 2 : 0;
    }
    for (int64_t i = 0; i < truth->n_images; i++) {
        s.errors[i] = -1.0;
        if (images == NULL || images[i] != 0) {
            ASSAY_GOTO(match_image(&s, i, err), done);
        }
    }
    status = show_worst(&s, err);
done:
    rows_dispose(&s.objects);
    rows_dispose(&s.detections);
    assay_free(s.object_state);
    assay_free(s.detection_state);
    assay_free(s.errors);
    return status;
}
