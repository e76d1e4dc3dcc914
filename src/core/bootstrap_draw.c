/* Random weights of rows: Poisson(1) copies, or the toss of a coin. A weight depends on (seed, row of the
 * dataset, replicate) alone; processors with wide registers compute the same integers faster. */
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/rng.h"
#include "core/evaluate_internal.h"

enum {
    GROUP = ASSAY_BOOTSTRAP_GROUP,
    QUADS = GROUP / 4,
    LANES = ASSAY_RNG_LANES,
    POISSON_STEPS = 12,
    COMMON_STEPS = 6 /* weights up to here need no second look */
};
_Static_assert(QUADS == LANES, "one call of philox_lanes gives the weights of a group");

/* floor(2^32 P(X <= k)) - 2^31 for X ~ Poisson(1), k = 0..11: a word (less 2^31) that reaches
 * threshold k means X > k. P(X > 12) is below 2^-32. */
static const int32_t poisson_threshold[POISSON_STEPS] = {
    -567453480, 1012576689, 1802591773, 2065930135, 2131764725, 2144931643,
    2147126129, 2147439628, 2147478815, 2147483169, 2147483604, 2147483644};

static void philox_lanes(uint32_t out[4][LANES], uint64_t seed, uint32_t operation, uint64_t row,
                         uint32_t first)
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    for (uint32_t l = 0; l < LANES; l++) {
        c0[l] = first + l;
        c1[l] = operation;
        c2[l] = (uint32_t)row;
        c3[l] = (uint32_t)(row >> 32);
    }
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    assay_philox4x32_10_lanes(c0, c1, c2, c3, key);
    memcpy(out[0], c0, sizeof c0);
    memcpy(out[1], c1, sizeof c1);
    memcpy(out[2], c2, sizeof c2);
    memcpy(out[3], c3, sizeof c3);
}

static int32_t poisson_one(uint32_t word)
{
    int32_t shifted = (int32_t)(word ^ UINT32_C(0x80000000));
    int32_t weight = 0;
    for (int k = 0; k < POISSON_STEPS; k++) {
        weight += shifted >= poisson_threshold[k];
    }
    return weight;
}

static uint32_t bootstrap_operation(void)
{
    return assay_rng_operation("bootstrap");
}

void assay_bootstrap_weights(int32_t *out, uint64_t seed, uint64_t row, uint32_t quad, int quads)
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int q = 0; q < quads; q++) {
        const uint32_t counter[4] = {quad + (uint32_t)q, bootstrap_operation(), (uint32_t)row,
                                     (uint32_t)(row >> 32)};
        uint32_t words[4];
        assay_philox4x32_10(words, counter, key);
        for (int k = 0; k < 4; k++) {
            out[4 * q + k] = poisson_one(words[k]);
        }
    }
}

static uint32_t flip_operation(void)
{
    return assay_rng_operation("permutation");
}

/* The coin of a unit is the top bit of its word. */
void assay_bootstrap_coins(int32_t *out, uint64_t seed, uint64_t row, uint32_t quad, int quads)
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int q = 0; q < quads; q++) {
        const uint32_t counter[4] = {quad + (uint32_t)q, flip_operation(), (uint32_t)row,
                                     (uint32_t)(row >> 32)};
        uint32_t words[4];
        assay_philox4x32_10(words, counter, key);
        for (int k = 0; k < 4; k++) {
            out[4 * q + k] = (int32_t)(words[k] >> 31);
        }
    }
}

/* ---- groups of copies ---- */

/* What follows a word: copies of one row in one replicate go to groups of their own. */
static uint32_t next_word(uint32_t x)
{
    x = (x ^ x >> 16) * UINT32_C(0x7FEB352D);
    x = (x ^ x >> 15) * UINT32_C(0x846CA68B);
    return (x ^ x >> 16) + UINT32_C(0x9E3779B9);
}

