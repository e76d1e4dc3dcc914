#include "sample.h"

#include <math.h>

#include "report/figure.h"
#include "report/svg.h"
#include "report/words.h"

static void numbers_are_rounded_and_grouped(void **state)
{
    (void)state;
    assert_string_equal(assay_figure_fixed(0.125, 2).text, "0.13");
    assert_string_equal(assay_figure_fixed(-0.04, 1).text, "0.0");
    assert_string_equal(assay_figure_fixed(-12.34, 1).text, "-12.3");
    assert_string_equal(assay_figure_fixed(99.96, 1).text, "100.0");
    assert_string_equal(assay_figure_fixed(NAN, 1).text, "\xe2\x80\x93");
    assert_string_equal(assay_figure_fixed(1e300, 3).text, "1e+300");
    assert_string_equal(assay_figure_short(0.05).text, "0.05");
    assert_string_equal(assay_figure_short(1.0 / 255).text, "0.00392157");
    assert_string_equal(assay_figure_short(30).text, "30");
    assert_string_equal(assay_figure_short(1e-7).text, "1e-07");
    assert_string_equal(assay_figure_round(0.5532198).text, "0.5532");
    assert_string_equal(assay_figure_round(12345.678).text, "12346");
    assert_string_equal(assay_figure_count(0).text, "0");
    assert_string_equal(assay_figure_count(999).text, "999");
    assert_string_equal(assay_figure_count(1000).text, "1,000");
    assert_string_equal(assay_figure_count(-1234567).text, "-1,234,567");
    assert_string_equal(assay_figure_count(INT64_MIN).text, "-9,223,372,036,854,775,808");
    assert_string_equal(assay_figure_percent(0.9215, 1).text, "92.2\xc2\xa0%");
    assert_string_equal(assay_figure_percent(NAN, 1).text, "\xe2\x80\x93");
}

static void digits_follow_the_interval(void **state)
{
    (void)state;
    assert_int_equal(assay_scale_of(true, 0.921, 0.912, 0.930).decimals, 1);
    assert_int_equal(assay_scale_of(true, 0.47, 0.41, 0.53).decimals, 0);
    assert_int_equal(assay_scale_of(true, 0.9213, 0.9204, 0.9222).decimals, 2);
    assert_int_equal(assay_scale_of(true, 1, 1, 1).decimals, 1);
    assert_int_equal(assay_scale_of(false, 0.52, 0.49, 0.55).decimals, 4);
    assert_int_equal(assay_scale_of(false, 7, NAN, NAN).decimals, 0);
    /* 89.97 % must not read as the 90 % that it misses. */
    assay_scale scale =
        assay_scale_apart((assay_scale){.percent = true, .decimals = 1}, 0.8997, 0.9);
    assert_string_equal(assay_figure_value(scale, 0.8997).text, "89.97\xc2\xa0%");
    scale = assay_scale_apart((assay_scale){.percent = true, .decimals = 1}, 0.9, 0.9);
    assert_int_equal(scale.decimals, 1);
}

static void ticks_are_round(void **state)
{
    (void)state;
    static const struct {
        double low, high;
        int wanted;
        double from, to, step;
    } cases[] = {{0, 1, 5, 0, 1, 0.2},          {0.51, 0.93, 4, 0.4, 1, 0.2},
                 {0, 0.0261, 4, 0, 0.03, 0.01}, {-30, 30, 6, -30, 30, 10},
                 {94.2, 98.9, 4, 94, 100, 2},   {1e-9, 3e-9, 5, 1e-9, 3e-9, 5e-10}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assay_ticks ticks = assay_ticks_make(cases[i].low, cases[i].high, cases[i].wanted);
        assert_true(fabs(ticks.low - cases[i].from) < 1e-9 * fmax(1, fabs(cases[i].from)));
        assert_true(fabs(ticks.high - cases[i].to) < 1e-9 * fmax(1, fabs(cases[i].to)));
        assert_true(fabs(ticks.step / cases[i].step - 1) < 1e-9);
        assert_true(ticks.n >= 2 && ticks.n <= 9);
        assert_true(fabs(assay_ticks_at(&ticks, ticks.n - 1) - ticks.high) < 1e-9);
    }
    const double odd[] = {0, 5, -3, 1e99, NAN, INFINITY, 1e300};
    for (size_t i = 0; i < ASSAY_COUNT(odd); i++) {
        assay_ticks ticks = assay_ticks_make(odd[i], odd[i], 5);
        assert_true(ticks.high > ticks.low && ticks.n >= 2 && ticks.n <= 12);
    }
    assay_ticks ticks = assay_ticks_share(0.93, 0.99);
    assert_true(fabs(ticks.low - 0.9) < 1e-12 && fabs(ticks.high - 1) < 1e-12);
}

static void expect(void (*words)(assay_buffer *, const assay_json_value *), const char *json,
                   const char *text)
{
    assay_json_doc *doc = parse(json, strlen(json));
    assay_buffer out;
    assay_buffer_init(&out, 0);
    words(&out, assay_json_root(doc));
    assert_string_equal(out.data != NULL ? out.data : "", text);
    assay_buffer_dispose(&out);
    assay_json_doc_free(doc);
}

static void sentences_say_what_was_decided(void **state)
{
    (void)state;
    expect(
        assay_words_why,
        "{\"metric\":\"accuracy\",\"compare\":\"at_least\",\"threshold\":0.9,\"verdict\":\"NOT "
        "MET\",\"value\":0.85,\"low\":0.83,\"high\":0.87}",
        "Even the most favourable estimate, 87.0\xc2\xa0%, stays below the required 90\xc2\xa0%.");
    expect(assay_words_why,
           "{\"metric\":\"log_loss\",\"compare\":\"at_most\",\"threshold\":0.5,\"verdict\":\"MET\","
           "\"value\":0.41,\"low\":0.38,\"high\":0.44}",
           "Even the most cautious estimate, 0.4400, stays within the allowed 0.5.");
    expect(
        assay_words_why,
        "{\"metric\":\"accuracy\",\"compare\":\"at_least\",\"threshold\":0.9,\"verdict\":"
        "\"INCONCLUSIVE\",\"value\":0.905,\"low\":0.89,\"high\":0.92,\"more_needed\":null}",
        "The required 90\xc2\xa0% lies inside this range: with these samples nobody can say on "
        "which side the true value is. How many more samples would decide it cannot be foretold.");
    expect(assay_words_why, "{\"verdict\":\"NOT EVALUATED\",\"reason\":\"no such class\"}",
           "This requirement could not be tested: no such class.");
    expect(assay_words_between,
           "{\"metric\":\"accuracy\",\"low\":0.8996,\"high\":0.93,"
           "\"threshold\":0.9}",
           "between 89.96\xc2\xa0% and 93.00\xc2\xa0%");
    expect(assay_words_measure,
           "{\"metric\":\"my_metric\",\"params\":{\"a\":1.5,\"b\":true,\"c\":"
           "{\"d\":[1,2]}}}",
           "My metric (a = 1.5, b = yes, c (d = 1, 2))");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_rounded_and_grouped),
        cmocka_unit_test(digits_follow_the_interval),
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(sentences_say_what_was_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
