#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

typedef struct params {
    int64_t search, steps;
    double step, init_const, beta, confidence;
    bool abort_early;
} params;

typedef struct row_state {
    double c, low, high, before;
    bool found;
} row_state;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    float *x, *y, *g, *logits;
    row_state *rows;
} state;

static double shortfall(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    bool aimed = b->target != NULL;
    double margin = assay_loss_value(ASSAY_LOSS_MARGIN, s->logits + r * b->classes, b->classes,
                                     aimed ? b->target[r] : b->label[r], 0);
    double value = (aimed ? margin : -margin) + s->p->confidence;
    return value > 0.0 ? value : 0.0;
}

/* One shrinking step from y and the extrapolation (FISTA); returns the loss at y. */
static double descend(const state *s, int64_t r, int64_t t)
{
    const assay_attack_block *b = s->b;
    double missing = shortfall(s, r);
    double c = s->rows[r].c;
    double push = missing > 0.0 ? (b->target != NULL ? c : -c) : 0.0;
    double loss = c * missing;
    double step = s->p->step * sqrt(1.0 - (double)t / (double)s->p->steps);
    double ahead = (double)t / ((double)t + 3.0);
    double beta = s->p->beta;
    for (int64_t k = r * b->size; k < (r + 1) * b->size; k++) {
        double x0 = (double)b->x0[k];
        double y = (double)s->y[k];
        double old = (double)s->x[k];
        loss += (y - x0) * (y - x0);
        double z = y - step * (2.0 * (y - x0) + push * (double)s->g[k]);
        double x = z - x0 > beta ? fmin(z - beta, 1.0) : z - x0 < -beta ? fmax(z + beta, 0.0) : x0;
        s->x[k] = (float)x;
        s->y[k] = (float)(x + ahead * (x - old));
    }
    return loss;
}

static assay_status one_search(const state *s, assay_error *err)
{
    assay_attack_block *b = s->b;
    int64_t every = (s->p->steps + 9) / 10;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t at = b->active[i] * b->size;
        row_state *row = &s->rows[b->active[i]];
        memcpy(s->x + at, b->x0 + at, (size_t)b->size * sizeof(float));
        memcpy(s->y + at, b->x0 + at, (size_t)b->size * sizeof(float));
        row->found = false;
        row->before = INFINITY;
    }
    int64_t all = b->n_active;
    for (int64_t t = 0; t < s->p->steps && b->n_active > 0; t++) {
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_gradient(b, s->g, s->logits, s->y, &points, ASSAY_LOSS_MARGIN,
                                        b->target, NULL, err));
        for (int64_t i = 0; i < b->n_active;) {
            int32_t r = b->active[i];
            row_state *row = &s->rows[r];
            double loss = descend(s, r, t);
            bool stalls = s->p->abort_early && t % every == 0 && !(loss <= 0.9999 * row->before);
            row->before = t % every == 0 ? loss : row->before;
            if (stalls) {
                b->active[i] = b->active[--b->n_active];
                b->active[b->n_active] = r;
            } else {
                i++;
            }
        }
        points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_scores(b, s->logits, s->x, &points, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            s->rows[r].found = s->rows[r].found || shortfall(s, r) == 0.0;
        }
    }
    b->n_active = all;
    return ASSAY_OK;
}

static void next(const state *s)
{
    assay_attack_block *b = s->b;
    for (int64_t i = 0; i < b->n_active; i++) {
        int32_t r = b->active[i];
        row_state *row = &s->rows[r];
        if (row->found) {
            row->high = row->c;
        } else {
            row->low = row->c;
        }
        row->c = isinf(row->high) ? row->c * 10.0 : 0.5 * (row->low + row->high);
        int64_t place = i;
        while (place > 0 && b->active[place - 1] > r) {
            b->active[place] = b->active[place - 1];
            place--;
        }
        b->active[place] = r;
    }
    assay_attack_compact(b);
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.b = b,
               .p = p,
               .x = assay_attack_pixels(b, b->n),
               .y = assay_attack_pixels(b, b->n),
               .g = assay_attack_pixels(b, b->n),
               .logits = assay_attack_logits(b),
               .rows = assay_arena_alloc(b->arena, (size_t)b->n, sizeof(row_state))};
    if (!s.x || !s.y || !s.g || !s.logits || !s.rows) {
        return assay_fail_memory(err);
    }
    b->confidence = p->confidence;
    for (int64_t i = 0; i < b->n_active; i++) {
        s.rows[b->active[i]] = (row_state){.c = p->init_const, .high = INFINITY};
    }
    for (int64_t search = 0; search < p->search && b->n_active > 0; search++) {
        /* The authors spend the last of many searches on the least weight that worked. */
        for (int64_t i = 0; p->search >= 10 && search == p->search - 1 && i < b->n_active; i++) {
            row_state *row = &s.rows[b->active[i]];
            row->c = fmin(row->high, 1e10);
        }
        ASSAY_TRY(one_search(&s, err));
        next(&s);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, search, 9, 1, 100, "", "Values of the weight that are tried by bisection."),
    ASSAY_INT(params, steps, 1000, 1, 1000000, "", "Steps for each."),
    ASSAY_REAL(params, step, 0.01, 1e-9, 10.0, "", "First step; falls with the square root."),
    ASSAY_REAL(params, init_const, 0.001, 1e-12, 1e9, "", "First weight of the model's part."),
    ASSAY_REAL(params, beta, 0.01, 0.0, 1.0, "", "Weight of the L1 part: changes below it vanish."),
    ASSAY_REAL(params, confidence, 0.0, 0.0, 1e6, "", "How far the wrong logit must lead."),
    ASSAY_BOOL(params, abort_early, true, "Stop when a tenth of the steps brought nothing."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack ead:steps=500 --norm l1 --eps 5,10,20",
    NULL,
};

extern const assay_op assay_op_attack_ead;
const assay_op assay_op_attack_ead = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 2,
    .name = "ead",
    .title = "Elastic net attack",
    .summary = "Small and sparse changes: Carlini and Wagner with an L1 part.",
    .description =
        "Minimises `c max(0, z_y - max z_other + confidence) + ||x - x0||_2^2 + beta ||x - "
        "x0||_1` by the shrinking-thresholding iteration with extrapolation (FISTA, step "
        "falling with the square root); c is searched by bisection. The smallest example in "
        "the chosen norm is kept, which is the authors' decision rule L1 for l1; their rule EN (by "
        "both norms together, the default of Foolbox and ART) is not offered. The early stop is "
        "decided for each image. Of ten and more searches the last repeats the least c that "
        "worked.\n\nFoolbox takes 10 000 steps, torchattacks and ART 100 with a beta of 0.001; "
        "beta 0.01 is Foolbox's.",
    .citation =
        "P. Chen et al., \"EAD: elastic-net attacks to deep neural networks via adversarial "
        "examples\", AAAI 2018, arXiv:1709.04114; constants of Foolbox 3.3.4",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
