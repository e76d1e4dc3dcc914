#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "assay/text.h"
#include "command.h"

/** The line at the bottom of the terminal: "predict reader on field  4200 of 5000  84 %  3 s left". */
struct progress {
    bool terminal; /* standard error is a terminal: the line is redrawn in place */
    bool quiet;
    bool open; /* a line is being drawn */
    char what[96];
    double started;
    double drawn;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void close_line(struct progress *progress)
{
    if (progress->open) {
        fputs(progress->terminal ? "\r\033[K" : "", stderr);
        progress->open = false;
    }
}

static void on_message(void *payload, int level, const char *text)
{
    struct progress *progress = payload;

    /* In logs and scripts only what needs attention; people at a terminal see the rest too. */
    if (level == 0 && (progress->quiet || !progress->terminal)) {
        return;
    }
    close_line(progress);
    fprintf(stderr, "%s%s\n", level ? "warning: " : "", text);
}

static void format_duration(char *out, size_t size, double seconds)
{
    if (seconds < 99.5) {
        snprintf(out, size, "%.0f s", seconds < 0.0 ? 0.0 : seconds);
    } else if (seconds < 5400.0) {
        snprintf(out, size, "%.0f min", seconds / 60.0);
    } else {
        snprintf(out, size, "%.1f h", seconds / 3600.0);
    }
}

/** "reader on field  [#########---------------]  38 %  about 12 s left" */
static void draw(const struct progress *progress, const char *what, int64_t done, int64_t total,
                 const char *left)
{
    enum { WIDTH = 24 };
    char bar[WIDTH + 1];

    fputs(progress->terminal ? "\r\033[K" : "", stderr);
    if (total > 0) {
        double share = (double)done / (double)total;
        int filled = (int)(share * WIDTH);
        for (int i = 0; i < WIDTH; i++) {
            bar[i] = i < filled ? '#' : '-';
        }
        bar[WIDTH] = '\0';
        fprintf(stderr, "%s  [%s] %3.0f %%", what, bar, 100.0 * share);
    } else {
        fprintf(stderr, "%s  %lld", what, (long long)done);
    }
    if (left[0]) {
        fprintf(stderr, "  about %s left", left);
    }
    fputs(progress->terminal ? "" : "\n", stderr);
}

static void on_progress(void *payload, const char *what, int64_t done, int64_t total)
{
    struct progress *progress = payload;
    double time = now();
    char left[32] = "";

    if (progress->quiet) {
        return;
    }
    if (strncmp(progress->what, what, sizeof progress->what - 1) != 0 || done == 0) {
        snprintf(progress->what, sizeof progress->what, "%s", what);
        progress->started = time;
        progress->drawn = 0.0;
    }
    bool last = total > 0 && done >= total;
    double pause = progress->terminal ? 0.1 : 10.0;
    if (!last && time - progress->drawn < pause) {
        return;
    }
    if (!last && !progress->terminal && time - progress->started < pause) {
        return;
    }
    progress->drawn = time;
    if (total > 0 && done > 0) {
        format_duration(left, sizeof left,
                        (time - progress->started) * (double)(total - done) / (double)done);
    }
    if (last) {
        close_line(progress);
        if (time - progress->started >= 2.0) { /* what went in a moment needs no line */
            char took[32];
            format_duration(took, sizeof took, time - progress->started);
            fprintf(stderr, "%s: %lld done in %s\n", what, (long long)done, took);
        }
        progress->what[0] = '\0';
        return;
    }
    draw(progress, what, done, total, left);
    fflush(stderr);
    progress->open = progress->terminal;
}

/** The one global of the program: signal handlers have no argument. */
static _Atomic(assay_context *) interrupted;

static void on_signal(int number)
{
    assay_context *context = atomic_load(&interrupted);

    (void)number;
    if (context) {
        assay_context_cancel(context);
    }
}

int session_open(cli_session *out, const command *self, const common_options *common)
{
    assay_error err = {0};
    struct sigaction action;

    memset(out, 0, sizeof *out);
    out->progress = calloc(1, sizeof *out->progress);
    if (!out->progress) {
        return complain(self, EXIT_INTERNAL, "out of memory");
    }
    out->progress->terminal = isatty(STDERR_FILENO) == 1;
    out->progress->quiet = common->quiet;
    assay_sink sink = {out->progress, on_message, on_progress};
    assay_context_options options = {sizeof options, (int32_t)common->threads, &sink};
    assay_status status = assay_context_new(&out->context, &options, &err);
    if (status != ASSAY_OK) {
        int code = session_fail(self, status, &err);
        session_close(out);
        return code;
    }
    atomic_store(&interrupted, out->context);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    /* A second signal ends the program at once. */
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
    return 0;
}

void session_close(cli_session *session)
{
    atomic_store(&interrupted, NULL);
    if (session->progress) {
        close_line(session->progress);
    }
    assay_context_free(session->context);
    free(session->progress);
    memset(session, 0, sizeof *session);
}

int session_fail(const command *self, assay_status status, const assay_error *err)
{
    switch (status) {
    case ASSAY_EINVAL:
        return complain(self, EXIT_USAGE, "%s", err->message);
    case ASSAY_EFORMAT:
    case ASSAY_EUNSUPPORTED:
    case ASSAY_ELIMIT:
        return complain(self, EXIT_BAD_DATA, "%s", err->message);
    case ASSAY_ENOTFOUND:
        return complain(self, EXIT_MISSING_INPUT, "%s", err->message);
    case ASSAY_EBACKEND:
        return complain(self, EXIT_MISSING_COMPONENT, "%s", err->message);
    case ASSAY_EIO:
        return complain(self, EXIT_OUTPUT, "%s", err->message);
    case ASSAY_ECANCELLED:
        return complain(self, EXIT_INTERRUPTED,
                        "interrupted; what was finished is kept, the same command goes on from "
                        "there");
    case ASSAY_OK:
    case ASSAY_DONE:
    case ASSAY_ENOMEM:
    case ASSAY_EINTERNAL:
        break;
    }
    return complain(self, EXIT_INTERNAL, "%s", err->message);
}

static int write_all(int file, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, text, size);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int verdict_exit_code(const assay_run_summary *summary)
{
    if (summary->not_met > 0) {
        return EXIT_NOT_MET;
    }
    if (summary->not_evaluated > 0) {
        return EXIT_NOT_EVALUATED;
    }
    return summary->inconclusive > 0 ? EXIT_INCONCLUSIVE : EXIT_MET;
}

/* To a temporary name, then renamed: the final name never holds half a file. */
static int replace_file(const char *temporary, const char *path, const char *text)
{
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) {
        return errno;
    }
    int problem = write_all(file, text, strlen(text));
    if (problem == 0 && fsync(file) != 0) {
        problem = errno;
    }
    if (close(file) != 0 && problem == 0) {
        problem = errno;
    }
    if (problem == 0 && rename(temporary, path) != 0) {
        problem = errno;
    }
    if (problem != 0) {
        (void)unlink(temporary);
    }
    return problem;
}

