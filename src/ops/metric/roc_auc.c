#include <math.h>

#include "ops/shared/ranked.h"
#include "ops/shared/ranked_run.h"
#include "stats/delong.h"

typedef struct params {
    double max_fpr;
} params;

/* Mann-Whitney with real weights. */
static double weighted_area(const assay_ranking *ranking, double positives, double negatives)
{
    assay_ranked_walk walk = {0};
    assay_sum sum = {0};
    while (assay_ranked_next(&walk, ranking)) {
        assay_sum_add(&sum, (walk.fp - walk.fp_before) * (walk.tp + walk.tp_before));
    }
    return assay_sum_value(&sum) / (2.0 * positives * negatives);
}

enum { RUN = ASSAY_RANKED_RUN, RUNS = 1 << RUN };

/* What a run adds, by which of its rows are of the class: how many they are, the sum and the sum of the
 * squares of the other rows of the run above each of them, and of these above each of the others. */
typedef struct run_sums {
    uint8_t n, above, above_squared, beside, beside_squared;
} run_sums;

static void tabulate(run_sums table[RUNS])
{
    for (int mine = 0; mine < RUNS; mine++) {
        int n[2] = {0, 0}, sum[2] = {0, 0}, squares[2] = {0, 0};
        for (int i = 0; i < RUN; i++) {
            int side = mine >> i & 1;
            sum[side] += n[1 - side];
            squares[side] += n[1 - side] * n[1 - side];
            n[side]++;
        }
        table[mine] = (run_sums){(uint8_t)n[1], (uint8_t)sum[1], (uint8_t)squares[1],
                                 (uint8_t)sum[0], (uint8_t)squares[0]};
    }
}

/* assay_area_add for each of its rows. */
static inline void add_run(assay_area_sums *sums, const run_sums *run)
{
    uint64_t p = run->n, q = RUN - p;
    uint64_t above = (uint64_t)sums->negatives, beside = (uint64_t)sums->positives;
    sums->twice += 2 * (p * above + run->above);
    sums->positive +=
        4 * ((assay_uint128)above * (p * above + UINT64_C(2) * run->above) + run->above_squared);
    sums->negative += 4 * ((assay_uint128)beside * (q * beside + UINT64_C(2) * run->beside) +
                           run->beside_squared);
    sums->positives += (int64_t)p;
    sums->negatives += (int64_t)q;
}

/* Of packed words without copies. */
__attribute__((always_inline)) static inline void
sum_runs(assay_area_sums *out, const assay_ranking *ranking, bool mirrored)
{
    run_sums table[RUNS];
    assay_area_sums sums = {0};
    assay_ranked_walk walk = {0};
    uint32_t mine = 0;
    tabulate(table);
    while (walk.at < ranking->n) {
        if (walk.at + RUN < ranking->n && assay_ranked_run(&mine, ranking, walk.at, mirrored)) {
            add_run(&sums, &table[mine]);
            walk.at += RUN;
            walk.tp_rows = sums.positives;
        } else {
            (void)assay_ranked_next_packed(&walk, ranking);
            assay_area_add(&sums, walk.tp_rows - sums.positives, walk.fp_rows - sums.negatives);
        }
    }
    *out = sums;
}

static void counted_area(assay_class_value *to, const assay_ranking *ranking)
{
    assay_ranked_walk walk = {0};
    assay_area_sums sums = {0};
    if (ranking->packed != NULL && ranking->weight == NULL) {
        if (ranking->mirror == ASSAY_MIRROR_NONE) {
            sum_runs(&sums, ranking, false);
        } else {
            sum_runs(&sums, ranking, true);
        }
    } else {
        while (assay_ranked_next_rows(&walk, ranking)) {
            assay_area_add(&sums, walk.tp_rows - sums.positives, walk.fp_rows - sums.negatives);
        }
    }
    assay_area_value(&to->value, &to->variance, &sums);
    to->variance = ranking->weight == NULL ? to->variance : NAN;
}

/* Area up to max_fpr in units of rates, the last step cut by linear interpolation. */
static double partial(const assay_ranking *ranking, double positives, double negatives,
                      double max_fpr)
{
    assay_ranked_walk walk = {0};
    assay_sum area = {0};
    while (assay_ranked_next(&walk, ranking)) {
        double x0 = walk.fp_before / negatives;
        double x1 = walk.fp / negatives;
        double y0 = walk.tp_before / positives;
        double y1 = walk.tp / positives;
        if (x1 > max_fpr) {
            double cut = y0 + (y1 - y0) * ((max_fpr - x0) / (x1 - x0));
            assay_sum_add(&area, (max_fpr - x0) * (y0 + cut) / 2.0);
            break;
        }
        assay_sum_add(&area, (x1 - x0) * (y0 + y1) / 2.0);
    }
    return assay_sum_value(&area);
}

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, true);
    if (to == NULL) {
        return;
    }
    double positives = to->positives;
    double negatives = (to->n - to->positives);
    if (p->max_fpr >= 1.0) {
        if (ranking->real != NULL) {
            to->value = weighted_area(ranking, positives, negatives);
        } else {
            counted_area(to, ranking);
        }
        return;
    }
    double least = 0.5 * p->max_fpr * p->max_fpr;
    double area = partial(ranking, positives, negatives, p->max_fpr);
    to->value = 0.5 * (1.0 + (area - least) / (p->max_fpr - least));
}

static int area(const void *given)
{
    return ((const params *)given)->max_fpr >= 1.0;
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_class_micro_finish,
                                    .ranked = ranked,
                                    .area = area,
                                    .micro = 1};

static const assay_param specs[] = {
    ASSAY_REAL(params, max_fpr, 1.0, 0.001, 1.0, "",
               "Only the part of the curve up to this false positive rate; 1 = all of it."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric roc_auc",
    "metrics: [{roc_auc: {max_fpr: 0.1}}]", NULL};

const assay_op assay_op_metric_roc_auc = {
    .kind = ASSAY_OP_METRIC,
    .revision = 3,
    .name = "roc_auc",
    .title = "Area under the ROC curve",
    .summary =
        "How well the score of a class separates its rows from the others: 1 is perfect, 0.5 is "
        "guessing.",
    .description =
        "The probability that a row of the class scores higher than a row of another class, "
        "where equal scores count one half (the Mann-Whitney statistic, which is the "
        "trapezoidal area under the ROC curve). Range 0 to 1, higher is better. Scores need not "
        "be probabilities; only their order counts.\n\n"
        "For sets of classes (`--task multilabel`) `micro` ranks all pairs of row and class at "
        "once; for "
        "the mean over rows see `roc_auc_samples`.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against all "
        "others; `macro` is the plain mean over classes and `weighted` the mean weighted by the "
        "rows of each class. For two classes the value of the class to be detected is the usual "
        "binary one. See `roc_auc_one_vs_one` for the mean over pairs of classes.\n\n"
        "With `max_fpr` below 1 only the part of the curve up to that false positive rate "
        "counts, rescaled so that guessing gives 0.5 and perfection 1 (McClish), as in scikit- "
        "learn.\n\n"
        "A class without a row in the truth (or to which every row belongs) is undefined; "
        "averages leave it out and name it. torchmetrics returns 0 there.\n\n"
        "The interval is DeLong's (see `delong`), for the whole curve of data without weights; "
        "else "
        "it comes from bootstrap replicates.",
    .citation =
        "Hanley, McNeil (1982), The meaning and use of the area under a ROC curve, Radiology "
        "143; McClish (1989), Analyzing a portion of the ROC curve, Medical Decision Making 9; "
        "as sklearn.metrics.roc_auc_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
