/* Segmentation: overlap, outlines and segments by model and context; classes; images to look at. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/section.h"

enum { CONTEXTS = 6, COLORS = 60, OPEN = 3, SHOWN = 120 };

typedef struct column {
    const char *metric, *classes, *title, *hint;
} column;

static const column columns[] = {
    {"mean_iou", NULL, "Mean IoU", "areas, each class alike"},
    {"mean_dice", NULL, "Mean Dice", "areas, milder"},
    {"pixel_accuracy", NULL, "Pixels right", "large areas decide"},
    {"mean_class_accuracy", NULL, "Pixels found", "mean of the classes"},
    {"boundary_iou", NULL, "Boundary IoU", "bands along the edges"},
    {"boundary_f", NULL, "Contour F", "outlines"},
    {"mean_image_iou", NULL, "IoU per image", "a typical image"},
    {"panoptic_quality", "all", "PQ", "segments: found and exact"},
    {"panoptic_segmentation_quality", "all", "SQ", "how exact found ones lie"},
    {"panoptic_recognition_quality", "all", "RQ", "whether they are found"},
    {"panoptic_quality", "things", "PQ things", "countable objects"},
    {"panoptic_quality", "stuff", "PQ stuff", "sky, road and the like"},
};

static bool fits(const assay_json_value *measure, const void *what, const char *class_name)
{
    const column *c = what;
    const char *classes = assay_json_get_text(assay_json_get(measure, "params"), "classes", NULL);
    return assay_text_equal(assay_json_get_text(measure, "metric", ""), c->metric) &&
           assay_text_equal(assay_json_get_text(measure, "class", NULL), class_name) &&
           (class_name != NULL || assay_text_equal(classes, c->classes));
}

static const assay_json_value *find(const assay_evidence *evidence, int model, int context,
                                    const column *c)
{
    return assay_evidence_find(evidence, model, context, fits, c, NULL);
}

/* ---- the table ---- */

