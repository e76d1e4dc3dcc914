/**
 * @file batch_store.h
 * Finished prediction batches in a folder, for resuming and for reuse by content. The folder belongs
 * to one key (assay_predict_key). It holds one journal: every batch is appended with a checksum in a
 * single write, so a killed run loses at most the batches in flight; what a crash left half written
 * is found by its checksum and computed again. For the same machine only (byte order, version).
 */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_BATCH_STORE_H
#define ASSAY_ADAPTERS_FILESYSTEM_BATCH_STORE_H

#include "core/predict.h"

/** Open (or make) the store. A folder that holds another key's batches is emptied first, as it is
 *  when `fresh`. A store that another process has open is ASSAY_EIO and says so. The caller closes it
 *  with assay_batch_store_close. */
ASSAY_NODISCARD assay_status assay_batch_store_open(assay_batch_store **out, const char *folder,
                                                    const char *key, int fresh, assay_error *err);
/** Have everything on the disk itself, for the case that the power fails. */
ASSAY_NODISCARD assay_status assay_batch_store_flush(assay_batch_store *store, assay_error *err);
/** Batches that load() found so far: all of them means that nothing had to be computed. */
int64_t assay_batch_store_found(const assay_batch_store *batches);
/** Saved batches stay for the next run. NULL is allowed. */
void assay_batch_store_close(assay_batch_store *batches);
/** Remove the store's file, and the folder when nothing else is in it (after close). */
void assay_batch_store_remove(const char *folder);

#endif
