#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/detection.h"
#include "api/run.h"
#include "assay/version.h"
#include "base/text.h"

enum { REMARKS = 16, ALL_REMARKS = REMARKS + ASSAY_INPUT_REMARKS, CLASS_STATS = 4 };

int assay_detection_remarks(const char *texts[REMARKS], int64_t counts[REMARKS],
                            const assay_detection_notes *notes)
{
    const struct {
        int64_t count;
        const char *text;
    } all[] = {
        {notes->objects_elsewhere, "annotations of images or categories that are not listed: left "
                                   "out"},
        {notes->results_elsewhere, "results of categories that are not listed: left out"},
        {notes->repeated_ids, "annotations whose id stands there again: the last one counts each "
                              "time"},
        {notes->repeated_images, "images whose id stands there again"},
        {notes->id_zero, "annotations with the id 0, which COCO's matching never counts as found"},
        {notes->no_crowd, "annotations without iscrowd: taken as 0"},
        {notes->no_area, "annotations without area: width times height of the box"},
        {notes->negative_boxes, "results with a negative width or height: they overlap nothing"},
        {notes->over_cap, "results beyond the 100 best per image and class: left out"},
        {notes->crowds, "annotations are crowds: neither found nor missed"}};
    int n = 0;
    for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
        if (all[i].count > 0) {
            counts[n] = all[i].count;
            texts[n++] = all[i].text;
        }
    }
    return n;
}

static int all_remarks(const char *texts[ALL_REMARKS], int64_t counts[ALL_REMARKS],
                       const assay_detection_report *report)
{
    int n = assay_detection_input_remarks(texts, counts, report->inputs);
    return n +
           assay_detection_remarks(texts + n, counts + n, assay_detection_noted(report->detection));
}

static void put_file(assay_json *json, const char *role, const char *path,
                     const assay_annotation_notes *notes, int64_t n)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "role", role);
    assay_json_put_text(json, "path", path);
    assay_json_put_text(json, "format", assay_annotation_format_name(notes->format));
    assay_json_put_text(json, "digest", notes->digest);
    assay_json_put_int(json, "n", n);
    assay_json_end_object(json);
}

static void put_head(assay_json *json, const assay_detection_report *r)
{
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_int(json, "schema", 1);
    assay_json_key(json, "run");
    assay_json_begin_object(json);
    assay_json_put_int(json, "seed", (int64_t)r->seed);
    assay_json_put_real(json, "level", r->level);
    assay_json_put_int(json, "replicates", r->replicates);
    assay_json_put_text(json, "task", "detection");
    assay_json_put_text(json, "iou_type", r->iou == ASSAY_IOU_MASK ? "segm" : "bbox");
    assay_json_put_text(json, "convention", "coco");
    assay_json_put_text(json, "estimand",
                        "The population that the images are an independent random sample of.");
    assay_json_end_object(json);
    assay_json_key(json, "data");
    assay_json_begin_array(json);
    put_file(json, "truth", r->request->truth, &r->inputs->truth_notes, r->truth->objects.n);
    put_file(json, "predictions", r->request->predictions, &r->inputs->results_notes, r->results);
    assay_json_end_array(json);
    assay_json_key(json, "contexts");
    assay_json_begin_array(json);
    assay_json_begin_object(json);
    assay_json_put_text(json, "name", "all");
    assay_json_put_text(json, "kind", "dataset");
    assay_json_put_int(json, "n", assay_detection_images(r->detection));
    assay_json_end_object(json);
    assay_json_end_array(json);
}

