/** @file independent.h  Two samples of different data: from counts, or from predictions files about different
 *  data. For two models on the same data see compare.h, which is far more powerful. */
#ifndef ASSAY_INDEPENDENT_H
#define ASSAY_INDEPENDENT_H

#include "assay/context.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero fields take the defaults in brackets. Texts are borrowed during the call. */
typedef struct assay_independent_request {
    size_t struct_size; /**< sizeof(assay_independent_request) */
    const char *const
        *samples; /**< two counts as "45/50" (successes of trials), or two predictions files */
    const char *const *names;        /**< NULL-terminated, two [the counts, or the file names] */
    const char *id, *target, *label; /**< columns, as in compare.h */
    const char *const *scores;
    const char *const *classes;
    const char *score_kind;
    const char *const
        *metrics;       /**< of predictions files [accuracy, balanced_accuracy, f1, log_loss] */
    const char *where;  /**< SQL predicate, for both files [all rows] */
    double level;       /**< two-sided confidence [0.95] */
    int64_t replicates; /**< bootstrap replicates [1000] */
    uint64_t seed;      /**< [1] */
    int32_t skip_bad;   /**< 1: leave out bad rows */
    int32_t has_margin; /**< 1: is the second not worse than the first by more than `margin`? */
    double margin;      /**< > 0 */
    int32_t has_equivalence; /**< 1: do they differ by less than `equivalence`? */
    double equivalence;      /**< > 0 */
    int32_t has_rope; /**< 1: posterior probabilities of a difference below, within, above `rope` */
    double rope;      /**< > 0 */
    int32_t lower_is_better; /**< 1: counts are of failures */
} assay_independent_request;

/** How the comparisons ended; zero for what was not asked. */
typedef struct assay_independent_summary {
    int64_t compared, not_compared;
    int64_t noninferior, inferior, undecided;
    int64_t equivalent, different, unsettled;
} assay_independent_summary;

/** Whether a text is a count such as "45/50". */
ASSAY_API int assay_is_count(const char *text);

/** *json: the results object (docs/compare.md); *table: the same for a terminal. Each may be NULL when it is not
 *  wanted. The caller frees them with assay_text_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_compare_independent(
    char **json, char **table, assay_independent_summary *summary, assay_context *context,
    const assay_independent_request *request, assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
