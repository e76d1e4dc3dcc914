#include "adapters/duckdb/csv_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

enum { BLOCK = 1 << 16, RECORD_MOST = 1 << 24 };

/* Reads with pread, so that the file offset that DuckDB may share is left alone. */
typedef struct reader {
    int descriptor;
    int64_t offset;
    size_t at;
    size_t size;
    int64_t line; /* of the byte that comes next */
    uint8_t *block;
} reader;

static int peek(reader *in)
{
    if (in->at == in->size) {
        ssize_t got = 0;
        do {
            got = pread(in->descriptor, in->block, BLOCK, in->offset);
        } while (got < 0 && errno == EINTR);
        in->at = 0;
        in->size = got > 0 ? (size_t)got : 0;
        in->offset += got > 0 ? got : 0;
        if (got <= 0) {
            return -1;
        }
    }
    return in->block[in->at];
}

static int next(reader *in)
{
    int c = peek(in);
    if (c >= 0) {
        in->at++;
        in->line += c == '\n';
    }
    return c;
}

static assay_status start(reader *in, int descriptor, assay_error *err)
{
    *in = (reader){.descriptor = descriptor, .line = 1};
    in->block = assay_alloc_raw(BLOCK, 1);
    if (in->block == NULL) {
        return assay_fail_memory(err);
    }
    if (peek(in) == 0xEF && in->size >= 3 && in->block[1] == 0xBB && in->block[2] == 0xBF) {
        in->at = 3; /* byte order mark */
    }
    return ASSAY_OK;
}

typedef struct record {
    int64_t line; /* where it begins */
    int32_t fields;
    int64_t bytes;    /* 0 and one field: a blank line */
    int64_t bad_line; /* where bytes are not UTF-8; 0 = nowhere */
    int open_quote;   /* the file ended inside quotes */
} record;

/* One record. Field texts go to `text`, with a NUL after each, when it is not NULL. False at the end
 * of the file. */
static int read_record(record *out, reader *in, char delimiter, assay_buffer *text)
{
    *out = (record){.line = in->line};
    if (peek(in) < 0) {
        return 0;
    }
    char utf8[4];
    size_t pending = 0;
    int quoted = 0;
    int field_begins = 1;
    out->fields = 1;
    for (int c = next(in); c >= 0; c = next(in)) {
        if (!quoted && (c == '\n' || c == '\r')) {
            if (c == '\r' && peek(in) == '\n') {
                (void)next(in);
            } else if (c == '\r') {
                in->line++;
            }
            break;
        }
        out->bytes++;
        /* UTF-8 is checked on the run: a character is complete when assay_utf8_step accepts it. */
        if (c >= 0x80 || pending > 0) {
            utf8[pending++] = (char)c;
            int step = assay_utf8_step(utf8, pending);
            if (step > 0) {
                pending = 0;
            } else if (pending == 4 || c < 0x80) {
                out->bad_line = out->bad_line > 0 ? out->bad_line : in->line;
                pending = 0;
            }
        }
        if (c == '"' && (quoted || field_begins)) {
            if (quoted && peek(in) == '"') {
                (void)next(in);
            } else {
                quoted = !quoted;
                field_begins = 0;
                continue;
            }
        }
        field_begins = 0;
        if (!quoted && c == delimiter) {
            out->fields++;
            field_begins = 1;
            c = '\0';
        }
        if (text != NULL && text->size < RECORD_MOST) {
            assay_buffer_putc(text, (char)c);
        }
    }
    if (pending > 0 && out->bad_line == 0) {
        out->bad_line = out->line;
    }
    out->open_quote = quoted;
    return 1;
}

