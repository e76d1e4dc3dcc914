/** @file jsonl_text.h  Finding the faulty line of a JSON lines file. Internal to this folder. */
#ifndef ASSAY_ADAPTERS_DUCKDB_JSONL_TEXT_H
#define ASSAY_ADAPTERS_DUCKDB_JSONL_TEXT_H

#include "base/error.h"

/** The first line that is not one JSON object, as ASSAY_EFORMAT; ASSAY_OK when there is none. */
ASSAY_NODISCARD assay_status assay_jsonl_diagnose(int descriptor, const char *path,
                                                  assay_error *err);

#endif
