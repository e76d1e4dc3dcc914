#include "ops/shared/square.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "ops/shared/ball.h"

typedef struct state {
    assay_attack_block *b;
    const assay_square *s;
    float *best, *x, *logits, *pattern;
    double *loss;
} state;

double assay_square_share(const assay_square *s, int64_t it)
{
    static const int64_t after[] = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
    double share = s->p;
    if (s->rescale) {
        it = (int64_t)((double)it / (double)s->queries * 10000.0);
    }
    for (size_t i = 0; i < ASSAY_COUNT(after) && it > after[i]; i++) {
        share /= 2.0;
    }
    return share;
}

static double coin(assay_rng *rng)
{
    return assay_rng_u32(rng) & 1U ? 1.0 : -1.0;
}

/* 0 to range - 1, as the authors' floor(u * range). */
static int64_t place(assay_rng *rng, int64_t range)
{
    return range > 1 ? (int64_t)assay_rng_below(rng, (uint64_t)range) : 0;
}

static int64_t side_of(const state *t, int64_t it, int64_t least)
{
    const assay_attack_block *b = t->b;
    double share = assay_square_share(t->s, it);
    int64_t side = (int64_t)nearbyint(sqrt(share * (double)b->height * (double)b->width));
    int64_t most = b->height < b->width ? b->height : b->width;
    side = side > least ? side : least;
    return side < most ? side : most;
}

/* ---- Linf ------------------------------------------------------------------------------------ */

static void stripes(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    int64_t plane = (int64_t)b->height * b->width;
    for (int32_t c = 0; c < b->channels; c++) {
        for (int32_t x = 0; x < b->width; x++) {
            double step = b->eps * coin(&b->rng[r]);
            for (int32_t y = 0; y < b->height; y++) {
                int64_t at = r * b->size + c * plane + (int64_t)y * b->width + x;
                t->best[at] = assay_unit_clip((float)((double)b->x0[at] + step));
            }
        }
    }
}

static void one_square(const state *t, int64_t r, int64_t it)
{
    const assay_attack_block *b = t->b;
    assay_rng *rng = &b->rng[r];
    int64_t plane = (int64_t)b->height * b->width;
    int64_t side = side_of(t, it, 1);
    int64_t top = place(rng, b->height - side);
    int64_t left = place(rng, b->width - side);
    float *x = t->x + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    float eps = (float)b->eps;
    memcpy(x, t->best + r * b->size, (size_t)b->size * sizeof *x);
    for (int32_t c = 0; c < b->channels; c++) {
        float step = (float)(2.0 * b->eps * coin(rng));
        for (int64_t y = top; y < top + side; y++) {
            for (int64_t k = left; k < left + side; k++) {
                int64_t at = c * plane + y * b->width + k;
                float value = x[at] + step;
                float low = x0[at] - eps;
                float high = x0[at] + eps;
                x[at] = assay_unit_clip(value < low ? low : value > high ? high : value);
            }
        }
    }
}

/* ---- L2 and L1 ------------------------------------------------------------------------------- */

/* What a value adds to the length that is shared out: its square, or its size. */
static double part_of(assay_norm norm, double value)
{
    return norm == ASSAY_NORM_L1 ? fabs(value) : value * value;
}

static double length_of(assay_norm norm, double parts)
{
    return norm == ASSAY_NORM_L1 ? parts : sqrt(parts);
}

/* Bumps of rings that fall off as 1 / k^2 (L1: 1 / k^4), on height x width values, times `sign`. */
static void rings(assay_norm norm, float *out, int64_t height, int64_t width, int64_t stride,
                  double sign)
{
    int64_t centre_y = height / 2;
    int64_t centre_x = width / 2;
    int64_t count = (height > width ? height : width) / 2 + 1;
    double sum = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        double scale = pass == 0 ? 1.0 : sign / length_of(norm, sum);
        for (int64_t y = 0; y < height; y++) {
            for (int64_t x = 0; x < width; x++) {
                double value = 0.0;
                int64_t dy = y > centre_y ? y - centre_y : centre_y - y;
                int64_t dx = x > centre_x ? x - centre_x : centre_x - x;
                for (int64_t k = dy > dx ? dy : dx; k < count; k++) {
                    double square = (double)((k + 1) * (k + 1));
                    value += 1.0 / (norm == ASSAY_NORM_L1 ? square * square : square);
                }
                if (pass == 0) {
                    sum += part_of(norm, value);
                } else {
                    out[y * stride + x] = (float)(scale * value);
                }
            }
        }
    }
}

