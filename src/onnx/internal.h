/** @file internal.h  What the files of the ONNX layer share and nobody else needs. */
#ifndef ASSAY_ONNX_INTERNAL_H
#define ASSAY_ONNX_INTERNAL_H

#include "onnx/graph.h"

/** Room for one more element after n; the old array when there is room, NULL when memory is out. */
void *assay_onnx_grow(assay_arena *arena, void *old, int32_t n, int32_t *capacity, size_t size);

/** The unpacked file; NULL is allowed. */
void assay_onnx_proto_free(void *proto);

#endif
