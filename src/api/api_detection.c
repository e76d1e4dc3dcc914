#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/detection.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "stats/bootstrap.h"

enum { FEWEST_IMAGES = 10, CLASS_STATS = 4 };

/* ---- measures ---- */

typedef struct statistic {
    const char *metric;
    const char *params;
    int area;
} statistic;

#define PARAMS(iou, area, most)                                                                    \
    "{\"iou\":\"" iou "\",\"area\":\"" area "\",\"max_detections\":" most                          \
    ",\"convention\":\"coco\"}"

static const statistic statistics[ASSAY_COCO_STATS] = {
    {"coco_average_precision", PARAMS("0.50:0.95", "all", "100"), 0},
    {"coco_average_precision", PARAMS("0.50", "all", "100"), 0},
    {"coco_average_precision", PARAMS("0.75", "all", "100"), 0},
    {"coco_average_precision", PARAMS("0.50:0.95", "small", "100"), 1},
    {"coco_average_precision", PARAMS("0.50:0.95", "medium", "100"), 2},
    {"coco_average_precision", PARAMS("0.50:0.95", "large", "100"), 3},
    {"coco_average_recall", PARAMS("0.50:0.95", "all", "1"), 0},
    {"coco_average_recall", PARAMS("0.50:0.95", "all", "10"), 0},
    {"coco_average_recall", PARAMS("0.50:0.95", "all", "100"), 0},
    {"coco_average_recall", PARAMS("0.50:0.95", "small", "100"), 1},
    {"coco_average_recall", PARAMS("0.50:0.95", "medium", "100"), 2},
    {"coco_average_recall", PARAMS("0.50:0.95", "large", "100"), 3}};

/* Which of the statistics the four numbers of a class are. */
static const int class_statistic[CLASS_STATS] = {0, 1, 2, 8};

typedef struct bootstrap {
    double *stats, *classes; /* replicates x 12, replicates x classes x 4; NULL = none */
    double *values, *sorted;
    int64_t *order;
} bootstrap;

static void bootstrap_dispose(bootstrap *b)
{
    assay_free(b->stats);
    assay_free(b->classes);
    assay_free(b->values);
    assay_free(b->sorted);
    assay_free(b->order);
}

static assay_status resample(bootstrap *b, const assay_detection_report *report, assay_error *err)
{
    size_t n = (size_t)report->replicates;
    size_t classes = (size_t)assay_detection_classes(report->detection);
    if (n == 0 || assay_detection_images(report->detection) < FEWEST_IMAGES) {
        return ASSAY_OK;
    }
    b->stats = assay_alloc_raw(n, ASSAY_COCO_STATS * sizeof *b->stats);
    b->classes = assay_alloc_raw(n * classes, CLASS_STATS * sizeof *b->classes);
    b->values = assay_alloc_raw(n, sizeof *b->values);
    b->sorted = assay_alloc_raw(n, sizeof *b->sorted);
    b->order = assay_alloc_raw(n, sizeof *b->order);
    if (b->stats == NULL || b->classes == NULL || b->values == NULL || b->sorted == NULL ||
        b->order == NULL) {
        return assay_fail_memory(err);
    }
    return assay_detection_bootstrap(b->stats, b->classes, report->detection, report->replicates,
                                     report->seed, err);
}