/* How many of the copies do not lie in the group that is left out. */
static int32_t copies_left(int32_t copies, uint32_t word, const assay_evaluation *e)
{
    int32_t left = 0;
    for (int32_t c = 0; c < copies; c++) {
        left += (int64_t)((uint64_t)word * (uint64_t)e->leave_groups >> 32) != e->leave_group;
        word = next_word(word);
    }
    return left;
}

static void leave_out_of_four(int32_t out[4], const assay_evaluation *e, uint64_t address,
                              uint32_t quad)
{
    const uint32_t key[2] = {(uint32_t)e->seed, (uint32_t)(e->seed >> 32)};
    const uint32_t counter[4] = {quad, assay_rng_operation("bootstrap/groups"), (uint32_t)address,
                                 (uint32_t)(address >> 32)};
    uint32_t words[4];
    assay_philox4x32_10(words, counter, key);
    for (int k = 0; k < 4; k++) {
        out[k] = copies_left(out[k], words[k], e);
    }
}

static void leave_out_of_group(uint8_t out[GROUP], const assay_evaluation *e, uint64_t address,
                               uint32_t quad, uint32_t operation)
{
    uint32_t words[4][LANES];
    philox_lanes(words, e->seed, operation, address, quad);
    for (int k = 0; k < 4; k++) {
        for (int l = 0; l < LANES; l++) {
            uint8_t *copies = &out[k * LANES + l];
            *copies = (uint8_t)copies_left(*copies, words[k][l], e);
        }
    }
}

static uint32_t resample_operation(const assay_evaluation *evaluation)
{
    return evaluation->resample == ASSAY_RESAMPLE_POISSON ? bootstrap_operation()
                                                          : flip_operation();
}

void assay_bootstrap_four(int32_t out[4], const assay_evaluation *evaluation, int64_t i,
                          uint32_t quad)
{
    uint64_t address = assay_weight_address(evaluation, i);
    if (evaluation->resample == ASSAY_RESAMPLE_POISSON) {
        assay_bootstrap_weights(out, evaluation->seed, address, quad, 1);
        if (evaluation->leave_groups > 0) {
            leave_out_of_four(out, evaluation, address, quad);
        }
        return;
    }
    int32_t side = (int32_t)assay_flip_side(evaluation, i);
    assay_bootstrap_coins(out, evaluation->seed, address, quad, 1);
    for (int k = 0; k < 4; k++) {
        out[k] = out[k] == side;
    }
}

/* ---- a whole group ---- */

/* What a row's weights are made of. */
typedef struct draw {
    uint64_t seed, address;
    uint32_t operation, quad;
    bool flip;
    uint32_t side;
} draw;

static void draw_plain(uint8_t out[GROUP], const draw *d)
{
    uint32_t words[4][LANES];
    philox_lanes(words, d->seed, d->operation, d->address, d->quad);
    for (int k = 0; k < 4; k++) {
        for (int l = 0; l < LANES; l++) {
            out[k * LANES + l] = (uint8_t)(d->flip ? words[k][l] >> 31 == d->side
                                                   : (uint32_t)poisson_one(words[k][l]));
        }
    }
}

#if defined(__x86_64__)
static const uint32_t first_factor = UINT32_C(0xD2511F53), second_factor = UINT32_C(0xCD9E8D57);
static const uint32_t first_step = UINT32_C(0x9E3779B9), second_step = UINT32_C(0xBB67AE85);

/* Counters and words lie in the lower halves of 64 bits; the upper halves may hold anything, since
 * multiplication does not look at them. */
typedef struct philox_half {
    __m256i c0, c1, c2, c3;
} philox_half;

