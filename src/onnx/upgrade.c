#include "onnx/upgrade.h"

#include <inttypes.h>
#include <string.h>

#include "onnx/build.h"
#include "onnx/infer.h"

/* Attributes that became inputs. */
static const struct moved {
    const char *op, *attribute;
    int32_t input;
    int64_t since;
} moved[] = {
    {"ReduceSum", "axes", 1, 13},
    {"Squeeze", "axes", 1, 13},
    {"Unsqueeze", "axes", 1, 13},
    {"Split", "split", 1, 13},
    {"Slice", "starts", 1, 10},
    {"Slice", "ends", 2, 10},
    {"Slice", "axes", 3, 10},
    {"Pad", "pads", 1, 11},
    {"Pad", "value", 2, 11},
    {"TopK", "k", 1, 10},
    {"Clip", "min", 1, 11},
    {"Clip", "max", 2, 11},
    {"ReduceL1", "axes", 1, 18},
    {"ReduceL2", "axes", 1, 18},
    {"ReduceLogSum", "axes", 1, 18},
    {"ReduceLogSumExp", "axes", 1, 18},
    {"ReduceMax", "axes", 1, 18},
    {"ReduceMean", "axes", 1, 18},
    {"ReduceMin", "axes", 1, 18},
    {"ReduceProd", "axes", 1, 18},
    {"ReduceSumSquare", "axes", 1, 18},
    {"Upsample", "scales", 1, 9},
};

static void set_input(assay_onnx_build *b, assay_onnx_node *node, int32_t at, assay_onnx_value *x)
{
    if (b->status != ASSAY_OK) {
        return;
    }
    if (at >= node->n_in) {
        assay_onnx_value **grown =
            assay_arena_alloc(b->graph->arena, (size_t)at + 1, sizeof(assay_onnx_value *));
        if (grown == NULL) {
            b->status = assay_fail_memory(b->err);
            return;
        }
        memcpy(grown, node->in, (size_t)node->n_in * sizeof *grown);
        node->in = grown;
        node->n_in = at + 1;
    }
    node->in[at] = x;
}

static void drop_attribute(assay_onnx_node *node, const char *name)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < node->n_attributes; i++) {
        if (strcmp(node->attributes[i].name, name) != 0) {
            node->attributes[kept++] = node->attributes[i];
        }
    }
    node->n_attributes = kept;
}

static void add_attribute(assay_onnx_build *b, assay_onnx_node *node, assay_onnx_attribute added)
{
    size_t n = (size_t)node->n_attributes;
    assay_onnx_attribute *grown = assay_arena_alloc(b->graph->arena, n + 1, sizeof *grown);
    if (grown == NULL) {
        b->status = assay_fail_memory(b->err);
        return;
    }
    if (n > 0) {
        memcpy(grown, node->attributes, n * sizeof *grown);
    }
    grown[n] = added;
    node->attributes = grown;
    node->n_attributes++;
}

static assay_onnx_value *as_value(assay_onnx_build *b, const assay_onnx_node *node,
                                  const assay_onnx_attribute *from)
{
    double reals[ASSAY_ONNX_RANK] = {0};
    int64_t n = (int64_t)from->n;
    const assay_onnx_value *x = assay_onnx_in(node, 0);
    int32_t type = x != NULL && assay_onnx_type_is_float(x->type) ? x->type : ASSAY_ONNX_FLOAT;
    switch (from->type) {
    case ASSAY_ONNX_A_INTS:
        return onnx_list(b, from->ints, n);
    case ASSAY_ONNX_A_INT:
        return onnx_one_int(b, from->i);
    case ASSAY_ONNX_A_FLOAT:
        return onnx_real(b, type, (double)from->f);
    default:
        for (int64_t i = 0; i < n && i < ASSAY_ONNX_RANK; i++) {
            reals[i] = (double)from->floats[i];
        }
        n = n < ASSAY_ONNX_RANK ? n : ASSAY_ONNX_RANK;
        return onnx_reals(b, ASSAY_ONNX_FLOAT, reals, 1, &n);
    }
}

static void move_attributes(assay_onnx_build *b, assay_onnx_node *node, int64_t opset)
{
    for (size_t i = 0; i < ASSAY_COUNT(moved); i++) {
        const assay_onnx_attribute *found =
            assay_onnx_is(node, moved[i].op) && opset < moved[i].since
                ? assay_onnx_attribute_find(node, moved[i].attribute)
                : NULL;
        if (found != NULL) {
            set_input(b, node, moved[i].input, as_value(b, node, found));
            drop_attribute(node, moved[i].attribute);
        }
    }
}

