/* Predictions of real values: the whole table is kept, two of its columns are the values. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/table_rows.h"
#include "base/text_index.h"

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
    if ((*out)->type == ASSAY_COLUMN_TEXT) {
        for (int64_t i = 0; i < table->rows; i++) {
            if ((*out)->texts[i] != NULL) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "%s: column \"%s\" holds text where %s is expected, e.g. "
                                  "\"%.80s\"",
                                  path, (*out)->name, what, (*out)->texts[i]);
            }
        }
    }
    return ASSAY_OK;
}

static void add_fault(assay_bad_rows *bad, const char *path, int64_t row,
                      const assay_column *column, double value)
{
    char place[512];
    char text[700];
    assay_duckdb_row_place(place, sizeof place, path, row + 1);
    (void)snprintf(text, sizeof text, "%s: column \"%.100s\": %s", place, column->name,
                   isnan(value) ? "there is no number" : "the number is infinite");
    assay_bad_rows_add(bad, text);
}

/* Rows with two finite numbers go to the front; anything else stops, or is left out. */
static assay_status take_rows(assay_predictions *p, assay_table *table, const assay_column *truth,
                              const assay_column *value, const char *path, int skip,
                              assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_bad_rows bad = {0};
    int64_t kept = 0;
    for (int64_t i = 0; i < table->rows; i++) {
        double y = assay_column_number(truth, i);
        double v = assay_column_number(value, i);
        if (!isfinite(y) || !isfinite(v)) {
            add_fault(&bad, path, i, isfinite(y) ? value : truth, isfinite(y) ? v : y);
            continue;
        }
        p->truth[kept] = y;
        p->value[kept] = v;
        if (kept < i) {
            assay_table_move_row(table, kept, i);
        }
        kept++;
    }
    p->skipped = table->rows - kept;
    p->n = kept;
    table->rows = kept;
    if (bad.n > 0 && !skip) {
        status = assay_bad_rows_fail(&bad, err);
    } else if (kept == 0) {
        status = assay_fail(err, ASSAY_EFORMAT, "%s: there is no row with two numbers", path);
    }
    assay_bad_rows_dispose(&bad);
    return status;
}

assay_status assay_duckdb_take_ids(assay_predictions *p, const assay_table *table, const char *name,
                                   const char *path, assay_error *err)
{
    const assay_column *ids = assay_table_find(table, name);
    if (ids == NULL || ids->type != ASSAY_COLUMN_TEXT) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    assay_text_index *index = NULL;
    ASSAY_TRY(assay_text_index_new(&index, p->n, err));
    for (int64_t i = 0; i < p->n; i++) {
        int64_t earlier = -1;
        if (ids->texts[i] == NULL || ids->texts[i][0] == '\0') {
            status = assay_fail(err, ASSAY_EFORMAT, "%s: row %" PRId64 ": the id is missing", path,
                                i + 1);
            goto done;
        }
        ASSAY_GOTO(assay_text_index_put(&earlier, index, ids->texts, i, err), done);
        if (earlier >= 0) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: row %" PRId64 ": the id \"%.80s\" stands twice, first in row "
                                "%" PRId64,
                                path, i + 1, ids->texts[i], earlier + 1);
            goto done;
        }
    }
    p->ids = ids->texts;
done:
    assay_text_index_free(index);
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
    if (columns->id != NULL && assay_table_find(table, id) == NULL) {
        status =
            assay_fail(err, ASSAY_EFORMAT, "%s: there is no column \"%s\" with the id", path, id);
        goto done;
    }
    ASSAY_GOTO(find_column(&truth, table, path,
                           columns->target != NULL ? columns->target : "target", "the true value",
                           "--target", err),
               done);
    ASSAY_GOTO(find_column(&value, table, path,
                           columns->value != NULL ? columns->value : "prediction",
                           "the predicted value", "--label", err),
               done);
    ASSAY_GOTO(assay_predictions_new_regression(&p, table->rows, err), done);
    ASSAY_GOTO(take_rows(p, table, truth, value, path, columns->skip_bad, err), done);
    ASSAY_GOTO(assay_duckdb_take_ids(p, table, id, path, err), done);
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
