/* The rest of an attack's assessment: questions asked, distances, groups, transfer, checklist. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/section.h"

enum { WIDTH = 560, HEIGHT = 280, POINTS = 64, SERIES = ASSAY_EVIDENCE_COLORS, NAMES = 24 };

static const char *short_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : name;
}

/* How many answers people would have to ask for: the marks of the curve, on a scale of powers of ten. */
static double log_of(double queries)
{
    return log10(queries > 1.0 ? queries : 1.0);
}

static bool has_successes(const assay_json_value *curve)
{
    size_t n = assay_json_size(curve);
    return n > 1 && assay_evidence_real(assay_json_at(curve, n - 1), "success") > 0.0;
}

static double most_queries(const assay_json_value *attacks)
{
    double most = 10.0;
    for (size_t k = 0; k < assay_json_size(attacks); k++) {
        const assay_json_value *curve = assay_json_get(assay_json_at(attacks, k), "query_curve");
        double last =
            assay_evidence_real(assay_json_at(curve, assay_json_size(curve) - 1), "success");
        for (size_t i = 0; i < assay_json_size(curve); i++) {
            double queries = assay_evidence_real(assay_json_at(curve, i), "queries");
            double success = assay_evidence_real(assay_json_at(curve, i), "success");
            if (success >= last) { /* the rest is flat */
                most = last > 0.0 ? fmax(most, queries) : most;
                break;
            }
        }
    }
    return most;
}

static void put_query_line(assay_buffer *out, const assay_plot *plot, int series,
                           const assay_json_value *curve)
{
    double line[2 * POINTS];
    size_t n = 0;
    for (size_t i = 0; i < assay_json_size(curve) && n < POINTS; i++) {
        const assay_json_value *point = assay_json_at(curve, i);
        double at = log_of(assay_evidence_real(point, "queries"));
        if (at <= plot->x.high + 1e-9) {
            line[2 * n] = assay_plot_x(plot, at);
            line[2 * n + 1] = assay_plot_y(plot, assay_evidence_real(point, "success"));
            n++;
        }
    }
    assay_svg_path(out, "line", series, line, n);
    for (size_t i = 0; i < n; i++) {
        assay_svg_mark(out, series, line[2 * i], line[2 * i + 1]);
    }
}

static void put_decades(assay_buffer *out, const assay_plot *plot)
{
    static const char *const names[] = {"1", "10", "100", "1,000", "10,000", "100,000"};
    for (int d = 0; d < (int)ASSAY_COUNT(names) && d <= (int)(plot->x.high + 1e-9); d++) {
        double x = assay_plot_x(plot, d);
        assay_svg_line(out, "grid", x, plot->top, x, plot->top + plot->height);
        assay_svg_text(out, "tick middle", x, plot->top + plot->height + 16, names[d], 0);
    }
    assay_svg_text(out, "axis middle", plot->left + plot->width / 2, plot->top + plot->height + 36,
                   "answers asked of one image, at one eps", 0);
}

