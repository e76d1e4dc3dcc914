/* Two independent samples of right-or-wrong data: differences, ratios, odds ratios, tests, equivalence. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "coverage/coverage.h"
#include "stats/distributions.h"
#include "stats/equivalence.h"
#include "stats/two_proportions.h"

enum { INTERVALS = 8 };

typedef struct sizes {
    int64_t n1, n2;
} sizes;

static const double levels[5] = {0.05, 0.2, 0.5, 0.7, 0.9};

static bool holds(const double ends[2], double truth)
{
    return ends[0] <= truth + 1e-12 && truth - 1e-12 <= ends[1];
}

/* ---- intervals */

static void find_intervals(double ends[INTERVALS][2], const assay_two_counts *t)
{
    assay_odds_ratio odds;
    must(assay_newcombe(&ends[0][0], &ends[0][1], t, 0.025, 0.025, NULL));
    must(assay_score_difference(&ends[1][0], &ends[1][1], t, true, 0.025, 0.025, NULL));
    must(assay_score_difference(&ends[2][0], &ends[2][1], t, false, 0.025, 0.025, NULL));
    must(assay_agresti_caffo(&ends[3][0], &ends[3][1], t, 0.025, 0.025, NULL));
    must(assay_score_ratio(&ends[4][0], &ends[4][1], t, true, 0.025, 0.025, NULL));
    must(assay_score_ratio(&ends[5][0], &ends[5][1], t, false, 0.025, 0.025, NULL));
    must(assay_odds_ratio_find(&odds, t, 0.025, 0.025, NULL));
    ends[6][0] = odds.low;
    ends[6][1] = odds.high;
    must(assay_score_difference(&ends[7][0], &ends[7][1], t, true, 0.05, 0.0, NULL));
}

enum { MOST_TABLES = 1000 };

/* Of all tables, x1 by x1. */
typedef double all_ends[MOST_TABLES][INTERVALS][2];

static void interval_setting(row rows[INTERVALS], const sizes *s, all_ends ends, double p1,
                             double p2)
{
    double covered[INTERVALS] = {0};
    const double odds = p1 / (1.0 - p1) * ((1.0 - p2) / p2);
    const double truth[INTERVALS] = {p1 - p2, p1 - p2, p1 - p2, p1 - p2,
                                     p1 / p2, p1 / p2, odds,    p1 - p2};
    for (int64_t x1 = 0; x1 <= s->n1; x1++) {
        for (int64_t x2 = 0; x2 <= s->n2; x2++) {
            double mass = assay_binomial_pmf(x1, s->n1, p1) * assay_binomial_pmf(x2, s->n2, p2);
            for (int m = 0; m < INTERVALS; m++) {
                covered[m] += holds(ends[x1 * (s->n2 + 1) + x2][m], truth[m]) ? mass : 0.0;
            }
        }
    }
    for (int m = 0; m < INTERVALS; m++) {
        row_add(&rows[m], covered[m], 0.0);
    }
}

static void interval_table(coverage *c, const sizes *s)
{
    static const char *const names[INTERVALS] = {
        "Newcombe",
        "Miettinen-Nurminen",
        "Farrington-Manning",
        "Agresti-Caffo",
        "Ratio, Miettinen-Nurminen",
        "Ratio, Koopman",
        "Odds ratio, exact",
        "Miettinen-Nurminen, lower bound",
    };
    row rows[INTERVALS];
    for (int m = 0; m < INTERVALS; m++) {
        rows[m] = (row){.method = names[m],
                        .nominal = 0.95,
                        .promise = m == 6 ? AT_LEAST : ABOUT,
                        .slack = m == 6 ? 0.0 : 0.01};
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "two samples of %" PRId64 " and %" PRId64 ", p = 0.05 to 0.9", s->n1, s->n2);
    }
    static all_ends ends;
    for (int64_t x1 = 0; x1 <= s->n1; x1++) {
        for (int64_t x2 = 0; x2 <= s->n2; x2++) {
            const assay_two_counts t = {x1, s->n1, x2, s->n2};
            find_intervals(ends[x1 * (s->n2 + 1) + x2], &t);
        }
    }
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < (s->n1 == s->n2 ? i + 1 : 5); j++) {
            interval_setting(rows, s, ends, levels[i], levels[j]);
        }
    }
    for (int m = 0; m < INTERVALS; m++) {
        row_end(c, &rows[m]);
    }
}

/* So many tables are possible that the odds ratio has Woolf's interval. */
static void woolf_row(coverage *c)
{
    enum { N = 400000 };
    static const double p[3][2] = {{0.5, 0.5}, {0.4, 0.45}, {0.6, 0.5}};
    row r = {.method = "Odds ratio, Woolf", .nominal = 0.95, .promise = ABOUT};
    int64_t runs = c->full ? c->runs : 400;
    (void)snprintf(r.setting, sizeof r.setting, "two samples of %d, p = 0.4 to 0.6", N);
    for (int s = 0; s < 3; s++) {
        double truth = p[s][0] / (1.0 - p[s][0]) * ((1.0 - p[s][1]) / p[s][1]);
        int64_t covered = 0, used = 0;
        for (int64_t run = 0; run < runs; run++) {
            assay_rng rng = stream("woolf", run);
            assay_odds_ratio odds;
            const assay_two_counts t = {
                assay_binomial_quantile(assay_rng_uniform(&rng), N, p[s][0]), N,
                assay_binomial_quantile(assay_rng_uniform(&rng), N, p[s][1]), N};
            must(assay_odds_ratio_find(&odds, &t, 0.025, 0.025, NULL));
            covered += odds.low <= truth && truth <= odds.high;
            used++;
        }
        row_count(&r, covered, used);
    }
    row_end(c, &r);
}

