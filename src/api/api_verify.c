#include "assay/verify.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/limits.h"
#include "api/run.h"
#include "api/verify_images.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/text.h"
#include "codec/json_value.h"
#include "core/units.h"
#include "ops/op_table.h"

typedef struct verification {
    assay_run run;
    const assay_verify_request *request;
    assay_json_doc *results; /* of the evidence folder; NULL with a predictions file */
    int32_t model, data;     /* that the predictions file belongs to */
    const char *open_path;   /* the file that `open` was read from */
    assay_predictions *open;
} verification;

static assay_status read_plan(verification *v, assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;

    ASSAY_TRY(assay_file_read(&bytes, &size, v->request->plan, (size_t)16 << 20, err));
    assay_status status = assay_plan_parse(&v->run.plan, (const char *)bytes, size,
                                           v->request->plan, assay_ops(), err);
    assay_free(bytes);
    ASSAY_TRY(status);
    if (v->run.plan->n_requirements == 0) {
        return assay_fail(err, ASSAY_EINVAL, "%s has no requirements", v->request->plan);
    }
    return assay_check_limits(v->run.plan, err);
}

static assay_status read_results(verification *v, assay_error *err)
{
    const char *given = v->request->evidence;
    assay_arena *arena = v->run.arena;
    const char *slash = strrchr(given, '/');
    uint8_t *bytes = NULL;
    size_t size = 0;

    v->run.out = given;
    if (assay_file_kind(given) == 1) {
        v->run.out = slash ? assay_arena_printf(arena, "%.*s", (int)(slash - given), given) : ".";
    }
    const char *path = v->run.out ? assay_path_join(arena, v->run.out, "results.json") : NULL;
    if (!path) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_file_read(&bytes, &size, path, (size_t)1 << 30, err));
    assay_status status = assay_json_parse(&v->results, (const char *)bytes, size, 0, err);
    assay_free(bytes);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

/** Index of the thing called `name`, or of the only one, among n structs whose first member is
 *  their name. */
static assay_status choose(int32_t *out, const char *name, const char *what, const void *list,
                           size_t size, int32_t n, assay_error *err)
{
    const char *names[64];
    char choices[ASSAY_TEXT_CHOICES];
    size_t known = 0;
    for (int32_t i = 0; i < n; i++) {
        const char *other = *(const char *const *)((const char *)list + (size_t)i * size);
        if (known < ASSAY_COUNT(names)) {
            names[known++] = other;
        }
        if (name ? strcmp(name, other) == 0 : n == 1) {
            *out = i;
            return ASSAY_OK;
        }
    }
    assay_text_choices(choices, name ? name : "", names, known);
    return name ? assay_fail(err, ASSAY_EINVAL, "the plan has no %s '%s'%s", what, name, choices)
                : assay_fail(err, ASSAY_EINVAL,
                             "the plan has %d of them: say which %s the predictions belong to "
                             "(--%s NAME)%s",
                             n, what, what, choices);
}

/** Requirements of the plan that are not sequential yet are judged so, as the request says. */
static assay_status make_sequential(assay_plan *plan, const assay_verify_request *request,
                                    assay_error *err)
{
    if (request->order && !request->sequential) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the order of arrival is asked for by sequential judging alone");
    }
    if (!request->sequential) {
        return ASSAY_OK;
    }
    if (assay_task_is_whole(plan->task)) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "sequential judging is for classification, where every datum is right or "
            "wrong by itself; requirements on detections and segmentations are judged "
            "on all images");
    }
    assay_sequential_method method = assay_sequential_find(request->sequential);
    if (method == ASSAY_SEQUENTIAL_NONE) {
        return assay_fail(err, ASSAY_EINVAL,
                          "sequential: '%s' is no method; expected mixture, betting, "
                          "empirical_bernstein, normal_mixture, sprt or pool",
                          request->sequential);
    }
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        assay_plan_requirement *q = &plan->requirements[i];
        if (!assay_requirement_in_context(q) || q->extreme != ASSAY_EXTREME_NONE ||
            q->sequential.method != ASSAY_SEQUENTIAL_NONE) {
            continue;
        }
        q->sequential =
            (assay_sequential_rule){.method = method, .order = request->order, .beta = 0.1};
        if (method == ASSAY_SEQUENTIAL_SPRT && isnan(q->objective)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "requirement %s has no objective, which an SPRT tells from the "
                              "threshold; add 'objective' to it, or use --sequential mixture",
                              q->id);
        }
    }
    return ASSAY_OK;
}

