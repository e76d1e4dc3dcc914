#include "codec/json_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/checked_int.h"

/* Jansson keeps members in a linked list, so that member i costs i steps; with the values laid out
 * in one block every access is direct, and a member is found by bisection. */
typedef struct json_member {
    const char *key;
    const assay_json_value *value;
} json_member;

struct assay_json_value {
    const json_t *node; /* texts and numbers stay in jansson's tree */
    size_t size;
    const assay_json_value *items; /* of an array or object, in document order */
    const char *const *keys;       /* of an object, in document order */
    const json_member *sorted;     /* of an object, by key */
};

struct assay_json_doc {
    json_t *tree;
    assay_json_value *values; /* [0] is the root */
    const char **keys;
    json_member *sorted;
    size_t used_values;
    size_t used_members;
};

static size_t children(const json_t *node)
{
    return json_is_array(node) ? json_array_size(node) : json_object_size(node);
}

/* Recursion is bounded by jansson's depth limit of 2048. */
static void count_nodes(const json_t *node, size_t *values, size_t *members)
{
    if (json_is_array(node)) {
        size_t size = json_array_size(node);
        *values += size;
        for (size_t i = 0; i < size; i++) {
            count_nodes(json_array_get(node, i), values, members);
        }
    } else if (json_is_object(node)) {
        *values += json_object_size(node);
        *members += json_object_size(node);
        json_t *object = (json_t *)(uintptr_t)node; /* iterating does not change it */
        for (void *at = json_object_iter(object); at != NULL;
             at = json_object_iter_next(object, at)) {
            count_nodes(json_object_iter_value(at), values, members);
        }
    }
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const json_member *)a)->key, ((const json_member *)b)->key);
}

static void lay_out(assay_json_doc *doc, assay_json_value *value, const json_t *node)
{
    size_t size = children(node);
    assay_json_value *items = doc->values + doc->used_values;
    value->node = node;
    value->size = size;
    value->items = items;
    doc->used_values += size;
    if (json_is_array(node)) {
        for (size_t i = 0; i < size; i++) {
            lay_out(doc, items + i, json_array_get(node, i));
        }
    } else if (size > 0) {
        const char **keys = doc->keys + doc->used_members;
        json_member *sorted = doc->sorted + doc->used_members;
        json_t *object = (json_t *)(uintptr_t)node;
        size_t i = 0;
        value->keys = keys;
        value->sorted = sorted;
        doc->used_members += size;
        for (void *at = json_object_iter(object); at != NULL;
             at = json_object_iter_next(object, at)) {
            keys[i] = json_object_iter_key(at);
            sorted[i] = (json_member){keys[i], items + i};
            lay_out(doc, items + i, json_object_iter_value(at));
            i++;
        }
        qsort(sorted, size, sizeof(*sorted), compare_members);
    }
}

static assay_status fail_syntax(const json_error_t *e, assay_error *err)
{
    switch (json_error_code(e)) {
    case json_error_out_of_memory:
        return assay_fail_memory(err);
    case json_error_stack_overflow:
        return assay_fail(err, ASSAY_ELIMIT,
                          "JSON: line %d, column %d: more than 2048 levels of brackets", e->line,
                          e->column);
    case json_error_numeric_overflow:
        return assay_fail(
            err, ASSAY_EFORMAT,
            "JSON: line %d, column %d: the number is too large (%s); integers have 64 "
            "bits, real numbers end at 1.8e308",
            e->line, e->column, e->text);
    case json_error_duplicate_key:
        return assay_fail(err, ASSAY_EFORMAT,
                          "JSON: line %d, column %d: the key stands twice in one object (%s)",
                          e->line, e->column, e->text);
    case json_error_null_character:
        return assay_fail(err, ASSAY_EFORMAT,
                          "JSON: line %d, column %d: a text or key contains \\u0000", e->line,
                          e->column);
    case json_error_premature_end_of_input:
        return assay_fail(err, ASSAY_EFORMAT,
                          "JSON: line %d, column %d: the text ends before the value is complete "
                          "(%s)",
                          e->line, e->column, e->text);
    default:
        break;
    }
    bool nan = strstr(e->text, "NaN") != NULL || strstr(e->text, "Infinity") != NULL;
    return assay_fail(err, ASSAY_EFORMAT, "JSON: line %d, column %d: %s%s", e->line, e->column,
                      e->text, nan ? " (JSON has neither NaN nor Infinity; write null)" : "");
}

