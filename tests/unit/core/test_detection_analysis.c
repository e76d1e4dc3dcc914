#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "core/detection_confusion.h"
#include "core/detection_curves.h"
#include "core/detection_errors.h"
#include "core/detection_measure.h"
#include "core/detection_operate.h"

typedef struct data {
    assay_coco_truth *truth;
    assay_coco_rows *results;
    assay_detection *d;
} data;

static void load(data *out, const char *truth, const char *results, const assay_protocol *protocol,
                 const assay_detection_slice *slice, bool details)
{
    assay_memory_source t = {truth, strlen(truth)};
    assay_memory_source r = {results, strlen(results)};
    const assay_coco_options reading = {.masks = true, .keypoints = true, .extras = true};
    assay_detection_options options = {.protocol = protocol, .details = details, .threads = 2};
    assay_error err = {0};
    if (slice != NULL) {
        options.slice = *slice;
    }
    *out = (data){0};
    if (assay_coco_read_truth(&out->truth, assay_memory_read, &t, &reading, &err) != ASSAY_OK ||
        assay_coco_read_results(&out->results, assay_memory_read, &r, &reading, &err) != ASSAY_OK ||
        assay_detection_match(&out->d, out->truth, out->results, &options, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
}

static void unload(data *x)
{
    assay_detection_free(x->d);
    assay_coco_results_free(x->results);
    assay_coco_truth_free(x->truth);
}

static void close_to(double got, double wanted, const char *what, int i)
{
    if (!(fabs(got - wanted) < 1e-12)) {
        fail_msg("%s %d: %.17g, expected %.17g", what, i, got, wanted);
    }
}

static void check_convention(const data *x, const double *wanted, int n, const char *name)
{
    assay_coco_arrays arrays = {0};
    double stats[ASSAY_MOST_STATISTICS];
    int got = 0;
    assert_int_equal(assay_detection_accumulate(&arrays, x->d, true, NULL), ASSAY_OK);
    assert_int_equal(assay_detection_summarize(stats, &got, x->d, &arrays, NULL), ASSAY_OK);
    assert_true(got >= n);
    for (int i = 0; i < n; i++) {
        close_to(stats[i], wanted[i], name, i);
    }
    assay_coco_arrays_dispose(&arrays);
}

static void check_errors(const data *x, const double *wanted)
{
    assay_detection_errors *e = NULL;
    double all[ASSAY_ERROR_VALUES];
    const assay_detection_slice slice = {0};
    assert_int_equal(
        assay_detection_errors_find(&e, x->d, x->truth, x->results, &slice, 0.5, 0.1, NULL),
        ASSAY_OK);
    assert_int_equal(assay_detection_errors_gain(all, NULL, e, NULL), ASSAY_OK);
    for (int v = 0; v < ASSAY_ERROR_VALUES; v++) {
        close_to(all[v], wanted[v], "tide", v);
    }
    for (int k = 0; k <= ASSAY_ERROR_MISSED; k++) {
        assert_int_equal(assay_detection_errors_count(e, (assay_detection_error)k, -1),
                         (int64_t)wanted[ASSAY_ERROR_VALUES + k]);
    }
    assay_detection_errors_free(e);
}

/* lvis 0.5.3, tidecv 1.0.1 and definitions (tests/oracle/detection_golden.py). */
static void test_golden(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/coco/conventions.txt", "r");
    char *line[3] = {0};
    size_t room[3] = {0};
    int cases = 0;
    assert_non_null(file);
    while (getline(&line[0], &room[0], file) > 0) {
        char name[24];
        char iou[8];
        double wanted[ASSAY_MOST_STATISTICS];
        int n = 0;
        int at = 0;
        data x;
        assay_protocol p;
        assert_true(getline(&line[1], &room[1], file) > 0 && getline(&line[2], &room[2], file) > 0);
        assert_int_equal(sscanf(line[0], "%23s %7s %d%n", name, iou, &n, &at), 3);
        char *text = line[0] + at;
        for (int i = 0; i < n; i++) {
            wanted[i] = strtod(text, &text);
        }
        bool tide = strcmp(name, "tide") == 0;
        assert_int_equal(assay_protocol_init(&p, tide ? "coco" : name,
                                             iou[0] == 's' ? ASSAY_IOU_MASK : ASSAY_IOU_BOX, NULL),
                         ASSAY_OK);
        load(&x, line[1], line[2], &p, NULL, false);
        if (tide) {
            check_errors(&x, wanted);
        } else {
            check_convention(&x, wanted, n, name);
        }
        unload(&x);
        cases++;
    }
    assert_int_equal(cases, 20);
    for (int i = 0; i < 3; i++) {
        free(line[i]);
    }
    (void)fclose(file);
}

#define ONE_OBJECT                                                                                 \
    "{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1},{\"id\":2}],\"annotations\":["            \
    "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[10,10,10,10],\"area\":100}]}"

static int kind_of(const char *results, int64_t which)
{
    data x;
    int64_t n = 0;
    assay_detection_errors *e = NULL;
    const assay_detection_slice slice = {0};
    load(&x, ONE_OBJECT, results, NULL, NULL, false);
    assert_int_equal(
        assay_detection_errors_find(&e, x.d, x.truth, x.results, &slice, 0.5, 0.1, NULL), ASSAY_OK);
    int state = assay_detection_errors_detections(&n, e)[which].state;
    assay_detection_errors_free(e);
    unload(&x);
    return state;
}

#define AT(x, class, score)                                                                        \
    "{\"image_id\":1,\"category_id\":" class ",\"bbox\":[" x ",10,10,10],\"score\":" score "}"

/* One object: a detection beside it, farther off, elsewhere, twice, of another class. */
static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(kind_of("[" AT("11", "1", "1") "]", 0), ASSAY_DETECTION_HIT);
    assert_int_equal(kind_of("[" AT("16", "1", "1") "]", 0), ASSAY_ERROR_PLACE);
    assert_int_equal(kind_of("[" AT("19", "1", "1") "]", 0), ASSAY_ERROR_BACKGROUND);
    assert_int_equal(kind_of("[" AT("11", "1", "1") "," AT("10", "1", "0.5") "]", 1),
                     ASSAY_ERROR_DUPLICATE);
    assert_int_equal(kind_of("[" AT("11", "2", "1") "]", 0), ASSAY_ERROR_CLASS);
    assert_int_equal(kind_of("[" AT("16", "2", "1") "]", 0), ASSAY_ERROR_BOTH);
}

/* Three objects: found, taken for another class, vanished; one detection on nothing. */
static void test_rates(void **state)
{
    (void)state;
    static const char truth[] =
        "{\"images\":[{\"id\":1},{\"id\":2}],\"categories\":[{\"id\":1},{\"id\":2}],"
        "\"annotations\":["
        "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,10,10],\"area\":100},"
        "{\"id\":2,\"image_id\":1,\"category_id\":1,\"bbox\":[20,0,10,10],\"area\":100},"
        "{\"id\":3,\"image_id\":1,\"category_id\":2,\"bbox\":[40,0,10,10],\"area\":100}]}";
    static const char results[] =
        "[{\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,10,10],\"score\":0.9},"
        "{\"image_id\":1,\"category_id\":2,\"bbox\":[0,1,10,10],\"score\":0.9},"
        "{\"image_id\":1,\"category_id\":2,\"bbox\":[20,0,10,10],\"score\":0.9},"
        "{\"image_id\":1,\"category_id\":2,\"bbox\":[40,0,10,10],\"score\":0.3},"
        "{\"image_id\":2,\"category_id\":2,\"bbox\":[40,0,10,10],\"score\":0.7}]";
    /* truth in rows; the last row and column are the background */
    static const int64_t wanted[9] = {1, 1, 0, 0, 0, 1, 0, 2, 0};
    int64_t confusion[9];
    assay_object_counts counts[2];
    double rates[ASSAY_RATES];
    const assay_detection_slice slice = {0};
    data x;
    load(&x, truth, results, NULL, NULL, false);
    assert_int_equal(assay_detection_confusion(confusion, counts, x.d, x.truth, x.results, &slice,
                                               0.5, 0.5, NULL),
                     ASSAY_OK);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(confusion[i], wanted[i]);
    }
    assert_int_equal(assay_object_rates(rates, NULL, x.d, counts, 0, 0, NULL), ASSAY_OK);
    for (int i = 0; i < 3; i++) {
        close_to(rates[i], 1.0 / 3.0, "rate", i);
    }
    close_to(rates[ASSAY_RATE_HALLUCINATED], 0.5, "hallucinated", 0);
    unload(&x);
}

