#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "adapters/filesystem/dataset_open.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "codec/npy.h"
#include "support/temp_folder.h"

static int set_up(void **state)
{
    static temp_folder folder;
    *state = &folder;
    return temp_folder_make(&folder);
}

static int tear_down(void **state)
{
    temp_folder_remove(*state);
    return 0;
}

/* A grey picture whose pixels depend on `value`, without its last `cut` bytes. */
static void put_image(temp_folder *folder, const char *name, int value, size_t cut)
{
    char pnm[64];
    size_t size = (size_t)snprintf(pnm, sizeof pnm, "P5\n6 4\n255\n");
    for (int i = 0; i < 24; i++) {
        pnm[size++] = (char)(value + (i % 3) * 40);
    }
    assert_int_equal(temp_write(folder, name, pnm, size - cut), 0);
}

/* Two classes, "10" and "9", with two images each, one of them nested. */
static void put_classes(temp_folder *folder)
{
    assert_int_equal(temp_mkdir(folder, "d"), 0);
    assert_int_equal(temp_mkdir(folder, "d/10"), 0);
    assert_int_equal(temp_mkdir(folder, "d/10/more"), 0);
    assert_int_equal(temp_mkdir(folder, "d/9"), 0);
    put_image(folder, "d/10/a.pgm", 10, 0);
    put_image(folder, "d/10/more/b.pgm", 20, 0);
    put_image(folder, "d/9/a.pgm", 30, 0);
    put_image(folder, "d/9/z.pgm", 40, 0);
    assert_int_equal(temp_text(folder, "d/9/.DS_Store", "x"), 0);
}

static void test_folder(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    put_classes(folder);
    const char *path = temp_path(folder, "d");
    assay_dataset_options options = {.measure = 1, .threads = 3};
    assert_int_equal(assay_dataset_open(&set, path, &options, &err), ASSAY_OK);
    assert_string_equal(set->name, "d");
    assert_int_equal(set->n, 4);
    assert_int_equal(set->classes, 2);
    assert_string_equal(set->class_names[0], "9"); /* numbers by value */
    assert_string_equal(set->class_names[1], "10");
    assert_string_equal(set->ids[0], "10/a.pgm");
    assert_string_equal(set->ids[1], "10/more/b.pgm");
    assert_string_equal(set->ids[3], "9/z.pgm");
    assert_int_equal(set->targets[0], 1);
    assert_int_equal(set->targets[3], 0);
    const assay_column *mean = assay_table_find(set->metadata, "mean");
    assert_non_null(mean);
    assert_true(fabs(mean->reals[0] - (10 + 40) / 255.0) < 1e-12);
    assert_int_equal(assay_table_find(set->metadata, "width")->ints[2], 6);
    assert_string_equal(assay_table_find(set->metadata, "format")->texts[0], "pnm");
    assert_string_equal(assay_table_find(set->metadata, "target")->texts[0], "10");
    assay_image image = {0};
    assert_int_equal(assay_dataset_image(set, 3, &image, &err), ASSAY_OK);
    assert_int_equal(((uint8_t *)image.data)[0], 40);
    assay_image_dispose(&image);
    assert_int_equal(assay_dataset_image(set, 4, &image, &err), ASSAY_EINVAL);
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(set->source->bytes(set, 0, &bytes, &size, &err), ASSAY_OK);
    assert_memory_equal(bytes, "P5\n6", 4);
    assay_free(bytes);

    /* The same content has the same digest wherever it lies and however many threads read it. */
    char digest[ASSAY_DIGEST_HEX];
    memcpy(digest, set->digest, sizeof digest);
    assay_dataset_free(set);
    assert_int_equal(rename(path, temp_path(folder, "moved")), 0);
    assay_dataset_options plain = {.threads = 1};
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "moved"), &plain, &err), ASSAY_OK);
    assert_string_equal(set->digest, digest);
    assert_null(assay_table_find(set->metadata, "mean"));
    assay_dataset_free(set);
    put_image(folder, "moved/9/z.pgm", 41, 0);
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "moved"), &plain, &err), ASSAY_OK);
    assert_string_not_equal(set->digest, digest);
    assay_dataset_free(set);
}

