#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/asking.h"
#include "ops/shared/ball.h"
#include "ops/shared/frontier.h"

enum { BISECTIONS = 10 };

typedef struct params {
    int64_t queries, tries;
} params;

/* One row's search. Rows go in lockstep, one question each at a time. */
typedef struct walk {
    int64_t group, first; /* values that are asked together: changed[first .. first + group - 1] */
    int64_t n_changed;
    bool going, progress;
    int64_t end;
    /* second part, for L1: bisection of single values */
    int64_t value;
    int32_t bisection;
    float right, wrong;
} walk;

typedef struct state {
    assay_attack_block *b;
    const params *p;
    walk *walks;      /* n */
    float *x, *try;   /* n x size */
    int32_t *changed; /* n x size: values that differ from the original, in random order */
    int32_t *rows, *labels;
} state;

/* Salt and pepper on a growing share of the values, until the model is wrong. */
static assay_status start(state *s, assay_asking *asking, assay_error *err)
{
    const assay_attack_block *b = s->b;
    int64_t r = asking->row;
    int64_t n = b->size;
    const float *x0 = assay_asking_original(asking);
    for (int64_t d = 0; d < b->n_donors && !s->walks[r].going; d++) {
        const float *donor = b->donors + d * n;
        ASSAY_TRY(assay_frontier_wrong(&s->walks[r].going, asking, donor, err));
        memcpy(s->x + r * n, donor, (size_t)n * sizeof *s->x);
    }
    if (s->walks[r].going) {
        return ASSAY_OK;
    }
    for (int64_t t = 0; t < s->p->tries; t++) {
        int64_t left = assay_asking_left(asking);
        int64_t count = ASSAY_ASKING_BATCH;
        count = count < left ? count : left;
        if (count < 1) {
            return ASSAY_OK;
        }
        for (int64_t j = 0; j < count; j++) {
            double share = (double)(j + 1) / (double)count;
            float *point = asking->points + j * n;
            for (int64_t k = 0; k < n; k++) {
                double u = assay_rng_uniform(&b->rng[r]);
                point[k] = u < 0.5 * share ? 0.0F : u < share ? 1.0F : x0[k];
            }
        }
        ASSAY_TRY(assay_asking_labels(asking, count, err));
        for (int64_t j = 0; j < count; j++) {
            if (assay_attack_wants(b, r, asking->labels[j])) {
                memcpy(s->x + r * n, asking->points + j * n, (size_t)n * sizeof *s->x);
                s->walks[r].going = true;
                return ASSAY_OK;
            }
        }
    }
    return ASSAY_OK;
}

/* The values that still differ, shuffled. */
static void list_changed(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    walk *w = &s->walks[r];
    int32_t *list = s->changed + r * b->size;
    w->n_changed = 0;
    for (int64_t k = 0; k < b->size; k++) {
        if (s->x[r * b->size + k] != b->x0[r * b->size + k]) {
            list[w->n_changed++] = (int32_t)k;
        }
    }
    for (int64_t k = w->n_changed - 1; k > 0; k--) {
        int64_t other = (int64_t)assay_rng_below(&b->rng[r], (uint64_t)k + 1);
        int32_t kept = list[k];
        list[k] = list[other];
        list[other] = kept;
    }
    w->first = 0;
    w->progress = false;
}

static void begin_bisection(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    walk *w = &s->walks[r];
    int64_t k = s->changed[r * b->size + w->value];
    w->bisection = 0;
    w->right = b->x0[r * b->size + k];
    w->wrong = s->x[r * b->size + k];
}

/* The first part is over: what is left is bisected for L1, and done with for L0. */
static void finish_reset(const state *s, int64_t r)
{
    walk *w = &s->walks[r];
    w->group = 0;
    w->value = 0;
    w->going = s->b->norm == ASSAY_NORM_L1 && w->n_changed > 0;
    if (w->going) {
        list_changed(s, r);
        begin_bisection(s, r);
    }
}

/* After the last group of a pass: smaller groups, or another pass while single values help. */
static void next_pass(const state *s, int64_t r)
{
    walk *w = &s->walks[r];
    bool again = w->progress;
    int64_t group = w->group;
    list_changed(s, r);
    if (w->n_changed == 0 || (group == 1 && !again)) {
        finish_reset(s, r);
    } else {
        w->group = group > 1 ? (group + 1) / 2 : 1;
    }
}