/* A device or a pipe: renaming would put a file in its place. */
static int write_directly(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return errno;
    }
    int problem = write_all(file, text, strlen(text));
    if (close(file) != 0 && problem == 0) {
        problem = errno;
    }
    return problem;
}

int write_output(const command *self, const char *path, const char *text)
{
    char temporary[4200];
    struct stat there;
    int problem = 0;

    if (strcmp(path, "-") == 0) {
        problem = write_all(STDOUT_FILENO, text, strlen(text));
        if (problem == EPIPE) {
            return EXIT_OUTPUT; /* whoever read the pipe had enough: nothing to tell */
        }
        return problem == 0 ? 0
                            : complain(self, EXIT_OUTPUT, "standard output: %s", strerror(problem));
    }
    if (snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid()) >=
        (int)sizeof temporary) {
        return complain(self, EXIT_USAGE, "the path %s is too long", path);
    }
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)) {
        problem = write_directly(path, text);
    } else {
        problem = replace_file(temporary, path, text);
    }
    return problem == 0
               ? 0
               : complain(self, EXIT_OUTPUT, "cannot write %s: %s", path, strerror(problem));
}

int write_answer(const command *self, char *text, char *json, const char *file)
{
    int code = text ? write_output(self, "-", text) : 0;
    if (json && code == 0) {
        code = write_output(self, file, json);
    }
    assay_text_free(json);
    assay_text_free(text);
    return code;
}
