#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/filesystem/batch_store.h"
#include "adapters/filesystem/file.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/reduce.h"

assay_status assay_run_accuracy(const assay_measure **out, const assay_run *run,
                                const assay_predictions *predictions, const uint8_t *mask,
                                const int64_t *units, assay_arena *arena, assay_error *err)
{
    assay_evaluate_options options = assay_run_options(run);
    assay_args *accuracy = NULL;
    assay_result result;

    options.units = units;
    options.replicates = -1;
    assay_result_init(&result, arena);
    ASSAY_TRY(assay_args_parse(&accuracy, ASSAY_OP_METRIC, "accuracy", err));
    assay_status status = assay_evaluate(&result, predictions, mask,
                                         (const assay_args *const *)&accuracy, 1, &options, err);
    assay_args_free(accuracy);
    *out = status == ASSAY_OK ? &result.measures[0] : NULL;
    return status;
}

/** The plain accuracy of a set of rows, with its interval: for charts, findings, breakdowns. */
static assay_status count_cell(assay_run *run, assay_run_cell *cell,
                               const assay_predictions *predictions, const uint8_t *mask,
                               const int64_t *units, assay_error *err)
{
    assay_sum confidence = {0}, total = {0}, hits = {0};

    cell->n = 0;
    cell->correct = 0;
    for (int64_t i = 0; i < predictions->n; i++) {
        if (mask && !mask[i]) {
            continue;
        }
        int32_t label = predictions->label[i];
        int64_t at = i * predictions->classes + label;
        double weight = predictions->weights ? predictions->weights[i] : 1.0;
        if (!(weight > 0.0)) {
            continue;
        }
        assay_sum_add(&total, weight);
        assay_sum_add(&hits, label == predictions->target[i] ? weight : 0.0);
        cell->n++;
        cell->correct += label == predictions->target[i];
        if (predictions->scores_f32) {
            assay_sum_add(&confidence, weight * (double)predictions->scores_f32[at]);
        } else if (predictions->scores_f64) {
            assay_sum_add(&confidence, weight * predictions->scores_f64[at]);
        }
    }
    cell->mean_confidence = predictions->scores_are_probabilities && cell->n > 0
                                ? assay_sum_value(&confidence) / assay_sum_value(&total)
                                : NAN;
    cell->accuracy = cell->n > 0 ? assay_sum_value(&hits) / assay_sum_value(&total) : NAN;
    const assay_measure *accuracy = NULL;
    assay_arena *arena = NULL;
    ASSAY_TRY(assay_arena_new(&arena, 0, err));
    assay_status status = assay_run_accuracy(&accuracy, run, predictions, mask, units, arena, err);
    if (status == ASSAY_OK) {
        cell->low = accuracy->low;
        cell->high = accuracy->high;
    }
    assay_arena_free(arena);
    return status;
}

assay_status assay_run_measure_cell(assay_run *run, assay_run_cell *cell,
                                    const assay_predictions *predictions, assay_error *err)
{
    assay_evaluate_options options = assay_run_options(run);
    assay_status status = ASSAY_OK;
    const assay_args *metrics[ASSAY_PLAN_METRICS];
    uint8_t *mask = NULL;
    int64_t n = 0, pool = 0;
    int32_t data = run->plan->contexts[cell->context].data;

    ASSAY_TRY(assay_run_mask(&mask, &n, run, cell->context, err));
    ASSAY_GOTO(assay_run_labelled(&mask, &n, &pool, run, predictions, err), done);
    if (n == 0) {
        cell->reason = "no datum belongs to this context";
        goto done;
    }
    ASSAY_GOTO(assay_run_units(&options.units, run, data, err), done);
    ASSAY_GOTO(count_cell(run, cell, predictions, mask, options.units, err), done);
    ASSAY_GOTO(assay_evaluate(&cell->result, predictions, mask, metrics,
                              assay_run_whole_metrics(metrics, run->plan), &options, err),
               done);
    ASSAY_GOTO(
        assay_run_measure_groups(run, cell, predictions,
                                 assay_run_table(run, run->plan->contexts[cell->context].data),
                                 mask, &options, err),
        done);
    cell->evaluated = 1;
    ASSAY_GOTO(
        assay_run_sequential(run, cell, predictions, mask, assay_run_table(run, data), pool, err),
        done);
    ASSAY_GOTO(assay_run_self_check(run, cell, predictions, mask, err), done);
done:
    assay_free(mask);
    return status;
}

