#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

static const double pi = 3.14159265358979323846;

typedef struct params {
    int64_t steps;
    double gamma, init_eps;
} params;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    float *delta, *x, *g, *logits;
    double *eps, *farthest;
} state;

/* The farthest that a point of the box can be from x0. */
static double reach(const float *x0, int64_t n)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        double room = x0[k] > 0.5F ? (double)x0[k] : 1.0 - (double)x0[k];
        sum += room * room;
    }
    return sqrt(sum);
}

static void move(const state *s, int64_t r, double step, bool adversarial)
{
    const assay_attack_block *b = s->b;
    float *delta = s->delta + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    assay_ball_ascend(ASSAY_NORM_L2, delta, s->g + r * b->size, b->target != NULL ? -step : step,
                      b->size);
    double eps = s->eps[r] * (adversarial ? 1.0 - s->p->gamma : 1.0 + s->p->gamma);
    s->eps[r] = eps < s->farthest[r] ? eps : s->farthest[r];
    double length = assay_ball_norm(ASSAY_NORM_L2, delta, b->size);
    double scale = length > 0.0 ? s->eps[r] / length : 0.0;
    for (int64_t k = 0; k < b->size; k++) {
        delta[k] = assay_unit_clip((float)((double)x0[k] + scale * (double)delta[k])) - x0[k];
    }
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.b = b,
               .p = p,
               .delta = assay_attack_pixels(b, b->n),
               .x = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .logits = assay_attack_logits(b),
               .eps = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(double)),
               .farthest = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(double))};
    if (!s.delta || !s.x || !s.g || !s.logits || !s.eps || !s.farthest) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        s.eps[r] = p->init_eps;
        s.farthest[r] = reach(b->x0 + r * b->size, b->size);
    }
    for (int64_t t = 0; t < p->steps && b->n_active > 0; t++) {
        assay_points points = assay_attack_active(b);
        double step = 0.01 + 0.99 * (1.0 + cos(pi * (double)t / (double)p->steps)) / 2.0;
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t at = b->active[i] * b->size;
            for (int64_t k = 0; k < b->size; k++) {
                s.x[at + k] = assay_unit_clip(b->x0[at + k] + s.delta[at + k]);
            }
        }
        ASSAY_TRY(assay_attack_gradient(b, s.g, s.logits, s.x, &points, ASSAY_LOSS_CROSS_ENTROPY,
                                        b->target, NULL, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            int32_t answer = assay_class_of(s.logits + r * b->classes, b->classes);
            move(&s, r, step, assay_attack_wants(b, r, answer));
        }
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 100000, "", "Steps."),
    ASSAY_REAL(params, gamma, 0.05, 1e-6, 0.999, "share",
               "The radius shrinks or grows by this share with every step."),
    ASSAY_REAL(params, init_eps, 1.0, 1e-9, 1e6, "", "First radius."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_L2,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack ddn --norm l2 --eps 0.5,1,2",
    NULL,
};

extern const assay_op assay_op_attack_ddn;
const assay_op assay_op_attack_ddn = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "ddn",
    .title = "Decoupled direction and norm",
    .summary = "Small L2 changes at the price of a plain gradient attack.",
    .description =
        "Steps along the normalised gradient of the cross-entropy, then puts the change on a "
        "sphere whose radius shrinks by gamma while the point is adversarial and grows by "
        "gamma while it is not. Step lengths fall from 1 to 0.01 along a half cosine. The "
        "smallest adversarial change is kept.",
    .citation = "J. Rony et al., \"Decoupling direction and norm for efficient gradient-based L2 "
                "adversarial attacks and defenses\", CVPR 2019, arXiv:1811.09600; constants of "
                "Foolbox 3.3.4",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
