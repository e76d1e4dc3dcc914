/* Verdicts at the limit, where a wrong one is likeliest; families of them; equivalence at the margin. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "coverage/coverage.h"
#include "stats/bootstrap.h"
#include "stats/claim.h"
#include "stats/delong.h"
#include "stats/distributions.h"
#include "stats/equivalence.h"
#include "stats/mixture.h"
#include "stats/multiplicity.h"
#include "stats/normal.h"
#include "stats/permutation.h"

/* ---- one requirement */

/* The chance of neither a false MET nor, for the other side, a false NOT MET, when the truth is the limit. */
static void limit_rows(coverage *c)
{
    static const double limits[4] = {0.8, 0.9, 0.95, 0.99};
    static const int64_t sizes[5] = {10, 59, 200, 500, 1000};
    for (int side = 0; side < 2; side++) {
        row r = {.method = side == 0 ? "No false MET" : "No false NOT MET",
                 .nominal = 0.95,
                 .promise = AT_LEAST};
        (void)snprintf(r.setting, sizeof r.setting,
                       "truth at the limit 0.8 to 0.99, 10 to 1000 rows, 95 %% confidence");
        for (int l = 0; l < 4; l++) {
            for (int s = 0; s < 5; s++) {
                const assay_proportion_claim claim = {limits[l], true, 0.95};
                double wrong = 0.0;
                for (int64_t x = 0; x <= sizes[s]; x++) {
                    int verdict = 0;
                    must(assay_claim_decide(&verdict, x, sizes[s], &claim, NULL));
                    wrong += verdict == (side == 0 ? 1 : -1)
                                 ? assay_binomial_pmf(x, sizes[s], limits[l])
                                 : 0.0;
                }
                row_add(&r, 1.0 - wrong, 0.0);
            }
        }
        row_end(c, &r);
    }
}

/* ---- several requirements */

enum { FAMILY = 8 };

/* p-values of MET and of NOT MET of requirements of which the first `at_limit` lie at their limit. */
static void draw_claims(double met[FAMILY], double not_met[FAMILY], int at_limit, assay_rng *rng)
{
    for (int i = 0; i < FAMILY; i++) {
        int64_t n = 100 + 50 * i, x = 0;
        const assay_proportion_claim claim = {0.9, true, 0.95};
        double truth = i < at_limit ? 0.9 : 0.97;
        for (int64_t t = 0; t < n; t++) {
            x += assay_rng_uniform(rng) < truth;
        }
        must(assay_claim_p_values(&met[i], &not_met[i], x, n, &claim, NULL));
    }
}

static void family_rows(coverage *c)
{
    static const struct {
        const char *name;
        assay_adjustment method;
    } methods[] = {{"No false MET, no adjustment", ASSAY_ADJUST_NONE},
                   {"No false MET, Holm", ASSAY_ADJUST_HOLM},
                   {"No false MET, Hochberg", ASSAY_ADJUST_HOCHBERG},
                   {"No false MET, fixed sequence", ASSAY_ADJUST_FIXED_SEQUENCE}};
    for (size_t m = 0; m < ASSAY_COUNT(methods); m++) {
        row r = {.method = methods[m].name,
                 .nominal = 0.95,
                 .promise = m == 0 ? BROKEN : AT_LEAST,
                 .slack = m == 0 ? 0.05 : 0.0};
        (void)snprintf(r.setting, sizeof r.setting,
                       "8 requirements of 100 to 450 rows, 8, 4 or 1 of them at the limit");
        for (int wrong = FAMILY; wrong > 0; wrong = wrong == 8 ? 4 : wrong == 4 ? 1 : 0) {
            int64_t kept = 0;
            for (int64_t run = 0; run < c->runs; run++) {
                assay_rng rng = stream("family of claims", run);
                double p[FAMILY], not_met[FAMILY], least = 1.0;
                draw_claims(p, not_met, wrong, &rng);
                must(assay_adjust(p, p, FAMILY, methods[m].method, NULL));
                for (int i = 0; i < wrong; i++) {
                    least = fmin(least, p[i]);
                }
                kept += least > 0.05;
            }
            row_count(&r, kept, c->runs);
        }
        row_end(c, &r);
    }
}

