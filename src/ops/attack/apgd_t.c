#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/apgd.h"

typedef struct params {
    int64_t steps, restarts;
    int64_t targets;
    double rho;
    bool large_budgets;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    const assay_apgd settings = {.steps = p->steps,
                                 .restarts = p->restarts,
                                 .loss = ASSAY_LOSS_DLR_TARGETED,
                                 .targets = p->targets,
                                 .rho = p->rho,
                                 .large_budgets = p->large_budgets};
    return assay_apgd_run(b, &settings, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 100000, "", "Steps of each start."),
    ASSAY_INT(params, restarts, 1, 1, 1000, "", "Independent random starts."),
    ASSAY_INT(params, targets, 9, 1, 1000000, "",
              "How many of the best wrong classes of the original are tried in turn."),
    ASSAY_REAL(params, rho, 0.75, 0.0, 1.0, "share",
               "Share of the steps between two checks that must improve the loss, or the step is "
               "halved."),
    ASSAY_BOOL(params, large_budgets, false, "L1 only: start in balls of three and two times eps."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_DRAWS,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack apgd_t --norm linf --eps 0.1",
    NULL,
};

extern const assay_op assay_op_attack_apgd_t;
const assay_op assay_op_attack_apgd_t = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "apgd_t",
    .title = "Targeted Auto-PGD on the difference-of-logits ratio",
    .summary =
        "Auto-PGD towards each of the nine best wrong classes: usually the strongest part of "
        "AutoAttack.",
    .description =
        "From a random point on the surface of the eps ball, steps of length 2 eps (L1: eps) "
        "along the gradient, with momentum (0.75 of the new step, 0.25 of the last move). At "
        "checkpoints (after 22 % of the steps, then at intervals that shrink by 3 % down to 6"
        " %) the step is halved and the search goes back to its best point if fewer than 75 %"
        " of the steps since the last check improved the loss, or if neither best loss nor "
        "step has changed since. L1 changes the share of values that have the greatest "
        "gradient, and adapts that share.\n\nThe loss is `-(z_y - z_t) / (z_(1) - (z_(3) + "
        "z_(4)) / 2)` for each of the `targets` best wrong classes t in turn. Success is any "
        "wrong answer. Needs four classes at least.",
    .citation =
        "F. Croce, M. Hein, \"Reliable evaluation of adversarial robustness with an ensemble "
        "of diverse parameter-free attacks\", ICML 2020, arXiv:2003.01690; constants of the "
        "authors' code of 2023-01",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
