#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/json_value.h"

static assay_json_doc *parse(const char *text)
{
    assay_json_doc *doc = NULL;
    assay_error err = {0};
    if (assay_json_parse(&doc, text, strlen(text), 0, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    return doc;
}

static void expect_failure(const char *text, size_t size, assay_status wanted, const char *word)
{
    assay_json_doc *doc = NULL;
    assay_error err = {0};
    char *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, text, size);
    assay_status status = assay_json_parse(&doc, exact, size, 0, &err);
    free(exact);
    assert_null(doc);
    if (status != wanted || strstr(err.message, word) == NULL) {
        fail_msg("status %d, no '%s' in: %s", (int)status, word, err.message);
    }
}

static void refuse(const char *text, const char *word)
{
    expect_failure(text, strlen(text), ASSAY_EFORMAT, word);
}

static void test_reads_every_kind(void **state)
{
    (void)state;
    assay_json_doc *doc = parse("{\"text\": \"a\\u00e4\\n\", \"int\": -9223372036854775808,"
                                " \"real\": 0.1, \"whole\": 3.0, \"yes\": true, \"no\": false,"
                                " \"null\": null, \"list\": [1, [2], {}], \"empty\": []}");
    const assay_json_value *root = assay_json_root(doc);
    assert_true(assay_json_is_object(root));
    assert_int_equal(assay_json_size(root), 9);
    assert_string_equal(assay_json_get_text(root, "text", ""), "a\xC3\xA4\n");
    assert_true(assay_json_get_int(root, "int", 0) == INT64_MIN);
    assert_true(assay_json_get_real(root, "int", 0) == -9223372036854775808.0);
    assert_true(assay_json_get_real(root, "real", 0) == 0.1);
    assert_int_equal(assay_json_get_int(root, "real", 7), 7);
    assert_int_equal(assay_json_get_int(root, "whole", 7), 3);
    assert_true(assay_json_get_bool(root, "yes", false));
    assert_false(assay_json_get_bool(root, "no", true));
    assert_true(assay_json_is_null(assay_json_get(root, "null")));
    assert_false(assay_json_is_null(assay_json_get(root, "no")));
    const assay_json_value *list = assay_json_get(root, "list");
    assert_true(assay_json_is_array(list));
    assert_int_equal(assay_json_size(list), 3);
    assert_int_equal(assay_json_as_int(assay_json_at(list, 0), 0), 1);
    assert_int_equal(assay_json_as_int(assay_json_at(assay_json_at(list, 1), 0), 0), 2);
    assert_true(assay_json_is_object(assay_json_at(list, 2)));
    assert_null(assay_json_at(list, 3));
    assert_int_equal(assay_json_size(assay_json_get(root, "empty")), 0);
    assert_true(assay_json_is_number(assay_json_at(list, 0)));
    assay_json_doc_free(doc);
}

static void test_members_keep_document_order(void **state)
{
    (void)state;
    char text[4096] = "{";
    char key[16];
    for (int i = 0; i < 200; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof(text) - used, "%s\"k%d\":%d", i > 0 ? "," : "",
                       i * 37 % 200, i);
    }
    (void)strcat(text, "}");
    assay_json_doc *doc = parse(text);
    const assay_json_value *root = assay_json_root(doc);
    assert_int_equal(assay_json_size(root), 200);
    for (int i = 0; i < 200; i++) {
        const assay_json_value *value = NULL;
        (void)snprintf(key, sizeof(key), "k%d", i * 37 % 200);
        assert_string_equal(assay_json_member(root, (size_t)i, &value), key);
        assert_int_equal(assay_json_as_int(value, -1), i);
        assert_ptr_equal(assay_json_get(root, key), value);
    }
    const assay_json_value *value = root;
    assert_null(assay_json_member(root, 200, &value));
    assert_null(value);
    assert_null(assay_json_get(root, "k200"));
    assay_json_doc_free(doc);
}

static void test_absent_and_other_kinds_give_the_default(void **state)
{
    (void)state;
    assay_json_doc *doc = parse("[\"x\", 1, {\"a\": 1}]");
    const assay_json_value *root = assay_json_root(doc);
    assert_null(assay_json_get(root, "a"));
    assert_null(assay_json_get(assay_json_at(root, 2), NULL));
    assert_null(assay_json_at(assay_json_at(root, 2), 0));
    assert_null(assay_json_member(root, 0, NULL));
    assert_int_equal(assay_json_get_int(NULL, "a", 5), 5);
    assert_true(assay_json_get_real(assay_json_at(root, 0), "a", 2.5) == 2.5);
    assert_string_equal(assay_json_as_text(assay_json_at(root, 1), "no"), "no");
    assert_int_equal(assay_json_as_int(assay_json_at(root, 0), 9), 9);
    assert_true(assay_json_get_bool(assay_json_at(root, 2), "a", true));
    assert_int_equal(assay_json_size(assay_json_at(root, 0)), 0);
    assert_int_equal(assay_json_size(NULL), 0);
    assert_true(assay_json_is_null(NULL));
    assert_false(assay_json_is_object(NULL));
    assert_null(assay_json_root(NULL));
    assay_json_doc_free(doc);
    assay_json_doc_free(NULL);
}

