#include "assay/describe.h"
#include "command.h"

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    bool json = false;
    bool markdown = false;
    bool schema = false;
    const char *what[2] = {NULL, NULL};
    size_t n = 0;
    char *text = NULL;
    assay_error err = {0};
    const option options[] = {
        {"json", 0, OPTION_FLAG, &json, NULL, "every descriptor as JSON"},
        {"markdown", 0, OPTION_FLAG, &markdown, NULL, "reference page of KIND"},
        {"plan-schema", 0, OPTION_FLAG, &schema, NULL, "JSON Schema of test plans"},
    };

    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            what, 2, &n);
    if (code != 0 || common.help) {
        return code;
    }
    assay_describe_format format = ASSAY_DESCRIBE_TEXT;
    if (json + markdown + schema > 1) {
        return complain(self, EXIT_USAGE, "choose one of --json, --markdown and --plan-schema");
    }
    if (json) {
        format = ASSAY_DESCRIBE_JSON;
    } else if (markdown) {
        format = ASSAY_DESCRIBE_MARKDOWN;
    } else if (schema) {
        format = ASSAY_DESCRIBE_PLAN_SCHEMA;
    }
    assay_status status = assay_describe(&text, what[0], what[1], format, &err);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    code = write_output(self, "-", text);
    assay_text_free(text);
    return code;
}

const command command_describe = {
    .name = "describe",
    .summary = "What Assay can do: metrics, intervals, perturbations, with their parameters.",
    .usage = "assay describe [KIND [NAME]] [options]",
    .examples = "  assay describe\n"
                "  assay describe metric\n"
                "  assay describe metric expected_calibration_error\n"
                "  assay describe --json\n",
    .run = run,
};
