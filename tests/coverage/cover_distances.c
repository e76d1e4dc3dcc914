/* Calibration errors: distances from zero, which chance alone makes positive. Percentiles beside the interval that
 * is shipped. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/sort.h"
#include "coverage/coverage.h"
#include "stats/bootstrap.h"
#include "stats/intervals.h"

enum { BINS = 10, GROUPS = 3, REPLICATES = 400 };

typedef enum kind { MEAN_GAP, ROOT_MEAN_SQUARE, LARGEST, DEBIASED, SQUARE, WORST_GROUP } kind;

/* Right and wrong rows of each bin of each group. */
typedef struct table {
    int64_t right[GROUPS][BINS], wrong[GROUPS][BINS];
} table;

static double confidence(int bin)
{
    return 0.5 + (bin + 0.5) / (2.0 * BINS);
}

static double error_of(const int64_t *right, const int64_t *wrong, kind what)
{
    double total = 0.0, sum = 0.0, largest = 0.0;
    for (int b = 0; b < BINS; b++) {
        double n = (double)(right[b] + wrong[b]);
        double a = n > 0.0 ? (double)right[b] / n : 0.0;
        double gap = n > 0.0 ? fabs(a - confidence(b)) : 0.0;
        total += n;
        largest = fmax(largest, gap);
        if (what == MEAN_GAP || what == WORST_GROUP) {
            sum += n * gap;
        } else if (what == DEBIASED) {
            sum += n > 1.0 ? n * (gap * gap - a * (1.0 - a) / (n - 1.0)) : 0.0;
        } else {
            sum += n * gap * gap;
        }
    }
    double mean = total > 0.0 ? sum / total : 0.0;
    return what == LARGEST                                ? largest
           : what == ROOT_MEAN_SQUARE || what == DEBIASED ? sqrt(fmax(0.0, mean))
                                                          : mean;
}

static double value_of(const table *t, kind what)
{
    double worst = 0.0;
    for (int g = 0; g < (what == WORST_GROUP ? GROUPS : 1); g++) {
        worst = fmax(worst, error_of(t->right[g], t->wrong[g], what));
    }
    return worst;
}

/* Overconfident by `off` times the distance of the confidence from 0.4; the last groups half and not at all. */
static double accuracy(double off, int group, int bin)
{
    double share = group == 0 ? off : group == 1 ? off / 2.0 : 0.0;
    return confidence(bin) - share * (confidence(bin) - 0.4);
}

static double truth_of(double off, kind what)
{
    static table t;
    for (int b = 0; b < BINS; b++) {
        t.right[0][b] = llround(1e15 * accuracy(off, 0, b));
        t.wrong[0][b] = llround(1e15 * (1.0 - accuracy(off, 0, b)));
    }
    return error_of(t.right[0], t.wrong[0], what);
}

static void draw(table *t, int64_t n, double off, int groups, assay_rng *rng)
{
    *t = (table){0};
    for (int64_t i = 0; i < n * groups; i++) {
        int g = (int)(i % groups);
        int b = (int)assay_rng_below(rng, BINS);
        bool right = assay_rng_uniform(rng) < accuracy(off, g, b);
        t->right[g][b] += right;
        t->wrong[g][b] += !right;
    }
}

static void resample(double *sorted, const table *t, kind what, assay_rng *rng)
{
    static double values[REPLICATES];
    static int64_t order[REPLICATES];
    for (int r = 0; r < REPLICATES; r++) {
        table other;
        for (int g = 0; g < (what == WORST_GROUP ? GROUPS : 1); g++) {
            for (int b = 0; b < BINS; b++) {
                other.right[g][b] = assay_rng_poisson(rng, (double)t->right[g][b]);
                other.wrong[g][b] = assay_rng_poisson(rng, (double)t->wrong[g][b]);
            }
        }
        values[r] = value_of(&other, what);
    }
    must(assay_sort_order(order, values, REPLICATES, 0, NULL));
    for (int r = 0; r < REPLICATES; r++) {
        sorted[r] = values[order[r]];
    }
}

static void setting(coverage *c, row rows[2], int64_t n, double off, kind what)
{
    int64_t runs = c->full ? 2000 : 60;
    int64_t covered[2] = {0};
    double truth = truth_of(off, what);
    assay_distance distance = what == DEBIASED ? ASSAY_DISTANCE_DEBIASED
                              : what == SQUARE ? ASSAY_DISTANCE_SQUARED
                                               : ASSAY_DISTANCE_PLAIN;
    for (int64_t run = 0; run < runs; run++) {
        static double sorted[REPLICATES];
        assay_rng rng = stream("distances", run * 8 + (int64_t)what);
        table t;
        double low = NAN, high = NAN;
        draw(&t, n, off, what == WORST_GROUP ? GROUPS : 1, &rng);
        double value = value_of(&t, what);
        resample(sorted, &t, what, &rng);
        must(assay_percentile_interval(&low, &high, sorted, REPLICATES, 0.025, 0.025, NULL));
        covered[0] += low <= truth + 1e-12 && truth <= high;
        must(assay_distance_interval(&low, &high, sorted, REPLICATES, value, distance, 0.025, 0.025,
                                     NULL));
        covered[1] += low <= truth + 1e-12 && truth <= high;
        if (!(low <= value && value <= high)) {
            must(ASSAY_EINTERNAL);
        }
    }
    row_count(&rows[0], covered[0], runs);
    row_count(&rows[1], covered[1], runs);
}

static void table_of(coverage *c, kind what, int64_t n, const char *name)
{
    static const double off[] = {0.0, 0.1, 0.3, 0.9};
    row rows[2] = {{.method = "Bootstrap percentile", .promise = BROKEN, .slack = 0.05},
                   {.method = "Bootstrap of distances", .promise = ABOUT, .slack = 0.01}};
    for (int m = 0; m < 2; m++) {
        rows[m].nominal = 0.95;
        (void)snprintf(rows[m].setting, sizeof rows[m].setting, "%s, %" PRId64 " rows%s", name, n,
                       what == WORST_GROUP ? " per group" : "");
    }
    for (int i = 0; i < 4; i++) {
        setting(c, rows, n, off[i], what);
    }
    row_end(c, &rows[0]);
    row_end(c, &rows[1]);
}

void cover_distances(coverage *c)
{
    section("Calibration errors", "Ten bins; the model is calibrated, or overconfident a little to "
                                  "very much. Chance alone makes "
                                  "these numbers positive, and resampling adds the same once more: "
                                  "percentiles of a calibrated "
                                  "model's replicates never reach the truth.");
    table_of(c, MEAN_GAP, 100, "expected calibration error");
    table_of(c, MEAN_GAP, 1000, "expected calibration error");
    table_of(c, WORST_GROUP, 60, "worst of 3 groups");
    table_of(c, DEBIASED, 200, "debiased");
    if (c->full) {
        table_of(c, ROOT_MEAN_SQUARE, 100, "root mean square");
        table_of(c, ROOT_MEAN_SQUARE, 1000, "root mean square");
        table_of(c, SQUARE, 1000, "reliability (mean square)");
        table_of(c, LARGEST, 200, "largest gap");
        table_of(c, LARGEST, 2000, "largest gap");
        table_of(c, DEBIASED, 2000, "debiased");
        table_of(c, WORST_GROUP, 400, "worst of 3 groups");
    }
}
