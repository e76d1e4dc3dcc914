#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/ball.h"
#include "ops/shared/frontier.h"
#include "ops/shared/normals.h"

typedef struct params {
    int64_t steps, queries, first_samples, most_samples, tries;
    double gamma;
} params;

typedef struct state {
    assay_asking asking;
    const params *p;
    float *x, *try, *g;
    float *u;            /* ASSAY_ASKING_BATCH x size */
    double *wrong, *all; /* sums of directions */
} state;

/* theta: how near to the frontier the bisection comes, as a share of the way. */
static double precision(const state *s)
{
    const assay_attack_block *b = s->asking.block;
    double d = (double)b->size;
    return b->norm == ASSAY_NORM_LINF ? s->p->gamma / (d * d) : s->p->gamma / (d * sqrt(d));
}

static double reach(const state *s, int64_t t, double distance)
{
    const assay_attack_block *b = s->asking.block;
    double d = (double)b->size;
    if (t == 0) {
        return 0.1;
    }
    return (b->norm == ASSAY_NORM_LINF ? d : sqrt(d)) * precision(s) * distance;
}

static void draw(const state *s, float *point, float *u, double delta)
{
    const assay_attack_block *b = s->asking.block;
    assay_rng *rng = assay_asking_rng(&s->asking);
    if (b->norm == ASSAY_NORM_LINF) {
        for (int64_t k = 0; k < b->size; k++) {
            u[k] = (float)(2.0 * assay_rng_uniform(rng) - 1.0);
        }
    } else {
        assay_normals(u, (size_t)b->size, rng);
    }
    double length = assay_ball_norm(ASSAY_NORM_L2, u, b->size);
    double scale = length > 0.0 ? delta / length : 0.0;
    for (int64_t k = 0; k < b->size; k++) {
        point[k] = assay_unit_clip((float)((double)s->x[k] + scale * (double)u[k]));
        /* What is left of the direction after the cut. */
        u[k] = (float)(((double)point[k] - (double)s->x[k]) / delta);
    }
}

/* Monte-Carlo direction of the gradient at the frontier, with the mean answer as baseline. */
static assay_status estimate(state *s, int64_t samples, double delta, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    int64_t n = b->size;
    int64_t n_wrong = 0;
    memset(s->wrong, 0, (size_t)n * sizeof *s->wrong);
    memset(s->all, 0, (size_t)n * sizeof *s->all);
    for (int64_t first = 0; first < samples; first += ASSAY_ASKING_BATCH) {
        int64_t count = samples - first < ASSAY_ASKING_BATCH ? samples - first : ASSAY_ASKING_BATCH;
        for (int64_t j = 0; j < count; j++) {
            draw(s, s->asking.points + j * n, s->u + j * n, delta);
        }
        ASSAY_TRY(assay_asking_labels(&s->asking, count, err));
        for (int64_t j = 0; j < count; j++) {
            bool wrong = assay_attack_wants(b, s->asking.row, s->asking.labels[j]);
            n_wrong += wrong;
            for (int64_t k = 0; k < n; k++) {
                double u = (double)s->u[j * n + k];
                s->all[k] += u;
                s->wrong[k] += wrong ? u : 0.0;
            }
        }
    }
    /* sum of (f - mean f) u with f = +1 where wrong, -1 elsewhere; all alike: no baseline. */
    double mean = 2.0 * (double)n_wrong / (double)samples - 1.0;
    bool alike = n_wrong == 0 || n_wrong == samples;
    for (int64_t k = 0; k < n; k++) {
        double sum = 2.0 * s->wrong[k] - s->all[k];
        s->g[k] = (float)((alike ? sum : sum - mean * s->all[k]) / (double)samples);
    }
    return ASSAY_OK;
}

/* Step sizes from distance / sqrt(t) down by halves until the point is still wrong. */
static assay_status jump(state *s, int64_t t, double distance, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    size_t bytes = (size_t)b->size * sizeof(float);
    bool wrong = false;
    double step = distance / sqrt((double)t + 1.0);
    for (int halvings = 0; halvings < 40 && !wrong && assay_asking_left(&s->asking) > 0;
         halvings++) {
        memcpy(s->try, s->x, bytes);
        assay_ball_ascend(b->norm, s->try, s->g, step, b->size);
        for (int64_t k = 0; k < b->size; k++) {
            s->try[k] = assay_unit_clip(s->try[k]);
        }
        ASSAY_TRY(assay_frontier_wrong(&wrong, &s->asking, s->try, err));
        step *= 0.5;
    }
    if (wrong) {
        memcpy(s->x, s->try, bytes);
    }
    return ASSAY_OK;
}

