/* The rows by descending score of one class. Key and target go into one word where they fit, which is
 * half as much to move; the words are dealt out to places of equal width and sorted there, within the
 * cache. The order of words is one and the same for any number of threads. */
#include "core/evaluate_order.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum {
    CHUNKS = 16,   /* of the rows, each with counts of its own */
    STRETCH = 512, /* scores fetched at once */
    PLACES = 2048,
    ADJACENT = 4, /* classes up to which a row's scores lie on one cache line or two */
    FEW = 4096    /* rows that are not worth dealing out */
};

/* ---- scores ---- */

/* Scores of the class, or absolute errors, of selected rows first..first + n - 1. */
static void fetch(double *out, const assay_evaluation *evaluation, int32_t class_index,
                  int64_t first, int64_t n)
{
    const assay_predictions *p = evaluation->predictions;
    int64_t classes = p->classes;
    if (p->task == ASSAY_TASK_REGRESSION) {
        for (int64_t i = 0; i < n; i++) {
            int64_t row = assay_selected_row(evaluation, first + i);
            out[i] = fabs(p->truth[row] - p->value[row]);
        }
    } else if (p->scores_f32 != NULL) {
        const float *scores = p->scores_f32 + class_index;
        for (int64_t i = 0; i < n; i++) {
            out[i] = (double)scores[assay_selected_row(evaluation, first + i) * classes];
        }
    } else {
        const double *scores = p->scores_f64 + class_index;
        for (int64_t i = 0; i < n; i++) {
            out[i] = scores[assay_selected_row(evaluation, first + i) * classes];
        }
    }
}

/* What the scores of a class have in common. */
typedef struct survey {
    uint64_t first, differing; /* keys */
    double low, high;
    int64_t positives;
    bool nan;
    bool complement; /* of two classes: the other score is 1 minus this one, as it is rounded */
} survey;

typedef struct ordering {
    const assay_evaluation *evaluation;
    int32_t class_index;
    double *scores; /* of the class, one after the other; NULL = read where they are */
    uint64_t *words;
    survey chunks[CHUNKS];
    /* of all chunks */
    survey all;
    int target_bits, key_shift;
    uint64_t key_mask;
    double top, scale; /* score to place */
    int32_t places;    /* 0 = not known yet */
    bool merged[PLACES];
    uint32_t
        *counts; /* CHUNKS x PLACES: rows, then where the next one goes; NULL = not dealt out */
    int64_t starts[PLACES + 1];
    uint64_t *spare; /* for each worker: as many words as the fullest place has */
    int64_t most;
} ordering;

/* Scores of n <= STRETCH rows, which may lie in `local`. */
static const double *scores_at(double local[STRETCH], const ordering *o, int64_t first, int64_t n)
{
    if (o->scores != NULL) {
        return o->scores + first;
    }
    fetch(local, o->evaluation, o->class_index, first, n);
    return local;
}

static int64_t chunk_start(const ordering *o, int64_t chunk)
{
    return o->evaluation->n / CHUNKS * chunk +
           (chunk < o->evaluation->n % CHUNKS ? chunk : o->evaluation->n % CHUNKS);
}

/* Rounding is monotonic, so that a higher score is never in a later place. */
static inline int32_t place_of(const ordering *o, double score)
{
    int32_t place = (int32_t)((o->top - score) * o->scale);
    return place < o->places ? place : o->places - 1;
}

static bool complements(const assay_evaluation *evaluation, int32_t class_index, int64_t first,
                        int64_t n)
{
    const assay_predictions *p = evaluation->predictions;
    bool all = true;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = 2 * assay_selected_row(evaluation, first + i);
        all &= p->scores_f32 != NULL
                   ? p->scores_f32[at + 1 - class_index] == 1.0F - p->scores_f32[at + class_index]
                   : p->scores_f64[at + 1 - class_index] == 1.0 - p->scores_f64[at + class_index];
    }
    return all;
}

static void survey_stretch(survey *found, const double *scores, int64_t n)
{
    survey s = *found;
    for (int64_t i = 0; i < n; i++) {
        s.differing |= assay_sort_key(scores[i], 1) ^ s.first;
        s.nan |= scores[i] != scores[i];
        s.low = scores[i] < s.low ? scores[i] : s.low;
        s.high = scores[i] > s.high ? scores[i] : s.high;
    }
    *found = s;
}

