/**
 * @file perturb.h
 * One image through a perturbation, for everybody who needs the same pixels: predictions, saved
 * images, thumbnails in the report.
 */
#ifndef ASSAY_CORE_PERTURB_H
#define ASSAY_CORE_PERTURB_H

#include "core/op.h"
#include "core/perturbation.h"

/**
 * The address of a datum's random stream: FNV-1a (64 bit) of its id. It depends on the id and not on
 * the place in the dataset, so a datum that is skipped, added or moved does not change the others.
 * Fowler, Noll, Vo: "The FNV non-cryptographic hash algorithm", offset 0xcbf29ce484222325.
 */
uint64_t assay_perturb_address(const char *id);

/** `out` is {0} before. The result depends on the image, the parameters, the seed and the id. */
ASSAY_NODISCARD assay_status assay_perturb_image(assay_image *out, const assay_image *in,
                                                 const assay_args *perturbation, uint64_t seed,
                                                 const char *id, assay_arena *scratch,
                                                 assay_error *err);

#endif
