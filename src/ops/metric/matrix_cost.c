#include <math.h>

#include "ops/shared/label_sets.h"

enum { DECIDE_LABEL = 0, DECIDE_LEAST_COST };

typedef struct params {
    assay_matrix costs;
    int32_t decide;
} params;

typedef struct state {
    double n;
    assay_sum cost;
} state;

static size_t state_size(const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    return sizeof(state);
}

static int scored(const void *given)
{
    const params *p = given;
    return p->decide == DECIDE_LEAST_COST;
}

static bool fits(const assay_matrix *costs, int32_t classes)
{
    return costs->rows == 0 || (costs->rows == classes && costs->columns == classes);
}

static double cost_of(const assay_matrix *costs, int32_t target, int32_t label)
{
    return costs->rows == 0 ? (double)(target != label)
                            : costs->value[target * costs->columns + label];
}

/* The class with the least expected cost by the row's probabilities; of equal ones the first. */
static int32_t decision(const assay_rows *rows, int64_t i, const assay_matrix *costs)
{
    int32_t best = 0;
    double least = INFINITY;
    for (int32_t label = 0; label < rows->classes; label++) {
        double cost = 0.0;
        for (int32_t k = 0; k < rows->classes; k++) {
            cost += assay_label_score(rows, i, k) * cost_of(costs, k, label);
        }
        best = cost < least ? label : best;
        least = fmin(cost, least);
    }
    return best;
}

static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)scratch;
    (void)err;
    const params *p = given;
    state *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        s->n += weight;
        if (fits(&p->costs, rows->classes)) {
            int32_t label = scored(p) ? decision(rows, i, &p->costs) : rows->label[i];
            assay_sum_add(&s->cost, weight * cost_of(&p->costs, rows->target[i], label));
        }
    }
    return ASSAY_OK;
}

static void merge(void *into, const void *from, const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    state *s = into;
    const state *other = from;
    s->n += other->n;
    assay_sum_merge(&s->cost, &other->cost);
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const state *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->unit = "cost";
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!fits(&p->costs, shape->classes)) {
        const char *reason = assay_arena_printf(
            out->arena, "costs has %d rows and %d columns, but there are %d classes",
            (int)p->costs.rows, (int)p->costs.columns, (int)shape->classes);
        if (reason == NULL) {
            return assay_fail_memory(err);
        }
        assay_measure_undefine(measure, reason);
    } else {
        measure->value = assay_sum_value(&s->cost) / s->n;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = state_size,
                                    .block = block,
                                    .merge = merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION,
                                    .scored = scored};

static const char *const decisions[] = {"label", "least_cost", NULL};

static const assay_param specs[] = {
    ASSAY_MATRIX(params, costs, -1e9, 1e9, "cost",
                 "Price of predicting each class (column) for each true class (row)."),
    ASSAY_CHOICE(params, decide, DECIDE_LABEL, decisions,
                 "What is predicted: the label, or the class of least expected cost."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric \"matrix_cost:costs=0 1; 20 0\"",
    "metrics: [{matrix_cost: {costs: \"0 1; 20 0\", decide: least_cost}}]", NULL};

const assay_op assay_op_metric_matrix_cost = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "matrix_cost",
    .title = "Expected cost for a matrix",
    .summary = "Mean cost per row when every mistake, and every right answer, has its own price.",
    .description =
        "`costs` has a row for each true class and a column for each predicted one, in the "
        "order of the classes: rows are separated by semicolons, numbers by blanks. The "
        "value is the mean over rows of the price of what was predicted for what is true. "
        "Prices may be negative (gains). Lower is better; without a matrix every mistake "
        "costs 1, and it is the error rate.\n\n"
        "With `decide: least_cost` the predicted class is not used: in its place is the "
        "class with the least expected cost by the row's own probabilities, which is the "
        "best decision if they are calibrated. The difference to `decide: label` is what "
        "deciding by cost would save.\n\n"
        "For one class against the rest `expected_cost` takes two prices, and "
        "`optimal_threshold` finds the threshold. A matrix of another size than the number "
        "of classes is undefined and says so; so is a value without rows.",
    .citation = "Elkan (2001), The foundations of cost-sensitive learning, IJCAI.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
