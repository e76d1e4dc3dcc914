#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/dataset_draft.h"
#include "adapters/filesystem/file.h"
#include "base/text.h"

/* The column to use: the one that was asked for must be there, the usual one may be missing. */
static assay_status pick(const assay_column **out, assay_dataset_draft *draft, const char *wanted,
                         const char *const *usual, const char *what, int needed, assay_error *err)
{
    assay_table *table = draft->manifest;
    *out = assay_table_find(table, wanted);
    for (size_t i = 0; wanted == NULL && *out == NULL && usual[i] != NULL; i++) {
        *out = assay_table_find(table, usual[i]);
    }
    if (*out != NULL || (wanted == NULL && !needed)) {
        return ASSAY_OK;
    }
    const char *name = wanted != NULL ? wanted : usual[0];
    const char **names = assay_arena_alloc(draft->arena, (size_t)table->n_columns, sizeof *names);
    if (names == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < table->n_columns; i++) {
        names[i] = table->columns[i].name;
    }
    const char *nearest = assay_text_nearest(name, names, (size_t)table->n_columns);
    return assay_fail(
        err, ASSAY_EFORMAT, "%s: there is no column \"%s\" (%s)%s%s%s; the columns are: %s",
        draft->path, name, what, nearest != NULL ? "; did you mean \"" : "",
        nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "", assay_table_names(table));
}

static const char *text_at(const assay_column *column, int64_t row)
{
    return column != NULL && column->valid[row] ? column->texts[row] : NULL;
}

static assay_status add_row(assay_dataset_draft *draft, const assay_column *path,
                            const assay_column *id, const assay_column *target, const char *root,
                            int64_t row, assay_error *err)
{
    const char *file = text_at(path, row);
    const char *name = id != NULL ? text_at(id, row) : file;
    int no_name = name == NULL || name[0] == '\0';
    if (no_name) {
        name = assay_arena_printf(draft->arena, "row %" PRId64, row + 1);
    }
    const char *full = file != NULL ? assay_path_join(draft->arena, root, file) : "";
    if (name == NULL || full == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_draft_add(draft, name, full, row, err));
    if (file == NULL || file[0] == '\0') {
        return assay_draft_bad(draft, draft->n - 1, err, "the path is missing");
    }
    if (no_name) {
        return assay_draft_bad(draft, draft->n - 1, err, "the id is missing");
    }
    return target != NULL ? assay_draft_target(draft, text_at(target, row), err) : ASSAY_OK;
}

assay_status assay_draft_read_manifest(assay_dataset_draft *draft, assay_error *err)
{
    const assay_dataset_options *options = draft->options;
    static const char *const usual_target[] = {"target", "label", NULL};
    static const char *const usual_path[] = {"path", NULL};
    static const char *const usual_id[] = {"id", NULL};
    const char *texts[7] = {0};
    size_t n = 0;
    texts[n++] = options->path_column != NULL ? options->path_column : usual_path[0];
    texts[n++] = options->id_column != NULL ? options->id_column : usual_id[0];
    texts[n++] = options->target != NULL ? options->target : usual_target[0];
    if (options->target == NULL) {
        texts[n++] = usual_target[1];
    }
    draft->is_table_file = 1;
    ASSAY_TRY(assay_duckdb_read_table_as(&draft->manifest, draft->path, texts, err));
    const assay_column *path = NULL;
    const assay_column *id = NULL;
    const assay_column *target = NULL;
    ASSAY_TRY(pick(&path, draft, options->path_column, usual_path, "path of the image", 1, err));
    ASSAY_TRY(pick(&id, draft, options->id_column, usual_id, "id", 0, err));
    ASSAY_TRY(pick(&target, draft, options->target, usual_target, "class", 0, err));
    draft->has_targets = target != NULL;
    const char *root =
        options->root != NULL ? options->root : assay_path_folder(draft->arena, draft->path);
    if (root == NULL) {
        return assay_fail_memory(err);
    }
    if (options->root != NULL && assay_file_kind(root) != 2) {
        return assay_fail(err, ASSAY_ENOTFOUND, "%s is not a folder (root of the paths in %s)",
                          root, draft->path);
    }
    for (int64_t row = 0; row < draft->manifest->rows; row++) {
        ASSAY_TRY(add_row(draft, path, id, target, root, row, err));
    }
    return ASSAY_OK;
}
