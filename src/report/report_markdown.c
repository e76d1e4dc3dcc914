#include "report/report.h"

#include "base/text.h"
#include "report/evidence.h"
#include "report/markdown.h"
#include "report/words.h"
#include "report/write.h"

void assay_markdown_words(assay_buffer *out, const assay_json_value *item,
                          void (*words)(assay_buffer *, const assay_json_value *))
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    words(&text, item);
    assay_markdown_buffer(out, &text);
    assay_buffer_dispose(&text);
}

static void put_marking(assay_buffer *out, const assay_evidence *evidence)
{
    if (evidence->marking[0] != '\0') {
        assay_markdown_put(out, "**%s**\n\n", evidence->marking);
    }
}

static void put_titles(assay_buffer *out, const char *name, const assay_json_value *list)
{
    size_t n = assay_json_size(list);
    for (size_t i = 0; i < n && i < 32; i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const char *title = assay_json_get_text(item, "title", "");
        int64_t size = assay_json_get_int(item, "n", -1);
        assay_markdown_put(out, "%s%s", i == 0 ? name : ", ",
                           title[0] != '\0' ? title : assay_json_get_text(item, "name", ""));
        if (size >= 0) {
            assay_markdown_put(out, " (%s samples)", assay_figure_count(size).text);
        }
    }
    assay_buffer_puts(out, n > 0 ? "\n" : "");
}

static void put_summary(assay_buffer *out, const assay_evidence *evidence)
{
    const char *description = assay_json_get_text(evidence->run, "description", "");
    const char *status = assay_json_get_text(evidence->run, "status", "complete");
    const char *estimand = assay_json_get_text(evidence->run, "estimand", "");
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_markdown_put(out, "# %s\n\n",
                       assay_json_get_text(evidence->run, "title", "Untitled test"));
    assay_words_outcome(&text, evidence);
    assay_buffer_puts(out, "**");
    assay_markdown_buffer(out, &text);
    assay_buffer_puts(out, "**\n\n");
    assay_buffer_clear(&text);
    if (description[0] != '\0') {
        assay_markdown_put(out, "%s\n\n", description);
    }
    if (!assay_text_equal(status, "complete")) {
        assay_markdown_put(out, "**This test is not complete** (state: %s).\n\n", status);
    }
    put_titles(out, "- Models: ", evidence->models);
    put_titles(out, "- Data: ", evidence->data);
    assay_words_time(&text, assay_json_get_text(evidence->run, "finished", ""));
    if (text.size > 0) {
        assay_buffer_puts(out, "- Tested: ");
        assay_markdown_buffer(out, &text);
        assay_buffer_puts(out, "\n");
    }
    assay_buffer_dispose(&text);
    if (estimand[0] != '\0') {
        assay_markdown_put(out, "- What the numbers speak about: %s\n", estimand);
    }
    assay_buffer_puts(out, "\n");
}

static void put_place(assay_buffer *out, const assay_evidence *evidence,
                      const assay_json_value *verdict)
{
    assay_markdown_words(out, verdict, assay_words_measure);
    assay_markdown_put(
        out, " of %s in %s, each bound at %s confidence. ",
        assay_evidence_title(evidence->models, assay_json_get_text(verdict, "model", "")),
        assay_evidence_place(evidence, verdict),
        assay_figure_limit((assay_scale){.percent = true},
                           assay_evidence_real(verdict, "confidence"))
            .text);
}

static void put_verdicts(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->verdicts);
    if (n == 0) {
        return;
    }
    assay_buffer_puts(out, "## Requirements\n\n| Requirement | Verdict | Measured | True value | "
                           "Needed | n |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *verdict = assay_json_at(evidence->verdicts, i);
        assay_scale scale = assay_words_verdict_scale(verdict);
        double value = assay_evidence_real(verdict, "value");
        assay_markdown_put(out, "| %s | **%s** | %s | ", assay_json_get_text(verdict, "id", ""),
                           assay_evidence_verdict_name(assay_evidence_verdict(verdict)),
                           assay_figure_value(scale, value).text);
        assay_markdown_words(out, verdict, assay_words_between);
        assay_buffer_puts(out, " | ");
        assay_markdown_words(out, verdict, assay_words_needed);
        assay_markdown_put(out, " | %s |\n",
                           assay_figure_count(assay_json_get_int(verdict, "n", 0)).text);
    }
    assay_buffer_puts(out, "\n");
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *verdict = assay_json_at(evidence->verdicts, i);
        assay_markdown_put(out, "### %s: %s\n\n%s\n\n", assay_json_get_text(verdict, "id", ""),
                           assay_evidence_verdict_name(assay_evidence_verdict(verdict)),
                           assay_json_get_text(verdict, "text", ""));
        if (!assay_words_composite(verdict)) {
            put_place(out, evidence, verdict);
        }
        assay_markdown_words(out, verdict, assay_words_why);
        assay_markdown_words(out, verdict, assay_words_more);
        assay_buffer_puts(out, "\n\n");
    }
}

static void put_findings(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->findings);
    assay_buffer_puts(out, n > 0 ? "## What we found\n\n" : "");
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *finding = assay_json_at(evidence->findings, i);
        const assay_json_value *list = assay_json_get(finding, "evidence");
        assay_markdown_put(out, "- **%s** (%s importance). %s\n",
                           assay_json_get_text(finding, "title", ""),
                           assay_json_get_text(finding, "severity", "low"),
                           assay_json_get_text(finding, "text", ""));
        for (size_t e = 0; assay_json_is_array(list) && e < assay_json_size(list) && e < 20; e++) {
            const assay_json_value *item = assay_json_at(list, e);
            assay_buffer_puts(out, "  - ");
            if (assay_json_is_object(item)) {
                assay_markdown_words(out, item, assay_words_params);
            } else {
                assay_markdown_put(out, "%s", assay_json_as_text(item, ""));
            }
            assay_buffer_puts(out, "\n");
        }
    }
    assay_buffer_puts(out, n > 0 ? "\n" : "");
}

assay_status assay_report_markdown(assay_buffer *out, const assay_json_value *results,
                                   assay_error *err)
{
    assay_evidence evidence;
    ASSAY_TRY(assay_evidence_open(&evidence, results, err));
    put_marking(out, &evidence);
    put_summary(out, &evidence);
    put_verdicts(out, &evidence);
    put_findings(out, &evidence);
    assay_markdown_compare(out, &evidence);
    assay_markdown_tables(out, &evidence);
    put_marking(out, &evidence);
    assay_arena_free(evidence.arena);
    return assay_buffer_status(out, err);
}
