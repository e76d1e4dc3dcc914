#include <math.h>
#include <string.h>

#include "api/run.h"
#include "base/alloc.h"
#include "base/json_write.h"
#include "base/sort.h"

enum { RANGES = 5, MOST_VALUES = 12, LEAST_ROWS = 50 };

/** Rows of no weight are in no group. */
static bool counts(const assay_predictions *p, int64_t row)
{
    return !p->weights || p->weights[row] > 0.0;
}

/** Rows that are independent and weigh the same: counts are enough. */
static assay_status finish_counts(const assay_run *run, assay_breakdown *b, assay_error *err)
{
    const assay_args *interval = run->plan->proportion_interval;
    double alpha = (1.0 - run->plan->level) / 2.0;

    b->method = interval->op->name;
    for (int32_t i = 0; i < b->n_bins; i++) {
        assay_breakdown_bin *bin = &b->bins[i];
        bin->accuracy = (double)bin->correct / (double)bin->n;
        ASSAY_TRY(interval->op->interval->proportion(&bin->accuracy_low, &bin->accuracy_high,
                                                     bin->correct, bin->n, alpha, alpha,
                                                     interval->params, err));
    }
    return ASSAY_OK;
}

/** Clusters or weights: each bin is measured as accuracy itself is. */
static assay_status finish_dependent(const assay_run *run, assay_breakdown *b,
                                     const assay_predictions *p, const int32_t *bin_of,
                                     const int64_t *units, assay_error *err)
{
    const char *method = NULL;
    assay_status status = ASSAY_OK;
    uint8_t *mask = assay_alloc((size_t)p->n + 1, sizeof *mask);

    if (!mask) {
        return assay_fail_memory(err);
    }
    for (int32_t k = 0; k < b->n_bins; k++) {
        assay_breakdown_bin *bin = &b->bins[k];
        for (int64_t i = 0; i < p->n; i++) {
            mask[i] = bin_of[i] == k;
        }
        ASSAY_GOTO(assay_run_accuracy(&bin->measure, run, p, mask, units, run->arena, err), done);
        bin->accuracy =
            bin->measure->outcome == ASSAY_OUTCOME_UNDEFINED ? NAN : bin->measure->value;
        bin->accuracy_low = bin->measure->low;
        bin->accuracy_high = bin->measure->high;
        bin->clusters = bin->measure->clusters;
        method = !isnan(bin->measure->low) ? bin->measure->method : method;
    }
    /* what comes after the name is about one bin */
    b->method =
        method ? assay_arena_printf(run->arena, "%.*s", (int)strcspn(method, ","), method) : "none";
    status = b->method ? ASSAY_OK : assay_fail_memory(err);
done:
    assay_free(mask);
    return status;
}

static assay_status keep(assay_run *run, const assay_breakdown *b, assay_error *err)
{
    assay_breakdown *list = assay_run_grow(run, run->breakdowns, run->n_breakdowns,
                                           &run->capacity_breakdowns, sizeof *list);
    if (!list) {
        return assay_fail_memory(err);
    }
    run->breakdowns = list;
    list[run->n_breakdowns++] = *b;
    return ASSAY_OK;
}

/** Shortest text of a bound with at most 4 significant digits: labels, not data. */
static void short_real(char out[32], double value)
{
    double scale = value == 0.0 ? 1.0 : pow(10.0, 3.0 - floor(log10(fabs(value))));

    assay_format_real(out, fabs(value) < 1e15 ? round(value * scale) / scale : value);
}

static double number_at(const assay_column *column, int64_t row)
{
    return column->type == ASSAY_COLUMN_INT ? (double)column->ints[row] : column->reals[row];
}

