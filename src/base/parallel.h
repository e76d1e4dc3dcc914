/**
 * @file parallel.h
 * Deterministic block parallelism. Work is split by data into blocks, never by thread count; the
 * function handles one block and touches nothing of another. Callers merge per-block results in
 * block order afterwards. When several blocks fail, the error of the lowest block is returned.
 */
#ifndef ASSAY_BASE_PARALLEL_H
#define ASSAY_BASE_PARALLEL_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"

/** Set from anywhere (a signal handler too); checked before each block. */
typedef struct assay_cancel {
    atomic_int requested;
} assay_cancel;

/** `worker` is in [0, threads): an index for scratch space, never for results. */
typedef assay_status (*assay_block_fn)(void *payload, int64_t block, int worker, assay_error *err);

/**
 * Run fn for blocks 0..blocks-1 on `threads` threads (0 = all cores; never more than blocks).
 * Blocks are started in order. cancel may be NULL; when requested, ASSAY_ECANCELLED.
 */
ASSAY_NODISCARD assay_status assay_parallel(int64_t blocks, int threads, assay_block_fn fn,
                                            void *payload, const assay_cancel *cancel,
                                            assay_error *err);

/** Number of workers that assay_parallel will use: size per-worker scratch with this. */
int assay_parallel_workers(int64_t blocks, int threads);

#endif
