#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "codec/geometry.h"

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

static assay_pixel type_of(const char *name)
{
    return strcmp(name, "u8") == 0    ? ASSAY_PIXEL_U8
           : strcmp(name, "u16") == 0 ? ASSAY_PIXEL_U16
                                      : ASSAY_PIXEL_F32;
}

static void check_line(const char *what, int interpolation, assay_pixel type, const int size[5],
                       const double matrix[6], const double fill[4], const char *wanted)
{
    assay_image in = {0};
    assay_image out = {0};
    assay_error err = {0};
    char digest[ASSAY_DIGEST_HEX];
    make(&in, size[1], size[2], size[0], type);
    const assay_status status =
        strcmp(what, "rotate") == 0
            ? assay_image_rotate(&out, &in, matrix[0], (assay_interpolation)interpolation, fill,
                                 &err)
            : assay_image_affine(&out, &in, matrix, size[3], size[4],
                                 (assay_interpolation)interpolation, fill, &err);
    assert_int_equal(status, ASSAY_OK);
    assert_int_equal(out.width, size[3]);
    assert_int_equal(out.height, size[4]);
    assert_int_equal(assay_digest_bytes(digest, out.data, out.stride * (size_t)out.height, &err),
                     ASSAY_OK);
    if (strcmp(digest, wanted) != 0) {
        fail_msg("%s %d, %d bytes per sample, %d channels, %dx%d, m = %g %g %g %g %g %g differs",
                 what, interpolation, (int)type, size[0], size[1], size[2], matrix[0], matrix[1],
                 matrix[2], matrix[3], matrix[4], matrix[5]);
    }
    assay_image_dispose(&in);
    assay_image_dispose(&out);
}

static void test_equals_pillow(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/geometry/pillow.txt", "r");
    assert_non_null(file);
    char what[8];
    char type[8];
    char digest[ASSAY_DIGEST_HEX];
    int interpolation;
    int s[5];
    double m[6];
    double f[4];
    int cases = 0;
    while (fscanf(file, "%7s %d %7s %d %d %d %d %d %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %64s",
                  what, &interpolation, type, s, s + 1, s + 2, s + 3, s + 4, m, m + 1, m + 2, m + 3,
                  m + 4, m + 5, f, f + 1, f + 2, f + 3, digest) == 19) {
        check_line(what, interpolation, type_of(type), s, m, f, digest);
        cases++;
    }
    fclose(file);
    assert_int_equal(cases, 320);
}

static void test_mass_equals_scipy(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/geometry/mass.txt", "r");
    assert_non_null(file);
    char type[8];
    int width;
    int height;
    double threshold;
    long long count;
    double weight;
    double x;
    double y;
    int box[4];
    int cases = 0;
    while (fscanf(file, "%7s %d %d %lf %lld %lf %lf %lf %d %d %d %d", type, &width, &height,
                  &threshold, &count, &weight, &x, &y, box, box + 1, box + 2, box + 3) == 12) {
        assay_image in = {0};
        assay_image_mass mass;
        make(&in, width, height, 1, type_of(type));
        assert_int_equal(assay_image_mass_of(&mass, &in, threshold, NULL), ASSAY_OK);
        assert_int_equal(mass.count, count);
        assert_true(fabs(mass.weight - weight) <= 1e-12 * weight);
        assert_true(fabs(mass.x - x) <= 1e-12 * width);
        assert_true(fabs(mass.y - y) <= 1e-12 * height);
        assert_int_equal(mass.left, box[0]);
        assert_int_equal(mass.top, box[1]);
        assert_int_equal(mass.right, box[2]);
        assert_int_equal(mass.bottom, box[3]);
        assay_image_dispose(&in);
        cases++;
    }
    fclose(file);
    assert_true(cases > 40);
}

