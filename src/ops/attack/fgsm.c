#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

typedef struct params {
    bool random_start;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    float *x = assay_attack_pixels(b, b->n);
    float *g = assay_attack_pixels(b, b->n);
    float *logits = assay_arena_alloc(b->arena, (size_t)(b->n * b->classes), sizeof *logits);
    if (!x || !g || !logits) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        memcpy(x + r * b->size, b->x0 + r * b->size, (size_t)b->size * sizeof *x);
        if (p->random_start) {
            assay_ball_random(b->norm, x + r * b->size, b->x0 + r * b->size, b->eps, &b->rng[r],
                              b->size);
        }
    }
    assay_points points = assay_attack_active(b);
    ASSAY_TRY(assay_attack_gradient(b, g, logits, x, &points, ASSAY_LOSS_CROSS_ENTROPY, b->target,
                                    NULL, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t at = b->active[i] * b->size;
        assay_ball_ascend(b->norm, x + at, g + at, b->target != NULL ? -b->eps : b->eps, b->size);
        assay_ball_project(b->norm, x + at, b->x0 + at, b->eps, b->size);
    }
    return assay_attack_scores(b, logits, x, &points, err);
}

static const assay_param param_list[] = {
    ASSAY_BOOL(params, random_start, false, "Start from a random point of the ball (R+FGSM)."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack fgsm --norm linf --eps 0.03,0.06,0.1",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_TARGETED,
    .run = run,
};

extern const assay_op assay_op_attack_fgsm;
const assay_op assay_op_attack_fgsm = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "fgsm",
    .title = "Fast gradient (sign) method",
    .summary = "One step along the gradient: a sanity check that every iterative attack must beat.",
    .description =
        "Linf: `x' = clip(x + eps sign(g))`; L2: `clip(x + eps g / ||g||_2)`; L1: `clip(x + eps g "
        "/ "
        "||g||_1)`, the dense form of ART and Foolbox. g is the gradient of the cross-entropy of "
        "the "
        "right class (with a target: minus that of the target). clip is to [0, 1]; a coordinate "
        "whose gradient is zero stays.\n\n"
        "An attack of one step says little about robustness. It is here to be compared with: a "
        "many-step attack that succeeds less often is broken.",
    .citation =
        "I. Goodfellow, J. Shlens, C. Szegedy, \"Explaining and harnessing adversarial "
        "examples\", ICLR 2015, arXiv:1412.6572; L2 and L1: conventions of Foolbox 3.3.4 and "
        "ART 1.20",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
