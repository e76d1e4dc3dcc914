/* Predictions of real values: the whole table is kept, two of its columns are the values. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/table_rows.h"

static assay_status find_column(const assay_column **out, assay_table *table, const char *path,
                                const char *name, const char *what, const char *option,
                                assay_error *err)
{
    *out = assay_table_find(table, name);
    if (*out == NULL) {
        const char *names = assay_table_names(table);
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: there is no column \"%s\" with %s; name it with %s; the columns "
                          "are: %s",
                          path, name, what, option, names != NULL ? names : "");
    }
    return ASSAY_OK;
}

/* What is wrong with row i; false when it has two finite numbers. */
static bool fault_of(char *out, size_t size, const assay_column *truth, const assay_column *value,
                     int64_t i)
{
    bool first = !isfinite(assay_column_number(truth, i));
    if (!first && isfinite(assay_column_number(value, i))) {
        return false;
    }
    const assay_column *column = first ? truth : value;
    char found[48];
    assay_column_show(found, sizeof found, column, i);
    (void)snprintf(out, size, "column \"%.60s\" holds %s, expected a finite number", column->name,
                   found);
    return true;
}

/* Rows with two finite numbers go to the front; anything else stops, or is left out. */
static assay_status take_rows(assay_predictions *p, assay_table *table, const assay_column *truth,
                              const assay_column *value, const char *path,
                              const assay_values_columns *columns, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_row_screen screen = {.path = path, .table = table, .predictions = p};
    ASSAY_GOTO(assay_row_screen_ids(&screen, columns->id != NULL ? columns->id : "id",
                                    columns->id != NULL, err),
               done);
    for (int64_t i = 0; i < screen.rows; i++) {
        char fault[200];
        bool good = false;
        int64_t to = 0;
        if (fault_of(fault, sizeof fault, truth, value, i)) {
            assay_row_screen_refuse(&screen, i, fault);
            continue;
        }
        ASSAY_GOTO(assay_row_screen_take(&good, &to, &screen, i, err), done);
        if (good) {
            p->truth[to] = assay_column_number(truth, to);
            p->value[to] = assay_column_number(value, to);
        }
    }
    status = assay_row_screen_finish(&screen, columns->skip_bad, err);
done:
    assay_row_screen_dispose(&screen);
    return status;
}

assay_status assay_duckdb_read_values(assay_predictions **out, const char *path,
                                      const assay_values_columns *columns, assay_error *err)
{
    static const assay_values_columns defaults = {0};
    assay_status status = ASSAY_OK;
    assay_table *table = NULL;
    assay_predictions *p = NULL;
    const assay_column *truth = NULL;
    const assay_column *value = NULL;
    *out = NULL;
    columns = columns != NULL ? columns : &defaults;
    const char *id = columns->id != NULL ? columns->id : "id";
    const char *const texts[] = {id, NULL};
    ASSAY_GOTO(assay_duckdb_read_table_as(&table, path, texts, err), done);
    ASSAY_GOTO(find_column(&truth, table, path,
                           columns->target != NULL ? columns->target : "target", "the true value",
                           "--target", err),
               done);
    ASSAY_GOTO(find_column(&value, table, path,
                           columns->value != NULL ? columns->value : "prediction",
                           "the predicted value", "--label", err),
               done);
    ASSAY_GOTO(assay_predictions_new_regression(&p, table->rows, err), done);
    ASSAY_GOTO(take_rows(p, table, truth, value, path, columns, err), done);
    p->columns = table;
    table = NULL;
    ASSAY_GOTO(assay_predictions_digest(p, err), done);
    *out = p;
    p = NULL;
done:
    assay_table_free(table);
    assay_predictions_free(p);
    return status;
}
