/* Attacks on a small differentiable model: what is returned is adversarial and within its budget, is
 * the same whatever the block, the batch and the threads, and nothing leaks when memory is out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "core/attack_run.h"
#include "operation/harness.h"
#include "support/reference_model.h"

enum { N = 23, CHANNELS = 1, HEIGHT = 6, WIDTH = 6, SIZE = CHANNELS * HEIGHT * WIDTH, CLASSES = 5 };

typedef struct scene {
    reference_model model;
    assay_model *models[1];
    float pixels[N * SIZE];
    int32_t labels[N], targets[N];
    char texts[N][16];
    const char *ids[N];
    int64_t offset; /* images.n rows from here */
    assay_attack_images images;
    float best[N * SIZE];
    uint8_t found[N];
} scene;

static assay_status read_pixels(void *payload, int64_t i, float *pixels, assay_error *err)
{
    const scene *s = payload;
    (void)err;
    memcpy(pixels, s->pixels + (s->offset + i) * SIZE, SIZE * sizeof *pixels);
    return ASSAY_OK;
}

static assay_status keep_row(void *payload, const assay_attack_row *row, assay_error *err)
{
    scene *s = payload;
    (void)err;
    s->found[s->offset + row->index] = row->best != NULL;
    if (row->best != NULL) {
        memcpy(s->best + (s->offset + row->index) * SIZE, row->best, SIZE * sizeof(float));
    }
    return ASSAY_OK;
}

static scene *new_scene(int32_t hidden)
{
    scene *s = assay_alloc(1, sizeof *s);
    uint32_t counter = 77;
    assert_non_null(s);
    reference_model_init(&s->model, CHANNELS, HEIGHT, WIDTH, hidden, CLASSES, 3);
    s->models[0] = &s->model.model;
    for (int i = 0; i < N; i++) {
        float *x = s->pixels + i * SIZE;
        for (int k = 0; k < SIZE; k++) {
            /* Levels of 8 bit, black and white among them. */
            double v = 0.5 + 0.7 * reference_number(&counter);
            v = v < 0.0 ? 0.0 : v > 1.0 ? 1.0 : v;
            x[k] = (float)(int)(v * 255.0) / 255.0F;
        }
        s->labels[i] = reference_class(&s->model, x);
        s->targets[i] = (s->labels[i] + 1) % CLASSES;
        if (i == 4) {
            s->labels[i] = (s->labels[i] + 1) % CLASSES; /* wrong from the start */
        }
        if (i == 9) {
            s->labels[i] = -1; /* without a target */
        }
        (void)snprintf(s->texts[i], sizeof s->texts[i], "img%02d", i);
        s->ids[i] = s->texts[i];
    }
    s->images = (assay_attack_images){.payload = s,
                                      .read = read_pixels,
                                      .n = N,
                                      .channels = CHANNELS,
                                      .height = HEIGHT,
                                      .width = WIDTH,
                                      .labels = s->labels,
                                      .ids = s->ids};
    return s;
}

/* Settings that keep the long ones short here. */
static assay_args *quick_args(const assay_op *op)
{
    static const char *const pairs[][2] = {{"steps", "20"},   {"draws", "20"}, {"queries", "300"},
                                           {"restarts", "2"}, {"search", "4"}, {"init_const", "1"}};
    assay_args *args = harness_args(op, "");
    for (size_t i = 0; i < ASSAY_COUNT(pairs); i++) {
        double value = 0.0;
        if (assay_args_get(&value, args, pairs[i][0])) {
            assert_int_equal(assay_args_set(args, pairs[i][0], pairs[i][1], NULL), ASSAY_OK);
        }
    }
    return args;
}

static const double scales[ASSAY_NORMS][3] = {
    {0.02, 0.08, 0.3}, {0.1, 0.4, 1.5}, {0.5, 2.0, 8.0}, {1.0, 4.0, 16.0}};

static assay_attack_options options_of(scene *s, const assay_args *args, assay_norm norm)
{
    return (assay_attack_options){.attack = args,
                                  .models = s->models,
                                  .n_models = 1,
                                  .norm = norm,
                                  .eps = scales[norm],
                                  .n_eps = 3,
                                  .seed = 11,
                                  .threads = 1};
}

static assay_attack_result *attack(scene *s, const assay_attack_options *options)
{
    assay_attack_result *result = NULL;
    assay_error err = {0};
    if (assay_attack_run(&result, &s->images, options, &err) != ASSAY_OK) {
        fail_msg("%s: %s", options->attack->op->name, err.message);
    }
    return result;
}

