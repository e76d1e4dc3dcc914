/* SARIF and OSCAL of the sample: structure, verdict by verdict; hostile and empty results. */
#include "sample.h"

#include "base/text.h"
#include "report/identity.h"
#include "report/report.h"

typedef assay_status renderer(assay_buffer *, const assay_json_value *, assay_error *);

static assay_json_doc *render(renderer *with, const char *text, size_t size)
{
    assay_error err = {0};
    assay_json_doc *results = parse(text, size);
    assay_buffer out;

    assay_buffer_init(&out, 0);
    assay_status status = with(&out, assay_json_root(results), &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    assay_json_doc *doc = parse(out.data, out.size);
    assay_buffer_dispose(&out);
    assay_json_doc_free(results);
    return doc;
}

static assay_json_doc *render_sample(renderer *with)
{
    assay_buffer sample;

    read_whole(&sample, SAMPLE);
    assay_json_doc *doc = render(with, sample.data, sample.size);
    assay_buffer_dispose(&sample);
    return doc;
}

static const assay_json_value *at(const assay_json_value *object, const char *key, size_t index)
{
    const assay_json_value *value = assay_json_at(assay_json_get(object, key), index);
    assert_non_null(value);
    return value;
}

static void sarif_has_a_result_for_every_verdict(void **state)
{
    (void)state;
    static const char *const kinds[] = {"pass", "fail", "open", "fail", "open"};
    static const char *const levels[] = {"none", "error", "none", "error", "none"};
    assay_json_doc *doc = render_sample(assay_report_sarif);
    const assay_json_value *root = assay_json_root(doc);
    assert_string_equal(assay_json_get_text(root, "version", ""), "2.1.0");
    const assay_json_value *run = at(root, "runs", 0);
    const assay_json_value *driver = assay_json_get(assay_json_get(run, "tool"), "driver");
    const assay_json_value *results = assay_json_get(run, "results");
    assert_int_equal(assay_json_size(results), 8);
    for (size_t i = 0; i < assay_json_size(results); i++) {
        const assay_json_value *result = assay_json_at(results, i);
        int64_t rule = assay_json_get_int(result, "ruleIndex", -1);
        assert_string_equal(assay_json_get_text(result, "ruleId", "?"),
                            assay_json_get_text(at(driver, "rules", (size_t)rule), "id", ""));
        if (i < ASSAY_COUNT(kinds)) {
            assert_string_equal(assay_json_get_text(result, "kind", ""), kinds[i]);
            assert_string_equal(assay_json_get_text(result, "level", ""), levels[i]);
        }
        const char *print =
            assay_json_get_text(assay_json_get(result, "partialFingerprints"), "assay/v1", "");
        assert_int_equal(strlen(print), 64);
        const assay_json_value *place = at(result, "locations", 0);
        assert_string_equal(
            assay_json_get_text(
                assay_json_get(assay_json_get(place, "physicalLocation"), "artifactLocation"),
                "uri", ""),
            "plan.yaml");
    }
    const assay_json_value *open = assay_json_at(results, 2);
    assert_true(assay_json_get_int(assay_json_get(open, "properties"), "more_needed", 0) == 467);
    assert_non_null(strstr(assay_json_get_text(assay_json_get(open, "message"), "text", ""),
                           "INCONCLUSIVE: measured "));
    assert_string_equal(assay_json_get_text(assay_json_get(run, "properties"), "marking", ""),
                        "UNCLASSIFIED // EXAMPLE");
    assay_json_doc_free(doc);
}

static void sarif_escapes_what_messages_interpret(void **state)
{
    (void)state;
    static const char text[] =
        "{\"findings\":[{\"kind\":\"k\",\"title\":\"{0} [a](b) \\\\\",\"text\":\"t\"},"
        "{\"kind\":\"l\"},{\"kind\":\"k\"}]}";
    assay_json_doc *doc = render(assay_report_sarif, text, sizeof text - 1);
    const assay_json_value *run = at(assay_json_root(doc), "runs", 0);
    assert_string_equal(
        assay_json_get_text(assay_json_get(at(run, "results", 0), "message"), "text", ""),
        "{{0}} \\[a\\](b) \\\\. t");
    const assay_json_value *driver = assay_json_get(assay_json_get(run, "tool"), "driver");
    assert_int_equal(assay_json_size(assay_json_get(driver, "rules")), 2);
    assert_int_equal(assay_json_get_int(at(run, "results", 2), "ruleIndex", -1), 0);
    assert_int_equal(assay_json_get_int(at(run, "results", 1), "ruleIndex", -1), 1);
    assay_json_doc_free(doc);
}

static void assert_uuid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-5xxx-vxxx-xxxxxxxxxxxx";
    assert_int_equal(strlen(text), sizeof shape - 1);
    for (size_t i = 0; shape[i]; i++) {
        const char *allowed = shape[i] == 'x'   ? "0123456789abcdef"
                              : shape[i] == 'v' ? "89ab"
                              : shape[i] == '5' ? "5"
                                                : "-";
        assert_non_null(strchr(allowed, text[i]));
    }
}

