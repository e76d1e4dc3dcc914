#include "adapters/duckdb/layout.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "codec/json_value.h"
#include "core/classes.h"

enum { SAMPLE = 1000 };

static const char *const prefixes[] = {"score_", "prob_", "p_"};

typedef struct finder {
    assay_layout *layout;
    assay_source *source;
    const assay_predictions_columns *columns;
} finder;

static int is_taken(const assay_layout *layout, int32_t column)
{
    return column == layout->id || column == layout->target || column == layout->label;
}

static int may_be_number(const assay_source *source, int32_t column)
{
    return source->kind == ASSAY_SOURCE_CSV || source->types[column] != ASSAY_SOURCE_TEXT;
}

static int starts_nocase(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; text++, prefix++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        if (c != *prefix) {
            return 0;
        }
    }
    return 1;
}

static assay_status pick(int32_t *out, const assay_source *source, const char *wanted,
                         const char *usual, const char *what, assay_error *err)
{
    *out = assay_source_find(source, wanted != NULL ? wanted : usual);
    return *out < 0 && wanted != NULL ? assay_source_missing(source, what, wanted, err) : ASSAY_OK;
}

static assay_status room(const finder *f, int32_t scores, assay_error *err)
{
    assay_layout *layout = f->layout;
    size_t n = (size_t)scores;
    layout->n_scores = 0;
    layout->scores = assay_arena_alloc(f->source->arena, n + 1, sizeof *layout->scores);
    layout->class_names = assay_arena_alloc(f->source->arena, n + 1, sizeof *layout->class_names);
    return layout->scores != NULL && layout->class_names != NULL ? ASSAY_OK
                                                                 : assay_fail_memory(err);
}

static void put_score(assay_layout *layout, int32_t column, const char *class_name)
{
    layout->class_names[layout->n_scores] = class_name;
    layout->scores[layout->n_scores++] = column;
}

static int32_t length_of(const char *const *list)
{
    int32_t n = 0;
    while (list != NULL && list[n] != NULL) {
        n++;
    }
    return n;
}

static assay_status given_scores(const finder *f, assay_error *err)
{
    const char *const *names = f->columns->scores;
    const char *const *classes = f->columns->classes;
    int32_t n = length_of(names);
    if (classes != NULL && length_of(classes) != n) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%d score columns but %d class names; every class needs one score column",
                          (int)n, (int)length_of(classes));
    }
    ASSAY_TRY(room(f, n, err));
    const char *prefix = NULL;
    for (size_t p = 0; p < ASSAY_COUNT(prefixes) && prefix == NULL; p++) {
        int32_t with = 0;
        while (with < n && starts_nocase(names[with], prefixes[p])) {
            with++;
        }
        prefix = n > 0 && with == n ? prefixes[p] : NULL;
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t column = assay_source_find(f->source, names[i]);
        if (column < 0) {
            return assay_source_missing(f->source, "a score", names[i], err);
        }
        for (int32_t k = 0; k < i; k++) {
            if (f->layout->scores[k] == column) {
                return assay_fail(err, ASSAY_EINVAL, "the score column \"%s\" is named twice",
                                  names[i]);
            }
        }
        const char *bare = prefix != NULL ? names[i] + strlen(prefix) : names[i];
        put_score(f->layout, column, classes != NULL ? classes[i] : bare);
    }
    return ASSAY_OK;
}

