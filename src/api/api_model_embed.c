#include "assay/model.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/dataset_open.h"
#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/onnx_model.h"
#include "adapters/onnxruntime/onnx_source.h"
#include "api/context.h"
#include "api/run.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"
#include "onnx/embed.h"
#include "onnx/head.h"
#include "onnx/upgrade.h"

typedef struct job {
    assay_context *context;
    const assay_embed_request *q;
    assay_arena *arena;
    assay_model *model; /* as it is described */
    assay_model *cut;   /* the same, giving the layer */
    assay_dataset *data;
    const char *layer, *before;
    int32_t averaged;
    int64_t width;
    assay_tensor rows; /* n x width */
    char *batches;     /* of the workers */
    size_t datum_bytes;
} job;

/* The layer as the only output, packed. */
static assay_status build(assay_buffer *packed, job *j, assay_error *err)
{
    assay_onnx_source source;
    assay_onnx_embedding found;
    const assay_model_spec *spec = &j->model->spec;
    const assay_onnx_embedding_request request = {
        .output = spec->output, .layer = j->q->layer, .whole = j->q->whole != 0};
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_onnx_source_open(&source, spec->path, err));
    ASSAY_GOTO(assay_onnx_upgrade(source.graph, err), done);
    ASSAY_GOTO(assay_onnx_embed(&found, source.graph, &request, err), done);
    ASSAY_GOTO(assay_onnx_set_outputs(source.graph, &found.value, 1, err), done);
    assay_onnx_prune(source.graph);
    j->layer = assay_arena_strdup(j->arena, found.layer);
    j->before = found.before != NULL ? assay_arena_strdup(j->arena, found.before) : NULL;
    j->averaged = found.averaged;
    status =
        j->layer == NULL ? assay_fail_memory(err) : assay_onnx_write(packed, source.graph, err);
done:
    assay_onnx_source_close(&source);
    return status;
}

static assay_status open_cut(job *j, assay_error *err)
{
    assay_buffer packed;
    assay_model_spec spec = j->model->spec;
    if (spec.path == NULL) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "%s: a command has no layers; embeddings need an ONNX file", j->q->model);
    }
    assay_buffer_init(&packed, (size_t)2 << 30);
    assay_status status = build(&packed, j, err);
    if (status == ASSAY_OK) {
        spec.graph = packed.data;
        spec.graph_bytes = packed.size;
        spec.output = NULL;
        spec.scores = ASSAY_SCORES_LOGITS;
        spec.classes = 0;
        spec.class_names = NULL;
        memset(&spec.detector, 0, sizeof spec.detector);
        status = assay_onnx_model_open(&j->cut, &spec, j->q->model, err);
    }
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", j->q->model);
    }
    assay_buffer_dispose(&packed);
    return status;
}

static assay_status prepare(job *j, int64_t i, char *to, assay_error *err)
{
    const assay_model *m = j->cut;
    assay_image image = {0};
    assay_status status = assay_dataset_image(j->data, i, &image, err);
    if (status == ASSAY_OK) {
        status = assay_preprocess_run(to, m->input_type, m->channels, m->height, m->width, &image,
                                      &m->spec.preprocess, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s", j->data->ids[i]);
        }
    }
    assay_image_dispose(&image);
    return status;
}

static assay_status one_batch(void *payload, int64_t block, int worker, assay_error *err)
{
    job *j = payload;
    size_t bytes = j->datum_bytes * (size_t)j->cut->spec.batch;
    char *tensor = j->batches + bytes * (size_t)worker;
    int64_t first = block * j->cut->spec.batch;
    int64_t n = j->data->n - first < j->cut->spec.batch ? j->data->n - first : j->cut->spec.batch;
    memset(tensor, 0, bytes);
    for (int64_t k = 0; k < n; k++) {
        ASSAY_TRY(prepare(j, first + k, tensor + (size_t)k * j->datum_bytes, err));
    }
    const assay_model_batch batch = {
        .n = n, .tensor = tensor, .ids = j->data->ids + first, .cancel = &j->context->cancel};
    return assay_model_run(j->cut, (float *)j->rows.data + first * j->width, NULL, &batch, err);
}

static assay_status compute(job *j, assay_error *err)
{
    const assay_model *m = j->cut;
    const int64_t shape[2] = {j->data->n, m->spec.classes};
    int64_t blocks = (j->data->n + m->spec.batch - 1) / m->spec.batch;
    int workers = assay_parallel_workers(blocks, j->context->threads);
    j->width = m->spec.classes;
    j->datum_bytes = (size_t)m->channels * (size_t)m->height * (size_t)m->width *
                     assay_dtype_size(m->input_type);
    ASSAY_TRY(assay_tensor_new(&j->rows, ASSAY_DTYPE_F32, 2, shape, err));
    j->batches = assay_alloc((size_t)workers * (size_t)m->spec.batch, j->datum_bytes);
    if (j->batches == NULL) {
        return assay_fail_memory(err);
    }
    return assay_parallel(blocks, j->context->threads, one_batch, j, &j->context->cancel, err);
}

static assay_status save_npy(const job *j, assay_error *err)
{
    assay_buffer bytes;
    assay_buffer_init(&bytes, (size_t)64 << 30);
    assay_status status = assay_npy_write(&bytes, &j->rows, err);
    if (status == ASSAY_OK) {
        status = assay_file_write(j->q->out, bytes.data, bytes.size, err);
    }
    assay_buffer_dispose(&bytes);
    return status;
}

