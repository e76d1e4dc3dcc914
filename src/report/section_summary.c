#include <math.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

static void put_tiles(assay_buffer *out, const assay_evidence *evidence)
{
    static const char *const css[] = {"met", "not-met", "open", "none"};
    assay_buffer_puts(out, "<ul class=\"tiles\">");
    for (int kind = 0; kind < 4; kind++) {
        if (evidence->counts[kind] > 0) {
            assay_html_put(out, "<li class=\"%s\"><b>%s</b>", css[kind],
                           assay_figure_count(evidence->counts[kind]).text);
            assay_section_badge(out, (assay_verdict_kind)kind);
            assay_buffer_puts(out, "</li>");
        }
    }
    assay_buffer_puts(out, "</ul>\n");
}

/** The value of a model in a context as "92.1 % in Field data (n = 1,000)". */
static void put_glance(assay_buffer *out, const assay_evidence *evidence,
                       const assay_json_value *measure, int context)
{
    assay_buffer value;
    assay_buffer_init(&value, 0);
    assay_words_value(&value, measure);
    assay_buffer_puts(out, "<b>");
    assay_html_buffer(out, &value);
    assay_html_put(out, "</b> in %s (n\xc2\xa0=\xc2\xa0%s)",
                   assay_evidence_context_title(evidence, context),
                   assay_figure_count(assay_json_get_int(measure, "n", 0)).text);
    assay_buffer_dispose(&value);
}

/** Best and worst context of a model by what is certain: the best has the highest lower bound, the
 *  worst the lowest upper bound, so that a lucky context of three samples is neither. Strengths of
 *  sweeps are left out: the strongest disturbance says more about the plan than about the model. */
static void put_extremes(assay_buffer *out, const assay_evidence *evidence, int model)
{
    const assay_metric_words *words = assay_words_metric(evidence->headline);
    double sign = words != NULL && words->better < 0 ? -1 : 1;
    int best = -1, worst = -1;
    double high = 0, low = 0;
    for (size_t i = 0; i < evidence->n_contexts; i++) {
        const assay_json_value *measure = assay_evidence_headline(evidence, model, (int)i);
        double value = sign * assay_evidence_real(measure, "value");
        double lower = assay_evidence_real(measure, sign > 0 ? "low" : "high") * sign;
        double upper = assay_evidence_real(measure, sign > 0 ? "high" : "low") * sign;
        if (isnan(value) || assay_evidence_in_sweep(evidence, (int)i)) {
            continue;
        }
        lower = isnan(lower) ? value : lower;
        upper = isnan(upper) ? value : upper;
        if (best < 0 || lower > high) {
            best = (int)i;
            high = lower;
        }
        if (worst < 0 || upper < low) {
            worst = (int)i;
            low = upper;
        }
    }
    if (best < 0) {
        return;
    }
    assay_html_put(out, "<li><b>%s</b>: ", assay_evidence_model_title(evidence, model));
    assay_buffer title;
    assay_buffer_init(&title, 0);
    assay_words_metric_title(&title, evidence->headline);
    assay_html_buffer(out, &title);
    assay_buffer_dispose(&title);
    assay_buffer_puts(out, " ");
    if (best == worst) {
        put_glance(out, evidence, assay_evidence_headline(evidence, model, best), best);
    } else {
        assay_buffer_puts(out, "from ");
        put_glance(out, evidence, assay_evidence_headline(evidence, model, best), best);
        assay_buffer_puts(out, " down to ");
        put_glance(out, evidence, assay_evidence_headline(evidence, model, worst), worst);
    }
    assay_buffer_puts(out, ".</li>\n");
}

