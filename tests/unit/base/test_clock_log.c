#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

static void clock_is_monotonic(void **state)
{
    (void)state;
    double before = assay_clock_seconds();
    struct timespec pause = {.tv_nsec = 2000000};
    (void)nanosleep(&pause, NULL);
    double passed = assay_clock_seconds() - before;
    assert_true(passed >= 0.002 && passed < 60.0);
}

static void utc_honours_source_date_epoch(void **state)
{
    (void)state;
    const struct {
        const char *epoch, *text;
    } cases[] = {{"0", "1970-01-01T00:00:00Z"},
                 {"951782400", "2000-02-29T00:00:00Z"},
                 {"1795455708", "2026-11-23T17:41:48Z"},
                 {"253402300799", "9999-12-31T23:59:59Z"}};
    char out[24];
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assert_int_equal(setenv("SOURCE_DATE_EPOCH", cases[i].epoch, 1), 0);
        assay_clock_utc(out);
        assert_string_equal(out, cases[i].text);
    }
    const char *const ignored[] = {"", "x", "-1", "253402300800", "99999999999999999999"};
    for (size_t i = 0; i < ASSAY_COUNT(ignored); i++) {
        assert_int_equal(setenv("SOURCE_DATE_EPOCH", ignored[i], 1), 0);
        assay_clock_utc(out);
        assert_int_equal(strlen(out), 20);
        assert_true(strcmp(out, "2024-01-01T00:00:00Z") > 0 && out[0] == '2');
    }
    (void)unsetenv("SOURCE_DATE_EPOCH");
    (void)unsetenv("TZ");
}

struct heard {
    assay_log_level level;
    char text[4096];
    int64_t done, total;
    char what[32];
};

static void hear(void *payload, assay_log_level level, const char *text)
{
    struct heard *heard = payload;
    heard->level = level;
    strncpy(heard->text, text, sizeof heard->text - 1);
}

static void hear_progress(void *payload, const char *what, int64_t done, int64_t total)
{
    struct heard *heard = payload;
    strncpy(heard->what, what, sizeof heard->what - 1);
    heard->done = done;
    heard->total = total;
}

static void log_reaches_its_sink(void **state)
{
    (void)state;
    struct heard heard = {0};
    assay_log log = {.payload = &heard, .message = hear, .progress = hear_progress};
    assay_log_write(&log, ASSAY_LOG_WARNING, "%s skipped\n", "a.png");
    assert_int_equal(heard.level, ASSAY_LOG_WARNING);
    assert_string_equal(heard.text, "a.png skipped?");
    assay_log_write(&log, ASSAY_LOG_INFO, "%5000d", 1);
    assert_int_equal(heard.level, ASSAY_LOG_INFO);
    assert_int_equal(strlen(heard.text), 2047);
    assay_log_progress(&log, "images", 3, 10);
    assert_string_equal(heard.what, "images");
    assert_true(heard.done == 3 && heard.total == 10);
}

static void silence_is_legal(void **state)
{
    (void)state;
    struct heard heard = {0};
    assay_log deaf = {.payload = &heard};
    assay_log_write(NULL, ASSAY_LOG_INFO, "x");
    assay_log_write(&deaf, ASSAY_LOG_INFO, "x");
    assay_log_progress(NULL, "x", 1, 1);
    assay_log_progress(&deaf, "x", 1, 1);
    assert_string_equal(heard.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_is_monotonic),
        cmocka_unit_test(utc_honours_source_date_epoch),
        cmocka_unit_test(log_reaches_its_sink),
        cmocka_unit_test(silence_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
