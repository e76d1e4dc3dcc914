#include "onnx/head.h"

#include <inttypes.h>
#include <string.h>

#include "onnx/build.h"

assay_status assay_onnx_pin(assay_onnx_value *input, int32_t rank, const int64_t *shape,
                            assay_error *err)
{
    if (input->rank >= 0 && input->rank != rank) {
        return assay_fail(err, ASSAY_EFORMAT, "input \"%.200s\" has %d dimensions, not %d",
                          input->name, input->rank, rank);
    }
    for (int32_t d = 0; d < rank; d++) {
        if (input->rank >= 0 && input->shape[d] >= 0 && input->shape[d] != shape[d]) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "dimension %d of input \"%.200s\" is %" PRId64 ", not %" PRId64, d,
                              input->name, input->shape[d], shape[d]);
        }
    }
    for (int32_t d = 0; d < rank; d++) {
        input->shape[d] = shape[d];
    }
    input->rank = rank;
    return ASSAY_OK;
}

assay_status assay_onnx_set_outputs(assay_onnx_graph *graph, assay_onnx_value *const *values,
                                    int32_t n, assay_error *err)
{
    assay_onnx_value **list =
        assay_arena_alloc(graph->arena, (size_t)n + 1, sizeof(assay_onnx_value *));
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < graph->n_outputs; i++) {
        graph->outputs[i]->output = false;
    }
    for (int32_t i = 0; i < n; i++) {
        list[i] = values[i];
        list[i]->output = true;
    }
    graph->outputs = list;
    graph->n_outputs = n;
    return ASSAY_OK;
}

assay_status assay_onnx_add_input(assay_onnx_value **out, assay_onnx_graph *graph, const char *name,
                                  int32_t type, int32_t rank, const int64_t *shape,
                                  assay_error *err)
{
    size_t n = (size_t)graph->n_inputs;
    assay_onnx_value **list = assay_arena_alloc(graph->arena, n + 1, sizeof(assay_onnx_value *));
    *out = NULL;
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_onnx_value_add(&list[n], graph, name, err));
    if (n > 0) {
        memcpy(list, graph->inputs, n * sizeof(assay_onnx_value *));
    }
    *out = list[n];
    (*out)->type = type;
    (*out)->input = true;
    (*out)->rank = rank;
    for (int32_t d = 0; d < rank; d++) {
        (*out)->shape[d] = shape[d];
    }
    graph->inputs = list;
    graph->n_inputs++;
    return ASSAY_OK;
}

static bool only_reshapes(const assay_onnx_node *node)
{
    return assay_onnx_is(node, "Identity") || assay_onnx_is(node, "Reshape") ||
           assay_onnx_is(node, "Flatten") || assay_onnx_is(node, "Squeeze") ||
           assay_onnx_is(node, "Unsqueeze") || assay_onnx_is(node, "Dropout") ||
           (assay_onnx_is(node, "Cast") && assay_onnx_type_is_float(node->in[0]->type) &&
            assay_onnx_type_is_float(node->out[0]->type));
}

/* Over the classes: the last axis, or the only one besides the first that is longer than 1. */
static bool over_classes(const assay_onnx_node *node)
{
    const assay_onnx_value *x = node->in[0];
    int64_t axis = assay_onnx_attribute_int(node, "axis", -1);
    axis = axis < 0 && x->rank >= 0 ? axis + x->rank : axis;
    if (x->rank < 1 || axis < 1) {
        return x->rank == 1 && axis == 0;
    }
    for (int32_t d = 1; d < x->rank; d++) {
        if (d != axis && x->shape[d] != 1) {
            return false;
        }
    }
    return true;
}

assay_status assay_onnx_strip_activation(assay_onnx_value **out, const char **stripped,
                                         assay_onnx_graph *graph, assay_onnx_value *output,
                                         bool sigmoid, assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    assay_onnx_value *at = output;
    *out = output;
    *stripped = NULL;
    while (at->node != NULL && at->node->out[0] == at && only_reshapes(at->node)) {
        at = at->node->in[0];
    }
    const assay_onnx_node *end = at->node;
    bool soft = assay_onnx_is(end, "Softmax") || assay_onnx_is(end, "LogSoftmax");
    if (!(soft && over_classes(end)) && !(sigmoid && assay_onnx_is(end, "Sigmoid"))) {
        return ASSAY_OK;
    }
    *stripped = end->op;
    assay_onnx_value *raw = onnx_cast(&b, end->in[0], output->type);
    if (at == output) {
        *out = raw;
        return b.status;
    }
    if (!assay_onnx_is_static(output)) {
        raw = onnx_2(&b, "Reshape", raw, onnx_1(&b, "Shape", output));
    } else {
        raw = onnx_reshape_like(&b, raw, output);
    }
    *out = raw;
    return b.status;
}

