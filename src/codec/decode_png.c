#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "base/alloc.h"
#include "codec/image_formats.h"

enum {
    PNG_HEADER_BYTES = 33, /* signature and IHDR */
    PNG_CHUNK_BYTES = 8 << 20,
    DEFLATE_MAX_RATIO = 1032 /* no deflate stream expands by more */
};

typedef struct png_reader {
    png_structp png;
    png_infop info;
    const assay_image_source *source;
    size_t at;
    assay_error *err;
    assay_status status;
    assay_image image;   /* owned until handed over */
    assay_image indices; /* palette images: one byte per pixel, owned */
    bool as_stored;      /* palette indices and small grey values are not expanded */
    jmp_buf jump;
} png_reader;

_Noreturn static void reader_stop(png_reader *reader, assay_status status)
{
    reader->status = status;
    longjmp(reader->jump, 1);
}

_Noreturn static void on_error(png_structp png, png_const_charp text)
{
    png_reader *reader = png_get_error_ptr(png);

    reader_stop(reader,
                assay_fail(reader->err, ASSAY_EFORMAT, "PNG: the file is damaged: %s", text));
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep to, size_t n)
{
    png_reader *reader = png_get_io_ptr(png);

    if (n > reader->source->size - reader->at) {
        reader_stop(reader, assay_image_fail_truncated("PNG", reader->source->size, reader->err));
    }
    memcpy(to, reader->source->bytes + reader->at, n);
    reader->at += n;
}

/* Size and limits come from the bytes themselves, before libpng takes any memory. */
static assay_status png_probe(assay_image_shape *shape, const assay_image_source *source,
                              assay_error *err)
{
    const uint8_t *bytes = source->bytes;
    size_t at = 8;
    bool found = false;

    if (source->size < PNG_HEADER_BYTES) {
        return assay_image_fail_truncated("PNG", source->size, err);
    }
    if (assay_be32(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "PNG: the file is damaged: it does not begin with an image header");
    }
    ASSAY_TRY(assay_image_size_check("PNG", assay_be32(bytes + 16), assay_be32(bytes + 20),
                                     &source->limits, err));
    *shape =
        (assay_image_shape){(int32_t)assay_be32(bytes + 16), (int32_t)assay_be32(bytes + 20), 1};
    while (!found && source->size - at >= 12) {
        size_t length = assay_be32(bytes + at);
        if (length > source->size - at - 12) {
            break;
        }
        found = memcmp(bytes + at + 4, "eXIf", 4) == 0;
        if (found) {
            shape->orientation = assay_exif_orientation(bytes + at + 8, length);
        }
        at += 12 + length;
    }
    return ASSAY_OK;
}

static void read_info(png_reader *reader)
{
    png_structp png = reader->png;

    png_set_read_fn(png, reader, on_read);
    png_set_user_limits(png, (png_uint_32)reader->source->limits.max_side,
                        (png_uint_32)reader->source->limits.max_side);
    png_set_chunk_malloc_max(png, PNG_CHUNK_BYTES);
    /* Texts, profiles and the like decide no pixel: their checksum is verified and they are
     * skipped, so that none is inflated. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(png, reader->info);
}

static void check_plausible(png_reader *reader)
{
    uint64_t bytes = (uint64_t)png_get_rowbytes(reader->png, reader->info) *
                     png_get_image_height(reader->png, reader->info);

    if (bytes / DEFLATE_MAX_RATIO > reader->source->size) {
        reader_stop(reader, assay_image_fail_truncated("PNG", reader->source->size, reader->err));
    }
}

static int32_t channels_of(int color)
{
    switch (color) {
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        return 2;
    case PNG_COLOR_TYPE_RGB:
        return 3;
    case PNG_COLOR_TYPE_RGB_ALPHA:
        return 4;
    default: /* grey, and palette indices */
        return 1;
    }
}

static void read_rows(png_reader *reader, assay_image *into)
{
    int passes = png_set_interlace_handling(reader->png);

    png_read_update_info(reader->png, reader->info);
    if (png_get_rowbytes(reader->png, reader->info) != into->stride) {
        reader_stop(reader, assay_fail(reader->err, ASSAY_EINTERNAL,
                                       "PNG: the rows are not as long as the header says"));
    }
    for (int pass = 0; pass < passes; pass++) {
        for (int32_t y = 0; y < into->height; y++) {
            png_read_row(reader->png, assay_image_row_mut(into, y), NULL);
        }
    }
    png_read_end(reader->png, NULL);
}

