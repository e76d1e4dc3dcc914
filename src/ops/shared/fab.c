#include "ops/shared/fab.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "ops/shared/apgd.h"
#include "ops/shared/ball.h"

/* How far coordinate i can go in the direction that brings w . x towards b. */
static double room_of(float x, float w, bool down)
{
    bool falls = (w > 0.0F) == down;
    return falls ? (double)x : 1.0 - (double)x;
}

/* Linf and L2: every coordinate goes m (Linf) or m |w| (L2) far or as far as it can. m grows until
 * those that are not at their end make up for those that are. */
static double multiplier(assay_norm norm, const float *x, const float *w, double missing, bool down,
                         int64_t n)
{
    double m = 0.0;
    for (;;) {
        double free = 0.0;
        double stuck = 0.0;
        for (int64_t i = 0; i < n; i++) {
            double size = fabs((double)w[i]);
            double room = room_of(x[i], w[i], down);
            double wanted = norm == ASSAY_NORM_LINF ? m : m * size;
            if (size == 0.0) {
                continue;
            }
            if (m > 0.0 && wanted >= room) {
                stuck += size * room;
            } else {
                free += norm == ASSAY_NORM_LINF ? size : size * size;
            }
        }
        double next = free > 0.0 ? (missing - stuck) / free : INFINITY;
        if (!(next > m * (1.0 + 1e-12)) || isinf(next)) {
            return next > m ? next : m;
        }
        m = next;
    }
}

/* Indices by descending |w|; a heap, so that no memory is needed. */
static bool before(const float *w, int32_t a, int32_t b)
{
    float wa = fabsf(w[a]);
    float wb = fabsf(w[b]);
    return wa > wb || (wa == wb && a < b);
}

static void sift(int32_t *heap, int64_t at, int64_t n, const float *w)
{
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= n) {
            return;
        }
        if (child + 1 < n && before(w, heap[child + 1], heap[child])) {
            child++;
        }
        if (!before(w, heap[child], heap[at])) {
            return;
        }
        int32_t swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
        at = child;
    }
}

static void project_l1(float *d, const float *x, const float *w, double missing, bool down,
                       int32_t *heap, int64_t n)
{
    memset(d, 0, (size_t)n * sizeof *d);
    for (int64_t i = 0; i < n; i++) {
        heap[i] = (int32_t)i;
    }
    for (int64_t i = n / 2 - 1; i >= 0; i--) {
        sift(heap, i, n, w);
    }
    for (int64_t left = n; left > 0 && missing > 0.0; left--) {
        int32_t i = heap[0];
        double size = fabs((double)w[i]);
        if (size == 0.0) {
            return;
        }
        double wanted = missing / size;
        double room = room_of(x[i], w[i], down);
        double go = wanted < room ? wanted : room;
        d[i] = (float)((w[i] > 0.0F) == down ? -go : go);
        missing -= size * go;
        heap[0] = heap[left - 1];
        sift(heap, 0, left - 1, w);
    }
}

void assay_fab_project(assay_norm norm, float *d, const float *x, const float *w, double b,
                       int32_t *order, int64_t n)
{
    double value = -b;
    for (int64_t i = 0; i < n; i++) {
        value += (double)w[i] * (double)x[i];
    }
    bool down = value > 0.0;
    if (norm == ASSAY_NORM_L1) {
        project_l1(d, x, w, fabs(value), down, order, n);
        return;
    }
    double m = multiplier(norm, x, w, fabs(value), down, n);
    for (int64_t i = 0; i < n; i++) {
        double size = fabs((double)w[i]);
        double wanted = size == 0.0 ? 0.0 : norm == ASSAY_NORM_LINF ? m : m * size;
        double room = room_of(x[i], w[i], down);
        double go = size == 0.0 ? 0.0 : wanted < room ? wanted : room;
        d[i] = (float)((w[i] > 0.0F) == down ? -go : go);
    }
}

typedef struct state {
    assay_attack_block *b;
    const assay_fab *s;
    float *x, *g, *w, *d1, *d2, *logits;
    double *value, *nearest; /* of the chosen plane: its logit difference, its distance */
    int32_t *other, *order;
    uint8_t *was_adversarial;
    int32_t *asked;
} state;

