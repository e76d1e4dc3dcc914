/* Intervals: exact ones of proportions, a measure's own, and those from bootstrap replicates. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "core/evaluate_internal.h"
#include "core/interval.h"
#include "stats/continuous.h"
#include "stats/intervals.h"
#include "stats/normal.h"

/* The name of an interval operation with its parameters. */
assay_status assay_interval_name(const char **out, assay_arena *arena, const assay_args *args,
                                 const char *otherwise, assay_error *err)
{
    *out = otherwise;
    if (args == NULL) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    assay_buffer buffer;
    assay_buffer_init(&buffer, 0);
    ASSAY_GOTO(assay_args_text(&buffer, args, err), done);
    *out = assay_arena_strdup(arena, buffer.data);
    if (*out == NULL) {
        status = assay_fail_memory(err);
    }
done:
    assay_buffer_dispose(&buffer);
    return status;
}

static assay_status proportion_bounds(double *low, double *high, const assay_measure *measure,
                                      double alpha, const assay_args *args, assay_error *err)
{
    if (args == NULL) {
        return assay_clopper_pearson(low, high, measure->successes, measure->n, alpha, alpha, err);
    }
    if (args->op->interval == NULL || args->op->interval->proportion == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "%s is not an interval for a proportion",
                          args->op->name);
    }
    return args->op->interval->proportion(low, high, measure->successes, measure->n, alpha, alpha,
                                          args->params, err);
}

/* Percentiles of a distance from zero do not hold the truth. */
static bool is_distance(const assay_measure *measure, const assay_args *args)
{
    return measure->distance != ASSAY_DISTANCE_NONE &&
           (args == NULL || (args->op->interval != NULL && args->op->interval->percentiles));
}

/* The best of many thresholds is better by chance alone, and in replicates once more. */
static bool is_optimum(const assay_measure *measure, const assay_args *args)
{
    return measure->optimum != 0 && measure->distance == ASSAY_DISTANCE_NONE &&
           (args == NULL || (args->op->interval != NULL && args->op->interval->percentiles));
}

static assay_status replicate_bounds(double *low, double *high, const assay_measure *measure,
                                     double alpha, const assay_args *args, assay_error *err)
{
    if (is_distance(measure, args)) {
        return assay_distance_interval(low, high, measure->replicates, measure->n_replicates,
                                       measure->value, measure->distance, alpha, alpha, err);
    }
    if (is_optimum(measure, args)) {
        return assay_hull_interval(low, high, measure->replicates, measure->n_replicates,
                                   measure->value, alpha, alpha, err);
    }
    if (args == NULL) {
        return assay_percentile_interval(low, high, measure->replicates, measure->n_replicates,
                                         alpha, alpha, err);
    }
    if (assay_is_studentised(args)) {
        return args->op->interval->studentised(low, high, measure->pivots, measure->n_pivots,
                                               measure->value, measure->se, alpha, alpha,
                                               args->params, err);
    }
    if (args->op->interval != NULL && args->op->interval->jackknifed != NULL) {
        return args->op->interval->jackknifed(
            low, high, measure->replicates, measure->n_replicates, measure->value,
            measure->jackknife, measure->n_jackknife, alpha, alpha, args->params, err);
    }
    if (args->op->interval == NULL || args->op->interval->replicates == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "%s is not an interval from bootstrap replicates",
                          args->op->name);
    }
    return args->op->interval->replicates(low, high, measure->replicates, measure->n_replicates,
                                          measure->value, alpha, alpha, args->params, err);
}

/* Replicates of few rows are too close together and have no tails like Student's: the same step as from z to
 * t (n / (n - 1))^0.5 widens them (Hesterberg 2015), with n the number of rows of equal weight that would
 * say as much, and of classes with few rows as many as say as little (evaluate_few.c). */
static double widened(double alpha, const assay_measure *measure, const assay_args *args)
{
    bool plain = args == NULL || args->op->interval == NULL || args->op->interval->replicates;
    bool known = measure->weighted || (measure->few > 0.0 && !is_distance(measure, args));
    if (!known || !plain || !(alpha > 0.0 && alpha < 0.5)) {
        return alpha;
    }
    double n = measure->weighted ? measure->effective : measure->few;
    n = measure->few > 0.0 && measure->few < n ? measure->few : n;
    n = measure->clusters > 0 && (double)measure->clusters < n ? (double)measure->clusters : n;
    n = n > 2.0 ? n : 2.0;
    double z = assay_t_quantile_upper(alpha, n - 1.0) * sqrt(n / (n - 1.0));
    double least = 1.0 / (double)measure->n_replicates; /* what so many replicates can tell */
    return fmax(assay_normal_sf(z), fmin(alpha, least));
}

