#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "report/evidence.h"
#include "report/report.h"
#include "report/words.h"
#include "report/write.h"

static void put_property(assay_buffer *out, const char *name, const char *value)
{
    if (value[0] != '\0') {
        assay_xml_put(out, "        <property name=\"%s\" value=\"%s\"/>\n", name, value);
    }
}

static void put_real(assay_buffer *out, const char *name, const assay_json_value *verdict)
{
    double value = assay_evidence_real(verdict, name);
    if (!isnan(value)) {
        char text[32];
        assay_format_real(text, value);
        put_property(out, name, text);
    }
}

static void put_message(assay_buffer *out, const assay_json_value *verdict)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_words_line(&text, verdict);
    assay_xml_buffer(out, &text);
    assay_buffer_dispose(&text);
}

static void put_outcome(assay_buffer *out, const assay_json_value *verdict, assay_verdict_kind kind)
{
    const char *element = kind == ASSAY_VERDICT_NOT_EVALUATED ? "error" : "failure";
    if (kind == ASSAY_VERDICT_MET) {
        return;
    }
    assay_xml_put(out, "      <%s type=\"%s\" message=\"", element,
                  assay_evidence_verdict_name(kind));
    put_message(out, verdict);
    assay_xml_put(out, "\">%s\n", assay_json_get_text(verdict, "text", ""));
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_words_why(&text, verdict);
    assay_xml_buffer(out, &text);
    assay_buffer_dispose(&text);
    assay_xml_put(out, "</%s>\n", element);
}

static void put_case(assay_buffer *out, const assay_json_value *verdict)
{
    static const char *const texts[] = {"text",  "context", "metric",  "average", "class",
                                        "group", "extreme", "compare", "method"};
    static const char *const reals[] = {"threshold", "confidence", "value",      "low",
                                        "high",      "n",          "more_needed"};
    assay_verdict_kind kind = assay_evidence_verdict(verdict);
    assay_xml_put(out, "    <testcase classname=\"%s\" name=\"%s\" time=\"0\">\n",
                  assay_json_get_text(verdict, "model", ""),
                  assay_json_get_text(verdict, "id", ""));
    assay_buffer_puts(out, "      <properties>\n");
    put_property(out, "verdict", assay_evidence_verdict_name(kind));
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        put_property(out, texts[i], assay_json_get_text(verdict, texts[i], ""));
    }
    for (size_t i = 0; i < ASSAY_COUNT(reals); i++) {
        put_real(out, reals[i], verdict);
    }
    assay_buffer_puts(out, "      </properties>\n");
    put_outcome(out, verdict, kind);
    assay_buffer_puts(out, "    </testcase>\n");
}

/** In a comment two hyphens must not meet. */
static void put_comment(assay_buffer *out, const char *marking)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    for (const char *at = marking; *at != '\0'; at++) {
        assay_buffer_putc(&text, *at);
        assay_buffer_puts(&text, *at == '-' ? " " : "");
    }
    assay_buffer_puts(out, "<!-- ");
    assay_xml_buffer(out, &text);
    assay_buffer_puts(out, " -->\n");
    assay_buffer_dispose(&text);
}

static void put_suite(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->verdicts);
    size_t errors = (size_t)evidence->counts[ASSAY_VERDICT_NOT_EVALUATED];
    size_t failures = n - errors - (size_t)evidence->counts[ASSAY_VERDICT_MET];
    const char *title = assay_json_get_text(evidence->run, "title", "Assay");
    const char *started = assay_json_get_text(evidence->run, "started", "");
    assay_xml_put(out,
                  "<testsuites name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
                  "time=\"0\">\n  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" "
                  "errors=\"%zu\" skipped=\"0\" time=\"0\"",
                  title, n, failures, errors, title, n, failures, errors);
    if (started[0] != '\0') {
        assay_xml_put(out, " timestamp=\"%s\"", started);
    }
    assay_buffer_puts(out, ">\n    <properties>\n");
    put_property(out, "marking", evidence->marking);
    put_property(out, "assay", assay_json_get_text(evidence->root, "assay", ""));
    put_property(out, "estimand", assay_json_get_text(evidence->run, "estimand", ""));
    put_property(out, "plan.digest",
                 assay_json_get_text(assay_json_get(evidence->run, "plan"), "digest", ""));
    assay_buffer_puts(out, "    </properties>\n");
    for (size_t i = 0; i < n; i++) {
        put_case(out, assay_json_at(evidence->verdicts, i));
    }
    assay_buffer_puts(out, "  </testsuite>\n</testsuites>\n");
}

assay_status assay_report_junit(assay_buffer *out, const assay_json_value *results,
                                assay_error *err)
{
    assay_evidence evidence;
    ASSAY_TRY(assay_evidence_open(&evidence, results, err));
    assay_buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if (evidence.marking[0] != '\0') {
        put_comment(out, evidence.marking);
    }
    put_suite(out, &evidence);
    if (evidence.marking[0] != '\0') {
        put_comment(out, evidence.marking);
    }
    assay_arena_free(evidence.arena);
    return assay_buffer_status(out, err);
}
