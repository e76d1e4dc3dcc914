/* The image value, its conversions and its encoders; golden files by tests/oracle/images.py. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "codec/image_decode.h"
#include "codec/image_encode.h"

static void load(assay_image *image, const char *name)
{
    static uint8_t bytes[1 << 16];
    char path[1024];
    assay_error err = {0};

    (void)snprintf(path, sizeof path, "%s/golden/images/%s", ASSAY_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s cannot be opened", path);
        return;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    if (assay_image_decode(image, NULL, bytes, size, NULL, &err) != ASSAY_OK) {
        fail_msg("%s: %s", name, err.message);
    }
}

static bool same(const assay_image *a, const assay_image *b)
{
    return a->width == b->width && a->height == b->height && a->channels == b->channels &&
           a->type == b->type && a->stride == b->stride && a->data != NULL && b->data != NULL &&
           memcmp(a->data, b->data, a->stride * (size_t)a->height) == 0;
}

static void test_new(void **state)
{
    (void)state;
    assay_error err = {0};
    assay_image image = {0};

    assert_int_equal(assay_image_new(&image, 5, 3, 3, ASSAY_PIXEL_U16, &err), ASSAY_OK);
    assert_int_equal(image.stride, 30);
    assert_int_equal((uintptr_t)image.data % 64, 0);
    for (size_t i = 0; i < 90; i++) {
        assert_int_equal(((uint8_t *)image.data)[i], 0);
    }
    assert_ptr_equal(assay_image_row(&image, 2), (uint8_t *)image.data + 60);
    assay_image_dispose(&image);
    assert_null(image.data);
    assay_image_dispose(&image);
    assay_image_dispose(NULL);
    assert_int_equal(assay_image_new(&image, 0, 3, 3, ASSAY_PIXEL_U8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_new(&image, 3, -1, 3, ASSAY_PIXEL_U8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_new(&image, 3, 3, 5, ASSAY_PIXEL_U8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_new(&image, 3, 3, 1, (assay_pixel)3, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_new(&image, INT32_MAX, INT32_MAX, 4, ASSAY_PIXEL_F32, &err),
                     ASSAY_ELIMIT);
    assert_null(image.data);
    assert_true(strstr(err.message, "2147483647") != NULL);
}

static void test_copy(void **state)
{
    (void)state;
    assay_image image = {0};
    assay_image copy = {0};

    load(&image, "convert_rgba.png");
    assert_int_equal(assay_image_copy(&copy, &image, NULL), ASSAY_OK);
    assert_true(same(&image, &copy));
    assert_ptr_not_equal(image.data, copy.data);
    assay_image_dispose(&image);
    assay_image_dispose(&copy);
}

typedef assay_status (*convert_fn)(assay_image *out, const assay_image *in, assay_error *err);

static void check_conversion(const char *from, const char *to, convert_fn convert)
{
    assay_image image = {0};
    assay_image expected = {0};
    assay_image got = {0};

    load(&image, from);
    load(&expected, to);
    assert_int_equal(convert(&got, &image, NULL), ASSAY_OK);
    if (!same(&expected, &got)) {
        fail_msg("%s converted is not %s", from, to);
    }
    assay_image_dispose(&image);
    assay_image_dispose(&expected);
    assay_image_dispose(&got);
}

static void test_conversions_as_pillow(void **state)
{
    (void)state;
    check_conversion("convert_rgba.png", "convert_rgba_grey.png", assay_image_to_grey);
    check_conversion("convert_rgba.png", "convert_rgba_rgb.png", assay_image_to_rgb);
    check_conversion("convert_la.png", "convert_la_grey.png", assay_image_to_grey);
    check_conversion("convert_la.png", "convert_la_rgb.png", assay_image_to_rgb);
    check_conversion("convert_la_grey.png", "convert_la_rgb.png", assay_image_to_rgb);
    check_conversion("convert_la.png", "convert_la.png", assay_image_to_u8);
}

static void test_u16(void **state)
{
    (void)state;
    assay_image wide = {0};
    assay_image out = {0};

    assert_int_equal(assay_image_new(&wide, 65536 / 4, 1, 4, ASSAY_PIXEL_U16, NULL), ASSAY_OK);
    uint16_t *data = wide.data;
    for (uint32_t v = 0; v < 65536; v++) {
        data[v] = (uint16_t)v;
    }
    assert_int_equal(assay_image_to_u8(&out, &wide, NULL), ASSAY_OK);
    assert_int_equal(out.type, ASSAY_PIXEL_U8);
    for (uint32_t v = 0; v < 65536; v++) {
        assert_int_equal(((uint8_t *)out.data)[v], (int)floor(v / 257.0 + 0.5));
    }
    assay_image_dispose(&out);
    data[0] = data[1] = data[2] = 65535; /* white stays white */
    assert_int_equal(assay_image_to_grey(&out, &wide, NULL), ASSAY_OK);
    assert_int_equal(((uint16_t *)out.data)[0], 65535);
    for (int32_t x = 1; x < wide.width; x++) {
        const uint16_t *rgb = data + 4 * (ptrdiff_t)x;
        double luma = (rgb[0] * 19595.0 + rgb[1] * 38470.0 + rgb[2] * 7471.0) / 65536.0;
        assert_int_equal(((uint16_t *)out.data)[x], (int)floor(luma + 0.5));
    }
    assay_image_dispose(&out);
    assay_image_dispose(&wide);
}

