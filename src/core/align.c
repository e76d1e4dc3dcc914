#include "core/align.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/sort.h"
#include "base/text.h"
#include "core/bad_rows.h"

enum { NAMED = 10, NAMED_BYTES = 260 }; /* ids that a message lists on each side */

/* Texts that can be looked up. */
typedef struct text_index {
    const char *const *texts;
    int64_t *order; /* ascending */
    int64_t n;
} text_index;

static assay_status index_texts(text_index *out, const char *const *texts, int64_t n,
                                assay_arena *arena, assay_error *err)
{
    out->texts = texts;
    out->n = n;
    out->order = assay_arena_alloc(arena, (size_t)n + 1, sizeof *out->order);
    if (out->order == NULL) {
        return assay_fail_memory(err);
    }
    return assay_sort_order_text(out->order, texts, n, err);
}

/* Place of the text, or -1. */
static int64_t find_text(const text_index *index, const char *text)
{
    int64_t low = 0, high = index->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(index->texts[index->order[middle]], text);
        if (order == 0) {
            return index->order[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

/* "x, y, z and 4 more" while rows are found. */
typedef struct named_list {
    assay_buffer text;
    int64_t n, told;
} named_list;

static void name_one(named_list *list, const char *id, int64_t row)
{
    if (list->told == list->n && list->n < NAMED && list->text.size < NAMED_BYTES) {
        char printable[64];
        assay_text_printable(printable, sizeof printable, id);
        assay_buffer_printf(&list->text, "%s%s (row %" PRId64 ")", list->n > 0 ? ", " : "",
                            printable, row);
        list->told++;
    }
    list->n++;
}

static const char *named(named_list *list)
{
    if (list->n > list->told) {
        assay_buffer_printf(&list->text, " and %" PRId64 " more", list->n - list->told);
    }
    return list->text.data != NULL ? list->text.data : "";
}

static assay_status refuse_twice(const text_index *ids, const char *name, assay_error *err)
{
    for (int64_t i = 1; i < ids->n; i++) {
        const char *id = ids->texts[ids->order[i]];
        if (strcmp(id, ids->texts[ids->order[i - 1]]) == 0) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "%s: the id '%.80s' stands twice (rows %" PRId64 " and %" PRId64
                              "); each datum needs an id of its own",
                              name, id, ids->order[i - 1] + 1, ids->order[i] + 1);
        }
    }
    return ASSAY_OK;
}

/* ---- rows ---- */

/* place[i] = row of `other` for row i of the first, -1 = it has none. */
static assay_status match_ids(int64_t *place, int64_t *extra, const assay_predictions *first,
                              const text_index *first_ids, const assay_predictions *other,
                              const char *const *names, int32_t k, bool skip, assay_error *err)
{
    assay_status status = ASSAY_OK;
    named_list missing = {.n = 0}, unknown = {.n = 0};
    assay_buffer_init(&missing.text, 0);
    assay_buffer_init(&unknown.text, 0);
    for (int64_t i = 0; i < first->n; i++) {
        place[i] = -1;
    }
    for (int64_t r = 0; r < other->n; r++) {
        int64_t i = find_text(first_ids, other->ids[r]);
        if (i < 0) {
            name_one(&unknown, other->ids[r], assay_predictions_row(other, r));
        } else if (place[i] >= 0) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: the id '%.80s' stands twice (rows %" PRId64 " and %" PRId64
                                "); each datum needs an id of its own",
                                names[k], other->ids[r], place[i] + 1, r + 1);
            goto done;
        } else {
            place[i] = r;
        }
    }
    for (int64_t i = 0; i < first->n; i++) {
        if (place[i] < 0) {
            name_one(&missing, first->ids[i], assay_predictions_row(first, i));
        }
    }
    *extra += unknown.n;
    if (!skip && missing.n + unknown.n > 0) {
        int64_t lost = missing.n, added = unknown.n;
        status = assay_fail(err, ASSAY_EFORMAT,
                            "%s and %s are not about the same data: %" PRId64
                            " ids of the first are missing in the "
                            "second%s%s, %" PRId64
                            " are only in the second%s%s; to compare on what they share, use "
                            "--on-error skip",
                            names[0], names[k], lost, lost > 0 ? ": " : "", named(&missing), added,
                            added > 0 ? ": " : "", named(&unknown));
    }
done:
    assay_buffer_dispose(&missing.text);
    assay_buffer_dispose(&unknown.text);
    return status;
}

