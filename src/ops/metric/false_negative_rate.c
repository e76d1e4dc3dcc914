#include "ops/shared/confusion.h"

static assay_class_ratio ratio(const assay_class_counts *counts, double rows, const void *params)
{
    (void)rows;
    (void)params;
    return (assay_class_ratio){.numerator = assay_class_rest(counts->truth, counts->hits),
                               .denominator = counts->truth,
                               .n = counts->truth};
}

static const assay_class_ratio_kind kind = {.of = ratio,
                                            .proportion = true,
                                            .micro = ASSAY_MICRO_ERRORS,
                                            .undefined = "the class does not occur in the truth"};

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
    "assay evaluate --predictions predictions.csv --metric false_negative_rate",
    "metrics: [false_negative_rate]", NULL};

const assay_op assay_op_metric_false_negative_rate = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "false_negative_rate",
    .title = "False negative rate",
    .summary = "Of the rows that belong to a class, the share that was missed.",
    .description =
        "For each class: fn / (fn + tp), also called miss rate; 1 minus `recall`. Range 0 to 1, "
        "lower is better. n is the number of rows of the class.\n\n"
        "For sets of classes (`--task multilabel`) each class is right or wrong in a row by "
        "itself: "
        "`micro` pools classes and rows, `samples` is the mean over rows of the ratio over the "
        "classes "
        "of a row, and all classes enter the averages.\n\n"
        "Averages: `micro` over all rows (with one label per row it equals 1 minus accuracy), "
        "`macro` the plain mean over classes, `weighted` the mean weighted by the number of "
        "true rows. They run over the classes that occur in the truth or among the predictions.\n\n"
        "A class without a row in the truth has 0/0. By default its value is undefined and the "
        "averages leave it out and name it; with `zero_division: zero` it is 0 and part of the "
        "averages.\n\n"
        "Per class and micro-averaged it is a proportion of independent rows, so its interval "
        "is exact; the other averages get a bootstrap interval.",
    .citation =
        "Fawcett (2006), An introduction to ROC analysis, Pattern Recognition Letters 27; 1 - "
        "sklearn.metrics.recall_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .multilabel = true,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_zero_division_params),
    .examples = examples,
    .metric = &metric};
