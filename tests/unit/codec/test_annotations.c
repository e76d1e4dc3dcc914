/* Readers of annotations that are not COCO: what comes out, and what is refused where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "codec/annotation_draft.h"
#include "codec/dota_read.h"
#include "codec/image_names.h"
#include "codec/labelme_read.h"
#include "codec/visdrone_read.h"
#include "codec/voc_read.h"
#include "codec/xml_scan.h"
#include "codec/yolo_read.h"

/* A draft with the image a.png of 200 x 100 (row 0) and the classes x, y. */
static assay_annotation_draft *draft_of(void)
{
    assay_annotation_draft *draft = NULL;
    int64_t row = -1;
    assert_int_equal(assay_annotation_draft_new(&draft, NULL, NULL), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_image(&row, draft, "a.png", 5, 200, 100, NULL),
                     ASSAY_OK);
    assert_int_equal(row, 0);
    assert_int_equal(assay_annotation_draft_category(&row, draft, "x", 1, NULL), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_category(&row, draft, "y", 1, NULL), ASSAY_OK);
    assert_int_equal(row, 1);
    return draft;
}

static assay_coco_truth *truth_of(assay_annotation_draft *draft)
{
    assay_coco_truth *t = NULL;
    assert_int_equal(assay_annotation_draft_truth(&t, draft, true, 0, NULL), ASSAY_OK);
    assay_annotation_draft_free(draft);
    return t;
}

static void box_is(const assay_coco_rows *r, int64_t i, double left, double top, double width,
                   double height)
{
    const double want[4] = {left, top, width, height};
    for (int k = 0; k < 4; k++) {
        assert_true(fabs(r->box[4 * i + k] - want[k]) < 1e-12);
    }
}

static void says(const assay_error *err, const char *text)
{
    if (strstr(err->message, text) == NULL) {
        fail_msg("'%s' does not say '%s'", err->message, text);
    }
}

/* ---- YOLO ---- */

static assay_status yolo(assay_annotation_draft *draft, const char *text, assay_error *err)
{
    return assay_yolo_read(draft, 0, NULL, 2, (assay_yolo_keypoints){0}, text, strlen(text), err);
}

static void test_yolo_boxes_and_outlines(void **state)
{
    (void)state;
    assay_annotation_draft *draft = draft_of();
    assert_int_equal(yolo(draft,
                          "\xEF\xBB\xBF"
                          "0 0.5 0.5 0.25 0.5\r\n\r\n  1\t0.1 0.2 0.3 0.2 0.3 0.6\n",
                          NULL),
                     ASSAY_OK);
    assay_coco_truth *t = truth_of(draft);
    assert_int_equal(t->objects.n, 2);
    box_is(&t->objects, 0, 75.0, 25.0, 50.0, 50.0);
    box_is(&t->objects, 1, 20.0, 20.0, 40.0, 40.0);
    assert_true(fabs(t->objects.area[0] - 2500.0) < 1e-9);
    assert_true(fabs(t->objects.area[1] - 800.0) < 1e-9);
    assert_int_equal(t->objects.category[1], 1);
    assert_int_equal(t->objects.image[1], 1);
    assert_int_equal(t->objects.shapes.count[1], 1);
    assert_int_equal(t->objects.has[0] & ASSAY_COCO_POLYGONS, 0);
    assay_coco_truth_free(t);
}

static void test_yolo_refuses(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"0 0.5 0.5 0.2 0.2\n2 0.5 0.5 0.2 0.2", "line 2: the class 2 has no name"},
        {"a 0.5 0.5 0.2 0.2", "line 1: the class is 'a'"},
        {"0 120 80 20 20", "shares of the image's"},
        {"0 nan 0.5 0.2 0.2", "'nan' is no number"},
        {"0 0.5 0.5 -0.2 0.2", "wrong order"},
        {"0 0.5 0.5 0.2", "3 numbers behind the class"},
        {"0 0.5 0.5 0.2 0.2 0.9", "looks like predictions"},
        {"\n\n0 0.1 0.2 0.3 0.4 0.5 0.6 0.7", "line 3: 7 numbers"},
        {"0 0.5 0.5 0.2 inf", "'inf' is no number"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assay_annotation_draft *draft = draft_of();
        assay_error err = {0};
        assert_int_equal(yolo(draft, cases[i][0], &err), ASSAY_EFORMAT);
        says(&err, cases[i][1]);
        assay_annotation_draft_free(draft);
    }
}

