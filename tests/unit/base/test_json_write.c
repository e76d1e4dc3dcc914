#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/rng.h"
#include "base/text.h"

static double from_bits(uint64_t bits)
{
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void writes_structure(void **state)
{
    (void)state;
    for (int indent = 0; indent <= 2; indent += 2) {
        assay_buffer buffer;
        assay_json json;
        assay_buffer_init(&buffer, 0);
        assay_json_init(&json, &buffer, indent);
        assay_json_begin_object(&json);
        assay_json_put_int(&json, "i", INT64_MIN);
        assay_json_put_real(&json, "r", 0.1);
        assay_json_put_bool(&json, "b", true);
        assay_json_put_text(&json, "t", NULL);
        assay_json_key(&json, "a");
        assay_json_begin_array(&json);
        assay_json_real(&json, -0.0);
        assay_json_real(&json, NAN);
        assay_json_real(&json, INFINITY);
        assay_json_bool(&json, false);
        assay_json_null(&json);
        assay_json_raw(&json, "{\"x\":1}");
        assay_json_begin_array(&json);
        assay_json_end_array(&json);
        assay_json_begin_object(&json);
        assay_json_end_object(&json);
        assay_json_end_array(&json);
        assay_json_end_object(&json);
        assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_OK);
        assert_string_equal(buffer.data,
                            indent == 0
                                ? "{\"i\":-9223372036854775808,\"r\":0.1,\"b\":true,\"t\":null,"
                                  "\"a\":[-0,null,null,false,null,{\"x\":1},[],{}]}"
                                : "{\n  \"i\": -9223372036854775808,\n  \"r\": 0.1,\n"
                                  "  \"b\": true,\n  \"t\": null,\n  \"a\": [\n    -0,\n"
                                  "    null,\n    null,\n    false,\n    null,\n    {\"x\":1},\n"
                                  "    [],\n    {}\n  ]\n}");
        assay_buffer_dispose(&buffer);
    }
}

static void escapes_text(void **state)
{
    (void)state;
    assay_buffer buffer;
    assay_json json;
    assay_buffer_init(&buffer, 0);
    assay_json_init(&json, &buffer, 0);
    assay_json_begin_array(&json);
    assay_json_text(&json, "q\" b\\ \b\f\n\r\t \x01\x1f \x7f \xc3\xa4 \xf0\x9f\x98\x80 /");
    assay_json_text(&json, "\xff|\xc3|\xed\xa0\x80|\xe2\x82|\xf0\x9f\x98|end\xe2\x82");
    assay_json_text(&json, "");
    assay_json_end_array(&json);
    assert_string_equal(buffer.data,
                        "[\"q\\\" b\\\\ \\b\\f\\n\\r\\t \\u0001\\u001f \x7f \xc3\xa4 "
                        "\xf0\x9f\x98\x80 /\","
                        "\"\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
                        "\xef\xbf\xbd|\xef\xbf\xbd|end\xef\xbf\xbd\",\"\"]");
    assay_buffer_dispose(&buffer);
}

static void value_without_key(assay_json *json)
{
    assay_json_begin_object(json);
    assay_json_int(json, 1);
}

static void key_in_array(assay_json *json)
{
    assay_json_begin_array(json);
    assay_json_key(json, "k");
}

static void key_at_root(assay_json *json)
{
    assay_json_key(json, "k");
}

static void key_twice(assay_json *json)
{
    assay_json_begin_object(json);
    assay_json_key(json, "k");
    assay_json_key(json, "k");
}

static void wrong_end(assay_json *json)
{
    assay_json_begin_object(json);
    assay_json_end_array(json);
}

static void end_without_begin(assay_json *json)
{
    assay_json_end_object(json);
}

static void end_after_key(assay_json *json)
{
    assay_json_begin_object(json);
    assay_json_key(json, "k");
    assay_json_end_object(json);
}

static void too_deep(assay_json *json)
{
    for (int i = 0; i <= ASSAY_JSON_DEPTH; i++) {
        assay_json_begin_array(json);
    }
}

static void null_key(assay_json *json)
{
    assay_json_begin_object(json);
    assay_json_key(json, NULL);
}

static void misuse_is_a_sticky_failure(void **state)
{
    (void)state;
    void (*const wrong[])(assay_json *) = {value_without_key, key_in_array, key_at_root,
                                           key_twice,         wrong_end,    end_without_begin,
                                           end_after_key,     too_deep,     null_key};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++) {
        assay_buffer buffer;
        assay_json json;
        assay_buffer_init(&buffer, 0);
        assay_json_init(&json, &buffer, 0);
        wrong[i](&json);
        assay_error err = {0};
        assert_int_equal(assay_buffer_status(&buffer, &err), ASSAY_EINTERNAL);
        assert_true(err.message[0] != '\0');
        assay_buffer_dispose(&buffer);
    }
    assay_buffer buffer;
    assay_json json;
    assay_buffer_init(&buffer, 0);
    assay_json_init(&json, &buffer, 1);
    for (int i = 0; i < ASSAY_JSON_DEPTH; i++) {
        assay_json_begin_array(&json);
    }
    for (int i = 0; i < ASSAY_JSON_DEPTH; i++) {
        assay_json_end_array(&json);
    }
    assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_OK);
    assay_buffer_dispose(&buffer);
}