/* A slice of images is the evaluation of these images alone; clusters are drawn together. */
static void test_slice_and_clusters(void **state)
{
    (void)state;
    enum { IMAGES = 24, ROOM = 1 << 16 };
    char *truth = malloc(ROOM);
    char *results = malloc(ROOM);
    uint8_t half[IMAGES];
    int64_t cluster[IMAGES];
    int64_t n = 0;
    static double stats[200 * ASSAY_COCO_STATS];
    assert_non_null(truth);
    assert_non_null(results);
    char *t = truth + sprintf(truth, "{\"categories\":[{\"id\":1}],\"images\":[");
    char *r = results + sprintf(results, "[");
    for (int i = 0; i < IMAGES; i++) {
        half[i] = i % 2 == 0;
        cluster[i] = i / 2;
        t += sprintf(t, "%s{\"id\":%d,\"night\":%s}", i > 0 ? "," : "", i + 1,
                     i % 2 != 0 ? "true" : "false");
        /* found in the first of every two images only */
        r += sprintf(r, "%s{\"image_id\":%d,\"category_id\":1,\"score\":%g,\"bbox\":[%d,0,20,20]}",
                     i > 0 ? "," : "", i + 1, 1.0 / (i + 1), i % 2 == 0 ? 0 : 50);
    }
    t += sprintf(t, "],\"annotations\":[");
    for (int i = 0; i < IMAGES; i++) {
        t += sprintf(t,
                     "%s{\"id\":%d,\"image_id\":%d,\"category_id\":1,\"bbox\":[0,0,20,20],"
                     "\"area\":400,\"iscrowd\":0}",
                     i > 0 ? "," : "", i + 1, i + 1);
    }
    (void)sprintf(t, "]}");
    (void)sprintf(r, "]");
    data x;
    const assay_detection_slice slice = {.images = half};
    load(&x, truth, results, NULL, &slice, false);
    assert_int_equal(assay_detection_images(x.d), IMAGES / 2);
    assert_int_equal(assay_detection_objects(x.d, 0, 0), IMAGES / 2);
    assert_int_equal(x.truth->extras.n, IMAGES);
    assert_string_equal(x.truth->extras.names[0], "night");
    static const double perfect[2] = {1.0, 1.0};
    assay_coco_arrays arrays = {0};
    assert_int_equal(assay_detection_accumulate(&arrays, x.d, true, NULL), ASSAY_OK);
    assert_true(fabs(arrays.recall[2] - perfect[0]) < 1e-12);
    assay_coco_arrays_dispose(&arrays);
    unload(&x);
    /* Every cluster is half found: recall does not vary although images are all or nothing. */
    load(&x, truth, results, NULL, NULL, false);
    assert_int_equal(assay_detection_cluster(&n, x.d, cluster, NULL), ASSAY_OK);
    assert_int_equal(n, IMAGES / 2);
    assert_int_equal(assay_detection_bootstrap(stats, NULL, x.d, 200, 1, NULL), ASSAY_OK);
    for (int i = 0; i < 200; i++) {
        assert_true(fabs(stats[i * ASSAY_COCO_STATS + 8] - 0.5) < 1e-12);
    }
    unload(&x);
    free(truth);
    free(results);
}

