#include "onnx/scan.h"

#include <stdbool.h>
#include <string.h>

/* Field numbers from onnx.proto (ONNX 1.16). */
enum {
    MODEL_GRAPH = 7,
    MODEL_FUNCTIONS = 25,
    GRAPH_SPARSE_INITIALIZER = 15,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    MOST_DEPTH = 64
};

typedef enum node_kind {
    OTHER,
    MODEL,
    GRAPH,
    FUNCTION,
    NODE,
    ATTRIBUTE,
    TENSOR,
    SPARSE,
    ENTRY,
    TRAINING,
    VALUE,
    TYPE,
    SEQUENCE,
    MAP
} node_kind;

/* Which message a field holds; OTHER is skipped. */
static node_kind child_of(node_kind parent, uint64_t field)
{
    static const struct {
        node_kind parent;
        uint64_t field;
        node_kind child;
    } fields[] = {
        {MODEL, MODEL_GRAPH, GRAPH},
        {MODEL, MODEL_FUNCTIONS, FUNCTION},
        {MODEL, 20, TRAINING},
        {TRAINING, 1, GRAPH},
        {TRAINING, 2, GRAPH},
        {GRAPH, 1, NODE},
        {GRAPH, 5, TENSOR},
        {GRAPH, GRAPH_SPARSE_INITIALIZER, SPARSE},
        {GRAPH, 11, VALUE},
        {GRAPH, 12, VALUE},
        {GRAPH, 13, VALUE},
        {FUNCTION, 7, NODE},
        {FUNCTION, 11, ATTRIBUTE},
        {FUNCTION, 12, VALUE},
        {NODE, 5, ATTRIBUTE},
        {ATTRIBUTE, 5, TENSOR},
        {ATTRIBUTE, 6, GRAPH},
        {ATTRIBUTE, 10, TENSOR},
        {ATTRIBUTE, 11, GRAPH},
        {ATTRIBUTE, 14, TYPE},
        {ATTRIBUTE, 15, TYPE},
        {ATTRIBUTE, 22, SPARSE},
        {ATTRIBUTE, 23, SPARSE},
        {SPARSE, 1, TENSOR},
        {SPARSE, 2, TENSOR},
        {TENSOR, 13, ENTRY},
        {VALUE, 2, TYPE},
        {TYPE, 4, SEQUENCE},
        {TYPE, 5, MAP},
        {TYPE, 9, SEQUENCE},
        {SEQUENCE, 1, TYPE},
        {MAP, 2, TYPE},
    };
    for (size_t i = 0; i < ASSAY_COUNT(fields); i++) {
        if (fields[i].parent == parent && fields[i].field == field) {
            return fields[i].child;
        }
    }
    return OTHER;
}

typedef struct scan {
    assay_onnx_location_fn fn;
    void *payload;
} scan;

typedef struct span {
    const uint8_t *at, *end;
} span;

static assay_status cut_short(assay_error *err)
{
    return assay_fail(err, ASSAY_EFORMAT,
                      "the file is cut short or damaged: a part of it should go on beyond its end");
}

static assay_status read_varint(uint64_t *out, span *in, assay_error *err)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            return ASSAY_OK;
        }
    }
    return cut_short(err);
}

/* One field: its number, and its bytes when it is length-delimited (body->at NULL otherwise). */
static assay_status read_field(uint64_t *field, span *body, span *in, assay_error *err)
{
    uint64_t tag = 0;
    uint64_t length = 0;
    *body = (span){NULL, NULL};
    ASSAY_TRY(read_varint(&tag, in, err));
    *field = tag >> 3;
    switch (tag & 7) {
    case 0:
        return read_varint(&length, in, err);
    case 1:
        length = 8;
        break;
    case 2:
        ASSAY_TRY(read_varint(&length, in, err));
        break;
    case 5:
        length = 4;
        break;
    default:
        return assay_fail(err, ASSAY_EFORMAT, "this is not an ONNX file, or it is damaged");
    }
    if (*field == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "this is not an ONNX file, or it is damaged");
    }
    if (length > (uint64_t)(in->end - in->at)) {
        return cut_short(err);
    }
    if ((tag & 7) == 2) {
        *body = (span){in->at, in->at + length};
    }
    in->at += length;
    return ASSAY_OK;
}

static assay_status scan_entry(const scan *self, span in, assay_error *err)
{
    span key = {NULL, NULL};
    span value = {NULL, NULL};
    while (in.at < in.end) {
        uint64_t field = 0;
        span body;
        ASSAY_TRY(read_field(&field, &body, &in, err));
        if (field == ENTRY_KEY) {
            key = body;
        } else if (field == ENTRY_VALUE) {
            value = body;
        }
    }
    if (key.at == NULL || value.at == NULL || key.end - key.at != 8 ||
        memcmp(key.at, "location", 8) != 0) {
        return ASSAY_OK;
    }
    return self->fn(self->payload, (const char *)value.at, (size_t)(value.end - value.at), err);
}

static assay_status scan_message(const scan *self, node_kind kind, span in, int depth,
                                 assay_error *err)
{
    if (depth > MOST_DEPTH) {
        return assay_fail(err, ASSAY_ELIMIT, "its graphs are nested more than %d deep",
                          (int)MOST_DEPTH);
    }
    while (in.at < in.end) {
        uint64_t field = 0;
        span body;
        ASSAY_TRY(read_field(&field, &body, &in, err));
        node_kind child = body.at != NULL ? child_of(kind, field) : OTHER;
        if (child == ENTRY) {
            ASSAY_TRY(scan_entry(self, body, err));
        } else if (child != OTHER) {
            ASSAY_TRY(scan_message(self, child, body, depth + 1, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_onnx_scan(const uint8_t *bytes, size_t size, assay_onnx_location_fn fn,
                             void *payload, assay_error *err)
{
    scan self = {fn, payload};
    span all = {bytes, bytes + size};
    span rest = all;
    bool graph = false;
    while (rest.at < rest.end) {
        uint64_t field = 0;
        span body;
        ASSAY_TRY(read_field(&field, &body, &rest, err));
        graph = graph || (field == MODEL_GRAPH && body.at != NULL);
    }
    if (!graph) {
        return assay_fail(err, ASSAY_EFORMAT, "this is not an ONNX file: it holds no graph");
    }
    return scan_message(&self, MODEL, all, 0, err);
}
