/* Metrics that see all rows by descending score of one class after the other: their states and their
 * resampling. The order of a class is sorted once and shared by all such metrics and replicates. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/evaluate_internal.h"

enum { GROUP = ASSAY_BOOTSTRAP_GROUP };

static const int64_t ranking_bytes = (int64_t)2 << 30; /* of the rankings in memory at a time */
static const size_t states_bytes = (size_t)512 << 20;  /* of the replicates' states */

/* ---- one class ---- */

/* The scores of a class, or absolute errors, in the order of the selected rows. */
static void fetch(double *out, const assay_evaluation *evaluation, int32_t class_index)
{
    const assay_predictions *p = evaluation->predictions;
    const int64_t *rows = evaluation->rows;
    int64_t n = evaluation->n;
    int64_t classes = p->classes;
    if (p->task == ASSAY_TASK_REGRESSION) {
        for (int64_t i = 0; i < n; i++) {
            int64_t row = rows != NULL ? rows[i] : i;
            out[i] = fabs(p->truth[row] - p->value[row]);
        }
    } else if (p->scores_f32 != NULL) {
        const float *scores = p->scores_f32 + class_index;
        for (int64_t i = 0; i < n; i++) {
            out[i] = (double)scores[(rows != NULL ? rows[i] : i) * classes];
        }
    } else {
        const double *scores = p->scores_f64 + class_index;
        for (int64_t i = 0; i < n; i++) {
            out[i] = scores[(rows != NULL ? rows[i] : i) * classes];
        }
    }
}

static assay_status not_a_number(const assay_predictions *p, int64_t row, assay_error *err)
{
    return assay_fail(err, ASSAY_EFORMAT,
                      "predictions: row %" PRId64 "%s%s%s: a score is not a number (NaN)", row + 1,
                      p->ids != NULL ? " (" : "", p->ids != NULL ? p->ids[row] : "",
                      p->ids != NULL ? ")" : "");
}

/* What the keys of a class have in common. */
typedef struct key_survey {
    uint64_t first, differing;
    int64_t positives;
} key_survey;

/* Replaces scores by their keys. */
static assay_status survey(key_survey *out, uint64_t *keys, const double *scores,
                           const assay_evaluation *evaluation, int32_t class_index,
                           assay_error *err)
{
    const int32_t *target = evaluation->predictions->target;
    key_survey found = {.first = evaluation->n > 0 ? assay_sort_key(scores[0], 1) : 0};
    bool nan = false;
    for (int64_t i = 0; i < evaluation->n; i++) {
        nan |= scores[i] != scores[i];
        keys[i] = assay_sort_key(scores[i], 1);
        found.differing |= keys[i] ^ found.first;
        found.positives += target[assay_selected_row(evaluation, i)] == class_index;
    }
    for (int64_t i = 0; nan && i < evaluation->n; i++) {
        if (keys[i] == UINT64_MAX) {
            return not_a_number(evaluation->predictions, assay_selected_row(evaluation, i), err);
        }
    }
    *out = found;
    return ASSAY_OK;
}

/* Key and target in one word, when they fit: half as much to move. Rows can't be told from each
 * other then, which the bootstrap has to. */
static bool pack(assay_ranking *out, const assay_evaluation *evaluation, const key_survey *found,
                 uint64_t *words, const uint64_t *keys, uint64_t *spare)
{
    const assay_predictions *p = evaluation->predictions;
    int64_t n = evaluation->n;
    int low = found->differing != 0 ? __builtin_ctzll(found->differing) : 0;
    int top = found->differing != 0 ? 64 - __builtin_clzll(found->differing) : 0;
    int bits = p->classes > 1 ? 32 - __builtin_clz((uint32_t)p->classes - 1) : 0;
    if (top - low + bits > 64) {
        return false;
    }
    uint64_t mask = found->differing;
    mask |= mask >> 1;
    mask |= mask >> 2;
    mask |= mask >> 4;
    mask |= mask >> 8;
    mask |= mask >> 16;
    mask |= mask >> 32; /* all bits below the top one */
    mask &= ~((UINT64_C(1) << low) - 1);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = assay_selected_row(evaluation, i);
        words[i] = (keys[i] & mask) >> low << bits | (uint32_t)p->target[row];
    }
    out->packed = assay_sort_words(words, spare, n);
    out->target_bits = bits;
    out->key_shift = low;
    out->key_rest = found->first & ~mask;
    return true;
}