static char choose_delimiter(const char *line, size_t size, const char *path)
{
    if (assay_text_ends_nocase(path, ".tsv")) {
        return '\t';
    }
    static const char candidates[] = {',', ';', '\t', '|'};
    int64_t counts[sizeof candidates] = {0};
    int quoted = 0;
    for (size_t i = 0; i < size; i++) {
        quoted ^= line[i] == '"';
        for (size_t k = 0; k < sizeof candidates && !quoted; k++) {
            counts[k] += line[i] == candidates[k];
        }
    }
    size_t best = 0;
    for (size_t k = 1; k < sizeof candidates; k++) {
        best = counts[k] > counts[best] ? k : best;
    }
    return candidates[best];
}

static assay_status split_names(assay_csv_header *out, const char *text, size_t size,
                                const char *path, assay_arena *arena, assay_error *err)
{
    out->names = assay_arena_alloc(arena, (size_t)out->n, sizeof *out->names);
    if (out->names == NULL) {
        return assay_fail_memory(err);
    }
    const char *at = text;
    const char *end = text + size;
    for (int32_t i = 0; i < out->n; i++) {
        while (at < end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        size_t whole = at < end ? strlen(at) : 0;
        size_t length = whole;
        while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t')) {
            length--;
        }
        out->names[i] = length > 0 ? assay_arena_printf(arena, "%.*s", (int)length, at)
                                   : assay_arena_printf(arena, "column%d", (int)i + 1);
        if (out->names[i] == NULL) {
            return assay_fail_memory(err);
        }
        at += whole + 1;
    }
    for (int32_t i = 0; i < out->n; i++) {
        for (int32_t k = 0; k < i; k++) {
            if (strlen(out->names[i]) == strlen(out->names[k]) &&
                assay_text_ends_nocase(out->names[i], out->names[k])) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "%s: columns %d and %d are both called \"%s\" (upper and lower "
                                  "case count as the same); rename one in the first line",
                                  path, (int)k + 1, (int)i + 1, out->names[i]);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status check_first_bytes(reader *in, const char *path, assay_error *err)
{
    if (peek(in) < 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s is empty; expected a first line with the names of the columns", path);
    }
    const uint8_t *bytes = in->block + in->at;
    size_t size = in->size - in->at;
    const char *kind = NULL;
    if (size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B) {
        kind = "a gzip file: unpack it first";
    } else if (size >= 4 && memcmp(bytes, "PAR1", 4) == 0) {
        kind = "a Parquet file: name it .parquet";
    } else if (size >= 2 && memcmp(bytes, "PK", 2) == 0) {
        kind = "a zip or spreadsheet file: save it as CSV (UTF-8)";
    } else if (size >= 2 &&
               ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF))) {
        kind = "UTF-16 text: save it as UTF-8";
    } else if (memchr(bytes, '\0', size) != NULL) {
        kind = "not text (it holds NUL bytes); expected CSV in UTF-8";
    }
    return kind == NULL ? ASSAY_OK : assay_fail(err, ASSAY_EFORMAT, "%s is %s", path, kind);
}

assay_status assay_csv_read_header(assay_csv_header *out, int descriptor, const char *path,
                                   assay_arena *arena, assay_error *err)
{
    *out = (assay_csv_header){0};
    reader in;
    ASSAY_TRY(start(&in, descriptor, err));
    assay_buffer text;
    assay_buffer_init(&text, 2 * (size_t)RECORD_MOST);
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(check_first_bytes(&in, path, err), done);
    const char *line = (const char *)in.block + in.at;
    size_t visible = in.size - in.at;
    const char *line_end = memchr(line, '\n', visible);
    out->delimiter =
        choose_delimiter(line, line_end != NULL ? (size_t)(line_end - line) : visible, path);
    record first;
    (void)read_record(&first, &in, out->delimiter, &text);
    assay_buffer_putc(&text, '\0');
    ASSAY_GOTO(assay_buffer_status(&text, err), done);
    if (first.bad_line > 0) {
        ASSAY_GOTO(assay_fail(err, ASSAY_EFORMAT,
                              "%s: line %" PRId64 " is not UTF-8 text; save the file as UTF-8",
                              path, first.bad_line),
                   done);
    }
    if (first.open_quote || first.bytes == 0 || text.size >= RECORD_MOST) {
        ASSAY_GOTO(assay_fail(err, ASSAY_EFORMAT,
                              "%s: the first line does not hold the names of the columns%s", path,
                              first.open_quote   ? " (a quote is not closed)"
                              : first.bytes == 0 ? " (it is blank)"
                                                 : ""),
                   done);
    }
    out->n = first.fields;
    status = split_names(out, text.data, text.size, path, arena, err);
done:
    assay_buffer_dispose(&text);
    assay_free(in.block);
    return status;
}

