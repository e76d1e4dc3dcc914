#include <math.h>

#include "base/alloc.h"
#include "core/op.h"
#include "ops/shared/decode.h"

enum { SCORES = 0, BINARY, LABELS };
enum { CHANNELS_FIRST = 0, CHANNELS_LAST };
enum { BILINEAR = 0, NEAREST };

typedef struct params {
    int32_t form, layout, resize;
    double threshold;
} params;

static const char *const forms[] = {"scores", "binary", "labels", NULL};
static const char *const layouts[] = {"channels_first", "channels_last", NULL};
static const char *const resizes[] = {"bilinear", "nearest", NULL};

/* The model's map: planes of width x height numbers. */
typedef struct planes {
    const float *data;
    int64_t n, width, height;
    int64_t plane, row, column; /* steps */
} planes;

static assay_status open_planes(planes *out, const assay_raw *raw, const params *p, int32_t classes,
                                assay_error *err)
{
    const int64_t *s = raw->shape;
    int64_t wanted = p->form == SCORES ? classes : 1;
    bool last = p->layout == CHANNELS_LAST;
    if (raw->rank == 3 && p->form != SCORES) {
        last = s[last ? 2 : 0] == 1 ? last : !last; /* one map, wherever the 1 stands */
    }
    if (raw->rank == 2) {
        *out = (planes){.data = raw->data, .n = 1, .height = s[0], .width = s[1]};
    } else if (raw->rank == 3 && last) {
        *out = (planes){.data = raw->data, .n = s[2], .height = s[0], .width = s[1]};
    } else if (raw->rank == 3) {
        *out = (planes){.data = raw->data, .n = s[0], .height = s[1], .width = s[2]};
    }
    if (raw->rank < 2 || raw->rank > 3 || out->n != wanted || out->width < 1 || out->height < 1) {
        return p->form == SCORES
                   ? assay_decode_misfit(
                         raw, err, "expected a map of scores for each of %d classes%s", classes,
                         out->n == 1 ? "; one map is 'form: labels' or 'form: "
                                       "binary'"
                                     : "")
                   : assay_decode_misfit(raw, err, "expected one map, as 'form: %s' says",
                                         forms[p->form]);
    }
    out->column = last && raw->rank == 3 ? out->n : 1;
    out->row = out->width * out->column;
    out->plane = out->column > 1 ? 1 : out->width * out->height;
    return ASSAY_OK;
}

static float at(const planes *m, int64_t k, int64_t y, int64_t x)
{
    return m->data[k * m->plane + y * m->row + x * m->column];
}

/* Where a pixel's centre lies among the centres of the map's cells. */
typedef struct place {
    int64_t low, high; /* neighbours; low < 0: the model does not see the pixel */
    int64_t cell;      /* the one in which it lies */
    double weight;     /* of high */
} place;

static place place_of(int64_t pixel, double scale, double offset, const double range[2],
                      int32_t input, int64_t cells)
{
    double seen = ((double)pixel + 0.5) * scale + offset;
    if (!(seen >= range[0] && seen < range[1])) {
        return (place){.low = -1};
    }
    double position = seen * (double)cells / input;
    double center = fmax(position - 0.5, 0.0);
    int64_t low = (int64_t)center;
    int64_t last = cells - 1;
    int64_t cell = (int64_t)position;
    low = low < last ? low : last;
    return (place){.low = low,
                   .high = low < last ? low + 1 : last,
                   .cell = cell < last ? cell : last,
                   .weight = center - (double)low};
}

/* One row of a plane at the columns of the image, between the rows above and below. */
static void blend_row(double *out, double *row, const planes *m, int64_t k, const place *y,
                      const place *columns, int32_t width, int32_t resize)
{
    if (resize == NEAREST) {
        for (int32_t x = 0; x < width; x++) {
            out[x] = columns[x].low < 0 ? 0.0 : (double)at(m, k, y->cell, columns[x].cell);
        }
        return;
    }
    for (int64_t x = 0; x < m->width; x++) {
        double above = (double)at(m, k, y->low, x);
        double below = (double)at(m, k, y->high, x);
        row[x] = y->weight == 0.0 ? above : (1.0 - y->weight) * above + y->weight * below;
    }
    for (int32_t x = 0; x < width; x++) {
        const place *c = &columns[x];
        double left = c->low < 0 ? 0.0 : row[c->low];
        out[x] = c->low < 0 || c->weight == 0.0
                     ? left
                     : (1.0 - c->weight) * left + c->weight * row[c->high];
    }
}

static assay_status take_row(uint16_t *classes, double *best, const double *values, int64_t k,
                             int32_t width, const params *p, int32_t n, assay_error *err)
{
    for (int32_t x = 0; x < width; x++) {
        double v = values[x];
        if (isnan(v)) {
            return assay_fail(err, ASSAY_EFORMAT, "the model gave NaN as a score");
        }
        if (p->form == BINARY) {
            classes[x] = v > p->threshold;
        } else if (p->form == SCORES && (k == 0 || v > best[x])) {
            best[x] = v;
            classes[x] = (uint16_t)k;
        } else if (p->form == LABELS) {
            if (!(v >= 0.0 && v < n && v == floor(v))) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "the model gave the label %g, expected a whole number from 0 to "
                                  "%d",
                                  v, n - 1);
            }
            classes[x] = (uint16_t)v;
        }
    }
    return ASSAY_OK;
}