static void test_mass_of_nothing(void **state)
{
    (void)state;
    assay_image in = {0};
    assay_image_mass mass;
    assay_error err = {0};
    assert_int_equal(assay_image_new(&in, 6, 4, 1, ASSAY_PIXEL_F32, NULL), ASSAY_OK);
    assert_int_equal(assay_image_mass_of(&mass, &in, 0.0, NULL), ASSAY_OK);
    assert_int_equal(mass.count, 0);
    assert_true(mass.x == 3.0 && mass.y == 2.0);
    assert_int_equal(mass.right - mass.left, 0);
    assert_int_equal(mass.bottom - mass.top, 0);
    /* Above a negative threshold, but without weight: the box's centre. */
    ((float *)in.data)[1] = 0.0F;
    assert_int_equal(assay_image_mass_of(&mass, &in, -1.0, NULL), ASSAY_OK);
    assert_int_equal(mass.count, 24);
    assert_true(mass.x == 3.0 && mass.y == 2.0);
    ((float *)in.data)[0] = NAN;
    assert_int_equal(assay_image_mass_of(&mass, &in, -1.0, NULL), ASSAY_OK);
    assert_int_equal(mass.count, 23);
    assay_image_dispose(&in);
    make(&in, 6, 4, 3, ASSAY_PIXEL_U8);
    assert_int_equal(assay_image_mass_of(&mass, &in, 0.0, &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "grey"));
    assay_image_dispose(&in);
}

static void test_crop_and_pad_undo_each_other(void **state)
{
    (void)state;
    const assay_pixel types[3] = {ASSAY_PIXEL_U8, ASSAY_PIXEL_U16, ASSAY_PIXEL_F32};
    for (int i = 0; i < 12; i++) {
        assay_image in = {0};
        assay_image wide = {0};
        assay_image back = {0};
        const double fill[4] = {7.4, -3.0, 1e9, 0.25};
        make(&in, 5, 7, 1 + i / 3, types[i % 3]);
        assert_int_equal(assay_image_pad(&wide, &in, 2, 3, 4, 1, fill, NULL), ASSAY_OK);
        assert_int_equal(wide.width, 11);
        assert_int_equal(wide.height, 11);
        if (in.type == ASSAY_PIXEL_U8) {
            const uint8_t wanted[4] = {7, 0, 255, 0};
            assert_memory_equal(wide.data, wanted, (size_t)in.channels);
            assert_memory_equal(assay_image_row(&wide, 10) + wide.stride - in.channels, wanted,
                                (size_t)in.channels);
        }
        assert_int_equal(assay_image_crop(&back, &wide, 2, 3, 5, 7, NULL), ASSAY_OK);
        assert_memory_equal(back.data, in.data, in.stride * (size_t)in.height);
        assay_image_dispose(&in);
        assay_image_dispose(&wide);
        assay_image_dispose(&back);
    }
}

static void test_crop_and_pad_refuse(void **state)
{
    (void)state;
    assay_image in = {0};
    assay_image out = {0};
    assay_error err = {0};
    make(&in, 5, 7, 1, ASSAY_PIXEL_U8);
    const int32_t wrong[][4] = {{-1, 0, 2, 2},        {0, -1, 2, 2}, {4, 0, 2, 2},
                                {0, 6, 2, 2},         {0, 0, 0, 2},  {0, 0, 2, -2},
                                {0, 0, INT32_MAX, 1}, {5, 0, 1, 1},  {INT32_MAX, 0, 1, 1}};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++) {
        const int32_t *w = wrong[i];
        assert_int_equal(assay_image_crop(&out, &in, w[0], w[1], w[2], w[3], &err), ASSAY_EINVAL);
        assert_null(out.data);
    }
    assert_int_equal(assay_image_pad(&out, &in, -1, 0, 0, 0, NULL, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_pad(&out, &in, INT32_MAX, 0, INT32_MAX, 0, NULL, &err),
                     ASSAY_ELIMIT);
    assert_int_equal(assay_image_pad(&out, &in, 30000, 30000, 30000, 30000, NULL, &err),
                     ASSAY_ELIMIT);
    assert_null(out.data);
    assay_image_dispose(&in);
}

