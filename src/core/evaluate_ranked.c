/* Metrics that see all rows by descending score of one class after the other: their states and their
 * resampling. The order of a class is sorted once and shared by all such metrics and replicates. */
#include <string.h>

#include "base/alloc.h"
#include "core/evaluate_order.h"

enum { GROUP = ASSAY_BOOTSTRAP_GROUP };

static const int64_t ranking_bytes = (int64_t)2 << 30; /* of the rankings in memory at a time */
static const size_t states_bytes = (size_t)512 << 20;  /* of the replicates' states */

/* ---- states ---- */

static bool is_ranked(const assay_job *job)
{
    return job->path == ASSAY_PATH_RANKED;
}

/* Its replicates are taken one by one. */
static bool is_single(const assay_evaluation *evaluation, const assay_job *job)
{
    return is_ranked(job) && job->resample && !assay_takes_lanes(evaluation, job);
}

static bool of_sets(const assay_evaluation *evaluation)
{
    return evaluation->predictions->task == ASSAY_TASK_MULTILABEL;
}

/* The job looks at this class, or at all pairs of row and class. */
static bool takes(const assay_job *job, const assay_ranking *ranking)
{
    return is_ranked(job) && (!ranking->pairs || job->metric->micro);
}

/* Rankings to make, and the rows of the longest. */
static int32_t rankings(const assay_evaluation *evaluation)
{
    return evaluation->predictions->classes + (int32_t)evaluation->any_micro;
}

static int64_t most_rows(const assay_evaluation *evaluation)
{
    return evaluation->n * (evaluation->any_micro ? evaluation->predictions->classes : 1);
}

assay_status assay_order_any(assay_ranking *out, const assay_evaluation *evaluation,
                             int32_t class_index, bool tell_rows, assay_order_space *space,
                             int threads, assay_error *err)
{
    return of_sets(evaluation)
               ? assay_order_sets(out, evaluation, class_index, tell_rows, space, threads, err)
               : assay_order_class(out, evaluation, class_index, tell_rows, space, threads, err);
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
        out[i] =
            assay_weight_of_kind(assay_row_weight(evaluation, assay_ranking_row(ranking, i)), kind);
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
    assay_order_space *spaces; /* one per worker, or per class of two */
    double *real;              /* weighted data: n per worker */
    assay_ranking pair[2];
} ranked_pass;

static assay_status ranked_task(void *payload, int64_t class_index, int worker, assay_error *err)
{
    const ranked_pass *pass = payload;
    const assay_evaluation *evaluation = pass->evaluation;
    assay_ranking ranking;
    ASSAY_TRY(assay_order_any(&ranking, evaluation, (int32_t)class_index,
                              evaluation->weights != NULL, &pass->spaces[worker], 1, err));
    for (int kind = 0; kind < evaluation->kinds; kind++) {
        if (pass->real != NULL) {
            double *real = pass->real + most_rows(evaluation) * worker;
            real_weights(real, evaluation, &ranking, kind);
            ranking.real = real;
            weigh(&ranking);
        }
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            if (takes(job, &ranking)) {
                job->metric->ranked(assay_job_state(job, kind), job->params, &ranking);
                ASSAY_TRY(assay_rates_keep(job, &ranking, err));
            }
        }
    }
    return ASSAY_OK;
}

/* One metric on one of at most two classes. */
static assay_status pair_task(void *payload, int64_t index, int worker, assay_error *err)
{
    const ranked_pass *pass = payload;
    int32_t classes = pass->evaluation->predictions->classes;
    const assay_job *job = &pass->evaluation->jobs[index / classes];
    (void)worker;
    if (!is_ranked(job)) {
        return ASSAY_OK;
    }
    job->metric->ranked(assay_job_state(job, 0), job->params, &pass->pair[index % classes]);
    return assay_rates_keep(job, &pass->pair[index % classes], err);
}

static assay_status rank_classes(ranked_pass *pass, int workers, assay_error *err)
{
    const assay_evaluation *evaluation = pass->evaluation;
    int32_t classes = evaluation->predictions->classes;
    int threads = evaluation->threads;
    if (classes > 2 || evaluation->weights != NULL || of_sets(evaluation)) {
        return assay_parallel(rankings(evaluation), workers, ranked_task, pass, evaluation->cancel,
                              err);
    }
    if (classes == 2) {
        ASSAY_TRY(assay_order_pair(pass->pair, evaluation, pass->spaces, threads, err));
    } else {
        ASSAY_TRY(
            assay_order_class(&pass->pair[0], evaluation, 0, false, pass->spaces, threads, err));
    }
    return assay_parallel((int64_t)evaluation->n_jobs * classes, threads, pair_task, pass,
                          evaluation->cancel, err);
}

