#include <stdio.h>
#include <string.h>

#include "assay/text.h"
#include "assay/version.h"
#include "command.h"

static const command *const commands[] = {&command_run,      &command_evaluate, &command_compare,
                                          &command_predict,  &command_verify,   &command_size,
                                          &command_attack,   &command_report,   &command_model,
                                          &command_describe, &command_validate, &command_convert};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void help(void)
{
    printf("Assay %s: test and evaluate AI models.\n\n"
           "Usage: assay COMMAND [options]\n\nCommands\n",
           assay_version());
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n`assay COMMAND --help` explains one, with examples.\n\n"
          "Examples\n"
          "  assay run plan.yaml                       carry out a test plan, write the report\n"
          "  assay evaluate --predictions p.csv        metrics with intervals, no model needed\n"
          "  assay compare old.csv new.csv             is the new model better, and where?\n"
          "  assay attack model.onnx photos/           how much deliberate change it bears\n"
          "  assay describe metric                     what can be measured\n\n"
          "Exit codes: 0 all met or success, 1 a requirement not met, 2 inconclusive, 3 not\n"
          "evaluated, 64 usage, 65 bad data, 66 missing input, 69 missing component,\n"
          "70 internal, 74 output could not be written, 130 interrupted.\n",
          stdout);
}

int main(int argc, char **argv)
{
    const char *names[COMMANDS];

    if (argc < 2) {
        help();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("assay %s\n", assay_version());
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help();
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        names[i] = commands[i]->name;
        if (strcmp(argv[1], commands[i]->name) == 0) {
            int code = commands[i]->run(commands[i], argc - 1, argv + 1);
            if (fflush(stdout) != 0 && code == 0) {
                code = EXIT_OUTPUT;
            }
            return code;
        }
    }
    const char *nearest = assay_text_suggest(argv[1], names, COMMANDS);
    fprintf(stderr, "assay: there is no command '%s'%s%s%s; `assay --help` lists all\n", argv[1],
            nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return EXIT_USAGE;
}
