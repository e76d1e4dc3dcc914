#include "arrays_golden.h"

#include <math.h>

static assay_status read_npy(assay_tensor *out, const uint8_t *bytes, size_t size, assay_error *err)
{
    return assay_npy_read(out, bytes, size, 1 << 20, err);
}

static void test_reads_what_numpy_writes(void **state)
{
    (void)state;
    golden_file file = golden_open("npy.tsv");
    char *f[GOLDEN_FIELDS];
    size_t rows = 0;
    while (golden_row(f, &file) == 5) {
        size_t size = 0;
        uint8_t *bytes = golden_bytes(&size, f[4]);
        assay_tensor tensor;
        assay_error err = {0};
        if (assay_npy_read(&tensor, bytes, size, 0, &err) != ASSAY_OK) {
            fail_msg("%s: %s", f[0], err.message);
        }
        golden_check(&tensor, f[1], f[2], f[3]);
        assay_tensor_dispose(&tensor);
        assert_null(tensor.data);
        free(bytes);
        rows++;
    }
    assert_true(rows >= 150);
    golden_close(&file);
}

static void test_writes_the_bytes_of_numpy(void **state)
{
    (void)state;
    golden_file file = golden_open("write.tsv");
    char *f[GOLDEN_FIELDS];
    size_t rows = 0;
    while (golden_row(f, &file) == 5) {
        size_t size = 0;
        uint8_t *bytes = golden_bytes(&size, f[4]);
        assay_tensor tensor;
        assay_buffer out;
        assay_buffer_init(&out, 0);
        assert_int_equal(assay_npy_read(&tensor, bytes, size, 0, NULL), ASSAY_OK);
        assert_int_equal(assay_npy_write(&out, &tensor, NULL), ASSAY_OK);
        assert_int_equal(out.size, size);
        assert_memory_equal(out.data, bytes, size);
        assay_buffer_dispose(&out);
        assay_tensor_dispose(&tensor);
        free(bytes);
        rows++;
    }
    assert_int_equal(rows, 17);
    golden_close(&file);
}

static void test_refuses_by_name(void **state)
{
    (void)state;
    golden_file file = golden_open("refuse.tsv");
    char *f[GOLDEN_FIELDS];
    size_t rows = 0;
    while (golden_row(f, &file) == 3) {
        size_t size = 0;
        uint8_t *bytes = golden_bytes(&size, f[2]);
        assay_tensor tensor;
        assay_error err = {0};
        if (assay_npy_read(&tensor, bytes, size, 0, &err) == ASSAY_OK) {
            fail_msg("%s was accepted", f[0]);
        }
        if (strstr(err.message, f[1]) == NULL) {
            fail_msg("%s: no '%s' in: %s", f[0], f[1], err.message);
        }
        assert_null(tensor.data);
        free(bytes);
        rows++;
    }
    assert_true(rows >= 30);
    golden_close(&file);
}

static void test_limit_is_checked_before_allocation(void **state)
{
    (void)state;
    assay_tensor tensor;
    assay_buffer out;
    assay_error err = {0};
    int64_t shape[] = {10, 10};
    assay_buffer_init(&out, 0);
    assert_int_equal(assay_tensor_new(&tensor, ASSAY_DTYPE_F32, 2, shape, &err), ASSAY_OK);
    assert_int_equal(assay_npy_write(&out, &tensor, &err), ASSAY_OK);
    assay_tensor_dispose(&tensor);
    const uint8_t *bytes = (const uint8_t *)out.data;
    assert_int_equal(assay_npy_read(&tensor, bytes, out.size, 399, &err), ASSAY_ELIMIT);
    assert_null(tensor.data);
    assert_non_null(strstr(err.message, "400 bytes, the limit is 399"));
    assert_int_equal(assay_npy_read(&tensor, bytes, out.size, 400, &err), ASSAY_OK);
    assay_tensor_dispose(&tensor);
    assay_buffer_dispose(&out);
}

static void test_survives_truncation_and_damage(void **state)
{
    (void)state;
    golden_file file = golden_open("npy.tsv");
    char *f[GOLDEN_FIELDS];
    while (golden_row(f, &file) == 5) {
        if (strcmp(f[0], ">f4-3d-fortran") == 0 || strcmp(f[0], "version-2") == 0 ||
            strcmp(f[0], "<i8-0d") == 0 || strcmp(f[0], "python-2") == 0) {
            size_t size = 0;
            uint8_t *bytes = golden_bytes(&size, f[4]);
            golden_torment(read_npy, bytes, size);
            free(bytes);
        }
    }
    golden_close(&file);
}

