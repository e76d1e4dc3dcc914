/* Tests and intervals of a comparison from counts, ranks and p-values. */
#include <math.h>

#include "core/compare_internal.h"
#include "stats/continuous.h"
#include "stats/distributions.h"
#include "stats/normal.h"

enum { FEWEST_GROUPS = 5 };

/* McNemar (1947) conditional on the discordant rows; mid-P: Fagerland, Lydersen, Laake (2013). */
double assay_compare_mcnemar(int64_t only_a, int64_t only_b, bool exact)
{
    int64_t least = only_a < only_b ? only_a : only_b;
    int64_t n = only_a + only_b;
    if (only_a == only_b && (n == 0 || exact)) {
        return 1.0;
    }
    double at = assay_binomial_pmf(least, n, 0.5);
    double p = 2.0 * assay_binomial_cdf(least, n, 0.5) - (exact ? 0.0 : at);
    return only_a == only_b ? 1.0 - at / 2.0 : fmin(p, 1.0);
}

/* Score statistic of Tango (1998) for a true difference of delta; decreases in delta. */
static double tango_score(double delta, double first, double second, double n)
{
    double a = 2.0 * n;
    double b = -first - second + (2.0 * n - first + second) * delta;
    double c = -second * delta * (1.0 - delta);
    double p = (sqrt(fmax(b * b - 4.0 * a * c, 0.0)) - b) / (2.0 * a);
    double above = first - second - n * delta;
    double variance = n * (2.0 * p + delta * (1.0 - delta));
    if (above == 0.0) {
        return 0.0;
    }
    return variance > 0.0 ? above / sqrt(variance) : copysign(INFINITY, above);
}

/* The delta at which the score is z, by bisection between two neighbouring doubles. */
static double tango_end(double z, double first, double second, double n)
{
    double low = -1.0, high = 1.0;
    for (int k = 0; k < 200 && low < high; k++) {
        double middle = low + (high - low) / 2.0;
        if (middle == low || middle == high) {
            break;
        }
        if (tango_score(middle, first, second, n) > z) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low + (high - low) / 2.0;
}

void assay_compare_tango(double *low, double *high, int64_t only_a, int64_t only_b, int64_t n,
                         double alpha)
{
    double z = assay_normal_quantile_upper(alpha);
    double first = (double)only_b, second = (double)only_a, total = (double)n;
    *low = only_a == n ? -1.0 : tango_end(z, first, second, total);
    *high = only_b == n ? 1.0 : tango_end(-z, first, second, total);
}

static assay_status add_omnibus(assay_comparison *out, const assay_omnibus *test, assay_error *err)
{
    assay_omnibus *list = assay_comparison_grow(out->arena, out->omnibus, out->n_omnibus,
                                                &out->capacity_omnibus, sizeof *list);
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    out->omnibus = list;
    list[out->n_omnibus++] = *test;
    return ASSAY_OK;
}

/* Cochran (1950): the models' numbers of right rows, given how many models have each row right. */
assay_status assay_compare_cochran(assay_comparison *out, const uint8_t *table, int64_t n,
                                   int32_t n_models, int32_t context, const char *metric,
                                   assay_error *err)
{
    double k = (double)n_models, columns = 0.0, rows = 0.0, total = 0.0;
    for (int32_t m = 0; m < n_models; m++) {
        int64_t hits = 0;
        for (int64_t i = 0; i < n; i++) {
            hits += table[i * n_models + m];
        }
        columns += (double)hits * (double)hits;
        total += (double)hits;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t hits = 0;
        for (int32_t m = 0; m < n_models; m++) {
            hits += table[i * n_models + m];
        }
        rows += (double)(hits * hits);
    }
    double spread = k * total - rows;
    double q = spread > 0.0 ? (k - 1.0) * (k * columns - total * total) / spread : 0.0;
    const assay_omnibus test = {.context = context,
                                .metric = metric,
                                .test = "cochran_q",
                                .n = n,
                                .statistic = q,
                                .df = k - 1.0,
                                .p = assay_chi_square_sf(q, k - 1.0)};
    return add_omnibus(out, &test, err);
}

/* Mid-ranks of one group added to the sums; returns the sum of t^3 - t over its ties. */
static double add_ranks(double *sums, const double *values, int32_t n)
{
    double ties = 0.0;
    for (int32_t m = 0; m < n; m++) {
        int32_t below = 0, equal = 0;
        for (int32_t other = 0; other < n; other++) {
            below += values[other] < values[m];
            equal += values[other] == values[m];
        }
        sums[m] += (double)below + ((double)equal + 1.0) / 2.0;
        ties += (double)equal * (double)equal - 1.0;
    }
    return ties;
}

assay_status assay_compare_groups(assay_comparison *out, const double *values, int64_t groups,
                                  int32_t n_models, int32_t context, const char *metric,
                                  assay_error *err)
{
    double k = (double)n_models, ties = 0.0, squares = 0.0;
    int64_t n = 0;
    double *sums = assay_arena_alloc(out->arena, (size_t)n_models, sizeof *sums);
    if (sums == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t g = 0; g < groups; g++) {
        const double *group = values + g * n_models;
        bool whole = true;
        for (int32_t m = 0; m < n_models; m++) {
            whole = whole && !isnan(group[m]);
        }
        if (whole) {
            ties += add_ranks(sums, group, n_models);
            n++;
        }
    }
    if (n < FEWEST_GROUPS || n_models < 3) {
        return ASSAY_OK;
    }
    for (int32_t m = 0; m < n_models; m++) {
        squares += sums[m] * sums[m];
    }
    double correction = 1.0 - ties / ((double)n * (k * k * k - k));
    double statistic = 12.0 / ((double)n * k * (k + 1.0)) * squares - 3.0 * (double)n * (k + 1.0);
    statistic = correction > 0.0 ? statistic / correction : 0.0;
    const assay_omnibus test = {.context = context,
                                .metric = metric,
                                .test = "friedman",
                                .n = n,
                                .statistic = statistic,
                                .df = k - 1.0,
                                .p = assay_chi_square_sf(fmax(statistic, 0.0), k - 1.0)};
    return add_omnibus(out, &test, err);
}
