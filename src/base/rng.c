#include "base/rng.h"

#include <math.h>

__extension__ typedef unsigned __int128 u128;

void assay_philox4x32_10(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)c0 * UINT32_C(0xD2511F53);
        uint64_t p1 = (uint64_t)c2 * UINT32_C(0xCD9E8D57);
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

assay_rng assay_rng_stream(uint64_t seed, uint32_t operation, uint64_t datum)
{
    return (assay_rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, operation, (uint32_t)datum, (uint32_t)(datum >> 32)},
        .used = 4,
    };
}

uint32_t assay_rng_operation(const char *name)
{
    uint32_t hash = UINT32_C(2166136261);
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * UINT32_C(16777619);
    }
    return hash;
}

uint32_t assay_rng_u32(assay_rng *rng)
{
    if (rng->used >= 4) {
        assay_philox4x32_10(rng->out, rng->counter, rng->key);
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->out[rng->used++];
}

enum { LANES = ASSAY_RNG_LANES };

/* The same rounds, laid out so that the compiler can use vector registers and
 * the processor can overlap the multiplications. */
void assay_philox4x32_10_lanes(uint32_t c0[restrict LANES], uint32_t c1[restrict LANES],
                               uint32_t c2[restrict LANES], uint32_t c3[restrict LANES],
                               const uint32_t key[2])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t p0 = (uint64_t)c0[i] * UINT32_C(0xD2511F53);
            uint64_t p1 = (uint64_t)c2[i] * UINT32_C(0xCD9E8D57);
            c0[i] = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0;
            c1[i] = (uint32_t)p1;
            c2[i] = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c3[i] = (uint32_t)p0;
        }
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
}

/* LANES blocks of one stream. */
static void next_blocks(uint32_t out[4 * LANES], assay_rng *rng)
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    for (uint32_t i = 0; i < LANES; i++) {
        c0[i] = rng->counter[0] + i;
        c1[i] = rng->counter[1];
        c2[i] = rng->counter[2];
        c3[i] = rng->counter[3];
    }
    assay_philox4x32_10_lanes(c0, c1, c2, c3, rng->key);
    for (int i = 0; i < LANES; i++) {
        out[4 * i] = c0[i];
        out[4 * i + 1] = c1[i];
        out[4 * i + 2] = c2[i];
        out[4 * i + 3] = c3[i];
    }
    rng->counter[0] += LANES;
}

void assay_rng_streams(assay_rng out[LANES], uint64_t seed, uint32_t operation,
                       const uint64_t datum[LANES])
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    for (int i = 0; i < LANES; i++) {
        c0[i] = 0;
        c1[i] = operation;
        c2[i] = (uint32_t)datum[i];
        c3[i] = (uint32_t)(datum[i] >> 32);
    }
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    assay_philox4x32_10_lanes(c0, c1, c2, c3, key);
    for (int i = 0; i < LANES; i++) {
        assay_rng *rng = &out[i];
        rng->key[0] = key[0];
        rng->key[1] = key[1];
        rng->counter[0] = 1;
        rng->counter[1] = operation;
        rng->counter[2] = (uint32_t)datum[i];
        rng->counter[3] = (uint32_t)(datum[i] >> 32);
        rng->out[0] = c0[i];
        rng->out[1] = c1[i];
        rng->out[2] = c2[i];
        rng->out[3] = c3[i];
        rng->used = 0;
    }
}

void assay_rng_words(uint32_t *out, size_t n, assay_rng *rng)
{
    size_t i = 0;
    while (i < n && rng->used < 4) {
        out[i++] = assay_rng_u32(rng);
    }
    for (; n - i >= (size_t)4 * LANES; i += (size_t)4 * LANES) {
        next_blocks(out + i, rng);
    }
    while (i < n) {
        out[i++] = assay_rng_u32(rng);
    }
}

uint64_t assay_rng_u64(assay_rng *rng)
{
    uint64_t low = assay_rng_u32(rng);
    return low | (uint64_t)assay_rng_u32(rng) << 32;
}

double assay_rng_uniform(assay_rng *rng)
{
    return (double)(assay_rng_u64(rng) >> 11) * 0x1p-53;
}

/* Odd multiples of 2^-53: never 0 or 1, symmetric about 1/2, and p and 1 - p are both exact. */
static double uniform_open(assay_rng *rng)
{
    return ((double)(assay_rng_u64(rng) >> 12) + 0.5) * 0x1p-52;
}

uint64_t assay_rng_below(assay_rng *rng, uint64_t n)
{
    if (n <= 1) {
        return 0;
    }
    u128 product = (u128)assay_rng_u64(rng) * n;
    if ((uint64_t)product < n) {
        uint64_t threshold = (UINT64_C(0) - n) % n;
        while ((uint64_t)product < threshold) {
            product = (u128)assay_rng_u64(rng) * n;
        }
    }
    return (uint64_t)(product >> 64);
}