assay_status assay_json_parse(assay_json_doc **out, const char *text, size_t size, size_t max_bytes,
                              assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_json_doc *doc = NULL;
    json_error_t syntax = {0};
    size_t limit = max_bytes != 0 ? max_bytes : (size_t)1 << 30;
    size_t values = 1;
    size_t members = 0;
    *out = NULL;
    if (size > limit) {
        return assay_fail(err, ASSAY_ELIMIT, "JSON: the text has %zu bytes, the limit is %zu", size,
                          limit);
    }
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    if (size == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "JSON: the text is empty");
    }
    doc = assay_alloc(1, sizeof(*doc));
    if (doc == NULL) {
        return assay_fail_memory(err);
    }
    doc->tree = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &syntax);
    if (doc->tree == NULL) {
        status = fail_syntax(&syntax, err);
        goto done;
    }
    count_nodes(doc->tree, &values, &members);
    doc->values = assay_alloc(values, sizeof(*doc->values));
    doc->keys = assay_alloc(members, sizeof(*doc->keys));
    doc->sorted = assay_alloc(members, sizeof(*doc->sorted));
    if (doc->values == NULL || doc->keys == NULL || doc->sorted == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    doc->used_values = 1;
    lay_out(doc, &doc->values[0], doc->tree);
    *out = doc;
    doc = NULL;
done:
    assay_json_doc_free(doc);
    return status;
}

const assay_json_value *assay_json_root(const assay_json_doc *doc)
{
    return doc != NULL ? &doc->values[0] : NULL;
}

void assay_json_doc_free(assay_json_doc *doc)
{
    if (doc != NULL) {
        json_decref(doc->tree);
        assay_free(doc->values);
        assay_free(doc->keys);
        assay_free(doc->sorted);
        assay_free(doc);
    }
}

const assay_json_value *assay_json_get(const assay_json_value *object, const char *key)
{
    if (!assay_json_is_object(object) || key == NULL || object->size == 0) {
        return NULL;
    }
    json_member wanted = {key, NULL};
    const json_member *found =
        bsearch(&wanted, object->sorted, object->size, sizeof(wanted), compare_members);
    return found != NULL ? found->value : NULL;
}

const assay_json_value *assay_json_at(const assay_json_value *array, size_t index)
{
    return assay_json_is_array(array) && index < array->size ? &array->items[index] : NULL;
}

size_t assay_json_size(const assay_json_value *value)
{
    return value != NULL ? value->size : 0;
}

const char *assay_json_member(const assay_json_value *object, size_t index,
                              const assay_json_value **value)
{
    bool there = assay_json_is_object(object) && index < object->size;
    if (value != NULL) {
        *value = there ? &object->items[index] : NULL;
    }
    return there ? object->keys[index] : NULL;
}

bool assay_json_is_object(const assay_json_value *value)
{
    return value != NULL && json_is_object(value->node);
}

bool assay_json_is_array(const assay_json_value *value)
{
    return value != NULL && json_is_array(value->node);
}

bool assay_json_is_number(const assay_json_value *value)
{
    return value != NULL && json_is_number(value->node);
}

bool assay_json_is_null(const assay_json_value *value)
{
    return value == NULL || json_is_null(value->node);
}

double assay_json_as_real(const assay_json_value *value, double otherwise)
{
    return assay_json_is_number(value) ? json_number_value(value->node) : otherwise;
}

int64_t assay_json_as_int(const assay_json_value *value, int64_t otherwise)
{
    if (value == NULL) {
        return otherwise;
    }
    if (json_is_integer(value->node)) {
        return (int64_t)json_integer_value(value->node);
    }
    if (json_is_real(value->node)) {
        double real = json_real_value(value->node);
        if (fabs(real) <= 9007199254740992.0 && trunc(real) == real) {
            return (int64_t)real;
        }
    }
    return otherwise;
}

const char *assay_json_as_text(const assay_json_value *value, const char *otherwise)
{
    return value != NULL && json_is_string(value->node) ? json_string_value(value->node)
                                                        : otherwise;
}

const char *assay_json_get_text(const assay_json_value *object, const char *key,
                                const char *otherwise)
{
    return assay_json_as_text(assay_json_get(object, key), otherwise);
}

double assay_json_get_real(const assay_json_value *object, const char *key, double otherwise)
{
    return assay_json_as_real(assay_json_get(object, key), otherwise);
}

int64_t assay_json_get_int(const assay_json_value *object, const char *key, int64_t otherwise)
{
    return assay_json_as_int(assay_json_get(object, key), otherwise);
}

bool assay_json_get_bool(const assay_json_value *object, const char *key, bool otherwise)
{
    const assay_json_value *value = assay_json_get(object, key);
    return value != NULL && json_is_boolean(value->node) ? json_is_true(value->node) : otherwise;
}
