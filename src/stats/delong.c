#include "stats/delong.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/reduce.h"
#include "base/sort.h"
#include "stats/check.h"
#include "stats/normal.h"

/* Work space of one call. place[j * n + i] is the placement of datum i under model j: the share of
 * the other class that it beats (ties one half). */
typedef struct roc {
    const double *const *scores;
    const uint8_t *positive;
    int64_t *order;
    double *place;
    int64_t k, n, positives, negatives;
} roc;

/* One pass over the groups of equal scores, with the counts of both classes below the group. */
static double place_model(const roc *r, int64_t model)
{
    const double *scores = r->scores[model];
    double *place = r->place + model * r->n;
    int64_t below[2] = {0, 0};
    int64_t twice_wins = 0; /* of positives over negatives, ties one */
    for (int64_t i = 0; i < r->n;) {
        int64_t end = i;
        int64_t tied[2] = {0, 0};
        while (end < r->n && scores[r->order[end]] == scores[r->order[i]]) {
            tied[r->positive[r->order[end]] != 0]++;
            end++;
        }
        double beaten = ((double)below[0] + 0.5 * (double)tied[0]) / (double)r->negatives;
        double beating =
            ((double)(r->positives - below[1]) - 0.5 * (double)tied[1]) / (double)r->positives;
        for (int64_t at = i; at < end; at++) {
            place[r->order[at]] = r->positive[r->order[at]] != 0 ? beaten : beating;
        }
        twice_wins += tied[1] * (2 * below[0] + tied[0]);
        below[0] += tied[0];
        below[1] += tied[1];
        i = end;
    }
    return (double)twice_wins / 2.0 / ((double)r->positives * (double)r->negatives);
}

static assay_status check_roc(roc *r, assay_error *err)
{
    ASSAY_TRY(assay_check_least("DeLong", "the number of models", r->k, 1, err));
    for (int64_t i = 0; i < r->n; i++) {
        r->positives += r->positive[i] != 0;
    }
    r->negatives = r->n - r->positives;
    if (r->positives < 2 || r->negatives < 2) {
        return assay_fail(err, ASSAY_EINVAL,
                          "DeLong: %" PRId64 " positive and %" PRId64
                          " negative data; two of each are needed",
                          r->positives, r->negatives);
    }
    if (r->n > INT64_C(2000000000)) {
        return assay_fail(err, ASSAY_ELIMIT, "DeLong: %" PRId64 " data are more than 2*10^9", r->n);
    }
    for (int64_t j = 0; j < r->k; j++) {
        ASSAY_TRY(assay_check_finite("DeLong", r->scores[j], r->n, err));
    }
    return ASSAY_OK;
}

static assay_status place_all(double *auc, roc *r, assay_error *err)
{
    ASSAY_TRY(check_roc(r, err));
    r->order = assay_alloc_raw((size_t)r->n, sizeof *r->order);
    r->place = assay_alloc_raw((size_t)r->n, (size_t)r->k * sizeof *r->place);
    if (r->order == NULL || r->place == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t j = 0; j < r->k; j++) {
        ASSAY_TRY(assay_sort_order(r->order, r->scores[j], r->n, 0, err));
        auc[j] = place_model(r, j);
    }
    return ASSAY_OK;
}

static void roc_free(roc *r)
{
    assay_free(r->order);
    assay_free(r->place);
}

/* (sum of squares - square of the sum / n) / (n - 1) / n of placements in units of 1 / (2 other). */
static double mean_variance(assay_uint128 squares, assay_uint128 sum, int64_t n, int64_t other)
{
    assay_uint128 spread = squares * (uint64_t)n - sum * sum;
    double unit = 2.0 * (double)other;
    return (double)spread / (double)n / (double)n / (double)(n - 1) / unit / unit;
}

void assay_area_value(double *auc, double *variance, const assay_area_sums *sums)
{
    int64_t m = sums->positives, n = sums->negatives;
    double pairs = 2.0 * (double)m * (double)n;
    assay_uint128 right = (assay_uint128)2 * (uint64_t)m * (uint64_t)n - sums->twice;
    *auc = (double)right / pairs;
    *variance = NAN;
    if (m >= 2 && n >= 2) {
        *variance = mean_variance(sums->positive, sums->twice, m, n) +
                    mean_variance(sums->negative, right, n, m);
    }
}

