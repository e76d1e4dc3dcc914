/* Columns of the predictions' table that say more about a predicted value than the value: quantiles, a
 * standard deviation, the members of an ensemble. They are read where a metric asks for them. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "core/evaluate_internal.h"

/* "q0.05", "q_0.05", "quantile_0.05" -> 0.05; NaN for other names. */
static double quantile_level(const char *name)
{
    static const char *const prefixes[] = {"quantile_", "q_", "q"};
    for (size_t k = 0; k < ASSAY_COUNT(prefixes); k++) {
        size_t length = strlen(prefixes[k]);
        double level = NAN;
        if (strncmp(name, prefixes[k], length) == 0) {
            bool number = assay_text_to_real(&level, name + length);
            return number && level > 0.0 && level < 1.0 ? level : (double)NAN;
        }
    }
    return NAN;
}

static bool is_sigma(const char *name)
{
    return strcmp(name, "sigma") == 0 || strcmp(name, "std") == 0;
}

static bool is_member(const char *name)
{
    static const char prefix[] = "member_";
    return strncmp(name, prefix, sizeof prefix - 1) == 0;
}

/* Behind those of lower level. */
static void put_quantile(assay_forecast *f, const assay_column *column, double level)
{
    int32_t at = f->n_quantiles++;
    for (; at > 0 && f->level[at - 1] > level; at--) {
        f->level[at] = f->level[at - 1];
        f->quantile[at] = f->quantile[at - 1];
    }
    f->level[at] = level;
    f->quantile[at] = column;
}

assay_status assay_forecast_find(assay_evaluation *evaluation, assay_error *err)
{
    assay_forecast *f = &evaluation->forecast;
    const assay_table *table = evaluation->predictions->columns;
    if (table == NULL || evaluation->predictions->task != ASSAY_TASK_REGRESSION) {
        return ASSAY_OK;
    }
    size_t n = (size_t)table->n_columns + 1;
    f->quantile = assay_arena_alloc(evaluation->arena, n, sizeof(assay_column *));
    f->level = assay_arena_alloc(evaluation->arena, n, sizeof(double));
    f->member = assay_arena_alloc(evaluation->arena, n, sizeof(assay_column *));
    if (f->quantile == NULL || f->level == NULL || f->member == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t c = 0; c < table->n_columns; c++) {
        const assay_column *column = &table->columns[c];
        double level = quantile_level(column->name);
        if (!isnan(level)) {
            put_quantile(f, column, level);
        } else if (is_sigma(column->name)) {
            f->sigma = column;
        } else if (is_member(column->name)) {
            f->member[f->n_members++] = column;
        }
    }
    return ASSAY_OK;
}

const char *assay_forecast_unmet(const assay_evaluation *evaluation, uint32_t needs)
{
    const assay_forecast *f = &evaluation->forecast;
    if ((needs & ASSAY_NEEDS_QUANTILES) != 0 && f->n_quantiles == 0) {
        return "it needs predicted quantiles, in columns such as q0.05, q0.5 and q0.95";
    }
    if ((needs & ASSAY_NEEDS_SIGMA) != 0 && f->sigma == NULL) {
        return "it needs the standard deviation of each prediction, in a column sigma";
    }
    if ((needs & ASSAY_NEEDS_MEMBERS) != 0 && f->n_members < 2) {
        return "it needs the members of an ensemble, in columns such as member_1 and member_2";
    }
    return NULL;
}

