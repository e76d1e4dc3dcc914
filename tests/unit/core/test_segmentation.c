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
#include "core/segment_sample.h"

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
    assay_segment_row rows[MOST_CLASSES];
    double sums[(MOST_CLASSES + 1) * ASSAY_SEGMENT_WIDTH];
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
        assay_segment_row_semantic(&rows[i], &counts[i]);
    }
    const assay_segment_sample sample = {.kind = &assay_segment_semantic,
                                         .classes = k,
                                         .n = 1,
                                         .first = (const int64_t[]){0, n},
                                         .rows = rows};
    assay_segment_sum(sums, &sample);
    for (int c = 0; c < k; c++) {
        assert_true(next_line("class"));
        at = line + strlen("class");
        assert_int_equal(strtoll(at, &at, 10), c);
        const double *got = sums + (ptrdiff_t)c * ASSAY_SEGMENT_WIDTH;
        for (int i = 0; i < 6; i++) {
            int64_t want = strtoll(at, &at, 10);
            if (got[i] != (double)want) {
                fail_msg("%d x %d, class %d, number %d: %g, expected %" PRId64, h, w, c, i, got[i],
                         want);
            }
        }
        close_to(got[6], strtod(at, &at), "boundary F");
    }
    double all[ASSAY_SEGMENT_STATISTICS];
    sample.kind->finish(all, NULL, sums, &sample);
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

enum { IMAGES = 20, CLASSES = 2, REPLICATES = 100, ROWS = 3 };

/* The same two classes in every image; `better` images have more pixels right. */
static void make_sample(assay_segment_sample *out, assay_segment_row *rows, int64_t *first,
                        int64_t better)
{
    for (int i = 0; i < IMAGES; i++) {
        int64_t more = i < better ? 20 : 0;
        const assay_segment_counts counts[CLASSES] = {{0, 100, 80, 60 + more, 10, 8, 6, 0.5},
                                                      {1, 50, 70, 30 + more, 9, 9, 3, 0.25}};
        first[i + 1] = (int64_t)ROWS * (i + 1);
        assay_segment_row_semantic(&rows[ROWS * i], &counts[0]);
        assay_segment_row_semantic(&rows[ROWS * i + 1], &counts[1]);
        assert_true(assay_segment_row_image(&rows[ROWS * i + 2], counts, CLASSES, CLASSES));
    }
    *out = (assay_segment_sample){.kind = &assay_segment_semantic,
                                  .classes = CLASSES,
                                  .boundary = true,
                                  .n = IMAGES,
                                  .first = first,
                                  .rows = rows};
}

/* Replicates do not depend on threads; with the same counts in all images every replicate is the
 * estimate, whether images are drawn one by one or in clusters. */
static void test_bootstrap(void **state)
{
    (void)state;
    static double one[REPLICATES * ASSAY_SEGMENT_STATISTICS];
    static double two[REPLICATES * ASSAY_SEGMENT_STATISTICS];
    static assay_segment_row rows[ROWS * IMAGES];
    int64_t first[IMAGES + 1] = {0};
    int64_t cluster[IMAGES];
    double sums[(CLASSES + 1) * ASSAY_SEGMENT_WIDTH];
    double all[ASSAY_SEGMENT_OVERALL];
    assay_segment_sample sample;
    make_sample(&sample, rows, first, 0);
    assert_int_equal(assay_segment_bootstrap(one, NULL, &sample, REPLICATES, 1, 1, NULL, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_segment_bootstrap(two, NULL, &sample, REPLICATES, 1, 3, NULL, NULL),
                     ASSAY_OK);
    assert_memory_equal(one, two, sizeof one);
    assay_segment_sum(sums, &sample);
    sample.kind->finish(all, NULL, sums, &sample);
    close_to(all[ASSAY_SEGMENT_MEAN_IOU], (60.0 / 120.0 + 30.0 / 90.0) / 2.0, "mean IoU");
    close_to(all[ASSAY_SEGMENT_IMAGE_IOU], all[ASSAY_SEGMENT_MEAN_IOU], "mean IoU per image");
    for (int i = 0; i < IMAGES; i++) {
        cluster[i] = i / 2;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int r = 0; r < REPLICATES; r++) {
            for (int i = 0; i < ASSAY_SEGMENT_STATISTICS; i++) {
                close_to(one[r * ASSAY_SEGMENT_STATISTICS + i], all[i], "replicate");
            }
        }
        sample.cluster = cluster;
        assert_int_equal(assay_segment_bootstrap(one, NULL, &sample, REPLICATES, 1, 1, NULL, NULL),
                         ASSAY_OK);
    }
    int64_t units = 0;
    assert_int_equal(assay_segment_units(&units, &sample, NULL), ASSAY_OK);
    assert_int_equal(units, IMAGES / 2);
    uint8_t mask[IMAGES] = {1, 1, 1, 0, 1};
    sample.images = mask;
    assert_int_equal(assay_segment_images(&sample), 4);
    assert_int_equal(assay_segment_units(&units, &sample, NULL), ASSAY_OK);
    assert_int_equal(units, 3);
}

