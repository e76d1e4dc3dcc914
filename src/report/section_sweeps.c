#include <math.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

enum { POINTS = 24, SHOWN = 24, WIDTH = 520, HEIGHT = 300 };

typedef struct sweep_chart {
    const assay_json_value *item;
    const assay_json_value *points[POINTS]; /* in the order in which they are drawn */
    int contexts[POINTS];
    size_t n;
    size_t total;
    assay_plot plot;
    bool percent;
} sweep_chart;

/** The undisturbed point comes first, or between the negative and the positive values. */
static void read_points(sweep_chart *out, const assay_evidence *evidence)
{
    const assay_json_value *points = assay_json_get(out->item, "points");
    size_t n = assay_json_is_array(points) ? assay_json_size(points) : 0;
    out->total = n;
    n = n < POINTS ? n : POINTS;
    size_t negative = 0;
    for (size_t i = 1; i < n; i++) {
        double before = assay_evidence_real(assay_json_at(points, i - 1), "value");
        double value = assay_evidence_real(assay_json_at(points, i), "value");
        negative = negative == i - 1 && value < 0 && !(value <= before) ? i : negative;
    }
    bool clean = n > 0 && isnan(assay_evidence_real(assay_json_at(points, 0), "value"));
    for (size_t i = 0; i < n; i++) {
        size_t place = !clean || i > negative ? i : i == 0 ? negative : i - 1;
        out->points[place] = assay_json_at(points, i);
    }
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        out->contexts[i] =
            assay_evidence_context(evidence, assay_json_get_text(out->points[i], "context", NULL));
    }
}

static void set_axes(sweep_chart *sweep, const assay_evidence *evidence)
{
    double low = NAN, high = NAN;
    for (size_t i = 0; i < sweep->n; i++) {
        for (size_t m = 0; m < evidence->n_models; m++) {
            const assay_json_value *measure =
                assay_evidence_headline(evidence, (int)m, sweep->contexts[i]);
            low = fmin(low, fmin(assay_evidence_real(measure, "low"),
                                 assay_evidence_real(measure, "value")));
            high = fmax(high, fmax(assay_evidence_real(measure, "high"),
                                   assay_evidence_real(measure, "value")));
        }
    }
    sweep->plot = (assay_plot){.left = 56, .top = 26, .width = WIDTH - 76, .height = HEIGHT - 78};
    sweep->plot.y =
        sweep->percent ? assay_ticks_share(fmin(low, 0.49), high) : assay_ticks_make(low, high, 5);
}

static double x_of(const sweep_chart *sweep, size_t i)
{
    double room = sweep->plot.width / (double)sweep->n;
    return sweep->plot.left + room * ((double)i + 0.5);
}

/** The context is what the sweep disturbs. */
static bool is_undisturbed(const assay_evidence *evidence, const assay_json_value *sweep,
                           int context)
{
    const assay_json_value *item = assay_json_at(evidence->contexts, (size_t)context);
    return assay_json_is_null(assay_json_get(item, "perturbation")) &&
           assay_text_equal(assay_json_get_text(item, "data", ""),
                            assay_json_get_text(sweep, "data", "")) &&
           assay_text_equal(assay_json_get_text(item, "where", ""),
                            assay_json_get_text(sweep, "where", ""));
}

