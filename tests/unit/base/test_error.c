#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

static void fills_the_record(void **state)
{
    (void)state;
    assay_error err = {.os_errno = 7};
    assert_int_equal(assay_fail(&err, ASSAY_EFORMAT, "%s: row %d", "a.csv", 3), ASSAY_EFORMAT);
    assert_int_equal(err.code, ASSAY_EFORMAT);
    assert_int_equal(err.os_errno, 0);
    assert_string_equal(err.message, "a.csv: row 3");
    assert_int_equal(assay_fail(NULL, ASSAY_EIO, "x"), ASSAY_EIO);
    assert_int_equal(assay_fail_memory(&err), ASSAY_ENOMEM);
    assert_non_null(strstr(err.message, "memory"));
}

static void keeps_one_line(void **state)
{
    (void)state;
    assay_error err = {0};
    (void)assay_fail(&err, ASSAY_EIO, "%s", "a\nb\x1b[31m\xff\xe2\x80\xae.txt");
    assert_string_equal(err.message, "a?b?[31m\xef\xbf\xbd?.txt");
}

static void may_print_its_own_message(void **state)
{
    (void)state;
    assay_error err = {0};
    (void)assay_fail(&err, ASSAY_EIO, "inner");
    (void)assay_fail(&err, ASSAY_EFORMAT, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
}

static void truncates_on_a_character(void **state)
{
    (void)state;
    char text[5000];
    for (size_t i = 0; i + 1 < sizeof text; i += 2) {
        memcpy(text + i, "\xc3\xa4", 2);
    }
    text[sizeof text - 2] = '\0';
    assay_error err = {0};
    (void)assay_fail(&err, ASSAY_EIO, "x%s", text);
    size_t size = strlen(err.message);
    assert_int_equal(size, sizeof err.message - 1);
    assert_true(assay_utf8_valid(err.message, size));
    (void)assay_fail(&err, ASSAY_EIO, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 2);
}

static void adds_errno(void **state)
{
    (void)state;
    assay_error err = {0};
    errno = ENOENT;
    assert_int_equal(assay_fail_errno(&err, ASSAY_ENOTFOUND, "%s", "a.csv"), ASSAY_ENOTFOUND);
    assert_int_equal(err.os_errno, ENOENT);
    assert_string_equal(err.message, "a.csv: No such file or directory");
    errno = 0;
    (void)assay_fail_errno(&err, ASSAY_EIO, "short read");
    assert_string_equal(err.message, "short read");
    errno = 123456;
    (void)assay_fail_errno(&err, ASSAY_EIO, "x");
    assert_string_equal(err.message, "x: unknown error of the operating system");
    errno = EIO;
    assert_int_equal(assay_fail_errno(NULL, ASSAY_EIO, "x"), ASSAY_EIO);
}

static void prefixes_outermost_first(void **state)
{
    (void)state;
    assay_error err = {0};
    errno = EACCES;
    (void)assay_fail_errno(&err, ASSAY_EIO, "row 7");
    assay_error_prefix(&err, "data %s", "field");
    assay_error_prefix(&err, "run: ");
    assert_string_equal(err.message, "run: data field: row 7: Permission denied");
    assert_int_equal(err.code, ASSAY_EIO);
    assert_int_equal(err.os_errno, EACCES);
    assay_error_prefix(NULL, "run");
    for (int i = 0; i < 400; i++) {
        assay_error_prefix(&err, "level %d", i);
    }
    assert_true(assay_text_starts(err.message, "level 399: level 398: "));
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static assay_status tried(assay_status inner, int *after)
{
    ASSAY_TRY(inner);
    *after = 1;
    return ASSAY_OK;
}

static assay_status gone(assay_status inner, int *after)
{
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(inner, done);
    *after = 1;
done:
    return status;
}

static void macros_stop_at_the_failure(void **state)
{
    (void)state;
    int after = 0;
    assert_int_equal(tried(ASSAY_EIO, &after), ASSAY_EIO);
    assert_int_equal(gone(ASSAY_ELIMIT, &after), ASSAY_ELIMIT);
    assert_int_equal(after, 0);
    assert_int_equal(tried(ASSAY_OK, &after), ASSAY_OK);
    assert_int_equal(after, 1);
    after = 0;
    assert_int_equal(gone(ASSAY_OK, &after), ASSAY_OK);
    assert_int_equal(after, 1);
}

static void every_status_has_its_own_name(void **state)
{
    (void)state;
    for (int a = ASSAY_EINTERNAL; a <= ASSAY_DONE; a++) {
        assert_string_not_equal(assay_status_name((assay_status)a), "unknown status");
        for (int b = ASSAY_EINTERNAL; b < a; b++) {
            assert_string_not_equal(assay_status_name((assay_status)a),
                                    assay_status_name((assay_status)b));
        }
    }
    assert_string_equal(assay_status_name((assay_status)-11), "unknown status");
    assert_string_equal(assay_status_name(ASSAY_EFORMAT), "bad data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_record),
        cmocka_unit_test(keeps_one_line),
        cmocka_unit_test(may_print_its_own_message),
        cmocka_unit_test(truncates_on_a_character),
        cmocka_unit_test(adds_errno),
        cmocka_unit_test(prefixes_outermost_first),
        cmocka_unit_test(macros_stop_at_the_failure),
        cmocka_unit_test(every_status_has_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
