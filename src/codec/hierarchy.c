#include "codec/hierarchy.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/text_index.h"
#include "codec/json_value.h"

enum { MOST_BYTES = 1 << 26, MOST_NODES = 1 << 20, MOST_PAIRS = 1 << 22, MOST_DEPTH = 1024 };

struct assay_hierarchy {
    char **names;
    int64_t n, room;
    assay_text_index *index;
    int64_t *first; /* per class, and one more: its first in `broader` */
    int64_t *broader;
};

/* One level of the walk: an object's Subcategory, and which of its elements comes next. */
typedef struct level {
    const assay_json_value *children;
    size_t next;
    int64_t node;
} level;

typedef struct walk {
    assay_hierarchy *h;
    level levels[MOST_DEPTH];
    int depth;
    int64_t *pairs; /* class << 20 | broader class */
    int64_t n, room;
} walk;

static assay_status enter(int64_t *node, assay_hierarchy *h, const char *name, assay_error *err)
{
    const char *const *names = (const char *const *)h->names;
    size_t size = strlen(name);
    *node = assay_text_index_find(h->index, names, name, size);
    if (*node >= 0) {
        return ASSAY_OK;
    }
    if (h->n == MOST_NODES) {
        return assay_fail(err, ASSAY_ELIMIT, "more than %d classes", MOST_NODES);
    }
    if (h->n == h->room) {
        int64_t more = 2 * h->room + 64;
        char **grown =
            assay_realloc(h->names, (size_t)h->room * sizeof *grown, (size_t)more, sizeof *grown);
        if (grown == NULL) {
            return assay_fail_memory(err);
        }
        h->names = grown;
        h->room = more;
    }
    char *copy = assay_alloc_raw(size + 1, 1);
    if (copy == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(copy, name, size + 1);
    *node = h->n;
    h->names[h->n++] = copy;
    int64_t found = -1;
    return assay_text_index_put(&found, h->index, (const char *const *)h->names, *node, err);
}

/* The class is narrower than all that are open above it. */
static assay_status pair_up(walk *w, int64_t node, assay_error *err)
{
    for (int i = 1; i < w->depth; i++) {
        if (w->levels[i].node == node) {
            continue;
        }
        if (w->n == MOST_PAIRS) {
            return assay_fail(err, ASSAY_ELIMIT, "more than %d pairs of a class and a broader one",
                              MOST_PAIRS);
        }
        if (w->n == w->room) {
            int64_t more = 2 * w->room + 256;
            int64_t *grown = assay_realloc(w->pairs, (size_t)w->room * sizeof *grown, (size_t)more,
                                           sizeof *grown);
            if (grown == NULL) {
                return assay_fail_memory(err);
            }
            w->pairs = grown;
            w->room = more;
        }
        w->pairs[w->n++] = node * MOST_NODES + w->levels[i].node;
    }
    return ASSAY_OK;
}

static assay_status open_level(walk *w, const assay_json_value *object, int64_t node,
                               assay_error *err)
{
    const assay_json_value *children = assay_json_get(object, "Subcategory");
    if (!assay_json_is_null(children) && !assay_json_is_array(children)) {
        return assay_fail(err, ASSAY_EFORMAT, "Subcategory is no list");
    }
    if (w->depth == MOST_DEPTH) {
        return assay_fail(err, ASSAY_ELIMIT, "more than %d levels", MOST_DEPTH);
    }
    w->levels[w->depth++] = (level){.children = children, .node = node};
    return ASSAY_OK;
}

static assay_status walk_tree(walk *w, const assay_json_value *root, assay_error *err)
{
    if (!assay_json_is_object(root) || !assay_json_is_array(assay_json_get(root, "Subcategory"))) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "expected a hierarchy of classes: {\"LabelName\": ..., \"Subcategory\": "
                          "[{\"LabelName\": ...}, ...]}");
    }
    ASSAY_TRY(open_level(w, root, -1, err));
    while (w->depth > 0) {
        level *l = &w->levels[w->depth - 1];
        if (l->next == assay_json_size(l->children)) {
            w->depth--;
            continue;
        }
        const assay_json_value *child = assay_json_at(l->children, l->next++);
        const char *name = assay_json_get_text(child, "LabelName", NULL);
        int64_t node = -1;
        if (name == NULL || name[0] == '\0') {
            return assay_fail(err, ASSAY_EFORMAT, "a class without LabelName, below '%s'",
                              l->node >= 0 ? w->h->names[l->node] : "the outermost object");
        }
        ASSAY_TRY(enter(&node, w->h, name, err));
        ASSAY_TRY(pair_up(w, node, err));
        ASSAY_TRY(open_level(w, child, node, err));
    }
    return ASSAY_OK;
}

/* The pairs in order, each once. */
static assay_status settle(walk *w, assay_error *err)
{
    assay_hierarchy *h = w->h;
    int64_t *order = assay_alloc_raw((size_t)w->n, sizeof *order);
    h->first = assay_alloc((size_t)h->n + 1, sizeof *h->first);
    h->broader = assay_alloc_raw((size_t)w->n, sizeof *h->broader);
    assay_status status = order != NULL && h->first != NULL && h->broader != NULL
                              ? assay_sort_order_i64(order, w->pairs, w->n, err)
                              : assay_fail_memory(err);
    int64_t n = 0;
    for (int64_t i = 0; status == ASSAY_OK && i < w->n; i++) {
        int64_t pair = w->pairs[order[i]];
        if (i > 0 && pair == w->pairs[order[i - 1]]) {
            continue;
        }
        h->first[pair / MOST_NODES + 1]++;
        h->broader[n++] = pair % MOST_NODES;
    }
    for (int64_t i = 0; status == ASSAY_OK && i < h->n; i++) {
        h->first[i + 1] += h->first[i];
    }
    assay_free(order);
    return status;
}

assay_status assay_hierarchy_read(assay_hierarchy **out, const char *text, size_t size,
                                  assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_json_doc *doc = NULL;
    walk *w = assay_alloc(1, sizeof *w);
    assay_hierarchy *h = assay_alloc(1, sizeof *h);
    *out = NULL;
    if (w == NULL || h == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    w->h = h;
    ASSAY_GOTO(assay_json_parse(&doc, text, size, MOST_BYTES, err), done);
    ASSAY_GOTO(assay_text_index_new(&h->index, 0, err), done);
    ASSAY_GOTO(walk_tree(w, assay_json_root(doc), err), done);
    ASSAY_GOTO(settle(w, err), done);
    *out = h;
    h = NULL;
done:
    if (w != NULL) {
        assay_free(w->pairs);
    }
    assay_free(w);
    assay_hierarchy_free(h);
    assay_json_doc_free(doc);
    return status;
}

void assay_hierarchy_free(assay_hierarchy *h)
{
    if (h == NULL) {
        return;
    }
    for (int64_t i = 0; i < h->n; i++) {
        assay_free(h->names[i]);
    }
    assay_free(h->names);
    assay_text_index_free(h->index);
    assay_free(h->first);
    assay_free(h->broader);
    assay_free(h);
}

int64_t assay_hierarchy_size(const assay_hierarchy *h)
{
    return h->n;
}

int64_t assay_hierarchy_find(const assay_hierarchy *h, const char *name)
{
    return assay_text_index_find(h->index, (const char *const *)h->names, name, strlen(name));
}

const int64_t *assay_hierarchy_broader(int64_t *n, const assay_hierarchy *h, int64_t node)
{
    *n = h->first[node + 1] - h->first[node];
    return h->broader + h->first[node];
}
