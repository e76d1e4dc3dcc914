#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/compare.h"
#include "report/section.h"
#include "report/words.h"

enum { PAIRS = 30, ROWS = 200, TRACK = 24, CHANGED = 20 };

const assay_json_value *assay_compare_list(const assay_evidence *evidence)
{
    const assay_json_value *list = assay_json_get(evidence->root, "comparisons");
    return assay_json_is_array(list) ? list : NULL;
}

bool assay_compare_is_pair(const assay_json_value *item, const assay_json_value *other)
{
    return assay_text_equal(assay_json_get_text(item, "a", ""),
                            assay_json_get_text(other, "a", "")) &&
           assay_text_equal(assay_json_get_text(item, "b", ""),
                            assay_json_get_text(other, "b", ""));
}

size_t assay_compare_pairs(const assay_evidence *evidence, const assay_json_value **out,
                           size_t limit)
{
    const assay_json_value *list = assay_compare_list(evidence);
    size_t n = 0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        bool known = false;
        for (size_t k = 0; k < n && k < limit && !known; k++) {
            known = assay_compare_is_pair(item, out[k]);
        }
        if (!known && n < limit) {
            out[n] = item;
        }
        n += !known;
    }
    return n;
}

bool assay_compare_is_headline(const assay_evidence *evidence, const assay_json_value *item)
{
    /* Average precision comes several times: the one of the charts is meant. */
    bool mean = assay_text_ends(evidence->headline, "_average_precision");
    const assay_json_value *params = assay_json_get(item, "params");
    return assay_text_equal(assay_json_get_text(item, "metric", ""), evidence->headline) &&
           assay_json_is_null(assay_json_get(item, "class")) &&
           (mean ? assay_text_equal(assay_json_get_text(params, "iou", ""),
                                    evidence->headline_iou) &&
                       assay_text_equal(assay_json_get_text(params, "area", "all"), "all")
                 : assay_json_is_null(assay_json_get(item, "average")));
}

assay_scale assay_compare_scale(const assay_json_value *item)
{
    const assay_metric_words *words = assay_words_metric(assay_json_get_text(item, "metric", ""));
    return assay_scale_of(words != NULL && words->percent, assay_evidence_real(item, "difference"),
                          assay_evidence_real(item, "low"), assay_evidence_real(item, "high"));
}

assay_figure assay_compare_p(double p)
{
    static const assay_figure tiny = {.text = "< 0.0001"};

    return p < 0.0001 ? tiny : assay_figure_fixed(p, 4);
}

const char *assay_compare_better(const assay_evidence *evidence, const assay_json_value *item)
{
    const char *better = assay_json_get_text(item, "better", "");
    if (!assay_text_equal(assay_json_get_text(item, "outcome", ""), "value")) {
        return "not compared";
    }
    if (assay_text_equal(better, "a") || assay_text_equal(better, "b")) {
        return assay_evidence_title(evidence->models, assay_json_get_text(item, better, ""));
    }
    return "no difference shown";
}

void assay_compare_wins(const assay_evidence *evidence, const assay_json_value *pair, size_t out[3])
{
    const assay_json_value *list = assay_compare_list(evidence);
    out[0] = out[1] = out[2] = 0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const char *better = assay_json_get_text(item, "better", "");
        if (assay_compare_is_pair(item, pair) && assay_compare_is_headline(evidence, item)) {
            out[assay_text_equal(better, "a") ? 0 : assay_text_equal(better, "b") ? 1 : 2]++;
        }
    }
}

static assay_track track_of(const assay_evidence *evidence, const assay_json_value *pair)
{
    const assay_metric_words *words = assay_words_metric(evidence->headline);
    const assay_json_value *list = assay_compare_list(evidence);
    double low = 0.0, high = 0.0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        if (assay_compare_is_pair(item, pair) && assay_compare_is_headline(evidence, item)) {
            low = fmin(low, fmin(assay_evidence_real(item, "low"),
                                 assay_evidence_real(item, "difference")));
            high = fmax(high, fmax(assay_evidence_real(item, "high"),
                                   assay_evidence_real(item, "difference")));
            assay_closeness_range(&low, &high, item);
        }
    }
    high = low == high ? low + 0.01 : high;
    return (assay_track){.ticks = assay_ticks_make(low, high, 5),
                         .percent = words != NULL && words->percent};
}

