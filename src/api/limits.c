#include "api/limits.h"

#include <math.h>

#include "report/words.h"

assay_status assay_check_share(const char *what, const char *metric, double value, assay_error *err)
{
    const assay_metric_words *words = assay_words_metric(metric);

    if (words == NULL || !words->percent || isnan(value) || (value >= -1.0 && value <= 1.0)) {
        return ASSAY_OK;
    }
    if (value >= 2.0 && value <= 100.0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s is %g, but %s lies between 0 and 1: write %g if %g %% is meant", what,
                          value, metric, value / 100.0, value);
    }
    return assay_fail(err, ASSAY_EINVAL, "%s is %g, but %s lies between 0 and 1", what, value,
                      metric);
}

assay_status assay_check_margins(double noninferiority, double equivalence, double rope,
                                 const assay_args *const *metrics, size_t n_metrics,
                                 assay_error *err)
{
    for (size_t i = 0; i < n_metrics; i++) {
        const char *name = metrics[i]->op->name;
        ASSAY_TRY(assay_check_share("the margin", name, noninferiority, err));
        ASSAY_TRY(assay_check_share("the margin of equivalence", name, equivalence, err));
        ASSAY_TRY(assay_check_share("rope", name, rope, err));
    }
    return ASSAY_OK;
}

assay_status assay_check_limits(const assay_plan *plan, assay_error *err)
{
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        const assay_plan_requirement *q = &plan->requirements[i];
        if (q->metric == NULL) {
            continue;
        }
        assay_status status = assay_check_share(
            q->compare == ASSAY_AT_LEAST ? "at_least" : "at_most", q->metric, q->threshold, err);
        if (status == ASSAY_OK) {
            status = assay_check_share("objective", q->metric, q->objective, err);
        }
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s:%d:%d: requirement %s", plan->path, q->mark.line,
                               q->mark.column, q->id);
            return status;
        }
    }
    assay_status status =
        assay_check_margins(plan->compare.margin, plan->compare.equivalence, plan->compare.rope,
                            (const assay_args *const *)plan->metrics, (size_t)plan->n_metrics, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s: compare", plan->path);
    }
    return status;
}
