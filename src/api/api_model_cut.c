#include <inttypes.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/onnx_source.h"
#include "api/context.h"
#include "api/model_cut.h"
#include "api/run.h"
#include "base/json_write.h"
#include "base/text.h"
#include "onnx/build.h"
#include "onnx/gradient.h"
#include "onnx/head.h"
#include "onnx/upgrade.h"

const char *const assay_cut_heads[] = {
    "cross_entropy", "margin", "logit",     "logit_difference", "dlr",   "dlr_targeted",
    "verdict",       "vanish", "fabricate", "mislabel",         "shift", NULL};

enum { NOTHING_AT_ALL = -1, VERDICT = ASSAY_CUT_LOSSES, SHIFT = ASSAY_CUT_HEADS - 1 };

static assay_status head_number(int32_t *out, const char *name, assay_error *err)
{
    *out = NOTHING_AT_ALL;
    for (int32_t i = 0; name != NULL && i < ASSAY_CUT_HEADS; i++) {
        if (strcmp(name, assay_cut_heads[i]) == 0) {
            *out = i;
        }
    }
    return name == NULL || *out >= 0
               ? ASSAY_OK
               : assay_fail(
                     err, ASSAY_EINVAL,
                     "there is no head '%s'; for classifiers there are cross_entropy, margin, "
                     "logit, logit_difference, dlr, dlr_targeted, for detectors verdict, "
                     "vanish, fabricate, mislabel, shift",
                     name);
}

assay_status assay_cut_name(assay_onnx_value **value, assay_onnx_graph *graph, const char *name,
                            assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    assay_onnx_value *named = NULL;
    if (assay_onnx_find(graph, name) != NULL) {
        return ASSAY_OK;
    }
    assay_onnx_value *copy = onnx_1(&b, "Identity", *value);
    if (b.status != ASSAY_OK) {
        return b.status;
    }
    ASSAY_TRY(assay_onnx_value_add(&named, graph, name, err));
    const char *given = named->name;
    *named = *copy;
    named->name = given;
    copy->node->out[0] = named;
    copy->node->name = given;
    *value = named;
    return ASSAY_OK;
}

/* All dimensions of the image input become numbers: the batch, and what the description says. */
static assay_status pin_image(assay_cut_job *job, assay_error *err)
{
    const assay_model *m = job->model;
    const assay_port *port = &m->inputs[m->input];
    const int64_t nchw[4] = {job->batch, m->channels, m->height, m->width};
    const int64_t nhwc[4] = {job->batch, m->height, m->width, m->channels};
    const int64_t flat[2] = {job->batch, (int64_t)m->channels * m->height * m->width};
    bool last = m->spec.preprocess.layout == ASSAY_LAYOUT_NHWC || port->rank == 3;
    job->image = assay_onnx_find(job->graph, port->name);
    if (job->image == NULL) {
        return assay_fail(err, ASSAY_EINTERNAL, "the model has lost its input");
    }
    return assay_onnx_pin(job->image, port->rank, port->rank == 2 ? flat : last ? nhwc : nchw, err);
}

/* The logits [batch, classes] of a classifier; what closed them is gone. */
static assay_status find_logits(assay_onnx_value **out, assay_cut_job *job, assay_error *err)
{
    assay_onnx_build b = {.graph = job->graph, .err = err};
    const assay_model_spec *spec = &job->model->spec;
    const int64_t shape[2] = {job->batch, spec->classes};
    assay_onnx_value *scores =
        spec->output != NULL ? assay_onnx_find(job->graph, spec->output) : job->graph->outputs[0];
    if (assay_model_is_detector(job->model) || spec->scores == ASSAY_SCORES_LABELS) {
        return assay_fail(err, ASSAY_EINVAL, "%s gives no class scores; the head %s is for those",
                          job->q->model, job->q->head);
    }
    *out = scores;
    if (spec->scores == ASSAY_SCORES_PROBABILITIES) {
        ASSAY_TRY(assay_onnx_strip_activation(out, &job->stripped, job->graph, scores, false, err));
    }
    if (!assay_onnx_is_static(*out) || assay_onnx_count(*out) != shape[0] * shape[1]) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "the shape of output \"%.200s\" depends on the data", scores->name);
    }
    *out = onnx_reshape(&b, onnx_cast(&b, *out, ASSAY_ONNX_FLOAT), 2, shape);
    if (spec->scores == ASSAY_SCORES_PROBABILITIES && job->stripped == NULL) {
        *out = onnx_1(&b, "Log",
                      onnx_2(&b, "Max", *out, onnx_real(&b, ASSAY_ONNX_FLOAT, 1.1754944e-38)));
    }
    return b.status;
}

