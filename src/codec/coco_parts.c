#include "codec/coco_parts.h"

#include <string.h>

#include "base/alloc.h"
#include "codec/coco_internal.h"

static bool blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

size_t assay_coco_guess_record(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != '}') {
            continue;
        }
        size_t at = i + 1;
        for (; at < n && blank(bytes[at]); at++) {
        }
        if (at == n || bytes[at] != ',') {
            continue;
        }
        for (at++; at < n && blank(bytes[at]); at++) {
        }
        if (at < n && bytes[at] == '{') {
            return at;
        }
    }
    return SIZE_MAX;
}

/* ASSAY_DONE = the part ended where it should. */
static assay_status read_records(assay_coco_builder *builder, assay_json_scan *scan, uint64_t begin,
                                 uint64_t end, assay_error *err)
{
    assay_status status = ASSAY_OK;
    if (begin == 0) {
        ASSAY_TRY(assay_json_scan_array(scan, err));
    } else {
        assay_json_scan_resume(scan);
    }
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
        uint64_t at = begin + assay_json_scan_place(scan);
        if (at >= end) {
            return at == end ? ASSAY_DONE : ASSAY_OK;
        }
        ASSAY_TRY(assay_coco_read_row(builder, scan, err));
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    ASSAY_TRY(assay_json_scan_end(scan, err));
    return end == UINT64_MAX ? ASSAY_DONE : ASSAY_OK;
}

assay_status assay_coco_read_part(assay_coco_rows **out, assay_read_fn read, void *context,
                                  const assay_coco_options *options, uint64_t begin, uint64_t end,
                                  assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_json_scan *scan = NULL;
    assay_coco_builder builder = {0};
    assay_error inner = {0};
    *out = NULL;
    assay_coco_rows *rows = assay_alloc(1, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    assay_coco_builder_init(&builder, rows, options, true);
    ASSAY_GOTO(assay_json_scan_new(&scan, read, context, builder.options.window, 0, err), done);
    status = read_records(&builder, scan, begin, end, &inner);
    if (status == ASSAY_DONE) {
        *out = rows;
        rows = NULL;
        status = ASSAY_OK;
    } else if (status == ASSAY_ENOMEM || status == ASSAY_EIO) {
        if (err != NULL) {
            *err = inner;
        }
    } else {
        status = ASSAY_OK;
    }
done:
    assay_json_scan_free(scan);
    assay_coco_builder_dispose(&builder);
    assay_coco_results_free(rows);
    return status;
}

/* ---- joining ---- */

typedef struct joining {
    assay_coco_rows **parts;
    int n;
    int64_t rows, n_parts, n_numbers, n_counts, n_points;
} joining;

/* The address of a column in the rows `of`. */
static void *column_at(assay_coco_rows *of, size_t offset)
{
    void *column = NULL;
    memcpy(&column, (char *)of + offset, sizeof column);
    return column;
}

/* One column: those of the parts behind each other, each freed when copied. `length` is where the
 * number of its elements stands. */
static assay_status join_column(assay_coco_rows *to, const joining *j, size_t offset, size_t length,
                                size_t size, assay_error *err)
{
    int64_t n = 0;
    int64_t total = 0;
    bool there = false;
    void *none = NULL;
    for (int i = 0; i < j->n; i++) {
        memcpy(&n, (char *)j->parts[i] + length, sizeof n);
        total += n;
        there = there || column_at(j->parts[i], offset) != NULL;
    }
    if (!there) {
        return ASSAY_OK;
    }
    char *joined = assay_alloc_raw((size_t)total + 1, size);
    if (joined == NULL) {
        return assay_fail_memory(err);
    }
    memcpy((char *)to + offset, &joined, sizeof joined);
    for (int i = 0; i < j->n; i++) {
        void *column = column_at(j->parts[i], offset);
        memcpy(&n, (char *)j->parts[i] + length, sizeof n);
        if (column != NULL && n > 0) {
            memcpy(joined, column, (size_t)n * size);
            joined += (size_t)n * size;
        }
        assay_free(column);
        memcpy((char *)j->parts[i] + offset, &none, sizeof none);
    }
    return ASSAY_OK;
}

/* What counts from the first part, number, character or keypoint of its file part, moved. */
static void move_starts(assay_coco_rows *part, const joining *before)
{
    assay_coco_shapes *s = &part->shapes;
    for (int64_t i = 0; s->first != NULL && i < part->n; i++) {
        bool runs = (part->has[i] & ASSAY_COCO_RUNS) != 0;
        s->first[i] += runs ? before->n_counts : before->n_parts;
    }
    for (int64_t i = 0; s->part != NULL && i <= s->n_parts; i++) {
        s->part[i] += before->n_numbers;
    }
    for (int64_t i = 0; part->points.first != NULL && i < part->n; i++) {
        part->points.first[i] += before->n_points;
    }
}

static assay_status join(assay_coco_rows *to, const joining *j, assay_error *err)
{
#define ROWS(member) offsetof(assay_coco_rows, member), offsetof(assay_coco_rows, n)
#define SHAPES(member) offsetof(assay_coco_rows, shapes.member)
    static const struct {
        size_t offset, length, size;
    } columns[] = {
        {ROWS(image), sizeof(int64_t)},
        {ROWS(category), sizeof(int64_t)},
        {ROWS(box), 4 * sizeof(double)},
        {ROWS(score), sizeof(double)},
        {ROWS(shapes.first), sizeof(int64_t)},
        {ROWS(shapes.count), sizeof(int64_t)},
        {ROWS(shapes.height), sizeof(int32_t)},
        {ROWS(shapes.width), sizeof(int32_t)},
        {ROWS(points.first), sizeof(int64_t)},
        {ROWS(points.count), sizeof(int32_t)},
        {ROWS(points.visible), sizeof(int32_t)},
        {ROWS(has), 1},
        {SHAPES(part), SHAPES(n_parts), sizeof(int64_t)},
        {SHAPES(numbers), SHAPES(n_numbers), sizeof(double)},
        {SHAPES(counts), SHAPES(n_counts), 1},
        {offsetof(assay_coco_rows, points.numbers), offsetof(assay_coco_rows, points.n_numbers),
         sizeof(double)},
    };
#undef ROWS
#undef SHAPES
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        ASSAY_TRY(join_column(to, j, columns[i].offset, columns[i].length, columns[i].size, err));
    }
    to->n = j->rows;
    to->shapes.n_parts = j->n_parts;
    to->shapes.n_numbers = j->n_numbers;
    to->shapes.n_counts = j->n_counts;
    to->points.n_numbers = j->n_points;
    if (to->shapes.part != NULL) {
        to->shapes.part[j->n_parts] = j->n_numbers;
    }
    return ASSAY_OK;
}

