#include <string.h>

#include "base/alloc.h"
#include "plan/plan_read.h"

const char *assay_plan_resolve(assay_arena *arena, const char *folder, const char *path)
{
    return path[0] == '/' || strcmp(folder, ".") == 0
               ? assay_arena_strdup(arena, path)
               : assay_arena_printf(arena, "%s/%s", folder, path);
}

const char *assay_plan_folder(assay_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return slash == path ? "/" : assay_arena_printf(arena, "%.*s", (int)(slash - path), path);
}

static const char *const task_names[] = {NULL, "classification", "detection", "segmentation"};
static const assay_task tasks[] = {ASSAY_TASK_CLASSIFICATION, ASSAY_TASK_CLASSIFICATION,
                                   ASSAY_TASK_DETECTION, ASSAY_TASK_SEGMENTATION};

static assay_status read_head(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    static const char *const known[] = {
        "assay",      "title",    "description",  "marking", "task",     "seed",   "level",
        "replicates", "on_error", "models",       "data",    "contexts", "sweeps", "metrics",
        "intervals",  "families", "requirements", "attacks", "compare",  "groups", "detection"};
    assay_plan *plan = r->plan;
    int64_t version = 0;
    int64_t seed = 1;
    const char *on_error = "stop";
    int task = 1;

    ASSAY_TRY(assay_yaml_check_keys(root, known, ASSAY_COUNT(known), "the plan", r->path, err));
    ASSAY_TRY(assay_yaml_int(&version, root, "assay", 1, 1, r->path, err));
    if (version == 0) {
        return assay_yaml_fail(r->path, root, err,
                               "this is not a test plan: it must say 'assay: 1' (the version of "
                               "the plan format)");
    }
    ASSAY_TRY(assay_yaml_text(&plan->title, root, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&plan->description, root, "description", r->path, err));
    ASSAY_TRY(assay_yaml_text(&plan->marking, root, "marking", r->path, err));
    ASSAY_TRY(assay_yaml_text(&on_error, root, "on_error", r->path, err));
    ASSAY_TRY(assay_yaml_int(&seed, root, "seed", 0, INT64_MAX, r->path, err));
    ASSAY_TRY(assay_yaml_real(&plan->level, root, "level", 0.5, 0.999999, r->path, err));
    ASSAY_TRY(assay_yaml_int(&plan->replicates, root, "replicates", 100, 1000000, r->path, err));
    ASSAY_TRY(
        assay_yaml_choice(&task, root, "task", task_names, ASSAY_COUNT(task_names), r->path, err));
    plan->task = tasks[task];
    plan->seed = (uint64_t)seed;
    plan->skip_bad = strcmp(on_error, "skip") == 0;
    if (!plan->skip_bad && strcmp(on_error, "stop") != 0) {
        return assay_yaml_fail(r->path, assay_yaml_get(root, "on_error"), err,
                               "on_error is '%s', expected stop or skip", on_error);
    }
    return ASSAY_OK;
}

static assay_status read_plan(assay_plan_reader *r, const char *bytes, size_t size,
                              assay_error *err)
{
    assay_yaml *root = NULL;

    ASSAY_TRY(assay_digest_bytes(r->plan->digest, bytes, size, err));
    ASSAY_TRY(assay_yaml_parse(&root, bytes, size, r->path, r->arena, err));
    ASSAY_TRY(read_head(r, root, err));
    ASSAY_TRY(assay_plan_read_detection(r, root, err));
    ASSAY_TRY(assay_plan_read_models(r, root, err));
    ASSAY_TRY(assay_plan_read_data(r, root, err));
    ASSAY_TRY(assay_plan_read_contexts(r, root, err));
    ASSAY_TRY(assay_plan_read_attacks(r, root, err));
    ASSAY_TRY(assay_plan_read_groups(r, root, err));
    ASSAY_TRY(assay_plan_read_metrics(r, root, err));
    ASSAY_TRY(assay_plan_read_compare(r, root, err));
    ASSAY_TRY(assay_plan_read_families(r, root, err));
    return assay_plan_read_requirements(r, root, err);
}

assay_status assay_plan_parse(assay_plan **out, const char *bytes, size_t size, const char *path,
                              const assay_registry *registry, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_plan *plan = NULL;

    *out = NULL;
    ASSAY_TRY(assay_arena_new(&arena, (size_t)256 << 20, err));
    plan = assay_arena_alloc(arena, 1, sizeof *plan);
    if (!plan) {
        assay_arena_free(arena);
        return assay_fail_memory(err);
    }
    plan->arena = arena;
    plan->path = assay_arena_strdup(arena, path);
    plan->folder = assay_plan_folder(arena, path);
    plan->title = "Test run";
    plan->level = 0.95;
    plan->replicates = 1000;
    if (!plan->path || !plan->folder) {
        status = assay_fail_memory(err);
    } else {
        assay_plan_reader reader = {plan, registry, plan->path, arena};
        status = read_plan(&reader, bytes, size, err);
    }
    if (status != ASSAY_OK) {
        assay_plan_free(plan);
        return status;
    }
    *out = plan;
    return ASSAY_OK;
}

void assay_plan_free(assay_plan *plan)
{
    if (!plan) {
        return;
    }
    for (int32_t i = 0; i < plan->n_attacks; i++) {
        for (int32_t k = 0; k < plan->attacks[i].n_ops; k++) {
            assay_args_free(plan->attacks[i].ops[k]);
        }
    }
    for (int32_t i = 0; i < plan->n_contexts; i++) {
        assay_args_free(plan->contexts[i].perturbation);
    }
    for (int32_t i = 0; i < plan->n_metrics; i++) {
        assay_args_free(plan->metrics[i]);
    }
    assay_args_free(plan->proportion_interval);
    assay_args_free(plan->replicate_interval);
    assay_args_free(plan->clustered_interval);
    assay_args_free(plan->area_interval);
    assay_arena_free(plan->arena);
}
