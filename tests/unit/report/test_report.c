#include "sample.h"

#include <stdlib.h>

#include "markup.h"
#include "report/report.h"

typedef assay_status renderer(assay_buffer *, const assay_json_value *, assay_error *);

static renderer *const renderers[] = {assay_report_html, assay_report_markdown, assay_report_junit,
                                      assay_report_sarif, assay_report_oscal};

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

static void render(assay_buffer *out, renderer *with, const char *text, size_t size)
{
    assay_error err = {0};
    assay_json_doc *doc = parse(text, size);
    assay_buffer_init(out, 0);
    assay_status status = with(out, assay_json_root(doc), &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    assert_int_equal(strlen(out->data), out->size);
    assay_json_doc_free(doc);
}

static void render_sample(assay_buffer *out, renderer *with)
{
    assay_buffer sample;
    read_whole(&sample, SAMPLE);
    render(out, with, sample.data, sample.size);
    assay_buffer_dispose(&sample);
}

static void assert_well_formed(const char *text)
{
    static markup m;
    markup_read(&m, text);
    assert_string_equal(m.problem, "");
    assert_true(m.tags > 4);
}

static void assert_contains(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) {
        print_error("missing: %s\n", what);
    }
    assert_non_null(strstr(text, what));
}

static void html_is_well_formed_and_harmless(void **state)
{
    (void)state;
    assay_buffer html;
    render_sample(&html, assay_report_html);
    assert_well_formed(html.data);
    const char *const never[] = {"<script",      "src=\"http",   "href=\"http",
                                 "url(",         "@import",      "<img src=x",
                                 "\xe2\x80\xae", "\xe2\x81\xa6", "javascript:"};
    for (size_t i = 0; i < ASSAY_COUNT(never); i++) {
        assert_int_equal(count(html.data, never[i]), 0);
    }
    assert_contains(html.data, "Content-Security-Policy\" content=\"default-src 'none'; img-src "
                               "data:;");
    assert_contains(html.data, "REQ-&lt;script&gt;alert(&#39;id&#39;)&lt;/script&gt;");
    assert_contains(html.data, "[U+202E]desrever[U+202C]");
    assert_contains(html.data, "no picture");
    assert_int_equal(count(html.data, "<img src=\"data:image/png;base64,"), 19);
    assay_buffer_dispose(&html);
}

static void html_tells_everything(void **state)
{
    (void)state;
    static const char *const said[] = {
        "1 of 5 requirements MET, 2 NOT MET, 1 INCONCLUSIVE, 1 NOT EVALUATED",
        "Acceptance test of the digit reader",
        "Digit reader, input scaled to 20 pixels",
        "between 97.3\xc2\xa0% and 98.4\xc2\xa0%",
        "at least 95\xc2\xa0%",
        "at most 5\xc2\xa0%",
        "Even the most cautious estimate, 97.3\xc2\xa0%, reaches the required 95\xc2\xa0%.",
        "About 467 more samples of this kind would decide it if the rate stays the same.",
        "This requirement could not be tested: class 8 does not occur in this context.",
        "What we found",
        "Where it works and where it fails",
        "What disturbances do to it",
        "Accuracy along the properties of the data",
        "Which classes it mixes up",
        "Can its confidence be trusted?",
        "The worst mistakes",
        "The data",
        "All measures",
        "How to read this report",
        "Method and provenance",
        "2026-01-15 09:13 UTC",
        "not defined: class 2 was never predicted",
        "too few samples: 3 samples",
        "PNG: truncated after 212 of 391 bytes",
        "taken for",
        "steps = pad (width = 28",
        "contrast &lt; 0.35 AND source = &#39;scanner B&#39;",
        "assay run plan.yaml --out evidence",
        "Top-k accuracy (k = 2)",
        "F1, macro average",
        "n\xc2\xa0=\xc2\xa0\x31,000"};
    assay_buffer html;
    render_sample(&html, assay_report_html);
    for (size_t i = 0; i < ASSAY_COUNT(said); i++) {
        assert_contains(html.data, said[i]);
    }
    assert_int_equal(count(html.data, "<article class=\"verdict "), 5);
    assert_int_equal(count(html.data, "<article class=\"finding "), 3);
    assert_int_equal(count(html.data, "<title>Confusion matrix</title>"), 4);
    assert_int_equal(count(html.data, "<title>Reliability diagram</title>"), 2);
    assay_buffer_dispose(&html);
}

