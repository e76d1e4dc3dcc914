#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/ball.h"
#include "ops/shared/frontier.h"
#include "ops/shared/normals.h"

enum { SPHERE_ANSWERS = 100, STEP_ANSWERS = 30, CHECK_EVERY = 10 };

typedef struct params {
    int64_t steps, tries;
    double sphere, source, adaptation;
} params;

/* One row's search. Rows go in lockstep. */
typedef struct walk {
    double sphere, source;
    int32_t sphere_asked, sphere_wrong, step_asked, step_wrong;
    bool going;
} walk;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    assay_asking asking;
    walk *walks;          /* n */
    float *x, *try;       /* n x size */
    float *ball, *normal; /* n x size, size: the point on the sphere; noise */
    int32_t *rows, *labels;
} state;

static double dot(const float *a, const float *b, const float *from, int64_t n)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        sum += (double)a[k] * ((double)b[k] - (double)from[k]);
    }
    return sum;
}

/* A point on the sphere of the same distance to the original, and one that is a step nearer. */
static void propose(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    const walk *w = &s->walks[r];
    int64_t n = b->size;
    const float *x0 = b->x0 + r * n;
    const float *x = s->x + r * n;
    float *ball = s->ball + r * n;
    float *near = s->try + r * n;
    float *u = s->normal;
    double distance = assay_norm_distance(ASSAY_NORM_L2, x, x0, n);
    assay_normals(u, (size_t)n, &b->rng[r]);
    /* Without its part along the way to the original. */
    double along = distance > 0.0 ? dot(u, x0, x, n) / (distance * distance) : 0.0;
    for (int64_t k = 0; k < n; k++) {
        u[k] = (float)((double)u[k] - along * ((double)x0[k] - (double)x[k]));
    }
    double length = assay_ball_norm(ASSAY_NORM_L2, u, n);
    double scale = length > 0.0 ? w->sphere * distance / length : 0.0;
    double shrink = 1.0 / sqrt(w->sphere * w->sphere + 1.0);
    for (int64_t k = 0; k < n; k++) {
        double direction = scale * (double)u[k] - ((double)x0[k] - (double)x[k]);
        ball[k] = assay_unit_clip((float)((double)x0[k] + shrink * direction));
    }
    double now = assay_norm_distance(ASSAY_NORM_L2, ball, x0, n);
    double step = w->source * distance + now - distance;
    step = step > 0.0 && now > 0.0 ? step / now : 0.0;
    for (int64_t k = 0; k < n; k++) {
        near[k] =
            assay_unit_clip((float)((double)ball[k] + step * ((double)x0[k] - (double)ball[k])));
    }
}

static void adapt_sphere(const state *s, walk *w)
{
    if (w->sphere_asked < SPHERE_ANSWERS) {
        return;
    }
    double share = (double)w->sphere_wrong / w->sphere_asked;
    double by = share > 0.5 ? s->p->adaptation : share < 0.2 ? 1.0 / s->p->adaptation : 1.0;
    w->sphere *= by;
    w->source *= by;
    w->sphere_asked = w->sphere_wrong = 0;
}

static void adapt_step(const state *s, walk *w)
{
    if (w->step_asked < STEP_ANSWERS) {
        return;
    }
    double share = (double)w->step_wrong / w->step_asked;
    w->source *= share > 0.25 ? s->p->adaptation : share < 0.1 ? 1.0 / s->p->adaptation : 1.0;
    w->step_asked = w->step_wrong = 0;
}

static int64_t running(const state *s)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->b->n_active; i++) {
        int32_t r = s->b->active[i];
        if (s->walks[r].going && assay_attack_left(s->b, r) > 1 && s->walks[r].source >= 1e-7) {
            s->rows[n++] = r;
        }
    }
    return n;
}

