/* Classes within classes: goldens of the published evaluator, what is shared and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/detection.h"
#include "core/hierarchy_expand.h"

typedef struct data {
    assay_coco_truth *truth;
    assay_coco_rows *results;
    assay_hierarchy *h;
    assay_expansion expansion;
} data;

static void load(data *out, const char *hierarchy, const char *truth, const char *results,
                 bool both)
{
    assay_memory_source t = {truth, strlen(truth)};
    assay_memory_source r = {results, strlen(results)};
    const assay_coco_options reading = {.masks = true, .keypoints = true};
    assay_error err = {0};
    *out = (data){0};
    if (assay_coco_read_truth(&out->truth, assay_memory_read, &t, &reading, &err) != ASSAY_OK ||
        assay_coco_read_results(&out->results, assay_memory_read, &r, &reading, &err) != ASSAY_OK ||
        (hierarchy != NULL &&
         (assay_hierarchy_read(&out->h, hierarchy, strlen(hierarchy), &err) != ASSAY_OK ||
          assay_hierarchy_expand_truth(&out->expansion, out->truth, out->h, &err) != ASSAY_OK ||
          (both && assay_hierarchy_expand_results(&out->expansion, out->results, out->truth, out->h,
                                                  &err) != ASSAY_OK)))) {
        fail_msg("%s", err.message);
    }
}

static void unload(data *x)
{
    assay_hierarchy_free(x->h);
    assay_coco_results_free(x->results);
    assay_coco_truth_free(x->truth);
}

static void check_case(data *x, const char *convention, const double *wanted, int n)
{
    assay_protocol p;
    assay_detection *d = NULL;
    assay_coco_arrays arrays = {0};
    double stats[ASSAY_MOST_STATISTICS];
    int got = 0;
    assert_int_equal(assay_protocol_init(&p, convention, ASSAY_IOU_BOX, NULL), ASSAY_OK);
    const assay_detection_options options = {.protocol = &p, .threads = 2};
    assert_int_equal(assay_detection_match(&d, x->truth, x->results, &options, NULL), ASSAY_OK);
    assert_int_equal(assay_detection_accumulate(&arrays, d, true, NULL), ASSAY_OK);
    assert_int_equal(assay_detection_summarize(stats, &got, d, &arrays, NULL), ASSAY_OK);
    assert_int_equal(arrays.classes, n - 1);
    for (int i = 0; i < n; i++) {
        double value = i < n - 1 ? arrays.precision[i] : stats[0];
        if (!(fabs(value - wanted[i]) < 1e-12)) {
            fail_msg("%s, class %d: %.17g, expected %.17g", convention, i, value, wanted[i]);
        }
    }
    assay_coco_arrays_dispose(&arrays);
    assay_detection_free(d);
}

/* tests/oracle/open_images.py */
static void test_golden(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/coco/open_images.txt", "r");
    char *line[4] = {0};
    size_t room[4] = {0};
    int cases = 0;
    assert_non_null(file);
    while (getline(&line[0], &room[0], file) > 0) {
        char name[32];
        double wanted[64];
        int both = 0;
        int n = 0;
        int at = 0;
        data x;
        for (int i = 1; i < 4; i++) {
            assert_true(getline(&line[i], &room[i], file) > 0);
        }
        assert_int_equal(sscanf(line[0], "%31s %d %d%n", name, &both, &n, &at), 3);
        char *text = line[0] + at;
        for (int i = 0; i < n; i++) {
            wanted[i] = strtod(text, &text);
        }
        load(&x, line[1][0] == '-' ? NULL : line[1], line[2], line[3], both != 0);
        check_case(&x, name, wanted, n);
        unload(&x);
        cases++;
    }
    assert_int_equal(cases, 14);
    for (int i = 0; i < 4; i++) {
        free(line[i]);
    }
    (void)fclose(file);
}

