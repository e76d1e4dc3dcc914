/* Groups against each other: per model, context and grouping a forest plot of the rates of each group,
 * the gaps between groups in words, and every group against the rest. */
#include <math.h>

#include "base/text.h"
#include "report/compare.h"
#include "report/section.h"
#include "report/words.h"

enum { ENTRIES = 12, OPEN = 2, ROWS = 100, TRACK = 24, COMPARISONS = 500 };

static const char *const rates[] = {"selection_rate", "recall", "false_positive_rate", "precision",
                                    "accuracy"};

static const assay_json_value *list_of(const assay_json_value *object, const char *key)
{
    const assay_json_value *list = assay_json_get(object, key);
    return assay_json_is_array(list) ? list : NULL;
}

static bool has_value(const assay_json_value *measure)
{
    return assay_text_equal(assay_json_get_text(measure, "outcome", ""), "value");
}

/* Without a positive class the rates of the first class stand for the chart. */
static const char *class_of(const assay_json_value *entry)
{
    const assay_json_value *list = list_of(entry, "within");
    const char *positive = assay_json_get_text(entry, "positive", NULL);
    for (size_t i = 0; positive == NULL && i < assay_json_size(list); i++) {
        positive = assay_json_get_text(assay_json_at(list, i), "class", NULL);
    }
    return positive;
}

static const assay_json_value *within(const assay_json_value *entry, const char *group,
                                      const char *metric, const char *class_name)
{
    const assay_json_value *list = list_of(entry, "within");
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const char *own = assay_json_get_text(item, "class", NULL);
        bool whole = own == NULL && assay_json_is_null(assay_json_get(item, "average"));
        if (assay_text_equal(assay_json_get_text(item, "group", NULL), group) &&
            assay_text_equal(assay_json_get_text(item, "metric", ""), metric) &&
            (whole || (own != NULL && assay_text_equal(own, class_name)))) {
            return item;
        }
    }
    return NULL;
}

static void put_group(assay_buffer *out, const assay_json_value *entry, const assay_track *track,
                      int model, const assay_json_value *group, const char *metric,
                      const char *class_name)
{
    const char *name = assay_json_get_text(group, "name", "");
    const assay_json_value *item = within(entry, name, metric, class_name);
    double value = assay_evidence_real(item, "value");
    double low = assay_evidence_real(item, "low"), high = assay_evidence_real(item, "high");
    assay_scale scale = assay_scale_of(true, value, low, high);
    bool valued = has_value(item);
    assay_html_put(out,
                   "<div class=\"row\"><div class=\"label\">%s<small>%s rows</small></div><div "
                   "class=\"chart\">",
                   name, assay_figure_count(assay_json_get_int(item, "n", 0)).text);
    assay_track_begin(out, track, TRACK, name);
    if (valued) {
        assay_track_interval(out, track, model, TRACK / 2.0, value, low, high);
    }
    assay_track_end(out);
    assay_buffer_puts(out, "</div><div class=\"nums\"><span class=\"num\">");
    if (valued) {
        assay_html_put(out, "<b>%s</b> <span class=\"quiet\">%s to %s</span>",
                       assay_figure_value(scale, value).text, assay_figure_bare(scale, low).text,
                       assay_figure_bare(scale, high).text);
    } else {
        assay_html_put(out, "<span class=\"quiet\">%s</span>",
                       assay_text_equal(assay_json_get_text(item, "outcome", ""), "too_few")
                           ? "too few rows"
                           : "no value");
    }
    assay_buffer_puts(out, "</span></div></div>\n");
}

static void put_forest(assay_buffer *out, const assay_json_value *entry, int model,
                       const char *metric, const char *class_name)
{
    const assay_json_value *groups = list_of(entry, "groups");
    assay_track track = {.ticks = assay_ticks_make(0, 1, 4), .percent = true};
    const assay_metric_words *words = assay_words_metric(metric);
    size_t n = assay_json_size(groups);
    assay_buffer title;
    assay_buffer_init(&title, 0);
    assay_words_metric_title(&title, metric);
    if (!assay_text_equal(metric, "accuracy") && class_name != NULL) {
        assay_buffer_puts(&title, " of ");
        assay_buffer_puts(&title, class_name);
    }
    assay_buffer_puts(out, "<figure class=\"rows\">\n<figcaption><b>");
    assay_html_buffer(out, &title);
    assay_html_put(out, "</b> <span class=\"quiet\">%s</span></figcaption>\n<div class=\"dots\">\n",
                   words != NULL ? words->meaning : "");
    assay_buffer_dispose(&title);
    for (size_t g = 0; g < n && g < ROWS; g++) {
        put_group(out, entry, &track, model, assay_json_at(groups, g), metric, class_name);
    }
    assay_buffer_puts(out, "<div class=\"row foot\"><div class=\"label\"></div><div "
                           "class=\"chart\">");
    assay_track_axis(out, &track);
    assay_buffer_puts(out, "</div><div class=\"nums quiet\">value, interval</div></div>\n</div>\n");
    assay_section_rest(out, n < ROWS ? n : ROWS, n, "groups");
    assay_buffer_puts(out, "</figure>\n");
}

