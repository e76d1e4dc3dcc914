#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

typedef struct term {
    const char *word, *meaning;
} term;

static const term terms[] = {
    {"Interval",
     "A test on samples never gives the true value exactly. The interval is the range in which the "
     "true value lies with the stated confidence. A narrow interval means that we know it well."},
    {"Confidence",
     "How often the procedure is right. With 95 % confidence, 95 of 100 such intervals contain the "
     "true value. The bounds that decide a requirement are one-sided: each holds at the stated "
     "confidence on its own."},
    {"n (samples)",
     "How many samples a number rests on. Four times as many samples make an interval about half "
     "as wide."},
    {"Context",
     "The setting in which the model was measured: a data set, a part of it, or a disturbed "
     "version of it."},
    {"MET", "Even the most cautious reading of the measurement satisfies the requirement."},
    {"NOT MET", "Even the most favourable reading of the measurement fails the requirement."},
    {"INCONCLUSIVE",
     "The required value lies inside the interval. The test was too small to decide; this is "
     "neither a pass nor a fail."},
    {"NOT EVALUATED", "The requirement could not be tested; the reason is given with it."},
    {"Not defined",
     "The measure has no value here, for example the precision of a class that the model never "
     "named."},
};

/* The metrics among these that the evidence has. */
static void put_used(assay_buffer *out, const assay_evidence *evidence,
                     const assay_metric_words *metrics, size_t n)
{
    size_t total = assay_json_size(evidence->measures);
    for (size_t i = 0; i < n; i++) {
        bool used = false;
        for (size_t m = 0; m < total && !used; m++) {
            used = assay_text_equal(
                assay_json_get_text(assay_json_at(evidence->measures, m), "metric", ""),
                metrics[i].name);
        }
        if (used) {
            assay_html_put(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", metrics[i].title,
                           metrics[i].meaning);
        }
    }
}

void assay_section_glossary(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_metric_words *metrics = NULL;
    size_t n = assay_words_metrics(&metrics);
    assay_section_begin(out, "reading", "How to read this report", NULL);
    assay_buffer_puts(out, "<dl class=\"glossary\">\n");
    for (size_t i = 0; i < ASSAY_COUNT(terms); i++) {
        assay_html_put(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", terms[i].word, terms[i].meaning);
    }
    put_used(out, evidence, metrics, n);
    n = assay_words_boxes(&metrics);
    put_used(out, evidence, metrics, n);
    n = assay_words_masks(&metrics);
    put_used(out, evidence, metrics, n);
    assay_buffer_puts(out, "</dl>\n");
    assay_section_end(out);
}
