#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/ball.h"
#include "ops/shared/frontier.h"
#include "ops/shared/normals.h"
#include "ops/shared/waves.h"

enum { MOST_ROUNDS = 64, OUTWARDS = 60 };

typedef struct params {
    int64_t queries, frequencies, tries;
    double lambda, sigma, tolerance;
} params;

typedef struct state {
    assay_asking asking;
    const params *p;
    assay_waves waves;
    int64_t n_waves;     /* coefficients of one plane */
    float *x, *try, *g;  /* size */
    float *u;            /* size */
    float *coefficients; /* ASSAY_ASKING_BATCH x channels x n_waves */
    double *sum;         /* channels x n_waves */
} state;

/* Queries of round i in proportion to lambda^(-2 i / 3); as many rounds as leave the first one with
 * at most 80. Rounds given back: how many. */
static int64_t schedule(int64_t rounds[MOST_ROUNDS], int64_t queries, double lambda)
{
    for (int64_t n = 1;; n++) {
        double total = 0.0;
        for (int64_t i = 0; i < n; i++) {
            total += pow(lambda, -2.0 * (double)i / 3.0);
        }
        for (int64_t i = 0; i < n; i++) {
            double share = pow(lambda, -2.0 * (double)i / 3.0) / total;
            rounds[i] = (int64_t)floor((double)queries * share + 0.5);
        }
        if (rounds[0] <= 80 || n == MOST_ROUNDS) {
            return n;
        }
    }
}

static void draw(const state *s, float *point, float *coefficients)
{
    const assay_attack_block *b = s->asking.block;
    int64_t plane = (int64_t)b->height * b->width;
    int64_t n = s->n_waves * b->channels;
    assay_normals(coefficients, (size_t)n, assay_asking_rng(&s->asking));
    for (int32_t c = 0; c < b->channels; c++) {
        assay_waves_sum(s->u + c * plane, &s->waves, coefficients + c * s->n_waves);
    }
    /* Waves are orthonormal: this is a move of length sigma sqrt(values) in all. */
    double length = assay_ball_norm(ASSAY_NORM_L2, s->u, b->size);
    double scale = length > 0.0 ? s->p->sigma * sqrt((double)b->size) / length : 0.0;
    for (int64_t k = 0; k < b->size; k++) {
        point[k] = assay_unit_clip((float)((double)s->x[k] + scale * (double)s->u[k]));
    }
}

/* The normal of the frontier at x, towards wrong answers, within the waves. */
static assay_status estimate(state *s, int64_t samples, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    int64_t n = s->n_waves * b->channels;
    memset(s->sum, 0, (size_t)n * sizeof *s->sum);
    for (int64_t first = 0; first < samples; first += ASSAY_ASKING_BATCH) {
        int64_t count = samples - first < ASSAY_ASKING_BATCH ? samples - first : ASSAY_ASKING_BATCH;
        for (int64_t j = 0; j < count; j++) {
            draw(s, s->asking.points + j * b->size, s->coefficients + j * n);
        }
        ASSAY_TRY(assay_asking_labels(&s->asking, count, err));
        for (int64_t j = 0; j < count; j++) {
            bool wrong = assay_attack_wants(b, s->asking.row, s->asking.labels[j]);
            for (int64_t k = 0; k < n; k++) {
                double c = (double)s->coefficients[j * n + k];
                s->sum[k] += wrong ? c : -c;
            }
        }
    }
    for (int64_t k = 0; k < n; k++) {
        s->coefficients[k] = (float)(s->sum[k] / (double)samples);
    }
    int64_t plane = (int64_t)b->height * b->width;
    for (int32_t c = 0; c < b->channels; c++) {
        assay_waves_sum(s->g + c * plane, &s->waves, s->coefficients + c * s->n_waves);
    }
    return ASSAY_OK;
}

/* From the original along the normal until wrong, then back to the frontier. */
static assay_status cross(state *s, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    const float *x0 = assay_asking_original(&s->asking);
    size_t bytes = (size_t)b->size * sizeof(float);
    bool wrong = false;
    double now = assay_norm_distance(b->norm, s->x, x0, b->size);
    double step = 0.5 * now;
    for (int i = 0; i < OUTWARDS && !wrong && assay_asking_left(&s->asking) > 0; i++) {
        memcpy(s->try, x0, bytes);
        assay_ball_ascend(b->norm, s->try, s->g, step, b->size);
        for (int64_t k = 0; k < b->size; k++) {
            s->try[k] = assay_unit_clip(s->try[k]);
        }
        ASSAY_TRY(assay_frontier_wrong(&wrong, &s->asking, s->try, err));
        step *= 1.1;
    }
    if (wrong) {
        ASSAY_TRY(assay_frontier_approach(s->try, &s->asking, s->p->tolerance, err));
        if (assay_norm_distance(b->norm, s->try, x0, b->size) < now) {
            memcpy(s->x, s->try, bytes);
        }
    }
    return ASSAY_OK;
}

