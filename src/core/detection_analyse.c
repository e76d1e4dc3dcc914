#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/detection_confusion.h"
#include "core/detection_errors.h"
#include "core/detection_measure_internal.h"
#include "core/detection_operate.h"

enum { EV = ASSAY_ERROR_VALUES, OV = ASSAY_OPERATING_VALUES, OC = ASSAY_OPERATING_CLASS_VALUES };

static const char no_objects[] = "the truth has no object that counts";
static const char no_detections[] = "there is no detection that counts";

/* {"iou":0.5,"confidence":0.3}; texts in the arena. */
static const char *params_of(const assay_detecting *c, const char *second, double value)
{
    const char *name = c->detection->protocol.name;
    double iou = c->detection->protocol.thresholds[0];
    if (second == NULL) {
        return assay_arena_printf(c->out->arena, "{\"iou\":%.12g,\"convention\":\"%s\"}", iou,
                                  name);
    }
    return assay_arena_printf(c->out->arena, "{\"iou\":%.12g,\"%s\":%.17g,\"convention\":\"%s\"}",
                              iou, second, value, name);
}

/* As a requirement asks for it: {"iou":0.5} or {"iou":0.5,"confidence":-1}, -1 standing for the
 * confidence of the best F1. */
static const char *asked(const assay_detecting *c, double iou, const double *confidence,
                         const char *quantile)
{
    char text[2][32];
    assay_arena *arena = c->out->arena;
    assay_format_real(text[0], iou);
    if (confidence == NULL) {
        return assay_arena_printf(arena, "{\"iou\":%s}", text[0]);
    }
    assay_format_real(text[1], c->request.has_confidence ? *confidence : -1.0);
    return quantile == NULL
               ? assay_arena_printf(arena, "{\"iou\":%s,\"confidence\":%s}", text[0], text[1])
               : assay_arena_printf(arena, "{\"iou\":%s,\"confidence\":%s,\"quantile\":\"%s\"}",
                                    text[0], text[1], quantile);
}

/* A value with its interval from column `at` of rows of `width` replicates. */
typedef struct column {
    const char *metric, *params, *asked, *class_name, *reason, *unit;
    double value;
    int64_t n;
    const double *replicates;
    int64_t at, width;
    double least, most;
} column;

static assay_status add_column(const assay_detecting *c, const column *col, assay_error *err)
{
    assay_interval_rule rule = c->rule;
    assay_measure *m = assay_detecting_add(c, col->metric, col->params, col->class_name, col->value,
                                           col->n, col->reason);
    if (m == NULL || col->params == NULL || col->asked == NULL) {
        return assay_fail_memory(err);
    }
    m->asked = col->asked;
    m->unit = col->unit != NULL ? col->unit : "";
    rule.least = col->least;
    rule.most = col->most;
    return assay_replicate_bounds(m, c->resample ? col->replicates + col->at : NULL, col->width,
                                  &rule, c->out->arena, err);
}

/* Rows of replicates for all classes together and for each of them. */
typedef struct matrix {
    double *all, *classes;
} matrix;