bool assay_forecast_space(assay_block_space *space, const assay_evaluation *evaluation,
                          assay_arena *arena, uint32_t needs)
{
    const assay_forecast *f = &evaluation->forecast;
    size_t n = ASSAY_BLOCK_ROWS;
    bool ok = true;
    if (needs & ASSAY_NEEDS_QUANTILES) {
        space->quantiles = assay_arena_alloc(arena, n * (size_t)f->n_quantiles, sizeof(double));
        ok = space->quantiles != NULL;
    }
    if (needs & ASSAY_NEEDS_SIGMA) {
        space->sigma = assay_arena_alloc(arena, n, sizeof(double));
        ok = ok && space->sigma != NULL;
    }
    if (needs & ASSAY_NEEDS_MEMBERS) {
        space->members = assay_arena_alloc(arena, n * (size_t)f->n_members, sizeof(double));
        space->items = assay_arena_alloc(arena, 2 * (size_t)f->n_members, sizeof *space->items);
        ok = ok && space->members != NULL && space->items != NULL;
    }
    return ok;
}

/* Columns as rows of `width` numbers; the first one that is not finite makes the row bad. */
static assay_status gather(double *out, const assay_column *const *columns, int32_t width,
                           const assay_evaluation *evaluation, int64_t first, int64_t n,
                           const char *what, assay_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t row = assay_selected_row(evaluation, first + i);
        for (int32_t k = 0; k < width; k++) {
            double value = assay_column_number(columns[k], row);
            if (!isfinite(value)) {
                return assay_bad_row(evaluation, first + i, what, err);
            }
            out[i * width + k] = value;
        }
    }
    return ASSAY_OK;
}

/* Ascending; `items` has room for twice as many. */
static void sort_members(double *members, int32_t n, assay_sort_item *items)
{
    for (int32_t k = 0; k < n; k++) {
        items[k] = (assay_sort_item){.key = assay_sort_key(members[k], 0)};
    }
    const assay_sort_item *sorted = assay_sort_items(items, items + n, n);
    for (int32_t k = 0; k < n; k++) {
        members[k] = assay_sort_key_value(sorted[k].key, 0);
    }
}

static assay_status derive_quantiles(assay_rows *out, assay_block_space *space,
                                     const assay_evaluation *evaluation, int64_t first, int64_t n,
                                     assay_error *err)
{
    const assay_forecast *f = &evaluation->forecast;
    ASSAY_TRY(gather(space->quantiles, f->quantile, f->n_quantiles, evaluation, first, n,
                     "a predicted quantile is not a finite number", err));
    for (int64_t i = 0; i < n; i++) {
        const double *row = space->quantiles + i * f->n_quantiles;
        for (int32_t k = 1; k < f->n_quantiles; k++) {
            if (row[k] < row[k - 1]) {
                return assay_bad_row(
                    evaluation, first + i,
                    "its predicted quantiles cross: a higher one lies below a lower one", err);
            }
        }
    }
    out->quantiles = space->quantiles;
    out->quantile_levels = f->level;
    out->n_quantiles = f->n_quantiles;
    return ASSAY_OK;
}

assay_status assay_forecast_derive(assay_rows *out, assay_block_space *space,
                                   const assay_evaluation *evaluation, int64_t first, int64_t n,
                                   uint32_t needs, assay_error *err)
{
    const assay_forecast *f = &evaluation->forecast;
    if (needs & ASSAY_NEEDS_QUANTILES) {
        ASSAY_TRY(derive_quantiles(out, space, evaluation, first, n, err));
    }
    if (needs & ASSAY_NEEDS_SIGMA) {
        ASSAY_TRY(gather(space->sigma, &f->sigma, 1, evaluation, first, n,
                         "the standard deviation is not a finite number", err));
        for (int64_t i = 0; i < n; i++) {
            if (!(space->sigma[i] > 0.0)) {
                return assay_bad_row(evaluation, first + i,
                                     "the standard deviation is not positive", err);
            }
        }
        out->sigma = space->sigma;
    }
    if (needs & ASSAY_NEEDS_MEMBERS) {
        ASSAY_TRY(gather(space->members, f->member, f->n_members, evaluation, first, n,
                         "a member of the ensemble is not a finite number", err));
        for (int64_t i = 0; i < n; i++) {
            sort_members(space->members + i * f->n_members, f->n_members, space->items);
        }
        out->members = space->members;
        out->n_members = f->n_members;
    }
    return ASSAY_OK;
}
