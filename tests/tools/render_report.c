/* render_report html|markdown|junit|sarif|oscal RESULTS OUT: the renderers without the rest of the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static assay_status render(assay_buffer *out, const char *format, const assay_json_value *results,
                           assay_error *err)
{
    static const struct {
        const char *format;
        assay_status (*render)(assay_buffer *, const assay_json_value *, assay_error *);
    } renderers[] = {{"html", assay_report_html},
                     {"markdown", assay_report_markdown},
                     {"junit", assay_report_junit},
                     {"sarif", assay_report_sarif},
                     {"oscal", assay_report_oscal}};
    for (size_t i = 0; i < ASSAY_COUNT(renderers); i++) {
        if (strcmp(format, renderers[i].format) == 0) {
            return renderers[i].render(out, results, err);
        }
    }
    return assay_fail(err, ASSAY_EINVAL, "there is no format '%s'", format);
}

static assay_status read_file(assay_buffer *out, const char *path, assay_error *err)
{
    FILE *file = fopen(path, "rb");
    char block[65536];
    size_t n = 0;
    if (file == NULL) {
        return assay_fail_errno(err, ASSAY_EIO, "%s", path);
    }
    while ((n = fread(block, 1, sizeof block, file)) > 0) {
        assay_buffer_append(out, block, n);
    }
    (void)fclose(file);
    return assay_buffer_status(out, err);
}

int main(int argc, char **argv)
{
    assay_error err = {0};
    assay_json_doc *doc = NULL;
    assay_buffer text, out;
    assay_status status = ASSAY_EINVAL;
    assay_buffer_init(&text, 0);
    assay_buffer_init(&out, 0);
    if (argc != 4) {
        (void)fputs("render_report html|markdown|junit|sarif|oscal RESULTS OUT\n", stderr);
        return 64;
    }
    ASSAY_GOTO(read_file(&text, argv[2], &err), done);
    ASSAY_GOTO(assay_json_parse(&doc, text.data, text.size, 0, &err), done);
    ASSAY_GOTO(render(&out, argv[1], assay_json_root(doc), &err), done);
    FILE *file = fopen(argv[3], "wb");
    if (file == NULL || fwrite(out.data, 1, out.size, file) != out.size || fclose(file) != 0) {
        status = assay_fail_errno(&err, ASSAY_EIO, "%s", argv[3]);
    }
done:
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
    }
    assay_json_doc_free(doc);
    assay_buffer_dispose(&text);
    assay_buffer_dispose(&out);
    return status == ASSAY_OK ? 0 : 1;
}
