#include "codec/json_scan_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { SMALLEST_WINDOW = 2048, DEPTH = 1024 };

assay_status assay_memory_read(void *context, void *to, size_t room, size_t *got, assay_error *err)
{
    assay_memory_source *source = context;
    size_t size = source->left < room ? source->left : room;
    (void)err;
    if (size > 0) {
        memcpy(to, source->bytes, size);
        source->bytes = (const char *)source->bytes + size;
        source->left -= size;
    }
    *got = size;
    return ASSAY_OK;
}

static uint64_t line_feeds(const char *from, const char *to)
{
    uint64_t n = 0;
    while (from < to && (from = memchr(from, '\n', (size_t)(to - from))) != NULL) {
        n++;
        from++;
    }
    return n;
}

assay_status assay_json_scan_fail(const assay_json_scan *scan, assay_error *err, assay_status code,
                                  const char *format, ...)
{
    char message[600];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return assay_fail(err, code, "line %" PRIu64 ", byte %" PRIu64 ": %s",
                      1 + scan->lines + line_feeds(scan->window, scan->at),
                      assay_json_scan_place(scan), message);
}

assay_status assay_json_scan_refill(assay_json_scan *scan, assay_error *err)
{
    size_t left = (size_t)(scan->end - scan->at);
    size_t got = 0;
    if (scan->eof || left == scan->room) {
        return ASSAY_DONE;
    }
    scan->consumed += (uint64_t)(scan->at - scan->window);
    scan->lines += line_feeds(scan->window, scan->at);
    memmove(scan->window, scan->at, left);
    scan->at = scan->window;
    assay_status status =
        scan->read(scan->context, scan->window + left, scan->room - left, &got, err);
    if (status != ASSAY_OK) {
        got = 0;
    }
    scan->end = scan->window + left + got;
    *scan->end = '\0';
    scan->eof = got == 0;
    return status != ASSAY_OK ? status : got == 0 ? ASSAY_DONE : ASSAY_OK;
}

assay_status assay_json_scan_new(assay_json_scan **out, assay_read_fn read, void *context,
                                 size_t window, size_t longest_text, assay_error *err)
{
    assay_status status = ASSAY_OK;
    *out = NULL;
    assay_json_scan *scan = assay_alloc(1, sizeof *scan);
    if (scan == NULL) {
        return assay_fail_memory(err);
    }
    scan->read = read;
    scan->context = context;
    scan->room = window == 0 ? (size_t)1 << 20 : window;
    if (scan->room < SMALLEST_WINDOW) {
        scan->room = SMALLEST_WINDOW;
    }
    assay_buffer_init(&scan->text, longest_text == 0 ? (size_t)256 << 20 : longest_text);
    scan->window = assay_alloc_raw(scan->room + 1, 1);
    if (scan->window == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    scan->at = scan->end = scan->window;
    *scan->end = '\0';
    while (scan->end - scan->at < 3 && !scan->eof) {
        status = assay_json_scan_refill(scan, err);
        if (status < ASSAY_OK) {
            goto done;
        }
    }
    status = ASSAY_OK;
    if (scan->end - scan->at >= 3 && memcmp(scan->at, "\xEF\xBB\xBF", 3) == 0) {
        scan->at += 3;
    }
    *out = scan;
    scan = NULL;
done:
    assay_json_scan_free(scan);
    return status;
}

void assay_json_scan_resume(assay_json_scan *scan)
{
    scan->fresh = true;
}

uint64_t assay_json_scan_place(const assay_json_scan *scan)
{
    return scan->consumed + (uint64_t)(scan->at - scan->window);
}

void assay_json_scan_free(assay_json_scan *scan)
{
    if (scan != NULL) {
        assay_buffer_dispose(&scan->text);
        assay_free(scan->window);
        assay_free(scan);
    }
}

assay_status assay_json_scan_next(unsigned char *c, assay_json_scan *scan, assay_error *err)
{
    for (;;) {
        while (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t') {
            scan->at++;
        }
        if (scan->at < scan->end) {
            *c = (unsigned char)*scan->at;
            return *c != 0 ? ASSAY_OK
                           : assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                                  "a zero byte, which JSON does not have");
        }
        assay_status status = assay_json_scan_refill(scan, err);
        if (status != ASSAY_OK) {
            *c = 0;
            return status == ASSAY_DONE ? ASSAY_OK : status;
        }
    }
}

assay_status assay_json_scan_unexpected(const assay_json_scan *scan, unsigned char c,
                                        const char *wanted, assay_error *err)
{
    if (c == 0) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "the file ends where %s is expected: it is truncated", wanted);
    }
    size_t left = (size_t)(scan->end - scan->at);
    if ((left >= 3 && memcmp(scan->at, "NaN", 3) == 0) || c == 'I' ||
        (left >= 2 && memcmp(scan->at, "-I", 2) == 0)) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "NaN or Infinity; JSON has neither, and no number of an "
                                    "evaluation may be one");
    }
    return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "'%c' where %s is expected",
                                c < 0x7f && c >= ' ' ? c : '?', wanted);
}

assay_status assay_json_scan_peek(int *out, assay_json_scan *scan, assay_error *err)
{
    unsigned char c = 0;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    *out = c == '-' || (c >= '0' && c <= '9') ? '0' : c == 'f' ? 't' : c;
    return ASSAY_OK;
}

