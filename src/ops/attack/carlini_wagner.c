#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

typedef struct params {
    int64_t search, steps;
    double step, init_const, confidence;
    bool abort_early;
    double tau_factor;
} params;

/* Of one row. L2: the weight c is searched by bisection. Linf: c doubles until something is found,
 * then the bound tau on every value falls. */
typedef struct row_state {
    double c, low, high, tau, before;
    bool found, over;
} row_state;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    double step;
    float *w0, *w, *m, *v, *x, *g, *logits;
    row_state *rows;
} state;

static void to_free(float *w, const float *x, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        w[k] = (float)atanh(((double)x[k] * 2.0 - 1.0) * 0.999999);
    }
}

static void to_pixels(float *x, const float *w, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        x[k] = assay_unit_clip(0.5F * tanhf(w[k]) + 0.5F);
    }
}

/* How far the margin is on the wrong side for the attacker; 0 = fooled with the confidence asked
 * for. */
static double shortfall(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    bool aimed = b->target != NULL;
    double margin = assay_loss_value(ASSAY_LOSS_MARGIN, s->logits + r * b->classes, b->classes,
                                     aimed ? b->target[r] : b->label[r], 0);
    double value = (aimed ? margin : -margin) + s->p->confidence;
    return value > 0.0 ? value : 0.0;
}

/* Slope of the part of the loss that is not the model's, and its value. */
static double distance_loss(double *slope, const assay_attack_block *b, double tau, double x,
                            double x0)
{
    double d = x - x0;
    if (b->norm == ASSAY_NORM_L2) {
        *slope = 2.0 * d;
        return d * d;
    }
    double over = fabs(d) - tau;
    *slope = over > 0.0 ? (d > 0.0 ? 1.0 : -1.0) : 0.0;
    return over > 0.0 ? over : 0.0;
}

/* One step of Adam in the free variable; returns the loss at the point before it. `far` is the part
 * of it that is not the model's. */
static double descend(double *far, const state *s, int64_t r, int64_t t)
{
    const assay_attack_block *b = s->b;
    const row_state *row = &s->rows[r];
    double missing = shortfall(s, r);
    double sum = 0.0;
    double push = missing > 0.0 ? (b->target != NULL ? row->c : -row->c) : 0.0;
    double c1 = 1.0 - pow(0.9, (double)(t + 1));
    double c2 = 1.0 - pow(0.999, (double)(t + 1));
    for (int64_t k = r * b->size; k < (r + 1) * b->size; k++) {
        double slope = 0.0;
        double x = (double)s->x[k];
        sum += distance_loss(&slope, b, row->tau, x, (double)b->x0[k]);
        double y = 2.0 * x - 1.0;
        double g = (slope + push * (double)s->g[k]) * 0.5 * (1.0 - y * y);
        double m = 0.9 * (double)s->m[k] + 0.1 * g;
        double v = 0.999 * (double)s->v[k] + 0.001 * g * g;
        s->m[k] = (float)m;
        s->v[k] = (float)v;
        s->w[k] -= (float)(s->step * (m / c1) / (sqrt(v / c2) + 1e-8));
    }
    *far = sum;
    return row->c * missing + sum;
}

/* Rows that are not over. With a finite eps the fooled ones are gone already. */
static assay_status one_search(const state *s, assay_error *err)
{
    assay_attack_block *b = s->b;
    int64_t every = (s->p->steps + 9) / 10;
    for (int64_t i = 0; i < b->n_active; i++) {
        row_state *row = &s->rows[b->active[i]];
        int64_t at = b->active[i] * b->size;
        size_t bytes = (size_t)b->size * sizeof(float);
        memset(s->m + at, 0, bytes);
        memset(s->v + at, 0, bytes);
        row->found = false;
        row->before = INFINITY;
        if (b->norm == ASSAY_NORM_L2) {
            memcpy(s->w + at, s->w0 + at, bytes);
        }
    }
    /* Rows that stop early wait at the end of the list until the search is over. */
    int64_t all = b->n_active;
    for (int64_t t = 0; t < s->p->steps && b->n_active > 0; t++) {
        assay_points points = assay_attack_active(b);
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t at = b->active[i] * b->size;
            to_pixels(s->x + at, s->w + at, b->size);
        }
        ASSAY_TRY(assay_attack_gradient(b, s->g, s->logits, s->x, &points, ASSAY_LOSS_MARGIN,
                                        b->target, NULL, err));
        for (int64_t i = 0; i < b->n_active;) {
            int32_t r = b->active[i];
            row_state *row = &s->rows[r];
            double far = 0.0;
            bool fooled = shortfall(s, r) == 0.0;
            double loss = descend(&far, s, r, t);
            /* Linf: only within tau, or tau would run away from what can be reached. */
            fooled = fooled && (b->norm == ASSAY_NORM_L2 || far <= 1e-4 * row->c);
            row->found = row->found || fooled;
            bool stalls = s->p->abort_early && t % every == 0 && !(loss <= 0.9999 * row->before);
            bool ends = stalls || (fooled && b->norm == ASSAY_NORM_LINF) ||
                        (isfinite(b->eps) && b->fooled[r]);
            row->before = t % every == 0 ? loss : row->before;
            if (ends) {
                b->active[i] = b->active[--b->n_active];
                b->active[b->n_active] = r;
            } else {
                i++;
            }
        }
    }
    b->n_active = all;
    return ASSAY_OK;
}

static void next_l2(row_state *row)
{
    if (row->found) {
        row->high = row->c;
    } else {
        row->low = row->c;
    }
    row->c = isinf(row->high) ? row->c * 10.0 : 0.5 * (row->low + row->high);
}

