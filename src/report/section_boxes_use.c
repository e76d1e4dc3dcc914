/* Detection: what happens at the score with the best F1, and how found objects lie. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

enum { CONTEXTS = 6 };

typedef struct use_row {
    const char *group; /* heading of the rows that begin here, or NULL */
    const char *metric;
    const char *quantile; /* of detection_iou_quantile */
} use_row;

static const use_row rows[] = {
    {"At the score with the best F1", "detection_precision", NULL},
    {NULL, "detection_recall", NULL},
    {NULL, "detection_f1", NULL},
    {NULL, "false_alarms_per_image", NULL},
    {NULL, "images_with_false_alarm", NULL},
    {NULL, "images_with_all_found", NULL},
    {"What becomes of the objects", "object_found_rate", NULL},
    {NULL, "object_misclassified_rate", NULL},
    {NULL, "object_vanished_rate", NULL},
    {NULL, "hallucinations_per_image", NULL},
    {"How boxes lie on the objects that they find", "detection_mean_iou", NULL},
    {NULL, "detection_iou_quantile", "0.1"},
    {NULL, "detection_iou_quantile", "0.5"},
    {NULL, "detection_centre_offset", NULL},
    {NULL, "detection_centre_distance", NULL},
    {NULL, "detection_scale_error", NULL},
    {"At all scores", "log_average_miss_rate", NULL},
    {NULL, "detection_calibration_error", NULL},
    {NULL, "localisation_aware_calibration_error", NULL},
};

static bool fits(const assay_json_value *measure, const void *what, const char *class_name)
{
    const use_row *row = what;
    const char *own = assay_json_get_text(assay_json_get(measure, "params"), "quantile", NULL);
    (void)class_name; /* over all classes only */
    return assay_text_equal(assay_json_get_text(measure, "metric", ""), row->metric) &&
           assay_json_is_null(assay_json_get(measure, "class")) &&
           (row->quantile == NULL || assay_text_equal(own, row->quantile));
}

static const assay_json_value *find(const assay_evidence *evidence, int model, int context,
                                    const use_row *row)
{
    return assay_evidence_find(evidence, model, context, fits, row, NULL);
}

static const assay_json_value *find_f1(const assay_evidence *evidence, int model, int context)
{
    static const use_row f1 = {.metric = "detection_f1"};
    return find(evidence, model, context, &f1);
}

static void put_value(assay_buffer *out, const assay_json_value *measure)
{
    assay_scale scale = assay_words_scale(measure);
    scale.decimals = scale.decimals > 3 ? 3 : scale.decimals;
    assay_section_measure_cell(out, measure, scale, scale);
}

static void put_row(assay_buffer *out, const assay_evidence *evidence, int context, size_t row)
{
    const assay_metric_words *words = assay_words_metric(rows[row].metric);
    const char *type =
        assay_json_get_text(assay_json_get(evidence->root, "detection"), "iou_type", "bbox");
    bool upright = strcmp(type, "bbox") == 0;
    bool any = false;
    for (size_t m = 0; m < evidence->n_models && !any; m++) {
        const assay_json_value *own = find(evidence, (int)m, context, &rows[row]);
        /* Some of it is measured of boxes that are not turned only. */
        any = own != NULL && (upright || !isnan(assay_evidence_real(own, "value")));
    }
    if (rows[row].group != NULL) {
        assay_html_put(out, "<tr><th scope=\"rowgroup\" colspan=\"%zu\"><b>%s</b></th></tr>\n",
                       evidence->n_models + 1, rows[row].group);
    }
    if (!any || words == NULL) {
        return;
    }
    assay_html_put(out, "<tr><th scope=\"row\">%s%s%s<small class=\"reason\">%s</small></th>",
                   rows[row].quantile == NULL ? words->title : "Overlap of found objects",
                   rows[row].quantile == NULL ? "" : ", quantile ",
                   rows[row].quantile == NULL ? "" : rows[row].quantile, words->meaning);
    for (size_t m = 0; m < evidence->n_models; m++) {
        put_value(out, find(evidence, (int)m, context, &rows[row]));
    }
    assay_buffer_puts(out, "</tr>\n");
}

static void put_table(assay_buffer *out, const assay_evidence *evidence, int context, bool open)
{
    assay_html_put(out,
                   "<details%s>\n<summary>%s</summary>\n<div class=\"wide\"><table class=\"use\">\n"
                   "<thead><tr><th scope=\"col\"></th>",
                   open ? " open" : "", assay_evidence_context_title(evidence, context));
    for (size_t m = 0; m < evidence->n_models; m++) {
        const assay_json_value *f1 = find_f1(evidence, (int)m, context);
        double score = assay_evidence_real(assay_json_get(f1, "params"), "best_f1_confidence");
        assay_html_put(out, "<th scope=\"col\" class=\"r\">%s",
                       assay_evidence_model_title(evidence, (int)m));
        if (!isnan(score)) {
            assay_html_put(out, "<small class=\"reason\">score of %s or more</small>",
                           assay_figure_fixed(score, 2).text);
        }
        assay_buffer_puts(out, "</th>");
    }
    assay_buffer_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        put_row(out, evidence, context, i);
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n</details>\n");
}

void assay_section_boxes_use(assay_buffer *out, const assay_evidence *evidence)
{
    int contexts[CONTEXTS];
    size_t n = assay_section_main_contexts(evidence, contexts, CONTEXTS);
    bool begun = false;
    for (size_t c = 0; c < n; c++) {
        bool any = false;
        for (size_t m = 0; m < evidence->n_models && !any; m++) {
            any = find_f1(evidence, (int)m, contexts[c]) != NULL;
        }
        if (!any) {
            continue;
        }
        if (!begun) {
            assay_buffer_puts(out,
                              "<h3>The detector in use</h3>\n<p class=\"lead\">Overlap of at "
                              "least one half. Below each number is the range in which the true "
                              "value lies. The score was chosen from the same data, so these "
                              "values are slightly too good.</p>\n");
        }
        put_table(out, evidence, contexts[c], !begun);
        begun = true;
    }
}
