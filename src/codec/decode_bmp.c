/*
 * Windows and OS/2 bitmaps: BITMAPCOREHEADER to BITMAPV5HEADER, 1, 4, 8, 16, 24 and 32 bits, bit
 * fields, RLE4 and RLE8 (Microsoft Learn, "Bitmap Storage", "Bitmap Compression").
 */
#include <string.h>

#include "base/alloc.h"
#include "codec/image_formats.h"

enum {
    FILE_HEADER = 14,
    CORE_HEADER = 12,
    BI_RGB = 0,
    BI_RLE8 = 1,
    BI_RLE4 = 2,
    BI_BITFIELDS = 3,
    BI_ALPHABITFIELDS = 6
};

typedef struct bmp_reader {
    const assay_image_source *source;
    assay_error *err;
    int32_t width;
    int32_t height;
    bool top_down;
    uint32_t bits;
    uint32_t compression;
    uint32_t mask[4]; /* red, green, blue, alpha; for 16 and 32 bits */
    uint8_t palette[256][3];
    uint32_t colors; /* entries of the palette */
    size_t data;     /* offset of the pixels */
} bmp_reader;

static assay_status truncated(const bmp_reader *r)
{
    return assay_image_fail_truncated("BMP", r->source->size, r->err);
}

/* Width, height, bits, compression; `size` is the header's own length. */
static assay_status read_dimensions(bmp_reader *r, const uint8_t *head, uint32_t size)
{
    int64_t width = 0;
    int64_t height = 0;

    if (size == CORE_HEADER) {
        width = assay_le16(head + 4);
        height = assay_le16(head + 6);
        r->bits = assay_le16(head + 10);
        r->compression = BI_RGB;
    } else {
        width = (int32_t)assay_le32(head + 4);
        height = (int32_t)assay_le32(head + 8);
        r->bits = assay_le16(head + 14);
        r->compression = assay_le32(head + 16);
    }
    r->top_down = height < 0;
    height = r->top_down ? -height : height;
    ASSAY_TRY(assay_image_size_check("BMP", width, height, &r->source->limits, r->err));
    r->width = (int32_t)width;
    r->height = (int32_t)height;
    return ASSAY_OK;
}

static assay_status check_kind(const bmp_reader *r)
{
    uint32_t bits = r->bits;
    bool ok = false;

    switch (r->compression) {
    case BI_RGB:
        ok = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        break;
    case BI_RLE8:
        ok = bits == 8 && !r->top_down;
        break;
    case BI_RLE4:
        ok = bits == 4 && !r->top_down;
        break;
    case BI_BITFIELDS:
    case BI_ALPHABITFIELDS:
        ok = bits == 16 || bits == 24 || bits == 32;
        break;
    default:
        break;
    }
    if (!ok) {
        return assay_fail(r->err, ASSAY_EUNSUPPORTED,
                          "BMP: %u bits per pixel with compression %u%s; 1, 4, 8, 16, 24 and 32 "
                          "bits, bit fields, RLE4 and RLE8 can be read",
                          bits, r->compression, r->top_down ? ", top-down" : "");
    }
    return ASSAY_OK;
}

/* Masks stand in the header from its version 2 on, else behind it; `*next` moves past them. */
static assay_status read_masks(bmp_reader *r, const uint8_t *head, uint32_t size, size_t *next)
{
    const uint8_t *from = head + 40;
    size_t count = size >= 56 && size != 64 ? 4 : 3;

    if (r->compression == BI_RGB) {
        static const uint32_t five_five_five[4] = {0x7c00, 0x3e0, 0x1f, 0};
        static const uint32_t eight[4] = {0xff0000, 0xff00, 0xff, 0};
        memcpy(r->mask, r->bits == 16 ? five_five_five : eight, sizeof r->mask);
        return ASSAY_OK;
    }
    if (size == 40 || size == 64) {
        count = r->compression == BI_ALPHABITFIELDS ? 4 : 3;
        if (r->source->size - *next < count * 4) {
            return truncated(r);
        }
        from = r->source->bytes + *next;
        *next += count * 4;
    }
    for (size_t i = 0; i < count; i++) {
        r->mask[i] = assay_le32(from + 4 * i);
    }
    if (r->bits == 32 && (r->mask[0] | r->mask[1] | r->mask[2] | r->mask[3]) == 0) {
        static const uint32_t bgra[4] = {0xff0000, 0xff00, 0xff, 0xff000000}; /* as Pillow */
        memcpy(r->mask, bgra, sizeof r->mask);
    }
    if (r->bits != 32) {
        r->mask[3] = 0; /* as Pillow: alpha in 32 bits only */
    }
    return ASSAY_OK;
}

