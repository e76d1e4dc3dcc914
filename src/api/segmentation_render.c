#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run.h"
#include "api/segmentation.h"
#include "assay/version.h"
#include "base/text.h"

static bool is_panoptic(const assay_segmentation_report *r)
{
    return r->truth.segments != NULL;
}

const assay_measure *assay_segmentation_find(const assay_result *measures, const char *metric,
                                             const char *params, const char *class_name)
{
    for (int64_t i = 0; i < measures->n_measures; i++) {
        const assay_measure *m = &measures->measures[i];
        if (strcmp(m->metric, metric) == 0 && assay_text_equal(m->class_name, class_name) &&
            (params == NULL || assay_text_equal(m->params, params))) {
            return m;
        }
    }
    return NULL;
}

/* ---- JSON ---- */

static void put_inputs(assay_json *json, const assay_segmentation_report *r)
{
    const struct {
        const char *role, *path;
        int64_t n;
    } all[] = {
        {"truth", r->request->truth, is_panoptic(r) ? r->truth.segments->n_segments : r->truth.n},
        {"predictions", r->request->predictions, is_panoptic(r) ? r->found.segments : r->truth.n}};
    assay_json_key(json, "data");
    assay_json_begin_array(json);
    for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "role", all[i].role);
        assay_json_put_text(json, "path", all[i].path);
        assay_json_put_int(json, "n", all[i].n);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "contexts");
    assay_json_begin_array(json);
    assay_json_begin_object(json);
    assay_json_put_text(json, "name", r->request->where != NULL ? "where" : "all");
    assay_json_put_text(json, "kind", r->request->where != NULL ? "slice" : "dataset");
    if (r->request->where != NULL) {
        assay_json_put_text(json, "where", r->request->where);
    }
    assay_json_put_int(json, "n", r->images);
    assay_json_end_object(json);
    assay_json_end_array(json);
}

static void put_head(assay_json *json, const assay_segmentation_report *r)
{
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_int(json, "schema", 1);
    assay_json_key(json, "run");
    assay_json_begin_object(json);
    assay_json_put_int(json, "seed", (int64_t)r->asked.seed);
    assay_json_put_real(json, "level", r->asked.level);
    assay_json_put_int(json, "replicates", r->asked.replicates);
    assay_json_put_text(json, "task", "segmentation");
    if (is_panoptic(r)) {
        assay_json_put_text(json, "convention", "coco-panoptic");
    } else {
        assay_json_key(json, "ignore");
        if (r->truth.ignore >= 0) {
            assay_json_int(json, r->truth.ignore);
        } else {
            assay_json_null(json);
        }
        assay_json_put_real(json, "boundary_ratio", 0.02);
        assay_json_put_real(json, "contour_ratio", 0.008);
    }
    if (r->request->cluster != NULL) {
        assay_json_put_text(json, "cluster", r->request->cluster);
        assay_json_put_int(json, "clusters", r->units);
    }
    assay_json_put_text(
        json, "estimand",
        r->request->cluster != NULL
            ? "The population that the clusters are an independent random sample of."
            : "The population that the images are an independent random sample "
              "of.");
    assay_json_end_object(json);
    put_inputs(json, r);
}

