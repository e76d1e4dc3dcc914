#include "core/evaluate.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "core/evaluate_internal.h"
#include "stats/intervals.h"

static const int64_t most_replicates = 1000000;
static const size_t largest_state = (size_t)1 << 30;

/* ---- options ---- */

static double level_of(const assay_evaluate_options *options)
{
    return options == NULL || options->level == 0.0 ? 0.95 : options->level;
}

static assay_status read_options(assay_evaluation *evaluation,
                                 const assay_evaluate_options *options, assay_error *err)
{
    static const assay_evaluate_options none = {0};
    options = options != NULL ? options : &none;
    evaluation->level = level_of(options);
    evaluation->replicates = options->replicates == 0 ? 1000 : options->replicates;
    evaluation->seed = options->seed;
    evaluation->threads = options->threads;
    evaluation->cancel = options->cancel;
    evaluation->units = options->units;
    evaluation->paired = options->paired != 0;
    evaluation->every_draw = options->paired == 2;
    evaluation->leave_group = options->leave_group;
    evaluation->leave_groups = options->leave_groups;
    evaluation->resample = options->resample;
    evaluation->studentised =
        evaluation->replicates > 0 && (assay_is_studentised(options->replicate_interval) ||
                                       assay_is_studentised(options->area_interval) ||
                                       assay_is_studentised(options->clustered_interval));
    evaluation->groups = options->groups;
    if (!(evaluation->level > 0.0 && evaluation->level < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL, "level: %g is not between 0 and 1 (e.g. 0.95)",
                          evaluation->level);
    }
    if (evaluation->replicates < -1 || evaluation->replicates > most_replicates) {
        return assay_fail(err, ASSAY_EINVAL,
                          "replicates: %" PRId64 " is not between 1 and %" PRId64
                          " (-1 = no bootstrap)",
                          evaluation->replicates, most_replicates);
    }
    double needed = ceil(2.0 / (1.0 - evaluation->level) - 1e-6);
    if (evaluation->replicates > 0 && (double)evaluation->replicates < needed) {
        return assay_fail(err, ASSAY_EINVAL,
                          "replicates: %" PRId64 " are too few for an interval at level %g; it "
                          "takes at least %.0f",
                          evaluation->replicates, evaluation->level, needed);
    }
    evaluation->replicates = evaluation->replicates < 0 ? 0 : evaluation->replicates;
    return ASSAY_OK;
}

/* ---- jobs ---- */

static const char *unmet_need(const assay_evaluation *evaluation, uint32_t needs)
{
    const assay_predictions *predictions = evaluation->predictions;
    bool scores = predictions->scores_f32 != NULL || predictions->scores_f64 != NULL;
    if ((needs & (ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_P_TARGET)) != 0 &&
        !(scores && predictions->scores_are_probabilities)) {
        if (scores && predictions->task == ASSAY_TASK_MULTILABEL) {
            return "it needs probabilities, but some scores are not between 0 and 1";
        }
        return scores ? "it needs probabilities, but the scores are negative or do not sum to one "
                        "(--score-kind probabilities names the rows)"
                      : "it needs the probability of each class, but there are only labels";
    }
    if ((needs & (ASSAY_NEEDS_RANK | ASSAY_NEEDS_SCORES)) != 0 && !scores) {
        return "it needs a score for each class, but there are only labels";
    }
    const char *forecast = assay_forecast_unmet(evaluation, needs);
    if (forecast != NULL) {
        return forecast;
    }
    if ((needs & ASSAY_NEEDS_GROUPS) != 0 && evaluation->groups == NULL) {
        return "it compares groups, but no column of groups is named";
    }
    if ((needs & ASSAY_NEEDS_GROUPS) != 0 &&
        evaluation->groups->n > INT32_MAX / predictions->classes) {
        return "there are too many groups and classes";
    }
    return NULL;
}

static assay_path path_of(const assay_job *job, int32_t classes, bool by_row)
{
    const assay_metric *metric = job->metric;
    if (metric->ranked != NULL) {
        return ASSAY_PATH_RANKED;
    }
    if (metric->sorted != NULL && metric->sorted(job->params)) {
        return ASSAY_PATH_SORTED;
    }
    if (metric->terms != NULL) {
        return ASSAY_PATH_TERMS;
    }
    bool scored = metric->scored != NULL && metric->scored(job->params);
    if (!scored && !by_row &&
        (metric->cells == ASSAY_CELLS_RANK ||
         (metric->cells == ASSAY_CELLS_CONFUSION && classes <= ASSAY_DENSE_CLASSES))) {
        return ASSAY_PATH_CELLS;
    }
    return ASSAY_PATH_BLOCKS;
}

