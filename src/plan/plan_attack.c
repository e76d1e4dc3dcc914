/* The member `attacks` of a plan: what is tried on which models and data, within which budgets. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "core/attack.h"
#include "plan/plan_read.h"

static assay_status read_ops(assay_plan_attack *attack, const assay_plan_reader *r,
                             const assay_yaml *node, assay_error *err)
{
    const assay_yaml *list = assay_yaml_get(node, "attacks");
    if (list == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(list, ASSAY_YAML_LIST, "attacks", r->path, err));
    attack->ops = assay_arena_alloc(r->arena, (size_t)list->n + 1, sizeof *attack->ops);
    if (attack->ops == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < list->n; i++) {
        ASSAY_TRY(
            assay_plan_read_op(&attack->ops[i], NULL, list->values[i], ASSAY_OP_ATTACK, r, err));
        attack->n_ops = i + 1;
    }
    return ASSAY_OK;
}

/* A number, or a fraction such as 8/255. */
static bool budget_of(double *out, const char *text)
{
    char first[64];
    double below = 1.0;
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof first) {
        return false;
    }
    memcpy(first, text, length);
    first[length] = '\0';
    if (!assay_text_to_real(out, first) ||
        (slash != NULL && !assay_text_to_real(&below, slash + 1))) {
        return false;
    }
    *out /= below;
    return isfinite(*out) && *out > 0.0;
}

static assay_status read_budgets(assay_plan_attack *attack, const assay_plan_reader *r,
                                 const assay_yaml *node, assay_error *err)
{
    static const double usual[ASSAY_NORMS][4] = {
        {2.0 / 255.0, 4.0 / 255.0, 8.0 / 255.0, 16.0 / 255.0},
        {0.25, 0.5, 1.0, 2.0},
        {2.0, 5.0, 10.0, 20.0},
        {1.0, 5.0, 10.0, 50.0}};
    const assay_yaml *list = assay_yaml_get(node, "eps");
    const char *norm = "linf";
    assay_norm parsed = ASSAY_NORM_LINF;
    ASSAY_TRY(assay_yaml_text(&norm, node, "norm", r->path, err));
    if (!assay_norm_parse(&parsed, norm)) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "norm"), err,
                               "norm is '%s', expected linf, l2, l1 or l0", norm);
    }
    attack->norm = (int32_t)parsed;
    int32_t n = list != NULL ? list->n : 4;
    attack->eps = assay_arena_alloc(r->arena, (size_t)n + 1, sizeof *attack->eps);
    if (attack->eps == NULL) {
        return assay_fail_memory(err);
    }
    attack->n_eps = n;
    if (list == NULL) {
        memcpy(attack->eps, usual[parsed], sizeof usual[parsed]);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(list, ASSAY_YAML_LIST, "eps", r->path, err));
    if (n < 1 || n > ASSAY_PLAN_BUDGETS) {
        return assay_yaml_fail(r->path, list, err, "eps has %d values, expected 1 to %d", n,
                               (int)ASSAY_PLAN_BUDGETS);
    }
    for (int32_t i = 0; i < n; i++) {
        const assay_yaml *item = list->values[i];
        ASSAY_TRY(assay_yaml_expect(item, ASSAY_YAML_SCALAR, "an eps", r->path, err));
        if (!budget_of(&attack->eps[i], item->text) ||
            (i > 0 && attack->eps[i] <= attack->eps[i - 1])) {
            return assay_yaml_fail(r->path, item, err,
                                   "eps '%s' is not a number or a fraction such as 8/255 above the "
                                   "one before",
                                   item->text);
        }
    }
    return ASSAY_OK;
}

static assay_status find_model(int32_t *out, const assay_plan_reader *r, const assay_yaml *node,
                               const char *key, assay_error *err)
{
    const char *name = NULL;
    *out = -1;
    ASSAY_TRY(assay_yaml_text(&name, node, key, r->path, err));
    for (int32_t m = 0; name != NULL && m < r->plan->n_models; m++) {
        if (strcmp(r->plan->models[m].name, name) == 0) {
            *out = m;
        }
    }
    if (name != NULL && *out < 0) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, key), err, "there is no model '%s'",
                               name);
    }
    return ASSAY_OK;
}

static assay_status read_one(assay_plan_attack *attack, assay_plan_reader *r,
                             const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {"title", "data",      "where",   "models", "attacks",
                                        "norm",  "eps",       "limit",   "budget", "transfer",
                                        "by",    "gradients", "repeats", "noise",  "target_class"};
    int64_t repeats = 0;
    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "attacks", r->path, err));
    attack->mark = (assay_mark){node->line, node->column};
    attack->title = attack->name;
    ASSAY_TRY(assay_yaml_text(&attack->title, node, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&attack->where, node, "where", r->path, err));
    ASSAY_TRY(assay_yaml_text(&attack->by, node, "by", r->path, err));
    ASSAY_TRY(assay_yaml_text(&attack->target_class, node, "target_class", r->path, err));
    ASSAY_TRY(assay_plan_read_data_ref(&attack->data, r, node, err));
    ASSAY_TRY(
        assay_plan_read_model_refs(&attack->models, &attack->n_models, "models", r, node, err));
    ASSAY_TRY(assay_plan_read_model_refs(&attack->transfer, &attack->n_transfer, "transfer", r,
                                         node, err));
    ASSAY_TRY(find_model(&attack->gradients, r, node, "gradients", err));
    ASSAY_TRY(assay_yaml_int(&attack->limit, node, "limit", 1, INT64_MAX, r->path, err));
    ASSAY_TRY(assay_yaml_int(&attack->budget, node, "budget", 1, INT64_MAX, r->path, err));
    ASSAY_TRY(assay_yaml_int(&repeats, node, "repeats", 1, 100000, r->path, err));
    ASSAY_TRY(assay_yaml_real(&attack->noise, node, "noise", 0.0, 1.0, r->path, err));
    attack->repeats = (int32_t)repeats;
    ASSAY_TRY(read_budgets(attack, r, node, err));
    return read_ops(attack, r, node, err);
}

assay_status assay_plan_read_attacks(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    const assay_yaml *map = assay_yaml_get(root, "attacks");
    assay_plan *plan = r->plan;
    if (map == NULL) {
        return ASSAY_OK;
    }
    if (plan->task != ASSAY_TASK_CLASSIFICATION) {
        return assay_yaml_fail(r->path, map, err,
                               "attacks are for classifiers: leave them out of a "
                               "plan with task: detection");
    }
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "attacks", r->path, err));
    plan->attacks = assay_arena_alloc(r->arena, (size_t)map->n + 1, sizeof *plan->attacks);
    if (plan->attacks == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < map->n; i++) {
        plan->attacks[i].name = map->keys[i];
        plan->n_attacks = i + 1;
        ASSAY_TRY(read_one(&plan->attacks[i], r, map->values[i], err));
    }
    return ASSAY_OK;
}
