/* What a run has left about its images, for verdicts on its evidence. */
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/run_boxes.h"
#include "base/alloc.h"
#include "base/text.h"

assay_status assay_run_find_noted(const char **out, const assay_run *run, const char *const *notes,
                                  assay_error *err)
{
    assay_arena *arena = run->arena;
    const char *folder = assay_path_join(arena, run->out, "predictions");
    const char **names = NULL;
    int64_t n = 0;
    *out = NULL;
    if (folder == NULL || assay_file_kind(folder) != 2) {
        return folder != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    ASSAY_TRY(assay_folder_list(&names, &n, folder, arena, err));
    for (int64_t i = 0; i < n && *out == NULL; i++) {
        const char *path =
            assay_text_ends(names[i], ".parquet") ? assay_path_join(arena, folder, names[i]) : NULL;
        bool all = path != NULL;
        for (int k = 0; all && notes[k] != NULL; k += 2) {
            all = assay_duckdb_has_note(path, notes[k], notes[k + 1]);
        }
        *out = all ? path : NULL;
    }
    return ASSAY_OK;
}

assay_status assay_run_boxes_recall_images(assay_run *run, int32_t d, const char *digest,
                                           assay_error *err)
{
    assay_run_truth *t = &run->boxes->truth[d];
    const char *name = run->plan->data[d].name;
    const char *const notes[] = {"assay.images", digest, NULL};
    const char *path = NULL;
    ASSAY_TRY(assay_run_find_noted(&path, run, notes, err));
    if (path == NULL) {
        return ASSAY_OK;
    }
    assay_dataset *data = assay_alloc(1, sizeof *data);
    if (data == NULL) {
        return assay_fail_memory(err);
    }
    data->name = name;
    run->data[d] = data;
    ASSAY_TRY(assay_duckdb_read_table(&data->metadata, path, err));
    data->n = data->metadata->rows;
    const assay_column *row = assay_table_find(data->metadata, ASSAY_RUN_ROW);
    for (int64_t i = 0; i < data->n; i++) {
        if (row == NULL || row->type != ASSAY_COLUMN_INT || row->ints[i] < 0 ||
            row->ints[i] >= t->truth->n_images) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "%s: the table of images does not belong to the truth", path);
        }
    }
    t->row = row != NULL ? row->ints : NULL;
    return ASSAY_OK;
}
