#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked_int.h"

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20, LARGE = 4 << 20 };

/* Bytes to ask for: a non-zero multiple of the alignment; 0 when the request is too large. */
static size_t rounded(size_t count, size_t size)
{
    size_t bytes = 0;
    if (!assay_size_mul(&bytes, count, size) || bytes > (size_t)PTRDIFF_MAX - ALIGNMENT) {
        return 0;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return bytes > 0 ? bytes : ALIGNMENT;
}

void *assay_alloc_raw(size_t count, size_t size)
{
    size_t bytes = rounded(count, size);
    if (bytes < LARGE) {
        return bytes > 0 ? aligned_alloc(ALIGNMENT, bytes) : NULL;
    }
    /* Pages of 4 KiB take longer to come by than to fill; whether there are large ones is the
     * system's affair. */
    void *memory = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    if (memory != NULL) {
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
    }
    return memory;
}

void *assay_alloc(size_t count, size_t size)
{
    void *memory = assay_alloc_raw(count, size);
    if (memory != NULL) {
        memset(memory, 0, count * size);
    }
    return memory;
}

static void *grown(void *old, size_t old_bytes, size_t count, size_t size, bool zeroed)
{
    char *memory = assay_alloc_raw(count, size);
    if (memory == NULL) {
        return NULL;
    }
    size_t bytes = count * size;
    size_t kept = old == NULL ? 0 : (old_bytes < bytes ? old_bytes : bytes);
    if (kept > 0) {
        memcpy(memory, old, kept);
    }
    if (zeroed) {
        memset(memory + kept, 0, bytes - kept);
    }
    assay_free(old);
    return memory;
}

void *assay_realloc(void *old, size_t old_bytes, size_t count, size_t size)
{
    return grown(old, old_bytes, count, size, true);
}

void *assay_realloc_raw(void *old, size_t old_bytes, size_t count, size_t size)
{
    return grown(old, old_bytes, count, size, false);
}

char *assay_strdup(const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    size_t bytes = strlen(text) + 1;
    char *copy = assay_alloc_raw(bytes, 1);
    if (copy != NULL) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

void assay_free(void *pointer)
{
    free(pointer);
}
