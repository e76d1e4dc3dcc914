#include <math.h>

#include "base/text.h"
#include "report/compare.h"
#include "report/markdown.h"
#include "report/words.h"
#include "report/write.h"

enum { PAIRS = 30, ROWS = 2000 };

static void put_row(assay_buffer *out, const assay_evidence *evidence, const assay_json_value *item)
{
    assay_scale scale = assay_compare_scale(item);
    const assay_json_value *a = assay_json_get(item, "in_a"), *b = assay_json_get(item, "in_b");
    double low = assay_evidence_real(item, "low"), high = assay_evidence_real(item, "high");
    assay_markdown_put(
        out, "| %s | ",
        assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", "")));
    assay_markdown_words(out, item, assay_words_measure);
    assay_markdown_put(out, " | %s | %s | %s",
                       assay_figure_value(scale, assay_evidence_real(a, "value")).text,
                       assay_figure_value(scale, assay_evidence_real(b, "value")).text,
                       assay_figure_value(scale, assay_evidence_real(item, "difference")).text);
    if (!isnan(low) && !isnan(high)) {
        assay_markdown_put(out, " (%s to %s)", assay_figure_bare(scale, low).text,
                           assay_figure_bare(scale, high).text);
    }
    assay_markdown_put(out, " | %s | %s |\n",
                       assay_compare_p(assay_evidence_real(item, "p_adjusted")).text,
                       assay_compare_better(evidence, item));
}

static const char *adjustment_title(const assay_json_value *item)
{
    const char *name = assay_json_get_text(item, "adjustment", "holm");
    return assay_text_equal(name, "holm")                  ? "Holm"
           : assay_text_equal(name, "westfall_young_maxt") ? "Westfall and Young's maxT"
                                                           : name;
}

/** What the data say about the pair being close enough, metric by metric. */
static void put_closeness(assay_buffer *out, const assay_evidence *evidence,
                          const assay_json_value *pair)
{
    const assay_json_value *list = assay_compare_list(evidence);
    size_t rows = 0;
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        if (!assay_compare_is_pair(item, pair) || !assay_compare_has_closeness(item) ||
            rows++ >= ROWS) {
            continue;
        }
        assay_buffer_puts(out, rows == 1 ? "\nClose enough?\n\n" : "");
        assay_markdown_put(
            out, "- %s, ",
            assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", "")));
        assay_markdown_words(out, item, assay_words_measure);
        assay_buffer_puts(out, ": ");
        assay_buffer text;
        assay_buffer_init(&text, 0);
        assay_words_closeness(&text, evidence, item);
        assay_markdown_buffer(out, &text);
        assay_buffer_dispose(&text);
        assay_buffer_puts(out, "\n");
    }
}

void assay_markdown_compare(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *pairs[PAIRS];
    const assay_json_value *list = assay_compare_list(evidence);
    size_t n = assay_compare_pairs(evidence, pairs, PAIRS);
    if (n == 0) {
        return;
    }
    assay_markdown_put(
        out,
        "## Which model is better, and where\n\nDifferences on the same data, with allowance for "
        "the number of comparisons (%s).\n\n",
        adjustment_title(pairs[0]));
    for (size_t k = 0; k < n && k < PAIRS; k++) {
        const char *a =
            assay_evidence_title(evidence->models, assay_json_get_text(pairs[k], "a", ""));
        const char *b =
            assay_evidence_title(evidence->models, assay_json_get_text(pairs[k], "b", ""));
        size_t rows = 0;
        assay_markdown_put(out,
                           "### %s against %s\n\n| Context | Metric | %s | %s | Difference | p, "
                           "adjusted | Better |\n|---|---|---|---|---|---|---|\n",
                           b, a, a, b);
        for (size_t i = 0; i < assay_json_size(list); i++) {
            const assay_json_value *item = assay_json_at(list, i);
            if (assay_compare_is_pair(item, pairs[k]) && rows++ < ROWS) {
                put_row(out, evidence, item);
            }
        }
        if (rows > ROWS) {
            assay_markdown_put(out, "\nThe first %d of %zu are shown; all are in results.json.\n",
                               (int)ROWS, rows);
        }
        put_closeness(out, evidence, pairs[k]);
        assay_buffer_puts(out, "\n");
    }
}
