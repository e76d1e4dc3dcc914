/* Boschloo's test (declared in two_proportions.h). */
#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "stats/check.h"
#include "stats/discrete.h"
#include "stats/distributions.h"
#include "stats/two_proportions.h"

/* The rejection region against p1 >= p2: for x1 successes in the first sample all x2 >= least[x1]. */
typedef struct region {
    int64_t *least;
    int64_t n1, n2;
} region;

/* Fisher's p-value grows with x1 and falls with x2, so each row of the region is a tail. Values that
 * are equal but for rounding are equal. */
static void fill(region *r, double observed)
{
    double limit = observed * (1.0 + 1e-9);
    for (int64_t x1 = 0; x1 <= r->n1; x1++) {
        int64_t low = -1;
        int64_t high = r->n2 + 1;
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (assay_hypergeometric_cdf(x1, r->n1 + r->n2, x1 + middle, r->n1) <= limit) {
                high = middle;
            } else {
                low = middle;
            }
        }
        r->least[x1] = high;
    }
}

/* Probability of the region when both success probabilities are p. */
static double size_at(const region *r, double p)
{
    double sum = 0.0;
    for (int64_t x1 = 0; x1 <= r->n1 && p > 0.0 && p < 1.0; x1++) {
        double mass = assay_binomial_pmf(x1, r->n1, p);
        if (mass > 1e-25 && r->least[x1] <= r->n2) {
            sum += mass * assay_binomial_sf(r->least[x1] - 1, r->n2, p);
        }
    }
    return sum;
}

/* Largest probability over p: a grid that is dense at both ends, then golden section about its best
 * points. */
static double largest(const region *r)
{
    enum { GRID = 200 };
    const double golden = 0.6180339887498949;
    double values[GRID + 1], best = 0.0;
    const double pi = acos(-1.0);
    for (int i = 0; i <= GRID; i++) {
        values[i] = size_at(r, 0.5 - 0.5 * cos(pi * i / GRID));
        best = fmax(best, values[i]);
    }
    double top = best;
    for (int i = 1; i < GRID; i++) {
        if (values[i] < 0.98 * top || values[i] < values[i - 1] || values[i] < values[i + 1]) {
            continue;
        }
        double a = 0.5 - 0.5 * cos(pi * (i - 1) / GRID);
        double b = 0.5 - 0.5 * cos(pi * (i + 1) / GRID);
        double c = b - golden * (b - a), d = a + golden * (b - a);
        double at_c = size_at(r, c), at_d = size_at(r, d);
        for (int step = 0; step < 40; step++) {
            if (at_c > at_d) {
                b = d;
                d = c;
                at_d = at_c;
                c = b - golden * (b - a);
                at_c = size_at(r, c);
            } else {
                a = c;
                c = d;
                at_c = at_d;
                d = a + golden * (b - a);
                at_d = size_at(r, d);
            }
        }
        best = fmax(best, fmax(at_c, at_d));
    }
    return best;
}

/* One-sided p-value against p1 >= p2. */
static assay_status one_sided(double *out, int64_t x1, int64_t n1, int64_t x2, int64_t n2,
                              assay_error *err)
{
    region r = {.n1 = n1, .n2 = n2};
    r.least = assay_alloc_raw((size_t)n1 + 1, sizeof *r.least);
    if (r.least == NULL) {
        return assay_fail_memory(err);
    }
    double observed = assay_hypergeometric_cdf(x1, n1 + n2, x1 + x2, n1);
    fill(&r, observed);
    /* in theory never above Fisher's */
    *out = fmin(observed, largest(&r));
    assay_free(r.least);
    return ASSAY_OK;
}

assay_status assay_boschloo(assay_two_p *out, const assay_two_counts *c, assay_error *err)
{
    *out = (assay_two_p){1.0, 1.0, 1.0};
    assay_two_p fisher;
    ASSAY_TRY(assay_fisher(&fisher, c, err));
    if (c->n1 + c->n2 > ASSAY_BOSCHLOO_MOST) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "Boschloo's test: at most %d trials, there are %" PRId64
                          "; use the score test",
                          ASSAY_BOSCHLOO_MOST, c->n1 + c->n2);
    }
    ASSAY_TRY(one_sided(&out->less, c->x1, c->n1, c->x2, c->n2, err));
    ASSAY_TRY(one_sided(&out->greater, c->x2, c->n2, c->x1, c->n1, err));
    out->two_sided = fmin(1.0, 2.0 * fmin(out->less, out->greater));
    return ASSAY_OK;
}
