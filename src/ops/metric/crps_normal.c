#include <math.h>

#include "ops/shared/regression.h"
#include "stats/normal.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    static const double root_pi = 1.77245385090551602730;
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        double z = (rows->truth[i] - rows->value[i]) / rows->sigma[i];
        double skew = z * (1.0 - 2.0 * assay_normal_sf(z));
        values[0][i] = rows->sigma[i] * (skew + 2.0 * assay_normal_pdf(z) - 1.0 / root_pi);
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

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric crps_normal", NULL};

const assay_op assay_op_metric_crps_normal = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "crps_normal",
    .title = "CRPS of normal predictions",
    .summary = "Quality of predictions that state a standard deviation: error and honesty about it "
               "in one number.",
    .description =
        "Continuous ranked probability score, the mean over rows of the integral of (F(t) - "
        "[t >= truth])^2 over t, with F the normal distribution about the predicted value "
        "with the standard deviation of the column `sigma` (or `std`). In closed form: sigma "
        "(z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi)), z = (truth - value) / sigma. In the "
        "unit of the target; 0 is best, lower is better; for a standard deviation towards 0 "
        "it becomes `mean_absolute_error`.\n\n"
        "A standard deviation that is missing, not positive or infinite stops the evaluation "
        "and names the row. Without rows it is undefined.",
    .citation = "Gneiting, Raftery (2007), Strictly proper scoring rules, prediction, and "
                "estimation, JASA 102; as properscoring.crps_gaussian (0.1).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_SIGMA,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
