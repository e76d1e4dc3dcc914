/* Replicates of ranked metrics that take a group of them side by side: the copies of all rows are drawn
 * once for all classes, and each class reads them in its own order. */
#include "base/alloc.h"
#include "core/evaluate_order.h"

enum { GROUP = ASSAY_BOOTSTRAP_GROUP };
_Static_assert((int)GROUP == (int)ASSAY_RANKING_LANES, "a group is drawn as it is read");

static const int64_t most_places = (int64_t)1 << 27; /* so that 12 copies of each can be counted */
static const int64_t pack_bytes = (int64_t)1 << 30;  /* of the orders in memory at a time */
static const int64_t item_bytes = (int64_t)2 << 30;  /* of what they are made in */

typedef struct pack {
    const assay_lane_batch *batch;
    int32_t first, n, most;       /* rankings */
    assay_ranking_lanes *ranking; /* of each */
    uint32_t *places;             /* most_rows for each */
    assay_order_space *spaces;    /* per worker */
} pack;

bool assay_takes_lanes(const assay_evaluation *evaluation, const assay_job *job)
{
    int64_t rows = evaluation->n * (evaluation->any_micro ? evaluation->predictions->classes : 1);
    return job->path == ASSAY_PATH_RANKED && job->resample && evaluation->weights == NULL &&
           rows <= most_places && job->metric->ranked_lanes != NULL &&
           job->metric->ranked_lanes(NULL, job->params, NULL) != 0;
}

bool assay_any_lanes(const assay_evaluation *evaluation)
{
    bool any = false;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        any = any || assay_takes_lanes(evaluation, &evaluation->jobs[j]);
    }
    return any;
}

static assay_status order_task(void *payload, int64_t index, int worker, assay_error *err)
{
    const pack *p = payload;
    const assay_evaluation *evaluation = p->batch->resampling->evaluation;
    assay_ranking ranking;
    ASSAY_TRY(assay_order_any(&ranking, evaluation, p->first + (int32_t)index, true,
                              &p->spaces[worker], 1, err));
    uint32_t *places = p->places + index * p->batch->most_rows;
    for (int64_t i = 0; i < ranking.n; i++) {
        bool last = i + 1 == ranking.n ||
                    assay_ranking_key(&ranking, i + 1) != assay_ranking_key(&ranking, i);
        bool mine = assay_ranking_target(&ranking, i) == ranking.class_index;
        places[i] = (uint32_t)assay_ranking_row(&ranking, i) << 2 | (uint32_t)mine << 1 | last;
    }
    p->ranking[index] = (assay_ranking_lanes){.n = ranking.n,
                                              .class_index = ranking.class_index,
                                              .classes = ranking.classes,
                                              .pairs = ranking.pairs,
                                              .places = places};
    return ASSAY_OK;
}

static assay_status group_task(void *payload, int64_t index, int worker, assay_error *err)
{
    const pack *p = payload;
    const assay_lane_batch *batch = p->batch;
    const assay_evaluation *evaluation = batch->resampling->evaluation;
    int64_t group = batch->first_group + index;
    uint8_t *copies = batch->weights + (int64_t)worker * GROUP * batch->most_rows;
    assay_bootstrap_draw(copies, evaluation, 0, evaluation->n, group);
    if (p->first == 0) {
        ASSAY_TRY(assay_bootstrap_terms(batch->resampling, copies, group, worker, err));
    }
    for (int32_t c = 0; c < p->n; c++) {
        assay_ranking_lanes ranking = p->ranking[c];
        size_t offset = 0;
        ranking.copies = copies;
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            void *states[GROUP] = {NULL};
            for (int k = 0; k < GROUP; k++) {
                int64_t replicate = index * GROUP + assay_bootstrap_place(k);
                if (batch->first_group * GROUP + replicate < evaluation->replicates) {
                    states[k] = batch->states + (size_t)replicate * batch->state_bytes + offset;
                }
            }
            if (assay_takes_lanes(evaluation, job) && (!ranking.pairs || job->metric->micro)) {
                (void)job->metric->ranked_lanes(states, job->params, &ranking);
            }
            offset += job->path == ASSAY_PATH_RANKED && job->resample
                          ? (job->state_size + 63) / 64 * 64
                          : 0;
        }
    }
    return ASSAY_OK;
}

static assay_status take_packs(pack *p, int workers, assay_error *err)
{
    const assay_lane_batch *batch = p->batch;
    const assay_evaluation *evaluation = batch->resampling->evaluation;
    for (p->first = 0; p->first < batch->rankings; p->first += p->most) {
        int32_t left = batch->rankings - p->first;
        p->n = left < p->most ? left : p->most;
        ASSAY_TRY(assay_parallel(p->n, workers, order_task, p, evaluation->cancel, err));
        ASSAY_TRY(assay_parallel(batch->groups, batch->resampling->workers, group_task, p,
                                 evaluation->cancel, err));
    }
    return ASSAY_OK;
}

assay_status assay_bootstrap_lanes(const assay_lane_batch *batch, assay_error *err)
{
    const assay_evaluation *evaluation = batch->resampling->evaluation;
    assay_status status = ASSAY_OK;
    if (!assay_any_lanes(evaluation)) {
        return ASSAY_OK;
    }
    int64_t rows = batch->most_rows > 0 ? batch->most_rows : 1;
    int64_t most = pack_bytes / (rows * (int64_t)sizeof(uint32_t));
    most = most < 1 ? 1 : most < batch->rankings ? most : batch->rankings;
    int64_t spaces = item_bytes / (rows * 2 * (int64_t)sizeof(assay_sort_item));
    int workers = assay_parallel_workers(most, evaluation->threads);
    workers = spaces < 1 ? 1 : spaces < workers ? (int)spaces : workers;
    pack p = {.batch = batch, .most = (int32_t)most};
    p.ranking = assay_alloc((size_t)most, sizeof *p.ranking);
    p.places = assay_alloc_raw((size_t)(most * rows), sizeof *p.places);
    p.spaces = assay_alloc((size_t)workers, sizeof *p.spaces);
    if (p.ranking == NULL || p.places == NULL || p.spaces == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    status = take_packs(&p, workers, err);
done:
    for (int k = 0; k < workers && p.spaces != NULL; k++) {
        assay_order_space_dispose(&p.spaces[k]);
    }
    assay_free(p.ranking);
    assay_free(p.places);
    assay_free(p.spaces);
    return status;
}
