#include "report/report.h"
#include "report/section.h"

typedef struct part {
    const char *id, *name;
    void (*put)(assay_buffer *, const assay_evidence *);
} part;

static const part parts[] = {
    {NULL, NULL, assay_section_summary},
    {"requirements", "Requirements", assay_section_verdicts},
    {"findings", "Findings", assay_section_findings},
    {"contexts", "Contexts", assay_section_contexts},
    {"compare", "Comparison", assay_section_compare},
    {"boxes", "Objects", assay_section_boxes},
    {"masks", "Areas", assay_section_masks},
    {"fairness", "Groups", assay_section_fairness},
    {"sweeps", "Disturbances", assay_section_sweeps},
    {"gallery", "Images", assay_section_gallery},
    {"mask-gallery", "Images", assay_section_mask_gallery},
    {"attacks", "Attacks", assay_section_attacks},
    {"breakdowns", "Properties", assay_section_breakdowns},
    {"confusion", "Mix-ups", assay_section_confusion},
    {"reliability", "Confidence", assay_section_reliability},
    {"risk-coverage", "Abstaining", assay_section_risk_coverage},
    {"examples", "Examples", assay_section_examples},
    {"data", "Data", assay_section_data},
    {"measures", "All measures", assay_section_measures},
    {"reading", "How to read", assay_section_glossary},
    {"provenance", "Provenance", assay_section_provenance},
};

void assay_page_head(assay_buffer *out, const char *version, const char *marking, const char *title)
{
    assay_buffer_puts(
        out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src "
             "data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n");
    assay_html_put(out, "<meta name=\"generator\" content=\"Assay %s\">\n", version);
    if (marking[0] != '\0') {
        assay_html_put(out, "<meta name=\"classification\" content=\"%s\">\n", marking);
    }
    assay_html_put(out, "<title>%s%s%s</title>\n", marking, marking[0] != '\0' ? " \xc2\xb7 " : "",
                   title);
    assay_style_put(out);
    assay_buffer_puts(out, "</head>\n");
}

static void put_marking(assay_buffer *out, const assay_evidence *evidence, const char *css)
{
    if (evidence->marking[0] != '\0') {
        assay_html_put(out, "<div class=\"marking %s\">%s</div>\n", css, evidence->marking);
    }
}

/** Links to the sections that have something to show. */
static void put_contents(assay_buffer *out, const bool *has)
{
    assay_buffer_puts(out, "<nav aria-label=\"Contents\">");
    for (size_t i = 1; i < ASSAY_COUNT(parts); i++) {
        if (has[i]) {
            assay_html_put(out, "<a href=\"#%s\">%s</a>", parts[i].id, parts[i].name);
        }
    }
    assay_buffer_puts(out, "</nav>\n");
}

static void put_body(assay_buffer *out, const assay_evidence *evidence)
{
    bool has[ASSAY_COUNT(parts)] = {false};
    assay_buffer sections;
    assay_buffer_init(&sections, 0);
    for (size_t i = 1; i < ASSAY_COUNT(parts); i++) {
        size_t before = sections.size;
        parts[i].put(&sections, evidence);
        has[i] = sections.size > before;
    }
    /* A table's head and foot are the only thing that browsers repeat on every printed page and
     * keep room for; on the screen they are banners. */
    assay_buffer_puts(out, "<body>\n");
    put_marking(out, evidence, "top");
    assay_buffer_puts(out, "<table class=\"page\" role=\"presentation\">\n<thead aria-hidden="
                           "\"true\"><tr><td><div class=\"space\"></div></td></tr></thead>\n"
                           "<tbody><tr><td>\n<main>\n");
    assay_section_summary(out, evidence);
    put_contents(out, has);
    if (sections.failed != ASSAY_OK && out->failed == ASSAY_OK) {
        out->failed = sections.failed;
    }
    assay_buffer_append(out, sections.data != NULL ? sections.data : "", sections.size);
    assay_buffer_dispose(&sections);
    assay_html_put(out,
                   "<footer><p>Written by Assay %s from results.json. The same evidence always "
                   "gives the same report.</p></footer>\n</main>\n</td></tr></tbody>\n<tfoot "
                   "aria-hidden=\"true\"><tr><td><div class=\"space\"></div></td></tr></tfoot>\n"
                   "</table>\n",
                   assay_json_get_text(evidence->root, "assay", ""));
    put_marking(out, evidence, "bottom");
    assay_buffer_puts(out, "</body>\n</html>\n");
}

assay_status assay_report_html(assay_buffer *out, const assay_json_value *results, assay_error *err)
{
    assay_evidence evidence;
    ASSAY_TRY(assay_evidence_open(&evidence, results, err));
    assay_page_head(out, assay_json_get_text(evidence.root, "assay", ""), evidence.marking,
                    assay_json_get_text(evidence.run, "title", "Test report"));
    put_body(out, &evidence);
    assay_arena_free(evidence.arena);
    return assay_buffer_status(out, err);
}
