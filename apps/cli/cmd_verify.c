#include "assay/verify.h"

#include <string.h>

#include "command.h"

static int judge(const command *self, const common_options *common,
                 const assay_verify_request *request, const char *file)
{
    cli_session session;
    assay_error err = {0};
    assay_run_summary summary;
    char *json = NULL;
    char *text = NULL;
    bool to_output = file && strcmp(file, "-") == 0;

    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status = assay_verify(file ? &json : NULL, to_output ? NULL : &text, &summary,
                                       session.context, request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    code = write_answer(self, text, json, file);
    return code ? code : verdict_exit_code(&summary);
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    assay_verify_request request = {.struct_size = sizeof request};
    const char *evidence[1] = {NULL};
    const char *requirements = NULL;
    const char *json = NULL;
    size_t n = 0;
    const option options[] = {
        {"plan", 0, OPTION_TEXT, &request.plan, "FILE", "the plan with the requirements"},
        {"requirements", 0, OPTION_TEXT, &requirements, "FILE", "the same as --plan"},
        {"predictions", 0, OPTION_TEXT, &request.predictions, "FILE",
         "judge this predictions file instead of an evidence folder"},
        {"model", 0, OPTION_TEXT, &request.model, "NAME",
         "whose predictions they are, when the plan has several models"},
        {"data", 0, OPTION_TEXT, &request.data, "NAME",
         "of which data they are, when the plan has several"},
        {"sequential", 0, OPTION_TEXT, &request.sequential, "METHOD",
         "judge sample by sample, until it is decided: mixture, betting, sprt, pool, ..."},
        {"order", 0, OPTION_TEXT, &request.order, "COLUMN",
         "with --sequential: the order in which samples were labelled (default: as they stand)"},
        {"json", 0, OPTION_TEXT, &json, "FILE", "the verdicts as JSON; - for standard output"},
    };

    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            evidence, 1, &n);
    if (code != 0 || common.help) {
        return code;
    }
    request.evidence = evidence[0];
    request.plan = request.plan ? request.plan : requirements;
    if (!request.plan) {
        return complain(self, EXIT_USAGE, "--plan FILE is missing; usage: %s", self->usage);
    }
    if ((request.evidence != NULL) == (request.predictions != NULL)) {
        return complain(self, EXIT_USAGE,
                        "name either an evidence folder or --predictions FILE; usage: %s",
                        self->usage);
    }
    return judge(self, &common, &request, json);
}

const command command_verify = {
    .name = "verify",
    .summary = "Judge requirements on evidence that is there; no model is run.",
    .usage = "assay verify FOLDER --plan PLAN [options]",
    .details =
        "Takes the predictions of an evidence folder (or its results.json), or a "
        "predictions file,\n"
        "measures what the plan's requirements ask for and judges them. Nothing is written "
        "into the\n"
        "folder. When the folder was judged by another rule before, that is said.\n\n"
        "--sequential judges shares of right answers sample by sample: rows whose true class is\n"
        "empty are not labelled yet; label some, look, label more, as often as you like. The\n"
        "verdict stands at the first sample that decides it.\n\n"
        "Exit codes: 0 all requirements met, 1 one not met, 2 one inconclusive, 3 one not\n"
        "evaluated.\n",
    .examples = "  assay verify evidence --plan plan.yaml\n"
                "  assay verify evidence/results.json --plan stricter.yaml --json -\n"
                "  assay verify --predictions p.csv --requirements plan.yaml\n"
                "  assay verify --predictions p.csv --plan plan.yaml --sequential mixture\n",
    .run = run,
};
