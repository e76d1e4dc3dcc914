#include <string.h>

#include "base/text.h"
#include "plan/plan_read.h"

static const char *const color_names[] = {NULL, "rgb", "bgr", "grey"};
static const char *const layout_names[] = {NULL, "nchw", "nhwc"};

static assay_status read_size(int32_t *out, const assay_yaml *map, const char *key, int64_t low,
                              bool required, const char *path, assay_error *err)
{
    int64_t value = *out;

    if (required && !assay_yaml_get(map, key)) {
        return assay_yaml_fail(path, map, err, "%s is missing here", key);
    }
    ASSAY_TRY(assay_yaml_int(&value, map, key, low, 65535, path, err));
    *out = (int32_t)value;
    return ASSAY_OK;
}

static assay_status read_mode(assay_step *step, const assay_yaml *map, assay_resize_mode otherwise,
                              const char *path, assay_error *err)
{
    const char *text = NULL;
    const char *names[ASSAY_RESIZE_MODES];

    step->mode = otherwise;
    ASSAY_TRY(assay_yaml_text(&text, map, "mode", path, err));
    if (!text || assay_resize_mode_parse(&step->mode, text)) {
        return ASSAY_OK;
    }
    for (int i = 0; i < ASSAY_RESIZE_MODES; i++) {
        names[i] = assay_resize_mode_name((assay_resize_mode)i);
    }
    const char *nearest = assay_text_nearest(text, names, ASSAY_RESIZE_MODES);
    return assay_yaml_fail(path, assay_yaml_get(map, "mode"), err,
                           "there is no resampling '%s'; did you mean '%s'? (pillow_nearest, box, "
                           "bilinear, hamming, bicubic, lanczos; opencv_nearest, linear, area, "
                           "cubic)",
                           text, nearest ? nearest : "pillow_bilinear");
}

/** Which keys a step takes: bits of the table below. */
enum { SIZE = 1, EXTENT = 2, ORIGIN = 4, MODE = 8, FILL = 16, THRESHOLD = 32 };

static const struct {
    const char *name;
    assay_step_kind kind;
    int keys;
} step_table[] = {
    {"resize", ASSAY_STEP_RESIZE, EXTENT | MODE},
    {"resize_short", ASSAY_STEP_RESIZE_SHORT, SIZE | MODE},
    {"letterbox", ASSAY_STEP_LETTERBOX, EXTENT | MODE | FILL},
    {"center_crop", ASSAY_STEP_CENTER_CROP, EXTENT | FILL},
    {"crop", ASSAY_STEP_CROP, EXTENT | ORIGIN},
    {"pad", ASSAY_STEP_PAD, EXTENT | FILL},
    {"fit_content", ASSAY_STEP_FIT_CONTENT, SIZE | MODE | THRESHOLD},
    {"center_mass", ASSAY_STEP_CENTER_MASS, EXTENT | FILL},
};

static assay_status read_step_keys(assay_step *step, const assay_yaml *map, const char *name,
                                   int keys, const char *path, assay_error *err)
{
    const char *known[8];
    size_t n = 0;

    if (keys & SIZE) {
        known[n++] = "size";
    }
    if (keys & EXTENT) {
        known[n++] = "width";
        known[n++] = "height";
    }
    if (keys & ORIGIN) {
        known[n++] = "left";
        known[n++] = "top";
    }
    if (keys & MODE) {
        known[n++] = "mode";
    }
    if (keys & FILL) {
        known[n++] = "fill";
    }
    if (keys & THRESHOLD) {
        known[n++] = "threshold";
    }
    ASSAY_TRY(assay_yaml_check_keys(map, known, n, name, path, err));
    if (keys & SIZE) {
        ASSAY_TRY(read_size(&step->size, map, "size", 1, true, path, err));
    }
    if (keys & EXTENT) {
        ASSAY_TRY(read_size(&step->width, map, "width", 1, true, path, err));
        ASSAY_TRY(read_size(&step->height, map, "height", 1, true, path, err));
    }
    if (keys & ORIGIN) {
        ASSAY_TRY(read_size(&step->left, map, "left", 0, true, path, err));
        ASSAY_TRY(read_size(&step->top, map, "top", 0, true, path, err));
    }
    if (keys & MODE) {
        assay_resize_mode otherwise = step->kind == ASSAY_STEP_LETTERBOX
                                          ? ASSAY_RESIZE_OPENCV_LINEAR
                                          : ASSAY_RESIZE_PILLOW_BILINEAR;
        ASSAY_TRY(read_mode(step, map, otherwise, path, err));
    }
    ASSAY_TRY(assay_yaml_real(&step->fill, map, "fill", 0.0, 255.0, path, err));
    return assay_yaml_real(&step->threshold, map, "threshold", 0.0, 255.0, path, err);
}

