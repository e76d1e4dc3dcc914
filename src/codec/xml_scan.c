#include "codec/xml_scan.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

assay_status assay_xml_fail(const assay_xml *xml, assay_error *err, assay_status code,
                            const char *format, ...)
{
    char text[700];
    va_list list;
    int64_t line = 1;
    for (const char *p = xml->bytes; p < xml->at && p < xml->end; p++) {
        line += *p == '\n';
    }
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return assay_fail(err, code, "line %" PRId64 ": %s", line, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':' || (unsigned char)c >= 0x80;
}

static bool starts(const assay_xml *xml, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(xml->end - xml->at) >= n && memcmp(xml->at, text, n) == 0;
}

assay_status assay_xml_init(assay_xml *xml, const char *bytes, size_t size, assay_error *err)
{
    *xml = (assay_xml){.bytes = bytes, .at = bytes, .end = bytes + size};
    if (starts(xml, "\xEF\xBB\xBF")) {
        xml->at += 3;
    }
    if (!assay_utf8_valid(bytes, size) || memchr(bytes, 0, size) != NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "the XML file is not UTF-8 text");
    }
    return ASSAY_OK;
}

/* Past the next occurrence of `text`. */
static assay_status past(assay_xml *xml, const char *text, const char *what, assay_error *err)
{
    size_t n = strlen(text);
    while ((size_t)(xml->end - xml->at) >= n) {
        const char *hit = memchr(xml->at, text[0], (size_t)(xml->end - xml->at) - n + 1);
        if (hit == NULL) {
            break;
        }
        if (memcmp(hit, text, n) == 0) {
            xml->at = hit + n;
            return ASSAY_OK;
        }
        xml->at = hit + 1;
    }
    return assay_xml_fail(xml, err, ASSAY_EFORMAT, "the file ends inside %s", what);
}

static assay_status ended(const assay_xml *xml, assay_error *err)
{
    int top = xml->depth - 1;
    return assay_xml_fail(xml, err, ASSAY_EFORMAT, "the file is truncated: <%.*s> is not closed",
                          (int)(xml->open[top].size < 60 ? xml->open[top].size : 60),
                          xml->open[top].text);
}

static void skip_blanks(assay_xml *xml)
{
    while (xml->at < xml->end && is_blank(*xml->at)) {
        xml->at++;
    }
}

static assay_status read_name(const char **text, size_t *size, assay_xml *xml, assay_error *err)
{
    *text = xml->at;
    while (xml->at < xml->end && is_name(*xml->at)) {
        xml->at++;
    }
    *size = (size_t)(xml->at - *text);
    if (xml->at == xml->end) {
        return assay_xml_fail(xml, err, ASSAY_EFORMAT, "the file is truncated: it ends in a tag");
    }
    return *size > 0 ? ASSAY_OK
                     : assay_xml_fail(xml, err, ASSAY_EFORMAT, "a name is expected after '<'");
}

/* After '<': attributes up to and with '>'. */
static assay_status open_element(assay_xml *xml, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    if (xml->depth == ASSAY_XML_DEPTH) {
        return assay_xml_fail(xml, err, ASSAY_ELIMIT, "elements nested more than %d deep",
                              ASSAY_XML_DEPTH);
    }
    ASSAY_TRY(read_name(&text, &size, xml, err));
    for (;;) {
        skip_blanks(xml);
        if (starts(xml, ">") || starts(xml, "/>")) {
            xml->empty = *xml->at == '/';
            xml->at += xml->empty ? 2 : 1;
            break;
        }
        const char *key = NULL;
        size_t key_size = 0;
        ASSAY_TRY(read_name(&key, &key_size, xml, err));
        skip_blanks(xml);
        if (!starts(xml, "=")) {
            return assay_xml_fail(xml, err, ASSAY_EFORMAT, "'=' is expected after an attribute");
        }
        xml->at++;
        skip_blanks(xml);
        if (!starts(xml, "\"") && !starts(xml, "'")) {
            return assay_xml_fail(xml, err, ASSAY_EFORMAT, "an attribute's value needs quotes");
        }
        const char quote[2] = {*xml->at++, '\0'};
        ASSAY_TRY(past(xml, quote, "an attribute", err));
    }
    xml->open[xml->depth].text = text;
    xml->open[xml->depth++].size = size;
    size_t kept = size < ASSAY_XML_NAME - 1 ? size : ASSAY_XML_NAME - 1;
    memcpy(xml->name, text, kept);
    xml->name[kept] = '\0';
    xml->rooted = true;
    return ASSAY_OK;
}

