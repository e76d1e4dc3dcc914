/** @file label_maps.h  What a segmentation model says about images, as a folder of label maps. Inside
 *  src/api only. */
#ifndef ASSAY_API_LABEL_MAPS_H
#define ASSAY_API_LABEL_MAPS_H

#include "core/segment_predict.h"

typedef struct assay_label_maps_request {
    assay_model *model;
    const assay_dataset *data;
    const assay_predict_options *options; /* without a store */
    const char *key;                      /* assay_predict_key of these */
    const assay_segment_labels *labels;
    const char *const *files; /* of every datum, below the folder */
    const char *folder; /* FOLDER.parquet beside it lists the maps and says what they are of */
    const char *store;  /* folder from which interrupted work goes on */
    bool keep_store;    /* when the work is done, too */
    bool fresh;         /* compute even if the folder already holds this result */
} assay_label_maps_request;

typedef struct assay_label_maps_summary {
    bool reused;
    char digest[ASSAY_DIGEST_HEX]; /* that of assay_segment_digest, when there are no other maps */
} assay_label_maps_summary;

/** A folder with other things in it, that earlier work did not leave, is ASSAY_EINVAL. */
ASSAY_NODISCARD assay_status assay_label_maps_predict(assay_label_maps_summary *out,
                                                      const assay_label_maps_request *request,
                                                      assay_arena *arena, assay_error *err);

/** "a/b.jpg" is about the map "a/b.png"; NULL when memory is out. */
const char *assay_label_map_name(assay_arena *arena, const char *image);

#endif
