#include "onnx/window.h"

#include <string.h>

static const int64_t most = INT64_C(1) << 31;

static bool read_list(int64_t *out, const assay_onnx_node *node, const char *name, size_t n,
                      int64_t otherwise, int64_t least)
{
    const int64_t *list = NULL;
    size_t given = assay_onnx_attribute_ints(&list, node, name);
    if (given != 0 && given != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = given != 0 ? list[i] : otherwise;
        if (out[i] < least || out[i] > most) {
            return false;
        }
    }
    return true;
}

/* "SAME": as many outputs as strides fit, the odd pixel of padding at the end (UPPER) or start. */
static void pad_same(assay_onnx_window *w, int32_t i, bool upper)
{
    int64_t span = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
    int64_t total = (out - 1) * w->stride[i] + span - w->in[i];
    total = total < 0 ? 0 : total;
    w->begin[i] = upper ? total / 2 : total - total / 2;
    w->end[i] = total - w->begin[i];
}

static void size_forward(assay_onnx_window *w, const assay_onnx_node *node, const char *pad)
{
    bool ceil_mode = assay_onnx_attribute_int(node, "ceil_mode", 0) != 0;
    for (int32_t i = 0; i < w->n; i++) {
        if (w->in[i] < 0) {
            w->known = false;
            w->out[i] = -1;
            continue;
        }
        if (strncmp(pad, "SAME_", 5) == 0) {
            pad_same(w, i, strcmp(pad, "SAME_UPPER") == 0);
        }
        int64_t room = w->in[i] + w->begin[i] + w->end[i] - (w->kernel[i] - 1) * w->dilation[i] - 1;
        int64_t steps = room < 0 ? -1 : (room + (ceil_mode ? w->stride[i] - 1 : 0)) / w->stride[i];
        /* A window that would begin in the padding at the end is left out. */
        if (ceil_mode && steps * w->stride[i] >= w->in[i] + w->begin[i]) {
            steps--;
        }
        w->out[i] = steps + 1;
    }
}

static assay_status size_transposed(assay_onnx_window *w, const assay_onnx_node *node,
                                    const char *pad, assay_error *err)
{
    const int64_t *wanted = NULL;
    size_t n = assay_onnx_attribute_ints(&wanted, node, "output_shape");
    bool upper = strcmp(pad, "SAME_UPPER") == 0;
    if (!read_list(w->extra, node, "output_padding", (size_t)w->n, 0, 0) ||
        (n != 0 && n < (size_t)w->n)) {
        return assay_fail(err, ASSAY_EFORMAT, "output_padding or output_shape does not fit");
    }
    wanted = n > (size_t)w->n ? wanted + (n - (size_t)w->n) : wanted;
    for (int32_t i = 0; i < w->n; i++) {
        if (w->in[i] < 0) {
            w->known = false;
            w->out[i] = -1;
            continue;
        }
        int64_t full =
            w->stride[i] * (w->in[i] - 1) + w->extra[i] + (w->kernel[i] - 1) * w->dilation[i] + 1;
        bool same = strncmp(pad, "SAME_", 5) == 0;
        if (n != 0 || same) {
            int64_t total = full - (n != 0 ? wanted[i] : w->in[i] * w->stride[i]);
            w->begin[i] = upper ? total / 2 : total - total / 2;
            w->end[i] = total - w->begin[i];
        }
        w->out[i] = full - w->begin[i] - w->end[i];
    }
    return ASSAY_OK;
}

assay_status assay_onnx_window_of(assay_onnx_window *w, const assay_onnx_node *node,
                                  assay_error *err)
{
    const assay_onnx_value *x = assay_onnx_in(node, 0);
    const assay_onnx_value *weights = assay_onnx_in(node, 1);
    const char *pad = assay_onnx_attribute_text(node, "auto_pad", "NOTSET");
    int64_t pads[2 * ASSAY_ONNX_AXES] = {0};
    const int64_t *kernel = NULL;
    bool transposed = strcmp(node->op, "ConvTranspose") == 0;
    bool conv = transposed || strcmp(node->op, "Conv") == 0;
    *w = (assay_onnx_window){.known = true};
    if (x == NULL || x->rank < 3) {
        return assay_fail(err, ASSAY_EFORMAT, "its input is not of 3 or more dimensions");
    }
    w->n = x->rank - 2;
    size_t n = (size_t)w->n;
    w->group = assay_onnx_attribute_int(node, "group", 1);
    size_t given = assay_onnx_attribute_ints(&kernel, node, "kernel_shape");
    bool fits = given == 0 || given == n;
    for (int32_t i = 0; fits && i < w->n; i++) {
        w->in[i] = x->shape[i + 2];
        w->kernel[i] = given != 0                                            ? kernel[i]
                       : conv && weights != NULL && weights->rank == x->rank ? weights->shape[i + 2]
                                                                             : -1;
        fits = w->kernel[i] <= most;
        w->known = w->known && w->kernel[i] > 0;
    }
    fits = fits && read_list(w->stride, node, "strides", n, 1, 1) &&
           read_list(w->dilation, node, "dilations", n, 1, 1) &&
           read_list(pads, node, "pads", 2 * n, 0, -most) && w->group > 0;
    if (!fits || (given != 0 && !w->known)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "kernel_shape, strides, pads or dilations do not fit its input");
    }
    bool explicit_pads = strcmp(pad, "NOTSET") == 0 || pad[0] == '\0';
    for (int32_t i = 0; explicit_pads && i < w->n; i++) {
        w->begin[i] = pads[i];
        w->end[i] = pads[n + (size_t)i];
    }
    if (!w->known) {
        for (int32_t i = 0; i < w->n; i++) {
            w->out[i] = -1;
        }
        return ASSAY_OK;
    }
    if (transposed) {
        return size_transposed(w, node, pad, err);
    }
    size_forward(w, node, pad);
    return ASSAY_OK;
}