static assay_status read_palette(bmp_reader *r, size_t at, uint32_t declared, size_t entry)
{
    uint32_t most = 1u << r->bits;

    r->colors = declared == 0 || declared > most ? most : declared;
    if (r->source->size - at < r->colors * entry) {
        return truncated(r);
    }
    for (uint32_t i = 0; i < r->colors; i++) {
        const uint8_t *bgr = r->source->bytes + at + i * entry;
        r->palette[i][0] = bgr[2];
        r->palette[i][1] = bgr[1];
        r->palette[i][2] = bgr[0];
    }
    return ASSAY_OK;
}

static assay_status read_header(bmp_reader *r, const assay_image_source *source, assay_error *err)
{
    const uint8_t *head = source->bytes + FILE_HEADER;
    uint32_t declared = 0;

    *r = (bmp_reader){.source = source, .err = err};
    if (source->size < FILE_HEADER + 4) {
        return truncated(r);
    }
    uint32_t size = assay_le32(head);
    if (size != CORE_HEADER && size != 40 && size != 52 && size != 56 && size != 64 &&
        size != 108 && size != 124) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "BMP: a header of %u bytes; expected 12, 40, 52, 56, 64, 108 or 124",
                          size);
    }
    if (source->size - FILE_HEADER < size) {
        return truncated(r);
    }
    ASSAY_TRY(read_dimensions(r, head, size));
    ASSAY_TRY(check_kind(r));
    size_t next = FILE_HEADER + (size_t)size;
    size_t entry = size == CORE_HEADER ? 3 : 4;
    if (size != CORE_HEADER) {
        declared = assay_le32(head + 32);
    }
    if (r->bits <= 8) {
        ASSAY_TRY(read_palette(r, next, declared, entry));
        next += r->colors * entry;
    } else {
        ASSAY_TRY(read_masks(r, head, size, &next));
    }
    r->data = assay_le32(source->bytes + 10);
    /* Some writers give 0, or forget the palette. */
    if (r->data < next && (r->data == 0 || r->bits <= 8)) {
        r->data = next;
    }
    if (r->data > source->size) {
        return truncated(r);
    }
    return ASSAY_OK;
}

/* Pillow: a palette that is the full grey ramp makes a grey image. */
static bool palette_is_grey(const bmp_reader *r)
{
    uint32_t step = r->bits == 1 ? 255 : 1;

    if (!(r->bits == 8 && r->colors == 256) && !(r->bits == 1 && r->colors == 2)) {
        return false;
    }
    for (uint32_t i = 0; i < r->colors; i++) {
        for (int c = 0; c < 3; c++) {
            if (r->palette[i][c] != i * step) {
                return false;
            }
        }
    }
    return true;
}

static assay_status put_index(uint8_t *to, const bmp_reader *r, int32_t channels, uint32_t index)
{
    if (index >= r->colors) {
        return assay_fail(r->err, ASSAY_EFORMAT,
                          "BMP: a pixel asks for colour %u of a palette of %u; the file is corrupt",
                          index, r->colors);
    }
    memcpy(to, r->palette[index], (size_t)channels);
    return ASSAY_OK;
}

static assay_status unpack_indices(uint8_t *to, const bmp_reader *r, const uint8_t *from,
                                   int32_t channels)
{
    uint32_t per_byte = 8 / r->bits;
    uint32_t mask = (1u << r->bits) - 1;

    for (uint32_t x = 0; x < (uint32_t)r->width; x++, to += channels) {
        uint32_t shift = 8 - r->bits - x % per_byte * r->bits;
        ASSAY_TRY(put_index(to, r, channels, (uint32_t)from[x / per_byte] >> shift & mask));
    }
    return ASSAY_OK;
}

