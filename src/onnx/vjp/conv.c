/* Convolutions. The gradient of a convolution with stride 1 is a convolution with the weights turned
 * by half a turn and the channels swapped: emitted as such, because runtimes run Conv faster than
 * ConvTranspose. With stride s it is s * s such convolutions, one for the places of each phase
 * (Shi et al. 2016, arXiv:1609.07009), put side by side: phases.c. */
#include <string.h>

#include "onnx/vjp/phases.h"
#include "onnx/vjp/vjp.h"
#include "onnx/window.h"

enum { AXES = ASSAY_ONNX_AXES };

/* Conv or ConvTranspose with all attributes; `extra` NULL for Conv. */
static assay_onnx_value *convolve(assay_onnx_build *b, const char *op, assay_onnx_value *x,
                                  assay_onnx_value *w, const assay_onnx_window *like,
                                  const int64_t *stride, const int64_t *dilation,
                                  const int64_t *pads, const int64_t *extra)
{
    assay_onnx_value *in[2] = {x, w};
    const assay_onnx_attribute attributes[5] = {
        ONNX_INTS("strides", stride, like->n), ONNX_INTS("dilations", dilation, like->n),
        ONNX_INTS("pads", pads, 2 * like->n), ONNX_INT("group", like->group),
        ONNX_INTS("output_padding", extra, like->n)};
    return onnx_emit(b, op, 2, in, extra != NULL ? 5 : 4, attributes, 1);
}

/* [M, C/g, k...] to [C, M/g, k...], every spatial axis backwards. */
static assay_onnx_value *turn_weights(assay_onnx_build *b, assay_onnx_value *w,
                                      const assay_onnx_window *win)
{
    int64_t g = win->group;
    int64_t shape[ASSAY_ONNX_RANK + 1] = {g, w->shape[0] / g, w->shape[1]};
    int64_t perm[ASSAY_ONNX_RANK] = {1, 0};
    int64_t starts[AXES];
    int64_t ends[AXES];
    int64_t axes[AXES];
    int64_t steps[AXES];
    int64_t n = 0;
    for (int32_t i = 0; i < win->n; i++) {
        shape[i + 3] = win->kernel[i];
        perm[i + 2] = i + 2;
        if (win->kernel[i] > 1) {
            starts[n] = -1;
            ends[n] = INT64_MIN;
            axes[n] = i + 2;
            steps[n++] = -1;
        }
    }
    assay_onnx_value *t = w;
    if (g == 1) {
        t = onnx_transpose(b, t, perm);
    } else if (w->shape[1] == 1 && w->shape[0] == g) {
        t = w; /* depthwise: swapping ones */
    } else {
        int64_t grouped[ASSAY_ONNX_RANK + 1] = {0, 2, 1};
        int64_t flat[ASSAY_ONNX_RANK] = {g * w->shape[1], w->shape[0] / g};
        for (int32_t i = 0; i < win->n; i++) {
            grouped[i + 3] = i + 3;
            flat[i + 2] = win->kernel[i];
        }
        t = onnx_transpose(b, onnx_reshape(b, t, win->n + 3, shape), grouped);
        t = onnx_reshape(b, t, win->n + 2, flat);
    }
    if (n == 0) {
        return t;
    }
    assay_onnx_value *in[5] = {t, onnx_list(b, starts, n), onnx_list(b, ends, n),
                               onnx_list(b, axes, n), onnx_list(b, steps, n)};
    return onnx_emit(b, "Slice", 5, in, 0, NULL, 1);
}

/* Cut or fill up the spatial axes at their ends to the sizes of `like`. */
static assay_onnx_value *fit(assay_onnx_build *b, assay_onnx_value *t, const assay_onnx_value *like)
{
    int64_t pads[2 * ASSAY_ONNX_RANK] = {0};
    for (int32_t d = 2; b->status == ASSAY_OK && d < t->rank; d++) {
        pads[t->rank + d] = like->shape[d] - t->shape[d];
    }
    return onnx_pad_zeros(b, t, pads);
}

