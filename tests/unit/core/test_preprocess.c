#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "core/preprocess.h"

/* The same samples as `pattern` in tests/oracle/preprocess.py. */
static uint8_t sample(uint32_t i)
{
    uint32_t h = i * 2654435761U + 0x9E3779B9U;
    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    return (uint8_t)((h ^ h >> 12) >> 24);
}

static void make(assay_image *image, int32_t width, int32_t height, int32_t channels, bool ink)
{
    assert_int_equal(assay_image_new(image, width, height, channels, ASSAY_PIXEL_U8, NULL),
                     ASSAY_OK);
    uint8_t *to = image->data;
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) {
            int64_t dx = 5 * x - 2 * width;
            int64_t dy = 3 * y - height;
            bool inside = dx * dx * height * height + dy * dy * width * width <=
                          (int64_t)width * height * width * height;
            for (int32_t c = 0; c < channels; c++) {
                int64_t i = (y * width + x) * channels + (ink ? 0 : c);
                *to++ = ink && !inside ? 0 : sample((uint32_t)i);
            }
        }
    }
}

typedef struct recipe {
    const char *name;
    assay_dtype type;
    int32_t width, height;
    assay_preprocess preprocess;
} recipe;

#define IMAGENET_MEAN                                                                              \
    {                                                                                              \
        0.485, 0.456, 0.406                                                                        \
    }
#define IMAGENET_STD                                                                               \
    {                                                                                              \
        0.229, 0.224, 0.225                                                                        \
    }
#define IMAGENET                                                                                   \
    {                                                                                              \
        .color = ASSAY_COLOR_RGB, .n_steps = 2,                                                    \
        .steps = {{.kind = ASSAY_STEP_RESIZE_SHORT,                                                \
                   .size = 256,                                                                    \
                   .mode = ASSAY_RESIZE_PILLOW_BILINEAR},                                          \
                  {.kind = ASSAY_STEP_CENTER_CROP, .width = 224, .height = 224}},                  \
        .scale = 1.0 / 255.0, .mean = IMAGENET_MEAN, .std = IMAGENET_STD                           \
    }

/* The pixels themselves, channels last. */
#define LETTERBOX(WIDTH, HEIGHT, MODE, FILL)                                                       \
    {                                                                                              \
        .color = ASSAY_COLOR_RGB, .n_steps = 1,                                                    \
        .steps = {{.kind = ASSAY_STEP_LETTERBOX,                                                   \
                   .width = (WIDTH),                                                               \
                   .height = (HEIGHT),                                                             \
                   .mode = (MODE),                                                                 \
                   .fill = (FILL)}},                                                               \
        .scale = 1.0, .std = {1.0, 1.0, 1.0}, .layout = ASSAY_LAYOUT_NHWC                          \
    }

