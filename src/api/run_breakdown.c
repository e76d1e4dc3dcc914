#include <math.h>
#include <string.h>

#include "api/run.h"
#include "base/alloc.h"
#include "base/json_write.h"
#include "base/sort.h"

enum { RANGES = 5, MOST_VALUES = 12, LEAST_ROWS = 50 };

assay_status assay_run_bin_bounds(double *low, double *high, const assay_run *run,
                                  const assay_breakdown_bin *bin, double alpha, assay_error *err)
{
    const assay_args *interval = run->plan->proportion_interval;
    assay_cluster_estimate share;

    if (bin->weights.rows > 0.0) {
        ASSAY_TRY(assay_weighted_share(&share, &bin->weights, err));
        return assay_korn_graubard(low, high, &share, alpha, alpha, err);
    }
    return interval->op->interval->proportion(low, high, bin->correct, bin->n, alpha, alpha,
                                              interval->params, err);
}

/** Row `row` of the predictions belongs to the group. */
static void add_to_bin(assay_breakdown_bin *bin, const assay_predictions *p, int64_t row)
{
    bool right = p->label[row] == p->target[row];
    double weight = p->weights ? p->weights[row] : 1.0;

    bin->n++;
    bin->correct += right;
    if (p->weights) {
        bin->weights.rows += 1.0;
        bin->weights.weight += weight;
        bin->weights.squares += weight * weight;
        bin->weights.hits += right ? weight : 0.0;
        bin->weights.hits_squares += right ? weight * weight : 0.0;
    }
}

/** Rows of no weight are in no group. */
static bool counts(const assay_predictions *p, int64_t row)
{
    return !p->weights || p->weights[row] > 0.0;
}

static assay_status finish_bins(assay_run *run, assay_breakdown *b, assay_error *err)
{
    double alpha = (1.0 - run->plan->level) / 2.0;

    for (int32_t i = 0; i < b->n_bins; i++) {
        assay_breakdown_bin *bin = &b->bins[i];
        bin->accuracy = bin->weights.rows > 0.0 ? bin->weights.hits / bin->weights.weight
                                                : (double)bin->correct / (double)bin->n;
        ASSAY_TRY(
            assay_run_bin_bounds(&bin->accuracy_low, &bin->accuracy_high, run, bin, alpha, err));
    }
    return ASSAY_OK;
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
static assay_status by_range(assay_run *run, assay_breakdown *b, const assay_column *column,
                             const assay_predictions *p, assay_error *err)
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
            add_to_bin(bin, p, row);
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
static assay_status by_value(assay_run *run, assay_breakdown *b, const assay_column *column,
                             const assay_predictions *p, assay_error *err)
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
        add_to_bin(&b->bins[k], p, i);
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

assay_status assay_run_break_down(assay_run *run, int32_t model, int32_t data,
                                  const assay_predictions *predictions, assay_error *err)
{
    const assay_table *table = assay_run_table(run, data);

    if (!table || predictions->n < LEAST_ROWS) {
        return ASSAY_OK;
    }
    for (int32_t c = 0; c < table->n_columns; c++) {
        const assay_column *column = &table->columns[c];
        assay_breakdown b = {.model = model, .data = data, .column = column->name};
        if (is_identifier(column->name)) {
            continue;
        }
        if (column->type == ASSAY_COLUMN_TEXT) {
            ASSAY_TRY(by_value(run, &b, column, predictions, err));
        } else {
            ASSAY_TRY(by_range(run, &b, column, predictions, err));
        }
        if (b.n_bins < 2) {
            continue;
        }
        ASSAY_TRY(finish_bins(run, &b, err));
        ASSAY_TRY(keep(run, &b, err));
    }
    return ASSAY_OK;
}
