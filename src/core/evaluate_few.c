/* How much the replicates of a measure can be trusted: by the rows of the classes that it rests on. A macro
 * average of 95 easy rows and 5 hard ones is known as well as 5 rows tell, not 100. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/evaluate_internal.h"

enum {
    FEW_ROWS = 20,   /* of a class: below, an interval from replicates may be too short */
    FEW_VALUES = 50, /* rows where there are no classes */
    FEW_BEYOND = 20  /* rows that are expected beyond a limit of a rate */
};

/* Rows of each class among the selected ones; of sets of classes the rows that have it. */
static void count_classes(int64_t *rows, const assay_evaluation *evaluation)
{
    const assay_predictions *p = evaluation->predictions;
    for (int64_t k = 0; k < evaluation->n; k++) {
        int64_t i = evaluation->rows != NULL ? evaluation->rows[k] : k;
        if (p->task == ASSAY_TASK_MULTILABEL) {
            for (int32_t c = 0; c < p->classes; c++) {
                rows[c] += p->truth_set[i * p->classes + c];
            }
        } else if (p->target[i] >= 0) {
            rows[p->target[i]]++;
        }
    }
}

/* Rows of one sample with as many degrees of freedom as the sum of a variance 1/n per part has by
 * Satterthwaite (1946): (sum 1/n)^2 / sum (1/n^2 / (n - 1)). */
typedef struct freedom {
    double sum, squares;
    double least; /* rows of the smallest part */
} freedom;

static void add_part(freedom *f, int64_t rows)
{
    if (rows > 0) {
        double n = (double)rows;
        f->sum += 1.0 / n;
        f->squares += 1.0 / (n * n * (n > 1.5 ? n - 1.0 : 1.0));
        f->least = f->least == 0.0 || n < f->least ? n : f->least;
    }
}

static double rows_of(const freedom *f)
{
    return f->squares > 0.0 ? f->sum * f->sum / f->squares + 1.0 : 0.0;
}

static freedom of_class(const int64_t *rows, int32_t c, int64_t n)
{
    freedom f = {0};
    add_part(&f, rows[c]);
    add_part(&f, n - rows[c]);
    return f;
}

static int32_t class_of(const assay_measure *measure, const assay_predictions *p)
{
    for (int32_t c = 0; measure->class_name != NULL && c < p->classes; c++) {
        if (strcmp(measure->class_name, p->class_names[c]) == 0) {
            return c;
        }
    }
    return -1;
}

/* Its interval comes from replicates or from a variance. */
static bool is_approximate(const assay_measure *measure)
{
    return measure->outcome == ASSAY_OUTCOME_VALUE && measure->successes < 0 &&
           (measure->bounds == NULL || !isnan(measure->variance));
}

/* Rows that a limit of a rate is about, the fewest of all classes that the measure is about. */
static double limiting_rows(const assay_evaluation *evaluation, const assay_rates *rates,
                            const int64_t *rows, int32_t class_index)
{
    double least = INFINITY;
    for (int32_t c = 0; c < evaluation->predictions->classes; c++) {
        int64_t limiting = rates->recall ? evaluation->n - rows[c] : rows[c];
        if ((class_index < 0 || class_index == c) && rows[c] > 0 && rows[c] < evaluation->n) {
            least = fmin(least, (double)limiting);
        }
    }
    return evaluation->units != NULL ? fmin(least, (double)evaluation->clusters) : least;
}

/* Kish's number of the values of a mean: (sum of sizes)^2 / sum of squared sizes. Squared errors of a few rows
 * may be most of the sum, and what still larger ones in the population would add is not in the data. */
static double values_that_count(const assay_evaluation *evaluation, const assay_job *job)
{
    const assay_predictions *p = evaluation->predictions;
    bool terms = job->path == ASSAY_PATH_TERMS && job->metric->terms->values == 1 &&
                 job->bins == 1 && job->values[0] != NULL;
    assay_sum sum = {0}, squares = {0};
    if (!terms && !job->metric->squares) {
        return INFINITY;
    }
    for (int64_t i = 0; i < evaluation->n; i++) {
        int64_t row = evaluation->rows != NULL ? evaluation->rows[i] : i;
        double size = terms ? fabs(job->values[0][i]) : pow(p->truth[row] - p->value[row], 2.0);
        size *= assay_row_weight(evaluation, i);
        assay_sum_add(&sum, size);
        assay_sum_add(&squares, size * size);
    }
    double total = assay_sum_value(&sum);
    return total > 0.0 ? total * (total / assay_sum_value(&squares)) : INFINITY;
}