static assay_status prepare(verification *v, assay_error *err)
{
    const assay_verify_request *request = v->request;

    ASSAY_TRY(read_plan(v, err));
    const assay_plan *plan = v->run.plan;
    ASSAY_TRY(make_sequential(v->run.plan, request, err));
    size_t cells = (size_t)plan->n_models * (size_t)plan->n_contexts;
    v->run.cells = assay_arena_alloc(v->run.arena, cells + 1, sizeof *v->run.cells);
    if (!v->run.cells) {
        return assay_fail_memory(err);
    }
    for (int32_t m = 0; m < plan->n_models; m++) {
        for (int32_t c = 0; c < plan->n_contexts; c++) {
            assay_run_cell *cell = assay_run_cell_at(&v->run, m, c);
            cell->model = m;
            cell->context = c;
            assay_result_init(&cell->result, v->run.arena);
        }
    }
    if (request->evidence) {
        return read_results(v, err);
    }
    ASSAY_TRY(choose(&v->model, request->model, "model", plan->models, sizeof *plan->models,
                     plan->n_models, err));
    return choose(&v->data, request->data, "data", plan->data, sizeof *plan->data, plan->n_data,
                  err);
}

/** The digest that the evidence has for a model or data set of this name; "" when it has none. */
static const char *digest_of(const verification *v, const char *list, const char *name)
{
    const assay_json_value *items = assay_json_get(assay_json_root(v->results), list);

    for (size_t i = 0; i < assay_json_size(items); i++) {
        const assay_json_value *item = assay_json_at(items, i);
        if (assay_text_equal(assay_json_get_text(item, "name", ""), name)) {
            return assay_json_get_text(item, "digest", "");
        }
    }
    return "";
}

/** The file with what the model of the evidence said on the evidence's data, by its own notes. */
static assay_status find_parquet(const char **out, const verification *v,
                                 const assay_plan_context *context, const char *model,
                                 const char *data, assay_error *err)
{
    assay_arena *arena = v->run.arena;
    const char *folder = assay_path_join(arena, v->run.out, "predictions");
    const char **names = NULL;
    int64_t n = 0;
    assay_status status = ASSAY_OK;
    assay_buffer text;

    *out = NULL;
    assay_buffer_init(&text, 0);
    if (!folder || assay_file_kind(folder) != 2) {
        return folder ? ASSAY_OK : assay_fail_memory(err);
    }
    if (context->perturbation) {
        ASSAY_GOTO(assay_args_text(&text, context->perturbation, err), done);
    }
    ASSAY_GOTO(assay_folder_list(&names, &n, folder, arena, err), done);
    for (int64_t i = 0; i < n && !*out; i++) {
        const char *path =
            assay_text_ends(names[i], ".parquet") ? assay_path_join(arena, folder, names[i]) : NULL;
        if (path && assay_duckdb_has_note(path, "assay.model", model) &&
            assay_duckdb_has_note(path, "assay.data", data) &&
            assay_duckdb_has_note(path, "assay.perturbation", text.data ? text.data : "none")) {
            *out = path;
        }
    }
done:
    assay_buffer_dispose(&text);
    return status;
}

