/* Decoders against golden pixels (tests/oracle/images.py) and against hostile input. */
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

enum { NAME_BYTES = 128, FILE_BYTES = 1 << 16, FLIPS_PER_FILE = 60 };

typedef struct golden {
    char name[NAME_BYTES];
    int32_t width;
    int32_t height;
    int32_t channels;
    int32_t bytes;
    uint8_t *file;
    size_t file_size;
    uint8_t *pixels;
    size_t pixels_size;
} golden;

static uint8_t *read_file(const char *name, size_t *size)
{
    char path[1024];
    uint8_t *bytes = malloc(FILE_BYTES);
    int n = snprintf(path, sizeof path, "%s/golden/images/%s", ASSAY_TEST_DATA, name);

    assert_true(n > 0 && (size_t)n < sizeof path);
    FILE *file = fopen(path, "rb");
    if (file == NULL || bytes == NULL) {
        fail_msg("%s cannot be opened", path);
        abort();
    }
    *size = fread(bytes, 1, FILE_BYTES, file);
    assert_true(*size < FILE_BYTES);
    (void)fclose(file);
    /* an exact-size copy, so that a sanitizer sees the first byte read past the end */
    uint8_t *exact = malloc(*size > 0 ? *size : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, *size);
    free(bytes);
    return exact;
}

static int32_t next_number(char **rest)
{
    const char *text = strtok_r(NULL, " ", rest);

    assert_non_null(text);
    return text == NULL ? 0 : (int32_t)strtol(text, NULL, 10);
}

/* "FILE WIDTH HEIGHT CHANNELS BYTES" */
static void parse_line(golden *g, char *line)
{
    char *rest = NULL;
    const char *name = strtok_r(line, " ", &rest);

    if (name == NULL || strlen(name) >= sizeof g->name) {
        fail_msg("index.txt has a line without a name");
        return;
    }
    memcpy(g->name, name, strlen(name) + 1);
    g->width = next_number(&rest);
    g->height = next_number(&rest);
    g->channels = next_number(&rest);
    g->bytes = next_number(&rest);
}

typedef void (*golden_fn)(const golden *g);

static int for_each_golden(golden_fn fn)
{
    int count = 0;
    size_t size = 0;
    uint8_t *raw = read_file("index.txt", &size);
    char *text = malloc(size + 1);
    char *rest = NULL;

    assert_non_null(text);
    memcpy(text, raw, size);
    text[size] = '\0';
    free(raw);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        golden g = {0};
        char raw_name[NAME_BYTES + 8];
        parse_line(&g, line);
        (void)snprintf(raw_name, sizeof raw_name, "%s.raw", g.name);
        g.file = read_file(g.name, &g.file_size);
        g.pixels = read_file(raw_name, &g.pixels_size);
        fn(&g);
        free(g.file);
        free(g.pixels);
        count++;
    }
    free(text);
    return count;
}

static bool same_pixels(const golden *g, const assay_image *image)
{
    return image->width == g->width && image->height == g->height &&
           image->channels == g->channels && (int)image->type == g->bytes &&
           image->stride * (size_t)image->height == g->pixels_size &&
           memcmp(image->data, g->pixels, g->pixels_size) == 0;
}

static void print_first_difference(const golden *g, const assay_image *image)
{
    print_message("%s: got %dx%dx%d type %d, expected %dx%dx%d type %d\n", g->name, image->width,
                  image->height, image->channels, (int)image->type, g->width, g->height,
                  g->channels, g->bytes);
    const uint8_t *data = image->data;
    for (size_t i = 0; i < g->pixels_size && i < image->stride * (size_t)image->height; i++) {
        if (data[i] != g->pixels[i]) {
            print_message("%s: byte %zu is %d, expected %d\n", g->name, i, data[i], g->pixels[i]);
            return;
        }
    }
}

static const char *extension(const char *name)
{
    return strrchr(name, '.') + 1;
}

static assay_image_format format_of(const char *name)
{
    static const struct {
        const char *extension;
        assay_image_format format;
    } table[] = {{"jpg", ASSAY_IMAGE_JPEG}, {"png", ASSAY_IMAGE_PNG}, {"webp", ASSAY_IMAGE_WEBP},
                 {"tif", ASSAY_IMAGE_TIFF}, {"pnm", ASSAY_IMAGE_PNM}, {"bmp", ASSAY_IMAGE_BMP}};
    for (size_t i = 0; i < ASSAY_COUNT(table); i++) {
        if (strcmp(extension(name), table[i].extension) == 0) {
            return table[i].format;
        }
    }
    return ASSAY_IMAGE_UNKNOWN;
}

static int mismatches;

static void check_pixels(const golden *g)
{
    assay_error err = {0};
    assay_image image = {0};
    assay_image_format format = ASSAY_IMAGE_UNKNOWN;
    int32_t width = 0;
    int32_t height = 0;

    if (assay_image_decode(&image, &format, g->file, g->file_size, NULL, &err) != ASSAY_OK) {
        print_message("%s: %s\n", g->name, err.message);
        mismatches++;
        return;
    }
    if (!same_pixels(g, &image)) {
        print_first_difference(g, &image);
        mismatches++;
    }
    assert_int_equal(format, format_of(g->name));
    assert_int_equal((uintptr_t)image.data % 64, 0);
    assay_image_dispose(&image);
    assert_int_equal(assay_image_probe(&width, &height, &format, g->file, g->file_size, NULL, &err),
                     ASSAY_OK);
    assert_int_equal(width, g->width);
    assert_int_equal(height, g->height);
    assert_int_equal(format, format_of(g->name));
}

