#include "ops/shared/ranked.h"

#include <string.h>

enum { COLUMNS = 4 };

/* One per class, followed by the points of all classes. */
typedef struct class_points {
    int64_t n;
} class_points;

static size_t state_size(const void *params, int32_t classes)
{
    (void)params;
    size_t points = (size_t)assay_curve_points(classes) * COLUMNS * sizeof(double);
    return (size_t)classes * (sizeof(class_points) + points);
}

static void ranked(void *state, const void *params, const assay_ranking *ranking)
{
    (void)params;
    class_points *counts = state;
    int64_t most = assay_curve_points(ranking->classes);
    double *values =
        (double *)(void *)(counts + ranking->classes) + ranking->class_index * most * COLUMNS;
    double positives = ranking->positives;
    double negatives = ranking->negatives;
    if (ranking->positives == 0.0 || ranking->negatives == 0.0) {
        return;
    }
    int64_t groups = 0;
    for (assay_ranked_walk walk = {0}; assay_ranked_next(&walk, ranking);) {
        groups++;
    }
    assay_ranked_walk walk = {0};
    int64_t seen = 0;
    int64_t n = 0;
    while (assay_ranked_next(&walk, ranking)) {
        bool last = ++seen == groups;
        double progress = (walk.tp / positives + walk.fp / negatives) / 2.0;
        if (groups <= most || last ||
            (n < most - 1 && progress * (double)most >= (double)(n + 1))) {
            double *point = values + n * COLUMNS;
            point[0] = (double)ranking->class_index;
            point[1] = assay_ranking_score(ranking, walk.at - 1);
            point[2] = walk.fp / negatives;
            point[3] = walk.tp / positives;
            n++;
        }
    }
    counts[ranking->class_index].n = n;
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    static const char *const columns[COLUMNS] = {"class", "threshold", "fpr", "tpr"};
    const class_points *counts = state;
    const double *values = (const double *)(const void *)(counts + shape->classes);
    int64_t most = assay_curve_points(shape->classes);
    int64_t total = 0;
    for (int32_t c = 0; c < shape->classes; c++) {
        total += counts[c].n;
    }
    double *rows = assay_arena_alloc(out->arena, (size_t)total, COLUMNS * sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    int64_t at = 0;
    for (int32_t c = 0; c < shape->classes; c++) {
        memcpy(rows + at * COLUMNS, values + c * most * COLUMNS,
               (size_t)counts[c].n * COLUMNS * sizeof *rows);
        at += counts[c].n;
    }
    return assay_result_curve(out, "roc_curve", columns, COLUMNS, rows, total, err);
}

static const assay_metric metric = {
    .state_size = state_size, .finish = finish, .ranked = ranked, .curve_only = 1};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric roc_curve", "metrics: [roc_curve]",
    NULL};

const assay_op assay_op_metric_roc_curve = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "roc_curve",
    .title = "ROC curve",
    .summary = "Hit rate against false alarm rate for every threshold on the score of a class.",
    .description =
        "A table with the `class` (its index), the `threshold`, and the false positive rate "
        "`fpr` and true positive rate `tpr` when rows with a score of at least the threshold "
        "are predicted as the class. The point (0, 0) is not listed.\n\n"
        " There is one point for each distinct score of a class when these are at most 1000 "
        "(fewer when there are over 10 classes: 10000 divided by the classes, but at least 50). "
        "Otherwise the points are those that first reach each even step of the way along the "
        "curve (the mean of fpr and tpr); every point kept lies on the exact curve, none is "
        "interpolated.\n\n"
        "Classes without a row in the truth, or to which every row belongs, have no points. "
        "`roc_auc` is the area under the exact curve.",
    .citation =
        "Fawcett (2006), An introduction to ROC analysis, Pattern Recognition Letters 27; as "
        "sklearn.metrics.roc_curve with drop_intermediate=False (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_NO_DIRECTION,
    .examples = examples,
    .metric = &metric};
