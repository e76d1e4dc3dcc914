/* Hand-made files that lie: sizes, offsets and kinds that no decoder may believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "codec/image_decode.h"

/* From an exact-size copy, so that a sanitizer sees the first byte read past the end. */
static void expect_failure(const void *bytes, size_t size, assay_status expected, const char *part)
{
    assay_error err = {0};
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assay_image image = {0};
    assay_image_format format = ASSAY_IMAGE_PNG;

    assert_non_null(exact);
    if (size > 0) {
        memcpy(exact, bytes, size);
    }
    assay_status status =
        assay_image_decode(&image, &format, bytes == NULL ? NULL : exact, size, NULL, &err);
    free(exact);
    if (status != expected || strstr(err.message, part) == NULL) {
        fail_msg("status %d (%s), expected %d with \"%s\"", (int)status, err.message, (int)expected,
                 part);
    }
    assert_null(image.data);
    assert_int_equal(format, ASSAY_IMAGE_UNKNOWN);
}

#define EXPECT_FAILURE(bytes, expected, part)                                                      \
    expect_failure((bytes), sizeof(bytes) - 1, (expected), (part))

static void test_not_images(void **state)
{
    (void)state;
    expect_failure(NULL, 0, ASSAY_EFORMAT, "empty");
    expect_failure("", 0, ASSAY_EFORMAT, "empty");
    EXPECT_FAILURE("GIF89a\1\0\1\0", ASSAY_EFORMAT, "47 49 46 38 39 61 01 00");
    EXPECT_FAILURE("<html>", ASSAY_EFORMAT, "not an image");
    EXPECT_FAILURE("\xff\xd8\xff", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("\x89PNG\r\n\x1a\n", ASSAY_EFORMAT, "truncated");
}

static void test_png_bombs(void **state)
{
    (void)state;
    /* 60000 x 60000, above the limit; then 16000 x 16000, below it but with no data behind */
    EXPECT_FAILURE("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\0\0\0\0",
                   ASSAY_ELIMIT, "60000 x 60000");
    EXPECT_FAILURE("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\xff\xff\xff\xff\0\0\0\1\x08\x02\0\0\0\0\0\0\0",
                   ASSAY_ELIMIT, "4294967295");
    EXPECT_FAILURE("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\1\x08\x02\0\0\0\0\0\0\0",
                   ASSAY_EFORMAT, "0 x 1");
    EXPECT_FAILURE("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x3e\x80\0\0\x3e\x80\x08\x02\0\0\0\xce\x1c"
                   "\x48\x89\0\0\0\0IDAT",
                   ASSAY_EFORMAT, "truncated");
}

static void test_jpeg_bombs(void **state)
{
    (void)state;
    static const char big[] = "\xff\xd8\xff\xc0\0\x0b\x08\xff\xdc\xff\xdc\1\1\x11\0"
                              "\xff\xda\0\x08\1\1\0\0\x3f\0";
    static const char twelve_bits[] = "\xff\xd8\xff\xc1\0\x0b\x0c\0\x10\0\x10\1\1\x11\0"
                                      "\xff\xda\0\x08\1\1\0\0\x3f\0";
    static const char two[] = "\xff\xd8\xff\xc0\0\x0e\x08\0\x10\0\x10\2\1\x11\0\2\x11\0"
                              "\xff\xda\0\x0a\2\1\0\2\0\0\x3f\0";
    static const char plausible[] = "\xff\xd8\xff\xc0\0\x0b\x08\x20\0\x20\0\1\1\x11\0"
                                    "\xff\xda\0\x08\1\1\0\0\x3f\0";
    EXPECT_FAILURE(big, ASSAY_ELIMIT, "65500 x 65500");
    EXPECT_FAILURE(twelve_bits, ASSAY_EUNSUPPORTED, "precision 12");
    EXPECT_FAILURE(two, ASSAY_EUNSUPPORTED, "2 colour components");
    EXPECT_FAILURE(plausible, ASSAY_EFORMAT, "truncated");
}

static void put16(assay_buffer *out, uint32_t value)
{
    assay_buffer_putc(out, (char)(value & 255));
    assay_buffer_putc(out, (char)(value >> 8 & 255));
}

static void put32(assay_buffer *out, uint32_t value)
{
    put16(out, value);
    put16(out, value >> 16);
}

/* A bitmap with a 40-byte header and `body` behind it. */
static void expect_bmp(int64_t width, int64_t height, uint32_t bits, uint32_t compression,
                       uint32_t colors, const char *body, size_t size, assay_status expected,
                       const char *part)
{
    assay_buffer out;

    assay_buffer_init(&out, 0);
    assay_buffer_puts(&out, "BM");
    put32(&out, 0);
    put32(&out, 0);
    put32(&out, 54 + 4 * colors);
    put32(&out, 40);
    put32(&out, (uint32_t)width);
    put32(&out, (uint32_t)height);
    put16(&out, 1);
    put16(&out, bits);
    put32(&out, compression);
    for (int i = 0; i < 3; i++) {
        put32(&out, 0);
    }
    put32(&out, colors);
    put32(&out, 0);
    for (uint32_t i = 0; i < colors; i++) {
        put32(&out, 0x00102030 * i);
    }
    assay_buffer_append(&out, body, size);
    assert_int_equal(assay_buffer_status(&out, NULL), ASSAY_OK);
    expect_failure(out.data, out.size, expected, part);
    assay_buffer_dispose(&out);
}

static void test_bmp(void **state)
{
    (void)state;
    static const char body[64] = {0};

    expect_bmp(1, INT32_MIN, 24, 0, 0, body, 64, ASSAY_ELIMIT, "1 x 2147483648");
    expect_bmp(1, INT32_MAX, 24, 0, 0, body, 64, ASSAY_ELIMIT, "2147483647");
    expect_bmp(-4, 4, 24, 0, 0, body, 64, ASSAY_EFORMAT, "-4 x 4");
    expect_bmp(INT32_MIN, INT32_MIN, 24, 0, 0, body, 64, ASSAY_EFORMAT, "-2147483648");
    expect_bmp(4, 0, 24, 0, 0, body, 64, ASSAY_EFORMAT, "4 x 0");
    expect_bmp(16000, 16000, 32, 0, 0, body, 64, ASSAY_EFORMAT, "truncated");
    expect_bmp(4, 4, 24, 4, 0, body, 64, ASSAY_EUNSUPPORTED, "compression 4");
    expect_bmp(4, 4, 7, 0, 0, body, 64, ASSAY_EUNSUPPORTED, "7 bits");
    expect_bmp(4, -4, 8, 1, 2, body, 64, ASSAY_EUNSUPPORTED, "top-down");
    expect_bmp(4, 4, 8, 0, 2, "\0\1\2\0aaaabbbbcccc", 16, ASSAY_EFORMAT,
               "colour 2 of a palette of 2");
    expect_bmp(2, 2, 8, 1, 2, "\2\0\0\1", 4, ASSAY_EFORMAT, "truncated");
    expect_bmp(2, 2, 8, 1, 2, "\0\4\0\0\0\0", 6, ASSAY_EFORMAT, "past the end of a row");
    expect_bmp(2, 2, 8, 1, 2, "\0\2\0\7", 4, ASSAY_EFORMAT, "leave the image");
    expect_bmp(2, 2, 8, 1, 2, "\2\3\0\0\2\1", 6, ASSAY_EFORMAT, "colour 3");
    EXPECT_FAILURE("BM", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("BM\0\0\0\0\0\0\0\0\0\0\0\0\x0d\0\0\0aaaaaaaaaaaaaaaaaaa", ASSAY_EUNSUPPORTED,
                   "header of 13 bytes");
}

static void test_pnm(void **state)
{
    (void)state;
    EXPECT_FAILURE("P5 60000 60000 255\n", ASSAY_ELIMIT, "60000 x 60000");
    EXPECT_FAILURE("P5 16000 16000 255\n", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("P2 16000 16000 255\n1 2 3", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("P1 16000 16000\n1 0 1", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("P4 16000 16000\n1 0 1", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("P5 99999999999999999999 1 255\n", ASSAY_EFORMAT, "far too large");
    EXPECT_FAILURE("P5 4294967295 1 255\n", ASSAY_ELIMIT, "4294967295");
    EXPECT_FAILURE("P5 0 1 255\n", ASSAY_EFORMAT, "0 x 1");
    EXPECT_FAILURE("P5 -1 1 255\n", ASSAY_EFORMAT, "not a digit");
    EXPECT_FAILURE("P5 1 1 0\n\0", ASSAY_EFORMAT, "largest value is 0");
    EXPECT_FAILURE("P5 1 1 65536\n\0\0", ASSAY_EFORMAT, "65536");
    EXPECT_FAILURE("P5 1 1 255", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("P5 1 1 255#\n7", ASSAY_EFORMAT, "space");
    EXPECT_FAILURE("P5 1 1 9\n\x0a", ASSAY_EFORMAT, "a sample is 10");
    EXPECT_FAILURE("P2 1 1 9\n10", ASSAY_EFORMAT, "a sample is 10");
    EXPECT_FAILURE("P1 2 1\n12", ASSAY_EFORMAT, "expected 0 or 1");
    EXPECT_FAILURE("P3 # never ends", ASSAY_EFORMAT, "truncated");
}

static void test_webp(void **state)
{
    (void)state;
    EXPECT_FAILURE("RIFF\xff\xff\xff\xffWEBPVP8L", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("RIFF\0\0\0\0WEBPVP8L", ASSAY_EFORMAT, "WebP");
    EXPECT_FAILURE("RIFF\x12\0\0\0WEBPVP8L\6\0\0\0\x2f\xff\xff\xff\x0f\0", ASSAY_EFORMAT, "WebP");
    /* a canvas of 65536 x 65536 */
    EXPECT_FAILURE("RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\0\xff\xff\0VP8L\0\0\0\0",
                   ASSAY_EFORMAT, "WebP");
    /* an animation of 4 x 4 */
    EXPECT_FAILURE("RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\3\0\0\3\0\0ANIM\0\0\0\0",
                   ASSAY_EUNSUPPORTED, "animation");
}

typedef struct tag {
    uint16_t id;
    uint16_t type;
    uint32_t count;
    uint32_t value;
} tag;

enum { SHORT = 3, LONG = 4 };

static void expect_tiff(const tag *changes, size_t n, assay_status expected, const char *part)
{
    tag tags[16] = {
        {256, LONG, 1, 4},  {257, LONG, 1, 4},  {258, SHORT, 1, 8}, {259, SHORT, 1, 1},
        {262, SHORT, 1, 1}, {273, LONG, 1, 8},  {277, SHORT, 1, 1}, {278, LONG, 1, 4},
        {279, LONG, 1, 16}, {339, SHORT, 1, 1},
    };
    size_t count = 10;
    assay_buffer out;

    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < count && tags[at].id != changes[i].id) {
            at++;
        }
        tags[at] = changes[i];
        count += at == count ? 1 : 0;
    }
    assay_buffer_init(&out, 0);
    assay_buffer_append(&out, "II\x2a\0\x18\0\0\0pixels of a 4x4", 24);
    put16(&out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        put16(&out, tags[i].id);
        put16(&out, tags[i].type);
        put32(&out, tags[i].count);
        put32(&out, tags[i].value);
    }
    put32(&out, 0);
    assert_int_equal(assay_buffer_status(&out, NULL), ASSAY_OK);
    if (expected == ASSAY_OK) {
        assay_image image = {0};
        assert_int_equal(
            assay_image_decode(&image, NULL, (const uint8_t *)out.data, out.size, NULL, NULL),
            ASSAY_OK);
        assay_image_dispose(&image);
    } else {
        expect_failure(out.data, out.size, expected, part);
    }
    assay_buffer_dispose(&out);
}

#define EXPECT_TIFF(expected, part, ...)                                                           \
    expect_tiff((const tag[]){__VA_ARGS__}, sizeof((const tag[]){__VA_ARGS__}) / sizeof(tag),      \
                (expected), (part))

static void test_tiff(void **state)
{
    (void)state;
    expect_tiff(NULL, 0, ASSAY_OK, "");
    EXPECT_TIFF(ASSAY_ELIMIT, "60000 x 60000", {256, LONG, 1, 60000}, {257, LONG, 1, 60000});
    EXPECT_TIFF(ASSAY_ELIMIT, "4294967295 x 4", {256, LONG, 1, 0xffffffff});
    EXPECT_TIFF(ASSAY_EFORMAT, "TIFF", {256, LONG, 1, 0xffffffff}, {257, LONG, 1, 0xffffffff});
    EXPECT_TIFF(ASSAY_EFORMAT, "truncated", {256, LONG, 1, 16000}, {257, LONG, 1, 16000});
    EXPECT_TIFF(ASSAY_EFORMAT, "truncated", {256, LONG, 1, 16000}, {257, LONG, 1, 16000},
                {259, SHORT, 1, 5});
    EXPECT_TIFF(ASSAY_EFORMAT, "TIFF", {257, LONG, 1, 0xffffffff}, {278, LONG, 1, 1});
    EXPECT_TIFF(ASSAY_EFORMAT, "size is zero", {256, LONG, 1, 0});
    EXPECT_TIFF(ASSAY_EFORMAT, "truncated or damaged", {259, SHORT, 1, 5});
    EXPECT_TIFF(ASSAY_EFORMAT, "truncated", {273, LONG, 1, 1000000});
    EXPECT_TIFF(ASSAY_EFORMAT, "tag 273", {273, LONG, 0xffffffff, 8});
    EXPECT_TIFF(ASSAY_EFORMAT, "tag 305", {305, 2, 100, 100});
    EXPECT_TIFF(ASSAY_EUNSUPPORTED, "12 bits", {258, SHORT, 1, 12});
    EXPECT_TIFF(ASSAY_EUNSUPPORTED, "compression 7", {259, SHORT, 1, 7});
    EXPECT_TIFF(ASSAY_EUNSUPPORTED, "CMYK", {262, SHORT, 1, 5});
    EXPECT_TIFF(ASSAY_EUNSUPPORTED, "sample format 3", {339, SHORT, 1, 3});
    EXPECT_TIFF(ASSAY_EFORMAT, "palette", {262, SHORT, 1, 3});
    EXPECT_TIFF(ASSAY_EUNSUPPORTED, "1 samples", {262, SHORT, 1, 2});
    EXPECT_TIFF(ASSAY_EFORMAT, "TIFF", {322, LONG, 1, 0}, {323, LONG, 1, 16}, {324, LONG, 1, 8},
                {325, LONG, 1, 16});
    EXPECT_TIFF(ASSAY_ELIMIT, "beyond the limits", {322, LONG, 1, 0x10000000},
                {323, LONG, 1, 0x10000000}, {324, LONG, 1, 8}, {325, LONG, 1, 16});
    EXPECT_FAILURE("II\x2a\0", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("II\x2a\0\xff\xff\xff\xff________", ASSAY_EFORMAT, "truncated");
    EXPECT_FAILURE("MM\0\x2b\0\x08\0\0\xff\xff\xff\xff\xff\xff\xff\xff________", ASSAY_EFORMAT,
                   "truncated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_images), cmocka_unit_test(test_png_bombs),
        cmocka_unit_test(test_jpeg_bombs), cmocka_unit_test(test_bmp),
        cmocka_unit_test(test_pnm),        cmocka_unit_test(test_webp),
        cmocka_unit_test(test_tiff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