static assay_status matrix_init(matrix *m, const assay_detecting *c, int64_t all, int64_t per_class,
                                assay_error *err)
{
    size_t n = c->resample ? (size_t)c->request.replicates : 0;
    size_t classes = (size_t)(c->detection->n_categories * per_class);
    m->all = assay_alloc_raw(n, (size_t)all * sizeof *m->all);
    m->classes = assay_alloc_raw(n, classes * sizeof *m->classes);
    return m->all != NULL && m->classes != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static void matrix_dispose(matrix *m)
{
    assay_free(m->all);
    assay_free(m->classes);
}

/* ---- operating point ---- */

static const struct {
    const char *metric, *unit;
    bool at_all; /* not at one confidence */
    double most;
} operating[OV] = {
    [ASSAY_OPERATING_PRECISION] = {"detection_precision", "", false, 1.0},
    [ASSAY_OPERATING_RECALL] = {"detection_recall", "", false, 1.0},
    [ASSAY_OPERATING_F1] = {"detection_f1", "", false, 1.0},
    [ASSAY_OPERATING_ALARMS] = {"false_alarms_per_image", "per image", false, (double)INFINITY},
    [ASSAY_OPERATING_OVERLAP] = {"detection_mean_iou", "", false, 1.0},
    [ASSAY_OPERATING_ALARM_IMAGES] = {"images_with_false_alarm", "", false, 1.0},
    [ASSAY_OPERATING_WHOLE_IMAGES] = {"images_with_all_found", "", false, 1.0},
    [ASSAY_OPERATING_OFFSET] = {"detection_centre_offset", "", false, (double)INFINITY},
    [ASSAY_OPERATING_DISTANCE] = {"detection_centre_distance", "pixel", false, (double)INFINITY},
    [ASSAY_OPERATING_SCALE] = {"detection_scale_error", "", false, 1.0},
    [ASSAY_OPERATING_QUANTILE] = {"detection_iou_quantile", "", false, 1.0},
    [ASSAY_OPERATING_QUANTILE + 1] = {"detection_iou_quantile", "", false, 1.0},
    [ASSAY_OPERATING_QUANTILE + 2] = {"detection_iou_quantile", "", false, 1.0},
    [ASSAY_OPERATING_QUANTILE + 3] = {"detection_iou_quantile", "", false, 1.0},
    [ASSAY_OPERATING_QUANTILE + 4] = {"detection_iou_quantile", "", false, 1.0},
    [ASSAY_OPERATING_MISS_RATE] = {"log_average_miss_rate", "", true, 1.0},
    [ASSAY_OPERATING_ECE] = {"detection_calibration_error", "", true, 1.0},
    [ASSAY_OPERATING_LAECE] = {"localisation_aware_calibration_error", "", true, 1.0}};

/* How what is found lies. */
static bool is_of_found(int v)
{
    return v == ASSAY_OPERATING_OVERLAP ||
           (v >= ASSAY_OPERATING_OFFSET && v <= ASSAY_OPERATING_LAST_QUANTILE);
}

static int64_t operating_n(const assay_operation *o, const assay_detecting *c, int v)
{
    assay_operating_counts n = assay_operation_counts(o, -1);
    if (is_of_found(v)) {
        return n.found;
    }
    switch (v) {
    case ASSAY_OPERATING_PRECISION:
        return n.detections;
    case ASSAY_OPERATING_RECALL:
    case ASSAY_OPERATING_MISS_RATE:
        return n.objects;
    case ASSAY_OPERATING_F1:
        return n.objects + n.detections;
    case ASSAY_OPERATING_ECE:
    case ASSAY_OPERATING_LAECE:
        return c->detection->n_kept;
    case ASSAY_OPERATING_WHOLE_IMAGES:
        return n.images_with_objects;
    default:
        return c->detection->n_inside;
    }
}

/* Parameters of measures at the confidence and at all confidences. */
typedef struct texts {
    const char *at, *every, *asked_at, *asked_every;
} texts;

static assay_status operating_classes(const assay_detecting *c, const assay_operation *o,
                                      const double *values, const matrix *m, const texts *t,
                                      assay_error *err)
{
    static const int of[OC] = {ASSAY_OPERATING_PRECISION, ASSAY_OPERATING_RECALL,
                               ASSAY_OPERATING_F1, ASSAY_OPERATING_MISS_RATE};
    int64_t classes = c->detection->n_categories;
    for (int64_t k = 0; k < classes; k++) {
        assay_operating_counts n = assay_operation_counts(o, k);
        for (int i = 0; i < OC; i++) {
            const column col = {.metric = operating[of[i]].metric,
                                .params = i == 3 ? t->every : t->at,
                                .asked = i == 3 ? t->asked_every : t->asked_at,
                                .class_name = assay_detecting_class(c, k),
                                .reason = i == 0 ? no_detections : no_objects,
                                .value = values[k * OC + i],
                                .n = i == 0   ? n.detections
                                     : i == 2 ? n.objects + n.detections
                                              : n.objects,
                                .replicates = m->classes,
                                .at = k * OC + i,
                                .width = classes * OC,
                                .most = 1.0};
            ASSAY_TRY(add_column(c, &col, err));
        }
    }
    return ASSAY_OK;
}

static assay_status operating_tables(const assay_detecting *c, const assay_operation *o,
                                     assay_error *err)
{
    static const char *const points[] = {"confidence", "precision", "recall", "f1",
                                         "false_alarms_per_image"};
    static const char *const bins[] = {"low", "high", "n", "confidence", "precision"};
    static const char *const images[] = {"image", "objects", "found", "false_alarms"};
    double rows[ASSAY_OPERATING_POINTS][5];
    double bin[ASSAY_OPERATING_BINS][5];
    assay_operating_image *image = NULL;
    double *table = NULL;
    int64_t n = assay_operation_curve(rows, o);
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_result_curve(c->out, "detection_confidence", points, 5, &rows[0][0], n, err));
    assay_operation_reliability(bin, o);
    ASSAY_TRY(assay_result_curve(c->out, "detection_reliability", bins, 5, &bin[0][0],
                                 ASSAY_OPERATING_BINS, err));
    ASSAY_TRY(assay_operation_images(&image, &n, o, err));
    table = assay_alloc_raw((size_t)n, 4 * sizeof *table);
    if (table == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        table[4 * i] = (double)c->truth->image_id[image[i].row];
        table[4 * i + 1] = image[i].objects;
        table[4 * i + 2] = image[i].found;
        table[4 * i + 3] = image[i].false_alarms;
    }
    status = assay_result_curve(c->out, "detection_images", images, 4, table, n, err);
done:
    assay_free(image);
    assay_free(table);
    return status;
}