/** The predictions file of a cell, or a reason why there is none. */
static assay_status find_file(const char **path, const char **reason, const verification *v,
                              const assay_run_cell *cell, assay_error *err)
{
    const assay_plan *plan = v->run.plan;
    const assay_plan_context *context = &plan->contexts[cell->context];
    const assay_plan_model *model = &plan->models[cell->model];
    const assay_plan_data *data = &plan->data[context->data];

    *path = NULL;
    if (!v->results) {
        *reason = cell->model != v->model    ? "the predictions belong to another model"
                  : context->data != v->data ? "the predictions belong to other data"
                  : context->perturbation    ? "the predictions are not of perturbed data"
                                             : NULL;
        *path = *reason ? NULL : v->request->predictions;
        return ASSAY_OK;
    }
    const char *of_model = digest_of(v, "models", model->name);
    const char *of_data = digest_of(v, "data", data->name);
    if (of_model[0] == '\0' || of_data[0] == '\0') {
        *reason = of_model[0] == '\0' ? "the evidence knows no model of this name"
                                      : "the evidence knows no data of this name";
        return ASSAY_OK;
    }
    if (model->predictions) {
        *reason = context->perturbation          ? "a predictions file is not of perturbed data"
                  : model->data != context->data ? "the predictions file belongs to other data"
                                                 : NULL;
        *path = *reason ? NULL : model->predictions;
        return ASSAY_OK;
    }
    ASSAY_TRY(find_parquet(path, v, context, of_model, of_data, err));
    *reason = *path ? NULL : "the evidence holds no predictions of the model in this context";
    return ASSAY_OK;
}

static assay_status open_file(verification *v, const assay_plan_model *model, int32_t data,
                              const char *path, assay_error *err)
{
    bool named = v->results == NULL || model->predictions != NULL;
    assay_predictions_columns columns = {.id = named ? model->id_column : NULL,
                                         .target = named ? model->target_column : NULL,
                                         .label = named ? model->label_column : NULL,
                                         .scores = named ? model->score_columns : NULL,
                                         .classes = named ? model->spec.class_names : NULL,
                                         .score_kind =
                                             named ? model->score_kind : ASSAY_SCORE_KIND_AUTO,
                                         .skip_bad = v->run.plan->skip_bad,
                                         .unlabelled = assay_plan_is_sequential(v->run.plan),
                                         .threads = v->run.context->threads};

    if (v->open && strcmp(v->open_path, path) == 0) {
        return ASSAY_OK;
    }
    assay_predictions_free(v->open);
    v->open = NULL;
    v->open_path = path;
    ASSAY_TRY(assay_duckdb_read_predictions(&v->open, path, &columns, err));
    return assay_run_weigh(&v->run, v->open, data, v->open->columns, path, err);
}

/** The evidence names the digest of a predictions file: another content is other evidence. */
static bool is_what_was_judged(const verification *v, const assay_plan_model *model)
{
    return !v->results || !model->predictions ||
           assay_text_equal(digest_of(v, "models", model->name), v->open->digest);
}

static assay_status measure(verification *v, assay_run_cell *cell, assay_error *err)
{
    const assay_plan *plan = v->run.plan;
    const assay_plan_context *context = &plan->contexts[cell->context];
    assay_evaluate_options options = assay_run_options(&v->run);
    assay_status status = ASSAY_OK;
    const assay_args *metrics[ASSAY_PLAN_METRICS];
    uint8_t *mask = NULL;
    const char *path = NULL;
    int64_t n = 0, pool = 0;

    ASSAY_TRY(find_file(&path, &cell->reason, v, cell, err));
    if (!path) {
        return ASSAY_OK;
    }
    ASSAY_TRY(open_file(v, &plan->models[cell->model], context->data, path, err));
    if (!is_what_was_judged(v, &plan->models[cell->model])) {
        cell->reason = "the predictions file is not the one of the evidence: its content changed";
        return ASSAY_OK;
    }
    n = v->open->n;
    if (context->where) {
        mask = assay_alloc((size_t)n + 1, 1);
        if (!mask) {
            return assay_fail_memory(err);
        }
        ASSAY_GOTO(assay_duckdb_select_predictions(mask, v->open, context->where, err), done);
        n = 0;
        for (int64_t i = 0; i < v->open->n; i++) {
            n += mask[i] != 0;
        }
    }
    ASSAY_GOTO(assay_run_labelled(&mask, &n, &pool, &v->run, v->open, err), done);
    if (n == 0) {
        cell->reason = "no datum belongs to this context";
        goto done;
    }
    if (plan->data[context->data].cluster) {
        int64_t *units = NULL, clusters = 0;
        ASSAY_GOTO(assay_units_make(&units, &clusters, v->run.arena, v->open->columns, v->open->ids,
                                    plan->data[context->data].cluster, "cluster", path, err),
                   done);
        options.units = units;
    }
    ASSAY_GOTO(assay_evaluate(&cell->result, v->open, mask, metrics,
                              assay_run_whole_metrics(metrics, plan), &options, err),
               done);
    ASSAY_GOTO(
        assay_run_measure_groups(&v->run, cell, v->open, v->open->columns, mask, &options, err),
        done);
    cell->evaluated = 1;
    ASSAY_GOTO(assay_run_sequential(&v->run, cell, v->open, mask, v->open->columns, pool, err),
               done);
    ASSAY_GOTO(assay_run_self_check(&v->run, cell, v->open, mask, err), done);
done:
    assay_free(mask);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "model %s, context %s", plan->models[cell->model].name,
                           context->name);
    }
    return status;
}