static void test_scalar_roots_and_byte_order_mark(void **state)
{
    (void)state;
    assay_json_doc *doc = parse("\xEF\xBB\xBF 42 ");
    assert_int_equal(assay_json_as_int(assay_json_root(doc), 0), 42);
    assay_json_doc_free(doc);
    doc = parse("null");
    assert_true(assay_json_is_null(assay_json_root(doc)));
    assay_json_doc_free(doc);
}

static void test_errors_name_line_and_column(void **state)
{
    (void)state;
    refuse("{\n  \"a\": 1,\n  \"b\" 2\n}", "line 3, column 7");
    refuse("{\n  \"a\": 1,\n}", "line 3, column 1");
    refuse("{\"a\": 1, \"b\": {\"c\": 2, \"c\": 3}}", "twice in one object");
    refuse("[1, 2", "ends before the value is complete");
    refuse("", "empty");
    refuse("\xEF\xBB\xBF", "empty");
    refuse("   ", "line 1, column 3");
    refuse("[1] x", "line 1, column 5");
    refuse("[NaN]", "write null");
    refuse("[-Infinity]", "line 1");
    refuse("[01]", "line 1, column 2");
    refuse("['a']", "line 1");
    refuse("[\"a\tb\"]", "control character");
    refuse("[\"\xff\"]", "line 1, column 2: unable to decode byte 0xff");
    refuse("[\"\xC0\x80\"]", "unable to decode");
    refuse("[\"\xED\xA0\x80\"]", "unable to decode");
    refuse("[\"\\ud800\"]", "line 1");
    refuse("[\"\\u0000\"]", "\\u0000");
    refuse("{\"\\u0000a\": 1}", "line 1");
    expect_failure("[1,\0 2]", 7, ASSAY_EFORMAT, "line 1");
}

static void test_numbers(void **state)
{
    (void)state;
    refuse("[9223372036854775808]", "too large");
    refuse("[\n1e400]", "line 2");
    refuse("[-1e400]", "too large");
    assay_json_doc *doc = parse("[1e308, 1e-400, 9007199254740993, 9007199254740992.0, 1e19,"
                                " 2.2250738585072014e-308]");
    const assay_json_value *root = assay_json_root(doc);
    assert_true(assay_json_as_real(assay_json_at(root, 0), 0) == 1e308);
    assert_true(assay_json_as_real(assay_json_at(root, 1), 1) == 0.0);
    assert_true(assay_json_as_int(assay_json_at(root, 2), 0) == INT64_C(9007199254740993));
    assert_true(assay_json_as_int(assay_json_at(root, 3), 0) == INT64_C(9007199254740992));
    assert_int_equal(assay_json_as_int(assay_json_at(root, 4), -1), -1);
    assert_true(assay_json_as_real(assay_json_at(root, 5), 0) == 2.2250738585072014e-308);
    assay_json_doc_free(doc);
}

static void test_depth_and_size_limits(void **state)
{
    (void)state;
    enum { DEPTH = 1000000, ALLOWED = 2000 };
    char *bomb = malloc(2 * DEPTH + 1);
    assert_non_null(bomb);
    memset(bomb, '[', DEPTH);
    memset(bomb + DEPTH, ']', DEPTH);
    expect_failure(bomb, 2 * DEPTH, ASSAY_ELIMIT, "2048 levels");
    assay_json_doc *doc = NULL;
    assay_error err = {0};
    assert_int_equal(assay_json_parse(&doc, bomb + DEPTH - ALLOWED, 2 * ALLOWED, 0, &err),
                     ASSAY_OK);
    assay_json_doc_free(doc);
    for (size_t i = 0; i < DEPTH; i += 5) {
        memcpy(bomb + i, "{\"a\":", 5);
    }
    expect_failure(bomb, DEPTH, ASSAY_ELIMIT, "2048 levels");
    free(bomb);
    assert_int_equal(assay_json_parse(&doc, "[1,2]", 5, 4, &err), ASSAY_ELIMIT);
    assert_null(doc);
    assert_non_null(strstr(err.message, "5 bytes, the limit is 4"));
}

static void test_every_truncation_fails(void **state)
{
    (void)state;
    static const char TEXT[] = "{\"a\": [1.5e3, true, null, \"\\u00e4\\ud83d\\ude00 \xC3\xA4\"], "
                               "\"b\": {\"c\": -1}}";
    assay_json_doc_free(parse(TEXT));
    for (size_t n = 0; n + 1 < sizeof(TEXT); n++) {
        expect_failure(TEXT, n, ASSAY_EFORMAT, "JSON: ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_kind),
        cmocka_unit_test(test_members_keep_document_order),
        cmocka_unit_test(test_absent_and_other_kinds_give_the_default),
        cmocka_unit_test(test_scalar_roots_and_byte_order_mark),
        cmocka_unit_test(test_errors_name_line_and_column),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_depth_and_size_limits),
        cmocka_unit_test(test_every_truncation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
