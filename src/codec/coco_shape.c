#include <inttypes.h>
#include <string.h>

#include "codec/coco_internal.h"
#include "codec/rle.h"

static assay_status limit(const assay_coco_builder *builder, int64_t n, assay_json_scan *scan,
                          assay_error *err)
{
    return (size_t)n < builder->options.most_values
               ? ASSAY_OK
               : assay_json_scan_fail(scan, err, ASSAY_ELIMIT,
                                      "the shapes of the file have more than %zu numbers",
                                      builder->options.most_values);
}

static assay_status add_number(assay_coco_builder *builder, assay_json_scan *scan, assay_error *err)
{
    assay_coco_shapes *s = &builder->rows->shapes;
    ASSAY_TRY(limit(builder, s->n_numbers, scan, err));
    ASSAY_TRY(assay_coco_grow_raw(&s->numbers, &builder->room_numbers, s->n_numbers,
                                  sizeof *s->numbers, err));
    ASSAY_TRY(assay_json_scan_real(&s->numbers[s->n_numbers], scan, err));
    s->n_numbers++;
    return ASSAY_OK;
}

/* The plain numbers that follow, all at once. */
static assay_status add_numbers(assay_coco_builder *builder, assay_json_scan *scan,
                                assay_error *err)
{
    assay_coco_shapes *s = &builder->rows->shapes;
    int64_t added = 0;
    int64_t room = 0;
    do {
        ASSAY_TRY(assay_coco_grow_raw(&s->numbers, &builder->room_numbers, s->n_numbers,
                                      sizeof *s->numbers, err));
        room = (int64_t)builder->options.most_values - s->n_numbers;
        room = builder->room_numbers - s->n_numbers < room ? builder->room_numbers - s->n_numbers
                                                           : room;
        added = assay_json_scan_reals(s->numbers + s->n_numbers, room, scan);
        s->n_numbers += added;
    } while (added == room && added > 0);
    return ASSAY_OK;
}

/* [[x, y, x, y, ...], ...]; a bare [x, y, ...] is one part. */
static assay_status read_polygons(assay_coco_builder *builder, assay_json_scan *scan,
                                  assay_error *err)
{
    assay_coco_shapes *s = &builder->rows->shapes;
    int64_t row = builder->rows->n;
    assay_status status = ASSAY_OK;
    bool bare = false;
    s->first[row] = s->n_parts;
    ASSAY_TRY(assay_json_scan_array(scan, err));
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
        int kind = 0;
        ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
        if (bare) {
            ASSAY_TRY(add_number(builder, scan, err));
            s->part[s->n_parts] = s->n_numbers;
            continue;
        }
        ASSAY_TRY(limit(builder, s->n_parts, scan, err));
        ASSAY_TRY(
            assay_coco_grow(&s->part, &builder->room_parts, s->n_parts + 1, sizeof *s->part, err));
        s->part[s->n_parts++] = s->n_numbers;
        if (kind == '0') {
            bare = true;
            ASSAY_TRY(add_number(builder, scan, err));
        } else {
            ASSAY_TRY(assay_json_scan_array(scan, err));
            ASSAY_TRY(add_numbers(builder, scan, err));
            while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
                ASSAY_TRY(add_number(builder, scan, err));
                ASSAY_TRY(add_numbers(builder, scan, err));
            }
            if (status != ASSAY_DONE) {
                return status;
            }
        }
        s->part[s->n_parts] = s->n_numbers;
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    s->count[row] = s->n_parts - s->first[row];
    builder->rows->has[row] |= s->count[row] > 0 ? ASSAY_COCO_POLYGONS : 0;
    return ASSAY_OK;
}

/* Room for n characters more. */
static assay_status grow_counts(assay_coco_builder *builder, int64_t n, assay_json_scan *scan,
                                assay_error *err)
{
    assay_coco_shapes *s = &builder->rows->shapes;
    const size_t most = builder->options.most_values;
    if ((size_t)n > most || (size_t)s->n_counts > most - (size_t)n) {
        return limit(builder, INT64_MAX, scan, err);
    }
    return assay_coco_grow_raw(&s->counts, &builder->room_counts, s->n_counts + n,
                               sizeof *s->counts, err);
}

static assay_status read_run_list(int64_t *n, assay_coco_builder *builder, assay_json_scan *scan,
                                  assay_error *err)
{
    enum { LONGEST_RUN = 7 }; /* characters */
    assay_coco_shapes *s = &builder->rows->shapes;
    assay_status status = ASSAY_OK;
    *n = 0;
    ASSAY_TRY(assay_json_scan_array(scan, err));
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
        int64_t run = 0;
        ASSAY_TRY(limit(builder, s->n_counts + *n, scan, err));
        ASSAY_TRY(assay_coco_grow_raw(&builder->runs, &builder->room_runs, *n,
                                      sizeof *builder->runs, err));
        ASSAY_TRY(assay_json_scan_integer(&run, scan, err));
        if (run < 0 || run > INT32_MAX) {
            return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "a run length of %" PRId64, run);
        }
        builder->runs[(*n)++] = (uint32_t)run;
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    ASSAY_TRY(grow_counts(builder, LONGEST_RUN * *n, scan, err));
    const assay_rle rle = {.n = *n, .runs = builder->runs};
    s->n_counts += (int64_t)assay_rle_to_text(s->counts + s->n_counts, &rle);
    return ASSAY_OK;
}

