#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"
#include "core/perturb.h"
#include "core/predict.h"

enum { N = 103, W = 6, H = 5, CLASSES = 4, PIXELS = W * H * 3 };

static const char *const names[] = {"ant", "bee", "cat", "dog", NULL};
static const char *const shuffled[] = {"dog", "cat", "bee", "ant", NULL};

/* A dataset in memory whose pixels depend on the id alone. */

static assay_status read_image(const assay_dataset *dataset, int64_t i, assay_image *out,
                               assay_image_format *format, size_t *file_size, assay_error *err)
{
    (void)format;
    (void)file_size;
    if (dataset->self != NULL && i == *(int64_t *)dataset->self) {
        return assay_fail(err, ASSAY_EFORMAT, "the file is cut short");
    }
    uint32_t h = assay_rng_operation(dataset->ids[i]);
    ASSAY_TRY(assay_image_new(out, W, H, 3, ASSAY_PIXEL_U8, err));
    for (int k = 0; k < PIXELS; k++) {
        h = h * 1664525U + 1013904223U;
        ((uint8_t *)out->data)[k] = (uint8_t)(h >> 24);
    }
    return ASSAY_OK;
}

static const assay_dataset_source source = {.image = read_image};

typedef struct fixture {
    assay_dataset dataset;
    char id_text[N][16];
    const char *ids[N];
    int32_t targets[N];
} fixture;

static fixture *new_fixture(void)
{
    fixture *f = assay_alloc(1, sizeof *f);
    assert_non_null(f);
    for (int i = 0; i < N; i++) {
        (void)snprintf(f->id_text[i], sizeof f->id_text[i], "img%03d", i);
        f->ids[i] = f->id_text[i];
        f->targets[i] = i % 5 == 4 ? -1 : i % CLASSES;
    }
    f->dataset = (assay_dataset){.name = "toy",
                                 .n = N,
                                 .ids = f->ids,
                                 .targets = f->targets,
                                 .classes = CLASSES,
                                 .class_names = (const char **)(uintptr_t)names,
                                 .n_skipped = 3,
                                 .digest = "d1",
                                 .source = &source};
    return f;
}

/* A linear model; its answer for a row depends on the row alone. */

typedef struct toy {
    atomic_int inside;  /* runs at this moment */
    atomic_int overlap; /* seen more than one */
    int nan_at;         /* query number that gives NaN; -1 = never */
} toy;

static float weight(int c, size_t k)
{
    return (float)((int)((k * 7 + (size_t)c * 13) % 11) - 5) / 20.0F;
}

static assay_status toy_run(assay_model *model, float *scores, int32_t *labels,
                            const assay_model_batch *batch, assay_error *err)
{
    (void)err;
    toy *self = model->self;
    if (atomic_fetch_add(&self->inside, 1) != 0) {
        atomic_store(&self->overlap, 1);
    }
    const float *tensor = batch->tensor;
    for (int64_t i = 0; i < batch->n; i++) {
        for (int c = 0; c < CLASSES; c++) {
            float sum = 0.0F;
            for (size_t k = 0; k < PIXELS; k++) {
                float x = model->backend->wants_images
                              ? (float)((const uint8_t *)batch->images[i].data)[k] / 255.0F
                              : tensor[(size_t)i * PIXELS + k];
                sum += x * weight(c, k);
            }
            if (labels != NULL && scores == NULL) {
                labels[i] = c == 0 || sum > 0.0F ? c : labels[i];
            } else {
                scores[i * CLASSES + c] = sum;
            }
        }
        if (self->nan_at >= 0 && strcmp(batch->ids[i], "img050") == 0) {
            scores[i * CLASSES] = NAN;
        }
    }
    for (int64_t k = batch->n * PIXELS; tensor != NULL && k < model->spec.batch * PIXELS; k++) {
        assert_true(tensor[k] == 0.0F);
    }
    (void)atomic_fetch_sub(&self->inside, 1);
    return ASSAY_OK;
}

static void toy_free(void *self)
{
    assay_free(self);
}

static const assay_model_backend tensors = {
    .name = "toy", .concurrent = 1, .run = toy_run, .free = toy_free};
static const assay_model_backend alone = {
    .name = "toy", .concurrent = 0, .run = toy_run, .free = toy_free};
static const assay_model_backend images = {
    .name = "toy", .concurrent = 1, .wants_images = 1, .run = toy_run, .free = toy_free};

