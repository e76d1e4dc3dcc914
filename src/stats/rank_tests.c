#include "stats/rank_tests.h"

#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "base/reduce.h"
#include "base/sort.h"
#include "stats/check.h"
#include "stats/continuous.h"
#include "stats/normal.h"

assay_status assay_midranks(double *ranks, double *ties, const double *values, int64_t n,
                            assay_error *err)
{
    *ties = 0.0;
    ASSAY_TRY(assay_check_least("ranks", "the number of values", n, 0, err));
    ASSAY_TRY(assay_check_finite("ranks", values, n, err));
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_sort_order(order, values, n, 0, err);
    for (int64_t i = 0; status == ASSAY_OK && i < n;) {
        int64_t end = i + 1;
        while (end < n && values[order[end]] == values[order[i]]) {
            end++;
        }
        for (int64_t at = i; at < end; at++) {
            ranks[order[at]] = (double)(i + 1 + end) / 2.0;
        }
        double t = (double)(end - i);
        *ties += t * t * t - t;
        i = end;
    }
    assay_free(order);
    return status;
}

/* The differences that are ranked, and what the ranks add up to. */
typedef struct signed_ranks {
    double *size;  /* |d| of the ranked */
    double *ranks; /* their ranks */
    double *sign;  /* -1, 0, 1 */
    int64_t n;     /* ranked */
    int64_t zeros; /* of them */
    double ties;   /* sum of t^3 - t, of the non-zero ones for Pratt */
} signed_ranks;

static assay_status rank_differences(signed_ranks *r, const double *d, int64_t n, assay_zeros zeros,
                                     assay_error *err)
{
    r->size = assay_alloc_raw((size_t)n, 3 * sizeof *r->size);
    if (r->size == NULL) {
        return assay_fail_memory(err);
    }
    r->ranks = r->size + n;
    r->sign = r->ranks + n;
    for (int64_t i = 0; i < n; i++) {
        if (d[i] == 0.0 && zeros == ASSAY_ZEROS_WILCOX) {
            continue;
        }
        r->size[r->n] = fabs(d[i]);
        r->sign[r->n] = d[i] == 0.0 ? 0.0 : (d[i] > 0.0 ? 1.0 : -1.0);
        r->zeros += d[i] == 0.0;
        r->n++;
    }
    ASSAY_TRY(assay_midranks(r->ranks, &r->ties, r->size, r->n, err));
    if (zeros == ASSAY_ZEROS_PRATT) {
        double z = (double)r->zeros;
        r->ties -= z * z * z - z;
    }
    return ASSAY_OK;
}

static double cap(double p)
{
    return p < 1.0 ? p : 1.0;
}

/* Distribution of the doubled sum of ranks with a positive sign, all signs equally probable. */
static assay_status exact_p(assay_wilcoxon_result *out, const signed_ranks *r, assay_error *err)
{
    int64_t all = 0, observed = 0;
    for (int64_t i = 0; i < r->n; i++) {
        int64_t twice = (int64_t)(2.0 * r->ranks[i]);
        all += r->sign[i] != 0.0 ? twice : 0;
        observed += r->sign[i] > 0.0 ? twice : 0;
    }
    double *mass = assay_alloc((size_t)all + 1, sizeof *mass);
    if (mass == NULL) {
        return assay_fail_memory(err);
    }
    mass[0] = 1.0;
    int64_t top = 0;
    for (int64_t i = 0; i < r->n; i++) {
        int64_t step = r->sign[i] != 0.0 ? (int64_t)(2.0 * r->ranks[i]) : 0;
        top += step;
        for (int64_t s = top; step > 0 && s >= 0; s--) {
            mass[s] = 0.5 * (mass[s] + (s >= step ? mass[s - step] : 0.0));
        }
    }
    assay_sum lower = {0}, upper = {0};
    for (int64_t s = 0; s <= observed; s++) {
        assay_sum_add(&lower, mass[s]);
    }
    for (int64_t s = all; s >= observed; s--) {
        assay_sum_add(&upper, mass[s]);
    }
    assay_free(mass);
    out->less = cap(assay_sum_value(&lower));
    out->greater = cap(assay_sum_value(&upper));
    out->two_sided = cap(2.0 * fmin(out->less, out->greater));
    return ASSAY_OK;
}

