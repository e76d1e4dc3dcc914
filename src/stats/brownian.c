#include "stats/brownian.h"

#include <math.h>

#include "stats/normal.h"

static const double pi = 3.141592653589793;

/* Each probability has a series for small x and one for large x; both converge to double precision
 * within a few terms where they are used. */

double assay_brownian_maximum_sf(double x)
{
    if (isnan(x)) {
        return x;
    }
    if (x <= 0.0) {
        return 1.0;
    }
    double sum = 0.0;
    if (x > 1.0) {
        for (int k = 0; k < 12; k++) {
            double term = assay_normal_sf((2.0 * k + 1.0) * x);
            sum += k % 2 == 0 ? term : -term;
        }
        return 4.0 * sum;
    }
    for (int k = 0; k < 12; k++) {
        double odd = 2.0 * k + 1.0;
        double term = exp(-odd * odd * pi * pi / (8.0 * x * x)) / odd;
        sum += k % 2 == 0 ? term : -term;
    }
    return 1.0 - 4.0 / pi * sum;
}

double assay_brownian_range_sf(double x)
{
    if (isnan(x)) {
        return x;
    }
    if (x <= 0.0) {
        return 1.0;
    }
    double sum = 0.0;
    if (x > 1.5) {
        for (int k = 1; k <= 16; k++) {
            double term = k * assay_normal_sf(k * x);
            sum += k % 2 == 1 ? term : -term;
        }
        return 8.0 * sum;
    }
    for (int k = 0; k < 12; k++) {
        double half = k + 0.5;
        sum += (8.0 / (x * x) + 2.0 / (half * half * pi * pi)) *
               exp(-2.0 * half * half * pi * pi / (x * x));
    }
    return 1.0 - sum;
}
