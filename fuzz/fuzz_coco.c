/* The first line is a truth, the rest are results (of the truth itself when there is one line only);
 * what can be read is evaluated by boxes and by masks. */
#include <stdlib.h>
#include <string.h>

#include "core/detection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(const assay_coco_truth *truth, const assay_coco_rows *results,
                     const char *convention, assay_iou_type iou)
{
    assay_protocol protocol;
    const assay_detection_options options = {.protocol = &protocol, .threads = 1};
    assay_detection *d = NULL;
    assay_coco_arrays arrays = {0};
    double stats[ASSAY_MOST_STATISTICS];
    int n = 0;
    assay_error err = {0};
    if (assay_protocol_init(&protocol, convention, iou, NULL) != ASSAY_OK) {
        abort();
    }
    if (assay_detection_match(&d, truth, results, &options, &err) != ASSAY_OK) {
        if (d != NULL || err.message[0] == '\0') {
            abort();
        }
        return;
    }
    if (assay_detection_classes(d) <= 64 &&
        assay_detection_accumulate(&arrays, d, &err) == ASSAY_OK &&
        assay_detection_summarize(stats, &n, d, &arrays, &err) == ASSAY_OK) {
        for (int i = 0; i < n; i++) {
            if (!(stats[i] == -1.0 || (stats[i] >= 0.0 && stats[i] <= 1.0))) {
                abort();
            }
        }
    }
    assay_coco_arrays_dispose(&arrays);
    assay_detection_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t first = line != NULL ? (size_t)(line - data) + 1 : size;
    assay_memory_source source = {data, first};
    assay_memory_source rest = {data + (first < size ? first : 0),
                                first < size ? size - first : size};
    const assay_coco_options options = {.masks = true,
                                        .keypoints = true,
                                        .extras = true,
                                        .most_rows = 1000,
                                        .most_values = 100000,
                                        .window = 1};
    assay_coco_truth *truth = NULL;
    assay_coco_rows *results = NULL;
    assay_error err = {0};
    if (assay_coco_read_truth(&truth, assay_memory_read, &source, &options, &err) != ASSAY_OK &&
        (truth != NULL || err.message[0] == '\0')) {
        abort();
    }
    if (assay_coco_read_results(&results, assay_memory_read, &rest, &options, &err) != ASSAY_OK &&
        results != NULL) {
        abort();
    }
    if (truth != NULL && results != NULL) {
        static const char *const names[] = {"coco",    "coco-corrected", "lvis",        "voc2007",
                                            "voc2012", "open-images",    "torchmetrics"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            evaluate(truth, results, names[i], ASSAY_IOU_BOX);
            evaluate(truth, results, names[i], ASSAY_IOU_MASK);
        }
        evaluate(truth, results, "coco", ASSAY_IOU_KEYPOINTS);
    }
    assay_coco_results_free(results);
    assay_coco_truth_free(truth);
    return 0;
}
