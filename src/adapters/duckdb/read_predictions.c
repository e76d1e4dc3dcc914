#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/layout.h"
#include "adapters/duckdb/read_columns.h"
#include "adapters/duckdb/read_faults.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/text_index.h"

enum { CODE_SLOTS = 256 };

/* Codes of short texts by their bytes: DuckDB keeps up to 12 bytes inside the string itself. */
typedef struct code_slot {
    uint64_t words[2];
    int32_t code;
    int32_t used;
} code_slot;

typedef struct reader {
    assay_source *source;
    assay_layout layout;
    const assay_predictions_columns *columns;
    assay_predictions *predictions;
    assay_classes classes;
    assay_text_index *ids; /* NULL while every id comes after the one before it */
    size_t last_size;      /* length of the last id */
    assay_text_pool pool;
    assay_metadata_reader metadata;
    assay_fetch_column *fetch;
    int32_t n_fetch;
    int32_t first_metadata; /* vector */
    assay_fetch score_as;
    int64_t kept;
    code_slot slots[CODE_SLOTS];
    /* one chunk */
    int32_t *targets;
    int32_t *labels;
    uint8_t *faults;
    uint8_t *keep;
    int64_t *earlier; /* of a duplicate id: place of the first */
    assay_row_faults bad;
} reader;

static assay_status code_of(int32_t *out, reader *r, duckdb_string_t *text, assay_error *err)
{
    size_t size = 0;
    const char *bytes = assay_duck_text(text, &size);
    if (size > 12) {
        return assay_classes_index(out, &r->classes, bytes, size, err);
    }
    uint64_t words[2];
    memcpy(words, text, sizeof words);
    uint64_t mixed = (words[0] ^ (words[1] * 0x9E3779B97F4A7C15U)) * 0xFF51AFD7ED558CCDU;
    code_slot *slot = &r->slots[mixed >> 56];
    if (!slot->used || slot->words[0] != words[0] || slot->words[1] != words[1]) {
        ASSAY_TRY(assay_classes_index(out, &r->classes, bytes, size, err));
        *slot = (code_slot){.words = {words[0], words[1]}, .code = *out, .used = 1};
    }
    *out = slot->code;
    return ASSAY_OK;
}

static assay_status take_codes(int32_t *codes, reader *r, duckdb_vector vector, int64_t rows,
                               assay_fault missing, assay_fault unknown, assay_error *err)
{
    duckdb_string_t *texts = duckdb_vector_get_data(vector);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    for (int64_t i = 0; i < rows; i++) {
        codes[i] = -1;
        int valid = duckdb_validity_row_is_valid(validity, (idx_t)i);
        if (valid) {
            ASSAY_TRY(code_of(&codes[i], r, &texts[i], err));
        }
        if (codes[i] < 0 && r->faults[i] == ASSAY_FAULT_NONE) {
            size_t size = valid ? duckdb_string_t_length(texts[i]) : 0;
            r->faults[i] = (uint8_t)(size > 0 ? unknown : missing);
        }
    }
    return ASSAY_OK;
}

