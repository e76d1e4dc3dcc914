#include "ops/shared/confusion.h"

static size_t state_size(const void *params, int32_t classes)
{
    (void)params;
    return (size_t)classes * (size_t)classes * sizeof(double);
}

static assay_status block(void *state, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    double *counts = state;
    for (int64_t i = 0; i < rows->n; i++) {
        counts[(int64_t)rows->target[i] * rows->classes + rows->label[i]] +=
            assay_rows_weight(rows, i);
    }
    return ASSAY_OK;
}

static void merge(void *into, const void *from, const void *params, int32_t classes)
{
    (void)params;
    double *counts = into;
    const double *other = from;
    for (int64_t i = 0; i < (int64_t)classes * classes; i++) {
        counts[i] += other[i];
    }
}

enum { COLUMNS = 3 };

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    static const char *const columns[COLUMNS] = {"truth", "predicted", "count"};
    const double *counts = state;
    int64_t cells = (int64_t)shape->classes * shape->classes;
    int64_t n = 0;
    for (int64_t i = 0; i < cells; i++) {
        n += counts[i] > 0.0;
    }
    double *values = assay_arena_alloc(out->arena, (size_t)n * COLUMNS, sizeof *values);
    if (values == NULL) {
        return assay_fail_memory(err);
    }
    double *row = values;
    for (int64_t i = 0; i < cells; i++) {
        if (counts[i] > 0.0) {
            row[0] = (double)(i / shape->classes);
            row[1] = (double)(i % shape->classes);
            row[2] = counts[i];
            row += COLUMNS;
        }
    }
    return assay_result_curve(out, "confusion_matrix", columns, COLUMNS, values, n, err);
}

static const assay_metric metric = {.state_size = state_size,
                                    .block = block,
                                    .merge = merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION,
                                    .curve_only = 1};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric confusion_matrix",
    "metrics: [confusion_matrix]", NULL};

const assay_op assay_op_metric_confusion_matrix = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "confusion_matrix",
    .title = "Confusion matrix",
    .summary = "How often each true class was predicted as each class.",
    .description =
        "A table with one row per pair of true and predicted class that occurs: `truth` and "
        "`predicted` are class indices from 0, `count` is the number of rows. Pairs that are not "
        "listed have count 0. In a drawing, rows of the matrix are true classes and columns are "
        "predicted classes.\n\n"
        "The counts are exact integers; it has no interval of its own.",
    .citation = "Stehman (1997), Selecting and interpreting measures of thematic classification "
                "accuracy, Remote Sensing of Environment 62; orientation as "
                "sklearn.metrics.confusion_matrix (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_NO_DIRECTION,
    .examples = examples,
    .metric = &metric};
