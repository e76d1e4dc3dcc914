#include "arrays_golden.h"

#include "codec/idx.h"

static assay_status read_idx(assay_tensor *out, const uint8_t *bytes, size_t size, assay_error *err)
{
    return assay_idx_read(out, bytes, size, 1 << 20, err);
}

static void test_reads_all_types(void **state)
{
    (void)state;
    golden_file file = golden_open("idx.tsv");
    char *f[GOLDEN_FIELDS];
    size_t rows = 0;
    while (golden_row(f, &file) == 5) {
        size_t size = 0;
        uint8_t *bytes = golden_bytes(&size, f[4]);
        assay_tensor tensor;
        assay_error err = {0};
        if (assay_idx_read(&tensor, bytes, size, 0, &err) != ASSAY_OK) {
            fail_msg("%s: %s", f[0], err.message);
        }
        golden_check(&tensor, f[1], f[2], f[3]);
        assay_tensor_dispose(&tensor);
        free(bytes);
        rows++;
    }
    assert_int_equal(rows, 36);
    golden_close(&file);
}

static void test_survives_truncation_and_damage(void **state)
{
    (void)state;
    golden_file file = golden_open("idx.tsv");
    char *f[GOLDEN_FIELDS];
    while (golden_row(f, &file) == 5) {
        /* Two gzip members cut exactly between them are one whole, shorter stream: the header then
         * announces more than is there, which must fail as well. */
        size_t size = 0;
        uint8_t *bytes = golden_bytes(&size, f[4]);
        golden_torment(read_idx, bytes, size);
        free(bytes);
    }
    golden_close(&file);
}

static void expect_failure(const char *bytes, size_t size, size_t limit, assay_status wanted,
                           const char *word)
{
    assay_tensor tensor;
    assay_error err = {0};
    assert_int_equal(assay_idx_read(&tensor, (const uint8_t *)bytes, size, limit, &err), wanted);
    assert_null(tensor.data);
    if (strstr(err.message, word) == NULL) {
        fail_msg("no '%s' in: %s", word, err.message);
    }
}

static void test_names_what_is_wrong(void **state)
{
    (void)state;
    expect_failure("", 0, 0, ASSAY_EFORMAT, "truncated");
    expect_failure("\x89PNG", 4, 0, ASSAY_EFORMAT, "not an IDX file");
    expect_failure("\0\0\x0A\x01", 4, 0, ASSAY_EFORMAT, "element type 0x0a");
    expect_failure("\0\0\x0F\x01", 4, 0, ASSAY_EFORMAT, "element type 0x0f");
    expect_failure("\0\0\x08\0", 4, 0, ASSAY_EUNSUPPORTED, "0 dimensions");
    expect_failure("\0\0\x08\x09", 4, 0, ASSAY_EUNSUPPORTED, "9 dimensions");
    expect_failure("\0\0\x08\x01\0\0\0\x02\1\2\3", 11, 0, ASSAY_EFORMAT, "1 bytes follow");
    expect_failure("\0\0\x08\x01\0\0\0\x03\1\2", 10, 0, ASSAY_EFORMAT, "truncated");
    expect_failure("\0\0\x08\x01\0\0\0\x03\1\2\3", 11, 2, ASSAY_ELIMIT, "the limit is 2");
    expect_failure("\0\0\x0E\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, 0,
                   ASSAY_EFORMAT, "counted");
    expect_failure("\0\0\x0E\x02\x7f\xff\xff\xff\x7f\xff\xff\xff", 12, 0, ASSAY_EFORMAT, "counted");
    expect_failure("\0\0\x08\x02\xff\xff\xff\xff\0\xff\xff\xff", 12, 0, ASSAY_EFORMAT, "truncated");
    expect_failure("\x1f\x8b rubbish that is no gzip stream", 34, 0, ASSAY_EFORMAT, "corrupt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_all_types),
        cmocka_unit_test(test_survives_truncation_and_damage),
        cmocka_unit_test(test_names_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
