/** @file independent.h  Two samples of different data: what is measured and how it is written. Inside src/api. */
#ifndef ASSAY_API_INDEPENDENT_H
#define ASSAY_API_INDEPENDENT_H

#include <stdbool.h>

#include "api/context.h"
#include "assay/independent.h"
#include "core/evaluate.h"
#include "stats/bayes.h"
#include "stats/equivalence.h"
#include "stats/group_extremes.h"

typedef struct assay_sample_value {
    double value, low, high;
    int64_t n;
    const char *method;
} assay_sample_value;

typedef struct assay_closeness_of_two {
    double margin, p, low, high; /* one-sided ends of "the second is better by" at the level */
    const char *verdict, *test;
} assay_closeness_of_two;

/** The second sample beside the first. */
typedef struct assay_two_samples {
    const assay_measure *measure; /* metric, class, average; NULL for counts */
    assay_direction direction;
    const char *reason; /* why there is no comparison; else NULL */
    assay_sample_value in[2];
    bool counted; /* both are proportions: everything below holds; else the difference alone */
    assay_two_counts counts; /* of the second sample first */
    double difference;       /* second less first */
    assay_ends ends, newcombe, agresti_caffo;
    const char *method;
    double ratio;
    assay_ends ratio_ends;
    assay_odds_ratio odds;
    double p, p_adjusted; /* of the score test; of the normal test where it is no proportion */
    assay_two_p fisher, mid, boschloo;
    bool has_boschloo;
    assay_closeness_of_two noninferiority, equivalence;
    assay_rope rope; /* of "the second is better by" */
    const char *posterior;
} assay_two_samples;

typedef struct assay_independent_job {
    assay_context *context;
    const assay_independent_request *request;
    assay_arena *arena;
    double level;
    const char *names[2], *digest[2];
    int64_t rows[2];
    assay_two_samples *list;
    int64_t n;
} assay_independent_job;

/** Fill everything that the request asks for from `in`, and from `counts` when `counted`. ends: of both
 *  samples' values at (1 - level) / 2 and at 1 - level, for what is no proportion. */
ASSAY_NODISCARD assay_status assay_two_samples_compare(assay_two_samples *t,
                                                       const assay_independent_job *job,
                                                       const assay_ends two_sided[2],
                                                       const assay_ends one_sided[2],
                                                       assay_error *err);
ASSAY_NODISCARD assay_status assay_independent_json(char **out, const assay_independent_job *job,
                                                    assay_error *err);
ASSAY_NODISCARD assay_status assay_independent_table(char **out, const assay_independent_job *job,
                                                     assay_error *err);

#endif