/* Calls `check` for every norm that the attack has (once for those without). */
static void each_norm(const assay_op *op, void (*check)(const assay_op *op, assay_norm norm))
{
    for (int norm = 0; norm < ASSAY_NORMS; norm++) {
        if (op->attack->norms & 1u << norm || (op->attack->norms == 0 && norm == ASSAY_NORM_L2)) {
            check(op, (assay_norm)norm);
        }
    }
}

static void check_one(const scene *s, const assay_attack_result *r, const assay_attack *attack,
                      assay_norm norm, bool targeted, int i)
{
    const float *x0 = s->pixels + i * SIZE;
    const float *x = s->best + i * SIZE;
    if (s->labels[i] < 0) {
        assert_int_equal(s->found[i], 0);
        assert_int_equal(r->forwards[i], 0);
        return;
    }
    assert_int_equal(r->clean[i], reference_class(&s->model, x0));
    assert_int_equal(s->found[i], isfinite(r->distance[i]));
    if (!s->found[i]) {
        assert_int_equal(r->answer[i], -1);
        return;
    }
    int32_t answer = reference_class(&s->model, x);
    assert_int_equal(answer, r->answer[i]);
    assert_true(targeted ? answer == s->targets[i] : answer != s->labels[i]);
    for (int k = 0; k < SIZE; k++) {
        assert_true(x[k] >= -1e-6F && x[k] <= 1.0F + 1e-6F);
    }
    double distance = assay_norm_distance(norm, x, x0, SIZE);
    assert_true(fabs(distance - r->distance[i]) <= 1e-9);
    for (int e = 0; e < r->n_eps; e++) {
        bool success = r->success[e * N + i] != 0;
        bool within = distance <= r->eps[e] * (1.0 + 1e-6) + 1e-6;
        /* Success, once had, stays for every greater eps. */
        assert_true(e == 0 || success || !r->success[(e - 1) * N + i] ||
                    attack->traits & ASSAY_ATTACK_UNIVERSAL);
        assert_true(attack->norms == 0 || !success || within || e > 0 ||
                    attack->traits & ASSAY_ATTACK_UNIVERSAL);
        if (attack->traits & ASSAY_ATTACK_MINIMUM) {
            assert_int_equal(success, within);
        }
    }
}

static int judge(const assay_op *op, assay_norm norm, bool targeted)
{
    scene *s = new_scene(10);
    assay_args *args = quick_args(op);
    assay_attack_options options = options_of(s, args, norm);
    assay_attack_sink sink = {.payload = s, .row = keep_row};
    options.sink = &sink;
    s->images.targets = targeted ? s->targets : NULL;
    assay_attack_result *r = attack(s, &options);
    int found = 0;
    for (int i = 0; i < N; i++) {
        check_one(s, r, op->attack, norm, targeted, i);
        found += s->found[i] && i != 4;
    }
    if (!targeted) {
        assert_true(r->success[4] && r->distance[4] == 0.0 && r->first[4] == 0);
    }
    assay_attack_result_free(r);
    assay_args_free(args);
    assay_free(s);
    return found;
}

static void check_results(const assay_op *op, assay_norm norm)
{
    int found = judge(op, norm, false);
    /* On a model as soft as this every real attack gets somewhere. */
    if (!(op->attack->traits & ASSAY_ATTACK_CONTROL) && found < N / 4) {
        fail_msg("%s %s: only %d of %d", op->name, assay_norm_name(norm), found, N);
    }
    if (op->attack->traits & ASSAY_ATTACK_TARGETED) {
        found = judge(op, norm, true);
        if (!(op->attack->traits & ASSAY_ATTACK_CONTROL) && found == 0) {
            fail_msg("%s %s: aiming never succeeds", op->name, assay_norm_name(norm));
        }
    }
}

void check_attack_results(const assay_op *op)
{
    each_norm(op, check_results);
}

static void same(const assay_attack_result *a, const assay_attack_result *b, int64_t offset,
                 int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        assert_memory_equal(&a->distance[offset + i], &b->distance[i], sizeof(double));
        assert_int_equal(a->answer[offset + i], b->answer[i]);
        assert_int_equal(a->forwards[offset + i], b->forwards[i]);
        assert_int_equal(a->backwards[offset + i], b->backwards[i]);
        assert_int_equal(a->rounded[offset + i], b->rounded[i]);
        for (int e = 0; e < a->n_eps; e++) {
            assert_int_equal(a->success[e * a->n + offset + i], b->success[e * b->n + i]);
        }
    }
}