static assay_model *new_model(const assay_model_backend *backend, int64_t batch,
                              const char *const *classes, assay_scores_kind scores)
{
    assay_model *model = NULL;
    assay_model_spec spec = {.batch = batch, .scores = scores, .class_names = classes};
    assay_preprocess_init(&spec.preprocess);
    spec.preprocess.layout = ASSAY_LAYOUT_NHWC;
    assert_int_equal(assay_model_new(&model, &spec, "toy model", NULL), ASSAY_OK);
    assert_int_equal(assay_model_set_classes(model, CLASSES, NULL, NULL), ASSAY_OK);
    toy *self = assay_alloc(1, sizeof *self);
    assert_non_null(self);
    self->nan_at = -1;
    model->backend = backend;
    model->self = self;
    model->channels = 3;
    model->width = W;
    model->height = H;
    model->input_type = ASSAY_DTYPE_F32;
    model->backend_version = "toy 1";
    (void)snprintf(model->digest, sizeof model->digest, "m1");
    return model;
}

static assay_predictions *predict(assay_model *model, const assay_dataset *dataset,
                                  const assay_predict_options *options)
{
    assay_predictions *out = NULL;
    assay_error err = {0};
    assay_status status = assay_predict(&out, model, dataset, options, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    return out;
}

static void test_values(void **state)
{
    (void)state;
    fixture *f = new_fixture();
    assay_model *model = new_model(&tensors, 8, names, ASSAY_SCORES_LOGITS);
    assay_predict_options options = {.threads = 2};
    assay_predictions *p = predict(model, &f->dataset, &options);
    assert_int_equal(p->n, N);
    assert_int_equal(p->skipped, 3);
    assert_int_equal(atomic_load(&model->queries), N);
    assert_int_equal(p->scores_are_probabilities, 1);
    assert_string_equal(p->class_names[2], "cat");
    assert_string_equal(p->ids[102], "img102");
    for (int64_t i = 0; i < N; i++) {
        assay_image image = {0};
        double e[CLASSES];
        double sum = 0.0;
        int best = 0;
        float logit[CLASSES];
        assert_int_equal(read_image(&f->dataset, i, &image, NULL, NULL, NULL), ASSAY_OK);
        for (int c = 0; c < CLASSES; c++) {
            logit[c] = 0.0F;
            for (size_t k = 0; k < PIXELS; k++) {
                logit[c] += (float)((uint8_t *)image.data)[k] / 255.0F * weight(c, k);
            }
            best = logit[c] > logit[best] ? c : best;
            e[c] = exp((double)logit[c]);
            sum += e[c];
        }
        for (int c = 0; c < CLASSES; c++) {
            assert_true(fabs((double)p->scores_f32[i * CLASSES + c] - e[c] / sum) < 1e-7);
        }
        assert_int_equal(p->label[i], best);
        assert_int_equal(p->target[i], f->targets[i]);
        assay_image_dispose(&image);
    }
    assay_predictions_free(p);
    assay_model_free(model);
    assay_free(f);
}

static void expect_same(const assay_predictions *a, const assay_predictions *b)
{
    assert_string_equal(a->digest, b->digest);
    assert_memory_equal(a->label, b->label, N * sizeof *a->label);
    assert_memory_equal(a->target, b->target, N * sizeof *a->target);
    assert_memory_equal(a->scores_f32, b->scores_f32, N * CLASSES * sizeof(float));
}

static void test_threads_and_batches(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7, 16};
    static const int64_t batches[] = {1, 8, 32, 200};
    fixture *f = new_fixture();
    assay_predictions *first = NULL;
    for (size_t b = 0; b < ASSAY_COUNT(batches); b++) {
        for (size_t t = 0; t < ASSAY_COUNT(threads); t++) {
            assay_model *model = new_model(&tensors, batches[b], names, ASSAY_SCORES_LOGITS);
            assay_predict_options options = {.threads = threads[t]};
            assay_predictions *p = predict(model, &f->dataset, &options);
            if (first == NULL) {
                first = p;
            } else {
                expect_same(first, p);
                assay_predictions_free(p);
            }
            assay_model_free(model);
        }
    }
    assay_predictions_free(first);
    assay_free(f);
}

