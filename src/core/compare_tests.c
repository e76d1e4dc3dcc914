/* The tests of a comparison. The permutation test runs through the block engine: both models'
 * predictions one below the other, and weights that take one of the two rows of each datum. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/compare_internal.h"
#include "core/metric.h"

/* ---- the sign-flip permutation test of any metric ---- */

typedef struct stacked {
    assay_predictions *predictions;
    int64_t *units;
} stacked;

static int scores_of(const assay_predictions *a, const assay_predictions *b)
{
    bool in_a = a->scores_f32 != NULL || a->scores_f64 != NULL;
    bool in_b = b->scores_f32 != NULL || b->scores_f64 != NULL;
    if (!in_a || !in_b) {
        return 0;
    }
    return a->scores_f32 != NULL && b->scores_f32 != NULL ? 4 : 8;
}

static void copy_row(assay_predictions *to, int64_t at, const assay_predictions *from, int64_t row)
{
    int64_t classes = to->classes;
    to->target[at] = from->target[row];
    to->label[at] = from->label[row];
    for (int64_t k = 0; k < classes; k++) {
        if (to->scores_f32 != NULL) {
            to->scores_f32[at * classes + k] = from->scores_f32[row * classes + k];
        } else if (to->scores_f64 != NULL) {
            to->scores_f64[at * classes + k] = from->scores_f64 != NULL
                                                   ? from->scores_f64[row * classes + k]
                                                   : (double)from->scores_f32[row * classes + k];
        }
    }
}

static assay_status stack(stacked *out, const comparing *c, int32_t a, int32_t b, assay_error *err)
{
    const assay_predictions *both[2] = {c->models[a], c->models[b]};
    const int64_t *units = c->options->evaluate.units;
    ASSAY_TRY(assay_predictions_new(&out->predictions, 2 * c->n, both[0]->classes,
                                    scores_of(both[0], both[1]), 0, err));
    assay_predictions *p = out->predictions;
    p->scores_are_probabilities =
        both[0]->scores_are_probabilities && both[1]->scores_are_probabilities;
    memcpy((void *)p->class_names, (const void *)both[0]->class_names,
           (size_t)p->classes * sizeof *p->class_names);
    out->units = assay_arena_alloc(p->arena, (size_t)p->n + 1, sizeof *out->units);
    if (out->units == NULL) {
        return assay_fail_memory(err);
    }
    if (c->weights != NULL) {
        p->weights = assay_arena_alloc(p->arena, (size_t)p->n + 1, sizeof *p->weights);
        if (p->weights == NULL) {
            return assay_fail_memory(err);
        }
    }
    for (int64_t side = 0; side < 2; side++) {
        for (int64_t i = 0; i < c->n; i++) {
            int64_t row = c->rows[i];
            if (p->weights != NULL) {
                p->weights[side * c->n + i] = c->weights[row];
            }
            copy_row(p, side * c->n + i, both[side], row);
            out->units[side * c->n + i] = units != NULL ? units[row] : row;
        }
    }
    return ASSAY_OK;
}

/* The metrics of the differences that wait for a test. */
static assay_status wanted_metrics(const assay_args ***out, size_t *n, const comparing *c,
                                   const assay_difference *differences, int64_t n_differences,
                                   assay_arena *arena, assay_error *err)
{
    *n = 0;
    *out = assay_arena_alloc(arena, c->n_metrics + 1, sizeof **out);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t j = 0; j < c->n_metrics; j++) {
        bool wanted = false;
        for (int64_t k = 0; k < n_differences; k++) {
            const assay_difference *d = &differences[k];
            wanted =
                wanted || (d->op == c->metrics[j]->op && (isnan(d->p) || c->options->keep_null) &&
                           d->outcome == ASSAY_OUTCOME_VALUE);
        }
        if (wanted && !c->metrics[j]->op->metric->curve_only) {
            (*out)[(*n)++] = c->metrics[j];
        }
    }
    return ASSAY_OK;
}

/* Sums in another order differ by rounding; a flip that changes nothing counts as a tie. */
static const double rounding = 1e-12;

static assay_status test_flips(assay_difference *d, const assay_measure *flip,
                               const assay_measure *rest, const char *name, const comparing *c,
                               assay_error *err)
{
    if (flip == NULL || rest == NULL || flip->draws == NULL || rest->draws == NULL) {
        return ASSAY_OK;
    }
    double observed = fabs(d->difference);
    double slack = rounding * fmax(fabs(d->in_a->value), fabs(d->in_b->value));
    double *null = NULL;
    int64_t extreme = 0, defined = 0;
    if (c->options->keep_null) {
        null = assay_arena_alloc(c->arena, (size_t)flip->n_draws, sizeof *null);
        if (null == NULL) {
            return assay_fail_memory(err);
        }
        d->null = null;
        d->n_null = flip->n_draws;
    }
    for (int64_t r = 0; r < flip->n_draws; r++) {
        double difference = fabs(rest->draws[r] - flip->draws[r]);
        if (null != NULL) {
            null[r] = difference;
        }
        if (!isnan(difference)) {
            defined++;
            extreme += difference >= observed - slack;
        }
    }
    if (defined > 0 && isnan(d->p)) {
        d->p = (1.0 + (double)extreme) / (1.0 + (double)defined);
        d->test = name;
    }
    return ASSAY_OK;
}

assay_status assay_compare_permute(assay_difference *differences, int64_t n, const comparing *c,
                                   int32_t a, int32_t b, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    stacked both = {NULL, NULL};
    const assay_args **metrics = NULL;
    size_t n_metrics = 0;
    assay_evaluate_options options = c->options->evaluate;
    int64_t replicates = options.replicates == 0 ? 1000 : options.replicates;
    int64_t permutations = c->options->permutations > 0 ? c->options->permutations : replicates;
    if (permutations < 0 || c->n == 0) {
        return ASSAY_OK;
    }
    ASSAY_GOTO(assay_arena_new(&arena, (size_t)16 << 30, err), done);
    ASSAY_GOTO(wanted_metrics(&metrics, &n_metrics, c, differences, n, arena, err), done);
    if (n_metrics == 0) {
        goto done;
    }
    ASSAY_GOTO(stack(&both, c, a, b, err), done);
    assay_result sides[2];
    options.units = both.units;
    options.paired = 1;
    options.replicates = permutations;
    options.level = 0.5; /* of intervals that nobody reads */
    for (int side = 0; side < 2; side++) {
        assay_result_init(&sides[side], arena);
        options.resample = side == 0 ? ASSAY_RESAMPLE_FLIP : ASSAY_RESAMPLE_FLIP_REST;
        ASSAY_GOTO(
            assay_evaluate(&sides[side], both.predictions, NULL, metrics, n_metrics, &options, err),
            done);
    }
    const char *name = assay_arena_printf(
        c->arena, "sign-flip permutation, %" PRId64 " permutations", permutations);
    if (name == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    int64_t next[2] = {0, 0};
    for (int64_t k = 0; k < n; k++) {
        assay_difference *d = &differences[k];
        if ((isnan(d->p) || c->options->keep_null) && d->outcome == ASSAY_OUTCOME_VALUE) {
            ASSAY_GOTO(test_flips(d, assay_measure_partner(&sides[0], &next[0], d->in_a),
                                  assay_measure_partner(&sides[1], &next[1], d->in_a), name, c,
                                  err),
                       done);
        }
    }
done:
    assay_predictions_free(both.predictions);
    assay_arena_free(arena);
    return status;
}
