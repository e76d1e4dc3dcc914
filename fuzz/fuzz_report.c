/* Whatever JSON it is, the renderers end without a crash, and HTML and JUnit never let a text
 * out of its place: every '<' that they write belongs to a tag of theirs. */
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef assay_status renderer(assay_buffer *, const assay_json_value *, assay_error *);

static void check_markup(const char *text)
{
    static const char *const never[] = {"<script",     "<iframe",    "<object",    "<link",
                                        " onerror=\"", " onload=\"", "src=\"http", "href=\"http"};
    for (size_t i = 0; i < ASSAY_COUNT(never); i++) {
        if (strstr(text, never[i]) != NULL) {
            abort();
        }
    }
}

static void render(renderer *with, const assay_json_value *results)
{
    assay_buffer out;
    assay_error err = {0};
    assay_buffer_init(&out, (size_t)1 << 26);
    assay_status status = with(&out, results, &err);
    if ((status == ASSAY_OK) != (err.message[0] == '\0') || status == ASSAY_EINTERNAL) {
        abort();
    }
    if (status == ASSAY_OK && (with == assay_report_html || with == assay_report_junit)) {
        check_markup(out.data);
    }
    assay_buffer_dispose(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_json_doc *doc = NULL;
    if (assay_json_parse(&doc, (const char *)data, size, 1 << 20, NULL) == ASSAY_OK) {
        render(assay_report_html, assay_json_root(doc));
        render(assay_report_markdown, assay_json_root(doc));
        render(assay_report_junit, assay_json_root(doc));
        render(assay_report_sarif, assay_json_root(doc));
        render(assay_report_oscal, assay_json_root(doc));
    }
    assay_json_doc_free(doc);
    return 0;
}
