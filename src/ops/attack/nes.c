#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/ball.h"
#include "ops/shared/slope.h"

enum { MOST_PLATEAU = 5 };

typedef struct params {
    int64_t queries, samples;
    double sigma, rel_step, momentum;
} params;

typedef struct state {
    assay_asking asking;
    assay_slope slope;
    float *x, *g, *direction;
} state;

static assay_status one_row(state *s, const params *p, assay_error *err)
{
    assay_attack_block *b = s->asking.block;
    int64_t n = b->size;
    const float *x0 = assay_asking_original(&s->asking);
    double step = p->rel_step * b->eps;
    double reached = -INFINITY;
    int since = 0;
    memcpy(s->x, x0, (size_t)n * sizeof *s->x);
    memset(s->direction, 0, (size_t)n * sizeof *s->direction);
    while (!assay_asking_done(&s->asking)) {
        int64_t pairs = (assay_asking_left(&s->asking) - 1) / 2;
        pairs = pairs < p->samples / 2 ? pairs : p->samples / 2;
        if (pairs < 1) {
            break;
        }
        ASSAY_TRY(assay_slope_estimate(s->g, &s->slope, s->x, pairs, err));
        for (int64_t k = 0; k < n; k++) {
            s->direction[k] = (float)(p->momentum * (double)s->direction[k] +
                                      (1.0 - p->momentum) * (double)s->g[k]);
        }
        assay_ball_ascend(b->norm, s->x, s->direction, step, n);
        assay_ball_project(b->norm, s->x, x0, b->eps, n);
        memcpy(s->asking.points, s->x, (size_t)n * sizeof *s->x);
        ASSAY_TRY(assay_asking_scores(&s->asking, 1, err));
        double now = assay_wanted_cross_entropy(b, s->asking.row, s->asking.logits);
        since = now > reached ? 0 : since + 1;
        reached = now > reached ? now : reached;
        if (since >= MOST_PLATEAU && step > 0.01 * p->rel_step * b->eps) {
            step *= 0.5;
            since = 0;
        }
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.slope = {.wanted = assay_wanted_cross_entropy,
                         .directions = ASSAY_SLOPE_NORMAL,
                         .radius = p->sigma},
               .x = assay_attack_pixels(b, 1),
               .g = assay_attack_pixels(b, 1),
               .direction = assay_attack_pixels(b, 1)};
    if (!s.x || !s.g || !s.direction) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_asking_new(&s.asking, b, err));
    ASSAY_TRY(assay_slope_new(&s.slope, &s.asking, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        assay_asking_begin(&s.asking, b->active[i], p->queries);
        ASSAY_TRY(one_row(&s, p, err));
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, queries, 10000, 4, 100000000, "queries", "Most queries for each image."),
    ASSAY_INT(params, samples, 50, 2, 100000, "queries",
              "Queries behind each estimate of the gradient, in pairs on both sides."),
    ASSAY_REAL(params, sigma, 0.001, 1e-6, 1.0, "of full scale",
               "Distance of the points that are compared. Larger for models that round."),
    ASSAY_REAL(params, rel_step, 0.2, 1e-6, 10.0, "of eps", "Length of a step as a share of eps."),
    ASSAY_REAL(params, momentum, 0.9, 0.0, 0.999, "", "Share of the direction that is kept."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack nes:queries=5000 --norm linf --eps 0.1",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_SCORES,
    .norms = ASSAY_LINF | ASSAY_L2,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_nes;
const assay_op assay_op_attack_nes = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "nes",
    .title = "Natural evolution strategies",
    .summary =
        "Estimates the gradient from scores alone and follows it: PGD for models that give no "
        "gradients.",
    .description =
        "g = mean over u of (f(x + sigma u) - f(x - sigma u)) u / (2 sigma), u standard normal, "
        "`samples` queries in pairs; f is the cross-entropy (with a target: minus that of the "
        "target). The direction keeps `momentum` of the last one; x moves by rel_step eps along "
        "its sign (Linf) or itself (L2) and is projected back. The step is halved when f has not "
        "risen for 5 steps, down to a hundredth.\n\n"
        "The paper's constants: sigma 0.001, 50 samples, momentum 0.9, step 0.01 at eps 0.05. "
        "Points are cut to [0, 1] before they are asked, so the estimate leans inwards at black "
        "and white. Models that take 8-bit images do not see a change of 0.001: use a sigma of "
        "1/255 and more there.",
    .citation = "A. Ilyas, L. Engstrom, A. Athalye, J. Lin, \"Black-box adversarial attacks with "
                "limited queries and information\", ICML 2018, arXiv:1804.08598",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
