#include "assay/annotations.h"

#include "command.h"
#include "source_options.h"

enum { WORST_ERROR = 3 };

static int validate(const command *self, const common_options *common,
                    const assay_validate_request *request, const char *file)
{
    cli_session session;
    assay_error err = {0};
    char *json = NULL;
    char *text = NULL;
    int32_t worst = 0;
    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status =
        assay_validate(&worst, file ? &json : NULL, file && file[0] == '-' ? NULL : &text,
                       session.context, request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    if (text) {
        code = write_output(self, "-", text);
    }
    if (json && code == 0) {
        code = write_output(self, file, json);
    }
    assay_text_free(json);
    assay_text_free(text);
    return code != 0 ? code : worst == WORST_ERROR ? EXIT_BAD_DATA : 0;
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    size_t n = 0;
    const char *path[1];
    const char *json = NULL;
    option_list columns = {.split = true};
    assay_validate_request request = {.struct_size = sizeof request};
    const option options[] = {
        SOURCE_OPTIONS(request.source, columns),
        {"json", 0, OPTION_TEXT, &json, "FILE", "the list as JSON; - for standard output"},
    };
    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            path, 1, &n);
    if (code == 0 && !common.help) {
        request.source.columns = columns.items;
        request.source.path = n == 1 ? path[0] : NULL;
        code = n == 1 ? validate(self, &common, &request, json)
                      : complain(self, EXIT_USAGE, "the annotations are missing; usage: %s",
                                 self->usage);
    }
    option_list_free(&columns);
    return code;
}

const command command_validate = {
    .name = "validate",
    .summary = "What is wrong with a set of annotations, and what evaluation does with it.",
    .usage = "assay validate ANNOTATIONS [options]",
    .details =
        "Boxes outside of their image or without area, ids and boxes that stand there twice,\n"
        "classes and images that are not listed, missing image files and those of another\n"
        "size, outlines and masks that are damaged, images without objects: each with its\n"
        "count and the first places. Exit code 65 when evaluation would refuse the set.\n",
    .examples = "  assay validate annotations.json --images photos\n"
                "  assay validate dataset/data.yaml\n"
                "  assay validate VOC2012 --voc-corners pixels --json findings.json\n",
    .run = run,
};
