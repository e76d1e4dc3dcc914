#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

static const double pi = 3.14159265358979323846;

enum { LOSS_CE, LOSS_MARGIN, LOSS_DLR };
enum { RULE_CONSTANT, RULE_COSINE };

typedef struct params {
    int64_t steps, restarts;
    double rel_step;
    int32_t step_rule, loss;
    bool random_start;
    double sparsity;
} params;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    float *x, *g, *logits, *work;
    assay_loss_kind kind;
    double sign; /* +1: away from the label, -1: towards the target */
} state;

static void start(const state *s, int64_t restart)
{
    assay_attack_block *b = s->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        int64_t at = r * b->size;
        if (s->p->random_start || restart > 0) {
            assay_ball_random(b->norm, s->x + at, b->x0 + at, b->eps, &b->rng[r], b->size);
        } else {
            memcpy(s->x + at, b->x0 + at, (size_t)b->size * sizeof(float));
        }
    }
}

static void move(const state *s, double step)
{
    const assay_attack_block *b = s->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t at = b->active[i] * b->size;
        if (b->norm == ASSAY_NORM_L1) {
            assay_ball_ascend_sparse(s->x + at, s->g + at, s->sign * step, s->p->sparsity, s->work,
                                     b->size);
        } else {
            assay_ball_ascend(b->norm, s->x + at, s->g + at, s->sign * step, b->size);
        }
        assay_ball_project(b->norm, s->x + at, b->x0 + at, b->eps, b->size);
    }
}

static assay_status one_start(state *s, int64_t restart, assay_error *err)
{
    assay_attack_block *b = s->b;
    start(s, restart);
    for (int64_t t = 0; t < s->p->steps && b->n_active > 0; t++) {
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_gradient(b, s->g, s->logits, s->x, &points, s->kind, b->target, NULL,
                                        err));
        assay_attack_compact(b);
        double step = s->p->rel_step * b->eps;
        if (s->p->step_rule == RULE_COSINE) {
            step *= 0.5 * (1.0 + cos(pi * (double)t / (double)s->p->steps));
        }
        move(s, step);
    }
    if (b->n_active > 0) {
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_scores(b, s->logits, s->x, &points, err));
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    static const assay_loss_kind kinds[] = {ASSAY_LOSS_CROSS_ENTROPY, ASSAY_LOSS_MARGIN,
                                            ASSAY_LOSS_DLR};
    const params *p = raw;
    state s = {.b = b,
               .p = p,
               .x = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .work = assay_attack_pixels(b, 1),
               .logits = assay_arena_alloc(b->arena, (size_t)(b->n * b->classes), sizeof(float)),
               .kind = kinds[p->loss],
               .sign = b->target != NULL ? -1.0 : 1.0};
    if (!s.x || !s.g || !s.work || !s.logits) {
        return assay_fail_memory(err);
    }
    for (int64_t restart = 0; restart < p->restarts && b->n_active > 0; restart++) {
        ASSAY_TRY(one_start(&s, restart, err));
    }
    return ASSAY_OK;
}

static const char *const rules[] = {"constant", "cosine", NULL};
static const char *const losses[] = {"ce", "margin", "dlr", NULL};

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 40, 1, 100000, "", "Steps of each start."),
    ASSAY_INT(params, restarts, 1, 1, 1000, "", "Independent starts."),
    ASSAY_REAL(params, rel_step, 0.1, 1e-6, 10.0, "of eps", "Length of a step as a share of eps."),
    ASSAY_CHOICE(params, step_rule, RULE_CONSTANT, rules,
                 "Steps of one length, or falling to zero along a half cosine."),
    ASSAY_CHOICE(params, loss, LOSS_CE, losses,
                 "What is ascended: cross-entropy, margin of the best wrong class, or the "
                 "difference-of-logits ratio."),
    ASSAY_BOOL(
        params, random_start, true,
        "Start from a random point of the ball; false: the first start is the image itself."),
    ASSAY_REAL(params, sparsity, 0.01, 1e-6, 1.0, "share",
               "L1 only: share of the values that a step changes; 1 = all that have a gradient."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack pgd --norm linf --eps 0.03,0.06,0.1",
    "assay attack cats.onnx photos/ --attack pgd:steps=100,restarts=5 --norm l2 --eps 0.5",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_pgd;
const assay_op assay_op_attack_pgd = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "pgd",
    .title = "Projected gradient descent",
    .summary = "Many small steps along the gradient within eps: the usual white-box attack.",
    .description =
        "From a random point of the ball, `steps` times: x = project(x + rel_step eps d), d = "
        "sign(g) for Linf, g / ||g||_2 for L2. For L1 the step goes evenly to the `sparsity` share "
        "of values with the greatest |g| (SLIDE); that is far stronger than the dense step of ART "
        "and Foolbox. Projection: Linf exact; L2 scaled to the ball, then cut to [0, 1]; L1 exact "
        "on ball and box together. With random_start = false this is the basic iterative method "
        "(BIM).\n\n"
        "An image leaves as soon as any iterate fools the model, so more steps never find less. "
        "With a target, the target's cross-entropy is descended.\n\n"
        "Other tools: Foolbox steps 0.033 of eps (Linf) and 0.025 (L2), torchattacks 2/255 at eps "
        "8/255 for 10 steps, ART an absolute 0.1 and no random start.",
    .citation =
        "A. Madry et al., \"Towards deep learning models resistant to adversarial attacks\", "
        "ICLR 2018, arXiv:1706.06083; L1: F. Tramer, D. Boneh, \"Adversarial training and "
        "robustness for multiple perturbations\", NeurIPS 2019; projection: F. Croce, M. "
        "Hein, \"Mind the box\", ICML 2021",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
