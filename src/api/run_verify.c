#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/fairness.h"
#include "api/run_boxes.h"
#include "base/text.h"
#include "stats/claim.h"

const char *assay_verdict_name(assay_verdict_kind kind)
{
    switch (kind) {
    case ASSAY_VERDICT_MET:
        return "MET";
    case ASSAY_VERDICT_NOT_MET:
        return "NOT MET";
    case ASSAY_VERDICT_INCONCLUSIVE:
        return "INCONCLUSIVE";
    case ASSAY_VERDICT_NOT_EVALUATED:
        return "NOT EVALUATED";
    }
    return "NOT EVALUATED";
}

/** The parameters of the requirement's metric as they are measured: groups may ask for more or fewer
 *  rows than the metric's default. */
static assay_status wanted_params(assay_buffer *out, const assay_run *run,
                                  const assay_plan_requirement *q, assay_error *err)
{
    const assay_args *args = run->plan->metrics[q->metric_index];
    int64_t least = q->groups >= 0 ? run->plan->groups[q->groups].least : 0;
    assay_args *own = NULL;
    assay_status status = ASSAY_OK;

    if (args->op->n_params == 0) {
        return ASSAY_OK;
    }
    ASSAY_GOTO(assay_args_copy(&own, args, err), done);
    if (least > 0) {
        ASSAY_GOTO(assay_fairness_set_least(own, least, err), done);
    }
    ASSAY_GOTO(assay_args_json(out, own, err), done);
done:
    assay_args_free(own);
    return status;
}

/** The measures among which a requirement finds its own, and the class that it means; NULL with the
 *  reason when its groups are not measured. */
static const assay_result *find_result(const char **class_name, const assay_run *run,
                                       const assay_plan_requirement *q, const char **reason)
{
    const assay_run_cell *cell = assay_run_cell_at(run, q->model, q->context);

    *class_name = q->class_name;
    if (q->groups < 0) {
        return &cell->result;
    }
    const assay_fairness *fairness = assay_run_find_fairness(run, q, reason);
    if (!fairness) {
        return NULL;
    }
    const assay_result *gaps = &fairness->gaps;
    for (int64_t i = 0; i < gaps->n_measures && !q->class_name; i++) {
        if (strcmp(gaps->measures[i].metric, q->metric) == 0 && gaps->measures[i].class_name) {
            *class_name = run->plan->groups[q->groups].positive;
        }
    }
    return gaps;
}

/* Which classes, or averages, the metric has, when the requirement names another one. */
static const char *not_among(const assay_run *run, const assay_result *result,
                             const assay_plan_requirement *q)
{
    const char *names[64];
    char choices[ASSAY_TEXT_CHOICES];
    size_t n = 0;
    if (!q->class_name && !q->average) {
        return "the metric has several values: the requirement must say which 'class' or "
               "'average' it means";
    }
    for (int64_t i = 0; i < result->n_measures && n < ASSAY_COUNT(names); i++) {
        const assay_measure *m = &result->measures[i];
        const char *name = q->class_name ? m->class_name : m->average;
        bool fits = name && strcmp(m->metric, q->metric) == 0;
        for (size_t k = 0; k < n && fits; k++) {
            fits = strcmp(names[k], name) != 0;
        }
        if (fits) {
            names[n++] = name;
        }
    }
    assay_text_choices(choices, q->class_name ? q->class_name : q->average, names, n);
    const char *reason = assay_arena_printf(run->arena, "the metric has no value for the %s '%s'%s",
                                            q->class_name ? "class" : "average",
                                            q->class_name ? q->class_name : q->average, choices);
    return reason ? reason : "out of memory";
}

