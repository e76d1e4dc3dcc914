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

static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

static void insertion(assay_sort_item *items, int64_t begin, int64_t end)
{
    for (int64_t i = begin + 1; i < end; i++) {
        assay_sort_item moving = items[i];
        int64_t at = i;
        for (; at > begin && items[at - 1].key > moving.key; at--) {
            items[at] = items[at - 1];
        }
        items[at] = moving;
    }
}

static void merge(assay_sort_item *to, const assay_sort_item *from, int64_t begin, int64_t middle,
                  int64_t end)
{
    int64_t left = begin;
    int64_t right = middle;
    for (int64_t at = begin; at < end; at++) {
        /* The left run holds the smaller indices, so it goes first on a tie. */
        if (right >= end || (left < middle && from[left].key <= from[right].key)) {
            to[at] = from[left++];
        } else {
            to[at] = from[right++];
        }
    }
}

/* Bottom-up merge sort; returns which of the two arrays holds the result. */
static assay_sort_item *merge_sort(assay_sort_item *items, assay_sort_item *spare, int64_t n)
{
    for (int64_t begin = 0; begin < n; begin += RUN) {
        insertion(items, begin, at_most(begin + RUN, n));
    }
    for (int64_t width = RUN; width < n; width *= 2) {
        for (int64_t begin = 0; begin < n; begin += 2 * width) {
            int64_t middle = at_most(begin + width, n);
            merge(spare, items, begin, middle, at_most(begin + 2 * width, n));
        }
        assay_sort_item *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

/* Bits in which the keys differ. */
static uint64_t differing(const assay_sort_item *items, int64_t n)
{
    uint64_t bits = 0;
    for (int64_t i = 1; i < n; i++) {
        bits |= items[i].key ^ items[0].key;
    }
    return bits;
}

/* Counting sort by `digits` digits from bit `shift` on, lowest first. */
static assay_sort_item *sort_digits(assay_sort_item *items, assay_sort_item *spare, int64_t n,
                                    int shift, int digits)
{
    int64_t counts[DIGITS][BUCKETS] = {{0}};
    for (int64_t i = 0; i < n; i++) {
        uint64_t key = items[i].key >> shift;
        for (int d = 0; d < digits; d++) {
            counts[d][key >> (d * DIGIT_BITS) & (BUCKETS - 1)]++;
        }
    }
    for (int d = 0; d < digits; d++) {
        int64_t start = 0;
        for (int b = 0; b < BUCKETS; b++) {
            int64_t count = counts[d][b];
            counts[d][b] = start;
            start += count;
        }
        int by = shift + d * DIGIT_BITS;
        for (int64_t i = 0; i < n; i++) {
            spare[counts[d][items[i].key >> by & (BUCKETS - 1)]++] = items[i];
        }
        assay_sort_item *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

static assay_sort_item *radix(assay_sort_item *items, assay_sort_item *spare, int64_t n);

/* Few keys agree in all leading digits; where many do, those are sorted by the digits that follow. */
static void sort_equal_leads(assay_sort_item *items, assay_sort_item *spare, int64_t n, int shift)
{
    for (int64_t begin = 0; begin < n;) {
        int64_t end = begin + 1;
        while (end < n && items[end].key >> shift == items[begin].key >> shift) {
            end++;
        }
        if (end - begin <= RUN) {
            insertion(items, begin, end);
        } else {
            const assay_sort_item *sorted = radix(items + begin, spare + begin, end - begin);
            if (sorted != items + begin) {
                memcpy(items + begin, sorted, (size_t)(end - begin) * sizeof *items);
            }
        }
        begin = end;
    }
}

/* Recursion goes one step down for each 33 bits of the key: two at most. */
// NOLINTNEXTLINE(misc-no-recursion)
static assay_sort_item *radix(assay_sort_item *items, assay_sort_item *spare, int64_t n)
{
    if (n < RADIX_LEAST) {
        return merge_sort(items, spare, n);
    }
    uint64_t bits = differing(items, n);
    if (bits == 0) {
        return items;
    }
    int top = 64 - __builtin_clzll(bits);
    int low = __builtin_ctzll(bits);
    int digits = (top - low + DIGIT_BITS - 1) / DIGIT_BITS;
    digits = digits < DIGITS ? digits : DIGITS;
    int shift = top - digits * DIGIT_BITS;
    shift = shift > 0 ? shift : 0;
    assay_sort_item *sorted = sort_digits(items, spare, n, shift, digits);
    if (shift > low) {
        sort_equal_leads(sorted, sorted == items ? spare : items, n, shift);
    }
    return sorted;
}

assay_sort_item *assay_sort_items(assay_sort_item *items, assay_sort_item *spare, int64_t n)
{
    return radix(items, spare, n);
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
    int64_t ordered = n < 1 ? n : 1;
    while (ordered < n && keys[ordered - 1] <= keys[ordered]) {
        ordered++;
    }
    if (ordered == n) { /* as numbers of rows mostly are */
        for (int64_t i = 0; i < n; i++) {
            order[i] = i;
        }
        return ASSAY_OK;
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