static const char *target_name(const assay_predictions *p, int64_t row)
{
    int32_t target = p->target[row];
    return target >= 0 && target < p->classes ? p->class_names[target] : "(none)";
}

static assay_status check_targets(int64_t *place, const assay_predictions *first,
                                  const assay_predictions *other, const int32_t *class_of_other,
                                  const char *const *names, int32_t k, bool skip, assay_error *err)
{
    assay_bad_rows bad = {0};
    char both[256];
    for (int64_t i = 0; i < first->n; i++) {
        if (place[i] < 0) {
            continue;
        }
        int32_t target = other->target[place[i]];
        if ((target < 0 ? -1 : class_of_other[target]) == first->target[i]) {
            continue;
        }
        if (skip) {
            place[i] = -1;
            continue;
        }
        char name[80] = "";
        if (assay_bad_rows_tells(&bad)) {
            assay_bad_row_name(name, sizeof name, assay_predictions_row(first, i),
                               first->ids != NULL ? first->ids[i] : NULL);
        }
        assay_bad_rows_add(&bad, "%s: the true class is '%.40s' in the first, '%.40s' in the other",
                           name, target_name(first, i), target_name(other, place[i]));
    }
    if (bad.n == 0) {
        return ASSAY_OK;
    }
    (void)snprintf(both, sizeof both, "%.110s and %.110s", names[0], names[k]);
    return assay_bad_rows_fail(
        &bad, both, first->n,
        first->ids != NULL ? "models can be compared only on the same truth"
                           : "models can be compared only on the same truth; the files have "
                             "no ids, so rows are matched by their order",
        err);
}

/* ---- classes ---- */

typedef struct class_list {
    int32_t n;
    const char **names;
    int32_t **map; /* per model: its class -> class of the list */
    bool same;     /* every model has exactly this list */
} class_list;

static assay_status unite_classes(class_list *out, assay_predictions *const *models,
                                  int32_t n_models, assay_arena *arena, assay_error *err)
{
    int64_t most = 0;
    for (int32_t k = 0; k < n_models; k++) {
        most += models[k]->classes;
    }
    out->names = assay_arena_alloc(arena, (size_t)most, sizeof *out->names);
    out->map = assay_arena_alloc(arena, (size_t)n_models, sizeof *out->map);
    if (out->names == NULL || out->map == NULL) {
        return assay_fail_memory(err);
    }
    out->same = true;
    for (int32_t k = 0; k < n_models; k++) {
        const assay_predictions *p = models[k];
        text_index known;
        ASSAY_TRY(index_texts(&known, out->names, out->n, arena, err));
        out->map[k] = assay_arena_alloc(arena, (size_t)p->classes, sizeof **out->map);
        if (out->map[k] == NULL) {
            return assay_fail_memory(err);
        }
        for (int32_t c = 0; c < p->classes; c++) {
            int64_t at = find_text(&known, p->class_names[c]);
            if (at < 0) {
                at = out->n;
                out->names[out->n++] = assay_arena_strdup(arena, p->class_names[c]);
                if (out->names[at] == NULL) {
                    return assay_fail_memory(err);
                }
            }
            out->map[k][c] = (int32_t)at;
            out->same = out->same && at == c;
        }
    }
    for (int32_t k = 0; k < n_models; k++) {
        out->same = out->same && models[k]->classes == out->n;
    }
    return ASSAY_OK;
}

