/**
 * @file inflate.h
 * Streaming decompression of DEFLATE data (RFC 1951), raw as in zip archives or wrapped as in gzip
 * files (RFC 1952), from memory. The reader asks for the number of bytes that it expects, so no
 * input can make it produce more.
 */
#ifndef ASSAY_CODEC_INFLATE_H
#define ASSAY_CODEC_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum assay_inflate_kind {
    ASSAY_INFLATE_RAW = 1,
    ASSAY_INFLATE_GZIP /* concatenated members are one stream, as gzip itself reads them */
} assay_inflate_kind;

typedef struct assay_inflate assay_inflate;

/** `bytes` is borrowed until assay_inflate_free. */
ASSAY_NODISCARD assay_status assay_inflate_new(assay_inflate **out, assay_inflate_kind kind,
                                               const uint8_t *bytes, size_t size, assay_error *err);
/** Exactly `size` bytes; ASSAY_EFORMAT when the stream is corrupt or ends before that. */
ASSAY_NODISCARD assay_status assay_inflate_read(void *out, size_t size, assay_inflate *reader,
                                                assay_error *err);
/** Check that the stream ends here, that its checksum (gzip) agrees and that nothing follows. */
ASSAY_NODISCARD assay_status assay_inflate_finish(assay_inflate *reader, assay_error *err);
void assay_inflate_free(assay_inflate *reader);

/** The most bytes that `size` compressed bytes can become: DEFLATE spends at least 2 bits on a
 *  match of at most 258 bytes. Saturates at SIZE_MAX. */
size_t assay_inflate_bound(size_t size);

#endif