static void marking_stands_at_top_and_bottom(void **state)
{
    (void)state;
    const char *marking = "UNCLASSIFIED // EXAMPLE";
    assay_buffer out;
    render_sample(&out, assay_report_html);
    assert_contains(out.data, "<div class=\"marking top\">UNCLASSIFIED // EXAMPLE</div>");
    assert_contains(out.data, "<div class=\"marking bottom\">UNCLASSIFIED // EXAMPLE</div>");
    assert_contains(out.data, ".marking.top,.marking.bottom{position:fixed");
    assay_buffer_dispose(&out);
    render_sample(&out, assay_report_markdown);
    assert_int_equal(count(out.data, marking), 2);
    assert_true(strncmp(out.data, "**UNCLASSIFIED // EXAMPLE**\n", 28) == 0);
    assert_string_equal(out.data + out.size - 29, "**UNCLASSIFIED // EXAMPLE**\n\n");
    assay_buffer_dispose(&out);
    render_sample(&out, assay_report_junit);
    assert_int_equal(count(out.data, "<!-- UNCLASSIFIED // EXAMPLE -->"), 2);
    assert_contains(out.data, "<property name=\"marking\" value=\"UNCLASSIFIED // EXAMPLE\"/>");
    assay_buffer_dispose(&out);
}

static void no_marking_leaves_no_banner(void **state)
{
    (void)state;
    static const char text[] = "{\"run\":{\"title\":\"t\"}}";
    assay_buffer out;
    render(&out, assay_report_html, text, sizeof text - 1);
    assert_int_equal(count(out.data, "<div class=\"marking"), 0);
    assert_contains(out.data, "Measured; no requirements were set");
    assert_well_formed(out.data);
    assay_buffer_dispose(&out);
}

static void junit_has_a_case_for_every_verdict(void **state)
{
    (void)state;
    assay_buffer out;
    render_sample(&out, assay_report_junit);
    assert_well_formed(out.data);
    assert_int_equal(count(out.data, "<testcase "), 5);
    assert_contains(out.data, "tests=\"5\" failures=\"3\" errors=\"1\" skipped=\"0\"");
    assert_int_equal(count(out.data, "<failure type=\"NOT MET\""), 2);
    assert_int_equal(count(out.data, "<failure type=\"INCONCLUSIVE\""), 1);
    assert_int_equal(count(out.data, "<error type=\"NOT EVALUATED\""), 1);
    assert_contains(out.data, "<testcase classname=\"reader\" name=\"REQ-001\" time=\"0\">");
    assert_contains(out.data, "<property name=\"value\" value=\"0.979\"/>");
    assert_contains(out.data, "<property name=\"more_needed\" value=\"467\"/>");
    assert_contains(out.data, "name=\"REQ-&lt;script&gt;alert(&#39;id&#39;)&lt;/script&gt;\"");
    assert_contains(out.data, "with a\xef\xbf\xbd bell -- and a comment end --&gt;");
    assay_buffer_dispose(&out);
}

static void junit_comment_cannot_be_left(void **state)
{
    (void)state;
    static const char text[] = "{\"run\":{\"marking\":\"A--><x>-\"}}";
    assay_buffer out;
    render(&out, assay_report_junit, text, sizeof text - 1);
    assert_contains(out.data, "<!-- A- - &gt;&lt;x&gt;-  -->\n");
    assert_well_formed(out.data);
    assay_buffer_dispose(&out);
}

static void markdown_escapes_and_tells(void **state)
{
    (void)state;
    static const char *const said[] = {"# Acceptance test of the digit reader\n",
                                       "## Requirements",
                                       "## What we found",
                                       "| REQ-001 | **MET** | 97.9\xc2\xa0% | between "
                                       "97.3\xc2\xa0% and 98.4\xc2\xa0% | at least "
                                       "95\xc2\xa0% | 2,000 |",
                                       "REQ-&lt;script&gt;alert('id')&lt;/script&gt;",
                                       "## All measures",
                                       "held\\_out",
                                       "\\[U+202E\\]desrever",
                                       "stroke\\_width &lt; 2.0"};
    assay_buffer out;
    render_sample(&out, assay_report_markdown);
    for (size_t i = 0; i < ASSAY_COUNT(said); i++) {
        assert_contains(out.data, said[i]);
    }
    assert_int_equal(count(out.data, "<"), 0);
    assert_int_equal(count(out.data, "http://"), 0);
    assay_buffer_dispose(&out);
}

static void same_evidence_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(renderers); i++) {
        assay_buffer a, b;
        render_sample(&a, renderers[i]);
        render_sample(&b, renderers[i]);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data, b.data, a.size);
        assay_buffer_dispose(&a);
        assay_buffer_dispose(&b);
    }
}

static void render_all(const char *text, size_t size)
{
    for (size_t i = 0; i < ASSAY_COUNT(renderers); i++) {
        assay_buffer out;
        render(&out, renderers[i], text, size);
        if (renderers[i] == assay_report_sarif || renderers[i] == assay_report_oscal) {
            assay_json_doc_free(parse(out.data, out.size));
        } else if (renderers[i] != assay_report_markdown) {
            static markup m;
            markup_read(&m, out.data);
            assert_string_equal(m.problem, "");
        }
        assay_buffer_dispose(&out);
    }
}

