#include "assay/model.h"

#include <string.h>

#include "command.h"

static int info(const command *self, const char *path, const char *json_file)
{
    assay_error err = {0};
    char *json = NULL;
    char *text = NULL;
    bool to_output = json_file && strcmp(json_file, "-") == 0;
    assay_status status =
        assay_model_info(json_file ? &json : NULL, to_output ? NULL : &text, path, &err);
    return status != ASSAY_OK ? session_fail(self, status, &err)
                              : write_answer(self, text, json, json_file);
}

static int check(const command *self, const common_options *common,
                 const assay_gradient_check_request *request, const char *json_file)
{
    cli_session session;
    assay_error err = {0};
    assay_gradient_check_summary summary;
    char *json = NULL;
    char *text = NULL;
    bool to_output = json_file && strcmp(json_file, "-") == 0;

    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status =
        assay_model_check_gradient(&summary, json_file ? &json : NULL, to_output ? NULL : &text,
                                   session.context, request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    code = write_answer(self, text, json, json_file);
    return code != 0 ? code : summary.trusted ? 0 : EXIT_NOT_MET;
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    assay_gradient_check_request request = {.struct_size = sizeof request};
    const char *words[2] = {NULL, NULL};
    const char *json = NULL;
    int64_t seed = 1;
    size_t n = 0;
    const option options[] = {
        {"data", 0, OPTION_TEXT, &request.data, "PATH",
         "check-gradient: images to try it on (default random inputs)"},
        {"samples", 0, OPTION_INT, &request.samples, "N", "check-gradient: how many (default 8)"},
        {"directions", 0, OPTION_INT, &request.directions, "N",
         "check-gradient: directions for each (default 8)"},
        {"seed", 0, OPTION_INT, &seed, "N", "check-gradient: of the directions (default 1)"},
        {"json", 0, OPTION_TEXT, &json, "FILE", "the answer as JSON; - for standard output"},
    };
    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            words, 2, &n);
    if (code != 0 || common.help) {
        return code;
    }
    if (n < 2) {
        return complain(self, EXIT_USAGE, "what about which model? usage: %s", self->usage);
    }
    if (strcmp(words[0], "info") == 0) {
        return info(self, words[1], json);
    }
    if (strcmp(words[0], "check-gradient") == 0) {
        request.model = words[1];
        request.seed = (uint64_t)seed;
        return check(self, &common, &request, json);
    }
    return complain(self, EXIT_USAGE, "there is no question '%s'; it is info or check-gradient",
                    words[0]);
}

const command command_model = {
    .name = "model",
    .summary = "Look into a model: operators, parameters, can gradients be trusted?",
    .usage = "assay model info|check-gradient FILE [options]",
    .details =
        "info            inputs and outputs, operators with their number, parameters, operations\n"
        "                per datum, metadata, and whether the model can be differentiated: if "
        "not,\n"
        "                which nodes stop it\n"
        "check-gradient  compare the model's gradients with what it does when its input is moved;\n"
        "                the exit code is 0 when they can be trusted, else 1\n",
    .examples = "  assay model info resnet50.onnx\n"
                "  assay model info resnet50.onnx --json - | jq .model.differentiable\n"
                "  assay model check-gradient resnet50.yaml --data images/\n",
    .run = run,
};