/** The measure that a requirement speaks of; NULL with a reason when there is none. */
const assay_measure *assay_run_find_measure(const assay_run *run, const assay_plan_requirement *q,
                                            const char **reason)
{
    assay_error err = {0};
    assay_buffer params;

    if (q->attack >= 0) {
        return assay_run_find_attacked(run, q, reason);
    }
    const assay_run_cell *cell = assay_run_cell_at(run, q->model, q->context);
    if (!cell->evaluated) {
        *reason = cell->reason ? cell->reason : "the model is not measured in this context";
        return NULL;
    }
    if (strncmp(q->metric, "detection_average_", 18) == 0) {
        const assay_measure *m =
            assay_run_boxes_find(&cell->result, q, run->plan->metrics[q->metric_index]);
        *reason = m == NULL ? "the convention has no average of this overlap, area, number of "
                              "detections and class"
                            : *reason;
        return m;
    }
    const char *class_name = NULL;
    const assay_result *result = find_result(&class_name, run, q, reason);
    if (!result) {
        return NULL;
    }
    assay_buffer_init(&params, 0);
    if (wanted_params(&params, run, q, &err) != ASSAY_OK) {
        assay_buffer_dispose(&params);
        *reason = "out of memory";
        return NULL;
    }
    if (q->extreme != ASSAY_EXTREME_NONE) {
        const assay_measure *extreme = assay_run_find_extreme(run, q, params.data, reason);
        assay_buffer_dispose(&params);
        return extreme;
    }
    const assay_measure *found = NULL;
    for (int64_t i = 0; i < result->n_measures && !found; i++) {
        const assay_measure *m = &result->measures[i];
        const char *own = m->asked ? m->asked : m->params;
        if (strcmp(m->metric, q->metric) == 0 && assay_text_equal(m->class_name, class_name) &&
            assay_text_equal(m->average, q->average) &&
            (!own || !params.data || strcmp(own, params.data) == 0)) {
            found = m;
        }
    }
    assay_buffer_dispose(&params);
    if (!found) {
        *reason = not_among(run, result, q);
    }
    return found;
}

/** Bootstrap widths shrink like 1/sqrt(n): how much larger n must be until the bound on the open
 *  side reaches the threshold, if the value stays. */
static int64_t more_by_scaling(const assay_measure *m, double threshold, double low, double high)
{
    double distance = fabs(m->value - threshold);
    double width = m->value >= threshold ? m->value - low : high - m->value;

    if (!(distance > 0.0) || !(width > 0.0) || !isfinite(width)) {
        return -1;
    }
    double more = ceil((double)m->n * (width / distance) * (width / distance)) - (double)m->n;
    return more <= 1e9 ? (int64_t)fmax(more, 1.0) : -1;
}

static assay_status more_needed(assay_verdict *v, assay_error *err)
{
    const assay_plan_requirement *q = v->requirement;
    assay_proportion_claim claim = {q->threshold, q->compare == ASSAY_AT_LEAST, q->confidence};

    v->more_needed = -1;
    if (v->kind != ASSAY_VERDICT_INCONCLUSIVE) {
        v->more_needed = 0;
        return ASSAY_OK;
    }
    int64_t successes = v->measure->successes, n = v->measure->n;
    double effect = 1.0;
    if (successes < 0 && v->measure->hits >= 0.0 && v->measure->clusters > 0 &&
        v->measure->effective >= 1.0) {
        /* clustered rows are worth fewer independent ones; the design effect is taken to stay */
        n = (int64_t)v->measure->effective;
        successes = (int64_t)nearbyint(v->measure->value * (double)n);
        effect = (double)v->measure->n / v->measure->effective;
    }
    if (successes >= 0) {
        int64_t more = ASSAY_PLAN_NEVER;
        ASSAY_TRY(assay_claim_more(&more, successes, n, &claim, err));
        /* The plan's interval may be another than the exact one of the planning rule. */
        v->more_needed = more == 0  ? more_by_scaling(v->measure, q->threshold, v->low, v->high)
                         : more < 0 ? more
                                    : (int64_t)ceil((double)more * effect);
        if (more > 0 && more <= ASSAY_PREDICT_MOST) {
            double not_met = 0.0;
            return assay_claim_predict(&v->probability_met, &not_met, successes, n, more, &claim,
                                       err);
        }
        return ASSAY_OK;
    }
    v->more_needed = more_by_scaling(v->measure, q->threshold, v->low, v->high);
    return ASSAY_OK;
}

static const char *explain_bounds(const assay_run *run, const assay_verdict *v)
{
    const assay_plan_requirement *q = v->requirement;
    char threshold[32];
    char bound[32];
    bool least = q->compare == ASSAY_AT_LEAST;
    const char *attacked =
        q->attack < 0 ? ""
                      : " This speaks of the attacks that were made; better ones may find more.";
    const char *limit = least ? "at least" : "at most";

    assay_format_real(threshold, q->threshold);
    switch (v->kind) {
    case ASSAY_VERDICT_MET:
        assay_format_real(bound, round((least ? v->low : v->high) * 1e4) / 1e4);
        return assay_arena_printf(run->arena,
                                  "With %g %% confidence the true value is %s %s, and %s %s was "
                                  "required.%s",
                                  100.0 * q->confidence, limit, bound, limit, threshold, attacked);
    case ASSAY_VERDICT_NOT_MET:
        assay_format_real(bound, round((least ? v->high : v->low) * 1e4) / 1e4);
        return assay_arena_printf(run->arena,
                                  "With %g %% confidence the true value is %s %s, but %s %s was "
                                  "required.",
                                  100.0 * q->confidence, least ? "at most" : "at least", bound,
                                  limit, threshold);
    case ASSAY_VERDICT_INCONCLUSIVE:
        if (v->more_needed > 0) {
            return assay_arena_printf(
                run->arena,
                "The data allow values on both sides of %s. About %" PRId64
                " more samples of this kind%s would decide it if the value stays what it is.",
                threshold, v->more_needed,
                v->measure->clusters > 0 ? ", in as many clusters for each sample as now," : "");
        }
        return assay_arena_printf(run->arena,
                                  "The data allow values on both sides of %s, and the measured "
                                  "value is so near to it that no realistic number of further "
                                  "samples would decide it.",
                                  threshold);
    case ASSAY_VERDICT_NOT_EVALUATED:
        break;
    }
    return assay_arena_printf(run->arena, "Not evaluated: %s.", v->reason);
}

