#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "codec/resize.h"

/* The same samples as `pattern` in tests/oracle/resize.py. */
static uint32_t hash(uint32_t i)
{
    uint32_t h = i * 2654435761U + 0x9E3779B9U;
    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    return h ^ h >> 12;
}

static void make(assay_image *image, int32_t width, int32_t height, int32_t channels,
                 assay_pixel type)
{
    assert_int_equal(assay_image_new(image, width, height, channels, type, NULL), ASSAY_OK);
    const size_t n = (size_t)width * (size_t)height * (size_t)channels;
    for (size_t i = 0; i < n; i++) {
        const uint32_t h = hash((uint32_t)i);
        if (type == ASSAY_PIXEL_U8) {
            ((uint8_t *)image->data)[i] = (uint8_t)(h >> 24);
        } else if (type == ASSAY_PIXEL_U16) {
            ((uint16_t *)image->data)[i] = (uint16_t)(h >> 16);
        } else {
            ((float *)image->data)[i] = (float)(h >> 8) / 16777216.0F * 4.0F - 1.0F;
        }
    }
}

typedef struct golden {
    assay_resize_mode mode;
    assay_pixel type;
    int channels;
    int size[4]; /* width, height, new width, new height */
    double box[4];
    char digest[ASSAY_DIGEST_HEX];
} golden;

static int golden_read(golden *g, FILE *file)
{
    char mode[32];
    char type[8];
    const int n = fscanf(file, "%31s %7s %d %d %d %d %d %lf %lf %lf %lf %64s", mode, type,
                         &g->channels, &g->size[0], &g->size[1], &g->size[2], &g->size[3],
                         &g->box[0], &g->box[1], &g->box[2], &g->box[3], g->digest);
    if (n == EOF) {
        return 0;
    }
    assert_int_equal(n, 12);
    assert_true(assay_resize_mode_parse(&g->mode, mode));
    g->type = strcmp(type, "u8") == 0    ? ASSAY_PIXEL_U8
              : strcmp(type, "u16") == 0 ? ASSAY_PIXEL_U16
                                         : ASSAY_PIXEL_F32;
    return 1;
}

static void golden_check(const golden *g)
{
    assay_image in = {0};
    assay_image out = {0};
    assay_error err = {0};
    char digest[ASSAY_DIGEST_HEX];
    make(&in, g->size[0], g->size[1], g->channels, g->type);
    const int whole =
        g->box[0] == 0.0 && g->box[1] == 0.0 && g->box[2] == g->size[0] && g->box[3] == g->size[1];
    const assay_status status =
        whole ? assay_image_resize(&out, &in, g->size[2], g->size[3], g->mode, &err)
              : assay_image_resize_box(&out, &in, g->box, g->size[2], g->size[3], g->mode, &err);
    assert_int_equal(status, ASSAY_OK);
    assert_int_equal(out.width, g->size[2]);
    assert_int_equal(out.height, g->size[3]);
    assert_int_equal(assay_digest_bytes(digest, out.data, out.stride * (size_t)out.height, &err),
                     ASSAY_OK);
    if (strcmp(digest, g->digest) != 0) {
        fail_msg("%s %d bytes per sample, %d channels, %dx%d -> %dx%d differs from the library",
                 assay_resize_mode_name(g->mode), (int)g->type, g->channels, g->size[0], g->size[1],
                 g->size[2], g->size[3]);
    }
    assay_image_dispose(&in);
    assay_image_dispose(&out);
}

static void check_file(const char *path, int least)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    golden g;
    int cases = 0;
    while (golden_read(&g, file)) {
        golden_check(&g);
        cases++;
    }
    fclose(file);
    assert_true(cases >= least);
}

static void test_equals_pillow_13(void **state)
{
    (void)state;
    check_file(ASSAY_TEST_DATA "/golden/resize/pillow.txt", 900);
}

static void test_equals_pillow_12(void **state)
{
    (void)state;
    check_file(ASSAY_TEST_DATA "/golden/resize/pillow12.txt", 700);
}

static void test_equals_opencv(void **state)
{
    (void)state;
    check_file(ASSAY_TEST_DATA "/golden/resize/opencv.txt", 500);
}

static void test_mode_names(void **state)
{
    (void)state;
    for (int i = 0; i < ASSAY_RESIZE_MODES; i++) {
        assay_resize_mode mode = ASSAY_RESIZE_MODES;
        assert_true(assay_resize_mode_parse(&mode, assay_resize_mode_name((assay_resize_mode)i)));
        assert_int_equal(mode, i);
    }
    assay_resize_mode mode = ASSAY_RESIZE_OPENCV_AREA;
    assert_false(assay_resize_mode_parse(&mode, "pillow_bilinea"));
    assert_false(assay_resize_mode_parse(&mode, NULL));
    assert_int_equal(mode, ASSAY_RESIZE_OPENCV_AREA);
    assert_string_equal(assay_resize_mode_name(ASSAY_RESIZE_MODES), "unknown");
}

