#include "codec/json_scan_internal.h"

#include <string.h>

assay_status assay_json_scan_word(assay_json_scan *scan, const char *wanted, assay_error *err)
{
    size_t size = strlen(wanted);
    while ((size_t)(scan->end - scan->at) < size) {
        assay_status status = assay_json_scan_refill(scan, err);
        if (status < ASSAY_OK) {
            return status;
        }
        if (status == ASSAY_DONE) {
            break;
        }
    }
    if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, wanted, size) != 0) {
        return assay_json_scan_unexpected(scan, (unsigned char)*scan->at, "a value", err);
    }
    scan->at += size;
    return ASSAY_OK;
}

assay_status assay_json_scan_flag(bool *out, assay_json_scan *scan, assay_error *err)
{
    unsigned char c = 0;
    double real = 0.0;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    *out = c == 't';
    if (c == 't' || c == 'f') {
        return assay_json_scan_word(scan, c == 't' ? "true" : "false", err);
    }
    ASSAY_TRY(assay_json_scan_real(&real, scan, err));
    *out = real != 0.0;
    return ASSAY_OK;
}

static assay_status hex4(uint32_t *out, assay_json_scan *scan, assay_error *err)
{
    *out = 0;
    while (scan->end - scan->at < 4) {
        assay_status status = assay_json_scan_refill(scan, err);
        if (status < ASSAY_OK) {
            return status;
        }
        if (status == ASSAY_DONE) {
            return assay_json_scan_unexpected(scan, 0, "the end of a text", err);
        }
    }
    for (int i = 0; i < 4; i++) {
        char c = *scan->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit > 15) {
            return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                        "\\u is not followed by four hexadecimal digits");
        }
        *out = *out * 16 + digit;
    }
    return ASSAY_OK;
}

static void put_utf8(assay_buffer *to, uint32_t c)
{
    if (c < 0x80) {
        assay_buffer_putc(to, (char)c);
    } else if (c < 0x800) {
        assay_buffer_putc(to, (char)(0xC0 | c >> 6));
        assay_buffer_putc(to, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        assay_buffer_putc(to, (char)(0xE0 | c >> 12));
        assay_buffer_putc(to, (char)(0x80 | (c >> 6 & 0x3F)));
        assay_buffer_putc(to, (char)(0x80 | (c & 0x3F)));
    } else {
        assay_buffer_putc(to, (char)(0xF0 | c >> 18));
        assay_buffer_putc(to, (char)(0x80 | (c >> 12 & 0x3F)));
        assay_buffer_putc(to, (char)(0x80 | (c >> 6 & 0x3F)));
        assay_buffer_putc(to, (char)(0x80 | (c & 0x3F)));
    }
}

/* Behind the backslash. Halves of surrogate pairs that stand alone become U+FFFD. */
static assay_status escape(assay_json_scan *scan, assay_error *err)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    while (scan->at == scan->end) {
        assay_status status = assay_json_scan_refill(scan, err);
        if (status != ASSAY_OK) {
            return status == ASSAY_DONE
                       ? assay_json_scan_unexpected(scan, 0, "the end of a text", err)
                       : status;
        }
    }
    char c = *scan->at;
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    if (found != NULL) {
        scan->at++;
        assay_buffer_putc(&scan->text, to[found - from]);
        return ASSAY_OK;
    }
    if (c != 'u') {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "an escape that JSON does not have");
    }
    scan->at++;
    uint32_t unit = 0;
    ASSAY_TRY(hex4(&unit, scan, err));
    while (unit >= 0xD800 && unit < 0xDC00) {
        while (scan->end - scan->at < 2 && !scan->eof) {
            assay_status status = assay_json_scan_refill(scan, err);
            if (status < ASSAY_OK) {
                return status;
            }
        }
        uint32_t low = 0;
        if (scan->at[0] != '\\' || scan->at[1] != 'u') {
            break;
        }
        scan->at += 2;
        ASSAY_TRY(hex4(&low, scan, err));
        if (low >= 0xDC00 && low < 0xE000) {
            put_utf8(&scan->text, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
            return ASSAY_OK;
        }
        put_utf8(&scan->text, 0xFFFD);
        unit = low;
    }
    put_utf8(&scan->text, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
    return ASSAY_OK;
}

/* Behind the opening quote, when the text does not lie in the window as it is. */
static assay_status gather(assay_json_scan *scan, assay_error *err)
{
    assay_buffer_clear(&scan->text);
    for (;;) {
        char *stop = scan->at + (assay_json_plain(scan->at, scan->end) - scan->at);
        assay_buffer_append(&scan->text, scan->at, (size_t)(stop - scan->at));
        scan->at = stop;
        if (stop == scan->end) {
            assay_status status = assay_json_scan_refill(scan, err);
            if (status != ASSAY_OK) {
                return status == ASSAY_DONE
                           ? assay_json_scan_unexpected(scan, 0, "the end of a text", err)
                           : status;
            }
        } else if (*stop == '"') {
            scan->at++;
            return assay_buffer_status(&scan->text, err);
        } else if (*stop == '\\') {
            scan->at++;
            ASSAY_TRY(escape(scan, err));
        } else {
            return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                        "a control character inside a text");
        }
        if (scan->text.failed != ASSAY_OK) {
            return assay_json_scan_fail(scan, err, ASSAY_ELIMIT, "a text of more than %zu bytes",
                                        scan->text.limit);
        }
    }
}

assay_status assay_json_scan_text(const char **out, size_t *size, assay_json_scan *scan,
                                  assay_error *err)
{
    unsigned char c = 0;
    *out = "";
    *size = 0;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    if (c != '"') {
        return assay_json_scan_unexpected(scan, c, "a text", err);
    }
    scan->at++;
    char *stop = scan->at + (assay_json_plain(scan->at, scan->end) - scan->at);
    if (stop < scan->end && *stop == '"') {
        *out = scan->at;
        *size = (size_t)(stop - scan->at);
        scan->at = stop + 1;
        return ASSAY_OK;
    }
    ASSAY_TRY(gather(scan, err));
    *out = scan->text.data != NULL ? scan->text.data : "";
    *size = scan->text.size;
    return ASSAY_OK;
}
