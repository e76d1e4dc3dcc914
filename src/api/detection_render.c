#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/detection.h"
#include "api/run.h"
#include "assay/version.h"
#include "base/text.h"

enum { REMARKS = ASSAY_DETECTION_REMARKS, CLASS_STATS = ASSAY_CLASS_STATISTICS };

int assay_detection_remarks(const char *texts[REMARKS], int64_t counts[REMARKS],
                            const assay_detection_notes *notes, const assay_protocol *protocol)
{
    uint32_t rules = protocol->rules;
    bool zero = (rules & ASSAY_RULE_ID_ZERO) != 0;
    bool groups = (rules & ASSAY_RULE_GROUPS) != 0;
    bool counts_once = (rules & ASSAY_RULE_GROUP_COUNTS) != 0;
    bool plain = (rules & ASSAY_RULE_CROWD_PLAIN) != 0 && !groups;
    const struct {
        int64_t count;
        const char *text;
    } all[] = {
        {notes->objects_elsewhere, "annotations of images or categories that are not listed: left "
                                   "out"},
        {notes->results_elsewhere, "results of categories that are not listed: left out"},
        {notes->outside, "results in images outside the slice: left out"},
        {notes->repeated_ids, "annotations whose id stands there again: the last one counts each "
                              "time"},
        {notes->repeated_images, "images whose id stands there again"},
        {zero ? notes->id_zero : 0,
         "annotations with the id 0, which COCO's matching never counts as found"},
        {notes->no_crowd, "annotations without iscrowd: taken as 0"},
        {notes->no_area, "annotations without area: width times height of the box"},
        {notes->negative_boxes, "results with a negative width or height: they overlap nothing"},
        {notes->other_size,
         "masks of another size than their image: they overlap masks of their own "
         "size only"},
        {notes->no_share, "results with a score below 0 or above 1: their order counts, but such "
                          "scores are no probabilities, and calibration means little"},
        {notes->over_cap, (rules & ASSAY_RULE_CAP_IMAGE) != 0
                              ? "results beyond the most per image: left out"
                              : "results beyond the most per image and class: left out"},
        {notes->crowds, plain    ? "annotations are crowds, which this convention takes as objects"
                        : groups ? "annotations are crowds: taken as groups"
                                 : "annotations are crowds: neither found nor missed"},
        {notes->marked, (rules & ASSAY_RULE_IGNORE_FIELD) != 0
                            ? "annotations are marked ignore or difficult: neither found nor missed"
                            : "annotations are marked ignore or difficult, which this convention "
                              "does not look at"},
        {notes->groups,
         counts_once ? "annotations are groups: each counts once, found by the best result in it"
         : groups    ? "annotations are groups: they take any number of results, none is missed"
                     : "annotations are groups, which this convention takes as single objects"},
        {protocol->iou == ASSAY_IOU_KEYPOINTS ? notes->no_keypoints : 0,
         "annotations without an annotated keypoint: neither found nor missed"},
        {notes->no_extent, "annotations and results without any area: left out"},
        {notes->not_judged,
         "results of classes that were not looked for in their image: left out"}};
    int n = 0;
    for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
        if (all[i].count > 0) {
            counts[n] = all[i].count;
            texts[n++] = all[i].text;
        }
    }
    return n;
}

enum { ALL_REMARKS = REMARKS + ASSAY_INPUT_REMARKS };

