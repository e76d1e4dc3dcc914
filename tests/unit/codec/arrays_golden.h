/** @file arrays_golden.h  Reading the goldens of tests/oracle/arrays.py, and hostile variants. */
#ifndef ARRAYS_GOLDEN_H
#define ARRAYS_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "codec/npy.h"

#define ARRAYS_GOLDEN ASSAY_TEST_DATA "/golden/arrays/"

enum { GOLDEN_FIELDS = 5 };

typedef struct golden_file {
    char *text;
    char *at;
    size_t size;
} golden_file;

static inline golden_file golden_open(const char *name)
{
    char path[1024];
    golden_file file = {0};
    (void)snprintf(path, sizeof(path), ARRAYS_GOLDEN "%s", name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    long size = ftell(in);
    assert_true(size >= 0);
    rewind(in);
    file.size = (size_t)size;
    file.text = malloc(file.size + 1);
    assert_non_null(file.text);
    assert_int_equal(fread(file.text, 1, file.size, in), file.size);
    file.text[file.size] = '\0';
    file.at = file.text;
    (void)fclose(in);
    return file;
}

static inline void golden_close(golden_file *file)
{
    free(file->text);
}

/* Split the next line at its tabs, in place. Returns the number of fields, 0 at the end. */
static inline size_t golden_row(char *fields[GOLDEN_FIELDS], golden_file *file)
{
    size_t n = 0;
    if (*file->at == '\0') {
        return 0;
    }
    char *end = strchr(file->at, '\n');
    assert_non_null(end);
    *end = '\0';
    for (char *at = file->at; at != NULL && n < GOLDEN_FIELDS; n++) {
        fields[n] = at;
        at = strchr(at, '\t');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    file->at = end + 1;
    return n;
}

/* A block of exactly the right size, so that a sanitizer sees every step beyond its end. */
static inline uint8_t *golden_bytes(size_t *size, const char *hex)
{
    *size = strlen(hex) / 2;
    uint8_t *out = malloc(*size > 0 ? *size : 1);
    assert_non_null(out);
    for (size_t i = 0; i < *size; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return out;
}

static inline void golden_check(const assay_tensor *tensor, const char *type, const char *shape,
                                const char *hex)
{
    char text[256] = "";
    size_t used = 0;
    size_t size = 0;
    for (int32_t i = 0; i < tensor->rank; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lld", i > 0 ? "," : "",
                                 (long long)tensor->shape[i]);
    }
    assert_string_equal(text, shape);
    assert_string_equal(assay_dtype_name(tensor->type), type);
    uint8_t *wanted = golden_bytes(&size, hex);
    assert_int_equal((size_t)assay_tensor_count(tensor) * assay_dtype_size(tensor->type), size);
    assert_non_null(tensor->data);
    assert_int_equal((uintptr_t)tensor->data % 64, 0);
    assert_memory_equal(tensor->data, wanted, size);
    free(wanted);
}

typedef assay_status (*golden_reader)(assay_tensor *out, const uint8_t *bytes, size_t size,
                                      assay_error *err);

/* Whatever the bytes are: either an array, or a failure with one line and nothing to free. */
static inline assay_status golden_try(golden_reader reader, const uint8_t *bytes, size_t size)
{
    assay_tensor tensor;
    assay_error err = {0};
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    assay_status status = reader(&tensor, exact, size, &err);
    if (status == ASSAY_OK) {
        assert_true(assay_tensor_count(&tensor) >= 0);
        assert_non_null(tensor.data);
    } else {
        assert_null(tensor.data);
        assert_int_equal(err.code, status);
        assert_true(strlen(err.message) > 10);
        assert_null(strchr(err.message, '\n'));
    }
    assay_tensor_dispose(&tensor);
    free(exact);
    return status;
}

/* Every shorter length must fail; every single-byte change must be survived. */
static inline void golden_torment(golden_reader reader, const uint8_t *bytes, size_t size)
{
    static const uint8_t MASKS[] = {0x01, 0x80, 0xFF, 0x20};
    for (size_t n = 0; n < size; n++) {
        assert_int_not_equal(golden_try(reader, bytes, n), ASSAY_OK);
    }
    uint8_t *changed = malloc(size);
    assert_non_null(changed);
    memcpy(changed, bytes, size);
    for (size_t i = 0; i < size; i++) {
        for (size_t m = 0; m < sizeof(MASKS); m++) {
            changed[i] = bytes[i] ^ MASKS[m];
            (void)golden_try(reader, changed, size);
        }
        changed[i] = bytes[i];
    }
    free(changed);
}

#endif
