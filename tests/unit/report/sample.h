/* The sample of results that the tests of the report share. */
#ifndef TESTS_REPORT_SAMPLE_H
#define TESTS_REPORT_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "codec/json_value.h"

static inline void read_whole(assay_buffer *out, const char *path)
{
    FILE *file = fopen(path, "rb");
    char block[65536];
    size_t n = 0;
    assert_non_null(file);
    assay_buffer_init(out, 0);
    while ((n = fread(block, 1, sizeof block, file)) > 0) {
        assay_buffer_append(out, block, n);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(assay_buffer_status(out, NULL), ASSAY_OK);
}

static inline assay_json_doc *parse(const char *text, size_t size)
{
    assay_json_doc *doc = NULL;
    assay_error err = {0};
    assay_status status = assay_json_parse(&doc, text, size, 0, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    return doc;
}

#define SAMPLE ASSAY_TEST_DATA "/golden/report/results_sample.json"
#define SCHEMA ASSAY_TEST_DATA "/../docs/results.schema.json"

#endif