static int all_remarks(const char *texts[ALL_REMARKS], int64_t counts[ALL_REMARKS],
                       const assay_detection_report *report)
{
    int n = assay_detection_input_remarks(texts, counts, report->inputs);
    return n + assay_detection_remarks(texts + n, counts + n, &report->summary.notes,
                                       &report->protocol);
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

static const char *context_name(const assay_detection_report *r)
{
    return r->request->where != NULL ? r->request->where : "all";
}

static void put_curves(assay_json *json, const assay_detection_report *r)
{
    assay_json_key(json, "curves");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < r->measures.n_curves; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "context", context_name(r));
        assay_curve_json(json, &r->measures.curves[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "classes");
    assay_json_begin_array(json);
    const assay_measure *m = r->measures.measures + r->summary.n_statistics;
    for (int64_t k = 0; k < r->summary.classes; k++) {
        assay_json_text(json, m[k * r->summary.class_measures].class_name);
    }
    assay_json_end_array(json);
}

static void put_head(assay_json *json, const assay_detection_report *r)
{
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_int(json, "schema", 1);
    assay_json_key(json, "run");
    assay_json_begin_object(json);
    assay_json_put_int(json, "seed", (int64_t)r->options.seed);
    assay_json_put_real(json, "level", r->options.level);
    assay_json_put_int(json, "replicates", r->options.replicates < 0 ? 0 : r->options.replicates);
    assay_json_put_text(json, "task", "detection");
    assay_json_put_text(json, "iou_type", assay_iou_type_name(r->protocol.iou));
    assay_json_put_text(json, "convention", r->protocol.name);
    if (r->request->cluster != NULL) {
        assay_json_put_text(json, "cluster", r->request->cluster);
        assay_json_put_int(json, "clusters", r->summary.clusters);
    }
    assay_json_put_text(json, "estimand",
                        r->request->cluster != NULL
                            ? "Values speak of this fixed test set; intervals speak of the "
                              "population that its clusters of images are an independent random "
                              "sample of, and not of data of another kind."
                            : "Values speak of this fixed test set; intervals speak of the "
                              "population that its images are an independent random sample of, and "
                              "not of data of another kind.");
    assay_json_end_object(json);
    assay_json_key(json, "data");
    assay_json_begin_array(json);
    put_file(json, "truth", r->request->truth, &r->inputs->truth_notes, r->truth->objects.n);
    put_file(json, "predictions", r->request->predictions, &r->inputs->results_notes, r->results);
    if (r->inputs->hierarchy_digest[0] != '\0') {
        assay_json_begin_object(json);
        assay_json_put_text(json, "role", "hierarchy");
        assay_json_put_text(json, "path", r->request->hierarchy);
        assay_json_put_text(json, "format", "open-images");
        assay_json_put_text(json, "digest", r->inputs->hierarchy_digest);
        assay_json_put_int(json, "n", r->inputs->hierarchy_classes);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "contexts");
    assay_json_begin_array(json);
    assay_json_begin_object(json);
    assay_json_put_text(json, "name", context_name(r));
    assay_json_put_text(json, "kind", r->request->where != NULL ? "slice" : "dataset");
    if (r->request->where != NULL) {
        assay_json_put_text(json, "where", r->request->where);
        assay_json_put_text(json, "slice_of", r->selection->n_images >= 0 ? "images" : "boxes");
    }
    assay_json_put_int(json, "n", r->summary.images);
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
        assay_json_put_text(&json, "context", context_name(report));
        assay_measure_json(&json, &report->measures.measures[i]);
        assay_json_end_object(&json);
    }
    assay_json_end_array(&json);
    put_curves(&json, report);
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

static void put_line(assay_buffer *out, const assay_protocol *p, const assay_statistic *s,
                     const assay_measure *m)
{
    static const char *const groups[] = {"rare", "common", "frequent"};
    char iou[32];
    assay_protocol_iou_text(iou, sizeof iou, p, s->threshold);
    assay_buffer_printf(out, " %-18s (%s) @[ IoU=%-9s | area=%6s | maxDets=%3" PRId32 " ",
                        s->recall ? "Average Recall" : "Average Precision", s->recall ? "AR" : "AP",
                        iou, p->ranges[s->range].name, s->cap < 0 ? 100 : p->caps[s->cap]);
    if (s->group >= 0) {
        assay_buffer_printf(out, "| classes=%s ", groups[s->group]);
    }
    assay_buffer_printf(out, "] = %0.3f", m->outcome == ASSAY_OUTCOME_VALUE ? m->value : -1.0);
    if (!isnan(m->low)) {
        assay_buffer_printf(out, "   %0.3f to %0.3f", m->low, m->high);
    }
    assay_buffer_putc(out, '\n');
}

static void put_value(assay_buffer *out, const assay_measure *m)
{
    if (m->outcome == ASSAY_OUTCOME_VALUE) {
        assay_buffer_printf(out, " %7.3f", m->value);
    } else {
        assay_buffer_printf(out, " %7s", "-");
    }
}

/* How many measures every class has. */
static int class_columns(const assay_protocol *p, const char *names[CLASS_STATS])
{
    static const char *const all[CLASS_STATS] = {"AP", "AP50", "AP75", "AR"};
    assay_statistic what[CLASS_STATS];
    int n = 0;
    assay_detection_class_statistics(what, p);
    for (int i = 0; i < CLASS_STATS; i++) {
        if (what[i].threshold >= -1) {
            names[n++] = all[i];
        }
    }
    return n;
}

static void put_classes(assay_buffer *out, const assay_detection_report *r)
{
    const char *names[CLASS_STATS];
    int columns = class_columns(&r->protocol, names);
    assay_buffer_printf(out, "\n%-24s %8s", "class", "objects");
    for (int i = 0; i < columns; i++) {
        assay_buffer_printf(out, " %7s", names[i]);
    }
    assay_buffer_puts(out, "   AP from, to\n");
    for (int64_t k = 0; k < r->summary.classes; k++) {
        const assay_measure *m = r->measures.measures + r->summary.n_statistics + k * columns;
        char name[25];
        assay_text_printable(name, sizeof name, m->class_name);
        assay_buffer_printf(out, "%-24s %8" PRId64, name, m->n);
        for (int i = 0; i < columns; i++) {
            put_value(out, &m[i]);
        }
        if (!isnan(m->low)) {
            assay_buffer_printf(out, "   %0.3f, %0.3f", m->low, m->high);
        }
        assay_buffer_putc(out, '\n');
    }
}

static void put_interval_note(assay_buffer *out, const assay_detection_report *report)
{
    const assay_measure *m = report->measures.measures;
    if (isnan(m->low)) {
        assay_buffer_printf(out, "No intervals: %s.\n",
                            assay_text_starts(m->method, "none: ") ? m->method + 6
                                                                   : "none were asked for");
        return;
    }
    assay_buffer_printf(out,
                        "from, to: %g %% interval, two-sided, from %" PRId64
                        " bootstrap replicates of the %s.\n",
                        100.0 * report->options.level, report->options.replicates,
                        report->options.cluster != NULL ? "clusters" : "images");
    for (int64_t i = 0; i < report->measures.n_measures; i++) {
        const char *caution = assay_measure_caution(&report->measures.measures[i]);
        if (caution != NULL) {
            assay_buffer_printf(out, "Caution: %s.\n", caution);
            return;
        }
    }
}

static void put_title(assay_buffer *out, const assay_detection_report *report)
{
    static const char *const overlaps[] = {"boxes", "masks", "keypoints (OKS)", "turned boxes"};
    assay_buffer_printf(out,
                        "%s: %" PRId64 " images, %" PRId64 " annotations, %" PRId64
                        " categories; %s: %" PRId64 " results\nIoU of %s, convention %s%s\n\n",
                        report->request->truth, report->summary.images, report->truth->objects.n,
                        report->summary.classes, report->request->predictions, report->results,
                        overlaps[report->protocol.iou - 1], report->protocol.name,
                        strcmp(report->protocol.name, "coco") == 0 &&
                                report->protocol.iou != ASSAY_IOU_ORIENTED
                            ? " (equal to pycocotools)"
                            : "");
}

assay_status assay_detection_table(char **out, const assay_detection_report *report,
                                   assay_error *err)
{
    const char *texts[ALL_REMARKS];
    int64_t counts[ALL_REMARKS];
    assay_statistic what[ASSAY_MOST_STATISTICS];
    assay_buffer text;
    assay_buffer_init(&text, 0);
    put_title(&text, report);
    int lines = assay_protocol_statistics(what, &report->protocol);
    for (int i = 0; i < lines; i++) {
        put_line(&text, &report->protocol, &what[i], &report->measures.measures[i]);
    }
    put_classes(&text, report);
    assay_detection_analyses_table(&text, report);
    assay_buffer_putc(&text, '\n');
    put_interval_note(&text, report);
    int n = all_remarks(texts, counts, report);
    for (int i = 0; i < n; i++) {
        assay_buffer_printf(&text, "%" PRId64 " %s.\n", counts[i], texts[i]);
    }
    return assay_text_take(out, &text, err);
}
