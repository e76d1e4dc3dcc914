#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/rng.h"
#include "core/detection.h"
#include "core/evaluate_internal.h"

typedef struct outcome {
    assay_coco_arrays arrays;
    double stats[ASSAY_MOST_STATISTICS];
    int n;
    assay_detection_notes notes;
} outcome;

/* Arrays with what the statistics ask for alone give the same ones, and the same recall. */
static void check_lean(const outcome *full, const assay_detection *d)
{
    assay_coco_arrays lean = {0};
    double stats[ASSAY_MOST_STATISTICS];
    int n = 0;
    size_t cells = (size_t)(full->arrays.classes * full->arrays.n_ranges * full->arrays.n_caps) *
                   (size_t)full->arrays.n_thresholds;
    assert_int_equal(assay_detection_accumulate(&lean, d, false, NULL), ASSAY_OK);
    assert_int_equal(assay_detection_summarize(stats, &n, d, &lean, NULL), ASSAY_OK);
    assert_null(lean.scores);
    assert_int_equal(n, full->n);
    assert_memory_equal(stats, full->stats, (size_t)n * sizeof *stats);
    assert_memory_equal(lean.recall, full->arrays.recall, cells * sizeof *lean.recall);
    assay_coco_arrays_dispose(&lean);
}

static assay_status evaluate(outcome *out, const char *truth_text, const char *results_text,
                             const assay_detection_options *options, assay_error *err)
{
    assay_coco_truth *truth = NULL;
    assay_coco_rows *results = NULL;
    assay_detection *d = NULL;
    assay_status status = ASSAY_OK;
    assay_memory_source t = {truth_text, strlen(truth_text)};
    assay_memory_source r = {results_text, strlen(results_text)};
    assay_coco_options reading = {.masks = true, .keypoints = true};
    *out = (outcome){0};
    ASSAY_GOTO(assay_coco_read_truth(&truth, assay_memory_read, &t, &reading, err), done);
    ASSAY_GOTO(assay_coco_read_results(&results, assay_memory_read, &r, &reading, err), done);
    ASSAY_GOTO(assay_detection_match(&d, truth, results, options, err), done);
    ASSAY_GOTO(assay_detection_accumulate(&out->arrays, d, true, err), done);
    ASSAY_GOTO(assay_detection_summarize(out->stats, &out->n, d, &out->arrays, err), done);
    check_lean(out, d);
    out->notes = *assay_detection_noted(d);
done:
    assay_detection_free(d);
    assay_coco_results_free(results);
    assay_coco_truth_free(truth);
    return status;
}

