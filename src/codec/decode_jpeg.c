#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "base/alloc.h"
#include "codec/image_formats.h"

/* A progressive file of a few bytes per scan could otherwise ask for any number of passes over the
 * whole image; encoders write about ten. */
enum { JPEG_MAX_SCANS = 500 };

typedef struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr input;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    const assay_image_source *source;
    assay_error *err;
    assay_status status; /* set before every jump */
    assay_image image;   /* owned until handed over */
    uint8_t *row;        /* CMYK row, owned */
} jpeg_reader;

_Noreturn static void reader_stop(jpeg_reader *reader, assay_status status)
{
    reader->status = status;
    longjmp(reader->jump, 1);
}

static assay_status status_of(int code)
{
    switch (code) {
    case JERR_OUT_OF_MEMORY:
        return ASSAY_ENOMEM;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
        return ASSAY_EUNSUPPORTED;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        return ASSAY_ELIMIT;
    default:
        return ASSAY_EFORMAT;
    }
}

_Noreturn static void on_error(j_common_ptr common)
{
    jpeg_reader *reader = common->client_data;
    char text[JMSG_LENGTH_MAX] = "";

    common->err->format_message(common, text);
    reader_stop(reader,
                assay_fail(reader->err, status_of(common->err->msg_code), "JPEG: %s", text));
}

/* libjpeg calls data errors warnings and paints grey over what is missing. Only those that leave
 * every pixel decoded pass: bytes between segments and odd version numbers. */
static void on_message(j_common_ptr common, int level)
{
    jpeg_reader *reader = common->client_data;
    char text[JMSG_LENGTH_MAX] = "";
    int code = common->err->msg_code;

    if (level >= 0 || code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR ||
        code == JWRN_ADOBE_XFORM) {
        return;
    }
    common->err->format_message(common, text);
    reader_stop(reader, assay_fail(reader->err, ASSAY_EFORMAT,
                                   "JPEG: the pixel data are damaged: %s", text));
}

static void on_output(j_common_ptr common)
{
    (void)common;
}

static void input_start(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

static boolean input_more(j_decompress_ptr jpeg)
{
    jpeg_reader *reader = jpeg->client_data;

    reader_stop(reader, assay_image_fail_truncated("JPEG", reader->source->size, reader->err));
}

static void input_skip(j_decompress_ptr jpeg, long bytes)
{
    if (bytes > 0) {
        if ((size_t)bytes > jpeg->src->bytes_in_buffer) {
            (void)input_more(jpeg);
        }
        jpeg->src->next_input_byte += bytes;
        jpeg->src->bytes_in_buffer -= (size_t)bytes;
    }
}

static void on_progress(j_common_ptr common)
{
    jpeg_reader *reader = common->client_data;

    if (reader->jpeg.input_scan_number > JPEG_MAX_SCANS) {
        reader_stop(reader, assay_fail(reader->err, ASSAY_ELIMIT,
                                       "JPEG: more than %d scans; no encoder writes such a file",
                                       JPEG_MAX_SCANS));
    }
}

static void reader_init(jpeg_reader *reader, const assay_image_source *source, assay_error *err)
{
    *reader = (jpeg_reader){.source = source, .err = err, .status = ASSAY_OK};
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = on_error;
    reader->errors.emit_message = on_message;
    reader->errors.output_message = on_output;
    reader->jpeg.client_data = reader;
    reader->progress.progress_monitor = on_progress;
    reader->input.init_source = input_start;
    reader->input.fill_input_buffer = input_more;
    reader->input.skip_input_data = input_skip;
    reader->input.resync_to_restart = jpeg_resync_to_restart;
    reader->input.term_source = input_start;
    reader->input.next_input_byte = source->bytes;
    reader->input.bytes_in_buffer = source->size;
}

/* Header and limits; runs inside the guard. */
static void read_header(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;

    jpeg_create_decompress(jpeg);
    jpeg->src = &reader->input;
    jpeg->progress = &reader->progress;
    (void)jpeg_read_header(jpeg, TRUE);
    assay_status status =
        assay_image_size_check("JPEG", (int64_t)jpeg->image_width, (int64_t)jpeg->image_height,
                               &reader->source->limits, reader->err);
    if (status != ASSAY_OK) {
        reader_stop(reader, status);
    }
    if (jpeg->num_components != 1 && jpeg->num_components != 3 && jpeg->num_components != 4) {
        reader_stop(reader,
                    assay_fail(reader->err, ASSAY_EUNSUPPORTED,
                               "JPEG: %d colour components; grey (1), colour (3) and CMYK (4) can "
                               "be read",
                               jpeg->num_components));
    }
}

/* Every 8 x 8 block takes at least one bit of Huffman code, and the finest component has one for at
 * most 256 pixels, so a small file that claims more is refused before memory is taken for it. */
static void check_plausible(jpeg_reader *reader)
{
    uint64_t pixels = (uint64_t)reader->jpeg.image_width * reader->jpeg.image_height;

    if (!reader->jpeg.arith_code && pixels / 2048 > reader->source->size) {
        reader_stop(reader, assay_image_fail_truncated("JPEG", reader->source->size, reader->err));
    }
}

static uint32_t mul_div_255(uint32_t a, uint32_t b)
{
    uint32_t t = a * b + 128;

    return ((t >> 8) + t) >> 8;
}

/* Pillow: the samples are stored inverted (Adobe), then R = 255 - K - C * (255 - K) / 255. */
static void rgb_from_cmyk(uint8_t *to, const uint8_t *from, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++, to += 3, from += 4) {
        uint32_t light = from[3]; /* 255 - K */
        for (size_t c = 0; c < 3; c++) {
            to[c] = (uint8_t)(light - mul_div_255(255u - from[c], light));
        }
    }
}

