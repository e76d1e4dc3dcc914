#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/read_columns.h"
#include "adapters/duckdb/source.h"
#include "base/alloc.h"
#include "base/text.h"

static int is_listed(const char *name, const char *const *list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strlen(list[i]) == strlen(name) && assay_text_ends_nocase(name, list[i])) {
            return 1;
        }
    }
    return 0;
}

assay_status assay_metadata_begin(assay_metadata_reader *reader, int64_t rows, assay_error *err)
{
    reader->rows_read = 0;
    ASSAY_TRY(assay_table_new(&reader->table, rows, 0, err));
    reader->pool = (assay_text_pool){.arena = reader->table->arena};
    for (int32_t i = 0; i < reader->n; i++) {
        assay_column_type type = reader->columns[i].as == ASSAY_FETCH_INT    ? ASSAY_COLUMN_INT
                                 : reader->columns[i].as == ASSAY_FETCH_REAL ? ASSAY_COLUMN_REAL
                                                                             : ASSAY_COLUMN_TEXT;
        assay_column *column = NULL;
        assay_status status = assay_table_add(
            &column, reader->table, reader->source->names[reader->columns[i].column], type, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s", reader->source->path);
            return status;
        }
    }
    return ASSAY_OK;
}

void assay_metadata_plan(assay_metadata_reader *reader, assay_source *source, int32_t column,
                         const char *const *text_columns)
{
    assay_fetch as = ASSAY_FETCH_TEXT;
    if (!is_listed(source->names[column], text_columns)) {
        switch (source->types[column]) {
        case ASSAY_SOURCE_INT:
        case ASSAY_SOURCE_BOOL:
            as = ASSAY_FETCH_INT;
            break;
        case ASSAY_SOURCE_FLOAT:
        case ASSAY_SOURCE_REAL:
            as = ASSAY_FETCH_REAL;
            break;
        case ASSAY_SOURCE_TEXT:
            break;
        }
    }
    reader->source = source;
    reader->columns[reader->n++] = (assay_fetch_column){.column = column, .as = as};
}

static assay_status copy_texts(assay_metadata_reader *reader, assay_column *column,
                               duckdb_string_t *texts, const uint64_t *validity, int64_t rows,
                               const uint8_t *keep, int64_t first, assay_error *err)
{
    int64_t at = reader->rows_read;
    for (int64_t r = 0; r < rows; r++) {
        if (keep != NULL && !keep[r]) {
            continue;
        }
        if (duckdb_validity_row_is_valid((uint64_t *)(uintptr_t)validity, (idx_t)r)) {
            size_t size = 0;
            const char *text = assay_duck_text(&texts[r], &size);
            if (size > 0 && memchr(text, '\0', size) != NULL) {
                return assay_fail(err, ASSAY_EFORMAT, "%s: column \"%s\" holds a NUL character",
                                  assay_source_row(reader->source, first + r + 1), column->name);
            }
            column->texts[at] = assay_text_pool_put(&reader->pool, text, size);
            if (column->texts[at] == NULL) {
                return assay_fail_memory(err);
            }
            column->valid[at] = 1;
        }
        at++;
    }
    return ASSAY_OK;
}

assay_status assay_metadata_take(assay_metadata_reader *reader, duckdb_data_chunk chunk,
                                 idx_t first_vector, int64_t first, int64_t rows,
                                 const uint8_t *keep, assay_error *err)
{
    int64_t end = reader->rows_read;
    for (int32_t i = 0; i < reader->n; i++) {
        assay_column *column = &reader->table->columns[i];
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, first_vector + (idx_t)i);
        uint64_t *validity = duckdb_vector_get_validity(vector);
        void *data = duckdb_vector_get_data(vector);
        if (column->type == ASSAY_COLUMN_TEXT) {
            ASSAY_TRY(copy_texts(reader, column, data, validity, rows, keep, first, err));
        }
        end = reader->rows_read;
        for (int64_t r = 0; r < rows; r++) {
            if (keep != NULL && !keep[r]) {
                continue;
            }
            if (column->type != ASSAY_COLUMN_TEXT &&
                duckdb_validity_row_is_valid(validity, (idx_t)r)) {
                column->valid[end] = 1;
                if (column->type == ASSAY_COLUMN_INT) {
                    column->ints[end] = ((const int64_t *)data)[r];
                } else {
                    column->reals[end] = ((const double *)data)[r];
                }
            }
            end++;
        }
    }
    reader->rows_read = end;
    return ASSAY_OK;
}

/* Blanks around a number do not make it a text. */
static const char *trimmed(char out[64], const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
        size--;
    }
    if (size == 0 || size >= 64) {
        return NULL;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return out;
}

static int parse_whole(int64_t *out, const char *text)
{
    char copy[64];
    const char *number = trimmed(copy, text);
    if (number == NULL) {
        return 0;
    }
    const char *digits = number + (*number == '-');
    int leading_zero = digits[0] == '0' && digits[1] != '\0';
    return !leading_zero && *number != '+' && assay_text_to_i64(out, number);
}