static void propose(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    const walk *w = &s->walks[r];
    const int32_t *list = s->changed + r * b->size;
    float *to = s->try + r * b->size;
    memcpy(to, s->x + r * b->size, (size_t)b->size * sizeof *to);
    if (w->group == 0) {
        to[list[w->value]] = 0.5F * (w->right + w->wrong);
        return;
    }
    for (int64_t i = w->first; i < w->first + w->group && i < w->n_changed; i++) {
        to[list[i]] = b->x0[r * b->size + list[i]];
    }
}

static void judge(const state *s, int64_t r)
{
    const assay_attack_block *b = s->b;
    walk *w = &s->walks[r];
    bool wrong = assay_attack_wants(b, r, s->labels[r]);
    if (wrong) {
        memcpy(s->x + r * b->size, s->try + r * b->size, (size_t)b->size * sizeof *s->x);
    }
    if (w->group > 0) {
        w->progress |= wrong;
        w->first += w->group;
        if (w->first >= w->n_changed) {
            next_pass(s, r);
        }
        return;
    }
    float middle = 0.5F * (w->right + w->wrong);
    w->wrong = wrong ? middle : w->wrong;
    w->right = wrong ? w->right : middle;
    if (++w->bisection == BISECTIONS) {
        w->value++;
        w->going = w->value < w->n_changed;
        if (w->going) {
            begin_bisection(s, r);
        }
    }
}

static assay_status begin(state *s, assay_error *err)
{
    assay_attack_block *b = s->b;
    assay_asking asking;
    ASSAY_TRY(assay_asking_new(&asking, b, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        walk *w = &s->walks[r];
        *w = (walk){0};
        assay_asking_begin(&asking, r, s->p->queries);
        w->end = asking.end;
        ASSAY_TRY(start(s, &asking, err));
        if (w->going) {
            list_changed(s, r);
            w->group = (w->n_changed + 15) / 16;
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
               .changed = assay_arena_alloc(b->arena, n * (size_t)b->size, sizeof(int32_t)),
               .rows = assay_arena_alloc(b->arena, n, sizeof(int32_t)),
               .labels = assay_arena_alloc(b->arena, n, sizeof(int32_t))};
    if (!s.walks || !s.x || !s.try || !s.changed || !s.rows || !s.labels) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(begin(&s, err));
    for (;;) {
        assay_points points = {.at = s.rows};
        for (int64_t i = 0; i < b->n_active; i++) {
            int32_t r = b->active[i];
            if (s.walks[r].going && b->forwards[r] < s.walks[r].end) {
                propose(&s, r);
                s.rows[points.n++] = r;
            }
        }
        if (points.n == 0) {
            break;
        }
        ASSAY_TRY(assay_attack_labels(b, s.labels, s.try, &points, err));
        for (int64_t i = 0; i < points.n; i++) {
            judge(&s, s.rows[i]);
        }
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, queries, 20000, 1, 100000000, "queries", "Most queries for each image."),
    ASSAY_INT(params, tries, 10, 1, 100000, "",
              "Rounds of salt-and-pepper noise for a first adversarial point."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack pointwise --norm l0 --eps 5,10,20,50",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .norms = ASSAY_L0 | ASSAY_L1,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_pointwise;
const assay_op assay_op_attack_pointwise = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "pointwise",
    .title = "Pointwise attack",
    .summary = "Starts from salt-and-pepper noise and takes back value after value for as long as "
               "the model stays wrong; needs classes only.",
    .description =
        "Salt-and-pepper noise on 1/64, 2/64, ... of the values (half black, half white) gives the "
        "first wrong point. Then changed values are set back to the original in random order and "
        "stay so if the model is still wrong; when no single value can be taken back, the search "
        "ends (L0), or what is left is bisected towards the original, value by value, ten times "
        "(L1).\n\n"
        "The paper takes back single values from the start; here groups of a sixteenth of the "
        "changed values go first, then groups of half the size each pass, which saves most of the "
        "queries. The end is the same: no single value can be taken back.",
    .citation = "L. Schott, J. Rauber, M. Bethge, W. Brendel, \"Towards the first adversarially "
                "robust neural network model on MNIST\", ICLR 2019, arXiv:1805.09190",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