static assay_status measure_all(verification *v, assay_error *err)
{
    const assay_plan *plan = v->run.plan;

    const assay_images_evidence evidence = {.results =
                                                v->results ? assay_json_root(v->results) : NULL,
                                            .predictions = v->request->predictions,
                                            .model = v->model,
                                            .data = v->data};
    if (plan->task == ASSAY_TASK_DETECTION) {
        return assay_verify_boxes(&v->run, &evidence, err);
    }
    if (plan->task == ASSAY_TASK_SEGMENTATION) {
        return assay_verify_masks(&v->run, &evidence, err);
    }
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        const assay_plan_requirement *q = &plan->requirements[i];
        if (q->attack >= 0 && v->results) {
            const assay_plan_attack *attack = &plan->attacks[q->attack];
            ASSAY_TRY(assay_run_read_worst(
                &v->run, q, digest_of(v, "models", plan->models[q->model].name),
                digest_of(v, "data", plan->data[attack->data].name), err));
        }
        if (!assay_requirement_in_context(q)) {
            continue;
        }
        assay_run_cell *cell = assay_run_cell_at(&v->run, q->model, q->context);
        if (!cell->evaluated && !cell->reason) {
            ASSAY_TRY(measure(v, cell, err));
        }
    }
    return ASSAY_OK;
}

static assay_status write_json(char **out, const verification *v, assay_error *err)
{
    const assay_plan *plan = v->run.plan;
    assay_status status = ASSAY_OK;
    assay_buffer text;
    assay_json json;

    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_put_text(&json, "title", plan->title);
    if (plan->marking) {
        assay_json_put_text(&json, "marking", plan->marking);
    }
    assay_json_key(&json, "plan");
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "path", plan->path);
    assay_json_put_text(&json, "digest", plan->digest);
    assay_json_end_object(&json);
    assay_json_put_text(&json, "estimand", assay_run_estimand(&v->run));
    assay_results_rule(&json, &v->run);
    assay_results_validation(&json, &v->run);
    assay_json_key(&json, "verdicts");
    assay_json_begin_array(&json);
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        ASSAY_GOTO(assay_results_verdict(&json, &v->run, &v->run.verdicts[i], err), done);
    }
    assay_json_end_array(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
done:
    if (status != ASSAY_OK) {
        assay_buffer_dispose(&text);
        return status;
    }
    return assay_text_take(out, &text, err);
}

