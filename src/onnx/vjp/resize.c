/* Resize is linear and separable: along each axis y = A x with a constant matrix, so dx = A^T dy. The
 * matrices follow the definition in the ONNX specification (operator Resize): coordinate, nearest
 * pixel, linear and cubic weights. */
#include <math.h>
#include <string.h>

#include "onnx/vjp/vjp.h"

typedef struct sampling {
    const char *coordinates, *nearest, *mode;
    double scale, cubic;
    int64_t from, to;
    bool exclude, antialias;
} sampling;

/* In single precision, as runtimes compute it: at whole numbers rounding decides which pixel is the
 * nearest, and the gradient has to follow. */
static float original(const sampling *s, int64_t i)
{
    float x = (float)i;
    float to = (float)s->to;
    float from = (float)s->from;
    float scale = (float)s->scale;
    if (strcmp(s->coordinates, "asymmetric") == 0) {
        return x / scale;
    }
    if (strcmp(s->coordinates, "align_corners") == 0) {
        return s->to == 1 ? 0.0F : x * (from - 1.0F) / (to - 1.0F);
    }
    if (strcmp(s->coordinates, "pytorch_half_pixel") == 0 && s->to == 1) {
        return 0.0F;
    }
    if (strcmp(s->coordinates, "tf_half_pixel_for_nn") == 0) {
        return (x + 0.5F) / scale;
    }
    if (strcmp(s->coordinates, "half_pixel_symmetric") == 0) {
        float adjusted = to / (scale * from);
        float offset = from / 2.0F * (1.0F - adjusted);
        return offset + (x + 0.5F) / scale - 0.5F;
    }
    return (x + 0.5F) / scale - 0.5F;
}

static int64_t nearest(const sampling *s, double x)
{
    double down = floor(x);
    bool half = x - down == 0.5;
    if (strcmp(s->nearest, "floor") == 0) {
        return (int64_t)down;
    }
    if (strcmp(s->nearest, "ceil") == 0) {
        return (int64_t)ceil(x);
    }
    if (half) {
        return (int64_t)(strcmp(s->nearest, "round_prefer_ceil") == 0 ? down + 1.0 : down);
    }
    return (int64_t)floor(x + 0.5);
}

/* Keys 1981; a is -0.75 unless declared. */
static double cubic_weight(double t, double a)
{
    t = fabs(t);
    if (t <= 1.0) {
        return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
    }
    return t < 2.0 ? ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a : 0.0;
}

static int64_t clamp(int64_t i, int64_t size)
{
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

/* Column i of A^T [from, to]: the weights of output i. */
static void sample(double *matrix, const sampling *s, int64_t i)
{
    double x = (double)original(s, i);
    if (strcmp(s->mode, "nearest") == 0) {
        matrix[clamp(nearest(s, x), s->from) * s->to + i] = 1.0;
        return;
    }
    bool cubic = strcmp(s->mode, "cubic") == 0;
    x = cubic ? x : x < 0.0 ? 0.0 : x > (double)(s->from - 1) ? (double)(s->from - 1) : x;
    int64_t down = (int64_t)floor(x);
    double sum = 0.0;
    double weight[4] = {0};
    for (int64_t k = cubic ? -1 : 0; k <= (cubic ? 2 : 1); k++) {
        double t = x - (double)(down + k);
        double w = cubic ? cubic_weight(t, s->cubic) : 1.0 - fabs(t);
        bool outside = down + k < 0 || down + k >= s->from;
        weight[k + 1] = cubic && s->exclude && outside ? 0.0 : w;
        sum += weight[k + 1];
    }
    for (int64_t k = cubic ? -1 : 0; k <= (cubic ? 2 : 1); k++) {
        double w = s->exclude && cubic ? weight[k + 1] / sum : weight[k + 1];
        matrix[clamp(down + k, s->from) * s->to + i] += w;
    }
}

/* With antialias the filter is stretched by the reduction, and its weights add up to one. What lies
 * outside counts for the pixel at the edge, unless it is excluded. */
static void sample_stretched(double *matrix, const sampling *s, int64_t i)
{
    double x = (double)original(s, i);
    double squeeze = s->scale < 1.0 ? s->scale : 1.0;
    bool cubic = strcmp(s->mode, "cubic") == 0;
    double reach = (cubic ? 2.0 : 1.0) / squeeze;
    double sum = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t k = (int64_t)floor(x - reach); k <= (int64_t)ceil(x + reach); k++) {
            double t = fabs((double)k - x) * squeeze;
            double w = cubic ? cubic_weight(t, s->cubic) : t < 1.0 ? 1.0 - t : 0.0;
            w = s->exclude && (k < 0 || k >= s->from) ? 0.0 : w;
            if (pass == 0) {
                sum += w;
            } else {
                matrix[clamp(k, s->from) * s->to + i] += w / sum;
            }
        }
    }
}