/* Ascending, in place, with `order` and `copy` of n elements as space. */
static assay_status sort_values(double *values, int64_t n, int64_t *order, double *copy,
                                assay_error *err)
{
    ASSAY_TRY(assay_sort_order(order, values, n, 0, err));
    memcpy(copy, values, (size_t)n * sizeof *copy);
    for (int64_t i = 0; i < n; i++) {
        values[i] = copy[order[i]];
    }
    return ASSAY_OK;
}

/* Defined values to the front, ascending. */
static assay_status sort_defined(int64_t *n, double *values, const assay_evaluation *evaluation,
                                 assay_error *err)
{
    *n = 0;
    for (int64_t i = 0; i < evaluation->replicates; i++) {
        if (!isnan(values[i])) {
            values[(*n)++] = values[i];
        }
    }
    return sort_values(values, *n, evaluation->sort_order, evaluation->sort_copy, err);
}

/* Where a few rows decide, as where errors are squared, the values of replicates are lopsided, and percentiles
 * of them lie too near on the side of the long tail (Hall 1992: an error of the order of the skewness). */
static assay_status doubt_skewness(assay_measure *measure, const assay_args *args,
                                   assay_arena *arena, assay_error *err)
{
    static const double most = 0.5;
    bool percentiles =
        args == NULL || (args->op->interval != NULL && args->op->interval->percentiles);
    double n = (double)measure->n_replicates;
    assay_sum second = {0}, third = {0};
    if (!percentiles || measure->doubt != NULL || isnan(measure->low) ||
        measure->distance != ASSAY_DISTANCE_NONE) {
        return ASSAY_OK;
    }
    double mean = assay_sum_pairwise(measure->replicates, measure->n_replicates) / n;
    for (int64_t i = 0; i < measure->n_replicates; i++) {
        double d = measure->replicates[i] - mean;
        assay_sum_add(&second, d * d);
        assay_sum_add(&third, d * d * d);
    }
    double skewness = assay_sum_value(&third) / n / pow(assay_sum_value(&second) / n, 1.5);
    if (!(fabs(skewness) > most)) {
        return ASSAY_OK;
    }
    measure->doubt = assay_arena_printf(
        arena,
        "a few rows decide (the replicates have a skewness of %.2f): an interval of this kind may "
        "hold the truth less often than its level says",
        skewness);
    return measure->doubt != NULL ? ASSAY_OK : assay_fail_memory(err);
}

/* Sort the defined replicates to the front and put the interval into the measure. */
static assay_status interval_from_replicates(assay_measure *measure, double *values, double *pivots,
                                             const assay_evaluation *evaluation,
                                             const assay_args *args, const char *name,
                                             assay_arena *arena, assay_error *err)
{
    int64_t n = 0;
    if (evaluation->paired) {
        double *draws =
            assay_arena_alloc(arena, (size_t)evaluation->replicates, sizeof *measure->draws);
        if (draws == NULL) {
            return assay_fail_memory(err);
        }
        memcpy(draws, values, (size_t)evaluation->replicates * sizeof *draws);
        measure->draws = draws;
        measure->n_draws = evaluation->replicates;
    }
    ASSAY_TRY(sort_defined(&n, values, evaluation, err));
    if (assay_is_studentised(args)) {
        ASSAY_TRY(sort_defined(&measure->n_pivots, pivots, evaluation, err));
        measure->pivots = pivots;
    }
    int64_t undefined = evaluation->replicates - (measure->pivots != NULL ? measure->n_pivots : n);
    const char *note = "";
    const char *whole = evaluation->units != NULL ? " of whole clusters" : "";
    if (n == 0 || values[0] == values[n - 1]) {
        note = n == 0 ? ", so there is no interval" : ", all equal, so there is no interval";
    } else {
        double alpha = (1.0 - evaluation->level) / 2.0;
        measure->replicates = values;
        measure->n_replicates = n;
        double wide = widened(alpha, measure, args);
        assay_error refusal;
        assay_status status =
            replicate_bounds(&measure->low, &measure->high, measure, wide, args, &refusal);
        note = wide < alpha && measure->weighted ? ", widened for the effective number of rows"
               : wide < alpha * 0.99             ? ", widened for few rows"
                                                 : "";
        if (status == ASSAY_EUNSUPPORTED) {
            measure->low = NAN;
            measure->high = NAN;
            note = ", too few for an interval";
        } else if (status != ASSAY_OK) {
            return assay_fail(err, status, "%s: %s", measure->metric, refusal.message);
        }
        ASSAY_TRY(doubt_skewness(measure, args, arena, err));
    }
    measure->method = undefined > 0
                          ? assay_arena_printf(arena,
                                               "%s, %" PRId64 " replicates%s, %" PRId64
                                               " of them undefined and left out%s",
                                               name, evaluation->replicates, whole, undefined, note)
                          : assay_arena_printf(arena, "%s, %" PRId64 " replicates%s%s", name,
                                               evaluation->replicates, whole, note);
    return measure->method != NULL ? ASSAY_OK : assay_fail_memory(err);
}

