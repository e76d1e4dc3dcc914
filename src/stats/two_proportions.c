#include "stats/two_proportions.h"

#include <math.h>

#include "stats/check.h"
#include "stats/discrete.h"
#include "stats/distributions.h"
#include "stats/intervals.h"
#include "stats/normal.h"
#include "stats/solve.h"

assay_status assay_two_counts_check(const assay_two_counts *t, assay_error *err)
{
    ASSAY_TRY(assay_check_counts("two proportions", t->x1, t->n1, err));
    ASSAY_TRY(assay_check_counts("two proportions", t->x2, t->n2, err));
    ASSAY_TRY(assay_check_least("two proportions", "the first number of trials", t->n1, 1, err));
    return assay_check_least("two proportions", "the second number of trials", t->n2, 1, err);
}

assay_status assay_newcombe(double *low, double *high, const assay_two_counts *counts,
                            double alpha_low, double alpha_high, assay_error *err)
{
    *low = -1.0;
    *high = 1.0;
    ASSAY_TRY(assay_two_counts_check(counts, err));
    ASSAY_TRY(assay_check_alphas("two proportions", alpha_low, alpha_high, err));
    double p1 = (double)counts->x1 / (double)counts->n1;
    double p2 = (double)counts->x2 / (double)counts->n2;
    double l = 0.0, u = 0.0, unused = 0.0;
    if (alpha_low > 0.0) {
        ASSAY_TRY(assay_wilson(&l, &unused, counts->x1, counts->n1, alpha_low, 0.0, err));
        ASSAY_TRY(assay_wilson(&unused, &u, counts->x2, counts->n2, 0.0, alpha_low, err));
        *low = p1 - p2 - hypot(p1 - l, u - p2);
    }
    if (alpha_high > 0.0) {
        ASSAY_TRY(assay_wilson(&unused, &u, counts->x1, counts->n1, 0.0, alpha_high, err));
        ASSAY_TRY(assay_wilson(&l, &unused, counts->x2, counts->n2, alpha_high, 0.0, err));
        *high = p1 - p2 + hypot(u - p1, p2 - l);
    }
    return ASSAY_OK;
}

typedef struct score {
    double x1, n1, x2, n2, z, factor;
} score;

/* Maximum likelihood estimate of p2 when p1 = p2 + delta: the root of the cubic in (0, 1), in closed
 * form (Miettinen and Nurminen 1985, appendix I). */
static double restricted(const score *s, double delta)
{
    double n = s->n1 + s->n2;
    double l3 = n;
    double l2 = (s->n1 + 2.0 * s->n2) * delta - n - (s->x1 + s->x2);
    double l1 = (s->n2 * delta - n - 2.0 * s->x2) * delta + s->x1 + s->x2;
    double l0 = s->x2 * delta * (1.0 - delta);
    double third = l2 / (3.0 * l3);
    double q = third * third * third - l1 * l2 / (6.0 * l3 * l3) + l0 / (2.0 * l3);
    double square = fmax(0.0, third * third - l1 / (3.0 * l3));
    double p = copysign(sqrt(square), q);
    double cosine = p == 0.0 ? 0.0 : q / (p * p * p);
    double angle = (acos(-1.0) + acos(fmin(1.0, fmax(-1.0, cosine)))) / 3.0;
    double estimate = 2.0 * p * cos(angle) - third;
    return fmin(fmin(1.0, 1.0 - delta), fmax(fmax(0.0, -delta), estimate));
}

static double statistic(const score *s, double delta)
{
    double p2 = restricted(s, delta);
    double p1 = fmin(1.0, fmax(0.0, p2 + delta));
    double variance = (p1 * (1.0 - p1) / s->n1 + p2 * (1.0 - p2) / s->n2) * s->factor;
    double distance = s->x1 / s->n1 - s->x2 / s->n2 - delta;
    if (!(variance > 0.0)) {
        return fabs(distance) < 1e-15 ? 0.0 : copysign(INFINITY, distance);
    }
    return distance / sqrt(variance);
}

static double below_low(double delta, const void *context)
{
    const score *s = context;
    return s->z - statistic(s, delta);
}

static double above_high(double delta, const void *context)
{
    const score *s = context;
    return -s->z - statistic(s, delta);
}

static score score_of(const assay_two_counts *c, bool factor)
{
    double n = (double)c->n1 + (double)c->n2;
    return (score){.x1 = (double)c->x1,
                   .n1 = (double)c->n1,
                   .x2 = (double)c->x2,
                   .n2 = (double)c->n2,
                   .factor = factor ? n / (n - 1.0) : 1.0};
}

assay_status assay_score_difference(double *low, double *high, const assay_two_counts *counts,
                                    bool factor, double alpha_low, double alpha_high,
                                    assay_error *err)
{
    *low = -1.0;
    *high = 1.0;
    ASSAY_TRY(assay_two_counts_check(counts, err));
    ASSAY_TRY(assay_check_alphas("two proportions", alpha_low, alpha_high, err));
    score s = score_of(counts, factor);
    double difference = s.x1 / s.n1 - s.x2 / s.n2;
    if (alpha_low > 0.0 && difference > -1.0) {
        s.z = assay_normal_quantile_upper(alpha_low);
        *low = assay_solve_increasing(below_low, &s, -1.0, difference);
    }
    if (alpha_high > 0.0 && difference < 1.0) {
        s.z = assay_normal_quantile_upper(alpha_high);
        *high = assay_solve_increasing(above_high, &s, difference, 1.0);
    }
    return ASSAY_OK;
}