static void put_queries(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *attacks = assay_json_get(a, "attacks");
    bool any = false;
    for (size_t k = 0; k < assay_json_size(attacks); k++) {
        any = any || has_successes(assay_json_get(assay_json_at(attacks, k), "query_curve"));
    }
    if (!any) {
        return;
    }
    assay_plot plot = {.left = 56, .top = 26, .width = WIDTH - 76, .height = HEIGHT - 78};
    plot.x = assay_ticks_make(0, ceil(log_of(most_queries(attacks))), 5);
    plot.x.low = 0.0;
    plot.x.high = ceil(log_of(most_queries(attacks)));
    plot.y = assay_ticks_make(0, 1, 5);
    assay_buffer_puts(out, "<h4>How many answers it takes</h4>\n");
    assay_plot_begin(out, WIDTH, HEIGHT, "Images fooled against answers asked");
    assay_plot_y_axis(out, &plot, true, "images fooled, at any eps");
    put_decades(out, &plot);
    int series = 1;
    assay_buffer legend;
    assay_buffer_init(&legend, 0);
    for (size_t k = 0; k < assay_json_size(attacks) && series < SERIES; k++) {
        const assay_json_value *attack = assay_json_at(attacks, k);
        if (!assay_json_get_bool(attack, "bounded_by_eps", true)) {
            continue;
        }
        put_query_line(out, &plot, series, assay_json_get(attack, "query_curve"));
        assay_buffer_puts(&legend, "<span>");
        assay_svg_legend_mark(&legend, series++);
        assay_html_put(&legend, " %s</span>", assay_json_get_text(attack, "title", "?"));
    }
    assay_plot_end(out);
    assay_buffer_puts(out, "<p class=\"legend\">");
    assay_buffer_append(out, legend.data != NULL ? legend.data : "", legend.size);
    assay_buffer_puts(out, "</p>\n");
    assay_buffer_dispose(&legend);
}

static void put_number(assay_buffer *out, double value)
{
    if (isnan(value)) {
        assay_buffer_puts(out, "<td class=\"r\">&ndash;</td>");
    } else {
        assay_html_put(out, "<td class=\"r\">%s</td>", assay_figure_round(value).text);
    }
}