static void put_numbers(assay_buffer *out, const assay_json_value *item)
{
    double value = assay_evidence_real(item, "difference"), low = assay_evidence_real(item, "low");
    double high = assay_evidence_real(item, "high"), p = assay_evidence_real(item, "p_adjusted");
    assay_scale scale = assay_compare_scale(item);
    assay_buffer_puts(out, "<span class=\"num\">");
    assay_html_put(out, "<b>%s%s</b> ", value > 0.0 ? "+" : "",
                   assay_figure_value(scale, value).text);
    if (!isnan(low) && !isnan(high)) {
        assay_html_put(out, "<span class=\"quiet\">%s to %s</span> ",
                       assay_figure_bare(scale, low).text, assay_figure_bare(scale, high).text);
    }
    if (!isnan(p)) {
        assay_html_put(out, "<span class=\"quiet\">p %s</span> ", assay_compare_p(p).text);
    }
    assay_buffer_puts(out, "</span>");
}

static bool is_shown(const assay_json_value *item)
{
    const char *better = assay_json_get_text(item, "better", "");
    return assay_text_equal(better, "a") || assay_text_equal(better, "b");
}

static void put_forest(assay_buffer *out, const assay_evidence *evidence,
                       const assay_json_value *pair)
{
    const assay_json_value *list = assay_compare_list(evidence);
    assay_track track = track_of(evidence, pair);
    int model = assay_evidence_model(evidence, assay_json_get_text(pair, "b", NULL));
    size_t shown = 0, total = 0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const char *label =
            assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", ""));
        if (!assay_compare_is_pair(item, pair) || !assay_compare_is_headline(evidence, item) ||
            total++ >= ROWS) {
            continue;
        }
        assay_buffer_puts(out, shown++ == 0 ? "<div class=\"dots\">\n" : "");
        assay_html_put(out,
                       "<div class=\"row\"><div class=\"label\">%s<small>%s%s</small></div><div "
                       "class=\"chart\">",
                       label, assay_compare_better(evidence, item),
                       is_shown(item) ? " is better" : "");
        assay_track_begin(out, &track, TRACK, label);
        assay_closeness_band(out, &track, item, TRACK);
        assay_track_threshold(out, &track, -1, 0.0, 0, TRACK);
        assay_closeness_claim(out, &track, item, model, TRACK / 2.0);
        assay_track_interval(out, &track, model >= 0 ? model : 0, TRACK / 2.0,
                             assay_evidence_real(item, "difference"),
                             assay_evidence_real(item, "low"), assay_evidence_real(item, "high"));
        assay_track_end(out);
        assay_buffer_puts(out, "</div><div class=\"nums\">");
        put_numbers(out, item);
        assay_buffer_puts(out, "</div></div>\n");
    }
    if (shown > 0) {
        assay_buffer_puts(out, "<div class=\"row foot\"><div class=\"label\"></div><div "
                               "class=\"chart\">");
        assay_track_axis(out, &track);
        assay_buffer_puts(out, "</div><div class=\"nums quiet\">difference, interval, adjusted "
                               "p</div></div>\n</div>\n");
        assay_section_rest(out, shown, total, "contexts");
    }
}

static void put_row(assay_buffer *out, const assay_evidence *evidence, const assay_json_value *item)
{
    assay_scale scale = assay_compare_scale(item);
    const assay_json_value *a = assay_json_get(item, "in_a"), *b = assay_json_get(item, "in_b");
    double low = assay_evidence_real(item, "low"), high = assay_evidence_real(item, "high");
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_words_measure(&text, item);
    assay_html_put(
        out, "<tr><td>%s</td><th scope=\"row\">",
        assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", "")));
    assay_html_buffer(out, &text);
    assay_html_put(out, "</th><td class=\"r\">%s</td><td class=\"r\">%s</td><td class=\"r\">%s",
                   assay_figure_value(scale, assay_evidence_real(a, "value")).text,
                   assay_figure_value(scale, assay_evidence_real(b, "value")).text,
                   assay_figure_value(scale, assay_evidence_real(item, "difference")).text);
    if (!isnan(low) && !isnan(high)) {
        assay_html_put(out, " <span class=\"quiet\">%s to %s</span>",
                       assay_figure_bare(scale, low).text, assay_figure_bare(scale, high).text);
    }
    assay_html_put(out, "</td><td class=\"r\">%s</td><td>%s</td></tr>\n",
                   assay_compare_p(assay_evidence_real(item, "p_adjusted")).text,
                   assay_compare_better(evidence, item));
    assay_buffer_dispose(&text);
}

static void put_table(assay_buffer *out, const assay_evidence *evidence,
                      const assay_json_value *pair)
{
    const assay_json_value *list = assay_compare_list(evidence);
    size_t shown = 0, total = 0;
    assay_html_put(
        out,
        "<details>\n<summary>All metrics</summary>\n<div class=\"wide\"><table>\n<thead><tr>"
        "<th scope=\"col\">Context</th><th scope=\"col\">Metric</th><th scope=\"col\" "
        "class=\"r\">%s</th><th scope=\"col\" class=\"r\">%s</th><th scope=\"col\" class=\"r\">"
        "Difference</th><th scope=\"col\" class=\"r\">p, adjusted</th><th scope=\"col\">Better</th>"
        "</tr></thead>\n<tbody>\n",
        assay_evidence_title(evidence->models, assay_json_get_text(pair, "a", "")),
        assay_evidence_title(evidence->models, assay_json_get_text(pair, "b", "")));
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        if (assay_compare_is_pair(item, pair) && total++ < ROWS) {
            put_row(out, evidence, item);
            shown++;
        }
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, shown, total, "differences");
    assay_buffer_puts(out, "</details>\n");
}

