#include "codec/json_scan_internal.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

enum { LONGEST_NUMBER = 1024 };

__extension__ typedef unsigned __int128 wide;

enum { MOST_FIVES = 27 }; /* 5^27 < 2^63 */

static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const uint64_t fives[MOST_FIVES + 1] = {1,
                                               5,
                                               25,
                                               125,
                                               625,
                                               3125,
                                               15625,
                                               78125,
                                               390625,
                                               1953125,
                                               9765625,
                                               48828125,
                                               244140625,
                                               1220703125,
                                               6103515625,
                                               30517578125,
                                               152587890625,
                                               762939453125,
                                               3814697265625,
                                               19073486328125,
                                               95367431640625,
                                               476837158203125,
                                               2384185791015625,
                                               11920928955078125,
                                               59604644775390625,
                                               298023223876953125,
                                               1490116119384765625,
                                               7450580596923828125};

static int bits_of(uint64_t value)
{
    return 64 - __builtin_clzll(value);
}

/* m / (5^k 2^k): the quotient to 63 or 64 bits and whether anything was left decide the rounding. */
static double divide(uint64_t m, int k)
{
    const uint64_t five = fives[k];
    int shift = bits_of(five) + 63 - bits_of(m);
    wide numerator = (wide)m << shift;
    uint64_t quotient = (uint64_t)(numerator / five);
    bool rest = (wide)quotient * five != numerator;
    int drop = bits_of(quotient) - 53;
    uint64_t low = quotient & ((UINT64_C(1) << drop) - 1);
    uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t high = quotient >> drop;
    if (low > half || (low == half && (rest || (high & 1) != 0))) {
        high++;
    }
    /* 2^-91 at the least: a normal number, so that the product is exact. */
    uint64_t power = (uint64_t)(1023 + drop - shift - k) << 52;
    double scale = 0.0;
    memcpy(&scale, &power, sizeof scale);
    return (double)high * scale;
}

bool assay_decimal_to_real(double *out, uint64_t mantissa, int exponent)
{
    if (mantissa == 0) {
        *out = 0.0;
        return true;
    }
    if (mantissa <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22) {
        /* Both are exact, so the one operation rounds once (Clinger 1990). */
        *out =
            exponent < 0 ? (double)mantissa / tens[-exponent] : (double)mantissa * tens[exponent];
        return true;
    }
    if (exponent <= 0 && exponent >= -MOST_FIVES) {
        *out = divide(mantissa, -exponent);
        return true;
    }
    return false;
}

typedef struct decimal {
    uint64_t mantissa;
    int64_t exponent;
    bool negative, exact, whole; /* whole: neither fraction nor exponent was written */
} decimal;

enum { MOST_DIGITS = 19 }; /* of a number below 2^64, whatever they are */

/* The digits that lie together in the eight bytes v, at most eight, as a number: each byte becomes its
 * digit, then neighbours are joined by products (Lemire 2018). */