static bool all_ones(const int64_t *list, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        if (list[i] != 1) {
            return false;
        }
    }
    return true;
}

/* Stride 1: full padding less the padding of the forward pass; what would be negative is cut off. */
static assay_onnx_value *by_conv(onnx_vjp *v, assay_onnx_value *dy, const assay_onnx_window *win)
{
    int64_t pads[2 * AXES];
    int64_t cut[2 * ASSAY_ONNX_RANK] = {0};
    for (int32_t i = 0; i < win->n; i++) {
        int64_t span = win->dilation[i] * (win->kernel[i] - 1);
        int64_t p[2] = {span - win->begin[i], span - win->end[i]};
        for (int32_t side = 0; side < 2; side++) {
            pads[i + side * win->n] = p[side] > 0 ? p[side] : 0;
            cut[i + 2 + side * (win->n + 2)] = p[side] < 0 ? p[side] : 0;
        }
    }
    assay_onnx_value *t = onnx_pad_zeros(&v->b, dy, cut);
    return convolve(&v->b, "Conv", t, turn_weights(&v->b, v->node->in[1], win), win, win->stride,
                    win->dilation, pads, NULL);
}

static assay_onnx_value *by_transpose(onnx_vjp *v, const assay_onnx_window *win)
{
    int64_t extra[AXES];
    int64_t pads[2 * AXES];
    int64_t cut[2 * ASSAY_ONNX_RANK] = {0};
    for (int32_t i = 0; i < win->n; i++) {
        int64_t room =
            win->in[i] + win->begin[i] + win->end[i] - win->dilation[i] * (win->kernel[i] - 1) - 1;
        /* With ceil-like sizes (SAME) the last window may reach beyond the padding. */
        extra[i] = room >= 0 ? room % win->stride[i] : 0;
        pads[i] = win->begin[i] > 0 ? win->begin[i] : 0;
        pads[i + win->n] = win->end[i] > 0 ? win->end[i] : 0;
        cut[i + 2] = win->begin[i] < 0 ? -win->begin[i] : 0;
        cut[i + 4 + win->n] = win->end[i] < 0 ? -win->end[i] : 0;
    }
    assay_onnx_value *t = convolve(&v->b, "ConvTranspose", v->dy, v->node->in[1], win, win->stride,
                                   win->dilation, pads, extra);
    return onnx_pad_zeros(&v->b, t, cut);
}

static assay_onnx_value *turn_channels(assay_onnx_build *b, assay_onnx_value *x)
{
    int64_t perm[ASSAY_ONNX_RANK] = {1, 0};
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    for (int32_t d = 2; d < x->rank; d++) {
        perm[d] = d;
    }
    return onnx_transpose(b, x, perm);
}

/* dW = correlation of x with dy over the batch: strides and dilations change places. Groups: the
 * groups of x are put beside one another as one channel axis of a grouped convolution. */
static assay_onnx_value *weight_gradient(onnx_vjp *v, assay_onnx_value *x, assay_onnx_value *dy,
                                         const assay_onnx_window *win)
{
    assay_onnx_build *b = &v->b;
    int64_t g = win->group;
    int64_t n = x->shape[0];
    int64_t shape[ASSAY_ONNX_RANK + 1] = {n, g, x->shape[1] / g};
    int64_t perm[ASSAY_ONNX_RANK + 1] = {2, 1, 0};
    int64_t flat[ASSAY_ONNX_RANK] = {x->shape[1] / g, g * n};
    int64_t pads[2 * AXES];
    assay_onnx_window like = *win;
    for (int32_t i = 0; i < win->n; i++) {
        shape[i + 3] = x->shape[i + 2];
        perm[i + 3] = i + 3;
        flat[i + 2] = x->shape[i + 2];
        pads[i] = win->begin[i];
        pads[i + win->n] = win->end[i];
        if (win->begin[i] < 0 || win->end[i] < 0) {
            onnx_refuse(v, "has negative padding, for which weights have no gradient rule");
            return NULL;
        }
    }
    assay_onnx_value *t = onnx_reshape(b, x, win->n + 3, shape);
    t = onnx_reshape(b, onnx_transpose(b, t, perm), win->n + 2, flat);
    t = convolve(b, "Conv", t, turn_channels(b, dy), &like, win->dilation, win->stride, pads, NULL);
    return turn_channels(b, t);
}

