/* Heads for detectors: which decoder's raw outputs hold the scores, and where. */
#include <string.h>

#include "api/model_cut.h"
#include "core/decoder.h"
#include "onnx/build.h"
#include "onnx/detect_head.h"
#include "onnx/head.h"

enum { MAPS = 4, YOLO5_BEFORE = 5, YOLO8_BEFORE = 4 };

typedef struct parts {
    assay_onnx_value *scores[MAPS], *boxes[MAPS];
    int32_t n, n_boxes;
} parts;

/* The output that plays a role: declared, of the same name, or the only one; NULL = none. */
static assay_onnx_value *role(const assay_cut_job *job, const char *name, bool may_be_only)
{
    const assay_detector_spec *d = &job->model->spec.detector;
    for (int32_t i = 0; i < d->n_bindings; i++) {
        if (strcmp(d->bindings[i].role, name) == 0) {
            return assay_onnx_find(job->graph, d->bindings[i].name);
        }
    }
    assay_onnx_value *same = assay_onnx_find(job->graph, name);
    if (same != NULL && same->output) {
        return same;
    }
    return may_be_only && job->graph->n_outputs == 1 ? job->graph->outputs[0] : NULL;
}

static int setting(const assay_cut_job *job, const char *name)
{
    double value = 0.0;
    (void)assay_args_get(&value, job->model->spec.detector.decoder, name);
    return (int)value;
}

static const char *decoder_of(const assay_cut_job *job)
{
    return job->model->spec.detector.decoder->op->name;
}

static assay_status add(parts *to, assay_cut_job *job, const assay_onnx_candidates *from,
                        assay_error *err)
{
    assay_onnx_value *boxes = NULL;
    if (from->raw == NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "the output with the scores was not found");
    }
    ASSAY_TRY(assay_onnx_add_candidates(&to->scores[to->n++], &boxes, job->graph, from, err));
    if (boxes != NULL) {
        to->boxes[to->n_boxes++] = boxes;
    }
    return ASSAY_OK;
}

static assay_status add_boxes(parts *to, const assay_cut_job *job, assay_error *err)
{
    assay_onnx_build b = {.graph = job->graph, .err = err};
    assay_onnx_value *boxes = role(job, "boxes", false);
    if (boxes != NULL && boxes->rank == 3 && boxes->shape[2] == 4 && to->n == 1) {
        to->boxes[to->n_boxes++] = onnx_cast(&b, boxes, ASSAY_ONNX_FLOAT);
    }
    return b.status;
}

static assay_status raw_maps(parts *to, assay_cut_job *job, const assay_onnx_candidates *plain,
                             assay_error *err)
{
    static const char *const names[MAPS] = {"map1", "map2", "map3", "map4"};
    for (int m = 0; m < MAPS; m++) {
        assay_onnx_candidates c = *plain;
        int64_t columns = YOLO5_BEFORE + c.classes;
        c.raw = role(job, names[m], m == 0);
        if (c.raw == NULL) {
            return m > 0 ? ASSAY_OK : add(to, job, &c, err);
        }
        bool channels = c.raw->rank == 4 && c.raw->shape[3] != columns;
        c.anchors = channels && c.raw->shape[1] > 0 ? (int32_t)(c.raw->shape[1] / columns) : 0;
        ASSAY_TRY(add(to, job, &c, err));
    }
    return ASSAY_OK;
}

static assay_onnx_squash squash_of(const char *decoder, int activation)
{
    static const struct {
        const char *decoder;
        assay_onnx_squash kinds[3]; /* by the decoder's choices */
    } table[] = {
        {"ssd", {ASSAY_ONNX_SQUASH_SOFTMAX, ASSAY_ONNX_SQUASH_SIGMOID, ASSAY_ONNX_SQUASH_NONE}},
        {"detr", {ASSAY_ONNX_SQUASH_SOFTMAX, ASSAY_ONNX_SQUASH_SIGMOID, ASSAY_ONNX_SQUASH_NONE}},
        {"centernet", {ASSAY_ONNX_SQUASH_NONE, ASSAY_ONNX_SQUASH_SIGMOID, ASSAY_ONNX_SQUASH_NONE}},
    };
    for (size_t i = 0; i < ASSAY_COUNT(table); i++) {
        if (strcmp(table[i].decoder, decoder) == 0) {
            return table[i].kinds[activation];
        }
    }
    return ASSAY_ONNX_SQUASH_NONE;
}

/* Where the background stands among the scores: first, last (-1: nowhere). */
static int64_t background_of(const assay_cut_job *job, const char *decoder, int64_t classes)
{
    int choice = setting(job, "background");
    if (strcmp(decoder, "ssd") == 0) {
        return choice == 0 ? 0 : choice == 1 ? classes : -1;
    }
    if (strcmp(decoder, "decoded") == 0) {
        return choice == 1 ? 0 : choice == 2 ? classes : -1;
    }
    return strcmp(decoder, "detr") == 0 && setting(job, "activation") == 0 ? classes : -1;
}

