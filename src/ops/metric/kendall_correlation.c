#include "ops/shared/levels.h"

/* Sums over a growing set, by level (P. M. Fenwick, Software: Practice and Experience 24 (1994)). */
static void tree_add(double *tree, int64_t n, int64_t level, double weight)
{
    for (int64_t i = level + 1; i <= n; i += i & -i) {
        tree[i] += weight;
    }
}

/* Weight of the levels below `level`. */
static double tree_below(const double *tree, int64_t level)
{
    double sum = 0.0;
    for (int64_t i = level; i > 0; i -= i & -i) {
        sum += tree[i];
    }
    return sum;
}

/* A group of equal predicted values against all rows with higher ones, which are in the tree. */
static double ordered_pairs(const double *tree, const assay_rows *rows, int64_t first, int64_t end,
                            double higher)
{
    assay_sum pairs = {0};
    for (int64_t i = first; i < end; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            int64_t level = rows->truth_level[i];
            double smaller = tree_below(tree, level);
            double larger = higher - tree_below(tree, level + 1);
            assay_sum_add(&pairs, weight * (larger - smaller));
        }
    }
    return 2.0 * assay_sum_value(&pairs);
}

/* Twice the weight of pairs of rows, the product of both weights for each: of pairs whose true (predicted)
 * values differ, and of pairs in the same order, less those in opposite order. */
static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)given;
    assay_rank_products *s = to;
    assay_levels levels;
    assay_sum truth = {0};
    assay_sum value = {0};
    assay_sum products = {0};
    ASSAY_TRY(assay_levels_make(&levels, rows, scratch, err));
    double *tree = assay_arena_alloc(scratch, (size_t)levels.n + 1, sizeof *tree);
    if (tree == NULL) {
        return assay_fail_memory(err);
    }
    double passed = 0.0;
    for (int64_t l = 0; l < levels.n; l++) {
        assay_sum_add(&truth, 2.0 * levels.weight[l] * passed);
        passed += levels.weight[l];
    }
    double higher = 0.0;
    for (int64_t i = 0; i < rows->n;) {
        int64_t first = i;
        double group = 0.0;
        for (; i < rows->n && rows->value[i] == rows->value[first]; i++) {
            group += assay_rows_weight(rows, i);
        }
        assay_sum_add(&products, ordered_pairs(tree, rows, first, i, higher));
        assay_sum_add(&value, 2.0 * group * higher);
        for (int64_t k = first; k < i; k++) {
            tree_add(tree, levels.n, rows->truth_level[k], assay_rows_weight(rows, k));
        }
        higher += group;
    }
    *s = (assay_rank_products){.n = levels.total,
                               .truth = assay_sum_value(&truth),
                               .value = assay_sum_value(&value),
                               .products = assay_sum_value(&products)};
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_rank_products_size,
                                    .block = block,
                                    .finish = assay_rank_products_finish,
                                    .sorted = assay_rank_products_sorted};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "kendall_correlation",
    NULL};

const assay_op assay_op_metric_kendall_correlation = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "kendall_correlation",
    .title = "Kendall rank correlation (tau-b)",
    .summary =
        "How many more pairs of rows are predicted in the right order than in the wrong one.",
    .description =
        "tau-b: pairs of rows in the same order by truth and prediction, less those in "
        "opposite order, divided by the root of (pairs whose true values differ) times "
        "(pairs whose predicted values differ). Range -1 to 1; 1 means that the order is the "
        "same, ties included.\n\n"
        "With weights a pair counts as the product of its weights, so that a row of weight 2 "
        "counts as two rows. When all true or all predicted values are equal it is "
        "undefined. It takes n log n steps.",
    .citation =
        "Kendall (1945), The treatment of ties in ranking problems, Biometrika 33; as "
        "scipy.stats.kendalltau (scipy 1.17) and torchmetrics KendallRankCorrCoef, variant b "
        "(1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
