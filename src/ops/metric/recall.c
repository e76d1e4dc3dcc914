#include "ops/shared/confusion.h"

static assay_class_ratio ratio(const assay_class_counts *counts, double rows, const void *params)
{
    (void)rows;
    (void)params;
    return (assay_class_ratio){
        .numerator = counts->hits, .denominator = counts->truth, .n = counts->truth};
}

static const assay_class_ratio_kind kind = {
    .of = ratio, .proportion = true, .undefined = "the class does not occur in the truth"};

static assay_status block(void *state, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)scratch;
    (void)err;
    const assay_zero_division_params *given = params;
    return assay_class_ratios_block(state, &kind, given->zero_division, params, rows);
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    const assay_zero_division_params *given = params;
    return assay_class_ratios_finish(out, state, &kind, given->zero_division, params, shape, err);
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const assay_param specs[] = {ASSAY_ZERO_DIVISION_PARAM};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric recall",
    "metrics: [{recall: {zero_division: zero}}]", NULL};

const assay_op assay_op_metric_recall = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "recall",
    .title = "Recall",
    .summary = "Of the rows that belong to a class, the share that was predicted as it.",
    .description =
        "For each class: hits divided by the rows that belong to it, tp / (tp + fn). Also called "
        "sensitivity, hit rate or true positive rate. Range 0 to 1, higher is better.\n\n"
        "For sets of classes (`--task multilabel`) each class is right or wrong in a row by "
        "itself: "
        "`micro` pools classes and rows, `samples` is the mean over rows of the ratio over the "
        "classes "
        "of a row, and all classes enter the averages.\n\n"
        "Averages: `micro` over all rows (with one label per row it equals accuracy), `macro` the "
        "plain mean over classes, `weighted` the mean weighted by the number of true rows. They "
        "run "
        "over the classes that occur in the truth or among the predictions.\n\n"
        "A class that is predicted but does not occur in the truth has 0/0. By default its value "
        "is undefined and the averages leave it out and name "
        "it (scikit-learn: `zero_division=np.nan`); with `zero_division: zero` it is 0 and part of "
        "the averages (scikit-learn's default).\n\n"
        "Per class and micro-averaged it is a proportion of independent rows, so its interval is "
        "exact; "
        "the other averages get a bootstrap interval.",
    .citation = "van Rijsbergen (1979), Information Retrieval, 2nd ed., ch. 7; averages as "
                "sklearn.metrics.recall_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_zero_division_params),
    .examples = examples,
    .metric = &metric};
