#include "codec/text_fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/json_scan.h"

enum { LONGEST_NUMBER = 256, SHORT_DIGITS = 19 };

void assay_lines_init(assay_lines *lines, const char *bytes, size_t size, char separator)
{
    *lines = (assay_lines){.at = bytes, .end = bytes + size, .separator = separator};
    lines->field = lines->stop = bytes;
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        lines->at += 3;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void skip_blanks(assay_lines *lines)
{
    while (lines->field < lines->stop && is_blank(*lines->field)) {
        lines->field++;
    }
}

bool assay_lines_next(assay_lines *lines)
{
    while (lines->at < lines->end) {
        const char *stop = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
        lines->field = lines->at;
        lines->stop = stop != NULL ? stop : lines->end;
        lines->at = stop != NULL ? stop + 1 : lines->end;
        lines->line++;
        skip_blanks(lines);
        if (lines->field < lines->stop) {
            return true;
        }
    }
    return false;
}

bool assay_lines_field(assay_field *out, assay_lines *lines)
{
    skip_blanks(lines);
    if (lines->field == lines->stop) {
        return false;
    }
    const char *p = lines->field;
    if (lines->separator == ' ') {
        while (p < lines->stop && !is_blank(*p)) {
            p++;
        }
        *out = (assay_field){lines->field, (size_t)(p - lines->field)};
        lines->field = p;
        return true;
    }
    const char *comma = memchr(p, lines->separator, (size_t)(lines->stop - p));
    const char *end = comma != NULL ? comma : lines->stop;
    lines->field = comma != NULL ? comma + 1 : lines->stop;
    while (end > p && is_blank(end[-1])) {
        end--;
    }
    *out = (assay_field){p, (size_t)(end - p)};
    return true;
}

/* Digits with a point: what nearly all numbers are. */
static bool short_real(double *out, const assay_field *f)
{
    uint64_t mantissa = 0;
    int digits = 0;
    int exponent = 0;
    bool point = false;
    size_t i = f->text[0] == '-';
    for (; i < f->size; i++) {
        char c = f->text[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || digits == SHORT_DIGITS) {
            return false;
        }
        mantissa = mantissa * 10 + (uint64_t)(c - '0');
        digits++;
        exponent -= point;
    }
    if (digits == 0 || !assay_decimal_to_real(out, mantissa, exponent)) {
        return false;
    }
    *out = f->text[0] == '-' ? -*out : *out;
    return true;
}

bool assay_field_real(double *out, const assay_field *field)
{
    char text[LONGEST_NUMBER];
    if (field->size == 0 || field->size >= sizeof text) {
        return false;
    }
    if (short_real(out, field)) {
        return true;
    }
    memcpy(text, field->text, field->size);
    text[field->size] = '\0';
    return strlen(text) == field->size && assay_text_to_real(out, text);
}

bool assay_field_integer(int64_t *out, const assay_field *field)
{
    double value = 0.0;
    if (!assay_field_real(&value, field) || !(value >= -9007199254740992.0) ||
        !(value <= 9007199254740992.0) || value != (double)(int64_t)value) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

assay_status assay_lines_fail(const assay_lines *lines, assay_error *err, assay_status code,
                              const char *format, ...)
{
    char text[700];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return assay_fail(err, code, "line %" PRId64 ": %s", lines->line, text);
}

assay_status assay_lines_real(double *out, assay_lines *lines, const char *what, assay_error *err)
{
    assay_field field;
    if (!assay_lines_field(&field, lines)) {
        return assay_lines_fail(lines, err, ASSAY_EFORMAT, "the line ends before its %s", what);
    }
    if (!assay_field_real(out, &field)) {
        int shown = field.size < 40 ? (int)field.size : 40;
        return assay_lines_fail(lines, err, ASSAY_EFORMAT, "the %s is '%.*s', expected a number",
                                what, shown, field.text);
    }
    return ASSAY_OK;
}
