/** @file annotations_convert.h  What the parts of `assay convert` share. Inside src/api only. */
#ifndef ASSAY_API_ANNOTATIONS_CONVERT_H
#define ASSAY_API_ANNOTATIONS_CONVERT_H

#include "api/annotations_source.h"
#include "codec/annotation_write.h"

typedef struct assay_conversion {
    assay_context *context;
    assay_arena *arena;
    int to;    /* an assay_annotation_format */
    bool pose; /* YOLO with keypoints */
    const assay_coco_truth *truth;
    assay_annotation_notes notes;
    assay_annotation_view view;
    assay_annotation_losses losses;
    int64_t files;
    const char *images; /* where the written set expects its images; NULL = nowhere */
    bool linked;        /* and a link to them is there */
    bool each;          /* a link to every image instead of one to their folder */
} assay_conversion;

/** CSV or Parquet, one row per object; images without objects have a row without box. */
ASSAY_NODISCARD assay_status assay_conversion_write_table(assay_conversion *conversion,
                                                          const char *path, bool parquet,
                                                          assay_error *err);
ASSAY_NODISCARD assay_status assay_conversion_json(char **out, const assay_conversion *conversion,
                                                   const assay_convert_request *request,
                                                   assay_error *err);
ASSAY_NODISCARD assay_status assay_conversion_text(char **out, const assay_conversion *conversion,
                                                   const assay_convert_request *request,
                                                   assay_error *err);

#endif
