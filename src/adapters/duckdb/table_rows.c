#include "adapters/duckdb/table_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "base/text.h"

assay_status assay_row_screen_ids(assay_row_screen *screen, const char *name, bool given,
                                  assay_error *err)
{
    const assay_column *ids = assay_table_find(screen->table, name);
    if (ids == NULL && given) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: there is no column \"%s\" with the id; the columns are: %s",
                          screen->path, name, assay_table_names(screen->table));
    }
    if (ids != NULL && ids->type == ASSAY_COLUMN_TEXT) {
        screen->ids = ids;
        ASSAY_TRY(assay_text_index_new(&screen->index, screen->table->rows, err));
    }
    screen->rows = screen->table->rows;
    return ASSAY_OK;
}

static const char *id_of(const assay_row_screen *screen, int64_t row)
{
    const char *id = screen->ids != NULL ? screen->ids->texts[row] : NULL;
    return id != NULL && id[0] != '\0' ? id : NULL;
}

static void refuse_as(assay_row_screen *screen, int64_t row, const char *id, const char *fault)
{
    char place[512], name[80] = "";
    if (!assay_bad_rows_tells(&screen->bad)) {
        assay_bad_rows_add(&screen->bad, "%s", "");
        return;
    }
    assay_duckdb_row_place(place, sizeof place, screen->path, row + 1);
    size_t path = strlen(screen->path) + 2; /* "p.csv: row 2 (line 3)" */
    if (id != NULL) {
        assay_bad_row_name(name, sizeof name, row + 1, id);
    }
    const char *comma = strchr(name, ',');
    assay_bad_rows_add(&screen->bad, "%s%s: %s", strlen(place) > path ? place + path : place,
                       comma != NULL ? comma : "", fault);
}

void assay_row_screen_refuse(assay_row_screen *screen, int64_t row, const char *fault)
{
    refuse_as(screen, row, id_of(screen, row), fault);
}

static assay_status note_row(assay_row_screen *screen, int64_t row, assay_error *err)
{
    assay_predictions *p = screen->predictions;
    if (p->file_row == NULL && row != screen->kept) {
        p->file_row = assay_arena_alloc(p->arena, (size_t)screen->rows + 1, sizeof *p->file_row);
        if (p->file_row == NULL) {
            return assay_fail_memory(err);
        }
        for (int64_t i = 0; i < screen->kept; i++) {
            p->file_row[i] = i + 1;
        }
    }
    if (p->file_row != NULL) {
        p->file_row[screen->kept] = row + 1;
    }
    return ASSAY_OK;
}

assay_status assay_row_screen_take(bool *good, int64_t *to, assay_row_screen *screen, int64_t row,
                                   assay_error *err)
{
    int64_t earlier = -1;
    *to = screen->kept;
    *good = false;
    if (screen->ids != NULL && id_of(screen, row) == NULL) {
        assay_row_screen_refuse(screen, row, "the id is missing");
        return ASSAY_OK;
    }
    ASSAY_TRY(note_row(screen, row, err));
    if (screen->kept < row) {
        assay_table_move_row(screen->table, screen->kept, row);
    }
    if (screen->ids != NULL) {
        ASSAY_TRY(
            assay_text_index_put(&earlier, screen->index, screen->ids->texts, screen->kept, err));
    }
    if (earlier >= 0) {
        char fault[160], id[40];
        assay_text_printable(id, sizeof id, screen->ids->texts[screen->kept]);
        (void)snprintf(fault, sizeof fault, "the id \"%s\" stands twice, first in row %" PRId64, id,
                       assay_predictions_row(screen->predictions, earlier));
        refuse_as(screen, row, NULL, fault);
        return ASSAY_OK;
    }
    screen->kept++;
    *good = true;
    return ASSAY_OK;
}

assay_status assay_row_screen_finish(assay_row_screen *screen, int skip_bad, assay_error *err)
{
    assay_predictions *p = screen->predictions;
    if (screen->bad.n > 0 && (!skip_bad || screen->kept == 0)) {
        return assay_bad_rows_fail(
            &screen->bad, screen->path, screen->rows,
            skip_bad ? "no row is left" : "--on-error skip leaves such rows out", err);
    }
    if (screen->kept == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s holds no rows", screen->path);
    }
    p->skipped = screen->bad.n;
    p->n = screen->kept;
    p->ids = screen->ids != NULL ? screen->ids->texts : NULL;
    screen->table->rows = screen->kept;
    return p->file_row != NULL ? assay_table_set_rows(screen->table, p->file_row, err) : ASSAY_OK;
}

void assay_row_screen_dispose(assay_row_screen *screen)
{
    assay_text_index_free(screen->index);
    assay_bad_rows_dispose(&screen->bad);
}
