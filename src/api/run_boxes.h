/** @file run_boxes.h  What a run needs when its task is detection. Inside src/api only. */
#ifndef ASSAY_API_RUN_BOXES_H
#define ASSAY_API_RUN_BOXES_H

#include "adapters/filesystem/dataset_open.h"
#include "api/annotations.h"
#include "api/detection_slice.h"
#include "api/run.h"
#include "core/detection.h"
#include "core/detection_changed.h"
#include "core/detection_errors.h"
#include "core/detection_measure.h"
#include "core/detections.h"
#include "core/hierarchy_expand.h"

enum {
    ASSAY_RUN_ANALYSES = ASSAY_ANALYSE_CLASSES | ASSAY_ANALYSE_OPERATION | ASSAY_ANALYSE_CONFUSION |
                         ASSAY_ANALYSE_ERRORS
};

/** The truth of one data set. */
typedef struct assay_run_truth {
    assay_coco_truth *truth; /* owned */
    assay_annotation_notes notes;
    int64_t *row;     /* per datum of run->data: its image in the truth; NULL without images */
    int64_t *cluster; /* per image of the truth, or NULL */
    int64_t objects;
} assay_run_truth;

/** A box of the gallery. */
typedef struct assay_gallery_box {
    const char *role;  /* "truth" or "prediction" */
    const char *state; /* "found", "missed", "crowd"; "hit", "false", "ignored" */
    const char *class_name;
    double score;  /* NaN for truth */
    double box[4]; /* left, top, width, height, pixels of the image */
    bool turned;
    double corners[8]; /* of a turned box: x, y, ... */
} assay_gallery_box;

typedef struct assay_gallery {
    int32_t model, context;
    const char *id;
    int32_t width, height;
    int64_t missed, alarms;
    double threshold;  /* of the score: boxes below are not drawn */
    const char *image; /* data URI */
    int32_t n_boxes;
    assay_gallery_box *boxes;
} assay_gallery;

/** What is kept of a cell to compare detectors; nothing of it with one model. */
typedef struct assay_run_match {
    assay_detection *matched;       /* NULL = not measured */
    assay_detection_errors *errors; /* of `matched` */
    assay_operating_image *images;  /* at the best F1 */
    int64_t n_images;
} assay_run_match;

enum { ASSAY_RUN_CHANGED = 50 };

/** Images that two detectors treat differently. */
typedef struct assay_run_changed {
    int32_t a, b, context;
    int64_t n;                   /* all of them; the list holds the most changed */
    assay_changed_image *images; /* at most ASSAY_RUN_CHANGED */
} assay_run_changed;

/** Shape of the measures of a cell. */
typedef struct assay_run_shape {
    int32_t statistics, class_measures; /* of all classes, then of each */
} assay_run_shape;

typedef struct assay_run_boxes {
    assay_hierarchy *hierarchy; /* owned; NULL = none */
    char hierarchy_digest[ASSAY_DIGEST_HEX];
    assay_run_shape *shapes; /* models x contexts */
    assay_run_truth *truth;  /* per data set */
    assay_coco_rows **given; /* per model: its file of predictions, else NULL; owned */
    const char **given_digest;
    assay_run_match *matches; /* models x contexts; content owned */
    assay_run_changed *changed;
    int32_t n_changed, capacity_changed;
    assay_gallery *gallery;
    int32_t n_gallery, capacity_gallery;
} assay_run_boxes;

static inline assay_run_match *assay_run_boxes_match(const assay_run *run, int32_t model,
                                                     int32_t context)
{
    return &run->boxes->matches[(int64_t)model * run->plan->n_contexts + context];
}

/** Truth, images and files of predictions; in place of opening data sets of classes. */
ASSAY_NODISCARD assay_status assay_run_boxes_open(assay_run *run, assay_error *err);
void assay_run_boxes_dispose(assay_run *run);
ASSAY_NODISCARD assay_status assay_run_boxes_measure(assay_run *run, assay_error *err);
/** How annotations and results are read, as the member `detection` of the plan needs it. */
assay_annotation_options assay_run_boxes_reading(const assay_run *run);
/** Results count for the broader classes too, where the plan wants that. */
ASSAY_NODISCARD assay_status assay_run_boxes_expand(assay_coco_rows *results, const assay_run *run,
                                                    const assay_coco_truth *truth,
                                                    assay_error *err);
