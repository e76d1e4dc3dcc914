/**
 * @file json_scan.h
 * Pulling JSON out of a stream of any length with memory for one window: for annotation files of
 * gigabytes. The caller walks the document; what it does not want is skipped, but still checked.
 *
 * Numbers are correctly rounded (round half to even), whatever the locale: readers that are off in
 * the last place change the order of scores and sides of thresholds.
 */
#ifndef ASSAY_CODEC_JSON_SCAN_H
#define ASSAY_CODEC_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

typedef struct assay_json_scan assay_json_scan;

/** Gives the next bytes: *got of at most `room`; 0 at the end of the stream. */
typedef assay_status (*assay_read_fn)(void *context, void *to, size_t room, size_t *got,
                                      assay_error *err);

/** A source over bytes in memory; pass assay_memory_read and its address. */
typedef struct assay_memory_source {
    const void *bytes;
    size_t left;
} assay_memory_source;
assay_status assay_memory_read(void *context, void *to, size_t room, size_t *got, assay_error *err);

/** `window` = bytes held at a time; 0 = 1 MiB (small ones are for tests). A text may have at most
 *  `longest_text` bytes; 0 = 256 MiB. `context` is the source's and must outlive the scan. */
ASSAY_NODISCARD assay_status assay_json_scan_new(assay_json_scan **out, assay_read_fn read,
                                                 void *context, size_t window, size_t longest_text,
                                                 assay_error *err);
void assay_json_scan_free(assay_json_scan *scan);

/** What comes next: one of { [ " 0 (a number) t (true or false) n (null), or another byte; 0 at the
 *  end of the stream. *out is set on success only. */
ASSAY_NODISCARD assay_status assay_json_scan_peek(int *out, assay_json_scan *scan,
                                                  assay_error *err);
/** Enter an object or an array. */
ASSAY_NODISCARD assay_status assay_json_scan_object(assay_json_scan *scan, assay_error *err);
ASSAY_NODISCARD assay_status assay_json_scan_array(assay_json_scan *scan, assay_error *err);
/** The next key (terminated, valid until the next call); its value follows. ASSAY_DONE after the
 *  last member. Keys of more than 255 bytes come cut to 255. */
ASSAY_NODISCARD assay_status assay_json_scan_key(const char **key, assay_json_scan *scan,
                                                 assay_error *err);
/** Whether the key is this string literal; bytes behind a key may be looked at. */
#define assay_json_key_is(key, literal) (memcmp((key), (literal), sizeof(literal)) == 0)
/** ASSAY_OK when another element follows, ASSAY_DONE after the last one. */
ASSAY_NODISCARD assay_status assay_json_scan_item(assay_json_scan *scan, assay_error *err);
/** Values. A real must be finite; an integer may be written as a whole real. */
ASSAY_NODISCARD assay_status assay_json_scan_real(double *out, assay_json_scan *scan,
                                                  assay_error *err);
/** The next elements of a list, as many as are reals in plain spelling that lie in the window, at most
 *  `room`; assay_json_scan_item goes on behind them. Returns how many; it never fails, because what
 *  it does not know is left. */
int64_t assay_json_scan_reals(double *out, int64_t room, assay_json_scan *scan);
ASSAY_NODISCARD assay_status assay_json_scan_integer(int64_t *out, assay_json_scan *scan,
                                                     assay_error *err);
/** true, false, or a number (which is true unless 0). */
ASSAY_NODISCARD assay_status assay_json_scan_flag(bool *out, assay_json_scan *scan,
                                                  assay_error *err);
/** The text with its escapes resolved, valid until the next call; not terminated. */
ASSAY_NODISCARD assay_status assay_json_scan_text(const char **out, size_t *size,
                                                  assay_json_scan *scan, assay_error *err);
/** Any value. */
ASSAY_NODISCARD assay_status assay_json_scan_skip(assay_json_scan *scan, assay_error *err);
/** Nothing but blanks may follow. */
ASSAY_NODISCARD assay_status assay_json_scan_end(assay_json_scan *scan, assay_error *err);

/** Begin inside a list, before one of its elements: for streams that begin there. */
void assay_json_scan_resume(assay_json_scan *scan);
/** The byte that comes next, counted from the beginning of the stream. */
uint64_t assay_json_scan_place(const assay_json_scan *scan);

/** Fail with the present place before the message: "line 3, byte 120: ...". */
assay_status assay_json_scan_fail(const assay_json_scan *scan, assay_error *err, assay_status code,
                                  const char *format, ...) ASSAY_PRINTF(4, 5);

/** mantissa * 10^exponent, correctly rounded; false when the parts do not suffice to tell (then the
 *  digits must be read by assay_text_to_real). */
bool assay_decimal_to_real(double *out, uint64_t mantissa, int exponent);

#endif
