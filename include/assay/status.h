/**
 * @file status.h
 * Status codes and the error record that every fallible function of Assay uses.
 *
 * A function that can fail returns `assay_status`, takes its results first, its subject next and
 * `assay_error *err` last. The error record belongs to the caller, has a fixed size, never
 * allocates and may be NULL. After a failure every `T **out` is NULL and nothing needs freeing.
 */
#ifndef ASSAY_STATUS_H
#define ASSAY_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ASSAY_NODISCARD __attribute__((warn_unused_result))
#define ASSAY_PRINTF(format_index, first_index)                                                    \
    __attribute__((format(printf, format_index, first_index)))
#define ASSAY_API __attribute__((visibility("default")))
#else
#define ASSAY_NODISCARD
#define ASSAY_PRINTF(format_index, first_index)
#define ASSAY_API
#endif

/** What happened. Values are part of the ABI and are never reused. */
typedef enum assay_status {
    ASSAY_OK = 0,
    ASSAY_DONE = 1,          /**< an iterator has no further element; not an error */
    ASSAY_EINVAL = -1,       /**< the caller asked for something that makes no sense (usage) */
    ASSAY_ENOMEM = -2,       /**< memory could not be had */
    ASSAY_EIO = -3,          /**< reading or writing failed: disk full, no permission */
    ASSAY_EFORMAT = -4,      /**< the data are not what they claim to be */
    ASSAY_ENOTFOUND = -5,    /**< an input does not exist */
    ASSAY_EUNSUPPORTED = -6, /**< well-formed, but Assay does not handle it */
    ASSAY_ELIMIT = -7,       /**< larger than a stated limit allows */
    ASSAY_EBACKEND = -8,   /**< a component (ONNX Runtime, a model process) is missing or failed */
    ASSAY_ECANCELLED = -9, /**< interrupted by the caller */
    ASSAY_EINTERNAL = -10  /**< a defect of Assay itself */
} assay_status;

/** One line for people: what, where, what was expected, how to put it right. */
typedef struct assay_error {
    int32_t code;       /**< an assay_status */
    int32_t os_errno;   /**< errno when the operating system refused, else 0 */
    char message[1016]; /**< UTF-8, one line, always terminated */
} assay_error;

/** Lower-case name of a status, e.g. "bad data". Static text. */
ASSAY_API const char *assay_status_name(assay_status status);

#ifdef __cplusplus
}
#endif

#endif
