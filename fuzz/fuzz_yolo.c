/* YOLO labels, as truth and as results. */
#include "annotation_fuzz.h"
#include "codec/yolo_read.h"
#include "core/annotation_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

    assay_annotation_draft *draft = fuzz_draft();
    assay_coco_truth *reference = fuzz_reference();
    assay_annotation_draft *results = NULL;
    assay_coco_rows *rows = NULL;
    assay_error err = {0};
    /* The first byte says whether there are keypoints. */
    const assay_yolo_keypoints keypoints = {size > 0 && data[0] == '2' ? 3 : 0,
                                            size % 3 == 0 ? 0 : 3};
    assay_status status =
        assay_yolo_read(draft, 0, NULL, 2, keypoints, (const char *)data, size, &err);
    fuzz_truth(draft, status, &err);
    if (assay_annotation_draft_results(&results, reference, &fuzz_limits, NULL) != ASSAY_OK) {
        abort();
    }
    if (assay_yolo_read(results, 0, NULL, 2, keypoints, (const char *)data, size, NULL) ==
        ASSAY_OK) {
        if (assay_annotation_draft_rows(&rows, results, NULL) != ASSAY_OK) {
            abort();
        }
        for (int64_t i = 0; i < rows->n; i++) {
            if (!isfinite(rows->score[i]) || rows->image[i] != 1) {
                abort();
            }
        }
    }
    assay_coco_results_free(rows);
    assay_annotation_draft_free(results);
    assay_annotation_draft_free(draft);
    assay_coco_truth_free(reference);
    return 0;
}
