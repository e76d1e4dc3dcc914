#include "ops/shared/curve_points.h"

static void point(double out[2], const assay_ranked_walk *walk, const assay_ranking *ranking)
{
    out[0] = walk->tp / ranking->positives;
    out[1] = walk->tp / (walk->tp + walk->fp);
}

static double progress(const assay_ranked_walk *walk, const assay_ranking *ranking)
{
    return (walk->tp / ranking->positives +
            (walk->tp + walk->fp) / (ranking->positives + ranking->negatives)) /
           2.0;
}

/* The recall is that of both neighbours. */
static bool between(const assay_ranked_walk *before, const assay_ranked_walk *at,
                    const assay_ranked_walk *after)
{
    return before->tp == at->tp && at->tp == after->tp;
}

static const assay_curve_rule rule = {.point = point, .progress = progress, .between = between};

static void ranked(void *state, const void *params, const assay_ranking *ranking)
{
    assay_curve_list(state, params, &rule, ranking);
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    static const char *const columns[ASSAY_CURVE_COLUMNS] = {"class", "threshold", "recall",
                                                             "precision"};
    return assay_curve_finish(out, state, "pr_curve", columns, shape, err);
}

static const assay_metric metric = {
    .state_size = assay_curve_size, .finish = finish, .ranked = ranked, .curve_only = 1};

static const assay_param specs[] = {
    ASSAY_BOOL(
        assay_curve_params, drop_intermediate, false,
        "Leave out points whose recall is that of both neighbours (scikit-learn's rule; false "
        "there by default)."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric pr_curve", "metrics: [pr_curve]", NULL};

const assay_op assay_op_metric_pr_curve = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "pr_curve",
    .title = "Precision-recall curve",
    .summary = "Precision against recall for every threshold on the score of a class.",
    .description =
        "A table with the `class` (its index), the `threshold`, and the `recall` and "
        "`precision` when rows with a score of at least the threshold are predicted as the "
        "class. The point (0, 1) that some libraries add is not listed.\n\n"
        " There is one point for each distinct score of a class when these are at most 1000 "
        "(fewer when there are over 10 classes: 10000 divided by the classes, but at least 50). "
        "Otherwise the points are those that first reach each even step of the way along the "
        "curve (the mean of the recall and of the share of rows predicted); every point kept "
        "lies on the exact curve, none is interpolated.\n\n"
        "With `drop_intermediate` points are left out whose recall is that of the points before "
        "and "
        "after them, as scikit-learn does.\n\n"
        "Classes without a row in the truth have no points. `average_precision` is the area "
        "under the exact curve.",
    .citation = "Davis, Goadrich (2006), The relationship between precision-recall and ROC curves, "
                "ICML; as sklearn.metrics.precision_recall_curve (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_curve_params),
    .examples = examples,
    .metric = &metric};