/* Files that Assay wrote say themselves which columns are the scores of which classes. */
static assay_status recorded_scores(int *found, const finder *f, assay_error *err)
{
    *found = 0;
    const char *names = assay_source_metadata(f->source, "assay.classes");
    const char *scores = assay_source_metadata(f->source, "assay.scores");
    assay_json_doc *name_doc = NULL;
    assay_json_doc *score_doc = NULL;
    if (names == NULL || scores == NULL) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_json_parse(&name_doc, names, strlen(names), 0, err), done);
    ASSAY_GOTO(assay_json_parse(&score_doc, scores, strlen(scores), 0, err), done);
    const assay_json_value *name_list = assay_json_root(name_doc);
    const assay_json_value *score_list = assay_json_root(score_doc);
    size_t n = assay_json_size(name_list);
    size_t n_scores = assay_json_size(score_list);
    if (n == 0 || n > ASSAY_CLASSES_MOST || (n_scores != 0 && n_scores != n)) {
        goto done; /* not ours after all */
    }
    ASSAY_GOTO(room(f, (int32_t)n, err), done);
    for (size_t i = 0; i < n; i++) {
        const char *name = assay_arena_strdup(f->source->arena,
                                              assay_json_as_text(assay_json_at(name_list, i), ""));
        if (name == NULL) {
            ASSAY_GOTO(assay_fail_memory(err), done);
        }
        f->layout->class_names[i] = name;
        if (n_scores > 0) {
            const char *column = assay_json_as_text(assay_json_at(score_list, i), "");
            int32_t at = assay_source_find(f->source, column);
            if (at < 0) {
                ASSAY_GOTO(assay_source_missing(f->source, "recorded score", column, err), done);
            }
            f->layout->scores[i] = at;
        }
    }
    f->layout->n_scores = (int32_t)n_scores;
    *found = 1;
done:
    assay_json_doc_free(name_doc);
    assay_json_doc_free(score_doc);
    return status;
}

/* Columns for classes that were given: bare names or one of the prefixes, all or none. */
static assay_status scores_of_classes(const finder *f, assay_error *err)
{
    const char *const *classes = f->columns->classes;
    int32_t n = length_of(classes);
    for (size_t p = 0; p <= ASSAY_COUNT(prefixes); p++) {
        const char *prefix = p < ASSAY_COUNT(prefixes) ? prefixes[p] : "";
        ASSAY_TRY(room(f, n, err));
        const char *missing = NULL;
        for (int32_t i = 0; i < n; i++) {
            const char *name = assay_arena_printf(f->source->arena, "%s%s", prefix, classes[i]);
            if (name == NULL) {
                return assay_fail_memory(err);
            }
            int32_t column = assay_source_find(f->source, name);
            if (column >= 0 && !is_taken(f->layout, column) && may_be_number(f->source, column)) {
                put_score(f->layout, column, classes[i]);
            } else {
                missing = missing == NULL ? name : missing;
            }
        }
        if (f->layout->n_scores > 0 && missing != NULL && prefix[0] != '\0') {
            return assay_source_missing(f->source, "score of a class", missing, err);
        }
        if (f->layout->n_scores > 0 && missing == NULL) {
            return ASSAY_OK;
        }
    }
    /* Labels only: the names still fix the order of the classes. */
    f->layout->n_scores = 0;
    for (int32_t i = 0; i < n; i++) {
        f->layout->class_names[i] = classes[i];
    }
    return ASSAY_OK;
}

static assay_status scores_by_prefix(int *found, const finder *f, assay_error *err)
{
    *found = 0;
    for (size_t p = 0; p < ASSAY_COUNT(prefixes) && !*found; p++) {
        ASSAY_TRY(room(f, f->source->n, err));
        for (int32_t i = 0; i < f->source->n; i++) {
            const char *name = f->source->names[i];
            if (!is_taken(f->layout, i) && starts_nocase(name, prefixes[p]) &&
                name[strlen(prefixes[p])] != '\0' && may_be_number(f->source, i)) {
                put_score(f->layout, i, name + strlen(prefixes[p]));
            }
        }
        *found = f->layout->n_scores >= 2; /* "p_value" alone is no distribution over classes */
    }
    return ASSAY_OK;
}

/* Distinct values of target and label. */
typedef struct collector {
    assay_classes classes;
    idx_t n;
} collector;

static assay_status collect(void *payload, duckdb_data_chunk chunk, int64_t first, int64_t rows,
                            assay_error *err)
{
    (void)first;
    collector *c = payload;
    for (idx_t v = 0; v < c->n; v++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, v);
        duckdb_string_t *texts = duckdb_vector_get_data(vector);
        uint64_t *validity = duckdb_vector_get_validity(vector);
        for (idx_t r = 0; r < (idx_t)rows; r++) {
            if (duckdb_validity_row_is_valid(validity, r)) {
                int32_t code = 0;
                size_t size = 0;
                const char *text = assay_duck_text(&texts[r], &size);
                ASSAY_TRY(assay_classes_index(&code, &c->classes, text, size, err));
            }
        }
    }
    return ASSAY_OK;
}

