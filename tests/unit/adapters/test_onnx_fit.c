/* A batch chosen by memory: smaller for less of it, never below two rows, and the same bits whatever
 * was chosen, however many sessions are kept, and however many threads ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/onnxruntime/onnx_model.h"

enum { SIZE = 784, CLASSES = 10, BATCH = 64, ROWS = 61, KINDS = 6 };

static const char digits[] = ASSAY_TEST_DATA "/../examples/digits/digits.onnx";

static assay_model *open_digits(int64_t batch)
{
    assay_model *model = NULL;
    assay_error err = {0};
    assay_model_spec spec = {.path = digits, .batch = batch};
    assay_preprocess_init(&spec.preprocess);
    if (assay_onnx_model_open(&model, &spec, "digits", &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    return model;
}

static assay_model_fit fit(assay_model *model, int64_t bytes, int workers)
{
    assay_model_fit out;
    assay_error err = {0};
    const assay_model_room room = {.bytes = bytes, .workers = workers, .gradients = true};
    assert_int_equal(assay_model_fit_to(&out, model, &room, &err), ASSAY_OK);
    assert_true(out.known);
    assert_int_equal(model->spec.batch, out.batch);
    return out;
}

/* What the least takes: one session in batches of two. */
static int64_t least(int workers)
{
    assay_model *model = open_digits(BATCH);
    assay_model_fit out = fit(model, 1, workers);
    assert_false(out.fits);
    assert_int_equal(out.batch, 2);
    assert_int_equal(out.sessions, 1);
    assay_model_free(model);
    return out.run + out.opening + out.session;
}

static void test_choice(void **state)
{
    (void)state;
    int64_t before = BATCH;
    int64_t bytes = least(2);
    for (int64_t room = (int64_t)1 << 30; room > bytes; room -= room / 8) {
        assay_model *model = open_digits(BATCH);
        assay_model_fit out = fit(model, room, 2);
        assert_true(out.fits);
        assert_true(out.batch >= 2 && out.batch <= BATCH);
        int64_t sessions = out.sessions > 0 ? out.sessions : 12;
        assert_true(out.run + out.opening + sessions * out.session <= room);
        assert_true(room < (int64_t)1 << 29 || (out.batch == BATCH && out.sessions == 0));
        before = out.batch < before ? out.batch : before;
        assay_model_free(model);
    }
    assert_true(before < BATCH);
    assay_model *model = open_digits(BATCH);
    assert_true(fit(model, bytes, 2).fits);
    assay_model_free(model);
    model = open_digits(BATCH);
    assert_false(fit(model, bytes - 1, 2).fits);
    assay_model_free(model);
    model = open_digits(1); /* a batch of one row stays: two would change its numbers */
    assert_int_equal(fit(model, (int64_t)1 << 30, 1).batch, 1);
    assay_model_free(model);
}

typedef struct answers {
    float gradient[KINDS][ROWS * SIZE], loss[KINDS][ROWS], logits[KINDS][ROWS * CLASSES];
    float scores[ROWS * CLASSES];
} answers;

static void fill(float *x, int64_t n)
{
    uint64_t state = 88172645463325252ULL;
    for (int64_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        x[i] = (float)((double)(state >> 11) * 0x1p-53);
    }
}

typedef struct job {
    assay_model *model;
    answers *out;
    const float *x;
} job;

/* Every loss in turn, so that sessions are closed for one another. */
static assay_status ask(void *payload, int64_t block, int worker, assay_error *err)
{
    const job *j = payload;
    const int64_t size = j->model->spec.batch;
    int32_t label[BATCH];
    int32_t other[BATCH];
    float *tensor = calloc((size_t)size * SIZE, sizeof *tensor);
    float *gradient = calloc((size_t)size * SIZE, sizeof *gradient);
    (void)worker;
    assert_non_null(tensor);
    assert_non_null(gradient);
    assay_status status = ASSAY_OK;
    int64_t first = block * size;
    int64_t n = ROWS - first < size ? ROWS - first : size;
    memcpy(tensor, j->x + first * SIZE, (size_t)(n * SIZE) * sizeof *tensor);
    for (int64_t i = 0; i < n; i++) {
        label[i] = (int32_t)((first + i) % CLASSES);
        other[i] = (int32_t)((first + i + 3) % CLASSES);
    }
    const assay_model_batch batch = {.n = n, .tensor = tensor};
    for (int k = 0; k < KINDS && status == ASSAY_OK; k++) {
        const assay_loss what = {(assay_loss_kind)(k + 1), label, other};
        status = assay_model_gradient(j->model, gradient, j->out->loss[k] + first,
                                      j->out->logits[k] + first * CLASSES, &batch, &what, err);
        memcpy(j->out->gradient[k] + first * SIZE, gradient, (size_t)(n * SIZE) * sizeof *gradient);
    }
    if (status == ASSAY_OK) {
        status = assay_model_run(j->model, j->out->scores + first * CLASSES, NULL, &batch, err);
    }
    free(tensor);
    free(gradient);
    return status;
}

static void answer(answers *out, assay_model *model, const float *x, int threads)
{
    assay_error err = {0};
    job j = {model, out, x};
    int64_t blocks = (ROWS + model->spec.batch - 1) / model->spec.batch;
    memset(out, 0, sizeof *out);
    if (assay_parallel(blocks, threads, ask, &j, NULL, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_model_free(model);
}

static void test_same_bits(void **state)
{
    (void)state;
    float *x = calloc((size_t)ROWS * SIZE, sizeof *x);
    answers *whole = calloc(1, sizeof *whole);
    answers *part = calloc(1, sizeof *part);
    assert_non_null(x);
    assert_non_null(whole);
    assert_non_null(part);
    fill(x, (int64_t)ROWS * SIZE);
    answer(whole, open_digits(BATCH), x, 1);
    static const int64_t batches[] = {2, 3, 5, 8, 16, 32};
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        answer(part, open_digits(batches[i]), x, 2);
        assert_memory_equal(whole, part, sizeof *whole);
    }
    for (int threads = 1; threads <= 3; threads += 2) {
        assay_model *model = open_digits(BATCH);
        assay_model_fit least_fit = fit(model, least(threads), threads);
        assert_int_equal(least_fit.sessions, 1);
        answer(part, model, x, threads);
        assert_memory_equal(whole, part, sizeof *whole);
    }
    free(x);
    free(whole);
    free(part);
}

/* Fitted again, it gives the new batch's answers: sessions of the old one are gone. */
static void test_again(void **state)
{
    (void)state;
    static float x[BATCH * SIZE], first[BATCH * SIZE], second[BATCH * SIZE];
    const int32_t label[BATCH] = {3, 1};
    const assay_loss what = {ASSAY_LOSS_CROSS_ENTROPY, label, NULL};
    const assay_model_batch batch = {.n = 2, .tensor = x};
    assay_error err = {0};
    assay_model *model = open_digits(BATCH);
    fill(x, (int64_t)2 * SIZE);
    assert_int_equal(assay_model_gradient(model, first, NULL, NULL, &batch, &what, &err), ASSAY_OK);
    assert_int_equal(fit(model, 1, 1).batch, 2);
    assert_int_equal(assay_model_gradient(model, second, NULL, NULL, &batch, &what, &err),
                     ASSAY_OK);
    assert_memory_equal(first, second, 2 * SIZE * sizeof *first);
    assert_int_equal(atomic_load(&model->gradient_sessions), 1);
    assay_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choice),
                                       cmocka_unit_test(test_same_bits),
                                       cmocka_unit_test(test_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