/** With the groups that are meant, and those that are left out. */
static const char *explain(const assay_run *run, const assay_verdict *v)
{
    const char *text = explain_bounds(run, v);

    return text && v->requirement->extreme != ASSAY_EXTREME_NONE && v->measure &&
                   v->kind != ASSAY_VERDICT_NOT_EVALUATED
               ? assay_arena_printf(run->arena, "%s Of the groups, %s.", text, v->measure->reason)
               : text;
}

/** The verdict on one threshold, from the bounds. */
static assay_verdict_kind decide(const assay_verdict *v, double threshold)
{
    bool least = v->requirement->compare == ASSAY_AT_LEAST;

    if (least ? v->low >= threshold : v->high <= threshold) {
        return ASSAY_VERDICT_MET;
    }
    return (least ? v->high < threshold : v->low > threshold) ? ASSAY_VERDICT_NOT_MET
                                                              : ASSAY_VERDICT_INCONCLUSIVE;
}

/** Does the bound at error probability alpha lie on the wanted side of the threshold? */
static assay_status beyond(bool *out, const assay_run *run, const assay_verdict *v, double alpha,
                           bool met, assay_error *err)
{
    assay_evaluate_options options = assay_run_options(run);
    assay_verdict other = *v;
    assay_error inner = {0};

    assay_status status =
        assay_measure_bounds(&other.low, &other.high, v->measure, 1.0 - alpha, &options, &inner);
    if (status == ASSAY_EUNSUPPORTED && v->requirement->extreme != ASSAY_EXTREME_NONE) {
        *out = false; /* so small an error probability cannot be told */
        return ASSAY_OK;
    }
    if (status != ASSAY_OK) {
        return assay_fail(err, status, "%s", inner.message);
    }
    *out = decide(&other, v->requirement->threshold) ==
           (met ? ASSAY_VERDICT_MET : ASSAY_VERDICT_NOT_MET);
    return ASSAY_OK;
}

/** The smallest error probability up to one half at which the verdict would be the wanted one, by
 *  bisection over the interval's own bounds, so that p-value and verdict always agree; NaN when it
 *  is not even at one half. */
static assay_status invert(double *p, const assay_run *run, const assay_verdict *v, bool met,
                           assay_error *err)
{
    bool resampled = v->measure->successes < 0 && v->measure->bounds == NULL;
    double low = resampled ? 1.0 / (double)v->measure->n_replicates : 1e-12;
    double high = 0.5;
    bool holds = false;

    *p = NAN;
    ASSAY_TRY(beyond(&holds, run, v, high, met, err));
    if (!holds) {
        return ASSAY_OK;
    }
    ASSAY_TRY(beyond(&holds, run, v, low, met, err));
    *p = low; /* a bootstrap cannot tell smaller ones apart */
    for (int i = 0; !holds && i < 60 && high - low > 1e-12; i++) {
        double middle = (low + high) / 2.0;
        bool here = false;
        ASSAY_TRY(beyond(&here, run, v, middle, met, err));
        *(here ? &high : &low) = middle;
        *p = high;
    }
    return ASSAY_OK;
}

static assay_status p_values(const assay_run *run, assay_verdict *v, assay_error *err)
{
    const assay_plan_requirement *q = v->requirement;
    assay_proportion_claim claim = {q->threshold, q->compare == ASSAY_AT_LEAST, q->confidence};

    if (v->measure->successes >= 0 && claim.limit >= 0.0 && claim.limit <= 1.0 &&
        strcmp(run->plan->proportion_interval->op->name, "clopper_pearson") == 0) {
        return assay_claim_p_values(&v->p_met, &v->p_not_met, v->measure->successes, v->measure->n,
                                    &claim, err);
    }
    ASSAY_TRY(invert(&v->p_met, run, v, true, err));
    ASSAY_TRY(invert(&v->p_not_met, run, v, false, err));
    if (isnan(v->p_met)) {
        v->p_met = isnan(v->p_not_met) ? 0.5 : 1.0 - v->p_not_met;
    }
    if (isnan(v->p_not_met)) {
        v->p_not_met = 1.0 - v->p_met;
    }
    return ASSAY_OK;
}

