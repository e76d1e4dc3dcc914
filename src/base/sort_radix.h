/* The sorts of sort.c for one type of element; included once for each. ITEM is the type, KEY(item) its
 * key, NAME(x) the name of a function. No include guard on purpose. */

static void NAME(insertion)(ITEM *items, int64_t begin, int64_t end)
{
    for (int64_t i = begin + 1; i < end; i++) {
        ITEM moving = items[i];
        int64_t at = i;
        for (; at > begin && KEY(items[at - 1]) > KEY(moving); at--) {
            items[at] = items[at - 1];
        }
        items[at] = moving;
    }
}

static void NAME(merge)(ITEM *to, const ITEM *from, int64_t begin, int64_t middle, int64_t end)
{
    int64_t left = begin;
    int64_t right = middle;
    for (int64_t at = begin; at < end; at++) {
        /* The left run holds the smaller indices, so it goes first on a tie. */
        if (right >= end || (left < middle && KEY(from[left]) <= KEY(from[right]))) {
            to[at] = from[left++];
        } else {
            to[at] = from[right++];
        }
    }
}

/* Bottom-up merge sort; returns which of the two arrays holds the result. */
static ITEM *NAME(merge_sort)(ITEM *items, ITEM *spare, int64_t n)
{
    for (int64_t begin = 0; begin < n; begin += RUN) {
        NAME(insertion)(items, begin, at_most(begin + RUN, n));
    }
    for (int64_t width = RUN; width < n; width *= 2) {
        for (int64_t begin = 0; begin < n; begin += 2 * width) {
            int64_t middle = at_most(begin + width, n);
            NAME(merge)(spare, items, begin, middle, at_most(begin + 2 * width, n));
        }
        ITEM *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

/* Bits in which the keys differ. */
static uint64_t NAME(differing)(const ITEM *items, int64_t n)
{
    uint64_t bits = 0;
    for (int64_t i = 1; i < n; i++) {
        bits |= KEY(items[i]) ^ KEY(items[0]);
    }
    return bits;
}

/* Counting sort by `digits` digits from bit `shift` on, lowest first. */
static ITEM *NAME(sort_digits)(ITEM *items, ITEM *spare, int64_t n, int shift, int digits)
{
    int64_t counts[DIGITS][BUCKETS] = {{0}};
    for (int64_t i = 0; i < n; i++) {
        uint64_t key = KEY(items[i]) >> shift;
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
            spare[counts[d][KEY(items[i]) >> by & (BUCKETS - 1)]++] = items[i];
        }
        ITEM *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

static ITEM *NAME(radix)(ITEM *items, ITEM *spare, int64_t n);

/* Few keys agree in all leading digits; where many do, those are sorted by the digits that follow. */
static void NAME(sort_equal_leads)(ITEM *items, ITEM *spare, int64_t n, int shift)
{
    for (int64_t begin = 0; begin < n;) {
        int64_t end = begin + 1;
        while (end < n && KEY(items[end]) >> shift == KEY(items[begin]) >> shift) {
            end++;
        }
        if (end - begin <= RUN) {
            NAME(insertion)(items, begin, end);
        } else {
            const ITEM *sorted = NAME(radix)(items + begin, spare + begin, end - begin);
            if (sorted != items + begin) {
                memcpy(items + begin, sorted, (size_t)(end - begin) * sizeof *items);
            }
        }
        begin = end;
    }
}

/* Recursion goes one step down for each 33 bits of the key: two at most. */
// NOLINTNEXTLINE(misc-no-recursion)
static ITEM *NAME(radix)(ITEM *items, ITEM *spare, int64_t n)
{
    if (n < RADIX_LEAST) {
        return NAME(merge_sort)(items, spare, n);
    }
    uint64_t bits = NAME(differing)(items, n);
    if (bits == 0) {
        return items;
    }
    int top = 64 - __builtin_clzll(bits);
    int low = __builtin_ctzll(bits);
    int digits = (top - low + DIGIT_BITS - 1) / DIGIT_BITS;
    digits = digits < DIGITS ? digits : DIGITS;
    int shift = top - digits * DIGIT_BITS;
    shift = shift > 0 ? shift : 0;
    ITEM *sorted = NAME(sort_digits)(items, spare, n, shift, digits);
    if (shift > low) {
        NAME(sort_equal_leads)(sorted, sorted == items ? spare : items, n, shift);
    }
    return sorted;
}
