#include <math.h>
#include <string.h>
#include <sys/utsname.h>

#include "adapters/duckdb/duckdb_table.h"
#include "api/intervals.h"
#include "api/run.h"
#include "api/run_boxes.h"
#include "api/run_masks.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "ops/op_table.h"

static assay_status put_args(assay_json *json, const char *key, const assay_args *args,
                             assay_error *err)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_status status = assay_args_json(&text, args, err);
    if (status == ASSAY_OK) {
        assay_json_key(json, key);
        assay_json_raw(json, text.data);
    }
    assay_buffer_dispose(&text);
    return status;
}

static int64_t context_rows(const assay_run *run, int32_t c)
{
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        if (assay_run_cell_at(run, m, c)->evaluated) {
            return assay_run_cell_at(run, m, c)->n;
        }
    }
    return 0;
}

static assay_status put_context(assay_json *json, const assay_run *run, int32_t c, assay_error *err)
{
    const assay_plan_context *context = &run->plan->contexts[c];

    assay_json_begin_object(json);
    assay_json_put_text(json, "name", context->name);
    assay_json_put_text(json, "title", context->title);
    assay_json_put_text(json, "kind",
                        context->perturbation ? "perturbation"
                        : context->where      ? "slice"
                                              : "dataset");
    assay_json_put_text(json, "data", run->plan->data[context->data].name);
    if (context->where) {
        assay_json_put_text(json, "where", context->where);
    }
    if (context->perturbation) {
        assay_json_key(json, "perturbation");
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", context->perturbation->op->name);
        if (context->severity) {
            assay_json_put_int(json, "severity", context->severity);
        }
        ASSAY_TRY(put_args(json, "params", context->perturbation, err));
        assay_json_end_object(json);
    }
    if (context->sweep >= 0) {
        assay_json_put_text(json, "sweep", run->plan->sweeps[context->sweep].name);
    }
    assay_json_put_int(json, "n", context_rows(run, c));
    assay_json_key(json, "models");
    assay_json_begin_array(json);
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        if (assay_run_cell_at(run, m, c)->evaluated) {
            assay_json_text(json, run->plan->models[m].name);
        }
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
    return ASSAY_OK;
}

static void put_sweep(assay_json *json, const assay_run *run, int32_t s)
{
    const assay_plan_sweep *sweep = &run->plan->sweeps[s];

    assay_json_begin_object(json);
    assay_json_put_text(json, "name", sweep->name);
    assay_json_put_text(json, "title", sweep->title);
    assay_json_put_text(json, "data", run->plan->data[sweep->data].name);
    if (sweep->where) {
        assay_json_put_text(json, "where", sweep->where);
    }
    assay_json_put_text(json, "perturbation", sweep->perturbation);
    assay_json_put_text(json, "param", sweep->param);
    assay_json_key(json, "points");
    assay_json_begin_array(json);
    for (int32_t k = 0; k < sweep->n_points; k++) {
        const assay_plan_context *context = &run->plan->contexts[sweep->first_context + k];
        double value = NAN;
        if (context->perturbation) {
            (void)assay_args_get(&value, context->perturbation, sweep->param);
        }
        assay_json_begin_object(json);
        assay_json_put_text(json, "context", context->name);
        assay_json_put_real(json, "value", value);
        if (context->severity) {
            assay_json_put_int(json, "severity", context->severity);
        }
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}

static void put_place(assay_json *json, const assay_run *run, int32_t model, int32_t context)
{
    assay_json_put_text(json, "model", run->plan->models[model].name);
    assay_json_put_text(json, "context", run->plan->contexts[context].name);
}

static void put_cells(assay_json *json, const assay_run *run)
{
    int64_t cells = (int64_t)run->plan->n_models * run->plan->n_contexts;

    assay_json_key(json, "measures");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < cells; i++) {
        const assay_run_cell *cell = &run->cells[i];
        for (int64_t k = 0; cell->evaluated && k < cell->result.n_measures; k++) {
            assay_json_begin_object(json);
            put_place(json, run, cell->model, cell->context);
            assay_measure_json(json, &cell->result.measures[k]);
            assay_json_end_object(json);
        }
    }
    assay_json_end_array(json);
    assay_json_key(json, "curves");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < cells; i++) {
        const assay_run_cell *cell = &run->cells[i];
        for (int64_t k = 0; cell->evaluated && k < cell->result.n_curves; k++) {
            assay_json_begin_object(json);
            put_place(json, run, cell->model, cell->context);
            assay_curve_json(json, &cell->result.curves[k]);
            assay_json_end_object(json);
        }
    }
    assay_json_end_array(json);
}

