#include "ops/shared/confusion.h"

static assay_class_ratio ratio(const assay_class_counts *counts, double rows, const void *params)
{
    (void)rows;
    (void)params;
    return (assay_class_ratio){.numerator = counts->hits,
                               .denominator = counts->truth + counts->predicted - counts->hits,
                               .n = counts->truth + counts->predicted - counts->hits};
}

static const assay_class_ratio_kind kind = {
    .of = ratio,
    .proportion = true,
    .micro = ASSAY_MICRO_RATIO,
    .undefined = "the class occurs neither in the truth nor among the predictions"};

static assay_status block(void *state, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)scratch;
    (void)err;
    return assay_class_ratios_block(state, &kind, ASSAY_ZERO_DIVISION_UNDEFINED, params, rows);
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    return assay_class_ratios_finish(out, state, &kind, ASSAY_ZERO_DIVISION_UNDEFINED, params,
                                     shape, err);
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric jaccard", "metrics: [jaccard]", NULL};

const assay_op assay_op_metric_jaccard = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "jaccard",
    .title = "Jaccard index",
    .summary = "Overlap between the rows of a class and the rows that were predicted as it.",
    .description =
        "For each class: tp / (tp + fp + fn), also called intersection over union or critical "
        "success index. Range 0 to 1, higher is better. n is the number of rows that belong to "
        "the class or were predicted as it.\n\n"
        "For sets of classes (`--task multilabel`) each class is right or wrong in a row by "
        "itself: "
        "`micro` pools classes and rows, `samples` is the mean over rows of the ratio over the "
        "classes "
        "of a row, and all classes enter the averages.\n\n"
        "Averages: `micro` the ratio of the sums over classes, `macro` the plain mean over "
        "classes, `weighted` the mean weighted by the number of true rows. They run over the "
        "classes that occur in the truth or among the predictions.\n\n"
        "It is 0 (not undefined) for a class without hits, and undefined only for a class that "
        "does not occur at all, which enters no average.\n\n"
        "Per class it is a proportion of independent rows, so its interval is exact; the "
        "averages get a bootstrap interval.",
    .citation =
        "Jaccard (1912), The distribution of the flora in the alpine zone, New Phytologist 11; "
        "averages as sklearn.metrics.jaccard_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
