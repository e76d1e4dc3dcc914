#include <stdio.h>

#include "assay/run.h"
#include "command.h"

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    const char *folder[1] = {NULL};
    cli_session session;
    assay_error err = {0};
    size_t n = 0;

    int code = option_parse(self, NULL, 0, &common, argc, argv, folder, 1, &n);
    if (code != 0 || common.help) {
        return code;
    }
    if (n != 1) {
        return complain(self, EXIT_USAGE, "which evidence folder? usage: %s", self->usage);
    }
    code = session_open(&session, self, &common);
    if (code != 0) {
        return code;
    }
    assay_status status = assay_report_folder(session.context, folder[0], &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    printf("%s/report.html\n", folder[0]);
    return 0;
}

const command command_report = {
    .name = "report",
    .summary = "Render the report of an evidence folder again.",
    .usage = "assay report FOLDER",
    .details = "Reads FOLDER/results.json and writes report.html, report.md, junit.xml,\n"
               "results.sarif and oscal.json.\n",
    .examples = "  assay report evidence\n",
    .run = run,
};
