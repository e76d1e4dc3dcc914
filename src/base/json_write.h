/**
 * @file json_write.h
 * Writes JSON into a buffer. Numbers are the shortest decimal that reads back to the same double;
 * text is escaped and invalid UTF-8 is replaced by U+FFFD. Misuse (a value without a key in an
 * object, ends that do not match) is a sticky failure of the buffer.
 */
#ifndef ASSAY_BASE_JSON_WRITE_H
#define ASSAY_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { ASSAY_JSON_DEPTH = 64 };

typedef struct assay_json {
    assay_buffer *out;
    int indent; /* spaces per level; 0 = compact */
    int depth;
    char stack[ASSAY_JSON_DEPTH]; /* '{' or '[' */
    bool first[ASSAY_JSON_DEPTH];
    bool after_key;
} assay_json;

void assay_json_init(assay_json *json, assay_buffer *out, int indent);
void assay_json_begin_object(assay_json *json);
void assay_json_end_object(assay_json *json);
void assay_json_begin_array(assay_json *json);
void assay_json_end_array(assay_json *json);
void assay_json_key(assay_json *json, const char *key);
/** NULL writes null. */
void assay_json_text(assay_json *json, const char *text);
void assay_json_int(assay_json *json, int64_t value);
/** NaN and infinities have no JSON form: they write null. */
void assay_json_real(assay_json *json, double value);
void assay_json_bool(assay_json *json, bool value);
void assay_json_null(assay_json *json);
/** Already valid JSON, written as it is. */
void assay_json_raw(assay_json *json, const char *text);

/* key and value in one call */
void assay_json_put_text(assay_json *json, const char *key, const char *text);
void assay_json_put_int(assay_json *json, const char *key, int64_t value);
void assay_json_put_real(assay_json *json, const char *key, double value);
void assay_json_put_bool(assay_json *json, const char *key, bool value);

/** Shortest round-trip decimal of a finite value ("1", "-0", "0.1", "1e+300"), whatever the locale;
 *  "nan", "inf" or "-inf" otherwise. */
void assay_format_real(char out[32], double value);

#endif