static void test_other_backends(void **state)
{
    (void)state;
    fixture *f = new_fixture();
    assay_predict_options options = {.threads = 4};
    assay_model *model = new_model(&tensors, 8, names, ASSAY_SCORES_LOGITS);
    assay_predictions *first = predict(model, &f->dataset, &options);
    assay_model_free(model);
    model = new_model(&alone, 8, names, ASSAY_SCORES_LOGITS);
    assay_predictions *p = predict(model, &f->dataset, &options);
    expect_same(first, p);
    assert_int_equal(atomic_load(&((toy *)model->self)->overlap), 0);
    assay_predictions_free(p);
    assay_model_free(model);
    model = new_model(&images, 8, names, ASSAY_SCORES_LOGITS);
    p = predict(model, &f->dataset, &options);
    expect_same(first, p);
    assay_predictions_free(p);
    assay_model_free(model);
    model = new_model(&tensors, 8, names, ASSAY_SCORES_LABELS);
    p = predict(model, &f->dataset, &options);
    assert_null(p->scores_f32);
    assert_null(p->scores_f64);
    assert_int_equal(p->scores_are_probabilities, 0);
    for (int i = 0; i < N; i++) {
        assert_true(p->label[i] >= 0 && p->label[i] < CLASSES);
    }
    assay_predictions_free(p);
    assay_model_free(model);
    assay_predictions_free(first);
    assay_free(f);
}

/* A perturbation that adds noise from its stream. */
static assay_status add_noise(assay_image *out, const assay_image *in, const void *params,
                              assay_rng *rng, assay_arena *scratch, assay_error *err)
{
    (void)params;
    uint8_t *noise = assay_arena_alloc(scratch, PIXELS, 1);
    if (noise == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int k = 0; k < PIXELS; k++) {
        noise[k] = (uint8_t)assay_rng_below(rng, 50);
        ((uint8_t *)out->data)[k] ^= noise[k];
    }
    return ASSAY_OK;
}

static const assay_perturbation noise = {.apply = add_noise};
static const assay_op noise_op = {
    .kind = ASSAY_OP_PERTURBATION, .revision = 1, .name = "toy_noise", .perturbation = &noise};

static void test_perturbation(void **state)
{
    (void)state;
    fixture *f = new_fixture();
    assay_args args = {.op = &noise_op};
    assay_model *model = new_model(&tensors, 8, names, ASSAY_SCORES_LOGITS);
    assay_predict_options options = {.threads = 1};
    assay_predictions *clean = predict(model, &f->dataset, &options);
    options.perturbation = &args;
    options.seed = 7;
    assay_predictions *one = predict(model, &f->dataset, &options);
    options.threads = 5;
    assay_predictions *five = predict(model, &f->dataset, &options);
    expect_same(one, five);
    assert_memory_not_equal(clean->scores_f32, one->scores_f32, CLASSES * sizeof(float));
    options.seed = 8;
    assay_predictions *other = predict(model, &f->dataset, &options);
    assert_memory_not_equal(other->scores_f32, one->scores_f32, CLASSES * sizeof(float));
    /* Leaving the first datum out moves nobody else's noise. */
    options.seed = 7;
    assay_dataset rest = f->dataset;
    rest.n = N - 1;
    rest.ids = f->dataset.ids + 1;
    rest.targets = f->dataset.targets + 1;
    assay_predictions *shifted = predict(model, &rest, &options);
    assert_memory_equal(shifted->scores_f32, one->scores_f32 + CLASSES,
                        (N - 1) * CLASSES * sizeof(float));
    /* Known answer of the address. */
    assert_true(assay_perturb_address("") == 0xcbf29ce484222325u);
    assert_true(assay_perturb_address("a") == 0xaf63dc4c8601ec8cu);
    assert_true(assay_perturb_address("foobar") == 0x85944171f73967e8u);
    assay_predictions_free(clean);
    assay_predictions_free(one);
    assay_predictions_free(five);
    assay_predictions_free(other);
    assay_predictions_free(shifted);
    assay_model_free(model);
    assay_free(f);
}

/* A store in memory. */
typedef struct memory_store {
    float scores[N * CLASSES];
    int32_t labels[N];
    int have[N];
    atomic_int loads, saves;
    int fail_at; /* batch whose save fails; -1 = none */
} memory_store;