static void expect_bad(temp_folder *folder, const char *name, assay_dataset_options options,
                       const char *word, const char *second)
{
    assay_error err = {0};
    assay_dataset *set = NULL;
    assay_status status = assay_dataset_open(&set, temp_path(folder, name), &options, &err);
    assert_null(set);
    assert_int_not_equal(status, ASSAY_OK);
    assert_null(strchr(err.message, '\n'));
    if (strstr(err.message, word) == NULL || strstr(err.message, second) == NULL) {
        fail_msg("expected \"%s\" and \"%s\" in: %s", word, second, err.message);
    }
}

static void test_bad_files(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    put_classes(folder);
    assay_dataset_options stop = {.measure = 1};
    assay_dataset_options skip_bad = {.measure = 1, .skip_bad = 1, .threads = 2};

    put_image(folder, "d/9/cut.pgm", 1, 20);
    expect_bad(folder, "d", stop, "cut.pgm", "");
    assert_int_equal(temp_text(folder, "d/9/empty.pgm", ""), 0);
    assert_int_equal(temp_text(folder, "d/9/text.pgm", "these are words, not pixels"), 0);
    assert_int_equal(temp_mkdir(folder, "d/9/folder.pgm"), 0);
    assert_int_equal(symlink("nowhere", temp_path(folder, "d/9/link.pgm")), 0);
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "d"), &skip_bad, &err), ASSAY_OK);
    assert_int_equal(set->n, 4);
    assert_int_equal(set->n_skipped, 4);
    assert_string_equal(set->skipped[0].id, "9/cut.pgm");
    assert_non_null(strstr(set->skipped[0].where, "cut.pgm"));
    assert_non_null(strstr(set->skipped[1].reason, "empty"));
    assert_int_equal(set->metadata->rows, 4);
    assert_string_equal(assay_table_find(set->metadata, "id")->texts[3], "9/z.pgm");
    assay_dataset_free(set);

    static const char *const names[] = {"9", "11", NULL};
    assay_dataset_options other = {.class_names = names};
    expect_bad(folder, "d", other, "unknown class \"10\"", "9, 11");
    assay_dataset_options other_skip = {.class_names = names, .skip_bad = 1};
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "d"), &other_skip, &err), ASSAY_OK);
    assert_int_equal(set->classes, 2);
    assert_string_equal(set->class_names[1], "11");
    assay_dataset_free(set);

    assert_int_equal(symlink("..", temp_path(folder, "d/9/back")), 0);
    assert_int_equal(symlink(".", temp_path(folder, "d/10/self")), 0);
    expect_bad(folder, "d", stop, "is a link to a folder that contains it", "d/10/self");
    expect_bad(folder, "none", stop, "no such file or folder", "none");
    assert_int_equal(temp_mkdir(folder, "void"), 0);
    expect_bad(folder, "void", stop, "holds no data", "");
    assert_int_equal(temp_text(folder, "x.docx", "?"), 0);
    expect_bad(folder, "x.docx", stop, "is not a dataset", "manifest");
}

static void test_strange_names(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    assert_int_equal(temp_mkdir(folder, "s[1]*"), 0);
    assert_int_equal(temp_mkdir(folder, "s[1]*/caf\xe9"), 0);
    put_image(folder, "s[1]*/caf\xe9/\xff.pgm", 1, 0);
    put_image(folder, "s[1]*/caf\xe9/it's \"x\".pgm", 2, 0);
    assay_dataset_options options = {.measure = 1};
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "s[1]*"), &options, &err),
                     ASSAY_OK);
    assert_string_equal(set->class_names[0], "caf\\xE9");
    assert_string_equal(set->ids[1], "caf\\xE9/\\xFF.pgm");
    assay_dataset_free(set);
    put_image(folder, "s[1]*/caf\xe9/\xff\xfe.pgm", 1, 9);
    assert_int_not_equal(assay_dataset_open(&set, temp_path(folder, "s[1]*"), &options, &err),
                         ASSAY_OK);
    assert_non_null(strstr(err.message, ".pgm"));
}