static assay_status pose(assay_annotation_draft *draft, int32_t numbers, const char *text,
                         assay_error *err)
{
    return assay_yolo_read(draft, 0, NULL, 2, (assay_yolo_keypoints){2, numbers}, text,
                           strlen(text), err);
}

static void test_yolo_keypoints(void **state)
{
    (void)state;
    const assay_coco_options keeping = {.keypoints = true};
    assay_annotation_draft *draft = NULL;
    assay_coco_rows *rows = NULL;
    assay_error err = {0};
    int64_t row = -1;
    assert_int_equal(assay_annotation_draft_new(&draft, &keeping, NULL), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_image(&row, draft, "a.png", 5, 200, 100, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_annotation_draft_category(&row, draft, "x", 1, NULL), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_category(&row, draft, "y", 1, NULL), ASSAY_OK);
    assert_int_equal(pose(draft, 3, "0 0.5 0.5 0.2 0.2 0.25 0.5 2 0 0 0\n", NULL), ASSAY_OK);
    assert_int_equal(pose(draft, 2, "0 0.5 0.5 0.2 0.2 0.25 0.5 -0.1 0.3\n", NULL), ASSAY_OK);
    assert_int_equal(pose(draft, 3, "0 0.5 0.5 0.2 0.2", &err), ASSAY_EFORMAT);
    says(&err, "4 numbers behind the class, expected a box and 2 keypoints of 3 numbers");
    assert_int_equal(pose(draft, 2, "0 0.5 0.5 0.2 0.2 50 0.5 1 1", &err), ASSAY_EFORMAT);
    says(&err, "shares of the image's");
    assay_coco_truth *t = truth_of(draft);
    const assay_coco_points *p = &t->objects.points;
    assert_int_equal(t->objects.n, 2);
    assert_int_equal(p->count[0], 2);
    assert_int_equal(p->visible[0], 1);
    assert_int_equal(p->visible[1], 1);
    const double want[12] = {50, 50, 2, 0, 0, 0, 50, 50, 2, -20, 30, 0};
    for (int i = 0; i < 12; i++) {
        assert_true(fabs(p->numbers[i] - want[i]) < 1e-12);
    }
    box_is(&t->objects, 0, 80.0, 40.0, 40.0, 20.0);
    assert_int_equal(assay_annotation_draft_results(&draft, t, &keeping, NULL), ASSAY_OK);
    assert_int_equal(pose(draft, 0, "1 0.5 0.5 0.2 0.2 0.25 0.5 0.9 0.5 0.5 0.1 0.75\n", NULL),
                     ASSAY_OK);
    assert_int_equal(pose(draft, 0, "1 0.5 0.5 0.2 0.2 0.25 0.5 0.5 0.5 0.625\n", NULL), ASSAY_OK);
    assert_int_equal(pose(draft, 0, "1 0.5 0.5 0.2 0.2 0.5\n", NULL), ASSAY_OK);
    assert_int_equal(pose(draft, 0, "1 0.5 0.5 0.2 0.2 0.5 0.5 0.1\n", &err), ASSAY_EFORMAT);
    says(&err, "2 keypoints of 2 or 3 numbers, and the confidence");
    assert_int_equal(assay_annotation_draft_rows(&rows, draft, NULL), ASSAY_OK);
    assert_int_equal(rows->n, 3);
    assert_true(rows->score[0] == 0.75 && rows->score[1] == 0.625 && rows->score[2] == 0.5);
    assert_true(rows->points.numbers[2] == 0.9 && rows->points.numbers[9] == 100.0);
    assert_int_equal(rows->points.count[2], 0);
    assay_coco_results_free(rows);
    assay_annotation_draft_free(draft);
    assay_coco_truth_free(t);
}

static void test_yolo_results(void **state)
{
    (void)state;
    assay_coco_truth *t = truth_of(draft_of());
    assay_annotation_draft *draft = NULL;
    assay_coco_rows *rows = NULL;
    assay_error err = {0};
    const char *text = "1 0.5 0.5 0.25 0.5 0.875\n7 0.5 0.5 0.1 0.1 0.5\n";
    assert_int_equal(assay_annotation_draft_results(&draft, t, NULL, NULL), ASSAY_OK);
    assert_int_equal(yolo(draft, text, NULL), ASSAY_OK);
    assert_int_equal(yolo(draft, "0 0.5 0.5 0.2 0.2", &err), ASSAY_EFORMAT);
    says(&err, "without a confidence");
    assert_int_equal(assay_annotation_draft_rows(&rows, draft, NULL), ASSAY_OK);
    assert_int_equal(rows->n, 2);
    box_is(rows, 0, 75.0, 25.0, 50.0, 50.0);
    assert_true(rows->score[0] == 0.875);
    assert_int_equal(rows->category[0], 1);
    assert_int_equal(rows->image[0], 1);
    assert_true(rows->category[1] != 0 && rows->category[1] != 1);
    assay_coco_results_free(rows);
    assay_annotation_draft_free(draft);
    assay_coco_truth_free(t);
}

/* ---- VOC and XML ---- */

static assay_status voc(assay_annotation_draft *draft, const char *text, assay_voc_corners corners,
                        assay_error *err)
{
    return assay_voc_read(draft, "b.jpg", false, 0, 0, corners, text, strlen(text), err);
}

static const char voc_text[] =
    "<?xml version='1.0'?>\n<annotation a=\"1>2\">\n<filename> c&amp;d.jpg </filename>"
    "<object><name>z</name><truncated>1</truncated><difficult>1</difficult><occluded>0</occluded>"
    "<part><name>head</name><bndbox><xmin>0</xmin></bndbox></part>"
    "<bndbox><ymin>2</ymin><xmin>1</xmin><xmax>11</xmax><ymax>22</ymax></bndbox></object>"
    "<size><width>30</width><height>40</height></size><segmented/></annotation>\n";

static void test_voc(void **state)
{
    (void)state;
    for (int corners = ASSAY_VOC_EDGES; corners <= ASSAY_VOC_PIXELS; corners++) {
        assay_annotation_draft *draft = draft_of();
        assert_int_equal(voc(draft, voc_text, (assay_voc_corners)corners, NULL), ASSAY_OK);
        assay_coco_truth *t = truth_of(draft);
        assert_int_equal(t->n_images, 2);
        assert_string_equal(t->image_file[1], "c&d.jpg");
        assert_int_equal(t->image_width[1], 30);
        assert_int_equal(t->image_height[1], 40);
        assert_string_equal(t->category_name[2], "z");
        assert_int_equal(t->objects.flags[0], ASSAY_OBJECT_DIFFICULT | ASSAY_OBJECT_TRUNCATED);
        if (corners == ASSAY_VOC_EDGES) {
            box_is(&t->objects, 0, 1.0, 2.0, 10.0, 20.0);
        } else { /* pixels 1..11 and 2..22, both ends included */
            box_is(&t->objects, 0, 0.0, 1.0, 11.0, 21.0);
        }
        assay_coco_truth_free(t);
    }
}

static void test_voc_refuses(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"<!DOCTYPE a [<!ENTITY b \"b\">]><annotation/>", "document type definitions"},
        {"<annotations/>", "the root is <annotations>"},
        {"<annotation>\n<object>", "line 2: the file is truncated: <object> is not closed"},
        {"<annotation></object>", "</object> closes nothing"},
        {"<annotation><object><name>a</name></object></annotation>", "without <bndbox>"},
        {"<annotation><object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax>"
         "</bndbox></object></annotation>",
         "without <name>"},
        {"<annotation><object><name>a</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax>"
         "</bndbox></object></annotation>",
         "no <ymax>"},
        {"<annotation><object><name>a</name><bndbox><xmin>one</xmin></bndbox></object></"
         "annotation>",
         "<xmin> is 'one', expected a number"},
        {"<annotation><object><name>a</name><bndbox><xmin>9</xmin><ymin>1</ymin><xmax>2</xmax>"
         "<ymax>2</ymax></bndbox></object></annotation>",
         "wrong order"},
        {"<annotation><filename>&bomb;</filename></annotation>", "unknown entity"},
        {"<annotation/><annotation/>", "second root"},
        {"plain", "outside of the root"},
        {"", "there is no element"},
        {"<annotation a=1/>", "needs quotes"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assay_annotation_draft *draft = draft_of();
        assay_error err = {0};
        assert_true(voc(draft, cases[i][0], ASSAY_VOC_EDGES, &err) < ASSAY_OK);
        says(&err, cases[i][1]);
        assay_annotation_draft_free(draft);
    }
    char deep[1024] = "";
    for (int i = 0; i < 100; i++) {
        (void)strcat(deep, "<a>");
    }
    assay_annotation_draft *draft = draft_of();
    assay_error err = {0};
    assert_int_equal(voc(draft, deep, ASSAY_VOC_EDGES, &err), ASSAY_EFORMAT);
    assay_annotation_draft_free(draft);
}

