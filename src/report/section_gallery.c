/* Detection: the images with the most errors, with the boxes of truth and model drawn. */
#include <math.h>

#include "base/text.h"
#include "report/section.h"

enum { OPEN = 4, SHOWN = 120, LONGEST_LABEL = 28, LABELS = 64 };

/* A box with a light line below its own, so that it can be seen on any picture. */
static void put_rect(assay_buffer *out, const char *css, const double b[4])
{
    for (int pass = 0; pass < 2; pass++) {
        assay_html_put(out, "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>",
                       pass == 0 ? "halo" : css, assay_figure_fixed(b[0], 1).text,
                       assay_figure_fixed(b[1], 1).text, assay_figure_fixed(b[2], 1).text,
                       assay_figure_fixed(b[3], 1).text);
    }
}

/* The same for a turned box; false when there are no eight numbers to draw. */
static bool put_turned(assay_buffer *out, const char *css, const assay_json_value *corners)
{
    double xy[8];
    for (size_t k = 0; k < 8; k++) {
        xy[k] = assay_json_as_real(assay_json_at(corners, k), NAN);
        if (!isfinite(xy[k]) || fabs(xy[k]) > 1e6) {
            return false;
        }
    }
    for (int pass = 0; pass < 2; pass++) {
        assay_html_put(out, "<polygon class=\"%s\" points=\"", pass == 0 ? "halo" : css);
        for (int k = 0; k < 8; k++) {
            assay_html_put(out, "%s%s", k > 0 ? " " : "", assay_figure_fixed(xy[k], 1).text);
        }
        assay_buffer_puts(out, "\"/>");
    }
    return true;
}

static bool read_box(double b[4], const assay_json_value *box)
{
    const assay_json_value *numbers = assay_json_get(box, "box");
    for (size_t k = 0; k < 4; k++) {
        b[k] = assay_json_as_real(assay_json_at(numbers, k), NAN);
        if (!isfinite(b[k]) || fabs(b[k]) > 1e6) {
            return false;
        }
    }
    return b[2] >= 0.0 && b[3] >= 0.0;
}

static const char *css_of(bool truth, const char *state)
{
    if (truth) {
        return assay_text_equal(state, "found")    ? "box found"
               : assay_text_equal(state, "missed") ? "box missed"
                                                   : "box crowd";
    }
    return assay_text_equal(state, "hit")     ? "box hit"
           : assay_text_equal(state, "false") ? "box alarm"
                                              : "box crowd";
}

/* Where labels already stand in this picture. */
typedef struct placed {
    double left[LABELS], top[LABELS], right[LABELS], bottom[LABELS];
    int n;
} placed;

static bool is_taken(const placed *p, double left, double y, double right, double size)
{
    for (int i = 0; i < p->n; i++) {
        if (left < p->right[i] && right > p->left[i] && y - size < p->bottom[i] && y > p->top[i]) {
            return true;
        }
    }
    return false;
}

/* The first free line from y downwards; y itself when all are taken. */
static double free_line(placed *p, double left, double y, double width, double size, double height)
{
    double best = y;
    for (int i = 0; i < 8; i++) {
        double line = y + i * size * 1.05;
        if (line < height && !is_taken(p, left, line, left + width, size)) {
            best = line;
            break;
        }
    }
    if (p->n < LABELS) {
        p->left[p->n] = left;
        p->right[p->n] = left + width;
        p->top[p->n] = best - size;
        p->bottom[p->n++] = best;
    }
    return best;
}

static void put_label(assay_buffer *out, placed *p, const assay_json_value *box, const double b[4],
                      const char *css, double size, const double extent[2])
{
    double height = extent[1];
    double score = assay_evidence_real(box, "score");
    /* Above the box, or inside it at the upper edge of the picture; objects below, so that labels of
     * object and box do not cover each other. */
    bool below = isnan(score);
    double y = below ? b[1] + b[3] + size : b[1] - size * 0.3;
    y = y > height - 2.0 ? b[1] + b[3] - size * 0.3 : y;
    y = y < size ? b[1] + size : y;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_text_cut(&text, assay_json_get_text(box, "class", "?"), LONGEST_LABEL);
    /* Letters are some 0.6 of their height wide; the picture's right edge cuts nothing off. */
    double width = size * 0.62 * ((double)text.size + (isnan(score) ? 0.0 : 5.0));
    double x = b[0] + 2.0 + width > extent[0] ? fmax(extent[0] - width, 0.0) : b[0] + 2.0;
    y = free_line(p, x, y, width, size, height);
    assay_html_put(out, "<text class=\"%s\" x=\"%s\" y=\"%s\" font-size=\"%s\">", css,
                   assay_figure_fixed(x, 1).text, assay_figure_fixed(y, 1).text,
                   assay_figure_fixed(size, 1).text);
    assay_html_buffer(out, &text);
    if (!isnan(score)) {
        assay_html_put(out, " %s", assay_figure_fixed(score, 2).text);
    }
    assay_buffer_puts(out, "</text>");
    assay_buffer_dispose(&text);
}

