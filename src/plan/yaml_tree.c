#include "plan/yaml_tree.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"

enum { MAX_DEPTH = 32, MAX_NODES = 200000, MAX_BYTES = 16 << 20 };

typedef struct builder {
    yaml_parser_t parser;
    const char *path;
    assay_arena *arena;
    int32_t nodes;
} builder;

static assay_status fail_mark(const builder *b, yaml_mark_t mark, assay_error *err,
                              const char *problem)
{
    return assay_fail(err, ASSAY_EINVAL, "%s:%zu:%zu: %s", b->path, mark.line + 1, mark.column + 1,
                      problem);
}

static assay_status next(builder *b, yaml_event_t *event, assay_error *err)
{
    if (yaml_parser_parse(&b->parser, event)) {
        return ASSAY_OK;
    }
    const char *problem = b->parser.problem ? b->parser.problem : "this is not YAML";
    yaml_mark_t mark = b->parser.problem_mark;
    if (b->parser.error == YAML_MEMORY_ERROR) {
        return assay_fail_memory(err);
    }
    if (b->parser.error == YAML_READER_ERROR) {
        return assay_fail(err, ASSAY_EINVAL, "%s: byte %zu: %s; a plan is UTF-8 text", b->path,
                          b->parser.problem_offset, problem);
    }
    if (strstr(problem, "cannot start any token")) {
        return fail_mark(b, mark, err,
                         "a character that YAML does not allow here; indent with spaces, not tabs");
    }
    return assay_fail(err, ASSAY_EINVAL, "%s:%zu:%zu: %s%s%s", b->path, mark.line + 1,
                      mark.column + 1, problem, b->parser.context ? " " : "",
                      b->parser.context ? b->parser.context : "");
}

static assay_status new_node(builder *b, assay_yaml **out, assay_yaml_kind kind, yaml_mark_t mark,
                             assay_error *err)
{
    if (++b->nodes > MAX_NODES) {
        return fail_mark(b, mark, err, "the file has too many entries (the limit is 200000)");
    }
    assay_yaml *node = assay_arena_alloc(b->arena, 1, sizeof *node);
    if (!node) {
        return assay_fail_memory(err);
    }
    node->kind = kind;
    node->line = (int32_t)mark.line + 1;
    node->column = (int32_t)mark.column + 1;
    *out = node;
    return ASSAY_OK;
}

/** Room for one more member; capacity is the next power of two, so it needs no field. */
static bool grow(builder *b, assay_yaml *node)
{
    int32_t n = node->n;
    if (n != 0 && (n < 4 || (n & (n - 1)) != 0)) {
        return true;
    }
    size_t capacity = n == 0 ? 4 : (size_t)n * 2;
    assay_yaml **values = assay_arena_alloc(b->arena, capacity, sizeof *values);
    const char **keys = assay_arena_alloc(b->arena, capacity, sizeof *keys);
    int32_t *lines = assay_arena_alloc(b->arena, capacity, sizeof *lines);
    int32_t *columns = assay_arena_alloc(b->arena, capacity, sizeof *columns);
    if (!values || !keys || !lines || !columns) {
        return false;
    }
    if (n > 0) {
        memcpy(values, node->values, (size_t)n * sizeof *values);
        memcpy(keys, node->keys, (size_t)n * sizeof *keys);
        memcpy(lines, node->key_lines, (size_t)n * sizeof *lines);
        memcpy(columns, node->key_columns, (size_t)n * sizeof *columns);
    }
    node->values = values;
    node->keys = keys;
    node->key_lines = lines;
    node->key_columns = columns;
    return true;
}

static assay_status build(builder *b, assay_yaml **out, yaml_event_t *event, int depth,
                          assay_error *err);

static assay_status build_scalar(builder *b, assay_yaml **out, const yaml_event_t *event,
                                 assay_error *err)
{
    ASSAY_TRY(new_node(b, out, ASSAY_YAML_SCALAR, event->start_mark, err));
    if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
        return fail_mark(b, event->start_mark, err, "a text may not hold a zero byte");
    }
    (*out)->text = assay_arena_strdup(b->arena, (const char *)event->data.scalar.value);
    (*out)->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return (*out)->text ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status build_list(builder *b, assay_yaml **out, yaml_mark_t mark, int depth,
                               assay_error *err)
{
    ASSAY_TRY(new_node(b, out, ASSAY_YAML_LIST, mark, err));
    for (;;) {
        yaml_event_t event;
        assay_yaml *value = NULL;
        ASSAY_TRY(next(b, &event, err));
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return ASSAY_OK;
        }
        assay_status status = build(b, &value, &event, depth + 1, err);
        yaml_event_delete(&event);
        ASSAY_TRY(status);
        if (!grow(b, *out)) {
            return assay_fail_memory(err);
        }
        (*out)->values[(*out)->n++] = value;
    }
}

