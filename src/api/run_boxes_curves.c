/* Precision over recall and operating points of a detector, for the report. */
#include <math.h>

#include "api/run_boxes.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "core/detection_measure.h"

enum { POINTS = 19, PR_COLUMNS = 4, POINT_COLUMNS = 8 };

/* Every detection that counts at one IoU threshold, over all classes, by falling score. */
typedef struct pool {
    double *score;
    uint8_t *hit;
    int64_t *order;
    int64_t n, objects, images;
} pool;

static void pool_dispose(pool *p)
{
    assay_free(p->score);
    assay_free(p->hit);
    assay_free(p->order);
}

static assay_status pool_make(pool *p, const assay_detection *d, assay_error *err)
{
    int64_t classes = assay_detection_classes(d);
    int64_t most = 0;
    for (int64_t k = 0; k < classes; k++) {
        most += assay_detection_class(d, k).n;
    }
    p->score = assay_alloc_raw((size_t)most + 1, sizeof *p->score);
    p->hit = assay_alloc_raw((size_t)most + 1, sizeof *p->hit);
    p->order = assay_alloc_raw((size_t)most + 1, sizeof *p->order);
    if (p->score == NULL || p->hit == NULL || p->order == NULL) {
        return assay_fail_memory(err);
    }
    p->images = assay_detection_images(d);
    for (int64_t k = 0; k < classes; k++) {
        assay_detection_list list = assay_detection_class(d, k);
        p->objects += assay_detection_objects(d, k, 0);
        for (int64_t i = 0; i < list.n; i++) {
            if ((list.skip[i * list.stride] & 1U) == 0) {
                p->score[p->n] = list.score[i];
                p->hit[p->n++] = list.hit[i * list.stride] & 1U;
            }
        }
    }
    return assay_sort_order(p->order, p->score, p->n, 1, err);
}

static double ratio(double a, double b)
{
    return b > 0.0 ? a / b : (double)NAN;
}

/* Score with the largest F1; of equal ones the highest. */
static double best_threshold(const pool *p)
{
    double best = -1.0;
    double threshold = NAN;
    int64_t hits = 0;
    for (int64_t i = 0; i < p->n; i++) {
        hits += p->hit[p->order[i]];
        double score = p->score[p->order[i]];
        bool last = i + 1 == p->n || p->score[p->order[i + 1]] != score;
        double f1 = 2.0 * (double)hits / (double)(i + 1 + p->objects);
        if (last && f1 > best) {
            best = f1;
            threshold = score;
        }
    }
    return threshold;
}

static void put_point(double row[POINT_COLUMNS], const pool *p, double threshold)
{
    int64_t n = 0;
    int64_t hits = 0;
    while (n < p->n && p->score[p->order[n]] >= threshold) {
        hits += p->hit[p->order[n++]];
    }
    row[0] = threshold;
    row[1] = ratio((double)hits, (double)n);
    row[2] = ratio((double)hits, (double)p->objects);
    row[3] = ratio(2.0 * (double)hits, (double)(n + p->objects));
    row[4] = ratio((double)(n - hits), (double)p->images);
    row[5] = (double)hits;
    row[6] = (double)(p->objects - hits);
    row[7] = (double)(n - hits);
}

static assay_status put_points(double *threshold, assay_result *out, const assay_detection *d,
                               assay_error *err)
{
    static const char *const columns[POINT_COLUMNS] = {
        "threshold", "precision", "recall", "f1", "false_per_image", "found", "missed", "false"};
    double rows[(POINTS + 1) * POINT_COLUMNS];
    pool p = {0};
    assay_status status = pool_make(&p, d, err);
    if (status == ASSAY_OK) {
        *threshold = best_threshold(&p);
        for (int i = 0; i < POINTS; i++) {
            put_point(rows + (size_t)i * POINT_COLUMNS, &p, (i + 1) / 20.0);
        }
        put_point(rows + (size_t)POINTS * POINT_COLUMNS, &p, isnan(*threshold) ? 1.0 : *threshold);
        status = assay_result_curve(out, "detection_operating_points", columns, POINT_COLUMNS, rows,
                                    POINTS + 1, err);
    }
    pool_dispose(&p);
    return status;
}

/* Mean over classes with objects at every recall of the grid; NaN when no class has any. */
static double mean_precision(const assay_coco_arrays *a, int64_t recall, int threshold)
{
    double sum = 0.0;
    int64_t n = 0;
    for (int64_t k = 0; k < a->classes; k++) {
        int64_t at = assay_coco_curve(a, k, 0, a->n_caps - 1, threshold) + recall;
        if (a->precision[at] > -1.0) {
            sum += a->precision[at];
            n++;
        }
    }
    return ratio(sum, (double)n);
}

/* The place of a threshold, in whatever precision it is; -1 = it is none. */
static int threshold_near(const assay_protocol *p, double value)
{
    for (int t = 0; t < p->n_thresholds; t++) {
        if (fabs(p->thresholds[t] - value) < 1e-6) {
            return t;
        }
    }
    return -1;
}