/* The interval comes from replicates. */
static bool wants_replicates(const assay_measure *measure)
{
    return measure->successes < 0 && measure->bounds == NULL &&
           measure->outcome == ASSAY_OUTCOME_VALUE && measure->no_interval == NULL;
}

/* Number the columns of the replicate matrix; jobs without any are not resampled. */
static assay_status number_columns(int64_t *columns, assay_evaluation *evaluation,
                                   const assay_result *out, assay_error *err)
{
    *columns = 0;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        assay_job *job = &evaluation->jobs[j];
        if (!job->resample) {
            continue;
        }
        job->column =
            assay_arena_alloc(evaluation->arena, (size_t)job->n_measures, sizeof *job->column);
        if (job->column == NULL) {
            return assay_fail_memory(err);
        }
        int64_t before = *columns;
        for (int64_t m = 0; m < job->n_measures; m++) {
            const assay_measure *measure = &out->measures[job->first_measure + m];
            bool paired = evaluation->paired && measure->outcome == ASSAY_OUTCOME_VALUE &&
                          isnan(measure->variance);
            bool wanted = wants_replicates(measure) || paired;
            job->column[m] = wanted ? (*columns)++ : -1;
        }
        job->resample = *columns > before;
    }
    return ASSAY_OK;
}

static assay_status put_interval(assay_measure *measure, const assay_evaluation *evaluation,
                                 const assay_args *proportion, const char *proportion_name,
                                 bool resampled, assay_error *err)
{
    double alpha = (1.0 - evaluation->level) / 2.0;
    if (measure->outcome == ASSAY_OUTCOME_VALUE && measure->successes >= 0) {
        ASSAY_TRY(
            proportion_bounds(&measure->low, &measure->high, measure, alpha, proportion, err));
        measure->method = proportion_name;
    } else if (measure->outcome == ASSAY_OUTCOME_VALUE && measure->bounds != NULL) {
        ASSAY_TRY(
            measure->bounds(&measure->low, &measure->high, measure->evidence, alpha, alpha, err));
        measure->method = measure->bounds_name;
    } else if (measure->outcome == ASSAY_OUTCOME_VALUE && measure->no_interval != NULL) {
        measure->method = measure->no_interval;
    } else if (!resampled && wants_replicates(measure) && evaluation->replicates > 0) {
        measure->method =
            evaluation->units != NULL ? "none: fewer than 10 clusters" : "none: fewer than 10 rows";
    }
    return ASSAY_OK;
}

/* The measures of the resampled jobs without one group of rows after the other. */
static assay_status jackknife(assay_result *out, const assay_evaluation *evaluation,
                              const assay_evaluate_options *options, assay_error *err)
{
    enum { MOST_GROUPS = 200 };
    assay_status status = ASSAY_OK;
    assay_evaluate_options plain = *options;
    int64_t units = assay_units_drawn(evaluation);
    int64_t groups = units < MOST_GROUPS ? units : MOST_GROUPS;
    assay_arena *arena = NULL;
    uint8_t *mask = assay_arena_alloc(evaluation->arena, (size_t)evaluation->predictions->n + 1, 1);
    if (mask == NULL) {
        return assay_fail_memory(err);
    }
    plain.replicates = -1;
    plain.replicate_interval = NULL;
    plain.area_interval = NULL;
    ASSAY_GOTO(assay_arena_new(&arena, (size_t)16 << 30, err), done);
    for (int64_t g = 0; g < groups; g++) {
        assay_leave_out(mask, evaluation, g, groups);
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            assay_result without;
            if (!job->resample) {
                continue;
            }
            assay_arena_reset(arena);
            assay_result_init(&without, arena);
            ASSAY_GOTO(
                assay_evaluate(&without, evaluation->predictions, mask, &job->args, 1, &plain, err),
                done);
            for (int64_t m = 0; m < job->n_measures && m < without.n_measures; m++) {
                assay_measure *measure = &out->measures[job->first_measure + m];
                double *values = (double *)(uintptr_t)measure->jackknife;
                if (values == NULL) {
                    values = assay_arena_alloc(out->arena, (size_t)groups, sizeof *values);
                    measure->jackknife = values;
                }
                if (values == NULL) {
                    status = assay_fail_memory(err);
                    goto done;
                }
                if (without.measures[m].outcome == ASSAY_OUTCOME_VALUE) {
                    values[measure->n_jackknife++] = without.measures[m].value;
                }
            }
        }
    }
done:
    assay_arena_free(arena);
    return status;
}

static bool needs_jackknife(const assay_args *args)
{
    return args != NULL && args->op->interval != NULL && args->op->interval->jackknifed != NULL;
}