static double rational(const double top[8], const double bottom[8], double r)
{
    double p = top[7];
    double q = bottom[7];
    for (int i = 6; i >= 0; i--) {
        p = p * r + top[i];
        q = q * r + bottom[i];
    }
    return p / q;
}

double assay_normal_inverse(double p)
{
    /* Rational approximations of Wichura (1988), routine PPND16, by distance from the centre. */
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                1.9715909503065514427e3, 1.3731693765509461125e4,
                                4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    if (isnan(p) || p < 0.0 || p > 1.0) {
        return NAN;
    }
    if (p == 0.0 || p == 1.0) {
        return p == 0.0 ? -INFINITY : INFINITY;
    }
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        return q * rational(a, b, 0.180625 - q * q);
    }
    double r = sqrt(-log(q < 0.0 ? p : 1.0 - p));
    double z = r <= 5.0 ? rational(c, d, r - 1.6) : rational(e, f, r - 5.0);
    return q < 0.0 ? -z : z;
}

double assay_rng_normal(assay_rng *rng)
{
    return assay_normal_inverse(uniform_open(rng));
}

/* From this mean on rejection is faster than inversion. */
static const double small_mean = 10.0;

static int64_t poisson_inversion(assay_rng *rng, double mean, double none)
{
    double u = assay_rng_uniform(rng);
    double term = none;
    double sum = term;
    int64_t k = 0;
    while (u >= sum) {
        k++;
        term *= mean / (double)k;
        double next = sum + term;
        if (next == sum) {
            break; /* u lies above the rounded total: the last value that has any mass */
        }
        sum = next;
    }
    return k;
}

/* Logarithm of the Poisson mass at k, in the saddle-point form (Loader 2000), which keeps its
 * absolute accuracy at large means where k log(mean) - mean - log k! cancels. */
static double poisson_log_mass(double k, double mean)
{
    if (k == 0.0) {
        return -mean;
    }
    double x = (k - mean) / mean;
    double deviance = mean * ((1.0 + x) * log1p(x) - x);
    double half_log = 0.5 * log(6.283185307179586477 * k);
    double stirling;
    if (k < 16.0) {
        double factorial = 1.0;
        for (double i = 2.0; i <= k; i += 1.0) {
            factorial *= i;
        }
        stirling = log(factorial) - (k * log(k) - k + half_log);
    } else {
        double s = 1.0 / (k * k);
        stirling = (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s / 1680.0))) / k;
    }
    return -deviance - stirling - half_log;
}

/* Transformed rejection with squeeze, algorithm PTRS of W. Hoermann, "The transformed rejection
 * method for generating Poisson random variables", Insurance: Mathematics and Economics 12 (1993).
 * With the published constants the hat lies up to 0.6 % below the mass and the squeeze up to 0.4 %
 * above it at some means; both are moved apart a little here so that the method is exact. */
static int64_t poisson_ptrs(assay_rng *rng, const assay_poisson *p)
{
    double a = p->a, b = p->b, mean = p->mean;
    for (;;) {
        double u = uniform_open(rng) - 0.5;
        double v = uniform_open(rng);
        double us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= p->squeeze) {
            return (int64_t)k;
        }
        if (k < 0.0 || (us < 0.013 && v > us)) {
            continue;
        }
        if (log(v * p->inverse_alpha / (a / (us * us) + b)) <= poisson_log_mass(k, mean)) {
            return (int64_t)k;
        }
    }
}

assay_poisson assay_poisson_of(double mean)
{
    assay_poisson p = {.mean = mean > 0.0 ? (mean < 0x1p53 ? mean : 0x1p53) : 0.0};
    if (p.mean < small_mean) {
        p.none = exp(-p.mean);
        return p;
    }
    p.b = 0.931 + 2.53 * sqrt(p.mean);
    p.a = -0.059 + 0.02483 * p.b;
    p.inverse_alpha = (1.1239 + 1.1328 / (p.b - 3.4)) * (1.0 + 0.07 / p.b);
    p.squeeze = 0.9277 - 3.6224 / (p.b - 2.0) - 0.01;
    return p;
}

int64_t assay_rng_poisson_of(assay_rng *rng, const assay_poisson *poisson)
{
    if (!(poisson->mean > 0.0)) {
        return 0;
    }
    return poisson->mean < small_mean ? poisson_inversion(rng, poisson->mean, poisson->none)
                                      : poisson_ptrs(rng, poisson);
}

int64_t assay_rng_poisson(assay_rng *rng, double mean)
{
    assay_poisson poisson = assay_poisson_of(mean);
    return assay_rng_poisson_of(rng, &poisson);
}
