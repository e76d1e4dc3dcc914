#include "report/write.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

typedef enum escape { ESCAPE_HTML, ESCAPE_XML, ESCAPE_MARKDOWN } escape;

static uint32_t code_point(const char *bytes, int length)
{
    const unsigned char *b = (const unsigned char *)bytes;
    switch (length) {
    case 1:
        return b[0];
    case 2:
        return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    case 3:
        return (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    default:
        return (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
    }
}

/** Characters that change how their neighbours are shown, or show nothing themselves. */
static bool is_invisible(uint32_t c)
{
    return c == 0x00ad || c == 0x061c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c & 0xfffe) == 0xfffe ||
           (c >= 0xfdd0 && c <= 0xfdef);
}

static const char *replacement(uint32_t c, escape how)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return how == ESCAPE_MARKDOWN ? NULL : "&quot;";
    case '\'':
        return how == ESCAPE_MARKDOWN ? NULL : "&#39;";
    default:
        return NULL;
    }
}

static void put_escaped(assay_buffer *out, const char *text, escape how)
{
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        int step = assay_utf8_step(text + at, size - at);
        if (step <= 0) {
            assay_buffer_puts(out, "\xef\xbf\xbd");
            at += step < 0 ? (size_t)-step : 1;
            continue;
        }
        uint32_t c = code_point(text + at, step);
        const char *other = replacement(c, how);
        if (c == '\n' || c == '\t' || c == '\r') {
            assay_buffer_putc(out, ' ');
        } else if (other != NULL) {
            assay_buffer_puts(out, other);
        } else if (is_control(c)) {
            assay_buffer_puts(out, "\xef\xbf\xbd");
        } else if (is_invisible(c)) {
            assay_buffer_printf(out, how == ESCAPE_MARKDOWN ? "\\[U+%04X\\]" : "[U+%04X]", c);
        } else if (how == ESCAPE_MARKDOWN && c == ':' && text[at + 1] == '/') {
            assay_buffer_puts(out, "&#58;"); /* no address becomes a link by itself */
        } else {
            if (how == ESCAPE_MARKDOWN && c < 0x80 && strchr("\\`*_{}[]#|~!$", (int)c) != NULL) {
                assay_buffer_putc(out, '\\');
            }
            assay_buffer_append(out, text + at, (size_t)step);
        }
        at += (size_t)step;
    }
}

static void put(assay_buffer *out, escape how, const char *format, va_list args)
{
    const char *from = format;
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            continue;
        }
        assay_buffer_append(out, from, (size_t)(at - from));
        at++;
        if (*at == 's') {
            const char *text = va_arg(args, const char *);
            put_escaped(out, text != NULL ? text : "", how);
        } else if (*at == 'd') {
            assay_buffer_printf(out, "%d", va_arg(args, int));
        } else if (*at == 'z') {
            assay_buffer_printf(out, "%zu", va_arg(args, size_t));
            at++;
        } else if (*at == '%') {
            assay_buffer_putc(out, '%');
        } else {
            out->failed = ASSAY_EINTERNAL;
            return;
        }
        from = at + 1;
    }
    assay_buffer_puts(out, from);
}

void assay_html_put(assay_buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(out, ESCAPE_HTML, format, args);
    va_end(args);
}

void assay_markdown_put(assay_buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(out, ESCAPE_MARKDOWN, format, args);
    va_end(args);
}

void assay_xml_put(assay_buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(out, ESCAPE_XML, format, args);
    va_end(args);
}

static void put_buffer(assay_buffer *out, const assay_buffer *text, escape how)
{
    if (text->failed != ASSAY_OK && out->failed == ASSAY_OK) {
        out->failed = text->failed;
    }
    put_escaped(out, text->data != NULL ? text->data : "", how);
}

void assay_html_buffer(assay_buffer *out, const assay_buffer *text)
{
    put_buffer(out, text, ESCAPE_HTML);
}

void assay_markdown_buffer(assay_buffer *out, const assay_buffer *text)
{
    put_buffer(out, text, ESCAPE_MARKDOWN);
}

void assay_xml_buffer(assay_buffer *out, const assay_buffer *text)
{
    put_buffer(out, text, ESCAPE_XML);
}

void assay_text_cut(assay_buffer *out, const char *text, int limit)
{
    size_t size = strlen(text), at = 0, last = 0;
    for (int i = 0; i < limit && at < size; i++) {
        int step = assay_utf8_step(text + at, size - at);
        last = at;
        at += step > 0 ? (size_t)step : step < 0 ? (size_t)-step : 1;
    }
    assay_buffer_append(out, text, at < size ? last : size);
    if (at < size) {
        assay_buffer_puts(out, "\xe2\x80\xa6");
    }
}