static void put_findings(assay_json *json, const assay_run *run)
{
    static const char *const severities[] = {NULL, "low", "medium", "high"};

    assay_json_key(json, "findings");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < run->n_findings; i++) {
        const assay_finding *f = &run->findings[i];
        assay_json_begin_object(json);
        assay_json_put_text(json, "kind", f->kind);
        assay_json_put_text(json, "severity", severities[f->severity]);
        assay_json_put_text(json, "title", f->title);
        assay_json_put_text(json, "text", f->text);
        if (f->model >= 0) {
            assay_json_put_text(json, "model", run->plan->models[f->model].name);
        }
        if (f->context >= 0) {
            assay_json_put_text(json, "context", run->plan->contexts[f->context].name);
        }
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_breakdowns(assay_json *json, const assay_run *run)
{
    assay_json_key(json, "breakdowns");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < run->n_breakdowns; i++) {
        const assay_breakdown *b = &run->breakdowns[i];
        assay_json_begin_object(json);
        assay_json_put_text(json, "model", run->plan->models[b->model].name);
        assay_json_put_text(json, "data", run->plan->data[b->data].name);
        assay_json_put_text(json, "column", b->column);
        assay_json_put_text(json, "kind", b->by_range ? "range" : "value");
        assay_json_put_text(json, "method", b->method);
        if (run->plan->data[b->data].cluster) {
            assay_json_put_text(json, "cluster", run->plan->data[b->data].cluster);
        }
        assay_json_key(json, "bins");
        assay_json_begin_array(json);
        for (int32_t k = 0; k < b->n_bins; k++) {
            const assay_breakdown_bin *bin = &b->bins[k];
            assay_json_begin_object(json);
            assay_json_put_text(json, "label", bin->label);
            if (b->by_range) {
                assay_json_put_real(json, "low", bin->low);
                assay_json_put_real(json, "high", bin->high);
            }
            assay_json_put_int(json, "n", bin->n);
            if (bin->clusters > 0) {
                assay_json_put_int(json, "clusters", bin->clusters);
            }
            assay_json_put_real(json, "accuracy", bin->accuracy);
            assay_json_put_real(json, "accuracy_low", bin->accuracy_low);
            assay_json_put_real(json, "accuracy_high", bin->accuracy_high);
            assay_json_end_object(json);
        }
        assay_json_end_array(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static const char *class_name(const assay_run *run, const assay_example *e, int32_t index)
{
    const assay_model *model = run->models[e->model];
    const assay_predictions *given = run->given[e->model];

    if (given) {
        return given->class_names[index];
    }
    return model->spec.class_names[index];
}

static void put_examples(assay_json *json, const assay_run *run)
{
    assay_json_key(json, "examples");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < run->n_examples; i++) {
        const assay_example *e = &run->examples[i];
        assay_json_begin_object(json);
        put_place(json, run, e->model, e->context);
        assay_json_put_text(json, "id", e->id);
        assay_json_put_text(json, "target", class_name(run, e, e->target));
        assay_json_put_text(json, "label", class_name(run, e, e->label));
        assay_json_put_real(json, "confidence", e->confidence);
        assay_json_put_real(json, "p_target", e->p_target);
        assay_json_put_text(json, "image", e->image);
        if (e->seen) {
            assay_json_put_text(json, "seen", e->seen);
        }
        assay_json_put_int(json, "width", e->width);
        assay_json_put_int(json, "height", e->height);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_skipped(assay_json *json, const assay_run *run)
{
    int64_t total = 0;

    assay_json_key(json, "skipped");
    assay_json_begin_object(json);
    assay_json_key(json, "by_data");
    assay_json_begin_object(json);
    for (int32_t d = 0; d < run->plan->n_data; d++) {
        const assay_predictions *given = assay_run_given_for(run, d);
        int64_t n = run->data[d] ? run->data[d]->n_skipped : given ? given->skipped : 0;
        assay_json_put_int(json, run->plan->data[d].name, n);
        total += n;
    }
    assay_json_end_object(json);
    assay_json_put_int(json, "total", total);
    assay_json_end_object(json);
}

static void put_operation(assay_json *json, const assay_op *op)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "kind", assay_op_kind_name(op->kind));
    assay_json_put_text(json, "name", op->name);
    assay_json_put_int(json, "revision", op->revision);
    assay_json_end_object(json);
}

void assay_results_provenance(assay_json *json, const assay_args *const *operations, int32_t n,
                              const char *backend, const char *const *command)
{
    struct utsname system;

    assay_json_key(json, "provenance");
    assay_json_begin_object(json);
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_text(json, "build", "gcc-compatible " __VERSION__);
    if (uname(&system) == 0) {
        assay_json_key(json, "platform");
        assay_buffer text;
        assay_buffer_init(&text, 1024);
        assay_buffer_printf(&text, "%s %s", system.sysname, system.machine);
        assay_json_text(json, text.data);
        assay_buffer_dispose(&text);
    }
    if (backend) {
        assay_json_put_text(json, "onnxruntime", backend);
    }
    assay_json_put_text(json, "duckdb", assay_duckdb_version());
    assay_json_key(json, "operations");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < n; i++) {
        put_operation(json, operations[i]->op);
    }
    assay_json_end_array(json);
    if (command) {
        assay_json_key(json, "command");
        assay_json_begin_array(json);
        for (size_t i = 0; command[i]; i++) {
            assay_json_text(json, command[i]);
        }
        assay_json_end_array(json);
    }
    assay_json_end_object(json);
}

static assay_status put_provenance(assay_json *json, const assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    int32_t most = plan->n_metrics + plan->n_contexts + 2;
    int32_t n = 0;
    const char *backend = NULL;
    const assay_args **used = assay_alloc((size_t)most, sizeof *used);

    if (!used) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < plan->n_metrics; i++) {
        used[n++] = plan->metrics[i];
    }
    used[n++] = plan->proportion_interval;
    used[n++] = plan->replicate_interval;
    for (int32_t c = 0; c < plan->n_contexts; c++) {
        const assay_args *perturbation = plan->contexts[c].perturbation;
        int32_t k = 0;
        while (perturbation && k < n && used[k]->op != perturbation->op) {
            k++;
        }
        if (perturbation && k == n) {
            used[n++] = perturbation;
        }
    }
    for (int32_t m = 0; m < plan->n_models && !backend; m++) {
        backend = run->models[m] && !run->models[m]->spec.command ? run->models[m]->backend_version
                                                                  : NULL;
    }
    assay_results_provenance(json, used, n, backend, run->request->command);
    assay_free((void *)used);
    return ASSAY_OK;
}