static assay_status open_bracket(assay_json_scan *scan, char bracket, const char *what,
                                 assay_error *err)
{
    unsigned char c = 0;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    if (c != bracket) {
        return assay_json_scan_unexpected(scan, c, what, err);
    }
    scan->at++;
    scan->fresh = true;
    return ASSAY_OK;
}

assay_status assay_json_scan_object(assay_json_scan *scan, assay_error *err)
{
    return open_bracket(scan, '{', "an object ({)", err);
}

assay_status assay_json_scan_array(assay_json_scan *scan, assay_error *err)
{
    return open_bracket(scan, '[', "a list ([)", err);
}

/* Comma or closing bracket. */
static assay_status step(assay_json_scan *scan, char closing, assay_error *err)
{
    unsigned char c = 0;
    bool fresh = scan->fresh;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    scan->fresh = false;
    if (c == closing) {
        scan->at++;
        return ASSAY_DONE;
    }
    if (fresh) {
        return ASSAY_OK;
    }
    if (c != ',') {
        return assay_json_scan_unexpected(scan, c, closing == ']' ? "',' or ']'" : "',' or '}'",
                                          err);
    }
    scan->at++;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    return c == closing ? assay_json_scan_unexpected(scan, c, "a further element", err) : ASSAY_OK;
}

assay_status assay_json_scan_item(assay_json_scan *scan, assay_error *err)
{
    return step(scan, ']', err);
}

/* A short key without escapes, with its colon right behind it. */
static bool simple_key(assay_json_scan *scan)
{
    const char *first = scan->at + 1;
    if (scan->end - scan->at < ASSAY_JSON_KEY + 2 || *scan->at != '"') {
        return false;
    }
    size_t n = (size_t)(assay_json_plain(first, first + ASSAY_JSON_KEY - 1) - first);
    if (first[n] != '"' || first[n + 1] != ':') {
        return false;
    }
    for (size_t i = 0; i < n; i += 8) { /* room for eight more */
        memcpy(scan->key + i, first + i, 8);
    }
    scan->key[n] = '\0';
    scan->at += n + 3;
    return true;
}

assay_status assay_json_scan_key(const char **key, assay_json_scan *scan, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    unsigned char c = 0;
    assay_status status = step(scan, '}', err);
    *key = "";
    if (status != ASSAY_OK) {
        return status;
    }
    if (simple_key(scan)) {
        *key = scan->key;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_json_scan_text(&text, &size, scan, err));
    size = size < ASSAY_JSON_KEY - 1 ? size : ASSAY_JSON_KEY - 1;
    if (size > 0) {
        memcpy(scan->key, text, size);
    }
    scan->key[size] = '\0';
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    if (c != ':') {
        return assay_json_scan_unexpected(scan, c, "':'", err);
    }
    scan->at++;
    *key = scan->key;
    return ASSAY_OK;
}

assay_status assay_json_scan_end(assay_json_scan *scan, assay_error *err)
{
    unsigned char c = 0;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    return c == 0 ? ASSAY_OK : assay_json_scan_unexpected(scan, c, "the end of the file", err);
}

static assay_status skip_scalar(unsigned char c, assay_json_scan *scan, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    double real = 0.0;
    switch (c) {
    case '"':
        return assay_json_scan_text(&text, &size, scan, err);
    case 't':
        return assay_json_scan_word(scan, "true", err);
    case 'f':
        return assay_json_scan_word(scan, "false", err);
    case 'n':
        return assay_json_scan_word(scan, "null", err);
    default:
        return assay_json_scan_real(&real, scan, err);
    }
}

/* No recursion: the kinds of the open brackets are the bits of `kinds`. */
assay_status assay_json_scan_skip(assay_json_scan *scan, assay_error *err)
{
    uint8_t kinds[DEPTH / 8] = {0};
    int depth = 0;
    do {
        assay_status status = ASSAY_OK;
        unsigned char c = 0;
        if (depth > 0) {
            const char *key = NULL;
            bool object = (kinds[(depth - 1) / 8] >> (depth - 1) % 8 & 1) != 0;
            status =
                object ? assay_json_scan_key(&key, scan, err) : assay_json_scan_item(scan, err);
        }
        if (status == ASSAY_DONE) {
            depth--;
            continue;
        }
        if (status != ASSAY_OK) {
            return status;
        }
        ASSAY_TRY(assay_json_scan_next(&c, scan, err));
        if (c != '{' && c != '[') {
            ASSAY_TRY(skip_scalar(c, scan, err));
            continue;
        }
        if (depth == DEPTH) {
            return assay_json_scan_fail(scan, err, ASSAY_ELIMIT,
                                        "more than %d brackets inside each other", DEPTH);
        }
        uint8_t bit = (uint8_t)(1U << depth % 8);
        kinds[depth / 8] = (uint8_t)(c == '{' ? kinds[depth / 8] | bit : kinds[depth / 8] & ~bit);
        depth++;
        ASSAY_TRY(c == '{' ? assay_json_scan_object(scan, err) : assay_json_scan_array(scan, err));
    } while (depth > 0);
    return ASSAY_OK;
}
