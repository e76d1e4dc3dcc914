#include "core/attack_run.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "core/attack_internal.h"
#include "core/perturb.h"

/* What the arrays of all blocks in flight may take together. */
static const int64_t usual_memory = (int64_t)1 << 30;
enum { MOST_ROWS = 256 };

typedef struct attack_job {
    const assay_attack_images *images;
    const assay_attack_options *options;
    const assay_op *op;
    const assay_attack *attack;
    assay_attack_result *result;
    int64_t size, rows;
    assay_buffer *events; /* one per block */
    pthread_mutex_t model_lock, done_lock;
    int64_t done;
} attack_job;

/* One block under way. */
typedef struct work {
    attack_job *job;
    int64_t first;
    assay_arena *arena; /* of the block; the attack has one of its own */
    assay_attack_oracle oracle;
    assay_attack_block block;
    float *x0;
    int32_t *labels, *targets, *clean;
    uint8_t *kept; /* b->n: the row came from the store */
    int64_t n_kept;
} work;

static assay_status new_block(work *w, assay_error *err)
{
    attack_job *job = w->job;
    assay_attack_block *b = &w->block;
    size_t n = (size_t)b->n;
    size_t size = (size_t)job->size;
    w->x0 = assay_arena_alloc(w->arena, n * size, sizeof(float));
    float *logits = assay_arena_alloc(w->arena, n * (size_t)b->classes, sizeof(float));
    w->labels = assay_arena_alloc(w->arena, n, sizeof(int32_t));
    w->targets = assay_arena_alloc(w->arena, n, sizeof(int32_t));
    w->clean = assay_arena_alloc(w->arena, n, sizeof(int32_t));
    w->kept = assay_arena_alloc(w->arena, n, 1);
    b->rng = assay_arena_alloc(w->arena, n + 1, sizeof *b->rng);
    b->active = assay_arena_alloc(w->arena, n, sizeof *b->active);
    b->fooled = assay_arena_alloc(w->arena, n, 1);
    b->flat = assay_arena_alloc(w->arena, n, 1);
    b->best = assay_arena_alloc(w->arena, n * size, sizeof(float));
    b->distance = assay_arena_alloc(w->arena, n, sizeof *b->distance);
    b->answer = assay_arena_alloc(w->arena, n, sizeof *b->answer);
    b->forwards = assay_arena_alloc(w->arena, n, sizeof *b->forwards);
    b->backwards = assay_arena_alloc(w->arena, n, sizeof *b->backwards);
    b->first = assay_arena_alloc(w->arena, n, sizeof *b->first);
    b->stage = assay_arena_alloc(w->arena, n, sizeof *b->stage);
    if (!w->x0 || !logits || !w->labels || !w->targets || !w->clean || !w->kept || !b->rng ||
        !b->active || !b->fooled || !b->flat || !b->best || !b->distance || !b->answer ||
        !b->forwards || !b->backwards || !b->first || !b->stage) {
        return assay_fail_memory(err);
    }
    b->x0 = w->x0;
    b->label = w->labels;
    b->target = job->images->targets != NULL ? w->targets : NULL;
    b->logits0 = logits;
    b->shared = b->rng + n;
    b->oracle = &w->oracle;
    for (int64_t r = 0; r < b->n; r++) {
        b->distance[r] = INFINITY;
        b->answer[r] = -1;
        b->first[r] = -1;
        b->stage[r] = -1;
        w->clean[r] = -1;
    }
    return assay_attack_oracle_new(&w->oracle, job->images, job->options, b->n, &job->model_lock,
                                   err);
}

/* What the store has of the row goes into the result at once; nobody works on it. */
static assay_status restore(work *w, int64_t r, assay_error *err)
{
    attack_job *job = w->job;
    assay_attack_block *b = &w->block;
    int64_t i = w->first + r;
    assay_buffer bytes;
    bool found = false;
    assay_buffer_init(&bytes, (size_t)1 << 32);
    assay_status status = job->options->store->get(job->options->store->payload, i, &bytes, err);
    if (status == ASSAY_OK && bytes.size > 0) {
        size_t before = w->oracle.events.size;
        w->kept[r] = assay_attack_read_row(job->result, i, &found, b->best + r * b->size, b->size,
                                           &w->oracle.events, r, &bytes) &&
                     job->result->label[i] == w->labels[r];
        if (!w->kept[r]) {
            w->oracle.events.size = before;
            assay_attack_forget_row(job->result, i);
        }
        w->n_kept += w->kept[r];
        b->fooled[r] = w->kept[r] && found;
    }
    assay_buffer_dispose(&bytes);
    return status;
}

