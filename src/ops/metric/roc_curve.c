#include "ops/shared/curve_points.h"

static void point(double out[2], const assay_ranked_walk *walk, const assay_ranking *ranking)
{
    out[0] = walk->fp / ranking->negatives;
    out[1] = walk->tp / ranking->positives;
}

static double progress(const assay_ranked_walk *walk, const assay_ranking *ranking)
{
    return (walk->tp / ranking->positives + walk->fp / ranking->negatives) / 2.0;
}

/* Second differences of both counts are zero: the same step once more. */
static bool between(const assay_ranked_walk *before, const assay_ranked_walk *at,
                    const assay_ranked_walk *after)
{
    return after->fp - at->fp == at->fp - before->fp && after->tp - at->tp == at->tp - before->tp;
}

static const assay_curve_rule rule = {
    .point = point, .progress = progress, .between = between, .negatives = true};

static void ranked(void *state, const void *params, const assay_ranking *ranking)
{
    assay_curve_list(state, params, &rule, ranking);
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    static const char *const columns[ASSAY_CURVE_COLUMNS] = {"class", "threshold", "fpr", "tpr"};
    return assay_curve_finish(out, state, "roc_curve", columns, shape, err);
}

static const assay_metric metric = {
    .state_size = assay_curve_size, .finish = finish, .ranked = ranked, .curve_only = 1};

static const assay_param specs[] = {
    ASSAY_BOOL(
        assay_curve_params, drop_intermediate, false,
        "Leave out points between two equal steps of the curve (scikit-learn's rule; true there "
        "by default)."),
};

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
        "With `drop_intermediate` points are left out that go the same step as the one before, as "
        "scikit-learn does: what is left draws the same curve. `roc_auc` does not depend on it.\n\n"
        "Classes without a row in the truth, or to which every row belongs, have no points. "
        "`roc_auc` is the area under the exact curve.",
    .citation =
        "Fawcett (2006), An introduction to ROC analysis, Pattern Recognition Letters 27; as "
        "sklearn.metrics.roc_curve, whose drop_intermediate is true by default (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_curve_params),
    .examples = examples,
    .metric = &metric};