static void oscal_has_a_finding_for_every_verdict(void **state)
{
    (void)state;
    static const char *const reasons[] = {"pass", "fail", "other", "fail", "other"};
    assay_json_doc *doc = render_sample(assay_report_oscal);
    const assay_json_value *root = assay_json_get(assay_json_root(doc), "assessment-results");
    const assay_json_value *metadata = assay_json_get(root, "metadata");
    assert_uuid(assay_json_get_text(root, "uuid", ""));
    assert_string_equal(assay_json_get_text(metadata, "oscal-version", ""), "1.1.3");
    assert_string_equal(assay_json_get_text(metadata, "last-modified", ""), "2026-01-15T09:13:31Z");
    const assay_json_value *resource = at(assay_json_get(root, "back-matter"), "resources", 0);
    assert_string_equal(assay_json_get_text(assay_json_get(root, "import-ap"), "href", "#") + 1,
                        assay_json_get_text(resource, "uuid", "?"));
    const assay_json_value *result = at(root, "results", 0);
    assert_int_equal(assay_json_size(assay_json_get(result, "observations")), 8);
    assert_int_equal(assay_json_size(assay_json_get(result, "findings")), 5);
    for (size_t i = 0; i < 5; i++) {
        const assay_json_value *finding = at(result, "findings", i);
        const assay_json_value *target = assay_json_get(finding, "target");
        const assay_json_value *status = assay_json_get(target, "status");
        assert_string_equal(assay_json_get_text(status, "state", ""),
                            i == 0 ? "satisfied" : "not-satisfied");
        assert_string_equal(assay_json_get_text(status, "reason", ""), reasons[i]);
        assert_uuid(assay_json_get_text(finding, "uuid", ""));
        assert_string_equal(
            assay_json_get_text(at(finding, "related-observations", 0), "observation-uuid", ""),
            assay_json_get_text(at(result, "observations", i), "uuid", "?"));
    }
    assert_string_equal(
        assay_json_get_text(assay_json_get(at(result, "findings", 4), "target"), "target-id", ""),
        "REQ-_script_alert__id____script_-87f9df33");
    assay_json_doc_free(doc);
}

static void oscal_lists_are_absent_when_empty(void **state)
{
    (void)state;
    static const char text[] = "{\"run\":{\"title\":\"\\n \",\"started\":\"yesterday\"}}";
    assay_json_doc *doc = render(assay_report_oscal, text, sizeof text - 1);
    const assay_json_value *root = assay_json_get(assay_json_root(doc), "assessment-results");
    const assay_json_value *result = at(root, "results", 0);
    assert_null(assay_json_get(result, "observations"));
    assert_null(assay_json_get(result, "findings"));
    assert_string_equal(assay_json_get_text(result, "start", ""), "1970-01-01T00:00:00Z");
    assert_string_equal(assay_json_get_text(assay_json_get(root, "metadata"), "title", ""),
                        "Assay");
    assay_json_doc_free(doc);
}

static void identifiers_follow_the_evidence(void **state)
{
    (void)state;
    static const char one[] = "{\"run\":{\"title\":\"a\"}}", two[] = "{\"run\":{\"title\":\"b\"}}";
    assay_json_doc *docs[] = {render(assay_report_oscal, one, sizeof one - 1),
                              render(assay_report_oscal, one, sizeof one - 1),
                              render(assay_report_oscal, two, sizeof two - 1)};
    const char *uuid[3];
    for (size_t i = 0; i < 3; i++) {
        uuid[i] = assay_json_get_text(
            assay_json_get(assay_json_root(docs[i]), "assessment-results"), "uuid", "");
    }
    assert_string_equal(uuid[0], uuid[1]);
    assert_string_not_equal(uuid[0], uuid[2]);
    for (size_t i = 0; i < 3; i++) {
        assay_json_doc_free(docs[i]);
    }
}

static void tokens_and_references(void **state)
{
    (void)state;
    static const struct {
        const char *text, *token;
    } cases[] = {{"REQ-001", "REQ-001"}, {"_a.b", "_a.b"}, {"1a", "_1a-a73fcf33"}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assay_buffer out;
        assay_buffer_init(&out, 0);
        assert_int_equal(assay_identity_token(&out, cases[i].text, NULL), ASSAY_OK);
        assert_string_equal(out.data, cases[i].token);
        assay_buffer_dispose(&out);
    }
    assay_buffer out;
    assay_buffer_init(&out, 0);
    assay_identity_uri(&out, "a b/\xc3\xa4?.yaml");
    assert_string_equal(out.data, "a%20b/%C3%A4%3F.yaml");
    assay_buffer_dispose(&out);
    assert_string_equal(assay_identity_hex("sha256:abc"), "");
    assert_string_equal(assay_identity_hex(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sarif_has_a_result_for_every_verdict),
        cmocka_unit_test(sarif_escapes_what_messages_interpret),
        cmocka_unit_test(oscal_has_a_finding_for_every_verdict),
        cmocka_unit_test(oscal_lists_are_absent_when_empty),
        cmocka_unit_test(identifiers_follow_the_evidence),
        cmocka_unit_test(tokens_and_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
