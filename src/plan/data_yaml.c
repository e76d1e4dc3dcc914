#include "plan/data_yaml.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "plan/yaml_tree.h"

enum { MOST_NAMES = 1 << 20, MOST_KEYPOINTS = 256 };

static assay_status read_names(assay_data_yaml *out, const assay_yaml *node, const char *path,
                               assay_arena *arena, assay_error *err)
{
    int64_t most = 0;
    if (node->kind != ASSAY_YAML_LIST && node->kind != ASSAY_YAML_MAP) {
        return assay_yaml_fail(path, node, err,
                               "names must be a list of class names, or 'number: name' lines");
    }
    for (int32_t i = 0; i < node->n; i++) {
        int64_t index = i;
        if (node->kind == ASSAY_YAML_MAP &&
            (!assay_text_to_i64(&index, node->keys[i]) || index < 0 || index >= MOST_NAMES)) {
            return assay_yaml_fail(path, node->values[i], err,
                                   "the class number '%s' under names, expected 0 to %d",
                                   node->keys[i], MOST_NAMES - 1);
        }
        if (node->values[i]->kind != ASSAY_YAML_SCALAR) {
            return assay_yaml_fail(path, node->values[i], err, "a class name must be one text");
        }
        most = index + 1 > most ? index + 1 : most;
    }
    out->names = assay_arena_alloc(arena, (size_t)most + 1, sizeof *out->names);
    if (out->names == NULL) {
        return assay_fail_memory(err);
    }
    out->n_names = most;
    for (int64_t i = 0; i < most; i++) {
        out->names[i] = "";
    }
    for (int32_t i = 0; i < node->n; i++) {
        int64_t index = i;
        if (node->kind == ASSAY_YAML_MAP) {
            (void)assay_text_to_i64(&index, node->keys[i]);
        }
        out->names[index] = node->values[i]->text;
    }
    return ASSAY_OK;
}

/* kpt_shape: [17, 3] */
static assay_status read_keypoints(assay_data_yaml *out, const assay_yaml *node, const char *path,
                                   assay_error *err)
{
    int64_t shape[2] = {0, 0};
    bool good = node->kind == ASSAY_YAML_LIST && node->n == 2;
    for (int i = 0; i < 2 && good; i++) {
        good = node->values[i]->kind == ASSAY_YAML_SCALAR &&
               assay_text_to_i64(&shape[i], node->values[i]->text);
    }
    if (!good || shape[0] < 1 || shape[0] > MOST_KEYPOINTS || shape[1] < 2 || shape[1] > 3) {
        return assay_yaml_fail(path, node, err,
                               "kpt_shape must be [keypoints, 2 or 3], with 1 to %d keypoints",
                               MOST_KEYPOINTS);
    }
    out->keypoints = (int32_t)shape[0];
    out->keypoint_numbers = (int32_t)shape[1];
    return ASSAY_OK;
}

static assay_status read(assay_data_yaml *out, const assay_yaml *root, const char *path,
                         const char *split, assay_arena *arena, assay_error *err)
{
    static const char *const splits[] = {"val", "test", "train"};
    const assay_yaml *names = assay_yaml_get(root, "names");
    if (names == NULL) {
        return assay_yaml_fail(path, root, err, "there is no 'names': the names of the classes");
    }
    ASSAY_TRY(read_names(out, names, path, arena, err));
    if (assay_yaml_get(root, "kpt_shape") != NULL) {
        ASSAY_TRY(read_keypoints(out, assay_yaml_get(root, "kpt_shape"), path, err));
    }
    ASSAY_TRY(assay_yaml_text(&out->path, root, "path", path, err));
    out->split = split;
    for (size_t i = 0; out->split == NULL && i < ASSAY_COUNT(splits); i++) {
        const assay_yaml *node = assay_yaml_get(root, splits[i]);
        bool empty = node == NULL || (node->kind == ASSAY_YAML_SCALAR &&
                                      (node->text[0] == '\0' || strcmp(node->text, "null") == 0 ||
                                       strcmp(node->text, "~") == 0));
        out->split = empty ? NULL : splits[i];
    }
    if (out->split == NULL) {
        return ASSAY_OK;
    }
    if (assay_yaml_get(root, out->split) == NULL) {
        return assay_yaml_fail(path, root, err, "there is no split '%s'", out->split);
    }
    return assay_yaml_texts(&out->images, &out->n_images, root, out->split, path, arena, err);
}

assay_status assay_data_yaml_read(assay_data_yaml *out, const char *bytes, size_t size,
                                  const char *path, const char *split, assay_arena *arena,
                                  assay_error *err)
{
    assay_yaml *root = NULL;
    *out = (assay_data_yaml){0};
    assay_status status = assay_yaml_parse(&root, bytes, size, path, arena, err);
    if (status == ASSAY_OK) {
        status = read(out, root, path, split, arena, err);
    }
    if (status == ASSAY_EINVAL) { /* a file of the user's data, not a plan */
        status = ASSAY_EFORMAT;
        if (err != NULL) {
            err->code = status;
        }
    }
    return status;
}
