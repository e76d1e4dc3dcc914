#include "coverage/coverage.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "stats/distributions.h"
#include "stats/multiplicity.h"
#include "stats/normal.h"
#include "stats/paired.h"
#include "stats/permutation.h"
#include "stats/proportion.h"
#include "stats/rank_tests.h"

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

void cover_pairs(coverage *c)
{
    section("Two models on the same data",
            "Paired right-or-wrong judgements, all outcomes enumerated.");
    pair_table(c, 30);
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
    enum { N = 25, FLIPS = 199, EXACT = 10 };
    row rows[6] = {
        {.method = "Wilcoxon exact", .promise = AT_LEAST},
        {.method = "Wilcoxon normal", .promise = ABOUT, .slack = 0.005},
        {.method = "Wilcoxon exact, zeros by Pratt", .promise = AT_LEAST},
        {.method = "Wilcoxon normal, zeros share ranks", .promise = ABOUT, .slack = 0.005},
        {.method = "Sign flips", .promise = AT_LEAST},
        {.method = "Sign flips, all of them", .promise = AT_LEAST}};
    int64_t kept[6] = {0}, runs = c->full ? c->runs : 400;
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
        must(assay_wilcoxon(&w, d, N, ASSAY_ZEROS_PRATT, true, false, NULL));
        kept[2] += w.two_sided > 0.05;
        must(assay_wilcoxon(&w, d, N, ASSAY_ZEROS_SPLIT, false, true, NULL));
        kept[3] += w.two_sided > 0.05;
        must(assay_sign_flip_count(&f, d, N, (uint64_t)run, 0, FLIPS, NULL));
        kept[4] += assay_permutation_p(f.both, f.replicates) > 0.05;
        f = (assay_sign_flip_counts){0};
        must(assay_sign_flip_exact(&f, d, EXACT, NULL));
        kept[5] += (double)f.both / (double)f.replicates > 0.05;
    }
    for (int m = 0; m < 6; m++) {
        rows[m].nominal = 0.95;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting, "%d tied differences",
                       m == 5 ? EXACT : N);
        row_count(&rows[m], kept[m], runs);
        row_end(c, &rows[m]);
    }
}

/* ---- three and more models */

enum { MODELS = 4, MOST_DATA = 60 };

/* Values of equally good models on data that are easier or harder; few distinct ones with `ties`. */
static void draw_models(double *values, int64_t n, bool ties, assay_rng *rng)
{
    for (int64_t i = 0; i < n; i++) {
        double hard = assay_rng_normal(rng);
        for (int j = 0; j < MODELS; j++) {
            double value = hard + assay_rng_normal(rng);
            values[i * MODELS + j] = ties ? floor(value * 1.5) : value;
        }
    }
}

static void friedman_rows(coverage *c, int64_t n, double slack)
{
    row rows[3] = {{.method = "Friedman"}, {.method = "Iman-Davenport"}, {.method = "Nemenyi"}};
    int64_t runs = c->full ? c->runs : 400;
    for (int m = 0; m < 3; m++) {
        rows[m].nominal = 0.95;
        rows[m].promise = ABOUT;
        rows[m].slack = m == 1 ? slack : 0.0;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "%d models on %" PRId64 " groups, without ties and with many%s", MODELS, n,
                       m == 2 ? ", all pairs" : "");
    }
    for (int ties = 0; ties < 2; ties++) {
        int64_t kept[3] = {0};
        for (int64_t run = 0; run < runs; run++) {
            assay_rng rng = stream("friedman", run);
            double values[MOST_DATA * MODELS], ranks[MODELS], pairs[MODELS * MODELS], least = 1.0;
            assay_friedman f;
            draw_models(values, n, ties != 0, &rng);
            must(assay_friedman_test(&f, ranks, values, n, MODELS, NULL));
            must(assay_nemenyi(pairs, ranks, n, MODELS, NULL));
            for (int i = 0; i < MODELS; i++) {
                for (int j = 0; j < i; j++) {
                    least = fmin(least, pairs[i * MODELS + j]);
                }
            }
            kept[0] += f.p > 0.05;
            kept[1] += !(f.f_p <= 0.05);
            kept[2] += least > 0.05;
        }
        for (int m = 0; m < 3; m++) {
            row_count(&rows[m], kept[m], runs);
        }
    }
    for (int m = 0; m < 3; m++) {
        row_end(c, &rows[m]);
    }
}

/* Equally good models whose judgements hang together; `share` of the data tell models apart. */
static void cochran_row(coverage *c, int64_t n, double slack)
{
    static const double rights[3] = {0.6, 0.8, 0.95};
    row r = {.method = "Cochran's Q", .nominal = 0.95, .promise = ABOUT, .slack = slack};
    int64_t runs = c->full ? c->runs : 400;
    (void)snprintf(r.setting, sizeof r.setting,
                   "%d models on %" PRId64 " data, 60, 80, 95 %% right", MODELS, n);
    for (int s = 0; s < 3; s++) {
        int64_t kept = 0;
        for (int64_t run = 0; run < runs; run++) {
            assay_rng rng = stream("cochran", run);
            uint8_t right[MODELS * 400];
            double q = 0, p = 0, cut = assay_normal_quantile(rights[s]);
            for (int64_t i = 0; i < n; i++) {
                double hard = sqrt(0.5) * assay_rng_normal(&rng);
                for (int j = 0; j < MODELS; j++) {
                    right[i * MODELS + j] = hard + sqrt(0.5) * assay_rng_normal(&rng) < cut;
                }
            }
            must(assay_cochran_q(&q, &p, right, n, MODELS, NULL));
            kept += p > 0.05;
        }
        row_count(&r, kept, runs);
    }
    row_end(c, &r);
}

/* All outcomes at the hypothesis. */
static void binomial_rows(coverage *c)
{
    row rows[2] = {{.method = "Binomial test, exact", .promise = AT_LEAST},
                   {.method = "Binomial test, mid-P", .promise = ABOUT}};
    static const double truths[4] = {0.5, 0.8, 0.95, 0.02};
    static const int64_t sizes[3] = {10, 59, 200};
    for (int m = 0; m < 2; m++) {
        rows[m].nominal = 0.95;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "10, 59, 200 data, p = 0.02 to 0.95%s", m == 1 ? ", either side" : "");
    }
    for (int t = 0; t < 4; t++) {
        for (int s = 0; s < 3; s++) {
            double kept = 0.0, less = 0.0, greater = 0.0;
            for (int64_t x = 0; x <= sizes[s]; x++) {
                double mass = assay_binomial_pmf(x, sizes[s], truths[t]);
                assay_binomial_p p;
                must(assay_binomial_test(&p, x, sizes[s], truths[t], NULL));
                kept += fmin(p.two_sided, p.central) > 0.05 ? mass : 0.0;
                less += p.mid_less > 0.05 ? mass : 0.0;
                greater += p.mid_greater > 0.05 ? mass : 0.0;
            }
            row_add(&rows[0], kept, 0.0);
            row_add(&rows[1], less, 0.0);
            row_add(&rows[1], greater, 0.0);
        }
    }
    for (int m = 0; m < 2; m++) {
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
    binomial_rows(c);
    rank_rows(c);
    friedman_rows(c, 10, 0.01);
    cochran_row(c, 50, 0.0);
    if (c->full) {
        friedman_rows(c, 60, 0.01);
        cochran_row(c, 400, 0.0);
    }
    family_rows(c);
}
