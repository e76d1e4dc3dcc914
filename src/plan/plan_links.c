#include <math.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan_read.h"

/* By their values. */
static const char *const logics[] = {NULL, "all_must_pass", "any_fail_is_found"};
/* The first keep the probability of any false NOT MET; bh, by and e_bh the share of false ones. */
static const char *const adjusts[] = {"none",     "bonferroni",     "sidak", "holm", "holm_sidak",
                                      "hochberg", "fixed_sequence", "bh",    "by",   "e_bh"};

const char *assay_family_logic_name(assay_family_logic logic)
{
    return logics[logic];
}

/** The position of a word among n; NULLs are none. */
static assay_status read_word(int *out, const assay_yaml *map, const char *key,
                              const char *const *words, int n, const char *path, assay_error *err)
{
    const char *text = NULL;

    ASSAY_TRY(assay_yaml_text(&text, map, key, path, err));
    for (int i = 0; text && i < n; i++) {
        if (words[i] && strcmp(words[i], text) == 0) {
            *out = i;
            return ASSAY_OK;
        }
    }
    if (!text) {
        return ASSAY_OK;
    }
    char choices[ASSAY_TEXT_CHOICES];
    assay_text_choices(choices, text, words, (size_t)n);
    return assay_yaml_fail(path, assay_yaml_get(map, key), err, "%s is '%s'%s%s", key, text,
                           choices[0] == ';' ? "" : ", which is not known", choices);
}

assay_status assay_plan_read_compare(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    static const char *const known[] = {"adjust", "margin",    "equivalence",
                                        "rope",   "per_class", "exact"};
    static const char *const words[] = {"none",           "bonferroni", "sidak", "holm",
                                        "holm_sidak",     "hochberg",   "bh",    "by",
                                        "fixed_sequence", "max_t"};
    const assay_yaml *map = assay_yaml_get(root, "compare");
    assay_plan_compare *c = &r->plan->compare;
    int adjust = -1;

    *c = (assay_plan_compare){
        .adjust = ASSAY_ADJUST_HOLM, .margin = NAN, .equivalence = NAN, .rope = NAN};
    if (!map) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "compare", r->path, err));
    ASSAY_TRY(assay_yaml_check_keys(map, known, ASSAY_COUNT(known), "compare", r->path, err));
    ASSAY_TRY(read_word(&adjust, map, "adjust", words, (int)ASSAY_COUNT(words), r->path, err));
    if (adjust >= 0 && !assay_adjustment_find(&c->adjust, words[adjust])) {
        return assay_fail(err, ASSAY_EINTERNAL, "no method is called '%s'", words[adjust]);
    }
    ASSAY_TRY(assay_yaml_real(&c->margin, map, "margin", 0.0, 1e300, r->path, err));
    ASSAY_TRY(assay_yaml_real(&c->equivalence, map, "equivalence", 1e-300, 1e300, r->path, err));
    ASSAY_TRY(assay_yaml_real(&c->rope, map, "rope", 1e-300, 1e300, r->path, err));
    ASSAY_TRY(assay_yaml_bool(&c->per_class, map, "per_class", r->path, err));
    return assay_yaml_bool(&c->exact, map, "exact", r->path, err);
}

static assay_status read_family(assay_plan_family *family, const assay_plan_reader *r,
                                const char *name, const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {"logic", "adjust", "alpha"};
    int logic = 0;
    int adjust = -1;

    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "a family", r->path, err));
    family->name = name;
    family->mark = (assay_mark){node->line, node->column};
    family->alpha = 0.05;
    ASSAY_TRY(read_word(&logic, node, "logic", logics, (int)ASSAY_COUNT(logics), r->path, err));
    ASSAY_TRY(read_word(&adjust, node, "adjust", adjusts, (int)ASSAY_COUNT(adjusts), r->path, err));
    ASSAY_TRY(assay_yaml_real(&family->alpha, node, "alpha", 1e-9, 0.5, r->path, err));
    if (logic == 0) {
        return assay_yaml_fail(r->path, node, err,
                               "family '%s' needs 'logic': all_must_pass (every requirement at its "
                               "full confidence) or any_fail_is_found (a failure anywhere counts, "
                               "corrected for having looked often)",
                               name);
    }
    if (logic == ASSAY_FAMILY_ALL_MUST_PASS && (adjust > 0 || assay_yaml_get(node, "alpha"))) {
        return assay_yaml_fail(r->path, node, err,
                               "family '%s': where all must pass, each requirement is judged at "
                               "its full confidence, and nothing is adjusted: leave out 'adjust' "
                               "and 'alpha'",
                               name);
    }
    family->logic = (assay_family_logic)logic;
    family->adjust = logic == ASSAY_FAMILY_ALL_MUST_PASS ? ASSAY_ADJUST_NONE : ASSAY_ADJUST_HOLM;
    if (adjust >= 0 && !assay_adjustment_find(&family->adjust, adjusts[adjust])) {
        return assay_fail(err, ASSAY_EINTERNAL, "no method is called '%s'", adjusts[adjust]);
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_families(assay_plan_reader *r, const assay_yaml *root,
                                      assay_error *err)
{
    const assay_yaml *map = assay_yaml_get(root, "families");
    assay_plan *plan = r->plan;

    if (!map) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "families", r->path, err));
    plan->families = assay_arena_alloc(r->arena, (size_t)map->n + 1, sizeof *plan->families);
    if (!plan->families) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < map->n; i++) {
        ASSAY_TRY(assay_yaml_expect(map->values[i], ASSAY_YAML_MAP, map->keys[i], r->path, err));
        ASSAY_TRY(read_family(&plan->families[i], r, map->keys[i], map->values[i], err));
        plan->n_families = i + 1;
    }
    return ASSAY_OK;
}

