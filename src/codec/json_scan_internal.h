/** @file json_scan_internal.h  What the parts of the JSON scan share. */
#ifndef ASSAY_CODEC_JSON_SCAN_INTERNAL_H
#define ASSAY_CODEC_JSON_SCAN_INTERNAL_H

#include "base/buffer.h"
#include "codec/json_scan.h"

enum { ASSAY_JSON_KEY = 256 };

struct assay_json_scan {
    assay_read_fn read;
    void *context;
    char *window; /* `room` bytes and a NUL that stops every loop over characters */
    size_t room;
    char *at, *end;
    bool eof;
    bool fresh;        /* just after { or [: no comma is due */
    uint64_t consumed; /* bytes before the window */
    uint64_t lines;    /* line feeds before the window */
    assay_buffer text;
    char key[ASSAY_JSON_KEY + 8];
};

/** Eight bytes, the first one lowest: a single load on the usual machines. */
static inline uint64_t assay_json_eight(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint64_t)u[0] | (uint64_t)u[1] << 8 | (uint64_t)u[2] << 16 | (uint64_t)u[3] << 24 |
           (uint64_t)u[4] << 32 | (uint64_t)u[5] << 40 | (uint64_t)u[6] << 48 |
           (uint64_t)u[7] << 56;
}

/** To the next quote, backslash or control character, or to the end of the window. */
static inline const char *assay_json_plain(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones << 7;
    while (end - p >= 8) {
        uint64_t v = assay_json_eight(p);
        uint64_t quote = v ^ ones * '"';
        uint64_t backslash = v ^ ones * '\\';
        /* the lowest top bit that is set is that of a byte below ' ', or of one that became zero */
        uint64_t stops =
            ((v - ones * ' ') & ~v) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
        if ((stops & tops) != 0) {
            return p + __builtin_ctzll(stops & tops) / 8;
        }
        p += 8;
    }
    while (p < end && (unsigned char)*p >= ' ' && *p != '"' && *p != '\\') {
        p++;
    }
    return p;
}

/** Move what is left to the front and fill up; ASSAY_DONE when nothing came. */
ASSAY_NODISCARD assay_status assay_json_scan_refill(assay_json_scan *scan, assay_error *err);
/** To the next byte that is not blank; *c is 0 at the end. */
ASSAY_NODISCARD assay_status assay_json_scan_next(unsigned char *c, assay_json_scan *scan,
                                                  assay_error *err);
/** Fail: c stands where something else is expected; 0 = the stream ended. */
assay_status assay_json_scan_unexpected(const assay_json_scan *scan, unsigned char c,
                                        const char *wanted, assay_error *err);
/** One of the words true, false, null. */
ASSAY_NODISCARD assay_status assay_json_scan_word(assay_json_scan *scan, const char *wanted,
                                                  assay_error *err);

#endif
