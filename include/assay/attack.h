/**
 * @file attack.h
 * How much deliberate change a classifier bears: attacks, curves, checks. For models that you are
 * authorised to test.
 */
#ifndef ASSAY_ATTACK_H
#define ASSAY_ATTACK_H

#include "assay/context.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero fields take the defaults in brackets. Texts are borrowed during the call. */
typedef struct assay_attack_request {
    size_t struct_size;         /**< sizeof(assay_attack_request) */
    const char *model;          /**< .onnx file or model description (.yaml); required */
    const char *data;           /**< folder, manifest, IDX, NPY or NPZ; required */
    const char *out;            /**< folder for pixels, traces and attack.json [nothing] */
    const char *const *attacks; /**< NULL-terminated "name" or "name:param=value,..." [fgsm, pgd,
                                     autoattack and noise; square, spatial and noise for models that
                                     give scores only; spatial and noise for labels] */
    const char *norm;           /**< linf, l2, l1 or l0 ["linf"] */
    const char *eps;         /**< budgets, ascending, in units of the pixel range 0 to 1; fractions
                                     such as 8/255 are allowed ["2/255,4/255,8/255,16/255"; l2
                                     "0.25,0.5,1,2"; l1 "2,5,10,20"; l0 "1,5,10,50"] */
    const char *const *with; /**< NULL-terminated further models attacked together with it */
    const char *const *transfer; /**< NULL-terminated models that the examples are tried on */
    const char *const
        *proxy;         /**< NULL-terminated models of the attacker's own: examples are made on
                                     them without asking the attacked one */
    const char *matrix; /**< an eps: also attack each model of `transfer` and try all on all [no] */
    const char *gradients;    /**< model to take gradients from, where the attacked one has none or
                                     hides them [the attacked model] */
    const char *target_class; /**< name of the class to reach [any wrong one] */
    const char *target;       /**< manifest column of the class ["target"] */
    const char *labels;       /**< file of the targets, for IDX and NPY */
    const char *where;        /**< SQL predicate over metadata columns [all rows] */
    const char *by;           /**< metadata column: robust accuracy for each of its values */
    const char *memory; /**< most memory of the process, such as "2GB": batches become smaller;
                                   no number changes [three quarters of what the machine has left] */
    int64_t limit;      /**< most images, drawn by the seed [all] */
    int64_t budget;     /**< most queries of one image and eps [the attack's own] */
    int32_t repeats;    /**< gradients are averaged over so many calls [1] */
    double noise;       /**< standard deviation of the noise on each of them [0] */
    double level;       /**< two-sided confidence [0.95] */
    uint64_t seed;      /**< [1] */
    double certify;     /**< sigma: also certify the smoothed model by randomised smoothing [no] */
    int64_t certify_draws; /**< draws of noise for each image [1000] */
    int32_t skip_bad;      /**< 1: leave out bad data and count them */
    int32_t own_answers;   /**< 1: what the model answers to each image counts as its class, instead
                                of the data's: for data without classes, and verdicts of detectors */
} assay_attack_request;

typedef struct assay_attack_summary {
    int64_t n;        /**< images */
    int64_t right;    /**< answered rightly as they are */
    int64_t robust;   /**< answered rightly under every attack at the greatest eps */
    int32_t warnings; /**< checks that found something */
} assay_attack_summary;

/** *json: the assessment (docs/attacks.md); *table: the same for a terminal; either may be NULL when
 *  it is not wanted. The caller frees both with assay_text_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_attack_model(char **json, char **table,
                                                          assay_attack_summary *summary,
                                                          assay_context *context,
                                                          const assay_attack_request *request,
                                                          assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
