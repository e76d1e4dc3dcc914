/* Poisson bootstrap (Chamandy, Muralidharan, Najmi, Naidu 2012): in each replicate every row counts
 * Poisson(1) times. The weight of a row depends on (seed, row of the dataset, replicate) alone. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "core/evaluate_internal.h"

enum {
    GROUP = ASSAY_BOOTSTRAP_GROUP, /* replicates of one parallel task over terms and cells */
    QUADS = GROUP / 4,
    BATCH = 64 /* rows whose weights are drawn at once */
};

typedef assay_resampling resampling;

assay_status assay_bootstrap_note(const resampling *r, const assay_job *job, const void *state,
                                  int64_t replicate, int worker, assay_error *err)
{
    const assay_evaluation *evaluation = r->evaluation;
    assay_rows shape = assay_evaluation_shape(evaluation, ASSAY_WEIGHT_REAL);
    assay_result result;
    assay_arena_reset(r->scratch[worker]);
    assay_result_init(&result, r->scratch[worker]);
    ASSAY_TRY(job->metric->finish(&result, state, job->params, &shape, err));
    if (result.n_measures != job->n_measures) {
        return assay_fail(err, ASSAY_EINTERNAL, "%s: the number of measures depends on the data",
                          job->args->op->name);
    }
    for (int64_t m = 0; m < job->n_measures; m++) {
        if (job->column[m] >= 0) {
            const assay_measure *measure = &result.measures[m];
            int defined = measure->outcome == ASSAY_OUTCOME_VALUE && isfinite(measure->value);
            r->matrix[job->column[m] * evaluation->replicates + replicate] =
                defined ? measure->value + 0.0 : NAN;
        }
    }
    return ASSAY_OK;
}

/* ---- terms: weighted sums, all replicates of a group side by side ---- */

/* One bin's running sums of a block for every replicate of the group, in the order of their drawing. */
typedef struct lane_sums {
    double weight[GROUP];
    double squares[GROUP]; /* of weighted data */
    double sum[ASSAY_METRIC_VALUES][GROUP];
} lane_sums;

/* Lanes do not touch each other, so wider registers leave the bits as they are. */
#define DEFINE_ADD(name, attribute)                                                                \
    attribute static void name(lane_sums *restrict to, const double *restrict copies,              \
                               double weight, int weighted, int values, const double row[2])       \
    {                                                                                              \
        double a = row[0], b = row[1];                                                             \
        for (int r = 0; !weighted && r < GROUP; r++) {                                             \
            to->weight[r] += copies[r];                                                            \
            to->sum[0][r] += copies[r] * a;                                                        \
        }                                                                                          \
        for (int r = 0; !weighted && values > 1 && r < GROUP; r++) {                               \
            to->sum[1][r] += copies[r] * b;                                                        \
        }                                                                                          \
        for (int r = 0; weighted && r < GROUP; r++) {                                              \
            to->squares[r] += copies[r] * (weight * weight);                                       \
            to->weight[r] += copies[r] * weight;                                                   \
            to->sum[0][r] += copies[r] * weight * a;                                               \
            to->sum[1][r] += copies[r] * weight * b;                                               \
        }                                                                                          \
    }

#define DEFINE_WIDEN(name, attribute)                                                              \
    attribute static void name(double *restrict copies, const uint8_t *restrict drawn)             \
    {                                                                                              \
        for (int k = 0; k < BATCH * GROUP; k++) {                                                  \
            copies[k] = (double)drawn[k];                                                          \
        }                                                                                          \
    }

#define ANY_PROCESSOR
DEFINE_ADD(add_plain, ANY_PROCESSOR)
DEFINE_WIDEN(widen_plain, ANY_PROCESSOR)
#if defined(__x86_64__)
DEFINE_ADD(add_avx2, __attribute__((target("avx2"))))
DEFINE_WIDEN(widen_avx2, __attribute__((target("avx2"))))
DEFINE_ADD(add_avx512, __attribute__((target("avx512f"))))
DEFINE_WIDEN(widen_avx512, __attribute__((target("avx512f"))))
#endif

typedef void widen_fn(double *restrict copies, const uint8_t *restrict drawn);

typedef void add_fn(lane_sums *restrict to, const double *restrict copies, double weight,
                    int weighted, int values, const double row[2]);

