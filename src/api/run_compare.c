/* Which model is better, and where: all models of the plan that were measured on the same data. */
#include <inttypes.h>
#include <string.h>

#include "api/compare.h"
#include "api/run.h"
#include "base/alloc.h"

/** The models of one data set. */
typedef struct comparing_data {
    int32_t data;
    int32_t n;                  /* models */
    int32_t *models;            /* of the plan */
    assay_predictions **copies; /* owned */
    const char **names;
} comparing_data;

/** Undisturbed data, or a part of it. */
static bool is_eligible(const assay_run *run, int32_t context)
{
    const assay_plan_context *c = &run->plan->contexts[context];

    return !c->perturbation && c->sweep < 0;
}

static bool is_measured(const assay_run *run, int32_t model, int32_t context)
{
    return is_eligible(run, context) && assay_run_cell_at(run, model, context)->evaluated;
}

/** A context of the data set in which the model was measured; -1 = none. */
static int32_t first_context(const assay_run *run, int32_t model, int32_t data)
{
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        if (run->plan->contexts[c].data == data && is_measured(run, model, c)) {
            return c;
        }
    }
    return -1;
}

/** A copy without columns; names and ids stay those of the original, which outlives it. */
static assay_status copy_predictions(assay_predictions **out, const assay_predictions *from,
                                     assay_error *err)
{
    size_t n = (size_t)from->n, cells = n * (size_t)from->classes;
    int scores = from->scores_f32 ? 4 : from->scores_f64 ? 8 : 0;

    ASSAY_TRY(assay_predictions_new(out, from->n, from->classes, scores, 0, err));
    memcpy((*out)->target, from->target, n * sizeof *from->target);
    memcpy((*out)->label, from->label, n * sizeof *from->label);
    if (scores == 4) {
        memcpy((*out)->scores_f32, from->scores_f32, cells * sizeof(float));
    } else if (scores == 8) {
        memcpy((*out)->scores_f64, from->scores_f64, cells * sizeof(double));
    }
    for (int32_t k = 0; k < from->classes; k++) {
        (*out)->class_names[k] = from->class_names[k];
    }
    (*out)->ids = from->ids;
    if (from->weights) {
        (*out)->weights = assay_arena_alloc((*out)->arena, n + 1, sizeof *from->weights);
        if (!(*out)->weights) {
            return assay_fail_memory(err);
        }
        memcpy((*out)->weights, from->weights, n * sizeof *from->weights);
    }
    (*out)->scores_are_probabilities = from->scores_are_probabilities;
    return ASSAY_OK;
}

static assay_status gather(comparing_data *d, assay_run *run, assay_error *err)
{
    size_t most = (size_t)run->plan->n_models + 1;
    bool ids = true;

    d->models = assay_arena_alloc(run->arena, most, sizeof *d->models);
    d->copies = assay_arena_alloc(run->arena, most, sizeof *d->copies);
    d->names = assay_arena_alloc(run->arena, most, sizeof *d->names);
    if (!d->models || !d->copies || !d->names) {
        return assay_fail_memory(err);
    }
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        if (first_context(run, m, d->data) >= 0) {
            d->models[d->n++] = m;
        }
    }
    for (int32_t k = 0; k < d->n && d->n > 1; k++) {
        int32_t m = d->models[k];
        d->names[k] = run->plan->models[m].name;
        if (run->given[m]) {
            ASSAY_TRY(copy_predictions(&d->copies[k], run->given[m], err));
        } else {
            ASSAY_TRY(assay_run_predict_again(run, &d->copies[k], m, first_context(run, m, d->data),
                                              err));
        }
        ids = ids && d->copies[k]->ids;
    }
    for (int32_t k = 0; k < d->n && d->n > 1 && !ids; k++) {
        d->copies[k]->ids = NULL; /* rows of one data set stand in one order */
    }
    return ASSAY_OK;
}

static assay_status compare_context(assay_run *run, const comparing_data *d, int32_t context,
                                    const assay_compare_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_predictions *models[ASSAY_COMPARE_MODELS];
    int32_t places[ASSAY_COMPARE_MODELS];
    int32_t n = 0;
    uint8_t *mask = NULL;
    int64_t rows = 0;

    for (int32_t k = 0; k < d->n && n < ASSAY_COMPARE_MODELS; k++) {
        if (is_measured(run, d->models[k], context)) {
            places[n] = d->models[k];
            models[n++] = d->copies[k];
        }
    }
    if (n < 2) {
        return ASSAY_OK;
    }
    assay_result *results = assay_arena_alloc(run->arena, (size_t)n, sizeof *results);
    if (!results) {
        return assay_fail_memory(err);
    }
    for (int32_t k = 0; k < n; k++) {
        assay_result_init(&results[k], run->arena);
    }
    int64_t first = run->comparison.n_differences;
    ASSAY_GOTO(assay_run_mask(&mask, &rows, run, context, err), done);
    ASSAY_GOTO(assay_compare_models(&run->comparison, results, models, n, mask, context,
                                    (const assay_args *const *)run->plan->metrics,
                                    (size_t)run->plan->n_metrics, options, err),
               done);
    for (int64_t i = first; i < run->comparison.n_differences; i++) {
        assay_difference *difference = &run->comparison.differences[i];
        difference->a = places[difference->a];
        difference->b = places[difference->b];
    }
done:
    assay_free(mask);
    return status;
}