static assay_status put_curve(assay_result *out, const assay_detection *d, assay_error *err)
{
    static const char *const columns[PR_COLUMNS] = {"recall", "iou_50", "iou_75", "mean"};
    static const char *const by_iou[] = {"iou", "average_precision"};
    const assay_protocol *protocol = assay_detection_protocol(d);
    int half = threshold_near(protocol, 0.5);
    int more = threshold_near(protocol, 0.75);
    assay_coco_arrays a = {0};
    double iou[ASSAY_MOST_THRESHOLDS][2];
    double *rows = NULL;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_detection_accumulate(&a, d, false, err));
    rows = assay_alloc_raw((size_t)a.n_recalls, PR_COLUMNS * sizeof *rows);
    if (rows == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int t = 0; t < a.n_thresholds; t++) {
        iou[t][0] = protocol->thresholds[t];
        iou[t][1] = 0.0;
    }
    for (int64_t r = 0; r < a.n_recalls; r++) {
        double sum = 0.0;
        for (int t = 0; t < a.n_thresholds; t++) {
            double precision = mean_precision(&a, r, t);
            sum += precision;
            iou[t][1] += precision;
        }
        rows[r * PR_COLUMNS] = protocol->recalls[r];
        rows[r * PR_COLUMNS + 1] = half >= 0 ? mean_precision(&a, r, half) : (double)NAN;
        rows[r * PR_COLUMNS + 2] = more >= 0 ? mean_precision(&a, r, more) : (double)NAN;
        rows[r * PR_COLUMNS + 3] = sum / a.n_thresholds;
    }
    status =
        assay_result_curve(out, "detection_pr_curve", columns, PR_COLUMNS, rows, a.n_recalls, err);
    for (int t = 0; t < a.n_thresholds; t++) {
        iou[t][1] /= a.n_recalls;
    }
    if (status == ASSAY_OK && a.n_thresholds > 1) { /* with one overlap there is nothing to see */
        status = assay_result_curve(out, "detection_precision_by_iou", by_iou, 2, &iou[0][0],
                                    a.n_thresholds, err);
    }
done:
    assay_free(rows);
    assay_coco_arrays_dispose(&a);
    return status;
}

/* A convention that takes the area under the curve has no grid to draw: that of 101 recalls is. */
static assay_status put_precision(assay_result *out, const assay_detection *d,
                                  const assay_coco_truth *truth, const assay_coco_rows *results,
                                  const assay_detection_options *options, assay_error *err)
{
    assay_protocol drawn = *options->protocol;
    assay_detection_options own = *options;
    assay_detection *again = NULL;
    if ((drawn.rules & ASSAY_RULE_AREA_UNDER) == 0) {
        return put_curve(out, d, err);
    }
    own.protocol = &drawn;
    ASSAY_TRY(assay_protocol_set_recalls(&drawn, "101", err));
    ASSAY_TRY(assay_detection_match(&again, truth, results, &own, err));
    assay_status status = put_curve(out, again, err);
    assay_detection_free(again);
    return status;
}

assay_status assay_run_boxes_curves(double *threshold, assay_run *run, assay_run_cell *cell,
                                    const assay_coco_truth *truth, const assay_coco_rows *results,
                                    const assay_detection_slice *slice, assay_error *err)
{
    assay_detection *d = NULL;
    const assay_detection_options options = {.protocol = &run->plan->detection.protocol,
                                             .slice = *slice,
                                             .threads = run->context->threads,
                                             .cancel = &run->context->cancel};
    int64_t clusters = 0;
    bool swept = run->plan->contexts[cell->context].sweep >= 0;
    *threshold = NAN;
    if (swept && run->plan->n_models < 2) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_detection_match(&d, truth, results, &options, err));
    const int64_t *cluster = run->boxes->truth[run->plan->contexts[cell->context].data].cluster;
    assay_status status = assay_detection_cluster(&clusters, d, cluster, err);
    if (status == ASSAY_OK && !swept) {
        status = put_precision(&cell->result, d, truth, results, &options, err);
    }
    if (status == ASSAY_OK && !swept) {
        status = put_points(threshold, &cell->result, d, err);
    }
    if (status == ASSAY_OK && !swept) {
        status = assay_detection_put_by_confidence(&cell->result, d, err);
    }
    if (status == ASSAY_OK && run->plan->n_models > 1) {
        assay_run_match *kept = assay_run_boxes_match(run, cell->model, cell->context);
        kept->matched = d; /* now the run's */
        if (run->plan->detection.hierarchy == NULL) {
            status =
                assay_detection_errors_find(&kept->errors, d, truth, results, slice, 0.5, 0.1, err);
        }
        return status != ASSAY_OK ? status
                                  : assay_detection_best_images(&kept->images, &kept->n_images,
                                                                truth, results, &options, err);
    }
    assay_detection_free(d);
    return status;
}
