#include "ops/shared/group_bins.h"

#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/label_sets.h"

/* Of the rows of one group in one bin; a state has `bins` of them per group. */
typedef struct cell {
    double weight;
    assay_sum gap; /* stated probability less what was true */
} cell;

size_t assay_group_bins_size(const void *given, int32_t cells)
{
    const assay_group_bins *p = given;
    return (size_t)cells * (size_t)p->bins * sizeof(cell);
}

assay_status assay_group_bins_block(void *to, const void *given, const assay_rows *rows,
                                    assay_arena *scratch, assay_error *err)
{
    (void)scratch;
    (void)err;
    const assay_group_bins *p = given;
    int32_t positive = rows->groups->positive;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        double stated = positive >= 0 ? assay_label_score(rows, i, positive) : rows->confidence[i];
        bool yes = positive >= 0 ? rows->target[i] == positive : rows->target[i] == rows->label[i];
        int64_t bin = (int64_t)(fmin(1.0, fmax(0.0, stated)) * (double)p->bins);
        cell *c = (cell *)to + rows->group[i] * p->bins + (bin < p->bins ? bin : p->bins - 1);
        if (weight > 0.0) {
            c->weight += weight;
            assay_sum_add(&c->gap, weight * (stated - (yes ? 1.0 : 0.0)));
        }
    }
    return ASSAY_OK;
}

void assay_group_bins_merge(void *into, const void *from, const void *given, int32_t cells)
{
    const assay_group_bins *p = given;
    cell *to = into;
    const cell *other = from;
    for (int64_t k = 0; k < cells * p->bins; k++) {
        to[k].weight += other[k].weight;
        assay_sum_merge(&to[k].gap, &other[k].gap);
    }
}

static double error_of(double *weight, const cell *cells, int64_t bins)
{
    assay_sum gaps = {0};
    *weight = 0.0;
    for (int64_t b = 0; b < bins; b++) {
        *weight += cells[b].weight;
        assay_sum_add(&gaps, fabs(assay_sum_value(&cells[b].gap)));
    }
    return *weight > 0.0 ? assay_sum_value(&gaps) / *weight : 0.0;
}

/* The groups with enough rows: how many, and which have the largest and the smallest error. */
typedef struct extremes {
    double rows, kept; /* weight of all groups, of those with enough */
    double most, least;
    int32_t highest, lowest, used;
} extremes;

static extremes find_extremes(const cell *cells, const assay_group_bins *p, const assay_rows *shape)
{
    extremes e = {.most = -1.0, .least = 2.0};
    for (int32_t g = 0; g < shape->groups->n; g++) {
        double weight = 0.0;
        double error = error_of(&weight, cells + g * p->bins, p->bins);
        e.rows += weight;
        if (weight > 0.0 && weight >= (double)p->least * shape->mean_weight) {
            e.highest = error > e.most ? g : e.highest;
            e.lowest = error < e.least ? g : e.lowest;
            e.most = fmax(e.most, error);
            e.least = fmin(e.least, error);
            e.kept += weight;
            e.used++;
        }
    }
    return e;
}

assay_status assay_group_bins_finish(assay_result *out, const void *state,
                                     const assay_group_bins *params, bool difference,
                                     const assay_rows *shape, assay_error *err)
{
    const char *const *names = shape->groups->names;
    extremes e = find_extremes(state, params, shape);
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = e.kept;
    if (e.rows == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    if (e.used < (difference ? 2 : 1)) {
        measure->outcome = ASSAY_OUTCOME_TOO_FEW;
        measure->value = NAN;
        measure->reason = "too few groups have enough rows";
        return ASSAY_OK;
    }
    if (difference) {
        measure->no_interval = "none: the errors of small groups are too high by different "
                               "amounts; the gap between groups "
                               "of expected_calibration_error has one";
    } else {
        measure->distance = ASSAY_DISTANCE_PLAIN;
    }
    measure->value = difference ? e.most - e.least : e.most;
    measure->reason = difference ? assay_arena_printf(out->arena, "highest: %s, lowest: %s",
                                                      names[e.highest], names[e.lowest])
                                 : assay_arena_printf(out->arena, "highest: %s", names[e.highest]);
    return measure->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
}