static assay_status fill(uint16_t *classes, const planes *m, const assay_decoder_input *in,
                         const assay_box_map *map, const params *p, assay_error *err)
{
    size_t width = (size_t)map->width;
    int32_t resize = p->form == LABELS ? NEAREST : p->resize;
    assay_status status = ASSAY_OK;
    place *columns = assay_alloc_raw(width, sizeof *columns);
    double *values = assay_alloc_raw(2 * width + (size_t)m->width, sizeof *values);
    if (columns == NULL || values == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    double *best = values + width;
    const double across[2] = {map->seen[0], map->seen[2]};
    const double down[2] = {map->seen[1], map->seen[3]};
    for (int32_t x = 0; x < map->width; x++) {
        columns[x] = place_of(x, map->scale_x, map->offset_x, across, map->input_width, m->width);
    }
    for (int32_t y = 0; y < map->height; y++) {
        uint16_t *row = classes + (size_t)y * width;
        place here = place_of(y, map->scale_y, map->offset_y, down, map->input_height, m->height);
        for (int64_t k = 0; k < m->n && here.low >= 0; k++) {
            blend_row(values, best + width, m, k, &here, columns, map->width, resize);
            ASSAY_GOTO(take_row(row, best, values, k, map->width, p, in->classes, err), done);
        }
        for (int32_t x = 0; x < map->width; x++) {
            row[x] = here.low < 0 || columns[x].low < 0 ? ASSAY_MAP_UNSEEN : row[x];
        }
    }
done:
    assay_free(columns);
    assay_free(values);
    return status;
}

static assay_status decode_map(uint16_t *classes, const assay_decoder_input *in,
                               const assay_box_map *map, const void *params_, assay_error *err)
{
    planes m = {.n = 0};
    ASSAY_TRY(open_planes(&m, &in->raw[0], params_, in->classes, err));
    return fill(classes, &m, in, map, params_, err);
}

static int32_t count_classes(const assay_raw *raw, const void *params_)
{
    const params *p = params_;
    int64_t n = raw->rank != 3 ? 0 : raw->shape[p->layout == CHANNELS_LAST ? 2 : 0];
    return p->form == BINARY ? 2 : p->form == LABELS || n < 2 || n > INT32_MAX ? 0 : (int32_t)n;
}

static const assay_param param_list[] = {
    ASSAY_CHOICE(
        params, form, SCORES, forms,
        "scores: a map per class, the largest wins (the first of equals); binary: one map, "
        "class 1 where it is above the threshold, else class 0; labels: one map of the "
        "classes' numbers."),
    ASSAY_CHOICE(params, layout, CHANNELS_FIRST, layouts,
                 "Whether classes come before rows and columns."),
    ASSAY_CHOICE(
        params, resize, BILINEAR, resizes,
        "How scores are brought to the size of the image before the class is chosen; nearest: "
        "the cell of the map in which the pixel's centre lies. Labels are always nearest."),
    ASSAY_REAL(params, threshold, 0.5, -1e9, 1e9, "",
               "Of a binary map, in its own numbers: 0.5 for probabilities, 0 for logits."),
};

static const assay_decoder_role roles[] = {{"map", false, 3, false}};

static const assay_decoder shape = {.shape = ASSAY_SHAPE_MAP,
                                    .roles = roles,
                                    .n_roles = 1,
                                    .classes = count_classes,
                                    .map = decode_map};

static const char *const examples[] = {
    "output: {decoder: semantic, outputs: {map: out}}",
    "output: {decoder: {semantic: {form: binary, threshold: 0}}}", NULL};

extern const assay_op assay_op_decoder_semantic;
const assay_op assay_op_decoder_semantic = {
    .kind = ASSAY_OP_DECODER,
    .revision = 2,
    .name = "semantic",
    .title = "Semantic segmentation: a class per pixel",
    .summary = "Reads maps of class scores, one map of a foreground score, or a map of labels.",
    .description =
        "One output, `map`, [batch, classes, rows, columns] (torchvision, MMSegmentation, "
        "SegFormer; "
        "with `layout: channels_last` the classes at the end), or [batch, rows, columns] of "
        "labels. "
        "The map covers the model's input and may be coarser. Every pixel of the image is looked "
        "up "
        "where the preprocessing put its centre, so what `letterbox`, `resize` or a crop did is "
        "undone; "
        "with `resize: bilinear` between the four nearest cells of the map (as "
        "torch.nn.functional.interpolate with align_corners=False), in double precision, before "
        "the "
        "class is chosen. Pixels that a crop hides from the model, padded again or not, have no "
        "class: they count as "
        "missed.",
    .citation =
        "J. Long, E. Shelhamer, T. Darrell, \"Fully convolutional networks for semantic "
        "segmentation\", CVPR 2015, arXiv:1411.4038; the order scores, resize, argmax as in "
        "MMSegmentation 1.2 and transformers' post_process_semantic_segmentation",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .decoder = &shape,
};
