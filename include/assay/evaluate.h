/** @file evaluate.h  Metrics with intervals from a predictions file: no model, no images. */
#ifndef ASSAY_EVALUATE_H
#define ASSAY_EVALUATE_H

#include "assay/context.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero fields take the defaults in brackets. Texts are borrowed during the call. */
typedef struct assay_evaluate_request {
    size_t struct_size;         /**< sizeof(assay_evaluate_request) */
    const char *task;           /**< "classification" [default], "multilabel", "regression",
                                     "detection" or "segmentation" */
    const char *predictions;    /**< .csv, .parquet or .jsonl; detection: detections, a file
                                     or a folder; required */
    const char *id;             /**< column ["id" if there] */
    const char *target;         /**< column ["target"]; multilabel: prefix of the columns of the
                                     truth, one per class ["target_"] */
    const char *label;          /**< column ["label" if there]; regression: the predicted
                                     value ["prediction"] */
    const char *const *scores;  /**< NULL-terminated columns [found by name] */
    const char *const *classes; /**< NULL-terminated class names [the score columns' names] */
    const char *const *metrics; /**< NULL-terminated "name" or "name:param=value,param=value"
                                     [those of a plan that names none] */
    const char *where;          /**< SQL predicate over the other columns [all rows] */
    double level;               /**< two-sided confidence [0.95] */
    int64_t replicates;         /**< bootstrap replicates [1000]; -1 = no bootstrap intervals */
    uint64_t seed;              /**< [1] */
    int32_t skip_bad;           /**< 1: leave bad rows out and count them [0: stop at the first] */
    const char *threshold;      /**< multilabel: score from which on a class is predicted: "0.5" or
                                     "cat=0.3,dog=0.6" [0.5] */
    const char *weights;        /**< column of row weights, numbers >= 0 [every row counts once] */
    const char *truth;          /**< detection: annotations, a file or a folder; requests that end
                                     before this field are accepted too */
    const char *iou_type;       /**< detection: "bbox" [default], "segm" or "keypoints" */
    /* detection, where annotations are not COCO files: [told from the content] */
    const char *truth_format;       /**< "coco", "yolo", "voc", "labelme", "visdrone", "dota",
                                         "table" */
    const char *predictions_format; /**< "coco", "yolo", "visdrone", "dota", "table" */
    const char *images;             /**< folder of the images [looked for beside the truth] */
    const char *split;              /**< of a data.yaml [val, else test, else train] */
    const char *voc_corners;        /**< "edges" [default] or "pixels" */
    const char *const *columns;     /**< NULL-terminated "image=COLUMN", ... of tables [by name] */
    const char *ignore; /**< segmentation: the label that does not count, or "none" [255] */
    /* detection: whose rules count, and how much of them is changed */
    const char *convention; /**< "coco" [default], "coco-corrected", "lvis", "voc2007", "voc2012",
                                     "open-images", "open-images-challenge" or "torchmetrics" */
    const char *iou;        /**< thresholds: "0.5,0.75" or "0.5:0.95:0.05" */
    const char *areas;      /**< "name:from:to,..." in square pixels */
    const char *max_detections; /**< "1,10,100": most per image and class */
    const char *recalls;        /**< number of points, the points, or "area" */
    const char *sigmas;         /**< keypoints: one per keypoint [those of COCO's persons] */
    int32_t pixel;              /**< 1: widths and heights count one pixel more */
    const char *analyse;        /**< what beside AP: "curves", "operation", "confusion", "errors",
                                     several with commas, or "all" [none] */
    const char *analysis_iou;   /**< IoU of the analyses ["0.5"]; of errors also a list */
    int32_t has_confidence;     /**< 1: the operating point is `confidence` [best F1] */
    double confidence;          /**< of the operating point */
    const char *cluster;        /**< column that says which rows (detection: images) depend on each
                                     other: scene, flight [all are independent] */
    const char *metadata;       /**< table with columns about images, for where and cluster */
    const char *const
        *intervals;            /**< NULL-terminated interval operations "name:param=value"; each is
                                     used for the measures it is made for [Clopper-Pearson,
                                     Korn-Graubard, DeLong, bootstrap percentiles];
                                     "auc=NAME" has ROC AUC resampled with it */
    const char *const *groups; /**< NULL-terminated columns to compare groups by, "name" or
                                     "name:10,20" with cuts for ranges; several are combined [none] */
    const char *positive;      /**< class that rates speak of [each in turn, against the rest] */
    int64_t least;             /**< rows that a group must have behind a number [10] */
    int32_t temperature;       /**< 1: temperature scaling as a diagnostic too [0] */
    const char *score_kind;    /**< "auto", "probabilities" (rows that do not sum to one are bad) or
                                     "any" (logits, votes: never taken as probabilities) [auto:
                                     columns called prob_ or p_, or when most rows sum to one] */
    const char *hierarchy; /**< detection: JSON with the hierarchy of classes (Open Images): objects
                                are of the broader classes too [none] */
    int64_t expand_predictions; /**< 1: results are of the broader classes too; needs hierarchy */
} assay_evaluate_request;

/** *json: the results object (docs/results.md); *table: the same for a terminal; either may be NULL
 *  when it is not wanted. The caller frees both with assay_text_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_evaluate_file(char **json, char **table,
                                                           assay_context *context,
                                                           const assay_evaluate_request *request,
                                                           assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
