/* The framework of attacks: chain rule through the preparation, recording, queries, refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "core/attack_probe.h"
#include "support/reference_model.h"

enum { N = 7, C = 3, H = 4, W = 4, SIZE = C * H * W, CLASSES = 4 };

typedef struct scene {
    reference_model model;
    assay_model *models[1];
    float pixels[N * SIZE];
    int32_t labels[N], targets[N];
    const char *ids[N];
    assay_attack_images images;
    /* What the toy attack saw. */
    float gradient[N * SIZE], logits[N * CLASSES];
    int64_t asked;
} scene;

static scene *now; /* the toy attack has no other way to its test */

static assay_status read_pixels(void *payload, int64_t i, float *pixels, assay_error *err)
{
    const scene *s = payload;
    (void)err;
    memcpy(pixels, s->pixels + i * SIZE, SIZE * sizeof *pixels);
    return ASSAY_OK;
}

static void new_scene(scene *s)
{
    static const char *const ids[N] = {"a", "b", "c", "d", "e", "f", "g"};
    uint32_t counter = 5;
    memset(s, 0, sizeof *s);
    reference_model_init(&s->model, C, H, W, 8, CLASSES, 9);
    s->models[0] = &s->model.model;
    for (int k = 0; k < N * SIZE; k++) {
        s->pixels[k] = (float)(0.5 + 0.4 * reference_number(&counter));
    }
    for (int i = 0; i < N; i++) {
        s->ids[i] = ids[i];
        s->targets[i] = 1;
    }
    s->images = (assay_attack_images){.payload = s,
                                      .read = read_pixels,
                                      .n = N,
                                      .channels = C,
                                      .height = H,
                                      .width = W,
                                      .labels = s->labels,
                                      .ids = s->ids};
    now = s;
}

/* Asks for one gradient at the originals. */
static assay_status look(assay_attack_block *b, const void *params, assay_error *err)
{
    (void)params;
    assay_points points = assay_attack_active(b);
    ASSAY_TRY(assay_attack_gradient(b, now->gradient, now->logits, b->x0, &points,
                                    ASSAY_LOSS_CROSS_ENTROPY, NULL, NULL, err));
    now->asked = b->n_active;
    return ASSAY_OK;
}

