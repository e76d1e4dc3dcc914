/* assay evaluate --task segmentation: label maps of the truth and of the prediction, pair by pair, or
 * panoptic files. */
#include "api/segmentation.h"

#include <string.h>

#include "api/detection.h"
#include "api/segment_slice.h"
#include "base/alloc.h"
#include "base/text.h"
#include "ops/op_table.h"

int assay_segment_remarks(const char *texts[ASSAY_SEGMENT_REMARKS],
                          int64_t counts[ASSAY_SEGMENT_REMARKS], const assay_segment_found *found)
{
    const struct {
        int64_t count;
        const char *text;
    } all[ASSAY_SEGMENT_REMARKS] = {
        {found->unused, "predictions without a truth: left out"},
        {found->strange_truth, "pixels whose true label is no class: left out"},
        {found->strange, "pixels predicted as no class: misses of the true class"}};
    int n = 0;
    for (int i = 0; i < ASSAY_SEGMENT_REMARKS; i++) {
        if (all[i].count > 0) {
            texts[n] = all[i].text;
            counts[n++] = all[i].count;
        }
    }
    return n;
}

assay_status assay_segment_check_metrics(const char *const *metrics, bool panoptic,
                                         assay_error *err)
{
    for (int32_t i = 0; metrics != NULL && metrics[i] != NULL; i++) {
        const assay_op *op = NULL;
        ASSAY_TRY(assay_registry_get(&op, assay_ops(), ASSAY_OP_METRIC, metrics[i], err));
        if (op->task != ASSAY_TASK_SEGMENTATION) {
            return assay_fail(err, ASSAY_EINVAL, "metric %s is for %s, the task is segmentation",
                              op->name, assay_task_name(op->task));
        }
        if ((strncmp(op->name, "panoptic_", 9) == 0) != panoptic) {
            return assay_fail(err, ASSAY_EINVAL,
                              panoptic ? "metric %s needs label maps, but the truth is a panoptic "
                                         "file"
                                       : "metric %s needs segments: a panoptic file, but the truth "
                                         "is a folder of label maps",
                              op->name);
        }
    }
    return ASSAY_OK;
}

static assay_status check(const assay_evaluate_request *q, assay_error *err)
{
    const struct {
        const char *name;
        bool given;
    } foreign[] = {
        {"target", q->target != NULL},   {"label", q->label != NULL},
        {"id", q->id != NULL},           {"scores", q->scores != NULL && q->scores[0] != NULL},
        {"weights", q->weights != NULL}, {"on-error skip", q->skip_bad != 0}};
    assay_evaluate_request others = *q;
    others.truth = NULL;
    others.metadata = NULL;
    ASSAY_TRY(assay_evaluate_no_detection(&others, err));
    if (q->truth == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the task segmentation needs the truth: --truth FOLDER (label maps) or "
                          "FILE (panoptic)");
    }
    for (size_t i = 0; i < ASSAY_COUNT(foreign); i++) {
        if (foreign[i].given) {
            return assay_fail(err, ASSAY_EINVAL, "--%s does not belong to the task segmentation",
                              foreign[i].name);
        }
    }
    return ASSAY_OK;
}

/* Slice and clusters of the sample: in `chosen`, which lives as long as they are used. */
static assay_status choose(assay_segmentation_report *r, assay_detection_selection *chosen,
                           assay_error *err)
{
    const assay_evaluate_request *q = r->request;
    const assay_detection_choice choice = {
        .where = q->where, .cluster = q->cluster, .metadata = q->metadata};
    assay_coco_truth *images = NULL;
    if (q->where == NULL && q->cluster == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_segment_images_of(&images, &r->truth, NULL, err));
    assay_status status = assay_segment_select(chosen, images, &choice, err);
    assay_coco_truth_free(images);
    if (status == ASSAY_OK) {
        r->found.sample.images = chosen->slice.images;
        r->found.sample.cluster = chosen->cluster;
    }
    return status;
}

static assay_status measure(assay_segmentation_report *r, assay_error *err)
{
    const assay_segment_sample *s = &r->found.sample;
    double *sums =
        assay_arena_alloc(r->arena, ((size_t)s->classes + 1) * ASSAY_SEGMENT_WIDTH, sizeof *sums);
    if (sums == NULL) {
        return assay_fail_memory(err);
    }
    assay_segment_sum(sums, s);
    r->sums = sums;
    r->images = assay_segment_images(s);
    ASSAY_TRY(assay_segment_units(&r->units, s, err));
    return assay_segment_measure(&r->measures, s, r->found.names, &r->asked, err);
}

assay_status assay_evaluate_segmentation(char **json, char **table, assay_context *context,
                                         const assay_evaluate_request *q, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_detection_selection chosen = {0};
    assay_segmentation_report r = {.request = q};
    ASSAY_TRY(check(q, err));
    r.asked = (assay_segment_request){
        .level = q->level > 0.0 ? q->level : 0.95,
        .replicates = q->replicates == 0    ? 1000
                      : q->replicates == -1 ? 0
                                            : q->replicates,
        .seed = q->seed != 0 ? q->seed : 1,
        .threads = context->threads,
        .cancel = &context->cancel,
        .metrics = q->metrics != NULL && q->metrics[0] != NULL ? q->metrics : NULL};
    ASSAY_GOTO(assay_arena_new(&r.arena, (size_t)16 << 30, err), done);
    assay_result_init(&r.measures, r.arena);
    ASSAY_GOTO(assay_segment_truth_open(&r.truth, q->truth, q->classes, q->ignore, r.arena, err),
               done);
    ASSAY_GOTO(assay_segment_check_metrics(r.asked.metrics, r.truth.segments != NULL, err), done);
    ASSAY_GOTO(assay_segment_count(&r.found, &r.truth, q->predictions,
                                   assay_segment_needs_boundary(r.asked.metrics), context, err),
               done);
    ASSAY_GOTO(choose(&r, &chosen, err), done);
    ASSAY_GOTO(measure(&r, err), done);
    if (json != NULL) {
        ASSAY_GOTO(assay_segmentation_json(json, &r, err), done);
    }
    if (table != NULL) {
        ASSAY_GOTO(assay_segmentation_table(table, &r, err), done);
    }
done:
    assay_detection_selection_dispose(&chosen);
    assay_segment_truth_close(&r.truth);
    assay_arena_free(r.arena);
    return status;
}
