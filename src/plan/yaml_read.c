#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "base/text.h"
#include "plan/yaml_tree.h"

assay_yaml *assay_yaml_get(const assay_yaml *map, const char *key)
{
    for (int32_t i = 0; map && map->kind == ASSAY_YAML_MAP && i < map->n; i++) {
        if (strcmp(map->keys[i], key) == 0) {
            return map->values[i];
        }
    }
    return NULL;
}

const char *assay_yaml_kind_name(assay_yaml_kind kind)
{
    switch (kind) {
    case ASSAY_YAML_SCALAR:
        return "one value";
    case ASSAY_YAML_LIST:
        return "a list";
    case ASSAY_YAML_MAP:
        return "a group of keys";
    }
    return "nothing";
}

assay_status assay_yaml_fail(const char *path, const assay_yaml *node, assay_error *err,
                             const char *format, ...)
{
    char message[768];
    va_list list;

    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    return assay_fail(err, ASSAY_EINVAL, "%s:%d:%d: %s", path, node->line, node->column, message);
}

assay_status assay_yaml_check_keys(const assay_yaml *map, const char *const *known, size_t n,
                                   const char *what, const char *path, assay_error *err)
{
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, what, path, err));
    for (int32_t i = 0; i < map->n; i++) {
        bool found = false;
        for (size_t k = 0; k < n && !found; k++) {
            found = strcmp(map->keys[i], known[k]) == 0;
        }
        if (found) {
            continue;
        }
        const char *nearest = assay_text_nearest(map->keys[i], known, n);
        if (nearest) {
            return assay_fail(err, ASSAY_EINVAL,
                              "%s:%d:%d: unknown key '%s' in %s; did you mean '%s'?", path,
                              map->key_lines[i], map->key_columns[i], map->keys[i], what, nearest);
        }
        char list[512] = "";
        size_t used = 0;
        for (size_t k = 0; k < n; k++) {
            int written =
                snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", known[k]);
            used += written > 0 ? (size_t)written : 0;
            if (used >= sizeof list) {
                break;
            }
        }
        return assay_fail(err, ASSAY_EINVAL, "%s:%d:%d: unknown key '%s' in %s; known are: %s",
                          path, map->key_lines[i], map->key_columns[i], map->keys[i], what, list);
    }
    return ASSAY_OK;
}

assay_status assay_yaml_expect(const assay_yaml *node, assay_yaml_kind kind, const char *what,
                               const char *path, assay_error *err)
{
    if (node->kind != kind) {
        return assay_yaml_fail(path, node, err, "%s must be %s, here is %s", what,
                               assay_yaml_kind_name(kind), assay_yaml_kind_name(node->kind));
    }
    return ASSAY_OK;
}

assay_status assay_yaml_text(const char **out, const assay_yaml *map, const char *key,
                             const char *path, assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);
    if (!node) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(node, ASSAY_YAML_SCALAR, key, path, err));
    if (!node->text[0]) {
        return assay_yaml_fail(path, node, err, "%s is empty; give it a value or remove the line",
                               key);
    }
    *out = node->text;
    return ASSAY_OK;
}

assay_status assay_yaml_number(double *out, const assay_yaml *node, const char *what,
                               const char *path, assay_error *err)
{
    char first[64];
    double denominator = 1.0;

    ASSAY_TRY(assay_yaml_expect(node, ASSAY_YAML_SCALAR, what, path, err));
    const char *slash = node->quoted ? NULL : strchr(node->text, '/');
    size_t length = slash ? (size_t)(slash - node->text) : strlen(node->text);
    if (!node->quoted && length < sizeof first) {
        memcpy(first, node->text, length);
        first[length] = '\0';
        if (assay_text_to_real(out, first) &&
            (!slash || (assay_text_to_real(&denominator, slash + 1) && denominator != 0.0))) {
            *out /= denominator;
            return ASSAY_OK;
        }
    }
    return assay_yaml_fail(path, node, err, "%s is '%s', expected a number", what, node->text);
}

assay_status assay_yaml_real(double *out, const assay_yaml *map, const char *key, double low,
                             double high, const char *path, assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);
    double value = 0.0;

    if (!node) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_number(&value, node, key, path, err));
    if (!(value >= low && value <= high)) {
        char low_text[32];
        char high_text[32];
        assay_format_real(low_text, low);
        assay_format_real(high_text, high);
        return assay_yaml_fail(path, node, err, "%s is %s, expected %s to %s", key, node->text,
                               low_text, high_text);
    }
    *out = value;
    return ASSAY_OK;
}

assay_status assay_yaml_int(int64_t *out, const assay_yaml *map, const char *key, int64_t low,
                            int64_t high, const char *path, assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);
    int64_t value = 0;

    if (!node) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(node, ASSAY_YAML_SCALAR, key, path, err));
    if (node->quoted || !assay_text_to_i64(&value, node->text) || value < low || value > high) {
        return assay_yaml_fail(path, node, err,
                               "%s is '%s', expected a whole number from %" PRId64 " to %" PRId64,
                               key, node->text, low, high);
    }
    *out = value;
    return ASSAY_OK;
}

assay_status assay_yaml_bool(bool *out, const assay_yaml *map, const char *key, const char *path,
                             assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);

    if (!node) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(node, ASSAY_YAML_SCALAR, key, path, err));
    if (!node->quoted && assay_text_equal(node->text, "true")) {
        *out = true;
    } else if (!node->quoted && assay_text_equal(node->text, "false")) {
        *out = false;
    } else {
        return assay_yaml_fail(path, node, err, "%s is '%s', expected true or false", key,
                               node->text);
    }
    return ASSAY_OK;
}

assay_status assay_yaml_texts(const char *const **out, int32_t *n, const assay_yaml *map,
                              const char *key, const char *path, assay_arena *arena,
                              assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);

    if (!node) {
        return ASSAY_OK;
    }
    if (node->kind == ASSAY_YAML_MAP) {
        return assay_yaml_fail(path, node, err, "%s must be a list, here is a group of keys", key);
    }
    int32_t count = node->kind == ASSAY_YAML_SCALAR ? 1 : node->n;
    const char **list = assay_arena_alloc(arena, (size_t)count + 1, sizeof *list);
    if (!list) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < count; i++) {
        const assay_yaml *item = node->kind == ASSAY_YAML_SCALAR ? node : node->values[i];
        ASSAY_TRY(assay_yaml_expect(item, ASSAY_YAML_SCALAR, key, path, err));
        list[i] = item->text;
    }
    if (count == 0) {
        return assay_yaml_fail(path, node, err, "%s is an empty list", key);
    }
    *out = list;
    if (n) {
        *n = count;
    }
    return ASSAY_OK;
}