/* After '</'. */
static assay_status close_element(assay_xml *xml, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    ASSAY_TRY(read_name(&text, &size, xml, err));
    skip_blanks(xml);
    if (xml->depth == 0 || size != xml->open[xml->depth - 1].size ||
        memcmp(text, xml->open[xml->depth - 1].text, size) != 0 || !starts(xml, ">")) {
        return assay_xml_fail(xml, err, ASSAY_EFORMAT, "</%.*s> closes nothing that is open here",
                              (int)(size < 60 ? size : 60), text);
    }
    xml->at++;
    xml->depth--;
    return ASSAY_OK;
}

/* Pass over a comment, an instruction or a CDATA part; ASSAY_DONE when there is none here. */
static assay_status pass_over(assay_xml *xml, assay_error *err)
{
    if (starts(xml, "<?")) {
        return past(xml, "?>", "an instruction (<? ... ?>)", err);
    }
    if (starts(xml, "<!--")) {
        xml->at += 4;
        return past(xml, "-->", "a comment", err);
    }
    if (starts(xml, "<![CDATA[") && xml->depth > 0) {
        return past(xml, "]]>", "CDATA", err);
    }
    if (starts(xml, "<!")) {
        return assay_xml_fail(xml, err, ASSAY_EUNSUPPORTED,
                              "document type definitions (<!DOCTYPE ...>) are refused; remove it");
    }
    return ASSAY_DONE;
}

assay_status assay_xml_child(assay_xml *xml, assay_error *err)
{
    if (xml->empty) {
        xml->empty = false;
        xml->depth--;
        return ASSAY_DONE;
    }
    for (;;) {
        while (xml->at < xml->end && *xml->at != '<') {
            if (xml->depth == 0 && !is_blank(*xml->at)) {
                return assay_xml_fail(xml, err, ASSAY_EFORMAT, "text outside of the root element");
            }
            xml->at++;
        }
        if (xml->at == xml->end) {
            if (xml->depth > 0) {
                return ended(xml, err);
            }
            return xml->rooted ? ASSAY_DONE
                               : assay_xml_fail(xml, err, ASSAY_EFORMAT, "there is no element");
        }
        assay_status status = pass_over(xml, err);
        if (status == ASSAY_OK) {
            continue;
        }
        if (status != ASSAY_DONE) {
            return status;
        }
        xml->at++;
        if (starts(xml, "/")) {
            xml->at++;
            ASSAY_TRY(close_element(xml, err));
            return ASSAY_DONE;
        }
        if (xml->depth == 0 && xml->rooted) {
            return assay_xml_fail(xml, err, ASSAY_EFORMAT, "a second root element");
        }
        return open_element(xml, err);
    }
}

assay_status assay_xml_skip(assay_xml *xml, assay_error *err)
{
    int outside = xml->depth - 1;
    while (xml->depth > outside) {
        assay_status status = assay_xml_child(xml, err);
        if (status < ASSAY_OK) {
            return status;
        }
    }
    return ASSAY_OK;
}

/* ---- text ---- */

typedef struct target {
    char *out;
    size_t n, room;
} target;

static bool put(target *t, const char *bytes, size_t size)
{
    if (size >= t->room - t->n) {
        return false;
    }
    memcpy(t->out + t->n, bytes, size);
    t->n += size;
    return true;
}

static size_t encode(char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[more] | code >> (6 * more));
    for (size_t i = 1; i <= more; i++) {
        out[i] = (char)(0x80 | ((code >> (6 * (more - i))) & 0x3F));
    }
    return more + 1;
}