/* Alone, in small blocks, in other batches, on many threads: the same bits. */
static void check_company(const assay_op *op, assay_norm norm)
{
    scene *s = new_scene(10);
    assay_args *args = quick_args(op);
    assay_attack_options options = options_of(s, args, norm);
    assay_attack_result *whole = attack(s, &options);
    options.threads = 7;
    s->model.model.spec.batch = 3;
    assay_attack_result *other = attack(s, &options);
    same(whole, other, 0, N);
    assay_attack_result_free(other);
    if (!(op->attack->traits & ASSAY_ATTACK_UNIVERSAL)) {
        options.block = 4;
        other = attack(s, &options);
        same(whole, other, 0, N);
        assay_attack_result_free(other);
        s->offset = 13;
        s->images.n = 5;
        s->images.labels = s->labels + 13;
        s->images.ids = s->ids + 13;
        other = attack(s, &options);
        same(whole, other, 13, 5);
        assay_attack_result_free(other);
    }
    assay_attack_result_free(whole);
    assay_args_free(args);
    assay_free(s);
}

void check_attack_company(const assay_op *op)
{
    each_norm(op, check_company);
}

/* A model without slope: the attack ends, and what it saw is noted. */
void check_attack_flat(const assay_op *op)
{
    scene *s = new_scene(10);
    assay_args *args = quick_args(op);
    s->model.fault = REFERENCE_FLAT;
    int norm = 0;
    while (op->attack->norms != 0 && !(op->attack->norms & 1u << norm)) {
        norm++;
    }
    assay_attack_options options = options_of(s, args, (assay_norm)norm);
    assay_attack_result *r = attack(s, &options);
    if (op->attack->access == ASSAY_ACCESS_GRADIENTS) {
        int flat = 0;
        for (int i = 0; i < N; i++) {
            flat += r->flat[i];
        }
        assert_true(flat > 0);
    }
    assay_attack_result_free(r);
    assay_args_free(args);
    assay_free(s);
}

/* Models that give less than is needed are refused before anything is asked. */
void check_attack_access(const assay_op *op)
{
    scene *s = new_scene(10);
    assay_args *args = quick_args(op);
    assay_attack_result *r = NULL;
    assay_error err = {0};
    int norm = 0;
    while (op->attack->norms != 0 && !(op->attack->norms & 1u << norm)) {
        norm++;
    }
    assay_attack_options options = options_of(s, args, (assay_norm)norm);
    if (op->attack->access == ASSAY_ACCESS_GRADIENTS) {
        s->model.model.backend = &reference_scores_backend;
        assert_int_equal(assay_attack_run(&r, &s->images, &options, &err), ASSAY_EUNSUPPORTED);
        assert_null(r);
        assert_non_null(strstr(err.message, "gradients"));
    }
    if (op->attack->access != ASSAY_ACCESS_LABELS) {
        s->model.model.spec.scores = ASSAY_SCORES_LABELS;
        assert_int_equal(assay_attack_run(&r, &s->images, &options, &err), ASSAY_EUNSUPPORTED);
        assert_int_equal(s->model.calls, 0);
    } else {
        s->model.model.spec.scores = ASSAY_SCORES_LABELS;
        r = attack(s, &options);
        assay_attack_result_free(r);
    }
    assay_args_free(args);
    assay_free(s);
}

typedef struct allocation_run {
    scene *scene;
    const assay_attack_options *options;
} allocation_run;

static assay_status run_once(void *payload)
{
    allocation_run *a = payload;
    assay_attack_result *r = NULL;
    assay_status status = assay_attack_run(&r, &a->scene->images, a->options, NULL);
    assay_attack_result_free(r);
    return status;
}

void check_attack_allocation(const assay_op *op)
{
    scene *s = new_scene(0);
    assay_args *args = quick_args(op);
    int norm = 0;
    while (op->attack->norms != 0 && !(op->attack->norms & 1u << norm)) {
        norm++;
    }
    assay_attack_options options = options_of(s, args, (assay_norm)norm);
    options.n_eps = op->attack->norms != 0;
    options.keep_events = true;
    s->images.n = 3;
    allocation_run payload = {s, &options};
    check_allocation_failures(op->name, run_once, &payload);
    assay_args_free(args);
    assay_free(s);
}
