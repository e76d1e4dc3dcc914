#include "api/detection_inputs.h"

#include <string.h>

#include "adapters/filesystem/file.h"
#include "api/result_parts.h"
#include "base/alloc.h"

typedef struct reading {
    const assay_evaluate_request *request;
    assay_detection_inputs *inputs;
    assay_annotation_options truth, results;
    bool truth_is_file, results_alone; /* COCO files: results need no truth, digests no reading */
    bool digests;
    assay_coco_options coco;  /* of the results */
    assay_result_parts parts; /* of results alone; none = read in one piece */
    char truth_digest[ASSAY_DIGEST_HEX], results_digest[ASSAY_DIGEST_HEX];
} reading;

static assay_status read_results(reading *r, assay_error *err)
{
    return assay_annotations_results(&r->inputs->results, &r->inputs->results_notes,
                                     r->request->predictions, r->inputs->truth, &r->results, err);
}

/* The results are read in parts when there are any; then come the digests, which can wait. */
static assay_status read_one(void *payload, int64_t block, int worker, assay_error *err)
{
    reading *r = payload;
    int64_t parts = r->parts.n > 0 ? r->parts.n : 1;
    (void)worker;
    if (block == 0) {
        return assay_annotations_truth(&r->inputs->truth, &r->inputs->truth_notes,
                                       r->request->truth, &r->truth, err);
    }
    if (block <= parts && r->parts.n > 0) {
        return assay_result_parts_read(&r->parts, (int)block - 1, &r->coco, err);
    }
    if (block <= parts) {
        return r->results_alone ? read_results(r, err) : ASSAY_OK;
    }
    if (block == parts + 1) {
        return r->results_alone ? assay_file_digest(r->results_digest, r->request->predictions, err)
                                : ASSAY_OK;
    }
    return r->truth_is_file ? assay_file_digest(r->truth_digest, r->request->truth, err) : ASSAY_OK;
}

/* Truth, results and digests at once. */
static assay_status read_all(reading *r, const assay_context *context, assay_error *err)
{
    assay_coco_rows *rows = NULL;
    if (r->results_alone) {
        ASSAY_TRY(assay_result_parts_plan(&r->parts, r->request->predictions, err));
    }
    r->coco = assay_annotation_coco_options(&r->results);
    bool parts = r->parts.n > 0;
    int64_t blocks = 1 + (parts ? r->parts.n : 1) + (r->digests ? 2 : 0);
    assay_status status =
        assay_parallel(blocks, context->threads, read_one, r, &context->cancel, err);
    if (status == ASSAY_OK && parts) {
        status = assay_result_parts_join(&rows, &r->parts, &r->coco, err);
    }
    if (status == ASSAY_OK && (parts || !r->results_alone)) {
        r->results.rows = &rows;
        status = read_results(r, err);
    }
    assay_coco_results_free(rows);
    assay_result_parts_dispose(&r->parts);
    return status;
}

static assay_status is_coco(bool *out, const char *path, const char *format, assay_error *err)
{
    int found = 0;
    *out = format != NULL && strcmp(format, "coco") == 0;
    if (format == NULL && assay_file_kind(path) == 1) {
        ASSAY_TRY(assay_annotation_sniff(&found, path, err));
        *out = found == ASSAY_ANNOTATIONS_COCO;
    }
    return ASSAY_OK;
}

enum { MOST_HIERARCHY = 1 << 26 };

/* Objects, and if wanted results, are of every broader class too. */
static assay_status expand(assay_detection_inputs *out, const assay_evaluate_request *request,
                           assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_hierarchy *h = NULL;
    ASSAY_TRY(assay_file_read(&bytes, &size, request->hierarchy, MOST_HIERARCHY, err));
    assay_status status = assay_hierarchy_read(&h, (const char *)bytes, size, err);
    if (status == ASSAY_OK) {
        out->hierarchy_classes = assay_hierarchy_size(h);
        status = assay_digest_bytes(out->hierarchy_digest, bytes, size, err);
    }
    if (status == ASSAY_OK) {
        status = assay_hierarchy_expand_truth(&out->expansion, out->truth, h, err);
    }
    if (status == ASSAY_OK && request->expand_predictions != 0) {
        status = assay_hierarchy_expand_results(&out->expansion, out->results, out->truth, h, err);
    }
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", request->hierarchy);
    }
    assay_hierarchy_free(h);
    assay_free(bytes);
    return status;
}

