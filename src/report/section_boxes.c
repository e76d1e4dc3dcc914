/* Detection: average precision and recall, classes, precision over recall, operating points. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "report/section.h"

enum { CONTEXTS = 6, COLUMNS = 16, POINTS = 128, WIDTH = 520, HEIGHT = 300, STEPS = 20 };

typedef struct column {
    const char *metric, *iou, *area, *frequency;
    int64_t cap;
    char title[64], hint[64];
} column;

/* The columns of the table, and which of them classes are shown by. */
typedef struct columns {
    column all[COLUMNS];
    size_t n, of_classes;
} columns;

static bool is_average(const char *metric, const char *kind)
{
    return assay_text_ends(metric, kind) && (strncmp(metric, "coco_average_", 13) == 0 ||
                                             strncmp(metric, "detection_average_", 18) == 0);
}

static bool fits(const assay_json_value *measure, const void *what, const char *class_name)
{
    const column *c = what;
    const assay_json_value *params = assay_json_get(measure, "params");
    const char *own = assay_json_get_text(measure, "class", NULL);
    return assay_text_equal(assay_json_get_text(measure, "metric", ""), c->metric) &&
           assay_text_equal(own, class_name) &&
           assay_text_equal(assay_json_get_text(params, "iou", ""), c->iou) &&
           assay_text_equal(assay_json_get_text(params, "area", ""), c->area) &&
           assay_text_equal(assay_json_get_text(params, "frequency", NULL), c->frequency) &&
           assay_json_get_int(params, "max_detections", 0) == c->cap;
}

static const assay_json_value *find(const assay_evidence *evidence, int model, int context,
                                    const column *c)
{
    return assay_evidence_find(evidence, model, context, fits, c, NULL);
}

static void hint_area(column *c, const assay_evidence *evidence)
{
    const assay_json_value *detection = assay_json_get(evidence->root, "detection");
    const assay_json_value *ends = assay_json_get(assay_json_get(detection, "areas"), c->area);
    double low = assay_json_as_real(assay_json_at(ends, 0), 0.0);
    double high = assay_json_as_real(assay_json_at(ends, 1), NAN);
    if (ends == NULL || (low == 0.0 && high == 1024.0)) {
        (void)snprintf(c->hint, sizeof c->hint, "objects below 32 \xc3\x97 32 pixels");
    } else if (low == 1024.0 && high == 9216.0) {
        (void)snprintf(c->hint, sizeof c->hint, "up to 96 \xc3\x97 96 pixels");
    } else if (low == 9216.0) {
        (void)snprintf(c->hint, sizeof c->hint, "larger ones");
    } else if (isnan(high)) {
        (void)snprintf(c->hint, sizeof c->hint, "from %.6g square pixels", low);
    } else {
        (void)snprintf(c->hint, sizeof c->hint, "%.6g to %.6g square pixels", low, high);
    }
}

/* The number before ':' or the end. */
static double overlap(const char *text)
{
    char word[16];
    double value = NAN;
    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(text, ":"), text);
    return assay_text_to_real(&value, word) ? value : (double)NAN;
}

/* "AP50: an overlap of one half is enough". */
static void name_column(column *c, const assay_evidence *evidence)
{
    bool recall = is_average(c->metric, "recall");
    const char *what = recall ? "AR" : "AP";
    double first = overlap(c->iou);
    const char *colon = strchr(c->iou, ':');
    if (c->frequency != NULL) {
        (void)snprintf(c->title, sizeof c->title, "%s %.40s", what, c->frequency);
        (void)snprintf(c->hint, sizeof c->hint, "classes that are %.40s", c->frequency);
    } else if (strcmp(c->area, "all") != 0) {
        (void)snprintf(c->title, sizeof c->title, "%s %.40s", what, c->area);
        hint_area(c, evidence);
    } else if (recall) {
        (void)snprintf(c->title, sizeof c->title, "AR");
        (void)snprintf(c->hint, sizeof c->hint, "share found, false alarms do not count");
    } else if (colon != NULL) {
        (void)snprintf(c->title, sizeof c->title, "AP");
        (void)snprintf(c->hint, sizeof c->hint, "mean over overlaps of %.0f to %.0f %%",
                       100.0 * first, 100.0 * overlap(colon + 1));
    } else {
        (void)snprintf(c->title, sizeof c->title, "AP%.0f", 100.0 * first);
        (void)snprintf(c->hint, sizeof c->hint,
                       first == 0.5    ? "an overlap of one half is enough"
                       : first == 0.75 ? "three quarters are needed"
                                       : "overlap of %.0f %%",
                       100.0 * first);
    }
}

