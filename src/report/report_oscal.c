#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "base/text.h"
#include "report/evidence.h"
#include "report/identity.h"
#include "report/report.h"
#include "report/words.h"

/* Open Security Controls Assessment Language, assessment results model, 1.1.3 (NIST). */

/* Of our own properties: a name, not an address (RFC 6761). */
#define NAMESPACE "https://assay.invalid/ns/results"

typedef struct writer {
    assay_json json;
    const assay_evidence *evidence;
    assay_identity identity;
    assay_error *err;
} writer;

static assay_status put_uuid(writer *w, const char *key, const char *role, size_t index)
{
    char uuid[ASSAY_UUID_TEXT];

    ASSAY_TRY(assay_identity_uuid(uuid, &w->identity, role, index, w->err));
    assay_json_put_text(&w->json, key, uuid);
    return ASSAY_OK;
}

/** A text without line ends and without blanks around it; nothing when that leaves nothing. */
static void clean(assay_buffer *out, const char *text)
{
    bool blank = false;

    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f) {
            blank = out->size > 0;
        } else {
            if (blank) {
                assay_buffer_putc(out, ' ');
            }
            blank = false;
            assay_buffer_putc(out, *at);
        }
    }
}

static void put_prop(writer *w, const char *name, const char *value)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    clean(&text, value);
    if (text.size > 0) {
        assay_json_begin_object(&w->json);
        assay_json_put_text(&w->json, "name", name);
        assay_json_put_text(&w->json, "ns", NAMESPACE);
        assay_json_put_text(&w->json, "value", text.data);
        assay_json_end_object(&w->json);
    }
    assay_buffer_dispose(&text);
}

static void put_real_prop(writer *w, const char *name, const assay_json_value *verdict)
{
    double value = assay_evidence_real(verdict, name);
    char text[32];

    if (!isnan(value)) {
        assay_format_real(text, value);
        put_prop(w, name, text);
    }
}

static void put_line(writer *w, const char *key, const assay_json_value *verdict, bool why)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, assay_evidence_verdict_name(assay_evidence_verdict(verdict)));
    assay_buffer_puts(&text, ": ");
    if (why) {
        assay_words_why(&text, verdict);
    } else {
        assay_words_line(&text, verdict);
    }
    assay_json_put_text(&w->json, key, text.data);
    assay_buffer_dispose(&text);
}

static void put_title(writer *w, const char *text, const char *otherwise)
{
    assay_buffer line;

    assay_buffer_init(&line, 0);
    clean(&line, text);
    assay_json_put_text(&w->json, "title", line.size > 0 ? line.data : otherwise);
    assay_buffer_dispose(&line);
}

static void put_metadata(writer *w)
{
    const assay_evidence *e = w->evidence;
    assay_buffer version;

    assay_buffer_init(&version, 0);
    clean(&version, assay_json_get_text(e->root, "assay", ""));
    assay_json_key(&w->json, "metadata");
    assay_json_begin_object(&w->json);
    put_title(w, assay_json_get_text(e->run, "title", ""), "Assay");
    assay_json_put_text(&w->json, "last-modified",
                        assay_identity_time(assay_json_get_text(e->run, "finished", "")));
    assay_json_put_text(&w->json, "version", version.size > 0 ? version.data : "0");
    assay_json_put_text(&w->json, "oscal-version", "1.1.3");
    assay_json_key(&w->json, "props");
    assay_json_begin_array(&w->json);
    put_prop(w, "tool", "assay");
    put_prop(w, "marking", e->marking);
    put_prop(w, "rule-digest", assay_json_get_text(assay_json_get(e->root, "rule"), "digest", ""));
    assay_json_end_array(&w->json);
    assay_json_end_object(&w->json);
    assay_buffer_dispose(&version);
}

static void put_evidence(writer *w)
{
    assay_json_key(&w->json, "relevant-evidence");
    assay_json_begin_array(&w->json);
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "href", "results.json");
    assay_json_put_text(&w->json, "description", "The results with all measures and their inputs.");
    assay_json_end_object(&w->json);
    assay_json_end_array(&w->json);
}