static add_fn *fastest_add(widen_fn **widen)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        *widen = widen_avx512;
        return add_avx512;
    }
    if (__builtin_cpu_supports("avx2")) {
        *widen = widen_avx2;
        return add_avx2;
    }
#endif
    *widen = widen_plain;
    return add_plain;
}

typedef struct term_work {
    lane_sums *sums;         /* bins */
    assay_metric_bin *state; /* GROUP x bins */
} term_work;

static void flush_sums(term_work *work, const assay_job *job)
{
    for (int32_t b = 0; b < job->bins; b++) {
        for (int r = 0; r < GROUP; r++) {
            assay_metric_bin *into = &work->state[(int64_t)r * job->bins + b];
            into->weight += work->sums[b].weight[r];
            into->squares += work->sums[b].squares[r];
            for (int32_t v = 0; v < job->metric->terms->values; v++) {
                assay_sum_add(&into->sum[v], work->sums[b].sum[v][r]);
            }
        }
    }
    memset(work->sums, 0, (size_t)job->bins * sizeof *work->sums);
}

static bool is_terms(const assay_job *job)
{
    return job->resample && job->path == ASSAY_PATH_TERMS;
}

static void add_rows(term_work *work, const assay_evaluation *evaluation, const assay_job *job,
                     int64_t first, int64_t n, const double *copies, add_fn *add)
{
    int values = job->metric->terms->values;
    for (int64_t i = first; i < first + n; i++, copies += GROUP) {
        double weight = assay_row_weight(evaluation, i);
        const double row[2] = {job->values[0][i], values > 1 ? job->values[1][i] : 0.0};
        if (weight > 0.0) {
            add(&work->sums[job->bin != NULL ? job->bin[i] : 0], copies, weight,
                evaluation->weights != NULL, values, row);
        }
    }
}

static assay_status new_work(term_work **out, const assay_evaluation *evaluation,
                             assay_arena *arena, assay_error *err)
{
    term_work *work = assay_arena_alloc(arena, evaluation->n_jobs, sizeof *work);
    for (size_t j = 0; work != NULL && j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        if (is_terms(job)) {
            size_t bins = (size_t)job->bins;
            work[j].sums = assay_arena_alloc(arena, bins, sizeof *work[j].sums);
            work[j].state = assay_arena_alloc(arena, bins * GROUP, sizeof *work[j].state);
            if (work[j].sums == NULL || work[j].state == NULL) {
                return assay_fail_memory(err);
            }
        }
    }
    *out = work;
    return work != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_bootstrap_terms(const resampling *r, const uint8_t *drawn, int64_t group,
                                   int worker, assay_error *err)
{
    const assay_evaluation *evaluation = r->evaluation;
    term_work *work = NULL;
    assay_arena_reset(r->arenas[worker]);
    ASSAY_TRY(new_work(&work, evaluation, r->arenas[worker], err));
    uint8_t batch[BATCH * GROUP] = {0};
    double copies[BATCH * GROUP];
    widen_fn *widen = NULL;
    add_fn *add = fastest_add(&widen);
    _Static_assert(ASSAY_BLOCK_ROWS % BATCH == 0, "a block ends with a batch");
    for (int64_t first = 0; first < evaluation->n; first += BATCH) {
        int64_t left = evaluation->n - first, n = left < BATCH ? left : BATCH;
        bool last = (first + BATCH) % ASSAY_BLOCK_ROWS == 0 || left <= BATCH;
        if (drawn == NULL) {
            assay_bootstrap_draw(batch, evaluation, first, n, group);
        } else {
            memcpy(batch, drawn + first * GROUP, (size_t)(n * GROUP));
        }
        widen(copies, batch);
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            if (is_terms(&evaluation->jobs[j])) {
                add_rows(&work[j], evaluation, &evaluation->jobs[j], first, n, copies, add);
                if (last) {
                    flush_sums(&work[j], &evaluation->jobs[j]);
                }
            }
        }
    }
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        for (int64_t k = 0; is_terms(job) && k < GROUP; k++) {
            int64_t replicate = group * GROUP + assay_bootstrap_place((int)k);
            if (replicate < evaluation->replicates) {
                ASSAY_TRY(assay_bootstrap_note(r, job, &work[j].state[k * job->bins], replicate,
                                               worker, err));
            }
        }
    }
    return ASSAY_OK;
}

