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

static int embed(const command *self, const common_options *common,
                 const assay_embed_request *request, const char *json_file)
{
    cli_session session;
    assay_error err = {0};
    assay_embed_summary summary;
    char *json = NULL;
    char *text = NULL;
    bool to_output = json_file && strcmp(json_file, "-") == 0;

    if (request->data == NULL || request->out == NULL) {
        return complain(self, EXIT_USAGE,
                        "embed needs --data and --out: the data, and the file to write (.npy or "
                        ".parquet)");
    }
    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status =
        assay_model_embed(&summary, json_file ? &json : NULL, to_output ? NULL : &text,
                          session.context, request, &err);
    session_close(&session);
    return status != ASSAY_OK ? session_fail(self, status, &err)
                              : write_answer(self, text, json, json_file);
}

static int cut(const command *self, const assay_cut_request *request)
{
    assay_error err = {0};
    char *text = NULL;

    if (request->out == NULL) {
        return complain(self, EXIT_USAGE, "cut needs --out: the ONNX file to write");
    }
    assay_status status = assay_model_cut(&text, request, &err);
    return status != ASSAY_OK ? session_fail(self, status, &err)
                              : write_answer(self, text, NULL, NULL);
}

/* What was asked for, from the words and options of the command line. */
typedef struct asked {
    common_options common;
    assay_gradient_check_request check;
    assay_embed_request embed;
    assay_cut_request cut;
    option_list outputs;
    const char *data, *out, *json, *on_error;
    int64_t seed;
    bool whole, strip, gradient;
} asked;

static int answer(const command *self, const char *question, const char *model, asked *a)
{
    if (strcmp(question, "info") == 0) {
        return info(self, model, a->json);
    }
    if (strcmp(question, "check-gradient") == 0) {
        a->check.model = model;
        a->check.data = a->data;
        a->check.seed = (uint64_t)a->seed;
        return check(self, &a->common, &a->check, a->json);
    }
    if (strcmp(question, "embed") == 0) {
        a->embed.model = model;
        a->embed.data = a->data;
        a->embed.out = a->out;
        a->embed.whole = a->whole;
        return embed(self, &a->common, &a->embed, a->json);
    }
    if (strcmp(question, "cut") == 0) {
        a->cut.model = model;
        a->cut.out = a->out;
        a->cut.outputs = a->outputs.items;
        a->cut.n_outputs = (int64_t)a->outputs.n;
        a->cut.strip = a->strip;
        a->cut.gradient = a->gradient;
        return cut(self, &a->cut);
    }
    return complain(self, EXIT_USAGE,
                    "there is no question '%s'; it is info, check-gradient, embed or cut",
                    question);
}

static int run(const command *self, int argc, char **argv)
{
    asked a = {.check = {.struct_size = sizeof a.check},
               .embed = {.struct_size = sizeof a.embed},
               .cut = {.struct_size = sizeof a.cut},
               .seed = 1};
    const char *words[2] = {NULL, NULL};
    size_t n = 0;
    const option options[] = {
        {"data", 0, OPTION_TEXT, &a.data, "PATH", "embed, check-gradient (default random): images"},
        {"out", 'o', OPTION_TEXT, &a.out, "FILE", "embed: .npy or .parquet; cut: .onnx"},
        {"layer", 0, OPTION_TEXT, &a.embed.layer, "NAME",
         "embed: value or node (default before the last)"},
        {"whole", 0, OPTION_FLAG, &a.whole, NULL, "embed: all places of a map, not their mean"},
        {"target", 0, OPTION_TEXT, &a.embed.target, "COLUMN", "embed: true class in the manifest"},
        {"labels", 0, OPTION_TEXT, &a.embed.labels, "FILE", "embed: targets, for IDX and NPY data"},
        {"output", 0, OPTION_LIST, &a.outputs, "NAME", "cut: end here (repeatable)"},
        {"strip", 0, OPTION_FLAG, &a.strip, NULL, "cut: without the closing Softmax or Sigmoid"},
        {"head", 0, OPTION_TEXT, &a.cut.head, "NAME", "cut: put this at the end"},
        {"gradient", 0, OPTION_FLAG, &a.gradient, NULL, "cut: give the head's gradient too"},
        {"threshold", 0, OPTION_REAL, &a.cut.threshold, "S",
         "cut: score that counts as a box (default 0.25)"},
        {"class", 0, OPTION_TEXT, &a.cut.class_name, "CLASS", "cut: for the head mislabel"},
        {"batch", 0, OPTION_INT, &a.cut.batch, "N",
         "cut: batch of a model with a head (default 1)"},
        {"samples", 0, OPTION_INT, &a.check.samples, "N", "check-gradient: how many (default 8)"},
        {"directions", 0, OPTION_INT, &a.check.directions, "N",
         "check-gradient: directions for each (default 8)"},
        {"seed", 0, OPTION_INT, &a.seed, "N", "check-gradient: of the directions (default 1)"},
        {"json", 0, OPTION_TEXT, &a.json, "FILE", "the answer as JSON; - for standard output"},
    };
    int code = option_parse(self, options, sizeof options / sizeof options[0], &a.common, argc,
                            argv, words, 2, &n);
    if (code == 0 && !a.common.help) {
        code = n < 2 ? complain(self, EXIT_USAGE, "what about which model? usage: %s", self->usage)
                     : answer(self, words[0], words[1], &a);
    }
    option_list_free(&a.outputs);
    return code;
}

const command command_model = {
    .name = "model",
    .summary = "Look into a model: operators, gradients, embeddings, other ends.",
    .usage = "assay model info|check-gradient|embed|cut FILE [options]",
    .details =
        "info            inputs and outputs, operators with their number, parameters, operations\n"
        "                per datum, metadata, and whether the model can be differentiated: if "
        "not,\n"
        "                which nodes stop it\n"
        "check-gradient  compare the model's gradients with what it does when its input is moved;\n"
        "                the exit code is 0 when they can be trusted, else 1\n"
        "embed           the numbers that a layer gives for every image, as a table: by default\n"
        "                what the last layer with weights gets\n"
        "cut             write another model: one that ends earlier (--output, --strip), or with "
        "a\n"
        "                loss or an aim put at its end (--head), with its gradient (--gradient).\n"
        "                Classifiers: cross_entropy, margin, logit, logit_difference, dlr,\n"
        "                dlr_targeted. Detectors: verdict (a classifier that can be attacked: the\n"
        "                class of the best box, or nothing), vanish, fabricate, mislabel, shift\n",
    .examples = "  assay model info resnet50.onnx\n"
                "  assay model info resnet50.onnx --json - | jq .model.differentiable\n"
                "  assay model check-gradient resnet50.yaml --data images/\n"
                "  assay model embed resnet50.yaml --data images/ -o embeddings.parquet\n"
                "  assay model cut detector.yaml --head verdict -o verdict.onnx\n",
    .run = run,
};
