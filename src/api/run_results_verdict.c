#include <string.h>

#include <math.h>

#include "api/run.h"
#include "core/attack.h"

static void put_ids(assay_json *json, const assay_run *run, const char *key, const int32_t *list,
                    int32_t n)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int32_t i = 0; i < n; i++) {
        assay_json_text(json, run->plan->requirements[list[i]].id);
    }
    assay_json_end_array(json);
}

static assay_status put_params(assay_json *json, const assay_args *args, assay_error *err)
{
    assay_buffer text;

    if (args->op->n_params == 0) {
        return ASSAY_OK;
    }
    assay_buffer_init(&text, 0);
    assay_status status = assay_args_json(&text, args, err);
    if (status == ASSAY_OK) {
        assay_json_key(json, "params");
        assay_json_raw(json, text.data);
    }
    assay_buffer_dispose(&text);
    return status;
}

static void put_real_if(assay_json *json, const char *key, double value)
{
    if (!isnan(value)) {
        assay_json_put_real(json, key, value);
    }
}

/** An attack is a context of its own. */
static void put_attacked(assay_json *json, const assay_plan *plan, const assay_plan_requirement *q)
{
    const assay_plan_attack *attack = &plan->attacks[q->attack];

    assay_json_put_text(json, "context", attack->name);
    assay_json_put_text(json, "attack", attack->name);
    assay_json_put_text(json, "metric", q->metric);
    assay_json_key(json, "params");
    assay_json_begin_object(json);
    if (q->eps >= 0) {
        assay_json_put_real(json, "eps", attack->eps[q->eps]);
    } else {
        assay_json_put_real(json, "quantile", q->quantile);
    }
    assay_json_put_text(json, "norm", assay_norm_name((assay_norm)attack->norm));
    assay_json_end_object(json);
}

/** What the requirement says. */
static assay_status put_claim(assay_json *json, const assay_run *run,
                              const assay_plan_requirement *q, assay_error *err)
{
    const assay_plan *plan = run->plan;

    assay_json_put_text(json, "model", plan->models[q->model].name);
    if (q->attack >= 0) {
        put_attacked(json, plan, q);
    } else {
        assay_json_put_text(json, "context", plan->contexts[q->context].name);
        assay_json_put_text(json, "metric", q->metric);
        ASSAY_TRY(put_params(json, plan->metrics[q->metric_index], err));
    }
    if (q->average) {
        assay_json_put_text(json, "average", q->average);
    }
    if (q->class_name) {
        assay_json_put_text(json, "class", q->class_name);
    }
    if (q->groups >= 0) {
        assay_json_put_text(json, "group", plan->groups[q->groups].name);
        const char *title = plan->groups[q->groups].title;
        if (title && strcmp(title, plan->groups[q->groups].name) != 0) {
            assay_json_put_text(json, "group_title", title);
        }
    }
    if (q->extreme != ASSAY_EXTREME_NONE) {
        assay_json_put_text(json, "extreme", assay_extreme_name(q->extreme));
    }
    assay_json_put_text(json, "compare", q->compare == ASSAY_AT_LEAST ? "at_least" : "at_most");
    assay_json_put_real(json, "threshold", q->threshold);
    put_real_if(json, "objective", q->objective);
    assay_json_put_real(json, "confidence", q->confidence);
    if (q->family >= 0) {
        assay_json_put_text(json, "family", plan->families[q->family].name);
    }
    return ASSAY_OK;
}

/** What the evidence says of it. */
static void put_evidence(assay_json *json, const assay_verdict *v)
{
    bool valued = v->measure && v->measure->outcome == ASSAY_OUTCOME_VALUE;

    assay_json_put_real(json, "value", valued ? v->measure->value : NAN);
    assay_json_put_real(json, "low", v->low);
    assay_json_put_real(json, "high", v->high);
    assay_json_put_int(json, "n", v->measure ? v->measure->n : 0);
    assay_json_put_text(json, "method",
                        v->sequence  ? assay_sequential_name(v->requirement->sequential.method)
                        : v->measure ? v->measure->method
                                     : NULL);
    if (v->sequence) {
        assay_results_sequence(json, v);
    }
    put_real_if(json, "p_met", v->p_met);
    put_real_if(json, "p_not_met", v->p_not_met);
    put_real_if(json, "p_adjusted", v->p_adjusted);
    if (v->objective) {
        assay_json_put_text(json, "objective_verdict", assay_verdict_name(v->objective));
    }
    if (v->kind == ASSAY_VERDICT_INCONCLUSIVE) {
        if (v->more_needed > 0) {
            assay_json_put_int(json, "more_needed", v->more_needed);
        } else {
            assay_json_key(json, "more_needed");
            assay_json_null(json);
        }
        put_real_if(json, "probability_met_if_collected", v->probability_met);
    }
}

assay_status assay_results_verdict(assay_json *json, const assay_run *run, const assay_verdict *v,
                                   assay_error *err)
{
    const assay_plan_requirement *q = v->requirement;

    assay_json_begin_object(json);
    assay_json_put_text(json, "id", q->id);
    assay_json_put_text(json, "text", q->text);
    if (q->source) {
        assay_json_put_text(json, "source", q->source);
    }
    if (q->n_gate > 0) {
        put_ids(json, run, "gate", q->gate, q->n_gate);
    }
    if (q->tree == ASSAY_TREE_NONE) {
        ASSAY_TRY(put_claim(json, run, q, err));
    } else {
        put_ids(json, run, q->tree == ASSAY_TREE_ALL ? "all_of" : "any_of", q->parts, q->n_parts);
    }
    assay_json_put_text(json, "verdict", assay_verdict_name(v->kind));
    if (q->tree == ASSAY_TREE_NONE) {
        put_evidence(json, v);
    }
    if (v->reason) {
        assay_json_put_text(json, "reason", v->reason);
    }
    assay_json_put_text(json, "explanation", v->explanation);
    assay_json_end_object(json);
    return ASSAY_OK;
}

void assay_results_rule(assay_json *json, const assay_run *run)
{
    const assay_plan *plan = run->plan;

    assay_json_key(json, "rule");
    assay_json_begin_object(json);
    assay_json_put_text(json, "digest", run->rule_digest);
    if (run->rule_before) {
        assay_json_put_text(json, "changed_from", run->rule_before);
    }
    assay_json_key(json, "families");
    assay_json_begin_array(json);
    for (int32_t f = 0; f < plan->n_families; f++) {
        const assay_plan_family *family = &plan->families[f];
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", family->name);
        assay_json_put_text(json, "logic", assay_family_logic_name(family->logic));
        assay_json_put_text(json, "adjust", assay_adjustment_name(family->adjust));
        if (family->logic == ASSAY_FAMILY_ANY_FAIL_IS_FOUND) {
            assay_json_put_real(json, "alpha", family->alpha);
        }
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}
