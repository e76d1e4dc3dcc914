/* The pass over the rows: count cells, fill states. Chunks of blocks run in parallel into slots of
 * their own; slots are merged in chunk order. */
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/evaluate_internal.h"

enum { SLOT_BYTES = 256 * 1024 * 1024 }; /* slots that are in memory at a time */

typedef struct pass {
    assay_evaluation *evaluation;
    char *slots;
    size_t slot_bytes;
    size_t confusion_offset, rank_offset;
    int64_t first_chunk;        /* of the wave */
    assay_block_space **spaces; /* per worker */
    assay_arena **scratch;      /* per worker */
    /* columns of all rows for sorted metrics, in row order */
    int32_t *target, *label, *rank;
    double *confidence, *p_target, *truth, *value;
} pass;

/* Rows of one bin are summed in row order inside the block, blocks are compensated. */
static void add_binned(assay_metric_bin *into, int32_t bins, int32_t values, const int32_t *bin,
                       double *const *value, int64_t n)
{
    for (int32_t b = 0; b < bins; b += 64) {
        int32_t count = bins - b < 64 ? bins - b : 64;
        int64_t weight[64] = {0};
        double sum[ASSAY_METRIC_VALUES][64] = {{0}};
        for (int64_t i = 0; i < n; i++) {
            int32_t at = bin[i] - b;
            if ((uint32_t)at < (uint32_t)count) {
                weight[at]++;
                sum[0][at] += value[0][i];
                if (values > 1) {
                    sum[1][at] += value[1][i];
                }
            }
        }
        for (int32_t k = 0; k < count; k++) {
            into[b + k].weight += (double)weight[k];
            for (int32_t v = 0; v < values; v++) {
                assay_sum_add(&into[b + k].sum[v], sum[v][k]);
            }
        }
    }
}

/* The same by weights: real ones, or the squares or ones in their place. */
static void add_weighed(assay_metric_bin *into, const assay_job *job, const int32_t *bin,
                        double *const *value, const assay_rows *rows, double *product)
{
    int32_t values = job->metric->terms->values;
    if (bin != NULL) {
        for (int64_t i = 0; i < rows->n; i++) {
            double weight = rows->weight[i];
            if (weight > 0.0) {
                assay_metric_bin *to = &into[bin[i]];
                to->weight += weight;
                to->squares += weight * weight;
                for (int32_t v = 0; v < values; v++) {
                    assay_sum_add(&to->sum[v], weight * value[v][i]);
                }
            }
        }
        return;
    }
    into->weight += assay_sum_pairwise(rows->weight, rows->n);
    for (int64_t i = 0; i < rows->n; i++) {
        product[i] = rows->weight[i] * rows->weight[i];
    }
    into->squares += assay_sum_pairwise(product, rows->n);
    for (int32_t v = 0; v < values; v++) {
        for (int64_t i = 0; i < rows->n; i++) {
            product[i] = rows->weight[i] > 0.0 ? rows->weight[i] * value[v][i] : 0.0;
        }
        assay_sum_add(&into->sum[v], assay_sum_pairwise(product, rows->n));
    }
}

static void add_terms(const assay_job *job, void *state, assay_block_space *space,
                      const assay_rows *rows, int64_t first)
{
    const assay_metric_terms *terms = job->metric->terms;
    assay_metric_bin *bins = state;
    int32_t *bin = job->bins == 1 ? NULL : (job->bin != NULL ? job->bin + first : space->bin);
    double *values[ASSAY_METRIC_VALUES] = {0};
    for (int32_t v = 0; v < terms->values; v++) {
        values[v] = job->values[v] != NULL ? job->values[v] + first : space->values[v];
    }
    terms->rows(bin, values, job->params, rows);
    if (rows->weight != NULL) {
        assay_rows of_kind = *rows;
        for (int kind = 0; kind < ASSAY_WEIGHT_KINDS; kind++) {
            of_kind.weight = space->weight[kind];
            add_weighed(
                (assay_metric_bin *)(void *)((char *)state + (size_t)kind * job->state_stride), job,
                bin, values, &of_kind, space->product);
        }
        return;
    }
    if (bin != NULL) {
        add_binned(bins, job->bins, terms->values, bin, values, rows->n);
        return;
    }
    bins->weight += (double)rows->n;
    for (int32_t v = 0; v < terms->values; v++) {
        assay_sum_add(&bins->sum[v], assay_sum_pairwise(values[v], rows->n));
    }
}

