/** @file option.h  Typed option tables: one table gives parsing, --help and completion. */
#ifndef ASSAY_CLI_OPTION_H
#define ASSAY_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_USAGE = 64 };

typedef enum option_type {
    OPTION_FLAG = 1, /* bool *out */
    OPTION_TEXT,     /* const char **out */
    OPTION_INT,      /* int64_t *out */
    OPTION_REAL,     /* double *out */
    OPTION_LIST      /* option_list *out: repeatable, and comma-separated when `split` */
} option_type;

enum { OPTION_LIST_MOST = 4096 };

/** NULL-terminated; texts belong to `storage` or to argv. */
typedef struct option_list {
    const char **items;
    size_t n;
    bool split; /* set by the table's owner: commas separate items */
    char **storage;
    size_t n_storage;
} option_list;

typedef struct option {
    const char *name; /* without the dashes */
    char letter;      /* 0 = none */
    option_type type;
    void *out;
    const char *value; /* what follows, for help: "FILE"; NULL for flags */
    const char *help;
} option;

/** A command of the program. */
typedef struct command {
    const char *name;
    const char *summary;  /* one line */
    const char *usage;    /* "assay run PLAN [options]" */
    const char *details;  /* paragraphs after the options; may be NULL */
    const char *examples; /* lines */
    int (*run)(const struct command *self, int argc, char **argv);
} command;

/** Options that every command has; kept in one place so that they are spelled alike. */
typedef struct common_options {
    int64_t threads;
    bool quiet;
    bool help;
} common_options;

/**
 * Parse argv[1..]; positional arguments go to `positional` (at most `most`), their number to
 * *n_positional. Returns 0, or EXIT_USAGE after one line on standard error. With --help *common has
 * help set and nothing else counts.
 */
int option_parse(const command *self, const option *options, size_t n, common_options *common,
                 int argc, char **argv, const char **positional, size_t most, size_t *n_positional);

/** The help page on standard output. */
void option_help(const command *self, const option *options, size_t n);

void option_list_free(option_list *list);

/** One line on standard error: "assay run: message"; returns `code`. */
int complain(const command *self, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
