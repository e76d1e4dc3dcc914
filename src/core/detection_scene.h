/**
 * @file detection_scene.h
 * Whole images: all objects and detections of all classes together, for analyses that look across
 * classes (kinds of errors, confusion). Inside src/core only.
 */
#ifndef ASSAY_CORE_DETECTION_SCENE_H
#define ASSAY_CORE_DETECTION_SCENE_H

#include "core/detection_internal.h"

/** Rows by image; objects in the order of the file, detections by falling score, at most `cap` of an
 *  image over all classes. */
typedef struct assay_scenes {
    const assay_detection *d; /* ranks of images and classes */
    assay_pairing pairing;
    int64_t n_objects, n_detections;
    int64_t *object_first, *detection_first; /* per image, and one more */
    int64_t *object_row, *detection_row;
    int32_t *object_class, *detection_class;
    int32_t *object_image, *detection_image;
    double *score; /* per detection */
    int64_t most_objects, most_detections;
} assay_scenes;

ASSAY_NODISCARD assay_status assay_scenes_init(assay_scenes *out, const assay_detection *d,
                                               const assay_coco_truth *truth,
                                               const assay_coco_rows *results,
                                               const assay_detection_slice *slice, int64_t cap,
                                               assay_error *err);
void assay_scenes_dispose(assay_scenes *scenes);

/** One image: element i of its objects is number object_first[image] + i of the scenes. */
typedef struct assay_scene {
    int64_t image;               /* rank */
    int64_t objects, detections; /* numbers of the first */
    int32_t n_objects, n_detections;
    const assay_thing *object, *detection;
    const int32_t *object_class, *detection_class;
    const double *score;
    const double
        *overlap; /* detections x objects; with ignored objects over the detection's area */
} assay_scene;

static inline bool assay_scene_ignored(const assay_scene *scene, int32_t object)
{
    return (scene->object[object].ignored & 1) != 0;
}

/** Call fn for every image, side by side; it may write what belongs to its image only. */
typedef void (*assay_scene_fn)(void *context, const assay_scene *scene);
ASSAY_NODISCARD assay_status assay_scenes_each(const assay_scenes *scenes, assay_scene_fn fn,
                                               void *context, assay_error *err);

#endif
