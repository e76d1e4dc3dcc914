/* The paired bootstrap: both models get the same weights in every replicate. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "core/compare_internal.h"
#include "core/interval.h"
#include "core/metric.h"

enum { MOST_GROUPS = 200 }; /* of the jackknife, as in evaluate_intervals.c */

static double sign_of(const assay_op *op)
{
    return op->direction == ASSAY_LOWER_IS_BETTER ? -1.0 : 1.0;
}

/* Ascending differences of the replicates that both have; returns how many. */
static assay_status paired_draws(double **out, int64_t *n, const assay_difference *d,
                                 assay_arena *arena, assay_error *err)
{
    int64_t total = d->in_a->n_draws < d->in_b->n_draws ? d->in_a->n_draws : d->in_b->n_draws;
    *n = 0;
    double *values = assay_arena_alloc(arena, (size_t)total + 1, sizeof *values);
    double *sorted = assay_arena_alloc(arena, (size_t)total + 1, sizeof *sorted);
    int64_t *order = assay_arena_alloc(arena, (size_t)total + 1, sizeof *order);
    if (values == NULL || sorted == NULL || order == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t r = 0; r < total; r++) {
        double difference = d->in_b->draws[r] - d->in_a->draws[r];
        if (!isnan(difference)) {
            values[(*n)++] = difference + 0.0;
        }
    }
    ASSAY_TRY(assay_sort_order(order, values, *n, 0, err));
    for (int64_t r = 0; r < *n; r++) {
        sorted[r] = values[order[r]];
    }
    *out = sorted;
    return ASSAY_OK;
}

static void put_probability_better(assay_difference *d, const double *draws, int64_t n)
{
    int64_t above = 0, level = 0;
    for (int64_t r = 0; r < n; r++) {
        above += draws[r] * sign_of(d->op) > 0.0;
        level += draws[r] == 0.0;
    }
    if (n > 0 && d->op->direction != ASSAY_NO_DIRECTION) {
        d->probability_better = ((double)above + 0.5 * (double)level) / (double)n;
    }
}

/* A difference has replicates and the jackknife's values, and is no distance: what takes more, or takes it
 * for one, is for the measures of the models; NULL = percentiles. */
static const assay_args *of_differences(const assay_args *args, const assay_measure *measure)
{
    const assay_interval *interval = args != NULL ? args->op->interval : NULL;
    bool replicates = interval != NULL && interval->replicates != NULL && !interval->distances;
    bool jackknifed =
        interval != NULL && interval->jackknifed != NULL && measure->jackknife != NULL;
    return replicates || jackknifed ? args : NULL;
}

/* Both models leave out the same groups of rows, so the values without a group belong together; NULL where
 * one of them is undefined. */
static assay_status put_jackknife(assay_measure *both, const assay_difference *d,
                                  const comparing *c, assay_error *err)
{
    int64_t units = c->cluster != NULL ? c->clusters : c->n;
    int64_t groups = units < MOST_GROUPS ? units : MOST_GROUPS;
    if (d->in_a->jackknife == NULL || d->in_b->jackknife == NULL ||
        d->in_a->n_jackknife != groups || d->in_b->n_jackknife != groups) {
        return ASSAY_OK;
    }
    double *values = assay_arena_alloc(c->arena, (size_t)groups, sizeof *values);
    if (values == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t g = 0; g < groups; g++) {
        values[g] = d->in_b->jackknife[g] - d->in_a->jackknife[g];
    }
    both->jackknife = values;
    both->n_jackknife = groups;
    return ASSAY_OK;
}

/* What the replicates are too few for leaves the bounds open; *why is then the reason. */
static assay_status bounds(double *low, double *high, const char **why,
                           const assay_measure *measure, double confidence, const assay_args *args,
                           const comparing *c, assay_error *err)
{
    assay_error refusal = {0};
    const assay_evaluate_options options = {.replicate_interval = args};
    assay_status status = assay_measure_bounds(low, high, measure, confidence, &options, &refusal);
    if (status == ASSAY_EUNSUPPORTED) {
        *low = *high = NAN;
        *why = assay_arena_strdup(c->arena, refusal.message);
        return *why != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    return status == ASSAY_OK ? status : assay_fail(err, status, "%s", refusal.message);
}

static assay_status name_interval(assay_difference *d, const comparing *c, const assay_args *args,
                                  int64_t n, const char *why, assay_error *err)
{
    int64_t left_out = d->in_a->n_draws - n;
    bool usual = args == NULL || strcmp(args->op->name, "bootstrap_percentile") == 0;
    const char *kind =
        usual ? "paired bootstrap" : assay_arena_printf(c->arena, "paired %s", args->op->name);
    if (kind == NULL) {
        return assay_fail_memory(err);
    }
    if (why != NULL && isnan(d->low)) {
        d->method = assay_arena_printf(c->arena, "none: %s", why);
    } else if (left_out > 0) {
        d->method = assay_arena_printf(
            c->arena, "%s, %" PRId64 " replicates, %" PRId64 " of them undefined and left out",
            kind, d->in_a->n_draws, left_out);
    } else {
        d->method = assay_arena_printf(c->arena, "%s, %" PRId64 " replicates", kind, n);
    }
    return d->method != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status put_interval(assay_difference *d, const comparing *c, const double *draws,
                                 int64_t n, assay_error *err)
{
    const char *why = NULL;
    assay_measure both = {.metric = d->in_a->metric,
                          .outcome = ASSAY_OUTCOME_VALUE,
                          .value = d->difference,
                          .successes = -1,
                          .replicates = draws,
                          .n_replicates = n,
                          .weighted = d->in_a->weighted,
                          .effective = d->in_a->effective,
                          .clusters = c->clusters,
                          .method = ""};
    const assay_args *wanted = c->options->evaluate.replicate_interval;
    wanted = d->in_a->interval != NULL ? d->in_a->interval : wanted;
    ASSAY_TRY(put_jackknife(&both, d, c, err));
    const assay_args *args = of_differences(wanted, &both);
    ASSAY_TRY(bounds(&d->low, &d->high, &why, &both, 0.5 + c->level / 2.0, args, c, err));
    ASSAY_TRY(bounds(&d->bound_low, &d->bound_high, &why, &both, c->level, args, c, err));
    d->draws = draws;
    d->n_draws = n;
    return name_interval(d, c, args, n, why, err);
}

assay_status assay_compare_draws(assay_difference *d, const comparing *c, bool interval,
                                 assay_error *err)
{
    double *draws = NULL;
    int64_t n = 0;
    if (d->in_a->draws == NULL || d->in_b->draws == NULL) {
        d->method = !interval ? d->method : "none: fewer than 10 rows";
        return ASSAY_OK;
    }
    ASSAY_TRY(paired_draws(&draws, &n, d, c->arena, err));
    put_probability_better(d, draws, n);
    if (!interval) {
        return ASSAY_OK;
    }
    if (n == 0 || draws[0] == draws[n - 1]) {
        d->method = n == 0 ? "none: no replicate has a value in both models"
                           : "none: the difference is the same in every replicate";
        return ASSAY_OK;
    }
    return put_interval(d, c, draws, n, err);
}