/* One channel of a bit field to 8 bits: value * 255 / largest, downwards, as Pillow. */
static uint8_t field(uint32_t pixel, uint32_t mask)
{
    uint32_t shift = mask == 0 ? 0 : (uint32_t)__builtin_ctz(mask);
    uint64_t value = (pixel & mask) >> shift;
    uint64_t largest = mask >> shift;

    return largest == 0 ? 0 : (uint8_t)(value * 255 / largest);
}

static void unpack_fields(uint8_t *to, const bmp_reader *r, const uint8_t *from, int32_t channels)
{
    size_t step = r->bits / 8;

    for (int32_t x = 0; x < r->width; x++, from += step, to += channels) {
        uint32_t pixel = assay_le16(from);
        if (step > 2) {
            pixel |= (uint32_t)from[2] << 16;
        }
        if (step > 3) {
            pixel |= (uint32_t)from[3] << 24;
        }
        for (int32_t c = 0; c < channels; c++) {
            to[c] = field(pixel, r->mask[c]);
        }
    }
}

/* 24 and 32 bits in the usual order, where speed matters. */
static void unpack_bgr(uint8_t *to, const bmp_reader *r, const uint8_t *from)
{
    size_t step = r->bits / 8;

    for (int32_t x = 0; x < r->width; x++, from += step, to += 3) {
        to[0] = from[2];
        to[1] = from[1];
        to[2] = from[0];
    }
}

static uint8_t *row_at(assay_image *out, const bmp_reader *r, int32_t y)
{
    return assay_image_row_mut(out, r->top_down ? y : r->height - 1 - y);
}

static assay_status read_rows(assay_image *out, const bmp_reader *r)
{
    size_t row_bytes = ((size_t)r->width * r->bits + 31) / 32 * 4;
    size_t needed = ((size_t)r->width * r->bits + 7) / 8; /* the last row may lack its padding */

    needed += row_bytes * (size_t)(r->height - 1);
    if (r->source->size - r->data < needed) {
        return truncated(r);
    }
    for (int32_t y = 0; y < r->height; y++) {
        const uint8_t *from = r->source->bytes + r->data + row_bytes * (size_t)y;
        uint8_t *to = row_at(out, r, y);
        if (r->bits <= 8) {
            ASSAY_TRY(unpack_indices(to, r, from, out->channels));
        } else if (r->bits >= 24 && r->compression == BI_RGB) {
            unpack_bgr(to, r, from);
        } else {
            unpack_fields(to, r, from, out->channels);
        }
    }
    return ASSAY_OK;
}

typedef struct rle_cursor {
    size_t at;
    int32_t x;
    int32_t y;
} rle_cursor;

/* A run in the encoded mode: one byte of colour (two alternating colours in RLE4). What runs past
 * the row's end is dropped, as Pillow does: some encoders round runs up. */
static assay_status rle_run(assay_image *out, const bmp_reader *r, rle_cursor *c, uint32_t length,
                            uint8_t value)
{
    for (uint32_t i = 0; i < length && c->x < r->width; i++, c->x++) {
        uint32_t index = r->bits == 8 ? value : (i % 2 == 0 ? value >> 4 : value & 15u);
        ASSAY_TRY(put_index(row_at(out, r, c->y) + (ptrdiff_t)c->x * out->channels, r,
                            out->channels, index));
    }
    return ASSAY_OK;
}

/* Colours one by one, padded to an even number of bytes. */
static assay_status rle_literal(assay_image *out, const bmp_reader *r, rle_cursor *c,
                                uint32_t length)
{
    size_t bytes = r->bits == 8 ? length : (length + 1) / 2;
    const uint8_t *from = r->source->bytes + c->at;

    if (r->source->size - c->at < bytes) {
        return truncated(r);
    }
    if (length > (uint32_t)(r->width - c->x)) {
        return assay_fail(
            r->err, ASSAY_EFORMAT,
            "BMP: the compressed data run past the end of a row; the file is corrupt");
    }
    for (uint32_t i = 0; i < length; i++, c->x++) {
        uint32_t index = r->bits == 8   ? from[i]
                         : (i % 2 == 0) ? from[i / 2] >> 4
                                        : from[i / 2] & 15u;
        ASSAY_TRY(put_index(row_at(out, r, c->y) + (ptrdiff_t)c->x * out->channels, r,
                            out->channels, index));
    }
    c->at += bytes;
    if (bytes % 2 != 0 && c->at < r->source->size) {
        c->at++;
    }
    return ASSAY_OK;
}

