#include "base/text.h"

#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool assay_text_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0;
}

bool assay_text_starts(const char *text, const char *prefix)
{
    return text != NULL && prefix != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Where a suffix of that length would begin, or NULL. */
static const char *tail(const char *text, const char *suffix)
{
    if (text == NULL || suffix == NULL) {
        return NULL;
    }
    size_t size = strlen(text);
    size_t wanted = strlen(suffix);
    return size >= wanted ? text + (size - wanted) : NULL;
}

bool assay_text_ends(const char *text, const char *suffix)
{
    const char *end = tail(text, suffix);
    return end != NULL && strcmp(end, suffix) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool assay_text_ends_nocase(const char *text, const char *suffix)
{
    const char *end = tail(text, suffix);
    if (end == NULL) {
        return false;
    }
    while (*end != '\0' && lower(*end) == lower(*suffix)) {
        end++;
        suffix++;
    }
    return *end == '\0';
}

static size_t digits(const char *text)
{
    size_t n = 0;
    while (text[n] >= '0' && text[n] <= '9') {
        n++;
    }
    return n;
}

/* [+-] digits [. digits] [e [+-] digits], with at least one digit in the mantissa. */
static bool is_decimal(const char *text)
{
    text += *text == '+' || *text == '-';
    size_t whole = digits(text);
    text += whole;
    size_t fraction = 0;
    if (*text == '.') {
        fraction = digits(text + 1);
        text += 1 + fraction;
    }
    if (whole + fraction == 0) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        size_t exponent = digits(text);
        if (exponent == 0) {
            return false;
        }
        text += exponent;
    }
    return *text == '\0';
}

bool assay_text_to_real(double *out, const char *text)
{
    *out = 0.0;
    if (text == NULL || !is_decimal(text)) {
        return false;
    }
    /* The "C" locale object is static in libc: no allocation, nothing of the process changes. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) {
        return false;
    }
    double value = strtod_l(text, NULL, plain);
    freelocale(plain);
    if (!isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool assay_text_to_i64(int64_t *out, const char *text)
{
    *out = 0;
    if (text == NULL) {
        return false;
    }
    bool negative = *text == '-';
    text += *text == '+' || *text == '-';
    if (*text == '\0') {
        return false;
    }
    int64_t value = 0; /* kept negative: the negative range is the larger one */
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *text - '0', &value)) {
            return false;
        }
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *out = negative ? value : -value;
    return true;
}

bool assay_text_to_bytes(int64_t *out, const char *text)
{
    static const char units[] = "kmgt";
    char number[64];
    double value = 0.0;
    double unit = 1.0;
    *out = 0;
    if (text == NULL) {
        return false;
    }
    size_t digits = strspn(text, "0123456789.");
    const char *at = text + digits;
    if (digits == 0 || digits >= sizeof number) {
        return false;
    }
    memcpy(number, text, digits);
    number[digits] = '\0';
    at += *at == ' ';
    for (const char *u = units; *at != '\0' && *u != '\0'; u++) {
        if ((*at | 0x20) == *u) {
            bool thousands = (at[1] | 0x20) == 'b';
            int power = (int)(u - units) + 1;
            for (int i = 0; i < power; i++) {
                unit *= thousands ? 1000.0 : 1024.0;
            }
            at += at[1] == 'i' ? 2 : 1;
            break;
        }
    }
    at += (*at | 0x20) == 'b';
    if (*at != '\0' || !assay_text_to_real(&value, number)) {
        return false;
    }
    value *= unit;
    if (!(value >= 1.0 && value <= 9e18)) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

int assay_text_distance(const char *a, const char *b)
{
    enum { MOST = 255 };
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    size_t m = strlen(a);
    size_t n = strlen(b);
    while (m > 0 && n > 0 && a[m - 1] == b[n - 1]) {
        m--;
        n--;
    }
    size_t longer = m > n ? m : n;
    if (m == 0 || n == 0 || longer > MOST) {
        return longer > INT_MAX ? INT_MAX : (int)longer;
    }
    int rows[3][MOST + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n; j++) {
        above[j] = (int)j;
        before[j] = 0;
    }
    for (size_t i = 1; i <= m; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= n; j++) {
            int best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, above[j] + 1);
            best = least(best, row[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = least(best, before[j - 2] + 1);
            }
            row[j] = best;
        }
        int *swap = before;
        before = above;
        above = row;
        row = swap;
    }
    return above[n];
}