/* Families whose condition is `any_fail_is_found`: a failure anywhere counts, and none is found where every
 * requirement is met by a hair. */
static void any_fail_rows(coverage *c)
{
    static const struct {
        const char *name;
        assay_adjustment method;
    } methods[] = {{"No false NOT MET, no adjustment", ASSAY_ADJUST_NONE},
                   {"any_fail_is_found, Bonferroni", ASSAY_ADJUST_BONFERRONI},
                   {"any_fail_is_found, Holm", ASSAY_ADJUST_HOLM},
                   {"any_fail_is_found, Hochberg", ASSAY_ADJUST_HOCHBERG},
                   {"any_fail_is_found, Benjamini-Hochberg", ASSAY_ADJUST_BENJAMINI_HOCHBERG}};
    for (size_t m = 0; m < ASSAY_COUNT(methods); m++) {
        row r = {.method = methods[m].name,
                 .nominal = 0.95,
                 .promise = m == 0 ? BROKEN : AT_LEAST,
                 .slack = m == 0 ? 0.05 : 0.0};
        (void)snprintf(r.setting, sizeof r.setting,
                       "%d requirements of 100 to 450 rows, all met by a hair", FAMILY);
        int64_t kept = 0;
        for (int64_t run = 0; run < c->runs; run++) {
            assay_rng rng = stream("any fail", run);
            double met[FAMILY], p[FAMILY], least = 1.0;
            draw_claims(met, p, FAMILY, &rng);
            must(assay_adjust(p, p, FAMILY, methods[m].method, NULL));
            for (int i = 0; i < FAMILY; i++) {
                least = fmin(least, p[i]);
            }
            kept += !(least < 0.05);
        }
        row_count(&r, kept, c->runs);
        row_end(c, &r);
    }
}

/* A bound of a quantile by the rank of a value, for continuous values: free of their distribution. */
static void quantile_rows(coverage *c)
{
    static const double quantiles[3] = {0.5, 0.9, 0.99};
    static const int64_t sizes[4] = {30, 59, 300, 1000};
    row rows[2] = {{.method = "Upper bound of a quantile by rank"},
                   {.method = "Lower bound of a quantile by rank"}};
    for (int side = 0; side < 2; side++) {
        rows[side].nominal = 0.95;
        rows[side].promise = AT_LEAST;
        (void)snprintf(rows[side].setting, sizeof rows[side].setting,
                       "quantiles 0.5, 0.9, 0.99 of 30 to 1000 values");
    }
    for (int q = 0; q < 3; q++) {
        for (int s = 0; s < 4; s++) {
            int64_t upper = 0, lower = 0, n = sizes[s];
            must(assay_quantile_upper_rank(&upper, n, quantiles[q], 0.05, NULL));
            must(assay_quantile_lower_rank(&lower, n, quantiles[q], 0.05, NULL));
            /* values up to the quantile are binomial; the r-th smallest is above it when fewer than r are */
            row_add(&rows[0], upper > n ? 1.0 : assay_binomial_cdf(upper - 1, n, quantiles[q]),
                    0.0);
            row_add(&rows[1], lower < 1 ? 1.0 : assay_binomial_sf(lower - 1, n, quantiles[q]), 0.0);
        }
    }
    row_end(c, &rows[0]);
    row_end(c, &rows[1]);
}

/* Requirements that are watched datum by datum, each stopped where it looks best: with every one of them
 * false any discovery is a false one. */
static void e_values_row(coverage *c)
{
    enum { STREAMS = 5, LONGEST = 300 };
    row r = {.method = "No false discovery, e-BH", .nominal = 0.95, .promise = AT_LEAST};
    (void)snprintf(r.setting, sizeof r.setting,
                   "%d requirements, each stopped where it looks best in %d rows", STREAMS,
                   LONGEST);
    int64_t kept = 0, runs = c->full ? c->runs : 100;
    for (int64_t run = 0; run < runs; run++) {
        assay_rng rng = stream("stopped e-values", run);
        double e[STREAMS], adjusted[STREAMS], least = 1.0;
        for (int s = 0; s < STREAMS; s++) {
            int64_t x = 0;
            double best = 0.0;
            for (int64_t n = 1; n <= LONGEST; n++) {
                double now = 0.0;
                x += assay_rng_uniform(&rng) < 0.9;
                must(assay_bernoulli_one_sided_e(&now, x, n, 0.9, true, 1.0, 1.0, NULL));
                best = fmax(best, now);
            }
            e[s] = exp(best);
        }
        must(assay_e_benjamini_hochberg(adjusted, e, STREAMS, NULL));
        for (int s = 0; s < STREAMS; s++) {
            least = fmin(least, adjusted[s]);
        }
        kept += least > 0.05;
    }
    row_count(&r, kept, runs);
    row_end(c, &r);
}

