#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/coco_internal.h"

enum { ZEROED_ROWS = 256 };

void assay_coco_builder_init(assay_coco_builder *builder, assay_coco_rows *rows,
                             const assay_coco_options *options, bool results)
{
    *builder = (assay_coco_builder){.rows = rows, .results = results};
    if (options != NULL) {
        builder->options = *options;
    }
    if (builder->options.most_rows <= 0) {
        builder->options.most_rows = INT64_C(1) << 31;
    }
    if (builder->options.most_values == 0) {
        builder->options.most_values = (size_t)1 << 31;
    }
}

void assay_coco_builder_dispose(assay_coco_builder *builder)
{
    assay_free(builder->runs);
    *builder = (assay_coco_builder){0};
}

void assay_coco_rows_dispose(assay_coco_rows *rows)
{
    assay_coco_shapes *s = &rows->shapes;
    void *columns[] = {rows->id,
                       rows->image,
                       rows->category,
                       rows->box,
                       rows->area,
                       rows->score,
                       rows->crowd,
                       rows->has,
                       rows->flags,
                       s->first,
                       s->count,
                       s->height,
                       s->width,
                       s->part,
                       s->numbers,
                       s->counts,
                       rows->points.first,
                       rows->points.count,
                       rows->points.visible,
                       rows->points.numbers};
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        assay_free(columns[i]);
    }
    *rows = (assay_coco_rows){0};
}

static assay_status grow(void *column, int64_t *room, int64_t more, size_t size, bool zeroed,
                         assay_error *err)
{
    void *old = NULL;
    memcpy(&old, column, sizeof old);
    void *grown =
        (zeroed ? assay_realloc : assay_realloc_raw)(old, (size_t)*room * size, (size_t)more, size);
    if (grown == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(column, &grown, sizeof grown);
    *room = more;
    return ASSAY_OK;
}

assay_status assay_coco_grow(void *column, int64_t *room, int64_t n, size_t size, assay_error *err)
{
    return n < *room ? ASSAY_OK : grow(column, room, n + n / 2 + 64, size, true, err);
}

assay_status assay_coco_grow_raw(void *column, int64_t *room, int64_t n, size_t size,
                                 assay_error *err)
{
    return n < *room ? ASSAY_OK : grow(column, room, 3 * n + 64, size, false, err);
}

assay_status assay_coco_grow_rows(assay_coco_builder *builder, assay_error *err)
{
    assay_coco_rows *r = builder->rows;
    assay_coco_shapes *s = &r->shapes;
    assay_coco_points *p = &r->points;
    const struct {
        void *column;
        size_t size;
        bool wanted;
    } columns[] = {{&r->id, sizeof *r->id, !builder->results},
                   {&r->image, sizeof *r->image, true},
                   {&r->category, sizeof *r->category, true},
                   {&r->box, 4 * sizeof *r->box, true},
                   {&r->area, sizeof *r->area, !builder->results},
                   {&r->score, sizeof *r->score, builder->results},
                   {&r->crowd, sizeof *r->crowd, !builder->results},
                   {&r->has, sizeof *r->has, true},
                   {&r->flags, sizeof *r->flags, !builder->results},
                   {&s->first, sizeof *s->first, builder->options.masks},
                   {&s->count, sizeof *s->count, builder->options.masks},
                   {&s->height, sizeof *s->height, builder->options.masks},
                   {&s->width, sizeof *s->width, builder->options.masks},
                   {&p->first, sizeof *p->first, builder->options.keypoints},
                   {&p->count, sizeof *p->count, builder->options.keypoints},
                   {&p->visible, sizeof *p->visible, builder->options.keypoints}};
    int64_t grown = builder->room;
    if (r->n < builder->zeroed) {
        return ASSAY_OK;
    }
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        int64_t room = builder->room;
        if (columns[i].wanted) {
            ASSAY_TRY(assay_coco_grow_raw(columns[i].column, &room, r->n, columns[i].size, err));
            grown = room;
        }
    }
    builder->room = grown;
    builder->zeroed = r->n + ZEROED_ROWS < grown ? r->n + ZEROED_ROWS : grown;
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        if (columns[i].wanted) {
            char *column = NULL;
            memcpy(&column, columns[i].column, sizeof column);
            memset(column + (size_t)r->n * columns[i].size, 0,
                   (size_t)(builder->zeroed - r->n) * columns[i].size);
        }
    }
    return ASSAY_OK;
}

static assay_status read_box(assay_coco_builder *builder, assay_json_scan *scan, assay_error *err)
{
    assay_coco_rows *r = builder->rows;
    double *box = r->box + 4 * r->n;
    int kind = 0;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (kind == 'n') {
        return assay_json_scan_skip(scan, err);
    }
    ASSAY_TRY(assay_json_scan_array(scan, err));
    int64_t n = assay_json_scan_reals(box, 4, scan);
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK && n < 4) {
        ASSAY_TRY(assay_json_scan_real(&box[n], scan, err));
        n++;
    }
    if (status < ASSAY_OK) {
        return status;
    }
    if (status == ASSAY_OK || (n != 4 && n != 0)) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "bbox must be [left, top, width, height]");
    }
    r->has[r->n] = (uint8_t)((r->has[r->n] & ~ASSAY_COCO_BOX) | (n == 4 ? ASSAY_COCO_BOX : 0));
    return ASSAY_OK;
}

enum { SEEN_ID = 1, SEEN_IMAGE = 2, SEEN_CATEGORY = 4, SEEN_SCORE = 8, SEEN_SHAPE = 16 };