static void start(const state *t, bool random)
{
    const assay_attack_block *b = t->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        float *x = t->x + r * b->size;
        const float *x0 = b->x0 + r * b->size;
        t->was_adversarial[r] = 0;
        double radius = b->distance[r] < b->eps ? b->distance[r] : b->eps;
        if (!random || isinf(radius)) {
            memcpy(x, x0, (size_t)b->size * sizeof *x);
            continue;
        }
        for (int64_t k = 0; k < b->size; k++) {
            x[k] = (float)(b->norm == ASSAY_NORM_LINF ? 2.0 * assay_rng_uniform(&b->rng[r]) - 1.0
                                                      : assay_rng_normal(&b->rng[r]));
        }
        double scale = 0.5 * radius / (assay_ball_norm(b->norm, x, b->size) + 1e-12);
        for (int64_t k = 0; k < b->size; k++) {
            x[k] = assay_unit_clip((float)((double)x0[k] + scale * (double)x[k]));
        }
    }
}

static double dual_norm(assay_norm norm, const float *g, int64_t n)
{
    return assay_ball_norm(norm == ASSAY_NORM_LINF ? ASSAY_NORM_L1
                           : norm == ASSAY_NORM_L1 ? ASSAY_NORM_LINF
                                                   : ASSAY_NORM_L2,
                           g, n);
}

static bool is_wrong(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    return assay_class_of(t->logits + r * b->classes, b->classes) != b->label[r];
}

static void pull_back(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    float beta = (float)t->s->beta;
    float *x = t->x + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    for (int64_t k = 0; k < b->size; k++) {
        x[k] = x0[k] + beta * (x[k] - x0[k]);
    }
}

/* The plane of class `other` of rows `points`; kept where it is nearer than the one known. */
static assay_status look_at(const state *t, const assay_points *points, bool first,
                            assay_error *err)
{
    assay_attack_block *b = t->b;
    ASSAY_TRY(assay_attack_gradient(b, t->g, t->logits, t->x, points, ASSAY_LOSS_LOGIT_DIFFERENCE,
                                    NULL, t->other, err));
    for (int64_t i = 0; i < points->n; i++) {
        int64_t r = points->at[i];
        const float *z = t->logits + r * b->classes;
        double value = (double)z[t->other[r]] - (double)z[b->label[r]];
        double distance = fabs(value) / (1e-12 + dual_norm(b->norm, t->g + r * b->size, b->size));
        if (first || distance < t->nearest[r]) {
            t->nearest[r] = distance;
            t->value[r] = value;
            memcpy(t->w + r * b->size, t->g + r * b->size, (size_t)b->size * sizeof(float));
        }
    }
    return ASSAY_OK;
}

/* Planes of all wrong classes, or of the one in `other`. */
static assay_status look(const state *t, const assay_points *points, assay_error *err)
{
    if (t->s->targets > 0) {
        return look_at(t, points, true, err);
    }
    for (int32_t c = 1; c < t->b->classes; c++) {
        for (int64_t i = 0; i < points->n; i++) {
            int64_t r = points->at[i];
            t->other[r] = (t->b->label[r] + c) % t->b->classes;
        }
        ASSAY_TRY(look_at(t, points, c == 1, err));
    }
    return ASSAY_OK;
}

/* Rows that have just been adversarial probably are again: they are asked for the class first and
 * pulled back; the others get class and gradient in one go. */
static assay_status judge_and_look(const state *t, assay_error *err)
{
    assay_attack_block *b = t->b;
    int64_t n = 0;
    for (int64_t i = 0; i < b->n_active; i++) {
        if (t->was_adversarial[b->active[i]]) {
            t->asked[n++] = b->active[i];
        }
    }
    if (n > 0) {
        assay_points points = {.n = n, .at = t->asked};
        ASSAY_TRY(assay_attack_scores(b, t->logits, t->x, &points, err));
        for (int64_t i = 0; i < n; i++) {
            int32_t r = t->asked[i];
            t->was_adversarial[r] = is_wrong(t, r);
            if (t->was_adversarial[r]) {
                pull_back(t, r);
            }
        }
        assay_attack_compact(b);
    }
    if (b->n_active == 0) {
        return ASSAY_OK;
    }
    assay_points all = assay_attack_active(b);
    ASSAY_TRY(look(t, &all, err));
    n = 0;
    for (int64_t i = 0; i < b->n_active; i++) {
        int32_t r = b->active[i];
        bool done = isfinite(b->eps) && b->fooled[r];
        if (!done && !t->was_adversarial[r] && is_wrong(t, r)) {
            t->was_adversarial[r] = 1;
            pull_back(t, r);
            t->asked[n++] = r;
        }
    }
    assay_attack_compact(b);
    assay_points again = {.n = n, .at = t->asked};
    return n > 0 ? look(t, &again, err) : ASSAY_OK;
}