/** Models that speak of other rows or other truth are not compared; the run goes on. */
static assay_status align(bool *same, assay_run *run, comparing_data *d, assay_error *err)
{
    assay_alignment alignment;
    assay_error refusal = {0};
    assay_status status =
        assay_align(&alignment, d->copies, d->n, d->names, false, run->arena, &refusal);

    *same = status == ASSAY_OK;
    if (status == ASSAY_EFORMAT) {
        assay_run_log(run, ASSAY_LOG_WARNING, "the models are not compared on %s: %s",
                      run->plan->data[d->data].name, refusal.message);
        return ASSAY_OK;
    }
    return status == ASSAY_OK ? status : assay_fail(err, status, "%s", refusal.message);
}

/** Rows have the weights of the first model's file; aligned copies of the others lost theirs. */
static assay_status same_weights(const comparing_data *d, assay_error *err)
{
    const assay_predictions *first = d->copies[0];

    for (int32_t k = 1; k < d->n && first->weights; k++) {
        assay_predictions *p = d->copies[k];
        p->weights = assay_arena_alloc(p->arena, (size_t)p->n + 1, sizeof *p->weights);
        if (!p->weights) {
            return assay_fail_memory(err);
        }
        for (int64_t i = 0; i < p->n && i < first->n; i++) {
            p->weights[i] = first->weights[i];
        }
    }
    return ASSAY_OK;
}

static assay_status compare_data(assay_run *run, int32_t data, const assay_compare_options *options,
                                 assay_error *err)
{
    comparing_data d = {.data = data};
    assay_status status = ASSAY_OK;
    bool same = false;

    ASSAY_GOTO(gather(&d, run, err), done);
    if (d.n < 2) {
        goto done;
    }
    ASSAY_GOTO(align(&same, run, &d, err), done);
    ASSAY_GOTO(same_weights(&d, err), done);
    for (int32_t c = 0; same && c < run->plan->n_contexts; c++) {
        if (run->plan->contexts[c].data == data && is_eligible(run, c)) {
            status = compare_context(run, &d, c, options, err);
            if (status != ASSAY_OK) {
                assay_error_prefix(err, "compare, context %s", run->plan->contexts[c].name);
                goto done;
            }
        }
    }
done:
    for (int32_t k = 0; d.copies && k < d.n; k++) {
        assay_predictions_free(d.copies[k]);
    }
    return status;
}

assay_status assay_run_compare(assay_run *run, assay_error *err)
{
    int64_t tests = 0, rows = 0;
    const assay_plan_compare *plan = &run->plan->compare;
    assay_compare_options options = {.evaluate = assay_run_options(run),
                                     .per_class = plan->per_class,
                                     .exact = plan->exact,
                                     .keep_null = plan->adjust == ASSAY_ADJUST_MAX_T};

    assay_comparison_init(&run->comparison, run->arena);
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        int64_t n = 0;
        for (int32_t m = 0; m < run->plan->n_models; m++) {
            n += is_measured(run, m, c);
        }
        tests += n * (n - 1) / 2 * run->plan->n_metrics;
        int64_t here = assay_run_rows(run, run->plan->contexts[c].data);
        rows = here > rows ? here : rows;
    }
    if (tests == 0) {
        return ASSAY_OK;
    }
    options.permutations =
        assay_comparison_permutations(tests, rows, options.evaluate.replicates, run->plan->level);
    assay_log_progress(&run->context->log, "compare", 0, 0);
    for (int32_t d = 0; d < run->plan->n_data; d++) {
        ASSAY_TRY(assay_run_units(&options.evaluate.units, run, d, err));
        ASSAY_TRY(compare_data(run, d, &options, err));
    }
    return assay_comparison_adjust(&run->comparison, plan->adjust, err);
}

assay_status assay_results_comparison(assay_json *json, const assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    const char **models = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *models);
    const char **contexts =
        assay_arena_alloc(run->arena, (size_t)plan->n_contexts + 1, sizeof *contexts);

    if (!models || !contexts) {
        return assay_fail_memory(err);
    }
    for (int32_t m = 0; m < plan->n_models; m++) {
        models[m] = plan->models[m].name;
    }
    for (int32_t c = 0; c < plan->n_contexts; c++) {
        contexts[c] = plan->contexts[c].name;
    }
    const assay_compare_margins margins = {
        plan->compare.margin, plan->compare.equivalence, plan->compare.rope,
        run->boxes ? "westfall_young_maxt" : assay_adjustment_name(plan->compare.adjust)};
    assay_comparison_json(json, &run->comparison, models, contexts, plan->level, &margins);
    return ASSAY_OK;
}