static assay_status survey_chunk(void *payload, int64_t chunk, int worker, assay_error *err)
{
    ordering *o = payload;
    const assay_evaluation *e = o->evaluation;
    const int32_t *target = e->predictions->target;
    uint32_t *counts = o->counts != NULL ? o->counts + chunk * PLACES : NULL;
    int64_t start = chunk_start(o, chunk), end = chunk_start(o, chunk + 1);
    survey found = {.low = INFINITY, .high = -INFINITY};
    found.complement = e->predictions->classes == 2;
    (void)worker;
    (void)err;
    for (int64_t first = start; first < end; first += STRETCH) {
        int64_t n = end - first < STRETCH ? end - first : STRETCH;
        double local[STRETCH];
        double *scores = o->scores != NULL ? o->scores + first : local;
        fetch(scores, e, o->class_index, first, n);
        found.first = first == start ? assay_sort_key(scores[0], 1) : found.first;
        survey_stretch(&found, scores, n);
        for (int64_t i = 0; i < n; i++) {
            found.positives += target[assay_selected_row(e, first + i)] == o->class_index;
        }
        found.complement = found.complement && complements(e, o->class_index, first, n);
        bool counted = o->places > 0 && !found.nan && found.low >= 0.0 && found.high <= 1.0;
        for (int64_t i = 0; counted && i < n; i++) {
            counts[place_of(o, scores[i])]++;
        }
    }
    o->chunks[chunk] = found;
    return ASSAY_OK;
}

static assay_status not_a_number(const ordering *o, assay_error *err)
{
    const assay_predictions *p = o->evaluation->predictions;
    int64_t row = -1;
    for (int64_t i = 0; row < 0; i++) {
        double local[STRETCH];
        double score = scores_at(local, o, i, 1)[0];
        row = score != score ? assay_selected_row(o->evaluation, i) : -1;
    }
    return assay_fail(err, ASSAY_EFORMAT,
                      "predictions: row %" PRId64 "%s%s%s: a score is not a number (NaN)", row + 1,
                      p->ids != NULL ? " (" : "", p->ids != NULL ? p->ids[row] : "",
                      p->ids != NULL ? ")" : "");
}

static assay_status survey_scores(ordering *o, int threads, assay_error *err)
{
    ASSAY_TRY(assay_parallel(CHUNKS, threads, survey_chunk, o, o->evaluation->cancel, err));
    o->all = o->chunks[0];
    for (int64_t c = 1; c < CHUNKS && chunk_start(o, c) < o->evaluation->n; c++) {
        const survey *from = &o->chunks[c];
        o->all.differing |= from->differing | (from->first ^ o->all.first);
        o->all.low = fmin(o->all.low, from->low);
        o->all.high = fmax(o->all.high, from->high);
        o->all.positives += from->positives;
        o->all.nan |= from->nan;
        o->all.complement &= from->complement;
    }
    return o->all.nan ? not_a_number(o, err) : ASSAY_OK;
}

/* ---- words ---- */

/* How key and target share a word; false when they do not fit. */
static bool plan_words(ordering *o)
{
    uint64_t differing = o->all.differing;
    int32_t classes = o->evaluation->predictions->classes;
    int low = differing != 0 ? __builtin_ctzll(differing) : 0;
    int top = differing != 0 ? 64 - __builtin_clzll(differing) : 0;
    int bits = classes > 1 ? 32 - __builtin_clz((uint32_t)classes - 1) : 0;
    if (top - low + bits > 64) {
        return false;
    }
    o->target_bits = bits;
    o->key_shift = low;
    o->key_mask = (top < 64 ? (UINT64_C(1) << top) - 1 : UINT64_MAX) & ~((UINT64_C(1) << low) - 1);
    return true;
}

static inline uint64_t word_of(const ordering *o, double score, int64_t i)
{
    uint32_t target =
        (uint32_t)o->evaluation->predictions->target[assay_selected_row(o->evaluation, i)];
    return (assay_sort_key(score, 1) & o->key_mask) >> o->key_shift << o->target_bits | target;
}

static assay_status count_chunk(void *payload, int64_t chunk, int worker, assay_error *err)
{
    ordering *o = payload;
    uint32_t *counts = o->counts + chunk * PLACES;
    int64_t end = chunk_start(o, chunk + 1);
    (void)worker;
    (void)err;
    for (int64_t first = chunk_start(o, chunk); first < end; first += STRETCH) {
        int64_t n = end - first < STRETCH ? end - first : STRETCH;
        double local[STRETCH];
        const double *scores = scores_at(local, o, first, n);
        for (int64_t i = 0; i < n; i++) {
            counts[place_of(o, scores[i])]++;
        }
    }
    return ASSAY_OK;
}

