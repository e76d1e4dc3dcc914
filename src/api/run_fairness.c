/* Groups of the plan: measured within and between them, in every context that is not part of a sweep and
 * in those that a requirement speaks of. */
#include <string.h>

#include "api/fairness.h"
#include "api/run.h"
#include "base/alloc.h"
#include "core/metric.h"

enum { MOST = ASSAY_PLAN_METRICS + 64 };

int assay_compares_groups(const assay_args *args)
{
    return (args->op->needs & ASSAY_NEEDS_GROUPS) != 0;
}

size_t assay_run_whole_metrics(const assay_args **out, const assay_plan *plan)
{
    size_t n = 0;
    for (int32_t i = 0; i < plan->n_metrics; i++) {
        if (!assay_compares_groups(plan->metrics[i])) {
            out[n++] = plan->metrics[i];
        }
    }
    return n;
}

static assay_status add_default(assay_args **list, size_t *n, const char *name, int64_t least,
                                assay_error *err)
{
    ASSAY_TRY(assay_args_parse(&list[*n], ASSAY_OP_METRIC, name, err));
    (*n)++;
    return least > 0 ? assay_fairness_set_least(list[*n - 1], least, err) : ASSAY_OK;
}

static bool is_listed(assay_args *const *list, size_t n, const assay_args *args)
{
    for (size_t i = 0; i < n; i++) {
        if (assay_args_same(list[i], args)) {
            return true;
        }
    }
    return false;
}

/** Within groups: the usual metrics, and all of the plan that are no charts. */
static assay_status choose_within(assay_args **list, size_t *n, const assay_plan *plan,
                                  assay_error *err)
{
    for (const char *const *name = assay_fairness_within(ASSAY_TASK_CLASSIFICATION); *name;
         name++) {
        ASSAY_TRY(add_default(list, n, *name, 0, err));
    }
    for (int32_t i = 0; i < plan->n_metrics; i++) {
        const assay_args *args = plan->metrics[i];
        if (!assay_compares_groups(args) && !args->op->metric->curve_only &&
            !is_listed(list, *n, args)) {
            ASSAY_TRY(assay_args_copy(&list[*n], args, err));
            (*n)++;
        }
    }
    return ASSAY_OK;
}

/** Those of the plan that compare groups, else the usual ones; and those within groups. */
static assay_status choose(assay_args **list, size_t *n, const assay_plan *plan, int64_t least,
                           assay_error *err)
{
    const char *const *between = assay_fairness_between(ASSAY_TASK_CLASSIFICATION);

    for (int32_t i = 0; i < plan->n_metrics; i++) {
        if (assay_compares_groups(plan->metrics[i])) {
            ASSAY_TRY(assay_args_copy(&list[*n], plan->metrics[i], err));
            (*n)++;
            if (least > 0) {
                ASSAY_TRY(assay_fairness_set_least(list[*n - 1], least, err));
            }
        }
    }
    for (bool none = *n == 0; none && *between; between++) {
        ASSAY_TRY(add_default(list, n, *between, least, err));
    }
    return choose_within(list, n, plan, err);
}

/** Classes and averages that requirements speak of are kept beside the positive class. */
static assay_status wanted_by(assay_fairness_options *out, const assay_run *run, int32_t g,
                              assay_error *err)
{
    const assay_plan *plan = run->plan;
    assay_fairness_keep *keep =
        assay_arena_alloc(run->arena, (size_t)plan->n_requirements + 1, sizeof *keep);

    *out = (assay_fairness_options){.least = plan->groups[g].least, .keep = keep};
    if (!keep) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        const assay_plan_requirement *q = &plan->requirements[i];
        if (q->groups == g && q->extreme != ASSAY_EXTREME_NONE && (q->class_name || q->average)) {
            keep[out->n_keep++] = (assay_fairness_keep){q->metric, q->class_name, q->average};
        }
    }
    return ASSAY_OK;
}