/* Pixels; runs inside the guard. */
static void read_pixels(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    int32_t width = (int32_t)jpeg->image_width;
    bool cmyk = jpeg->num_components == 4;

    check_plausible(reader);
    jpeg->out_color_space = cmyk ? JCS_CMYK : jpeg->num_components == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg->dct_method = JDCT_ISLOW;
    assay_status status =
        assay_image_new_raw(&reader->image, width, (int32_t)jpeg->image_height,
                            jpeg->num_components == 1 ? 1 : 3, ASSAY_PIXEL_U8, reader->err);
    if (status != ASSAY_OK) {
        reader_stop(reader, status);
    }
    if (cmyk) {
        reader->row = assay_alloc_raw((size_t)width, 4);
        if (reader->row == NULL) {
            reader_stop(reader, assay_fail_memory(reader->err));
        }
    }
    (void)jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *to = assay_image_row_mut(&reader->image, (int32_t)jpeg->output_scanline);
        JSAMPROW rows[1] = {cmyk ? reader->row : to};
        (void)jpeg_read_scanlines(jpeg, rows, 1);
        if (cmyk) {
            rgb_from_cmyk(to, reader->row, (size_t)width);
        }
    }
    (void)jpeg_finish_decompress(jpeg); /* reads on to the end-of-image marker */
}

/* The only function that sets the jump; it keeps no state of its own across it. */
static assay_status reader_run(jpeg_reader *reader, bool pixels)
{
    if (setjmp(reader->jump) == 0) {
        read_header(reader);
        if (pixels) {
            read_pixels(reader);
        }
    }
    return reader->status;
}

static void reader_dispose(jpeg_reader *reader)
{
    jpeg_destroy_decompress(&reader->jpeg);
    assay_free(reader->row);
    assay_image_dispose(&reader->image);
}

/* Orientation from the first EXIF segment before the first scan. */
static int find_orientation(const uint8_t *bytes, size_t size)
{
    size_t at = 2;

    while (at + 4 <= size) {
        if (bytes[at] != 0xff || bytes[at + 1] == 0xff || bytes[at + 1] == 0) {
            at++; /* fill bytes, or garbage that libjpeg skips as well */
            continue;
        }
        unsigned marker = bytes[at + 1];
        if (marker == 0xda || marker == 0xd9) {
            return 1;
        }
        if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
            at += 2;
            continue;
        }
        size_t length = assay_be16(bytes + at + 2);
        if (length < 2 || length > size - at - 2) {
            return 1;
        }
        if (marker == 0xe1 && length >= 8 && memcmp(bytes + at + 4, "Exif\0\0", 6) == 0) {
            return assay_exif_orientation(bytes + at + 4, length - 2);
        }
        at += 2 + length;
    }
    return 1;
}

static assay_status jpeg_probe(assay_image_shape *shape, const assay_image_source *source,
                               assay_error *err)
{
    jpeg_reader reader;

    reader_init(&reader, source, err);
    assay_status status = reader_run(&reader, false);
    if (status == ASSAY_OK) {
        *shape =
            (assay_image_shape){(int32_t)reader.jpeg.image_width, (int32_t)reader.jpeg.image_height,
                                find_orientation(source->bytes, source->size)};
    }
    reader_dispose(&reader);
    return status;
}

static assay_status jpeg_decode(assay_image *out, int *orientation,
                                const assay_image_source *source, assay_error *err)
{
    jpeg_reader reader;

    reader_init(&reader, source, err);
    assay_status status = reader_run(&reader, true);
    if (status == ASSAY_OK) {
        *out = reader.image;
        reader.image = (assay_image){0};
        *orientation = find_orientation(source->bytes, source->size);
    }
    reader_dispose(&reader);
    return status;
}

const assay_image_codec assay_image_codec_jpeg = {ASSAY_IMAGE_JPEG, jpeg_probe, jpeg_decode};