static assay_status put_observation(writer *w, size_t index)
{
    static const char *const texts[] = {"model", "context", "metric",  "average",
                                        "class", "group",   "extreme", "method"};
    static const char *const reals[] = {"threshold", "objective", "confidence", "value",
                                        "low",       "high",      "n",          "more_needed"};
    const assay_json_value *verdict = assay_json_at(w->evidence->verdicts, index);

    assay_json_begin_object(&w->json);
    ASSAY_TRY(put_uuid(w, "uuid", "observation", index));
    put_title(w, assay_json_get_text(verdict, "id", ""), "requirement");
    put_line(w, "description", verdict, false);
    assay_json_key(&w->json, "props");
    assay_json_begin_array(&w->json);
    put_prop(w, "verdict", assay_evidence_verdict_name(assay_evidence_verdict(verdict)));
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        put_prop(w, texts[i], assay_json_get_text(verdict, texts[i], ""));
    }
    for (size_t i = 0; i < ASSAY_COUNT(reals); i++) {
        put_real_prop(w, reals[i], verdict);
    }
    assay_json_end_array(&w->json);
    assay_json_key(&w->json, "methods");
    assay_json_raw(&w->json, "[\"TEST\"]");
    assay_json_key(&w->json, "types");
    assay_json_raw(&w->json, "[\"control-objective\"]");
    put_evidence(w);
    assay_json_put_text(&w->json, "collected",
                        assay_identity_time(assay_json_get_text(w->evidence->run, "finished", "")));
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

static assay_status put_discovery(writer *w, size_t index)
{
    const assay_json_value *finding = assay_json_at(w->evidence->findings, index);

    assay_json_begin_object(&w->json);
    ASSAY_TRY(put_uuid(w, "uuid", "discovery", index));
    put_title(w, assay_json_get_text(finding, "title", ""), "finding");
    assay_json_put_text(&w->json, "description", assay_json_get_text(finding, "text", ""));
    assay_json_key(&w->json, "props");
    assay_json_begin_array(&w->json);
    put_prop(w, "kind", assay_json_get_text(finding, "kind", "finding"));
    put_prop(w, "severity", assay_json_get_text(finding, "severity", ""));
    put_prop(w, "model", assay_json_get_text(finding, "model", ""));
    put_prop(w, "context", assay_json_get_text(finding, "context", ""));
    assay_json_end_array(&w->json);
    assay_json_key(&w->json, "methods");
    assay_json_raw(&w->json, "[\"TEST\"]");
    assay_json_key(&w->json, "types");
    assay_json_raw(&w->json, "[\"discovery\"]");
    put_evidence(w);
    assay_json_put_text(&w->json, "collected",
                        assay_identity_time(assay_json_get_text(w->evidence->run, "finished", "")));
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

static assay_status put_target(writer *w, const assay_json_value *verdict)
{
    static const char *const reasons[] = {"pass", "fail", "other", "other"};
    assay_verdict_kind kind = assay_evidence_verdict(verdict);
    assay_buffer token;

    assay_buffer_init(&token, 0);
    assay_status status =
        assay_identity_token(&token, assay_json_get_text(verdict, "id", ""), w->err);
    assay_json_key(&w->json, "target");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "type", "objective-id");
    assay_json_put_text(&w->json, "target-id", token.data ? token.data : "_");
    assay_json_key(&w->json, "status");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "state",
                        kind == ASSAY_VERDICT_MET ? "satisfied" : "not-satisfied");
    assay_json_put_text(&w->json, "reason", reasons[kind]);
    put_line(w, "remarks", verdict, true);
    assay_json_end_object(&w->json);
    assay_json_end_object(&w->json);
    assay_buffer_dispose(&token);
    return status;
}

