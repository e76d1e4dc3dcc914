#include <math.h>

#include "core/op.h"
#include "ops/shared/decode.h"

typedef struct params {
    int32_t format;
    bool normalised;
    int32_t columns;
    int32_t background;
    int64_t first_class;
} params;

enum { XYXY = 0, XYWH, CXCYWH, YXYX };
enum { BOX_SCORE_CLASS = 0, BOX_CLASS_SCORE, BATCH_BOX_CLASS_SCORE, BATCH_CLASS_SCORE_BOX };
enum { ABSENT = 0, FIRST, LAST };
enum { BOXES = 0, SCORES, LABELS, COUNT };

/* Where things stand in one row of `boxes` when it holds everything. */
typedef struct packing {
    int width, box, score, label;
} packing;

static const packing packings[] = {[BOX_SCORE_CLASS] = {6, 0, 4, 5},
                                   [BOX_CLASS_SCORE] = {6, 0, 5, 4},
                                   [BATCH_BOX_CLASS_SCORE] = {7, 1, 6, 5},
                                   [BATCH_CLASS_SCORE_BOX] = {7, 3, 2, 1}};

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    if (raw[SCORES].name == NULL || raw[SCORES].rank != 2) {
        return 0;
    }
    int64_t n = raw[SCORES].shape[1] - (p->background == ABSENT ? 0 : 1);
    return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
}

static void corners(double box[4], const float *row, const assay_decoder_input *in, const params *p)
{
    double x = p->normalised ? in->width : 1.0;
    double y = p->normalised ? in->height : 1.0;
    double a = (double)row[0];
    double b = (double)row[1];
    double c = (double)row[2];
    double d = (double)row[3];
    switch (p->format) {
    case XYWH:
        box[0] = a * x;
        box[1] = b * y;
        box[2] = (a + c) * x;
        box[3] = (b + d) * y;
        return;
    case CXCYWH:
        assay_box_from_center(box, a * x, b * y, c * x, d * y);
        return;
    case YXYX:
        box[0] = b * x;
        box[1] = a * y;
        box[2] = d * x;
        box[3] = c * y;
        return;
    default:
        box[0] = a * x;
        box[1] = b * y;
        box[2] = c * x;
        box[3] = d * y;
    }
}

/* A class as the model numbers it; rows of the background are left out: *known false. */
static assay_status label_of(int64_t *out, bool *known, float value, const assay_raw *raw,
                             int64_t row, const assay_decoder_input *in, const params *p,
                             assay_error *err)
{
    double label = (double)value - (double)p->first_class;
    *known = p->background == ABSENT || label != (p->background == FIRST ? -1.0 : in->classes);
    if (*known && !(label >= 0.0 && label < in->classes && label == floor(label))) {
        return assay_decode_misfit(
            raw, err, "row %lld has the class %g; %d classes from %lld on are declared",
            (long long)row, (double)value, in->classes, (long long)p->first_class);
    }
    *out = *known ? (int64_t)label : 0;
    return ASSAY_OK;
}

static assay_status packed(assay_candidates *out, const assay_decoder_input *in, const params *p,
                           assay_error *err)
{
    const assay_raw *raw = &in->raw[BOXES];
    const packing *at = &packings[p->columns];
    const int64_t shape[2] = {-1, at->width};
    ASSAY_TRY(assay_decode_expect(raw, 2, shape, err));
    for (int64_t i = 0; i < raw->shape[0]; i++) {
        const float *row = raw->data + i * at->width;
        assay_candidate c = {.score = (double)row[at->score]};
        bool known = true;
        if (c.score <= in->floor) {
            continue;
        }
        ASSAY_TRY(label_of(&c.label, &known, row[at->label], raw, i, in, p, err));
        corners(c.box, row + at->box, in, p);
        if (known) {
            ASSAY_TRY(assay_candidates_add(out, &c, err));
        }
    }
    return ASSAY_OK;
}

/* Scores of all classes: the best one, unless it is the background's. */
static bool best_class(assay_candidate *c, const float *scores, int64_t all, const params *p)
{
    int64_t best = assay_decode_best(scores, all, 1);
    c->score = (double)scores[best];
    c->label = best - (p->background == FIRST ? 1 : 0);
    return !(p->background == FIRST && best == 0) && !(p->background == LAST && best == all - 1);
}

