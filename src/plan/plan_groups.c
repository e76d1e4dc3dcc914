/* `groups:` of a plan: which columns of the metadata make the groups that are compared. */
#include <string.h>

#include "plan/plan_read.h"

enum { MOST_CUTS = 50 };

static assay_status read_cuts(assay_group_column *column, const assay_yaml *node,
                              const assay_plan_reader *r, assay_error *err)
{
    ASSAY_TRY(assay_yaml_expect(node, ASSAY_YAML_LIST, column->name, r->path, err));
    double *cuts = assay_arena_alloc(r->arena, (size_t)node->n + 1, sizeof *cuts);
    if (!cuts) {
        return assay_fail_memory(err);
    }
    if (node->n < 1 || node->n > MOST_CUTS) {
        return assay_yaml_fail(r->path, node, err, "ranges of %s: %d cuts, expected 1 to %d",
                               column->name, node->n, MOST_CUTS);
    }
    for (int32_t i = 0; i < node->n; i++) {
        ASSAY_TRY(assay_yaml_number(&cuts[i], node->values[i], column->name, r->path, err));
        if (i > 0 && !(cuts[i] > cuts[i - 1])) {
            return assay_yaml_fail(r->path, node->values[i], err,
                                   "the cuts of %s must ascend: %g after %g", column->name, cuts[i],
                                   cuts[i - 1]);
        }
    }
    column->cuts = cuts;
    column->n_cuts = node->n;
    return ASSAY_OK;
}

static assay_status read_ranges(assay_plan_groups *groups, const assay_yaml *map,
                                const assay_plan_reader *r, assay_error *err)
{
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "ranges", r->path, err));
    for (int32_t i = 0; i < map->n; i++) {
        int32_t k = 0;
        while (k < groups->n_columns && strcmp(groups->columns[k].name, map->keys[i]) != 0) {
            k++;
        }
        if (k == groups->n_columns) {
            return assay_yaml_fail(r->path, map->values[i], err,
                                   "ranges: '%s' is not one of the columns of groups '%s'",
                                   map->keys[i], groups->name);
        }
        ASSAY_TRY(read_cuts(&groups->columns[k], map->values[i], r, err));
    }
    return ASSAY_OK;
}

static assay_status read_groups(assay_plan_groups *groups, const assay_yaml *node,
                                const assay_plan_reader *r, assay_error *err)
{
    static const char *const known[] = {"title", "columns", "ranges", "positive", "least"};
    const char *const *names = NULL;

    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "groups", r->path, err));
    groups->mark = (assay_mark){node->line, node->column};
    groups->title = groups->name;
    ASSAY_TRY(assay_yaml_text(&groups->title, node, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&groups->positive, node, "positive", r->path, err));
    ASSAY_TRY(assay_yaml_int(&groups->least, node, "least", 1, 1000000000, r->path, err));
    ASSAY_TRY(
        assay_yaml_texts(&names, &groups->n_columns, node, "columns", r->path, r->arena, err));
    if (!names || groups->n_columns < 1) {
        return assay_yaml_fail(r->path, node, err,
                               "groups '%s' need 'columns': the metadata that tell them apart",
                               groups->name);
    }
    groups->columns =
        assay_arena_alloc(r->arena, (size_t)groups->n_columns, sizeof *groups->columns);
    if (!groups->columns) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < groups->n_columns; i++) {
        groups->columns[i] = (assay_group_column){.name = names[i]};
    }
    const assay_yaml *ranges = assay_yaml_get(node, "ranges");
    return ranges ? read_ranges(groups, ranges, r, err) : ASSAY_OK;
}

assay_status assay_plan_read_groups(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    const assay_yaml *map = assay_yaml_get(root, "groups");
    assay_plan *plan = r->plan;

    if (!map) {
        return ASSAY_OK;
    }
    if (assay_task_is_whole(plan->task)) {
        return assay_yaml_fail(r->path, map, err,
                               "groups are compared for classification, but this plan tests %s "
                               "(`task`)",
                               assay_task_name(plan->task));
    }
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "groups", r->path, err));
    plan->groups = assay_arena_alloc(r->arena, (size_t)map->n + 1, sizeof *plan->groups);
    if (!plan->groups) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < map->n; i++) {
        plan->groups[i].name = map->keys[i];
        ASSAY_TRY(read_groups(&plan->groups[i], map->values[i], r, err));
        plan->n_groups = i + 1;
    }
    return ASSAY_OK;
}
