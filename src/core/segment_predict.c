#include "core/segment_predict.h"

#include <string.h>

#include "base/alloc.h"
#include "codec/image_encode.h"
#include "core/infer_images.h"

typedef struct segment_job {
    const assay_model *model;
    const assay_segment_labels *labels;
    const assay_segment_sink *sink;
} segment_job;

/* The pixel format of the maps, and what pixels without a class are in it. */
static assay_pixel format_of(int32_t *none, const assay_segment_labels *labels)
{
    bool wide = labels->classes > UINT8_MAX;
    *none = wide ? UINT16_MAX : UINT8_MAX;
    return wide ? ASSAY_PIXEL_U16 : ASSAY_PIXEL_U8;
}

/* Classes of the model become labels. */
static void relabel(assay_image *image, const uint16_t *classes, const assay_segment_labels *l,
                    int32_t none)
{
    int64_t n = (int64_t)image->width * image->height;
    uint8_t *narrow = image->data;
    uint16_t *wide = image->data;
    for (int64_t i = 0; i < n; i++) {
        int32_t label = classes[i] == ASSAY_MAP_UNSEEN ? -1 : l->label[classes[i]];
        label = label < 0 ? none : label;
        if (image->type == ASSAY_PIXEL_U16) {
            wide[i] = (uint16_t)label;
        } else {
            narrow[i] = (uint8_t)label;
        }
    }
}

/* What is kept of an image is the digest of its file. */
static assay_status segment_one(void *payload, assay_buffer *out, const assay_inferred *inferred,
                                assay_error *err)
{
    const segment_job *job = payload;
    const assay_args *decoder = job->model->spec.detector.decoder;
    const assay_box_map *map = inferred->map;
    assay_image image = {0};
    char digest[ASSAY_DIGEST_HEX];
    assay_buffer png;
    assay_status status = ASSAY_OK;
    int32_t none = 0;
    assay_buffer_init(&png, 0);
    uint16_t *classes = assay_alloc_raw((size_t)map->width * (size_t)map->height, sizeof *classes);
    if (classes == NULL) {
        return assay_fail_memory(err);
    }
    status = decoder->op->decoder->map(classes, &inferred->in, map, decoder->params, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "decoder %s", decoder->op->name);
        goto done;
    }
    const assay_pixel format = format_of(&none, job->labels);
    ASSAY_GOTO(assay_image_new(&image, map->width, map->height, 1, format, err), done);
    relabel(&image, classes, job->labels, none);
    ASSAY_GOTO(assay_image_encode_png(&png, &image, err), done);
    ASSAY_GOTO(
        job->sink->save(job->sink->payload, digest, inferred->image, png.data, png.size, err),
        done);
    assay_buffer_append(out, digest, sizeof digest);
done:
    assay_image_dispose(&image);
    assay_buffer_dispose(&png);
    assay_free(classes);
    return status;
}

static bool whole(void *payload, const uint8_t *bytes, size_t size, int64_t first, int64_t n)
{
    const segment_job *job = payload;
    bool good = size == (size_t)n * ASSAY_DIGEST_HEX;
    for (int64_t i = 0; i < n && good; i++) {
        const char *digest = (const char *)bytes + i * ASSAY_DIGEST_HEX;
        good = digest[ASSAY_DIGEST_HEX - 1] == '\0' &&
               job->sink->there(job->sink->payload, first + i, digest);
    }
    return good;
}

assay_status assay_segment_predict(assay_model *model, const assay_dataset *dataset,
                                   const assay_segment_labels *labels,
                                   const assay_predict_options *options,
                                   const assay_segment_sink *sink, assay_error *err)
{
    segment_job job = {.model = model, .labels = labels, .sink = sink};
    const assay_infer_images_use use = {.image = segment_one, .whole = whole, .payload = &job};
    assay_infer_batch *batches = NULL;
    int64_t n = 0;
    if (!assay_model_is_segmenter(model)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "model %s does not give a class per pixel",
                          model->name);
    }
    assay_status status = assay_infer_images(&batches, &n, model, dataset, options, &use, err);
    assay_infer_batches_free(batches, n);
    return status;
}
