#include "api/attack.h"
#include "base/sort.h"
#include "base/text.h"

/* The value of a metadata cell as text; NULL = out of memory. */
static const char *text_of(const assay_column *column, int64_t row, assay_arena *arena)
{
    char number[32];
    if (column->valid != NULL && !column->valid[row]) {
        return "(missing)";
    }
    if (column->type == ASSAY_COLUMN_TEXT) {
        return column->texts[row] != NULL ? column->texts[row] : "(missing)";
    }
    assay_format_real(number, column->type == ASSAY_COLUMN_INT ? (double)column->ints[row]
                                                               : column->reals[row]);
    return assay_arena_strdup(arena, number);
}

/* Slices in the order of their first image, which stands first among the equal texts. */
static void number_slices(assay_slices *s, const char *const *texts, const int64_t *order)
{
    for (int64_t i = 0; i < s->images; i++) {
        bool again = i > 0 && assay_text_equal(texts[order[i - 1]], texts[order[i]]);
        s->of[order[i]] = again ? s->of[order[i - 1]] : order[i];
    }
    for (int64_t i = 0; i < s->images; i++) {
        bool first = s->of[i] == i;
        if (first) {
            s->names[s->n] = texts[i];
        }
        s->of[i] = first ? s->n++ : s->of[s->of[i]];
    }
}

assay_status assay_slices_make(assay_slices *out, const assay_assessment *a, assay_error *err)
{
    const assay_table *table = a->options->data->metadata;
    const assay_column *column = table != NULL ? assay_table_find(table, a->options->by) : NULL;
    const size_t n = (size_t)a->images.n;
    if (column == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "data %s has no metadata column '%s'",
                          a->options->data->name, a->options->by);
    }
    *out = (assay_slices){.images = a->images.n,
                          .names = assay_arena_alloc(a->arena, n, sizeof *out->names),
                          .of = assay_arena_alloc(a->arena, n, sizeof *out->of),
                          .only = assay_arena_alloc(a->arena, n, 1)};
    const char **texts = assay_arena_alloc(a->arena, n, sizeof *texts);
    int64_t *order = assay_arena_alloc(a->arena, n, sizeof *order);
    if (out->names == NULL || out->of == NULL || out->only == NULL || texts == NULL ||
        order == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < a->images.n; i++) {
        texts[i] = text_of(column, a->rows[i], a->arena);
        if (texts[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    ASSAY_TRY(assay_sort_order_text(order, texts, a->images.n, err));
    number_slices(out, texts, order);
    return ASSAY_OK;
}

assay_selection assay_slices_pick(const assay_slices *slices, int64_t k)
{
    for (int64_t i = 0; i < slices->images; i++) {
        slices->only[i] = slices->of[i] == k;
    }
    return (assay_selection){.label = -1, .only = slices->only};
}
