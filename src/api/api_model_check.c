#include "assay/model.h"

#include <inttypes.h>
#include <string.h>

#include "adapters/filesystem/dataset_open.h"
#include "api/context.h"
#include "api/run.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/json_write.h"
#include "base/rng.h"
#include "core/gradient_check.h"

typedef struct job {
    assay_context *context;
    assay_gradient_check_request q; /* defaults filled in */
    assay_arena *arena;
    assay_model *model;
    assay_dataset *data;
    float *tensor;
    int64_t n;
    assay_gradient_check result;
} job;

static assay_status from_data(job *j, size_t size, assay_error *err)
{
    assay_model *model = j->model;
    for (int64_t i = 0; i < j->n; i++) {
        assay_image image = {0};
        assay_status status = assay_dataset_image(j->data, i, &image, err);
        if (status == ASSAY_OK) {
            status = assay_preprocess_run(j->tensor + (size_t)i * size, model->input_type,
                                          model->channels, model->height, model->width, &image,
                                          &model->spec.preprocess, err);
        }
        assay_image_dispose(&image);
        ASSAY_TRY(status);
    }
    return ASSAY_OK;
}

static void from_chance(job *j, size_t size)
{
    for (int64_t i = 0; i < j->n; i++) {
        assay_rng rng =
            assay_rng_stream(j->q.seed, assay_rng_operation("gradient-check-input"), (uint64_t)i);
        for (size_t k = 0; k < size; k++) {
            j->tensor[(size_t)i * size + k] = (float)assay_rng_uniform(&rng);
        }
    }
}

static assay_status carry_out(job *j, assay_error *err)
{
    ASSAY_TRY(assay_model_open_file(&j->model, j->q.model, j->q.model, j->arena, err));
    j->n = j->q.samples;
    if (j->q.data != NULL) {
        const assay_dataset_options options = {
            .threads = j->context->threads, .cancel = &j->context->cancel, .log = &j->context->log};
        ASSAY_TRY(assay_dataset_open(&j->data, j->q.data, &options, err));
        j->n = j->data->n < j->n ? j->data->n : j->n;
    }
    size_t size = (size_t)j->model->channels * (size_t)j->model->height * (size_t)j->model->width;
    if (j->n < 1 || j->n > 100000) {
        return assay_fail(err, ASSAY_EINVAL, "samples is %" PRId64 ", expected 1 to 100000", j->n);
    }
    j->tensor = assay_alloc((size_t)j->n * size, sizeof *j->tensor);
    if (j->tensor == NULL) {
        return assay_fail_memory(err);
    }
    if (j->model->input_type == ASSAY_DTYPE_F32 && j->data != NULL) {
        ASSAY_TRY(from_data(j, size, err));
    } else {
        from_chance(j, size);
    }
    return assay_gradient_check_run(&j->result, j->model, j->tensor, j->n, j->q.directions,
                                    j->q.seed, err);
}

static assay_status write_json(char **out, const job *j, assay_error *err)
{
    const assay_gradient_check *r = &j->result;
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_key(&json, "gradient_check");
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "model", j->q.model);
    assay_json_put_text(&json, "model_digest", j->model->digest);
    assay_json_put_text(&json, "data", j->q.data);
    assay_json_put_int(&json, "samples", r->n);
    assay_json_put_int(&json, "directions", r->directions);
    assay_json_put_int(&json, "seed", (int64_t)j->q.seed);
    assay_json_put_text(&json, "loss", "difference of the two greatest logits");
    assay_json_put_bool(&json, "trusted", r->trusted != 0);
    assay_json_put_real(&json, "median_error", r->median_error);
    assay_json_put_real(&json, "worst_error", r->worst_error);
    assay_json_put_real(&json, "agreeing", r->agreeing);
    assay_json_put_real(&json, "zero_gradients", r->zero);
    assay_json_end_object(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

static assay_status write_text(char **out, const job *j, assay_error *err)
{
    const assay_gradient_check *r = &j->result;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(
        &text,
        "%s\n\nTried on %" PRId64 " %s, in %" PRId64
        " directions each: the change that the gradient predicts\nand the change "
        "that the model shows differ by %.2g %% (median; worst %.2g %%).\n"
        "%.4g %% of the directions agree within 5 %%.\n",
        r->trusted ? "The gradients can be trusted." : "The gradients CANNOT be trusted.", r->n,
        j->q.data != NULL ? "images of the data" : "random inputs", r->directions,
        100.0 * r->median_error, 100.0 * r->worst_error, 100.0 * r->agreeing);
    if (r->zero > 0.0) {
        assay_buffer_printf(&text,
                            "The gradient is zero for %.4g %% of the inputs: there attacks that "
                            "follow it stand still,\nwhich says nothing about the model's "
                            "robustness.\n",
                            100.0 * r->zero);
    }
    if (!r->trusted) {
        assay_buffer_puts(
            &text, "Attacks that use them may miss weaknesses that are there. Use attacks "
                   "that need scores or\nlabels only as well, and see `assay model info` for "
                   "nodes that round or quantise.\n");
    }
    return assay_text_take(out, &text, err);
}

static assay_status fill(job *j, const assay_gradient_check_request *request, assay_error *err)
{
    if (request->struct_size != sizeof *request || request->model == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "assay_gradient_check_request is incomplete");
    }
    j->q = *request;
    j->q.samples = j->q.samples == 0 ? 8 : j->q.samples;
    j->q.directions = j->q.directions == 0 ? 8 : j->q.directions;
    j->q.seed = j->q.seed == 0 ? 1 : j->q.seed;
    return ASSAY_OK;
}

assay_status assay_model_check_gradient(assay_gradient_check_summary *out, char **json, char **text,
                                        assay_context *context,
                                        const assay_gradient_check_request *request,
                                        assay_error *err)
{
    job j = {.context = context};
    memset(out, 0, sizeof *out);
    if (json != NULL) {
        *json = NULL;
    }
    if (text != NULL) {
        *text = NULL;
    }
    ASSAY_TRY(fill(&j, request, err));
    ASSAY_TRY(assay_arena_new(&j.arena, (size_t)1 << 30, err));
    assay_status status = carry_out(&j, err);
    if (status == ASSAY_OK && json != NULL) {
        status = write_json(json, &j, err);
    }
    if (status == ASSAY_OK && text != NULL) {
        status = write_text(text, &j, err);
    }
    if (status == ASSAY_OK) {
        *out = (assay_gradient_check_summary){.trusted = j.result.trusted,
                                              .median_error = j.result.median_error,
                                              .agreeing = j.result.agreeing,
                                              .zero = j.result.zero,
                                              .n = j.result.n};
    } else if (json != NULL) {
        assay_text_free(*json);
        *json = NULL;
    }
    assay_free(j.tensor);
    assay_dataset_free(j.data);
    assay_model_free(j.model);
    assay_arena_free(j.arena);
    return status;
}
