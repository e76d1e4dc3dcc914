/* The rows by descending probability of one of a few classes, in one pass over them. Probabilities lie
 * between 0 and 1, so that two bits of their keys are known and hold the target; and they are dealt
 * out to places of equal width in blocks that are handed out as they are needed, so that nothing is
 * counted beforehand. The words are sorted afterwards: the order is one and the same for any number of
 * threads. */
#include <string.h>

#include "base/alloc.h"
#include "core/evaluate_order.h"

enum {
    CHUNKS = 16,   /* of the rows, each with blocks of its own */
    STRETCH = 512, /* scores fetched at once */
    PLACES = 2048,
    BLOCK = 16,          /* words */
    FREE_BITS = 2,       /* of the key of a number between 0 and 1: always 01 */
    MOST_TARGETS = 4,    /* that fit into them */
    LEAST_ROWS = 1 << 18 /* below, most blocks would be nearly empty */
};

static const uint64_t key_rest = UINT64_C(1) << 62;

/* Blocks of a chunk: words of place p lie in the block of next[p] and in those before it. */
typedef struct hand {
    uint64_t *words;                       /* blocks x BLOCK */
    uint32_t *before;                      /* per block: the one that was filled before it */
    uint32_t blocks;                       /* handed out */
    uint32_t next[PLACES], filled[PLACES]; /* where the next word goes; full blocks */
    bool outside, complement;              /* of any, of all of its stretches */
} hand;

typedef struct dealing {
    const assay_evaluation *evaluation;
    int32_t class_index;
    int target_bits;
    hand *hands; /* CHUNKS */
    uint64_t *pool, *words, *spare;
    uint32_t *before;
    int64_t blocks; /* per chunk */
    int64_t starts[PLACES + 1], most;
    int64_t positives[PLACES];
    bool merged[PLACES];
} dealing;

static int64_t chunk_start(const dealing *d, int64_t chunk)
{
    int64_t n = d->evaluation->n;
    return n / CHUNKS * chunk + (chunk < n % CHUNKS ? chunk : n % CHUNKS);
}

/* Scores and targets of consecutive selected rows. */
typedef struct stretch {
    int64_t n;
    double score[STRETCH];
    uint32_t target[STRETCH];
    bool outside;    /* a score is not between 0 and 1 */
    bool complement; /* of two classes: the other score is 1 minus this one */
} stretch;

#define DEFINE_FETCH(name, type, member)                                                           \
    static void name(stretch *s, const dealing *d, int64_t first)                                  \
    {                                                                                              \
        const assay_predictions *p = d->evaluation->predictions;                                   \
        const int64_t *rows = d->evaluation->rows;                                                 \
        int64_t classes = p->classes, c = d->class_index, other = classes == 2 ? 1 - c : c;        \
        bool same = classes == 2, outside = false;                                                 \
        for (int64_t i = 0; i < s->n; i++) {                                                       \
            int64_t row = rows != NULL ? rows[first + i] : first + i;                              \
            const type *scores = p->member + row * classes;                                        \
            s->score[i] = (double)scores[c];                                                       \
            s->target[i] = (uint32_t)p->target[row];                                               \
            outside |= !(scores[c] >= (type)0 && scores[c] <= (type)1);                            \
            same &= scores[other] == (type)1 - scores[c];                                          \
        }                                                                                          \
        s->outside = outside;                                                                      \
        s->complement = same;                                                                      \
    }

DEFINE_FETCH(fetch_f32, float, scores_f32)
DEFINE_FETCH(fetch_f64, double, scores_f64)

