/* Intervals without resampling: areas under the ROC curve and proportions of clustered rows, against
 * the statistics layer on columns taken by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "core/compare.h"
#include "core/evaluate.h"
#include "ops/op_table.h"
#include "stats/clustered.h"
#include "stats/delong.h"

enum { N = 400, CLUSTERS = 50 };

typedef struct fixture {
    assay_arena *arena;
    assay_predictions *p;
    int64_t units[N];
    assay_result result;
} fixture;

/* Rows of a cluster share a shift; scores in twentieths, so that many are equal. */
static fixture *start(int32_t classes, uint32_t stream, double skill)
{
    fixture *f = assay_alloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(assay_arena_new(&f->arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_predictions_new(&f->p, N, classes, 8, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < N; i++) {
        assay_rng common = assay_rng_stream(7, 99, (uint64_t)(i % CLUSTERS));
        assay_rng truth = assay_rng_stream(7, 1, (uint64_t)i);
        assay_rng rng = assay_rng_stream(7, stream, (uint64_t)i);
        double shift = assay_rng_normal(&common);
        f->units[i] = 1000 - i % CLUSTERS;
        f->p->target[i] = (int32_t)assay_rng_below(&truth, (uint64_t)classes);
        for (int32_t k = 0; k < classes; k++) {
            double score = (k == f->p->target[i] ? skill : 0.0) + assay_rng_normal(&rng) +
                           (k == 0 ? shift : 0.0);
            f->p->scores_f64[i * classes + k] = round(20.0 * score) / 20.0;
        }
        if (classes == 2) {
            f->p->scores_f64[2 * i] = -f->p->scores_f64[2 * i + 1];
        }
    }
    assert_int_equal(assay_predictions_argmax(f->p, NULL), ASSAY_OK);
    return f;
}

static void stop(fixture *f)
{
    assay_predictions_free(f->p);
    assay_arena_free(f->arena);
    assay_free(f);
}

static assay_args *args_of(assay_op_kind kind, const char *name)
{
    assay_args *args = NULL;
    const assay_op *op = assay_registry_find(assay_ops(), kind, name);
    assert_non_null(op);
    assert_int_equal(assay_args_new(&args, op, NULL), ASSAY_OK);
    return args;
}

static void run(fixture *f, const char *metric, const char *area, bool clustered, int threads)
{
    assay_args *args = args_of(ASSAY_OP_METRIC, metric);
    assay_args *interval = area != NULL ? args_of(ASSAY_OP_INTERVAL, area) : NULL;
    assay_evaluate_options options = {.replicates = 2000,
                                      .seed = 3,
                                      .threads = threads,
                                      .area_interval = interval,
                                      .units = clustered ? f->units : NULL};
    const assay_args *metrics[1] = {args};
    assay_error err = {0};
    assay_result_init(&f->result, f->arena);
    if (assay_evaluate(&f->result, f->p, NULL, metrics, 1, &options, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_args_free(args);
    assay_args_free(interval);
}

static void columns_of(double *scores, uint8_t *positive, int64_t *cluster, const fixture *f,
                       int32_t c)
{
    for (int64_t i = 0; i < N; i++) {
        scores[i] = f->p->scores_f64[i * f->p->classes + c];
        positive[i] = f->p->target[i] == c;
        cluster[i] = i % CLUSTERS;
    }
}

static void areas_have_delong_s_variance(void **state)
{
    (void)state;
    for (int32_t classes = 2; classes <= 4; classes++) {
        for (int clustered = 0; clustered < 2; clustered++) {
            fixture *f = start(classes, 2, 1.0);
            run(f, "roc_auc", NULL, clustered != 0, 2);
            for (int32_t c = 0; c < classes; c++) {
                double scores[N], auc = 0, variance = 0, low = 0, high = 0;
                const double *model[1] = {scores};
                uint8_t positive[N];
                int64_t cluster[N];
                const assay_measure *m = &f->result.measures[2 + c];
                columns_of(scores, positive, cluster, f, c);
                assert_int_equal(assay_delong_full(&auc, &variance, NULL, model, 1, positive,
                                                   clustered ? cluster : NULL, CLUSTERS, N, NULL),
                                 ASSAY_OK);
                assert_true(fabs(m->value - auc) < 1e-15);
                assert_true(fabs(m->variance - variance) < 1e-13 * variance);
                assert_int_equal(
                    assay_auc_interval(&low, &high, auc, variance, 1, 0.025, 0.025, NULL),
                    ASSAY_OK);
                assert_true(fabs(m->low - low) < 1e-12 && fabs(m->high - high) < 1e-12);
                assert_int_equal(m->n_replicates, 0);
                assert_int_equal(m->clusters, clustered ? CLUSTERS : 0);
                assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_OK);
                assert_true(low > m->low && high < m->high);
            }
            stop(f);
        }
    }
}

/* The averages of more than two classes have no closed form elsewhere: the bootstrap agrees. */
static void averages_agree_with_the_bootstrap(void **state)
{
    (void)state;
    for (int clustered = 0; clustered < 2; clustered++) {
        fixture *f = start(4, 5, 0.8);
        run(f, "roc_auc", NULL, clustered != 0, 1);
        double variance[2] = {f->result.measures[0].variance, f->result.measures[1].variance};
        run(f, "roc_auc", "bootstrap_percentile", clustered != 0, 2);
        for (int k = 0; k < 2; k++) {
            const assay_measure *m = &f->result.measures[k];
            double sum = 0, squares = 0;
            assert_int_equal(m->n_replicates, 2000);
            for (int64_t r = 0; r < m->n_replicates; r++) {
                double off = m->replicates[r] - m->value;
                sum += off;
                squares += off * off;
            }
            double mean = sum / 2000.0, boot = squares / 2000.0 - mean * mean;
            assert_true(variance[k] / boot > 0.8 && variance[k] / boot < 1.25);
        }
        stop(f);
    }
}

static void perfect_order_has_an_exact_bound(void **state)
{
    (void)state;
    fixture *f = start(2, 2, 1.0);
    int64_t positives = 0;
    double low = 0, high = 0;
    for (int64_t i = 0; i < N; i++) {
        f->p->target[i] = i % 10 == 0;
        positives += f->p->target[i];
        f->p->scores_f64[2 * i + 1] = f->p->target[i] ? 0.9 : 0.1;
        f->p->scores_f64[2 * i] = 1.0 - f->p->scores_f64[2 * i + 1];
    }
    run(f, "roc_auc", NULL, false, 1);
    const assay_measure *m = &f->result.measures[3];
    assert_true(m->value == 1.0 && m->high == 1.0);
    assert_true(fabs(m->low - pow(0.025, 1.0 / (double)positives)) < 1e-15);
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, NULL), ASSAY_OK);
    assert_true(fabs(low - pow(0.05, 1.0 / (double)positives)) < 1e-15);
    run(f, "roc_auc", NULL, true, 1); /* i % 50: positives sit in 5 of 50 clusters */
    assert_true(fabs(f->result.measures[3].low - pow(0.025, 1.0 / 5.0)) < 1e-15);
    stop(f);
}

/* y and n of every cluster by hand. */
static void proportions_use_the_clusters(void **state)
{
    (void)state;
    for (int recall = 0; recall < 2; recall++) {
        fixture *f = start(3, 2, 1.0);
        double y[CLUSTERS] = {0}, n[CLUSTERS] = {0}, low = 0, high = 0;
        assay_cluster_estimate estimate;
        int64_t used = 0;
        for (int64_t i = 0; i < N; i++) {
            bool counts = recall == 0 || f->p->target[i] == 1;
            y[i % CLUSTERS] += counts && f->p->label[i] == f->p->target[i];
            n[i % CLUSTERS] += counts;
        }
        for (int c = 0; c < CLUSTERS; c++) {
            if (n[c] > 0.0) {
                y[used] = y[c];
                n[used++] = n[c];
            }
        }
        assert_int_equal(assay_cluster_ratio(&estimate, y, n, used, NULL), ASSAY_OK);
        assert_int_equal(assay_korn_graubard(&low, &high, &estimate, 0.025, 0.025, NULL), ASSAY_OK);
        for (int threads = 1; threads <= 3; threads += 2) {
            run(f, recall ? "recall" : "accuracy", NULL, true, threads);
            const assay_measure *m = &f->result.measures[0];
            for (int64_t k = 0; k < f->result.n_measures; k++) {
                const char *name = f->result.measures[k].class_name;
                if (recall == 0 || (name != NULL && strcmp(name, f->p->class_names[1]) == 0)) {
                    m = &f->result.measures[k];
                }
            }
            assert_true(fabs(m->low - low) < 1e-14 && fabs(m->high - high) < 1e-14);
            assert_int_equal(m->clusters, used);
            assert_true(fabs(m->design_effect - estimate.deff) < 1e-12);
        }
        stop(f);
    }
}

static void one_cluster_has_no_interval(void **state)
{
    (void)state;
    fixture *f = start(2, 2, 1.0);
    double low = 0, high = 0;
    assay_error err = {0};
    for (int64_t i = 0; i < N; i++) {
        f->units[i] = 5;
    }
    run(f, "accuracy", NULL, true, 1);
    const assay_measure *m = &f->result.measures[0];
    assert_true((bool)isnan(m->low) && (bool)isnan(m->high));
    assert_non_null(strstr(m->method, "one cluster"));
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, &err), ASSAY_EUNSUPPORTED);
    stop(f);
}

