/** @file model_cut.h  Putting another end on a model's graph. For src/api only. */
#ifndef ASSAY_API_MODEL_CUT_H
#define ASSAY_API_MODEL_CUT_H

#include "assay/model.h"
#include "core/model.h"
#include "onnx/graph.h"

typedef struct assay_cut_job {
    const assay_cut_request *q;
    assay_arena *arena;
    assay_onnx_graph *graph;
    assay_model *model; /* NULL where nothing has to be known about it */
    double threshold;
    int64_t batch;
    const char *stripped; /* the operator that went, or NULL */
    assay_onnx_value *image;
    assay_onnx_value *ends[2]; /* what the head gives; a gradient */
    int32_t n_ends;
} assay_cut_job;

/** The heads' names, NULL-terminated; those from ASSAY_CUT_DETECTOR on are of detectors. */
extern const char *const assay_cut_heads[];
enum { ASSAY_CUT_LOSSES = 6, ASSAY_CUT_HEADS = 11 };

/** `value` under a name that people can ask for, when it is free. */
ASSAY_NODISCARD assay_status assay_cut_name(assay_onnx_value **value, assay_onnx_graph *graph,
                                            const char *name, assay_error *err);

/** head = index - ASSAY_CUT_LOSSES: verdict, vanish, fabricate, mislabel, shift. */
ASSAY_NODISCARD assay_status assay_cut_detector(assay_onnx_value **out, assay_cut_job *job,
                                                int32_t head, assay_error *err);

#endif
