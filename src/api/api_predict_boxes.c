/* assay predict with a detector. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/batch_store.h"
#include "adapters/filesystem/file.h"
#include "api/boxes.h"
#include "api/predict.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/text.h"
#include "core/detect.h"

typedef struct job {
    assay_context *context;
    const assay_predict_request *request;
    assay_model *model;
    const assay_dataset *data;
    const assay_predict_options *options;
    assay_arena *arena;
    assay_coco_truth *truth;
    assay_detections *detections;
    assay_box_numbers numbers;
    const char *key;
} job;

static void digest_cell(assay_digest *sum, const assay_column *column, int64_t row)
{
    if (column->valid != NULL && column->valid[row] == 0) {
        assay_digest_text(sum, "missing");
        return;
    }
    switch (column->type) {
    case ASSAY_COLUMN_INT:
        assay_digest_i64(sum, column->ints[row]);
        break;
    case ASSAY_COLUMN_REAL:
        assay_digest_real(sum, column->reals[row]);
        break;
    case ASSAY_COLUMN_TEXT:
        assay_digest_text(sum, column->texts[row]);
        break;
    }
}

/* Of what stands in the cells, so that a file can be checked after it was read back. */
static assay_status digest_table(char out[ASSAY_DIGEST_HEX], const assay_table *table,
                                 assay_error *err)
{
    assay_digest *sum = NULL;
    ASSAY_TRY(assay_digest_new(&sum, err));
    for (int32_t c = 0; c < table->n_columns; c++) {
        assay_digest_text(sum, table->columns[c].name);
        for (int64_t row = 0; row < table->rows; row++) {
            digest_cell(sum, &table->columns[c], row);
        }
    }
    assay_status status = assay_digest_hex(out, sum, err);
    assay_digest_free(sum);
    return status;
}

static bool is_parquet(const job *j)
{
    return assay_text_ends_nocase(j->request->out, ".parquet");
}

/* Rows with a box; images without one have a row too. */
static int64_t count_boxes(const assay_table *table)
{
    const assay_column *score = assay_table_find(table, "score");
    int64_t n = 0;
    for (int64_t row = 0; score != NULL && row < table->rows; row++) {
        n += score->valid == NULL || score->valid[row] != 0;
    }
    return n;
}

/* The file that is there already is exactly what would be computed: same key, cells intact. */
static bool reuse(assay_predict_summary *out, const job *j)
{
    const char *path = j->request->out;
    assay_table *table = NULL;
    char digest[ASSAY_DIGEST_HEX];
    char images[24];
    (void)snprintf(images, sizeof images, "%" PRId64, j->data->n);
    if (j->request->fresh || !is_parquet(j) || assay_file_kind(path) != 1 ||
        !assay_duckdb_has_note(path, "assay.key", j->key) ||
        !assay_duckdb_has_note(path, "assay.images", images) ||
        assay_duckdb_read_table(&table, path, NULL) != ASSAY_OK) {
        return false;
    }
    bool intact = digest_table(digest, table, NULL) == ASSAY_OK &&
                  assay_duckdb_has_note(path, "assay.digest", digest);
    if (intact) {
        out->reused = 1;
        out->n = count_boxes(table);
        memcpy(out->digest, digest, sizeof out->digest);
    }
    assay_table_free(table);
    return intact;
}

static assay_status write_parquet(assay_predict_summary *out, job *j, assay_error *err)
{
    assay_table *table = NULL;
    ASSAY_TRY(assay_boxes_table(&table, j->detections, &j->numbers, err));
    char images[24];
    (void)snprintf(images, sizeof images, "%" PRId64, j->detections->images);
    assay_status status = digest_table(out->digest, table, err);
    if (status == ASSAY_OK) {
        const char *notes[] = {"assay.key",
                               j->key,
                               "assay.images",
                               images,
                               "assay.digest",
                               out->digest,
                               "assay.model",
                               j->model->digest,
                               "assay.data",
                               j->data->digest,
                               "assay.backend",
                               j->model->backend_version,
                               NULL};
        status = assay_duckdb_write_table_noted(j->request->out, table, notes, err);
    }
    assay_table_free(table);
    return status;
}

static assay_status write_coco(assay_predict_summary *out, job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_status status = assay_boxes_coco(&text, j->detections, &j->numbers, err);
    if (status == ASSAY_OK) {
        status = assay_digest_bytes(out->digest, text.data, text.size, err);
    }
    if (status == ASSAY_OK) {
        status = assay_file_write(j->request->out, text.data, text.size, err);
    }
    assay_buffer_dispose(&text);
    return status;
}

static assay_status compute(assay_predict_summary *out, job *j, assay_error *err)
{
    assay_predict_options options = *j->options;
    assay_batch_store *store = NULL;
    const char *folder = assay_arena_printf(j->arena, "%s.batches", j->request->out);
    if (folder == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_batch_store_open(&store, folder, j->key, j->request->fresh, err));
    options.store = store;
    assay_status status = assay_detect(&j->detections, j->model, j->data, &options, err);
    if (status == ASSAY_OK) {
        status = assay_batch_store_flush(store, err);
    }
    if (status == ASSAY_OK) {
        out->n = j->detections->n;
        status = is_parquet(j) ? write_parquet(out, j, err) : write_coco(out, j, err);
    }
    /* Bad data fail again in the same way; everything else may go on from here another time. */
    bool keep = status == ASSAY_ECANCELLED || status == ASSAY_EBACKEND || status == ASSAY_EIO ||
                status == ASSAY_ENOMEM;
    assay_batch_store_close(store);
    if (!keep) {
        assay_batch_store_remove(folder);
    }
    return status;
}

static assay_status check(const job *j, assay_error *err)
{
    const char *out = j->request->out;
    if (!assay_text_ends_nocase(out, ".json") && !is_parquet(j)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s: the boxes of a detector are written as COCO results (.json) or as a "
                          "table (.parquet)",
                          out);
    }
    return ASSAY_OK;
}

assay_status assay_predict_boxes(assay_predict_summary *out, assay_context *context,
                                 const assay_predict_request *request, assay_model *model,
                                 const assay_dataset *data, const assay_predict_options *options,
                                 const char *key, assay_arena *arena, assay_error *err)
{
    job j = {.context = context,
             .request = request,
             .model = model,
             .data = data,
             .options = options,
             .arena = arena,
             .key = key};
    const char *truth = request->truth                                   ? request->truth
                        : assay_text_ends_nocase(request->data, ".json") ? request->data
                                                                         : NULL;
    assay_status status = ASSAY_OK;
    out->boxes = 1;
    out->accuracy = NAN;
    out->images = data->n;
    ASSAY_TRY(check(&j, err));
    if (truth != NULL) {
        ASSAY_TRY(assay_truth_read(&j.truth, truth, false, err));
    }
    ASSAY_GOTO(assay_box_numbers_make(&j.numbers, data, model->spec.classes,
                                      model->spec.class_names, j.truth, err),
               done);
    if (j.numbers.unknown > 0) {
        assay_log_write(&context->log,
                        j.numbers.unknown == model->spec.classes ? ASSAY_LOG_WARNING
                                                                 : ASSAY_LOG_INFO,
                        "%d of the model's %d classes do not stand in %s: their boxes get category "
                        "numbers that it does not use",
                        j.numbers.unknown, model->spec.classes, truth);
    }
    if (!reuse(out, &j)) {
        status = compute(out, &j, err);
    }
done:
    assay_box_numbers_dispose(&j.numbers);
    assay_detections_free(j.detections);
    assay_coco_truth_free(j.truth);
    return status;
}
