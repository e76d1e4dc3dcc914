#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "codec/coco_parts.h"

/* Every record tries to look like the end of one inside its texts. */
static size_t write_results(char *to, int n)
{
    size_t size = 0;
    size += (size_t)sprintf(to + size, "[ ");
    for (int i = 0; i < n; i++) {
        size += (size_t)sprintf(to + size, "%s{\"note\":\"}, {\",\"image_id\":%d,",
                                i > 0 ? ", " : "", i);
        size += (size_t)sprintf(to + size, "\"category_id\":%d,\"score\":0.%d,", i % 3, i + 1);
        if (i % 3 == 0) {
            size += (size_t)sprintf(to + size, "\"segmentation\":[[%d,2,3,4,5,6],[7,8,9,1,2,%d]],",
                                    i, i);
        } else if (i % 3 == 1) {
            size += (size_t)sprintf(to + size,
                                    "\"segmentation\":{\"size\":[4,5],\"counts\":[%d,%d,3]},",
                                    i % 9, 17 - i % 9);
        }
        size += (size_t)sprintf(to + size, "\"keypoints\":[%d,1,2],\"bbox\":[%d,1,2,3.25]}", i, i);
    }
    size += (size_t)sprintf(to + size, "]\n");
    return size;
}

static assay_coco_rows *read_part(const char *text, size_t size, uint64_t begin, uint64_t end)
{
    const assay_coco_options options = {.masks = true, .keypoints = true, .window = 1};
    assay_memory_source source = {text + begin, size - begin};
    assay_coco_rows *rows = NULL;
    assert_int_equal(
        assay_coco_read_part(&rows, assay_memory_read, &source, &options, begin, end, NULL),
        ASSAY_OK);
    return rows;
}

static void assert_same(const assay_coco_rows *a, const assay_coco_rows *b)
{
    size_t n = (size_t)a->n;
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->image, b->image, n * sizeof *a->image);
    assert_memory_equal(a->category, b->category, n * sizeof *a->category);
    assert_memory_equal(a->box, b->box, n * 4 * sizeof *a->box);
    assert_memory_equal(a->score, b->score, n * sizeof *a->score);
    assert_memory_equal(a->has, b->has, n);
    assert_memory_equal(a->shapes.count, b->shapes.count, n * sizeof *a->shapes.count);
    assert_memory_equal(a->shapes.width, b->shapes.width, n * sizeof *a->shapes.width);
    assert_int_equal(a->shapes.n_counts, b->shapes.n_counts);
    assert_int_equal(a->shapes.n_parts, b->shapes.n_parts);
    assert_int_equal(a->shapes.n_numbers, b->shapes.n_numbers);
    assert_memory_equal(a->shapes.counts, b->shapes.counts, (size_t)a->shapes.n_counts);
    assert_memory_equal(a->shapes.numbers, b->shapes.numbers,
                        (size_t)a->shapes.n_numbers * sizeof *a->shapes.numbers);
    assert_memory_equal(a->shapes.part, b->shapes.part,
                        ((size_t)a->shapes.n_parts + 1) * sizeof *a->shapes.part);
    assert_memory_equal(a->points.numbers, b->points.numbers,
                        (size_t)a->points.n_numbers * sizeof *a->points.numbers);
    assert_memory_equal(a->points.first, b->points.first, n * sizeof *a->points.first);
    for (size_t i = 0; i < n; i++) {
        assert_true(a->shapes.count[i] == 0 || a->shapes.first[i] == b->shapes.first[i]);
    }
}

/* Wherever the parts are guessed to begin: all rows, or a part that says it is not one. */
static void test_parts_are_the_whole(void **state)
{
    (void)state;
    static char text[4096];
    const assay_coco_options options = {.masks = true, .keypoints = true};
    size_t size = write_results(text, 11);
    int joined_times = 0;
    int refused = 0;
    assay_coco_rows *whole = read_part(text, size, 0, UINT64_MAX);
    assert_non_null(whole);
    assert_int_equal(whole->n, 11);
    for (size_t at = 0; at < size; at++) {
        size_t found = assay_coco_guess_record(text + at, size - at);
        if (found == SIZE_MAX) {
            continue;
        }
        uint64_t second = at + found;
        assay_coco_rows *parts[2] = {read_part(text, size, 0, second),
                                     read_part(text, size, second, UINT64_MAX)};
        assay_coco_rows *joined = NULL;
        if (parts[0] != NULL && parts[1] != NULL) {
            assert_int_equal(assay_coco_join_parts(&joined, parts, 2, &options, NULL), ASSAY_OK);
            assert_same(joined, whole);
            joined_times++;
        } else {
            assert_true(text[second - 3] == '}' && text[second + 1] == '"');
            refused++;
        }
        assay_coco_results_free(joined);
        assay_coco_results_free(parts[0]);
        assay_coco_results_free(parts[1]);
    }
    assert_true(joined_times > 0 && refused > 0); /* the texts inside have misled some */
    assay_coco_results_free(whole);
}

static void test_what_is_wrong_is_no_part(void **state)
{
    (void)state;
    const char *const bad[] = {"",     "[",
                               "[{}]", "[{\"image_id\":1}",
                               "{}",   "[{\"image_id\":1,\"category_id\":1,\"score\":1}"};
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        assert_null(read_part(bad[i], strlen(bad[i]), 0, UINT64_MAX));
    }
    const char good[] = "[{\"image_id\":1,\"category_id\":1,\"score\":1}]";
    assert_null(read_part(good, strlen(good), 0, strlen(good) - 1)); /* ends before a record */
}

static void test_limits_hold_over_all_parts(void **state)
{
    (void)state;
    static char text[4096];
    size_t size = write_results(text, 4);
    size_t first = 2 + assay_coco_guess_record(text + 2, size);
    while (text[first - 3] != '}' || text[first - 4] != ']') {
        first += 1 + assay_coco_guess_record(text + first + 1, size - first - 1);
    }
    const assay_coco_options few = {.masks = true, .most_rows = 3};
    assay_coco_rows *parts[2] = {read_part(text, size, 0, first),
                                 read_part(text, size, first, UINT64_MAX)};
    assay_coco_rows *joined = NULL;
    assert_true(parts[0] != NULL && parts[1] != NULL);
    assert_int_equal(assay_coco_join_parts(&joined, parts, 2, &few, NULL), ASSAY_OK);
    assert_null(joined);
    assert_null(parts[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts_are_the_whole),
                                       cmocka_unit_test(test_what_is_wrong_is_no_part),
                                       cmocka_unit_test(test_limits_hold_over_all_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
