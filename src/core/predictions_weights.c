/* Weights of rows from a metadata column. */
#include <inttypes.h>
#include <stdio.h>

#include "core/bad_rows.h"
#include "core/predictions.h"

static void refuse_row(assay_bad_rows *bad, const assay_predictions *p, const assay_column *column,
                       int64_t row)
{
    char name[80] = "", found[48] = "";
    if (assay_bad_rows_tells(bad)) {
        assay_bad_row_name(name, sizeof name, assay_predictions_row(p, row),
                           p->ids != NULL ? p->ids[row] : NULL);
        assay_column_show(found, sizeof found, column, row);
    }
    assay_bad_rows_add(bad, "%s holds %s", name, found);
}

assay_status assay_predictions_weigh_by(assay_predictions *p, assay_table *table, const char *name,
                                        const char *path, int skip_bad, assay_error *err)
{
    const assay_column *column = table != NULL ? assay_table_find(table, name) : NULL;
    if (column == NULL) {
        const char *names = table != NULL ? assay_table_names(table) : NULL;
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: there is no column \"%s\" with weights; the columns are: %s", path,
                          name, names != NULL ? names : "(none besides the predictions)");
    }
    double *weights = assay_arena_alloc(p->arena, (size_t)p->n, sizeof *weights);
    if (weights == NULL) {
        return assay_fail_memory(err);
    }
    assay_bad_rows bad = {0};
    bool any = false;
    for (int64_t i = 0; i < p->n; i++) {
        double weight = assay_column_number(column, i);
        if (!(weight >= 0.0 && weight <= 1e100)) {
            refuse_row(&bad, p, column, i);
            weight = 0.0;
        }
        weights[i] = weight;
        any = any || weight > 0.0;
    }
    int64_t n_bad = bad.n;
    if (n_bad > 0 && !skip_bad) {
        char place[600];
        (void)snprintf(place, sizeof place, "%.400s: weights in column \"%.80s\"", path,
                       column->name);
        return assay_bad_rows_fail(&bad, place, p->n,
                                   "a weight is a number from 0 to 1e100; --on-error skip leaves "
                                   "such rows out",
                                   err);
    }
    assay_bad_rows_dispose(&bad);
    if (!any) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: weights in column \"%s\": not one of %" PRId64
                          " rows has a weight above zero",
                          path, name, p->n);
    }
    p->weights = weights;
    p->skipped += n_bad;
    return ASSAY_OK;
}

assay_status assay_predictions_weigh(assay_predictions *p, const char *name, const char *path,
                                     int skip_bad, assay_error *err)
{
    ASSAY_TRY(assay_predictions_weigh_by(p, p->columns, name, path, skip_bad, err));
    return assay_predictions_digest(p, err);
}
