/**
 * @file child.h
 * A command that is fed lines and answers lines. Started without a shell, in a process group of its
 * own; no signal disposition of the calling process is touched.
 */
#ifndef ASSAY_ADAPTERS_PROCESS_CHILD_H
#define ASSAY_ADAPTERS_PROCESS_CHILD_H

#include "base/buffer.h"
#include "base/parallel.h"

typedef struct assay_child assay_child;

/** argv is NULL-terminated; argv[0] is looked for on PATH. A program that does not exist is
 *  ASSAY_ENOTFOUND. */
ASSAY_NODISCARD assay_status assay_child_start(assay_child **out, const char *const *argv,
                                               assay_error *err);

/**
 * Write `size` bytes (0 = nothing to send) and read one line into `line` (without its end), within
 * `timeout` seconds. ASSAY_EBACKEND when the command ends, hangs or writes more than `limit` bytes:
 * the message says how it ended and quotes the last line that it wrote to its standard error;
 * afterwards it is of no more use. ASSAY_ECANCELLED when `cancel` (may be NULL) is requested.
 */
ASSAY_NODISCARD assay_status assay_child_exchange(assay_buffer *line, assay_child *child,
                                                  const char *bytes, size_t size, size_t limit,
                                                  double timeout, const assay_cancel *cancel,
                                                  assay_error *err);

/** Closes its input, gives it two seconds to end unless it failed before, then kills its group. NULL
 *  is allowed. */
void assay_child_free(assay_child *child);

#endif
