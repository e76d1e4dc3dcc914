#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"

static void compares(void **state)
{
    (void)state;
    assert_true(assay_text_equal(NULL, NULL));
    assert_false(assay_text_equal(NULL, ""));
    assert_false(assay_text_equal("", NULL));
    assert_true(assay_text_equal("a", "a"));
    assert_true(assay_text_starts("abc", "ab"));
    assert_true(assay_text_starts("abc", ""));
    assert_false(assay_text_starts("ab", "abc"));
    assert_false(assay_text_starts(NULL, "a"));
    assert_true(assay_text_ends("a.csv", ".csv"));
    assert_false(assay_text_ends("a.CSV", ".csv"));
    assert_true(assay_text_ends("a", ""));
    assert_false(assay_text_ends("v", ".csv"));
    assert_true(assay_text_ends_nocase("A.CsV", ".cSv"));
    assert_false(assay_text_ends_nocase("a.csw", ".csv"));
    assert_false(assay_text_ends_nocase("a[csv", "a{csv")); /* only letters have a case */
}

static void reads_reals(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},       {"-1", -1},
                {"+1.5", 1.5},  {".5", 0.5},
                {"5.", 5},      {"1e3", 1000},
                {"1E-3", 1e-3}, {"1e+2", 100},
                {"1e-400", 0},  {"4.9e-324", 5e-324},
                {"007", 7},     {"123456789", 123456789},
                {"-0.0", -0.0}, {"1.7976931348623157e308", 1.7976931348623157e308}};
    for (size_t i = 0; i < ASSAY_COUNT(good); i++) {
        double value = NAN;
        assert_true(assay_text_to_real(&value, good[i].text));
        assert_true(value == good[i].value && signbit(value) == signbit(good[i].value));
    }
    const char *const bad[] = {"",      " 1",  "1 ",   "1,5", "0x10",     "nan",   "inf", "-inf",
                               "1e400", "1e",  "e5",   ".",   "-",        "+",     "1e+", "--1",
                               "1.2.3", "1_0", "1e5.", "1\n", "\xd9\xa1", "-1e999"};
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        double value = 1.0;
        if (assay_text_to_real(&value, bad[i])) {
            fail_msg("\"%s\" was read as %g", bad[i], value);
        }
    }
    double value = 1.0;
    assert_false(assay_text_to_real(&value, NULL));
}

static void reads_integers(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+12", 12},
                {"-007", -7},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < ASSAY_COUNT(good); i++) {
        int64_t value = -99;
        assert_true(assay_text_to_i64(&value, good[i].text));
        assert_true(value == good[i].value);
    }
    const char *const bad[] = {"",
                               "-",
                               "+",
                               " 1",
                               "1 ",
                               "1.",
                               "0x1",
                               "1e3",
                               "--1",
                               "9223372036854775808",
                               "-9223372036854775809",
                               "99999999999999999999",
                               "1\n"};
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        int64_t value = 0;
        assert_false(assay_text_to_i64(&value, bad[i]));
    }
    int64_t value = 0;
    assert_false(assay_text_to_i64(&value, NULL));
}

static void sizes(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t value;
    } good[] = {{"1", 1},
                {"512MB", 512000000},
                {"2GB", 2000000000},
                {"2 gb", 2000000000},
                {"1.5G", 1610612736},
                {"3GiB", 3221225472},
                {"4kB", 4000},
                {"4k", 4096},
                {"7 MiB", 7340032},
                {"12B", 12},
                {"1T", 1099511627776}};
    for (size_t i = 0; i < ASSAY_COUNT(good); i++) {
        int64_t value = -99;
        assert_true(assay_text_to_bytes(&value, good[i].text));
        assert_true(value == good[i].value);
    }
    const char *const bad[] = {"",     "GB",  "-1GB",  "0",    "0GB",   "1..5GB",   "1GBs",
                               "1 GX", "1iB", "1e3MB", " 1GB", "1  GB", "9999999TB"};
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        int64_t value = 0;
        if (assay_text_to_bytes(&value, bad[i])) {
            fail_msg("'%s' is %lld bytes", bad[i], (long long)value);
        }
    }
    int64_t value = 0;
    assert_false(assay_text_to_bytes(&value, NULL));
}

