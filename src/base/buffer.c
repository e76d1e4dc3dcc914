#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked_int.h"

void assay_buffer_init(assay_buffer *buffer, size_t limit)
{
    *buffer = (assay_buffer){.limit = limit > 0 ? limit : (size_t)1 << 30};
}

static void fail(assay_buffer *buffer, assay_status code)
{
    if (buffer->failed == ASSAY_OK) {
        buffer->failed = code;
    }
}

/* Room for `size` more bytes and the terminator. */
static char *grow(assay_buffer *buffer, size_t size)
{
    if (buffer->failed != ASSAY_OK) {
        return NULL;
    }
    size_t needed = 0;
    if (!assay_size_add(&needed, buffer->size, size) || needed > buffer->limit ||
        !assay_size_add(&needed, needed, 1)) {
        fail(buffer, ASSAY_ELIMIT);
        return NULL;
    }
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
        if (!assay_size_mul(&capacity, capacity, 2) || capacity - 1 > buffer->limit) {
            capacity = buffer->limit + 1 > buffer->limit ? buffer->limit + 1 : buffer->limit;
        }
        if (capacity < needed) {
            capacity = needed;
        }
        char *data = assay_alloc_raw(capacity, 1);
        if (data == NULL) {
            fail(buffer, ASSAY_ENOMEM);
            return NULL;
        }
        if (buffer->size > 0) {
            memcpy(data, buffer->data, buffer->size);
        }
        data[buffer->size] = '\0';
        assay_free(buffer->data);
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void assay_buffer_append(assay_buffer *buffer, const void *bytes, size_t size)
{
    char *at = grow(buffer, size);
    if (at != NULL) {
        if (size > 0) {
            memcpy(at, bytes, size);
        }
        at[size] = '\0';
        buffer->size += size;
    }
}

void assay_buffer_puts(assay_buffer *buffer, const char *text)
{
    assay_buffer_append(buffer, text, strlen(text));
}

void assay_buffer_putc(assay_buffer *buffer, char c)
{
    assay_buffer_append(buffer, &c, 1);
}

void assay_buffer_printf(assay_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        fail(buffer, ASSAY_EINTERNAL);
        return;
    }
    char *at = grow(buffer, (size_t)length);
    if (at != NULL) {
        va_start(args, format);
        (void)vsnprintf(at, (size_t)length + 1, format, args);
        va_end(args);
        buffer->size += (size_t)length;
    }
}

char *assay_buffer_reserve(assay_buffer *buffer, size_t size)
{
    char *at = grow(buffer, size);
    if (at != NULL) {
        /* Zeroed, so that the terminator is there however few bytes the caller then claims. */
        memset(at, 0, size + 1);
    }
    return at;
}

void assay_buffer_clear(assay_buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = ASSAY_OK;
    if (buffer->data != NULL) {
        buffer->data[0] = '\0';
    }
}

assay_status assay_buffer_status(const assay_buffer *buffer, assay_error *err)
{
    switch (buffer->failed) {
    case ASSAY_OK:
        return ASSAY_OK;
    case ASSAY_ENOMEM:
        return assay_fail_memory(err);
    case ASSAY_ELIMIT:
        return assay_fail(err, ASSAY_ELIMIT, "output is larger than its limit of %zu bytes",
                          buffer->limit);
    default:
        return assay_fail(err, buffer->failed, "output could not be formed: %s",
                          assay_status_name(buffer->failed));
    }
}

void assay_buffer_dispose(assay_buffer *buffer)
{
    if (buffer != NULL) {
        assay_free(buffer->data);
        *buffer = (assay_buffer){.limit = buffer->limit};
    }
}