static void test_xml_text(void **state)
{
    (void)state;
    const char *text = "<a> &#65;&#x20AC;&lt;<![CDATA[<&>]]><b>no</b><!-- <c> --> e </a>";
    assay_xml xml;
    char out[64];
    char tight[4];
    assert_int_equal(assay_xml_init(&xml, text, strlen(text), NULL), ASSAY_OK);
    assert_int_equal(assay_xml_child(&xml, NULL), ASSAY_OK);
    assert_string_equal(xml.name, "a");
    assert_int_equal(assay_xml_text(out, sizeof out, &xml, NULL), ASSAY_OK);
    assert_string_equal(out, "A\xE2\x82\xAC<<&> e");
    assert_int_equal(assay_xml_child(&xml, NULL), ASSAY_DONE);
    assert_int_equal(assay_xml_init(&xml, text, strlen(text), NULL), ASSAY_OK);
    assert_int_equal(assay_xml_child(&xml, NULL), ASSAY_OK);
    assert_int_equal(assay_xml_text(tight, sizeof tight, &xml, NULL), ASSAY_ELIMIT);
    assert_int_equal(assay_xml_init(&xml, "\xFF\xFE<", 3, NULL), ASSAY_EFORMAT);
}

/* ---- labelme ---- */

static void test_labelme(void **state)
{
    (void)state;
    const char *text =
        "{\"imageData\": \"AAAA\", \"imageHeight\": 48, \"shapes\": ["
        "{\"label\": \"r\", \"points\": [[10, 20], [1, 2]], \"shape_type\": \"rectangle\","
        " \"flags\": {\"difficult\": true, \"other\": 3}},"
        "{\"label\": \"p\", \"points\": [[0, 0], [4, 0], [4, 4]], \"group_id\": 1},"
        "{\"label\": \"q\", \"points\": [[0, 0], [9, 0], [9, 9]], \"group_id\": 1},"
        "{\"label\": \"p\", \"points\": [[10, 0], [14, 0], [14, 4]], \"group_id\": 1},"
        "{\"label\": \"c\", \"points\": [[20, 20], [25, 20]], \"shape_type\": \"circle\"},"
        "{\"label\": \"k\", \"points\": [[3, 3]], \"shape_type\": \"point\"}],"
        "\"imageWidth\": 64, \"imagePath\": \"..\\\\d.jpg\"}";
    assay_annotation_draft *draft = draft_of();
    int64_t others = 0;
    assert_int_equal(assay_labelme_read(draft, &others, "b.jpg", false, text, strlen(text), NULL),
                     ASSAY_OK);
    assay_coco_truth *t = truth_of(draft);
    assert_int_equal(others, 1);
    assert_string_equal(t->image_file[1], "..\\d.jpg");
    assert_int_equal(t->image_width[1], 64);
    assert_int_equal(t->objects.n, 4);
    box_is(&t->objects, 0, 1.0, 2.0, 9.0, 18.0);
    assert_int_equal(t->objects.flags[0], ASSAY_OBJECT_DIFFICULT);
    box_is(&t->objects, 1, 0.0, 0.0, 14.0, 4.0);
    assert_int_equal(t->objects.shapes.count[1], 2);
    assert_true(t->objects.area[1] == 16.0);
    assert_int_equal(t->objects.shapes.count[2], 1);
    /* a circle of 64 corners: its area is that of the polygon */
    assert_true(fabs(t->objects.area[3] - 32.0 * 25.0 * sin(3.14159265358979323846 / 32.0)) < 1e-9);
    assay_coco_truth_free(t);
}