static assay_status load(work *w, assay_error *err)
{
    const assay_attack_images *images = w->job->images;
    assay_attack_block *b = &w->block;
    for (int64_t r = 0; r < b->n; r++) {
        int64_t i = w->first + r;
        w->oracle.ids[r] = images->ids[i];
        w->labels[r] = images->labels[i];
        w->targets[r] = images->targets != NULL ? images->targets[i] : -1;
        if (w->labels[r] >= 0 && w->job->options->store != NULL) {
            ASSAY_TRY(restore(w, r, err));
        }
        if (w->labels[r] >= 0) {
            ASSAY_TRY(images->read(images->payload, i, w->x0 + r * b->size, err));
            if (!w->kept[r]) {
                b->active[b->n_active++] = (int32_t)r;
            }
        }
    }
    return ASSAY_OK;
}

/* The answer to the originals. One that is adversarial by itself is recorded at distance 0. */
static assay_status ask_clean(work *w, assay_error *err)
{
    assay_attack_block *b = &w->block;
    assay_points points = assay_attack_active(b);
    b->eps = 0.0;
    b->current_stage = -1;
    if (w->job->options->models[0]->spec.scores == ASSAY_SCORES_LABELS) {
        b->logits0 = NULL;
        ASSAY_TRY(assay_attack_labels(b, w->clean, b->x0, &points, err));
    } else {
        float *logits =
            assay_arena_alloc(w->arena, (size_t)b->n * (size_t)b->classes, sizeof *logits);
        if (logits == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_attack_scores(b, logits, b->x0, &points, err));
        b->logits0 = logits;
        for (int64_t i = 0; i < b->n_active; i++) {
            int32_t r = b->active[i];
            w->clean[r] = assay_class_of(logits + (int64_t)r * b->classes, b->classes);
        }
    }
    for (int64_t r = 0; r < b->n; r++) {
        b->first[r] = b->fooled[r] ? 0 : -1;
    }
    return ASSAY_OK;
}

static void forget(assay_attack_block *b, int64_t r)
{
    b->fooled[r] = 0;
    b->distance[r] = INFINITY;
    b->answer[r] = -1;
    b->first[r] = -1;
    b->stage[r] = -1;
}

static void start_streams(work *w)
{
    assay_attack_block *b = &w->block;
    const assay_attack_options *options = w->job->options;
    uint32_t operation = assay_rng_operation(w->job->op->name);
    uint32_t noise = assay_rng_operation("attack noise");
    for (int64_t r = 0; r < b->n; r++) {
        uint64_t address = assay_perturb_address(w->oracle.ids[r]);
        b->rng[r] = assay_rng_stream(options->seed, operation, address);
        w->oracle.draws[r] = assay_rng_stream(options->seed, noise, address);
    }
    *b->shared = assay_rng_stream(options->seed, operation, 0);
}

/* One run of the attack with one budget, on rows that are right and not fooled yet. */
static assay_status attack_once(work *w, double eps, assay_error *err)
{
    attack_job *job = w->job;
    assay_attack_block *b = &w->block;
    assay_attack_result *result = job->result;
    assay_status status = ASSAY_OK;
    bool universal = (job->attack->traits & ASSAY_ATTACK_UNIVERSAL) != 0;
    b->n_active = 0;
    for (int64_t r = 0; r < b->n; r++) {
        b->forwards[r] = 0;
        b->backwards[r] = 0;
        bool right = w->labels[r] >= 0 && !w->kept[r] && w->clean[r] == w->labels[r];
        if (right && universal && b->distance[r] > 0.0) {
            forget(b, r); /* what another change did does not count for this one */
        }
        if (job->attack->traits & ASSAY_ATTACK_ALL ? w->labels[r] >= 0 && !w->kept[r]
                                                   : right && !b->fooled[r]) {
            b->active[b->n_active++] = (int32_t)r;
        }
    }
    if (b->n_active == 0) {
        return ASSAY_OK;
    }
    start_streams(w);
    b->confidence = 0.0;
    b->silent = false;
    b->eps = eps;
    b->current_stage = 0;
    b->budget = job->options->budget > 0 ? job->options->budget : INT64_MAX;
    ASSAY_TRY(assay_arena_new(&b->arena, (size_t)8 << 30, err));
    status = job->attack->run(b, job->options->attack->params, err);
    assay_arena_free(b->arena);
    b->arena = NULL;
    for (int64_t r = 0; r < b->n; r++) {
        result->forwards[w->first + r] += b->forwards[r];
        result->backwards[w->first + r] += b->backwards[r];
    }
    return status;
}

