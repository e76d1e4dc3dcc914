#include "ops/shared/confusion.h"

typedef struct params {
    double beta;
} params;

static assay_class_ratio ratio(const assay_class_counts *counts, double rows, const void *given)
{
    (void)rows;
    const params *p = given;
    double square = p->beta * p->beta;
    return (assay_class_ratio){.numerator = (1.0 + square) * counts->hits,
                               .denominator = square * counts->truth + counts->predicted,
                               .n = counts->truth + counts->predicted - counts->hits};
}

static const assay_class_ratio_kind kind = {
    .of = ratio,
    .proportion = false,
    .micro = ASSAY_MICRO_HITS,
    .undefined = "the class occurs neither in the truth nor among the predictions"};

static assay_status block(void *state, const void *given, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)scratch;
    (void)err;
    return assay_class_ratios_block(state, &kind, ASSAY_ZERO_DIVISION_UNDEFINED, given, rows);
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    return assay_class_ratios_finish(out, state, &kind, ASSAY_ZERO_DIVISION_UNDEFINED, given, shape,
                                     err);
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const assay_param specs[] = {
    ASSAY_REAL(params, beta, 2.0, 0.01, 100.0, "",
               "How many times as much recall counts as precision."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric f_beta:beta=2",
    "metrics: [{f_beta: {beta: 2}}]", NULL};

const assay_op assay_op_metric_f_beta = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "f_beta",
    .title = "F-beta score",
    .summary =
        "Mean of precision and recall in which recall counts beta times as much as precision.",
    .description =
        "For each class: (1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp). Range 0 to 1, higher is "
        "better; `beta: 1` is `f1`, 2 favours recall, 0.5 favours precision. n is the number of "
        "rows that belong to the class or were predicted as it.\n\n"
        "For sets of classes (`--task multilabel`) each class is right or wrong in a row by "
        "itself: "
        "`micro` pools classes and rows, `samples` is the mean over rows of the ratio over the "
        "classes "
        "of a row, and all classes enter the averages.\n\n"
        "Averages: `micro` over all rows (with one label per row it equals accuracy for every "
        "beta), `macro` the plain mean over classes, `weighted` the mean weighted by the number "
        "of true rows. They run over the classes that occur in the truth or among the "
        "predictions.\n\n"
        "It is computed from the counts, so it is 0 (not undefined) for a class without hits, "
        "and undefined only for a class that does not occur at all, which enters no average.\n\n"
        "The micro average is a proportion of independent rows, so its interval is exact; the "
        "other values get a bootstrap interval.",
    .citation = "van Rijsbergen (1979), Information Retrieval, 2nd ed., ch. 7; averages as "
                "sklearn.metrics.fbeta_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
