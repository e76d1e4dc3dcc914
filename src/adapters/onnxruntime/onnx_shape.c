#include "adapters/onnxruntime/onnx_shape.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/checked_int.h"

enum { MOST_SIDE = 65535, DEFAULT_VALUES = 8 * 3 * 224 * 224, MOST_DEFAULT_BATCH = 64 };

/* One prepared batch may take this much. */
static const int64_t batch_limit = (int64_t)8 << 30;

/* A port with its describing text; the sizes that are known so far, 0 = not yet. */
typedef struct shape_work {
    assay_model *model;
    const assay_port *port;
    const char *text;
    int64_t channels, height, width;
    assay_error *err;
} shape_work;

static bool is_channels(int64_t extent)
{
    return extent == 1 || extent == 3;
}

static assay_status resolve_batch(shape_work *work)
{
    assay_model_spec *spec = &work->model->spec;
    int64_t fixed = work->port->shape[0];
    if (fixed == 0 || fixed > 65536) {
        return assay_fail(work->err, ASSAY_EUNSUPPORTED,
                          "input %s has a batch of %" PRId64 "; 1 to 65536 can be run", work->text,
                          fixed);
    }
    if (fixed > 0 && spec->batch > 0 && spec->batch != fixed) {
        return assay_fail(work->err, ASSAY_EFORMAT,
                          "batch: %" PRId64
                          " is declared, but input %s has a fixed batch of %" PRId64
                          ": leave `batch` out",
                          spec->batch, work->text, fixed);
    }
    if (fixed > 0) {
        spec->batch = fixed;
    }
    return ASSAY_OK;
}

/* Eight ImageNet images or the same number of values: enough that the overhead of a call vanishes, small enough that the last
 * batch, which is filled up with zeros, costs little and that a worker's memory stays small. */
static void default_batch(assay_model_spec *spec, int64_t values)
{
    if (spec->batch == 0 && values > 0) {
        int64_t batch = DEFAULT_VALUES / values;
        spec->batch = batch < 1 ? 1 : (batch > MOST_DEFAULT_BATCH ? MOST_DEFAULT_BATCH : batch);
    }
}

/* Where the channels are: declared, or the one place that has 1 or 3. */
static assay_status resolve_layout(shape_work *work)
{
    const int64_t *shape = work->port->shape;
    assay_layout *layout = &work->model->spec.preprocess.layout;
    bool first = is_channels(shape[1]);
    bool last = is_channels(shape[3]);
    if (*layout == ASSAY_LAYOUT_AUTO) {
        if (first == last) {
            return assay_fail(work->err, ASSAY_EFORMAT,
                              "input %s: it is not clear where the colour channels are (expected "
                              "%s1 or 3 at the second or the last place): declare layout: nchw or "
                              "layout: nhwc, and color",
                              work->text, first ? "one " : "");
        }
        *layout = first ? ASSAY_LAYOUT_NCHW : ASSAY_LAYOUT_NHWC;
    }
    bool nchw = *layout == ASSAY_LAYOUT_NCHW;
    int64_t channels = nchw ? shape[1] : shape[3];
    if (channels >= 0 && !is_channels(channels)) {
        return assay_fail(work->err, ASSAY_EFORMAT,
                          "layout: %s is declared, but input %s has %" PRId64
                          " channels there, expected 1 or 3%s",
                          nchw ? "nchw" : "nhwc", work->text, channels,
                          (nchw ? last : first)
                              ? (nchw ? ": declare layout: nhwc" : ": declare layout: nchw")
                              : "");
    }
    work->channels = channels;
    work->height = nchw ? shape[2] : shape[1];
    work->width = nchw ? shape[3] : shape[2];
    return ASSAY_OK;
}

/* Colour decides the channels when the model leaves them open, and must agree when it doesn't. */
static assay_status resolve_color(shape_work *work)
{
    assay_color *color = &work->model->spec.preprocess.color;
    if (work->channels <= 0) {
        if (*color == ASSAY_COLOR_AUTO) {
            return assay_fail(work->err, ASSAY_EFORMAT,
                              "input %s leaves the number of channels open: declare color: rgb, "
                              "bgr or grey",
                              work->text);
        }
        work->channels = *color == ASSAY_COLOR_GREY ? 1 : 3;
    }
    if (*color == ASSAY_COLOR_AUTO) {
        *color = work->channels == 1 ? ASSAY_COLOR_GREY : ASSAY_COLOR_RGB;
    }
    if ((*color == ASSAY_COLOR_GREY) != (work->channels == 1)) {
        return assay_fail(work->err, ASSAY_EFORMAT,
                          "color: %s is declared, but input %s has %" PRId64
                          " channel%s: declare color: %s",
                          *color == ASSAY_COLOR_GREY  ? "grey"
                          : *color == ASSAY_COLOR_BGR ? "bgr"
                                                      : "rgb",
                          work->text, work->channels, work->channels == 1 ? "" : "s",
                          work->channels == 1 ? "grey" : "rgb");
    }
    return ASSAY_OK;
}

