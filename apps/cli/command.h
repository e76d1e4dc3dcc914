/** @file command.h  What the commands share: the session, exit codes, output. */
#ifndef ASSAY_CLI_COMMAND_H
#define ASSAY_CLI_COMMAND_H

#include "assay/context.h"
#include "assay/run.h"
#include "option.h"

/** Exit codes (docs/exit-codes.md). */
enum {
    EXIT_MET = 0,
    EXIT_NOT_MET = 1,
    EXIT_INCONCLUSIVE = 2,
    EXIT_NOT_EVALUATED = 3,
    EXIT_BAD_DATA = 65,
    EXIT_MISSING_INPUT = 66,
    EXIT_MISSING_COMPONENT = 69,
    EXIT_INTERNAL = 70,
    EXIT_OUTPUT = 74,
    EXIT_INTERRUPTED = 130
};

/** A context with progress on standard error; SIGINT and SIGTERM cancel it. */
typedef struct cli_session {
    assay_context *context;
    struct progress *progress;
} cli_session;

/** 0, or an exit code after one line on standard error. */
int session_open(cli_session *out, const command *self, const common_options *common);
void session_close(cli_session *session);

/** Print the error and turn its status into an exit code. */
int session_fail(const command *self, assay_status status, const assay_error *err);

/** The worst verdict decides: NOT MET, NOT EVALUATED, INCONCLUSIVE, MET. */
int verdict_exit_code(const assay_run_summary *summary);

/** Write a text to a file, or to standard output for "-". Returns 0 or an exit code. */
int write_output(const command *self, const char *path, const char *text);

/** Text (NULL = none) to standard output, then JSON (NULL = none) to `file`; both are freed. */
int write_answer(const command *self, char *text, char *json, const char *file);

extern const command command_attack;
extern const command command_compare;
extern const command command_convert;
extern const command command_describe;
extern const command command_evaluate;
extern const command command_model;
extern const command command_predict;
extern const command command_report;
extern const command command_run;
extern const command command_size;
extern const command command_validate;
extern const command command_verify;

#endif
