/** @file tiff_directory.h  The first directory of a TIFF file, checked before libtiff sees it. */
#ifndef ASSAY_CODEC_TIFF_DIRECTORY_H
#define ASSAY_CODEC_TIFF_DIRECTORY_H

#include "codec/image_formats.h"

/** What libtiff hides: it invents ExtraSamples, and takes a palette image without palette as grey. */
typedef struct assay_tiff_directory {
    bool has_extra_samples;
    bool has_color_map;
    bool is_palette;
} assay_tiff_directory;

/**
 * Every value of the first directory must lie inside the file: libtiff drops tags that do not, so a
 * truncated file would decode with other meaning.
 */
ASSAY_NODISCARD assay_status assay_tiff_directory_check(assay_tiff_directory *out,
                                                        const assay_image_source *source,
                                                        assay_error *err);

#endif
