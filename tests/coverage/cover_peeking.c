
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/sequential.h"
#include "coverage/coverage.h"
#include "stats/betting.h"
#include "stats/intervals.h"
#include "stats/mixture.h"
#include "stats/sprt.h"

enum { METHODS = 7, MOST_RESULTS = 600 };

typedef struct peek {
    bool missed[METHODS]; /* ever, at any look */
} peek;

/* Look after every datum: does any interval ever exclude the truth? */
static void peek_run(peek *out, double p, int64_t longest, int64_t run)
{
    assay_rng rng = stream("peeking", run);
    assay_betting *betting = NULL;
    assay_bernstein bernstein = {.alpha = 0.05};
    double low = 0, high = 0, rho = 0;
    int64_t x = 0, unused = 0;
    *out = (peek){{false}};
    must(assay_betting_new(&betting, 100, 0, 0.05, NULL));
    must(assay_normal_mixture_rho(&rho, 50.0, 0.05, NULL));
    for (int64_t n = 1; n <= longest; n++) {
        double value = assay_rng_uniform(&rng) < p ? 1.0 : 0.0;
        x += value > 0.5;
        must(assay_wilson(&low, &high, x, n, 0.025, 0.025, NULL));
        out->missed[0] |= n >= 10 && (p < low || p > high);
        if (n % 10 == 0) {
            must(assay_clopper_pearson(&low, &high, x, n, 0.05, 0.0, NULL));
            out->missed[1] |= p < low;
        }
        /* the mixtures are asked by their e-values: the same decision, without a search */
        double e = 0;
        must(assay_bernoulli_e(&e, x, n, p, 1.0, 1.0, NULL));
        out->missed[2] |= e >= log(20.0);
        must(assay_bernoulli_one_sided_e(&e, x, n, p, true, 1.0, 1.0, NULL));
        out->missed[3] |= e >= log(20.0);
        must(assay_betting_add(betting, value, NULL));
        must(assay_bernstein_add(&bernstein, value, NULL));
        must(assay_hoeffding_sequence(&low, &high, (double)x / (double)n, n, rho, 0.05, NULL));
        out->missed[6] |= p < low || p > high;
    }
    assay_betting_interval(&low, &high, &unused, betting); /* the intersection of all looks */
    out->missed[4] = p < low || p > high;
    out->missed[5] = p < bernstein.low || p > bernstein.high;
    assay_betting_free(betting);
}

static void peek_table(coverage *c, int64_t longest)
{
    static const char *const names[METHODS] = {
        "Wilson, a look after each datum",
        "Clopper-Pearson lower bound, a look after each tenth",
        "Beta-binomial mixture",
        "One-sided e-value",
        "Betting",
        "Empirical Bernstein",
        "Normal mixture"};
    static const double truths[4] = {0.5, 0.9, 0.97, 0.1};
    row rows[METHODS];
    for (int m = 0; m < METHODS; m++) {
        rows[m] = (row){.method = names[m],
                        .nominal = 0.95,
                        .promise = m < 2 ? BROKEN : AT_LEAST,
                        .slack = m < 2 ? 0.1 : 0.0};
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "p = 0.1, 0.5, 0.9, 0.97, up to %" PRId64 " looks",
                       m == 1 ? longest / 10 : longest);
    }
    int64_t runs = c->full ? c->runs : 100;
    for (int t = 0; t < 4; t++) {
        int64_t kept[METHODS] = {0};
        for (int64_t run = 0; run < runs; run++) {
            peek p;
            peek_run(&p, truths[t], longest, run);
            for (int m = 0; m < METHODS; m++) {
                kept[m] += !p.missed[m];
            }
        }
        for (int m = 0; m < METHODS; m++) {
            row_count(&rows[m], kept[m], runs);
        }
    }
    for (int m = 0; m < METHODS; m++) {
        row_end(c, &rows[m]);
    }
}

