#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/onnxruntime/onnx_file.h"
#include "adapters/onnxruntime/onnx_model.h"
#include "base/alloc.h"
#include "onnx/scan.h"

enum { IMAGES = 5, SIDE = 4, CLASSES = 5 };

#define GOLDEN ASSAY_TEST_DATA "/golden/onnx/"

static assay_model_spec spec_of(char path[512], const char *name)
{
    assay_model_spec spec = {0};
    (void)snprintf(path, 512, GOLDEN "%s.onnx", name);
    spec.path = path;
    assay_preprocess_init(&spec.preprocess);
    return spec;
}

/* The oracle's images. */
static void make_image(assay_image *out, int i, int32_t side)
{
    assert_int_equal(assay_image_new(out, side, side, 3, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    for (int32_t y = 0; y < side; y++) {
        uint8_t *row = assay_image_row_mut(out, y);
        for (int32_t x = 0; x < side; x++) {
            for (int c = 0; c < 3; c++) {
                row[x * 3 + c] = (uint8_t)((37 * i + 11 * y + 5 * x + 101 * c) % 256);
            }
        }
    }
}

/* Scores (or labels, as numbers) of all images, in batches of the model. */
static void run_all(float *scores, assay_model *model)
{
    static const char *const ids[IMAGES] = {"a", "b", "c", "d", "e"};
    size_t datum = (size_t)(model->channels * model->height * model->width) *
                   assay_dtype_size(model->input_type);
    uint8_t *tensor = assay_alloc((size_t)model->spec.batch, datum);
    assert_non_null(tensor);
    for (int64_t first = 0; first < IMAGES; first += model->spec.batch) {
        int64_t n = IMAGES - first < model->spec.batch ? IMAGES - first : model->spec.batch;
        memset(tensor, 0, (size_t)model->spec.batch * datum);
        for (int64_t j = 0; j < n; j++) {
            assay_image image = {0};
            assay_error err = {0};
            make_image(&image, (int)(first + j), SIDE);
            assay_status status = assay_preprocess_run(
                tensor + (size_t)j * datum, model->input_type, model->channels, model->height,
                model->width, &image, &model->spec.preprocess, &err);
            assert_string_equal(err.message, "");
            assert_int_equal(status, ASSAY_OK);
            assay_image_dispose(&image);
        }
        assay_model_batch batch = {.n = n, .tensor = tensor, .ids = ids + first};
        int32_t labels[IMAGES] = {0};
        assay_error err = {0};
        bool is_labels = model->spec.scores == ASSAY_SCORES_LABELS;
        assay_status status = assay_model_run(
            model, is_labels ? NULL : scores + first * model->spec.classes, labels, &batch, &err);
        assert_string_equal(err.message, "");
        assert_int_equal(status, ASSAY_OK);
        for (int64_t j = 0; is_labels && j < n; j++) {
            scores[first + j] = (float)labels[j];
        }
    }
    assay_free(tensor);
}

static void to_probabilities(float *row, int32_t classes)
{
    double sum = 0.0;
    for (int32_t c = 0; c < classes; c++) {
        sum += exp((double)row[c]);
    }
    for (int32_t c = 0; c < classes; c++) {
        row[c] = (float)(exp((double)row[c]) / sum);
    }
}

static void check_answers(const char *name, const float *scores, int32_t width, double tolerance)
{
    FILE *file = fopen(GOLDEN "expected.txt", "r");
    assert_non_null(file);
    char model[64];
    int row = 0;
    int column = 0;
    double value = 0.0;
    int seen = 0;
    while (fscanf(file, "%63s %d %d %lf", model, &row, &column, &value) == 4) {
        if (strcmp(model, name) == 0) {
            assert_true(row < IMAGES && column < width);
            double difference = fabs((double)scores[row * width + column] - value);
            if (!(difference <= tolerance)) {
                fail_msg("%s image %d class %d: %.9g, expected %.9g", name, row, column,
                         (double)scores[row * width + column], value);
            }
            seen++;
        }
    }
    (void)fclose(file);
    assert_int_equal(seen, IMAGES * width);
}

static void open_and_check(const char *name, const assay_model_spec *spec, double tolerance)
{
    assay_model *model = NULL;
    assay_error err = {0};
    float scores[IMAGES * CLASSES] = {0};
    assay_status status = assay_onnx_model_open(&model, spec, name, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    run_all(scores, model);
    assert_int_equal(atomic_load(&model->queries), IMAGES);
    assert_int_equal(model->spec.classes, CLASSES);
    assert_string_equal(model->spec.class_names[4], "4");
    assert_int_equal(strlen(model->digest), ASSAY_DIGEST_HEX - 1);
    assert_int_equal(strncmp(model->backend_version, "onnxruntime 1.", 14), 0);
    for (int i = 0; model->spec.scores == ASSAY_SCORES_LOGITS && i < IMAGES; i++) {
        to_probabilities(scores + i * CLASSES, CLASSES);
    }
    check_answers(name, scores, model->spec.scores == ASSAY_SCORES_LABELS ? 1 : CLASSES, tolerance);
    assay_model_free(model);
}

static void test_types_and_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double tolerance;
        bool whole; /* takes whole numbers */
    } cases[] = {{"fixed_probabilities", 2e-6, false}, {"float16", 2e-3, false},
                 {"uint8_nhwc", 2e-6, true},           {"int64", 2e-6, true},
                 {"four_dimensions", 2e-6, false},     {"flat_grey", 2e-6, false}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        char path[512];
        assay_model_spec spec = spec_of(path, cases[i].name);
        spec.preprocess.scale = cases[i].whole ? 1.0 : 1.0 / 255.0;
        open_and_check(cases[i].name, &spec, cases[i].tolerance);
    }
}

static void test_declared(void **state)
{
    (void)state;
    char path[512];
    assay_model_spec spec = spec_of(path, "dynamic_logits");
    spec.scores = ASSAY_SCORES_LOGITS;
    for (int64_t batch = 0; batch <= 7; batch++) {
        spec.batch = batch;
        open_and_check("dynamic_logits", &spec, 2e-6);
    }
    spec = spec_of(path, "external");
    spec.scores = ASSAY_SCORES_LOGITS;
    open_and_check("external", &spec, 2e-6);
    spec = spec_of(path, "labels");
    spec.classes = CLASSES;
    open_and_check("labels", &spec, 0.0);
    spec = spec_of(path, "two_outputs");
    spec.output = "probabilities";
    spec.input = "x";
    open_and_check("two_outputs", &spec, 2e-6);
    spec = spec_of(path, "any_size");
    spec.width = SIDE;
    spec.height = SIDE;
    open_and_check("any_size", &spec, 2e-6);
}

static void test_resolved_fields(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", NULL};
    char path[512];
    assay_model *model = NULL;
    assay_model_spec spec = spec_of(path, "fixed_probabilities");
    spec.class_names = names;
    assert_int_equal(assay_onnx_model_open(&model, &spec, "m", NULL), ASSAY_OK);
    assert_int_equal(model->spec.batch, 2);
    assert_int_equal(model->channels, 3);
    assert_int_equal(model->spec.preprocess.color, ASSAY_COLOR_RGB);
    assert_int_equal(model->spec.preprocess.layout, ASSAY_LAYOUT_NCHW);
    assert_int_equal(model->spec.scores, ASSAY_SCORES_PROBABILITIES);
    assert_string_equal(model->spec.class_names[3], "d");
    assert_int_equal(model->class_names_declared, 1);
    assert_string_equal(model->inputs[0].name, "x");
    assert_int_equal(model->outputs[0].shape[1], CLASSES);
    assay_model_free(model);
    spec = spec_of(path, "flat_grey");
    assert_int_equal(assay_onnx_model_open(&model, &spec, NULL, NULL), ASSAY_OK);
    assert_int_equal(model->spec.preprocess.color, ASSAY_COLOR_GREY);
    assert_int_equal(model->width, SIDE);
    assert_int_equal(model->spec.batch, 64);
    assay_model_free(model);
}

/* Opening must fail with this status and all of these words. */
static void refuse_spec(const assay_model_spec *spec, assay_status wanted, const char *first,
                        const char *second)
{
    assay_model *model = (assay_model *)(void *)&wanted;
    assay_error err = {0};
    assay_status status = assay_onnx_model_open(&model, spec, "m", &err);
    if (status != wanted || strstr(err.message, first) == NULL ||
        strstr(err.message, second) == NULL) {
        fail_msg("status %d (expected %d), message: %s", status, wanted, err.message);
    }
    assert_null(model);
    assert_null(strchr(err.message, '\n'));
}

static void refuse(const char *name, assay_status wanted, const char *first, const char *second)
{
    char path[512];
    assay_model_spec spec = spec_of(path, name);
    refuse_spec(&spec, wanted, first, second);
}

static void test_refused_files(void **state)
{
    (void)state;
    refuse("missing", ASSAY_ENOTFOUND, "missing.onnx", "");
    refuse("empty", ASSAY_EFORMAT, "empty.onnx", "empty, expected an ONNX model");
    refuse("text", ASSAY_EFORMAT, "text.onnx", "text file");
    refuse("pointer", ASSAY_EFORMAT, "Git LFS", "git lfs pull");
    refuse("truncated", ASSAY_EFORMAT, "truncated.onnx", "cut short");
    refuse("graphless", ASSAY_EFORMAT, "graphless.onnx", "no graph");
    refuse("unknown_operator", ASSAY_EUNSUPPORTED, "unknown_operator.onnx", "Transmogrify");
    assay_model_spec spec = {.path = ASSAY_TEST_DATA "/golden"};
    assay_preprocess_init(&spec.preprocess);
    refuse_spec(&spec, ASSAY_EFORMAT, "golden", "");
}

static void test_refused_ports(void **state)
{
    (void)state;
    refuse("two_inputs", ASSAY_EUNSUPPORTED, "2 inputs", "\"y\": float32[batch, 3, 4, 4]");
    refuse("two_outputs", ASSAY_EFORMAT, "declare which one by `name` under `output`",
           "\"label\": int64[batch]");
    refuse("zipmap", ASSAY_EFORMAT, "output_probability\": a sequence", "zipmap");
    refuse("one_score", ASSAY_EUNSUPPORTED, "[batch, 1]", "sigmoid");
    refuse("no_batch", ASSAY_EUNSUPPORTED, "no batch dimension", "float32[3, 4, 4]");
    refuse("nhwc_or_nchw", ASSAY_EFORMAT, "layout: nchw", "[batch, 3, 8, 3]");
    refuse("text_input", ASSAY_EUNSUPPORTED, "\"x\": text[batch, 3]", "uint8");
    refuse("any_size", ASSAY_EFORMAT, "height", "[batch, 3, height, width]");
    refuse("dynamic_logits", ASSAY_EFORMAT, "scores: logits", "\"scores\": float32[batch, 5]");
    refuse("uint8_nhwc", ASSAY_EINVAL, "scale: 1", "uint8");
    refuse("labels", ASSAY_EFORMAT, "declare `classes`", "");
    char path[512];
    assay_model_spec spec = spec_of(path, "zipmap");
    spec.output = "output_probability";
    refuse_spec(&spec, ASSAY_EUNSUPPORTED, "output_probability", "sequence");
}

static void test_refused_declarations(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", NULL};
    char path[512];
    assay_model_spec spec = spec_of(path, "fixed_probabilities");
    spec.batch = 4;
    refuse_spec(&spec, ASSAY_EFORMAT, "fixed batch of 2", "leave `batch` out");
    spec = spec_of(path, "fixed_probabilities");
    spec.input = "image";
    refuse_spec(&spec, ASSAY_EFORMAT, "no input called \"image\"", "\"x\": float32[2, 3, 4, 4]");
    spec = spec_of(path, "fixed_probabilities");
    spec.output = "y";
    refuse_spec(&spec, ASSAY_EFORMAT, "no output called \"y\"", "\"scores\": float32[2, 5]");
    spec = spec_of(path, "fixed_probabilities");
    spec.class_names = names;
    refuse_spec(&spec, ASSAY_EFORMAT, "2 classes are declared", "gives 5");
    spec = spec_of(path, "fixed_probabilities");
    spec.preprocess.layout = ASSAY_LAYOUT_NHWC;
    refuse_spec(&spec, ASSAY_EFORMAT, "layout: nhwc is declared", "declare layout: nchw");
    spec = spec_of(path, "fixed_probabilities");
    spec.preprocess.color = ASSAY_COLOR_GREY;
    refuse_spec(&spec, ASSAY_EFORMAT, "color: grey is declared", "3 channels");
    spec = spec_of(path, "fixed_probabilities");
    spec.preprocess.n_steps = 1;
    spec.preprocess.steps[0] = (assay_step){.kind = ASSAY_STEP_RESIZE, .width = 8, .height = 4};
    refuse_spec(&spec, ASSAY_EFORMAT, "ends with a width of 8", "needs 4");
    spec = spec_of(path, "fixed_probabilities");
    spec.scores = ASSAY_SCORES_LABELS;
    refuse_spec(&spec, ASSAY_EFORMAT, "scores: labels", "whole numbers");
    spec = spec_of(path, "any_size");
    spec.width = 60000;
    spec.height = 60000;
    refuse_spec(&spec, ASSAY_ELIMIT, "8 GiB", "smaller batch");
}

static void test_missing_weights_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay_onnx_XXXXXX";
    char copy[128];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(copy, sizeof copy, "%s/external.onnx", folder);
    FILE *in = fopen(GOLDEN "external.onnx", "rb");
    FILE *out = fopen(copy, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (int c = fgetc(in); c != EOF; c = fgetc(in)) {
        (void)fputc(c, out);
    }
    (void)fclose(in);
    (void)fclose(out);
    assay_model_spec spec = {.path = copy, .scores = ASSAY_SCORES_LOGITS};
    assay_preprocess_init(&spec.preprocess);
    refuse_spec(&spec, ASSAY_ENOTFOUND, "external.bin", "missing");
    (void)unlink(copy);
    (void)rmdir(folder);
}

/* The digest covers the weights file, not only the graph. */
static void test_digest_covers_weights(void **state)
{
    (void)state;
    char whole[ASSAY_DIGEST_HEX];
    char graph[ASSAY_DIGEST_HEX];
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_onnx_file_check(whole, GOLDEN "external.onnx", arena, NULL), ASSAY_OK);
    FILE *in = fopen(GOLDEN "external.onnx", "rb");
    assert_non_null(in);
    uint8_t bytes[4096];
    size_t size = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    assert_int_equal(assay_digest_bytes(graph, bytes, size, NULL), ASSAY_OK);
    assert_string_not_equal(whole, graph);
    assay_arena_free(arena);
}

