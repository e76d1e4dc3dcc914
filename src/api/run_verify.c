#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run.h"
#include "base/text.h"
#include "stats/planning.h"

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

/** The measure that a requirement speaks of; NULL with a reason when there is none. */
static const assay_measure *find_measure(const assay_run *run, const assay_plan_requirement *q,
                                         const char **reason)
{
    const assay_run_cell *cell = assay_run_cell_at(run, q->model, q->context);
    const assay_args *args = run->plan->metrics[q->metric_index];
    assay_error err = {0};
    assay_buffer params;

    if (!cell->evaluated) {
        *reason = cell->reason ? cell->reason : "the model is not measured in this context";
        return NULL;
    }
    assay_buffer_init(&params, 0);
    if (args->op->n_params > 0 && assay_args_json(&params, args, &err) != ASSAY_OK) {
        assay_buffer_dispose(&params);
        *reason = "out of memory";
        return NULL;
    }
    const assay_measure *found = NULL;
    for (int64_t i = 0; i < cell->result.n_measures && !found; i++) {
        const assay_measure *m = &cell->result.measures[i];
        if (strcmp(m->metric, q->metric) == 0 && assay_text_equal(m->class_name, q->class_name) &&
            assay_text_equal(m->average, q->average) &&
            (!m->params || !params.data || strcmp(m->params, params.data) == 0)) {
            found = m;
        }
    }
    assay_buffer_dispose(&params);
    if (!found) {
        *reason = q->class_name || q->average
                      ? "the metric has no value for this class or average"
                      : "the metric has several values: the requirement must say which 'class' or "
                        "'average' it means";
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
    if (v->measure->successes >= 0) {
        int64_t more = ASSAY_PLAN_NEVER;
        ASSAY_TRY(assay_claim_more(&more, v->measure->successes, v->measure->n, &claim, err));
        /* The plan's interval may be another than the exact one of the planning rule. */
        v->more_needed =
            more == 0 ? more_by_scaling(v->measure, q->threshold, v->low, v->high) : more;
        return ASSAY_OK;
    }
    v->more_needed = more_by_scaling(v->measure, q->threshold, v->low, v->high);
    return ASSAY_OK;
}

static const char *explain(const assay_run *run, const assay_verdict *v)
{
    const assay_plan_requirement *q = v->requirement;
    char threshold[32];
    char bound[32];
    bool least = q->compare == ASSAY_AT_LEAST;
    const char *limit = least ? "at least" : "at most";

    assay_format_real(threshold, q->threshold);
    switch (v->kind) {
    case ASSAY_VERDICT_MET:
        assay_format_real(bound, round((least ? v->low : v->high) * 1e4) / 1e4);
        return assay_arena_printf(run->arena,
                                  "With %g %% confidence the true value is %s %s, and %s %s was "
                                  "required.",
                                  100.0 * q->confidence, limit, bound, limit, threshold);
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
                " more samples of this kind would decide it if the value stays what it is.",
                threshold, v->more_needed);
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

static assay_status judge(const assay_run *run, assay_verdict *v, assay_error *err)
{
    const assay_plan_requirement *q = v->requirement;
    assay_evaluate_options options = assay_run_options(run);
    bool least = q->compare == ASSAY_AT_LEAST;
    assay_error inner = {0};

    v->low = NAN;
    v->high = NAN;
    v->kind = ASSAY_VERDICT_NOT_EVALUATED;
    v->measure = find_measure(run, q, &v->reason);
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
    if (least ? v->low >= q->threshold : v->high <= q->threshold) {
        v->kind = ASSAY_VERDICT_MET;
    } else if (least ? v->high < q->threshold : v->low > q->threshold) {
        v->kind = ASSAY_VERDICT_NOT_MET;
    } else {
        v->kind = ASSAY_VERDICT_INCONCLUSIVE;
    }
    return more_needed(v, err);
}

assay_status assay_run_verify(assay_run *run, assay_error *err)
{
    int32_t n = run->plan->n_requirements;

    run->verdicts = assay_arena_alloc(run->arena, (size_t)n + 1, sizeof *run->verdicts);
    if (!run->verdicts) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < n; i++) {
        assay_verdict *v = &run->verdicts[i];
        v->requirement = &run->plan->requirements[i];
        ASSAY_TRY(judge(run, v, err));
        v->explanation = explain(run, v);
        if (!v->explanation) {
            return assay_fail_memory(err);
        }
        assay_run_log(run, ASSAY_LOG_INFO, "%s: %s", v->requirement->id,
                      assay_verdict_name(v->kind));
    }
    return ASSAY_OK;
}
