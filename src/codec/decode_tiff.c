/* The first image of a TIFF or BigTIFF file, through libtiff from memory. libtiff's messages go to
 * handlers of the one open file (TIFFOpenOptions, libtiff 4.5), so no process-wide handler is set. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "base/alloc.h"
#include "codec/image_formats.h"
#include "codec/tiff_directory.h"

enum {
    MAX_SAMPLES = 6,
    LZW_MAX_RATIO = 4096,  /* no supported compression expands by more */
    ALLOC_SLACK = 16 << 20 /* what libtiff may take at once beside a multiple of the file */
};

typedef struct tiff_reader {
    const assay_image_source *source;
    assay_error *err;
    size_t at;
    TIFF *tiff;
    char message[256]; /* libtiff's first complaint */
    uint32_t width;
    uint32_t height;
    uint16_t bits;
    uint16_t samples;
    uint16_t photometric;
    bool separate; /* one plane per sample */
    bool premultiplied;
    bool invert;
    int32_t channels;
    uint8_t palette[256][3];
    uint8_t *block; /* one strip or tile, owned */
} tiff_reader;

static tmsize_t client_read(thandle_t handle, void *to, tmsize_t n)
{
    tiff_reader *r = handle;
    size_t left = r->at < r->source->size ? r->source->size - r->at : 0;
    size_t take = n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;

    memcpy(to, r->source->bytes + (r->source->size - left), take);
    r->at += take;
    return (tmsize_t)take;
}

static tmsize_t client_write(thandle_t handle, void *from, tmsize_t n)
{
    (void)handle;
    (void)from;
    (void)n;
    return -1;
}

static toff_t client_seek(thandle_t handle, toff_t offset, int whence)
{
    tiff_reader *r = handle;
    uint64_t base = whence == SEEK_CUR ? r->at : whence == SEEK_END ? r->source->size : 0;

    if (offset > SIZE_MAX - base) {
        return (toff_t)-1;
    }
    r->at = base + offset;
    return r->at;
}

static int client_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t client_size(thandle_t handle)
{
    const tiff_reader *r = handle;

    return r->source->size;
}

/* libtiff only reads from what it believes to be mapped. */
static int client_map(thandle_t handle, void **base, toff_t *size)
{
    const tiff_reader *r = handle;

    *base = (void *)(uintptr_t)r->source->bytes;
    *size = r->source->size;
    return 1;
}

static void client_unmap(thandle_t handle, void *base, toff_t size)
{
    (void)handle;
    (void)base;
    (void)size;
}

__attribute__((format(printf, 4, 0))) static int
on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    tiff_reader *r = user;

    (void)tiff;
    (void)module;
    if (r->message[0] == '\0' && vsnprintf(r->message, sizeof r->message, format, args) <= 0) {
        (void)snprintf(r->message, sizeof r->message, "unknown error");
    }
    return 1; /* do not call the process-wide handler */
}

__attribute__((format(printf, 4, 0))) static int
on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)args;
    return 1;
}

static assay_status fail_damaged(const tiff_reader *r)
{
    return assay_fail(r->err, ASSAY_EFORMAT, "TIFF: the file is truncated or damaged: %s",
                      r->message[0] != '\0' ? r->message : "its pixels cannot be read");
}

static assay_status tiff_open(tiff_reader *r)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();

    if (options == NULL) {
        return assay_fail_memory(r->err);
    }
    size_t most =
        r->source->size < (size_t)1 << 40 ? r->source->size * 8 + ALLOC_SLACK : SIZE_MAX / 4;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)most);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
    /* c: strips as they are in the file */
    r->tiff = TIFFClientOpenExt("image", "rc", r, client_read, client_write, client_seek,
                                client_close, client_size, client_map, client_unmap, options);
    TIFFOpenOptionsFree(options);
    return r->tiff == NULL ? fail_damaged(r) : ASSAY_OK;
}