/* VOC: a detection claims the object that it overlaps most, even when that is taken. */
static void test_claim(void **state)
{
    (void)state;
    static const char truth[] =
        "{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1}],\"annotations\":["
        "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,10,10],\"area\":100},"
        "{\"id\":2,\"image_id\":1,\"category_id\":1,\"bbox\":[0,3,10,10],\"area\":100}]}";
    static const char results[] =
        "[{\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,10,10],\"score\":0.9},"
        "{\"image_id\":1,\"category_id\":1,\"bbox\":[0,1,10,10],\"score\":0.8}]";
    static const struct {
        const char *convention;
        double ap;
    } all[] = {{"voc2012", 0.5}, {"coco-corrected", 1.0}};
    for (int i = 0; i < 2; i++) {
        data x;
        assay_protocol p;
        assert_int_equal(assay_protocol_init(&p, all[i].convention, ASSAY_IOU_BOX, NULL), ASSAY_OK);
        assert_int_equal(assay_protocol_set_iou(&p, "0.5", NULL), ASSAY_OK);
        load(&x, truth, results, &p, NULL, false);
        check_convention(&x, &all[i].ap, 1, all[i].convention);
        unload(&x);
    }
}

/* What lies in twice the box of a person without annotated keypoints is ignored. */
static void test_bare_person(void **state)
{
    (void)state;
    enum { ROOM = 1 << 13 };
    char truth[ROOM];
    char results[ROOM];
    char *t = truth + sprintf(truth, "{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1}],"
                                     "\"annotations\":[");
    char *r = results + sprintf(results, "[");
    for (int i = 0; i < 2; i++) {
        t += sprintf(t,
                     "%s{\"id\":%d,\"image_id\":1,\"category_id\":1,\"bbox\":[%d,50,20,20],"
                     "\"area\":400,\"num_keypoints\":%d,\"keypoints\":[",
                     i > 0 ? "," : "", i + 1, 50 + 500 * i, 17 * i);
        r += sprintf(r, "%s{\"image_id\":1,\"category_id\":1,\"score\":%g,\"keypoints\":[",
                     i > 0 ? "," : "", 0.9 - 0.1 * i);
        for (int k = 0; k < 17; k++) {
            /* the first detection stands to the left of the box, inside the doubled one */
            t += sprintf(t, "%s%d,60,%d", k > 0 ? "," : "", i == 0 ? 0 : 560, 2 * i);
            r += sprintf(r, "%s%d,60,1", k > 0 ? "," : "", i == 0 ? 40 : 560);
        }
        t += sprintf(t, "]}");
        r += sprintf(r, "]}");
    }
    (void)sprintf(t, "]}");
    (void)sprintf(r, "]");
    data x;
    assay_protocol p;
    static const double one = 1.0;
    assert_int_equal(assay_protocol_init(&p, "coco-corrected", ASSAY_IOU_KEYPOINTS, NULL),
                     ASSAY_OK);
    load(&x, truth, results, &p, NULL, false);
    check_convention(&x, &one, 1, "keypoints");
    unload(&x);
}

