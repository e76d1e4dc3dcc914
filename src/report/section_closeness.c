/* Equivalence, non-inferiority and regions of practical equivalence of a comparison: bands in the forest
 * plot, posterior probabilities as bars, sentences. */
#include <math.h>

#include "base/text.h"
#include "report/compare.h"
#include "report/section.h"
#include "report/words.h"

enum { BAR = 18, SENTENCES = 12, ROWS = 200 };

static double margin_of(const assay_json_value *item, const char *claim, const char *key)
{
    const assay_json_value *object = assay_json_get(item, claim);
    return assay_json_is_object(object) ? assay_evidence_real(object, key) : NAN;
}

/** Where a later model that is worse by the margin lies: differences are later minus earlier. */
static double worse_end(const assay_json_value *item, double margin)
{
    return assay_text_equal(assay_json_get_text(item, "direction", ""), "lower_is_better")
               ? margin
               : -margin;
}

void assay_closeness_range(double *low, double *high, const assay_json_value *item)
{
    double widest =
        fmax(margin_of(item, "equivalence", "margin"), margin_of(item, "posterior", "rope"));
    double end = worse_end(item, margin_of(item, "noninferiority", "margin"));
    if (!isnan(widest)) {
        *low = fmin(*low, -widest);
        *high = fmax(*high, widest);
    }
    if (!isnan(end)) {
        *low = fmin(*low, end);
        *high = fmax(*high, end);
    }
}

void assay_closeness_band(assay_buffer *out, const assay_track *track, const assay_json_value *item,
                          double bottom)
{
    double margin = margin_of(item, "equivalence", "margin");
    double rope = margin_of(item, "posterior", "rope");
    double end = worse_end(item, margin_of(item, "noninferiority", "margin"));
    assay_track_band(out, track, "margin", -margin, margin, 0, bottom);
    if (rope != margin) {
        assay_track_band(out, track, "rope", -rope, rope, 0, bottom);
    }
    if (!isnan(end) && !(fabs(end) == margin)) {
        assay_track_threshold(out, track, -1, end, 0, bottom);
    }
}

void assay_closeness_claim(assay_buffer *out, const assay_track *track,
                           const assay_json_value *item, int model, double y)
{
    const char *claim = assay_json_is_object(assay_json_get(item, "equivalence"))
                            ? "equivalence"
                            : "noninferiority";
    double low = margin_of(item, claim, "bound_low"), high = margin_of(item, claim, "bound_high");
    static const char *const css[] = {"m0", "m1", "m2", "m3", "m4", "m5"};
    assay_buffer name;
    assay_buffer_init(&name, 0);
    assay_buffer_puts(&name, "claim ");
    assay_buffer_puts(&name, css[(model < 0 ? 0 : model) % (int)ASSAY_COUNT(css)]);
    if (name.data != NULL) {
        assay_track_band(out, track, name.data, low, high, y - 3, y + 3);
    }
    assay_buffer_dispose(&name);
}

/* ---- below the forest plot */

static bool is_of(const assay_evidence *evidence, const assay_json_value *item,
                  const assay_json_value *pair)
{
    return assay_compare_is_pair(item, pair) && assay_compare_is_headline(evidence, item) &&
           assay_compare_has_closeness(item);
}

static void put_words(assay_buffer *out, const assay_evidence *evidence,
                      const assay_json_value *item)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_words_closeness(&text, evidence, item);
    assay_html_buffer(out, &text);
    assay_buffer_dispose(&text);
}

static void put_key(assay_buffer *out, const char *css, const char *text)
{
    assay_html_put(out,
                   "<span><svg class=\"swatch\" aria-hidden=\"true\"><rect class=\"%s\" "
                   "width=\"100%%\" height=\"100%%\"/></svg> %s</span> ",
                   css, text);
}

static void put_gap_key(assay_buffer *out, const assay_json_value *item, const char *css,
                        const char *text, double gap)
{
    assay_buffer words;
    assay_buffer_init(&words, 0);
    assay_buffer_puts(&words, text);
    assay_words_gap(&words, item, gap);
    put_key(out, css, words.data != NULL ? words.data : text);
    assay_buffer_dispose(&words);
}

void assay_closeness_legend(assay_buffer *out, const assay_evidence *evidence,
                            const assay_json_value *pair)
{
    const assay_json_value *list = assay_compare_list(evidence);
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        double margin = margin_of(item, "equivalence", "margin");
        double rope = margin_of(item, "posterior", "rope");
        double worse = margin_of(item, "noninferiority", "margin");
        if (!is_of(evidence, item, pair)) {
            continue;
        }
        assay_buffer_puts(out, "<div class=\"legend\">");
        if (!isnan(margin)) {
            put_gap_key(out, item, "margin", "equivalent: differ by less than ", margin);
        }
        if (!isnan(rope) && rope != margin) {
            put_gap_key(out, item, "rope", "as good as equal: within ", rope);
        }
        if (!isnan(worse)) {
            put_gap_key(out, item, "ink", "allowed to be worse by ", worse);
        }
        if (!isnan(margin) || !isnan(worse)) {
            int model = assay_evidence_model(evidence, assay_json_get_text(pair, "b", NULL));
            static const char *const css[] = {"claim m0", "claim m1", "claim m2",
                                              "claim m3", "claim m4", "claim m5"};
            put_key(out, css[(model < 0 ? 0 : model) % (int)ASSAY_COUNT(css)],
                    "darker part of the bar: what these claims rest on (one-sided bounds)");
        }
        assay_buffer_puts(out, "</div>\n");
        return;
    }
}

/* Short enough to stand in a column. */
static assay_figure chance_in_column(double p)
{
    static const assay_figure tiny = {.text = "<0.1\xc2\xa0%"}, nearly = {.text = ">99.9\xc2\xa0%"};
    return p < 0.001 ? tiny : p > 0.999 ? nearly : assay_words_chance(p);
}

