#include <math.h>

#include "api/run.h"
#include "api/run_boxes.h"
#include "base/alloc.h"
#include "core/detect.h"

static void put_ports(assay_json *json, const char *key, const assay_port *ports, int32_t n)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int32_t i = 0; i < n; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", ports[i].name);
        assay_json_put_text(json, "type", assay_dtype_name(ports[i].type));
        assay_json_key(json, "shape");
        assay_json_begin_array(json);
        for (int32_t k = 0; k < ports[i].rank; k++) {
            assay_json_int(json, ports[i].shape[k]);
        }
        assay_json_end_array(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_texts(assay_json *json, const char *key, const char *const *texts, int32_t n)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int32_t i = 0; i < n; i++) {
        assay_json_text(json, texts[i]);
    }
    assay_json_end_array(json);
}

assay_status assay_results_model(assay_json *json, const assay_run *run, int32_t m,
                                 assay_error *err)
{
    const assay_plan_model *plan = &run->plan->models[m];
    const assay_model *model = run->models[m];
    const assay_predictions *given = run->given[m];
    assay_status status = ASSAY_OK;
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_json_begin_object(json);
    assay_json_put_text(json, "name", plan->name);
    assay_json_put_text(json, "title", plan->title);
    if (plan->predictions) {
        assay_json_put_text(json, "kind", "predictions");
        assay_json_put_text(json, "path", plan->predictions);
        assay_json_put_text(json, "digest", given ? given->digest : run->boxes->given_digest[m]);
        put_texts(json, "classes", given ? given->class_names : NULL, given ? given->classes : 0);
        assay_json_key(json, "preprocess");
        assay_json_null(json);
        assay_json_end_object(json);
        return ASSAY_OK;
    }
    assay_json_put_text(json, "kind", model->spec.command ? "command" : "onnx");
    assay_json_put_text(json, "path",
                        model->spec.command ? model->spec.command[0] : model->spec.path);
    assay_json_put_text(json, "digest", model->digest);
    assay_json_put_text(json, "backend", model->backend_version);
    put_texts(json, "classes", model->spec.class_names, model->spec.classes);
    assay_json_put_int(json, "batch", model->spec.batch);
    assay_json_key(json, "preprocess");
    if (model->backend->wants_images) {
        assay_json_null(json);
    } else {
        status = assay_preprocess_json(&text, &model->spec.preprocess, err);
        assay_json_raw(json, status == ASSAY_OK ? text.data : "null");
    }
    if (status == ASSAY_OK && assay_model_is_detector(model)) {
        assay_buffer_clear(&text);
        status = assay_detector_json(&text, &model->spec.detector, err);
        assay_json_key(json, "detector");
        assay_json_raw(json, status == ASSAY_OK ? text.data : "null");
    }
    put_ports(json, "inputs", model->inputs, model->n_inputs);
    put_ports(json, "outputs", model->outputs, model->n_outputs);
    assay_json_put_int(json, "queries", (int64_t)atomic_load(&model->queries));
    assay_json_end_object(json);
    assay_buffer_dispose(&text);
    return status;
}

static void put_column(assay_json *json, const assay_column *column, int64_t rows)
{
    double low = INFINITY;
    double high = -INFINITY;
    double sum = 0.0;
    int64_t n = 0;

    assay_json_begin_object(json);
    assay_json_put_text(json, "name", column->name);
    assay_json_put_text(json, "type",
                        column->type == ASSAY_COLUMN_INT    ? "int"
                        : column->type == ASSAY_COLUMN_REAL ? "real"
                                                            : "text");
    for (int64_t i = 0; column->type != ASSAY_COLUMN_TEXT && i < rows; i++) {
        double value =
            column->type == ASSAY_COLUMN_INT ? (double)column->ints[i] : column->reals[i];
        if ((!column->valid || column->valid[i]) && isfinite(value)) {
            low = value < low ? value : low;
            high = value > high ? value : high;
            sum += value;
            n++;
        }
    }
    if (n > 0) {
        assay_json_put_real(json, "low", low);
        assay_json_put_real(json, "high", high);
        assay_json_put_real(json, "mean", sum / (double)n);
    }
    assay_json_end_object(json);
}

static assay_status put_counts(assay_json *json, const int32_t *targets, int64_t n, int32_t classes,
                               assay_error *err)
{
    int64_t *counts = assay_alloc((size_t)classes + 1, sizeof *counts);

    if (!counts) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        if (targets[i] >= 0) {
            counts[targets[i]]++;
        }
    }
    assay_json_key(json, "class_counts");
    assay_json_begin_array(json);
    for (int32_t k = 0; k < classes; k++) {
        assay_json_int(json, counts[k]);
    }
    assay_json_end_array(json);
    assay_free(counts);
    return ASSAY_OK;
}

static void put_skips(assay_json *json, const assay_dataset *data)
{
    assay_json_key(json, "skipped");
    assay_json_begin_array(json);
    for (int64_t i = 0; data && i < data->n_skipped; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "id", data->skipped[i].id);
        assay_json_put_text(json, "where", data->skipped[i].where);
        assay_json_put_text(json, "reason", data->skipped[i].reason);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

const assay_predictions *assay_run_given_for(const assay_run *run, int32_t d)
{
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        if (run->given[m] && run->plan->models[m].data == d) {
            return run->given[m];
        }
    }
    return NULL;
}

/** The predictions file that stands for a data set. */
static const char *given_path(const assay_run *run, int32_t d)
{
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        if (run->given[m] && run->plan->models[m].data == d) {
            return run->plan->models[m].predictions;
        }
    }
    return NULL;
}

assay_status assay_results_data(assay_json *json, const assay_run *run, int32_t d, assay_error *err)
{
    const assay_plan_data *plan = &run->plan->data[d];
    const assay_dataset *data = run->data[d];
    const assay_predictions *given = assay_run_given_for(run, d);
    const assay_table *table = assay_run_table(run, d);

    assay_json_begin_object(json);
    assay_json_put_text(json, "name", plan->name);
    assay_json_put_text(json, "title", plan->title);
    assay_json_put_text(json, "path", data || run->boxes ? plan->path : given_path(run, d));
    assay_json_put_text(json, "digest",
                        data         ? data->digest
                        : given      ? given->digest
                        : run->boxes ? run->boxes->truth[d].notes.digest
                                     : NULL);
    if (plan->cluster) {
        assay_json_put_text(json, "cluster", plan->cluster);
    }
    if (plan->weights) {
        assay_json_put_text(json, "weights", plan->weights);
    }
    assay_json_put_int(json, "n", assay_run_rows(run, d));
    if (data) {
        put_texts(json, "classes", data->class_names, data->classes);
        ASSAY_TRY(put_counts(json, data->targets, data->n, data->classes, err));
    } else if (given) {
        put_texts(json, "classes", given->class_names, given->classes);
        ASSAY_TRY(put_counts(json, given->target, given->n, given->classes, err));
    } else {
        put_texts(json, "classes", NULL, 0);
    }
    put_skips(json, data);
    if (!data && given) {
        assay_json_put_int(json, "skipped_rows", given->skipped);
    }
    assay_json_key(json, "columns");
    assay_json_begin_array(json);
    for (int32_t c = 0; table && c < table->n_columns; c++) {
        put_column(json, &table->columns[c], table->rows);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
    return ASSAY_OK;
}
