#include "ops/shared/bins.h"

#include <string.h>

const char *const assay_binning_choices[] = {"equal_width", "equal_mass", NULL};
const char *const assay_edges_choices[] = {"right_closed", "left_closed", "mapie", NULL};

static int32_t bin_count(const void *given)
{
    const assay_bins_params *params = given;
    return (int32_t)params->bins + 1;
}

size_t assay_bins_state_size(const void *params, int32_t classes)
{
    (void)classes;
    return (size_t)bin_count(params) * (sizeof(assay_metric_bin) + sizeof(double));
}

static double *state_edges(void *state, const assay_bins_params *params)
{
    return (double *)(void *)((assay_metric_bin *)state + bin_count(params));
}

/* How many bins are cut: with MAPIE's edges the first one holds the lowest edge alone. */
static int64_t cut_bins(const assay_bins_params *params)
{
    return params->edges == ASSAY_EDGES_MAPIE && params->bins > 1 ? params->bins - 1 : params->bins;
}

/* As numpy.linspace(0, 1, bins + 1). */
static void linspace(double *edges, int64_t bins)
{
    double step = 1.0 / (double)bins;
    for (int64_t i = 0; i < bins; i++) {
        edges[i] = (double)i * step;
    }
    edges[bins] = 1.0;
}

void assay_bins_equal_width(double *edges, const assay_bins_params *params)
{
    edges[0] = 0.0;
    linspace(edges + (params->bins - cut_bins(params)), cut_bins(params));
}

void assay_bins_edges(double *edges, const void *state, const assay_bins_params *params)
{
    if (params->binning == ASSAY_BINNING_EQUAL_WIDTH) {
        assay_bins_equal_width(edges, params);
    } else {
        const double *kept =
            (const double *)(const void *)((const assay_metric_bin *)state + bin_count(params));
        memcpy(edges, kept, (size_t)(params->bins + 1) * sizeof *edges);
    }
}

/* The number of inner edges below p (right_closed) or not above p (left_closed). The guess is off by
 * rounding at most. */
int32_t assay_bins_find(double p, const double *edges, int32_t bins, bool right_closed)
{
    double scaled = p * (double)bins;
    int32_t bin = scaled >= (double)bins ? bins - 1 : (int32_t)scaled;
    if (right_closed) {
        while (bin > 0 && edges[bin] >= p) {
            bin--;
        }
        while (bin < bins - 1 && edges[bin + 1] < p) {
            bin++;
        }
    } else {
        while (bin > 0 && edges[bin] > p) {
            bin--;
        }
        while (bin < bins - 1 && edges[bin + 1] <= p) {
            bin++;
        }
        bin = p >= 1.0 ? bins : bin;
    }
    return bin;
}

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    const assay_bins_params *params = given;
    double edges[ASSAY_BINS_MOST + 1];
    int32_t bins = (int32_t)params->bins;
    bool right_closed = params->edges != ASSAY_EDGES_LEFT_CLOSED;
    assay_bins_equal_width(edges, params);
    for (int64_t i = 0; i < rows->n; i++) {
        bin[i] = assay_bins_find(rows->confidence[i], edges, bins, right_closed);
    }
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = rows->confidence[i];
        values[1][i] = (double)(rows->target[i] == rows->label[i]);
    }
}

const assay_metric_terms assay_bins_terms = {.values = 2, .bins = bin_count, .rows = terms_rows};

int assay_bins_sorted(const void *given)
{
    const assay_bins_params *params = given;
    return params->binning == ASSAY_BINNING_EQUAL_MASS;
}

/* The weight is summed from the lowest value up, as `total` was not: the last edge is the highest
 * value, whatever rounding says. */
static void inverted_cdf(double *edges, int64_t bins, const assay_bins_column *column, double total)
{
    double passed = 0.0;
    double last = 0.0;
    int64_t edge = 0;
    for (int64_t i = column->n - 1; i >= 0; i--) {
        double weight = column->weight(column->of, i);
        if (!(weight > 0.0)) {
            continue;
        }
        last = column->value(column->of, i);
        passed += weight;
        while (edge < bins && (double)edge / (double)bins * total <= passed) {
            edges[edge++] = last;
        }
    }
    while (edge <= bins) {
        edges[edge++] = last;
    }
}