static assay_status classifier_head(assay_onnx_value **out, assay_cut_job *job, int32_t head,
                                    assay_error *err)
{
    assay_onnx_value *logits = NULL;
    assay_onnx_value *label = NULL;
    assay_onnx_value *other = NULL;
    assay_onnx_loss kind = (assay_onnx_loss)(head + 1);
    int64_t least = kind == ASSAY_ONNX_LOSS_DLR_TARGETED ? 4 : kind == ASSAY_ONNX_LOSS_DLR ? 3 : 2;
    ASSAY_TRY(find_logits(&logits, job, err));
    if (job->model->spec.classes < least) {
        return assay_fail(err, ASSAY_EINVAL, "%s needs %" PRId64 " classes, the model has %d",
                          job->q->head, least, job->model->spec.classes);
    }
    ASSAY_TRY(
        assay_onnx_add_input(&label, job->graph, "label", ASSAY_ONNX_INT64, 1, &job->batch, err));
    if (kind == ASSAY_ONNX_LOSS_LOGIT_DIFFERENCE || kind == ASSAY_ONNX_LOSS_DLR_TARGETED) {
        ASSAY_TRY(assay_onnx_add_input(&other, job->graph, "other", ASSAY_ONNX_INT64, 1,
                                       &job->batch, err));
    }
    return assay_onnx_add_loss(out, job->graph, kind, logits, label, other, err);
}

static assay_status put_head(assay_cut_job *job, int32_t head, assay_error *err)
{
    assay_onnx_value *end = NULL;
    ASSAY_TRY(pin_image(job, err));
    ASSAY_TRY(assay_onnx_upgrade(job->graph, err));
    if (head < ASSAY_CUT_LOSSES) {
        ASSAY_TRY(classifier_head(&end, job, head, err));
    } else {
        ASSAY_TRY(assay_cut_detector(&end, job, head - ASSAY_CUT_LOSSES, err));
    }
    job->ends[0] = end;
    job->n_ends = 1;
    if (job->q->gradient) {
        const assay_onnx_gradient_request request = {
            .outputs = &end, .n_outputs = 1, .wanted = &job->image, .n_wanted = 1};
        ASSAY_TRY(assay_onnx_gradient(&job->ends[1], NULL, job->graph, &request, err));
        job->n_ends = 2;
        ASSAY_TRY(assay_cut_name(&job->ends[1], job->graph, "gradient", err));
    }
    return assay_cut_name(&job->ends[0], job->graph,
                          head < ASSAY_CUT_LOSSES ? "loss"
                          : head == VERDICT       ? "verdict"
                                                  : "objective",
                          err);
}

static assay_onnx_value *find(const assay_onnx_graph *graph, const char *name)
{
    assay_onnx_value *value = assay_onnx_find(graph, name);
    for (int32_t i = 0; value == NULL && i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        value = strcmp(node->name, name) == 0 && node->n_out > 0 ? node->out[0] : NULL;
    }
    return value;
}

/* Other outputs, and those without what closes them. */
static assay_status put_outputs(assay_cut_job *job, assay_error *err)
{
    const assay_cut_request *q = job->q;
    int32_t n = q->n_outputs > 0 ? (int32_t)q->n_outputs : job->graph->n_outputs;
    assay_onnx_value **list =
        assay_arena_alloc(job->arena, (size_t)n + 1, sizeof(assay_onnx_value *));
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_onnx_upgrade(job->graph, err));
    for (int32_t i = 0; i < n; i++) {
        list[i] = q->n_outputs > 0 ? find(job->graph, q->outputs[i]) : job->graph->outputs[i];
        if (list[i] == NULL || list[i]->constant != NULL) {
            return assay_fail(err, ASSAY_EINVAL, "the model has no value or node \"%s\" to end at",
                              q->outputs[i]);
        }
        if (q->strip) {
            const char *op = NULL;
            ASSAY_TRY(assay_onnx_strip_activation(&list[i], &op, job->graph, list[i], true, err));
            job->stripped = op != NULL ? op : job->stripped;
        }
    }
    return assay_onnx_set_outputs(job->graph, list, n, err);
}

/* The verdict's classes, and how images become its input. */
static assay_status write_description(const assay_cut_job *job, assay_error *err)
{
    const assay_model_spec *spec = &job->model->spec;
    assay_buffer text;
    assay_json json;
    const char *name = strrchr(job->q->out, '/');
    const char *path =
        assay_arena_printf(job->arena, "%.*s.yaml", (int)strlen(job->q->out) - 5, job->q->out);
    if (path == NULL) {
        return assay_fail_memory(err);
    }
    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, "file: ");
    assay_json_init(&json, &text, 0);
    assay_json_text(&json, name != NULL ? name + 1 : job->q->out);
    assay_buffer_puts(&text, "\nclasses: ");
    assay_json_init(&json, &text, 0);
    assay_json_begin_array(&json);
    assay_json_text(&json, "nothing");
    for (int32_t c = 0; c < spec->classes; c++) {
        assay_json_text(&json, spec->class_names[c]);
    }
    assay_json_end_array(&json);
    assay_buffer_puts(&text, "\ninput: ");
    assay_status status = assay_preprocess_declaration(&text, &spec->preprocess, err);
    assay_buffer_puts(&text, "\noutput: {scores: logits}\n");
    if (status == ASSAY_OK) {
        status = assay_file_write(path, text.data, text.size, err);
    }
    assay_buffer_dispose(&text);
    return status;
}