static const recipe recipes[] = {
    {"letterbox_linear", ASSAY_DTYPE_U8, 352, 192,
     LETTERBOX(352, 192, ASSAY_RESIZE_OPENCV_LINEAR, 114.0)},
    {"letterbox_area", ASSAY_DTYPE_U8, 96, 160, LETTERBOX(96, 160, ASSAY_RESIZE_OPENCV_AREA, 0.0)},
    {"letterbox_cubic", ASSAY_DTYPE_U8, 257, 255,
     LETTERBOX(257, 255, ASSAY_RESIZE_OPENCV_CUBIC, 255.0)},
    {"letterbox_nearest", ASSAY_DTYPE_U8, 100, 33,
     LETTERBOX(100, 33, ASSAY_RESIZE_OPENCV_NEAREST, 7.0)},
    {"letterbox_pillow", ASSAY_DTYPE_U8, 160, 97,
     LETTERBOX(160, 97, ASSAY_RESIZE_PILLOW_BILINEAR, 128.0)},
    {"letterbox_lanczos", ASSAY_DTYPE_U8, 333, 333,
     LETTERBOX(333, 333, ASSAY_RESIZE_PILLOW_LANCZOS, 1.0)},
    {"imagenet", ASSAY_DTYPE_F32, 224, 224, IMAGENET},
    {"imagenet_half", ASSAY_DTYPE_F16, 224, 224, IMAGENET},
    {"crop_smaller",
     ASSAY_DTYPE_F32,
     57,
     33,
     {.color = ASSAY_COLOR_RGB,
      .n_steps = 2,
      .steps = {{.kind = ASSAY_STEP_RESIZE_SHORT, .size = 40, .mode = ASSAY_RESIZE_PILLOW_BICUBIC},
                {.kind = ASSAY_STEP_CENTER_CROP, .width = 57, .height = 33}},
      .scale = 0.00392156862745098,
      .mean = IMAGENET_MEAN,
      .std = IMAGENET_STD}},
    {"keras",
     ASSAY_DTYPE_F32,
     96,
     96,
     {.color = ASSAY_COLOR_RGB,
      .n_steps = 1,
      .steps = {{.kind = ASSAY_STEP_RESIZE,
                 .width = 96,
                 .height = 96,
                 .mode = ASSAY_RESIZE_PILLOW_BICUBIC}},
      .scale = 1.0 / 127.5,
      .mean = {1.0, 1.0, 1.0},
      .std = {1.0, 1.0, 1.0},
      .layout = ASSAY_LAYOUT_NHWC}},
    {"caffe",
     ASSAY_DTYPE_F32,
     64,
     64,
     {.color = ASSAY_COLOR_BGR,
      .n_steps = 1,
      .steps = {{.kind = ASSAY_STEP_RESIZE,
                 .width = 64,
                 .height = 64,
                 .mode = ASSAY_RESIZE_PILLOW_BILINEAR}},
      .scale = 1.0,
      .mean = {103.939, 116.779, 123.68},
      .std = {1.0, 1.0, 1.0}}},
    {"yolo",
     ASSAY_DTYPE_F32,
     320,
     320,
     {.color = ASSAY_COLOR_RGB,
      .n_steps = 1,
      .steps = {{.kind = ASSAY_STEP_LETTERBOX,
                 .width = 320,
                 .height = 320,
                 .mode = ASSAY_RESIZE_OPENCV_LINEAR,
                 .fill = 114.0}},
      .scale = 1.0 / 255.0,
      .std = {1.0, 1.0, 1.0}}},
    {"bytes_nhwc",
     ASSAY_DTYPE_U8,
     48,
     32,
     {.color = ASSAY_COLOR_RGB,
      .n_steps = 1,
      .steps = {{.kind = ASSAY_STEP_RESIZE,
                 .width = 48,
                 .height = 32,
                 .mode = ASSAY_RESIZE_PILLOW_NEAREST}},
      .scale = 1.0,
      .std = {1.0, 1.0, 1.0},
      .layout = ASSAY_LAYOUT_NHWC}},
    {"whole_numbers",
     ASSAY_DTYPE_I64,
     31,
     17,
     {.color = ASSAY_COLOR_BGR,
      .invert = true,
      .n_steps = 1,
      .steps =
          {{.kind = ASSAY_STEP_RESIZE, .width = 31, .height = 17, .mode = ASSAY_RESIZE_PILLOW_BOX}},
      .scale = 1.0,
      .std = {1.0, 1.0, 1.0}}},
    {"double",
     ASSAY_DTYPE_F64,
     20,
     20,
     {.color = ASSAY_COLOR_GREY,
      .n_steps = 1,
      .steps = {{.kind = ASSAY_STEP_RESIZE,
                 .width = 20,
                 .height = 20,
                 .mode = ASSAY_RESIZE_PILLOW_LANCZOS}},
      .scale = 1.0 / 255.0,
      .mean = {0.1307},
      .std = {0.3081, 1.0, 1.0}}},
    {"mnist",
     ASSAY_DTYPE_F32,
     28,
     28,
     {.color = ASSAY_COLOR_GREY,
      .n_steps = 2,
      .steps = {{.kind = ASSAY_STEP_FIT_CONTENT,
                 .size = 20,
                 .threshold = 10.0,
                 .mode = ASSAY_RESIZE_PILLOW_BILINEAR},
                {.kind = ASSAY_STEP_CENTER_MASS, .width = 28, .height = 28}},
      .scale = 1.0 / 255.0,
      .std = {1.0, 1.0, 1.0}}},
};

static const recipe *find_recipe(const char *name)
{
    for (size_t i = 0; i < ASSAY_COUNT(recipes); i++) {
        if (strcmp(recipes[i].name, name) == 0) {
            return &recipes[i];
        }
    }
    fail_msg("no recipe %s", name);
    return &recipes[0];
}

