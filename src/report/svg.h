/**
 * @file svg.h
 * Inline SVG for the HTML report. Two kinds of charts: *tracks*, one horizontal line of a table
 * whose positions are percentages, so that they are as wide as the page allows while text and marks
 * keep their size; and *plots*, of a fixed coordinate system that the page scales as a whole.
 * Colours come from the style sheet: class m0..m5 is a model, and each model has a mark of its own
 * shape as well.
 */
#ifndef ASSAY_REPORT_SVG_H
#define ASSAY_REPORT_SVG_H

#include "base/buffer.h"
#include "report/figure.h"

/** Round steps between two ends: at most 8 ticks. */
typedef struct assay_ticks {
    double low, high, step;
    int n; /* ticks are low + i * step for i in 0..n-1 */
    int decimals;
} assay_ticks;

/** Ends are moved outwards to whole steps; about `wanted` intervals. */
assay_ticks assay_ticks_make(double low, double high, int wanted);
/** For shares: starts at 0 unless everything lies above one half; ends at 1 at most. */
assay_ticks assay_ticks_share(double low, double high);
double assay_ticks_at(const assay_ticks *ticks, int i);
assay_figure assay_ticks_label(const assay_ticks *ticks, int i, bool percent);
/** 0 at low, 1 at high, clamped. */
double assay_ticks_position(const assay_ticks *ticks, double value);

/* shapes; coordinates are in units of the chart */
void assay_svg_line(assay_buffer *out, const char *css, double x1, double y1, double x2, double y2);
void assay_svg_rect(assay_buffer *out, const char *css, double x, double y, double width,
                    double height, double opacity);
/** `css` decides size and anchor; the text is escaped and cut to `limit` characters (0 = not). */
void assay_svg_text(assay_buffer *out, const char *css, double x, double y, const char *text,
                    int limit);
/** The mark of a model at a place of a plot. */
void assay_svg_mark(assay_buffer *out, int model, double x, double y);
/** `points` are n pairs; a pair with a NaN breaks the line. */
void assay_svg_path(assay_buffer *out, const char *css, int model, const double *points, size_t n);
/** The area between two lines of n values each at the same n places. */
void assay_svg_band(assay_buffer *out, int model, const double *x, const double *low,
                    const double *high, size_t n);

/** Axes of a plot: the inner rectangle in chart units, and what lies on its edges. */
typedef struct assay_plot {
    double left, top, width, height;
    assay_ticks x, y;
} assay_plot;

double assay_plot_x(const assay_plot *plot, double value);
double assay_plot_y(const assay_plot *plot, double value);
/** Opens <svg> with a title for screen readers; `width` and `height` are the whole chart's. */
void assay_plot_begin(assay_buffer *out, double width, double height, const char *title);
void assay_plot_end(assay_buffer *out);
/** Horizontal grid lines with labels of the y axis. */
void assay_plot_y_axis(assay_buffer *out, const assay_plot *plot, bool percent, const char *label);
void assay_plot_x_axis(assay_buffer *out, const assay_plot *plot, bool percent, const char *label);

/* tracks */
typedef struct assay_track {
    assay_ticks ticks;
    bool percent;
    int most; /* decimals of the numbers beside it; 0 = as many as the interval needs */
} assay_track;

void assay_track_begin(assay_buffer *out, const assay_track *track, int height, const char *title);
/** Whisker from low to high with the mark of the model at the value; NaNs are left out. */
void assay_track_interval(assay_buffer *out, const assay_track *track, int model, double y,
                          double value, double low, double high);
/** A dashed vertical line in the colour of a model; of the text when `model` is negative. */
void assay_track_threshold(assay_buffer *out, const assay_track *track, int model, double value,
                           double top, double bottom);
/** A filled part of the track; `css` gives the colour. Nothing when an end is NaN. */
void assay_track_band(assay_buffer *out, const assay_track *track, const char *css, double low,
                      double high, double top, double bottom);
void assay_track_end(assay_buffer *out);
/** The labels below a column of tracks. */
void assay_track_axis(assay_buffer *out, const assay_track *track);

/** A little picture of a model's mark, for legends. */
void assay_svg_legend_mark(assay_buffer *out, int model);

#endif
