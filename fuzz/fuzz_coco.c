/* The first line is a truth, the rest are results (of the truth itself when there is one line only);
 * what can be read is evaluated by boxes and by masks. */
#include <stdlib.h>
#include <string.h>

#include "codec/coco_parts.h"
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
        assay_detection_accumulate(&arrays, d, true, &err) == ASSAY_OK &&
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

static bool same_bytes(const void *a, const void *b, int64_t n, size_t size)
{
    return n == 0 || (a == NULL && b == NULL) ||
           (a != NULL && b != NULL && memcmp(a, b, (size_t)n * size) == 0);
}

/* Results in two parts are those of one reading, or nothing. */
static void read_in_parts(const uint8_t *bytes, size_t size, const assay_coco_options *options,
                          const assay_coco_rows *whole)
{
    size_t found = assay_coco_guess_record((const char *)bytes + size / 2, size - size / 2);
    if (found == SIZE_MAX) {
        return;
    }
    uint64_t at = size / 2 + found;
    assay_memory_source first = {bytes, size};
    assay_memory_source second = {bytes + at, size - at};
    assay_coco_rows *parts[2] = {NULL, NULL};
    assay_coco_rows *joined = NULL;
    if (assay_coco_read_part(&parts[0], assay_memory_read, &first, options, 0, at, NULL) !=
            ASSAY_OK ||
        assay_coco_read_part(&parts[1], assay_memory_read, &second, options, at, UINT64_MAX,
                             NULL) != ASSAY_OK) {
        abort();
    }
    if (parts[0] != NULL && parts[1] != NULL &&
        assay_coco_join_parts(&joined, parts, 2, options, NULL) != ASSAY_OK) {
        abort();
    }
    if (joined != NULL &&
        (whole == NULL || joined->n != whole->n ||
         !same_bytes(joined->image, whole->image, whole->n, sizeof *whole->image) ||
         !same_bytes(joined->box, whole->box, whole->n, 4 * sizeof *whole->box) ||
         !same_bytes(joined->has, whole->has, whole->n, 1) ||
         !same_bytes(joined->shapes.counts, whole->shapes.counts, whole->shapes.n_counts, 1))) {
        abort();
    }
    assay_coco_results_free(parts[0]);
    assay_coco_results_free(parts[1]);
    assay_coco_results_free(joined);
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
    const uint8_t *bytes = data + (first < size ? first : 0);
    read_in_parts(bytes, size - (size_t)(bytes - data), &options, results);
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
