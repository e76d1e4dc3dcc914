/** @file tiff_directory.h  The first directory of a TIFF file, checked before libtiff sees it. */
#ifndef ASSAY_CODEC_TIFF_DIRECTORY_H
#define ASSAY_CODEC_TIFF_DIRECTORY_H

#include "codec/image_formats.h"

/**
 * Every value of the first directory must lie inside the file: libtiff drops tags that do not, so a
 * truncated file would decode with other meaning. Tells whether ExtraSamples is there, because
 * libtiff makes one up.
 */
ASSAY_NODISCARD assay_status assay_tiff_directory_check(bool *extra_samples,
                                                        const assay_image_source *source,
                                                        assay_error *err);

#endif
