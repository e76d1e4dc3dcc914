/**
 * @file compare.h
 * Two or more models on the same data: every metric's difference with a paired interval and a test.
 * What all models have in common (easy and hard data) cancels out of a paired difference, so it is
 * known far better than two separate intervals suggest.
 */
#ifndef ASSAY_CORE_COMPARE_H
#define ASSAY_CORE_COMPARE_H

#include "core/evaluate.h"
#include "stats/multiplicity.h"

enum { ASSAY_COMPARE_FEWEST_UNITS = 10 }; /* clusters below which resampling says nothing */

typedef struct assay_compare_options {
    assay_evaluate_options evaluate; /* `paired` and `resample` are set by the comparison */
    int64_t permutations; /* of the sign-flip test; 0 = as many as bootstrap replicates */
    bool per_class;       /* measures of single classes too, not only averages */
    bool exact;           /* McNemar's exact test instead of its mid-P version */
    bool keep_null;       /* every difference keeps its `null`: for max-T */
} assay_compare_options;

/** Rows by which of two models is right. */
typedef struct assay_flip_counts {
    int64_t both, only_a, only_b, neither;
} assay_flip_counts;

/** One measure of models a and b; everything about the difference is b minus a. */
typedef struct assay_difference {
    int32_t a, b;              /* models */
    int32_t context;           /* the caller's */
    const assay_op *op;        /* metric */
    const assay_measure *in_a; /* in the results of the models */
    const assay_measure *in_b;
    assay_outcome outcome;
    const char *reason;
    double difference;
    double low, high;             /* two-sided at the level */
    double bound_low, bound_high; /* one-sided, each at the level: for non-inferiority */
    const char *method;           /* of the interval */
    int64_t n;                    /* data that both were measured on */
    double p;                     /* two-sided, of the hypothesis that both are equally good */
    const char *test;
    const double *draws; /* ascending bootstrap replicates of the difference, or NULL */
    int64_t n_draws;
    const double *null; /* |difference| in each permutation, NaN = undefined; NULL unless kept */
    int64_t n_null;
    double se, df;     /* standard error and degrees of freedom (infinite: normal) when known */
    double p_adjusted; /* the caller's, over its family */
    double probability_better; /* share of paired bootstrap replicates in which b is the better one,
                                  equal ones by half; NaN when there are none */
    bool has_flips;            /* the metric is the share of right rows */
    assay_flip_counts flips;
    double cohens_h;   /* of two proportions (Cohen 1988); NaN otherwise */
    double odds_ratio; /* rows that only b has right for each that only a has right; may be inf */
} assay_difference;

/** A test of the hypothesis that all models are equally good, for three or more; over groups of data
 *  for two as well (Wilcoxon). */
typedef struct assay_omnibus {
    int32_t context;
    const char *metric, *average, *test; /* average NULL = none */
    int64_t n;                           /* data (Cochran) or groups (Friedman, Wilcoxon) */
    double statistic, df, p;             /* df NaN = the test has none */
    /* Friedman's alone, else NULL and NaN */
    const double *mean_ranks; /* of each model, 1 = best */
    const double *nemenyi;    /* n_models x n_models p-values of the pairs */
    double critical;          /* difference of mean ranks that Nemenyi's test shows */
    double iman_davenport;    /* p-value of the less conservative F test */
    int32_t n_models;
} assay_omnibus;

/** Growing lists; everything in them lives in the arena. */
typedef struct assay_comparison {
    assay_arena *arena; /* borrowed */
    assay_difference *differences;
    int64_t n_differences, capacity_differences;
    assay_omnibus *omnibus;
    int64_t n_omnibus, capacity_omnibus;
} assay_comparison;

void assay_comparison_init(assay_comparison *out, assay_arena *arena);

/**
 * Measure each model over the rows with mask[i] != 0 (NULL = all) into results[k], and append the
 * differences of all pairs a < b, by metric, and for three or more models the omnibus test of
 * accuracy. The models must be aligned (core/align.h). options->evaluate.units are 0-based indices.
 *
 * Share of right rows, independent rows: interval of Tango (1998), McNemar's test (mid-P: Fagerland,
 * Lydersen, Laake 2013). Everything else: percentile interval of the paired Poisson bootstrap, both
 * models with the same weights; sign-flip permutation test, which exchanges the outputs of the two
 * models for each datum (or unit) by the toss of a coin: p = (1 + #{|T*| >= |T|}) / (1 + B)
 * (Phipson and Smyth 2010).
 *
 * With weights (of models[0]; all models must carry the same): share of right rows with Tango's interval
 * for as many rows as the weighted ones are worth, of clusters cluster-robust t. The permutation test holds
 * with weights, because a row keeps its weight when the models are exchanged; McNemar's, Cochran's
 * and DeLong's do not and are not made.
 */
ASSAY_NODISCARD assay_status assay_compare_models(
    assay_comparison *out, assay_result *results, assay_predictions *const *models,
    int32_t n_models, const uint8_t *mask, int32_t context, const assay_args *const *metrics,
    size_t n_metrics, const assay_compare_options *options, assay_error *err);

/** A metric over groups of data (Demsar 2006): Wilcoxon's signed ranks for two models, Friedman's test
 *  with Nemenyi's of all pairs for more. values is groups x models, NaN groups are left out. Appends to
 *  the omnibus tests when at least five groups are left. */
ASSAY_NODISCARD assay_status assay_compare_groups(assay_comparison *out, const double *values,
                                                  int64_t groups, int32_t n_models, int32_t context,
                                                  const assay_measure *measure,
                                                  assay_direction direction, double level,
                                                  assay_error *err);

/** Adjusted p-values over all differences that have one, in their order for a fixed sequence. Max-T
 *  takes those that keep their `null`; each |difference| is divided by its standard deviation under
 *  the null hypothesis, and p becomes (1 + count) / (1 + permutations), step down. */
ASSAY_NODISCARD assay_status assay_comparison_adjust(assay_comparison *comparison,
                                                     assay_adjustment how, assay_error *err);
/** 1: b is not worse than a by more than `margin` (its one-sided bound is inside), -1: it is worse
 *  by more (the other bound is outside), 0: the data do not tell. */
int assay_difference_noninferior(const assay_difference *difference, double margin);
/** What the data say about a difference within +-margin. */
typedef struct assay_closeness {
    double p_not_worse;  /* against "b is worse by the margin or more" */
    double p_equivalent; /* against "they differ by the margin or more" (two one-sided tests) */
    const char *test;
    double worse, close,
        better; /* posterior probabilities: b is worse by more, in between, better by
                                    more; NaN when margin or direction do not allow them */
    const char *posterior;
} assay_closeness;

/**
 * Right rows that are independent: Tango's score test, Dirichlet posterior with Jeffreys' prior; a
 * difference with a standard error: t (normal) test, posterior under a flat prior; else shares of the
 * bootstrap replicates. NaN where there is nothing to tell from. margin > 0.
 */
ASSAY_NODISCARD assay_status assay_difference_closeness(assay_closeness *out,
                                                        const assay_difference *difference,
                                                        double margin, assay_error *err);
/** 1: b is better at adjusted p <= alpha, -1: a is, 0: the data do not tell. */
int assay_difference_winner(const assay_difference *difference, double alpha);

#endif
