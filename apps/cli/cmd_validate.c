#include "source_options.h"

enum { WORST_ERROR = 3 };

static assay_status ask(int32_t *worst, char **json, char **text, assay_context *context,
                        const void *request, assay_error *err)
{
    return assay_validate(worst, json, text, context, request, err);
}

static int run(const command *self, int argc, char **argv)
{
    source_command source;
    int32_t worst = 0;
    assay_validate_request request = {.struct_size = sizeof request};
    const option options[] = {
        {"predictions", 0, OPTION_TEXT, &request.predictions, "PATH",
         "detections for these annotations, to be checked too"},
        {"predictions-format", 0, OPTION_TEXT, &request.predictions_format, "NAME",
         "format of the detections (default: told by content)"},
    };
    int code = source_command_parse(&source, &request.source, self, options,
                                    sizeof options / sizeof options[0],
                                    "the list as JSON; - for standard output", argc, argv);
    if (code == 0 && !source.common.help) {
        code = source.complete ? source_command_run(&worst, self, &source, ask, &request)
                               : complain(self, EXIT_USAGE,
                                          "the annotations are missing; usage: %s", self->usage);
    }
    source_command_dispose(&source);
    return code != 0 ? code : worst == WORST_ERROR ? EXIT_BAD_DATA : 0;
}

const command command_validate = {
    .name = "validate",
    .summary = "What is wrong with annotations or detections, and what evaluation does with it.",
    .usage = "assay validate ANNOTATIONS [--predictions PATH] [options]",
    .details =
        "Boxes outside of their image or without area, ids and boxes that stand there twice,\n"
        "classes and images that are not listed, missing image files and those of another\n"
        "size, outlines and masks that are damaged, images without objects: each with its\n"
        "count and the first places. With --predictions also the detections: images and classes\n"
        "that the annotations do not list, boxes twice, equal scores, more than 100 in an image,\n"
        "images and classes that were not answered. Exit code 65 when evaluation would refuse the "
        "set.\n",
    .examples = "  assay validate annotations.json --images photos\n"
                "  assay validate dataset/data.yaml\n"
                "  assay validate annotations.json --predictions detections.json\n"
                "  assay validate VOC2012 --voc-corners pixels --json findings.json\n",
    .run = run,
};
