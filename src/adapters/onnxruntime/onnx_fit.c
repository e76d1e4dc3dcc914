#include "adapters/onnxruntime/onnx_fit.h"

#include <string.h>

#include "adapters/onnxruntime/onnx_source.h"
#include "base/alloc.h"
#include "onnx/head.h"
#include "onnx/upgrade.h"

/* What the runtime takes beside what must live, in percent, measured on ResNets, MobileNetV2, ViT: gaps in
 * its arena and copies in the layout of its kernels; weights kept beside what was computed of them; while
 * a model is unpacked, the file's bytes, their records and their values. */
enum { OF_VALUES = 200, OF_WEIGHTS = 150, OF_FILE = 450, LEAST_SESSION = 2 << 20 };
enum { ALL_SESSIONS = 12, PERCENT = 100 };

typedef struct weight {
    assay_onnx_memory forward, gradient; /* the latter all 0 where it is not asked for */
} weight;

static assay_status weigh_forward(assay_onnx_memory *out, const assay_model *model, int32_t output,
                                  const int64_t *shape, assay_error *err)
{
    const assay_port *port = &model->inputs[model->input];
    assay_onnx_source source;
    *out = (assay_onnx_memory){0};
    ASSAY_TRY(assay_onnx_source_open(&source, model->spec.path, err));
    assay_onnx_value *x = assay_onnx_find(source.graph, port->name);
    assay_onnx_value *y = assay_onnx_find(source.graph, model->outputs[output].name);
    assay_status status = ASSAY_OK;
    if (x == NULL || y == NULL) {
        status = assay_fail(err, ASSAY_EINTERNAL, "the model has lost its input or output");
        goto done;
    }
    ASSAY_GOTO(assay_onnx_pin(x, port->rank, shape, err), done);
    ASSAY_GOTO(assay_onnx_upgrade(source.graph, err), done);
    if (!assay_model_is_detector(model)) {
        ASSAY_GOTO(assay_onnx_set_outputs(source.graph, &y, 1, err), done);
    }
    assay_onnx_prune(source.graph);
    status = assay_onnx_memory_of(out, source.graph, err);
done:
    assay_onnx_source_close(&source);
    return status;
}

static int64_t percent(int64_t bytes, int64_t of)
{
    return bytes / PERCENT * of;
}

/* What a batch takes; how many sessions for gradients still have room beside it, 0 = it does not fit. */
static int64_t sessions_with(assay_model_fit *fit, const weight *w, const assay_model_room *room)
{
    int64_t values =
        w->forward.values > w->gradient.values ? w->forward.values : w->gradient.values;
    fit->run = percent(values, OF_VALUES) * room->workers;
    fit->session = percent(w->gradient.weights, OF_WEIGHTS);
    fit->opening = percent(w->gradient.file, OF_FILE);
    if (!room->gradients) {
        return fit->run <= room->bytes ? ALL_SESSIONS : 0;
    }
    fit->session += LEAST_SESSION;
    int64_t left = room->bytes - fit->run - fit->opening;
    int64_t n = left < 0 ? 0 : left / fit->session;
    return n < ALL_SESSIONS ? n : ALL_SESSIONS;
}

typedef struct search {
    const assay_model *model;
    const assay_onnx_gradients *gradients;
    const assay_model_room *room;
    int32_t output;
    int64_t shape[4];
} search;

static assay_status weigh(weight *out, const search *s, assay_error *err)
{
    *out = (weight){{0}, {0}};
    ASSAY_TRY(weigh_forward(&out->forward, s->model, s->output, s->shape, err));
    if (s->room->gradients) {
        ASSAY_TRY(assay_onnx_gradients_weigh(&out->gradient, s->gradients, s->shape[0], err));
    }
    return ASSAY_OK;
}

/* Halves of the batch down to two rows, until there is room for `wanted` sessions. */
static assay_status halve(assay_model_fit *fit, int64_t *sessions, const search *from,
                          int64_t wanted, assay_error *err)
{
    search s = *from;
    bool open = assay_model_batch_is_open(s.model);
    for (s.shape[0] = s.model->spec.batch;;) {
        weight w;
        ASSAY_TRY(weigh(&w, &s, err));
        fit->known = w.forward.known && (!s.room->gradients || w.gradient.known);
        fit->batch = s.shape[0];
        *sessions = sessions_with(fit, &w, s.room);
        if (!fit->known || *sessions >= wanted || !open || s.shape[0] <= 2) {
            return ASSAY_OK;
        }
        s.shape[0] = s.shape[0] / 2 < 2 ? 2 : s.shape[0] / 2;
    }
}

assay_status assay_onnx_fit(assay_model_fit *out, const assay_model *model,
                            const assay_onnx_gradients *gradients, int32_t output,
                            const int64_t *shape, const assay_model_room *room, assay_error *err)
{
    /* Whole and small batches of two losses; two losses; one after the other. */
    static const int64_t wanted[] = {4, 2, 1};
    search s = {.model = model, .gradients = gradients, .room = room, .output = output};
    int64_t sessions = 0;
    memcpy(s.shape, shape, sizeof s.shape);
    for (size_t i = 0; i < ASSAY_COUNT(wanted); i++) {
        ASSAY_TRY(halve(out, &sessions, &s, wanted[i], err));
        if (!out->known || sessions >= wanted[i]) {
            break;
        }
    }
    out->fits = !out->known || sessions > 0;
    out->batch = out->known ? out->batch : model->spec.batch;
    out->sessions = !room->gradients || !out->known || sessions == ALL_SESSIONS ? 0
                    : sessions > 0                                              ? (int32_t)sessions
                                                                                : 1;
    return ASSAY_OK;
}
