/* coco_arrays TRUTH RESULTS bbox|segm CAP CAP CAP OUT: the arrays and statistics of a COCO evaluation
 * as raw doubles (precision, recall, scores, statistics), for tests/oracle/coco.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/detection.h"

static assay_status read_stdio(void *context, void *to, size_t room, size_t *got, assay_error *err)
{
    (void)err;
    *got = fread(to, 1, room, context);
    return ASSAY_OK;
}

static assay_status load(assay_coco_truth **truth, assay_coco_rows **results, char **argv,
                         assay_error *err)
{
    assay_coco_options options = {.masks = strcmp(argv[3], "segm") == 0};
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL) {
        return ASSAY_EIO;
    }
    assay_status status = assay_coco_read_truth(truth, read_stdio, file, &options, err);
    fclose(file);
    file = status == ASSAY_OK ? fopen(argv[2], "rb") : NULL;
    if (file == NULL) {
        return status != ASSAY_OK ? status : ASSAY_EIO;
    }
    options.masks = true;
    status = assay_coco_read_results(results, read_stdio, file, &options, err);
    fclose(file);
    return status;
}

static int store(const char *path, const assay_coco_arrays *a, const double *stats)
{
    size_t cells = (size_t)a->classes * ASSAY_COCO_AREAS * ASSAY_COCO_CAPS * ASSAY_COCO_THRESHOLDS;
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return 1;
    }
    fwrite(a->precision, sizeof(double), cells * ASSAY_COCO_RECALLS, file);
    fwrite(a->recall, sizeof(double), cells, file);
    fwrite(a->scores, sizeof(double), cells * ASSAY_COCO_RECALLS, file);
    fwrite(stats, sizeof(double), ASSAY_COCO_STATS, file);
    return fclose(file) != 0;
}

int main(int argc, char **argv)
{
    assay_coco_truth *truth = NULL;
    assay_coco_rows *results = NULL;
    assay_detection *detection = NULL;
    assay_coco_arrays arrays = {0};
    double stats[ASSAY_COCO_STATS];
    assay_error err = {0};
    assay_status status = ASSAY_OK;
    if (argc != 8) {
        fprintf(stderr, "coco_arrays TRUTH RESULTS bbox|segm CAP CAP CAP OUT\n");
        return 64;
    }
    assay_detection_options options = {
        .iou = strcmp(argv[3], "segm") == 0 ? ASSAY_IOU_MASK : ASSAY_IOU_BOX, .threads = 2};
    for (int i = 0; i < ASSAY_COCO_CAPS; i++) {
        options.caps[i] = (int32_t)strtol(argv[4 + i], NULL, 10);
    }
    ASSAY_GOTO(load(&truth, &results, argv, &err), done);
    ASSAY_GOTO(assay_detection_match(&detection, truth, results, &options, &err), done);
    ASSAY_GOTO(assay_detection_accumulate(&arrays, detection, &err), done);
    ASSAY_GOTO(assay_detection_summarize(stats, detection, &arrays, &err), done);
    status = store(argv[7], &arrays, stats) == 0 ? ASSAY_OK : ASSAY_EIO;
done:
    if (status != ASSAY_OK) {
        fprintf(stderr, "coco_arrays: %s\n", err.message);
    }
    assay_coco_arrays_dispose(&arrays);
    assay_detection_free(detection);
    assay_coco_results_free(results);
    assay_coco_truth_free(truth);
    return status == ASSAY_OK ? 0 : 1;
}
