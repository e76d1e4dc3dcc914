/* `detection:` of a plan: whose rules count, and what overlaps are measured of. */
#include <string.h>

#include "plan/plan_read.h"

/* A text, a number, or a list of them as one text with commas. */
static assay_status read_list(const char **out, const assay_yaml *map, const char *key,
                              const assay_plan_reader *r, assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);
    const char *text = NULL;
    if (node == NULL || node->kind == ASSAY_YAML_SCALAR) {
        return assay_yaml_text(out, map, key, r->path, err);
    }
    ASSAY_TRY(assay_yaml_expect(node, ASSAY_YAML_LIST, key, r->path, err));
    for (int32_t i = 0; i < node->n; i++) {
        ASSAY_TRY(assay_yaml_expect(node->values[i], ASSAY_YAML_SCALAR, key, r->path, err));
        text = text == NULL ? node->values[i]->text
                            : assay_arena_printf(r->arena, "%s,%s", text, node->values[i]->text);
        if (text == NULL) {
            return assay_fail_memory(err);
        }
    }
    *out = text != NULL ? text : "";
    return ASSAY_OK;
}

/* "small:0:1024,large:1024:inf", or {small: [0, 1024], large: [1024, inf]}. */
static assay_status read_areas(const char **out, const assay_yaml *map, const assay_plan_reader *r,
                               assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, "areas");
    const char *text = NULL;
    if (node == NULL || node->kind != ASSAY_YAML_MAP) {
        return assay_yaml_text(out, map, "areas", r->path, err);
    }
    for (int32_t i = 0; i < node->n; i++) {
        const assay_yaml *ends = node->values[i];
        if (ends->kind != ASSAY_YAML_LIST || ends->n != 2 ||
            ends->values[0]->kind != ASSAY_YAML_SCALAR ||
            ends->values[1]->kind != ASSAY_YAML_SCALAR) {
            return assay_yaml_fail(r->path, ends, err,
                                   "the range '%s' of areas must be [from, to] in square pixels, "
                                   "as [0, 1024] or [1024, inf]",
                                   node->keys[i]);
        }
        text = assay_arena_printf(r->arena, "%s%s%s:%s:%s", text != NULL ? text : "",
                                  text != NULL ? "," : "", node->keys[i], ends->values[0]->text,
                                  ends->values[1]->text);
        if (text == NULL) {
            return assay_fail_memory(err);
        }
    }
    *out = text != NULL ? text : "";
    return ASSAY_OK;
}

static assay_status read_rest(assay_plan_detection *d, const assay_yaml *map,
                              const assay_plan_reader *r, assay_error *err)
{
    const char *corners = "edges";
    const char *hierarchy = NULL;
    ASSAY_TRY(assay_yaml_text(&corners, map, "voc_corners", r->path, err));
    ASSAY_TRY(assay_yaml_text(&hierarchy, map, "hierarchy", r->path, err));
    ASSAY_TRY(assay_yaml_bool(&d->expand_predictions, map, "expand_predictions", r->path, err));
    d->voc_pixels = strcmp(corners, "pixels") == 0;
    if (!d->voc_pixels && strcmp(corners, "edges") != 0) {
        return assay_yaml_fail(r->path, assay_yaml_get(map, "voc_corners"), err,
                               "voc_corners is '%s', expected edges or pixels", corners);
    }
    if (hierarchy != NULL) {
        d->hierarchy = assay_plan_resolve(r->arena, r->plan->folder, hierarchy);
        return d->hierarchy != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    return d->expand_predictions
               ? assay_yaml_fail(r->path, assay_yaml_get(map, "expand_predictions"), err,
                                 "expand_predictions needs a hierarchy, as hierarchy: FILE")
               : ASSAY_OK;
}

assay_status assay_plan_read_detection(assay_plan_reader *r, const assay_yaml *root,
                                       assay_error *err)
{
    static const char *const known[] = {
        "iou_type", "convention", "iou",       "areas",       "max_detections",    "recalls",
        "sigmas",   "pixel",      "hierarchy", "voc_corners", "expand_predictions"};
    const assay_yaml *map = assay_yaml_get(root, "detection");
    assay_plan_detection *d = &r->plan->detection;
    assay_protocol_words *w = &d->words;
    assay_error inner = {0};

    if (map != NULL && r->plan->task != ASSAY_TASK_DETECTION) {
        return assay_yaml_fail(r->path, map, err,
                               "'detection' belongs to plans with task: detection");
    }
    if (map != NULL) {
        ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "detection", r->path, err));
        ASSAY_TRY(assay_yaml_check_keys(map, known, ASSAY_COUNT(known), "detection", r->path, err));
        ASSAY_TRY(assay_yaml_text(&w->iou_type, map, "iou_type", r->path, err));
        ASSAY_TRY(assay_yaml_text(&w->convention, map, "convention", r->path, err));
        ASSAY_TRY(read_list(&w->iou, map, "iou", r, err));
        ASSAY_TRY(read_areas(&w->areas, map, r, err));
        ASSAY_TRY(read_list(&w->max_detections, map, "max_detections", r, err));
        ASSAY_TRY(read_list(&w->recalls, map, "recalls", r, err));
        ASSAY_TRY(read_list(&w->sigmas, map, "sigmas", r, err));
        ASSAY_TRY(assay_yaml_bool(&w->pixel, map, "pixel", r->path, err));
        ASSAY_TRY(read_rest(d, map, r, err));
    }
    if (assay_protocol_of(&d->protocol, w, &inner) != ASSAY_OK) {
        return assay_yaml_fail(r->path, map, err, "detection: %s", inner.message);
    }
    d->usual = w->iou == NULL && w->areas == NULL && w->max_detections == NULL &&
               w->recalls == NULL && w->sigmas == NULL && !w->pixel && d->hierarchy == NULL &&
               strcmp(d->protocol.name, "coco") == 0;
    return ASSAY_OK;
}

assay_status assay_plan_check_detection(const assay_plan_reader *r, const assay_args *args,
                                        const assay_yaml *node, assay_error *err)
{
    const assay_plan_detection *d = &r->plan->detection;
    const char *name = args->op->name;
    if (strncmp(name, "coco_", 5) == 0 && strcmp(d->protocol.name, "coco") != 0) {
        return assay_yaml_fail(r->path, node, err,
                               "%s is COCO's, and this plan measures by the convention %s: ask for "
                               "detection_%s",
                               name, d->protocol.name, name + 5);
    }
    if (d->hierarchy != NULL &&
        (strncmp(name, "tide_", 5) == 0 || strncmp(name, "object_", 7) == 0 ||
         strcmp(name, "hallucinations_per_image") == 0)) {
        return assay_yaml_fail(r->path, node, err,
                               "%s tells classes apart, and with a hierarchy one object is of "
                               "several; leave one of the two out",
                               name);
    }
    return ASSAY_OK;
}
