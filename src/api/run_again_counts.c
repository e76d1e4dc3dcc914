/* Measures of the confusion matrix once more. */
#include <math.h>
#include <stdbool.h>

#include "api/run_again.h"

static assay_again_ratio recall(const assay_again *a, int32_t c)
{
    return (assay_again_ratio){a->hit[c], a->truth[c]};
}

static assay_again_ratio precision(const assay_again *a, int32_t c)
{
    return (assay_again_ratio){a->hit[c], a->label[c]};
}

static assay_again_ratio f_measure(const assay_again *a, int32_t c, double beta)
{
    /* beta^2 + 1 over the sum of beta^2 / recall and 1 / precision */
    double square = beta * beta;
    return (assay_again_ratio){(1.0 + square) * a->hit[c], square * a->truth[c] + a->label[c]};
}

static assay_again_ratio f1(const assay_again *a, int32_t c)
{
    return f_measure(a, c, 1.0);
}

static assay_again_ratio f_beta(const assay_again *a, int32_t c)
{
    return f_measure(a, c, assay_again_real(a, "beta"));
}

static assay_again_ratio jaccard(const assay_again *a, int32_t c)
{
    return (assay_again_ratio){a->hit[c], a->truth[c] + a->label[c] - a->hit[c]};
}

/* Differences of sums of weights may miss zero by rounding; where no row is left, they are it. */
static double misses(const assay_again *a, int32_t c)
{
    return fmax(0.0, a->truth[c] - a->hit[c]);
}

static double alarms(const assay_again *a, int32_t c)
{
    return fmax(0.0, a->label[c] - a->hit[c]);
}

static double others(const assay_again *a, int32_t c)
{
    return a->other[c] > 0 ? a->total - a->truth[c] : 0.0;
}

static double left_alone(const assay_again *a, int32_t c)
{
    return a->neither[c] > 0 ? a->total - a->truth[c] - a->label[c] + a->hit[c] : 0.0;
}

static assay_again_ratio miss_rate(const assay_again *a, int32_t c)
{
    return (assay_again_ratio){misses(a, c), a->truth[c]};
}

static assay_again_ratio alarm_rate(const assay_again *a, int32_t c)
{
    return (assay_again_ratio){alarms(a, c), others(a, c)};
}

static assay_again_ratio specificity(const assay_again *a, int32_t c)
{
    return (assay_again_ratio){left_alone(a, c), others(a, c)};
}

static assay_again_ratio negative_value(const assay_again *a, int32_t c)
{
    double missed = misses(a, c), rest = left_alone(a, c);
    return (assay_again_ratio){rest, missed + rest};
}

/* ---- of a class, without averages ---- */

static double rate(assay_again_ratio r)
{
    return r.bottom > 0.0 ? r.top / r.bottom : NAN;
}

static double positive_likelihood(const assay_again *a, int32_t c)
{
    double found = rate(recall(a, c)), false_alarms = rate(alarm_rate(a, c));
    return false_alarms > 0.0 ? found / false_alarms : NAN;
}

static double negative_likelihood(const assay_again *a, int32_t c)
{
    double missed = rate(miss_rate(a, c)), rest = rate(specificity(a, c));
    return rest > 0.0 ? missed / rest : NAN;
}

static double selection_rate(const assay_again *a, int32_t c)
{
    return a->label[c] / a->total;
}

static double expected_cost(const assay_again *a, int32_t c)
{
    return (assay_again_real(a, "false_positive") * alarms(a, c) +
            assay_again_real(a, "false_negative") * misses(a, c)) /
           a->total;
}

static double alarms_per_exposure(const assay_again *a, int32_t c)
{
    return alarms(a, c) / a->total / assay_again_real(a, "exposure");
}

/* ---- over all classes ---- */

static double accuracy(const assay_again *a)
{
    return a->hits / a->total;
}

static double zero_one(const assay_again *a)
{
    return (a->total - a->hits) / a->total;
}

