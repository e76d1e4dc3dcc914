/* What `assay model cut` puts at the end of detectors of every form, against torch's autograd in double
 * precision (tests/oracle/model_cut.py): the verdict, the aims, and their gradients in the image. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/ort_once.h"
#include "assay/model.h"
#include "base/alloc.h"
#include "support/temp_folder.h"
#include "unit/api/read_tensor.h"

#define GOLDEN ASSAY_TEST_DATA "/golden/model_cut/"

enum { PIXELS = 3 * 16 * 16, VALUES = 5 };

typedef struct expectation {
    const char *model, *head, *class_name;
    double threshold, values[VALUES];
    int n;
} expectation;

static expectation read_line(char *text)
{
    char *save = NULL;
    expectation e = {.model = strtok_r(text, " ", &save)};
    e.head = strtok_r(NULL, " ", &save);
    e.class_name = strtok_r(NULL, " ", &save);
    e.threshold = strtod(strtok_r(NULL, " ", &save), NULL);
    const char *word = strtok_r(NULL, " ", &save);
    while (word != NULL && e.n < VALUES) {
        e.values[e.n++] = strtod(word, NULL);
        word = strtok_r(NULL, " ", &save);
    }
    assert_true(e.n >= 4);
    return e;
}

static void cut(const char *out, const expectation *e, bool gradient)
{
    char model[400];
    char *text = NULL;
    assay_error err = {0};
    (void)snprintf(model, sizeof model, GOLDEN "%s.yaml", e->model);
    const assay_cut_request request = {.struct_size = sizeof request,
                                       .model = model,
                                       .out = out,
                                       .head = e->head,
                                       .threshold = e->threshold,
                                       .class_name = *e->class_name != '-' ? e->class_name : NULL,
                                       .gradient = gradient};
    if (assay_model_cut(&text, &request, &err) != ASSAY_OK) {
        fail_msg("%s %s: %s", e->model, e->head, err.message);
    }
    assert_non_null(strstr(text, out));
    assay_text_free(text);
}

/* The places of the boxes' references, which are 0. */
static void references(assay_tensor *out, const char *model)
{
    int64_t n = strcmp(model, "yolov5_raw") == 0 ? 64 : 16;
    const int64_t shape[3] = {1, n, 4};
    assert_int_equal(assay_tensor_new(out, ASSAY_DTYPE_F32, 3, shape, NULL), ASSAY_OK);
    memset(out->data, 0, (size_t)n * 4 * sizeof(float));
}

static void run(float *end, float *gradient, const char *path, const expectation *e)
{
    assay_error err = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_tensor in[2] = {0};
    const char *const in_names[] = {"image", "reference"};
    bool verdict = strcmp(e->head, "verdict") == 0;
    bool shift = strcmp(e->head, "shift") == 0;
    const char *const out_names[] = {verdict ? "verdict" : "objective", "gradient"};
    float *const out[] = {end, gradient};
    const size_t counts[] = {verdict ? 4 : 1, PIXELS};
    read_tensor(&in[0], GOLDEN "image.npy");
    references(&in[1], e->model);
    assert_int_equal(assay_file_read(&bytes, &size, path, 0, &err), ASSAY_OK);
    if (assay_ort_run_once(out, counts, out_names, verdict ? 1 : 2, bytes, size, in_names, in,
                           shift ? 2 : 1, &err) != ASSAY_OK) {
        fail_msg("%s %s: %s", e->model, e->head, err.message);
    }
    assay_free(bytes);
    assay_tensor_dispose(&in[0]);
    assay_tensor_dispose(&in[1]);
}

static void near(const expectation *e, const char *what, double got, double wanted)
{
    if (!(fabs(got - wanted) <= 2e-5 * (1.0 + fabs(wanted)))) {
        fail_msg("%s %s %s: %s is %.9g, expected %.9g", e->model, e->head, e->class_name, what, got,
                 wanted);
    }
}

static void check(const expectation *e, const char *path)
{
    float end[4] = {0};
    float gradient[PIXELS] = {0};
    bool verdict = strcmp(e->head, "verdict") == 0;
    cut(path, e, !verdict);
    run(end, gradient, path, e);
    for (int k = 0; verdict && k < 4; k++) {
        near(e, "a logit", (double)end[k], e->values[k]);
    }
    if (verdict) {
        return;
    }
    near(e, "the objective", (double)end[0], e->values[0]);
    for (int j = 1; j < VALUES; j++) {
        double product = 0.0;
        for (int i = 1; i <= PIXELS; i++) {
            product += (double)gradient[i - 1] * cos(0.37 * j * i);
        }
        near(e, "a product of the gradient", product, e->values[j]);
    }
}

static void test_heads(void **state)
{
    (void)state;
    char line[1024];
    temp_folder folder;
    int lines = 0;
    assert_int_equal(temp_folder_make(&folder), 0);
    char path[600];
    (void)snprintf(path, sizeof path, "%s", temp_path(&folder, "cut.onnx"));
    FILE *file = fopen(GOLDEN "expected.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') {
            const expectation e = read_line(line);
            check(&e, path);
            lines++;
        }
    }
    (void)fclose(file);
    assert_int_equal(lines, 35);
    temp_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