static const char *why_undefined(const assay_detecting *c, int v)
{
    bool detections =
        v == ASSAY_OPERATING_PRECISION || v == ASSAY_OPERATING_ECE || v == ASSAY_OPERATING_LAECE;
    bool boxes =
        v == ASSAY_OPERATING_OFFSET || v == ASSAY_OPERATING_DISTANCE || v == ASSAY_OPERATING_SCALE;
    if (boxes && c->detection->protocol.iou != ASSAY_IOU_BOX) {
        return "it is measured of boxes only";
    }
    return is_of_found(v) ? "nothing is found" : detections ? no_detections : no_objects;
}

static assay_status operating_value(const assay_detecting *c, const assay_operation *o,
                                    const double *all, const matrix *m, const texts *t, int v,
                                    assay_error *err)
{
    static const char *const quantiles[ASSAY_OPERATING_QUANTILES] = {"0.1", "0.25", "0.5", "0.75",
                                                                     "0.9"};
    column col = {.metric = operating[v].metric,
                  .params = operating[v].at_all ? t->every : t->at,
                  .asked = operating[v].at_all ? t->asked_every : t->asked_at,
                  .reason = why_undefined(c, v),
                  .unit = operating[v].unit,
                  .value = all[v],
                  .n = operating_n(o, c, v),
                  .replicates = m->all,
                  .at = v,
                  .width = OV,
                  .most = operating[v].most};
    if (v >= ASSAY_OPERATING_QUANTILE && v <= ASSAY_OPERATING_LAST_QUANTILE) {
        const char *quantile = quantiles[v - ASSAY_OPERATING_QUANTILE];
        double confidence = assay_operation_confidence(o);
        size_t length = strlen(t->at) - 1; /* without the brace */
        col.params = assay_arena_printf(c->out->arena, "%.*s,\"quantile\":\"%s\"}", (int)length,
                                        t->at, quantile);
        col.asked = asked(c, c->detection->protocol.thresholds[0], &confidence, quantile);
    }
    return add_column(c, &col, err);
}