assay_status assay_detection_inputs_read(assay_detection_inputs *out, assay_context *context,
                                         const assay_evaluate_request *request, assay_iou_type iou,
                                         bool digests, assay_error *err)
{
    reading r = {.request = request, .inputs = out, .digests = digests};
    *out = (assay_detection_inputs){0};
    bool pixels = request->voc_corners != NULL && strcmp(request->voc_corners, "pixels") == 0;
    if (request->expand_predictions != 0 && request->hierarchy == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "--expand-predictions needs --hierarchy FILE");
    }
    if (request->voc_corners != NULL && !pixels && strcmp(request->voc_corners, "edges") != 0) {
        return assay_fail(err, ASSAY_EINVAL, "the VOC corners are '%s', expected edges or pixels",
                          request->voc_corners);
    }
    ASSAY_TRY(is_coco(&r.truth_is_file, request->truth, request->truth_format, err));
    ASSAY_TRY(is_coco(&r.results_alone, request->predictions, request->predictions_format, err));
    r.truth =
        (assay_annotation_options){.format = request->truth_format,
                                   .images = request->images,
                                   .split = request->split,
                                   .columns = request->columns,
                                   .corners = pixels ? ASSAY_VOC_PIXELS : ASSAY_VOC_EDGES,
                                   .masks = iou == ASSAY_IOU_MASK || iou == ASSAY_IOU_ORIENTED,
                                   .keypoints = iou == ASSAY_IOU_KEYPOINTS,
                                   .extras = request->where != NULL || request->cluster != NULL,
                                   .for_evaluation = true,
                                   .digest = digests && !r.truth_is_file};
    r.results = r.truth;
    r.results.format = request->predictions_format;
    r.results.images = NULL;
    r.results.digest = digests && !r.results_alone;
    assay_status status = read_all(&r, context, err);
    if (status == ASSAY_OK && request->hierarchy != NULL) {
        status = expand(out, request, err);
    }
    if (status != ASSAY_OK) {
        assay_detection_inputs_dispose(out);
        return status;
    }
    if (r.truth_is_file) {
        memcpy(out->truth_notes.digest, r.truth_digest, sizeof r.truth_digest);
    }
    if (r.results_alone) {
        memcpy(out->results_notes.digest, r.results_digest, sizeof r.results_digest);
    }
    return ASSAY_OK;
}

void assay_detection_inputs_dispose(assay_detection_inputs *inputs)
{
    assay_coco_truth_free(inputs->truth);
    assay_coco_results_free(inputs->results);
    *inputs = (assay_detection_inputs){0};
}

int assay_detection_input_remarks(const char *texts[ASSAY_INPUT_REMARKS],
                                  int64_t counts[ASSAY_INPUT_REMARKS],
                                  const assay_detection_inputs *inputs)
{
    const assay_annotation_notes *t = &inputs->truth_notes;
    const assay_expansion *e = &inputs->expansion;
    const struct {
        int64_t count;
        const char *text;
    } all[] = {{t->bare_images, "images without an annotation file: they have no objects"},
               {t->orphans, "annotation files without an image: left out"},
               {t->other_shapes, "shapes of the truth are points or lines: left out"},
               {e->objects, "objects were added: those of narrower classes are of the broader ones "
                            "too (--hierarchy)"},
               {e->results, "results were added for broader classes (--expand-predictions)"},
               {e->absences, "classes were added to what is known to be absent from an image: the "
                             "narrower ones"},
               {e->strange, "classes of the truth are not in the hierarchy: they have no broader "
                            "ones"}};
    int n = 0;
    for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
        if (all[i].count > 0) {
            counts[n] = all[i].count;
            texts[n++] = all[i].text;
        }
    }
    return n;
}
