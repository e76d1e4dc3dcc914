/* Counts of equal rows become rows with weights. */
#include "core/evaluate_internal.h"

static const int64_t largest_cell = (int64_t)1 << 30;

assay_status assay_make_cells(assay_cell_rows *cells, const assay_evaluation *evaluation,
                              const int64_t *counts, int64_t n_counts, bool rank, assay_error *err)
{
    int64_t n = 0;
    for (int64_t c = 0; c < n_counts; c++) {
        n += (counts[c] + largest_cell - 1) / largest_cell;
    }
    assay_arena *arena = evaluation->arena;
    int32_t classes = evaluation->predictions->classes;
    cells->n = n;
    bool ok = (cells->weight = assay_arena_alloc(arena, (size_t)n, sizeof(double))) != NULL &&
              (cells->id = assay_arena_alloc(arena, (size_t)n, sizeof(int64_t))) != NULL;
    if (evaluation->replicates > 0) {
        ok = ok &&
             (cells->poisson = assay_arena_alloc(arena, (size_t)n, sizeof(assay_poisson))) != NULL;
    }
    if (rank) {
        ok = ok && (cells->rank = assay_arena_alloc(arena, (size_t)n, sizeof(int32_t))) != NULL;
    } else {
        ok = ok && (cells->target = assay_arena_alloc(arena, (size_t)n, sizeof(int32_t))) != NULL &&
             (cells->label = assay_arena_alloc(arena, (size_t)n, sizeof(int32_t))) != NULL;
    }
    if (!ok) {
        return assay_fail_memory(err);
    }
    int64_t at = 0;
    for (int64_t c = 0; c < n_counts; c++) {
        int64_t part = 0;
        for (int64_t left = counts[c]; left > 0; left -= largest_cell) {
            cells->weight[at] = (double)(left < largest_cell ? left : largest_cell);
            cells->id[at] = c + part++ * n_counts;
            if (cells->poisson != NULL) {
                cells->poisson[at] = assay_poisson_of(cells->weight[at]);
            }
            if (rank) {
                cells->rank[at] = (int32_t)c;
            } else {
                cells->target[at] = (int32_t)(c / classes);
                cells->label[at] = (int32_t)(c % classes);
            }
            at++;
        }
    }
    return ASSAY_OK;
}
