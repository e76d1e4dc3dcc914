#include <string.h>

#include "adapters/filesystem/file.h"
#include "api/intervals.h"
#include "api/run_boxes.h"
#include "base/alloc.h"
#include "codec/json_value.h"

static assay_status put_op(assay_json *json, const char *key, const assay_args *args,
                           assay_error *err)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_status status = assay_args_json(&text, args, err);
    if (status == ASSAY_OK) {
        assay_json_key(json, key);
        assay_json_begin_array(json);
        assay_json_text(json, args->op->name);
        assay_json_int(json, args->op->revision);
        assay_json_raw(json, text.data ? text.data : "{}");
        assay_json_end_array(json);
    }
    assay_buffer_dispose(&text);
    return status;
}

/** Ids in the order of the alphabet: the order in the file decides nothing. */
static assay_status put_ids(assay_json *json, const assay_run *run, const char *key,
                            const int32_t *list, int32_t n, assay_error *err)
{
    const char **ids = assay_arena_alloc(run->arena, (size_t)n + 1, sizeof *ids);

    if (!ids) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < n; i++) {
        const char *id = run->plan->requirements[list[i]].id;
        int32_t k = i;
        for (; k > 0 && strcmp(ids[k - 1], id) > 0; k--) {
            ids[k] = ids[k - 1];
        }
        ids[k] = id;
    }
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int32_t i = 0; i < n; i++) {
        assay_json_text(json, ids[i]);
    }
    assay_json_end_array(json);
    return ASSAY_OK;
}

static void put_groups(assay_json *json, const assay_plan_groups *groups)
{
    assay_json_key(json, "groups");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < groups->n_columns; i++) {
        assay_json_begin_array(json);
        assay_json_text(json, groups->columns[i].name);
        for (int32_t k = 0; k < groups->columns[i].n_cuts; k++) {
            assay_json_real(json, groups->columns[i].cuts[k]);
        }
        assay_json_end_array(json);
    }
    assay_json_end_array(json);
    assay_json_put_text(json, "positive", groups->positive);
    assay_json_put_int(json, "least", groups->least);
}

static assay_status put_context(assay_json *json, const assay_run *run,
                                const assay_plan_requirement *q, assay_error *err)
{
    const assay_plan *plan = run->plan;
    const assay_plan_context *context = &plan->contexts[q->context];

    ASSAY_TRY(put_op(json, "metric", plan->metrics[q->metric_index], err));
    assay_json_put_text(json, "average", q->average);
    assay_json_put_text(json, "class", q->class_name);
    assay_json_put_text(json, "model", plan->models[q->model].name);
    assay_json_put_text(json, "data", plan->data[context->data].name);
    if (plan->data[context->data].weights) {
        assay_json_put_text(json, "weights", plan->data[context->data].weights);
    }
    assay_json_put_text(json, "where", context->where);
    return context->perturbation ? put_op(json, "perturbation", context->perturbation, err)
                                 : ASSAY_OK;
}

/** What is left under attacks: the attacks and their settings are part of the rule. */
static assay_status put_attacked(assay_json *json, const assay_run *run,
                                 const assay_plan_requirement *q, assay_error *err)
{
    const assay_plan *plan = run->plan;
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_status status = assay_run_attack_settings(&text, plan, &plan->attacks[q->attack], err);
    assay_json_put_text(json, "metric", q->metric);
    assay_json_put_text(json, "class", q->class_name);
    assay_json_put_text(json, "model", plan->models[q->model].name);
    assay_json_put_text(json, "data", plan->data[plan->attacks[q->attack].data].name);
    assay_json_put_text(json, "attack", text.data);
    assay_json_put_real(json, "at",
                        q->eps >= 0 ? plan->attacks[q->attack].eps[q->eps] : q->quantile);
    assay_buffer_dispose(&text);
    return status;
}

static assay_status put_measure(assay_json *json, const assay_run *run,
                                const assay_plan_requirement *q, assay_error *err)
{
    const assay_plan *plan = run->plan;

    ASSAY_TRY(q->attack >= 0 ? put_attacked(json, run, q, err) : put_context(json, run, q, err));
    if (q->groups >= 0) {
        put_groups(json, &plan->groups[q->groups]);
    }
    if (q->extreme != ASSAY_EXTREME_NONE) {
        assay_json_put_text(json, "extreme", assay_extreme_name(q->extreme));
    }
    assay_json_put_text(json, "compare", q->compare == ASSAY_AT_LEAST ? "at_least" : "at_most");
    assay_json_put_real(json, "threshold", q->threshold);
    assay_json_put_real(json, "objective", q->objective);
    assay_json_put_real(json, "confidence", q->confidence);
    if (q->sequential.method != ASSAY_SEQUENTIAL_NONE) {
        assay_json_put_text(json, "sequential", assay_sequential_name(q->sequential.method));
        assay_json_put_text(json, "order", q->sequential.order ? q->sequential.order : "rows");
        assay_json_put_real(json, "beta", q->sequential.beta);
        assay_json_put_int(json, "pool", q->sequential.pool);
    }
    if (q->family >= 0) {
        const assay_plan_family *family = &plan->families[q->family];
        assay_json_put_text(json, "family", family->name);
        assay_json_put_text(json, "logic", assay_family_logic_name(family->logic));
        assay_json_put_text(json, "adjust", assay_adjustment_name(family->adjust));
        assay_json_put_real(json, "alpha", family->alpha);
    }
    return ASSAY_OK;
}