__attribute__((target("avx2"))) static philox_half philox_avx2(const draw *d, long long first)
{
    philox_half p = {
        .c0 = _mm256_add_epi64(_mm256_set1_epi64x((long long)d->quad + first),
                               _mm256_set_epi64x(3, 2, 1, 0)),
        .c1 = _mm256_set1_epi64x((long long)d->operation),
        .c2 = _mm256_set1_epi64x((long long)(d->address & UINT32_MAX)),
        .c3 = _mm256_set1_epi64x((long long)(d->address >> 32)),
    };
    uint32_t k0 = (uint32_t)d->seed, k1 = (uint32_t)(d->seed >> 32);
    for (int round = 0; round < 10; round++) {
        __m256i p0 = _mm256_mul_epu32(p.c0, _mm256_set1_epi64x(first_factor));
        __m256i p1 = _mm256_mul_epu32(p.c2, _mm256_set1_epi64x(second_factor));
        __m256i high1 = _mm256_srli_epi64(p1, 32), high0 = _mm256_srli_epi64(p0, 32);
        p.c0 = _mm256_xor_si256(_mm256_xor_si256(high1, p.c1), _mm256_set1_epi64x(k0));
        p.c1 = p1;
        p.c2 = _mm256_xor_si256(_mm256_xor_si256(high0, p.c3), _mm256_set1_epi64x(k1));
        p.c3 = p0;
        k0 += first_step;
        k1 += second_step;
    }
    return p;
}

/* Lower halves of eight words, one after the other. */
__attribute__((target("avx2"))) static __m256i lower(__m256i low, __m256i high)
{
    __m256 mixed = _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xD8);
}

__attribute__((target("avx2"))) static __m256i weights_avx2(__m256i words, const draw *d)
{
    if (d->flip) {
        __m256i same =
            _mm256_cmpeq_epi32(_mm256_srli_epi32(words, 31), _mm256_set1_epi32((int)d->side));
        return _mm256_srli_epi32(same, 31);
    }
    __m256i shifted = _mm256_xor_si256(words, _mm256_set1_epi32(INT32_MIN));
    __m256i count = _mm256_setzero_si256();
    for (int k = 0; k < POISSON_STEPS; k++) {
        __m256i more = _mm256_cmpgt_epi32(shifted, _mm256_set1_epi32(poisson_threshold[k] - 1));
        count = _mm256_sub_epi32(count, more);
        if (k >= COMMON_STEPS && _mm256_testz_si256(more, more)) {
            break;
        }
    }
    return count;
}

__attribute__((target("avx2"))) static void draw_avx2(uint8_t out[GROUP], const draw *d)
{
    philox_half low = philox_avx2(d, 0), high = philox_avx2(d, 4);
    __m256i first = _mm256_packs_epi32(weights_avx2(lower(low.c0, high.c0), d),
                                       weights_avx2(lower(low.c1, high.c1), d));
    __m256i second = _mm256_packs_epi32(weights_avx2(lower(low.c2, high.c2), d),
                                        weights_avx2(lower(low.c3, high.c3), d));
    __m256i bytes = _mm256_packs_epi16(first, second);
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0));
    _mm256_storeu_si256((__m256i *)(void *)out, bytes);
}

__attribute__((target("avx512f"))) static __m512i weights_avx512(__m512i words, const draw *d)
{
    const __m512i one = _mm512_set1_epi32(1);
    if (d->flip) {
        __mmask16 same =
            _mm512_cmpeq_epi32_mask(_mm512_srli_epi32(words, 31), _mm512_set1_epi32((int)d->side));
        return _mm512_maskz_mov_epi32(same, one);
    }
    __m512i shifted = _mm512_xor_si512(words, _mm512_set1_epi32(INT32_MIN));
    __m512i count = _mm512_setzero_si512();
    for (int k = 0; k < POISSON_STEPS; k++) {
        __mmask16 more = _mm512_cmpge_epi32_mask(shifted, _mm512_set1_epi32(poisson_threshold[k]));
        count = _mm512_mask_add_epi32(count, more, count, one);
        if (k >= COMMON_STEPS && more == 0) {
            break;
        }
    }
    return count;
}

/* Lower halves of words a, then of words b. */
__attribute__((target("avx512f"))) static __m512i lower_both(__m512i a, __m512i b)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(a)),
                              _mm512_cvtepi64_epi32(b), 1);
}

