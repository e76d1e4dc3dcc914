/* Detectors over data: predicted, matched and measured context by context. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/batch_store.h"
#include "adapters/filesystem/file.h"
#include "api/boxes.h"
#include "api/run_boxes.h"
#include "base/alloc.h"
#include "core/detect.h"
#include "core/detection_measure.h"
#include "core/perturbation.h"

/* ---- predicting ---- */

/* COCO results and Parquet in the evidence, once. */
static assay_status export_boxes(assay_run *run, const char *stem, const assay_detections *boxes,
                                 const assay_box_numbers *numbers, const char *const *notes,
                                 assay_error *err)
{
    const char *json = assay_arena_printf(run->arena, "%s.json", stem);
    const char *parquet = assay_arena_printf(run->arena, "%s.parquet", stem);
    assay_buffer text;
    assay_table *table = NULL;
    if (json == NULL || parquet == NULL) {
        return assay_fail_memory(err);
    }
    if (assay_file_kind(json) == 1 && assay_file_kind(parquet) == 1) {
        return ASSAY_OK;
    }
    assay_buffer_init(&text, 0);
    assay_status status = assay_boxes_coco(&text, boxes, numbers, err);
    if (status == ASSAY_OK) {
        status = assay_file_write(json, text.data, text.size, err);
    }
    assay_buffer_dispose(&text);
    if (status == ASSAY_OK) {
        status = assay_boxes_table(&table, boxes, numbers, err);
    }
    if (status == ASSAY_OK) {
        status = assay_duckdb_write_table_noted(parquet, table, notes, err);
    }
    assay_table_free(table);
    return status;
}

static assay_status add_corners(assay_coco_rows *rows, const assay_detections *boxes,
                                assay_error *err)
{
    assay_coco_shapes *s = &rows->shapes;
    size_t n = (size_t)boxes->n;
    s->first = assay_alloc_raw(n + 1, sizeof *s->first);
    s->count = assay_alloc_raw(n + 1, sizeof *s->count);
    s->height = assay_alloc(n + 1, sizeof *s->height);
    s->width = assay_alloc(n + 1, sizeof *s->width);
    s->part = assay_alloc_raw(n + 1, sizeof *s->part);
    s->numbers = assay_alloc_raw(n * (size_t)boxes->width_extra + 1, sizeof *s->numbers);
    if (s->first == NULL || s->count == NULL || s->height == NULL || s->width == NULL ||
        s->part == NULL || s->numbers == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < boxes->n; i++) {
        s->first[i] = i;
        s->count[i] = 1;
        s->part[i] = i * boxes->width_extra;
        rows->has[i] |= ASSAY_COCO_POLYGONS;
    }
    s->part[boxes->n] = boxes->n * boxes->width_extra;
    s->n_parts = boxes->n;
    s->n_numbers = boxes->n * boxes->width_extra;
    memcpy(s->numbers, boxes->extra, (size_t)s->n_numbers * sizeof *s->numbers);
    return ASSAY_OK;
}

static assay_status add_keypoints(assay_coco_rows *rows, const assay_detections *boxes,
                                  assay_error *err)
{
    assay_coco_points *p = &rows->points;
    size_t n = (size_t)boxes->n;
    p->first = assay_alloc_raw(n + 1, sizeof *p->first);
    p->count = assay_alloc_raw(n + 1, sizeof *p->count);
    p->visible = assay_alloc_raw(n + 1, sizeof *p->visible);
    p->numbers = assay_alloc_raw(n * (size_t)boxes->width_extra + 1, sizeof *p->numbers);
    if (p->first == NULL || p->count == NULL || p->visible == NULL || p->numbers == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < boxes->n; i++) {
        p->first[i] = i * boxes->width_extra;
        p->count[i] = (int32_t)(boxes->width_extra / 3);
        p->visible[i] = -1;
    }
    p->n_numbers = boxes->n * boxes->width_extra;
    memcpy(p->numbers, boxes->extra, (size_t)p->n_numbers * sizeof *p->numbers);
    return ASSAY_OK;
}

