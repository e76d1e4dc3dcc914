/* The way back from the model's input: against the pixels themselves, and Ultralytics' formula. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "core/preprocess_map.h"

static assay_preprocess with(const assay_step *steps, int32_t n)
{
    assay_preprocess p;
    assay_preprocess_init(&p);
    p.n_steps = n;
    memcpy(p.steps, steps, (size_t)n * sizeof *steps);
    return p;
}

/* An image whose left part and upper part are marked is prepared; where the marks end in the result
 * must map back to where they end in the image. Nearest neighbour keeps the edge sharp. True when the
 * marks can be seen in the result. */
static bool check_pixels(int32_t width, int32_t height, const assay_preprocess *p)
{
    const int32_t mark_x = width / 3;
    const int32_t mark_y = height / 4;
    assay_image image = {0};
    assay_image out = {0};
    assay_box_map map;
    assert_int_equal(assay_image_new(&image, width, height, 1, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            assay_image_row_mut(&image, y)[x] =
                (uint8_t)(50 + (x >= mark_x ? 100 : 0) + (y >= mark_y ? 50 : 0));
        }
    }
    assert_int_equal(assay_preprocess_image(&out, &image, p, NULL), ASSAY_OK);
    assert_int_equal(assay_box_map_make(&map, width, height, p, ASSAY_INVERSE_EXACT, NULL),
                     ASSAY_OK);
    assert_int_equal(map.input_width, out.width);
    assert_int_equal(map.input_height, out.height);
    /* First column and row beyond the marks, read where the picture surely is. */
    double wanted_x = mark_x * map.scale_x + map.offset_x;
    double wanted_y = mark_y * map.scale_y + map.offset_y;
    double middle_y = (height - 1) * map.scale_y + map.offset_y;
    double middle_x = (width - 1) * map.scale_x + map.offset_x;
    int32_t row = (int32_t)fmin(fmax(wanted_y, 0.0) + 2.0, out.height - 1);
    int32_t column = (int32_t)fmin(fmax(wanted_x, 0.0) + 2.0, out.width - 1);
    int32_t x = 0;
    int32_t y = 0;
    while (x < out.width && !(assay_image_row(&out, row)[x] == 200)) {
        x++;
    }
    while (y < out.height && !(assay_image_row(&out, y)[column] == 200)) {
        y++;
    }
    /* Else the mark was cut off. */
    bool seen =
        wanted_x >= 0.0 && wanted_y >= 0.0 && wanted_x < out.width - 3 && wanted_y < out.height - 3;
    if (seen) {
        assert_true(fabs(x - wanted_x) <= 1.0);
        assert_true(fabs(y - wanted_y) <= 1.0);
    }
    double box[4] = {wanted_x, wanted_y, middle_x, middle_y};
    assay_box_map_back(box, &map, false);
    assert_true(fabs(box[0] - mark_x) < 1e-9 && fabs(box[1] - mark_y) < 1e-9);
    assay_image_dispose(&image);
    assay_image_dispose(&out);
    return seen;
}

static void test_pixels(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{64, 48}, {33, 91}, {640, 427}, {100, 100}, {51, 50}};
    const assay_resize_mode near = ASSAY_RESIZE_OPENCV_NEAREST;
    const assay_step chains[][3] = {
        {{.kind = ASSAY_STEP_LETTERBOX, .width = 96, .height = 96, .mode = near, .fill = 7}},
        {{.kind = ASSAY_STEP_RESIZE, .width = 70, .height = 45, .mode = near}},
        {{.kind = ASSAY_STEP_RESIZE_SHORT, .size = 60, .mode = near},
         {.kind = ASSAY_STEP_CENTER_CROP, .width = 51, .height = 48}},
        {{.kind = ASSAY_STEP_PAD, .width = 701, .height = 500},
         {.kind = ASSAY_STEP_RESIZE, .width = 350, .height = 250, .mode = near}},
        {{.kind = ASSAY_STEP_CROP, .left = 3, .top = 5, .width = 28, .height = 40}},
        {{.kind = ASSAY_STEP_CENTER_CROP, .width = 120, .height = 30, .fill = 9},
         {.kind = ASSAY_STEP_RESIZE, .width = 60, .height = 61, .mode = near}},
    };
    const int32_t lengths[] = {1, 1, 2, 2, 1, 2};
    int seen = 0;
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        for (size_t c = 0; c < ASSAY_COUNT(chains); c++) {
            const assay_preprocess p = with(chains[c], lengths[c]);
            seen += check_pixels(sizes[s][0], sizes[s][1], &p);
        }
    }
    assert_true(seen >= 20);
}

/* Every corner of a pixel goes to the input and comes back where it was, to 1e-12 of the picture; where
 * the picture lies in the input is known from the definition. */
