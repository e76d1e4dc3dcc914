#include "ops/shared/slope.h"

#include <string.h>

#include "ops/shared/ball.h"
#include "ops/shared/normals.h"

assay_status assay_slope_new(assay_slope *slope, assay_asking *asking, assay_error *err)
{
    assay_attack_block *block = asking->block;
    slope->asking = asking;
    slope->u = assay_attack_pixels(block, ASSAY_ASKING_BATCH / 2);
    slope->sum = assay_arena_alloc(block->arena, (size_t)block->size, sizeof(double));
    return slope->u != NULL && slope->sum != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static void draw(const assay_slope *slope, float *u)
{
    int64_t n = slope->asking->block->size;
    assay_rng *rng = assay_asking_rng(slope->asking);
    uint32_t bits = 0;
    if (slope->directions == ASSAY_SLOPE_NORMAL) {
        assay_normals(u, (size_t)n, rng);
        return;
    }
    for (int64_t k = 0; k < n; k++) {
        bits = k % 32 == 0 ? assay_rng_u32(rng) : bits >> 1;
        u[k] = bits & 1U ? 1.0F : -1.0F;
    }
}

assay_status assay_slope_estimate(float *g, assay_slope *slope, const float *x, int64_t pairs,
                                  assay_error *err)
{
    assay_asking *asking = slope->asking;
    const assay_attack_block *block = asking->block;
    int64_t n = block->size;
    float radius = (float)slope->radius;
    memset(slope->sum, 0, (size_t)n * sizeof *slope->sum);
    for (int64_t first = 0; first < pairs; first += ASSAY_ASKING_BATCH / 2) {
        int64_t count =
            pairs - first < ASSAY_ASKING_BATCH / 2 ? pairs - first : ASSAY_ASKING_BATCH / 2;
        for (int64_t j = 0; j < count; j++) {
            float *u = slope->u + j * n;
            float *plus = asking->points + 2 * j * n;
            draw(slope, u);
            for (int64_t k = 0; k < n; k++) {
                plus[k] = assay_unit_clip(x[k] + radius * u[k]);
                plus[n + k] = assay_unit_clip(x[k] - radius * u[k]);
            }
        }
        ASSAY_TRY(assay_asking_scores(asking, 2 * count, err));
        for (int64_t j = 0; j < count; j++) {
            const float *u = slope->u + j * n;
            const float *z = asking->logits + 2 * j * block->classes;
            double rise = slope->wanted(block, asking->row, z) -
                          slope->wanted(block, asking->row, z + block->classes);
            for (int64_t k = 0; k < n; k++) {
                slope->sum[k] += rise * (double)u[k];
            }
        }
    }
    double scale = 1.0 / (2.0 * slope->radius * (double)pairs);
    for (int64_t k = 0; k < n; k++) {
        g[k] = (float)(slope->sum[k] * scale);
    }
    return ASSAY_OK;
}