static void normal_p(assay_wilcoxon_result *out, const signed_ranks *r, assay_zeros zeros,
                     bool correct)
{
    double n = (double)r->n;
    double z = zeros == ASSAY_ZEROS_PRATT ? (double)r->zeros : 0.0;
    double mean = n * (n + 1.0) / 4.0 - z * (z + 1.0) / 4.0;
    double variance =
        (n * (n + 1.0) * (2.0 * n + 1.0) - z * (z + 1.0) * (2.0 * z + 1.0) - 0.5 * r->ties) / 24.0;
    double se = sqrt(variance);
    double distance = out->plus - mean;
    double half = correct ? 0.5 : 0.0;
    double towards = distance > 0.0 ? half : (distance < 0.0 ? -half : 0.0);
    out->z = (distance - towards) / se;
    out->two_sided = cap(2.0 * assay_normal_sf(fabs(out->z)));
    out->greater = assay_normal_sf((distance - half) / se);
    out->less = assay_normal_cdf((distance + half) / se);
}

assay_status assay_wilcoxon(assay_wilcoxon_result *out, const double *differences, int64_t n,
                            assay_zeros zeros, bool exact, bool correct, assay_error *err)
{
    *out = (assay_wilcoxon_result){
        .z = NAN, .two_sided = 1.0, .greater = 1.0, .less = 1.0, .exact = exact};
    ASSAY_TRY(assay_check_least("Wilcoxon's test", "the number of differences", n, 1, err));
    ASSAY_TRY(assay_check_finite("Wilcoxon's test", differences, n, err));
    if (exact && n > ASSAY_WILCOXON_EXACT_MOST) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "Wilcoxon's test: exact p-values for at most %d differences, there are "
                          "%" PRId64 "; use the normal approximation",
                          ASSAY_WILCOXON_EXACT_MOST, n);
    }
    if (exact && zeros == ASSAY_ZEROS_SPLIT) {
        return assay_fail(err, ASSAY_EINVAL,
                          "Wilcoxon's test: split ranks of zeros have no exact distribution");
    }
    signed_ranks r = {0};
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(rank_differences(&r, differences, n, zeros, err), done);
    out->n = r.n;
    for (int64_t i = 0; i < r.n; i++) {
        double shared = zeros == ASSAY_ZEROS_SPLIT && r.sign[i] == 0.0 ? 0.5 : 0.0;
        out->plus += r.ranks[i] * (r.sign[i] > 0.0 ? 1.0 : shared);
        out->minus += r.ranks[i] * (r.sign[i] < 0.0 ? 1.0 : shared);
    }
    if (r.n == r.zeros) {
        goto done;
    }
    if (exact) {
        ASSAY_GOTO(exact_p(out, &r, err), done);
    } else {
        normal_p(out, &r, zeros, correct);
    }
done:
    assay_free(r.size);
    return status;
}

static assay_status check_table(int64_t n, int64_t k, assay_error *err)
{
    if (n < 2 || k < 2 || n > INT64_C(1000000000000) / k) {
        return assay_fail(err, ASSAY_EINVAL,
                          "comparison of several models: %" PRId64 " data and %" PRId64
                          " models; two of each are needed",
                          n, k);
    }
    return ASSAY_OK;
}

/* From the sums of ranks per model and the ties over all data. */
static void friedman_statistics(assay_friedman *out, const double *mean_ranks, double ties,
                                double n, double k)
{
    double squares = 0.0;
    for (int64_t j = 0; j < (int64_t)k; j++) {
        double distance = mean_ranks[j] - (k + 1.0) / 2.0;
        squares += distance * distance;
    }
    double untied = 1.0 - ties / (n * k * (k * k - 1.0));
    if (!(untied > 0.0)) {
        return; /* every datum ties all models */
    }
    out->chi_square = 12.0 * n / (k * (k + 1.0)) * squares / untied;
    out->p = assay_chi_square_sf(out->chi_square, k - 1.0);
    out->kendall_w = out->chi_square / (n * (k - 1.0));
    double rest = n * (k - 1.0) - out->chi_square;
    out->f = rest > 0.0 ? (n - 1.0) * out->chi_square / rest : INFINITY;
    out->f_p = assay_f_sf(out->f, k - 1.0, (k - 1.0) * (n - 1.0));
}

