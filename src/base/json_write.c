#include "base/json_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void assay_json_init(assay_json *json, assay_buffer *out, int indent)
{
    *json = (assay_json){.out = out, .indent = indent > 0 ? indent : 0};
}

static void misuse(assay_json *json)
{
    if (json->out->failed == ASSAY_OK) {
        json->out->failed = ASSAY_EINTERNAL;
    }
}

static void new_line(assay_json *json)
{
    if (json->indent > 0) {
        assay_buffer_putc(json->out, '\n');
        for (int i = 0; i < json->indent * json->depth; i++) {
            assay_buffer_putc(json->out, ' ');
        }
    }
}

/* Comma and line break before an array's element or an object's key. */
static void separate(assay_json *json)
{
    if (!json->first[json->depth - 1]) {
        assay_buffer_putc(json->out, ',');
    }
    json->first[json->depth - 1] = false;
    new_line(json);
}

/* Whatever comes before a value; false when a value may not stand here. */
static bool before_value(assay_json *json)
{
    if (json->depth == 0) {
        return true;
    }
    if (json->stack[json->depth - 1] == '{') {
        if (!json->after_key) {
            misuse(json);
            return false;
        }
        json->after_key = false;
        return true;
    }
    separate(json);
    return true;
}

static void begin(assay_json *json, char bracket)
{
    if (json->depth >= ASSAY_JSON_DEPTH) {
        misuse(json);
        return;
    }
    if (before_value(json)) {
        assay_buffer_putc(json->out, bracket);
        json->stack[json->depth] = bracket;
        json->first[json->depth] = true;
        json->depth++;
    }
}

static void end(assay_json *json, char opened, char bracket)
{
    if (json->depth == 0 || json->stack[json->depth - 1] != opened || json->after_key) {
        misuse(json);
        return;
    }
    json->depth--;
    if (!json->first[json->depth]) {
        new_line(json);
    }
    assay_buffer_putc(json->out, bracket);
}

void assay_json_begin_object(assay_json *json)
{
    begin(json, '{');
}

void assay_json_end_object(assay_json *json)
{
    end(json, '{', '}');
}

void assay_json_begin_array(assay_json *json)
{
    begin(json, '[');
}

void assay_json_end_array(assay_json *json)
{
    end(json, '[', ']');
}

static void escape(assay_buffer *out, unsigned char c)
{
    switch (c) {
    case '"':
        assay_buffer_puts(out, "\\\"");
        break;
    case '\\':
        assay_buffer_puts(out, "\\\\");
        break;
    case '\b':
        assay_buffer_puts(out, "\\b");
        break;
    case '\f':
        assay_buffer_puts(out, "\\f");
        break;
    case '\n':
        assay_buffer_puts(out, "\\n");
        break;
    case '\r':
        assay_buffer_puts(out, "\\r");
        break;
    case '\t':
        assay_buffer_puts(out, "\\t");
        break;
    default:
        assay_buffer_printf(out, "\\u%04x", (unsigned)c);
        break;
    }
}

static void quoted(assay_buffer *out, const char *text)
{
    size_t size = strlen(text);
    size_t plain = 0; /* start of what can be copied as it is */
    assay_buffer_putc(out, '"');
    for (size_t at = 0; at < size;) {
        int step = assay_utf8_step(text + at, size - at);
        unsigned char c = (unsigned char)text[at];
        size_t bytes = (size_t)abs(step);
        if (step < 0 || c < 0x20 || c == '"' || c == '\\') {
            assay_buffer_append(out, text + plain, at - plain);
            if (step < 0) {
                assay_buffer_puts(out, "\xEF\xBF\xBD");
            } else {
                escape(out, c);
            }
            plain = at + bytes;
        }
        at += bytes;
    }
    assay_buffer_append(out, text + plain, size - plain);
    assay_buffer_putc(out, '"');
}

