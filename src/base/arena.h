/**
 * @file arena.h
 * Memory that is freed all at once. One arena per run, per object or per worker block; whoever
 * takes from it owns nothing. Not thread-safe: one arena, one thread at a time.
 */
#ifndef ASSAY_BASE_ARENA_H
#define ASSAY_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

typedef struct assay_arena assay_arena;

/** `limit` is the most bytes that may be taken; 0 means 1 GiB. */
ASSAY_NODISCARD assay_status assay_arena_new(assay_arena **out, size_t limit, assay_error *err);

/** count * size zeroed bytes, 64-byte aligned; NULL over the limit, on overflow or out of memory. */
void *assay_arena_alloc(assay_arena *arena, size_t count, size_t size);

/** As assay_arena_alloc but not zeroed: for what is overwritten at once. */
void *assay_arena_alloc_raw(assay_arena *arena, size_t count, size_t size);

/** Copy of a text (NULL gives NULL). */
char *assay_arena_strdup(assay_arena *arena, const char *text);

/** Formatted text. */
char *assay_arena_printf(assay_arena *arena, const char *format, ...) ASSAY_PRINTF(2, 3);

/** Forget everything taken so far, keep the memory for reuse. */
void assay_arena_reset(assay_arena *arena);

/** NULL is allowed. */
void assay_arena_free(assay_arena *arena);

#endif
