#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

typedef struct params {
    int64_t steps;
    double rel_step;
} params;

typedef struct state {
    assay_attack_block *b;
    float *v, *best, *x, *g, *logits;
    double *sum;
} state;

static void put(const state *s, const float *v)
{
    const assay_attack_block *b = s->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t at = b->active[i] * b->size;
        for (int64_t k = 0; k < b->size; k++) {
            s->x[at + k] = assay_unit_clip(b->x0[at + k] + v[k]);
        }
    }
}

static int64_t count_fooled(const state *s)
{
    const assay_attack_block *b = s->b;
    int64_t n = 0;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        n += assay_attack_wants(b, r, assay_class_of(s->logits + r * b->classes, b->classes));
    }
    return n;
}

/* Mean of the rows' gradients, each of length one, so that no row drowns the others. */
static void average(const state *s)
{
    const assay_attack_block *b = s->b;
    memset(s->sum, 0, (size_t)b->size * sizeof *s->sum);
    for (int64_t i = 0; i < b->n_active; i++) {
        const float *g = s->g + b->active[i] * b->size;
        double length = assay_ball_norm(ASSAY_NORM_L2, g, b->size);
        for (int64_t k = 0; length > 0.0 && k < b->size; k++) {
            s->sum[k] += (double)g[k] / length;
        }
    }
    for (int64_t k = 0; k < b->size; k++) {
        s->g[k] = (float)s->sum[k];
    }
}

/* Into the ball around nothing; the box is each image's own affair. */
static void shrink(const state *s)
{
    const assay_attack_block *b = s->b;
    double length = assay_ball_norm(b->norm, s->v, b->size);
    for (int64_t k = 0; k < b->size && length > b->eps; k++) {
        float limit = (float)b->eps;
        if (b->norm == ASSAY_NORM_LINF) {
            s->v[k] = s->v[k] > limit ? limit : s->v[k] < -limit ? -limit : s->v[k];
        } else {
            s->v[k] = (float)(b->eps / length * (double)s->v[k]);
        }
    }
}

static assay_status search(state *s, const params *p, assay_error *err)
{
    assay_attack_block *b = s->b;
    int64_t most = -1;
    for (int64_t t = 0; t <= p->steps; t++) {
        assay_points points = assay_attack_active(b);
        put(s, s->v);
        ASSAY_TRY(assay_attack_gradient(b, s->g, s->logits, s->x, &points, ASSAY_LOSS_CROSS_ENTROPY,
                                        b->target, NULL, err));
        int64_t fooled = count_fooled(s);
        if (fooled > most) {
            most = fooled;
            memcpy(s->best, s->v, (size_t)b->size * sizeof *s->v);
        }
        average(s);
        double step = p->rel_step * b->eps;
        assay_ball_ascend(b->norm, s->v, s->g, b->target != NULL ? -step : step, b->size);
        shrink(s);
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    state s = {.b = b,
               .v = assay_attack_pixels(b, 1),
               .best = assay_attack_pixels(b, 1),
               .x = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .logits = assay_attack_logits(b),
               .sum = assay_arena_alloc(b->arena, (size_t)b->size, sizeof(double))};
    if (!s.v || !s.best || !s.x || !s.g || !s.logits || !s.sum) {
        return assay_fail_memory(err);
    }
    b->silent = true; /* only the one change that is chosen counts */
    assay_status status = search(&s, raw, err);
    b->silent = false;
    ASSAY_TRY(status);
    assay_points points = assay_attack_active(b);
    put(&s, s.best);
    return assay_attack_scores(b, s.logits, s.x, &points, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 100000, "", "Steps over all images."),
    ASSAY_REAL(params, rel_step, 0.1, 1e-6, 10.0, "of eps", "Length of a step as a share of eps."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_UNIVERSAL,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack universal --norm linf --eps 0.1,0.2",
    NULL,
};

extern const assay_op assay_op_attack_universal;
const assay_op assay_op_attack_universal = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "universal",
    .title = "Universal perturbation",
    .summary = "One change that fools the model on as many images as possible: no need to see the "
               "image first.",
    .description =
        "Looks for a single v with ||v|| <= eps such that clip(x + v) is answered wrongly for"
        " as many of the images as possible: `steps` times a step along the mean of the "
        "images' normalised gradients of the cross-entropy, then back into the ball. The v "
        "that fooled most images is judged once at the end; only that counts. The images that"
        " v is made from and those it is judged on are the same: keep some data apart to know"
        " how it carries over.\n\nMoosavi-Dezfooli et al. build v image by image with "
        "DeepFool; the gradient form finds stronger v in less time (Shafahi et al.). All "
        "images are held in memory.",
    .citation =
        "S. Moosavi-Dezfooli et al., \"Universal adversarial perturbations\", CVPR 2017, "
        "arXiv:1610.08401; A. Shafahi et al., \"Universal adversarial training\", AAAI 2020, "
        "arXiv:1811.11304",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
