#include "adapters/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"

enum { TAIL_BYTES = 2048, READ_BYTES = 65536, TICK_MS = 100 };

static const double grace_seconds = 2.0;

struct assay_child {
    pid_t pid; /* 0 = none, or already waited for */
    int status;
    int input, output, errors; /* our ends; -1 = closed */
    assay_buffer pending;      /* read, but behind the line that was asked for */
    char tail[TAIL_BYTES];     /* the end of what it wrote to its standard error */
    size_t tail_size;
    bool failed; /* no use in waiting for a graceful end */
};

static void close_end(int *descriptor)
{
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
    *descriptor = -1;
}

/* Both ends above the standard three, so that the child's dup2 cannot overwrite one of them. */
static assay_status new_pipe(int ends[2], assay_error *err)
{
    int raw[2];
    if (pipe2(raw, O_CLOEXEC) != 0) {
        ends[0] = -1;
        ends[1] = -1;
        return assay_fail_errno(err, ASSAY_EBACKEND, "no pipe to the command");
    }
    for (int i = 0; i < 2; i++) {
        ends[i] = raw[i] > 2 ? raw[i] : fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
        if (ends[i] != raw[i]) {
            (void)close(raw[i]);
        }
    }
    return ends[0] < 0 || ends[1] < 0
               ? assay_fail_errno(err, ASSAY_EBACKEND, "no pipe to the command")
               : ASSAY_OK;
}

static int spawn(pid_t *pid, const char *const *argv, const int theirs[3])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t defaults;
    char **arguments = NULL;
    memcpy(&arguments, &argv, sizeof arguments); /* posix_spawn only reads them */
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0) {
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (failed != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return failed;
    }
    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    (void)sigaddset(&defaults, SIGINT);
    (void)sigaddset(&defaults, SIGTERM);
    for (int i = 0; i < 3 && failed == 0; i++) {
        failed = posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
    }
    failed = failed != 0 ? failed : posix_spawnattr_setsigmask(&attributes, &none);
    failed = failed != 0 ? failed : posix_spawnattr_setsigdefault(&attributes, &defaults);
    failed = failed != 0 ? failed : posix_spawnattr_setpgroup(&attributes, 0);
    failed = failed != 0 ? failed
                         : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                                                     POSIX_SPAWN_SETSIGDEF |
                                                                     POSIX_SPAWN_SETPGROUP);
    failed = failed != 0 ? failed
                         : posix_spawnp(pid, argv[0], &actions, &attributes, arguments, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static assay_status set_nonblocking(int descriptor, assay_error *err)
{
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) {
        return assay_fail_errno(err, ASSAY_EBACKEND, "no pipe to the command");
    }
    return ASSAY_OK;
}

assay_status assay_child_start(assay_child **out, const char *const *argv, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    *out = NULL;
    assay_child *child = assay_alloc(1, sizeof *child);
    if (child == NULL) {
        return assay_fail_memory(err);
    }
    child->input = -1;
    child->output = -1;
    child->errors = -1;
    assay_buffer_init(&child->pending, 0);
    for (int i = 0; i < 3; i++) {
        ASSAY_GOTO(new_pipe(pipes[i], err), done);
    }
    const int theirs[3] = {pipes[0][0], pipes[1][1], pipes[2][1]};
    pid_t pid = 0;
    int failed = spawn(&pid, argv, theirs);
    if (failed != 0) {
        errno = failed;
        status = assay_fail_errno(err, failed == ENOENT ? ASSAY_ENOTFOUND : ASSAY_EBACKEND,
                                  "the command %s cannot be started", argv[0]);
        goto done;
    }
    child->pid = pid;
    child->input = pipes[0][1];
    child->output = pipes[1][0];
    child->errors = pipes[2][0];
    pipes[0][1] = -1;
    pipes[1][0] = -1;
    pipes[2][0] = -1;
    ASSAY_GOTO(set_nonblocking(child->input, err), done);
    ASSAY_GOTO(set_nonblocking(child->output, err), done);
    ASSAY_GOTO(set_nonblocking(child->errors, err), done);
    *out = child;
    child = NULL;
done:
    for (int i = 0; i < 3; i++) {
        close_end(&pipes[i][0]);
        close_end(&pipes[i][1]);
    }
    assay_child_free(child);
    return status;
}

