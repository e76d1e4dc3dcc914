/* Largest difference, smallest ratio and lowest proportion of several groups. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "coverage/coverage.h"
#include "stats/group_extremes.h"
#include "stats/group_gaps.h"
#include "stats/intervals.h"
#include "stats/mean_gaps.h"

enum { MOST = 6 };

typedef assay_status gap_interval(double *, double *, const assay_trials *, int64_t, double, double,
                                  assay_error *);

typedef struct setting {
    int64_t k, n;
    double p[MOST];
} setting;

/* Two groups of few; equal groups, where the true gap is at the end of its range; one that sticks out;
 * a ladder; rare successes. */
static const setting settings[] = {
    {2, 30, {0.5, 0.5}},
    {2, 30, {0.2, 0.4}},
    {3, 60, {0.3, 0.3, 0.3}},
    {3, 60, {0.3, 0.3, 0.6}},
    {6, 80, {0.7, 0.7, 0.7, 0.7, 0.7, 0.7}},
    {6, 80, {0.4, 0.5, 0.6, 0.7, 0.8, 0.9}},
    {4, 200, {0.03, 0.03, 0.05, 0.10}},
};

static double truth(const setting *s, int form)
{
    double lowest = 1.0, highest = 0.0;
    for (int64_t g = 0; g < s->k; g++) {
        lowest = fmin(lowest, s->p[g]);
        highest = fmax(highest, s->p[g]);
    }
    return form == 0 ? highest - lowest : form == 1 ? lowest / highest : lowest;
}

/* From the ends of the groups' own intervals, as for any metric. */
static assay_status of_ends(double *low, double *high, const assay_trials *groups, int64_t k,
                            int form)
{
    assay_group_estimate e[MOST] = {0};
    assay_group_extremes out;
    const double alpha[3] = {0.025, 0.025 / (double)k, 0.025 / (double)(k * (k - 1))};
    for (int64_t g = 0; g < k; g++) {
        assay_ends *to[3] = {&e[g].at, &e[g].of_group, &e[g].of_pair};
        e[g].value = (double)groups[g].x / (double)groups[g].n;
        for (int i = 0; i < 3; i++) {
            ASSAY_TRY(assay_clopper_pearson(&to[i]->low, &to[i]->high, groups[g].x, groups[g].n,
                                            alpha[i], alpha[i], NULL));
        }
    }
    ASSAY_TRY(assay_group_extremes_find(&out, e, k, 0.025, NULL));
    const assay_ends ratio = isnan(out.ratio) ? (assay_ends){0.0, 1.0} : out.ratio_ends;
    const assay_ends ends = form == 0 ? out.difference_ends : form == 1 ? ratio : out.lowest_ends;
    *low = ends.low;
    *high = ends.high;
    return ASSAY_OK;
}

/* form: 0 the difference, 1 the ratio, 2 the lowest. Without a function: by of_ends. */
static void measure(coverage *c, const char *name, gap_interval *fn, int form, double alpha_low,
                    double alpha_high)
{
    row r = {
        .method = name, .nominal = 1.0 - alpha_low - alpha_high, .promise = ABOUT, .slack = 0.005};
    (void)snprintf(r.setting, sizeof r.setting, "2 to 6 groups, %s",
                   alpha_low == 0.0    ? "upper bound"
                   : alpha_high == 0.0 ? "lower bound"
                                       : "two-sided");
    for (size_t i = 0; i < ASSAY_COUNT(settings); i++) {
        const setting *s = &settings[i];
        int64_t covered = 0;
        double wanted = truth(s, form);
        for (int64_t run = 0; run < c->runs; run++) {
            assay_rng rng = stream("groups", run);
            assay_trials groups[MOST];
            for (int64_t g = 0; g < s->k; g++) {
                groups[g] = (assay_trials){0, s->n};
                for (int64_t t = 0; t < s->n; t++) {
                    groups[g].x += assay_rng_uniform(&rng) < s->p[g];
                }
            }
            double low = 0, high = 0;
            must(fn != NULL ? fn(&low, &high, groups, s->k, alpha_low, alpha_high, NULL)
                            : of_ends(&low, &high, groups, s->k, form));
            covered += low <= wanted + 1e-12 && wanted - 1e-12 <= high;
        }
        row_count(&r, covered, c->runs);
    }
    row_end(c, &r);
}

typedef assay_status mean_interval(double *, double *, const assay_sample *, int64_t, double,
                                   double, assay_error *);

