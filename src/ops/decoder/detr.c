#include <math.h>

#include "core/op.h"
#include "ops/shared/decode.h"

typedef struct params {
    int32_t activation;
} params;

enum { SOFTMAX = 0, SIGMOID };
enum { LOGITS = 0, BOXES };

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t n = raw[LOGITS].shape[1] - (p->activation == SOFTMAX ? 1 : 0);
    return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
}

/* softmax over classes and "no object", which is the last one and never the answer. */
static assay_status softmax_row(assay_candidates *out, assay_candidate *c, const float *logits,
                                const assay_decoder_input *in, assay_error *err)
{
    int64_t all = in->classes + 1;
    double max = (double)logits[assay_decode_best(logits, all, 1)];
    double sum = 0.0;
    for (int64_t k = 0; k < all; k++) {
        sum += exp((double)logits[k] - max);
    }
    int64_t best = assay_decode_best(logits, in->classes, 1);
    c->label = best;
    c->score = exp((double)logits[best] - max) / sum;
    return c->score <= in->floor ? ASSAY_OK : assay_candidates_add(out, c, err);
}

static assay_status sigmoid_row(assay_candidates *out, assay_candidate *c, const float *logits,
                                const assay_decoder_input *in, assay_error *err)
{
    for (int32_t k = 0; k < in->classes; k++) {
        c->label = k;
        c->score = assay_decode_sigmoid((double)logits[k]);
        if (!(c->score <= in->floor)) {
            ASSAY_TRY(assay_candidates_add(out, c, err));
        }
    }
    return ASSAY_OK;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    bool softmax = p->activation == SOFTMAX;
    const assay_raw *logits = &in->raw[LOGITS];
    const int64_t wide[2] = {-1, in->classes + (softmax ? 1 : 0)};
    ASSAY_TRY(assay_decode_expect(logits, 2, wide, err));
    const int64_t four[2] = {logits->shape[0], 4};
    ASSAY_TRY(assay_decode_expect(&in->raw[BOXES], 2, four, err));
    for (int64_t q = 0; q < logits->shape[0]; q++) {
        const float *b = in->raw[BOXES].data + 4 * q;
        const float *row = logits->data + q * logits->shape[1];
        assay_candidate c = {0};
        assay_box_from_center(c.box, (double)b[0] * in->width, (double)b[1] * in->height,
                              (double)b[2] * in->width, (double)b[3] * in->height);
        ASSAY_TRY(softmax ? softmax_row(out, &c, row, in, err)
                          : sigmoid_row(out, &c, row, in, err));
    }
    return ASSAY_OK;
}

static const char *const activations[] = {"softmax", "sigmoid", NULL};

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, activation, SOFTMAX, activations,
                 "softmax: the last logit is \"no object\" (DETR); sigmoid: every class on its own "
                 "(Deformable DETR, DINO, RT-DETR)."),
};

static const assay_decoder_role roles[] = {{"logits", false, 2, false}, {"boxes", false, 2, false}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 2, .nms_iou = 0.0, .classes = classes, .decode = decode};

static const char *const examples[] = {
    "output: {decoder: detr, outputs: {logits: pred_logits, boxes: pred_boxes}}",
    "output: {decoder: {detr: {activation: sigmoid}}, max_detections: 300}", NULL};

extern const assay_op assay_op_decoder_detr;
const assay_op assay_op_decoder_detr = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "detr",
    .title = "DETR family",
    .summary = "Reads one box and class logits for each of a fixed number of queries.",
    .description =
        "Two outputs: `logits` [batch, queries, classes + 1] (or classes with sigmoid) and `boxes` "
        "[batch, queries, 4], centre x, centre y, width, height as fractions of the input.\n\n"
        "softmax: score and class are the largest probability among all but the last, \"no "
        "object\", one box for each query. sigmoid: every class of every query is a candidate; "
        "the `max_detections` best remain. Duplicates are not removed unless `nms` is declared.",
    .citation = "N. Carion et al., \"End-to-end object detection with transformers\", ECCV 2020, "
                "arXiv:2005.12872; X. Zhu et al., \"Deformable DETR\", ICLR 2021, arXiv:2010.04159",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
