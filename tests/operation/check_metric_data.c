/* Predictions to check metrics on, and their evaluation. */
#include <math.h>

#include "base/rng.h"
#include "operation/metric_data.h"

assay_predictions *harness_predictions(int64_t n, int32_t classes, int scores)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, n, classes, scores, 0, NULL), ASSAY_OK);
    return p;
}

void harness_score(assay_predictions *p, int64_t i, int32_t k, double value)
{
    if (p->scores_f32 != NULL) {
        p->scores_f32[i * p->classes + k] = (float)value;
    } else {
        p->scores_f64[i * p->classes + k] = value;
    }
}

/* Probabilities that favour the target; every fifth row in tenths, so that there are ties. */
assay_predictions *harness_random_predictions(int64_t n, int32_t classes, int scores, uint64_t seed)
{
    assay_predictions *p = harness_predictions(n, classes, scores);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(seed, 1, (uint64_t)i);
        p->target[i] = (int32_t)assay_rng_below(&rng, (uint64_t)classes);
        double sum = 0.0;
        double row[64];
        assert_true(classes <= 64);
        for (int32_t k = 0; k < classes; k++) {
            double noise = i % 5 == 0 ? (double)assay_rng_below(&rng, 3) : assay_rng_normal(&rng);
            row[k] = exp(noise + (k == p->target[i] ? 1.0 : 0.0));
            sum += row[k];
        }
        for (int32_t k = 0; k < classes; k++) {
            harness_score(p, i, k, row[k] / sum);
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_true(p->scores_are_probabilities);
    return p;
}

assay_predictions *harness_random_values(int64_t n, uint64_t seed)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new_regression(&p, n, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(seed, 2, (uint64_t)i);
        double truth = exp(assay_rng_normal(&rng));
        double value = truth * exp(0.3 * assay_rng_normal(&rng));
        p->truth[i] = i % 5 == 0 ? ceil(truth) : truth;
        p->value[i] = i % 5 == 0 ? ceil(value) : value;
    }
    return p;
}

harness_evaluation harness_evaluate(const assay_predictions *p, const uint8_t *mask,
                                    const assay_args *args, int64_t replicates, int threads)
{
    harness_evaluation e = {0};
    assay_error err = {0};
    assay_evaluate_options options = {.replicates = replicates, .threads = threads, .seed = 7};
    assert_int_equal(assay_arena_new(&e.arena, 0, NULL), ASSAY_OK);
    assay_result_init(&e.result, e.arena);
    if (assay_evaluate(&e.result, p, mask, &args, 1, &options, &err) != ASSAY_OK) {
        fail_msg("%s: %s", args->op->name, err.message);
    }
    return e;
}

bool harness_same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

bool harness_close(double a, double b, double tolerance)
{
    return harness_same(a, b) || fabs(a - b) <= tolerance * fmax(1.0, fabs(b));
}
