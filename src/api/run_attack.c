/* The stage that attacks: every entry of `attacks` on each of its models. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/attack.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/text.h"

static bool is_meant(const assay_run *run, const assay_plan_attack *attack, int32_t m)
{
    for (int32_t i = 0; i < attack->n_models; i++) {
        if (attack->models[i] == m) {
            return true;
        }
    }
    return attack->n_models == 0 && run->models[m] != NULL;
}

static assay_status find_class(int32_t *out, const assay_model *model, const char *name,
                               assay_error *err)
{
    *out = -1;
    for (int32_t c = 0; name != NULL && c < model->spec.classes; c++) {
        if (assay_text_equal(model->spec.class_names[c], name)) {
            *out = c;
        }
    }
    return name != NULL && *out < 0
               ? assay_fail(err, ASSAY_EINVAL, "model %s has no class '%s'", model->name, name)
               : ASSAY_OK;
}

static assay_status select_rows(uint8_t **mask, const assay_dataset *data, const char *where,
                                assay_error *err)
{
    *mask = NULL;
    if (where == NULL) {
        return ASSAY_OK;
    }
    if (data->metadata == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "'where' needs metadata columns, %s has none",
                          data->name);
    }
    *mask = assay_alloc((size_t)data->n, 1);
    return *mask == NULL ? assay_fail_memory(err)
                         : assay_duckdb_select(*mask, data->metadata, where, err);
}

/* What a reader of the report must not miss. */
static assay_status add_findings(assay_run *run, const assay_plan_attack *attack, int32_t m,
                                 const assay_assessment *a, assay_error *err)
{
    for (int32_t c = 0; c < a->n_checks; c++) {
        if (a->checks[c].state != ASSAY_CHECK_WARNING ||
            assay_text_equal(a->checks[c].name, "curve_reaches_zero")) {
            continue;
        }
        const char *title = assay_arena_printf(run->arena, "%s, %s: check %s", attack->title,
                                               run->plan->models[m].name, a->checks[c].name);
        const char *text = assay_arena_strdup(run->arena, a->checks[c].text);
        ASSAY_TRY(assay_run_add_finding(run, "attack_check", 2, m, -1, title, text, err));
    }
    return ASSAY_OK;
}

static assay_status render(assay_run *run, const assay_plan_attack *attack, int32_t m,
                           const assay_assessment *a, assay_error *err)
{
    assay_json json;
    if (run->attacks.size > 0) {
        assay_buffer_puts(&run->attacks, ",");
    }
    assay_json_init(&json, &run->attacks, 0);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "name", attack->name);
    assay_json_put_text(&json, "title", attack->title);
    assay_json_put_text(&json, "model", run->plan->models[m].name);
    assay_json_put_text(&json, "data", run->plan->data[attack->data].name);
    assay_json_put_text(&json, "where", attack->where);
    assay_json_key(&json, "assessment");
    ASSAY_TRY(assay_assessment_json(&json, a, err));
    assay_json_end_object(&json);
    return assay_buffer_status(&run->attacks, err);
}

static assay_status collect(assay_model **out, const assay_run *run, const int32_t *models,
                            int32_t n, assay_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        out[i] = run->models[models[i]];
        if (out[i] == NULL) {
            return assay_fail(err, ASSAY_EINVAL,
                              "model %s is a predictions file: it cannot be asked",
                              run->plan->models[models[i]].name);
        }
    }
    return ASSAY_OK;
}

/* The matrix is one of the entry: it comes with the first model. */
static assay_status list_matrix(assay_model **out, int32_t *n, const assay_run *run,
                                const assay_plan_attack *attack, int32_t m, assay_error *err)
{
    *n = 0;
    for (int32_t i = 0; i < m && attack->matrix > 0.0; i++) {
        if (is_meant(run, attack, i)) {
            return ASSAY_OK;
        }
    }
    for (int32_t i = 0; i < run->plan->n_models && attack->matrix > 0.0; i++) {
        bool wanted = is_meant(run, attack, i);
        for (int32_t t = 0; t < attack->n_transfer; t++) {
            wanted = wanted || attack->transfer[t] == i;
        }
        if (wanted) {
            ASSAY_TRY(collect(&out[*n], run, &i, 1, err));
            ++*n;
        }
    }
    return ASSAY_OK;
}