static bool required(const assay_run *run, const assay_run_cell *cell, int32_t g)
{
    for (int32_t i = 0; i < run->plan->n_requirements; i++) {
        const assay_plan_requirement *q = &run->plan->requirements[i];
        if (q->groups == g && q->model == cell->model && q->context == cell->context) {
            return true;
        }
    }
    return false;
}

static assay_status measure_one(assay_run *run, assay_run_cell *cell, int32_t g,
                                const assay_predictions *predictions, const assay_table *table,
                                const uint8_t *mask, const assay_evaluate_options *options,
                                assay_error *err)
{
    const assay_plan_groups *wanted = &run->plan->groups[g];
    assay_status status = ASSAY_OK;
    assay_args *metrics[MOST] = {0};
    assay_groups *groups = NULL;
    assay_error refusal = {0};
    assay_fairness_options within = {0};
    size_t n = 0;

    status = assay_groups_of(&groups, run->arena, predictions, table, wanted->columns,
                             wanted->n_columns, wanted->positive, &refusal);
    if (status == ASSAY_EINVAL) {
        cell->groups_reason[g] = assay_arena_strdup(run->arena, refusal.message);
        assay_run_log(run, ASSAY_LOG_WARNING, "groups %s of %s in context %s: %s", wanted->name,
                      run->plan->models[cell->model].name, run->plan->contexts[cell->context].name,
                      refusal.message);
        return cell->groups_reason[g] ? ASSAY_OK : assay_fail_memory(err);
    }
    if (status != ASSAY_OK) {
        return assay_fail(err, status, "%s", refusal.message);
    }
    ASSAY_GOTO(choose(metrics, &n, run->plan, wanted->least, err), done);
    ASSAY_GOTO(wanted_by(&within, run, g, err), done);
    ASSAY_GOTO(assay_fairness_evaluate(&cell->fairness[g], run->arena, predictions, mask, groups,
                                       (const assay_args *const *)metrics, n, &within, options,
                                       err),
               done);
done:
    for (size_t i = 0; i < n; i++) {
        assay_args_free(metrics[i]);
    }
    return status;
}

assay_status assay_run_measure_groups(assay_run *run, assay_run_cell *cell,
                                      const assay_predictions *predictions,
                                      const assay_table *table, const uint8_t *mask,
                                      const assay_evaluate_options *options, assay_error *err)
{
    int32_t n = run->plan->n_groups;

    if (n == 0) {
        return ASSAY_OK;
    }
    cell->fairness = assay_arena_alloc(run->arena, (size_t)n, sizeof *cell->fairness);
    cell->groups_reason = assay_arena_alloc(run->arena, (size_t)n, sizeof *cell->groups_reason);
    if (!cell->fairness || !cell->groups_reason) {
        return assay_fail_memory(err);
    }
    for (int32_t g = 0; g < n; g++) {
        if (run->plan->contexts[cell->context].sweep < 0 || required(run, cell, g)) {
            ASSAY_TRY(measure_one(run, cell, g, predictions, table, mask, options, err));
        }
    }
    return ASSAY_OK;
}

void assay_results_fairness(assay_json *json, const assay_run *run)
{
    const assay_plan *plan = run->plan;
    int64_t cells = (int64_t)plan->n_models * plan->n_contexts;

    assay_json_key(json, "fairness");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < cells; i++) {
        const assay_run_cell *cell = &run->cells[i];
        for (int32_t g = 0; cell->fairness && g < plan->n_groups; g++) {
            const assay_plan_groups *groups = &plan->groups[g];
            assay_fairness_place place = {.model = plan->models[cell->model].name,
                                          .context = plan->contexts[cell->context].name,
                                          .name = groups->name,
                                          .title = groups->title,
                                          .positive = groups->positive,
                                          .columns = groups->columns,
                                          .n_columns = groups->n_columns,
                                          .level = plan->level};
            if (cell->fairness[g].groups) {
                assay_fairness_json(json, &cell->fairness[g], &place);
            }
        }
    }
    assay_json_end_array(json);
}
