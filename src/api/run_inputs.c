#include <inttypes.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/dataset_open.h"
#include "adapters/filesystem/file.h"
#include "api/run.h"
#include "api/run_boxes.h"
#include "base/alloc.h"
#include "base/text.h"
#include "core/units.h"

assay_status assay_run_weigh(const assay_run *run, assay_predictions *predictions, int32_t data,
                             assay_table *table, const char *where, assay_error *err)
{
    const char *column = data >= 0 ? run->plan->data[data].weights : NULL;

    return column ? assay_predictions_weigh_by(predictions, table, column, where,
                                               run->plan->skip_bad, err)
                  : ASSAY_OK;
}

static assay_status open_given(assay_run *run, int32_t m, assay_error *err)
{
    const assay_plan_model *model = &run->plan->models[m];
    assay_predictions_columns columns = {.id = model->id_column,
                                         .target = model->target_column,
                                         .label = model->label_column,
                                         .scores = model->score_columns,
                                         .classes = model->spec.class_names,
                                         .score_kind = model->score_kind,
                                         .skip_bad = run->plan->skip_bad,
                                         .unlabelled = assay_plan_is_sequential(run->plan),
                                         .threads = run->context->threads};

    ASSAY_TRY(assay_duckdb_read_predictions(&run->given[m], model->predictions, &columns, err));
    return assay_run_weigh(run, run->given[m], model->data, run->given[m]->columns,
                           model->predictions, err);
}

assay_status assay_run_open_models(assay_run *run, assay_error *err)
{
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        const assay_plan_model *model = &run->plan->models[m];
        assay_status status =
            model->predictions
                ? open_given(run, m, err)
                : assay_model_open_spec(&run->models[m], &model->spec, !model->has_input,
                                        model->name, run->arena, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s:%d:%d: model %s", run->plan->path, model->mark.line,
                               model->mark.column, model->name);
            return status;
        }
        if (run->models[m]) {
            assay_run_log(run, ASSAY_LOG_INFO, "model %s: %s, %s", model->name,
                          run->models[m]->spec.path ? run->models[m]->spec.path : "command",
                          run->models[m]->backend_version);
        }
    }
    return ASSAY_OK;
}

assay_status assay_run_open_data(assay_run *run, assay_error *err)
{
    const char *cache = assay_path_join(run->arena, run->out, "cache");

    for (int32_t d = 0; d < run->plan->n_data; d++) {
        const assay_plan_data *data = &run->plan->data[d];
        assay_dataset_options options = {.name = data->name,
                                         .target = data->target,
                                         .path_column = data->path_column,
                                         .id_column = data->id_column,
                                         .root = data->root,
                                         .labels = data->labels,
                                         .images = data->images,
                                         .class_names = data->class_names,
                                         .skip_bad = run->plan->skip_bad,
                                         .measure = 1,
                                         .threads = run->context->threads,
                                         .cancel = &run->context->cancel,
                                         .log = &run->context->log,
                                         .cache = run->request->check ? NULL : cache};
        if (!data->path) {
            continue;
        }
        assay_status status = assay_dataset_open(&run->data[d], data->path, &options, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s:%d:%d: data %s", run->plan->path, data->mark.line,
                               data->mark.column, data->name);
            return status;
        }
        assay_run_log(run, ASSAY_LOG_INFO,
                      "data %s: %" PRId64 " images, %d classes, %" PRId64 " left out", data->name,
                      run->data[d]->n, run->data[d]->classes, run->data[d]->n_skipped);
        for (int64_t i = 0; i < run->data[d]->n_skipped; i++) {
            assay_run_log(run, ASSAY_LOG_WARNING, "left out: %s: %s",
                          run->data[d]->skipped[i].where, run->data[d]->skipped[i].reason);
        }
    }
    return ASSAY_OK;
}

/** Predictions files that stand for one data set have its rows in one order: slices are chosen by the
 *  metadata of the first. */
static assay_status same_given(const assay_run *run, int32_t m, assay_error *err)
{
    const assay_plan_model *model = &run->plan->models[m];
    const assay_predictions *given = run->given[m];
    const assay_predictions *first = assay_run_given_for(run, model->data);
    const char *name = run->plan->data[model->data].name;

    if (first->n != given->n) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s has %" PRId64 " rows, the first predictions file of %s has %" PRId64
                          "; they must be the same data in the same order",
                          model->predictions, given->n, name, first->n);
    }
    for (int64_t i = 0; given->ids && first->ids && i < given->n; i++) {
        if (strcmp(given->ids[i], first->ids[i]) != 0) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "%s: row %" PRId64 " is '%s', the first predictions file of %s has "
                              "'%s' there; they must be the same data in the same order",
                              model->predictions, i + 1, given->ids[i], name, first->ids[i]);
        }
    }
    return ASSAY_OK;
}