static void check(outcome *out, const char *truth, const char *results,
                  const assay_detection_options *options)
{
    assay_error err = {0};
    if (evaluate(out, truth, results, options, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
}

/* A truth of one image of 200 x 200 pixels and class 1; %s = annotations. */
static char *truth_of(char *room, size_t size, const char *annotations)
{
    (void)snprintf(room, size,
                   "{\"images\":[{\"id\":1,\"height\":200,\"width\":200}],"
                   "\"categories\":[{\"id\":1,\"name\":\"a\"}],\"annotations\":[%s]}",
                   annotations);
    return room;
}

#define GT(id, box, area, more)                                                                    \
    "{\"id\":" id ",\"image_id\":1,\"category_id\":1,\"bbox\":" box ",\"area\":" area more "}"
#define DT(box, score) "{\"image_id\":1,\"category_id\":1,\"bbox\":" box ",\"score\":" score "}"
#define BOX "[10,10,20,20]"

static void one(outcome *out, const char *annotations, const char *results)
{
    char room[8192];
    check(out, truth_of(room, sizeof room, annotations), results, NULL);
}

/* Values [class][area][cap][threshold][recall] in the order of pycocotools, [threshold][recall][class]
 * [area][cap]. */
static void digest_transposed(assay_digest *sum, const assay_coco_arrays *a, const double *values)
{
    for (int64_t row = 0; row < (int64_t)a->n_thresholds * a->n_recalls; row++) {
        for (int64_t k = 0; k < a->classes; k++) {
            for (int part = 0; part < a->n_ranges * a->n_caps; part++) {
                int64_t at = assay_coco_curve(a, k, part / a->n_caps, part % a->n_caps, 0) + row;
                assay_digest_update(sum, &values[at], sizeof values[at]);
            }
        }
    }
}

/* Arrays and statistics of pycocotools (tests/oracle/coco.py), in every bit. */
static int check_golden(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line[3] = {0};
    size_t room[3] = {0};
    int cases = 0;
    assert_non_null(file);
    while (getline(&line[0], &room[0], file) > 0) {
        char iou[12];
        char digest[65];
        assay_protocol protocol;
        assay_detection_options options = {.protocol = &protocol, .threads = 1 + cases % 3};
        int caps[3];
        int at = 0;
        assert_true(getline(&line[1], &room[1], file) > 0 && getline(&line[2], &room[2], file) > 0);
        assert_int_equal(
            sscanf(line[0], "%11s %d %d %d %64s%n", iou, &caps[0], &caps[1], &caps[2], digest, &at),
            5);
        assay_iou_type type = strcmp(iou, "segm") == 0        ? ASSAY_IOU_MASK
                              : strcmp(iou, "keypoints") == 0 ? ASSAY_IOU_KEYPOINTS
                                                              : ASSAY_IOU_BOX;
        assert_int_equal(assay_protocol_init(&protocol, "coco", type, NULL), ASSAY_OK);
        for (int m = 0; m < protocol.n_caps; m++) {
            protocol.caps[m] = caps[m];
        }
        outcome out;
        check(&out, line[1], line[2], &options);
        char *text = line[0] + at;
        assert_int_equal(out.n, type == ASSAY_IOU_KEYPOINTS ? 10 : ASSAY_COCO_STATS);
        for (int i = 0; i < out.n; i++) {
            double wanted = strtod(text, &text);
            if (memcmp(&wanted, &out.stats[i], sizeof wanted) != 0) {
                fail_msg("case %d: statistic %d is %.17g, expected %.17g", cases, i, out.stats[i],
                         wanted);
            }
        }
        size_t cells = (size_t)(out.arrays.classes * out.arrays.n_ranges * out.arrays.n_caps) *
                       ASSAY_COCO_THRESHOLDS * sizeof(double);
        assay_digest *sum = NULL;
        char got[ASSAY_DIGEST_HEX];
        assert_int_equal(assay_digest_new(&sum, NULL), ASSAY_OK);
        digest_transposed(sum, &out.arrays, out.arrays.precision);
        assay_digest_update(sum, out.arrays.recall, cells);
        digest_transposed(sum, &out.arrays, out.arrays.scores);
        assert_int_equal(assay_digest_hex(got, sum, NULL), ASSAY_OK);
        assay_digest_free(sum);
        assert_string_equal(got, digest);
        assay_coco_arrays_dispose(&out.arrays);
        cases++;
    }
    for (int i = 0; i < 3; i++) {
        free(line[i]);
    }
    (void)fclose(file);
    return cases;
}

static void test_golden(void **state)
{
    (void)state;
    assert_int_equal(check_golden(ASSAY_TEST_DATA "/golden/coco/cases.txt"), 24);
    assert_int_equal(check_golden(ASSAY_TEST_DATA "/golden/coco/keypoints.txt"), 8);
}

static void expect_stats(const char *annotations, const char *results, double ap, double ap50,
                         double ar)
{
    outcome out;
    one(&out, annotations, results);
    assert_true(out.stats[0] == ap);
    assert_true(out.stats[1] == ap50);
    assert_true(out.stats[8] == ar);
    assay_coco_arrays_dispose(&out.arrays);
}

/* Numbers of pycocotools 2.0.11. */
static void test_peculiarities(void **state)
{
    (void)state;
    outcome out;
    /* a perfect hit is not quite 1 */
    expect_stats(GT("1", BOX, "400", ",\"iscrowd\":0"), "[" DT(BOX, "0.5") "]", 0.9999999999999998,
                 0.9999999999999999, 1.0);
    /* the id 0 is never found; a negative one is */
    expect_stats(GT("0", BOX, "400", ",\"iscrowd\":0"), "[" DT(BOX, "0.5") "]", 0.0, 0.0, 0.0);
    expect_stats(GT("-3", BOX, "400", ",\"iscrowd\":0"), "[" DT(BOX, "0.5") "]", 0.9999999999999998,
                 0.9999999999999999, 1.0);
    /* ignore in the file does not count */
    expect_stats(GT("1", BOX, "400", ",\"iscrowd\":0,\"ignore\":1"), "[]", 0.0, 0.0, 0.0);
    /* a crowd is nobody's miss and takes any number of detections */
    one(&out, GT("1", BOX, "400", ",\"iscrowd\":1") "," GT("2", "[100,100,20,20]", "400", ""),
        "[" DT(BOX, "0.9") "," DT("[12,12,5,5]", "0.8") "," DT("[100,100,20,20]", "0.7") "]");
    assert_true(out.stats[0] == 0.9999999999999998);
    assert_int_equal(out.notes.crowds, 1);
    assert_int_equal(out.notes.no_crowd, 1);
    assay_coco_arrays_dispose(&out.arrays);
    /* also when another object is there to be taken: two crowds, the later one takes all three */
    one(&out,
        GT("1", BOX, "400", ",\"iscrowd\":1") "," GT("2", BOX, "400", ",\"iscrowd\":1") "," GT(
            "3", "[150,150,20,20]", "400", ",\"iscrowd\":0"),
        "[" DT(BOX, "0.9") "," DT(BOX, "0.8") "," DT(BOX, "0.7") "," DT("[150,150,20,20]",
                                                                        "0.6") "]");
    assert_true(out.stats[0] == 0.9999999999999998);
    assay_coco_arrays_dispose(&out.arrays);
    /* 1024 belongs to small and to medium */
    one(&out, GT("1", "[10,10,32,32]", "1024", ""), "[" DT("[10,10,32,32]", "0.9") "]");
    assert_true(out.stats[3] > 0.99 && out.stats[4] > 0.99 && out.stats[5] == -1.0);
    assay_coco_arrays_dispose(&out.arrays);
}

static void test_last_of_equals(void **state)
{
    (void)state;
    /* The first detection overlaps both objects by exactly 0.5 and takes the later one. */
    static const char truth[] =
        GT("1", "[0,0,10,10]", "100", "") "," GT("2", "[0,10,10,10]", "100", "");
    outcome out;
    one(&out, truth, "[" DT("[0,0,10,20]", "0.9") "," DT("[0,0,10,10]", "0.8") "]");
    assert_true(fabs(out.stats[8] - 0.55) < 1e-12);
    assay_coco_arrays_dispose(&out.arrays);
    one(&out, truth, "[" DT("[0,0,10,20]", "0.9") "," DT("[0,10,10,10]", "0.8") "]");
    assert_true(fabs(out.stats[8] - 0.5) < 1e-12);
    assay_coco_arrays_dispose(&out.arrays);
}

static void test_iou_grid(void **state)
{
    (void)state;
    /* An IoU of exactly 0.85 reaches the grid's 0.85, which 0.5 + 0.05 * 7 would exceed. */
    outcome out;
    one(&out, GT("1", "[0,0,10,10]", "100", ""), "[" DT("[0,0,10,8.5]", "0.9") "]");
    assert_true(out.stats[8] == 0.8);
    assay_coco_arrays_dispose(&out.arrays);
}

static void test_recall_grid(void **state)
{
    (void)state;
    /* 7 of 10 found: the grid's 0.7 is 0.7000000000000001 */
    char annotations[2048] = "";
    char results[2048] = "[";
    for (int i = 0; i < 10; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "%s{\"id\":%d,\"image_id\":1,\"category_id\":1,\"bbox\":[%d,0,8,8],"
                       "\"area\":64,\"iscrowd\":0}",
                       i > 0 ? "," : "", i + 1, i * 10);
        strcat(annotations, text);
        (void)snprintf(text, sizeof text,
                       "%s{\"image_id\":1,\"category_id\":1,\"bbox\":[%d,0,8,8],\"score\":0.9}",
                       i > 0 ? "," : "", i * 10);
        if (i < 7) {
            strcat(results, text);
        }
    }
    strcat(results, "]");
    outcome out;
    one(&out, annotations, results);
    assert_true(fabs(out.stats[1] - 0.693069306930693) < 1e-15);
    assay_coco_arrays_dispose(&out.arrays);
}

static void test_absent_class_and_caps(void **state)
{
    (void)state;
    static const char truth[] =
        "{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1},{\"id\":2}],\"annotations\":["
        "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,9,9],\"area\":81}]}";
    static const char results[] =
        "[{\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,9,9],\"score\":1},"
        "{\"image_id\":1,\"category_id\":2,\"bbox\":[0,0,9,9],\"score\":1},"
        "{\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,-9,9],\"score\":1}]";
    outcome out;
    check(&out, truth, results, NULL);
    assert_true(out.stats[0] == 0.9999999999999998);
    assert_int_equal(out.notes.results_elsewhere, 1);
    assert_int_equal(out.notes.negative_boxes, 0);
    assay_coco_arrays_dispose(&out.arrays);
    assay_protocol protocol;
    const assay_detection_options options = {.protocol = &protocol};
    assert_int_equal(assay_protocol_init(&protocol, "coco", ASSAY_IOU_BOX, NULL), ASSAY_OK);
    protocol.caps[2] = 300;
    check(&out, truth, results, &options);
    assert_true(out.stats[0] == -1.0 && out.stats[1] > 0.99);
    assay_coco_arrays_dispose(&out.arrays);
}

static void refuse(const char *truth, const char *results, assay_iou_type iou, const char *word)
{
    outcome out;
    assay_error err = {0};
    assay_protocol protocol;
    const assay_detection_options options = {.protocol = &protocol};
    assert_int_equal(assay_protocol_init(&protocol, "coco", iou, NULL), ASSAY_OK);
    assay_status status = evaluate(&out, truth, results, &options, &err);
    assay_coco_arrays_dispose(&out.arrays);
    if (status == ASSAY_OK || strstr(err.message, word) == NULL) {
        fail_msg("no '%s' in: %s", word, err.message);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    char room[4096];
    const char *truth = truth_of(room, sizeof room, GT("1", BOX, "400", ""));
    refuse(truth, "[{\"image_id\":5,\"category_id\":1,\"bbox\":[0,0,1,1],\"score\":1}]", 0,
           "image 5");
    refuse(truth, "[" DT(BOX, "1") ",{\"image_id\":1,\"category_id\":1,\"score\":1}]", 0,
           "result 2: it has no bbox");
    refuse(truth, "[" DT(BOX, "1") "]", ASSAY_IOU_MASK, "annotation 1: it has no segmentation");
    refuse("{\"images\":[],\"categories\":[],\"annotations\":[]}", "[]", 0, "no images");
    truth = truth_of(room, sizeof room, GT("1", BOX, "400", ",\"segmentation\":[[1,2]]"));
    refuse(truth, "[" DT(BOX, "1") "]", ASSAY_IOU_MASK, "polygon of 2 numbers");
    truth = truth_of(room, sizeof room, GT("1", BOX, "400", ",\"segmentation\":[[1,2,3e9,4,5,6]]"));
    refuse(truth, "[" DT(BOX, "1") "]", ASSAY_IOU_MASK, "far outside");
    truth = truth_of(room, sizeof room, GT("1", BOX, "400", ",\"segmentation\":[[1,2,3e7,4,5,6]]"));
    refuse(truth, "[" DT(BOX, "1") "]", ASSAY_IOU_MASK, "outline");
}

/* ---- bootstrap ---- */

enum { IMAGES = 40, REPLICATES = 50, SEED = 11, MOST_TEXT = 4 << 20 };

/* Image i stands there times[i] times (once when times is NULL), copies next to each other. */
static void write_data(char *truth, char *results, const int32_t *times)
{
    int64_t id = 1;
    char *t = truth + sprintf(truth, "{\"categories\":[{\"id\":1},{\"id\":2}],\"images\":[");
    for (int i = 0; i < IMAGES; i++) {
        for (int c = 0; c < (times != NULL ? times[i] : 1); c++) {
            t += sprintf(t, "%s{\"id\":%d}", t[-1] == '[' ? "" : ",", 100 * (i + 1) + c);
        }
    }
    t += sprintf(t, "],\"annotations\":[");
    char *r = results + sprintf(results, "[");
    for (int i = 0; i < IMAGES; i++) {
        for (int c = 0; c < (times != NULL ? times[i] : 1); c++) {
            assay_rng rng = assay_rng_stream(3, 0, (uint64_t)i);
            for (int k = 0; k < 12; k++) {
                double side = 20 + 100 * assay_rng_uniform(&rng);
                double x = 150.0 * k;
                int image = 100 * (i + 1) + c;
                int label = 1 + (int)assay_rng_below(&rng, 2);
                if (k % 4 != 3) {
                    t += sprintf(t,
                                 "%s{\"id\":%d,\"image_id\":%d,\"category_id\":%d,\"bbox\":[%g,0,"
                                 "%g,%g],\"area\":%g,\"iscrowd\":%d}",
                                 t[-1] == '[' ? "" : ",", (int)id++, image, label, x, side, side,
                                 side * side, k == 6);
                }
                double shift = side * 0.3 * assay_rng_uniform(&rng);
                /* one score each, so that no order among copies matters */
                r += sprintf(r,
                             "%s{\"image_id\":%d,\"category_id\":%d,\"bbox\":[%g,0,%g,%g],"
                             "\"score\":%.17g}",
                             r[-1] == '[' ? "" : ",", image, label, x + shift, side, side,
                             assay_rng_uniform(&rng));
            }
        }
    }
    (void)sprintf(t, "]}");
    (void)sprintf(r, "]");
}

static assay_detection *matched(const char *truth_text, const char *results_text, int threads)
{
    assay_memory_source t = {truth_text, strlen(truth_text)};
    assay_memory_source r = {results_text, strlen(results_text)};
    assay_coco_truth *truth = NULL;
    assay_coco_rows *results = NULL;
    assay_detection *d = NULL;
    const assay_detection_options options = {.threads = threads};
    assert_int_equal(assay_coco_read_truth(&truth, assay_memory_read, &t, NULL, NULL), ASSAY_OK);
    assert_int_equal(assay_coco_read_results(&results, assay_memory_read, &r, NULL, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_detection_match(&d, truth, results, &options, NULL), ASSAY_OK);
    assay_coco_results_free(results);
    assay_coco_truth_free(truth);
    return d;
}

static assay_status class_stats(double four[4], const char *truth, const char *results, int64_t k)
{
    assay_coco_arrays arrays = {0};
    assay_detection *d = matched(truth, results, 1);
    assay_status status = assay_detection_accumulate(&arrays, d, true, NULL);
    if (status == ASSAY_OK) {
        status = assay_detection_class_stats(four, d, &arrays, k, NULL);
    }
    assay_coco_arrays_dispose(&arrays);
    assay_detection_free(d);
    return status;
}

/* A replicate is the plain evaluation of data in which every image stands so often as its weight. */
static void test_replicates_are_evaluations(void **state)
{
    (void)state;
    char *truth = malloc(MOST_TEXT);
    char *results = malloc(MOST_TEXT);
    static double stats[REPLICATES * ASSAY_COCO_STATS];
    static double again[REPLICATES * ASSAY_COCO_STATS];
    static double classes[REPLICATES * 2 * 4];
    assert_non_null(truth);
    assert_non_null(results);
    write_data(truth, results, NULL);
    for (int threads = 1; threads <= 7; threads += 3) {
        assay_detection *d = matched(truth, results, threads);
        assert_int_equal(assay_detection_bootstrap(threads == 1 ? stats : again, classes, d,
                                                   REPLICATES, SEED, NULL),
                         ASSAY_OK);
        if (threads > 1) {
            assert_memory_equal(stats, again, sizeof stats);
        }
        assay_detection_free(d);
    }
    for (int replicate = 0; replicate < 6; replicate++) {
        int32_t times[IMAGES];
        for (int i = 0; i < IMAGES; i++) {
            int32_t four[4];
            assay_bootstrap_weights(four, SEED, (uint64_t)(100 * (i + 1)), (uint32_t)replicate / 4,
                                    1);
            times[i] = four[replicate % 4];
        }
        write_data(truth, results, times);
        outcome out;
        check(&out, truth, results, NULL);
        for (int i = 0; i < ASSAY_COCO_STATS; i++) {
            double got = stats[replicate * ASSAY_COCO_STATS + i];
            if (!(fabs(got - out.stats[i]) < 1e-12)) {
                fail_msg("replicate %d, statistic %d: %.17g, expected %.17g", replicate, i, got,
                         out.stats[i]);
            }
        }
        for (int k = 0; k < 2; k++) {
            double four[4];
            assert_int_equal(class_stats(four, truth, results, k), ASSAY_OK);
            for (int i = 0; i < 4; i++) {
                assert_true(fabs(classes[(replicate * 2 + k) * 4 + i] - four[i]) < 1e-12);
            }
        }
        assay_coco_arrays_dispose(&out.arrays);
    }
    free(truth);
    free(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),         cmocka_unit_test(test_peculiarities),
        cmocka_unit_test(test_last_of_equals), cmocka_unit_test(test_iou_grid),
        cmocka_unit_test(test_recall_grid),    cmocka_unit_test(test_absent_class_and_caps),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_replicates_are_evaluations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