static void test_grids(void **state)
{
    (void)state;
    assay_protocol p;
    static const char *const wrong[] = {"",  "0.5,",    "0.5:0.9", "1.2",
                                        "0", "0.5,0.5", "a",       "0.5:0.9:0.07"};
    assert_int_equal(assay_protocol_init(&p, "coco", ASSAY_IOU_BOX, NULL), ASSAY_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(assay_protocol_set_iou(&p, wrong[i], NULL), ASSAY_EINVAL);
    }
    assert_int_equal(assay_protocol_set_iou(&p, "0.45:0.9:0.05", NULL), ASSAY_OK);
    assert_int_equal(p.n_thresholds, 10);
    assert_true(p.thresholds[9] == 0.9);
    assert_int_equal(assay_protocol_set_areas(&p, "tiny:0:64,rest:64:inf", NULL), ASSAY_OK);
    assert_int_equal(p.n_ranges, 3);
    assert_int_equal(assay_protocol_set_areas(&p, "tiny:64:0", NULL), ASSAY_EINVAL);
    assert_int_equal(assay_protocol_set_areas(&p, "all:0:1", NULL), ASSAY_EINVAL);
    assert_int_equal(assay_protocol_set_caps(&p, "1,300", NULL), ASSAY_OK);
    assert_int_equal(assay_protocol_set_caps(&p, "0", NULL), ASSAY_EINVAL);
    assert_int_equal(assay_protocol_set_recalls(&p, "11", NULL), ASSAY_OK);
    assert_true(p.n_recalls == 11 && p.recalls[7] == 0.7);
    /* The usual grids in words are the convention's own, to the last digit. */
    assay_protocol usual;
    assert_int_equal(assay_protocol_init(&usual, "coco", ASSAY_IOU_BOX, NULL), ASSAY_OK);
    assay_protocol stated = usual;
    assert_int_equal(assay_protocol_set_recalls(&stated, "101", NULL), ASSAY_OK);
    assert_int_equal(assay_protocol_set_iou(&stated, "0.5:0.95:0.05", NULL), ASSAY_OK);
    assert_memory_equal(stated.recalls, usual.recalls, 101 * sizeof *usual.recalls);
    assert_memory_equal(stated.thresholds, usual.thresholds, 10 * sizeof *usual.thresholds);
    assert_true(usual.recalls[35] != 0.35); /* as numpy.linspace has it */
    assert_int_equal(assay_protocol_set_recalls(&p, "1", NULL), ASSAY_OK);
    assert_int_equal(assay_protocol_set_recalls(&p, "2000", NULL), ASSAY_EINVAL);
    assert_int_equal(assay_protocol_init(&p, "cocoa", ASSAY_IOU_BOX, NULL), ASSAY_EINVAL);
    assert_int_equal(assay_protocol_init(&p, "lvis", ASSAY_IOU_KEYPOINTS, NULL), ASSAY_EINVAL);
}

