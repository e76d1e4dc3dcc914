#include "ops/shared/share.h"

enum { MOST_POINTS = 200, COLUMNS = 5 };

typedef struct params {
    double level;
} params;

typedef struct state {
    int64_t points;
    double values[MOST_POINTS * COLUMNS];
} state;

static size_t state_size(const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    return sizeof(state);
}

static int sorted(const void *given)
{
    (void)given;
    return 1;
}

static bool group_ends(const assay_rows *rows, int64_t i)
{
    return i + 1 == rows->n || rows->confidence[i + 1] != rows->confidence[i];
}

/* All groups of equal confidence when they are few; otherwise those that first reach a coverage of
 * 1/200, 2/200, ... */
static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)given;
    (void)scratch;
    (void)err;
    state *s = to;
    double total = 0.0;
    int64_t groups = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        total += assay_rows_weight(rows, i);
        groups += group_ends(rows, i);
    }
    bool all = groups <= MOST_POINTS;
    double n = 0.0;
    double before = 0.0; /* rows up to the last point */
    double errors = 0.0;
    double squares = 0.0;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        n += weight;
        errors += rows->target[i] != rows->label[i] ? weight : 0.0;
        squares += rows->real ? assay_rows_square(rows, i) : 0.0;
        if (!group_ends(rows, i) || n == before) {
            continue;
        }
        double step = (double)(s->points + 1) * total / MOST_POINTS;
        if (all || n >= step || n == total) {
            int64_t at = s->points < MOST_POINTS ? s->points++ : MOST_POINTS - 1;
            s->values[at * COLUMNS] = n / total;
            s->values[at * COLUMNS + 1] = errors / n;
            s->values[at * COLUMNS + 2] = n;
            s->values[at * COLUMNS + 3] = squares; /* until the interval takes their place */
            s->values[at * COLUMNS + 4] = errors;
            before = n;
        }
    }
    return ASSAY_OK;
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)shape;
    static const char *const columns[COLUMNS] = {"coverage", "risk", "n", "risk_low", "risk_high"};
    const params *p = given;
    double alpha = (1.0 - p->level) / 2.0;
    state s = *(const state *)from;
    for (int64_t i = 0; i < s.points; i++) {
        double *row = &s.values[i * COLUMNS];
        ASSAY_TRY(assay_share_interval(&row[3], &row[4], row[4], row[2], row[3], alpha, err));
    }
    return assay_result_curve(out, "risk_coverage", columns, COLUMNS, s.values, s.points, err);
}

static const assay_param parameters[] = {
    ASSAY_REAL(params, level, 0.95, 0.5, 0.9999, "",
               "Confidence level of the interval of the risk at each point."),
};

static const assay_metric metric = {
    .state_size = state_size, .block = block, .finish = finish, .sorted = sorted, .curve_only = 1};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric risk_coverage",
    "metrics: [risk_coverage]", NULL};

const assay_op assay_op_metric_risk_coverage = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "risk_coverage",
    .title = "Risk-coverage curve",
    .summary = "Error rate when only the most confident rows are answered, for each share of rows "
               "answered.",
    .description =
        "A table with the columns `coverage` (share of the rows whose confidence reaches a "
        "threshold), `risk` (error rate among them), `n` (their number) and the Clopper-Pearson "
        "interval of the risk (`risk_low`, `risk_high`) at `level`, by rising coverage; the "
        "intervals hold point by point, not for the curve as a whole. The last point is all rows, "
        "so its risk is 1 - accuracy. Rows of equal confidence are "
        "answered together.\n\n"
        "With more than 200 distinct confidences the table holds the points that first reach a "
        "coverage of 1/200, 2/200 and so on, each exact. The area below the full curve is "
        "`aurc`.",
    .citation = "El-Yaniv, Wiener (2010), On the foundations of noise-free selective "
                "classification, JMLR 11.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_NO_DIRECTION,
    .params = parameters,
    .n_params = ASSAY_COUNT(parameters),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