static assay_status store_load(void *payload, int64_t index, int64_t n, int32_t classes,
                               float *scores, int32_t *labels, int *found, assay_error *err)
{
    (void)err;
    memory_store *store = payload;
    *found = store->have[index];
    if (*found) {
        (void)atomic_fetch_add(&store->loads, 1);
        memcpy(scores, store->scores + index * 8 * classes, (size_t)(n * classes) * sizeof *scores);
        memcpy(labels, store->labels + index * 8, (size_t)n * sizeof *labels);
    }
    return ASSAY_OK;
}

static assay_status store_save(void *payload, int64_t index, int64_t n, int32_t classes,
                               const float *scores, const int32_t *labels, assay_error *err)
{
    memory_store *store = payload;
    if (index == store->fail_at) {
        return assay_fail(err, ASSAY_EIO, "the disk is full");
    }
    (void)atomic_fetch_add(&store->saves, 1);
    memcpy(store->scores + index * 8 * classes, scores, (size_t)(n * classes) * sizeof *scores);
    memcpy(store->labels + index * 8, labels, (size_t)n * sizeof *labels);
    store->have[index] = 1;
    return ASSAY_OK;
}

static void test_resume(void **state)
{
    (void)state;
    fixture *f = new_fixture();
    memory_store *store = assay_alloc(1, sizeof *store);
    assert_non_null(store);
    assay_batch_store face = {.payload = store, .load = store_load, .save = store_save};
    assay_predict_options options = {.threads = 3, .store = &face};
    assay_model *model = new_model(&tensors, 8, names, ASSAY_SCORES_LOGITS);
    assay_predictions *p = NULL;
    assay_error err = {0};
    store->fail_at = 6;
    assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_EIO);
    assert_null(p);
    assert_non_null(strstr(err.message, "disk is full"));
    int saved = atomic_load(&store->saves);
    assert_true(saved >= 6);
    store->fail_at = -1;
    int64_t before = atomic_load(&model->queries);
    p = predict(model, &f->dataset, &options);
    assert_int_equal(atomic_load(&store->loads), saved);
    assert_true(atomic_load(&model->queries) - before <= N - 8 * (saved - 1));
    options.store = NULL;
    assay_predictions *whole = predict(model, &f->dataset, &options);
    expect_same(whole, p);
    assay_predictions_free(p);
    options.store = &face;
    before = atomic_load(&model->queries);
    p = predict(model, &f->dataset, &options);
    assert_int_equal(atomic_load(&model->queries), before);
    expect_same(whole, p);
    assay_predictions_free(p);
    assay_predictions_free(whole);
    assay_model_free(model);
    assay_free(store);
    assay_free(f);
}

static void test_classes(void **state)
{
    (void)state;
    static const char *const others[] = {"ant", "bee", "cat", "fox", NULL};
    fixture *f = new_fixture();
    assay_predict_options options = {.threads = 1};
    assay_model *model = new_model(&tensors, 8, shuffled, ASSAY_SCORES_LOGITS);
    assay_predictions *p = predict(model, &f->dataset, &options);
    assert_int_equal(p->target[0], 3);
    assert_int_equal(p->target[3], 0);
    assert_int_equal(p->target[4], -1);
    assert_string_equal(p->class_names[0], "dog");
    assay_predictions_free(p);
    assay_model_free(model);
    /* No names: the dataset's order and names. */
    model = new_model(&tensors, 8, NULL, ASSAY_SCORES_LOGITS);
    p = predict(model, &f->dataset, &options);
    assert_int_equal(p->target[3], 3);
    assert_string_equal(p->class_names[3], "dog");
    assay_predictions_free(p);
    assay_error err = {0};
    f->dataset.classes = 3;
    assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "data toy has 3 classes"));
    f->dataset.classes = CLASSES;
    assay_model_free(model);
    model = new_model(&tensors, 8, others, ASSAY_SCORES_LOGITS);
    assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "class \"dog\" of data toy"));
    assay_model_free(model);
    assay_free(f);
}

