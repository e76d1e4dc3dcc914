#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/section.h"

enum { WIDTH = 560, HEIGHT = 300, POINTS = 64, SERIES = ASSAY_EVIDENCE_COLORS, PICTURES = 3 };

static bool is_picture(const char *image)
{
    static const char start[] = "data:image/png;base64,";
    return assay_text_starts(image, start) &&
           strspn(image + strlen(start),
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ==
               strlen(image + strlen(start));
}

static bool is_bounded(const assay_json_value *attack)
{
    return assay_json_get_bool(attack, "bounded_by_eps", true);
}

/* One curve: clean accuracy at 0, then a point for each eps. */
static void put_line(assay_buffer *out, const assay_plot *plot, int series, double clean,
                     const assay_json_value *curve)
{
    double line[2 * POINTS + 2];
    double x[POINTS + 1];
    double low[POINTS + 1];
    double high[POINTS + 1];
    size_t n = 0;
    x[n] = line[0] = assay_plot_x(plot, 0.0);
    low[n] = high[n] = line[1] = assay_plot_y(plot, clean);
    n++;
    for (size_t i = 0; i < assay_json_size(curve) && n <= POINTS; i++) {
        const assay_json_value *point = assay_json_at(curve, i);
        x[n] = line[2 * n] = assay_plot_x(plot, assay_evidence_real(point, "eps"));
        line[2 * n + 1] = assay_plot_y(plot, assay_evidence_real(point, "value"));
        low[n] = assay_plot_y(plot, assay_evidence_real(point, "low"));
        high[n] = assay_plot_y(plot, assay_evidence_real(point, "high"));
        n++;
    }
    if (series == 0 && n > 1) {
        assay_svg_band(out, series, x + 1, low + 1, high + 1, n - 1);
    }
    assay_svg_path(out, "line", series, line, n);
    for (size_t i = 1; i < n; i++) {
        assay_svg_mark(out, series, line[2 * i], line[2 * i + 1]);
    }
}

static double last_eps(const assay_json_value *curve)
{
    size_t n = assay_json_size(curve);
    return n > 0 ? assay_evidence_real(assay_json_at(curve, n - 1), "eps") : 1.0;
}

static void put_plot(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *worst = assay_json_get(a, "worst_case");
    const assay_json_value *attacks = assay_json_get(a, "attacks");
    double clean = assay_evidence_real(assay_json_get(a, "clean"), "value");
    assay_plot plot = {.left = 56, .top = 26, .width = WIDTH - 76, .height = HEIGHT - 78};
    plot.x = assay_ticks_make(0, last_eps(worst), 5);
    plot.y = assay_ticks_make(0, 1, 5);
    assay_plot_begin(out, WIDTH, HEIGHT, "Right answers left against the size of the change");
    assay_plot_y_axis(out, &plot, true, "right answers left");
    assay_plot_x_axis(out, &plot, false, "eps: size of the change");
    int series = 1;
    for (size_t k = 0; k < assay_json_size(attacks) && series < SERIES; k++) {
        const assay_json_value *attack = assay_json_at(attacks, k);
        if (is_bounded(attack)) {
            put_line(out, &plot, series++, clean, assay_json_get(attack, "robust_accuracy"));
        }
    }
    put_line(out, &plot, 0, clean, worst);
    assay_plot_end(out);
    assay_buffer_puts(out, "<p class=\"legend\"><span>");
    assay_svg_legend_mark(out, 0);
    assay_buffer_puts(out, " worst case of all</span>");
    series = 1;
    for (size_t k = 0; k < assay_json_size(attacks) && series < SERIES; k++) {
        const assay_json_value *attack = assay_json_at(attacks, k);
        if (is_bounded(attack)) {
            assay_buffer_puts(out, "<span>");
            assay_svg_legend_mark(out, series++);
            assay_html_put(out, " %s</span>", assay_json_get_text(attack, "title", "?"));
        }
    }
    assay_buffer_puts(out, "</p>\n");
}

void assay_section_share_cell(assay_buffer *out, const assay_json_value *point)
{
    double value = assay_evidence_real(point, "value");
    if (isnan(value)) {
        assay_buffer_puts(out, "<td class=\"r\">&ndash;</td>");
        return;
    }
    assay_html_put(
        out, "<td class=\"r\">%s <span class=\"quiet\">[%s, %s]</span></td>",
        assay_figure_percent(value, 1).text,
        assay_figure_bare((assay_scale){true, 1}, assay_evidence_real(point, "low")).text,
        assay_figure_bare((assay_scale){true, 1}, assay_evidence_real(point, "high")).text);
}

static void put_cost(assay_buffer *out, const assay_json_value *attack)
{
    const assay_json_value *cost = assay_json_get(attack, "cost");
    assay_html_put(out, "<td class=\"r\">%s</td><td class=\"r\">%s</td>",
                   assay_figure_count(assay_json_get_int(cost, "forwards", 0)).text,
                   assay_figure_count(assay_json_get_int(cost, "backwards", 0)).text);
}

static void put_memory(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *memory = assay_json_get(a, "memory");
    const assay_json_value *first = assay_json_at(assay_json_get(memory, "models"), 0);
    int64_t peak = assay_json_get_int(memory, "peak", 0);
    int64_t allowed = assay_json_get_int(memory, "allowed", 0);
    if (peak <= 0 || first == NULL) {
        return;
    }
    assay_html_put(out, "<p class=\"quiet\">Memory: %s MB at most",
                   assay_figure_count((peak + 500000) / 1000000).text);
    if (allowed > 0) {
        bool given = strcmp(assay_json_get_text(memory, "allowed_by", ""), "user") == 0;
        assay_html_put(out, " of %s MB %s", assay_figure_count((allowed + 500000) / 1000000).text,
                       given ? "allowed" : "that the machine could spare");
    }
    assay_html_put(out, ", images in batches of %s.</p>\n",
                   assay_figure_count(assay_json_get_int(first, "batch", 1)).text);
}

static void put_table(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *worst = assay_json_get(a, "worst_case");
    const assay_json_value *attacks = assay_json_get(a, "attacks");
    assay_html_put(out,
                   "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Right answers "
                   "left at eps (%s)</th>",
                   assay_json_get_text(a, "norm", ""));
    for (size_t e = 0; e < assay_json_size(worst); e++) {
        assay_html_put(
            out, "<th scope=\"col\" class=\"r\">%s</th>",
            assay_figure_round(assay_evidence_real(assay_json_at(worst, e), "eps")).text);
    }
    assay_buffer_puts(out, "<th scope=\"col\" class=\"r\">answers asked</th><th scope=\"col\" "
                           "class=\"r\">gradients asked</th></tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < assay_json_size(attacks); k++) {
        const assay_json_value *attack = assay_json_at(attacks, k);
        const assay_json_value *curve = assay_json_get(attack, "robust_accuracy");
        assay_html_put(out, "<tr><th scope=\"row\">%s%s</th>",
                       assay_json_get_text(attack, "title", "?"),
                       !is_bounded(attack) ? " (control, not bounded by eps)"
                       : assay_json_get_bool(attack, "control", false) ? " (control)"
                                                                       : "");
        for (size_t e = 0; e < assay_json_size(worst); e++) {
            assay_section_share_cell(out,
                                     is_bounded(attack) || e == 0 ? assay_json_at(curve, e) : NULL);
        }
        put_cost(out, attack);
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "<tr><th scope=\"row\">Worst case of all</th>");
    for (size_t e = 0; e < assay_json_size(worst); e++) {
        assay_section_share_cell(out, assay_json_at(worst, e));
    }
    assay_buffer_puts(out, "<td></td><td></td></tr>\n</tbody>\n</table></div>\n");
    put_memory(out, a);
}

static void put_transfer(assay_buffer *out, const assay_evidence *evidence,
                         const assay_json_value *a)
{
    const assay_json_value *attacks = assay_json_get(a, "attacks");
    bool open = false;
    for (size_t k = 0; k < assay_json_size(attacks); k++) {
        const assay_json_value *attack = assay_json_at(attacks, k);
        const assay_json_value *list = assay_json_get(attack, "transfer");
        for (size_t t = 0; t < assay_json_size(list); t++) {
            const assay_json_value *item = assay_json_at(list, t);
            if (assay_json_get_int(item, "n", 0) == 0) {
                continue;
            }
            if (!open) {
                assay_buffer_puts(out, "<h4>Examples that fool another model too</h4>\n<ul>\n");
                open = true;
            }
            assay_html_put(
                out, "<li>%s, tried on <b>%s</b>: %s of %s examples</li>\n",
                assay_json_get_text(attack, "title", "?"),
                assay_evidence_title(evidence->models, assay_json_get_text(item, "model", "?")),
                assay_figure_percent(assay_evidence_real(item, "value"), 0).text,
                assay_figure_count(assay_json_get_int(item, "n", 0)).text);
        }
    }
    assay_buffer_puts(out, open ? "</ul>\n" : "");
}

static void put_checks(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *checks = assay_json_get(a, "checks");
    assay_buffer_puts(out, "<h4>Are these numbers to be believed?</h4>\n<ul>\n");
    for (size_t c = 0; c < assay_json_size(checks); c++) {
        const assay_json_value *check = assay_json_at(checks, c);
        const char *state = assay_json_get_text(check, "state", "");
        if (assay_text_equal(state, "not_applicable")) {
            continue;
        }
        bool warning = assay_text_equal(state, "warning");
        assay_html_put(out, "<li><b class=\"%s\">%s</b> %s</li>\n", warning ? "bad" : "good",
                       warning ? "Warning:" : "Passed:", assay_json_get_text(check, "text", ""));
    }
    assay_buffer_puts(out, "</ul>\n");
}

static void put_picture(assay_buffer *out, const assay_json_value *example, const char *key,
                        const char *caption)
{
    const char *image = assay_json_get_text(example, key, "");
    assay_buffer_puts(out, "<span class=\"thumb\">");
    if (is_picture(image)) {
        assay_buffer_puts(out, "<img src=\"");
        assay_buffer_puts(out, image);
        assay_html_put(out, "\" alt=\"%s\">", caption);
    }
    assay_html_put(out, "<small>%s</small></span>", caption);
}

static void put_examples(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *attacks = assay_json_get(a, "attacks");
    bool open = false;
    for (size_t k = 0; k < assay_json_size(attacks); k++) {
        const assay_json_value *attack = assay_json_at(attacks, k);
        const assay_json_value *examples = assay_json_get(attack, "examples");
        for (size_t e = 0; e < assay_json_size(examples) && e < PICTURES; e++) {
            const assay_json_value *example = assay_json_at(examples, e);
            double amplified = assay_evidence_real(example, "amplified");
            if (!open) {
                assay_buffer_puts(out, "<h4>Before, after, and what changed</h4>\n"
                                       "<ul class=\"examples three\">\n");
                open = true;
            }
            assay_buffer_puts(out, "<li class=\"example\"><div class=\"thumbs\">");
            put_picture(out, example, "before", "before");
            put_picture(out, example, "after", "after");
            put_picture(out, example, "difference", "difference");
            assay_html_put(out,
                           "</div><p>true <b class=\"good\">%s</b>, answered <b class=\"bad\">%s"
                           "</b></p><p class=\"quiet\">%s; distance %s; difference shown %s "
                           "times as strong, grey where nothing changed</p></li>\n",
                           assay_json_get_text(example, "class", "?"),
                           assay_json_get_text(example, "answer", "?"),
                           assay_json_get_text(attack, "title", "?"),
                           assay_figure_round(assay_evidence_real(example, "distance")).text,
                           assay_figure_round(amplified).text);
        }
    }
    assay_buffer_puts(out, open ? "</ul>\n" : "");
}

void assay_section_attack(assay_buffer *out, const assay_evidence *evidence,
                          const assay_json_value *a)
{
    put_plot(out, a);
    put_table(out, a);
    put_checks(out, a);
    put_examples(out, a);
    put_transfer(out, evidence, a);
    assay_section_attacks_more(out, evidence, a);
    assay_section_attacks_checklist(out, a);
}

void assay_section_attacks(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *list = assay_json_get(evidence->root, "attacks");
    if (!assay_json_is_array(list) || assay_json_size(list) == 0) {
        return;
    }
    assay_section_begin(
        out, "attacks", "What deliberate changes do to it",
        "Somebody who wants a wrong answer changes the image on purpose, by at most "
        "eps. The lines show how many right answers are left. An attack that fails "
        "proves nothing by itself: read whether the numbers are to be believed.");
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const assay_json_value *a = assay_json_get(item, "assessment");
        assay_html_put(
            out, "<h3>%s <span class=\"quiet\">%s, %s images</span></h3>\n",
            assay_json_get_text(item, "title", "attacks"),
            assay_evidence_title(evidence->models, assay_json_get_text(item, "model", "")),
            assay_figure_count(assay_json_get_int(a, "n", 0)).text);
        assay_section_attack(out, evidence, a);
    }
    assay_section_end(out);
}