static assay_status put_finding(writer *w, size_t index)
{
    const assay_json_value *verdict = assay_json_at(w->evidence->verdicts, index);

    assay_json_begin_object(&w->json);
    ASSAY_TRY(put_uuid(w, "uuid", "finding", index));
    put_title(w, assay_json_get_text(verdict, "id", ""), "requirement");
    assay_json_put_text(&w->json, "description", assay_json_get_text(verdict, "text", ""));
    ASSAY_TRY(put_target(w, verdict));
    assay_json_key(&w->json, "related-observations");
    assay_json_begin_array(&w->json);
    assay_json_begin_object(&w->json);
    ASSAY_TRY(put_uuid(w, "observation-uuid", "observation", index));
    assay_json_end_object(&w->json);
    assay_json_end_array(&w->json);
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

static assay_status put_result(writer *w)
{
    const assay_evidence *e = w->evidence;
    const char *description = assay_json_get_text(e->run, "description", "");
    size_t verdicts = assay_json_size(e->verdicts), findings = assay_json_size(e->findings);
    assay_buffer outcome;

    assay_buffer_init(&outcome, 0);
    assay_words_outcome(&outcome, e);
    assay_json_begin_object(&w->json);
    assay_status status = put_uuid(w, "uuid", "result", 0);
    assay_json_put_text(&w->json, "title", outcome.data ? outcome.data : "");
    assay_buffer_dispose(&outcome);
    ASSAY_TRY(status);
    assay_json_put_text(&w->json, "description",
                        description[0] != '\0' ? description
                                               : assay_json_get_text(e->run, "estimand", ""));
    assay_json_put_text(&w->json, "start",
                        assay_identity_time(assay_json_get_text(e->run, "started", "")));
    assay_json_put_text(&w->json, "end",
                        assay_identity_time(assay_json_get_text(e->run, "finished", "")));
    assay_json_key(&w->json, "reviewed-controls");
    assay_json_raw(&w->json, "{\"control-selections\": [{\"include-all\": {}}]}");
    /* OSCAL allows no empty lists. */
    if (verdicts + findings > 0) {
        assay_json_key(&w->json, "observations");
        assay_json_begin_array(&w->json);
        for (size_t i = 0; i < verdicts; i++) {
            ASSAY_TRY(put_observation(w, i));
        }
        for (size_t i = 0; i < findings; i++) {
            ASSAY_TRY(put_discovery(w, i));
        }
        assay_json_end_array(&w->json);
    }
    if (verdicts > 0) {
        assay_json_key(&w->json, "findings");
        assay_json_begin_array(&w->json);
        for (size_t i = 0; i < verdicts; i++) {
            ASSAY_TRY(put_finding(w, i));
        }
        assay_json_end_array(&w->json);
    }
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

/** The plan stands in the place of an assessment plan: a resource of this document. */
static assay_status put_resources(writer *w)
{
    const assay_json_value *plan = assay_json_get(w->evidence->run, "plan");
    const char *hex = assay_identity_hex(assay_json_get_text(plan, "digest", ""));
    assay_buffer uri;

    assay_buffer_init(&uri, 0);
    assay_identity_uri(&uri, assay_json_get_text(plan, "path", "plan.yaml"));
    assay_json_key(&w->json, "back-matter");
    assay_json_begin_object(&w->json);
    assay_json_key(&w->json, "resources");
    assay_json_begin_array(&w->json);
    assay_json_begin_object(&w->json);
    assay_status status = put_uuid(w, "uuid", "plan", 0);
    assay_json_put_text(&w->json, "title", "Test plan");
    assay_json_key(&w->json, "rlinks");
    assay_json_begin_array(&w->json);
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "href", uri.data ? uri.data : "");
    if (hex[0] != '\0') {
        assay_json_key(&w->json, "hashes");
        assay_json_begin_array(&w->json);
        assay_json_begin_object(&w->json);
        assay_json_put_text(&w->json, "algorithm", "SHA-256");
        assay_json_put_text(&w->json, "value", hex);
        assay_json_end_object(&w->json);
        assay_json_end_array(&w->json);
    }
    assay_json_end_object(&w->json);
    assay_json_end_array(&w->json);
    assay_json_end_object(&w->json);
    assay_json_end_array(&w->json);
    assay_json_end_object(&w->json);
    assay_buffer_dispose(&uri);
    return status;
}

static assay_status put_document(writer *w)
{
    char href[ASSAY_UUID_TEXT + 1] = "#";

    ASSAY_TRY(assay_identity_open(&w->identity, w->evidence, w->err));
    ASSAY_TRY(assay_identity_uuid(href + 1, &w->identity, "plan", 0, w->err));
    assay_json_begin_object(&w->json);
    assay_json_key(&w->json, "assessment-results");
    assay_json_begin_object(&w->json);
    ASSAY_TRY(put_uuid(w, "uuid", "document", 0));
    put_metadata(w);
    assay_json_key(&w->json, "import-ap");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "href", href);
    assay_json_end_object(&w->json);
    assay_json_key(&w->json, "results");
    assay_json_begin_array(&w->json);
    ASSAY_TRY(put_result(w));
    assay_json_end_array(&w->json);
    ASSAY_TRY(put_resources(w));
    assay_json_end_object(&w->json);
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

assay_status assay_report_oscal(assay_buffer *out, const assay_json_value *results,
                                assay_error *err)
{
    assay_evidence evidence;

    ASSAY_TRY(assay_evidence_open(&evidence, results, err));
    writer w = {.evidence = &evidence, .err = err};
    assay_json_init(&w.json, out, 1);
    assay_status status = put_document(&w);
    assay_buffer_putc(out, '\n');
    assay_arena_free(evidence.arena);
    return status == ASSAY_OK ? assay_buffer_status(out, err) : status;
}
