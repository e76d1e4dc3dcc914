#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked_int.h"

enum { ALIGNMENT = 64, FIRST_CHUNK = 16 * 1024, LARGEST_STEP = 4 * 1024 * 1024 };

typedef struct chunk {
    struct chunk *older;
    char *memory;
    size_t capacity;
    size_t used;
} chunk;

struct assay_arena {
    chunk *newest;
    size_t limit;
    size_t taken;      /* bytes handed out, with the padding before them */
    size_t next_chunk; /* capacity to ask for when the newest chunk is full */
};

assay_status assay_arena_new(assay_arena **out, size_t limit, assay_error *err)
{
    *out = NULL;
    assay_arena *arena = assay_alloc(1, sizeof *arena);
    if (arena == NULL) {
        return assay_fail_memory(err);
    }
    arena->limit = limit > 0 ? limit : (size_t)1 << 30;
    arena->next_chunk = FIRST_CHUNK;
    *out = arena;
    return ASSAY_OK;
}

static void free_chunks(assay_arena *arena)
{
    while (arena->newest != NULL) {
        chunk *older = arena->newest->older;
        assay_free(arena->newest->memory);
        assay_free(arena->newest);
        arena->newest = older;
    }
}

static chunk *add_chunk(assay_arena *arena, size_t bytes)
{
    size_t capacity = arena->next_chunk;
    size_t left = arena->limit - arena->taken;
    if (capacity > left) {
        capacity = left;
    }
    if (capacity < bytes) {
        capacity = bytes;
    }
    chunk *added = assay_alloc(1, sizeof *added);
    if (added == NULL) {
        return NULL;
    }
    added->memory = assay_alloc_raw(capacity, 1);
    if (added->memory == NULL) {
        assay_free(added);
        return NULL;
    }
    added->capacity = capacity;
    added->older = arena->newest;
    arena->newest = added;
    if (arena->next_chunk < LARGEST_STEP) {
        arena->next_chunk *= 2;
    }
    return added;
}

/* Not zeroed. Texts need no alignment; everything else gets a cache line of its own. */
static char *take(assay_arena *arena, size_t bytes, size_t alignment)
{
    chunk *from = arena->newest;
    size_t padding = 0;
    if (from != NULL) {
        padding = (alignment - from->used % alignment) % alignment;
        if (padding > from->capacity - from->used ||
            bytes > from->capacity - from->used - padding) {
            from = NULL;
            padding = 0;
        }
    }
    size_t total = 0;
    if (!assay_size_add(&total, bytes, padding) || total > arena->limit - arena->taken) {
        return NULL;
    }
    if (from == NULL) {
        from = add_chunk(arena, bytes);
        if (from == NULL) {
            return NULL;
        }
    }
    char *memory = from->memory + from->used + padding;
    from->used += total;
    arena->taken += total;
    return memory;
}

void *assay_arena_alloc_raw(assay_arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    return assay_size_mul(&bytes, count, size) ? take(arena, bytes, ALIGNMENT) : NULL;
}

void *assay_arena_alloc(assay_arena *arena, size_t count, size_t size)
{
    void *memory = assay_arena_alloc_raw(arena, count, size);
    if (memory != NULL) {
        memset(memory, 0, count * size);
    }
    return memory;
}

char *assay_arena_strdup(assay_arena *arena, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    size_t bytes = strlen(text) + 1;
    char *copy = take(arena, bytes, 1);
    if (copy != NULL) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

char *assay_arena_printf(assay_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        return NULL;
    }
    size_t bytes = (size_t)length + 1;
    char *text = take(arena, bytes, 1);
    if (text != NULL) {
        va_start(args, format);
        (void)vsnprintf(text, bytes, format, args);
        va_end(args);
    }
    return text;
}

void assay_arena_reset(assay_arena *arena)
{
    arena->taken = 0;
    chunk *only = arena->newest;
    if (only == NULL) {
        return;
    }
    if (only->older == NULL) {
        only->used = 0;
        return;
    }
    /* Several chunks become one of their joint size, so that a block loop settles on one piece of
     * memory after its first round and never holds more than the limit. */
    size_t held = 0;
    for (const chunk *each = only; each != NULL; each = each->older) {
        held += each->capacity;
    }
    free_chunks(arena);
    arena->next_chunk = held;
}

void assay_arena_free(assay_arena *arena)
{
    if (arena != NULL) {
        free_chunks(arena);
        assay_free(arena);
    }
}