static void test_affine_refuses(void **state)
{
    (void)state;
    assay_image in = {0};
    assay_image out = {0};
    assay_error err = {0};
    const double same[6] = {1.0, 0.0, 0.0, 0.0, 1.0, 0.0};
    make(&in, 5, 7, 3, ASSAY_PIXEL_U8);
    for (int i = 0; i < 6; i++) {
        double m[6];
        memcpy(m, same, sizeof m);
        m[i] = i % 2 == 0 ? NAN : INFINITY;
        assert_int_equal(
            assay_image_affine(&out, &in, m, 5, 7, ASSAY_INTERPOLATION_BILINEAR, NULL, &err),
            ASSAY_EINVAL);
    }
    assert_int_equal(
        assay_image_affine(&out, &in, same, 0, 7, ASSAY_INTERPOLATION_NEAREST, NULL, &err),
        ASSAY_EINVAL);
    assert_int_equal(
        assay_image_affine(&out, &in, same, 70000, 7, ASSAY_INTERPOLATION_NEAREST, NULL, &err),
        ASSAY_ELIMIT);
    assert_int_equal(assay_image_affine(&out, &in, same, 5, 7, (assay_interpolation)3, NULL, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_image_rotate(&out, &in, NAN, ASSAY_INTERPOLATION_BICUBIC, NULL, &err),
                     ASSAY_EINVAL);
    assert_null(out.data);
    assay_image_dispose(&in);
}

/* Far outside, infinite products, steps that do not fit into 16.16: all fill, nothing else. */
static void test_affine_extremes(void **state)
{
    (void)state;
    const double extremes[][6] = {{1e300, 1e300, -1e300, 1e300, 1e300, 1e300},
                                  {1e308, -1e308, 1e308, 1e308, -1e308, -1e308},
                                  {0.0, 0.0, -1.0, 0.0, 0.0, -1.0},
                                  {1.0, 0.0, 1e12, 0.0, 1.0, -1e12},
                                  {1.0, 1e-3, 1e12, 1e-3, 1.0, -1e12}};
    for (size_t i = 0; i < ASSAY_COUNT(extremes); i++) {
        for (int k = 0; k < 3; k++) {
            assay_image in = {0};
            assay_image out = {0};
            const double fill[1] = {9.0};
            make(&in, 4, 4, 1, ASSAY_PIXEL_U8);
            assert_int_equal(assay_image_affine(&out, &in, extremes[i], 3, 3,
                                                (assay_interpolation)k, fill, NULL),
                             ASSAY_OK);
            for (int p = 0; p < 9; p++) {
                assert_int_equal(((const uint8_t *)out.data)[p], 9);
            }
            assay_image_dispose(&in);
            assay_image_dispose(&out);
        }
    }
}

static void test_four_quarter_turns(void **state)
{
    (void)state;
    assay_image in = {0};
    make(&in, 9, 9, 3, ASSAY_PIXEL_U16);
    assay_image now = {0};
    assert_int_equal(assay_image_copy(&now, &in, NULL), ASSAY_OK);
    for (int i = 0; i < 4; i++) {
        assay_image next = {0};
        assert_int_equal(
            assay_image_rotate(&next, &now, -270.0, ASSAY_INTERPOLATION_BICUBIC, NULL, NULL),
            ASSAY_OK);
        assay_image_dispose(&now);
        now = next;
        assert_int_equal(memcmp(now.data, in.data, in.stride * 9) == 0, i == 3);
    }
    assay_image_dispose(&now);
    assay_image_dispose(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_pillow),
        cmocka_unit_test(test_mass_equals_scipy),
        cmocka_unit_test(test_mass_of_nothing),
        cmocka_unit_test(test_crop_and_pad_undo_each_other),
        cmocka_unit_test(test_crop_and_pad_refuse),
        cmocka_unit_test(test_affine_refuses),
        cmocka_unit_test(test_affine_extremes),
        cmocka_unit_test(test_four_quarter_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
