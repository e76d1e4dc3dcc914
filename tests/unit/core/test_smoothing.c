/* The smoothing certificate: radii against published numbers, and against the exact answer of a
 * linear model, whose smoothed version is itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "core/smoothing.h"
#include "support/reference_model.h"

/* R / sigma at alpha 0.001, from Boost and SciPy. */
static void test_radius(void **state)
{
    static const struct {
        int64_t successes, draws;
        double radius;
    } cases[] = {{100, 100, 1.500475},       {1000, 1000, 2.463263}, {10000, 10000, 3.198578},
                 {100000, 100000, 3.811457}, {990, 1000, 1.978010},  {900, 1000, 1.114483},
                 {600, 1000, 0.128379},      {540, 1000, 0.0},       {99, 100, 1.349259},
                 {80, 100, 0.394942}};
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assay_smoothing s = {.sigma = 2.0, .first = 1, .draws = cases[i].draws, .alpha = 0.001};
        double radius = -1.0;
        assert_int_equal(assay_smoothing_radius(&radius, cases[i].successes, &s, NULL), ASSAY_OK);
        assert_true(fabs(radius / 2.0 - cases[i].radius) < 1e-6);
    }
}

enum { N = 24, SIDE = 4, SIZE = SIDE * SIDE };

typedef struct scene {
    reference_model model;
    assay_model *models[1];
    float pixels[N * SIZE];
    int32_t labels[N];
    const char *ids[N];
    char texts[N][8];
} scene;

static assay_status read_pixels(void *payload, int64_t i, float *pixels, assay_error *err)
{
    const scene *s = payload;
    (void)err;
    memcpy(pixels, s->pixels + i * SIZE, SIZE * sizeof *pixels);
    return ASSAY_OK;
}

/* Two classes, linear: the certified radius is never above the distance to the boundary, the class
 * is the model's own, and the radius comes near the distance where that is well within reach. */
static void test_linear(void **state)
{
    (void)state;
    scene *s = assay_alloc(1, sizeof *s);
    uint32_t counter = 50;
    assert_non_null(s);
    reference_model_init(&s->model, 1, SIDE, SIDE, 0, 2, 8);
    s->models[0] = &s->model.model;
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < SIZE; k++) {
            s->pixels[i * SIZE + k] = (float)(0.5 + 0.5 * reference_number(&counter));
        }
        s->texts[i][0] = (char)('a' + i);
        s->ids[i] = s->texts[i];
    }
    assay_attack_images images = {.payload = s,
                                  .read = read_pixels,
                                  .n = N,
                                  .channels = 1,
                                  .height = SIDE,
                                  .width = SIDE,
                                  .labels = s->labels, /* all 0: half of them are wrong */
                                  .ids = s->ids};
    assay_attack_options options = {.models = s->models, .n_models = 1, .seed = 3, .threads = 1};
    assay_smoothing settings = {.sigma = 0.25, .first = 100, .draws = 2000, .alpha = 0.001};
    int32_t label[N];
    double radius[N];
    int32_t again[N];
    double radius_again[N];
    assert_int_equal(assay_smooth(label, radius, &images, &options, &settings, NULL), ASSAY_OK);
    options.threads = 5;
    options.block = 3;
    assert_int_equal(assay_smooth(again, radius_again, &images, &options, &settings, NULL),
                     ASSAY_OK);
    assert_memory_equal(label, again, sizeof label);
    assert_memory_equal(radius, radius_again, sizeof radius);
    int certified = 0;
    for (int i = 0; i < N; i++) {
        double z[2];
        double squares = 0.0;
        reference_forward(z, NULL, &s->model, s->pixels + i * SIZE);
        for (int k = 0; k < SIZE; k++) {
            double d = s->model.w1[k] - s->model.w1[SIZE + k];
            squares += d * d;
        }
        double distance = fabs(z[0] - z[1]) / sqrt(squares);
        assert_true(radius[i] <= distance);
        if (label[i] >= 0) {
            certified++;
            assert_int_equal(label[i], z[0] >= z[1] ? 0 : 1);
            assert_true(distance > 2.0 * settings.sigma || radius[i] > distance - 0.1);
        }
    }
    assert_true(certified > N / 3);
    settings.sigma = 0.0;
    assert_int_equal(assay_smooth(label, radius, &images, &options, &settings, NULL), ASSAY_EINVAL);
    assay_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_radius),
        cmocka_unit_test(test_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
