#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/dataset.h"

enum { FIELDS = 12 };

/* The words of a line, separated by single blanks. */
static int split(char *words[FIELDS], char *line)
{
    int n = 0;
    while (n < FIELDS && *line != '\0') {
        words[n++] = line;
        line += strcspn(line, " \n");
        if (*line != '\0') {
            *line++ = '\0';
        }
    }
    return n;
}

static int64_t whole(const char *word)
{
    int64_t value = 0;
    assert_true(assay_text_to_i64(&value, word));
    return value;
}

static double real(const char *word)
{
    double value = 0;
    assert_true(assay_text_to_real(&value, word));
    return value;
}

/* The pixels of tests/oracle/image_measure.py. */
static void make_image(assay_image *image, char *words[FIELDS])
{
    assay_pixel type = strcmp(words[0], "u8") == 0    ? ASSAY_PIXEL_U8
                       : strcmp(words[0], "u16") == 0 ? ASSAY_PIXEL_U16
                                                      : ASSAY_PIXEL_F32;
    int64_t a = whole(words[4]);
    int64_t b = whole(words[5]);
    int64_t c = whole(words[6]);
    int64_t m = 0;
    assert_true(assay_text_to_i64(&m, words[7]));
    assert_int_equal(assay_image_new(image, (int32_t)whole(words[1]), (int32_t)whole(words[2]),
                                     (int32_t)whole(words[3]), type, NULL),
                     ASSAY_OK);
    int64_t n = (int64_t)image->width * image->height * image->channels;
    for (int64_t j = 0; j < n; j++) {
        int64_t value = (a * j * j + b * j + c * (j / 7)) % m;
        if (type == ASSAY_PIXEL_U8) {
            ((uint8_t *)image->data)[j] = (uint8_t)value;
        } else if (type == ASSAY_PIXEL_U16) {
            ((uint16_t *)image->data)[j] = (uint16_t)value;
        } else {
            ((float *)image->data)[j] = (float)value / (float)(m - 1);
        }
    }
}

static void near(double have, double expected)
{
    if (!(fabs(have - expected) <= 1e-12 * (1 + fabs(expected)))) {
        fail_msg("%.17g instead of %.17g", have, expected);
    }
}

static void test_golden(void **state)
{
    (void)state;
    FILE *golden = fopen(ASSAY_TEST_DATA "/golden/image_measure.txt", "r");
    assert_non_null(golden);
    char line[512];
    int cases = 0;
    while (fgets(line, sizeof line, golden) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        char *words[FIELDS];
        assay_image image = {0};
        assay_image_stats stats;
        assert_int_equal(split(words, line), FIELDS);
        make_image(&image, words);
        assert_int_equal(assay_image_measure(&stats, &image, NULL), ASSAY_OK);
        assert_int_equal(stats.width, image.width);
        assert_int_equal(stats.height, image.height);
        assert_int_equal(stats.channels, image.channels);
        near(stats.mean, real(words[8]));
        near(stats.contrast, real(words[9]));
        near(stats.sharpness, real(words[10]));
        near(stats.entropy, real(words[11]));
        assay_image_dispose(&image);
        cases++;
    }
    (void)fclose(golden);
    assert_int_equal(cases, 14);
}

static void test_constant(void **state)
{
    (void)state;
    assay_image image = {0};
    assay_image_stats stats;
    assert_int_equal(assay_image_new(&image, 31, 17, 3, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    memset(image.data, 201, image.stride * 17);
    assert_int_equal(assay_image_measure(&stats, &image, NULL), ASSAY_OK);
    /* Exactly, so that "contrast = 0" finds blank images. */
    assert_true(stats.contrast == 0 && stats.sharpness == 0 && stats.entropy == 0);
    assert_true(stats.mean == 201.0 / 255.0);
    assay_image_dispose(&image);
}

static void test_bad(void **state)
{
    (void)state;
    assay_image image = {0};
    assay_image_stats stats;
    assay_error err = {0};
    assert_int_equal(assay_image_measure(&stats, &image, &err), ASSAY_EINVAL);
    assert_int_equal(assay_image_new(&image, 4, 3, 1, ASSAY_PIXEL_F32, NULL), ASSAY_OK);
    ((float *)image.data)[6] = (float)NAN;
    assert_int_equal(assay_image_measure(&stats, &image, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "column 3, line 2"));
    ((float *)image.data)[6] = (float)INFINITY;
    assert_int_equal(assay_image_measure(&stats, &image, &err), ASSAY_EFORMAT);
    assay_image_dispose(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