/* side x side: rings up in one half, down in the other; length 1; turned by a coin. */
static void fill_pattern(assay_norm norm, float *out, int64_t side, assay_rng *rng)
{
    if (side < 2) {
        out[0] = 1.0F;
        return;
    }
    int64_t half = side / 2;
    rings(norm, out, half, side, side, 1.0);
    rings(norm, out + half * side, side - half, side, side, -1.0);
    float scale = (float)(1.0 / assay_ball_norm(norm, out, side * side));
    for (int64_t k = 0; k < side * side; k++) {
        out[k] *= scale;
    }
    if (assay_rng_u32(rng) & 1U) {
        for (int64_t y = 0; y < side; y++) {
            for (int64_t x = 0; x < y; x++) {
                float swapped = out[y * side + x];
                out[y * side + x] = out[x * side + y];
                out[x * side + y] = swapped;
            }
        }
    }
}

/* L2: x = clip(x0 + eps delta / ||delta||), delta in x. L1: x0 + delta brought into ball and box. */
static void put_on_sphere(assay_norm norm, float *x, const float *x0, double eps, int64_t n)
{
    if (norm == ASSAY_NORM_L1) {
        for (int64_t k = 0; k < n; k++) {
            x[k] += x0[k];
        }
        assay_ball_project(norm, x, x0, eps * (1.0 - 1e-6), n);
        return;
    }
    double scale = eps / (assay_ball_norm(ASSAY_NORM_L2, x, n) + 1e-12);
    for (int64_t k = 0; k < n; k++) {
        x[k] = assay_unit_clip((float)((double)x0[k] + scale * (double)x[k]));
    }
}

static void tiles(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    assay_rng *rng = &b->rng[r];
    int64_t plane = (int64_t)b->height * b->width;
    int64_t least = b->height < b->width ? b->height : b->width;
    int64_t side = least / 5 > 0 ? least / 5 : 1;
    float *x = t->best + r * b->size;
    memset(x, 0, (size_t)b->size * sizeof *x);
    int64_t offset_y = (b->height - b->height / side * side) / 2;
    int64_t offset_x = (b->width - b->width / side * side) / 2;
    for (int64_t y = offset_y; y + side <= b->height; y += side) {
        for (int64_t k = offset_x; k + side <= b->width; k += side) {
            fill_pattern(b->norm, t->pattern, side, rng);
            for (int32_t c = 0; c < b->channels; c++) {
                float sign = (float)coin(rng);
                for (int64_t j = 0; j < side * side; j++) {
                    x[c * plane + (y + j / side) * b->width + k + j % side] += sign * t->pattern[j];
                }
            }
        }
    }
    put_on_sphere(b->norm, x, b->x0 + r * b->size, b->eps, b->size);
}

typedef struct window {
    int64_t top, left, side;
} window;

static bool covers(const window *w, int64_t y, int64_t x)
{
    return y >= w->top && y < w->top + w->side && x >= w->left && x < w->left + w->side;
}

/* Sum of squares (L1: sizes) of a plane within a window, without what `other` (side 0 = nothing)
 * covers. */
static double energy(assay_norm norm, const float *plane, int64_t width, const window *w,
                     const window *other)
{
    double sum = 0.0;
    for (int64_t y = w->top; y < w->top + w->side; y++) {
        for (int64_t x = w->left; x < w->left + w->side; x++) {
            if (!covers(other, y, x)) {
                sum += part_of(norm, (double)plane[y * width + x]);
            }
        }
    }
    return sum;
}

/* Take the energy of window `from` and what is left of the budget to window `to`, where the bump is
 * added to what was there. */
