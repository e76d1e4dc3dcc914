/* Which format a file of annotations has, by its ending and its first bytes. */
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "api/annotations.h"
#include "base/text.h"
#include "codec/json_scan.h"
#include "codec/text_fields.h"

enum { HEAD = 4096, MANY = 8 };

/* The first key that only one of the formats has decides. */
static assay_status sniff_json(int *format, const char *path, assay_error *err)
{
    static const struct {
        const char *key;
        assay_annotation_format format;
    } known[] = {{"images", ASSAY_ANNOTATIONS_COCO},      {"annotations", ASSAY_ANNOTATIONS_COCO},
                 {"categories", ASSAY_ANNOTATIONS_COCO},  {"licenses", ASSAY_ANNOTATIONS_COCO},
                 {"shapes", ASSAY_ANNOTATIONS_LABELME},   {"imagePath", ASSAY_ANNOTATIONS_LABELME},
                 {"imageData", ASSAY_ANNOTATIONS_LABELME}};
    assay_file_stream *stream = NULL;
    assay_json_scan *scan = NULL;
    const char *key = NULL;
    assay_status status = ASSAY_OK;
    *format = ASSAY_ANNOTATIONS_COCO; /* its reader says best what is wrong */
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    ASSAY_GOTO(assay_json_scan_new(&scan, assay_file_stream_read, stream, 1 << 16, 0, err), done);
    int kind = 0;
    ASSAY_GOTO(assay_json_scan_peek(&kind, scan, err), done);
    if (kind != '{' || assay_json_scan_object(scan, NULL) != ASSAY_OK) {
        goto done;
    }
    while (assay_json_scan_key(&key, scan, NULL) == ASSAY_OK) {
        for (size_t i = 0; i < ASSAY_COUNT(known); i++) {
            if (strcmp(key, known[i].key) == 0) {
                *format = (int)known[i].format;
                goto done;
            }
        }
        if (assay_json_scan_skip(scan, NULL) != ASSAY_OK) {
            break;
        }
    }
done:
    assay_json_scan_free(scan);
    assay_file_stream_close(stream);
    return status;
}

/* Leading numbers of the line, and fields in all. */
static void count_fields(int *numbers, int *fields, assay_lines lines, char separator)
{
    assay_field field;
    bool leading = true;
    *numbers = *fields = 0;
    lines.separator = separator;
    while (*fields < 1000 && assay_lines_field(&field, &lines)) {
        double value = 0.0;
        leading = leading && assay_field_real(&value, &field);
        *numbers += leading;
        ++*fields;
    }
}

static int sniff_line(assay_lines lines)
{
    int numbers = 0;
    int fields = 0;
    size_t size = (size_t)(lines.stop - lines.field);
    if ((size >= 12 && memcmp(lines.field, "imagesource:", 12) == 0) ||
        (size >= 4 && memcmp(lines.field, "gsd:", 4) == 0)) {
        return ASSAY_ANNOTATIONS_DOTA;
    }
    count_fields(&numbers, &fields, lines, ',');
    if (numbers >= MANY && numbers == fields) {
        return ASSAY_ANNOTATIONS_VISDRONE;
    }
    count_fields(&numbers, &fields, lines, ' ');
    if (numbers == 8 && fields >= 9) {
        return ASSAY_ANNOTATIONS_DOTA;
    }
    assay_field first;
    int64_t index = 0;
    (void)assay_lines_field(&first, &lines);
    if (fields >= 5 && numbers == fields && assay_field_integer(&index, &first) && index >= 0) {
        return ASSAY_ANNOTATIONS_YOLO;
    }
    return numbers == 0 && (fields == 10 || fields == 6) ? ASSAY_ANNOTATIONS_DOTA : 0;
}

/* "Task1_plane.txt": images that are called by numbers make lines of numbers alone. */
static bool is_dota_results(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    bool task = assay_text_starts(name, "Task1_") || assay_text_starts(name, "Task2_") ||
                assay_text_starts(name, "task1_") || assay_text_starts(name, "task2_");
    return task && assay_text_ends_nocase(name, ".txt");
}

assay_status assay_annotation_sniff(int *format, const char *path, assay_error *err)
{
    static const char *const tables[] = {".csv", ".tsv", ".parquet", ".jsonl", ".ndjson"};
    char head[HEAD];
    size_t size = 0;
    size_t got = 0;
    assay_file_stream *stream = NULL;
    assay_lines lines;
    *format = 0;
    for (size_t i = 0; i < ASSAY_COUNT(tables); i++) {
        if (assay_text_ends_nocase(path, tables[i])) {
            *format = ASSAY_ANNOTATIONS_TABLE;
            return ASSAY_OK;
        }
    }
    if (assay_text_ends_nocase(path, ".yaml") || assay_text_ends_nocase(path, ".yml")) {
        *format = ASSAY_ANNOTATIONS_YOLO;
        return ASSAY_OK;
    }
    if (is_dota_results(path)) {
        *format = ASSAY_ANNOTATIONS_DOTA;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    assay_status status = ASSAY_OK;
    do {
        status = assay_file_stream_read(stream, head + size, sizeof head - size, &got, err);
        size += got;
    } while (status == ASSAY_OK && got > 0 && size < sizeof head);
    assay_file_stream_close(stream);
    ASSAY_TRY(status);
    if (size >= 4 && memcmp(head, "PAR1", 4) == 0) {
        *format = ASSAY_ANNOTATIONS_TABLE;
        return ASSAY_OK;
    }
    assay_lines_init(&lines, head, size, ' ');
    if (!assay_lines_next(&lines)) {
        return ASSAY_OK;
    }
    if (*lines.field == '<') {
        *format = ASSAY_ANNOTATIONS_VOC;
        return ASSAY_OK;
    }
    if (*lines.field == '{' || *lines.field == '[' || assay_text_ends_nocase(path, ".json")) {
        return sniff_json(format, path, err);
    }
    *format = sniff_line(lines);
    return ASSAY_OK;
}