/* How boxes lie on what they find, by hand. */
static void test_fit(void **state)
{
    (void)state;
    data x;
    double all[ASSAY_OPERATING_VALUES];
    double classes[ASSAY_OPERATING_CLASS_VALUES];
    assay_operation *o = NULL;
    assay_protocol single;
    assert_int_equal(assay_protocol_init(&single, "coco", ASSAY_IOU_BOX, NULL), ASSAY_OK);
    assert_int_equal(assay_protocol_set_iou(&single, "0.5", NULL), ASSAY_OK);
    load(&x,
         "{\"images\":[{\"id\":1},{\"id\":2}],\"categories\":[{\"id\":1,\"name\":\"a\"}],"
         "\"annotations\":["
         "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,10,10],\"area\":100,\"iscrowd\":"
         "0},"
         "{\"id\":2,\"image_id\":1,\"category_id\":1,\"bbox\":[50,50,20,20],\"area\":400,"
         "\"iscrowd\":0}]}",
         "[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,0,10,10],\"score\":0.9},"
         "{\"image_id\":1,\"category_id\":1,\"bbox\":[50,50,20,16],\"score\":0.8},"
         "{\"image_id\":1,\"category_id\":1,\"bbox\":[90,90,5,5],\"score\":0.7}]",
         &single, NULL, true);
    assert_int_equal(assay_operation_new(&o, x.d, 0.1, NULL), ASSAY_OK);
    assert_int_equal(assay_operation_values(all, classes, o, NULL), ASSAY_OK);
    assert_true(fabs(all[ASSAY_OPERATING_DISTANCE] - 1.5) < 1e-14);
    assert_true(fabs(all[ASSAY_OPERATING_OFFSET] - 0.1) < 1e-14);
    assert_true(fabs(all[ASSAY_OPERATING_SCALE] - 0.1) < 1e-14);
    assert_true(fabs(all[ASSAY_OPERATING_QUANTILE] - 0.8) < 1e-14);     /* 0.1 */
    assert_true(fabs(all[ASSAY_OPERATING_QUANTILE + 2] - 0.8) < 1e-14); /* 0.5: half is enough */
    assert_true(fabs(all[ASSAY_OPERATING_QUANTILE + 3] - 90.0 / 110.0) < 1e-14);
    /* both objects are found, in the one image of the two that has objects */
    assert_true(all[ASSAY_OPERATING_WHOLE_IMAGES] == 1.0);
    assert_int_equal(assay_operation_counts(o, -1).images_with_objects, 1);
    assay_operation_free(o);
    /* two of two objects found from 0 on, one from 0.85 on (51 of 101 recalls), none from 0.95 on */
    double rows[ASSAY_FLOORS][3];
    assert_int_equal(assay_detection_by_confidence(rows, x.d, NULL), ASSAY_OK);
    assert_true(fabs(rows[0][1] - 1.0) < 1e-14 && rows[0][2] == 1.0);
    assert_true(fabs(rows[17][0] - 0.85) < 1e-14);
    assert_true(fabs(rows[17][1] - 51.0 / 101.0) < 1e-14 && rows[17][2] == 0.5);
    assert_true(rows[19][1] == 0.0 && rows[19][2] == 0.0);
    unload(&x);
}

