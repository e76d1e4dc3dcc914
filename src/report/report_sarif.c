#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "base/text.h"
#include "report/evidence.h"
#include "report/identity.h"
#include "report/report.h"
#include "report/words.h"

/* Static Analysis Results Interchange Format 2.1.0, OASIS Standard with Errata 01 (2023). */
#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

typedef struct writer {
    assay_json json;
    const assay_evidence *evidence;
    assay_error *err;
    size_t *first, n_kinds; /* per kind of finding: the first one */
    size_t *kind;           /* per finding */
} writer;

/** Braces, brackets and backslashes mean something in SARIF messages (3.11.5, 3.11.6). */
static void put_message(writer *w, const char *key, const char *text)
{
    assay_buffer escaped;

    assay_buffer_init(&escaped, 0);
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("{}", *at) != NULL) {
            assay_buffer_putc(&escaped, *at);
        } else if (strchr("[]\\", *at) != NULL) {
            assay_buffer_putc(&escaped, '\\');
        }
        assay_buffer_putc(&escaped, *at);
    }
    assay_json_key(&w->json, key);
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "text", escaped.data ? escaped.data : "");
    assay_json_end_object(&w->json);
    assay_buffer_dispose(&escaped);
}

static void put_words(writer *w, const char *key, const assay_json_value *verdict)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, assay_evidence_verdict_name(assay_evidence_verdict(verdict)));
    assay_buffer_puts(&text, ": ");
    assay_words_line(&text, verdict);
    assay_buffer_puts(&text, ". ");
    assay_words_why(&text, verdict);
    put_message(w, key, text.data ? text.data : "");
    assay_buffer_dispose(&text);
}

static void put_rule(writer *w, const assay_json_value *verdict)
{
    static const char *const texts[] = {"metric",  "average", "class", "group",
                                        "extreme", "compare", "source"};
    static const char *const reals[] = {"threshold", "objective", "confidence"};

    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "id", assay_json_get_text(verdict, "id", ""));
    put_message(w, "shortDescription", assay_json_get_text(verdict, "text", ""));
    assay_json_key(&w->json, "properties");
    assay_json_begin_object(&w->json);
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        const char *text = assay_json_get_text(verdict, texts[i], "");
        if (text[0] != '\0') {
            assay_json_put_text(&w->json, texts[i], text);
        }
    }
    for (size_t i = 0; i < ASSAY_COUNT(reals); i++) {
        double value = assay_evidence_real(verdict, reals[i]);
        if (!isnan(value)) {
            assay_json_put_real(&w->json, reals[i], value);
        }
    }
    assay_json_end_object(&w->json);
    assay_json_end_object(&w->json);
}

static const char *kind_of(const assay_json_value *finding)
{
    return assay_json_get_text(finding, "kind", "finding");
}

/** One rule per kind of finding: the findings that are the first of theirs. */
static assay_status index_kinds(writer *w)
{
    const assay_json_value *findings = w->evidence->findings;
    size_t n = assay_json_size(findings);

    w->first = assay_arena_alloc(w->evidence->arena, n + 1, sizeof *w->first);
    w->kind = assay_arena_alloc(w->evidence->arena, n + 1, sizeof *w->kind);
    if (!w->first || !w->kind) {
        return assay_fail_memory(w->err);
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = kind_of(assay_json_at(findings, i));
        size_t k = 0;
        while (k < w->n_kinds && strcmp(kind_of(assay_json_at(findings, w->first[k])), name) != 0) {
            k++;
        }
        if (k == w->n_kinds) {
            w->first[w->n_kinds++] = i;
        }
        w->kind[i] = k;
    }
    return ASSAY_OK;
}

static void put_finding_id(writer *w, const char *key, const assay_json_value *finding)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, "finding/");
    assay_buffer_puts(&text, kind_of(finding));
    assay_json_put_text(&w->json, key, text.data);
    assay_buffer_dispose(&text);
}

static void put_tool(writer *w)
{
    const assay_evidence *e = w->evidence;

    assay_json_key(&w->json, "tool");
    assay_json_begin_object(&w->json);
    assay_json_key(&w->json, "driver");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "name", "Assay");
    assay_json_put_text(&w->json, "version", assay_json_get_text(e->root, "assay", ""));
    assay_json_key(&w->json, "rules");
    assay_json_begin_array(&w->json);
    for (size_t i = 0; i < assay_json_size(e->verdicts); i++) {
        put_rule(w, assay_json_at(e->verdicts, i));
    }
    for (size_t k = 0; k < w->n_kinds; k++) {
        assay_json_begin_object(&w->json);
        put_finding_id(w, "id", assay_json_at(e->findings, w->first[k]));
        assay_json_end_object(&w->json);
    }
    assay_json_end_array(&w->json);
    assay_json_end_object(&w->json);
    assay_json_end_object(&w->json);
}