static void count_cells(const pass *p, char *slot, const assay_rows *rows)
{
    if (p->evaluation->count_confusion) {
        int32_t *counts = (int32_t *)(void *)(slot + p->confusion_offset);
        int64_t classes = rows->classes;
        for (int64_t i = 0; i < rows->n; i++) {
            counts[rows->target[i] * classes + rows->label[i]]++;
        }
    }
    if (p->evaluation->count_rank) {
        int32_t *counts = (int32_t *)(void *)(slot + p->rank_offset);
        for (int64_t i = 0; i < rows->n; i++) {
            counts[rows->rank[i]]++;
        }
    }
}

static void keep(const pass *p, const assay_rows *rows, int64_t first)
{
    size_t n = (size_t)rows->n;
    if (p->target != NULL) {
        memcpy(p->target + first, rows->target, n * sizeof *p->target);
        memcpy(p->label + first, rows->label, n * sizeof *p->label);
        memcpy(p->confidence + first, rows->confidence, n * sizeof *p->confidence);
    }
    if (p->value != NULL) {
        memcpy(p->truth + first, rows->truth, n * sizeof *p->truth);
        memcpy(p->value + first, rows->value, n * sizeof *p->value);
    }
    if (p->p_target != NULL) {
        memcpy(p->p_target + first, rows->p_target, n * sizeof *p->p_target);
    }
    if (p->rank != NULL) {
        memcpy(p->rank + first, rows->rank, n * sizeof *p->rank);
    }
}

static assay_status add_block(const pass *p, const assay_job *job, char *state,
                              const assay_rows *rows, int worker, assay_error *err)
{
    for (int kind = 0; kind < p->evaluation->kinds; kind++) {
        assay_rows of_kind = *rows;
        of_kind.weight = rows->weight != NULL ? p->spaces[worker]->weight[kind] : NULL;
        assay_arena_reset(p->scratch[worker]);
        ASSAY_TRY(job->metric->block(state + (size_t)kind * job->state_stride, job->params,
                                     &of_kind, p->scratch[worker], err));
    }
    return ASSAY_OK;
}

static assay_status run_chunk(void *payload, int64_t index, int worker, assay_error *err)
{
    pass *p = payload;
    const assay_evaluation *evaluation = p->evaluation;
    char *slot = p->slots + (size_t)index * p->slot_bytes;
    int64_t first = (p->first_chunk + index) * ASSAY_CHUNK_BLOCKS * ASSAY_BLOCK_ROWS;
    for (int block = 0; block < ASSAY_CHUNK_BLOCKS && first < evaluation->n; block++) {
        int64_t n = evaluation->n - first;
        n = n < ASSAY_BLOCK_ROWS ? n : ASSAY_BLOCK_ROWS;
        assay_rows rows;
        assay_block_space *space = p->spaces[worker];
        ASSAY_TRY(assay_block_derive(&rows, space, evaluation, first, n, evaluation->needs, err));
        count_cells(p, slot, &rows);
        keep(p, &rows, first);
        for (size_t j = 0; j < evaluation->n_jobs; j++) {
            const assay_job *job = &evaluation->jobs[j];
            if (job->path == ASSAY_PATH_TERMS) {
                add_terms(job, slot + job->slot_offset, space, &rows, first);
            } else if (job->path == ASSAY_PATH_BLOCKS) {
                ASSAY_TRY(add_block(p, job, slot + job->slot_offset, &rows, worker, err));
            }
        }
        first += n;
    }
    return ASSAY_OK;
}

static void merge_job(const assay_evaluation *evaluation, const assay_job *job, int kind,
                      const char *slot)
{
    const void *from = slot + job->slot_offset + (size_t)kind * job->state_stride;
    if (job->path == ASSAY_PATH_BLOCKS) {
        job->metric->merge(assay_job_state(job, kind), from, job->params,
                           assay_job_classes(evaluation, job->args));
    } else if (job->path == ASSAY_PATH_TERMS) {
        assay_metric_bin *into = assay_job_state(job, kind);
        const assay_metric_bin *bins = from;
        for (int32_t b = 0; b < job->bins; b++) {
            into[b].weight += bins[b].weight;
            into[b].squares += bins[b].squares;
            for (int v = 0; v < ASSAY_METRIC_VALUES; v++) {
                assay_sum_merge(&into[b].sum[v], &bins[b].sum[v]);
            }
        }
    }
}

