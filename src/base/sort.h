/** @file sort.h  Stable sorts with a total order: ties are broken by index, so results never depend
 *  on the sort's implementation. NaN sorts last. */
#ifndef ASSAY_BASE_SORT_H
#define ASSAY_BASE_SORT_H

#include <stdint.h>
#include <string.h>

#include "base/error.h"

/** Fill order[0..n) with the permutation that sorts keys ascending (or descending), ties by index. */
ASSAY_NODISCARD assay_status assay_sort_order(int64_t *order, const double *keys, int64_t n,
                                              int descending, assay_error *err);
/** The same for integers, ascending. */
ASSAY_NODISCARD assay_status assay_sort_order_i64(int64_t *order, const int64_t *keys, int64_t n,
                                                  assay_error *err);
/** The same for texts, ascending by strcmp; NULL sorts last. */
ASSAY_NODISCARD assay_status assay_sort_order_text(int64_t *order, const char *const *keys,
                                                   int64_t n, assay_error *err);

/** An element of a sort by key: equal keys keep their order. */
typedef struct assay_sort_item {
    uint64_t key;
    uint64_t payload;
} assay_sort_item;

#define ASSAY_SORT_SIGN (UINT64_C(1) << 63)

/** IEEE 754 bits as an unsigned integer of the same order (or the opposite): both zeros are one, NaN
 *  is last either way. */
static inline uint64_t assay_sort_key(double value, int descending)
{
    if (value != value) {
        return UINT64_MAX;
    }
    double plain = value == 0.0 ? 0.0 : value;
    uint64_t bits = 0;
    memcpy(&bits, &plain, sizeof bits);
    bits = (bits & ASSAY_SORT_SIGN) != 0 ? ~bits : bits | ASSAY_SORT_SIGN;
    return descending ? ~bits : bits;
}

/** The value of a key that is not NaN's; zero comes back as +0. */
static inline double assay_sort_key_value(uint64_t key, int descending)
{
    uint64_t bits = descending ? ~key : key;
    bits = (bits & ASSAY_SORT_SIGN) != 0 ? bits ^ ASSAY_SORT_SIGN : ~bits;
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/** Sort by ascending key with `spare` of n items; returns which of the two holds the result. Radix
 *  sort on the leading bits that differ, so time grows linearly with n. */
assay_sort_item *assay_sort_items(assay_sort_item *items, assay_sort_item *spare, int64_t n);
/** Sort n < 2^32 plain numbers ascending, with n of space. Each step spreads them evenly over the range
 *  that they take, so that nearly all of the work is done within the cache. */
void assay_sort_words(uint64_t *words, uint64_t *spare, int64_t n);

#endif
