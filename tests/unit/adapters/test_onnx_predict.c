#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/filesystem/batch_store.h"
#include "adapters/onnxruntime/onnx_model.h"

enum { N = 211, SIDE = 4, CLASSES = 5, KILL_AT = 100 };

#define GOLDEN ASSAY_TEST_DATA "/golden/onnx/"

/* Images that depend on the id alone; datum `*self` kills the process when it is read. */
static assay_status read_image(const assay_dataset *dataset, int64_t i, assay_image *out,
                               assay_image_format *format, size_t *file_size, assay_error *err)
{
    (void)format;
    (void)file_size;
    if (dataset->self != NULL && i == *(int64_t *)dataset->self) {
        (void)raise(SIGKILL);
    }
    ASSAY_TRY(assay_image_new(out, SIDE, SIDE, 3, ASSAY_PIXEL_U8, err));
    uint32_t h = (uint32_t)i * 2654435761U + 17U;
    for (int k = 0; k < SIDE * SIDE * 3; k++) {
        h = h * 1664525U + 1013904223U;
        ((uint8_t *)out->data)[k] = (uint8_t)(h >> 24);
    }
    return ASSAY_OK;
}

static const assay_dataset_source source = {.image = read_image};
static const char *class_names[CLASSES] = {"0", "1", "2", "3", "4"};
static char id_text[N][8];
static const char *ids[N];
static int32_t targets[N];

static assay_dataset make_dataset(void)
{
    for (int i = 0; i < N; i++) {
        (void)snprintf(id_text[i], sizeof id_text[i], "%d", i);
        ids[i] = id_text[i];
        targets[i] = i % CLASSES;
    }
    return (assay_dataset){.name = "toy",
                           .n = N,
                           .ids = ids,
                           .targets = targets,
                           .classes = CLASSES,
                           .class_names = class_names,
                           .digest = "d",
                           .source = &source};
}

static assay_model *open_model(const char *name, int64_t batch, assay_scores_kind scores)
{
    char path[512];
    assay_model *model = NULL;
    assay_error err = {0};
    (void)snprintf(path, sizeof path, GOLDEN "%s.onnx", name);
    assay_model_spec spec = {.path = path, .batch = batch, .scores = scores};
    assay_preprocess_init(&spec.preprocess);
    assay_status status = assay_onnx_model_open(&model, &spec, name, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    return model;
}

static assay_predictions *predict(assay_model *model, int threads, const assay_batch_store *store)
{
    assay_dataset dataset = make_dataset();
    assay_predict_options options = {.threads = threads, .store = store};
    assay_predictions *out = NULL;
    assay_error err = {0};
    assay_status status = assay_predict(&out, model, &dataset, &options, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    return out;
}

/* Same bits for any number of threads; for this model also for any batch. */
static void test_threads(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7, 16};
    static const struct {
        const char *name;
        int64_t batch;
        assay_scores_kind scores;
    } cases[] = {{"dynamic_logits", 1, ASSAY_SCORES_LOGITS},
                 {"dynamic_logits", 8, ASSAY_SCORES_LOGITS},
                 {"dynamic_logits", 64, ASSAY_SCORES_LOGITS},
                 {"dynamic_logits", 500, ASSAY_SCORES_LOGITS},
                 {"fixed_probabilities", 0, ASSAY_SCORES_PROBABILITIES}};
    assay_predictions *first = NULL;
    for (size_t c = 0; c < ASSAY_COUNT(cases); c++) {
        assay_predictions *one = NULL;
        for (size_t t = 0; t < ASSAY_COUNT(threads); t++) {
            assay_model *model = open_model(cases[c].name, cases[c].batch, cases[c].scores);
            assay_predictions *p = predict(model, threads[t], NULL);
            assay_model_free(model);
            if (one == NULL) {
                one = p;
                continue;
            }
            assert_string_equal(one->digest, p->digest);
            assert_memory_equal(one->scores_f32, p->scores_f32, N * CLASSES * sizeof(float));
            assay_predictions_free(p);
        }
        if (first == NULL) {
            first = one;
            continue;
        }
        assert_memory_equal(first->label, one->label, N * sizeof *one->label);
        for (int i = 0; i < N * CLASSES; i++) {
            float difference = first->scores_f32[i] - one->scores_f32[i];
            assert_true(difference < 1e-6F && difference > -1e-6F);
        }
        assay_predictions_free(one);
    }
    assay_predictions_free(first);
}

/* Several models and sessions in one process, opened and closed in any order. */
static void test_several_models(void **state)
{
    (void)state;
    assay_model *a = open_model("dynamic_logits", 8, ASSAY_SCORES_LOGITS);
    assay_model *b = open_model("fixed_probabilities", 0, ASSAY_SCORES_PROBABILITIES);
    assay_predictions *pa = predict(a, 2, NULL);
    assay_model_free(a);
    assay_predictions *pb = predict(b, 2, NULL);
    a = open_model("dynamic_logits", 8, ASSAY_SCORES_LOGITS);
    assay_model_free(b);
    assay_predictions *again = predict(a, 2, NULL);
    assert_string_equal(pa->digest, again->digest);
    assay_model_free(a);
    assay_predictions_free(pa);
    assay_predictions_free(pb);
    assay_predictions_free(again);
}

static assay_batch_store *open_store(const char *folder)
{
    assay_batch_store *store = NULL;
    assert_int_equal(assay_batch_store_open(&store, folder, "key", 0, NULL), ASSAY_OK);
    return store;
}

/* The child is killed while it reads a datum; what it had finished is not computed again. */
static void test_killed_and_resumed(void **state)
{
    (void)state;
    char root[] = "/tmp/assay_resume_XXXXXX";
    char folder[64];
    assert_non_null(mkdtemp(root));
    (void)snprintf(folder, sizeof folder, "%s/store", root);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        assay_dataset dataset = make_dataset();
        int64_t kill_at = KILL_AT;
        assay_predictions *p = NULL;
        dataset.self = &kill_at;
        assay_predict_options options = {.threads = 1, .store = open_store(folder)};
        assay_model *model = open_model("dynamic_logits", 8, ASSAY_SCORES_LOGITS);
        _exit(assay_predict(&p, model, &dataset, &options, NULL) == ASSAY_OK ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assay_model *model = open_model("dynamic_logits", 8, ASSAY_SCORES_LOGITS);
    assay_batch_store *store = open_store(folder);
    assay_predictions *resumed = predict(model, 3, store);
    assert_int_equal(assay_batch_store_found(store), KILL_AT / 8);
    assert_int_equal(atomic_load(&model->queries), N - KILL_AT / 8 * 8);
    assay_predictions *whole = predict(model, 1, NULL);
    assert_string_equal(whole->digest, resumed->digest);
    assert_memory_equal(whole->scores_f32, resumed->scores_f32, N * CLASSES * sizeof(float));
    assay_predictions_free(resumed);
    assay_batch_store_close(store);
    /* All of it is there now. */
    store = open_store(folder);
    int64_t before = atomic_load(&model->queries);
    resumed = predict(model, 2, store);
    assert_int_equal(atomic_load(&model->queries), before);
    assert_string_equal(whole->digest, resumed->digest);
    assay_predictions_free(resumed);
    assay_predictions_free(whole);
    assay_batch_store_close(store);
    assay_batch_store_remove(folder);
    assay_model_free(model);
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_and_resumed), /* first: it forks */
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_several_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
