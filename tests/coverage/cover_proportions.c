#include "coverage/coverage.h"

#include <inttypes.h>
#include <stdio.h>

#include "stats/discrete.h"
#include "stats/distributions.h"
#include "stats/finite.h"
#include "stats/intervals.h"
#include "stats/proportion.h"

typedef assay_status interval(double *, double *, int64_t, int64_t, double, double, assay_error *);

typedef struct method {
    const char *name;
    interval *fn;
    promise promise;
    double slack;
} method;

enum { MOST = 641, GRID = 400 };

/* All outcomes at GRID - 1 true probabilities. The infimum of an exact method lies just beside the ends
 * of its intervals, so those are visited too. */
static void enumerate(coverage *c, const method *m, int64_t n, double alpha_low, double alpha_high)
{
    static double low[MOST], high[MOST];
    row r = {.method = m->name,
             .nominal = 1.0 - alpha_low - alpha_high,
             .promise = m->promise,
             .slack = m->slack};
    (void)snprintf(r.setting, sizeof r.setting, "n = %" PRId64 ", %s", n,
                   alpha_high > 0.0 ? "two-sided" : "lower bound");
    for (int64_t x = 0; x <= n; x++) {
        must(m->fn(&low[x], &high[x], x, n, alpha_low, alpha_high, NULL));
    }
    for (int64_t i = 1; i < GRID + 2 * n; i++) {
        double p = i < GRID
                       ? (double)i / GRID
                       : (i % 2 == 0 ? low[(i - GRID) / 2] - 1e-9 : high[(i - GRID) / 2] + 1e-9);
        if (!(p > 0.001 && p < 0.999)) {
            continue;
        }
        double covered = 0.0;
        for (int64_t x = 0; x <= n; x++) {
            covered += low[x] <= p && p <= high[x] ? assay_binomial_pmf(x, n, p) : 0.0;
        }
        if (i < GRID) {
            row_add(&r, covered, 0.0);
        } else {
            row_probe(&r, covered);
        }
    }
    row_end(c, &r);
}

void cover_proportions(coverage *c)
{
    static const method methods[] = {
        {"Clopper-Pearson", assay_clopper_pearson, AT_LEAST, 0.0},
        {"Mid-P", assay_mid_p, ABOUT, 0.0},
        {"Wilson", assay_wilson, ABOUT, 0.002},
        {"Wilson, continuity-corrected", assay_wilson_corrected, ABOUT, 0.0},
        {"Jeffreys", assay_jeffreys, ABOUT, 0.002},
        {"Agresti-Coull", assay_agresti_coull, ABOUT, 0.0},
        {"Wald", assay_wald, BROKEN, 0.1},
    };
    section(
        "One proportion",
        "Mean over the true probabilities 0.0025, 0.005, ... 0.9975; worst over these and those "
        "just beside the ends of the intervals, where coverage is least. The approximate "
        "methods are for description; a verdict uses Clopper-Pearson.");
    for (size_t i = 0; i < ASSAY_COUNT(methods); i++) {
        enumerate(c, &methods[i], 10, 0.025, 0.025);
        enumerate(c, &methods[i], 59, 0.025, 0.025);
        if (c->full) {
            enumerate(c, &methods[i], 200, 0.025, 0.025);
            enumerate(c, &methods[i], 640, 0.025, 0.025);
        }
        if (methods[i].promise == AT_LEAST) {
            enumerate(c, &methods[i], 59, 0.05, 0.0);
        }
    }
}

static void poisson(coverage *c)
{
    row r = {.method = "Poisson exact", .nominal = 0.95, .promise = AT_LEAST};
    (void)snprintf(r.setting, sizeof r.setting, "mean 0.05 to 30");
    for (int i = 1; i <= 600; i++) {
        double mean = 0.05 * i, covered = 0.0;
        for (int64_t x = 0; x < 120; x++) {
            double low = 0, high = 0;
            must(assay_poisson_interval(&low, &high, x, 2.0, 0.025, 0.025, NULL));
            covered += low <= mean / 2.0 && mean / 2.0 <= high ? assay_poisson_pmf(x, mean) : 0.0;
        }
        row_add(&r, covered, 0.0);
    }
    row_end(c, &r);
}

static void pool(coverage *c, int64_t N, int64_t n)
{
    row r = {.method = "Hypergeometric exact", .nominal = 0.95, .promise = AT_LEAST};
    (void)snprintf(r.setting, sizeof r.setting, "%" PRId64 " of %" PRId64 ", every K", n, N);
    for (int64_t K = 0; K <= N; K++) {
        double covered = 0.0;
        for (int64_t x = 0; x <= n; x++) {
            double mass = assay_hypergeometric_pmf(x, N, K, n);
            if (mass > 0.0) {
                int64_t low = 0, high = 0;
                must(assay_hypergeometric_interval(&low, &high, x, n, N, 0.025, 0.025, NULL));
                covered += low <= K && K <= high ? mass : 0.0;
            }
        }
        row_add(&r, covered, 0.0);
    }
    row_end(c, &r);
}

static void pool_score(coverage *c, int64_t N, int64_t n)
{
    row r = {
        .method = "Wilson, finite population", .nominal = 0.95, .promise = ABOUT, .slack = 0.005};
    (void)snprintf(r.setting, sizeof r.setting, "%" PRId64 " of %" PRId64 ", every K", n, N);
    for (int64_t K = 1; K < N; K++) {
        double covered = 0.0;
        for (int64_t x = 0; x <= n; x++) {
            double mass = assay_hypergeometric_pmf(x, N, K, n);
            double low = 0, high = 0;
            if (mass > 0.0) {
                must(assay_wilson_finite(&low, &high, x, n, N, 0.025, 0.025, NULL));
                double share = (double)K / (double)N;
                covered += low <= share && share <= high ? mass : 0.0;
            }
        }
        row_add(&r, covered, 0.0);
    }
    row_end(c, &r);
}

void cover_pools_and_rates(coverage *c)
{
    section("Rates and finite pools", "Counts of events; samples without replacement.");
    poisson(c);
    pool(c, 50, 20);
    pool(c, 200, 150);
    pool_score(c, 50, 20);
    pool_score(c, 200, 150);
}