/* A pool of N with K right ones, drawn to the last: all three methods at every draw. */
static void pool_table(coverage *c, int64_t N)
{
    row rows[3] = {{.method = "Pool: prior-posterior ratio"},
                   {.method = "Pool: betting"},
                   {.method = "Pool: empirical Bernstein"}};
    static const double shares[3] = {0.5, 0.9, 0.98};
    int64_t runs = c->full ? c->runs : 100;
    for (int m = 0; m < 3; m++) {
        rows[m].nominal = 0.95;
        rows[m].promise = AT_LEAST;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "all of %" PRId64 " drawn, a look after each", N);
    }
    for (int s = 0; s < 3; s++) {
        int64_t K = (int64_t)llround(shares[s] * (double)N), kept[3] = {0};
        double truth = (double)K / (double)N;
        for (int64_t run = 0; run < runs; run++) {
            assay_rng rng = stream("pool", run);
            assay_betting *betting = NULL;
            assay_bernstein bernstein = {.alpha = 0.05, .N = N};
            must(assay_betting_new(&betting, 100, N, 0.05, NULL));
            int64_t left = K, x = 0, unused = 0;
            bool missed = false;
            for (int64_t n = 0; n < N; n++) {
                bool one = assay_rng_below(&rng, (uint64_t)(N - n)) < (uint64_t)left;
                int64_t low = 0, high = 0;
                left -= one;
                x += one;
                must(assay_pool_sequence(&low, &high, x, n + 1, N, 1.0, 1.0, 0.05, NULL));
                missed |= K < low || K > high;
                must(assay_betting_add(betting, one, NULL));
                must(assay_bernstein_add(&bernstein, one, NULL));
            }
            double low = 0, high = 0;
            assay_betting_interval(&low, &high, &unused, betting);
            kept[0] += !missed;
            kept[1] += low <= truth + 1e-12 && truth - 1e-12 <= high;
            kept[2] += bernstein.low <= truth + 1e-12 && truth - 1e-12 <= bernstein.high;
            assay_betting_free(betting);
        }
        for (int m = 0; m < 3; m++) {
            row_count(&rows[m], kept[m], runs);
        }
    }
    for (int m = 0; m < 3; m++) {
        row_end(c, &rows[m]);
    }
}

static void sprt_rows(coverage *c)
{
    const assay_sprt test = {0.9, 0.95, 0.05, 0.1};
    const double truths[2] = {0.9, 0.95};
    for (int t = 0; t < 2; t++) {
        row r = {.method = t == 0 ? "SPRT, p0 true" : "SPRT, p1 true",
                 .nominal = t == 0 ? 0.95 : 0.9,
                 .promise = ABOUT};
        int64_t kept = 0, trials = 0, runs = c->full ? c->runs : 300;
        for (int64_t run = 0; run < runs; run++) {
            assay_rng rng = stream("sprt", run);
            assay_sprt_state s = {.decision = 0};
            int64_t x = 0, n = 0;
            while (s.decision == 0) {
                n++;
                x += assay_rng_uniform(&rng) < truths[t];
                must(assay_sprt_decide(&s, &test, x, n, NULL));
            }
            kept += s.decision == (t == 0 ? -1 : 1);
            trials += n;
        }
        double accept = 0, expected = 0;
        must(assay_sprt_expect(&accept, &expected, &test, truths[t], NULL));
        (void)snprintf(r.setting, sizeof r.setting,
                       "0.9 against 0.95, %.0f trials on average (Wald: %.0f)",
                       (double)trials / (double)runs, expected);
        row_count(&r, kept, runs);
        row_end(c, &r);
    }
}

/* `sequential:` of a requirement: how often either verdict is wrong when the truth is the limit, which is where
 * both are likeliest to be, whenever it is reached; an SPRT also when the objective is the truth. */