/* Columns that the pass derives for the job. */
static uint32_t needs_of(const assay_job *job, bool multilabel)
{
    uint32_t needs = job->args->op->needs;
    if (job->metric->scored != NULL && job->metric->scored(job->params)) {
        needs |= ASSAY_NEEDS_SCORES;
    }
    if (multilabel) {
        /* what is derived from the one class of a row has no meaning */
        bool scores = (needs & ~(uint32_t)ASSAY_NEEDS_LABEL) != 0;
        needs = ASSAY_NEEDS_LABEL | (scores ? (uint32_t)ASSAY_NEEDS_SCORES : 0);
    }
    return needs;
}

static assay_status make_job(assay_job *job, assay_evaluation *evaluation, const assay_args *args,
                             assay_error *err)
{
    const assay_predictions *predictions = evaluation->predictions;
    if (args == NULL || args->op == NULL || args->op->metric == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "evaluate: an operation is not a metric");
    }
    bool multilabel = predictions->task == ASSAY_TASK_MULTILABEL;
    if (args->op->task != predictions->task && !(multilabel && args->op->multilabel)) {
        return assay_fail(
            err, ASSAY_EINVAL, "metric %s is for %s, but the task of these predictions is %s",
            args->op->name, assay_task_name(args->op->task), assay_task_name(predictions->task));
    }
    job->args = args;
    job->metric = args->op->metric;
    job->params = args->params;
    job->bins = 1;
    job->unmet = unmet_need(evaluation, args->op->needs);
    if (job->unmet != NULL) {
        return ASSAY_OK;
    }
    if (job->metric->ranked != NULL && multilabel && predictions->classes < 2) {
        job->unmet = "it ranks, and there is one class only: use the task classification";
        return ASSAY_OK;
    }
    int64_t ranked = evaluation->n * (multilabel && job->metric->micro ? predictions->classes : 1);
    if (job->metric->ranked != NULL && ranked > (int64_t)UINT32_MAX) {
        job->unmet = "it ranks the rows, and there are over 4294967295 of them";
        return ASSAY_OK;
    }
    if (job->metric->terms != NULL && job->metric->terms->bins != NULL) {
        job->bins = job->metric->terms->bins(job->params);
    }
    job->state_size =
        job->metric->state_size != NULL
            ? job->metric->state_size(job->params, assay_job_classes(evaluation, args))
            : (size_t)job->bins * sizeof(assay_metric_bin);
    if (job->state_size > largest_state) {
        job->unmet = "it would take over 1 GiB of memory for so many classes";
        return ASSAY_OK;
    }
    job->state_stride = (job->state_size + 63) / 64 * 64;
    job->path = path_of(job, predictions->classes, multilabel || assay_by_row(evaluation));
    job->state = assay_arena_alloc(evaluation->arena, (size_t)evaluation->kinds, job->state_stride);
    if (job->state == NULL) {
        return assay_fail_memory(err);
    }
    job->resample = evaluation->replicates > 0 && !job->metric->curve_only &&
                    !job->metric->no_interval &&
                    assay_units_drawn(evaluation) >= ASSAY_FEWEST_DRAWN;
    /* Differences of right rows follow from counts (core/compare.h). */
    if (evaluation->paired && !evaluation->every_draw && job->metric->right_rows &&
        evaluation->weights == NULL && evaluation->resample == ASSAY_RESAMPLE_POISSON) {
        job->resample = false;
    }
    uint32_t needs = needs_of(job, multilabel);
    if (job->path == ASSAY_PATH_SORTED && predictions->task == ASSAY_TASK_REGRESSION) {
        evaluation->sorted_values = true;
    } else if (job->path == ASSAY_PATH_SORTED) {
        needs |= ASSAY_NEEDS_CONFIDENCE;
        evaluation->sorted_needs |= needs & ~(uint32_t)ASSAY_NEEDS_SCORES;
    }
    if (job->path == ASSAY_PATH_RANKED) {
        needs &= ~(uint32_t)ASSAY_NEEDS_SCORES; /* read when the rows are ranked */
        evaluation->any_ranked = true;
        evaluation->any_micro = evaluation->any_micro || (multilabel && job->metric->micro);
    }
    evaluation->needs |= needs;
    evaluation->keep_terms = evaluation->keep_terms || job->resample;
    if (job->path == ASSAY_PATH_CELLS) {
        evaluation->count_confusion |= job->metric->cells == ASSAY_CELLS_CONFUSION;
        evaluation->count_rank |= job->metric->cells == ASSAY_CELLS_RANK;
    }
    return ASSAY_OK;
}

