/* Measures of one context as sections show them: cells of a table, rows of classes. */
#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "base/text.h"
#include "report/section.h"

enum { CLASSES = 60 };

void assay_section_model_row(assay_buffer *out, const assay_evidence *evidence, int model)
{
    assay_buffer_puts(out, "<tr><th scope=\"row\">");
    if (evidence->n_models > 1) {
        assay_svg_legend_mark(out, model);
    }
    assay_html_put(out, " %s</th>", assay_evidence_model_title(evidence, model));
}

void assay_section_measure_cell(assay_buffer *out, const assay_json_value *measure,
                                assay_scale of_value, assay_scale of_ends)
{
    double low = assay_evidence_real(measure, "low");
    double high = assay_evidence_real(measure, "high");
    assay_html_put(out, "<td class=\"r\">%s",
                   assay_figure_value(of_value, assay_evidence_real(measure, "value")).text);
    if (!isnan(low) && !isnan(high)) {
        assay_html_put(out, "<small class=\"reason\">%s\xe2\x80\x93%s</small>",
                       assay_figure_bare(of_ends, low).text, assay_figure_bare(of_ends, high).text);
    }
    assay_buffer_puts(out, "</td>");
}

void assay_section_read_dot(assay_dot *dot, const assay_json_value *measure)
{
    dot->value = assay_evidence_real(measure, "value");
    dot->low = assay_evidence_real(measure, "low");
    dot->high = assay_evidence_real(measure, "high");
    dot->n = assay_json_get_int(measure, "n", 0);
}

/* Names of the classes with a value in a context, in the order of the results. */
static size_t list_classes(const char *names[CLASSES], size_t *total,
                           const assay_evidence *evidence, int context, const assay_by_class *by)
{
    size_t n = 0;
    *total = 0;
    for (size_t i = 0; i < assay_json_size(evidence->measures); i++) {
        const assay_json_value *m = assay_json_at(evidence->measures, i);
        const char *name = assay_json_get_text(m, "class", NULL);
        if (name == NULL || !by->fits(m, by->what, name) ||
            assay_evidence_context(evidence, assay_json_get_text(m, "context", NULL)) != context ||
            isnan(assay_evidence_real(m, "value"))) {
            continue;
        }
        size_t k = 0;
        while (k < n && strcmp(names[k], name) != 0) {
            k++;
        }
        if (k == n) {
            (*total)++;
            if (n < CLASSES) {
                names[n++] = name;
            }
        }
    }
    return n;
}

bool assay_section_classes(assay_buffer *out, const assay_evidence *evidence, int context,
                           bool several, const assay_by_class *by)
{
    const char *names[CLASSES];
    double keys[CLASSES];
    int64_t order[CLASSES];
    size_t total = 0;
    size_t n = list_classes(names, &total, evidence, context, by);
    const assay_track track = {.ticks = assay_ticks_make(0, 1, 5), .most = 3};
    if (n == 0) {
        return false;
    }
    assay_dot *dots = assay_evidence_alloc(evidence, out, evidence->n_models + 1, sizeof *dots);
    if (dots == NULL) {
        return true;
    }
    /* Worst first, by the first model that has the class. */
    for (size_t k = 0; k < n; k++) {
        keys[k] = NAN;
        for (size_t m = 0; m < evidence->n_models && isnan(keys[k]); m++) {
            keys[k] = assay_evidence_real(
                assay_evidence_find(evidence, (int)m, context, by->fits, by->what, names[k]),
                "value");
        }
    }
    if (assay_sort_order(order, keys, (int64_t)n, 0, NULL) != ASSAY_OK) {
        out->failed = ASSAY_ENOMEM;
        return true;
    }
    assay_html_put(out,
                   "<figure class=\"rows\">\n<figcaption><b>By class%s%s</b> <span "
                   "class=\"quiet\">%s, the hardest first; n counts %s</span></figcaption>\n",
                   several ? ": " : "",
                   several ? assay_evidence_context_title(evidence, context) : "", by->title,
                   by->counted);
    for (size_t k = 0; k < n; k++) {
        const char *name = names[order[k]];
        for (size_t m = 0; m < evidence->n_models; m++) {
            assay_section_read_dot(
                &dots[m], assay_evidence_find(evidence, (int)m, context, by->fits, by->what, name));
        }
        assay_section_dots(out, evidence, &track, name, NULL, dots, NULL);
    }
    assay_section_dots_foot(out, &track, assay_evidence_real(evidence->run, "level"));
    assay_buffer_puts(out, "</figure>\n");
    assay_section_rest(out, n, total, "classes");
    return true;
}
