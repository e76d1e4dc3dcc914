/* Resampling of rows that a metric can't tell apart, together: rows of the same true and predicted class
 * (or sets of classes) are one row with a weight, because the sum of the Poisson(1) copies of m rows is
 * Poisson(m). The price of a replicate is then the number of different rows.
 *
 * Weighted rows of one kind are split by their weight. Where there are at most as many different weights
 * as splits, that is the same distribution; otherwise neighbouring weights share a split, which counts
 * a N with N ~ Poisson(l): a = s2 / s1 and l = s1^2 / s2 of the sums of their weights and squared weights
 * keep mean and variance of what drawing them one by one gives. */
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/sort.h"
#include "core/evaluate_internal.h"

enum {
    GROUP = ASSAY_BOOTSTRAP_GROUP, /* replicates of one parallel task */
    WORTH = 16,                    /* rows per different row from which on it pays */
    SPLITS = 1024,                 /* of the weights, over all kinds of rows */
    FEWEST_SPLITS = 4,
    MOST_SPLITS = 64,
    FEWEST_ROWS = 20000 /* below, weights that differ are drawn one by one */
};

/* ---- kinds of rows ---- */

typedef struct kinds {
    const assay_evaluation *evaluation;
    int64_t most;    /* more kinds than that are not worth it */
    int64_t n;       /* of kinds */
    int64_t *sample; /* a row of the selection of each */
    int32_t *of;     /* kind of each row of the selection */
    int64_t *slots;  /* kind + 1 by hash, 0 = free */
    uint64_t mask;
} kinds;

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t hash_of(const assay_predictions *p, int64_t row)
{
    if (p->task != ASSAY_TASK_MULTILABEL) {
        return mix(mix(0, (uint32_t)p->target[row]), (uint32_t)p->label[row]);
    }
    uint64_t hash = 0, word = 0;
    const uint8_t *truth = p->truth_set + row * p->classes,
                  *label = p->label_set + row * p->classes;
    for (int32_t k = 0; k < p->classes; k++) {
        word = word << 2 | (uint64_t)(truth[k] << 1 | label[k]);
        if (k % 32 == 31 || k + 1 == p->classes) {
            hash = mix(hash, word);
            word = 0;
        }
    }
    return hash;
}

static bool same_kind(const assay_predictions *p, int64_t a, int64_t b)
{
    size_t n = (size_t)p->classes;
    if (p->task != ASSAY_TASK_MULTILABEL) {
        return p->target[a] == p->target[b] && p->label[a] == p->label[b];
    }
    return memcmp(p->truth_set + a * p->classes, p->truth_set + b * p->classes, n) == 0 &&
           memcmp(p->label_set + a * p->classes, p->label_set + b * p->classes, n) == 0;
}

/* Kinds are numbered as they come; n = -1 when there are too many. */
static void find_kinds(kinds *k)
{
    const assay_evaluation *e = k->evaluation;
    const assay_predictions *p = e->predictions;
    for (int64_t i = 0; i < e->n; i++) {
        int64_t row = assay_selected_row(e, i);
        uint64_t at = mix(hash_of(p, row), 1) & k->mask;
        while (k->slots[at] != 0 &&
               !same_kind(p, row, assay_selected_row(e, k->sample[k->slots[at] - 1]))) {
            at = (at + 1) & k->mask;
        }
        if (k->slots[at] == 0) {
            if (k->n == k->most) {
                k->n = -1;
                return;
            }
            k->sample[k->n] = i;
            k->slots[at] = ++k->n;
        }
        k->of[i] = (int32_t)(k->slots[at] - 1);
    }
}

/* ---- kinds and weights ---- */

static void put_group(assay_alike *out, const assay_evaluation *e, int64_t sample, double scale,
                      double mean)
{
    out->row[out->n] = assay_selected_row(e, sample);
    out->scale[out->n] = scale;
    out->poisson[out->n++] = assay_poisson_of(mean);
}

/* Rows first..end-1 of `order`, all of one kind, by ascending weight. */
static void split_kind(assay_alike *out, const assay_evaluation *e, const int64_t *order,
                       int64_t first, int64_t end, int64_t splits)
{
    int64_t different = 1;
    for (int64_t i = first + 1; i < end; i++) {
        different += assay_row_weight(e, order[i]) != assay_row_weight(e, order[i - 1]);
    }
    bool exact = different <= splits;
    for (int64_t from = first, s = 0; from < end; s++) {
        double least = assay_row_weight(e, order[from]);
        double sum = 0.0, squares = 0.0; /* over the largest weight, so that squares are numbers */
        int64_t to = exact ? from + 1 : first + (end - first) * (s + 1) / splits;
        while (exact && to < end && assay_row_weight(e, order[to]) == least) {
            to++;
        }
        double largest = assay_row_weight(e, order[to - 1]);
        for (int64_t i = from; i < to; i++) {
            double share = assay_row_weight(e, order[i]) / largest;
            sum += share;
            squares += share * share;
        }
        if (largest == least) {
            put_group(out, e, order[from], least, (double)(to - from));
        } else {
            put_group(out, e, order[from], squares / sum * largest, sum * (sum / squares));
        }
        from = to;
    }
}

