/* Attacks against what is known exactly: on a linear model the smallest change of class c to class j
 * is |z_c - z_j| / ||w_c - w_j|| in the dual norm, as long as the box is not in the way. And against
 * outside libraries: tests/oracle/attack.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "core/attack_run.h"
#include "operation/harness.h"
#include "ops/shared/ball.h"
#include "ops/shared/fab.h"
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

static assay_status read_pixels(void *payload, int64_t i, float *pixels, assay_error *err)
{
    const scene *s = payload;
    (void)err;
    memcpy(pixels, s->pixels + i * SIZE, SIZE * sizeof *pixels);
    return ASSAY_OK;
}

static assay_status keep_row(void *payload, const assay_attack_row *row, assay_error *err)
{
    scene *s = payload;
    (void)err;
    if (row->best != NULL) {
        memcpy(s->found + row->index * SIZE, row->best, SIZE * sizeof(float));
    }
    return ASSAY_OK;
}

/* Pixels of 8-bit levels between low and high; the model's own answers are the labels. */
static scene *new_scene(int32_t hidden, uint32_t seed, double low, double high)
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

static assay_attack_result *attack(scene *s, const char *name, const char *settings,
                                   assay_norm norm, const double *eps, int32_t n_eps)
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
                                    .seed = 1,
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

/* ---- linear model --------------------------------------------------------------------------- */

/* The smallest distance to another class, and the largest change of one pixel on the way. */
static double exact(double *largest, const scene *s, int i, assay_norm norm)
{
    double z[CLASSES];
    double best = INFINITY;
    const reference_model *m = &s->model;
    int32_t c = s->labels[i];
    reference_forward(z, NULL, m, s->pixels + i * SIZE);
    for (int32_t j = 0; j < CLASSES; j++) {
        double sum = 0.0;
        double squares = 0.0;
        double most = 0.0;
        for (int k = 0; k < SIZE; k++) {
            double w = fabs(m->w1[c * SIZE + k] - m->w1[j * SIZE + k]);
            sum += w;
            squares += w * w;
            most = w > most ? w : most;
        }
        double dual = norm == ASSAY_NORM_LINF ? sum : norm == ASSAY_NORM_L2 ? sqrt(squares) : most;
        double distance = (z[c] - z[j]) / dual;
        if (j != c && distance < best) {
            best = distance;
            *largest = norm == ASSAY_NORM_L2 ? distance * most / dual : distance;
        }
    }
    return best;
}

/* Every image's distance lies between the exact one and `factor` times it (plus a pixel's rounding).
 */
static void check_distances(const char *name, const char *settings, assay_norm norm, double factor)
{
    static const double eps[] = {0.9};
    scene *s = new_scene(0, 21, 0.3, 0.7);
    assay_attack_result *r = attack(s, name, settings, norm, eps, 1);
    int checked = 0;
    for (int i = 0; i < N; i++) {
        double largest = 0.0;
        double distance = exact(&largest, s, i, norm);
        if (largest > 0.29 || distance < (norm == ASSAY_NORM_L2 ? 0.05 : 0.008)) {
            continue; /* the box may be in the way; steps of optimisers have a finite length */
        }
        checked++;
        if (!(r->distance[i] >= distance * (1.0 - 1e-5) - 1e-6)) {
            fail_msg("%s %s: image %d at %.9g, closer than is possible (%.9g)", name,
                     assay_norm_name(norm), i, r->distance[i], distance);
        }
        if (!(r->distance[i] <= distance * factor + 2e-4)) {
            fail_msg("%s %s: image %d at %.9g, %.9g would do", name, assay_norm_name(norm), i,
                     r->distance[i], distance);
        }
    }
    assert_true(checked >= (norm == ASSAY_NORM_L1 ? 5 : 15));
    assay_attack_result_free(r);
    assay_free(s);
}