static void test_f32(void **state)
{
    (void)state;
    static const float values[] = {0.0f,  1.0f, 0.5f, -3.0f, 7.0f,     (float)NAN,
                                   -0.0f, 0.1f, 0.9f, 1e-9f, INFINITY, -INFINITY};
    static const uint8_t expected[] = {0, 255, 128, 0, 255, 0, 0, 26, 229, 0, 255, 0};
    assay_image image = {0};
    assay_image out = {0};

    assert_int_equal(assay_image_new(&image, 4, 1, 3, ASSAY_PIXEL_F32, NULL), ASSAY_OK);
    memcpy(image.data, values, sizeof values);
    assert_int_equal(assay_image_to_u8(&out, &image, NULL), ASSAY_OK);
    assert_memory_equal(out.data, expected, sizeof expected);
    assay_image_dispose(&out);
    float *data = image.data;
    data[0] = 0.25f;
    data[1] = 0.5f;
    data[2] = 1.0f;
    assert_int_equal(assay_image_to_grey(&out, &image, NULL), ASSAY_OK);
    double luma = (0.25 * 19595 + 0.5 * 38470 + 7471) / 65536;
    assert_true(((float *)out.data)[0] == (float)luma);
    assay_image_dispose(&out);
    assay_image_dispose(&image);
}

static void fill(assay_image *image, uint64_t seed)
{
    assay_rng rng = assay_rng_stream(seed, 1, 2);
    uint8_t *data = image->data;

    for (size_t i = 0; i < image->stride * (size_t)image->height; i++) {
        data[i] = (uint8_t)(assay_rng_u32(&rng) >> (i % 3 == 0 ? 24 : 29));
    }
}

static void test_png_round_trip(void **state)
{
    (void)state;
    static const assay_pixel types[] = {ASSAY_PIXEL_U8, ASSAY_PIXEL_U16};
    for (int32_t channels = 1; channels <= 4; channels++) {
        for (size_t t = 0; t < 2; t++) {
            assay_image image = {0};
            assay_image back = {0};
            assay_buffer first;
            assay_buffer second;
            assay_buffer_init(&first, 0);
            assay_buffer_init(&second, 0);
            assert_int_equal(assay_image_new(&image, 17 + channels, 11, channels, types[t], NULL),
                             ASSAY_OK);
            fill(&image, (uint64_t)channels);
            assert_int_equal(assay_image_encode_png(&first, &image, NULL), ASSAY_OK);
            assert_int_equal(assay_image_encode_png(&second, &image, NULL), ASSAY_OK);
            assert_int_equal(first.size, second.size);
            assert_memory_equal(first.data, second.data, first.size);
            assert_int_equal(assay_image_decode(&back, NULL, (const uint8_t *)first.data,
                                                first.size, NULL, NULL),
                             ASSAY_OK);
            assert_true(same(&image, &back));
            assay_image_dispose(&image);
            assay_image_dispose(&back);
            assay_buffer_dispose(&first);
            assay_buffer_dispose(&second);
        }
    }
}