static assay_status rows_in_use(int64_t *rows, const assay_decoder_input *in, assay_error *err)
{
    const assay_raw *count = &in->raw[COUNT];
    *rows = in->raw[BOXES].shape[0];
    if (count->data != NULL) {
        double n = (double)count->data[0];
        if (!(n >= 0.0 && n <= (double)*rows)) {
            return assay_decode_misfit(count, err, "it says %g boxes of %lld", n, (long long)*rows);
        }
        *rows = (int64_t)n;
    }
    return ASSAY_OK;
}

static assay_status apart(assay_candidates *out, const assay_decoder_input *in, const params *p,
                          assay_error *err)
{
    const assay_raw *scores = &in->raw[SCORES];
    const assay_raw *labels = &in->raw[LABELS];
    const int64_t four[2] = {-1, 4};
    int64_t n = 0;
    ASSAY_TRY(assay_decode_expect(&in->raw[BOXES], 2, four, err));
    int64_t boxes = in->raw[BOXES].shape[0];
    const int64_t wide[2] = {boxes, in->classes + (p->background == ABSENT ? 0 : 1)};
    ASSAY_TRY(assay_decode_expect(scores, labels->data != NULL ? 1 : 2, wide, err));
    if (labels->data != NULL) {
        ASSAY_TRY(assay_decode_expect(labels, 1, &boxes, err));
    }
    ASSAY_TRY(rows_in_use(&n, in, err));
    for (int64_t i = 0; i < n; i++) {
        assay_candidate c = {0};
        bool known = true;
        if (labels->data != NULL) {
            c.score = (double)scores->data[i];
            if (c.score <= in->floor) {
                continue;
            }
            ASSAY_TRY(label_of(&c.label, &known, labels->data[i], labels, i, in, p, err));
        } else {
            known = best_class(&c, scores->data + i * scores->shape[1], scores->shape[1], p);
        }
        corners(c.box, in->raw[BOXES].data + 4 * i, in, p);
        if (known && !(c.score <= in->floor)) {
            ASSAY_TRY(assay_candidates_add(out, &c, err));
        }
    }
    return ASSAY_OK;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    return in->raw[SCORES].data != NULL ? apart(out, in, params_, err)
                                        : packed(out, in, params_, err);
}

static const char *const formats[] = {"xyxy", "xywh", "cxcywh", "yxyx", NULL};
static const char *const columns[] = {"box_score_class", "box_class_score", "batch_box_class_score",
                                      "batch_class_score_box", NULL};
static const char *const backgrounds[] = {"absent", "first", "last", NULL};

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, format, XYXY, formats,
                 "Corners, left top and size, centre and size, or top left bottom right."),
    ASSAY_BOOL(params, normalised, 0, "Fractions of the input instead of pixels."),
    ASSAY_CHOICE(params, columns, BOX_SCORE_CLASS, columns,
                 "Order of the columns when `boxes` is the only output."),
    ASSAY_CHOICE(params, background, ABSENT, backgrounds,
                 "Which class is the background, which is left out: the class before the first or "
                 "after the last; absent: there is none."),
    ASSAY_INT(params, first_class, 0, -1000000, 1000000, "",
              "Number that the model gives to the first declared class (torchvision, TensorFlow: "
              "1)."),
};

static const assay_decoder_role roles[] = {{"boxes", false, 2, false},
                                           {"scores", true, 0, false},
                                           {"labels", true, 1, false},
                                           {"count", true, 0, false}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 4, .nms_iou = 0.0, .classes = classes, .decode = decode};

static const char *const examples[] = {
    "output: {decoder: decoded}",
    "output: {decoder: {decoded: {format: yxyx, normalised: true, first_class: 1}}, outputs: "
    "{boxes: detection_boxes, scores: detection_scores, labels: detection_classes, count: "
    "num_detections}}",
    NULL};

extern const assay_op assay_op_decoder_decoded;
const assay_op assay_op_decoder_decoded = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "decoded",
    .title = "Boxes that the model has decoded",
    .summary = "Reads boxes, scores and classes that stand in the outputs as they are.",
    .description =
        "Outputs, the batch before each: `boxes` [boxes, 4], `scores` [boxes] with `labels` "
        "[boxes] (torchvision, TensorFlow), or `scores` [boxes, classes] without labels: then the "
        "best class counts, the first of equals (JATIC_ONNX: normalised corners). `count` [1] "
        "says how many rows are in use. When there is only one output, its rows hold everything "
        "in the order of `columns`. A model for one image at a time may leave the batch out.\n\n"
        "Duplicates are not removed unless `nms` is declared.",
    .citation = "torchvision 0.29 detection models; TensorFlow Object Detection API, exported "
                "signature; JATIC_ONNX v1 (MAITE)",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
