#include "assay/annotations.h"

#include "command.h"
#include "source_options.h"

static int convert(const command *self, const common_options *common,
                   const assay_convert_request *request, const char *file)
{
    cli_session session;
    assay_error err = {0};
    char *json = NULL;
    char *text = NULL;
    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status = assay_convert(file ? &json : NULL, file && file[0] == '-' ? NULL : &text,
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
    return code;
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    size_t n = 0;
    const char *path[1];
    const char *json = NULL;
    option_list columns = {.split = true};
    assay_convert_request request = {.struct_size = sizeof request};
    const option options[] = {
        {"to", 0, OPTION_TEXT, &request.to, "FORMAT",
         "coco, yolo, voc, labelme, visdrone, dota, csv, parquet (default: by --out)"},
        {"out", 'o', OPTION_TEXT, &request.out, "PATH", "file (COCO, tables) or new folder"},
        {"truth", 0, OPTION_TEXT, &request.truth, "PATH",
         "convert detections, which are for these annotations"},
        {"truth-format", 0, OPTION_TEXT, &request.truth_format, "NAME",
         "format of the truth (default: told by content)"},
        SOURCE_OPTIONS(request.source, columns),
        {"json", 0, OPTION_TEXT, &json, "FILE",
         "what was written and lost as JSON; - for standard output"},
    };
    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            path, 1, &n);
    if (code == 0 && !common.help) {
        request.source.columns = columns.items;
        request.source.path = n == 1 ? path[0] : NULL;
        code = n == 1 && request.out
                   ? convert(self, &common, &request, json)
                   : complain(self, EXIT_USAGE, "the annotations or --out are missing; usage: %s",
                              self->usage);
    }
    option_list_free(&columns);
    return code;
}

const command command_convert = {
    .name = "convert",
    .summary = "Annotations or detections from one format into another.",
    .usage = "assay convert ANNOTATIONS --to FORMAT --out PATH [options]",
    .details =
        "The format of the source is told from its content. What the other format cannot carry is\n"
        "counted and said. The result is there whole or not at all. YOLO needs the image sizes:\n"
        "if the source has none, --images says where the images are.\n",
    .examples = "  assay convert annotations.json --to yolo --out dataset --images photos\n"
                "  assay convert dataset/data.yaml --to coco --out annotations.json\n"
                "  assay convert VOC2012 --voc-corners pixels --to coco --out voc.json\n"
                "  assay convert runs/labels --truth dataset --to coco --out detections.json\n",
    .run = run,
};
