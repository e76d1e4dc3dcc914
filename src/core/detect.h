/**
 * @file detect.h
 * A detector over a dataset, optionally through a perturbation: fixed batches, each read, perturbed,
 * prepared, run, decoded, freed of duplicates and brought back to the images' own pixels by one
 * worker. Finished batches are handed to a store at once.
 */
#ifndef ASSAY_CORE_DETECT_H
#define ASSAY_CORE_DETECT_H

#include "core/detections.h"
#include "core/predict.h"

/**
 * From the raw outputs of one image to its final boxes: decode, drop what is not above the confidence
 * floor, remove duplicates, keep the best, map back to the image. NaN or infinite numbers from the
 * model are ASSAY_EFORMAT.
 */
ASSAY_NODISCARD assay_status assay_detect_image(assay_candidates *out,
                                                const assay_decoder_input *in,
                                                const assay_detector_spec *spec,
                                                const assay_box_map *map, assay_error *err);

/** `options` as for assay_predict. A perturbation that moves pixels gives the boxes as they are in
 *  the perturbed image. */
ASSAY_NODISCARD assay_status assay_detect(assay_detections **out, assay_model *model,
                                          const assay_dataset *dataset,
                                          const assay_predict_options *options, assay_error *err);

/** Canonical JSON object of decoder, suppression and limits: for digests, provenance, the report. */
ASSAY_NODISCARD assay_status assay_detector_json(assay_buffer *out, const assay_detector_spec *spec,
                                                 assay_error *err);

#endif