#define DEFINE_CHECK(name, type)                                                                   \
    static void name(uint8_t *faults, const type *values, uint64_t *validity, int64_t rows)        \
    {                                                                                              \
        for (int64_t i = 0; i < rows; i++) {                                                       \
            int bad = values[i] != values[i];                                                      \
            bad = bad || (validity != NULL && !duckdb_validity_row_is_valid(validity, (idx_t)i));  \
            if (bad && faults[i] == ASSAY_FAULT_NONE) {                                            \
                faults[i] = ASSAY_FAULT_SCORE;                                                     \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_CHECK(check_floats, float)
DEFINE_CHECK(check_reals, double)

static void check_scores(reader *r, duckdb_data_chunk chunk, idx_t first, int64_t rows)
{
    for (int32_t k = 0; k < r->layout.n_scores; k++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, first + (idx_t)k);
        uint64_t *validity = duckdb_vector_get_validity(vector);
        if (r->score_as == ASSAY_FETCH_FLOAT) {
            check_floats(r->faults, duckdb_vector_get_data(vector), validity, rows);
        } else {
            check_reals(r->faults, duckdb_vector_get_data(vector), validity, rows);
        }
    }
}

#define DEFINE_COPY(name, type)                                                                    \
    static void name(type *out, int64_t classes, int32_t k, const type *values,                    \
                     const uint8_t *keep, int64_t rows)                                            \
    {                                                                                              \
        out += k;                                                                                  \
        for (int64_t i = 0; i < rows; i++) {                                                       \
            if (keep == NULL || keep[i]) {                                                         \
                *out = values[i];                                                                  \
                out += classes;                                                                    \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_COPY(copy_floats, float)
DEFINE_COPY(copy_reals, double)

static void copy_scores(reader *r, duckdb_data_chunk chunk, idx_t first, int64_t rows,
                        const uint8_t *keep)
{
    assay_predictions *p = r->predictions;
    int64_t classes = r->layout.n_scores;
    for (int32_t k = 0; k < r->layout.n_scores; k++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, first + (idx_t)k);
        if (r->score_as == ASSAY_FETCH_FLOAT) {
            copy_floats(p->scores_f32 + r->kept * classes, classes, k,
                        duckdb_vector_get_data(vector), keep, rows);
        } else {
            copy_reals(p->scores_f64 + r->kept * classes, classes, k,
                       duckdb_vector_get_data(vector), keep, rows);
        }
    }
}

/* Shorter before longer, then by bytes: the order of numbers without leading zeros. While ids come in
 * it nothing can be there twice, and nothing has to be remembered. */
static int comes_after(const char *id, size_t size, const char *last, size_t last_size)
{
    return size != last_size ? size > last_size : memcmp(id, last, size) > 0;
}

/* *found as by assay_text_index_put, for the id at position `at`. */
static assay_status enter_id(int64_t *found, reader *r, int64_t at, size_t size, assay_error *err)
{
    const char *const *ids = r->predictions->ids;
    *found = -1;
    if (r->ids == NULL && (at == 0 || comes_after(ids[at], size, ids[at - 1], r->last_size))) {
        r->last_size = size;
        return ASSAY_OK;
    }
    if (r->ids == NULL) {
        ASSAY_TRY(assay_text_index_new(&r->ids, r->predictions->n, err));
        for (int64_t i = 0; i < at; i++) {
            ASSAY_TRY(assay_text_index_put(found, r->ids, ids, i, err));
        }
    }
    return assay_text_index_put(found, r->ids, ids, at, err);
}

/* Ids of the rows that are good so far, in order; the later one of two equal ids is bad. */
static assay_status take_ids(reader *r, duckdb_data_chunk chunk, int64_t first, int64_t rows,
                             assay_error *err)
{
    assay_predictions *p = r->predictions;
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, 0);
    duckdb_string_t *texts = duckdb_vector_get_data(vector);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    int64_t at = r->kept;
    for (int64_t i = 0; i < rows; i++) {
        if (r->faults[i] != ASSAY_FAULT_NONE) {
            continue;
        }
        size_t size = 0;
        const char *text = assay_duck_text(&texts[i], &size);
        if (!duckdb_validity_row_is_valid(validity, (idx_t)i) || size == 0) {
            r->faults[i] = ASSAY_FAULT_NO_ID;
            continue;
        }
        if (memchr(text, '\0', size) != NULL) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: the id holds a NUL character",
                              assay_source_row(r->source, first + i + 1));
        }
        int64_t found = -1;
        p->ids[at] = assay_text_pool_put(&r->pool, text, size);
        if (p->ids[at] == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(enter_id(&found, r, at, size, err));
        if (found >= 0) {
            r->faults[i] = ASSAY_FAULT_ID;
            r->earlier[i] = found; /* of the rows that are kept */
        }
        at += found < 0;
    }
    return ASSAY_OK;
}

/* From the first bad row on it is remembered where the good ones come from. */
static assay_status note_fault(reader *r, duckdb_data_chunk chunk, int64_t first, int64_t row,
                               assay_error *err)
{
    assay_predictions *p = r->predictions;
    assay_fault what = (assay_fault)r->faults[row];
    if (p->file_row == NULL) {
        p->file_row = assay_arena_alloc(p->arena, (size_t)p->n, sizeof *p->file_row);
        if (p->file_row == NULL) {
            return assay_fail_memory(err);
        }
        for (int64_t i = 0; i < first + row; i++) {
            p->file_row[i] = i + 1;
        }
    }
    int64_t earlier = what == ASSAY_FAULT_ID ? p->file_row[r->earlier[row]] : 0;
    assay_row_faults_add(&r->bad, what, chunk, first, row, r->score_as, earlier);
    return ASSAY_OK;
}

static assay_status take(void *payload, duckdb_data_chunk chunk, int64_t first, int64_t rows,
                         assay_error *err)
{
    reader *r = payload;
    assay_predictions *p = r->predictions;
    idx_t vector = r->layout.id >= 0;
    if (rows > (int64_t)duckdb_vector_size()) {
        return assay_fail(err, ASSAY_EBACKEND, "DuckDB gives a chunk larger than its vectors");
    }
    memset(r->faults, ASSAY_FAULT_NONE, (size_t)rows);
    bool needed = r->layout.has_targets && !r->columns->unlabelled;
    ASSAY_TRY(take_codes(r->targets, r, duckdb_data_chunk_get_vector(chunk, vector++), rows,
                         needed ? ASSAY_FAULT_NO_TARGET : ASSAY_FAULT_NONE, ASSAY_FAULT_TARGET,
                         err));
    if (r->layout.label >= 0) {
        ASSAY_TRY(take_codes(r->labels, r, duckdb_data_chunk_get_vector(chunk, vector++), rows,
                             ASSAY_FAULT_NO_LABEL, ASSAY_FAULT_LABEL, err));
    }
    check_scores(r, chunk, vector, rows);
    if (r->layout.id >= 0) {
        ASSAY_TRY(take_ids(r, chunk, first, rows, err));
    }
    int64_t good = 0;
    for (int64_t i = 0; i < rows; i++) {
        r->keep[i] = r->faults[i] == ASSAY_FAULT_NONE;
        if (!r->keep[i]) {
            ASSAY_TRY(note_fault(r, chunk, first, i, err));
        } else {
            p->target[r->kept + good] = r->targets[i];
            p->label[r->kept + good] = r->labels[i];
            if (p->file_row != NULL) {
                p->file_row[r->kept + good] = first + i + 1;
            }
            good++;
        }
    }
    const uint8_t *keep = good < rows ? r->keep : NULL;
    copy_scores(r, chunk, vector, rows, keep);
    if (r->metadata.n > 0) {
        ASSAY_TRY(assay_metadata_take(&r->metadata, chunk, (idx_t)r->first_metadata, first, rows,
                                      keep, err));
    }
    r->kept += good;
    return ASSAY_OK;
}

static assay_status begin(void *payload, int64_t rows, assay_error *err)
{
    reader *r = payload;
    if (rows == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s holds no rows", r->source->path);
    }
    int32_t classes = r->layout.n_scores > 0 ? r->layout.n_scores : 1;
    int scores = r->layout.n_scores == 0 ? 0 : r->score_as == ASSAY_FETCH_FLOAT ? 4 : 8;
    ASSAY_TRY(assay_predictions_new(&r->predictions, rows, classes, scores, 0, err));
    assay_predictions *p = r->predictions;
    r->pool = (assay_text_pool){.arena = p->arena};
    size_t chunk = (size_t)duckdb_vector_size();
    r->targets = assay_arena_alloc(r->source->arena, chunk, sizeof *r->targets);
    r->labels = assay_arena_alloc(r->source->arena, chunk, sizeof *r->labels);
    r->faults = assay_arena_alloc(r->source->arena, chunk, 1);
    r->keep = assay_arena_alloc(r->source->arena, chunk, 1);
    r->earlier = assay_arena_alloc(r->source->arena, chunk, sizeof *r->earlier);
    if (r->targets == NULL || r->labels == NULL || r->faults == NULL || r->keep == NULL ||
        r->earlier == NULL) {
        return assay_fail_memory(err);
    }
    if (r->layout.id >= 0) {
        p->ids = assay_arena_alloc(p->arena, (size_t)rows, sizeof *p->ids);
        if (p->ids == NULL) {
            return assay_fail_memory(err);
        }
    }
    ASSAY_TRY(assay_classes_init(&r->classes, p->arena, r->layout.class_names, err));
    return r->metadata.n > 0 ? assay_metadata_begin(&r->metadata, rows, err) : ASSAY_OK;
}

static assay_status plan_fetch(reader *r, assay_error *err)
{
    assay_source *source = r->source;
    const assay_layout *layout = &r->layout;
    size_t n = (size_t)source->n;
    uint8_t *used = assay_arena_alloc(source->arena, n, 1);
    r->metadata.columns = assay_arena_alloc(source->arena, n, sizeof *r->metadata.columns);
    r->fetch = assay_arena_alloc(source->arena, 2 * n + 4, sizeof *r->fetch);
    if (used == NULL || r->metadata.columns == NULL || r->fetch == NULL) {
        return assay_fail_memory(err);
    }
    if (layout->id >= 0) {
        r->fetch[r->n_fetch++] = (assay_fetch_column){.column = layout->id, .as = ASSAY_FETCH_TEXT};
        used[layout->id] = 1;
    }
    r->fetch[r->n_fetch++] =
        (assay_fetch_column){.column = layout->target, .as = ASSAY_FETCH_CLASS};
    used[layout->target] = 1;
    if (layout->label >= 0) {
        r->fetch[r->n_fetch++] =
            (assay_fetch_column){.column = layout->label, .as = ASSAY_FETCH_CLASS};
        used[layout->label] = 1;
    }
    r->score_as = ASSAY_FETCH_FLOAT;
    for (int32_t k = 0; k < layout->n_scores; k++) {
        if (source->types[layout->scores[k]] != ASSAY_SOURCE_FLOAT) {
            r->score_as = ASSAY_FETCH_REAL;
        }
    }
    for (int32_t k = 0; k < layout->n_scores; k++) {
        r->fetch[r->n_fetch++] =
            (assay_fetch_column){.column = layout->scores[k], .as = r->score_as};
        used[layout->scores[k]] = 1;
    }
    r->first_metadata = r->n_fetch;
    for (int32_t i = 0; i < source->n; i++) {
        if (!used[i]) {
            assay_metadata_plan(&r->metadata, source, i, NULL);
            r->fetch[r->n_fetch++] = r->metadata.columns[r->metadata.n - 1];
        }
    }
    return ASSAY_OK;
}

static assay_status name_classes(reader *r, assay_error *err)
{
    assay_predictions *p = r->predictions;
    int32_t *moved = assay_alloc((size_t)r->classes.n, sizeof *moved);
    if (moved == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_classes_sort(moved, &r->classes, err);
    for (int64_t i = 0; status == ASSAY_OK && !r->classes.fixed && i < p->n; i++) {
        p->target[i] = p->target[i] >= 0 ? moved[p->target[i]] : -1;
        p->label[i] = moved[p->label[i]];
    }
    p->classes = r->classes.n;
    p->class_names = r->classes.names;
    assay_free(moved);
    return status;
}

/* prob_cat and p_cat say what they are. */
static assay_score_kind kind_of(const reader *r)
{
    const char *name = r->source->names[r->layout.scores[0]];
    bool called = assay_text_starts(name, "prob_") || assay_text_starts(name, "p_");
    return r->columns->score_kind == ASSAY_SCORE_KIND_AUTO && called
               ? ASSAY_SCORE_KIND_PROBABILITIES
               : r->columns->score_kind;
}

/* Rows with bad values and ids; and among the others those whose scores are no probabilities, so that nobody
 * has to repair a file kind by kind. */
static assay_status refuse(reader *r, assay_error *err)
{
    enum { PART = 480 }; /* of the one line that an error has, for either kind */
    assay_predictions *p = r->predictions;
    assay_error values = {0}, sums = {0};
    assay_status status = ASSAY_OK;
    int64_t rows = p->n;
    if (r->layout.n_scores > 0 && r->kept > 0) {
        p->n = r->kept;
        ASSAY_TRY(name_classes(r, err));
        assay_predictions_check_scores(p);
        status = assay_predictions_require_sums(p, kind_of(r), r->source->path, 0, &sums);
        p->n = rows;
    }
    assay_status refused =
        assay_row_faults_fail(&r->bad, &r->classes, rows, r->columns->skip_bad, &values);
    if (refused != ASSAY_EFORMAT || status != ASSAY_EFORMAT) {
        return assay_fail(err, refused, "%s", values.message);
    }
    size_t path = strlen(r->source->path) + 2;
    const char *rest = strlen(sums.message) > path ? sums.message + path : sums.message;
    bool cut = strlen(values.message) + strlen(rest) > 2 * (size_t)PART;
    return assay_fail(err, ASSAY_EFORMAT, "%.*s%s; and among the rows without such faults: %s",
                      cut ? (int)PART : (int)strlen(values.message), values.message,
                      cut ? "..." : "", rest);
}

static assay_status finish(reader *r, assay_error *err)
{
    assay_predictions *p = r->predictions;
    if (r->bad.n > 0 && (!r->columns->skip_bad || r->kept == 0)) {
        return refuse(r, err);
    }
    p->skipped = p->n - r->kept;
    p->n = r->kept;
    ASSAY_TRY(name_classes(r, err));
    if (r->metadata.n > 0) {
        ASSAY_TRY(assay_metadata_finish(&r->metadata, NULL, err));
        p->columns = r->metadata.table;
        r->metadata.table = NULL;
        if (p->file_row != NULL) {
            ASSAY_TRY(assay_table_set_rows(p->columns, p->file_row, err));
        }
    }
    if (r->layout.label < 0) {
        ASSAY_TRY(assay_predictions_argmax(p, err));
    } else if (r->layout.n_scores > 0) {
        assay_predictions_check_scores(p);
    }
    if (r->layout.n_scores > 0) {
        ASSAY_TRY(assay_predictions_require_sums(p, kind_of(r), r->source->path,
                                                 r->columns->skip_bad, err));
    }
    return assay_predictions_digest(p, err);
}

assay_status assay_duckdb_read_predictions(assay_predictions **out, const char *path,
                                           const assay_predictions_columns *columns,
                                           assay_error *err)
{
    *out = NULL;
    static const assay_predictions_columns defaults = {0};
    assay_source source = {.descriptor = -1};
    columns = columns != NULL ? columns : &defaults;
    reader *r = assay_alloc(1, sizeof *r);
    if (r == NULL) {
        return assay_fail_memory(err);
    }
    r->source = &source;
    r->columns = columns;
    r->bad = (assay_row_faults){.source = &source, .layout = &r->layout};
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_source_open(&source, path, columns->threads, err), done);
    ASSAY_GOTO(assay_layout_resolve(&r->layout, &source, columns, err), done);
    ASSAY_GOTO(plan_fetch(r, err), done);
    ASSAY_GOTO(assay_source_fetch(&source, r->fetch, r->n_fetch, 0, begin, take, r, err), done);
    ASSAY_GOTO(finish(r, err), done);
    *out = r->predictions;
    r->predictions = NULL;
done:
    assay_text_index_free(r->ids);
    assay_classes_dispose(&r->classes);
    assay_table_free(r->metadata.table);
    assay_predictions_free(r->predictions);
    assay_free(r);
    assay_source_close(&source);
    return status;
}
