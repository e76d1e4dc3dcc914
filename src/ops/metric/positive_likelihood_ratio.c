#include "ops/shared/confusion.h"
#include "ops/shared/likelihood.h"

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    return assay_likelihood_ratio_finish(out, state, false, shape, err);
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric positive_likelihood_ratio", NULL};

const assay_op assay_op_metric_positive_likelihood_ratio = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "positive_likelihood_ratio",
    .title = "Positive likelihood ratio",
    .summary = "How many times more often a row of the class is predicted as it than a row of "
               "another class.",
    .description =
        "True positive rate / false positive rate of each class against the rest: what a "
        "prediction of the class does to the odds that it is there. 1 is chance, higher is "
        "better, without an upper bound. It does not depend on how frequent the class is.\n\n"
        "There is no average over classes. Without a row of the class, without a row of "
        "another class, and with a denominator of zero it is undefined and says why; "
        "scikit-learn returns NaN there unless told otherwise. The interval comes from the "
        "bootstrap, whose replicates without a value are left out and counted.",
    .citation = "Altman, Bland (2004), Diagnostic tests 4: likelihood ratios, BMJ 329; as "
                "sklearn.metrics.class_likelihood_ratios (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
