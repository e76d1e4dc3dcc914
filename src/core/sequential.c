#include "core/sequential.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "stats/betting.h"
#include "stats/mixture.h"
#include "stats/sprt.h"

enum { POINTS = 200, GRID = 2000 };

static const char *const names[] = {
    "none", "mixture", "betting", "sprt", "pool", "empirical_bernstein", "normal_mixture"};
static const double tuned_for =
    100.0;                       /* the normal mixture is narrowest at about so many results */
static const double prior = 1.0; /* both shapes of the beta mixtures: uniform */

const char *assay_sequential_name(assay_sequential_method method)
{
    return names[method];
}

assay_sequential_method assay_sequential_find(const char *name)
{
    for (size_t i = 1; i < ASSAY_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return (assay_sequential_method)i;
        }
    }
    return ASSAY_SEQUENTIAL_NONE;
}

typedef struct judging {
    const assay_proportion_claim *claim;
    const assay_sequential_rule *rule;
    assay_sequential_result *out;
    assay_sprt sprt;
    assay_betting *betting;
    assay_bernstein bernstein;
    double rho;
    double log_e_met, log_e_not_met; /* largest so far */
    double alpha;
} judging;

static int decide(const judging *j, double low, double high)
{
    const assay_proportion_claim *c = j->claim;
    if (c->at_least ? low >= c->limit : high <= c->limit) {
        return 1;
    }
    return (c->at_least ? high < c->limit : low > c->limit) ? -1 : 0;
}

/* Two one-sided tests, each an e-process, each at alpha. */
static assay_status step_mixture(judging *j, assay_sequential_point *at, bool show,
                                 assay_error *err)
{
    double above = 0.0, below = 0.0, bar = -log(j->alpha);
    bool least = j->claim->at_least;
    ASSAY_TRY(assay_bernoulli_one_sided_e(&above, at->successes, at->n, j->claim->limit, true,
                                          prior, prior, err));
    ASSAY_TRY(assay_bernoulli_one_sided_e(&below, at->successes, at->n, j->claim->limit, false,
                                          prior, prior, err));
    j->log_e_met = fmax(j->log_e_met, least ? above : below);
    j->log_e_not_met = fmax(j->log_e_not_met, least ? below : above);
    j->out->decision = j->log_e_met >= bar ? 1 : j->log_e_not_met >= bar ? -1 : 0;
    if (show || j->out->decision != 0) {
        double low = 0.0, high = 1.0;
        ASSAY_TRY(
            assay_bernoulli_bound(&low, at->successes, at->n, true, prior, prior, j->alpha, err));
        ASSAY_TRY(
            assay_bernoulli_bound(&high, at->successes, at->n, false, prior, prior, j->alpha, err));
        at->low = fmax(at->low, low);
        at->high = fmin(at->high, high);
    }
    return ASSAY_OK;
}

static assay_status step_betting(judging *j, assay_sequential_point *at, uint8_t success,
                                 assay_error *err)
{
    int64_t n = 0;
    ASSAY_TRY(assay_betting_add(j->betting, (double)success, err));
    assay_betting_interval(&at->low, &at->high, &n, j->betting);
    j->out->decision = decide(j, at->low, at->high);
    return ASSAY_OK;
}

static assay_status step_bernstein(judging *j, assay_sequential_point *at, uint8_t success,
                                   assay_error *err)
{
    ASSAY_TRY(assay_bernstein_add(&j->bernstein, (double)success, err));
    at->low = fmax(0.0, j->bernstein.low);
    at->high = fmin(1.0, j->bernstein.high);
    j->out->decision = decide(j, at->low, at->high);
    return ASSAY_OK;
}

static assay_status step_normal(judging *j, assay_sequential_point *at, assay_error *err)
{
    double low = 0.0, high = 1.0, mean = (double)at->successes / (double)at->n;
    ASSAY_TRY(assay_hoeffding_sequence(&low, &high, mean, at->n, j->rho, 2.0 * j->alpha, err));
    at->low = fmax(at->low, low);
    at->high = fmin(at->high, high);
    j->out->decision = decide(j, at->low, at->high);
    return ASSAY_OK;
}

static assay_status step_sprt(judging *j, assay_sequential_point *at, assay_error *err)
{
    assay_sprt_state state;
    ASSAY_TRY(assay_sprt_decide(&state, &j->sprt, at->successes, at->n, err));
    at->low = at->high = state.log_ratio;
    j->out->upper = state.upper;
    j->out->lower = state.lower;
    j->out->decision = state.decision;
    return ASSAY_OK;
}

static assay_status step_pool(judging *j, assay_sequential_point *at, assay_error *err)
{
    int64_t low = 0, high = 0;
    double pool = (double)j->out->pool;
    ASSAY_TRY(assay_pool_sequence(&low, &high, at->successes, at->n, j->out->pool, prior, prior,
                                  j->alpha, err));
    at->low = fmax(at->low, (double)low / pool);
    at->high = fmin(at->high, (double)high / pool);
    j->out->decision = decide(j, at->low, at->high);
    return ASSAY_OK;
}

