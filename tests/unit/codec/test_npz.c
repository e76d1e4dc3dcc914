#include "arrays_golden.h"

#include "codec/inflate.h"

static assay_status read_images(assay_tensor *out, const uint8_t *bytes, size_t size,
                                assay_error *err)
{
    return assay_npz_read(out, bytes, size, "images", 1 << 20, err);
}

static assay_status read_fortran(assay_tensor *out, const uint8_t *bytes, size_t size,
                                 assay_error *err)
{
    return assay_npz_read(out, bytes, size, "fortran.npy", 1 << 20, err);
}

static void expect_failure(const char *archive, const char *name, size_t max_bytes,
                           assay_status wanted, const char *word)
{
    golden_file file = golden_open(archive);
    assay_tensor tensor;
    assay_error err = {0};
    assay_status status =
        assay_npz_read(&tensor, (const uint8_t *)file.text, file.size, name, max_bytes, &err);
    assert_int_equal(status, wanted);
    assert_null(tensor.data);
    if (strstr(err.message, word) == NULL) {
        fail_msg("%s: no '%s' in: %s", archive, word, err.message);
    }
    golden_close(&file);
}

static void test_reads_what_numpy_writes(void **state)
{
    (void)state;
    golden_file rows = golden_open("npz.tsv");
    char *f[GOLDEN_FIELDS];
    size_t n = 0;
    while (golden_row(f, &rows) == 5) {
        golden_file file = golden_open(f[0]);
        char with_suffix[64];
        const uint8_t *bytes = (const uint8_t *)file.text;
        assay_tensor tensor;
        assay_error err = {0};
        if (assay_npz_read(&tensor, bytes, file.size, f[1], 0, &err) != ASSAY_OK) {
            fail_msg("%s: %s", f[0], err.message);
        }
        golden_check(&tensor, f[2], f[3], f[4]);
        assay_tensor_dispose(&tensor);
        (void)snprintf(with_suffix, sizeof(with_suffix), "%s.npy", f[1]);
        assert_int_equal(assay_npz_read(&tensor, bytes, file.size, with_suffix, 0, &err), ASSAY_OK);
        golden_check(&tensor, f[2], f[3], f[4]);
        assay_tensor_dispose(&tensor);
        golden_close(&file);
        n++;
    }
    assert_int_equal(n, 24);
    golden_close(&rows);
}

static void test_lists_names(void **state)
{
    (void)state;
    static const char *const FILES[] = {"stored.npz", "zip64.npz"};
    for (size_t i = 0; i < 2; i++) {
        golden_file file = golden_open(FILES[i]);
        assay_buffer names;
        assay_buffer_init(&names, 0);
        assert_int_equal(assay_npz_list(&names, (const uint8_t *)file.text, file.size, NULL),
                         ASSAY_OK);
        assert_string_equal(names.data, "images\nlabels\nfortran\nbig\nscalar\nnone");
        assay_buffer_dispose(&names);
        golden_close(&file);
    }
    golden_file empty = golden_open("void.npz");
    assay_buffer names;
    assay_buffer_init(&names, 0);
    assert_int_equal(assay_npz_list(&names, (const uint8_t *)empty.text, empty.size, NULL),
                     ASSAY_OK);
    assert_int_equal(names.size, 0);
    assay_buffer_dispose(&names);
    golden_close(&empty);
}

static void test_names_what_is_wrong(void **state)
{
    (void)state;
    expect_failure("stored.npz", "image", 0, ASSAY_ENOTFOUND,
                   "holds: images, labels, fortran, big, scalar, none");
    expect_failure("void.npz", "image", 0, ASSAY_ENOTFOUND, "holds: no arrays");
    expect_failure("stored.npz", "readme.txt", 0, ASSAY_ENOTFOUND, "no array is called");
    expect_failure("stored.npz", NULL, 0, ASSAY_EINVAL, "6 arrays; name one of: images");
    expect_failure("bzip2.npz", NULL, 0, ASSAY_EUNSUPPORTED, "bzip2 (method 12)");
    expect_failure("lzma.npz", NULL, 0, ASSAY_EUNSUPPORTED, "LZMA (method 14)");
    expect_failure("object.npz", NULL, 0, ASSAY_EUNSUPPORTED,
                   "'o.npy': npy: the array holds Python");
    expect_failure("twice.npz", "images", 0, ASSAY_EFORMAT, "2 arrays have the name");
    expect_failure("npy.tsv", "images", 0, ASSAY_EFORMAT, "not a zip archive");
}

