/**
 * @file context.h
 * What every longer operation needs: threads, where messages go, and a way to stop. There is no
 * other state: two contexts never influence each other.
 */
#ifndef ASSAY_CONTEXT_H
#define ASSAY_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "assay/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct assay_context assay_context;

/** Where messages and progress go. Functions may be called from any thread, one call at a time. */
typedef struct assay_sink {
    void *payload;
    /** level 0 = information, 1 = warning */
    void (*message)(void *payload, int level, const char *text);
    /** `done` of `total` units of `what`; total 0 = unknown */
    void (*progress)(void *payload, const char *what, int64_t done, int64_t total);
} assay_sink;

typedef struct assay_context_options {
    size_t struct_size;     /**< sizeof(assay_context_options) */
    int32_t threads;        /**< 0 = all cores; results don't depend on it */
    const assay_sink *sink; /**< copied; NULL = silence */
} assay_context_options;

/** options may be NULL. The caller frees *out with assay_context_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_context_new(assay_context **out,
                                                         const assay_context_options *options,
                                                         assay_error *err);
/** Ask running work to stop at the next block: it returns ASSAY_ECANCELLED. Safe in a signal handler
 *  and from any thread. */
ASSAY_API void assay_context_cancel(assay_context *context);
ASSAY_API void assay_context_free(assay_context *context);

#ifdef __cplusplus
}
#endif

#endif
