#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

enum { CARDS = 4, SHOWN = 300 };

static void put_evidence(assay_buffer *out, const assay_json_value *list)
{
    size_t n = assay_json_is_array(list) ? assay_json_size(list) : 0;
    if (n == 0) {
        return;
    }
    assay_buffer_puts(out, "<ul class=\"evidence\">");
    for (size_t i = 0; i < n && i < 20; i++) {
        const assay_json_value *item = assay_json_at(list, i);
        assay_buffer text;
        assay_buffer_init(&text, 0);
        if (assay_json_is_object(item)) {
            assay_words_params(&text, item);
        } else if (assay_json_is_number(item)) {
            assay_buffer_puts(&text, assay_figure_short(assay_json_as_real(item, NAN)).text);
        } else {
            assay_buffer_puts(&text, assay_json_as_text(item, ""));
        }
        assay_buffer_puts(out, text.size > 0 ? "<li>" : "");
        assay_html_buffer(out, &text);
        assay_buffer_puts(out, text.size > 0 ? "</li>" : "");
        assay_buffer_dispose(&text);
    }
    assay_buffer_puts(out, "</ul>\n");
    assay_section_rest(out, n < 20 ? n : 20, n, "pieces of evidence");
}

static const char *css_of(const assay_json_value *finding)
{
    const char *severity = assay_json_get_text(finding, "severity", "low");
    return assay_text_equal(severity, "high")     ? "high"
           : assay_text_equal(severity, "medium") ? "medium"
                                                  : "low";
}

/** What it concerns, unless the finding says it already. */
static void put_place(assay_buffer *out, const char *name, const assay_json_value *finding,
                      const char *key, const assay_json_value *list)
{
    const char *title = assay_evidence_title(list, assay_json_get_text(finding, key, ""));
    if (title[0] != '\0' && strstr(assay_json_get_text(finding, "title", ""), title) == NULL &&
        strstr(assay_json_get_text(finding, "text", ""), title) == NULL) {
        assay_html_put(out, "<p class=\"note\">%s: %s</p>\n", name, title);
    }
}

static void put_finding(assay_buffer *out, const assay_evidence *evidence,
                        const assay_json_value *finding)
{
    const char *css = css_of(finding);
    assay_html_put(
        out,
        "<article class=\"finding %s\">\n<p class=\"id\">%s importance</p>\n<h3>%s</h3>\n"
        "<p>%s</p>\n",
        css, css, assay_json_get_text(finding, "title", ""),
        assay_json_get_text(finding, "text", ""));
    put_evidence(out, assay_json_get(finding, "evidence"));
    put_place(out, "Model", finding, "model", evidence->models);
    put_place(out, "Context", finding, "context", evidence->contexts);
    assay_buffer_puts(out, "</article>\n");
}

static void put_small(assay_buffer *out, const assay_json_value *finding)
{
    assay_html_put(out,
                   "<tr><td class=\"id\">%s</td><th scope=\"row\">%s<small>%s</small></th></tr>\n",
                   css_of(finding), assay_json_get_text(finding, "title", ""),
                   assay_json_get_text(finding, "text", ""));
}

void assay_section_findings(assay_buffer *out, const assay_evidence *evidence)
{
    static const char *const ranks[] = {"high", "medium", "low"};
    size_t n = assay_json_size(evidence->findings), shown = 0;
    if (n == 0) {
        return;
    }
    assay_section_begin(out, "findings", "What we found", NULL);
    for (size_t rank = 0; rank < ASSAY_COUNT(ranks); rank++) {
        for (size_t i = 0; i < n; i++) {
            const assay_json_value *finding = assay_json_at(evidence->findings, i);
            if (!assay_text_equal(css_of(finding), ranks[rank])) {
                continue;
            }
            if (shown == CARDS) {
                assay_buffer_puts(out, "<h3 class=\"group\">Also found</h3>\n<table class=\"also\">"
                                       "\n<thead><tr><th scope=\"col\">Importance</th><th "
                                       "scope=\"col\">Finding</th></tr></thead>\n<tbody>\n");
            }
            if (shown++ < CARDS) {
                put_finding(out, evidence, finding);
            } else if (shown <= SHOWN) {
                put_small(out, finding);
            }
        }
    }
    assay_buffer_puts(out, shown > CARDS ? "</tbody>\n</table>\n" : "");
    assay_section_rest(out, n < SHOWN ? n : SHOWN, n, "findings");
    assay_section_end(out);
}