static assay_status add_key(builder *b, assay_yaml *map, const yaml_event_t *event,
                            assay_error *err)
{
    if (event->type != YAML_SCALAR_EVENT) {
        return fail_mark(b, event->start_mark, err, "a key must be a plain word");
    }
    const char *key = (const char *)event->data.scalar.value;
    for (int32_t i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i], key) == 0) {
            return assay_fail(err, ASSAY_EINVAL,
                              "%s:%zu:%zu: the key '%s' is given twice, first on line %d; keep one",
                              b->path, event->start_mark.line + 1, event->start_mark.column + 1,
                              key, map->key_lines[i]);
        }
    }
    if (!grow(b, map)) {
        return assay_fail_memory(err);
    }
    map->keys[map->n] = assay_arena_strdup(b->arena, key);
    map->key_lines[map->n] = (int32_t)event->start_mark.line + 1;
    map->key_columns[map->n] = (int32_t)event->start_mark.column + 1;
    return map->keys[map->n] ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status build_map(builder *b, assay_yaml **out, yaml_mark_t mark, int depth,
                              assay_error *err)
{
    ASSAY_TRY(new_node(b, out, ASSAY_YAML_MAP, mark, err));
    for (;;) {
        yaml_event_t event;
        assay_yaml *value = NULL;
        ASSAY_TRY(next(b, &event, err));
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return ASSAY_OK;
        }
        assay_status status = add_key(b, *out, &event, err);
        yaml_event_delete(&event);
        ASSAY_TRY(status);
        ASSAY_TRY(next(b, &event, err));
        status = build(b, &value, &event, depth + 1, err);
        yaml_event_delete(&event);
        ASSAY_TRY(status);
        (*out)->values[(*out)->n++] = value;
    }
}

static assay_status build(builder *b, assay_yaml **out, yaml_event_t *event, int depth,
                          assay_error *err)
{
    if (depth > MAX_DEPTH) {
        return fail_mark(b, event->start_mark, err, "nested too deeply (the limit is 32 levels)");
    }
    if ((event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor) ||
        (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.anchor) ||
        (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.anchor) ||
        event->type == YAML_ALIAS_EVENT) {
        return fail_mark(b, event->start_mark, err,
                         "anchors and aliases (& and *) are not allowed here; write it out, and "
                         "put a text that begins with * or & in quotes");
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return build_scalar(b, out, event, err);
    case YAML_SEQUENCE_START_EVENT:
        return build_list(b, out, event->start_mark, depth, err);
    case YAML_MAPPING_START_EVENT:
        return build_map(b, out, event->start_mark, depth, err);
    default:
        return fail_mark(b, event->start_mark, err, "unexpected content");
    }
}

static assay_status parse_document(builder *b, assay_yaml **out, assay_error *err)
{
    yaml_event_t event;

    do {
        ASSAY_TRY(next(b, &event, err));
        yaml_event_type_t type = event.type;
        if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT) {
            yaml_event_delete(&event);
            continue;
        }
        if (type == YAML_STREAM_END_EVENT) {
            yaml_mark_t mark = event.start_mark;
            yaml_event_delete(&event);
            return new_node(b, out, ASSAY_YAML_MAP, mark, err);
        }
        break;
    } while (true);
    assay_status status = build(b, out, &event, 0, err);
    yaml_event_delete(&event);
    ASSAY_TRY(status);
    ASSAY_TRY(next(b, &event, err)); /* document end */
    yaml_event_delete(&event);
    ASSAY_TRY(next(b, &event, err));
    yaml_event_type_t type = event.type;
    yaml_mark_t mark = event.start_mark;
    yaml_event_delete(&event);
    if (type != YAML_STREAM_END_EVENT) {
        return fail_mark(b, mark, err, "a second document begins here; keep one per file");
    }
    return ASSAY_OK;
}

assay_status assay_yaml_parse(assay_yaml **out, const char *bytes, size_t size, const char *path,
                              assay_arena *arena, assay_error *err)
{
    builder b = {.path = path, .arena = arena};

    *out = NULL;
    if (size > MAX_BYTES) {
        return assay_fail(err, ASSAY_ELIMIT, "%s: %zu bytes; the limit is 16 MiB", path, size);
    }
    if (!yaml_parser_initialize(&b.parser)) {
        return assay_fail_memory(err);
    }
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes, size);
    assay_yaml *root = NULL;
    assay_status status = parse_document(&b, &root, err);
    yaml_parser_delete(&b.parser);
    if (status == ASSAY_OK) {
        *out = root;
    }
    return status;
}

assay_status assay_yaml_choice(int *out, const assay_yaml *map, const char *key,
                               const char *const *names, size_t n, const char *path,
                               assay_error *err)
{
    const char *text = NULL;

    ASSAY_TRY(assay_yaml_text(&text, map, key, path, err));
    if (!text) {
        return ASSAY_OK;
    }
    for (size_t i = 1; i < n; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = (int)i;
            return ASSAY_OK;
        }
    }
    char list[160] = "";
    for (size_t i = 1, used = 0; i < n && used + 1 < sizeof list; i++) {
        const char *between = i == 1 ? "" : (i + 1 == n ? " or " : ", ");
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", between, names[i]);
    }
    const char *nearest = assay_text_nearest(text, names + 1, n - 1);
    return assay_yaml_fail(path, assay_yaml_get(map, key), err, "%s is '%s', expected %s%s%s%s",
                           key, text, list, nearest ? "; did you mean '" : "",
                           nearest ? nearest : "", nearest ? "'?" : "");
}