/* Writing to a pipe whose reader is gone raises SIGPIPE. The signal is blocked in this thread while
 * writing and, if our write raised it, taken away again; the process's own handling is not touched. */
static ssize_t write_quietly(int descriptor, const char *bytes, size_t size)
{
    sigset_t pipe_signal;
    sigset_t before;
    sigset_t pending;
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    if (pthread_sigmask(SIG_BLOCK, &pipe_signal, &before) != 0) {
        errno = EIO;
        return -1;
    }
    ssize_t put = write(descriptor, bytes, size);
    int why = errno;
    if (put < 0 && why == EPIPE && !was_pending) {
        const struct timespec now = {0, 0};
        (void)sigtimedwait(&pipe_signal, NULL, &now);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return put;
}

static void keep_tail(assay_child *child, const char *bytes, size_t size)
{
    if (size >= TAIL_BYTES) {
        bytes += size - TAIL_BYTES;
        size = TAIL_BYTES;
        child->tail_size = 0;
    }
    size_t keep = child->tail_size + size > TAIL_BYTES ? TAIL_BYTES - size : child->tail_size;
    memmove(child->tail, child->tail + (child->tail_size - keep), keep);
    memcpy(child->tail + keep, bytes, size);
    child->tail_size = keep + size;
}

/* Everything that is there now; false at the end of the stream. */
static bool drain_errors(assay_child *child)
{
    char bytes[4096];
    while (child->errors >= 0) {
        ssize_t got = read(child->errors, bytes, sizeof bytes);
        if (got > 0) {
            keep_tail(child, bytes, (size_t)got);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && errno == EAGAIN) {
            return true;
        } else {
            close_end(&child->errors);
        }
    }
    return false;
}

/* The last line with something in it. */
static void last_line(char out[400], const assay_child *child)
{
    char line[400];
    size_t end = child->tail_size;
    while (end > 0 && (unsigned char)child->tail[end - 1] <= ' ') {
        end--;
    }
    size_t start = end;
    while (start > 0 && child->tail[start - 1] != '\n') {
        start--;
    }
    size_t size = end - start < sizeof line - 1 ? end - start : sizeof line - 1;
    memcpy(line, child->tail + start, size);
    line[size] = '\0';
    assay_text_printable(out, 400, line);
}

static bool reap(assay_child *child, double seconds)
{
    double deadline = assay_clock_seconds() + seconds;
    while (child->pid > 0) {
        pid_t got = waitpid(child->pid, &child->status, WNOHANG);
        if (got == child->pid || (got < 0 && errno != EINTR)) {
            child->pid = 0;
            return true;
        }
        if (assay_clock_seconds() >= deadline) {
            return false;
        }
        const struct timespec moment = {0, 5000000};
        (void)nanosleep(&moment, NULL);
    }
    return true;
}

/* Why there is nothing more to be had from it, and what it complained about. */
static assay_status ended(assay_child *child, assay_error *err)
{
    char how[64] = "closed its output";
    char line[400];
    if (reap(child, grace_seconds)) {
        if (WIFEXITED(child->status)) {
            (void)snprintf(how, sizeof how, "ended with exit status %d",
                           WEXITSTATUS(child->status));
        } else if (WIFSIGNALED(child->status)) {
            const char *name = sigabbrev_np(WTERMSIG(child->status));
            (void)snprintf(how, sizeof how, "was killed by signal SIG%s",
                           name != NULL ? name : "?");
        }
    }
    (void)drain_errors(child);
    last_line(line, child);
    return assay_fail(err, ASSAY_EBACKEND, "the command %s without answering%s%s", how,
                      line[0] != '\0' ? "; it said last: " : "", line);
}

static assay_status timed_out(assay_child *child, double timeout, assay_error *err)
{
    char line[400];
    (void)drain_errors(child);
    last_line(line, child);
    return assay_fail(err, ASSAY_EBACKEND,
                      "the command did not answer within %g seconds (raise `timeout` if it needs "
                      "longer)%s%s",
                      timeout, line[0] != '\0' ? "; it said last: " : "", line);
}

/* Move a whole line from the pending bytes to `line`; false when there is none yet. */
static bool take_line(assay_buffer *line, assay_child *child)
{
    assay_buffer *pending = &child->pending;
    const char *end = pending->size > 0 ? memchr(pending->data, '\n', pending->size) : NULL;
    if (end == NULL) {
        return false;
    }
    size_t size = (size_t)(end - pending->data);
    size_t shown = size > 0 && pending->data[size - 1] == '\r' ? size - 1 : size;
    assay_buffer_append(line, pending->data, shown);
    size_t rest = pending->size - size - 1;
    memmove(pending->data, end + 1, rest);
    pending->size = rest;
    return true;
}

/* Read what is there; *line_done when a whole line has arrived. */
static assay_status read_some(bool *line_done, assay_buffer *line, assay_child *child, size_t limit,
                              assay_error *err)
{
    char *room = assay_buffer_reserve(&child->pending, READ_BYTES);
    if (room == NULL) {
        return assay_fail_memory(err);
    }
    ssize_t got = read(child->output, room, READ_BYTES);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR
                   ? ASSAY_OK
                   : assay_fail_errno(err, ASSAY_EBACKEND, "reading from the command failed");
    }
    if (got == 0) {
        return ended(child, err);
    }
    child->pending.size += (size_t)got;
    *line_done = memchr(room, '\n', (size_t)got) != NULL && take_line(line, child);
    if (!*line_done && child->pending.size > limit) {
        return assay_fail(err, ASSAY_EBACKEND,
                          "the command wrote a line of more than %zu bytes; an answer is shorter",
                          limit);
    }
    return ASSAY_OK;
}

