#include <math.h>

#include "core/op.h"
#include "ops/shared/decode.h"

enum { BOX = 4, CORNERS = 8 };

typedef struct params {
    int32_t layout;
} params;

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t channels = assay_head_channels(raw, p->layout);
    return channels > BOX + 1 && channels <= INT32_MAX ? (int32_t)(channels - BOX - 1) : 0;
}

/* Corners of a box that is turned by `angle`, as Ultralytics' xywhr2xyxyxyxy has them. */
static void corners(double out[CORNERS], const double box[BOX], double angle)
{
    double c = cos(angle);
    double s = sin(angle);
    const double along[2] = {box[2] / 2.0 * c, box[2] / 2.0 * s};
    const double across[2] = {-box[3] / 2.0 * s, box[3] / 2.0 * c};
    static const int signs[4][2] = {{1, 1}, {1, -1}, {-1, -1}, {-1, 1}};
    for (int k = 0; k < 4; k++) {
        for (int a = 0; a < 2; a++) {
            out[2 * k + a] = box[a] + signs[k][0] * along[a] + signs[k][1] * across[a];
        }
    }
}

static void bounds(double out[BOX], const double xy[CORNERS])
{
    for (int a = 0; a < 2; a++) {
        out[a] = out[2 + a] = xy[a];
        for (int k = 1; k < 4; k++) {
            double value = xy[2 * k + a];
            /* written so that NaN stays, and is noticed */
            out[a] = value > out[a] ? out[a] : value;
            out[2 + a] = value < out[2 + a] ? out[2 + a] : value;
        }
    }
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    assay_head head;
    ASSAY_TRY(assay_head_open(&head, &in->raw[0], BOX + in->classes + 1, p->layout, err));
    const int64_t step = head.step;
    for (int64_t a = 0; a < head.anchors; a++) {
        const float *row = assay_head_row(&head, a);
        const double box[BOX] = {(double)row[0], (double)row[step], (double)row[2 * step],
                                 (double)row[3 * step]};
        double xy[CORNERS];
        assay_candidate c;
        c.label = assay_decode_best(row + BOX * step, in->classes, step);
        c.score = (double)row[(BOX + c.label) * step];
        if (!(c.score <= in->floor)) {
            corners(xy, box, (double)row[(BOX + in->classes) * step]);
            bounds(c.box, xy);
            ASSAY_TRY(assay_candidates_add_with(out, &c, xy, CORNERS, err));
        }
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, layout, ASSAY_HEAD_AUTO, assay_head_layouts,
                 "Where the 4 + classes + 1 channels are; auto finds out from the shape."),
};

static const assay_decoder_role roles[] = {{"predictions", false, 2, false}};

static const assay_decoder shape = {.shape = ASSAY_SHAPE_TURNED,
                                    .roles = roles,
                                    .n_roles = 1,
                                    .nms_iou = 0.7,
                                    .classes = classes,
                                    .decode = decode};

static const char *const examples[] = {
    "output: {decoder: yolov8_obb, nms: {iou: 0.7}, confidence: 0.001, max_detections: 300}", NULL};

extern const assay_op assay_op_decoder_yolov8_obb;
const assay_op assay_op_decoder_yolov8_obb = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "yolov8_obb",
    .title = "YOLOv8-OBB head (also YOLO11-OBB exports): turned boxes",
    .summary =
        "Reads the output of an exported YOLO for turned boxes: per anchor a box, one score per "
        "class and an angle.",
    .description = "One output, `predictions`, [batch, 4 + classes + 1, anchors] (or the two last "
                   "turned around): "
                   "centre x, centre y, width, height in pixels of the input, a score per class "
                   "that is already a "
                   "probability, and the angle in radians by which the box is turned (its width "
                   "lies along (cos, "
                   "sin)). Results have the four corners, and the box around them.\n\nUnless "
                   "declared otherwise "
                   "duplicates are removed class by class at an exact overlap of 0.7, each by the "
                   "best that is "
                   "kept. Ultralytics compares by ProbIoU instead, an approximation by Gaussians, "
                   "and lets boxes "
                   "that are gone remove others too: it keeps slightly other boxes.",
    .citation =
        "G. Jocher, A. Chaurasia, J. Qiu, Ultralytics YOLO 8.3, ultralytics.nn.modules.head.OBB, "
        "ultralytics.utils.ops.xywhr2xyxyxyxy, export format \"onnx\"",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
