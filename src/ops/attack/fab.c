#include "ops/shared/fab.h"
#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"

typedef struct params {
    int64_t steps, restarts;
    double alpha_max, eta, beta;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    const assay_fab settings = {.steps = p->steps,
                                .restarts = p->restarts,
                                .alpha_max = p->alpha_max,
                                .eta = p->eta,
                                .beta = p->beta};
    return assay_fab_run(b, &settings, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 100000, "", "Steps of each start."),
    ASSAY_INT(params, restarts, 1, 1, 1000, "",
              "Starts: the image itself, then random points half as far as what is known."),
    ASSAY_REAL(params, alpha_max, 0.1, 0.0, 1.0, "share", "Greatest pull towards the original."),
    ASSAY_REAL(params, eta, 1.05, 1.0, 2.0, "", "How far to step over the boundary."),
    ASSAY_REAL(params, beta, 0.9, 0.0, 1.0, "share",
               "An adversarial point is pulled back to this share of its change."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_DRAWS,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack fab --norm l2 --eps 0.25,0.5,1",
    NULL,
};

extern const assay_op assay_op_attack_fab;
const assay_op assay_op_attack_fab = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "fab",
    .title = "Fast adaptive boundary attack",
    .summary =
        "Finds the smallest change that fools the model, towards whichever class is nearest.",
    .description =
        "Each step linearises the difference of logits at the current point and takes the "
        "shortest way to that plane within [0, 1] (exactly, in the norm), from the current "
        "point and from the original; the next point lies between the two, a little beyond. A"
        " point that is adversarial is pulled back towards the original, and the search goes "
        "on: the result is the smallest change found, so one run gives robust accuracy for "
        "every eps. The loss's scale does not matter.\n\nThis is the untargeted form: every "
        "step takes one gradient for each wrong class, so with many classes `fab_t` is much "
        "cheaper.",
    .citation =
        "F. Croce, M. Hein, \"Minimally distorted adversarial examples with a fast adaptive "
        "boundary attack\", ICML 2020, arXiv:1907.02044; constants of the authors' code of "
        "2023-01",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
