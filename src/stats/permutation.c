#include "stats/permutation.h"

#include <math.h>

#include "base/reduce.h"
#include "base/rng.h"
#include "stats/check.h"

enum { WORDS = 256 };

void assay_sign_flip_sums(double *sums, const double *differences, int64_t n, int64_t k,
                          uint64_t seed, int64_t replicate)
{
    uint32_t words[WORDS];
    assay_rng rng = assay_rng_stream(seed, assay_rng_operation("sign_flip"), (uint64_t)replicate);
    for (int64_t j = 0; j < k; j++) {
        sums[j] = 0.0;
    }
    const int64_t chunk = (int64_t)WORDS * 32;
    for (int64_t begin = 0; begin < n; begin += chunk) {
        int64_t count = n - begin < chunk ? n - begin : chunk;
        assay_rng_words(words, (size_t)((count + 31) / 32), &rng);
        for (int64_t i = 0; i < count; i++) {
            double sign = (words[i / 32] >> (i % 32) & 1U) != 0 ? 1.0 : -1.0;
            const double *row = differences + (begin + i) * k;
            for (int64_t j = 0; j < k; j++) {
                sums[j] += sign * row[j];
            }
        }
    }
}

typedef struct observed {
    double sum, slack;
} observed;

static assay_status observe(observed *out, const double *differences, int64_t n, assay_error *err)
{
    ASSAY_TRY(assay_check_least("permutation test", "the number of differences", n, 1, err));
    ASSAY_TRY(assay_check_finite("permutation test", differences, n, err));
    assay_sum size = {0};
    for (int64_t i = 0; i < n; i++) {
        assay_sum_add(&size, fabs(differences[i]));
    }
    out->sum = assay_sum_pairwise(differences, n);
    out->slack = 1e-12 * assay_sum_value(&size);
    return ASSAY_OK;
}

static void count_one(assay_sign_flip_counts *counts, double sum, const observed *o)
{
    counts->replicates++;
    counts->greater += sum >= o->sum - o->slack;
    counts->less += sum <= o->sum + o->slack;
    counts->both += fabs(sum) >= fabs(o->sum) - o->slack;
}

assay_status assay_sign_flip_count(assay_sign_flip_counts *counts, const double *differences,
                                   int64_t n, uint64_t seed, int64_t first, int64_t last,
                                   assay_error *err)
{
    observed o = {0};
    ASSAY_TRY(observe(&o, differences, n, err));
    if (first < 0 || last < first) {
        return assay_fail(err, ASSAY_EINVAL, "permutation test: an impossible range of replicates");
    }
    for (int64_t r = first; r < last; r++) {
        double sum = 0.0;
        assay_sign_flip_sums(&sum, differences, n, 1, seed, r);
        count_one(counts, sum, &o);
    }
    return ASSAY_OK;
}

double assay_permutation_p(int64_t count, int64_t replicates)
{
    if (count < 0 || replicates < 0 || count > replicates) {
        return NAN;
    }
    return (1.0 + (double)count) / (1.0 + (double)replicates);
}

assay_status assay_sign_flip_exact(assay_sign_flip_counts *counts, const double *differences,
                                   int64_t n, assay_error *err)
{
    *counts = (assay_sign_flip_counts){0};
    observed o = {0};
    if (n > ASSAY_FLIP_EXACT_MOST) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "permutation test: all sign patterns can be tried for at most %d "
                          "differences; draw them at random instead",
                          ASSAY_FLIP_EXACT_MOST);
    }
    ASSAY_TRY(observe(&o, differences, n, err));
    /* Gray code: each pattern differs from the one before in one sign */
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum -= differences[i];
    }
    uint32_t signs = 0;
    for (uint32_t pattern = 0;; pattern++) {
        count_one(counts, sum, &o);
        int flip = pattern == UINT32_MAX ? 32 : __builtin_ctz(pattern + 1U);
        if (flip >= n) {
            return ASSAY_OK;
        }
        signs ^= UINT32_C(1) << flip;
        sum += (signs >> flip & 1U) != 0 ? 2.0 * differences[flip] : -2.0 * differences[flip];
    }
}
