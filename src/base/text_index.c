#include "base/text_index.h"

#include <string.h>

#include "base/alloc.h"

enum { FIRST_SLOTS = 64 };

typedef struct slot {
    uint32_t hash;
    uint32_t entry; /* position + 1; 0 = empty */
} slot;

struct assay_text_index {
    slot *slots;
    size_t mask; /* slots - 1; the number of slots is a power of two */
    size_t used;
};

/* Multiply and fold, eight bytes at a time; the finaliser is that of MurmurHash3 (A. Appleby, public
 * domain). */
static uint32_t hash_of(const char *text, size_t size)
{
    uint64_t h = 0x9E3779B97F4A7C15U ^ size;
    while (size >= 8) {
        uint64_t word = 0;
        memcpy(&word, text, 8);
        h = (h ^ word) * 0xFF51AFD7ED558CCDU;
        h ^= h >> 32;
        text += 8;
        size -= 8;
    }
    uint64_t rest = 0;
    memcpy(&rest, text, size);
    h = (h ^ rest) * 0xFF51AFD7ED558CCDU;
    h ^= h >> 33;
    h *= 0xC4CEB9FE1A85EC53U;
    h ^= h >> 33;
    return (uint32_t)(h ^ (h >> 32));
}

assay_status assay_text_index_new(assay_text_index **out, int64_t expected, assay_error *err)
{
    *out = NULL;
    assay_text_index *index = assay_alloc(1, sizeof *index);
    if (index == NULL) {
        return assay_fail_memory(err);
    }
    size_t slots = FIRST_SLOTS;
    while (expected > 0 && slots / 4 * 3 <= (uint64_t)expected && slots < (size_t)1 << 33) {
        slots *= 2;
    }
    index->slots = assay_alloc(slots, sizeof *index->slots);
    index->mask = slots - 1;
    if (index->slots == NULL) {
        assay_free(index);
        return assay_fail_memory(err);
    }
    *out = index;
    return ASSAY_OK;
}

static assay_status grow(assay_text_index *index, assay_error *err)
{
    size_t slots = 2 * (index->mask + 1);
    slot *bigger = assay_alloc(slots, sizeof *bigger);
    if (bigger == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i <= index->mask; i++) {
        if (index->slots[i].entry != 0) {
            size_t at = index->slots[i].hash & (slots - 1);
            while (bigger[at].entry != 0) {
                at = (at + 1) & (slots - 1);
            }
            bigger[at] = index->slots[i];
        }
    }
    assay_free(index->slots);
    index->slots = bigger;
    index->mask = slots - 1;
    return ASSAY_OK;
}

/* The slot of the text, or the empty slot where it would go. */
static size_t place(const assay_text_index *index, const char *const *keys, const char *text,
                    size_t size, uint32_t hash)
{
    size_t at = hash & index->mask;
    while (index->slots[at].entry != 0) {
        if (index->slots[at].hash == hash) {
            const char *key = keys[index->slots[at].entry - 1];
            if (strncmp(key, text, size) == 0 && key[size] == '\0') {
                break;
            }
        }
        at = (at + 1) & index->mask;
    }
    return at;
}

assay_status assay_text_index_put(int64_t *found, assay_text_index *index, const char *const *keys,
                                  int64_t i, assay_error *err)
{
    *found = -1;
    if (i < 0 || i >= UINT32_MAX) {
        return assay_fail(err, ASSAY_ELIMIT, "more than 4 thousand million texts");
    }
    if (index->used >= index->mask / 4 * 3) {
        ASSAY_TRY(grow(index, err));
    }
    size_t size = strlen(keys[i]);
    uint32_t hash = hash_of(keys[i], size);
    size_t at = place(index, keys, keys[i], size, hash);
    if (index->slots[at].entry != 0) {
        *found = (int64_t)index->slots[at].entry - 1;
        return ASSAY_OK;
    }
    index->slots[at] = (slot){.hash = hash, .entry = (uint32_t)(i + 1)};
    index->used++;
    return ASSAY_OK;
}

int64_t assay_text_index_find(const assay_text_index *index, const char *const *keys,
                              const char *text, size_t size)
{
    if (size > 0 && memchr(text, '\0', size) != NULL) {
        return -1; /* no key can hold it */
    }
    size_t at = place(index, keys, text, size, hash_of(text, size));
    return (int64_t)index->slots[at].entry - 1;
}

void assay_text_index_free(assay_text_index *index)
{
    if (index != NULL) {
        assay_free(index->slots);
        assay_free(index);
    }
}