static double scale_of(const onnx_vjp *v, int32_t axis, const sampling *s)
{
    const int64_t *axes = NULL;
    const assay_onnx_value *scales = assay_onnx_in(v->node, 2);
    size_t n = assay_onnx_attribute_ints(&axes, v->node, "axes");
    const assay_onnx_data *data = scales != NULL ? scales->constant : NULL;
    for (int64_t i = 0; data != NULL && data->type == ASSAY_ONNX_FLOAT && i < data->count; i++) {
        int64_t at = axes == NULL ? i : (size_t)i < n ? axes[i] : -1;
        float scale = 0.0F;
        if ((at < 0 ? at + onnx_x(v)->rank : at) == axis) {
            memcpy(&scale, (const char *)data->bytes + i * 4, 4);
            return (double)scale;
        }
    }
    return (double)s->to / (double)s->from;
}

/* Whole-number enlargement by the nearest pixel: sums over blocks. */
static assay_onnx_value *by_blocks(onnx_vjp *v)
{
    const assay_onnx_value *x = onnx_x(v);
    const assay_onnx_value *y = onnx_y(v);
    int64_t kernel[ASSAY_ONNX_RANK];
    double area = 1.0;
    for (int32_t d = 2; d < x->rank; d++) {
        kernel[d - 2] = y->shape[d] / x->shape[d];
        area *= (double)kernel[d - 2];
    }
    const assay_onnx_attribute attributes[2] = {ONNX_INTS("kernel_shape", kernel, x->rank - 2),
                                                ONNX_INTS("strides", kernel, x->rank - 2)};
    assay_onnx_value *t = onnx_emit(&v->b, "AveragePool", 1, &v->dy, 2, attributes, 1);
    return onnx_scale(&v->b, t, area);
}

/* Does every block of y come from one pixel of x? */
static bool is_blocks(const onnx_vjp *v, const double *matrix, const sampling *s, int32_t axis)
{
    int64_t k = s->to / s->from;
    bool whole = axis >= 2 && onnx_x(v)->rank >= 3 && s->to == k * s->from;
    for (int64_t i = 0; whole && i < s->to; i++) {
        whole = matrix[i / k * s->to + i] == 1.0;
    }
    return whole && strcmp(s->mode, "nearest") == 0;
}

static bool supported(onnx_vjp *v, const sampling *s)
{
    bool unsure =
        strcmp(s->coordinates, "half_pixel_symmetric") == 0 && strcmp(s->mode, "nearest") == 0;
    if (unsure) {
        onnx_refuse(v, "takes the nearest pixel by half_pixel_symmetric, on which runtimes differ");
        return false;
    }
    static const char *const known[] = {"half_pixel",           "asymmetric",
                                        "align_corners",        "pytorch_half_pixel",
                                        "half_pixel_symmetric", "tf_half_pixel_for_nn"};
    bool knows = false;
    for (size_t i = 0; i < ASSAY_COUNT(known); i++) {
        knows = knows || strcmp(s->coordinates, known[i]) == 0;
    }
    if (!knows) {
        onnx_refuse(v, "crops and resizes, for which there is no gradient rule");
        return false;
    }
    return true;
}

void onnx_vjp_resize(onnx_vjp *v)
{
    const assay_onnx_value *x = onnx_x(v);
    assay_onnx_value *t = v->dy;
    bool blocks = true;
    double *matrices[ASSAY_ONNX_RANK] = {NULL};
    sampling s = {
        .coordinates =
            assay_onnx_attribute_text(v->node, "coordinate_transformation_mode", "half_pixel"),
        .nearest = assay_onnx_attribute_text(v->node, "nearest_mode", "round_prefer_floor"),
        .mode = assay_onnx_attribute_text(v->node, "mode", "nearest"),
        .cubic = (double)assay_onnx_attribute_float(v->node, "cubic_coeff_a", -0.75F),
        .exclude = assay_onnx_attribute_int(v->node, "exclude_outside", 0) != 0};
    s.antialias =
        strcmp(s.mode, "nearest") != 0 && assay_onnx_attribute_int(v->node, "antialias", 0) != 0;
    if (!supported(v, &s)) {
        return;
    }
    for (int32_t d = 0; d < x->rank; d++) {
        s.from = x->shape[d];
        s.to = onnx_y(v)->shape[d];
        s.scale = scale_of(v, d, &s);
        if (s.from == s.to && s.scale == 1.0) {
            continue;
        }
        matrices[d] = onnx_take(v, (size_t)(s.from * s.to) + 1, sizeof(double));
        for (int64_t i = 0; matrices[d] != NULL && i < s.to; i++) {
            if (s.antialias) {
                sample_stretched(matrices[d], &s, i);
            } else {
                sample(matrices[d], &s, i);
            }
        }
        blocks = blocks && matrices[d] != NULL && is_blocks(v, matrices[d], &s, d);
    }
    if (blocks && x->rank >= 3 && x->rank <= 5) {
        onnx_give(v, 0, by_blocks(v));
        return;
    }
    for (int32_t d = 0; d < x->rank; d++) {
        t = matrices[d] != NULL ? onnx_map_axis(v, t, d, x->shape[d], matrices[d]) : t;
    }
    onnx_give(v, 0, t);
}
