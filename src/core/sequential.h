/**
 * @file sequential.h
 * A claim on a proportion judged while results arrive, one at a time, in an order that does not
 * depend on them: the verdict may be looked at after every result and stands once it is reached.
 */
#ifndef ASSAY_CORE_SEQUENTIAL_H
#define ASSAY_CORE_SEQUENTIAL_H

#include "base/arena.h"
#include "stats/planning.h"

typedef enum assay_sequential_method {
    ASSAY_SEQUENTIAL_NONE = 0,
    ASSAY_SEQUENTIAL_MIXTURE, /* one-sided beta mixture e-values: stats/mixture.h */
    ASSAY_SEQUENTIAL_BETTING, /* hedged capital: stats/betting.h */
    ASSAY_SEQUENTIAL_SPRT,    /* Wald's test of the threshold against the objective: stats/sprt.h */
    ASSAY_SEQUENTIAL_POOL,    /* drawn without replacement from a pool that the claim speaks of */
    ASSAY_SEQUENTIAL_BERNSTEIN,     /* predictable plug-in empirical Bernstein: stats/betting.h */
    ASSAY_SEQUENTIAL_NORMAL_MIXTURE /* sub-Gaussian normal mixture: stats/mixture.h */
} assay_sequential_method;

/** "mixture", "betting", "sprt", "pool", "empirical_bernstein", "normal_mixture"; "none". */
const char *assay_sequential_name(assay_sequential_method method);
/** NONE when no method has the name. */
assay_sequential_method assay_sequential_find(const char *name);

typedef struct assay_sequential_rule {
    assay_sequential_method method;
    const char
        *order;   /* metadata column whose ascending values are the order of arrival; NULL = that
                          of the rows */
    double beta;  /* SPRT: probability of NOT MET when the truth is the objective */
    int64_t pool; /* items of the pool; 0 = the rows of the context, labelled or not */
} assay_sequential_rule;

/** What was known after n results. low and high: everything outside is refuted so far; of an SPRT the
 *  log likelihood ratio is in both. */
typedef struct assay_sequential_point {
    int64_t n, successes;
    double low, high;
} assay_sequential_point;

typedef struct assay_sequential_result {
    int decision;            /* 1 met, -1 not met, 0 go on */
    int64_t decided_at;      /* results that it took; 0 = not decided */
    int64_t given;           /* results that there are */
    int64_t pool;            /* with the method POOL */
    double p_met, p_not_met; /* anytime-valid p-values; NaN where the method has none */
    double log_e_met,
        log_e_not_met;           /* ln of the e-values of all results that there are, against "not
                                        met" and "met"; NaN where the method has none */
    double upper, lower;         /* SPRT: where the log likelihood ratio decides; else NaN */
    assay_sequential_point last; /* at the decision, or after all results */
    assay_sequential_point *points; /* the way there, at most 200 of them; in the arena */
    int64_t n_points;
} assay_sequential_result;

/** success[i] is 0 or 1, in the order of arrival. Each of the two verdicts is wrong with probability at
 *  most 1 - confidence, whenever one looks; for an SPRT by Wald's bounds, NOT MET with probability beta
 *  when the objective is the truth. `objective` is NaN except for an SPRT, which needs it. */
ASSAY_NODISCARD assay_status assay_sequential_judge(assay_sequential_result *out,
                                                    const uint8_t *success, int64_t n,
                                                    const assay_proportion_claim *claim,
                                                    double objective,
                                                    const assay_sequential_rule *rule,
                                                    assay_arena *arena, assay_error *err);

#endif
