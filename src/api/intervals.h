/** @file intervals.h  Which interval operation is used for which kind of measure. Inside src/api. */
#ifndef ASSAY_API_INTERVALS_H
#define ASSAY_API_INTERVALS_H

#include "core/evaluate.h"

typedef struct assay_interval_choice {
    assay_args *proportion, *replicate; /* owned; set by _parse */
    assay_args *clustered, *area;       /* owned; NULL = the usual one */
} assay_interval_choice;

/** The usual ones, and those of the NULL-terminated texts (may be NULL): "name:param=value" takes the
 *  place of the operation of its kind, "auc=name" is for areas under the ROC curve. */
ASSAY_NODISCARD assay_status assay_interval_choice_parse(assay_interval_choice *out,
                                                         const char *const *texts,
                                                         assay_error *err);
void assay_interval_choice_free(assay_interval_choice *choice);
/** The options borrow the operations. */
void assay_interval_choice_apply(assay_evaluate_options *options,
                                 const assay_interval_choice *choice);

/** What the numbers speak about, in a sentence. clustered: the drawn unit is the cluster; weighted: rows
 *  stand for shares of the population; proportion: the interval of shares (NULL = the usual one), which
 *  speaks of a finite stock when it has a population. */
const char *assay_estimand(bool clustered, bool weighted, const assay_args *proportion);

#endif
