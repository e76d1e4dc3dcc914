#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "codec/coco_read.h"
#include "codec/rle.h"

/* ---- numbers ---- */

static double scanned(const char *text)
{
    assay_memory_source source = {text, strlen(text)};
    assay_json_scan *scan = NULL;
    assay_error err = {0};
    double value = NAN;
    assert_int_equal(assay_json_scan_new(&scan, assay_memory_read, &source, 0, 0, &err), ASSAY_OK);
    if (assay_json_scan_real(&value, scan, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    assert_int_equal(assay_json_scan_end(scan, &err), ASSAY_OK);
    assay_json_scan_free(scan);
    return value;
}

static void same_as_strtod(const char *text)
{
    double wanted = strtod(text, NULL);
    double got = scanned(text);
    if (memcmp(&wanted, &got, sizeof wanted) != 0) {
        fail_msg("%s: %.17g, expected %.17g", text, got, wanted);
    }
}

static void test_numbers_are_correctly_rounded(void **state)
{
    (void)state;
    static const char *const awkward[] = {
        "0",
        "-0",
        "0.0",
        "1e0",
        "9007199254740993",
        "9007199254740993.0000000000000001",
        "0.500000000000000166533453693773481063544750213623046875",
        "1e22",
        "1e23",
        "8.5e22",
        "2.2250738585072011e-308",
        "4.9406564584124654e-324",
        "1e-400",
        "1.7976931348623157e308",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000001234",
        "18446744073709551615",
        "18446744073709551616e-5",
        "9999999999999999999e-27",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "7205759403792793199999e-5"};
    for (size_t i = 0; i < sizeof awkward / sizeof awkward[0]; i++) {
        same_as_strtod(awkward[i]);
    }
    assay_rng rng = assay_rng_stream(5, 0, 0);
    for (int i = 0; i < 60000; i++) {
        char text[64];
        uint64_t bits = assay_rng_u64(&rng);
        double value = 0.0;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            (void)snprintf(text, sizeof text, "%.*g", 1 + (int)(bits % 20), value);
            same_as_strtod(text);
        }
        (void)snprintf(text, sizeof text, "%.*g", 15 + i % 5,
                       assay_rng_uniform(&rng) * pow(10.0, i % 12 - 9));
        same_as_strtod(text);
    }
}

/* ---- structure ---- */

static assay_status skip_all(const char *text, size_t window, char *message, size_t room)
{
    assay_memory_source source = {text, strlen(text)};
    assay_json_scan *scan = NULL;
    assay_error err = {0};
    assay_status status = assay_json_scan_new(&scan, assay_memory_read, &source, window, 0, &err);
    assert_int_equal(status, ASSAY_OK);
    status = assay_json_scan_skip(scan, &err);
    if (status == ASSAY_OK) {
        status = assay_json_scan_end(scan, &err);
    }
    (void)snprintf(message, room, "%s", err.message);
    assay_json_scan_free(scan);
    return status;
}

static void test_structure(void **state)
{
    (void)state;
    char message[1024];
    static const char *const good[] = {"{}",
                                       "[]",
                                       " [1,2 ,{\"a\":[true,false,null]}]\n",
                                       "\"\\u00e9\\ud83d\\ude00\\\\\"",
                                       "\xEF\xBB\xBF[0.5e-3]",
                                       "{\"a\":{\"b\":[[],{}]},\"c\":\"\"}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (skip_all(good[i], 0, message, sizeof message) != ASSAY_OK) {
            fail_msg("%s: %s", good[i], message);
        }
    }
    static const char *const bad[][2] = {
        {"", "truncated"},          {"[1,", "truncated"},
        {"[1 2]", "',' or ']'"},    {"[1,]", "further"},
        {"{\"a\" 1}", "':'"},       {"{\"a\":1,}", "further"},
        {"[NaN]", "NaN"},           {"[-Infinity]", "NaN"},
        {"[01]", "as JSON writes"}, {"[1.]", "as JSON"},
        {"[1e]", "as JSON"},        {"[.5]", "a number"},
        {"[-]", "as JSON"},         {"\"\\x\"", "escape"},
        {"\"a\nb\"", "control"},    {"\"\\u12g4\"", "hexa"},
        {"[1e999]", "range"},       {"[1]]", "end of the file"},
        {"[tru]", "a value"},       {"\"abc", "truncated"},
        {"{1:2}", "a text"},        {"[\n\n x]", "line 3, byte 4"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(skip_all(bad[i][0], 0, message, sizeof message), ASSAY_EFORMAT);
        if (strstr(message, bad[i][1]) == NULL) {
            fail_msg("%s: no '%s' in: %s", bad[i][0], bad[i][1], message);
        }
    }
    char deep[4000];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(skip_all(deep, 0, message, sizeof message), ASSAY_ELIMIT);
}

/* A document of many windows whose tokens lie on every boundary. */
/* A number in one of the spellings that JSON has. */
static size_t put_number(char *to, assay_rng *rng)
{
    static const char *const odd[] = {"0",
                                      "-0",
                                      "-0.0",
                                      "1e5",
                                      "0.5E-3",
                                      "12345678",
                                      "1234567.5",
                                      "123456789012345678901234567890",
                                      "0.000000000000000000000000000123",
                                      "99999999.99999999999",
                                      "9.9999999999999999999",
                                      "0.30000000000000004",
                                      "1.7976931348623157e308"};
    uint64_t kind = assay_rng_below(rng, 8);
    if (kind == 0) {
        return (size_t)sprintf(to, "%s", odd[assay_rng_below(rng, ASSAY_COUNT(odd))]);
    }
    double value = (assay_rng_uniform(rng) - .3) * pow(10.0, (double)assay_rng_below(rng, 8));
    return (size_t)sprintf(to, "%.*f", (int)assay_rng_below(rng, 19), value);
}

/* Many at once are the same numbers as one by one, wherever the windows end and whatever is between. */
static void test_many_numbers(void **state)
{
    (void)state;
    enum { N = 20000 };
    static const char *const between[] = {",", ", ", ",", ", ", ",  ", ",\n", " ,", "\t, "};
    char *text = malloc(N * 48);
    double *wanted = malloc(N * sizeof *wanted);
    assay_rng rng = assay_rng_stream(5, 0, 0);
    size_t size = 0;
    text[size++] = '[';
    for (int i = 0; i < N; i++) {
        size_t at = size;
        size += put_number(text + size, &rng);
        wanted[i] = strtod(text + at, NULL);
        size += (size_t)sprintf(text + size, "%s",
                                i == N - 1 ? "]" : between[assay_rng_below(&rng, 8)]);
    }
    for (size_t window = 0; window < 5000; window += 2049) {
        assay_memory_source source = {text, size};
        assay_json_scan *scan = NULL;
        double got[7];
        int n = 0;
        assay_status status = ASSAY_OK;
        assert_int_equal(assay_json_scan_new(&scan, assay_memory_read, &source, window, 0, NULL),
                         ASSAY_OK);
        assert_int_equal(assay_json_scan_array(scan, NULL), ASSAY_OK);
        while (status == ASSAY_OK) {
            int64_t many = assay_json_scan_reals(got, 6, scan);
            status = assay_json_scan_item(scan, NULL);
            if (status == ASSAY_OK) {
                assert_int_equal(assay_json_scan_real(&got[many++], scan, NULL), ASSAY_OK);
            }
            assert_true(n + many <= N);
            assert_memory_equal(got, wanted + n, (size_t)many * sizeof *got);
            n += (int)many;
        }
        assert_int_equal(status, ASSAY_DONE);
        assert_int_equal(n, N);
        assert_int_equal(assay_json_scan_end(scan, NULL), ASSAY_OK);
        assay_json_scan_free(scan);
    }
    free(text);
    free(wanted);
}

static void test_windows(void **state)
{
    (void)state;
    size_t n = 0;
    char *text = malloc(400000);
    assert_non_null(text);
    n += (size_t)sprintf(text, "[");
    for (int i = 0; i < 6000; i++) {
        n += (size_t)sprintf(text + n, "%s%d.%d, \"t%0*d\\n\",true", i > 0 ? "," : "", i, i % 10,
                             1 + i % 17, i);
    }
    (void)sprintf(text + n, "]\n");
    assay_memory_source source = {text, strlen(text)};
    assay_json_scan *scan = NULL;
    assert_int_equal(assay_json_scan_new(&scan, assay_memory_read, &source, 1, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_json_scan_array(scan, NULL), ASSAY_OK);
    for (int i = 0; i < 6000; i++) {
        double value = 0;
        const char *word = NULL;
        size_t size = 0;
        bool flag = false;
        char wanted[64];
        assert_int_equal(assay_json_scan_item(scan, NULL), ASSAY_OK);
        assert_int_equal(assay_json_scan_real(&value, scan, NULL), ASSAY_OK);
        (void)snprintf(wanted, sizeof wanted, "%d.%d", i, i % 10);
        assert_true(value == strtod(wanted, NULL));
        assert_int_equal(assay_json_scan_item(scan, NULL), ASSAY_OK);
        assert_int_equal(assay_json_scan_text(&word, &size, scan, NULL), ASSAY_OK);
        (void)snprintf(wanted, sizeof wanted, "t%0*d\n", 1 + i % 17, i);
        assert_int_equal(size, strlen(wanted));
        assert_memory_equal(word, wanted, size);
        assert_int_equal(assay_json_scan_item(scan, NULL), ASSAY_OK);
        assert_int_equal(assay_json_scan_flag(&flag, scan, NULL), ASSAY_OK);
        assert_true(flag);
    }
    assert_int_equal(assay_json_scan_item(scan, NULL), ASSAY_DONE);
    assert_int_equal(assay_json_scan_end(scan, NULL), ASSAY_OK);
    assay_json_scan_free(scan);
    free(text);
}

/* ---- run lengths ---- */

static void test_runs(void **state)
{
    (void)state;
    uint32_t runs[64];
    char text[256];
    int64_t n = 0;
    assay_error err = {0};
    const uint32_t wanted[] = {6, 1, 40, 4, 5, 4, 5, 4, 21, 100000, 7, 3};
    assay_rle rle = {1, 1, 12, wanted};
    size_t size = assay_rle_to_text(text, &rle);
    assert_int_equal(assay_rle_from_text(runs, &n, text, size, &err), ASSAY_OK);
    assert_int_equal(n, 12);
    assert_memory_equal(runs, wanted, sizeof wanted);
    assert_int_equal(assay_rle_from_text(runs, &n, "1P", 2, &err), ASSAY_EFORMAT);
    assert_int_equal(assay_rle_from_text(runs, &n, "1 1", 3, &err), ASSAY_EFORMAT);
    assert_int_equal(assay_rle_from_text(runs, &n, "PPPPPPPP0", 9, &err), ASSAY_EFORMAT);
    assert_int_equal(assay_rle_from_text(runs, &n, "O", 1, &err), ASSAY_EFORMAT);
    const uint32_t few[] = {3, 2};
    rle = (assay_rle){3, 3, 2, few};
    assert_int_equal(assay_rle_check(&rle, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "5 pixels in all for a mask of 3 x 3"));
    rle.height = rle.width = 1 << 20;
    assert_int_equal(assay_rle_check(&rle, NULL), ASSAY_EFORMAT);
}

/* Polygons as pycocotools draws them (tests/oracle/polygons.py). */
static void test_polygons(void **state)
{
    (void)state;
    enum { LONGEST = 1 << 16, MOST_POINTS = 64 };
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/coco/polygons.txt", "r");
    char *line = malloc(LONGEST);
    char *got = malloc(LONGEST);
    assay_arena *arena = NULL;
    int cases = 0;
    assert_non_null(file);
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    for (; fgets(line, LONGEST, file) != NULL; cases++) {
        double xy[2 * MOST_POINTS];
        assay_rle rle;
        char *at = line;
        int32_t height = (int32_t)strtol(at, &at, 10);
        int32_t width = (int32_t)strtol(at, &at, 10);
        long points = strtol(at, &at, 10);
        assert_in_range(points, 1, MOST_POINTS);
        for (long i = 0; i < 2 * points; i++) {
            xy[i] = strtod(at, &at);
        }
        at[strcspn(at, "\n")] = '\0';
        assert_int_equal(assay_rle_from_polygon(&rle, xy, points, height, width, arena, NULL),
                         ASSAY_OK);
        assert_true(7 * rle.n < LONGEST);
        got[assay_rle_to_text(got, &rle)] = '\0';
        assert_string_equal(got, at + 1);
    }
    assert_int_equal(cases, 150);
    assay_arena_free(arena);
    free(line);
    free(got);
    (void)fclose(file);
}

static void test_masks(void **state)
{
    (void)state;
    assay_arena *arena = NULL;
    assay_rle a, b, both;
    double box_a[4], box_b[4];
    const double left[] = {1, 1, 1, 4, 4, 4, 4, 1};
    const double right[] = {3, 2, 3, 6, 7, 6, 7, 2};
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_rle_from_polygon(&a, left, 4, 10, 10, arena, NULL), ASSAY_OK);
    assert_int_equal(assay_rle_from_polygon(&b, right, 4, 10, 10, arena, NULL), ASSAY_OK);
    assert_int_equal(assay_rle_check(&a, NULL), ASSAY_OK);
    assert_int_equal(assay_rle_area(&a), 9);
    assert_int_equal(assay_rle_area(&b), 16);
    assay_rle_box(box_a, &a);
    assay_rle_box(box_b, &b);
    assert_true(box_a[0] == 1 && box_a[1] == 1 && box_a[2] == 3 && box_a[3] == 3);
    assert_true(assay_rle_iou(&a, box_a, 9, &b, box_b, 16, false) == 2.0 / 23.0);
    assert_true(assay_rle_iou(&a, box_a, 9, &b, box_b, 16, true) == 2.0 / 9.0);
    assert_int_equal(assay_rle_union(&both, &a, &b, arena, NULL), ASSAY_OK);
    assert_int_equal(assay_rle_check(&both, NULL), ASSAY_OK);
    assert_int_equal(assay_rle_area(&both), 23);
    b.width = 11; /* of another size */
    assert_true(assay_rle_iou(&a, box_a, 9, &b, box_b, 16, false) == -1.0);
    const uint32_t across[] = {3, 10, 7}; /* from the third row of a column to the next but one */
    const assay_rle c = {5, 4, 3, across};
    assay_rle_box(box_b, &c);
    assert_true(box_b[0] == 0 && box_b[1] == 0 && box_b[2] == 3 && box_b[3] == 5);
    const uint32_t next[] = {3, 2, 7}; /* begins on the first row of the second column */
    const assay_rle d = {3, 4, 3, next};
    assay_rle_box(box_b, &d);
    assert_true(box_b[0] == 1 && box_b[1] == 0 && box_b[2] == 1 && box_b[3] == 2);
    assert_int_equal(assay_rle_from_polygon(&a, left, 0, 10, 10, arena, NULL), ASSAY_OK);
    assert_int_equal(assay_rle_area(&a), 0);
    assert_int_equal(assay_rle_from_polygon(&a, left, 4, 0, 10, arena, NULL), ASSAY_EFORMAT);
    assay_arena_free(arena);
}

/* ---- files ---- */

static const char truth_text[] =
    "{\"info\":{\"x\":[1,{}]},\"annotations\":[{\"id\":7,\"image_id\":3,\"category_id\":2,\"bbox\":"
    "[1,2,3,4.5],\"area\":13.5,\"iscrowd\":0,\"segmentation\":[[1,2,3,4,5,6],[1,1,2,2,3,3,4,4]]},"
    "{\"iscrowd\":true,\"id\":8,\"image_id\":3,\"category_id\":2,\"area\":null,\"segmentation\":{"
    "\"size\":[2,3],\"counts\":[1,2,3]}}],\"categories\":[{\"id\":2,\"name\":\"\\u00e4\"},{\"id\":"
    "4}],\"images\":[{\"id\":3,\"file_name\":\"a.jpg\",\"height\":2,\"width\":3}]}";

static void test_truth(void **state)
{
    (void)state;
    assay_memory_source source = {truth_text, strlen(truth_text)};
    const assay_coco_options options = {.masks = true};
    assay_coco_truth *t = NULL;
    assay_error err = {0};
    if (assay_coco_read_truth(&t, assay_memory_read, &source, &options, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    const assay_coco_rows *o = &t->objects;
    assert_int_equal(t->n_images, 1);
    assert_int_equal(t->image_width[0], 3);
    assert_int_equal(t->n_categories, 2);
    assert_string_equal(t->category_name[0], "\xC3\xA4");
    assert_string_equal(t->category_name[1], "4");
    assert_int_equal(o->n, 2);
    assert_true(o->box[3] == 4.5 && o->area[0] == 13.5);
    assert_int_equal(o->has[0],
                     ASSAY_COCO_BOX | ASSAY_COCO_AREA | ASSAY_COCO_CROWD | ASSAY_COCO_POLYGONS);
    assert_int_equal(o->has[1], ASSAY_COCO_CROWD | ASSAY_COCO_RUNS);
    assert_int_equal(o->crowd[1], 1);
    assert_int_equal(o->shapes.count[0], 2);
    assert_int_equal(o->shapes.part[1], 6);
    assert_int_equal(o->shapes.part[2], 14);
    assay_arena *arena = NULL;
    assay_rle mask;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_coco_mask(&mask, &o->shapes, 1, arena, NULL), ASSAY_OK);
    assert_int_equal(mask.runs[2], 3);
    assay_arena_free(arena);
    assay_coco_truth_free(t);
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n + 1 < sizeof truth_text; n++) {
        assay_memory_source source = {truth_text, n};
        const assay_coco_options options = {.masks = true};
        assay_coco_truth *t = NULL;
        assay_error err = {0};
        assert_int_equal(assay_coco_read_truth(&t, assay_memory_read, &source, &options, &err),
                         ASSAY_EFORMAT);
        assert_null(t);
        assert_non_null(strstr(err.message, ", byte "));
    }
}

static void refuse_results(const char *text, const char *word)
{
    assay_memory_source source = {text, strlen(text)};
    const assay_coco_options options = {.masks = true, .most_rows = 3, .most_values = 8};
    assay_coco_rows *r = NULL;
    assay_error err = {0};
    assay_status status = assay_coco_read_results(&r, assay_memory_read, &source, &options, &err);
    if (status == ASSAY_OK || strstr(err.message, word) == NULL) {
        fail_msg("%s: no '%s' in: %s", text, word, err.message);
    }
    assert_null(r);
}

static void test_results_refused(void **state)
{
    (void)state;
    refuse_results("{}", "a list");
    refuse_results("[{\"image_id\":1,\"category_id\":1}]", "result 1: line 1, byte 31: it has no");
    refuse_results("[{\"image_id\":1.5}]", "whole number");
    refuse_results("[{\"bbox\":[1,2,3]}]", "[left, top, width, height]");
    refuse_results("[{\"bbox\":[1,2,3,4,5]}]", "[left, top, width, height]");
    refuse_results("[{\"bbox\":[1,2,NaN,4]}]", "NaN");
    refuse_results("[{\"segmentation\":{\"size\":[2,2],\"counts\":\"5\"}}]", "5 pixels in all");
    refuse_results("[{\"segmentation\":{\"size\":[2],\"counts\":\"5\"}}]", "size must be");
    refuse_results("[{\"segmentation\":{\"counts\":\"5\"}}]", "a mask needs");
    refuse_results("[{\"segmentation\":{\"size\":[2,2],\"counts\":[4,-1]}}]", "run length of -1");
    refuse_results("[{\"segmentation\":[[1,2,3,4,5,6,7,8,9]]}]", "more than 8 numbers");
    refuse_results("[{\"segmentation\":{\"size\":[2,2],\"counts\":\"1111111111\"}}]",
                   "more than 8");
    char many[512] = "[";
    for (int i = 0; i < 4; i++) {
        strcat(many, "{\"image_id\":1,\"category_id\":1,\"score\":1},");
    }
    refuse_results(many, "limit of 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers_are_correctly_rounded),
                                       cmocka_unit_test(test_structure),
                                       cmocka_unit_test(test_many_numbers),
                                       cmocka_unit_test(test_windows),
                                       cmocka_unit_test(test_runs),
                                       cmocka_unit_test(test_masks),
                                       cmocka_unit_test(test_polygons),
                                       cmocka_unit_test(test_truth),
                                       cmocka_unit_test(test_every_truncation_is_refused),
                                       cmocka_unit_test(test_results_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