/** The measure of `detection_average_...`: the first one with all that the requirement says. */
const assay_measure *assay_run_boxes_find(const assay_result *result,
                                          const assay_plan_requirement *q, const assay_args *args);
/** Column of the evidence's table of images: the image's place in the truth. */
#define ASSAY_RUN_ROW "assay_row"

/** Truth, images and groups of one data set; then truth and groups alone: the groups when run->data[d]
 *  and truth[d].row are known. */
ASSAY_NODISCARD assay_status assay_run_boxes_open_data(assay_run *run, int32_t d, assay_error *err);
ASSAY_NODISCARD assay_status assay_run_boxes_clusters(assay_run *run, int32_t d, assay_error *err);
ASSAY_NODISCARD assay_status assay_run_boxes_truth(assay_run *run, int32_t d, assay_error *err);
/** The images of a data set's truth as a data set, by their paths. */
ASSAY_NODISCARD assay_status assay_run_boxes_open_images(assay_run *run, int32_t d,
                                                         const assay_dataset_file *files,
                                                         assay_error *err);
/** What is known of the images into the evidence, so that slices can be judged without them. */
ASSAY_NODISCARD assay_status assay_run_boxes_export_images(assay_run *run, int32_t d,
                                                           assay_error *err);
/** The same from the evidence, as a data set without pixels; nothing when there were no images.
 *  `digest` is that of the data set. */
ASSAY_NODISCARD assay_status assay_run_boxes_recall_images(assay_run *run, int32_t d,
                                                           const char *digest, assay_error *err);
/** A file of the evidence with these notes (pairs of key and value, NULL at the end), or NULL. */
ASSAY_NODISCARD assay_status assay_run_find_noted(const char **out, const assay_run *run,
                                                  const char *const *notes, assay_error *err);
/** How often models have to be asked: for the progress line. */
int32_t assay_run_boxes_groups(const assay_run *run);
/** Room for truths, results and matches. */
ASSAY_NODISCARD assay_status assay_run_boxes_new(assay_run *run, assay_error *err);
/** What belongs to a context: images, or objects and results; *n images (0 also without an object).
 *  Images that were left out are not part of it. `results` NULL = not known yet. */
ASSAY_NODISCARD assay_status assay_run_boxes_select(assay_detection_selection *out, int64_t *n,
                                                    const assay_run *run, int32_t context,
                                                    const assay_coco_rows *results,
                                                    assay_error *err);
/** Why a model can't be measured in a context, or NULL. */
const char *assay_run_boxes_obstacle(const assay_run *run, int32_t model, int32_t context);
/** A slice of truth and results is measured: everything a report shows and requirements ask for. */
ASSAY_NODISCARD assay_status assay_run_boxes_evaluate(assay_run *run, assay_run_cell *cell,
                                                      assay_detection_summary *summary,
                                                      const assay_run_truth *truth,
                                                      const assay_coco_rows *results,
                                                      const assay_detection_slice *slice,
                                                      assay_error *err);
/** Match once more and keep it for the comparison of detectors (when there are several); outside of
 *  sweeps also curves beside the measures of the cell: precision over recall, operating points.
 *  `threshold` gets the score with the best F1 at IoU 0.5 (NaN = none). */
ASSAY_NODISCARD assay_status assay_run_boxes_curves(
    double *threshold, assay_run *run, assay_run_cell *cell, const assay_coco_truth *truth,
    const assay_coco_rows *results, const assay_detection_slice *slice, assay_error *err);
/** The images with the most errors, with their boxes drawn. */
ASSAY_NODISCARD assay_status assay_run_boxes_gallery(assay_run *run, int32_t model, int32_t context,
                                                     const assay_coco_rows *results,
                                                     const uint8_t *images, double threshold,
                                                     assay_error *err);
/** Paired differences of all detectors that were measured in one context. */
ASSAY_NODISCARD assay_status assay_run_boxes_compare(assay_run *run, assay_error *err);
/** The member "detection" of results.json and of the decision rule (there COCO's own are not said): whose
 *  rules were followed. */
void assay_results_protocol(assay_json *json, const assay_run *run, bool rule);
/** The members "detection" and "gallery" of results.json. */
void assay_results_boxes(assay_json *json, const assay_run *run);

#endif