/* 0 and 255 side by side, enlarged: small enough to follow by hand. */
static void test_step_by_hand(void **state)
{
    (void)state;
    assay_image in = {0};
    assay_image out = {0};
    assert_int_equal(assay_image_new(&in, 2, 1, 1, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    ((uint8_t *)in.data)[1] = 255;
    assert_int_equal(assay_image_resize(&out, &in, 4, 1, ASSAY_RESIZE_PILLOW_BILINEAR, NULL),
                     ASSAY_OK);
    const uint8_t linear[4] = {0, 64, 191, 255}; /* quarters of the way */
    assert_memory_equal(out.data, linear, 4);
    assay_image_dispose(&out);
    assert_int_equal(assay_image_resize(&out, &in, 4, 1, ASSAY_RESIZE_OPENCV_NEAREST, NULL),
                     ASSAY_OK);
    const uint8_t nearest[4] = {0, 0, 255, 255};
    assert_memory_equal(out.data, nearest, 4);
    assay_image_dispose(&out);
    assert_int_equal(assay_image_resize(&out, &in, 1, 1, ASSAY_RESIZE_PILLOW_BOX, NULL), ASSAY_OK);
    assert_int_equal(*(uint8_t *)out.data, 128);
    assay_image_dispose(&out);
    assay_image_dispose(&in);
}

/* A transparent pixel's colour must not leak into its neighbours. */
static void test_alpha_is_weighted(void **state)
{
    (void)state;
    assay_image in = {0};
    assay_image out = {0};
    assert_int_equal(assay_image_new(&in, 2, 1, 4, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    const uint8_t pixels[8] = {10, 20, 30, 255, 250, 250, 250, 0};
    memcpy(in.data, pixels, sizeof pixels);
    assert_int_equal(assay_image_resize(&out, &in, 1, 1, ASSAY_RESIZE_PILLOW_BOX, NULL), ASSAY_OK);
    const uint8_t wanted[4] = {9, 19, 29, 128};
    assert_memory_equal(out.data, wanted, 4);
    assay_image_dispose(&out);
    assay_image_dispose(&in);
}

static void test_constant_stays_constant(void **state)
{
    (void)state;
    for (int mode = 0; mode < ASSAY_RESIZE_MODES; mode++) {
        assay_image in = {0};
        assay_image out = {0};
        assert_int_equal(assay_image_new(&in, 37, 5, 3, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
        memset(in.data, 177, in.stride * (size_t)in.height);
        assert_int_equal(assay_image_resize(&out, &in, 9, 23, (assay_resize_mode)mode, NULL),
                         ASSAY_OK);
        for (size_t i = 0; i < out.stride * (size_t)out.height; i++) {
            assert_int_equal(((const uint8_t *)out.data)[i], 177);
        }
        assay_image_dispose(&out);
        assay_image_dispose(&in);
    }
}

static void test_same_size_is_a_copy(void **state)
{
    (void)state;
    for (int mode = 0; mode < ASSAY_RESIZE_MODES; mode++) {
        assay_image in = {0};
        assay_image out = {0};
        make(&in, 13, 7, 4, ASSAY_PIXEL_U8);
        assert_int_equal(assay_image_resize(&out, &in, 13, 7, (assay_resize_mode)mode, NULL),
                         ASSAY_OK);
        assert_ptr_not_equal(out.data, in.data);
        assert_memory_equal(out.data, in.data, in.stride * (size_t)in.height);
        assay_image_dispose(&out);
        assay_image_dispose(&in);
    }
}

/* Thousands to one and one to thousands, every mode, every type that it takes. */
static void test_extreme_ratios(void **state)
{
    (void)state;
    const int32_t sizes[4][4] = {
        {65535, 1, 1, 3}, {1, 65535, 3, 1}, {1, 1, 65535, 2}, {2, 1, 1, 65535}};
    const assay_pixel types[2] = {ASSAY_PIXEL_U8, ASSAY_PIXEL_F32};
    for (int mode = 0; mode < ASSAY_RESIZE_MODES; mode++) {
        for (int i = 0; i < 8; i++) {
            const int32_t *s = sizes[i / 2];
            assay_image in = {0};
            assay_image out = {0};
            make(&in, s[0], s[1], 1, types[i % 2]);
            assert_int_equal(
                assay_image_resize(&out, &in, s[2], s[3], (assay_resize_mode)mode, NULL), ASSAY_OK);
            assert_int_equal(out.width, s[2]);
            assert_int_equal(out.height, s[3]);
            assay_image_dispose(&out);
            assay_image_dispose(&in);
        }
    }
}

static void refuse(const assay_image *in, int32_t width, int32_t height, assay_resize_mode mode,
                   assay_status wanted)
{
    assay_image out = {0};
    assay_error err = {0};
    assert_int_equal(assay_image_resize(&out, in, width, height, mode, &err), wanted);
    assert_null(out.data);
    assert_true(strlen(err.message) > 10);
}

static void test_refusals(void **state)
{
    (void)state;
    assay_image in = {0};
    make(&in, 4, 3, 3, ASSAY_PIXEL_U8);
    refuse(&in, 0, 3, ASSAY_RESIZE_PILLOW_BOX, ASSAY_EINVAL);
    refuse(&in, 3, -1, ASSAY_RESIZE_OPENCV_AREA, ASSAY_EINVAL);
    refuse(&in, 65536, 1, ASSAY_RESIZE_PILLOW_BOX, ASSAY_ELIMIT);
    refuse(&in, 1, 65536, ASSAY_RESIZE_OPENCV_LINEAR, ASSAY_ELIMIT);
    refuse(&in, 65535, 65535, ASSAY_RESIZE_PILLOW_NEAREST, ASSAY_ELIMIT);
    refuse(&in, 5, 5, ASSAY_RESIZE_MODES, ASSAY_EINVAL);
    assay_image empty = {0};
    refuse(&empty, 5, 5, ASSAY_RESIZE_PILLOW_BOX, ASSAY_EINVAL);
    assay_image deep = {0};
    make(&deep, 4, 3, 3, ASSAY_PIXEL_U16);
    refuse(&deep, 5, 5, ASSAY_RESIZE_PILLOW_BILINEAR, ASSAY_EUNSUPPORTED);
    refuse(&deep, 5, 5, ASSAY_RESIZE_OPENCV_LINEAR, ASSAY_EUNSUPPORTED);
    assay_image_dispose(&deep);
    assay_image_dispose(&in);
}

static void test_boxes(void **state)
{
    (void)state;
    const double wrong[][4] = {
        {-0.5, 0.0, 3.0, 3.0}, {0.0, -1.0, 3.0, 3.0},     {0.0, 0.0, 4.5, 3.0},
        {0.0, 0.0, 4.0, 3.25}, {3.0, 0.0, 1.0, 3.0},      {0.0, 2.0, 4.0, 1.0},
        {NAN, 0.0, 4.0, 3.0},  {0.0, 0.0, INFINITY, 3.0}, {0.0, 0.0, 4.0, NAN}};
    assay_image in = {0};
    make(&in, 4, 3, 1, ASSAY_PIXEL_U8);
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++) {
        assay_image out = {0};
        assay_error err = {0};
        assert_int_equal(
            assay_image_resize_box(&out, &in, wrong[i], 2, 2, ASSAY_RESIZE_PILLOW_BICUBIC, &err),
            ASSAY_EINVAL);
        assert_null(out.data);
        assert_non_null(strstr(err.message, "box"));
    }
    const double whole[4] = {0.0, 0.0, 4.0, 3.0};
    assay_image out = {0};
    assert_int_equal(
        assay_image_resize_box(&out, &in, whole, 2, 2, ASSAY_RESIZE_OPENCV_CUBIC, NULL),
        ASSAY_EINVAL);
    /* A box of no extent is a point; Pillow takes it too. */
    const double point[4] = {1.0, 1.0, 1.0, 1.0};
    for (int mode = 0; mode <= ASSAY_RESIZE_PILLOW_LANCZOS; mode++) {
        assert_int_equal(
            assay_image_resize_box(&out, &in, point, 2, 2, (assay_resize_mode)mode, NULL),
            ASSAY_OK);
        assay_image_dispose(&out);
    }
    assay_image_dispose(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_pillow_13),
        cmocka_unit_test(test_equals_pillow_12),
        cmocka_unit_test(test_equals_opencv),
        cmocka_unit_test(test_mode_names),
        cmocka_unit_test(test_step_by_hand),
        cmocka_unit_test(test_alpha_is_weighted),
        cmocka_unit_test(test_constant_stays_constant),
        cmocka_unit_test(test_same_size_is_a_copy),
        cmocka_unit_test(test_extreme_ratios),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
