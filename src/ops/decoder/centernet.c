#include <math.h>

#include "core/op.h"
#include "ops/shared/decode.h"

typedef struct params {
    int32_t activation;
    int32_t layout;
    int32_t size_unit;
} params;

enum { NONE = 0, SIGMOID };
enum { CHW = 0, HWC };
enum { CELLS = 0, PIXELS };
enum { HEATMAP = 0, SIZE, OFFSET };

/* A map of height x width cells and some channels, whichever way it is laid out. */
typedef struct map {
    const float *data;
    int64_t channels, height, width;
    int64_t channel_step, cell_step;
} map;

static map map_of(const assay_raw *raw, int32_t layout)
{
    bool chw = layout == CHW;
    map m = {.data = raw->data,
             .channels = raw->shape[chw ? 0 : 2],
             .height = raw->shape[chw ? 1 : 0],
             .width = raw->shape[chw ? 2 : 1]};
    m.channel_step = chw ? m.height * m.width : 1;
    m.cell_step = chw ? 1 : m.channels;
    return m;
}

static float at(const map *m, int64_t channel, int64_t y, int64_t x)
{
    return m->data[channel * m->channel_step + (y * m->width + x) * m->cell_step];
}

static int32_t classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t n = raw[HEATMAP].shape[p->layout == CHW ? 0 : 2];
    return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
}

/* No neighbour in the 3 x 3 window is larger (a max pooling that leaves the value as it is). */
static bool is_peak(const map *m, int64_t channel, int64_t y, int64_t x)
{
    float value = at(m, channel, y, x);
    for (int64_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < m->height; v++) {
        for (int64_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < m->width; u++) {
            if (at(m, channel, v, u) > value) {
                return false;
            }
        }
    }
    return true;
}

static assay_status check(const assay_decoder_input *in, const params *p, assay_error *err)
{
    const assay_raw *heat = &in->raw[HEATMAP];
    bool chw = p->layout == CHW;
    const int64_t first[3] = {chw ? in->classes : -1, -1, chw ? -1 : in->classes};
    ASSAY_TRY(assay_decode_expect(heat, 3, first, err));
    const int64_t two[3] = {chw ? 2 : heat->shape[0], heat->shape[1], chw ? heat->shape[2] : 2};
    ASSAY_TRY(assay_decode_expect(&in->raw[SIZE], 3, two, err));
    return in->raw[OFFSET].data != NULL ? assay_decode_expect(&in->raw[OFFSET], 3, two, err)
                                        : ASSAY_OK;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in,
                           const void *params_, assay_error *err)
{
    const params *p = params_;
    ASSAY_TRY(check(in, p, err));
    map heat = map_of(&in->raw[HEATMAP], p->layout);
    map size = map_of(&in->raw[SIZE], p->layout);
    map offset = in->raw[OFFSET].data != NULL ? map_of(&in->raw[OFFSET], p->layout) : size;
    bool has_offset = in->raw[OFFSET].data != NULL;
    double step_x = (double)in->width / (double)heat.width;
    double step_y = (double)in->height / (double)heat.height;
    for (int64_t k = 0; k < heat.channels; k++) {
        for (int64_t y = 0; y < heat.height; y++) {
            for (int64_t x = 0; x < heat.width; x++) {
                double value = (double)at(&heat, k, y, x);
                double score = p->activation == SIGMOID ? assay_decode_sigmoid(value) : value;
                if (score <= in->floor || !is_peak(&heat, k, y, x)) {
                    continue;
                }
                double cx = (double)x + (has_offset ? (double)at(&offset, 0, y, x) : 0.0);
                double cy = (double)y + (has_offset ? (double)at(&offset, 1, y, x) : 0.0);
                double w = (double)at(&size, 0, y, x) * (p->size_unit == CELLS ? step_x : 1.0);
                double h = (double)at(&size, 1, y, x) * (p->size_unit == CELLS ? step_y : 1.0);
                assay_candidate c = {.score = score, .label = k};
                assay_box_from_center(c.box, cx * step_x, cy * step_y, w, h);
                ASSAY_TRY(assay_candidates_add(out, &c, err));
            }
        }
    }
    return ASSAY_OK;
}

static const char *const activations[] = {"none", "sigmoid", NULL};
static const char *const layouts[] = {"chw", "hwc", NULL};
static const char *const units[] = {"cells", "pixels", NULL};

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, activation, NONE, activations,
                 "What still has to be applied to the heat map; none: it holds probabilities."),
    ASSAY_CHOICE(params, layout, CHW, layouts,
                 "chw: channels, height, width (PyTorch); hwc: channels last (TensorFlow)."),
    ASSAY_CHOICE(params, size_unit, CELLS, units,
                 "Unit of the sizes: cells of the map, as in the paper, or pixels of the input."),
};

static const assay_decoder_role roles[] = {
    {"heatmap", false, 3, false}, {"size", false, 3, false}, {"offset", true, 3, false}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 3, .nms_iou = 0.0, .classes = classes, .decode = decode};

static const char *const examples[] = {
    "output: {decoder: {centernet: {activation: sigmoid}}, outputs: {heatmap: hm, size: wh, "
    "offset: reg}, max_detections: 100}",
    NULL};

extern const assay_op assay_op_decoder_centernet;
const assay_op assay_op_decoder_centernet = {
    .kind = ASSAY_OP_DECODER,
    .revision = 1,
    .name = "centernet",
    .title = "CenterNet (objects as points)",
    .summary = "Reads a heat map of object centres with the size at every point.",
    .description =
        "Three outputs: `heatmap` [batch, classes, h, w], `size` [batch, 2, h, w] (width, height) "
        "and, when the model has it, `offset` [batch, 2, h, w] (x, y within the cell). Every cell "
        "that no neighbour in its 3 x 3 window exceeds is a candidate; its score is the heat. The "
        "centre is (cell + offset) times the stride, the input's side divided by the map's.\n\n"
        "Equal neighbours are both peaks, as a max pooling has it. Duplicates are not removed "
        "unless `nms` is declared; the `max_detections` best remain (the paper keeps 100).",
    .citation = "X. Zhou, D. Wang, P. Kraehenbuehl, \"Objects as points\", 2019, arXiv:1904.07850, "
                "section 4",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