/* Pixels that the data skip have colour 0. */
static assay_status rle_clear(assay_image *out, const bmp_reader *r)
{
    for (int32_t y = 0; y < r->height; y++) {
        for (int32_t x = 0; x < r->width; x++) {
            ASSAY_TRY(put_index(assay_image_row_mut(out, y) + (ptrdiff_t)x * out->channels, r,
                                out->channels, 0));
        }
    }
    return ASSAY_OK;
}

static assay_status rle_delta(const bmp_reader *r, rle_cursor *c)
{
    if (r->source->size - c->at < 2) {
        return truncated(r);
    }
    c->x += r->source->bytes[c->at];
    c->y += r->source->bytes[c->at + 1];
    c->at += 2;
    if (c->x > r->width || c->y >= r->height) {
        return assay_fail(r->err, ASSAY_EFORMAT,
                          "BMP: the compressed data leave the image; the file is corrupt");
    }
    return ASSAY_OK;
}

static assay_status read_rle(assay_image *out, const bmp_reader *r)
{
    const uint8_t *bytes = r->source->bytes;
    rle_cursor c = {r->data, 0, 0};

    ASSAY_TRY(rle_clear(out, r));
    /* An end-of-bitmap code may be missing after the last pixel of the last row. */
    while (c.y < r->height && !(c.y == r->height - 1 && c.x == r->width)) {
        if (r->source->size - c.at < 2) {
            return truncated(r);
        }
        uint8_t count = bytes[c.at];
        uint8_t value = bytes[c.at + 1];
        c.at += 2;
        if (count > 0) {
            ASSAY_TRY(rle_run(out, r, &c, count, value));
        } else if (value == 0) { /* end of line */
            c.x = 0;
            c.y++;
        } else if (value == 1) { /* end of bitmap, although pixels are missing */
            return truncated(r);
        } else if (value == 2) {
            ASSAY_TRY(rle_delta(r, &c));
        } else {
            ASSAY_TRY(rle_literal(out, r, &c, value));
        }
    }
    return ASSAY_OK;
}

static assay_status bmp_probe(assay_image_shape *shape, const assay_image_source *source,
                              assay_error *err)
{
    bmp_reader r;

    ASSAY_TRY(read_header(&r, source, err));
    *shape = (assay_image_shape){r.width, r.height, 1};
    return ASSAY_OK;
}

static assay_status bmp_decode(assay_image *out, int *orientation, const assay_image_source *source,
                               assay_error *err)
{
    bmp_reader r;
    int32_t channels = 3;
    bool rle = false;

    *orientation = 1;
    ASSAY_TRY(read_header(&r, source, err));
    rle = r.compression == BI_RLE4 || r.compression == BI_RLE8;
    if (r.bits <= 8 && palette_is_grey(&r)) {
        channels = 1;
    } else if (r.bits > 8 && r.mask[3] != 0) {
        channels = 4;
    }
    /* Uncompressed rows must be there before memory is taken for them. */
    if (!rle && ((uint64_t)r.width * r.bits + 7) / 8 * (uint64_t)r.height > source->size - r.data) {
        return truncated(&r);
    }
    ASSAY_TRY(assay_image_new_raw(out, r.width, r.height, channels, ASSAY_PIXEL_U8, err));
    assay_status status = rle ? read_rle(out, &r) : read_rows(out, &r);
    if (status != ASSAY_OK) {
        assay_image_dispose(out);
    }
    return status;
}

const assay_image_codec assay_image_codec_bmp = {ASSAY_IMAGE_BMP, bmp_probe, bmp_decode};
