#include "adapters/onnxruntime/onnx_gradient.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/onnxruntime/onnx_source.h"
#include "adapters/onnxruntime/ort_blocked.h"
#include "adapters/onnxruntime/ort_layout.h"
#include "adapters/onnxruntime/ort_picture.h"
#include "adapters/onnxruntime/ort_pool.h"
#include "adapters/onnxruntime/ort_session.h"
#include "base/alloc.h"
#include "core/attack.h"
#include "onnx/build.h"
#include "onnx/gradient.h"
#include "onnx/head.h"
#include "onnx/infer.h"
#include "onnx/upgrade.h"

enum {
    KINDS = ASSAY_LOSS_DLR_TARGETED + 1,
    MOST_IN = 3,
    OUT = 2,
    SIZES = 2,
    PART = 4,
    FEW_ROWS = 16,
    MANY_ROWS = 64,
    NEAR = 1 << 20, /* bytes of values that stay near the processor */
    SMALL_FILE = 4 << 20
};

typedef struct built {
    assay_ort_session session;
    bool ready;
    int32_t users;       /* runs under way */
    int64_t asked;       /* when it was last asked for, in calls */
    assay_status failed; /* building it failed: the same answer again */
    char message[1016];
    const char *in[MOST_IN], *out[OUT]; /* gradient, logits; in the arena */
    int n_in;
    int64_t batch;
} built;

struct assay_onnx_gradients {
    assay_model *model;
    assay_arena *arena; /* owned; of names */
    int32_t output;
    int64_t shape[4];
    pthread_mutex_t lock; /* guards building and closing */
    pthread_cond_t idle;  /* a run has ended */
    int32_t most, open;   /* sessions that may be, and are, open; most 0 = all */
    bool whole;           /* whole batches only */
    int64_t calls;
    /* Graphs have fixed sizes, so each is one of its own. Where the model leaves the batch open, a
     * batch goes through in parts of at most `rows`, whose maps of features stay near the processor,
     * and what is left of an attack in parts of a quarter of that. */
    int64_t rows;
    built kinds[KINDS][SIZES];
};

/* Small models read their weights for more images at once, if all that they compute stays near. */
static int64_t near_rows(assay_onnx_gradients *self)
{
    assay_onnx_memory memory;
    struct stat file;
    if (stat(self->model->spec.path, &file) != 0 || file.st_size > SMALL_FILE) {
        return FEW_ROWS;
    }
    self->rows = MANY_ROWS;
    return assay_onnx_gradients_weigh(&memory, self, MANY_ROWS, NULL) == ASSAY_OK && memory.known &&
                   memory.values <= NEAR
               ? MANY_ROWS
               : FEW_ROWS;
}

assay_status assay_onnx_gradients_new(assay_onnx_gradients **out, assay_model *model,
                                      int32_t output, const int64_t *shape, assay_error *err)
{
    assay_onnx_gradients *self = assay_alloc(1, sizeof *self);
    *out = NULL;
    if (self == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_arena_new(&self->arena, (size_t)1 << 20, err);
    if (status != ASSAY_OK) {
        assay_free(self);
        return status;
    }
    self->model = model;
    self->output = output;
    for (int32_t d = 0; d < model->inputs[model->input].rank && d < 4; d++) {
        self->shape[d] = shape[d];
    }
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->idle, NULL);
    self->rows = near_rows(self);
    *out = self;
    return ASSAY_OK;
}

static void close_all(assay_onnx_gradients *self)
{
    for (int k = 0; k < KINDS * SIZES; k++) {
        built *each = &self->kinds[k / SIZES][k % SIZES];
        if (each->ready) {
            assay_ort_session_close(&each->session);
            each->ready = false;
        }
    }
    self->open = 0;
}

void assay_onnx_gradients_free(assay_onnx_gradients *self)
{
    if (self == NULL) {
        return;
    }
    close_all(self);
    pthread_cond_destroy(&self->idle);
    pthread_mutex_destroy(&self->lock);
    assay_arena_free(self->arena);
    assay_free(self);
}

static bool names_other(assay_loss_kind kind)
{
    return kind == ASSAY_LOSS_LOGIT_DIFFERENCE || kind == ASSAY_LOSS_DLR_TARGETED;
}