static void judge_row(coverage *c, assay_sequential_method method, double truth, double limit,
                      int64_t most)
{
    const assay_sequential_rule rule = {.method = method, .beta = 0.1, .pool = most};
    const assay_proportion_claim claim = {limit, true, 0.95};
    bool sprt = method == ASSAY_SEQUENTIAL_SPRT, pool = method == ASSAY_SEQUENTIAL_POOL;
    bool good = truth > limit;
    char name[64];
    row r = {.nominal = good ? 0.9 : 0.95, .promise = sprt ? ABOUT : AT_LEAST};
    (void)snprintf(name, sizeof name, "Sequential verdict: %s", assay_sequential_name(method));
    r.method = name;
    (void)snprintf(r.setting, sizeof r.setting,
                   "no false %s; limit %g, truth %g, up to %" PRId64 " rows",
                   good ? "NOT MET" : "MET", limit, truth, most);
    int64_t kept = 0, runs = c->full ? 4000 : 60;
    assay_arena *arena = NULL;
    must(assay_arena_new(&arena, 0, NULL));
    for (int64_t run = 0; run < runs; run++) {
        assay_rng rng = stream(name, run);
        assay_sequential_result found;
        uint8_t success[MOST_RESULTS];
        int64_t left = llround(truth * (double)most);
        for (int64_t i = 0; i < most; i++) {
            success[i] = pool ? assay_rng_below(&rng, (uint64_t)(most - i)) < (uint64_t)left
                              : assay_rng_uniform(&rng) < truth;
            left -= success[i];
        }
        assay_arena_reset(arena);
        must(assay_sequential_judge(&found, success, most, &claim, sprt ? 0.95 : (double)NAN, &rule,
                                    arena, NULL));
        kept += found.decision != (good ? -1 : 1);
    }
    assay_arena_free(arena);
    row_count(&r, kept, runs);
    row_end(c, &r);
}

static void judge_rows(coverage *c)
{
    int64_t most = c->full ? MOST_RESULTS : 150;
    judge_row(c, ASSAY_SEQUENTIAL_MIXTURE, 0.9, 0.9, most);
    judge_row(c, ASSAY_SEQUENTIAL_BETTING, 0.9, 0.9, most);
    judge_row(c, ASSAY_SEQUENTIAL_BERNSTEIN, 0.9, 0.9, most);
    judge_row(c, ASSAY_SEQUENTIAL_NORMAL_MIXTURE, 0.9, 0.9, most);
    judge_row(c, ASSAY_SEQUENTIAL_SPRT, 0.9, 0.9, most);
    judge_row(c, ASSAY_SEQUENTIAL_SPRT, 0.95, 0.9, most);
    judge_row(c, ASSAY_SEQUENTIAL_POOL, 0.89, 0.9, most); /* in a pool the limit itself meets it */
}

/* The plain likelihood ratio of an objective against the limit. */
static void ratio_row(coverage *c)
{
    row r = {.method = "Likelihood ratio e-value", .nominal = 0.95, .promise = AT_LEAST};
    int64_t kept = 0, longest = c->full ? 1000 : 200;
    (void)snprintf(r.setting, sizeof r.setting, "0.9 true against 0.95, up to %" PRId64 " looks",
                   longest);
    for (int64_t run = 0; run < c->runs; run++) {
        assay_rng rng = stream("likelihood ratio", run);
        bool wrong = false;
        int64_t x = 0;
        for (int64_t n = 1; n <= longest && !wrong; n++) {
            double e = 0.0;
            x += assay_rng_uniform(&rng) < 0.9;
            must(assay_bernoulli_ratio_e(&e, x, n, 0.9, 0.95, NULL));
            wrong = e >= log(20.0);
        }
        kept += !wrong;
    }
    row_count(&r, kept, c->runs);
    row_end(c, &r);
}

void cover_peeking(coverage *c)
{
    section(
        "Looking after every datum",
        "The share of data sets for which no look ever excluded the truth: fixed-size intervals "
        "lose their level, confidence sequences keep it.");
    peek_table(c, c->full ? 1000 : 200);
    pool_table(c, c->full ? 200 : 100);
    sprt_rows(c);
    ratio_row(c);
    judge_rows(c);
}