static void deal_stretch(hand *h, const stretch *s, int target_bits)
{
    for (int64_t i = 0; i < s->n; i++) {
        double score = s->score[i] + 0.0; /* one zero, not two */
        uint64_t bits = 0;
        memcpy(&bits, &score, sizeof bits);
        /* rounding is monotonic, so that a higher score is never in a later place */
        uint32_t place = (uint32_t)((1.0 - score) * PLACES);
        place = place < PLACES ? place : PLACES - 1;
        uint32_t at = h->next[place];
        h->words[at] = (~bits & (key_rest - 1)) << target_bits | s->target[i];
        at++;
        if (at % BLOCK == 0) {
            h->before[h->blocks] = at / BLOCK - 1;
            h->filled[place]++;
            at = h->blocks++ * BLOCK;
        }
        h->next[place] = at;
    }
}

static assay_status deal_chunk(void *payload, int64_t chunk, int worker, assay_error *err)
{
    dealing *d = payload;
    hand *h = &d->hands[chunk];
    int64_t end = chunk_start(d, chunk + 1);
    bool f32 = d->evaluation->predictions->scores_f32 != NULL;
    (void)worker;
    (void)err;
    h->words = d->pool + chunk * d->blocks * BLOCK;
    h->before = d->before + chunk * d->blocks;
    h->blocks = PLACES;
    h->complement = d->evaluation->predictions->classes == 2;
    for (uint32_t p = 0; p < PLACES; p++) {
        h->next[p] = p * BLOCK;
    }
    for (int64_t first = chunk_start(d, chunk); first < end && !h->outside; first += STRETCH) {
        stretch s;
        s.n = end - first < STRETCH ? end - first : STRETCH;
        if (f32) {
            fetch_f32(&s, d, first);
        } else {
            fetch_f64(&s, d, first);
        }
        h->complement &= s.complement;
        h->outside |= s.outside;
        if (!s.outside) {
            deal_stretch(h, &s, d->target_bits);
        }
    }
    return ASSAY_OK;
}

/* The words of a place one after the other. */
static void gather(uint64_t *to, const dealing *d, int64_t place)
{
    for (int64_t c = 0; c < CHUNKS; c++) {
        const hand *h = &d->hands[c];
        uint32_t block = h->next[place] / BLOCK, rest = h->next[place] % BLOCK;
        memcpy(to, h->words + (size_t)block * BLOCK, rest * sizeof *to);
        to += rest;
        for (uint32_t k = 0; k < h->filled[place]; k++, to += BLOCK) {
            block = h->before[block];
            memcpy(to, h->words + (size_t)block * BLOCK, BLOCK * sizeof *to);
        }
    }
}

static double score_of(const dealing *d, uint64_t word)
{
    return assay_sort_key_value(word >> d->target_bits | key_rest, 1);
}

/* Neighbours have different scores, and 1 minus them is the same: then they lie closer together than
 * twice the distance of numbers below 1. */
static bool merge(const dealing *d, const uint64_t *words, int64_t n)
{
    bool f32 = d->evaluation->predictions->scores_f32 != NULL;
    double close = f32 ? 0x1p-23 : 0x1p-52, before = score_of(d, words[0]);
    bool merged = false;
    for (int64_t i = 1; i < n; i++) {
        double score = score_of(d, words[i]);
        if (before - score < close && before != score) {
            merged |=
                f32 ? 1.0F - (float)before == 1.0F - (float)score : 1.0 - before == 1.0 - score;
        }
        before = score;
    }
    return merged;
}

static assay_status sort_place(void *payload, int64_t place, int worker, assay_error *err)
{
    dealing *d = payload;
    uint64_t *words = d->words + d->starts[place];
    int64_t n = d->starts[place + 1] - d->starts[place], positives = 0;
    uint64_t mask = (UINT64_C(1) << d->target_bits) - 1, mine = (uint64_t)d->class_index;
    (void)err;
    if (n == 0) {
        return ASSAY_OK;
    }
    gather(words, d, place);
    assay_sort_words(words, d->spare + (int64_t)worker * d->most, n);
    for (int64_t i = 0; i < n; i++) {
        positives += (words[i] & mask) == mine;
    }
    d->positives[place] = positives;
    d->merged[place] = d->hands[0].complement && merge(d, words, n);
    return ASSAY_OK;
}