static void put_boxes(assay_buffer *out, const assay_json_value *picture, double size,
                      const double extent[2])
{
    placed labels_placed = {.n = 0};
    const assay_json_value *boxes = assay_json_get(picture, "boxes");
    for (int labels = 0; labels < 2; labels++) {
        for (size_t i = 0; i < assay_json_size(boxes); i++) {
            const assay_json_value *box = assay_json_at(boxes, i);
            bool truth = assay_text_equal(assay_json_get_text(box, "role", ""), "truth");
            const char *css = css_of(truth, assay_json_get_text(box, "state", ""));
            double b[4];
            if (!read_box(b, box)) {
                continue;
            }
            const assay_json_value *corners = assay_json_get(box, "corners");
            if (labels == 0) {
                if (corners == NULL || !put_turned(out, css, corners)) {
                    put_rect(out, css, b);
                }
            } else if (assay_text_ends_nocase(css, "missed") ||
                       assay_text_ends_nocase(css, "alarm")) {
                put_label(out, &labels_placed, box, b, css + sizeof "box", size, extent);
            }
        }
    }
}

static void put_picture(assay_buffer *out, const assay_json_value *picture)
{
    const char *image = assay_json_get_text(picture, "image", "");
    const char *id = assay_json_get_text(picture, "id", "");
    int64_t width = assay_json_get_int(picture, "width", 0);
    int64_t height = assay_json_get_int(picture, "height", 0);
    int64_t missed = assay_json_get_int(picture, "missed", 0);
    int64_t alarms = assay_json_get_int(picture, "false", 0);
    if (width < 1 || height < 1 || width > 1000000 || height > 1000000) {
        return;
    }
    double size = (double)(width > height ? width : height) / 34.0;
    assay_html_put(out,
                   "<figure class=\"photo\"><svg viewBox=\"0 0 %d %d\" role=\"img\" "
                   "aria-label=\"%s: %d missed, %d false alarms\">",
                   (int)width, (int)height, id, (int)missed, (int)alarms);
    if (assay_section_is_picture(image)) {
        assay_html_put(out, "<image width=\"%d\" height=\"%d\" href=\"", (int)width, (int)height);
        assay_buffer_puts(out, image);
        assay_buffer_puts(out, "\"/>");
    }
    const double extent[2] = {(double)width, (double)height};
    put_boxes(out, picture, size, extent);
    assay_html_put(out,
                   "</svg><figcaption><b>%d missed, %d false</b> <span class=\"name\">%s</span>"
                   "</figcaption></figure>\n",
                   (int)missed, (int)alarms, id);
}

static void put_key(assay_buffer *out)
{
    static const char *const keys[][2] = {{"box found", "object, found"},
                                          {"box missed", "object, missed"},
                                          {"box hit", "box of the model, right"},
                                          {"box alarm", "box of the model, false alarm"},
                                          {"box crowd", "does not count"}};
    assay_buffer_puts(out, "<p class=\"legend\">");
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        assay_html_put(out,
                       "<span><svg class=\"key\" width=\"26\" height=\"16\" aria-hidden="
                       "\"true\"><rect class=\"%s\" x=\"2\" y=\"2\" width=\"22\" "
                       "height=\"12\"/></svg> %s</span>",
                       keys[i][0], keys[i][1]);
    }
    assay_buffer_puts(out, "</p>\n");
}

static void put_group(assay_buffer *out, const assay_evidence *evidence,
                      const assay_json_value *first, bool open)
{
    assay_buffer_puts(out, open ? "</div>\n" : "");
    assay_html_put(
        out,
        "<h3 class=\"group\">%s <span class=\"quiet\">%s, boxes with a score of %s or "
        "more</span></h3>\n<div class=\"photos\">\n",
        assay_evidence_title(evidence->contexts, assay_json_get_text(first, "context", "")),
        assay_evidence_title(evidence->models, assay_json_get_text(first, "model", "")),
        assay_figure_fixed(assay_evidence_real(first, "threshold"), 2).text);
}

void assay_section_gallery(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *gallery = assay_json_get(evidence->root, "gallery");
    size_t n = assay_json_is_array(gallery) ? assay_json_size(gallery) : 0;
    size_t in_group = 0;
    const assay_json_value *before = NULL;
    bool folded = false;
    if (n == 0 || !assay_json_is_array(assay_json_get(assay_json_at(gallery, 0), "boxes"))) {
        return;
    }
    assay_section_begin(out, "gallery", "The worst images, to look at",
                        "The images with the most errors. What is missed and what is a false alarm "
                        "is written beside its box; a box drawn twice, solid and dashed, was "
                        "found.");
    const char *type =
        assay_json_get_text(assay_json_get(evidence->root, "detection"), "iou_type", "bbox");
    if (assay_text_equal(type, "segm") || assay_text_equal(type, "keypoints")) {
        assay_buffer_puts(out, "<p class=\"note\">Here an object counts as found when the boxes "
                               "overlap by half, whatever masks or keypoints say.</p>\n");
    }
    put_key(out);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        const assay_json_value *picture = assay_json_at(gallery, i);
        if (before == NULL || !assay_section_same_group(before, picture)) {
            if (folded) {
                assay_buffer_puts(out, "</div>\n</details>\n");
            }
            put_group(out, evidence, picture, before != NULL && !folded);
            folded = false;
            in_group = 0;
        }
        before = picture;
        if (in_group++ == OPEN) {
            assay_buffer_puts(out, "</div>\n<details>\n<summary>More of them</summary>\n<div "
                                   "class=\"photos\">\n");
            folded = true;
        }
        put_picture(out, picture);
    }
    assay_buffer_puts(out, folded ? "</div>\n</details>\n" : "</div>\n");
    assay_section_rest(out, n < SHOWN ? n : SHOWN, n, "images");
    assay_section_end(out);
}