/* &name; and &#number; at xml->at. */
static assay_status put_entity(bool *fits, target *t, assay_xml *xml, assay_error *err)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < ASSAY_COUNT(known); i++) {
        if (starts(xml, known[i].name)) {
            xml->at += strlen(known[i].name);
            *fits = put(t, &known[i].c, 1);
            return ASSAY_OK;
        }
    }
    uint32_t code = 0;
    const char *p = xml->at + 2;
    bool hex = starts(xml, "&#x");
    bool digits = false;
    p += hex;
    for (; starts(xml, "&#") && p < xml->end && *p != ';' && code <= 0x10FFFF; p++) {
        int c = *p | 0x20;
        int digit = c >= 'a' && c <= 'f' && hex ? c - 'a' + 10
                    : *p >= '0' && *p <= '9'    ? *p - '0'
                                                : 99;
        if (digit == 99) {
            break;
        }
        code = code * (hex ? 16 : 10) + (uint32_t)digit;
        digits = true;
    }
    if (!digits || p == xml->end || *p != ';' || code == 0 || code > 0x10FFFF ||
        (code >= 0xD800 && code < 0xE000)) {
        return assay_xml_fail(xml, err, ASSAY_EFORMAT,
                              "an unknown entity: write &amp; for a plain '&'");
    }
    char bytes[4] = {0};
    size_t size = encode(bytes, code);
    xml->at = p + 1;
    *fits = put(t, bytes, size);
    return ASSAY_OK;
}

/* One piece of the content: characters, an entity, CDATA, a child. ASSAY_DONE = the element ended. */
static assay_status put_piece(bool *fits, target *t, assay_xml *xml, assay_error *err)
{
    const char *from = xml->at;
    if (*from == '&') {
        return put_entity(fits, t, xml, err);
    }
    if (*from != '<') {
        while (xml->at < xml->end && *xml->at != '<' && *xml->at != '&') {
            xml->at++;
        }
        *fits = put(t, from, (size_t)(xml->at - from));
        return ASSAY_OK;
    }
    if (starts(xml, "<![CDATA[")) {
        ASSAY_TRY(past(xml, "]]>", "CDATA", err));
        *fits = put(t, from + 9, (size_t)(xml->at - from) - 12);
        return ASSAY_OK;
    }
    assay_status status = pass_over(xml, err);
    if (status != ASSAY_DONE) {
        return status;
    }
    status = assay_xml_child(xml, err);
    return status == ASSAY_OK ? assay_xml_skip(xml, err) : status;
}

assay_status assay_xml_text(char *out, size_t room, assay_xml *xml, assay_error *err)
{
    target t = {out, 0, room};
    bool fits = true;
    out[0] = '\0';
    if (xml->empty) {
        assay_status status = assay_xml_child(xml, err);
        return status == ASSAY_DONE ? ASSAY_OK : status;
    }
    for (;;) {
        if (xml->at == xml->end) {
            return ended(xml, err);
        }
        assay_status status = put_piece(&fits, &t, xml, err);
        if (status == ASSAY_DONE) {
            break;
        }
        ASSAY_TRY(status);
        if (!fits) {
            return assay_xml_fail(xml, err, ASSAY_ELIMIT, "a text of more than %zu bytes",
                                  room - 1);
        }
    }
    size_t first = 0;
    while (t.n > 0 && is_blank(out[t.n - 1])) {
        t.n--;
    }
    while (first < t.n && is_blank(out[first])) {
        first++;
    }
    memmove(out, out + first, t.n - first);
    out[t.n - first] = '\0';
    return ASSAY_OK;
}

assay_status assay_xml_real(double *out, assay_xml *xml, assay_error *err)
{
    char text[128];
    char name[ASSAY_XML_NAME];
    memcpy(name, xml->name, sizeof name);
    ASSAY_TRY(assay_xml_text(text, sizeof text, xml, err));
    *out = NAN;
    if (text[0] != '\0' && !assay_text_to_real(out, text)) {
        return assay_xml_fail(xml, err, ASSAY_EFORMAT, "<%s> is '%s', expected a number", name,
                              text);
    }
    return ASSAY_OK;
}
