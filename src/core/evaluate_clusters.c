/* Proportions of rows that come in clusters: each metric counts every cluster by itself, and the
 * spread of the clusters' counts gives the variance. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/evaluate_internal.h"
#include "core/interval.h"

enum { CHUNK = 64 }; /* clusters of one task */

static const int64_t most_numbers = INT64_C(1) << 27; /* measures times clusters */
static const int64_t most_bytes = INT64_C(1) << 34;   /* of states, one after the other */

assay_status assay_clusters_find(assay_evaluation *evaluation, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t n = evaluation->n;
    size_t room = (size_t)n + 1;
    if (evaluation->units == NULL) {
        return ASSAY_OK;
    }
    int64_t *keys = assay_alloc(room, sizeof *keys);
    evaluation->cluster = assay_arena_alloc(evaluation->arena, room, sizeof(int64_t));
    evaluation->cluster_order = assay_arena_alloc(evaluation->arena, room, sizeof(int64_t));
    evaluation->cluster_start = assay_arena_alloc(evaluation->arena, room, sizeof(int64_t));
    if (keys == NULL || evaluation->cluster == NULL || evaluation->cluster_order == NULL ||
        evaluation->cluster_start == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        keys[i] = evaluation->units[assay_selected_row(evaluation, i)];
    }
    int64_t *order = evaluation->cluster_order;
    ASSAY_GOTO(assay_sort_order_i64(order, keys, n, err), done);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || keys[order[i]] != keys[order[i - 1]]) {
            evaluation->cluster_start[evaluation->clusters++] = i;
        }
        evaluation->cluster[order[i]] = evaluation->clusters - 1;
    }
    evaluation->cluster_start[evaluation->clusters] = n;
done:
    assay_free(keys);
    return status;
}

typedef struct counting {
    assay_evaluation by_cluster; /* the rows one cluster after the other */
    const assay_job *job;
    int64_t *which; /* measures of the job that are proportions */
    int64_t n_which;
    double *hits, *weight;      /* n_which x clusters */
    assay_block_space **spaces; /* per worker */
    assay_arena **scratch;
    void **states;
} counting;

static assay_status count_cluster(counting *c, int64_t cluster, int worker, assay_error *err)
{
    const assay_evaluation *e = &c->by_cluster;
    const assay_job *job = c->job;
    assay_arena *scratch = c->scratch[worker];
    int64_t end = e->cluster_start[cluster + 1];
    assay_result result;
    assay_rows rows;
    memset(c->states[worker], 0, job->state_size);
    for (int64_t first = e->cluster_start[cluster]; first < end; first += rows.n) {
        int64_t n = end - first < ASSAY_BLOCK_ROWS ? end - first : ASSAY_BLOCK_ROWS;
        ASSAY_TRY(
            assay_block_derive(&rows, c->spaces[worker], e, first, n, job->args->op->needs, err));
        assay_arena_reset(scratch);
        ASSAY_TRY(job->metric->block(c->states[worker], job->params, &rows, scratch, err));
    }
    assay_arena_reset(scratch);
    assay_result_init(&result, scratch);
    assay_rows shape = assay_evaluation_shape(e, ASSAY_WEIGHT_REAL);
    shape.n = end - e->cluster_start[cluster];
    ASSAY_TRY(job->metric->finish(&result, c->states[worker], job->params, &shape, err));
    for (int64_t k = 0; k < c->n_which; k++) {
        const assay_measure *m = &result.measures[c->which[k]];
        c->hits[k * e->clusters + cluster] = m->hits / e->mean_weight[ASSAY_WEIGHT_REAL];
        c->weight[k * e->clusters + cluster] = m->weight / e->mean_weight[ASSAY_WEIGHT_REAL];
    }
    return ASSAY_OK;
}

static assay_status count_task(void *payload, int64_t block, int worker, assay_error *err)
{
    counting *c = payload;
    int64_t end = (block + 1) * CHUNK;
    for (int64_t k = block * CHUNK; k < end && k < c->by_cluster.clusters; k++) {
        ASSAY_TRY(count_cluster(c, k, worker, err));
    }
    return ASSAY_OK;
}

/* What bounds a proportion of dependent rows. */
typedef struct dependent {
    assay_cluster_estimate estimate;
    const assay_args *interval; /* NULL = Korn and Graubard's */
} dependent;

