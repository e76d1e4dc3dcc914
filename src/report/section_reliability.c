#include <math.h>

#include "report/section.h"

enum { CONTEXTS = 6, BINS = 100, WIDTH = 520, HEIGHT = 420 };

typedef struct reliability {
    double low[BINS], high[BINS], n[BINS], confidence[BINS];
    double accuracy[BINS], accuracy_low[BINS], accuracy_high[BINS];
    size_t bins;
    double total, gap; /* samples; mean confidence minus accuracy */
} reliability;

static double cell(const assay_json_value *row, int column)
{
    return column < 0 ? NAN : assay_json_as_real(assay_json_at(row, (size_t)column), NAN);
}

static bool read_bins(reliability *out, const assay_json_value *curve)
{
    static const char *const names[] = {
        "low", "high", "n", "confidence", "accuracy", "accuracy_low", "accuracy_high"};
    double *const into[] = {out->low,          out->high,     out->n,
                            out->confidence,   out->accuracy, out->accuracy_low,
                            out->accuracy_high};
    const assay_json_value *rows = assay_json_get(curve, "rows");
    size_t n = assay_json_is_array(rows) ? assay_json_size(rows) : 0;
    out->bins = 0;
    out->total = 0;
    out->gap = 0;
    for (size_t i = 0; i < n && out->bins < BINS; i++) {
        const assay_json_value *row = assay_json_at(rows, i);
        for (size_t c = 0; assay_json_is_array(row) && c < ASSAY_COUNT(names); c++) {
            into[c][out->bins] = cell(row, assay_evidence_column(curve, names[c]));
        }
        double weight = assay_json_is_array(row) ? out->n[out->bins] : 0;
        double gap = out->confidence[out->bins] - out->accuracy[out->bins];
        if (weight > 0 && weight < 9e15 && isfinite(gap)) {
            out->total += weight;
            out->gap += weight * gap;
            out->bins++;
        }
    }
    out->gap = out->total > 0 ? out->gap / out->total : 0;
    return out->bins > 0;
}

static void put_bins(assay_buffer *out, const assay_plot *plot, const reliability *bins, int model)
{
    double line[2 * BINS];
    for (size_t i = 0; i < bins->bins; i++) {
        double x = assay_plot_x(plot, bins->confidence[i]);
        line[2 * i] = x;
        line[2 * i + 1] = assay_plot_y(plot, bins->accuracy[i]);
        if (!isnan(bins->accuracy_low[i]) && !isnan(bins->accuracy_high[i])) {
            const double whisker[4] = {x, assay_plot_y(plot, bins->accuracy_low[i]), x,
                                       assay_plot_y(plot, bins->accuracy_high[i])};
            assay_svg_path(out, "whisker", model, whisker, 2);
        }
    }
    assay_svg_path(out, "line thin", model, line, bins->bins);
    for (size_t i = 0; i < bins->bins; i++) {
        assay_svg_mark(out, model, line[2 * i], line[2 * i + 1]);
    }
}

/** What the picture says, for those who don't read diagrams. */
static void put_sentence(assay_buffer *out, const assay_evidence *evidence, int model,
                         const reliability *bins)
{
    size_t top = bins->bins - 1;
    bool off = fabs(bins->gap) >= 0.02;
    assay_buffer_puts(out, "<li>");
    if (evidence->n_models > 1) {
        assay_svg_legend_mark(out, model);
    }
    assay_html_put(out, " <b>%s</b> is ", assay_evidence_model_title(evidence, model));
    if (off) {
        assay_html_put(out,
                       "%s: it states on average %s percentage points %s confidence than it "
                       "deserves. ",
                       bins->gap > 0 ? "overconfident" : "too modest",
                       assay_figure_fixed(fabs(bins->gap) * 100, 1).text,
                       bins->gap > 0 ? "more" : "less");
    } else {
        assay_buffer_puts(out, "about as sure as it deserves to be. ");
    }
    assay_html_put(out,
                   "When it is %s to %s sure (n\xc2\xa0=\xc2\xa0%s), it is right in %s.</li>\n",
                   assay_figure_fixed(bins->low[top] * 100, 0).text,
                   assay_figure_percent(bins->high[top], 0).text,
                   assay_figure_count((int64_t)bins->n[top]).text,
                   assay_figure_percent(bins->accuracy[top], 1).text);
}

static bool put_context(assay_buffer *out, const assay_evidence *evidence, int context,
                        reliability *bins)
{
    bool any = false;
    for (size_t m = 0; m < evidence->n_models; m++) {
        bins[m].bins = 0;
        const assay_json_value *curve =
            assay_evidence_curve(evidence, "reliability", (int)m, context);
        any = (curve != NULL && read_bins(&bins[m], curve)) || any;
    }
    if (!any) {
        return false;
    }
    assay_plot plot = {.left = 56, .top = 26, .width = WIDTH - 76, .height = HEIGHT - 76};
    plot.x = plot.y = assay_ticks_make(0, 1, 5);
    assay_html_put(out, "<figure class=\"card\">\n<figcaption><b>%s</b></figcaption>\n",
                   assay_evidence_context_title(evidence, context));
    assay_plot_begin(out, WIDTH, HEIGHT, "Reliability diagram");
    assay_plot_y_axis(out, &plot, true, "how often it is right");
    assay_plot_x_axis(out, &plot, true, "how sure the model says it is");
    assay_svg_line(out, "ideal", plot.left, plot.top + plot.height, plot.left + plot.width,
                   plot.top);
    for (size_t m = 0; m < evidence->n_models; m++) {
        if (bins[m].bins > 0) {
            put_bins(out, &plot, &bins[m], (int)m);
        }
    }
    assay_plot_end(out);
    assay_buffer_puts(out, "<ul class=\"plain\">\n");
    for (size_t m = 0; m < evidence->n_models; m++) {
        if (bins[m].bins > 0) {
            put_sentence(out, evidence, (int)m, &bins[m]);
        }
    }
    assay_buffer_puts(out, "</ul>\n</figure>\n");
    return true;
}

void assay_section_reliability(assay_buffer *out, const assay_evidence *evidence)
{
    int contexts[CONTEXTS];
    size_t n = assay_section_main_contexts(evidence, contexts, CONTEXTS);
    reliability *bins = assay_evidence_alloc(evidence, out, evidence->n_models + 1, sizeof *bins);
    bool begun = false;
    for (size_t c = 0; bins != NULL && c < n; c++) {
        bool has = false;
        for (size_t m = 0; m < evidence->n_models; m++) {
            has = has || assay_evidence_curve(evidence, "reliability", (int)m, contexts[c]) != NULL;
        }
        if (!has) {
            continue;
        }
        if (!begun) {
            begun = true;
            assay_section_begin(
                out, "reliability", "Can its confidence be trusted?",
                "A trustworthy model that says \xe2\x80\x9c"
                "80 % sure\xe2\x80\x9d is right in 80 "
                "of 100 such cases: its marks lie on the dashed diagonal. Marks below the diagonal "
                "mean that it claims more than it can; marks above, that it is too modest.");
            assay_section_legend(out, evidence);
            assay_buffer_puts(out, "<div class=\"cards\">\n");
        }
        (void)put_context(out, evidence, contexts[c], bins);
    }
    if (begun) {
        assay_buffer_puts(out, "</div>\n");
        assay_section_end(out);
    }
}
