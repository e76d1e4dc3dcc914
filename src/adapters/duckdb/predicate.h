/** @file predicate.h  Is a text one boolean expression over known columns? Internal to this folder. */
#ifndef ASSAY_ADAPTERS_DUCKDB_PREDICATE_H
#define ASSAY_ADAPTERS_DUCKDB_PREDICATE_H

#include "adapters/duckdb/scan.h"

/** The session is a closed one with the scan registered. ASSAY_EINVAL says what is wrong and where. */
ASSAY_NODISCARD assay_status assay_predicate_check(assay_duck *duck, const assay_scan *scan,
                                                   const char *predicate, assay_error *err);

#endif
