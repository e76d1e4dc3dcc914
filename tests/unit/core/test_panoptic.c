/* Panoptic quality against tests/golden/panoptic.txt, and its JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/panoptic.h"

enum { LONGEST = 1 << 16, MOST = 1024, MOST_CLASSES = 8 };

static char line[LONGEST];

static void read_labels(uint32_t *labels, int n, FILE *f)
{
    assert_non_null(fgets(line, sizeof line, f));
    char *at = line;
    for (int i = 0; i < n; i++) {
        labels[i] = (uint32_t)strtoul(at, &at, 10);
    }
}

static void read_segments(assay_panoptic_segment *segments, int n, FILE *f)
{
    for (int i = 0; i < n; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        char *at = line;
        segments[i].id = strtoll(at, &at, 10);
        segments[i].category = strtoll(at, &at, 10);
        segments[i].crowd = strtol(at, &at, 10) != 0;
        segments[i].area = strtoll(at, &at, 10);
    }
}

static void test_golden(void **state)
{
    (void)state;
    static uint32_t truth[MOST];
    static uint32_t predicted[MOST];
    assay_panoptic_segment a[64];
    assay_panoptic_segment b[64];
    int cases = 0;
    FILE *f = fopen(ASSAY_TEST_DATA "/golden/panoptic.txt", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        int v[5];
        char *at = line + strlen("case");
        for (int i = 0; i < 5; i++) {
            v[i] = (int)strtol(at, &at, 10);
        }
        read_labels(truth, v[0] * v[1], f);
        read_labels(predicted, v[0] * v[1], f);
        read_segments(a, v[3], f);
        read_segments(b, v[4], f);
        const assay_label_map t = {v[1], v[0], truth, true};
        const assay_label_map p = {v[1], v[0], predicted, true};
        const assay_panoptic_pair pair = {&t, &p, a, b, v[3], v[4]};
        assay_panoptic_counts counts[MOST_CLASSES] = {0};
        assert_int_equal(assay_panoptic_count(counts, v[2], &pair, NULL), ASSAY_OK);
        for (int k = 0; k < v[2]; k++) {
            assert_non_null(fgets(line, sizeof line, f));
            at = line + strlen("class");
            double overlap = strtod(at, &at);
            if (fabs(counts[k].overlap - overlap) > 1e-12) {
                fail_msg("case %d, class %d: %.17g, expected %.17g", cases, k, counts[k].overlap,
                         overlap);
            }
            assert_int_equal(counts[k].found, strtol(at, &at, 10));
            assert_int_equal(counts[k].false_alarms, strtol(at, &at, 10));
            assert_int_equal(counts[k].missed, strtol(at, &at, 10));
        }
        cases++;
    }
    assert_int_equal(cases, 60);
    (void)fclose(f);
}

static void test_quality(void **state)
{
    (void)state;
    double out[3];
    assert_true(assay_panoptic_quality(out, 1.5, 2, 1, 1));
    assert_true(fabs(out[0] - 0.5) < 1e-15 && fabs(out[1] - 0.75) < 1e-15);
    assert_true(fabs(out[2] - 2.0 / 3.0) < 1e-15);
    assert_true(assay_panoptic_quality(out, 0, 0, 1, 0));
    assert_true(out[0] == 0.0 && out[1] == 0.0);
    assert_false(assay_panoptic_quality(out, 0, 0, 0, 0));
}

static void refuses(uint32_t label, int64_t id, const char *text)
{
    uint32_t t[2] = {1, 1};
    uint32_t p[2] = {label, label};
    const assay_label_map truth = {2, 1, t, true};
    const assay_label_map predicted = {2, 1, p, true};
    const assay_panoptic_segment a = {.id = 1, .area = 2};
    const assay_panoptic_segment b = {.id = id};
    const assay_panoptic_pair pair = {&truth, &predicted, &a, &b, 1, 1};
    assay_panoptic_counts counts[1] = {0};
    assay_error err = {0};
    assert_int_equal(assay_panoptic_count(counts, 1, &pair, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, text));
}

static void test_json_and_map_must_agree(void **state)
{
    (void)state;
    refuses(5, 6, "has the segment 5, which its JSON does not list");
    refuses(0, 6, "lists the segment 6, which its map does not have");
}

static void test_json(void **state)
{
    (void)state;
    const char *text =
        "{\"images\": [1], \"annotations\": [{\"image_id\": 7, \"file_name\": \"a.png\","
        " \"segments_info\": [{\"id\": 3, \"category_id\": 9, \"area\": 5, \"iscrowd\": 1}]},"
        " {\"segments_info\": [], \"image_id\": 8, \"file_name\": \"b.png\"}],"
        " \"categories\": [{\"id\": 9, \"name\": \"sky\", \"isthing\": 0}]}";
    static const char *const wrong[][2] = {
        {"{}", "there is no \"annotations\""},
        {"{\"annotations\": [{\"image_id\": 1}]}", "annotation 1 of a panoptic file needs"},
        {"{\"annotations\": [{\"segments_info\": [{\"id\": -1, \"category_id\": 1}]}]}",
         "0 to 16777215"},
        {"{\"annotations\": [{\"segments_info\": [{\"id\": 1", "ends"}};
    assay_memory_source source = {text, strlen(text)};
    assay_panoptic *p = NULL;
    assert_int_equal(assay_panoptic_read(&p, assay_memory_read, &source, 1, NULL), ASSAY_OK);
    assert_int_equal(p->n_images, 2);
    assert_int_equal(p->image_id[0], 7);
    assert_string_equal(p->file[1], "b.png");
    assert_int_equal(p->first[1], 1);
    assert_int_equal(p->first[2], 1);
    assert_true(p->segments[0].crowd && p->segments[0].area == 5);
    assert_int_equal(p->is_thing[0], 0);
    assay_panoptic_free(p);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assay_error err = {0};
        source = (assay_memory_source){wrong[i][0], strlen(wrong[i][0])};
        assert_int_equal(assay_panoptic_read(&p, assay_memory_read, &source, 0, &err),
                         ASSAY_EFORMAT);
        assert_null(p);
        if (strstr(err.message, wrong[i][1]) == NULL) {
            fail_msg("'%s' does not say '%s'", err.message, wrong[i][1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_quality),
        cmocka_unit_test(test_json_and_map_must_agree), cmocka_unit_test(test_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