static void put_run(assay_json *json, const assay_run *run)
{
    const assay_plan *plan = run->plan;
    char finished[24];

    assay_clock_utc(finished);
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_int(json, "schema", 1);
    assay_json_key(json, "run");
    assay_json_begin_object(json);
    assay_json_put_text(json, "title", plan->title);
    if (plan->description) {
        assay_json_put_text(json, "description", plan->description);
    }
    if (plan->marking) {
        assay_json_put_text(json, "marking", plan->marking);
    }
    assay_json_key(json, "plan");
    assay_json_begin_object(json);
    assay_json_put_text(json, "path", plan->path);
    assay_json_put_text(json, "digest", plan->digest);
    assay_json_end_object(json);
    assay_json_put_text(json, "task", assay_task_name(plan->task));
    assay_json_put_int(json, "seed", (int64_t)plan->seed);
    assay_json_put_real(json, "level", plan->level);
    assay_json_put_int(json, "replicates", plan->replicates);
    assay_json_put_text(json, "started", run->started);
    assay_json_put_text(json, "finished", finished);
    assay_json_put_text(json, "status", "complete");
    assay_json_put_text(json, "estimand", assay_run_estimand(run));
    assay_json_end_object(json);
}

assay_status assay_run_results(assay_buffer *out, const assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    assay_json json;

    assay_json_init(&json, out, 1);
    assay_json_begin_object(&json);
    put_run(&json, run);
    assay_json_key(&json, "models");
    assay_json_begin_array(&json);
    for (int32_t m = 0; m < plan->n_models; m++) {
        ASSAY_TRY(assay_results_model(&json, run, m, err));
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "data");
    assay_json_begin_array(&json);
    for (int32_t d = 0; d < plan->n_data; d++) {
        ASSAY_TRY(assay_results_data(&json, run, d, err));
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "contexts");
    assay_json_begin_array(&json);
    for (int32_t c = 0; c < plan->n_contexts; c++) {
        ASSAY_TRY(put_context(&json, run, c, err));
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "sweeps");
    assay_json_begin_array(&json);
    for (int32_t s = 0; s < plan->n_sweeps; s++) {
        put_sweep(&json, run, s);
    }
    assay_json_end_array(&json);
    put_cells(&json, run);
    if (plan->n_attacks > 0) {
        assay_json_key(&json, "attacks");
        assay_json_begin_array(&json);
        if (run->attacks.size > 0) {
            assay_json_raw(&json, run->attacks.data);
        }
        assay_json_end_array(&json);
    }
    ASSAY_TRY(assay_results_comparison(&json, run, err));
    if (plan->n_groups > 0) {
        assay_results_fairness(&json, run);
    }
    assay_results_rule(&json, run);
    assay_json_key(&json, "verdicts");
    assay_json_begin_array(&json);
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        ASSAY_TRY(assay_results_verdict(&json, run, &run->verdicts[i], err));
    }
    assay_json_end_array(&json);
    assay_results_validation(&json, run);
    if (run->masks != NULL) {
        assay_results_masks(&json, run);
    } else {
        assay_results_boxes(&json, run);
    }
    put_findings(&json, run);
    put_breakdowns(&json, run);
    put_examples(&json, run);
    put_skipped(&json, run);
    ASSAY_TRY(put_provenance(&json, run, err));
    assay_json_end_object(&json);
    assay_buffer_putc(out, '\n');
    return assay_buffer_status(out, err);
}
