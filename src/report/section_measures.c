#include <math.h>

#include "base/sort.h"
#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

enum { SHOWN = 20000 };

static void put_measure(assay_buffer *out, const assay_json_value *measure)
{
    double level = assay_evidence_real(measure, "level");
    const char *outcome = assay_json_get_text(measure, "outcome", "value");
    const char *reason = assay_json_get_text(measure, "reason", "");
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_puts(out, "<tr>");
    assay_buffer_puts(out, "<th scope=\"row\">");
    assay_words_measure(&text, measure);
    assay_html_buffer(out, &text);
    assay_buffer_clear(&text);
    assay_words_rest(&text, measure);
    if (text.size > 0) {
        assay_buffer_puts(out, " <small class=\"quiet\">");
        assay_html_buffer(out, &text);
        assay_buffer_puts(out, "</small>");
    }
    assay_buffer_clear(&text);
    assay_buffer_puts(out, "</th><td class=\"r\">");
    assay_words_value(&text, measure);
    assay_html_buffer(out, &text);
    assay_buffer_clear(&text);
    assay_buffer_puts(out, "</td><td class=\"r\">");
    assay_words_interval(&text, measure);
    assay_html_buffer(out, &text);
    assay_buffer_dispose(&text);
    assay_html_put(out, "</td><td class=\"r\">%s</td><td class=\"r\">%s</td><td>%s",
                   isnan(level) ? ""
                                : assay_figure_limit((assay_scale){.percent = true}, level).text,
                   assay_figure_count(assay_json_get_int(measure, "n", 0)).text,
                   assay_json_get_text(measure, "method", ""));
    if (!assay_text_equal(outcome, "value") || reason[0] != '\0') {
        assay_html_put(out, "<small class=\"reason\">%s%s%s</small>",
                       assay_text_equal(outcome, "too_few")     ? "too few samples"
                       : assay_text_equal(outcome, "undefined") ? "not defined"
                                                                : outcome,
                       reason[0] != '\0' ? ": " : "", reason);
    }
    const char *caution = assay_json_get_text(measure, "caution", "");
    if (caution[0] != '\0') {
        assay_html_put(out, "<small class=\"reason\">Caution: %s.</small>", caution);
    }
    assay_buffer_puts(out, "</td></tr>\n");
}

static void put_head(assay_buffer *out, const assay_evidence *evidence, int context, size_t n)
{
    assay_html_put(out,
                   "<details class=\"measures\">\n<summary>%s <span class=\"quiet\">(%zu)</span>"
                   "</summary>\n<div class=\"wide\"><table>\n<thead><tr>",
                   assay_evidence_context_title(evidence, context), n);
    assay_buffer_puts(out, "<th scope=\"col\">Measure</th><th scope=\"col\" class=\"r\">Value</th>"
                           "<th scope=\"col\" class=\"r\">Interval</th><th scope=\"col\" "
                           "class=\"r\">Level</th><th scope=\"col\" class=\"r\">n</th><th "
                           "scope=\"col\">Interval method</th></tr></thead>\n");
}

/** The rows of one model begin; its name is given when there are several. */
static void put_model(assay_buffer *out, const assay_evidence *evidence, int model, bool first)
{
    assay_buffer_puts(out, first ? "<tbody>\n" : "</tbody>\n<tbody>\n");
    if (evidence->n_models > 1) {
        assay_html_put(out,
                       "<tr class=\"model\"><th scope=\"rowgroup\" colspan=\"6\">%s</th></tr>\n",
                       assay_evidence_model_title(evidence, model));
    }
}

void assay_section_measures(assay_buffer *out, const assay_evidence *evidence)
{
    size_t total = assay_json_size(evidence->measures), n = 0;
    double *keys = assay_evidence_alloc(evidence, out, total + 1, sizeof *keys);
    int64_t *order = assay_evidence_alloc(evidence, out, total + 1, sizeof *order);
    int64_t *of = assay_evidence_alloc(evidence, out, total + 1, sizeof *of);
    if (total == 0 || keys == NULL || order == NULL || of == NULL) {
        return;
    }
    for (size_t i = 0; i < total && n < SHOWN; i++) {
        const assay_json_value *item = assay_json_at(evidence->measures, i);
        int model = assay_evidence_model(evidence, assay_json_get_text(item, "model", NULL));
        int context = assay_evidence_context(evidence, assay_json_get_text(item, "context", NULL));
        if (model >= 0 && context >= 0) {
            keys[n] = (double)context * ASSAY_EVIDENCE_MODELS + model;
            of[n++] = (int64_t)i;
        }
    }
    assay_status status = assay_sort_order(order, keys, (int64_t)n, 0, NULL);
    if (status != ASSAY_OK) {
        out->failed = status;
        return;
    }
    assay_section_begin(out, "measures", "All measures",
                        "Everything that was measured in each context; open what you need. Exact "
                        "values are in results.json.");
    assay_buffer_puts(out, "<p class=\"note only-print\">Tables that are closed on the screen are "
                           "not printed.</p>\n");
    for (size_t i = 0, end = 0; i < n; i++) {
        double key = keys[order[i]];
        int context = (int)key / ASSAY_EVIDENCE_MODELS;
        bool first = i == end;
        if (first) {
            while (end < n && (int)keys[order[end]] / ASSAY_EVIDENCE_MODELS == context) {
                end++;
            }
            put_head(out, evidence, context, end - i);
        }
        if (first || keys[order[i - 1]] != key) {
            put_model(out, evidence, (int)key % ASSAY_EVIDENCE_MODELS, first);
        }
        put_measure(out, assay_json_at(evidence->measures, (size_t)of[order[i]]));
        assay_buffer_puts(out, i + 1 == end ? "</tbody>\n</table></div>\n</details>\n" : "");
    }
    assay_section_rest(out, n, total, "measures");
    assay_section_end(out);
}
