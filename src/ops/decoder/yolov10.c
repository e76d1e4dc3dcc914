#include "core/op.h"
#include "ops/shared/decode.h"

static int32_t classes(const assay_raw *raw, const void *params)
{
    (void)raw;
    (void)params;
    return 0;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in, const void *params,
                           assay_error *err)
{
    const assay_raw *raw = &in->raw[0];
    const int64_t shape[2] = {-1, 6};
    (void)params;
    ASSAY_TRY(assay_decode_expect(raw, 2, shape, err));
    for (int64_t a = 0; a < raw->shape[0]; a++) {
        const float *row = raw->data + a * 6;
        assay_candidate c = {
            .box = {(double)row[0], (double)row[1], (double)row[2], (double)row[3]},
            .score = (double)row[4]};
        if (c.score <= in->floor) {
            continue;
        }
        if (!(row[5] >= 0.0F && row[5] < (float)in->classes)) {
            return assay_decode_misfit(raw, err, "row %lld has the class %g of %d", (long long)a,
                                       (double)row[5], in->classes);
        }
        c.label = (int64_t)row[5];
        ASSAY_TRY(assay_candidates_add(out, &c, err));
    }
    return ASSAY_OK;
}

static const assay_decoder_role roles[] = {{"predictions", false, 2, false}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 1, .nms_iou = 0.0, .classes = classes, .decode = decode};

static const char *const examples[] = {
    "output: {decoder: yolov10, confidence: 0.001, max_detections: 300}", NULL};

extern const assay_op assay_op_decoder_yolov10;
const assay_op assay_op_decoder_yolov10 = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "yolov10",
    .title = "YOLOv10 and other end-to-end exports",
    .summary = "Reads final boxes of six numbers each: corners, score, class.",
    .description =
        "One output, `predictions`, [batch, boxes, 6]: x1, y1, x2, y2 in pixels of the input, "
        "score, class. The model has already chosen; duplicates are not removed unless `nms` is "
        "declared. YOLO exports with `nms=True` have this form too; rows with a score of 0 are "
        "filling.\n\nThe class names must be declared: the shape does not tell how many there are.",
    .citation = "A. Wang et al., \"YOLOv10: Real-time end-to-end object detection\", NeurIPS 2024, "
                "arXiv:2405.14458; Ultralytics 8.3 export format \"onnx\"",
    .since = "0.1.0",
    .examples = examples,
    .decoder = &shape,
};