/* ---- tests */

enum { TESTS = 5 };

typedef bool all_kept[MOST_TABLES][TESTS];

static void find_tests(bool kept[TESTS], const assay_two_counts *t)
{
    assay_two_p fisher, mid, boschloo;
    double z = 0.0;
    must(assay_fisher(&fisher, t, NULL));
    must(assay_fisher_mid(&mid, t, NULL));
    must(assay_boschloo(&boschloo, t, NULL));
    must(assay_score_difference_z(&z, t, 0.0, true, NULL));
    kept[0] = fisher.less > 0.05;
    kept[1] = fisher.two_sided > 0.05;
    kept[2] = mid.two_sided > 0.05;
    kept[3] = boschloo.less > 0.05;
    kept[4] = fabs(z) < 1.9599639845400543;
}

static void test_setting(row rows[TESTS], const sizes *s, all_kept kept, double p)
{
    double share[TESTS] = {0};
    for (int64_t x1 = 0; x1 <= s->n1; x1++) {
        for (int64_t x2 = 0; x2 <= s->n2; x2++) {
            double mass = assay_binomial_pmf(x1, s->n1, p) * assay_binomial_pmf(x2, s->n2, p);
            for (int m = 0; m < TESTS; m++) {
                share[m] += kept[x1 * (s->n2 + 1) + x2][m] ? mass : 0.0;
            }
        }
    }
    for (int m = 0; m < TESTS; m++) {
        row_add(&rows[m], share[m], 0.0);
    }
}

static void test_table(coverage *c, const sizes *s)
{
    row rows[TESTS] = {{.method = "Fisher, one-sided", .promise = AT_LEAST},
                       {.method = "Fisher, two-sided", .promise = AT_LEAST},
                       {.method = "Fisher mid-P, two-sided", .promise = ABOUT},
                       {.method = "Boschloo, one-sided", .promise = AT_LEAST},
                       {.method = "Score test, two-sided", .promise = ABOUT, .slack = 0.01}};
    for (int m = 0; m < TESTS; m++) {
        rows[m].nominal = 0.95;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "two samples of %" PRId64 " and %" PRId64 ", equal p", s->n1, s->n2);
    }
    static all_kept kept;
    for (int64_t x1 = 0; x1 <= s->n1; x1++) {
        for (int64_t x2 = 0; x2 <= s->n2; x2++) {
            const assay_two_counts t = {x1, s->n1, x2, s->n2};
            find_tests(kept[x1 * (s->n2 + 1) + x2], &t);
        }
    }
    for (int i = 0; i < 5; i++) {
        test_setting(rows, s, kept, levels[i]);
    }
    for (int m = 0; m < TESTS; m++) {
        row_end(c, &rows[m]);
    }
}

/* ---- equivalence */

/* True difference at the margin: the chance of no claim. */
static void margin_table(coverage *c, int64_t n, double margin)
{
    row rows[2] = {{.method = "TOST by Farrington-Manning"},
                   {.method = "Non-inferiority by Farrington-Manning"}};
    static const double seconds[4] = {0.2, 0.5, 0.7, 0.8};
    for (int m = 0; m < 2; m++) {
        rows[m].nominal = 0.95;
        rows[m].promise = ABOUT;
        rows[m].slack = 0.006;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "two samples of %" PRId64 ", true difference at the margin %g", n, margin);
    }
    for (int s = 0; s < 4; s++) {
        double wrong[2] = {0.0, 0.0};
        for (int64_t x1 = 0; x1 <= n; x1++) {
            for (int64_t x2 = 0; x2 <= n; x2++) {
                double mass = assay_binomial_pmf(x1, n, seconds[s] - margin) *
                              assay_binomial_pmf(x2, n, seconds[s]);
                const assay_two_counts t = {x1, n, x2, n};
                assay_equivalence e;
                if (mass < 1e-9) {
                    continue; /* counted as right, far below any digit shown */
                }
                must(assay_equivalence_proportions(&e, &t, margin, NULL));
                wrong[0] += e.equivalent <= 0.05 ? mass : 0.0;
                wrong[1] += e.not_inferior <= 0.05 ? mass : 0.0;
            }
        }
        row_add(&rows[0], 1.0 - wrong[0], 0.0);
        row_add(&rows[1], 1.0 - wrong[1], 0.0);
    }
    row_end(c, &rows[0]);
    row_end(c, &rows[1]);
}

void cover_samples(coverage *c)
{
    static const sizes small = {6, 6}, equal = {20, 20}, unequal = {12, 40};
    section(
        "Two independent samples",
        "Shares of right data in two samples of their own, all outcomes enumerated. Intervals of "
        "the difference unless the row says of the ratio or the odds ratio, which is infinite or "
        "0 where a sample is all right or all wrong.");
    if (!c->full) {
        interval_table(c, &small);
        test_table(c, &small);
        margin_table(c, 20, 0.19);
    } else {
        interval_table(c, &equal);
        interval_table(c, &unequal);
        woolf_row(c);
        test_table(c, &equal);
        test_table(c, &unequal);
        margin_table(c, 60, 0.15);
        margin_table(c, 200, 0.1);
    }
}