static assay_status measure_operation(const assay_detecting *c, double *confidence,
                                      assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_operation *o = NULL;
    matrix m = {0};
    double all[OV];
    double *classes = NULL;
    double iou = c->detection->protocol.thresholds[0];
    texts t = {.every = params_of(c, NULL, 0.0), .asked_every = asked(c, iou, NULL, NULL)};
    ASSAY_TRY(assay_operation_new(
        &o, c->detection, c->request.has_confidence ? c->request.confidence : (double)NAN, err));
    *confidence = assay_operation_confidence(o);
    t.at =
        params_of(c, assay_operation_chosen(o) ? "best_f1_confidence" : "confidence", *confidence);
    t.asked_at = asked(c, iou, confidence, NULL);
    classes = assay_alloc_raw((size_t)c->detection->n_categories, OC * sizeof *classes);
    if (t.at == NULL || t.every == NULL || classes == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(matrix_init(&m, c, OV, OC, err), done);
    ASSAY_GOTO(assay_operation_values(all, classes, o, err), done);
    if (c->resample) {
        ASSAY_GOTO(assay_operation_bootstrap(m.all, m.classes, o, c->request.replicates,
                                             c->request.seed, err),
                   done);
    }
    for (int v = 0; v < OV; v++) {
        ASSAY_GOTO(operating_value(c, o, all, &m, &t, v, err), done);
    }
    ASSAY_GOTO(operating_classes(c, o, classes, &m, &t, err), done);
    status = c->tables ? operating_tables(c, o, err) : ASSAY_OK;
done:
    assay_operation_free(o);
    matrix_dispose(&m);
    assay_free(classes);
    return status;
}

/* ---- kinds of errors ---- */

static int64_t error_n(const assay_detection_errors *e, int v, int64_t k)
{
    if (v == 0) {
        int64_t n = 0;
        int64_t objects = 0;
        const assay_judged_object *o = assay_detection_errors_objects(&objects, e);
        for (int64_t i = 0; i < objects; i++) {
            n += !o[i].ignored && (k < 0 || o[i].class == k);
        }
        return n;
    }
    return assay_detection_errors_count(e, (assay_detection_error)(v - 1), k);
}

static assay_status add_errors(const assay_detecting *c, const assay_detection_errors *e,
                               const double *all, const double *classes, const matrix *m,
                               const char *params, const char *question, assay_error *err)
{
    int64_t n_classes = c->detection->n_categories;
    for (int64_t k = -1; k < n_classes; k++) {
        for (int v = 0; v < EV; v++) {
            const column col = {.metric = assay_detection_error_metric(v),
                                .params = params,
                                .asked = question,
                                .class_name = k < 0 ? NULL : assay_detecting_class(c, k),
                                .reason = "the class has neither objects nor detections",
                                .value = k < 0 ? all[v] : classes[k * EV + v],
                                .n = error_n(e, v, k),
                                .replicates = k < 0 ? m->all : m->classes,
                                .at = k < 0 ? v : k * EV + v,
                                .width = k < 0 ? EV : n_classes * EV,
                                .least = v > ASSAY_ERROR_FALSE_ALARMS ? -1.0 : 0.0,
                                .most = 1.0};
            ASSAY_TRY(add_column(c, &col, err));
        }
    }
    return ASSAY_OK;
}

static assay_status measure_errors(const assay_detecting *c, double iou, assay_error *err)
{
    const double background = 0.1;
    assay_status status = ASSAY_OK;
    assay_detection_errors *e = NULL;
    matrix m = {0};
    double all[EV];
    double *classes = assay_alloc_raw((size_t)c->detection->n_categories, EV * sizeof *classes);
    const char *params =
        assay_arena_printf(c->out->arena, "{\"iou\":%.12g,\"background\":%.12g}", iou, background);
    if (classes == NULL || params == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_detection_errors_find(&e, c->detection, c->truth, c->results,
                                           &c->request.slice, iou, background, err),
               done);
    ASSAY_GOTO(matrix_init(&m, c, EV, EV, err), done);
    ASSAY_GOTO(assay_detection_errors_gain(all, classes, e, err), done);
    if (c->resample) {
        ASSAY_GOTO(assay_detection_errors_bootstrap(m.all, m.classes, e, c->request.replicates,
                                                    c->request.seed, err),
                   done);
    }
    status = add_errors(c, e, all, classes, &m, params, asked(c, iou, NULL, NULL), err);
done:
    assay_detection_errors_free(e);
    matrix_dispose(&m);
    assay_free(classes);
    return status;
}

/* ---- confusion and rates ---- */

static assay_status confusion_table(const assay_detecting *c, const int64_t *confusion,
                                    assay_error *err)
{
    static const char *const names[] = {"truth", "predicted", "count"};
    int64_t n = c->detection->n_categories + 1;
    int64_t rows = 0;
    for (int64_t i = 0; i < n * n; i++) {
        rows += confusion[i] > 0;
    }
    double *table = assay_alloc_raw((size_t)rows, 3 * sizeof *table);
    if (table == NULL) {
        return assay_fail_memory(err);
    }
    rows = 0;
    for (int64_t i = 0; i < n * n; i++) {
        if (confusion[i] > 0) {
            double *row = table + 3 * rows++;
            row[0] = (double)(i / n);
            row[1] = (double)(i % n);
            row[2] = (double)confusion[i];
        }
    }
    assay_status status =
        assay_result_curve(c->out, "detection_confusion", names, 3, table, rows, err);
    assay_free(table);
    return status;
}

static assay_status add_rates(const assay_detecting *c, const assay_object_counts *counts,
                              double confidence, assay_error *err)
{
    static const char *const metrics[ASSAY_RATES] = {
        "object_found_rate", "object_misclassified_rate", "object_vanished_rate",
        "hallucinations_per_image"};
    assay_status status = ASSAY_OK;
    double rates[ASSAY_RATES];
    int64_t objects = 0;
    size_t n = c->resample ? (size_t)c->request.replicates : 0;
    const char *params = params_of(c, "confidence", confidence);
    const char *question = asked(c, c->detection->protocol.thresholds[0], &confidence, NULL);
    double *replicates = assay_alloc_raw(n, ASSAY_RATES * sizeof *replicates);
    if (replicates == NULL || params == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < c->detection->n_images; i++) {
        objects += counts[i].objects;
    }
    ASSAY_GOTO(assay_object_rates(rates, replicates, c->detection, counts, (int64_t)n,
                                  c->request.seed, err),
               done);
    for (int k = 0; k < ASSAY_RATES; k++) {
        bool alarms = k == ASSAY_RATE_HALLUCINATED;
        const column col = {.metric = metrics[k],
                            .params = params,
                            .asked = question,
                            .reason = no_objects,
                            .unit = alarms ? "per image" : "",
                            .value = rates[k],
                            .n = alarms ? c->detection->n_inside : objects,
                            .replicates = replicates,
                            .at = k,
                            .width = ASSAY_RATES,
                            .most = alarms ? (double)INFINITY : 1.0};
        ASSAY_GOTO(add_column(c, &col, err), done);
    }
done:
    assay_free(replicates);
    return status;
}

static assay_status measure_confusion(const assay_detecting *c, double confidence, assay_error *err)
{
    enum { MOST_CLASSES = 4096 };
    assay_status status = ASSAY_OK;
    int64_t n = c->detection->n_categories + 1;
    if (n > MOST_CLASSES) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "a confusion of %" PRId64 " classes; at most %d are possible", n - 1,
                          MOST_CLASSES - 1);
    }
    int64_t *confusion = assay_alloc_raw((size_t)(n * n), sizeof *confusion);
    assay_object_counts *counts = assay_alloc_raw((size_t)c->detection->n_images, sizeof *counts);
    if (confusion == NULL || counts == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_detection_confusion(confusion, counts, c->detection, c->truth, c->results,
                                         &c->request.slice, c->detection->protocol.thresholds[0],
                                         confidence, err),
               done);
    if (c->tables) {
        ASSAY_GOTO(confusion_table(c, confusion, err), done);
    }
    status = add_rates(c, counts, confidence, err);
