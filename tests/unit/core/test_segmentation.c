/* Counts and statistics of segmentation against tests/golden/segmentation.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/segmentation.h"

enum { LONGEST = 1 << 16, MOST_CLASSES = 8 };

static FILE *golden;
static char line[LONGEST];

static bool next_line(const char *head)
{
    if (fgets(line, sizeof line, golden) == NULL) {
        return false;
    }
    if (strncmp(line, head, strlen(head)) != 0) {
        fail_msg("expected '%s', got '%.40s'", head, line);
    }
    return true;
}

static void read_labels(assay_label_map *map, int h, int w)
{
    assert_true(next_line(""));
    map->width = w;
    map->height = h;
    map->labels = assay_alloc((size_t)h * (size_t)w, sizeof *map->labels);
    assert_non_null(map->labels);
    for (int i = 0; i < h * w; i++) {
        const char two[3] = {line[2 * i], line[2 * i + 1], '\0'};
        map->labels[i] = (uint32_t)strtoul(two, NULL, 16);
    }
}

static void close_to(double got, double want, const char *what)
{
    if (!(fabs(got - want) < 1e-12) && !(isnan(got) && isnan(want))) {
        fail_msg("%s: %.17g, expected %.17g", what, got, want);
    }
}

static void check_case(int h, int w, int k, int ignore, assay_segmentation_scratch *scratch)
{
    static const int order[7] = {ASSAY_SEGMENT_MEAN_IOU,       ASSAY_SEGMENT_MEAN_DICE,
                                 ASSAY_SEGMENT_PIXEL_ACCURACY, ASSAY_SEGMENT_MEAN_ACCURACY,
                                 ASSAY_SEGMENT_WEIGHTED_IOU,   ASSAY_SEGMENT_BOUNDARY_IOU,
                                 ASSAY_SEGMENT_BOUNDARY_F};
    const assay_segmentation_options options = {.classes = k, .ignore = ignore};
    assay_label_map truth = {0};
    assay_label_map predicted = {0};
    assay_segment_counts counts[MOST_CLASSES];
    assay_segment_sums sums[MOST_CLASSES] = {0};
    int64_t confusion[MOST_CLASSES * (MOST_CLASSES + 1)] = {0};
    int32_t n = 0;
    read_labels(&truth, h, w);
    read_labels(&predicted, h, w);
    assert_int_equal(assay_segmentation_count(counts, &n, confusion, &truth, &predicted, &options,
                                              scratch, NULL),
                     ASSAY_OK);
    assert_true(next_line("confusion"));
    char *at = line + strlen("confusion");
    for (int i = 0; i < k * (k + 1); i++) {
        assert_int_equal(confusion[i], strtoll(at, &at, 10));
    }
    for (int32_t i = 0; i < n; i++) {
        const assay_segment_counts *c = &counts[i];
        assay_segment_sums_add(&sums[c->class_index], c, 1);
    }
    for (int c = 0; c < k; c++) {
        assert_true(next_line("class"));
        at = line + strlen("class");
        assert_int_equal(strtoll(at, &at, 10), c);
        const int64_t *got = &sums[c].truth;
        for (int i = 0; i < 6; i++) {
            int64_t want = strtoll(at, &at, 10);
            if (got[i] != want) {
                fail_msg("%d x %d, class %d, number %d: %" PRId64 ", expected %" PRId64, h, w, c, i,
                         got[i], want);
            }
        }
        close_to(sums[c].boundary_f, strtod(at, &at), "boundary F");
    }
    double all[ASSAY_SEGMENT_STATISTICS];
    assay_segment_all(all, sums, k);
    assert_true(next_line("stats"));
    at = line + strlen("stats");
    for (int i = 0; i < 7; i++) {
        close_to(all[order[i]], strtod(at, &at), "statistic");
    }
    assay_label_map_dispose(&truth);
    assay_label_map_dispose(&predicted);
}

static void test_golden(void **state)
{
    (void)state;
    assay_segmentation_scratch scratch = {0};
    int cases = 0;
    golden = fopen(ASSAY_TEST_DATA "/golden/segmentation.txt", "r");
    assert_non_null(golden);
    assert_true(next_line("#"));
    while (next_line("case")) {
        char *at = line + strlen("case");
        int v[4];
        for (int i = 0; i < 4; i++) {
            v[i] = (int)strtol(at, &at, 10);
        }
        check_case(v[0], v[1], v[2], v[3], &scratch);
        cases++;
    }
    assert_int_equal(cases, 60);
    (void)fclose(golden);
    assay_segmentation_scratch_dispose(&scratch);
}

static void test_sizes_must_agree(void **state)
{
    (void)state;
    uint32_t labels[6] = {0};
    const assay_label_map a = {2, 3, labels, false};
    const assay_label_map b = {3, 2, labels, false};
    const assay_segmentation_options options = {.classes = 2, .ignore = -1};
    assay_segmentation_scratch scratch = {0};
    assay_segment_counts counts[2];
    assay_error err = {0};
    int32_t n = 0;
    assert_int_equal(assay_segmentation_count(counts, &n, NULL, &a, &b, &options, &scratch, &err),
                     ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "3 x 2 pixels, the truth 2 x 3"));
    assay_segmentation_scratch_dispose(&scratch);
}

/* Replicates do not depend on threads; with the same weight for all they are the estimate: here all
 * images are the same, so every replicate in which one occurs equals it. */
static void test_bootstrap(void **state)
{
    (void)state;
    enum { IMAGES = 20, REPLICATES = 100 };
    assay_segment_counts counts[2 * IMAGES];
    int64_t first[IMAGES + 1] = {0};
    static double one[REPLICATES * ASSAY_SEGMENT_STATISTICS];
    static double two[REPLICATES * ASSAY_SEGMENT_STATISTICS];
    double all[ASSAY_SEGMENT_STATISTICS];
    const assay_segment_sums sums[2] = {{100, 80, 60, 10, 8, 6, 0.5, 1},
                                        {50, 70, 30, 9, 9, 3, 0.25, 1}};
    for (int i = 0; i < IMAGES; i++) {
        first[i + 1] = 2 * (i + 1);
        for (int k = 0; k < 2; k++) {
            counts[2 * i + k] = (assay_segment_counts){k,
                                                       sums[k].truth,
                                                       sums[k].predicted,
                                                       sums[k].both,
                                                       sums[k].boundary_truth,
                                                       sums[k].boundary_predicted,
                                                       sums[k].boundary_both,
                                                       sums[k].boundary_f};
        }
    }
    const assay_segmentation_images images = {IMAGES, first, counts};
    assert_int_equal(assay_segmentation_bootstrap(one, NULL, &images, 2, REPLICATES, 1, 1, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_segmentation_bootstrap(two, NULL, &images, 2, REPLICATES, 1, 3, NULL),
                     ASSAY_OK);
    assert_memory_equal(one, two, sizeof one);
    assay_segment_all(all, sums, 2);
    for (int r = 0; r < REPLICATES; r++) {
        for (int i = 0; i < ASSAY_SEGMENT_IMAGE_IOU; i++) {
            close_to(one[r * ASSAY_SEGMENT_STATISTICS + i], all[i], "replicate");
        }
        close_to(one[r * ASSAY_SEGMENT_STATISTICS + ASSAY_SEGMENT_IMAGE_IOU],
                 assay_segment_image_iou(counts, 2), "replicate of the mean per image");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_sizes_must_agree),
                                       cmocka_unit_test(test_bootstrap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
