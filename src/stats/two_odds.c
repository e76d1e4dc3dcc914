/* Two independent proportions: the odds ratio, the mid-P version of Fisher's test, Agresti and Caffo's interval. */
#include <math.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "stats/check.h"
#include "stats/discrete.h"
#include "stats/normal.h"
#include "stats/solve.h"
#include "stats/two_proportions.h"

assay_status assay_agresti_caffo(double *low, double *high, const assay_two_counts *c,
                                 double alpha_low, double alpha_high, assay_error *err)
{
    *low = -1.0;
    *high = 1.0;
    ASSAY_TRY(assay_two_counts_check(c, err));
    ASSAY_TRY(assay_check_alphas("two proportions", alpha_low, alpha_high, err));
    double n1 = (double)c->n1 + 2.0, n2 = (double)c->n2 + 2.0;
    double p1 = ((double)c->x1 + 1.0) / n1, p2 = ((double)c->x2 + 1.0) / n2;
    double se = sqrt(p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2);
    if (alpha_low > 0.0) {
        *low = fmax(-1.0, p1 - p2 - assay_normal_quantile_upper(alpha_low) * se);
    }
    if (alpha_high > 0.0) {
        *high = fmin(1.0, p1 - p2 + assay_normal_quantile_upper(alpha_high) * se);
    }
    return ASSAY_OK;
}

assay_status assay_fisher_mid(assay_two_p *out, const assay_two_counts *c, assay_error *err)
{
    ASSAY_TRY(assay_fisher(out, c, err));
    double half = 0.5 * assay_hypergeometric_pmf(c->x1, c->n1 + c->n2, c->x1 + c->x2, c->n1);
    out->greater = fmax(0.0, out->greater - half);
    out->less = fmax(0.0, out->less - half);
    out->two_sided = fmax(0.0, out->two_sided - half);
    return ASSAY_OK;
}

/* Tables with the margins of the data, from the first possible count on. */
typedef struct tables {
    const double *log_mass; /* when the odds are equal */
    int64_t n, at;          /* how many; which one was seen */
    double alpha;
    bool upper; /* the tail from `at` upwards, else up to `at` */
} tables;

/* The tail's probability, or with alpha < 0 the mean place, at a logarithm of the odds ratio. */
static double tail_at(const tables *t, double theta)
{
    double most = -INFINITY, all = 0.0, tail = 0.0, first = 0.0;
    for (int64_t k = 0; k < t->n; k++) {
        most = fmax(most, t->log_mass[k] + theta * (double)k);
    }
    for (int64_t k = 0; k < t->n; k++) {
        double mass = exp(t->log_mass[k] + theta * (double)k - most);
        all += mass;
        first += mass * (double)k;
        tail += (t->upper ? k >= t->at : k <= t->at) ? mass : 0.0;
    }
    return t->alpha < 0.0 ? first / all : tail / all;
}

static double above_alpha(double theta, const void *context)
{
    const tables *t = context;
    return tail_at(t, theta) - t->alpha;
}

static double below_alpha(double theta, const void *context)
{
    const tables *t = context;
    return t->alpha - tail_at(t, theta);
}

static double mean_beyond(double theta, const void *context)
{
    const tables *t = context;
    return tail_at(t, theta) - (double)t->at;
}

enum { FARTHEST = 200 }; /* logarithms of odds ratios lie nearer to 0 */

static void solve(assay_odds_ratio *out, tables *t, double alpha_low, double alpha_high)
{
    if (t->at > 0 && t->at < t->n - 1) {
        t->alpha = -1.0;
        out->conditional = exp(assay_solve_increasing(mean_beyond, t, -FARTHEST, FARTHEST));
    } else if (t->n > 1) {
        out->conditional = t->at == 0 ? 0.0 : INFINITY;
    }
    if (t->at > 0 && alpha_low > 0.0) {
        t->alpha = alpha_low;
        t->upper = true;
        out->low = exp(assay_solve_increasing(above_alpha, t, -FARTHEST, FARTHEST));
    }
    if (t->at < t->n - 1 && alpha_high > 0.0) {
        t->alpha = alpha_high;
        t->upper = false;
        out->high = exp(assay_solve_increasing(below_alpha, t, -FARTHEST, FARTHEST));
    }
}

/* Woolf's: normal on the scale of logarithms, half a count added everywhere. */
static void normal_odds(assay_odds_ratio *out, const assay_two_counts *c, double alpha_low,
                        double alpha_high)
{
    double a = (double)c->x1 + 0.5, b = (double)(c->n1 - c->x1) + 0.5;
    double d = (double)c->x2 + 0.5, e = (double)(c->n2 - c->x2) + 0.5;
    double middle = log(a * e / (b * d)), se = sqrt(1.0 / a + 1.0 / b + 1.0 / d + 1.0 / e);
    out->conditional = NAN;
    out->exact = 0;
    if (alpha_low > 0.0) {
        out->low = exp(middle - assay_normal_quantile_upper(alpha_low) * se);
    }
    if (alpha_high > 0.0) {
        out->high = exp(middle + assay_normal_quantile_upper(alpha_high) * se);
    }
}

assay_status assay_odds_ratio_find(assay_odds_ratio *out, const assay_two_counts *c,
                                   double alpha_low, double alpha_high, assay_error *err)
{
    *out = (assay_odds_ratio){
        .sample = NAN, .conditional = NAN, .low = 0.0, .high = INFINITY, .exact = 1};
    ASSAY_TRY(assay_two_counts_check(c, err));
    ASSAY_TRY(assay_check_alphas("odds ratio", alpha_low, alpha_high, err));
    double cross = (double)c->x1 * (double)(c->n2 - c->x2);
    double other = (double)(c->n1 - c->x1) * (double)c->x2;
    out->sample = other > 0.0 ? cross / other : cross > 0.0 ? INFINITY : NAN;
    int64_t N = c->n1 + c->n2, K = c->x1 + c->x2;
    int64_t least = K > c->n2 ? K - c->n2 : 0, most = K < c->n1 ? K : c->n1;
    if (most - least >= ASSAY_ODDS_TABLES) {
        normal_odds(out, c, alpha_low, alpha_high);
        return ASSAY_OK;
    }
    tables t = {.n = most - least + 1, .at = c->x1 - least};
    double *mass = assay_alloc((size_t)t.n, sizeof *mass);
    if (mass == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t k = 0; k < t.n; k++) {
        mass[k] = assay_hypergeometric_log_pmf(least + k, N, K, c->n1);
    }
    t.log_mass = mass;
    solve(out, &t, alpha_low, alpha_high);
    assay_free(mass);
    return ASSAY_OK;
}
