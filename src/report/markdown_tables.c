#include "report/markdown.h"

#include <math.h>

#include "base/text.h"
#include "report/words.h"
#include "report/write.h"

enum { ROWS = 5000, EXAMPLES = 240, SKIPPED = 200 };

static void put_rest(assay_buffer *out, size_t shown, size_t total)
{
    if (shown < total) {
        assay_markdown_put(out, "\nThe first %zu of %zu are shown; all are in results.json.\n",
                           shown, total);
    }
}

static void put_value(assay_buffer *out, const assay_json_value *measure)
{
    assay_buffer interval;
    assay_buffer_init(&interval, 0);
    assay_markdown_words(out, measure, assay_words_value);
    assay_words_interval(&interval, measure);
    if (interval.size > 0) {
        assay_buffer_puts(out, " (");
        assay_markdown_buffer(out, &interval);
        assay_buffer_puts(out, ")");
    }
    assay_buffer_dispose(&interval);
}

static void put_model_heads(assay_buffer *out, const assay_evidence *evidence)
{
    for (size_t i = 0; i < evidence->n_models; i++) {
        assay_markdown_put(out, " %s |", assay_evidence_model_title(evidence, (int)i));
    }
    assay_buffer_puts(out, " n |\n|---|");
    for (size_t i = 0; i <= evidence->n_models; i++) {
        assay_buffer_puts(out, "---|");
    }
    assay_buffer_puts(out, "\n");
}

static void put_models(assay_buffer *out, const assay_evidence *evidence, int context)
{
    int64_t n = 0;
    for (size_t i = 0; i < evidence->n_models; i++) {
        const assay_json_value *measure = assay_evidence_headline(evidence, (int)i, context);
        assay_buffer_puts(out, " ");
        if (measure != NULL) {
            put_value(out, measure);
            n = assay_json_get_int(measure, "n", n);
        }
        assay_buffer_puts(out, " |");
    }
    assay_markdown_put(out, " %s |\n", assay_figure_count(n).text);
}

static void put_contexts(assay_buffer *out, const assay_evidence *evidence)
{
    if (evidence->n_contexts == 0 || evidence->n_models == 0) {
        return;
    }
    assay_buffer title;
    assay_buffer_init(&title, 0);
    assay_words_metric_title(&title, evidence->headline);
    assay_buffer_puts(out, "## Where it works and where it fails\n\n| ");
    assay_markdown_buffer(out, &title);
    assay_buffer_puts(out, " in |");
    assay_buffer_dispose(&title);
    put_model_heads(out, evidence);
    for (size_t i = 0; i < evidence->n_contexts; i++) {
        const assay_json_value *item = assay_json_at(evidence->contexts, i);
        const char *where = assay_json_get_text(item, "where", "");
        assay_markdown_put(out, "| %s%s%s%s |", assay_evidence_context_title(evidence, (int)i),
                           where[0] != '\0' ? " (" : "", where, where[0] != '\0' ? ")" : "");
        put_models(out, evidence, (int)i);
    }
    assay_buffer_puts(out, "\n");
}

static void put_sweeps(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->sweeps);
    assay_buffer_puts(out, n > 0 ? "## What disturbances do to it\n\n" : "");
    for (size_t s = 0; s < n; s++) {
        const assay_json_value *sweep = assay_json_at(evidence->sweeps, s);
        const assay_json_value *points = assay_json_get(sweep, "points");
        const char *title = assay_json_get_text(sweep, "title", "");
        assay_markdown_put(out, "### %s\n\n| %s |",
                           title[0] != '\0' ? title : assay_json_get_text(sweep, "name", ""),
                           assay_json_get_text(sweep, "param", "strength"));
        put_model_heads(out, evidence);
        for (size_t i = 0; assay_json_is_array(points) && i < assay_json_size(points) && i < 256;
             i++) {
            const assay_json_value *point = assay_json_at(points, i);
            double value = assay_evidence_real(point, "value");
            assay_markdown_put(out, "| %s |",
                               isnan(value) ? "clean" : assay_figure_short(value).text);
            put_models(
                out, evidence,
                assay_evidence_context(evidence, assay_json_get_text(point, "context", NULL)));
        }
        assay_buffer_puts(out, "\n");
    }
}

static void put_breakdowns(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->breakdowns), rows = 0, total = 0;
    if (n == 0) {
        return;
    }
    assay_buffer_puts(out,
                      "## Accuracy along the properties of the data\n\n| Data | Property | "
                      "Value | Model | Accuracy | n | Interval |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *item = assay_json_at(evidence->breakdowns, i);
        const assay_json_value *bins = assay_json_get(item, "bins");
        for (size_t b = 0; assay_json_is_array(bins) && b < assay_json_size(bins); b++) {
            const assay_json_value *bin = assay_json_at(bins, b);
            double value = assay_evidence_real(bin, "accuracy");
            double low = assay_evidence_real(bin, "accuracy_low");
            double high = assay_evidence_real(bin, "accuracy_high");
            assay_scale scale = assay_scale_of(true, value, low, high);
            if (++total > ROWS) {
                continue;
            }
            rows++;
            assay_markdown_put(
                out, "| %s | %s | %s | %s | %s (%s to %s) | %s | %s |\n",
                assay_evidence_data_title(evidence, assay_json_get_text(item, "data", "")),
                assay_json_get_text(item, "column", ""), assay_json_get_text(bin, "label", ""),
                assay_evidence_title(evidence->models, assay_json_get_text(item, "model", "")),
                assay_figure_value(scale, value).text, assay_figure_bare(scale, low).text,
                assay_figure_value(scale, high).text,
                assay_figure_count(assay_json_get_int(bin, "n", 0)).text,
                assay_json_get_text(item, "method", "\xe2\x80\x93"));
        }
    }
    put_rest(out, rows, total);
    assay_buffer_puts(out, "\n");
}

