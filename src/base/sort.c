#include "base/sort.h"

#include <string.h>

#include "base/alloc.h"

enum {
    RUN = 16,
    DIGIT_BITS = 11,
    DIGITS = 3, /* one call sorts by up to so many digits, the leading ones that differ */
    BUCKETS = 1 << DIGIT_BITS,
    RADIX_LEAST = 4096 /* below, merging is faster */
};

static const uint64_t sign_bit = UINT64_C(1) << 63;

uint64_t assay_sort_key(double value, int descending)
{
    if (value != value) {
        return UINT64_MAX;
    }
    double plain = value == 0.0 ? 0.0 : value;
    uint64_t bits = 0;
    memcpy(&bits, &plain, sizeof bits);
    bits = (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
    return descending ? ~bits : bits;
}

double assay_sort_key_value(uint64_t key, int descending)
{
    uint64_t bits = descending ? ~key : key;
    bits = (bits & sign_bit) != 0 ? bits ^ sign_bit : ~bits;
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

#define ITEM assay_sort_item
#define KEY(item) (item).key
#define NAME(name) name##_items
#include "base/sort_radix.h"
#undef ITEM
#undef KEY
#undef NAME

#define ITEM uint64_t
#define KEY(item) (item)
#define NAME(name) name##_words
#include "base/sort_radix.h"
#undef ITEM
#undef KEY
#undef NAME

assay_sort_item *assay_sort_items(assay_sort_item *items, assay_sort_item *spare, int64_t n)
{
    return radix_items(items, spare, n);
}

uint64_t *assay_sort_words(uint64_t *words, uint64_t *spare, int64_t n)
{
    return radix_words(words, spare, n);
}

assay_status assay_sort_order(int64_t *order, const double *keys, int64_t n, int descending,
                              assay_error *err)
{
    if (n < 0) {
        return assay_fail(err, ASSAY_EINVAL, "cannot sort a negative number of values");
    }
    assay_sort_item *items = assay_alloc_raw((size_t)n, 2 * sizeof *items);
    if (items == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        items[i] =
            (assay_sort_item){.key = assay_sort_key(keys[i], descending), .payload = (uint64_t)i};
    }
    const assay_sort_item *sorted = assay_sort_items(items, items + n, n);
    for (int64_t i = 0; i < n; i++) {
        order[i] = (int64_t)sorted[i].payload;
    }
    assay_free(items);
    return ASSAY_OK;
}

assay_status assay_sort_order_i64(int64_t *order, const int64_t *keys, int64_t n, assay_error *err)
{
    if (n < 0) {
        return assay_fail(err, ASSAY_EINVAL, "cannot sort a negative number of values");
    }
    assay_sort_item *items = assay_alloc_raw((size_t)n, 2 * sizeof *items);
    if (items == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        items[i] =
            (assay_sort_item){.key = (uint64_t)keys[i] ^ UINT64_C(1) << 63, .payload = (uint64_t)i};
    }
    const assay_sort_item *sorted = assay_sort_items(items, items + n, n);
    for (int64_t i = 0; i < n; i++) {
        order[i] = (int64_t)sorted[i].payload;
    }
    assay_free(items);
    return ASSAY_OK;
}

/* NULL goes last, as NaN does. */
static int text_after(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL && b != NULL;
    }
    return strcmp(a, b) > 0;
}

static void merge_text(int64_t *to, const int64_t *from, const char *const *keys, int64_t begin,
                       int64_t middle, int64_t end)
{
    int64_t left = begin;
    int64_t right = middle;
    for (int64_t at = begin; at < end; at++) {
        if (right >= end || (left < middle && !text_after(keys[from[left]], keys[from[right]]))) {
            to[at] = from[left++];
        } else {
            to[at] = from[right++];
        }
    }
}

assay_status assay_sort_order_text(int64_t *order, const char *const *keys, int64_t n,
                                   assay_error *err)
{
    if (n < 0) {
        return assay_fail(err, ASSAY_EINVAL, "cannot sort a negative number of texts");
    }
    int64_t *scratch = assay_alloc_raw((size_t)n, sizeof *scratch);
    if (scratch == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        order[i] = i;
    }
    int64_t *from = order;
    int64_t *to = scratch;
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t begin = 0; begin < n; begin += 2 * width) {
            int64_t middle = at_most(begin + width, n);
            merge_text(to, from, keys, begin, middle, at_most(begin + 2 * width, n));
        }
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != order) {
        memcpy(order, from, (size_t)n * sizeof *order);
    }
    assay_free(scratch);
    return ASSAY_OK;
}
