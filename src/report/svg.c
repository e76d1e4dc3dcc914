#include "report/svg.h"

#include <math.h>

#include "report/evidence.h"
#include "report/write.h"

/** Paths of the marks around (0, 0): told apart without colour. */
static const char *const marks[ASSAY_EVIDENCE_COLORS] = {
    "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0Z",
    "M-4.4-4.4H4.4V4.4H-4.4Z",
    "M0-6L6 0L0 6L-6 0Z",
    "M0-5.5L5.5 4.2H-5.5Z",
    "M0 5.5L5.5-4.2H-5.5Z",
    "M-6-2H-2V-6H2V-2H6V2H2V6H-2V2H-6Z",
    "M-5.6-2.8L-2.8-5.6 0-2.8 2.8-5.6 5.6-2.8 2.8 0 5.6 2.8 2.8 5.6 0 2.8-2.8 5.6-5.6 2.8-2.8 0Z",
    "M-5-5.5H5L-5 5.5H5Z",
};

static int color_of(int model)
{
    return model < 0 ? 0 : model % ASSAY_EVIDENCE_COLORS;
}

static void put_number(assay_buffer *out, double value)
{
    assay_figure figure = assay_figure_fixed(isfinite(value) ? value : 0, 2);
    assay_buffer_puts(out, figure.text);
}

static void put_attribute(assay_buffer *out, const char *name, double value)
{
    assay_buffer_putc(out, ' ');
    assay_buffer_puts(out, name);
    assay_buffer_puts(out, "=\"");
    put_number(out, value);
    assay_buffer_putc(out, '"');
}

assay_ticks assay_ticks_make(double low, double high, int wanted)
{
    static const double steps[] = {1, 2, 2.5, 5, 10};
    assay_ticks ticks = {.low = 0, .high = 1, .step = 0.2, .n = 6, .decimals = 1};
    if (!isfinite(low) || !isfinite(high) || fabs(low) > 1e100 || fabs(high) > 1e100) {
        return ticks;
    }
    double least = fmax(fabs(low), fabs(high)) * 1e-6;
    if (!(high - low > least)) {
        double middle = low;
        low = middle - (least > 0 ? fabs(middle) * 0.1 : 0.5);
        high = middle + (least > 0 ? fabs(middle) * 0.1 : 0.5);
    }
    double raw = (high - low) / wanted;
    int exponent = (int)floor(log10(raw));
    double power = pow(10, exponent);
    size_t choice = 0;
    while (choice < 4 && steps[choice] * power < raw * (1 - 1e-9)) {
        choice++;
    }
    ticks.step = steps[choice] * power;
    ticks.low = floor(low / ticks.step + 1e-9) * ticks.step;
    ticks.high = ceil(high / ticks.step - 1e-9) * ticks.step;
    ticks.n = (int)llround((ticks.high - ticks.low) / ticks.step) + 1;
    ticks.decimals = exponent < 0 ? -exponent : 0;
    if (choice == 2) {
        ticks.decimals++;
    } else if (choice == 4 && ticks.decimals > 0) {
        ticks.decimals--;
    }
    return ticks;
}

assay_ticks assay_ticks_share(double low, double high)
{
    if (!isfinite(low) || !isfinite(high)) {
        return assay_ticks_make(0, 1, 5);
    }
    double from = low >= 0.9 ? 0.9 : low >= 0.5 ? 0.5 : 0;
    double to = high <= 0.05 ? 0.05 : high <= 0.25 ? 0.25 : high <= 0.5 ? 0.5 : 1;
    return assay_ticks_make(low < 0 ? low : from, high > 1 ? high : to, 5);
}

double assay_ticks_at(const assay_ticks *ticks, int i)
{
    return ticks->low + i * ticks->step;
}

assay_figure assay_ticks_label(const assay_ticks *ticks, int i, bool percent)
{
    double value = assay_ticks_at(ticks, i);
    return percent ? assay_figure_percent(value, ticks->decimals > 2 ? ticks->decimals - 2 : 0)
                   : assay_figure_fixed(value, ticks->decimals);
}

double assay_ticks_position(const assay_ticks *ticks, double value)
{
    double at = (value - ticks->low) / (ticks->high - ticks->low);
    return !(at > 0) ? 0 : at > 1 ? 1 : at;
}

void assay_svg_line(assay_buffer *out, const char *css, double x1, double y1, double x2, double y2)
{
    assay_html_put(out, "<line class=\"%s\"", css);
    put_attribute(out, "x1", x1);
    put_attribute(out, "y1", y1);
    put_attribute(out, "x2", x2);
    put_attribute(out, "y2", y2);
    assay_buffer_puts(out, "/>");
}

