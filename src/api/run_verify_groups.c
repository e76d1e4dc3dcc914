/* The measures of groups that requirements speak of. */
#include <string.h>

#include "api/fairness.h"
#include "api/run.h"
#include "base/text.h"

const assay_fairness *assay_run_find_fairness(const assay_run *run, const assay_plan_requirement *q,
                                              const char **reason)
{
    const assay_run_cell *cell = assay_run_cell_at(run, q->model, q->context);

    if (!cell->fairness || !cell->fairness[q->groups].groups) {
        *reason = cell->groups_reason && cell->groups_reason[q->groups]
                      ? cell->groups_reason[q->groups]
                      : "the groups are not measured in this context";
        return NULL;
    }
    return &cell->fairness[q->groups];
}

static bool is_of(const assay_measure *m, const assay_plan_requirement *q, const char *params)
{
    const char *own = m->asked ? m->asked : m->params;

    return strcmp(m->metric, q->metric) == 0 && (!own || !params || strcmp(own, params) == 0);
}

/** A metric that has one value per class is meant for the positive class when nothing is said. */
static const char *class_of(const assay_run *run, const assay_plan_requirement *q,
                            const assay_fairness *f)
{
    bool whole = false, classes = false;

    for (int64_t i = 0; i < f->n_extremes; i++) {
        const assay_measure *m = f->extremes[i].measure;
        if (strcmp(m->metric, q->metric) == 0) {
            whole = whole || (!m->class_name && !m->average);
            classes = classes || m->class_name;
        }
    }
    return q->class_name || q->average || whole || !classes ? q->class_name
                                                            : run->plan->groups[q->groups].positive;
}

const assay_measure *assay_run_find_extreme(const assay_run *run, const assay_plan_requirement *q,
                                            const char *params, const char **reason)
{
    const assay_fairness *f = assay_run_find_fairness(run, q, reason);
    assay_measure *out = NULL;
    assay_error err = {0};

    if (!f) {
        return NULL;
    }
    const char *class_name = class_of(run, q, f);
    for (int64_t i = 0; i < f->n_extremes; i++) {
        const assay_measure *m = f->extremes[i].measure;
        if (!is_of(m, q, params) || !assay_text_equal(m->class_name, class_name) ||
            !assay_text_equal(m->average, q->average)) {
            continue;
        }
        if (assay_fairness_extreme_measure(&out, f, &f->extremes[i], q->extreme, run->arena,
                                           &err) != ASSAY_OK) {
            *reason = "out of memory";
            return NULL;
        }
        return out;
    }
    *reason = q->class_name || q->average
                  ? "the metric has no value for this class or average within the groups"
                  : "the metric has several values within a group: the requirement must say which "
                    "'class' or 'average' it means, or the groups their 'positive' class";
    return NULL;
}
