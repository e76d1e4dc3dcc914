/**
 * @file vjp.h
 * Rules of differentiation: a rule reads the gradient of its node's outputs and gives that of the
 * inputs. `dy` is the gradient of the first output and is never NULL; shapes are known. Formulas of
 * the vector-Jacobian products: Griewank, Walther, Evaluating Derivatives (2008), ch. 3; those of the
 * operators follow from their definitions in the ONNX specification.
 */
#ifndef ASSAY_ONNX_VJP_H
#define ASSAY_ONNX_VJP_H

#include "onnx/build.h"
#include "onnx/gradient.h"

typedef struct onnx_vjp {
    assay_onnx_build b;
    assay_onnx_node *node;
    assay_onnx_value *dy;
    assay_onnx_steps steps;
} onnx_vjp;

typedef void (*onnx_vjp_fn)(onnx_vjp *v);

typedef enum onnx_vjp_kind {
    ONNX_VJP_SMOOTH = 1, /* has a derivative: `fn` */
    ONNX_VJP_ZERO,       /* derivative zero wherever there is one; nothing to report */
    ONNX_VJP_STEP        /* the same, but passes its input on in steps: by policy */
} onnx_vjp_kind;

typedef struct onnx_vjp_rule {
    const char *op;
    onnx_vjp_kind kind;
    onnx_vjp_fn fn;
} onnx_vjp_rule;

const onnx_vjp_rule *onnx_vjp_find(const assay_onnx_node *node);
const onnx_vjp_rule *onnx_vjp_all(int32_t *n);

/** Does anybody want the gradient of this input? */
bool onnx_want(const onnx_vjp *v, int32_t i);
/** Contribute to it; ignored when nobody wants it. A wrong shape is a defect and reported as one. */
void onnx_give(onnx_vjp *v, int32_t i, assay_onnx_value *gradient);
/** The same, from a rule that has already set it to zero where the Relu before it would. */
void onnx_give_gated(onnx_vjp *v, int32_t i, assay_onnx_value *gradient);
/** Is the gradient of the first output made of such contributions only? */
bool onnx_is_gated(const onnx_vjp *v);
/** Gradient of output i; NULL when nothing depends on it. */
assay_onnx_value *onnx_gradient_of(onnx_vjp *v, int32_t i);
/** This combination has no rule: the failure names the node. */
void onnx_refuse(onnx_vjp *v, const char *why);
/** For inputs that no rule differentiates (bounds, sizes): refuse when they are wanted. */
void onnx_refuse_wanted(onnx_vjp *v, int32_t i);

assay_onnx_value *onnx_x(const onnx_vjp *v); /* the first input */
assay_onnx_value *onnx_y(const onnx_vjp *v); /* the first output */
/** Output i of the node, which is asked for if the graph did not use it. */
assay_onnx_value *onnx_ask_output(onnx_vjp *v, int32_t i);
assay_onnx_value *onnx_zeros_like(onnx_vjp *v, const assay_onnx_value *like);
/** y = M x along one axis: M has `to` rows of the axis's size. */
assay_onnx_value *onnx_map_axis(onnx_vjp *v, assay_onnx_value *x, int32_t axis, int64_t to,
                                const double *matrix);
/** Zeros between the elements of an axis: size n becomes n * step. */
assay_onnx_value *onnx_interleave_zeros(onnx_vjp *v, assay_onnx_value *x, int32_t axis,
                                        int64_t step);
/**
 * Is it a map of features [N, C, H, W] that ONNX Runtime's processor backend keeps in its blocked
 * layout (the result of convolutions and what may follow them, C a multiple of 16)? There each pass
 * over the data counts: what is written as a convolution channel by channel stays in the layout, all
 * else is put into the usual order and back.
 */
bool onnx_is_blocked(const assay_onnx_value *x);
/** The same values, brought into the layout if they are not in it and can be. */
assay_onnx_value *onnx_blocked(assay_onnx_build *b, assay_onnx_value *x);
/** weight[c] * x[:, c] as a convolution channel by channel; x has 4 dimensions. */
assay_onnx_value *onnx_scale_channels(assay_onnx_build *b, assay_onnx_value *x,
                                      assay_onnx_value *weight);
/** dy where sign * (y - limit) > 0, else 0. */
assay_onnx_value *onnx_gate(assay_onnx_build *b, assay_onnx_value *dy, assay_onnx_value *y,
                            double sign, double limit);
/** The places of each of `step`^2 phases, [N, step * step * C, H, W] with the phases of a place at
 *  channels phase * C + c, put side by side: [N, C, step * H, step * W]. */
assay_onnx_value *onnx_interleave(assay_onnx_build *b, assay_onnx_value *x, int64_t step);

/** Room in the graph's arena; a failure when memory is out. */
void *onnx_take(onnx_vjp *v, size_t n, size_t size);

/* The rules, by family. */
#define ONNX_RULE(name) void onnx_vjp_##name(onnx_vjp *v)
ONNX_RULE(unary);
ONNX_RULE(clip);
ONNX_RULE(prelu);
ONNX_RULE(pass);
ONNX_RULE(quantize);
ONNX_RULE(dropout);
ONNX_RULE(add);
ONNX_RULE(sub);
ONNX_RULE(mul);
ONNX_RULE(div);
ONNX_RULE(pow);
ONNX_RULE(extreme);
ONNX_RULE(total);
ONNX_RULE(where);
ONNX_RULE(reshape);
ONNX_RULE(transpose);
ONNX_RULE(concat);
ONNX_RULE(split);
ONNX_RULE(slice);
ONNX_RULE(pad);
ONNX_RULE(tile);
ONNX_RULE(expand);
ONNX_RULE(depth);
ONNX_RULE(cumsum);
ONNX_RULE(trilu);
ONNX_RULE(gather);
ONNX_RULE(gather_elements);
ONNX_RULE(gather_nd);
ONNX_RULE(scatter);
ONNX_RULE(matmul);
ONNX_RULE(gemm);
ONNX_RULE(einsum);
ONNX_RULE(conv);
ONNX_RULE(conv_transpose);
ONNX_RULE(max_pool);
ONNX_RULE(average_pool);
ONNX_RULE(global_pool);
ONNX_RULE(reduce);
ONNX_RULE(topk);
ONNX_RULE(softmax);
ONNX_RULE(batch_norm);
ONNX_RULE(instance_norm);
ONNX_RULE(layer_norm);
ONNX_RULE(group_norm);
ONNX_RULE(rms_norm);
ONNX_RULE(lp_norm);
ONNX_RULE(lrn);
ONNX_RULE(resize);
ONNX_RULE(mod);
ONNX_RULE(one_hot);
ONNX_RULE(range);
ONNX_RULE(mean_variance);
ONNX_RULE(reverse_sequence);
ONNX_RULE(lp_pool);
ONNX_RULE(attention);

#endif