static void put_manifest(temp_folder *folder, const char *name, const char *text)
{
    assert_int_equal(temp_text(folder, name, text), 0);
}

static void test_manifest(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    put_classes(folder);
    put_manifest(folder, "m.csv",
                 "id,path,target,source,code,width\n"
                 "007,d/10/a.pgm,10,field,1e5,7\n"
                 "1e5,d/9/a.pgm,9,,2e5,8\n"
                 "x,d/9/z.pgm,\" 10 \",lab,3e5,9\n");
    assay_dataset_options options = {.measure = 1};
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "m.csv"), &options, &err),
                     ASSAY_OK);
    assert_int_equal(set->n, 3);
    assert_string_equal(set->ids[0], "007");
    assert_string_equal(set->ids[1], "1e5");
    assert_string_equal(set->class_names[0], "9");
    assert_int_equal(set->targets[2], 1);
    const assay_column *source = assay_table_find(set->metadata, "source");
    assert_int_equal(source->type, ASSAY_COLUMN_TEXT);
    assert_int_equal(source->valid[1], 0);
    assert_int_equal(assay_table_find(set->metadata, "code")->type, ASSAY_COLUMN_REAL);
    assert_int_equal(assay_table_find(set->metadata, "WIDTH")->ints[0], 7); /* the manifest's own */
    assert_int_equal(assay_table_find(set->metadata, "image_width")->ints[0], 6);
    assay_dataset_free(set);

    put_manifest(folder, "m.jsonl",
                 "{\"path\":\"d/10/a.pgm\",\"label\":\"b\",\"k\":1}\n"
                 "{\"path\":\"d/9/a.pgm\",\"label\":\"a\",\"k\":2}\n");
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "m.jsonl"), &options, &err),
                     ASSAY_OK);
    assert_string_equal(set->ids[0], "d/10/a.pgm");
    assert_string_equal(set->class_names[0], "a");
    assert_int_equal(assay_table_find(set->metadata, "k")->ints[1], 2);
    assay_dataset_free(set);

    put_manifest(folder, "sub.tsv", "path\ttarget\n10/a.pgm\tx\n");
    assay_dataset_options rooted = {.root = temp_path(folder, "d")};
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "sub.tsv"), &rooted, &err),
                     ASSAY_OK);
    assay_dataset_free(set);
}

static void test_bad_manifest(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    put_classes(folder);
    assay_dataset_options stop = {0};
    put_manifest(folder, "a.csv", "pth,target\nd/10/a.pgm,1\n");
    expect_bad(folder, "a.csv", stop, "did you mean \"pth\"", "the columns are: pth, target");
    assay_dataset_options wanted = {.target = "klass"};
    put_manifest(folder, "b.csv", "path,class\nd/10/a.pgm,1\n");
    expect_bad(folder, "b.csv", wanted, "did you mean \"class\"", "klass");
    put_manifest(folder, "c.csv", "path,target\n\"d/9/a.pgm\",\"one\ntwo\"\nd/9/none.pgm,x\n");
    expect_bad(folder, "c.csv", stop, "row 2 (line 4)", "none.pgm");
    put_manifest(folder, "e.csv", "id,path,target\n1,d/9/a.pgm,x\n2,d/9/z.pgm,x\n1,d/10/a.pgm,y\n");
    expect_bad(folder, "e.csv", stop, "\"1\" stands twice", "row 3 (line 4)");
    put_manifest(folder, "f.csv", "path,target\nd/9/a.pgm,x\nd/9/z.pgm,\n");
    expect_bad(folder, "f.csv", stop, "target is missing", "row 2");
    put_manifest(folder, "g.csv", "path,target\nd/9/a.pgm,x\nd/9/z.pgm\n");
    expect_bad(folder, "g.csv", stop, "line 3 has 1 fields; expected 2", "g.csv");
    put_manifest(folder, "h.csv", "path,target\nd/9/a.pgm,caf\xe9\n");
    expect_bad(folder, "h.csv", stop, "line 2 is not UTF-8", "h.csv");
    put_manifest(folder, "i.csv", "path,Path\na,b\n");
    expect_bad(folder, "i.csv", stop, "columns 1 and 2", "rename");
    put_manifest(folder, "j.csv", "");
    expect_bad(folder, "j.csv", stop, "is empty", "");
    put_manifest(folder, "k.csv", "path,target\n");
    expect_bad(folder, "k.csv", stop, "holds no data", "");
    put_manifest(folder, "l.jsonl", "{\"path\":\"a\"}\n{\"path\":\n");
    expect_bad(folder, "l.jsonl", stop, "l.jsonl: line 2 is not valid JSON", "");
    put_manifest(folder, "m.parquet", "not parquet at all");
    expect_bad(folder, "m.parquet", stop, "not a Parquet file", "");
    assert_int_equal(temp_mkdir(folder, "n.csv"), 0);
    expect_bad(folder, "n.csv", stop, "holds no data", "");

    assay_dataset_options skip_bad = {.skip_bad = 1};
    put_manifest(folder, "z.csv",
                 "id,path,target,k\n1,d/9/a.pgm,x,5\n1,d/9/z.pgm,x,6\n2,d/9/none.pgm,x,7\n"
                 "3,d/9/z.pgm,,8\n4,d/9/z.pgm,y,9\n");
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "z.csv"), &skip_bad, &err),
                     ASSAY_OK);
    assert_int_equal(set->n, 2);
    assert_int_equal(set->n_skipped, 3);
    assert_non_null(strstr(set->skipped[1].where, "z.csv: row 3 ("));
    assert_non_null(strstr(set->skipped[1].where, "d/9/none.pgm)"));
    assert_string_equal(set->ids[1], "4");
    assert_int_equal(assay_table_find(set->metadata, "k")->ints[1], 9);
    assay_dataset_free(set);
    put_manifest(folder, "y.csv", "path,target\nnone.pgm,x\n");
    expect_bad(folder, "y.csv", skip_bad, "all 1 data are bad", "none.pgm");
}

