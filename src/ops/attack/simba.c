#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/asking.h"
#include "ops/shared/ball.h"
#include "ops/shared/waves.h"

enum { BASIS_PIXELS, BASIS_WAVES };

typedef struct params {
    int64_t queries;
    double step, frequencies;
    int32_t basis;
} params;

/* All rows go in lockstep, one question each at a time. */
typedef struct state {
    assay_attack_block *b;
    const params *p;
    assay_waves waves;
    int64_t n_basis;
    float *x, *try, *logits;
    int32_t *order; /* n x n_basis */
    int64_t *place; /* of each row in its order */
    uint8_t *down;  /* the next question goes the other way */
    double *reached;
    int64_t *end;
} state;

static void shuffle(const state *s, int64_t r)
{
    int32_t *order = s->order + r * s->n_basis;
    for (int64_t k = s->n_basis - 1; k > 0; k--) {
        int64_t other = (int64_t)assay_rng_below(&s->b->rng[r], (uint64_t)k + 1);
        int32_t kept = order[k];
        order[k] = order[other];
        order[other] = kept;
    }
}

static void propose(state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    float *to = s->try + r * b->size;
    int32_t which = s->order[r * s->n_basis + s->place[r]];
    double step = s->down[r] ? s->p->step : -s->p->step;
    memcpy(to, s->x + r * b->size, (size_t)b->size * sizeof *to);
    if (s->p->basis == BASIS_PIXELS) {
        to[which] = (float)((double)to[which] + step);
        to[which] = assay_unit_clip(to[which]);
        return;
    }
    int32_t plane = s->waves.n_rows * s->waves.n_cols;
    int32_t inside = which % plane;
    assay_waves_add(to + (int64_t)(which / plane) * b->height * b->width, &s->waves,
                    inside / s->waves.n_cols, inside % s->waves.n_cols, step);
    for (int64_t k = 0; k < b->size; k++) {
        to[k] = assay_unit_clip(to[k]);
    }
}

static void advance(state *s, int64_t r)
{
    s->down[r] = 0;
    if (++s->place[r] == s->n_basis) {
        s->place[r] = 0;
        shuffle(s, r);
    }
}

static void judge(state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    double now = assay_wanted_cross_entropy(b, r, s->logits + r * b->classes);
    if (now > s->reached[r]) {
        s->reached[r] = now;
        memcpy(s->x + r * b->size, s->try + r * b->size, (size_t)b->size * sizeof *s->x);
        advance(s, r);
    } else if (s->down[r] == 0) {
        s->down[r] = 1;
    } else {
        advance(s, r);
    }
}

/* Rows that go on: not fooled, queries left. */
static int64_t running(const state *s, int32_t *rows)
{
    const assay_attack_block *b = s->b;
    int64_t n = 0;
    for (int64_t i = 0; i < b->n_active; i++) {
        int32_t r = b->active[i];
        if (!b->fooled[r] && b->forwards[r] < s->end[r]) {
            rows[n++] = r;
        }
    }
    return n;
}

static assay_status begin(state *s, assay_error *err)
{
    assay_attack_block *b = s->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        int64_t left = assay_attack_left(b, r);
        s->end[r] = b->forwards[r] + (s->p->queries < left ? s->p->queries : left);
        memcpy(s->x + r * b->size, b->x0 + r * b->size, (size_t)b->size * sizeof *s->x);
        s->reached[r] = assay_wanted_cross_entropy(b, r, b->logits0 + r * b->classes);
        for (int64_t k = 0; k < s->n_basis; k++) {
            s->order[r * s->n_basis + k] = (int32_t)k;
        }
        shuffle(s, r);
    }
    int32_t *rows = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t n = running(s, rows); n > 0; n = running(s, rows)) {
        assay_points points = {.n = n, .at = rows};
        for (int64_t i = 0; i < n; i++) {
            propose(s, rows[i]);
        }
        ASSAY_TRY(assay_attack_scores(b, s->logits, s->try, &points, err));
        for (int64_t i = 0; i < n; i++) {
            judge(s, rows[i]);
        }
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    size_t n = (size_t)b->n;
    int32_t side = b->height > b->width ? b->height : b->width;
    state s = {.b = b,
               .p = p,
               .x = assay_attack_pixels(b, b->n),
               .try = assay_attack_pixels(b, b->n),
               .logits = assay_arena_alloc(b->arena, n * (size_t)b->classes, sizeof(float)),
               .place = assay_arena_alloc(b->arena, n, sizeof(int64_t)),
               .down = assay_arena_alloc(b->arena, n, 1),
               .reached = assay_arena_alloc(b->arena, n, sizeof(double)),
               .end = assay_arena_alloc(b->arena, n, sizeof(int64_t))};
    if (!s.x || !s.try || !s.logits || !s.place || !s.down || !s.reached || !s.end ||
        !assay_waves_new(&s.waves, b->height, b->width, (int32_t)ceil(p->frequencies * side),
                         b->arena)) {
        return assay_fail_memory(err);
    }
    s.n_basis =
        p->basis == BASIS_PIXELS ? b->size : (int64_t)b->channels * s.waves.n_rows * s.waves.n_cols;
    s.order = assay_arena_alloc(b->arena, n * (size_t)s.n_basis, sizeof(int32_t));
    return s.order != NULL ? begin(&s, err) : assay_fail_memory(err);
}

static const char *const bases[] = {"pixels", "waves", NULL};

static const assay_param param_list[] = {
    ASSAY_INT(params, queries, 10000, 1, 100000000, "queries", "Most queries for each image."),
    ASSAY_REAL(params, step, 0.2, 1e-4, 100.0, "of full scale", "Length of a step (L2)."),
    ASSAY_REAL(params, frequencies, 0.25, 1e-3, 1.0, "share",
               "Waves only: share of the frequencies along each side, from the lowest."),
    ASSAY_CHOICE(params, basis, BASIS_WAVES, bases,
                 "Steps change single values, or add a wave of the cosine transform."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack simba --norm l2 --eps 1,2,4",
    "assay attack cats.onnx photos/ --attack simba:basis=pixels --norm l2 --eps 3",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_SCORES,
    .norms = ASSAY_L2,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_simba;
const assay_op assay_op_attack_simba = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "simba",
    .title = "Simple black-box attack",
    .summary = "Tries one direction after the other and keeps what lowers the right class's score.",
    .description =
        "Directions are taken in random order, each once before any comes again: a single value, "
        "or a wave of the orthonormal cosine transform of one channel. x - step q is asked first, "
        "then x + step q; a point is kept when the right class's cross-entropy rises (with a "
        "target: the target's falls). The image is done when the model is wrong. After k kept "
        "steps the L2 distance is at most step sqrt(k).\n\n"
        "Constants of the paper: step 0.2, and for ImageNet the lowest 28 of 224 frequencies "
        "(share "
        "0.125; a quarter here, as small images have few waves). ART: step 0.1, 3000 steps. It "
        "does not look for the nearest point: eps only says which results count.",
    .citation = "C. Guo, J. R. Gardner, Y. You, A. G. Wilson, K. Q. Weinberger, \"Simple "
                "black-box adversarial attacks\", ICML 2019, arXiv:1905.07121",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
