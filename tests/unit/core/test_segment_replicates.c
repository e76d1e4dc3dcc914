/* Intervals and comparisons of segmentations against tests/golden/segmentation_replicates.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/segment_sample.h"

enum { IMAGES = 60, CLASSES = 4, ROWS = CLASSES + 1, REPLICATES = 8000, OVERALL = 4 };

/* The statistics of the golden file, as places in those of label maps. */
static const int places[OVERALL] = {ASSAY_SEGMENT_MEAN_IOU, ASSAY_SEGMENT_MEAN_DICE,
                                    ASSAY_SEGMENT_PIXEL_ACCURACY, ASSAY_SEGMENT_MEAN_ACCURACY};

typedef struct golden {
    assay_segment_row rows[2][IMAGES * ROWS];
    int64_t first[2][IMAGES + 1];
    assay_segment_sample samples[2];
    double values[2][OVERALL + CLASSES], spread[2][OVERALL + CLASSES];
    double spread_of_difference[OVERALL + CLASSES], p[OVERALL + CLASSES];
} golden;

static golden g;

static double read_number(FILE *file)
{
    char word[64];
    char *end = NULL;
    assert_int_equal(fscanf(file, "%63s", word), 1);
    double value = strtod(word, &end);
    assert_true(end != word && *end == '\0');
    return value;
}

static void read_word(FILE *file, const char *want)
{
    char word[64];
    assert_int_equal(fscanf(file, "%63s", word), 1);
    assert_string_equal(word, want);
}

static void read_numbers(double out[OVERALL + CLASSES], FILE *file, const char *name)
{
    read_word(file, name);
    for (int i = 0; i < OVERALL + CLASSES; i++) {
        out[i] = read_number(file);
    }
}

static void read_image(FILE *file, int model, int image)
{
    assay_segment_counts counts[CLASSES] = {{0}};
    assay_segment_row *rows = g.rows[model] + (ptrdiff_t)image * ROWS;
    for (int k = 0; k < CLASSES; k++) {
        counts[k].class_index = k;
        counts[k].truth = (int64_t)read_number(file);
        counts[k].predicted = (int64_t)read_number(file);
        counts[k].both = (int64_t)read_number(file);
        assay_segment_row_semantic(&rows[k], &counts[k]);
    }
    assert_true(assay_segment_row_image(&rows[CLASSES], counts, CLASSES, CLASSES));
    g.first[model][image + 1] = (int64_t)(image + 1) * ROWS;
}

static int read_golden(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/segmentation_replicates.txt", "r");
    assert_non_null(file);
    while (fgetc(file) != '\n') { /* versions */
    }
    read_word(file, "images");
    assert_true(read_number(file) == IMAGES && read_number(file) == CLASSES);
    for (int i = 0; i < IMAGES; i++) {
        read_image(file, 0, i);
        read_image(file, 1, i);
    }
    read_numbers(g.values[0], file, "values");
    read_numbers(g.values[1], file, "values");
    read_numbers(g.spread[0], file, "spread");
    read_numbers(g.spread[1], file, "spread");
    read_numbers(g.spread_of_difference, file, "spread_of_difference");
    read_numbers(g.p, file, "p");
    assert_int_equal(fclose(file), 0);
    for (int m = 0; m < 2; m++) {
        g.samples[m] = (assay_segment_sample){.kind = &assay_segment_semantic,
                                              .classes = CLASSES,
                                              .n = IMAGES,
                                              .first = g.first[m],
                                              .rows = g.rows[m]};
    }
    return 0;
}

/* Both are estimates from thousands of replicates: 5 % are some four standard errors. */
static void like(double got, double want, const char *what, int i)
{
    if (!(fabs(got - want) < 0.05 * want)) {
        fail_msg("%s %d is %.6f, not %.6f", what, i, got, want);
    }
}