static bool allowed(const joining *j, const assay_coco_options *options)
{
    assay_coco_builder builder;
    assay_coco_builder_init(&builder, NULL, options, true);
    const int64_t sizes[] = {j->n_parts, j->n_numbers, j->n_counts, j->n_points};
    bool few = j->rows <= builder.options.most_rows;
    for (size_t i = 0; i < ASSAY_COUNT(sizes); i++) {
        few = few && (size_t)sizes[i] <= builder.options.most_values;
    }
    return few;
}

assay_status assay_coco_join_parts(assay_coco_rows **out, assay_coco_rows **parts, int n,
                                   const assay_coco_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    joining j = {.parts = parts, .n = n};
    *out = NULL;
    assay_coco_rows *rows = assay_alloc(1, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    for (int i = 0; i < n; i++) {
        move_starts(parts[i], &j);
        j.rows += parts[i]->n;
        j.n_parts += parts[i]->shapes.n_parts;
        j.n_numbers += parts[i]->shapes.n_numbers;
        j.n_counts += parts[i]->shapes.n_counts;
        j.n_points += parts[i]->points.n_numbers;
    }
    if (allowed(&j, options)) {
        ASSAY_GOTO(join(rows, &j, err), done);
        *out = rows;
        rows = NULL;
    }
done:
    for (int i = 0; i < n; i++) {
        assay_coco_results_free(parts[i]);
        parts[i] = NULL;
    }
    assay_coco_results_free(rows);
    return status;
}