/* Each key of the sample in turn is renamed wherever it stands. */
static void any_key_may_be_missing(void **state)
{
    (void)state;
    assay_buffer sample;
    char seen[8192] = "|";
    size_t keys = 0;
    read_whole(&sample, SAMPLE);
    for (char *end = strstr(sample.data, "\":"); end != NULL; end = strstr(end + 1, "\":")) {
        char key[64], mark[68];
        char *start = end;
        while (start > sample.data && start[-1] != '"') {
            start--;
        }
        size_t length = (size_t)(end - start);
        if (length == 0 || length > 40) {
            continue;
        }
        (void)snprintf(key, sizeof key, "\"%.*s\":", (int)length, start);
        (void)snprintf(mark, sizeof mark, "|%.*s|", (int)length, start);
        if (strstr(seen, mark) != NULL) {
            continue;
        }
        assert_true(strlen(seen) + length + 2 < sizeof seen);
        strncat(seen, mark + 1, sizeof seen - strlen(seen) - 1);
        keys++;
        assay_buffer copy;
        assay_buffer_init(&copy, 0);
        assay_buffer_append(&copy, sample.data, sample.size);
        for (char *at = strstr(copy.data, key); at != NULL; at = strstr(at + 1, key)) {
            at[1] = at[1] == '~' ? '^' : '~';
        }
        render_all(copy.data, copy.size);
        assay_buffer_dispose(&copy);
    }
    assert_true(keys > 90);
    assay_buffer_dispose(&sample);
}

static void any_list_may_be_something_else(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "run",      "models",   "data",     "contexts", "sweeps",     "measures",  "curves",
        "verdicts", "findings", "examples", "skipped",  "breakdowns", "provenance"};
    static const char *const values[] = {"null",
                                         "1.5",
                                         "\"x\"",
                                         "{}",
                                         "[]",
                                         "[null]",
                                         "[[]]",
                                         "[{}]",
                                         "[{\"name\":1,\"model\":[],\"bins\":{},\"rows\":7}]",
                                         "{\"a\":{\"b\":[1]}}",
                                         "true"};
    for (size_t k = 0; k < ASSAY_COUNT(keys); k++) {
        for (size_t v = 0; v < ASSAY_COUNT(values); v++) {
            char text[200];
            int size = snprintf(text, sizeof text, "{\"%s\":%s,\"models\":[{\"name\":\"m\"}]}",
                                keys[k], values[v]);
            if (strcmp(keys[k], "models") == 0) {
                size = snprintf(text, sizeof text, "{\"models\":%s}", values[v]);
            }
            render_all(text, (size_t)size);
        }
    }
    render_all("{}", 2);
}

static void failures_are_told(void **state)
{
    (void)state;
    assay_buffer sample;
    read_whole(&sample, SAMPLE);
    for (size_t i = 0; i < ASSAY_COUNT(renderers); i++) {
        assay_error err = {0};
        assay_buffer out;
        assay_json_doc *doc = parse(sample.data, sample.size);
        assay_buffer_init(&out, 1000);
        assert_int_equal(renderers[i](&out, assay_json_root(doc), &err), ASSAY_ELIMIT);
        assert_true(err.message[0] != '\0');
        assay_buffer_dispose(&out);
        assay_json_doc_free(doc);
        doc = parse("[1]", 3);
        assay_buffer_init(&out, 0);
        assert_int_equal(renderers[i](&out, assay_json_root(doc), &err), ASSAY_EFORMAT);
        assert_int_equal(renderers[i](&out, NULL, NULL), ASSAY_EFORMAT);
        assert_int_equal(out.size, 0);
        assay_buffer_dispose(&out);
        assay_json_doc_free(doc);
    }
    assay_buffer_dispose(&sample);
}

/* The checker itself has to be able to fail. */
static void checker_finds_faults(void **state)
{
    (void)state;
    static const char *const bad[] = {"<p>",
                                      "<p></b></p>",
                                      "<p onclick=\"x\"></p>",
                                      "<img src=\"http://x\">",
                                      "a < b",
                                      "<p a=b></p>",
                                      "a & b",
                                      "<script></script>",
                                      "<a href=\"x\"></a>",
                                      "<!-- a -- b -->",
                                      "</p>",
                                      "<p a=\"",
                                      "\x07"};
    static markup m;
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        markup_read(&m, bad[i]);
        assert_true(m.problem[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_is_well_formed_and_harmless),
        cmocka_unit_test(html_tells_everything),
        cmocka_unit_test(marking_stands_at_top_and_bottom),
        cmocka_unit_test(no_marking_leaves_no_banner),
        cmocka_unit_test(junit_has_a_case_for_every_verdict),
        cmocka_unit_test(junit_comment_cannot_be_left),
        cmocka_unit_test(markdown_escapes_and_tells),
        cmocka_unit_test(same_evidence_same_bytes),
        cmocka_unit_test(any_key_may_be_missing),
        cmocka_unit_test(any_list_may_be_something_else),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(checker_finds_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
