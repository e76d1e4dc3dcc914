#include "core/op.h"
#include "ops/shared/decode.h"

enum { BOX = 4, MOST = ASSAY_SHAPE_MOST / 3 };

typedef struct params {
    int64_t keypoints;
    bool confidence;
    int32_t layout;
} params;

static int64_t numbers_of(const params *p)
{
    return p->keypoints * (p->confidence ? 3 : 2);
}

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t channels = assay_head_channels(raw, p->layout) - BOX - numbers_of(p);
    return channels > 0 && channels <= INT32_MAX ? (int32_t)channels : 0;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    assay_head head;
    ASSAY_TRY(
        assay_head_open(&head, &in->raw[0], BOX + in->classes + numbers_of(p), p->layout, err));
    const int64_t step = head.step;
    int64_t parts = p->confidence ? 3 : 2;
    for (int64_t a = 0; a < head.anchors; a++) {
        const float *row = assay_head_row(&head, a);
        double points[3 * MOST];
        assay_candidate c;
        c.label = assay_decode_best(row + BOX * step, in->classes, step);
        c.score = (double)row[(BOX + c.label) * step];
        if (c.score <= in->floor) {
            continue;
        }
        assay_box_from_center(c.box, (double)row[0], (double)row[step], (double)row[2 * step],
                              (double)row[3 * step]);
        for (int64_t k = 0; k < p->keypoints; k++) {
            const float *at = row + (BOX + in->classes + parts * k) * step;
            points[3 * k] = (double)at[0];
            points[3 * k + 1] = (double)at[step];
            points[3 * k + 2] = p->confidence ? (double)at[2 * step] : 1.0;
        }
        ASSAY_TRY(assay_candidates_add_with(out, &c, points, (int32_t)(3 * p->keypoints), err));
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, keypoints, 17, 1, MOST, "keypoints", "How many keypoints a box has."),
    ASSAY_BOOL(params, confidence, 1, "Every keypoint has a confidence behind its place."),
    ASSAY_CHOICE(params, layout, ASSAY_HEAD_AUTO, assay_head_layouts,
                 "Where the channels are; auto finds out from the shape."),
};

static const assay_decoder_role roles[] = {{"predictions", false, 2, false}};

static const assay_decoder shape = {.shape = ASSAY_SHAPE_KEYPOINTS,
                                    .roles = roles,
                                    .n_roles = 1,
                                    .nms_iou = 0.7,
                                    .classes = classes,
                                    .decode = decode};

static const char *const examples[] = {
    "output: {decoder: yolov8_pose, nms: {iou: 0.7}, confidence: 0.001, max_detections: 300}",
    "output: {decoder: {yolov8_pose: {keypoints: 21, confidence: false}}}", NULL};

extern const assay_op assay_op_decoder_yolov8_pose;
const assay_op assay_op_decoder_yolov8_pose = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "yolov8_pose",
    .title = "YOLOv8-pose head (also YOLO11-pose exports): keypoints",
    .summary =
        "Reads the output of an exported YOLO for poses: per anchor a box, one score per class and "
        "the keypoints.",
    .description =
        "One output, `predictions`, [batch, 4 + classes + 3 keypoints, anchors] (or the two last "
        "turned "
        "around): centre x, centre y, width, height in pixels of the input, a score per class that "
        "is "
        "already a probability, then x, y (pixels of the input) and confidence of every keypoint. "
        "Results have the keypoints as COCO writes them, with the confidence in the place of the "
        "visibility, which evaluation does not look at. Without `clip: false` keypoints are moved "
        "to "
        "the edge of the image, as Ultralytics does.\n\nDuplicates are removed by their boxes, "
        "class by "
        "class at an IoU of 0.7 unless declared otherwise.",
    .citation =
        "G. Jocher, A. Chaurasia, J. Qiu, Ultralytics YOLO 8.3, ultralytics.nn.modules.head.Pose, "
        "ultralytics.utils.ops.scale_coords, export format \"onnx\"",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
