/**
 * @file json_value.h
 * Reading JSON documents of moderate size (results.json, one line of the model protocol). A thin
 * face over jansson so that its header stays in one file. Values are borrowed from the document.
 */
#ifndef ASSAY_CODEC_JSON_VALUE_H
#define ASSAY_CODEC_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_json_doc assay_json_doc;
typedef struct assay_json_value assay_json_value; /* borrowed; NULL = absent, accepted everywhere */

/**
 * Parse one value of any kind; the error names line and column. Refused are duplicate keys, NaN and
 * infinities, invalid UTF-8, U+0000 in texts, integers beyond 64 bits, real numbers beyond double
 * range and more than 2048 levels. A byte order mark is skipped. max_bytes limits the text (0 = 1
 * GiB); the document takes up to some 60 times as much memory.
 */
ASSAY_NODISCARD assay_status assay_json_parse(assay_json_doc **out, const char *text, size_t size,
                                              size_t max_bytes, assay_error *err);
const assay_json_value *assay_json_root(const assay_json_doc *doc);
void assay_json_doc_free(assay_json_doc *doc);

const assay_json_value *assay_json_get(const assay_json_value *object, const char *key);
const assay_json_value *assay_json_at(const assay_json_value *array, size_t index);
/** Elements of an array or members of an object; 0 for anything else. */
size_t assay_json_size(const assay_json_value *value);
/** Member i of an object in document order. */
const char *assay_json_member(const assay_json_value *object, size_t index,
                              const assay_json_value **value);
bool assay_json_is_object(const assay_json_value *value);
bool assay_json_is_array(const assay_json_value *value);
bool assay_json_is_number(const assay_json_value *value);
bool assay_json_is_null(const assay_json_value *value); /* JSON null or absent */
/** The text, or `otherwise` when absent or not a text. */
const char *assay_json_get_text(const assay_json_value *object, const char *key,
                                const char *otherwise);
double assay_json_get_real(const assay_json_value *object, const char *key, double otherwise);
/** Also of a number written as real when it is whole and at most 2^53 in magnitude. */
int64_t assay_json_get_int(const assay_json_value *object, const char *key, int64_t otherwise);
bool assay_json_get_bool(const assay_json_value *object, const char *key, bool otherwise);
double assay_json_as_real(const assay_json_value *value, double otherwise);
int64_t assay_json_as_int(const assay_json_value *value, int64_t otherwise);
const char *assay_json_as_text(const assay_json_value *value, const char *otherwise);

#endif