static bool is_measured(const assay_evidence *evidence, int model, int context)
{
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        if (find(evidence, model, context, &columns[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void put_table(assay_buffer *out, const assay_evidence *evidence, int context)
{
    const assay_scale of_value = {.decimals = 3}, of_ends = {.decimals = 2};
    bool shown[ASSAY_COUNT(columns)] = {false};
    assay_html_put(out,
                   "<h3 class=\"group\">%s</h3>\n<div class=\"wide\"><table>\n<thead><tr>"
                   "<th scope=\"col\">Model</th>",
                   assay_evidence_context_title(evidence, context));
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        for (size_t m = 0; m < evidence->n_models && !shown[i]; m++) {
            shown[i] = find(evidence, (int)m, context, &columns[i]) != NULL;
        }
        if (shown[i]) {
            assay_html_put(
                out, "<th scope=\"col\" class=\"r\">%s<small class=\"reason\">%s</small></th>",
                columns[i].title, columns[i].hint);
        }
    }
    assay_buffer_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t m = 0; m < evidence->n_models; m++) {
        if (!is_measured(evidence, (int)m, context)) {
            continue;
        }
        assay_section_model_row(out, evidence, (int)m);
        for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
            if (shown[i]) {
                assay_section_measure_cell(out, find(evidence, (int)m, context, &columns[i]),
                                           of_value, of_ends);
            }
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
}

/* ---- classes ---- */

/* The first that was measured is shown; the hint says what its n counts. */
static const column by_class[] = {
    {"iou", NULL, "IoU", "the images that have it"},
    {"dice", NULL, "Dice", "the images that have it"},
    {"panoptic_quality", NULL, "panoptic quality", "the true segments"},
    {"class_accuracy", NULL, "share of the pixels that is found", "the images that have it"},
};

static void put_classes(assay_buffer *out, const assay_evidence *evidence, int context,
                        bool several)
{
    bool shown = false;
    for (size_t i = 0; i < ASSAY_COUNT(by_class) && !shown; i++) {
        const column *c = &by_class[i];
        const assay_by_class by = {.fits = fits, .what = c, .title = c->title, .counted = c->hint};
        shown = assay_section_classes(out, evidence, context, several, &by);
    }
}

void assay_section_masks(assay_buffer *out, const assay_evidence *evidence)
{
    int contexts[CONTEXTS];
    if (!assay_text_equal(assay_json_get_text(evidence->run, "task", ""), "segmentation")) {
        return;
    }
    size_t n = assay_section_main_contexts(evidence, contexts, CONTEXTS);
    assay_section_begin(out, "masks", "Covering the right areas",
                        "How far the predicted areas agree with the true ones: 1 is pixel for "
                        "pixel, 0 is nothing in common. Below each number is the range in which "
                        "the true value lies.");
    assay_section_legend(out, evidence);
    for (size_t c = 0; c < n; c++) {
        put_table(out, evidence, contexts[c]);
    }
    for (size_t c = 0; c < n; c++) {
        put_classes(out, evidence, contexts[c], n > 1);
    }
    assay_section_end(out);
}

/* ---- images ---- */

static bool is_color(const char *text)
{
    return strlen(text) == 7 && text[0] == '#' && strspn(text + 1, "0123456789abcdef") == 6;
}

static void put_key(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *truth = assay_json_get(evidence->root, "truth");
    const assay_json_value *classes = assay_json_get(assay_json_at(truth, 0), "classes");
    size_t n = assay_json_size(classes);
    assay_buffer_puts(out, "<p class=\"legend\">");
    for (size_t i = 0; i < n && i < COLORS; i++) {
        const assay_json_value *one = assay_json_at(classes, i);
        const char *color = assay_json_get_text(one, "color", "");
        if (is_color(color) && assay_json_get_int(one, "n", 0) > 0) {
            assay_html_put(out,
                           "<span><svg class=\"key\" width=\"16\" height=\"16\" aria-hidden="
                           "\"true\"><rect fill=\"%s\" stroke=\"#191919\" x=\"1\" y=\"1\" "
                           "width=\"14\" height=\"14\"/></svg> %s</span>",
                           color, assay_json_get_text(one, "name", "?"));
        }
    }
    assay_buffer_puts(out,
                      "<span><svg class=\"key\" width=\"16\" height=\"16\" aria-hidden=\"true\">"
                      "<rect fill=\"#d55e00\" x=\"1\" y=\"1\" width=\"14\" height=\"14\"/></svg> "
                      "wrong</span><span><svg class=\"key\" width=\"16\" height=\"16\" "
                      "aria-hidden=\"true\"><rect fill=\"#bbb\" stroke=\"#888\" "
                      "stroke-dasharray=\"3 3\" x=\"1\" y=\"1\" width=\"14\" height=\"14\"/></svg> "
                      "does not count</span></p>\n");
}

static void put_picture(assay_buffer *out, const assay_json_value *picture)
{
    static const char *const views[][2] = {{"truth", "what is there"},
                                           {"prediction", "what the model says"},
                                           {"errors", "where it is wrong"}};
    const assay_json_value *all = assay_json_get(picture, "views");
    const char *id = assay_json_get_text(picture, "id", "");
    const char *taken = assay_json_get_text(picture, "taken", NULL);
    assay_buffer_puts(out, "<figure class=\"maps\"><div>");
    for (size_t k = 0; k < ASSAY_COUNT(views); k++) {
        const char *image = assay_json_get_text(all, views[k][0], "");
        if (assay_section_is_picture(image)) {
            assay_html_put(out, "<span><img alt=\"%s: %s\" src=\"", id, views[k][1]);
            assay_buffer_puts(out, image);
            assay_html_put(out, "\"><small>%s</small></span>", views[k][1]);
        }
    }
    assay_html_put(out, "</div><figcaption><b>%s</b> <span class=\"name\">%s</span>",
                   assay_figure_fixed(assay_evidence_real(picture, "value"), 3).text, id);
    if (taken != NULL) {
        assay_html_put(out,
                       " <span class=\"quiet\">most of it: \xe2\x80\x98%s\xe2\x80\x99 taken for "
                       "\xe2\x80\x98%s\xe2\x80\x99, %s of the pixels</span>",
                       taken, assay_json_get_text(picture, "as", ""),
                       assay_figure_percent(assay_evidence_real(picture, "share"), 1).text);
    }
    assay_buffer_puts(out, "</figcaption></figure>\n");
}

void assay_section_mask_gallery(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *gallery = assay_json_get(evidence->root, "gallery");
    size_t n = assay_json_is_array(gallery) ? assay_json_size(gallery) : 0;
    size_t in_group = 0;
    bool folded = false;
    if (n == 0 || !assay_json_is_object(assay_json_get(assay_json_at(gallery, 0), "views"))) {
        return;
    }
    assay_section_begin(out, "mask-gallery", "The worst images, to look at",
                        "The images with the least agreement, each three times. The number is the "
                        "image's own: mean IoU, or panoptic quality.");
    put_key(out, evidence);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        const assay_json_value *picture = assay_json_at(gallery, i);
        if (i == 0 || !assay_section_same_group(assay_json_at(gallery, i - 1), picture)) {
            assay_buffer_puts(out, folded ? "</details>\n" : "");
            folded = false;
            in_group = 0;
            assay_section_group(out, evidence, picture);
        }
        if (in_group++ == OPEN) {
            assay_buffer_puts(out, "<details>\n<summary>More of them</summary>\n");
            folded = true;
        }
        put_picture(out, picture);
    }
    assay_buffer_puts(out, folded ? "</details>\n" : "");
    assay_section_rest(out, n < SHOWN ? n : SHOWN, n, "images");
    assay_section_end(out);
}
