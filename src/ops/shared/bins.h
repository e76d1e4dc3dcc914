/**
 * @file bins.h
 * Binning by confidence: what the calibration metrics share. Bins cover 0 to 1 with equal width, or
 * hold equal shares of the rows; a value on an inner edge belongs to the bin below it (right_closed)
 * or above it (left_closed). With MAPIE's edges, bins - 1
 * right-closed bins follow one for the lowest edge alone.
 */
#ifndef ASSAY_OPS_SHARED_BINS_H
#define ASSAY_OPS_SHARED_BINS_H

#include "core/metric.h"

enum { ASSAY_BINS_MOST = 1000 };
enum { ASSAY_BINNING_EQUAL_WIDTH = 0, ASSAY_BINNING_EQUAL_MASS = 1 };
enum { ASSAY_EDGES_RIGHT_CLOSED = 0, ASSAY_EDGES_LEFT_CLOSED = 1, ASSAY_EDGES_MAPIE = 2 };
enum { ASSAY_NORM_L1 = 0, ASSAY_NORM_L2 = 1, ASSAY_NORM_MAX = 2 };

/** Parameters of all binned metrics; each offers those that it uses. */
typedef struct assay_bins_params {
    int64_t bins;
    int32_t binning;
    int32_t edges;
    int32_t norm;
    int32_t part;
    double level;
} assay_bins_params;

extern const char *const assay_binning_choices[];
extern const char *const assay_edges_choices[];

#define ASSAY_BINS_PARAMS                                                                          \
    ASSAY_INT(assay_bins_params, bins, 15, 1, ASSAY_BINS_MOST, "bins", "Number of bins."),         \
        ASSAY_CHOICE(assay_bins_params, binning, ASSAY_BINNING_EQUAL_WIDTH, assay_binning_choices, \
                     "Bins of equal width between 0 and 1, or with equal shares of the rows."),    \
        ASSAY_CHOICE(                                                                              \
            assay_bins_params, edges, ASSAY_EDGES_RIGHT_CLOSED, assay_edges_choices,               \
            "Whether a confidence on an edge belongs to the bin below it (right_closed) "          \
            "or above it (left_closed); mapie: as MAPIE, whose first bin holds the lowest "        \
            "edge alone.")

/** What a descriptor says about the conventions. */
#define ASSAY_BINS_CONVENTIONS                                                                     \
    "Conventions: `right_closed` with `equal_width` is Guo et al. 2017 and the edge rule of "      \
    "scikit-learn's `calibration_curve`: bins ((m-1)/M, m/M], with 0 in the first. `left_closed` " \
    "is torchmetrics: bins [(m-1)/M, m/M), with confidence 1 in a bin of its own. Edges are "      \
    "numpy.linspace in double precision (torchmetrics: torch.linspace in the precision of the "    \
    "scores, which may differ in the last bit). `mapie` is MAPIE 1.6 with `num_bins` = `bins`: "   \
    "one "                                                                                         \
    "bin for 0 alone (with `equal_mass`: for the smallest confidence) and `bins` - 1 "             \
    "right-closed "                                                                                \
    "ones; for confidences above 0 that is `right_closed` with one bin less. `equal_mass` puts "   \
    "the edges "                                                                                   \
    "at the quantiles of the confidences (linear interpolation), so rows of equal confidence "     \
    "share a bin and some bins may be empty. On scores with few digits the edge rule alone can "   \
    "move the result by a quarter, which is why it is part of the result.\n\n"

/** State: bins + 1 assay_metric_bin (sums of confidence and of hits; the last one for confidence 1
 *  under left_closed), followed by the bins + 1 edges for equal_mass. */
size_t assay_bins_state_size(const void *params, int32_t classes);
extern const assay_metric_terms assay_bins_terms;
int assay_bins_sorted(const void *params);
/** For rows sorted by descending confidence (equal_mass). */
assay_status assay_bins_block(void *state, const void *params, const assay_rows *rows,
                              assay_arena *scratch, assay_error *err);
void assay_bins_merge(void *into, const void *from, const void *params, int32_t classes);

/** The bins + 1 edges of bins of equal width; without MAPIE's convention numpy.linspace(0, 1, bins + 1). */
void assay_bins_equal_width(double *edges, const assay_bins_params *params);
/** The bin of p among bins of equal width; `bins` for p = 1 when they are left-closed. */
int32_t assay_bins_find(double p, const double *edges, int32_t bins, bool right_closed);

/** n values in descending order with their weights. */
typedef struct assay_bins_column {
    const void *of;
    int64_t n;
    double (*value)(const void *of, int64_t i);
    double (*weight)(const void *of, int64_t i);
    int real; /* weights are real numbers */
} assay_bins_column;

/** Quantiles of weighted values, whose weights sum to total > 0: with whole weights, linear
 *  interpolation between the copies; with real ones, the smallest value up to which the share of the
 *  weight is reached (numpy.quantile with weights, method inverted_cdf). */
void assay_bins_equal_mass(double *edges, const assay_bins_params *params,
                           const assay_bins_column *column, double total);

/** The edges: bins + 1 ascending values. */
void assay_bins_edges(double *edges, const void *state, const assay_bins_params *params);

#endif
