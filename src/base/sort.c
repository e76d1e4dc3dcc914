#include "base/sort.h"

#include <string.h>

#include "base/alloc.h"

enum { RUN = 16 };

/* Keys mapped so that plain integer order is the wanted order. */
typedef struct item {
    uint64_t key;
    int64_t index;
} item;

/* IEEE 754 bits to an unsigned integer of the same order; both zeros are one, NaN is last. */
static uint64_t ordered(double key, int descending)
{
    if (key != key) {
        return UINT64_MAX;
    }
    double value = key == 0.0 ? 0.0 : key;
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    const uint64_t sign = UINT64_C(1) << 63;
    bits = (bits & sign) != 0 ? ~bits : bits | sign;
    return descending ? ~bits : bits;
}

static void insertion(item *items, int64_t begin, int64_t end)
{
    for (int64_t i = begin + 1; i < end; i++) {
        item moving = items[i];
        int64_t at = i;
        for (; at > begin && items[at - 1].key > moving.key; at--) {
            items[at] = items[at - 1];
        }
        items[at] = moving;
    }
}

static void merge(item *to, const item *from, int64_t begin, int64_t middle, int64_t end)
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

static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

/* Bottom-up merge sort; returns which of the two arrays holds the result. */
static item *merge_sort(item *items, item *spare, int64_t n)
{
    for (int64_t begin = 0; begin < n; begin += RUN) {
        insertion(items, begin, at_most(begin + RUN, n));
    }
    for (int64_t width = RUN; width < n; width *= 2) {
        for (int64_t begin = 0; begin < n; begin += 2 * width) {
            int64_t middle = at_most(begin + width, n);
            merge(spare, items, begin, middle, at_most(begin + 2 * width, n));
        }
        item *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

assay_status assay_sort_order(int64_t *order, const double *keys, int64_t n, int descending,
                              assay_error *err)
{
    if (n < 0) {
        return assay_fail(err, ASSAY_EINVAL, "cannot sort a negative number of values");
    }
    item *items = assay_alloc_raw((size_t)n, 2 * sizeof *items);
    if (items == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        items[i] = (item){.key = ordered(keys[i], descending), .index = i};
    }
    const item *sorted = merge_sort(items, items + n, n);
    for (int64_t i = 0; i < n; i++) {
        order[i] = sorted[i].index;
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
