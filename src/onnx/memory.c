#include "onnx/memory.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked_int.h"

/* A value of more is none that anybody runs: sums stay far from overflowing. */
static const int64_t most_bytes = (int64_t)1 << 40;

/* One room for values that share it. */
typedef struct room {
    int64_t bytes;
    int32_t last;  /* node that reads it last */
    bool constant; /* does not depend on an input: made before anything runs */
} room;

typedef struct lives {
    assay_onnx_graph *graph;
    room *rooms; /* one for each value; aliases use that of the first */
    room *next;  /* not given away yet */
    bool known;
} lives;

static bool is_alias(const assay_onnx_node *node)
{
    static const char *const ops[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"};
    for (size_t i = 0; i < ASSAY_COUNT(ops); i++) {
        if (assay_onnx_is(node, ops[i])) {
            return true;
        }
    }
    return false;
}

static room *new_room(lives *l, const assay_onnx_value *value, bool constant)
{
    int64_t count = assay_onnx_count(value);
    size_t size = assay_onnx_type_size(value->type);
    room *made = l->next++;
    *made = (room){.last = -1, .constant = constant};
    bool sized = value->constant != NULL
                     ? assay_i64_mul(&made->bytes, value->constant->count,
                                     (int64_t)assay_onnx_type_size(value->constant->type))
                     : count >= 0 && size > 0 && assay_i64_mul(&made->bytes, count, (int64_t)size);
    made->bytes = sized && made->bytes <= most_bytes ? made->bytes : 0;
    l->known = l->known && sized && (count <= 0 || made->bytes > 0);
    return made;
}

static void settle(lives *l)
{
    assay_onnx_graph *g = l->graph;
    for (int32_t i = 0; i < g->n_values; i++) {
        assay_onnx_value *value = g->values[i];
        bool source = value->initialiser || value->input;
        value->pass = source ? new_room(l, value, value->initialiser) : NULL;
    }
    for (int32_t k = 0; k < g->n_nodes; k++) {
        const assay_onnx_node *node = g->nodes[k];
        bool constant = !node->subgraphs;
        for (int32_t i = 0; i < node->n_in; i++) {
            const room *from = node->in[i] != NULL ? node->in[i]->pass : NULL;
            constant = constant && (node->in[i] == NULL || (from != NULL && from->constant));
        }
        for (int32_t o = 0; o < node->n_out; o++) {
            assay_onnx_value *out = node->out[o];
            room *shared = o == 0 && is_alias(node) && node->n_in > 0 && node->in[0] != NULL
                               ? node->in[0]->pass
                               : NULL;
            if (out != NULL) {
                out->pass =
                    shared != NULL ? shared : new_room(l, out, constant || out->constant != NULL);
            }
        }
    }
}

/* The last reader of each room: what no node reads at run time is not kept. */
static void find_ends(lives *l)
{
    const assay_onnx_graph *g = l->graph;
    for (int32_t k = 0; k < g->n_nodes; k++) {
        const assay_onnx_node *node = g->nodes[k];
        const room *made = node->n_out > 0 && node->out[0] != NULL ? node->out[0]->pass : NULL;
        bool beforehand = made != NULL && made->constant;
        for (int32_t i = 0; i < node->n_in; i++) {
            room *from = node->in[i] != NULL ? node->in[i]->pass : NULL;
            if (from != NULL && !beforehand) {
                from->last = k;
            }
        }
        for (int32_t i = 0; i < node->n_captures; i++) {
            room *from = node->captures[i]->pass;
            if (from != NULL) {
                from->last = k;
            }
        }
    }
    for (int32_t i = 0; i < g->n_inputs; i++) {
        room *in = g->inputs[i]->pass;
        in->last = in->constant ? in->last : g->n_nodes; /* the caller holds it */
    }
    for (int32_t i = 0; i < g->n_outputs; i++) {
        room *out = g->outputs[i]->pass;
        if (out != NULL) {
            out->last = g->n_nodes;
        }
    }
}

/* Walk through the nodes: ends[k] is what node k is the last to read. */
static int64_t walk(const lives *l, int64_t *ends)
{
    const assay_onnx_graph *g = l->graph;
    int64_t now = 0;
    int64_t most = 0;
    for (int32_t i = 0; i < g->n_inputs; i++) {
        const room *in = g->inputs[i]->pass;
        now += in->constant ? 0 : in->bytes;
    }
    for (int32_t k = 0; k < g->n_nodes; k++) {
        const assay_onnx_node *node = g->nodes[k];
        for (int32_t o = 0; o < node->n_out; o++) {
            const room *out = node->out[o] != NULL ? node->out[o]->pass : NULL;
            bool own = out != NULL && !out->constant && (o > 0 || !is_alias(node));
            now += own ? out->bytes : 0;
            ends[own && out->last > k ? out->last : k] += own ? out->bytes : 0;
        }
        most = now > most ? now : most;
        now -= ends[k];
    }
    return most;
}

assay_status assay_onnx_memory_of(assay_onnx_memory *out, assay_onnx_graph *graph, assay_error *err)
{
    lives l = {.graph = graph, .known = true};
    *out = (assay_onnx_memory){0};
    int64_t *ends = assay_alloc((size_t)graph->n_nodes + 1, sizeof *ends);
    l.rooms = assay_alloc((size_t)graph->n_values + 1, sizeof *l.rooms);
    assay_status status = ends == NULL || l.rooms == NULL ? assay_fail_memory(err) : ASSAY_OK;
    if (status == ASSAY_OK) {
        l.next = l.rooms;
        settle(&l);
        find_ends(&l);
        out->known = l.known;
    }
    for (int32_t i = 0; status == ASSAY_OK && l.known && i < graph->n_values; i++) {
        const assay_onnx_value *value = graph->values[i];
        out->file += value->initialiser ? ((const room *)value->pass)->bytes : 0;
    }
    for (const room *r = l.rooms; status == ASSAY_OK && l.known && r < l.next; r++) {
        out->weights += r->constant && r->last >= 0 ? r->bytes : 0;
    }
    if (status == ASSAY_OK && l.known) {
        out->values = walk(&l, ends);
    }
    for (int32_t i = 0; i < graph->n_values; i++) {
        graph->values[i]->pass = NULL;
    }
    assay_free(l.rooms);
    assay_free(ends);
    return status;
}
