#include "ops/shared/normals.h"

#include <math.h>

enum { BATCH = 512 };

/* Right where |p - 1/2| <= 0.425. A loop without branches over all, as most are there. */
static void centre(float *out, const uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* p - 1/2; the word less 2^31, as a signed number, has its bit 31 turned over */
        float q = ((float)(int32_t)(words[i] ^ UINT32_C(0x80000000)) + 0.5F) * 0x1p-32F;
        float r = 0.180625F - q * q;
        float top = ((59.109374720F * r + 159.29113202F) * r + 50.434271938F) * r + 3.3871327179F;
        float bottom = ((67.187563600F * r + 78.757757664F) * r + 17.895169469F) * r + 1.0F;
        out[i] = q * (top / bottom);
    }
}

/* Further out: about 15 in 100. r stays below 5, where the routine's third formula would begin,
 * as the smallest probability is 2^-33. */
static float tail(uint32_t word)
{
    uint32_t near = word < UINT32_C(0x80000000) ? word : ~word;
    double p = ((double)near + 0.5) * 0x1p-32;
    double r = sqrt(-log(p)) - 1.6;
    double top = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777;
    double bottom = (0.12021132975 * r + 0.73700164250) * r + 1.0;
    double z = top / bottom;
    return (float)(near == word ? -z : z);
}

void assay_normals(float *out, size_t n, assay_rng *rng)
{
    /* 0.075 and 0.925 of 2^32: outside lies what `tail` is for */
    const uint32_t low = UINT32_C(322122547);
    const uint32_t high = ~low;
    uint32_t words[BATCH];

    while (n > 0) {
        size_t now = n < BATCH ? n : BATCH;
        assay_rng_words(words, now, rng);
        centre(out, words, now);
        for (size_t i = 0; i < now; i++) {
            if (words[i] < low || words[i] > high) {
                out[i] = tail(words[i]);
            }
        }
        out += now;
        n -= now;
    }
}
