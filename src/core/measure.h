/**
 * @file measure.h
 * The measure: a number that never travels without its sample size, interval and method. What can't
 * be computed is an outcome with a reason, never a silent NaN.
 */
#ifndef ASSAY_CORE_MEASURE_H
#define ASSAY_CORE_MEASURE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json_write.h"
#include "stats/bootstrap.h"

typedef enum assay_outcome {
    ASSAY_OUTCOME_VALUE = 1,
    ASSAY_OUTCOME_UNDEFINED, /* e.g. precision of a class that was never predicted */
    ASSAY_OUTCOME_TOO_FEW    /* a value exists but n is too small to say anything */
} assay_outcome;

/** "value", "undefined", "too_few". */
const char *assay_outcome_name(assay_outcome outcome);

typedef struct assay_measure {
    const char *metric;     /* operation name */
    const char *params;     /* JSON object of the parameters, or NULL when it has none */
    const char *asked;      /* the parameters as a requirement states them when they differ from
                               `params` (a confidence that was chosen, not given); else NULL */
    const char *average;    /* "macro", "micro", "weighted", or NULL */
    const char *class_name; /* or NULL: over all classes */
    const char *group;      /* or NULL: over all groups */
    const char *unit;       /* "" = dimensionless, "nat", ... */
    assay_outcome outcome;
    const char *reason; /* for undefined / too few; a remark on a value (e.g. classes left out of an
                           average); else NULL */
    double value;
    double low, high; /* two-sided interval at `level`; NaN when there is none */
    double level;     /* e.g. 0.95 */
    int64_t n;        /* data behind the number (the denominator of a proportion) */
    double weight;    /* their weight; n when they are not weighted */
    double effective; /* Kish: (sum of weights)^2 / sum of squared weights; n when not weighted */
    int weighted;     /* 1: the data carry weights */
    int64_t clusters; /* of dependent rows behind the number; 0 = rows are taken as independent */
    double design_effect; /* variance over that of as many independent rows; NaN = not known */
    const char *method;   /* interval operation with its parameters: "clopper_pearson",
                           "bootstrap_percentile, 1000 replicates"; "none" without an interval */
    /* for one-sided bounds and planning; not written to the results */
    int64_t successes;        /* numerator when the measure is a proportion of independent rows,
                                  else -1; then trials == n */
    double hits;              /* weight of the successes of any proportion, else -1 */
    const double *replicates; /* ascending bootstrap replicates, or NULL */
    int64_t n_replicates;
    const struct assay_args *interval; /* operation for the replicates when not the usual one */
    const double *pivots; /* ascending (replicate - value) / its standard error, or NULL */
    int64_t n_pivots;
    assay_distance
        distance; /* when the value is one that chance alone makes positive: its replicates
                                get assay_distance_interval in the place of percentiles */
    int optimum;  /* 1: the best of many thresholds (core/metric.h) */
    double
        few; /* rows of one sample whose variance is known as well as this value's, by the rows of the
                      classes; 0 = not known */
    const char
        *doubt; /* why the interval may hold the truth less often than its level says; or NULL */
    const char
        *warning; /* why the value itself is to be doubted, with or without an interval; or NULL */
    double se;    /* of the value, with pivots */
    const double *jackknife; /* values without one group of rows after the other, or NULL */
    int64_t n_jackknife;
    double variance;     /* DeLong's, of an area; NaN = none */
    const double *draws; /* n_draws replicates by their number, NaN = undefined; NULL unless the
                            evaluation was `paired` */
    int64_t n_draws;
    /* the measure's own interval, used instead of replicates: its ends at
     * error probabilities as in stats/intervals.h; NULL = none. `evidence` lives as long as the
     * measure; bounds_name becomes the method. */
    assay_status (*bounds)(double *low, double *high, const void *evidence, double alpha_low,
                           double alpha_high, assay_error *err);
    const void *evidence;
    const char *bounds_name;
    const char *no_interval; /* why there can't be one, beginning with "none: "; or NULL */
} assay_measure;

/** A table of numbers behind a chart: reliability bins, a risk-coverage curve, confusion counts. */
typedef struct assay_curve {
    const char *name;   /* operation name */
    const char *params; /* JSON object or NULL */
    int32_t n_columns;
    const char *const *columns; /* names */
    int64_t n_rows;
    const double *values; /* n_rows x n_columns, row-major; NaN = none */
} assay_curve;

/** Growing lists; everything in them lives in the arena. */
typedef struct assay_result {
    assay_arena *arena; /* borrowed: outlives the result */
    assay_measure *measures;
    int64_t n_measures, capacity_measures;
    assay_curve *curves;
    int64_t n_curves, capacity_curves;
} assay_result;

void assay_result_init(assay_result *result, assay_arena *arena);
/** Append a zeroed measure (low/high NaN, successes -1, outcome VALUE) and return it; NULL when
 *  memory is out. Texts put into it must live as long as the arena. */
assay_measure *assay_result_measure(assay_result *result);
/** Append a curve; values (may be NULL when n_rows is 0) are copied. */
ASSAY_NODISCARD assay_status assay_result_curve(assay_result *result, const char *name,
                                                const char *const *columns, int32_t n_columns,
                                                const double *values, int64_t n_rows,
                                                assay_error *err);

/** What a reader must know about an interval that does not contain the measure's value; NULL when it
 *  does, or when there is none. */
const char *assay_measure_excludes(const assay_measure *measure);
/** The same, or why the interval may hold the truth less often than its level says; NULL when neither is to
 *  be said. It is part of the measure's JSON, as "caution". */
const char *assay_measure_caution(const assay_measure *measure);

/** The measure as members of an already open JSON object (see docs: results.json). */
void assay_measure_json(assay_json *json, const assay_measure *measure);
void assay_curve_json(assay_json *json, const assay_curve *curve);

#endif
