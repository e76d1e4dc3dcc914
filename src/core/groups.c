#include "core/groups.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_write.h"
#include "base/sort.h"

/* Per row the code of its value: codes are ordered as the values are. */
typedef struct coded {
    const assay_group_column *wanted;
    const assay_column *column;
    int64_t *code; /* per row, 0..codes-1 */
    int64_t codes;
    const char **names; /* per code */
} coded;

static bool present(const assay_column *column, int64_t row)
{
    return column->valid == NULL || column->valid[row];
}

static double number_at(const assay_column *column, int64_t row)
{
    return column->type == ASSAY_COLUMN_INT ? (double)column->ints[row] : column->reals[row];
}

static const char *range_name(assay_arena *arena, const assay_group_column *wanted, int64_t range)
{
    char low[32] = "";
    char high[32] = "";
    if (range > 0) {
        assay_format_real(low, wanted->cuts[range - 1]);
    }
    if (range < wanted->n_cuts) {
        assay_format_real(high, wanted->cuts[range]);
    }
    if (range == 0) {
        return assay_arena_printf(arena, "%s below %s", wanted->name, high);
    }
    if (range == wanted->n_cuts) {
        return assay_arena_printf(arena, "%s from %s", wanted->name, low);
    }
    return assay_arena_printf(arena, "%s %s to below %s", wanted->name, low, high);
}

