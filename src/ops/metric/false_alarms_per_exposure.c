#include "ops/shared/confusion.h"
#include "stats/proportion.h"

typedef struct params {
    double exposure;
} params;

typedef struct evidence {
    int64_t events;
    double exposure;
} evidence;

static assay_status bounds(double *low, double *high, const void *from, double alpha_low,
                           double alpha_high, assay_error *err)
{
    const evidence *e = from;
    return assay_poisson_interval(low, high, e->events, e->exposure, alpha_low, alpha_high, err);
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const assay_class_counts *counts = state;
    double rows = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        rows += counts[c].truth;
    }
    for (int32_t c = 0; c < shape->classes; c++) {
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = shape->class_names[c];
        measure->unit = "per unit of exposure";
        measure->weight = rows;
        if (rows == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
            continue;
        }
        double alarms = assay_class_rest(counts[c].predicted, counts[c].hits);
        evidence *e = assay_arena_alloc(out->arena, 1, sizeof *e);
        if (e == NULL) {
            return assay_fail_memory(err);
        }
        *e = (evidence){.events = (int64_t)alarms, .exposure = rows * p->exposure};
        measure->value = alarms / e->exposure;
        measure->evidence = e;
        measure->bounds = bounds;
        measure->bounds_name = "poisson_exact";
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const assay_param specs[] = {
    ASSAY_REAL(params, exposure, 1.0, 1e-9, 1e9, "per row",
               "Exposure that one row stands for, in the unit of the rate."),
};

static const char *const examples[] = {"assay evaluate --predictions predictions.csv --metric "
                                       "false_alarms_per_exposure:exposure=0.000555556",
                                       NULL};

const assay_op assay_op_metric_false_alarms_per_exposure = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "false_alarms_per_exposure",
    .title = "False alarms per exposure",
    .summary = "How often a class is reported where it is not, per hour, image or whatever a row "
               "stands for.",
    .description =
        "For each class: the rows that were predicted as it and are not of it, divided by "
        "the number of rows times `exposure`, the exposure that one row stands for. With "
        "windows of two seconds, `exposure=0.000555556` gives false alarms per hour; with "
        "the default of 1 the unit is the row. Lower is better.\n\n"
        "The interval is Garwood's exact one for a Poisson rate (`poisson_exact`), so no "
        "false alarm at all still has an upper end. It takes false alarms as independent of "
        "each other; with a cluster column whole clusters are resampled instead, and "
        "weighted rows are resampled with their weights. There is no average over classes. "
        "Without rows it is undefined.",
    .citation = "Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