static void move(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    float *x = t->x + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    const float *w = t->w + r * b->size;
    double plane = -t->value[r];
    for (int64_t k = 0; k < b->size; k++) {
        plane += (double)w[k] * (double)x[k];
    }
    assay_fab_project(b->norm, t->d1, x, w, plane, t->order, b->size);
    assay_fab_project(b->norm, t->d2, x0, w, plane, t->order, b->size);
    double a1 = assay_ball_norm(b->norm, t->d1, b->size);
    double a2 = assay_ball_norm(b->norm, t->d2, b->size);
    a1 = a1 > 1e-8 ? a1 : 1e-8;
    a2 = a2 > 1e-8 ? a2 : 1e-8;
    double alpha = a1 / (a1 + a2);
    float a = (float)(alpha < t->s->alpha_max ? alpha : t->s->alpha_max);
    float eta = (float)t->s->eta;
    for (int64_t k = 0; k < b->size; k++) {
        x[k] = assay_unit_clip((x[k] + eta * t->d1[k]) * (1.0F - a) + (x0[k] + eta * t->d2[k]) * a);
    }
}

static assay_status one_start(const state *t, bool random, assay_error *err)
{
    assay_attack_block *b = t->b;
    start(t, random);
    for (int64_t step = 0; step < t->s->steps && b->n_active > 0; step++) {
        ASSAY_TRY(judge_and_look(t, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            move(t, b->active[i]);
        }
    }
    if (b->n_active > 0) {
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_scores(b, t->logits, t->x, &points, err));
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static assay_status run_targets(const state *t, assay_error *err)
{
    assay_attack_block *b = t->b;
    int64_t targets = t->s->targets < b->classes - 1 ? t->s->targets : b->classes - 1;
    int32_t most = (int32_t)targets + 1;
    int32_t *top = assay_arena_alloc(b->arena, (size_t)b->n * (size_t)most, sizeof *top);
    if (top == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        assay_classes_top(top + r * most, most, b->logits0 + r * b->classes, b->classes);
    }
    for (int32_t rank = 1; rank < most; rank++) {
        for (int64_t restart = 0; restart < t->s->restarts && b->n_active > 0; restart++) {
            for (int64_t i = 0; i < b->n_active; i++) {
                int64_t r = b->active[i];
                t->other[r] = top[r * most + rank];
            }
            ASSAY_TRY(one_start(t, restart > 0, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_fab_run(assay_attack_block *b, const assay_fab *settings, assay_error *err)
{
    size_t n = (size_t)b->n;
    state t = {.b = b,
               .s = settings,
               .x = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .w = assay_attack_pixels(b, b->n),
               .d1 = assay_attack_pixels(b, 1),
               .d2 = assay_attack_pixels(b, 1),
               .logits = assay_attack_logits(b),
               .value = assay_arena_alloc(b->arena, n, sizeof(double)),
               .nearest = assay_arena_alloc(b->arena, n, sizeof(double)),
               .other = assay_arena_alloc(b->arena, n, sizeof(int32_t)),
               .order = assay_arena_alloc(b->arena, (size_t)b->size, sizeof(int32_t)),
               .was_adversarial = assay_arena_alloc(b->arena, n, 1),
               .asked = assay_arena_alloc(b->arena, n, sizeof(int32_t))};
    if (!t.x || !t.g || !t.w || !t.d1 || !t.d2 || !t.logits || !t.value || !t.nearest || !t.other ||
        !t.order || !t.was_adversarial || !t.asked) {
        return assay_fail_memory(err);
    }
    if (settings->targets > 0) {
        return run_targets(&t, err);
    }
    for (int64_t restart = 0; restart < settings->restarts && b->n_active > 0; restart++) {
        ASSAY_TRY(one_start(&t, restart > 0, err));
    }
    return ASSAY_OK;
}