static assay_status fill_table(assay_table *table, const job *j, assay_error *err)
{
    assay_column *column = NULL;
    const assay_dataset *d = j->data;
    ASSAY_TRY(assay_table_add(&column, table, "id", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < d->n; i++) {
        column->texts[i] = d->ids[i];
        column->valid[i] = 1;
    }
    ASSAY_TRY(assay_table_add(&column, table, "target", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < d->n; i++) {
        column->valid[i] = d->targets[i] >= 0;
        column->texts[i] = column->valid[i] ? d->class_names[d->targets[i]] : NULL;
    }
    for (int64_t k = 0; k < j->width; k++) {
        const char *name = assay_arena_printf(table->arena, "e%" PRId64, k);
        if (name == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_table_add(&column, table, name, ASSAY_COLUMN_REAL, err));
        for (int64_t i = 0; i < d->n; i++) {
            column->reals[i] = (double)((const float *)j->rows.data)[i * j->width + k];
            column->valid[i] = 1;
        }
    }
    return ASSAY_OK;
}

static assay_status save_parquet(const job *j, assay_error *err)
{
    assay_table *table = NULL;
    const char *const notes[] = {"assay",       ASSAY_VERSION,   "layer",
                                 j->layer,      "model_digest",  j->model->digest,
                                 "data_digest", j->data->digest, NULL};
    ASSAY_TRY(assay_table_new(&table, j->data->n, 0, err));
    assay_status status = fill_table(table, j, err);
    if (status == ASSAY_OK) {
        status = assay_duckdb_write_table_noted(j->q->out, table, notes, err);
    }
    assay_table_free(table);
    return status;
}

static assay_status carry_out(job *j, assay_error *err)
{
    const assay_dataset_options options = {.target = j->q->target,
                                           .labels = j->q->labels,
                                           .skip_bad = j->q->skip_bad,
                                           .threads = j->context->threads,
                                           .cancel = &j->context->cancel,
                                           .log = &j->context->log};
    bool parquet = assay_text_ends_nocase(j->q->out, ".parquet");
    if (!parquet && !assay_text_ends_nocase(j->q->out, ".npy")) {
        return assay_fail(err, ASSAY_EINVAL, "%s: the file must end in .npy or .parquet",
                          j->q->out);
    }
    ASSAY_TRY(assay_model_open_file(&j->model, j->q->model, j->q->model, j->arena, err));
    ASSAY_TRY(open_cut(j, err));
    ASSAY_TRY(assay_dataset_open(&j->data, j->q->data, &options, err));
    ASSAY_TRY(compute(j, err));
    return parquet ? save_parquet(j, err) : save_npy(j, err);
}

static assay_status write_json(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_key(&json, "embedding");
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "model", j->q->model);
    assay_json_put_text(&json, "model_digest", j->model->digest);
    assay_json_put_text(&json, "data", j->q->data);
    assay_json_put_text(&json, "data_digest", j->data->digest);
    assay_json_put_text(&json, "file", j->q->out);
    assay_json_put_text(&json, "layer", j->layer);
    assay_json_put_text(&json, "chosen_because_it_feeds", j->before);
    assay_json_put_int(&json, "averaged_dimensions", j->averaged);
    assay_json_put_int(&json, "rows", j->data->n);
    assay_json_put_int(&json, "numbers", j->width);
    assay_json_put_int(&json, "skipped", j->data->n_skipped);
    assay_json_end_object(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

static assay_status write_text(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s: %" PRId64 " rows of %" PRId64 " numbers\nlayer  \"%s\"",
                        j->q->out, j->data->n, j->width, j->layer);
    if (j->before != NULL) {
        assay_buffer_printf(&text, ", which the last layer with weights (%s) gets", j->before);
    }
    if (j->averaged > 0) {
        assay_buffer_puts(&text, "; the mean over its places");
    }
    assay_buffer_putc(&text, '\n');
    if (j->data->n_skipped > 0) {
        assay_buffer_printf(&text, "%" PRId64 " bad data were left out\n", j->data->n_skipped);
    }
    return assay_text_take(out, &text, err);
}

assay_status assay_model_embed(assay_embed_summary *out, char **json, char **text,
                               assay_context *context, const assay_embed_request *request,
                               assay_error *err)
{
    job j = {.context = context, .q = request};
    memset(out, 0, sizeof *out);
    if (json != NULL) {
        *json = NULL;
    }
    if (text != NULL) {
        *text = NULL;
    }
    if (request->struct_size != sizeof *request || request->model == NULL ||
        request->data == NULL || request->out == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "assay_embed_request is incomplete");
    }
    ASSAY_TRY(assay_arena_new(&j.arena, (size_t)1 << 30, err));
    assay_status status = carry_out(&j, err);
    if (status == ASSAY_OK && json != NULL) {
        status = write_json(json, &j, err);
    }
    if (status == ASSAY_OK && text != NULL) {
        status = write_text(text, &j, err);
    }
    if (status == ASSAY_OK) {
        *out =
            (assay_embed_summary){.n = j.data->n, .width = j.width, .skipped = j.data->n_skipped};
    } else if (json != NULL) {
        assay_text_free(*json);
        *json = NULL;
    }
    assay_free(j.batches);
    assay_tensor_dispose(&j.rows);
    assay_dataset_free(j.data);
    assay_model_free(j.cut);
    assay_model_free(j.model);
    assay_arena_free(j.arena);
    return status;
}
