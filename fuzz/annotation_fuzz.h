/** @file annotation_fuzz.h  What the targets of the annotation readers check. */
#ifndef ASSAY_FUZZ_ANNOTATION_FUZZ_H
#define ASSAY_FUZZ_ANNOTATION_FUZZ_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/annotation_draft.h"
#include "codec/annotation_write.h"
#include "core/annotation_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const assay_coco_options fuzz_limits = {
    .keypoints = true, .most_rows = 10000, .most_values = 100000};

/* Every format can be written from it, and every check looks at it. */
static inline void fuzz_write(const assay_coco_truth *t)
{
    static const assay_annotation_write_fn writers[] = {assay_write_yolo, assay_write_voc,
                                                        assay_write_labelme, assay_write_visdrone,
                                                        assay_write_dota};
    assay_annotation_losses losses = {0};
    assay_annotation_view view = {0};
    assay_annotation_faults faults;
    assay_buffer out;
    if (assay_annotation_view_new(&view, t, NULL, &losses, NULL) != ASSAY_OK ||
        assay_annotation_check(&faults, t, NULL) != ASSAY_OK) {
        abort();
    }
    assay_buffer_init(&out, 0);
    assay_write_coco(&out, &view, &losses);
    view.pose = 3;
    assay_write_data_yaml(&out, &view);
    for (int64_t i = 0; i < t->n_images; i++) {
        assay_write_yolo(&out, &view, i, &losses);
    }
    view.pose = 0;
    assay_write_data_yaml(&out, &view);
    for (int64_t i = 0; i < t->n_images; i++) {
        for (size_t k = 0; k < sizeof writers / sizeof writers[0]; k++) {
            writers[k](&out, &view, i, &losses);
        }
    }
    if (assay_buffer_status(&out, NULL) != ASSAY_OK) {
        abort();
    }
    assay_buffer_dispose(&out);
    assay_annotation_view_dispose(&view);
}

/* A truth that came out has boxes that are finite and known images and classes; a failure says why. */
static inline void fuzz_truth(assay_annotation_draft *draft, assay_status status,
                              const assay_error *err)
{
    assay_coco_truth *t = NULL;
    assay_error own = {0};
    if (status != ASSAY_OK) {
        if (err->message[0] == '\0') {
            abort();
        }
        return;
    }
    if (assay_annotation_draft_truth(&t, draft, false, 0, &own) != ASSAY_OK) {
        abort();
    }
    for (int64_t i = 0; i < t->objects.n; i++) {
        const double *box = t->objects.box + 4 * i;
        if (!isfinite(box[0] + box[1]) || !(box[2] >= 0.0) || !(box[3] >= 0.0) ||
            t->objects.id[i] != i + 1) {
            abort();
        }
    }
    fuzz_write(t);
    assay_coco_truth_free(t);
}

/* A truth of one image, "a.png" of 64 x 48, and the classes x and y, for results to refer to. */
static inline assay_coco_truth *fuzz_reference(void)
{
    assay_annotation_draft *draft = NULL;
    assay_coco_truth *t = NULL;
    int64_t row = 0;
    if (assay_annotation_draft_new(&draft, NULL, NULL) != ASSAY_OK ||
        assay_annotation_draft_image(&row, draft, "a.png", 5, 64, 48, NULL) != ASSAY_OK ||
        assay_annotation_draft_category(&row, draft, "x", 1, NULL) != ASSAY_OK ||
        assay_annotation_draft_category(&row, draft, "y", 1, NULL) != ASSAY_OK ||
        assay_annotation_draft_truth(&t, draft, true, 0, NULL) != ASSAY_OK) {
        abort();
    }
    assay_annotation_draft_free(draft);
    return t;
}

/* A draft of a truth with one image and the classes x and y. */
static inline assay_annotation_draft *fuzz_draft(void)
{
    assay_annotation_draft *draft = NULL;
    int64_t row = 0;
    if (assay_annotation_draft_new(&draft, &fuzz_limits, NULL) != ASSAY_OK ||
        assay_annotation_draft_image(&row, draft, "a.png", 5, 64, 48, NULL) != ASSAY_OK ||
        assay_annotation_draft_category(&row, draft, "x", 1, NULL) != ASSAY_OK ||
        assay_annotation_draft_category(&row, draft, "y", 1, NULL) != ASSAY_OK) {
        abort();
    }
    return draft;
}

#endif
