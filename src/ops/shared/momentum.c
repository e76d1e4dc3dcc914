#include "ops/shared/momentum.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "ops/shared/ball.h"

/* Where and how small a row's image stands in this step. */
typedef struct placing {
    int32_t height, width, top, left; /* height 0: as it is */
} placing;

typedef struct state {
    assay_attack_block *b;
    const assay_momentum *s;
    float *x, *seen, *g, *sum, *work, *logits, *kernel, *share_y, *share_x;
    int32_t *from_y, *from_x;
    placing *placings;
} state;

void assay_momentum_weights(int32_t *from, float *share, int64_t n, int64_t m)
{
    for (int64_t i = 0; i < m; i++) {
        double at = ((double)i + 0.5) * (double)n / (double)m - 0.5;
        at = at < 0.0 ? 0.0 : at;
        int64_t low = (int64_t)at;
        low = low < n - 1 ? low : n - 1;
        from[i] = (int32_t)low;
        share[i] = (float)(at - (double)low);
    }
}

static placing draw_placing(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    assay_rng *rng = &b->rng[r];
    bool shrinks = assay_rng_uniform(rng) < t->s->probability;
    double u = assay_rng_uniform(rng);
    double v = assay_rng_uniform(rng);
    double w = assay_rng_uniform(rng);
    if (!shrinks) {
        return (placing){0};
    }
    int32_t least_h = (int32_t)((double)b->height * t->s->resize);
    int32_t least_w = (int32_t)((double)b->width * t->s->resize);
    placing p = {.height = least_h + (int32_t)(u * (double)(b->height - least_h)),
                 .width = least_w + (int32_t)(u * (double)(b->width - least_w))};
    p.height = p.height > 0 ? p.height : 1;
    p.width = p.width > 0 ? p.width : 1;
    p.top = (int32_t)(v * (double)(b->height - p.height));
    p.left = (int32_t)(w * (double)(b->width - p.width));
    return p;
}

/* Forward: out = the image as placed. Backward (adjoint): out = what in says about the image. */
static void place(const state *t, float *out, const float *in, const placing *p, bool backward)
{
    const assay_attack_block *b = t->b;
    memset(out, 0, (size_t)b->size * sizeof *out);
    assay_momentum_weights(t->from_y, t->share_y, b->height, p->height);
    assay_momentum_weights(t->from_x, t->share_x, b->width, p->width);
    for (int32_t c = 0; c < b->channels; c++) {
        int64_t plane = (int64_t)c * b->height * b->width;
        for (int32_t y = 0; y < p->height; y++) {
            int64_t row = plane + (int64_t)(p->top + y) * b->width + p->left;
            int32_t y0 = t->from_y[y];
            int32_t y1 = y0 + 1 < b->height ? y0 + 1 : y0;
            float sy = t->share_y[y];
            for (int32_t x = 0; x < p->width; x++) {
                int32_t x0 = t->from_x[x];
                int32_t x1 = x0 + 1 < b->width ? x0 + 1 : x0;
                float sx = t->share_x[x];
                const int64_t at[4] = {
                    plane + (int64_t)y0 * b->width + x0, plane + (int64_t)y0 * b->width + x1,
                    plane + (int64_t)y1 * b->width + x0, plane + (int64_t)y1 * b->width + x1};
                const float weight[4] = {(1.0F - sy) * (1.0F - sx), (1.0F - sy) * sx,
                                         sy * (1.0F - sx), sy * sx};
                for (int k = 0; k < 4; k++) {
                    if (backward) {
                        out[at[k]] += weight[k] * in[row + x];
                    } else {
                        out[row + x] += weight[k] * in[at[k]];
                    }
                }
            }
        }
    }
}

static void smooth_lines(float *out, const float *in, const state *t, bool down)
{
    const assay_attack_block *b = t->b;
    int64_t half = t->s->kernel / 2;
    int64_t step = down ? b->width : 1;
    for (int64_t k = 0; k < b->size; k++) {
        int64_t y = k / b->width % b->height;
        int64_t place_in_line = down ? y : k % b->width;
        int64_t length = down ? b->height : b->width;
        double sum = 0.0;
        for (int64_t j = -half; j <= half; j++) {
            if (place_in_line + j >= 0 && place_in_line + j < length) {
                sum += (double)t->kernel[j + half] * (double)in[k + j * step];
            }
        }
        out[k] = (float)sum;
    }
}

