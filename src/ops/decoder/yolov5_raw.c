#include <inttypes.h>
#include <math.h>

#include "core/op.h"
#include "ops/shared/decode.h"

typedef struct params {
    int32_t coding;
    int32_t layout;
    bool multi_label;
} params;

enum { YOLOV5 = 0, YOLOV3 };
enum { AUTO = 0, ANCHORS_FIRST, CHANNELS };
enum { MAPS = 4, ANCHORS = MAPS, USUAL_ANCHORS = 3, BEFORE_CLASSES = 5 };

/* Width and height of the anchors of YOLOv5's models with three maps (the same as YOLOv3's) and with
 * four (P6), in pixels of the input, from the finest map to the coarsest. */
static const float usual_three[] = {10, 13, 16,  30,  33, 23,  30,  61,  62,
                                    45, 59, 119, 116, 90, 156, 198, 373, 326};
static const float usual_four[] = {19,  27,  44,  40,  38,  94,  96,  68,  86,  152, 180, 137,
                                   140, 301, 303, 264, 238, 542, 436, 615, 739, 380, 925, 792};

/* One map: where cell (y, x) of an anchor has its numbers. */
typedef struct map {
    const float *data;
    int64_t height, width;
    int64_t anchor, row, column, channel; /* distances between neighbours */
} map;

static int64_t anchors_of(const assay_raw *raw)
{
    return raw[ANCHORS].rank == 3 && raw[ANCHORS].shape[1] > 0 ? raw[ANCHORS].shape[1]
                                                               : USUAL_ANCHORS;
}

/* How many channels an anchor has when the map is [anchors, height, width, channels]; 0 = it is not. */
static int64_t as_anchors(const assay_raw *raw, int64_t anchors, int32_t layout)
{
    bool fits = layout != CHANNELS && raw->rank == 4 && raw->shape[0] == anchors &&
                raw->shape[3] > BEFORE_CLASSES;
    return fits ? raw->shape[3] : 0;
}

/* The same for [anchors x channels, height, width], with or without a batch before it. */
static int64_t as_channels(const assay_raw *raw, int64_t anchors, int32_t layout)
{
    if (layout == ANCHORS_FIRST || (raw->rank != 3 && raw->rank != 4)) {
        return 0;
    }
    int64_t all = raw->shape[raw->rank - 3];
    bool fits = all % anchors == 0 && all / anchors > BEFORE_CLASSES;
    return fits ? all / anchors : 0;
}

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t n = anchors_of(raw);
    int64_t first = as_anchors(&raw[0], n, p->layout);
    int64_t second = as_channels(&raw[0], n, p->layout);
    int64_t channels = first > 0 && second > 0 && first != second ? 0 : first > 0 ? first : second;
    return channels > 0 && channels <= INT32_MAX ? (int32_t)(channels - BEFORE_CLASSES) : 0;
}

static assay_status open_map(map *out, const assay_raw *raw, int64_t anchors, int64_t channels,
                             int32_t layout, assay_error *err)
{
    bool batch = raw->rank == 4;
    if (as_anchors(raw, anchors, layout) == channels) {
        *out = (map){.data = raw->data,
                     .height = raw->shape[1],
                     .width = raw->shape[2],
                     .anchor = raw->shape[1] * raw->shape[2] * channels,
                     .row = raw->shape[2] * channels,
                     .column = channels,
                     .channel = 1};
    } else if (as_channels(raw, anchors, layout) == channels && (!batch || raw->shape[0] == 1)) {
        int64_t height = raw->shape[raw->rank - 2];
        int64_t width = raw->shape[raw->rank - 1];
        *out = (map){.data = raw->data,
                     .height = height,
                     .width = width,
                     .anchor = channels * height * width,
                     .row = width,
                     .column = 1,
                     .channel = height * width};
    } else {
        return assay_decode_misfit(raw, err,
                                   "expected [%" PRId64 ", height, width, %" PRId64 "] or [%" PRId64
                                   ", height, width]",
                                   anchors, channels, anchors * channels);
    }
    return out->height > 0 && out->width > 0
               ? ASSAY_OK
               : assay_decode_misfit(raw, err, "expected a map with cells");
}

