/** @file source_options.h  What the commands that read annotations share. */
#ifndef ASSAY_CLI_SOURCE_OPTIONS_H
#define ASSAY_CLI_SOURCE_OPTIONS_H

#include "assay/annotations.h"
#include "command.h"

/** A command on one set of annotations: validate, convert. */
typedef struct source_command {
    common_options common;
    option_list columns;
    const char *json; /* file for the answer as JSON; "-" = standard output; NULL = none */
    bool complete;    /* exactly one path was given */
} source_command;

/** Parse `own` options and those of the source into it; 0 or an exit code. Dispose in any case. */
int source_command_parse(source_command *out, assay_annotation_source *source, const command *self,
                         const option *own, size_t n_own, const char *json_help, int argc,
                         char **argv);
void source_command_dispose(source_command *c);

/** Ask the library and write what it answers. *worst is what `ask` puts there. */
typedef assay_status (*source_ask)(int32_t *worst, char **json, char **text, assay_context *context,
                                   const void *request, assay_error *err);
int source_command_run(int32_t *worst, const command *self, const source_command *c, source_ask ask,
                       const void *request);

#endif