static void test_golden_pixels(void **state)
{
    (void)state;
    mismatches = 0;
    int count = for_each_golden(check_pixels);
    print_message("%d images\n", count);
    assert_int_equal(mismatches, 0);
    assert_true(count >= 300);
}

/* Either one clear line and nothing in `out`, or a whole image. */
static assay_status decode_hostile(const uint8_t *bytes, size_t size, assay_image *image)
{
    const assay_image_limits limits = {1 << 20, 4096};
    assay_error err = {0};
    int32_t width = 0;
    int32_t height = 0;
    uint8_t *exact = malloc(size > 0 ? size : 1);

    assert_non_null(exact);
    memcpy(exact, bytes, size);
    assay_status status = assay_image_decode(image, NULL, exact, size, &limits, &err);
    assay_status probed = assay_image_probe(&width, &height, NULL, exact, size, &limits, NULL);
    free(exact);
    if (status == ASSAY_OK) {
        assert_int_equal(probed, ASSAY_OK);
        assert_int_equal(width, image->width);
        assert_int_equal(height, image->height);
        assert_true((int64_t)width * height <= limits.max_pixels);
    } else {
        assert_true(status == ASSAY_EFORMAT || status == ASSAY_EUNSUPPORTED ||
                    status == ASSAY_ELIMIT);
        assert_int_equal(err.code, status);
        assert_true(err.message[0] != '\0');
        assert_null(image->data);
        assert_int_equal(image->width, 0);
    }
    return status;
}

static void check_truncations(const golden *g)
{
    assay_image_format format = format_of(g->name);
    bool trailing = strstr(g->name, "_trailing") != NULL;
    /* every missing byte shows, but for padding at a TIFF's end and digits at a text file's */
    bool strict = !trailing && (format == ASSAY_IMAGE_JPEG || format == ASSAY_IMAGE_PNG ||
                                format == ASSAY_IMAGE_WEBP);

    for (size_t size = 0; size < g->file_size; size++) {
        assay_image image = {0};
        assay_status status = decode_hostile(g->file, size, &image);
        if (status == ASSAY_OK) {
            bool text = format == ASSAY_IMAGE_PNM && g->file[1] <= '3' && size + 6 > g->file_size;
            if (strict || !(same_pixels(g, &image) || text)) {
                fail_msg("%s: cut to %zu of %zu bytes it still decodes", g->name, size,
                         g->file_size);
            }
        }
        assay_image_dispose(&image);
    }
}

static void test_truncated(void **state)
{
    (void)state;
    assert_true(for_each_golden(check_truncations) > 0);
}

static void check_flips(const golden *g)
{
    assay_rng rng = assay_rng_stream(7, assay_rng_operation(g->name), g->file_size);
    uint8_t *bytes = malloc(g->file_size);

    assert_non_null(bytes);
    memcpy(bytes, g->file, g->file_size);
    for (int i = 0; i < FLIPS_PER_FILE; i++) {
        /* half of the flips hit the header, which decides most */
        size_t range = i % 2 == 0 && g->file_size > 96 ? 96 : g->file_size;
        size_t at = (size_t)assay_rng_below(&rng, range);
        uint8_t flip = (uint8_t)(1 + assay_rng_below(&rng, 255));
        assay_image image = {0};
        bytes[at] ^= flip;
        (void)decode_hostile(bytes, g->file_size, &image);
        assay_image_dispose(&image);
        bytes[at] ^= flip;
    }
    free(bytes);
}

static void test_flipped(void **state)
{
    (void)state;
    assert_true(for_each_golden(check_flips) > 0);
}

static void check_limits(const golden *g)
{
    assay_error err = {0};
    assay_image image = {0};
    assay_image_limits pixels = {(int64_t)g->width * g->height - 1, 0};
    assay_image_limits exact = {(int64_t)g->width * g->height, 0};
    assay_image_limits side = {0, (g->width > g->height ? g->width : g->height) - 1};

    exact.max_side = side.max_side + 1;
    if (g->width * g->height > 1) { /* zero would mean the default */
        assert_int_equal(assay_image_decode(&image, NULL, g->file, g->file_size, &pixels, &err),
                         ASSAY_ELIMIT);
        assert_null(image.data);
        assert_int_equal(assay_image_decode(&image, NULL, g->file, g->file_size, &side, &err),
                         ASSAY_ELIMIT);
        assert_null(image.data);
    }
    assert_int_equal(assay_image_decode(&image, NULL, g->file, g->file_size, &exact, &err),
                     ASSAY_OK);
    assay_image_dispose(&image);
}

static void test_limits(void **state)
{
    (void)state;
    assert_true(for_each_golden(check_limits) > 0);
}

static void test_names(void **state)
{
    (void)state;
    for (int f = ASSAY_IMAGE_UNKNOWN; f <= ASSAY_IMAGE_BMP; f++) {
        static const char *const names[] = {"unknown", "jpeg", "png", "webp", "tiff", "pnm", "bmp"};
        assert_string_equal(assay_image_format_name((assay_image_format)f), names[f]);
    }
    assert_int_equal(assay_image_sniff(NULL, 0), ASSAY_IMAGE_UNKNOWN);
    assert_int_equal(assay_image_sniff((const uint8_t *)"P7\n", 3), ASSAY_IMAGE_UNKNOWN);
    assert_int_equal(assay_image_sniff((const uint8_t *)"P5\n", 3), ASSAY_IMAGE_PNM);
    assert_int_equal(assay_image_sniff((const uint8_t *)"MM\0\x2a", 4), ASSAY_IMAGE_TIFF);
    assert_int_equal(assay_image_sniff((const uint8_t *)"RIFF\4\0\0\0WAVE", 12),
                     ASSAY_IMAGE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_pixels), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