static void put_flips(assay_buffer *out, const assay_evidence *evidence,
                      const assay_json_value *pair)
{
    const assay_json_value *flips = assay_json_get(pair, "flips");
    if (!assay_json_is_object(flips)) {
        return;
    }
    assay_html_put(
        out,
        "<p>In %s %s is right where %s is wrong %s times, the other way round %s times; both are "
        "right %s times, both wrong %s times.</p>\n",
        assay_evidence_title(evidence->contexts, assay_json_get_text(pair, "context", "")),
        assay_evidence_title(evidence->models, assay_json_get_text(pair, "b", "")),
        assay_evidence_title(evidence->models, assay_json_get_text(pair, "a", "")),
        assay_figure_count(assay_json_get_int(flips, "only_b_right", 0)).text,
        assay_figure_count(assay_json_get_int(flips, "only_a_right", 0)).text,
        assay_figure_count(assay_json_get_int(flips, "both_right", 0)).text,
        assay_figure_count(assay_json_get_int(flips, "both_wrong", 0)).text);
}

/* Images that two models segment differently, the most changed first. */
static void put_changed_maps(assay_buffer *out, const assay_evidence *evidence,
                             const assay_json_value *changed)
{
    const assay_json_value *images = assay_json_get(changed, "images");
    size_t total = (size_t)assay_json_get_int(changed, "n", 0);
    size_t n = assay_json_size(images) < CHANGED ? assay_json_size(images) : CHANGED;
    assay_html_put(
        out,
        "<details>\n<summary>Images that change: %s <span class=\"quiet\">%s, by their own mean "
        "IoU "
        "or panoptic quality</span></summary>\n<div class=\"wide\"><table>\n<thead><tr><th "
        "scope=\"col\">Image</th><th scope=\"col\" class=\"r\">%s</th>"
        "<th scope=\"col\" class=\"r\">%s</th><th scope=\"col\" class=\"r\">difference</th></tr>"
        "</thead>\n<tbody>\n",
        assay_evidence_title(evidence->contexts, assay_json_get_text(changed, "context", "")),
        assay_figure_count((int64_t)total).text,
        assay_evidence_title(evidence->models, assay_json_get_text(changed, "a", "")),
        assay_evidence_title(evidence->models, assay_json_get_text(changed, "b", "")));
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *image = assay_json_at(images, i);
        double a = assay_evidence_real(image, "value_a");
        double b = assay_evidence_real(image, "value_b");
        const double values[] = {a, b, b - a};
        assay_html_put(out, "<tr><th scope=\"row\">%s</th>", assay_json_get_text(image, "id", "?"));
        for (size_t k = 0; k < ASSAY_COUNT(values); k++) {
            assay_html_put(out, "<td class=\"r\">%s%s</td>", k == 2 && values[k] > 0.0 ? "+" : "",
                           isnan(values[k]) ? "\xe2\x80\x93"
                                            : assay_figure_fixed(values[k], 3).text);
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n, total, "images");
    assay_buffer_puts(out, "</details>\n");
}

