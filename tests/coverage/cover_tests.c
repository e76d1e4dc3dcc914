#include "coverage/coverage.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "stats/distributions.h"
#include "stats/multiplicity.h"
#include "stats/normal.h"
#include "stats/paired.h"
#include "stats/permutation.h"
#include "stats/rank_tests.h"
#include "stats/two_proportions.h"

/* Probability of b and c flips among n pairs. */
static double trinomial(int64_t b, int64_t c, int64_t n, double p10, double p01)
{
    double flips = p10 + p01;
    return assay_binomial_pmf(b + c, n, flips) * assay_binomial_pmf(b, b + c, p10 / flips);
}

typedef struct pair_rows {
    row tango, exact, mid;
} pair_rows;

static void pair_setting(pair_rows *rows, int64_t n, double p10, double p01)
{
    double covered = 0.0, kept_exact = 0.0, kept_mid = 0.0;
    for (int64_t b = 0; b <= n; b++) {
        for (int64_t c = 0; b + c <= n; c++) {
            double mass = trinomial(b, c, n, p10, p01), low = 0, high = 0;
            if (mass < 1e-12) {
                covered +=
                    mass; /* too rare to matter; counted in favour, far below any digit shown */
                continue;
            }
            assay_mcnemar m;
            must(assay_tango(&low, &high, b, c, n, 0.025, 0.025, NULL));
            must(assay_mcnemar_test(&m, b, c, NULL));
            covered += low <= p10 - p01 && p10 - p01 <= high ? mass : 0.0;
            kept_exact += m.exact > 0.05 ? mass : 0.0;
            kept_mid += m.mid_p > 0.05 ? mass : 0.0;
        }
    }
    row_add(&rows->tango, covered, 0.0);
    if (p10 == p01) {
        row_add(&rows->exact, kept_exact, 0.0);
        row_add(&rows->mid, kept_mid, 0.0);
    }
}

static void pair_table(coverage *c, int64_t n)
{
    pair_rows rows = {.tango = {.method = "Tango", .promise = ABOUT, .slack = 0.006},
                      .exact = {.method = "McNemar exact", .promise = AT_LEAST},
                      .mid = {.method = "McNemar mid-P", .promise = ABOUT}};
    row *all[3] = {&rows.tango, &rows.exact, &rows.mid};
    for (int i = 0; i < 3; i++) {
        all[i]->nominal = 0.95;
        (void)snprintf(all[i]->setting, sizeof all[i]->setting, "%" PRId64 " pairs, %s", n,
                       i == 0 ? "flips 0.02 to 0.4" : "equal flips 0.02 to 0.4");
    }
    static const double flips[6] = {0.02, 0.05, 0.1, 0.2, 0.3, 0.4};
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j <= i; j++) {
            pair_setting(&rows, n, flips[i], flips[j]);
        }
    }
    for (int i = 0; i < 3; i++) {
        row_end(c, all[i]);
    }
}

typedef struct two_rows {
    row newcombe, score, fisher, boschloo;
} two_rows;

static void two_setting(two_rows *rows, int64_t n, double p1, double p2)
{
    double covered[4] = {0};
    for (int64_t x1 = 0; x1 <= n; x1++) {
        for (int64_t x2 = 0; x2 <= n; x2++) {
            double mass = assay_binomial_pmf(x1, n, p1) * assay_binomial_pmf(x2, n, p2);
            assay_two_counts t = {x1, n, x2, n};
            double low = 0, high = 0, truth = p1 - p2;
            must(assay_newcombe(&low, &high, &t, 0.025, 0.025, NULL));
            covered[0] += low <= truth && truth <= high ? mass : 0.0;
            must(assay_score_difference(&low, &high, &t, true, 0.025, 0.025, NULL));
            covered[1] += low <= truth && truth <= high ? mass : 0.0;
            if (p1 == p2) {
                assay_two_p fisher, boschloo;
                must(assay_fisher(&fisher, &t, NULL));
                must(assay_boschloo(&boschloo, &t, NULL));
                covered[2] += fisher.less > 0.05 ? mass : 0.0;
                covered[3] += boschloo.less > 0.05 ? mass : 0.0;
            }
        }
    }
    row_add(&rows->newcombe, covered[0], 0.0);
    row_add(&rows->score, covered[1], 0.0);
    if (p1 == p2) {
        row_add(&rows->fisher, covered[2], 0.0);
        row_add(&rows->boschloo, covered[3], 0.0);
    }
}

