#include "core/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

enum { FIRST_COLUMNS = 16, LISTED_NAMES = 60 };

assay_status assay_table_new(assay_table **out, int64_t rows, size_t limit, assay_error *err)
{
    *out = NULL;
    if (rows < 0) {
        return assay_fail(err, ASSAY_EINVAL, "a table cannot have %" PRId64 " rows", rows);
    }
    assay_table *table = assay_alloc(1, sizeof *table);
    if (table == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_arena_new(&table->arena, limit > 0 ? limit : (size_t)16 << 30, err);
    if (status != ASSAY_OK) {
        assay_free(table);
        return status;
    }
    table->rows = rows;
    *out = table;
    return ASSAY_OK;
}

const assay_column *assay_table_find(const assay_table *table, const char *name)
{
    if (table == NULL || name == NULL) {
        return NULL;
    }
    for (int32_t i = 0; i < table->n_columns; i++) {
        const char *have = table->columns[i].name;
        /* ASCII only in any locale: DuckDB's rule for identifiers. */
        size_t k = 0;
        for (;; k++) {
            unsigned a = (unsigned char)have[k];
            unsigned b = (unsigned char)name[k];
            a += a >= 'A' && a <= 'Z' ? 32U : 0U;
            b += b >= 'A' && b <= 'Z' ? 32U : 0U;
            if (a != b || a == 0) {
                break;
            }
        }
        if (have[k] == '\0' && name[k] == '\0') {
            return &table->columns[i];
        }
    }
    return NULL;
}

static assay_status grow(assay_table *table, assay_error *err)
{
    if (table->n_columns < table->capacity) {
        return ASSAY_OK;
    }
    if (table->capacity > INT32_MAX / 2) {
        return assay_fail(err, ASSAY_ELIMIT, "too many columns");
    }
    int32_t capacity = table->capacity > 0 ? 2 * table->capacity : FIRST_COLUMNS;
    assay_column *columns = assay_arena_alloc(table->arena, (size_t)capacity, sizeof *columns);
    if (columns == NULL) {
        return assay_fail_memory(err);
    }
    if (table->n_columns > 0) {
        memcpy(columns, table->columns, (size_t)table->n_columns * sizeof *columns);
    }
    table->columns = columns;
    table->capacity = capacity;
    return ASSAY_OK;
}

assay_status assay_table_add(assay_column **out, assay_table *table, const char *name,
                             assay_column_type type, assay_error *err)
{
    *out = NULL;
    if (name == NULL || name[0] == '\0') {
        return assay_fail(err, ASSAY_EINVAL, "a column needs a name");
    }
    if (assay_table_find(table, name) != NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "there is a column called \"%s\" already (upper and lower case count as "
                          "the same)",
                          name);
    }
    ASSAY_TRY(grow(table, err));
    assay_column column = {.type = type};
    size_t rows = (size_t)table->rows;
    void *values = NULL;
    switch (type) {
    case ASSAY_COLUMN_INT:
        values = column.ints = assay_arena_alloc(table->arena, rows, sizeof *column.ints);
        break;
    case ASSAY_COLUMN_REAL:
        values = column.reals = assay_arena_alloc(table->arena, rows, sizeof *column.reals);
        break;
    case ASSAY_COLUMN_TEXT:
        values = column.texts = assay_arena_alloc(table->arena, rows, sizeof *column.texts);
        break;
    default:
        return assay_fail(err, ASSAY_EINVAL, "column \"%s\": unknown type %d", name, (int)type);
    }
    column.name = assay_arena_strdup(table->arena, name);
    column.valid = assay_arena_alloc(table->arena, rows, sizeof *column.valid);
    if (values == NULL || column.name == NULL || column.valid == NULL) {
        return assay_fail_memory(err);
    }
    table->columns[table->n_columns] = column;
    *out = &table->columns[table->n_columns++];
    return ASSAY_OK;
}

const char *assay_table_names(assay_table *table)
{
    if (table == NULL || table->n_columns == 0) {
        return "(none)";
    }
    assay_buffer text;
    assay_buffer_init(&text, 0);
    for (int32_t i = 0; i < table->n_columns && i < LISTED_NAMES; i++) {
        assay_buffer_puts(&text, i > 0 ? ", " : "");
        assay_buffer_puts(&text, table->columns[i].name);
    }
    if (table->n_columns > LISTED_NAMES) {
        assay_buffer_printf(&text, ", ... (%d more)", (int)(table->n_columns - LISTED_NAMES));
    }
    const char *names = NULL;
    if (assay_buffer_status(&text, NULL) == ASSAY_OK) {
        names = assay_arena_strdup(table->arena, text.data);
    }
    assay_buffer_dispose(&text);
    return names != NULL ? names : "(out of memory)";
}

static double number_of_text(const char *text)
{
    double value = NAN;
    if (text == NULL) {
        return NAN;
    }
    if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0) {
        return strcasecmp(text, "true") == 0 ? 1.0 : 0.0;
    }
    return assay_text_to_real(&value, text) ? value : (double)NAN;
}

double assay_column_number(const assay_column *column, int64_t row)
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
        return number_of_text(column->texts[row]);
    }
    return NAN;
}

void assay_column_show(char *out, size_t size, const assay_column *column, int64_t row)
{
    const char *text = column->type == ASSAY_COLUMN_TEXT ? column->texts[row] : NULL;
    bool there = column->valid == NULL || column->valid[row];
    if (!there || (column->type == ASSAY_COLUMN_TEXT && (text == NULL || text[0] == '\0'))) {
        (void)snprintf(out, size, "nothing");
    } else if (text != NULL) {
        char printable[40];
        assay_text_printable(printable, sizeof printable, text);
        (void)snprintf(out, size, "\"%s\"", printable);
    } else if (column->type == ASSAY_COLUMN_INT) {
        (void)snprintf(out, size, "%" PRId64, column->ints[row]);
    } else {
        (void)snprintf(out, size, "%.6g", column->reals[row]);
    }
}

void assay_table_move_row(assay_table *table, int64_t to, int64_t from)
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

assay_status assay_table_set_rows(assay_table *table, const int64_t *file_row, assay_error *err)
{
    size_t n = (size_t)table->rows;
    table->file_row = assay_arena_alloc(table->arena, n + 1, sizeof *table->file_row);
    if (table->file_row == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(table->file_row, file_row, n * sizeof *file_row);
    return ASSAY_OK;
}

void assay_table_free(assay_table *table)
{
    if (table != NULL) {
        assay_arena_free(table->arena);
        assay_free(table);
    }
}
