#include "ops/shared/levels.h"

#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/regression.h"

assay_status assay_levels_make(assay_levels *out, const assay_rows *rows, assay_arena *arena,
                               assay_error *err)
{
    *out = (assay_levels){.n = rows->truth_levels};
    out->weight = assay_arena_alloc(arena, (size_t)out->n + 1, sizeof *out->weight);
    out->value = assay_arena_alloc(arena, (size_t)out->n + 1, sizeof *out->value);
    if (out->weight == NULL || out->value == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < rows->n; i++) {
        out->weight[rows->truth_level[i]] += assay_rows_weight(rows, i);
        out->value[rows->truth_level[i]] = rows->truth[i];
    }
    for (int64_t l = 0; l < out->n; l++) {
        out->total += out->weight[l];
    }
    return ASSAY_OK;
}

int assay_levels_spread(const assay_levels *levels)
{
    int spread = 0;
    for (int64_t l = 0; l < levels->n && spread < 2; l++) {
        spread += levels->weight[l] > 0.0;
    }
    return spread;
}

double assay_levels_quantile(const assay_levels *levels, double p)
{
    double wanted = p * levels->total;
    double passed = 0.0;
    double lower = NAN; /* the value whose cumulated weight is exactly what is wanted */
    double last = NAN;
    for (int64_t l = 0; l < levels->n; l++) {
        if (levels->weight[l] > 0.0) {
            if (!isnan(lower)) {
                return lower + (levels->value[l] / 2.0 - lower / 2.0);
            }
            passed += levels->weight[l];
            last = levels->value[l];
            if (passed > wanted) {
                return last;
            }
            lower = passed == wanted ? last : NAN;
        }
    }
    return last;
}

size_t assay_explained_size(const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    return sizeof(assay_explained);
}

static double pinball(double above, double p)
{
    return above >= 0.0 ? p * above : (p - 1.0) * above;
}

assay_status assay_explained_pinball(assay_explained *state, double p, const assay_rows *rows,
                                     assay_arena *scratch, assay_error *err)
{
    assay_levels levels;
    assay_sum loss = {0};
    assay_sum null = {0};
    ASSAY_TRY(assay_levels_make(&levels, rows, scratch, err));
    double constant = assay_levels_quantile(&levels, p);
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            assay_sum_add(&loss, weight * pinball(rows->truth[i] - rows->value[i], p));
        }
    }
    for (int64_t l = 0; l < levels.n; l++) {
        if (levels.weight[l] > 0.0) {
            assay_sum_add(&null, levels.weight[l] * pinball(levels.value[l] - constant, p));
        }
    }
    *state = (assay_explained){.n = levels.total,
                               .loss = assay_sum_value(&loss),
                               .null = assay_sum_value(&null),
                               .spread = assay_levels_spread(&levels)};
    return ASSAY_OK;
}

assay_status assay_explained_finish(assay_result *out, const assay_explained *state,
                                    const char *infinite, assay_error *err)
{
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = state->n;
    if (state->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (state->spread < 2) {
        assay_measure_undefine(measure, "all true values are equal");
    } else if (!isfinite(state->loss) || !isfinite(state->null) || !(state->null > 0.0)) {
        assay_measure_undefine(measure, infinite);
    } else {
        measure->value = 1.0 - state->loss / state->null;
        if (!isfinite(measure->value)) {
            assay_measure_undefine(measure, infinite);
        }
    }
    return ASSAY_OK;
}

size_t assay_rank_products_size(const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    return sizeof(assay_rank_products);
}

int assay_rank_products_sorted(const void *given)
{
    (void)given;
    return 1;
}

assay_status assay_rank_products_finish(assay_result *out, const void *from, const void *given,
                                        const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const assay_rank_products *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!(s->truth > 0.0)) {
        assay_measure_undefine(measure, "all true values are equal");
    } else if (!(s->value > 0.0)) {
        assay_measure_undefine(measure, "all predicted values are equal");
    } else {
        double r = s->products / (sqrt(s->truth) * sqrt(s->value));
        measure->value = fmin(1.0, fmax(-1.0, r));
    }
    return ASSAY_OK;
}
