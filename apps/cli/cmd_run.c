#include "assay/run.h"

#include <stdio.h>

#include "command.h"

static int carry_out(const command *self, const common_options *common,
                     const assay_run_request *request)
{
    cli_session session;
    assay_error err = {0};
    assay_run_summary summary;

    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status = assay_run_plan(&summary, session.context, request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    if (request->check) {
        if (!common->quiet) {
            printf("%s is in order\n", request->plan);
        }
        return 0;
    }
    if (!common->quiet) {
        printf("requirements: %d MET, %d NOT MET, %d INCONCLUSIVE, %d NOT EVALUATED\n", summary.met,
               summary.not_met, summary.inconclusive, summary.not_evaluated);
        if (summary.skipped > 0) {
            printf("%lld bad data were left out; the report lists them\n",
                   (long long)summary.skipped);
        }
    }
    printf("%s\n", summary.report);
    return verdict_exit_code(&summary);
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    assay_run_request request = {.struct_size = sizeof request};
    const char *plan[1] = {NULL};
    bool check = false;
    bool fresh = false;
    size_t n = 0;
    const option options[] = {
        {"out", 'o', OPTION_TEXT, &request.out, "FOLDER",
         "evidence folder (default: evidence beside the plan)"},
        {"check", 0, OPTION_FLAG, &check, NULL, "only check the plan and its inputs"},
        {"fresh", 0, OPTION_FLAG, &fresh, NULL, "do not reuse predictions of an earlier run"},
    };

    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            plan, 1, &n);
    if (code != 0 || common.help) {
        return code;
    }
    if (n != 1) {
        return complain(self, EXIT_USAGE, "which plan? usage: %s", self->usage);
    }
    request.plan = plan[0];
    request.check = check;
    request.fresh = fresh;
    request.command = (const char *const *)argv;
    return carry_out(self, &common, &request);
}

const command command_run = {
    .name = "run",
    .summary = "Carry out a test plan: measure, verify, report.",
    .usage = "assay run PLAN [options]",
    .details = "Writes the evidence folder: results.json, report.html, report.md, junit.xml,\n"
               "results.sarif, oscal.json, the predictions and a log. The last line printed is the "
               "path of report.html. A killed run\n"
               "goes on where it was when the same command is given again.\n\n"
               "Exit codes: 0 all requirements met, 1 one not met, 2 one inconclusive, 3 one not\n"
               "evaluated.\n",
    .examples = "  assay run plan.yaml\n"
                "  assay run plan.yaml --check\n"
                "  assay run plan.yaml --out evidence/2026-11-23\n",
    .run = run,
};
