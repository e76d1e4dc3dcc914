#include "coverage/coverage.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/sort.h"
#include "stats/bootstrap.h"
#include "stats/clustered.h"
#include "stats/delong.h"
#include "stats/distributions.h"
#include "stats/intervals.h"
#include "stats/normal.h"

enum { CLUSTERS = 100, LARGEST = 20 };

/* Clusters of 1 to LARGEST right-or-wrong data whose success probability is beta distributed with
 * mean p and intraclass correlation rho. */
static void draw_clusters(double *y, double *n, int64_t clusters, double p, double rho,
                          assay_rng *rng)
{
    for (int64_t c = 0; c < clusters; c++) {
        double own = p;
        double u = assay_rng_uniform(rng);
        if (rho > 0.0) {
            double size = (1.0 - rho) / rho;
            own = assay_beta_quantile(u, p * size, (1.0 - p) * size);
        }
        n[c] = (double)(1 + assay_rng_below(rng, LARGEST));
        y[c] = 0.0;
        for (int64_t i = 0; i < (int64_t)n[c]; i++) {
            y[c] += assay_rng_uniform(rng) < own ? 1.0 : 0.0;
        }
    }
}

typedef struct cluster_rows {
    row naive, robust, exact;
} cluster_rows;

static void cluster_setting(coverage *c, cluster_rows *rows, int64_t clusters, double p, double rho)
{
    double y[CLUSTERS], n[CLUSTERS];
    int64_t covered[3] = {0, 0, 0};
    for (int64_t run = 0; run < c->runs; run++) {
        assay_rng rng = stream("clusters", run);
        draw_clusters(y, n, clusters, p, rho, &rng);
        assay_cluster_estimate e;
        double low = 0, high = 0;
        must(assay_cluster_ratio(&e, y, n, clusters, NULL));
        must(assay_clopper_pearson(&low, &high, (int64_t)llround(e.value * e.total),
                                   (int64_t)e.total, 0.05, 0.0, NULL));
        covered[0] += low <= p;
        must(assay_cluster_interval(&low, &high, &e, 0.05, 0.0, NULL));
        covered[1] += low <= p;
        must(assay_korn_graubard(&low, &high, &e, 0.05, 0.0, NULL));
        covered[2] += low <= p;
    }
    if (rho > 0.0) {
        row_count(&rows->naive, covered[0], c->runs);
    }
    row_count(&rows->robust, covered[1], c->runs);
    row_count(&rows->exact, covered[2], c->runs);
}

static void cluster_table(coverage *c, int64_t clusters, double p)
{
    static const double correlations[3] = {0.0, 0.1, 0.3};
    cluster_rows rows = {
        .naive = {.method = "Clopper-Pearson, clusters ignored", .promise = BROKEN, .slack = 0.03},
        .robust = {.method = "Cluster-robust t", .promise = ABOUT, .slack = 0.02},
        .exact = {.method = "Korn-Graubard", .promise = ABOUT, .slack = 0.02}};
    row *all[3] = {&rows.naive, &rows.robust, &rows.exact};
    if (p > 0.7) {
        /* few failures in few clusters: the t interval is short on the side of the many */
        rows.robust.slack = 0.10;
    }
    for (int i = 0; i < 3; i++) {
        all[i]->nominal = 0.95;
        (void)snprintf(all[i]->setting, sizeof all[i]->setting,
                       "%" PRId64 " clusters of 1 to %d, p = %g, ICC %s, lower bound", clusters,
                       LARGEST, p, i == 0 ? "0.1, 0.3" : "0, 0.1, 0.3");
    }
    for (int i = 0; i < 3; i++) {
        cluster_setting(c, &rows, clusters, p, correlations[i]);
    }
    for (int i = 0; i < 3; i++) {
        row_end(c, all[i]);
    }
}

void cover_clusters(coverage *c)
{
    section(
        "Clustered data",
        "Right-or-wrong data in clusters of random size; the success probability of a cluster is "
        "beta distributed. Lower bounds at 95 %, as a verdict uses them. No method knows rare "
        "failures that come in bursts: at p = 0.97 and ICC 0.3 even Korn and Graubard's bound "
        "holds in 91.5 % only.");
    cluster_table(c, 40, 0.5);
    cluster_table(c, 100, 0.9);
    if (c->full) {
        cluster_table(c, 12, 0.5);
        cluster_table(c, 40, 0.9);
        cluster_table(c, 100, 0.97);
    }
}