static assay_status read_step(assay_step *step, const assay_yaml *node, const char *path,
                              assay_error *err)
{
    const char *names[ASSAY_COUNT(step_table)];

    ASSAY_TRY(assay_yaml_expect(node, ASSAY_YAML_MAP, "a step", path, err));
    if (node->n != 1) {
        return assay_yaml_fail(path, node, err,
                               "a step is one name with its keys, as in '- resize: {width: 28, "
                               "height: 28}'");
    }
    for (size_t i = 0; i < ASSAY_COUNT(step_table); i++) {
        names[i] = step_table[i].name;
        if (strcmp(step_table[i].name, node->keys[0]) == 0) {
            step->kind = step_table[i].kind;
            return read_step_keys(step, node->values[0], step_table[i].name, step_table[i].keys,
                                  path, err);
        }
    }
    return assay_yaml_check_keys(node, names, ASSAY_COUNT(names), "steps", path, err);
}

static assay_status read_channels(double out[3], const assay_yaml *map, const char *key,
                                  bool positive, const char *path, assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);

    if (!node) {
        return ASSAY_OK;
    }
    int32_t n = node->kind == ASSAY_YAML_LIST ? node->n : 1;
    if (node->kind == ASSAY_YAML_MAP || (n != 1 && n != 3)) {
        return assay_yaml_fail(path, node, err, "%s must be one number or a list of three", key);
    }
    for (int32_t i = 0; i < 3; i++) {
        const assay_yaml *item =
            node->kind == ASSAY_YAML_LIST ? node->values[n == 1 ? 0 : i] : node;
        ASSAY_TRY(assay_yaml_number(&out[i], item, key, path, err));
        if (positive && !(out[i] > 0.0)) {
            return assay_yaml_fail(path, item, err, "%s must be greater than 0", key);
        }
    }
    return ASSAY_OK;
}