static assay_status terms_task(void *payload, int64_t group, int worker, assay_error *err)
{
    return assay_bootstrap_terms(payload, NULL, group, worker, err);
}

/* ---- cells: the sum of c Poisson(1) weights is Poisson(c) ---- */

static void cell_weights(double *out, const assay_cell_rows *cells, uint64_t seed,
                         uint32_t operation, int64_t replicate)
{
    enum { STREAMS = ASSAY_RNG_STREAMS };
    for (int64_t first = 0; first < cells->n; first += STREAMS) {
        int64_t n = cells->n - first < STREAMS ? cells->n - first : STREAMS;
        uint64_t datum[STREAMS] = {0};
        assay_rng rng[STREAMS];
        for (int64_t i = 0; i < n; i++) {
            datum[i] = (uint64_t)replicate << 36 | (uint64_t)cells->id[first + i];
        }
        assay_rng_streams(rng, seed, operation, datum);
        for (int64_t i = 0; i < n; i++) {
            int64_t weight = assay_rng_poisson_of(&rng[i], &cells->poisson[first + i]);
            out[first + i] = weight < INT32_MAX ? (double)weight : (double)INT32_MAX;
        }
    }
}

static assay_rows rows_of_cells(const assay_cell_rows *cells, const assay_evaluation *evaluation,
                                const double *weight)
{
    return (assay_rows){.n = cells->n,
                        .classes = evaluation->predictions->classes,
                        .class_names = evaluation->predictions->class_names,
                        .target = cells->target,
                        .label = cells->label,
                        .rank = cells->rank,
                        .weight = weight};
}

static bool is_cells(const assay_job *job, assay_metric_cells kind)
{
    return job->resample && job->path == ASSAY_PATH_CELLS && job->metric->cells == kind;
}

static assay_status resample_cells(const resampling *r, assay_metric_cells kind, int64_t replicate,
                                   int worker, assay_error *err)
{
    const assay_evaluation *evaluation = r->evaluation;
    const assay_cell_rows *cells =
        kind == ASSAY_CELLS_CONFUSION ? &evaluation->confusion_cells : &evaluation->rank_cells;
    bool wanted = false;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        wanted = wanted || is_cells(&evaluation->jobs[j], kind);
    }
    if (!wanted) {
        return ASSAY_OK;
    }
    assay_arena *arena = r->arenas[worker];
    assay_arena_reset(arena);
    double *weights = assay_arena_alloc(arena, (size_t)cells->n, sizeof *weights);
    if (weights == NULL) {
        return assay_fail_memory(err);
    }
    uint32_t operation = assay_rng_operation(kind == ASSAY_CELLS_CONFUSION ? "bootstrap/confusion"
                                                                           : "bootstrap/rank");
    cell_weights(weights, cells, evaluation->seed, operation, replicate);
    assay_rows rows = rows_of_cells(cells, evaluation, weights);
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        if (is_cells(job, kind)) {
            void *state = assay_arena_alloc(arena, 1, job->state_size);
            if (state == NULL) {
                return assay_fail_memory(err);
            }
            assay_arena_reset(r->scratch[worker]);
            ASSAY_TRY(job->metric->block(state, job->params, &rows, r->scratch[worker], err));
            ASSAY_TRY(assay_bootstrap_note(r, job, state, replicate, worker, err));
        }
    }
    return ASSAY_OK;
}

static assay_status cells_task(void *payload, int64_t group, int worker, assay_error *err)
{
    const resampling *r = payload;
    for (int64_t k = 0; k < GROUP; k++) {
        int64_t replicate = group * GROUP + k;
        if (replicate < r->evaluation->replicates) {
            ASSAY_TRY(resample_cells(r, ASSAY_CELLS_CONFUSION, replicate, worker, err));
            ASSAY_TRY(resample_cells(r, ASSAY_CELLS_RANK, replicate, worker, err));
        }
    }
    return ASSAY_OK;
}

/* ---- sorted and blocks: the metric itself on weighted rows, four replicates at a time ---- */

static bool is_rows(const assay_job *job, assay_path path)
{
    return job->resample && job->path == path && !job->alike;
}

