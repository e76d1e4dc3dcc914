#include "ops/shared/label_sets.h"
#include "ops/shared/skill.h"

static double loss_of(const void *given, const assay_rows *rows, int64_t i)
{
    (void)given;
    double sum = 0.0;
    for (int32_t k = 0; k < rows->classes; k++) {
        double gap = assay_label_score(rows, i, k) - (double)(k == rows->target[i]);
        sum += gap * gap;
    }
    return sum;
}

static double null_loss(double share)
{
    return share * (1.0 - share);
}

static const assay_skill_kind kind = {.loss = loss_of, .null_loss = null_loss};

ASSAY_SKILL_METRIC;

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric d2_brier", NULL};

const assay_op assay_op_metric_d2_brier = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "d2_brier",
    .title = "Brier skill score",
    .summary = "How much better the probabilities are than always stating how frequent each class "
               "is, by squared error.",
    .description =
        "1 - Brier score / Brier score of predicting, for every row, the frequencies of the "
        "classes among the rows. 1 is best; knowing nothing but the frequencies gives 0, "
        "worse probabilities are negative. It equals (resolution - reliability) / "
        "uncertainty of `brier_decomposition` when the bins hold one value each.\n\n"
        "Undefined without rows and when only one class occurs; scikit-learn then divides by "
        "zero.",
    .citation = "Murphy (1973), Hedging and skill scores for probability forecasts, Journal of "
                "Applied Meteorology 12; as sklearn.metrics.d2_brier_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