static void merge_slot(const pass *p, const char *slot)
{
    const assay_evaluation *evaluation = p->evaluation;
    int32_t classes = evaluation->predictions->classes;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        for (int kind = 0; kind < evaluation->kinds; kind++) {
            merge_job(evaluation, &evaluation->jobs[j], kind, slot);
        }
    }
    if (evaluation->count_confusion) {
        const int32_t *counts = (const int32_t *)(const void *)(slot + p->confusion_offset);
        for (int64_t i = 0; i < (int64_t)classes * classes; i++) {
            evaluation->confusion[i] += counts[i];
        }
    }
    if (evaluation->count_rank) {
        const int32_t *counts = (const int32_t *)(const void *)(slot + p->rank_offset);
        for (int32_t i = 0; i < classes; i++) {
            evaluation->ranks[i] += counts[i];
        }
    }
}

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static void lay_out_slot(pass *p)
{
    assay_evaluation *evaluation = p->evaluation;
    size_t classes = (size_t)evaluation->predictions->classes;
    size_t offset = 0;
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        assay_job *job = &evaluation->jobs[j];
        if (job->path == ASSAY_PATH_TERMS || job->path == ASSAY_PATH_BLOCKS) {
            job->slot_offset = offset;
            offset += aligned((size_t)evaluation->kinds * job->state_stride);
        }
    }
    p->confusion_offset = offset;
    offset += evaluation->count_confusion ? aligned(classes * classes * sizeof(int32_t)) : 0;
    p->rank_offset = offset;
    offset += evaluation->count_rank ? aligned(classes * sizeof(int32_t)) : 0;
    p->slot_bytes = offset > 0 ? offset : 64;
}