void assay_svg_rect(assay_buffer *out, const char *css, double x, double y, double width,
                    double height, double opacity)
{
    assay_html_put(out, "<rect class=\"%s\"", css);
    put_attribute(out, "x", x);
    put_attribute(out, "y", y);
    put_attribute(out, "width", width);
    put_attribute(out, "height", height);
    if (opacity < 1) {
        put_attribute(out, "fill-opacity", opacity);
    }
    assay_buffer_puts(out, "/>");
}

void assay_svg_text(assay_buffer *out, const char *css, double x, double y, const char *text,
                    int limit)
{
    assay_html_put(out, "<text class=\"%s\"", css);
    put_attribute(out, "x", x);
    put_attribute(out, "y", y);
    assay_buffer_putc(out, '>');
    if (limit > 0) {
        assay_buffer cut;
        assay_buffer_init(&cut, 0);
        assay_text_cut(&cut, text, limit);
        assay_html_buffer(out, &cut);
        assay_buffer_dispose(&cut);
    } else {
        assay_html_put(out, "%s", text);
    }
    assay_buffer_puts(out, "</text>");
}

void assay_svg_mark(assay_buffer *out, int model, double x, double y)
{
    assay_html_put(out, "<path class=\"mark m%d\" transform=\"translate(", color_of(model));
    put_number(out, x);
    assay_buffer_putc(out, ' ');
    put_number(out, y);
    assay_html_put(out, ")\" d=\"%s\"/>", marks[color_of(model)]);
}

static void put_points(assay_buffer *out, double x, double y)
{
    put_number(out, x);
    assay_buffer_putc(out, ' ');
    put_number(out, y);
}

void assay_svg_path(assay_buffer *out, const char *css, int model, const double *points, size_t n)
{
    bool down = false;
    assay_html_put(out, "<path class=\"%s m%d\" d=\"", css, color_of(model));
    for (size_t i = 0; i < n; i++) {
        double x = points[2 * i], y = points[2 * i + 1];
        if (isnan(x) || isnan(y)) {
            down = false;
            continue;
        }
        assay_buffer_putc(out, down ? 'L' : 'M');
        put_points(out, x, y);
        down = true;
    }
    assay_buffer_puts(out, "\"/>");
}

void assay_svg_band(assay_buffer *out, int model, const double *x, const double *low,
                    const double *high, size_t n)
{
    assay_html_put(out, "<path class=\"band m%d\" d=\"", color_of(model));
    for (size_t start = 0; start < n;) {
        size_t end = start;
        while (end < n && !isnan(low[end]) && !isnan(high[end])) {
            end++;
        }
        for (size_t i = start; i < end; i++) {
            assay_buffer_putc(out, i == start ? 'M' : 'L');
            put_points(out, x[i], high[i]);
        }
        for (size_t i = end; i > start; i--) {
            assay_buffer_putc(out, 'L');
            put_points(out, x[i - 1], low[i - 1]);
        }
        assay_buffer_puts(out, end > start ? "Z" : "");
        start = end + 1;
    }
    assay_buffer_puts(out, "\"/>");
}

double assay_plot_x(const assay_plot *plot, double value)
{
    return plot->left + plot->width * assay_ticks_position(&plot->x, value);
}

double assay_plot_y(const assay_plot *plot, double value)
{
    return plot->top + plot->height * (1 - assay_ticks_position(&plot->y, value));
}

void assay_plot_begin(assay_buffer *out, double width, double height, const char *title)
{
    assay_buffer_puts(out, "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 ");
    put_points(out, width, height);
    assay_html_put(out, "\"><title>%s</title>", title);
}

void assay_plot_end(assay_buffer *out)
{
    assay_buffer_puts(out, "</svg>\n");
}

void assay_plot_y_axis(assay_buffer *out, const assay_plot *plot, bool percent, const char *label)
{
    for (int i = 0; i < plot->y.n; i++) {
        double y = assay_plot_y(plot, assay_ticks_at(&plot->y, i));
        assay_svg_line(out, "grid", plot->left, y, plot->left + plot->width, y);
        assay_svg_text(out, "tick end", plot->left - 7, y + 4,
                       assay_ticks_label(&plot->y, i, percent).text, 0);
    }
    assay_svg_text(out, "axis", 0, 12, label, 60);
}