static int parse_boolean(int64_t *out, const char *text)
{
    int yes = strlen(text) == 4 && assay_text_ends_nocase(text, "true");
    int no = strlen(text) == 5 && assay_text_ends_nocase(text, "false");
    *out = yes;
    return yes || no;
}

static int parse_real(double *out, int *number, const char *text)
{
    char copy[64];
    const char *word = trimmed(copy, text);
    if (word == NULL) {
        return 0;
    }
    if (assay_text_to_real(out, word)) {
        *number = 1;
        const char *digits = word + (*word == '-' || *word == '+');
        /* 007 and 0123.5 are codes; 0.5 and 0 are numbers */
        return !(digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9');
    }
    const char *bare = word + (*word == '-' || *word == '+');
    if (strlen(bare) == 3 && assay_text_ends_nocase(bare, "nan")) {
        *out = (double)NAN;
        return 1;
    }
    if (strlen(bare) == 3 && assay_text_ends_nocase(bare, "inf")) {
        *out = *word == '-' ? -(double)INFINITY : (double)INFINITY;
        return 1;
    }
    return 0;
}

static int as_ints(int64_t *out, const assay_column *column, int64_t rows,
                   int (*parse)(int64_t *, const char *))
{
    int64_t present = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (column->valid[i]) {
            present++;
            if (!parse(&out[i], column->texts[i])) {
                return 0;
            }
        }
    }
    return present > 0;
}

static int as_reals(double *out, const assay_column *column, int64_t rows)
{
    int number = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (column->valid[i] && !parse_real(&out[i], &number, column->texts[i])) {
            return 0;
        }
    }
    return number;
}

/* A text column of a CSV file becomes a number column when every value is one. */
static assay_status infer(assay_table *table, assay_column *column, assay_error *err)
{
    union {
        void *any;
        int64_t *ints;
        double *reals;
    } values = {.any = assay_arena_alloc(table->arena, (size_t)table->rows, sizeof(int64_t))};
    if (values.any == NULL) {
        return assay_fail_memory(err);
    }
    if (as_ints(values.ints, column, table->rows, parse_whole) ||
        as_ints(values.ints, column, table->rows, parse_boolean)) {
        column->type = ASSAY_COLUMN_INT;
        column->ints = values.ints;
        column->texts = NULL;
    } else if (as_reals(values.reals, column, table->rows)) {
        column->type = ASSAY_COLUMN_REAL;
        column->reals = values.reals;
        column->texts = NULL;
    }
    if (column->type != ASSAY_COLUMN_TEXT) {
        for (int64_t i = 0; i < table->rows; i++) {
            if (!column->valid[i]) {
                values.ints[i] = 0; /* the zero of both types */
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_metadata_finish(assay_metadata_reader *reader, const char *const *text_columns,
                                   assay_error *err)
{
    assay_table *table = reader->table;
    table->rows = reader->rows_read;
    if (reader->source->kind != ASSAY_SOURCE_CSV) {
        return ASSAY_OK;
    }
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (!is_listed(table->columns[i].name, text_columns)) {
            ASSAY_TRY(infer(table, &table->columns[i], err));
        }
    }
    return ASSAY_OK;
}

static assay_status begin(void *payload, int64_t rows, assay_error *err)
{
    return assay_metadata_begin(payload, rows, err);
}

static assay_status take(void *payload, duckdb_data_chunk chunk, int64_t first, int64_t rows,
                         assay_error *err)
{
    return assay_metadata_take(payload, chunk, 0, first, rows, NULL, err);
}

assay_status assay_duckdb_read_table_as(assay_table **out, const char *path,
                                        const char *const *text_columns, assay_error *err)
{
    *out = NULL;
    assay_source source;
    assay_metadata_reader reader = {0};
    ASSAY_TRY(assay_source_open(&source, path, 0, err));
    assay_status status = ASSAY_OK;
    reader.columns = assay_arena_alloc(source.arena, (size_t)source.n, sizeof *reader.columns);
    if (reader.columns == NULL) {
        ASSAY_GOTO(assay_fail_memory(err), done);
    }
    for (int32_t i = 0; i < source.n; i++) {
        assay_metadata_plan(&reader, &source, i, text_columns);
    }
    ASSAY_GOTO(assay_source_fetch(&source, reader.columns, reader.n, 0, begin, take, &reader, err),
               done);
    ASSAY_GOTO(assay_metadata_finish(&reader, text_columns, err), done);
    *out = reader.table;
    reader.table = NULL;
done:
    assay_table_free(reader.table);
    assay_source_close(&source);
    return status;
}

assay_status assay_duckdb_read_table(assay_table **out, const char *path, assay_error *err)
{
    return assay_duckdb_read_table_as(out, path, NULL, err);
}

void assay_duckdb_row_place(char *out, size_t size, const char *path, int64_t row)
{
    assay_source source;
    if (assay_source_open(&source, path, 1, NULL) != ASSAY_OK) {
        (void)snprintf(out, size, "%s: row %" PRId64, path, row);
        return;
    }
    (void)snprintf(out, size, "%s", assay_source_row(&source, row));
    assay_source_close(&source);
}
