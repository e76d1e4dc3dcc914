#include "ops/shared/confusion.h"

typedef struct params {
    double false_positive;
    double false_negative;
} params;

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const assay_class_counts *counts = state;
    double rows = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        rows += counts[c].truth;
    }
    for (int32_t c = 0; c < shape->classes; c++) {
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = shape->class_names[c];
        measure->unit = "cost";
        measure->weight = rows;
        if (rows == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
            continue;
        }
        double alarms = assay_class_rest(counts[c].predicted, counts[c].hits);
        double misses = assay_class_rest(counts[c].truth, counts[c].hits);
        measure->value = (p->false_positive * alarms + p->false_negative * misses) / rows;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const assay_param specs[] = {
    ASSAY_REAL(params, false_positive, 1.0, 0.0, 1e9, "cost",
               "Price of a row that was predicted as the class but is not of it."),
    ASSAY_REAL(params, false_negative, 1.0, 0.0, 1e9, "cost",
               "Price of a row of the class that was predicted as another."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric "
    "expected_cost:false_positive=1,false_negative=20",
    "metrics: [{expected_cost: {false_positive: 1, false_negative: 20}}]", NULL};

const assay_op assay_op_metric_expected_cost = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "expected_cost",
    .title = "Expected cost",
    .summary = "Mean cost per row when false alarms and misses of a class have a price.",
    .description =
        "For each class, taken as the one to be detected: (`false_positive` fp + "
        "`false_negative` fn) / rows. Range 0 to the larger price, lower is better. With both "
        "prices 1 it is the error rate of class against the rest.\n\n"
        "There is no average over classes: prices belong to one class. `optimal_threshold` "
        "gives the threshold on the score at which the cost is least. Without rows it is "
        "undefined.",
    .citation = "Elkan (2001), The foundations of cost-sensitive learning, IJCAI; Drummond, Holte "
                "(2006), Cost curves, Machine Learning 65.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