static void put_distances(assay_buffer *out, const assay_json_value *a)
{
    static const char *const names[] = {"q05", "q25", "median", "q75", "q95"};
    const assay_json_value *attacks = assay_json_get(a, "attacks");
    assay_html_put(
        out,
        "<h4>Size of the change that was needed</h4>\n<div class=\"wide\"><table>\n<thead><tr>"
        "<th scope=\"col\">Norm %s</th><th scope=\"col\" class=\"r\">fooled</th>"
        "<th scope=\"col\" class=\"r\">5 %%</th><th scope=\"col\" class=\"r\">25 %%</th>"
        "<th scope=\"col\" class=\"r\">half</th><th scope=\"col\" class=\"r\">75 %%</th>"
        "<th scope=\"col\" class=\"r\">95 %%</th></tr></thead>\n<tbody>\n",
        assay_json_get_text(a, "norm", ""));
    for (size_t k = 0; k < assay_json_size(attacks); k++) {
        const assay_json_value *attack = assay_json_at(attacks, k);
        const assay_json_value *distance = assay_json_get(attack, "distance");
        assay_html_put(out, "<tr><th scope=\"row\">%s</th><td class=\"r\">%s of %s</td>",
                       assay_json_get_text(attack, "title", "?"),
                       assay_figure_count(assay_json_get_int(distance, "found", 0)).text,
                       assay_figure_count(assay_json_get_int(distance, "n", 0)).text);
        for (size_t q = 0; q < ASSAY_COUNT(names); q++) {
            put_number(out, assay_evidence_real(distance, names[q]));
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out,
                      "</tbody>\n</table></div>\n<p class=\"quiet\">Of the images that were right. "
                      "A dash: fewer were fooled. Attacks within a given eps stop once they "
                      "succeed, those that look for the smallest change do not.</p>\n");
}

/* Accuracy as it is and worst case at each eps, by class or by slice. */
static void put_groups(assay_buffer *out, const assay_json_value *a, const char *key,
                       const char *heading, const char *what)
{
    const assay_json_value *groups = assay_json_get(a, key);
    const assay_json_value *worst = assay_json_get(a, "worst_case");
    size_t n = assay_json_size(groups);
    if (n < 2) {
        return;
    }
    assay_html_put(out,
                   "<h4>%s</h4>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">%s</th>"
                   "<th scope=\"col\" class=\"r\">images</th><th scope=\"col\" class=\"r\">no "
                   "attack</th>",
                   heading, what);
    for (size_t e = 0; e < assay_json_size(worst); e++) {
        assay_html_put(
            out, "<th scope=\"col\" class=\"r\">eps %s</th>",
            assay_figure_round(assay_evidence_real(assay_json_at(worst, e), "eps")).text);
    }
    assay_buffer_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t g = 0; g < n && g < NAMES; g++) {
        const assay_json_value *group = assay_json_at(groups, g);
        const assay_json_value *clean = assay_json_get(group, "clean");
        const assay_json_value *curve = assay_json_get(group, "robust_accuracy");
        assay_html_put(out, "<tr><th scope=\"row\">%s</th><td class=\"r\">%s</td>",
                       assay_json_get_text(group, "name", "?"),
                       assay_figure_count(assay_json_get_int(clean, "n", 0)).text);
        assay_section_share_cell(out, clean);
        for (size_t e = 0; e < assay_json_size(curve); e++) {
            assay_section_share_cell(out, assay_json_at(curve, e));
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, NAMES, n, "groups");
}

static void put_matrix_cell(assay_buffer *out, const assay_json_value *cell, double left,
                            double top, double width)
{
    double value = assay_evidence_real(cell, "value");
    assay_buffer_puts(out, "<g>");
    if (!isnan(value)) {
        assay_html_put(out, "<title>%s of %s images; both answer %s of the originals alike</title>",
                       assay_figure_percent(value, 1).text,
                       assay_figure_count(assay_json_get_int(cell, "n", 0)).text,
                       assay_figure_percent(assay_evidence_real(cell, "agreement"), 0).text);
        assay_svg_rect(out, "cell wrong", left + 0.5, top + 0.5, width - 1, 47,
                       0.08 + 0.92 * value);
        assay_svg_text(out, value > 0.6 ? "count strong" : "count", left + width / 2, top + 21,
                       assay_figure_percent(value, 0).text, 0);
        assay_buffer range;
        assay_buffer_init(&range, 0);
        assay_buffer_printf(&range, "%.0f\xe2\x80\x93%.0f",
                            100.0 * assay_evidence_real(cell, "low"),
                            100.0 * assay_evidence_real(cell, "high"));
        assay_svg_text(out, value > 0.6 ? "count strong" : "count", left + width / 2, top + 38,
                       range.data != NULL ? range.data : "", 0);
        assay_buffer_dispose(&range);
    } else {
        assay_svg_text(out, "count", left + width / 2, top + 28, "\xe2\x80\x93", 0);
    }
    assay_buffer_puts(out, "</g>");
}

static void put_matrix(assay_buffer *out, const assay_evidence *evidence, const assay_json_value *a)
{
    const assay_json_value *matrix = assay_json_get(a, "transfer_matrix");
    const assay_json_value *names = assay_json_get(matrix, "models");
    const assay_json_value *rows = assay_json_get(matrix, "rows");
    size_t n = assay_json_size(names);
    if (n == 0 || n > 64) {
        return;
    }
    double left = 80;
    double top = 60;
    for (size_t from = 0; from < assay_json_size(rows); from++) {
        const char *name = assay_json_get_text(assay_json_at(rows, from), "made_on", "?");
        size_t letters = strlen(short_name(assay_evidence_title(evidence->models, name)));
        left = fmin(fmax(left, 16.0 + 7.0 * (double)letters), 300.0);
    }
    double width = fmax(56.0, fmin(220.0, 620.0 / (double)n));
    assay_html_put(
        out,
        "<h4>Whose examples fool whom</h4>\n<p>%s on each model, at eps %s: how many of the "
        "images that both models answer rightly have an example, made on the model of the "
        "row, that fools the model of the column, with the interval.</p>\n",
        assay_json_get_text(matrix, "title", "?"),
        assay_figure_round(assay_evidence_real(matrix, "eps")).text);
    assay_plot_begin(out, left + width * (double)n + 10,
                     top + 48 * (double)assay_json_size(rows) + 8, "Transfer matrix");
    assay_svg_text(out, "axis", left, 14, "tried on \xe2\x86\x92", 0);
    assay_svg_text(out, "axis", 0, 34, "made on \xe2\x86\x93", 0);
    for (size_t to = 0; to < n; to++) {
        const char *name = assay_json_as_text(assay_json_at(names, to), "?");
        assay_svg_text(out, "tick middle", left + ((double)to + 0.5) * width, top - 8,
                       short_name(assay_evidence_title(evidence->models, name)), (int)(width / 7));
    }
    for (size_t from = 0; from < assay_json_size(rows); from++) {
        const assay_json_value *row = assay_json_at(rows, from);
        const assay_json_value *cells = assay_json_get(row, "tried_on");
        const char *name = assay_json_get_text(row, "made_on", "?");
        assay_svg_text(out, "tick end", left - 8, top + ((double)from + 0.5) * 48 + 4,
                       short_name(assay_evidence_title(evidence->models, name)), 42);
        for (size_t to = 0; to < n; to++) {
            put_matrix_cell(out, assay_json_at(cells, to), left + (double)to * width,
                            top + (double)from * 48, width);
        }
    }
    assay_plot_end(out);
}

static void put_certificate(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *certificate = assay_json_get(a, "certificate");
    const assay_json_value *list = assay_json_get(certificate, "certified_accuracy");
    if (assay_json_size(list) == 0) {
        return;
    }
    assay_html_put(
        out,
        "<h4>What is guaranteed</h4>\n<p>Of the model averaged over Gaussian noise "
        "(sigma %s), not of the model itself: right answers that no change of at most this "
        "L2 length can take away.</p>\n<div class=\"wide\"><table>\n<thead><tr><th "
        "scope=\"col\">L2 radius</th>",
        assay_figure_round(assay_evidence_real(certificate, "sigma")).text);
    for (size_t r = 0; r < assay_json_size(list); r++) {
        assay_html_put(
            out, "<th scope=\"col\" class=\"r\">%s</th>",
            assay_figure_round(assay_evidence_real(assay_json_at(list, r), "radius")).text);
    }
    assay_buffer_puts(out, "</tr></thead>\n<tbody><tr><th scope=\"row\">certified</th>");
    for (size_t r = 0; r < assay_json_size(list); r++) {
        assay_section_share_cell(out, assay_json_at(list, r));
    }
    assay_buffer_puts(out, "</tr></tbody>\n</table></div>\n");
}

void assay_section_attacks_checklist(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *list = assay_json_get(a, "checklist");
    if (assay_json_size(list) == 0) {
        return;
    }
    assay_buffer_puts(out,
                      "<details><summary>Reporting checklist (Carlini et al., "
                      "arXiv:1902.06705)</summary>\n<div class=\"wide\"><table>\n<thead><tr><th "
                      "scope=\"col\">Item</th><th scope=\"col\">Answer</th><th scope=\"col\">From"
                      "</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const char *answer = assay_json_get_text(item, "answer", "");
        const char *css = assay_text_equal(answer, "yes")  ? "good"
                          : assay_text_equal(answer, "no") ? "bad"
                                                           : "quiet";
        assay_html_put(out,
                       "<tr><th scope=\"row\">%s</th><td class=\"%s\">%s</td><td "
                       "class=\"quiet\">%s</td></tr>\n",
                       assay_json_get_text(item, "item", ""), css, answer,
                       assay_json_get_text(item, "text", ""));
    }
    assay_buffer_puts(out, "</tbody>\n</table></div></details>\n");
}

void assay_section_attacks_more(assay_buffer *out, const assay_evidence *evidence,
                                const assay_json_value *a)
{
    put_queries(out, a);
    put_distances(out, a);
    put_groups(out, a, "classes", "By class, worst case", "Class");
    put_groups(out, a, "slices", "By slice, worst case", assay_json_get_text(a, "by", "Slice"));
    put_matrix(out, evidence, a);
    put_certificate(out, a);
}
