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
bool assay_plan_read_budget(double *out, const char *text)
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
        if (!assay_plan_read_budget(&attack->eps[i], item->text) ||
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
        return assay_plan_no_model(r, assay_yaml_get(node, key), name, err);
    }
    return ASSAY_OK;
}

static assay_status read_matrix(assay_plan_attack *attack, const assay_plan_reader *r,
                                const assay_yaml *node, assay_error *err)
{
    const char *text = NULL;
    ASSAY_TRY(assay_yaml_text(&text, node, "matrix", r->path, err));
    if (text != NULL && !assay_plan_read_budget(&attack->matrix, text)) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "matrix"), err,
                               "matrix is '%s', expected an eps: a number or a fraction such as "
                               "8/255 above 0",
                               text);
    }
    return ASSAY_OK;
}

static assay_status read_memory(assay_plan_attack *attack, const assay_plan_reader *r,
                                const assay_yaml *node, assay_error *err)
{
    const char *text = NULL;
    ASSAY_TRY(assay_yaml_text(&text, node, "memory", r->path, err));
    if (text != NULL && !assay_text_to_bytes(&attack->memory, text)) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "memory"), err,
                               "memory is '%s', expected a number with a unit, such as 2GB or "
                               "512MB",
                               text);
    }
    return ASSAY_OK;
}

static assay_status read_one(assay_plan_attack *attack, assay_plan_reader *r,
                             const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {
        "title",        "data",   "where",    "models",  "attacks",     "norm",    "eps",
        "limit",        "budget", "transfer", "by",      "gradients",   "repeats", "noise",
        "target_class", "with",   "matrix",   "proxies", "own_answers", "memory"};
    int64_t repeats = 0;
    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "attacks", r->path, err));
    attack->mark = (assay_mark){node->line, node->column};
    attack->title = attack->name;
    ASSAY_TRY(assay_yaml_text(&attack->title, node, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&attack->where, node, "where", r->path, err));
    ASSAY_TRY(assay_yaml_text(&attack->by, node, "by", r->path, err));
    ASSAY_TRY(assay_yaml_text(&attack->target_class, node, "target_class", r->path, err));
    ASSAY_TRY(assay_yaml_bool(&attack->own_answers, node, "own_answers", r->path, err));
    ASSAY_TRY(assay_plan_read_data_ref(&attack->data, r, node, err));
    ASSAY_TRY(
        assay_plan_read_model_refs(&attack->models, &attack->n_models, "models", r, node, err));
    ASSAY_TRY(assay_plan_read_model_refs(&attack->transfer, &attack->n_transfer, "transfer", r,
                                         node, err));
    ASSAY_TRY(assay_plan_read_model_refs(&attack->with, &attack->n_with, "with", r, node, err));
    ASSAY_TRY(
        assay_plan_read_model_refs(&attack->proxies, &attack->n_proxies, "proxies", r, node, err));
    ASSAY_TRY(read_matrix(attack, r, node, err));
    ASSAY_TRY(read_memory(attack, r, node, err));
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
                               "plan with task: %s",
                               assay_task_name(plan->task));
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

/* ---- requirements --------------------------------------------------------------------------- */

static assay_status find_attack(int32_t *out, const assay_plan_reader *r, const assay_yaml *node,
                                assay_error *err)
{
    const assay_plan *plan = r->plan;
    const char *names[64];
    const char *name = NULL;
    size_t n = 0;
    ASSAY_TRY(assay_yaml_text(&name, node, "attack", r->path, err));
    for (int32_t i = 0; i < plan->n_attacks; i++) {
        if (name != NULL ? strcmp(plan->attacks[i].name, name) == 0 : plan->n_attacks == 1) {
            *out = i;
            return ASSAY_OK;
        }
        if (n < ASSAY_COUNT(names)) {
            names[n++] = plan->attacks[i].name;
        }
    }
    if (name == NULL) {
        return assay_yaml_fail(r->path, node, err,
                               plan->n_attacks == 0
                                   ? "the metric is one of attacks, but the plan has no 'attacks'"
                                   : "'attack' is missing: the plan has several, which is meant?");
    }
    char choices[ASSAY_TEXT_CHOICES];
    assay_text_choices(choices, name, names, n);
    return assay_yaml_fail(r->path, assay_yaml_get(node, "attack"), err,
                           "there is no attack '%s'%s", name, choices);
}

static bool is_attacked(const assay_plan_attack *attack, int32_t model)
{
    for (int32_t i = 0; i < attack->n_models; i++) {
        if (attack->models[i] == model) {
            return true;
        }
    }
    return attack->n_models == 0;
}

static assay_status read_eps(assay_plan_requirement *q, const assay_plan_reader *r,
                             const assay_yaml *node, assay_error *err)
{
    const assay_plan_attack *attack = &r->plan->attacks[q->attack];
    const char *text = NULL;
    double eps = 0.0;
    ASSAY_TRY(assay_yaml_text(&text, node, "eps", r->path, err));
    if (text == NULL && attack->n_eps == 1) {
        q->eps = 0;
        return ASSAY_OK;
    }
    if (text == NULL) {
        return assay_yaml_fail(r->path, node, err,
                               "robust_accuracy needs 'eps': the budget at which it is required");
    }
    if (!assay_plan_read_budget(&eps, text)) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "eps"), err,
                               "eps '%s' is not a number or a fraction such as 8/255 above 0",
                               text);
    }
    for (int32_t e = 0; e < attack->n_eps; e++) {
        if (fabs(attack->eps[e] - eps) <= 1e-9 * eps) {
            q->eps = e;
            return ASSAY_OK;
        }
    }
    return assay_yaml_fail(r->path, assay_yaml_get(node, "eps"), err,
                           "attack %s is not made at eps %s: add it to its 'eps'", attack->name,
                           text);
}

assay_status assay_plan_read_attacked(assay_plan_requirement *q, const assay_plan_reader *r,
                                      const assay_yaml *node, assay_error *err)
{
    static const char *const never[] = {"context", "average", "group", "sequential"};
    bool norm = strcmp(q->metric, "minimum_norm") == 0;
    for (size_t i = 0; i < ASSAY_COUNT(never); i++) {
        if (assay_yaml_get(node, never[i]) != NULL) {
            return assay_yaml_fail(r->path, assay_yaml_get(node, never[i]), err,
                                   "requirement '%s' is on an attack and has no '%s'", q->id,
                                   never[i]);
        }
    }
    const char *other = norm ? "eps" : "quantile";
    if (assay_yaml_get(node, other) != NULL) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, other), err,
                               "requirement '%s': %s has no '%s'", q->id, q->metric, other);
    }
    q->metric_index = -1;
    q->context = -1;
    q->groups = -1;
    q->eps = -1;
    q->quantile = 0.5;
    ASSAY_TRY(find_attack(&q->attack, r, node, err));
    if (!is_attacked(&r->plan->attacks[q->attack], q->model)) {
        return assay_yaml_fail(r->path, node, err, "attack %s is not made on model %s",
                               r->plan->attacks[q->attack].name, r->plan->models[q->model].name);
    }
    if (norm) {
        return assay_yaml_real(&q->quantile, node, "quantile", 0.001, 0.999, r->path, err);
    }
    return read_eps(q, r, node, err);
}
