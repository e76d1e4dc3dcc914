#include <math.h>

#include "core/op.h"
#include "ops/shared/decode.h"

typedef struct params {
    int32_t coding;
    int32_t activation;
    int32_t background;
    int32_t prior_format;
    bool prior_normalised;
    double center_variance;
    double size_variance;
    double size_limit;
} params;

enum { DELTAS = 0, XYXY, CXCYWH };
enum { SOFTMAX = 0, SIGMOID, NONE };
enum { FIRST = 0, LAST, ABSENT };
enum { BOXES = 0, SCORES, PRIORS };

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t n = raw[SCORES].shape[1] - (p->background == ABSENT ? 0 : 1);
    return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
}

/* Centre and size of a prior, in pixels of the input. */
static void prior_of(double out[4], const float *row, const assay_decoder_input *in,
                     const params *p)
{
    double unit_x = p->prior_normalised ? in->width : 1.0;
    double unit_y = p->prior_normalised ? in->height : 1.0;
    double a = (double)row[0] * unit_x;
    double b = (double)row[1] * unit_y;
    double c = (double)row[2] * unit_x;
    double d = (double)row[3] * unit_y;
    bool corners = p->prior_format == 0;
    out[0] = corners ? a + 0.5 * (c - a) : a;
    out[1] = corners ? b + 0.5 * (d - b) : b;
    out[2] = corners ? c - a : c;
    out[3] = corners ? d - b : d;
}

static void box_of(double box[4], const float *row, const float *prior,
                   const assay_decoder_input *in, const params *p)
{
    double at[4];
    if (p->coding == XYXY) {
        for (int i = 0; i < 4; i++) {
            box[i] = (double)row[i] *
                     (p->prior_normalised ? (i % 2 == 0 ? in->width : in->height) : 1.0);
        }
        return;
    }
    if (p->coding == CXCYWH) {
        double x = p->prior_normalised ? in->width : 1.0;
        double y = p->prior_normalised ? in->height : 1.0;
        assay_box_from_center(box, (double)row[0] * x, (double)row[1] * y, (double)row[2] * x,
                              (double)row[3] * y);
        return;
    }
    prior_of(at, prior, in, p);
    double dw = (double)row[2] * p->size_variance;
    double dh = (double)row[3] * p->size_variance;
    assay_box_from_center(box, (double)row[0] * p->center_variance * at[2] + at[0],
                          (double)row[1] * p->center_variance * at[3] + at[1],
                          exp(dw > p->size_limit ? p->size_limit : dw) * at[2],
                          exp(dh > p->size_limit ? p->size_limit : dh) * at[3]);
}

static double score_of(const float *row, int64_t k, double max, double sum, int32_t activation)
{
    double x = (double)row[k];
    return activation == SOFTMAX   ? exp(x - max) / sum
           : activation == SIGMOID ? assay_decode_sigmoid(x)
                                   : x;
}

static assay_status check(const assay_decoder_input *in, const params *p, assay_error *err)
{
    const assay_raw *boxes = &in->raw[BOXES];
    const int64_t four[2] = {-1, 4};
    ASSAY_TRY(assay_decode_expect(boxes, 2, four, err));
    const int64_t wide[2] = {boxes->shape[0], in->classes + (p->background == ABSENT ? 0 : 1)};
    ASSAY_TRY(assay_decode_expect(&in->raw[SCORES], 2, wide, err));
    if (p->coding != DELTAS) {
        return ASSAY_OK;
    }
    if (in->raw[PRIORS].data == NULL) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the boxes are declared as deltas, but there are no priors: declare "
                          "outputs: {priors: NAME or file.npy}, or coding: xyxy when the model has "
                          "decoded them");
    }
    const int64_t same[2] = {boxes->shape[0], 4};
    return assay_decode_expect(&in->raw[PRIORS], 2, same, err);
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    ASSAY_TRY(check(in, p, err));
    const assay_raw *scores = &in->raw[SCORES];
    int64_t all = scores->shape[1];
    int64_t first = p->background == FIRST ? 1 : 0;
    for (int64_t a = 0; a < scores->shape[0]; a++) {
        const float *row = scores->data + a * all;
        double max = (double)row[assay_decode_best(row, all, 1)];
        double sum = 0.0;
        for (int64_t k = 0; k < all && p->activation == SOFTMAX; k++) {
            sum += exp((double)row[k] - max);
        }
        assay_candidate c = {0};
        bool has_box = false;
        for (int64_t k = 0; k < in->classes; k++) {
            c.score = score_of(row, first + k, max, sum, p->activation);
            if (c.score <= in->floor) {
                continue;
            }
            if (!has_box) {
                box_of(c.box, in->raw[BOXES].data + 4 * a,
                       p->coding == DELTAS ? in->raw[PRIORS].data + 4 * a : NULL, in, p);
                has_box = true;
            }
            c.label = k;
            ASSAY_TRY(assay_candidates_add(out, &c, err));
        }
    }
    return ASSAY_OK;
}