/* What the evaluation found when it looked at itself; trouble is told at length. */
static void put_checks(assay_buffer *out, const assay_run *run)
{
    char line[1024];
    if (run->recomputed > 0) {
        assay_buffer_printf(out,
                            "\n%" PRId64 " values computed a second time in another way: %" PRId64
                            " differ. %" PRId64
                            " values with rows or classes in the opposite order: %" PRId64
                            " differ.\n",
                            run->recomputed, run->differences, run->relations, run->relations_off);
    }
    for (int32_t i = 0; i < run->n_missing; i++) {
        if (i == 0) {
            assay_buffer_printf(out,
                                "%" PRId64 " values were not computed again:", run->not_recomputed);
        }
        assay_buffer_printf(out, "%s %s", i > 0 ? "," : "", run->missing[i]);
        assay_buffer_puts(out, i + 1 == run->n_missing ? "\n" : "");
    }
    for (int32_t i = 0; i < run->n_findings; i++) {
        if (strcmp(run->findings[i].kind, "self_check") == 0) {
            assay_text_printable(line, sizeof line, run->findings[i].text);
            assay_buffer_printf(out, "%s\n", line);
        }
    }
}

static assay_status write_text(char **out, const verification *v, assay_error *err)
{
    const assay_plan *plan = v->run.plan;
    char line[512];
    assay_buffer text;

    assay_buffer_init(&text, 0);
    if (plan->marking) {
        assay_text_printable(line, sizeof line, plan->marking);
        assay_buffer_printf(&text, "%s\n\n", line);
    }
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        const assay_verdict *verdict = &v->run.verdicts[i];
        assay_text_printable(line, sizeof line, verdict->requirement->id);
        assay_buffer_printf(&text, "%-14s %s\n", assay_verdict_name(verdict->kind), line);
        assay_text_printable(line, sizeof line, verdict->explanation);
        assay_buffer_printf(&text, "    %s\n", line);
    }
    put_checks(&text, &v->run);
    assay_buffer_printf(&text, "\n%s\n", assay_run_estimand(&v->run));
    if (v->run.rule_before) {
        assay_buffer_puts(&text,
                          "\nThe decision rule changed after data were seen: the evidence was "
                          "judged by another rule before.\n");
    }
    return assay_text_take(out, &text, err);
}

static void dispose(verification *v)
{
    assay_predictions_free(v->open);
    assay_run_drop_worst(&v->run);
    assay_json_doc_free(v->results);
    assay_verify_masks_dispose(&v->run);
    assay_verify_boxes_dispose(&v->run);
    assay_plan_free(v->run.plan);
    assay_buffer_dispose(&v->run.log);
    assay_arena_free(v->run.arena);
}

assay_status assay_verify(char **json, char **text, assay_run_summary *summary,
                          assay_context *context, const assay_verify_request *request,
                          assay_error *err)
{
    verification v = {.run = {.context = context}, .request = request};
    assay_status status = ASSAY_OK;
    char *written = NULL;

    memset(summary, 0, sizeof *summary);
    if (json) {
        *json = NULL;
    }
    if (text) {
        *text = NULL;
    }
    assay_verify_request whole = {0};
    if ((request->struct_size != sizeof *request &&
         request->struct_size != offsetof(assay_verify_request, sequential)) ||
        !request->plan) {
        return assay_fail(err, ASSAY_EINVAL, "assay_verify_request is incomplete: no plan");
    }
    memcpy(&whole, request, request->struct_size);
    v.request = request = &whole;
    if ((request->evidence != NULL) == (request->predictions != NULL)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "exactly one of an evidence folder and a predictions file is needed");
    }
    assay_buffer_init(&v.run.log, 0);
    ASSAY_GOTO(assay_arena_new(&v.run.arena, (size_t)16 << 30, err), done);
    ASSAY_GOTO(prepare(&v, err), done);
    ASSAY_GOTO(measure_all(&v, err), done);
    ASSAY_GOTO(assay_run_rule(&v.run, err), done);
    ASSAY_GOTO(assay_run_verify(&v.run, err), done);
    if (json) {
        ASSAY_GOTO(write_json(&written, &v, err), done);
    }
    if (text) {
        ASSAY_GOTO(write_text(text, &v, err), done);
    }
    if (json) {
        *json = written;
        written = NULL;
    }
    assay_run_count_verdicts(summary, &v.run);
done:
    assay_text_free(written);
    dispose(&v);
    return status;
}