static assay_status attack_model(assay_run *run, const assay_plan_attack *attack, int32_t m,
                                 assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_model *models[ASSAY_ATTACK_MODELS] = {run->models[m]};
    assay_model *transfer[ASSAY_ATTACK_MODELS] = {0};
    assay_model *proxies[ASSAY_ATTACK_MODELS] = {0};
    assay_model *matrix[ASSAY_ATTACK_MODELS] = {0};
    assay_args *usual[ASSAY_ASSESS_ATTACKS] = {0};
    assay_assessment *a = NULL;
    uint8_t *mask = NULL;
    assay_attack_memory memory;
    const char *parts =
        assay_arena_printf(run->arena, "attacks/%s/%s", attack->name, run->plan->models[m].name);
    assay_assess_options options = {.context = run->context,
                                    .models = models,
                                    .n_models = 1 + attack->n_with,
                                    .data = run->data[attack->data],
                                    .attacks = (const assay_args *const *)attack->ops,
                                    .n_attacks = attack->n_ops,
                                    .norm = (assay_norm)attack->norm,
                                    .eps = attack->eps,
                                    .n_eps = attack->n_eps,
                                    .limit = attack->limit,
                                    .budget = attack->budget,
                                    .repeats = attack->repeats,
                                    .own_answers = attack->own_answers,
                                    .noise = attack->noise,
                                    .level = run->plan->level,
                                    .seed = run->plan->seed,
                                    .by = attack->by,
                                    .transfer = transfer,
                                    .n_transfer = attack->n_transfer,
                                    .proxies = proxies,
                                    .n_proxies = attack->n_proxies,
                                    .matrix = matrix,
                                    .matrix_eps = attack->matrix,
                                    .memory = &memory};
    if (attack->n_with >= ASSAY_ATTACK_MODELS || attack->n_transfer > ASSAY_ATTACK_MODELS ||
        attack->n_proxies > ASSAY_ATTACK_MODELS || run->plan->n_models > ASSAY_ATTACK_MODELS) {
        return assay_fail(err, ASSAY_EINVAL, "more than %d models", (int)ASSAY_ATTACK_MODELS);
    }
    if (run->models[m] == NULL || options.data == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "an attack needs a model that can be asked and images, not predictions");
    }
    options.repeats = assay_assess_repeats(&options);
    options.folder = parts != NULL ? assay_path_join(run->arena, run->out, parts) : NULL;
    if (options.folder == NULL) {
        return assay_fail_memory(err);
    }
    options.substitute = attack->gradients >= 0 ? run->models[attack->gradients] : NULL;
    ASSAY_GOTO(collect(models + 1, run, attack->with, attack->n_with, err), done);
    ASSAY_GOTO(collect(transfer, run, attack->transfer, attack->n_transfer, err), done);
    ASSAY_GOTO(collect(proxies, run, attack->proxies, attack->n_proxies, err), done);
    ASSAY_GOTO(list_matrix(matrix, &options.n_matrix, run, attack, m, err), done);
    ASSAY_GOTO(find_class(&options.target, run->models[m], attack->target_class, err), done);
    ASSAY_GOTO(select_rows(&mask, options.data, attack->where, err), done);
    options.mask = mask;
    ASSAY_GOTO(assay_assess_fit(&memory, &options, attack->memory, err), done);
    if (attack->n_ops == 0) {
        ASSAY_GOTO(assay_usual_attacks(usual, &options.n_attacks, run->models[m],
                                       options.substitute, options.norm, err),
                   done);
        options.attacks = (const assay_args *const *)usual;
    }
    ASSAY_GOTO(assay_assess(&a, &options, err), done);
    ASSAY_GOTO(render(run, attack, m, a, err), done);
    ASSAY_GOTO(assay_run_keep_worst(run, (int32_t)(attack - run->plan->attacks), m, a, err), done);
    status = add_findings(run, attack, m, a, err);
done:
    assay_assessment_free(a);
    for (int32_t k = 0; k < ASSAY_ASSESS_ATTACKS; k++) {
        assay_args_free(usual[k]);
    }
    assay_free(mask);
    return status;
}

assay_status assay_run_attack(assay_run *run, assay_error *err)
{
    for (int32_t i = 0; i < run->plan->n_attacks; i++) {
        const assay_plan_attack *attack = &run->plan->attacks[i];
        for (int32_t m = 0; m < run->plan->n_models; m++) {
            if (!is_meant(run, attack, m)) {
                continue;
            }
            assay_status status = attack_model(run, attack, m, err);
            if (status != ASSAY_OK) {
                assay_error_prefix(err, "%s:%d:%d: attacks %s", run->plan->path, attack->mark.line,
                                   attack->mark.column, attack->name);
                return status;
            }
            assay_run_log(run, ASSAY_LOG_INFO, "attacks %s: model %s done", attack->name,
                          run->plan->models[m].name);
        }
    }
    return ASSAY_OK;
}
