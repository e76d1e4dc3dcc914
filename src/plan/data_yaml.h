/** @file data_yaml.h  The data.yaml of a YOLO data set: names of the classes, folders of images. */
#ifndef ASSAY_PLAN_DATA_YAML_H
#define ASSAY_PLAN_DATA_YAML_H

#include "base/arena.h"

/** Everything lives in the arena. */
typedef struct assay_data_yaml {
    int64_t n_names;
    const char **names;        /* class 0, 1, ...; "" = a number without a name */
    const char *path;          /* the key `path`; NULL = not given */
    const char *split;         /* the split that was taken; NULL = none is named */
    const char *const *images; /* its folders (or lists) of images, NULL-terminated */
    int32_t n_images;
    int32_t keypoints;        /* kpt_shape: how many every object has; 0 = none */
    int32_t keypoint_numbers; /* 2 (x, y) or 3 (x, y, visibility) */
} assay_data_yaml;

/** `split` NULL = val, else test, else train, whichever is there first. `path` is for messages. */
ASSAY_NODISCARD assay_status assay_data_yaml_read(assay_data_yaml *out, const char *bytes,
                                                  size_t size, const char *path, const char *split,
                                                  assay_arena *arena, assay_error *err);

#endif
