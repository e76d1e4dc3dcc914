/** @file digest.h  SHA-256 (FIPS 180-4, by OpenSSL's libcrypto) of bytes and of structured values. */
#ifndef ASSAY_BASE_DIGEST_H
#define ASSAY_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { ASSAY_DIGEST_BYTES = 32, ASSAY_DIGEST_HEX = 65 };

typedef struct assay_digest assay_digest;

ASSAY_NODISCARD assay_status assay_digest_new(assay_digest **out, assay_error *err);
void assay_digest_update(assay_digest *digest, const void *bytes, size_t size);
/** Text with its length before it, so that "ab","c" and "a","bc" differ. NULL differs from "". */
void assay_digest_text(assay_digest *digest, const char *text);
void assay_digest_i64(assay_digest *digest, int64_t value);
void assay_digest_real(assay_digest *digest, double value);
/** Lower-case hex. The digest cannot be updated afterwards. */
ASSAY_NODISCARD assay_status assay_digest_hex(char out[ASSAY_DIGEST_HEX], assay_digest *digest,
                                              assay_error *err);
void assay_digest_free(assay_digest *digest);

/** One-shot form. */
ASSAY_NODISCARD assay_status assay_digest_bytes(char out[ASSAY_DIGEST_HEX], const void *bytes,
                                                size_t size, assay_error *err);

#endif
