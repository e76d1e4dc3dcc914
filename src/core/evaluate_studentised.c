/* Standard errors of the value, by the jackknife over groups of rows, and of every bootstrap replicate, by
 * the jackknife over groups of its copies of rows. Weights depend on the row's address and the replicate
 * alone, so replicates without a group are those of another evaluation: one more bootstrap per group.
 * Groups of a replicate are dealt anew, copy by copy. Groups of rows that stay the same in all replicates
 * would count twice: once as they differ in the data, once as they differ by the drawing. */
#include <math.h>
#include <string.h>

#include "core/evaluate_internal.h"
#include "core/interval.h"

void assay_leave_out(uint8_t *mask, const assay_evaluation *e, int64_t group, int64_t groups)
{
    memset(mask, 0, (size_t)e->predictions->n);
    for (int64_t i = 0; i < e->n; i++) {
        int64_t unit = e->cluster != NULL ? e->cluster[i] : i;
        mask[assay_selected_row(e, i)] = unit % groups != group;
    }
}

bool assay_is_studentised(const assay_args *interval)
{
    return interval != NULL && interval->op->interval != NULL &&
           interval->op->interval->studentised != NULL;
}

int assay_interval_is_resampled(const assay_args *args)
{
    const assay_interval *interval = args->op->interval;
    return interval != NULL && (interval->replicates != NULL || interval->jackknifed != NULL ||
                                interval->studentised != NULL);
}

/* Running mean and sum of squared differences from it (Welford). */
typedef struct spread {
    double n, mean, squares;
} spread;

static void spread_add(spread *s, double value)
{
    double off = value - s->mean;
    s->n += 1.0;
    s->mean += off / s->n;
    s->squares += off * (value - s->mean);
}

/* Jackknife standard error; NaN unless every group left a value. */
static double spread_se(const spread *s, int64_t groups)
{
    double all = (double)groups;
    return s->n == all ? sqrt((all - 1.0) / all * s->squares) : NAN;
}

static int64_t groups_of(const assay_evaluate_options *options)
{
    const assay_args *const choices[] = {options->replicate_interval, options->area_interval,
                                         options->clustered_interval};
    double groups = 0.0;
    for (size_t k = 0; k < ASSAY_COUNT(choices) && groups == 0.0; k++) {
        if (assay_is_studentised(choices[k]) && !assay_args_get(&groups, choices[k], "groups")) {
            groups = 20.0;
        }
    }
    return (int64_t)groups;
}

typedef struct space {
    spread *replicate;   /* columns x replicates */
    spread *value;       /* per column */
    uint8_t *mask, *all; /* rows of the predictions: without a group, all of the selection */
    int64_t groups;
} space;

/* In the place of what would give areas a variance and no draws. */
static assay_status nothing(double *low, double *high, const double *values, int64_t n,
                            double estimate, double alpha_low, double alpha_high,
                            const void *params, assay_error *err)
{
    (void)values;
    (void)n;
    (void)alpha_low;
    (void)alpha_high;
    (void)params;
    (void)err;
    *low = estimate;
    *high = estimate;
    return ASSAY_OK;
}

static const assay_interval drawn = {.replicates = nothing};
static const assay_op drawn_op = {
    .kind = ASSAY_OP_INTERVAL, .name = "replicates", .interval = &drawn};

/* What is left without a group: the value of each measure. */
static void add_values(space *s, const assay_job *job, const assay_measure *without,
                       int64_t n_measures)
{
    for (int64_t m = 0; m < job->n_measures && m < n_measures; m++) {
        if (job->column[m] >= 0 && without[m].outcome == ASSAY_OUTCOME_VALUE) {
            spread_add(&s->value[job->column[m]], without[m].value);
        }
    }
}

/* The same of all replicates. */
static void add_draws(space *s, const assay_job *job, const assay_measure *without,
                      int64_t n_measures, int64_t replicates)
{
    for (int64_t m = 0; m < job->n_measures && m < n_measures; m++) {
        int64_t column = job->column[m];
        for (int64_t r = 0; column >= 0 && r < without[m].n_draws; r++) {
            double draw = without[m].draws[r];
            if (!isnan(draw)) {
                spread_add(&s->replicate[column * replicates + r], draw);
            }
        }
    }
}

static assay_status add_groups(space *s, const assay_evaluation *evaluation,
                               const assay_evaluate_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_evaluate_options plain = *options;
    const assay_args draws = {.op = &drawn_op};
    plain.replicate_interval = &draws;
    plain.clustered_interval = NULL;
    plain.area_interval = &draws;
    plain.leave_groups = s->groups;
    ASSAY_GOTO(assay_arena_new(&arena, (size_t)16 << 30, err), done);
    for (int64_t g = 0; g < s->groups; g++) {
        plain.leave_group = g;
        assay_leave_out(s->mask, evaluation, g, s->groups);
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            assay_result without;
            if (!job->resample) {
                continue;
            }
            assay_arena_reset(arena);
            assay_result_init(&without, arena);
            plain.replicates = -1;
            plain.paired = 0;
            ASSAY_GOTO(assay_evaluate(&without, evaluation->predictions, s->mask, &job->args, 1,
                                      &plain, err),
                       done);
            add_values(s, job, without.measures, without.n_measures);
            assay_arena_reset(arena);
            assay_result_init(&without, arena);
            plain.replicates = evaluation->replicates;
            plain.paired = 2;
            ASSAY_GOTO(assay_evaluate(&without, evaluation->predictions, s->all, &job->args, 1,
                                      &plain, err),
                       done);
            add_draws(s, job, without.measures, without.n_measures, evaluation->replicates);
        }
    }
done:
    assay_arena_free(arena);
    return status;
}

assay_status assay_studentise(double *pivots, assay_result *out, const double *matrix,
                              int64_t columns, const assay_evaluation *evaluation,
                              const assay_evaluate_options *options, assay_error *err)
{
    int64_t units = assay_units_drawn(evaluation);
    int64_t replicates = evaluation->replicates;
    assay_arena *arena = evaluation->arena;
    space s = {.groups = groups_of(options)};
    s.groups = units < s.groups ? units : s.groups;
    s.replicate = assay_arena_alloc(arena, (size_t)columns * (size_t)replicates, sizeof(spread));
    s.value = assay_arena_alloc(arena, (size_t)columns, sizeof(spread));
    s.mask = assay_arena_alloc(arena, (size_t)evaluation->predictions->n + 1, 1);
    s.all = assay_arena_alloc(arena, (size_t)evaluation->predictions->n + 1, 1);
    if (s.replicate == NULL || s.value == NULL || s.mask == NULL || s.all == NULL) {
        return assay_fail_memory(err);
    }
    assay_leave_out(s.all, evaluation, -1, s.groups);
    ASSAY_TRY(add_groups(&s, evaluation, options, err));
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        for (int64_t m = 0; job->resample && m < job->n_measures; m++) {
            assay_measure *measure = &out->measures[job->first_measure + m];
            int64_t column = job->column[m];
            for (int64_t r = 0; column >= 0 && r < replicates; r++) {
                int64_t at = column * replicates + r;
                double se = spread_se(&s.replicate[at], s.groups);
                pivots[at] = se > 0.0 ? (matrix[at] - measure->value) / se : NAN;
            }
            measure->se = column >= 0 ? spread_se(&s.value[column], s.groups) : NAN;
        }
    }
    return ASSAY_OK;
}
