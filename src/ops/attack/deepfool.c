#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/apgd.h"
#include "ops/shared/ball.h"

typedef struct params {
    int64_t steps, candidates;
    double overshoot;
} params;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    float *x, *total, *g, *nearest, *logits;
    double *distance;
    int32_t *top, *other;
    int32_t most;
} state;

/* For each candidate class the linear estimate of its distance; the nearest is kept. */
static assay_status look(const state *s, assay_error *err)
{
    assay_attack_block *b = s->b;
    for (int32_t rank = 1; rank < s->most && b->n_active > 0; rank++) {
        assay_points points = assay_attack_active(b);
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            s->other[r] = s->top[r * s->most + rank];
        }
        ASSAY_TRY(assay_attack_gradient(b, s->g, s->logits, s->x, &points,
                                        ASSAY_LOSS_LOGIT_DIFFERENCE, NULL, s->other, err));
        int64_t kept = 0;
        for (int64_t i = 0; i < b->n_active; i++) {
            int32_t r = b->active[i];
            const float *z = s->logits + r * b->classes;
            const float *g = s->g + r * b->size;
            double value = (double)z[s->other[r]] - (double)z[b->label[r]];
            double slope = assay_ball_norm(
                b->norm == ASSAY_NORM_LINF ? ASSAY_NORM_L1 : ASSAY_NORM_L2, g, b->size);
            double distance = fabs(value) / (slope + 1e-8);
            if (rank == 1 || distance < s->distance[r]) {
                s->distance[r] = distance;
                memcpy(s->nearest + r * b->size, g, (size_t)b->size * sizeof *g);
            }
            /* What is adversarial is finished. */
            if (assay_class_of(z, b->classes) == b->label[r]) {
                b->active[kept++] = r;
            }
        }
        b->n_active = kept;
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static void move(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    const float *g = s->nearest + r * b->size;
    float *total = s->total + r * b->size;
    double distance = s->distance[r] + 1e-4;
    assay_ball_ascend(b->norm, total, g, distance, b->size);
    float beyond = (float)(1.0 + s->p->overshoot);
    for (int64_t k = 0; k < b->size; k++) {
        s->x[r * b->size + k] = assay_unit_clip(b->x0[r * b->size + k] + beyond * total[k]);
    }
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    int32_t most = (int32_t)(p->candidates < b->classes ? p->candidates : b->classes);
    state s = {.b = b,
               .p = p,
               .x = assay_attack_pixels(b, b->n),
               .total = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .nearest = assay_attack_pixels(b, b->n),
               .logits = assay_attack_logits(b),
               .distance = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(double)),
               .top = assay_arena_alloc(b->arena, (size_t)b->n * (size_t)most, sizeof(int32_t)),
               .other = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(int32_t)),
               .most = most};
    if (!s.x || !s.total || !s.g || !s.nearest || !s.logits || !s.distance || !s.top || !s.other) {
        return assay_fail_memory(err);
    }
    memcpy(s.x, b->x0, (size_t)b->n * (size_t)b->size * sizeof(float));
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        assay_classes_top(s.top + r * most, most, b->logits0 + r * b->classes, b->classes);
    }
    for (int64_t t = 0; t < p->steps && b->n_active > 0; t++) {
        ASSAY_TRY(look(&s, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            move(&s, b->active[i]);
        }
    }
    if (b->n_active > 0) {
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_scores(b, s.logits, s.x, &points, err));
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 50, 1, 100000, "", "Most steps."),
    ASSAY_INT(params, candidates, 10, 2, 1000000, "",
              "Only the classes with the highest scores of the original are aimed at."),
    ASSAY_REAL(params, overshoot, 0.02, 0.0, 10.0, "share", "How far to step over the boundary."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2,
    .traits = ASSAY_ATTACK_MINIMUM,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack deepfool --norm l2 --eps 0.5,1,2",
    NULL,
};

extern const assay_op assay_op_attack_deepfool;
const assay_op assay_op_attack_deepfool = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "deepfool",
    .title = "DeepFool",
    .summary = "Steps to the nearest linearised class boundary: fast and close, not the smallest.",
    .description =
        "Every step takes, among the `candidates` best classes of the original, the one whose"
        " linearised boundary is nearest, and adds the shortest change that reaches it; the "
        "point is x + (1 + overshoot) times the sum, cut to [0, 1]. Ends at the first wrong "
        "answer. On a linear model one step is exact up to the overshoot.",
    .citation =
        "S. Moosavi-Dezfooli, A. Fawzi, P. Frossard, \"DeepFool: a simple and accurate method"
        " to fool deep neural networks\", CVPR 2016, arXiv:1511.04599; constants of Foolbox "
        "3.3.4",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