/* Indices to RGB, or RGBA when the palette has transparency. */
static void expand_palette(png_reader *reader)
{
    png_colorp palette = NULL;
    png_bytep alpha = NULL;
    int colors = 0;
    int alphas = 0;

    if (png_get_PLTE(reader->png, reader->info, &palette, &colors) == 0) {
        reader_stop(reader, assay_fail(reader->err, ASSAY_EFORMAT, "PNG: the palette is missing"));
    }
    if (png_get_tRNS(reader->png, reader->info, &alpha, &alphas, NULL) == 0) {
        alphas = 0;
    }
    int32_t channels = alphas > 0 ? 4 : 3;
    assay_image *indices = &reader->indices;
    assay_status status = assay_image_new_raw(&reader->image, indices->width, indices->height,
                                              channels, ASSAY_PIXEL_U8, reader->err);
    if (status != ASSAY_OK) {
        reader_stop(reader, status);
    }
    const uint8_t *from = indices->data;
    uint8_t *to = reader->image.data;
    size_t pixels = (size_t)indices->width * (size_t)indices->height;
    for (size_t i = 0; i < pixels; i++, to += channels) {
        int index = from[i];
        if (index >= colors) {
            reader_stop(reader,
                        assay_fail(reader->err, ASSAY_EFORMAT,
                                   "PNG: a pixel asks for colour %d of a palette of %d; the "
                                   "file is corrupt",
                                   index, colors));
        }
        to[0] = palette[index].red;
        to[1] = palette[index].green;
        to[2] = palette[index].blue;
        if (channels == 4) {
            to[3] = index < alphas ? alpha[index] : 255;
        }
    }
}

static void read_image(png_reader *reader)
{
    png_structp png = reader->png;
    const uint16_t order = 1;
    bool little_endian = *(const uint8_t *)&order == 1;

    read_info(reader);
    check_plausible(reader);
    int color = png_get_color_type(png, reader->info);
    int depth = png_get_bit_depth(png, reader->info);
    bool palette = color == PNG_COLOR_TYPE_PALETTE;
    assay_image *into = palette && !reader->as_stored ? &reader->indices : &reader->image;
    assay_status status =
        assay_image_new_raw(into, (int32_t)png_get_image_width(png, reader->info),
                            (int32_t)png_get_image_height(png, reader->info), channels_of(color),
                            depth == 16 ? ASSAY_PIXEL_U16 : ASSAY_PIXEL_U8, reader->err);
    if (status != ASSAY_OK) {
        reader_stop(reader, status);
    }
    if (palette || (reader->as_stored && depth < 8)) {
        png_set_packing(png);
    } else if (depth < 8) {
        png_set_expand_gray_1_2_4_to_8(png);
    } else if (depth == 16 && little_endian) {
        png_set_swap(png);
    }
    read_rows(reader, into);
    if (palette && !reader->as_stored) {
        expand_palette(reader);
    }
}

/* The only function that sets the jump; it keeps no state of its own across it. */
static assay_status reader_run(png_reader *reader)
{
    if (setjmp(reader->jump) == 0) {
        reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
        reader->info = reader->png == NULL ? NULL : png_create_info_struct(reader->png);
        if (reader->info == NULL) {
            return assay_fail_memory(reader->err);
        }
        read_image(reader);
    }
    return reader->status;
}

static assay_status decode_with(assay_image *out, int *orientation,
                                const assay_image_source *source, bool as_stored, assay_error *err)
{
    assay_image_shape shape = {0, 0, 1};
    png_reader reader = {.source = source, .err = err, .status = ASSAY_OK, .as_stored = as_stored};

    ASSAY_TRY(png_probe(&shape, source, err));
    assay_status status = reader_run(&reader);
    if (status == ASSAY_OK) {
        *out = reader.image;
        reader.image = (assay_image){0};
        *orientation = shape.orientation;
    }
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    assay_image_dispose(&reader.indices);
    assay_image_dispose(&reader.image);
    return status;
}

static assay_status png_decode(assay_image *out, int *orientation, const assay_image_source *source,
                               assay_error *err)
{
    return decode_with(out, orientation, source, false, err);
}

assay_status assay_png_samples(assay_image *out, const assay_image_source *source, assay_error *err)
{
    int orientation = 1;
    return decode_with(out, &orientation, source, true, err);
}

const assay_image_codec assay_image_codec_png = {ASSAY_IMAGE_PNG, png_probe, png_decode};
