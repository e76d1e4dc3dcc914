/**
 * @file measure_cache.h
 * Measurements of images that were made before, by the digest of the content. A Parquet file per
 * dataset path in the cache folder; what it says about a datum counts only when the digest is the
 * same, so a stale, foreign or missing file costs time and nothing else.
 */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_MEASURE_CACHE_H
#define ASSAY_ADAPTERS_FILESYSTEM_MEASURE_CACHE_H

#include "adapters/filesystem/dataset_draft.h"

typedef struct assay_measure_cache assay_measure_cache;

/** An unreadable cache file is reported to the log and counts as empty. */
ASSAY_NODISCARD assay_status assay_measure_cache_open(assay_measure_cache **out, const char *folder,
                                                      const char *dataset_path,
                                                      const assay_log *log, assay_error *err);
/** Fill stats, format and measured of a scan whose digest is set; 0 when the digest is not known.
 *  NULL cache: 0. Any number of threads. */
int assay_measure_cache_get(assay_datum_scan *scan, const assay_measure_cache *cache);
/** Write the measured scans when there is anything new. A cache that cannot be written is reported
 *  to the log; only lack of memory is a failure. */
ASSAY_NODISCARD assay_status assay_measure_cache_save(assay_measure_cache *cache,
                                                      const assay_datum_scan *scans, int64_t n,
                                                      const assay_log *log, assay_error *err);
void assay_measure_cache_free(assay_measure_cache *cache);

#endif
