/**
 * @file log.h
 * Where messages and progress go. The library prints nothing itself: the application installs a
 * sink. A NULL sink, or a NULL function in it, is silence. Functions may be called from any thread;
 * the sink serialises.
 */
#ifndef ASSAY_BASE_LOG_H
#define ASSAY_BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

typedef enum assay_log_level { ASSAY_LOG_INFO = 0, ASSAY_LOG_WARNING = 1 } assay_log_level;

typedef struct assay_log {
    void *payload;
    void (*message)(void *payload, assay_log_level level, const char *text);
    /** done of total units of `what`; total 0 = unknown. done == total closes the line. */
    void (*progress)(void *payload, const char *what, int64_t done, int64_t total);
} assay_log;

void assay_log_write(const assay_log *log, assay_log_level level, const char *format, ...)
    ASSAY_PRINTF(3, 4);
void assay_log_progress(const assay_log *log, const char *what, int64_t done, int64_t total);

#endif
