/* Values of small constants that are only moved about. */
#include <string.h>

#include "onnx/infer_internal.h"

/* Element `at` of the output comes from base + sum of index[d] * stride[d]. */
typedef struct walk {
    int64_t base, stride[ASSAY_ONNX_RANK];
} walk;

static bool copy(char *bytes, const assay_onnx_node *node, const walk *w, int64_t count)
{
    const assay_onnx_data *in = node->in[0]->constant;
    const assay_onnx_value *out = node->out[0];
    size_t width = assay_onnx_type_size(in->type);
    if (in->type != out->type) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i;
        int64_t from = w->base;
        for (int32_t d = out->rank; d-- > 0;) {
            from += rest % out->shape[d] * w->stride[d];
            rest /= out->shape[d];
        }
        if (from < 0 || from >= in->count) {
            return false;
        }
        memcpy(bytes + (size_t)i * width, (const char *)in->bytes + (size_t)from * width, width);
    }
    return true;
}

/* Elements between neighbours along each axis of the input. */
static bool strides_of(int64_t *out, const assay_onnx_data *in)
{
    int64_t stride = 1;
    if (in->rank > ASSAY_ONNX_RANK) {
        return false;
    }
    for (int32_t d = in->rank; d-- > 0;) {
        out[d] = stride;
        stride *= in->shape[d];
    }
    return true;
}

/* Starts and steps as the shape rule has checked them. */
bool onnx_fold_slice(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_data *in = node->in[0]->constant;
    int64_t starts[ASSAY_ONNX_RANK];
    int64_t axes[ASSAY_ONNX_RANK];
    int64_t steps[ASSAY_ONNX_RANK];
    walk w = {0};
    int64_t n = assay_onnx_constant_ints(starts, ASSAY_ONNX_RANK, assay_onnx_in(node, 1));
    bool fits = n >= 0 && strides_of(w.stride, in);
    for (int64_t i = 0; fits && i < n; i++) {
        axes[i] = i;
        steps[i] = 1;
    }
    fits =
        fits &&
        (assay_onnx_in(node, 3) == NULL || assay_onnx_constant_ints(axes, n, node->in[3]) == n) &&
        (assay_onnx_in(node, 4) == NULL || assay_onnx_constant_ints(steps, n, node->in[4]) == n);
    for (int64_t i = 0; fits && i < n; i++) {
        int32_t d = onnx_axis(axes[i], in->rank);
        if (d < 0) {
            return false;
        }
        int64_t size = in->shape[d];
        int64_t most = steps[i] < 0 ? size - 1 : size;
        int64_t from = starts[i] < 0 ? starts[i] + size : starts[i];
        from = from < 0 ? 0 : from > most ? most : from;
        w.base += from * w.stride[d];
        /* With a longer step only the first element is left. */
        w.stride[d] *= steps[i] > size || steps[i] < -size ? 0 : steps[i];
    }
    return fits && copy(bytes, node, &w, count);
}

bool onnx_fold_transpose(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_data *in = node->in[0]->constant;
    const int64_t *perm = NULL;
    int64_t stride[ASSAY_ONNX_RANK];
    walk w = {0};
    size_t n = assay_onnx_attribute_ints(&perm, node, "perm");
    if (!strides_of(stride, in) || (n != 0 && n != (size_t)in->rank)) {
        return false;
    }
    for (int32_t d = 0; d < in->rank; d++) {
        int64_t from = n != 0 ? perm[d] : in->rank - 1 - d;
        if (from < 0 || from >= in->rank) {
            return false;
        }
        w.stride[d] = stride[from];
    }
    return copy(bytes, node, &w, count);
}

bool onnx_fold_expand(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_data *in = node->in[0]->constant;
    int64_t stride[ASSAY_ONNX_RANK];
    walk w = {0};
    int32_t more = node->out[0]->rank - in->rank;
    if (!strides_of(stride, in) || more < 0) {
        return false;
    }
    for (int32_t d = 0; d < in->rank; d++) {
        w.stride[d + more] = in->shape[d] == 1 ? 0 : stride[d];
    }
    return copy(bytes, node, &w, count);
}
