#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "codec/image_encode.h"

enum { CHUNK = 16384 };

typedef struct jpeg_writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr output;
    assay_buffer *out;
    const assay_image *image;
    int quality;
    assay_error *err;
    assay_status status;
    jmp_buf jump;
    JOCTET chunk[CHUNK];
} jpeg_writer;

_Noreturn static void on_error(j_common_ptr common)
{
    jpeg_writer *writer = common->client_data;
    char text[JMSG_LENGTH_MAX] = "";

    common->err->format_message(common, text);
    writer->status = assay_fail(writer->err, ASSAY_EINVAL, "JPEG cannot be written: %s", text);
    longjmp(writer->jump, 1);
}

static void on_message(j_common_ptr common, int level)
{
    (void)common;
    (void)level;
}

static void on_output(j_common_ptr common)
{
    (void)common;
}

static void output_start(j_compress_ptr jpeg)
{
    jpeg_writer *writer = jpeg->client_data;

    jpeg->dest->next_output_byte = writer->chunk;
    jpeg->dest->free_in_buffer = CHUNK;
}

static boolean output_full(j_compress_ptr jpeg)
{
    jpeg_writer *writer = jpeg->client_data;

    assay_buffer_append(writer->out, writer->chunk, CHUNK);
    output_start(jpeg);
    return TRUE;
}

static void output_end(j_compress_ptr jpeg)
{
    jpeg_writer *writer = jpeg->client_data;

    assay_buffer_append(writer->out, writer->chunk, CHUNK - jpeg->dest->free_in_buffer);
}

/* jpeg_set_defaults is what Pillow's default comes to: 4:2:0, islow DCT, standard Huffman tables. */
static void write_image(jpeg_writer *writer)
{
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    const assay_image *image = writer->image;

    jpeg_create_compress(jpeg);
    jpeg->dest = &writer->output;
    jpeg->image_width = (JDIMENSION)image->width;
    jpeg->image_height = (JDIMENSION)image->height;
    jpeg->input_components = image->channels;
    jpeg->in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, writer->quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        /* libjpeg's interface is not const, but it does not write here */
        uintptr_t row = (uintptr_t)assay_image_row(image, (int32_t)jpeg->next_scanline);
        JSAMPROW rows[1] = {(JSAMPROW)row};
        (void)jpeg_write_scanlines(jpeg, rows, 1);
    }
    jpeg_finish_compress(jpeg);
}

/* The only function that sets the jump; it keeps no state of its own across it. */
static assay_status writer_run(jpeg_writer *writer)
{
    if (setjmp(writer->jump) == 0) {
        write_image(writer);
    }
    return writer->status;
}

assay_status assay_image_encode_jpeg(assay_buffer *out, const assay_image *image, int quality,
                                     assay_error *err)
{
    jpeg_writer writer = {
        .out = out, .image = image, .quality = quality, .err = err, .status = ASSAY_OK};

    if (image->data == NULL || image->type != ASSAY_PIXEL_U8 ||
        (image->channels != 1 && image->channels != 3)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "JPEG holds 8-bit grey or RGB images only; convert the image first");
    }
    if (quality < 1 || quality > 100) {
        return assay_fail(err, ASSAY_EINVAL, "JPEG quality is %d; expected 1 to 100", quality);
    }
    writer.jpeg.err = jpeg_std_error(&writer.errors);
    writer.errors.error_exit = on_error;
    writer.errors.emit_message = on_message;
    writer.errors.output_message = on_output;
    writer.jpeg.client_data = &writer;
    writer.output.init_destination = output_start;
    writer.output.empty_output_buffer = output_full;
    writer.output.term_destination = output_end;
    assay_status status = writer_run(&writer);
    jpeg_destroy_compress(&writer.jpeg);
    return status != ASSAY_OK ? status : assay_buffer_status(out, err);
}
