/* Netpbm's PBM, PGM and PPM, plain (P1..P3) and raw (P4..P6); netpbm.sourceforge.net/doc. */
#include <string.h>

#include "base/alloc.h"
#include "codec/image_formats.h"

enum { PNM_MAX_VALUE = 65535 };

typedef struct pnm_reader {
    const assay_image_source *source;
    size_t at;
    int kind; /* 1..6 */
    int32_t width;
    int32_t height;
    int32_t channels;
    uint32_t max;
    assay_error *err;
} pnm_reader;

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A comment runs from '#' to the end of its line and counts as a space. */
static void skip_space(pnm_reader *r)
{
    const uint8_t *bytes = r->source->bytes;

    while (r->at < r->source->size) {
        if (bytes[r->at] == '#') {
            while (r->at < r->source->size && bytes[r->at] != '\n' && bytes[r->at] != '\r') {
                r->at++;
            }
        } else if (is_space(bytes[r->at])) {
            r->at++;
        } else {
            return;
        }
    }
}

static assay_status read_number(uint32_t *out, pnm_reader *r, const char *what)
{
    const uint8_t *bytes = r->source->bytes;
    uint64_t value = 0;
    size_t begin = 0;

    skip_space(r);
    begin = r->at;
    while (r->at < r->source->size && bytes[r->at] >= '0' && bytes[r->at] <= '9') {
        value = value * 10 + (uint64_t)(bytes[r->at++] - '0');
        if (value > UINT32_MAX) {
            return assay_fail(r->err, ASSAY_EFORMAT, "PNM: the %s at byte %zu is far too large",
                              what, begin);
        }
    }
    if (r->at == begin) {
        if (r->at >= r->source->size) {
            return assay_image_fail_truncated("PNM", r->source->size, r->err);
        }
        return assay_fail(r->err, ASSAY_EFORMAT,
                          "PNM: byte %zu is not a digit of the %s; expected a decimal number",
                          begin, what);
    }
    *out = (uint32_t)value;
    return ASSAY_OK;
}

/* Leaves `at` on the first byte of the raster. */
static assay_status read_header(pnm_reader *r, const assay_image_source *source, assay_error *err)
{
    uint32_t width = 0;
    uint32_t height = 0;

    *r = (pnm_reader){.source = source, .at = 2, .max = 1, .err = err};
    r->kind = source->bytes[1] - '0';
    r->channels = r->kind % 3 == 0 ? 3 : 1;
    ASSAY_TRY(read_number(&width, r, "width"));
    ASSAY_TRY(read_number(&height, r, "height"));
    ASSAY_TRY(assay_image_size_check("PNM", width, height, &source->limits, err));
    r->width = (int32_t)width;
    r->height = (int32_t)height;
    if (r->kind != 1 && r->kind != 4) {
        ASSAY_TRY(read_number(&r->max, r, "largest value"));
        if (r->max < 1 || r->max > PNM_MAX_VALUE) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "PNM: the largest value is %u; expected 1 to 65535", r->max);
        }
    }
    if (r->kind >= 4) { /* one single space, then the raster */
        if (r->at >= source->size) {
            return assay_image_fail_truncated("PNM", source->size, err);
        }
        if (!is_space(source->bytes[r->at])) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "PNM: byte %zu should be the space between header and pixels", r->at);
        }
        r->at++;
    }
    return ASSAY_OK;
}

/* The fewest bytes that the raster can take, so that a false size fails before allocation. */
static assay_status check_raster(const pnm_reader *r)
{
    uint64_t samples = (uint64_t)r->width * (uint64_t)r->height * (uint64_t)r->channels;
    uint64_t need = 0;

    switch (r->kind) {
    case 1:
        need = samples;
        break;
    case 2:
    case 3:
        need = samples * 2 - 1;
        break;
    case 4:
        need = ((uint64_t)r->width + 7) / 8 * (uint64_t)r->height;
        break;
    default:
        need = samples * (r->max > 255 ? 2 : 1);
        break;
    }
    if (need > r->source->size - r->at) {
        return assay_image_fail_truncated("PNM", r->source->size, r->err);
    }
    return ASSAY_OK;
}

/* Pillow's round(value / max * top): in doubles, halves to even. */
static uint16_t scaled(uint32_t value, uint32_t max, uint32_t top)
{
    double x = (double)value / (double)max * (double)top;
    uint32_t whole = (uint32_t)x;
    double part = x - (double)whole;

    if (part > 0.5 || (part == 0.5 && (whole & 1) != 0)) {
        whole++;
    }
    return (uint16_t)(whole < top ? whole : top);
}