static void test_bad_scores(void **state)
{
    (void)state;
    char path[512];
    assay_model *model = NULL;
    assay_model_spec spec = spec_of(path, "nan_when_black");
    spec.batch = 1;
    assert_int_equal(assay_onnx_model_open(&model, &spec, "m", NULL), ASSAY_OK);
    float tensor[48] = {0};
    float scores[CLASSES];
    const char *id = "black.png";
    assay_error err = {0};
    assay_model_batch batch = {.n = 1, .tensor = tensor, .ids = &id};
    assert_int_equal(assay_model_run(model, scores, NULL, &batch, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "NaN"));
    assert_non_null(strstr(err.message, "black.png"));
    assay_model_free(model);
    /* Logits that were declared to be probabilities. */
    spec = spec_of(path, "dynamic_logits");
    spec.scores = ASSAY_SCORES_PROBABILITIES;
    spec.batch = 1;
    assert_int_equal(assay_onnx_model_open(&model, &spec, "m", NULL), ASSAY_OK);
    assert_int_equal(assay_model_run(model, scores, NULL, &batch, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "scores: logits"));
    assay_model_free(model);
}

static void test_library_not_found(void **state)
{
    (void)state;
    assert_int_equal(setenv("ASSAY_ONNXRUNTIME", "/nonexistent/libonnxruntime.so", 1), 0);
    refuse("fixed_probabilities", ASSAY_EBACKEND,
           "ASSAY_ONNXRUNTIME=/nonexistent/libonnxruntime.so", "no such file");
    assert_int_equal(setenv("ASSAY_ONNXRUNTIME", GOLDEN "text.onnx", 1), 0);
    refuse("fixed_probabilities", ASSAY_EBACKEND, "cannot be used", "text.onnx");
    assert_int_equal(unsetenv("ASSAY_ONNXRUNTIME"), 0);
}

