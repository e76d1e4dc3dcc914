#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/asking.h"
#include "ops/shared/ball.h"

typedef struct params {
    int64_t steps, coordinates, search;
    double learning_rate, h, confidence, initial_c;
} params;

typedef struct state {
    assay_asking asking;
    const params *p;
    float *x;
    double *mean, *square; /* of Adam, per value */
    int64_t *times;        /* steps that the value has had */
    int64_t *order;        /* permutation of the values */
    int64_t next;          /* place in it */
    double c;
    bool succeeded;
} state;

static double objective(const state *s, const float *logits)
{
    double short_of =
        s->p->confidence - assay_wanted_margin(s->asking.block, s->asking.row, logits);
    return short_of > 0.0 ? short_of : 0.0;
}

static int64_t next_coordinate(state *s)
{
    int64_t n = s->asking.block->size;
    if (s->next == n) {
        s->next = 0;
    }
    if (s->next == 0) {
        for (int64_t k = n - 1; k > 0; k--) {
            int64_t other = (int64_t)assay_rng_below(assay_asking_rng(&s->asking), (uint64_t)k + 1);
            int64_t kept = s->order[k];
            s->order[k] = s->order[other];
            s->order[other] = kept;
        }
    }
    return s->order[s->next++];
}

static void adam(const state *s, int64_t k, double g)
{
    int64_t t = ++s->times[k];
    s->mean[k] = 0.9 * s->mean[k] + 0.1 * g;
    s->square[k] = 0.999 * s->square[k] + 0.001 * g * g;
    double m = s->mean[k] / (1.0 - pow(0.9, (double)t));
    double v = s->square[k] / (1.0 - pow(0.999, (double)t));
    s->x[k] =
        assay_unit_clip((float)((double)s->x[k] - s->p->learning_rate * m / (sqrt(v) + 1e-8)));
}

/* Slopes of a batch of values at the same x, then their steps. */
static assay_status move(state *s, int64_t count, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    int64_t n = b->size;
    int64_t chosen[ASSAY_ASKING_BATCH / 2];
    float *points = s->asking.points;
    const float *x0 = assay_asking_original(&s->asking);
    for (int64_t j = 0; j < count; j++) {
        int64_t k = chosen[j] = next_coordinate(s);
        for (int side = 0; side < 2; side++) {
            float *point = points + (2 * j + side) * n;
            memcpy(point, s->x, (size_t)n * sizeof *point);
            point[k] = assay_unit_clip((float)((double)s->x[k] + (side == 0 ? s->p->h : -s->p->h)));
        }
    }
    ASSAY_TRY(assay_asking_scores(&s->asking, 2 * count, err));
    for (int64_t j = 0; j < count; j++) {
        int64_t k = chosen[j];
        const float *z = s->asking.logits + 2 * j * b->classes;
        /* The points may have been cut, so their real distance counts. */
        double width = (double)points[2 * j * n + k] - (double)points[(2 * j + 1) * n + k];
        double slope = width > 0.0 ? (objective(s, z) - objective(s, z + b->classes)) / width : 0.0;
        adam(s, k, 2.0 * ((double)s->x[k] - (double)x0[k]) + s->c * slope);
    }
    return ASSAY_OK;
}

static assay_status one_search(state *s, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    size_t n = (size_t)b->size;
    memcpy(s->x, assay_asking_original(&s->asking), n * sizeof *s->x);
    memset(s->mean, 0, n * sizeof *s->mean);
    memset(s->square, 0, n * sizeof *s->square);
    memset(s->times, 0, n * sizeof *s->times);
    s->succeeded = false;
    for (int64_t t = 0; t < s->p->steps; t++) {
        for (int64_t first = 0; first < s->p->coordinates; first += ASSAY_ASKING_BATCH / 2) {
            int64_t count = s->p->coordinates - first < ASSAY_ASKING_BATCH / 2
                                ? s->p->coordinates - first
                                : ASSAY_ASKING_BATCH / 2;
            if (assay_asking_left(&s->asking) < 2 * count + 1) {
                return ASSAY_OK;
            }
            ASSAY_TRY(move(s, count, err));
        }
        memcpy(s->asking.points, s->x, n * sizeof *s->x);
        ASSAY_TRY(assay_asking_scores(&s->asking, 1, err));
        s->succeeded |= objective(s, s->asking.logits) == 0.0;
    }
    return ASSAY_OK;
}