static assay_status keep_columns(pass *p, assay_error *err)
{
    assay_evaluation *evaluation = p->evaluation;
    assay_arena *arena = evaluation->arena;
    size_t n = (size_t)evaluation->n;
    bool ok = true;
    if (evaluation->sorted_needs & ASSAY_NEEDS_CONFIDENCE) {
        ok = ok && (p->target = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
        ok = ok && (p->label = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
        ok = ok && (p->confidence = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    if (evaluation->sorted_needs & ASSAY_NEEDS_P_TARGET) {
        ok = ok && (p->p_target = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    if (evaluation->sorted_needs & ASSAY_NEEDS_RANK) {
        ok = ok && (p->rank = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
    }
    if (evaluation->sorted_values) {
        ok = ok && (p->truth = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
        ok = ok && (p->value = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
    }
    for (size_t j = 0; j < evaluation->n_jobs && evaluation->keep_terms; j++) {
        assay_job *job = &evaluation->jobs[j];
        if (job->path != ASSAY_PATH_TERMS || !job->resample) {
            continue;
        }
        if (job->bins > 1) {
            ok = ok && (job->bin = assay_arena_alloc(arena, n, sizeof(int32_t))) != NULL;
        }
        for (int32_t v = 0; v < job->metric->terms->values; v++) {
            ok = ok && (job->values[v] = assay_arena_alloc(arena, n, sizeof(double))) != NULL;
        }
    }
    return ok ? ASSAY_OK : assay_fail_memory(err);
}

static int32_t *gather_i32(assay_arena *arena, const int32_t *from, const int64_t *order, int64_t n)
{
    int32_t *to = assay_arena_alloc(arena, (size_t)n, sizeof *to);
    for (int64_t i = 0; to != NULL && i < n; i++) {
        to[i] = from[order[i]];
    }
    return to;
}

static double *gather_f64(assay_arena *arena, const double *from, const int64_t *order, int64_t n)
{
    double *to = assay_arena_alloc(arena, (size_t)n, sizeof *to);
    for (int64_t i = 0; to != NULL && i < n; i++) {
        to[i] = from[order[i]];
    }
    return to;
}

/* Truth and value in the order of the rows, with the place of each true value among the distinct ones. */
static assay_status sort_values(assay_rows *sorted, const pass *p, const int64_t *order,
                                assay_error *err)
{
    assay_arena *arena = p->evaluation->arena;
    int64_t n = p->evaluation->n;
    int64_t *by_truth = assay_arena_alloc(arena, (size_t)n, sizeof *by_truth);
    int64_t *level = assay_arena_alloc(arena, (size_t)n, sizeof *level);
    int64_t *gathered = assay_arena_alloc(arena, (size_t)n, sizeof *gathered);
    sorted->truth = gather_f64(arena, p->truth, order, n);
    sorted->value = gather_f64(arena, p->value, order, n);
    if (by_truth == NULL || level == NULL || gathered == NULL || sorted->truth == NULL ||
        sorted->value == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_sort_order(by_truth, p->truth, n, 0, err));
    int64_t levels = n > 0 ? 1 : 0;
    for (int64_t i = 0; i < n; i++) {
        levels += i > 0 && p->truth[by_truth[i]] != p->truth[by_truth[i - 1]];
        level[by_truth[i]] = levels - 1;
    }
    for (int64_t i = 0; i < n; i++) {
        gathered[i] = level[order[i]];
    }
    sorted->truth_level = gathered;
    sorted->truth_levels = levels;
    return ASSAY_OK;
}

/* What a row was or was given, in the order of the rows. */
static assay_status sort_classes(assay_rows *sorted, const pass *p, const int64_t *order,
                                 assay_error *err)
{
    assay_arena *arena = p->evaluation->arena;
    int64_t n = p->evaluation->n;
    bool ok = (sorted->target = gather_i32(arena, p->target, order, n)) != NULL &&
              (sorted->label = gather_i32(arena, p->label, order, n)) != NULL &&
              (sorted->confidence = gather_f64(arena, p->confidence, order, n)) != NULL;
    if (p->p_target != NULL) {
        ok = ok && (sorted->p_target = gather_f64(arena, p->p_target, order, n)) != NULL;
    }
    if (p->rank != NULL) {
        ok = ok && (sorted->rank = gather_i32(arena, p->rank, order, n)) != NULL;
    }
    return ok ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status sort_rows(pass *p, assay_error *err)
{
    assay_evaluation *evaluation = p->evaluation;
    assay_arena *arena = evaluation->arena;
    int64_t n = evaluation->n;
    int64_t *order = assay_arena_alloc(arena, (size_t)n, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    bool values = evaluation->sorted_values;
    ASSAY_TRY(assay_sort_order(order, values ? p->value : p->confidence, n, 1, err));
    assay_rows *sorted = &evaluation->sorted;
    sorted->n = n;
    sorted->classes = evaluation->predictions->classes;
    sorted->class_names = evaluation->predictions->class_names;
    ASSAY_TRY(values ? sort_values(sorted, p, order, err) : sort_classes(sorted, p, order, err));
    bool ok = true;
    for (int kind = 0; kind < ASSAY_WEIGHT_KINDS && evaluation->weights != NULL; kind++) {
        double *weight = assay_arena_alloc(arena, (size_t)n, sizeof *weight);
        for (int64_t i = 0; weight != NULL && i < n; i++) {
            weight[i] = assay_weight_of_kind(assay_row_weight(evaluation, order[i]), kind);
        }
        evaluation->sorted_weight[kind] = weight;
        ok = ok && weight != NULL;
    }
    sorted->weight = evaluation->sorted_weight[ASSAY_WEIGHT_REAL];
    sorted->real = evaluation->weights != NULL;
    evaluation->sorted_order = order;
    return ok ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status make_workers(pass *p, int workers, assay_error *err)
{
    assay_arena *arena = p->evaluation->arena;
    p->spaces = assay_arena_alloc(arena, (size_t)workers, sizeof *p->spaces);
    p->scratch = assay_arena_alloc(arena, (size_t)workers, sizeof *p->scratch);
    if (p->spaces == NULL || p->scratch == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        ASSAY_TRY(
            assay_block_space_new(&p->spaces[w], p->evaluation, arena, p->evaluation->needs, err));
        ASSAY_TRY(assay_arena_new(&p->scratch[w], 0, err));
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_pass(assay_evaluation *evaluation, assay_error *err)
{
    assay_status status = ASSAY_OK;
    pass p = {.evaluation = evaluation};
    int64_t chunk_rows = (int64_t)ASSAY_CHUNK_BLOCKS * ASSAY_BLOCK_ROWS;
    int64_t chunks = (evaluation->n + chunk_rows - 1) / chunk_rows;
    lay_out_slot(&p);
    int64_t wave = (int64_t)(SLOT_BYTES / p.slot_bytes);
    wave = wave < 1 ? 1 : (wave < chunks ? wave : chunks);
    int workers = assay_parallel_workers(wave, evaluation->threads);
    ASSAY_GOTO(keep_columns(&p, err), done);
    ASSAY_GOTO(make_workers(&p, workers, err), done);
    if (wave > 0) {
        p.slots = assay_alloc_raw((size_t)wave, p.slot_bytes);
        if (p.slots == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    for (p.first_chunk = 0; p.first_chunk < chunks; p.first_chunk += wave) {
        int64_t count = chunks - p.first_chunk < wave ? chunks - p.first_chunk : wave;
        memset(p.slots, 0, (size_t)count * p.slot_bytes);
        ASSAY_GOTO(
            assay_parallel(count, evaluation->threads, run_chunk, &p, evaluation->cancel, err),
            done);
        for (int64_t i = 0; i < count; i++) {
            merge_slot(&p, p.slots + (size_t)i * p.slot_bytes);
        }
    }
    if (evaluation->sorted_needs != 0 || evaluation->sorted_values) {
        ASSAY_GOTO(sort_rows(&p, err), done);
    }
done:
    for (int w = 0; p.scratch != NULL && w < workers; w++) {
        assay_arena_free(p.scratch[w]);
    }
    assay_free(p.slots);
    return status;
}