/* Corners and keypoints go where the plan asks for them. */
static assay_status shape_rows(assay_coco_rows *rows, const assay_detections *boxes,
                               assay_error *err)
{
    if (boxes->width_extra == 0) {
        return ASSAY_OK;
    }
    return boxes->shape == ASSAY_SHAPE_TURNED ? add_corners(rows, boxes, err)
                                              : add_keypoints(rows, boxes, err);
}

/* The detections as COCO rows that refer to the truth. */
static assay_status to_rows(assay_coco_rows **out, const assay_detections *boxes,
                            const assay_box_numbers *numbers, assay_error *err)
{
    assay_coco_rows *rows = assay_alloc(1, sizeof *rows);
    size_t n = (size_t)boxes->n;
    *out = rows;
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    rows->image = assay_alloc_raw(n + 1, sizeof *rows->image);
    rows->category = assay_alloc_raw(n + 1, sizeof *rows->category);
    rows->box = assay_alloc_raw(4 * n + 1, sizeof *rows->box);
    rows->score = assay_alloc_raw(n + 1, sizeof *rows->score);
    rows->has = assay_alloc(n + 1, sizeof *rows->has);
    if (rows->image == NULL || rows->category == NULL || rows->box == NULL || rows->score == NULL ||
        rows->has == NULL) {
        return assay_fail_memory(err);
    }
    rows->n = boxes->n;
    memcpy(rows->box, boxes->box, 4 * n * sizeof *rows->box);
    memcpy(rows->score, boxes->score, n * sizeof *rows->score);
    memset(rows->has, ASSAY_COCO_BOX, n);
    ASSAY_TRY(shape_rows(rows, boxes, err));
    for (int64_t i = 0; i < boxes->images; i++) {
        for (int64_t r = boxes->first[i]; r < boxes->first[i + 1]; r++) {
            rows->image[r] = numbers->image[i];
            rows->category[r] = numbers->category[boxes->label[r]];
        }
    }
    return ASSAY_OK;
}

/* Numbers of the truth for the images of the data and the classes of the model. */
static assay_status number(assay_box_numbers *out, assay_run *run, int32_t model, int32_t data,
                           assay_error *err)
{
    const assay_run_truth *t = &run->boxes->truth[data];
    const assay_model_spec *spec = &run->models[model]->spec;
    ASSAY_TRY(assay_box_numbers_make(out, run->data[data], spec->classes, spec->class_names,
                                     t->truth, err));
    for (int64_t i = 0; i < run->data[data]->n; i++) {
        out->image[i] = t->truth->image_id[t->row[i]];
    }
    if (out->unknown == spec->classes) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "none of the model's %d classes (\"%s\", ...) stands in the truth (\"%s\", "
            "...): the names must be spelt alike; correct `classes` of the model",
            spec->classes, spec->class_names[0],
            t->truth->n_categories > 0 ? t->truth->category_name[0] : "");
    }
    return ASSAY_OK;
}

static assay_status predict(assay_coco_rows **out, assay_run *run, int32_t model, int32_t context,
                            assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[context];
    assay_status status = ASSAY_OK;
    assay_batch_store *store = NULL;
    assay_detections *boxes = NULL;
    assay_box_numbers numbers = {0};
    assay_run_asking ask;
    assay_buffer text;
    ASSAY_TRY(assay_run_ask(&ask, run, model, context, false, err));
    assay_buffer_init(&text, 0);
    if (c->perturbation != NULL) {
        ASSAY_GOTO(assay_args_text(&text, c->perturbation, err), done);
    }
    const char *const notes[] = {"assay.key",
                                 ask.key,
                                 "assay.model",
                                 run->models[model]->digest,
                                 "assay.data",
                                 run->data[c->data]->digest,
                                 "assay.perturbation",
                                 text.data != NULL ? text.data : "none",
                                 NULL};
    ASSAY_GOTO(number(&numbers, run, model, c->data, err), done);
    ASSAY_GOTO(assay_batch_store_open(&store, ask.store, ask.key, run->request->fresh, err), done);
    ask.options.store = store;
    ASSAY_GOTO(assay_detect(&boxes, run->models[model], run->data[c->data], &ask.options, err),
               done);
    ASSAY_GOTO(assay_batch_store_flush(store, err), done);
    ASSAY_GOTO(export_boxes(run, ask.stem, boxes, &numbers, notes, err), done);
    assay_run_log(run, ASSAY_LOG_INFO, "boxes of %s: %" PRId64 " in %" PRId64 " images, sha256:%s",
                  ask.what, boxes->n, boxes->images, boxes->digest);
    ASSAY_GOTO(to_rows(out, boxes, &numbers, err), done);
    status = assay_run_boxes_expand(*out, run, run->boxes->truth[c->data].truth, err);
done:
    assay_batch_store_close(store);
    assay_detections_free(boxes);
    assay_box_numbers_dispose(&numbers);
    assay_buffer_dispose(&text);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", ask.what);
    }
    return status;
}

