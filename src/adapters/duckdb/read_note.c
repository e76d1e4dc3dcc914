#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/source.h"

bool assay_duckdb_has_note(const char *path, const char *key, const char *value)
{
    assay_source source;

    memset(&source, 0, sizeof source);
    bool same = false;
    if (assay_source_open(&source, path, 1, NULL) == ASSAY_OK) {
        const char *found = assay_source_metadata(&source, key);
        same = found != NULL && strcmp(found, value) == 0;
    }
    assay_source_close(&source);
    return same;
}
