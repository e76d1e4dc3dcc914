#include "ops/shared/apgd.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "ops/shared/ball.h"

/* Of one row. */
typedef struct row_state {
    double step, loss_best, loss_before, loss_best_at_check;
    double density, support; /* L1: share of values that a step changes; values changed so far */
    int64_t improved;        /* steps since the last check whose loss rose */
    bool reduced;            /* at the last check */
} row_state;

typedef struct state {
    assay_attack_block *b;
    const assay_apgd *s;
    float *x, *old, *g, *best, *g_best, *work, *logits;
    row_state *rows;
    int32_t *other;
    const int32_t *label;
    double sign, eps;
} state;

void assay_classes_top(int32_t *out, int32_t most, const float *logits, int32_t classes)
{
    int32_t n = 0;
    for (int32_t c = 0; c < classes; c++) {
        int32_t place = n < most ? n++ : most;
        while (place > 0 && logits[out[place - 1]] < logits[c]) {
            if (place < most) {
                out[place] = out[place - 1];
            }
            place--;
        }
        if (place < most) {
            out[place] = c;
        }
    }
}

static void start(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    float *x = t->x + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    for (int64_t k = 0; k < b->size; k++) {
        x[k] = (float)(b->norm == ASSAY_NORM_LINF ? 2.0 * assay_rng_uniform(&b->rng[r]) - 1.0
                                                  : assay_rng_normal(&b->rng[r]));
    }
    if (b->norm == ASSAY_NORM_L1) {
        for (int64_t k = 0; k < b->size; k++) {
            x[k] += x0[k];
        }
        assay_ball_project(ASSAY_NORM_L1, x, x0, t->eps, b->size);
        return;
    }
    /* The start lies on the sphere: its largest change, or its length, is eps. */
    double scale = t->eps / (assay_ball_norm(b->norm, x, b->size) + 1e-12);
    for (int64_t k = 0; k < b->size; k++) {
        x[k] = assay_unit_clip((float)((double)x0[k] + scale * (double)x[k]));
    }
}

static void pull_back(float *x, const float *x0, double eps, int64_t n)
{
    double distance = assay_norm_distance(ASSAY_NORM_L2, x, x0, n);
    double scale = (distance < eps ? distance : eps) / (distance + 1e-12);
    for (int64_t k = 0; k < n; k++) {
        x[k] = assay_unit_clip((float)((double)x0[k] + scale * ((double)x[k] - (double)x0[k])));
    }
}

/* One step with momentum: where the plain step leads (z), then 0.75 of the way and 0.25 of the last
 * move, each time brought back into the ball. */
static void move(const state *t, int64_t r, int64_t iteration)
{
    const assay_attack_block *b = t->b;
    const row_state *row = &t->rows[r];
    float *x = t->x + r * b->size;
    float *old = t->old + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    const float *g = t->g + r * b->size;
    float *z = t->work;
    float a = iteration > 0 ? 0.75F : 1.0F;
    memcpy(z, x, (size_t)b->size * sizeof *z);
    if (b->norm == ASSAY_NORM_L1) {
        assay_ball_ascend_sparse(z, g, t->sign * row->step, row->density, old, b->size);
        memcpy(old, x, (size_t)b->size * sizeof *old);
        assay_ball_project(ASSAY_NORM_L1, z, x0, t->eps, b->size);
        memcpy(x, z, (size_t)b->size * sizeof *x);
        return;
    }
    assay_ball_ascend(b->norm, z, g, t->sign * row->step, b->size);
    if (b->norm == ASSAY_NORM_L2) {
        pull_back(z, x0, t->eps, b->size);
    } else {
        assay_ball_project(b->norm, z, x0, t->eps, b->size);
    }
    for (int64_t k = 0; k < b->size; k++) {
        float last = x[k] - old[k];
        old[k] = x[k];
        x[k] = x[k] + (z[k] - x[k]) * a + last * (1.0F - a);
    }
    if (b->norm == ASSAY_NORM_L2) {
        pull_back(x, x0, t->eps, b->size);
    } else {
        assay_ball_project(b->norm, x, x0, t->eps, b->size);
    }
}

