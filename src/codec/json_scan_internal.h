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
    char key[ASSAY_JSON_KEY];
};

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
