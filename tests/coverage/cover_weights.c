#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/sort.h"
#include "coverage/coverage.h"
#include "stats/clustered.h"
#include "stats/intervals.h"

enum { MOST_ROWS = 400, REPLICATES = 400, METHODS = 3 };

typedef struct sample {
    double y[MOST_ROWS], w[MOST_ROWS];
    int64_t n;
} sample;

/* Weights are exponential, the way of unequal sampling. `tie`: how much rarer success is among heavy
 * rows; the weighted share is p all the same. */
static double draw(sample *s, double p, double tie, assay_rng *rng)
{
    /* success with probability a + b exp(-w): weighted by w its mean is a + b / 4 */
    double b = tie * fmin(p, 1.0 - p);
    double a = p - b / 4.0;
    for (int64_t i = 0; i < s->n; i++) {
        s->w[i] = -log1p(-assay_rng_uniform(rng));
        s->y[i] = assay_rng_uniform(rng) < a + b * exp(-s->w[i]) ? 1.0 : 0.0;
    }
    return p;
}

static assay_weighted_counts count(const sample *s)
{
    assay_weighted_counts c = {.rows = (double)s->n};
    for (int64_t i = 0; i < s->n; i++) {
        c.weight += s->w[i];
        c.squares += s->w[i] * s->w[i];
        c.hits += s->y[i] * s->w[i];
        c.hits_squares += s->y[i] * s->w[i] * s->w[i];
    }
    return c;
}

static int64_t poisson_one(assay_rng *rng)
{
    int64_t k = 0;
    for (double product = assay_rng_uniform(rng); product > exp(-1.0); k++) {
        product *= assay_rng_uniform(rng);
    }
    return k;
}

/* Rows are resampled with their weights. */
static void bootstrap(double *low, double *high, const sample *s, assay_rng *rng)
{
    double values[REPLICATES], copy[REPLICATES];
    int64_t order[REPLICATES];
    int64_t n = 0;
    for (int64_t b = 0; b < REPLICATES; b++) {
        double hits = 0.0, weight = 0.0;
        for (int64_t i = 0; i < s->n; i++) {
            double w = s->w[i] * (double)poisson_one(rng);
            weight += w;
            hits += w * s->y[i];
        }
        if (weight > 0.0) {
            copy[n++] = hits / weight;
        }
    }
    must(assay_sort_order(order, copy, n, 0, NULL));
    for (int64_t i = 0; i < n; i++) {
        values[i] = copy[order[i]];
    }
    must(assay_percentile_interval(low, high, values, n, 0.025, 0.025, NULL));
}

static void setting(coverage *c, row rows[METHODS], int64_t n, double p, double tie)
{
    static sample s;
    int64_t covered[METHODS] = {0};
    int64_t runs = c->full ? 4000 : 100;
    s.n = n;
    for (int64_t run = 0; run < runs; run++) {
        assay_rng rng = stream("weighted rows", run);
        double truth = draw(&s, p, tie, &rng);
        double low[METHODS], high[METHODS];
        assay_cluster_estimate e;
        assay_weighted_counts counts = count(&s);
        must(assay_weighted_share(&e, &counts, NULL));
        must(assay_clopper_pearson(&low[0], &high[0], llround(e.value * (double)n), n, 0.025, 0.025,
                                   NULL));
        must(assay_korn_graubard(&low[1], &high[1], &e, 0.025, 0.025, NULL));
        bootstrap(&low[2], &high[2], &s, &rng);
        for (int m = 0; m < METHODS; m++) {
            covered[m] += low[m] <= truth && truth <= high[m];
        }
    }
    for (int m = 0; m < METHODS; m++) {
        row_count(&rows[m], covered[m], runs);
    }
}

static void table(coverage *c, int64_t n, double p, double bootstrap_slack)
{
    static const char *const names[METHODS] = {"Clopper-Pearson, weights ignored in n",
                                               "Korn-Graubard of weighted rows",
                                               "Bootstrap percentile of weighted rows"};
    row rows[METHODS];
    for (int m = 0; m < METHODS; m++) {
        rows[m] = (row){.method = names[m], .nominal = 0.95, .promise = ABOUT, .slack = 0.01};
        (void)snprintf(rows[m].setting, sizeof rows[m].setting,
                       "%" PRId64 " rows, exponential weights, p = %g, outcome free of the weight "
                       "or not",
                       n, p);
    }
    rows[0].promise = BROKEN;
    rows[0].slack = 0.03;
    rows[2].promise = bootstrap_slack < 0.0 ? BROKEN : ABOUT;
    rows[2].slack = fabs(bootstrap_slack);
    setting(c, rows, n, p, 0.0);
    setting(c, rows, n, p, 0.9);
    setting(c, rows, n, p, -0.9);
    for (int m = 0; m < METHODS; m++) {
        row_end(c, &rows[m]);
    }
}

void cover_weights(coverage *c)
{
    section(
        "Weighted rows",
        "A share of right-or-wrong rows that carry weights, which differ as exponential "
        "variates do: half of the rows are as good as equal ones. In one setting the outcome "
        "has nothing to do with the weight, in the others heavy rows are right more, or less, "
        "often. The interval of a weighted proportion is Korn and Graubard's; what is no "
        "proportion is resampled with the weights, which takes more than a handful of failures.");
    table(c, 100, 0.5, 0.03);
    table(c, 400, 0.9, 0.03);
    if (c->full) {
        table(c, 40, 0.5, 0.05);
        table(c, 100, 0.95, -0.05); /* five failures: too few to resample */
    }
}