static assay_status read_input(assay_model_spec *spec, const assay_yaml *map, const char *path,
                               assay_error *err)
{
    static const char *const known[] = {"name",  "color", "invert", "width", "height",
                                        "steps", "scale", "mean",   "std",   "layout"};
    assay_preprocess *p = &spec->preprocess;
    int color = (int)p->color;
    int layout = (int)p->layout;

    ASSAY_TRY(assay_yaml_check_keys(map, known, ASSAY_COUNT(known), "input", path, err));
    ASSAY_TRY(assay_yaml_text(&spec->input, map, "name", path, err));
    ASSAY_TRY(
        assay_yaml_choice(&color, map, "color", color_names, ASSAY_COUNT(color_names), path, err));
    ASSAY_TRY(assay_yaml_choice(&layout, map, "layout", layout_names, ASSAY_COUNT(layout_names),
                                path, err));
    p->color = (assay_color)color;
    p->layout = (assay_layout)layout;
    ASSAY_TRY(assay_yaml_bool(&p->invert, map, "invert", path, err));
    ASSAY_TRY(read_size(&spec->width, map, "width", 1, false, path, err));
    ASSAY_TRY(read_size(&spec->height, map, "height", 1, false, path, err));
    if (assay_yaml_get(map, "scale")) {
        ASSAY_TRY(assay_yaml_number(&p->scale, assay_yaml_get(map, "scale"), "scale", path, err));
    }
    ASSAY_TRY(read_channels(p->mean, map, "mean", false, path, err));
    ASSAY_TRY(read_channels(p->std, map, "std", true, path, err));
    const assay_yaml *steps = assay_yaml_get(map, "steps");
    if (steps) {
        ASSAY_TRY(assay_yaml_expect(steps, ASSAY_YAML_LIST, "steps", path, err));
        if (steps->n > ASSAY_STEPS) {
            return assay_yaml_fail(path, steps, err, "%d steps; the limit is %d", steps->n,
                                   ASSAY_STEPS);
        }
        for (p->n_steps = 0; p->n_steps < steps->n; p->n_steps++) {
            ASSAY_TRY(read_step(&p->steps[p->n_steps], steps->values[p->n_steps], path, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_spec(assay_model_spec *spec, const assay_yaml *map,
                                  const assay_plan_reader *r, const char *folder, assay_error *err)
{
    const char *path = r->path;
    assay_arena *arena = r->arena;
    const char *file = NULL;
    const assay_yaml *input = assay_yaml_get(map, "input");
    const assay_yaml *output = assay_yaml_get(map, "output");

    ASSAY_TRY(assay_yaml_text(&file, map, "file", path, err));
    if (file) {
        spec->path = assay_plan_resolve(arena, folder, file);
    }
    ASSAY_TRY(assay_yaml_texts(&spec->command, NULL, map, "command", path, arena, err));
    ASSAY_TRY(
        assay_yaml_texts(&spec->class_names, &spec->classes, map, "classes", path, arena, err));
    ASSAY_TRY(assay_yaml_int(&spec->batch, map, "batch", 1, 65536, path, err));
    ASSAY_TRY(assay_yaml_real(&spec->timeout, map, "timeout", 0.001, 86400.0, path, err));
    if (input) {
        ASSAY_TRY(read_input(spec, input, path, err));
    }
    if (output) {
        ASSAY_TRY(assay_plan_read_output(spec, output, r, folder, err));
    }
    return ASSAY_OK;
}

assay_status assay_model_spec_parse(assay_model_spec *spec, const char *bytes, size_t size,
                                    const char *path, const assay_registry *registry,
                                    assay_arena *arena, assay_error *err)
{
    static const char *const known[] = {"assay", "title",  "file",  "command", "classes",
                                        "input", "output", "batch", "timeout"};
    assay_yaml *root = NULL;
    int64_t version = 1;

    ASSAY_TRY(assay_yaml_parse(&root, bytes, size, path, arena, err));
    ASSAY_TRY(assay_yaml_check_keys(root, known, ASSAY_COUNT(known), "the model's description",
                                    path, err));
    ASSAY_TRY(assay_yaml_int(&version, root, "assay", 1, 1, path, err));
    const assay_plan_reader reader = {.registry = registry, .path = path, .arena = arena};
    return assay_plan_read_spec(spec, root, &reader, assay_plan_folder(arena, path), err);
}

/** What the scores of a predictions file are, as --score-kind of `assay evaluate`. */
static assay_status read_score_kind(assay_plan_model *model, const assay_plan_reader *r,
                                    const assay_yaml *node, bool given, assay_error *err)
{
    static const char *const kinds[] = {"", "auto", "probabilities", "any"};
    int kind = 1;

    ASSAY_TRY(
        assay_yaml_choice(&kind, node, "score_kind", kinds, ASSAY_COUNT(kinds), r->path, err));
    const assay_yaml *value = assay_yaml_get(node, "score_kind");
    if (value && !given) {
        return assay_yaml_fail(
            r->path, value, err,
            "score_kind says what the scores of a predictions file are; the model "
            "'%s' has none (output: scores says it of a network)",
            model->name);
    }
    model->score_kind = (assay_score_kind)(kind - 1);
    return ASSAY_OK;
}

static assay_status read_model(assay_plan_reader *r, assay_plan_model *model,
                               const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {
        "title",         "file",         "command",   "predictions",   "data",
        "target_column", "label_column", "id_column", "score_columns", "score_kind",
        "classes",       "input",        "output",    "batch",         "timeout"};
    const char *predictions = NULL;

    ASSAY_TRY(assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "a model", r->path, err));
    model->mark = (assay_mark){node->line, node->column};
    model->title = model->name;
    assay_preprocess_init(&model->spec.preprocess);
    ASSAY_TRY(assay_yaml_text(&model->title, node, "title", r->path, err));
    ASSAY_TRY(assay_yaml_text(&predictions, node, "predictions", r->path, err));
    model->data = -1;
    ASSAY_TRY(assay_yaml_text(&model->target_column, node, "target_column", r->path, err));
    ASSAY_TRY(assay_yaml_text(&model->label_column, node, "label_column", r->path, err));
    ASSAY_TRY(assay_yaml_text(&model->id_column, node, "id_column", r->path, err));
    ASSAY_TRY(assay_yaml_texts(&model->score_columns, NULL, node, "score_columns", r->path,
                               r->arena, err));
    ASSAY_TRY(read_score_kind(model, r, node, predictions != NULL, err));
    ASSAY_TRY(assay_plan_read_spec(&model->spec, node, r, r->plan->folder, err));
    model->has_input = assay_yaml_get(node, "input") != NULL;
    if (predictions) {
        model->predictions = assay_plan_resolve(r->arena, r->plan->folder, predictions);
    }
    int sources =
        (model->spec.path != NULL) + (model->spec.command != NULL) + (predictions != NULL);
    if (sources != 1) {
        return assay_yaml_fail(r->path, node, err,
                               "the model '%s' needs exactly one of: file (ONNX), command, "
                               "predictions; here are %d",
                               model->name, sources);
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_models(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    const assay_yaml *map = assay_yaml_get(root, "models");

    if (!map) {
        return assay_yaml_fail(r->path, root, err,
                               "the plan names no model; add 'models:' with at least one");
    }
    ASSAY_TRY(assay_yaml_expect(map, ASSAY_YAML_MAP, "models", r->path, err));
    r->plan->models = assay_arena_alloc(r->arena, (size_t)map->n + 1, sizeof *r->plan->models);
    if (!r->plan->models) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < map->n; i++) {
        r->plan->models[i].name = map->keys[i];
        ASSAY_TRY(read_model(r, &r->plan->models[i], map->values[i], err));
        r->plan->n_models = i + 1;
    }
    if (map->n == 0) {
        return assay_yaml_fail(r->path, map, err, "'models' is empty; the plan needs a model");
    }
    return ASSAY_OK;
}