static assay_status check_scores(const assay_predictions *p, const class_list *classes, int32_t k,
                                 const char *name, assay_arena *arena, assay_error *err)
{
    bool scores = p->scores_f32 != NULL || p->scores_f64 != NULL;
    if (!scores || p->scores_are_probabilities || p->classes == classes->n) {
        return ASSAY_OK;
    }
    uint8_t *has = assay_arena_alloc(arena, (size_t)classes->n, 1);
    if (has == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t c = 0; c < p->classes; c++) {
        has[classes->map[k][c]] = 1;
    }
    int32_t missing = 0;
    while (has[missing]) {
        missing++;
    }
    return assay_fail(err, ASSAY_EFORMAT,
                      "%s has scores but none for the class '%.80s', which the other models know; "
                      "give it a score column, or compare labels only",
                      name, classes->names[missing]);
}

/* A copy of the source in the order of `place`, with the classes of the list. */
static assay_status rebuild(assay_predictions **out, assay_predictions *source,
                            const assay_predictions *first, const int64_t *place,
                            const class_list *classes, const int32_t *map, assay_error *err)
{
    int scores = source->scores_f32 != NULL ? 4 : source->scores_f64 != NULL ? 8 : 0;
    assay_predictions *made = NULL;
    ASSAY_TRY(assay_predictions_new(&made, first->n, classes->n, scores, 0, err));
    for (int32_t c = 0; c < classes->n; c++) {
        made->class_names[c] = assay_arena_strdup(made->arena, classes->names[c]);
        if (made->class_names[c] == NULL) {
            assay_predictions_free(made);
            return assay_fail_memory(err);
        }
    }
    for (int64_t i = 0; i < first->n; i++) {
        int64_t from = place != NULL ? place[i] : i;
        if (from < 0) {
            continue;
        }
        made->target[i] = source->target[from] < 0 ? -1 : map[source->target[from]];
        made->label[i] = map[source->label[from]];
        for (int32_t c = 0; c < source->classes; c++) {
            int64_t to = i * classes->n + map[c], at = from * source->classes + c;
            if (scores == 4) {
                made->scores_f32[to] = source->scores_f32[at];
            } else if (scores == 8) {
                made->scores_f64[to] = source->scores_f64[at];
            }
        }
    }
    made->scores_are_probabilities = source->scores_are_probabilities;
    made->skipped = source->skipped;
    memcpy(made->digest, source->digest, sizeof made->digest);
    *out = made;
    return ASSAY_OK;
}

static assay_status copy_rows(assay_predictions *made, const assay_predictions *old,
                              assay_error *err)
{
    size_t n = (size_t)old->n;
    if (old->file_row != NULL) {
        made->file_row = assay_arena_alloc(made->arena, n + 1, sizeof *made->file_row);
        if (made->file_row == NULL) {
            return assay_fail_memory(err);
        }
        memcpy(made->file_row, old->file_row, n * sizeof *made->file_row);
    }
    if (old->weights != NULL) {
        made->weights = assay_arena_alloc(made->arena, n + 1, sizeof *made->weights);
        if (made->weights == NULL) {
            return assay_fail_memory(err);
        }
        memcpy(made->weights, old->weights, n * sizeof *made->weights);
    }
    return ASSAY_OK;
}

/* The first model keeps its order, ids and columns; only its classes may change. */
static assay_status rebuild_first(assay_predictions **model, const class_list *classes,
                                  assay_error *err)
{
    assay_predictions *old = *model;
    assay_predictions *made = NULL;
    ASSAY_TRY(rebuild(&made, old, old, NULL, classes, classes->map[0], err));
    assay_status status = copy_rows(made, old, err);
    if (status != ASSAY_OK) {
        assay_predictions_free(made);
        return status;
    }
    if (old->ids != NULL) {
        made->ids = assay_arena_alloc(made->arena, (size_t)old->n, sizeof *made->ids);
        for (int64_t i = 0; made->ids != NULL && i < old->n; i++) {
            made->ids[i] = assay_arena_strdup(made->arena, old->ids[i]);
            if (made->ids[i] == NULL) {
                made->ids = NULL;
            }
        }
        if (made->ids == NULL) {
            assay_predictions_free(made);
            return assay_fail_memory(err);
        }
    }
    made->columns = old->columns;
    old->columns = NULL;
    assay_predictions_free(old);
    *model = made;
    return ASSAY_OK;
}