/* The logits [n, classes] in float32: the scores where they are logits; what a closing softmax gets;
 * else the logarithm of the probabilities, whose softmax they are. */
static assay_status find_logits(assay_onnx_value **out, const assay_onnx_gradients *self,
                                assay_onnx_graph *graph, assay_onnx_value *scores, int64_t batch,
                                assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    const assay_model_spec *spec = &self->model->spec;
    const int64_t shape[2] = {batch, spec->classes};
    const char *stripped = NULL;
    *out = scores;
    if (spec->scores == ASSAY_SCORES_PROBABILITIES) {
        ASSAY_TRY(assay_onnx_strip_activation(out, &stripped, graph, scores, false, err));
    }
    if (!assay_onnx_is_static(*out)) {
        return assay_onnx_gradient_refuse(graph, *out, err);
    }
    if (assay_onnx_count(*out) != shape[0] * shape[1]) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "the shape of output \"%.200s\" depends on the data", scores->name);
    }
    *out = onnx_reshape(&b, onnx_cast(&b, *out, ASSAY_ONNX_FLOAT), 2, shape);
    if (spec->scores == ASSAY_SCORES_PROBABILITIES && stripped == NULL) {
        *out = onnx_1(&b, "Log",
                      onnx_2(&b, "Max", *out, onnx_real(&b, ASSAY_ONNX_FLOAT, 1.1754944e-38)));
    }
    return b.status;
}

static assay_status add_gradient(assay_onnx_value *ports[OUT], built *to,
                                 const assay_onnx_gradients *self, assay_onnx_graph *graph,
                                 assay_loss_kind kind, assay_error *err)
{
    const assay_model *model = self->model;
    const assay_port *port = &model->inputs[model->input];
    assay_onnx_value *x = assay_onnx_find(graph, port->name);
    assay_onnx_value *scores = assay_onnx_find(graph, model->outputs[self->output].name);
    assay_onnx_value *label = NULL;
    assay_onnx_value *other = NULL;
    assay_onnx_value *loss = NULL;
    const int64_t n = to->batch;
    int64_t shape[4];
    memcpy(shape, self->shape, sizeof shape);
    shape[0] = n;
    if (x == NULL || scores == NULL) {
        return assay_fail(err, ASSAY_EINTERNAL, "the model has lost its input or output");
    }
    ASSAY_TRY(assay_onnx_pin(x, port->rank, shape, err));
    ASSAY_TRY(assay_onnx_upgrade(graph, err));
    ASSAY_TRY(find_logits(&ports[1], self, graph, scores, n, err));
    ASSAY_TRY(assay_onnx_add_input(&label, graph, NULL, ASSAY_ONNX_INT64, 1, &n, err));
    if (names_other(kind)) {
        ASSAY_TRY(assay_onnx_add_input(&other, graph, NULL, ASSAY_ONNX_INT64, 1, &n, err));
    }
    ASSAY_TRY(
        assay_onnx_add_loss(&loss, graph, (assay_onnx_loss)kind, ports[1], label, other, err));
    const assay_onnx_gradient_request request = {
        .outputs = &loss, .n_outputs = 1, .wanted = &x, .n_wanted = 1};
    ASSAY_TRY(assay_onnx_gradient(&ports[0], NULL, graph, &request, err));
    assay_onnx_build b = {.graph = graph, .err = err};
    ports[0] = onnx_cast(&b, ports[0], ASSAY_ONNX_FLOAT);
    to->in[to->n_in++] = x->name;
    to->in[to->n_in++] = label->name;
    if (other != NULL) {
        to->in[to->n_in++] = other->name;
    }
    return b.status;
}