/* Counting everything three times changes nothing, though so many hits are looked up in another way. */
static void test_many_hits(void **state)
{
    (void)state;
    enum { N = 60000 };
    assay_protocol p;
    assert_int_equal(assay_protocol_init(&p, "coco", ASSAY_IOU_BOX, NULL), ASSAY_OK);
    double *score = assay_alloc_raw(N, sizeof *score);
    int32_t *image = assay_alloc_raw(N, sizeof *image);
    int32_t *weight = assay_alloc_raw((size_t)N * ASSAY_LANES, sizeof *weight);
    uint16_t *hit = assay_alloc_raw(N, sizeof *hit);
    uint16_t *skip = assay_alloc(N, sizeof *skip);
    double objects[ASSAY_LANES] = {0.0};
    assay_curve_output out[2];
    uint32_t random = 1;
    assert_true(score && image && weight && hit && skip);
    for (int32_t i = 0; i < N; i++) {
        random = random * 1664525U + 1013904223U;
        score[i] = 1.0 - (double)i / N;
        image[i] = i;
        hit[i] = (uint16_t)(random >> 16 < 60000U - (uint32_t)i / 2 ? 3 : random >> 31);
        for (int l = 0; l < ASSAY_LANES; l++) {
            weight[i * ASSAY_LANES + l] = (i + l) % 3 != 0;
            objects[l] += weight[i * ASSAY_LANES + l] + (i % 10 == 0);
        }
    }
    for (int more = 0; more < 2; more++) {
        assay_curve_space *space = assay_curve_space_new();
        const assay_curve_input in = {.n = N,
                                      .score = score,
                                      .image = image,
                                      .stride = 1,
                                      .hit = hit,
                                      .skip = skip,
                                      .n_curves = 2,
                                      .recalls = p.recalls,
                                      .n_recalls = p.n_recalls,
                                      .weight = weight};
        assert_non_null(space);
        assay_curves_weighted(&out[more], space, &in, objects);
        assay_curve_space_free(space);
        for (int64_t i = 0; i < (int64_t)N * ASSAY_LANES; i++) {
            weight[i] *= 3;
        }
        for (int l = 0; l < ASSAY_LANES; l++) {
            objects[l] *= 3.0;
        }
    }
    for (int t = 0; t < 2; t++) {
        for (int l = 0; l < ASSAY_LANES; l++) {
            assert_true(out[0].ap[t][l] > 0.3 && out[0].ap[t][l] < 1.0);
            assert_true(out[0].ap[t][l] == out[1].ap[t][l]);
            assert_true(out[0].recall[t][l] == out[1].recall[t][l]);
        }
    }
    assay_free(score);
    assay_free(image);
    assay_free(weight);
    assay_free(hit);
    assay_free(skip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_rates),    cmocka_unit_test(test_slice_and_clusters),
        cmocka_unit_test(test_claim),    cmocka_unit_test(test_bare_person),
        cmocka_unit_test(test_grids),    cmocka_unit_test(test_fit),
        cmocka_unit_test(test_many_hits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
