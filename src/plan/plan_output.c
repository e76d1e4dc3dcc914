/* `output` of a model: scores of a classifier, how boxes come out of a detector, or classes of pixels. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan_read.h"

static const char *const scores_names[] = {NULL, "probabilities", "logits", "labels"};
static const char *const nms_names[] = {NULL, "none", "hard", "linear", "gaussian"};
static const char *const inverse_names[] = {NULL, "exact", "ultralytics"};

static assay_status read_decoder(assay_detector_spec *d, const assay_yaml *node,
                                 const assay_plan_reader *r, assay_error *err)
{
    assay_args *args = NULL;
    ASSAY_TRY(assay_plan_read_op(&args, NULL, node, ASSAY_OP_DECODER, r, err));
    assay_status status = assay_args_copy_into(&d->decoder, r->arena, args, err);
    assay_args_free(args);
    return status;
}

/* Roles of the decoder by name; a value that ends in .npy is a file beside the description. */
static assay_status read_bindings(assay_detector_spec *d, const assay_yaml *map,
                                  const assay_plan_reader *r, const char *folder, assay_error *err)
{
    const assay_decoder *decoder = d->decoder->op->decoder;
    const char *known[ASSAY_DECODER_ROLES];
    for (int32_t i = 0; i < decoder->n_roles; i++) {
        known[i] = decoder->roles[i].name;
    }
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "outputs", r->path, err));
    ASSAY_TRY(assay_yaml_check_keys(map, known, (size_t)decoder->n_roles, "outputs", r->path, err));
    for (int32_t i = 0; i < map->n; i++) {
        const char *name = NULL;
        ASSAY_TRY(assay_yaml_text(&name, map, map->keys[i], r->path, err));
        if (assay_text_ends_nocase(name, ".npy")) {
            name = assay_plan_resolve(r->arena, folder, name);
        }
        if (name == NULL) {
            return assay_fail_memory(err);
        }
        d->bindings[d->n_bindings++] = (assay_output_binding){.role = map->keys[i], .name = name};
    }
    return ASSAY_OK;
}

static assay_status read_nms(assay_detector_spec *d, const assay_yaml *output,
                             const assay_plan_reader *r, assay_error *err)
{
    static const char *const known[] = {"kind", "iou", "sigma", "across_classes"};
    const assay_yaml *node = assay_yaml_get(output, "nms");
    int kind = 0;
    if (node->kind == ASSAY_YAML_MAP) {
        ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "nms", r->path, err));
        kind = ASSAY_NMS_HARD;
        ASSAY_TRY(assay_yaml_choice(&kind, node, "kind", nms_names, ASSAY_COUNT(nms_names), r->path,
                                    err));
        ASSAY_TRY(assay_yaml_real(&d->nms.iou, node, "iou", 1e-6, 1.0, r->path, err));
        ASSAY_TRY(assay_yaml_real(&d->nms.sigma, node, "sigma", 1e-6, 1e6, r->path, err));
        ASSAY_TRY(assay_yaml_bool(&d->nms.agnostic, node, "across_classes", r->path, err));
    } else {
        ASSAY_TRY(assay_yaml_choice(&kind, output, "nms", nms_names, ASSAY_COUNT(nms_names),
                                    r->path, err));
    }
    d->nms.kind = (assay_nms_kind)kind;
    return ASSAY_OK;
}

/* What is said of boxes means nothing for a class per pixel. */
static assay_status check_map_keys(const assay_yaml *map, const assay_plan_reader *r,
                                   const assay_detector_spec *d, assay_error *err)
{
    for (int32_t i = 0; d->decoder->op->decoder->shape == ASSAY_SHAPE_MAP && i < map->n; i++) {
        if (strcmp(map->keys[i], "decoder") != 0 && strcmp(map->keys[i], "outputs") != 0) {
            return assay_yaml_fail(r->path, assay_yaml_get(map, map->keys[i]), err,
                                   "%s is for boxes; the decoder %s gives a class per pixel",
                                   map->keys[i], d->decoder->op->name);
        }
    }
    return ASSAY_OK;
}

static assay_status read_detector(assay_model_spec *spec, const assay_yaml *map,
                                  const assay_plan_reader *r, const char *folder, assay_error *err)
{
    assay_detector_spec *d = &spec->detector;
    int64_t most = 0;
    int64_t candidates = 0;
    int inverse = 0;
    bool clip = true;
    ASSAY_TRY(read_decoder(d, assay_yaml_get(map, "decoder"), r, err));
    ASSAY_TRY(check_map_keys(map, r, d, err));
    if (assay_yaml_get(map, "outputs")) {
        ASSAY_TRY(read_bindings(d, assay_yaml_get(map, "outputs"), r, folder, err));
    }
    if (assay_yaml_get(map, "nms")) {
        ASSAY_TRY(read_nms(d, map, r, err));
    }
    d->has_confidence = assay_yaml_get(map, "confidence") != NULL;
    ASSAY_TRY(assay_yaml_real(&d->confidence, map, "confidence", 0.0, 1.0, r->path, err));
    ASSAY_TRY(assay_yaml_int(&most, map, "max_detections", 1, 1000000, r->path, err));
    ASSAY_TRY(assay_yaml_int(&candidates, map, "max_candidates", 1, 10000000, r->path, err));
    ASSAY_TRY(assay_yaml_bool(&clip, map, "clip", r->path, err));
    ASSAY_TRY(assay_yaml_choice(&inverse, map, "inverse", inverse_names, ASSAY_COUNT(inverse_names),
                                r->path, err));
    d->max_detections = (int32_t)most;
    d->max_candidates = (int32_t)candidates;
    d->keep_outside = !clip;
    d->inverse = (assay_inverse)inverse;
    return ASSAY_OK;
}

assay_status assay_plan_read_output(assay_model_spec *spec, const assay_yaml *map,
                                    const assay_plan_reader *r, const char *folder,
                                    assay_error *err)
{
    static const char *const detector_keys[] = {"decoder",    "outputs",        "nms",
                                                "confidence", "max_detections", "max_candidates",
                                                "clip",       "inverse"};
    static const char *const all[] = {
        "name",       "scores", "decoder", "outputs",        "nms",
        "confidence", "clip",   "inverse", "max_detections", "max_candidates"};
    int scores = (int)spec->scores;
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "output", r->path, err));
    if (assay_yaml_get(map, "decoder")) {
        ASSAY_TRY(assay_yaml_check_keys(map, detector_keys, ASSAY_COUNT(detector_keys),
                                        "output of a detector", r->path, err));
        return read_detector(spec, map, r, folder, err);
    }
    ASSAY_TRY(assay_yaml_check_keys(map, all, ASSAY_COUNT(all), "output", r->path, err));
    for (size_t i = 1; i < ASSAY_COUNT(detector_keys); i++) {
        if (assay_yaml_get(map, detector_keys[i])) {
            return assay_yaml_fail(r->path, assay_yaml_get(map, detector_keys[i]), err,
                                   "%s is for detectors: name the decoder too, as in 'decoder: "
                                   "yolov8' (`assay describe decoder` lists all)",
                                   detector_keys[i]);
        }
    }
    ASSAY_TRY(assay_yaml_text(&spec->output, map, "name", r->path, err));
    ASSAY_TRY(assay_yaml_choice(&scores, map, "scores", scores_names, ASSAY_COUNT(scores_names),
                                r->path, err));
    spec->scores = (assay_scores_kind)scores;
    return ASSAY_OK;
}
