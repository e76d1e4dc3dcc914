#include "ops/shared/confusion.h"

typedef struct state {
    double n, errors;
    assay_sum area; /* sum over rows of the risk at their confidence */
} state;

static size_t state_size(const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    return sizeof(state);
}

static int sorted(const void *params)
{
    (void)params;
    return 1;
}

static assay_status block(void *to, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    state *s = to;
    double group = 0.0;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        group += weight;
        s->n += weight;
        s->errors += rows->target[i] != rows->label[i] ? weight : 0.0;
        if (i + 1 == rows->n || rows->confidence[i + 1] != rows->confidence[i]) {
            if (group > 0.0) {
                assay_sum_add(&s->area, group * (s->errors / s->n));
            }
            group = 0.0;
        }
    }
    return ASSAY_OK;
}

static assay_status finish(assay_result *out, const void *from, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    const state *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = assay_sum_value(&s->area) / s->n;
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .finish = finish, .sorted = sorted};

static const char *const examples[] = {"assay evaluate --predictions predictions.csv --metric aurc",
                                       "metrics: [aurc]", NULL};

const assay_op assay_op_metric_aurc = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "aurc",
    .title = "Area under the risk-coverage curve",
    .summary = "Error rate averaged over all shares of rows that the model may answer, the most "
               "confident first.",
    .description =
        "Order the rows by confidence, highest first. The risk at a row is the error rate among "
        "the rows up to it; the value is the mean of the risks. Range 0 to 1, lower is better; it "
        "is small when the model makes few errors and is least confident where it makes them.\n\n"
        "Rows of equal confidence are answered together: each has the risk at the end of its "
        "group, so that the value does not depend on the order of the rows. The curve itself is "
        "`risk_coverage`. Without rows it is undefined.",
    .citation = "Geifman, Uziel, El-Yaniv (2019), Bias-reduced uncertainty estimation for deep "
                "neural classifiers, ICLR.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
