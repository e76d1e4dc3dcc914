#include "stats/clustered.h"

#include <inttypes.h>
#include <math.h>

#include "base/reduce.h"
#include "stats/check.h"
#include "stats/continuous.h"
#include "stats/special.h"

/* Analysis of variance of 0/1 scores, from the clusters' sums alone. */
static double correlation(const double *y, const double *n, int64_t clusters, double value,
                          double total)
{
    assay_sum between = {0}, within = {0}, squares = {0};
    for (int64_t c = 0; c < clusters; c++) {
        double p = y[c] / n[c];
        assay_sum_add(&between, n[c] * (p - value) * (p - value));
        assay_sum_add(&within, n[c] * p * (1.0 - p));
        assay_sum_add(&squares, n[c] * n[c]);
    }
    double groups = (double)clusters;
    double mean_between = assay_sum_value(&between) / (groups - 1.0);
    double mean_within = assay_sum_value(&within) / (total - groups);
    double size = (total - assay_sum_value(&squares) / total) / (groups - 1.0);
    return (mean_between - mean_within) / (mean_between + (size - 1.0) * mean_within);
}

static assay_status check_clusters(const double *y, const double *n, int64_t clusters,
                                   assay_error *err)
{
    ASSAY_TRY(assay_check_least("clustered data", "the number of clusters", clusters, 2, err));
    ASSAY_TRY(assay_check_finite("clustered data", y, clusters, err));
    ASSAY_TRY(assay_check_finite("clustered data", n, clusters, err));
    for (int64_t c = 0; c < clusters; c++) {
        if (!(n[c] > 0.0)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "clustered data: cluster %" PRId64 " has the size %g; leave empty "
                              "clusters out",
                              c + 1, n[c]);
        }
    }
    return ASSAY_OK;
}

assay_status assay_cluster_ratio(assay_cluster_estimate *out, const double *y, const double *n,
                                 int64_t clusters, assay_error *err)
{
    *out = (assay_cluster_estimate){.value = NAN, .se = NAN, .deff = NAN, .icc = NAN};
    ASSAY_TRY(check_clusters(y, n, clusters, err));
    assay_sum sum_y = {0}, sum_n = {0}, squares = {0};
    for (int64_t c = 0; c < clusters; c++) {
        assay_sum_add(&sum_y, y[c]);
        assay_sum_add(&sum_n, n[c]);
    }
    out->total = assay_sum_value(&sum_n);
    out->value = assay_sum_value(&sum_y) / out->total;
    out->clusters = clusters;
    for (int64_t c = 0; c < clusters; c++) {
        double residual = y[c] - out->value * n[c];
        assay_sum_add(&squares, residual * residual);
    }
    double groups = (double)clusters;
    double variance = groups / (groups - 1.0) * assay_sum_value(&squares) / out->total / out->total;
    out->se = sqrt(variance);
    double simple = out->value * (1.0 - out->value) / out->total;
    out->effective = groups;
    if (simple > 0.0) {
        out->deff = variance / simple;
        out->effective = fmin(out->total, fmax(fmin(groups, out->total), out->total / out->deff));
    }
    if (out->total > groups) {
        out->icc = correlation(y, n, clusters, out->value, out->total);
    }
    return ASSAY_OK;
}

static assay_status check_estimate(const assay_cluster_estimate *estimate, double alpha_low,
                                   double alpha_high, assay_error *err)
{
    ASSAY_TRY(assay_check_alphas("clustered data", alpha_low, alpha_high, err));
    ASSAY_TRY(
        assay_check_least("clustered data", "the number of clusters", estimate->clusters, 2, err));
    return assay_check_positive("clustered data", "the total size", estimate->total, err);
}