static bool any_job(const assay_evaluation *evaluation, assay_path path)
{
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        if (is_rows(&evaluation->jobs[j], path)) {
            return true;
        }
    }
    return false;
}

static bool any_alike(const assay_evaluation *evaluation)
{
    bool any = false;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        any = any || evaluation->jobs[j].alike;
    }
    return any;
}

/* Of replicate k of the quad, row i at [k * n + i]. */
typedef struct quad_space {
    double *weights;
    double *copies; /* of weighted data, else NULL */
} quad_space;

static assay_status new_quad_space(quad_space *out, const assay_evaluation *evaluation,
                                   assay_arena *arena, int64_t n, assay_error *err)
{
    *out = (quad_space){.weights = assay_arena_alloc(arena, (size_t)n * 4, sizeof(double))};
    if (evaluation->weights != NULL) {
        out->copies = assay_arena_alloc(arena, (size_t)n * 4, sizeof(double));
    }
    return out->weights == NULL || (evaluation->weights != NULL && out->copies == NULL)
               ? assay_fail_memory(err)
               : ASSAY_OK;
}

static void quad_weights(const quad_space *space, const assay_evaluation *evaluation,
                         const int64_t *order, int64_t first, int64_t n, int64_t quad)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t row = order != NULL ? order[first + i] : first + i;
        int32_t four[4];
        assay_bootstrap_four(four, evaluation, row, (uint32_t)quad);
        for (int64_t k = 0; k < 4; k++) {
            space->weights[k * n + i] = (double)four[k];
        }
        if (space->copies != NULL) {
            double weight = assay_row_weight(evaluation, row);
            for (int64_t k = 0; k < 4; k++) {
                space->copies[k * n + i] = (double)four[k];
                space->weights[k * n + i] *= weight;
            }
        }
    }
}

static void use_quad(assay_rows *rows, const quad_space *space, int64_t k, int64_t n)
{
    rows->weight = space->weights + k * n;
    rows->copies = space->copies != NULL ? space->copies + k * n : NULL;
}

static assay_status sorted_quad(const resampling *r, int64_t quad, int worker, assay_error *err)
{
    const assay_evaluation *evaluation = r->evaluation;
    assay_arena *arena = r->arenas[worker];
    int64_t n = evaluation->n;
    quad_space space;
    ASSAY_TRY(new_quad_space(&space, evaluation, arena, n, err));
    quad_weights(&space, evaluation, evaluation->sorted_order, 0, n, quad);
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        if (!is_rows(job, ASSAY_PATH_SORTED)) {
            continue;
        }
        void *state = assay_arena_alloc(arena, 1, job->state_size);
        if (state == NULL) {
            return assay_fail_memory(err);
        }
        for (int64_t k = 0; k < 4 && quad * 4 + k < evaluation->replicates; k++) {
            assay_rows rows = evaluation->sorted;
            use_quad(&rows, &space, k, n);
            memset(state, 0, job->state_size);
            assay_arena_reset(r->scratch[worker]);
            ASSAY_TRY(job->metric->block(state, job->params, &rows, r->scratch[worker], err));
            ASSAY_TRY(assay_bootstrap_note(r, job, state, quad * 4 + k, worker, err));
        }
    }
    return ASSAY_OK;
}

static assay_status block_of_quad(const resampling *r, char *const *states, const assay_rows *block,
                                  const quad_space *space, int worker, assay_error *err)
{
    const assay_evaluation *evaluation = r->evaluation;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        for (int64_t k = 0; is_rows(job, ASSAY_PATH_BLOCKS) && k < 4; k++) {
            assay_rows rows = *block;
            use_quad(&rows, space, k, block->n);
            assay_arena_reset(r->scratch[worker]);
            ASSAY_TRY(job->metric->block(states[j] + (size_t)k * job->state_size, job->params,
                                         &rows, r->scratch[worker], err));
        }
    }
    return ASSAY_OK;
}

