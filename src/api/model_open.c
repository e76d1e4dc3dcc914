#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/onnx_model.h"
#include "adapters/process/command_model.h"
#include "api/model_jatic.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/text.h"
#include "ops/op_table.h"

/** digits.yaml beside digits.onnx, else model.yaml or model-metadata.json (JATIC_ONNX) in its folder;
 *  NULL when there is none of them. */
static const char *description_beside(const char *path, assay_arena *arena)
{
    size_t length = strlen(path);

    if (assay_text_ends_nocase(path, ".onnx")) {
        const char *same = assay_arena_printf(arena, "%.*s.yaml", (int)(length - 5), path);
        if (same && assay_file_kind(same) == 1) {
            return same;
        }
    }
    const char *folder = assay_path_folder(arena, path);
    static const char *const names[] = {"model.yaml", "model-metadata.json"};
    for (size_t i = 0; folder && i < ASSAY_COUNT(names); i++) {
        const char *other = assay_path_join(arena, folder, names[i]);
        if (other && assay_file_kind(other) == 1) {
            return other;
        }
    }
    return NULL;
}

static assay_status read_description(assay_model_spec *spec, const char *path, assay_arena *arena,
                                     assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;

    ASSAY_TRY(assay_file_read(&bytes, &size, path, (size_t)16 << 20, err));
    assay_status status = assay_text_ends_nocase(path, ".json")
                              ? assay_jatic_spec(spec, (const char *)bytes, size, path, arena, err)
                              : assay_model_spec_parse(spec, (const char *)bytes, size, path,
                                                       assay_ops(), arena, err);
    assay_free(bytes);
    return status;
}

/** What the plan says wins over what the description says. */
static void overlay(assay_model_spec *base, const assay_model_spec *top)
{
    base->path = top->path ? top->path : base->path;
    base->command = top->command ? top->command : base->command;
    base->timeout = top->timeout > 0.0 ? top->timeout : base->timeout;
    base->output = top->output ? top->output : base->output;
    base->scores = top->scores ? top->scores : base->scores;
    if (top->class_names) {
        base->class_names = top->class_names;
        base->classes = top->classes;
    }
    base->batch = top->batch ? top->batch : base->batch;
    if (top->detector.decoder) {
        base->detector = top->detector;
    }
}

static assay_status open_backend(assay_model **out, const assay_model_spec *spec, const char *name,
                                 assay_error *err)
{
    if (spec->command) {
        return assay_command_model_open(out, spec, name, err);
    }
    if (!spec->path) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s: the description names neither 'file' (ONNX) nor 'command'", name);
    }
    return assay_onnx_model_open(out, spec, name, err);
}

assay_status assay_model_open_spec(assay_model **out, const assay_model_spec *spec, int describe,
                                   const char *name, assay_arena *arena, assay_error *err)
{
    assay_model_spec whole = *spec;

    *out = NULL;
    if (describe && spec->path) {
        const char *beside = description_beside(spec->path, arena);
        if (beside) {
            memset(&whole, 0, sizeof whole);
            assay_preprocess_init(&whole.preprocess);
            ASSAY_TRY(read_description(&whole, beside, arena, err));
            overlay(&whole, spec);
        }
    }
    return open_backend(out, &whole, name, err);
}

assay_status assay_model_open_file(assay_model **out, const char *path, const char *name,
                                   assay_arena *arena, assay_error *err)
{
    assay_model_spec spec;

    *out = NULL;
    memset(&spec, 0, sizeof spec);
    assay_preprocess_init(&spec.preprocess);
    if (assay_text_ends_nocase(path, ".yaml") || assay_text_ends_nocase(path, ".yml")) {
        ASSAY_TRY(read_description(&spec, path, arena, err));
        return open_backend(out, &spec, name, err);
    }
    spec.path = path;
    return assay_model_open_spec(out, &spec, 1, name, arena, err);
}