static void test_values(void **state)
{
    (void)state;
    for (int m = 0; m < 2; m++) {
        double sums[(CLASSES + 1) * ASSAY_SEGMENT_WIDTH];
        double all[ASSAY_SEGMENT_OVERALL];
        double of_class[CLASSES * ASSAY_SEGMENT_CLASS_STATISTICS];
        assay_segment_sum(sums, &g.samples[m]);
        assay_segment_semantic.finish(all, of_class, sums, &g.samples[m]);
        for (int i = 0; i < OVERALL; i++) {
            assert_true(fabs(all[places[i]] - g.values[m][i]) < 1e-12);
        }
        for (int k = 0; k < CLASSES; k++) {
            assert_true(fabs(of_class[(ptrdiff_t)k * ASSAY_SEGMENT_CLASS_STATISTICS] -
                             g.values[m][OVERALL + k]) < 1e-12);
        }
    }
}

static double spread_of(const double *values, int64_t stride)
{
    double mean = 0.0;
    double square = 0.0;
    for (int64_t r = 0; r < REPLICATES; r++) {
        mean += values[r * stride] / REPLICATES;
    }
    for (int64_t r = 0; r < REPLICATES; r++) {
        square += (values[r * stride] - mean) * (values[r * stride] - mean) / REPLICATES;
    }
    return sqrt(square);
}

static void test_replicates(void **state)
{
    static double all[2][REPLICATES * ASSAY_SEGMENT_STATISTICS];
    static double of_class[2][(size_t)REPLICATES * CLASSES * ASSAY_SEGMENT_CLASS_STATISTICS];
    enum { STRIDE = CLASSES * ASSAY_SEGMENT_CLASS_STATISTICS };
    (void)state;
    for (int m = 0; m < 2; m++) {
        assert_int_equal(assay_segment_bootstrap(all[m], of_class[m], &g.samples[m], REPLICATES, 3,
                                                 2, NULL, NULL),
                         ASSAY_OK);
        for (int i = 0; i < OVERALL; i++) {
            like(spread_of(all[m] + places[i], ASSAY_SEGMENT_STATISTICS), g.spread[m][i], "spread",
                 i);
        }
        for (int k = 0; k < CLASSES; k++) {
            like(spread_of(of_class[m] + (ptrdiff_t)k * ASSAY_SEGMENT_CLASS_STATISTICS, STRIDE),
                 g.spread[m][OVERALL + k], "spread of class", k);
        }
    }
    for (int64_t i = 0; i < (int64_t)REPLICATES * ASSAY_SEGMENT_STATISTICS; i++) {
        all[1][i] -= all[0][i];
    }
    for (int i = 0; i < OVERALL; i++) {
        like(spread_of(all[1] + places[i], ASSAY_SEGMENT_STATISTICS), g.spread_of_difference[i],
             "spread of the difference", i);
    }
}

/* p-values from 8,000 exchanges against those from numpy's 20,000. */
static void test_comparison(void **state)
{
    const assay_segment_request request = {.level = 0.95, .replicates = REPLICATES, .seed = 5};
    assay_segment_difference *d = NULL;
    assay_arena *arena = NULL;
    int64_t n = 0;
    int found = 0;
    (void)state;
    assert_int_equal(assay_arena_new(&arena, 1 << 26, NULL), ASSAY_OK);
    assert_int_equal(
        assay_segment_compare(&d, &n, &g.samples[0], &g.samples[1], &request, arena, NULL),
        ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        int at = -1;
        for (int k = 0; k < OVERALL && d[i].class_index < 0; k++) {
            at = d[i].metric == &assay_segment_semantic.overall[places[k]] ? k : at;
        }
        at = d[i].class_index >= 0 ? OVERALL + d[i].class_index : at;
        if (at >= 0) {
            double want = g.values[1][at] - g.values[0][at];
            found++;
            assert_true(fabs(d[i].of.difference - want) < 1e-12);
            assert_true(fabs(d[i].of.p - g.p[at]) < 0.02);
            assert_true(d[i].of.p_adjusted >= d[i].of.p);
            assert_true(d[i].of.low < want && want < d[i].of.high);
            assert_true(d[i].of.low < d[i].of.bound_low && d[i].of.bound_high < d[i].of.high);
        }
    }
    assert_int_equal(found, OVERALL + CLASSES);
    assay_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_replicates),
                                       cmocka_unit_test(test_comparison)};
    return cmocka_run_group_tests(tests, read_golden, NULL);
}