assay_status assay_evaluate_ranked(assay_evaluation *evaluation, assay_error *err)
{
    if (!evaluation->any_ranked || evaluation->n == 0) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    ranked_pass pass = {.evaluation = evaluation};
    int32_t classes = evaluation->predictions->classes;
    int64_t each = most_rows(evaluation) * 2 * (int64_t)sizeof *pass.spaces->items;
    int workers = assay_parallel_workers(rankings(evaluation), evaluation->threads);
    int64_t most = ranking_bytes / each;
    workers = workers > most ? (most > 1 ? (int)most : 1) : workers;
    size_t spaces = classes == 2 && workers < 2 ? 2 : (size_t)workers;
    pass.spaces = assay_alloc(spaces, sizeof *pass.spaces);
    if (pass.spaces == NULL) {
        return assay_fail_memory(err);
    }
    if (evaluation->weights != NULL) {
        pass.real =
            assay_alloc_raw((size_t)workers, (size_t)most_rows(evaluation) * sizeof *pass.real);
        if (pass.real == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    ASSAY_GOTO(rank_classes(&pass, workers, err), done);
done:
    for (size_t k = 0; k < spaces; k++) {
        assay_order_space_dispose(&pass.spaces[k]);
    }
    assay_free(pass.spaces);
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
            assay_bootstrap_group(block[i], evaluation, assay_ranking_row(ranking, first + i),
                                  group);
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
    int64_t n = r->ranking.n;
    uint8_t *weights = r->weights + (int64_t)worker * GROUP * most_rows(evaluation);
    (void)err;
    draw_weights(weights, evaluation, &r->ranking, group);
    for (int64_t k = 0; k < GROUP && group * GROUP + k < evaluation->replicates; k++) {
        char *state = r->states + (size_t)(index * GROUP + k) * r->state_bytes;
        assay_ranking ranking = r->ranking;
        ranking.weight = weights + k * n;
        weigh(&ranking);
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            if (is_single(evaluation, job) && takes(job, &ranking)) {
                job->metric->ranked(state, job->params, &ranking);
            }
            state += is_ranked(job) && job->resample ? aligned(job->state_size) : 0;
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

static assay_status resample_batch(replicates *r, assay_order_space *space, int64_t groups,
                                   assay_error *err)
{
    const assay_evaluation *evaluation = r->resampling->evaluation;
    int32_t classes = rankings(evaluation);
    int threads = r->resampling->workers;
    bool any_single = false;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        any_single = any_single || is_single(evaluation, &evaluation->jobs[j]);
    }
    memset(r->states, 0, (size_t)(groups * GROUP) * r->state_bytes);
    const assay_lane_batch batch = {.resampling = r->resampling,
                                    .weights = r->weights,
                                    .states = r->states,
                                    .state_bytes = r->state_bytes,
                                    .first_group = r->first_group,
                                    .groups = groups,
                                    .rankings = classes,
                                    .most_rows = most_rows(evaluation)};
    ASSAY_TRY(assay_bootstrap_lanes(&batch, err));
    for (int32_t c = 0; c < classes && any_single; c++) {
        ASSAY_TRY(assay_order_any(&r->ranking, evaluation, c, true, space, threads, err));
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
    assay_order_space space = {0};
    replicates r = {.resampling = resampling};
    int64_t groups = (evaluation->replicates + GROUP - 1) / GROUP;
    size_t n = (size_t)most_rows(evaluation);
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        r.state_bytes += is_ranked(job) && job->resample ? aligned(job->state_size) : 0;
    }
    size_t group_bytes = r.state_bytes > 0 ? r.state_bytes * GROUP : 1;
    int64_t batch = (int64_t)(states_bytes / group_bytes);
    batch = batch < 1 ? 1 : (batch < groups ? batch : groups);
    r.weights = assay_alloc_raw((size_t)resampling->workers * GROUP, n);
    r.states = assay_alloc_raw((size_t)batch * GROUP, r.state_bytes);
    bool ok = r.weights != NULL && r.states != NULL;
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
        ASSAY_GOTO(resample_batch(&r, &space, left < batch ? left : batch, err), done);
    }
done:
    assay_order_space_dispose(&space);
    assay_free(r.weights);
    assay_free(r.real);
    assay_free(r.states);
    return status;
}
