#include <math.h>

#include "base/text.h"
#include "report/section.h"

enum { MOST = 202, WIDTH = 420, HEIGHT = 214 };

typedef struct path {
    double n[MOST], low[MOST], high[MOST], rate[MOST];
    size_t count;
    double least, most;
} path;

static double cell(const assay_json_value *row, size_t column)
{
    return assay_json_as_real(assay_json_at(row, column), NAN);
}

static void read_path(path *p, const assay_json_value *list, bool ratio)
{
    p->count = 0;
    p->least = INFINITY;
    p->most = -INFINITY;
    for (size_t i = 0; i < assay_json_size(list) && p->count < MOST; i++) {
        const assay_json_value *row = assay_json_at(list, i);
        size_t k = p->count++;
        p->n[k] = cell(row, 0);
        p->rate[k] = ratio ? NAN : cell(row, 1) / p->n[k];
        p->low[k] = cell(row, 2);
        p->high[k] = ratio ? p->low[k] : cell(row, 3);
    }
    for (size_t k = 0; k < p->count; k++) { /* the first few samples say nothing yet */
        bool early = p->n[k] < p->n[p->count - 1] / 20.0;
        p->least = early ? p->least : fmin(p->least, p->low[k]);
        p->most = early ? p->most : fmax(p->most, p->high[k]);
    }
}

static void put_limit(assay_buffer *out, const assay_plot *plot, double value)
{
    if (!isnan(value)) {
        double y = assay_plot_y(plot, value);
        assay_svg_line(out, "threshold", plot->left, y, plot->left + plot->width, y);
    }
}

static void put_line(assay_buffer *out, const assay_plot *plot, const path *p, const double *values)
{
    double points[2 * MOST];
    for (size_t i = 0; i < p->count; i++) {
        points[2 * i] = assay_plot_x(plot, p->n[i]);
        points[2 * i + 1] = assay_plot_y(plot, values[i]);
    }
    assay_svg_path(out, "line", 0, points, p->count);
}

static void put_end(assay_buffer *out, const assay_json_value *s)
{
    int64_t decided = assay_json_get_int(s, "decided_at", 0);
    int64_t unlabelled = assay_json_get_int(s, "unlabelled", 0);

    if (decided > 0) {
        assay_html_put(out, "<p>Decided at sample %s", assay_figure_count(decided).text);
        assay_html_put(out, " of %s labelled ones, in their order of arrival.</p>\n",
                       assay_figure_count(assay_json_get_int(s, "labelled", 0)).text);
    } else {
        assay_html_put(out, "<p>Not decided after %s labelled samples",
                       assay_figure_count(assay_json_get_int(s, "labelled", 0)).text);
        assay_html_put(out, "; %s are not labelled yet.</p>\n",
                       assay_figure_count(unlabelled).text);
    }
}

/* Samples are counted: no half ones on the axis. */
static assay_ticks count_ticks(double most)
{
    assay_ticks ticks = assay_ticks_make(0, most, 5);
    for (int n = 4; n >= 1 && ticks.step != floor(ticks.step); n--) {
        ticks = assay_ticks_make(0, most, n);
    }
    ticks.decimals = ticks.step == floor(ticks.step) ? 0 : ticks.decimals;
    return ticks;
}

void assay_section_sequential(assay_buffer *out, const assay_json_value *verdict)
{
    const assay_json_value *s = assay_json_get(verdict, "sequential");
    bool ratio = assay_text_equal(assay_json_get_text(s, "method", ""), "sprt");
    double threshold = assay_evidence_real(verdict, "threshold");
    double upper = assay_evidence_real(s, "accept_objective_at");
    double lower = assay_evidence_real(s, "accept_threshold_at");
    path p;

    read_path(&p, assay_json_get(s, "path"), ratio);
    if (p.count == 0) {
        return;
    }
    p.least = fmin(p.least, ratio ? lower : threshold);
    p.most = fmax(p.most, ratio ? upper : threshold);
    assay_plot plot = {.left = 62,
                       .top = 26,
                       .width = WIDTH - 80,
                       .height = HEIGHT - 74,
                       .x = count_ticks(p.n[p.count - 1]),
                       .y = assay_ticks_make(p.least, p.most, 4)};
    assay_buffer_puts(out,
                      "<details open><summary>How it was decided, sample by sample</summary>\n");
    put_end(out, s);
    assay_plot_begin(out, WIDTH, HEIGHT, "What was known after each sample");
    assay_plot_y_axis(out, &plot, !ratio, ratio ? "log likelihood ratio" : "possible true values");
    assay_plot_x_axis(out, &plot, false, "labelled samples");
    if (ratio) {
        put_limit(out, &plot, upper);
        put_limit(out, &plot, lower);
        put_line(out, &plot, &p, p.low);
    } else {
        double x[MOST], low[MOST], high[MOST];
        for (size_t i = 0; i < p.count; i++) {
            x[i] = assay_plot_x(&plot, p.n[i]);
            low[i] = assay_plot_y(&plot, p.low[i]);
            high[i] = assay_plot_y(&plot, p.high[i]);
        }
        assay_svg_band(out, 0, x, low, high, p.count);
        put_limit(out, &plot, threshold);
        put_line(out, &plot, &p, p.rate);
    }
    assay_plot_end(out);
    assay_buffer_puts(
        out, ratio
                 ? "<p><small>The line leaves the corridor when the samples speak clearly for the "
                   "objective (above) or for the threshold (below).</small></p></details>\n"
                 : "<p><small>The band holds the values that are still possible after so many "
                   "samples, the line is the share so far, the dashed line what is needed. The "
                   "requirement is decided when the band leaves the dashed line, and one may look "
                   "after every sample.</small></p></details>\n");
}
