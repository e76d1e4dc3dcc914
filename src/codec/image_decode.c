#include "codec/image_decode.h"

#include <inttypes.h>
#include <string.h>

#include "codec/image_formats.h"

static const int64_t default_max_pixels = INT64_C(1) << 28;
static const int32_t default_max_side = 65535;

static const assay_image_codec *const codecs[] = {
    &assay_image_codec_jpeg, &assay_image_codec_png, &assay_image_codec_webp,
    &assay_image_codec_tiff, &assay_image_codec_pnm, &assay_image_codec_bmp,
};

const char *assay_image_format_name(assay_image_format format)
{
    switch (format) {
    case ASSAY_IMAGE_JPEG:
        return "jpeg";
    case ASSAY_IMAGE_PNG:
        return "png";
    case ASSAY_IMAGE_WEBP:
        return "webp";
    case ASSAY_IMAGE_TIFF:
        return "tiff";
    case ASSAY_IMAGE_PNM:
        return "pnm";
    case ASSAY_IMAGE_BMP:
        return "bmp";
    case ASSAY_IMAGE_UNKNOWN:
        break;
    }
    return "unknown";
}

static bool starts(const uint8_t *bytes, size_t size, const char *magic, size_t length)
{
    return size >= length && memcmp(bytes, magic, length) == 0;
}

static bool sniff_tiff(const uint8_t *bytes, size_t size)
{
    return starts(bytes, size, "II\x2a\0", 4) || starts(bytes, size, "MM\0\x2a", 4) ||
           starts(bytes, size, "II\x2b\0", 4) || starts(bytes, size, "MM\0\x2b", 4);
}

static bool sniff_pnm(const uint8_t *bytes, size_t size)
{
    return size >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
           (bytes[2] == '#' || bytes[2] == ' ' || (bytes[2] >= '\t' && bytes[2] <= '\r'));
}

assay_image_format assay_image_sniff(const uint8_t *bytes, size_t size)
{
    if (bytes == NULL) {
        return ASSAY_IMAGE_UNKNOWN;
    }
    if (starts(bytes, size, "\xff\xd8\xff", 3)) {
        return ASSAY_IMAGE_JPEG;
    }
    if (starts(bytes, size, "\x89PNG\r\n\x1a\n", 8)) {
        return ASSAY_IMAGE_PNG;
    }
    if (size >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0) {
        return ASSAY_IMAGE_WEBP;
    }
    if (sniff_tiff(bytes, size)) {
        return ASSAY_IMAGE_TIFF;
    }
    if (sniff_pnm(bytes, size)) {
        return ASSAY_IMAGE_PNM;
    }
    return starts(bytes, size, "BM", 2) ? ASSAY_IMAGE_BMP : ASSAY_IMAGE_UNKNOWN;
}

assay_status assay_image_size_check(const char *name, int64_t width, int64_t height,
                                    const assay_image_limits *limits, assay_error *err)
{
    if (width < 1 || height < 1) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: the header gives a size of %" PRId64 " x %" PRId64
                          " pixels; the file is corrupt",
                          name, width, height);
    }
    if (width > limits->max_side || height > limits->max_side) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "%s: %" PRId64 " x %" PRId64
                          " pixels; no side may be longer than %" PRId32,
                          name, width, height, limits->max_side);
    }
    if (width * height > limits->max_pixels) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "%s: %" PRId64 " x %" PRId64 " pixels are more than the limit of %" PRId64
                          " pixels",
                          name, width, height, limits->max_pixels);
    }
    return ASSAY_OK;
}

assay_status assay_image_fail_truncated(const char *name, size_t size, assay_error *err)
{
    return assay_fail(err, ASSAY_EFORMAT,
                      "%s: the file is truncated: it ends after %zu bytes, before the image does; "
                      "fetch or export it again",
                      name, size);
}

/* The codec for these bytes, or NULL with the error filled. */
static const assay_image_codec *codec_find(assay_image_source *source, const uint8_t *bytes,
                                           size_t size, const assay_image_limits *limits,
                                           assay_status *status, assay_error *err)
{
    assay_image_format format = assay_image_sniff(bytes, size);
    char head[3 * 8 + 1] = "";

    *source = (assay_image_source){
        .bytes = bytes, .size = size, .limits = {default_max_pixels, default_max_side}};
    if (limits != NULL && limits->max_pixels > 0) {
        source->limits.max_pixels = limits->max_pixels;
    }
    if (limits != NULL && limits->max_side > 0) {
        source->limits.max_side = limits->max_side;
    }
    *status = ASSAY_OK;
    for (size_t i = 0; i < ASSAY_COUNT(codecs); i++) {
        if (codecs[i]->format == format) {
            return codecs[i];
        }
    }
    if (bytes == NULL || size == 0) {
        *status = assay_fail(err, ASSAY_EFORMAT, "the image file is empty (0 bytes)");
        return NULL;
    }
    for (size_t i = 0; i < size && i < 8; i++) {
        static const char digits[] = "0123456789abcdef";
        head[3 * i] = i == 0 ? '\0' : ' ';
        head[3 * i + 1] = digits[bytes[i] >> 4];
        head[3 * i + 2] = digits[bytes[i] & 15];
    }
    *status = assay_fail(err, ASSAY_EFORMAT,
                         "not an image that can be read: it begins with the bytes %s; expected "
                         "JPEG, PNG, WebP, TIFF, PNM (PBM, PGM, PPM) or BMP",
                         head + 1);
    return NULL;
}

assay_status assay_image_probe(int32_t *width, int32_t *height, assay_image_format *format,
                               const uint8_t *bytes, size_t size, const assay_image_limits *limits,
                               assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image_source source = {0};
    assay_image_shape shape = {0, 0, 1};

    *width = 0;
    *height = 0;
    if (format != NULL) {
        *format = ASSAY_IMAGE_UNKNOWN;
    }
    const assay_image_codec *codec = codec_find(&source, bytes, size, limits, &status, err);
    if (codec == NULL) {
        return status;
    }
    ASSAY_TRY(codec->probe(&shape, &source, err));
    *width = shape.orientation >= 5 ? shape.height : shape.width;
    *height = shape.orientation >= 5 ? shape.width : shape.height;
    if (format != NULL) {
        *format = codec->format;
    }
    return ASSAY_OK;
}

assay_status assay_image_decode(assay_image *out, assay_image_format *format, const uint8_t *bytes,
                                size_t size, const assay_image_limits *limits, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image_source source = {0};
    int orientation = 1;

    *out = (assay_image){0};
    if (format != NULL) {
        *format = ASSAY_IMAGE_UNKNOWN;
    }
    const assay_image_codec *codec = codec_find(&source, bytes, size, limits, &status, err);
    if (codec == NULL) {
        return status;
    }
    ASSAY_TRY(codec->decode(out, &orientation, &source, err));
    status = assay_image_orient(out, orientation, err);
    if (status != ASSAY_OK) {
        assay_image_dispose(out);
        return status;
    }
    if (format != NULL) {
        *format = codec->format;
    }
    return ASSAY_OK;
}