/* ---- measuring ---- */

/* Boxes of classes that the truth does not list count neither for nor against: people should know. */
static assay_status tell_left_out(assay_run *run, const assay_run_cell *cell,
                                  const assay_detection_summary *summary,
                                  const assay_coco_rows *results, assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[cell->context];
    int64_t n = summary->notes.results_elsewhere;
    if (n == 0 || c->where != NULL || c->perturbation != NULL || c->sweep >= 0) {
        return ASSAY_OK;
    }
    const char *title = assay_arena_printf(
        run->arena, "%" PRId64 " of %" PRId64 " boxes name classes that \"%s\" does not annotate",
        n, results->n, run->plan->data[c->data].title);
    return title == NULL
               ? assay_fail_memory(err)
               : assay_run_add_finding(
                     run, "classes_elsewhere", 1, cell->model, cell->context, title,
                     "They were left out: nobody has said where such objects are, so they can be "
                     "called neither right nor wrong. If the model must not report such things "
                     "here, it makes more false alarms than this report shows.",
                     err);
}

static assay_status measure_cell(assay_run *run, assay_run_cell *cell,
                                 const assay_coco_rows *results, assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[cell->context];
    const assay_run_truth *t = &run->boxes->truth[c->data];
    assay_status status = ASSAY_OK;
    assay_detection_summary summary;
    assay_detection_selection chosen = {0};
    double threshold = NAN;
    ASSAY_TRY(assay_run_boxes_select(&chosen, &cell->n, run, cell->context, results, err));
    if (cell->n == 0) {
        cell->reason = "no image or object belongs to this context";
        goto done;
    }
    ASSAY_GOTO(assay_run_boxes_evaluate(run, cell, &summary, t, results, &chosen.slice, err), done);
    ASSAY_GOTO(tell_left_out(run, cell, &summary, results, err), done);
    cell->evaluated = 1;
    cell->mean_confidence = NAN;
    cell->low = NAN;
    cell->high = NAN;
    ASSAY_GOTO(assay_run_boxes_curves(&threshold, run, cell, t->truth, results, &chosen.slice, err),
               done);
    if (c->where == NULL && c->perturbation == NULL && c->sweep < 0) {
        status = assay_run_boxes_gallery(run, cell->model, cell->context, results,
                                         chosen.slice.images, threshold, err);
    }
done:
    assay_detection_selection_dispose(&chosen);
    return status;
}

/* Contexts of one model that share data and perturbation with context `first`. */
static assay_status measure_group(assay_run *run, int32_t model, int32_t first, assay_error *err)
{
    const assay_plan_context *contexts = run->plan->contexts;
    const assay_coco_rows *results = run->boxes->given[model];
    assay_coco_rows *computed = NULL;
    assay_status status = ASSAY_OK;
    if (results == NULL) {
        ASSAY_GOTO(predict(&computed, run, model, first, err), done);
        results = computed;
    }
    for (int32_t k = first; k < run->plan->n_contexts; k++) {
        assay_run_cell *cell = assay_run_cell_at(run, model, k);
        if (cell->evaluated || cell->reason != NULL || contexts[k].data != contexts[first].data ||
            !assay_args_same(contexts[k].perturbation, contexts[first].perturbation) ||
            !assay_run_wanted(run, model, k)) {
            continue;
        }
        status = measure_cell(run, cell, results, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "model %s, context %s", run->plan->models[model].name,
                               contexts[k].name);
            goto done;
        }
    }
