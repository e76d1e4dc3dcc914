#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/ball.h"
#include "ops/shared/slope.h"

typedef struct params {
    int64_t steps, samples;
    double delta, learning_rate;
} params;

typedef struct state {
    assay_asking asking;
    assay_slope slope;
    float *x, *g;
    double *mean, *square; /* of Adam */
} state;

/* Adam with its usual constants (Kingma, Ba 2015), upwards. */
static void adam(const state *s, double rate, int64_t t, int64_t n)
{
    double first = 1.0 - pow(0.9, (double)t);
    double second = 1.0 - pow(0.999, (double)t);
    for (int64_t k = 0; k < n; k++) {
        double g = (double)s->g[k];
        s->mean[k] = 0.9 * s->mean[k] + 0.1 * g;
        s->square[k] = 0.999 * s->square[k] + 0.001 * g * g;
        double move = rate * (s->mean[k] / first) / (sqrt(s->square[k] / second) + 1e-8);
        s->x[k] = (float)((double)s->x[k] + move);
    }
}

static assay_status one_row(state *s, const params *p, assay_error *err)
{
    assay_attack_block *b = s->asking.block;
    int64_t n = b->size;
    const float *x0 = assay_asking_original(&s->asking);
    memcpy(s->x, x0, (size_t)n * sizeof *s->x);
    memset(s->mean, 0, (size_t)n * sizeof *s->mean);
    memset(s->square, 0, (size_t)n * sizeof *s->square);
    for (int64_t t = 1; t <= p->steps && !assay_asking_done(&s->asking); t++) {
        if (assay_asking_left(&s->asking) < p->samples + 1) {
            break;
        }
        ASSAY_TRY(assay_slope_estimate(s->g, &s->slope, s->x, p->samples / 2, err));
        adam(s, p->learning_rate, t, n);
        assay_ball_project(b->norm, s->x, x0, b->eps, n);
        memcpy(s->asking.points, s->x, (size_t)n * sizeof *s->x);
        ASSAY_TRY(assay_asking_scores(&s->asking, 1, err));
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.slope = {.wanted = assay_wanted_margin,
                         .directions = ASSAY_SLOPE_SIGNS,
                         .radius = p->delta},
               .x = assay_attack_pixels(b, 1),
               .g = assay_attack_pixels(b, 1),
               .mean = assay_arena_alloc(b->arena, (size_t)b->size, sizeof(double)),
               .square = assay_arena_alloc(b->arena, (size_t)b->size, sizeof(double))};
    if (!s.x || !s.g || !s.mean || !s.square) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_asking_new(&s.asking, b, err));
    ASSAY_TRY(assay_slope_new(&s.slope, &s.asking, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        assay_asking_begin(&s.asking, b->active[i], INT64_MAX);
        ASSAY_TRY(one_row(&s, p, err));
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 1000000, "", "Steps; each asks samples + 1 times."),
    ASSAY_INT(params, samples, 128, 2, 1000000, "queries",
              "Queries behind each estimate of the gradient, in pairs on both sides."),
    ASSAY_REAL(params, delta, 0.01, 1e-6, 1.0, "of full scale",
               "Distance of the points that are compared, in every value."),
    ASSAY_REAL(params, learning_rate, 0.01, 1e-6, 1.0, "of full scale", "Learning rate of Adam."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack spsa:steps=50 --norm linf --eps 0.1",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_SCORES,
    .norms = ASSAY_LINF | ASSAY_L2,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_spsa;
const assay_op assay_op_attack_spsa = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "spsa",
    .title = "Simultaneous perturbation",
    .summary =
        "Estimates the gradient from scores by moving all values at once; reveals models that "
        "only hide their gradients.",
    .description =
        "g = mean over u of (f(x + delta u) - f(x - delta u)) u / (2 delta), u of random signs, f "
        "the margin (highest wrong logit minus the right one; with a target: the target's minus "
        "the highest other one). Adam (0.9, 0.999, 1e-8) moves x, which is projected to the ball "
        "and cut to [0, 1].\n\n"
        "Constants of the paper: delta 0.01, learning rate 0.01, up to 100 steps with 128 to 8192 "
        "samples. `samples` counts queries; torchattacks counts pairs (its 128 are 256 here) and "
        "takes one step unless told otherwise. If this does better than a white-box attack, the "
        "model masks its gradients.",
    .citation = "J. Uesato, B. O'Donoghue, A. van den Oord, P. Kohli, \"Adversarial risk and the "
                "dangers of evaluating against weak attacks\", ICML 2018, arXiv:1802.05666; J. C. "
                "Spall, IEEE Trans. Automatic Control 37 (1992)",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
