#include "adapters/duckdb/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

typedef struct scan_state {
    int64_t at;
    idx_t n;
    idx_t *columns;
} scan_state;

static void bind_columns(duckdb_bind_info info)
{
    const assay_scan *scan = duckdb_bind_get_extra_info(info);
    for (int32_t i = 0; i < scan->n; i++) {
        duckdb_type type = DUCKDB_TYPE_BIGINT;
        switch (scan->columns[i].kind) {
        case ASSAY_SCAN_ROW:
        case ASSAY_SCAN_INT:
            break;
        case ASSAY_SCAN_REAL:
            type = DUCKDB_TYPE_DOUBLE;
            break;
        case ASSAY_SCAN_FLOAT:
            type = DUCKDB_TYPE_FLOAT;
            break;
        case ASSAY_SCAN_TEXT:
        case ASSAY_SCAN_CLASS:
            type = DUCKDB_TYPE_VARCHAR;
            break;
        }
        duckdb_logical_type logical = duckdb_create_logical_type(type);
        duckdb_bind_add_result_column(info, scan->columns[i].name, logical);
        duckdb_destroy_logical_type(&logical);
    }
    duckdb_bind_set_cardinality(info, (idx_t)scan->rows, true);
}

static void free_state(void *payload)
{
    scan_state *state = payload;
    assay_free(state->columns);
    assay_free(state);
}

static void begin_scan(duckdb_init_info info)
{
    scan_state *state = assay_alloc(1, sizeof *state);
    idx_t n = duckdb_init_get_column_count(info);
    idx_t *columns = assay_alloc(n, sizeof *columns);
    if (state == NULL || columns == NULL) {
        assay_free(state);
        assay_free(columns);
        duckdb_init_set_error(info, "Out of Memory Error");
        return;
    }
    for (idx_t i = 0; i < n; i++) {
        columns[i] = duckdb_init_get_column_index(info, i);
    }
    state->n = n;
    state->columns = columns;
    duckdb_init_set_init_data(info, state, free_state);
    duckdb_init_set_max_threads(info, 1);
}

/* DuckDB wants well-formed UTF-8. */
static int put_text(duckdb_vector vector, idx_t row, const char *text)
{
    size_t size = strlen(text);
    if (assay_utf8_valid(text, size)) {
        duckdb_vector_assign_string_element_len(vector, row, text, size);
        return 1;
    }
    char *safe = assay_alloc(3 * size + 1, 1);
    if (safe == NULL) {
        return 0;
    }
    assay_text_printable(safe, 3 * size + 1, text);
    duckdb_vector_assign_string_element_len(vector, row, safe, strlen(safe));
    assay_free(safe);
    return 1;
}

static const char *text_of(const assay_scan_column *column, int64_t i)
{
    if (column->kind == ASSAY_SCAN_TEXT) {
        return ((const char *const *)column->data)[i];
    }
    int32_t code = ((const int32_t *)column->data)[i];
    return code >= 0 ? column->names[code] : NULL;
}

static int fill_vector(duckdb_vector vector, const assay_scan_column *column, int64_t first,
                       int64_t rows)
{
    void *out = duckdb_vector_get_data(vector);
    uint64_t *validity = NULL;
    for (int64_t r = 0; r < rows; r++) {
        int64_t i = first + r;
        const char *text = NULL;
        int missing = column->valid != NULL && !column->valid[i];
        int is_text = column->kind == ASSAY_SCAN_TEXT || column->kind == ASSAY_SCAN_CLASS;
        if (is_text && !missing) {
            text = text_of(column, i);
            missing = text == NULL;
        }
        if (missing) {
            if (validity == NULL) {
                duckdb_vector_ensure_validity_writable(vector);
                validity = duckdb_vector_get_validity(vector);
            }
            duckdb_validity_set_row_invalid(validity, (idx_t)r);
            continue;
        }
        switch (column->kind) {
        case ASSAY_SCAN_ROW:
            ((int64_t *)out)[r] = i;
            break;
        case ASSAY_SCAN_INT:
            ((int64_t *)out)[r] = ((const int64_t *)column->data)[i];
            break;
        case ASSAY_SCAN_REAL:
            ((double *)out)[r] = ((const double *)column->data)[(size_t)i * column->stride];
            break;
        case ASSAY_SCAN_FLOAT:
            ((float *)out)[r] = ((const float *)column->data)[(size_t)i * column->stride];
            break;
        case ASSAY_SCAN_TEXT:
        case ASSAY_SCAN_CLASS:
            if (!put_text(vector, (idx_t)r, text)) {
                return 0;
            }
            break;
        }
    }
    return 1;
}

static void fill_chunk(duckdb_function_info info, duckdb_data_chunk chunk)
{
    const assay_scan *scan = duckdb_function_get_extra_info(info);
    scan_state *state = duckdb_function_get_init_data(info);
    int64_t rows = (int64_t)duckdb_vector_size();
    if (rows > scan->rows - state->at) {
        rows = scan->rows - state->at;
    }
    for (idx_t i = 0; i < state->n; i++) {
        if (state->columns[i] >= (idx_t)scan->n) {
            continue; /* a query over no column at all asks for a row number nobody reads */
        }
        if (!fill_vector(duckdb_data_chunk_get_vector(chunk, i), &scan->columns[state->columns[i]],
                         state->at, rows)) {
            duckdb_function_set_error(info, "Out of Memory Error");
            return;
        }
    }
    state->at += rows;
    duckdb_data_chunk_set_size(chunk, (idx_t)rows);
}

