#include "ops/shared/confusion.h"

typedef struct params {
    bool adjusted;
} params;

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const assay_class_counts *counts = state;
    assay_measure *measure = NULL;
    assay_sum sum = {0};
    int64_t present = 0;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    for (int32_t c = 0; c < shape->classes; c++) {
        measure->weight += counts[c].truth;
        if (counts[c].truth > 0.0) {
            present++;
            assay_sum_add(&sum, counts[c].hits / counts[c].truth);
        }
    }
    if (present == 0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = assay_sum_value(&sum) / (double)present;
    if (p->adjusted) {
        if (present == 1) {
            assay_measure_undefine(measure, "only one class occurs: chance alone is always right");
            return ASSAY_OK;
        }
        double chance = 1.0 / (double)present;
        measure->value = (measure->value - chance) / (1.0 - chance);
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const assay_param specs[] = {
    ASSAY_BOOL(params, adjusted, false,
               "Rescale so that guessing gives 0 and perfect predictions give 1."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric balanced_accuracy",
    "metrics: [{balanced_accuracy: {adjusted: true}}]", NULL};

const assay_op assay_op_metric_balanced_accuracy = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "balanced_accuracy",
    .title = "Balanced accuracy",
    .summary = "Accuracy of each class, averaged so that rare classes count as much as frequent "
               "ones.",
    .description =
        "Mean over the classes of their recall (the share of a class's rows that were predicted as "
        "it). Range 0 to 1, higher is better; guessing among K classes gives 1/K.\n\n"
        "Classes without a row in the truth are left out of the mean. With `adjusted` the value v "
        "over K classes becomes (v - 1/K) / (1 - 1/K), which may be negative and is undefined when "
        "only one class occurs.\n\n"
        "Rows that were predicted as a class that never occurs count as errors of their true "
        "class.",
    .citation = "Brodersen, Ong, Stephan, Buhmann (2010), The balanced accuracy and its posterior "
                "distribution, ICPR; as sklearn.metrics.balanced_accuracy_score (scikit-learn "
                "1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
