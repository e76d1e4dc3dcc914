#include "core/detection_measure.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/detection_measure_internal.h"

enum { CS = ASSAY_CLASS_STATISTICS, FEW_OBJECTS = 20 };

assay_measure *assay_detecting_add(const assay_detecting *c, const char *metric, const char *params,
                                   const char *class_name, double value, int64_t n,
                                   const char *reason)
{
    assay_measure *m = assay_result_measure(c->out);
    if (m != NULL) {
        m->metric = metric;
        m->params = params;
        m->class_name = class_name;
        m->unit = "";
        m->level = c->rule.level;
        m->value = value;
        m->n = n;
        m->method = "none";
        if (isnan(value)) {
            m->outcome = ASSAY_OUTCOME_UNDEFINED;
            m->reason = reason;
        }
    }
    return m;
}

const char *assay_detecting_class(const assay_detecting *c, int64_t k)
{
    return c->truth->category_name[assay_detection_category(c->detection, k)];
}

/* {"iou":"0.50:0.95","area":"all","max_detections":100,"convention":"coco"} */
static const char *params_of(const assay_detecting *c, const assay_statistic *s)
{
    static const char *const groups[] = {"rare", "common", "frequent"};
    const assay_protocol *p = &c->detection->protocol;
    assay_buffer text;
    assay_json json;
    char iou[32];
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 0);
    assay_protocol_iou_text(iou, sizeof iou, p, s->threshold);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "iou", iou);
    assay_json_put_text(&json, "area", p->ranges[s->range].name);
    assay_json_put_int(&json, "max_detections", s->cap >= 0 ? p->caps[s->cap] : 100);
    if (s->group >= 0) {
        assay_json_put_text(&json, "frequency", groups[s->group]);
    }
    assay_json_put_text(&json, "convention", p->name);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\0');
    const char *copy = assay_buffer_status(&text, NULL) == ASSAY_OK
                           ? assay_arena_strdup(c->out->arena, (const char *)text.data)
                           : NULL;
    assay_buffer_dispose(&text);
    return copy;
}

static const char *metric_of(const assay_detecting *c, const assay_statistic *s)
{
    bool coco = strcmp(c->detection->protocol.name, "coco") == 0;
    if (s->recall) {
        return coco ? "coco_average_recall" : "detection_average_recall";
    }
    return coco ? "coco_average_precision" : "detection_average_precision";
}

/* Of the averaged classes that have objects the one with the fewest; -1 = none has. */
static int64_t rarest(const assay_detection *d, const assay_statistic *s)
{
    int64_t found = -1;
    for (int64_t k = 0; k < d->n_categories; k++) {
        int64_t n = assay_detection_objects(d, k, s->range);
        bool counts = n > 0 && (s->group < 0 || d->frequency[k] == "rcf"[s->group]);
        if (counts && (found < 0 || n < assay_detection_objects(d, found, s->range))) {
            found = k;
        }
    }
    return found;
}

