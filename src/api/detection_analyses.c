#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/detection.h"
#include "base/text.h"

enum { SHOWN = 10 };

static const assay_curve *curve_of(const assay_detection_report *r, const char *name)
{
    for (int64_t i = 0; i < r->measures.n_curves; i++) {
        if (strcmp(r->measures.curves[i].name, name) == 0) {
            return &r->measures.curves[i];
        }
    }
    return NULL;
}

static void put_measure(assay_buffer *out, const char *text, const assay_measure *m, double times)
{
    if (m->outcome != ASSAY_OUTCOME_VALUE) {
        assay_buffer_printf(out, "  %-44s       -   %s\n", text,
                            m->reason != NULL ? m->reason : "");
        return;
    }
    assay_buffer_printf(out, "  %-44s %7.3f", text, times * m->value);
    if (!isnan(m->low)) {
        assay_buffer_printf(out, "   %0.3f to %0.3f", times * m->low, times * m->high);
    }
    assay_buffer_putc(out, '\n');
}

/* The measures over all classes with one of these names, in the order of the list. */
typedef struct line {
    const char *metric, *text;
} line;

static void put_lines(assay_buffer *out, const assay_detection_report *r, const line *lines,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < r->measures.n_measures; k++) {
            const assay_measure *m = &r->measures.measures[k];
            if (m->class_name == NULL && strcmp(m->metric, lines[i].metric) == 0) {
                put_measure(out, lines[i].text, m, 1.0);
                break;
            }
        }
    }
}

static void put_operation(assay_buffer *out, const assay_detection_report *r)
{
    static const line lines[] = {
        {"detection_precision", "precision"},
        {"detection_recall", "recall"},
        {"detection_f1", "F1"},
        {"false_alarms_per_image", "false alarms per image"},
        {"detection_mean_iou", "mean IoU of what is found"},
        {"images_with_false_alarm", "images with a false alarm"},
        {"images_with_all_found", "images with objects in which all are found"},
        {"object_found_rate", "objects with a detection of their class"},
        {"object_misclassified_rate", "objects with detections of other classes only"},
        {"object_vanished_rate", "objects without any detection"},
        {"hallucinations_per_image", "detections on nothing, per image"}};
    static const line every[] = {
        {"log_average_miss_rate", "log-average miss rate"},
        {"detection_calibration_error", "calibration error of the confidence (ECE)"},
        {"localisation_aware_calibration_error", "the same with localisation (LaECE)"}};
    assay_buffer_printf(out, "\nAt a confidence of %.4g%s, IoU %g\n", r->summary.confidence,
                        r->options.has_confidence ? "" : " (the best F1)",
                        r->options.iou > 0.0 ? r->options.iou : 0.5);
    put_lines(out, r, lines, ASSAY_COUNT(lines));
    assay_buffer_puts(out, "At all confidences\n");
    put_lines(out, r, every, ASSAY_COUNT(every));
}

static void put_errors(assay_buffer *out, const assay_detection_report *r)
{
    static const line kinds[] = {{"tide_average_precision", "AP as it is"},
                                 {"tide_classification", "right place, wrong class"},
                                 {"tide_localisation", "right class, wrong place"},
                                 {"tide_both", "wrong class and place"},
                                 {"tide_duplicate", "found already"},
                                 {"tide_background", "nothing is there"},
                                 {"tide_missed", "missed"},
                                 {"tide_false_positives", "(all false alarms)"},
                                 {"tide_false_negatives", "(all that is not found)"}};
    const char *params = NULL;
    for (int64_t i = 0; i < r->measures.n_measures; i++) {
        const assay_measure *m = &r->measures.measures[i];
        if (m->class_name != NULL || strncmp(m->metric, "tide_", 5) != 0) {
            continue;
        }
        if (params == NULL || strcmp(params, m->params) != 0) {
            params = m->params;
            assay_buffer_printf(
                out, "\nWhat AP (0 to 100) would gain without each kind of error, %s\n", params);
        }
        for (size_t k = 0; k < ASSAY_COUNT(kinds); k++) {
            char text[64];
            if (strcmp(kinds[k].metric, m->metric) == 0) {
                (void)snprintf(text, sizeof text, "%-28s %8" PRId64, kinds[k].text, m->n);
                put_measure(out, text, m, 100.0);
            }
        }
    }
}

static const char *class_name(char *room, size_t size, const assay_detection_report *r, int64_t k)
{
    if (k >= r->summary.classes) {
        return "background";
    }
    const assay_measure *m = r->measures.measures + r->summary.n_statistics;
    assay_text_printable(room, size, m[k * r->summary.class_measures].class_name);
    return room;
}

/* The largest counts off the diagonal. */
static void put_confusion(assay_buffer *out, const assay_detection_report *r, const assay_curve *c)
{
    double before = INFINITY;
    int64_t before_row = -1;
    assay_buffer_puts(out, "\nMost frequent confusions (truth, taken for)\n");
    for (int shown = 0; shown < SHOWN; shown++) {
        int64_t best = -1;
        for (int64_t i = 0; i < c->n_rows; i++) {
            const double *row = c->values + 3 * i;
            bool after = row[2] < before || (row[2] == before && i > before_row);
            if (row[0] != row[1] && after && (best < 0 || row[2] > c->values[3 * best + 2])) {
                best = i;
            }
        }
        if (best < 0) {
            break;
        }
        const double *row = c->values + 3 * best;
        char truth[33];
        char taken[33];
        assay_buffer_printf(out, "  %-32s %-32s %8.0f\n",
                            class_name(truth, sizeof truth, r, (int64_t)row[0]),
                            class_name(taken, sizeof taken, r, (int64_t)row[1]), row[2]);
        before = row[2];
        before_row = best;
    }
}

static void put_images(assay_buffer *out, const assay_detection_report *r, const assay_curve *c)
{
    assay_buffer_puts(out, "\nImages with most errors (id, objects, found, false alarms)\n");
    for (int64_t i = 0; i < c->n_rows && i < SHOWN; i++) {
        const double *row = c->values + 4 * i;
        if (row[1] - row[2] + row[3] > 0.0) {
            assay_buffer_printf(out, "  %14.0f %8.0f %8.0f %8.0f\n", row[0], row[1], row[2],
                                row[3]);
        }
    }
    (void)r;
}

void assay_detection_analyses_table(assay_buffer *out, const assay_detection_report *report)
{
    const assay_curve *images = curve_of(report, "detection_images");
    const assay_curve *confusion = curve_of(report, "detection_confusion");
    if (images != NULL) {
        put_operation(out, report);
    }
    put_errors(out, report);
    if (confusion != NULL) {
        put_confusion(out, report, confusion);
    }
    if (images != NULL) {
        put_images(out, report, images);
    }
}
