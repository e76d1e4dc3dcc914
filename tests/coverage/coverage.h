/* How often intervals hold what they promise: measured by enumeration of all outcomes where that is
 * possible, else by simulation. Every row has a promise that is checked. */
#ifndef ASSAY_TEST_COVERAGE_H
#define ASSAY_TEST_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/rng.h"

typedef enum promise {
    AT_LEAST, /* never below nominal, in no setting */
    ABOUT,    /* on average not below nominal by more than `slack`, which the table shows */
    BROKEN    /* the wrong tool for the setting: shown because it falls below nominal by `slack` */
} promise;

typedef struct row {
    const char *method;
    char setting[96];
    double nominal;
    promise promise;
    double slack;
    /* filled by row_add */
    double sum, worst, worst_error;
    int64_t settings, probes;
} row;

typedef struct coverage {
    int64_t runs; /* simulated data sets per setting */
    bool full;
    int failures;
    int64_t rows;
} coverage;

void section(const char *title, const char *text);
/* The result of one setting: coverage and its Monte Carlo standard error (0 when enumerated). */
void row_add(row *r, double covered, double error);
/* A setting that was sought out because it is bad: it counts for the worst, not for the mean. */
void row_probe(row *r, double covered);
/* The same from a count of `runs` simulated data sets. */
void row_count(row *r, int64_t covered, int64_t runs);
/* Print the row, check its promise. */
void row_end(coverage *c, row *r);

/* A stream of its own for (name, run). */
assay_rng stream(const char *name, int64_t run);
/* Gives up on an unexpected failure of the library. */
void must(assay_status status);

void cover_proportions(coverage *c);
void cover_pools_and_rates(coverage *c);
void cover_clusters(coverage *c);
void cover_weights(coverage *c);
void cover_bootstrap(coverage *c);
void cover_pairs(coverage *c);
void cover_samples(coverage *c);
void cover_compare(coverage *c);
void cover_intervals(coverage *c);
void cover_gaps(coverage *c);
void cover_groups(coverage *c);
void cover_distances(coverage *c);
void cover_metrics(coverage *c);
void cover_segments(coverage *c);
void cover_tests(coverage *c);
void cover_verdicts(coverage *c);
void cover_peeking(coverage *c);

#endif
