/* Hierarchies of classes: what was read can be found, and nothing is broader than itself. */
#include <stdlib.h>

#include "codec/hierarchy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_hierarchy *h = NULL;
    assay_error err = {0};
    if (assay_hierarchy_read(&h, (const char *)data, size, &err) != ASSAY_OK) {
        if (h != NULL || err.message[0] == '\0') {
            abort();
        }
        return 0;
    }
    for (int64_t i = 0; i < assay_hierarchy_size(h); i++) {
        int64_t n = 0;
        const int64_t *broader = assay_hierarchy_broader(&n, h, i);
        for (int64_t k = 0; k < n; k++) {
            if (broader[k] == i || broader[k] < 0 || broader[k] >= assay_hierarchy_size(h) ||
                (k > 0 && broader[k] <= broader[k - 1])) {
                abort();
            }
        }
    }
    assay_hierarchy_free(h);
    return 0;
}
