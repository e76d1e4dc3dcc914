#include "core/bad_rows.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Of the 1015 bytes of a message; path, total and hint take the rest. */
enum { ROWS_MOST = 720, HINT_ROOM = 256 };

bool assay_bad_rows_tells(const assay_bad_rows *bad)
{
    return bad->told < ASSAY_BAD_ROWS_TOLD && !bad->full;
}

void assay_bad_rows_add(assay_bad_rows *bad, const char *format, ...)
{
    char text[600];
    va_list args;
    if (bad->n++ == 0) {
        assay_buffer_init(&bad->text, 0);
    }
    if (!assay_bad_rows_tells(bad)) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bad->full = bad->told > 0 && bad->text.size + strlen(text) > ROWS_MOST;
    if (!bad->full) {
        assay_buffer_printf(&bad->text, "%s%s", bad->told > 0 ? "; " : "", text);
        bad->told++;
    }
}

assay_status assay_bad_rows_fail(assay_bad_rows *bad, const char *path, int64_t rows,
                                 const char *hint, assay_error *err)
{
    char more[48] = "";
    char tail[HINT_ROOM] = "";
    const char *text = bad->text.data != NULL ? bad->text.data : "out of memory for the list";
    if (bad->n > bad->told) {
        (void)snprintf(more, sizeof more, "; and %" PRId64 " more", bad->n - bad->told);
    }
    if (hint != NULL) {
        (void)snprintf(tail, sizeof tail, "; %s", hint);
    }
    assay_status status =
        bad->n == 1
            ? assay_fail(err, ASSAY_EFORMAT, "%s: %s%s", path, text, tail)
            : assay_fail(err, ASSAY_EFORMAT, "%s: %" PRId64 " of %" PRId64 " rows are bad: %s%s%s",
                         path, bad->n, rows, text, more, tail);
    assay_bad_rows_dispose(bad);
    return status;
}

void assay_bad_rows_dispose(assay_bad_rows *bad)
{
    if (bad->n > 0) {
        assay_buffer_dispose(&bad->text);
    }
    *bad = (assay_bad_rows){0};
}

void assay_bad_row_name(char *out, size_t size, int64_t row, const char *id)
{
    char printable[40];
    if (id == NULL) {
        (void)snprintf(out, size, "row %" PRId64, row);
        return;
    }
    assay_text_printable(printable, sizeof printable, id);
    (void)snprintf(out, size, "row %" PRId64 ", id %s", row, printable);
}
