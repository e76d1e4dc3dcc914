#include <math.h>

#include "core/op.h"
#include "ops/shared/decode.h"

typedef struct params {
    int32_t layout;
    bool multi_label;
} params;

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t channels = assay_head_channels(raw, p->layout);
    return channels > 4 && channels <= INT32_MAX ? (int32_t)(channels - 4) : 0;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    assay_head head;
    ASSAY_TRY(assay_head_open(&head, &in->raw[0], 4 + in->classes, p->layout, err));
    const int64_t step = head.step;
    for (int64_t a = 0; a < head.anchors; a++) {
        const float *row = assay_head_row(&head, a);
        const float *scores = row + 4 * step;
        assay_candidate c;
        assay_box_from_center(c.box, (double)row[0], (double)row[step], (double)row[2 * step],
                              (double)row[3 * step]);
        int64_t best = p->multi_label ? 0 : assay_decode_best(scores, in->classes, step);
        int64_t last = p->multi_label ? in->classes - 1 : best;
        for (int64_t k = best; k <= last; k++) {
            c.score = (double)scores[k * step];
            c.label = k;
            if (!(c.score <= in->floor)) {
                ASSAY_TRY(assay_candidates_add(out, &c, err));
            }
        }
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, layout, ASSAY_HEAD_AUTO, assay_head_layouts,
                 "Where the 4 + classes channels are; auto finds out from the shape."),
    ASSAY_BOOL(params, multi_label, 0,
               "Every class above the confidence floor gives a box, as in Ultralytics' val; "
               "otherwise the best class only, as in its predict."),
};

static const assay_decoder_role roles[] = {{"predictions", false, 2, false}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 1, .nms_iou = 0.7, .classes = classes, .decode = decode};

static const char *const examples[] = {
    "output: {decoder: yolov8, nms: {iou: 0.7}, confidence: 0.001, max_detections: 300}",
    "output: {decoder: {yolov8: {multi_label: true}}}", NULL};

extern const assay_op assay_op_decoder_yolov8;
const assay_op assay_op_decoder_yolov8 = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "yolov8",
    .title = "YOLOv8 head (also YOLO11, YOLOv9, YOLO-World exports)",
    .summary = "Reads the output of an exported YOLOv8: per anchor a box and one score per class.",
    .description =
        "One output, `predictions`, [batch, 4 + classes, anchors] (or the two last turned around): "
        "centre x, centre y, width, height in pixels of the input, then a score per class that is "
        "already a probability. There is no objectness. The box is (x - w/2, y - h/2, x + w/2, "
        "y + h/2).\n\nUnless declared otherwise duplicates are removed class by class at an IoU of "
        "0.7, as Ultralytics does.",
    .citation = "G. Jocher, A. Chaurasia, J. Qiu, Ultralytics YOLO 8.3, "
                "ultralytics.utils.nms.non_max_suppression and export format \"onnx\"",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
