#include <math.h>

#include "ops/shared/ranked.h"

typedef struct params {
    double from;
    double to;
} params;

/* A piece of the ROC curve, with a straight line between log false positive rate and recall of its ends,
 * which at the limits of the range are those of the straight line in the false positive rate. */
static double piece(double x0, double y0, double x1, double y1, const params *p)
{
    double from = fmax(x0, p->from);
    double to = fmin(x1, p->to);
    if (!(to > from)) {
        return 0.0;
    }
    double slope = (y1 - y0) / (x1 - x0);
    double low = from > x0 ? y0 + slope * (from - x0) : y0;
    double high = to < x1 ? y0 + slope * (to - x0) : y1;
    return (low + high) / 2.0 * (log(to) - log(from));
}

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, true);
    if (to == NULL) {
        return;
    }
    if (!(p->from < p->to)) {
        to->undefined = "from is not below to";
        return;
    }
    double negatives = to->n - to->positives;
    assay_ranked_walk walk = {0};
    assay_sum area = {0};
    double x = 0.0;
    double y = 0.0;
    while (assay_ranked_next(&walk, ranking)) {
        double next_x = walk.fp / negatives;
        double next_y = walk.tp / to->positives;
        assay_sum_add(&area, piece(x, y, next_x, next_y, p));
        x = next_x;
        y = next_y;
    }
    to->value = assay_sum_value(&area) / (log(p->to) - log(p->from));
}

/* Recall rises with the false positive rate: over each step of the range it lies between those at its ends. */
static int rates(assay_rates *out, const void *given)
{
    enum { STEPS = ASSAY_RATES_MOST - 1, ENOUGH = 20 };
    const params *p = given;
    *out = (assay_rates){.recall = 1, .n = STEPS + 1, .enough = ENOUGH};
    for (int i = 0; i <= STEPS; i++) {
        double at = (double)i / STEPS;
        out->limit[i] = p->from * pow(p->to / p->from, at);
        out->low[i] = i < STEPS ? 1.0 / STEPS : 0.0;
        out->high[i] = i > 0 ? 1.0 / STEPS : 0.0;
    }
    out->limit[STEPS] = p->to;
    return p->from < p->to && p->to < 1.0;
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_class_values_finish,
                                    .ranked = ranked,
                                    .rates = rates};

static const assay_param specs[] = {
    ASSAY_REAL(params, from, 0.001, 1e-9, 1.0, "", "Lowest false positive rate."),
    ASSAY_REAL(params, to, 0.1, 1e-9, 1.0, "", "Highest false positive rate."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric log_auc:from=0.001,to=0.1", NULL};

const assay_op assay_op_metric_log_auc = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "log_auc",
    .title = "Area under the ROC curve over the logarithm of false alarms",
    .summary = "Recall averaged over low false alarm rates, each power of ten counting alike.",
    .description =
        "Area under recall over the logarithm of the false positive rate, from `from` to "
        "`to`, divided by the width of the range: the mean recall over it. Range 0 to 1, "
        "higher is better; guessing gives (to - from) / ln(to / from), 0.021 for the usual "
        "range. For tasks in which false alarms must be rare.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against "
        "all others; `macro` is the plain mean over classes and `weighted` the mean weighted "
        "by the rows of each class. For two classes the value of the class to be detected is "
        "the usual binary one.\n\n"
        "Rows of equal score share a threshold. Between thresholds the line is straight in "
        "the logarithm, at the ends of the range straight in the false positive rate itself, "
        "as torchmetrics does. A class without a row in the truth (or to which every row "
        "belongs) is undefined; averages leave it out and name it."
        "\n\nWhile fewer than 20 false alarms are expected at `from`, the interval sums the exact "
        "ones "
        "of recall at 17 false positive rates over the range, as lower and upper steps: it holds "
        "at least as often as stated, and shows what so few rows cannot. With more it comes from "
        "replicates; so it does for weighted rows and clusters, then with a `caution` below 20.",
    .citation =
        "Mysinger, Shoichet (2010), Rapid context-dependent ligand desolvation in molecular "
        "docking, Journal of Chemical Information and Modeling 50; as "
        "torchmetrics.functional.classification.binary_logauc (1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
