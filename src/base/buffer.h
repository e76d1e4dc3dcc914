/**
 * @file buffer.h
 * A growing byte buffer with a stated limit. Failure is sticky: appending to a failed buffer does
 * nothing, and one check at the end (assay_buffer_status) tells what went wrong, so that renderers
 * need no check per line. `data` is always NUL-terminated once anything was appended.
 */
#ifndef ASSAY_BASE_BUFFER_H
#define ASSAY_BASE_BUFFER_H

#include <stddef.h>

#include "base/error.h"

typedef struct assay_buffer {
    char *data;
    size_t size;
    size_t capacity;
    size_t limit;
    assay_status failed;
} assay_buffer;

/** `limit` in bytes; 0 means 1 GiB. Never allocates. */
void assay_buffer_init(assay_buffer *buffer, size_t limit);
void assay_buffer_append(assay_buffer *buffer, const void *bytes, size_t size);
void assay_buffer_puts(assay_buffer *buffer, const char *text);
void assay_buffer_putc(assay_buffer *buffer, char c);
void assay_buffer_printf(assay_buffer *buffer, const char *format, ...) ASSAY_PRINTF(2, 3);
/** Make room for `size` more zeroed bytes and return where they go; the caller advances `size` by
 *  what it used. NULL on failure. */
char *assay_buffer_reserve(assay_buffer *buffer, size_t size);
void assay_buffer_clear(assay_buffer *buffer);
/** ASSAY_OK, or the first failure with its message in err. */
ASSAY_NODISCARD assay_status assay_buffer_status(const assay_buffer *buffer, assay_error *err);
void assay_buffer_dispose(assay_buffer *buffer);

#endif