static assay_status judge(const assay_run *run, assay_verdict *v, assay_error *err)
{
    const assay_plan_requirement *q = v->requirement;
    assay_evaluate_options options = assay_run_options(run);
    assay_error inner = {0};

    if (q->sequential.method != ASSAY_SEQUENTIAL_NONE) {
        ASSAY_TRY(assay_run_judge_sequential(run, v, err));
        if (!isnan(q->objective) && v->sequence) {
            v->objective = decide(v, q->objective);
        }
        return ASSAY_OK;
    }
    v->measure = assay_run_find_measure(run, q, &v->reason);
    if (!v->measure) {
        return ASSAY_OK;
    }
    if (v->measure->outcome != ASSAY_OUTCOME_VALUE) {
        v->reason = v->measure->reason ? v->measure->reason : "the measure is undefined";
        return ASSAY_OK;
    }
    assay_status status =
        assay_measure_bounds(&v->low, &v->high, v->measure, q->confidence, &options, &inner);
    if (status == ASSAY_EUNSUPPORTED) {
        v->reason = assay_arena_strdup(run->arena, inner.message);
        return v->reason ? ASSAY_OK : assay_fail_memory(err);
    }
    if (status != ASSAY_OK) {
        return assay_fail(err, status, "%s", inner.message);
    }
    v->kind = decide(v, q->threshold);
    v->reason = q->extreme != ASSAY_EXTREME_NONE ? v->measure->reason : NULL;
    if (!isnan(q->objective)) {
        v->objective = decide(v, q->objective);
    }
    ASSAY_TRY(p_values(run, v, err));
    return more_needed(v, err);
}

/** Why a gate is closed, or NULL. */
static const char *gate_closed(const assay_run *run, const assay_plan_requirement *q)
{
    for (int32_t i = 0; i < q->n_gate; i++) {
        const assay_verdict *gate = &run->verdicts[q->gate[i]];
        if (gate->kind != ASSAY_VERDICT_MET) {
            const char *text = assay_arena_printf(
                run->arena, "it is evaluated only when %s is MET, and that is %s",
                gate->requirement->id, assay_verdict_name(gate->kind));
            return text ? text : "a gate is closed";
        }
    }
    return NULL;
}

assay_status assay_run_verify(assay_run *run, assay_error *err)
{
    int32_t n = run->plan->n_requirements;

    run->verdicts = assay_arena_alloc(run->arena, (size_t)n + 1, sizeof *run->verdicts);
    if (!run->verdicts) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < n; i++) {
        run->verdicts[i] = (assay_verdict){.kind = ASSAY_VERDICT_NOT_EVALUATED,
                                           .requirement = &run->plan->requirements[i],
                                           .low = NAN,
                                           .high = NAN,
                                           .p_met = NAN,
                                           .p_not_met = NAN,
                                           .p_adjusted = NAN,
                                           .probability_met = NAN};
    }
    /* Whether something is MET does not depend on the correction of a family, so gates can be
     * opened in this one pass. */
    for (int32_t i = 0; i < n; i++) {
        assay_verdict *v = &run->verdicts[run->plan->order[i]];
        v->reason = gate_closed(run, v->requirement);
        if (!v->reason && v->requirement->tree == ASSAY_TREE_NONE) {
            ASSAY_TRY(judge(run, v, err));
        } else if (!v->reason) {
            ASSAY_TRY(assay_run_join(run, v, err));
        }
    }
    ASSAY_TRY(assay_run_adjust(run, err));
    for (int32_t i = 0; i < n; i++) {
        assay_verdict *v = &run->verdicts[run->plan->order[i]];
        if (v->requirement->tree != ASSAY_TREE_NONE && !gate_closed(run, v->requirement)) {
            ASSAY_TRY(assay_run_join(run, v, err));
        }
    }
    for (int32_t i = 0; i < n; i++) {
        assay_verdict *v = &run->verdicts[i];
        if (!v->explanation) {
            v->explanation = explain(run, v);
        }
        if (!v->explanation) {
            return assay_fail_memory(err);
        }
        assay_run_log(run, ASSAY_LOG_INFO, "%s: %s", v->requirement->id,
                      assay_verdict_name(v->kind));
    }
    return ASSAY_OK;
}