/* Which of the candidate columns hold numbers only, and how their rows add up. */
typedef struct sample {
    int32_t n;
    uint8_t *matched; /* by candidate */
    uint8_t *number;
    int matched_sum; /* rows of the matched columns sum to one */
    int all_sum;     /* rows of all columns of numbers do */
    double *rows;    /* SAMPLE x n */
    int64_t n_rows;
} sample;

static assay_status take_sample(void *payload, duckdb_data_chunk chunk, int64_t first, int64_t rows,
                                assay_error *err)
{
    (void)err;
    sample *s = payload;
    for (int32_t k = 0; k < s->n; k++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (idx_t)k);
        const double *values = duckdb_vector_get_data(vector);
        uint64_t *validity = duckdb_vector_get_validity(vector);
        for (int64_t r = 0; r < rows && first + r < SAMPLE; r++) {
            int valid = duckdb_validity_row_is_valid(validity, (idx_t)r);
            s->number[k] = s->number[k] && valid;
            s->rows[(first + r) * s->n + k] = valid ? values[r] : (double)NAN;
        }
    }
    s->n_rows = first + rows < SAMPLE ? first + rows : SAMPLE;
    return ASSAY_OK;
}

static void judge_sample(sample *s)
{
    s->matched_sum = s->n_rows > 0;
    s->all_sum = s->n_rows > 0;
    for (int64_t r = 0; r < s->n_rows; r++) {
        double matched = 0;
        double all = 0;
        for (int32_t k = 0; k < s->n; k++) {
            double value = s->rows[r * s->n + k];
            matched += s->matched[k] ? value : 0;
            all += s->number[k] ? value : 0;
        }
        s->matched_sum = s->matched_sum && fabs(matched - 1) < 1e-3;
        s->all_sum = s->all_sum && fabs(all - 1) < 1e-3;
    }
}

static assay_status read_sample(sample *s, const finder *f, const int32_t *candidates,
                                assay_error *err)
{
    assay_arena *arena = f->source->arena;
    size_t n = (size_t)s->n;
    assay_fetch_column *wanted = assay_arena_alloc(arena, n, sizeof *wanted);
    s->number = assay_arena_alloc(arena, n, 1);
    s->rows = assay_arena_alloc(arena, n * SAMPLE, sizeof *s->rows);
    if (wanted == NULL || s->number == NULL || s->rows == NULL) {
        return assay_fail_memory(err);
    }
    memset(s->number, 1, n);
    for (int32_t k = 0; k < s->n; k++) {
        wanted[k] = (assay_fetch_column){.column = candidates[k], .as = ASSAY_FETCH_REAL};
    }
    ASSAY_TRY(assay_source_fetch(f->source, wanted, s->n, SAMPLE, NULL, take_sample, s, err));
    judge_sample(s);
    return ASSAY_OK;
}

static assay_status ambiguous(const finder *f, const sample *s, const int32_t *candidates,
                              assay_error *err)
{
    const char *matched = NULL;
    const char *other = NULL;
    for (int32_t k = 0; k < s->n; k++) {
        const char *name = f->source->names[candidates[k]];
        matched = s->matched[k] && matched == NULL ? name : matched;
        other = s->number[k] && !s->matched[k] && other == NULL ? name : other;
    }
    return assay_fail(err, ASSAY_EFORMAT,
                      "%s: columns such as \"%s\" are called like classes, but \"%s\" may be the "
                      "score of a class that never occurs; name the score columns (scores: ...)",
                      f->source->path, matched, other);
}

/* Columns called like the values of target and label. A class that never occurs has a score column
 * too, so columns of numbers that match nothing are weighed by what the rows add up to. */
