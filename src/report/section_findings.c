#include <math.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

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

static void put_finding(assay_buffer *out, const assay_evidence *evidence,
                        const assay_json_value *finding)
{
    const char *severity = assay_json_get_text(finding, "severity", "low");
    const char *model = assay_json_get_text(finding, "model", "");
    const char *context = assay_json_get_text(finding, "context", "");
    const char *css = assay_text_equal(severity, "high")     ? "high"
                      : assay_text_equal(severity, "medium") ? "medium"
                                                             : "low";
    assay_html_put(
        out,
        "<article class=\"finding %s\">\n<p class=\"id\">%s importance</p>\n<h3>%s</h3>\n"
        "<p>%s</p>\n",
        css, css, assay_json_get_text(finding, "title", ""),
        assay_json_get_text(finding, "text", ""));
    put_evidence(out, assay_json_get(finding, "evidence"));
    if (model[0] != '\0' || context[0] != '\0') {
        assay_buffer_puts(out, "<p class=\"note\">");
        if (model[0] != '\0') {
            assay_html_put(out, "Model: %s", assay_evidence_title(evidence->models, model));
        }
        if (context[0] != '\0') {
            assay_html_put(out, "%sContext: %s", model[0] != '\0' ? " \xc2\xb7 " : "",
                           assay_evidence_title(evidence->contexts, context));
        }
        assay_buffer_puts(out, "</p>\n");
    }
    assay_buffer_puts(out, "</article>\n");
}

void assay_section_findings(assay_buffer *out, const assay_evidence *evidence)
{
    static const char *const order[] = {"high", "medium"};
    size_t n = assay_json_size(evidence->findings);
    if (n == 0) {
        return;
    }
    assay_section_begin(out, "findings", "What we found", NULL);
    for (int rank = 0; rank < 3; rank++) {
        for (size_t i = 0; i < n; i++) {
            const assay_json_value *finding = assay_json_at(evidence->findings, i);
            const char *severity = assay_json_get_text(finding, "severity", "low");
            int place = assay_text_equal(severity, order[0])   ? 0
                        : assay_text_equal(severity, order[1]) ? 1
                                                               : 2;
            if (place == rank) {
                put_finding(out, evidence, finding);
            }
        }
    }
    assay_section_end(out);
}