static assay_status resolve_side(shape_work *work, int64_t *side, const char *name,
                                 int32_t declared, int32_t prepared)
{
    if (*side <= 0) {
        *side = declared > 0 ? declared : prepared;
    }
    if (*side <= 0) {
        return assay_fail(work->err, ASSAY_EFORMAT,
                          "input %s leaves its %s open: end the preprocessing with a step that "
                          "fixes the size, or declare %s",
                          work->text, name, name);
    }
    if (declared > 0 && declared != *side) {
        return assay_fail(work->err, ASSAY_EFORMAT, "%s: %d is declared, but input %s has %" PRId64,
                          name, declared, work->text, *side);
    }
    if (prepared > 0 && prepared != *side) {
        return assay_fail(work->err, ASSAY_EFORMAT,
                          "the preprocessing ends with a %s of %d, but input %s needs %" PRId64,
                          name, prepared, work->text, *side);
    }
    if (*side > MOST_SIDE) {
        return assay_fail(work->err, ASSAY_EUNSUPPORTED, "input %s is too large for images",
                          work->text);
    }
    return ASSAY_OK;
}

/* [N, values]: square unless a size is declared. */
static void resolve_flat(shape_work *work, int32_t prepared_width, int32_t prepared_height)
{
    const assay_model_spec *spec = &work->model->spec;
    int64_t values = work->port->shape[1];
    work->width = spec->width > 0 ? spec->width : prepared_width;
    work->height = spec->height > 0 ? spec->height : prepared_height;
    if (values <= 0) {
        return; /* resolve_color and resolve_side say what is missing */
    }
    if (work->width > 0 && work->height > 0) {
        int64_t plane = work->width * work->height;
        work->channels = values == plane ? 1 : (values == 3 * plane ? 3 : 0);
        return;
    }
    for (int64_t channels = 1; channels <= 3; channels += 2) {
        for (int64_t side = 1; side * side * channels <= values && side <= MOST_SIDE; side++) {
            if (side * side * channels == values) {
                work->channels = channels;
                work->width = side;
                work->height = side;
            }
        }
    }
}

static assay_status resolve_rank(shape_work *work, int32_t width, int32_t height)
{
    switch (work->port->rank) {
    case 4:
        return resolve_layout(work);
    case 3:
        if (work->port->shape[0] == 3) {
            return assay_fail(work->err, ASSAY_EUNSUPPORTED,
                              "input %s seems to have no batch dimension: export the model with "
                              "one, e.g. [N, 3, H, W]",
                              work->text);
        }
        work->channels = 1;
        work->height = work->port->shape[1];
        work->width = work->port->shape[2];
        break;
    case 2:
        resolve_flat(work, width, height);
        break;
    default:
        return assay_fail(work->err, ASSAY_EUNSUPPORTED,
                          "input %s cannot take images; expected [N, C, H, W], [N, H, W, C], "
                          "[N, H, W] or [N, values]",
                          work->text);
    }
    if (work->model->spec.preprocess.layout == ASSAY_LAYOUT_AUTO) {
        work->model->spec.preprocess.layout = ASSAY_LAYOUT_NCHW;
    }
    return ASSAY_OK;
}

static assay_status check_type(shape_work *work)
{
    switch (work->port->type) {
    case ASSAY_DTYPE_F32:
    case ASSAY_DTYPE_F16:
    case ASSAY_DTYPE_F64:
    case ASSAY_DTYPE_U8:
    case ASSAY_DTYPE_I32:
    case ASSAY_DTYPE_I64:
        return assay_preprocess_check_type(work->port->type, &work->model->spec.preprocess,
                                           work->err);
    default:
        return assay_fail(work->err, ASSAY_EUNSUPPORTED,
                          "input %s cannot take images; expected float32, float16, float64, uint8, "
                          "int32 or int64",
                          work->text);
    }
}

static void fill_shape(int64_t shape[4], const shape_work *work)
{
    bool nchw = work->model->spec.preprocess.layout == ASSAY_LAYOUT_NCHW;
    shape[0] = work->model->spec.batch;
    shape[1] = work->port->rank == 2   ? work->channels * work->height * work->width
               : work->port->rank == 3 ? work->height
               : nchw                  ? work->channels
                                       : work->height;
    shape[2] = work->port->rank == 3 ? work->width : (nchw ? work->height : work->width);
    shape[3] = nchw ? work->width : work->channels;
}

assay_status assay_onnx_input_resolve(int64_t shape[4], assay_model *model, const assay_port *port,
                                      const char *text, assay_error *err)
{
    shape_work work = {.model = model, .port = port, .text = text, .err = err};
    int32_t width = 0;
    int32_t height = 0;
    (void)assay_preprocess_size(&width, &height, &model->spec.preprocess);
    ASSAY_TRY(check_type(&work));
    ASSAY_TRY(resolve_rank(&work, width, height));
    ASSAY_TRY(resolve_batch(&work));
    ASSAY_TRY(resolve_color(&work));
    ASSAY_TRY(resolve_side(&work, &work.height, "height", model->spec.height, height));
    ASSAY_TRY(resolve_side(&work, &work.width, "width", model->spec.width, width));
    int64_t values = work.channels * work.height * work.width;
    if (port->rank == 2 && port->shape[1] > 0 && port->shape[1] != values) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "input %s does not hold %" PRId64 "x%" PRId64 " pixels with %" PRId64
                          " channels: correct color or the size in the preprocessing",
                          text, work.width, work.height, work.channels);
    }
    default_batch(&model->spec, values);
    int64_t bytes = 0;
    if (!assay_i64_mul(&bytes, values * (int64_t)assay_dtype_size(port->type), model->spec.batch) ||
        bytes > batch_limit) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "input %s: a batch of %" PRId64 " needs more than 8 GiB: declare a "
                          "smaller batch",
                          text, model->spec.batch);
    }
    model->channels = (int32_t)work.channels;
    model->height = (int32_t)work.height;
    model->width = (int32_t)work.width;
    model->input_type = port->type;
    fill_shape(shape, &work);
    return ASSAY_OK;
}