static void put_examples(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->examples), shown = n < EXAMPLES ? n : EXAMPLES;
    if (n == 0) {
        return;
    }
    assay_buffer_puts(out,
                      "## The worst mistakes\n\n| Context | Model | Sample | True | Answered | "
                      "Confidence |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < shown; i++) {
        const assay_json_value *item = assay_json_at(evidence->examples, i);
        assay_markdown_put(
            out, "| %s | %s | %s | %s | %s | %s |\n",
            assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", "")),
            assay_evidence_title(evidence->models, assay_json_get_text(item, "model", "")),
            assay_json_get_text(item, "id", ""), assay_json_get_text(item, "target", ""),
            assay_json_get_text(item, "label", ""),
            assay_figure_percent(assay_evidence_real(item, "confidence"), 1).text);
    }
    put_rest(out, shown, n);
    assay_buffer_puts(out, "\n");
}

static void put_data(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->data);
    assay_buffer_puts(out, n > 0 ? "## The data\n\n" : "");
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *data = assay_json_at(evidence->data, i);
        const assay_json_value *skipped = assay_json_get(data, "skipped");
        size_t left = assay_json_is_array(skipped) ? assay_json_size(skipped) : 0;
        assay_markdown_put(
            out, "- **%s**: %s samples, %s, %s; left out: %zu\n",
            assay_evidence_data_title(evidence, assay_json_get_text(data, "name", "")),
            assay_figure_count(assay_json_get_int(data, "n", 0)).text,
            assay_json_get_text(data, "path", ""), assay_json_get_text(data, "digest", ""), left);
        for (size_t s = 0; s < left && s < SKIPPED; s++) {
            const assay_json_value *item = assay_json_at(skipped, s);
            assay_markdown_put(out, "  - %s (%s): %s\n", assay_json_get_text(item, "id", ""),
                               assay_json_get_text(item, "where", ""),
                               assay_json_get_text(item, "reason", ""));
        }
        put_rest(out, left < SKIPPED ? left : SKIPPED, left);
    }
    assay_buffer_puts(out, n > 0 ? "\n" : "");
}

static void put_measures(assay_buffer *out, const assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->measures), shown = n < ROWS ? n : ROWS;
    if (n == 0) {
        return;
    }
    assay_buffer_puts(out, "## All measures\n\n| Context | Model | Measure | Value (interval) | "
                           "Level | n | Method |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < shown; i++) {
        const assay_json_value *item = assay_json_at(evidence->measures, i);
        const char *reason = assay_json_get_text(item, "reason", "");
        double value = assay_evidence_real(item, "value");
        bool excluded =
            value < assay_evidence_real(item, "low") || value > assay_evidence_real(item, "high");
        assay_markdown_put(out, "| %s | %s | ", assay_json_get_text(item, "context", ""),
                           assay_json_get_text(item, "model", ""));
        assay_markdown_words(out, item, assay_words_measure);
        assay_buffer_puts(out, " | ");
        put_value(out, item);
        assay_markdown_put(
            out, "%s%s | %s | %s | %s%s |\n", reason[0] != '\0' ? ": " : "", reason,
            assay_figure_limit((assay_scale){.percent = true}, assay_evidence_real(item, "level"))
                .text,
            assay_figure_count(assay_json_get_int(item, "n", 0)).text,
            assay_json_get_text(item, "method", ""),
            assay_json_get(item, "caution") == NULL ? ""
            : excluded                              ? " (caution: does not contain the value)"
                                                    : " (caution: from few rows)");
    }
    put_rest(out, shown, n);
    assay_buffer_puts(out, "\n");
}

static void put_provenance(assay_buffer *out, const assay_evidence *evidence)
{
    static const char *const keys[] = {"assay", "build", "platform", "onnxruntime", "duckdb"};
    const assay_json_value *files = assay_json_get(evidence->provenance, "files");
    const assay_json_value *plan = assay_json_get(evidence->run, "plan");
    assay_buffer_puts(out, "## Method and provenance\n\n");
    assay_markdown_put(out, "- plan: %s %s\n", assay_json_get_text(plan, "path", ""),
                       assay_json_get_text(plan, "digest", ""));
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        const char *text = assay_json_get_text(evidence->provenance, keys[i], "");
        if (text[0] != '\0') {
            assay_markdown_put(out, "- %s: %s\n", keys[i], text);
        }
    }
    for (size_t i = 0; i < evidence->n_models; i++) {
        const assay_json_value *model = assay_json_at(evidence->models, i);
        assay_markdown_put(out, "- model %s: %s %s\n", assay_json_get_text(model, "name", ""),
                           assay_json_get_text(model, "path", ""),
                           assay_json_get_text(model, "digest", ""));
    }
    for (size_t i = 0; assay_json_is_array(files) && i < assay_json_size(files) && i < 500; i++) {
        const assay_json_value *file = assay_json_at(files, i);
        assay_markdown_put(out, "- file %s: %s\n", assay_json_get_text(file, "path", ""),
                           assay_json_get_text(file, "digest", ""));
    }
    assay_buffer_puts(out, "\n");
}

void assay_markdown_tables(assay_buffer *out, const assay_evidence *evidence)
{
    put_contexts(out, evidence);
    put_sweeps(out, evidence);
    put_breakdowns(out, evidence);
    put_examples(out, evidence);
    put_data(out, evidence);
    put_measures(out, evidence);
    put_provenance(out, evidence);
}
