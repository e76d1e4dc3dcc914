#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/momentum.h"

typedef struct params {
    int64_t steps;
    double rel_step, decay;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    const assay_momentum settings = {
        .steps = p->steps, .rel_step = p->rel_step, .look_ahead = true, .decay = p->decay};
    return assay_momentum_run(b, &settings, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 10, 1, 100000, "", "Steps."),
    ASSAY_REAL(params, rel_step, 0.25, 1e-6, 10.0, "of eps", "Length of a step as a share of eps."),
    ASSAY_REAL(params, decay, 1.0, 0.0, 10.0, "", "Weight of the gradients before."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF,
    .traits = ASSAY_ATTACK_TARGETED,
    .run = run,
};

static const char *const examples[] = {
    "assay attack mine.onnx photos/ --attack ni_fgsm --norm linf --eps 8/255 --transfer "
    "theirs.onnx",
    NULL,
};

extern const assay_op assay_op_attack_ni_fgsm;
const assay_op assay_op_attack_ni_fgsm = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "ni_fgsm",
    .title = "Nesterov iterative FGSM",
    .summary = "Momentum that looks ahead: examples that other models fall for too.",
    .description =
        "As mi_fgsm, but the gradient is taken ahead of the point, at `x + decay step "
        "momentum`.\n\nMade for transfer: all images go through all steps, and only the last "
        "point counts, because an example that has just crossed this model's boundary rarely "
        "fools another. To measure this model alone, PGD and AutoAttack find more.",
    .citation =
        "J. Lin et al., \"Nesterov accelerated gradient and scale invariance for adversarial "
        "attacks\", ICLR 2020, arXiv:1908.06281; constants of torchattacks 3.5.1",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