static void test_linear_minimum(void **state)
{
    (void)state;
    for (int norm = ASSAY_NORM_LINF; norm <= ASSAY_NORM_L1; norm++) {
        check_distances("fab", "", (assay_norm)norm, 1.0055); /* 0.9 + 1.05 x 0.1 */
        check_distances("fab_t", "", (assay_norm)norm, 1.0055);
    }
    /* It overshoots by 2 % and 1e-4. */
    check_distances("deepfool", "", ASSAY_NORM_L2, 1.05);
    check_distances("deepfool", "", ASSAY_NORM_LINF, 1.05);
    check_distances("fmn", "steps=500", ASSAY_NORM_LINF, 1.05);
    check_distances("fmn", "steps=500", ASSAY_NORM_L2, 1.02);
    check_distances("fmn", "steps=1000", ASSAY_NORM_L1, 1.25);
    /* The slope of the cross-entropy is a mixture over the wrong classes. */
    check_distances("ddn", "steps=500", ASSAY_NORM_L2, 1.25);
    check_distances("carlini_wagner", "steps=500", ASSAY_NORM_L2, 1.01);
    check_distances("carlini_wagner", "steps=300,step=0.002", ASSAY_NORM_LINF, 1.25);
    check_distances("ead", "steps=500", ASSAY_NORM_L1, 1.5);
}

/* A budget just above the exact distance is enough, one just below is not. */
static void check_budget(const char *name, const char *settings, assay_norm norm, double enough)
{
    scene *s = new_scene(0, 21, 0.3, 0.7);
    int checked = 0;
    for (int i = 0; i < N; i++) {
        double largest = 0.0;
        double distance = exact(&largest, s, i, norm);
        const double eps[] = {0.995 * distance, enough * distance};
        if (largest * enough > 0.29 || distance < 0.01) {
            continue;
        }
        checked++;
        s->images.n = 1;
        s->images.labels = s->labels + i;
        s->images.ids = s->ids + i;
        float first[SIZE];
        memcpy(first, s->pixels, sizeof first);
        memcpy(s->pixels, s->pixels + i * SIZE, sizeof first);
        assay_attack_result *r = attack(s, name, settings, norm, eps, 2);
        memcpy(s->pixels, first, sizeof first);
        if (r->success[0] || !r->success[1]) {
            fail_msg("%s %s: image %d at %g: %d %d", name, assay_norm_name(norm), i, distance,
                     r->success[0], r->success[1]);
        }
        assay_attack_result_free(r);
    }
    assert_true(checked >= (norm == ASSAY_NORM_L1 ? 4 : 15));
    assay_free(s);
}

static void test_linear_budget(void **state)
{
    (void)state;
    check_budget("pgd", "steps=100,step_rule=cosine,loss=margin", ASSAY_NORM_LINF, 1.02);
    check_budget("pgd", "steps=100,step_rule=cosine,loss=margin", ASSAY_NORM_L2, 1.05);
    check_budget("pgd", "steps=200,step_rule=cosine,loss=margin", ASSAY_NORM_L1, 1.1);
    /* The slope of the cross-entropy is a mixture over the wrong classes. */
    check_budget("apgd_ce", "", ASSAY_NORM_LINF, 1.25);
    check_budget("apgd_ce", "", ASSAY_NORM_L2, 1.25);
    check_budget("apgd_t", "", ASSAY_NORM_LINF, 1.01);
    check_budget("apgd_t", "", ASSAY_NORM_L2, 1.01);
    check_budget("apgd_t", "", ASSAY_NORM_L1, 1.5);
    check_budget("autoattack", "", ASSAY_NORM_LINF, 1.005);
    check_budget("autoattack", "", ASSAY_NORM_L2, 1.005);
}

/* ---- projections ---------------------------------------------------------------------------- */

static double dot(const float *a, const float *b)
{
    double sum = 0.0;
    for (int k = 0; k < SIZE; k++) {
        sum += (double)a[k] * (double)b[k];
    }
    return sum;
}