/* The interval from column `at` of rows of `width` replicates. */
static assay_status bounds(assay_measure *m, const bootstrap *b, assay_detection_report *report,
                           const double *from, int64_t at, int64_t width, assay_error *err)
{
    /* Resampled AP is too high on average, since copies of one image agree. The basic interval takes
     * that bias off, where a percentile interval would double it; over many classes the bias is too
     * large for a bias-corrected percentile, whose tails then lie beyond all replicates. */
    int64_t n = 0;
    double alpha = (1.0 - report->level) / 2.0;
    m->method = "none";
    if (from == NULL || m->outcome != ASSAY_OUTCOME_VALUE) {
        m->method = report->replicates == 0 || from != NULL ? "none" : "none: fewer than 10 images";
        return ASSAY_OK;
    }
    for (int64_t r = 0; r < report->replicates; r++) {
        double value = from[r * width + at];
        if (!isnan(value)) {
            b->values[n++] = value;
        }
    }
    ASSAY_TRY(assay_sort_order(b->order, b->values, n, 0, err));
    for (int64_t i = 0; i < n; i++) {
        b->sorted[i] = b->values[b->order[i]];
    }
    if (n == 0 || b->sorted[0] == b->sorted[n - 1]) {
        m->method = "none: all replicates are equal";
        return ASSAY_OK;
    }
    assay_status status =
        assay_basic_interval(&m->low, &m->high, b->sorted, n, m->value, alpha, alpha, NULL);
    if (status == ASSAY_EUNSUPPORTED) {
        m->low = m->high = NAN;
        m->method = "none: too few replicates have a value for this level";
        return ASSAY_OK;
    }
    ASSAY_TRY(status);
    m->low = fmax(m->low, 0.0);
    m->high = fmin(m->high, 1.0);
    m->method = n == report->replicates
                    ? assay_arena_printf(report->measures.arena,
                                         "bootstrap_basic over images, %" PRId64 " replicates", n)
                    : assay_arena_printf(report->measures.arena,
                                         "bootstrap_basic over images, %" PRId64 " of %" PRId64
                                         " replicates have a value",
                                         n, report->replicates);
    return m->method != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_measure *add(assay_detection_report *report, const statistic *s, double value,
                          int64_t n, const char *class_name)
{
    assay_measure *m = assay_result_measure(&report->measures);
    if (m != NULL) {
        m->metric = s->metric;
        m->params = s->params;
        m->class_name = class_name;
        m->average = class_name == NULL ? "macro" : NULL;
        m->unit = "";
        m->level = report->level;
        m->value = value;
        m->n = n;
        if (value < 0.0) {
            m->outcome = ASSAY_OUTCOME_UNDEFINED;
            m->value = NAN;
            m->reason = "the truth has no object that counts";
        }
    }
    return m;
}

static assay_status measure(assay_detection_report *report, assay_error *err)
{
    const assay_detection *d = report->detection;
    assay_status status = ASSAY_OK;
    assay_coco_arrays arrays = {0};
    bootstrap b = {0};
    double stats[ASSAY_COCO_STATS];
    int64_t classes = assay_detection_classes(d);
    ASSAY_GOTO(assay_detection_accumulate(&arrays, d, err), done);
    ASSAY_GOTO(assay_detection_summarize(stats, d, &arrays, err), done);
    ASSAY_GOTO(resample(&b, report, err), done);
    for (int i = 0; i < ASSAY_COCO_STATS; i++) {
        int64_t n = 0;
        for (int64_t k = 0; k < classes; k++) {
            n += assay_detection_objects(d, k, statistics[i].area);
        }
        assay_measure *m = add(report, &statistics[i], stats[i], n, NULL);
        status = m != NULL ? bounds(m, &b, report, b.stats, i, ASSAY_COCO_STATS, err)
                           : assay_fail_memory(err);
        if (status != ASSAY_OK) {
            goto done;
        }
    }
    for (int64_t k = 0; k < classes; k++) {
        double four[CLASS_STATS];
        assay_detection_class_stats(four, &arrays, k);
        for (int i = 0; i < CLASS_STATS; i++) {
            assay_measure *m = add(report, &statistics[class_statistic[i]], four[i],
                                   assay_detection_objects(d, k, 0),
                                   report->truth->category_name[assay_detection_category(d, k)]);
            status = m != NULL ? bounds(m, &b, report, b.classes, k * CLASS_STATS + i,
                                        classes * CLASS_STATS, err)
                               : assay_fail_memory(err);
            if (status != ASSAY_OK) {
                goto done;
            }
        }
    }
done:
    assay_coco_arrays_dispose(&arrays);
    bootstrap_dispose(&b);
    return status;
}

static assay_status check(assay_iou_type *iou, const assay_evaluate_request *r, assay_error *err)
{
    bool segm = r->iou_type != NULL && strcmp(r->iou_type, "segm") == 0;
    *iou = segm ? ASSAY_IOU_MASK : ASSAY_IOU_BOX;
    if (r->truth == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the task detection needs the truth: --truth FILE (annotations)");
    }
    if (r->iou_type != NULL && !segm && strcmp(r->iou_type, "bbox") != 0) {
        return assay_fail(err, ASSAY_EINVAL, "the IoU type is '%s', expected bbox or segm",
                          r->iou_type);
    }
    const struct {
        const char *name;
        bool given;
    } foreign[] = {{"id", r->id != NULL},
                   {"target", r->target != NULL},
                   {"label", r->label != NULL},
                   {"scores", r->scores != NULL && r->scores[0] != NULL},
                   {"classes", r->classes != NULL && r->classes[0] != NULL},
                   {"metric", r->metrics != NULL && r->metrics[0] != NULL},
                   {"where", r->where != NULL},
                   {"on-error skip", r->skip_bad != 0}};
    for (size_t i = 0; i < ASSAY_COUNT(foreign); i++) {
        if (foreign[i].given) {
            return assay_fail(err, ASSAY_EINVAL, "--%s does not belong to the task detection",
                              foreign[i].name);
        }
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_detection(char **json, char **table, assay_context *context,
                                      const assay_evaluate_request *request, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_detection_inputs inputs = {0};
    assay_detection *detection = NULL;
    assay_arena *arena = NULL;
    assay_detection_report report = {.request = request};
    ASSAY_TRY(check(&report.iou, request, err));
    assay_detection_options options = {
        .iou = report.iou, .threads = context->threads, .cancel = &context->cancel};
    report.level = request->level > 0.0 ? request->level : 0.95;
    report.replicates = request->replicates == 0    ? 1000
                        : request->replicates == -1 ? 0
                                                    : request->replicates;
    report.seed = request->seed != 0 ? request->seed : 1;
    ASSAY_GOTO(assay_arena_new(&arena, (size_t)4 << 30, err), done);
    assay_result_init(&report.measures, arena);
    ASSAY_GOTO(assay_detection_inputs_read(&inputs, context, request, report.iou == ASSAY_IOU_MASK,
                                           json != NULL, err),
               done);
    status = assay_detection_match(&detection, inputs.truth, inputs.results, &options, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s and %s", request->truth, request->predictions);
        goto done;
    }
    report.results = inputs.results->n;
    assay_coco_results_free(inputs.results);
    inputs.results = NULL;
    report.truth = inputs.truth;
    report.inputs = &inputs;
    report.detection = detection;
    ASSAY_GOTO(measure(&report, err), done);
    if (json != NULL) {
        ASSAY_GOTO(assay_detection_json(json, &report, err), done);
    }
    if (table != NULL) {
        ASSAY_GOTO(assay_detection_table(table, &report, err), done);
    }
done:
    assay_detection_free(detection);
    assay_detection_inputs_dispose(&inputs);
    assay_arena_free(arena);
    return status;
}