/* Pillow's JPEG of the same pixels and quality, decoded, must be what ours decodes to. */
static void test_jpeg_as_pillow(void **state)
{
    (void)state;
    static const char *const kinds[] = {"rgb", "grey"};
    static const int qualities[] = {1, 30, 75, 95, 100};
    for (size_t k = 0; k < 2; k++) {
        for (size_t q = 0; q < ASSAY_COUNT(qualities); q++) {
            char name[64];
            assay_image image = {0};
            assay_image expected = {0};
            assay_image got = {0};
            assay_buffer out;
            assay_buffer_init(&out, 0);
            (void)snprintf(name, sizeof name, "encode_%s.png", kinds[k]);
            load(&image, name);
            (void)snprintf(name, sizeof name, "encode_%s_%d.jpg", kinds[k], qualities[q]);
            load(&expected, name);
            assert_int_equal(assay_image_encode_jpeg(&out, &image, qualities[q], NULL), ASSAY_OK);
            assert_int_equal(
                assay_image_decode(&got, NULL, (const uint8_t *)out.data, out.size, NULL, NULL),
                ASSAY_OK);
            if (!same(&expected, &got)) {
                fail_msg("%s differs", name);
            }
            assay_image_dispose(&image);
            assay_image_dispose(&expected);
            assay_image_dispose(&got);
            assay_buffer_dispose(&out);
        }
    }
}

static void test_encode_refuses(void **state)
{
    (void)state;
    assay_error err = {0};
    assay_image image = {0};
    assay_image empty = {0};
    assay_buffer out;

    assay_buffer_init(&out, 0);
    assert_int_equal(assay_image_new(&image, 40, 40, 4, ASSAY_PIXEL_F32, NULL), ASSAY_OK);
    assert_int_equal(assay_image_encode_png(&out, &image, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_encode_jpeg(&out, &image, 75, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_encode_png(&out, &empty, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_encode_jpeg(&out, &empty, 75, &err), ASSAY_EINVAL);
    assay_image_dispose(&image);
    assert_int_equal(assay_image_new(&image, 40, 40, 3, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    fill(&image, 3);
    assert_int_equal(assay_image_encode_jpeg(&out, &image, 0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_encode_jpeg(&out, &image, 101, &err), ASSAY_EINVAL);
    assert_true(strstr(err.message, "101") != NULL);
    assay_buffer_dispose(&out);
    assay_buffer_init(&out, 100); /* too small for either */
    assert_int_equal(assay_image_encode_png(&out, &image, &err), ASSAY_ELIMIT);
    assay_buffer_dispose(&out);
    assay_buffer_init(&out, 100);
    assert_int_equal(assay_image_encode_jpeg(&out, &image, 90, &err), ASSAY_ELIMIT);
    assay_buffer_dispose(&out);
    assay_image_dispose(&image);
    /* libjpeg's own limit is a side of 65500 pixels */
    assay_buffer_init(&out, 0);
    assert_int_equal(assay_image_new(&image, 65501, 1, 1, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    assert_int_equal(assay_image_encode_jpeg(&out, &image, 90, &err), ASSAY_EINVAL);
    assay_buffer_dispose(&out);
    assay_image_dispose(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_conversions_as_pillow),
        cmocka_unit_test(test_u16),
        cmocka_unit_test(test_f32),
        cmocka_unit_test(test_png_round_trip),
        cmocka_unit_test(test_jpeg_as_pillow),
        cmocka_unit_test(test_encode_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
