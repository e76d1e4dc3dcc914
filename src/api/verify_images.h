/** @file verify_images.h  Verdicts on detections and segmentations from what a run has left. Inside src/api
 *  only. */
#ifndef ASSAY_API_VERIFY_IMAGES_H
#define ASSAY_API_VERIFY_IMAGES_H

#include "api/run.h"
#include "codec/json_value.h"

/** Exactly one of `results` and `predictions`. */
typedef struct assay_images_evidence {
    const assay_json_value *results; /* results.json in the folder run->out */
    const char *predictions;         /* what `model` says of `data`: a file or folder */
    int32_t model, data;
} assay_images_evidence;

/** Measure the cells that requirements speak of. The truth is read where the plan says it is; evidence
 *  whose truth or predictions have changed since gives a reason in place of measures. Sets run->boxes,
 *  of segmentations run->masks too, and run->data; the dispose function of the task frees them. */
ASSAY_NODISCARD assay_status assay_verify_boxes(assay_run *run,
                                                const assay_images_evidence *evidence,
                                                assay_error *err);
ASSAY_NODISCARD assay_status assay_verify_masks(assay_run *run,
                                                const assay_images_evidence *evidence,
                                                assay_error *err);
void assay_verify_boxes_dispose(assay_run *run);
void assay_verify_masks_dispose(assay_run *run);

/* ---- between the two ---- */

typedef struct assay_images_judging {
    assay_run *run;
    const assay_images_evidence *evidence;
    const char **reason; /* per data set: why it can't be measured; NULL = it can */
    uint8_t *opened;     /* per data set */
} assay_images_judging;

/** The member `key` of the element of a list of the evidence with this name; "" = there is none. */
const char *assay_images_member(const assay_images_judging *j, const char *list, const char *by,
                                const char *name, const char *key);
/** The truth of a data set is that of the evidence: with a results file else a reason. Then what the
 *  evidence knows of its images, and their clusters. */
ASSAY_NODISCARD assay_status assay_images_recall(assay_images_judging *j, int32_t data,
                                                 assay_error *err);
/** Why a prediction that was named, not found in evidence, is not about the cell, or NULL. */
const char *assay_images_stranger(const assay_images_judging *j, const assay_run_cell *cell);
/** The files that the run left of what a model said in a cell have names that begin with *stem; NULL = there
 *  are none. `model`: its digest. */
ASSAY_NODISCARD assay_status assay_images_find_stem(const char **stem,
                                                    const assay_images_judging *j,
                                                    const assay_run_cell *cell, const char *model,
                                                    assay_error *err);
/** A condition on columns that images without pixels do not have becomes a reason. */
ASSAY_NODISCARD assay_status assay_images_excuse(assay_images_judging *j, assay_run_cell *cell,
                                                 assay_status status, assay_error *err);
/** `measure` for every cell that a requirement speaks of, once. */
ASSAY_NODISCARD assay_status assay_images_judge(
    assay_run *run, const assay_images_evidence *evidence,
    assay_status (*start)(assay_run *run, assay_error *err),
    assay_status (*measure)(assay_images_judging *j, assay_run_cell *cell, assay_error *err),
    assay_error *err);

#endif
