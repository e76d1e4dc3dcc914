#include <math.h>

#include "ops/shared/regression.h"

enum { ESTIMATE_ENSEMBLE = 0, ESTIMATE_FAIR };

typedef struct params {
    int32_t estimate;
} params;

/* Members are ascending, so that the sum over all pairs takes one pass. */
static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    const params *p = given;
    double n = (double)rows->n_members;
    for (int64_t i = 0; i < rows->n; i++) {
        const double *member = rows->members + i * rows->n_members;
        double near = 0.0;
        double spread = 0.0;
        for (int32_t k = 0; k < rows->n_members; k++) {
            near += fabs(member[k] - rows->truth[i]);
            spread += (2.0 * (double)k - n + 1.0) * (member[k] - member[0]);
        }
        double pairs = p->estimate == ESTIMATE_FAIR ? n * (n - 1.0) : n * n;
        values[0][i] = near / n - spread / pairs;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    double *mean = NULL;
    return assay_term_mean_finish(&mean, out, state, "a value is too large", err);
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const estimates[] = {"ensemble", "fair", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, estimate, ESTIMATE_ENSEMBLE, estimates,
                 "Of the ensemble as it is, or of the distribution that its members come from."),
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "crps_ensemble:estimate=fair",
    NULL};

const assay_op assay_op_metric_crps_ensemble = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "crps_ensemble",
    .title = "CRPS of ensembles",
    .summary = "Quality of predictions by several members: how near they are to the truth, and "
               "whether their spread is honest.",
    .description =
        "Mean over rows of the mean of |member - truth| less half of the mean of |member - "
        "other member|, over the columns `member_1`, `member_2`, ...: the continuous ranked "
        "probability score of the distribution that gives each member the same weight "
        "(`estimate: ensemble`). With `estimate: fair` the pairs of a member with itself are "
        "left out, so that ensembles of different sizes can be compared. In the unit of the "
        "target; 0 is best, lower is better; a fair estimate may be negative.\n\n"
        "The predicted value itself is not used. A member that is missing or infinite stops "
        "the evaluation and names the row. Without rows it is undefined.",
    .citation = "Gneiting, Raftery (2007), Strictly proper scoring rules, prediction, and "
                "estimation, JASA 102; Ferro (2014), Fair scores for ensemble forecasts, Quarterly "
                "Journal of the Royal Meteorological Society 140; as properscoring.crps_ensemble "
                "(0.1) and torchmetrics continuous_ranked_probability_score (1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_MEMBERS,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