static const char *photometric_name(uint16_t photometric)
{
    static const char *const names[] = {"MinIsWhite", "MinIsBlack", "RGB", "palette", "mask",
                                        "CMYK",       "YCbCr",      "",    "CIELab"};
    return photometric < ASSAY_COUNT(names) ? names[photometric] : "another colour space";
}

static assay_status fail_unsupported(const tiff_reader *r, uint16_t format)
{
    return assay_fail(
        r->err, ASSAY_EUNSUPPORTED,
        "TIFF: %u samples of %u bits, sample format %u, %s; grey of 1 to 16 bits, RGB "
        "of 8 or 16 bits and palettes of up to 8 bits, unsigned, can be read",
        r->samples, r->bits, format, photometric_name(r->photometric));
}

/* The kind of the first extra sample: 0 unspecified, 1 premultiplied alpha, 2 alpha; Pillow takes a
 * fourth RGB sample without a word about it as alpha. */
static int first_extra(const tiff_reader *r, bool declared)
{
    uint16_t count = 0;
    uint16_t *kinds = NULL;

    if (!declared) {
        return r->photometric == PHOTOMETRIC_RGB && r->samples == 4 ? EXTRASAMPLE_UNASSALPHA : -1;
    }
    if (TIFFGetField(r->tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) != 1 || count == 0) {
        return -1;
    }
    return kinds[0];
}

/* Number of channels, or 0 when the combination is not supported. */
static int32_t plan_channels(tiff_reader *r, bool extra_declared)
{
    int32_t color = r->photometric == PHOTOMETRIC_RGB ? 3 : 1;
    bool deep = r->bits == 8 || r->bits == 16;
    bool shallow = r->bits == 1 || r->bits == 2 || r->bits == 4;

    if (r->photometric > PHOTOMETRIC_PALETTE || r->samples < color || r->samples > MAX_SAMPLES ||
        !(deep || (shallow && r->samples == 1))) {
        return 0;
    }
    r->invert = r->photometric == PHOTOMETRIC_MINISWHITE && r->bits <= 8;
    if (r->samples > color) {
        int extra = first_extra(r, extra_declared);
        bool alpha = extra == EXTRASAMPLE_ASSOCALPHA || extra == EXTRASAMPLE_UNASSALPHA;
        if (extra < 0 || (alpha && r->photometric != PHOTOMETRIC_RGB &&
                          r->photometric != PHOTOMETRIC_MINISBLACK)) {
            return 0;
        }
        r->premultiplied = extra == EXTRASAMPLE_ASSOCALPHA;
        color += alpha ? 1 : 0;
    }
    if (r->photometric == PHOTOMETRIC_PALETTE) {
        return r->bits <= 8 ? 3 : 0;
    }
    return color;
}

static assay_status read_palette(tiff_reader *r)
{
    uint16_t *red = NULL;
    uint16_t *green = NULL;
    uint16_t *blue = NULL;

    if (TIFFGetField(r->tiff, TIFFTAG_COLORMAP, &red, &green, &blue) != 1) {
        return assay_fail(r->err, ASSAY_EFORMAT, "TIFF: the palette is missing");
    }
    for (size_t i = 0; i < (size_t)1 << r->bits; i++) {
        r->palette[i][0] = (uint8_t)(red[i] >> 8);
        r->palette[i][1] = (uint8_t)(green[i] >> 8);
        r->palette[i][2] = (uint8_t)(blue[i] >> 8);
    }
    return ASSAY_OK;
}

static assay_status check_compression(const tiff_reader *r)
{
    uint16_t compression = COMPRESSION_NONE;

    (void)TIFFGetFieldDefaulted(r->tiff, TIFFTAG_COMPRESSION, &compression);
    switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_PACKBITS:
        return ASSAY_OK;
    default:
        return assay_fail(
            r->err, ASSAY_EUNSUPPORTED,
            "TIFF: compression %u; none (1), LZW (5), deflate (8, 32946) and PackBits "
            "(32773) can be read",
            compression);
    }
}