static void put_posterior_row(assay_buffer *out, const assay_evidence *evidence,
                              const assay_json_value *item)
{
    static const char *const css[] = {"part m0", "part m1", "part m2",
                                      "part m3", "part m4", "part m5"};
    const assay_json_value *claim = assay_json_get(item, "posterior");
    const assay_track track = {.ticks = assay_ticks_make(0, 1, 4), .percent = true};
    double worse = assay_evidence_real(claim, "b_worse");
    double equal = assay_evidence_real(claim, "equivalent");
    double better = assay_evidence_real(claim, "b_better");
    int a = assay_evidence_model(evidence, assay_json_get_text(item, "a", NULL));
    int b = assay_evidence_model(evidence, assay_json_get_text(item, "b", NULL));
    const char *label =
        assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", ""));
    assay_html_put(out, "<div class=\"row\"><div class=\"label\">%s</div><div class=\"chart\">",
                   label);
    assay_track_begin(out, &track, BAR + 6, label);
    assay_track_band(out, &track, css[(a < 0 ? 0 : a) % (int)ASSAY_COUNT(css)], 0, worse, 3,
                     BAR + 3);
    assay_track_band(out, &track, "part equal", worse, worse + equal, 3, BAR + 3);
    assay_track_band(out, &track, css[(b < 0 ? 1 : b) % (int)ASSAY_COUNT(css)], worse + equal, 1, 3,
                     BAR + 3);
    assay_track_end(out);
    assay_html_put(out,
                   "</div><div class=\"nums\"><span class=\"num\"><span>%s</span> <span "
                   "class=\"quiet\">equal</span> <b>%s</b> <span>%s</span></span></div></div>\n",
                   chance_in_column(worse).text, chance_in_column(equal).text,
                   chance_in_column(better).text);
}

static void put_posteriors(assay_buffer *out, const assay_evidence *evidence,
                           const assay_json_value *pair)
{
    const assay_json_value *list = assay_compare_list(evidence);
    const assay_track track = {.ticks = assay_ticks_make(0, 1, 4), .percent = true};
    size_t shown = 0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        if (is_of(evidence, item, pair) && !isnan(margin_of(item, "posterior", "equivalent")) &&
            shown < ROWS) {
            if (shown++ == 0) {
                assay_html_put(
                    out,
                    "<h4>How probable is it that it matters?</h4>\n<p class=\"quiet\">Left: %s is "
                    "better by more than that; middle, grey: as good as equal; right: %s is better "
                    "by more.</p>\n<div class=\"dots\">\n",
                    assay_evidence_title(evidence->models, assay_json_get_text(pair, "a", "")),
                    assay_evidence_title(evidence->models, assay_json_get_text(pair, "b", "")));
            }
            put_posterior_row(out, evidence, item);
        }
    }
    if (shown > 0) {
        assay_buffer_puts(out, "<div class=\"row foot\"><div class=\"label\"></div><div "
                               "class=\"chart\">");
        assay_track_axis(out, &track);
        assay_buffer_puts(out, "</div><div class=\"nums quiet\">probability: left, equal, right"
                               "</div></div>\n</div>\n");
    }
}

static void put_sentences(assay_buffer *out, const assay_evidence *evidence,
                          const assay_json_value *pair)
{
    const assay_json_value *list = assay_compare_list(evidence);
    size_t shown = 0, total = 0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        if (!is_of(evidence, item, pair) || total++ >= SENTENCES) {
            continue;
        }
        assay_buffer_puts(out,
                          shown++ == 0 ? "<h4>Close enough?</h4>\n<ul class=\"plain\">\n" : "");
        assay_html_put(
            out, "<li><b>%s:</b> ",
            assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", "")));
        put_words(out, evidence, item);
        assay_buffer_puts(out, "</li>\n");
    }
    assay_buffer_puts(out, shown > 0 ? "</ul>\n" : "");
    assay_section_rest(out, shown, total, "contexts");
}

static void put_others(assay_buffer *out, const assay_evidence *evidence,
                       const assay_json_value *pair)
{
    const assay_json_value *list = assay_compare_list(evidence);
    size_t shown = 0, total = 0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        if (!assay_compare_is_pair(item, pair) || !assay_compare_has_closeness(item) ||
            total++ >= ROWS) {
            continue;
        }
        assay_buffer text;
        assay_buffer_puts(
            out, shown++ == 0 ? "<details>\n<summary>Close enough? All metrics</summary>\n<div "
                                "class=\"wide\"><table>\n<thead><tr><th "
                                "scope=\"col\">Context</th><th scope=\"col\">Metric</th><th "
                                "scope=\"col\">What the data say</th></tr></thead>\n<tbody>\n"
                              : "");
        assay_html_put(
            out, "<tr><td>%s</td><th scope=\"row\">",
            assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", "")));
        assay_buffer_init(&text, 0);
        assay_words_measure(&text, item);
        assay_html_buffer(out, &text);
        assay_buffer_dispose(&text);
        assay_buffer_puts(out, "</th><td>");
        put_words(out, evidence, item);
        assay_buffer_puts(out, "</td></tr>\n");
    }
    if (shown > 0) {
        assay_buffer_puts(out, "</tbody>\n</table></div>\n");
        assay_section_rest(out, shown, total, "differences");
        assay_buffer_puts(out, "</details>\n");
    }
}

void assay_section_closeness(assay_buffer *out, const assay_evidence *evidence,
                             const assay_json_value *pair)
{
    put_sentences(out, evidence, pair);
    put_posteriors(out, evidence, pair);
    put_others(out, evidence, pair);
}