/* order: the rows of positive weight, one kind after the other, by ascending weight; start: of n + 1
 * kinds. */
static assay_status sort_kinds(int64_t *order, int64_t *start, const kinds *k, assay_error *err)
{
    const assay_evaluation *e = k->evaluation;
    assay_status status = ASSAY_OK;
    double *weight = assay_alloc_raw((size_t)e->n, sizeof *weight);
    int64_t *by_weight = assay_alloc_raw((size_t)e->n, sizeof *by_weight);
    if (weight == NULL || by_weight == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < e->n; i++) {
        weight[i] = assay_row_weight(e, i);
        start[k->of[i] + 1] += weight[i] > 0.0;
    }
    for (int64_t c = 0; c < k->n; c++) {
        start[c + 1] += start[c];
    }
    ASSAY_GOTO(assay_sort_order(by_weight, weight, e->n, 0, err), done);
    for (int64_t i = 0; i < e->n; i++) {
        int64_t row = by_weight[i];
        if (weight[row] > 0.0) {
            order[start[k->of[row]]++] = row;
        }
    }
    for (int64_t c = k->n; c > 0; c--) {
        start[c] = start[c - 1];
    }
    start[0] = 0;
done:
    assay_free(weight);
    assay_free(by_weight);
    return status;
}