/** The plan is the file that people open; model and context are where the result belongs. */
static void put_locations(writer *w, const assay_json_value *item)
{
    static const char *const kinds[] = {"model", "context"};
    const char *path =
        assay_json_get_text(assay_json_get(w->evidence->run, "plan"), "path", "plan.yaml");
    assay_buffer uri;

    assay_buffer_init(&uri, 0);
    assay_identity_uri(&uri, path);
    assay_json_key(&w->json, "locations");
    assay_json_begin_array(&w->json);
    assay_json_begin_object(&w->json);
    assay_json_key(&w->json, "physicalLocation");
    assay_json_begin_object(&w->json);
    assay_json_key(&w->json, "artifactLocation");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "uri", uri.data ? uri.data : "");
    assay_json_end_object(&w->json);
    assay_json_end_object(&w->json);
    assay_json_key(&w->json, "logicalLocations");
    assay_json_begin_array(&w->json);
    for (size_t i = 0; i < ASSAY_COUNT(kinds); i++) {
        const char *name = assay_json_get_text(item, kinds[i], "");
        if (name[0] != '\0') {
            assay_json_begin_object(&w->json);
            assay_json_put_text(&w->json, "name", name);
            assay_json_put_text(&w->json, "kind", kinds[i]);
            assay_json_end_object(&w->json);
        }
    }
    assay_json_end_array(&w->json);
    assay_json_end_object(&w->json);
    assay_json_end_array(&w->json);
    assay_buffer_dispose(&uri);
}

/** What stays the same between runs when the same thing is judged again. */
static assay_status put_fingerprint(writer *w, const assay_json_value *item)
{
    static const char *const keys[] = {"id",      "kind",  "title",  "model",
                                       "context", "class", "average"};
    char hex[ASSAY_DIGEST_HEX];
    assay_digest *digest = NULL;

    ASSAY_TRY(assay_digest_new(&digest, w->err));
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        assay_digest_text(digest, assay_json_get_text(item, keys[i], ""));
    }
    assay_status status = assay_digest_hex(hex, digest, w->err);
    assay_digest_free(digest);
    ASSAY_TRY(status);
    assay_json_key(&w->json, "partialFingerprints");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "assay/v1", hex);
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

static void put_verdict_properties(writer *w, const assay_json_value *verdict)
{
    static const char *const keys[] = {"value",       "low", "high",      "n",
                                       "more_needed", "p",   "p_adjusted"};
    const char *method = assay_json_get_text(verdict, "method", "");

    assay_json_key(&w->json, "properties");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "verdict",
                        assay_evidence_verdict_name(assay_evidence_verdict(verdict)));
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        double value = assay_evidence_real(verdict, keys[i]);
        if (!isnan(value)) {
            assay_json_put_real(&w->json, keys[i], value);
        }
    }
    if (method[0] != '\0') {
        assay_json_put_text(&w->json, "method", method);
    }
    assay_json_end_object(&w->json);
}

static assay_status put_verdict(writer *w, size_t index)
{
    static const char *const kinds[] = {"pass", "fail", "open", "open"};
    const assay_json_value *verdict = assay_json_at(w->evidence->verdicts, index);
    assay_verdict_kind kind = assay_evidence_verdict(verdict);

    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "ruleId", assay_json_get_text(verdict, "id", ""));
    assay_json_put_int(&w->json, "ruleIndex", (int64_t)index);
    assay_json_put_text(&w->json, "kind", kinds[kind]);
    assay_json_put_text(&w->json, "level", kind == ASSAY_VERDICT_NOT_MET ? "error" : "none");
    put_words(w, "message", verdict);
    put_locations(w, verdict);
    ASSAY_TRY(put_fingerprint(w, verdict));
    put_verdict_properties(w, verdict);
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

static assay_status put_finding(writer *w, size_t index)
{
    const assay_json_value *finding = assay_json_at(w->evidence->findings, index);
    const char *severity = assay_json_get_text(finding, "severity", "");
    size_t rule = assay_json_size(w->evidence->verdicts) + w->kind[index];
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, assay_json_get_text(finding, "title", ""));
    assay_buffer_puts(&text, ". ");
    assay_buffer_puts(&text, assay_json_get_text(finding, "text", ""));
    assay_json_begin_object(&w->json);
    put_finding_id(w, "ruleId", finding);
    assay_json_put_int(&w->json, "ruleIndex", (int64_t)rule);
    assay_json_put_text(&w->json, "kind", "fail");
    assay_json_put_text(&w->json, "level", assay_text_equal(severity, "low") ? "note" : "warning");
    put_message(w, "message", text.data ? text.data : "");
    put_locations(w, finding);
    assay_status status = put_fingerprint(w, finding);
    assay_json_key(&w->json, "properties");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "severity", severity);
    assay_json_end_object(&w->json);
    assay_json_end_object(&w->json);
    assay_buffer_dispose(&text);
    return status;
}