/* ---- VisDrone and DOTA ---- */

static void test_visdrone(void **state)
{
    (void)state;
    const char *text = "1,2,30,40,1,1,1,2\n5,5,10,10,0,0,0,0\n7,7,3,3,1,11,0,1,\n";
    for (int spread = 0; spread < 2; spread++) {
        assay_annotation_draft *draft = NULL;
        int64_t classes[ASSAY_VISDRONE_CLASSES];
        int64_t row = -1;
        assert_int_equal(assay_annotation_draft_new(&draft, NULL, NULL), ASSAY_OK);
        assert_int_equal(assay_annotation_draft_image(&row, draft, "a", 1, 0, 0, NULL), ASSAY_OK);
        for (int c = 0; c < ASSAY_VISDRONE_CLASSES; c++) {
            const char *name = assay_visdrone_classes[c];
            assert_int_equal(
                assay_annotation_draft_category(&classes[c], draft, name, strlen(name), NULL),
                ASSAY_OK);
        }
        assert_int_equal(
            assay_visdrone_read(draft, 0, classes, spread != 0, text, strlen(text), NULL),
            ASSAY_OK);
        assay_coco_truth *t = truth_of(draft);
        assert_int_equal(t->objects.n, spread ? 11 : 3);
        assert_int_equal(t->objects.flags[0],
                         ASSAY_OBJECT_TRUNCATED | ASSAY_OBJECT_OCCLUDED | ASSAY_OBJECT_HIDDEN);
        assert_int_equal(t->objects.crowd[0], 0);
        assert_int_equal(t->objects.crowd[1], 1);
        assert_int_equal(t->objects.category[1], spread ? 1 : 0);
        assert_int_equal(t->objects.category[t->objects.n - 1], spread ? 10 : 11);
        assay_coco_truth_free(t);
    }
}

