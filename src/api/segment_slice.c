#include "api/segment_slice.h"

#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/folder_walk.h"
#include "base/alloc.h"

static char *copy_of(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = assay_alloc_raw(n, 1);
    if (copy != NULL) {
        memcpy(copy, text, n);
    }
    return copy;
}

assay_status assay_segment_images_of(assay_coco_truth **out, const assay_segment_truth *truth,
                                     const char *const *names, assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t n = (size_t)truth->n;
    assay_coco_truth *t = assay_alloc(1, sizeof *t);
    *out = NULL;
    if (t == NULL) {
        return assay_fail_memory(err);
    }
    t->image_id = assay_alloc(n + 1, sizeof *t->image_id);
    t->image_file = assay_alloc(n + 1, sizeof *t->image_file);
    t->image_width = assay_alloc(n + 1, sizeof *t->image_width);
    t->image_height = assay_alloc(n + 1, sizeof *t->image_height);
    if (t->image_id == NULL || t->image_file == NULL || t->image_width == NULL ||
        t->image_height == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < truth->n; i++, t->n_images++) {
        const char *path = truth->file[i] != NULL
                               ? assay_path_join(truth->arena, truth->folder, truth->file[i])
                               : NULL;
        if (path == NULL) {
            status = truth->file[i] != NULL
                         ? assay_fail_memory(err)
                         : assay_fail(err, ASSAY_EFORMAT, "%s: an image has no \"file_name\"",
                                      truth->path);
            goto done;
        }
        ASSAY_GOTO(assay_image_file_size(&t->image_width[i], &t->image_height[i], path, err), done);
        t->image_id[i] = truth->segments != NULL ? truth->segments->image_id[i] : i + 1;
        t->image_file[i] = copy_of(names != NULL ? names[i] : truth->file[i]);
        if (t->image_file[i] == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    *out = t;
    t = NULL;
done:
    assay_coco_truth_free(t);
    return status;
}

assay_status assay_segment_select(assay_detection_selection *out, const assay_coco_truth *images,
                                  const assay_detection_choice *choice, assay_error *err)
{
    static const assay_coco_rows nothing = {0};
    assay_detection_choice own = *choice;
    own.images_only = true;
    return assay_detection_select(out, images, &nothing, &own, err);
}
