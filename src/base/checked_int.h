/** @file checked_int.h  Arithmetic on sizes that come from outside: true means it fitted. */
#ifndef ASSAY_BASE_CHECKED_INT_H
#define ASSAY_BASE_CHECKED_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool assay_size_mul(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool assay_size_add(size_t *out, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool assay_i64_mul(int64_t *out, int64_t a, int64_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool assay_i64_add(int64_t *out, int64_t a, int64_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

#endif
