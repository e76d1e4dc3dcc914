#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/asking.h"
#include "ops/shared/ball.h"

typedef struct params {
    int64_t pixels, population, steps;
    double weight;
} params;

/* A candidate: pixels x (row, column, channels...), all in [0, 1). */
typedef struct state {
    assay_asking asking;
    const params *p;
    int64_t genes;
    double *people, *children; /* population x genes */
    double *fitness;           /* population */
} state;

static void paint(const state *s, float *x, const double *genes)
{
    const assay_attack_block *b = s->asking.block;
    int64_t plane = (int64_t)b->height * b->width;
    memcpy(x, assay_asking_original(&s->asking), (size_t)b->size * sizeof *x);
    for (int64_t i = 0; i < s->p->pixels; i++) {
        const double *g = genes + i * (2 + b->channels);
        int64_t row = (int64_t)(g[0] * b->height);
        int64_t column = (int64_t)(g[1] * b->width);
        row = row < b->height ? row : b->height - 1;
        column = column < b->width ? column : b->width - 1;
        for (int32_t c = 0; c < b->channels; c++) {
            x[c * plane + row * b->width + column] = assay_unit_clip((float)g[2 + c]);
        }
    }
}

/* Judge people[first..] or, with `compare`, let children that are no worse take their places. */
static assay_status judge(state *s, bool compare, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    const double *from = compare ? s->children : s->people;
    for (int64_t first = 0; first < s->p->population; first += ASSAY_ASKING_BATCH) {
        int64_t count = s->p->population - first < ASSAY_ASKING_BATCH ? s->p->population - first
                                                                      : ASSAY_ASKING_BATCH;
        for (int64_t j = 0; j < count; j++) {
            paint(s, s->asking.points + j * b->size, from + (first + j) * s->genes);
        }
        ASSAY_TRY(assay_asking_scores(&s->asking, count, err));
        for (int64_t j = 0; j < count; j++) {
            int64_t i = first + j;
            double f =
                assay_wanted_cross_entropy(b, s->asking.row, s->asking.logits + j * b->classes);
            if (!compare || f >= s->fitness[i]) {
                s->fitness[i] = f;
                memmove(s->people + i * s->genes, from + i * s->genes,
                        (size_t)s->genes * sizeof *s->people);
            }
        }
    }
    return ASSAY_OK;
}

static void begin(const state *s)
{
    assay_rng *rng = assay_asking_rng(&s->asking);
    int32_t channels = s->asking.block->channels;
    for (int64_t i = 0; i < s->p->population; i++) {
        for (int64_t k = 0; k < s->genes; k++) {
            /* Places uniform; values normal around the middle, as the paper draws them. */
            bool is_place = k % (2 + channels) < 2;
            double value = is_place ? assay_rng_uniform(rng) : 0.5 + 0.5 * assay_rng_normal(rng);
            value = value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
            s->people[i * s->genes + k] = value;
        }
    }
}

/* A random one that is neither of these two; -1 is nobody. */
static int64_t another(const state *s, int64_t one, int64_t two)
{
    for (;;) {
        int64_t pick =
            (int64_t)assay_rng_below(assay_asking_rng(&s->asking), (uint64_t)s->p->population);
        if (pick != one && pick != two) {
            return pick;
        }
    }
}

/* x1 + F (x2 - x3) of three different ones, cut to the box. */
static void breed(const state *s)
{
    for (int64_t i = 0; i < s->p->population; i++) {
        int64_t first = another(s, -1, -1);
        int64_t second = another(s, first, -1);
        const double *a = s->people + first * s->genes;
        const double *b = s->people + second * s->genes;
        const double *c = s->people + another(s, first, second) * s->genes;
        for (int64_t k = 0; k < s->genes; k++) {
            double value = a[k] + s->p->weight * (b[k] - c[k]);
            s->children[i * s->genes + k] = value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
        }
    }
}

static assay_status one_row(state *s, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    begin(s);
    for (int64_t t = 0; t <= s->p->steps; t++) {
        if (b->fooled[s->asking.row] || assay_asking_left(&s->asking) < s->p->population) {
            break;
        }
        if (t > 0) {
            breed(s);
        }
        ASSAY_TRY(judge(s, t > 0, err));
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.p = p, .genes = p->pixels * (2 + b->channels)};
    size_t all = (size_t)(p->population * s.genes);
    s.people = assay_arena_alloc(b->arena, all, sizeof *s.people);
    s.children = assay_arena_alloc(b->arena, all, sizeof *s.children);
    s.fitness = assay_arena_alloc(b->arena, (size_t)p->population, sizeof *s.fitness);
    if (!s.people || !s.children || !s.fitness) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_asking_new(&s.asking, b, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        assay_asking_begin(&s.asking, b->active[i], INT64_MAX);
        ASSAY_TRY(one_row(&s, err));
    }
    assay_attack_compact(b);
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, pixels, 1, 1, 10000, "pixels", "Pixels that may change, in all channels."),
    ASSAY_INT(params, population, 100, 4, 100000, "", "Candidates."),
    ASSAY_INT(params, steps, 100, 0, 100000, "", "Generations after the first."),
    ASSAY_REAL(params, weight, 0.5, 0.0, 2.0, "", "Weight of the difference of two candidates."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack one_pixel:pixels=3 --norm l0 --eps 3",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_SCORES,
    .norms = ASSAY_L0,
    .traits = ASSAY_ATTACK_MINIMUM | ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_one_pixel;
const assay_op assay_op_attack_one_pixel = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 2,
    .name = "one_pixel",
    .title = "Few-pixel attack",
    .summary = "Looks for one pixel, or a few, whose change alone makes the model wrong.",
    .description =
        "Differential evolution over places and colours of `pixels` pixels: a child is a + weight "
        "(b - c) of three different random candidates and takes its parent's place when the "
        "cross-entropy is "
        "not lower (with a target: the target's not higher). No crossover, as in the paper. Stops "
        "when the model is wrong.\n\n"
        "The distance (L0) counts values: a pixel of three channels is three. The paper uses a "
        "population of 400 and 100 generations, 1, 3 or 5 pixels; torchattacks 10 and 10.",
    .citation = "J. Su, D. V. Vargas, K. Sakurai, \"One pixel attack for fooling deep neural "
                "networks\", IEEE Trans. Evolutionary Computation 23 (2019), arXiv:1710.08864",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
