#include "ops/shared/confusion.h"
#include "stats/intervals.h"

enum { REPORT_RATE = 0, REPORT_GAIN };

typedef struct params {
    int32_t report;
} params;

typedef struct evidence {
    int64_t most, n;
    int32_t classes;
} evidence;

/* The most frequent class of the population is one of them, whose upper end is no larger than that of the one that
 * is most frequent here; its share is at least that of any class (Bonferroni). */
static assay_status bounds(double *low, double *high, const void *from, double alpha_low,
                           double alpha_high, assay_error *err)
{
    const evidence *e = from;
    return assay_clopper_pearson(low, high, e->most, e->n, alpha_low / (double)e->classes,
                                 alpha_high, err);
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const assay_class_counts *counts = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    double most = 0.0;
    double hits = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        measure->weight += counts[c].truth;
        hits += counts[c].hits;
        most = counts[c].truth > most ? counts[c].truth : most;
    }
    if (measure->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value =
        p->report == REPORT_RATE ? most / measure->weight : (hits - most) / measure->weight;
    if (p->report == REPORT_RATE) {
        evidence *e = assay_arena_alloc(out->arena, 1, sizeof *e);
        if (e == NULL) {
            return assay_fail_memory(err);
        }
        *e = (evidence){(int64_t)most, (int64_t)measure->weight, shape->classes};
        measure->evidence = e;
        measure->bounds = bounds;
        measure->bounds_name = "clopper_pearson, for the largest of the classes";
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const reports[] = {"rate", "gain", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, report, REPORT_RATE, reports,
                 "The rate itself, or the accuracy less the rate."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric no_information_rate:report=gain", NULL};

const assay_op assay_op_metric_no_information_rate = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "no_information_rate",
    .title = "No-information rate",
    .summary = "The accuracy of always predicting the most frequent class, or how far the model is "
               "above it.",
    .description =
        "Share of the rows that belong to the most frequent class: what accuracy can be had "
        "without looking at the data. With `report: gain` it is the accuracy less that rate, "
        "between -1 and 1; a model whose gain is not above 0 has not shown that it does more "
        "than a constant answer. Its interval is that of Clopper and Pearson, with the lower error "
        "probability divided by the number of classes: which class is the most frequent one is "
        "seen from the same rows. Without rows it is undefined.",
    .citation =
        "Kuhn, Johnson (2013), Applied Predictive Modeling, 11.2; the rate as the accuracy "
        "of sklearn.dummy.DummyClassifier(strategy='most_frequent') fitted to the same rows "
        "(scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