static void edit_distances(void **state)
{
    (void)state;
    const struct {
        const char *a, *b;
        int distance;
    } cases[] = {{"", "", 0},
                 {"abc", "", 3},
                 {"kitten", "sitting", 3},
                 {"saturday", "sunday", 3},
                 {"threshold", "treshold", 1},
                 {"metric", "mertic", 1}, /* a transposition is one edit */
                 {"ca", "abc", 3},        /* optimal string alignment; unrestricted Damerau is 2 */
                 {"abcdef", "abcdef", 0},
                 {"aaa", "aaaa", 1},
                 {"xabxcdxxefxgx", "1ab2cd34ef5g6", 6}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assert_int_equal(assay_text_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(assay_text_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
    char a[1002];
    char b[1002];
    memset(a, 'a', 1001);
    memset(b, 'a', 1001);
    a[1001] = '\0';
    b[1001] = '\0';
    b[500] = 'b';
    assert_int_equal(assay_text_distance(a, b), 1);
    memset(b, 'b', 1001);
    assert_int_equal(assay_text_distance(a, b), 1001);
    a[255] = '\0';
    b[254] = '\0';
    assert_int_equal(assay_text_distance(a, b), 255);
}

/* Distance by definition, without the shortcuts, on short random texts. */
static int slow_distance(const char *a, size_t m, const char *b, size_t n)
{
    if (m == 0 || n == 0) {
        return (int)(m + n);
    }
    int best = slow_distance(a, m - 1, b, n - 1) + (a[m - 1] != b[n - 1]);
    int other = slow_distance(a, m - 1, b, n) + 1;
    best = other < best ? other : best;
    other = slow_distance(a, m, b, n - 1) + 1;
    best = other < best ? other : best;
    if (m > 1 && n > 1 && a[m - 1] == b[n - 2] && a[m - 2] == b[n - 1]) {
        other = slow_distance(a, m - 2, b, n - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void edit_distance_follows_its_definition(void **state)
{
    (void)state;
    assay_rng rng = assay_rng_stream(2, 2, 2);
    for (int i = 0; i < 2000; i++) {
        char a[6] = "";
        char b[6] = "";
        size_t m = assay_rng_below(&rng, 6);
        size_t n = assay_rng_below(&rng, 6);
        for (size_t k = 0; k < 5; k++) {
            a[k] = k < m ? (char)('a' + assay_rng_below(&rng, 3)) : '\0';
            b[k] = k < n ? (char)('a' + assay_rng_below(&rng, 3)) : '\0';
        }
        assert_int_equal(assay_text_distance(a, b), slow_distance(a, m, b, n));
    }
}

static void finds_the_nearest(void **state)
{
    (void)state;
    const char *const words[] = {"accuracy", NULL, "threshold", "metric", "metrics"};
    assert_string_equal(assay_text_nearest("acuracy", words, 5), "accuracy");
    assert_string_equal(assay_text_nearest("metrix", words, 5), "metric");
    assert_string_equal(assay_text_nearest("threshhold", words, 5), "threshold");
    assert_null(assay_text_nearest("confidence", words, 5));
    assert_null(assay_text_nearest("", words, 5));
    assert_null(assay_text_nearest(NULL, words, 5));
    assert_null(assay_text_nearest("metric", words, 0));
    const char *const ties[] = {"ab", "ac"};
    assert_string_equal(assay_text_nearest("ad", ties, 2), "ab");
}

/* An independent decoder by value: length from the value, not from byte ranges. */
static bool valid_by_value(const unsigned char *s, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t length = s[at] < 0x80             ? 1
                        : (s[at] & 0xE0) == 0xC0 ? 2
                        : (s[at] & 0xF0) == 0xE0 ? 3
                        : (s[at] & 0xF8) == 0xF0 ? 4
                                                 : 0;
        if (length == 0 || length > size - at) {
            return false;
        }
        uint32_t value = length == 1 ? s[at] : s[at] & (0x7Fu >> length);
        for (size_t i = 1; i < length; i++) {
            if ((s[at + i] & 0xC0) != 0x80) {
                return false;
            }
            value = value << 6 | (s[at + i] & 0x3F);
        }
        size_t needed = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
        if (needed != length || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
            return false;
        }
        at += length;
    }
    return true;
}

static void utf8_validity(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        bool valid;
    } table[] = {{"", true},
                 {"plain", true},
                 {"\xc2\x80", true},
                 {"\xdf\xbf", true},
                 {"\xe0\xa0\x80", true},
                 {"\xed\x9f\xbf", true},
                 {"\xee\x80\x80", true},
                 {"\xef\xbf\xbf", true},
                 {"\xf0\x90\x80\x80", true},
                 {"\xf4\x8f\xbf\xbf", true},
                 {"\x80", false},
                 {"\xbf", false},
                 {"\xc0\x80", false},         /* overlong */
                 {"\xc1\xbf", false},         /* overlong */
                 {"\xe0\x9f\xbf", false},     /* overlong */
                 {"\xf0\x8f\xbf\xbf", false}, /* overlong */
                 {"\xed\xa0\x80", false},     /* surrogate */
                 {"\xed\xbf\xbf", false},     /* surrogate */
                 {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
                 {"\xf5\x80\x80\x80", false},
                 {"\xff", false},
                 {"\xc2", false},
                 {"\xe2\x82", false},
                 {"\xf0\x9f\x98", false},
                 {"\xc2\x41", false},
                 {"a\xe2\x82\x41", false}};
    for (size_t i = 0; i < ASSAY_COUNT(table); i++) {
        assert_int_equal(assay_utf8_valid(table[i].bytes, strlen(table[i].bytes)), table[i].valid);
    }
    assert_true(assay_utf8_valid("a\0b", 3));
    /* Every two-byte sequence, and every lead with the edges of every range behind it. */
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90,
                                          0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            unsigned char s[4] = {(unsigned char)a, (unsigned char)b, 0x80, 0x80};
            assert_int_equal(assay_utf8_valid((char *)s, 2), valid_by_value(s, 2));
            assert_int_equal(assay_utf8_valid((char *)s, 3), valid_by_value(s, 3));
            for (size_t i = 0; i < sizeof edges; i++) {
                s[2] = edges[i];
                assert_int_equal(assay_utf8_valid((char *)s, 3), valid_by_value(s, 3));
                for (size_t k = 0; k < sizeof edges; k++) {
                    s[3] = edges[k];
                    assert_int_equal(assay_utf8_valid((char *)s, 4), valid_by_value(s, 4));
                }
            }
        }
    }
}

static void makes_text_printable(void **state)
{
    (void)state;
    char out[64];
    assay_text_printable(out, sizeof out,
                         "a\tb\x7f\xc2\x85 \xc3\xa4 \xff \xe2\x80\xa8 \xe2\x81\xa6 "
                         "\xe2\x82\xac");
    assert_string_equal(out, "a?b?? \xc3\xa4 \xef\xbf\xbd ? ? \xe2\x82\xac");
    assay_text_printable(out, 3, "\xe2\x82\xac");
    assert_string_equal(out, "");
    assay_text_printable(out, 4, "\xe2\x82\xac!");
    assert_string_equal(out, "\xe2\x82\xac");
    assay_text_printable(out, 3, "\xff");
    assert_string_equal(out, "");
    assay_text_printable(out, 1, "abc");
    assert_string_equal(out, "");
    out[0] = 'x';
    assay_text_printable(out, 0, "abc");
    assert_int_equal(out[0], 'x');
    assay_text_printable(out, sizeof out, NULL);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(reads_reals),
        cmocka_unit_test(reads_integers),
        cmocka_unit_test(sizes),
        cmocka_unit_test(edit_distances),
        cmocka_unit_test(edit_distance_follows_its_definition),
        cmocka_unit_test(finds_the_nearest),
        cmocka_unit_test(utf8_validity),
        cmocka_unit_test(makes_text_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