/* The box of a cell, as the published formulas have it. */
static void box_of(double box[4], const float *t, int64_t step, const double cell[2],
                   const double stride[2], const float *anchor, int32_t coding)
{
    double at[2];
    double size[2];
    for (int i = 0; i < 2; i++) {
        double shift = assay_decode_sigmoid((double)t[i * step]);
        double raw = (double)t[(2 + i) * step];
        double twice = 2.0 * assay_decode_sigmoid(raw);
        bool v5 = coding == YOLOV5;
        at[i] = ((v5 ? 2.0 * shift - 0.5 : shift) + cell[i]) * stride[i];
        size[i] = (v5 ? twice * twice : exp(raw)) * (double)anchor[i];
    }
    assay_box_from_center(box, at[0], at[1], size[0], size[1]);
}

static assay_status decode_cell(assay_candidates *out, const assay_decoder_input *in,
                                const float *t, int64_t step, assay_candidate *c, bool multi_label,
                                double objectness, assay_error *err)
{
    const float *scores = t + BEFORE_CLASSES * step;
    int64_t best = multi_label ? 0 : assay_decode_best(scores, in->classes, step);
    int64_t last = multi_label ? in->classes - 1 : best;
    for (int64_t k = best; k <= last; k++) {
        c->score = objectness * assay_decode_sigmoid((double)scores[k * step]);
        c->label = k;
        if (!(c->score <= in->floor)) {
            ASSAY_TRY(assay_candidates_add(out, c, err));
        }
    }
    return ASSAY_OK;
}

static assay_status decode_map(assay_candidates *out, const assay_decoder_input *in, const map *m,
                               const float *anchors, int64_t n, const params *p, assay_error *err)
{
    const double stride[2] = {(double)in->width / (double)m->width,
                              (double)in->height / (double)m->height};
    for (int64_t a = 0; a < n; a++) {
        for (int64_t y = 0; y < m->height; y++) {
            for (int64_t x = 0; x < m->width; x++) {
                const float *t = m->data + a * m->anchor + y * m->row + x * m->column;
                double objectness = assay_decode_sigmoid((double)t[4 * m->channel]);
                /* A class score is at most 1: the product cannot be above a floor that this is not. */
                if (objectness <= in->floor) {
                    continue;
                }
                assay_candidate c;
                const double cell[2] = {(double)x, (double)y};
                box_of(c.box, t, m->channel, cell, stride, anchors + 2 * a, p->coding);
                ASSAY_TRY(decode_cell(out, in, t, m->channel, &c, p->multi_label, objectness, err));
            }
        }
    }
    return ASSAY_OK;
}

/* The anchors of all maps; what the model or a file says, else YOLOv5's own. */
static assay_status find_anchors(const float **out, const assay_decoder_input *in, int32_t maps,
                                 int64_t n, assay_error *err)
{
    const assay_raw *given = &in->raw[ANCHORS];
    if (given->data != NULL) {
        const int64_t shape[3] = {maps, n, 2};
        *out = given->data;
        return assay_decode_expect(given, 3, shape, err);
    }
    *out = maps == 4 ? usual_four : usual_three;
    return maps >= 3 ? ASSAY_OK
                     : assay_fail(err, ASSAY_EFORMAT,
                                  "with %d maps the anchors must be given: outputs: {anchors: "
                                  "NAME or anchors.npy}, [maps, anchors, 2] in pixels of the input",
                                  maps);
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    int64_t n = anchors_of(in->raw);
    const float *anchors = NULL;
    map maps[MAPS];
    int32_t used = 0;
    for (int32_t i = 0; i < MAPS; i++) {
        if (in->raw[i].data != NULL) {
            ASSAY_TRY(open_map(&maps[used++], &in->raw[i], n, BEFORE_CLASSES + in->classes,
                               p->layout, err));
        }
    }
    ASSAY_TRY(find_anchors(&anchors, in, used, n, err));
    for (int32_t i = 1; i < used; i++) {
        if (maps[i].height > maps[i - 1].height || maps[i].width > maps[i - 1].width) {
            return assay_decode_misfit(&in->raw[i], err,
                                       "it is finer than the one before it; declare the maps from "
                                       "the finest to the coarsest: outputs: {map1: ..., map2: "
                                       "..., map3: ...}");
        }
    }
    for (int32_t i = 0; i < used; i++) {
        ASSAY_TRY(decode_map(out, in, &maps[i], anchors + 2 * n * i, n, p, err));
    }
    return ASSAY_OK;
}