static void put_npy(temp_folder *folder, const char *name, const assay_tensor *tensor)
{
    assay_buffer bytes;
    assay_buffer_init(&bytes, 0);
    assert_int_equal(assay_npy_write(&bytes, tensor, NULL), ASSAY_OK);
    assert_int_equal(temp_write(folder, name, bytes.data, bytes.size), 0);
    assay_buffer_dispose(&bytes);
}

static void test_arrays(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    assay_tensor images = {0};
    assay_tensor labels = {0};
    int64_t shape[] = {3, 3, 5, 6}; /* images, channels, height, width */
    assert_int_equal(assay_tensor_new(&images, ASSAY_DTYPE_F32, 4, shape, NULL), ASSAY_OK);
    for (int i = 0; i < 270; i++) {
        ((float *)images.data)[i] = (float)i / 270.0F;
    }
    assert_int_equal(assay_tensor_new(&labels, ASSAY_DTYPE_I64, 1, shape, NULL), ASSAY_OK);
    ((int64_t *)labels.data)[0] = 10;
    ((int64_t *)labels.data)[1] = 2;
    ((int64_t *)labels.data)[2] = 10;
    put_npy(folder, "x.npy", &images);
    put_npy(folder, "y.npy", &labels);
    assay_dataset_options options = {.measure = 1, .labels = temp_path(folder, "y.npy")};
    const char *path = temp_path(folder, "x.npy");
    assert_int_equal(assay_dataset_open(&set, path, &options, &err), ASSAY_OK);
    assert_int_equal(set->n, 3);
    assert_string_equal(set->class_names[1], "10");
    assert_int_equal(set->targets[0], 1);
    assert_string_equal(set->ids[2], "2");
    assay_image image = {0};
    assert_int_equal(assay_dataset_image(set, 1, &image, &err), ASSAY_OK);
    assert_int_equal(image.channels, 3);
    assert_int_equal(image.width, 6);
    /* channel 2 of the second pixel of image 1 */
    assert_true(((float *)image.data)[5] == 151.0F / 270.0F);
    assay_image_dispose(&image);
    assert_string_equal(assay_table_find(set->metadata, "format")->texts[0], "array");
    assay_dataset_free(set);

    static const char *const names[] = {"zero", "one", "two", NULL};
    assay_dataset_options named = {
        .class_names = names, .labels = temp_path(folder, "y.npy"), .skip_bad = 1};
    assert_int_equal(assay_dataset_open(&set, path, &named, &err), ASSAY_OK);
    assert_int_equal(set->n, 1);
    assert_int_equal(set->targets[0], 2);
    assert_string_equal(set->ids[0], "1");
    assert_int_equal(assay_dataset_image(set, 0, &image, &err), ASSAY_OK);
    assert_true(((float *)image.data)[0] == 90.0F / 270.0F); /* still row 1 of the array */
    assay_image_dispose(&image);
    assay_dataset_free(set);

    ((float *)images.data)[100] = (float)NAN;
    put_npy(folder, "x.npy", &images);
    expect_bad(folder, "x.npy", options, "row 2", "not a number");
    assay_tensor_dispose(&labels);
    int64_t two[] = {2};
    assert_int_equal(assay_tensor_new(&labels, ASSAY_DTYPE_I64, 1, two, NULL), ASSAY_OK);
    put_npy(folder, "y.npy", &labels);
    expect_bad(folder, "x.npy", options, "3 images", "2 values");
    put_npy(folder, "flat.npy", &labels);
    assay_dataset_options plain = {0};
    expect_bad(folder, "flat.npy", plain, "shape [2]", "[images, height, width]");
    assay_tensor_dispose(&labels);
    assay_tensor_dispose(&images);
}