static void put_thresholds(assay_buffer *out, const assay_evidence *evidence,
                           const sweep_chart *sweep)
{
    for (size_t i = 0; i < assay_json_size(evidence->verdicts); i++) {
        const assay_json_value *verdict = assay_json_at(evidence->verdicts, i);
        int context =
            assay_evidence_context(evidence, assay_json_get_text(verdict, "context", NULL));
        double threshold = assay_evidence_real(verdict, "threshold");
        bool here = false;
        for (size_t p = 0; p < sweep->n; p++) {
            here = here || (context >= 0 && sweep->contexts[p] == context);
        }
        here = here || (context >= 0 && is_undisturbed(evidence, sweep->item, context));
        if (!here || isnan(threshold) || !assay_json_is_null(assay_json_get(verdict, "class")) ||
            !assay_text_equal(assay_json_get_text(verdict, "metric", ""), evidence->headline)) {
            continue;
        }
        int model = assay_evidence_model(evidence, assay_json_get_text(verdict, "model", NULL));
        if (model >= 0 &&
            !assay_evidence_about(verdict, assay_evidence_headline(evidence, model, context))) {
            continue;
        }
        double y = assay_plot_y(&sweep->plot, threshold);
        double right = sweep->plot.left + sweep->plot.width;
        const double line[4] = {sweep->plot.left, y, right, y};
        if (evidence->n_models > 1 && model >= 0) {
            assay_svg_path(out, "threshold", model, line, 2);
        } else {
            assay_svg_line(out, "threshold", line[0], y, right, y);
        }
        assay_svg_text(out, "tick end", right - 2, y - 5, assay_json_get_text(verdict, "id", ""),
                       24);
    }
}

static void put_model(assay_buffer *out, const assay_evidence *evidence, const sweep_chart *sweep,
                      int model, bool band)
{
    double x[POINTS], low[POINTS], high[POINTS], line[2 * POINTS];
    for (size_t i = 0; i < sweep->n; i++) {
        const assay_json_value *measure =
            assay_evidence_headline(evidence, model, sweep->contexts[i]);
        double value = assay_evidence_real(measure, "value");
        double bottom = assay_evidence_real(measure, "low");
        double top = assay_evidence_real(measure, "high");
        x[i] = x_of(sweep, i);
        low[i] = isnan(bottom) ? NAN : assay_plot_y(&sweep->plot, bottom);
        high[i] = isnan(top) ? NAN : assay_plot_y(&sweep->plot, top);
        line[2 * i] = x[i];
        line[2 * i + 1] = isnan(value) ? NAN : assay_plot_y(&sweep->plot, value);
    }
    if (band) {
        assay_svg_band(out, model, x, low, high, sweep->n);
        return;
    }
    assay_svg_path(out, "line", model, line, sweep->n);
    for (size_t i = 0; i < sweep->n; i++) {
        if (!isnan(line[2 * i + 1])) {
            assay_svg_mark(out, model, x[i], line[2 * i + 1]);
        }
    }
}

static void put_label(assay_buffer *out, const assay_json_value *point)
{
    double value = assay_evidence_real(point, "value");
    assay_buffer_puts(out, isnan(value) ? "clean" : assay_figure_short(value).text);
}

static void put_plot(assay_buffer *out, const assay_evidence *evidence, const sweep_chart *sweep)
{
    const assay_plot *plot = &sweep->plot;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_words_metric_title(&text, evidence->headline);
    assay_plot_begin(out, WIDTH, HEIGHT, assay_json_get_text(sweep->item, "title", "sweep"));
    assay_plot_y_axis(out, plot, sweep->percent, text.data != NULL ? text.data : "");
    for (size_t i = 0; i < sweep->n; i++) {
        assay_buffer_clear(&text);
        put_label(&text, sweep->points[i]);
        assay_svg_text(out, "tick middle", x_of(sweep, i), plot->top + plot->height + 18,
                       text.data != NULL ? text.data : "", sweep->n > 12 ? 5 : 9);
    }
    assay_buffer_clear(&text);
    assay_words_metric_title(&text, assay_json_get_text(sweep->item, "perturbation", ""));
    assay_buffer_puts(&text, ": ");
    assay_buffer_puts(&text, assay_json_get_text(sweep->item, "param", "strength"));
    assay_svg_text(out, "axis middle", plot->left + plot->width / 2, plot->top + plot->height + 40,
                   text.data != NULL ? text.data : "", 60);
    assay_buffer_dispose(&text);
    for (size_t m = 0; m < evidence->n_models; m++) {
        put_model(out, evidence, sweep, (int)m, true);
    }
    put_thresholds(out, evidence, sweep);
    for (size_t m = 0; m < evidence->n_models; m++) {
        put_model(out, evidence, sweep, (int)m, false);
    }
    assay_plot_end(out);
}

