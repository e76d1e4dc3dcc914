#include "report/figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"

static double power_of_ten(int exponent)
{
    double power = 1;
    for (int i = 0; i < exponent; i++) {
        power *= 10;
    }
    return power;
}

assay_figure assay_figure_fixed(double value, int decimals)
{
    assay_figure out = {""};
    if (isnan(value)) {
        (void)snprintf(out.text, sizeof out.text, "\xe2\x80\x93");
        return out;
    }
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    double scaled = fabs(value) * power_of_ten(decimals);
    if (!(scaled < 9e15)) {
        char shortest[32];
        assay_format_real(shortest, value);
        (void)snprintf(out.text, sizeof out.text, "%s", shortest);
        return out;
    }
    int64_t units = (int64_t)llround(scaled);
    int64_t one = (int64_t)power_of_ten(decimals);
    const char *sign = value < 0 && units > 0 ? "-" : "";
    if (decimals == 0) {
        (void)snprintf(out.text, sizeof out.text, "%s%" PRId64, sign, units);
    } else {
        (void)snprintf(out.text, sizeof out.text, "%s%" PRId64 ".%0*" PRId64, sign, units / one,
                       decimals, units % one);
    }
    return out;
}

assay_figure assay_figure_short(double value)
{
    if (value != 0 && isfinite(value) && (fabs(value) < 1e-4 || fabs(value) >= 1e9)) {
        assay_figure out = {""};
        char shortest[32];
        assay_format_real(shortest, value);
        (void)snprintf(out.text, sizeof out.text, "%s", shortest);
        return out;
    }
    for (int decimals = 0; decimals < 9; decimals++) {
        double one = power_of_ten(decimals);
        double rounded = round(value * one) / one;
        if (fabs(rounded - value) <= 1e-6 * fabs(value)) {
            return assay_figure_fixed(value, decimals);
        }
    }
    return assay_figure_fixed(value, 9);
}

assay_figure assay_figure_round(double value)
{
    if (value == 0 || !isfinite(value) || fabs(value) < 1e-4 || fabs(value) >= 1e9) {
        return assay_figure_short(value);
    }
    double digits = 3 - floor(log10(fabs(value)));
    double one = power_of_ten(digits > 0 ? (int)digits : 0);
    return assay_figure_short(round(value * one) / one);
}

assay_figure assay_figure_count(int64_t n)
{
    char digits[32];
    assay_figure out = {""};
    (void)snprintf(digits, sizeof digits, "%" PRId64, n);
    size_t length = strlen(digits), at = 0;
    size_t start = digits[0] == '-' ? 1 : 0;
    for (size_t i = 0; i < length; i++) {
        if (i > start && (length - i) % 3 == 0) {
            out.text[at++] = ',';
        }
        out.text[at++] = digits[i];
    }
    out.text[at] = '\0';
    return out;
}

/** A dash stays a dash. */
static assay_figure with_percent_sign(assay_figure figure)
{
    if (figure.text[0] == '\xe2') {
        return figure;
    }
    size_t length = strlen(figure.text);
    (void)snprintf(figure.text + length, sizeof figure.text - length, "\xc2\xa0%%");
    return figure;
}

assay_figure assay_figure_percent(double share, int decimals)
{
    return with_percent_sign(assay_figure_fixed(share * 100, decimals));
}

assay_figure assay_figure_value(assay_scale scale, double value)
{
    return scale.percent ? assay_figure_percent(value, scale.decimals)
                         : assay_figure_fixed(value, scale.decimals);
}

assay_figure assay_figure_bare(assay_scale scale, double value)
{
    return assay_figure_fixed(scale.percent ? value * 100 : value, scale.decimals);
}

assay_figure assay_figure_limit(assay_scale scale, double value)
{
    return scale.percent ? with_percent_sign(assay_figure_short(value * 100))
                         : assay_figure_short(value);
}

assay_scale assay_scale_of(bool percent, double value, double low, double high)
{
    assay_scale scale = {.percent = percent, .decimals = percent ? 1 : 3};
    double width = (high - low) * (percent ? 100 : 1);
    if (isfinite(width) && width > 0) {
        int decimals = 1 - (int)floor(log10(width));
        decimals = percent ? decimals : decimals + 1;
        scale.decimals = decimals < 0 ? 0 : decimals > 6 ? 6 : decimals;
    } else if (!percent && isfinite(value) && value == floor(value)) {
        scale.decimals = 0;
    }
    return scale;
}

assay_scale assay_scale_apart(assay_scale scale, double value, double limit)
{
    while (isfinite(value) && isfinite(limit) && value != limit && scale.decimals < 8) {
        double one = power_of_ten(scale.decimals) * (scale.percent ? 100 : 1);
        double a = round(value * one), b = round(limit * one);
        if (!(fabs(a) < 9e15) || (value < limit ? a < b : a > b)) {
            break;
        }
        scale.decimals++;
    }
    return scale;
}