/** The model files, with their digests. */
static void put_artifacts(writer *w)
{
    const assay_evidence *e = w->evidence;

    assay_json_key(&w->json, "artifacts");
    assay_json_begin_array(&w->json);
    for (size_t i = 0; i < assay_json_size(e->models); i++) {
        const assay_json_value *model = assay_json_at(e->models, i);
        const char *path = assay_json_get_text(model, "path", "");
        const char *hex = assay_identity_hex(assay_json_get_text(model, "digest", ""));
        assay_buffer uri;
        assay_buffer_init(&uri, 0);
        assay_identity_uri(&uri, path);
        assay_json_begin_object(&w->json);
        put_message(w, "description", assay_json_get_text(model, "name", ""));
        if (uri.size > 0) {
            assay_json_key(&w->json, "location");
            assay_json_begin_object(&w->json);
            assay_json_put_text(&w->json, "uri", uri.data);
            assay_json_end_object(&w->json);
        }
        if (hex[0] != '\0') {
            assay_json_key(&w->json, "hashes");
            assay_json_begin_object(&w->json);
            assay_json_put_text(&w->json, "sha-256", hex);
            assay_json_end_object(&w->json);
        }
        assay_json_key(&w->json, "properties");
        assay_json_begin_object(&w->json);
        assay_json_put_int(&w->json, "index", (int64_t)i);
        assay_json_end_object(&w->json);
        assay_json_end_object(&w->json);
        assay_buffer_dispose(&uri);
    }
    assay_json_end_array(&w->json);
}

static assay_status put_run(writer *w, const assay_identity *identity)
{
    const assay_evidence *e = w->evidence;
    char uuid[ASSAY_UUID_TEXT];

    ASSAY_TRY(assay_identity_uuid(uuid, identity, "sarif-run", 0, w->err));
    assay_json_begin_object(&w->json);
    put_tool(w);
    assay_json_key(&w->json, "automationDetails");
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "id", assay_json_get_text(e->run, "title", "Assay"));
    assay_json_put_text(&w->json, "guid", uuid);
    assay_json_end_object(&w->json);
    assay_json_key(&w->json, "invocations");
    assay_json_begin_array(&w->json);
    assay_json_begin_object(&w->json);
    assay_json_put_text(&w->json, "startTimeUtc",
                        assay_identity_time(assay_json_get_text(e->run, "started", "")));
    assay_json_put_text(&w->json, "endTimeUtc",
                        assay_identity_time(assay_json_get_text(e->run, "finished", "")));
    assay_json_put_bool(&w->json, "executionSuccessful", true);
    assay_json_end_object(&w->json);
    assay_json_end_array(&w->json);
    put_artifacts(w);
    assay_json_key(&w->json, "results");
    assay_json_begin_array(&w->json);
    for (size_t i = 0; i < assay_json_size(e->verdicts); i++) {
        ASSAY_TRY(put_verdict(w, i));
    }
    for (size_t i = 0; i < assay_json_size(e->findings); i++) {
        ASSAY_TRY(put_finding(w, i));
    }
    assay_json_end_array(&w->json);
    assay_json_key(&w->json, "properties");
    assay_json_begin_object(&w->json);
    if (e->marking[0] != '\0') {
        assay_json_put_text(&w->json, "marking", e->marking);
    }
    assay_json_put_text(&w->json, "plan.digest",
                        assay_json_get_text(assay_json_get(e->run, "plan"), "digest", ""));
    const char *rule = assay_json_get_text(assay_json_get(e->root, "rule"), "digest", "");
    if (rule[0] != '\0') {
        assay_json_put_text(&w->json, "rule.digest", rule);
    }
    const char *estimand = assay_json_get_text(e->run, "estimand", "");
    if (estimand[0] != '\0') {
        assay_json_put_text(&w->json, "estimand", estimand);
    }
    assay_json_end_object(&w->json);
    assay_json_end_object(&w->json);
    return ASSAY_OK;
}

assay_status assay_report_sarif(assay_buffer *out, const assay_json_value *results,
                                assay_error *err)
{
    assay_evidence evidence;
    assay_identity identity;

    ASSAY_TRY(assay_evidence_open(&evidence, results, err));
    writer w = {.evidence = &evidence, .err = err};
    assay_status status = assay_identity_open(&identity, &evidence, err);
    assay_json_init(&w.json, out, 1);
    assay_json_begin_object(&w.json);
    assay_json_put_text(&w.json, "$schema", SCHEMA);
    assay_json_put_text(&w.json, "version", "2.1.0");
    assay_json_key(&w.json, "runs");
    assay_json_begin_array(&w.json);
    if (status == ASSAY_OK) {
        status = index_kinds(&w);
    }
    if (status == ASSAY_OK) {
        status = put_run(&w, &identity);
    }
    assay_json_end_array(&w.json);
    assay_json_end_object(&w.json);
    assay_buffer_putc(out, '\n');
    assay_arena_free(evidence.arena);
    return status == ASSAY_OK ? assay_buffer_status(out, err) : status;
}