/* The same every time, as graphs are built alike: kept once. */
static assay_status keep_names(built *to, assay_onnx_gradients *self,
                               assay_onnx_value *const ports[OUT], const char *const in[MOST_IN],
                               assay_error *err)
{
    for (int i = 0; i < to->n_in; i++) {
        to->in[i] = in[i] != NULL ? in[i] : assay_arena_strdup(self->arena, to->in[i]);
        if (to->in[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    for (int i = 0; i < OUT; i++) {
        to->out[i] =
            to->out[i] != NULL ? to->out[i] : assay_arena_strdup(self->arena, ports[i]->name);
        if (to->out[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

static assay_status make_graph(assay_onnx_value *ports[OUT], built *to, assay_onnx_source *source,
                               const assay_onnx_gradients *self, assay_loss_kind kind,
                               assay_error *err)
{
    to->n_in = 0;
    ASSAY_TRY(add_gradient(ports, to, self, source->graph, kind, err));
    ASSAY_TRY(assay_onnx_set_outputs(source->graph, ports, OUT, err));
    assay_onnx_prune(source->graph);
    ASSAY_TRY(assay_ort_pool_replace(source->graph, err));
    ASSAY_TRY(assay_ort_picture_replace(source->graph, err));
    return assay_ort_interleave_replace(source->graph, err);
}

static assay_status build(built *to, assay_onnx_gradients *self, assay_loss_kind kind,
                          assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_onnx_source source;
    assay_onnx_value *ports[OUT] = {NULL};
    const char *in[MOST_IN];
    memcpy(in, to->in, sizeof in);
    ASSAY_TRY(assay_onnx_source_open(&source, self->model->spec.path, err));
    ASSAY_GOTO(make_graph(ports, to, &source, self, kind, err), done);
    ASSAY_GOTO(keep_names(to, self, ports, in, err), done);
    status = assay_ort_blocked_open(&to->session, NULL, source.graph, err);
    to->ready = status == ASSAY_OK;
done:
    if (status == ASSAY_EUNSUPPORTED) {
        assay_error_prefix(err, "no gradients");
    }
    assay_onnx_source_close(&source);
    return status;
}

/* Of a batch, what goes through at a time. */
static int64_t whole_rows(const assay_onnx_gradients *self, int64_t batch)
{
    return assay_model_batch_is_open(self->model) && batch > self->rows ? self->rows : batch;
}

assay_status assay_onnx_gradients_weigh(assay_onnx_memory *out, const assay_onnx_gradients *self,
                                        int64_t batch, assay_error *err)
{
    assay_onnx_source source;
    assay_onnx_value *ports[OUT] = {NULL};
    built unused = {.batch = whole_rows(self, batch)};
    *out = (assay_onnx_memory){0};
    ASSAY_TRY(assay_onnx_source_open(&source, self->model->spec.path, err));
    assay_status status = make_graph(ports, &unused, &source, self, ASSAY_LOSS_CROSS_ENTROPY, err);
    if (status == ASSAY_OK) {
        status = assay_onnx_memory_of(out, source.graph, err);
    }
    assay_onnx_source_close(&source);
    return status;
}

void assay_onnx_gradients_limit(assay_onnx_gradients *self, int32_t most, bool whole)
{
    close_all(self); /* they have the batch of before */
    self->most = most;
    self->whole = whole;
}

/* The session that was asked for longest ago, of those that nobody uses. */
static built *find_idle(assay_onnx_gradients *self)
{
    built *found = NULL;
    for (int k = 0; k < KINDS * SIZES; k++) {
        built *each = &self->kinds[k / SIZES][k % SIZES];
        if (each->ready && each->users == 0 && (found == NULL || each->asked < found->asked)) {
            found = each;
        }
    }
    return found;
}

/* Room for one more session, waiting for runs under way if need be; the lock is held. */
static void make_room(assay_onnx_gradients *self)
{
    while (self->most > 0 && self->open >= self->most) {
        built *idle = find_idle(self);
        if (idle == NULL) {
            pthread_cond_wait(&self->idle, &self->lock);
            continue;
        }
        assay_ort_session_close(&idle->session);
        idle->ready = false;
        self->open--;
    }
}

static void open_built(built *found, assay_onnx_gradients *self, assay_loss_kind kind)
{
    assay_error own = {0};
    make_room(self);
    if (found->ready) {
        return; /* another one opened it while this one waited */
    }
    found->failed = build(found, self, kind, &own);
    memcpy(found->message, own.message, sizeof found->message);
    self->open += found->ready;
    if (self->open > atomic_load(&self->model->gradient_sessions)) {
        atomic_store(&self->model->gradient_sessions, self->open);
    }
}

static assay_status get(built **out, assay_onnx_gradients *self, assay_loss_kind kind, int64_t rows,
                        assay_error *err)
{
    const assay_model *model = self->model;
    int64_t whole = whole_rows(self, model->spec.batch);
    int64_t part = whole / PART;
    /* Two rows at least: a product with one is summed in another order, and bits would differ. */
    bool small =
        !self->whole && assay_model_batch_is_open(model) && part >= 2 && rows <= (PART - 1) * part;
    built *found = &self->kinds[kind][small ? 1 : 0];
    assay_status status = ASSAY_OK;
    pthread_mutex_lock(&self->lock);
    if (!found->ready && found->failed == ASSAY_OK) {
        found->batch = small ? part : whole;
        open_built(found, self, kind);
    }
    found->asked = ++self->calls;
    found->users += found->ready;
    status = found->ready ? ASSAY_OK : assay_fail(err, found->failed, "%s", found->message);
    pthread_mutex_unlock(&self->lock);
    *out = found;
    return status;
}

static void give_back(assay_onnx_gradients *self, built *used)
{
    pthread_mutex_lock(&self->lock);
    used->users--;
    pthread_cond_broadcast(&self->idle);
    pthread_mutex_unlock(&self->lock);
}

static assay_status tensor(OrtValue **out, const built *from, const void *data, size_t bytes,
                           const int64_t *shape, size_t rank, ONNXTensorElementDataType element,
                           assay_error *err)
{
    const assay_ort_session *session = &from->session;
    void *mutable = NULL;
    /* The interface wants a mutable pointer but only reads inputs. */
    memcpy(&mutable, &data, sizeof mutable);
    return assay_ort_check(&session->ort,
                           session->ort.api->CreateTensorWithDataAsOrtValue(
                               session->memory, mutable, bytes, shape, rank, element, out),
                           ASSAY_EBACKEND, err);
}

/* Rows of a batch: `n` that are wanted, after `skip` that went before. */
typedef struct part {
    int64_t at, skip, n;
} part;

static assay_status copy_out(float *out, const built *from, OrtValue *value, const part *rows,
                             size_t width, assay_error *err)
{
    float *data = NULL;
    if (out == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_ort_check(&from->session.ort,
                              from->session.ort.api->GetTensorMutableData(value, (void **)&data),
                              ASSAY_EBACKEND, err));
    memcpy(out + (size_t)(rows->at + rows->skip) * width, data + (size_t)rows->skip * width,
           (size_t)rows->n * width * sizeof *out);
    return ASSAY_OK;
}

/* Few ask for them, so that the graph need not say them. */
static assay_status find_losses(float *out, const assay_onnx_gradients *self, const built *from,
                                OrtValue *logits, const assay_loss *what, const part *rows,
                                assay_error *err)
{
    float *data = NULL;
    const int32_t classes = self->model->spec.classes;
    ASSAY_TRY(assay_ort_check(&from->session.ort,
                              from->session.ort.api->GetTensorMutableData(logits, (void **)&data),
                              ASSAY_EBACKEND, err));
    for (int64_t i = rows->skip; i < rows->skip + rows->n; i++) {
        int64_t row = rows->at + i;
        out[row] =
            (float)assay_loss_value(what->kind, data + i * classes, classes, what->label[row],
                                    what->other != NULL ? what->other[row] : 0);
    }
    return ASSAY_OK;
}

typedef struct call {
    OrtValue *in[MOST_IN], *out[OUT];
    int64_t *labels; /* batch of the label, then of the other */
} call;

static assay_status fill_call(call *c, const assay_onnx_gradients *self, const built *from,
                              const assay_model_batch *batch, const assay_loss *what,
                              const part *rows, assay_error *err)
{
    const assay_model *model = self->model;
    const assay_port *port = &model->inputs[model->input];
    const int64_t n = from->batch;
    size_t bytes = assay_dtype_size(port->type);
    int64_t shape[4];
    memcpy(shape, self->shape, sizeof shape);
    shape[0] = n;
    for (int32_t d = 1; d < port->rank; d++) {
        bytes *= (size_t)shape[d];
    }
    c->labels = assay_alloc((size_t)n * 2, sizeof *c->labels);
    if (c->labels == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < rows->skip + rows->n; i++) {
        c->labels[i] = what->label[rows->at + i];
        c->labels[n + i] = what->other != NULL ? what->other[rows->at + i] : 0;
    }
    const uint8_t *first = (const uint8_t *)batch->tensor + (size_t)rows->at * bytes;
    ASSAY_TRY(tensor(&c->in[0], from, first, (size_t)n * bytes, shape, (size_t)port->rank,
                     assay_ort_element(port->type), err));
    for (int i = 1; i < from->n_in; i++) {
        ASSAY_TRY(tensor(&c->in[i], from, c->labels + (i - 1) * n, (size_t)n * sizeof(int64_t), &n,
                         1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, err));
    }
    return ASSAY_OK;
}

typedef struct answers {
    float *gradient, *loss, *logits; /* of the whole batch; NULL = not asked for */
} answers;

static assay_status run_part(const answers *to, const assay_onnx_gradients *self, const built *from,
                             const assay_model_batch *batch, const assay_loss *what,
                             const part *rows, assay_error *err)
{
    assay_status status = ASSAY_OK;
    call c = {.labels = NULL};
    const assay_model *model = self->model;
    const OrtApi *api = from->session.ort.api;
    size_t size = (size_t)model->channels * (size_t)model->height * (size_t)model->width;
    bool direct = to->gradient != NULL && rows->skip == 0 && rows->n == from->batch;
    ASSAY_GOTO(fill_call(&c, self, from, batch, what, rows, err), done);
    if (direct) { /* a whole part is written where it is wanted */
        int64_t shape[4];
        memcpy(shape, self->shape, sizeof shape);
        shape[0] = from->batch;
        ASSAY_GOTO(tensor(&c.out[0], from, to->gradient + (size_t)rows->at * size,
                          (size_t)from->batch * size * sizeof(float), shape,
                          (size_t)model->inputs[model->input].rank,
                          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, err),
                   done);
    }
    ASSAY_GOTO(assay_ort_check(&from->session.ort,
                               api->Run(from->session.session, NULL, from->in,
                                        (const OrtValue *const *)c.in, (size_t)from->n_in,
                                        from->out, OUT, c.out),
                               ASSAY_EBACKEND, err),
               done);
    if (!direct) {
        ASSAY_GOTO(copy_out(to->gradient, from, c.out[0], rows, size, err), done);
    }
    status = copy_out(to->logits, from, c.out[1], rows, (size_t)model->spec.classes, err);
    if (status == ASSAY_OK && to->loss != NULL) {
        status = find_losses(to->loss, self, from, c.out[1], what, rows, err);
    }
done:
    for (int i = 0; i < MOST_IN; i++) {
        api->ReleaseValue(c.in[i]);
    }
    for (int i = 0; i < OUT; i++) {
        api->ReleaseValue(c.out[i]);
    }
    assay_free(c.labels);
    return status;
}

assay_status assay_onnx_gradients_run(assay_onnx_gradients *self, float *gradient, float *loss,
                                      float *logits, const assay_model_batch *batch,
                                      const assay_loss *what, assay_error *err)
{
    const answers to = {gradient, loss, logits};
    const assay_model *model = self->model;
    if (model->spec.scores == ASSAY_SCORES_LABELS) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "no gradients: the model gives labels, not scores");
    }
    if (assay_model_is_detector(model)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "no gradients: these losses are of classes, and the model is a detector");
    }
    for (int64_t first = 0; first < batch->n;) {
        built *from = NULL;
        ASSAY_TRY(get(&from, self, what->kind, batch->n - first, err));
        /* A tensor has room for a whole batch: the last part begins where it still fits in. */
        int64_t last = model->spec.batch - from->batch;
        part rows = {.at = first < last ? first : last};
        rows.skip = first - rows.at;
        rows.n = from->batch - rows.skip;
        rows.n = rows.n < batch->n - first ? rows.n : batch->n - first;
        assay_status status = run_part(&to, self, from, batch, what, &rows, err);
        give_back(self, from);
        ASSAY_TRY(status);
        first += rows.n;
    }
    return ASSAY_OK;
}