static assay_status step(state *s, int64_t n, bool check, assay_error *err)
{
    const assay_attack_block *b = s->b;
    assay_points points = {.n = n, .at = s->rows};
    for (int64_t i = 0; i < n; i++) {
        propose(s, s->rows[i]);
    }
    if (check) {
        ASSAY_TRY(assay_attack_labels(s->b, s->labels, s->ball, &points, err));
        for (int64_t i = 0; i < n; i++) {
            walk *w = &s->walks[s->rows[i]];
            w->sphere_asked++;
            w->sphere_wrong += assay_attack_wants(b, s->rows[i], s->labels[s->rows[i]]);
        }
    }
    ASSAY_TRY(assay_attack_labels(s->b, s->labels, s->try, &points, err));
    for (int64_t i = 0; i < n; i++) {
        int64_t r = s->rows[i];
        walk *w = &s->walks[r];
        bool wrong = assay_attack_wants(b, r, s->labels[r]);
        const float *x0 = b->x0 + r * b->size;
        w->step_asked += check;
        w->step_wrong += check && wrong;
        if (wrong && assay_norm_distance(ASSAY_NORM_L2, s->try + r * b->size, x0, b->size) <
                         assay_norm_distance(ASSAY_NORM_L2, s->x + r * b->size, x0, b->size)) {
            memcpy(s->x + r * b->size, s->try + r * b->size, (size_t)b->size * sizeof *s->x);
        }
        adapt_sphere(s, w);
        adapt_step(s, w);
    }
    return ASSAY_OK;
}

static assay_status begin(state *s, assay_error *err)
{
    assay_attack_block *b = s->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        s->walks[r] = (walk){.sphere = s->p->sphere, .source = s->p->source};
        assay_asking_begin(&s->asking, r, INT64_MAX);
        ASSAY_TRY(assay_frontier_start(s->x + r * b->size, &s->walks[r].going, &s->asking,
                                       s->p->tries, err));
        if (s->walks[r].going) {
            ASSAY_TRY(assay_frontier_approach(s->x + r * b->size, &s->asking, 1e-3, err));
        }
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    size_t n = (size_t)b->n;
    state s = {.b = b,
               .p = raw,
               .walks = assay_arena_alloc(b->arena, n, sizeof(walk)),
               .x = assay_attack_pixels(b, b->n),
               .try = assay_attack_pixels(b, b->n),
               .ball = assay_attack_pixels(b, b->n),
               .normal = assay_attack_pixels(b, 1),
               .rows = assay_arena_alloc(b->arena, n, sizeof(int32_t)),
               .labels = assay_arena_alloc(b->arena, n, sizeof(int32_t))};
    if (!s.walks || !s.x || !s.try || !s.ball || !s.normal || !s.rows || !s.labels) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_asking_new(&s.asking, b, err));
    ASSAY_TRY(begin(&s, err));
    for (int64_t t = 0; t < s.p->steps; t++) {
        int64_t going = running(&s);
        if (going == 0) {
            break;
        }
        ASSAY_TRY(step(&s, going, t % CHECK_EVERY == 0, err));
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 5000, 1, 10000000, "",
              "Steps; each asks once, every tenth one twice."),
    ASSAY_INT(params, tries, 100, 4, 1000000, "queries",
              "Points that are tried for the first adversarial one."),
    ASSAY_REAL(params, sphere, 0.01, 1e-9, 10.0, "of the distance",
               "First length of a step at equal distance."),
    ASSAY_REAL(params, source, 0.01, 1e-9, 1.0, "of the distance",
               "First length of a step towards the original."),
    ASSAY_REAL(params, adaptation, 1.5, 1.001, 10.0, "", "Factor by which the lengths adapt."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack boundary:steps=10000 --norm l2 --eps 1,2,3",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .norms = ASSAY_L2,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_boundary;
const assay_op assay_op_attack_boundary = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "boundary",
    .title = "Boundary attack",
    .summary = "Walks along the frontier between right and wrong answers, always nearer to the "
               "original; needs classes only.",
    .description =
        "A step is a random move on the sphere around the original (`sphere` times the distance, "
        "at right angles to the way), then `source` times the distance towards it; it is kept when "
        "still wrong and nearer. Every tenth step also asks at the point on the sphere; after 100 "
        "such answers both lengths grow by `adaptation` when more than half are wrong and shrink "
        "when less than a fifth; after 30 answers the second length grows above a quarter and "
        "shrinks below a tenth. Ends when it falls below 1e-7.\n\n"
        "These are Foolbox' rules and constants, with its 25 000 steps cut to 5000, a start that "
        "is "
        "bisected first, and shares counted anew after each 100 and 30 answers (Foolbox: of the "
        "last 100 and 30, counted anew after a change). HopSkipJump usually gets as near with a "
        "tenth of the queries.",
    .citation = "W. Brendel, J. Rauber, M. Bethge, \"Decision-based adversarial attacks: reliable "
                "attacks against black-box machine learning models\", ICLR 2018, "
                "arXiv:1712.04248; constants: Foolbox 3.3",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
