/* Predictions of real values: the whole table is kept, two of its columns are the values. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
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

/* NaN where the number is missing. */
static double number_at(const assay_column *column, int64_t row)
{
    if (column->valid != NULL && !column->valid[row]) {
        return NAN;
    }
    switch (column->type) {
    case ASSAY_COLUMN_INT:
        return (double)column->ints[row];
    case ASSAY_COLUMN_REAL:
        return column->reals[row];
    case ASSAY_COLUMN_TEXT:
        break;
    }
    return NAN;
}

static assay_status refuse(const char *path, int64_t row, const assay_column *column, double value,
                           assay_error *err)
{
    char place[512];
    assay_duckdb_row_place(place, sizeof place, path, row + 1);
    return assay_fail(err, ASSAY_EFORMAT, "%s: column \"%s\": %s", place, column->name,
                      isnan(value) ? "there is no number" : "the number is infinite");
}

static void move_row(assay_table *table, int64_t to, int64_t from)
{
    for (int32_t c = 0; c < table->n_columns; c++) {
        assay_column *column = &table->columns[c];
        if (column->type == ASSAY_COLUMN_INT) {
            column->ints[to] = column->ints[from];
        } else if (column->type == ASSAY_COLUMN_REAL) {
            column->reals[to] = column->reals[from];
        } else {
            column->texts[to] = column->texts[from];
        }
        if (column->valid != NULL) {
            column->valid[to] = column->valid[from];
        }
    }
}

/* Rows with two finite numbers go to the front; anything else stops, or is left out. */
static assay_status take_rows(assay_predictions *p, assay_table *table, const assay_column *truth,
                              const assay_column *value, const char *path, int skip,
                              assay_error *err)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < table->rows; i++) {
        double y = number_at(truth, i);
        double v = number_at(value, i);
        if (!isfinite(y) || !isfinite(v)) {
            if (!skip) {
                return isfinite(y) ? refuse(path, i, value, v, err)
                                   : refuse(path, i, truth, y, err);
            }
            continue;
        }
        p->truth[kept] = y;
        p->value[kept] = v;
        if (kept < i) {
            move_row(table, kept, i);
        }
        kept++;
    }
    p->skipped = table->rows - kept;
    p->n = kept;
    table->rows = kept;
    if (kept == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s: there is no row with two numbers", path);
    }
    return ASSAY_OK;
}

static assay_status take_ids(assay_predictions *p, const assay_table *table, const char *name,
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
    ASSAY_GOTO(take_ids(p, table, id, path, err), done);
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
