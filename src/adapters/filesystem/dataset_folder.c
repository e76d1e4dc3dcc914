#include <string.h>
#include <sys/stat.h>

#include "adapters/filesystem/dataset_draft.h"
#include "adapters/filesystem/file.h"

enum { DEEPEST = 32 };

/* The folders from the class folder down to this one: a link back to one of them has no end. */
typedef struct ancestor {
    const struct ancestor *above;
    dev_t device;
    ino_t number;
} ancestor;

typedef struct walk {
    assay_dataset_draft *draft;
    const char *target; /* class folder; NULL = no classes */
} walk;

static assay_status add_file(walk *w, const char *path, const char *relative, assay_error *err)
{
    assay_dataset_draft *draft = w->draft;
    const char *id = assay_draft_text(draft, relative, err);
    if (id == NULL) {
        return ASSAY_ENOMEM;
    }
    ASSAY_TRY(assay_draft_add(draft, id, path, draft->n, err));
    return w->target != NULL ? assay_draft_target(draft, w->target, err) : ASSAY_OK;
}

static assay_status enter_folder(ancestor *self, const ancestor *above, const char *path,
                                 assay_error *err)
{
    struct stat info;
    int depth = 0;
    if (stat(path, &info) != 0) {
        return assay_fail_errno(err, ASSAY_EIO, "cannot look at the folder %s", path);
    }
    *self = (ancestor){.above = above, .device = info.st_dev, .number = info.st_ino};
    for (; above != NULL; above = above->above) {
        if (above->device == self->device && above->number == self->number) {
            return assay_fail(err, ASSAY_EFORMAT, "%s is a link to a folder that contains it",
                              path);
        }
        if (++depth > DEEPEST) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: folders are nested more than %d deep", path,
                              (int)DEEPEST);
        }
    }
    return ASSAY_OK;
}

static assay_status walk_folder(walk *w, const char *path, const char *relative,
                                const ancestor *above, assay_error *err)
{
    const char **names = NULL;
    int64_t n = 0;
    ancestor self = {0};
    ASSAY_TRY(enter_folder(&self, above, path, err));
    ASSAY_TRY(assay_folder_list(&names, &n, path, w->draft->arena, err));
    for (int64_t i = 0; i < n; i++) {
        const char *below = assay_path_join(w->draft->arena, path, names[i]);
        const char *name = assay_path_join(w->draft->arena, relative, names[i]);
        if (below == NULL || name == NULL) {
            return assay_fail_memory(err);
        }
        if (names[i][0] == '.') {
            w->draft->ignored++;
        } else if (assay_file_kind(below) == 2) {
            ASSAY_TRY(walk_folder(w, below, name, &self, err));
        } else {
            ASSAY_TRY(add_file(w, below, name, err));
        }
    }
    return ASSAY_OK;
}

/* Every class folder is a class, also one without images. */
static assay_status read_class(assay_dataset_draft *draft, const char *name, assay_error *err)
{
    const char *path = assay_path_join(draft->arena, draft->path, name);
    const char *class_name = path != NULL ? assay_draft_text(draft, name, err) : NULL;
    if (class_name == NULL) {
        return assay_fail_memory(err);
    }
    int32_t code = -1;
    ASSAY_TRY(assay_classes_index(&code, &draft->classes, class_name, strlen(class_name), err));
    int64_t before = draft->n;
    walk w = {.draft = draft, .target = class_name};
    ASSAY_TRY(walk_folder(&w, path, name, NULL, err));
    if (draft->n == before) {
        assay_log_write(draft->options->log, ASSAY_LOG_WARNING,
                        "%s: the class folder \"%s\" holds no images", draft->name, class_name);
    }
    return ASSAY_OK;
}

assay_status assay_draft_read_folder(assay_dataset_draft *draft, assay_error *err)
{
    const char **names = NULL;
    int64_t n = 0;
    ASSAY_TRY(assay_folder_list(&names, &n, draft->path, draft->arena, err));
    int64_t folders = 0;
    int64_t files = 0;
    for (int64_t i = 0; i < n; i++) {
        const char *path = assay_path_join(draft->arena, draft->path, names[i]);
        if (path == NULL) {
            return assay_fail_memory(err);
        }
        int folder = names[i][0] != '.' && assay_file_kind(path) == 2;
        folders += folder;
        files += !folder && names[i][0] != '.';
    }
    if (folders == 0) {
        walk w = {.draft = draft};
        return walk_folder(&w, draft->path, "", NULL, err);
    }
    draft->has_targets = 1;
    draft->ignored += files;
    for (int64_t i = 0; i < n; i++) {
        const char *path = assay_path_join(draft->arena, draft->path, names[i]);
        if (path == NULL) {
            return assay_fail_memory(err);
        }
        if (names[i][0] == '.') {
            draft->ignored++;
        } else if (assay_file_kind(path) == 2) {
            ASSAY_TRY(read_class(draft, names[i], err));
        }
    }
    return ASSAY_OK;
}
