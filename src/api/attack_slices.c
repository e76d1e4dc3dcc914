#include <string.h>

#include "api/attack.h"
#include "base/alloc.h"
#include "base/text.h"

/* The value of a metadata cell as text, in the buffer. */
static void put_cell(assay_buffer *out, const assay_column *column, int64_t row)
{
    char number[32];
    assay_buffer_clear(out);
    if (column->valid != NULL && !column->valid[row]) {
        assay_buffer_puts(out, "(missing)");
    } else if (column->type == ASSAY_COLUMN_TEXT) {
        assay_buffer_puts(out, column->texts[row] != NULL ? column->texts[row] : "(missing)");
    } else {
        assay_format_real(number, column->type == ASSAY_COLUMN_INT ? (double)column->ints[row]
                                                                   : column->reals[row]);
        assay_buffer_puts(out, number);
    }
}

assay_status assay_slices_begin(assay_slices *slices, const assay_assessment *a, assay_error *err)
{
    const assay_table *table = a->options->data->metadata;
    *slices = (assay_slices){.a = a};
    assay_buffer_init(&slices->name, 0);
    assay_buffer_init(&slices->other, 0);
    slices->column = table != NULL ? assay_table_find(table, a->options->by) : NULL;
    if (slices->column == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "data %s has no metadata column '%s'",
                          a->options->data->name, a->options->by);
    }
    slices->seen = assay_alloc((size_t)a->images.n, 1);
    slices->only = assay_alloc((size_t)a->images.n, 1);
    return slices->seen != NULL && slices->only != NULL ? ASSAY_OK : assay_fail_memory(err);
}

bool assay_slices_next(assay_slices *slices)
{
    const assay_assessment *a = slices->a;
    while (slices->at < a->images.n && slices->seen[slices->at]) {
        slices->at++;
    }
    if (slices->at == a->images.n) {
        return false;
    }
    put_cell(&slices->name, slices->column, a->rows[slices->at]);
    memset(slices->only, 0, (size_t)a->images.n);
    for (int64_t j = slices->at; j < a->images.n; j++) {
        put_cell(&slices->other, slices->column, a->rows[j]);
        slices->only[j] =
            !slices->seen[j] && assay_text_equal(slices->name.data, slices->other.data);
        slices->seen[j] = slices->seen[j] || slices->only[j];
    }
    return true;
}

void assay_slices_end(assay_slices *slices)
{
    assay_buffer_dispose(&slices->name);
    assay_buffer_dispose(&slices->other);
    assay_free(slices->seen);
    assay_free(slices->only);
}