static void put_numbers(assay_buffer *out, const assay_evidence *evidence, const sweep_chart *sweep)
{
    assay_buffer_puts(out, "<details>\n<summary>Numbers</summary>\n<div class=\"wide\"><table>\n"
                           "<thead><tr><th scope=\"col\">Strength</th>");
    for (size_t m = 0; m < evidence->n_models; m++) {
        assay_html_put(out, "<th scope=\"col\" class=\"r\">%s</th>",
                       assay_evidence_model_title(evidence, (int)m));
    }
    assay_buffer_puts(out, "<th scope=\"col\" class=\"r\">n</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < sweep->n; i++) {
        assay_buffer text;
        assay_buffer_init(&text, 0);
        put_label(&text, sweep->points[i]);
        int64_t severity = assay_json_get_int(sweep->points[i], "severity", 0), n = 0;
        assay_html_put(out, "<tr><th scope=\"row\">%s", text.data != NULL ? text.data : "");
        if (severity > 0) {
            assay_html_put(out, " <span class=\"quiet\">severity %s</span>",
                           assay_figure_count(severity).text);
        }
        assay_buffer_puts(out, "</th>");
        for (size_t m = 0; m < evidence->n_models; m++) {
            const assay_json_value *measure =
                assay_evidence_headline(evidence, (int)m, sweep->contexts[i]);
            n = measure != NULL ? assay_json_get_int(measure, "n", n) : n;
            assay_buffer_puts(out, "<td class=\"r\">");
            assay_buffer_clear(&text);
            assay_words_value(&text, measure);
            assay_html_buffer(out, &text);
            assay_buffer_clear(&text);
            assay_words_interval(&text, measure);
            assay_buffer_puts(out, " <span class=\"quiet\">");
            assay_html_buffer(out, &text);
            assay_buffer_puts(out, "</span></td>");
        }
        assay_html_put(out, "<td class=\"r\">%s</td></tr>\n", assay_figure_count(n).text);
        assay_buffer_dispose(&text);
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n</details>\n");
}

void assay_section_sweeps(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_metric_words *words = assay_words_metric(evidence->headline);
    size_t n = assay_json_size(evidence->sweeps);
    if (n == 0 || evidence->n_models == 0) {
        return;
    }
    assay_section_begin(out, "sweeps", "What disturbances do to it",
                        "The same data, disturbed more and more strongly from left to right. The "
                        "band around each line is the range in which the true value lies. A line "
                        "that falls steeply shows a model that breaks easily; where it crosses a "
                        "dashed requirement line, the model is out of its depth.");
    assay_section_legend(out, evidence);
    assay_buffer_puts(out, "<div class=\"cards\">\n");
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        sweep_chart sweep = {.item = assay_json_at(evidence->sweeps, i)};
        sweep.percent = words != NULL && words->percent;
        const char *title = assay_json_get_text(sweep.item, "title", "");
        const char *where = assay_json_get_text(sweep.item, "where", "");
        read_points(&sweep, evidence);
        set_axes(&sweep, evidence);
        assay_html_put(out, "<figure class=\"card\">\n<figcaption><b>%s</b> <span class=\"quiet\">",
                       title[0] != '\0' ? title : assay_json_get_text(sweep.item, "name", ""));
        assay_html_put(
            out, "%s%s%s</span></figcaption>\n",
            assay_evidence_data_title(evidence, assay_json_get_text(sweep.item, "data", "")),
            where[0] != '\0' ? " where " : "", where);
        if (sweep.n > 0) {
            put_plot(out, evidence, &sweep);
            put_numbers(out, evidence, &sweep);
        }
        assay_section_rest(out, sweep.n, sweep.total, "strengths");
        assay_buffer_puts(out, "</figure>\n");
    }
    assay_buffer_puts(out, "</div>\n");
    assay_section_rest(out, n < SHOWN ? n : SHOWN, n, "sweeps");
    assay_section_end(out);
}