assay_status assay_cluster_interval(double *low, double *high,
                                    const assay_cluster_estimate *estimate, double alpha_low,
                                    double alpha_high, assay_error *err)
{
    *low = -INFINITY;
    *high = INFINITY;
    ASSAY_TRY(check_estimate(estimate, alpha_low, alpha_high, err));
    double df = (double)(estimate->clusters - 1);
    if (alpha_low > 0.0) {
        *low = estimate->value - assay_t_quantile_upper(alpha_low, df) * estimate->se;
    }
    if (alpha_high > 0.0) {
        *high = estimate->value + assay_t_quantile_upper(alpha_high, df) * estimate->se;
    }
    return ASSAY_OK;
}

/* n* of one end */
static double korn_graubard_size(const assay_cluster_estimate *e, double alpha)
{
    if (!(e->value > 0.0 && e->value < 1.0)) {
        return fmin(e->total, (double)e->clusters);
    }
    /* at alpha = 0.5 both quantiles are 0 and their ratio has no meaning */
    double few = assay_t_quantile_upper(alpha, (double)(e->clusters - 1));
    double many = e->total > 1.0 ? assay_t_quantile_upper(alpha, e->total - 1.0) : few;
    double ratio = few > 0.0 ? many / few : 1.0;
    return fmin(e->total, e->effective * ratio * ratio);
}

assay_status assay_korn_graubard(double *low, double *high, const assay_cluster_estimate *estimate,
                                 double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(check_estimate(estimate, alpha_low, alpha_high, err));
    ASSAY_TRY(assay_check_unit("clustered data", "the proportion", estimate->value, err));
    if (alpha_low > 0.0 && estimate->value > 0.0) {
        double n = korn_graubard_size(estimate, alpha_low);
        double x = estimate->value * n;
        *low = assay_beta_inc_inverse(x, n - x + 1.0, alpha_low);
    }
    if (alpha_high > 0.0 && estimate->value < 1.0) {
        double n = korn_graubard_size(estimate, alpha_high);
        double x = estimate->value * n;
        *high = assay_beta_inc_upper_inverse(x + 1.0, n - x, alpha_high);
    }
    return ASSAY_OK;
}

assay_status assay_weighted_share(assay_cluster_estimate *out, const assay_weighted_counts *counts,
                                  assay_error *err)
{
    const assay_weighted_counts *c = counts;
    *out = (assay_cluster_estimate){.value = NAN, .se = NAN, .deff = NAN, .icc = NAN};
    ASSAY_TRY(assay_check_positive("weighted share", "the total weight", c->weight, err));
    ASSAY_TRY(assay_check_positive("weighted share", "the sum of squares", c->squares, err));
    double p = fmin(c->hits / c->weight, 1.0);
    double spread =
        (1.0 - p) * (1.0 - p) * c->hits_squares + p * p * fmax(c->squares - c->hits_squares, 0.0);
    double trials = fmin(c->weight * (c->weight / c->squares), c->rows);
    out->value = p;
    out->se = 0.0;
    if (p > 0.0 && p < 1.0 && c->rows >= 2.0 && spread > 0.0) {
        double variance = c->rows / (c->rows - 1.0) * (spread / c->weight / c->weight);
        out->se = sqrt(variance);
        out->deff = variance / (p * (1.0 - p) / c->rows);
        trials = fmin(p * (1.0 - p) / variance, c->rows);
    }
    out->effective = trials;
    out->total = trials;
    out->clusters = INT64_MAX;
    return ASSAY_OK;
}

assay_status assay_design_effect(double *out, double mean_size, double cv, double icc,
                                 assay_error *err)
{
    *out = NAN;
    ASSAY_TRY(assay_check_positive("design effect", "the mean cluster size", mean_size, err));
    if (!(cv >= 0.0) || isinf(cv) || !(icc >= -1.0 && icc <= 1.0)) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "design effect: a coefficient of variation of %g (>= 0) and a correlation "
            "of %g (in [-1, 1])",
            cv, icc);
    }
    *out = 1.0 + ((1.0 + cv * cv) * mean_size - 1.0) * icc;
    return ASSAY_OK;
}