/* A model that is better in 15 of 20 images, against itself and against the other. */
static void test_compare(void **state)
{
    (void)state;
    static assay_segment_row rows[2][ROWS * IMAGES];
    int64_t first[2][IMAGES + 1] = {{0}};
    assay_segment_sample a;
    assay_segment_sample b;
    assay_segment_difference *d = NULL;
    assay_segment_changed *changed = NULL;
    assay_arena *arena = NULL;
    int64_t n = 0;
    const assay_segment_request request = {.level = 0.95, .replicates = 1000, .seed = 1};
    assert_int_equal(assay_arena_new(&arena, 1 << 24, NULL), ASSAY_OK);
    make_sample(&a, rows[0], first[0], 0);
    make_sample(&b, rows[1], first[1], 15);
    assert_int_equal(assay_segment_compare(&d, &n, &a, &a, &request, arena, NULL), ASSAY_OK);
    assert_int_equal(n, ASSAY_SEGMENT_STATISTICS + CLASSES);
    assert_true(d[0].of.difference == 0.0 && d[0].of.p == 1.0 && isnan(d[0].of.low));
    assert_int_equal(assay_segment_changes(&changed, &n, &a, &a, arena, NULL), ASSAY_OK);
    assert_int_equal(n, 0);
    assert_int_equal(assay_segment_compare(&d, &n, &a, &b, &request, arena, NULL), ASSAY_OK);
    double better = (75.0 / 105.0 + 45.0 / 75.0) / 2.0;
    close_to(d[0].of.in_b, better, "mean IoU of the better one"); /* 60 + 15 of 20 times 20 */
    assert_true(d[0].of.difference > 0.0 && d[0].of.low > 0.0 && d[0].of.low < d[0].of.difference &&
                d[0].of.high > d[0].of.difference);
    assert_true(d[0].of.p <= 0.002 && d[0].of.p_adjusted >= d[0].of.p && d[0].of.p_adjusted < 0.01);
    assert_true(d[0].of.probability_better > 0.99);
    /* The same question the other way round: the same coins, mirrored. */
    assay_segment_difference *back = NULL;
    assert_int_equal(assay_segment_compare(&back, &n, &b, &a, &request, arena, NULL), ASSAY_OK);
    assert_true(back[0].of.difference == -d[0].of.difference && back[0].of.p == d[0].of.p);
    close_to(back[0].of.low, -d[0].of.high, "mirrored interval");
    assert_int_equal(assay_segment_changes(&changed, &n, &a, &b, arena, NULL), ASSAY_OK);
    assert_int_equal(n, 15);
    assert_true(changed[0].image == 0 && changed[14].image == 14);
    assay_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_sizes_must_agree),
        cmocka_unit_test(test_bootstrap), cmocka_unit_test(test_compare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