static const char *const codings[] = {"deltas", "xyxy", "cxcywh", NULL};
static const char *const activations[] = {"softmax", "sigmoid", "none", NULL};
static const char *const backgrounds[] = {"first", "last", "absent", NULL};
static const char *const formats[] = {"xyxy", "cxcywh", NULL};

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, coding, DELTAS, codings,
                 "What the boxes are: differences from the priors, or boxes already decoded."),
    ASSAY_CHOICE(params, activation, SOFTMAX, activations,
                 "What still has to be applied to the scores."),
    ASSAY_CHOICE(params, background, FIRST, backgrounds,
                 "Which score is the background's; absent: there is none."),
    ASSAY_CHOICE(params, prior_format, 0, formats, "How the priors are written."),
    ASSAY_BOOL(params, prior_normalised, 0,
               "Priors and decoded boxes are fractions of the input, not pixels."),
    ASSAY_REAL(params, center_variance, 0.1, 1e-6, 1e6, "",
               "Differences of the centre are multiplied by this (1 / weight)."),
    ASSAY_REAL(params, size_variance, 0.2, 1e-6, 1e6, "",
               "Logarithms of the size are multiplied by this (1 / weight)."),
    ASSAY_REAL(params, size_limit, 4.135166556742356, 0.0, 100.0, "",
               "Logarithms of the size are cut to this; log(1000 / 16) in torchvision."),
};

static const assay_decoder_role roles[] = {
    {"boxes", false, 2, false}, {"scores", false, 2, false}, {"priors", true, 2, true}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 3, .nms_iou = 0.45, .classes = classes, .decode = decode};

static const char *const examples[] = {
    "output: {decoder: ssd, outputs: {boxes: bbox_regression, scores: cls_logits, priors: "
    "priors.npy}, confidence: 0.01, max_detections: 200}",
    "output: {decoder: {ssd: {coding: xyxy, activation: none, prior_normalised: true}}}", NULL};

extern const assay_op assay_op_decoder_ssd;
const assay_op assay_op_decoder_ssd = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "ssd",
    .title = "SSD and RetinaNet (boxes as differences from priors)",
    .summary = "Reads differences from fixed prior boxes and scores for every prior.",
    .description =
        "Outputs `boxes` [batch, priors, 4] and `scores` [batch, priors, classes + background]; "
        "`priors` [priors, 4] is an output of the model or a NumPy file beside it "
        "(`outputs: {priors: priors.npy}`).\n\nWith (dx, dy, dw, dh) and a prior of centre (x, y) "
        "and size (w, h): centre (dx c w + x, dy c h + y), size (exp(min(dw s, limit)) w, "
        "exp(min(dh s, limit)) h), c and s the variances: torchvision's BoxCoder with weights "
        "(1/c, 1/c, 1/s, 1/s). Every class above the floor gives a box. RetinaNet: activation "
        "sigmoid, background absent, both variances 1.\n\nUnless declared otherwise duplicates are "
        "removed class by class at an IoU of 0.45.",
    .citation = "W. Liu et al., \"SSD: Single shot multibox detector\", ECCV 2016, "
                "arXiv:1512.02325; torchvision 0.29 models.detection._utils.BoxCoder",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
