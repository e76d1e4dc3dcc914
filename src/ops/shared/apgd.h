/**
 * @file apgd.h
 * Auto-PGD: projected gradient ascent that chooses its own step. F. Croce, M. Hein, "Reliable
 * evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks", ICML
 * 2020; L1: F. Croce, M. Hein, "Mind the box", ICML 2021. Constants as in the authors' code of
 * 2023-01.
 */
#ifndef ASSAY_OPS_SHARED_APGD_H
#define ASSAY_OPS_SHARED_APGD_H

#include "core/attack.h"

typedef struct assay_apgd {
    int64_t steps, restarts;
    assay_loss_kind loss;
    int64_t targets;    /* targeted losses: how many of the best wrong classes are tried in turn */
    double rho;         /* share of steps that must improve (0.75) */
    bool large_budgets; /* L1: start with 3 and 2 eps (30 %, 30 %, 40 % of the steps) */
} assay_apgd;

/** Fooled rows leave; the rest of the result is kept by the framework. */
ASSAY_NODISCARD assay_status assay_apgd_run(assay_attack_block *block, const assay_apgd *settings,
                                            assay_error *err);

/** The `most` classes with the highest logits, descending, equal ones by index. most <= classes. */
void assay_classes_top(int32_t *out, int32_t most, const float *logits, int32_t classes);

#endif
