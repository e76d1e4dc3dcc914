#include "core/temperature.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/reduce.h"
#include "base/rng.h"
#include "stats/normal.h"

static const int64_t fewest_rows = 20;
static const double least_inverse = 0.01; /* of 1 / T */
static const double most_inverse = 100.0;

/* The selected rows as logits. */
typedef struct logits {
    int64_t n;
    int32_t classes;
    double *z; /* n x classes; the largest of a row is 0 */
    const int32_t *target;
    uint8_t *fold; /* 0 or 1 */
    int64_t *row;  /* of the predictions */
} logits;

static bool cancelled(const assay_cancel *cancel)
{
    return cancel != NULL && atomic_load(&cancel->requested) != 0;
}

/* Derivatives of the log loss in 1 / T, summed over the rows of a fold (-1 = all). */
typedef struct slopes {
    double first, second;
    double first_squared; /* of single rows */
    int64_t n;
} slopes;

static void row_slopes(double *first, double *second, const double *z, int32_t classes,
                       int32_t target, double inverse)
{
    double total = 0.0;
    double mean = 0.0;
    double square = 0.0;
    for (int32_t k = 0; k < classes; k++) {
        double w = exp(inverse * z[k]);
        total += w;
        mean += w * z[k];
        square += w * z[k] * z[k];
    }
    mean /= total;
    *first = mean - z[target];
    *second = fmax(0.0, square / total - mean * mean);
}

static slopes slopes_at(const logits *l, int fold, double inverse)
{
    assay_sum first = {0};
    assay_sum second = {0};
    assay_sum squared = {0};
    slopes s = {0};
    for (int64_t i = 0; i < l->n; i++) {
        double a = 0.0;
        double b = 0.0;
        if (fold >= 0 && l->fold[i] != fold) {
            continue;
        }
        row_slopes(&a, &b, l->z + i * l->classes, l->classes, l->target[l->row[i]], inverse);
        assay_sum_add(&first, a);
        assay_sum_add(&second, b);
        assay_sum_add(&squared, a * a);
        s.n++;
    }
    s.first = assay_sum_value(&first);
    s.second = assay_sum_value(&second);
    s.first_squared = assay_sum_value(&squared);
    return s;
}

/* Newton's steps inside a bracket of the zero of the first derivative, which increases; NaN when it
 * lies beyond the limits. */
static double best_inverse(const logits *l, int fold, const assay_cancel *cancel)
{
    double low = least_inverse;
    double high = most_inverse;
    double x = 1.0;
    if (slopes_at(l, fold, low).first >= 0.0 || slopes_at(l, fold, high).first <= 0.0) {
        return NAN;
    }
    for (int step = 0; step < 100 && high - low > 4e-16 * x && !cancelled(cancel); step++) {
        slopes s = slopes_at(l, fold, x);
        *(s.first > 0.0 ? &high : &low) = x;
        double next = s.second > 0.0 ? x - s.first / s.second : NAN;
        if (s.first == 0.0 || fabs(next - x) < 1e-14 * x) {
            return x;
        }
        x = next > low && next < high ? next : sqrt(low * high);
    }
    return x;
}

static assay_status read_logits(logits *l, assay_arena *arena, const assay_predictions *p,
                                const uint8_t *mask, uint64_t seed, assay_error *err)
{
    l->classes = p->classes;
    l->target = p->target;
    for (int64_t i = 0; i < p->n; i++) {
        l->n += mask == NULL || mask[i] != 0;
    }
    size_t n = (size_t)l->n;
    l->z = assay_arena_alloc(arena, n * (size_t)p->classes, sizeof *l->z);
    l->fold = assay_arena_alloc(arena, n, sizeof *l->fold);
    l->row = assay_arena_alloc(arena, n, sizeof *l->row);
    if (l->z == NULL || l->fold == NULL || l->row == NULL) {
        return assay_fail_memory(err);
    }
    int64_t at = 0;
    for (int64_t i = 0; i < p->n; i++) {
        if (mask != NULL && mask[i] == 0) {
            continue;
        }
        double *z = l->z + at * p->classes;
        double largest = -INFINITY;
        for (int32_t k = 0; k < p->classes; k++) {
            int64_t cell = i * p->classes + k;
            double score =
                p->scores_f32 != NULL ? (double)p->scores_f32[cell] : p->scores_f64[cell];
            z[k] = p->scores_are_probabilities ? log(fmax(score, DBL_EPSILON)) : score;
            largest = fmax(largest, z[k]);
        }
        for (int32_t k = 0; k < p->classes; k++) {
            z[k] -= largest;
        }
        assay_rng rng = assay_rng_stream(seed, assay_rng_operation("temperature"), (uint64_t)i);
        l->fold[at] = (uint8_t)assay_rng_below(&rng, 2);
        l->row[at++] = i;
    }
    return ASSAY_OK;
}

