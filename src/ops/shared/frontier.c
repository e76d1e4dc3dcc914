#include "ops/shared/frontier.h"

#include <string.h>

#include "ops/shared/ball.h"

static void candidate(float *to, const assay_asking *asking, int64_t number, int64_t tries)
{
    const assay_attack_block *b = asking->block;
    int64_t n = b->size;
    if (number < b->n_donors) {
        memcpy(to, b->donors + number * n, (size_t)n * sizeof *to);
        return;
    }
    /* Noise comes first: it lies nearer than black and white. */
    int64_t which = number < tries - 3 ? 3 : tries - 1 - number;
    const float *x0 = assay_asking_original(asking);
    for (int64_t k = 0; k < n; k++) {
        if (which < 3) {
            to[k] = which == 0 ? 0.0F : which == 1 ? 1.0F : 1.0F - x0[k];
        } else {
            to[k] = (float)assay_rng_uniform(assay_asking_rng(asking));
        }
    }
}

assay_status assay_frontier_start(float *x, bool *found, assay_asking *asking, int64_t tries,
                                  assay_error *err)
{
    int64_t n = asking->block->size;
    *found = false;
    for (int64_t first = 0; first < tries && !*found; first += ASSAY_ASKING_BATCH) {
        int64_t count = tries - first < ASSAY_ASKING_BATCH ? tries - first : ASSAY_ASKING_BATCH;
        int64_t left = assay_asking_left(asking);
        count = count < left ? count : left;
        if (count < 1) {
            break;
        }
        for (int64_t j = 0; j < count; j++) {
            candidate(asking->points + j * n, asking, first + j, tries);
        }
        ASSAY_TRY(assay_asking_labels(asking, count, err));
        for (int64_t j = 0; j < count && !*found; j++) {
            if (assay_attack_wants(asking->block, asking->row, asking->labels[j])) {
                memcpy(x, asking->points + j * n, (size_t)n * sizeof *x);
                *found = true;
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_frontier_wrong(bool *out, assay_asking *asking, const float *x, assay_error *err)
{
    *out = false;
    if (assay_asking_left(asking) < 1) {
        return ASSAY_OK;
    }
    if (x != asking->points) {
        memcpy(asking->points, x, (size_t)asking->block->size * sizeof *x);
    }
    ASSAY_TRY(assay_asking_labels(asking, 1, err));
    *out = assay_attack_wants(asking->block, asking->row, asking->labels[0]);
    return ASSAY_OK;
}

/* The point at share `at` of the way from the original to x. */
static void between(float *to, const assay_asking *asking, const float *x, double at, double most)
{
    const float *x0 = assay_asking_original(asking);
    for (int64_t k = 0; k < asking->block->size; k++) {
        double change = (double)x[k] - (double)x0[k];
        if (asking->block->norm == ASSAY_NORM_LINF) {
            double limit = at * most;
            change = change > limit ? limit : change < -limit ? -limit : change;
        } else {
            change *= at;
        }
        to[k] = assay_unit_clip((float)((double)x0[k] + change));
    }
}

assay_status assay_frontier_approach(float *x, assay_asking *asking, double precision,
                                     assay_error *err)
{
    const assay_attack_block *b = asking->block;
    double most = assay_norm_distance(ASSAY_NORM_LINF, x, assay_asking_original(asking), b->size);
    double low = 0.0;
    double high = 1.0;
    while (high - low > precision && assay_asking_left(asking) > 0) {
        double middle = 0.5 * (low + high);
        bool wrong = false;
        if (middle <= low || middle >= high) {
            break;
        }
        between(asking->points, asking, x, middle, most);
        ASSAY_TRY(assay_frontier_wrong(&wrong, asking, asking->points, err));
        if (wrong) {
            high = middle;
        } else {
            low = middle;
        }
    }
    between(asking->points, asking, x, high, most);
    memcpy(x, asking->points, (size_t)b->size * sizeof *x);
    return ASSAY_OK;
}