/* Fill and sort; items holds 2 n elements, keys n. */
static assay_status rank_class(assay_ranking *out, const assay_evaluation *evaluation,
                               int32_t class_index, bool tell_rows, assay_sort_item *items,
                               uint64_t *keys, assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    int64_t n = evaluation->n;
    key_survey found = {0};
    double *scores = (double *)(void *)items;
    uint64_t *words = (uint64_t *)(void *)items;
    fetch(scores, evaluation, class_index);
    ASSAY_TRY(survey(&found, keys, scores, evaluation, class_index, err));
    *out = (assay_ranking){.n = n,
                           .positives = (double)found.positives,
                           .negatives = (double)(n - found.positives),
                           .class_index = class_index,
                           .classes = p->classes};
    if (!tell_rows && pack(out, evaluation, &found, words, keys, words + n)) {
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t row = assay_selected_row(evaluation, i);
        items[i].key = keys[i];
        items[i].payload = (uint64_t)i << 32 | (uint32_t)p->target[row];
    }
    out->rows = assay_sort_items(items, items + n, n);
    return ASSAY_OK;
}

static bool is_ranked(const assay_job *job)
{
    return job->path == ASSAY_PATH_RANKED;
}

/* In the order of the rows, so that walking through them ends at the same bits. */
static void weigh_real(assay_ranking *ranking)
{
    ranking->positives = 0.0;
    ranking->negatives = 0.0;
    for (int64_t i = 0; i < ranking->n; i++) {
        bool mine = assay_ranking_target(ranking, i) == ranking->class_index;
        double weight = assay_ranking_weight(ranking, i);
        ranking->positives += mine ? weight : 0.0;
        ranking->negatives += mine ? 0.0 : weight;
    }
}

static void real_weights(double *out, const assay_evaluation *evaluation,
                         const assay_ranking *ranking, int kind)
{
    for (int64_t i = 0; i < ranking->n; i++) {
        int64_t row = (int64_t)(ranking->rows[i].payload >> 32);
        out[i] = assay_weight_of_kind(assay_row_weight(evaluation, row), kind);
    }
}

static void weigh(assay_ranking *ranking)
{
    if (ranking->real != NULL) {
        weigh_real(ranking);
        return;
    }
    int64_t positives = 0;
    int64_t all = 0;
    for (int64_t i = 0; i < ranking->n; i++) {
        all += ranking->weight[i];
        positives +=
            assay_ranking_target(ranking, i) == ranking->class_index ? ranking->weight[i] : 0;
    }
    ranking->positives = (double)positives;
    ranking->negatives = (double)(all - positives);
}

typedef struct ranked_pass {
    const assay_evaluation *evaluation;
    assay_sort_item *items; /* 2 n per worker */
    uint64_t *keys;         /* n per worker */
    double *real;           /* weighted data: n per worker */
} ranked_pass;

