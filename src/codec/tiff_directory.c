#include "codec/tiff_directory.h"

enum { TAG_PHOTOMETRIC = 262, TAG_COLOR_MAP = 320, TAG_EXTRA_SAMPLES = 338, BIG_TIFF = 43 };

typedef struct directory {
    const assay_image_source *source;
    bool big_endian;
    bool big_tiff;
} directory;

static uint64_t read_at(const directory *d, uint64_t at, size_t bytes)
{
    const uint8_t *p = d->source->bytes + at;
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | p[d->big_endian ? i : bytes - 1 - i];
    }
    return value;
}

/* TIFF 6.0, section 2, and BigTIFF's 16..18; 0 for types that do not exist. */
static uint64_t type_bytes(uint64_t type)
{
    static const uint8_t bytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};

    return type < ASSAY_COUNT(bytes) ? bytes[type] : 0;
}

static bool entry_fits(const directory *d, uint64_t at)
{
    uint64_t inline_bytes = d->big_tiff ? 8 : 4;
    uint64_t unit = type_bytes(read_at(d, at + 2, 2));
    uint64_t count = read_at(d, at + 4, (size_t)inline_bytes);

    if (unit == 0) {
        return true;
    }
    if (count > d->source->size / unit) {
        return false;
    }
    if (count * unit <= inline_bytes) {
        return true;
    }
    uint64_t offset = read_at(d, at + 4 + inline_bytes, (size_t)inline_bytes);
    return offset <= d->source->size - count * unit;
}

assay_status assay_tiff_directory_check(assay_tiff_directory *out, const assay_image_source *source,
                                        assay_error *err)
{
    directory d = {.source = source};
    size_t size = source->size;

    *out = (assay_tiff_directory){false, false, false};
    if (size < 16) {
        return assay_image_fail_truncated("TIFF", size, err);
    }
    d.big_endian = source->bytes[0] == 'M';
    d.big_tiff = read_at(&d, 2, 2) == BIG_TIFF;
    size_t word = d.big_tiff ? 8 : 4;      /* offsets */
    size_t counter = d.big_tiff ? 8 : 2;   /* number of entries */
    size_t entry = d.big_tiff ? 20 : 12;   /* one entry */
    uint64_t at = read_at(&d, word, word); /* 4 or, behind two more words, 8 */
    if (at > size - counter) {
        return assay_image_fail_truncated("TIFF", size, err);
    }
    uint64_t entries = read_at(&d, at, counter);
    at += counter;
    if (entries > (size - at) / entry || size - at - entries * entry < word) {
        return assay_image_fail_truncated("TIFF", size, err);
    }
    for (uint64_t i = 0; i < entries; i++, at += entry) {
        uint64_t tag = read_at(&d, at, 2);
        if (!entry_fits(&d, at)) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "TIFF: the file is truncated or damaged: tag %u points past its end",
                              (unsigned)tag);
        }
        out->has_extra_samples = out->has_extra_samples || tag == TAG_EXTRA_SAMPLES;
        out->has_color_map = out->has_color_map || tag == TAG_COLOR_MAP;
        if (tag == TAG_PHOTOMETRIC) {
            out->is_palette = read_at(&d, at + 4 + word, 2) == 3;
        }
    }
    return ASSAY_OK;
}
