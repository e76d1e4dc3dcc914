#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/momentum.h"

typedef struct params {
    int64_t steps;
    double rel_step, decay;
    int64_t kernel;
    double sigmas;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    const assay_momentum settings = {.steps = p->steps,
                                     .rel_step = p->rel_step,
                                     .kernel = p->kernel,
                                     .sigmas = p->sigmas,
                                     .decay = p->decay};
    return assay_momentum_run(b, &settings, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 10, 1, 100000, "", "Steps."),
    ASSAY_REAL(params, rel_step, 0.25, 1e-6, 10.0, "of eps", "Length of a step as a share of eps."),
    ASSAY_REAL(params, decay, 1.0, 0.0, 10.0, "", "Weight of the gradients before."),
    ASSAY_INT(params, kernel, 15, 1, 63, "pixels",
              "Side of the kernel (an even one is taken one larger)."),
    ASSAY_REAL(params, sigmas, 3.0, 0.1, 20.0, "",
               "Standard deviations from its centre to its edge."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF,
    .traits = ASSAY_ATTACK_TARGETED,
    .run = run,
};

static const char *const examples[] = {
    "assay attack mine.onnx photos/ --attack ti_fgsm --norm linf --eps 8/255 --transfer "
    "theirs.onnx",
    NULL,
};

extern const assay_op assay_op_attack_ti_fgsm;
const assay_op assay_op_attack_ti_fgsm = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "ti_fgsm",
    .title = "Translation-invariant iterative FGSM",
    .summary = "Smoothed gradients: examples that other models fall for too.",
    .description =
        "As mi_fgsm, but the gradient is smoothed by a Gaussian kernel of `kernel` x `kernel`"
        " values that reaches `sigmas` standard deviations (the approximation of averaging "
        "over shifts), before it is divided by its mean absolute value.\n\nKernel 15 and 3 "
        "deviations are torchattacks's; its TIFGSM also shrinks the image at random as di_fgsm "
        "does (probability 0.5) and forgets the gradients before (decay 0).\n\nMade for transfer: "
        "all images go through all steps, and only the "
        "last point counts, because an example that has just crossed this model's boundary "
        "rarely fools another. To measure this model alone, PGD and AutoAttack find more.",
    .citation = "Y. Dong et al., \"Evading defenses to transferable adversarial examples by "
                "translation-invariant attacks\", CVPR 2019, arXiv:1904.02884; constants of "
                "torchattacks 3.5.1",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
