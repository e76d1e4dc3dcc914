#include <math.h>

#include "ops/shared/confusion.h"

/* Moments about the mean, of values less the first one, so that nothing cancels far from zero;
 * merged as by Chan, Golub and LeVeque. */
typedef struct moments {
    double first;
    double mean;    /* less `first` */
    double squares; /* sum of squared differences from the mean */
} moments;

typedef struct state {
    double n;
    moments truth, error;
} state;

static size_t state_size(const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    return sizeof(state);
}

static void add(moments *to, double value, double weight, double total)
{
    if (weight == total) {
        to->first = value;
    }
    double gap = value - to->first - to->mean;
    to->mean += gap * (weight / total);
    to->squares += weight * gap * (value - to->first - to->mean);
}

static assay_status block(void *to, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    state *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            s->n += weight;
            add(&s->truth, rows->truth[i], weight, s->n);
            add(&s->error, rows->truth[i] - rows->value[i], weight, s->n);
        }
    }
    return ASSAY_OK;
}

static void join(moments *into, const moments *from, double n, double other)
{
    if (n == 0.0) {
        *into = *from;
        return;
    }
    double gap = (from->first - into->first) + (from->mean - into->mean);
    into->squares += from->squares + gap * gap * (n * other / (n + other));
    into->mean += gap * (other / (n + other));
}

static void merge(void *into, const void *from, const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    state *s = into;
    const state *other = from;
    if (other->n > 0.0) {
        join(&s->truth, &other->truth, s->n, other->n);
        join(&s->error, &other->error, s->n, other->n);
        s->n += other->n;
    }
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
    } else if (!(s->truth.squares > 0.0)) {
        assay_measure_undefine(measure, "all true values are equal");
    } else {
        double mean = s->error.first + s->error.mean;
        measure->value = 1.0 - (s->error.squares + s->n * mean * mean) / s->truth.squares;
        if (!isfinite(measure->value)) {
            assay_measure_undefine(measure, "the values are too large");
        }
    }
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .merge = merge, .finish = finish};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric r2", NULL};

const assay_op assay_op_metric_r2 = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "r2",
    .title = "Coefficient of determination",
    .summary = "Share of the spread of the true values that the predictions explain.",
    .description =
        "1 - sum (truth - value)^2 / sum (truth - mean truth)^2. 1 is best; predicting the mean "
        "always gives 0, worse predictions are negative.\n\n"
        "When all true values are equal it is 0/0 or worse and undefined here; scikit-learn "
        "returns 1 for perfect predictions and 0 otherwise (`force_finite`), torchmetrics "
        "likewise.",
    .citation = "Draper, Smith (1998), Applied Regression Analysis, 3rd ed.; as "
                "sklearn.metrics.r2_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