/** Predictions and the data set they belong to must speak of the same data, in any order. */
static assay_status align_given(assay_run *run, int32_t m, assay_error *err)
{
    const assay_dataset *data = run->data[run->plan->models[m].data];
    const assay_predictions *given = run->given[m];

    if (!data) {
        return same_given(run, m, err);
    }
    if (given->n != data->n) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s has %" PRId64 " rows, the data set %s has %" PRId64
                          " data; they must be the same data in the same order",
                          run->plan->models[m].predictions, given->n, data->name, data->n);
    }
    for (int64_t i = 0; given->ids && i < given->n; i++) {
        if (strcmp(given->ids[i], data->ids[i]) != 0) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "%s: row %" PRId64 " is '%s', the data set %s has '%s' there; they "
                              "must be the same data in the same order",
                              run->plan->models[m].predictions, i + 1, given->ids[i], data->name,
                              data->ids[i]);
        }
    }
    return ASSAY_OK;
}

assay_status assay_run_check_inputs(assay_run *run, assay_error *err)
{
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        if (run->given[m]) {
            ASSAY_TRY(align_given(run, m, err));
        }
    }
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        const assay_plan_context *context = &run->plan->contexts[c];
        uint8_t *mask = NULL;
        int64_t n = 0;
        assay_detection_selection chosen = {0};
        assay_status status = run->boxes ? assay_run_boxes_select(&chosen, &n, run, c, NULL, err)
                                         : assay_run_mask(&mask, &n, run, c, err);
        assay_free(mask);
        assay_detection_selection_dispose(&chosen);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s:%d:%d: context %s", run->plan->path, context->mark.line,
                               context->mark.column, context->name);
            return status;
        }
        if (n == 0) {
            assay_run_log(run, ASSAY_LOG_WARNING,
                          "context %s is empty: no datum of %s fulfils \"%s\"", context->name,
                          run->plan->data[context->data].name,
                          context->where ? context->where : "");
        }
    }
    return ASSAY_OK;
}

const assay_table *assay_run_table(const assay_run *run, int32_t data)
{
    const assay_predictions *given = assay_run_given_for(run, data);

    return run->data[data] ? run->data[data]->metadata : given ? given->columns : NULL;
}

assay_status assay_run_units(const int64_t **out, assay_run *run, int32_t data, assay_error *err)
{
    const assay_plan_data *d = &run->plan->data[data];
    char where[160];

    *out = NULL;
    if (!d->cluster) {
        return ASSAY_OK;
    }
    if (!run->units) {
        run->units = assay_arena_alloc(run->arena, (size_t)run->plan->n_data, sizeof *run->units);
        if (!run->units) {
            return assay_fail_memory(err);
        }
    }
    if (!run->units[data].known) {
        assay_text_printable(where, sizeof where, d->name);
        ASSAY_TRY(assay_units_make(&run->units[data].of, &run->units[data].n, run->arena,
                                   (assay_table *)(uintptr_t)assay_run_table(run, data), NULL,
                                   d->cluster, "cluster", where, err));
        run->units[data].known = true;
    }
    *out = run->units[data].of;
    return ASSAY_OK;
}

int64_t assay_run_rows(const assay_run *run, int32_t data)
{
    const assay_predictions *given = assay_run_given_for(run, data);

    if (run->boxes && !run->data[data]) {
        return run->boxes->truth[data].truth->n_images;
    }
    return run->data[data] ? run->data[data]->n : given ? given->n : 0;
}

assay_status assay_run_mask(uint8_t **mask, int64_t *n, const assay_run *run, int32_t context,
                            assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[context];
    const assay_predictions *given = run->data[c->data] ? NULL : assay_run_given_for(run, c->data);
    const assay_table *table = assay_run_table(run, c->data);
    int64_t rows = assay_run_rows(run, c->data);

    *mask = NULL;
    *n = rows;
    if (!c->where) {
        return ASSAY_OK;
    }
    if (!table && !given) {
        return assay_fail(err, ASSAY_EINVAL, "'where' needs metadata columns, %s has none",
                          run->plan->data[c->data].name);
    }
    uint8_t *chosen = assay_alloc((size_t)rows + 1, 1);
    if (!chosen) {
        return assay_fail_memory(err);
    }
    assay_status status = given ? assay_duckdb_select_predictions(chosen, given, c->where, err)
                                : assay_duckdb_select(chosen, table, c->where, err);
    if (status != ASSAY_OK) {
        assay_free(chosen);
        return status;
    }
    *n = 0;
    for (int64_t i = 0; i < rows; i++) {
        *n += chosen[i] != 0;
    }
    *mask = chosen;
    return ASSAY_OK;
}
