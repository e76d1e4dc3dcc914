#include "base/reduce.h"

#include <math.h>

enum { LANES = 8, LEAF = 128 };

void assay_sum_add(assay_sum *sum, double value)
{
    double total = sum->high + value;
    if (fabs(sum->high) >= fabs(value)) {
        sum->low += (sum->high - total) + value;
    } else {
        sum->low += (value - total) + sum->high;
    }
    sum->high = total;
}

void assay_sum_merge(assay_sum *into, const assay_sum *from)
{
    double low = from->low;
    int finite = isfinite(from->high);
    assay_sum_add(into, from->high);
    if (finite) {
        assay_sum_add(into, low);
    }
}

double assay_sum_value(const assay_sum *sum)
{
    /* Beyond the finite range the compensation is inf - inf. */
    return isfinite(sum->high) ? sum->high + sum->low : sum->high;
}

static double leaf(const double *values, int64_t n)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            lane[k] += values[i + k];
        }
    }
    for (int k = 0; i + k < n; k++) {
        lane[k] += values[i + k];
    }
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
           ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

double assay_sum_pairwise(const double *values, int64_t n)
{
    if (n <= LEAF) {
        return leaf(values, n);
    }
    int64_t half = n / 2 / LANES * LANES;
    return assay_sum_pairwise(values, half) + assay_sum_pairwise(values + half, n - half);
}