static assay_status ignore_location(void *payload, const char *location, size_t size,
                                    assay_error *err)
{
    (void)location;
    (void)err;
    *(size_t *)payload += size;
    return ASSAY_OK;
}

/* Every cut of a model is noticed or has lost nothing but a trailing field. */
static void test_every_truncation(void **state)
{
    (void)state;
    FILE *in = fopen(GOLDEN "external.onnx", "rb");
    assert_non_null(in);
    uint8_t bytes[4096];
    size_t size = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    size_t seen = 0;
    assert_int_equal(assay_onnx_scan(bytes, size, ignore_location, &seen, NULL), ASSAY_OK);
    assert_int_equal(seen, 2 * strlen("external.bin"));
    size_t accepted = 0;
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = malloc(n > 0 ? n : 1);
        assert_non_null(cut);
        memcpy(cut, bytes, n);
        accepted += assay_onnx_scan(cut, n, ignore_location, &seen, NULL) == ASSAY_OK;
        free(cut);
    }
    assert_true(accepted <= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_and_shapes),     cmocka_unit_test(test_declared),
        cmocka_unit_test(test_resolved_fields),      cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_refused_ports),        cmocka_unit_test(test_refused_declarations),
        cmocka_unit_test(test_missing_weights_file), cmocka_unit_test(test_digest_covers_weights),
        cmocka_unit_test(test_bad_scores),           cmocka_unit_test(test_library_not_found),
        cmocka_unit_test(test_every_truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
