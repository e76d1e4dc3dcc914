#include "report/section.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

void assay_section_begin(assay_buffer *out, const char *id, const char *heading, const char *lead)
{
    assay_html_put(out, "<section id=\"%s\">\n<h2>%s</h2>\n", id, heading);
    if (lead != NULL) {
        assay_html_put(out, "<p class=\"lead\">%s</p>\n", lead);
    }
}

void assay_section_end(assay_buffer *out)
{
    assay_buffer_puts(out, "</section>\n");
}

/* A model that takes part in attacks alone (an attacker's copy) has no values of its own. */
static bool is_measured(const assay_evidence *evidence, size_t model)
{
    bool any = false;
    for (size_t c = 0; c < evidence->n_contexts; c++) {
        any = any || evidence->headline_values[model * evidence->n_contexts + c] != NULL;
    }
    return any;
}

void assay_section_legend(assay_buffer *out, const assay_evidence *evidence)
{
    if (evidence->n_models < 2) {
        return;
    }
    assay_buffer_puts(out, "<p class=\"legend\">");
    for (size_t i = 0; i < evidence->n_models; i++) {
        if (!is_measured(evidence, i)) {
            continue;
        }
        assay_buffer_puts(out, "<span>");
        assay_svg_legend_mark(out, (int)i);
        assay_html_put(out, " %s</span>", assay_evidence_model_title(evidence, (int)i));
    }
    assay_buffer_puts(out, "</p>\n");
}

size_t assay_section_main_contexts(const assay_evidence *evidence, int *out, size_t limit)
{
    size_t n = 0;
    for (int whole = 1; whole >= 0 && n == 0; whole--) {
        for (size_t i = 0; i < evidence->n_contexts && n < limit; i++) {
            if (!whole || (assay_evidence_is_dataset(evidence, (int)i) &&
                           !assay_evidence_in_sweep(evidence, (int)i))) {
                out[n++] = (int)i;
            }
        }
    }
    return n;
}

void assay_section_badge(assay_buffer *out, assay_verdict_kind kind)
{
    static const char *const css[] = {"met", "not-met", "open", "none"};
    static const char *const sign[] = {"\xe2\x9c\x93", "\xe2\x9c\x95", "?", "\xe2\x80\x93"};
    assay_html_put(out, "<span class=\"badge %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
                   css[kind], sign[kind], assay_evidence_verdict_name(kind));
}

bool assay_section_is_picture(const char *image)
{
    static const char *const starts[] = {"data:image/png;base64,", "data:image/jpeg;base64,"};
    for (size_t i = 0; i < ASSAY_COUNT(starts); i++) {
        if (assay_text_starts(image, starts[i])) {
            const char *data = image + strlen(starts[i]);
            return data[0] != '\0' &&
                   strspn(data,
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ==
                       strlen(data);
        }
    }
    return false;
}

bool assay_section_same_group(const assay_json_value *a, const assay_json_value *b)
{
    return assay_text_equal(assay_json_get_text(a, "model", ""),
                            assay_json_get_text(b, "model", "")) &&
           assay_text_equal(assay_json_get_text(a, "context", ""),
                            assay_json_get_text(b, "context", ""));
}

void assay_section_group(assay_buffer *out, const assay_evidence *evidence,
                         const assay_json_value *item)
{
    assay_html_put(
        out, "<h3 class=\"group\">%s <span class=\"quiet\">%s</span></h3>\n",
        assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", "")),
        assay_evidence_title(evidence->models, assay_json_get_text(item, "model", "")));
}

void assay_section_rest(assay_buffer *out, size_t shown, size_t total, const char *what)
{
    if (shown < total) {
        assay_html_put(out,
                       "<p class=\"note\">The first %zu of %zu %s are shown; all are in "
                       "results.json.</p>\n",
                       shown, total, what);
    }
}

static void put_numbers(assay_buffer *out, int model, const assay_dot *dot,
                        const assay_track *track, bool several)
{
    assay_scale scale = assay_scale_of(track->percent, dot->value, dot->low, dot->high);
    scale.decimals = track->most > 0 && scale.decimals > track->most ? track->most : scale.decimals;
    assay_buffer_puts(out, "<span class=\"num\">");
    if (several) {
        assay_svg_legend_mark(out, model);
    }
    assay_html_put(out, "<b>%s</b> ", assay_figure_value(scale, dot->value).text);
    if (!isnan(dot->low) && !isnan(dot->high)) {
        assay_html_put(out, "<span class=\"quiet\">%s\xe2\x80\x93%s</span> ",
                       assay_figure_bare(scale, dot->low).text,
                       assay_figure_bare(scale, dot->high).text);
    }
    assay_html_put(out, "<span class=\"quiet n\">n\xc2\xa0=\xc2\xa0%s</span></span>",
                   assay_figure_count(dot->n).text);
}

void assay_section_dots(assay_buffer *out, const assay_evidence *evidence, const assay_track *track,
                        const char *label, const char *small, const assay_dot *dots,
                        const double *thresholds)
{
    int shown = 0, row = 0;
    for (size_t i = 0; i < evidence->n_models; i++) {
        shown += !isnan(dots[i].value);
    }
    int height = shown > 1 ? 6 + 18 * shown : 24;
    assay_html_put(out, "<div class=\"row\"><div class=\"label\">%s", label);
    if (small != NULL && small[0] != '\0') {
        assay_html_put(out, "<small>%s</small>", small);
    }
    assay_buffer_puts(out, "</div><div class=\"chart\">");
    assay_track_begin(out, track, height, label);
    for (size_t i = 0; i < evidence->n_models; i++) {
        double middle = 12 + 18 * row;
        bool measured = !isnan(dots[i].value);
        if (thresholds != NULL && !isnan(thresholds[i])) {
            assay_track_threshold(out, track, evidence->n_models > 1 ? (int)i : -1, thresholds[i],
                                  measured ? middle - 10 : 0, measured ? middle + 10 : height);
        }
        if (measured) {
            assay_track_interval(out, track, (int)i, middle, dots[i].value, dots[i].low,
                                 dots[i].high);
            row++;
        }
    }
    assay_track_end(out);
    assay_buffer_puts(out, "</div><div class=\"nums\">");
    for (size_t i = 0; i < evidence->n_models; i++) {
        if (!isnan(dots[i].value)) {
            put_numbers(out, (int)i, &dots[i], track, evidence->n_models > 1);
        }
    }
    assay_buffer_puts(out, shown == 0 ? "<span class=\"num quiet\">nothing measured</span>" : "");
    assay_buffer_puts(out, "</div></div>\n");
}

void assay_section_dots_foot(assay_buffer *out, const assay_track *track, double level)
{
    assay_buffer_puts(out, "<div class=\"row foot\"><div class=\"label\"></div><div "
                           "class=\"chart\">");
    assay_track_axis(out, track);
    assay_buffer_puts(out, "</div><div class=\"nums quiet\">value, ");
    if (!isnan(level)) {
        assay_html_put(out, "%s ", assay_figure_limit((assay_scale){.percent = true}, level).text);
    }
    assay_buffer_puts(out, "interval, samples</div></div>\n");
}