static assay_status one_output(parts *to, assay_cut_job *job, assay_onnx_candidates *c,
                               assay_error *err)
{
    const char *decoder = decoder_of(job);
    if (strcmp(decoder, "yolov5") == 0) {
        c->raw = role(job, "predictions", true);
        c->first = YOLO5_BEFORE;
        c->objectness = 4;
        c->boxes = 0;
    } else if (strcmp(decoder, "yolov8") == 0) {
        c->raw = role(job, "predictions", true);
        c->first = YOLO8_BEFORE;
        c->boxes = 0;
        int64_t columns = YOLO8_BEFORE + c->classes;
        int layout = setting(job, "layout");
        c->columns_second = layout == 1 || (layout == 0 && c->raw != NULL && c->raw->rank == 3 &&
                                            c->raw->shape[1] == columns);
    } else if (strcmp(decoder, "centernet") == 0) {
        c->raw = role(job, "heatmap", false);
        c->columns_second = setting(job, "layout") == 0;
    } else {
        c->raw = role(job, strcmp(decoder, "detr") == 0 ? "logits" : "scores", false);
    }
    return add(to, job, c, err);
}

static assay_status collect(parts *to, assay_cut_job *job, assay_error *err)
{
    const char *decoder = decoder_of(job);
    assay_onnx_candidates c = {.classes = job->model->spec.classes,
                               .objectness = -1,
                               .background = background_of(job, decoder, job->model->spec.classes),
                               .squash = squash_of(decoder, setting(job, "activation")),
                               .boxes = -1};
    bool chosen = strcmp(decoder, "decoded") == 0 &&
                  (role(job, "scores", false) == NULL || role(job, "labels", false) != NULL);
    if (chosen || strcmp(decoder, "yolov10") == 0) {
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "%s: this model has already chosen among its candidates, and a choice has "
            "no gradient: cut it at its raw heads (--output) and describe those",
            job->q->model);
    }
    if (strcmp(decoder, "yolov5_raw") == 0) {
        c.first = YOLO5_BEFORE;
        c.objectness = 4;
        c.boxes = 0;
        c.squash = ASSAY_ONNX_SQUASH_SIGMOID;
        return raw_maps(to, job, &c, err);
    }
    ASSAY_TRY(one_output(to, job, &c, err));
    return add_boxes(to, job, err);
}

static assay_status class_number(int64_t *out, const assay_cut_job *job, assay_error *err)
{
    const assay_model_spec *spec = &job->model->spec;
    *out = -1;
    for (int32_t c = 0; job->q->class_name != NULL && c < spec->classes; c++) {
        if (strcmp(spec->class_names[c], job->q->class_name) == 0) {
            *out = c;
        }
    }
    return job->q->class_name == NULL || *out >= 0
               ? ASSAY_OK
               : assay_fail(err, ASSAY_EINVAL, "%s has no class '%s'", job->q->model,
                            job->q->class_name);
}

static assay_status prepare_shift(assay_onnx_aim_request *aim, assay_cut_job *job, const parts *p,
                                  assay_error *err)
{
    if (p->n_boxes != p->n) {
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "shift needs a box beside each candidate's scores, as yolov5, yolov5_raw, "
            "yolov8, detr and ssd have it; %s does not",
            decoder_of(job));
    }
    ASSAY_TRY(assay_onnx_join_candidates(&aim->boxes, job->graph, p->boxes, p->n, err));
    return assay_onnx_add_input(&aim->reference, job->graph, "reference", ASSAY_ONNX_FLOAT, 3,
                                aim->boxes->shape, err);
}

assay_status assay_cut_detector(assay_onnx_value **out, assay_cut_job *job, int32_t head,
                                assay_error *err)
{
    parts p = {.n = 0};
    assay_onnx_value *scores = NULL;
    if (!assay_model_is_detector(job->model) || assay_model_is_segmenter(job->model)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s is described as a %s; the head %s is for detectors", job->q->model,
                          assay_model_is_detector(job->model) ? "segmentation" : "classifier",
                          job->q->head);
    }
    ASSAY_TRY(collect(&p, job, err));
    ASSAY_TRY(assay_onnx_join_candidates(&scores, job->graph, p.scores, p.n, err));
    if (head == 0) {
        return assay_onnx_add_verdict(out, job->graph, scores, job->threshold, err);
    }
    assay_onnx_aim_request aim = {
        .aim = (assay_onnx_aim)head, .scores = scores, .threshold = job->threshold};
    ASSAY_TRY(class_number(&aim.class_index, job, err));
    if (aim.aim == ASSAY_ONNX_AIM_SHIFT) {
        ASSAY_TRY(prepare_shift(&aim, job, &p, err));
    }
    return assay_onnx_add_aim(out, job->graph, &aim, err);
}