static void put_gap(assay_buffer *out, const assay_json_value *item)
{
    double low = assay_evidence_real(item, "low"), high = assay_evidence_real(item, "high");
    assay_buffer text;
    assay_buffer value;
    assay_buffer_init(&text, 0);
    assay_buffer_init(&value, 0);
    assay_words_measure(&text, item);
    assay_words_value(&value, item);
    assay_buffer_puts(out, "<tr><th scope=\"row\">");
    assay_html_buffer(out, &text);
    assay_buffer_puts(out, "</th><td class=\"r\">");
    assay_html_buffer(out, &value);
    if (has_value(item) && !isnan(low) && !isnan(high)) {
        assay_scale scale = assay_words_scale(item);
        assay_html_put(out, " <span class=\"quiet\">%s to %s</span>",
                       assay_figure_bare(scale, low).text, assay_figure_bare(scale, high).text);
    }
    assay_html_put(out, "</td><td>%s</td></tr>\n", assay_json_get_text(item, "reason", ""));
    assay_buffer_dispose(&text);
    assay_buffer_dispose(&value);
}

static void put_gaps(assay_buffer *out, const assay_json_value *entry)
{
    const assay_json_value *gaps = list_of(entry, "gaps");
    if (assay_json_size(gaps) == 0) {
        return;
    }
    assay_buffer_puts(out, "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Between "
                           "groups</th><th scope=\"col\" class=\"r\">Value, interval</th><th "
                           "scope=\"col\">Which</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < assay_json_size(gaps) && i < COMPARISONS; i++) {
        put_gap(out, assay_json_at(gaps, i));
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
}

static void put_comparison(assay_buffer *out, const assay_json_value *item)
{
    double value = assay_evidence_real(item, "difference");
    double low = assay_evidence_real(item, "low"), high = assay_evidence_real(item, "high");
    double p = assay_evidence_real(item, "p_adjusted");
    assay_scale scale = assay_scale_of(true, value, low, high);
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_words_measure(&text, item);
    assay_buffer_puts(out, "<tr><th scope=\"row\">");
    assay_html_buffer(out, &text);
    assay_html_put(out, "</th><td>%s</td>", assay_json_get_text(item, "group", ""));
    assay_buffer_dispose(&text);
    if (!has_value(item)) {
        assay_html_put(out, "<td colspan=\"3\" class=\"quiet\">%s</td></tr>\n",
                       assay_json_get_text(item, "reason", ""));
        return;
    }
    assay_html_put(out,
                   "<td class=\"r\">%s%s <span class=\"quiet\">%s to %s</span></td><td "
                   "class=\"r\">%s</td><td class=\"r\">%s</td></tr>\n",
                   value > 0.0 ? "+" : "", assay_figure_value(scale, value).text,
                   assay_figure_bare(scale, low).text, assay_figure_bare(scale, high).text,
                   assay_figure_fixed(assay_evidence_real(item, "ratio"), 2).text,
                   assay_compare_p(p).text);
}

static void put_comparisons(assay_buffer *out, const assay_json_value *entry)
{
    const assay_json_value *list = list_of(entry, "against_rest");
    size_t n = assay_json_size(list);
    const char *not_compared = assay_json_get_text(entry, "not_compared", NULL);
    if (not_compared != NULL) {
        assay_html_put(out, "<p class=\"quiet\">Groups are not compared with the rest: %s.</p>\n",
                       not_compared);
    }
    if (n == 0) {
        return;
    }
    assay_buffer_puts(out, "<details>\n<summary>Each group against all other rows</summary>\n<div "
                           "class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Rate</th><th "
                           "scope=\"col\">Group</th><th scope=\"col\" class=\"r\">Difference, "
                           "interval</th><th scope=\"col\" class=\"r\">Ratio</th><th scope=\"col\" "
                           "class=\"r\">p, adjusted</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n && i < COMPARISONS; i++) {
        put_comparison(out, assay_json_at(list, i));
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n < COMPARISONS ? n : COMPARISONS, n, "comparisons");
    assay_buffer_puts(out, "</details>\n");
}

static void put_ends(assay_buffer *out, const assay_json_value *item, assay_scale scale)
{
    double value = assay_evidence_real(item, "value");
    double low = assay_evidence_real(item, "low"), high = assay_evidence_real(item, "high");
    assay_html_put(out, "<td class=\"r\">%s", assay_figure_value(scale, value).text);
    if (!isnan(low) && !isnan(high)) {
        assay_html_put(out, " <span class=\"quiet\">%s to %s</span>",
                       assay_figure_bare(scale, low).text, assay_figure_bare(scale, high).text);
    }
    assay_buffer_puts(out, "</td>");
}

static void put_extreme(assay_buffer *out, const assay_json_value *item)
{
    const assay_json_value *highest = assay_json_get(item, "highest");
    const assay_json_value *lowest = assay_json_get(item, "lowest");
    bool high = assay_text_equal(assay_json_get_text(item, "worst", ""), "highest");
    assay_scale scale = assay_words_scale(item);
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_words_measure(&text, item);
    assay_buffer_puts(out, "<tr><th scope=\"row\">");
    assay_html_buffer(out, &text);
    assay_buffer_puts(out, "</th>");
    assay_buffer_dispose(&text);
    if (!has_value(item)) {
        assay_html_put(out, "<td colspan=\"5\" class=\"quiet\">%s</td></tr>\n",
                       assay_json_get_text(item, "reason", ""));
        return;
    }
    assay_html_put(out, "<td>%s</td>", assay_json_get_text(high ? highest : lowest, "group", ""));
    put_ends(out, high ? highest : lowest, scale);
    assay_html_put(out, "<td>%s</td>", assay_json_get_text(high ? lowest : highest, "group", ""));
    put_ends(out, assay_json_get(item, "difference"), scale);
    assay_html_put(out, "<td class=\"r\">%s</td></tr>\n",
                   assay_compare_p(assay_evidence_real(item, "p_adjusted")).text);
}

static void put_extremes(assay_buffer *out, const assay_json_value *entry)
{
    const assay_json_value *list = list_of(entry, "extremes");
    size_t n = assay_json_size(list);
    if (n == 0) {
        return;
    }
    assay_buffer_puts(out,
                      "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Worst group by"
                      "</th><th scope=\"col\">Worst (or lowest)</th><th scope=\"col\" "
                      "class=\"r\">Value, interval</th><th scope=\"col\">Best (or highest)</th>"
                      "<th scope=\"col\" class=\"r\">Difference, interval</th><th scope=\"col\" "
                      "class=\"r\">p, adjusted</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n && i < COMPARISONS; i++) {
        put_extreme(out, assay_json_at(list, i));
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n < COMPARISONS ? n : COMPARISONS, n, "measures");
}

static void put_entry(assay_buffer *out, const assay_evidence *evidence,
                      const assay_json_value *entry)
{
    const char *model = assay_json_get_text(entry, "model", "");
    const char *context = assay_json_get_text(entry, "context", "");
    const char *title = assay_json_get_text(entry, "title", NULL);
    const char *class_name = class_of(entry);
    int mark = assay_evidence_model(evidence, model);
    assay_html_put(out, "<h3 class=\"group\">%s: %s in %s</h3>\n",
                   title != NULL ? title : assay_json_get_text(entry, "name", "Groups"),
                   assay_evidence_title(evidence->models, model),
                   assay_evidence_title(evidence->contexts, context));
    put_gaps(out, entry);
    put_extremes(out, entry);
    for (size_t k = 0; k < ASSAY_COUNT(rates); k++) {
        put_forest(out, entry, mark >= 0 ? mark : 0, rates[k], class_name);
    }
    put_comparisons(out, entry);
}

void assay_section_fairness(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *list = list_of(evidence->root, "fairness");
    size_t n = assay_json_size(list);
    if (n == 0) {
        return;
    }
    assay_section_begin(
        out, "fairness", "Is everybody treated alike?",
        "The same model, group by group. The mark is the measured rate in a group, the bar the "
        "range in which the true rate lies. A gap between groups is the largest difference between "
        "any two of them (or smallest ratio); its interval allows for the number of groups. Gaps "
        "say that groups are treated differently, not why.");
    size_t shown = n < ENTRIES ? n : ENTRIES;
    for (size_t i = 0; i < shown; i++) {
        if (i == OPEN) {
            assay_html_put(out, "<details>\n<summary>%zu more</summary>\n", shown - OPEN);
        }
        put_entry(out, evidence, assay_json_at(list, i));
    }
    assay_buffer_puts(out, shown > OPEN ? "</details>\n" : "");
    assay_section_rest(out, shown, n, "groupings");
    assay_section_end(out);
}