static assay_status fail_above(const pnm_reader *r, uint32_t value)
{
    return assay_fail(r->err, ASSAY_EFORMAT,
                      "PNM: a sample is %u, but the header says that the largest is %u", value,
                      r->max);
}

static assay_status next_sample(uint32_t *value, pnm_reader *r)
{
    const uint8_t *bytes = r->source->bytes;

    if (r->kind <= 3) {
        ASSAY_TRY(read_number(value, r, "sample"));
    } else if (r->max > 255) {
        *value = assay_be16(bytes + r->at);
        r->at += 2;
    } else {
        *value = bytes[r->at++];
    }
    return *value > r->max ? fail_above(r, *value) : ASSAY_OK;
}

/* P2, P3, P5, P6 through a table of all values. */
static assay_status read_samples(assay_image *out, pnm_reader *r)
{
    assay_status status = ASSAY_OK;
    bool wide = r->max > 255;
    size_t n = (size_t)r->width * (size_t)r->height * (size_t)r->channels;
    uint16_t *table = assay_alloc_raw((size_t)r->max + 1, sizeof *table);

    if (table == NULL) {
        return assay_fail_memory(r->err);
    }
    for (uint32_t v = 0; v <= r->max; v++) {
        table[v] = scaled(v, r->max, wide ? 65535 : 255);
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t value = 0;
        ASSAY_GOTO(next_sample(&value, r), done);
        if (wide) {
            ((uint16_t *)out->data)[i] = table[value];
        } else {
            ((uint8_t *)out->data)[i] = (uint8_t)table[value];
        }
    }
done:
    assay_free(table);
    return status;
}

/* P4: one bit per pixel, rows padded to bytes; 1 is black. */
static void read_bits(assay_image *out, const pnm_reader *r)
{
    size_t row_bytes = ((size_t)r->width + 7) / 8;

    for (int32_t y = 0; y < r->height; y++) {
        const uint8_t *from = r->source->bytes + r->at + row_bytes * (size_t)y;
        uint8_t *to = assay_image_row_mut(out, y);
        for (int32_t x = 0; x < r->width; x++) {
            to[x] = (from[x / 8] >> (7 - x % 8) & 1) != 0 ? 0 : 255;
        }
    }
}

/* P1: digits 0 and 1, spaces between them are optional. */
static assay_status read_digits(assay_image *out, pnm_reader *r)
{
    uint8_t *to = out->data;
    size_t n = (size_t)r->width * (size_t)r->height;

    for (size_t i = 0; i < n; i++) {
        skip_space(r);
        if (r->at >= r->source->size) {
            return assay_image_fail_truncated("PNM", r->source->size, r->err);
        }
        uint8_t digit = r->source->bytes[r->at];
        if (digit != '0' && digit != '1') {
            return assay_fail(r->err, ASSAY_EFORMAT,
                              "PNM: byte %zu is not a pixel; expected 0 or 1", r->at);
        }
        r->at++;
        to[i] = digit == '1' ? 0 : 255;
    }
    return ASSAY_OK;
}

static assay_status pnm_probe(assay_image_shape *shape, const assay_image_source *source,
                              assay_error *err)
{
    pnm_reader r;

    ASSAY_TRY(read_header(&r, source, err));
    *shape = (assay_image_shape){r.width, r.height, 1};
    return ASSAY_OK;
}

static assay_status pnm_decode(assay_image *out, int *orientation, const assay_image_source *source,
                               assay_error *err)
{
    assay_status status = ASSAY_OK;
    pnm_reader r;

    *orientation = 1;
    ASSAY_TRY(read_header(&r, source, err));
    ASSAY_TRY(check_raster(&r));
    ASSAY_TRY(assay_image_new_raw(out, r.width, r.height, r.channels,
                                  r.max > 255 ? ASSAY_PIXEL_U16 : ASSAY_PIXEL_U8, err));
    if (r.kind == 1) {
        status = read_digits(out, &r);
    } else if (r.kind == 4) {
        read_bits(out, &r);
    } else if (r.kind >= 5 && r.max == 255) {
        memcpy(out->data, source->bytes + r.at, out->stride * (size_t)r.height);
    } else {
        status = read_samples(out, &r);
    }
    if (status != ASSAY_OK) {
        assay_image_dispose(out);
    }
    return status;
}

const assay_image_codec assay_image_codec_pnm = {ASSAY_IMAGE_PNM, pnm_probe, pnm_decode};
