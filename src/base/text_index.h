/**
 * @file text_index.h
 * Finding texts by content in an array that the caller keeps: for duplicate ids and class names.
 * Eight to sixteen bytes per text. Nothing is ever listed from the index, so no result depends on
 * the order of hashes.
 */
#ifndef ASSAY_BASE_TEXT_INDEX_H
#define ASSAY_BASE_TEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_text_index assay_text_index;

/** Room for about `expected` texts from the start (0 = small); it grows when there are more. */
ASSAY_NODISCARD assay_status assay_text_index_new(assay_text_index **out, int64_t expected,
                                                  assay_error *err);
/** Enter keys[i]. *found gets the position of an equal text that was entered before (and keys[i] is
 *  not entered), else -1. Positions are below 2^32 - 1. `keys` is the same array in every call, or
 *  a longer copy of it. */
ASSAY_NODISCARD assay_status assay_text_index_put(int64_t *found, assay_text_index *index,
                                                  const char *const *keys, int64_t i,
                                                  assay_error *err);
/** Position of the entered text that equals the `size` bytes at `text`; -1 when there is none. */
int64_t assay_text_index_find(const assay_text_index *index, const char *const *keys,
                              const char *text, size_t size);
/** NULL is allowed. */
void assay_text_index_free(assay_text_index *index);

#endif
