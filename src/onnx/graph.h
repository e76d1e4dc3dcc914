/**
 * @file graph.h
 * An ONNX graph as a value: what is read, changed, differentiated and written again. Everything
 * belongs to the graph's arena and lives as long as the graph; weights stay where the file's bytes
 * were unpacked and are shared, never copied. Values and nodes are addressed by pointers that stay.
 */
#ifndef ASSAY_ONNX_GRAPH_H
#define ASSAY_ONNX_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text_index.h"

/** Element types: the numbers of onnx.proto's TensorProto.DataType. */
typedef enum assay_onnx_type {
    ASSAY_ONNX_UNKNOWN = 0,
    ASSAY_ONNX_FLOAT = 1,
    ASSAY_ONNX_UINT8 = 2,
    ASSAY_ONNX_INT8 = 3,
    ASSAY_ONNX_UINT16 = 4,
    ASSAY_ONNX_INT16 = 5,
    ASSAY_ONNX_INT32 = 6,
    ASSAY_ONNX_INT64 = 7,
    ASSAY_ONNX_STRING = 8,
    ASSAY_ONNX_BOOL = 9,
    ASSAY_ONNX_FLOAT16 = 10,
    ASSAY_ONNX_DOUBLE = 11,
    ASSAY_ONNX_UINT32 = 12,
    ASSAY_ONNX_UINT64 = 13,
    ASSAY_ONNX_COMPLEX64 = 14,
    ASSAY_ONNX_COMPLEX128 = 15,
    ASSAY_ONNX_BFLOAT16 = 16
} assay_onnx_type;

/** Attribute types: the numbers of onnx.proto's AttributeProto.AttributeType. */
typedef enum assay_onnx_attribute_type {
    ASSAY_ONNX_A_FLOAT = 1,
    ASSAY_ONNX_A_INT = 2,
    ASSAY_ONNX_A_TEXT = 3,
    ASSAY_ONNX_A_TENSOR = 4,
    ASSAY_ONNX_A_GRAPH = 5,
    ASSAY_ONNX_A_FLOATS = 6,
    ASSAY_ONNX_A_INTS = 7
} assay_onnx_attribute_type;

enum {
    ASSAY_ONNX_RANK = 8,        /* most dimensions of a value whose shape is tracked */
    ASSAY_ONNX_OPSET_LEAST = 7, /* what graphs are understood and differentiated in */
    ASSAY_ONNX_OPSET_MOST = 23,
    ASSAY_ONNX_OPSET_COMMON = 18 /* what older graphs are brought to, see upgrade.h */
};

/** A constant: little-endian values in C order. */
typedef struct assay_onnx_data {
    int32_t type; /* assay_onnx_type */
    int32_t rank;
    const int64_t *shape;
    int64_t count;
    const void *bytes; /* NULL for texts and for types that are not understood */
    size_t size;       /* bytes */
    const void *proto; /* the record it came from, NULL = made here */
} assay_onnx_data;

struct assay_onnx_node;

typedef struct assay_onnx_value {
    const char *name;
    int32_t type;                    /* assay_onnx_type; 0 = not known or not a tensor */
    int32_t rank;                    /* -1 = not known */
    int64_t shape[ASSAY_ONNX_RANK];  /* -1 = not known */
    const char *const *symbols;      /* of a port: names of its dimensions; NULL = none */
    const assay_onnx_data *constant; /* of an initialiser, or found by folding; else NULL */
    struct assay_onnx_node *node;    /* where it comes from; NULL = input or initialiser */
    const void *proto;               /* of a port: its declaration */
    bool initialiser, input, output;
    bool blocked; /* while differentiating: see onnx_note_layout */
    int32_t mark; /* scratch of one pass */
    void *pass;   /* the same */
} assay_onnx_value;

typedef struct assay_onnx_attribute {
    const char *name;
    int32_t type; /* assay_onnx_attribute_type, or another one of onnx.proto's */
    int64_t i;
    float f;
    const char *text; /* terminated */
    const int64_t *ints;
    const float *floats;
    size_t n;
    const assay_onnx_data *tensor;
    const void *proto; /* the record it came from, NULL = made here */
} assay_onnx_attribute;

typedef struct assay_onnx_node {
    const char *op, *domain, *name; /* domain "" = ai.onnx */
    int32_t n_in, n_out, n_attributes, n_captures;
    assay_onnx_value **in, **out; /* NULL = left out */
    assay_onnx_attribute *attributes;
    assay_onnx_value **captures; /* what its sub-graphs take from outside */
    bool subgraphs;
    int32_t mark; /* scratch of one pass */
} assay_onnx_node;

typedef struct assay_onnx_opset {
    const char *domain;
    int64_t version;
} assay_onnx_opset;

typedef struct assay_onnx_entry {
    const char *key, *value;
} assay_onnx_entry;