static void test_failures(void **state)
{
    (void)state;
    static const int threads[] = {1, 4};
    fixture *f = new_fixture();
    assay_predictions *p = NULL;
    for (size_t t = 0; t < ASSAY_COUNT(threads); t++) {
        assay_predict_options options = {.threads = threads[t]};
        assay_error err = {0};
        assay_model *model = new_model(&tensors, 8, names, ASSAY_SCORES_LOGITS);
        ((toy *)model->self)->nan_at = 50;
        assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_EFORMAT);
        assert_non_null(strstr(err.message, "NaN"));
        assert_non_null(strstr(err.message, "img050"));
        assert_null(p);
        ((toy *)model->self)->nan_at = -1;
        int64_t bad = 77;
        f->dataset.self = &bad;
        assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_EFORMAT);
        assert_non_null(strstr(err.message, "img077"));
        f->dataset.self = NULL;
        model->width = 9;
        assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_EFORMAT);
        assert_non_null(strstr(err.message, "img000: the image is 6x5"));
        model->width = W;
        assay_cancel cancel;
        atomic_init(&cancel.requested, 1);
        options.cancel = &cancel;
        assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_ECANCELLED);
        f->dataset.n = 0;
        assert_int_equal(assay_predict(&p, model, &f->dataset, &options, &err), ASSAY_EFORMAT);
        f->dataset.n = N;
        assay_model_free(model);
    }
    assay_free(f);
}

typedef struct progress_log {
    int64_t last, total;
} progress_log;

static void on_progress(void *payload, const char *what, int64_t done, int64_t total)
{
    progress_log *log = payload;
    assert_string_equal(what, "toy on toy");
    assert_true(done > log->last);
    log->last = done;
    log->total = total;
}

static void test_progress(void **state)
{
    (void)state;
    fixture *f = new_fixture();
    progress_log seen = {0};
    assay_log log = {.payload = &seen, .progress = on_progress};
    assay_predict_options options = {.threads = 4, .log = &log, .what = "toy on toy"};
    assay_model *model = new_model(&tensors, 8, names, ASSAY_SCORES_LOGITS);
    assay_predictions_free(predict(model, &f->dataset, &options));
    assert_int_equal(seen.last, N);
    assert_int_equal(seen.total, N);
    assay_model_free(model);
    assay_free(f);
}

static void key_of(char out[ASSAY_DIGEST_HEX], const assay_model *model,
                   const assay_dataset *dataset, const assay_predict_options *options)
{
    assert_int_equal(assay_predict_key(out, model, dataset, options, NULL), ASSAY_OK);
    assert_int_equal(strlen(out), ASSAY_DIGEST_HEX - 1);
}

static void test_key(void **state)
{
    (void)state;
    fixture *f = new_fixture();
    char keys[12][ASSAY_DIGEST_HEX];
    int n = 0;
    assay_args args = {.op = &noise_op};
    assay_op newer = noise_op;
    newer.revision = 2;
    assay_predict_options options = {.threads = 1};
    assay_model *model = new_model(&tensors, 8, names, ASSAY_SCORES_LOGITS);
    key_of(keys[n++], model, &f->dataset, &options);
    char again[ASSAY_DIGEST_HEX];
    options.seed = 99; /* without a perturbation there is nothing to draw */
    options.threads = 7;
    key_of(again, model, &f->dataset, &options);
    assert_string_equal(keys[0], again);
    options.perturbation = &args;
    key_of(keys[n++], model, &f->dataset, &options);
    options.seed = 100;
    key_of(keys[n++], model, &f->dataset, &options);
    args.op = &newer;
    key_of(keys[n++], model, &f->dataset, &options);
    options.perturbation = NULL;
    (void)snprintf(f->dataset.digest, sizeof f->dataset.digest, "d2");
    key_of(keys[n++], model, &f->dataset, &options);
    (void)snprintf(f->dataset.digest, sizeof f->dataset.digest, "d1");
    (void)snprintf(model->digest, sizeof model->digest, "m2");
    key_of(keys[n++], model, &f->dataset, &options);
    (void)snprintf(model->digest, sizeof model->digest, "m1");
    model->spec.preprocess.mean[0] = 0.5;
    key_of(keys[n++], model, &f->dataset, &options);
    model->spec.preprocess.mean[0] = 0.0;
    model->backend_version = "toy 2";
    key_of(keys[n++], model, &f->dataset, &options);
    assay_model_free(model);
    model = new_model(&tensors, 8, shuffled, ASSAY_SCORES_LOGITS);
    key_of(keys[n++], model, &f->dataset, &options);
    assay_model_free(model);
    model = new_model(&tensors, 9, names, ASSAY_SCORES_LOGITS);
    key_of(keys[n++], model, &f->dataset, &options);
    assay_model_free(model);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(keys[i], keys[j]);
        }
    }
    assay_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_threads_and_batches),
        cmocka_unit_test(test_other_backends),
        cmocka_unit_test(test_perturbation),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
