#include <math.h>
#include <string.h>

#include "report/section.h"

enum { OPEN = 8, PER_GROUP = 24, SHOWN = 240 };

static void put_picture(assay_buffer *out, const char *image, const char *alt, const char *caption)
{
    assay_buffer_puts(out, "<span class=\"thumb\">");
    if (assay_section_is_picture(image)) {
        assay_buffer_puts(out, "<img src=\"");
        assay_buffer_puts(out, image);
        assay_html_put(out, "\" alt=\"%s\">", alt);
    } else {
        assay_buffer_puts(out, "<span class=\"noimage\">no picture</span>");
    }
    assay_html_put(out, "<small>%s</small></span>", caption);
}

static void put_example(assay_buffer *out, const assay_json_value *example)
{
    const char *id = assay_json_get_text(example, "id", "");
    const char *target = assay_json_get_text(example, "target", "?");
    const char *label = assay_json_get_text(example, "label", "?");
    const char *seen = assay_json_get_text(example, "seen", "");
    double confidence = assay_evidence_real(example, "confidence");
    double p_target = assay_evidence_real(example, "p_target");
    bool right = strcmp(target, label) == 0;
    assay_buffer_puts(out, "<li class=\"example\"><div class=\"thumbs\">");
    const char *image = assay_json_get_text(example, "image", "");
    bool same = strcmp(image, seen) == 0;
    put_picture(out, image, id, same ? "image as seen" : "the image");
    if (seen[0] != '\0' && !same) {
        put_picture(out, seen, "what the model was given", "what it saw");
    }
    assay_html_put(out, "</div><p>true <b>%s</b>, answered <b class=\"%s\">%s</b></p>", target,
                   right ? "good" : "bad", label);
    if (!isnan(confidence)) {
        assay_html_put(out, "<p class=\"quiet\">%s sure", assay_figure_percent(confidence, 1).text);
        if (!isnan(p_target) && !right) {
            assay_html_put(out, "; true class: %s", assay_figure_percent(p_target, 1).text);
        }
        assay_buffer_puts(out, "</p>");
    }
    assay_html_put(out, "<p class=\"name\">%s</p></li>\n", id);
}

void assay_section_examples(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->examples), shown = 0, in_group = 0;
    const assay_json_value *before = NULL;
    bool folded = false;
    if (n == 0) {
        return;
    }
    assay_section_begin(out, "examples", "The worst mistakes, to look at",
                        "The samples on which the model was most sure and yet wrong. Where the "
                        "picture that the model saw differs from the image, the difference is the "
                        "preparation of the input.");
    for (size_t i = 0; i < n && shown < SHOWN; i++) {
        const assay_json_value *example = assay_json_at(evidence->examples, i);
        if (before == NULL || !assay_section_same_group(before, example)) {
            assay_buffer_puts(out, before != NULL ? "</ul>\n" : "");
            assay_buffer_puts(out, folded ? "</details>\n" : "");
            folded = false;
            assay_section_group(out, evidence, example);
            assay_buffer_puts(out, "<ul class=\"examples\">\n");
            in_group = 0;
        }
        before = example;
        if (in_group == OPEN) {
            assay_buffer_puts(out, "</ul>\n<details>\n<summary>More of them</summary>\n<ul "
                                   "class=\"examples\">\n");
            folded = true;
        }
        if (in_group++ < PER_GROUP) {
            put_example(out, example);
            shown++;
        }
    }
    assay_buffer_puts(out, folded ? "</ul>\n</details>\n" : "</ul>\n");
    assay_section_rest(out, shown, n, "examples");
    assay_section_end(out);
}