static assay_status read_layout(tiff_reader *r, assay_image_shape *shape, bool extra_declared)
{
    uint16_t format = SAMPLEFORMAT_UINT;
    uint16_t planar = PLANARCONFIG_CONTIG;
    uint16_t orientation = 1;

    (void)TIFFGetField(r->tiff, TIFFTAG_IMAGEWIDTH, &r->width);
    (void)TIFFGetField(r->tiff, TIFFTAG_IMAGELENGTH, &r->height);
    ASSAY_TRY(assay_image_size_check("TIFF", r->width, r->height, &r->source->limits, r->err));
    (void)TIFFGetFieldDefaulted(r->tiff, TIFFTAG_BITSPERSAMPLE, &r->bits);
    (void)TIFFGetFieldDefaulted(r->tiff, TIFFTAG_SAMPLESPERPIXEL, &r->samples);
    (void)TIFFGetFieldDefaulted(r->tiff, TIFFTAG_SAMPLEFORMAT, &format);
    (void)TIFFGetFieldDefaulted(r->tiff, TIFFTAG_PLANARCONFIG, &planar);
    (void)TIFFGetField(r->tiff, TIFFTAG_PHOTOMETRIC, &r->photometric);
    (void)TIFFGetFieldDefaulted(r->tiff, TIFFTAG_ORIENTATION, &orientation);
    ASSAY_TRY(check_compression(r));
    r->separate = planar == PLANARCONFIG_SEPARATE && r->samples > 1;
    r->channels = plan_channels(r, extra_declared);
    if (r->channels == 0 || (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)) {
        return fail_unsupported(r, format);
    }
    if (r->photometric == PHOTOMETRIC_PALETTE) {
        ASSAY_TRY(read_palette(r));
    }
    *shape = (assay_image_shape){(int32_t)r->width, (int32_t)r->height,
                                 orientation >= 1 && orientation <= 8 ? orientation : 1};
    return ASSAY_OK;
}

/* A row of 1, 2, 4 or 8 bit samples: grey is scaled to 8 bits, indices are looked up. */
static void put_mapped(uint8_t *to, const tiff_reader *r, const uint8_t *from, uint32_t n)
{
    uint32_t per_byte = 8u / r->bits;
    uint32_t largest = (1u << r->bits) - 1;
    uint32_t step = r->bits == 8 ? r->samples : 1; /* further samples are dropped */
    uint8_t flip = r->invert ? 255 : 0;

    if (r->separate) {
        step = 1;
    }
    for (uint32_t x = 0; x < n; x++) {
        uint32_t at = x * step;
        uint32_t shift = 8u - r->bits - at % per_byte * r->bits;
        uint32_t value = (uint32_t)from[at / per_byte] >> shift & largest;
        if (r->photometric == PHOTOMETRIC_PALETTE) {
            memcpy(to + 3 * (size_t)x, r->palette[value], 3);
        } else {
            to[x] = (uint8_t)(value * (255 / largest)) ^ flip;
        }
    }
}

/* n pixels of one row of a block into the image at (x, y); plane counts when samples stand apart. */
static void put_row(assay_image *out, const tiff_reader *r, const uint8_t *from, uint32_t x,
                    uint32_t y, uint32_t n, uint32_t plane)
{
    size_t sample = r->bits == 16 ? 2 : 1;
    size_t pixel = (size_t)r->channels * sample;
    uint8_t *to = assay_image_row_mut(out, (int32_t)y) + (size_t)x * pixel;

    if (r->bits < 8 || r->invert || r->photometric == PHOTOMETRIC_PALETTE) {
        put_mapped(to, r, from, n);
    } else if (r->separate) {
        to += plane * sample;
        for (uint32_t i = 0; i < n; i++, to += pixel, from += sample) {
            memcpy(to, from, sample);
        }
    } else if (r->samples == r->channels) {
        memcpy(to, from, (size_t)n * pixel);
    } else {
        for (uint32_t i = 0; i < n; i++, to += pixel, from += r->samples * sample) {
            memcpy(to, from, pixel);
        }
    }
}

