/* Predictions of sets of classes: the whole table is kept; of its columns one per class says what is
 * true, one what is predicted, or how high the class scores. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/table_rows.h"

static const char *const score_prefixes[] = {"score_", "prob_", "p_"};

typedef struct sets_reader {
    const char *path;
    const assay_label_sets_columns *columns;
    assay_table *table;
    assay_arena *arena; /* of the columns below */
    int32_t classes;
    const char **names;
    const assay_column **truth, **label, **score; /* per class; label or score may be NULL */
    double *threshold;                            /* per class */
} sets_reader;

static const char *after_prefix(const char *name, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(name, prefix, size) == 0 && name[size] != '\0' ? name + size : NULL;
}

/* The classes in their order: given, or as the columns of the truth come. */
static assay_status find_classes(sets_reader *r, assay_error *err)
{
    const char *const *given = r->columns->classes;
    size_t most = (size_t)r->table->n_columns;
    while (given != NULL && given[r->classes] != NULL) {
        r->classes++;
    }
    most = (size_t)r->classes > most ? (size_t)r->classes : most;
    r->names = assay_arena_alloc(r->arena, most + 1, sizeof *r->names);
    r->truth = assay_arena_alloc(r->arena, most + 1, sizeof *r->truth);
    r->label = assay_arena_alloc(r->arena, most + 1, sizeof *r->label);
    r->score = assay_arena_alloc(r->arena, most + 1, sizeof *r->score);
    r->threshold = assay_arena_alloc(r->arena, most + 1, sizeof *r->threshold);
    if (r->names == NULL || r->truth == NULL || r->label == NULL || r->score == NULL ||
        r->threshold == NULL) {
        return assay_fail_memory(err);
    }
    const char *prefix = r->columns->target != NULL ? r->columns->target : "target_";
    if (r->classes > 0) {
        for (int32_t k = 0; k < r->classes; k++) {
            r->names[k] = given[k];
        }
    } else {
        for (int32_t c = 0; c < r->table->n_columns; c++) {
            const char *name = after_prefix(r->table->columns[c].name, prefix);
            if (name != NULL) {
                r->names[r->classes++] = name;
            }
        }
    }
    if (r->classes == 0) {
        const char *names = assay_table_names(r->table);
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: there are no columns %s<class> with the truth (0 or 1); name their "
                          "prefix with --target; the columns are: %s",
                          r->path, prefix, names != NULL ? names : "");
    }
    return ASSAY_OK;
}

static const assay_column *prefixed(const sets_reader *r, const char *prefix, const char *name)
{
    char column[512];
    (void)snprintf(column, sizeof column, "%s%s", prefix, name);
    return assay_table_find(r->table, column);
}

/* All classes have the column, or none has. */
static assay_status find_columns(bool *found, sets_reader *r, const assay_column **out,
                                 const char *prefix, const char *what, bool needed,
                                 assay_error *err)
{
    int32_t missing = -1;
    *found = false;
    for (int32_t k = 0; k < r->classes; k++) {
        out[k] = prefixed(r, prefix, r->names[k]);
        *found = *found || out[k] != NULL;
        missing = out[k] == NULL && missing < 0 ? k : missing;
    }
    if (missing >= 0 && (*found || needed)) {
        const char *names = assay_table_names(r->table);
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: there is no column \"%s%s\" with %s; every class needs one; the "
                          "columns are: %s",
                          r->path, prefix, r->names[missing], what, names != NULL ? names : "");
    }
    return ASSAY_OK;
}

static assay_status given_scores(bool *found, sets_reader *r, assay_error *err)
{
    int32_t n = 0;
    for (const char *const *name = r->columns->scores; *name != NULL; name++, n++) {
        if (n == r->classes) {
            break;
        }
        r->score[n] = assay_table_find(r->table, *name);
        if (r->score[n] == NULL) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: there is no score column \"%s\"", r->path,
                              *name);
        }
    }
    if (n != r->classes || r->columns->scores[n] != NULL) {
        return assay_fail(err, ASSAY_EINVAL, "every one of the %d classes needs one score column",
                          (int)r->classes);
    }
    *found = true;
    return ASSAY_OK;
}

static assay_status find_predictions(sets_reader *r, bool *labels, bool *scores, assay_error *err)
{
    const char *prefix = r->columns->label != NULL ? r->columns->label : "label_";
    ASSAY_TRY(find_columns(labels, r, r->label, prefix, "0 or 1", r->columns->label != NULL, err));
    *scores = false;
    if (r->columns->scores != NULL && r->columns->scores[0] != NULL) {
        ASSAY_TRY(given_scores(scores, r, err));
    }
    for (size_t p = 0; p < ASSAY_COUNT(score_prefixes) && !*scores; p++) {
        ASSAY_TRY(find_columns(scores, r, r->score, score_prefixes[p], "a score", false, err));
    }
    if (!*labels && !*scores) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: there are neither columns %s<class> with the predictions (0 or 1) "
                          "nor score_<class> with scores; name the first with --label, the second "
                          "with --scores",
                          r->path, prefix);
    }
    return ASSAY_OK;
}

static assay_status set_thresholds(sets_reader *r, assay_error *err)
{
    const assay_label_sets_columns *c = r->columns;
    for (int32_t k = 0; k < r->classes; k++) {
        r->threshold[k] = c->has_threshold ? c->threshold : 0.5;
    }
    for (int32_t i = 0; i < c->n_thresholds; i++) {
        int32_t k = 0;
        while (k < r->classes && strcmp(r->names[k], c->thresholds[i].class_name) != 0) {
            k++;
        }
        if (k == r->classes) {
            return assay_fail(err, ASSAY_EINVAL,
                              "threshold: there is no class \"%.80s\"; the first class is \"%s\"",
                              c->thresholds[i].class_name, r->names[0]);
        }
        r->threshold[k] = c->thresholds[i].value;
    }
    return ASSAY_OK;
}