const char *assay_text_nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *nearest = NULL;
    size_t allowed = word != NULL ? strlen(word) / 3 : 0;
    int best = allowed < 1 ? 1 : (allowed > INT_MAX - 1 ? INT_MAX - 1 : (int)allowed);
    best++;
    for (size_t i = 0; word != NULL && i < n; i++) {
        if (candidates[i] == NULL) {
            continue;
        }
        int distance = assay_text_distance(word, candidates[i]);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

void assay_text_choices(char out[ASSAY_TEXT_CHOICES], const char *word,
                        const char *const *candidates, size_t n)
{
    enum { MOST_NAMED = 12, ROOM = 400 }; /* the rest is for the words around them */
    const char *nearest = assay_text_nearest(word, candidates, n);
    size_t used = 0, named = 0, known = 0;
    out[0] = '\0';
    /* a letter is as near to any other */
    if (nearest != NULL && strlen(word) > 2 && strlen(nearest) < ROOM / 4) {
        used = (size_t)snprintf(out, ASSAY_TEXT_CHOICES, "; did you mean '%s'?", nearest);
    }
    for (size_t i = 0; i < n; i++) {
        known += candidates[i] != NULL;
    }
    for (size_t i = 0; i < n && named < MOST_NAMED; i++) {
        if (candidates[i] == NULL || used + strlen(candidates[i]) > ROOM) {
            continue;
        }
        used += (size_t)snprintf(out + used, ASSAY_TEXT_CHOICES - used, "%s%s",
                                 named == 0 ? " (known: " : ", ", candidates[i]);
        named++;
    }
    if (named > 0 && named < known) {
        (void)snprintf(out + used, ASSAY_TEXT_CHOICES - used, " and %zu more)", known - named);
    } else if (named > 0) {
        (void)snprintf(out + used, ASSAY_TEXT_CHOICES - used, ")");
    }
}

int assay_utf8_step(const char *bytes, size_t size)
{
    const unsigned char *s = (const unsigned char *)bytes;
    if (size == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        return 1;
    }
    /* The second byte's range excludes overlong forms, surrogates and values above U+10FFFF
     * (Unicode, table 3-7). */
    int length = s[0] < 0xE0 ? 2 : (s[0] < 0xF0 ? 3 : 4);
    unsigned low = s[0] == 0xE0 ? 0xA0 : (s[0] == 0xF0 ? 0x90 : 0x80);
    unsigned high = s[0] == 0xED ? 0x9F : (s[0] == 0xF4 ? 0x8F : 0xBF);
    if (s[0] < 0xC2 || s[0] > 0xF4) {
        return -1;
    }
    for (int i = 1; i < length; i++) {
        if ((size_t)i >= size || s[i] < low || s[i] > high) {
            return -i;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

bool assay_utf8_valid(const char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        int step = assay_utf8_step(bytes + at, size - at);
        if (step < 0) {
            return false;
        }
        at += (size_t)step;
    }
    return true;
}

/* Characters that move the cursor, break the line or reverse the reading order. */
static bool unprintable(const char *at, int step)
{
    const unsigned char *s = (const unsigned char *)at;
    if (step == 1) {
        return s[0] < 0x20 || s[0] == 0x7F;
    }
    if (step == 2) {
        return s[0] == 0xC2 && s[1] < 0xA0; /* U+0080..U+009F */
    }
    if (step == 3 && s[0] == 0xE2) {
        return (s[1] == 0x80 && s[2] >= 0xA8 && s[2] <= 0xAE) || /* U+2028..U+202E */
               (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9);   /* U+2066..U+2069 */
    }
    return false;
}

void assay_text_printable(char *out, size_t out_size, const char *text)
{
    if (out_size == 0) {
        return;
    }
    size_t used = 0;
    size_t size = text != NULL ? strlen(text) : 0;
    for (size_t at = 0; at < size;) {
        int step = assay_utf8_step(text + at, size - at);
        const char *from = text + at;
        size_t bytes = (size_t)abs(step);
        at += bytes;
        if (step < 0) {
            from = "\xEF\xBF\xBD";
            bytes = 3;
        } else if (unprintable(from, step)) {
            from = "?";
            bytes = 1;
        }
        if (bytes > out_size - 1 - used) {
            break;
        }
        memcpy(out + used, from, bytes);
        used += bytes;
    }
    out[used] = '\0';
}
