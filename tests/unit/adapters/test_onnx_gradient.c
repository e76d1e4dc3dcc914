/* Gradients through the backend: against central differences of the loss itself, the loss against its
 * definition on the logits, the logits against the model's own answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/onnx_model.h"
#include "base/alloc.h"
#include "codec/npy.h"

enum { SIZE = 784, CLASSES = 10, BATCH = 4 };

static const char digits[] = ASSAY_TEST_DATA "/../examples/digits/digits.onnx";

static assay_model *open_digits(int64_t size)
{
    assay_model *model = NULL;
    assay_error err = {0};
    assay_model_spec spec = {.path = digits, .batch = size};
    assay_preprocess_init(&spec.preprocess);
    if (assay_onnx_model_open(&model, &spec, "digits", &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    return model;
}

/* A repeatable pattern without symmetries, in [0, 1). */
static void fill(float *x, int64_t n, unsigned seed)
{
    uint64_t state = 88172645463325252ULL + seed;
    for (int64_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        x[i] = (float)((double)(state >> 11) * 0x1p-53);
    }
}

static double at_rank(const float *z, int rank)
{
    for (int c = 0; c < CLASSES; c++) {
        int above = 0;
        for (int k = 0; k < CLASSES; k++) {
            above += z[k] > z[c] || (z[k] == z[c] && k < c);
        }
        if (above == rank) {
            return (double)z[c];
        }
    }
    return NAN;
}

static double definition(assay_loss_kind kind, const float *z, int label, int other)
{
    double own = (double)z[label];
    double rival = -INFINITY;
    double sum = 0.0;
    for (int c = 0; c < CLASSES; c++) {
        rival = c != label && (double)z[c] > rival ? (double)z[c] : rival;
        sum += exp((double)z[c] - at_rank(z, 0));
    }
    switch (kind) {
    case ASSAY_LOSS_CROSS_ENTROPY:
        return log(sum) + at_rank(z, 0) - own;
    case ASSAY_LOSS_MARGIN:
        return rival - own;
    case ASSAY_LOSS_LOGIT:
        return own;
    case ASSAY_LOSS_LOGIT_DIFFERENCE:
        return (double)z[other] - own;
    case ASSAY_LOSS_DLR:
        return -(own - rival) / (at_rank(z, 0) - at_rank(z, 2) + 1e-12);
    default:
        return -(own - (double)z[other]) /
               (at_rank(z, 0) - (at_rank(z, 2) + at_rank(z, 3)) / 2.0 + 1e-12);
    }
}