static void test_truth_values_are_normalised(void **state)
{
    (void)state;
    static const char HEADER[] = "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n";
    uint8_t bytes[10 + sizeof(HEADER) - 1 + 3] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    bytes[8] = sizeof(HEADER) - 1;
    memcpy(bytes + 10, HEADER, sizeof(HEADER) - 1);
    memcpy(bytes + 10 + sizeof(HEADER) - 1, "\x00\x02\xFF", 3);
    assay_tensor tensor;
    assert_int_equal(assay_npy_read(&tensor, bytes, sizeof(bytes), 0, NULL), ASSAY_OK);
    assert_memory_equal(tensor.data, "\x00\x01\x01", 3);
    assay_tensor_dispose(&tensor);
}

static void test_tensor_arguments(void **state)
{
    (void)state;
    assay_tensor tensor;
    assay_error err = {0};
    int64_t negative[] = {2, -1};
    int64_t huge[] = {INT64_C(1) << 62, 4, 0};
    assert_int_equal(assay_tensor_new(&tensor, ASSAY_DTYPE_U8, 2, negative, &err), ASSAY_EINVAL);
    assert_null(tensor.data);
    assert_int_equal(assay_tensor_new(&tensor, ASSAY_DTYPE_U8, 3, huge, &err), ASSAY_EINVAL);
    assert_int_equal(assay_tensor_new(&tensor, ASSAY_DTYPE_F64, 1, huge, &err), ASSAY_ENOMEM);
    assert_int_equal(assay_tensor_new(&tensor, ASSAY_DTYPE_U8, 9, huge, &err), ASSAY_EINVAL);
    assert_int_equal(assay_tensor_new(&tensor, (assay_dtype)99, 0, NULL, &err), ASSAY_EINVAL);
    assert_null(tensor.data);
    assert_int_equal(assay_dtype_size((assay_dtype)0), 0);
    assert_string_equal(assay_dtype_name((assay_dtype)99), "unknown");
    assert_int_equal(assay_tensor_count(NULL), -1);
    assert_int_equal(assay_tensor_new(&tensor, ASSAY_DTYPE_F32, 0, NULL, &err), ASSAY_OK);
    assert_int_equal(assay_tensor_count(&tensor), 1);
    assert_true(*(float *)tensor.data == 0.0f);
    assay_tensor_dispose(&tensor);
    assay_tensor_dispose(NULL);
    assay_buffer out;
    assay_buffer_init(&out, 0);
    assert_int_equal(assay_npy_write(&out, &tensor, &err), ASSAY_EINVAL);
    assay_buffer_dispose(&out);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static void test_half_to_float_is_the_formula(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float got = assay_half_to_float((uint16_t)h);
        int exponent = (int)(h >> 10 & 31);
        double fraction = (double)(h & 1023);
        double sign = (h & 0x8000) != 0 ? -1.0 : 1.0;
        if (exponent == 31) {
            assert_true((h & 1023) != 0 ? isnan(got) : (double)got == sign * (double)INFINITY);
        } else {
            double wanted =
                exponent == 0 ? ldexp(fraction, -24) : ldexp(1024.0 + fraction, exponent - 25);
            assert_int_equal(bits_of(got), bits_of((float)(sign * wanted)));
            assert_int_equal(assay_float_to_half(got), h);
        }
    }
}

static void test_float_to_half_rounds_as_numpy(void **state)
{
    (void)state;
    golden_file file = golden_open("half.tsv");
    char *f[GOLDEN_FIELDS];
    size_t rows = 0;
    while (golden_row(f, &file) == 2) {
        uint32_t bits = (uint32_t)strtoul(f[0], NULL, 16);
        float value;
        memcpy(&value, &bits, sizeof(value));
        if (assay_float_to_half(value) != strtoul(f[1], NULL, 16)) {
            fail_msg("%s became %04x, not %s", f[0], assay_float_to_half(value), f[1]);
        }
        rows++;
    }
    assert_true(rows > 2000);
    assert_true(isnan(assay_half_to_float(assay_float_to_half(NAN))));
    uint32_t payload = 0xFF800001u; /* all of the payload lies in the bits that are lost */
    float value;
    memcpy(&value, &payload, sizeof(value));
    assert_true(isnan(assay_half_to_float(assay_float_to_half(value))));
    golden_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_numpy_writes),
        cmocka_unit_test(test_writes_the_bytes_of_numpy),
        cmocka_unit_test(test_refuses_by_name),
        cmocka_unit_test(test_limit_is_checked_before_allocation),
        cmocka_unit_test(test_survives_truncation_and_damage),
        cmocka_unit_test(test_truth_values_are_normalised),
        cmocka_unit_test(test_tensor_arguments),
        cmocka_unit_test(test_half_to_float_is_the_formula),
        cmocka_unit_test(test_float_to_half_rounds_as_numpy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
