#include <math.h>
#include <string.h>

#include "core/op.h"
#include "ops/shared/asking.h"
#include "ops/shared/ball.h"

enum { PATIENCE = 100 }; /* generations without progress that make a plateau */

typedef struct params {
    int64_t steps, population;
    double mutation_rate, mutation_range, least_rate, least_range, temperature;
} params;

typedef struct state {
    assay_asking asking;
    const params *p;
    float *people, *next; /* population x size */
    double *fitness;      /* population */
    double *chance;       /* population: cumulated */
    double best;
    int64_t since, plateaus;
} state;

static void mutate(const state *s, float *child, double rate, double range)
{
    const assay_attack_block *b = s->asking.block;
    assay_rng *rng = assay_asking_rng(&s->asking);
    for (int64_t k = 0; k < b->size; k++) {
        if (assay_rng_uniform(rng) < rate) {
            double by = range * b->eps * (2.0 * assay_rng_uniform(rng) - 1.0);
            child[k] = (float)((double)child[k] + by);
        }
    }
    assay_ball_project(b->norm, child, assay_asking_original(&s->asking), b->eps, b->size);
}

static assay_status judge(state *s, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    double before = s->best;
    for (int64_t first = 0; first < s->p->population; first += ASSAY_ASKING_BATCH) {
        int64_t count = s->p->population - first < ASSAY_ASKING_BATCH ? s->p->population - first
                                                                      : ASSAY_ASKING_BATCH;
        memcpy(s->asking.points, s->people + first * b->size,
               (size_t)(count * b->size) * sizeof(float));
        ASSAY_TRY(assay_asking_scores(&s->asking, count, err));
        for (int64_t j = 0; j < count; j++) {
            double f = assay_wanted_log_odds(b, s->asking.row, s->asking.logits + j * b->classes);
            s->fitness[first + j] = f;
            s->best = f > s->best ? f : s->best;
        }
    }
    s->since = s->best > before ? 0 : s->since + 1;
    if (s->since >= PATIENCE) {
        s->since = 0;
        s->plateaus++;
    }
    return ASSAY_OK;
}

static int64_t fittest(const state *s)
{
    int64_t best = 0;
    for (int64_t j = 1; j < s->p->population; j++) {
        best = s->fitness[j] > s->fitness[best] ? j : best;
    }
    return best;
}

/* Softmax of the fitness over the temperature, cumulated. */
static void weigh(const state *s)
{
    double most = s->fitness[fittest(s)];
    double sum = 0.0;
    for (int64_t j = 0; j < s->p->population; j++) {
        sum += exp((s->fitness[j] - most) / s->p->temperature);
        s->chance[j] = sum;
    }
}

static int64_t pick(const state *s)
{
    double at = assay_rng_uniform(assay_asking_rng(&s->asking)) * s->chance[s->p->population - 1];
    int64_t j = 0;
    while (j < s->p->population - 1 && s->chance[j] <= at) {
        j++;
    }
    return j;
}

static double share(const state *s, int64_t j)
{
    return s->chance[j] - (j > 0 ? s->chance[j - 1] : 0.0);
}

static void breed(state *s)
{
    const assay_attack_block *b = s->asking.block;
    assay_rng *rng = assay_asking_rng(&s->asking);
    double fall = pow(0.9, (double)s->plateaus);
    double rate = fmax(s->p->least_rate, s->p->mutation_rate * fall);
    double range = fmax(s->p->least_range, s->p->mutation_range * fall);
    weigh(s);
    memcpy(s->next, s->people + fittest(s) * b->size, (size_t)b->size * sizeof(float));
    for (int64_t j = 1; j < s->p->population; j++) {
        int64_t one = pick(s);
        int64_t two = pick(s);
        double first = share(s, one) / (share(s, one) + share(s, two) + 1e-300);
        float *child = s->next + j * b->size;
        for (int64_t k = 0; k < b->size; k++) {
            int64_t parent = assay_rng_uniform(rng) < first ? one : two;
            child[k] = s->people[parent * b->size + k];
        }
        mutate(s, child, rate, range);
    }
    float *kept = s->people;
    s->people = s->next;
    s->next = kept;
}

static assay_status one_row(state *s, assay_error *err)
{
    const assay_attack_block *b = s->asking.block;
    s->best = -INFINITY;
    s->since = s->plateaus = 0;
    for (int64_t j = 0; j < s->p->population; j++) {
        assay_ball_random(b->norm, s->people + j * b->size, assay_asking_original(&s->asking),
                          b->eps, assay_asking_rng(&s->asking), b->size);
    }
    for (int64_t t = 0; t < s->p->steps && !assay_asking_done(&s->asking) &&
                        assay_asking_left(&s->asking) >= s->p->population;
         t++) {
        if (t > 0) {
            breed(s);
        }
        ASSAY_TRY(judge(s, err));
    }
    return ASSAY_OK;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    state s = {.p = p,
               .people = assay_attack_pixels(b, p->population),
               .next = assay_attack_pixels(b, p->population),
               .fitness = assay_arena_alloc(b->arena, (size_t)p->population, sizeof(double)),
               .chance = assay_arena_alloc(b->arena, (size_t)p->population, sizeof(double))};
    if (!s.people || !s.next || !s.fitness || !s.chance) {
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
    ASSAY_INT(params, steps, 1000, 1, 1000000, "", "Generations."),
    ASSAY_INT(params, population, 6, 2, 10000, "", "Candidates of a generation."),
    ASSAY_REAL(params, mutation_rate, 0.5, 1e-6, 1.0, "share",
               "Share of the values that a mutation changes, at first."),
    ASSAY_REAL(params, mutation_range, 0.4, 1e-6, 2.0, "of eps",
               "Largest change of a value by a mutation, at first."),
    ASSAY_REAL(params, least_rate, 0.1, 0.0, 1.0, "share", "The share of values falls to this."),
    ASSAY_REAL(params, least_range, 0.15, 0.0, 2.0, "of eps", "The largest change falls to this."),
    ASSAY_REAL(params, temperature, 0.1, 1e-6, 1e6, "",
               "Small: only the fittest have children; large: everybody has."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack genattack:steps=300 --norm linf --eps 0.2",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_SCORES,
    .norms = ASSAY_LINF | ASSAY_L2,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_genattack;
const assay_op assay_op_attack_genattack = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 2,
    .name = "genattack",
    .title = "GenAttack",
    .summary = "Breeds perturbations: the better ones have children, which mutate.",
    .description =
        "A population of random points of the ball. Each generation keeps the fittest; the others "
        "are children of two parents drawn with the softmax of fitness / temperature, taking each "
        "value from one of them in proportion to those chances, then mutated and projected back. "
        "Fitness is log(1 - p) - log p of the right class (with a target: log p - log(1 - p) of "
        "the target), the paper's.\n\n"
        "Rate and range of mutations start at 0.5 and 0.4 and fall by a tenth with every 100 "
        "generations without progress, down to 0.1 and 0.15, the paper's adaptive scheme; "
        "population 6 as in the paper. Foolbox: population 10, temperature 0.3, the least rate and "
        "range in the first generation too. The fittest is asked again in its generation, so a "
        "generation is `population` queries.",
    .citation = "M. Alzantot et al., \"GenAttack: practical black-box attacks with "
                "gradient-free optimization\", GECCO 2019, arXiv:1805.11090",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
