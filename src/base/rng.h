/**
 * @file rng.h
 * Random numbers with an address: a value depends on (seed, operation, datum, draw) and on nothing
 * else, so results are the same for any number of threads, shards or repeats.
 *
 * Generator: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011). Key = seed; counter = (draw block, operation, datum low, datum high).
 */
#ifndef ASSAY_BASE_RNG_H
#define ASSAY_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct assay_rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t out[4];
    int32_t used; /* words of out already handed over; 4 = empty */
} assay_rng;

/** The raw block function, for known-answer tests and for bulk use in hot loops. */
void assay_philox4x32_10(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);
/** Eight blocks side by side: word w of counter i is c<w>[i], and becomes word w of its block. */
enum { ASSAY_RNG_LANES = 8 };
void assay_philox4x32_10_lanes(uint32_t c0[restrict ASSAY_RNG_LANES],
                               uint32_t c1[restrict ASSAY_RNG_LANES],
                               uint32_t c2[restrict ASSAY_RNG_LANES],
                               uint32_t c3[restrict ASSAY_RNG_LANES], const uint32_t key[2]);

/** A stream of its own for (seed, operation, datum). `operation` = assay_rng_operation(name).
 *  It repeats after 2^34 words. */
assay_rng assay_rng_stream(uint64_t seed, uint32_t operation, uint64_t datum);

enum { ASSAY_RNG_STREAMS = ASSAY_RNG_LANES };
/** The streams of several data, their first words computed side by side. */
void assay_rng_streams(assay_rng out[ASSAY_RNG_STREAMS], uint64_t seed, uint32_t operation,
                       const uint64_t datum[ASSAY_RNG_STREAMS]);

/** Stable 32-bit id of an operation's name (FNV-1a). */
uint32_t assay_rng_operation(const char *name);

uint32_t assay_rng_u32(assay_rng *rng);
/** What n calls of assay_rng_u32 give, faster. */
void assay_rng_words(uint32_t *out, size_t n, assay_rng *rng);
uint64_t assay_rng_u64(assay_rng *rng);
/** Uniform on [0, 1): 53 bits. */
double assay_rng_uniform(assay_rng *rng);
/** Uniform integer on [0, n), unbiased (Lemire 2019, with rejection); n >= 1. */
uint64_t assay_rng_below(assay_rng *rng, uint64_t n);
/** Standard normal: inverse of the normal CDF at a 53-bit uniform in (0, 1) (Wichura, AS 241). */
double assay_rng_normal(assay_rng *rng);
/** The inverse normal CDF itself, accurate to about 1e-16 relative: M. J. Wichura, "Algorithm AS
 *  241: The percentage points of the normal distribution", Applied Statistics 37 (1988), 477-484,
 *  routine PPND16. -inf at 0, +inf at 1, NaN outside. */
double assay_normal_inverse(double p);
/** Poisson: inversion for means below 10, transformed rejection PTRS (Hoermann 1993) above. A mean
 *  that is NaN or below 0 counts as 0, one above 2^53 as 2^53. */
int64_t assay_rng_poisson(assay_rng *rng, double mean);

/** What draws with one mean share; for many of them. */
typedef struct assay_poisson {
    double mean, a, b, inverse_alpha, squeeze;
    double none; /* small means: the probability of 0 */
} assay_poisson;

assay_poisson assay_poisson_of(double mean);
/** What assay_rng_poisson returns. */
int64_t assay_rng_poisson_of(assay_rng *rng, const assay_poisson *poisson);

#endif