static uint8_t flag_of(const char *key)
{
    return assay_json_key_is(key, "difficult")   ? ASSAY_OBJECT_DIFFICULT
           : assay_json_key_is(key, "truncated") ? ASSAY_OBJECT_TRUNCATED
           : assay_json_key_is(key, "occluded")  ? ASSAY_OBJECT_OCCLUDED
           : assay_json_key_is(key, "hidden")    ? ASSAY_OBJECT_HIDDEN
           : assay_json_key_is(key, "ignore")    ? ASSAY_OBJECT_IGNORE
           : assay_json_key_is(key, "is_group_of") || assay_json_key_is(key, "isgroupof")
               ? ASSAY_OBJECT_GROUP
               : 0;
}

static assay_status read_visible(assay_coco_builder *builder, assay_json_scan *scan,
                                 assay_error *err)
{
    int64_t n = 0;
    ASSAY_TRY(assay_json_scan_integer(&n, scan, err));
    if (n < 0 || n > INT32_MAX) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "num_keypoints is %" PRId64, n);
    }
    builder->rows->points.visible[builder->rows->n] = (int32_t)n;
    return ASSAY_OK;
}

/* One member of a row; *seen collects the required ones. */
static assay_status read_member(assay_coco_builder *builder, int *seen, const char *key,
                                assay_json_scan *scan, assay_error *err)
{
    assay_coco_rows *r = builder->rows;
    int64_t n = r->n;
    bool truth = !builder->results;
    if (assay_json_key_is(key, "image_id")) {
        *seen |= SEEN_IMAGE;
        return assay_json_scan_integer(&r->image[n], scan, err);
    }
    if (assay_json_key_is(key, "category_id")) {
        *seen |= SEEN_CATEGORY;
        return assay_json_scan_integer(&r->category[n], scan, err);
    }
    if (assay_json_key_is(key, "bbox")) {
        return read_box(builder, scan, err);
    }
    if (assay_json_key_is(key, "segmentation") && (*seen & SEEN_SHAPE) == 0) {
        *seen |= SEEN_SHAPE;
        return assay_coco_read_shape(builder, scan, err);
    }
    if (assay_json_key_is(key, "score") && !truth) {
        *seen |= SEEN_SCORE;
        return assay_json_scan_real(&r->score[n], scan, err);
    }
    if (assay_json_key_is(key, "id") && truth) {
        *seen |= SEEN_ID;
        return assay_json_scan_integer(&r->id[n], scan, err);
    }
    if (builder->options.keypoints && assay_json_key_is(key, "keypoints")) {
        return assay_coco_read_points(builder, scan, err);
    }
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (builder->options.keypoints && truth && kind == '0' &&
        assay_json_key_is(key, "num_keypoints")) {
        return read_visible(builder, scan, err);
    }
    if (truth && kind != 'n' && assay_json_key_is(key, "area")) {
        r->has[n] |= ASSAY_COCO_AREA;
        return assay_json_scan_real(&r->area[n], scan, err);
    }
    if (truth && kind != 'n' && assay_json_key_is(key, "iscrowd")) {
        bool crowd = false;
        r->has[n] |= ASSAY_COCO_CROWD;
        ASSAY_TRY(assay_json_scan_flag(&crowd, scan, err));
        r->crowd[n] = crowd;
        return ASSAY_OK;
    }
    uint8_t flag = truth && (kind == 't' || kind == '0') ? flag_of(key) : 0;
    if (flag != 0) {
        bool set = false;
        ASSAY_TRY(assay_json_scan_flag(&set, scan, err));
        r->flags[n] |= set ? flag : 0;
        return ASSAY_OK;
    }
    return assay_json_scan_skip(scan, err);
}

static assay_status missing(int seen, bool results, assay_json_scan *scan, assay_error *err)
{
    static const char *const names[] = {"id", "image_id", "category_id", "score"};
    int wanted =
        results ? SEEN_IMAGE | SEEN_CATEGORY | SEEN_SCORE : SEEN_ID | SEEN_IMAGE | SEEN_CATEGORY;
    for (int i = 0; i < 4; i++) {
        if ((wanted >> i & 1) != 0 && (seen >> i & 1) == 0) {
            return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "it has no \"%s\"", names[i]);
        }
    }
    return ASSAY_OK;
}

static assay_status read_row(assay_coco_builder *builder, assay_json_scan *scan, assay_error *err)
{
    int seen = 0;
    const char *key = NULL;
    assay_status status = ASSAY_OK;
    if (builder->rows->n >= builder->options.most_rows) {
        return assay_json_scan_fail(scan, err, ASSAY_ELIMIT, "more rows than the limit of %" PRId64,
                                    builder->options.most_rows);
    }
    ASSAY_TRY(assay_coco_grow_rows(builder, err));
    if (builder->options.keypoints) {
        builder->rows->points.visible[builder->rows->n] = -1;
    }
    ASSAY_TRY(assay_json_scan_object(scan, err));
    while ((status = assay_json_scan_key(&key, scan, err)) == ASSAY_OK) {
        ASSAY_TRY(read_member(builder, &seen, key, scan, err));
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    return missing(seen, builder->results, scan, err);
}

assay_status assay_coco_read_row(assay_coco_builder *builder, assay_json_scan *scan,
                                 assay_error *err)
{
    assay_status status = read_row(builder, scan, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s %" PRId64, builder->results ? "result" : "annotation",
                           builder->rows->n + 1);
        return status;
    }
    builder->rows->n++;
    return ASSAY_OK;
}
