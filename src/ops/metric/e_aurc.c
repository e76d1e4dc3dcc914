#include <math.h>

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
    double rows = s->n;
    double risk = s->errors / rows;
    double ideal = risk < 1.0 ? risk + (1.0 - risk) * log1p(-risk) : 1.0;
    measure->value = assay_sum_value(&s->area) / rows - ideal;
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .finish = finish, .sorted = sorted};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric e_aurc", "metrics: [e_aurc]", NULL};

const assay_op assay_op_metric_e_aurc = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "e_aurc",
    .title = "Excess area under the risk-coverage curve",
    .summary = "How much worse the order of the confidences is than the best order for the same "
               "errors.",
    .description =
        "`aurc` minus r + (1 - r) ln(1 - r), the area that an ideal confidence would have for "
        "the error rate r: all errors after all correct rows. Range 0 to 1, lower is better; "
        "unlike `aurc` it does not punish the error rate itself, only the order.\n\n"
        "Rows of equal confidence are answered together, as in `aurc`. The ideal area is the "
        "limit for many rows that Geifman and others give. Without rows it is undefined.",
    .citation =
        "Geifman, Uziel, El-Yaniv (2019), Bias-reduced uncertainty estimation for deep neural "
        "classifiers, ICLR.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