assay_status assay_scan_register(assay_duck *duck, const assay_scan *scan, assay_error *err)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "assay_rows");
    duckdb_table_function_set_extra_info(function, (void *)(uintptr_t)scan, NULL);
    duckdb_table_function_set_bind(function, bind_columns);
    duckdb_table_function_set_init(function, begin_scan);
    duckdb_table_function_set_function(function, fill_chunk);
    duckdb_table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb_register_table_function(duck->connection, function);
    duckdb_destroy_table_function(&function);
    return state == DuckDBSuccess
               ? ASSAY_OK
               : assay_fail(err, ASSAY_EBACKEND, "DuckDB refuses a table function");
}

int32_t assay_scan_find(const assay_scan *scan, const char *name)
{
    for (int32_t i = 0; i < scan->n; i++) {
        if (strlen(scan->columns[i].name) == strlen(name) &&
            assay_text_ends_nocase(scan->columns[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static void put_column(assay_scan *scan, const assay_column *column, const char *name)
{
    assay_scan_column *out = &scan->columns[scan->n++];
    *out = (assay_scan_column){.name = name, .valid = column->valid, .stride = 1};
    switch (column->type) {
    case ASSAY_COLUMN_INT:
        out->kind = ASSAY_SCAN_INT;
        out->data = column->ints;
        break;
    case ASSAY_COLUMN_REAL:
        out->kind = ASSAY_SCAN_REAL;
        out->data = column->reals;
        break;
    case ASSAY_COLUMN_TEXT:
        out->kind = ASSAY_SCAN_TEXT;
        out->data = column->texts;
        break;
    }
}

assay_status assay_scan_table(assay_scan *out, const assay_table *table, const char *row_name,
                              assay_arena *arena, assay_error *err)
{
    *out = (assay_scan){.rows = table->rows};
    out->columns = assay_arena_alloc(arena, (size_t)table->n_columns + 1, sizeof *out->columns);
    if (out->columns == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < table->n_columns; i++) {
        put_column(out, &table->columns[i], table->columns[i].name);
    }
    if (row_name != NULL) {
        out->columns[out->n++] = (assay_scan_column){.name = row_name, .kind = ASSAY_SCAN_ROW};
    }
    return ASSAY_OK;
}

/* Class names may differ in case only ("a", "A"); column names may not. */
static const char *free_name(const assay_scan *scan, const char *name, const char *prefix,
                             assay_arena *arena)
{
    const char *candidate = assay_arena_printf(arena, "%s%s", prefix, name);
    for (int i = 2; candidate != NULL && assay_scan_find(scan, candidate) >= 0; i++) {
        candidate = assay_arena_printf(arena, "%s%s_%d", prefix, name, i);
    }
    return candidate;
}

static assay_status put_scores(assay_scan *out, const assay_predictions *p, assay_arena *arena,
                               assay_error *err)
{
    size_t classes = (size_t)p->classes;
    for (size_t k = 0; (p->scores_f32 != NULL || p->scores_f64 != NULL) && k < classes; k++) {
        const char *name = free_name(out, p->class_names[k], "score_", arena);
        if (name == NULL) {
            return assay_fail_memory(err);
        }
        assay_scan_column column = {.name = name, .stride = classes};
        if (p->scores_f64 != NULL) {
            column.kind = ASSAY_SCAN_REAL;
            column.data = p->scores_f64 + k;
        } else {
            column.kind = ASSAY_SCAN_FLOAT;
            column.data = p->scores_f32 + k;
        }
        out->columns[out->n++] = column;
    }
    return ASSAY_OK;
}

assay_status assay_scan_predictions(assay_scan *out, const assay_predictions *p,
                                    const char *row_name, assay_arena *arena, assay_error *err)
{
    *out = (assay_scan){.rows = p->n};
    size_t more = p->columns != NULL ? (size_t)p->columns->n_columns : 0;
    out->columns = assay_arena_alloc(arena, (size_t)p->classes + more + 4, sizeof *out->columns);
    if (out->columns == NULL) {
        return assay_fail_memory(err);
    }
    out->columns[out->n++] = (assay_scan_column){
        .name = "id", .kind = p->ids != NULL ? ASSAY_SCAN_TEXT : ASSAY_SCAN_ROW, .data = p->ids};
    out->columns[out->n++] = (assay_scan_column){
        .name = "target", .kind = ASSAY_SCAN_CLASS, .data = p->target, .names = p->class_names};
    out->columns[out->n++] = (assay_scan_column){
        .name = "label", .kind = ASSAY_SCAN_CLASS, .data = p->label, .names = p->class_names};
    ASSAY_TRY(put_scores(out, p, arena, err));
    for (size_t i = 0; i < more; i++) {
        const assay_column *column = &p->columns->columns[i];
        int32_t same = assay_scan_find(out, column->name);
        if (same == 0 || same == 1) {
            continue; /* id and target say the same in the data's own columns */
        }
        const char *name = same >= 0 ? free_name(out, column->name, "data_", arena) : column->name;
        if (name == NULL) {
            return assay_fail_memory(err);
        }
        put_column(out, column, name);
    }
    if (row_name != NULL) {
        out->columns[out->n++] = (assay_scan_column){.name = row_name, .kind = ASSAY_SCAN_ROW};
    }
    return ASSAY_OK;
}
