#include "ops/shared/asking.h"

#include <math.h>

assay_status assay_asking_new(assay_asking *out, assay_attack_block *block, assay_error *err)
{
    const size_t batch = ASSAY_ASKING_BATCH;
    *out = (assay_asking){
        .block = block,
        .points = assay_attack_pixels(block, ASSAY_ASKING_BATCH),
        .logits = assay_arena_alloc(block->arena, batch * (size_t)block->classes, sizeof(float)),
        .labels = assay_arena_alloc(block->arena, batch, sizeof(int32_t)),
        .at = assay_arena_alloc(block->arena, batch, sizeof(int32_t)),
        .of = assay_arena_alloc(block->arena, batch, sizeof(int32_t))};
    if (!out->points || !out->logits || !out->labels || !out->at || !out->of) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < ASSAY_ASKING_BATCH; i++) {
        out->at[i] = i;
    }
    return ASSAY_OK;
}

void assay_asking_begin(assay_asking *asking, int64_t row, int64_t queries)
{
    const assay_attack_block *block = asking->block;
    int64_t left = assay_attack_left(block, row);
    asking->row = row;
    asking->end = block->forwards[row] + (queries < left ? queries : left);
    for (int32_t i = 0; i < ASSAY_ASKING_BATCH; i++) {
        asking->of[i] = (int32_t)row;
    }
}

int64_t assay_asking_left(const assay_asking *asking)
{
    return asking->end - asking->block->forwards[asking->row];
}

bool assay_asking_done(const assay_asking *asking)
{
    const assay_attack_block *block = asking->block;
    return assay_asking_left(asking) <= 0 ||
           (isfinite(block->eps) && block->fooled[asking->row] != 0);
}

static assay_points first_points(const assay_asking *asking, int64_t count)
{
    return (assay_points){.n = count, .at = asking->at, .of = asking->of};
}

assay_status assay_asking_scores(assay_asking *asking, int64_t count, assay_error *err)
{
    assay_points points = first_points(asking, count);
    return assay_attack_scores(asking->block, asking->logits, asking->points, &points, err);
}

assay_status assay_asking_labels(assay_asking *asking, int64_t count, assay_error *err)
{
    assay_points points = first_points(asking, count);
    return assay_attack_labels(asking->block, asking->labels, asking->points, &points, err);
}

static double wanted(const assay_attack_block *block, int64_t row, const float *logits,
                     assay_loss_kind kind)
{
    bool aimed = block->target != NULL;
    int32_t label = aimed ? block->target[row] : block->label[row];
    double loss = assay_loss_value(kind, logits, block->classes, label, 0);
    return aimed ? -loss : loss;
}

double assay_wanted_margin(const assay_attack_block *block, int64_t row, const float *logits)
{
    return wanted(block, row, logits, ASSAY_LOSS_MARGIN);
}

double assay_wanted_cross_entropy(const assay_attack_block *block, int64_t row, const float *logits)
{
    return wanted(block, row, logits, ASSAY_LOSS_CROSS_ENTROPY);
}

double assay_wanted_log_odds(const assay_attack_block *block, int64_t row, const float *logits)
{
    bool aimed = block->target != NULL;
    int32_t label = aimed ? block->target[row] : block->label[row];
    double others = -INFINITY; /* the highest, then the log of the sum */
    for (int32_t c = 0; c < block->classes; c++) {
        others = c != label && (double)logits[c] > others ? (double)logits[c] : others;
    }
    double sum = 0.0;
    for (int32_t c = 0; c < block->classes; c++) {
        sum += c != label ? exp((double)logits[c] - others) : 0.0;
    }
    /* the highest alone adds 1 */
    double odds = others + (sum > 1.0 ? log(sum) : 0.0) - (double)logits[label];
    return aimed ? -odds : odds;
}