static assay_status read_run_text(int64_t *n, assay_coco_builder *builder, assay_json_scan *scan,
                                  assay_error *err)
{
    assay_coco_shapes *s = &builder->rows->shapes;
    const char *text = NULL;
    size_t size = 0;
    assay_error inner = {0};
    ASSAY_TRY(assay_json_scan_text(&text, &size, scan, err));
    ASSAY_TRY(grow_counts(builder, (int64_t)size, scan, err));
    ASSAY_TRY(assay_coco_grow_raw(&builder->runs, &builder->room_runs, (int64_t)size,
                                  sizeof *builder->runs, err));
    assay_status status = assay_rle_from_text(builder->runs, n, text, size, &inner);
    if (status != ASSAY_OK) {
        return assay_json_scan_fail(scan, err, status, "%s", inner.message);
    }
    if (size > 0) {
        memcpy(s->counts + s->n_counts, text, size);
        s->n_counts += (int64_t)size;
    }
    return ASSAY_OK;
}

static assay_status read_size(assay_coco_builder *builder, assay_json_scan *scan, assay_error *err)
{
    assay_coco_shapes *s = &builder->rows->shapes;
    int64_t size[2] = {0};
    int n = 0;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_array(scan, err));
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
        if (n == 2) {
            break;
        }
        ASSAY_TRY(assay_json_scan_integer(&size[n], scan, err));
        n++;
    }
    if (status < ASSAY_OK) {
        return status;
    }
    if (status == ASSAY_OK || n != 2 || size[0] < 0 || size[0] > INT32_MAX || size[1] < 0 ||
        size[1] > INT32_MAX) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "size must be [height, width] in pixels");
    }
    s->height[builder->rows->n] = (int32_t)size[0];
    s->width[builder->rows->n] = (int32_t)size[1];
    return ASSAY_OK;
}

/* {"size": [height, width], "counts": text or list} */
static assay_status read_runs(assay_coco_builder *builder, assay_json_scan *scan, assay_error *err)
{
    assay_coco_rows *rows = builder->rows;
    assay_coco_shapes *s = &rows->shapes;
    bool counts = false;
    bool sized = false;
    int64_t n = 0;
    const char *key = NULL;
    assay_status status = ASSAY_OK;
    s->first[rows->n] = s->n_counts;
    ASSAY_TRY(assay_json_scan_object(scan, err));
    while ((status = assay_json_scan_key(&key, scan, err)) == ASSAY_OK) {
        if (assay_json_key_is(key, "counts") && !counts) {
            int kind = 0;
            ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
            ASSAY_TRY(kind == '[' ? read_run_list(&n, builder, scan, err)
                                  : read_run_text(&n, builder, scan, err));
            counts = true;
        } else if (assay_json_key_is(key, "size")) {
            ASSAY_TRY(read_size(builder, scan, err));
            sized = true;
        } else {
            ASSAY_TRY(assay_json_scan_skip(scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    if (!counts || !sized) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "a mask needs \"size\": [height, width] and \"counts\"");
    }
    s->count[rows->n] = s->n_counts - s->first[rows->n];
    const assay_rle rle = {s->height[rows->n], s->width[rows->n], n, builder->runs};
    assay_error inner = {0};
    status = assay_rle_check(&rle, &inner);
    if (status != ASSAY_OK) {
        return assay_json_scan_fail(scan, err, status, "%s", inner.message);
    }
    rows->has[rows->n] |= ASSAY_COCO_RUNS;
    return ASSAY_OK;
}

assay_status assay_coco_mask(assay_rle *out, const assay_coco_shapes *shapes, int64_t row,
                             assay_arena *arena, assay_error *err)
{
    size_t size = (size_t)shapes->count[row]; /* one run takes at least one character */
    int64_t n = 0;
    *out = (assay_rle){0};
    uint32_t *runs = assay_arena_alloc_raw(arena, size, sizeof *runs);
    if (runs == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_rle_from_text(runs, &n, shapes->counts + shapes->first[row], size, err));
    *out = (assay_rle){shapes->height[row], shapes->width[row], n, runs};
    return ASSAY_OK;
}

assay_status assay_coco_read_shape(assay_coco_builder *builder, assay_json_scan *scan,
                                   assay_error *err)
{
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (!builder->options.masks || kind == 'n') {
        return assay_json_scan_skip(scan, err);
    }
    return kind == '{' ? read_runs(builder, scan, err) : read_polygons(builder, scan, err);
}