/* S10 / m + S01 / n of models a and b: covariances of the placements within either class. */
static double covariance_of(const roc *r, const double *auc, int64_t a, int64_t b)
{
    assay_sum sums[2] = {{0.0, 0.0}, {0.0, 0.0}};
    for (int64_t i = 0; i < r->n; i++) {
        double product = (r->place[a * r->n + i] - auc[a]) * (r->place[b * r->n + i] - auc[b]);
        assay_sum_add(&sums[r->positive[i] != 0], product);
    }
    double m = (double)r->positives;
    double n = (double)r->negatives;
    return assay_sum_value(&sums[1]) / (m - 1.0) / m + assay_sum_value(&sums[0]) / (n - 1.0) / n;
}

static void covariances(double *covariance, const roc *r, const double *auc)
{
    for (int64_t a = 0; a < r->k; a++) {
        for (int64_t b = 0; b <= a; b++) {
            covariance[a * r->k + b] = covariance_of(r, auc, a, b);
            covariance[b * r->k + a] = covariance[a * r->k + b];
        }
    }
}

/* Per cluster: sums of the placements' deviations of positives over their number, and of negatives.
 * A cluster's influence on the area is the sum of both; the factors C / (C - 1) are Obuchowski's. */
static void cluster_influence(double *sums, int64_t *members, const roc *r, double auc,
                              int64_t model, const int64_t *cluster, int64_t clusters)
{
    for (int64_t c = 0; c < 2 * clusters; c++) {
        sums[c] = 0.0;
        members[c] = 0;
    }
    for (int64_t i = 0; i < r->n; i++) {
        int64_t at = 2 * cluster[i] + (r->positive[i] != 0);
        sums[at] += r->place[model * r->n + i] - auc;
        members[at]++;
    }
}

/* The clusters that hold at least one datum of a class. */
static double with_class(const int64_t *members, int64_t clusters, int64_t class)
{
    int64_t count = 0;
    for (int64_t c = 0; c < clusters; c++) {
        count += members[2 * c + class] > 0;
    }
    return (double)count;
}

static double clustered_covariance(const double *x, const double *y, const int64_t *members,
                                   const roc *r, int64_t clusters)
{
    assay_sum s10 = {0}, s01 = {0}, s11 = {0};
    for (int64_t c = 0; c < clusters; c++) {
        assay_sum_add(&s10, x[2 * c + 1] * y[2 * c + 1]);
        assay_sum_add(&s01, x[2 * c] * y[2 * c]);
        assay_sum_add(&s11, x[2 * c + 1] * y[2 * c] + x[2 * c] * y[2 * c + 1]);
    }
    double m = (double)r->positives;
    double n = (double)r->negatives;
    double i10 = with_class(members, clusters, 1);
    double i01 = with_class(members, clusters, 0);
    double all = (double)clusters;
    return i10 / (i10 - 1.0) * assay_sum_value(&s10) / m / m +
           i01 / (i01 - 1.0) * assay_sum_value(&s01) / n / n +
           all / (all - 1.0) * assay_sum_value(&s11) / m / n;
}

static assay_status check_clusters(const int64_t *cluster, int64_t clusters, int64_t n,
                                   assay_error *err)
{
    ASSAY_TRY(assay_check_least("DeLong", "the number of clusters", clusters, 2, err));
    for (int64_t i = 0; i < n; i++) {
        if (cluster[i] < 0 || cluster[i] >= clusters) {
            return assay_fail(err, ASSAY_EINVAL,
                              "DeLong: datum %" PRId64 " is in cluster %" PRId64
                              ", there are %" PRId64,
                              i + 1, cluster[i], clusters);
        }
    }
    return ASSAY_OK;
}

