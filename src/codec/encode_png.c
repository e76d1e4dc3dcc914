#include <setjmp.h>

#include <png.h>

#include "codec/image_encode.h"

typedef struct png_writer {
    png_structp png;
    png_infop info;
    assay_buffer *out;
    const assay_image *image;
    assay_error *err;
    assay_status status;
    jmp_buf jump;
} png_writer;

_Noreturn static void on_error(png_structp png, png_const_charp text)
{
    png_writer *writer = png_get_error_ptr(png);

    writer->status = assay_fail(writer->err, ASSAY_EINTERNAL, "PNG cannot be written: %s", text);
    longjmp(writer->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* A full buffer is reported once, at the end. */
static void on_write(png_structp png, png_bytep bytes, size_t n)
{
    png_writer *writer = png_get_io_ptr(png);

    assay_buffer_append(writer->out, bytes, n);
}

static void on_flush(png_structp png)
{
    (void)png;
}

static void write_image(png_writer *writer)
{
    static const int colors[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                 PNG_COLOR_TYPE_RGB_ALPHA};
    const assay_image *image = writer->image;
    const uint16_t order = 1;
    int depth = image->type == ASSAY_PIXEL_U16 ? 16 : 8;

    png_set_write_fn(writer->png, writer, on_write, on_flush);
    png_set_user_limits(writer->png, 0x7fffffff, 0x7fffffff);
    png_set_compression_level(writer->png, 6);
    png_set_IHDR(writer->png, writer->info, (png_uint_32)image->width, (png_uint_32)image->height,
                 depth, colors[image->channels - 1], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writer->png, writer->info);
    if (depth == 16 && *(const uint8_t *)&order == 1) {
        png_set_swap(writer->png); /* PNG is big-endian */
    }
    for (int32_t y = 0; y < image->height; y++) {
        png_write_row(writer->png, assay_image_row(image, y));
    }
    png_write_end(writer->png, writer->info);
}

/* The only function that sets the jump; it keeps no state of its own across it. */
static assay_status writer_run(png_writer *writer)
{
    if (setjmp(writer->jump) == 0) {
        writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, on_error, on_warning);
        writer->info = writer->png == NULL ? NULL : png_create_info_struct(writer->png);
        if (writer->info == NULL) {
            return assay_fail_memory(writer->err);
        }
        write_image(writer);
    }
    return writer->status;
}

assay_status assay_image_encode_png(assay_buffer *out, const assay_image *image, assay_error *err)
{
    png_writer writer = {.out = out, .image = image, .err = err, .status = ASSAY_OK};

    if (image->data == NULL || (image->type != ASSAY_PIXEL_U8 && image->type != ASSAY_PIXEL_U16)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "PNG holds 8- and 16-bit images only; convert the image to 8 bits first");
    }
    assay_status status = writer_run(&writer);
    png_destroy_write_struct(&writer.png, &writer.info);
    return status != ASSAY_OK ? status : assay_buffer_status(out, err);
}
