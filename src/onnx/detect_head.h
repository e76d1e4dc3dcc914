/**
 * @file detect_head.h
 * Ends for detectors: from the raw outputs, before candidates are thrown away, to one row of class
 * scores for the image, or to a number that says how far an aim is reached. What these ends need of the
 * detector is the score of every candidate for every class.
 */
#ifndef ASSAY_ONNX_DETECT_HEAD_H
#define ASSAY_ONNX_DETECT_HEAD_H

#include "onnx/graph.h"

typedef enum assay_onnx_squash {
    ASSAY_ONNX_SQUASH_NONE = 0, /* probabilities already */
    ASSAY_ONNX_SQUASH_SIGMOID,
    ASSAY_ONNX_SQUASH_SOFTMAX
} assay_onnx_squash;

/** One raw output [n, candidates, columns], turned around or as a map. Places are in columns. */
typedef struct assay_onnx_candidates {
    assay_onnx_value *raw;
    int32_t anchors;     /* > 0: [n, anchors x columns, height, width]: columns lie in the second */
    bool columns_second; /* [n, columns, candidates...]; else columns come last */
    int64_t first;       /* column of the first class */
    int64_t classes;     /* without a background */
    int64_t objectness;  /* column whose probability multiplies all; -1 = none */
    int64_t background;  /* column that is in the softmax and is left out; -1 = none */
    assay_onnx_squash squash;
    int64_t boxes; /* first of four columns of the box; -1 = elsewhere or none */
} assay_onnx_candidates;

/** Scores [n, candidates, classes] and, unless NULL or elsewhere, boxes [n, candidates, 4], both as the
 *  model writes them. Shapes must be known; a misfit is ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_onnx_add_candidates(assay_onnx_value **scores,
                                                       assay_onnx_value **boxes,
                                                       assay_onnx_graph *graph,
                                                       const assay_onnx_candidates *from,
                                                       assay_error *err);
/** Several of them in a row along the candidates. */
ASSAY_NODISCARD assay_status assay_onnx_join_candidates(assay_onnx_value **out,
                                                        assay_onnx_graph *graph,
                                                        assay_onnx_value *const *parts, int32_t n,
                                                        assay_error *err);

/**
 * What the image as a whole shows, as logits [n, 1 + classes]: the logit of the threshold, which stands
 * for "nothing", then for each class the logit of the greatest score of any candidate. The greatest of
 * them is the class of the best box, or nothing when no box reaches the threshold: that is exact, whatever
 * removes duplicates afterwards, because nothing that does removes the best box.
 */
ASSAY_NODISCARD assay_status assay_onnx_add_verdict(assay_onnx_value **out, assay_onnx_graph *graph,
                                                    assay_onnx_value *scores, double threshold,
                                                    assay_error *err);

/** Aims of an attack on a detector, to be raised; s_a is candidate a's greatest score, p_a its scores as
 *  shares, w_a = 1 when s_a reaches the threshold (it does not pass gradients on), else 0. After Chow et
 *  al. 2020, "Adversarial objectness gradient attacks in real-time object detection systems" (TOG). */
typedef enum assay_onnx_aim {
    ASSAY_ONNX_AIM_VANISH = 1, /* sum of log(1 - s_a): no objects */
    ASSAY_ONNX_AIM_FABRICATE,  /* sum of log(s_a): objects everywhere */
    ASSAY_ONNX_AIM_MISLABEL,   /* sum of w_a log p_a,class; without a class of -w_a log max p_a */
    ASSAY_ONNX_AIM_SHIFT       /* sum of w_a |box_a - reference_a|_1: boxes elsewhere */
} assay_onnx_aim;

typedef struct assay_onnx_aim_request {
    assay_onnx_aim aim;
    assay_onnx_value *scores;            /* [n, candidates, classes] */
    assay_onnx_value *boxes, *reference; /* [n, candidates, 4]; for shift */
    double threshold;
    int64_t class_index; /* for mislabel; -1 = none */
} assay_onnx_aim_request;

/** [n, 1] */
ASSAY_NODISCARD assay_status assay_onnx_add_aim(assay_onnx_value **out, assay_onnx_graph *graph,
                                                const assay_onnx_aim_request *request,
                                                assay_error *err);

#endif