static void test_recipes(void **state)
{
    (void)state;
    char name[32];
    char wanted[ASSAY_DIGEST_HEX];
    int width = 0;
    int height = 0;
    int channels = 0;
    size_t values = 0;
    int checked = 0;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/preprocess.txt", "r");
    assert_non_null(file);
    while (fscanf(file, "%31s %d %d %d %zu %64s", name, &width, &height, &channels, &values,
                  wanted) == 6) {
        const recipe *r = find_recipe(name);
        int32_t planes = r->preprocess.color == ASSAY_COLOR_GREY ? 1 : 3;
        size_t bytes = values * assay_dtype_size(r->type);
        assert_int_equal(values, (size_t)(planes * r->width * r->height));
        assay_image image = {0};
        assay_error err = {0};
        char digest[ASSAY_DIGEST_HEX];
        make(&image, width, height, channels, strcmp(name, "mnist") == 0);
        void *tensor = assay_alloc_raw(bytes, 1);
        assert_non_null(tensor);
        assay_status status = assay_preprocess_run(tensor, r->type, planes, r->height, r->width,
                                                   &image, &r->preprocess, &err);
        assert_string_equal(err.message, "");
        assert_int_equal(status, ASSAY_OK);
        assert_int_equal(assay_digest_bytes(digest, tensor, bytes, NULL), ASSAY_OK);
        if (strcmp(digest, wanted) != 0) {
            fail_msg("%s on %dx%dx%d differs from the oracle", name, width, height, channels);
        }
        assay_free(tensor);
        assay_image_dispose(&image);
        checked++;
    }
    (void)fclose(file);
    assert_int_equal(checked, 155);
}

static void to_float(assay_image *out, const assay_image *in)
{
    assert_int_equal(
        assay_image_new(out, in->width, in->height, in->channels, ASSAY_PIXEL_F32, NULL), ASSAY_OK);
    for (int64_t i = 0; i < (int64_t)in->width * in->height * in->channels; i++) {
        ((float *)out->data)[i] = (float)((const uint8_t *)in->data)[i] / 255.0F;
    }
}

/* A float copy (0..1) goes the same way as the 8-bit image it came from; without resampling the
 * tensors agree to the last bit when scale is 1/255. */