static assay_status select_rows(assay_evaluation *evaluation, const uint8_t *mask, assay_error *err)
{
    int64_t total = evaluation->predictions->n;
    evaluation->n = total;
    if (mask == NULL) {
        return ASSAY_OK;
    }
    int64_t n = 0;
    for (int64_t i = 0; i < total; i++) {
        n += mask[i] != 0;
    }
    evaluation->n = n;
    int64_t *rows = assay_arena_alloc(evaluation->arena, (size_t)n, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    int64_t at = 0;
    for (int64_t i = 0; i < total; i++) {
        if (mask[i] != 0) {
            rows[at++] = i;
        }
    }
    evaluation->rows = rows;
    return ASSAY_OK;
}

static assay_status make_counts(assay_evaluation *evaluation, assay_error *err)
{
    size_t classes = (size_t)evaluation->predictions->classes;
    if (evaluation->count_confusion) {
        evaluation->confusion =
            assay_arena_alloc(evaluation->arena, classes * classes, sizeof(int64_t));
        if (evaluation->confusion == NULL) {
            return assay_fail_memory(err);
        }
    }
    if (evaluation->count_rank) {
        evaluation->ranks = assay_arena_alloc(evaluation->arena, classes, sizeof(int64_t));
        if (evaluation->ranks == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

/* ---- states ---- */

/* States of metrics on cells and on sorted rows; the others were filled by the pass. */
static assay_status fill_states(assay_evaluation *evaluation, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *scratch = NULL;
    int64_t classes = evaluation->predictions->classes;
    ASSAY_GOTO(assay_arena_new(&scratch, (size_t)16 << 30, err), done);
    if (evaluation->count_confusion) {
        ASSAY_GOTO(assay_make_cells(&evaluation->confusion_cells, evaluation, evaluation->confusion,
                                    classes * classes, false, err),
                   done);
    }
    if (evaluation->count_rank) {
        ASSAY_GOTO(assay_make_cells(&evaluation->rank_cells, evaluation, evaluation->ranks, classes,
                                    true, err),
                   done);
    }
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        assay_rows rows = evaluation->sorted;
        if (job->path == ASSAY_PATH_CELLS) {
            const assay_cell_rows *cells = job->metric->cells == ASSAY_CELLS_RANK
                                               ? &evaluation->rank_cells
                                               : &evaluation->confusion_cells;
            rows = (assay_rows){.n = cells->n,
                                .classes = (int32_t)classes,
                                .class_names = evaluation->predictions->class_names,
                                .target = cells->target,
                                .label = cells->label,
                                .rank = cells->rank,
                                .weight = cells->weight};
        } else if (job->path != ASSAY_PATH_SORTED) {
            continue;
        }
        for (int kind = 0; kind < evaluation->kinds; kind++) {
            rows.weight = kind > 0 ? evaluation->sorted_weight[kind] : rows.weight;
            assay_arena_reset(scratch);
            ASSAY_GOTO(
                job->metric->block(assay_job_state(job, kind), job->params, &rows, scratch, err),
                done);
        }
    }
done:
    assay_arena_free(scratch);
    return status;
}

/* ---- results ---- */

static assay_status params_json(const char **out, assay_arena *arena, const assay_args *args,
                                assay_error *err)
{
    *out = NULL;
    if (args->op->n_params == 0) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    assay_buffer buffer;
    assay_buffer_init(&buffer, 0);
    ASSAY_GOTO(assay_args_json(&buffer, args, err), done);
    *out = assay_arena_strdup(arena, buffer.data);
    if (*out == NULL) {
        status = assay_fail_memory(err);
    }
done:
    assay_buffer_dispose(&buffer);
    return status;
}

static assay_status finish_job(assay_result *out, assay_evaluation *evaluation, assay_job *job,
                               assay_error *err)
{
    assay_rows shape = assay_evaluation_shape(evaluation, ASSAY_WEIGHT_REAL);
    const char *params = NULL;
    ASSAY_TRY(params_json(&params, out->arena, job->args, err));
    job->first_measure = out->n_measures;
    job->first_curve = out->n_curves;
    if (job->unmet != NULL) {
        assay_measure *measure = assay_result_measure(out);
        if (measure == NULL) {
            return assay_fail_memory(err);
        }
        measure->outcome = ASSAY_OUTCOME_UNDEFINED;
        measure->reason = job->unmet;
        measure->value = NAN;
        measure->weight = (double)evaluation->n;
    } else {
        ASSAY_TRY(job->metric->finish(out, job->state, job->params, &shape, err));
    }
    job->n_measures = out->n_measures - job->first_measure;
    job->n_curves = out->n_curves - job->first_curve;
    assay_result other[ASSAY_WEIGHT_KINDS];
    ASSAY_TRY(assay_finish_kinds(other, evaluation, job, err));
    for (int64_t m = 0; m < job->n_measures; m++) {
        assay_measure *measure = &out->measures[job->first_measure + m];
        bool more = job->unmet == NULL && evaluation->weights != NULL;
        ASSAY_TRY(assay_measure_count(measure, out->arena,
                                      more ? &other[ASSAY_WEIGHT_SQUARE].measures[m] : NULL,
                                      more ? &other[ASSAY_WEIGHT_ROW].measures[m] : NULL, err));
        measure->metric = job->args->op->name;
        measure->params = params;
        measure->level = evaluation->level;
        measure->method = "none";
        measure->successes = evaluation->units == NULL ? measure->successes : -1;
        measure->bounds = evaluation->units == NULL ? measure->bounds : NULL;
        measure->optimum =
            job->unmet == NULL && job->metric->optimum != NULL && job->metric->optimum(job->params);
        if (measure->class_name != NULL) {
            /* The result outlives the predictions that the name was borrowed from. */
            measure->class_name = assay_arena_strdup(out->arena, measure->class_name);
            if (measure->class_name == NULL) {
                return assay_fail_memory(err);
            }
        }
    }
    for (int64_t c = 0; c < job->n_curves; c++) {
        assay_curve *curve = &out->curves[job->first_curve + c];
        curve->name = job->args->op->name;
        curve->params = params;
    }
    return ASSAY_OK;
}

assay_status assay_evaluate(assay_result *out, const assay_predictions *predictions,
                            const uint8_t *mask, const assay_args *const *metrics, size_t n_metrics,
                            const assay_evaluate_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t measures_before = out->n_measures;
    int64_t curves_before = out->n_curves;
    assay_evaluation evaluation = {.predictions = predictions, .n_jobs = n_metrics};
    ASSAY_GOTO(read_options(&evaluation, options, err), done);
    ASSAY_GOTO(assay_arena_new(&evaluation.arena, (size_t)64 << 30, err), done);
    evaluation.jobs = assay_arena_alloc(evaluation.arena, n_metrics, sizeof *evaluation.jobs);
    if (evaluation.jobs == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    evaluation.weights = predictions->weights;
    evaluation.kinds = evaluation.weights != NULL ? ASSAY_WEIGHT_KINDS : 1;
    ASSAY_GOTO(select_rows(&evaluation, mask, err), done);
    ASSAY_GOTO(assay_weights_check(&evaluation, err), done);
    ASSAY_GOTO(assay_clusters_find(&evaluation, err), done);
    ASSAY_GOTO(assay_forecast_find(&evaluation, err), done);
    for (size_t j = 0; j < n_metrics; j++) {
        ASSAY_GOTO(make_job(&evaluation.jobs[j], &evaluation, metrics[j], err), done);
    }
    for (size_t j = 0; j < n_metrics; j++) {
        const assay_args *replicate = options != NULL ? options->replicate_interval : NULL;
        ASSAY_GOTO(assay_rates_prepare(&evaluation.jobs[j], &evaluation, replicate, err), done);
    }
    ASSAY_GOTO(make_counts(&evaluation, err), done);
    ASSAY_GOTO(assay_evaluate_pass(&evaluation, err), done);
    ASSAY_GOTO(fill_states(&evaluation, err), done);
    ASSAY_GOTO(assay_evaluate_ranked(&evaluation, err), done);
    for (size_t j = 0; j < n_metrics; j++) {
        ASSAY_GOTO(finish_job(out, &evaluation, &evaluation.jobs[j], err), done);
    }
    ASSAY_GOTO(assay_evaluate_intervals(out, &evaluation, options, err), done);
done:
    if (status != ASSAY_OK) {
        out->n_measures = measures_before;
        out->n_curves = curves_before;
    }
    assay_rates_free(&evaluation);
    assay_arena_free(evaluation.arena);
    return status;
}