/* `counts` say where the next row of each place goes. */
static assay_status deal_chunk(void *payload, int64_t chunk, int worker, assay_error *err)
{
    ordering *o = payload;
    uint32_t *next = o->counts + chunk * PLACES;
    int64_t end = chunk_start(o, chunk + 1);
    (void)worker;
    (void)err;
    for (int64_t first = chunk_start(o, chunk); first < end; first += STRETCH) {
        int64_t n = end - first < STRETCH ? end - first : STRETCH;
        double local[STRETCH];
        const double *scores = scores_at(local, o, first, n);
        for (int64_t i = 0; i < n; i++) {
            o->words[next[place_of(o, scores[i])]++] = word_of(o, scores[i], first + i);
        }
    }
    return ASSAY_OK;
}

/* Two scores, or their keys without what all share, are different, and 1 minus them is not. */
static bool merge(const ordering *o, uint64_t before, uint64_t after)
{
    const assay_ranking ranking = {.n = 2,
                                   .packed = (const uint64_t[2]){before, after},
                                   .key_shift = o->key_shift,
                                   .target_bits = o->target_bits,
                                   .key_rest = o->all.first & ~o->key_mask,
                                   .mirror = o->evaluation->predictions->scores_f32 != NULL
                                                 ? ASSAY_MIRROR_F32
                                                 : ASSAY_MIRROR_F64};
    return before >> o->target_bits != after >> o->target_bits &&
           assay_ranking_score(&ranking, 0) == assay_ranking_score(&ranking, 1);
}

static assay_status sort_place(void *payload, int64_t place, int worker, assay_error *err)
{
    ordering *o = payload;
    int64_t start = o->starts[place], end = o->starts[place + 1];
    uint64_t *words = o->words;
    bool merged = false;
    (void)err;
    assay_sort_words(words + start, o->spare + (int64_t)worker * o->most, end - start);
    for (int64_t i = start + 1; o->all.complement && i < end; i++) {
        merged |= merge(o, words[i - 1], words[i]);
    }
    o->merged[place] = merged;
    return ASSAY_OK;
}

/* Counts become the places where each chunk's rows go. */
static void add_counts(ordering *o)
{
    int64_t at = 0;
    for (int32_t p = 0; p < o->places; p++) {
        o->starts[p] = at;
        for (int64_t c = 0; c < CHUNKS; c++) {
            uint32_t count = o->counts[c * PLACES + p];
            o->counts[c * PLACES + p] = (uint32_t)at;
            at += count;
        }
        o->most = at - o->starts[p] > o->most ? at - o->starts[p] : o->most;
    }
    o->starts[o->places] = at;
}

static assay_status sort_places(ordering *o, int threads, assay_error *err)
{
    const assay_cancel *cancel = o->evaluation->cancel;
    int workers = assay_parallel_workers(o->places, threads);
    o->spare = assay_alloc_raw((size_t)workers, (size_t)o->most * sizeof *o->spare);
    if (o->spare == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_parallel(o->places, workers, sort_place, o, cancel, err));
    for (int32_t p = 0; p < o->places && o->all.complement; p++) {
        int64_t end = o->starts[p + 1];
        bool seam = end > 0 && end < o->evaluation->n && merge(o, o->words[end - 1], o->words[end]);
        o->all.complement = !o->merged[p] && !seam;
    }
    return ASSAY_OK;
}

/* Into places of equal width between the lowest and the highest score. */
static assay_status sort_rows(ordering *o, int threads, assay_error *err)
{
    const assay_cancel *cancel = o->evaluation->cancel;
    double local[STRETCH];
    double width = o->all.high - o->all.low;
    if (o->places == 0 && o->counts != NULL && isfinite(width) && isfinite(PLACES / width)) {
        o->places = PLACES;
        o->top = o->all.high;
        o->scale = PLACES / width;
        memset(o->counts, 0, (size_t)CHUNKS * PLACES * sizeof *o->counts);
        ASSAY_TRY(assay_parallel(CHUNKS, threads, count_chunk, o, cancel, err));
    }
    if (o->places > 0) {
        add_counts(o);
        ASSAY_TRY(assay_parallel(CHUNKS, threads, deal_chunk, o, cancel, err));
        return sort_places(o, threads, err);
    }
    o->places = 1;
    o->starts[1] = o->most = o->evaluation->n;
    for (int64_t i = 0; i < o->evaluation->n; i++) {
        o->words[i] = word_of(o, scores_at(local, o, i, 1)[0], i);
    }
    return sort_places(o, threads, err);
}

/* ---- one class ---- */