static void tell(attack_job *job, int64_t rows, int64_t kept)
{
    bool once = job->attack->norms == 0 || (job->attack->traits & ASSAY_ATTACK_MINIMUM) != 0;
    int64_t passes = once || job->options->n_eps < 1 ? 1 : job->options->n_eps;
    (void)pthread_mutex_lock(&job->done_lock);
    job->done += rows;
    job->result->reused += kept;
    assay_log_progress(job->options->log, job->options->what, job->done, passes * job->images->n);
    (void)pthread_mutex_unlock(&job->done_lock);
}

static assay_status attack_all(work *w, assay_error *err)
{
    const assay_attack_options *options = w->job->options;
    assay_attack_result *result = w->job->result;
    assay_attack_block *b = &w->block;
    bool once = w->job->attack->norms == 0 || (w->job->attack->traits & ASSAY_ATTACK_MINIMUM) != 0;
    if (once) {
        ASSAY_TRY(attack_once(w, INFINITY, err));
        tell(w->job, b->n, 0);
    }
    for (int32_t e = 0; e < options->n_eps; e++) {
        double eps = options->eps[e];
        if (!once) {
            ASSAY_TRY(attack_once(w, eps, err));
            tell(w->job, b->n, 0);
        }
        for (int64_t r = 0; r < b->n; r++) {
            if (w->kept[r]) {
                continue;
            }
            bool within =
                !once || w->job->attack->norms == 0 || b->distance[r] <= eps * (1.0 + 1e-6) + 1e-6;
            result->success[(int64_t)e * result->n + w->first + r] = b->fooled[r] && within;
        }
    }
    return ASSAY_OK;
}

/* ---- afterwards ----------------------------------------------------------------------------- */

static int64_t list_found(int32_t *rows, const work *w)
{
    int64_t n = 0;
    for (int64_t r = 0; r < w->block.n; r++) {
        if (w->block.fooled[r] && !w->kept[r]) {
            rows[n++] = (int32_t)r;
        }
    }
    return n;
}

/* The n examples on the other models, and all originals. */
static assay_status transfer(work *w, int32_t *rows, int64_t n, assay_error *err)
{
    const assay_attack_options *options = w->job->options;
    assay_attack_result *result = w->job->result;
    assay_attack_block *b = &w->block;
    for (int32_t t = 0; t < options->n_transfer; t++) {
        ASSAY_TRY(assay_attack_classify(result->transferred + (int64_t)t * result->n + w->first,
                                        &w->oracle, options->transfer[t], b->best, rows, n, err));
    }
    n = 0;
    for (int64_t r = 0; r < b->n; r++) {
        if (w->labels[r] >= 0 && !w->kept[r]) {
            rows[n++] = (int32_t)r;
        }
    }
    for (int32_t t = 0; t < options->n_transfer; t++) {
        ASSAY_TRY(
            assay_attack_classify(result->transferred_clean + (int64_t)t * result->n + w->first,
                                  &w->oracle, options->transfer[t], b->x0, rows, n, err));
    }
    return ASSAY_OK;
}

/* Ask the deployed model again, with the pixels as they are and as an 8-bit file holds them. */
static assay_status confirm(work *w, assay_error *err)
{
    const assay_attack_options *options = w->job->options;
    assay_attack_result *result = w->job->result;
    assay_attack_block *b = &w->block;
    int32_t *rows = assay_arena_alloc(w->arena, (size_t)b->n, sizeof *rows);
    int32_t *again = assay_arena_alloc(w->arena, (size_t)b->n, sizeof *again);
    float *levels = assay_arena_alloc(w->arena, (size_t)b->n * (size_t)b->size, sizeof *levels);
    if (rows == NULL || again == NULL || levels == NULL) {
        return assay_fail_memory(err);
    }
    int64_t n = list_found(rows, w);
    bool certain = options->n_models == 1 && options->repeats <= 1;
    ASSAY_TRY(assay_attack_classify(again, &w->oracle, options->models[0], b->best, rows, n, err));
    for (int64_t i = 0; i < n; i++) {
        int32_t r = rows[i];
        if (!assay_attack_wants(b, r, again[r]) && certain) {
            result->refuted[w->first + r] = 1;
            forget(b, r);
            for (int32_t e = 0; e < options->n_eps; e++) {
                result->success[(int64_t)e * result->n + w->first + r] = 0;
            }
        }
    }
    n = list_found(rows, w);
    ASSAY_TRY(assay_attack_classify_rounded(result->rounded + w->first, levels, &w->oracle,
                                            options->models[0], b->best, rows, n, err));
    for (int64_t i = 0; i < n; i++) {
        int64_t r = rows[i];
        result->rounded_distance[w->first + r] =
            assay_norm_distance(b->norm, levels + r * b->size, b->x0 + r * b->size, b->size);
    }
    return transfer(w, rows, n, err);
}