static uint64_t join_digits(uint64_t v)
{
    v = v * 10 + (v >> 8);
    return (uint32_t)(((v & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
                       (v >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
                      32);
}

static const uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* How many of the eight bytes v are digits before the first one that is none. */
static inline int leading_digits(uint64_t v)
{
    uint64_t other = ((v + UINT64_C(0x4646464646464646)) | (v - UINT64_C(0x3030303030303030))) &
                     UINT64_C(0x8080808080808080);
    return other != 0 ? __builtin_ctzll(other) / 8 : 8;
}

/* The first n of the eight digits v as a number, 1 <= n <= 8. */
static inline uint64_t first_digits(uint64_t v, int n)
{
    return join_digits((v - UINT64_C(0x3030303030303030)) << 8 * (8 - n));
}

/* Digits eight bytes at a time, as far as there are so many before `end`. */
static const char *many_digits(const char *p, const char *end, decimal *d, int *n, bool fraction)
{
    int found = 8;
    while (found == 8 && *n <= MOST_DIGITS - 8 && end - p >= 8) {
        uint64_t v = assay_json_eight(p);
        found = leading_digits(v);
        if (found == 0) {
            break;
        }
        v = (v - UINT64_C(0x3030303030303030))
            << 8 * (8 - found); /* zeros before, nothing behind */
        *n += d->mantissa != 0 ? found : v != 0 ? 8 - __builtin_ctzll(v) / 8 : 0;
        d->mantissa = d->mantissa * powers[found] + join_digits(v);
        d->exponent -= fraction ? found : 0;
        p += found;
    }
    return p;
}

/* `end` is behind the last byte of the window. */
static const char *digits(const char *p, const char *end, decimal *d, int *n, bool fraction)
{
    p = many_digits(p, end, d, n, fraction);
    for (; *p >= '0' && *p <= '9'; p++) {
        if (*n < MOST_DIGITS) {
            d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
            *n += d->mantissa != 0;
            d->exponent -= fraction;
        } else {
            d->exact = d->exact && *p == '0';
            d->exponent += !fraction;
        }
    }
    return p;
}

/* The number at p; NULL when it is none. The NUL behind the window ends it in any case. */
static const char *parse(decimal *d, const char *p, const char *end)
{
    int n = 0;
    *d = (decimal){.exact = true, .whole = true};
    d->negative = *p == '-';
    p += d->negative;
    if (*p < '0' || *p > '9') {
        return NULL;
    }
    const char *first = p;
    p = digits(p, end, d, &n, false);
    if (*first == '0' && p != first + 1) {
        return NULL;
    }
    if (*p == '.') {
        first = p + 1;
        d->whole = false;
        p = digits(first, end, d, &n, true);
        if (p == first) {
            return NULL;
        }
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        d->whole = false;
        bool minus = *p == '-';
        p += *p == '-' || *p == '+';
        int64_t e = 0;
        first = p;
        for (; *p >= '0' && *p <= '9'; p++) {
            e = e < 100000 ? e * 10 + (*p - '0') : e;
        }
        if (p == first) {
            return NULL;
        }
        d->exponent += minus ? -e : e;
    }
    return p;
}

/* Whether c may be a part of a number. */
static bool continues(char c)
{
    return c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E' || (c >= '0' && c <= '9');
}

/* Parse the number that comes next; *size is its length, scan->at stays before it. */
static assay_status number(decimal *d, size_t *size, assay_json_scan *scan, assay_error *err)
{
    unsigned char c = 0;
    ASSAY_TRY(assay_json_scan_next(&c, scan, err));
    if (c != '-' && (c < '0' || c > '9')) {
        return assay_json_scan_unexpected(scan, c, "a number", err);
    }
    const char *last = parse(d, scan->at, scan->end);
    *size = last != NULL ? (size_t)(last - scan->at) : 0;
    if (last != NULL && last < scan->end && *size <= LONGEST_NUMBER && !continues(*last)) {
        return ASSAY_OK;
    }
    for (;;) {
        const char *stop = scan->at;
        while (continues(*stop)) {
            stop++;
        }
        *size = (size_t)(stop - scan->at);
        if (*size > LONGEST_NUMBER) {
            return assay_json_scan_fail(scan, err, ASSAY_ELIMIT,
                                        "a number of more than %d characters", LONGEST_NUMBER);
        }
        if (stop < scan->end) {
            break;
        }
        assay_status status = assay_json_scan_refill(scan, err);
        if (status != ASSAY_OK) {
            if (status == ASSAY_DONE) {
                break;
            }
            return status;
        }
    }
    if (parse(d, scan->at, scan->end) != scan->at + *size) {
        return assay_json_scan_unexpected(scan, c, "a number as JSON writes it", err);
    }
    return ASSAY_OK;
}

static assay_status to_real(double *out, const decimal *d, size_t size, assay_json_scan *scan,
                            assay_error *err)
{
    char copy[LONGEST_NUMBER + 1];
    bool small = d->exponent >= -1000 && d->exponent <= 1000;
    if (d->exact && small && assay_decimal_to_real(out, d->mantissa, (int)d->exponent)) {
        *out = d->negative ? -*out : *out;
        return ASSAY_OK;
    }
    memcpy(copy, scan->at, size);
    copy[size] = '\0';
    if (!assay_text_to_real(out, copy)) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "a number beyond the range of double precision (1.8e308)");
    }
    return ASSAY_OK;
}

enum { LOOKED_AT = 48 }; /* bytes that must lie in the window for the two below, with a blank */

static inline bool ends_plainly(char c)
{
    return c == ',' || c == ']' || c == '}';
}

/* The real at p as programs write most of them: at most 7 digits, perhaps a point and at most 24 more (19
 * that count), behind it a comma or a closing bracket. 40 bytes may be looked at. NULL = anything
 * else. */
static inline const char *plain_real(double *out, const char *p)
{
    bool negative = *p == '-';
    p += negative;
    uint64_t v = assay_json_eight(p);
    int whole = leading_digits(v);
    if (whole == 0 || whole == 8 || (*p == '0' && whole > 1)) {
        return NULL;
    }
    uint64_t mantissa = first_digits(v, whole);
    int places = 0;
    p += whole;
    if (*p == '.') {
        int found = 8;
        p++;
        for (int k = 0; k < 3 && found == 8; k++, p += found) {
            v = assay_json_eight(p);
            found = leading_digits(v);
            if (found > 0) {
                /* may overflow; then the digits are too many, which is seen below */
                mantissa = mantissa * powers[found] + first_digits(v, found);
                places += found;
            }
        }
        if (places == 0) {
            return NULL;
        }
    }
    if (!ends_plainly(*p) || whole + places > MOST_DIGITS ||
        !assay_decimal_to_real(out, mantissa, -places)) {
        return NULL;
    }
    *out = negative ? -*out : *out;
    return p;
}

/* The same for a whole number of at most 7 digits. */
static inline const char *plain_integer(int64_t *out, const char *p)
{
    uint64_t v = assay_json_eight(p);
    int n = leading_digits(v);
    if (n == 0 || n == 8 || (*p == '0' && n > 1) || !ends_plainly(p[n])) {
        return NULL;
    }
    *out = (int64_t)first_digits(v, n);
    return p + n;
}

assay_status assay_json_scan_real(double *out, assay_json_scan *scan, assay_error *err)
{
    decimal d = {0};
    size_t size = 0;
    if (scan->end - scan->at >= LOOKED_AT) {
        const char *last = plain_real(out, scan->at + (*scan->at == ' '));
        if (last != NULL) {
            scan->at += last - scan->at;
            return ASSAY_OK;
        }
    }
    ASSAY_TRY(number(&d, &size, scan, err));
    ASSAY_TRY(to_real(out, &d, size, scan, err));
    scan->at += size;
    return ASSAY_OK;
}

assay_status assay_json_scan_integer(int64_t *out, assay_json_scan *scan, assay_error *err)
{
    decimal d = {0};
    size_t size = 0;
    double real = 0.0;
    *out = 0;
    if (scan->end - scan->at >= LOOKED_AT) {
        const char *last = plain_integer(out, scan->at + (*scan->at == ' '));
        if (last != NULL) {
            scan->at += last - scan->at;
            return ASSAY_OK;
        }
    }
    ASSAY_TRY(number(&d, &size, scan, err));
    if (d.whole && d.exact && d.exponent == 0 && d.mantissa <= INT64_MAX) {
        *out = d.negative ? -(int64_t)d.mantissa : (int64_t)d.mantissa;
    } else {
        ASSAY_TRY(to_real(&real, &d, size, scan, err));
        if (!(fabs(real) <= 9007199254740992.0) || trunc(real) != real) {
            return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                        "a whole number of at most 64 bits is expected");
        }
        *out = (int64_t)real;
    }
    scan->at += size;
    return ASSAY_OK;
}

int64_t assay_json_scan_reals(double *out, int64_t room, assay_json_scan *scan)
{
    int64_t n = 0;
    while (n < room && scan->end - scan->at >= LOOKED_AT) {
        const char *p = scan->at;
        if (!scan->fresh) {
            if (*p != ',') {
                break;
            }
            p++;
        }
        p += *p == ' ';
        p = plain_real(&out[n], p);
        if (p == NULL) {
            break;
        }
        scan->at += p - scan->at;
        scan->fresh = false;
        n++;
    }
    return n;
}
