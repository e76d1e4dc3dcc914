#include "option.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/text.h"

int complain(const command *self, int code, const char *format, ...)
{
    va_list list;

    fprintf(stderr, "assay%s%s: ", self ? " " : "", self ? self->name : "");
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return code;
}

static option common_table(common_options *common, size_t i)
{
    const option table[] = {
        {"threads", 0, OPTION_INT, &common->threads, "N",
         "threads to use; results don't depend on it (default: all cores)"},
        {"quiet", 'q', OPTION_FLAG, &common->quiet, NULL, "no progress, only errors"},
        {"help", 'h', OPTION_FLAG, &common->help, NULL, "this help"},
    };
    return table[i];
}

enum { COMMON = 3, MOST_OPTIONS = 64 };

static int list_add(option_list *list, const char *text)
{
    if (list->n + 1 >= OPTION_LIST_MOST) {
        return EXIT_USAGE;
    }
    if (!list->items) {
        list->items = calloc(OPTION_LIST_MOST, sizeof *list->items);
        list->storage = calloc(OPTION_LIST_MOST, sizeof *list->storage);
        if (!list->items || !list->storage) {
            return EXIT_USAGE;
        }
    }
    if (!list->split) {
        list->items[list->n++] = text;
        return 0;
    }
    char *copy = strdup(text);
    if (!copy) {
        return EXIT_USAGE;
    }
    list->storage[list->n_storage++] = copy;
    for (char *item = copy; item;) {
        char *comma = strchr(item, ',');
        if (comma) {
            *comma = '\0';
        }
        if (list->n + 1 >= OPTION_LIST_MOST) {
            return EXIT_USAGE;
        }
        list->items[list->n++] = item;
        item = comma ? comma + 1 : NULL;
    }
    return 0;
}

void option_list_free(option_list *list)
{
    for (size_t i = 0; i < list->n_storage; i++) {
        free(list->storage[i]);
    }
    free(list->storage);
    free(list->items);
    memset(list, 0, sizeof *list);
}

static int store(const command *self, const option *chosen, const char *text)
{
    char *end = NULL;

    errno = 0;
    switch (chosen->type) {
    case OPTION_FLAG:
        *(bool *)chosen->out = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)chosen->out = text;
        return 0;
    case OPTION_INT:
        *(int64_t *)chosen->out = strtoll(text, &end, 10);
        if (errno || end == text || *end) {
            return complain(self, EXIT_USAGE, "--%s is '%s', expected a whole number", chosen->name,
                            text);
        }
        return 0;
    case OPTION_REAL:
        *(double *)chosen->out = strtod(text, &end);
        if (errno || end == text || *end) {
            return complain(self, EXIT_USAGE, "--%s is '%s', expected a number", chosen->name,
                            text);
        }
        return 0;
    case OPTION_LIST:
        if (list_add(chosen->out, text) != 0) {
            return complain(self, EXIT_USAGE, "--%s: too many values", chosen->name);
        }
        return 0;
    }
    return 0;
}

static const option *find(const option *all, size_t n, const char *name, size_t length, char letter)
{
    for (size_t i = 0; i < n; i++) {
        if (letter ? all[i].letter == letter
                   : strlen(all[i].name) == length && strncmp(all[i].name, name, length) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

static int unknown(const command *self, const option *all, size_t n, const char *given)
{
    const char *names[MOST_OPTIONS];
    char word[64];

    for (size_t i = 0; i < n; i++) {
        names[i] = all[i].name;
    }
    snprintf(word, sizeof word, "%.*s", (int)strcspn(given, "="), given);
    const char *nearest = assay_text_suggest(word, names, n);
    if (nearest) {
        return complain(self, EXIT_USAGE, "unknown option --%s; did you mean --%s?", word, nearest);
    }
    return complain(self, EXIT_USAGE, "unknown option --%s; `assay %s --help` lists all", word,
                    self->name);
}

/** One argument that begins with a dash; *used tells whether the next one was its value. */
static int parse_one(const command *self, const option *all, size_t n, const char *argument,
                     const char *next, bool *used)
{
    const option *chosen = NULL;
    const char *value = NULL;

    *used = false;
    if (argument[1] == '-') {
        const char *name = argument + 2;
        size_t length = strcspn(name, "=");
        chosen = find(all, n, name, length, 0);
        if (!chosen) {
            return unknown(self, all, n, name);
        }
        value = name[length] == '=' ? name + length + 1 : NULL;
    } else {
        chosen = argument[2] ? NULL : find(all, n, "", 0, argument[1]);
        if (!chosen) {
            return complain(self, EXIT_USAGE, "unknown option %s; `assay %s --help` lists all",
                            argument, self->name);
        }
    }
    if (chosen->type == OPTION_FLAG) {
        return value ? complain(self, EXIT_USAGE, "--%s takes no value", chosen->name)
                     : store(self, chosen, "");
    }
    if (!value) {
        if (!next) {
            return complain(self, EXIT_USAGE, "--%s needs a value: --%s %s", chosen->name,
                            chosen->name, chosen->value);
        }
        value = next;
        *used = true;
    }
    return store(self, chosen, value);
}

int option_parse(const command *self, const option *options, size_t n, common_options *common,
                 int argc, char **argv, const char **positional, size_t most, size_t *n_positional)
{
    option all[MOST_OPTIONS];
    bool only_positional = false;

    *n_positional = 0;
    if (n > 0) { /* a command without options of its own gives NULL */
        memcpy(all, options, n * sizeof *options);
    }
    for (size_t i = 0; i < COMMON; i++) {
        all[n + i] = common_table(common, i);
    }
    for (int i = 1; i < argc; i++) {
        if (!only_positional && strcmp(argv[i], "--") == 0) {
            only_positional = true;
        } else if (!only_positional && argv[i][0] == '-' && argv[i][1]) {
            bool used = false;
            const char *next = i + 1 < argc ? argv[i + 1] : NULL;
            int code = parse_one(self, all, n + COMMON, argv[i], next, &used);
            if (code != 0) {
                return code;
            }
            i += used;
        } else if (*n_positional >= most) {
            return complain(self, EXIT_USAGE, "unexpected argument '%s'; usage: %s", argv[i],
                            self->usage);
        } else {
            positional[(*n_positional)++] = argv[i];
        }
        if (common->help) {
            option_help(self, options, n);
            return 0;
        }
    }
    if (common->threads < 0 || common->threads > 4096) {
        return complain(self, EXIT_USAGE, "--threads is %lld, expected 0 (all cores) to 4096",
                        (long long)common->threads);
    }
    return 0;
}

static void help_line(const option *one)
{
    char left[64];

    snprintf(left, sizeof left, "--%s%s%s%c%c%c", one->name, one->value ? " " : "",
             one->value ? one->value : "", one->letter ? ',' : ' ', one->letter ? '-' : ' ',
             one->letter ? one->letter : ' ');
    printf("  %-28s %s\n", left, one->help);
}

void option_help(const command *self, const option *options, size_t n)
{
    common_options common = {0};

    printf("%s\n\nUsage: %s\n\nOptions\n", self->summary, self->usage);
    for (size_t i = 0; i < n; i++) {
        help_line(&options[i]);
    }
    for (size_t i = 0; i < COMMON; i++) {
        option one = common_table(&common, i);
        help_line(&one);
    }
    if (self->details) {
        printf("\n%s", self->details);
    }
    printf("\nExamples\n%s", self->examples);
}
