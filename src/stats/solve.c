#include "stats/solve.h"

#include <stdint.h>
#include <string.h>

static const uint64_t sign = UINT64_C(1) << 63;

/* IEEE 754 bits to an integer of the same order, and back. */
static uint64_t key_of(double x)
{
    double value = x == 0.0 ? 0.0 : x;
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return (bits & sign) != 0 ? ~bits : bits | sign;
}

static double value_of(uint64_t key)
{
    uint64_t bits = (key & sign) != 0 ? key & ~sign : ~key;
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double assay_solve_increasing(double (*f)(double x, const void *context), const void *context,
                              double low, double high)
{
    if (f(high, context) <= 0.0) {
        return high;
    }
    uint64_t a = key_of(low);
    uint64_t b = key_of(high);
    while (b > a && b - a > 1) {
        uint64_t middle = a + (b - a) / 2;
        if (f(value_of(middle), context) <= 0.0) {
            a = middle;
        } else {
            b = middle;
        }
    }
    return value_of(a);
}
