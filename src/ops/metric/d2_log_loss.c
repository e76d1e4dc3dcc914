#include <float.h>
#include <math.h>

#include "ops/shared/skill.h"

typedef struct params {
    double clip;
} params;

static double loss_of(const void *given, const assay_rows *rows, int64_t i)
{
    const params *p = given;
    return -log(fmin(1.0 - p->clip, fmax(p->clip, rows->p_target[i])));
}

static double null_loss(double share)
{
    return share > 0.0 ? -share * log(share) : 0.0;
}

static const assay_skill_kind kind = {.loss = loss_of, .null_loss = null_loss};

ASSAY_SKILL_METRIC;

static const assay_param specs[] = {
    ASSAY_REAL(params, clip, DBL_EPSILON, 1e-300, 0.1, "",
               "Probabilities are moved into [clip, 1 - clip], so that a single wrong certainty "
               "costs a finite amount."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric d2_log_loss", NULL};

const assay_op assay_op_metric_d2_log_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "d2_log_loss",
    .title = "Share of the log loss explained",
    .summary = "How much better the probabilities are than always stating how frequent each class "
               "is.",
    .description =
        "1 - log loss / log loss of predicting, for every row, the frequencies of the "
        "classes among the rows. 1 is best; knowing nothing but the frequencies gives 0, "
        "worse probabilities are negative. Unlike the log loss itself it can be compared "
        "between data in which the classes are differently frequent.\n\n"
        "Undefined without rows and when only one class occurs; scikit-learn then divides by "
        "zero.",
    .citation =
        "McFadden (1974), Conditional logit analysis of qualitative choice behavior, in "
        "Frontiers in Econometrics; as sklearn.metrics.d2_log_loss_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
