#include <stdlib.h>

#include "codec/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_tensor tensor;
    assay_error err = {0};
    assay_status status = assay_idx_read(&tensor, data, size, 1 << 20, &err);
    if ((status == ASSAY_OK) != (tensor.data != NULL) ||
        (status != ASSAY_OK && err.message[0] == '\0')) {
        abort();
    }
    assay_tensor_dispose(&tensor);
    return 0;
}