static void two_models_areas_are_compared(void **state)
{
    (void)state;
    for (int clustered = 0; clustered < 2; clustered++) {
        fixture *a = start(2, 2, 0.8), *b = start(2, 3, 1.3);
        assay_args *args = args_of(ASSAY_OP_METRIC, "roc_auc");
        const assay_args *metrics[1] = {args};
        assay_predictions *models[2] = {a->p, b->p};
        assay_result results[2];
        assay_comparison comparison;
        assay_compare_options options = {
            .evaluate = {.seed = 1, .units = clustered ? a->units : NULL}, .per_class = true};
        double first[N], second[N], auc[2], covariance[4];
        const double *scores[2] = {first, second};
        uint8_t positive[N];
        int64_t cluster[N];
        assay_comparison_init(&comparison, a->arena);
        assay_result_init(&results[0], a->arena);
        assay_result_init(&results[1], a->arena);
        assert_int_equal(assay_compare_models(&comparison, results, models, 2, NULL, 0, metrics, 1,
                                              &options, NULL),
                         ASSAY_OK);
        columns_of(first, positive, cluster, a, 1);
        columns_of(second, positive, cluster, b, 1);
        assert_int_equal(assay_delong_full(auc, covariance, NULL, scores, 2, positive,
                                           clustered ? cluster : NULL, CLUSTERS, N, NULL),
                         ASSAY_OK);
        double variance = covariance[0] + covariance[3] - 2.0 * covariance[1];
        const assay_difference *d = &comparison.differences[3];
        assert_string_equal(d->in_a->class_name, a->p->class_names[1]);
        assert_string_equal(d->test, "delong");
        assert_true(fabs(d->difference - (auc[1] - auc[0])) < 1e-15);
        assert_true(fabs(d->p - assay_difference_p(auc[1] - auc[0], variance)) < 1e-12);
        assert_true(d->low < d->bound_low && d->bound_high < d->high);
        assay_args_free(args);
        stop(a);
        stop(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_have_delong_s_variance),
        cmocka_unit_test(averages_agree_with_the_bootstrap),
        cmocka_unit_test(perfect_order_has_an_exact_bound),
        cmocka_unit_test(proportions_use_the_clusters),
        cmocka_unit_test(one_cluster_has_no_interval),
        cmocka_unit_test(two_models_areas_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