static void put_titles(assay_buffer *out, const char *name, const assay_json_value *list)
{
    size_t n = assay_json_size(list);
    if (n == 0) {
        return;
    }
    assay_html_put(out, "<div><dt>%s</dt>", name);
    for (size_t i = 0; i < n && i < 8; i++) {
        const assay_json_value *item = assay_json_at(list, i);
        int64_t size = assay_json_get_int(item, "n", -1);
        const char *title = assay_json_get_text(item, "title", "");
        assay_html_put(out, "<dd>%s",
                       title[0] != '\0' ? title : assay_json_get_text(item, "name", ""));
        if (size >= 0) {
            assay_html_put(out, " <span class=\"quiet\">(%s samples)</span>",
                           assay_figure_count(size).text);
        }
        assay_buffer_puts(out, "</dd>");
    }
    if (n > 8) {
        assay_html_put(out, "<dd class=\"quiet\">and %zu more</dd>", n - 8);
    }
    assay_buffer_puts(out, "</div>\n");
}

static void put_fact(assay_buffer *out, const char *name, const char *text)
{
    if (text[0] != '\0') {
        assay_html_put(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, text);
    }
}

static void put_facts(assay_buffer *out, const assay_evidence *evidence)
{
    assay_buffer time;
    assay_buffer_init(&time, 0);
    assay_words_time(&time, assay_json_get_text(evidence->run, "finished", ""));
    assay_buffer_puts(out, "<dl class=\"facts\">\n");
    put_titles(out, evidence->n_models == 1 ? "Model" : "Models", evidence->models);
    put_titles(out, "Data", evidence->data);
    if (evidence->n_contexts > 0) {
        assay_html_put(out, "<div><dt>Contexts</dt><dd>%zu</dd></div>\n",
                       assay_json_size(evidence->contexts));
    }
    put_fact(out, "Tested", time.data != NULL ? time.data : "");
    put_fact(out, "Test plan",
             assay_json_get_text(assay_json_get(evidence->run, "plan"), "path", ""));
    put_fact(out, "Marking", evidence->marking);
    assay_buffer_puts(out, "</dl>\n");
    if (time.failed != ASSAY_OK) {
        out->failed = time.failed;
    }
    assay_buffer_dispose(&time);
}

static const char *worst_css(const assay_evidence *evidence)
{
    if (assay_json_size(evidence->verdicts) == 0) {
        return "none";
    }
    return evidence->counts[ASSAY_VERDICT_NOT_MET] > 0         ? "not-met"
           : evidence->counts[ASSAY_VERDICT_INCONCLUSIVE] > 0  ? "open"
           : evidence->counts[ASSAY_VERDICT_NOT_EVALUATED] > 0 ? "none"
                                                               : "met";
}

void assay_section_summary(assay_buffer *out, const assay_evidence *evidence)
{
    const char *status = assay_json_get_text(evidence->run, "status", "complete");
    const char *description = assay_json_get_text(evidence->run, "description", "");
    const char *estimand = assay_json_get_text(evidence->run, "estimand", "");
    assay_buffer outcome;
    assay_buffer_init(&outcome, 0);
    assay_words_outcome(&outcome, evidence);
    assay_html_put(out, "<header>\n<p class=\"kicker\">Test report</p>\n<h1>%s</h1>\n",
                   assay_json_get_text(evidence->run, "title", "Untitled test"));
    if (description[0] != '\0') {
        assay_html_put(out, "<p class=\"description\">%s</p>\n", description);
    }
    if (!assay_text_equal(status, "complete")) {
        assay_html_put(out,
                       "<p class=\"warning\"><b>This test is not complete</b> (state: %s). The "
                       "numbers below cover only what was finished.</p>\n",
                       status);
    }
    assay_html_put(out, "<div class=\"headline %s\">\n<p class=\"outcome\">", worst_css(evidence));
    assay_html_buffer(out, &outcome);
    assay_buffer_puts(out, "</p>\n");
    assay_buffer_dispose(&outcome);
    if (assay_json_size(evidence->verdicts) > 0) {
        put_tiles(out, evidence);
    }
    assay_buffer_puts(out, "<ul class=\"glance\">");
    for (size_t i = 0; i < evidence->n_models; i++) {
        put_extremes(out, evidence, (int)i);
    }
    assay_buffer_puts(out, "</ul>\n</div>\n");
    put_facts(out, evidence);
    if (estimand[0] != '\0') {
        assay_html_put(out, "<p class=\"note\"><b>What the numbers speak about.</b> %s</p>\n",
                       estimand);
    }
    assay_buffer_puts(out, "</header>\n");
}