static void next_linf(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    row_state *row = &s->rows[r];
    if (!row->found) {
        row->c *= 2.0;
        row->over = row->c > 20.0;
        return;
    }
    double reached =
        assay_norm_distance(ASSAY_NORM_LINF, s->x + r * b->size, b->x0 + r * b->size, b->size);
    row->tau = (reached < row->tau ? reached : row->tau) * s->p->tau_factor;
    row->over = row->tau < 1.0 / 256.0 / 16.0;
}

static int compare_rows(int32_t a, int32_t b)
{
    return a < b ? -1 : a > b;
}

/* Back in order, without those that are over. */
static void tidy(const state *s)
{
    assay_attack_block *b = s->b;
    int64_t kept = 0;
    for (int64_t i = 0; i < b->n_active; i++) {
        int32_t r = b->active[i];
        if (s->rows[r].over) {
            continue;
        }
        int64_t place = kept++;
        while (place > 0 && compare_rows(b->active[place - 1], r) > 0) {
            b->active[place] = b->active[place - 1];
            place--;
        }
        b->active[place] = r;
    }
    b->n_active = kept;
    assay_attack_compact(b);
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    bool l2 = b->norm == ASSAY_NORM_L2;
    double c = p->init_const > 0.0 ? p->init_const : l2 ? 1e-3 : 1e-5;
    state s = {.b = b,
               .p = p,
               .step = p->step > 0.0 ? p->step
                       : l2          ? 0.01
                                     : 0.005,
               .w0 = assay_attack_pixels(b, b->n),
               .w = assay_attack_pixels(b, b->n),
               .m = assay_attack_pixels(b, b->n),
               .v = assay_attack_pixels(b, b->n),
               .x = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .logits = assay_attack_logits(b),
               .rows = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(row_state))};
    if (!s.w0 || !s.w || !s.m || !s.v || !s.x || !s.g || !s.logits || !s.rows) {
        return assay_fail_memory(err);
    }
    b->confidence = p->confidence;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        to_free(s.w0 + r * b->size, b->x0 + r * b->size, b->size);
        memcpy(s.w + r * b->size, s.w0 + r * b->size, (size_t)b->size * sizeof(float));
        s.rows[r] = (row_state){.c = c, .high = INFINITY, .tau = 1.0};
    }
    /* Linf lowers its bound many times for each doubling of the weight. */
    int64_t searches = l2 ? p->search : 8 * p->search;
    for (int64_t search = 0; search < searches && b->n_active > 0; search++) {
        /* The authors spend the last of many searches on the least weight that worked. */
        for (int64_t i = 0; l2 && p->search >= 10 && search == p->search - 1 && i < b->n_active;
             i++) {
            row_state *row = &s.rows[b->active[i]];
            row->c = fmin(row->high, 1e10);
        }
        ASSAY_TRY(one_search(&s, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            if (l2) {
                next_l2(&s.rows[b->active[i]]);
            } else {
                next_linf(&s, b->active[i]);
            }
        }
        tidy(&s);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(
        params, search, 9, 1, 100, "",
        "Values of the weight that are tried (L2: bisection); Linf: an eighth of the rounds."),
    ASSAY_INT(params, steps, 1000, 1, 1000000, "", "Steps of Adam for each."),
    ASSAY_REAL(params, step, 0.0, 0.0, 10.0, "",
               "Step of Adam, in the free variable; 0 = 0.01 for L2, 0.005 for Linf."),
    ASSAY_REAL(params, init_const, 0.0, 0.0, 1e9, "",
               "First weight of the model's part; 0 = 0.001 for L2, 0.00001 for Linf."),
    ASSAY_REAL(params, confidence, 0.0, 0.0, 1e6, "",
               "How far the wrong logit must lead: examples that transfer, or pass a detector."),
    ASSAY_BOOL(params, abort_early, true, "Stop when a tenth of the steps brought nothing."),
    ASSAY_REAL(params, tau_factor, 0.9, 0.01, 0.999, "share",
               "Linf: the bound on every value falls to this share of what was reached."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack carlini_wagner:steps=500 --norm l2 --eps "
    "0.5,1,2",
    NULL,
};

extern const assay_op assay_op_attack_carlini_wagner;
const assay_op assay_op_attack_carlini_wagner = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 2,
    .name = "carlini_wagner",
    .title = "Carlini and Wagner",
    .summary = "Optimises size and success together: thorough, slow, small changes.",
    .description =
        "L2: minimises `||x - x0||^2 + c max(0, z_y - max z_other + confidence)` over w with "
        "x = (tanh(w) + 1) / 2, by Adam; c is searched by bisection, times ten while nothing "
        "is found. Linf: minimises `c max(0, ...) + sum max(0, |x_i - x0_i| - tau)`; c "
        "doubles from its first value up to 20 until an example is found that keeps within tau; "
        "then tau falls to tau_factor of what was reached, and the search goes on from where it "
        "stands, until tau is below 1/4096 (the authors: 1/256).\n\nEarly stopping is "
        "decided for each image, so a result does not depend on the batch. With a confidence "
        "only examples whose wrong logit leads by that much count. Of ten and more searches the "
        "last repeats the least c that worked.\n\nThe authors and Foolbox"
        " take 10 000 steps; ART 10, and torchattacks 50 without a search for c: those "
        "numbers mean little.",
    .citation =
        "N. Carlini, D. Wagner, \"Towards evaluating the robustness of neural networks\", "
        "IEEE S&P 2017, arXiv:1608.04644; constants of Foolbox 3.3.4 (L2) and of the authors'"
        " code (Linf)",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