static void test_limit_holds_against_ratio(void **state)
{
    (void)state;
    expect_failure("zeros.npz", "zeros", (1 << 20) - 1, ASSAY_ELIMIT, "the limit is 1048575");
    golden_file file = golden_open("zeros.npz");
    assay_tensor tensor;
    assert_int_equal(
        assay_npz_read(&tensor, (const uint8_t *)file.text, file.size, NULL, 1 << 20, NULL),
        ASSAY_OK);
    assert_int_equal(assay_tensor_count(&tensor), 1 << 20);
    assay_tensor_dispose(&tensor);
    golden_close(&file);
}

/* Offset of the n-th place where the little-endian signature stands. */
static size_t find_record(const golden_file *file, const char *signature)
{
    for (size_t i = 0; i + 4 <= file->size; i++) {
        if (memcmp(file->text + i, signature, 4) == 0) {
            return i;
        }
    }
    fail_msg("no record");
    return 0;
}

static void expect_patched(const char *archive, size_t field, const char *value, size_t size,
                           assay_status wanted, const char *word)
{
    golden_file file = golden_open(archive);
    size_t central = find_record(&file, "PK\x01\x02");
    assay_tensor tensor;
    assay_error err = {0};
    memcpy(file.text + central + field, value, size);
    assert_int_equal(assay_npz_read(&tensor, (const uint8_t *)file.text, file.size, "images",
                                    (size_t)1 << 40, &err),
                     wanted);
    if (strstr(err.message, word) == NULL) {
        fail_msg("no '%s' in: %s", word, err.message);
    }
    golden_close(&file);
}

static void test_lies_in_the_directory(void **state)
{
    (void)state;
    expect_patched("stored.npz", 8, "\x01\x00", 2, ASSAY_EUNSUPPORTED, "is encrypted");
    expect_patched("stored.npz", 8, "\x00\x20", 2, ASSAY_EUNSUPPORTED, "is encrypted");
    expect_patched("stored.npz", 10, "\x63\x00", 2, ASSAY_EUNSUPPORTED,
                   "AES encryption (method 99)");
    expect_patched("stored.npz", 10, "\x5d\x00", 2, ASSAY_EUNSUPPORTED, "Zstandard (method 93)");
    expect_patched("stored.npz", 10, "\x37\x00", 2, ASSAY_EUNSUPPORTED, "an unknown method");
    expect_patched("deflated.npz", 24, "\xff\xff\xff\x7f", 4, ASSAY_EFORMAT, "cannot hold");
    expect_patched("stored.npz", 24, "\xff\xff\xff\x7f", 4, ASSAY_EFORMAT, "cannot hold");
    expect_patched("deflated.npz", 20, "\xff\xff\xff\x7f", 4, ASSAY_EFORMAT, "beyond the end");
    expect_patched("deflated.npz", 42, "\xff\xff\xff\x7f", 4, ASSAY_EFORMAT, "is not where");
    expect_patched("deflated.npz", 16, "\x00\x00\x00\x00", 4, ASSAY_EFORMAT, "checksum");
    expect_patched("stored.npz", 16, "\x00\x00\x00\x00", 4, ASSAY_EFORMAT, "checksum");
    expect_patched("stored.npz", 46, "\n", 1, ASSAY_EFORMAT, "not clean UTF-8");
    expect_patched("stored.npz", 46, "\xff", 1, ASSAY_EFORMAT, "not clean UTF-8");
    expect_patched("stored.npz", 46, "xm", 2, ASSAY_ENOTFOUND, "xmages");
    expect_patched("stored.npz", 28, "\xff\xff", 2, ASSAY_EFORMAT, "ends inside an entry");
    expect_patched("stored.npz", 0, "PKxx", 4, ASSAY_EFORMAT, "directory is corrupt");
}

static void test_survives_truncation_and_damage(void **state)
{
    (void)state;
    static const char *const FILES[] = {"stored.npz", "deflated.npz", "zip64.npz",
                                        "zip64-stored.npz"};
    for (size_t i = 0; i < ASSAY_COUNT(FILES); i++) {
        golden_file file = golden_open(FILES[i]);
        golden_torment(read_images, (const uint8_t *)file.text, file.size);
        golden_torment(read_fortran, (const uint8_t *)file.text, file.size);
        golden_close(&file);
    }
}

static void test_inflate_bound(void **state)
{
    (void)state;
    assert_int_equal(assay_inflate_bound(0), 0);
    assert_int_equal(assay_inflate_bound(10), 10320);
    assert_true(assay_inflate_bound(SIZE_MAX / 2) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_numpy_writes),
        cmocka_unit_test(test_lists_names),
        cmocka_unit_test(test_names_what_is_wrong),
        cmocka_unit_test(test_limit_holds_against_ratio),
        cmocka_unit_test(test_lies_in_the_directory),
        cmocka_unit_test(test_survives_truncation_and_damage),
        cmocka_unit_test(test_inflate_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
