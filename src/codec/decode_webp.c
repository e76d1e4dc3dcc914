#include <string.h>

#include <webp/decode.h>

#include "codec/image_formats.h"

enum { RIFF_HEADER = 12, CHUNK_HEADER = 8 };

static assay_status fail_code(VP8StatusCode code, const assay_image_source *source,
                              assay_error *err)
{
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return assay_fail_memory(err);
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return assay_image_fail_truncated("WebP", source->size, err);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "WebP: the file uses a feature that libwebp does not know");
    default:
        return assay_fail(err, ASSAY_EFORMAT,
                          "WebP: the file is damaged: its image data cannot be decoded");
    }
}

/* The EXIF chunk of the extended format. */
static int find_orientation(const uint8_t *bytes, size_t size)
{
    size_t at = RIFF_HEADER;

    while (at <= size && size - at >= CHUNK_HEADER) {
        size_t length = assay_le32(bytes + at + 4);
        if (length > size - at - CHUNK_HEADER) {
            return 1;
        }
        if (memcmp(bytes + at, "EXIF", 4) == 0) {
            return assay_exif_orientation(bytes + at + CHUNK_HEADER, length);
        }
        at += CHUNK_HEADER + length + (length & 1);
    }
    return 1;
}

static assay_status read_features(WebPBitstreamFeatures *features, size_t *riff_size,
                                  const assay_image_source *source, assay_error *err)
{
    *riff_size = assay_le32(source->bytes + 4) + (size_t)CHUNK_HEADER;
    if (*riff_size > source->size) {
        return assay_image_fail_truncated("WebP", source->size, err);
    }
    VP8StatusCode code = WebPGetFeatures(source->bytes, *riff_size, features);
    if (code != VP8_STATUS_OK) {
        return fail_code(code, source, err);
    }
    ASSAY_TRY(
        assay_image_size_check("WebP", features->width, features->height, &source->limits, err));
    if (features->has_animation) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "WebP: the file is an animation; only still images can be read");
    }
    return ASSAY_OK;
}

static assay_status webp_probe(assay_image_shape *shape, const assay_image_source *source,
                               assay_error *err)
{
    WebPBitstreamFeatures features = {0};
    size_t riff_size = 0;

    ASSAY_TRY(read_features(&features, &riff_size, source, err));
    *shape = (assay_image_shape){features.width, features.height,
                                 find_orientation(source->bytes, riff_size)};
    return ASSAY_OK;
}

static assay_status webp_decode(assay_image *out, int *orientation,
                                const assay_image_source *source, assay_error *err)
{
    WebPDecoderConfig config;
    size_t riff_size = 0;

    if (!WebPInitDecoderConfig(&config)) {
        return assay_fail(err, ASSAY_EBACKEND,
                          "WebP: the installed libwebp does not fit the one built against");
    }
    ASSAY_TRY(read_features(&config.input, &riff_size, source, err));
    bool alpha = config.input.has_alpha != 0;
    ASSAY_TRY(assay_image_new_raw(out, config.input.width, config.input.height, alpha ? 4 : 3,
                                  ASSAY_PIXEL_U8, err));
    config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = out->data;
    config.output.u.RGBA.stride = (int)out->stride;
    config.output.u.RGBA.size = out->stride * (size_t)out->height;
    VP8StatusCode code = WebPDecode(source->bytes, riff_size, &config);
    WebPFreeDecBuffer(&config.output);
    if (code != VP8_STATUS_OK) {
        assay_image_dispose(out);
        return fail_code(code, source, err);
    }
    *orientation = find_orientation(source->bytes, riff_size);
    return ASSAY_OK;
}

const assay_image_codec assay_image_codec_webp = {ASSAY_IMAGE_WEBP, webp_probe, webp_decode};
