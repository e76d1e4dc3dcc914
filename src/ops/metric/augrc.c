#include "ops/shared/confusion.h"

typedef struct state {
    double n, errors;
    assay_sum area;
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
    double before = 0.0; /* errors above the group */
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        group += weight;
        s->n += weight;
        s->errors += rows->target[i] != rows->label[i] ? weight : 0.0;
        if (i + 1 == rows->n || rows->confidence[i + 1] != rows->confidence[i]) {
            if (group > 0.0) {
                assay_sum_add(&s->area, 0.5 * group * (before + s->errors));
            }
            group = 0.0;
            before = s->errors;
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
    double rows = s->n;
    measure->value = assay_sum_value(&s->area) / rows / rows;
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .finish = finish, .sorted = sorted};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric augrc", "metrics: [augrc]", NULL};

const assay_op assay_op_metric_augrc = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "augrc",
    .title = "Area under the generalized risk-coverage curve",
    .summary =
        "Share of silent failures, averaged over all shares of rows that the model may answer.",
    .description =
        "Order the rows by confidence, highest first. The generalized risk at a coverage is the "
        "number of errors among the rows answered, divided by all rows: the chance that a row "
        "is answered and wrong. The value is the area under it over the coverage from 0 to 1, "
        "with straight lines between groups of equal confidence. Range 0 to 0.5, lower is "
        "better.\n\n"
        "It equals (1 - A) r (1 - r) + r^2 / 2 with the error rate r and the area A under the "
        "ROC curve of the confidence as detector of correct rows. Unlike `aurc` it does not "
        "weigh errors at high confidence out of proportion. Without rows it is undefined.",
    .citation = "Traub et al. (2024), Overcoming common flaws in the evaluation of selective "
                "classification systems, NeurIPS.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