/* Correlated metrics of one pair of equally good models, all permuted together. */
static void max_t_row(coverage *c)
{
    enum { METRICS = 5, DATA = 40, REPLICATES = 199 };
    row r = {.method = "No false difference, max-T", .nominal = 0.95, .promise = AT_LEAST};
    (void)snprintf(r.setting, sizeof r.setting, "%d correlated metrics of %d rows, %d permutations",
                   METRICS, DATA, REPLICATES);
    int64_t kept = 0, runs = c->full ? c->runs : 200;
    for (int64_t run = 0; run < runs; run++) {
        assay_rng rng = stream("max-T", run);
        double d[DATA * METRICS], seen[METRICS] = {0}, null[REPLICATES * METRICS], least = 1.0;
        for (int i = 0; i < DATA; i++) {
            double common = assay_rng_normal(&rng);
            for (int m = 0; m < METRICS; m++) {
                d[i * METRICS + m] = common + assay_rng_normal(&rng);
                seen[m] += d[i * METRICS + m];
            }
        }
        for (int64_t b = 0; b < REPLICATES; b++) {
            assay_sign_flip_sums(null + b * METRICS, d, DATA, METRICS, (uint64_t)run, b);
        }
        for (int64_t i = 0; i < REPLICATES * METRICS; i++) {
            null[i] = fabs(null[i]);
        }
        for (int m = 0; m < METRICS; m++) {
            seen[m] = fabs(seen[m]);
        }
        must(assay_max_t(seen, seen, null, REPLICATES, METRICS, true, NULL));
        for (int m = 0; m < METRICS; m++) {
            least = fmin(least, seen[m]);
        }
        kept += least > 0.05;
    }
    row_count(&r, kept, runs);
    row_end(c, &r);
}

/* ---- equivalence and non-inferiority */

static void paired_margin_row(coverage *c, int64_t n, double margin, const char *method, bool both)
{
    row r = {.method = method, .nominal = 0.95, .promise = ABOUT, .slack = 0.006};
    (void)snprintf(r.setting, sizeof r.setting,
                   "%" PRId64 " pairs, true difference at the margin %g, flips 0.12 to 0.4", n,
                   margin);
    for (double flips = 0.12; flips < 0.45; flips += 0.07) {
        double wrong = 0.0, more = (flips - margin) / 2.0, fewer = more + margin;
        for (int64_t b = 0; b <= n; b++) {
            for (int64_t k = 0; b + k <= n; k++) {
                /* b flips for the worse are the likelier ones: b - c is on average n times the margin */
                double mass = assay_binomial_pmf(b + k, n, flips) *
                              assay_binomial_pmf(b, b + k, fewer / flips);
                if (mass < 1e-9) {
                    continue; /* counted as right, far below any digit shown */
                }
                assay_equivalence e;
                must(assay_equivalence_paired(&e, b, k, n, margin, NULL));
                wrong += (both ? e.equivalent : e.not_superior) <= 0.05 ? mass : 0.0;
            }
        }
        row_add(&r, 1.0 - wrong, 0.0);
    }
    row_end(c, &r);
}

