/* Attacks against what is known exactly: on a linear model the smallest change of class c to class j
 * is |z_c - z_j| / ||w_c - w_j|| in the dual norm, as long as the box is not in the way. What they
 * find beside other libraries: test_attack_peers.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operation/attack_scene.h"
#include "ops/shared/ball.h"
#include "ops/shared/fab.h"

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
    check_distances("carlini_wagner", "steps=300,step=0.002", ASSAY_NORM_LINF, 1.08);
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

/* ---- gradients from elsewhere --------------------------------------------------------------- */

static int left_of(scene *s, const slopes *by, assay_attack_result **kept)
{
    const double eps = 0.05;
    int left = 0;
    assay_attack_result *r = attack_by(s, "pgd", "steps=20,rel_step=0.1,random_start=false",
                                       ASSAY_NORM_LINF, &eps, 1, 1, by);
    for (int i = 0; i < N; i++) {
        left += !r->success[i];
    }
    if (kept != NULL) {
        *kept = r;
    } else {
        assay_attack_result_free(r);
    }
    return left;
}

/* A model whose own gradients vanish is attacked through a substitute (BPDA): with its twin that has
 * them, exactly as the twin itself, and the answers are still the attacked model's. */
static void test_substitute(void **state)
{
    (void)state;
    scene *s = new_scene(16, 5, 0.0, 1.0);
    reference_model *twin = assay_alloc(1, sizeof *twin);
    assert_non_null(twin);
    reference_model_init(twin, 1, SIDE, SIDE, 16, CLASSES, 5);
    twin->model.spec.batch = 16;
    const slopes own = {.substitute = NULL};
    const slopes other = {.substitute = &twin->model};
    assay_attack_result *sound = NULL;
    assay_attack_result *masked = NULL;
    int left = left_of(s, &own, &sound);
    s->model.fault = REFERENCE_FLAT;
    assert_int_equal(left_of(s, &own, NULL), N);
    assert_int_equal(left_of(s, &other, &masked), left);
    assert_true(left < N / 4);
    for (int i = 0; i < N; i++) {
        assert_memory_equal(&sound->distance[i], &masked->distance[i], sizeof(double));
        assert_int_equal(sound->success[i], masked->success[i]);
        assert_int_equal(masked->flat[i], 0);
    }
    /* One that is alike, not the same: weaker, but what is found fools the attacked model. */
    for (int k = 0; k < 16 * SIZE; k++) {
        twin->w1[k] *= k % 3 == 0 ? 0.5 : 1.2;
    }
    int alike = left_of(s, &other, NULL);
    assert_true(alike >= left && alike < N);
    for (int i = 0; i < N; i++) {
        assert_true(reference_class(&s->model, s->pixels + i * SIZE) == s->labels[i]);
    }
    assay_attack_result_free(sound);
    assay_attack_result_free(masked);
    assay_free(twin);
    assay_free(s);
}

/* The reference model with noise on its gradients, another at every call, much longer than they are. */
static assay_status restless(assay_model *model, float *gradient, float *loss, float *logits,
                             const assay_model_batch *batch, const assay_loss *what,
                             assay_error *err)
{
    reference_model *m = (reference_model *)(void *)model;
    ASSAY_TRY(reference_gradient(model, gradient, loss, logits, batch, what, err));
    uint32_t counter = 7919U * (uint32_t)++m->calls;
    for (int64_t r = 0; r < batch->n; r++) {
        double length = assay_ball_norm(ASSAY_NORM_L2, gradient + r * m->inputs, m->inputs);
        for (int32_t k = 0; k < m->inputs; k++) {
            gradient[r * m->inputs + k] += (float)(2.0 * length * reference_number(&counter));
        }
    }
    return ASSAY_OK;
}

/* Expectation over transformations: averages over calls find what one call misses, and are counted. */
static void test_expectation(void **state)
{
    (void)state;
    static const assay_model_backend backend = {
        .name = "restless", .run = reference_run, .gradient = restless};
    scene *s = new_scene(16, 5, 0.0, 1.0);
    const slopes once = {.repeats = 1};
    const slopes often = {.repeats = 64};
    assay_attack_result *r = NULL;
    int sound = left_of(s, &once, NULL);
    s->model.model.backend = &backend;
    int by_one = left_of(s, &once, NULL);
    int by_many = left_of(s, &often, &r);
    print_message("  left %d; with noise %d, averaged over 64 calls %d\n", sound, by_one, by_many);
    assert_true(by_one >= sound + N / 4);
    assert_true(by_many <= sound + 2);
    for (int i = 0; i < N; i++) {
        assert_true(r->backwards[i] > 0 && r->backwards[i] % 64 == 0);
    }
    assay_attack_result_free(r);
    assay_free(s);
}

/* An argument chooses tests by pattern, as in test_operations.c. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plane_projection), cmocka_unit_test(test_ball_projection),
        cmocka_unit_test(test_ball_random),      cmocka_unit_test(test_linear_minimum),
        cmocka_unit_test(test_linear_budget),    cmocka_unit_test(test_substitute),
        cmocka_unit_test(test_expectation),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
