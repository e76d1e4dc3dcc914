/* Largest difference, smallest ratio and lowest proportion of several groups. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "coverage/coverage.h"
#include "stats/bootstrap.h"
#include "stats/group_extremes.h"
#include "stats/group_gaps.h"
#include "stats/intervals.h"
#include "stats/mean_gaps.h"
#include "stats/normal.h"

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

enum { ROUNDS = 200 };

/* Groups of n rows each: of the positive ones a share `hit` is found, and false alarms are `alarm` of n. */
typedef struct classifier {
    int64_t k, n;
    double hit[MOST], alarm[MOST];
} classifier;

/* Where a verdict errs most easily: equal groups; one that sticks out; a ladder. */
static const classifier classifiers[] = {
    {2, 100, {0.7, 0.7}, {0.2, 0.2}},
    {3, 150, {0.8, 0.8, 0.8}, {0.1, 0.1, 0.1}},
    {3, 150, {0.8, 0.8, 0.5}, {0.1, 0.1, 0.2}},
    {6, 200, {0.6, 0.6, 0.6, 0.6, 0.6, 0.6}, {0.2, 0.2, 0.2, 0.2, 0.2, 0.2}},
    {6, 200, {0.4, 0.5, 0.6, 0.7, 0.8, 0.9}, {0.1, 0.1, 0.1, 0.1, 0.1, 0.1}},
};

static double f1_of(double hits, double misses, double alarms)
{
    double all = 2.0 * hits + misses + alarms;
    return all > 0.0 ? 2.0 * hits / all : 0.0;
}

/* Percentiles of a Poisson bootstrap, as of any metric that is no share of rows. */
static void f1_ends(assay_group_estimate *out, assay_rng *rng, const int64_t *counts,
                    const double *alphas)
{
    double replicates[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double x[3];
        for (int i = 0; i < 3; i++) {
            x[i] = counts[i] > 0 ? (double)assay_rng_poisson(rng, (double)counts[i]) : 0.0;
        }
        double value = f1_of(x[0], x[1], x[2]);
        int at = r;
        for (; at > 0 && replicates[at - 1] > value; at--) {
            replicates[at] = replicates[at - 1];
        }
        replicates[at] = value;
    }
    assay_ends *to[3] = {&out->at, &out->of_group, &out->of_pair};
    out->value = f1_of((double)counts[0], (double)counts[1], (double)counts[2]);
    for (int i = 0; i < 3; i++) {
        must(assay_percentile_interval(&to[i]->low, &to[i]->high, replicates, ROUNDS,
                                       fmax(alphas[i], 1.0 / ROUNDS), fmax(alphas[i], 1.0 / ROUNDS),
                                       NULL));
        if (alphas[i] < 1.0 / ROUNDS) { /* as for any metric: scaled from the ends at alpha */
            double scale =
                assay_normal_quantile(1.0 - alphas[i]) / assay_normal_quantile(1.0 - alphas[0]);
            to[i]->low = fmax(0.0, out->value - scale * (out->value - out->at.low));
            to[i]->high = out->value + scale * (out->at.high - out->value);
        }
    }
}

static void recall_ends(assay_group_estimate *out, const int64_t *counts, const double *alphas)
{
    assay_ends *to[3] = {&out->at, &out->of_group, &out->of_pair};
    out->value = (double)counts[0] / (double)(counts[0] + counts[1]);
    for (int i = 0; i < 3; i++) {
        must(assay_clopper_pearson(&to[i]->low, &to[i]->high, counts[0], counts[0] + counts[1],
                                   alphas[i], alphas[i], NULL));
    }
}

static void true_values(double *out, const classifier *s, bool f1)
{
    double least = INFINITY, most = 0.0;
    for (int64_t g = 0; g < s->k; g++) {
        double value =
            f1 ? f1_of(s->hit[g] / 2.0, (1.0 - s->hit[g]) / 2.0, s->alarm[g]) : s->hit[g];
        least = fmin(least, value);
        most = fmax(most, value);
    }
    out[0] = least;
    out[1] = most - least;
    out[2] = least / most;
}

static void draw_groups(assay_group_extremes *found, const classifier *s, bool f1, int64_t run)
{
    assay_rng rng = stream(f1 ? "verdict_f1" : "verdict_recall", run);
    assay_group_estimate e[MOST] = {0};
    const double alpha = 0.05;
    const double alphas[3] = {alpha, alpha / (double)s->k, alpha / (double)(s->k * (s->k - 1))};
    for (int64_t g = 0; g < s->k; g++) {
        int64_t counts[3] = {0, 0, 0}; /* hits, misses, false alarms */
        for (int64_t i = 0; i < s->n; i++) {
            counts[2] += assay_rng_uniform(&rng) < s->alarm[g];
            counts[i % 2 == 0 && assay_rng_uniform(&rng) < s->hit[g] ? 0 : 1] += i % 2 == 0;
        }
        if (f1) {
            f1_ends(&e[g], &rng, counts, alphas);
        } else {
            recall_ends(&e[g], counts, alphas);
        }
    }
    must(assay_group_extremes_find(found, e, s->k, alpha, NULL));
}

/* A requirement whose threshold is the true value: MET and NOT MET are both wrong as soon as the bound lies beyond
 * it. Both rates stay below 1 less the confidence, over all groups. */
static void judge_groups(coverage *c, bool f1, int form)
{
    static const char *const names[2][3] = {
        {"Verdict on the worst recall", "Verdict on the gap in recall",
         "Verdict on the ratio of recalls"},
        {"Verdict on the worst F1", "Verdict on the gap in F1", "Verdict on the ratio of F1"}};
    row rows[2] = {{0}, {0}};
    for (int side = 0; side < 2; side++) {
        rows[side] = (row){.method = names[f1][form],
                           .nominal = 0.95,
                           .promise = ABOUT,
                           .slack = f1 ? 0.015 : 0.005};
        (void)snprintf(rows[side].setting, sizeof rows[side].setting,
                       "2 to 6 groups, no false verdict from the %s bound",
                       side == 0 ? "lower" : "upper");
    }
    for (size_t i = 0; i < ASSAY_COUNT(classifiers); i++) {
        double wanted[3];
        int64_t right[2] = {0, 0};
        true_values(wanted, &classifiers[i], f1);
        for (int64_t run = 0; run < c->runs; run++) {
            assay_group_extremes found;
            draw_groups(&found, &classifiers[i], f1, run);
            const assay_ends all[3] = {found.lowest_ends, found.difference_ends, found.ratio_ends};
            right[0] += all[form].low <= wanted[form] + 1e-12;
            right[1] += all[form].high >= wanted[form] - 1e-12;
        }
        row_count(&rows[0], right[0], c->runs);
        row_count(&rows[1], right[1], c->runs);
    }
    row_end(c, &rows[0]);
    row_end(c, &rows[1]);
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
    for (int form = 0; form < 3; form++) {
        judge_groups(c, false, form);
        judge_groups(c, true, form);
    }
}