static assay_onnx_value *bias_gradient(onnx_vjp *v)
{
    int64_t axes[ASSAY_ONNX_RANK] = {0};
    for (int32_t d = 2; d < v->dy->rank; d++) {
        axes[d - 1] = d;
    }
    return onnx_sum(&v->b, v->dy, axes, v->dy->rank - 1, false);
}

/* To the few channels of a picture with stride 1: the runtime fills them up to a whole block of channels
 * in a Conv, so that ConvTranspose takes half the time (measured with ONNX Runtime 1.29). */
static bool is_narrow(const onnx_vjp *v, const assay_onnx_window *win)
{
    enum { FEW = 4 };
    int64_t taps = 1;
    for (int32_t i = 0; i < win->n; i++) {
        taps *= win->kernel[i];
    }
    const assay_onnx_value *w = v->node->in[1];
    return win->n == 2 && win->group == 1 && w->shape[1] <= FEW && taps > 1 && taps <= 7 * 7;
}

static bool read_window(assay_onnx_window *win, onnx_vjp *v)
{
    if (v->b.status == ASSAY_OK) {
        v->b.status = assay_onnx_window_of(win, v->node, v->b.err);
    }
    if (v->b.status == ASSAY_OK && onnx_x(v)->rank >= ASSAY_ONNX_RANK) {
        onnx_refuse(v, "has too many dimensions");
    }
    return v->b.status == ASSAY_OK;
}

void onnx_vjp_conv(onnx_vjp *v)
{
    assay_onnx_window win;
    if (!read_window(&win, v)) {
        return;
    }
    if (onnx_want(v, 0)) {
        bool plain = all_ones(win.stride, win.n) && !is_narrow(v, &win);
        assay_onnx_value *t = plain                       ? by_conv(v, v->dy, &win)
                              : onnx_phases_suit(v, &win) ? onnx_by_phases(v, &win)
                                                          : by_transpose(v, &win);
        t = fit(&v->b, t, onnx_x(v));
        onnx_give(v, 0, onnx_is_blocked(onnx_x(v)) ? onnx_blocked(&v->b, t) : t);
    }
    if (onnx_want(v, 1)) {
        assay_onnx_value *t = weight_gradient(v, onnx_x(v), v->dy, &win);
        onnx_give(v, 1, fit(&v->b, t, v->node->in[1]));
    }
    if (onnx_want(v, 2)) {
        onnx_give(v, 2, bias_gradient(v));
    }
}

void onnx_vjp_conv_transpose(onnx_vjp *v)
{
    assay_onnx_window win;
    int64_t pads[2 * AXES];
    if (!read_window(&win, v)) {
        return;
    }
    for (int32_t i = 0; i < win.n; i++) {
        pads[i] = win.begin[i];
        pads[i + win.n] = win.end[i];
        if (win.begin[i] < 0 || win.end[i] < 0) {
            onnx_refuse(
                v, "has an output_shape beyond its reach, for which there is no gradient rule");
            return;
        }
    }
    if (onnx_want(v, 0)) {
        assay_onnx_value *t = convolve(&v->b, "Conv", v->dy, v->node->in[1], &win, win.stride,
                                       win.dilation, pads, NULL);
        onnx_give(v, 0, fit(&v->b, t, onnx_x(v)));
    }
    if (onnx_want(v, 1)) {
        assay_onnx_value *t = weight_gradient(v, v->dy, onnx_x(v), &win);
        onnx_give(v, 1, fit(&v->b, t, v->node->in[1]));
    }
    if (onnx_want(v, 2)) {
        onnx_give(v, 2, bias_gradient(v));
    }
}
