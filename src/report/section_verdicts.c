#include <math.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

static void put_words(assay_buffer *out, const assay_json_value *item,
                      void (*words)(assay_buffer *, const assay_json_value *))
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    words(&text, item);
    assay_html_buffer(out, &text);
    assay_buffer_dispose(&text);
}

/** A little scale: where the interval lies, where the threshold. */
static void put_picture(assay_buffer *out, const assay_evidence *evidence,
                        const assay_json_value *verdict)
{
    double value = assay_evidence_real(verdict, "value");
    double low = assay_evidence_real(verdict, "low"), high = assay_evidence_real(verdict, "high");
    double threshold = assay_evidence_real(verdict, "threshold");
    if (isnan(value) || isnan(threshold)) {
        return;
    }
    assay_scale scale = assay_words_scale(verdict);
    double from = fmin(fmin(value, threshold), isnan(low) ? value : low);
    double to = fmax(fmax(value, threshold), isnan(high) ? value : high);
    double room = (to - from) * 0.15;
    from -= room;
    to += room;
    if (from + room >= 0) { /* nothing lies below 0: no room is needed there */
        from = fmax(from, 0);
    }
    if (scale.percent) {
        from = fmax(from, 0);
        to = fmin(to, 1);
    }
    assay_track track = {.ticks = assay_ticks_make(from, to, 3), .percent = scale.percent};
    int model = assay_evidence_model(evidence, assay_json_get_text(verdict, "model", NULL));
    assay_buffer_puts(out, "<div class=\"picture\">");
    assay_track_begin(out, &track, 26, "The measured range beside the required value");
    assay_track_threshold(out, &track, -1, threshold, 0, 26);
    assay_track_interval(out, &track, model, 13, value, low, high);
    assay_track_end(out);
    assay_track_axis(out, &track);
    assay_buffer_puts(out, "</div>\n");
}

static void put_measured(assay_buffer *out, const assay_json_value *verdict)
{
    double value = assay_evidence_real(verdict, "value");
    assay_buffer between;
    assay_buffer_init(&between, 0);
    assay_words_between(&between, verdict);
    if (!isnan(value)) {
        assay_scale scale = assay_words_verdict_scale(verdict);
        const char *metric = assay_json_get_text(verdict, "metric", "");
        bool objects = assay_text_starts(metric, "coco_average_") ||
                       assay_text_starts(metric, "detection_average_");
        assay_html_put(out, "<div><dt>Measured</dt><dd><b>%s</b><small>on %s %s</small>",
                       assay_figure_value(scale, value).text,
                       assay_figure_count(assay_json_get_int(verdict, "n", 0)).text,
                       objects ? "objects" : "samples");
        assay_buffer_puts(out, "</dd></div>\n");
    }
    if (between.size > 0) {
        assay_buffer_puts(out, "<div><dt>True value</dt><dd>");
        assay_html_buffer(out, &between);
        double confidence = assay_evidence_real(verdict, "confidence");
        if (!isnan(confidence)) {
            int64_t decided =
                assay_json_get_int(assay_json_get(verdict, "sequential"), "decided_at", 0);
            assay_html_put(out, "<small>at %s confidence, each bound%s%s</small>",
                           assay_figure_limit((assay_scale){.percent = true}, confidence).text,
                           decided > 0 ? ", after sample " : "",
                           decided > 0 ? assay_figure_count(decided).text : "");
        }
        assay_buffer_puts(out, "</dd></div>\n");
    }
    assay_buffer_dispose(&between);
    assay_buffer_puts(out, "<div><dt>Needed</dt><dd><b>");
    put_words(out, verdict, assay_words_needed);
    assay_buffer_puts(out, "</b></dd></div>\n");
}

static void put_verdict(assay_buffer *out, const assay_evidence *evidence,
                        const assay_json_value *verdict)
{
    static const char *const css[] = {"met", "not-met", "open", "none"};
    assay_verdict_kind kind = assay_evidence_verdict(verdict);
    assay_html_put(out, "<article class=\"verdict %s\">\n<div class=\"top\"><div>", css[kind]);
    assay_html_put(out, "<p class=\"id\">%s</p>\n<h3>%s</h3></div>",
                   assay_json_get_text(verdict, "id", ""),
                   assay_json_get_text(verdict, "text", ""));
    assay_section_badge(out, kind);
    assay_buffer_puts(out, "</div>\n");
    if (!assay_words_composite(verdict)) {
        assay_buffer_puts(out, "<p class=\"what\">");
        put_words(out, verdict, assay_words_measure);
        assay_html_put(
            out, " of <b>%s</b> in <b>%s</b></p>\n",
            assay_evidence_title(evidence->models, assay_json_get_text(verdict, "model", "")),
            assay_evidence_place(evidence, verdict));
    }
    assay_buffer_puts(out, "<div class=\"two\"><dl class=\"facts three\">\n");
    put_measured(out, verdict);
    assay_buffer_puts(out, "</dl>\n");
    put_picture(out, evidence, verdict);
    assay_buffer_puts(out, "</div>\n<p class=\"why\">");
    put_words(out, verdict, assay_words_why);
    put_words(out, verdict, assay_words_more);
    if (kind == ASSAY_VERDICT_MET && assay_json_get_text(verdict, "attack", NULL) != NULL) {
        assay_buffer_puts(out, " This speaks of the attacks that were made; better ones may find "
                               "more.");
    }
    assay_buffer_puts(out, "</p>\n");
    assay_section_sequential(out, verdict);
    assay_section_characteristic(out, verdict);
    assay_buffer_puts(out, "</article>\n");
}

void assay_section_verdicts(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->verdicts);
    if (n == 0) {
        return;
    }
    assay_section_begin(
        out, "requirements", "Requirements",
        "A requirement is MET only when even the most cautious reading of the measurement "
        "satisfies "
        "it, and NOT MET only when even the most favourable one fails it. In the pictures the bar "
        "is the range in which the true value lies, the mark is what was measured, and the dashed "
        "line is what is needed.");
    for (size_t i = 0; i < n; i++) {
        put_verdict(out, evidence, assay_json_at(evidence->verdicts, i));
    }
    assay_section_end(out);
}