/* Normal values about `mean`, whose spread grows from group to group, or exponential ones. */
static const struct {
    int64_t k, n;
    double mean[MOST];
    bool skewed;
} means[] = {
    {2, 12, {1.0, 1.0}, false},         {3, 30, {1.0, 1.0, 2.0}, false},
    {6, 40, {1, 1, 1, 1, 1, 1}, false}, {6, 40, {1, 1.2, 1.4, 1.6, 1.8, 2}, false},
    {2, 100, {1.0, 1.0}, true},         {4, 100, {1.0, 1.0, 1.0, 1.5}, true},
};

static double mean_truth(const double *mean, int64_t k, int form)
{
    double lowest = INFINITY, highest = 0.0;
    for (int64_t g = 0; g < k; g++) {
        lowest = fmin(lowest, mean[g]);
        highest = fmax(highest, mean[g]);
    }
    return form == 0 ? highest - lowest : form == 1 ? lowest / highest : highest;
}

static assay_sample draw(assay_rng *rng, int64_t n, double mean, double spread, bool skewed)
{
    assay_sample s = {.n = (double)n};
    double squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double x = skewed ? -mean * log(1.0 - assay_rng_uniform(rng))
                          : mean + spread * assay_rng_normal(rng);
        double off = x - s.mean;
        s.mean += off / (double)(i + 1);
        squares += off * (x - s.mean);
    }
    s.variance = squares / (double)(n - 1);
    return s;
}

static void measure_means(coverage *c, const char *name, mean_interval *fn, int form, bool skewed,
                          double alpha_low, double alpha_high)
{
    row r = {.method = name,
             .nominal = 1.0 - alpha_low - alpha_high,
             .promise = ABOUT,
             .slack = skewed ? 0.02 : 0.005};
    (void)snprintf(r.setting, sizeof r.setting, "2 to 6 groups, %s values, %s",
                   skewed ? "exponential" : "normal",
                   alpha_low == 0.0    ? "upper bound"
                   : alpha_high == 0.0 ? "lower bound"
                                       : "two-sided");
    for (size_t i = 0; i < ASSAY_COUNT(means); i++) {
        double wanted = mean_truth(means[i].mean, means[i].k, form);
        int64_t covered = 0;
        for (int64_t run = 0; means[i].skewed == skewed && run < c->runs; run++) {
            assay_rng rng = stream("means", run);
            assay_sample groups[MOST];
            double low = 0, high = 0;
            for (int64_t g = 0; g < means[i].k; g++) {
                double spread = 0.1 + 0.1 * (double)g;
                groups[g] = draw(&rng, means[i].n, means[i].mean[g], spread, skewed);
            }
            must(fn(&low, &high, groups, means[i].k, alpha_low, alpha_high, NULL));
            covered += low <= wanted + 1e-12 && wanted - 1e-12 <= high;
        }
        if (means[i].skewed == skewed) {
            row_count(&r, covered, c->runs);
        }
    }
    row_end(c, &r);
}

static void cover_means(coverage *c)
{
    for (int skewed = 0; skewed < 2; skewed++) {
        measure_means(c, "Largest difference of means", assay_mean_difference, 0, skewed, 0.025,
                      0.025);
        measure_means(c, "Largest difference of means", assay_mean_difference, 0, skewed, 0.0,
                      0.05);
        measure_means(c, "Smallest ratio of means", assay_mean_ratio, 1, skewed, 0.025, 0.025);
        measure_means(c, "Highest mean", assay_highest_mean, 2, skewed, 0.025, 0.025);
        measure_means(c, "Mean farthest from zero", assay_farthest_mean, 2, skewed, 0.025, 0.025);
    }
}

void cover_groups(coverage *c)
{
    section("Gaps between groups",
            "Equal groups, one that sticks out, a ladder, rare successes; 30 to 200 rows in each.");
    measure(c, "Largest difference", assay_largest_difference, 0, 0.025, 0.025);
    measure(c, "Largest difference", assay_largest_difference, 0, 0.05, 0.0);
    measure(c, "Largest difference", assay_largest_difference, 0, 0.0, 0.05);
    measure(c, "Smallest ratio", assay_smallest_ratio, 1, 0.025, 0.025);
    measure(c, "Smallest ratio", assay_smallest_ratio, 1, 0.05, 0.0);
    measure(c, "Lowest proportion", assay_lowest_proportion, 2, 0.025, 0.025);
    measure(c, "Lowest proportion", assay_lowest_proportion, 2, 0.05, 0.0);
    cover_means(c);
    measure(c, "Difference by the groups' own intervals", NULL, 0, 0.025, 0.025);
    measure(c, "Ratio by the groups' own intervals", NULL, 1, 0.025, 0.025);
    measure(c, "Lowest by the groups' own intervals", NULL, 2, 0.025, 0.025);
}
