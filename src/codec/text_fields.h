/**
 * @file text_fields.h
 * Lines of fields (annotations as text: YOLO, VisDrone, DOTA), in memory. Blank lines are passed over,
 * but counted. Numbers are correctly rounded.
 */
#ifndef ASSAY_CODEC_TEXT_FIELDS_H
#define ASSAY_CODEC_TEXT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_field {
    const char *text;
    size_t size;
} assay_field;

typedef struct assay_lines {
    const char *at, *end; /* what is left of the file */
    const char *field;    /* what is left of the line */
    const char *stop;
    char separator; /* ',' or ' ' for any blanks */
    int64_t line;   /* number of the present one, from 1 */
} assay_lines;

void assay_lines_init(assay_lines *lines, const char *bytes, size_t size, char separator);
/** To the next line that is not blank; false after the last one. */
bool assay_lines_next(assay_lines *lines);
/** The next field of the line, blanks at its ends removed; false when there is none. A comma at the end
 *  of a line is no further field. */
bool assay_lines_field(assay_field *out, assay_lines *lines);
/** A finite number. */
bool assay_field_real(double *out, const assay_field *field);
bool assay_field_integer(int64_t *out, const assay_field *field);
/** The same as assay_lines_field followed by assay_field_real; failures name the line and `what`. */
ASSAY_NODISCARD assay_status assay_lines_real(double *out, assay_lines *lines, const char *what,
                                              assay_error *err);
/** Fail with the line before the message. */
assay_status assay_lines_fail(const assay_lines *lines, assay_error *err, assay_status code,
                              const char *format, ...) ASSAY_PRINTF(4, 5);

#endif
