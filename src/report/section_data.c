#include <math.h>

#include "base/text.h"
#include "report/section.h"

enum { CLASSES = 100, SKIPPED = 200, COLUMNS = 200 };

static void put_fact(assay_buffer *out, const char *name, const char *text, const char *css)
{
    if (text[0] != '\0') {
        assay_html_put(out, "<div><dt>%s</dt><dd class=\"%s\">%s</dd></div>\n", name, css, text);
    }
}

static void put_classes(assay_buffer *out, const assay_json_value *data)
{
    const assay_json_value *names = assay_json_get(data, "classes");
    const assay_json_value *counts = assay_json_get(data, "class_counts");
    size_t n = assay_json_is_array(counts) ? assay_json_size(counts) : 0;
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, assay_json_as_real(assay_json_at(counts, i), 0));
    }
    if (n == 0 || !(most > 0)) {
        return;
    }
    assay_html_put(out,
                   "<details%s>\n<summary>Classes (%zu)</summary>\n<div class=\"wide\"><table "
                   "class=\"bars\">\n<thead><tr><th scope=\"col\">Class</th><th scope=\"col\" "
                   "class=\"r\">Samples</th><th></th></tr></thead>\n<tbody>\n",
                   n <= 12 ? " open" : "", n);
    for (size_t i = 0; i < n && i < CLASSES; i++) {
        double count = assay_json_as_real(assay_json_at(counts, i), 0);
        const char *name =
            assay_json_is_array(names) ? assay_json_as_text(assay_json_at(names, i), "") : "";
        assay_html_put(out,
                       "<tr><th scope=\"row\">%s</th><td class=\"r\">%s</td><td><svg class=\"bar\" "
                       "height=\"10\" aria-hidden=\"true\"><rect class=\"m0\" height=\"10\" "
                       "width=\"%s%%\"/></svg></td></tr>\n",
                       name, assay_figure_fixed(count, 0).text,
                       assay_figure_fixed(count > 0 ? 100 * count / most : 0, 1).text);
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n < CLASSES ? n : CLASSES, n, "classes");
    assay_buffer_puts(out, "</details>\n");
}

static void put_columns(assay_buffer *out, const assay_json_value *data)
{
    const assay_json_value *columns = assay_json_get(data, "columns");
    size_t n = assay_json_is_array(columns) ? assay_json_size(columns) : 0;
    if (n == 0) {
        return;
    }
    assay_html_put(out,
                   "<details>\n<summary>Properties of each sample (%zu)</summary>\n<div "
                   "class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Property</th><th "
                   "scope=\"col\">Kind</th><th scope=\"col\" class=\"r\">Lowest</th><th "
                   "scope=\"col\" class=\"r\">Mean</th><th scope=\"col\" class=\"r\">Highest</th>"
                   "</tr></thead>\n<tbody>\n",
                   n);
    for (size_t i = 0; i < n && i < COLUMNS; i++) {
        static const char *const keys[] = {"low", "mean", "high"};
        const assay_json_value *column = assay_json_at(columns, i);
        assay_html_put(out, "<tr><th scope=\"row\">%s</th><td>%s</td>",
                       assay_json_get_text(column, "name", ""),
                       assay_json_get_text(column, "type", ""));
        for (size_t k = 0; k < ASSAY_COUNT(keys); k++) {
            double value = assay_evidence_real(column, keys[k]);
            assay_html_put(out, "<td class=\"r\">%s</td>",
                           isnan(value) ? "" : assay_figure_round(value).text);
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n < COLUMNS ? n : COLUMNS, n, "properties");
    assay_buffer_puts(out, "</details>\n");
}

static void put_skipped(assay_buffer *out, const assay_json_value *data)
{
    const assay_json_value *skipped = assay_json_get(data, "skipped");
    size_t n = assay_json_is_array(skipped) ? assay_json_size(skipped) : 0;
    if (n == 0) {
        assay_buffer_puts(out, "<p class=\"note\">Nothing was left out.</p>\n");
        return;
    }
    assay_html_put(out,
                   "<details open>\n<summary>Left out (%zu)</summary>\n<p class=\"note\">These "
                   "samples could not be used. No number in this report includes them.</p>\n<div "
                   "class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Sample</th><th "
                   "scope=\"col\">Where</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
                   n);
    for (size_t i = 0; i < n && i < SKIPPED; i++) {
        const assay_json_value *item = assay_json_at(skipped, i);
        assay_html_put(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td></tr>\n",
                       assay_json_get_text(item, "id", ""), assay_json_get_text(item, "where", ""),
                       assay_json_get_text(item, "reason", ""));
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n < SKIPPED ? n : SKIPPED, n, "left-out samples");
    assay_buffer_puts(out, "</details>\n");
}

void assay_section_data(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->data);
    if (n == 0) {
        return;
    }
    assay_section_begin(out, "data", "The data", NULL);
    assay_buffer_puts(out, "<div class=\"cards\">\n");
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *data = assay_json_at(evidence->data, i);
        const char *name = assay_json_get_text(data, "name", "");
        const char *title = assay_json_get_text(data, "title", "");
        int64_t size = assay_json_get_int(data, "n", -1);
        assay_html_put(out, "<article class=\"card\">\n<h3>%s</h3>\n<dl class=\"facts\">\n",
                       title[0] != '\0' ? title : name);
        put_fact(out, "Samples", size >= 0 ? assay_figure_count(size).text : "", "");
        put_fact(out, "Place", assay_json_get_text(data, "path", ""), "code");
        put_fact(out, "Digest", assay_json_get_text(data, "digest", ""), "code");
        assay_buffer_puts(out, "</dl>\n");
        put_skipped(out, data);
        put_classes(out, data);
        put_columns(out, data);
        assay_buffer_puts(out, "</article>\n");
    }
    assay_buffer_puts(out, "</div>\n");
    assay_section_end(out);
}