static double matthews(const assay_again *a)
{
    double n = a->total, both = 0.0, targets = 0.0, labels = 0.0;
    for (int32_t c = 0; c < a->p->classes; c++) {
        both += a->truth[c] * a->label[c];
        targets += a->truth[c] * a->truth[c];
        labels += a->label[c] * a->label[c];
    }
    double bottom = sqrt(n * n - targets) * sqrt(n * n - labels);
    return bottom > 0.0 ? (a->hits * n - both) / bottom : NAN;
}

static double balanced(const assay_again *a)
{
    double sum = 0.0, classes = 0.0;
    for (int32_t c = 0; c < a->p->classes; c++) {
        if (a->truth[c] > 0.0) {
            sum += a->hit[c] / a->truth[c];
            classes += 1.0;
        }
    }
    if (!assay_again_flag(a, "adjusted")) {
        return sum / classes;
    }
    return classes > 1.0 ? (sum / classes - 1.0 / classes) / (1.0 - 1.0 / classes) : NAN;
}

static double distance(bool none, bool linear, int32_t i, int32_t j)
{
    double gap = fabs((double)i - (double)j);
    return none ? (gap > 0.0 ? 1.0 : 0.0) : linear ? gap : gap * gap;
}

/* One minus the observed disagreement by that of independent margins. */
static double kappa(const assay_again *a)
{
    enum { MOST = 5000 }; /* classes */
    double seen = 0.0, chance = 0.0;
    if (a->p->classes > MOST) {
        return NAN;
    }
    bool none = assay_again_is(a, "weights", "none"),
         linear = assay_again_is(a, "weights", "linear");
    for (int64_t k = 0; k < a->n; k++) {
        seen += a->weight[k] *
                distance(none, linear, assay_again_target(a, k), assay_again_label(a, k));
    }
    for (int32_t i = 0; i < a->p->classes; i++) {
        for (int32_t j = 0; a->truth[i] > 0.0 && j < a->p->classes; j++) {
            chance += a->truth[i] * (a->label[j] / a->total) * distance(none, linear, i, j);
        }
    }
    return chance > 0.0 ? 1.0 - seen / chance : NAN;
}

static double no_information(const assay_again *a)
{
    double most = 0.0;
    for (int32_t c = 0; c < a->p->classes; c++) {
        most = fmax(most, a->truth[c]);
    }
    return assay_again_is(a, "report", "rate") ? most / a->total : (a->hits - most) / a->total;
}

const assay_again_kind assay_again_counts[] = {
    {.metric = "accuracy", .whole = accuracy},
    {.metric = "zero_one_loss", .whole = zero_one},
    {.metric = "hamming_loss", .whole = zero_one}, /* of one class per row */
    {.metric = "matthews_correlation", .whole = matthews},
    {.metric = "balanced_accuracy", .whole = balanced},
    {.metric = "cohens_kappa", .whole = kappa},
    {.metric = "no_information_rate", .whole = no_information},
    {.metric = "recall", .ratio = recall},
    {.metric = "precision", .ratio = precision},
    {.metric = "f1", .ratio = f1},
    {.metric = "f_beta", .ratio = f_beta},
    {.metric = "jaccard", .ratio = jaccard},
    {.metric = "specificity", .ratio = specificity},
    {.metric = "false_positive_rate", .ratio = alarm_rate},
    {.metric = "false_negative_rate", .ratio = miss_rate},
    {.metric = "negative_predictive_value", .ratio = negative_value},
    {.metric = "positive_likelihood_ratio", .of_class = positive_likelihood},
    {.metric = "negative_likelihood_ratio", .of_class = negative_likelihood},
    {.metric = "selection_rate", .of_class = selection_rate},
    {.metric = "expected_cost", .of_class = expected_cost},
    {.metric = "false_alarms_per_exposure", .of_class = alarms_per_exposure},
    {0}};