static assay_status block_new(tiff_reader *r, uint64_t bytes)
{
    /* A tile may well be larger than a small image. */
    uint64_t most = (uint64_t)r->source->limits.max_pixels * MAX_SAMPLES * 2 + ALLOC_SLACK;

    if (bytes == 0 || bytes > most || bytes > SIZE_MAX / 2) {
        return assay_fail(r->err, ASSAY_ELIMIT,
                          "TIFF: a strip or tile of %" PRIu64 " bytes is beyond the limits", bytes);
    }
    if (bytes / LZW_MAX_RATIO > r->source->size) {
        return assay_image_fail_truncated("TIFF", r->source->size, r->err);
    }
    r->block = assay_alloc_raw((size_t)bytes, 1);
    return r->block == NULL ? assay_fail_memory(r->err) : ASSAY_OK;
}

static uint32_t planes_of(const tiff_reader *r)
{
    bool first_only = r->invert || r->photometric == PHOTOMETRIC_PALETTE;

    return !r->separate || first_only ? 1 : (uint32_t)r->channels;
}

static assay_status read_strips(assay_image *out, tiff_reader *r)
{
    uint32_t rows = 0;
    uint64_t row_bytes = TIFFVStripSize64(r->tiff, 1);

    (void)TIFFGetFieldDefaulted(r->tiff, TIFFTAG_ROWSPERSTRIP, &rows);
    if (rows == 0 || rows > r->height) {
        rows = r->height;
    }
    ASSAY_TRY(block_new(r, row_bytes * rows));
    for (uint32_t plane = 0; plane < planes_of(r); plane++) {
        for (uint32_t y = 0; y < r->height; y += rows) {
            uint32_t n = rows < r->height - y ? rows : r->height - y;
            tmsize_t bytes = (tmsize_t)(row_bytes * n);
            uint32_t strip = TIFFComputeStrip(r->tiff, y, (uint16_t)plane);
            if (TIFFReadEncodedStrip(r->tiff, strip, r->block, bytes) != bytes ||
                r->message[0] != '\0') {
                return fail_damaged(r);
            }
            for (uint32_t i = 0; i < n; i++) {
                put_row(out, r, r->block + row_bytes * i, 0, y + i, r->width, plane);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status read_tile(assay_image *out, tiff_reader *r, uint32_t x, uint32_t y,
                              uint32_t plane, const uint32_t side[2])
{
    tmsize_t bytes = TIFFTileSize(r->tiff);
    size_t row_bytes = (size_t)TIFFTileRowSize(r->tiff);
    uint32_t wide = side[0] < r->width - x ? side[0] : r->width - x;
    uint32_t high = side[1] < r->height - y ? side[1] : r->height - y;
    uint32_t tile = TIFFComputeTile(r->tiff, x, y, 0, (uint16_t)plane);

    if (TIFFReadEncodedTile(r->tiff, tile, r->block, bytes) != bytes || r->message[0] != '\0') {
        return fail_damaged(r);
    }
    for (uint32_t i = 0; i < high; i++) {
        put_row(out, r, r->block + row_bytes * i, x, y + i, wide, plane);
    }
    return ASSAY_OK;
}

static assay_status read_tiles(assay_image *out, tiff_reader *r)
{
    uint32_t side[2] = {0, 0};

    (void)TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &side[0]);
    (void)TIFFGetField(r->tiff, TIFFTAG_TILELENGTH, &side[1]);
    if (side[0] == 0 || side[1] == 0) {
        return assay_fail(r->err, ASSAY_EFORMAT, "TIFF: the file is damaged: its tiles are empty");
    }
    ASSAY_TRY(block_new(r, TIFFTileSize64(r->tiff)));
    for (uint32_t plane = 0; plane < planes_of(r); plane++) {
        for (uint32_t y = 0; y < r->height; y += side[1]) {
            for (uint32_t x = 0; x < r->width; x += side[0]) {
                ASSAY_TRY(read_tile(out, r, x, y, plane, side));
            }
        }
    }
    return ASSAY_OK;
}

static uint32_t unmultiplied(uint32_t value, uint32_t alpha, uint32_t top)
{
    uint64_t x = (uint64_t)value * top / alpha;

    return x < top ? (uint32_t)x : top;
}

/* Straight alpha by Pillow's rule: value * 255 / alpha downwards, at most 255; nothing where alpha
 * is 0 (RGB becomes 0, grey stays). */
static void unpremultiply(assay_image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height;
    int32_t colors = image->channels - 1;
    bool wide = image->type == ASSAY_PIXEL_U16;
    uint32_t top = wide ? 65535 : 255;
    uint8_t *narrow_at = image->data;
    uint16_t *wide_at = image->data;

    for (size_t i = 0; i < n; i++) {
        uint32_t alpha = wide ? wide_at[colors] : narrow_at[colors];
        for (int32_t c = 0; c < colors && alpha != top; c++) {
            uint32_t value = wide ? wide_at[c] : narrow_at[c];
            if (alpha > 0) {
                value = unmultiplied(value, alpha, top);
            } else if (colors == 3) {
                value = 0;
            }
            if (wide) {
                wide_at[c] = (uint16_t)value;
            } else {
                narrow_at[c] = (uint8_t)value;
            }
        }
        if (wide) {
            wide_at += image->channels;
        } else {
            narrow_at += image->channels;
        }
    }
}

static assay_status reader_open(tiff_reader *r, assay_image_shape *shape,
                                const assay_image_source *source, assay_error *err)
{
    assay_tiff_directory directory = {false, false, false};

    *r = (tiff_reader){.source = source, .err = err};
    ASSAY_TRY(assay_tiff_directory_check(&directory, source, err));
    if (directory.is_palette && !directory.has_color_map) {
        return assay_fail(err, ASSAY_EFORMAT, "TIFF: the palette is missing");
    }
    ASSAY_TRY(tiff_open(r));
    return read_layout(r, shape, directory.has_extra_samples);
}

static void reader_dispose(tiff_reader *r)
{
    if (r->tiff != NULL) {
        TIFFClose(r->tiff);
    }
    assay_free(r->block);
}

static assay_status tiff_probe(assay_image_shape *shape, const assay_image_source *source,
                               assay_error *err)
{
    tiff_reader r;
    assay_status status = reader_open(&r, shape, source, err);

    reader_dispose(&r);
    return status;
}

static assay_status read_pixels(assay_image *out, tiff_reader *r)
{
    uint64_t bits = (uint64_t)r->width * r->height * r->bits * r->samples;

    if (bits / 8 / LZW_MAX_RATIO > r->source->size) {
        return assay_image_fail_truncated("TIFF", r->source->size, r->err);
    }
    r->message[0] = '\0';
    ASSAY_TRY(assay_image_new_raw(out, (int32_t)r->width, (int32_t)r->height, r->channels,
                                  r->bits == 16 ? ASSAY_PIXEL_U16 : ASSAY_PIXEL_U8, r->err));
    ASSAY_TRY(TIFFIsTiled(r->tiff) ? read_tiles(out, r) : read_strips(out, r));
    if (r->premultiplied) {
        unpremultiply(out);
    }
    return ASSAY_OK;
}

static assay_status tiff_decode(assay_image *out, int *orientation,
                                const assay_image_source *source, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image_shape shape = {0, 0, 1};
    tiff_reader r;

    ASSAY_GOTO(reader_open(&r, &shape, source, err), done);
    ASSAY_GOTO(read_pixels(out, &r), done);
    *orientation = shape.orientation;
done:
    reader_dispose(&r);
    if (status != ASSAY_OK) {
        assay_image_dispose(out);
    }
    return status;
}

const assay_image_codec assay_image_codec_tiff = {ASSAY_IMAGE_TIFF, tiff_probe, tiff_decode};