/* Up to opset 12 Softmax and its like flattened everything from the axis on. */
static void flat_softmax(assay_onnx_build *b, assay_onnx_node *node)
{
    assay_onnx_value *x = node->in[0];
    int64_t axis = assay_onnx_attribute_int(node, "axis", 1);
    drop_attribute(node, "axis");
    axis = axis < 0 && x->rank >= 0 ? axis + x->rank : axis;
    if (x->rank >= 0 && axis == x->rank - 1) {
        add_attribute(b, node, ONNX_INT("axis", -1));
        return;
    }
    const assay_onnx_attribute from = ONNX_INT("axis", axis);
    assay_onnx_value *flat = onnx_emit(b, "Flatten", 1, &x, 1, &from, 1);
    const assay_onnx_attribute last = ONNX_INT("axis", -1);
    assay_onnx_value *y = onnx_emit(b, node->op, 1, &flat, 1, &last, 1);
    assay_onnx_value *shape = onnx_1(b, "Shape", x);
    node->op = "Reshape";
    set_input(b, node, 0, y);
    set_input(b, node, 1, shape);
}

static void old_resize(assay_onnx_build *b, assay_onnx_node *node)
{
    assay_onnx_value *scales = assay_onnx_in(node, 1);
    node->op = "Resize";
    set_input(b, node, 1, NULL);
    set_input(b, node, 2, scales);
    add_attribute(b, node, ONNX_TEXT("coordinate_transformation_mode", "asymmetric"));
    add_attribute(b, node, ONNX_TEXT("nearest_mode", "floor"));
}

static void upgrade_node(assay_onnx_build *b, assay_onnx_node *node, int64_t opset)
{
    bool softmax = assay_onnx_is(node, "Softmax") || assay_onnx_is(node, "LogSoftmax") ||
                   assay_onnx_is(node, "Hardmax");
    move_attributes(b, node, opset);
    if (softmax && opset < 13 && assay_onnx_in(node, 0) != NULL) {
        flat_softmax(b, node);
    } else if (assay_onnx_is(node, "Upsample") || (assay_onnx_is(node, "Resize") && opset < 11)) {
        old_resize(b, node);
    } else if (assay_onnx_is(node, "Scatter")) {
        node->op = "ScatterElements";
    } else if (assay_onnx_is(node, "Dropout") && opset < 12 && assay_onnx_out(node, 1) == NULL) {
        node->op = "Identity";
        node->n_attributes = 0;
        node->n_in = node->n_out = 1;
    } else if (assay_onnx_is(node, "Split") && assay_onnx_in(node, 1) == NULL && opset < 18) {
        add_attribute(b, node, ONNX_INT("num_outputs", node->n_out));
    } else if (assay_onnx_is(node, "BatchNormalization") && opset < 14) {
        if (assay_onnx_attribute_int(node, "spatial", 1) == 0) {
            onnx_fail(b, ASSAY_EUNSUPPORTED, "node %s normalises per position (spatial 0)",
                      assay_onnx_node_text(b->graph, node));
        }
        drop_attribute(node, "spatial");
    }
    if (assay_onnx_is(node, "Resize")) {
        /* An empty list of scales was how sizes were announced. */
        const assay_onnx_value *scales = assay_onnx_in(node, 2);
        if (scales != NULL && assay_onnx_count(scales) == 0) {
            node->in[2] = NULL;
        }
    }
}

assay_status assay_onnx_upgrade(assay_onnx_graph *graph, assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    int64_t opset = graph->opset;
    assay_onnx_node **old = graph->nodes;
    int32_t n = graph->n_nodes;
    if (opset < ASSAY_ONNX_OPSET_LEAST || opset > ASSAY_ONNX_OPSET_MOST) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "the model uses opset %" PRId64 "; 7 to 23 are understood", opset);
    }
    graph->nodes = NULL;
    graph->n_nodes = graph->nodes_capacity = 0;
    for (int32_t i = 0; i < n && b.status == ASSAY_OK; i++) {
        assay_onnx_node *slot = NULL;
        upgrade_node(&b, old[i], opset);
        if (b.status == ASSAY_OK) {
            b.status = assay_onnx_node_add(&slot, graph, old[i]->op, 0, 0, err);
        }
        if (b.status == ASSAY_OK) {
            graph->nodes[graph->n_nodes - 1] = old[i];
            b.status = assay_onnx_infer_node(graph, old[i], err);
        }
    }
    graph->opset = opset > ASSAY_ONNX_OPSET_COMMON ? opset : ASSAY_ONNX_OPSET_COMMON;
    return b.status;
}