static void two_table(coverage *c, int64_t n)
{
    two_rows rows = {
        .newcombe = {.method = "Newcombe", .promise = ABOUT, .slack = 0.006},
        .score = {.method = "Miettinen-Nurminen", .promise = ABOUT, .slack = 0.006},
        .fisher = {.method = "Fisher, one-sided", .promise = AT_LEAST},
        .boschloo = {.method = "Boschloo, one-sided", .promise = AT_LEAST},
    };
    row *all[4] = {&rows.newcombe, &rows.score, &rows.fisher, &rows.boschloo};
    for (int i = 0; i < 4; i++) {
        all[i]->nominal = 0.95;
        (void)snprintf(all[i]->setting, sizeof all[i]->setting, "two samples of %" PRId64 "%s", n,
                       i < 2 ? "" : ", equal probabilities");
    }
    static const double p[5] = {0.05, 0.2, 0.5, 0.7, 0.9};
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j <= i; j++) {
            two_setting(&rows, n, p[i], p[j]);
        }
    }
    for (int i = 0; i < 4; i++) {
        row_end(c, all[i]);
    }
}

void cover_pairs(coverage *c)
{
    section("Two models, two samples",
            "Paired right-or-wrong judgements and independent samples, all outcomes enumerated.");
    pair_table(c, 30);
    two_table(c, c->full ? 20 : 6);
    if (c->full) {
        pair_table(c, 100);
    }
}

/* Symmetric differences with ties: no model is better. */
static void draw_differences(double *d, int64_t n, assay_rng *rng)
{
    for (int64_t i = 0; i < n; i++) {
        double size = floor(-4.0 * log1p(-assay_rng_uniform(rng)));
        d[i] = assay_rng_u32(rng) % 2 == 0 ? size : -size;
    }
}

static void rank_rows(coverage *c)
{
    enum { N = 25, FLIPS = 199 };
    row rows[3] = {{.method = "Wilcoxon exact", .nominal = 0.95, .promise = AT_LEAST},
                   {.method = "Wilcoxon normal", .nominal = 0.95, .promise = ABOUT, .slack = 0.005},
                   {.method = "Sign flips", .nominal = 0.95, .promise = AT_LEAST}};
    int64_t kept[3] = {0}, runs = c->full ? c->runs : 400;
    for (int64_t run = 0; run < runs; run++) {
        assay_rng rng = stream("differences", run);
        double d[N];
        draw_differences(d, N, &rng);
        assay_wilcoxon_result w;
        assay_sign_flip_counts f = {0};
        must(assay_wilcoxon(&w, d, N, ASSAY_ZEROS_WILCOX, true, false, NULL));
        kept[0] += w.two_sided > 0.05;
        must(assay_wilcoxon(&w, d, N, ASSAY_ZEROS_WILCOX, false, true, NULL));
        kept[1] += w.two_sided > 0.05;
        must(assay_sign_flip_count(&f, d, N, (uint64_t)run, 0, FLIPS, NULL));
        kept[2] += assay_permutation_p(f.both, f.replicates) > 0.05;
    }
    for (int m = 0; m < 3; m++) {
        (void)snprintf(rows[m].setting, sizeof rows[m].setting, "%d tied differences", N);
        row_count(&rows[m], kept[m], runs);
        row_end(c, &rows[m]);
    }
}

/* Ten one-sided normal tests with correlation 0.5, no effect: any rejection is an error. */
static void family_rows(coverage *c)
{
    enum { M = 10 };
    static const assay_adjustment methods[] = {ASSAY_ADJUST_NONE,
                                               ASSAY_ADJUST_BONFERRONI,
                                               ASSAY_ADJUST_SIDAK,
                                               ASSAY_ADJUST_HOLM,
                                               ASSAY_ADJUST_HOCHBERG,
                                               ASSAY_ADJUST_BENJAMINI_HOCHBERG,
                                               ASSAY_ADJUST_BENJAMINI_YEKUTIELI};
    static const char *const names[] = {
        "No adjustment",      "Bonferroni",         "Šidák", "Holm", "Hochberg",
        "Benjamini-Hochberg", "Benjamini-Yekutieli"};
    for (size_t m = 0; m < ASSAY_COUNT(methods); m++) {
        row r = {.method = names[m], .nominal = 0.95, .promise = m == 0 ? BROKEN : AT_LEAST};
        r.slack = m == 0 ? 0.1 : 0.0;
        (void)snprintf(r.setting, sizeof r.setting, "%d tests, no effect, correlation 0 and 0.5",
                       M);
        for (int correlated = 0; correlated < 2; correlated++) {
            int64_t kept = 0, runs = c->full ? c->runs : 500;
            for (int64_t run = 0; run < runs; run++) {
                assay_rng rng = stream("family", run);
                double p[M], common = assay_rng_normal(&rng), least = 1.0;
                for (int i = 0; i < M; i++) {
                    double own = assay_rng_normal(&rng);
                    p[i] = assay_normal_sf(correlated ? sqrt(0.5) * (common + own) : own);
                }
                must(assay_adjust(p, p, M, methods[m], NULL));
                for (int i = 0; i < M; i++) {
                    least = fmin(least, p[i]);
                }
                kept += least > 0.05;
            }
            row_count(&r, kept, runs);
        }
        row_end(c, &r);
    }
}

void cover_tests(coverage *c)
{
    section("Tests and families of tests",
            "The share of data sets without a false rejection when nothing is to be found.");
    rank_rows(c);
    family_rows(c);
}