static assay_status ranked_task(void *payload, int64_t class_index, int worker, assay_error *err)
{
    const ranked_pass *pass = payload;
    const assay_evaluation *evaluation = pass->evaluation;
    assay_ranking ranking;
    ASSAY_TRY(rank_class(&ranking, evaluation, (int32_t)class_index, evaluation->weights != NULL,
                         pass->items + 2 * evaluation->n * worker,
                         pass->keys + evaluation->n * worker, err));
    for (int kind = 0; kind < evaluation->kinds; kind++) {
        if (pass->real != NULL) {
            double *real = pass->real + evaluation->n * worker;
            real_weights(real, evaluation, &ranking, kind);
            ranking.real = real;
            weigh(&ranking);
        }
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            if (is_ranked(job)) {
                job->metric->ranked(assay_job_state(job, kind), job->params, &ranking);
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_ranked(assay_evaluation *evaluation, assay_error *err)
{
    if (!evaluation->any_ranked || evaluation->n == 0) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    ranked_pass pass = {.evaluation = evaluation};
    int64_t classes = evaluation->predictions->classes;
    int64_t each = evaluation->n * 2 * (int64_t)sizeof *pass.items;
    int workers = assay_parallel_workers(classes, evaluation->threads);
    int64_t most = ranking_bytes / each;
    workers = workers > most ? (most > 1 ? (int)most : 1) : workers;
    pass.items = assay_alloc_raw((size_t)workers, (size_t)each);
    pass.keys = assay_alloc_raw((size_t)workers, (size_t)evaluation->n * sizeof *pass.keys);
    bool ok = pass.items != NULL && pass.keys != NULL;
    if (evaluation->weights != NULL) {
        pass.real = assay_alloc_raw((size_t)workers, (size_t)evaluation->n * sizeof *pass.real);
        ok = ok && pass.real != NULL;
    }
    if (!ok) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_parallel(classes, workers, ranked_task, &pass, evaluation->cancel, err), done);
done:
    assay_free(pass.items);
    assay_free(pass.keys);
    assay_free(pass.real);
    return status;
}

/* ---- resampling ---- */

typedef struct replicates {
    const assay_resampling *resampling;
    assay_ranking ranking; /* of the class at hand */
    uint8_t *weights;      /* GROUP x n per worker */
    double *real;          /* weighted data: n */
    char *states;          /* per replicate of the batch */
    size_t state_bytes;
    int64_t first_group; /* of the batch */
} replicates;

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static void draw_weights(uint8_t *weights, const assay_evaluation *evaluation,
                         const assay_ranking *ranking, int64_t group)
{
    enum { BLOCK = 64 };
    uint8_t block[BLOCK][GROUP];
    int64_t n = ranking->n;
    for (int64_t first = 0; first < n; first += BLOCK) {
        int64_t count = n - first < BLOCK ? n - first : BLOCK;
        for (int64_t i = 0; i < count; i++) {
            int64_t row = (int64_t)(ranking->rows[first + i].payload >> 32);
            assay_bootstrap_group(block[i], evaluation, row, group);
        }
        for (int64_t k = 0; k < GROUP; k++) {
            for (int64_t i = 0; i < count; i++) {
                weights[k * n + first + i] = block[i][k];
            }
        }
    }
}

static assay_status class_task(void *payload, int64_t index, int worker, assay_error *err)
{
    const replicates *r = payload;
    const assay_evaluation *evaluation = r->resampling->evaluation;
    int64_t group = r->first_group + index;
    uint8_t *weights = r->weights + (int64_t)worker * GROUP * evaluation->n;
    (void)err;
    draw_weights(weights, evaluation, &r->ranking, group);
    for (int64_t k = 0; k < GROUP && group * GROUP + k < evaluation->replicates; k++) {
        char *state = r->states + (size_t)(index * GROUP + k) * r->state_bytes;
        assay_ranking ranking = r->ranking;
        ranking.weight = weights + k * evaluation->n;
        weigh(&ranking);
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            if (is_ranked(job) && job->resample) {
                job->metric->ranked(state, job->params, &ranking);
                state += aligned(job->state_size);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status note_task(void *payload, int64_t index, int worker, assay_error *err)
{
    const replicates *r = payload;
    const assay_evaluation *evaluation = r->resampling->evaluation;
    for (int64_t k = 0; k < GROUP; k++) {
        int64_t replicate = (r->first_group + index) * GROUP + k;
        const char *state = r->states + (size_t)(index * GROUP + k) * r->state_bytes;
        for (size_t j = 0; j < evaluation->n_jobs && replicate < evaluation->replicates; j++) {
            const assay_job *job = &evaluation->jobs[j];
            if (is_ranked(job) && job->resample) {
                ASSAY_TRY(assay_bootstrap_note(r->resampling, job, state, replicate, worker, err));
                state += aligned(job->state_size);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status resample_batch(replicates *r, assay_sort_item *items, uint64_t *keys,
                                   int64_t groups, assay_error *err)
{
    const assay_evaluation *evaluation = r->resampling->evaluation;
    int32_t classes = evaluation->predictions->classes;
    int threads = r->resampling->workers;
    memset(r->states, 0, (size_t)(groups * GROUP) * r->state_bytes);
    for (int32_t c = 0; c < classes; c++) {
        ASSAY_TRY(rank_class(&r->ranking, evaluation, c, true, items, keys, err));
        if (r->real != NULL) {
            real_weights(r->real, evaluation, &r->ranking, ASSAY_WEIGHT_REAL);
            r->ranking.real = r->real;
        }
        ASSAY_TRY(assay_parallel(groups, threads, class_task, r, evaluation->cancel, err));
    }
    return assay_parallel(groups, threads, note_task, r, evaluation->cancel, err);
}

assay_status assay_bootstrap_ranked(const assay_resampling *resampling, assay_error *err)
{
    const assay_evaluation *evaluation = resampling->evaluation;
    assay_status status = ASSAY_OK;
    assay_sort_item *items = NULL;
    uint64_t *keys = NULL;
    replicates r = {.resampling = resampling};
    int64_t groups = (evaluation->replicates + GROUP - 1) / GROUP;
    size_t n = (size_t)evaluation->n;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        r.state_bytes += is_ranked(job) && job->resample ? aligned(job->state_size) : 0;
    }
    size_t group_bytes = r.state_bytes > 0 ? r.state_bytes * GROUP : 1;
    int64_t batch = (int64_t)(states_bytes / group_bytes);
    batch = batch < 1 ? 1 : (batch < groups ? batch : groups);
    items = assay_alloc_raw(n, 2 * sizeof *items);
    keys = assay_alloc_raw(n, sizeof *keys);
    r.weights = assay_alloc_raw((size_t)resampling->workers * GROUP, n);
    r.states = assay_alloc_raw((size_t)batch * GROUP, r.state_bytes);
    bool ok = items != NULL && keys != NULL && r.weights != NULL && r.states != NULL;
    if (evaluation->weights != NULL) {
        r.real = assay_alloc_raw(n, sizeof *r.real);
        ok = ok && r.real != NULL;
    }
    if (!ok) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (r.first_group = 0; r.first_group < groups; r.first_group += batch) {
        int64_t left = groups - r.first_group;
        ASSAY_GOTO(resample_batch(&r, items, keys, left < batch ? left : batch, err), done);
    }
done:
    assay_free(items);
    assay_free(keys);
    assay_free(r.weights);
    assay_free(r.real);
    assay_free(r.states);
    return status;
}