static const char *const codings[] = {"yolov5", "yolov3", NULL};
static const char *const layouts[] = {"auto", "anchors_first", "channels", NULL};

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, coding, YOLOV5, codings,
                 "How a box is written: yolov5 (also YOLOv7), or yolov3 (also YOLOv2, YOLOv4)."),
    ASSAY_CHOICE(params, layout, AUTO, layouts,
                 "anchors_first: [anchors, height, width, 5 + classes], as PyTorch's head gives "
                 "it; channels: [anchors x (5 + classes), height, width], as the last convolution "
                 "does; auto finds out from the shape."),
    ASSAY_BOOL(params, multi_label, 0,
               "Every class above the confidence floor gives a box, as in YOLOv5's val.py; "
               "otherwise the best class only, as in its detect.py."),
};

static const assay_decoder_role roles[] = {{"map1", false, 4, false},
                                           {"map2", false, 4, false},
                                           {"map3", true, 4, false},
                                           {"map4", true, 4, false},
                                           {"anchors", true, 3, true}};

static const assay_decoder shape = {.roles = roles,
                                    .n_roles = ASSAY_COUNT(roles),
                                    .nms_iou = 0.6,
                                    .classes = classes,
                                    .decode = decode};

static const char *const examples[] = {
    "output: {decoder: yolov5_raw, outputs: {map1: output, map2: '326', map3: '378'}}",
    "output: {decoder: {yolov5_raw: {coding: yolov3}}, outputs: {map1: p3, map2: p4, map3: p5, "
    "anchors: anchors.npy}}",
    NULL};

extern const assay_op assay_op_decoder_yolov5_raw;
const assay_op assay_op_decoder_yolov5_raw = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "yolov5_raw",
    .title = "YOLOv5 head before decoding (also YOLOv7, YOLOv3, YOLOv4)",
    .summary = "Reads the maps of a YOLO network as its last convolutions leave them: logits for "
               "every anchor of every cell.",
    .description =
        "Two to four outputs, `map1` (the finest, stride 8) to `map4`, each [batch, anchors, "
        "height, width, 5 + classes] or [batch, anchors x (5 + classes), height, width]: tx, ty, "
        "tw, th, objectness, classes, all before the sigmoid s. The stride is the input's side "
        "divided by the map's.\n\nyolov5: centre x = (2 s(tx) - 0.5 + column) stride, width = "
        "(2 s(tw))^2 anchor; yolov3: centre x = (s(tx) + column) stride, width = exp(tw) anchor; y "
        "and height alike. The score is s(objectness) s(class).\n\n`anchors` [maps, anchors, 2], "
        "width and height in pixels of the input, is an output of the model or a NumPy file beside "
        "it. Without it YOLOv5's anchors for COCO are taken (three or four maps); YOLOv5's "
        "training replaces them by others when they fit the data badly, and then they must be "
        "given.\n\nUnless declared otherwise duplicates are removed class by class at an IoU of "
        "0.6.",
    .citation = "G. Jocher, YOLOv5 7.0 (2022), models/yolo.py Detect; J. Redmon, A. Farhadi, "
                "\"YOLOv3: An incremental improvement\", 2018, arXiv:1804.02767, section 2.1",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
