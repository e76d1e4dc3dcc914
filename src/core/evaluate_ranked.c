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

static double score_of(const assay_predictions *p, int64_t at)
{
    if (p->task == ASSAY_TASK_REGRESSION) {
        return fabs(p->truth[at] - p->value[at]);
    }
    return p->scores_f32 != NULL ? (double)p->scores_f32[at] : p->scores_f64[at];
}

/* Fill and sort; items holds 2 n elements. */
static assay_status rank_class(assay_ranking *out, const assay_evaluation *evaluation,
                               int32_t class_index, assay_sort_item *items, assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    int64_t n = evaluation->n;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = assay_selected_row(evaluation, i);
        double score = score_of(p, row * p->classes + class_index);
        if (isnan(score)) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "predictions: row %" PRId64 "%s%s%s: a score is not a number (NaN)",
                              row + 1, p->ids != NULL ? " (" : "",
                              p->ids != NULL ? p->ids[row] : "", p->ids != NULL ? ")" : "");
        }
        items[i].key = assay_sort_key(score, 1);
        items[i].payload = (uint64_t)i << 32 | (uint32_t)p->target[row];
    }
    *out = (assay_ranking){.n = n,
                           .class_index = class_index,
                           .classes = p->classes,
                           .rows = assay_sort_items(items, items + n, n)};
    return ASSAY_OK;
}

static bool is_ranked(const assay_job *job)
{
    return job->path == ASSAY_PATH_RANKED;
}

typedef struct ranked_pass {
    const assay_evaluation *evaluation;
    assay_sort_item *items; /* 2 n per worker */
} ranked_pass;

static assay_status ranked_task(void *payload, int64_t class_index, int worker, assay_error *err)
{
    const ranked_pass *pass = payload;
    const assay_evaluation *evaluation = pass->evaluation;
    assay_ranking ranking;
    ASSAY_TRY(rank_class(&ranking, evaluation, (int32_t)class_index,
                         pass->items + 2 * evaluation->n * worker, err));
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        if (is_ranked(job)) {
            job->metric->ranked(job->state, job->params, &ranking);
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
    if (pass.items == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_parallel(classes, workers, ranked_task, &pass, evaluation->cancel, err), done);
done:
    assay_free(pass.items);
    return status;
}

/* ---- resampling ---- */

typedef struct replicates {
    const assay_resampling *resampling;
    const assay_ranking *ranking; /* of the class at hand */
    uint8_t *weights;             /* GROUP x n per worker */
    char *states;                 /* per replicate of the batch */
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
    draw_weights(weights, evaluation, r->ranking, group);
    for (int64_t k = 0; k < GROUP && group * GROUP + k < evaluation->replicates; k++) {
        char *state = r->states + (size_t)(index * GROUP + k) * r->state_bytes;
        assay_ranking ranking = *r->ranking;
        ranking.weight = weights + k * evaluation->n;
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

static assay_status resample_batch(replicates *r, assay_sort_item *items, int64_t groups,
                                   assay_error *err)
{
    const assay_evaluation *evaluation = r->resampling->evaluation;
    int32_t classes = evaluation->predictions->classes;
    int threads = r->resampling->workers;
    memset(r->states, 0, (size_t)(groups * GROUP) * r->state_bytes);
    for (int32_t c = 0; c < classes; c++) {
        assay_ranking ranking;
        ASSAY_TRY(rank_class(&ranking, evaluation, c, items, err));
        r->ranking = &ranking;
        ASSAY_TRY(assay_parallel(groups, threads, class_task, r, evaluation->cancel, err));
    }
    return assay_parallel(groups, threads, note_task, r, evaluation->cancel, err);
}

assay_status assay_bootstrap_ranked(const assay_resampling *resampling, assay_error *err)
{
    const assay_evaluation *evaluation = resampling->evaluation;
    assay_status status = ASSAY_OK;
    assay_sort_item *items = NULL;
    replicates r = {.resampling = resampling};
    int64_t groups = (evaluation->replicates + GROUP - 1) / GROUP;
    size_t n = (size_t)evaluation->n;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        r.state_bytes += is_ranked(job) && job->resample ? aligned(job->state_size) : 0;
    }
    int64_t batch = (int64_t)(states_bytes / (r.state_bytes * GROUP));
    batch = batch < 1 ? 1 : (batch < groups ? batch : groups);
    items = assay_alloc_raw(n, 2 * sizeof *items);
    r.weights = assay_alloc_raw((size_t)resampling->workers * GROUP, n);
    r.states = assay_alloc_raw((size_t)batch * GROUP, r.state_bytes);
    if (items == NULL || r.weights == NULL || r.states == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (r.first_group = 0; r.first_group < groups; r.first_group += batch) {
        int64_t left = groups - r.first_group;
        ASSAY_GOTO(resample_batch(&r, items, left < batch ? left : batch, err), done);
    }
done:
    assay_free(items);
    assay_free(r.weights);
    assay_free(r.states);
    return status;
}
