#include "assay/predict.h"

#include <math.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/batch_store.h"
#include "adapters/filesystem/dataset_open.h"
#include "adapters/filesystem/file.h"
#include "api/predict.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/text.h"

typedef struct job {
    assay_context *context;
    const assay_predict_request *request;
    assay_arena *arena;
    assay_args *perturbation;
    assay_model *model;
    assay_dataset *data;
    assay_batch_store *store;
    assay_predictions *predictions;
} job;

static void fill_accuracy(assay_predict_summary *out, const assay_predictions *p)
{
    int64_t n = 0;
    int64_t correct = 0;

    for (int64_t i = 0; i < p->n; i++) {
        n += p->target[i] >= 0;
        correct += p->target[i] >= 0 && p->target[i] == p->label[i];
    }
    out->accuracy = n > 0 ? (double)correct / (double)n : NAN;
}

static assay_status open_inputs(job *j, assay_error *err)
{
    const assay_predict_request *r = j->request;
    assay_dataset_options options = {.target = r->target,
                                     .labels = r->labels,
                                     .root = r->root,
                                     .skip_bad = r->skip_bad,
                                     .measure = 1,
                                     .threads = j->context->threads,
                                     .cancel = &j->context->cancel,
                                     .log = &j->context->log};

    if (r->perturbation) {
        ASSAY_TRY(assay_args_parse(&j->perturbation, ASSAY_OP_PERTURBATION, r->perturbation, err));
    }
    ASSAY_TRY(assay_model_open_file(&j->model, r->model, r->model, j->arena, err));
    return assay_dataset_open(&j->data, r->data, &options, err);
}

/** The file that is there already is exactly what would be computed: same key, content intact. */
static assay_status reuse(assay_predict_summary *out, job *j, const char *key, assay_error *err)
{
    assay_predictions_columns columns = {.threads = j->context->threads};
    const char *path = j->request->out;

    if (j->request->fresh || !assay_text_ends_nocase(path, ".parquet") ||
        assay_file_kind(path) != 1 || !assay_duckdb_has_note(path, "assay.key", key) ||
        assay_duckdb_read_predictions(&j->predictions, path, &columns, NULL) != ASSAY_OK) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_predictions_digest(j->predictions, err));
    if (assay_duckdb_has_note(path, "assay.digest", j->predictions->digest)) {
        out->reused = 1;
        return ASSAY_OK;
    }
    assay_predictions_free(j->predictions);
    j->predictions = NULL;
    return ASSAY_OK;
}

static assay_status compute(job *j, const char *key, const assay_predict_options *options,
                            assay_error *err)
{
    assay_predict_options with_store = *options;
    const char *folder = assay_arena_printf(j->arena, "%s.batches", j->request->out);

    if (!folder) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_batch_store_open(&j->store, folder, key, j->request->fresh, err));
    with_store.store = j->store;
    assay_status status = assay_predict(&j->predictions, j->model, j->data, &with_store, err);
    if (status == ASSAY_OK) {
        status = assay_batch_store_flush(j->store, err);
    }
    if (status == ASSAY_OK) {
        status = assay_predictions_digest(j->predictions, err);
    }
    if (status == ASSAY_OK) {
        status = assay_predictions_export(j->request->out, key, j->model, j->data, j->perturbation,
                                          j->predictions, err);
    }
    /* Bad data fail again in the same way; everything else may go on from here another time. */
    int keep = status == ASSAY_ECANCELLED || status == ASSAY_EBACKEND || status == ASSAY_EIO ||
               status == ASSAY_ENOMEM;
    assay_batch_store_close(j->store);
    j->store = NULL;
    if (!keep) {
        assay_batch_store_remove(folder);
    }
    return status;
}

static assay_status carry_out(assay_predict_summary *out, job *j, assay_error *err)
{
    ASSAY_TRY(open_inputs(j, err));
    assay_predict_options options = {.perturbation = j->perturbation,
                                     .seed = j->request->seed ? j->request->seed : 1,
                                     .threads = j->context->threads,
                                     .cancel = &j->context->cancel,
                                     .log = &j->context->log,
                                     .what = "predict"};
    char key[ASSAY_DIGEST_HEX];

    ASSAY_TRY(assay_predict_key(key, j->model, j->data, &options, err));
    out->skipped = j->data->n_skipped;
    if (assay_model_is_segmenter(j->model)) {
        return assay_predict_maps(out, j->request, j->model, j->data, &options, key, j->arena, err);
    }
    if (assay_model_is_detector(j->model)) {
        return assay_predict_boxes(out, j->context, j->request, j->model, j->data, &options, key,
                                   j->arena, err);
    }
    if (j->request->truth) {
        return assay_fail(err, ASSAY_EINVAL, "--truth is for detectors; %s is a classifier",
                          j->request->model);
    }
    ASSAY_TRY(reuse(out, j, key, err));
    if (!out->reused) {
        ASSAY_TRY(compute(j, key, &options, err));
    }
    out->n = j->predictions->n;
    memcpy(out->digest, j->predictions->digest, sizeof out->digest);
    fill_accuracy(out, j->predictions);
    return ASSAY_OK;
}

assay_status assay_predict_file(assay_predict_summary *out, assay_context *context,
                                const assay_predict_request *request, assay_error *err)
{
    job j = {.context = context, .request = request};

    memset(out, 0, sizeof *out);
    if (request->struct_size != sizeof *request || !request->model || !request->data ||
        !request->out) {
        return assay_fail(err, ASSAY_EINVAL,
                          "assay_predict_request is incomplete: model, data and out are needed");
    }
    ASSAY_TRY(assay_arena_new(&j.arena, (size_t)1 << 30, err));
    assay_status status = carry_out(out, &j, err);
    assay_predictions_free(j.predictions);
    assay_batch_store_close(j.store);
    assay_dataset_free(j.data);
    assay_model_free(j.model);
    assay_args_free(j.perturbation);
    assay_arena_free(j.arena);
    return status;
}