/* ---- bootstrap and DeLong */

enum { VALUES = 40, REPLICATES = 999 };

static double mean_of(const double *v, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += v[i];
    }
    return sum / (double)n;
}

static void sort(double *values, int64_t n)
{
    int64_t order[REPLICATES];
    double copy[REPLICATES];
    must(assay_sort_order(order, values, n, 0, NULL));
    for (int64_t i = 0; i < n; i++) {
        copy[i] = values[order[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        values[i] = copy[i];
    }
}

typedef struct resampled {
    double means[REPLICATES], pivots[REPLICATES], jackknife[VALUES], estimate, se;
} resampled;

static void resample(resampled *r, const double *v, assay_rng *rng)
{
    double drawn[VALUES];
    r->estimate = mean_of(v, VALUES);
    must(assay_bootstrap_se(&r->se, v, VALUES, NULL));
    r->se /= sqrt(VALUES);
    for (int64_t i = 0; i < VALUES; i++) {
        r->jackknife[i] = (r->estimate * VALUES - v[i]) / (VALUES - 1);
    }
    for (int64_t b = 0; b < REPLICATES; b++) {
        double spread = 0.0;
        for (int64_t i = 0; i < VALUES; i++) {
            drawn[i] = v[assay_rng_below(rng, VALUES)];
        }
        r->means[b] = mean_of(drawn, VALUES);
        must(assay_bootstrap_se(&spread, drawn, VALUES, NULL));
        r->pivots[b] = (r->means[b] - r->estimate) / (spread / sqrt(VALUES));
    }
    sort(r->means, REPLICATES);
    sort(r->pivots, REPLICATES);
}

/* Mean of VALUES exponential or normal values. */
static void bootstrap_setting(coverage *c, row rows[4], bool skewed)
{
    static resampled r;
    int64_t covered[4] = {0}, runs = c->full ? 4000 : 60;
    double truth = skewed ? 1.0 : 0.0;
    for (int64_t run = 0; run < runs; run++) {
        assay_rng rng = stream(skewed ? "exponential" : "normal", run);
        double v[VALUES], low[4], high[4];
        for (int64_t i = 0; i < VALUES; i++) {
            v[i] = skewed ? -log1p(-assay_rng_uniform(&rng)) : assay_rng_normal(&rng);
        }
        resample(&r, v, &rng);
        must(assay_percentile_interval(&low[0], &high[0], r.means, REPLICATES, 0.025, 0.025, NULL));
        must(assay_bca_interval(&low[1], &high[1], r.means, REPLICATES, r.estimate, r.jackknife,
                                VALUES, 0.025, 0.025, NULL));
        must(assay_studentised_interval(&low[2], &high[2], r.pivots, REPLICATES, r.estimate, r.se,
                                        0.025, 0.025, NULL));
        must(assay_normal_interval(&low[3], &high[3], r.estimate, r.se, VALUES - 1, 0.025, 0.025,
                                   NULL));
        for (int m = 0; m < 4; m++) {
            covered[m] += low[m] <= truth && truth <= high[m];
        }
    }
    for (int m = 0; m < 4; m++) {
        row_count(&rows[m], covered[m], runs);
    }
}

static void bootstrap_table(coverage *c, bool skewed)
{
    static const char *const names[4] = {"Bootstrap percentile", "Bootstrap BCa",
                                         "Bootstrap studentised", "t interval"};
    row rows[4];
    for (int m = 0; m < 4; m++) {
        rows[m] = (row){.method = names[m], .nominal = 0.95, .promise = ABOUT, .slack = 0.02};
        rows[m].slack = skewed && m != 2 ? 0.04 : 0.02;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting, "mean of %d %s values", VALUES,
                       skewed ? "exponential" : "normal");
    }
    bootstrap_setting(c, rows, skewed);
    for (int m = 0; m < 4; m++) {
        row_end(c, &rows[m]);
    }
}

/* Two correlated scores, normal in either class; the areas are Phi(shift / sqrt 2). */
static void delong_setting(coverage *c, row rows[3], int64_t n, double shift, double auc)
{
    enum { DATA = 400 };
    static double scores[2][DATA];
    static uint8_t positive[DATA];
    const double *both[2] = {scores[0], scores[1]};
    int64_t covered[3] = {0}, runs = c->full ? c->runs : 200;
    for (int64_t run = 0; run < runs; run++) {
        assay_rng rng = stream("delong", run);
        for (int64_t i = 0; i < n; i++) {
            double common = assay_rng_normal(&rng);
            positive[i] = i % 2 == 0;
            for (int j = 0; j < 2; j++) {
                scores[j][i] =
                    sqrt(0.5) * (common + assay_rng_normal(&rng)) + (positive[i] ? shift : 0.0);
            }
        }
        double area[2], cov[4], low = 0, high = 0;
        must(assay_delong(area, cov, both, 2, positive, n, NULL));
        must(assay_auc_interval(&low, &high, area[0], cov[0], 0, 0.025, 0.025, NULL));
        covered[0] += low <= auc && auc <= high;
        must(assay_auc_interval(&low, &high, area[0], cov[0], 1, 0.025, 0.025, NULL));
        covered[1] += low <= auc && auc <= high;
        covered[2] += assay_difference_p(area[0] - area[1], cov[0] + cov[3] - 2.0 * cov[1]) > 0.05;
    }
    for (int m = 0; m < 3; m++) {
        row_count(&rows[m], covered[m], runs);
    }
}

/* Few data near a perfect area: what ROC AUC gets, which is exact where all data are in order. */
static void small_area_table(coverage *c, int64_t each)
{
    enum { MOST = 60 };
    static const double shifts[3] = {1.5, 2.5, 3.5};
    row rows[2] = {{.method = "DeLong, logit", .nominal = 0.95, .promise = BROKEN, .slack = 0.0},
                   {.method = "DeLong, logit; exact when all are in order",
                    .nominal = 0.95,
                    .promise = ABOUT,
                    .slack = 0.02}};
    int64_t runs = c->full ? c->runs : 400;
    for (int m = 0; m < 2; m++) {
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "%" PRId64 " of each class, area 0.86, 0.96, 0.993, lower bound", each);
    }
    for (int s = 0; s < 3; s++) {
        double truth = assay_normal_cdf(shifts[s] / sqrt(2.0));
        int64_t covered[2] = {0};
        for (int64_t run = 0; run < runs; run++) {
            assay_rng rng = stream("small area", run);
            double scores[MOST], area = 0, variance = 0, low = 0, high = 0;
            const double *model[1] = {scores};
            uint8_t positive[MOST];
            for (int64_t i = 0; i < 2 * each; i++) {
                positive[i] = i < each;
                scores[i] = assay_rng_normal(&rng) + (positive[i] ? shifts[s] : 0.0);
            }
            must(assay_delong(&area, &variance, model, 1, positive, 2 * each, NULL));
            must(assay_auc_interval(&low, &high, area, variance, 1, 0.05, 0.0, NULL));
            covered[0] += low <= truth;
            if (area == 1.0 && variance == 0.0) {
                low = assay_perfect_area_bound(each, 0.05);
            }
            covered[1] += low <= truth;
        }
        row_count(&rows[0], covered[0], runs);
        row_count(&rows[1], covered[1], runs);
    }
    row_end(c, &rows[0]);
    row_end(c, &rows[1]);
}

