#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "api/limits.h"
#include "api/run.h"
#include "api/run_boxes.h"
#include "api/run_masks.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_value.h"
#include "ops/op_table.h"
#include "report/report.h"

void assay_run_log(assay_run *run, assay_log_level level, const char *format, ...)
{
    char text[1024];
    char time[24];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    assay_clock_utc(time);
    assay_buffer_printf(&run->log, "%s %s %s\n", time,
                        level == ASSAY_LOG_WARNING ? "warning" : "info   ", text);
    if (level == ASSAY_LOG_WARNING) {
        assay_log_write(&run->context->log, level, "%s", text);
    }
}

void *assay_run_grow(assay_run *run, void *list, int32_t n, int32_t *capacity, size_t size)
{
    if (n < *capacity) {
        return list;
    }
    int32_t wanted = *capacity ? *capacity * 2 : 16;
    void *larger = assay_arena_alloc(run->arena, (size_t)wanted, size);
    if (larger) {
        if (n > 0) {
            memcpy(larger, list, (size_t)n * size);
        }
        *capacity = wanted;
    }
    return larger;
}

assay_evaluate_options assay_run_options(const assay_run *run)
{
    return (assay_evaluate_options){.level = run->plan->level,
                                    .replicates = run->plan->replicates,
                                    .seed = run->plan->seed,
                                    .threads = run->context->threads,
                                    .proportion_interval = run->plan->proportion_interval,
                                    .replicate_interval = run->plan->replicate_interval,
                                    .clustered_interval = run->plan->clustered_interval,
                                    .area_interval = run->plan->area_interval,
                                    .cancel = &run->context->cancel};
}

int assay_run_wanted(const assay_run *run, int32_t model, int32_t context)
{
    const assay_plan_context *c = &run->plan->contexts[context];

    for (int32_t i = 0; i < c->n_models; i++) {
        if (c->models[i] == model) {
            return 1;
        }
    }
    return c->n_models == 0;
}

static assay_status read_plan(assay_run *run, assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;

    ASSAY_TRY(assay_file_read(&bytes, &size, run->request->plan, (size_t)16 << 20, err));
    assay_status status = assay_plan_parse(&run->plan, (const char *)bytes, size,
                                           run->request->plan, assay_ops(), err);
    assay_free(bytes);
    return status == ASSAY_OK ? assay_check_limits(run->plan, err) : status;
}

static assay_status prepare(assay_run *run, assay_error *err)
{
    ASSAY_TRY(read_plan(run, err));
    const assay_plan *plan = run->plan;
    size_t cells = (size_t)plan->n_models * (size_t)plan->n_contexts;
    run->out = run->request->out ? run->request->out
                                 : assay_path_join(run->arena, plan->folder, "evidence");
    run->data = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, sizeof *run->data);
    run->models = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *run->models);
    run->given = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *run->given);
    run->cells = assay_arena_alloc(run->arena, cells + 1, sizeof *run->cells);
    if (!run->out || !run->data || !run->models || !run->given || !run->cells) {
        return assay_fail_memory(err);
    }
    if (!run->request->check) {
        const char *predictions = assay_path_join(run->arena, run->out, "predictions");
        if (!predictions) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_folder_make(predictions, err));
    }
    if (plan->task == ASSAY_TASK_DETECTION) {
        ASSAY_TRY(assay_run_boxes_open(run, err));
    } else if (plan->task == ASSAY_TASK_SEGMENTATION) {
        ASSAY_TRY(assay_run_masks_open(run, err));
    } else {
        ASSAY_TRY(assay_run_open_models(run, err));
        ASSAY_TRY(assay_run_open_data(run, err));
    }
    return assay_run_check_inputs(run, err);
}

static assay_status write_file(const char *folder, const char *name, const assay_buffer *text,
                               assay_error *err)
{
    char path[4200];

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return assay_fail(err, ASSAY_EINVAL, "the path %s is too long", folder);
    }
    return assay_file_write(path, text->data ? text->data : "", text->size, err);
}

/** The reports, from the text of results.json. */
static assay_status write_reports(const char *folder, const char *json, size_t size,
                                  assay_error *err)
{
    static const struct {
        const char *name;
        assay_status (*render)(assay_buffer *, const assay_json_value *, assay_error *);
    } reports[] = {{"report.html", assay_report_html},
                   {"report.md", assay_report_markdown},
                   {"junit.xml", assay_report_junit},
                   {"results.sarif", assay_report_sarif},
                   {"oscal.json", assay_report_oscal}};
    assay_json_doc *doc = NULL;
    assay_status status = assay_json_parse(&doc, json, size, 0, err);

    for (size_t i = 0; i < ASSAY_COUNT(reports) && status == ASSAY_OK; i++) {
        assay_buffer text;
        assay_buffer_init(&text, 0);
        status = reports[i].render(&text, assay_json_root(doc), err);
        if (status == ASSAY_OK) {
            status = write_file(folder, reports[i].name, &text, err);
        }
        assay_buffer_dispose(&text);
    }
    assay_json_doc_free(doc);
    return status;
}