/* The block's new rows into the store. Its events come in the order of time: gathered by row. */
static assay_status keep(work *w, assay_error *err)
{
    const assay_attack_store *store = w->job->options->store;
    assay_attack_block *b = &w->block;
    const assay_attack_event *events = (const void *)w->oracle.events.data;
    int64_t n_events = (int64_t)(w->oracle.events.size / sizeof *events);
    assay_status status = ASSAY_OK;
    assay_buffer bytes;
    int64_t n = 0;
    if (store == NULL || (w->job->attack->traits & ASSAY_ATTACK_UNIVERSAL) != 0) {
        return ASSAY_OK;
    }
    int64_t *row = assay_arena_alloc(w->arena, (size_t)b->n + 1, sizeof *row);
    int64_t *at = assay_arena_alloc(w->arena, (size_t)b->n + 1, sizeof *at);
    assay_attack_event *own = assay_arena_alloc(w->arena, (size_t)n_events + 1, sizeof *own);
    if (row == NULL || at == NULL || own == NULL) {
        return assay_fail_memory(err);
    }
    assay_buffer_init(&bytes, (size_t)1 << 32);
    for (int64_t r = 0; r < b->n; r++) {
        int64_t count = 0;
        if (w->labels[r] < 0 || w->kept[r]) {
            continue;
        }
        for (int64_t k = 0; k < n_events; k++) {
            if (events[k].row == r) {
                own[count++] = events[k];
            }
        }
        row[n] = w->first + r;
        at[n++] = (int64_t)bytes.size;
        assay_attack_keep_row(&bytes, w->job->result, w->first + r,
                              b->fooled[r] ? b->best + r * b->size : NULL, b->size, own, count);
    }
    at[n] = (int64_t)bytes.size;
    status = assay_buffer_status(&bytes, err);
    if (status == ASSAY_OK && n > 0) {
        status = store->put(store->payload, row, at, n, bytes.data, err);
    }
    assay_buffer_dispose(&bytes);
    return status;
}

static assay_status hand_over(work *w, int64_t number, assay_error *err)
{
    attack_job *job = w->job;
    assay_attack_block *b = &w->block;
    assay_attack_result *result = job->result;
    for (int64_t r = 0; r < b->n; r++) {
        int64_t i = w->first + r;
        if (!w->kept[r]) {
            result->label[i] = w->labels[r];
            result->clean[i] = w->clean[r];
            result->distance[i] = b->distance[r];
            result->answer[i] = b->answer[r];
            result->first[i] = b->first[r];
            result->flat[i] = b->flat[r];
            result->stage[i] = b->stage[r];
        }
        assay_attack_row row = {.index = i,
                                .x0 = b->x0 + r * b->size,
                                .best = b->fooled[r] ? b->best + r * b->size : NULL,
                                .distance = result->distance[i],
                                .answer = result->answer[i]};
        if (job->options->sink != NULL && w->labels[r] >= 0) {
            ASSAY_TRY(job->options->sink->row(job->options->sink->payload, &row, err));
        }
    }
    ASSAY_TRY(keep(w, err));
    job->events[number] = w->oracle.events;
    assay_buffer_init(&w->oracle.events, 0);
    tell(job, 0, w->n_kept);
    return ASSAY_OK;
}

