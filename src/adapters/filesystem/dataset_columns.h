/** @file dataset_columns.h  The metadata table of a dataset. Internal to this folder. */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_DATASET_COLUMNS_H
#define ASSAY_ADAPTERS_FILESYSTEM_DATASET_COLUMNS_H

#include "adapters/filesystem/dataset_draft.h"

/** dataset->metadata: the manifest's columns (taken over from the draft), then id, target and path
 *  where the manifest has none of these names, then the measurements. A measurement whose name the
 *  manifest uses for something else is called image_<name>. keep[k] is the draft index of datum k. */
ASSAY_NODISCARD assay_status assay_dataset_make_columns(assay_dataset *dataset, const int64_t *keep,
                                                        assay_dataset_draft *draft,
                                                        const assay_datum_scan *scans,
                                                        assay_error *err);

#endif