/* What is wrong with row i, as text in `out`; false when nothing is. */
static bool fault_of(char *out, size_t size, const sets_reader *r, int64_t i)
{
    char found[48];
    for (int32_t k = 0; k < r->classes; k++) {
        for (int s = 0; s < 2; s++) {
            const assay_column *column = s == 0 ? r->truth[k] : r->label[k];
            double value = column != NULL ? assay_column_number(column, i) : 0.0;
            if (value != 0.0 && value != 1.0) {
                assay_column_show(found, sizeof found, column, i);
                (void)snprintf(out, size, "column \"%.60s\" holds %s, expected 0 or 1",
                               column->name, found);
                return true;
            }
        }
        if (r->score[k] != NULL && isnan(assay_column_number(r->score[k], i))) {
            assay_column_show(found, sizeof found, r->score[k], i);
            (void)snprintf(out, size, "the score in column \"%.60s\" is %s, expected a number",
                           r->score[k]->name, found);
            return true;
        }
    }
    return false;
}

static void take_row(assay_predictions *p, const sets_reader *r, int64_t row)
{
    for (int32_t k = 0; k < r->classes; k++) {
        int64_t at = row * r->classes + k;
        double score = r->score[k] != NULL ? assay_column_number(r->score[k], row) : 0.0;
        p->truth_set[at] = assay_column_number(r->truth[k], row) != 0.0;
        p->label_set[at] = r->label[k] != NULL ? assay_column_number(r->label[k], row) != 0.0
                                               : score >= r->threshold[k];
        if (p->scores_f64 != NULL) {
            p->scores_f64[at] = score;
        }
    }
}

/* Good rows go to the front; anything else stops, or is left out. */
static assay_status take_rows(assay_predictions *p, sets_reader *r, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_row_screen screen = {.path = r->path, .table = r->table, .predictions = p};
    const char *id = r->columns->id != NULL ? r->columns->id : "id";
    ASSAY_GOTO(assay_row_screen_ids(&screen, id, r->columns->id != NULL, err), done);
    for (int64_t i = 0; i < screen.rows; i++) {
        char fault[400];
        bool good = false;
        int64_t to = 0;
        if (fault_of(fault, sizeof fault, r, i)) {
            assay_row_screen_refuse(&screen, i, fault);
            continue;
        }
        ASSAY_GOTO(assay_row_screen_take(&good, &to, &screen, i, err), done);
        if (good) {
            take_row(p, r, to);
        }
    }
    status = assay_row_screen_finish(&screen, r->columns->skip_bad, err);
done:
    assay_row_screen_dispose(&screen);
    return status;
}

/* prob_rain and p_rain say what they are. */
static assay_score_kind kind_of(const sets_reader *r)
{
    const char *name = r->score[0] != NULL ? r->score[0]->name : "";
    bool called = after_prefix(name, "prob_") != NULL || after_prefix(name, "p_") != NULL;
    return r->columns->score_kind == ASSAY_SCORE_KIND_AUTO && called
               ? ASSAY_SCORE_KIND_PROBABILITIES
               : r->columns->score_kind;
}

assay_status assay_duckdb_read_label_sets(assay_predictions **out, const char *path,
                                          const assay_label_sets_columns *columns, assay_error *err)
{
    static const assay_label_sets_columns defaults = {0};
    assay_status status = ASSAY_OK;
    assay_predictions *p = NULL;
    sets_reader r = {.path = path, .columns = columns != NULL ? columns : &defaults};
    const char *id = r.columns->id != NULL ? r.columns->id : "id";
    const char *const texts[] = {id, NULL};
    bool found = false, labels = false, scores = false;
    *out = NULL;
    ASSAY_GOTO(assay_arena_new(&r.arena, 0, err), done);
    ASSAY_GOTO(assay_duckdb_read_table_as(&r.table, path, texts, err), done);
    ASSAY_GOTO(find_classes(&r, err), done);
    ASSAY_GOTO(find_columns(&found, &r, r.truth,
                            r.columns->target != NULL ? r.columns->target : "target_", "0 or 1",
                            true, err),
               done);
    ASSAY_GOTO(find_predictions(&r, &labels, &scores, err), done);
    ASSAY_GOTO(set_thresholds(&r, err), done);
    ASSAY_GOTO(assay_predictions_new_multilabel(&p, r.table->rows, r.classes, scores ? 8 : 0, err),
               done);
    ASSAY_GOTO(take_rows(p, &r, err), done);
    for (int32_t k = 0; k < r.classes; k++) {
        p->class_names[k] = assay_arena_strdup(p->arena, r.names[k]);
        if (p->class_names[k] == NULL) {
            ASSAY_GOTO(assay_fail_memory(err), done);
        }
    }
    p->columns = r.table;
    r.table = NULL;
    assay_predictions_check_scores(p);
    ASSAY_GOTO(assay_predictions_require_sums(p, kind_of(&r), path, r.columns->skip_bad, err),
               done);
    ASSAY_GOTO(assay_predictions_digest(p, err), done);
    *out = p;
    p = NULL;
done:
    assay_arena_free(r.arena);
    assay_table_free(r.table);
    assay_predictions_free(p);
    return status;
}