/* No resampling shows what a handful of objects cannot (docs/detection.md: simulated). */
static assay_status doubt_few(assay_measure *m, const assay_detecting *c, const assay_statistic *s,
                              assay_error *err)
{
    int64_t k = m->class_name == NULL ? rarest(c->detection, s) : -1;
    int64_t objects = k < 0 ? m->n : assay_detection_objects(c->detection, k, s->range);
    if (isnan(m->low) || objects >= FEW_OBJECTS) {
        return ASSAY_OK;
    }
    m->doubt = k < 0 ? assay_arena_printf(c->out->arena,
                                          "there are few objects (%" PRId64
                                          "): the interval may hold the truth less often than its "
                                          "level says",
                                          objects)
                     : assay_arena_printf(c->out->arena,
                                          "classes with few objects count as much as others (%s "
                                          "has %" PRId64
                                          "): the interval may hold the truth less often than its "
                                          "level says",
                                          assay_detecting_class(c, k), objects);
    return m->doubt != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status add_statistic(const assay_detecting *c, const assay_statistic *s, double value,
                                  int64_t n, const char *class_name, const double *replicates,
                                  int64_t stride, assay_error *err)
{
    const char *params = params_of(c, s);
    assay_measure *m =
        params == NULL
            ? NULL
            : assay_detecting_add(c, metric_of(c, s), params, class_name,
                                  value < 0.0 ? (double)NAN : value, n,
                                  s->cap < 0 ? "COCO defines this average for at most 100 "
                                               "detections only"
                                             : "the truth has no object that counts");
    if (m == NULL) {
        return assay_fail_memory(err);
    }
    m->average = class_name == NULL ? "macro" : NULL;
    ASSAY_TRY(assay_replicate_bounds(m, replicates, stride, &c->rule, c->out->arena, err));
    return doubt_few(m, c, s, err);
}

/* Statistics of the protocol, then of every class; the first of them (AP and so on) once more. */
static assay_status measure_statistics(const assay_detecting *c, assay_detection_summary *summary,
                                       const assay_coco_arrays *arrays, const double *stats,
                                       const double *classes, assay_error *err)
{
    const assay_detection *d = c->detection;
    assay_statistic what[ASSAY_MOST_STATISTICS];
    double values[ASSAY_MOST_STATISTICS];
    int n = assay_protocol_statistics(what, &d->protocol);
    ASSAY_TRY(assay_detection_summarize(values, &n, d, arrays, err));
    summary->n_statistics = n;
    for (int i = 0; i < n; i++) {
        ASSAY_TRY(add_statistic(c, &what[i], values[i],
                                assay_detection_statistic_objects(d, &what[i]), NULL,
                                stats != NULL ? stats + i : NULL, n, err));
    }
    assay_detection_class_statistics(what, &d->protocol);
    for (int64_t k = 0; k < d->n_categories && classes != NULL; k++) {
        ASSAY_TRY(assay_detection_class_stats(values, d, arrays, k, err));
        summary->class_measures = 0;
        for (int i = 0; i < CS; i++) {
            if (what[i].threshold >= -1) {
                summary->class_measures++;
                ASSAY_TRY(add_statistic(c, &what[i], values[i], assay_detection_objects(d, k, 0),
                                        assay_detecting_class(c, k),
                                        c->resample ? classes + k * CS + i : NULL,
                                        d->n_categories * CS, err));
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_detection_put_by_confidence(assay_result *out, const assay_detection *detection,
                                               assay_error *err)
{
    static const char *const columns[] = {"confidence", "average_precision", "average_recall"};
    double rows[ASSAY_FLOORS][3];
    ASSAY_TRY(assay_detection_by_confidence(rows, detection, err));
    return assay_result_curve(out, "detection_precision_by_confidence", columns, 3, &rows[0][0],
                              ASSAY_FLOORS, err);
}

/* Mean over the classes that have a value, which lie `step` apart; NaN = none has. */
static double class_mean(const assay_coco_arrays *a, const double *values, int64_t step)
{
    double sum = 0.0;
    int64_t n = 0;
    for (int64_t k = 0; k < a->classes; k++) {
        double value = values[k * step];
        sum += value > -1.0 ? value : 0.0;
        n += value > -1.0;
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

/* Precision and least confidence by recall, of all classes by IoU and of every class at the first. */
static assay_status add_curves(const assay_detecting *c, const assay_coco_arrays *a,
                               assay_error *err)
{
    static const char *const all[] = {"iou", "recall", "precision"};
    static const char *const by_iou[] = {"iou", "average_precision", "average_recall"};
    static const char *const single[] = {"class", "iou", "recall", "precision", "confidence"};
    const assay_protocol *p = &c->detection->protocol;
    int64_t points = (int64_t)a->n_thresholds * a->n_recalls;
    int64_t own = a->classes * a->n_recalls;
    const int64_t parts = (int64_t)a->n_ranges * a->n_caps;
    assay_status status = ASSAY_OK;
    double iou[ASSAY_MOST_THRESHOLDS][3];
    double *rows = assay_alloc_raw((size_t)(points > own ? points : own), 5 * sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t t = 0; t < a->n_thresholds; t++) {
        double sum = 0.0;
        for (int32_t r = 0; r < a->n_recalls; r++) {
            double *row = rows + 3 * ((int64_t)t * a->n_recalls + r);
            row[0] = p->thresholds[t];
            row[1] = p->recalls[r];
            row[2] = class_mean(a, a->precision + assay_coco_curve(a, 0, 0, a->n_caps - 1, t) + r,
                                parts * points);
            sum += row[2];
        }
        iou[t][0] = p->thresholds[t];
        iou[t][1] = sum / a->n_recalls;
        iou[t][2] = class_mean(a, a->recall + t * a->classes * parts + a->n_caps - 1, parts);
    }
    ASSAY_GOTO(assay_result_curve(c->out, "detection_precision_recall", all, 3, rows, points, err),
               done);
    ASSAY_GOTO(assay_result_curve(c->out, "detection_precision_by_iou", by_iou, 3, &iou[0][0],
                                  a->n_thresholds, err),
               done);
    int64_t n = 0;
    for (int64_t k = 0; k < a->classes; k++) {
        for (int64_t r = 0; r < a->n_recalls; r++) {
            int64_t at = assay_coco_curve(a, k, 0, a->n_caps - 1, 0) + r;
            if (a->precision[at] > -1.0) {
                double *row = rows + 5 * n++;
                row[0] = (double)k;
                row[1] = p->thresholds[0];
                row[2] = p->recalls[r];
                row[3] = a->precision[at];
                row[4] = a->scores[at];
            }
        }
    }
    status =
        assay_result_curve(c->out, "detection_class_precision_recall", single, 5, rows, n, err);
done:
    assay_free(rows);
    return status;
}

static assay_status measure_precision(const assay_detecting *c, assay_detection_summary *summary,
                                      assay_error *err)
{
    const assay_detection *d = c->detection;
    assay_status status = ASSAY_OK;
    assay_coco_arrays arrays = {0};
    assay_statistic what[ASSAY_MOST_STATISTICS];
    double *stats = NULL;
    double *classes = NULL;
    size_t n = c->resample ? (size_t)c->request.replicates : 0;
    bool per_class = (c->request.analyses & ASSAY_ANALYSE_CLASSES) != 0;
    bool curves = (c->request.analyses & ASSAY_ANALYSE_CURVES) != 0;
    size_t n_stats = (size_t)assay_protocol_statistics(what, &d->protocol);
    ASSAY_GOTO(assay_detection_accumulate(&arrays, d, curves, err), done);
    stats = assay_alloc_raw(n, n_stats * sizeof *stats);
    classes = per_class ? assay_alloc_raw(n * (size_t)d->n_categories, CS * sizeof *classes) : NULL;
    if (stats == NULL || (per_class && classes == NULL)) {
        status = assay_fail_memory(err);
        goto done;
    }
    if (c->resample) {
        ASSAY_GOTO(assay_detection_bootstrap(stats, classes, d, c->request.replicates,
                                             c->request.seed, err),
                   done);
    }
    ASSAY_GOTO(measure_statistics(c, summary, &arrays, c->resample ? stats : NULL, classes, err),
               done);
    if (curves) {
        ASSAY_GOTO(add_curves(c, &arrays, err), done);
        status = assay_detection_put_by_confidence(c->out, d, err);
    }
done:
    assay_coco_arrays_dispose(&arrays);
    assay_free(stats);
    assay_free(classes);
    return status;
}

static void defaults(assay_detection_request *r)
{
    r->level = r->level > 0.0 ? r->level : 0.95;
    r->replicates = r->replicates == 0 ? 1000 : r->replicates < 0 ? 0 : r->replicates;
    r->seed = r->seed != 0 ? r->seed : 1;
}

assay_status assay_detection_measure(assay_result *out, assay_detection_summary *summary,
                                     const assay_coco_truth *truth, const assay_coco_rows *results,
                                     const assay_detection_request *request, assay_error *err)
{
    static const assay_detection_request none = {0};
    assay_status status = ASSAY_OK;
    assay_detecting c = {.out = out,
                         .truth = truth,
                         .results = results,
                         .request = request != NULL ? *request : none};
    const assay_detection_options options = {.protocol = c.request.protocol,
                                             .slice = c.request.slice,
                                             .threads = c.request.threads,
                                             .cancel = c.request.cancel};
    *summary = (assay_detection_summary){0};
    defaults(&c.request);
    ASSAY_TRY(assay_detection_match(&c.detection, truth, results, &options, err));
    ASSAY_GOTO(assay_detection_cluster(&summary->clusters, c.detection, c.request.cluster, err),
               done);
    c.rule = (assay_interval_rule){.level = c.request.level,
                                   .replicates = c.request.replicates,
                                   .units = summary->clusters,
                                   .clustered = c.request.cluster != NULL,
                                   .most = 1.0};
    c.resample = assay_interval_resamples(&c.rule);
    ASSAY_GOTO(measure_precision(&c, summary, err), done);
    ASSAY_GOTO(assay_detecting_analyse(&c, summary, err), done);
    summary->notes = *assay_detection_noted(c.detection);
    summary->images = assay_detection_images(c.detection);
    summary->classes = assay_detection_classes(c.detection);
done:
    assay_detection_free(c.detection);
    return status;
}