static void mean_margin_row(coverage *c)
{
    enum { DATA = 30 };
    row r = {.method = "TOST by t", .nominal = 0.95, .promise = AT_LEAST};
    (void)snprintf(r.setting, sizeof r.setting,
                   "%d normal differences, mean at the margin of 0.5 and of 1.5 deviations", DATA);
    for (int s = 0; s < 2; s++) {
        double margin = s == 0 ? 0.5 : 1.5;
        int64_t kept = 0;
        for (int64_t run = 0; run < c->runs; run++) {
            assay_rng rng = stream("equivalence", run);
            double sum = 0.0, squares = 0.0;
            for (int i = 0; i < DATA; i++) {
                double d = margin + assay_rng_normal(&rng);
                sum += d;
                squares += d * d;
            }
            double mean = sum / DATA;
            double se = sqrt((squares - DATA * mean * mean) / (DATA - 1.0) / DATA);
            assay_equivalence e;
            must(assay_equivalence_estimate(&e, mean, se, DATA - 1.0, margin, NULL));
            kept += e.equivalent > 0.05;
        }
        row_count(&r, kept, c->runs);
    }
    row_end(c, &r);
}

/* ---- the area under the curve of clustered data */

enum { MOST_ROWS = 600 };

typedef struct scenes {
    double scores[MOST_ROWS];
    uint8_t positive[MOST_ROWS];
    int64_t cluster[MOST_ROWS], n;
} scenes;

static void draw_scenes(scenes *s, int64_t clusters, double shift, assay_rng *rng)
{
    s->n = 0;
    for (int64_t k = 0; k < clusters; k++) {
        double common = assay_rng_normal(rng);
        int64_t size = 1 + (int64_t)assay_rng_below(rng, 10);
        bool kind = assay_rng_u32(rng) % 2 == 0; /* scenes are rich or poor in positives */
        for (int64_t i = 0; i < size; i++, s->n++) {
            s->positive[s->n] = assay_rng_uniform(rng) < (kind ? 0.8 : 0.2);
            s->cluster[s->n] = k;
            s->scores[s->n] = sqrt(0.4) * common + sqrt(0.6) * assay_rng_normal(rng) +
                              (s->positive[s->n] ? shift : 0.0);
        }
    }
}

static void clustered_area_rows(coverage *c)
{
    static scenes s;
    row rows[2] = {{.method = "DeLong, clusters ignored", .promise = BROKEN, .slack = 0.03},
                   {.method = "DeLong of clusters (Obuchowski)", .promise = ABOUT, .slack = 0.02}};
    int64_t runs = c->full ? c->runs : 300;
    for (int m = 0; m < 2; m++) {
        rows[m].nominal = 0.95;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "area of 60 scenes of 1 to 10, ICC 0.4, area 0.5 and 0.76");
    }
    for (int t = 0; t < 2; t++) {
        double shift = t, truth = assay_normal_cdf(shift / sqrt(2.0));
        int64_t covered[2] = {0};
        for (int64_t run = 0; run < runs; run++) {
            assay_rng rng = stream("clustered area", run);
            const double *model[1] = {s.scores};
            double area = 0, variance = 0, low = 0, high = 0;
            draw_scenes(&s, 60, shift, &rng);
            must(assay_delong(&area, &variance, model, 1, s.positive, s.n, NULL));
            must(assay_auc_interval(&low, &high, area, variance, 1, 0.025, 0.025, NULL));
            covered[0] += low <= truth && truth <= high;
            must(assay_delong_clustered(&area, &variance, model, 1, s.positive, s.cluster, 60, s.n,
                                        NULL));
            must(assay_auc_interval(&low, &high, area, variance, 1, 0.025, 0.025, NULL));
            covered[1] += low <= truth && truth <= high;
        }
        for (int m = 0; m < 2; m++) {
            row_count(&rows[m], covered[m], runs);
        }
    }
    for (int m = 0; m < 2; m++) {
        row_end(c, &rows[m]);
    }
}

void cover_verdicts(coverage *c)
{
    section(
        "Verdicts and claims of equivalence",
        "The share of data sets without a wrong claim where one is likeliest: requirements that "
        "are missed by a hair, models that differ by just the margin. Verdicts on proportions "
        "are exact at any size; of a family the chance of any false MET counts.");
    limit_rows(c);
    quantile_rows(c);
    family_rows(c);
    any_fail_rows(c);
    e_values_row(c);
    max_t_row(c);
    paired_margin_row(c, c->full ? 100 : 40, 0.1, "TOST by Tango", true);
    paired_margin_row(c, c->full ? 100 : 40, 0.1, "Non-inferiority by Tango", false);
    mean_margin_row(c);
    clustered_area_rows(c);
}
