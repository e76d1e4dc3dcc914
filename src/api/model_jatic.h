/** @file model_jatic.h  model-metadata.json of JATIC_ONNX v1. Inside src/api only. */
#ifndef ASSAY_API_MODEL_JATIC_H
#define ASSAY_API_MODEL_JATIC_H

#include "core/model.h"

/**
 * Fill the spec from the metadata (MAITE interoperability, JATIC_ONNX v1): one input "image", values
 * 0 to 1, resized when height and width are fixed; classification gives "scores", probabilities;
 * detection "boxes", fractions of the image, and "scores" of every class, of which "background" as
 * class 0 is left out. Nothing is filtered: the confidence floor is 0, duplicates stay. Class names
 * are those of index2label. Texts live in the arena.
 */
ASSAY_NODISCARD assay_status assay_jatic_spec(assay_model_spec *spec, const char *text, size_t size,
                                              const char *path, assay_arena *arena,
                                              assay_error *err);

#endif