assay_status assay_friedman_test(assay_friedman *out, double *mean_ranks, const double *values,
                                 int64_t n, int64_t k, assay_error *err)
{
    *out = (assay_friedman){.p = 1.0, .f = NAN, .f_p = 1.0};
    ASSAY_TRY(check_table(n, k, err));
    double *ranks = assay_alloc_raw((size_t)k, sizeof *ranks);
    if (ranks == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = ASSAY_OK;
    double all_ties = 0.0;
    for (int64_t j = 0; j < k; j++) {
        mean_ranks[j] = 0.0;
    }
    for (int64_t i = 0; i < n; i++) {
        double ties = 0.0;
        ASSAY_GOTO(assay_midranks(ranks, &ties, values + i * k, k, err), done);
        all_ties += ties;
        for (int64_t j = 0; j < k; j++) {
            mean_ranks[j] += ranks[j]; /* halves add without rounding */
        }
    }
    for (int64_t j = 0; j < k; j++) {
        mean_ranks[j] /= (double)n;
    }
    friedman_statistics(out, mean_ranks, all_ties, (double)n, (double)k);
done:
    assay_free(ranks);
    return status;
}

/* The difference of mean ranks in units of the range of k standard normals. */
static double rank_unit(int64_t n, int64_t k)
{
    return sqrt((double)k * ((double)k + 1.0) / (12.0 * (double)n));
}

assay_status assay_nemenyi(double *p, const double *mean_ranks, int64_t n, int64_t k,
                           assay_error *err)
{
    ASSAY_TRY(check_table(n, k, err));
    ASSAY_TRY(assay_check_finite("Nemenyi's test", mean_ranks, k, err));
    for (int64_t a = 0; a < k; a++) {
        for (int64_t b = 0; b < k; b++) {
            double q = fabs(mean_ranks[a] - mean_ranks[b]) / rank_unit(n, k);
            p[a * k + b] = a == b ? 1.0 : assay_range_sf(q, k);
        }
    }
    return ASSAY_OK;
}

assay_status assay_nemenyi_critical(double *out, int64_t n, int64_t k, double alpha,
                                    assay_error *err)
{
    *out = NAN;
    ASSAY_TRY(check_table(n, k, err));
    ASSAY_TRY(assay_check_open_unit("Nemenyi's test", "the error probability", alpha, err));
    *out = assay_range_quantile_upper(alpha, k) * rank_unit(n, k);
    return ASSAY_OK;
}

assay_status assay_cochran_q(double *q, double *p, const uint8_t *right, int64_t n, int64_t k,
                             assay_error *err)
{
    *q = 0.0;
    *p = 1.0;
    ASSAY_TRY(check_table(n, k, err));
    int64_t *models = assay_alloc((size_t)k, sizeof *models);
    if (models == NULL) {
        return assay_fail_memory(err);
    }
    double spread = 0.0; /* sum of r (k - r) over data */
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = 0;
        for (int64_t j = 0; j < k; j++) {
            int64_t one = right[i * k + j] != 0;
            models[j] += one;
            row += one;
        }
        spread += (double)row * (double)(k - row);
        total += row;
    }
    double squares = 0.0;
    for (int64_t j = 0; j < k; j++) {
        double distance = (double)models[j] - (double)total / (double)k;
        squares += distance * distance;
    }
    assay_free(models);
    if (spread > 0.0) {
        *q = (double)k * (double)(k - 1) * squares / spread;
        *p = assay_chi_square_sf(*q, (double)(k - 1));
    }
    return ASSAY_OK;
}