/** What the model says on the context's data through the context's perturbation. */
static assay_status predict(assay_run *run, assay_predictions **out, int32_t model, int32_t context,
                            bool again, assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[context];
    assay_status status = ASSAY_OK;
    assay_batch_store *store = NULL;
    assay_run_asking ask;

    ASSAY_TRY(assay_run_ask(&ask, run, model, context, again, err));
    const char *parquet = assay_arena_printf(run->arena, "%s.parquet", ask.stem);
    if (!parquet) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(
        assay_batch_store_open(&store, ask.store, ask.key, run->request->fresh && !again, err),
        done);
    ask.options.store = store;
    ASSAY_GOTO(assay_predict(out, run->models[model], run->data[c->data], &ask.options, err), done);
    ASSAY_GOTO(assay_batch_store_flush(store, err), done);
    ASSAY_GOTO(assay_predictions_digest(*out, err), done);
    if (assay_file_kind(parquet) != 1) {
        ASSAY_GOTO(assay_predictions_export(parquet, ask.key, run->models[model],
                                            run->data[c->data], c->perturbation, *out, err),
                   done);
    }
    ASSAY_GOTO(assay_run_weigh(run, *out, c->data,
                               (assay_table *)(uintptr_t)assay_run_table(run, c->data),
                               run->plan->data[c->data].name, err),
               done);
    if (!again) {
        assay_run_log(run, ASSAY_LOG_INFO, "predictions of %s: %" PRId64 " rows, sha256:%s",
                      ask.what, (*out)->n, (*out)->digest);
    }
done:
    assay_batch_store_close(store);
    if (status != ASSAY_OK) {
        assay_predictions_free(*out);
        *out = NULL;
        assay_error_prefix(err, "%s", ask.what);
    }
    return status;
}

assay_status assay_run_predict_again(assay_run *run, assay_predictions **out, int32_t model,
                                     int32_t context, assay_error *err)
{
    return predict(run, out, model, context, true, err);
}

/** All contexts of one model that share data and perturbation with context `first`. */
static assay_status measure_group(assay_run *run, int32_t model, int32_t first, assay_error *err)
{
    const assay_plan_context *contexts = run->plan->contexts;
    const assay_plan_context *c = &contexts[first];
    const assay_predictions *predictions = run->given[model];
    assay_predictions *computed = NULL;
    assay_status status = ASSAY_OK;

    if (!predictions) {
        ASSAY_TRY(predict(run, &computed, model, first, false, err));
        predictions = computed;
    }
    for (int32_t k = first; k < run->plan->n_contexts; k++) {
        assay_run_cell *cell = assay_run_cell_at(run, model, k);
        if (cell->evaluated || cell->reason || contexts[k].data != c->data ||
            !assay_args_same(contexts[k].perturbation, c->perturbation) ||
            !assay_run_wanted(run, model, k)) {
            continue;
        }
        status = assay_run_measure_cell(run, cell, predictions, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "model %s, context %s", run->plan->models[model].name,
                               contexts[k].name);
            goto done;
        }
        if (!contexts[k].where && !contexts[k].perturbation && contexts[k].sweep < 0) {
            ASSAY_GOTO(assay_run_pick_examples(run, model, k, predictions, err), done);
        }
    }
    if (!c->perturbation) {
        ASSAY_GOTO(assay_run_break_down(run, model, c->data, predictions, err), done);
        ASSAY_GOTO(assay_run_check_dependence(run, model, c->data, predictions, err), done);
    }
done:
    assay_predictions_free(computed);
    return status;
}

/** Why a model can't be measured in a context, or NULL. */
static const char *obstacle(const assay_run *run, int32_t model, int32_t context)
{
    const assay_plan_context *c = &run->plan->contexts[context];

    if (!run->given[model]) {
        return run->data[c->data] ? NULL
                                  : "the data are known only through another model's "
                                    "predictions file";
    }
    if (run->plan->models[model].data != c->data) {
        return "the predictions file belongs to other data";
    }
    return c->perturbation ? "a predictions file cannot be asked about perturbed data" : NULL;
}

/** How often a model has to be run over data: for people who wait. */
static int32_t count_groups(const assay_run *run)
{
    const assay_plan_context *contexts = run->plan->contexts;
    int32_t n = 0;

    for (int32_t m = 0; m < run->plan->n_models; m++) {
        for (int32_t c = 0; run->models[m] && c < run->plan->n_contexts; c++) {
            int32_t k = 0;
            while (k < c &&
                   !(assay_run_wanted(run, m, k) && contexts[k].data == contexts[c].data &&
                     assay_args_same(contexts[k].perturbation, contexts[c].perturbation))) {
                k++;
            }
            n += k == c && assay_run_wanted(run, m, c) && !obstacle(run, m, c);
        }
    }
    return n;
}

assay_status assay_run_measure(assay_run *run, assay_error *err)
{
    run->n_groups = count_groups(run);
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        for (int32_t c = 0; c < run->plan->n_contexts; c++) {
            assay_run_cell *cell = assay_run_cell_at(run, m, c);
            cell->model = m;
            cell->context = c;
            assay_result_init(&cell->result, run->arena);
        }
    }
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        for (int32_t c = 0; c < run->plan->n_contexts; c++) {
            assay_run_cell *cell = assay_run_cell_at(run, m, c);
            if (!assay_run_wanted(run, m, c) || cell->evaluated || cell->reason) {
                continue;
            }
            cell->reason = obstacle(run, m, c);
            if (!cell->reason) {
                ASSAY_TRY(measure_group(run, m, c, err));
            }
        }
    }
    return ASSAY_OK;
}
