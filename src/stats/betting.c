#include "stats/betting.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "stats/check.h"

struct assay_betting {
    double *up;   /* ln of the capital that bets on a mean above the candidate */
    double *down; /* and below */
    double alpha;
    int64_t grid, N, n;
    int64_t first, last; /* candidates that are still possible */
    bool finished;       /* no candidate is left: the interval lies between two of them */
    double sum, squares; /* of the values; of (x - running mean)^2 */
};

assay_status assay_betting_new(assay_betting **out, int64_t grid, int64_t N, double alpha,
                               assay_error *err)
{
    *out = NULL;
    ASSAY_TRY(assay_check_open_unit("betting", "the error probability", alpha, err));
    if (grid < 10 || grid > 1000000 || N < 0) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "betting: a grid of %" PRId64 " (10 to 1000000) for a population of %" PRId64, grid, N);
    }
    assay_betting *b = assay_alloc(1, sizeof *b);
    if (b == NULL) {
        return assay_fail_memory(err);
    }
    *b = (assay_betting){.alpha = alpha, .grid = grid, .N = N, .last = grid};
    b->up = assay_alloc((size_t)grid + 1, 2 * sizeof *b->up);
    if (b->up == NULL) {
        assay_free(b);
        return assay_fail_memory(err);
    }
    b->down = b->up + grid + 1;
    *out = b;
    return ASSAY_OK;
}

void assay_betting_free(assay_betting *betting)
{
    if (betting != NULL) {
        assay_free(betting->up);
        assay_free(betting);
    }
}

/* Predictable plug-in: mean and variance of the values before, with one made-up value (1/2, 1/4). */
static double bet_size(double squares, int64_t before, double log_target)
{
    double t = (double)before + 1.0;
    double variance = (0.25 + squares) / t;
    return sqrt(2.0 * log_target / (variance * t * log1p(t)));
}

static double mean_after(double sum, int64_t n)
{
    return (0.5 + sum) / ((double)n + 1.0);
}

static assay_status check_value(double value, int64_t n, int64_t N, assay_error *err)
{
    if (!(value >= 0.0 && value <= 1.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "betting: value %" PRId64 " is %g and must be in [0, 1]", n + 1, value);
    }
    if (N > 0 && n >= N) {
        return assay_fail(err, ASSAY_EINVAL,
                          "betting: more than the %" PRId64 " values of the population", N);
    }
    return ASSAY_OK;
}

/* Mean of what is left in the population if the mean of all is m. */
static double remaining_mean(double m, double sum, int64_t n, int64_t N)
{
    return N > 0 ? ((double)N * m - sum) / (double)(N - n) : m;
}

/* One round for one candidate; false: it is excluded. */
static bool survives(assay_betting *b, int64_t at, double value, double lambda, double target)
{
    double m = remaining_mean((double)at / (double)b->grid, b->sum, b->n, b->N);
    /* what is left cannot have a mean outside [0, 1]; half a grid step for rounding */
    if (m < -1e-12 || m > 1.0 + 1e-12) {
        return false;
    }
    double most_up = m > 0.0 ? 0.5 / m : INFINITY;
    double most_down = m < 1.0 ? 0.5 / (1.0 - m) : INFINITY;
    b->up[at] += log1p(fmin(lambda, most_up) * (value - m));
    b->down[at] += log1p(-fmin(lambda, most_down) * (value - m));
    return fmax(b->up[at], b->down[at]) + log(0.5) < target;
}

assay_status assay_betting_add(assay_betting *b, double value, assay_error *err)
{
    ASSAY_TRY(check_value(value, b->n, b->N, err));
    /* either side is hedged with half of the capital, and so bets as at alpha / 2 */
    double target = -log(b->alpha);
    double lambda = bet_size(b->squares, b->n, target - log(0.5));
    int64_t first = b->last + 1, last = b->first - 1;
    for (int64_t at = b->first; at <= b->last && !b->finished; at++) {
        if (survives(b, at, value, lambda, target)) {
            first = at < first ? at : first;
            last = at;
        }
    }
    if (first <= last) {
        b->first = first;
        b->last = last;
    } else {
        b->finished = true;
    }
    b->sum += value;
    b->n++;
    double mean = mean_after(b->sum, b->n);
    b->squares += (value - mean) * (value - mean);
    return ASSAY_OK;
}

void assay_betting_interval(double *low, double *high, int64_t *n, const assay_betting *b)
{
    *n = b->n;
    double step = 1.0 / (double)b->grid;
    *low = b->first > 0 ? (double)(b->first - 1) * step : 0.0;
    *high = b->last < b->grid ? (double)(b->last + 1) * step : 1.0;
    if (b->N > 0) {
        /* what was seen is certain */
        *low = fmax(*low, b->sum / (double)b->N);
        *high = fmin(*high, 1.0 - ((double)b->n - b->sum) / (double)b->N);
    }
}

assay_status assay_bernstein_add(assay_bernstein *s, double value, assay_error *err)
{
    ASSAY_TRY(assay_check_open_unit("betting", "the error probability", s->alpha, err));
    ASSAY_TRY(check_value(value, s->n, s->N, err));
    if (s->n == 0) {
        s->low = 0.0;
        s->high = 1.0;
    }
    double log_target = log(2.0 / s->alpha);
    double lambda = fmin(0.5, bet_size(s->squares, s->n, log_target));
    double before = mean_after(s->sum, s->n);
    /* without replacement the bet is on N m - sum over what is left: lambda (x + sum / left) has the
     * mean lambda N / left m */
    double left = s->N > 0 ? (double)(s->N - s->n) : 1.0;
    double seen = s->N > 0 ? s->sum / left : 0.0;
    s->weights += s->N > 0 ? lambda * (double)s->N / left : lambda;
    s->bets += lambda * (value + seen);
    s->penalty += (value - before) * (value - before) * (-log1p(-lambda) - lambda);
    s->sum += value;
    s->n++;
    double after = mean_after(s->sum, s->n);
    s->squares += (value - after) * (value - after);
    double centre = s->bets / s->weights;
    double reach = (log_target + s->penalty) / s->weights;
    s->low = fmax(s->low, centre - reach);
    s->high = fmin(s->high, centre + reach);
    if (s->N > 0) {
        s->low = fmax(s->low, s->sum / (double)s->N);
        s->high = fmin(s->high, 1.0 - ((double)s->n - s->sum) / (double)s->N);
    }
    return ASSAY_OK;
}
