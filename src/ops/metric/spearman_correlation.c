#include "ops/shared/levels.h"

/* Sums of squares of the ranks about their mean, and of their products. The rank of a group of equal values
 * is the weight before it and half of its own; the mean of the ranks is half of all weight. Values come in
 * descending order, so their ranks are counted from the top. */
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
    double *rank = levels.value; /* which is not needed here */
    double half = levels.total / 2.0;
    double before = 0.0;
    for (int64_t l = 0; l < levels.n; l++) {
        double weight = levels.weight[l];
        rank[l] = before + weight / 2.0 - half;
        before += weight;
        assay_sum_add(&truth, weight * rank[l] * rank[l]);
    }
    before = 0.0;
    for (int64_t i = 0; i < rows->n;) {
        assay_sum ranks = {0};
        double group = 0.0;
        int64_t first = i;
        for (; i < rows->n && rows->value[i] == rows->value[first]; i++) {
            double weight = assay_rows_weight(rows, i);
            group += weight;
            assay_sum_add(&ranks, weight * rank[rows->truth_level[i]]);
        }
        double mine = half - before - group / 2.0;
        before += group;
        assay_sum_add(&value, group * mine * mine);
        assay_sum_add(&products, mine * assay_sum_value(&ranks));
    }
    *s = (assay_rank_products){.n = levels.total, .products = assay_sum_value(&products)};
    if (assay_levels_spread(&levels) > 1) {
        s->truth = assay_sum_value(&truth);
        s->value = s->n > 0.0 ? assay_sum_value(&value) : 0.0;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_rank_products_size,
                                    .block = block,
                                    .finish = assay_rank_products_finish,
                                    .sorted = assay_rank_products_sorted};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "spearman_correlation",
    NULL};

const assay_op assay_op_metric_spearman_correlation = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "spearman_correlation",
    .title = "Spearman rank correlation",
    .summary = "Whether rows with larger true values get larger predicted ones, whatever the shape "
               "of the relation.",
    .description =
        "Pearson's correlation of the ranks of the true and the predicted values; equal "
        "values share the mean of their ranks. Range -1 to 1; 1 means that the order is the "
        "same. It says nothing about the size of the errors.\n\n"
        "With weights the rank of a value is the weight of the rows below it and half of the "
        "weight of the rows equal to it, so that a row of weight 2 counts as two rows. When "
        "all true or all predicted values are equal it is undefined.",
    .citation = "Spearman (1904), The proof and measurement of association between two things, "
                "American Journal of Psychology 15; as scipy.stats.spearmanr (scipy 1.17) and "
                "torchmetrics SpearmanCorrCoef (1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