/* Every average precision over all classes, and recall as it stands behind them at the most detections. */
static void list_columns(columns *out, const assay_evidence *evidence)
{
    const assay_json_value *first = NULL;
    *out = (columns){0};
    for (size_t i = 0; i < assay_json_size(evidence->measures) && out->n < COLUMNS; i++) {
        const assay_json_value *m = assay_json_at(evidence->measures, i);
        const assay_json_value *p = assay_json_get(m, "params");
        column c = {.metric = assay_json_get_text(m, "metric", ""),
                    .iou = assay_json_get_text(p, "iou", ""),
                    .area = assay_json_get_text(p, "area", ""),
                    .frequency = assay_json_get_text(p, "frequency", NULL),
                    .cap = assay_json_get_int(p, "max_detections", 0)};
        bool recall = is_average(c.metric, "recall");
        if (!assay_json_is_null(assay_json_get(m, "class")) ||
            !(recall || is_average(c.metric, "precision"))) {
            continue;
        }
        const assay_json_value *fp = assay_json_get(first, "params");
        if (first != NULL && fits(m, &out->all[0], NULL)) {
            break; /* of the next context or model */
        }
        first = first != NULL ? first : m;
        if (recall && (strcmp(c.area, "all") != 0 ||
                       !assay_text_equal(c.iou, assay_json_get_text(fp, "iou", c.iou)))) {
            continue;
        }
        column *before = out->n > 0 ? &out->all[out->n - 1] : NULL;
        bool more = recall && before != NULL && is_average(before->metric, "recall");
        column *at = more ? before : &out->all[out->n++]; /* more detections: in place of fewer */
        *at = c;
        name_column(at, evidence);
        bool half = !recall && strcmp(c.area, "all") == 0 && strcmp(c.iou, "0.50") == 0;
        out->of_classes = half ? out->n - 1 : out->of_classes;
    }
}

/* ---- the table that people know ---- */