typedef struct assay_onnx_graph {
    assay_arena *arena; /* owned */
    void *proto;        /* the unpacked file; owned */
    const char *name, *producer, *producer_version, *description;
    int64_t ir_version, opset, model_version;
    assay_onnx_opset *domains; /* other than ai.onnx */
    int32_t n_domains;
    assay_onnx_entry *metadata;
    int32_t n_metadata;
    bool functions;          /* model-local functions: passed through, never looked into */
    assay_onnx_node **nodes; /* in an order in which they can run */
    int32_t n_nodes, nodes_capacity;
    assay_onnx_value **values;
    const char **names; /* of the values, parallel: the index's keys */
    int32_t n_values, values_capacity;
    assay_text_index *index; /* owned */
    assay_onnx_value **inputs, **outputs;
    int32_t n_inputs, n_outputs;
    int64_t counter; /* of the names that are made up */
} assay_onnx_graph;

/** Bytes of a file beside the model that holds weights; they must live as long as the graph. */
typedef assay_status (*assay_onnx_external_fn)(void *payload, const uint8_t **bytes, size_t *size,
                                               const char *location, assay_error *err);

/**
 * Unpack a model. `external` may be NULL: then weights kept elsewhere are refused. A graph whose
 * nodes are not in order, or that uses a name nobody defines or twice, is ASSAY_EFORMAT naming it.
 */
ASSAY_NODISCARD assay_status assay_onnx_read(assay_onnx_graph **out, const uint8_t *bytes,
                                             size_t size, assay_onnx_external_fn external,
                                             void *payload, assay_error *err);

/** A tensor on its own (onnx.proto's TensorProto, as in files called *.pb), copied into the arena. */
ASSAY_NODISCARD assay_status assay_onnx_read_data(const assay_onnx_data **out,
                                                  assay_onnx_graph *graph, const uint8_t *bytes,
                                                  size_t size, assay_error *err);

/** Pack it again, weights inside; more than 2 GiB, which protobuf cannot hold, is ASSAY_ELIMIT. */
ASSAY_NODISCARD assay_status assay_onnx_write(assay_buffer *out, const assay_onnx_graph *graph,
                                              assay_error *err);

void assay_onnx_graph_free(assay_onnx_graph *graph);

/** A graph of nothing, for reading and for tests. */
ASSAY_NODISCARD assay_status assay_onnx_graph_new(assay_onnx_graph **out, assay_error *err);

/** The value of that name; NULL when there is none. */
assay_onnx_value *assay_onnx_find(const assay_onnx_graph *graph, const char *name);

/** A new value, type and shape not known; the name (copied) must be new: ASSAY_EFORMAT otherwise.
 *  NULL makes one up. */
ASSAY_NODISCARD assay_status assay_onnx_value_add(assay_onnx_value **out, assay_onnx_graph *graph,
                                                  const char *name, assay_error *err);

/** A new node at the end, with room for inputs and outputs that the caller fills in. */
ASSAY_NODISCARD assay_status assay_onnx_node_add(assay_onnx_node **out, assay_onnx_graph *graph,
                                                 const char *op, int32_t n_in, int32_t n_out,
                                                 assay_error *err);

/** NULL when the node has none of that name. */
const assay_onnx_attribute *assay_onnx_attribute_find(const assay_onnx_node *node,
                                                      const char *name);
int64_t assay_onnx_attribute_int(const assay_onnx_node *node, const char *name, int64_t otherwise);
float assay_onnx_attribute_float(const assay_onnx_node *node, const char *name, float otherwise);
const char *assay_onnx_attribute_text(const assay_onnx_node *node, const char *name,
                                      const char *otherwise);
/** Number of elements; 0 and *out NULL when it has none of that name. */
size_t assay_onnx_attribute_ints(const int64_t **out, const assay_onnx_node *node,
                                 const char *name);

/** True for an operator of ai.onnx of that name. */
bool assay_onnx_is(const assay_onnx_node *node, const char *op);

/** NULL beyond the end and for inputs that are left out. */
assay_onnx_value *assay_onnx_in(const assay_onnx_node *node, int32_t i);
assay_onnx_value *assay_onnx_out(const assay_onnx_node *node, int32_t i);

/** "Conv \"backbone.0\"", as messages name a node; in the graph's arena, never NULL. */
const char *assay_onnx_node_text(const assay_onnx_graph *graph, const assay_onnx_node *node);

/** Bytes of one element; 0 for texts and types that are not known. */
size_t assay_onnx_type_size(int32_t type);
/** "float32"; "?" when not known. */
const char *assay_onnx_type_name(int32_t type);
bool assay_onnx_type_is_float(int32_t type);
/** Number of elements; -1 when the shape is not wholly known or the product overflows. */
int64_t assay_onnx_count(const assay_onnx_value *value);
bool assay_onnx_is_static(const assay_onnx_value *value);

/** Whole numbers of a constant of up to `most` elements; the number of them, -1 when the value is
 *  NULL, not constant, not of whole numbers or longer. */
int64_t assay_onnx_constant_ints(int64_t *out, int64_t most, const assay_onnx_value *value);

/** Remove nodes from which no output is reached, and initialisers nobody uses. */
void assay_onnx_prune(assay_onnx_graph *graph);

#endif
