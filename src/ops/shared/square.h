/**
 * @file square.h
 * Square attack. M. Andriushchenko, F. Croce, N. Flammarion, M. Hein, "Square Attack: a
 * query-efficient black-box adversarial attack via random search", ECCV 2020. Constants as in the
 * authors' code within AutoAttack of 2023-01; every image has its own squares, so that a result does
 * not depend on the batch.
 */
#ifndef ASSAY_OPS_SHARED_SQUARE_H
#define ASSAY_OPS_SHARED_SQUARE_H

#include "core/attack.h"

typedef struct assay_square {
    int64_t queries; /* of each image, for each start */
    int64_t restarts;
    double p;     /* share of the pixels that the first square covers */
    bool rescale; /* the schedule of sizes is stretched to `queries`; false: made for 10 000 */
} assay_square;

ASSAY_NODISCARD assay_status assay_square_run(assay_attack_block *block,
                                              const assay_square *settings, assay_error *err);

/** Share of the pixels at query `it`. */
double assay_square_share(const assay_square *settings, int64_t it);

#endif
