/* Non-maximum suppression of boxes from a file. bench/nms.py starts this beside torchvision on the same
 * boxes.
 *
 * usage: bench_nms BOXES ROWS IOU AGNOSTIC ROUNDS
 * The file holds per box six native-endian doubles: left, top, right, bottom, score, class. Prints one
 * line of JSON: the best seconds of all rounds and how many boxes remain. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "bench.h"
#include "core/nms.h"

enum { COLUMNS = 6 };

static assay_status fill(assay_candidates *list, const double *rows, int64_t n, assay_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        const double *r = rows + COLUMNS * i;
        const assay_candidate box = {
            .box = {r[0], r[1], r[2], r[3]}, .score = r[4], .label = (int64_t)r[5]};
        ASSAY_TRY(assay_candidates_add(list, &box, err));
    }
    return ASSAY_OK;
}

static double *load(const char *path, size_t n)
{
    double *rows = malloc(n * COLUMNS * sizeof *rows);
    if (rows != NULL && bench_load(path, rows, n * COLUMNS * sizeof *rows) != 0) {
        free(rows);
        return NULL;
    }
    return rows;
}

int main(int argc, char **argv)
{
    assay_error err = {0};
    double best = 1e300;
    long long left = 0;
    if (argc != 6) {
        (void)fprintf(stderr, "usage: bench_nms BOXES ROWS IOU AGNOSTIC ROUNDS\n");
        return 64;
    }
    long long n = strtoll(argv[2], NULL, 10);
    double *rows = load(argv[1], (size_t)n);
    if (rows == NULL) {
        (void)fprintf(stderr, "bench_nms: can't read %s\n", argv[1]);
        return 65;
    }
    const assay_nms nms = {.kind = ASSAY_NMS_HARD,
                           .agnostic = strtol(argv[4], NULL, 10) != 0,
                           .iou = strtod(argv[3], NULL),
                           .sigma = 0.5};
    for (long round = strtol(argv[5], NULL, 10); round > 0; round--) {
        assay_candidates list = {0};
        if (fill(&list, rows, n, &err) != ASSAY_OK) {
            free(rows);
            return 70;
        }
        double start = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
        if (assay_nms_run(&list, &nms, 0.0, 0, 0, &err) != ASSAY_OK) {
            (void)fprintf(stderr, "bench_nms: %s\n", err.message);
            free(rows);
            return 70;
        }
        double seconds = bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
        best = seconds < best ? seconds : best;
        left = (long long)list.n;
        assay_candidates_dispose(&list);
    }
    (void)printf("{\"seconds\": %.9f, \"left\": %lld}\n", best, left);
    free(rows);
    return 0;
}