static assay_status one_row(state *s, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    const float *x0 = assay_asking_original(&s->asking);
    bool found = false;
    ASSAY_TRY(assay_frontier_start(s->x, &found, &s->asking, s->p->tries, err));
    if (!found) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_frontier_approach(s->x, &s->asking, precision(s), err));
    for (int64_t t = 0; t < s->p->steps; t++) {
        double distance = assay_norm_distance(b->norm, s->x, x0, b->size);
        double wanted = (double)s->p->first_samples * sqrt((double)t + 1.0);
        int64_t samples =
            wanted < (double)s->p->most_samples ? (int64_t)wanted : s->p->most_samples;
        int64_t left = assay_asking_left(&s->asking);
        samples = samples < left ? samples : left;
        double delta = reach(s, t, distance);
        if (samples < 1 || !(delta > 0.0)) {
            break;
        }
        ASSAY_TRY(estimate(s, samples, delta, err));
        ASSAY_TRY(jump(s, t, distance, err));
        ASSAY_TRY(assay_frontier_approach(s->x, &s->asking, precision(s), err));
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.p = p,
               .x = assay_attack_pixels(b, 1),
               .try = assay_attack_pixels(b, 1),
               .g = assay_attack_pixels(b, 1),
               .u = assay_attack_pixels(b, ASSAY_ASKING_BATCH),
               .wrong = assay_arena_alloc(b->arena, (size_t)b->size, sizeof(double)),
               .all = assay_arena_alloc(b->arena, (size_t)b->size, sizeof(double))};
    if (!s.x || !s.try || !s.g || !s.u || !s.wrong || !s.all) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_asking_new(&s.asking, b, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        assay_asking_begin(&s.asking, b->active[i], p->queries);
        ASSAY_TRY(one_row(&s, err));
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 50, 1, 100000, "", "Jumps along the frontier."),
    ASSAY_INT(params, queries, 25000, 1, 100000000, "queries", "Most queries for each image."),
    ASSAY_INT(params, first_samples, 100, 1, 1000000, "queries",
              "Queries behind the first direction; the t-th gets sqrt(t) times as many."),
    ASSAY_INT(params, most_samples, 10000, 1, 1000000, "queries", "Most queries for a direction."),
    ASSAY_INT(params, tries, 100, 4, 1000000, "queries",
              "Points that are tried for the first adversarial one."),
    ASSAY_REAL(params, gamma, 1.0, 1e-3, 1e6, "", "Scales the precision of the bisection."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack hopskipjump --norm l2 --eps 1,2,3",
    "assay attack guard.yaml photos/ --attack hopskipjump:queries=5000 --norm linf --eps 0.05",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .norms = ASSAY_L2 | ASSAY_LINF,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_hopskipjump;
const assay_op assay_op_attack_hopskipjump = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "hopskipjump",
    .title = "HopSkipJump",
    .summary = "Finds a near adversarial image from the answered classes alone: the usual attack "
               "on a model behind an interface.",
    .description =
        "From a wrong point, bisect towards the original; then `steps` times: estimate the "
        "direction in which wrong answers lie from random points around the frontier, jump by "
        "distance / sqrt(t) along it (sign for Linf), halved until still wrong, and bisect "
        "again.\n\n"
        "As in the paper: bisection to gamma / d^1.5 of the way (Linf: gamma / d^2), d values; "
        "points at 0.1 in the first step and at sqrt(d) theta distance (Linf: d theta distance) "
        "after it; 100 sqrt(t) of them, 10 000 at most; baseline of the mean answer. 50 steps are "
        "ART's (the authors' code: 40, "
        "Foolbox: 64); the queries stop it at 25 000 for each image.\n\n"
        "Starts from uniform noise, then from the negative, white and black images; with a target, "
        "from images of that class. The paper also starts from images of other classes without a "
        "target.",
    .citation = "J. Chen, M. I. Jordan, M. J. Wainwright, \"HopSkipJumpAttack: a query-efficient "
                "decision-based attack\", IEEE S&P 2020, arXiv:1904.02144",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
