/** @file attack_scene.h  Forty images, a small model that knows them, attacks on it. */
#ifndef ASSAY_TESTS_OPERATION_ATTACK_SCENE_H
#define ASSAY_TESTS_OPERATION_ATTACK_SCENE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "core/attack_run.h"
#include "operation/harness.h"
#include "support/reference_model.h"

enum { N = 40, SIDE = 6, SIZE = SIDE * SIDE, CLASSES = 5 };

typedef struct scene {
    reference_model model;
    assay_model *models[1];
    float pixels[N * SIZE];
    int32_t labels[N];
    char texts[N][16];
    const char *ids[N];
    assay_attack_images images;
    float found[N * SIZE];
} scene;

static inline assay_status read_pixels(void *payload, int64_t i, float *pixels, assay_error *err)
{
    const scene *s = payload;
    (void)err;
    memcpy(pixels, s->pixels + i * SIZE, SIZE * sizeof *pixels);
    return ASSAY_OK;
}

static inline assay_status keep_row(void *payload, const assay_attack_row *row, assay_error *err)
{
    scene *s = payload;
    (void)err;
    if (row->best != NULL) {
        memcpy(s->found + row->index * SIZE, row->best, SIZE * sizeof(float));
    }
    return ASSAY_OK;
}

/* Pixels of 8-bit levels between low and high; the model's own answers are the labels. */
static inline scene *new_scene(int32_t hidden, uint32_t seed, double low, double high)
{
    scene *s = assay_alloc(1, sizeof *s);
    uint32_t counter = 1000U * seed;
    assert_non_null(s);
    reference_model_init(&s->model, 1, SIDE, SIDE, hidden, CLASSES, seed);
    s->models[0] = &s->model.model;
    s->model.model.spec.batch = 16;
    for (int i = 0; i < N; i++) {
        float *x = s->pixels + i * SIZE;
        for (int k = 0; k < SIZE; k++) {
            double v = low + (high - low) * 0.5 * (1.0 + reference_number(&counter));
            x[k] = (float)floor(v * 255.0) / 255.0F;
        }
        s->labels[i] = reference_class(&s->model, x);
        (void)snprintf(s->texts[i], sizeof s->texts[i], "img%02d", i);
        s->ids[i] = s->texts[i];
    }
    s->images = (assay_attack_images){.payload = s,
                                      .read = read_pixels,
                                      .n = N,
                                      .channels = 1,
                                      .height = SIDE,
                                      .width = SIDE,
                                      .labels = s->labels,
                                      .ids = s->ids};
    return s;
}

/* How the next attacks of a scene get their gradients. */
typedef struct slopes {
    assay_model *substitute;
    int32_t repeats;
    double noise;
} slopes;

static inline assay_attack_result *attack_by(scene *s, const char *name, const char *settings,
                                             assay_norm norm, const double *eps, int32_t n_eps,
                                             uint64_t seed, const slopes *by)
{
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_ATTACK, name);
    assert_non_null(op);
    assay_args *args = harness_args(op, settings);
    assay_attack_sink sink = {.payload = s, .row = keep_row};
    assay_attack_options options = {.attack = args,
                                    .models = s->models,
                                    .n_models = 1,
                                    .norm = norm,
                                    .eps = eps,
                                    .n_eps = n_eps,
                                    .substitute = by->substitute,
                                    .repeats = by->repeats,
                                    .noise = by->noise,
                                    .seed = seed,
                                    .sink = &sink,
                                    .threads = 1};
    assay_attack_result *r = NULL;
    assay_error err = {0};
    if (assay_attack_run(&r, &s->images, &options, &err) != ASSAY_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    assay_args_free(args);
    return r;
}

static inline assay_attack_result *attack(scene *s, const char *name, const char *settings,
                                          assay_norm norm, const double *eps, int32_t n_eps)
{
    const slopes own = {.substitute = NULL};
    return attack_by(s, name, settings, norm, eps, n_eps, 1, &own);
}

#endif