static assay_status dependent_bounds(double *low, double *high, const void *evidence,
                                     double alpha_low, double alpha_high, assay_error *err)
{
    const dependent *d = evidence;
    if (d->interval == NULL) {
        return assay_korn_graubard(low, high, &d->estimate, alpha_low, alpha_high, err);
    }
    return d->interval->op->interval->clustered(low, high, &d->estimate, alpha_low, alpha_high,
                                                d->interval->params, err);
}

static assay_status put_bounds(assay_measure *measure, counting *c, int64_t k,
                               const assay_args *interval, assay_arena *arena, assay_error *err)
{
    int64_t clusters = c->by_cluster.clusters, used = 0;
    double *hits = c->hits + k * clusters;
    double *weight = c->weight + k * clusters;
    for (int64_t i = 0; i < clusters; i++) {
        if (weight[i] > 0.0) { /* the others hold nothing that the proportion speaks of */
            hits[used] = hits[i];
            weight[used++] = weight[i];
        }
    }
    if (used < 2) {
        measure->clusters = used;
        measure->no_interval = "none: all of its rows are in one cluster";
        return ASSAY_OK;
    }
    dependent *d = assay_arena_alloc(arena, 1, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_cluster_ratio(&d->estimate, hits, weight, used, err));
    d->estimate.value = fmin(fmax(d->estimate.value, 0.0), 1.0);
    d->interval = interval;
    measure->clusters = used;
    measure->design_effect = d->estimate.deff;
    measure->effective = d->estimate.effective;
    if (interval != NULL && interval->op->interval->clustered == NULL) {
        measure->interval = interval; /* from replicates of whole clusters */
        return ASSAY_OK;
    }
    measure->bounds = dependent_bounds;
    measure->evidence = d;
    measure->bounds_name =
        assay_arena_printf(arena, "%s, %" PRId64 " clusters%s",
                           interval != NULL ? interval->op->name : "korn_graubard", used,
                           used < ASSAY_CLUSTERS_LEAST ? " (very few: take it with caution)" : "");
    return measure->bounds_name != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status counting_begin(counting *c, int workers, assay_arena *arena, assay_error *err)
{
    size_t numbers = (size_t)c->n_which * (size_t)c->by_cluster.clusters;
    c->hits = assay_arena_alloc(arena, numbers, sizeof *c->hits);
    c->weight = assay_arena_alloc(arena, numbers, sizeof *c->weight);
    c->spaces = assay_arena_alloc(arena, (size_t)workers, sizeof(void *));
    c->scratch = assay_arena_alloc(arena, (size_t)workers, sizeof(void *));
    c->states = assay_arena_alloc(arena, (size_t)workers, sizeof(void *));
    if (c->hits == NULL || c->weight == NULL || c->spaces == NULL || c->scratch == NULL ||
        c->states == NULL) {
        return assay_fail_memory(err);
    }
    for (int k = 0; k < workers; k++) {
        ASSAY_TRY(assay_arena_new(&c->scratch[k], (size_t)16 << 30, err));
        ASSAY_TRY(assay_block_space_new(&c->spaces[k], &c->by_cluster, arena,
                                        c->job->args->op->needs, err));
        c->states[k] = assay_arena_alloc(arena, 1, c->job->state_size);
        if (c->states[k] == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

/* Its measures that are proportions get their bounds; too many of them stay with the bootstrap. */
static assay_status count_job(assay_result *out, const assay_evaluation *evaluation,
                              const assay_job *job, const assay_args *interval, int64_t *rows,
                              assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t clusters = evaluation->clusters;
    counting c = {.by_cluster = *evaluation, .job = job};
    int workers = assay_parallel_workers((clusters + CHUNK - 1) / CHUNK, evaluation->threads);
    c.by_cluster.rows = rows;
    c.which = assay_arena_alloc(evaluation->arena, (size_t)job->n_measures + 1, sizeof *c.which);
    if (c.which == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t m = 0; m < job->n_measures; m++) {
        const assay_measure *measure = &out->measures[job->first_measure + m];
        if (measure->hits >= 0.0 && measure->outcome == ASSAY_OUTCOME_VALUE) {
            c.which[c.n_which++] = m;
        }
    }
    if (c.n_which == 0 || job->metric->block == NULL || job->path != ASSAY_PATH_BLOCKS ||
        c.n_which > most_numbers / clusters || (int64_t)job->state_size > most_bytes / clusters) {
        return ASSAY_OK;
    }
    ASSAY_GOTO(counting_begin(&c, workers, evaluation->arena, err), done);
    ASSAY_GOTO(assay_parallel((clusters + CHUNK - 1) / CHUNK, workers, count_task, &c,
                              evaluation->cancel, err),
               done);
    for (int64_t k = 0; k < c.n_which; k++) {
        ASSAY_GOTO(put_bounds(&out->measures[job->first_measure + c.which[k]], &c, k, interval,
                              out->arena, err),
                   done);
    }
done:
    for (int k = 0; k < workers && c.scratch != NULL; k++) {
        assay_arena_free(c.scratch[k]);
    }
    return status;
}

assay_status assay_evaluate_clusters(assay_result *out, const assay_evaluation *evaluation,
                                     const assay_args *interval, assay_error *err)
{
    if (evaluation->units == NULL || evaluation->n == 0) {
        return ASSAY_OK;
    }
    int64_t *rows = assay_arena_alloc(evaluation->arena, (size_t)evaluation->n, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < evaluation->n; i++) {
        rows[i] = assay_selected_row(evaluation, evaluation->cluster_order[i]);
    }
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        for (int64_t m = 0; m < job->n_measures; m++) {
            out->measures[job->first_measure + m].clusters = evaluation->clusters;
        }
        if (job->unmet == NULL && evaluation->resample == ASSAY_RESAMPLE_POISSON) {
            ASSAY_TRY(count_job(out, evaluation, job, interval, rows, err));
        }
    }
    return ASSAY_OK;
}

/* ---- single rows ---- */

assay_status assay_evaluate_rows(uint8_t *counts, uint8_t *success, const assay_predictions *p,
                                 const int64_t *rows, int64_t n, const assay_args *metric,
                                 int64_t measure, assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_metric *m = metric->op->metric;
    assay_evaluation e = {.predictions = p, .rows = rows, .n = n, .kinds = 1};
    assay_block_space *space = NULL;
    assay_arena *arena = NULL, *scratch = NULL;
    assay_result result;
    assay_rows row;
    if (m->block == NULL || p->weights != NULL || (metric->op->needs & ASSAY_NEEDS_GROUPS) != 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "%s is not a share of independent rows",
                          metric->op->name);
    }
    size_t bytes = m->state_size(metric->params, p->classes);
    if (n > 0 && (int64_t)bytes > most_bytes / n) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "%s: too many classes to count %" PRId64 " single rows", metric->op->name,
                          n);
    }
    e.mean_weight[0] = 1.0;
    ASSAY_GOTO(assay_arena_new(&arena, (size_t)16 << 30, err), done);
    ASSAY_GOTO(assay_arena_new(&scratch, (size_t)16 << 30, err), done);
    e.arena = arena;
    ASSAY_GOTO(assay_block_space_new(&space, &e, arena, metric->op->needs, err), done);
    void *state = assay_arena_alloc(arena, 1, bytes);
    if (state == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        memset(state, 0, bytes);
        assay_arena_reset(scratch);
        ASSAY_GOTO(assay_block_derive(&row, space, &e, i, 1, metric->op->needs, err), done);
        ASSAY_GOTO(m->block(state, metric->params, &row, scratch, err), done);
        assay_arena_reset(scratch);
        assay_result_init(&result, scratch);
        assay_rows shape = assay_evaluation_shape(&e, ASSAY_WEIGHT_REAL);
        shape.n = 1;
        ASSAY_GOTO(m->finish(&result, state, metric->params, &shape, err), done);
        if (measure >= result.n_measures) {
            status = assay_fail(err, ASSAY_EINTERNAL, "%s: no such measure", metric->op->name);
            goto done;
        }
        const assay_measure *one = &result.measures[measure];
        /* a row that the measure does not speak of leaves it undefined */
        counts[i] = one->outcome == ASSAY_OUTCOME_VALUE && one->hits >= 0.0 && one->weight > 0.0;
        success[i] = counts[i] && one->hits > 0.0;
    }
done:
    assay_arena_free(arena);
    assay_arena_free(scratch);
    return status;
}
