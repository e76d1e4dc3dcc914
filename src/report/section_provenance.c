#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "report/section.h"
#include "report/words.h"

enum { FILES = 500 };

static void put_row(assay_buffer *out, const char *name, const char *text)
{
    if (text[0] != '\0') {
        assay_html_put(out, "<tr><th scope=\"row\">%s</th><td class=\"code\">%s</td></tr>\n", name,
                       text);
    }
}

static void put_number(assay_buffer *out, const char *name, const assay_json_value *object,
                       const char *key)
{
    double value = assay_evidence_real(object, key);
    if (!isnan(value)) {
        put_row(out, name, assay_figure_short(value).text);
    }
}

/** The seed may need all of its 64 bits. */
static void put_integer(assay_buffer *out, const char *name, const assay_json_value *object,
                        const char *key)
{
    if (assay_json_is_number(assay_json_get(object, key))) {
        assay_buffer text;
        assay_buffer_init(&text, 0);
        assay_buffer_printf(&text, "%lld", (long long)assay_json_get_int(object, key, -1));
        put_row(out, name, text.data != NULL ? text.data : "");
        assay_buffer_dispose(&text);
    }
}

/** "14 values, 0 differ" */
static void put_tried(assay_buffer *out, const char *name, const assay_json_value *validation,
                      const char *key, const char *off_key, const char *what, const char *off)
{
    char text[128];
    long long tried = (long long)assay_json_get_int(validation, key, 0);
    if (tried > 0) {
        (void)snprintf(text, sizeof text, "%lld %s, %lld %s", tried, what,
                       (long long)assay_json_get_int(validation, off_key, 0), off);
        put_row(out, name, text);
    }
}

static void put_validation(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *v = assay_json_get(evidence->root, "validation");
    put_tried(out, "Computed a second time in another way", v, "recomputed", "differences",
              "values", "differ");
    const assay_json_value *missing = assay_json_get(v, "not_recomputed_metrics");
    assay_buffer names;
    assay_buffer_init(&names, 0);
    for (size_t i = 0; i < assay_json_size(missing); i++) {
        assay_buffer_printf(&names, "%s%s", i > 0 ? ", " : "",
                            assay_json_as_text(assay_json_at(missing, i), ""));
    }
    if (names.data != NULL && assay_json_size(missing) > 0) {
        put_row(out, "Not computed a second time", names.data);
    }
    assay_buffer_dispose(&names);
    put_tried(out, "Rows or classes in the opposite order", v, "relations", "relations_broken",
              "values", "differ");
    put_tried(out, "True classes shuffled", v, "label_shuffles", "label_shuffles_off_chance",
              "evaluations", "off chance");
}

static void put_run(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *plan = assay_json_get(evidence->run, "plan");
    const assay_json_value *provenance = evidence->provenance;
    const assay_json_value *command = assay_json_get(provenance, "command");
    assay_buffer_puts(out, "<div class=\"wide\"><table class=\"kv\">\n<tbody>\n");
    if (assay_json_is_array(command) && assay_json_size(command) > 0) {
        assay_buffer text;
        assay_buffer_init(&text, 0);
        for (size_t i = 0; i < assay_json_size(command) && i < 256; i++) {
            assay_buffer_puts(&text, i > 0 ? " " : "");
            assay_buffer_puts(&text, assay_json_as_text(assay_json_at(command, i), ""));
        }
        put_row(out, "Command", text.data != NULL ? text.data : "");
        assay_buffer_dispose(&text);
    }
    put_row(out, "Test plan", assay_json_get_text(plan, "path", ""));
    put_row(out, "Digest of the plan", assay_json_get_text(plan, "digest", ""));
    put_integer(out, "Seed", evidence->run, "seed");
    put_number(out, "Confidence level of intervals", evidence->run, "level");
    put_integer(out, "Bootstrap replicates", evidence->run, "replicates");
    put_row(out, "Started", assay_json_get_text(evidence->run, "started", ""));
    put_row(out, "Finished", assay_json_get_text(evidence->run, "finished", ""));
    put_row(
        out, "Assay",
        assay_json_get_text(provenance, "assay", assay_json_get_text(evidence->root, "assay", "")));
    put_row(out, "Build", assay_json_get_text(provenance, "build", ""));
    put_row(out, "Platform", assay_json_get_text(provenance, "platform", ""));
    put_row(out, "ONNX Runtime", assay_json_get_text(provenance, "onnxruntime", ""));
    put_row(out, "DuckDB", assay_json_get_text(provenance, "duckdb", ""));
    put_validation(out, evidence);
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
}