static void test_dota(void **state)
{
    (void)state;
    const char *text = "imagesource:GoogleEarth\ngsd:0.15\n"
                       "10.0 0.0 20.0 10.0 10.0 20.0 0.0 10.0 plane 1\n";
    assay_annotation_draft *draft = draft_of();
    assert_int_equal(assay_dota_read(draft, 0, text, strlen(text), NULL), ASSAY_OK);
    assay_coco_truth *t = truth_of(draft);
    box_is(&t->objects, 0, 0.0, 0.0, 20.0, 20.0);
    assert_true(t->objects.area[0] == 200.0);
    assert_int_equal(t->objects.flags[0], ASSAY_OBJECT_DIFFICULT);
    assert_string_equal(t->category_name[2], "plane");
    assay_annotation_draft *results = NULL;
    assay_coco_rows *rows = NULL;
    assay_error err = {0};
    const char *lines = "a 0.5 10 0 20 10 10 20 0 10\na.png 0.25 1 2 11 22\n";
    assert_int_equal(assay_annotation_draft_results(&results, t, NULL, NULL), ASSAY_OK);
    assert_int_equal(assay_dota_read_results(results, 2, lines, strlen(lines), NULL), ASSAY_OK);
    assert_int_equal(assay_dota_read_results(results, 2, "other 1 1 1 2 2", 15, &err),
                     ASSAY_EFORMAT);
    says(&err, "does not list the image 'other'");
    assert_int_equal(assay_annotation_draft_rows(&rows, results, NULL), ASSAY_OK);
    assert_int_equal(rows->n, 2);
    assert_int_equal(rows->shapes.count[0], 1);
    box_is(rows, 1, 1.0, 2.0, 10.0, 20.0);
    assay_coco_results_free(rows);
    assay_annotation_draft_free(results);
    assay_coco_truth_free(t);
}

/* ---- names and ids ---- */

static assay_coco_truth *named(const char *const *files, int n)
{
    assay_annotation_draft *draft = NULL;
    int64_t row = -1;
    assert_int_equal(assay_annotation_draft_new(&draft, NULL, NULL), ASSAY_OK);
    for (int i = 0; i < n; i++) {
        assert_int_equal(
            assay_annotation_draft_image(&row, draft, files[i], strlen(files[i]), 0, 0, NULL),
            ASSAY_OK);
        assert_int_equal(row, i);
    }
    return truth_of(draft);
}

