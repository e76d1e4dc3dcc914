/**
 * @file identity.h
 * Names that other formats ask for, made of the evidence alone: the same evidence always gives the
 * same identifiers, another one gives others.
 */
#ifndef ASSAY_REPORT_IDENTITY_H
#define ASSAY_REPORT_IDENTITY_H

#include "base/digest.h"
#include "report/evidence.h"

enum { ASSAY_UUID_TEXT = 37 };

typedef struct assay_identity {
    char base[ASSAY_DIGEST_HEX]; /* over plan, models, data, times and verdicts */
} assay_identity;

ASSAY_NODISCARD assay_status assay_identity_open(assay_identity *out,
                                                 const assay_evidence *evidence, assay_error *err);

/** A name-based UUID in the layout of RFC 9562, version 5, with SHA-256 as the hash (SHA-1 is not
 *  used): of the evidence, the role and the number of the thing. */
ASSAY_NODISCARD assay_status assay_identity_uuid(char out[ASSAY_UUID_TEXT],
                                                 const assay_identity *identity, const char *role,
                                                 size_t index, assay_error *err);

/** Hex digits of "sha256:..." or of bare hex; "" when the text is neither. */
const char *assay_identity_hex(const char *digest);

/** The text as an OSCAL token (letters, digits, '.', '-', '_'; a letter or '_' first). A text that
 *  is none has its other characters replaced and eight digits of its digest put behind, so that
 *  two texts stay two tokens. */
ASSAY_NODISCARD assay_status assay_identity_token(assay_buffer *out, const char *text,
                                                  assay_error *err);

/** A path as a relative URI reference: everything but unreserved characters and '/' in percents. */
void assay_identity_uri(assay_buffer *out, const char *path);

/** "2026-01-15T09:12:44Z", or the beginning of 1970 when the text is no such time. */
const char *assay_identity_time(const char *text);

#endif