static void put_table(assay_buffer *out, const assay_evidence *evidence, const columns *shown,
                      int context)
{
    const assay_scale of_value = {.decimals = 3}, of_ends = {.decimals = 2};
    assay_html_put(out,
                   "<h3 class=\"group\">%s</h3>\n<div class=\"wide\"><table>\n<thead><tr>"
                   "<th scope=\"col\">Model</th>",
                   assay_evidence_context_title(evidence, context));
    for (size_t i = 0; i < shown->n; i++) {
        assay_html_put(out,
                       "<th scope=\"col\" class=\"r\">%s<small class=\"reason\">%s</small></th>",
                       shown->all[i].title, shown->all[i].hint);
    }
    assay_buffer_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t m = 0; m < evidence->n_models; m++) {
        if (find(evidence, (int)m, context, &shown->all[0]) == NULL) {
            continue;
        }
        assay_section_model_row(out, evidence, (int)m);
        for (size_t i = 0; i < shown->n; i++) {
            assay_section_measure_cell(out, find(evidence, (int)m, context, &shown->all[i]),
                                       of_value, of_ends);
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
}

/* ---- precision over recall ---- */

static double cell(const assay_json_value *row, int at)
{
    return at >= 0 && assay_json_is_array(row)
               ? assay_json_as_real(assay_json_at(row, (size_t)at), NAN)
               : NAN;
}

/* A picture of one context: a line per model, a thin one more where there is a second column. */
typedef struct drawing {
    const char *curve, *x, *thick, *thin;
    const char *note, *title, *of_x, *of_y;
    double from; /* where the horizontal axis begins */
} drawing;

static void put_line(assay_buffer *out, const assay_plot *plot, const assay_json_value *curve,
                     int model, const drawing *what, const char *name)
{
    const assay_json_value *rows = assay_json_get(curve, "rows");
    int x = assay_evidence_column(curve, what->x);
    int y = assay_evidence_column(curve, name);
    double line[2 * POINTS];
    size_t n = 0;
    for (size_t i = 0; i < assay_json_size(rows) && n < POINTS; i++) {
        double value = cell(assay_json_at(rows, i), y);
        line[2 * n] = assay_plot_x(plot, cell(assay_json_at(rows, i), x));
        line[2 * n++ + 1] = isnan(value) ? (double)NAN : assay_plot_y(plot, value);
    }
    assay_svg_path(out, name == what->thick ? "line" : "line thin", model, line, n);
    if (n > 0 && name == what->thick) {
        assay_svg_mark(out, model, line[0], line[1]);
    }
}

static void put_drawing(assay_buffer *out, const assay_evidence *evidence, int context,
                        const drawing *what)
{
    assay_plot plot = {.left = 56, .top = 26, .width = WIDTH - 76, .height = HEIGHT - 78};
    double from = what->from;
    bool any = false;
    for (size_t m = 0; m < evidence->n_models; m++) {
        const assay_json_value *curve =
            assay_evidence_curve(evidence, what->curve, (int)m, context);
        const assay_json_value *first = assay_json_at(assay_json_get(curve, "rows"), 0);
        any |= curve != NULL;
        from = cell(first, assay_evidence_column(curve, what->x)) < from ? 0.0 : from;
    }
    if (!any) {
        return;
    }
    plot.x = assay_ticks_make(from, 1, 5);
    plot.y = assay_ticks_make(0, 1, 5);
    assay_html_put(out,
                   "<figure class=\"card\">\n<figcaption><b>%s</b> <span class=\"quiet\">%s; %s"
                   "</span></figcaption>\n",
                   what->title, assay_evidence_context_title(evidence, context), what->note);
    assay_plot_begin(out, WIDTH, HEIGHT, what->title);
    assay_plot_y_axis(out, &plot, true, what->of_y);
    assay_plot_x_axis(out, &plot, true, what->of_x);
    for (size_t m = 0; m < evidence->n_models; m++) {
        const assay_json_value *curve =
            assay_evidence_curve(evidence, what->curve, (int)m, context);
        if (curve != NULL && what->thin != NULL) {
            put_line(out, &plot, curve, (int)m, what, what->thin);
        }
        if (curve != NULL) {
            put_line(out, &plot, curve, (int)m, what, what->thick);
        }
    }
    assay_plot_end(out);
    assay_buffer_puts(out, "</figure>\n");
}

static void put_curves(assay_buffer *out, const assay_evidence *evidence, int context)
{
    static const drawing drawings[] = {
        {"detection_pr_curve", "recall", "iou_50", "iou_75",
         "thick: overlap of one half; thin: three quarters", "Precision and recall",
         "share of the objects that it finds", "share of its boxes that are right", 0.0},
        {"detection_precision_by_iou", "iou", "average_precision", NULL,
         "how exact boxes have to be", "Average precision by overlap",
         "overlap that a box needs to be right", "average precision", 0.5},
        {"detection_precision_by_confidence", "confidence", "average_precision", "average_recall",
         "thick: average precision; thin: share found", "Average precision by score",
         "least score: boxes below it are left out", "what remains", 0.0}};
    for (size_t i = 0; i < ASSAY_COUNT(drawings); i++) {
        put_drawing(out, evidence, context, &drawings[i]);
    }
}

/* ---- operating points: one row of radio buttons, one panel for each ---- */

static void put_share(assay_buffer *out, const char *css, double share, const char *what)
{
    assay_html_put(out,
                   "<div><b class=\"big\">%s</b><svg class=\"bar\" height=\"10\" "
                   "aria-hidden=\"true\"><rect class=\"paper\" width=\"100%%\" "
                   "height=\"10\" rx=\"3\"/>",
                   assay_figure_percent(share, 0).text);
    if (share > 0.0) {
        assay_html_put(out, "<rect class=\"%s\" width=\"%s%%\" height=\"10\" rx=\"3\"/>", css,
                       assay_figure_fixed(100.0 * share, 1).text);
    }
    assay_html_put(out, "</svg><small>%s</small></div>", what);
}

static void put_panel(assay_buffer *out, const assay_json_value *row, const int at[8])
{
    double found = cell(row, at[5]);
    double missed = cell(row, at[6]);
    double alarms = cell(row, at[7]);
    assay_buffer_puts(out, "<div>");
    put_share(out, "good-bar", cell(row, at[2]), "of the objects are found");
    put_share(out, "good-bar", cell(row, at[1]), "of its boxes are right");
    assay_html_put(out, "<div><b class=\"big\">%s</b><small>false alarms per image</small></div>",
                   assay_figure_fixed(cell(row, at[4]), 2).text);
    assay_html_put(
        out,
        "<p class=\"note\">Boxes with a score of %s or more: %s objects found, %s "
        "missed, %s false alarms; F1 %s.</p></div>\n",
        assay_figure_fixed(cell(row, at[0]), 2).text, assay_figure_count((int64_t)found).text,
        assay_figure_count((int64_t)missed).text, assay_figure_count((int64_t)alarms).text,
        assay_figure_fixed(cell(row, at[3]), 3).text);
}

static void put_points(assay_buffer *out, const assay_evidence *evidence, int model, int context,
                       const assay_json_value *curve)
{
    static const char *const names[] = {"threshold",       "precision", "recall", "f1",
                                        "false_per_image", "found",     "missed", "false"};
    const assay_json_value *rows = assay_json_get(curve, "rows");
    size_t n = assay_json_size(rows) < STEPS ? assay_json_size(rows) : STEPS;
    int at[8];
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        at[i] = assay_evidence_column(curve, names[i]);
    }
    if (n == 0) {
        return;
    }
    assay_html_put(out,
                   "<figure class=\"card\">\n<figcaption><b>%s</b> <span class=\"quiet\">%s"
                   "</span></figcaption>\n<div class=\"op m%d\" role=\"radiogroup\" aria-label="
                   "\"Least score\"><span class=\"quiet\">least score</span>\n",
                   assay_evidence_model_title(evidence, model),
                   assay_evidence_context_title(evidence, context), model % ASSAY_EVIDENCE_COLORS);
    for (size_t i = 0; i < n; i++) {
        bool best = i + 1 == n;
        char id[48];
        (void)snprintf(id, sizeof id, "op-%d-%d-%zu", model, context, i);
        assay_html_put(out,
                       "<input type=\"radio\" id=\"%s\" name=\"op-%d-%d\"%s><label "
                       "for=\"%s\">%s%s</label>",
                       id, model, context, best ? " checked" : "", id, best ? "best F1: " : "",
                       assay_figure_fixed(cell(assay_json_at(rows, i), at[0]), 2).text);
    }
    assay_buffer_puts(out, "\n");
    for (size_t i = 0; i < n; i++) {
        put_panel(out, assay_json_at(rows, i), at);
    }
    assay_buffer_puts(out, "</div>\n</figure>\n");
}

