/**
 * @file perturbation.h
 * The shape of a perturbation: image in, image of the same type out. Random draws come from the
 * given stream alone, which is addressed by (seed, operation, datum): the result for a datum does
 * not depend on order, threads or shards.
 */
#ifndef ASSAY_CORE_PERTURBATION_H
#define ASSAY_CORE_PERTURBATION_H

#include "base/arena.h"
#include "base/rng.h"
#include "codec/image.h"

typedef struct assay_perturbation {
    /** `out` is {0} before. 8-bit, 16-bit and float images of 1..4 channels; alpha is carried, not
     *  perturbed, by photometric operations. */
    assay_status (*apply)(assay_image *out, const assay_image *in, const void *params,
                          assay_rng *rng, assay_arena *scratch, assay_error *err);
    /** Name of the parameter that severities set, and its values for severity 1..5. */
    const char *severity_param;
    double severities[5];
    /** Parameter value at which the perturbation changes nothing (bit-exact); the harness checks it. */
    double identity;
    int has_identity;
    int moves_pixels; /* 1: objects are elsewhere afterwards, so boxes of the truth no longer fit */
} assay_perturbation;

#endif