typedef struct head {
    assay_onnx_build b;
    assay_onnx_value *z, *label, *other;
    int64_t classes;
} head;

/* One where the class is the datum's label: bool [n, classes]. */
static assay_onnx_value *is_class(head *h, assay_onnx_value *label)
{
    assay_onnx_build *b = &h->b;
    const int64_t column[2] = {h->z->shape[0], 1};
    const int64_t row[2] = {1, h->classes};
    int64_t *classes = assay_arena_alloc(b->graph->arena, (size_t)h->classes, sizeof *classes);
    for (int64_t c = 0; classes != NULL && c < h->classes; c++) {
        classes[c] = c;
    }
    if (classes == NULL) {
        b->status = assay_fail_memory(b->err);
        return NULL;
    }
    return onnx_2(b, "Equal", onnx_reshape(b, label, 2, column), onnx_whole(b, classes, 2, row));
}

/* z of the label: [n] */
static assay_onnx_value *pick(head *h, assay_onnx_value *z, assay_onnx_value *label)
{
    const int64_t axis = 1;
    return onnx_sum(&h->b, onnx_keep(&h->b, is_class(h, label), z), &axis, 1, false);
}

/* The k greatest, descending: [n, k] */
static assay_onnx_value *greatest(head *h, assay_onnx_value *z, int64_t k)
{
    assay_onnx_value *in[2] = {z, onnx_one_int(&h->b, k)};
    const assay_onnx_attribute axis = ONNX_INT("axis", 1);
    return onnx_emit(&h->b, "TopK", 2, in, 1, &axis, 2);
}

static assay_onnx_value *column(head *h, assay_onnx_value *top, int64_t k)
{
    const int64_t n = h->z->shape[0];
    return onnx_reshape(&h->b, onnx_slice(&h->b, top, 1, k, k + 1, 1), 1, &n);
}

/* The greatest of the other classes: [n]. Below everything that float32 holds stands for -inf, which
 * has no gradient problem. */
static assay_onnx_value *best_other(head *h)
{
    assay_onnx_build *b = &h->b;
    double floor_ = h->z->type == ASSAY_ONNX_FLOAT16 ? -65504.0 : -3.0e38;
    assay_onnx_value *rest =
        onnx_3(b, "Where", is_class(h, h->label), onnx_real(b, h->z->type, floor_), h->z);
    return column(h, greatest(h, rest, 1), 0);
}

static assay_onnx_value *dlr(head *h, bool targeted)
{
    assay_onnx_build *b = &h->b;
    assay_onnx_value *top = greatest(h, h->z, targeted ? 4 : 3);
    assay_onnx_value *low = column(h, top, 2);
    if (targeted) {
        low = onnx_scale(b, onnx_2(b, "Add", low, column(h, top, 3)), 0.5);
    }
    assay_onnx_value *spread = onnx_shift(b, onnx_2(b, "Sub", column(h, top, 0), low), 1e-12);
    assay_onnx_value *rival = targeted ? pick(h, h->z, h->other) : best_other(h);
    assay_onnx_value *lead = onnx_2(b, "Sub", rival, pick(h, h->z, h->label));
    return onnx_2(b, "Div", lead, spread);
}

assay_status assay_onnx_add_loss(assay_onnx_value **out, assay_onnx_graph *graph,
                                 assay_onnx_loss kind, assay_onnx_value *logits,
                                 assay_onnx_value *label, assay_onnx_value *other, assay_error *err)
{
    head h = {.b = {.graph = graph, .err = err}, .z = logits, .label = label, .other = other};
    const assay_onnx_attribute axis = ONNX_INT("axis", -1);
    *out = NULL;
    if (!assay_onnx_is_static(logits) || logits->rank != 2 || logits->shape[1] < 1) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "\"%.200s\" is not one row of scores per datum",
                          logits->name);
    }
    h.classes = logits->shape[1];
    switch (kind) {
    case ASSAY_ONNX_LOSS_CROSS_ENTROPY:
        *out = pick(&h, onnx_emit(&h.b, "LogSoftmax", 1, &logits, 1, &axis, 1), label);
        *out = onnx_1(&h.b, "Neg", *out);
        break;
    case ASSAY_ONNX_LOSS_MARGIN:
        *out = onnx_2(&h.b, "Sub", best_other(&h), pick(&h, logits, label));
        break;
    case ASSAY_ONNX_LOSS_LOGIT:
        *out = pick(&h, logits, label);
        break;
    case ASSAY_ONNX_LOSS_LOGIT_DIFFERENCE:
        *out = onnx_2(&h.b, "Sub", pick(&h, logits, other), pick(&h, logits, label));
        break;
    case ASSAY_ONNX_LOSS_DLR:
    case ASSAY_ONNX_LOSS_DLR_TARGETED:
        *out = dlr(&h, kind == ASSAY_ONNX_LOSS_DLR_TARGETED);
        break;
    }
    return h.b.status;
}
