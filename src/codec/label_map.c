#include "codec/label_map.h"

#include "base/alloc.h"
#include "codec/image_formats.h"

enum { LARGEST = 1 << 28, MOST_SIDE = 65535 };

/* One loop per kind: they run over every pixel of every map. */
static void put_labels(uint32_t *out, const assay_image *image, const uint8_t *row)
{
    size_t n = (size_t)image->width;
    size_t step = (size_t)image->channels;
    if (step >= 3) {
        for (size_t x = 0; x < n; x++) {
            const uint8_t *p = row + x * step;
            out[x] = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
        }
    } else if (image->type == ASSAY_PIXEL_U16) {
        const uint16_t *p = (const uint16_t *)(const void *)row;
        for (size_t x = 0; x < n; x++) {
            out[x] = p[x * step];
        }
    } else if (step == 1) {
        for (size_t x = 0; x < n; x++) {
            out[x] = row[x];
        }
    } else {
        for (size_t x = 0; x < n; x++) {
            out[x] = row[x * step];
        }
    }
}

assay_status assay_label_map_decode(assay_label_map *out, const uint8_t *bytes, size_t size,
                                    const assay_image_limits *limits, assay_error *err)
{
    assay_image image = {0};
    assay_image_source source = {bytes, size, {LARGEST, MOST_SIDE}};
    if (limits != NULL) {
        source.limits = *limits;
    }
    if (assay_image_sniff(bytes, size) != ASSAY_IMAGE_PNG) {
        return assay_fail(err, ASSAY_EFORMAT, "a label map must be a PNG file, this is %s",
                          assay_image_format_name(assay_image_sniff(bytes, size)));
    }
    ASSAY_TRY(assay_png_samples(&image, &source, err));
    if (image.channels >= 3 && image.type != ASSAY_PIXEL_U8) {
        assay_image_dispose(&image);
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "the label map has three channels of 16 bits, expected grey, a palette or "
            "RGB of 8 bits");
    }
    size_t pixels = (size_t)image.width * (size_t)image.height;
    uint32_t *labels = assay_alloc_raw(pixels, sizeof *labels);
    if (labels == NULL) {
        assay_image_dispose(&image);
        return assay_fail_memory(err);
    }
    for (int32_t y = 0; y < image.height; y++) {
        put_labels(labels + (size_t)y * (size_t)image.width, &image, assay_image_row(&image, y));
    }
    *out = (assay_label_map){image.width, image.height, labels, image.channels >= 3};
    assay_image_dispose(&image);
    return ASSAY_OK;
}

void assay_label_map_dispose(assay_label_map *map)
{
    if (map != NULL) {
        assay_free(map->labels);
        *map = (assay_label_map){0};
    }
}