static assay_status run_block(void *payload, int64_t number, int worker, assay_error *err)
{
    attack_job *job = payload;
    const assay_attack_images *images = job->images;
    assay_status status = ASSAY_OK;
    work w = {.job = job, .first = number * job->rows};
    (void)worker;
    w.block =
        (assay_attack_block){.n = images->n - w.first < job->rows ? images->n - w.first : job->rows,
                             .datum = w.first,
                             .channels = images->channels,
                             .height = images->height,
                             .width = images->width,
                             .classes = job->options->models[0]->spec.classes,
                             .size = job->size,
                             .donors = images->donors,
                             .n_donors = images->donors != NULL ? images->n_donors : 0,
                             .norm = job->options->norm,
                             .budget = INT64_MAX};
    ASSAY_TRY(assay_arena_new(&w.arena, (size_t)8 << 30, err));
    ASSAY_GOTO(new_block(&w, err), done);
    ASSAY_GOTO(load(&w, err), done);
    ASSAY_GOTO(ask_clean(&w, err), done);
    ASSAY_GOTO(attack_all(&w, err), done);
    ASSAY_GOTO(confirm(&w, err), done);
    status = hand_over(&w, number, err);
done:
    assay_attack_oracle_dispose(&w.oracle);
    assay_arena_free(w.arena);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static assay_status merge_events(attack_job *job, int64_t blocks, assay_error *err)
{
    assay_attack_result *r = job->result;
    int64_t n = 0;
    for (int64_t b = 0; b < blocks; b++) {
        n += (int64_t)(job->events[b].size / sizeof(assay_attack_event));
    }
    r->events = assay_arena_alloc(r->arena, (size_t)n + 1, sizeof *r->events);
    int64_t *next = assay_alloc((size_t)r->n + 1, sizeof *next);
    if (r->events == NULL || next == NULL) {
        assay_free(next);
        return assay_fail_memory(err);
    }
    /* By datum, in time: count, then place. */
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t b = 0; b < blocks; b++) {
            int64_t count = (int64_t)(job->events[b].size / sizeof(assay_attack_event));
            for (int64_t k = 0; k < count; k++) {
                assay_attack_event event;
                memcpy(&event, job->events[b].data + (size_t)k * sizeof event, sizeof event);
                event.row += b * job->rows;
                if (pass == 0) {
                    next[event.row + 1]++;
                } else {
                    r->events[next[event.row]++] = event;
                }
            }
        }
        for (int64_t i = 0; pass == 0 && i < r->n; i++) {
            next[i + 1] += next[i];
        }
    }
    r->n_events = n;
    assay_free(next);
    return ASSAY_OK;
}

static int64_t rows_of_block(const attack_job *job)
{
    const assay_attack_options *options = job->options;
    int64_t n = job->images->n;
    if (job->attack->traits & ASSAY_ATTACK_UNIVERSAL) {
        return n;
    }
    int64_t workers = assay_parallel_workers(n, options->threads);
    int64_t memory = options->memory > 0 ? options->memory : usual_memory;
    int64_t by_memory =
        memory / workers / (job->size * (int64_t)sizeof(float) * ASSAY_ATTACK_ARRAYS);
    int64_t rows = (n + workers - 1) / workers;
    rows = rows < MOST_ROWS ? rows : MOST_ROWS;
    rows = rows < by_memory ? rows : by_memory;
    int64_t batches = 2 * options->models[0]->spec.batch;
    if (options->store != NULL && rows > batches) {
        rows = batches; /* what a kill may cost */
    }
    if (options->block > 0 && options->block < rows) {
        rows = options->block;
    }
    return rows < 1 ? 1 : rows;
}

static assay_status carry_out(attack_job *job, assay_error *err)
{
    int64_t blocks = (job->images->n + job->rows - 1) / job->rows;
    assay_status status = ASSAY_OK;
    job->events = assay_alloc((size_t)blocks, sizeof *job->events);
    if (job->events == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_attack_result_new(&job->result, job->images->n, job->options, err), done);
    ASSAY_GOTO(
        assay_parallel(blocks, job->options->threads, run_block, job, job->options->cancel, err),
        done);
    status = merge_events(job, blocks, err);
done:
    for (int64_t b = 0; b < blocks; b++) {
        assay_buffer_dispose(&job->events[b]);
    }
    assay_free(job->events);
    return status;
}

assay_status assay_attack_run(assay_attack_result **out, const assay_attack_images *images,
                              const assay_attack_options *options, assay_error *err)
{
    *out = NULL;
    ASSAY_TRY(assay_attack_check(images, options, err));
    attack_job job = {.images = images,
                      .options = options,
                      .op = options->attack->op,
                      .attack = options->attack->op->attack,
                      .size = (int64_t)images->channels * images->height * images->width};
    job.rows = rows_of_block(&job);
    if (pthread_mutex_init(&job.model_lock, NULL) != 0) {
        return assay_fail_memory(err);
    }
    if (pthread_mutex_init(&job.done_lock, NULL) != 0) {
        (void)pthread_mutex_destroy(&job.model_lock);
        return assay_fail_memory(err);
    }
    assay_status status = carry_out(&job, err);
    (void)pthread_mutex_destroy(&job.model_lock);
    (void)pthread_mutex_destroy(&job.done_lock);
    if (status == ASSAY_OK) {
        *out = job.result;
    } else {
        assay_attack_result_free(job.result);
    }
    return status;
}