static assay_status find_family(const assay_plan_reader *r, assay_plan_requirement *q,
                                const assay_yaml *node, assay_error *err)
{
    const char *name = NULL;
    const char *names[64];
    size_t n = 0;

    ASSAY_TRY(assay_yaml_text(&name, node, "family", r->path, err));
    for (int32_t i = 0; name && i < r->plan->n_families; i++) {
        if (strcmp(r->plan->families[i].name, name) == 0) {
            q->family = i;
            return ASSAY_OK;
        }
        if (n < ASSAY_COUNT(names)) {
            names[n++] = r->plan->families[i].name;
        }
    }
    if (!name) {
        return ASSAY_OK;
    }
    char choices[ASSAY_TEXT_CHOICES];
    assay_text_choices(choices, name, names, n);
    return assay_yaml_fail(r->path, assay_yaml_get(node, "family"), err,
                           "there is no family '%s'%s; families stand under 'families:'", name,
                           choices);
}

/** A list of requirements' ids as indices. */
static assay_status find_requirements(const int32_t **out, int32_t *n, const assay_plan_reader *r,
                                      const assay_yaml *node, const char *key, assay_error *err)
{
    const char *const *ids = NULL;
    const char *names[256];
    const assay_plan *plan = r->plan;

    ASSAY_TRY(assay_yaml_texts(&ids, n, node, key, r->path, r->arena, err));
    if (!ids) {
        *n = 0;
        return ASSAY_OK;
    }
    int32_t *found = assay_arena_alloc(r->arena, (size_t)*n + 1, sizeof *found);
    if (!found) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < *n; i++) {
        int32_t k = 0;
        while (k < plan->n_requirements && strcmp(plan->requirements[k].id, ids[i]) != 0) {
            k++;
        }
        if (k == plan->n_requirements) {
            size_t known = 0;
            while (known < (size_t)k && known < ASSAY_COUNT(names)) {
                names[known] = plan->requirements[known].id;
                known++;
            }
            char choices[ASSAY_TEXT_CHOICES];
            assay_text_choices(choices, ids[i], names, known);
            return assay_yaml_fail(r->path, assay_yaml_get(node, key), err,
                                   "%s: there is no requirement '%s'%s", key, ids[i], choices);
        }
        found[i] = k;
    }
    *out = found;
    return ASSAY_OK;
}

static assay_status read_tree(const assay_plan_reader *r, assay_plan_requirement *q,
                              const assay_yaml *node, assay_error *err)
{
    const assay_yaml *all = assay_yaml_get(node, "all_of");
    const assay_yaml *any = assay_yaml_get(node, "any_of");
    const char *key = all ? "all_of" : "any_of";

    if (!all && !any) {
        return ASSAY_OK;
    }
    if (all && any) {
        return assay_yaml_fail(r->path, node, err,
                               "requirement '%s' has all_of and any_of: make two of it, one of "
                               "which is part of the other",
                               q->id);
    }
    q->tree = all ? ASSAY_TREE_ALL : ASSAY_TREE_ANY;
    return find_requirements(&q->parts, &q->n_parts, r, node, key, err);
}

/** What a requirement waits for: its gates, then its parts. */
static int32_t dependency(const assay_plan_requirement *q, int32_t i)
{
    return i < q->n_gate ? q->gate[i] : q->parts[i - q->n_gate];
}

/** Depth first without recursion: `next` remembers where each requirement on the path stands. */
static assay_status sort(assay_plan_reader *r, const assay_yaml *list, assay_error *err)
{
    assay_plan *plan = r->plan;
    size_t n = (size_t)plan->n_requirements + 1;
    int32_t *next = assay_arena_alloc(r->arena, n, sizeof *next);
    int32_t *path = assay_arena_alloc(r->arena, n, sizeof *path);
    char *state = assay_arena_alloc(r->arena, n, 1); /* 0 new, 1 on the path, 2 done */
    int32_t done = 0;

    plan->order = assay_arena_alloc(r->arena, n, sizeof *plan->order);
    if (!plan->order || !next || !path || !state) {
        return assay_fail_memory(err);
    }
    for (int32_t start = 0; start < plan->n_requirements; start++) {
        int32_t depth = 0;
        if (state[start] == 0) {
            path[depth++] = start;
            state[start] = 1;
        }
        while (depth > 0) {
            int32_t at = path[depth - 1];
            const assay_plan_requirement *q = &plan->requirements[at];
            if (next[at] == q->n_gate + q->n_parts) {
                state[at] = 2;
                plan->order[done++] = at;
                depth--;
                continue;
            }
            int32_t other = dependency(q, next[at]++);
            if (other == at) {
                return assay_yaml_fail(r->path, list->values[at], err,
                                       "requirement '%s' waits for itself: take its own id out of "
                                       "gate, all_of or any_of",
                                       q->id);
            }
            if (state[other] == 1) {
                return assay_yaml_fail(r->path, list->values[at], err,
                                       "requirements '%s' and '%s' wait for each other: gate, "
                                       "all_of and any_of may not form a circle",
                                       q->id, plan->requirements[other].id);
            }
            if (state[other] == 0) {
                state[other] = 1;
                path[depth++] = other;
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_links(assay_plan_reader *r, const assay_yaml *list, assay_error *err)
{
    for (int32_t i = 0; i < r->plan->n_requirements; i++) {
        assay_plan_requirement *q = &r->plan->requirements[i];
        const assay_yaml *node = list->values[i];
        ASSAY_TRY(find_family(r, q, node, err));
        ASSAY_TRY(find_requirements(&q->gate, &q->n_gate, r, node, "gate", err));
        ASSAY_TRY(read_tree(r, q, node, err));
    }
    return sort(r, list, err);
}