typedef struct few {
    const assay_evaluation *evaluation;
    const int64_t *rows; /* of each class */
    freedom all;         /* of all classes */
    assay_arena *arena;
} few;

/* Replicates of weighted or clustered rows have to do where order statistics do not hold. */
static assay_status doubt_limit(assay_measure *measure, const few *w, const assay_job *job,
                                int32_t class_index, assay_error *err)
{
    assay_rates rates;
    if (job->metric->rates == NULL || !is_approximate(measure) ||
        !job->metric->rates(&rates, job->params)) {
        return ASSAY_OK;
    }
    double expected = limiting_rows(w->evaluation, &rates, w->rows, class_index) * rates.limit[0];
    if (expected < FEW_BEYOND) {
        measure->doubt = assay_arena_printf(
            w->arena,
            "its limit of %g leaves %.1f of these rows beyond the threshold, too few for "
            "replicates to tell where it lies: the interval may hold the truth much less often "
            "than its level says",
            rates.limit[0], expected);
        return measure->doubt != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    return ASSAY_OK;
}

static assay_status doubt_values(assay_measure *measure, const few *w, double count,
                                 assay_error *err)
{
    if (measure->doubt != NULL || !is_approximate(measure) || !(count < FEW_ROWS)) {
        return ASSAY_OK;
    }
    measure->doubt = assay_arena_printf(
        w->arena,
        "a few rows decide (as many as %.1f rows of equal size): an interval of this kind may hold "
        "the truth less often than its level says",
        count);
    return measure->doubt != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status put_doubt(assay_measure *measure, const freedom *f, bool values,
                              assay_arena *arena, assay_error *err)
{
    double fewest = values ? FEW_VALUES : FEW_ROWS;
    if (measure->doubt != NULL || !is_approximate(measure) || !(f->least > 0.0) ||
        f->least >= fewest) {
        return ASSAY_OK;
    }
    measure->doubt = assay_arena_printf(
        arena,
        "there are few rows (%s%.0f): an interval of this kind may hold the truth less often than "
        "its level says",
        values ? "" : "of the smallest class that counts ", f->least);
    return measure->doubt != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status put_job(assay_result *out, const few *w, const assay_job *job, assay_error *err)
{
    const assay_evaluation *evaluation = w->evaluation;
    const assay_predictions *p = evaluation->predictions;
    double count = values_that_count(evaluation, job);
    for (int64_t m = 0; m < job->n_measures; m++) {
        assay_measure *measure = &out->measures[job->first_measure + m];
        bool micro = measure->average != NULL && (strcmp(measure->average, "micro") == 0 ||
                                                  strcmp(measure->average, "samples") == 0);
        bool values = p->task == ASSAY_TASK_REGRESSION;
        int32_t c = values ? -1 : class_of(measure, p);
        freedom f = w->all;
        bool plain = measure->distance != ASSAY_DISTANCE_NONE && measure->average == NULL;
        if (c >= 0) {
            f = of_class(w->rows, c, evaluation->n);
        } else if (values || micro || plain) {
            f = (freedom){0};
            add_part(&f, evaluation->n);
            values = true;
        }
        measure->few = rows_of(&f);
        ASSAY_TRY(doubt_limit(measure, w, job, c, err));
        ASSAY_TRY(put_doubt(measure, &f, values, w->arena, err));
        ASSAY_TRY(doubt_values(measure, w, count, err));
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_few(assay_result *out, const assay_evaluation *evaluation,
                                assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    if (evaluation->replicates <= 0 || evaluation->resample != ASSAY_RESAMPLE_POISSON) {
        return ASSAY_OK;
    }
    int64_t *rows = assay_arena_alloc(evaluation->arena, (size_t)p->classes, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    few w = {.evaluation = evaluation, .rows = rows, .arena = out->arena};
    if (p->task != ASSAY_TASK_REGRESSION) {
        count_classes(rows, evaluation);
        for (int32_t c = 0; c < p->classes; c++) {
            add_part(&w.all, rows[c]);
        }
    }
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        if (evaluation->jobs[j].unmet == NULL) {
            ASSAY_TRY(put_job(out, &w, &evaluation->jobs[j], err));
        }
    }
    return ASSAY_OK;
}