static assay_status clustered_covariances(double *covariance, const roc *r, const double *auc,
                                          const int64_t *cluster, int64_t clusters,
                                          assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t k = r->k;
    double *sums = assay_alloc((size_t)clusters, 2 * (size_t)k * sizeof *sums);
    int64_t *members = assay_alloc((size_t)clusters, 2 * sizeof *members);
    if (sums == NULL || members == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t j = 0; j < k; j++) {
        cluster_influence(sums + 2 * clusters * j, members, r, auc[j], j, cluster, clusters);
    }
    if (with_class(members, clusters, 0) < 2.0 || with_class(members, clusters, 1) < 2.0) {
        status =
            assay_fail(err, ASSAY_EINVAL, "DeLong: all data of one class are in a single cluster");
        goto done;
    }
    for (int64_t a = 0; a < k; a++) {
        for (int64_t b = 0; b < k; b++) {
            covariance[a * k + b] = clustered_covariance(
                sums + 2 * clusters * a, sums + 2 * clusters * b, members, r, clusters);
        }
    }
done:
    assay_free(sums);
    assay_free(members);
    return status;
}

assay_status assay_delong_full(double *auc, double *covariance, double *places,
                               const double *const *scores, int64_t k, const uint8_t *positive,
                               const int64_t *cluster, int64_t clusters, int64_t n,
                               assay_error *err)
{
    roc r = {.scores = scores, .positive = positive, .k = k, .n = n};
    assay_status status = ASSAY_OK;
    if (cluster != NULL) {
        ASSAY_GOTO(check_clusters(cluster, clusters, n, err), done);
    }
    ASSAY_GOTO(place_all(auc, &r, err), done);
    if (places != NULL) {
        memcpy(places, r.place, (size_t)n * (size_t)k * sizeof *places);
    }
    if (cluster != NULL) {
        status = clustered_covariances(covariance, &r, auc, cluster, clusters, err);
    } else {
        covariances(covariance, &r, auc);
    }
done:
    roc_free(&r);
    return status;
}

assay_status assay_delong(double *auc, double *covariance, const double *const *scores, int64_t k,
                          const uint8_t *positive, int64_t n, assay_error *err)
{
    return assay_delong_full(auc, covariance, NULL, scores, k, positive, NULL, 0, n, err);
}

assay_status assay_delong_clustered(double *auc, double *covariance, const double *const *scores,
                                    int64_t k, const uint8_t *positive, const int64_t *cluster,
                                    int64_t clusters, int64_t n, assay_error *err)
{
    return assay_delong_full(auc, covariance, NULL, scores, k, positive, cluster, clusters, n, err);
}

static double expit(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

assay_status assay_auc_interval(double *low, double *high, double auc, double variance, int logit,
                                double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_alphas("AUC interval", alpha_low, alpha_high, err));
    ASSAY_TRY(assay_check_unit("AUC interval", "the area", auc, err));
    if (!(variance >= 0.0) || isinf(variance)) {
        return assay_fail(err, ASSAY_EINVAL, "AUC interval: a variance of %g", variance);
    }
    double se = sqrt(variance);
    double down = alpha_low > 0.0 ? assay_normal_quantile_upper(alpha_low) * se : 0.0;
    double up = alpha_high > 0.0 ? assay_normal_quantile_upper(alpha_high) * se : 0.0;
    /* Without variance the way to the log odds and back would only add its rounding. */
    int on_logit = logit && auc > 0.0 && auc < 1.0 && se > 0.0;
    double centre = on_logit ? log(auc) - log1p(-auc) : auc;
    double slope = on_logit ? auc * (1.0 - auc) : 1.0;
    if (alpha_low > 0.0) {
        double end = centre - down / slope;
        *low = on_logit ? expit(end) : fmax(0.0, end);
    }
    if (alpha_high > 0.0) {
        double end = centre + up / slope;
        *high = on_logit ? expit(end) : fmin(1.0, end);
    }
    return ASSAY_OK;
}

double assay_perfect_area_bound(int64_t pairs, double alpha)
{
    return pairs > 0 ? pow(alpha, 1.0 / (double)pairs) : 0.0;
}

double assay_difference_p(double difference, double variance)
{
    if (!(variance > 0.0)) {
        return isnan(difference) || isnan(variance) ? NAN : (difference == 0.0 ? 1.0 : 0.0);
    }
    return 2.0 * assay_normal_sf(fabs(difference) / sqrt(variance));
}