/* The change reaches the plane within the box, and no random change that does is shorter. */
static void test_plane_projection(void **state)
{
    (void)state;
    uint32_t counter = 4;
    int32_t order[SIZE];
    float x[SIZE];
    float w[SIZE];
    float d[SIZE];
    for (int round = 0; round < 300; round++) {
        for (int k = 0; k < SIZE; k++) {
            x[k] = (float)(0.5 + 0.5 * reference_number(&counter));
            w[k] = k % 7 == 3 ? 0.0F : (float)reference_number(&counter);
        }
        double plane = dot(w, x) + 3.0 * reference_number(&counter);
        for (int norm = ASSAY_NORM_LINF; norm <= ASSAY_NORM_L1; norm++) {
            assay_fab_project((assay_norm)norm, d, x, w, plane, order, SIZE);
            double length = assay_ball_norm((assay_norm)norm, d, SIZE);
            assert_true(fabs(dot(w, x) + dot(w, d) - plane) < 1e-4);
            for (int k = 0; k < SIZE; k++) {
                assert_true(x[k] + d[k] >= -1e-6F && x[k] + d[k] <= 1.0F + 1e-6F);
            }
            /* Moves between two coordinates that stay on the plane and in the box. */
            for (int k = 0; k + 1 < SIZE; k++) {
                float other[SIZE];
                if (w[k] == 0.0F || w[k + 1] == 0.0F) {
                    continue;
                }
                memcpy(other, d, sizeof other);
                float move = 0.01F * (float)reference_number(&counter);
                other[k] += move / w[k];
                other[k + 1] -= move / w[k + 1];
                bool inside = x[k] + other[k] >= 0.0F && x[k] + other[k] <= 1.0F &&
                              x[k + 1] + other[k + 1] >= 0.0F && x[k + 1] + other[k + 1] <= 1.0F;
                assert_true(!inside ||
                            assay_ball_norm((assay_norm)norm, other, SIZE) >= length - 1e-6);
            }
        }
    }
}

/* Nothing nearer lies in ball and box; what is in both stays. */
static void test_ball_projection(void **state)
{
    (void)state;
    uint32_t counter = 9;
    float x0[SIZE];
    float y[SIZE];
    float x[SIZE];
    for (int round = 0; round < 200; round++) {
        for (int k = 0; k < SIZE; k++) {
            x0[k] = (float)(0.5 + 0.5 * reference_number(&counter));
            y[k] = x0[k] + (float)reference_number(&counter);
        }
        double eps = 0.5 + 4.0 * (0.5 + 0.5 * reference_number(&counter));
        memcpy(x, y, sizeof x);
        assay_ball_project(ASSAY_NORM_L1, x, x0, eps, SIZE);
        assert_true(assay_norm_distance(ASSAY_NORM_L1, x, x0, SIZE) <= eps * (1.0 + 1e-6));
        double distance = assay_norm_distance(ASSAY_NORM_L2, x, y, SIZE);
        for (int other = 0; other < 50; other++) {
            float z[SIZE];
            assay_rng rng = assay_rng_stream((uint64_t)round, 1, (uint64_t)other);
            assay_ball_random(ASSAY_NORM_L1, z, x0, eps, &rng, SIZE);
            float share = (float)(0.02 * (double)(other + 1));
            for (int k = 0; k < SIZE; k++) {
                z[k] = x[k] + share * (z[k] - x[k]); /* ball and box are convex */
            }
            assert_true(assay_norm_distance(ASSAY_NORM_L2, z, y, SIZE) >= distance - 1e-5);
        }
        float eps2 = (float)(0.3 * eps);
        memcpy(x, y, sizeof x);
        assay_ball_project_nearest(x, x0, (double)eps2, SIZE);
        assert_true(assay_norm_distance(ASSAY_NORM_L2, x, x0, SIZE) <= (double)eps2 * 1.000001);
    }
}

/* Uniform in the ball: in n dimensions a share r^n of the points lies within r of the centre. */
static void test_ball_random(void **state)
{
    (void)state;
    enum { DRAWS = 4000, DIMENSIONS = 3 };
    const float x0[DIMENSIONS] = {0.5F, 0.5F, 0.5F};
    for (int norm = ASSAY_NORM_LINF; norm <= ASSAY_NORM_L1; norm++) {
        int inside = 0;
        for (uint64_t i = 0; i < DRAWS; i++) {
            float x[DIMENSIONS];
            assay_rng rng = assay_rng_stream(3, 1, i);
            assay_ball_random((assay_norm)norm, x, x0, 0.4, &rng, DIMENSIONS);
            double distance = assay_norm_distance((assay_norm)norm, x, x0, DIMENSIONS);
            assert_true(distance <= 0.4 * 1.000001);
            inside += distance <= 0.4 * 0.5;
        }
        /* 1/8 of them; 4.5 standard deviations */
        assert_true(fabs((double)inside - DRAWS / 8.0) < 4.5 * sqrt(DRAWS * 7.0 / 64.0));
    }
}

