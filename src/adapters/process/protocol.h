/**
 * @file protocol.h
 * The lines that Assay and a model command exchange (docs/command-models.md), without any process:
 * what comes from the command is hostile until it is parsed here.
 */
#ifndef ASSAY_ADAPTERS_PROCESS_PROTOCOL_H
#define ASSAY_ADAPTERS_PROCESS_PROTOCOL_H

#include "base/buffer.h"
#include "core/model.h"

enum { ASSAY_PROTOCOL_VERSION = 1, ASSAY_HELLO_LIMIT = 64 << 20 };

/** The command's first line. Texts live in the arena. */
typedef struct assay_hello {
    assay_scores_kind scores;       /* 0 = not said */
    int32_t classes;                /* 0 = not said */
    const char *const *class_names; /* NULL = not said; unique */
    const char *name;               /* what the model calls itself; NULL = not said */
    const char *version;            /* NULL = not said */
} assay_hello;

ASSAY_NODISCARD assay_status assay_protocol_hello(assay_hello *out, const char *line, size_t size,
                                                  assay_arena *arena, assay_error *err);

/** What was asked, to hold the answer against. */
typedef struct assay_asked {
    int64_t id; /* of the request */
    int64_t n;  /* images in it */
    int32_t classes;
    const char *const *class_names;
    assay_scores_kind scores;
} assay_asked;

/** Fill n x classes scores, or labels[n] when asked->scores is ASSAY_SCORES_LABELS. Anything but the
 *  protocol is ASSAY_EBACKEND and says what was expected; so is the command's own "error". */
ASSAY_NODISCARD assay_status assay_protocol_response(float *scores, int32_t *labels,
                                                     const char *line, size_t size,
                                                     const assay_asked *asked, assay_error *err);

/** The largest line that an honest answer needs. */
size_t assay_protocol_response_limit(const assay_asked *asked);

/** Append the images of a request, from `"images":[` to the end of the line: the part that needs no
 *  number and can be made while another batch is with the command. */
ASSAY_NODISCARD assay_status assay_protocol_images(assay_buffer *out,
                                                   const assay_model_batch *batch,
                                                   assay_error *err);

#endif
