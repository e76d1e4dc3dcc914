/** @file context.h  The inside of assay_context, for src/api only. */
#ifndef ASSAY_API_CONTEXT_H
#define ASSAY_API_CONTEXT_H

#include <pthread.h>

#include "assay/context.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/parallel.h"

struct assay_context {
    int threads;
    assay_sink sink;
    assay_log log; /* hands on to the sink, one call at a time */
    assay_cancel cancel;
    pthread_mutex_t lock;
};

/** Move a finished buffer's text out to a public `char **`; the buffer is disposed. */
ASSAY_NODISCARD assay_status assay_text_take(char **out, assay_buffer *buffer, assay_error *err);

#endif
