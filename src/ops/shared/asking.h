/**
 * @file asking.h
 * Attacks that work on one image after the other: several points of one row are put to the model
 * together, and a row may ask so many times and no more. What the attacker wants is a number here:
 * above 0 once the attack has succeeded (scores), or a yes (labels).
 */
#ifndef ASSAY_OPS_SHARED_ASKING_H
#define ASSAY_OPS_SHARED_ASKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/attack.h"

enum { ASSAY_ASKING_BATCH = 64 }; /* points of one row that are asked at once */

typedef struct assay_asking {
    assay_attack_block *block;
    int64_t row;      /* the one at work */
    int64_t end;      /* forwards of the row at which it must stop */
    float *points;    /* ASSAY_ASKING_BATCH x size: fill, then ask */
    float *logits;    /* ASSAY_ASKING_BATCH x classes: answers */
    int32_t *labels;  /* ASSAY_ASKING_BATCH: answers */
    int32_t *at, *of; /* ASSAY_ASKING_BATCH */
} assay_asking;

/** Space in the block's arena. */
ASSAY_NODISCARD assay_status assay_asking_new(assay_asking *out, assay_attack_block *block,
                                              assay_error *err);
/** Go to a row that may ask for `queries` forwards from here on, and for no more than its budget. */
void assay_asking_begin(assay_asking *asking, int64_t row, int64_t queries);
/** Forwards that the row has left. */
int64_t assay_asking_left(const assay_asking *asking);
/** Nothing is to be gained any more: fooled within a finite eps, or nothing left. */
bool assay_asking_done(const assay_asking *asking);

/** Put the first `count` points to the model: fills `logits`, or `labels`. */
ASSAY_NODISCARD assay_status assay_asking_scores(assay_asking *asking, int64_t count,
                                                 assay_error *err);
ASSAY_NODISCARD assay_status assay_asking_labels(assay_asking *asking, int64_t count,
                                                 assay_error *err);

/** How far logits are where the attacker wants them: the highest wrong logit minus the right one, or
 *  the target's minus the highest other one. */
double assay_wanted_margin(const assay_attack_block *block, int64_t row, const float *logits);

/** The same in cross-entropy: -log p(label) of the softmax, turned round for a target. */
double assay_wanted_cross_entropy(const assay_attack_block *block, int64_t row,
                                  const float *logits);

/** The same in log-odds: log(1 - p) - log p of the label, turned round for a target. Unlike the
 *  cross-entropy it still tells points apart where the model is sure. */
double assay_wanted_log_odds(const assay_attack_block *block, int64_t row, const float *logits);

static inline const float *assay_asking_original(const assay_asking *asking)
{
    return asking->block->x0 + asking->row * asking->block->size;
}

static inline assay_rng *assay_asking_rng(const assay_asking *asking)
{
    return &asking->block->rng[asking->row];
}

#endif