/* ---- outside libraries ---------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values)
{
    qsort(values, N, sizeof *values, ascending);
    return values[N / 2];
}

/* One line of the golden: NAME SETTINGS NORM EPS RULE TOLERANCE VALUES...; what the rules mean stands
 * in tests/oracle/attack.py. */
static void check_line(char *line)
{
    char *save = NULL;
    const char *name = strtok_r(line, " ", &save);
    const char *settings = strtok_r(NULL, " ", &save);
    const char *norm_name = strtok_r(NULL, " ", &save);
    const char *eps_text = strtok_r(NULL, " ", &save);
    const char *rule = strtok_r(NULL, " ", &save);
    const char *tolerance_text = strtok_r(NULL, " ", &save);
    assay_norm norm = ASSAY_NORM_LINF;
    assert_non_null(tolerance_text);
    assert_true(assay_norm_parse(&norm, norm_name));
    double eps = strtod(eps_text, NULL);
    double tolerance = strtod(tolerance_text, NULL);
    scene *s = new_scene(16, 5, 0.0, 1.0);
    int32_t aims[N];
    for (int i = 0; i < N; i++) {
        aims[i] = (s->labels[i] + 1) % 5;
    }
    s->images.targets = strcmp(rule, "aimed") == 0 ? aims : NULL;
    assay_attack_result *r =
        attack(s, name, strcmp(settings, "-") == 0 ? "" : settings, norm, &eps, 1);
    double distances[2][N];
    bool counts = strcmp(rule, "count") == 0 || strcmp(rule, "aimed") == 0;
    int robust = 0;
    double ours = 0.0;
    double theirs = 0.0;
    for (int i = 0; i < N; i++) {
        const char *text = strtok_r(NULL, " ", &save);
        assert_non_null(text);
        double value = strtod(text, NULL);
        robust += !r->success[i];
        distances[0][i] = r->distance[i];
        distances[1][i] = value;
        if (strcmp(rule, "distance") == 0) {
            /* Each at most so much farther; those that they missed count for us. */
            if (!(r->distance[i] <= value * (1.0 + tolerance))) {
                fail_msg("%s %s %s: image %d at %.6g, theirs %.6g", name, settings, norm_name, i,
                         r->distance[i], value);
            }
        } else if (strcmp(rule, "mean") == 0) {
            /* Over what they fool: whom they miss, nobody can be nearer to. */
            ours += isinf(value) ? 0.0 : r->distance[i];
            theirs += isinf(value) ? 0.0 : value;
        } else if (strcmp(rule, "median") == 0) {
            continue;
        } else if (strcmp(rule, "count") == 0 || strcmp(rule, "aimed") == 0) {
            theirs += value;
        } else {
            /* exact: success image by image, and the sum of the pixels of what was found */
            assert_int_equal(r->success[i], !isinf(value));
            double sum = 0.0;
            for (int k = 0; k < SIZE; k++) {
                sum += (double)s->found[i * SIZE + k];
            }
            assert_true(isinf(value) || fabs(sum - value) <= tolerance);
        }
    }
    if (strcmp(rule, "median") == 0) {
        ours = N * median_of(distances[0]);
        theirs = N * median_of(distances[1]);
        assert_true(isfinite(theirs));
    }
    print_message("  %s %s %s: robust %d, distance %.4f, theirs %.4f\n", name, settings, norm_name,
                  robust, ours / N, counts ? theirs : theirs / N);
    if (strcmp(rule, "mean") == 0 || strcmp(rule, "median") == 0) {
        assert_true(ours <= theirs * (1.0 + tolerance));
    } else if (counts) {
        assert_true((double)robust <= theirs + tolerance);
    }
    assay_attack_result_free(r);
    assay_free(s);
}

static void test_golden(void **state)
{
    (void)state;
    char line[16384];
    int lines = 0;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/attack.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') {
            check_line(line);
            lines++;
        }
    }
    (void)fclose(file);
    assert_true(lines > 10);
}

/* An argument chooses tests by pattern, as in test_operations.c. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plane_projection), cmocka_unit_test(test_ball_projection),
        cmocka_unit_test(test_ball_random),      cmocka_unit_test(test_linear_minimum),
        cmocka_unit_test(test_linear_budget),    cmocka_unit_test(test_golden),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
