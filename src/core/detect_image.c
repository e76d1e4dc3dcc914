#include <math.h>

#include "base/json_write.h"
#include "core/detect.h"

static assay_status check_finite(const assay_candidates *list, assay_error *err)
{
    for (int64_t i = 0; i < list->n; i++) {
        const assay_candidate *c = &list->items[i];
        if (isnan(c->score) || isinf(c->score)) {
            return assay_fail(err, ASSAY_EFORMAT, "the model gave %g as a score", c->score);
        }
        const double *extra = assay_candidate_extra(list, i);
        for (int32_t k = 0; extra != NULL && k < list->width; k++) {
            if (isnan(extra[k]) || isinf(extra[k])) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "the model gave %g as a coordinate with a score of %g", extra[k],
                                  c->score);
            }
        }
        for (int k = 0; k < 4; k++) {
            if (isnan(c->box[k]) || isinf(c->box[k])) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "the model gave a box (%g, %g, %g, %g) with a score of %g",
                                  c->box[0], c->box[1], c->box[2], c->box[3], c->score);
            }
        }
    }
    return ASSAY_OK;
}

/* Turned boxes are not cut at the image's edge: what is left of one would be no box. */
static void map_back(const assay_candidates *list, int64_t i, assay_decoder_shape shape,
                     const assay_box_map *map, bool clip)
{
    double *box = list->items[i].box;
    double *extra = assay_candidate_extra(list, i);
    if (shape == ASSAY_SHAPE_TURNED) {
        for (int k = 0; k < 4; k++) {
            double *at = extra + 2 * (size_t)k;
            assay_point_map_back(at, map, false);
            for (int a = 0; a < 2; a++) {
                box[a] = k == 0 ? at[a] : fmin(box[a], at[a]);
                box[2 + a] = k == 0 ? at[a] : fmax(box[2 + a], at[a]);
            }
        }
        return;
    }
    assay_box_map_back(box, map, clip);
    for (int32_t k = 0; shape == ASSAY_SHAPE_KEYPOINTS && k < list->width / 3; k++) {
        assay_point_map_back(extra + 3 * (size_t)k, map, clip);
    }
}

assay_status assay_detect_image(assay_candidates *out, const assay_decoder_input *in,
                                const assay_detector_spec *spec, const assay_box_map *map,
                                assay_error *err)
{
    const assay_op *op = spec->decoder->op;
    assay_candidates_clear(out);
    assay_status status = op->decoder->decode(out, in, spec->decoder->params, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "decoder %s", op->name);
        return status;
    }
    ASSAY_TRY(check_finite(out, err));
    out->turned = op->decoder->shape == ASSAY_SHAPE_TURNED;
    ASSAY_TRY(
        assay_nms_run(out, &spec->nms, in->floor, spec->max_candidates, spec->max_detections, err));
    for (int64_t i = 0; i < out->n; i++) {
        map_back(out, i, op->decoder->shape, map, !spec->keep_outside);
    }
    return ASSAY_OK;
}

static void put_boxes(assay_json *json, const assay_detector_spec *spec)
{
    assay_json_key(json, "nms");
    assay_json_begin_object(json);
    assay_json_put_text(json, "kind", assay_nms_kind_name(spec->nms.kind));
    assay_json_put_text(json, "across_classes", spec->nms.agnostic ? "yes" : "no");
    assay_json_put_real(json, "iou", spec->nms.iou);
    assay_json_put_real(json, "sigma", spec->nms.sigma);
    assay_json_end_object(json);
    assay_json_put_real(json, "confidence", spec->confidence);
    assay_json_put_int(json, "max_detections", spec->max_detections);
    assay_json_put_int(json, "max_candidates", spec->max_candidates);
    assay_json_put_text(json, "clip", spec->keep_outside ? "no" : "yes");
    assay_json_put_text(json, "inverse",
                        spec->inverse == ASSAY_INVERSE_ULTRALYTICS ? "ultralytics" : "exact");
}

assay_status assay_detector_json(assay_buffer *out, const assay_detector_spec *spec,
                                 assay_error *err)
{
    assay_json json;
    assay_buffer args;
    assay_buffer_init(&args, 0);
    assay_status status = assay_args_json(&args, spec->decoder, err);
    if (status == ASSAY_OK) {
        assay_json_init(&json, out, 0);
        assay_json_begin_object(&json);
        assay_json_put_text(&json, "decoder", spec->decoder->op->name);
        assay_json_put_int(&json, "revision", spec->decoder->op->revision);
        assay_json_key(&json, "params");
        assay_json_raw(&json, args.data != NULL ? args.data : "{}");
        assay_json_key(&json, "outputs");
        assay_json_begin_object(&json);
        for (int32_t i = 0; i < spec->n_bindings; i++) {
            assay_json_put_text(&json, spec->bindings[i].role, spec->bindings[i].name);
        }
        assay_json_end_object(&json);
        if (spec->decoder->op->decoder->shape != ASSAY_SHAPE_MAP) {
            put_boxes(&json, spec);
        }
        assay_json_end_object(&json);
        status = assay_buffer_status(out, err);
    }
    assay_buffer_dispose(&args);
    return status;
}