void assay_json_key(assay_json *json, const char *key)
{
    if (key == NULL || json->depth == 0 || json->stack[json->depth - 1] != '{' || json->after_key) {
        misuse(json);
        return;
    }
    separate(json);
    quoted(json->out, key);
    assay_buffer_puts(json->out, json->indent > 0 ? ": " : ":");
    json->after_key = true;
}

void assay_json_raw(assay_json *json, const char *text)
{
    if (before_value(json)) {
        assay_buffer_puts(json->out, text);
    }
}

void assay_json_text(assay_json *json, const char *text)
{
    if (before_value(json)) {
        if (text == NULL) {
            assay_buffer_puts(json->out, "null");
        } else {
            quoted(json->out, text);
        }
    }
}

void assay_json_int(assay_json *json, int64_t value)
{
    if (before_value(json)) {
        assay_buffer_printf(json->out, "%" PRId64, value);
    }
}

void assay_json_real(assay_json *json, double value)
{
    char text[32] = "null";
    if (isfinite(value)) {
        assay_format_real(text, value);
    }
    assay_json_raw(json, text);
}

void assay_json_bool(assay_json *json, bool value)
{
    assay_json_raw(json, value ? "true" : "false");
}

void assay_json_null(assay_json *json)
{
    assay_json_raw(json, "null");
}

void assay_json_put_text(assay_json *json, const char *key, const char *text)
{
    assay_json_key(json, key);
    assay_json_text(json, text);
}

void assay_json_put_int(assay_json *json, const char *key, int64_t value)
{
    assay_json_key(json, key);
    assay_json_int(json, value);
}

void assay_json_put_real(assay_json *json, const char *key, double value)
{
    assay_json_key(json, key);
    assay_json_real(json, value);
}

void assay_json_put_bool(assay_json *json, const char *key, bool value)
{
    assay_json_key(json, key);
    assay_json_bool(json, value);
}

enum { NUMBER = 48 };

/* One more in the last place of a decimal, away from zero; false when all digits are nines. */
static bool step_up(char *text)
{
    char *exponent = strchr(text, 'e');
    char *at = exponent != NULL ? exponent : text + strlen(text);
    while (at > text) {
        at--;
        if (*at >= '0' && *at < '9') {
            (*at)++;
            return true;
        }
        if (*at == '9') {
            *at = '0';
        }
    }
    return false;
}

/* The shortest correctly rounded decimal that reads back, in the current locale. */
static void shortest(char text[NUMBER], double value)
{
    int digits = fabs(value) < 0x1p-1022 ? 1 : 15; /* below, precision fades with size */
    for (; digits < 17; digits++) {
        (void)snprintf(text, NUMBER, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            return;
        }
    }
    /* Doubles lie twice as dense below a power of two as above it: the nearest 16-digit decimal can
     * miss on the dense side while its upper neighbour reads back. Powers small enough to be written
     * without exponent are exact in 16 digits, so the form with exponent is the right one here. */
    int exponent = 0;
    if (frexp(fabs(value), &exponent) == 0.5) {
        (void)snprintf(text, NUMBER, "%.15e", value);
        if (step_up(text) && strtod(text, NULL) == value) {
            return;
        }
    }
    (void)snprintf(text, NUMBER, "%.17g", value);
}

void assay_format_real(char out[32], double value)
{
    char text[NUMBER];
    if (!isfinite(value)) {
        (void)snprintf(out, 32, "%s", isnan(value) ? "nan" : (value > 0.0 ? "inf" : "-inf"));
        return;
    }
    shortest(text, value);
    /* Whatever bytes the locale uses as decimal point become one '.'. */
    size_t used = 0;
    bool in_point = false;
    for (const char *c = text; *c != '\0' && used < 31; c++) {
        bool plain = (*c >= '0' && *c <= '9') || *c == '-' || *c == '+' || *c == 'e';
        if (plain) {
            out[used++] = *c;
        } else if (!in_point) {
            out[used++] = '.';
        }
        in_point = !plain;
    }
    out[used] = '\0';
}
