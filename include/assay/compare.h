/** @file compare.h  Two or more models on the same data, from their predictions files. */
#ifndef ASSAY_COMPARE_H
#define ASSAY_COMPARE_H

#include "assay/context.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero fields take the defaults in brackets. Texts are borrowed during the call. */
typedef struct assay_compare_request {
    size_t struct_size;       /**< sizeof(assay_compare_request) */
    const char *const *files; /**< NULL-terminated predictions files, two to 32; required. The first
                                     is the one that the others are compared with */
    const char *const *names; /**< NULL-terminated, one per file [file names] */
    const char *id;           /**< column ["id" if there] */
    const char *target;       /**< column ["target"] */
    const char *label;        /**< column ["label" if there] */
    const char *const *scores;  /**< NULL-terminated columns [found by name] */
    const char *const *classes; /**< NULL-terminated class names [the score columns' names] */
    const char *const *metrics; /**< NULL-terminated "name" or "name:param=value,param=value"
                                     [accuracy, balanced_accuracy, f1, log_loss,
                                     expected_calibration_error] */
    const char *where;          /**< SQL predicate over the columns of the first file [all rows] */
    const char *const *slices;  /**< NULL-terminated "name=SQL": further contexts [none] */
    const char *by;             /**< column of the first file: each of its values is a context */
    const char *cluster;    /**< column of the first file: rows with the same value (image, scene,
                                     flight) depend on each other and are drawn together */
    const char *adjust;     /**< holm, hochberg, holm_sidak, sidak, bonferroni, bh, by, max_t,
                               fixed_sequence or none
                               ["holm"] */
    double level;           /**< two-sided confidence [0.95] */
    int64_t replicates;     /**< bootstrap replicates [1000]; -1 = no resampling */
    int64_t permutations;   /**< of the sign-flip test [as many as the number of tests takes] */
    uint64_t seed;          /**< [1] */
    int32_t skip_bad;       /**< 1: leave out bad rows and those that not all files have */
    int32_t per_class;      /**< 1: compare measures of single classes too */
    int32_t exact;          /**< 1: McNemar's exact test [its mid-P version] */
    int32_t has_margin;     /**< 1: judge non-inferiority with `margin` */
    double margin;          /**< >= 0: how much worse still counts as not worse */
    const char *task;       /**< "classification" [default], "detection" or "segmentation"; requests
                                     that end before this field are accepted too */
    const char *truth;      /**< detection: annotations; segmentation: label maps or a panoptic
                                     file; required then */
    const char *iou_type;   /**< detection: "bbox" [default], "segm", "obb", "keypoints" */
    const char *convention; /**< detection: "coco" [default] or another one (evaluate.h) */
    const char *metadata; /**< detection, segmentation: table about images, for where and cluster */
    int32_t has_equivalence;    /**< 1: `equivalence` is asked for */
    double equivalence;         /**< do models differ by less than this (two one-sided tests)? */
    int32_t has_rope;           /**< 1: `rope` is asked for */
    double rope;                /**< region of practical equivalence: posterior probabilities */
    const char *score_kind;     /**< what the scores are (evaluate.h) [auto] */
    const char *weights;        /**< column of the first file: weight of each row [all alike] */
    const char *hierarchy;      /**< detection: hierarchy of classes (evaluate.h) [none] */
    int64_t expand_predictions; /**< detection: 1: results are of the broader classes too */
    const char *iou, *areas, *max_detections, *recalls, *sigmas; /**< detection: as in evaluate.h */
    int64_t pixel;                                               /**< detection: as in evaluate.h */
    const char *voc_corners;                                     /**< detection: as in evaluate.h */
    const char *ignore; /**< segmentation: label that does not count, or "none" [255] */
    const char *const
        *intervals; /**< NULL-terminated interval operations as in evaluate.h; one from
                                     replicates is that of differences too: bootstrap_percentile,
                                     bootstrap_basic or bca [the usual ones] */
} assay_compare_request;

/** Non-inferiority of every later model against the first, over all contexts and metrics with a
 *  direction; zero without a margin. */
typedef struct assay_compare_summary {
    int64_t tests;        /**< differences with a p-value */
    int64_t shown;        /**< of them with an adjusted p-value of at most 1 - level */
    int64_t noninferior;  /**< not worse than the first by more than the margin */
    int64_t inferior;     /**< worse by more */
    int64_t undecided;    /**< the data do not tell */
    int64_t not_compared; /**< no value in one of the models */
    int64_t equivalent, different, unsettled; /**< of all differences, with `equivalence` */
} assay_compare_summary;

/** *json: the results object (docs/compare.md); *table: the same for a terminal; *flips: CSV of the
 *  data that one model has right and another wrong. Each may be NULL when it is not wanted. The
 *  caller frees them with assay_text_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_compare_files(char **json, char **table, char **flips,
                                                           assay_compare_summary *summary,
                                                           assay_context *context,
                                                           const assay_compare_request *request,
                                                           assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