/* Which panel is seen when which button is chosen. */
static void put_rules(assay_buffer *out)
{
    assay_buffer_puts(out, "<style>");
    for (int i = 1; i <= STEPS; i++) {
        assay_html_put(out, "%s.op>input:nth-of-type(%d):checked~div:nth-of-type(%d)",
                       i > 1 ? "," : "", i, i);
    }
    assay_buffer_puts(out, "{display:grid}</style>\n");
}

static void put_operating(assay_buffer *out, const assay_evidence *evidence, const int *contexts,
                          size_t n)
{
    bool begun = false;
    for (size_t c = 0; c < n; c++) {
        for (size_t m = 0; m < evidence->n_models; m++) {
            const assay_json_value *curve =
                assay_evidence_curve(evidence, "detection_operating_points", (int)m, contexts[c]);
            if (curve == NULL) {
                continue;
            }
            if (!begun) {
                begun = true;
                assay_buffer_puts(
                    out, "<h3>From which score on should a box count?</h3>\n<p class=\"lead\">A "
                         "detector gives every box a score; whoever uses it decides from which "
                         "score on a box counts. Choose one (with the arrow keys, too) and see "
                         "what it costs: all classes together, overlap of at least one half.</p>\n"
                         "<div class=\"cards\">\n");
                put_rules(out);
            }
            put_points(out, evidence, (int)m, contexts[c], curve);
        }
    }
    assay_buffer_puts(out, begun ? "</div>\n" : "");
}

