#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/levels.h"

enum { BY_MEAN = 0, BY_RANGE, BY_STD };

typedef struct params {
    int32_t by;
} params;

typedef struct state {
    double n;
    double squares; /* mean squared error */
    double scale;
} state;

static size_t state_size(const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    return sizeof(state);
}

static int sorted(const void *given)
{
    (void)given;
    return 1;
}

static double scale_of(const assay_levels *levels, int32_t by)
{
    assay_sum sum = {0};
    assay_sum squares = {0};
    double lowest = NAN;
    double highest = NAN;
    for (int64_t l = 0; l < levels->n; l++) {
        if (levels->weight[l] > 0.0) {
            lowest = isnan(lowest) ? levels->value[l] : lowest;
            highest = levels->value[l];
            assay_sum_add(&sum, levels->weight[l] * levels->value[l]);
        }
    }
    double mean = assay_sum_value(&sum) / levels->total;
    if (by == BY_MEAN) {
        return mean;
    }
    if (by == BY_RANGE) {
        return highest - lowest;
    }
    for (int64_t l = 0; l < levels->n; l++) {
        double off = levels->value[l] - mean;
        assay_sum_add(&squares, levels->weight[l] > 0.0 ? levels->weight[l] * off * off : 0.0);
    }
    return sqrt(assay_sum_value(&squares) / levels->total);
}

static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    const params *p = given;
    assay_levels levels;
    assay_sum squares = {0};
    ASSAY_TRY(assay_levels_make(&levels, rows, scratch, err));
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        double error = rows->truth[i] - rows->value[i];
        assay_sum_add(&squares, weight > 0.0 ? weight * error * error : 0.0);
    }
    *(state *)to = (state){.n = levels.total,
                           .squares = assay_sum_value(&squares) / levels.total,
                           .scale = scale_of(&levels, p->by)};
    return ASSAY_OK;
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    static const char *const zero[] = {"the mean of the true values is not positive",
                                       "all true values are equal", "all true values are equal"};
    (void)shape;
    const params *p = given;
    const state *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!isfinite(s->squares) || !isfinite(s->scale)) {
        assay_measure_undefine(measure, "a value is too large");
    } else if (!(s->scale > 0.0)) {
        assay_measure_undefine(measure, zero[p->by]);
    } else {
        measure->value = sqrt(s->squares) / s->scale;
        if (!isfinite(measure->value)) {
            assay_measure_undefine(measure, "a value is too large");
        }
    }
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .finish = finish, .sorted = sorted, .squares = 1};

static const char *const scales[] = {"mean", "range", "std", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, by, BY_MEAN, scales, "What the error is divided by."),
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "normalized_root_mean_squared_error:by=range",
    NULL};

const assay_op assay_op_metric_normalized_root_mean_squared_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "normalized_root_mean_squared_error",
    .title = "Normalised root mean squared error",
    .summary = "Root mean squared error as a share of the size or the spread of the true values.",
    .description =
        "`root_mean_squared_error` divided by the mean of the true values (`by: mean`, the "
        "scatter index), their range (`range`) or their standard deviation about the mean "
        "with n in the denominator (`std`; then it is the root of `relative_squared_error`). "
        "0 is best, lower is better; it has no unit, so that targets of different scale can "
        "be compared.\n\n"
        "Undefined without rows, when the mean is not positive (`mean`), and when all true "
        "values are equal (`range`, `std`). torchmetrics returns negative and infinite "
        "numbers there, and offers the length of the vector of true values as a scale, which "
        "grows with the number of rows and is not offered here.",
    .citation = "as torchmetrics.functional.normalized_root_mean_squared_error (1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
