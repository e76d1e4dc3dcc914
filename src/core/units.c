#include "core/units.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/bad_rows.h"

static assay_status check_column(const assay_column *c, const assay_table *table,
                                 const char *const *ids, const char *column, const char *what,
                                 const char *where, assay_error *err)
{
    const assay_column *own = assay_table_find(table, "id");
    int64_t rows = table->rows;
    if (c->type == ASSAY_COLUMN_REAL) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "%s: column '%.80s' of %s holds real numbers, which name no clusters; use a "
            "column of texts or whole numbers",
            what, column, where);
    }
    assay_bad_rows bad = {0};
    for (int64_t i = 0; i < rows; i++) {
        if ((c->valid != NULL && !c->valid[i]) ||
            (c->type == ASSAY_COLUMN_TEXT && (c->texts[i] == NULL || c->texts[i][0] == '\0'))) {
            char name[80] = "";
            if (assay_bad_rows_tells(&bad)) {
                const char *id = ids != NULL                                     ? ids[i]
                                 : own != NULL && own->type == ASSAY_COLUMN_TEXT ? own->texts[i]
                                                                                 : NULL;
                assay_bad_row_name(name, sizeof name,
                                   table->file_row != NULL ? table->file_row[i] : i + 1, id);
            }
            assay_bad_rows_add(&bad, "%s: the cluster column '%.60s' is empty", name, column);
        }
    }
    return bad.n > 0 ? assay_bad_rows_fail(&bad, where, rows,
                                           "every row needs the cluster it belongs to", err)
                     : ASSAY_OK;
}

static bool same(const assay_column *c, int64_t a, int64_t b)
{
    return c->type == ASSAY_COLUMN_INT ? c->ints[a] == c->ints[b]
                                       : strcmp(c->texts[a], c->texts[b]) == 0;
}

assay_status assay_units_make(int64_t **units, int64_t *n_units, assay_arena *arena,
                              assay_table *table, const char *const *ids, const char *column,
                              const char *what, const char *where, assay_error *err)
{
    const assay_column *c = table != NULL ? assay_table_find(table, column) : NULL;
    *units = NULL;
    *n_units = 0;
    if (c == NULL) {
        return assay_fail(
            err, ASSAY_EINVAL, "%s: %s has no metadata column '%.80s'; it has: %s", what, where,
            column, table != NULL && table->n_columns > 0 ? assay_table_names(table) : "none");
    }
    ASSAY_TRY(check_column(c, table, ids, column, what, where, err));
    int64_t *made = assay_arena_alloc(arena, (size_t)table->rows + 1, sizeof *made);
    int64_t *order = assay_alloc((size_t)table->rows + 1, sizeof *order);
    if (made == NULL || order == NULL) {
        assay_free(order);
        return assay_fail_memory(err);
    }
    assay_status status = c->type == ASSAY_COLUMN_INT
                              ? assay_sort_order_i64(order, c->ints, table->rows, err)
                              : assay_sort_order_text(order, c->texts, table->rows, err);
    for (int64_t i = 0; status == ASSAY_OK && i < table->rows; i++) {
        *n_units += i == 0 || !same(c, order[i - 1], order[i]);
        made[order[i]] = *n_units - 1;
    }
    assay_free(order);
    if (status == ASSAY_OK && *n_units < 2 && table->rows > 1) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "%s: the cluster column '%.80s' has the same value in every row: with one "
            "cluster nothing can be said about other data",
            where, column);
    }
    *units = made;
    return status;
}