static assay_status one_row(state *s, assay_error *err)
{
    int64_t rounds[MOST_ROUNDS];
    bool found = false;
    ASSAY_TRY(assay_frontier_start(s->x, &found, &s->asking, s->p->tries, err));
    if (!found) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_frontier_approach(s->x, &s->asking, s->p->tolerance, err));
    int64_t n = schedule(rounds, assay_asking_left(&s->asking), s->p->lambda);
    for (int64_t i = 0; i < n; i++) {
        int64_t left = assay_asking_left(&s->asking);
        int64_t samples = rounds[i] < left ? rounds[i] : left;
        if (samples < 1) {
            break;
        }
        ASSAY_TRY(estimate(s, samples, err));
        ASSAY_TRY(cross(s, err));
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
               .u = assay_attack_pixels(b, 1)};
    if (!s.x || !s.try || !s.g || !s.u ||
        !assay_waves_new(&s.waves, b->height, b->width, (int32_t)p->frequencies, b->arena)) {
        return assay_fail_memory(err);
    }
    s.n_waves = (int64_t)s.waves.n_rows * s.waves.n_cols;
    size_t all = (size_t)(s.n_waves * b->channels);
    s.coefficients = assay_arena_alloc(b->arena, ASSAY_ASKING_BATCH * all, sizeof(float));
    s.sum = assay_arena_alloc(b->arena, all, sizeof(double));
    if (!s.coefficients || !s.sum) {
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
    ASSAY_INT(params, queries, 4000, 1, 100000000, "queries", "Most queries for each image."),
    ASSAY_INT(params, frequencies, 10, 1, 1000, "",
              "Frequencies of the cosine transform along each side, from the lowest, in which the "
              "normal is looked for."),
    ASSAY_INT(params, tries, 100, 4, 1000000, "queries",
              "Points that are tried for the first adversarial one."),
    ASSAY_REAL(params, lambda, 0.6, 0.01, 0.999, "",
               "The smaller, the more of the queries go to the last rounds."),
    ASSAY_REAL(params, sigma, 2e-4, 1e-7, 1.0, "of full scale",
               "Mean change of a value at the points around the frontier."),
    ASSAY_REAL(params, tolerance, 1e-4, 1e-9, 0.5, "of the way", "Precision of the bisection."),
};

static const char *const examples[] = {
    "assay attack cats.onnx photos/ --attack geoda --norm l2 --eps 2,5,10",
    "assay attack cats.onnx photos/ --attack geoda --norm l2 --eps 5,10 --target-class lynx",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .norms = ASSAY_L2 | ASSAY_LINF,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_geoda;
const assay_op assay_op_attack_geoda = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "geoda",
    .title = "Geometric decision-based attack",
    .summary = "Takes the frontier for nearly flat and goes straight along its normal, estimated "
               "in smooth patterns; needs classes only.",
    .description =
        "From a frontier point the normal is estimated as the mean of +-u, u random sums of the "
        "lowest `frequencies` squared waves of each channel, + where x + u is wrong. Then from the "
        "original along it (sign for Linf) until wrong, from half the present distance outwards by "
        "tenths, and bisected back; kept when nearer. Round i gets queries in proportion to "
        "lambda^(-2 i / 3); there are as many rounds as leave the first one with 80 at most.\n\n"
        "lambda 0.6, sigma 0.0002 and tolerance 0.0001 are the authors'. They look outwards in "
        "steps of a fixed length, which depends on the scale of the pixels; here it depends on the "
        "distance. Meant for photographs: small images have few smooth patterns, raise "
        "`frequencies` there.\n\nThe paper does not aim. Here the same is done at the frontier of "
        "the "
        "wanted class, from images of that class; where the way along the normal does not meet it, "
        "the point stays.",
    .citation = "A. Rahmati, S.-M. Moosavi-Dezfooli, P. Frossard, H. Dai, \"GeoDA: a geometric "
                "framework for black-box adversarial attacks\", CVPR 2020, arXiv:2003.06468",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