static assay_status split_kinds(assay_alike *out, const kinds *k, assay_error *err)
{
    const assay_evaluation *e = k->evaluation;
    assay_status status = ASSAY_OK;
    int64_t splits = SPLITS / k->n;
    splits = splits < FEWEST_SPLITS ? FEWEST_SPLITS : splits > MOST_SPLITS ? MOST_SPLITS : splits;
    int64_t *order = assay_alloc_raw((size_t)e->n, sizeof *order);
    int64_t *start = assay_alloc((size_t)k->n + 1, sizeof *start);
    if (order == NULL || start == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(sort_kinds(order, start, k, err), done);
    for (int64_t c = 0; c < k->n; c++) {
        split_kind(out, e, order, start[c], start[c + 1], splits);
    }
done:
    assay_free(order);
    assay_free(start);
    return status;
}

static assay_status count_kinds(assay_alike *out, const kinds *k, assay_error *err)
{
    int64_t *count = assay_alloc((size_t)k->n, sizeof *count);
    if (count == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < k->evaluation->n; i++) {
        count[k->of[i]]++;
    }
    for (int64_t c = 0; c < k->n; c++) {
        put_group(out, k->evaluation, k->sample[c], 1.0, (double)count[c]);
    }
    assay_free(count);
    return ASSAY_OK;
}

static bool may_be_alike(const assay_job *job)
{
    return job->resample && job->path == ASSAY_PATH_BLOCKS &&
           job->args->op->task != ASSAY_TASK_REGRESSION && /* values differ, classes do not */
           (job->args->op->needs & ~(uint32_t)ASSAY_NEEDS_LABEL) == 0 &&
           !(job->metric->scored != NULL && job->metric->scored(job->params));
}

static assay_status make_alike(assay_alike *out, kinds *k, assay_error *err)
{
    const assay_evaluation *e = k->evaluation;
    size_t slots = 64;
    while (slots < 2 * (size_t)k->most) {
        slots *= 2;
    }
    k->mask = slots - 1;
    k->slots = assay_alloc(slots, sizeof *k->slots);
    k->sample = assay_alloc_raw((size_t)k->most, sizeof *k->sample);
    k->of = assay_alloc_raw((size_t)e->n, sizeof *k->of);
    if (k->slots == NULL || k->sample == NULL || k->of == NULL) {
        return assay_fail_memory(err);
    }
    find_kinds(k);
    if (k->n <= 0) {
        return ASSAY_OK;
    }
    size_t most = (size_t)k->n * (e->weights != NULL ? MOST_SPLITS : 1);
    out->row = assay_arena_alloc(e->arena, most, sizeof *out->row);
    out->scale = assay_arena_alloc(e->arena, most, sizeof *out->scale);
    out->poisson = assay_arena_alloc(e->arena, most, sizeof *out->poisson);
    if (out->row == NULL || out->scale == NULL || out->poisson == NULL) {
        return assay_fail_memory(err);
    }
    return e->weights != NULL ? split_kinds(out, k, err) : count_kinds(out, k, err);
}

assay_status assay_alike_find(assay_evaluation *e, assay_error *err)
{
    kinds k = {.evaluation = e, .most = e->n / WORTH};
    bool wanted = false;
    memset(&e->alike, 0, sizeof e->alike);
    for (size_t j = 0; j < e->n_jobs; j++) {
        wanted = wanted || may_be_alike(&e->jobs[j]);
    }
    if (!wanted || e->paired || e->studentised || e->units != NULL ||
        e->resample != ASSAY_RESAMPLE_POISSON || k.most < 1 ||
        (e->weights != NULL && e->n < FEWEST_ROWS)) {
        return ASSAY_OK;
    }
    assay_status status = make_alike(&e->alike, &k, err);
    for (size_t j = 0; j < e->n_jobs; j++) {
        e->jobs[j].alike = e->alike.n > 0 && e->alike.n <= k.most && may_be_alike(&e->jobs[j]);
    }
    assay_free(k.slots);
    assay_free(k.sample);
    assay_free(k.of);
    return status;
}

/* ---- replicates ---- */

static void draw(double *weight, double *copies, const assay_alike *alike, uint64_t seed,
                 int64_t first, int64_t n, int64_t replicate)
{
    enum { STREAMS = ASSAY_RNG_STREAMS };
    uint32_t operation = assay_rng_operation("bootstrap/alike");
    for (int64_t at = 0; at < n; at += STREAMS) {
        int64_t count = n - at < STREAMS ? n - at : STREAMS;
        uint64_t datum[STREAMS] = {0};
        assay_rng rng[STREAMS];
        for (int64_t i = 0; i < count; i++) {
            datum[i] = (uint64_t)replicate << 36 | (uint64_t)(first + at + i);
        }
        assay_rng_streams(rng, seed, operation, datum);
        for (int64_t i = at; i < at + count; i++) {
            copies[i] = (double)assay_rng_poisson_of(&rng[i - at], &alike->poisson[first + i]);
            weight[i] = copies[i] * alike->scale[first + i];
        }
    }
}

typedef struct alike_space {
    assay_evaluation rows; /* the evaluation of one row of each kind */
    assay_block_space *block;
    char **states; /* per job: GROUP states */
    double *weight, *copies;
} alike_space;

static assay_status new_space(alike_space *s, const assay_evaluation *e, assay_arena *arena,
                              assay_error *err)
{
    s->rows = *e;
    s->rows.rows = e->alike.row;
    s->rows.n = e->alike.n;
    s->states = assay_arena_alloc(arena, e->n_jobs, sizeof *s->states);
    s->weight = assay_arena_alloc(arena, ASSAY_BLOCK_ROWS, sizeof *s->weight);
    s->copies = assay_arena_alloc(arena, ASSAY_BLOCK_ROWS, sizeof *s->copies);
    if (s->states == NULL || s->weight == NULL || s->copies == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t j = 0; j < e->n_jobs; j++) {
        if (e->jobs[j].alike) {
            s->states[j] = assay_arena_alloc(arena, GROUP, e->jobs[j].state_stride);
            if (s->states[j] == NULL) {
                return assay_fail_memory(err);
            }
        }
    }
    return assay_block_space_new(&s->block, &s->rows, arena, ASSAY_NEEDS_LABEL, err);
}

static assay_status add_block(const assay_resampling *r, alike_space *s, int64_t group,
                              int64_t first, int64_t n, int worker, assay_error *err)
{
    const assay_evaluation *e = r->evaluation;
    assay_rows rows;
    ASSAY_TRY(assay_block_derive(&rows, s->block, &s->rows, first, n, ASSAY_NEEDS_LABEL, err));
    rows.weight = s->weight;
    rows.copies = e->weights != NULL ? s->copies : NULL;
    for (int64_t k = 0; k < GROUP && group * GROUP + k < e->replicates; k++) {
        draw(s->weight, s->copies, &e->alike, e->seed, first, n, group * GROUP + k);
        for (size_t j = 0; j < e->n_jobs; j++) {
            const assay_job *job = &e->jobs[j];
            if (job->alike) {
                assay_arena_reset(r->scratch[worker]);
                ASSAY_TRY(job->metric->block(s->states[j] + (size_t)k * job->state_stride,
                                             job->params, &rows, r->scratch[worker], err));
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_bootstrap_alike(void *payload, int64_t group, int worker, assay_error *err)
{
    const assay_resampling *r = payload;
    const assay_evaluation *e = r->evaluation;
    alike_space s;
    assay_arena_reset(r->arenas[worker]);
    ASSAY_TRY(new_space(&s, e, r->arenas[worker], err));
    for (int64_t first = 0; first < e->alike.n; first += ASSAY_BLOCK_ROWS) {
        int64_t left = e->alike.n - first;
        ASSAY_TRY(add_block(r, &s, group, first, left < ASSAY_BLOCK_ROWS ? left : ASSAY_BLOCK_ROWS,
                            worker, err));
    }
    for (size_t j = 0; j < e->n_jobs; j++) {
        const assay_job *job = &e->jobs[j];
        for (int64_t k = 0; job->alike && k < GROUP && group * GROUP + k < e->replicates; k++) {
            ASSAY_TRY(assay_bootstrap_note(r, job, s.states[j] + (size_t)k * job->state_stride,
                                           group * GROUP + k, worker, err));
        }
    }
    return ASSAY_OK;
}
