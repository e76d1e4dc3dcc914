#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/fab.h"

typedef struct params {
    int64_t steps, restarts;
    int64_t targets;
    double alpha_max, eta, beta;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    const assay_fab settings = {.steps = p->steps,
                                .restarts = p->restarts,
                                .targets = p->targets,
                                .alpha_max = p->alpha_max,
                                .eta = p->eta,
                                .beta = p->beta};
    return assay_fab_run(b, &settings, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 100000, "", "Steps of each start."),
    ASSAY_INT(params, restarts, 1, 1, 1000, "",
              "Starts: the image itself, then random points half as far as what is known."),
    ASSAY_INT(params, targets, 9, 1, 1000000, "",
              "How many of the best wrong classes of the original are tried in turn."),
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
    "assay attack digits.onnx digits/ --attack fab_t --norm linf --eps 0.05,0.1,0.2",
    NULL,
};

extern const assay_op assay_op_attack_fab_t;
const assay_op assay_op_attack_fab_t = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "fab_t",
    .title = "Fast adaptive boundary attack, class by class",
    .summary = "Finds the smallest change that fools the model, trying the best wrong classes in "
               "turn.",
    .description =
        "Each step linearises the difference of logits at the current point and takes the "
        "shortest way to that plane within [0, 1] (exactly, in the norm), from the current "
        "point and from the original; the next point lies between the two, a little beyond. A"
        " point that is adversarial is pulled back towards the original, and the search goes "
        "on: the result is the smallest change found, so one run gives robust accuracy for "
        "every eps. The loss's scale does not matter.\n\nThe plane is that of one of the "
        "`targets` best wrong classes of the original at a time; any wrong answer counts.",
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