static void check_kind(assay_model *model, assay_loss_kind kind)
{
    static float x[BATCH * SIZE], moved[BATCH * SIZE], gradient[BATCH * SIZE], other_gradient[SIZE];
    float loss[BATCH], logits[BATCH * CLASSES], scores[BATCH * CLASSES], up[BATCH], down[BATCH];
    const int32_t label[BATCH] = {3, 0, 9, 5};
    const int32_t other[BATCH] = {1, 8, 2, 4};
    const assay_loss what = {kind, label, other};
    const int64_t n = 3; /* fewer than the batch: the rest is zero */
    assay_error err = {0};
    memset(x, 0, sizeof x);
    fill(x, n * SIZE, 7);
    assay_model_batch batch = {.n = n, .tensor = x};
    if (assay_model_gradient(model, gradient, loss, logits, &batch, &what, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(assay_model_run(model, scores, NULL, &batch, &err), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        const float *z = logits + i * CLASSES;
        double sum = 0.0;
        for (int c = 0; c < CLASSES; c++) {
            sum += exp((double)z[c] - at_rank(z, 0));
        }
        for (int c = 0; c < CLASSES; c++) {
            double p = exp((double)z[c] - at_rank(z, 0)) / sum;
            assert_true(fabs(p - (double)scores[i * CLASSES + c]) < 1e-6);
        }
        double wanted = definition(kind, z, label[i], other[i]);
        assert_true(fabs((double)loss[i] - wanted) <= 2e-5 * (1.0 + fabs(wanted)));
    }
    for (int trial = 0; trial < 8; trial++) {
        static float direction[BATCH * SIZE];
        double slope[BATCH] = {0};
        const double h = 1.0 / 512.0;
        fill(direction, n * SIZE, 100 + (unsigned)trial);
        for (int sign = -1; sign <= 1; sign += 2) {
            memcpy(moved, x, sizeof moved);
            for (int64_t i = 0; i < n * SIZE; i++) {
                double d = (double)direction[i] - 0.5;
                moved[i] = (float)((double)x[i] + sign * h * d);
                slope[i / SIZE] += sign > 0 ? d * (double)gradient[i] : 0.0;
            }
            batch.tensor = moved;
            assert_int_equal(assay_model_gradient(model, other_gradient, sign > 0 ? up : down, NULL,
                                                  &(assay_model_batch){.n = 1, .tensor = moved},
                                                  &what, &err),
                             ASSAY_OK);
        }
        double measured = ((double)up[0] - (double)down[0]) / (2.0 * h);
        if (fabs(measured - slope[0]) > 1e-2 * (1.0 + fabs(slope[0]))) {
            fail_msg("loss %d: measured %.7g, gradient %.7g", (int)kind, measured, slope[0]);
        }
    }
}

static void test_every_loss(void **state)
{
    (void)state;
    assay_model *model = open_digits(BATCH);
    for (int kind = ASSAY_LOSS_CROSS_ENTROPY; kind <= ASSAY_LOSS_DLR_TARGETED; kind++) {
        check_kind(model, (assay_loss_kind)kind);
    }
    assert_true(atomic_load(&model->gradient_queries) > 0);
    assay_model_free(model);
}

static void read_golden(assay_tensor *out, const char *path, int64_t count)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_error err = {0};
    if (assay_file_read(&bytes, &size, path, 0, &err) != ASSAY_OK ||
        assay_npy_read(out, bytes, size, 0, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_free(bytes);
    assert_int_equal(out->type, ASSAY_DTYPE_F32);
    assert_int_equal(assay_tensor_count(out), count);
}

/* torch's autograd in double precision (tests/oracle/onnx_gradient_digits.py), every loss. */
static void test_against_torch(void **state)
{
    enum { N = 3, LOSSES = ASSAY_LOSS_DLR_TARGETED };
    (void)state;
    assay_tensor images = {0};
    assay_tensor wanted = {0};
    float found[N * SIZE];
    const int32_t label[N] = {3, 0, 9};
    const int32_t other[N] = {1, 8, 2};
    assay_model *model = open_digits(BATCH);
    const char folder[] = ASSAY_TEST_DATA "/golden/onnx_gradient/";
    char path[4096];
    (void)snprintf(path, sizeof path, "%sdigits_images.npy", folder);
    read_golden(&images, path, (int64_t)N * SIZE);
    (void)snprintf(path, sizeof path, "%sdigits_gradient.npy", folder);
    read_golden(&wanted, path, (int64_t)LOSSES * N * SIZE);
    for (int loss = 0; loss < LOSSES; loss++) {
        const assay_loss what = {(assay_loss_kind)(loss + 1), label, other};
        const assay_model_batch batch = {.n = N, .tensor = images.data};
        assert_int_equal(assay_model_gradient(model, found, NULL, NULL, &batch, &what, NULL),
                         ASSAY_OK);
        for (int i = 0; i < N; i++) {
            const float *truth =
                (const float *)wanted.data + ((ptrdiff_t)loss * N + i) * (ptrdiff_t)SIZE;
            double apart = 0.0;
            double length = 0.0;
            for (int k = 0; k < SIZE; k++) {
                double t = (double)truth[k];
                apart += ((double)found[i * SIZE + k] - t) * ((double)found[i * SIZE + k] - t);
                length += t * t;
            }
            assert_true(length > 0.0);
            if (!(sqrt(apart / length) <= 2e-6)) {
                fail_msg("loss %d, image %d: %.2g apart", loss + 1, i, sqrt(apart / length));
            }
        }
    }
    assay_tensor_dispose(&images);
    assay_tensor_dispose(&wanted);
    assay_model_free(model);
}

/* The gradient of a datum does not depend on what else is in the batch, nor on its place in it. */
static void test_batch_composition(void **state)
{
    (void)state;
    static float x[BATCH * SIZE], y[BATCH * SIZE], a[BATCH * SIZE], b[BATCH * SIZE];
    assay_model *model = open_digits(BATCH);
    const int32_t labels[BATCH] = {1, 2, 3, 4};
    const int32_t turned[BATCH] = {4, 3, 2, 1};
    const assay_loss first = {ASSAY_LOSS_CROSS_ENTROPY, labels, NULL};
    const assay_loss second = {ASSAY_LOSS_CROSS_ENTROPY, turned, NULL};
    fill(x, (int64_t)BATCH * SIZE, 1);
    for (int i = 0; i < BATCH; i++) {
        memcpy(y + (BATCH - 1 - i) * SIZE, x + i * SIZE, SIZE * sizeof *x);
    }
    const assay_model_batch forward = {.n = BATCH, .tensor = x};
    const assay_model_batch backward = {.n = BATCH, .tensor = y};
    assert_int_equal(assay_model_gradient(model, a, NULL, NULL, &forward, &first, NULL), ASSAY_OK);
    assert_int_equal(assay_model_gradient(model, b, NULL, NULL, &backward, &second, NULL),
                     ASSAY_OK);
    for (int i = 0; i < BATCH; i++) {
        assert_memory_equal(a + i * SIZE, b + (BATCH - 1 - i) * SIZE, SIZE * sizeof *a);
    }
    assay_model_free(model);
}

/* The model leaves its batch open: what is left of one runs in smaller ones, with the same bits. */
static void test_parts_of_a_batch(void **state)
{
    enum { WHOLE = 16 };
    static float x[WHOLE * SIZE], whole[WHOLE * SIZE], part[WHOLE * SIZE];
    float loss[2][WHOLE], scores[2][WHOLE * CLASSES];
    int32_t label[WHOLE];
    (void)state;
    assay_model *model = open_digits(WHOLE);
    assay_error err = {0};
    const assay_loss what = {ASSAY_LOSS_CROSS_ENTROPY, label, NULL};
    fill(x, (int64_t)WHOLE * SIZE, 3);
    for (int32_t i = 0; i < WHOLE; i++) {
        label[i] = i % CLASSES;
    }
    assay_model_batch batch = {.n = WHOLE, .tensor = x};
    assert_int_equal(assay_model_gradient(model, whole, loss[0], NULL, &batch, &what, &err),
                     ASSAY_OK);
    assert_int_equal(assay_model_run(model, scores[0], NULL, &batch, &err), ASSAY_OK);
    for (int64_t n = 1; n < WHOLE; n++) {
        size_t rows = (size_t)n;
        batch.n = n;
        assert_int_equal(assay_model_gradient(model, part, loss[1], NULL, &batch, &what, &err),
                         ASSAY_OK);
        assert_int_equal(assay_model_run(model, scores[1], NULL, &batch, &err), ASSAY_OK);
        assert_memory_equal(part, whole, rows * SIZE * sizeof(float));
        assert_memory_equal(loss[1], loss[0], rows * sizeof(float));
        assert_memory_equal(scores[1], scores[0], rows * CLASSES * sizeof(float));
    }
    assay_model_free(model);
}

static void test_labels_have_none(void **state)
{
    (void)state;
    assay_model *model = NULL;
    assay_error err = {0};
    assay_model_spec spec = {.path = ASSAY_TEST_DATA "/golden/onnx/labels.onnx", .classes = 3};
    assay_preprocess_init(&spec.preprocess);
    if (assay_onnx_model_open(&model, &spec, "labels", &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    float *gradient = calloc((size_t)model->channels * (size_t)model->height *
                                 (size_t)model->width * (size_t)model->spec.batch,
                             sizeof *gradient);
    const int32_t label = 0;
    const assay_loss what = {ASSAY_LOSS_LOGIT, &label, NULL};
    const assay_model_batch batch = {.n = 1, .tensor = gradient};
    assert_int_equal(assay_model_gradient(model, gradient, NULL, NULL, &batch, &what, &err),
                     ASSAY_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "labels"));
    free(gradient);
    assay_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_loss), cmocka_unit_test(test_against_torch),
        cmocka_unit_test(test_batch_composition), cmocka_unit_test(test_parts_of_a_batch),
        cmocka_unit_test(test_labels_have_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