/* Images that two detectors treat differently, the most changed first. */
static void put_changed(assay_buffer *out, const assay_evidence *evidence,
                        const assay_json_value *changed)
{
    const assay_json_value *images = assay_json_get(changed, "images");
    const char *a = assay_evidence_title(evidence->models, assay_json_get_text(changed, "a", ""));
    const char *b = assay_evidence_title(evidence->models, assay_json_get_text(changed, "b", ""));
    size_t total = (size_t)assay_json_get_int(changed, "n", 0);
    size_t n = assay_json_size(images) < CHANGED ? assay_json_size(images) : CHANGED;
    assay_html_put(
        out,
        "<details>\n<summary>Images that change: %s <span class=\"quiet\">%s, each detector at its "
        "best F1</span></summary>\n<div class=\"wide\"><table>\n<thead><tr><th "
        "scope=\"col\">Image</th>"
        "<th scope=\"col\" class=\"r\">Objects</th><th scope=\"col\" class=\"r\">found: %s</th>"
        "<th scope=\"col\" class=\"r\">found: %s</th><th scope=\"col\" class=\"r\">false alarms: %s"
        "</th><th scope=\"col\" class=\"r\">false alarms: %s</th></tr></thead>\n<tbody>\n",
        assay_evidence_title(evidence->contexts, assay_json_get_text(changed, "context", "")),
        assay_figure_count((int64_t)total).text, a, b, a, b);
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *image = assay_json_at(images, i);
        assay_html_put(out, "<tr><th scope=\"row\">%s</th>", assay_json_get_text(image, "id", "?"));
        static const char *const keys[] = {"objects", "found_a", "found_b", "false_a", "false_b"};
        for (size_t k = 0; k < ASSAY_COUNT(keys); k++) {
            assay_html_put(out, "<td class=\"r\">%s</td>",
                           assay_figure_count(assay_json_get_int(image, keys[k], 0)).text);
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n, total, "images");
    assay_buffer_puts(out, "</details>\n");
}

static void put_all_changed(assay_buffer *out, const assay_evidence *evidence,
                            const assay_json_value *pair)
{
    const assay_json_value *list = assay_json_get(evidence->root, "changed");
    for (size_t i = 0; assay_json_is_array(list) && i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        int context = assay_evidence_context(evidence, assay_json_get_text(item, "context", NULL));
        bool swept =
            context >= 0 && !assay_json_is_null(assay_json_get(
                                assay_json_at(evidence->contexts, (size_t)context), "sweep"));
        if (assay_compare_is_pair(item, pair) && !swept && assay_json_get_int(item, "n", 0) > 0) {
            bool boxes =
                assay_json_get(assay_json_at(assay_json_get(item, "images"), 0), "objects") != NULL;
            (boxes ? put_changed : put_changed_maps)(out, evidence, item);
        }
    }
}

static void put_pair(assay_buffer *out, const assay_evidence *evidence,
                     const assay_json_value *pair)
{
    const char *a = assay_evidence_title(evidence->models, assay_json_get_text(pair, "a", ""));
    const char *b = assay_evidence_title(evidence->models, assay_json_get_text(pair, "b", ""));
    size_t wins[3];
    assay_compare_wins(evidence, pair, wins);
    assay_html_put(out, "<h3 class=\"group\">%s against %s</h3>\n", b, a);
    if (wins[0] + wins[1] + wins[2] > 0) {
        assay_html_put(out, "<p>%s is shown to be better in %zu of %zu contexts, %s in %zu.</p>\n",
                       b, wins[1], wins[0] + wins[1] + wins[2], a, wins[0]);
    }
    put_flips(out, evidence, pair);
    assay_closeness_legend(out, evidence, pair);
    put_forest(out, evidence, pair);
    assay_section_closeness(out, evidence, pair);
    put_table(out, evidence, pair);
    put_all_changed(out, evidence, pair);
}

void assay_section_compare(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *pairs[PAIRS];
    size_t n = assay_compare_pairs(evidence, pairs, PAIRS);
    assay_buffer lead;
    if (n == 0) {
        return;
    }
    assay_buffer_init(&lead, 0);
    assay_words_metric_title(&lead, evidence->headline);
    assay_buffer_puts(
        &lead,
        ", the later model minus the earlier one, on the same data. The bar is the range in "
        "which the true difference lies; the dashed line is no difference. A model counts as "
        "better only where chance is ruled out, with allowance for the number of "
        "comparisons. \xe2\x80\x98No difference shown\xe2\x80\x99 means that the data "
        "do not tell, not that the models are equal.");
    assay_section_begin(out, "compare", "Which model is better, and where",
                        lead.data != NULL ? lead.data : "");
    assay_buffer_dispose(&lead);
    for (size_t i = 0; i < n && i < PAIRS; i++) {
        put_pair(out, evidence, pairs[i]);
    }
    assay_section_rest(out, n < PAIRS ? n : PAIRS, n, "pairs of models");
    assay_section_end(out);
}