static void put_measures(assay_json *json, const assay_segmentation_report *r)
{
    assay_json_key(json, "measures");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < r->measures.n_measures; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "context", r->request->where != NULL ? "where" : "all");
        assay_measure_json(json, &r->measures.measures[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

/* Rows = truth; the last column = predicted as no class. All images, whatever the slice. */
static void put_confusion(assay_json *json, const assay_segmentation_report *r)
{
    int32_t classes = r->found.sample.classes;
    if (r->found.confusion == NULL || r->request->where != NULL) {
        return;
    }
    assay_json_key(json, "confusion");
    assay_json_begin_array(json);
    for (int32_t t = 0; t < classes; t++) {
        assay_json_begin_array(json);
        for (int32_t p = 0; p <= classes; p++) {
            assay_json_int(json, r->found.confusion[(int64_t)t * (classes + 1) + p]);
        }
        assay_json_end_array(json);
    }
    assay_json_end_array(json);
}

static void put_end(assay_json *json, const assay_segmentation_report *r)
{
    const char *texts[ASSAY_SEGMENT_REMARKS];
    int64_t counts[ASSAY_SEGMENT_REMARKS];
    int n = assay_segment_remarks(texts, counts, &r->found);
    assay_json_key(json, "remarks");
    assay_json_begin_array(json);
    for (int i = 0; i < n; i++) {
        assay_json_begin_object(json);
        assay_json_put_int(json, "count", counts[i]);
        assay_json_put_text(json, "text", texts[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "verdicts");
    assay_json_raw(json, "[]");
    assay_json_key(json, "findings");
    assay_json_raw(json, "[]");
    assay_results_provenance(json, NULL, 0, NULL, NULL);
    assay_json_end_object(json);
}

assay_status assay_segmentation_json(char **out, const assay_segmentation_report *r,
                                     assay_error *err)
{
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    put_head(&json, r);
    put_measures(&json, r);
    put_confusion(&json, r);
    put_end(&json, r);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

/* ---- table ---- */

static void put_value(assay_buffer *out, const assay_measure *m)
{
    if (m != NULL && m->outcome == ASSAY_OUTCOME_VALUE) {
        assay_buffer_printf(out, " %9.4f", m->value);
    } else {
        assay_buffer_printf(out, " %9s", "-");
    }
}

static void put_interval(assay_buffer *out, const assay_measure *m)
{
    if (m != NULL && !isnan(m->low)) {
        assay_buffer_printf(out, "   %.4f to %.4f", m->low, m->high);
    }
    assay_buffer_putc(out, '\n');
}

static void put_semantic(assay_buffer *out, const assay_segmentation_report *r)
{
    static const char *const titles[ASSAY_SEGMENT_STATISTICS] = {
        "mean IoU",           "mean Dice",
        "pixel accuracy",     "mean class accuracy",
        "weighted IoU",       "boundary IoU (mean of classes)",
        "boundary F (DAVIS)", "mean IoU per image"};
    static const char *const heads[ASSAY_SEGMENT_CLASS_STATISTICS] = {
        "IoU", "Dice", "accuracy", "precision", "boundary", "contour F"};
    const assay_segment_kind *kind = r->found.sample.kind;
    const assay_result *all = &r->measures;
    bool shown[ASSAY_SEGMENT_CLASS_STATISTICS];
    bool any = false;
    for (int i = 0; i < ASSAY_SEGMENT_STATISTICS; i++) {
        const assay_measure *m = assay_segmentation_find(all, kind->overall[i].metric, NULL, NULL);
        if (m != NULL) {
            assay_buffer_printf(out, "%-32s", titles[i]);
            put_value(out, m);
            put_interval(out, m);
        }
    }
    for (int i = 0; i < kind->n_of_class; i++) {
        shown[i] =
            r->found.sample.classes > 0 &&
            assay_segmentation_find(all, kind->of_class[i].metric, NULL, r->found.names[0]) != NULL;
        any |= shown[i];
    }
    if (!any) {
        return;
    }
    assay_buffer_printf(out, "\n%-20s %12s", "class", "pixels");
    for (int i = 0; i < kind->n_of_class; i++) {
        if (shown[i]) {
            assay_buffer_printf(out, " %9s", heads[i]);
        }
    }
    assay_buffer_puts(out, shown[0] ? "   IoU from, to\n" : "\n");
    for (int32_t k = 0; k < r->found.sample.classes; k++) {
        char name[21];
        const assay_measure *iou = NULL;
        assay_text_printable(name, sizeof name, r->found.names[k]);
        assay_buffer_printf(out, "%-20s %12" PRId64, name,
                            (int64_t)r->sums[(int64_t)k * ASSAY_SEGMENT_WIDTH]);
        for (int i = 0; i < kind->n_of_class; i++) {
            if (shown[i]) {
                const assay_measure *m =
                    assay_segmentation_find(all, kind->of_class[i].metric, NULL, r->found.names[k]);
                put_value(out, m);
                iou = i == 0 ? m : iou;
            }
        }
        put_interval(out, iou);
    }
}

static void put_qualities(assay_buffer *out, const assay_segmentation_report *r, const char *params,
                          const char *class_name)
{
    const assay_segment_metric *metrics = r->found.sample.kind->of_class;
    const assay_measure *first = NULL;
    for (int i = 0; i < r->found.sample.kind->n_of_class; i++) {
        const assay_measure *m =
            assay_segmentation_find(&r->measures, metrics[i].metric, params, class_name);
        put_value(out, m);
        first = i == 0 ? m : first;
    }
    put_interval(out, first);
}

static void put_panoptic(assay_buffer *out, const assay_segmentation_report *r)
{
    static const char *const groups[] = {"all", "things", "stuff"};
    static const char *const params[] = {"{\"classes\":\"all\"}", "{\"classes\":\"things\"}",
                                         "{\"classes\":\"stuff\"}"};
    assay_buffer_printf(out, "%-20s %8s %8s %8s %9s %9s %9s   %s\n", "class", "found", "missed",
                        "false", "PQ", "SQ", "RQ", "PQ from, to");
    for (size_t g = 0; g < ASSAY_COUNT(groups); g++) {
        assay_buffer_printf(out, "%-20s %8s %8s %8s", groups[g], "", "", "");
        put_qualities(out, r, params[g], NULL);
    }
    assay_buffer_putc(out, '\n');
    for (int32_t k = 0; k < r->found.sample.classes; k++) {
        char name[21];
        const double *s = r->sums + (int64_t)k * ASSAY_SEGMENT_WIDTH;
        assay_text_printable(name, sizeof name, r->found.names[k]);
        assay_buffer_printf(out, "%-20s %8.0f %8.0f %8.0f", name, s[1], s[2], s[3]);
        put_qualities(out, r, NULL, r->found.names[k]);
    }
}

static void put_foot(assay_buffer *out, const assay_segmentation_report *r)
{
    const char *texts[ASSAY_SEGMENT_REMARKS];
    int64_t counts[ASSAY_SEGMENT_REMARKS];
    int n = assay_segment_remarks(texts, counts, &r->found);
    const assay_measure *m = r->measures.n_measures > 0 ? r->measures.measures : NULL;
    if (m != NULL && isnan(m->low)) {
        assay_buffer_printf(out, "\nNo intervals: %s.\n",
                            assay_text_starts(m->method, "none: ") ? m->method + 6
                                                                   : "none were asked for");
    } else if (m != NULL) {
        assay_buffer_printf(out,
                            "\nfrom, to: %g %% interval, two-sided, from %" PRId64
                            " bootstrap replicates of the %s.\n",
                            100.0 * r->asked.level, r->asked.replicates,
                            r->request->cluster != NULL ? "clusters" : "images");
    }
    for (int i = 0; i < n; i++) {
        assay_buffer_printf(out, "%" PRId64 " %s.\n", counts[i], texts[i]);
    }
}

assay_status assay_segmentation_table(char **out, const assay_segmentation_report *r,
                                      assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s and %s: %" PRId64 " images, %d classes", r->request->truth,
                        r->request->predictions, r->images, r->found.sample.classes);
    if (is_panoptic(r)) {
        assay_buffer_printf(&text, ", %" PRId64 " true and %" PRId64 " predicted segments",
                            r->truth.segments->n_segments, r->found.segments);
    } else if (r->truth.ignore >= 0) {
        assay_buffer_printf(&text, ", label %" PRId64 " is ignored", r->truth.ignore);
    }
    assay_buffer_puts(&text, "\n\n");
    if (is_panoptic(r)) {
        put_panoptic(&text, r);
    } else {
        put_semantic(&text, r);
    }
    put_foot(&text, r);
    return assay_text_take(out, &text, err);
}