/** Quantile ranges: equal values never straddle two ranges. */
static assay_status by_range(assay_run *run, assay_breakdown *b, int32_t *bin_of,
                             const assay_column *column, const assay_predictions *p,
                             assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t n = 0;
    double *values = assay_alloc((size_t)p->n + 1, sizeof *values);
    int64_t *rows = assay_alloc((size_t)p->n + 1, sizeof *rows);
    int64_t *order = assay_alloc((size_t)p->n + 1, sizeof *order);

    b->by_range = 1;
    b->bins = assay_arena_alloc(run->arena, RANGES, sizeof *b->bins);
    if (!values || !rows || !order || !b->bins) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < p->n; i++) {
        if ((!column->valid || column->valid[i]) && isfinite(number_at(column, i)) &&
            counts(p, i)) {
            values[n] = number_at(column, i);
            rows[n++] = i;
        }
    }
    ASSAY_GOTO(assay_sort_order(order, values, n, 0, err), done);
    for (int64_t from = 0, k = 1; from < n; k++) {
        int64_t to = k >= RANGES ? n : n * k / RANGES;
        to = to <= from ? from + 1 : to;
        while (to < n && values[order[to]] == values[order[to - 1]]) {
            to++;
        }
        assay_breakdown_bin *bin = &b->bins[b->n_bins++];
        bin->low = values[order[from]];
        bin->high = values[order[to - 1]];
        for (int64_t i = from; i < to; i++) {
            int64_t row = rows[order[i]];
            bin_of[row] = b->n_bins - 1;
            bin->n++;
            bin->correct += p->label[row] == p->target[row];
        }
        char low[32];
        char high[32];
        short_real(low, bin->low);
        short_real(high, bin->high);
        bin->label = bin->low == bin->high ? assay_arena_strdup(run->arena, low)
                                           : assay_arena_printf(run->arena, "%s to %s", low, high);
        if (!bin->label) {
            status = assay_fail_memory(err);
            goto done;
        }
        from = to;
    }
done:
    assay_free(values);
    assay_free(rows);
    assay_free(order);
    return status;
}

/** Single values of a text column; more than MOST_VALUES of them is an id, not a category. */
static assay_status by_value(assay_run *run, assay_breakdown *b, int32_t *bin_of,
                             const assay_column *column, const assay_predictions *p,
                             assay_error *err)
{
    b->bins = assay_arena_alloc(run->arena, MOST_VALUES, sizeof *b->bins);
    if (!b->bins) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < p->n; i++) {
        if ((column->valid && !column->valid[i]) || !counts(p, i)) {
            continue;
        }
        int32_t k = 0;
        while (k < b->n_bins && strcmp(b->bins[k].label, column->texts[i]) != 0) {
            k++;
        }
        if (k == b->n_bins) {
            if (k == MOST_VALUES) {
                b->n_bins = 0;
                return ASSAY_OK;
            }
            b->bins[k].label = column->texts[i];
            b->bins[k].low = NAN;
            b->bins[k].high = NAN;
            b->n_bins++;
        }
        bin_of[i] = k;
        b->bins[k].n++;
        b->bins[k].correct += p->label[i] == p->target[i];
    }
    return ASSAY_OK;
}

static int is_identifier(const char *name)
{
    static const char *const names[] = {"id", "path", "target", "label"};

    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static assay_status break_down_by(assay_run *run, assay_breakdown *b, const assay_column *column,
                                  int32_t *bin_of, const assay_predictions *p, const int64_t *units,
                                  assay_error *err)
{
    for (int64_t i = 0; i < p->n; i++) {
        bin_of[i] = -1;
    }
    ASSAY_TRY(column->type == ASSAY_COLUMN_TEXT ? by_value(run, b, bin_of, column, p, err)
                                                : by_range(run, b, bin_of, column, p, err));
    if (b->n_bins < 2) {
        return ASSAY_OK;
    }
    ASSAY_TRY(units || p->weights ? finish_dependent(run, b, p, bin_of, units, err)
                                  : finish_counts(run, b, err));
    return keep(run, b, err);
}

assay_status assay_run_break_down(assay_run *run, int32_t model, int32_t data,
                                  const assay_predictions *predictions, assay_error *err)
{
    const assay_table *table = assay_run_table(run, data);
    const int64_t *units = NULL;
    assay_status status = ASSAY_OK;

    if (!table || predictions->n < LEAST_ROWS) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_run_units(&units, run, data, err));
    int32_t *bin_of = assay_alloc((size_t)predictions->n, sizeof *bin_of);
    if (!bin_of) {
        return assay_fail_memory(err);
    }
    for (int32_t c = 0; c < table->n_columns; c++) {
        const assay_column *column = &table->columns[c];
        assay_breakdown b = {.model = model, .data = data, .column = column->name};
        if (!is_identifier(column->name)) {
            ASSAY_GOTO(break_down_by(run, &b, column, bin_of, predictions, units, err), done);
        }
    }
done:
    assay_free(bin_of);
    return status;
}
