/**
 * @file image_fuzz.h
 * The contract that every image decoder is fuzzed against: a whole image within the limits, of the
 * size that probing tells, or an error with a message and nothing in `out`.
 */
#ifndef ASSAY_FUZZ_IMAGE_FUZZ_H
#define ASSAY_FUZZ_IMAGE_FUZZ_H

#include "codec/image_decode.h"

static inline void image_fuzz_require(int condition)
{
    if (!condition) {
        __builtin_trap();
    }
}

static inline int image_fuzz(const uint8_t *data, size_t size, assay_image_format format)
{
    const assay_image_limits limits = {1 << 18, 2048};
    assay_error err = {0};
    assay_image image = {0};
    assay_image_format found = ASSAY_IMAGE_UNKNOWN;
    int32_t width = 0;
    int32_t height = 0;

    if (assay_image_sniff(data, size) != format) {
        return 0;
    }
    assay_status probed = assay_image_probe(&width, &height, &found, data, size, &limits, NULL);
    assay_status status = assay_image_decode(&image, &found, data, size, &limits, &err);
    if (status != ASSAY_OK) {
        image_fuzz_require(err.code == (int32_t)status && err.message[0] != '\0');
        image_fuzz_require(status != ASSAY_EINTERNAL && status != ASSAY_EINVAL);
        image_fuzz_require(image.data == NULL && image.width == 0);
        return 0;
    }
    image_fuzz_require(probed == ASSAY_OK && found == format);
    image_fuzz_require(image.width == width && image.height == height);
    image_fuzz_require((int64_t)width * height <= limits.max_pixels);
    /* Touch every byte, so that a sanitizer sees pixels that were never written. */
    volatile unsigned sum = 0;
    for (size_t i = 0; i < image.stride * (size_t)image.height; i++) {
        sum = sum + ((const uint8_t *)image.data)[i];
    }
    assay_image_dispose(&image);
    return 0;
}

#endif