/* Significant digits without zeros at either end, and the exponent of 0.DIGITS. */
static int split_number(char digits[40], const char *text)
{
    int exponent = 0;
    int used = 0;
    bool point = false;
    const char *c = text;
    for (; *c != '\0' && *c != 'e'; c++) {
        if (*c == '.') {
            point = true;
            continue;
        }
        assert_true(*c >= '0' && *c <= '9');
        if (used > 0 || *c != '0') {
            digits[used++] = *c;
            exponent += !point;
        } else if (point) {
            exponent--;
        }
    }
    if (*c == 'e') {
        exponent += atoi(c + 1);
    }
    while (used > 0 && digits[used - 1] == '0') {
        used--;
    }
    digits[used] = '\0';
    return exponent;
}

static void reals_are_the_shortest_and_closest(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/base_real.txt", "r");
    assert_non_null(file);
    uint64_t bits = 0;
    char want[40];
    int exponent = 0;
    int lines = 0;
    while (fscanf(file, "%" SCNx64 " %39s %d", &bits, want, &exponent) == 3) {
        char text[32];
        char digits[40];
        assay_format_real(text, from_bits(bits));
        assert_int_equal(split_number(digits, text), exponent);
        assert_string_equal(digits, want);
        lines++;
    }
    (void)fclose(file);
    assert_true(lines > 5000);
}

static void round_trips(uint64_t bits)
{
    char text[32];
    double back = 0.0;
    assay_format_real(text, from_bits(bits));
    if (!assay_text_to_real(&back, text) || to_bits(back) != bits) {
        fail_msg("%016" PRIx64 " became %s", bits, text);
    }
}

static void a_million_reals_round_trip(void **state)
{
    (void)state;
    assay_rng rng = assay_rng_stream(7, assay_rng_operation("json"), 0);
    int64_t done = 0;
    while (done < 900000) {
        uint64_t bits = assay_rng_u64(&rng);
        if (isfinite(from_bits(bits))) {
            round_trips(bits);
            done++;
        }
    }
    for (int i = 0; i < 100000; i++) { /* subnormal, of every width */
        round_trips(assay_rng_u64(&rng) >> (12 + i % 51) | (uint64_t)(i & 1) << 63);
    }
}

static void known_reals(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0"},
                 {-0.0, "-0"},
                 {1.0, "1"},
                 {-12.5, "-12.5"},
                 {0.1, "0.1"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e300, "1e+300"},
                 {123456789012345.0, "123456789012345"},
                 {5e-324, "5e-324"},
                 {-1.7976931348623157e308, "-1.7976931348623157e+308"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {0x1p-44, "5.684341886080802e-14"},
                 {9007199254740992.0, "9007199254740992"},
                 {NAN, "nan"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        char text[32];
        assay_format_real(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

/* Numbers must not change under a locale with another decimal point: one with a comma and one whose
 * point is two bytes long, compiled here because few machines have them installed. */
static void numbers_ignore_the_locale(void **state)
{
    (void)state;
    const char *const names[] = {"de_DE", "ps_AF"};
    char folder[] = "/tmp/assay-locale-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("LOCPATH", folder, 1), 0);
    int tried = 0;
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        char command[256];
        (void)snprintf(command, sizeof command,
                       "localedef -i %s -f UTF-8 %s/%s.UTF-8 >/dev/null 2>&1", names[i], folder,
                       names[i]);
        char name[32];
        (void)snprintf(name, sizeof name, "%s.UTF-8", names[i]);
        if (system(command) < 0 || setlocale(LC_ALL, name) == NULL) {
            continue;
        }
        tried++;
        char native[32];
        (void)snprintf(native, sizeof native, "%.1f", 1.5);
        assert_string_not_equal(native, "1.5");
        char text[32];
        assay_format_real(text, -1234.5e-20);
        assert_string_equal(text, "-1.2345e-17");
        double value = 0.0;
        assert_true(assay_text_to_real(&value, "1.5"));
        assert_true(value == 1.5);
        assert_false(assay_text_to_real(&value, native));
        (void)setlocale(LC_ALL, "C");
    }
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    (void)unsetenv("LOCPATH");
    if (tried == 0) {
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_structure),
        cmocka_unit_test(escapes_text),
        cmocka_unit_test(misuse_is_a_sticky_failure),
        cmocka_unit_test(known_reals),
        cmocka_unit_test(reals_are_the_shortest_and_closest),
        cmocka_unit_test(a_million_reals_round_trip),
        cmocka_unit_test(numbers_ignore_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
