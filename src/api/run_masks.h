/** @file run_masks.h  What a run needs when its task is segmentation. Its images are those of
 *  run_boxes.h. Inside src/api only. */
#ifndef ASSAY_API_RUN_MASKS_H
#define ASSAY_API_RUN_MASKS_H

#include "api/run_boxes.h"
#include "api/segment_set.h"

enum { ASSAY_MASK_VIEWS = 3 };

/** An image of the gallery: truth, prediction, and where they differ. */
typedef struct assay_mask_picture {
    int32_t model, context;
    const char *id;
    int32_t width, height;
    double value;                        /* mean IoU of the image, or its PQ */
    const char *views[ASSAY_MASK_VIEWS]; /* data URIs */
    const char *taken, *as;              /* the most frequent mistake; NULL = none */
    double share;                        /* of the pixels that count */
} assay_mask_picture;

/** Images that two models treat differently. */
typedef struct assay_mask_changes {
    int32_t a, b, context;
    int64_t n; /* all of them; the list holds the most changed */
    assay_segment_changed *images;
} assay_mask_changes;

/** A model measured in a context. */
typedef struct assay_mask_cell {
    const assay_segment_found *found; /* NULL = not measured */
    assay_segment_sample sample;      /* of the slice */
    const char *predictions;          /* folder or file; NULL = not known yet */
} assay_mask_cell;

typedef struct assay_run_masks {
    assay_segment_truth *truth; /* per data set */
    const char *const *metrics; /* that the plan asks for, NULL-terminated */
    bool boundary;              /* any of them needs boundaries */
    assay_mask_cell *cells;     /* models x contexts */
    assay_mask_picture *gallery;
    int32_t n_gallery, capacity_gallery;
    assay_mask_changes *changed;
    int32_t n_changed, capacity_changed;
} assay_run_masks;

static inline assay_mask_cell *assay_run_masks_cell(const assay_run *run, int32_t model,
                                                    int32_t context)
{
    return &run->masks->cells[(int64_t)model * run->plan->n_contexts + context];
}

/** Truth, images and predictions; in place of opening data sets of classes. */
ASSAY_NODISCARD assay_status assay_run_masks_open(assay_run *run, assay_error *err);
void assay_run_masks_dispose(assay_run *run);
/** Room; then the truth of one data set with its images' names, without the images themselves. */
ASSAY_NODISCARD assay_status assay_run_masks_new(assay_run *run, assay_error *err);
ASSAY_NODISCARD assay_status assay_run_masks_truth(assay_run *run, int32_t d, assay_error *err);
/** A model's label maps of a context's images as a folder of the evidence. */
ASSAY_NODISCARD assay_status assay_run_masks_predict(const char **folder, assay_run *run,
                                                     int32_t model, int32_t context,
                                                     assay_error *err);
/** Predictions are counted against the truth: once, whatever the slice. */
ASSAY_NODISCARD assay_status assay_run_masks_count(assay_segment_found **out, assay_run *run,
                                                   int32_t data, const char *predictions,
                                                   assay_error *err);
/** The slice of a context: its measures into the cell. */
ASSAY_NODISCARD assay_status assay_run_masks_evaluate(assay_run *run, assay_run_cell *cell,
                                                      const assay_segment_found *found,
                                                      assay_error *err);
ASSAY_NODISCARD assay_status assay_run_masks_measure(assay_run *run, assay_error *err);
/** The images with the lowest values, truth and prediction drawn. */
ASSAY_NODISCARD assay_status assay_run_masks_gallery(assay_run *run, int32_t model, int32_t context,
                                                     assay_error *err);
/** Paired differences of all models that were measured in one context. */
ASSAY_NODISCARD assay_status assay_run_masks_compare(assay_run *run, assay_error *err);
/** The members "truth", "gallery" and "changed" of results.json. */
void assay_results_masks(assay_json *json, const assay_run *run);
/** The colour of a class in pictures, as RGB bytes. */
void assay_mask_color(uint8_t out[3], int32_t class_index);

#endif
