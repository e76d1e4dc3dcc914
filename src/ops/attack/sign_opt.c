#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/ball.h"
#include "ops/shared/frontier.h"
#include "ops/shared/normals.h"

enum { LINE_STEPS = 15, WIDENINGS = 500 };

typedef struct params {
    int64_t queries, directions, samples, steps;
    double alpha, beta;
} params;

/* g(theta) = the distance at which the model turns wrong along theta, a direction of length 1. */
typedef struct state {
    assay_asking asking;
    const params *p;
    float *theta, *try, *best, *g; /* size */
    float *u;                      /* ASSAY_ASKING_BATCH x size */
    double *sum;                   /* size */
} state;

static void place(const state *s, float *point, const float *theta, double distance)
{
    const float *x0 = assay_asking_original(&s->asking);
    for (int64_t k = 0; k < s->asking.block->size; k++) {
        point[k] = assay_unit_clip((float)((double)x0[k] + distance * (double)theta[k]));
    }
}

static assay_status wrong_at(bool *out, state *s, const float *theta, double distance,
                             assay_error *err)
{
    place(s, s->asking.points, theta, distance);
    return assay_frontier_wrong(out, &s->asking, s->asking.points, err);
}

static void normalise(float *theta, int64_t n)
{
    double length = assay_ball_norm(ASSAY_NORM_L2, theta, n);
    for (int64_t k = 0; k < n && length > 0.0; k++) {
        theta[k] = (float)((double)theta[k] / length);
    }
}

/* Bisect between a distance where the answer is right and one where it is wrong; the wrong end. */
static assay_status bisect(double *out, state *s, const float *theta, double low, double high,
                           double tolerance, assay_error *err)
{
    while (high - low > tolerance && assay_asking_left(&s->asking) > 0) {
        double middle = 0.5 * (low + high);
        bool wrong = false;
        if (middle <= low || middle >= high) {
            break;
        }
        ASSAY_TRY(wrong_at(&wrong, s, theta, middle, err));
        if (wrong) {
            high = middle;
        } else {
            low = middle;
        }
    }
    *out = high;
    return ASSAY_OK;
}

/* g(theta), looked for near `near`; INFINITY when it is beyond. */
static assay_status measure(double *out, state *s, const float *theta, double near,
                            double tolerance, assay_error *err)
{
    bool wrong = false;
    double low = near;
    double high = near;
    *out = INFINITY;
    ASSAY_TRY(wrong_at(&wrong, s, theta, near, err));
    bool inwards = wrong;
    for (int i = 0; i < WIDENINGS && wrong == inwards; i++) {
        if (assay_asking_left(&s->asking) < 1 || (!inwards && high > 20.0 * near)) {
            return ASSAY_OK;
        }
        if (inwards) {
            high = low;
            low *= 0.99;
        } else {
            low = high;
            high *= 1.01;
        }
        ASSAY_TRY(wrong_at(&wrong, s, theta, inwards ? low : high, err));
    }
    return wrong != inwards ? bisect(out, s, theta, low, high, tolerance, err) : ASSAY_OK;
}

/* theta towards points that are wrong; the nearest of them. */
static assay_status begin(double *reached, state *s, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    const float *x0 = assay_asking_original(&s->asking);
    *reached = INFINITY;
    for (int64_t i = 0; i < s->p->directions && assay_asking_left(&s->asking) > 0; i++) {
        bool wrong = false;
        const float *donor = i < b->n_donors ? b->donors + i * b->size : NULL;
        for (int64_t k = 0; k < b->size; k++) {
            float to =
                donor != NULL ? donor[k] : (float)assay_rng_uniform(assay_asking_rng(&s->asking));
            s->try[k] = to - x0[k];
        }
        double length = assay_ball_norm(ASSAY_NORM_L2, s->try, b->size);
        double from = length < *reached ? length : *reached;
        double distance = INFINITY;
        normalise(s->try, b->size);
        ASSAY_TRY(wrong_at(&wrong, s, s->try, from, err));
        if (!wrong) {
            continue;
        }
        ASSAY_TRY(bisect(&distance, s, s->try, 0.0, from, 1e-3 * from, err));
        if (distance < *reached) {
            *reached = distance;
            memcpy(s->theta, s->try, (size_t)b->size * sizeof *s->theta);
        }
    }
    return ASSAY_OK;
}

/* Mean of sign(g(theta + beta u) - g(theta)) u: one query each tells the sign. */
static assay_status estimate(state *s, double reached, double beta, int64_t samples,
                             assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    int64_t n = b->size;
    memset(s->sum, 0, (size_t)n * sizeof *s->sum);
    for (int64_t first = 0; first < samples; first += ASSAY_ASKING_BATCH) {
        int64_t count = samples - first < ASSAY_ASKING_BATCH ? samples - first : ASSAY_ASKING_BATCH;
        for (int64_t j = 0; j < count; j++) {
            float *u = s->u + j * n;
            assay_normals(u, (size_t)n, assay_asking_rng(&s->asking));
            normalise(u, n);
            for (int64_t k = 0; k < n; k++) {
                s->try[k] = (float)((double)s->theta[k] + beta * (double)u[k]);
            }
            normalise(s->try, n);
            place(s, s->asking.points + j * n, s->try, reached);
        }
        ASSAY_TRY(assay_asking_labels(&s->asking, count, err));
        for (int64_t j = 0; j < count; j++) {
            bool nearer = assay_attack_wants(b, s->asking.row, s->asking.labels[j]);
            for (int64_t k = 0; k < n; k++) {
                double u = (double)s->u[j * n + k];
                s->sum[k] += nearer ? -u : u;
            }
        }
    }
    for (int64_t k = 0; k < n; k++) {
        s->g[k] = (float)(s->sum[k] / (double)samples);
    }
    return ASSAY_OK;
}