static assay_status put_requirement(assay_json *json, const assay_run *run,
                                    const assay_plan_requirement *q, assay_error *err)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "id", q->id);
    ASSAY_TRY(put_ids(json, run, "gate", q->gate, q->n_gate, err));
    if (q->tree == ASSAY_TREE_NONE) {
        ASSAY_TRY(put_measure(json, run, q, err));
    } else {
        ASSAY_TRY(put_ids(json, run, q->tree == ASSAY_TREE_ALL ? "all_of" : "any_of", q->parts,
                          q->n_parts, err));
    }
    assay_json_end_object(json);
    return ASSAY_OK;
}

/** The rule in one canonical text: what decides, and nothing else. Titles and texts may change. */
static assay_status canonical(assay_buffer *out, const assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    int32_t *all = assay_arena_alloc(run->arena, (size_t)plan->n_requirements + 1, sizeof *all);
    assay_json json;

    if (!all) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        int32_t k = i;
        for (; k > 0 && strcmp(plan->requirements[all[k - 1]].id, plan->requirements[i].id) > 0;
             k--) {
            all[k] = all[k - 1];
        }
        all[k] = i;
    }
    assay_json_init(&json, out, 0);
    assay_json_begin_object(&json);
    assay_json_put_int(&json, "rule", 1);
    ASSAY_TRY(put_op(&json, "proportion", plan->proportion_interval, err));
    ASSAY_TRY(put_op(&json, "other", plan->replicate_interval, err));
    if (plan->clustered_interval) {
        ASSAY_TRY(put_op(&json, "clustered", plan->clustered_interval, err));
    }
    if (plan->area_interval) {
        ASSAY_TRY(put_op(&json, "auc", plan->area_interval, err));
    }
    assay_json_put_int(&json, "replicates", plan->replicates);
    assay_json_put_int(&json, "seed", (int64_t)plan->seed);
    if (plan->task == ASSAY_TASK_DETECTION) {
        assay_results_protocol(&json, run, true);
    }
    assay_json_key(&json, "requirements");
    assay_json_begin_array(&json);
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        ASSAY_TRY(put_requirement(&json, run, &plan->requirements[all[i]], err));
    }
    assay_json_end_array(&json);
    assay_json_end_object(&json);
    return assay_buffer_status(out, err);
}

/** The rule of the results that are there already; a change that was made once stays visible. */
static assay_status read_before(assay_run *run, assay_error *err)
{
    const char *path = assay_path_join(run->arena, run->out, "results.json");
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_json_doc *doc = NULL;
    const char *before = "";

    if (!path) {
        return assay_fail_memory(err);
    }
    if (assay_file_kind(path) != 1 ||
        assay_file_read(&bytes, &size, path, (size_t)1 << 30, NULL) != ASSAY_OK) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    if (assay_json_parse(&doc, (const char *)bytes, size, 0, NULL) == ASSAY_OK) {
        const assay_json_value *rule = assay_json_get(assay_json_root(doc), "rule");
        before = assay_json_get_text(rule, "digest", "");
        if (strcmp(before, run->rule_digest) == 0) {
            before = assay_json_get_text(rule, "changed_from", "");
        }
        if (before[0] != '\0') {
            run->rule_before = assay_arena_strdup(run->arena, before);
            status = run->rule_before ? ASSAY_OK : assay_fail_memory(err);
        }
    }
    assay_json_doc_free(doc);
    assay_free(bytes);
    return status;
}

assay_status assay_run_rule(assay_run *run, assay_error *err)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_status status = canonical(&text, run, err);
    if (status == ASSAY_OK) {
        status = assay_digest_bytes(run->rule_digest, text.data, text.size, err);
    }
    assay_buffer_dispose(&text);
    return status == ASSAY_OK && run->out ? read_before(run, err) : status;
}

const char *assay_run_estimand(const assay_run *run)
{
    const assay_plan *plan = run->plan;
    bool clustered = false, weighted = false, pool = false;
    for (int32_t d = 0; d < plan->n_data; d++) {
        clustered = clustered || plan->data[d].cluster;
        weighted = weighted || plan->data[d].weights;
    }
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        pool = pool || plan->requirements[i].sequential.method == ASSAY_SEQUENTIAL_POOL;
    }
    if (assay_task_is_whole(plan->task)) {
        return clustered
                   ? "Values speak of this fixed test set; intervals, tests and verdicts speak "
                     "of the population that its images (of data with a cluster key: its "
                     "clusters of images) are an independent random sample of, and not of "
                     "data of another kind."
                   : "Values speak of this fixed test set; intervals, tests and verdicts speak "
                     "of the population that its images are an independent random sample "
                     "of, and not of data of another kind.";
    }
    if (clustered) {
        return "Values speak of this fixed test set; intervals, tests and verdicts speak of the "
               "population that its rows (of data with a cluster key: its clusters) are an "
               "independent random sample of, and not of data of another kind.";
    }
    if (pool) {
        return "Values speak of this fixed test set; verdicts of requirements with the method "
               "'pool' "
               "speak of the finite pool that samples are drawn from; all other intervals, tests "
               "and verdicts speak of the population that its rows are an independent random "
               "sample of, and not of data of another kind.";
    }
    return assay_estimand(false, weighted, plan->proportion_interval);
}
