/** @file error.h  Filling error records, and the only two control-flow macros of the project. */
#ifndef ASSAY_BASE_ERROR_H
#define ASSAY_BASE_ERROR_H

#include "assay/status.h"

/** Return from the function at once on failure; for functions that own nothing. */
#define ASSAY_TRY(expr)                                                                            \
    do {                                                                                           \
        assay_status try_status_ = (expr);                                                         \
        if (try_status_ != ASSAY_OK) {                                                             \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

/** Store the status in the local variable `status` and go to `label` on failure. */
#define ASSAY_GOTO(expr, label)                                                                    \
    do {                                                                                           \
        status = (expr);                                                                           \
        if (status != ASSAY_OK) {                                                                  \
            goto label;                                                                            \
        }                                                                                          \
    } while (0)

/** Number of elements of an array. */
#define ASSAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/**
 * Fill `err` (which may be NULL) and return `code`, so that a failure is one statement:
 * `return assay_fail(err, ASSAY_EFORMAT, "%s: row %" PRId64 ": ...", path, row);`
 * Control characters in the message are replaced, so a hostile file name cannot break the line.
 */
assay_status assay_fail(assay_error *err, assay_status code, const char *format, ...)
    ASSAY_PRINTF(3, 4);

/** As assay_fail, with errno's text appended and errno stored. */
assay_status assay_fail_errno(assay_error *err, assay_status code, const char *format, ...)
    ASSAY_PRINTF(3, 4);

/** Put context before the message while unwinding, outermost first: "run: data field: row 7: ...".
 *  ": " is put between the two unless the context ends with it. */
void assay_error_prefix(assay_error *err, const char *format, ...) ASSAY_PRINTF(2, 3);

/** The standard out-of-memory failure. */
assay_status assay_fail_memory(assay_error *err);

#endif