/* ---- all together ---- */

static assay_status choose_key(bool *by_id, assay_predictions *const *models, int32_t n_models,
                               const char *const *names, assay_error *err)
{
    int32_t with = 0, without = -1, having = -1;
    for (int32_t k = 0; k < n_models; k++) {
        with += models[k]->ids != NULL;
        having = models[k]->ids != NULL && having < 0 ? k : having;
        without = models[k]->ids == NULL && without < 0 ? k : without;
    }
    *by_id = with == n_models;
    if (with > 0 && with < n_models) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "%s has ids and %s has none, so their rows can't be matched; give both an "
            "id column, or name it with --id",
            names[having], names[without]);
    }
    for (int32_t k = 1; k < n_models && !*by_id; k++) {
        if (models[k]->n != models[0]->n) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "%s has %" PRId64 " rows and %s has %" PRId64
                              "; without ids rows are matched by their order, which takes the same "
                              "number of rows",
                              names[0], models[0]->n, names[k], models[k]->n);
        }
    }
    return ASSAY_OK;
}

static assay_status align_one(assay_alignment *out, assay_predictions **models, int32_t k,
                              const char *const *names, const text_index *ids,
                              const class_list *classes, bool skip, assay_arena *arena,
                              assay_error *err)
{
    assay_predictions *made = NULL;
    const assay_predictions *first = models[0];
    int64_t *place = assay_arena_alloc(arena, (size_t)first->n + 1, sizeof *place);
    if (place == NULL) {
        return assay_fail_memory(err);
    }
    if (out->by_id) {
        ASSAY_TRY(match_ids(place, &out->extra, first, ids, models[k], names, k, skip, err));
    } else {
        for (int64_t i = 0; i < first->n; i++) {
            place[i] = i;
        }
    }
    ASSAY_TRY(check_targets(place, first, models[k], classes->map[k], names, k, skip, err));
    bool moved = !classes->same;
    for (int64_t i = 0; i < first->n; i++) {
        moved = moved || place[i] != i;
        if (place[i] < 0) {
            out->left_out += out->usable[i];
            out->usable[i] = 0;
        }
    }
    if (moved || models[k]->n != first->n) {
        ASSAY_TRY(rebuild(&made, models[k], first, place, classes, classes->map[k], err));
        assay_predictions_free(models[k]);
        models[k] = made;
    }
    return ASSAY_OK;
}

assay_status assay_align(assay_alignment *out, assay_predictions **models, int32_t n_models,
                         const char *const *names, bool skip, assay_arena *arena, assay_error *err)
{
    class_list classes = {.n = 0};
    text_index ids = {.n = 0};
    memset(out, 0, sizeof *out);
    ASSAY_TRY(choose_key(&out->by_id, models, n_models, names, err));
    ASSAY_TRY(unite_classes(&classes, models, n_models, arena, err));
    for (int32_t k = 0; k < n_models; k++) {
        ASSAY_TRY(check_scores(models[k], &classes, k, names[k], arena, err));
    }
    out->usable = assay_arena_alloc(arena, (size_t)models[0]->n + 1, 1);
    if (out->usable == NULL) {
        return assay_fail_memory(err);
    }
    memset(out->usable, 1, (size_t)models[0]->n);
    if (!classes.same) {
        ASSAY_TRY(rebuild_first(&models[0], &classes, err));
    }
    if (out->by_id) {
        ASSAY_TRY(index_texts(&ids, models[0]->ids, models[0]->n, arena, err));
        ASSAY_TRY(refuse_twice(&ids, names[0], err));
    }
    for (int32_t k = 1; k < n_models; k++) {
        ASSAY_TRY(align_one(out, models, k, names, &ids, &classes, skip, arena, err));
    }
    out->usable = out->left_out > 0 ? out->usable : NULL;
    return ASSAY_OK;
}
