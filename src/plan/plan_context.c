#include <string.h>

#include "base/json_write.h"
#include "base/text.h"
#include "core/perturbation.h"
#include "plan/plan_read.h"

static assay_status read_data_set(assay_plan_reader *r, assay_plan_data *data,
                                  const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {"title",  "path",    "target",   "path_column", "id_column",
                                        "root",   "labels",  "images",   "classes",     "cluster",
                                        "format", "weights", "metadata", "ignore"};
    const char *path = NULL;
    const char *root = NULL;
    const char *metadata = NULL;

    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "a data set", r->path, err));
    data->mark = (assay_mark){node->line, node->column};
    data->title = data->name;
    ASSAY_TRY(assay_yaml_text(&data->title, node, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&path, node, "path", r->path, err));
    ASSAY_TRY(assay_yaml_text(&data->target, node, "target", r->path, err));
    ASSAY_TRY(assay_yaml_text(&data->path_column, node, "path_column", r->path, err));
    ASSAY_TRY(assay_yaml_text(&data->id_column, node, "id_column", r->path, err));
    ASSAY_TRY(assay_yaml_text(&root, node, "root", r->path, err));
    ASSAY_TRY(assay_yaml_text(&data->labels, node, "labels", r->path, err));
    ASSAY_TRY(assay_yaml_text(&data->format, node, "format", r->path, err));
    if (data->format && r->plan->task != ASSAY_TASK_DETECTION) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "format"), err,
                               "format is for annotations of boxes: say 'task: detection'");
    }
    ASSAY_TRY(assay_yaml_text(&data->cluster, node, "cluster", r->path, err));
    ASSAY_TRY(assay_yaml_text(&data->weights, node, "weights", r->path, err));
    if (data->weights && r->plan->task != ASSAY_TASK_CLASSIFICATION) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "weights"), err,
                               "weights are for classification, not for boxes or pixels");
    }
    ASSAY_TRY(assay_yaml_text(&metadata, node, "metadata", r->path, err));
    if (metadata && !assay_task_is_whole(r->plan->task)) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "metadata"), err,
                               "metadata is for detection and segmentation; in a plan about "
                               "classification the columns stand in the manifest itself");
    }
    ASSAY_TRY(assay_yaml_text(&data->ignore, node, "ignore", r->path, err));
    if (data->ignore && r->plan->task != ASSAY_TASK_SEGMENTATION) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "ignore"), err,
                               "ignore is for label maps: say 'task: segmentation'");
    }
    ASSAY_TRY(assay_yaml_text(&data->images, node, "images", r->path, err));
    ASSAY_TRY(assay_yaml_texts(&data->class_names, NULL, node, "classes", r->path, r->arena, err));
    if (!path) {
        return ASSAY_OK; /* known through a model's predictions, or refused */
    }
    data->path = assay_plan_resolve(r->arena, r->plan->folder, path);
    data->root = root ? assay_plan_resolve(r->arena, r->plan->folder, root) : NULL;
    data->metadata = metadata ? assay_plan_resolve(r->arena, r->plan->folder, metadata) : NULL;
    if (!data->path || (root && !data->root) || (metadata && !data->metadata)) {
        return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

static int32_t find_data(const assay_plan *plan, const char *name)
{
    for (int32_t i = 0; i < plan->n_data; i++) {
        if (strcmp(plan->data[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/** Predictions belong to a data set; one that the plan does not describe is known through them. */
static assay_status bind_predictions(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    assay_plan *plan = r->plan;

    for (int32_t i = 0; i < plan->n_models; i++) {
        const char *name = plan->models[i].name;
        if (!plan->models[i].predictions) {
            continue;
        }
        const assay_yaml *node = assay_yaml_get(assay_yaml_get(root, "models"), name);
        ASSAY_TRY(assay_yaml_text(&name, node, "data", r->path, err));
        plan->models[i].data = find_data(plan, name);
        if (plan->models[i].data < 0) {
            assay_plan_data *data = &plan->data[plan->n_data];
            data->name = name;
            data->title = name;
            data->mark = plan->models[i].mark;
            plan->models[i].data = plan->n_data++;
        }
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_data(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    const assay_yaml *map = assay_yaml_get(root, "data");
    int32_t n = 0;

    if (map) {
        ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "data", r->path, err));
        n = map->n;
    }
    size_t most = (size_t)n + (size_t)r->plan->n_models + 1;
    r->plan->data = assay_arena_alloc(r->arena, most, sizeof *r->plan->data);
    if (!r->plan->data) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < n; i++) {
        r->plan->data[i].name = map->keys[i];
        ASSAY_TRY(read_data_set(r, &r->plan->data[i], map->values[i], err));
        r->plan->n_data = i + 1;
    }
    ASSAY_TRY(bind_predictions(r, root, err));
    for (int32_t i = 0; i < n; i++) {
        bool known = r->plan->data[i].path != NULL;
        for (int32_t m = 0; m < r->plan->n_models; m++) {
            known = known || r->plan->models[m].data == i;
        }
        if (!known) {
            return assay_yaml_fail(r->path, map->values[i], err, "the data set '%s' has no 'path'",
                                   r->plan->data[i].name);
        }
    }
    if (r->plan->n_data == 0) {
        return assay_yaml_fail(r->path, root, err,
                               "the plan names no data; add 'data:' with at least one data set");
    }
    return ASSAY_OK;
}

/** `data:` of a context or sweep; may be left out when there is one data set. */
assay_status assay_plan_read_data_ref(int32_t *out, const assay_plan_reader *r,
                                      const assay_yaml *node, assay_error *err)
{
    const char *name = NULL;
    const char *names[64];
    size_t n = 0;

    ASSAY_TRY(assay_yaml_text(&name, node, "data", r->path, err));
    if (!name && r->plan->n_data == 1) {
        *out = 0;
        return ASSAY_OK;
    }
    if (!name) {
        return assay_yaml_fail(r->path, node, err, "'data' is missing: which data set is meant?");
    }
    *out = find_data(r->plan, name);
    if (*out >= 0) {
        return ASSAY_OK;
    }
    for (int32_t i = 0; i < r->plan->n_data && n < ASSAY_COUNT(names); i++) {
        names[n++] = r->plan->data[i].name;
    }
    char choices[ASSAY_TEXT_CHOICES];
    assay_text_choices(choices, name, names, n);
    return assay_yaml_fail(r->path, assay_yaml_get(node, "data"), err,
                           "there is no data set '%s'%s", name, choices);
}

assay_status assay_plan_no_model(const assay_plan_reader *r, const assay_yaml *node,
                                 const char *name, assay_error *err)
{
    const char *names[64];
    char choices[ASSAY_TEXT_CHOICES];
    size_t n = 0;

    for (int32_t i = 0; i < r->plan->n_models && n < ASSAY_COUNT(names); i++) {
        names[n++] = r->plan->models[i].name;
    }
    assay_text_choices(choices, name, names, n);
    return assay_yaml_fail(r->path, node, err, "there is no model '%s'%s", name, choices);
}

assay_status assay_plan_read_model_refs(int32_t **out, int32_t *n, const char *key,
                                        const assay_plan_reader *r, const assay_yaml *node,
                                        assay_error *err)
{
    const char *const *names = NULL;
    int32_t count = 0;

    ASSAY_TRY(assay_yaml_texts(&names, &count, node, key, r->path, r->arena, err));
    if (!names) {
        return ASSAY_OK;
    }
    *out = assay_arena_alloc(r->arena, (size_t)count, sizeof **out);
    if (!*out) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t m = 0;
        while (m < r->plan->n_models && strcmp(r->plan->models[m].name, names[i]) != 0) {
            m++;
        }
        if (m == r->plan->n_models) {
            return assay_plan_no_model(r, assay_yaml_get(node, key), names[i], err);
        }
        (*out)[(*n)++] = m;
    }
    return ASSAY_OK;
}

static assay_status new_context(assay_plan_context **out, assay_plan_reader *r, const char *name,
                                const assay_yaml *node, assay_error *err)
{
    for (int32_t i = 0; i < r->plan->n_contexts; i++) {
        if (strcmp(r->plan->contexts[i].name, name) == 0) {
            return assay_yaml_fail(r->path, node, err, "there are two contexts called '%s'", name);
        }
    }
    if (r->plan->n_contexts >= ASSAY_PLAN_CONTEXTS) {
        return assay_yaml_fail(r->path, node, err, "over %d contexts", ASSAY_PLAN_CONTEXTS);
    }
    *out = &r->plan->contexts[r->plan->n_contexts++];
    (*out)->name = name;
    (*out)->title = name;
    (*out)->mark = (assay_mark){node->line, node->column};
    (*out)->sweep = -1;
    return ASSAY_OK;
}

static assay_status read_context(assay_plan_reader *r, const char *name, const assay_yaml *node,
                                 assay_error *err)
{
    static const char *const known[] = {"title", "data", "where", "perturbation", "models"};
    assay_plan_context *context = NULL;
    const assay_yaml *perturbation = assay_yaml_get(node, "perturbation");

    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "a context", r->path, err));
    ASSAY_TRY(new_context(&context, r, name, node, err));
    ASSAY_TRY(assay_yaml_text(&context->title, node, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&context->where, node, "where", r->path, err));
    ASSAY_TRY(assay_plan_read_data_ref(&context->data, r, node, err));
    ASSAY_TRY(
        assay_plan_read_model_refs(&context->models, &context->n_models, "models", r, node, err));
    if (perturbation) {
        ASSAY_TRY(assay_plan_read_op(&context->perturbation, &context->severity, perturbation,
                                     ASSAY_OP_PERTURBATION, r, err));
    }
    return ASSAY_OK;
}

/** One context of a sweep; value NULL is the clean one. */
static assay_status add_point(assay_plan_reader *r, assay_plan_sweep *sweep, const assay_yaml *node,
                              const assay_plan_context *pattern, const assay_yaml *value,
                              bool by_severity, assay_error *err)
{
    assay_plan_context *context = NULL;
    const assay_op *op = NULL;
    const char *text = value ? value->text : "clean";
    const char *name = assay_arena_printf(r->arena, "%s@%s", sweep->name, text);

    if (!name) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(new_context(&context, r, name, node, err));
    context->title = value
                         ? assay_arena_printf(r->arena, by_severity ? "%s, severity %s" : "%s, %s",
                                              sweep->title, text)
                         : assay_arena_printf(r->arena, "%s, clean", sweep->title);
    context->data = pattern->data;
    context->where = pattern->where;
    context->models = pattern->models;
    context->n_models = pattern->n_models;
    context->sweep = (int32_t)(sweep - r->plan->sweeps);
    sweep->n_points++;
    if (!value) {
        return ASSAY_OK;
    }
    ASSAY_TRY(
        assay_registry_get(&op, r->registry, ASSAY_OP_PERTURBATION, sweep->perturbation, err));
    ASSAY_TRY(assay_args_new(&context->perturbation, op, err));
    char real[32];
    if (by_severity) {
        int64_t severity = 0;
        if (!assay_text_to_i64(&severity, text) || severity < 1 || severity > 5) {
            return assay_yaml_fail(r->path, value, err, "severity is '%s', expected 1 to 5", text);
        }
        context->severity = (int32_t)severity;
        assay_format_real(real, op->perturbation->severities[severity - 1]);
        text = real;
    }
    assay_error inner = {0};
    if (assay_args_set(context->perturbation, sweep->param, text, &inner) != ASSAY_OK) {
        return assay_yaml_fail(r->path, value, err, "%s", inner.message);
    }
    return ASSAY_OK;
}

static assay_status read_sweep(assay_plan_reader *r, assay_plan_sweep *sweep,
                               const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {"title",    "data",   "where", "perturbation",
                                        "severity", "values", "models"};
    assay_plan_context pattern = {0};
    const assay_op *op = NULL;
    const assay_yaml *severity = assay_yaml_get(node, "severity");
    const assay_yaml *values = assay_yaml_get(node, "values");

    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "a sweep", r->path, err));
    sweep->mark = (assay_mark){node->line, node->column};
    sweep->title = sweep->name;
    ASSAY_TRY(assay_yaml_text(&sweep->title, node, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&sweep->where, node, "where", r->path, err));
    ASSAY_TRY(assay_yaml_text(&sweep->perturbation, node, "perturbation", r->path, err));
    ASSAY_TRY(assay_plan_read_data_ref(&sweep->data, r, node, err));
    ASSAY_TRY(
        assay_plan_read_model_refs(&pattern.models, &pattern.n_models, "models", r, node, err));
    pattern.data = sweep->data;
    pattern.where = sweep->where;
    if (!sweep->perturbation || (severity != NULL) == (values != NULL)) {
        return assay_yaml_fail(r->path, node, err,
                               "a sweep needs 'perturbation' and one of 'severity: [1, 2, 3]' or "
                               "'values: {parameter: [..]}'");
    }
    assay_error inner = {0};
    if (assay_registry_get(&op, r->registry, ASSAY_OP_PERTURBATION, sweep->perturbation, &inner) !=
        ASSAY_OK) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "perturbation"), err, "%s",
                               inner.message);
    }
    sweep->param = op->perturbation->severity_param;
    const assay_yaml *list = severity;
    if (values) {
        ASSAY_TRY(assay_yaml_expect(values, ASSAY_YAML_MAP, "values", r->path, err));
        if (values->n != 1) {
            return assay_yaml_fail(r->path, values, err, "'values' takes exactly one parameter");
        }
        sweep->param = values->keys[0];
        list = values->values[0];
    }
    ASSAY_TRY(assay_yaml_expect(list, ASSAY_YAML_LIST, "the strengths of a sweep", r->path, err));
    sweep->first_context = r->plan->n_contexts;
    ASSAY_TRY(add_point(r, sweep, node, &pattern, NULL, false, err));
    for (int32_t i = 0; i < list->n; i++) {
        ASSAY_TRY(
            assay_yaml_expect(list->values[i], ASSAY_YAML_SCALAR, "a strength", r->path, err));
        ASSAY_TRY(add_point(r, sweep, node, &pattern, list->values[i], severity != NULL, err));
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_contexts(assay_plan_reader *r, const assay_yaml *root,
                                      assay_error *err)
{
    const assay_yaml *map = assay_yaml_get(root, "contexts");
    const assay_yaml *sweeps = assay_yaml_get(root, "sweeps");
    assay_plan_context *context = NULL;
    assay_plan *plan = r->plan;

    plan->contexts = assay_arena_alloc(r->arena, ASSAY_PLAN_CONTEXTS, sizeof *plan->contexts);
    if (!plan->contexts) {
        return assay_fail_memory(err);
    }
    if (map) {
        ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "contexts", r->path, err));
    }
    for (int32_t i = 0; map && i < map->n; i++) {
        ASSAY_TRY(read_context(r, map->keys[i], map->values[i], err));
    }
    for (int32_t i = 0; !map && i < plan->n_data; i++) {
        ASSAY_TRY(new_context(&context, r, plan->data[i].name, root, err));
        context->title = plan->data[i].title;
        context->data = i;
    }
    if (!sweeps) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(sweeps, ASSAY_YAML_MAP, "sweeps", r->path, err));
    plan->sweeps = assay_arena_alloc(r->arena, (size_t)sweeps->n + 1, sizeof *plan->sweeps);
    if (!plan->sweeps) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < sweeps->n; i++) {
        plan->sweeps[i].name = sweeps->keys[i];
        plan->n_sweeps = i + 1;
        ASSAY_TRY(read_sweep(r, &plan->sweeps[i], sweeps->values[i], err));
    }
    return ASSAY_OK;
}
