#include "core/perturb.h"

uint64_t assay_perturb_address(const char *id)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const unsigned char *at = (const unsigned char *)id; *at != 0; at++) {
        hash = (hash ^ *at) * 0x100000001b3u;
    }
    return hash;
}

assay_status assay_perturb_image(assay_image *out, const assay_image *in,
                                 const assay_args *perturbation, uint64_t seed, const char *id,
                                 assay_arena *scratch, assay_error *err)
{
    const assay_op *op = perturbation->op;
    if (op->kind != ASSAY_OP_PERTURBATION || op->perturbation == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "%s is not a perturbation", op->name);
    }
    assay_rng rng =
        assay_rng_stream(seed, assay_rng_operation(op->name), assay_perturb_address(id));
    assay_status status =
        op->perturbation->apply(out, in, perturbation->params, &rng, scratch, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", op->name);
    }
    return status;
}