void assay_plot_x_axis(assay_buffer *out, const assay_plot *plot, bool percent, const char *label)
{
    double bottom = plot->top + plot->height;
    for (int i = 0; i < plot->x.n; i++) {
        double x = assay_plot_x(plot, assay_ticks_at(&plot->x, i));
        assay_svg_line(out, "tickmark", x, bottom, x, bottom + 4);
        assay_svg_text(out, "tick middle", x, bottom + 18,
                       assay_ticks_label(&plot->x, i, percent).text, 0);
    }
    assay_svg_text(out, "axis middle", plot->left + plot->width / 2, bottom + 38, label, 60);
}

static void put_percent(assay_buffer *out, const char *name, const assay_track *track, double value)
{
    assay_html_put(out, " %s=\"", name);
    put_number(out, assay_ticks_position(&track->ticks, value) * 100);
    assay_buffer_puts(out, "%\"");
}

void assay_track_begin(assay_buffer *out, const assay_track *track, int height, const char *title)
{
    assay_html_put(out, "<svg class=\"track\" role=\"img\" height=\"%d\"><title>%s</title>", height,
                   title);
    for (int i = 0; i < track->ticks.n; i++) {
        assay_buffer_puts(out, "<line class=\"grid\" y1=\"0\" y2=\"100%\"");
        put_percent(out, "x1", track, assay_ticks_at(&track->ticks, i));
        put_percent(out, "x2", track, assay_ticks_at(&track->ticks, i));
        assay_buffer_puts(out, "/>");
    }
}

void assay_track_interval(assay_buffer *out, const assay_track *track, int model, double y,
                          double value, double low, double high)
{
    if (!isnan(low) && !isnan(high)) {
        assay_html_put(out, "<line class=\"whisker m%d\"", color_of(model));
        put_percent(out, "x1", track, low);
        put_percent(out, "x2", track, high);
        put_attribute(out, "y1", y);
        put_attribute(out, "y2", y);
        assay_buffer_puts(out, "/>");
    }
    if (!isnan(value)) {
        assay_buffer_puts(out, "<svg class=\"at\"");
        put_percent(out, "x", track, value);
        put_attribute(out, "y", y);
        assay_html_put(out, "><path class=\"mark m%d\" d=\"%s\"/></svg>", color_of(model),
                       marks[color_of(model)]);
    }
}

void assay_track_threshold(assay_buffer *out, const assay_track *track, int model, double value,
                           double top, double bottom)
{
    if (model < 0) {
        assay_buffer_puts(out, "<line class=\"threshold\"");
    } else {
        assay_html_put(out, "<line class=\"threshold m%d\"", color_of(model));
    }
    put_attribute(out, "y1", top);
    put_attribute(out, "y2", bottom);
    put_percent(out, "x1", track, value);
    put_percent(out, "x2", track, value);
    assay_buffer_puts(out, "/>");
}

void assay_track_band(assay_buffer *out, const assay_track *track, const char *css, double low,
                      double high, double top, double bottom)
{
    if (isnan(low) || isnan(high)) {
        return;
    }
    double from = assay_ticks_position(&track->ticks, low);
    assay_html_put(out, "<rect class=\"%s\"", css);
    put_percent(out, "x", track, low);
    assay_buffer_puts(out, " width=\"");
    put_number(out, (assay_ticks_position(&track->ticks, high) - from) * 100);
    assay_buffer_puts(out, "%\"");
    put_attribute(out, "y", top);
    put_attribute(out, "height", bottom - top);
    assay_buffer_puts(out, "/>");
}

void assay_track_end(assay_buffer *out)
{
    assay_buffer_puts(out, "</svg>");
}

void assay_track_axis(assay_buffer *out, const assay_track *track)
{
    assay_buffer_puts(out, "<svg class=\"track\" height=\"20\" aria-hidden=\"true\">");
    for (int i = 0; i < track->ticks.n; i++) {
        const char *anchor = i == 0 ? "start" : i + 1 == track->ticks.n ? "end" : "middle";
        assay_html_put(out, "<text class=\"tick %s\" y=\"14\"", anchor);
        put_percent(out, "x", track, assay_ticks_at(&track->ticks, i));
        assay_html_put(out, ">%s</text>", assay_ticks_label(&track->ticks, i, track->percent).text);
    }
    assay_buffer_puts(out, "</svg>");
}

void assay_svg_legend_mark(assay_buffer *out, int model)
{
    assay_html_put(out,
                   "<svg class=\"key\" width=\"14\" height=\"14\" viewBox=\"-7 -7 14 14\" "
                   "aria-hidden=\"true\"><path class=\"mark m%d\" d=\"%s\"/></svg>",
                   color_of(model), marks[color_of(model)]);
}
