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

assay_status assay_detect_image(assay_candidates *out, const assay_decoder_input *in,
                                const assay_detector_spec *spec, const assay_box_map *map,
                                assay_error *err)
{
    const assay_op *op = spec->decoder->op;
    out->n = 0;
    assay_status status = op->decoder->decode(out, in, spec->decoder->params, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "decoder %s", op->name);
        return status;
    }
    ASSAY_TRY(check_finite(out, err));
    ASSAY_TRY(
        assay_nms_run(out, &spec->nms, in->floor, spec->max_candidates, spec->max_detections, err));
    for (int64_t i = 0; i < out->n; i++) {
        assay_box_map_back(out->items[i].box, map, !spec->keep_outside);
    }
    return ASSAY_OK;
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
        assay_json_key(&json, "nms");
        assay_json_begin_object(&json);
        assay_json_put_text(&json, "kind", assay_nms_kind_name(spec->nms.kind));
        assay_json_put_text(&json, "across_classes", spec->nms.agnostic ? "yes" : "no");
        assay_json_put_real(&json, "iou", spec->nms.iou);
        assay_json_put_real(&json, "sigma", spec->nms.sigma);
        assay_json_end_object(&json);
        assay_json_put_real(&json, "confidence", spec->confidence);
        assay_json_put_int(&json, "max_detections", spec->max_detections);
        assay_json_put_int(&json, "max_candidates", spec->max_candidates);
        assay_json_put_text(&json, "clip", spec->keep_outside ? "no" : "yes");
        assay_json_put_text(&json, "inverse",
                            spec->inverse == ASSAY_INVERSE_ULTRALYTICS ? "ultralytics" : "exact");
        assay_json_end_object(&json);
        status = assay_buffer_status(out, err);
    }
    assay_buffer_dispose(&args);
    return status;
}
