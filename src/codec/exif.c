/* EXIF orientation: a TIFF structure (TIFF 6.0, section 2; Exif 2.32, tag 0x0112). */
#include <string.h>

#include "codec/image_formats.h"

enum { TAG_ORIENTATION = 0x0112, TYPE_BYTE = 1, TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY_BYTES = 12 };

static uint32_t read16(const uint8_t *p, bool big)
{
    return big ? assay_be16(p) : assay_le16(p);
}

static uint32_t read32(const uint8_t *p, bool big)
{
    return big ? assay_be32(p) : assay_le32(p);
}

static uint32_t entry_value(const uint8_t *entry, bool big)
{
    uint32_t type = read16(entry + 2, big);

    if (read32(entry + 4, big) != 1) {
        return 0;
    }
    switch (type) {
    case TYPE_BYTE:
        return entry[8];
    case TYPE_SHORT:
        return read16(entry + 8, big);
    case TYPE_LONG:
        return read32(entry + 8, big);
    default:
        return 0;
    }
}

int assay_exif_orientation(const uint8_t *bytes, size_t size)
{
    static const uint8_t prefix[6] = {'E', 'x', 'i', 'f', 0, 0};
    bool big = false;
    size_t at = 0;
    size_t entries = 0;

    if (bytes == NULL) {
        return 1;
    }
    if (size >= sizeof prefix && memcmp(bytes, prefix, sizeof prefix) == 0) {
        bytes += sizeof prefix;
        size -= sizeof prefix;
    }
    if (size < 8 || (memcmp(bytes, "II", 2) != 0 && memcmp(bytes, "MM", 2) != 0)) {
        return 1;
    }
    big = bytes[0] == 'M';
    if (read16(bytes + 2, big) != 42) {
        return 1;
    }
    at = read32(bytes + 4, big);
    if (at > size - 2) {
        return 1;
    }
    entries = read16(bytes + at, big);
    at += 2;
    for (size_t i = 0; i < entries && size - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
        if (read16(bytes + at, big) == TAG_ORIENTATION) {
            uint32_t value = entry_value(bytes + at, big);
            return value >= 1 && value <= 8 ? (int)value : 1;
        }
    }
    return 1;
}

/* Where the pixel that lands at (x, y) of the turned image stands in the stored one: an origin and
 * the steps along x and y, in pixels. */
typedef struct orient_walk {
    ptrdiff_t origin;
    ptrdiff_t step_x;
    ptrdiff_t step_y;
} orient_walk;

static orient_walk orient_plan(int orientation, ptrdiff_t w, ptrdiff_t h)
{
    switch (orientation) {
    case 2: /* mirrored left-right */
        return (orient_walk){w - 1, -1, w};
    case 3: /* turned by 180 degrees */
        return (orient_walk){w * h - 1, -1, -w};
    case 4: /* mirrored top-bottom */
        return (orient_walk){(h - 1) * w, 1, -w};
    case 5: /* transposed */
        return (orient_walk){0, w, 1};
    case 6: /* to be turned clockwise */
        return (orient_walk){(h - 1) * w, -w, 1};
    case 7: /* transposed across the other diagonal */
        return (orient_walk){w * h - 1, -w, -1};
    case 8: /* to be turned counter-clockwise */
        return (orient_walk){w - 1, w, -1};
    default:
        return (orient_walk){0, 1, w};
    }
}

assay_status assay_image_orient(assay_image *image, int orientation, assay_error *err)
{
    bool turned = orientation >= 5;
    ptrdiff_t pixel = (ptrdiff_t)image->channels * (ptrdiff_t)image->type;
    assay_image out = {0};

    if (orientation <= 1 || orientation > 8) {
        return ASSAY_OK;
    }
    orient_walk walk = orient_plan(orientation, image->width, image->height);
    ASSAY_TRY(assay_image_new_raw(&out, turned ? image->height : image->width,
                                  turned ? image->width : image->height, image->channels,
                                  image->type, err));
    for (int32_t y = 0; y < out.height; y++) {
        const uint8_t *from =
            (const uint8_t *)image->data + (walk.origin + walk.step_y * y) * pixel;
        uint8_t *to = assay_image_row_mut(&out, y);
        for (int32_t x = 0; x < out.width; x++) {
            memcpy(to + x * pixel, from + walk.step_x * x * pixel, (size_t)pixel);
        }
    }
    assay_image_dispose(image);
    *image = out;
    return ASSAY_OK;
}