static assay_status scores_by_values(const finder *f, assay_error *err)
{
    assay_source *source = f->source;
    assay_layout *layout = f->layout;
    collector c = {0};
    sample s = {0};
    int32_t matches = 0;
    int32_t unmatched = 0;
    assay_status status = ASSAY_OK;
    assay_fetch_column wanted[2] = {{.column = layout->target, .as = ASSAY_FETCH_CLASS},
                                    {.column = layout->label, .as = ASSAY_FETCH_CLASS}};
    c.n = layout->label >= 0 ? 2 : 1;
    int32_t *candidates = assay_arena_alloc(source->arena, (size_t)source->n, sizeof *candidates);
    s.matched = assay_arena_alloc(source->arena, (size_t)source->n, 1);
    if (candidates == NULL || s.matched == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < source->n; i++) {
        if (!is_taken(layout, i) && may_be_number(source, i)) {
            candidates[s.n++] = i;
        }
    }
    layout->class_names = NULL;
    layout->n_scores = 0;
    if (s.n < 2) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_classes_init(&c.classes, source->arena, NULL, err));
    ASSAY_GOTO(assay_source_fetch(source, wanted, (int32_t)c.n, 0, NULL, collect, &c, err), done);
    for (int32_t k = 0; k < s.n; k++) {
        const char *name = source->names[candidates[k]];
        s.matched[k] =
            assay_text_index_find(c.classes.index, c.classes.names, name, strlen(name)) >= 0;
        matches += s.matched[k];
    }
    if (matches < 2) {
        goto done;
    }
    ASSAY_GOTO(read_sample(&s, f, candidates, err), done);
    for (int32_t k = 0; k < s.n; k++) {
        unmatched += s.number[k] && !s.matched[k];
    }
    if (unmatched > 0 && !s.matched_sum && !s.all_sum) {
        ASSAY_GOTO(ambiguous(f, &s, candidates, err), done);
    }
    ASSAY_GOTO(room(f, s.n, err), done);
    for (int32_t k = 0; k < s.n; k++) {
        if (s.matched[k] || (s.number[k] && !s.matched_sum)) {
            put_score(layout, candidates[k], source->names[candidates[k]]);
        }
    }
done:
    assay_classes_dispose(&c.classes);
    return status;
}

static assay_status find_scores(const finder *f, assay_error *err)
{
    int found = 0;
    if (f->columns->scores != NULL) {
        return given_scores(f, err);
    }
    if (f->columns->classes != NULL) {
        return scores_of_classes(f, err);
    }
    ASSAY_TRY(recorded_scores(&found, f, err));
    if (!found) {
        ASSAY_TRY(scores_by_prefix(&found, f, err));
    }
    return found ? ASSAY_OK : scores_by_values(f, err);
}

static assay_status check_targets(assay_layout *layout, assay_source *source, assay_error *err)
{
    layout->has_targets = 1;
    if (source->kind != ASSAY_SOURCE_PARQUET) {
        return ASSAY_OK;
    }
    int64_t present = 0;
    ASSAY_TRY(assay_source_count(&present, source, layout->target, err));
    layout->has_targets = present > 0;
    return ASSAY_OK;
}

assay_status assay_layout_resolve(assay_layout *out, assay_source *source,
                                  const assay_predictions_columns *columns, assay_error *err)
{
    *out = (assay_layout){.id = -1, .target = -1, .label = -1};
    finder f = {.layout = out, .source = source, .columns = columns};
    ASSAY_TRY(pick(&out->target, source, columns->target, "target", "true class", err));
    if (out->target < 0) {
        return assay_source_missing(source, "true class", "target", err);
    }
    ASSAY_TRY(pick(&out->id, source, columns->id, "id", "id", err));
    ASSAY_TRY(pick(&out->label, source, columns->label, "label", "predicted class", err));
    if (columns->label == NULL && out->label == out->target) {
        out->label = -1;
    }
    ASSAY_TRY(check_targets(out, source, err));
    ASSAY_TRY(find_scores(&f, err));
    if (out->label < 0 && out->n_scores == 0) {
        return assay_source_missing(source,
                                    "predicted class; nor are there score columns such as "
                                    "score_<class>, which may also be named (scores: ...)",
                                    "label", err);
    }
    return ASSAY_OK;
}
