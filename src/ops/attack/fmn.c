#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

static const double pi = 3.14159265358979323846;
static const double beyond = 1.001; /* so that a boundary is crossed and not only touched */

typedef struct params {
    int64_t steps;
    double max_step, min_step, gamma;
} params;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    float *x, *g, *logits, *work;
    double *eps, *best, *farthest;
} state;

static double reach(assay_norm norm, const float *x0, int64_t n)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        double room = x0[k] > 0.5F ? (double)x0[k] : 1.0 - (double)x0[k];
        sum = norm == ASSAY_NORM_LINF ? (room > sum ? room : sum)
              : norm == ASSAY_NORM_L2 ? sum + room * room
              : norm == ASSAY_NORM_L1 ? sum + room
                                      : sum + 1.0;
    }
    return norm == ASSAY_NORM_L2 ? sqrt(sum) : sum;
}

static double dual(assay_norm norm, const float *g, int64_t n)
{
    return assay_ball_norm(norm == ASSAY_NORM_LINF ? ASSAY_NORM_L1
                           : norm == ASSAY_NORM_L1 ? ASSAY_NORM_LINF
                                                   : ASSAY_NORM_L2,
                           g, n);
}

/* The next radius: towards the boundary by the linear model while nothing is known, then smaller
 * while adversarial and greater while not. */
static double next_eps(const state *s, int64_t r, double distance, double loss, bool adversarial,
                       double gamma)
{
    const assay_attack_block *b = s->b;
    double eps = s->eps[r];
    if (b->norm == ASSAY_NORM_L0) {
        double less = fmin(eps - 1.0, floor(eps * (1.0 - gamma)));
        double more = fmax(eps + 1.0, floor(eps * (1.0 + gamma)));
        eps = adversarial ? fmin(less, s->best[r]) : more;
        eps = eps > 1.0 ? eps : 1.0;
    } else if (adversarial) {
        eps = fmin(eps * (1.0 - gamma), s->best[r]);
    } else if (isfinite(s->best[r])) {
        eps *= 1.0 + gamma;
    } else {
        double slope = dual(b->norm, s->g + r * b->size, b->size);
        eps = slope > 0.0 ? distance + beyond * fabs(loss) / slope : s->farthest[r];
    }
    return fmin(eps, s->farthest[r]);
}

static void project(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    float *x = s->x + r * b->size;
    const float *x0 = b->x0 + r * b->size;
    if (b->norm == ASSAY_NORM_L0) {
        assay_ball_keep_largest(x, x0, (int64_t)s->eps[r], s->work, b->size);
    } else if (b->norm == ASSAY_NORM_L2) {
        assay_ball_project_nearest(x, x0, s->eps[r], b->size);
    } else {
        assay_ball_project(b->norm, x, x0, s->eps[r], b->size);
    }
}

static void move(const state *s, int64_t r, double step, double gamma)
{
    const assay_attack_block *b = s->b;
    const float *z = s->logits + r * b->classes;
    float *x = s->x + r * b->size;
    bool aimed = b->target != NULL;
    double margin =
        assay_loss_value(ASSAY_LOSS_MARGIN, z, b->classes, aimed ? b->target[r] : b->label[r], 0);
    bool adversarial = assay_attack_wants(b, r, assay_class_of(z, b->classes));
    double distance = assay_norm_distance(b->norm, x, b->x0 + r * b->size, b->size);
    if (adversarial && distance < s->best[r]) {
        s->best[r] = distance;
    }
    s->eps[r] = next_eps(s, r, distance, margin, adversarial, gamma);
    assay_ball_ascend(ASSAY_NORM_L2, x, s->g + r * b->size, aimed ? -step : step, b->size);
    project(s, r);
    for (int64_t k = 0; k < b->size; k++) {
        x[k] = assay_unit_clip(x[k]);
    }
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    size_t n = (size_t)b->n;
    state s = {.b = b,
               .p = p,
               .x = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .work = assay_attack_pixels(b, 1),
               .logits = assay_attack_logits(b),
               .eps = assay_arena_alloc(b->arena, n, sizeof(double)),
               .best = assay_arena_alloc(b->arena, n, sizeof(double)),
               .farthest = assay_arena_alloc(b->arena, n, sizeof(double))};
    if (!s.x || !s.g || !s.work || !s.logits || !s.eps || !s.best || !s.farthest) {
        return assay_fail_memory(err);
    }
    memcpy(s.x, b->x0, n * (size_t)b->size * sizeof(float));
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        s.best[r] = INFINITY;
        s.eps[r] = b->norm == ASSAY_NORM_L0 ? 1.0 : INFINITY;
        s.farthest[r] = reach(b->norm, b->x0 + r * b->size, b->size);
    }
    for (int64_t t = 0; t < p->steps && b->n_active > 0; t++) {
        double cosine = (1.0 + cos(pi * (double)t / (double)p->steps)) / 2.0;
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_gradient(b, s.g, s.logits, s.x, &points, ASSAY_LOSS_MARGIN,
                                        b->target, NULL, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            move(&s, b->active[i], p->min_step + (p->max_step - p->min_step) * cosine,
                 0.001 + (p->gamma - 0.001) * cosine);
        }
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 100, 1, 100000, "", "Steps."),
    ASSAY_REAL(params, max_step, 1.0, 1e-9, 1e6, "", "Length of the first step."),
    ASSAY_REAL(params, min_step, 0.01, 1e-9, 1e6, "", "Length of the last step."),
    ASSAY_REAL(params, gamma, 0.05, 0.001, 0.999, "share",
               "The radius shrinks or grows by this share; falls to 0.001."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1 | ASSAY_L0,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack fmn --norm l0 --eps 5,10,20",
    NULL,
};

extern const assay_op assay_op_attack_fmn;
const assay_op assay_op_attack_fmn = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "fmn",
    .title = "Fast minimum norm",
    .summary = "Smallest changes in any of four norms: the cheapest whole curve.",
    .description =
        "Ascends the margin of the best wrong class with normalised steps that fall along a "
        "half cosine, and projects on a ball whose radius follows the boundary: the linear "
        "estimate until something is found, then smaller by gamma while adversarial and "
        "greater while not. L0 counts values (pixel x channel); its radius moves by one at "
        "least and its projection keeps the largest changes. The linear estimate goes a "
        "thousandth beyond the boundary, so that it is crossed. Starts from the image; a first "
        "adversarial point is not asked for.\n\nFoolbox 3.3.4 does not "
        "project in its L2 form (the factor is always one), so its L2 distances are larger.",
    .citation =
        "M. Pintor, F. Roli, W. Brendel, B. Biggio, \"Fast minimum-norm adversarial attacks "
        "through adaptive norm constraints\", NeurIPS 2021, arXiv:2102.12827; constants of "
        "Foolbox 3.3.4",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
