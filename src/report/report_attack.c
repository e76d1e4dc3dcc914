#include <math.h>

#include "base/text.h"
#include "report/report.h"
#include "report/section.h"

static void put_fact(assay_buffer *out, const char *name, const char *value)
{
    assay_html_put(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

/* The worst case at the greatest eps in one sentence, and how many checks warn. */
static void put_headline(assay_buffer *out, const assay_json_value *a)
{
    const assay_json_value *worst = assay_json_get(a, "worst_case");
    const assay_json_value *checks = assay_json_get(a, "checks");
    const assay_json_value *clean = assay_json_get(a, "clean");
    size_t n = assay_json_size(worst);
    size_t warnings = 0;
    for (size_t c = 0; c < assay_json_size(checks); c++) {
        warnings +=
            assay_text_equal(assay_json_get_text(assay_json_at(checks, c), "state", ""), "warning");
    }
    assay_html_put(out,
                   "<div class=\"headline %s\">\n<p class=\"outcome\">%s right answers without an "
                   "attack",
                   warnings > 0 ? "open" : "met",
                   assay_figure_percent(assay_evidence_real(clean, "value"), 1).text);
    for (size_t e = 0; e<n; e += n> 1 ? n - 1 : 1) {
        const assay_json_value *point = assay_json_at(worst, e);
        assay_html_put(out, ", %s at eps %s",
                       assay_figure_percent(assay_evidence_real(point, "value"), 1).text,
                       assay_figure_round(assay_evidence_real(point, "eps")).text);
    }
    assay_buffer_puts(out, "</p>\n<p>");
    if (warnings > 0) {
        assay_html_put(out, "%zu of the automatic checks %s: read what it means below.", warnings,
                       warnings == 1 ? "warns" : "warn");
    } else {
        assay_buffer_puts(out,
                          "The automatic checks found no reason to doubt these numbers. A better "
                          "attack may still find more.");
    }
    assay_buffer_puts(out, "</p>\n</div>\n");
}

static void put_facts(assay_buffer *out, const assay_json_value *a)
{
    assay_buffer_puts(out, "<dl class=\"facts\">\n");
    put_fact(out, "Model", assay_json_get_text(a, "model", "?"));
    put_fact(out, "Data", assay_json_get_text(a, "data", "?"));
    put_fact(out, "Images", assay_figure_count(assay_json_get_int(a, "n", 0)).text);
    put_fact(out, "Norm", assay_json_get_text(a, "norm", "?"));
    put_fact(out, "Right answers", assay_json_get_text(a, "labels", "of the data"));
    const char *target = assay_json_get_text(a, "target_class", NULL);
    if (target != NULL) {
        put_fact(out, "Wanted answer", target);
    }
    const char *substitute = assay_json_get_text(a, "gradients_from", NULL);
    if (substitute != NULL) {
        put_fact(out, "Gradients from", substitute);
    }
    if (assay_json_get_int(a, "repeats", 1) > 1) {
        put_fact(out, "Gradients averaged over",
                 assay_figure_count(assay_json_get_int(a, "repeats", 1)).text);
    }
    if (assay_evidence_real(a, "noise") > 0.0) {
        put_fact(out, "Noise on gradients",
                 assay_figure_round(assay_evidence_real(a, "noise")).text);
    }
    put_fact(out, "Seed", assay_figure_count(assay_json_get_int(a, "seed", 0)).text);
    assay_buffer_puts(out, "</dl>\n");
}

assay_status assay_report_attack(assay_buffer *out, const assay_json_value *a, assay_error *err)
{
    const assay_evidence evidence = {.marking = ""};
    const char *version = assay_json_get_text(a, "assay", "");
    if (!assay_json_is_array(assay_json_get(a, "attacks"))) {
        return assay_fail(err, ASSAY_EFORMAT, "not an assessment of attacks");
    }
    assay_page_head(out, version, "", "Deliberate changes");
    assay_buffer_puts(out, "<body>\n<main>\n<header>\n<p class=\"kicker\">Adversarial "
                           "assessment</p>\n<h1>What deliberate changes do to it</h1>\n");
    put_headline(out, a);
    assay_buffer_puts(
        out, "<p class=\"lead\">Somebody who wants a wrong answer changes the image on "
             "purpose, by at most eps. The lines show how many right answers are left. An "
             "attack that fails proves nothing by itself: read whether the numbers are to be "
             "believed.</p>\n");
    put_facts(out, a);
    assay_buffer_puts(out, "</header>\n<section>\n");
    assay_section_attack(out, &evidence, a);
    assay_html_put(
        out,
        "</section>\n<footer><p>Written by Assay %s from attack.json. For models that one "
        "is authorised to test.</p></footer>\n</main>\n</body>\n</html>\n",
        version);
    return assay_buffer_status(out, err);
}