/* What is measured and by whose rules, unless it is boxes by COCO's own. */
static void put_whose(assay_buffer *out, const assay_evidence *evidence)
{
    static const struct {
        const char *type, *text;
    } types[] = {{"bbox", "boxes"},
                 {"segm", "masks"},
                 {"obb", "turned boxes, by the exact overlap of their corners"},
                 {"keypoints", "keypoints, by the similarity of their places (OKS)"}};
    const assay_json_value *d = assay_json_get(evidence->root, "detection");
    const char *type = assay_json_get_text(d, "iou_type", "bbox");
    const char *convention = assay_json_get_text(d, "convention", "coco");
    bool hierarchy = assay_json_get_text(d, "hierarchy", NULL) != NULL;
    if (strcmp(type, "bbox") == 0 && strcmp(convention, "coco") == 0 && !hierarchy) {
        return;
    }
    for (size_t i = 0; i < ASSAY_COUNT(types); i++) {
        if (strcmp(types[i].type, type) == 0) {
            assay_html_put(out,
                           "<p class=\"note\">Measured: %s. Convention: <code>%s</code>.%s</p>\n",
                           types[i].text, convention,
                           hierarchy ? " Objects are of the broader classes too (hierarchy)." : "");
        }
    }
}

void assay_section_boxes(assay_buffer *out, const assay_evidence *evidence)
{
    int contexts[CONTEXTS];
    size_t n = 0;
    columns shown;
    if (!assay_text_equal(assay_json_get_text(evidence->run, "task", ""), "detection")) {
        return;
    }
    n = assay_section_main_contexts(evidence, contexts, CONTEXTS);
    list_columns(&shown, evidence);
    const column *of_classes = &shown.all[shown.of_classes];
    const assay_by_class by = {
        .fits = fits, .what = of_classes, .title = of_classes->title, .counted = "the objects"};
    assay_section_begin(out, "boxes", "Finding objects",
                        "Average precision asks whether the model puts real objects before false "
                        "alarms; 1 is perfect, and what is good depends on the task. Below each "
                        "number is the range in which the true value lies.");
    put_whose(out, evidence);
    assay_section_legend(out, evidence);
    for (size_t c = 0; c < n; c++) {
        put_table(out, evidence, &shown, contexts[c]);
    }
    assay_buffer_puts(out, "<div class=\"cards\">\n");
    for (size_t c = 0; c < n; c++) {
        put_curves(out, evidence, contexts[c]);
    }
    assay_buffer_puts(out, "</div>\n");
    put_operating(out, evidence, contexts, n);
    assay_section_boxes_use(out, evidence);
    assay_section_boxes_errors(out, evidence);
    for (size_t c = 0; c < n; c++) {
        (void)assay_section_classes(out, evidence, contexts[c], n > 1, &by);
    }
    assay_section_end(out);
}
