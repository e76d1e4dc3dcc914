/* Turned boxes: overlaps against shapely, AP against pycocotools and VOC's rules on shapely's overlaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/annotation_draft.h"
#include "codec/oriented.h"
#include "core/detection.h"

enum { LONGEST = 4096 };

static char line[LONGEST];

static void close_to(double got, double want, double slack, const char *what)
{
    if (!(fabs(got - want) <= slack)) {
        fail_msg("%s: %.17g, expected %.17g", what, got, want);
    }
}

static void test_overlaps(void **state)
{
    (void)state;
    FILE *f = fopen(ASSAY_TEST_DATA "/golden/oriented.txt", "r");
    int n = 0;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        double v[17];
        char *at = line;
        for (int i = 0; i < 17; i++) {
            v[i] = strtod(at, &at);
        }
        assay_hull a;
        assay_hull b;
        assay_hull_of(&a, v);
        assay_hull_of(&b, v + 8);
        /* boxes of 0.01 at 1000 have lost five digits before anything is computed */
        close_to(assay_hull_iou(&a, &b, 0), v[16], 1e-10, "overlap");
        close_to(assay_hull_iou(&b, &a, 0), v[16], 1e-10, "overlap the other way round");
        assert_true(assay_hull_iou(&a, &b, 1) >= assay_hull_iou(&a, &b, 0) - 1e-12);
        n++;
    }
    assert_int_equal(n, 408);
    (void)fclose(f);
}

/* A box that is not turned has the overlap of plain boxes, and turning both changes nothing. */
static void test_plain_boxes(void **state)
{
    (void)state;
    const double a[4] = {10, 20, 30, 40};
    const double b[4] = {25, 30, 30, 50};
    assay_hull ha;
    assay_hull hb;
    assay_hull_of_box(&ha, a);
    assay_hull_of_box(&hb, b);
    close_to(assay_hull_iou(&ha, &hb, 0), 450.0 / (1200.0 + 1500.0 - 450.0), 1e-15, "plain");
    for (int k = 0; k < 50; k++) {
        double turned[2][8];
        const assay_hull *hulls[2] = {&ha, &hb};
        for (int h = 0; h < 2; h++) {
            for (int i = 0; i < 4; i++) {
                double x = hulls[h]->xy[2 * i];
                double y = hulls[h]->xy[2 * i + 1];
                turned[h][2 * i] = cos(0.1 * k) * x - sin(0.1 * k) * y + 3.0 * k;
                turned[h][2 * i + 1] = sin(0.1 * k) * x + cos(0.1 * k) * y - 2.0 * k;
            }
        }
        assay_hull ta;
        assay_hull tb;
        assay_hull_of(&ta, turned[0]);
        assay_hull_of(&tb, turned[1]);
        close_to(assay_hull_iou(&ta, &tb, 0), 0.2, 1e-13, "turned");
    }
}

static void read_rows(assay_annotation_draft *draft, FILE *f, int n)
{
    for (int r = 0; r < n; r++) {
        double xy[8];
        assay_annotation a = {.unboxed = true, .xy = xy, .points = 4};
        assert_non_null(fgets(line, sizeof line, f));
        char *at = line;
        a.image = strtoll(at, &at, 10);
        a.category = strtoll(at, &at, 10);
        double third = strtod(at, &at);
        for (int i = 0; i < 8; i++) {
            xy[i] = strtod(at, &at);
        }
        if (assay_annotation_draft_scored(draft)) {
            a.score = third;
        } else {
            a.flags = third > 0.0 ? ASSAY_OBJECT_DIFFICULT : 0;
        }
        assert_int_equal(assay_annotation_draft_add(draft, &a, NULL), ASSAY_OK);
    }
}

static void read_case(assay_coco_truth **truth, assay_coco_rows **results, FILE *f)
{
    char *at = line + strlen("case");
    int v[4];
    assay_annotation_draft *draft = NULL;
    for (int i = 0; i < 4; i++) {
        v[i] = (int)strtol(at, &at, 10);
    }
    assert_int_equal(assay_annotation_draft_new(&draft, NULL, NULL), ASSAY_OK);
    for (int i = 0; i < v[0]; i++) {
        char name[8];
        int64_t row = -1;
        int size = snprintf(name, sizeof name, "%d", i + 1);
        assert_int_equal(
            assay_annotation_draft_image(&row, draft, name, (size_t)size, 1000, 1000, NULL),
            ASSAY_OK);
    }
    for (int k = 0; k < v[1]; k++) {
        const char name[2] = {(char)('a' + k), '\0'};
        int64_t row = -1;
        assert_int_equal(assay_annotation_draft_category(&row, draft, name, 1, NULL), ASSAY_OK);
    }
    read_rows(draft, f, v[2]);
    assert_int_equal(assay_annotation_draft_truth(truth, draft, true, 0, NULL), ASSAY_OK);
    assay_annotation_draft_free(draft);
    assert_int_equal(assay_annotation_draft_results(&draft, *truth, NULL, NULL), ASSAY_OK);
    read_rows(draft, f, v[3]);
    assert_int_equal(assay_annotation_draft_rows(results, draft, NULL), ASSAY_OK);
    assay_annotation_draft_free(draft);
}

static int evaluate(double stats[ASSAY_MOST_STATISTICS], const char *convention,
                    const assay_coco_truth *truth, const assay_coco_rows *results)
{
    static assay_protocol protocol;
    assay_detection *d = NULL;
    assay_coco_arrays arrays = {0};
    int n = 0;
    assert_int_equal(assay_protocol_init(&protocol, convention, ASSAY_IOU_ORIENTED, NULL),
                     ASSAY_OK);
    const assay_detection_options options = {.protocol = &protocol, .threads = 1};
    assert_int_equal(assay_detection_match(&d, truth, results, &options, NULL), ASSAY_OK);
    assert_int_equal(assay_detection_accumulate(&arrays, d, true, NULL), ASSAY_OK);
    assert_int_equal(assay_detection_summarize(stats, &n, d, &arrays, NULL), ASSAY_OK);
    assay_coco_arrays_dispose(&arrays);
    assay_detection_free(d);
    return n;
}

static void test_average_precision(void **state)
{
    (void)state;
    FILE *f = fopen(ASSAY_TEST_DATA "/golden/oriented_ap.txt", "r");
    int cases = 0;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        assay_coco_truth *truth = NULL;
        assay_coco_rows *results = NULL;
        double stats[ASSAY_MOST_STATISTICS];
        assert_int_equal(strncmp(line, "case", 4), 0);
        read_case(&truth, &results, f);
        assert_non_null(fgets(line, sizeof line, f));
        char *at = line + strlen("stats");
        if (results->n > 0) {
            assert_int_equal(evaluate(stats, "coco", truth, results), 12);
            for (int i = 0; i < 12; i++) {
                close_to(stats[i], strtod(at, &at), 1e-12, "COCO");
            }
            assert_true(evaluate(stats, "voc2007", truth, results) >= 1);
            close_to(stats[0], strtod(at, &at), 1e-12, "VOC 2007");
        }
        assay_coco_results_free(results);
        assay_coco_truth_free(truth);
        cases++;
    }
    assert_int_equal(cases, 40);
    (void)fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlaps),
                                       cmocka_unit_test(test_plain_boxes),
                                       cmocka_unit_test(test_average_precision)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
