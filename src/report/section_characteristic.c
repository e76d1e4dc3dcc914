#include <math.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"
#include "stats/planning.h"

enum { POINTS = 81, WIDTH = 420, HEIGHT = 190 };

/** Where something happens: a few standard errors around the threshold. */
static void range_of(double *from, double *to, double threshold, int64_t n)
{
    double room = 5.0 * sqrt(fmax(threshold * (1.0 - threshold), 0.25 / (double)n) / (double)n);

    *from = fmax(0.0, threshold - room);
    *to = fmin(1.0, threshold + room);
}

static bool compute(double *points, const assay_proportion_claim *claim, double from, double to,
                    int64_t n)
{
    for (size_t i = 0; i < POINTS; i++) {
        double p = from + (to - from) * (double)i / (POINTS - 1);
        points[2 * i] = p;
        if (assay_claim_power(&points[2 * i + 1], p, n, claim, NULL) != ASSAY_OK) {
            return false;
        }
    }
    return true;
}

void assay_section_characteristic(assay_buffer *out, const assay_json_value *verdict)
{
    int64_t n = assay_json_get_int(verdict, "n", 0);
    assay_proportion_claim claim = {
        assay_evidence_real(verdict, "threshold"),
        assay_text_equal(assay_json_get_text(verdict, "compare", ""), "at_least"),
        assay_evidence_real(verdict, "confidence")};
    double points[2 * POINTS];
    double from = 0.0, to = 1.0;

    if (!assay_text_equal(assay_json_get_text(verdict, "method", ""), "clopper_pearson") || n < 1 ||
        n > 1000000000 || !(claim.limit > 0.0 && claim.limit < 1.0) ||
        !(claim.confidence >= 0.5 && claim.confidence < 1.0)) {
        return;
    }
    range_of(&from, &to, claim.limit, n);
    assay_plot plot = {.left = 62,
                       .top = 12,
                       .width = WIDTH - 80,
                       .height = HEIGHT - 60,
                       .x = assay_ticks_make(from, to, 5),
                       .y = assay_ticks_make(0.0, 1.0, 4)};
    from = fmax(0.0, plot.x.low);
    to = fmin(1.0, plot.x.high);
    if (!compute(points, &claim, from, to, n)) {
        return;
    }
    for (size_t i = 0; i < POINTS; i++) {
        points[2 * i] = assay_plot_x(&plot, points[2 * i]);
        points[2 * i + 1] = assay_plot_y(&plot, points[2 * i + 1]);
    }
    assay_html_put(out, "<details><summary>What %s samples can show</summary>\n",
                   assay_figure_count(n).text);
    assay_plot_begin(out, WIDTH, HEIGHT, "Operating characteristic");
    assay_plot_y_axis(out, &plot, true, "probability of MET");
    assay_plot_x_axis(out, &plot, true, "true value");
    double x = assay_plot_x(&plot, claim.limit);
    assay_svg_line(out, "threshold", x, plot.top, x, plot.top + plot.height);
    assay_svg_path(out, "line", 0, points, POINTS);
    assay_plot_end(out);
    assay_buffer_puts(out, "<p><small>For every true value: how probable it is that a test "
                           "of this size ends in MET. The dashed line is what is needed; to its "
                           "wrong side the probability is at most 100\xc2\xa0% minus the "
                           "confidence.</small></p></details>\n");
}
