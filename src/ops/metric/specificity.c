#include "ops/shared/confusion.h"

static assay_class_ratio ratio(const assay_class_counts *counts, double rows, const void *params)
{
    (void)params;
    return (assay_class_ratio){
        .numerator = assay_class_rest(rows, counts->truth + counts->predicted - counts->hits),
        .denominator = assay_class_rest(rows, counts->truth),
        .n = rows - counts->truth};
}

static const assay_class_ratio_kind kind = {.of = ratio,
                                            .proportion = true,
                                            .micro = ASSAY_MICRO_RATIO,
                                            .undefined = "every row belongs to the class"};

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
    "assay evaluate --predictions predictions.csv --metric specificity",
    "metrics: [{specificity: {zero_division: zero}}]", NULL};

const assay_op assay_op_metric_specificity = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "specificity",
    .title = "Specificity",
    .summary = "Of the rows that do not belong to a class, the share that was not predicted as it.",
    .description =
        "For each class: tn / (tn + fp), also called true negative rate; 1 minus "
        "`false_positive_rate`. Range 0 to 1, higher is better. n is the number of rows of "
        "other classes.\n\n"
        "For sets of classes (`--task multilabel`) each class is right or wrong in a row by "
        "itself: "
        "`micro` pools classes and rows, `samples` is the mean over rows of the ratio over the "
        "classes "
        "of a row, and all classes enter the averages.\n\n"
        "Averages: `micro` the ratio of the sums over classes, `macro` the plain mean over "
        "classes, `weighted` the mean weighted by the number of true rows. They run over the "
        "classes that occur in the truth or among the predictions.\n\n"
        "A class to which every row belongs has 0/0. By default its value is undefined and the "
        "averages leave it out and name it; with `zero_division: zero` it is 0 and part of the "
        "averages.\n\n"
        "Per class it is a proportion of independent rows, so its interval is exact; the "
        "averages get a bootstrap interval. For two classes the specificity of one class is the "
        "recall of the other.",
    .citation =
        "Yerushalmy (1947), Statistical problems in assessing methods of medical diagnosis, "
        "Public Health Reports 62; counts as sklearn.metrics.multilabel_confusion_matrix "
        "(scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_zero_division_params),
    .examples = examples,
    .metric = &metric};