__attribute__((target("avx512f"))) static void draw_avx512(uint8_t out[GROUP], const draw *d)
{
    __m512i c0 = _mm512_add_epi64(_mm512_set1_epi64((long long)d->quad),
                                  _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
    __m512i c1 = _mm512_set1_epi64((long long)d->operation);
    __m512i c2 = _mm512_set1_epi64((long long)(d->address & UINT32_MAX));
    __m512i c3 = _mm512_set1_epi64((long long)(d->address >> 32));
    uint32_t k0 = (uint32_t)d->seed, k1 = (uint32_t)(d->seed >> 32);
    for (int round = 0; round < 10; round++) {
        __m512i p0 = _mm512_mul_epu32(c0, _mm512_set1_epi64(first_factor));
        __m512i p1 = _mm512_mul_epu32(c2, _mm512_set1_epi64(second_factor));
        __m512i high1 = _mm512_srli_epi64(p1, 32), high0 = _mm512_srli_epi64(p0, 32);
        c0 = _mm512_xor_si512(_mm512_xor_si512(high1, c1), _mm512_set1_epi64(k0));
        c1 = p1;
        c2 = _mm512_xor_si512(_mm512_xor_si512(high0, c3), _mm512_set1_epi64(k1));
        c3 = p0;
        k0 += first_step;
        k1 += second_step;
    }
    __m512i first = weights_avx512(lower_both(c0, c1), d);
    __m512i second = weights_avx512(lower_both(c2, c3), d);
    _mm_storeu_si128((__m128i *)(void *)out, _mm512_cvtepi32_epi8(first));
    _mm_storeu_si128((__m128i *)(void *)(out + 16), _mm512_cvtepi32_epi8(second));
}
#endif

typedef void draw_fn(uint8_t out[GROUP], const draw *d);

static draw_fn *fastest(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        return draw_avx512;
    }
    if (__builtin_cpu_supports("avx2")) {
        return draw_avx2;
    }
#endif
    return draw_plain;
}

static void draw_rows(uint8_t *out, const assay_evaluation *evaluation, int64_t first, int64_t n,
                      int64_t group, draw_fn *one)
{
    draw d = {.seed = evaluation->seed,
              .operation = resample_operation(evaluation),
              .quad = (uint32_t)(group * QUADS),
              .flip = evaluation->resample != ASSAY_RESAMPLE_POISSON};
    bool leave = evaluation->leave_groups > 0 && !d.flip;
    uint32_t dealing = leave ? assay_rng_operation("bootstrap/groups") : 0;
    for (int64_t i = 0; i < n; i++) {
        d.address = assay_weight_address(evaluation, first + i);
        d.side = d.flip ? assay_flip_side(evaluation, first + i) : 0;
        one(out + i * GROUP, &d);
        if (leave) {
            leave_out_of_group(out + i * GROUP, evaluation, d.address, d.quad, dealing);
        }
    }
}

void assay_bootstrap_draw(uint8_t *out, const assay_evaluation *evaluation, int64_t first,
                          int64_t n, int64_t group)
{
    draw_rows(out, evaluation, first, n, group, fastest());
}

int assay_bootstrap_draw_as(uint8_t *out, const assay_evaluation *evaluation, int64_t first,
                            int64_t n, int64_t group, int how)
{
    draw_fn *one = draw_plain;
#if defined(__x86_64__)
    if ((how == 1 && !__builtin_cpu_supports("avx2")) ||
        (how == 2 && !__builtin_cpu_supports("avx512f"))) {
        return 0;
    }
    one = how == 2 ? draw_avx512 : how == 1 ? draw_avx2 : draw_plain;
#else
    if (how > 0) {
        return 0;
    }
#endif
    draw_rows(out, evaluation, first, n, group, one);
    return 1;
}

void assay_bootstrap_group(uint8_t out[ASSAY_BOOTSTRAP_GROUP], const assay_evaluation *evaluation,
                           int64_t i, int64_t group)
{
    uint8_t drawn[GROUP];
    assay_bootstrap_draw(drawn, evaluation, i, 1, group);
    for (int r = 0; r < GROUP; r++) {
        out[assay_bootstrap_place(r)] = drawn[r];
    }
}
