#include <math.h>

#include "report/section.h"

enum { CONTEXTS = 6, POINTS = 256, WIDTH = 520, HEIGHT = 300 };

typedef struct risk {
    double coverage[POINTS], risk[POINTS], low[POINTS], high[POINTS];
    size_t n;
    bool band; /* every point has an interval */
} risk;

static double cell(const assay_json_value *row, int column)
{
    return column >= 0 && assay_json_is_array(row)
               ? assay_json_as_real(assay_json_at(row, (size_t)column), NAN)
               : NAN;
}

/** At most POINTS of the curve, evenly picked, the last one always. */
static bool read_points(risk *out, const assay_json_value *curve)
{
    const assay_json_value *rows = assay_json_get(curve, "rows");
    int coverage = assay_evidence_column(curve, "coverage");
    int value = assay_evidence_column(curve, "risk");
    int low = assay_evidence_column(curve, "risk_low");
    int high = assay_evidence_column(curve, "risk_high");
    size_t n = assay_json_is_array(rows) ? assay_json_size(rows) : 0;
    out->n = 0;
    out->band = true;
    if (coverage < 0 || value < 0 || n == 0) {
        return false;
    }
    size_t wanted = n < POINTS ? n : POINTS;
    for (size_t i = 0; i < wanted; i++) {
        size_t at = wanted == 1 ? 0 : (size_t)((double)i * (double)(n - 1) / (double)(wanted - 1));
        const assay_json_value *row = assay_json_at(rows, at);
        double x = cell(row, coverage);
        double y = cell(row, value);
        if (isfinite(x) && isfinite(y)) {
            out->low[out->n] = cell(row, low);
            out->high[out->n] = cell(row, high);
            out->band = out->band && isfinite(out->low[out->n]) && isfinite(out->high[out->n]);
            out->coverage[out->n] = x;
            out->risk[out->n++] = y;
        }
    }
    return out->n > 0;
}

/** The point whose coverage is nearest. */
static size_t nearest(const risk *curve, double coverage)
{
    size_t best = 0;
    for (size_t i = 1; i < curve->n; i++) {
        if (fabs(curve->coverage[i] - coverage) < fabs(curve->coverage[best] - coverage)) {
            best = i;
        }
    }
    return best;
}

static void put_sentence(assay_buffer *out, const assay_evidence *evidence, int model,
                         const risk *curve)
{
    size_t all = nearest(curve, 1), most = nearest(curve, 0.8), half = nearest(curve, 0.5);
    assay_buffer_puts(out, "<li>");
    if (evidence->n_models > 1) {
        assay_svg_legend_mark(out, model);
    }
    assay_html_put(out,
                   " <b>%s</b> is wrong in %s of all cases; when it answers only the surest %s, in "
                   "%s of them; only the surest %s, in %s.</li>\n",
                   assay_evidence_model_title(evidence, model),
                   assay_figure_percent(curve->risk[all], 1).text,
                   assay_figure_percent(curve->coverage[most], 0).text,
                   assay_figure_percent(curve->risk[most], 1).text,
                   assay_figure_percent(curve->coverage[half], 0).text,
                   assay_figure_percent(curve->risk[half], 1).text);
}

static void put_plot(assay_buffer *out, const assay_evidence *evidence, const risk *curves)
{
    double high = 0.01;
    for (size_t m = 0; m < evidence->n_models; m++) {
        for (size_t i = 0; i < curves[m].n; i++) {
            high = fmax(high, curves[m].risk[i]);
        }
    }
    assay_plot plot = {.left = 56, .top = 26, .width = WIDTH - 76, .height = HEIGHT - 78};
    plot.x = assay_ticks_make(0, 1, 5);
    plot.y = assay_ticks_make(0, high, 4);
    assay_plot_begin(out, WIDTH, HEIGHT, "Risk and coverage");
    assay_plot_y_axis(out, &plot, true, "how often it is wrong");
    assay_plot_x_axis(out, &plot, true, "share of cases that it answers, the surest first");
    for (size_t m = 0; m < evidence->n_models; m++) {
        double line[2 * POINTS], x[POINTS], lower[POINTS], upper[POINTS];
        for (size_t i = 0; i < curves[m].n; i++) {
            line[2 * i] = x[i] = assay_plot_x(&plot, curves[m].coverage[i]);
            line[2 * i + 1] = assay_plot_y(&plot, curves[m].risk[i]);
            lower[i] = assay_plot_y(&plot, fmin(curves[m].low[i], plot.y.high));
            upper[i] = assay_plot_y(&plot, fmin(curves[m].high[i], plot.y.high));
        }
        if (curves[m].band && curves[m].n > 1) {
            assay_svg_band(out, (int)m, x, lower, upper, curves[m].n);
        }
        if (curves[m].n > 0) {
            size_t last = curves[m].n - 1;
            assay_svg_path(out, "line", (int)m, line, curves[m].n);
            assay_svg_mark(out, (int)m, line[2 * last], line[2 * last + 1]);
        }
    }
    assay_plot_end(out);
}

void assay_section_risk_coverage(assay_buffer *out, const assay_evidence *evidence)
{
    int contexts[CONTEXTS];
    size_t n = assay_section_main_contexts(evidence, contexts, CONTEXTS);
    risk *curves = assay_evidence_alloc(evidence, out, evidence->n_models + 1, sizeof *curves);
    bool begun = false;
    for (size_t c = 0; curves != NULL && c < n; c++) {
        bool any = false;
        for (size_t m = 0; m < evidence->n_models; m++) {
            const assay_json_value *curve =
                assay_evidence_curve(evidence, "risk_coverage", (int)m, contexts[c]);
            curves[m].n = 0;
            any = (curve != NULL && read_points(&curves[m], curve)) || any;
        }
        if (!any) {
            continue;
        }
        if (!begun) {
            begun = true;
            assay_section_begin(
                out, "risk-coverage",
                "What if it may say \xe2\x80\x9cI don\xe2\x80\x99t know\xe2\x80\x9d?",
                "If the model answers only the cases of which it is most sure and "
                "hands the others to a person, it makes fewer mistakes. The curve "
                "shows how many: from left (only the surest cases) to right (all "
                "of them). The band is the range in which the true value lies, point by point.");
            assay_section_legend(out, evidence);
            assay_buffer_puts(out, "<div class=\"cards\">\n");
        }
        assay_html_put(out, "<figure class=\"card\">\n<figcaption><b>%s</b></figcaption>\n",
                       assay_evidence_context_title(evidence, contexts[c]));
        put_plot(out, evidence, curves);
        assay_buffer_puts(out, "<ul class=\"plain\">\n");
        for (size_t m = 0; m < evidence->n_models; m++) {
            if (curves[m].n > 0) {
                put_sentence(out, evidence, (int)m, &curves[m]);
            }
        }
        assay_buffer_puts(out, "</ul>\n</figure>\n");
    }
    if (begun) {
        assay_buffer_puts(out, "</div>\n");
        assay_section_end(out);
    }
}
