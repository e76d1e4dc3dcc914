/**
 * @file zip.h
 * The directory of a zip archive held in memory (PKWARE APPNOTE 6.3.10, zip64 included), as far as
 * NumPy's .npz files need it: entries stored or deflated, one disk, no encryption. Only the central
 * directory is believed; an entry's local header is checked against it.
 */
#ifndef ASSAY_CODEC_ZIP_H
#define ASSAY_CODEC_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { ASSAY_ZIP_STORED = 0, ASSAY_ZIP_DEFLATED = 8 };

typedef struct assay_zip {
    const uint8_t *bytes; /* borrowed: the whole archive */
    size_t size;
    size_t directory; /* where the central directory begins and ends */
    size_t directory_end;
    uint64_t entries;
} assay_zip;

typedef struct assay_zip_entry {
    const char *name; /* not terminated; points into the archive */
    size_t name_size;
    unsigned flags;
    unsigned method;
    uint32_t crc;
    uint64_t packed_size;
    uint64_t size;
    uint64_t local; /* offset of the local header */
} assay_zip_entry;

ASSAY_NODISCARD assay_status assay_zip_open(assay_zip *out, const uint8_t *bytes, size_t size,
                                            assay_error *err);
/** Walk the directory: *at begins as 0. ASSAY_DONE after the last entry. */
ASSAY_NODISCARD assay_status assay_zip_next(assay_zip_entry *out, const assay_zip *zip, size_t *at,
                                            assay_error *err);
/** Where the entry's packed bytes lie (packed_size of them). Refuses what cannot be read, by name:
 *  encryption and other methods than stored and deflated. */
ASSAY_NODISCARD assay_status assay_zip_locate(const uint8_t **out, const assay_zip *zip,
                                              const assay_zip_entry *entry, assay_error *err);

#endif