assay_status assay_score_difference_z(double *z, const assay_two_counts *counts, double delta,
                                      bool factor, assay_error *err)
{
    *z = NAN;
    ASSAY_TRY(assay_two_counts_check(counts, err));
    if (!(delta > -1.0 && delta < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "two proportions: a difference of %g must be between -1 and 1", delta);
    }
    score s = score_of(counts, factor);
    *z = statistic(&s, delta);
    return ASSAY_OK;
}

/* The score statistic for p1 = ratio p2. The restricted estimate of p2 is the smaller root of N R p^2
 * - (R (n1 + x2) + x1 + n2) p + x1 + x2, written so that nothing cancels. */
static double ratio_statistic(const score *s, double ratio)
{
    double a = (s->n1 + s->n2) * ratio;
    double b = ratio * (s->n1 + s->x2) + s->x1 + s->n2;
    double c = s->x1 + s->x2;
    double p2 = 2.0 * c / (b + sqrt(fmax(0.0, b * b - 4.0 * a * c)));
    double p1 = fmin(1.0, p2 * ratio);
    p2 = fmin(1.0, p2);
    double variance =
        (p1 * (1.0 - p1) / s->n1 + ratio * ratio * p2 * (1.0 - p2) / s->n2) * s->factor;
    double distance = s->x1 / s->n1 - ratio * (s->x2 / s->n2);
    if (!(variance > 0.0)) {
        return fabs(distance) < 1e-15 ? 0.0 : copysign(INFINITY, distance);
    }
    return distance / sqrt(variance);
}

static double ratio_below(double ratio, const void *context)
{
    const score *s = context;
    return s->z - ratio_statistic(s, ratio);
}

static double ratio_above(double ratio, const void *context)
{
    const score *s = context;
    return -s->z - ratio_statistic(s, ratio);
}

assay_status assay_score_ratio(double *low, double *high, const assay_two_counts *counts,
                               bool factor, double alpha_low, double alpha_high, assay_error *err)
{
    static const double most = 1e100; /* beyond any ratio of counts; its square is finite */
    *low = 0.0;
    *high = INFINITY;
    ASSAY_TRY(assay_two_counts_check(counts, err));
    ASSAY_TRY(assay_check_alphas("two proportions", alpha_low, alpha_high, err));
    score s = score_of(counts, factor);
    double ratio = s.x2 > 0.0 ? (s.x1 / s.n1) / (s.x2 / s.n2) : most;
    if (alpha_low > 0.0 && s.x1 > 0.0) {
        s.z = assay_normal_quantile_upper(alpha_low);
        *low = assay_solve_increasing(ratio_below, &s, 0.0, ratio);
    }
    if (alpha_high > 0.0 && s.x2 > 0.0) {
        s.z = assay_normal_quantile_upper(alpha_high);
        *high = assay_solve_increasing(ratio_above, &s, ratio, most);
    }
    return ASSAY_OK;
}

assay_status assay_fisher(assay_two_p *out, const assay_two_counts *c, assay_error *err)
{
    *out = (assay_two_p){1.0, 1.0, 1.0};
    ASSAY_TRY(assay_two_counts_check(c, err));
    int64_t N = c->n1 + c->n2, K = c->x1 + c->x2, n = c->n1;
    out->greater = assay_hypergeometric_sf(c->x1 - 1, N, K, n);
    out->less = assay_hypergeometric_cdf(c->x1, N, K, n);
    double mass = assay_hypergeometric_pmf(c->x1, N, K, n);
    double limit = mass * (1.0 + 1e-7);
    int64_t most = n < K ? n : K;
    int64_t least = n > N - K ? n - (N - K) : 0;
    double mode = floor(((double)n + 1.0) * ((double)K + 1.0) / ((double)N + 2.0));
    /* the far side of the mode: the first table there that is improbable enough */
    bool upper = (double)c->x1 < mode;
    int64_t low = upper ? (int64_t)mode : least - 1;
    int64_t high = upper ? most + 1 : (int64_t)mode;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        bool enough = assay_hypergeometric_pmf(middle, N, K, n) <= limit;
        if (enough == upper) {
            high = middle;
        } else {
            low = middle;
        }
    }
    if (assay_hypergeometric_pmf((int64_t)mode, N, K, n) <= limit) {
        return ASSAY_OK; /* nothing is more probable */
    }
    out->two_sided = upper ? out->less + assay_hypergeometric_sf(high - 1, N, K, n)
                           : out->greater + assay_hypergeometric_cdf(low, N, K, n);
    out->two_sided = fmin(1.0, out->two_sided);
    return ASSAY_OK;
}