/* What a crop takes away stays away when the rest is padded again: the picture is white, all else black. */
static void test_seen(void **state)
{
    (void)state;
    const assay_step steps[] = {
        {.kind = ASSAY_STEP_RESIZE, .width = 60, .height = 20, .mode = ASSAY_RESIZE_PILLOW_NEAREST},
        {.kind = ASSAY_STEP_CROP, .left = 10, .top = 4, .width = 30, .height = 12},
        {.kind = ASSAY_STEP_PAD, .width = 50, .height = 40}};
    const assay_preprocess p = with(steps, 3);
    assay_image image = {0};
    assay_image out = {0};
    assay_box_map map;
    assert_int_equal(assay_image_new(&image, 30, 10, 1, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    for (int32_t y = 0; y < 10; y++) {
        memset(assay_image_row_mut(&image, y), 255, 30);
    }
    assert_int_equal(assay_preprocess_image(&out, &image, &p, NULL), ASSAY_OK);
    assert_int_equal(assay_box_map_make(&map, 30, 10, &p, ASSAY_INVERSE_EXACT, NULL), ASSAY_OK);
    for (int32_t y = 0; y < out.height; y++) {
        for (int32_t x = 0; x < out.width; x++) {
            bool seen = x >= map.seen[0] && x < map.seen[2] && y >= map.seen[1] && y < map.seen[3];
            assert_int_equal(assay_image_row(&out, y)[x] == 255, seen);
        }
    }
    assay_image_dispose(&image);
    assay_image_dispose(&out);
}

static void test_letterbox_inverse(void **state)
{
    (void)state;
    const int32_t inputs[][2] = {{640, 640}, {320, 640}, {1280, 736}, {33, 31}};
    for (int32_t n = 1; n < 2000; n += 37) {
        for (size_t k = 0; k < ASSAY_COUNT(inputs); k++) {
            const int32_t w = n;
            const int32_t h = 1 + n * 7919 % 1500;
            const assay_step step = {
                .kind = ASSAY_STEP_LETTERBOX, .width = inputs[k][0], .height = inputs[k][1]};
            const assay_preprocess p = with(&step, 1);
            const double r = fmin((double)inputs[k][0] / w, (double)inputs[k][1] / h);
            const double new_w = fmax(rint(w * r), 1.0);
            const double new_h = fmax(rint(h * r), 1.0);
            const double left = floor((inputs[k][0] - new_w) / 2.0);
            const double top = floor((inputs[k][1] - new_h) / 2.0);
            assay_box_map map;
            assert_int_equal(assay_box_map_make(&map, w, h, &p, ASSAY_INVERSE_EXACT, NULL),
                             ASSAY_OK);
            double whole[4] = {left, top, left + new_w, top + new_h};
            assay_box_map_back(whole, &map, true);
            assert_true(whole[0] == 0.0 && whole[1] == 0.0);
            assert_true(fabs(whole[2] - w) <= 1e-12 * w && fabs(whole[3] - h) <= 1e-12 * h);
            for (int32_t x = 0; x <= w; x += 1 + w / 50) {
                double y = (double)x * h / w;
                double box[4] = {left + x * (new_w / w), top + y * (new_h / h), left + new_w,
                                 top + new_h};
                assay_box_map_back(box, &map, false);
                assert_true(fabs(box[0] - x) <= 1e-12 * fmax(w, inputs[k][0] / r));
                assert_true(fabs(box[1] - y) <= 1e-12 * fmax(h, inputs[k][1] / r));
            }
        }
    }
}

/* ultralytics.utils.ops.scale_boxes (8.3): gain = min(H/h, W/w); pad = round((W - round(w gain)) / 2 -
 * 0.1); x = (x - pad) / gain, clipped. */
static void test_ultralytics(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{1280, 720}, {501, 333}, {333, 501}, {640, 640}, {1000, 563}};
    const assay_step step = {.kind = ASSAY_STEP_LETTERBOX, .width = 640, .height = 640};
    const assay_preprocess p = with(&step, 1);
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        double w = sizes[s][0];
        double h = sizes[s][1];
        double gain = fmin(640.0 / h, 640.0 / w);
        double pad_x = rint((640.0 - rint(w * gain)) / 2.0 - 0.1);
        double pad_y = rint((640.0 - rint(h * gain)) / 2.0 - 0.1);
        double box[4] = {100.25, 200.5, 500.0, 639.0};
        const double wanted[4] = {(100.25 - pad_x) / gain, (200.5 - pad_y) / gain,
                                  (500.0 - pad_x) / gain, (639.0 - pad_y) / gain};
        assay_box_map map;
        assert_int_equal(
            assay_box_map_make(&map, sizes[s][0], sizes[s][1], &p, ASSAY_INVERSE_ULTRALYTICS, NULL),
            ASSAY_OK);
        assay_box_map_back(box, &map, true);
        for (int k = 0; k < 4; k++) {
            double high = k % 2 == 0 ? w : h;
            double cut = fmin(fmax(wanted[k], 0.0), high);
            assert_true(fabs(box[k] - cut) < 1e-9);
        }
    }
}

static void test_refused(void **state)
{
    (void)state;
    const assay_step step = {.kind = ASSAY_STEP_FIT_CONTENT, .size = 20};
    const assay_step outside = {.kind = ASSAY_STEP_CROP, .left = 90, .width = 20, .height = 20};
    const assay_preprocess p = with(&step, 1);
    const assay_preprocess q = with(&outside, 1);
    assay_box_map map;
    assay_error err = {0};
    assert_int_equal(assay_box_map_make(&map, 100, 100, &p, ASSAY_INVERSE_EXACT, &err),
                     ASSAY_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "fit_content"));
    assert_int_equal(assay_box_map_make(&map, 100, 100, &q, ASSAY_INVERSE_EXACT, &err),
                     ASSAY_EUNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_letterbox_inverse),
        cmocka_unit_test(test_ultralytics),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
