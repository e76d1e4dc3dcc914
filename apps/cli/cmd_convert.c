#include "source_options.h"

static assay_status ask(int32_t *worst, char **json, char **text, assay_context *context,
                        const void *request, assay_error *err)
{
    (void)worst;
    return assay_convert(json, text, context, request, err);
}

static int run(const command *self, int argc, char **argv)
{
    source_command source;
    assay_convert_request request = {.struct_size = sizeof request};
    const option options[] = {
        {"to", 0, OPTION_TEXT, &request.to, "FORMAT",
         "coco, yolo, yolo-pose, voc, labelme, visdrone, dota, csv, parquet (default: by --out)"},
        {"out", 'o', OPTION_TEXT, &request.out, "PATH", "file (COCO, tables) or new folder"},
        {"truth", 0, OPTION_TEXT, &request.truth, "PATH",
         "convert detections, which are for these annotations"},
        {"truth-format", 0, OPTION_TEXT, &request.truth_format, "NAME",
         "format of the truth (default: told by content)"},
    };
    int code = source_command_parse(
        &source, &request.source, self, options, sizeof options / sizeof options[0],
        "what was written and lost as JSON; - for standard output", argc, argv);
    if (code == 0 && !source.common.help) {
        code = source.complete && request.out
                   ? source_command_run(NULL, self, &source, ask, &request)
                   : complain(self, EXIT_USAGE, "the annotations or --out are missing; usage: %s",
                              self->usage);
    }
    source_command_dispose(&source);
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
