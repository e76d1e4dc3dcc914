/* What is measured in a cell: the usual analyses, and the points that metrics of the plan ask for. */
#include <math.h>
#include <string.h>

#include "api/run_boxes.h"
#include "base/alloc.h"

enum { USUAL = 1 }; /* the first point is that of the usual analyses */

/* The analyses that give the values of a metric. */
static uint32_t analyses_of(const assay_op *op)
{
    if (strncmp(op->name, "tide_", 5) == 0) {
        return ASSAY_ANALYSE_ERRORS;
    }
    if (strncmp(op->name, "object_", 7) == 0 || strcmp(op->name, "hallucinations_per_image") == 0) {
        return ASSAY_ANALYSE_CONFUSION;
    }
    return ASSAY_ANALYSE_OPERATION;
}

static bool same_confidence(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Distinct points of the plan's metrics; the usual one comes first and is not measured again. */
static int32_t list_points(assay_detection_point *out, const assay_plan *plan)
{
    int32_t n = USUAL;
    out[0] = (assay_detection_point){UINT32_MAX, 0.5, NAN};
    for (int32_t i = 0; i < plan->n_metrics; i++) {
        const assay_args *args = plan->metrics[i];
        uint32_t analyses = analyses_of(args->op);
        double unused = 0.0;
        double iou = 0.5;
        double confidence = -1.0;
        if (assay_args_get(&unused, args, "area")) {
            continue; /* averages that COCO prints are always measured */
        }
        (void)assay_args_get(&iou, args, "iou");
        (void)assay_args_get(&confidence, args, "confidence");
        confidence = confidence < 0.0 ? (double)NAN : confidence;
        int32_t at = 0;
        while (at < n && !(out[at].iou == iou && same_confidence(out[at].confidence, confidence))) {
            at++;
        }
        if (at == n) {
            out[n++] = (assay_detection_point){0, iou, confidence};
        }
        out[at].analyses |= analyses;
    }
    return n;
}

assay_status assay_run_boxes_evaluate(assay_run *run, assay_run_cell *cell,
                                      assay_detection_summary *summary,
                                      const assay_run_truth *truth, const assay_coco_rows *results,
                                      const assay_detection_slice *slice, assay_error *err)
{
    assay_detection_point points[USUAL + ASSAY_PLAN_METRICS];
    int32_t n = list_points(points, run->plan);
    uint32_t without = run->plan->detection.hierarchy != NULL
                           ? (uint32_t)(ASSAY_ANALYSE_CONFUSION | ASSAY_ANALYSE_ERRORS)
                           : 0U;
    const assay_detection_request request = {.protocol = &run->plan->detection.protocol,
                                             .slice = *slice,
                                             .cluster = truth->cluster,
                                             .analyses = ASSAY_RUN_ANALYSES & ~without,
                                             .points = points + USUAL,
                                             .n_points = n - USUAL,
                                             .level = run->plan->level,
                                             .replicates = run->plan->replicates,
                                             .seed = run->plan->seed,
                                             .threads = run->context->threads,
                                             .cancel = &run->context->cancel};
    ASSAY_TRY(
        assay_detection_measure(&cell->result, summary, truth->truth, results, &request, err));
    run->boxes->shapes[(int64_t)cell->model * run->plan->n_contexts + cell->context] =
        (assay_run_shape){summary->n_statistics, summary->class_measures};
    return ASSAY_OK;
}

assay_status assay_run_boxes_select(assay_detection_selection *out, int64_t *n,
                                    const assay_run *run, int32_t context,
                                    const assay_coco_rows *results, assay_error *err)
{
    static const assay_coco_rows nothing = {0};
    int32_t d = run->plan->contexts[context].data;
    const assay_run_truth *t = &run->boxes->truth[d];
    const assay_dataset *data = run->data[d];
    const assay_detection_choice choice = {.where = run->plan->contexts[context].where,
                                           .columns = data != NULL ? data->metadata : NULL,
                                           .row = t->row,
                                           .metadata = run->plan->data[d].metadata,
                                           .images_only = run->masks != NULL,
                                           .plan = true};
    size_t images = (size_t)t->truth->n_images;
    ASSAY_TRY(
        assay_detection_select(out, t->truth, results != NULL ? results : &nothing, &choice, err));
    if (data != NULL) {
        uint8_t *known = assay_alloc(images + 1, 1);
        if (known == NULL) {
            assay_detection_selection_dispose(out);
            return assay_fail_memory(err);
        }
        for (int64_t i = 0; i < data->n; i++) {
            known[t->row[i]] = out->slice.images == NULL || out->slice.images[t->row[i]] != 0;
        }
        assay_free(out->images);
        out->images = known;
        out->slice.images = known;
    }
    *n = 0;
    for (size_t i = 0; i < images && out->n_objects != 0; i++) {
        *n += out->slice.images == NULL || out->slice.images[i] != 0;
    }
    return ASSAY_OK;
}
