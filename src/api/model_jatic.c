#include "api/model_jatic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/json_value.h"
#include "ops/op_table.h"

enum { MOST_CLASSES = 1 << 20, MOST_BYTES = 16 << 20 };

typedef struct reading {
    assay_model_spec *spec;
    const char *path;
    assay_arena *arena;
    assay_error *err;
} reading;

static assay_status refuse(const reading *r, const char *what)
{
    return assay_fail(r->err, ASSAY_EFORMAT, "%s: %s", r->path, what);
}

/* index2label as a list, or as an object with the keys "0", "1", ... */
static assay_status read_labels(const reading *r, const assay_json_value *labels, bool background)
{
    size_t n = assay_json_size(labels);
    size_t skip = 0;
    const char **names = assay_arena_alloc(r->arena, n + 1, sizeof *names);
    if (names == NULL) {
        return assay_fail_memory(r->err);
    }
    if (n < 1 || n > MOST_CLASSES) {
        return refuse(r, "index2label is missing or empty: it names the classes");
    }
    for (size_t i = 0; i < n; i++) {
        char key[24];
        (void)snprintf(key, sizeof key, "%zu", i);
        const assay_json_value *value =
            assay_json_is_array(labels) ? assay_json_at(labels, i) : assay_json_get(labels, key);
        const char *name = assay_json_as_text(value, NULL);
        if (name == NULL) {
            return assay_fail(r->err, ASSAY_EFORMAT, "%s: index2label has no text for class %zu",
                              r->path, i);
        }
        if (i == 0 && background && strcmp(name, "background") == 0) {
            skip = 1;
            continue;
        }
        names[i - skip] = assay_arena_strdup(r->arena, name);
        if (names[i - skip] == NULL) {
            return assay_fail_memory(r->err);
        }
    }
    if (n == skip) {
        return refuse(r, "index2label names nothing but the background");
    }
    r->spec->class_names = names;
    r->spec->classes = (int32_t)(n - skip);
    return ASSAY_OK;
}

static assay_status read_input(const reading *r, const assay_json_value *io)
{
    assay_model_spec *spec = r->spec;
    const assay_json_value *input = assay_json_get(io, "input");
    const char *channels = assay_json_get_text(input, "channels", "RGB");
    int64_t height = assay_json_get_int(input, "height", -1);
    int64_t width = assay_json_get_int(input, "width", -1);
    int64_t batch = assay_json_get_int(io, "batchSize", -1);
    bool grey = strcmp(channels, "GRAYSCALE") == 0;
    if (!grey && strcmp(channels, "RGB") != 0) {
        return assay_fail(r->err, ASSAY_EFORMAT,
                          "%s: io.input.channels is '%s', expected RGB or GRAYSCALE", r->path,
                          channels);
    }
    if (height < 1 || height > 65535 || width < 1 || width > 65535) {
        return refuse(r, "io.input.height and width must be given: images of many sizes are "
                         "resized to them");
    }
    spec->input = "image";
    spec->batch = batch > 0 && batch <= 65536 ? batch : 0;
    spec->preprocess.color = grey ? ASSAY_COLOR_GREY : ASSAY_COLOR_RGB;
    spec->preprocess.layout = ASSAY_LAYOUT_NCHW;
    spec->preprocess.n_steps = 1;
    spec->preprocess.steps[0] = (assay_step){.kind = ASSAY_STEP_RESIZE,
                                             .width = (int32_t)width,
                                             .height = (int32_t)height,
                                             .mode = ASSAY_RESIZE_OPENCV_LINEAR};
    return ASSAY_OK;
}

static assay_status read_detector(const reading *r, const assay_json_value *labels)
{
    const assay_op *op = NULL;
    assay_args *args = NULL;
    assay_detector_spec *d = &r->spec->detector;
    const assay_json_value *first =
        assay_json_is_array(labels) ? assay_json_at(labels, 0) : assay_json_get(labels, "0");
    bool background = assay_text_equal(assay_json_as_text(first, ""), "background");
    ASSAY_TRY(assay_registry_get(&op, assay_ops(), ASSAY_OP_DECODER, "decoded", r->err));
    ASSAY_TRY(assay_args_new(&args, op, r->err));
    assay_status status = assay_args_set(args, "normalised", "true", r->err);
    if (status == ASSAY_OK && background) {
        status = assay_args_set(args, "background", "first", r->err);
    }
    if (status == ASSAY_OK) {
        status = assay_args_copy_into(&d->decoder, r->arena, args, r->err);
    }
    assay_args_free(args);
    d->nms.kind = ASSAY_NMS_NONE;
    d->has_confidence = true;
    d->max_detections = 1000000;
    return status;
}

static assay_status read_root(const reading *r, const assay_json_value *root)
{
    const assay_json_value *interface = assay_json_get(root, "interface");
    const assay_json_value *io = assay_json_get(root, "io");
    const assay_json_value *labels = assay_json_get(root, "index2label");
    const char *task = assay_json_get_text(io, "interface", "");
    if (strcmp(assay_json_get_text(interface, "name", ""), "JATIC_ONNX") != 0 ||
        strcmp(assay_json_get_text(interface, "version", ""), "v1") != 0) {
        return refuse(r, "the interface is not JATIC_ONNX v1");
    }
    ASSAY_TRY(read_input(r, io));
    if (strcmp(task, "IMAGE_OBJECT_DETECTION") == 0) {
        ASSAY_TRY(read_labels(r, labels, true));
        return read_detector(r, labels);
    }
    if (strcmp(task, "IMAGE_CLASSIFICATION") == 0) {
        r->spec->output = "scores";
        r->spec->scores = ASSAY_SCORES_PROBABILITIES;
        return read_labels(r, labels, false);
    }
    return assay_fail(r->err, ASSAY_EUNSUPPORTED,
                      "%s: io.interface is '%s', expected IMAGE_CLASSIFICATION or "
                      "IMAGE_OBJECT_DETECTION",
                      r->path, task);
}

assay_status assay_jatic_spec(assay_model_spec *spec, const char *text, size_t size,
                              const char *path, assay_arena *arena, assay_error *err)
{
    assay_json_doc *doc = NULL;
    const reading r = {.spec = spec, .path = path, .arena = arena, .err = err};
    assay_status status = assay_json_parse(&doc, text, size, MOST_BYTES, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
        return status;
    }
    status = read_root(&r, assay_json_root(doc));
    assay_json_doc_free(doc);
    return status;
}