static assay_status step(judging *j, assay_sequential_point *at, uint8_t success, bool show,
                         assay_error *err)
{
    switch (j->rule->method) {
    case ASSAY_SEQUENTIAL_MIXTURE:
        return step_mixture(j, at, show, err);
    case ASSAY_SEQUENTIAL_BETTING:
        return step_betting(j, at, success, err);
    case ASSAY_SEQUENTIAL_SPRT:
        return step_sprt(j, at, err);
    case ASSAY_SEQUENTIAL_POOL:
        return step_pool(j, at, err);
    case ASSAY_SEQUENTIAL_BERNSTEIN:
        return step_bernstein(j, at, success, err);
    case ASSAY_SEQUENTIAL_NORMAL_MIXTURE:
        return step_normal(j, at, err);
    case ASSAY_SEQUENTIAL_NONE:
        break;
    }
    return assay_fail(err, ASSAY_EINVAL, "sequential: no method");
}

static assay_status begin(judging *j, int64_t n, double objective, assay_error *err)
{
    const assay_proportion_claim *c = j->claim;
    if (!(c->limit > 0.0 && c->limit < 1.0)) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "sequential: a threshold of %g cannot be shown to hold by samples; it must "
            "lie between 0 and 1",
            c->limit);
    }
    if (j->rule->method == ASSAY_SEQUENTIAL_SPRT) {
        if (!(objective > 0.0 && objective < 1.0)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "sequential: an SPRT needs an objective between 0 and 1, to tell it "
                              "from the threshold");
        }
        j->sprt = (assay_sprt){c->limit, objective, j->alpha, j->rule->beta};
    }
    if (j->rule->method == ASSAY_SEQUENTIAL_POOL && j->out->pool < n) {
        return assay_fail(err, ASSAY_EINVAL,
                          "sequential: %" PRId64 " results from a pool of %" PRId64, n,
                          j->out->pool);
    }
    if (j->rule->method == ASSAY_SEQUENTIAL_BETTING) {
        return assay_betting_new(&j->betting, GRID, 0, 2.0 * j->alpha, err);
    }
    j->bernstein.alpha = 2.0 * j->alpha;
    if (j->rule->method == ASSAY_SEQUENTIAL_NORMAL_MIXTURE) {
        return assay_normal_mixture_rho(&j->rho, tuned_for / 4.0, 2.0 * j->alpha, err);
    }
    return ASSAY_OK;
}

/* Labelling stops when people like, so the e-values of all results are the ones to combine. */
static assay_status all_results(assay_sequential_result *out, const uint8_t *success, int64_t n,
                                const assay_proportion_claim *claim, assay_error *err)
{
    double above = 0.0, below = 0.0;
    int64_t x = 0;
    for (int64_t i = 0; i < n; i++) {
        x += success[i];
    }
    ASSAY_TRY(assay_bernoulli_one_sided_e(&above, x, n, claim->limit, true, prior, prior, err));
    ASSAY_TRY(assay_bernoulli_one_sided_e(&below, x, n, claim->limit, false, prior, prior, err));
    out->log_e_met = claim->at_least ? above : below;
    out->log_e_not_met = claim->at_least ? below : above;
    return ASSAY_OK;
}

assay_status assay_sequential_judge(assay_sequential_result *out, const uint8_t *success, int64_t n,
                                    const assay_proportion_claim *claim, double objective,
                                    const assay_sequential_rule *rule, assay_arena *arena,
                                    assay_error *err)
{
    assay_status status = ASSAY_OK;
    judging j = {.claim = claim, .rule = rule, .out = out, .alpha = 1.0 - claim->confidence};
    *out = (assay_sequential_result){.given = n,
                                     .pool = rule->pool,
                                     .p_met = NAN,
                                     .p_not_met = NAN,
                                     .log_e_met = NAN,
                                     .log_e_not_met = NAN,
                                     .upper = NAN,
                                     .lower = NAN,
                                     .last = {.low = 0.0, .high = 1.0}};
    ASSAY_GOTO(begin(&j, n, objective, err), done);
    out->points = assay_arena_alloc(arena, POINTS + 2, sizeof *out->points);
    if (out->points == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    int64_t every = n / POINTS + 1;
    for (int64_t i = 0; i < n && out->decision == 0; i++) {
        out->last.n++;
        out->last.successes += success[i];
        bool show = (i + 1) % every == 0 || i + 1 == n;
        ASSAY_GOTO(step(&j, &out->last, success[i], show, err), done);
        if (show || out->decision != 0) {
            out->points[out->n_points++] = out->last;
        }
    }
    out->decided_at = out->decision != 0 ? out->last.n : 0;
    if (rule->method == ASSAY_SEQUENTIAL_MIXTURE) {
        out->p_met = fmin(1.0, exp(-j.log_e_met));
        out->p_not_met = fmin(1.0, exp(-j.log_e_not_met));
        ASSAY_GOTO(all_results(out, success, n, claim, err), done);
    }
done:
    assay_betting_free(j.betting);
    return status;
}