/* The rows rescaled: each by the temperature of the other half, or as they are. */
static assay_status rescale(assay_predictions **out, const logits *l, const double inverse[2],
                            const assay_predictions *p, assay_error *err)
{
    assay_predictions *q = NULL;
    ASSAY_TRY(assay_predictions_new(&q, l->n, l->classes, 8, 0, err));
    for (int32_t k = 0; k < l->classes; k++) {
        q->class_names[k] = p->class_names[k];
    }
    for (int64_t i = 0; i < l->n; i++) {
        const double *z = l->z + i * l->classes;
        double *scores = q->scores_f64 + i * l->classes;
        double total = 0.0;
        for (int32_t k = 0; k < l->classes; k++) {
            scores[k] = exp(inverse[l->fold[i]] * z[k]);
            total += scores[k];
        }
        for (int32_t k = 0; k < l->classes; k++) {
            scores[k] /= total;
        }
        q->target[i] = p->target[l->row[i]];
        q->label[i] = p->label[l->row[i]];
    }
    assay_predictions_check_scores(q);
    *out = q;
    return ASSAY_OK;
}

static assay_status evaluate(assay_result *out, const logits *l, const double inverse[2],
                             const assay_predictions *p, const assay_args *const *metrics,
                             size_t n_metrics, const assay_evaluate_options *options,
                             assay_error *err)
{
    assay_predictions *q = NULL;
    ASSAY_TRY(rescale(&q, l, inverse, p, err));
    assay_status status = assay_evaluate(out, q, NULL, metrics, n_metrics, options, err);
    assay_predictions_free(q);
    return status;
}

static const char *obstacle(const assay_predictions *p)
{
    if (p->scores_f32 == NULL && p->scores_f64 == NULL) {
        return "it takes a score for each class, and there are only labels";
    }
    return p->weights != NULL ? "it is for rows of equal weight" : NULL;
}

assay_status assay_temperature_fit(assay_temperature *out, assay_arena *arena,
                                   const assay_predictions *predictions, const uint8_t *mask,
                                   const assay_args *const *metrics, size_t n_metrics,
                                   const assay_evaluate_options *options, assay_error *err)
{
    static const double as_it_is[2] = {1.0, 1.0};
    double inverse[2] = {0};
    logits l = {0};
    double level = options->level > 0.0 ? options->level : 0.95;
    *out = (assay_temperature){.value = NAN, .low = NAN, .high = NAN, .level = level};
    assay_result_init(&out->before, arena);
    assay_result_init(&out->after, arena);
    out->reason = obstacle(predictions);
    if (out->reason != NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(read_logits(&l, arena, predictions, mask, options->seed, err));
    out->n = l.n;
    ASSAY_TRY(evaluate(&out->before, &l, as_it_is, predictions, metrics, n_metrics, options, err));
    if (l.n < fewest_rows) {
        out->reason = "there are fewer than 20 rows";
        return ASSAY_OK;
    }
    double best = best_inverse(&l, -1, options->cancel);
    inverse[0] = best_inverse(&l, 1, options->cancel);
    inverse[1] = best_inverse(&l, 0, options->cancel);
    if (cancelled(options->cancel)) {
        return assay_fail(err, ASSAY_ECANCELLED, "interrupted");
    }
    if (isnan(best) || isnan(inverse[0]) || isnan(inverse[1])) {
        out->reason = "no temperature between 0.01 and 100 makes the log loss smallest";
        return ASSAY_OK;
    }
    slopes s = slopes_at(&l, -1, best);
    double se = sqrt(s.first_squared) / s.second / best; /* of ln T */
    double z = assay_normal_quantile_upper((1.0 - level) / 2.0);
    out->value = 1.0 / best;
    out->low = out->value * exp(-z * se);
    out->high = out->value * exp(z * se);
    out->fold_value[0] = 1.0 / inverse[0];
    out->fold_value[1] = 1.0 / inverse[1];
    return evaluate(&out->after, &l, inverse, predictions, metrics, n_metrics, options, err);
}