static assay_status blocks_quad(const resampling *r, int64_t quad, int worker, assay_error *err)
{
    const assay_evaluation *evaluation = r->evaluation;
    assay_arena *arena = r->arenas[worker];
    assay_block_space *space = NULL;
    quad_space drawn;
    ASSAY_TRY(new_quad_space(&drawn, evaluation, arena, ASSAY_BLOCK_ROWS, err));
    char **states = assay_arena_alloc(arena, evaluation->n_jobs, sizeof *states);
    if (states == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        if (is_rows(job, ASSAY_PATH_BLOCKS)) {
            states[j] = assay_arena_alloc(arena, 4, job->state_size);
            if (states[j] == NULL) {
                return assay_fail_memory(err);
            }
        }
    }
    ASSAY_TRY(assay_block_space_new(&space, evaluation, arena, evaluation->needs, err));
    for (int64_t first = 0; first < evaluation->n; first += ASSAY_BLOCK_ROWS) {
        int64_t n = evaluation->n - first;
        n = n < ASSAY_BLOCK_ROWS ? n : ASSAY_BLOCK_ROWS;
        assay_rows rows;
        ASSAY_TRY(assay_block_derive(&rows, space, evaluation, first, n, evaluation->needs, err));
        quad_weights(&drawn, evaluation, NULL, first, n, quad);
        ASSAY_TRY(block_of_quad(r, states, &rows, &drawn, worker, err));
    }
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        for (int64_t k = 0; is_rows(job, ASSAY_PATH_BLOCKS) && k < 4; k++) {
            if (quad * 4 + k < evaluation->replicates) {
                ASSAY_TRY(assay_bootstrap_note(r, job, states[j] + (size_t)k * job->state_size,
                                               quad * 4 + k, worker, err));
            }
        }
    }
    return ASSAY_OK;
}

static assay_status sorted_task(void *payload, int64_t quad, int worker, assay_error *err)
{
    const resampling *r = payload;
    assay_arena_reset(r->arenas[worker]);
    return sorted_quad(r, quad, worker, err);
}

static assay_status blocks_task(void *payload, int64_t quad, int worker, assay_error *err)
{
    const resampling *r = payload;
    assay_arena_reset(r->arenas[worker]);
    return blocks_quad(r, quad, worker, err);
}

assay_status assay_bootstrap(double *matrix, const assay_evaluation *evaluation, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t groups = (evaluation->replicates + GROUP - 1) / GROUP;
    int64_t quads = (evaluation->replicates + 3) / 4;
    resampling r = {.evaluation = evaluation, .matrix = matrix};
    r.workers = assay_parallel_workers(quads, evaluation->threads);
    r.arenas = assay_arena_alloc(evaluation->arena, (size_t)r.workers, sizeof *r.arenas);
    r.scratch = assay_arena_alloc(evaluation->arena, (size_t)r.workers, sizeof *r.scratch);
    if (r.arenas == NULL || r.scratch == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < r.workers; w++) {
        ASSAY_GOTO(assay_arena_new(&r.arenas[w], (size_t)16 << 30, err), done);
        ASSAY_GOTO(assay_arena_new(&r.scratch[w], (size_t)16 << 30, err), done);
    }
    int threads = evaluation->threads;
    const assay_cancel *cancel = evaluation->cancel;
    if (any_job(evaluation, ASSAY_PATH_CELLS)) {
        ASSAY_GOTO(assay_parallel(groups, threads, cells_task, &r, cancel, err), done);
    }
    if (any_job(evaluation, ASSAY_PATH_TERMS) && !assay_any_lanes(evaluation)) {
        ASSAY_GOTO(assay_parallel(groups, threads, terms_task, &r, cancel, err), done);
    }
    if (any_job(evaluation, ASSAY_PATH_SORTED)) {
        ASSAY_GOTO(assay_parallel(quads, threads, sorted_task, &r, cancel, err), done);
    }
    if (any_job(evaluation, ASSAY_PATH_BLOCKS)) {
        ASSAY_GOTO(assay_parallel(quads, threads, blocks_task, &r, cancel, err), done);
    }
    if (any_alike(evaluation)) {
        ASSAY_GOTO(assay_parallel(groups, threads, assay_bootstrap_alike, &r, cancel, err), done);
    }
    if (any_job(evaluation, ASSAY_PATH_RANKED)) {
        ASSAY_GOTO(assay_bootstrap_ranked(&r, err), done);
    }
done:
    for (int w = 0; w < r.workers; w++) {
        assay_arena_free(r.arenas[w]);
        assay_arena_free(r.scratch[w]);
    }
    return status;
}