static assay_status ask(const state *t, assay_error *err)
{
    assay_points points = assay_attack_active(t->b);
    return assay_attack_gradient(t->b, t->g, t->logits, t->x, &points, t->s->loss, t->label,
                                 t->other, err);
}

static double loss_of(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    int32_t label = t->label != NULL ? t->label[r] : b->label[r];
    return t->sign * assay_loss_value(t->s->loss, t->logits + r * b->classes, b->classes, label,
                                      t->other != NULL ? t->other[r] : 0);
}

static void keep(const state *t, int64_t r)
{
    size_t bytes = (size_t)t->b->size * sizeof(float);
    int64_t at = r * t->b->size;
    memcpy(t->best + at, t->x + at, bytes);
    memcpy(t->g_best + at, t->g + at, bytes);
}

static void go_back(const state *t, int64_t r)
{
    size_t bytes = (size_t)t->b->size * sizeof(float);
    int64_t at = r * t->b->size;
    memcpy(t->x + at, t->best + at, bytes);
    memcpy(t->g + at, t->g_best + at, bytes);
}

static void check(const state *t, int64_t r, int64_t interval)
{
    row_state *row = &t->rows[r];
    bool swings = (double)row->improved <= (double)interval * t->s->rho;
    bool stuck = !row->reduced && row->loss_best_at_check >= row->loss_best;
    row->reduced = swings || stuck;
    row->loss_best_at_check = row->loss_best;
    row->improved = 0;
    if (row->reduced) {
        row->step /= 2.0;
        go_back(t, r);
    }
}

/* L1: when the best point has become sparser, start over with long steps from it. */
static void check_l1(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    row_state *row = &t->rows[r];
    double support =
        assay_norm_distance(ASSAY_NORM_L0, t->best + r * b->size, b->x0 + r * b->size, b->size);
    bool sparser = support / row->support < 0.95;
    row->density = support / (double)b->size / 1.5;
    row->step = sparser ? t->eps : row->step / 1.5;
    row->step = row->step < t->eps / 10.0 ? t->eps / 10.0 : row->step;
    row->support = support > 0.0 ? support : 1.0;
    if (sparser) {
        go_back(t, r);
    }
}

static void begin_rows(const state *t, bool warm)
{
    const assay_attack_block *b = t->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        row_state *row = &t->rows[r];
        double support =
            assay_norm_distance(ASSAY_NORM_L0, t->x + r * b->size, b->x0 + r * b->size, b->size);
        memcpy(t->old + r * b->size, t->x + r * b->size, (size_t)b->size * sizeof(float));
        double loss = loss_of(t, r);
        *row = (row_state){.step = b->norm == ASSAY_NORM_L1 ? t->eps : 2.0 * t->eps,
                           .loss_best = loss,
                           .loss_best_at_check = loss,
                           .reduced = true,
                           .density = warm ? support / (double)b->size / 1.5 : 0.2,
                           .support = warm && support > 0.0 ? support : (double)b->size};
        keep(t, r);
    }
}

static int64_t at_least(int64_t value, int64_t least)
{
    return value > least ? value : least;
}

/* `steps` steps from the points in x; `whole` is the number that the intervals are shares of. */
static assay_status climb(const state *t, int64_t steps, int64_t whole, bool warm, assay_error *err)
{
    assay_attack_block *b = t->b;
    bool l1 = b->norm == ASSAY_NORM_L1;
    int64_t least = at_least((int64_t)(0.06 * (double)whole), 1);
    int64_t shrink = at_least((int64_t)(0.03 * (double)whole), 1);
    int64_t interval = l1 ? at_least((int64_t)(0.04 * (double)steps), 1)
                          : at_least((int64_t)(0.22 * (double)whole), 1);
    int64_t since = 0;
    ASSAY_TRY(ask(t, err));
    assay_attack_compact(b);
    begin_rows(t, warm);
    for (int64_t i = 0; i < steps && b->n_active > 0; i++) {
        for (int64_t j = 0; j < b->n_active; j++) {
            move(t, b->active[j], i);
        }
        ASSAY_TRY(ask(t, err));
        assay_attack_compact(b);
        bool checks = ++since == interval;
        for (int64_t j = 0; j < b->n_active; j++) {
            int64_t r = b->active[j];
            row_state *row = &t->rows[r];
            double loss = loss_of(t, r);
            row->improved += loss > row->loss_before;
            row->loss_before = loss;
            if (loss > row->loss_best) {
                row->loss_best = loss;
                keep(t, r);
            }
            if (checks && l1) {
                check_l1(t, r);
            } else if (checks) {
                check(t, r, interval);
            }
        }
        if (checks) {
            since = 0;
            interval = l1 ? interval : at_least(interval - shrink, least);
        }
    }
    return ASSAY_OK;
}