#define TREE                                                                                       \
    "{\"LabelName\":\"all\",\"Subcategory\":[{\"LabelName\":\"animal\",\"Subcategory\":["          \
    "{\"LabelName\":\"dog\"},{\"LabelName\":\"unheard\",\"Subcategory\":[{\"LabelName\":\"dog\"}]" \
    "}"                                                                                            \
    "]}]}"
#define TRUTH                                                                                      \
    "{\"images\":[{\"id\":1,\"height\":9,\"width\":9,\"neg_category_ids\":[2,3]},"                 \
    "{\"id\":2,\"height\":9,\"width\":9}],\"categories\":[{\"id\":1,\"name\":\"dog\"},"            \
    "{\"id\":2,\"name\":\"animal\"},{\"id\":3,\"name\":\"car\"}],\"annotations\":["                \
    "{\"id\":40,\"image_id\":2,\"category_id\":1,\"bbox\":[1,1,4,4],\"area\":7,\"iscrowd\":0,"     \
    "\"is_group_of\":true,\"segmentation\":[[1,1,5,1,5,5]]},"                                      \
    "{\"id\":5,\"image_id\":2,\"category_id\":3,\"bbox\":[2,2,4,4],\"area\":16,\"iscrowd\":0}]}"

static void test_rows(void **state)
{
    (void)state;
    data x;
    load(&x, TREE, TRUTH, "[{\"image_id\":2,\"category_id\":1,\"bbox\":[1,1,4,4],\"score\":0.5}]",
         true);
    const assay_coco_rows *o = &x.truth->objects;
    assert_int_equal(x.expansion.objects, 1);
    assert_int_equal(x.expansion.results, 1);
    assert_int_equal(x.expansion.absences, 1);
    assert_int_equal(x.expansion.strange, 1); /* car */
    assert_int_equal(o->n, 3);
    assert_int_equal(o->id[1], 41);
    assert_int_equal(o->id[2], 5);
    assert_int_equal(o->category[1], 2);
    assert_int_equal(o->category[2], 3);
    assert_int_equal(o->flags[1], ASSAY_OBJECT_GROUP);
    assert_true(o->area[1] == 7.0 && o->box[7] == 4.0);
    assert_int_equal(o->shapes.count[1], 1);
    assert_int_equal(o->shapes.first[1], o->shapes.first[0]);
    assert_int_equal(x.truth->absent.n_ids, 3); /* no animal, so no dog */
    assert_int_equal(x.truth->absent.ids[1], 1);
    assert_int_equal(x.results->category[1], 2);
    assert_true(x.results->score[1] == 0.5);
    unload(&x);
}

static void refused(const char *text, assay_status status, const char *says)
{
    assay_hierarchy *h = NULL;
    assay_error err = {0};
    assert_int_equal(assay_hierarchy_read(&h, text, strlen(text), &err), status);
    assert_null(h);
    if (strstr(err.message, says) == NULL) {
        fail_msg("'%s' does not say '%s'", err.message, says);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    data x;
    assay_error err = {0};
    assay_hierarchy *h = NULL;
    static const char strangers[] =
        "{\"LabelName\":\"r\",\"Subcategory\":[{\"LabelName\":\"boat\"}]}";
    refused("[]", ASSAY_EFORMAT, "expected a hierarchy of classes");
    refused("{\"LabelName\":\"r\"}", ASSAY_EFORMAT, "expected a hierarchy of classes");
    refused("{\"Subcategory\":[{\"LabelName\":\"a\",\"Subcategory\":[{}]}]}", ASSAY_EFORMAT,
            "without LabelName, below 'a'");
    refused("{\"Subcategory\":[{\"LabelName\":\"a\",\"Subcategory\":7}]}", ASSAY_EFORMAT,
            "Subcategory is no list");
    load(&x, NULL, TRUTH, "[]", false);
    assert_int_equal(assay_hierarchy_read(&h, strangers, strlen(strangers), NULL), ASSAY_OK);
    assert_int_equal(assay_hierarchy_expand_truth(&x.expansion, x.truth, h, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "none of its 1 classes is one of the truth's, as 'dog'"));
    assay_hierarchy_free(h);
    unload(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