static void test_ids_of_images(void **state)
{
    (void)state;
    static const char *const numbers[] = {"val/000139.jpg", "7.jpg"};
    static const char *const words[] = {"b.jpg", "a.jpg", "7.jpg"};
    static const char *const same[] = {"1.jpg", "x/01.jpg"};
    assay_coco_truth *t = named(numbers, 2);
    assert_int_equal(t->image_id[0], 139);
    assert_int_equal(t->image_id[1], 7);
    assay_coco_truth_free(t);
    t = named(words, 3);
    assert_int_equal(t->image_id[0], 3);
    assert_int_equal(t->image_id[1], 2);
    assert_int_equal(t->image_id[2], 1);
    assay_coco_truth_free(t);
    t = named(same, 2);
    assert_int_equal(t->image_id[0], 1);
    assert_int_equal(t->image_id[1], 2);
    assay_coco_truth_free(t);
}

static void test_names_are_found(void **state)
{
    (void)state;
    static const char *const files[] = {"val/a.b.jpg", "x/c.png", "y/c.png", "000042.jpg"};
    assay_coco_truth *t = named(files, 4);
    assay_image_names *names = NULL;
    assert_int_equal(assay_image_names_new(&names, t, NULL), ASSAY_OK);
    static const struct {
        const char *name;
        int64_t row;
    } cases[] = {
        {"val/a.b.jpg", 0}, {"a.b.txt", 0}, {"a.b", 0}, {"./val/a.b", 0},
        {"c.txt", -2},      {"y/c.txt", 2}, {"x/c", 1}, {"d.jpg", -1},
        {"000042", 3},      {"", -1},       {"4", 3}}; /* by its id: the names are no numbers, so ids count from 1 */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t row = assay_image_names_find(names, cases[i].name, strlen(cases[i].name));
        if (cases[i].name[0] == '4') {
            assert_true(row >= 0 && t->image_id[row] == 4);
        } else if (row != cases[i].row) {
            fail_msg("'%s' is row %d", cases[i].name, (int)row);
        }
    }
    assay_image_names_free(names);
    assay_coco_truth_free(t);
}

static void test_limits(void **state)
{
    (void)state;
    const assay_coco_options options = {.most_rows = 2, .most_values = 7};
    assay_annotation_draft *draft = NULL;
    assay_error err = {0};
    int64_t row = -1;
    const double xy[8] = {0, 0, 1, 0, 1, 1, 0, 1};
    const assay_annotation outline = {.unboxed = true, .xy = xy, .points = 4};
    const assay_annotation box = {.box = {0, 0, 1, 1}};
    const assay_annotation wild = {.box = {0, NAN, 1, 1}};
    assert_int_equal(assay_annotation_draft_new(&draft, &options, NULL), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_image(&row, draft, "a", 1, 0, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_category(&row, draft, "x", 1, NULL), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_add(draft, &outline, &err), ASSAY_ELIMIT);
    assert_int_equal(assay_annotation_draft_add(draft, &wild, &err), ASSAY_EFORMAT);
    assert_int_equal(assay_annotation_draft_add(draft, &box, &err), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_add(draft, &box, &err), ASSAY_OK);
    assert_int_equal(assay_annotation_draft_add(draft, &box, &err), ASSAY_ELIMIT);
    says(&err, "limit of 2");
    assay_annotation_draft_free(draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_yolo_boxes_and_outlines),
                                       cmocka_unit_test(test_yolo_refuses),
                                       cmocka_unit_test(test_yolo_results),
                                       cmocka_unit_test(test_yolo_keypoints),
                                       cmocka_unit_test(test_voc),
                                       cmocka_unit_test(test_voc_refuses),
                                       cmocka_unit_test(test_xml_text),
                                       cmocka_unit_test(test_labelme),
                                       cmocka_unit_test(test_visdrone),
                                       cmocka_unit_test(test_dota),
                                       cmocka_unit_test(test_ids_of_images),
                                       cmocka_unit_test(test_names_are_found),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
