#include "base/sort.h"

enum { RUN = 16, CROWD = 16, SPREAD_BITS = 12, SPREAD = 1 << SPREAD_BITS };

static void insertion(uint64_t *to, const uint64_t *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t word = from[i];
        int64_t at = i;
        for (; at > 0 && to[at - 1] > word; at--) {
            to[at] = to[at - 1];
        }
        to[at] = word;
    }
}

typedef struct spread {
    uint64_t low;
    int shift;
    uint32_t places; /* used */
    uint32_t most;   /* words in one place */
} spread;

static spread plan_spread(const uint64_t *words, int64_t n)
{
    uint64_t low = words[0], high = words[0];
    for (int64_t i = 1; i < n; i++) {
        low = words[i] < low ? words[i] : low;
        high = words[i] > high ? words[i] : high;
    }
    int wanted = 64 - __builtin_clzll((uint64_t)n); /* up to two places for each word */
    wanted = wanted < SPREAD_BITS ? wanted : SPREAD_BITS;
    int bits = high > low ? 64 - __builtin_clzll(high - low) : 0;
    int shift = bits > wanted ? bits - wanted : 0;
    return (spread){low, shift, (uint32_t)((high - low) >> shift) + 1, 0};
}

/* Words of a place go to consecutive elements of `to`; start[place] is its first. */
static void spread_words(uint64_t *to, uint32_t start[SPREAD + 1], spread *s, const uint64_t *words,
                         int64_t n)
{
    uint32_t at[SPREAD];
    memset(start, 0, (s->places + 1) * sizeof *start);
    for (int64_t i = 0; i < n; i++) {
        start[((words[i] - s->low) >> s->shift) + 1]++;
    }
    for (uint32_t p = 0; p < s->places; p++) {
        s->most = start[p + 1] > s->most ? start[p + 1] : s->most;
        start[p + 1] += start[p];
        at[p] = start[p];
    }
    for (int64_t i = 0; i < n; i++) {
        to[at[(words[i] - s->low) >> s->shift]++] = words[i];
    }
}

/* The range shrinks by SPREAD (a short stretch: by its length) with each step down. */
// NOLINTNEXTLINE(misc-no-recursion)
void assay_sort_words(uint64_t *words, uint64_t *spare, int64_t n)
{
    uint32_t start[SPREAD + 1];
    if (n <= RUN) {
        insertion(words, words, n);
        return;
    }
    spread s = plan_spread(words, n);
    if (s.places == 1) {
        return;
    }
    spread_words(spare, start, &s, words, n);
    if (s.shift == 0) {
        memcpy(words, spare, (size_t)n * sizeof *words);
        return;
    }
    if (s.most <= CROWD) { /* no word is far from its place */
        insertion(words, spare, n);
        return;
    }
    for (uint32_t p = 0; p < s.places; p++) {
        int64_t first = start[p], count = (int64_t)start[p + 1] - first;
        if (count <= RUN) {
            insertion(words + first, spare + first, count);
        } else {
            assay_sort_words(spare + first, words + first, count);
            memcpy(words + first, spare + first, (size_t)count * sizeof *words);
        }
    }
}
