/* Attacks that see scores or classes only, on a linear model, where the nearest adversarial point is
 * known: |z_y - z_j| / ||w_y - w_j||_q, the least over j, 1/p + 1/q = 1; and for L0 the fewest values
 * that can do it. None may do better, and each must come near. */
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
#include "core/attack_run.h"
#include "ops/op_table.h"
#include "support/reference_model.h"

enum { N = 12, SIDE = 8, SIZE = SIDE * SIDE, CLASSES = 5 };

typedef struct scene {
    reference_model model;
    assay_model *models[1];
    float pixels[N * SIZE];
    int32_t labels[N];
    char texts[N][8];
    const char *ids[N];
    double least[ASSAY_NORMS][N];
    assay_attack_images images;
} scene;

static assay_status read_pixels(void *payload, int64_t i, float *pixels, assay_error *err)
{
    const scene *s = payload;
    (void)err;
    memcpy(pixels, s->pixels + i * SIZE, SIZE * sizeof *pixels);
    return ASSAY_OK;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The fewest values whose change lifts class j above the label: the greatest gains first. */
static double fewest(const double *slope, const float *x, double gap)
{
    double gain[SIZE];
    for (int k = 0; k < SIZE; k++) {
        gain[k] = slope[k] > 0.0 ? slope[k] * (1.0 - (double)x[k]) : -slope[k] * (double)x[k];
    }
    qsort(gain, SIZE, sizeof *gain, descending);
    int n = 0;
    while (gap >= 0.0 && n < SIZE) {
        gap -= gain[n++];
    }
    return gap < 0.0 ? (double)n : (double)INFINITY;
}

static void exact(scene *s, int i)
{
    const float *x = s->pixels + i * SIZE;
    const reference_model *m = &s->model;
    double z[REFERENCE_CLASSES];
    double h[REFERENCE_HIDDEN];
    reference_forward(z, h, m, x);
    for (int norm = 0; norm < ASSAY_NORMS; norm++) {
        s->least[norm][i] = INFINITY;
    }
    for (int j = 0; j < CLASSES; j++) {
        double slope[SIZE];
        double sums[ASSAY_NORMS] = {0};
        double gap = z[s->labels[i]] - z[j];
        if (j == s->labels[i]) {
            continue;
        }
        for (int k = 0; k < SIZE; k++) {
            slope[k] = m->w1[j * SIZE + k] - m->w1[s->labels[i] * SIZE + k];
            sums[ASSAY_NORM_LINF] += fabs(slope[k]);
            sums[ASSAY_NORM_L2] += slope[k] * slope[k];
            sums[ASSAY_NORM_L1] = fmax(sums[ASSAY_NORM_L1], fabs(slope[k]));
        }
        s->least[ASSAY_NORM_LINF][i] =
            fmin(s->least[ASSAY_NORM_LINF][i], gap / sums[ASSAY_NORM_LINF]);
        s->least[ASSAY_NORM_L2][i] =
            fmin(s->least[ASSAY_NORM_L2][i], gap / sqrt(sums[ASSAY_NORM_L2]));
        s->least[ASSAY_NORM_L1][i] = fmin(s->least[ASSAY_NORM_L1][i], gap / sums[ASSAY_NORM_L1]);
        s->least[ASSAY_NORM_L0][i] = fmin(s->least[ASSAY_NORM_L0][i], fewest(slope, x, gap));
    }
}

static scene *new_scene(void)
{
    scene *s = assay_alloc(1, sizeof *s);
    uint32_t counter = 4;
    assert_non_null(s);
    reference_model_init(&s->model, 1, SIDE, SIDE, 0, CLASSES, 21);
    s->models[0] = &s->model.model;
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < SIZE; k++) {
            /* Grey: the nearest points lie inside the box. */
            s->pixels[i * SIZE + k] = (float)(0.5 + 0.2 * reference_number(&counter));
        }
        s->labels[i] = reference_class(&s->model, s->pixels + i * SIZE);
        (void)snprintf(s->texts[i], sizeof s->texts[i], "i%d", i);
        s->ids[i] = s->texts[i];
        exact(s, i);
        assert_true(s->least[ASSAY_NORM_LINF][i] < 0.25 && s->least[ASSAY_NORM_LINF][i] > 0.0);
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

static assay_attack_result *attack(scene *s, const char *name, const char *const *settings,
                                   assay_norm norm, const double *eps)
{
    assay_args *args = NULL;
    assay_attack_result *r = NULL;
    assay_error err = {0};
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_ATTACK, name);
    assert_non_null(op);
    assert_int_equal(assay_args_new(&args, op, &err), ASSAY_OK);
    for (size_t i = 0; settings[i] != NULL; i += 2) {
        if (assay_args_set(args, settings[i], settings[i + 1], &err) != ASSAY_OK) {
            fail_msg("%s", err.message);
        }
    }
    assay_attack_options options = {.attack = args,
                                    .models = s->models,
                                    .n_models = 1,
                                    .norm = norm,
                                    .eps = eps,
                                    .n_eps = 1,
                                    .seed = 3,
                                    .threads = 1};
    if (assay_attack_run(&r, &s->images, &options, &err) != ASSAY_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    assay_args_free(args);
    return r;
}

/* The median over the images of found / least distance is at most `most`, and none is below 1. */
static void comes_near(const char *name, const char *const *settings, assay_norm norm, double most)
{
    static const double eps[ASSAY_NORMS][1] = {{1.0}, {8.0}, {64.0}, {64.0}};
    scene *s = new_scene();
    assay_attack_result *r = attack(s, name, settings, norm, eps[norm]);
    double ratios[N];
    for (int i = 0; i < N; i++) {
        double ratio = r->distance[i] / s->least[norm][i];
        if (!(ratio >= 1.0 - 1e-5)) {
            fail_msg("%s %s: image %d: %.9g where %.9g is the least", name, assay_norm_name(norm),
                     i, r->distance[i], s->least[norm][i]);
        }
        ratios[i] = ratio;
    }
    /* The median: a search may end in the half-space of another class, farther away. */
    qsort(ratios, N, sizeof *ratios, descending);
    if (!(ratios[N / 2] <= most)) {
        fail_msg("%s %s: %.4f of the least distance in the median, expected %.2f at most", name,
                 assay_norm_name(norm), ratios[N / 2], most);
    }
    assay_attack_result_free(r);
    assay_free(s);
}

/* With a budget `factor` times the least distance of every image, all are fooled; with 0.98 none. */
static void succeeds(const char *name, const char *const *settings, assay_norm norm, double factor,
                     int at_least)
{
    scene *s = new_scene();
    int found = 0;
    int64_t all = s->images.n;
    s->images.n = 1;
    for (int i = 0; i < all; i++) {
        double eps[] = {factor * s->least[norm][i]};
        double under[] = {0.98 * s->least[norm][i]};
        s->images.labels = s->labels + i;
        s->images.ids = s->ids + i;
        memmove(s->pixels, s->pixels + (i == 0 ? 0 : SIZE),
                (size_t)(i == 0 ? 0 : N - i) * SIZE * sizeof *s->pixels);
        assay_attack_result *r = attack(s, name, settings, norm, eps);
        found += r->success[0];
        assay_attack_result_free(r);
        r = attack(s, name, settings, norm, under);
        assert_int_equal(r->success[0], 0);
        assay_attack_result_free(r);
    }
    if (found < at_least) {
        fail_msg("%s %s: %d of %d within %.2f of the least distance, expected %d", name,
                 assay_norm_name(norm), found, N, factor, at_least);
    }
    assay_free(s);
}

static const char *const defaults[] = {NULL};

static void test_hopskipjump(void **state)
{
    (void)state;
    comes_near("hopskipjump", defaults, ASSAY_NORM_L2, 1.01);
    comes_near("hopskipjump", defaults, ASSAY_NORM_LINF, 1.05);
}

static void test_boundary(void **state)
{
    (void)state;
    comes_near("boundary", defaults, ASSAY_NORM_L2, 1.02);
}

static void test_geoda(void **state)
{
    static const char *const all[] = {"frequencies", "8", "queries", "8000", NULL};
    (void)state;
    comes_near("geoda", all, ASSAY_NORM_L2, 1.05);
    comes_near("geoda", all, ASSAY_NORM_LINF, 1.05);
}

static void test_sign_opt(void **state)
{
    (void)state;
    comes_near("sign_opt", defaults, ASSAY_NORM_L2, 1.01);
}

static void test_pointwise(void **state)
{
    (void)state;
    comes_near("pointwise", defaults, ASSAY_NORM_L0, 3.0);
    comes_near("pointwise", defaults, ASSAY_NORM_L1, 3.0);
}

static void test_zoo(void **state)
{
    static const char *const long_search[] = {"search", "6", "steps", "200", NULL};
    (void)state;
    comes_near("zoo", long_search, ASSAY_NORM_L2, 1.05);
}

static void test_simba(void **state)
{
    static const char *const pixels[] = {"basis", "pixels", "step", "0.002", NULL};
    static const char *const waves[] = {"frequencies", "1", "step", "0.002", NULL};
    (void)state;
    /* Steps of one length along the axes: the gradient's sign, so a constant factor is left. */
    comes_near("simba", pixels, ASSAY_NORM_L2, 1.5);
    comes_near("simba", waves, ASSAY_NORM_L2, 1.5);
}

static void test_estimated_gradients(void **state)
{
    (void)state;
    succeeds("nes", defaults, ASSAY_NORM_L2, 1.2, N);
    succeeds("nes", defaults, ASSAY_NORM_LINF, 1.5, N);
    succeeds("spsa", defaults, ASSAY_NORM_L2, 1.2, N);
    succeeds("spsa", defaults, ASSAY_NORM_LINF, 1.2, N);
}

static void test_genattack(void **state)
{
    (void)state;
    succeeds("genattack", defaults, ASSAY_NORM_LINF, 1.5, N);
}

/* Pixels that are enough, as many as it takes: found; fewer: impossible. */
static void test_one_pixel(void **state)
{
    static const char *const settings[] = {"pixels", "1", "population", "200", NULL};
    static const double eps[] = {1.0};
    scene *s = new_scene();
    (void)state;
    assay_attack_result *r = attack(s, "one_pixel", settings, ASSAY_NORM_L0, eps);
    int can = 0;
    int did = 0;
    for (int i = 0; i < N; i++) {
        can += s->least[ASSAY_NORM_L0][i] <= 1.0;
        did += r->success[i];
        assert_true(!r->success[i] || s->least[ASSAY_NORM_L0][i] <= 1.0);
    }
    assert_true(can >= 2 && can < N);
    assert_true(did >= can - 2);
    assay_attack_result_free(r);
    assay_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hopskipjump), cmocka_unit_test(test_boundary),
        cmocka_unit_test(test_geoda),       cmocka_unit_test(test_sign_opt),
        cmocka_unit_test(test_pointwise),   cmocka_unit_test(test_zoo),
        cmocka_unit_test(test_simba),       cmocka_unit_test(test_estimated_gradients),
        cmocka_unit_test(test_genattack),   cmocka_unit_test(test_one_pixel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