static void delong_table(coverage *c, int64_t n)
{
    static const char *const names[3] = {"DeLong", "DeLong, logit", "DeLong, paired test"};
    row rows[3];
    for (int m = 0; m < 3; m++) {
        rows[m] = (row){.method = names[m], .nominal = 0.95, .promise = ABOUT, .slack = 0.02};
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "%" PRId64 " data, area 0.5, 0.76, 0.96", n);
    }
    /* not on the logit scale the interval is too short near 1 when there are few data */
    rows[0].slack = n < 100 ? 0.05 : 0.01;
    rows[1].slack = 0.01;
    rows[2].slack = 0.0;
    delong_setting(c, rows, n, 0.0, 0.5);
    delong_setting(c, rows, n, 1.0, 0.76024993890652326);
    delong_setting(c, rows, n, 2.5, 0.96145003954826747);
    for (int m = 0; m < 3; m++) {
        row_end(c, &rows[m]);
    }
}

void cover_bootstrap(coverage *c)
{
    section(
        "Bootstrap and area under the ROC curve",
        "999 replicates; small samples, one of them skewed. Near an area of 1 the logit scale is "
        "the one to use.");
    bootstrap_table(c, false);
    bootstrap_table(c, true);
    delong_table(c, 60);
    small_area_table(c, 10);
    small_area_table(c, 25);
    if (c->full) {
        delong_table(c, 400);
    }
}