/* Edges at the quantiles i / bins of the weighted confidences, as numpy.percentile with its default
 * method. Rows come by descending confidence, quantiles count from the lowest. */
static void quantiles(double *edges, int64_t bins, const assay_bins_column *column,
                      double total_weight)
{
    if (column->real) {
        inverted_cdf(edges, bins, column, total_weight);
        return;
    }
    int64_t total = (int64_t)total_weight;
    double step = 1.0 / (double)bins;
    int64_t at = column->n; /* rows from here on lie below the quantile; `passed` is their weight */
    int64_t passed = 0;
    double last = 0.0; /* the highest of the values that were passed */
    for (int64_t i = 0; i <= bins; i++) {
        double q = i == bins ? 1.0 : (double)i * step * 100.0 / 100.0;
        double position = q * (double)(total - 1);
        int64_t below = (int64_t)position;
        below = below < total - 1 ? below : total - 1;
        while (passed <= below) {
            at--;
            passed += (int64_t)column->weight(column->of, at);
            last = column->value(column->of, at);
        }
        /* value number `below` is `last`; the next one is the same or that of the next row */
        double next = last;
        for (int64_t k = at - 1; passed <= below + 1 && below + 1 < total && k >= 0; k--) {
            if (column->weight(column->of, k) > 0.0) {
                next = column->value(column->of, k);
                break;
            }
        }
        double t = position - (double)below;
        double gap = next - last;
        edges[i] = t >= 0.5 ? next - gap * (1.0 - t) : last + gap * t;
    }
}

void assay_bins_equal_mass(double *edges, const assay_bins_params *params,
                           const assay_bins_column *column, double total)
{
    int64_t first = params->bins - cut_bins(params);
    quantiles(edges + first, cut_bins(params), column, total);
    edges[0] = edges[first];
}

static double row_confidence(const void *of, int64_t i)
{
    const assay_rows *rows = of;
    return rows->confidence[i];
}

static double row_weight(const void *of, int64_t i)
{
    return assay_rows_weight(of, i);
}

assay_status assay_bins_block(void *state, const void *given, const assay_rows *rows,
                              assay_arena *scratch, assay_error *err)
{
    (void)scratch;
    (void)err;
    const assay_bins_params *params = given;
    assay_metric_bin *bins = state;
    double *edges = state_edges(state, params);
    double total = 0.0;
    for (int64_t i = 0; i < rows->n; i++) {
        total += assay_rows_weight(rows, i);
    }
    if (total == 0.0) {
        return ASSAY_OK;
    }
    const assay_bins_column column = {.of = rows,
                                      .n = rows->n,
                                      .value = row_confidence,
                                      .weight = row_weight,
                                      .real = rows->real};
    assay_bins_equal_mass(edges, params, &column, total);
    bool right_closed = params->edges != ASSAY_EDGES_LEFT_CLOSED;
    int64_t bin = 0;
    for (int64_t i = rows->n - 1; i >= 0; i--) {
        double p = rows->confidence[i];
        while (bin < params->bins - 1 &&
               (right_closed ? edges[bin + 1] < p : edges[bin + 1] <= p)) {
            bin++;
        }
        double weight = assay_rows_weight(rows, i);
        bins[bin].weight += weight;
        bins[bin].squares += rows->real ? assay_rows_square(rows, i) : 0.0;
        assay_sum_add(&bins[bin].sum[0], p * weight);
        assay_sum_add(&bins[bin].sum[1], rows->target[i] == rows->label[i] ? weight : 0.0);
    }
    return ASSAY_OK;
}

void assay_bins_merge(void *into, const void *from, const void *given, int32_t classes)
{
    (void)classes;
    assay_metric_bin *bins = into;
    const assay_metric_bin *other = from;
    for (int32_t b = 0; b < bin_count(given); b++) {
        bins[b].weight += other[b].weight;
        bins[b].squares += other[b].squares;
        assay_sum_merge(&bins[b].sum[0], &other[b].sum[0]);
        assay_sum_merge(&bins[b].sum[1], &other[b].sum[1]);
    }
}
