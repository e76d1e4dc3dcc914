/** @file alloc.h  The only allocation functions of the project. All sizes are overflow-checked. */
#ifndef ASSAY_BASE_ALLOC_H
#define ASSAY_BASE_ALLOC_H

#include <stddef.h>

/** count * size zeroed bytes, aligned to 64; NULL when memory is out or the product overflows.
 *  A zero-byte request returns a valid pointer. */
void *assay_alloc(size_t count, size_t size);

/** As assay_alloc but not zeroed: for large buffers that are overwritten at once. */
void *assay_alloc_raw(size_t count, size_t size);

/** Grow (or shrink) to count * size bytes, keeping the old `old_bytes` bytes; the rest is zeroed.
 *  NULL on failure, and then `old` is still valid. */
void *assay_realloc(void *old, size_t old_bytes, size_t count, size_t size);

/** As assay_realloc, the rest not zeroed: pages of it that nobody touches take no memory. */
void *assay_realloc_raw(void *old, size_t old_bytes, size_t count, size_t size);

/** Copy of a text; NULL when memory is out or text is NULL. */
char *assay_strdup(const char *text);

/** NULL is allowed. */
void assay_free(void *pointer);

#endif