static void put_shape(assay_buffer *out, const assay_json_value *list)
{
    for (size_t i = 0; assay_json_is_array(list) && i < assay_json_size(list) && i < 16; i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const assay_json_value *shape = assay_json_get(item, "shape");
        assay_html_put(out, "%s%s %s [", i > 0 ? ", " : "", assay_json_get_text(item, "name", ""),
                       assay_json_get_text(item, "type", ""));
        for (size_t d = 0; assay_json_is_array(shape) && d < assay_json_size(shape) && d < 16;
             d++) {
            const assay_json_value *size = assay_json_at(shape, d);
            const char *text = assay_json_as_text(size, NULL);
            int64_t number = assay_json_as_int(size, -1);
            assay_html_put(out, "%s%s", d > 0 ? "\xc3\x97" : "",
                           text != NULL  ? text
                           : number >= 0 ? assay_figure_short((double)number).text
                                         : "any");
        }
        assay_buffer_puts(out, "]");
    }
}

static void put_models(assay_buffer *out, const assay_evidence *evidence)
{
    for (size_t i = 0; i < evidence->n_models; i++) {
        const assay_json_value *model = assay_json_at(evidence->models, i);
        const assay_json_value *preprocess = assay_json_get(model, "preprocess");
        assay_html_put(out, "<h3>Model: %s</h3>\n<div class=\"wide\"><table class=\"kv\"><tbody>\n",
                       assay_evidence_model_title(evidence, (int)i));
        put_row(out, "Kind", assay_json_get_text(model, "kind", ""));
        put_row(out, "Place", assay_json_get_text(model, "path", ""));
        put_row(out, "Digest", assay_json_get_text(model, "digest", ""));
        put_row(out, "Backend", assay_json_get_text(model, "backend", ""));
        put_integer(out, "Batch", model, "batch");
        put_integer(out, "Queries", model, "queries");
        if (assay_json_size(assay_json_get(model, "inputs")) > 0) {
            assay_buffer_puts(out, "<tr><th scope=\"row\">Inputs</th><td class=\"code\">");
            put_shape(out, assay_json_get(model, "inputs"));
            assay_buffer_puts(out, "</td></tr>\n");
        }
        if (assay_json_size(assay_json_get(model, "outputs")) > 0) {
            assay_buffer_puts(out, "<tr><th scope=\"row\">Outputs</th><td class=\"code\">");
            put_shape(out, assay_json_get(model, "outputs"));
            assay_buffer_puts(out, "</td></tr>\n");
        }
        if (assay_json_is_object(preprocess)) {
            assay_buffer text;
            assay_buffer_init(&text, 0);
            assay_words_params(&text, preprocess);
            put_row(out, "Preparation of the input", text.data != NULL ? text.data : "");
            assay_buffer_dispose(&text);
        }
        assay_buffer_puts(out, "</tbody></table></div>\n");
    }
}

static void put_operations(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *list = assay_json_get(evidence->provenance, "operations");
    size_t n = assay_json_is_array(list) ? assay_json_size(list) : 0;
    if (n == 0) {
        return;
    }
    assay_html_put(out,
                   "<details>\n<summary>Operations and their revisions (%zu)</summary>\n<div "
                   "class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Kind</th><th "
                   "scope=\"col\">Operation</th><th scope=\"col\" class=\"r\">Revision</th></tr>"
                   "</thead>\n<tbody>\n",
                   n);
    for (size_t i = 0; i < n && i < FILES; i++) {
        const assay_json_value *item = assay_json_at(list, i);
        assay_html_put(out,
                       "<tr><td>%s</td><th scope=\"row\">%s</th><td class=\"r\">%s</td></tr>\n",
                       assay_json_get_text(item, "kind", ""), assay_json_get_text(item, "name", ""),
                       assay_figure_count(assay_json_get_int(item, "revision", 0)).text);
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n</details>\n");
}

static void put_files(assay_buffer *out, const assay_evidence *evidence)
{
    const assay_json_value *list = assay_json_get(evidence->provenance, "files");
    size_t n = assay_json_is_array(list) ? assay_json_size(list) : 0;
    if (n == 0) {
        return;
    }
    assay_html_put(out,
                   "<details%s>\n<summary>Files and their digests (%zu)</summary>\n<div "
                   "class=\"wide\"><table>\n<thead><tr><th scope=\"col\">File</th><th "
                   "scope=\"col\">Digest</th></tr></thead>\n<tbody>\n",
                   n <= 24 ? " open" : "", n);
    for (size_t i = 0; i < n && i < FILES; i++) {
        const assay_json_value *item = assay_json_at(list, i);
        assay_html_put(out,
                       "<tr><th scope=\"row\" class=\"code\">%s</th><td class=\"code\">%s</td>"
                       "</tr>\n",
                       assay_json_get_text(item, "path", ""),
                       assay_json_get_text(item, "digest", ""));
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, n < FILES ? n : FILES, n, "files");
    assay_buffer_puts(out, "</details>\n");
}

void assay_section_provenance(assay_buffer *out, const assay_evidence *evidence)
{
    assay_section_begin(out, "provenance", "Method and provenance",
                        "What is needed to repeat this test and get the same numbers. A digest is "
                        "a fingerprint: if one bit of the file changes, it changes.");
    put_run(out, evidence);
    put_models(out, evidence);
    put_operations(out, evidence);
    put_files(out, evidence);
    assay_section_end(out);
}
