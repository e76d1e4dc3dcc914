/** @file annotations_source.h  A public source as options for the readers. Inside src/api only. */
#ifndef ASSAY_API_ANNOTATIONS_SOURCE_H
#define ASSAY_API_ANNOTATIONS_SOURCE_H

#include "api/annotations.h"
#include "assay/annotations.h"

ASSAY_NODISCARD assay_status assay_annotation_source_options(assay_annotation_options *out,
                                                             const assay_annotation_source *source,
                                                             assay_error *err);

#endif
