#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/momentum.h"

typedef struct params {
    int64_t steps;
    double rel_step, decay;
    double resize, probability;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    const assay_momentum settings = {.steps = p->steps,
                                     .rel_step = p->rel_step,
                                     .resize = p->resize,
                                     .probability = p->probability,
                                     .decay = p->decay};
    return assay_momentum_run(b, &settings, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 10, 1, 100000, "", "Steps."),
    ASSAY_REAL(params, rel_step, 0.25, 1e-6, 10.0, "of eps", "Length of a step as a share of eps."),
    ASSAY_REAL(params, decay, 1.0, 0.0, 10.0, "", "Weight of the gradients before."),
    ASSAY_REAL(params, resize, 0.9, 0.1, 1.0, "share", "Smallest side of the shrunk image."),
    ASSAY_REAL(params, probability, 0.5, 0.0, 1.0, "", "How often the image is shrunk."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

static const char *const examples[] = {
    "assay attack mine.onnx photos/ --attack di_fgsm --norm linf --eps 8/255 --transfer "
    "theirs.onnx",
    NULL,
};

extern const assay_op assay_op_attack_di_fgsm;
const assay_op assay_op_attack_di_fgsm = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "di_fgsm",
    .title = "Diverse inputs iterative FGSM",
    .summary = "Gradients of randomly resized images: examples that other models fall for too.",
    .description =
        "As mi_fgsm, but with probability `probability` the image is shrunk bilinearly to a "
        "random side of `resize` to 1 of its own (not 1 itself) and put at a random place on black "
        "before the gradient is taken. Size, place and whether are drawn for each image and "
        "step; torchattacks draws them once for the whole batch, so that one run of it says little "
        "(of 40 images it left between 6 and 16 right; the mean over its runs is that of this "
        "one), "
        "and it forgets the gradients before (decay 0). The paper enlarges the image, by up to a "
        "tenth, for models that take any size.\n\nMade for transfer: all images go through all "
        "steps, and "
        "only the last point counts, because an example that has just crossed this model's "
        "boundary rarely fools another. To measure this model alone, PGD and AutoAttack find "
        "more.",
    .citation = "C. Xie et al., \"Improving transferability of adversarial examples with input "
                "diversity\", CVPR 2019, arXiv:1803.06978; constants of torchattacks 3.5.1",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
