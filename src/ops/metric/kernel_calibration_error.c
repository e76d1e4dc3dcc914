#include <math.h>

#include "ops/shared/confusion.h"

typedef struct params {
    double bandwidth;
} params;

typedef struct state {
    double n;
    assay_sum products; /* of all pairs of rows */
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

/* Rows come by descending confidence, so the kernel's sum over all earlier rows is the last one's times
 * the decay over the step between the two. */
static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)scratch;
    (void)err;
    const params *p = given;
    state *s = to;
    double earlier = 0.0;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        double hit = rows->target[i] == rows->label[i] ? 1.0 : 0.0;
        double gap = weight * (hit - rows->confidence[i]);
        if (i > 0) {
            earlier *= exp((rows->confidence[i] - rows->confidence[i - 1]) / p->bandwidth);
        }
        s->n += weight;
        assay_sum_add(&s->products, gap * gap + 2.0 * gap * earlier);
        earlier += gap;
    }
    return ASSAY_OK;
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const state *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->distance = ASSAY_DISTANCE_PLAIN;
    measure->value = sqrt(fmax(0.0, assay_sum_value(&s->products))) / s->n;
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .finish = finish, .sorted = sorted};

static const assay_param specs[] = {
    ASSAY_REAL(params, bandwidth, 0.4, 0.001, 100.0, "",
               "Distance of confidences over which rows are compared with each other."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric kernel_calibration_error",
    "metrics: [{kernel_calibration_error: {bandwidth: 0.2}}]", NULL};

const assay_op assay_op_metric_kernel_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "kernel_calibration_error",
    .title = "Maximum mean calibration error",
    .summary =
        "How far confidence and accuracy lie apart, without bins: rows of similar confidence "
        "are compared with each other.",
    .description =
        "With r the probability given to the predicted class and c = 1 for a right row, else 0: "
        "the "
        "square root of the mean over all pairs of rows of (c_i - r_i) (c_j - r_j) exp(-|r_i - "
        "r_j| "
        "/ bandwidth). Range 0 to 1, lower is better; 0 means that no smooth function of the "
        "confidence tells right from wrong better than the confidence itself.\n\n"
        "There are no bins whose edges could matter. The kernel is the Laplacian one of Kumar and "
        "others, with their bandwidth of 0.4. The estimate counts every row with itself, so it is "
        "biased upwards for few rows. All pairs are summed exactly in one pass over the rows by "
        "confidence. Without rows it is undefined.",
    .citation =
        "Kumar, Sarawagi, Jain (2018), Trainable calibration measures for neural networks "
        "from kernel mean embeddings, ICML; Widmann, Lindsten, Zachariah (2019), Calibration "
        "tests in multi-class classification, NeurIPS.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
