/**
 * @file nms.h
 * Suppression of duplicates among a detector's boxes: from the best score downwards, every box takes
 * out (or lowers) those that overlap it.
 *
 * hard: torchvision.ops.nms and, class by class, torchvision.ops.batched_nms: a box goes when its IoU
 * with a better one is greater than `iou`. linear, gaussian: soft-NMS (Bodla, Singh, Chellappa, Davis
 * 2017, "Soft-NMS: improving object detection with one line of code"): the score is multiplied by
 * 1 - IoU when the IoU is greater than `iou`, or by exp(-IoU^2 / sigma); the best remaining score is
 * taken next, and boxes whose score is no longer above the floor go. IoU as torchvision has it:
 * intersection / (a + b - intersection) in double, sides of the intersection cut at 0.
 */
#ifndef ASSAY_CORE_NMS_H
#define ASSAY_CORE_NMS_H

#include <stdbool.h>

#include "core/candidates.h"

typedef enum assay_nms_kind {
    ASSAY_NMS_NONE = 1,
    ASSAY_NMS_HARD,
    ASSAY_NMS_LINEAR,
    ASSAY_NMS_GAUSSIAN
} assay_nms_kind;

typedef struct assay_nms {
    assay_nms_kind kind;
    bool agnostic; /* boxes of other classes count as duplicates too */
    double iou;    /* 0..1 */
    double sigma;  /* > 0; gaussian */
} assay_nms;

/** "none", "hard", "linear", "gaussian"; NULL for anything else. Static text. */
const char *assay_nms_kind_name(assay_nms_kind kind);

/**
 * In place: first candidates with a score of `floor` or less go, then all but the `most_before` best
 * (0 = no limit), then duplicates; the `most` best remain (0 = no limit). The result is sorted by
 * falling score, equal scores by their place before. Scores and boxes must not be NaN.
 */
ASSAY_NODISCARD assay_status assay_nms_run(assay_candidates *list, const assay_nms *nms,
                                           double floor, int64_t most_before, int64_t most,
                                           assay_error *err);

#endif
