#include "stats/deviance.h"

#include <math.h>

#include "stats/special.h"

static const long double two_pi = 6.28318530717958647692528676655900576839L;

/* x ln(x / m) + m - x: the deviance of x from its mean m; a series where the two nearly cancel. */
static long double deviance(long double x, long double m)
{
    long double difference = x - m;
    if (fabsl(difference) >= 0.1L * (x + m)) {
        return x * logl(x / m) - difference;
    }
    /* with v = (x - m) / (x + m): ln(x / m) = 2 (v + v^3/3 + v^5/5 + ...) */
    long double v = difference / (x + m);
    long double sum = difference * v;
    long double power = 2.0L * x * v;
    for (int k = 3; k < 200; k += 2) {
        power *= v * v;
        long double next = sum + power / k;
        if (next == sum) {
            break;
        }
        sum = next;
    }
    return sum;
}

static long double times_log(double count, long double p)
{
    return count == 0.0 ? 0.0L : count * logl(p);
}

long double assay_binomial_log_term(double k, double m, long double p, long double q)
{
    if ((k > 0.0 && p <= 0.0L) || (m > 0.0 && q <= 0.0L)) {
        return -INFINITY;
    }
    if (k == 0.0) {
        return m == 0.0 || p <= 0.0L ? 0.0L : (p < q ? m * log1pl(-p) : times_log(m, q));
    }
    if (m == 0.0) {
        return q <= 0.0L ? 0.0L : (q < p ? k * log1pl(-q) : times_log(k, p));
    }
    long double n = (long double)k + m;
    long double errors =
        assay_stirling_error((double)n) - assay_stirling_error(k) - assay_stirling_error(m);
    return errors - deviance(k, n * p) - deviance(m, n * q) + 0.5L * logl(n / (two_pi * k * m));
}

long double assay_poisson_log_term(double k, double mean)
{
    if (k == 0.0) {
        return -(long double)mean;
    }
    return -assay_stirling_error(k) - deviance(k, mean) - 0.5L * logl(two_pi * k);
}
