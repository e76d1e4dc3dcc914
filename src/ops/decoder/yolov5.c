#include "core/op.h"
#include "ops/shared/decode.h"

typedef struct params {
    bool multi_label;
} params;

static int32_t classes(const assay_raw *raw, const void *params_)
{
    int64_t channels = raw->shape[1];
    (void)params_;
    return channels > 5 && channels <= INT32_MAX ? (int32_t)(channels - 5) : 0;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    const assay_raw *raw = &in->raw[0];
    const int64_t shape[2] = {-1, 5 + in->classes};
    ASSAY_TRY(assay_decode_expect(raw, 2, shape, err));
    for (int64_t a = 0; a < raw->shape[0]; a++) {
        const float *row = raw->data + a * raw->shape[1];
        /* The product with a class score of at most 1 cannot be above a floor that this is not. */
        if ((double)row[4] <= in->floor) {
            continue;
        }
        assay_candidate c;
        assay_box_from_center(c.box, (double)row[0], (double)row[1], (double)row[2],
                              (double)row[3]);
        int64_t best = p->multi_label ? 0 : assay_decode_best(row + 5, in->classes, 1);
        int64_t last = p->multi_label ? in->classes - 1 : best;
        for (int64_t k = best; k <= last; k++) {
            /* One product in float32, as the author's code has it. */
            float score = row[4] * row[5 + k];
            c.score = (double)score;
            c.label = k;
            if (!(c.score <= in->floor)) {
                ASSAY_TRY(assay_candidates_add(out, &c, err));
            }
        }
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_BOOL(params, multi_label, 0,
               "Every class above the confidence floor gives a box, as in YOLOv5's val.py; "
               "otherwise the best class only, as in its detect.py."),
};

static const assay_decoder_role roles[] = {{"predictions", false, 2, false}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 1, .nms_iou = 0.6, .classes = classes, .decode = decode};

static const char *const examples[] = {
    "output: {decoder: yolov5, nms: {iou: 0.6}, confidence: 0.001, max_detections: 300}", NULL};

extern const assay_op assay_op_decoder_yolov5;
const assay_op assay_op_decoder_yolov5 = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "yolov5",
    .title = "YOLOv5 head (also YOLOv7, YOLOX with decoding inside)",
    .summary =
        "Reads the output of an exported YOLOv5: per anchor a box, how sure it is that there "
        "is an object, and one score per class.",
    .description =
        "One output, `predictions`, [batch, anchors, 5 + classes]: centre x, centre y, width, "
        "height in pixels of the input, objectness, class scores, all after the sigmoid. The score "
        "is objectness times class score (one product in float32).\n\nUnless declared otherwise "
        "duplicates are removed class by class at an IoU of 0.6, as val.py does.",
    .citation = "G. Jocher, YOLOv5 7.0 (2022), utils/general.py non_max_suppression and export.py",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