assay_status assay_evaluate_intervals(assay_result *out, assay_evaluation *evaluation,
                                      const assay_evaluate_options *options, assay_error *err)
{
    const assay_args *area = options != NULL ? options->area_interval : NULL;
    const char *area_name = NULL;
    const assay_args *proportion = options != NULL ? options->proportion_interval : NULL;
    const assay_args *replicate = options != NULL ? options->replicate_interval : NULL;
    const char *proportion_name = NULL;
    const char *replicate_name = NULL;
    double *matrix = NULL;
    double *pivots = NULL;
    int64_t columns = 0;
    ASSAY_TRY(
        assay_interval_name(&proportion_name, out->arena, proportion, "clopper_pearson", err));
    ASSAY_TRY(
        assay_interval_name(&replicate_name, out->arena, replicate, "bootstrap_percentile", err));
    ASSAY_TRY(assay_interval_name(&area_name, out->arena, area, "", err));
    ASSAY_TRY(assay_evaluate_clusters(out, evaluation,
                                      options != NULL ? options->clustered_interval : NULL, err));
    ASSAY_TRY(assay_evaluate_areas(out, evaluation, area, area_name, err));
    ASSAY_TRY(assay_evaluate_rates(out, evaluation, err));
    ASSAY_TRY(assay_evaluate_few(out, evaluation, err));
    ASSAY_TRY(number_columns(&columns, evaluation, out, err));
    if (columns > 0) {
        matrix = assay_arena_alloc(out->arena, (size_t)columns,
                                   (size_t)evaluation->replicates * sizeof *matrix);
        size_t n = (size_t)evaluation->replicates;
        evaluation->sort_order = assay_arena_alloc(evaluation->arena, n, sizeof(int64_t));
        evaluation->sort_copy = assay_arena_alloc(evaluation->arena, n, sizeof(double));
        if (matrix == NULL || evaluation->sort_order == NULL || evaluation->sort_copy == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_alike_find(evaluation, err));
        ASSAY_TRY(assay_bootstrap(matrix, evaluation, err));
        if (needs_jackknife(replicate) || needs_jackknife(area)) {
            ASSAY_TRY(jackknife(out, evaluation, options, err));
        }
        if (evaluation->studentised) {
            pivots = assay_arena_alloc(out->arena, (size_t)columns, n * sizeof *pivots);
            if (pivots == NULL) {
                return assay_fail_memory(err);
            }
            ASSAY_TRY(assay_studentise(pivots, out, matrix, columns, evaluation, options, err));
        }
    }
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        for (int64_t m = 0; m < job->n_measures; m++) {
            assay_measure *measure = &out->measures[job->first_measure + m];
            bool column = job->resample && job->column[m] >= 0;
            if (column) {
                int64_t at = job->column[m] * evaluation->replicates;
                const char *name = replicate_name;
                ASSAY_TRY(assay_interval_name(&name, out->arena, measure->interval, name, err));
                name =
                    is_distance(measure, measure->interval != NULL ? measure->interval : replicate)
                        ? "bootstrap_distance"
                    : is_optimum(measure, measure->interval != NULL ? measure->interval : replicate)
                        ? "bootstrap_percentile and bootstrap_basic, the wider ends"
                        : name;
                ASSAY_TRY(interval_from_replicates(
                    measure, matrix + at, pivots != NULL ? pivots + at : NULL, evaluation,
                    measure->interval != NULL ? measure->interval : replicate, name, out->arena,
                    err));
            }
            ASSAY_TRY(put_interval(measure, evaluation, proportion, proportion_name, column, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_measure_bounds(double *low, double *high, const assay_measure *measure,
                                  double confidence, const assay_evaluate_options *options,
                                  assay_error *err)
{
    *low = NAN;
    *high = NAN;
    if (!(confidence >= 0.5 && confidence < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL, "confidence: %g is not between 0.5 and 1", confidence);
    }
    if (measure->outcome != ASSAY_OUTCOME_VALUE) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "%s has no value: %s", measure->metric,
                          measure->reason != NULL ? measure->reason : "it is undefined");
    }
    double alpha = 1.0 - confidence;
    if (measure->successes >= 0) {
        return proportion_bounds(low, high, measure, alpha,
                                 options != NULL ? options->proportion_interval : NULL, err);
    }
    if (measure->bounds != NULL) {
        return measure->bounds(low, high, measure->evidence, alpha, alpha, err);
    }
    if (measure->replicates == NULL) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "%s has no interval (%s)", measure->metric,
                          measure->method);
    }
    const assay_args *usual = options != NULL ? options->replicate_interval : NULL;
    usual = measure->interval != NULL ? measure->interval : usual;
    return replicate_bounds(low, high, measure, widened(alpha, measure, usual), usual, err);
}
