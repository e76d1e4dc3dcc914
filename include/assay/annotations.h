/** @file annotations.h  Annotations and detections: what is wrong with them, one format into another. */
#ifndef ASSAY_ANNOTATIONS_H
#define ASSAY_ANNOTATIONS_H

#include "assay/context.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where annotations are and how they are read. Zero fields take the defaults in brackets. */
typedef struct assay_annotation_source {
    const char *path;           /**< file or folder; required */
    const char *format;         /**< "coco", "yolo", "voc", "labelme", "visdrone", "dota", "table"
                                     [told from the content] */
    const char *images;         /**< folder of the images [looked for] */
    const char *split;          /**< of a data.yaml [val, else test, else train] */
    const char *voc_corners;    /**< "edges" [default] or "pixels" */
    const char *const *columns; /**< NULL-terminated "image=COLUMN", ... of tables [by name] */
} assay_annotation_source;

typedef struct assay_validate_request {
    size_t struct_size; /**< sizeof(assay_validate_request) */
    assay_annotation_source source;
    const char *predictions;        /**< detections for these annotations, checked too [none] */
    const char *predictions_format; /**< [told from the content] */
} assay_validate_request;

/** What is wrong, doubtful or remarkable about annotations and, if they are given, detections for
 *  them, with the first places of each and what evaluation does with
 *  it. *worst: 0 nothing, 1 notes, 2 warnings, 3 errors, with which evaluation refuses the set. A set
 *  that cannot be read at all is a failure of this function. Texts: either may be NULL; freed with
 *  assay_text_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_validate(int32_t *worst, char **json, char **text,
                                                      assay_context *context,
                                                      const assay_validate_request *request,
                                                      assay_error *err);

typedef struct assay_convert_request {
    size_t struct_size; /**< sizeof(assay_convert_request) */
    assay_annotation_source source;
    const char *truth;        /**< annotations that the source's detections are for [the source is
                                   annotations itself] */
    const char *truth_format; /**< [told from the content] */
    const char *to;           /**< format: as above, "yolo-pose" (with keypoints), "csv" or
                                   "parquet" [by the name of out] */
    const char *out;          /**< file (COCO, tables) or new folder; required */
} assay_convert_request;

/** Write the set in another format, whole or not at all. What the format cannot carry is counted and
 *  said in the texts. */
ASSAY_API ASSAY_NODISCARD assay_status assay_convert(char **json, char **text,
                                                     assay_context *context,
                                                     const assay_convert_request *request,
                                                     assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
