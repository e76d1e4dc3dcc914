/** @file coco_internal.h  What the parts of the COCO reader share. */
#ifndef ASSAY_CODEC_COCO_INTERNAL_H
#define ASSAY_CODEC_COCO_INTERNAL_H

#include "codec/coco_read.h"

/** Room of the columns that grow together. */
typedef struct assay_coco_builder {
    assay_coco_rows *rows;
    int64_t room, room_parts, room_numbers, room_counts, room_points;
    uint32_t *runs; /* of the mask that is being read */
    int64_t room_runs;
    int64_t zeroed;             /* rows that are ready to be filled */
    assay_coco_options options; /* without zeros */
    bool results;
} assay_coco_builder;

void assay_coco_builder_init(assay_coco_builder *builder, assay_coco_rows *rows,
                             const assay_coco_options *options, bool results);
/** The rows are not the builder's. */
void assay_coco_builder_dispose(assay_coco_builder *builder);
void assay_coco_rows_dispose(assay_coco_rows *rows);

/** Make *column hold one more than n elements of `size` bytes; *room is what it holds now. */
ASSAY_NODISCARD assay_status assay_coco_grow(void *column, int64_t *room, int64_t n, size_t size,
                                             assay_error *err);
/** The same for what is filled in order: room is not zeroed, so there may be much of it. */
ASSAY_NODISCARD assay_status assay_coco_grow_raw(void *column, int64_t *room, int64_t n,
                                                 size_t size, assay_error *err);
/** Room for one more row; all columns of the rows have one room. */
ASSAY_NODISCARD assay_status assay_coco_grow_rows(assay_coco_builder *builder, assay_error *err);
/** Read one annotation or result and append it; errors name the row. */
ASSAY_NODISCARD assay_status assay_coco_read_row(assay_coco_builder *builder, assay_json_scan *scan,
                                                 assay_error *err);
/** Read the value of "segmentation" into the row that is being built. */
ASSAY_NODISCARD assay_status assay_coco_read_shape(assay_coco_builder *builder,
                                                   assay_json_scan *scan, assay_error *err);
/** Read the value of "keypoints" into the row that is being built. */
ASSAY_NODISCARD assay_status assay_coco_read_points(assay_coco_builder *builder,
                                                    assay_json_scan *scan, assay_error *err);

typedef struct assay_coco_list_room {
    int64_t first, ids;
} assay_coco_list_room;

/** The list of the next image begins; without a member it stays empty. */
ASSAY_NODISCARD assay_status assay_coco_begin_list(assay_coco_lists *lists,
                                                   assay_coco_list_room *room, int64_t image,
                                                   assay_error *err);
/** Read a list of category ids that belongs to the last image. */
ASSAY_NODISCARD assay_status assay_coco_read_list(assay_coco_lists *lists,
                                                  assay_coco_list_room *room, assay_json_scan *scan,
                                                  assay_error *err);
/** End the lists after n images; those that no image has are disposed. */
ASSAY_NODISCARD assay_status assay_coco_end_lists(assay_coco_lists *lists,
                                                  assay_coco_list_room *room, int64_t n,
                                                  assay_error *err);
void assay_coco_lists_dispose(assay_coco_lists *lists);

/** Keep a scalar member of an image; anything else is skipped. */
ASSAY_NODISCARD assay_status assay_coco_read_extra(assay_coco_extras *extras, int64_t image,
                                                   const char *key, assay_json_scan *scan,
                                                   assay_error *err);
void assay_coco_extras_dispose(assay_coco_extras *extras);

#endif