static assay_status describe_ports(assay_buffer *out, const char *what,
                                   assay_onnx_value *const *ports, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        assay_buffer_printf(out, "%s \"%s\": [", what, ports[i]->name);
        for (int32_t d = 0; d < ports[i]->rank; d++) {
            assay_buffer_printf(out, ports[i]->shape[d] < 0 ? "%sN" : "%s%" PRId64,
                                d > 0 ? ", " : "", ports[i]->shape[d]);
        }
        assay_buffer_puts(out, "]\n");
    }
    return ASSAY_OK;
}

static assay_status save(char **text_out, const assay_cut_job *job, int32_t head, assay_error *err)
{
    assay_buffer packed;
    assay_buffer text;
    assay_buffer_init(&packed, (size_t)2 << 30);
    assay_buffer_init(&text, 0);
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_onnx_write(&packed, job->graph, err), done);
    ASSAY_GOTO(assay_file_write(job->q->out, packed.data, packed.size, err), done);
    if (head == VERDICT) {
        ASSAY_GOTO(write_description(job, err), done);
    }
    assay_buffer_printf(&text, "%s\n", job->q->out);
    ASSAY_GOTO(describe_ports(&text, "input ", job->graph->inputs, job->graph->n_inputs), done);
    ASSAY_GOTO(describe_ports(&text, "output", job->graph->outputs, job->graph->n_outputs), done);
    if (job->stripped != NULL) {
        assay_buffer_printf(&text, "without the closing %s\n", job->stripped);
    } else if (job->q->strip) {
        assay_buffer_puts(&text,
                          "no Softmax, LogSoftmax or Sigmoid closed it: nothing was taken away\n");
    }
    status = assay_text_take(text_out, &text, err);
done:
    assay_buffer_dispose(&text);
    assay_buffer_dispose(&packed);
    return status;
}

static assay_status check(const assay_cut_request *q, int32_t head, assay_error *err)
{
    bool onnx = assay_text_ends_nocase(q->out, ".onnx");
    if (!onnx || strcmp(q->out, q->model) == 0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s: the new model must be another file ending in .onnx", q->out);
    }
    if (head < 0 && q->n_outputs == 0 && !q->strip) {
        return assay_fail(err, ASSAY_EINVAL,
                          "what shall be cut? name outputs (--output), --strip or a head (--head)");
    }
    if (head >= 0 && (q->n_outputs > 0 || q->strip)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "a head goes on the model's own scores: leave --output and --strip out");
    }
    if (q->gradient && head < 0) {
        return assay_fail(err, ASSAY_EINVAL, "the gradient is that of a head: name one (--head)");
    }
    if (q->class_name != NULL && (head < 0 || strcmp(q->head, "mislabel") != 0)) {
        return assay_fail(err, ASSAY_EINVAL, "a class is for the head mislabel only");
    }
    if (!(q->threshold >= 0.0) || q->threshold >= 1.0 || q->batch < 0 || q->batch > 65536) {
        return assay_fail(err, ASSAY_EINVAL, "threshold must lie between 0 and 1, batch above 0");
    }
    return ASSAY_OK;
}

assay_status assay_model_cut(char **text, const assay_cut_request *request, assay_error *err)
{
    assay_onnx_source source = {0};
    int32_t head = NOTHING_AT_ALL;
    *text = NULL;
    if (request->struct_size != sizeof *request || request->model == NULL || request->out == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "assay_cut_request is incomplete");
    }
    ASSAY_TRY(head_number(&head, request->head, err));
    ASSAY_TRY(check(request, head, err));
    assay_cut_job job = {.q = request,
                         .threshold = request->threshold > 0.0 ? request->threshold : 0.25,
                         .batch = request->batch > 0 ? request->batch : 1};
    const char *path = request->model;
    assay_status status = assay_arena_new(&job.arena, (size_t)1 << 30, err);
    if (status != ASSAY_OK) {
        return status;
    }
    bool described = !assay_text_ends_nocase(path, ".onnx");
    if (head >= 0 || described) {
        ASSAY_GOTO(assay_model_open_file(&job.model, path, path, job.arena, err), done);
        path = job.model->spec.path;
    }
    if (path == NULL) {
        status = assay_fail(err, ASSAY_EUNSUPPORTED, "%s: a command has no graph to cut",
                            request->model);
        goto done;
    }
    ASSAY_GOTO(assay_onnx_source_open(&source, path, err), done);
    job.graph = source.graph;
    if (head >= 0) {
        ASSAY_GOTO(put_head(&job, head, err), done);
        ASSAY_GOTO(assay_onnx_set_outputs(job.graph, job.ends, job.n_ends, err), done);
    } else {
        ASSAY_GOTO(put_outputs(&job, err), done);
    }
    assay_onnx_prune(job.graph);
    status = save(text, &job, head, err);
done:
    assay_onnx_source_close(&source);
    assay_model_free(job.model);
    assay_arena_free(job.arena);
    return status;
}
