/**
 * @file batch_store.h
 * Finished prediction batches in a folder, for resuming and for reuse by content. The folder belongs
 * to one key (assay_predict_key); batches are small binary files with a checksum, written atomically;
 * torn or foreign files are ignored and computed again.
 */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_BATCH_STORE_H
#define ASSAY_ADAPTERS_FILESYSTEM_BATCH_STORE_H

#include "core/predict.h"

/** Open (or make) the store. A folder that holds another key's batches is emptied first, as it is
 *  when `fresh`. The caller closes it with assay_batch_store_close. */
ASSAY_NODISCARD assay_status assay_batch_store_open(assay_batch_store **out, const char *folder,
                                                    const char *key, int fresh, assay_error *err);
/** Write what is still held back. */
ASSAY_NODISCARD assay_status assay_batch_store_flush(assay_batch_store *store, assay_error *err);
/** Batches that load() found so far: all of them means that nothing had to be computed. */
int64_t assay_batch_store_found(const assay_batch_store *store);
/** Without a flush, held-back batches are lost. NULL is allowed. */
void assay_batch_store_close(assay_batch_store *store);
/** Remove the store's files and folder (after close). */
void assay_batch_store_remove(const char *folder);

#endif
