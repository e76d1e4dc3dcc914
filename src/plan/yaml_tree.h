/**
 * @file yaml_tree.h
 * YAML as a tree that remembers where everything stands. The subset that plans need: one document,
 * no anchors, no aliases, no tags; duplicate keys are refused. Hostile input is bounded by size,
 * depth and number of nodes.
 */
#ifndef ASSAY_PLAN_YAML_TREE_H
#define ASSAY_PLAN_YAML_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

typedef enum assay_yaml_kind {
    ASSAY_YAML_SCALAR = 1,
    ASSAY_YAML_LIST,
    ASSAY_YAML_MAP
} assay_yaml_kind;

typedef struct assay_yaml assay_yaml;

struct assay_yaml {
    assay_yaml_kind kind;
    int32_t line, column; /* 1-based */
    const char *text;     /* scalar's value */
    bool quoted;          /* scalar in quotes or a block: always a text */
    int32_t n;            /* list elements or map members */
    const char **keys;    /* map */
    int32_t *key_lines;
    int32_t *key_columns;
    assay_yaml **values; /* list and map */
};

/** Everything lives in the arena. Errors read "path:line:column: ...". An empty document is an
 *  empty map. */
ASSAY_NODISCARD assay_status assay_yaml_parse(assay_yaml **out, const char *bytes, size_t size,
                                              const char *path, assay_arena *arena,
                                              assay_error *err);

/** NULL when the key is not there. */
assay_yaml *assay_yaml_get(const assay_yaml *map, const char *key);

/** What people call the kind: "a text or number", "a list", "a group of keys". */
const char *assay_yaml_kind_name(assay_yaml_kind kind);

/* Typed reading. `path` is for messages, `what` names the key. */

/** Fails at a node: "path:line:column: message". Returns ASSAY_EINVAL. */
assay_status assay_yaml_fail(const char *path, const assay_yaml *node, assay_error *err,
                             const char *format, ...) ASSAY_PRINTF(4, 5);
/** Every key must be among `known` (n of them): an unknown one is refused with the nearest. */
ASSAY_NODISCARD assay_status assay_yaml_check_keys(const assay_yaml *map, const char *const *known,
                                                   size_t n, const char *what, const char *path,
                                                   assay_error *err);
ASSAY_NODISCARD assay_status assay_yaml_expect(const assay_yaml *node, assay_yaml_kind kind,
                                               const char *what, const char *path,
                                               assay_error *err);

/* The getters leave *out as it is when the key is absent. */
ASSAY_NODISCARD assay_status assay_yaml_text(const char **out, const assay_yaml *map,
                                             const char *key, const char *path, assay_error *err);
ASSAY_NODISCARD assay_status assay_yaml_real(double *out, const assay_yaml *map, const char *key,
                                             double low, double high, const char *path,
                                             assay_error *err);
ASSAY_NODISCARD assay_status assay_yaml_int(int64_t *out, const assay_yaml *map, const char *key,
                                            int64_t low, int64_t high, const char *path,
                                            assay_error *err);
ASSAY_NODISCARD assay_status assay_yaml_bool(bool *out, const assay_yaml *map, const char *key,
                                             const char *path, assay_error *err);
/** NULL-terminated list of texts; a single scalar counts as a list of one. */
ASSAY_NODISCARD assay_status assay_yaml_texts(const char *const **out, int32_t *n,
                                              const assay_yaml *map, const char *key,
                                              const char *path, assay_arena *arena,
                                              assay_error *err);
/** One of names[1..n-1] (names[0] is not looked at); *out unchanged when the key is absent. */
ASSAY_NODISCARD assay_status assay_yaml_choice(int *out, const assay_yaml *map, const char *key,
                                               const char *const *names, size_t n, const char *path,
                                               assay_error *err);
/** A number, or "a/b". */
ASSAY_NODISCARD assay_status assay_yaml_number(double *out, const assay_yaml *node,
                                               const char *what, const char *path,
                                               assay_error *err);

#endif
