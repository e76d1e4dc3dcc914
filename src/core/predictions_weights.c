/* Weights of rows from a metadata column. */
#include <inttypes.h>
#include <math.h>

#include "base/buffer.h"
#include "base/text.h"
#include "core/predictions.h"

enum { NAMED_ROWS = 3 };

static double number_at(const assay_column *column, int64_t row)
{
    bool present = column->valid == NULL || column->valid[row];
    if (column->type == ASSAY_COLUMN_TEXT) {
        double value = NAN;
        const char *text = column->texts[row];
        return text != NULL && assay_text_to_real(&value, text) ? value : (double)NAN;
    }
    if (!present) {
        return NAN;
    }
    return column->type == ASSAY_COLUMN_INT ? (double)column->ints[row] : column->reals[row];
}

static void name_row(assay_buffer *out, const assay_predictions *p, const assay_column *column,
                     int64_t row)
{
    double weight = number_at(column, row);
    const char *text = column->type == ASSAY_COLUMN_TEXT ? column->texts[row] : NULL;
    assay_buffer_printf(out, "row %" PRId64, row + 1);
    if (p->ids != NULL) {
        assay_buffer_printf(out, " (%.80s)", p->ids[row]);
    }
    if (text != NULL) {
        assay_buffer_printf(out, " holds \"%.80s\"", text);
    } else if (isnan(weight)) {
        assay_buffer_printf(out, " holds no number");
    } else {
        assay_buffer_printf(out, " holds %g", weight);
    }
}

static assay_status refuse(const assay_predictions *p, const assay_column *column, const char *path,
                           const int64_t *rows, int64_t bad, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    for (int64_t i = 0; i < bad && i < NAMED_ROWS; i++) {
        assay_buffer_printf(&text, "%s", i > 0 ? ", " : "");
        name_row(&text, p, column, rows[i]);
    }
    if (bad > NAMED_ROWS) {
        assay_buffer_printf(&text, ", ... (%" PRId64 " rows)", bad);
    }
    assay_status status =
        assay_fail(err, ASSAY_EFORMAT,
                   "%s: weights in column \"%s\": %s; a weight is a number from 0 to 1e100", path,
                   column->name, text.data != NULL ? text.data : "");
    assay_buffer_dispose(&text);
    return status;
}

assay_status assay_predictions_weigh(assay_predictions *p, const char *name, const char *path,
                                     int skip_bad, assay_error *err)
{
    const assay_column *column = p->columns != NULL ? assay_table_find(p->columns, name) : NULL;
    if (column == NULL) {
        const char *names = p->columns != NULL ? assay_table_names(p->columns) : NULL;
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: there is no column \"%s\" with weights; the columns are: %s", path,
                          name, names != NULL ? names : "(none besides the predictions)");
    }
    double *weights = assay_arena_alloc(p->arena, (size_t)p->n, sizeof *weights);
    if (weights == NULL) {
        return assay_fail_memory(err);
    }
    int64_t rows[NAMED_ROWS];
    int64_t bad = 0;
    bool any = false;
    for (int64_t i = 0; i < p->n; i++) {
        double weight = number_at(column, i);
        if (!(weight >= 0.0 && weight <= 1e100)) {
            if (bad < NAMED_ROWS) {
                rows[bad] = i;
            }
            bad++;
            weight = 0.0;
        }
        weights[i] = weight;
        any = any || weight > 0.0;
    }
    if (bad > 0 && !skip_bad) {
        return refuse(p, column, path, rows, bad, err);
    }
    if (!any) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: weights in column \"%s\": not one of %" PRId64
                          " rows has a weight above zero",
                          path, name, p->n);
    }
    p->weights = weights;
    p->skipped += bad;
    return assay_predictions_digest(p, err);
}
