#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/onnx_source.h"
#include "base/alloc.h"

static bool leaves_folder(const char *location)
{
    return location[0] == '/' || strncmp(location, "../", 3) == 0 ||
           strstr(location, "/../") != NULL || strcmp(location, "..") == 0;
}

static assay_status make_room(assay_onnx_source *self, assay_error *err)
{
    if (self->n < self->capacity) {
        return ASSAY_OK;
    }
    size_t more = self->capacity > 0 ? (size_t)self->capacity * 2 : 8;
    const char **names = assay_arena_alloc(self->arena, more, sizeof *names);
    uint8_t **files = assay_arena_alloc(self->arena, more, sizeof *files);
    size_t *sizes = assay_arena_alloc(self->arena, more, sizeof *sizes);
    if (names == NULL || files == NULL || sizes == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < self->n; i++) {
        names[i] = self->names[i];
        files[i] = self->files[i];
        sizes[i] = self->sizes[i];
    }
    self->names = names;
    self->files = files;
    self->sizes = sizes;
    self->capacity = (int32_t)more;
    return ASSAY_OK;
}

static assay_status open_beside(void *payload, const uint8_t **bytes, size_t *size,
                                const char *location, assay_error *err)
{
    assay_onnx_source *self = payload;
    for (int32_t i = 0; i < self->n; i++) {
        if (strcmp(self->names[i], location) == 0) {
            *bytes = self->files[i];
            *size = self->sizes[i];
            return ASSAY_OK;
        }
    }
    if (leaves_folder(location)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "its weights are said to be in %.200s, outside of the model's folder",
                          location);
    }
    ASSAY_TRY(make_room(self, err));
    const char *path = assay_path_join(self->arena, self->folder, location);
    char *name = assay_arena_strdup(self->arena, location);
    if (path == NULL || name == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_file_read(&self->files[self->n], &self->sizes[self->n], path, 0, err));
    self->names[self->n] = name;
    *bytes = self->files[self->n];
    *size = self->sizes[self->n];
    self->n++;
    return ASSAY_OK;
}

assay_status assay_onnx_source_open(assay_onnx_source *self, const char *path, assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    *self = (assay_onnx_source){0};
    ASSAY_TRY(assay_arena_new(&self->arena, 0, err));
    self->folder = assay_path_folder(self->arena, path);
    assay_status status = self->folder == NULL ? assay_fail_memory(err) : ASSAY_OK;
    if (status == ASSAY_OK) {
        status = assay_file_read(&bytes, &size, path, (size_t)1 << 31, err);
    }
    if (status == ASSAY_OK) {
        status = assay_onnx_read(&self->graph, bytes, size, open_beside, self, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s", path);
        }
    }
    assay_free(bytes);
    if (status != ASSAY_OK) {
        assay_onnx_source_close(self);
    }
    return status;
}

void assay_onnx_source_close(assay_onnx_source *self)
{
    assay_onnx_graph_free(self->graph);
    for (int32_t i = 0; i < self->n; i++) {
        assay_free(self->files[i]);
    }
    assay_arena_free(self->arena);
    *self = (assay_onnx_source){0};
}