/* Black images, then white ones, until the budget is used up. */
static assay_status extremes(assay_attack_block *b, const void *params, assay_error *err)
{
    (void)params;
    float *x = assay_attack_pixels(b, b->n);
    float *logits = assay_arena_alloc(b->arena, (size_t)(b->n * b->classes), sizeof *logits);
    if (x == NULL || logits == NULL) {
        return assay_fail_memory(err);
    }
    for (int colour = 0; colour < 4 && b->n_active > 0; colour++) {
        assay_points points = assay_attack_active(b);
        for (int64_t k = 0; k < b->n * b->size; k++) {
            x[k] = (float)(colour & 1);
        }
        ASSAY_TRY(assay_attack_scores(b, logits, x, &points, err));
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static const assay_attack look_shape = {
    .access = ASSAY_ACCESS_GRADIENTS, .norms = ASSAY_LINF, .run = look};
static const assay_attack extremes_shape = {
    .access = ASSAY_ACCESS_SCORES, .traits = ASSAY_ATTACK_TARGETED, .run = extremes};
static const assay_op look_op = {.kind = ASSAY_OP_ATTACK, .name = "look", .attack = &look_shape};
static const assay_op extremes_op = {
    .kind = ASSAY_OP_ATTACK, .name = "extremes", .attack = &extremes_shape};

static const double one_eps[] = {0.1};

static assay_attack_options options_of(scene *s, const assay_args *args)
{
    return (assay_attack_options){.attack = args,
                                  .models = s->models,
                                  .n_models = 1,
                                  .norm = ASSAY_NORM_LINF,
                                  .eps = one_eps,
                                  .n_eps = 1,
                                  .seed = 1,
                                  .threads = 1};
}

/* Labels as the model sees the prepared images: nobody is wrong. */
static void label_all(scene *s)
{
    assay_args args = {.op = &extremes_op};
    assay_attack_options options = options_of(s, &args);
    assay_attack_result *r = NULL;
    assert_int_equal(assay_attack_run(&r, &s->images, &options, NULL), ASSAY_OK);
    memcpy(s->labels, r->clean, sizeof s->labels);
    assay_attack_result_free(r);
}

static float loss_at(scene *s, int i, int k, float step)
{
    float x[SIZE];
    float tensor[SIZE];
    double z[CLASSES];
    double h[REFERENCE_HIDDEN];
    float z32[CLASSES];
    const assay_preprocess *p = &s->model.model.spec.preprocess;
    memcpy(x, s->pixels + i * SIZE, sizeof x);
    x[k] += step;
    for (int c = 0; c < C; c++) {
        for (int at = 0; at < H * W; at++) {
            int from = p->color == ASSAY_COLOR_BGR ? C - 1 - c : c;
            int to = p->layout == ASSAY_LAYOUT_NHWC ? at * C + c : c * H * W + at;
            double value = p->scale * 255.0 * (double)x[from * H * W + at];
            tensor[to] = (float)((value - p->mean[c]) / p->std[c]);
        }
    }
    reference_forward(z, h, &s->model, tensor);
    for (int c = 0; c < CLASSES; c++) {
        z32[c] = (float)z[c];
    }
    return (float)assay_loss_value(ASSAY_LOSS_CROSS_ENTROPY, z32, CLASSES, s->labels[i], 0);
}

static void check_chain_rule(assay_layout layout, assay_color color, double scale)
{
    scene *s = assay_alloc(1, sizeof *s);
    assay_args args = {.op = &look_op};
    assay_attack_result *r = NULL;
    assert_non_null(s);
    new_scene(s);
    assay_preprocess *p = &s->model.model.spec.preprocess;
    p->layout = layout;
    p->color = color;
    p->scale = scale;
    for (int c = 0; c < C; c++) {
        p->mean[c] = 0.4 + 0.05 * c;
        p->std[c] = 0.8 + 0.2 * c;
    }
    label_all(s);
    assay_attack_options options = options_of(s, &args);
    assert_int_equal(assay_attack_run(&r, &s->images, &options, NULL), ASSAY_OK);
    assert_int_equal(s->asked, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(r->forwards[i], 1);
        assert_int_equal(r->backwards[i], 1);
        for (int k = 0; k < SIZE; k++) {
            double slope =
                ((double)loss_at(s, i, k, 0.002F) - (double)loss_at(s, i, k, -0.002F)) / 0.004;
            double given = (double)s->gradient[i * SIZE + k];
            /* A kink of a ReLU within the step spoils the difference now and then. */
            assert_true(fabs(slope - given) <= 0.02 + 0.05 * fabs(slope));
        }
    }
    assay_attack_result_free(r);
    assay_free(s);
}

static void test_chain_rule(void **state)
{
    (void)state;
    check_chain_rule(ASSAY_LAYOUT_NCHW, ASSAY_COLOR_RGB, 1.0 / 255.0);
    check_chain_rule(ASSAY_LAYOUT_NHWC, ASSAY_COLOR_RGB, 1.0 / 255.0);
    check_chain_rule(ASSAY_LAYOUT_NCHW, ASSAY_COLOR_BGR, 1.0 / 127.5);
    check_chain_rule(ASSAY_LAYOUT_NHWC, ASSAY_COLOR_BGR, 0.01);
}

static void test_recording(void **state)
{
    (void)state;
    scene *s = assay_alloc(1, sizeof *s);
    assay_args args = {.op = &extremes_op};
    assay_attack_result *r = NULL;
    float black[SIZE] = {0};
    float white[SIZE];
    assert_non_null(s);
    new_scene(s);
    label_all(s);
    for (int k = 0; k < SIZE; k++) {
        white[k] = 1.0F;
    }
    s->labels[2] = (s->labels[2] + 1) % CLASSES;
    assay_attack_options options = options_of(s, &args);
    options.keep_events = true;
    options.budget = 3;
    assert_int_equal(assay_attack_run(&r, &s->images, &options, NULL), ASSAY_OK);
    assert_true(r->success[2] && r->distance[2] == 0.0 && r->first[2] == 0);
    assert_int_equal(r->forwards[2], 0);
    for (int i = 0; i < N; i++) {
        bool by_black = reference_class(&s->model, black) != s->labels[i];
        bool by_white = reference_class(&s->model, white) != s->labels[i];
        if (i != 2) {
            assert_int_equal(r->forwards[i], 3); /* no eps: it goes on to the budget's end */
            assert_int_equal(r->success[i], by_black || by_white);
            assert_int_equal(r->first[i], by_black ? 1 : by_white ? 2 : -1);
        }
    }
    for (int64_t e = 1; e < r->n_events; e++) {
        assert_true(r->events[e].row > r->events[e - 1].row ||
                    r->events[e].distance < r->events[e - 1].distance);
    }
    assay_attack_result_free(r);
    assay_free(s);
}

static void refuse(scene *s, const assay_attack_options *options, assay_status expected,
                   const char *words)
{
    assay_attack_result *r = NULL;
    assay_error err = {0};
    assay_status status = assay_attack_run(&r, &s->images, options, &err);
    if (status != expected || strstr(err.message, words) == NULL) {
        fail_msg("status %d, \"%s\" where \"%s\" was expected", (int)status, err.message, words);
    }
    assert_null(r);
}

static void test_refusals(void **state)
{
    (void)state;
    scene *s = assay_alloc(1, sizeof *s);
    assay_args args = {.op = &look_op};
    static const double large[] = {8.0};
    static const double falling[] = {0.2, 0.1};
    assert_non_null(s);
    new_scene(s);
    assay_attack_options options = options_of(s, &args);
    options.eps = large;
    refuse(s, &options, ASSAY_EINVAL, "8/255");
    options.eps = falling;
    options.n_eps = 2;
    refuse(s, &options, ASSAY_EINVAL, "above");
    options = options_of(s, &args);
    options.norm = ASSAY_NORM_L2;
    refuse(s, &options, ASSAY_EINVAL, "only linf");
    options = options_of(s, &args);
    s->images.targets = s->targets;
    refuse(s, &options, ASSAY_EINVAL, "cannot aim");
    args.op = &extremes_op;
    s->targets[3] = CLASSES;
    refuse(s, &options, ASSAY_EINVAL, "there is no class 4");
    s->images.targets = NULL;
    s->labels[1] = CLASSES + 2;
    refuse(s, &options, ASSAY_EINVAL, "there is no class 6");
    s->labels[1] = 0;
    s->model.fault = REFERENCE_NAN;
    refuse(s, &options, ASSAY_EFORMAT, "NaN");
    assay_free(s);
}

/* A sound model passes; one whose slopes vanish, one that answers differently each time do not. */
static void test_probe(void **state)
{
    (void)state;
    scene *s = assay_alloc(1, sizeof *s);
    assay_args args = {.op = &look_op};
    assay_attack_probe probe;
    assert_non_null(s);
    new_scene(s);
    label_all(s);
    assay_attack_options options = options_of(s, &args);
    assert_int_equal(assay_attack_probe_model(&probe, &s->images, &options, NULL), ASSAY_OK);
    assert_int_equal(probe.n, N);
    assert_int_equal(probe.changed, 0);
    assert_true(probe.spread == 0.0);
    assert_int_equal(probe.n_gradient, N);
    assert_int_equal(probe.zero, 0);
    assert_true(probe.cosine > 0.999 && probe.error < 0.05);
    s->model.fault = REFERENCE_FLAT;
    assert_int_equal(assay_attack_probe_model(&probe, &s->images, &options, NULL), ASSAY_OK);
    assert_int_equal(probe.zero, N);
    assert_false(probe.cosine > 0.99);
    s->model.fault = REFERENCE_FICKLE;
    assert_int_equal(assay_attack_probe_model(&probe, &s->images, &options, NULL), ASSAY_OK);
    assert_true(probe.n == 0 || probe.changed > 0);
    assert_true(probe.n == 0 || probe.spread > 1e-4);
    s->model.fault = REFERENCE_SOUND;
    s->model.model.spec.scores = ASSAY_SCORES_LABELS;
    s->model.model.backend = &reference_scores_backend;
    assert_int_equal(assay_attack_probe_model(&probe, &s->images, &options, NULL), ASSAY_OK);
    assert_int_equal(probe.n, N);
    assert_int_equal(probe.n_gradient, 0);
    assert_true(isnan(probe.cosine) && isnan(probe.spread));
    assay_free(s);
}

/* Losses against values worked out by hand. */
static void test_losses(void **state)
{
    (void)state;
    const float z[] = {1.0F, 4.0F, 2.0F, -1.0F, 3.0F};
    double sum = exp(1.0) + exp(4.0) + exp(2.0) + exp(-1.0) + exp(3.0);
    assert_true(fabs(assay_loss_value(ASSAY_LOSS_CROSS_ENTROPY, z, 5, 2, 0) - (log(sum) - 2.0)) <
                1e-12);
    assert_true(assay_loss_value(ASSAY_LOSS_MARGIN, z, 5, 1, 0) == -1.0);
    assert_true(assay_loss_value(ASSAY_LOSS_MARGIN, z, 5, 3, 0) == 5.0);
    assert_true(assay_loss_value(ASSAY_LOSS_LOGIT, z, 5, 4, 0) == 3.0);
    assert_true(assay_loss_value(ASSAY_LOSS_LOGIT_DIFFERENCE, z, 5, 4, 3) == -4.0);
    assert_true(fabs(assay_loss_value(ASSAY_LOSS_DLR, z, 5, 1, 0) + 0.5) < 1e-9);
    assert_true(fabs(assay_loss_value(ASSAY_LOSS_DLR_TARGETED, z, 5, 1, 2) + 2.0 / 2.5) < 1e-9);
}

static void test_norms(void **state)
{
    (void)state;
    float x[19];
    float y[19] = {0};
    for (int k = 0; k < 19; k++) {
        x[k] = k % 3 == 0 ? 0.0F : (float)(k % 5) - 2.0F;
    }
    double l1 = 0.0;
    double l2 = 0.0;
    double l0 = 0.0;
    for (int k = 0; k < 19; k++) {
        l1 += fabs((double)x[k]);
        l2 += (double)x[k] * (double)x[k];
        l0 += x[k] != 0.0F;
    }
    assert_true(assay_norm_distance(ASSAY_NORM_LINF, x, y, 19) == 2.0);
    assert_true(fabs(assay_norm_distance(ASSAY_NORM_L2, x, y, 19) - sqrt(l2)) < 1e-12);
    assert_true(fabs(assay_norm_distance(ASSAY_NORM_L1, x, y, 19) - l1) < 1e-12);
    assert_true(assay_norm_distance(ASSAY_NORM_L0, x, y, 19) == l0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_rule), cmocka_unit_test(test_recording),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_losses),
        cmocka_unit_test(test_norms),      cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