/** The marking stands at the top and bottom of the log too. */
static assay_status write_log(const assay_run *run, assay_error *err)
{
    const char *marking = run->plan->marking;
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s%s", marking ? marking : "", marking ? "\n" : "");
    assay_buffer_append(&text, run->log.data, run->log.size);
    assay_buffer_printf(&text, "%s%s", marking ? marking : "", marking ? "\n" : "");
    assay_status status = assay_buffer_status(&text, err);
    if (status == ASSAY_OK) {
        status = write_file(run->out, "log.txt", &text, err);
    }
    assay_buffer_dispose(&text);
    return status;
}

static assay_status write_evidence(assay_run *run, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_buffer json;

    assay_buffer_init(&json, 0);
    ASSAY_GOTO(assay_run_results(&json, run, err), done);
    ASSAY_GOTO(write_file(run->out, "results.json", &json, err), done);
    ASSAY_GOTO(write_reports(run->out, json.data, json.size, err), done);
    assay_run_log(run, ASSAY_LOG_INFO, "finished");
    ASSAY_GOTO(write_log(run, err), done);
done:
    assay_buffer_dispose(&json);
    return status;
}

static void summarise(assay_run_summary *out, const assay_run *run)
{
    assay_run_count_verdicts(out, run);
    for (int64_t i = 0; i < (int64_t)run->plan->n_models * run->plan->n_contexts; i++) {
        out->measures += run->cells[i].result.n_measures;
    }
    for (int32_t d = 0; d < run->plan->n_data; d++) {
        const assay_predictions *given = assay_run_given_for(run, d);
        out->skipped += run->data[d] ? run->data[d]->n_skipped : given ? given->skipped : 0;
    }
    snprintf(out->report, sizeof out->report, "%s/report.html", run->out);
}

static void dispose(assay_run *run)
{
    assay_run_masks_dispose(run);
    assay_run_boxes_dispose(run);
    assay_run_drop_worst(run);
    for (int32_t m = 0; run->plan && m < run->plan->n_models; m++) {
        if (run->models) {
            assay_model_free(run->models[m]);
        }
        if (run->given) {
            assay_predictions_free(run->given[m]);
        }
    }
    for (int32_t d = 0; run->plan && run->data && d < run->plan->n_data; d++) {
        assay_dataset_free(run->data[d]);
    }
    assay_plan_free(run->plan);
    assay_buffer_dispose(&run->log);
    assay_buffer_dispose(&run->attacks);
    assay_arena_free(run->arena);
}

assay_status assay_run_plan(assay_run_summary *out, assay_context *context,
                            const assay_run_request *request, assay_error *err)
{
    assay_run run = {.context = context, .request = request};
    assay_status status = ASSAY_OK;

    memset(out, 0, sizeof *out);
    if (request->struct_size != sizeof *request || !request->plan) {
        return assay_fail(err, ASSAY_EINVAL, "assay_run_request is incomplete: no plan");
    }
    assay_buffer_init(&run.log, 0);
    assay_buffer_init(&run.attacks, 0);
    assay_clock_utc(run.started);
    ASSAY_GOTO(assay_arena_new(&run.arena, (size_t)16 << 30, err), done);
    ASSAY_GOTO(prepare(&run, err), done);
    if (request->check) {
        goto done;
    }
    if (run.masks != NULL) {
        ASSAY_GOTO(assay_run_masks_measure(&run, err), done);
        ASSAY_GOTO(assay_run_masks_compare(&run, err), done);
    } else if (run.boxes != NULL) {
        ASSAY_GOTO(assay_run_boxes_measure(&run, err), done);
        ASSAY_GOTO(assay_run_boxes_compare(&run, err), done);
    } else {
        ASSAY_GOTO(assay_run_measure(&run, err), done);
        ASSAY_GOTO(assay_run_attack(&run, err), done);
        ASSAY_GOTO(assay_run_compare(&run, err), done);
    }
    ASSAY_GOTO(assay_run_rule(&run, err), done);
    ASSAY_GOTO(assay_run_verify(&run, err), done);
    ASSAY_GOTO(assay_run_find(&run, err), done);
    ASSAY_GOTO(write_evidence(&run, err), done);
    summarise(out, &run);
done:
    dispose(&run);
    return status;
}

assay_status assay_report_folder(assay_context *context, const char *folder, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;

    (void)context;
    ASSAY_TRY(assay_arena_new(&arena, (size_t)1 << 20, err));
    const char *path = assay_path_join(arena, folder, "results.json");
    if (!path) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_file_read(&bytes, &size, path, (size_t)1 << 30, err), done);
    status = write_reports(folder, (const char *)bytes, size, err);
    if (status == ASSAY_EFORMAT || status == ASSAY_EINVAL) {
        assay_error_prefix(err, "%s", path);
    }
done:
    assay_free(bytes);
    assay_arena_free(arena);
    return status;
}