static assay_status exchange(assay_buffer *line, assay_child *child, const char *bytes, size_t size,
                             size_t limit, double timeout, const assay_cancel *cancel,
                             assay_error *err)
{
    double deadline = assay_clock_seconds() + timeout;
    bool line_done = size == 0 && take_line(line, child);
    if (size > 0 && child->pending.size > 0) {
        return assay_fail(err, ASSAY_EBACKEND,
                          "the command wrote more than one line for one request (its standard "
                          "output is for answers only; messages belong on standard error)");
    }
    while (!line_done || size > 0) {
        struct pollfd wait[3] = {{.fd = size > 0 ? child->input : -1, .events = POLLOUT},
                                 {.fd = child->output, .events = POLLIN},
                                 {.fd = child->errors, .events = POLLIN}};
        if (cancel != NULL && atomic_load(&cancel->requested) != 0) {
            return assay_fail(err, ASSAY_ECANCELLED, "interrupted");
        }
        if (assay_clock_seconds() >= deadline) {
            return timed_out(child, timeout, err);
        }
        if (poll(wait, 3, TICK_MS) < 0 && errno != EINTR) {
            return assay_fail_errno(err, ASSAY_EBACKEND, "waiting for the command failed");
        }
        if ((wait[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            (void)drain_errors(child);
        }
        if ((wait[0].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
            ssize_t put = write_quietly(child->input, bytes, size);
            if (put < 0 && errno == EPIPE) {
                return ended(child, err);
            }
            if (put > 0) {
                bytes += put;
                size -= (size_t)put;
            }
        }
        if (!line_done && (wait[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            ASSAY_TRY(read_some(&line_done, line, child, limit, err));
        }
    }
    return assay_buffer_status(line, err);
}

assay_status assay_child_exchange(assay_buffer *line, assay_child *child, const char *bytes,
                                  size_t size, size_t limit, double timeout,
                                  const assay_cancel *cancel, assay_error *err)
{
    assay_status status = exchange(line, child, bytes, size, limit, timeout, cancel, err);
    child->failed = child->failed || status != ASSAY_OK;
    return status;
}

void assay_child_free(assay_child *child)
{
    if (child == NULL) {
        return;
    }
    close_end(&child->input);
    if (child->pid > 0) {
        pid_t group = child->pid;
        if (!child->failed) {
            (void)reap(child, grace_seconds);
        }
        /* Its children too, e.g. those of a shell script. */
        (void)kill(-group, SIGKILL);
        (void)reap(child, grace_seconds);
    }
    close_end(&child->output);
    close_end(&child->errors);
    assay_buffer_dispose(&child->pending);
    assay_free(child);
}