done:
    assay_coco_results_free(computed);
    return status;
}

const char *assay_run_boxes_obstacle(const assay_run *run, int32_t model, int32_t context)
{
    const assay_plan_context *c = &run->plan->contexts[context];
    if (c->perturbation != NULL && c->perturbation->op->perturbation->moves_pixels) {
        return "this perturbation moves the objects, and the truth stays where it is";
    }
    if (run->plan->models[model].predictions == NULL) {
        return NULL;
    }
    if (run->plan->models[model].data != c->data) {
        return "the file of predictions belongs to other data";
    }
    return c->perturbation != NULL ? "a file of predictions cannot be asked about perturbed data"
                                   : NULL;
}

int32_t assay_run_boxes_groups(const assay_run *run)
{
    const assay_plan_context *contexts = run->plan->contexts;
    int32_t n = 0;
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        for (int32_t c = 0; run->models[m] != NULL && c < run->plan->n_contexts; c++) {
            int32_t k = 0;
            while (k < c &&
                   !(assay_run_wanted(run, m, k) && contexts[k].data == contexts[c].data &&
                     assay_args_same(contexts[k].perturbation, contexts[c].perturbation))) {
                k++;
            }
            n += k == c && assay_run_wanted(run, m, c) &&
                 assay_run_boxes_obstacle(run, m, c) == NULL;
        }
    }
    return n;
}

assay_status assay_run_boxes_export_images(assay_run *run, int32_t d, assay_error *err)
{
    const assay_dataset *data = run->data[d];
    const char *name = assay_run_file_part(run->arena, run->plan->data[d].name);
    assay_table *table = NULL;
    assay_column *column = NULL;
    assay_status status = ASSAY_OK;
    if (data == NULL) {
        return ASSAY_OK;
    }
    const char *path =
        name != NULL ? assay_arena_printf(run->arena, "%s/predictions/%s-images-%.12s.parquet",
                                          run->out, name, data->digest)
                     : NULL;
    if (path == NULL) {
        return assay_fail_memory(err);
    }
    const char *const notes[] = {"assay.images", data->digest, NULL};
    ASSAY_TRY(assay_table_new(&table, data->n, 0, err));
    ASSAY_GOTO(assay_table_add(&column, table, ASSAY_RUN_ROW, ASSAY_COLUMN_INT, err), done);
    for (int64_t i = 0; i < data->n; i++) {
        column->ints[i] = run->boxes->truth[d].row[i];
        column->valid[i] = 1;
    }
    for (int32_t k = 0; data->metadata != NULL && k < data->metadata->n_columns; k++) {
        const assay_column *from = &data->metadata->columns[k];
        ASSAY_GOTO(assay_table_add(&column, table, from->name, from->type, err), done);
        *column = *from; /* lent for the time of writing */
    }
    status = assay_duckdb_write_table_noted(path, table, notes, err);
done:
    assay_table_free(table);
    return status;
}

assay_status assay_run_boxes_measure(assay_run *run, assay_error *err)
{
    for (int32_t d = 0; d < run->plan->n_data; d++) {
        ASSAY_TRY(assay_run_boxes_export_images(run, d, err));
    }
    run->n_groups = assay_run_boxes_groups(run);
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
            if (!assay_run_wanted(run, m, c) || cell->evaluated || cell->reason != NULL) {
                continue;
            }
            cell->reason = assay_run_boxes_obstacle(run, m, c);
            if (cell->reason == NULL) {
                ASSAY_TRY(measure_group(run, m, c, err));
            }
        }
    }
    return ASSAY_OK;
}
