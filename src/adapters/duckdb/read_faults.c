#include "adapters/duckdb/read_faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *text_at(assay_source *source, duckdb_data_chunk chunk, idx_t column, int64_t row)
{
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
    duckdb_string_t *texts = duckdb_vector_get_data(vector);
    if (!duckdb_validity_row_is_valid(duckdb_vector_get_validity(vector), (idx_t)row)) {
        return NULL;
    }
    size_t size = 0;
    const char *text = assay_duck_text(&texts[row], &size);
    return size > 0
               ? assay_arena_printf(source->arena, "%.*s", (int)(size < 199 ? size : 199), text)
               : NULL;
}

/* The first score that is missing or NaN. */
static void find_score(assay_row_fault *fault, const assay_layout *layout, duckdb_data_chunk chunk,
                       idx_t first, int64_t row, assay_fetch score_as)
{
    for (int32_t k = 0; k < layout->n_scores; k++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, first + (idx_t)k);
        void *data = duckdb_vector_get_data(vector);
        fault->column = layout->scores[k];
        if (!duckdb_validity_row_is_valid(duckdb_vector_get_validity(vector), (idx_t)row)) {
            return;
        }
        double value = score_as == ASSAY_FETCH_FLOAT ? (double)((const float *)data)[row]
                                                     : ((const double *)data)[row];
        if (value != value) {
            fault->is_nan = 1;
            return;
        }
    }
}

void assay_row_faults_add(assay_row_faults *faults, assay_fault what, duckdb_data_chunk chunk,
                          int64_t first, int64_t row, assay_fetch score_as, int64_t earlier)
{
    const assay_layout *layout = faults->layout;
    idx_t target = layout->id >= 0;
    idx_t label = target + 1;
    if (faults->n++ >= ASSAY_BAD_ROWS_TOLD) {
        return;
    }
    assay_row_fault *fault = &faults->first[faults->n - 1];
    *fault = (assay_row_fault){.what = what, .row = first + row + 1, .earlier = earlier};
    fault->id = layout->id >= 0 ? text_at(faults->source, chunk, 0, row) : NULL;
    switch (what) {
    case ASSAY_FAULT_TARGET:
    case ASSAY_FAULT_NO_TARGET:
        fault->column = layout->target;
        fault->found = text_at(faults->source, chunk, target, row);
        break;
    case ASSAY_FAULT_LABEL:
    case ASSAY_FAULT_NO_LABEL:
        fault->column = layout->label;
        fault->found = text_at(faults->source, chunk, label, row);
        break;
    case ASSAY_FAULT_SCORE:
        find_score(fault, layout, chunk, label + (layout->label >= 0), row, score_as);
        break;
    case ASSAY_FAULT_NO_ID:
    case ASSAY_FAULT_ID:
        fault->column = layout->id;
        break;
    case ASSAY_FAULT_NONE:
        break;
    }
}

static void put_unknown(char *out, size_t size, const assay_row_fault *fault, const char *column,
                        const assay_classes *classes)
{
    char found[40];
    assay_text_printable(found, sizeof found, fault->found);
    const char *nearest = fault->found != NULL
                              ? assay_text_nearest(fault->found, classes->names, (size_t)classes->n)
                              : NULL;
    (void)snprintf(out, size, "column \"%.60s\": unknown class \"%s\"%s%.40s%s", column, found,
                   nearest != NULL ? ", did you mean \"" : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "\"?" : "");
}

static void put_score(char *out, size_t size, const assay_row_fault *fault, const char *column,
                      assay_source *source)
{
    char found[40];
    const char *text = fault->is_nan ? NULL : assay_source_text(source, fault->column, fault->row);
    if (fault->is_nan) {
        (void)snprintf(out, size, "the score in column \"%.60s\" is NaN", column);
    } else if (text == NULL || text[0] == '\0') {
        (void)snprintf(out, size, "the score in column \"%.60s\" is missing", column);
    } else {
        assay_text_printable(found, sizeof found, text);
        (void)snprintf(out, size, "the score in column \"%.60s\" is \"%s\", not a number", column,
                       found);
    }
}

static void put_fault(char *out, size_t size, const assay_row_faults *faults,
                      const assay_row_fault *fault, const assay_classes *classes)
{
    const char *column = faults->source->names[fault->column];
    char id[40];
    switch (fault->what) {
    case ASSAY_FAULT_NO_TARGET:
        (void)snprintf(out, size, "the target (column \"%.60s\") is missing", column);
        break;
    case ASSAY_FAULT_NO_LABEL:
        (void)snprintf(out, size, "the label (column \"%.60s\") is missing", column);
        break;
    case ASSAY_FAULT_TARGET:
    case ASSAY_FAULT_LABEL:
        put_unknown(out, size, fault, column, classes);
        break;
    case ASSAY_FAULT_SCORE:
        put_score(out, size, fault, column, faults->source);
        break;
    case ASSAY_FAULT_NO_ID:
        (void)snprintf(out, size, "the id (column \"%.60s\") is missing", column);
        break;
    case ASSAY_FAULT_ID:
        assay_text_printable(id, sizeof id, fault->id);
        (void)snprintf(out, size, "the id \"%s\" stands twice, first in row %" PRId64, id,
                       fault->earlier);
        break;
    case ASSAY_FAULT_NONE:
        break;
    }
}

assay_status assay_row_faults_fail(const assay_row_faults *faults, const assay_classes *classes,
                                   int64_t rows, int skip_bad, assay_error *err)
{
    assay_bad_rows bad = {0};
    bool unknown = false;
    size_t path = strlen(faults->source->path) + 2; /* "p.csv: row 2 (line 3)" */
    for (int64_t i = 0; i < faults->n; i++) {
        if (!assay_bad_rows_tells(&bad) || i >= ASSAY_BAD_ROWS_TOLD) {
            assay_bad_rows_add(&bad, "%s", "");
            continue;
        }
        const assay_row_fault *fault = &faults->first[i];
        char text[300] = "", name[80] = "";
        put_fault(text, sizeof text, faults, fault, classes);
        const char *place = assay_source_row(faults->source, fault->row);
        if (fault->id != NULL && fault->what != ASSAY_FAULT_ID) {
            assay_bad_row_name(name, sizeof name, fault->row, fault->id);
        }
        const char *comma = strchr(name, ',');
        unknown = unknown || fault->what == ASSAY_FAULT_TARGET || fault->what == ASSAY_FAULT_LABEL;
        assay_bad_rows_add(&bad, "%s%s: %s", strlen(place) > path ? place + path : place,
                           comma != NULL ? comma : "", text);
    }
    const char *hint = "--on-error skip leaves such rows out";
    if (unknown) {
        hint = assay_arena_printf(faults->source->arena,
                                  "the classes are: %s; --on-error skip leaves such rows out",
                                  assay_classes_text(classes));
    }
    return assay_bad_rows_fail(&bad, faults->source->path, rows, skip_bad ? "no row is left" : hint,
                               err);
}
