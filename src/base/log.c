#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

enum { LINE = 2048 };

void assay_log_write(const assay_log *log, assay_log_level level, const char *format, ...)
{
    if (log == NULL || log->message == NULL) {
        return;
    }
    char raw[LINE] = "";
    char line[LINE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    assay_text_printable(line, sizeof line, raw);
    log->message(log->payload, level, line);
}

void assay_log_progress(const assay_log *log, const char *what, int64_t done, int64_t total)
{
    if (log != NULL && log->progress != NULL) {
        log->progress(log->payload, what, done, total);
    }
}