/* code = the range; one more for missing values */
static assay_status code_ranges(coded *c, assay_arena *arena, int64_t rows, assay_error *err)
{
    const assay_group_column *wanted = c->wanted;
    if (c->column->type == ASSAY_COLUMN_TEXT) {
        return assay_fail(err, ASSAY_EINVAL,
                          "group: %s holds texts, so it cannot be cut into ranges", wanted->name);
    }
    for (int32_t k = 1; k < wanted->n_cuts; k++) {
        if (!(wanted->cuts[k] > wanted->cuts[k - 1])) {
            return assay_fail(err, ASSAY_EINVAL, "group: the cuts of %s must ascend", wanted->name);
        }
    }
    c->codes = wanted->n_cuts + 2;
    c->names = assay_arena_alloc(arena, (size_t)c->codes, sizeof *c->names);
    if (c->names == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t k = 0; k <= wanted->n_cuts; k++) {
        c->names[k] = range_name(arena, wanted, k);
        if (c->names[k] == NULL) {
            return assay_fail_memory(err);
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        double value = present(c->column, i) ? number_at(c->column, i) : NAN;
        int64_t k = 0;
        while (k < wanted->n_cuts && value >= wanted->cuts[k]) {
            k++;
        }
        c->code[i] = isnan(value) ? c->codes - 1 : k;
    }
    return ASSAY_OK;
}

/* Distinct values in the order in which they are met, and which of them each row has. */
typedef struct distinct {
    int64_t n;
    double numbers[ASSAY_GROUPS_MOST];
    const char *texts[ASSAY_GROUPS_MOST];
} distinct;

static bool is_value(const distinct *d, int64_t k, double number, const char *text)
{
    return text != NULL ? strcmp(d->texts[k], text) == 0 : d->numbers[k] == number;
}

/* code = the value's place in `d`; -1 = missing */
static assay_status find_values(distinct *d, coded *c, int64_t rows, assay_error *err)
{
    bool is_text = c->column->type == ASSAY_COLUMN_TEXT;
    int64_t k = 0;
    for (int64_t i = 0; i < rows; i++) {
        bool there = present(c->column, i);
        const char *text = there && is_text ? c->column->texts[i] : NULL;
        double number = there && !is_text ? number_at(c->column, i) : NAN;
        if (text == NULL && isnan(number)) {
            c->code[i] = -1;
            continue;
        }
        if (k >= d->n || !is_value(d, k, number, text)) {
            k = 0;
            while (k < d->n && !is_value(d, k, number, text)) {
                k++;
            }
        }
        if (k == d->n && k == ASSAY_GROUPS_MOST) {
            return assay_fail(err, ASSAY_EINVAL, "group: %s has over %d values%s", c->wanted->name,
                              ASSAY_GROUPS_MOST,
                              is_text ? "; is it a category?"
                                      : "; cut it into ranges: 'name:10,20,30' (plan: ranges)");
        }
        if (k == d->n) {
            d->numbers[k] = number;
            d->texts[k] = text;
            d->n++;
        }
        c->code[i] = k;
    }
    return ASSAY_OK;
}

/* code = the place of the value in order; one more for missing values */
static assay_status code_values(coded *c, assay_arena *arena, int64_t rows, assay_error *err)
{
    distinct d = {.n = 0};
    int64_t order[ASSAY_GROUPS_MOST] = {0};
    int64_t place[ASSAY_GROUPS_MOST] = {0};
    bool is_text = c->column->type == ASSAY_COLUMN_TEXT;
    ASSAY_TRY(find_values(&d, c, rows, err));
    ASSAY_TRY(is_text ? assay_sort_order_text(order, d.texts, d.n, err)
                      : assay_sort_order(order, d.numbers, d.n, 0, err));
    c->codes = d.n + 1;
    c->names = assay_arena_alloc(arena, (size_t)c->codes, sizeof *c->names);
    if (c->names == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t k = 0; k < d.n; k++) {
        char number[32] = "";
        if (!is_text) {
            assay_format_real(number, d.numbers[order[k]]);
        }
        place[order[k]] = k;
        c->names[k] = assay_arena_printf(arena, "%s=%s", c->wanted->name,
                                         is_text ? d.texts[order[k]] : number);
        if (c->names[k] == NULL) {
            return assay_fail_memory(err);
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        c->code[i] = c->code[i] < 0 ? d.n : place[c->code[i]];
    }
    return ASSAY_OK;
}

static assay_status no_column(const char *name, const assay_table *table, assay_error *err)
{
    assay_buffer known;
    assay_buffer_init(&known, 0);
    for (int32_t k = 0; k < table->n_columns && k < 20; k++) {
        assay_buffer_printf(&known, "%s%s", k > 0 ? ", " : "", table->columns[k].name);
    }
    assay_status status =
        assay_fail(err, ASSAY_EINVAL, "group: there is no column %s (known: %s%s)", name,
                   known.data != NULL ? known.data : "none", table->n_columns > 20 ? ", ..." : "");
    assay_buffer_dispose(&known);
    return status;
}

static assay_status code_column(coded *c, assay_arena *arena, const assay_table *table,
                                assay_error *err)
{
    c->column = assay_table_find(table, c->wanted->name);
    if (c->column == NULL) {
        return no_column(c->wanted->name, table, err);
    }
    ASSAY_TRY(c->wanted->n_cuts > 0 ? code_ranges(c, arena, table->rows, err)
                                    : code_values(c, arena, table->rows, err));
    c->names[c->codes - 1] = assay_arena_printf(arena, "%s missing", c->wanted->name);
    return c->names[c->codes - 1] != NULL ? ASSAY_OK : assay_fail_memory(err);
}

/* The combinations of the groups so far with one more column; those that occur, in order. */
static assay_status combine(assay_groups *groups, int32_t *of, const coded *c, assay_arena *arena,
                            int64_t rows, assay_error *err)
{
    int64_t cells = groups->n * c->codes;
    int32_t *number = assay_arena_alloc(arena, (size_t)cells, sizeof *number);
    const char **names = assay_arena_alloc(arena, ASSAY_GROUPS_MOST, sizeof *names);
    int32_t n = 0;
    if (number == NULL || names == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < rows; i++) {
        number[of[i] * c->codes + c->code[i]] = 1;
    }
    for (int64_t k = 0; k < cells; k++) {
        if (number[k] == 0) {
            continue;
        }
        if (n == ASSAY_GROUPS_MOST) {
            return assay_fail(err, ASSAY_EINVAL,
                              "group: over %d groups: use fewer columns, or cut "
                              "numbers into ranges",
                              ASSAY_GROUPS_MOST);
        }
        const char *before = groups->names != NULL ? groups->names[k / c->codes] : NULL;
        const char *mine = c->names[k % c->codes];
        names[n] = before == NULL ? mine : assay_arena_printf(arena, "%s, %s", before, mine);
        if (names[n] == NULL) {
            return assay_fail_memory(err);
        }
        number[k] = n++;
    }
    for (int64_t i = 0; i < rows; i++) {
        of[i] = number[of[i] * c->codes + c->code[i]];
    }
    groups->n = n;
    groups->names = names;
    return ASSAY_OK;
}

assay_status assay_groups_make(assay_groups **out, assay_arena *arena, const assay_table *table,
                               const assay_group_column *columns, int32_t n_columns,
                               assay_error *err)
{
    *out = NULL;
    if (table == NULL || n_columns < 1) {
        return assay_fail(err, ASSAY_EINVAL, "group: there is no column to group by");
    }
    size_t rows = (size_t)table->rows;
    assay_groups *groups = assay_arena_alloc(arena, 1, sizeof *groups);
    int32_t *of = assay_arena_alloc(arena, rows, sizeof *of);
    int64_t *code = assay_arena_alloc(arena, rows, sizeof *code);
    if (groups == NULL || of == NULL || code == NULL) {
        return assay_fail_memory(err);
    }
    *groups = (assay_groups){.n = 1, .of = of, .positive = -1};
    for (int32_t k = 0; k < n_columns; k++) {
        coded c = {.wanted = &columns[k], .code = code};
        ASSAY_TRY(code_column(&c, arena, table, err));
        ASSAY_TRY(combine(groups, of, &c, arena, table->rows, err));
    }
    if (groups->n < 2) {
        return assay_fail(err, ASSAY_EINVAL,
                          "group: %s is the same in all rows, so there is nothing "
                          "to compare",
                          columns[0].name);
    }
    *out = groups;
    return ASSAY_OK;
}

const int32_t *assay_groups_rows(const assay_groups *groups, const int64_t *rows, int64_t first,
                                 int64_t n, int32_t *space)
{
    if (rows == NULL) {
        return groups->of + first;
    }
    for (int64_t i = 0; i < n; i++) {
        space[i] = groups->of[rows[first + i]];
    }
    return space;
}

static const char *const extreme_names[] = {"none",    "worst",      "best", "lowest",
                                            "highest", "difference", "ratio"};

const char *assay_extreme_name(assay_extreme extreme)
{
    return extreme_names[extreme];
}

assay_extreme assay_extreme_find(const char *name)
{
    for (int i = ASSAY_EXTREME_WORST; i <= ASSAY_EXTREME_RATIO; i++) {
        if (strcmp(name, extreme_names[i]) == 0) {
            return (assay_extreme)i;
        }
    }
    return ASSAY_EXTREME_NONE;
}