static assay_status one_row(state *s, assay_error *err)
{
    double low = 0.0;
    double high = INFINITY;
    s->c = s->p->initial_c;
    s->next = 0;
    for (int64_t k = 0; k < s->asking.block->size; k++) {
        s->order[k] = k;
    }
    for (int64_t i = 0; i < s->p->search && !assay_asking_done(&s->asking); i++) {
        ASSAY_TRY(one_search(s, err));
        low = s->succeeded ? low : s->c;
        high = s->succeeded ? s->c : high;
        s->c = isfinite(high) ? 0.5 * (low + high) : 10.0 * s->c;
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    size_t n = (size_t)b->size;
    state s = {.p = raw,
               .x = assay_attack_pixels(b, 1),
               .mean = assay_arena_alloc(b->arena, n, sizeof(double)),
               .square = assay_arena_alloc(b->arena, n, sizeof(double)),
               .times = assay_arena_alloc(b->arena, n, sizeof(int64_t)),
               .order = assay_arena_alloc(b->arena, n, sizeof(int64_t))};
    if (!s.x || !s.mean || !s.square || !s.times || !s.order) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_asking_new(&s.asking, b, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        assay_asking_begin(&s.asking, b->active[i], INT64_MAX);
        ASSAY_TRY(one_row(&s, err));
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 1000000, "", "Steps for each weight c."),
    ASSAY_INT(params, coordinates, 128, 1, 100000, "", "Values that a step changes."),
    ASSAY_INT(params, search, 3, 1, 20, "", "Weights c that are tried (binary search)."),
    ASSAY_REAL(params, learning_rate, 0.01, 1e-6, 1.0, "of full scale", "Learning rate of Adam."),
    ASSAY_REAL(params, h, 1e-4, 1e-6, 0.5, "of full scale",
               "Half the distance of the two points behind a slope."),
    ASSAY_REAL(params, confidence, 0.0, 0.0, 1e6, "logits",
               "How far the wrong class must lead the right one."),
    ASSAY_REAL(params, initial_c, 0.01, 1e-10, 1e10, "", "First weight of being wrong."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack zoo:steps=50 --norm l2 --eps 1,2,3",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_SCORES,
    .norms = ASSAY_L2,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_zoo;
const assay_op assay_op_attack_zoo = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "zoo",
    .title = "Zeroth-order optimisation",
    .summary = "The Carlini-Wagner attack without gradients: slopes of a few values at a time, "
               "measured from scores.",
    .description =
        "Minimises ||x - x0||_2^2 + c max(confidence - margin, 0) by Adam (0.9, 0.999) on "
        "`coordinates` values at a time; the slope of each is (f(x + h e) - f(x - h e)) / 2h, two "
        "queries. Values are taken in random order, each once before any comes again. c is found "
        "by binary search: ten times more after a failure, half-way after a success.\n\n"
        "Costs steps x (2 coordinates + 1) x search queries for each image. Pixels are cut to [0, "
        "1] (the paper offers tanh space as well); there is no pyramid of resolutions and no "
        "importance sampling. The paper: nine weights, up to 3000 steps; ART: one weight, 10 "
        "steps. Models that take 8-bit images need an h of 1/255 and more.",
    .citation = "P.-Y. Chen, H. Zhang, Y. Sharma, J. Yi, C.-J. Hsieh, \"ZOO: zeroth order "
                "optimization based black-box attacks to deep neural networks without training "
                "substitute models\", AISec 2017, arXiv:1708.03999",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