static void test_idx(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,
                                           0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8};
    static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 3};
    assert_int_equal(temp_write(folder, "t-images-idx3-ubyte", images, sizeof images), 0);
    assert_int_equal(temp_write(folder, "t-labels-idx1-ubyte", labels, sizeof labels), 0);
    assay_dataset_options options = {.measure = 1};
    assert_int_equal(
        assay_dataset_open(&set, temp_path(folder, "t-images-idx3-ubyte"), &options, &err),
        ASSAY_OK);
    assert_int_equal(set->n, 2);
    assert_string_equal(set->class_names[0], "3");
    assert_int_equal(set->targets[0], 1);
    assay_image image = {0};
    assert_int_equal(assay_dataset_image(set, 1, &image, &err), ASSAY_OK);
    assert_int_equal(((uint8_t *)image.data)[3], 8);
    assay_image_dispose(&image);
    assay_dataset_free(set);
    assert_int_equal(temp_write(folder, "t-images-idx3-ubyte", images, sizeof images - 1), 0);
    expect_bad(folder, "t-images-idx3-ubyte", options, "t-images-idx3-ubyte", "");
}

static void test_cache(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    put_classes(folder);
    assay_dataset_options options = {.measure = 1, .cache = temp_path(folder, "cache/deep")};
    double sharpness = 0;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(assay_dataset_open(&set, temp_path(folder, "d"), &options, &err),
                         ASSAY_OK);
        double now = assay_table_find(set->metadata, "sharpness")->reals[2];
        assert_true(round == 0 || now == sharpness);
        sharpness = now;
        assert_string_equal(assay_table_find(set->metadata, "format")->texts[2], "pnm");
        assay_dataset_free(set);
    }
    /* Changed content is measured anew although the cache knows its name. */
    put_image(folder, "d/10/a.pgm", 60, 0);
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "d"), &options, &err), ASSAY_OK);
    assert_true(fabs(assay_table_find(set->metadata, "mean")->reals[0] - 100 / 255.0) < 1e-12);
    assay_dataset_free(set);
    /* A cache that cannot be used is no reason to stop. */
    options.cache = "/proc/assay/cache";
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "d"), &options, &err), ASSAY_OK);
    assay_dataset_free(set);
}

static void test_cancel(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_dataset *set = NULL;
    assay_cancel cancel = {0};
    atomic_store(&cancel.requested, 1);
    put_classes(folder);
    assay_dataset_options options = {.cancel = &cancel, .skip_bad = 1};
    assert_int_equal(assay_dataset_open(&set, temp_path(folder, "d"), &options, &err),
                     ASSAY_ECANCELLED);
    assert_null(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_strange_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_manifest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_manifest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_arrays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idx, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
