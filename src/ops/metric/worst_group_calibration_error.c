#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/label_sets.h"

enum { MOST_BINS = 100 };

typedef struct params {
    int64_t bins;
    int64_t least;
} params;

/* Of the rows of one group in one bin; a state has `bins` of them per group. */
typedef struct cell {
    double weight;
    assay_sum gap; /* stated probability less what was true */
} cell;

static size_t state_size(const void *given, int32_t cells)
{
    const params *p = given;
    return (size_t)cells * (size_t)p->bins * sizeof(cell);
}

static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)scratch;
    (void)err;
    const params *p = given;
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

static void merge(void *into, const void *from, const void *given, int32_t cells)
{
    const params *p = given;
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

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const assay_groups *groups = shape->groups;
    assay_measure *measure = NULL;
    double rows = 0.0;
    double most = -1.0;
    int32_t highest = 0;
    int32_t used = 0;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    for (int32_t g = 0; g < groups->n; g++) {
        double weight = 0.0;
        double error = error_of(&weight, (const cell *)from + g * p->bins, p->bins);
        rows += weight;
        if (weight > 0.0 && weight >= (double)p->least * shape->mean_weight) {
            highest = error > most ? g : highest;
            most = fmax(most, error);
            measure->weight += weight;
            used++;
        }
    }
    if (rows == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    if (used < 1) {
        measure->outcome = ASSAY_OUTCOME_TOO_FEW;
        measure->value = NAN;
        measure->reason = "too few groups have enough rows";
        return ASSAY_OK;
    }
    measure->value = most;
    measure->reason = assay_arena_printf(out->arena, "highest: %s", groups->names[highest]);
    return measure->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .merge = merge, .finish = finish};

static const assay_param specs[] = {
    ASSAY_INT(params, bins, 10, 1, MOST_BINS, "bins", "Number of bins."),
    ASSAY_INT(params, least, 10, 1, 1000000000, "rows",
              "Groups with fewer rows (weighted data: mean weights) are left out."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric "
    "worst_group_calibration_error",
    NULL};

const assay_op assay_op_metric_worst_group_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "worst_group_calibration_error",
    .title = "Calibration error of the worst group",
    .summary = "The expected calibration error in the group where it is largest.",
    .description =
        "Calibration within groups: in each group, rows are put into `bins` bins of equal "
        "width by the stated probability of the declared positive class (without one: by the "
        "confidence in the predicted class); the group's error is the mean over bins, "
        "weighted by rows, of |mean stated probability - share that was true|. The value is "
        "the largest of them. Range 0 to 1, 0 is best. Groups come from `--group COLUMN` or "
        "`groups` in the plan.\n\n"
        "Bins are [(m-1)/M, m/M), the last one with 1, as in torchmetrics. The error of a "
        "group is biased upwards when its bins hold few rows, the more so the smaller the "
        "group, and so is the bootstrap interval: a difference between groups of unequal "
        "size is only to be read with their sizes. `calibration_difference` and "
        "`worst_group_calibration` have no such bias.\n\n"
        "Groups with fewer rows than `least` are left out; with fewer groups than it takes "
        "the outcome is too few.",
    .citation = "Kleinberg, Mullainathan, Raghavan (2017), Inherent trade-offs in the fair "
                "determination of risk scores, ITCS; Guo, Pleiss, Sun, Weinberger (2017), On "
                "calibration of modern neural networks, ICML.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_SCORES | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
