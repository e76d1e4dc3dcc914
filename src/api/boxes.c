#include "api/boxes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/file_stream.h"
#include "base/alloc.h"
#include "base/json_write.h"

assay_status assay_truth_read(assay_coco_truth **out, const char *path, bool masks,
                              assay_error *err)
{
    assay_file_stream *stream = NULL;
    const assay_coco_options options = {.masks = masks};
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    assay_status status = assay_coco_read_truth(out, assay_file_stream_read, stream, &options, err);
    assay_file_stream_close(stream);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

static int64_t category_of(const assay_coco_truth *truth, const char *name, int64_t otherwise)
{
    for (int64_t k = 0; k < truth->n_categories; k++) {
        if (strcmp(truth->category_name[k], name) == 0) {
            return truth->category_id[k];
        }
    }
    return otherwise;
}

assay_status assay_box_numbers_make(assay_box_numbers *out, const assay_dataset *data,
                                    int32_t classes, const char *const *class_names,
                                    const assay_coco_truth *truth, assay_error *err)
{
    const assay_column *ids =
        data->metadata != NULL ? assay_table_find(data->metadata, "image_id") : NULL;
    int64_t free_id = 0;
    *out = (assay_box_numbers){0};
    out->image = assay_alloc((size_t)data->n + 1, sizeof *out->image);
    out->category = assay_alloc((size_t)classes + 1, sizeof *out->category);
    if (out->image == NULL || out->category == NULL) {
        assay_box_numbers_dispose(out);
        return assay_fail_memory(err);
    }
    bool numbered = ids != NULL && ids->type == ASSAY_COLUMN_INT;
    for (int64_t i = 0; i < data->n; i++) {
        bool given = numbered && (ids->valid == NULL || ids->valid[i]);
        out->image[i] = given ? ids->ints[i] : i + 1;
    }
    for (int64_t k = 0; truth != NULL && k < truth->n_categories; k++) {
        free_id = truth->category_id[k] > free_id && truth->category_id[k] < INT64_MAX / 2
                      ? truth->category_id[k]
                      : free_id;
    }
    for (int32_t k = 0; k < classes; k++) {
        out->category[k] =
            truth != NULL ? category_of(truth, class_names[k], free_id + 1 + k) : k + 1;
        out->unknown += truth != NULL && out->category[k] == free_id + 1 + k;
    }
    return ASSAY_OK;
}

void assay_box_numbers_dispose(assay_box_numbers *numbers)
{
    assay_free(numbers->image);
    assay_free(numbers->category);
    *numbers = (assay_box_numbers){0};
}

/* Corners as an outline, keypoints as COCO writes them. */
static void put_extra(assay_buffer *out, const assay_detections *d, int64_t row)
{
    char text[32];
    bool turned = d->shape == ASSAY_SHAPE_TURNED;
    if (d->width_extra == 0) {
        return;
    }
    assay_buffer_puts(out, turned ? ",\"segmentation\":[[" : ",\"keypoints\":[");
    for (int64_t k = 0; k < d->width_extra; k++) {
        assay_format_real(text, d->extra[row * d->width_extra + k]);
        assay_buffer_printf(out, "%s%s", k > 0 ? "," : "", text);
    }
    assay_buffer_puts(out, turned ? "]]" : "]");
}

assay_status assay_boxes_coco(assay_buffer *out, const assay_detections *d,
                              const assay_box_numbers *numbers, assay_error *err)
{
    char text[5][32];
    out->limit = (size_t)64 << 30;
    assay_buffer_puts(out, "[");
    for (int64_t i = 0; i < d->images; i++) {
        for (int64_t r = d->first[i]; r < d->first[i + 1]; r++) {
            for (int k = 0; k < 4; k++) {
                assay_format_real(text[k], d->box[4 * r + k]);
            }
            assay_format_real(text[4], d->score[r]);
            assay_buffer_printf(out,
                                "%s\n{\"image_id\":%" PRId64 ",\"category_id\":%" PRId64
                                ",\"bbox\":[%s,%s,%s,%s],\"score\":%s",
                                r > 0 ? "," : "", numbers->image[i], numbers->category[d->label[r]],
                                text[0], text[1], text[2], text[3], text[4]);
            put_extra(out, d, r);
            assay_buffer_puts(out, "}");
        }
    }
    assay_buffer_puts(out, "\n]\n");
    return assay_buffer_status(out, err);
}

enum { IMAGE_ID = 0, IMAGE, CATEGORY_ID, CATEGORY, SCORE, LEFT, COLUMNS = LEFT + 4 };

/* An image without boxes has a row that names it and has nothing else. */
static int64_t rows_of(const assay_detections *d, int64_t image)
{
    int64_t n = d->first[image + 1] - d->first[image];
    return n > 0 ? n : 1;
}

static void put_image(assay_column *c, int64_t row, const assay_detections *d,
                      const assay_box_numbers *numbers, int64_t image)
{
    int64_t boxes = d->first[image + 1] - d->first[image];
    int64_t n = rows_of(d, image);
    for (int64_t k = 0; k < n; k++) {
        c[IMAGE_ID].ints[row + k] = numbers->image[image];
        c[IMAGE].texts[row + k] = d->ids[image];
        c[IMAGE_ID].valid[row + k] = c[IMAGE].valid[row + k] = 1;
    }
    for (int64_t k = 0; k < boxes; k++) {
        int64_t from = d->first[image] + k;
        c[CATEGORY_ID].ints[row + k] = numbers->category[d->label[from]];
        c[CATEGORY].texts[row + k] = d->class_names[d->label[from]];
        c[SCORE].reals[row + k] = d->score[from];
        for (int i = 0; i < 4; i++) {
            c[LEFT + i].reals[row + k] = d->box[4 * from + i];
        }
        for (int64_t i = 0; i < d->width_extra; i++) {
            c[COLUMNS + i].reals[row + k] = d->extra[from * d->width_extra + i];
        }
        for (int64_t i = CATEGORY_ID; i < COLUMNS + d->width_extra; i++) {
            c[i].valid[row + k] = 1;
        }
    }
}

/* x1, y1, ... x4, y4 of corners; keypoint_1_x, keypoint_1_y, keypoint_1_confidence, ... */
static void name_extra(char *out, size_t size, const assay_detections *d, int64_t k)
{
    static const char *const parts[] = {"x", "y", "confidence"};
    if (d->shape == ASSAY_SHAPE_TURNED) {
        (void)snprintf(out, size, "%s%d", parts[k % 2], (int)(k / 2) + 1);
    } else {
        (void)snprintf(out, size, "keypoint_%d_%s", (int)(k / 3) + 1, parts[k % 3]);
    }
}

assay_status assay_boxes_table(assay_table **out, const assay_detections *d,
                               const assay_box_numbers *numbers, assay_error *err)
{
    static const struct {
        const char *name;
        assay_column_type type;
    } columns[COLUMNS] = {{"image_id", ASSAY_COLUMN_INT},    {"image", ASSAY_COLUMN_TEXT},
                          {"category_id", ASSAY_COLUMN_INT}, {"category", ASSAY_COLUMN_TEXT},
                          {"score", ASSAY_COLUMN_REAL},      {"left", ASSAY_COLUMN_REAL},
                          {"top", ASSAY_COLUMN_REAL},        {"width", ASSAY_COLUMN_REAL},
                          {"height", ASSAY_COLUMN_REAL}};
    assay_column *added = NULL;
    assay_table *table = NULL;
    assay_status status = ASSAY_OK;
    int64_t rows = 0;
    *out = NULL;
    for (int64_t i = 0; i < d->images; i++) {
        rows += rows_of(d, i);
    }
    ASSAY_TRY(assay_table_new(&table, rows, 0, err));
    for (int k = 0; k < COLUMNS; k++) {
        ASSAY_GOTO(assay_table_add(&added, table, columns[k].name, columns[k].type, err), done);
    }
    for (int64_t k = 0; k < d->width_extra; k++) {
        char name[40];
        name_extra(name, sizeof name, d, k);
        ASSAY_GOTO(assay_table_add(&added, table, name, ASSAY_COLUMN_REAL, err), done);
    }
    rows = 0;
    for (int64_t i = 0; i < d->images; i++) {
        put_image(table->columns, rows, d, numbers, i);
        rows += rows_of(d, i);
    }
    *out = table;
    table = NULL;
done:
    assay_table_free(table);
    return status;
}