/* Whether all scores are probabilities, and all are complements of the other class's. */
static bool sum_hands(dealing *d)
{
    bool outside = false, complement = true;
    for (int64_t c = 0; c < CHUNKS; c++) {
        outside |= d->hands[c].outside;
        complement &= d->hands[c].complement;
    }
    d->hands[0].complement = complement;
    for (int64_t p = 0; p < PLACES; p++) {
        int64_t count = 0;
        for (int64_t c = 0; c < CHUNKS; c++) {
            const hand *h = &d->hands[c];
            count += (int64_t)h->filled[p] * BLOCK + h->next[p] % BLOCK;
        }
        d->starts[p + 1] = d->starts[p] + count;
        d->most = count > d->most ? count : d->most;
    }
    return !outside;
}

static bool new_space(dealing *d, assay_order_space *space)
{
    int64_t n = d->evaluation->n;
    if (space->words == NULL) {
        space->words = assay_alloc_raw((size_t)n, sizeof *space->words);
    }
    d->words = space->words;
    d->blocks = PLACES + (n / CHUNKS + 1) / BLOCK + 1;
    d->hands = assay_alloc(CHUNKS, sizeof *d->hands);
    d->pool = assay_alloc_raw((size_t)(CHUNKS * d->blocks), BLOCK * sizeof *d->pool);
    d->before = assay_alloc_raw((size_t)(CHUNKS * d->blocks), sizeof *d->before);
    return d->words != NULL && d->hands != NULL && d->pool != NULL && d->before != NULL;
}

static assay_status sort_dealt(assay_ranking *out, dealing *d, int threads, assay_error *err)
{
    const assay_evaluation *e = d->evaluation;
    int workers = assay_parallel_workers(PLACES, threads);
    d->spare = assay_alloc_raw((size_t)workers, (size_t)d->most * sizeof *d->spare);
    if (d->spare == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_parallel(PLACES, workers, sort_place, d, e->cancel, err));
    int64_t positives = 0;
    for (int64_t p = 0; p < PLACES; p++) {
        int64_t end = d->starts[p + 1];
        /* places that touch: the last word of one and the first of the next that has any */
        bool seam = end > 0 && end < e->n && end > d->starts[p] && merge(d, d->words + end - 1, 2);
        d->hands[0].complement &= !d->merged[p] && !seam;
        positives += d->positives[p];
    }
    *out = (assay_ranking){.n = e->n,
                           .positives = (double)positives,
                           .negatives = (double)(e->n - positives),
                           .class_index = d->class_index,
                           .classes = e->predictions->classes,
                           .packed = d->words,
                           .target_bits = d->target_bits,
                           .key_rest = key_rest};
    return ASSAY_OK;
}

assay_status assay_order_deal(assay_ranking *out, bool *done, const assay_evaluation *evaluation,
                              int32_t class_index, assay_order_space *space, int threads,
                              assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_predictions *p = evaluation->predictions;
    *done = false;
    if (evaluation->n < LEAST_ROWS || p->classes > MOST_TARGETS || !p->scores_are_probabilities ||
        p->task != ASSAY_TASK_CLASSIFICATION) {
        return ASSAY_OK;
    }
    dealing *d = assay_alloc(1, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    d->evaluation = evaluation;
    d->class_index = class_index;
    d->target_bits = FREE_BITS;
    if (!new_space(d, space)) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_parallel(CHUNKS, threads, deal_chunk, d, evaluation->cancel, err), done);
    if (sum_hands(d)) {
        ASSAY_GOTO(sort_dealt(out, d, threads, err), done);
        space->complement = d->hands[0].complement;
        *done = true;
    }
done:
    assay_free(d->hands);
    assay_free(d->pool);
    assay_free(d->before);
    assay_free(d->spare);
    assay_free(d);
    return status;
}
