/** @file figure.h  Numbers as people read them, independent of the locale. */
#ifndef ASSAY_REPORT_FIGURE_H
#define ASSAY_REPORT_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct assay_figure {
    char text[64];
} assay_figure;

/** How the values of one measure are shown. */
typedef struct assay_scale {
    bool percent;
    int decimals;
} assay_scale;

/** Rounded half away from zero; an en dash for NaN. */
assay_figure assay_figure_fixed(double value, int decimals);
/** As few decimals as show the value to within one part in a million. */
assay_figure assay_figure_short(double value);
/** About four significant digits, for numbers without an interval. */
assay_figure assay_figure_round(double value);
/** Thousands are separated by commas. */
assay_figure assay_figure_count(int64_t n);
/** A share of 0..1 as a percentage. */
assay_figure assay_figure_percent(double share, int decimals);
assay_figure assay_figure_value(assay_scale scale, double value);
/** As value, without the percent sign. */
assay_figure assay_figure_bare(assay_scale scale, double value);
/** A limit that people chose, with no more digits than it has. */
assay_figure assay_figure_limit(assay_scale scale, double value);

/** Decimals that show an interval to about two digits of its width. */
assay_scale assay_scale_of(bool percent, double value, double low, double high);
/** More decimals where a rounded number would lie on the other side of the limit than the number
 *  itself. */
assay_scale assay_scale_apart(assay_scale scale, double value, double limit);

#endif