static assay_status rank_items(assay_ranking *out, ordering *o, assay_order_space *space,
                               assay_error *err)
{
    int64_t n = o->evaluation->n;
    const int32_t *target = o->evaluation->predictions->target;
    double local[STRETCH];
    if (space->items == NULL) {
        space->items = assay_alloc_raw((size_t)n, 2 * sizeof *space->items);
    }
    if (space->items == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t row = assay_selected_row(o->evaluation, i);
        space->items[i] = (assay_sort_item){.key = assay_sort_key(scores_at(local, o, i, 1)[0], 1),
                                            .payload = (uint64_t)i << 32 | (uint32_t)target[row]};
    }
    out->rows = assay_sort_items(space->items, space->items + n, n);
    return ASSAY_OK;
}

static assay_status order(assay_ranking *out, ordering *o, bool tell_rows, assay_order_space *space,
                          int threads, assay_error *err)
{
    const assay_evaluation *evaluation = o->evaluation;
    size_t n = (size_t)evaluation->n;
    /* Probabilities lie between 0 and 1, so they can be counted while they are looked at. */
    if (evaluation->predictions->scores_are_probabilities && o->counts != NULL) {
        o->places = PLACES;
        o->top = 1.0;
        o->scale = PLACES;
    }
    ASSAY_TRY(survey_scores(o, threads, err));
    if (!(o->all.low >= 0.0 && o->all.high <= 1.0)) {
        o->places = 0; /* the sum of a row is 1 but for rounding */
    }
    *out = (assay_ranking){.n = evaluation->n,
                           .positives = (double)o->all.positives,
                           .negatives = (double)(evaluation->n - o->all.positives),
                           .class_index = o->class_index,
                           .classes = evaluation->predictions->classes};
    if (tell_rows || !plan_words(o)) {
        return rank_items(out, o, space, err);
    }
    if (space->words == NULL) {
        space->words = assay_alloc_raw(n, sizeof *space->words);
    }
    if (space->words == NULL) {
        return assay_fail_memory(err);
    }
    o->words = space->words;
    ASSAY_TRY(sort_rows(o, threads, err));
    out->packed = space->words;
    out->target_bits = o->target_bits;
    out->key_shift = o->key_shift;
    out->key_rest = o->all.first & ~o->key_mask;
    space->complement = o->all.complement;
    return ASSAY_OK;
}

assay_status assay_order_class(assay_ranking *out, const assay_evaluation *evaluation,
                               int32_t class_index, bool tell_rows, assay_order_space *space,
                               int threads, assay_error *err)
{
    assay_status status = ASSAY_OK;
    bool done = false;
    space->complement = false;
    if (!tell_rows) {
        ASSAY_TRY(assay_order_deal(out, &done, evaluation, class_index, space, threads, err));
    }
    if (done) {
        return ASSAY_OK;
    }
    ordering *o = assay_alloc(1, sizeof *o);
    bool apart = evaluation->predictions->classes > ADJACENT;
    if (apart && space->scores == NULL) {
        space->scores = assay_alloc_raw((size_t)evaluation->n, sizeof *space->scores);
    }
    if (o == NULL || (apart && space->scores == NULL)) {
        status = assay_fail_memory(err);
        goto done;
    }
    o->evaluation = evaluation;
    o->class_index = class_index;
    o->scores = apart ? space->scores : NULL;
    if (!tell_rows && evaluation->n >= FEW) {
        o->counts = assay_alloc((size_t)CHUNKS * PLACES, sizeof *o->counts);
        if (o->counts == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    status = order(out, o, tell_rows, space, threads, err);
done:
    if (o != NULL) {
        assay_free(o->counts);
        assay_free(o->spare);
    }
    assay_free(o);
    return status;
}

assay_status assay_order_pair(assay_ranking out[2], const assay_evaluation *evaluation,
                              assay_order_space space[2], int threads, assay_error *err)
{
    ASSAY_TRY(assay_order_class(&out[1], evaluation, 1, false, &space[1], threads, err));
    if (!space[1].complement) {
        return assay_order_class(&out[0], evaluation, 0, false, &space[0], threads, err);
    }
    /* 1 - score falls with the score: the same order, read backwards. */
    out[0] = out[1];
    out[0].class_index = 0;
    out[0].positives = out[1].negatives;
    out[0].negatives = out[1].positives;
    out[0].mirror =
        evaluation->predictions->scores_f32 != NULL ? ASSAY_MIRROR_F32 : ASSAY_MIRROR_F64;
    return ASSAY_OK;
}

void assay_order_space_dispose(assay_order_space *space)
{
    assay_free(space->scores);
    assay_free(space->words);
    assay_free(space->items);
    memset(space, 0, sizeof *space);
}
