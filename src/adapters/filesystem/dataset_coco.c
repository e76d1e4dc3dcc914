/* The images of a file of COCO annotations. Their numbers stand in the column image_id. */
#include <inttypes.h>

#include "adapters/filesystem/dataset_draft.h"
#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "codec/coco_read.h"

static assay_status add_images(assay_dataset_draft *draft, const assay_coco_truth *truth,
                               const char *root, assay_error *err)
{
    assay_column *column = NULL;
    ASSAY_TRY(assay_table_new(&draft->manifest, truth->n_images, 0, err));
    ASSAY_TRY(assay_table_add(&column, draft->manifest, "image_id", ASSAY_COLUMN_INT, err));
    for (int64_t i = 0; i < truth->n_images; i++) {
        const char *name = truth->image_file[i];
        if (name == NULL) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: image %" PRId64 " has no \"file_name\"",
                              draft->path, truth->image_id[i]);
        }
        column->ints[i] = truth->image_id[i];
        column->valid[i] = 1;
        const char *id = assay_arena_strdup(draft->arena, name);
        const char *path = name[0] == '/' ? id : assay_path_join(draft->arena, root, name);
        if (id == NULL || path == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_draft_add(draft, id, path, i, err));
    }
    return ASSAY_OK;
}

assay_status assay_draft_read_coco(assay_dataset_draft *draft, assay_error *err)
{
    const char *root = draft->options->root;
    assay_file_stream *stream = NULL;
    assay_coco_truth *truth = NULL;
    if (root == NULL) {
        root = assay_path_folder(draft->arena, draft->path);
    } else if (assay_file_kind(root) != 2) {
        return assay_fail(err, ASSAY_ENOTFOUND, "%s is not a folder (root of the images in %s)",
                          root, draft->path);
    }
    if (root == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_file_stream_open(&stream, draft->path, err));
    assay_status status = assay_coco_read_truth(&truth, assay_file_stream_read, stream, NULL, err);
    assay_file_stream_close(stream);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", draft->path);
    } else {
        status = add_images(draft, truth, root, err);
    }
    assay_coco_truth_free(truth);
    return status;
}