static void shift_energy(const state *t, int64_t r, const window *to, const window *from,
                         double unused)
{
    const assay_attack_block *b = t->b;
    const window nothing = {0};
    float *delta = t->x + r * b->size;
    fill_pattern(b->norm, t->pattern, to->side, &b->rng[r]);
    for (int32_t c = 0; c < b->channels; c++) {
        float *plane = delta + (int64_t)c * b->height * b->width;
        double there = energy(b->norm, plane, b->width, to, &nothing);
        double both = there + energy(b->norm, plane, b->width, from, to);
        double old = length_of(b->norm, there) + 1e-12;
        double sign = coin(&b->rng[r]);
        double sum = 0.0;
        double channels = (double)b->channels;
        /* Each channel has its own windows and its part of what is unused. In L1 the authors give
         * all of it to each; the projection afterwards takes the surplus off. */
        double length =
            b->norm == ASSAY_NORM_L1 ? unused + channels * both : sqrt(unused / channels + both);
        for (int64_t j = 0; j < to->side * to->side; j++) {
            int64_t at = (to->top + j / to->side) * b->width + to->left + j % to->side;
            double value = sign * (double)t->pattern[j] + (double)plane[at] / old;
            sum += part_of(b->norm, value);
        }
        double scale = length / (length_of(b->norm, sum) + 1e-12);
        for (int64_t j = 0; j < to->side * to->side; j++) {
            int64_t at = (to->top + j / to->side) * b->width + to->left + j % to->side;
            plane[at] = (float)(scale * (sign * (double)t->pattern[j] + (double)plane[at] / old));
        }
        for (int64_t y = from->top; y < from->top + from->side; y++) {
            for (int64_t x = from->left; x < from->left + from->side; x++) {
                if (!covers(to, y, x)) {
                    plane[y * b->width + x] = 0.0F;
                }
            }
        }
    }
}

static void one_shift(const state *t, int64_t r, int64_t it)
{
    const assay_attack_block *b = t->b;
    assay_rng *rng = &b->rng[r];
    int64_t side = side_of(t, it, 3);
    int64_t most = b->height < b->width ? b->height : b->width;
    side += side % 2 == 0 && side < most;
    window to = {.side = side};
    window from = {.side = side};
    to.top = place(rng, b->height - side);
    to.left = place(rng, b->width - side);
    from.top = place(rng, b->height - side);
    from.left = place(rng, b->width - side);
    float *x = t->x + r * b->size;
    const float *best = t->best + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    for (int64_t k = 0; k < b->size; k++) {
        x[k] = best[k] - x0[k];
    }
    double length = assay_ball_norm(b->norm, x, b->size);
    double unused = part_of(b->norm, b->eps) - part_of(b->norm, length);
    shift_energy(t, r, &to, &from, unused > 0.0 ? unused : 0.0);
    put_on_sphere(b->norm, x, x0, b->eps, b->size);
}

/* ---- the search ------------------------------------------------------------------------------ */

/* Margin, or with a target its cross-entropy: the less, the better for the attacker. */
static double loss_of(const state *t, int64_t r)
{
    const assay_attack_block *b = t->b;
    const float *z = t->logits + r * b->classes;
    return b->target != NULL
               ? assay_loss_value(ASSAY_LOSS_CROSS_ENTROPY, z, b->classes, b->target[r], 0)
               : -assay_loss_value(ASSAY_LOSS_MARGIN, z, b->classes, b->label[r], 0);
}

static assay_status one_start(const state *t, assay_error *err)
{
    assay_attack_block *b = t->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        if (b->norm == ASSAY_NORM_LINF) {
            stripes(t, r);
        } else {
            tiles(t, r);
        }
    }
    assay_points points = assay_attack_active(b);
    ASSAY_TRY(assay_attack_scores(b, t->logits, t->best, &points, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        t->loss[b->active[i]] = loss_of(t, b->active[i]);
    }
    assay_attack_compact(b);
    for (int64_t it = 0; it < t->s->queries && b->n_active > 0; it++) {
        for (int64_t i = 0; i < b->n_active; i++) {
            if (b->norm == ASSAY_NORM_LINF) {
                one_square(t, b->active[i], it);
            } else {
                one_shift(t, b->active[i], it);
            }
        }
        points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_scores(b, t->logits, t->x, &points, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            double loss = loss_of(t, r);
            if (loss < t->loss[r]) {
                t->loss[r] = loss;
                memcpy(t->best + r * b->size, t->x + r * b->size, (size_t)b->size * sizeof(float));
            }
        }
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

assay_status assay_square_run(assay_attack_block *b, const assay_square *settings, assay_error *err)
{
    state t = {.b = b,
               .s = settings,
               .best = assay_attack_pixels(b, b->n),
               .x = assay_attack_pixels(b, b->n),
               .pattern = assay_attack_pixels(b, 1),
               .logits = assay_attack_logits(b),
               .loss = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(double))};
    if (!t.best || !t.x || !t.pattern || !t.logits || !t.loss) {
        return assay_fail_memory(err);
    }
    for (int64_t restart = 0; restart < settings->restarts && b->n_active > 0; restart++) {
        ASSAY_TRY(one_start(&t, err));
    }
    return ASSAY_OK;
}
