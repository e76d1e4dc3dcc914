#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Longer than a message, so that replacement characters and truncation are decided in one place. */
enum { SCRATCH = 2048 };

const char *assay_status_name(assay_status status)
{
    switch (status) {
    case ASSAY_OK:
        return "ok";
    case ASSAY_DONE:
        return "done";
    case ASSAY_EINVAL:
        return "wrong usage";
    case ASSAY_ENOMEM:
        return "out of memory";
    case ASSAY_EIO:
        return "input or output failed";
    case ASSAY_EFORMAT:
        return "bad data";
    case ASSAY_ENOTFOUND:
        return "missing input";
    case ASSAY_EUNSUPPORTED:
        return "unsupported";
    case ASSAY_ELIMIT:
        return "over a limit";
    case ASSAY_EBACKEND:
        return "missing or failed component";
    case ASSAY_ECANCELLED:
        return "interrupted";
    case ASSAY_EINTERNAL:
        return "internal error";
    }
    return "unknown status";
}

/* `format` may print err->message itself, hence the scratch copy. */
static void fill(assay_error *err, assay_status code, int os_errno, const char *text)
{
    err->code = (int32_t)code;
    err->os_errno = (int32_t)os_errno;
    assay_text_printable(err->message, sizeof err->message, text);
}

assay_status assay_fail(assay_error *err, assay_status code, const char *format, ...)
{
    if (err != NULL) {
        char text[SCRATCH] = "";
        va_list args;
        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        fill(err, code, 0, text);
    }
    return code;
}

/* strerror() translates by locale; messages must read the same everywhere. */
static const char *errno_text(int number)
{
    const char *text = strerrordesc_np(number);
    return text != NULL ? text : "unknown error of the operating system";
}

assay_status assay_fail_errno(assay_error *err, assay_status code, const char *format, ...)
{
    int number = errno;
    if (err != NULL) {
        char text[SCRATCH] = "";
        va_list args;
        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        fill(err, code, number, text);
        if (number != 0) {
            size_t used = strlen(err->message);
            (void)snprintf(text, sizeof text, ": %s", errno_text(number));
            assay_text_printable(err->message + used, sizeof err->message - used, text);
        }
    }
    return code;
}

void assay_error_prefix(assay_error *err, const char *format, ...)
{
    if (err == NULL) {
        return;
    }
    char text[SCRATCH + sizeof err->message] = "";
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, SCRATCH, format, args);
    va_end(args);
    size_t used = strlen(text);
    const char *joint = assay_text_ends(text, ": ") ? "" : ": ";
    (void)snprintf(text + used, sizeof text - used, "%s%s", joint, err->message);
    assay_text_printable(err->message, sizeof err->message, text);
}

assay_status assay_fail_memory(assay_error *err)
{
    return assay_fail(err, ASSAY_ENOMEM,
                      "out of memory: use smaller batches, fewer threads or a machine with more "
                      "memory");
}