/* L1 with larger budgets first: the best point of each leads into the next smaller ball. */
static assay_status climb_down(state *t, assay_error *err)
{
    assay_attack_block *b = t->b;
    int64_t whole = t->s->steps;
    int64_t part = (int64_t)ceil(0.3 * (double)whole);
    const int64_t steps[] = {part, part, whole - 2 * part};
    const double factors[] = {3.0, 2.0, 1.0};
    t->eps = 3.0 * b->eps;
    for (int64_t i = 0; i < b->n_active; i++) {
        start(t, b->active[i]);
    }
    for (int phase = 0; phase < 3 && b->n_active > 0; phase++) {
        t->eps = factors[phase] * b->eps;
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t at = b->active[i] * b->size;
            if (phase > 0) {
                memcpy(t->x + at, t->best + at, (size_t)b->size * sizeof(float));
            }
            assay_ball_project(ASSAY_NORM_L1, t->x + at, b->x0 + at, t->eps, b->size);
        }
        ASSAY_TRY(climb(t, steps[phase] > 0 ? steps[phase] : 1, whole, true, err));
    }
    t->eps = b->eps;
    return ASSAY_OK;
}

static assay_status restarts(state *t, assay_error *err)
{
    assay_attack_block *b = t->b;
    for (int64_t restart = 0; restart < t->s->restarts && b->n_active > 0; restart++) {
        if (t->s->large_budgets && b->norm == ASSAY_NORM_L1) {
            ASSAY_TRY(climb_down(t, err));
            continue;
        }
        for (int64_t i = 0; i < b->n_active; i++) {
            start(t, b->active[i]);
        }
        ASSAY_TRY(climb(t, t->s->steps, t->s->steps, false, err));
    }
    return ASSAY_OK;
}

static assay_status run_targets(state *t, assay_error *err)
{
    assay_attack_block *b = t->b;
    int32_t most = (int32_t)(t->s->targets < b->classes - 1 ? t->s->targets : b->classes - 1) + 1;
    int32_t *top = assay_arena_alloc(b->arena, (size_t)b->n * (size_t)most, sizeof *top);
    t->other = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *t->other);
    if (top == NULL || t->other == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        assay_classes_top(top + r * most, most, b->logits0 + r * b->classes, b->classes);
    }
    for (int32_t rank = 1; rank < most && b->n_active > 0; rank++) {
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            t->other[r] = top[r * most + rank];
        }
        ASSAY_TRY(restarts(t, err));
    }
    return ASSAY_OK;
}

assay_status assay_apgd_run(assay_attack_block *b, const assay_apgd *settings, assay_error *err)
{
    bool by_target =
        settings->loss == ASSAY_LOSS_DLR_TARGETED || settings->loss == ASSAY_LOSS_LOGIT_DIFFERENCE;
    state t = {.b = b,
               .s = settings,
               .x = assay_attack_pixels(b, b->n),
               .old = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .best = assay_attack_pixels(b, b->n),
               .g_best = assay_attack_pixels(b, b->n),
               .work = assay_attack_pixels(b, 1),
               .logits = assay_attack_logits(b),
               .rows = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(row_state)),
               .label = by_target ? NULL : b->target,
               .sign = b->target != NULL && !by_target ? -1.0 : 1.0,
               .eps = b->eps};
    if (!t.x || !t.old || !t.g || !t.best || !t.g_best || !t.work || !t.logits || !t.rows) {
        return assay_fail_memory(err);
    }
    return by_target ? run_targets(&t, err) : restarts(&t, err);
}