/* theta - alpha g, alpha doubled while it helps, or quartered until it does. */
static assay_status line_search(double *reached, double *alpha, state *s, double tolerance,
                                assay_error *err)
{
    int64_t n = s->asking.block->size;
    double start = *reached;
    bool growing = true;
    memcpy(s->best, s->theta, (size_t)n * sizeof *s->best);
    for (int i = 0; i < 2 * LINE_STEPS && assay_asking_left(&s->asking) > 0; i++) {
        double distance = INFINITY;
        for (int64_t k = 0; k < n; k++) {
            s->try[k] = (float)((double)s->theta[k] - *alpha * (double)s->g[k]);
        }
        normalise(s->try, n);
        ASSAY_TRY(measure(&distance, s, s->try, *reached, tolerance, err));
        bool better = distance < *reached;
        if (better) {
            *reached = distance;
            memcpy(s->best, s->try, (size_t)n * sizeof *s->best);
        }
        if (growing && better && i < LINE_STEPS) {
            *alpha *= 2.0;
        } else if (*reached < start) {
            break;
        } else {
            growing = false;
            *alpha *= 0.25;
        }
    }
    memcpy(s->theta, s->best, (size_t)n * sizeof *s->best);
    return ASSAY_OK;
}

static assay_status one_row(state *s, assay_error *err)
{
    double reached = INFINITY;
    double alpha = s->p->alpha;
    double beta = s->p->beta;
    ASSAY_TRY(begin(&reached, s, err));
    for (int64_t t = 0; t < s->p->steps && isfinite(reached) && beta >= 1e-8; t++) {
        int64_t left = assay_asking_left(&s->asking);
        int64_t samples = s->p->samples < left ? s->p->samples : left;
        if (samples < 1) {
            break;
        }
        ASSAY_TRY(estimate(s, reached, beta, samples, err));
        ASSAY_TRY(line_search(&reached, &alpha, s, beta / 500.0, err));
        if (alpha < 1e-4) {
            alpha = 1.0;
            beta *= 0.1;
        }
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.p = p,
               .theta = assay_attack_pixels(b, 1),
               .try = assay_attack_pixels(b, 1),
               .best = assay_attack_pixels(b, 1),
               .g = assay_attack_pixels(b, 1),
               .u = assay_attack_pixels(b, ASSAY_ASKING_BATCH),
               .sum = assay_arena_alloc(b->arena, (size_t)b->size, sizeof(double))};
    if (!s.theta || !s.try || !s.best || !s.g || !s.u || !s.sum) {
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
    ASSAY_INT(params, queries, 20000, 1, 100000000, "queries", "Most queries for each image."),
    ASSAY_INT(params, directions, 100, 1, 1000000, "", "Random directions that are tried first."),
    ASSAY_INT(params, samples, 200, 1, 1000000, "queries", "Queries behind each estimate."),
    ASSAY_INT(params, steps, 1000, 1, 1000000, "", "Most steps."),
    ASSAY_REAL(params, alpha, 0.2, 1e-6, 100.0, "", "First length of a step."),
    ASSAY_REAL(params, beta, 0.001, 1e-8, 1.0, "", "Size of the turns that are compared."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack sign_opt:queries=10000 --norm l2 --eps 1,2,3",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .norms = ASSAY_L2,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_sign_opt;
const assay_op assay_op_attack_sign_opt = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "sign_opt",
    .title = "Sign-OPT",
    .summary = "Turns the direction of the change so that the model errs sooner along it; needs "
               "classes only.",
    .description =
        "g(theta) is the distance at which the model turns wrong in direction theta. A single "
        "query at distance g(theta) tells whether a slightly turned direction is better or worse; "
        "the mean of `samples` such signs times their turns is the slope. theta moves against it "
        "by alpha, doubled while that helps and quartered until it does. When alpha falls below "
        "1e-4, beta becomes a tenth; below 1e-8 the search ends.\n\n"
        "Constants of the paper: 100 directions, 200 samples, alpha 0.2, beta 0.001. First "
        "directions lead to images of uniform noise (the paper: normal noise). Points are cut to "
        "[0, 1], and the distance that counts is that of the cut point.",
    .citation = "M. Cheng, S. Singh, P. Chen, P.-Y. Chen, S. Liu, C.-J. Hsieh, \"Sign-OPT: a "
                "query-efficient hard-label adversarial attack\", ICLR 2020, arXiv:1909.10773",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
