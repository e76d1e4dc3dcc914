#include <math.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

typedef struct dots {
    assay_dot dot[ASSAY_EVIDENCE_MODELS];
    double threshold[ASSAY_EVIDENCE_MODELS];
    bool any;
} dots;

static void read_thresholds(dots *out, const assay_evidence *evidence, int context)
{
    for (size_t i = 0; i < assay_json_size(evidence->verdicts); i++) {
        const assay_json_value *verdict = assay_json_at(evidence->verdicts, i);
        if (!assay_text_equal(assay_json_get_text(verdict, "metric", ""), evidence->headline) ||
            !assay_json_is_null(assay_json_get(verdict, "class")) ||
            !assay_text_equal(assay_json_get_text(verdict, "context", NULL),
                              evidence->context_names[context])) {
            continue;
        }
        int model = assay_evidence_model(evidence, assay_json_get_text(verdict, "model", NULL));
        if (model >= 0 &&
            assay_evidence_about(verdict, assay_evidence_headline(evidence, model, context))) {
            out->threshold[model] = assay_evidence_real(verdict, "threshold");
        }
    }
}

static dots read_dots(const assay_evidence *evidence, int context)
{
    dots out = {.any = false};
    for (size_t i = 0; i < evidence->n_models; i++) {
        assay_section_read_dot(&out.dot[i], assay_evidence_headline(evidence, (int)i, context));
        out.threshold[i] = NAN;
        out.any = out.any || !isnan(out.dot[i].value);
    }
    read_thresholds(&out, evidence, context);
    return out;
}

static assay_track track_of(const assay_evidence *evidence)
{
    const assay_metric_words *words = assay_words_metric(evidence->headline);
    assay_track track = {.percent = words != NULL && words->percent};
    double low = NAN, high = NAN;
    size_t n = evidence->n_models * evidence->n_contexts;
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *measure = evidence->headline_values[i];
        low = fmin(
            low, fmin(assay_evidence_real(measure, "low"), assay_evidence_real(measure, "value")));
        high = fmax(high, fmax(assay_evidence_real(measure, "high"),
                               assay_evidence_real(measure, "value")));
    }
    for (size_t i = 0; i < assay_json_size(evidence->verdicts); i++) {
        const assay_json_value *verdict = assay_json_at(evidence->verdicts, i);
        if (assay_text_equal(assay_json_get_text(verdict, "metric", ""), evidence->headline) &&
            assay_json_get_text(verdict, "extreme", NULL) == NULL) {
            low = fmin(low, assay_evidence_real(verdict, "threshold"));
            high = fmax(high, assay_evidence_real(verdict, "threshold"));
        }
    }
    track.ticks = track.percent ? assay_ticks_share(low, high) : assay_ticks_make(low, high, 5);
    return track;
}

static void put_context(assay_buffer *out, const assay_evidence *evidence, const assay_track *track,
                        int context)
{
    const assay_json_value *item = assay_json_at(evidence->contexts, (size_t)context);
    const assay_json_value *perturbation = assay_json_get(item, "perturbation");
    const char *where = assay_json_get_text(item, "where", "");
    dots row = read_dots(evidence, context);
    assay_buffer small;
    assay_buffer_init(&small, 0);
    if (where[0] != '\0' || assay_json_is_object(perturbation)) {
        assay_buffer_puts(
            &small, assay_evidence_data_title(evidence, assay_json_get_text(item, "data", "")));
    }
    if (where[0] != '\0') {
        assay_buffer_puts(&small, " where ");
        assay_buffer_puts(&small, where);
    }
    if (assay_json_is_object(perturbation)) {
        assay_buffer_puts(&small, " with ");
        assay_words_perturbation(&small, perturbation);
    }
    assay_section_dots(out, evidence, track, assay_evidence_context_title(evidence, context),
                       small.data, row.dot, row.threshold);
    if (small.failed != ASSAY_OK) {
        out->failed = small.failed;
    }
    assay_buffer_dispose(&small);
}

static void put_group(assay_buffer *out, const assay_evidence *evidence, const assay_track *track,
                      const char *kind, const char *heading)
{
    enum { MOST = 200 };
    size_t found = 0, shown = 0;
    for (size_t i = 0; i < evidence->n_contexts; i++) {
        const char *own = assay_json_get_text(assay_json_at(evidence->contexts, i), "kind", "");
        bool same = kind != NULL
                        ? assay_text_equal(own, kind)
                        : !assay_text_equal(own, "dataset") && !assay_text_equal(own, "slice") &&
                              !assay_text_equal(own, "perturbation");
        if (!same || assay_evidence_in_sweep(evidence, (int)i) || found++ >= MOST) {
            continue;
        }
        if (shown++ == 0) {
            assay_html_put(out, "<h3 class=\"group\">%s</h3>\n<div class=\"dots\">\n", heading);
        }
        put_context(out, evidence, track, (int)i);
    }
    if (shown > 0) {
        assay_section_dots_foot(out, track, assay_evidence_real(evidence->run, "level"));
        assay_buffer_puts(out, "</div>\n");
        assay_section_rest(out, shown, found, "contexts");
    }
}

void assay_section_contexts(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_metric_words *words = assay_words_metric(evidence->headline);
    if (evidence->n_contexts == 0 || evidence->n_models == 0) {
        return;
    }
    assay_track track = track_of(evidence);
    assay_buffer lead;
    assay_buffer_init(&lead, 0);
    assay_words_metric_title(&lead, evidence->headline);
    assay_buffer_puts(&lead, " in every context. ");
    assay_buffer_puts(&lead, words != NULL ? words->meaning : "");
    assay_buffer_puts(&lead, " The mark is the measured value; the bar around it is the range in "
                             "which the true value lies with the stated confidence. Short bars "
                             "mean many samples. A dashed line is a requirement.");
    assay_section_begin(out, "contexts", "Where it works and where it fails",
                        lead.data != NULL ? lead.data : "");
    assay_buffer_dispose(&lead);
    assay_section_legend(out, evidence);
    put_group(out, evidence, &track, "dataset", "Whole data sets");
    put_group(out, evidence, &track, "slice", "Parts of the data");
    put_group(out, evidence, &track, "perturbation", "Disturbed data");
    put_group(out, evidence, &track, NULL, "Other contexts");
    assay_section_end(out);
}
