/* dx at place s m + f (phase f) of one axis is the sum over taps k with f + begin - k = s c of
 * w[k] dy[m + c]: per phase a convolution with stride 1 over the taps k = k0, k0 + s, ... backwards.
 * Where kernel and stride are the same (patches) all phases are one pointwise convolution. */
#include "onnx/vjp/phases.h"

#include <string.h>

enum { MOST_STRIDE = 4 };

/* The taps of one phase of one axis. */
typedef struct taps {
    int64_t first, n;    /* k = first, first + s, ... */
    int64_t left, right; /* padding of dy, below zero = cut off */
} taps;

static taps taps_of(const assay_onnx_window *win, int32_t i, int64_t phase)
{
    int64_t s = win->stride[i];
    int64_t places = (win->in[i] + s - 1) / s; /* the same for every phase; fit() cuts */
    taps t = {.first = (phase + win->begin[i]) % s};
    t.n = t.first < win->kernel[i] ? (win->kernel[i] - 1 - t.first) / s + 1 : 0;
    if (t.n > 0) {
        int64_t most = (phase + win->begin[i] - t.first) / s; /* c of the first tap */
        t.left = t.n - 1 - most;
        t.right = places + most - win->out[i];
    }
    return t;
}

static bool is_patchwork(const assay_onnx_window *win)
{
    bool fits = true;
    for (int32_t i = 0; i < win->n; i++) {
        fits = fits && win->kernel[i] == win->stride[i] && win->begin[i] == 0 && win->end[i] == 0;
    }
    return fits;
}

/* ConvTranspose, which spreads the sums over the places one by one, is as fast for few channels (measured
 * with ONNX Runtime 1.29), and a picture's have a kernel of their own. */
bool onnx_phases_suit(const onnx_vjp *v, const assay_onnx_window *win)
{
    enum { FEW = 16 };
    const assay_onnx_value *w = v->node->in[1];
    bool suits = win->n == 2 && win->group == 1 && win->stride[0] == win->stride[1];
    for (int32_t i = 0; suits && i < win->n; i++) {
        suits = win->dilation[i] == 1 && win->begin[i] >= 0 && win->begin[i] < win->kernel[i];
    }
    if (!suits || is_patchwork(win)) {
        return suits;
    }
    return win->stride[0] <= MOST_STRIDE && w->shape[1] >= FEW;
}

/* w[m, c, first + s j...] to [c, m, j...] backwards. */
static assay_onnx_value *pick_taps(assay_onnx_build *b, assay_onnx_value *w, const taps t[2],
                                   int64_t s)
{
    int64_t starts[2];
    int64_t ends[2];
    const int64_t axes[2] = {2, 3};
    const int64_t steps[2] = {-s, -s};
    const int64_t perm[4] = {1, 0, 2, 3};
    for (int i = 0; i < 2; i++) {
        starts[i] = t[i].first + (t[i].n - 1) * s;
        ends[i] = t[i].first > 0 ? t[i].first - 1 : INT64_MIN;
    }
    assay_onnx_value *in[5] = {w, onnx_list(b, starts, 2), onnx_list(b, ends, 2),
                               onnx_list(b, axes, 2), onnx_list(b, steps, 2)};
    return onnx_transpose(b, onnx_emit(b, "Slice", 5, in, 0, NULL, 1), perm);
}

/* Stride 1; what is to be cut off of dy is cut off before. */
static assay_onnx_value *convolve(assay_onnx_build *b, assay_onnx_value *dy, assay_onnx_value *w,
                                  const taps t[2])
{
    int64_t cut[8] = {0};
    int64_t pads[4] = {t[0].left, t[1].left, t[0].right, t[1].right};
    for (int i = 0; i < 4; i++) {
        int at = i % 2 + 2 + i / 2 * 4;
        cut[at] = pads[i] < 0 ? pads[i] : 0;
        pads[i] = pads[i] < 0 ? 0 : pads[i];
    }
    assay_onnx_value *in[2] = {onnx_pad_zeros(b, dy, cut), w};
    const assay_onnx_attribute attribute = ONNX_INTS("pads", pads, 4);
    return onnx_emit(b, "Conv", 2, in, 1, &attribute, 1);
}

/* Phases that no tap reaches are zero; the first of 1 x 1 kernels is the only one that is not. */
static assay_onnx_value *zeros(assay_onnx_build *b, const onnx_vjp *v, const assay_onnx_window *win)
{
    int64_t s = win->stride[0];
    const assay_onnx_value *x = v->node->in[0];
    const int64_t shape[4] = {x->shape[0], x->shape[1], (win->in[0] + s - 1) / s,
                              (win->in[1] + s - 1) / s};
    return onnx_2(b, "Expand", onnx_real(b, x->type, 0.0), onnx_list(b, shape, 4));
}

static assay_onnx_value *apart(onnx_vjp *v, const assay_onnx_window *win)
{
    assay_onnx_build *b = &v->b;
    int64_t s = win->stride[0];
    assay_onnx_value *parts[MOST_STRIDE * MOST_STRIDE];
    assay_onnx_value *none = NULL;
    int32_t n = 0;
    int32_t full = 0;
    for (int64_t row = 0; row < s; row++) {
        for (int64_t column = 0; column < s; column++) {
            const taps t[2] = {taps_of(win, 0, row), taps_of(win, 1, column)};
            if (t[0].n > 0 && t[1].n > 0) {
                parts[n++] = convolve(b, v->dy, pick_taps(b, v->node->in[1], t, s), t);
                full++;
                continue;
            }
            none = none != NULL ? none : zeros(b, v, win);
            parts[n++] = none;
        }
    }
    if (full == 1 && parts[0] != none && b->status == ASSAY_OK) {
        const int64_t pads[8] = {0, 0, 0, 0, 0, (s * s - 1) * parts[0]->shape[1]};
        return onnx_interleave(b, onnx_pad_zeros(b, parts[0], pads), s);
    }
    const assay_onnx_attribute axis = ONNX_INT("axis", 1);
    return onnx_interleave(b, onnx_emit(b, "Concat", n, parts, 1, &axis, 1), s);
}

/* w[m, c, row, column] to [row, column, c, m, 1, 1] */
static assay_onnx_value *together(onnx_vjp *v, const assay_onnx_window *win)
{
    assay_onnx_build *b = &v->b;
    const int64_t s = win->stride[0];
    assay_onnx_value *w = v->node->in[1];
    const int64_t perm[4] = {2, 3, 1, 0};
    const int64_t flat[4] = {s * s * w->shape[1], w->shape[0], 1, 1};
    const taps one[2] = {{.n = 1, .right = (win->in[0] + s - 1) / s - win->out[0]},
                         {.n = 1, .right = (win->in[1] + s - 1) / s - win->out[1]}};
    assay_onnx_value *t = onnx_reshape(b, onnx_transpose(b, w, perm), 4, flat);
    return onnx_interleave(b, convolve(b, v->dy, t, one), s);
}

assay_onnx_value *onnx_by_phases(onnx_vjp *v, const assay_onnx_window *win)
{
    return is_patchwork(win) ? together(v, win) : apart(v, win);
}
