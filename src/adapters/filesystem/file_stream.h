/** @file file_stream.h  A regular file read from its beginning, piece by piece. */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_FILE_STREAM_H
#define ASSAY_ADAPTERS_FILESYSTEM_FILE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_file_stream assay_file_stream;

/** Missing = ASSAY_ENOTFOUND; a folder or device = ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_file_stream_open(assay_file_stream **out, const char *path,
                                                    assay_error *err);
/** Go on at byte `at` of the file. */
ASSAY_NODISCARD assay_status assay_file_stream_seek(assay_file_stream *stream, uint64_t at,
                                                    assay_error *err);
/** *got of at most `room` bytes; 0 at the end. `stream` is an assay_file_stream, so that this is an
 *  assay_read_fn. */
assay_status assay_file_stream_read(void *stream, void *to, size_t room, size_t *got,
                                    assay_error *err);
/** NULL is allowed. */
void assay_file_stream_close(assay_file_stream *stream);

#endif