/* The point whose gradient is asked for. */
static void look_from(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    int64_t at = r * b->size;
    float *seen = t->seen + at;
    float ahead = (float)(t->s->decay * t->s->rel_step * b->eps);
    for (int64_t k = 0; k < b->size; k++) {
        seen[k] = t->s->look_ahead ? t->x[at + k] + ahead * t->sum[at + k] : t->x[at + k];
    }
    if (t->s->probability > 0.0) {
        t->placings[r] = draw_placing(t, r);
        if (t->placings[r].height > 0) {
            place(t, seen, t->x + at, &t->placings[r], false);
        }
    }
}

static void move(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    int64_t at = r * b->size;
    float *g = t->g + at;
    size_t bytes = (size_t)b->size * sizeof *g;
    if (t->s->probability > 0.0 && t->placings[r].height > 0) {
        place(t, t->work, g, &t->placings[r], true);
        memcpy(g, t->work, bytes);
    }
    if (t->s->kernel > 0) {
        smooth_lines(t->work, g, t, false);
        smooth_lines(g, t->work, t, true);
    }
    double mean = assay_ball_norm(ASSAY_NORM_L1, g, b->size) / (double)b->size;
    double sign = b->target != NULL ? -1.0 : 1.0;
    for (int64_t k = 0; k < b->size; k++) {
        double now = mean > 0.0 ? sign * (double)g[k] / mean : 0.0;
        t->sum[at + k] = (float)(t->s->decay * (double)t->sum[at + k] + now);
    }
    assay_ball_ascend(ASSAY_NORM_LINF, t->x + at, t->sum + at, t->s->rel_step * b->eps, b->size);
    assay_ball_project(ASSAY_NORM_LINF, t->x + at, b->x0 + at, b->eps, b->size);
}

static void fill_kernel(const state *t)
{
    int64_t n = t->s->kernel / 2 * 2 + 1;
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        double z = n > 1 ? t->s->sigmas * (2.0 * (double)k / (double)(n - 1) - 1.0) : 0.0;
        sum += exp(-0.5 * z * z);
    }
    for (int64_t k = 0; k < n; k++) {
        double z = n > 1 ? t->s->sigmas * (2.0 * (double)k / (double)(n - 1) - 1.0) : 0.0;
        t->kernel[k] = (float)(exp(-0.5 * z * z) / sum);
    }
}

static assay_status climb(const state *t, assay_error *err)
{
    assay_attack_block *b = t->b;
    for (int64_t step = 0; step < t->s->steps && b->n_active > 0; step++) {
        for (int64_t i = 0; i < b->n_active; i++) {
            look_from(t, b->active[i]);
        }
        assay_points points = assay_attack_active(b);
        b->silent = true;
        assay_status status = assay_attack_gradient(b, t->g, t->logits, t->seen, &points,
                                                    ASSAY_LOSS_CROSS_ENTROPY, b->target, NULL, err);
        b->silent = false;
        ASSAY_TRY(status);
        for (int64_t i = 0; i < b->n_active; i++) {
            move(t, b->active[i]);
        }
        assay_attack_compact(b);
    }
    assay_points points = assay_attack_active(b);
    return assay_attack_scores(b, t->logits, t->x, &points, err);
}

assay_status assay_momentum_run(assay_attack_block *b, const assay_momentum *settings,
                                assay_error *err)
{
    size_t side = (size_t)(b->height > b->width ? b->height : b->width);
    state t = {.b = b,
               .s = settings,
               .x = assay_attack_pixels(b, b->n),
               .seen = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .sum = assay_attack_pixels(b, b->n),
               .work = assay_attack_pixels(b, 1),
               .logits = assay_attack_logits(b),
               .kernel = assay_arena_alloc(b->arena, (size_t)settings->kernel + 2, sizeof(float)),
               .share_y = assay_arena_alloc(b->arena, side, sizeof(float)),
               .share_x = assay_arena_alloc(b->arena, side, sizeof(float)),
               .from_y = assay_arena_alloc(b->arena, side, sizeof(int32_t)),
               .from_x = assay_arena_alloc(b->arena, side, sizeof(int32_t)),
               .placings = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(placing))};
    if (!t.x || !t.seen || !t.g || !t.sum || !t.work || !t.logits || !t.kernel || !t.share_y ||
        !t.share_x || !t.from_y || !t.from_x || !t.placings) {
        return assay_fail_memory(err);
    }
    memcpy(t.x, b->x0, (size_t)b->n * (size_t)b->size * sizeof(float));
    fill_kernel(&t);
    return climb(&t, err);
}
