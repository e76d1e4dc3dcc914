#include "core/detect.h"

#include <string.h>

#include "base/alloc.h"
#include "core/infer_images.h"

/* A finished batch: for every image a head, then its rows. */
typedef struct image_head {
    int32_t width, height;
    int64_t n;
    int64_t extra; /* numbers behind the rows, of each */
} image_head;

typedef struct detect_job {
    assay_model *model;
    const assay_dataset *dataset;
    assay_candidates *candidates; /* one list per worker */
    assay_infer_batch *results;   /* one per batch */
} detect_job;

static void put_rows(assay_buffer *out, const assay_candidates *list, const assay_box_map *map)
{
    image_head head = {
        .width = map->width, .height = map->height, .n = list->n, .extra = list->width};
    assay_buffer_append(out, &head, sizeof head);
    assay_buffer_append(out, list->items, (size_t)list->n * sizeof *list->items);
    for (int64_t i = 0; i < list->n && list->width > 0; i++) {
        assay_buffer_append(out, assay_candidate_extra(list, i),
                            (size_t)list->width * sizeof *list->extra);
    }
}

static assay_status detect_one(void *payload, assay_buffer *out, const assay_inferred *inferred,
                               assay_error *err)
{
    const detect_job *job = payload;
    assay_candidates *list = &job->candidates[inferred->worker];
    ASSAY_TRY(
        assay_detect_image(list, &inferred->in, &job->model->spec.detector, inferred->map, err));
    put_rows(out, list, inferred->map);
    return ASSAY_OK;
}

static size_t row_bytes(const image_head *head)
{
    return sizeof(assay_candidate) + (size_t)head->extra * sizeof(double);
}

/* A stored batch whose rows do not add up is computed again. */
static bool whole(void *payload, const uint8_t *bytes, size_t size, int64_t first, int64_t n)
{
    size_t at = 0;
    (void)payload;
    (void)first;
    for (int64_t j = 0; j < n; j++) {
        image_head head;
        if (size - at < sizeof head) {
            return false;
        }
        memcpy(&head, bytes + at, sizeof head);
        at += sizeof head;
        if (head.n < 0 || head.extra < 0 || head.extra > ASSAY_SHAPE_MOST ||
            (uint64_t)head.n > (size - at) / row_bytes(&head)) {
            return false;
        }
        at += (size_t)head.n * row_bytes(&head);
    }
    return at == size;
}

/* How many rows there are, and how many extra numbers each has. */
static void count_rows(int64_t *rows, int64_t *extra, const detect_job *job, int64_t blocks)
{
    *rows = *extra = 0;
    for (int64_t b = 0; b < blocks; b++) {
        for (size_t at = 0; at < job->results[b].size;) {
            image_head head;
            memcpy(&head, job->results[b].bytes + at, sizeof head);
            at += sizeof head + (size_t)head.n * row_bytes(&head);
            *rows += head.n;
            *extra = head.extra > *extra ? head.extra : *extra;
        }
    }
}

static void take_rows(assay_detections *d, int64_t row, const uint8_t *bytes,
                      const image_head *head)
{
    for (int64_t i = 0; i < head->n; i++, row++) {
        assay_candidate c;
        memcpy(&c, bytes + (size_t)i * sizeof c, sizeof c);
        d->box[4 * row] = c.box[0];
        d->box[4 * row + 1] = c.box[1];
        d->box[4 * row + 2] = c.box[2] - c.box[0];
        d->box[4 * row + 3] = c.box[3] - c.box[1];
        d->score[row] = c.score;
        d->label[row] = (int32_t)c.label;
        if (head->extra > 0) {
            memcpy(d->extra + row * d->width_extra,
                   bytes + (size_t)head->n * sizeof c +
                       (size_t)i * (size_t)head->extra * sizeof *d->extra,
                   (size_t)head->extra * sizeof *d->extra);
        }
    }
}

/* Rows of all batches, in order. */
static assay_status merge(assay_detections **out, const detect_job *job, int64_t blocks,
                          assay_error *err)
{
    const assay_model *model = job->model;
    int64_t rows = 0;
    int64_t extra = 0;
    count_rows(&rows, &extra, job, blocks);
    ASSAY_TRY(assay_detections_new(out, job->dataset->n, job->dataset->ids, rows,
                                   model->spec.classes, model->spec.class_names, err));
    assay_detections *d = *out;
    ASSAY_TRY(
        assay_detections_shape(d, model->spec.detector.decoder->op->decoder->shape, extra, err));
    int64_t image = 0;
    int64_t row = 0;
    for (int64_t b = 0; b < blocks; b++) {
        for (size_t at = 0; at < job->results[b].size; image++) {
            image_head head;
            memcpy(&head, job->results[b].bytes + at, sizeof head);
            d->width[image] = head.width;
            d->height[image] = head.height;
            d->first[image] = row;
            take_rows(d, row, job->results[b].bytes + at + sizeof head, &head);
            at += sizeof head + (size_t)head.n * row_bytes(&head);
            row += head.n;
        }
    }
    d->first[image] = row;
    return assay_detections_digest(d, err);
}

assay_status assay_detect(assay_detections **out, assay_model *model, const assay_dataset *dataset,
                          const assay_predict_options *options, assay_error *err)
{
    int64_t blocks = 0;
    size_t workers = (size_t)assay_infer_images_workers(model, dataset, options);
    detect_job job = {.model = model, .dataset = dataset};
    const assay_infer_images_use use = {.image = detect_one, .whole = whole, .payload = &job};
    *out = NULL;
    if (assay_model_is_segmenter(model)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "model %s gives a class per pixel, not boxes",
                          model->name);
    }
    job.candidates = assay_alloc(workers + 1, sizeof *job.candidates);
    if (job.candidates == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status =
        assay_infer_images(&job.results, &blocks, model, dataset, options, &use, err);
    if (status == ASSAY_OK) {
        status = merge(out, &job, blocks, err);
    }
    if (status != ASSAY_OK) {
        assay_detections_free(*out);
        *out = NULL;
    }
    assay_infer_batches_free(job.results, blocks);
    for (size_t w = 0; w < workers; w++) {
        assay_candidates_dispose(&job.candidates[w]);
    }
    assay_free(job.candidates);
    return status;
}