static void test_float_images(void **state)
{
    (void)state;
    assay_image bytes = {0};
    assay_image reals = {0};
    float a[3 * 12 * 12];
    float b[3 * 12 * 12];
    int64_t whole[3 * 12 * 12];
    assay_preprocess p;
    assay_preprocess_init(&p);
    p.n_steps = 2;
    p.steps[0] = (assay_step){.kind = ASSAY_STEP_PAD, .width = 14, .height = 15, .fill = 51.0};
    p.steps[1] =
        (assay_step){.kind = ASSAY_STEP_CROP, .left = 1, .top = 2, .width = 12, .height = 12};
    make(&bytes, 10, 9, 3, false);
    to_float(&reals, &bytes);
    assert_int_equal(assay_preprocess_run(a, ASSAY_DTYPE_F32, 3, 12, 12, &bytes, &p, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_preprocess_run(b, ASSAY_DTYPE_F32, 3, 12, 12, &reals, &p, NULL),
                     ASSAY_OK);
    assert_memory_equal(a, b, sizeof a);
    p.scale = 1.0 / 127.5;
    p.mean[0] = 1.0;
    assert_int_equal(assay_preprocess_run(a, ASSAY_DTYPE_F32, 3, 12, 12, &bytes, &p, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_preprocess_run(b, ASSAY_DTYPE_F32, 3, 12, 12, &reals, &p, NULL),
                     ASSAY_OK);
    for (size_t i = 0; i < ASSAY_COUNT(a); i++) {
        assert_true(fabsf(a[i] - b[i]) < 1e-6F);
    }
    p.scale = 1.0;
    p.mean[0] = 0.0;
    assert_int_equal(assay_preprocess_run(whole, ASSAY_DTYPE_I64, 3, 12, 12, &reals, &p, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_preprocess_run(a, ASSAY_DTYPE_F32, 3, 12, 12, &bytes, &p, NULL),
                     ASSAY_OK);
    for (size_t i = 0; i < ASSAY_COUNT(a); i++) {
        assert_true((float)whole[i] == a[i]);
    }
    assay_image_dispose(&bytes);
    assay_image_dispose(&reals);
}

static void test_automatic_color(void **state)
{
    (void)state;
    assay_image image = {0};
    assay_image out = {0};
    float a[3 * 4 * 4];
    float b[3 * 4 * 4];
    assay_preprocess p;
    assay_preprocess_init(&p);
    make(&image, 4, 4, 2, false);
    assert_int_equal(assay_preprocess_image(&out, &image, &p, NULL), ASSAY_OK);
    assert_int_equal(out.channels, 1);
    assay_image_dispose(&out);
    assert_int_equal(assay_preprocess_run(a, ASSAY_DTYPE_F32, 3, 4, 4, &image, &p, NULL), ASSAY_OK);
    p.color = ASSAY_COLOR_RGB;
    assert_int_equal(assay_preprocess_run(b, ASSAY_DTYPE_F32, 3, 4, 4, &image, &p, NULL), ASSAY_OK);
    assert_memory_equal(a, b, sizeof a);
    p.color = ASSAY_COLOR_AUTO;
    assert_int_equal(assay_preprocess_run(a, ASSAY_DTYPE_F32, 1, 4, 4, &image, &p, NULL), ASSAY_OK);
    p.color = ASSAY_COLOR_GREY;
    assert_int_equal(assay_preprocess_run(b, ASSAY_DTYPE_F32, 1, 4, 4, &image, &p, NULL), ASSAY_OK);
    assert_memory_equal(a, b, 16 * sizeof *a);
    assay_image_dispose(&image);
}

/* 16-bit images come down to 8 bit first. */
static void test_sixteen_bit(void **state)
{
    (void)state;
    assay_image wide = {0};
    assay_image narrow = {0};
    assay_image out = {0};
    assay_preprocess p;
    assay_preprocess_init(&p);
    make(&narrow, 7, 5, 3, false);
    assert_int_equal(assay_image_new(&wide, 7, 5, 3, ASSAY_PIXEL_U16, NULL), ASSAY_OK);
    for (size_t i = 0; i < 7 * 5 * 3; i++) {
        ((uint16_t *)wide.data)[i] = (uint16_t)(257 * ((uint8_t *)narrow.data)[i]);
    }
    assert_int_equal(assay_preprocess_image(&out, &wide, &p, NULL), ASSAY_OK);
    assert_int_equal(out.type, ASSAY_PIXEL_U8);
    assert_memory_equal(out.data, narrow.data, 7 * 5 * 3);
    assay_image_dispose(&out);
    assay_image_dispose(&wide);
    assay_image_dispose(&narrow);
}

static void test_blank_content(void **state)
{
    (void)state;
    assay_image image = {0};
    assay_image out = {0};
    assay_preprocess p = recipes[ASSAY_COUNT(recipes) - 1].preprocess;
    assert_int_equal(assay_image_new(&image, 60, 30, 1, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    assert_int_equal(assay_preprocess_image(&out, &image, &p, NULL), ASSAY_OK);
    assert_int_equal(out.width, 28);
    assert_int_equal(out.height, 28);
    assay_image_dispose(&out);
    /* One bright pixel far outside the field lands in its middle. */
    p.n_steps = 1;
    p.steps[0] = p.steps[1];
    ((uint8_t *)image.data)[25 * 60 + 58] = 200;
    assert_int_equal(assay_preprocess_image(&out, &image, &p, NULL), ASSAY_OK);
    assert_int_equal(((uint8_t *)out.data)[14 * 28 + 14], 200);
    assay_image_dispose(&out);
    assay_image_dispose(&image);
}

static void refuse(const assay_preprocess *p, int32_t width, int32_t height, assay_status wanted,
                   const char *words)
{
    assay_image image = {0};
    assay_image out = {0};
    assay_error err = {0};
    make(&image, width, height, 3, false);
    assay_status status = assay_preprocess_image(&out, &image, p, &err);
    if (status != wanted || strstr(err.message, words) == NULL) {
        fail_msg("status %d, message: %s", status, err.message);
    }
    assert_null(out.data);
    assay_image_dispose(&image);
}

static void test_refused(void **state)
{
    (void)state;
    assay_preprocess p;
    assay_preprocess_init(&p);
    p.n_steps = 1;
    p.steps[0] = (assay_step){.kind = ASSAY_STEP_PAD, .width = 8, .height = 8};
    refuse(&p, 9, 3, ASSAY_EFORMAT, "step 1 (pad): pad to 8x8: the image is larger, 9x3");
    p.steps[0] = (assay_step){.kind = ASSAY_STEP_CROP, .left = 2, .width = 8, .height = 2};
    refuse(&p, 9, 3, ASSAY_EFORMAT, "crop of 8x2 at (2, 0) does not lie inside the 9x3 image");
    p.steps[0] = (assay_step){.kind = ASSAY_STEP_RESIZE_SHORT, .size = 400};
    refuse(&p, 1000, 1, ASSAY_ELIMIT, "65535");
    p.steps[0] = (assay_step){.kind = ASSAY_STEP_RESIZE, .width = 0, .height = 4};
    refuse(&p, 4, 4, ASSAY_EINVAL, "step 1: resize: width is 0, expected 1 to 65535");
    p.steps[0] = (assay_step){.kind = ASSAY_STEP_PAD, .width = 4, .height = 4, .fill = -1.0};
    refuse(&p, 4, 4, ASSAY_EINVAL, "fill is -1, expected 0 to 255");
    p.steps[0] = (assay_step){.kind = (assay_step_kind)99};
    refuse(&p, 4, 4, ASSAY_EINVAL, "unknown preprocessing step 99");
    p.n_steps = ASSAY_STEPS + 1;
    refuse(&p, 4, 4, ASSAY_EINVAL, "at most 16");
    p.n_steps = 0;
    p.std[1] = 0.0;
    refuse(&p, 4, 4, ASSAY_EINVAL, "channel 2 has mean 0 and std 0");
    p.std[1] = 1.0;
    p.scale = (double)NAN;
    refuse(&p, 4, 4, ASSAY_EINVAL, "scale");
}

static void test_refused_tensor(void **state)
{
    (void)state;
    assay_image image = {0};
    assay_error err = {0};
    float tensor[3 * 8 * 8];
    assay_preprocess p;
    assay_preprocess_init(&p);
    make(&image, 9, 8, 3, false);
    assert_int_equal(assay_preprocess_run(tensor, ASSAY_DTYPE_F32, 3, 8, 8, &image, &p, &err),
                     ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "9x8 with 3 channels after preprocessing"));
    assert_non_null(strstr(err.message, "model's input is 8x8 with 3"));
    p.color = ASSAY_COLOR_GREY;
    assert_int_equal(assay_preprocess_run(tensor, ASSAY_DTYPE_F32, 3, 8, 9, &image, &p, &err),
                     ASSAY_EFORMAT);
    assert_int_equal(assay_preprocess_run(tensor, ASSAY_DTYPE_U8, 1, 8, 9, &image, &p, &err),
                     ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "scale: 1"));
    assert_int_equal(assay_preprocess_run(tensor, ASSAY_DTYPE_BOOL, 1, 8, 9, &image, &p, &err),
                     ASSAY_EUNSUPPORTED);
    assay_image_dispose(&image);
}

static void test_json_and_size(void **state)
{
    (void)state;
    assay_buffer text;
    int32_t width = 0;
    int32_t height = 0;
    assay_buffer_init(&text, 0);
    const recipe *r = find_recipe("imagenet");
    assert_int_equal(assay_preprocess_json(&text, &r->preprocess, NULL), ASSAY_OK);
    assert_string_equal(
        text.data,
        "{\"color\":\"rgb\",\"invert\":false,\"steps\":[{\"step\":\"resize_short\",\"size\":256,"
        "\"mode\":\"pillow_bilinear\"},{\"step\":\"center_crop\",\"width\":224,\"height\":224,"
        "\"fill\":0}],\"scale\":0.00392156862745098,\"mean\":[0.485,0.456,0.406],"
        "\"std\":[0.229,0.224,0.225],\"layout\":\"auto\"}");
    assay_buffer_dispose(&text);
    assert_true(assay_preprocess_size(&width, &height, &r->preprocess));
    assert_int_equal(width, 224);
    assay_preprocess p = r->preprocess;
    p.n_steps = 1;
    assert_false(assay_preprocess_size(&width, &height, &p));
    p.n_steps = 0;
    assert_false(assay_preprocess_size(&width, &height, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipes),         cmocka_unit_test(test_float_images),
        cmocka_unit_test(test_automatic_color), cmocka_unit_test(test_sixteen_bit),
        cmocka_unit_test(test_blank_content),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_tensor),  cmocka_unit_test(test_json_and_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