done:
    assay_free(confusion);
    assay_free(counts);
    return status;
}

/* ---- all of it ---- */

static assay_status analyse_at(const assay_detecting *detecting, assay_detection_summary *summary,
                               assay_error *err)
{
    assay_detecting c = *detecting;
    uint32_t wanted = c.request.analyses;
    assay_status status = ASSAY_OK;
    int64_t clusters = 0;
    const assay_protocol *p = &detecting->detection->protocol;
    assay_protocol single = *p;
    const assay_detection_options options = {.protocol = &single,
                                             .slice = c.request.slice,
                                             .details = true,
                                             .threads = c.request.threads,
                                             .cancel = c.request.cancel};
    double confidence = c.request.confidence;
    single.n_thresholds = 1;
    single.thresholds[0] = c.request.iou > 0.0 ? c.request.iou : 0.5;
    single.n_ranges = 1;
    single.n_caps = 1;
    single.caps[0] = p->caps[p->n_caps - 1];
    ASSAY_TRY(assay_detection_match(&c.detection, c.truth, c.results, &options, err));
    ASSAY_GOTO(assay_detection_cluster(&clusters, c.detection, c.request.cluster, err), done);
    if ((wanted & (ASSAY_ANALYSE_OPERATION | ASSAY_ANALYSE_CONFUSION)) != 0) {
        ASSAY_GOTO(measure_operation(&c, &confidence, err), done);
        summary->confidence = c.tables ? confidence : summary->confidence;
    }
    if ((wanted & ASSAY_ANALYSE_CONFUSION) != 0) {
        ASSAY_GOTO(measure_confusion(&c, confidence, err), done);
    }
    for (int i = 0; (wanted & ASSAY_ANALYSE_ERRORS) != 0 && (i == 0 || i < c.request.n_error_ious);
         i++) {
        double iou = c.request.n_error_ious > 0 ? c.request.error_ious[i] : single.thresholds[0];
        ASSAY_GOTO(measure_errors(&c, iou, err), done);
    }
done:
    assay_detection_free(c.detection);
    return status;
}

assay_status assay_detecting_analyse(const assay_detecting *detecting,
                                     assay_detection_summary *summary, assay_error *err)
{
    const assay_detection_request *r = &detecting->request;
    const uint32_t any = ASSAY_ANALYSE_OPERATION | ASSAY_ANALYSE_CONFUSION | ASSAY_ANALYSE_ERRORS;
    assay_detecting c = *detecting;
    c.tables = true;
    if ((r->analyses & any) != 0) {
        ASSAY_TRY(analyse_at(&c, summary, err));
    }
    c.tables = false;
    for (int32_t i = 0; i < r->n_points; i++) {
        const assay_detection_point *point = &r->points[i];
        c.request.analyses = point->analyses;
        c.request.iou = point->iou;
        c.request.n_error_ious = 0;
        c.request.has_confidence = !isnan(point->confidence);
        c.request.confidence = point->confidence;
        ASSAY_TRY(analyse_at(&c, summary, err));
    }
    return ASSAY_OK;
}