assay_status assay_detection_json(char **out, const assay_detection_report *report,
                                  assay_error *err)
{
    assay_buffer text;
    assay_json json;
    const char *texts[ALL_REMARKS];
    int64_t counts[ALL_REMARKS];
    int remarks = all_remarks(texts, counts, report);
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    put_head(&json, report);
    assay_json_key(&json, "measures");
    assay_json_begin_array(&json);
    for (int64_t i = 0; i < report->measures.n_measures; i++) {
        assay_json_begin_object(&json);
        assay_json_put_text(&json, "context", "all");
        assay_measure_json(&json, &report->measures.measures[i]);
        assay_json_end_object(&json);
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "remarks");
    assay_json_begin_array(&json);
    for (int i = 0; i < remarks; i++) {
        assay_json_begin_object(&json);
        assay_json_put_int(&json, "count", counts[i]);
        assay_json_put_text(&json, "text", texts[i]);
        assay_json_end_object(&json);
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "verdicts");
    assay_json_raw(&json, "[]");
    assay_json_key(&json, "findings");
    assay_json_raw(&json, "[]");
    assay_results_provenance(&json, NULL, 0, NULL, NULL);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

static void put_line(assay_buffer *out, const char *kind, const char *iou, const char *area,
                     int most, const assay_measure *m)
{
    double value = m->outcome == ASSAY_OUTCOME_VALUE ? m->value : -1.0;
    assay_buffer_printf(out, " %-18s (%s) @[ IoU=%-9s | area=%6s | maxDets=%3d ] = %0.3f",
                        kind[1] == 'P' ? "Average Precision" : "Average Recall", kind, iou, area,
                        most, value);
    if (!isnan(m->low)) {
        assay_buffer_printf(out, "   %0.3f to %0.3f", m->low, m->high);
    }
    assay_buffer_putc(out, '\n');
}

static void put_classes(assay_buffer *out, const assay_detection_report *r)
{
    const assay_detection *d = r->detection;
    assay_buffer_printf(out, "\n%-24s %8s %8s %7s %7s %7s %7s   %s\n", "class", "objects",
                        "results", "AP", "AP50", "AP75", "AR", "AP from, to");
    for (int64_t k = 0; k < assay_detection_classes(d); k++) {
        const assay_measure *m = r->measures.measures + ASSAY_COCO_STATS + k * CLASS_STATS;
        char name[25];
        assay_text_printable(name, sizeof name, m->class_name);
        assay_buffer_printf(out, "%-24s %8" PRId64 " %8" PRId64, name,
                            assay_detection_objects(d, k, 0), assay_detection_detections(d, k));
        for (int i = 0; i < CLASS_STATS; i++) {
            if (m[i].outcome == ASSAY_OUTCOME_VALUE) {
                assay_buffer_printf(out, " %7.3f", m[i].value);
            } else {
                assay_buffer_printf(out, " %7s", "-");
            }
        }
        if (!isnan(m->low)) {
            assay_buffer_printf(out, "   %0.3f, %0.3f", m->low, m->high);
        }
        assay_buffer_putc(out, '\n');
    }
}

assay_status assay_detection_table(char **out, const assay_detection_report *report,
                                   assay_error *err)
{
    static const char *const areas[ASSAY_COCO_AREAS] = {"all", "small", "medium", "large"};
    static const int caps[ASSAY_COCO_CAPS] = {1, 10, 100};
    const assay_measure *m = report->measures.measures;
    const char *texts[ALL_REMARKS];
    int64_t counts[ALL_REMARKS];
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text,
                        "%s: %" PRId64 " images, %" PRId64 " annotations, %" PRId64
                        " categories; %s: %" PRId64 " results\nIoU of %s, convention coco (equal "
                        "to pycocotools)\n\n",
                        report->request->truth, assay_detection_images(report->detection),
                        report->truth->objects.n, assay_detection_classes(report->detection),
                        report->request->predictions, report->results,
                        report->iou == ASSAY_IOU_MASK ? "masks" : "boxes");
    put_line(&text, "AP", "0.50:0.95", "all", 100, &m[0]);
    put_line(&text, "AP", "0.50", "all", 100, &m[1]);
    put_line(&text, "AP", "0.75", "all", 100, &m[2]);
    for (int a = 1; a < ASSAY_COCO_AREAS; a++) {
        put_line(&text, "AP", "0.50:0.95", areas[a], 100, &m[2 + a]);
    }
    for (int i = 0; i < ASSAY_COCO_CAPS; i++) {
        put_line(&text, "AR", "0.50:0.95", "all", caps[i], &m[6 + i]);
    }
    for (int a = 1; a < ASSAY_COCO_AREAS; a++) {
        put_line(&text, "AR", "0.50:0.95", areas[a], 100, &m[8 + a]);
    }
    put_classes(&text, report);
    assay_buffer_putc(&text, '\n');
    if (isnan(m[0].low)) {
        assay_buffer_printf(&text, "No intervals: %s.\n",
                            assay_text_starts(m[0].method, "none: ") ? m[0].method + 6
                                                                     : "none were asked for");
    } else {
        assay_buffer_printf(&text,
                            "from, to: %g %% interval, two-sided, from %" PRId64
                            " bootstrap replicates of the images.\n",
                            100.0 * report->level, report->replicates);
    }
    int n = all_remarks(texts, counts, report);
    for (int i = 0; i < n; i++) {
        assay_buffer_printf(&text, "%" PRId64 " %s.\n", counts[i], texts[i]);
    }
    return assay_text_take(out, &text, err);
}