static int is_blank(const record *each, int32_t columns)
{
    return columns > 1 && each->fields == 1 && each->bytes == 0;
}

int64_t assay_csv_line_of_row(int descriptor, const assay_csv_header *header, int64_t row)
{
    reader in;
    if (start(&in, descriptor, NULL) != ASSAY_OK) {
        return 0;
    }
    record each;
    int64_t line = 0;
    int64_t seen = -1; /* the header is row 0 */
    while (line == 0 && read_record(&each, &in, header->delimiter, NULL)) {
        seen += !is_blank(&each, header->n);
        line = seen == row ? each.line : 0;
    }
    assay_free(in.block);
    return line;
}

/* The parser of tables takes one kind of line end in a file. */
static assay_status check_line_ends(int descriptor, const char *path, assay_error *err)
{
    reader in;
    ASSAY_TRY(start(&in, descriptor, err));
    assay_status status = ASSAY_OK;
    int64_t line = 1;
    int quoted = 0, before = -1, first = -1;
    for (int c = peek(&in); status == ASSAY_OK && c >= 0; c = peek(&in)) {
        int windows = before == '\r';
        quoted ^= c == '"';
        if (c == '\n' && !quoted && first >= 0 && windows != first) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: line %" PRId64 " ends in %s, the first line in %s; save the "
                                "file with one kind of line end",
                                path, line, windows ? "CR LF" : "LF", windows ? "LF" : "CR LF");
        }
        first = c == '\n' && !quoted && first < 0 ? windows : first;
        line += c == '\n';
        before = c;
        (void)next(&in);
    }
    assay_free(in.block);
    return status;
}

assay_status assay_csv_diagnose(int descriptor, const char *path, const assay_csv_header *header,
                                assay_error *err)
{
    reader in;
    ASSAY_TRY(start(&in, descriptor, err));
    assay_status status = ASSAY_OK;
    record each;
    while (status == ASSAY_OK && read_record(&each, &in, header->delimiter, NULL)) {
        if (each.bad_line > 0) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: line %" PRId64 " is not UTF-8 text; save the file as UTF-8",
                                path, each.bad_line);
        } else if (each.open_quote) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: a quote that is opened in the row that begins on line %" PRId64
                                " is never closed",
                                path, each.line);
        } else if (each.fields != header->n && !is_blank(&each, header->n)) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: line %" PRId64 " has %d fields; expected %d as in the first "
                                "line",
                                path, each.line, (int)each.fields, (int)header->n);
        }
    }
    assay_free(in.block);
    return status == ASSAY_OK ? check_line_ends(descriptor, path, err) : status;
}

int64_t assay_line_of_row(int descriptor, int64_t row)
{
    reader in;
    if (start(&in, descriptor, NULL) != ASSAY_OK) {
        return 0;
    }
    int64_t seen = 0;
    int64_t line = 0;
    int blank = 1;
    for (int c = peek(&in); c >= 0 && line == 0; c = peek(&in)) {
        if (blank && c != '\n' && c != '\r' && c != ' ' && c != '\t') {
            blank = 0;
            seen++;
            line = seen == row ? in.line : 0;
        }
        blank = c == '\n' ? 1 : blank;
        (void)next(&in);
    }
    assay_free(in.block);
    return line;
}
